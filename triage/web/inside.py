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

from triage.reasoning.engine import Engine
from triage.web.site import CHECK, DO, PRINT, RESULT, Site
from triage.web.state import State

ROOM = Path(__file__).parents[1]
RULES = Path(__file__).with_name("rules.pickle")
UNCHECKED = b"\1\0\0\0" + bytes(8)  # of a compiled module: no source is to be looked at


class Pages:
    """The pages of the rule base that was packed."""

    def __init__(self) -> None:
        self.engine = Engine(pickle.loads(RULES.read_bytes()))
        self._site = Site(self.engine, stays=True)
        self.answer("", "")  # the rules are compiled before anybody asks

    def answer(self, address: str, query: str) -> str:
        """The page after a form: where it is sent, and its fields."""
        if address.endswith("clear"):
            return self._site.cleared().html
        return self._site.respond(parse_qs(query, keep_blank_values=True), date.today()).html


def packed() -> tuple[bytes, bytes]:
    """Two archives: of the modules that the pages need, compiled; and of the program, its templates and the rules."""
    pages = Pages()
    for flag in [*pages.engine.rulebase.red_flags.values()][::10]:  # enough to import all that pages need
        state = State(country="", answers=flag.fires[0])
        for do in (RESULT, PRINT, CHECK):
            pages.answer("", urlencode([*state.fields(), (DO, do)]))
    compiled = {path: code for module in [*sys.modules.values()] for path, code in _compiled(module)}
    own = {path for path in compiled if path.startswith(f"{ROOM.name}/")}
    program = {path: compiled.pop(path) for path in own}
    program |= {str(path.relative_to(ROOM.parent)): path.read_bytes() for path in (RULES, *texts())}
    return _archive(compiled), _archive(program)


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
