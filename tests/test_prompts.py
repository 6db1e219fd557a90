"""The askers: plain lines on StringIO, and questionary on a pipe of keys.

Every key script ends with Ctrl-D (and Ctrl-C, should the first not work): a prompt that is
still open then ends with EOFError, so that a test can fail but never hang.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from itertools import chain
from random import Random
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from terminal import CTRL_C, CTRL_D, ENTER, ESC, LEFT, NONE, STORIES, plain_line, steps_to
from wcwidth import width

from triage.cli import main as cli
from triage.conversation.interview import BACK, SKIP, Prompt, Reply, settled_flags
from triage.conversation.prompts import (
    BOTH,
    BOUNCE_SECONDS,
    NARROW,
    Offer,
    Page,
    PlainAsker,
    QuestionaryAsker,
    TerminalAsker,
    key_line,
)
from triage.knowledge.model import NOT_SURE, Answers, Limit, Option, Question, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output import screen
from triage.output.as_json import as_dict
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

UNSURE = (NOT_SURE,)
UP, DOWN, SPACE, BACKSPACE, ALT_X, F5, FOCUS = "\x1b[A", "\x1b[B", " ", "\x7f", "\x1bx", "\x1b[15~", "\x1b[I"
PASTE = "\x1b[200~1\n0\nq\n\x1b[201~"
KEYS = (
    Option(id="none", text="None", means="", exclusive=True, key="0"),
    Option(id=NOT_SURE, text="Not sure", means="", key="n"),
)


def listed(count: int, kind: str = "many", **changes: Any) -> Prompt:
    """A list s1, s2, ...: odd lines have a detail, that of the third is open; one that takes one answer has no "none"."""
    lines = tuple(
        Option(id=f"s{n}", text=f"Sign number {n}", means="", detail=f"Detail {n}." if n % 2 else "", open=n == 3)
        for n in range(1, count + 1)
    )
    options = (*lines, *(KEYS if kind == "many" else KEYS[1:]))
    question = Question(
        id="signs", kind=kind, text="Which?", why="To know.", options=options, rivals=(("s1", "s3", "s4"),), at=None
    )
    whole: dict[str, Any] = {"text": "Which?", "kind": kind, "options": options, "number": 3, "about": 11}
    return Prompt(question=question, **{**whole, "answers": {}, **changes})


@pytest.fixture
def age(rulebase: RuleBase) -> Prompt:
    question = rulebase.questions["age"]
    return Prompt(
        question=question, text=question.text, kind="number", options=question.options, number=3, about=11, answers={}
    )


@pytest.fixture
def child_age(age: Prompt, rulebase: RuleBase) -> Prompt:
    return replace(age, options=(), limit=next(one for one in rulebase.questions["age"].limits if one.maximum == 17))


@pytest.fixture(autouse=True)
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


def in_words(text: str) -> str:
    return " ".join(text.split())


# --- the keys


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("kind", ["many", "one"])
def test_the_key_line_says_where_it_is_and_all_keys_in_few_words(kind: str, columns: int) -> None:
    prompt = listed(9, kind)
    (line,) = key_line(prompt, columns)
    assert "n not sure" in line
    assert ("0 none" in line) is (kind == "many")
    assert all(f" {key} " in f"{line} " for key in ("b", "?", "h", "q"))
    assert re.match(r"3(/| of about )11 ", line)
    assert len([word for word in line.split() if len(word) > 1 and word.isalpha()]) <= (9 if columns > NARROW else 4)
    assert len(line) <= columns
    assert "\u25cf" not in line
    assert "\u25cf n not sure" in "  ".join(key_line(prompt, columns, UNSURE))


# --- plain


@pytest.fixture
def plain(engine: Engine) -> Callable[..., tuple[Reply, str]]:
    """Answer one prompt with typed lines: the reply, and what was shown."""

    def type_lines(prompt: Prompt, *lines: str) -> tuple[Reply, str]:
        out = StringIO()
        reply = PlainAsker(engine, StringIO("".join(f"{line}\n" for line in lines)), out).ask(prompt)
        return reply, out.getvalue()

    return type_lines


Plain = Callable[..., tuple[Reply, str]]


def test_plain_shows_the_question_its_numbered_lines_and_the_keys(plain: Plain) -> None:
    reply, shown = plain(listed(4), "2")
    assert reply == ("s2",)
    for text in ("Which?", "1 Sign number 1", "4 Sign number 4", "0 none", "n not sure", "-> Sign number 2"):
        assert text in shown
    assert "5 " not in shown


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("3 1", ("s1", "s3")), (" 3,1 ", ("s1", "s3")), ("1 1", ("s1",)), ("0", NONE), ("n", UNSURE), ("N", UNSURE),
        ("2 n", ("s2", NOT_SURE)), ("n,4", ("s4", NOT_SURE)),
    ],
)  # fmt: skip
def test_plain_takes_numbers_0_and_n(plain: Plain, typed: str, reply: Reply) -> None:
    assert plain(listed(4), typed)[0] == reply


@pytest.mark.parametrize(
    "line", ["", "   ", "99", "5", "1 5", "0 1", "0 n", "x", "1 x", "none", "1-3", "-1", "1.0", "\u0661", "1" * 400]
)
def test_plain_refuses_what_is_no_answer(plain: Plain, line: str) -> None:
    """Above all an empty line; what is wrong is said, and the list is not read out again."""
    reply, shown = plain(listed(4), line, "2")
    assert reply == ("s2",)
    assert shown.count("> ") == 2 + shown.count("-> ")
    assert shown.count("Which?") == 1
    assert in_words(shown).count("n not sure") == 2


@pytest.mark.parametrize(("line", "reply"), [("1", "s1"), ("n", NOT_SURE)])
def test_plain_takes_one_answer(plain: Plain, line: str, reply: str) -> None:
    assert plain(listed(3, "one"), "", "1 2", "1 n", "0", "4", line)[0] == reply


def test_a_very_long_line_is_one_line(plain: Plain) -> None:
    """What is left of it must not be read as the next answer."""
    for length in (998, 999, 1000, 1001, 2000, 3000):
        reply, shown = plain(listed(4), "x" * length + "4", "2")
        assert reply == ("s2",), length
        assert max(len(line.removeprefix("> ")) for line in shown.splitlines()) <= 80


def test_control_characters_are_not_echoed(plain: Plain) -> None:
    assert "\x1b" not in plain(listed(4), "\x1b[2J", "2")[1]


@pytest.mark.parametrize("key", ["b", "B", "back"])
def test_plain_back(plain: Plain, age: Prompt, key: str) -> None:
    for prompt in (age, listed(3), listed(3, "one")):
        assert plain(prompt, key)[0] is BACK


@pytest.mark.parametrize("key", ["q", "Q", "quit", "\x1b"])
def test_plain_leave(plain: Plain, age: Prompt, key: str) -> None:
    for prompt in (age, listed(3), listed(3, "one")):
        with pytest.raises(KeyboardInterrupt):
            plain(prompt, key, "1")


def test_plain_at_the_end_of_the_input(plain: Plain, age: Prompt) -> None:
    for prompt in (age, listed(3), listed(3, "one")):
        with pytest.raises(EOFError):
            plain(prompt, "x")


def test_plain_details_of_a_line_and_of_all(plain: Plain) -> None:
    told = plain(listed(5), "1")[1]
    assert "Detail 3." in told  # it is open
    assert "Detail 1." not in told
    told = plain(listed(5), "? 5", "1")[1]
    assert "Detail 5." in told
    assert "Detail 1." not in told
    for typed in ("?", "??"):
        told = plain(listed(5), typed, "1")[1]
        assert "To know." in told
        assert all(f"Detail {n}." in told for n in (1, 3, 5))
    assert plain(listed(5), "? 2", "?9", "?x", "1")[0] == ("s1",)
    assert "Detail 5." in plain(listed(5, opened=True), "1")[1]


def test_plain_why_and_again_its_rules_with_sources(rulebase: RuleBase, plain: Plain) -> None:
    question = rulebase.questions["legs"]
    options = (*question.options[:5], *question.options[-2:])
    prompt = Prompt(
        question=question, text=question.text, kind="many", options=options, number=4, about=11, answers={},
        leads_to=tuple(option.id for option in options),
    )  # fmt: skip
    flag = rulebase.red_flags["one-leg-swollen"]
    once = plain(prompt, "w", "1")[1]
    assert in_words(question.why) in in_words(once)
    assert f"[{flag.id}]" not in once
    again = plain(prompt, "w", "why", "1")[1]
    assert f"[{flag.id}]" in again
    assert all(f"[{source}]" in again for source in flag.sources)
    assert "{" not in plain(replace(prompt, answers={"start": "child"}), "w", "w", "1")[1]


def test_relief_speaks_of_the_right_person(engine: Engine, age: Prompt, plain: Plain) -> None:
    for start, voice in (("me", "you"), ("adult_now", "they"), ("child", "child")):
        steps = rules_in_voice(engine.rulebase, voice).relief_now.steps
        for prompt in (listed(3), age):
            reply, shown = plain(replace(prompt, answers={"start": start}), "h", "1")
            assert reply in (("s1",), 1)
            assert all(in_words(step) in in_words(shown) for step in steps)


def test_a_later_screen_has_its_heading_beside_the_question(plain: Plain) -> None:
    assert "Legs" not in plain(listed(3, page="Legs"), "1")[1]
    assert "Legs: Which?" in plain(listed(3, page="Legs", later=True), "1")[1]


def test_plain_tells_what_is_ticked_already(plain: Plain) -> None:
    assert "Sign number 2" in plain(listed(4, chosen=("s2",)), "0")[1].split("4 Sign")[1]


@pytest.mark.parametrize(
    ("earlier", "typed", "both"),
    [((), "1 3", True), (("s1",), "4", True), (("s3",), "1", True), ((), "1 2", False), ((), "3 4", False)],
)
def test_rivals_beside_each_other_are_told(plain: Plain, earlier: tuple[str, ...], typed: str, both: bool) -> None:
    assert (BOTH in plain(listed(4, earlier=earlier), typed)[1]) is both


# --- ages


AGES = [
    ("0", 0), ("120", 120), (" 34 ", 34), ("007", 7), ("68 years", 68), ("68 yrs", 68), ("68y", 68), ("1 year", 1),
    ("68 years old", 68), ("aged 68", 68), ("34.0", 34), ("34,0", 34), ("7.5", 7), ("3 months", 0), ("11 months", 0),
    ("18 months", 1), ("24 months", 2), ("30 MONTHS", 2), ("6 weeks", 0), ("10 days", 0), ("2 years 3 months", 2),
    ("1 year and 6 months", 1), ("n", "a_na"), ("N", "a_na"),
]  # fmt: skip
NO_AGES = ["121", "-1", "", "sixty", "1e2", "0x10", "o", "1950", "2019", "9" * 9, "68 kg", "\u0663", "1 2", "3-4", "0"]


@pytest.mark.parametrize(("typed", "number"), AGES)
def test_ages_as_people_type_them(plain: Plain, age: Prompt, typed: str, number: int | str) -> None:
    reply, _ = plain(age, typed)
    assert reply == number
    assert type(reply) is type(number)


@pytest.mark.parametrize("typed", NO_AGES[:-1])
def test_what_is_no_age_is_refused(plain: Plain, age: Prompt, typed: str) -> None:
    reply, shown = plain(age, typed, "35")
    assert reply == 35
    assert typed[:9] in shown


def test_each_wrong_age_is_told_what_is_wrong_with_it(plain: Plain, age: Prompt) -> None:
    told = [plain(age, typed, "35")[1].splitlines()[-3] for typed in ("sixty", "130", "-4", "1950", "")]
    assert len({re.sub(r"\W*\d+\W*|sixty", "", line) for line in told}) == 5
    assert "birth" in told[3]


@pytest.mark.parametrize("typed", ["18", "40", "n", "18 years"])
def test_a_child_has_the_age_of_one(plain: Plain, child_age: Prompt, typed: str) -> None:
    reply, shown = plain(child_age, typed, "17")
    assert reply == 17
    assert isinstance(child_age.limit, Limit)
    assert (in_words(child_age.limit.say) in in_words(shown)) is (typed != "n")


# --- what is said, and what is asked besides


def plain_asker(engine: Engine, *lines: str, out: StringIO | None = None) -> PlainAsker:
    return PlainAsker(engine, StringIO("".join(f"{line}\n" for line in lines)), out or StringIO())


@pytest.mark.parametrize(
    ("lines", "leaves"), [(("",), True), (("b",), False), (("x", "1", "b"), False), (("q",), True), ((), True)]
)
def test_a_plain_emergency_is_said_and_offers_the_way_back(
    engine: Engine, lines: tuple[str, ...], leaves: bool
) -> None:
    """The end of the input leaves with it: the result is given all the same."""
    answers: Answers = {"start": "child", "danger": ("d_breath",)}
    out = StringIO()
    asker = plain_asker(engine, *lines, out=out)
    assert (asker.emergency(answers) is None) is leaves
    told = out.getvalue()
    assert told.lstrip().startswith(assess(engine, answers).disposition.say.upper())
    assert "the child" in told
    assert "{" not in told
    assert asker.has_left is False  # nobody has seen what went into a file


def test_a_plain_emergency_that_scrolls_away_is_said_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    out, head = StringIO(), rules_in_voice(engine.rulebase).dispositions["emergency"].say.upper()
    monkeypatch.setenv("LINES", "8")
    plain_asker(engine, "", out=out).emergency({"danger": ("d_breath", "d_chest")})
    assert out.getvalue().count(head) == 2
    assert head in out.getvalue().splitlines()[-7:]


def test_an_urgent_finding_is_said_in_few_words(engine: Engine) -> None:
    out = StringIO()
    flags = settled_flags(engine, {"danger": ("d_pee",)})
    level = engine.rulebase.dispositions[flags[0].flag.disposition]
    plain_asker(engine, out=out).announce(level, flags, "child")
    assert in_words(level.say.upper()) in in_words(out.getvalue())
    assert flags[0].flag.title in out.getvalue()
    assert "{" not in out.getvalue()
    assert len(out.getvalue().split()) <= 70


REVIEWED: Answers = {"start": "me", "danger": NONE, "age": 34}


@pytest.mark.parametrize(
    ("lines", "name"),
    [(("",), None), (("b",), "age"), (("a", ""), None), (("a", "2"), "danger"), (("a", "b"), "age"),
     (("x", "a", "0", "9", "h", "1"), "start")],
)  # fmt: skip
def test_the_review_is_one_line_and_opens_any_answer(engine: Engine, lines: tuple[str, ...], name: str | None) -> None:
    out = StringIO()
    assert plain_asker(engine, *lines, out=out).review(REVIEWED) == name
    means = engine.rulebase.questions["danger"].option("none").means
    assert (means in out.getvalue()) is ("a" in lines)
    with pressed(*(key if key.isalpha() else f"{key}{ENTER}" for key in lines if key not in "x09h" or not key)):
        assert QuestionaryAsker(engine, StringIO()).review(REVIEWED) == name


def test_leaving_the_review(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt):
        plain_asker(engine, "q").review(REVIEWED)
    with pytest.raises(EOFError):
        plain_asker(engine).review(REVIEWED)


RESULT = ["Look after it.", "Why: nothing else."]


@pytest.mark.parametrize(
    ("typed", "did", "changed"),
    [(("",), "", None), (("q",), "", None), (("m", ""), "m", None), (("p", "m", "p", ""), "pmp", None),
     (("a", "3"), "", "age"), (("m", "a", "", "x", "a", "1"), "m", "start")],
)  # fmt: skip
def test_after_a_result_keys_give_what_they_say_and_any_answer_can_be_changed(
    engine: Engine, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], did: str, changed: str | None
) -> None:
    """Whoever adds a key names it, and says what it does."""
    done: list[str] = []
    offers = [
        Offer("m", "more", lambda: done.append("m") or asker.give(lambda: ["All the rest."])),
        Offer("p", "page", lambda: done.append("p")),
    ]
    out = StringIO()
    asked = (lambda: RESULT, RESULT[0], offers, REVIEWED)
    asker: TerminalAsker = plain_asker(engine, *typed, out=out)
    assert asker.after_result(*asked) == changed
    assert "m more   p page   " in out.getvalue()
    assert "".join(done) == did
    told = capsys.readouterr().out
    assert told.count(RESULT[1]) == 1
    assert told.count("All the rest.") == did.count("m")
    done.clear()
    read = {"m": ENTER, "p": "", "a": "", "q": ""}  # the lines that m gives wait until they are read
    with pressed(*(key + read.get(key, ENTER) for key in typed)):
        asker = QuestionaryAsker(engine, out)
        assert asker.after_result(*asked) == changed
    assert "".join(done) == did
    told = capsys.readouterr().out
    assert told.count(RESULT[1]) == (changed is None)  # it is wiped away where another comes
    assert told.count("All the rest.") == did.count("m")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("", "x.html"), ("  ", "x.html"), (" b ", None), ("My Legs.HTML", "My Legs.HTML"), ("B", "B"), ("quads", "quads")],
)
def test_a_file_name_is_taken_as_it_was_typed(engine: Engine, typed: str, name: str | None) -> None:
    assert plain_asker(engine, typed).file_name("x.html") == name
    with pressed(typed, ENTER):
        assert QuestionaryAsker(engine, StringIO()).file_name("x.html") == name


@pytest.mark.parametrize("name", STORIES)
def test_a_story_typed_at_plain_prompts_gives_its_result(
    engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    answers = STORIES[name]
    steps = steps_to(engine, answers)
    assert steps
    typed = StringIO("".join(map(plain_line, steps)) + "\n")
    monkeypatch.setattr("sys.stdin", typed)
    assert cli.main(["--plain", "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == json.loads(json.dumps(as_dict(engine.rulebase, assess(engine, answers))))
    assert typed.read() == ""
    # Nobody pressed Enter on StringIO, so each line after the mark "> " begins with it.
    lines = [line.removeprefix("> ") for line in shown.err.splitlines()]
    assert max(map(len, lines)) <= 40


# --- questionary


@pytest.fixture
def press(engine: Engine) -> Callable[..., tuple[Reply, str]]:
    """Answer one prompt with keys: the reply, and what was printed around the prompt."""

    def press_keys(prompt: Prompt, *keys: str) -> tuple[Reply, str]:
        out = StringIO()
        with pressed(*keys):
            return QuestionaryAsker(engine, out).ask(prompt), out.getvalue()

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
                if not {CTRL_C, "q", "Q", ESC}.intersection(keys):
                    raise AssertionError("the prompt was still open") from None
                raise


@pytest.mark.parametrize(
    ("keys", "reply"),
    [
        (("3", "1", ENTER), ("s1", "s3")), (("3", "1", "3", ENTER), ("s1",)), (("2", SPACE, "1", ENTER), ("s1",)),
        ((SPACE, DOWN, DOWN, SPACE, ENTER), ("s1", "s3")), ((UP, SPACE, ENTER), ("s4",)),
        (("0",), NONE), (("n", ENTER), UNSURE), (("N", ENTER), UNSURE), (("n", "2", ENTER), ("s2", NOT_SURE)),
        (("2", "n", ENTER), ("s2", NOT_SURE)), (("2", "n", "n", ENTER), ("s2",)),
        (("2", "0", "2", "0"), NONE), (("n", "0", "n", "0"), NONE), (("2", "0", ENTER), ("s2",)),
        (("1", "2", ENTER), ("s1", "s2")), (("9", "5", "2", ENTER), ("s2",)),
        (("a", "i", "j", "k", "2", "a", "i", ENTER), ("s2",)),
    ],
)  # fmt: skip
def test_keys_of_a_list(press: Press, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], reply: Reply) -> None:
    """Digits tick at once; nothing unticks a line but its own key; none stands alone, not sure need not."""
    monkeypatch.setattr("triage.conversation.prompts.BOUNCE_SECONDS", 0)
    assert press(listed(4), *keys)[0] == reply


@pytest.mark.parametrize(
    ("keys", "reply"),
    [(("1", ENTER), "s1"), (("1", "3", ENTER), "s3"), ((DOWN, SPACE, ENTER), "s2"), (("n", ENTER), NOT_SURE),
     ((DOWN, ENTER), "s2"), ((DOWN, UP, ENTER), "s1"), (("1", DOWN, ENTER), "s1"), ((DOWN, "2", "2", ENTER, "3", ENTER), "s3"),
     (("1", "n", ENTER), NOT_SURE), (("n", "2", ENTER), "s2"), (("1", "1", "2", ENTER), "s2"), (("0", "2", ENTER), "s2")],
)  # fmt: skip
def test_keys_of_one_answer(press: Press, keys: tuple[str, ...], reply: Reply) -> None:
    assert press(listed(3, "one"), *keys)[0] == reply


@pytest.mark.parametrize("kind", ["many", "one"])
def test_enter_alone_answers_nothing(press: Press, age: Prompt, kind: str) -> None:
    assert press(listed(3, kind), ENTER, ENTER, "2", ENTER)[0] == ("s2" if kind == "one" else ("s2",))
    for prompt in (listed(3, kind), age):
        with pytest.raises(EOFError):
            press(prompt, ENTER, ENTER)
    with pytest.raises(EOFError):
        press(listed(3, kind), "2", "2", ENTER)
    with pytest.raises(EOFError):
        press(listed(3), DOWN, ENTER)


def test_every_list_of_the_rule_base_starts_with_nothing_ticked(rulebase: RuleBase, press: Press) -> None:
    """So that Enter pressed by mistake never reassures, nor does it answer for somebody else."""
    for question in rulebase.questions.values():
        if question.kind != "number" and not question.after:
            options = (*question.options[:5], *(o for o in question.options if o.key))
            prompt = Prompt(
                question=question, text="", kind=question.kind, options=options, number=1, about=1, answers={}
            )
            with pytest.raises(EOFError):
                press(prompt, ENTER)


def test_what_was_ticked_before_is_ticked_and_none_is_not(press: Press) -> None:
    assert press(listed(4, chosen=("s1", "s3")), ENTER)[0] == ("s1", "s3")
    assert press(listed(4, chosen=("s1", NOT_SURE)), ENTER)[0] == ("s1", NOT_SURE)
    with pytest.raises(EOFError):
        press(listed(4, chosen=NONE), ENTER)


def test_a_none_that_is_held_down_answers_one_screen(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asker, now = QuestionaryAsker(engine, StringIO()), [100.0]
    monkeypatch.setattr("triage.conversation.prompts.time.monotonic", lambda: now[0])
    with pressed("0"):
        assert asker.ask(listed(3)) == NONE
    for _ in range(3):
        now[0] += BOUNCE_SECONDS / 2
        with pressed("0"), pytest.raises(EOFError):
            asker.ask(listed(3))
    now[0] += BOUNCE_SECONDS * 2
    with pressed("0"):
        assert asker.ask(listed(3)) == NONE


@pytest.mark.parametrize("rows", ["24", "8"])
def test_keys_typed_ahead_answer_no_list_that_is_longer_than_the_window(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: str
) -> None:
    asker = QuestionaryAsker(engine, StringIO())
    with pressed("1", ENTER, "0"):
        assert asker.ask(listed(9)) == ("s1",)
        monkeypatch.setenv("LINES", rows)
        if rows == "24":
            assert asker.ask(listed(9)) == NONE
        else:
            with pytest.raises(EOFError):
                asker.ask(listed(9))


@pytest.mark.parametrize("key", ["b", "B", LEFT])
def test_back_at_every_kind_of_prompt(press: Press, age: Prompt, key: str) -> None:
    for prompt in (listed(4), listed(3, "one"), *([age] if key != LEFT else [])):
        assert press(prompt, key)[0] is BACK
    assert press(listed(4), "1", key)[0] is BACK


@pytest.mark.parametrize(
    ("key", "error"),
    [("q", KeyboardInterrupt), ("Q", KeyboardInterrupt), (ESC, KeyboardInterrupt), (CTRL_C, KeyboardInterrupt),
     (CTRL_D, EOFError)],
)  # fmt: skip
def test_leave_at_every_kind_of_prompt(engine: Engine, age: Prompt, key: str, error: type[BaseException]) -> None:
    for prompt in (listed(4), listed(3, "one"), age):
        for before in ("", "1"):
            is_text = prompt is age and before and key in "qQ"  # of a line that is begun: then nobody leaves by it
            with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
                pipe.send_text(before + key + (CTRL_D if is_text else ""))
                with pytest.raises(EOFError if is_text else error):
                    QuestionaryAsker(engine, StringIO()).ask(prompt)


@pytest.mark.parametrize("keys", [ALT_X, F5, FOCUS, PASTE])
def test_what_is_no_key_here_is_swallowed(press: Press, keys: str) -> None:
    """Alt and a key, keys that terminals send by themselves, and pastes of several lines: none of them leaves."""
    assert press(listed(4), keys, DOWN, SPACE, ENTER)[0] == ("s2",)


def test_details_why_and_relief_keep_what_is_ticked_and_typed(press: Press, age: Prompt) -> None:
    leave = "b"
    for keys in ("?", "??", "w" + leave, ("w" + leave) * 2, "h" + leave, "h" + ENTER):
        assert press(listed(4), "3", "n", keys, "1", ENTER)[0] == ("s1", "s3", NOT_SURE), keys
        assert press(listed(4, "one"), "3", keys, ENTER)[0] == "s3", keys
        assert press(age, "?" + leave if "?" in keys else keys, "34", ENTER)[0] == 34, keys
    assert press(listed(4), "h" * 250, leave, "1", ENTER)[0] == (
        "s1",
    )  # held down: one text takes the place of another


@pytest.mark.parametrize(("typed", "number"), AGES)
def test_ages_typed_in_a_terminal(press: Press, age: Prompt, typed: str, number: int | str) -> None:
    """Also those that hold a letter that is a key: "3 months"."""
    assert press(age, typed, ENTER)[0] == number


@pytest.mark.parametrize("typed", [typed for typed in NO_AGES[:-1] if typed[:1] not in ("b", "h")])
def test_a_wrong_age_is_cleared_away(press: Press, age: Prompt, typed: str) -> None:
    assert press(age, typed, ENTER, "35", ENTER)[0] == 35


def test_a_child_has_the_age_of_one_in_a_terminal(press: Press, child_age: Prompt) -> None:
    assert press(child_age, "18", ENTER, "n", ENTER, "17", ENTER)[0] == 17


def test_the_safe_action_and_an_urgent_finding_wait_until_they_are_read(engine: Engine) -> None:
    out = StringIO()
    flags = settled_flags(engine, {"danger": ("d_pee",)})
    level = rules_in_voice(engine.rulebase).dispositions["urgent"]
    for say in (lambda asker: asker.act("Sit down."), lambda asker: asker.announce(level, flags, "you")):
        with pressed("x", BACKSPACE, ENTER):
            say(QuestionaryAsker(engine, out))
        with pressed(), pytest.raises(EOFError):
            say(QuestionaryAsker(engine, out))
    assert "Sit down." in out.getvalue()
    assert level.say.upper() in out.getvalue()


@pytest.mark.parametrize("rows", ["24", "12"])
@pytest.mark.parametrize(
    ("keys", "leaves"), [((ENTER,) * 9, True), (("b", ENTER), False), (("q",), True), ((ESC,), True), (("x", ENTER, "b", ENTER), False)]
)  # fmt: skip
def test_an_emergency_is_left_with_it_or_gone_back_from(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], leaves: bool, rows: str
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", rows)
    answers: Answers = {"start": "me", "danger": ("d_breath", "d_chest", "d_jaw")}
    out = StringIO()
    with pressed(*keys):
        assert (QuestionaryAsker(engine, out).emergency(answers) is None) is leaves
    say = assess(engine, answers).disposition.say.upper()
    assert (say in out.getvalue()) is leaves


# --- the size of the window


def parts_of(lines: list[str], most: int, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The parts in which lines are read below each other, with two more lines in the window."""
    monkeypatch.setenv("LINES", str(most + 2))
    page = Page(lambda _: ["foot"], lambda: lines)
    found = [page.part()]
    while page.turn():
        found.append(page.part())
    assert max(map(len, found)) <= most
    return found


@pytest.mark.parametrize("most", [5, 8, 20])
def test_parts_hold_every_line_in_order_and_end_at_blanks(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [
        [f"{letter}{number}" for number in range(count)]
        for letter, count in zip("abcdef", (1, 4, 2, 9, 3, 3), strict=True)
    ]
    lines = ["", *(line for block in blocks for line in ["", *block]), ""]
    found = parts_of(lines, most, monkeypatch)
    assert [line for part in found for line in part if line] == [line for line in lines if line]
    assert all(part[0] and part[-1] for part in found)
    for block in blocks:
        if len(block) <= most:
            assert any(set(block) <= set(part) for part in found)


@pytest.mark.parametrize("most", [4, 6, 9])
def test_no_item_is_cut_between_two_parts(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [[f"- item {n}", *["  hangs below it"] * (n % 4)] for n in range(20)]
    found = parts_of(list(chain(*items)), most, monkeypatch)
    assert list(chain(*found)) == list(chain(*items))
    assert all(part[0].startswith("-") for part in found)


def test_a_text_that_is_read_begins_again_in_a_window_of_another_width(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"word{n}" for n in range(400)]
    page = Page(lambda _: ["foot"], lambda: screen.wrap(" ".join(words), screen.width()))
    for columns, rows in ((80, 24), (40, 12), (60, 20)):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", str(rows))
        assert " ".join(page.part()).split()[0] == words[0]
        assert page.turn()
        seen = " ".join(page.part()).split()
        assert seen[0] != words[0]
        monkeypatch.setenv("LINES", str(rows - 4))
        assert " ".join(page.part()).split()[0] == seen[0]  # nothing is passed over
    while page.turn():
        pass
    assert page.part()[-1].endswith(words[-1])


def test_keys_are_parted_only_between_them() -> None:
    """Three blanks part items; one that is wider than the window is broken like any text."""
    assert screen.wrap("1 one   2 two three   4 five", 14) == ["1 one", "2 two three", "4 five"]
    assert screen.wrap("1 one   2 two", 40) == ["1 one   2 two"]
    assert screen.wrap("1 one   2 two three", 8) == ["1 one", "2 two", "three"]
    assert screen.wrap("", 8, "- ") == ["-"]


@pytest.mark.parametrize("columns", [20, 33, 40, 80])
def test_a_text_is_broken_between_words_and_hangs_below_its_first_line(columns: int) -> None:
    random = Random(columns)
    for _ in range(200):
        words = random.choices(
            ["a", "is", "well-kept", "sixteen-letters.", "caf\xe9", "\u8173\u306e\u75c5"], k=random.randint(1, 40)
        )
        first, *others = screen.wrap(" ".join(words), columns, "12. ")
        assert first.startswith("12. ")
        assert all(line.startswith("    ") for line in others)
        assert " ".join([first[4:], *(line[4:] for line in others)]).split(" ") == words
        assert max(map(width, [first, *others])) <= columns


def test_a_wide_word_that_is_longer_than_the_line_is_broken_within_it() -> None:
    lines = screen.wrap("\u8173\u306e\u75c5" * 10, 21, "- ")
    assert max(map(width, lines)) <= 21
    assert "".join(line[2:] for line in lines) == "\u8173\u306e\u75c5" * 10


def test_a_text_that_takes_one_column_a_letter_is_measured_without_wcwidth() -> None:
    """It takes as long to import as Python takes to start."""
    code = "import sys; from triage.output import screen; screen.wrap('one two', 20); print('wcwidth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_what_is_asked_after_the_result_can_be_skipped_with_one_key(rulebase: RuleBase, press: Press) -> None:
    for question in rulebase.questions.values():
        if question.after:
            options = (*question.options[:5], *(o for o in question.options if o.key))
            prompt = Prompt(
                question=question, text="", kind=question.kind, options=options, number=1, about=1, answers={}
            )
            assert press(prompt, ENTER)[0] is SKIP, question.id
