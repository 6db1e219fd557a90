"""The pages of documentation: links lead somewhere, the index names every page, the drawing of the rooms is the code."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from triage.knowledge.model import RuleBase
from triage.knowledge.voices import rules_in_voice

ROOT = Path(__file__).parent.parent
FOLDERS = ("", "docs", "rules", "benchmarks")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
LONG = {"rule-book.md"}  # written by a command
PARSER = MarkdownIt("commonmark").enable("table")


@cache
def links(page: Path) -> tuple[str, ...]:
    """Where the links and pictures of a page lead."""
    inline = [child for token in PARSER.parse(page.read_text("utf-8")) for child in token.children or ()]
    return tuple(str(one.attrs[key]) for one in inline for key in ("href", "src") if key in one.attrs)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that GitHub gives to the headings of a page: a repeated one is numbered."""
    tokens = PARSER.parse(page.read_text("utf-8"))
    found: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in tokens[at + 1].children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            number = found.get(slug, 0)
            found[slug] = number + 1
            if number:
                found[f"{slug}-{number}"] = 1
    return frozenset(found)


def lost(page: Path) -> list[str]:
    """The links of a page, to files of this checkout, that lead nowhere."""
    wrong = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        leads = target.exists() and ROOT.resolve() in (target, *target.parents)
        if not leads or (parts.fragment and unquote(parts.fragment) not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.nightly] * (page.name in LONG)) for page in PAGES],
    ids=[page.relative_to(ROOT).as_posix() for page in PAGES],
)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert lost(page) == []


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text("# One & two\n\n## Same\n\n## Same\n", "utf-8")
    good = ["other.md", "other.md#one--two", "other.md#same-1", "#here", "https://x.example/y.md"]
    bad = ["nowhere.md", "other.md#three", "#there", "../outside.md", "nowhere.png"]
    page.write_text("# Here\n\n" + " ".join(f"[x]({link})" for link in good + bad[:-1]) + f" ![x]({bad[-1]})", "utf-8")
    assert lost(page) == bad


def test_the_index_names_every_page_of_the_folder() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link).resolve() for link in links(index)}
    assert [page.name for page in PAGES if page.parent == index.parent and page != index and page not in named] == []
    assert len(PAGES) > 5


def test_no_text_installs_by_a_name_that_no_index_has() -> None:
    """An extra is installed in the checkout, as the README does."""
    files = [*PAGES, *(ROOT / "triage").rglob("*.py")]
    assert [path.name for path in files if "leg-cramp-triage[" in path.read_text("utf-8")] == []


def test_pages_quote_what_a_fault_asks_for_as_the_rules_say_it(rulebase: RuleBase) -> None:
    texts = [" ".join(page.read_text("utf-8").split()) for page in PAGES]
    quoted = [one for text in texts for one in re.findall(r"asks for this: ([^.]+\.)", text)]
    assert quoted
    assert set(quoted) <= {level.say for level in rules_in_voice(rulebase).dispositions.values()}


def rooms() -> list[list[str]]:
    """The rooms of triage/ as import-linter holds them, top to bottom; those that do not know each other are together."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return [layer.split(" | ") for layer in layers]


def purpose(room: str) -> str:
    """The first sentence of a package or module."""
    folder = ROOT / "triage" / room
    text = (folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")).read_text("utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").split(". ")[0].splitlines()[0].removesuffix(".")


def drawing() -> str:
    """A line a room; a bar beside those that do not know each other."""
    lines = [f"{room:12} {'|' if len(layer) > 1 else ' '} {purpose(room)}" for layer in rooms() for room in layer]
    return "\n".join(["<!-- rooms -->", "```", *lines, "```", ""])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_rooms_are_drawn_as_they_are(page: str) -> None:
    assert drawing() in (ROOT / page).read_text("utf-8"), f"{page} should have:\n{drawing()}"


def test_every_folder_and_module_is_a_room() -> None:
    there = {
        path.stem for path in (ROOT / "triage").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {room for layer in rooms() for room in layer} == there - {"__init__", "__main__"}


def test_every_code_of_a_fault_is_explained_and_every_fault_has_one() -> None:
    program = "\n".join(path.read_text("utf-8") for path in (ROOT / "triage").rglob("*.py"))
    page = (ROOT / "docs" / "faults.md").read_text("utf-8")
    explained = re.findall(r"^\| (LCT\d{3}) \|", page, re.MULTILINE)
    assert sorted(set(re.findall(r"LCT\d{3}", program))) == sorted(explained)
    assert len(set(explained)) == len(explained) > 100
