"""The drawings of a rule base: SVG, with a title and a description for those who cannot see it.

A page shows a drawing as an image. In one no browser runs a script or asks for anything, so a drawing may hold what it likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.model import FigureFile, RuleBase

LARGEST_DRAWING = 4096  # bytes: several stand in a page of 60 kB
SVG = "{http://www.w3.org/2000/svg}"
TEXTS = ("title", "desc")


class Figure(NamedTuple):
    """A sound drawing: `svg` is its file. `lines`: where title and desc begin in it (1-based)."""

    id: str
    title: str
    desc: str
    svg: str
    file: str
    lines: Mapping[str, int]


def figure(rulebase: RuleBase, name: str) -> Figure:
    """The drawing of that id (KeyError if there is none). Raises FaultyInput if it cannot be shown, or not be told."""
    return _read(rulebase.figures[name])


def figure_faults(rulebase: RuleBase) -> Iterator[Fault]:
    """What is wrong within the drawings; nothing where all can be shown."""
    for kept in rulebase.figures.values():
        try:
            _read(kept)
        except FaultyInput as error:
            yield from error.faults


def _read(kept: FigureFile) -> Figure:
    if len(kept.raw) > LARGEST_DRAWING:
        what = f"larger than {LARGEST_DRAWING:,} bytes"
        raise FaultyInput([Fault(kept.file, 0, what, "fewer lines and fewer decimals", "LCT002")])
    try:
        root = ElementTree.fromstring(kept.raw, ElementTree.XMLParser(encoding="utf-8"))
    except ElementTree.ParseError as error:
        what = f"not XML: {expat.ErrorString(error.code)}"
        raise FaultyInput([Fault(kept.file, error.position[0], what, code="LCT331")]) from None
    texts = {name: " ".join(root.findtext(SVG + name, "").split()) for name in TEXTS}
    lines = {name: kept.raw.partition(f"<{name}".encode())[0].count(b"\n") + 1 for name in TEXTS}
    if faults := list(_faults(kept.file, root.tag, texts, lines)):
        raise FaultyInput(faults)
    return Figure(kept.id, **texts, svg=kept.raw.decode(), file=kept.file, lines=lines)


def _faults(file: str, root: str, texts: Mapping[str, str], lines: Mapping[str, int]) -> Iterator[Fault]:
    if root != f"{SVG}svg":
        hint = 'it is <svg xmlns="http://www.w3.org/2000/svg">'
        yield Fault(file, 1, f"<{root}> is not allowed as the whole", hint, "LCT333")
    for name, text in texts.items():
        if not text:
            yield Fault(file, 1, f"<svg>: <{name}> is missing", "it is read to those who cannot see", "LCT332")
        elif text != printable(text):
            yield Fault(file, lines[name], f"<{name}>: holds a character that cannot be printed", code="LCT333")
