"""What runs under Pyodide: the pages, in the browser of the person; and, where a site is built, what they need of Python."""

from __future__ import annotations

import importlib.util
import marshal
import pickle
import sys
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from zipfile import ZipFile, ZipInfo

from jinja2 import FileSystemBytecodeCache

from triage.knowledge.model import RuleBase
from triage.output.frame import environment as environment_to_print
from triage.reasoning.engine import Engine
from triage.web.pages import environment
from triage.web.site import DO, Site
from triage.web.state import AT, State
from triage.web.talk import PRINT, RESULT, START

ROOM = Path(__file__).parents[1]
RULES = Path(__file__).with_name("rules.pickle")
TEMPLATES = Path(__file__).with_name("compiled")
UNCHECKED = b"\1\0\0\0" + bytes(8)  # of a compiled module: no source is to be looked at


class Pages:
    """The pages of the rule base that was packed."""

    def __init__(self) -> None:
        self.engine = Engine(pickle.loads(RULES.read_bytes()))
        self._site = Site(self.engine, stays=True)
        TEMPLATES.mkdir(exist_ok=True)
        for one in (environment(), environment_to_print()):
            one.bytecode_cache = FileSystemBytecodeCache(str(TEMPLATES))

    def answer(self, address: str, query: str) -> str:
        """The page after a form: where it is sent, and its fields."""
        if address.endswith("clear"):
            return self._site.cleared().html
        return self._site.respond(parse_qs(query, keep_blank_values=True), date.today()).html


def packed() -> tuple[bytes, bytes]:
    """Two archives: of the modules that the pages need, compiled; and of the program, its templates and the rules."""
    pages = Pages()
    for address, query in (("", ""), ("", urlencode([(AT, "nowhere")])), ("clear", ""), *_ends(pages.engine.rulebase)):
        pages.answer(address, query)  # what each kind of page needs is imported, its templates are compiled
    compiled = {path: code for module in [*sys.modules.values()] for path, code in _compiled(module)}
    own = {path for path in compiled if path.startswith(f"{ROOM.name}/")}
    program = {path: compiled.pop(path) for path in own}
    program |= {
        str(path.relative_to(ROOM.parent)): path.read_bytes() for path in (RULES, *TEMPLATES.iterdir(), *texts())
    }
    return _archive(compiled), _archive(program)


def _ends(rulebase: RuleBase) -> Iterator[tuple[str, str]]:
    """Forms that lead to an emergency and, with all answers, to their check; to the result and the page to print of both."""
    for at in (0, -1):
        options = {question: question.options[at].id for question in rulebase.questions.values()}
        answers = {one.id: (option,) if one.kind == "many" else option for one, option in options.items()}
        for do in (START, RESULT, PRINT):
            yield "", urlencode([*State(country="", answers=answers).fields(), (DO, do)])


def texts() -> Iterator[Path]:
    """The files of the program that are no Python."""
    yield from (path for path in ROOM.glob("*/templates/*") if path.is_file())
    yield from ROOM.glob("web/*.toml")


def _compiled(module: Any) -> Iterator[tuple[str, bytes]]:
    """A module as Python keeps it compiled, by the path that it is found at."""
    spec = getattr(module, "__spec__", None)
    if spec and spec.has_location:  # neither built in nor frozen
        inside = spec.name.replace(".", "/") + ("/__init__" if spec.submodule_search_locations is not None else "")
        source, spare = spec.loader.get_source(spec.name), 0 if inside.startswith(f"{ROOM.name}/") else 2  # docstrings
        code = compile(source, f"{inside}.py", "exec", dont_inherit=True, optimize=spare)
        yield f"{inside}.pyc", importlib.util.MAGIC_NUMBER + UNCHECKED + marshal.dumps(code)


def _archive(files: dict[str, bytes]) -> bytes:
    """An archive that is the same whenever it is made of the same; the host compresses it, which is smaller than both."""
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(ZipInfo(name), content)
    return stream.getvalue()
