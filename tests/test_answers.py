"""Answer files: what is wrong is told all at once, by line; what is right survives a round trip."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.conversation.answers import AnswerFile, as_toml, is_stale, with_level, without_danger, write_whole
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answer, Answers, Question, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.reasoning.engine import Engine

QUIET = settings(deadline=None, derandomize=True, database=None, max_examples=100)

AGES = "a whole number from 0 to 120 years, or a_na"


def read(path: Path, raw: bytes | str, rulebase: RuleBase) -> AnswerFile:
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return read_answer_file(path, rulebase)


def faults(path: Path, raw: bytes | str, rulebase: RuleBase) -> list[Fault]:
    """All faults of a file; none if it is sound."""
    try:
        read(path, raw, rulebase)
    except FaultyInput as error:
        return list(error.faults)
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.toml"


class Wrong(NamedTuple):
    """One wrong line of [answers], what of it has to be named, and what is allowed."""

    line: str
    named: str
    hint: str
    code: str


SIDES = "allowed: left, right, both, not_sure"
BEFORE = "allowed: e_hard, e_cold0, e_heat"
WRONG = [
    Wrong("age = -1", "age: -1", AGES, "LCT404"),
    Wrong("age = 121", "age: 121", AGES, "LCT404"),
    Wrong("age = 5.5", "age: 5.5", AGES, "LCT404"),
    Wrong("age = 34.0", "age: 34.0", AGES, "LCT404"),
    Wrong("age = inf", "age: inf", AGES, "LCT404"),
    Wrong("age = true", "age: True", AGES, "LCT404"),
    Wrong('age = "old"', "age: old", AGES, "LCT404"),
    Wrong('age = "34"', "age: 34", AGES, "LCT404"),
    Wrong("age = [34]", "age: 34", AGES, "LCT404"),
    Wrong("age = 1979-05-27", "age: 1979-05-27", AGES, "LCT404"),
    Wrong("age = {}", "age: {}", AGES, "LCT404"),
    Wrong('side = "lft"', '"lft"', f'did you mean "left"? {SIDES}', "LCT402"),
    Wrong('side = ""', '""', SIDES, "LCT402"),
    Wrong('side = ["left"]', "side: ", SIDES, "LCT402"),
    Wrong("side = 1", "side: ", SIDES, "LCT402"),
    Wrong("side = true", "side: ", SIDES, "LCT402"),
    Wrong("side = { left = true }", "side: ", SIDES, "LCT402"),
    Wrong('before = ["e_haet"]', '"e_haet"', f'did you mean "e_heat"? {BEFORE}', "LCT402"),
    Wrong('before = "e_heat"', "before: ", 'mean "e_heat"?', "LCT403"),
    Wrong("before = []", "before: ", BEFORE, "LCT403"),
    Wrong("before = [1]", "before: ", BEFORE, "LCT403"),
    Wrong('before = [["e_heat"]]', "before: ", BEFORE, "LCT403"),
    Wrong('before = ["e_heat", "e_heat"]', '"e_heat"', "", "LCT405"),
    Wrong('before = ["none", "e_heat"]', '"none"', "", "LCT406"),
    Wrong('before = ["none", "not_sure"]', '"none"', "", "LCT406"),
    Wrong('befroe = ["none"]', '"befroe"', 'did you mean "before"? allowed: start, danger', "LCT401"),
    Wrong('"" = 1', '""', "allowed: start, danger, danger_more, age", "LCT401"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: w.line)
def test_a_wrong_answer_is_told_with_its_line_and_what_is_allowed(wrong: Wrong, path: Path, rulebase: RuleBase) -> None:
    text = f'title = "x"\n\n[answers]\nstart = "me"\n{wrong.line}\nlegs = ["none"]\n'
    [fault] = faults(path, text, rulebase)
    assert (fault.file, fault.line) == (str(path), 5)
    assert fault.code == wrong.code
    assert wrong.named in fault.what
    assert wrong.hint in fault.hint


def test_a_child_is_under_eighteen(path: Path, rulebase: RuleBase) -> None:
    assert read(path, '[answers]\nage = 17\nstart = "child_now"\n', rulebase).answers["age"] == 17
    [fault] = faults(path, '[answers]\nage = 18\nstart = "child_now"\n', rulebase)
    assert (fault.line, fault.code) == (2, "LCT407")
    assert fault.hint == next(one for one in rulebase.questions["age"].limits if one.maximum == 17).say
    assert read(path, '[answers]\nage = 18\nstart = "adult"\n', rulebase).answers["age"] == 18


def test_nobody_who_answers_is_0_years_old(path: Path, rulebase: RuleBase) -> None:
    [fault] = faults(path, '[answers]\nage = 0\nstart = "me"\n', rulebase)
    assert (fault.line, fault.code) == (2, "LCT407")
    assert read(path, '[answers]\nage = 1\nstart = "me"\n', rulebase).answers["age"] == 1
    assert read(path, '[answers]\nage = 0\nstart = "child"\n', rulebase).answers["age"] == 0


def test_the_edges_of_the_age_are_answers(path: Path, rulebase: RuleBase) -> None:
    for age in (0, 120):
        assert read(path, f"[answers]\nage = {age}\n", rulebase).answers == {"age": age}
    assert read(path, '[answers]\nage = "a_na"\n', rulebase).answers == {"age": "a_na"}


def test_all_errors_are_told_at_once_in_order(path: Path, rulebase: RuleBase) -> None:
    lines = ["tittle = 1", "title = 2", "[answers]"]
    lines += [wrong.line for wrong in {w.line.split(" ")[0]: w for w in WRONG}.values()]
    found = faults(path, "\n".join(lines), rulebase)
    wrong_lines = [n for n, line in enumerate(lines, 1) if line != "[answers]"]
    assert [fault.line for fault in found] == wrong_lines
    assert all(fault.file == str(path) for fault in found)


def test_two_wrong_options_of_one_answer_are_both_told(path: Path, rulebase: RuleBase) -> None:
    found = faults(path, '[answers]\nbefore = ["e_haet", "e_satnd"]\n', rulebase)
    assert [f.hint.split("?")[0] for f in found] == ['did you mean "e_heat"', 'did you mean "e_stand"']


class Whole(NamedTuple):
    """A whole file that is wrong."""

    name: str
    raw: bytes
    line: int
    what: str  # a code, or how the message begins
    hint: str = ""


NO_TABLE = "like [answers] and age = 70 below"
WHOLE = [
    Whole("empty", b"", 0, "LCT410", NO_TABLE),
    Whole("no answers", b'title = "x"\n', 0, "LCT410", NO_TABLE),
    Whole("answers as a value", b'title = "x"\nanswers = 5\n', 2, "LCT410", NO_TABLE),
    Whole("answers as a list", b"# x\n[[answers]]\nage = 5\n", 2, "LCT410", NO_TABLE),
    Whole("field", b'titel = "x"\n[answers]\n', 1, "LCT411", 'did you mean "title"? allowed: title'),
    Whole("table", b"[answers]\n\n[expct]\n", 3, "LCT411", 'did you mean "expect"?'),
    Whole("list of tables", b"[answers]\n\n[[expct]]\n", 3, "LCT411", 'did you mean "expect"?'),
    Whole("inline table", b"# x\nexpct = {}\n[answers]\n", 2, "LCT411", 'did you mean "expect"?'),
    Whole("title", b"\ntitle = 5\n[answers]\n", 2, "LCT412"),
    Whole("expect", b"\nexpect = 5\n[answers]\n", 2, "LCT412"),
    Whole("broken line", b"[answers]\nage = 5\nside = left\n", 3, "not TOML: "),
    Whole("broken end", b"[answers]\nage =", 2, "not TOML: "),
    Whole("open text", b'[answers]\nside = "left', 2, "not TOML: "),
    Whole("same key twice", b"[answers]\nage = 5\nage = 6\n", 3, "not TOML: "),
    Whole("same table twice", b"[answers]\nage = 5\n[answers]\n", 3, "not TOML: "),
    Whole("NUL", b"[answers]\nage = 5\n# \x00\n", 3, "not TOML: "),
    Whole("escape", b'[answers]\nside = "\x1b[2J"\n', 2, "not TOML: "),
    Whole("CR alone", b"[answers]\rage = 5\r", 1, "not TOML: "),
    Whole("Latin-1", b"[answers]\n# caf\xe9\n", 2, "not UTF-8 text"),
    Whole("UTF-16", "[answers]\n".encode("utf-16"), 1, "not UTF-8 text"),
    Whole("deep", b"[answers]\nage = " + b"[" * 3000 + b"]" * 3000, 0, "not TOML: nested too deeply"),
    Whole("many digits", b"[answers]\nage = " + b"9" * 5000, 0, "not TOML: "),
    Whole("many hex digits", b"[answers]\nage = 0x" + b"f" * 5000, 0, "not TOML: nested too deeply, or a number too"),
    Whole("more than 64 bits", b"[answers]\nage = -18446744073709551616", 0, "not TOML: "),
    Whole("64 bits", b"[answers]\nage = 0xffffffffffffffff", 2, "LCT404"),
    Whole("dotted", b"# x\nanswers.age = 500\n", 2, "LCT404", AGES),
    Whole("inline answers", b"# x\nanswers = { age = 500 }\n", 2, "LCT404", AGES),
    Whole("sub-table", b"[answers]\n\n[answers.age]\nx = 1\n", 3, "LCT404"),
    Whole("quoted", b'["answers"]\n"age" = 500\n', 2, "LCT404", AGES),
    Whole("spaced", b"  [ answers ] # x\n  age   = 500\n", 2, "LCT404", AGES),
    Whole("after a long text", b'title = """\n[answers]\nage = 1\n"""\n[answers]\nage = 500\n', 6, "LCT404", AGES),
    Whole("after a list", b'[answers]\ndanger = [\n  "none",\n]\nage = 500\n', 5, "LCT404", AGES),
    Whole("after quotes in a comment", b'# """\n[answers]\nage = 500\n', 3, "LCT404", AGES),
    Whole("after an odd line end", "# a\u2028b\x85c\n[answers]\nage = 500\n".encode(), 3, "LCT404", AGES),
    Whole("BOM", b"\xef\xbb\xbf[answers]\nage = 500\n", 2, "LCT404", AGES),
    Whole("CRLF", b"[answers]\r\nage = 500\r\n", 2, "LCT404", AGES),
]


@pytest.mark.parametrize("whole", WHOLE, ids=lambda w: w.name)
def test_a_wrong_file_is_told(whole: Whole, path: Path, rulebase: RuleBase) -> None:
    [fault] = faults(path, whole.raw, rulebase)
    assert (fault.file, fault.line) == (str(path), whole.line)
    assert whole.what in f"{fault.code} {fault.what}"
    assert fault.hint.startswith(whole.hint)


@pytest.mark.parametrize(
    "raw", [b"\xef\xbb\xbf[answers]\nage = 5\n", b"[answers]\r\nage = 5\r\n", b"[answers]\nage = 5"]
)
def test_byte_order_marks_and_line_ends_make_no_difference(raw: bytes, path: Path, rulebase: RuleBase) -> None:
    assert read(path, raw, rulebase).answers == {"age": 5}


def test_a_file_without_any_answer_is_read(path: Path, rulebase: RuleBase) -> None:
    file = read(path, '[answers]\n[expect]\ndisposition = "soon"\n', rulebase)
    assert (file.answers, file.title, file.expect) == ({}, "", {"disposition": "soon"})


def test_a_long_file_is_read_to_its_end(path: Path, rulebase: RuleBase) -> None:
    raw = b"#" * 400_000 + b"\n[answers]\nage = 5\n"
    assert read(path, raw, rulebase).answers == {"age": 5}


@pytest.mark.parametrize("endless", [False, True])
def test_a_huge_file_is_refused(endless: bool, path: Path, rulebase: RuleBase) -> None:
    path.symlink_to("/dev/zero") if endless else path.write_bytes(b"[answers]\n" + b"#" * 6_000_000)
    with pytest.raises(FaultyInput, match="larger than 5,000,000 bytes"):
        read_answer_file(path, rulebase)


@pytest.mark.parametrize(
    ("name", "reason"),
    [(".", "Is a directory"), ("nowhere.toml", "No such file or directory"), ("a\0b", "null"), ("x" * 300, "too long")],
)
def test_a_file_that_cannot_be_read_is_told(name: str, reason: str, tmp_path: Path, rulebase: RuleBase) -> None:
    with pytest.raises(FaultyInput) as caught:
        read_answer_file(tmp_path / name, rulebase)
    [fault] = caught.value.faults
    assert fault.line == 0
    assert fault.what.startswith("cannot be read: ")
    assert reason in fault.what


# --- a fault hides no danger sign, and is never taken for "none"

HIDING = {
    "another answer": 'danger = ["d_breath"]\nage = 500',
    "another question": 'danger = ["d_breath"]\nagee = 5',
    "none beside it": 'danger = ["none", "d_breath"]',
    "an unknown sign beside it": 'danger = ["d_breath", "xx"]',
    "given twice": 'danger = ["d_breath", "d_breath"]',
    "as a text": 'danger = "d_breath"',
    "as one text of several": 'danger = "d_pee; d_breath"',
    "in capitals": 'danger = ["D_BREATH"]',
    "in a list of a list": 'danger = [["d_breath"]]',
    "more faults than are told": 'danger = ["d_breath"]\n' + "\n".join(f"x{n} = 1" for n in range(300)),
    "more unknown options than are told": f"danger = {['d_breath', *(f'x{n}' for n in range(300))]}",
    "more unknown fields than are told": 'danger = ["d_breath"]\n' + "\n".join(f"[x{n}]" for n in range(300)),
    "a broken line": 'danger = ["d_breath"]\nage = forty',
    "its own broken line": "danger = [d_breath]",
    "an open quote": 'danger = ["d_breath]',
    "an open list": 'danger = [\n  "d_pee",\n  "d_breath",\nage = 5',
    "the same question twice": 'danger = ["none"]\ndanger = ["d_breath"]',
    "no text": 'danger = ["d_breath"]\n# \udcff',
}


@pytest.mark.parametrize("name", HIDING)
def test_a_fault_hides_no_danger_sign(name: str, path: Path, rulebase: RuleBase, engine: Engine) -> None:
    with pytest.raises(FaultyInput) as caught:
        read(path, f"[answers]\n{HIDING[name]}\n".encode(errors="surrogateescape"), rulebase)
    assert "d_breath" in caught.value.known["danger"]
    told = with_level(engine, caught.value)
    assert f"asks for this: {rules_in_voice(rulebase).ladder[0].say}" in str(told)
    assert set(told.faults) > set(caught.value.faults)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('danger = ["none", "none"]', {}),
        ('danger = "none"', {}),
        ('danger = ["none", "xx"]\nside = "both;left"', {"side": "left"}),
        ('side = "left or right"', {}),  # not to be told apart
        ('# danger = ["d_breath"]\nage = ', {}),
        ('title = "x"\n[expect]\n["d_breath"]\n', {}),
        ('age = "70"', {}),
    ],
)
def test_of_a_faulty_file_only_signs_are_read(
    text: str, known: dict[str, object], path: Path, rulebase: RuleBase, engine: Engine
) -> None:
    with pytest.raises(FaultyInput) as caught:
        read(path, f"[answers]\n{text}\n", rulebase)
    assert caught.value.known == known
    assert with_level(engine, caught.value) is caught.value


def test_a_level_that_an_open_question_may_explain_is_told_so(path: Path, rulebase: RuleBase, engine: Engine) -> None:
    for more, unless in (("", True), ('pain = ["p_expl", "p_old"]\n', False)):
        with pytest.raises(FaultyInput) as caught:
            read(path, f'[answers]\nage = 500\nlegs = ["l_one"]\n{more}', rulebase)
        assert ("unless an open question explains it: " in str(with_level(engine, caught.value))) is unless


@pytest.mark.parametrize("given", ["", " ", "non", "None", "NONE", "no", "nothing", "nicht", "null", "0"])
def test_nobody_is_led_to_none(given: str, path: Path, rulebase: RuleBase) -> None:
    for name, question in rulebase.questions.items():
        if question.kind != "number":
            value = f'["{given}"]' if question.kind == "many" else f'"{given}"'
            [fault] = faults(path, f"[answers]\n{name} = {value}\n", rulebase)
            assert 'did you mean "none"' not in fault.hint
            assert 'did you mean "both"' not in fault.hint


def test_a_file_of_version_1_is_refused_with_one_line(path: Path, rulebase: RuleBase) -> None:
    text = 'titel = "x"\n[answers]\nage = 500\nred_now = ["r_breath"]\nfeel = "knot"\nxx = 1\n[expct]\n'
    [fault] = faults(path, text, rulebase)
    assert (fault.file, fault.line, fault.code, fault.what) == (str(path), 4, "LCT413", rulebase.saved.gone_say)
    assert "version 1" in fault.what
    assert set(rulebase.saved.gone).isdisjoint(rulebase.questions)


# --- nothing in a file can drive the terminal


CLEAR = "\\u001b[2J\\u202e\\u0007"  # clears the screen, turns text round and beeps, if it is echoed raw
ECHOED = {
    "field": f'"{CLEAR}" = 1\n[answers]',
    "table": f'["{CLEAR}"]\n[answers]',
    "question": f'[answers]\n"{CLEAR}" = 1',
    "number": f'[answers]\nage = "{CLEAR}"',
    "list for a number": f'[answers]\nage = ["{CLEAR}"]',
    "option": f'[answers]\nside = "{CLEAR}"',
    "one of several": f'[answers]\nbefore = ["{CLEAR}"]',
    "twice": f'[answers]\nbefore = ["{CLEAR}", "{CLEAR}"]',
    "text for a list": f'[answers]\nbefore = "{CLEAR}"',
    "same table twice": f'["{CLEAR}"]\n["{CLEAR}"]',
}


@pytest.mark.parametrize("name", ECHOED)
def test_no_control_characters_of_a_file_are_echoed(name: str, path: Path, rulebase: RuleBase) -> None:
    found = faults(path, f"{ECHOED[name]}\n", rulebase)
    assert found
    assert all(str(fault).isprintable() for fault in found)


def test_no_control_characters_of_a_file_name_are_echoed(tmp_path: Path, rulebase: RuleBase) -> None:
    [fault] = faults(tmp_path / "a\x1b[2J.toml", "", rulebase)
    assert str(fault).isprintable()


# --- round trip


def answer_to(question: Question) -> st.SearchStrategy[Answer]:
    """Any answer that a question takes."""
    alone = [option.id for option in question.options if option.exclusive]
    others = [option.id for option in question.options if not option.exclusive]
    if question.kind == "many":
        several = st.sets(st.sampled_from(others), min_size=1)
        chosen = st.one_of(several, st.sampled_from(alone).map(lambda one: {one}))
        return chosen.map(lambda ids: tuple(o.id for o in question.options if o.id in ids))
    if question.kind == "number":
        return st.integers(question.minimum, question.maximum) | st.sampled_from(others)
    return st.sampled_from([*others, *alone])


def answers_to(rulebase: RuleBase) -> st.SearchStrategy[Answers]:
    """Any answers to any of the questions."""
    each = {name: answer_to(question) for name, question in rulebase.questions.items()}

    def goes_together(answers: Answers) -> bool:
        limit, age = (
            rulebase.questions["age"].limit(as_facts({name: answers[name] for name in answers if name != "age"}, {})),
            answers.get("age"),
        )
        return limit is None or not isinstance(age, int) or limit.allows(age)

    return st.fixed_dictionaries({}, optional=each).filter(goes_together)


@QUIET
@given(data=st.data())
def test_answers_survive_a_round_trip(
    data: st.DataObject, rulebase: RuleBase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answers = data.draw(answers_to(rulebase))
    path = tmp_path_factory.getbasetemp() / "round-trip.toml"
    write_whole(path, as_toml(answers, rulebase))
    again = read_answer_file(path, rulebase).answers
    assert again == answers
    assert list(again) == [name for name in rulebase.questions if name in answers]


@pytest.mark.parametrize(("days", "stale"), [(0, False), (1, False), (2, True), (400, True), (-1, True)], ids=str)
def test_answers_are_stale_after_a_day_or_from_the_future(
    path: Path, rulebase: RuleBase, days: int, stale: bool
) -> None:
    today = date(2026, 3, 1)
    file = read(path, as_toml({"age": 5}, rulebase, "Leap", saved=today - timedelta(days)), rulebase)
    assert (file.title, file.saved) == ("Leap", today - timedelta(days))
    assert is_stale(file, rulebase, today) == stale


def test_answers_without_a_day_are_not_stale(path: Path, rulebase: RuleBase) -> None:
    assert not is_stale(read(path, "[answers]\nage = 5\n", rulebase), rulebase, date(2026, 3, 1))


def test_old_answers_keep_what_does_not_change_in_hours(rulebase: RuleBase) -> None:
    answers: Answers = {"start": "child", "danger": ("none",), "age": 5, "side": "left", "before": ("e_cold",)}
    assert without_danger(answers, rulebase) == {"start": "child", "age": 5, "before": ("e_cold",)}


@pytest.mark.parametrize("saved", ['"today"', "2026", "2026-01-31T10:00:00", "10:00:00"])
def test_a_day_that_is_none_is_told(path: Path, rulebase: RuleBase, saved: str) -> None:
    with pytest.raises(FaultyInput, match="LCT412 saved: "):
        read(path, f"saved = {saved}\n[answers]\nage = 5\n", rulebase)


def test_the_order_of_answers_and_of_options_does_not_matter(path: Path, rulebase: RuleBase) -> None:
    file = read(path, '[answers]\nbefore = ["e_stand", "e_hard"]\nside = "left"\nage = 5\n', rulebase)
    assert list(file.answers.items()) == [("age", 5), ("side", "left"), ("before", ("e_hard", "e_stand"))]
    assert as_toml(file.answers, rulebase) == '[answers]\nage = 5\nside = "left"\nbefore = ["e_hard", "e_stand"]\n'


VALUES = st.one_of(
    st.integers(-(2**64) + 1, 2**64 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["true", "[]", "{}", "nan", "1979-05-27", "[[]]", '["none", "none"]', "[1, true]", '"""\n"""']),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="'")).map(lambda t: f"'{t}'"),
)


@QUIET
@given(data=st.data())
def test_a_file_is_read_or_refused_with_its_lines(
    data: st.DataObject, rulebase: RuleBase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given_values = data.draw(st.dictionaries(st.sampled_from(list(rulebase.questions)), VALUES, min_size=1))
    text = "[answers]\n" + "".join(f"{name} = {value}\n" for name, value in given_values.items())
    path = tmp_path_factory.getbasetemp() / "any.toml"
    for fault in faults(path, text, rulebase):
        name = fault.what.split(":")[0]
        assert text.split("\n")[fault.line - 1].startswith(f"{name} = ")


@QUIET
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    raw: bytes, rulebase: RuleBase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    assert all(fault.file == str(path) for fault in faults(path, b"[answers]\n" + raw, rulebase))


# --- written whole or not at all


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that would leave files readable by everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_a_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", "text\n")
    (tmp_path / "old").write_text("before")
    write_whole(tmp_path / "old", "text\n")
    assert [(p.name, mode(p), p.read_text()) for p in sorted(tmp_path.iterdir())] == [
        ("new", 0o600, "text\n"),
        ("old", 0o600, "text\n"),
    ]


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["os.replace", "os.fsync"])
@pytest.mark.parametrize(("ends", "error"), [(full_disk, OSError), (stopped, KeyboardInterrupt)])
def test_the_earlier_file_is_untouched_when_writing_fails(
    step: str,
    ends: Callable[..., None],
    error: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("before")
    with monkeypatch.context() as patched:
        patched.setattr(step, ends)
        with pytest.raises(error):
            write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]  # no half a file is left behind


def test_text_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half " * 10_000 + "\ud800")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_is_on_the_disk_before_it_takes_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, real=real, name=name: (steps.append(name), real(*args)))
    write_whole(tmp_path / "answers.toml", "text")
    assert steps == ["fsync", "replace"]


def test_a_link_keeps_pointing_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "answers.toml", tmp_path / "link.toml"
    target.write_text("before")
    link.symlink_to(target)
    write_whole(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"
    target.unlink()
    write_whole(link, "again")  # a link to a file that is yet to be
    assert link.is_symlink()
    assert target.read_text() == "again"


@pytest.mark.parametrize(
    ("mode", "another", "followed"), [(0o1777, 1, False), (0o777, 1, False), (0o1777, 0, True), (0o755, 1, True)]
)
@pytest.mark.parametrize("linked", ["file", "folder", "through"])
def test_a_link_that_another_user_planted_is_not_followed(
    linked: str, mode: int, another: int, followed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, folder = tmp_path / "shared", tmp_path / "folder"
    target = folder / "answers.toml"
    for path in (shared, folder):
        path.mkdir()
    target.write_text("before")
    (shared / "link").symlink_to(folder if linked == "folder" else target)
    (folder / "mine").symlink_to(shared / "link")
    shared.chmod(mode)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + another)
    path = {"file": shared / "link", "folder": shared / "link" / "answers.toml", "through": folder / "mine"}[linked]
    with nullcontext() if followed else pytest.raises(PermissionError):
        write_whole(path, "after")
    assert target.read_text() == ("after" if followed else "before")


def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"  # stands for /dev/null, which root could replace
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with suppress(OSError):
        write_whole(pipe, "text")
    os.close(reader)
    assert pipe.is_fifo()


def test_a_folder_that_cannot_be_written_to_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("before")
    with pytest.raises(NotADirectoryError):
        write_whole(tmp_path / "file" / "answers.toml", "text")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "answers.toml", "text")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    # The rights of a folder do not stop root, who may run these tests.
    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "answers.toml", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "answers.toml", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["answers.toml"]
