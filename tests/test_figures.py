"""Drawings: what is safe can stand in a page; what is not is told with its file and line."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from triage.cli.main import main
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.figures import LARGEST_DRAWING, figure
from triage.knowledge.model import RuleBase
from triage.knowledge.rule_files import digest, file_names
from triage.knowledge.rulebase import load
from triage.output.rule_sheets import sheets

TINY = Path(__file__).parent / "reliability" / "tiny_rules"
SOUND = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 150" role="img">
  <title>A stretch</title>
  <desc>A leg.
    Toes &lt; up.</desc>
  <g class="fig-body" stroke="currentColor">
    <path d="M10 20L30.5 40Z"/>
  </g>
</svg>
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The small rule base, with a drawing that its first advice names."""
    folder = Path(shutil.copytree(TINY, tmp_path / "tiny"))
    relief = folder / "advice/relief.toml"
    relief.write_text(relief.read_text().replace('id = "stretch"\n', 'id = "stretch"\nfigure = "a-stretch"\n', 1))
    drawn(folder, SOUND)
    return folder


def drawn(folder: Path, svg: str | bytes, name: str = "a-stretch.svg") -> None:
    (folder / "figures").mkdir(exist_ok=True)
    (folder / "figures" / name).write_bytes(svg if isinstance(svg, bytes) else svg.encode())


def faults(folder: Path) -> list[Fault]:
    try:
        load(folder)
    except FaultyInput as error:
        return list(error.faults)
    return []


def test_a_sound_drawing_is_read_as_inline_svg(tiny: Path) -> None:
    read = figure(load(tiny), "a-stretch")
    assert (read.id, read.title, read.desc) == ("a-stretch", "A stretch", "A leg. Toes < up.")
    root = ElementTree.fromstring(read.svg)
    assert root.attrib == {"viewBox": "0 0 200 150", "role": "img"}
    assert [element.tag.split("}")[1] for element in root.iter()] == ["svg", "title", "desc", "g", "path"]
    assert "&lt;" in read.svg
    assert (read.file, dict(read.lines)) == ("tiny/figures/a-stretch.svg", {"title": 2, "desc": 3})


def test_the_sheet_of_the_advice_says_what_is_drawn(tiny: Path) -> None:
    [sheet] = sheets(load(tiny), "stretch")
    assert [fact.lines for fact in sheet.facts if "figure" in fact.heading.lower()] == [
        ("a-stretch: A stretch. A leg. Toes < up.",)
    ]


def test_a_rule_base_needs_no_drawings() -> None:
    assert load(TINY).figures == {}


def test_the_hash_covers_the_drawings(tiny: Path) -> None:
    before = load(tiny).sha256
    assert before == digest({name: (tiny / name).read_bytes() for name in file_names(tiny)})
    drawn(tiny, SOUND.replace("30.5", "31"))
    assert load(tiny).sha256 != before


# --- the drawing and the advice that names it


def test_an_unknown_drawing_is_told(tiny: Path) -> None:
    (tiny / "figures/a-stretch.svg").rename(tiny / "figures/a-strech.svg")
    unknown, unused = sorted(faults(tiny))
    assert (unknown.file, unknown.line, unknown.code) == ("tiny/advice/relief.toml", 3, "LCT301")
    assert unknown.what.startswith('advice "stretch", figure: ')
    assert 'did you mean "a-strech"?' in unknown.hint
    assert (unused.file, unused.code) == ("tiny/figures/a-strech.svg", "LCT310")


@pytest.mark.parametrize("name", ["a-stretch.svg", "figures/more/a-stretch.svg", "advice/a-stretch.svg"])
def test_a_drawing_in_the_wrong_folder_is_told(tiny: Path, name: str) -> None:
    (tiny / name).parent.mkdir(exist_ok=True)
    (tiny / "figures/a-stretch.svg").rename(tiny / name)
    told = [fault for fault in faults(tiny) if fault.file == f"tiny/{name}"]
    assert [fault.what for fault in told] == ["is read by nothing: is its name or folder right?"]
    assert "figures/*.svg" in told[0].hint


def test_the_field_must_be_text(tiny: Path) -> None:
    relief = tiny / "advice/relief.toml"
    relief.write_text(relief.read_text().replace('figure = "a-stretch"', "figure = 5"))
    assert 'advice "stretch", figure: must be text in quotes' in [fault.what for fault in faults(tiny)]


# --- what may not stand in a drawing

PATH = '    <path d="M10 20L30.5 40Z"/>'
UNSAFE = {
    "script": (PATH, "<script>alert(1)</script>", 6, "<script> is not allowed"),
    "style element": (PATH, "<style>g{}</style>", 6, "<style> is not allowed"),
    "image": (PATH, '<image href="x.png"/>', 6, "<image> is not allowed"),
    "link": (PATH, '<a href="https://example.org"/>', 6, "<a> is not allowed"),
    "use": (PATH, '<use href="#x"/>', 6, "<use> is not allowed"),
    "foreign": (PATH, "<foreignObject/>", 6, "<foreignObject> is not allowed"),
    "animation": (PATH, '<animate attributeName="d"/>', 6, "<animate> is not allowed"),
    "picture within": (PATH, '<svg viewBox="0 0 9 9"/>', 6, "<svg> is not allowed"),
    "words in it": (PATH, "<text>Pull</text>", 6, "<text> is not allowed"),
    "loose words": (PATH, "Pull", 6, '<g>: "Pull": no text here'),
    "another namespace": (PATH, '<x:path xmlns:x="y" d="M0 0"/>', 6, "<x:path> is not allowed"),
    "prefixed": ("<g ", '<g xlink:href="#a" ', 5, "<g>, xlink:href: is not allowed"),
    "style": ("<g ", '<g style="color:red" ', 5, "<g>, style: is not allowed"),
    "event": ("<g ", '<g onclick="f()" ', 5, "<g>, onclick: is not allowed"),
    "event of the root": ("<svg ", '<svg onload="f()" ', 1, "<svg>, onload: is not allowed"),
    "id": ("<g ", '<g id="leg" ', 5, "<g>, id: is not allowed"),
    "typing error": ("stroke=", "strok=", 5, "<g>, strok: is not allowed"),
    "unknown class": ("fig-body", "fig-bdy", 5, '<g>, class: "fig-bdy" is not allowed'),
    "own colour": ('"currentColor"', '"#f00"', 5, '<g>, stroke: "#f00" is not allowed'),
    "address": ('"currentColor"', '"url(#x)"', 5, '<g>, stroke: "url(#x)" is not allowed'),
    "no numbers": ("30.5", "calc(1)", 6, '<path>, d: "M10 20Lcalc(1) 40Z" is not allowed'),
    "DOCTYPE": ("<svg ", "<!DOCTYPE svg>\n<svg ", 1, "a DOCTYPE is not allowed"),
    "entity": ("<svg ", '<!DOCTYPE svg [<!ENTITY a "b">]>\n<svg ', 1, "a DOCTYPE is not allowed"),
    "style sheet": ("<svg ", '<?xml-stylesheet href="x"?>\n<svg ', 1, "a processing instruction is not allowed"),
    "not closed": ("</g>", "", 8, "not XML: mismatched tag"),
    "empty title": ("A stretch", " ", 1, "<svg>: <title> is missing"),
    "two titles": (PATH, "<title>B</title>", 6, "<title> is not allowed"),
    "title later": ("<title>", "<g/>\n  <title>", 3, "<title> must come first"),
    "no title": ("<title>A stretch</title>", "", 1, "<svg>: <title> is missing"),
    "shape in title": ("A stretch", '<path d="M0 0"/>A', 2, "<path> is not allowed"),
    "bell in title": ("A stretch", "A\u202estretch", 2, "<title>: holds a character that cannot be printed"),
    "no description": ("desc>", "title>", 3, "<title> is there twice"),
    "no view box": (' viewBox="0 0 200 150"', "", 1, "<svg>, viewBox: is missing"),
    "wrong view box": ("0 0 200 150", "0 0 a b", 1, '<svg>, viewBox: "0 0 a b" is not allowed'),
    "no role": (' role="img"', "", 1, "<svg>, role: is missing"),
    "no namespace": (' xmlns="http://www.w3.org/2000/svg"', "", 1, "<svg>, xmlns: is missing"),
    "no svg": ("svg", "html", 1, "<html> is not allowed"),
    "too large": (PATH, PATH + " " * LARGEST_DRAWING, 0, "larger than 4,096 bytes"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_is_unsafe_is_told_with_its_line(name: str, tiny: Path) -> None:
    old, new, line, what = UNSAFE[name]
    assert old in SOUND
    drawn(tiny, SOUND.replace(old, new))
    told = [fault for fault in faults(tiny) if what in fault.what]
    assert {(fault.file, fault.line) for fault in told} == {("tiny/figures/a-stretch.svg", line)}


def test_check_prints_what_is_unsafe_and_fails(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn(tiny, SOUND.replace("<g ", "<script/><g "))
    assert main(["check", "--rules", str(tiny)]) == 1
    assert "tiny/figures/a-stretch.svg:5: LCT333 <script> is not allowed" in capsys.readouterr().out


def test_bytes_that_are_no_text_are_told(tiny: Path) -> None:
    drawn(tiny, SOUND.encode().replace(b"A stretch", b"\xff"))
    assert [(fault.line, fault.what) for fault in faults(tiny)] == [(2, "not XML: not well-formed (invalid token)")]


def test_what_xml_and_html_read_differently_does_no_harm(tiny: Path) -> None:
    hidden = "A <!-- --><![CDATA[<script>f()</script>]]> stretch"
    drawn(tiny, SOUND.replace("A stretch", hidden).replace("<g ", "<!-- <script> --><g "))
    read = figure(load(tiny), "a-stretch")
    assert read.title == "A <script>f()</script> stretch"
    assert "<title>A &lt;script&gt;f()&lt;/script&gt; stretch</title>" in read.svg
    assert "<script" not in read.svg
    assert "<!" not in read.svg


# --- the drawings of this rule base


def test_every_drawing_of_this_rule_base_can_be_shown(rulebase: RuleBase) -> None:
    assert rulebase.figures
    for name in rulebase.figures:
        assert ElementTree.fromstring(figure(rulebase, name).svg).get("role") == "img"
