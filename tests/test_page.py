"""The page: every result's is well-formed, small, whole, safe and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree

import html5lib
import pytest
from sample import sample
from stories import path_of

from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers, RuleBase
from triage.output.frame import style_of
from triage.output.page import DRAWN, LARGEST_PAGE, page
from triage.output.view import NOT_ASKED, NOTHING_MORE, View, Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

RUNNER = path_of("self-care/runner-club-training")
DAY = date(2026, 11, 21)
# What a page may be made of: nothing that runs, is loaded, or is sent.
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "p", "h1", "h2", "h3",
    "ul", "ol", "li", "b", "i", "strong", "small", "sup", "span", "time", "code", "a", "img", "table", "tbody", "tr", "th", "td",
}  # fmt: skip


class Told(NamedTuple):
    """What is told of a result, and its page as text and as a tree of elements."""

    view: View
    text: str
    root: Any

    @property
    def ids(self) -> dict[str, Any]:
        found = [element for element in self.root.iter() if "id" in element.attrib]
        ids = {element.get("id"): element for element in found}
        assert len(ids) == len(found), "an id stands twice"
        return ids

    def named(self, name: str) -> list[Any]:
        return list(self.root.iter(name))


def told(engine: Engine, found: Answers | Assessment, wanted: Wanted = NOTHING_MORE) -> Told:
    assessment = found if isinstance(found, Assessment) else assess(engine, found, missing_from(engine, found))
    text = page(engine.rulebase, assessment, wanted)
    # As a browser would build it; ParseError for anything that is not HTML.
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    return Told(view_of(engine.rulebase, assessment, wanted), text, parser.parse(text))


def longest(engine: Engine) -> list[Assessment]:
    """The result of each level that has most to tell, one that is not finished, and one with a reply."""
    found = list(sample(engine).values())
    size = {id(one): len(page(engine.rulebase, one, Wanted(full=True))) for one in found}
    levels = [
        [one for one in found if one.disposition.id == level.id and one.complete] for level in engine.rulebase.ladder
    ]
    groups = [*levels, [one for one in found if not one.complete]]
    each = [max(group, key=lambda one: size[id(one)]) for group in groups]
    replies = [one for one in engine.rulebase.advice.values() if one.kind == "reply"]
    return [*each, replace(each[-1], replies=tuple(replies[:2]))]


@pytest.fixture(scope="module")
def plain(engine: Engine) -> dict[str, Told]:
    """The page of every kind of result."""
    return {name: told(engine, found, Wanted(day=DAY)) for name, found in sample(engine).items()}


@pytest.fixture(scope="module")
def full(engine: Engine) -> list[Told]:
    """Pages that tell everything."""
    return [told(engine, found, Wanted(day=DAY, full=True)) for found in longest(engine)]


@pytest.fixture(scope="module")
def every(plain: dict[str, Told], full: list[Told]) -> list[Told]:
    return [*plain.values(), *full]


@pytest.fixture(scope="module")
def runner(engine: Engine) -> Answers:
    return read_answer_file(RUNNER, engine.rulebase).answers


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


# --- a sound document


def test_it_is_made_of_harmless_elements_only(every: list[Told]) -> None:
    for case in every:
        for element in case.root.iter():
            assert element.tag in ELEMENTS
            assert not [key for key in element.attrib if key in ("srcset", "style") or key.startswith("on")]
            assert element.get("href", "https://").startswith(("https://", "http://", "#"))
            assert "href" not in element.attrib or element.tag == "a"
            source = "data:image/svg+xml;charset=utf-8," if element.tag == "img" else ""
            assert element.get("src", "").startswith(source)
            assert "src" not in element.attrib or element.tag == "img"
        assert "url(" not in case.text
        assert "@import" not in case.text


def test_it_has_what_a_document_needs(every: list[Told]) -> None:
    for case in every:
        assert case.text.startswith('<!doctype html><html lang="en">')
        assert words(case.named("title")[0])
        assert [len(case.named(one)) for one in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
        levels = [int(e.tag[1]) for e in case.root.iter() if e.tag in ("h1", "h2", "h3")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert {element.get("scope") for element in case.named("th")} == {"row"}


def test_drawings_have_words_and_the_colours_of_the_page(every: list[Told], rulebase: RuleBase) -> None:
    told_of = {f"{one.title}. {one.desc}" for one in rulebase.figures.values()}
    drawings = [drawing for case in every for drawing in case.named("img")]
    assert len(drawings) > len(every)
    assert {drawing.get("alt") for drawing in drawings} <= told_of
    for drawing in drawings:
        root = ElementTree.fromstring(unquote(drawing.get("src").partition(",")[2]))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root[-1].text == style_of(DRAWN)
    colours = set(re.findall(r"#\w{6}", style_of(DRAWN)))
    assert len(colours) == 8
    assert colours <= set(re.findall(r"#\w{6}", every[0].text.partition("</style>")[0]))


def test_every_page_is_small(every: list[Told]) -> None:
    sizes = [len(case.text.encode()) for case in every]
    assert LARGEST_PAGE / 2 < max(sizes) < LARGEST_PAGE


def test_only_its_own_style_is_obeyed_and_nothing_is_loaded(every: list[Told]) -> None:
    for case in every:
        metas = {meta.get("http-equiv") or meta.get("name"): meta.get("content") for meta in case.named("meta")}
        policy = dict(part.split(" ", 1) for part in metas["Content-Security-Policy"].split("; "))
        [style] = case.named("style")
        hashed = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{hashed}'",
            "img-src": "data:",
            "base-uri": "'none'",
            "form-action": "'none'",
        }
        assert metas["referrer"] == "no-referrer"


# --- nothing from outside is obeyed

HOSTILE = """</title></style><script>alert(1)</script><img src=x onerror="alert(1)">{{ 7 * 7 }}'"&"""


def test_a_hostile_title_is_only_text(engine: Engine, runner: Answers) -> None:
    case = told(engine, runner, Wanted(title=HOSTILE, day=DAY))
    assert {element.tag for element in case.root.iter()} <= ELEMENTS
    assert HOSTILE in words(case.named("header")[0])


def test_what_could_drive_a_terminal_is_shown_as_in_text(engine: Engine, runner: Answers) -> None:
    case = told(engine, runner, Wanted(title="a\x1b[2Jb\u202ec"))
    assert "a?[2Jb?c" in words(case.named("header")[0])


def test_texts_and_addresses_of_a_hostile_rule_base_are_only_text(rulebase: RuleBase, runner: Answers) -> None:
    sources = {
        name: replace(source, title=HOSTILE, url="javascript:alert(1)") for name, source in rulebase.sources.items()
    }
    hostile = replace(rulebase, sources=sources, about=replace(rulebase.about, statement=HOSTILE))
    case = told(Engine(hostile), runner, Wanted(full=True))
    assert {element.tag for element in case.root.iter()} <= ELEMENTS
    assert HOSTILE in words(case.named("footer")[0])
    assert HOSTILE in words(case.ids["sources"])
    assert list(case.ids["sources"].iter("a")) == []


# --- what everybody gets


def test_it_is_the_short_result_its_steps_and_the_lines_for_the_doctor(plain: dict[str, Told]) -> None:
    for name, case in plain.items():
        steps = ["relief"] if [one for one in case.view.relief if not one.traditional] else []
        replies = ["replies"] if case.view.replies else []
        assert list(case.ids) == ["result", "say", *steps, *replies, "doctor"], name
        assert not case.named("a"), name
        assert not case.named("sup"), name  # no numbers of sources


def test_the_short_result_comes_first_and_whole(every: list[Told]) -> None:
    for case in every:
        said = [case.view.say, *(line.sentence for line in case.view.short)]
        assert [words(one) for one in case.ids["result"]] == [" ".join(text.split()) for text in said]
        assert case.named("main")[0][0] is case.ids["result"]
        leads = [words(lead) for lead in case.ids["result"].iter("b")]
        assert leads == [f"{line.lead}:" for line in case.view.short if line.lead]


def test_an_emergency_gives_no_advice(plain: dict[str, Told]) -> None:
    cases = [case for case in plain.values() if case.view.emergency]
    assert len(cases) > 10
    for case in cases:
        assert list(case.ids) == ["result", "say", "doctor"]
        assert "emergency" in case.named("body")[0].get("class").split()


def test_every_step_stands_there_with_its_advice(every: list[Told]) -> None:
    for case in every:
        advice = [one for one in case.view.relief if not one.traditional]
        shown = list(case.ids["relief"].find("ul")) if advice else []
        for one, item in zip(advice, shown, strict=True):
            assert words(item.find("h3")).startswith(one.title)
            assert [words(step) for step in item.iter("li")][1:] == list(one.steps)


def test_a_reply_stands_there_where_something_was_asked(full: list[Told]) -> None:
    case = full[-1]
    assert [one.title in words(case.ids["replies"]) for one in case.view.replies] == [True, True]


def test_the_lines_for_the_doctor_say_what_was_not_asked(every: list[Told]) -> None:
    silent = 0
    for case in every:
        rows = list(case.ids["doctor"].iter("tr"))
        for line, row in zip(case.view.history, rows[: len(case.view.history)], strict=True):
            assert words(row[0]) == line.title
            asked = [f"{label}: {answer}" for label, answer in line.items.items() if answer != NOT_ASKED]
            others = [label for label, answer in line.items.items() if answer == NOT_ASKED]
            assert all(" ".join(one.split()) in words(row[1]) for one in asked)
            assert [words(one) for one in row[1].iter("i")] == [f"{NOT_ASKED}: {', '.join(others)}"] * bool(others)
            silent += bool(others)
        assert all(one in words(case.ids["doctor"]) for one in case.view.open_questions)
    assert silent > len(every)


def test_advice_with_a_drawing_shows_it_once(every: list[Told]) -> None:
    for case in every:
        relief = [one.figure for one in case.view.relief if one.figure and not one.traditional]
        drawn = [drawing.get("alt") for drawing in case.named("img")]
        assert len(drawn) == len(set(drawn)) >= len(set(relief))


def test_what_is_not_finished_never_reassures(engine: Engine, rulebase: RuleBase) -> None:
    text = words(told(engine, {"age": 30, "danger": ("none",)}).named("body")[0])
    calm = rulebase.ladder[-1]
    assert all(line not in text for line in (calm.say, *calm.more))


def test_the_day_is_told_and_that_of_older_answers(engine: Engine, rulebase: RuleBase, runner: Answers) -> None:
    def stamps(wanted: Wanted) -> list[str]:
        return [stamp.get("datetime") for stamp in told(engine, runner, wanted).named("time")]

    case = told(engine, runner)
    assert rulebase.sha256[:12] in words(case.ids["doctor"])
    assert rulebase.about.statement in words(case.named("footer")[0])
    assert stamps(NOTHING_MORE) == []
    assert stamps(Wanted(day=DAY)) == stamps(Wanted(day=DAY, answered=DAY)) == ["2026-11-21"]
    assert stamps(Wanted(day=DAY, answered=date(2026, 11, 3))) == ["2026-11-03", "2026-11-21"]


# --- what is told where it is wanted


def test_everything_is_told_where_it_is_wanted(full: list[Told]) -> None:
    for case in full:
        view, ids = case.view, case.ids
        for advice in (*view.relief, *view.prevention, *view.do_not, *view.myths, *view.replies):
            assert all(text in words(case.named("main")[0]) for text in (advice.title, *advice.steps))
        for cause in view.causes:
            signs = [sign.sentence for sign in (*cause.for_, *cause.against)]
            assert all(text in words(ids["causes"]) for text in (cause.name, cause.summary, *signs))
        assert all(one.summary in words(ids["needs_checking"]) for one in view.needs_checking)
        assert all(reason in words(ids["withheld"]) for one in view.withheld for reason in one.reasons)
        assert all(check.because in words(ids["checks"]) for check in view.checks)
        assert all(note.line in words(ids["notes"]) for note in view.to_heed)
        assert all(one.say in words(ids["what_if"]) for one in view.what_if)
        assert all(
            text in words(ids["why"]) for flag in view.reasons for text in (flag.because, flag.you_said, *flag.notes)
        )


def test_sources_are_numbered(full: list[Told]) -> None:
    for case in full:
        cited = {int(n) for mark in case.named("sup") for n in re.findall(r"\d+", words(mark))}
        listed = list(case.ids["sources"].iter("li"))
        assert cited == set(range(1, len(listed) + 1))
        assert all(source.title in words(item) for source, item in zip(case.view.sources, listed, strict=True))


def test_how_and_why_not_are_added_where_wanted(engine: Engine, rulebase: RuleBase, runner: Answers) -> None:
    more = told(engine, runner, Wanted(how=True, why_not=("one-leg-swollen",)))
    assert list(more.ids)[-2:] == ["doctor", "in_full"]
    assert len(list(more.ids["in_full"].iter("li"))) > 50
    assert words(more.named("section")[-1]).startswith(rulebase.red_flags["one-leg-swollen"].title)


def test_large_print_is_the_same_page(engine: Engine, runner: Answers) -> None:
    usual, large = told(engine, runner), told(engine, runner, Wanted(large=True))
    assert words(usual.named("main")[0]) == words(large.named("main")[0])
    assert "large" in large.named("body")[0].get("class").split()


# --- from the command line


def test_a_page_of_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    command = ["run", str(RUNNER), "--format", "html", "--full", "--large"]
    assert main([*command, "--output", str(out)]) == 0
    text = out.read_text("utf-8")
    assert out.stat().st_mode & 0o777 == 0o600
    [title] = re.findall('title = "(.*)"', RUNNER.read_text("utf-8"))
    assert f": {title}</p>" in text
    assert ' large"' in text
    assert 'id="sources"' in text
    assert main(command) == 0
    assert capsys.readouterr().out == text


def test_several_files_do_not_make_one_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(RUNNER), str(RUNNER), "--format", "html"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--format html: " in told.err
    assert "LCT605" in told.err


def test_what_if_makes_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["what-if", str(RUNNER), "--format", "html"])
    assert stopped.value.code == 2
    assert "html" in capsys.readouterr().err


def imported(*arguments: str) -> set[str]:
    """The modules that a run of the program imports."""
    code = "import sys; from triage.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_jinja2_is_imported_for_a_page_only() -> None:
    assert not {"jinja2", "markupsafe", "triage.output.page"} & imported("run", str(RUNNER))
    assert {"jinja2", "triage.output.page"} <= imported("run", str(RUNNER), "--format", "html")
