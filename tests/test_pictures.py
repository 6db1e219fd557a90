"""The pictures of the README: the script that makes them runs, and they say what the program says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from triage.output.text import short
from triage.output.view import view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"
STALE = "docs/pictures is stale. To make it anew: python docs/make_pictures.py"


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def film(text: str) -> list[tuple[int, str]]:
    """Every line that a film shows, from top to bottom: where it stands, and its words."""
    root = ElementTree.fromstring(text)
    lines = {group.get("id"): "".join(group.itertext()) for group in root.iter(f"{SVG}g") if group.get("id")}
    return [(int(use.get("y", "")), lines[use.get("href", "")[1:]]) for use in root.iter(f"{SVG}use")]


def test_the_recorded_session_is_what_the_program_says_now(
    pictures: ModuleType, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # what the recording sets is put back
    monkeypatch.setenv("LINES", "24")
    frames = pictures.record()
    result = assess(engine, pictures.answers_of(engine, pictures.STORY))
    last = [line.rstrip() for line in frames[-1].text]
    assert "\n".join(short(view_of(engine.rulebase, result), pictures.COLUMNS)) in "\n".join(last)
    kept = pictures.SESSION.read_text("utf-8")
    assert film(kept) == film(pictures.as_svg(frames)), STALE


def test_the_recorded_session_is_small_and_still_for_those_who_want_it(pictures: ModuleType) -> None:
    text = pictures.SESSION.read_text("utf-8")
    assert len(text.encode()) < 150_000
    root = ElementTree.fromstring(text)
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")
    assert "prefers-reduced-motion" in text
    assert "<script" not in text
    loads = [value for one in root.iter() for name, value in one.attrib.items() if "href" in name and value[0] != "#"]
    assert loads == []
    assert "url(" not in text
    assert "@import" not in text


def test_the_cuts_of_the_page_are_there_and_small(pictures: ModuleType) -> None:
    assert pictures.CUTS
    for name in pictures.CUTS:
        data = (pictures.PICTURES / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 300_000
