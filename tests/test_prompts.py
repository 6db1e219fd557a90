"""The askers: plain lines on StringIO, and questionary on a pipe of keys.

Every key script ends with Ctrl-D (and Ctrl-C, should the first not work): a prompt that is
still open then ends with EOFError, so that a test can fail but never hang.
"""

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from stories import SCENARIOS, name_of
from terminal import CTRL_C, CTRL_D, ENTER, LEFT, plain_line, plain_pages, steps_to

from triage import cli, screen
from triage.answers import read_answer_file
from triage.commands import ask, run
from triage.engine import Engine, Remembering
from triage.interview import BACK, Prompt, Reply
from triage.model import NOT_SURE, Option, Question, RuleBase
from triage.prompts import DETAILS, PAGE, PlainAsker, QuestionaryAsker, _pages

NONE, UNSURE = ("none",), (NOT_SURE,)
RELIEF = ["Breathe out slowly."]
UP, DOWN, SPACE, BACKSPACE = "\x1b[A", "\x1b[B", " ", "\x7f"
ACCEPT_REVIEW = "\n"


def of(question: Question, **changes: Any) -> Prompt:
    """The prompt of a whole question."""
    whole = {"text": question.text, "kind": question.kind, "options": question.options, "number": 3, "about": 12}
    return Prompt(question=question, **{**whole, "answers": {}, **changes})


def ids(question: Question) -> list[str]:
    return [option.id for option in question.options]


def many(count: int, danger: bool = True) -> Prompt:
    """A list of signs s1, s2, ... with "none" and "not_sure" after them."""
    signs = tuple(Option(f"s{n}", f"Sign number {n}", "") for n in range(1, count + 1))
    alone = (
        Option("none", "None of these", "", exclusive=True),
        Option(NOT_SURE, "Not sure", "", exclusive=True),
    )
    question = Question(
        id="signs", kind="many", text="Which?", why="To know.", options=(*signs, *alone), danger=danger, at=None
    )
    return of(question)


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


# --- plain


@pytest.fixture
def plain(rulebase: RuleBase) -> Callable[..., tuple[Reply, str]]:
    """Answer one prompt with typed lines: the reply, and what was shown."""

    def type_lines(prompt: Prompt, *lines: str) -> tuple[Reply, str]:
        out = StringIO()
        reply = PlainAsker(rulebase, RELIEF, StringIO("".join(f"{line}\n" for line in lines)), out).ask(prompt)
        return reply, out.getvalue()

    return type_lines


Plain = Callable[..., tuple[Reply, str]]


def test_plain_shows_the_question_its_numbered_options_and_the_keys(rulebase: RuleBase, plain: Plain) -> None:
    question = rulebase.questions["cold"]
    reply, shown = plain(of(question), "2")
    assert reply == ids(question)[1]
    assert "Question 3 of about 12" in shown
    assert question.text in shown
    assert all(f"{number}  {option.text}" in shown for number, option in enumerate(question.options, 1))
    assert "b back" in shown
    assert f"-> {question.options[1].text}" in shown


def test_plain_takes_several_numbers_in_any_order(plain: Plain) -> None:
    assert plain(many(4), "3 1")[0] == ("s1", "s3")
    assert plain(many(4), " 3,1 ")[0] == ("s1", "s3")
    assert plain(many(12), "12 2")[0] == ("s2", "s12")


def test_plain_counts_a_number_given_twice_once(plain: Plain) -> None:
    assert plain(many(4), "1 1")[0] == ("s1",)


@pytest.mark.parametrize(
    "line",
    ["", "   ", "0", "99", "5", "-1", "1.0", "one", "y", "yes", "1x", "+1", "1 2", "\u0661", "1" * 400, "x" * 900],
)
def test_plain_refuses_what_is_no_single_choice(rulebase: RuleBase, plain: Plain, line: str) -> None:
    question = rulebase.questions["walk_relief"]
    prompt = of(question, options=question.options[:4])
    reply, shown = plain(prompt, line, "2")
    assert reply == prompt.options[1].id
    assert shown.count("> ") == 2 + shown.count("-> ")
    assert shown.count("-> ") == 1


@pytest.mark.parametrize(
    "line", ["", "0", "99", "7", "1 7", "1 0", "x", "1 x", "none", "5 1", "1 6", "5 6", "1-3", "1" * 400]
)
def test_plain_refuses_what_is_no_list_of_choices(plain: Plain, line: str) -> None:
    reply, shown = plain(many(4), line, "2")
    assert reply == ("s2",)
    assert shown.count("-> ") == 1


def test_plain_says_what_is_wrong(plain: Plain) -> None:
    prompt = many(4)
    assert "Numbers go from 1 to 6" in plain(prompt, "99", "1")[1]
    assert '"None of these" stands alone' in plain(prompt, "1 5", "1")[1]


def test_a_very_long_line_is_one_line(plain: Plain) -> None:
    """What is left of it must not be read as the next answer."""
    for length in (998, 999, 1000, 1001, 2000, 3000):
        reply, shown = plain(many(4), "x" * length + "5", "2")
        assert reply == ("s2",), length
        assert max(map(len, shown.splitlines())) <= 80


def test_control_characters_are_not_echoed(plain: Plain) -> None:
    assert "\x1b" not in plain(many(4), "\x1b[2J", "2")[1]


@pytest.mark.parametrize(
    ("typed", "age"), [("0", 0), ("120", 120), (" 34 ", 34), ("007", 7), ("n", "a_na"), ("N", "a_na")]
)
def test_plain_takes_ages(rulebase: RuleBase, plain: Plain, typed: str, age: int | str) -> None:
    reply, shown = plain(of(rulebase.questions["age"]), typed)
    assert reply == age
    assert type(reply) is type(age)
    assert "-> " in shown


@pytest.mark.parametrize("typed", ["121", "-1", "", "12.5", "thirty", "1e2", "0x10", "o", "\u0663\u0664", "9" * 400])
def test_plain_refuses_what_is_no_age(rulebase: RuleBase, plain: Plain, typed: str) -> None:
    reply, shown = plain(of(rulebase.questions["age"]), typed, "35")
    assert reply == 35
    assert "is not an answer" in shown


@pytest.mark.parametrize("key", ["b", "B", "back"])
def test_plain_back(rulebase: RuleBase, plain: Plain, key: str) -> None:
    for prompt in (of(rulebase.questions["age"]), of(rulebase.questions["when"]), many(3)):
        assert plain(prompt, key)[0] is BACK


@pytest.mark.parametrize("key", ["?", "why"])
def test_plain_why_and_the_same_question_again(rulebase: RuleBase, plain: Plain, key: str) -> None:
    for name in ("age", "when", "clot_risk"):
        question = rulebase.questions[name]
        reply, shown = plain(of(question), key, "1")
        assert reply != BACK
        assert " ".join(question.why.split()) in " ".join(shown.split())
        assert shown.count("b back") == 2


def test_plain_why_names_what_waits_and_again_its_rules_with_sources(rulebase: RuleBase, plain: Plain) -> None:
    question = rulebase.questions["leg_look"]
    flag = rulebase.red_flags["one-leg-swollen"]
    once = plain(of(question), "?", "1")[1]
    assert f"{rulebase.dispositions['urgent'].when_said} if: " in " ".join(once.split())
    assert f"[{flag.id}]" not in once
    again = plain(of(question), "?", "why", "1")[1]
    assert again.startswith(once.split("-> ")[0].rstrip("> "))
    assert f"[{flag.id}]" in again
    assert all(f"[{source}]" in again for source in flag.sources)
    assert again.count("b back") == 3


def test_plain_why_knows_the_answers_so_far_and_the_part_of_the_list(rulebase: RuleBase, plain: Plain) -> None:
    question = rulebase.questions["leg_look"]
    part = of(question, options=question.options[:1], leads_to=(question.options[0].id,))
    assert "[one-leg-swollen]" in plain(part, "?", "?", "1")[1]
    assert "[not-sure-about-legs]" not in plain(part, "?", "?", "1")[1]
    settled = of(question, answers={"age": 66, "red_now": ("r_darkpee",)})
    assert "[one-leg-swollen]" not in plain(settled, "?", "?", "1")[1]  # it is no more urgent than what is known


def test_plain_relief_and_the_same_question_again(rulebase: RuleBase, plain: Plain) -> None:
    for name in ("age", "when", "clot_risk"):
        reply, shown = plain(of(rulebase.questions[name]), "h", "h", "1")
        assert reply != BACK
        assert shown.count(RELIEF[0]) == 2
        assert shown.count("b back") == 3


def test_plain_at_the_end_of_the_input(rulebase: RuleBase, plain: Plain) -> None:
    for prompt in (of(rulebase.questions["age"]), of(rulebase.questions["when"]), many(3)):
        with pytest.raises(EOFError):
            plain(prompt)
        with pytest.raises(EOFError):
            plain(prompt, "x")


def test_plain_asks_long_lists_one_heading_at_a_time(engine: Engine, rulebase: RuleBase) -> None:
    pages = plain_pages(engine)
    for question in rulebase.questions.values():
        if question.kind == "many":
            parts = pages(question)
            assert [len({option.heading for option in part}) for part in parts] == [1] * len(parts)
            assert len(parts) == (2 if question.screens else 1)
            assert [o for part in parts for o in part] == [o for o in question.options if not o.exclusive]
    assert {name for name, q in rulebase.questions.items() if q.screens} == {"red_now", "leg_look", "nerve_signs"}


def plain_review(rulebase: RuleBase, *lines: str) -> tuple[str | None, str]:
    out = StringIO()
    asker = PlainAsker(rulebase, RELIEF, StringIO("".join(f"{line}\n" for line in lines)), out)
    return asker.review({"age": 34, "when": "sleep", "red_now": NONE}), out.getvalue()


def test_plain_review_lists_the_answers_in_asking_order(rulebase: RuleBase) -> None:
    picked, shown = plain_review(rulebase, "")
    assert picked is None
    danger, when = (
        rulebase.questions[name].option(option).means for name, option in (("red_now", "none"), ("when", "sleep"))
    )
    at = [shown.index(f"{number}. {text}") for number, text in enumerate(("34 years", danger, when), 1)]
    assert at == sorted(at)


@pytest.mark.parametrize(("typed", "name"), [("1", "age"), ("2", "red_now"), ("3", "when"), ("b", "when")])
def test_plain_review_opens_any_answer(rulebase: RuleBase, typed: str, name: str) -> None:
    assert plain_review(rulebase, typed)[0] == name


@pytest.mark.parametrize("typed", ["0", "4", "-1", "x", "1 2", "1" * 400])
def test_plain_review_refuses_what_is_no_number_of_it(rulebase: RuleBase, typed: str) -> None:
    picked, shown = plain_review(rulebase, typed, "2")
    assert picked == "red_now"
    assert "is not one of the numbers" in shown


def test_plain_review_shows_relief_too(rulebase: RuleBase) -> None:
    picked, shown = plain_review(rulebase, "h", "1")
    assert picked == "age"
    assert RELIEF[0] in shown


def test_plain_review_at_the_end_of_the_input(rulebase: RuleBase) -> None:
    with pytest.raises(EOFError):
        plain_review(rulebase)


# --- the scenarios through plain prompts


@pytest.fixture(scope="module")
def quick(engine: Engine) -> Engine:
    """The engine with a memory: scenarios share most of their way."""
    return Remembering(engine)


@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_typed_at_plain_prompts_gives_the_result_of_run(
    quick: Engine, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For every file that holds exactly the answers to the questions that are asked."""
    steps = steps_to(quick, read_answer_file(path, quick.rulebase).answers, plain_pages(quick))
    if not steps:
        return  # the next test counts these
    for command in (ask, run):
        monkeypatch.setattr(command, "engine_of", lambda _: quick)
    assert cli.main(["run", "--format", "json", str(path)]) == 0
    of_run = json.loads(capsys.readouterr().out)
    typed = StringIO("".join(map(plain_line, steps)) + ACCEPT_REVIEW)
    monkeypatch.setattr("sys.stdin", typed)
    assert cli.main(["--plain", "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == of_run
    assert typed.read() in ("", ACCEPT_REVIEW)
    # Nobody pressed Enter on StringIO, so each line after the mark "> " begins with it.
    assert max(len(line.removeprefix("> ")) for line in shown.err.splitlines()) <= 80


def test_most_scenarios_hold_exactly_the_answers_to_the_questions_that_are_asked(quick: Engine) -> None:
    answers = [read_answer_file(path, quick.rulebase).answers for path in SCENARIOS]
    exact = [1 for one in answers if steps_to(quick, one, plain_pages(quick))]
    assert len(exact) >= 0.8 * len(SCENARIOS) >= 12


# --- questionary
@pytest.fixture
def press(rulebase: RuleBase) -> Callable[..., tuple[Reply, str]]:
    """Answer one prompt with keys: the reply, and what was printed around the prompt."""

    def press_keys(prompt: Prompt, *keys: str) -> tuple[Reply, str]:
        out = StringIO()
        with pressed(*keys):
            return QuestionaryAsker(rulebase, RELIEF, out).ask(prompt), out.getvalue()

    return press_keys


Press = Callable[..., tuple[Reply, str]]


@contextmanager
def pressed(*keys: str) -> Iterator[None]:
    """A session whose keys have been pressed already."""
    with create_pipe_input() as pipe:
        pipe.send_text("".join(keys) + CTRL_D + CTRL_C)
        with create_app_session(input=pipe, output=DummyOutput()):
            try:
                yield
            except KeyboardInterrupt:
                if CTRL_C in keys:
                    raise
                raise AssertionError("the prompt was still open") from None


def test_a_number_and_enter_choose(rulebase: RuleBase, press: Press) -> None:
    question = rulebase.questions["when"]
    for number, option in enumerate(question.options, 1):
        reply, shown = press(of(question), str(number), ENTER)
        assert reply == option.id
        assert f"-> {option.text}" in shown
    assert question.text in shown
    assert "Question 3 of about 12" in shown


def test_a_number_only_points_until_enter(rulebase: RuleBase, press: Press) -> None:
    question = rulebase.questions["when"]
    assert press(of(question), "1", "3", ENTER)[0] == ids(question)[2]


def test_arrows_choose(rulebase: RuleBase, press: Press) -> None:
    question = rulebase.questions["when"]
    assert press(of(question), UP, UP, ENTER)[0] == ids(question)[-3]
    assert press(of(question), DOWN, ENTER)[0] == ids(question)[0]


def test_enter_alone_never_reassures(rulebase: RuleBase, press: Press) -> None:
    asked = [question for question in rulebase.questions.values() if question.kind == "one"]
    assert len([question for question in asked if question.danger]) >= 4
    for question in asked:
        assert press(of(question), ENTER)[0] in (NOT_SURE, "maybe"), question.id


def test_enter_alone_keeps_the_answer_given_before(rulebase: RuleBase, press: Press) -> None:
    for question in rulebase.questions.values():
        if question.kind == "one":
            assert press(of(question, chosen=(ids(question)[1],)), ENTER)[0] == ids(question)[1]
    assert press(replace(many(4), chosen=("s1", "s3")), ENTER)[0] == ("s1", "s3")
    assert press(of(rulebase.questions["age"], chosen=("34",)), ENTER)[0] == 34


def test_numbers_and_space_tick(press: Press) -> None:
    assert press(many(4), "3", "1", ENTER)[0] == ("s1", "s3")
    assert press(many(4), SPACE, DOWN, DOWN, SPACE, ENTER)[0] == ("s1", "s3")
    assert press(many(4), "3", "1", "3", ENTER)[0] == ("s1",)
    assert press(many(4), "2", SPACE, "1", ENTER)[0] == ("s1",)


def test_a_digit_acts_at_once(press: Press) -> None:
    """No key waits for a second digit: 1 and 2 are never read as 12."""
    assert press(many(7), "1", "2", ENTER)[0] == ("s1", "s2")
    assert press(many(14), "1", "2", ENTER)[0] == ("s1", "s2")
    assert press(many(7), "8", ENTER)[0] == NONE
    assert press(many(7), "9", ENTER)[0] == UNSURE
    assert press(many(7), "0", "2", ENTER)[0] == ("s2",)


def test_none_and_not_sure_stand_alone(press: Press) -> None:
    """A sign pushes them out, and they push each other out; but neither unticks a sign."""
    assert press(many(4), "5", "2", ENTER)[0] == ("s2",)
    assert press(many(4), "6", "2", "1", ENTER)[0] == ("s1", "s2")
    assert press(many(4), "5", "6", ENTER)[0] == UNSURE
    assert press(many(4), UP, SPACE, DOWN, SPACE, ENTER)[0] == ("s1",)
    assert press(replace(many(4), chosen=NONE), "3", ENTER)[0] == ("s3",)
    assert press(many(4), "1", "2", "5", ENTER)[0] == ("s1", "s2")
    assert press(many(4), "1", "2", "6", ENTER)[0] == ("s1", "s2")
    assert press(many(4), "1", "1", "5", ENTER)[0] == NONE


def test_nothing_ticked_is_refused(press: Press) -> None:
    assert press(many(4), ENTER, ENTER, "2", ENTER)[0] == ("s2",)
    assert press(many(4), "2", "2", ENTER, "3", ENTER)[0] == ("s3",)
    with pytest.raises(EOFError):
        press(many(4), ENTER)


def test_tick_all_and_invert_do_nothing(press: Press) -> None:
    assert press(many(4), "a", "i", "2", "a", "i", ENTER)[0] == ("s2",)
    with pytest.raises(EOFError):
        press(many(4), "a", ENTER, "i", ENTER)


@pytest.mark.parametrize("rows", ["24", "60"])
@pytest.mark.parametrize("name", ["red_now", "leg_look", "nerve_signs"])
def test_fast_digits_never_become_none_of_these(
    rulebase: RuleBase, press: Press, monkeypatch: pytest.MonkeyPatch, name: str, rows: str
) -> None:
    """Sign 1 and sign 2 ticked in a hurry (or 1 again, as nothing seemed to happen) must not read as 11 or 12."""
    monkeypatch.setenv("LINES", rows)
    question = rulebase.questions[name]
    alone = tuple(option for option in question.options if option.exclusive)
    for page in QuestionaryAsker(rulebase, RELIEF, StringIO()).pages(question):
        for typed in ("11", "12", "13"):
            with suppress(EOFError):  # nothing is ticked: fair enough
                assert "none" not in press(of(question, options=(*page, *alone)), typed, ENTER)[0], typed


@pytest.mark.parametrize("key", ["b", LEFT])
def test_back_at_every_kind_of_prompt(rulebase: RuleBase, press: Press, key: str) -> None:
    for prompt in (of(rulebase.questions["age"]), of(rulebase.questions["when"]), many(4)):
        reply, shown = press(prompt, key)
        assert reply is BACK
        assert "-> back" in shown
    assert press(many(4), "1", key)[0] is BACK
    assert press(of(rulebase.questions["age"]), "3", key)[0] is BACK


@pytest.mark.parametrize("name", ["age", "when", "clot_risk"])
def test_why_and_relief_come_back_to_the_same_prompt(rulebase: RuleBase, press: Press, name: str) -> None:
    question = rulebase.questions[name]
    reply, shown = press(of(question), "?", "h", "1", ENTER)
    assert reply in (1, ids(question)[0], (ids(question)[0],))
    assert " ".join(question.why.split()) in " ".join(shown.split())
    assert shown.count(RELIEF[0]) == 1
    assert shown.index("Why we ask") < shown.index(RELIEF[0]) < shown.index("-> ")


def test_why_and_relief_keep_the_ticks_and_what_was_typed(rulebase: RuleBase, press: Press) -> None:
    assert press(many(4), "3", "?", "1", "h", ENTER)[0] == ("s1", "s3")
    assert press(of(rulebase.questions["when"]), "2", "?", "h", ENTER)[0] == ids(rulebase.questions["when"])[1]
    assert press(of(rulebase.questions["age"]), "3", "?", "h", "4", ENTER)[0] == 34


def test_why_again_goes_one_level_deeper_and_comes_back(rulebase: RuleBase, press: Press) -> None:
    """The rules in words on pages of their own; Enter turns them, b leaves them."""
    question = rulebase.questions["clot_risk"]
    reply, shown = press(of(question), "?", "?", "b", ENTER, "1", ENTER)
    assert reply == (ids(question)[0],)
    assert shown.count(question.text.split("?")[0].split(":")[0][:30]) == 2  # once more above the list
    assert "Page 1 of" in shown
    assert "Page 2 of" not in shown
    assert "Source: " in shown
    turned = press(of(question), "?", "?", ENTER, "b", ENTER, "1", ENTER)[1]
    assert "Page 2 of" in turned


def test_a_page_of_why_takes_no_other_keys(rulebase: RuleBase, press: Press) -> None:
    """What a tired person may press there instead: nothing happens until Enter, and h is relief as ever."""
    prompt = of(rulebase.questions["cold"])
    reply, shown = press(prompt, "?", "?", "?", ENTER, BACKSPACE, "h", ENTER, "b", ENTER, "2", ENTER)
    assert reply == ids(prompt.question)[1]
    assert shown.count(RELIEF[0]) == 1


def test_why_again_keeps_the_ticks_and_what_was_typed(rulebase: RuleBase, press: Press) -> None:
    leave = ("?", "?", "b", ENTER)
    assert press(many(4), "3", *leave, "1", ENTER)[0] == ("s1", "s3")
    assert press(of(rulebase.questions["when"]), "2", *leave, ENTER)[0] == ids(rulebase.questions["when"])[1]
    assert press(of(rulebase.questions["age"]), "3", *leave, "4", ENTER)[0] == 34
    assert press(many(4), *leave, "?", "b", ENTER, "2", ENTER)[0] == ("s2",)


def test_why_that_does_not_fit_above_its_list_gets_a_page_of_its_own(
    rulebase: RuleBase, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    question = rulebase.questions["feel"]
    reply, shown = press(of(question), "1", "?", ENTER, ENTER)
    assert reply == ids(question)[0]
    assert "Enter to go on" in shown
    assert shown.count("Question 3 of about 12") == 2
    assert "Enter to go on" not in press(of(rulebase.questions["cold"]), "?", "1", ENTER)[1]


@pytest.mark.parametrize("most", [5, 8, 20])
def test_pages_hold_every_line_in_order_and_break_at_blanks(most: int) -> None:
    blocks = [
        [f"{letter}{number}" for number in range(count)]
        for letter, count in zip("abcdef", (1, 4, 2, 9, 3, 3), strict=True)
    ]
    lines = ["", *(line for block in blocks for line in ["", *block])]
    pages = _pages(lines, most)
    assert [line for page in pages for line in page if line] == [line for line in lines if line]
    assert max(map(len, pages)) <= most
    assert all(page[0] and page[-1] for page in pages)
    for block in blocks:
        if len(block) <= most:
            assert sum(block[0] in page for page in pages) == 1
            assert any(set(block) <= set(page) for page in pages)


@pytest.mark.parametrize(("typed", "age"), [("0", 0), ("120", 120), ("34", 34), ("n", "a_na"), ("N", "a_na")])
def test_ages(rulebase: RuleBase, press: Press, typed: str, age: int | str) -> None:
    reply, shown = press(of(rulebase.questions["age"]), typed, ENTER)
    assert reply == age
    assert type(reply) is type(age)
    assert "-> " in shown


@pytest.mark.parametrize("typed", ["121", "-1", "", "12.5", "thirty", "x"])
def test_what_is_no_age_is_refused(rulebase: RuleBase, press: Press, typed: str) -> None:
    erase = "\x15"
    assert press(of(rulebase.questions["age"]), typed, ENTER, erase, "35", ENTER)[0] == 35
    with pytest.raises(EOFError):
        press(of(rulebase.questions["age"]), typed, ENTER, erase)


@pytest.mark.parametrize(("key", "error"), [(CTRL_C, KeyboardInterrupt), (CTRL_D, EOFError)])
def test_stop_at_every_kind_of_prompt(rulebase: RuleBase, press: Press, key: str, error: type[BaseException]) -> None:
    for prompt in (of(rulebase.questions["age"]), of(rulebase.questions["when"]), many(4)):
        with pytest.raises(error):
            press(prompt, key)
    with pytest.raises(error):
        press(many(4), "1", key)


def test_an_answer_of_the_extra_question_is_shown_in_its_words(rulebase: RuleBase, press: Press) -> None:
    options = tuple(Option(str(n), f"Way {n}", "") for n in range(3))
    for name in ("feel", "leg_look"):
        reply, shown = press(of(rulebase.questions[name], text="Once more?", kind="one", options=options), "2", ENTER)
        assert reply == "1"
        assert "-> Way 1" in shown


def on_review(rulebase: RuleBase, *keys: str) -> str | None:
    with pressed(*keys):
        return QuestionaryAsker(rulebase, RELIEF, StringIO()).review({"age": 34, "when": "sleep", "red_now": NONE})


def test_review(rulebase: RuleBase) -> None:
    assert on_review(rulebase, ENTER) is None
    assert on_review(rulebase, "2", ENTER) == "red_now"
    assert on_review(rulebase, "3", ENTER) == "when"
    assert on_review(rulebase, "4", ENTER, "\x15", "1", ENTER) == "age"
    assert on_review(rulebase, "0", ENTER, "\x15", "1", ENTER) == "age"
    assert on_review(rulebase, "b", ENTER) == "when"
    assert on_review(rulebase, "h", ENTER, "2", ENTER) == "red_now"


@pytest.mark.parametrize(("key", "error"), [(CTRL_C, KeyboardInterrupt), (CTRL_D, EOFError)])
def test_stop_at_the_review(rulebase: RuleBase, key: str, error: type[BaseException]) -> None:
    with pytest.raises(error):
        on_review(rulebase, key)


# --- what is asked after a result


def plain_asker(rulebase: RuleBase, *lines: str) -> PlainAsker:
    return PlainAsker(rulebase, RELIEF, StringIO("".join(f"{line}\n" for line in lines)), StringIO())


@pytest.mark.parametrize(("typed", "wanted"), [("", None), ("1", DETAILS), ("2", PAGE)])
def test_after_a_result_enter_finishes(rulebase: RuleBase, typed: str, wanted: str | None) -> None:
    assert plain_asker(rulebase, typed).after_result("", 5) == wanted
    assert plain_asker(rulebase, "b", "3", "0", "h", typed).after_result("", 5) == wanted
    with pressed(typed, ENTER):
        assert QuestionaryAsker(rulebase, RELIEF, StringIO()).after_result("", 5) == wanted


@pytest.mark.parametrize(("typed", "kind"), [("", None), ("b", None), ("1", 0), ("2", 1)])
def test_what_kind_of_page(rulebase: RuleBase, typed: str, kind: int | None) -> None:
    assert plain_asker(rulebase, "3", typed).page_kind(["A page", "Text"]) == kind
    with pressed(typed, ENTER):
        assert QuestionaryAsker(rulebase, RELIEF, StringIO()).page_kind(["A page", "Text"]) == kind


@pytest.mark.parametrize(
    ("typed", "name"), [("", "x.html"), ("  ", "x.html"), (" b ", None), ("My Legs.HTML", "My Legs.HTML"), ("B", "B")]
)
def test_a_file_name_is_taken_as_it_was_typed(rulebase: RuleBase, typed: str, name: str | None) -> None:
    assert plain_asker(rulebase, typed).file_name("x.html") == name
    with pressed(typed, ENTER):
        assert QuestionaryAsker(rulebase, RELIEF, StringIO()).file_name("x.html") == name


def test_the_end_of_input_ends_what_is_asked_after_a_result(rulebase: RuleBase) -> None:
    asker = plain_asker(rulebase)
    for put in (lambda: asker.after_result("", 5), lambda: asker.page_kind(["A page"]), lambda: asker.file_name("x")):
        with pytest.raises(EOFError):
            put()


def test_keys_are_parted_only_between_them() -> None:
    """Three blanks part items; one that is wider than the window is broken like any text."""
    assert screen.wrap("1 one   2 two three   4 five", 14) == ["1 one", "2 two three", "4 five"]
    assert screen.wrap("1 one   2 two", 40) == ["1 one   2 two"]
    assert screen.wrap("1 one   2 two three", 8) == ["1 one", "2 two", "three"]
    assert screen.wrap("", 8, "- ") == ["-"]


@pytest.mark.parametrize("seed", range(20))
def test_texts_are_wrapped_as_textwrap_does(seed: int) -> None:
    random = Random(seed)
    parts = (
        "a",
        "is",
        "well-kept",
        "pneumonoultramicroscopic",
        "caf\xe9",
        ",",
        " ",
        " ",
        " ",
        " ",
        "  ",
        "\t",
        "\n",
        "\xa0",
    )
    for _ in range(500):
        # Three blanks part items that stay whole: that is ours, not textwrap's.
        text = re.sub(" {3,}", "  ", "".join(random.choices(parts, k=random.randint(0, 30))))
        first, rest = random.choice([("", ""), ("- ", "  "), ("12. ", "    "), ("", "    "), (" " * 14, "")])
        columns = random.randint(16, 40)
        lines = textwrap.wrap(text, columns, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [
            first.rstrip()
        ]
        assert screen.wrap(text, columns, first, rest) == lines


# --- the size of the window


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 24), (40, 20), (80, 50), (60, 30)])
def test_every_list_fits_the_window(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch, columns: int, rows: int
) -> None:
    """In parts that do not mix headings, with every sign once and in order."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(rows))
    for question in rulebase.questions.values():
        if question.kind != "many":
            continue
        parts = QuestionaryAsker(rulebase, RELIEF, StringIO()).pages(question)
        assert [o for part in parts for o in part] == [o for o in question.options if not o.exclusive]
        if len(parts) > 1:
            assert all(len({option.heading for option in part}) == 1 for part in parts)
            assert all(len(part) >= 1 for part in parts)
        alone = [option for option in question.options if option.exclusive]
        assert max(map(len, parts)) + len(alone) <= 9, "one digit must be enough"
    assert QuestionaryAsker(rulebase, RELIEF, StringIO()).pages(many(3).question) == (many(3).options[:3],)


def test_one_digit_is_enough_for_every_question_with_one_answer(rulebase: RuleBase) -> None:
    assert all(len(question.options) <= 9 for question in rulebase.questions.values() if question.kind == "one")


def test_a_low_window_gets_more_parts_than_a_high_one(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for rows in ("10", "13", "40"):
        monkeypatch.setenv("LINES", rows)
        counts.append(len(QuestionaryAsker(rulebase, RELIEF, StringIO()).pages(many(6).question)))
    assert counts == [3, 2, 1]
