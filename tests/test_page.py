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

import html5lib
import pytest
from sample import sample
from stories import path_of

from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import AT_ONCE, Answers, RuleBase
from triage.output.page import LARGEST_PAGE, ORDER, page
from triage.output.view import NOTHING_MORE, View, Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

RUNNER = path_of("self-care/runner-club-training")
DAY = date(2026, 11, 21)
SVG = "{http://www.w3.org/2000/svg}"
# What a page may be made of: nothing that runs, is loaded, or is sent.
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "div", "p", "h1", "h2", "h3",
    "ul", "ol", "li", "b", "strong", "small", "sup", "span", "time", "code", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
SHAPES = ("path", "line", "polyline", "polygon", "circle", "ellipse", "rect")
DRAWN = {SVG + name for name in ("svg", "title", "desc", "g", *SHAPES)}


class Told(NamedTuple):
    """A result, what is told of it, and its page as text and as a tree of elements."""

    assessment: Assessment
    view: View
    text: str
    root: Any


def parsed(text: str) -> Any:
    """The page as a browser would build it. Raises ParseError for anything that is not HTML."""
    return html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(text)


def told(engine: Engine, answers: Answers, wanted: Wanted = NOTHING_MORE) -> Told:
    assessment = assess(engine, answers, missing_from(engine, answers))
    text = page(engine.rulebase, assessment, wanted)
    return Told(assessment, view_of(engine.rulebase, assessment, wanted, ORDER), text, parsed(text))


@pytest.fixture(scope="module")
def every(engine: Engine) -> dict[str, Told]:
    """The page of every kind of result, and of what is known after a few answers of some."""
    answers = {name: assessment.answers for name, assessment in sample(engine).items()}
    begun = {f"begun {name}": dict(list(given.items())[:4]) for name, given in list(answers.items())[::5]}
    return {name: told(engine, given, Wanted(day=DAY)) for name, given in (answers | begun).items()}


@pytest.fixture(scope="module")
def runner(engine: Engine) -> Answers:
    return read_answer_file(RUNNER, engine.rulebase).answers


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def by_id(root: Any) -> dict[str, Any]:
    found = [element for element in root.iter() if isinstance(element.tag, str) and "id" in element.attrib]
    ids = {element.get("id"): element for element in found}
    assert len(ids) == len(found), "an id stands twice"
    return ids


def elements(root: Any, name: str) -> list[Any]:
    return list(root.iter(name))


# --- a sound document


def test_it_is_made_of_harmless_elements_only(every: dict[str, Told]) -> None:
    for name, case in every.items():
        assert {element.tag for element in case.root.iter()} <= ELEMENTS | DRAWN, name
        for element in case.root.iter():
            loads = {key for key in element.attrib if key in ("src", "srcset", "style") or key.startswith("on")}
            assert not loads, (name, loads)
            address = element.get("href", "https://")
            assert address.startswith(("https://", "http://", "#")), (name, address)
            assert "href" not in element.attrib or element.tag == "a", name
        assert "url(" not in case.text, name
        assert "@import" not in case.text, name


def test_it_has_what_a_document_needs(every: dict[str, Told]) -> None:
    for name, case in every.items():
        assert case.text.startswith('<!doctype html><html lang="en">'), name
        assert words(elements(case.root, "title")[0]), name
        for landmark in ("header", "main", "footer", "h1"):
            assert len(elements(case.root, landmark)) == 1, (name, landmark)
        levels = [int(e.tag[1]) for e in case.root.iter() if e.tag in ("h1", "h2", "h3")]
        assert levels[0] == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), name
        for element in case.root.iter("th"):
            assert element.get("scope") in ("col", "row"), name
        targets = [a.get("href")[1:] for a in elements(case.root, "a") if a.get("href").startswith("#")]
        assert set(targets) <= set(by_id(case.root)), name


def test_drawings_have_words_or_are_hidden_from_those_who_listen(every: dict[str, Told]) -> None:
    seen = 0
    for name, case in every.items():
        for drawing in case.root.iter(SVG + "svg"):
            if drawing.get("aria-hidden") != "true":
                seen += 1
                assert drawing.get("role") == "img", name
                assert words(drawing[0]), name
                assert [child.tag for child in drawing][:2] == [SVG + "title", SVG + "desc"], name
    assert seen > len(every) / 2


def test_every_page_is_small(every: dict[str, Told]) -> None:
    sizes = {name: len(case.text.encode()) for name, case in every.items()}
    assert {name: size for name, size in sizes.items() if size >= LARGEST_PAGE} == {}
    assert max(sizes.values()) > LARGEST_PAGE / 2


def test_only_its_own_style_is_obeyed_and_nothing_is_loaded(every: dict[str, Told]) -> None:
    for name, case in every.items():
        metas = {meta.get("http-equiv") or meta.get("name"): meta.get("content") for meta in case.root.iter("meta")}
        policy = dict(part.split(" ", 1) for part in metas["Content-Security-Policy"].split("; "))
        [style] = elements(case.root, "style")
        hashed = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{hashed}'",
            "base-uri": "'none'",
            "form-action": "'none'",
        }, name
        assert metas["referrer"] == "no-referrer", name


# --- nothing from outside is obeyed

HOSTILE = """</title></style><script>alert(1)</script><img src=x onerror="alert(1)">{{ 7 * 7 }}'"&"""


def test_a_hostile_title_is_only_text(engine: Engine, runner: Answers) -> None:
    case = told(engine, runner, Wanted(title=HOSTILE, day=DAY))
    assert {element.tag for element in case.root.iter()} <= ELEMENTS | DRAWN
    assert HOSTILE in words(elements(case.root, "header")[0])


def test_what_could_drive_a_terminal_is_shown_as_in_text(engine: Engine, runner: Answers) -> None:
    case = told(engine, runner, Wanted(title="a\x1b[2Jb\u202ec"))
    assert "a?[2Jb?c" in words(elements(case.root, "header")[0])


def test_texts_and_addresses_of_a_hostile_rule_base_are_only_text(rulebase: RuleBase, runner: Answers) -> None:
    sources = {
        name: replace(source, title=HOSTILE, url="javascript:alert(1)") for name, source in rulebase.sources.items()
    }
    about = replace(rulebase.about, statement=HOSTILE)
    hostile = replace(rulebase, sources=sources, about=about)
    case = told(Engine(hostile), runner)
    assert {element.tag for element in case.root.iter()} <= ELEMENTS | DRAWN
    assert HOSTILE in words(elements(case.root, "footer")[0])
    listed = by_id(case.root)["sources"]
    assert HOSTILE in words(listed)
    assert elements(listed, "a") == []


# --- it tells what there is


def test_the_sections_are_those_that_have_something_to_tell(every: dict[str, Told]) -> None:
    for name, case in every.items():
        ids = set(by_id(case.root)) - {"say"}
        always = {"result", "ladder", "why", "doctor", "how", "answers", "sources"}
        parts = {part for part in ORDER if getattr(case.view, part)}
        if all(note.first for note in case.view.notes):
            parts -= {"notes"}
        more = {part for part, there in (("watch", case.view.safety_net), ("what_if", case.view.what_if)) if there}
        assert ids == always | parts | more, name


def test_the_first_thing_it_says_is_what_to_do(every: dict[str, Told]) -> None:
    for name, case in every.items():
        main_text = words(elements(case.root, "main")[0]).removeprefix("Not finished")
        assert main_text.startswith(" ".join(case.view.say.split())), name
        assert ("Not finished" in words(by_id(case.root)["result"])) == (not case.assessment.complete), name
        first = words(by_id(case.root)["result"])
        notes = [note.title for note in case.assessment.notes if note.first]
        for line in (*case.view.first, *notes, *(case.view.beside.more if case.view.beside else ())):
            assert line in first, name


def test_nothing_that_is_told_is_left_out(every: dict[str, Told]) -> None:
    for name, case in every.items():
        ids = by_id(case.root)
        for part in ("relief", "do_not", "prevention", "myths"):
            for advice in getattr(case.view, part):
                text = words(ids[part])
                assert advice.title in text, name
                assert all(step in text for step in advice.steps), name
        for cause in case.view.causes:
            text = words(ids["causes"])
            assert all(
                said in text for said in (cause.name, *(sign.sentence for sign in (*cause.for_, *cause.against)))
            ), name
        for left_out in case.view.withheld:
            assert all(reason in words(ids["withheld"]) for reason in left_out.reasons), name
        for check in case.view.checks:
            assert check.because in words(ids["checks"]), name
        for source in case.view.sources:
            assert source.title in words(ids["sources"]), name
        assert all(reason.because in words(ids["why"]) for reason in case.view.reasons), name
        assert all(one.say in words(ids["what_if"]) for one in case.view.what_if), name


def test_sources_are_numbered_in_the_order_of_the_page(every: dict[str, Told]) -> None:
    for name, case in every.items():
        cited = [int(n) for mark in elements(case.root, "sup") for n in re.findall(r"\d+", words(mark))]
        expected = list(range(1, len(elements(by_id(case.root)["sources"], "li")) + 1))
        first = list(dict.fromkeys(cited))
        # An emergency names its reasons first; a result may cite a note that comes first before its reasons.
        assert sorted(first) == expected, name


def test_one_rung_of_the_ladder_is_here(every: dict[str, Told], rulebase: RuleBase) -> None:
    levels = set()
    for name, case in every.items():
        rungs = elements(by_id(case.root)["ladder"], "li")
        assert len(rungs) == len(rulebase.ladder), name
        here = [number for number, rung in enumerate(rungs) if rung.get("aria-current") == "true"]
        known = case.assessment.complete or case.assessment.see_doctor
        assert here == ([case.assessment.disposition.rank] if known else []), name
        assert sum("here" in words(rung).lower() for rung in rungs) == len(here), name  # in words, not by colour alone
        # And by shape: a bar more for each level.
        filled = [elements(rung, SVG + "path")[0].get("d").count("M") for rung in rungs]
        assert filled == list(range(len(rungs), 0, -1)), name
        levels.update(here)
    assert levels == set(range(len(rulebase.ladder)))


def test_all_answers_stand_in_the_table_and_those_not_sure_are_marked(every: dict[str, Told]) -> None:
    marked = 0
    for name, case in every.items():
        rows = elements(by_id(case.root)["answers"], "tr")[1:]
        assert len(rows) == len(case.assessment.answers), name
        for row, answer in zip(rows, case.view.answered, strict=True):
            assert answer.question in words(row), name
            assert all(text in words(row) for text in (*answer.answer, *answer.flags, *answer.speaks_for)), name
            assert (row.get("class") == "unsure") == answer.not_sure, name
            if answer.not_sure:
                marked += 1
                assert "?" in words(row[1]), name
                assert "not sure" in words(row[1]), name
        assert all(one in words(by_id(case.root)["answers"]) for one in case.view.open_questions), name
    assert marked > 5


def test_an_emergency_gives_no_advice_and_nothing_comes_before_the_call(every: dict[str, Told]) -> None:
    cases = {name: case for name, case in every.items() if case.assessment.disposition.stops == AT_ONCE}
    assert len(cases) > 10
    for name, case in cases.items():
        result = by_id(case.root)["result"]
        assert elements(result, "a") == [], name
        assert not set(by_id(case.root)) & {"relief", "prevention", "causes", "do_not", "checks", "watch"}, name
        assert all(flag.title in words(result) for flag in case.view.reasons), name


def test_what_is_not_finished_never_reassures(engine: Engine, rulebase: RuleBase) -> None:
    case = told(engine, {"age": 30, "danger": ("none",)})
    calm = rulebase.ladder[-1]
    text = words(elements(case.root, "body")[0])
    assert calm.say not in text
    assert all(line not in text for line in calm.more)
    assert calm.time not in words(by_id(case.root)["result"])


def test_the_day_version_and_hash_are_told(engine: Engine, rulebase: RuleBase, runner: Answers) -> None:
    case = told(engine, runner, Wanted(day=DAY))
    [stamp, *_] = elements(case.root, "time")
    assert (stamp.get("datetime"), words(stamp)) == ("2026-11-21", "21 November 2026")
    foot = words(elements(case.root, "footer")[0])
    assert all(part in foot for part in ("21 November 2026", rulebase.about.version, rulebase.sha256))
    assert "20" not in words(elements(told(engine, runner).root, "header")[0])


def test_old_answers_are_told_by_their_day(engine: Engine, runner: Answers) -> None:
    header = elements(told(engine, runner, Wanted(day=DAY, answered=date(2026, 11, 3))).root, "header")[0]
    assert [stamp.get("datetime") for stamp in elements(header, "time")] == ["2026-11-03", "2026-11-21"]
    header = elements(told(engine, runner, Wanted(day=DAY, answered=DAY)).root, "header")[0]
    assert len(elements(header, "time")) == 1


def test_how_and_why_not_are_added_where_wanted(engine: Engine, rulebase: RuleBase, runner: Answers) -> None:
    plain = told(engine, runner)
    assert "in-full" not in by_id(plain.root)
    more = told(engine, runner, Wanted(how=True, why_not=("one-leg-swollen",)))
    assert rulebase.red_flags["one-leg-swollen"].title in words(by_id(more.root)["doctor"])
    assert len(elements(by_id(more.root)["in-full"], "li")) > 50


# --- drawings


def test_advice_with_a_drawing_shows_it(every: dict[str, Told]) -> None:
    shown = wanted = 0
    for name, case in every.items():
        with_drawing = {advice.figure for advice in (*case.view.relief, *case.view.prevention) if advice.figure}
        drawings = [svg for part in ("relief", "prevention") if part in by_id(case.root)
                    for svg in elements(by_id(case.root)[part], SVG + "svg")]  # fmt: skip
        assert len(drawings) <= len(with_drawing), name
        assert not with_drawing or len(drawings) >= 1, name
        shown += len(drawings)
        wanted += len(with_drawing)
    assert shown > 0.5 * wanted > 50


# --- how it was concluded


def test_every_answer_that_counted_is_listed_with_what_it_led_to(every: dict[str, Told]) -> None:
    for name, case in every.items():
        listed = words(elements(by_id(case.root)["how"], "ul")[0])
        for flag in case.view.red_flags:
            assert flag.title in listed, name
            assert all(word in listed for word in flag.words), name
        for cause in case.view.causes:
            assert cause.name in listed, name
            assert all(word in listed for sign in (*cause.for_, *cause.against) for word in sign.words), name
        assert ("None found so far" in listed) == (not case.view.deciding), name


def test_each_deciding_flag_leads_to_the_result(every: dict[str, Told]) -> None:
    for name, case in every.items():
        found = [li for li in elements(by_id(case.root)["how"], "li") if words(li).endswith(f" {case.view.titled}.")]
        titles = [flag.title for flag in case.view.deciding] or ["None found so far"]
        assert [words(elements(li, "b")[0]).split(": ", 1)[1] for li in found] == titles, name


# --- from the command line


def test_a_page_of_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert main(["run", str(RUNNER), "--format", "html", "--output", str(out)]) == 0
    root = parsed(out.read_text("utf-8"))
    assert out.stat().st_mode & 0o777 == 0o600
    [title] = re.findall('title = "(.*)"', RUNNER.read_text("utf-8"))
    assert title in words(elements(root, "header")[0])
    assert main(["run", str(RUNNER), "--format", "html"]) == 0
    assert capsys.readouterr().out == out.read_text("utf-8")


def test_several_files_do_not_make_one_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(RUNNER), str(RUNNER), "--format", "html"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--format html: " in told.err
    assert "one FILE at a time" in told.err


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
