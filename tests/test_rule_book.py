"""The rule book says all that the rule base says, its links lead somewhere, and docs/rule-book.md is not stale."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from program import run

from triage.knowledge.folder import rules_folder
from triage.knowledge.lints import rows_of
from triage.knowledge.model import Entry, RuleBase
from triage.knowledge.rule_files import LAYOUT
from triage.knowledge.tokens import spoken
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import year_of
from triage.output.markdown import escaped as escape
from triage.output.rule_book import EXAMPLES_SHOWN, book
from triage.output.rule_sheets import names, one

COMMITTED = Path(__file__).parent.parent / "docs" / "rule-book.md"
FIELDS = COMMITTED.with_name("rule-fields.md")
REFRESH = "leg-cramp-triage rules --book --output docs/rule-book.md"

# Keys that hold conditions and examples (looked at below), or names of parts that are put in words.
NOT_TEXTS = {
    "when",
    "unless",
    "for",
    "only_if",
    "ask_when",
    "ask_unless",
    "yields_unless",
    "show",
    "after_urgent",
    "answers",
    "fires",
    "silent",
    "shows",
    "stops",
    "yields",
}


@pytest.fixture(scope="module")
def text(rulebase: RuleBase) -> str:
    return book(rules_in_voice(rulebase))


def plain(markdown: str) -> str:
    """Markdown with its marks taken off: what a reader sees."""
    unlinked = re.sub(r"(?<!\\)\[([^\]]*)\]\(#[^)]*\)", r"\1", markdown)
    return re.sub(r"\\([^\w\s])", r"\1", unlinked).replace("`", "").replace("**", "")


def headings(markdown: str) -> Iterator[tuple[str, str]]:
    """Anchor and text of each heading, as GitHub makes them: a repeated anchor is numbered."""
    seen: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", markdown, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", plain(heading).lower()).replace(" ", "-")
        number = seen.count(slug)
        seen.append(slug)
        yield (f"{slug}-{number}" if number else slug), plain(heading)


def named(heading: str) -> str:
    """The id in the heading of a sheet, which ends with its kind; any other heading as it is."""
    return heading.partition(" (")[0]


def sections(markdown: str) -> list[tuple[str, str]]:
    """The text of each heading, and what stands below it up to the next one."""
    found = list(re.finditer(r"^#+ (.+)$", markdown, re.MULTILINE))
    ends = [*(match.start() for match in found[1:]), len(markdown)]
    return [(named(plain(match[1])), markdown[match.end() : end]) for match, end in zip(found, ends, strict=True)]


def test_the_committed_rule_book_is_not_stale(text: str) -> None:
    written = COMMITTED.read_text("utf-8") if COMMITTED.exists() else ""
    assert written == text + "\n", f"docs/rule-book.md is not what rules/ says now. To refresh it: {REFRESH}"


def test_the_committed_list_of_fields_is_not_stale() -> None:
    assert run("rules", "--fields").stdout == FIELDS.read_text("utf-8")


def test_every_link_leads_to_a_heading(text: str) -> None:
    anchors = {anchor for anchor, _ in headings(text)}
    links = re.findall(r"(?<!\\)\]\(#([^)]*)\)", text)
    assert len(links) > 1000
    assert set(links) <= anchors


def test_no_anchor_is_there_twice(text: str) -> None:
    anchors = [anchor for anchor, _ in headings(text)]
    assert len(set(anchors)) == len(anchors)


def test_everything_that_has_an_id_has_a_heading_or_a_row(rulebase: RuleBase, text: str) -> None:
    told = [named(heading) for _, heading in headings(text)]
    for kind, ids in names(rulebase).items():
        if kind == "claim":
            rows = re.findall(r"^\| (\S[^|]*) \|", text, re.MULTILINE)
            assert set(ids) <= {own for row in rows for own in row.split(", ")}
        else:
            assert set(ids) <= set(told), kind


def texts_of(data: Any) -> Iterator[str]:
    """Every text of a rule file but conditions and examples."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from texts_of(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key not in NOT_TEXTS:
                yield from texts_of(value)


@pytest.mark.parametrize("pattern", sorted(set(LAYOUT) - {"wording.toml"}))
def test_every_text_of_the_rule_base_is_in_it(pattern: str, text: str, rulebase: RuleBase) -> None:
    read = plain(text)
    for path in rules_folder().glob(pattern):
        words = rulebase.voices["you"]
        texts = texts_of(tomllib.loads(path.read_text("utf-8")))
        missing = [said for said in texts if not is_told(said, read) and not is_told(_spoken(said, words), read)]
        assert not missing, path.name


def _spoken(text: str, words: Mapping[str, str]) -> str:
    """A text as the book says it; patterns that only look like tokens stay as they are."""
    try:
        return spoken(text, words)
    except KeyError:
        return text


def is_told(said: str, read: str) -> bool:
    """Whether a text, or a name put in words, stands in the book."""
    return any(text in read for text in (said.rstrip(":"), said.replace("_", " "), plain(said)))


def test_every_condition_is_told_where_its_rule_is(rulebase: RuleBase, text: str) -> None:
    told: dict[str, str] = {}
    for heading, below in sections(text):
        told[heading] = told.get(heading, "") + plain(below)
    for entry in rulebase.entries.values():
        for cell in (cell for row in rows_of(entry) for cell in row):
            assert f"{cell.name}: " in told[entry.id], entry.id
            assert (" with " in told[entry.id]) or not cell.every, entry.id
            for option in cell.written.split(" or "):
                is_number = re.fullmatch(r"[<>=]*\s*\d+(\s*-\s*\d+)?", option)
                for part in re.findall(r"\d+", option) if is_number else [option.lstrip("<>=")]:
                    assert re.search(rf"\b{part}\b", told[entry.id]), (entry.id, option)


def test_examples_stand_with_what_they_show(rulebase: RuleBase, text: str) -> None:
    told = dict(sections(text))
    entries: list[Entry] = [e for e in rulebase.entries.values() if e.table in EXAMPLES_SHOWN]
    assert entries
    for entry in entries:
        for heading, examples in (("Must fire on", entry.fires), ("Must be silent on", entry.silent)):
            assert (f"**{heading}:**" in told[entry.id]) == bool(examples), entry.id
            assert len(re.findall(r"`\w+ = ", told[entry.id])) == len(entry.fires) + len(entry.silent), entry.id


def test_the_year_of_a_source_is_told_once(rulebase: RuleBase, text: str) -> None:
    told = dict(sections(text))
    titled = {name: str(source.year) in source.title for name, source in rulebase.sources.items() if source.year}
    assert set(titled.values()) == {True, False}
    for name, source in rulebase.sources.items():
        assert ("**Year:**" in told[name]) == (titled.get(name) is False), name
        assert year_of(source) == ("" if titled.get(name, True) else str(source.year)), name


def test_an_address_stays_whole_and_other_lines_go_on_four_blanks_in(rulebase: RuleBase) -> None:
    source = next(s for s in rulebase.sources.values() if len(s.url) > 40 and s.remark)
    lines = one(rulebase, source.id, 40)
    assert f"  - {source.url}" in lines
    assert all(len(line) <= 40 for line in lines if "://" not in line)
    below = [
        line for before, line in pairwise(lines) if before.startswith("  - ") and line[:4] != "  - " and line[0] == " "
    ]
    assert below
    assert all(re.match(r" {4}\S", line) for line in below)


def test_the_chapters_follow_each_other_as_the_ladder_does(rulebase: RuleBase, text: str) -> None:
    told = [named(heading) for _, heading in headings(text)]
    flags = [heading for heading in told if heading in rulebase.red_flags]
    ranks = [rulebase.dispositions[rulebase.red_flags[name].disposition].rank for name in flags]
    assert all(before <= after for before, after in pairwise(ranks))
    assert [heading for heading in told if heading in rulebase.questions and heading not in rulebase.causes] == [
        name for name in rulebase.questions if name not in rulebase.causes
    ]


@pytest.mark.parametrize(
    ("given", "escaped"),
    [
        ("a_b one_two", "a_b one_two"),
        ("_a_ b_", r"\_a\_ b\_"),
        ("*a* `b` [c](#d) <e> f|g ~~h~~ \\", r"\*a\* \`b\` \[c\](#d) \<e\> f\|g \~\~h\~\~ \\"),
        ("&lt; a & b", r"\&lt; a & b"),
        ("# a", r"\# a"),
        ("- a - b", r"\- a - b"),
        ("-2 and +3", r"\-2 and +3"),
        ("--", r"\--"),
        ("1. a", r"1\. a"),
        ("10 minutes", "10 minutes"),
        ("one\ntwo", "one two"),
        ("\x1b[31m", r"?\[31m"),
    ],
)
def test_no_text_is_taken_for_markdown(given: str, escaped: str) -> None:
    assert escape(given) == escaped
