"""The drawings of a rule base: checked, and written out anew as inline SVG that cannot do harm.

A page shows a drawing as part of itself. So a drawing may hold only what is listed here: shapes, where they are,
how they are stroked, and a title and description for those who cannot see it. Everything else is a fault: scripts,
links, styles, ids, text in the picture. The text is made from what was read, never copied: XML and HTML part ways
over CDATA, entities and comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple
from xml.parsers import expat

from triage.knowledge.faults import Fault, FaultyInput, allowed, printable
from triage.knowledge.model import FigureFile, RuleBase

LARGEST_DRAWING = 4096  # bytes: several stand in a page of 60 kB
# What the page gives a colour: the person, the limbs behind, what is round them, the movement, the muscle.
CLASSES = ("fig-body", "fig-far", "fig-thing", "fig-move", "fig-muscle")


class Values(NamedTuple):
    """What may stand in an attribute: a regular expression, and that in words."""

    pattern: str
    said: str


def _one_of(*values: str) -> Values:
    return Values("|".join(map(re.escape, values)), f"allowed: {', '.join(values)}")


_SIZE = Values(r"[\d.]+", "must be a number")
_NUMBERS = Values(r"[-\d., ]+", "must be numbers")
_PATH = Values(r"[MmLlHhVvCcSsQqTtAaZz\d., -]+", "must be the letters and numbers of a path")

DRAWN = {
    "class": _one_of(*CLASSES),
    "fill": _one_of("none", "currentColor"),
    "stroke": _one_of("none", "currentColor"),
    "stroke-width": _SIZE,
    "stroke-linecap": _one_of("round", "butt"),
    "stroke-linejoin": _one_of("round", "miter"),
    "stroke-dasharray": _NUMBERS,
    "opacity": _SIZE,
    "transform": Values(r"(?:translate|rotate|scale)\([-\d., ]+\)", "must be translate(), rotate() or scale()"),
}

# The attributes of each element, and what may stand in it.
ROOT = {
    "xmlns": _one_of("http://www.w3.org/2000/svg"),
    "viewBox": Values(r"0 0 [1-9]\d* [1-9]\d*", "must be 0 0 WIDTH HEIGHT"),
    "role": _one_of("img"),
}
SHAPES: Mapping[str, Mapping[str, Values]] = {
    "g": DRAWN,
    "path": DRAWN | {"d": _PATH},
    "line": DRAWN | dict.fromkeys(("x1", "y1", "x2", "y2"), _NUMBERS),
    "polyline": DRAWN | {"points": _NUMBERS},
    "polygon": DRAWN | {"points": _NUMBERS},
    "circle": DRAWN | dict.fromkeys(("cx", "cy", "r"), _NUMBERS),
    "ellipse": DRAWN | dict.fromkeys(("cx", "cy", "rx", "ry"), _NUMBERS),
    "rect": DRAWN | dict.fromkeys(("x", "y", "width", "height", "rx"), _NUMBERS),
}
TEXTS = ("title", "desc")
ELEMENTS: Mapping[str, Mapping[str, Values]] = {"svg": ROOT, "title": {}, "desc": {}, **SHAPES}
INSIDE = {"": ("svg",), "svg": (*SHAPES, *TEXTS), "title": (), "desc": ()}  # in any other: shapes


class Figure(NamedTuple):
    """A sound drawing: `svg` can stand in a page as it is. `lines`: where title and desc begin in its file (1-based)."""

    id: str
    title: str
    desc: str
    svg: str
    file: str
    lines: Mapping[str, int]


def figure(rulebase: RuleBase, name: str) -> Figure:
    """The drawing of that id (KeyError if there is none). Raises FaultyInput if it is not safe and whole."""
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
    reader = _Reader(kept.file)
    reader.read(kept.raw)
    title, desc = (" ".join(reader.texts[name].split()) for name in TEXTS)
    return Figure(kept.id, title, desc, "".join(reader.made), kept.file, reader.lines)


class _Reader:
    """Goes through one drawing: `made` is the text written anew, `texts` and `lines` what title and desc say, and where."""

    def __init__(self, file: str) -> None:
        self.file, self.made, self.open = file, list[str](), [""]
        self.texts, self.lines = dict.fromkeys(TEXTS, ""), dict[str, int]()
        self.faults: list[Fault] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.ProcessingInstructionHandler = lambda *_: self._fault("a processing instruction is not allowed")

    def read(self, raw: bytes) -> None:
        """Read all of it. Raises FaultyInput with every fault."""
        try:
            self.parser.Parse(raw, True)
        except expat.ExpatError as error:
            what = f"not XML: {expat.ErrorString(error.code)}"
            raise FaultyInput([*self.faults, Fault(self.file, error.lineno, what, code="LCT331")]) from None
        for name, text in self.texts.items():
            if not text.strip():
                what, hint = f"<svg>: <{name}> is missing", "it is read to those who cannot see"
                self.faults.append(Fault(self.file, 1, what, hint, "LCT332"))
        if self.faults:
            raise FaultyInput(self.faults)

    def _fault(self, what: str, hint: str = "") -> None:
        self.faults.append(Fault(self.file, self.parser.CurrentLineNumber, what, hint, "LCT333"))

    def _doctype(self, *_: object) -> None:
        """Stops at once: what it declares could change all that follows."""
        self._fault("a DOCTYPE is not allowed")
        raise FaultyInput(self.faults)

    def _start(self, name: str, given: dict[str, str]) -> None:
        inside = self.open[-1]
        if name not in INSIDE.get(inside, SHAPES):
            where = f" in <{inside}>" if inside else ""
            self._fault(f"<{name}> is not allowed{where}", allowed(name, INSIDE.get(inside, SHAPES)))
        elif name in self.lines:
            self._fault(f"<{name}> is there twice")
        elif name == "title" and len(self.made) > 1:
            self._fault("<title> must come first", "some readers look nowhere else")
        if name in TEXTS:
            self.lines.setdefault(name, self.parser.CurrentLineNumber)
        self._attributes(name, given)
        self.open.append(name)
        self.made.append(f"<{name}" + "".join(f' {key}="{escape(value)}"' for key, value in given.items()) + ">")

    def _attributes(self, name: str, given: Mapping[str, str]) -> None:
        known = ELEMENTS.get(name, {})
        for key, value in given.items():
            if key not in known:
                self._fault(f"<{name}>, {key}: is not allowed", allowed(key, known) if known else "it takes none")
            elif not re.fullmatch(known[key].pattern, value, re.ASCII):
                self._fault(f'<{name}>, {key}: "{value}" is not allowed', known[key].said)
        for key in ROOT.keys() - given if name == "svg" else ():
            self._fault(f"<svg>, {key}: is missing", ROOT[key].said)

    def _text(self, text: str) -> None:
        inside = self.open[-1]
        if inside in TEXTS:
            self.texts[inside] += text
        elif text.strip():
            self._fault(f'<{inside}>: "{text.strip()}": no text here', "words belong in title and desc")

    def _end(self, name: str) -> None:
        self.open.pop()
        if name in TEXTS:
            text = " ".join(self.texts[name].split())
            if text != printable(text):
                self._fault(f"<{name}>: holds a character that cannot be printed")
            self.made.append(escape(text))
        self.made.append(f"</{name}>")
