"""The drawings of a rule base: SVG, with a title and a description for those who cannot see it.

A page shows a drawing as an image. In one no browser runs a script or asks for anything, so a drawing may hold what it likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from xml.etree import ElementTree
from xml.parsers import expat

from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.model import Figure
from triage.knowledge.toml_file import Location

LARGEST_DRAWING = 4096  # bytes: several stand in a page of 60 kB
SVG = "{http://www.w3.org/2000/svg}"
TEXTS = ("title", "desc")


def read_figure(file: str, raw: bytes) -> Figure:
    """A drawing; `file` is its name in messages. Raises FaultyInput if it cannot be shown, or not be told."""
    if len(raw) > LARGEST_DRAWING:
        what = f"larger than {LARGEST_DRAWING:,} bytes"
        raise FaultyInput([Fault(file, 0, what, "fewer lines and fewer decimals", "LCT002")])
    try:
        root = ElementTree.fromstring(raw, ElementTree.XMLParser(encoding="utf-8"))
    except ElementTree.ParseError as error:
        what = f"not XML: {expat.ErrorString(error.code)}"
        raise FaultyInput([Fault(file, error.position[0], what, code="LCT331")]) from None
    texts = {name: " ".join(root.findtext(SVG + name, "").split()) for name in TEXTS}
    begins = {name: raw.find(f"<{name}".encode()) for name in TEXTS}
    lines = {name: raw.count(b"\n", 0, place) + 1 for name, place in begins.items() if place >= 0}
    own = PurePath(file).stem
    at = Location(file, 1, lines, f'figure "{own}"')
    can_be_shown = root.tag == f"{SVG}svg" and raw.rstrip().endswith(b"</svg>")
    if faults := list(_faults(at, can_be_shown, texts)):
        raise FaultyInput(faults)
    return Figure(id=own, **texts, svg=raw.decode(), at=at)


def _faults(at: Location, can_be_shown: bool, texts: Mapping[str, str]) -> Iterator[Fault]:
    if not can_be_shown:
        hint = 'it begins with <svg xmlns="http://www.w3.org/2000/svg">, without a prefix, and ends with </svg>'
        yield at.fault("LCT333", "", "cannot be shown", hint)
    for name, text in texts.items():
        if not text:
            yield at.fault("LCT332", name, "is missing", "it is read to those who cannot see")
        elif text != printable(text):
            yield at.fault("LCT333", name, "holds a character that cannot be printed")
