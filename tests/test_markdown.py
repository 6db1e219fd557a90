"""The result as Markdown: read by a CommonMark parser it has the right headings, loses nothing and holds no HTML."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sample import sample
from stories import path_of

from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers
from triage.output import markdown
from triage.output.explanation import HOW
from triage.output.markdown import as_markdown
from triage.output.view import HEADINGS, WHAT_IF, View, Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

DAY = Wanted(day=date(2026, 11, 21))
PARSER = MarkdownIt("commonmark").enable("table")  # with raw HTML, so that some would be seen

STEPS, DOCTOR, WHY, OPEN, SOURCES, TRADITIONAL = (
    "How to do it", "For the doctor", "Why", "Not answered yet", "Sources",
    "Traditional methods, all unproven",
)  # fmt: skip
APART = ("relief", "replies", "myths")  # parts that do not stand in the order of the rule base

# The fields of each record that hold no words for a reader, or words of another field.
UNSAID = {
    "View": "schema disposition red_flags safety_net missing pending voice answers level first time shows publishers "
    "title day day_answered how why_not file",
    "ShownFlag": "id disposition place answers sources",
    "ShownSign": "id weight answers",
    "ShownCause": "id group score sources",
    "ShownChecking": "id because red_flags sources",
    "ShownAdvice": "id grade sources figure",
    "ShownCheck": "id strength sources",
    "ShownNote": "id sources",
    "ShortLine": "part",
    "HistoryLine": "items",
    "LeftOut": "id because",
    "MoreUrgent": "question disposition options",
    "CitedSource": "number id",
    "RulesUsed": "",
}
SHORT = {"say", "short", "history", "open_questions", "statement"}  # of a view: what everybody is told


def result(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


def of_scenario(engine: Engine, name: str) -> Assessment:
    return result(engine, read_answer_file(path_of(name), engine.rulebase).answers)


def headings(tokens: list[Token]) -> list[tuple[str, str]]:
    """Tag and text of every heading."""
    return [(token.tag, words(tokens[at + 1])) for at, token in enumerate(tokens) if token.type == "heading_open"]


def words(token: Token) -> str:
    """The text of a piece of inline Markdown, as a reader sees it."""
    return "".join(child.content for child in token.children or ())


def said(tokens: list[Token]) -> str:
    return flat("\n".join(words(token) for token in tokens if token.type == "inline"))


def flat(text: str) -> str:
    return " ".join(text.split())


def kinds(tokens: list[Token]) -> set[str]:
    """The types of all tokens, inline ones too."""
    return {one.type for token in tokens for one in (token, *(token.children or ()))}


def texts(value: Any, only: set[str] | None = None) -> Iterator[str]:
    """Every text in a view that a reader is to see; `only`: in these fields."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "_fields"):
        for field in (only or set(value._fields)) - set(UNSAID[type(value).__name__].split()):
            yield from texts(getattr(value, field))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)


def usual(told: View) -> list[str]:
    """The headings that everybody gets, below the first."""
    relief = any(not one.traditional for one in told.relief)
    replies = [HEADINGS["replies"]] * bool(told.replies)
    return [*[STEPS] * relief, *replies, DOCTOR, *[OPEN] * bool(told.open_questions)]


def beyond(told: View) -> list[str]:
    """Those of everything else."""
    parts = [
        HEADINGS[name]
        for name in told.shows
        if name in HEADINGS
        and name not in APART
        and any(not getattr(one, "traditional", False) or name == "withheld" for one in getattr(told, name))
    ]
    traditional = any(one.traditional for one in (*told.relief, *told.prevention))
    last = [
        (TRADITIONAL, traditional),
        (HEADINGS["myths"], told.myths),
        (SOURCES, told.sources),
    ]
    return [WHY, *parts, *[WHAT_IF] * bool(told.what_if), *(heading for heading, there in last if there)]


def check(told: View, text: str) -> None:
    tokens = PARSER.parse(text)
    below = usual(told) + (beyond(told) if told.full else [])
    assert headings(tokens) == [("h1", flat(told.say)), *(("h2", heading) for heading in below)]
    assert not {kind for kind in kinds(tokens) if kind.startswith("html")}
    assert "code_block" not in kinds(tokens)
    shown = said(tokens)
    steps = [text for one in told.relief if not one.traditional for text in (one.title, *one.steps)]
    wanted = [*texts(told, None if told.full else SHORT), *steps, *(line.sentence for line in told.history)]
    assert [lost for lost in wanted if flat(lost) not in shown] == []


@pytest.mark.parametrize("full", [False, True], ids=["short", "full"])
def test_every_kind_of_result_has_its_headings_and_loses_nothing(engine: Engine, full: bool) -> None:
    rulebase = engine.rulebase
    levels = set()
    for assessment in sample(engine).values():
        wanted = DAY._replace(full=full)
        told, text = view_of(rulebase, assessment, wanted), as_markdown(rulebase, assessment, wanted)
        check(told, text)
        levels.add(told.disposition)
    assert levels == {level.id for level in rulebase.ladder}


def test_random_and_unfinished_answers_too(engine: Engine, answer_sets: list[Answers]) -> None:
    rulebase = engine.rulebase
    unfinished = [{name: answers[name] for name in list(answers)[:3]} for answers in answer_sets[:10]]
    for answers in ({}, *answer_sets[:10], *unfinished):
        assessment, wanted = result(engine, answers), Wanted(full=True)
        check(view_of(rulebase, assessment, wanted), as_markdown(rulebase, assessment, wanted))


def test_an_emergency_is_what_to_do_and_the_lines_for_the_doctor(engine: Engine) -> None:
    assessment = of_scenario(engine, "emergency/breathless")
    found = headings(PARSER.parse(as_markdown(engine.rulebase, assessment)))
    assert [text for _, text in found] == [assessment.disposition.say, DOCTOR]


def test_sources_have_numbers_only_where_they_are_listed(engine: Engine) -> None:
    assessment = of_scenario(engine, "routine/frequent-cramps-spoil-sleep")
    short, full = (as_markdown(engine.rulebase, assessment, Wanted(full=full)) for full in (False, True))
    assert "\\[" not in short
    cited = {int(n) for mark in re.findall(r"\\\[([\d, ]+)\\\]", full) for n in re.findall(r"\d+", mark)}
    assert cited == {source.number for source in view_of(engine.rulebase, assessment).sources}


def test_what_was_not_sure_is_told(engine: Engine) -> None:
    sure, unsure = (
        as_markdown(engine.rulebase, result(engine, {"age": 30, **one})) for one in ({}, {"kind": ("not_sure",)})
    )
    assert ("not sure" in unsure, "not sure" in sure) == (True, False)


def test_the_day_is_named_only_if_it_is_given(engine: Engine) -> None:
    assessment = of_scenario(engine, "self-care/runner-club-training")
    assert "2026-11-21" in as_markdown(engine.rulebase, assessment, DAY)
    assert not re.search(r"\d{4}-\d\d-\d\d", as_markdown(engine.rulebase, assessment))


def test_older_answers_are_told_by_their_day(engine: Engine) -> None:
    assessment = of_scenario(engine, "self-care/runner-club-training")
    older = as_markdown(engine.rulebase, assessment, DAY._replace(answered=date(2026, 11, 19)))
    assert re.findall(r"\d{4}-\d\d-\d\d", older) == ["2026-11-19", "2026-11-21"]
    same = as_markdown(engine.rulebase, assessment, DAY._replace(answered=DAY.day))
    assert same == as_markdown(engine.rulebase, assessment, DAY)


def test_how_it_was_concluded_and_why_not(engine: Engine) -> None:
    assessment = of_scenario(engine, "self-care/runner-club-training")
    text = as_markdown(engine.rulebase, assessment, Wanted(how=True, why_not=("clot",)))
    tokens = PARSER.parse(text)
    (_, before), (_, last) = headings(tokens)[-2:]
    assert before == HOW
    assert "[clot]" in last
    depths = [token.level for token in tokens if token.type == "list_item_open"]
    assert max(depths) >= 5  # a conclusion, its rule, its answers


HOSTILE = [
    "# a heading", "===", "---", "- a list", "1. a list", "1) a list", "> a quote", "    code", "```", "~~~",
    "<script>alert(1)</script>", "<!-- a comment", "&lt;b&gt; &#60;", "[a](http://link.example)", "![a](picture.png)",
    "<http://auto.example>", "*a* _b_ **c** __d__ `e`", "a | b |", "a\n\n# b", "a\\", "\\# a", "[a]: http://x.example",
    "| --- |", "+ a", "  * a", "a  \nb", "\ta", "_", "*", "a`b``c", "\x1b[2J", "\u202e",
]  # fmt: skip


def spoilt(value: Any, text: str, name: str = "") -> Any:
    """A view with `text` for every text in it that decides nothing."""
    if name in {"sha256", "shows", "id", "disposition", "group", "part", "grade"}:
        return value
    if isinstance(value, str):
        return text
    if hasattr(value, "_fields"):
        return value._replace(**{field: spoilt(getattr(value, field), text, field) for field in value._fields})
    if isinstance(value, Mapping):
        return {spoilt(key, text): spoilt(item, text) for key, item in value.items()}
    return tuple(spoilt(item, text) for item in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_rule_base_or_a_file_becomes_markup(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, hostile: str
) -> None:
    assessment = of_scenario(engine, "routine/frequent-cramps-spoil-sleep")
    told = view_of(engine.rulebase, assessment, Wanted(full=True))
    monkeypatch.setattr(markdown, "view_of", lambda *_: spoilt(told, "harmless"))
    good = PARSER.parse(as_markdown(engine.rulebase, assessment, Wanted(title="harmless")))
    monkeypatch.setattr(markdown, "view_of", lambda *_: spoilt(told, hostile))
    bad = PARSER.parse(as_markdown(engine.rulebase, assessment, Wanted(title=hostile)))
    assert [(t.type, t.tag, t.level) for t in bad] == [(t.type, t.tag, t.level) for t in good]
    assert kinds(bad) == kinds(good)
    assert headings(bad)[0][1] == flat("".join(c if c.isprintable() or c.isspace() else "?" for c in hostile))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/ <b>", "https://a.example/](x)", ""])
def test_only_web_addresses_become_links(url: str) -> None:
    text = markdown.address(url)
    links = [c.attrs["href"] for t in PARSER.parse(f"x {text}") for c in t.children or () if c.type == "link_open"]
    assert len(links) == (url == "https://a.example/](x)")
    assert "html_inline" not in kinds(PARSER.parse(f"x {text}"))


# --- the command


def test_several_files_stand_under_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "two_*x*.toml"
    one.write_text('title = "<b>Bold</b> # 1"\n[answers]\nstart = "me"\ndanger = ["d_cold"]\n', "utf-8")
    other.write_text('[answers]\nstart = "me"\ndanger = ["d_cold"]\n', "utf-8")
    assert main(["run", "--format", "markdown", str(one), str(other)]) == 0
    tokens = PARSER.parse(capsys.readouterr().out)
    top = [text for tag, text in headings(tokens) if tag == "h1"]
    assert top == [f"{one}: <b>Bold</b> # 1", str(other)]
    assert len([tag for tag, _ in headings(tokens) if tag == "h2"]) == 2
    assert not {kind for kind in kinds(tokens) if kind.startswith("html")}


def test_it_is_written_to_a_file_of_its_owner(tmp_path: Path) -> None:
    answers, output = tmp_path / "a.toml", tmp_path / "a.md"
    answers.write_text('[answers]\nstart = "me"\ndanger = ["d_cold"]\n', "utf-8")
    assert main(["run", "--format", "markdown", "--output", str(output), str(answers)]) == 0
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    [(_, first), (_, last)] = headings(PARSER.parse(output.read_text("utf-8")))
    assert first
    assert last == DOCTOR
