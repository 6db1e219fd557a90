"""Drawings: what can be shown and told stands in a page; what cannot is told with its file and line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from triage.cli.main import main
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.figures import LARGEST_DRAWING
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


def test_a_sound_drawing_is_read_with_its_words(tiny: Path) -> None:
    read = load(tiny).figures["a-stretch"]
    assert (read.id, read.title, read.desc) == ("a-stretch", "A stretch", "A leg. Toes < up.")
    assert read.svg == SOUND
    assert (read.at.file, read.at.keys) == ("tiny/figures/a-stretch.svg", {"title": 2, "desc": 3})


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


# --- what cannot be shown, or not be told

PREFIXED = SOUND.replace("<svg xmlns=", "<svg:svg xmlns:svg=").replace("</svg>", "</svg:svg>")
PREFIXED = re.sub(r"<(/?)(title|desc|g|path)\b", r"<\1svg:\2", PREFIXED)
FAULTY = {
    "not closed": ("</g>", "", 8, "LCT331"),
    "unknown entity": ("A stretch", "A&nbsp;stretch", 2, "LCT331"),
    "empty title": ("A stretch", " ", 2, "LCT332"),
    "no title": ("<title>A stretch</title>", "", 1, "LCT332"),
    "no description": ("desc>", "title>", 1, "LCT332"),
    "bell in title": ("A stretch", "A\u202estretch", 2, "LCT333"),
    "no namespace": (' xmlns="http://www.w3.org/2000/svg"', "", 1, "LCT333"),
    "no svg": ("svg", "html", 1, "LCT333"),
    "a prefix, as some programs write it": (SOUND, PREFIXED, 1, "LCT333"),
    "something behind it": ("</svg>", "</svg><!-- </svg> -->", 1, "LCT333"),
    "too large": ("<g ", " " * LARGEST_DRAWING + "<g ", 0, "LCT002"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_wrong_is_told_with_its_line(name: str, tiny: Path) -> None:
    old, new, line, code = FAULTY[name]
    assert old in SOUND
    drawn(tiny, SOUND.replace(old, new))
    assert ("tiny/figures/a-stretch.svg", line, code) in [
        (fault.file, fault.line, fault.code) for fault in faults(tiny)
    ]


def test_check_prints_what_is_wrong_and_fails(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn(tiny, SOUND.replace("<title>A stretch</title>", ""))
    assert main(["check", "--rules", str(tiny)]) == 1
    assert "tiny/figures/a-stretch.svg:1: LCT332 " in capsys.readouterr().out


def test_bytes_that_are_no_text_are_told(tiny: Path) -> None:
    drawn(tiny, SOUND.encode().replace(b"A stretch", b"\xff"))
    assert [(fault.line, fault.code) for fault in faults(tiny)] == [(2, "LCT331")]
