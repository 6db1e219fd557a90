"""The pages as a folder for any static host: they are made by Pyodide in the browser of the person, and work offline.

The first two pages are made here, so that they are there at once.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from urllib.parse import urlencode
from zipfile import ZipFile

from triage.conversation.lists import emergency_follow_up
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import AT_ONCE, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.page import page as page_to_print
from triage.reasoning.assessment import assess, settled_level
from triage.reasoning.engine import Engine
from triage.version import __version__
from triage.web.inside import ROOM, RULES, texts
from triage.web.pages import rendered, whole
from triage.web.pyodide import LIBRARY, LOCK, SOURCE, VERSION, files_of
from triage.web.site import DO, PICKED, Site
from triage.web.state import AT, COUNTRY
from triage.web.talk import GO

STATIC = Path(__file__).parent / "static"
OFFLINE, MANIFEST, LICENCES = "offline.js", "manifest.webmanifest", "licences"
PACKAGES = ("experta", "frozendict", "schema", "jinja2", "markupsafe")
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src {}; img-src 'self' data:; "
    "manifest-src 'self'; form-action 'none'; base-uri 'none'"
)


def write_site(folder: Path, engine: Engine, given: str = "") -> None:
    """Write the folder; what has the same names there is written over. `given`: where Pyodide is, as `files_of` takes it.

    Raises FaultyInput where Pyodide or node is missing or not as needed, and OSError.
    """
    site = Site(engine, stays=True)
    pyodide = folder / "pyodide"
    pyodide.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(given).items():
        (pyodide / name).write_bytes(content)
    _pack(pyodide, folder / "program.zip", engine.rulebase)
    lock = json.loads((pyodide / LOCK).read_text("utf-8"))
    for name in ("site.js", "worker.js", "icon.svg", "icon.png"):
        shutil.copyfile(STATIC / name, folder / name)
    _write_licences(folder / LICENCES)
    written = {
        pyodide / LOCK: json.dumps({"info": lock["info"], "packages": {}}),  # it is to load none
        folder / "index.html": _index(site, engine),
        folder / "pages.json": json.dumps(dict(_second_pages(site, engine.rulebase))),
        folder / MANIFEST: rendered(MANIFEST),
    }
    for path, text in written.items():
        path.write_text(text, "utf-8")
    (folder / OFFLINE).write_text(_offline(folder), "utf-8")


def _pack(pyodide: Path, target: Path, rulebase: RuleBase) -> None:
    """Have node pack the program, and in the place of Python's library what is needed of it, with that very Python."""
    with tempfile.TemporaryDirectory() as name:
        archive, library = Path(name) / "program.zip", Path(name) / LIBRARY
        with ZipFile(archive, "w") as written:
            for path, content in _program(rulebase):
                written.writestr(path, content)
        command = ["node", *map(str, (STATIC / "pack.mjs", pyodide, archive, library, target))]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            what = str(getattr(error, "stderr", error)).strip()[-300:]
            raise FaultyInput([Fault("node", 0, what, "Node.js, 20 or newer, builds the site", "LCT632")]) from None
        shutil.copyfile(library, pyodide / LIBRARY)


def _program(rulebase: RuleBase) -> Iterator[tuple[str, bytes]]:
    """Sources of the program and of what it needs, its texts, and the rules, by their paths."""
    for path in (*ROOM.rglob("*.py"), *texts()):
        yield str(path.relative_to(ROOM.parent)), path.read_bytes()
    for package in PACKAGES:
        for file in metadata.files(package) or ():
            if file.suffix == ".py":
                yield str(file), Path(str(file.locate())).read_bytes()
    read = replace(rulebase, texts={}, hazards={}, claims=())  # without what no page reads
    yield str(RULES.relative_to(ROOM.parent)), pickle.dumps(read)


def _index(site: Site, engine: Engine) -> str:
    """The first page, with what the folder adds to it."""
    page, printed = site.respond({}), whole(page_to_print(engine.rulebase, assess(engine, {})))
    head = rendered("static_head.html", policy=POLICY.format(f"{page.style} {printed.style}"))
    rulebase = rules_in_voice(replace(engine.rulebase, country=site.country))
    without = rendered("without.html", rulebase=rulebase, lists=_danger_list(engine, rulebase))
    return page.html.replace("<head>", f"<head>{head}", 1).replace("<body>", f"<body>{without}", 1)


def _danger_list(engine: Engine, rulebase: RuleBase) -> list[tuple[str, list[str]]]:
    """What is said where nothing can be asked: the first sentence of a level, and the signs that lead to it."""
    danger = next(question for question in rulebase.questions.values() if question.danger)
    asked = [one for one in (danger, emergency_follow_up(rulebase, danger)) if one]
    signs = [(one, option) for one in asked for option in one.options if not option.key and not option.harmless]
    at_once = [o for q, o in signs if settled_level(engine, {q.id: (o.id,)}).stops == AT_ONCE]
    others = [option for question, option in signs if question is danger and option not in at_once]
    levels = [level for level in rulebase.ladder if level.stops]
    return [(level.say, [o.text for o in found]) for level, found in zip(levels, (at_once, others), strict=True)]


def _second_pages(site: Site, rulebase: RuleBase) -> Iterator[tuple[str, str]]:
    """Every page that can follow the first one, by the form that leads to it."""
    question = next(iter(rulebase.questions.values()))
    for country in rulebase.countries:
        for picked in ([], *([(PICKED, option.id)] for option in question.options)):
            form = [(AT, question.id), *picked, (COUNTRY, country), (DO, GO)]
            yield urlencode(form), site.respond({name: [value] for name, value in form}).html


def _write_licences(folder: Path) -> None:
    """The licence of everything in the site, and where its source is."""
    shutil.copytree(STATIC / LICENCES, folder, dirs_exist_ok=True)
    lines = [
        f"leg-cramp-triage {__version__}, all outside the folder pyodide: MIT.",
        f"Pyodide {VERSION}: MPL-2.0 (MPL-2.0.txt), with Python: PSF-2.0 (Python.txt). Source: {SOURCE}",
    ]
    for package in PACKAGES:
        about = metadata.metadata(package).json
        licence = about.get("license_expression") or about.get("license") or "BSD-3-Clause"
        for file in metadata.files(package) or ():
            if re.match(r"LICEN[CS]E", file.name):
                shutil.copyfile(str(file.locate()), folder / f"{package}.txt")
        source = f"https://pypi.org/project/{package}/{about['version']}/#files"
        by = f", by {about['author']}" if about.get("author", "UNKNOWN") != "UNKNOWN" else ""
        lines.append(f"{package} {about['version']}{by}, in pyodide: {licence}. Source: {source}")
    (folder / "README.txt").write_text("\n".join([*lines, ""]), "utf-8")


def _offline(folder: Path) -> str:
    """The service worker, with the files to keep and a version that changes with any of them."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != OFFLINE)
    names = [path.relative_to(folder).as_posix() for path in found]
    version = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in found)).hexdigest()
    kept = ["./", *(name for name in names if name != "index.html" and not name.startswith(LICENCES))]
    lines = (f"const VERSION = {json.dumps(version)};", f"const FILES = {json.dumps(kept)};")
    return "\n".join([*lines, (STATIC / OFFLINE).read_text("utf-8")])
