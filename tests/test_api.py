"""The library: typed, safe in many threads, and nothing that one call leaves behind for the next."""

from __future__ import annotations

import copy
import json
import pickle
import pydoc
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy
import pytest
from jsonschema import Draft7Validator

import triage
from triage import api
from triage.conversation.interview import missing_from
from triage.exchange.schemas.every import schema_of
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.as_json import as_dict as document
from triage.reasoning.assessment import assess as assess_with
from triage.reasoning.engine import Engine

RUNNER: dict[str, object] = {
    "start": "me", "danger": ["none"], "age": 34, "legs": ["none"], "kind": ["k_sport"], "course": ["c_once"],
    "also": ["none"], "health": ["none"], "before": ["e_heat", "e_dry"],
}  # fmt: skip
EMERGENCY: dict[str, object] = {"start": "adult", "danger": ["d_cold"]}


def given(answers: Answers) -> dict[str, object]:
    """Answers as a caller writes them: lists, no tuples."""
    return {name: list(answer) if isinstance(answer, tuple) else answer for name, answer in answers.items()}


def options_in_order(answers: dict[str, object]) -> None:
    """The options of each answer sorted: those that are given are put into the order of the question."""
    for name, answer in answers.items():
        answers[name] = sorted(answer) if isinstance(answer, list) else answer


@pytest.fixture(scope="session")
def milder(tmp_path_factory: pytest.TempPathFactory) -> triage.Rules:
    """A rule base whose lowest level has another name, so that a mix-up shows."""
    folder = tmp_path_factory.mktemp("other") / "rules"
    shutil.copytree(rules_folder(), folder)
    for path in folder.rglob("*.toml"):
        path.write_text(path.read_text("utf-8").replace('"self_care"', '"at_home"'), "utf-8")
    return triage.load_rules(folder)


# --- what it gives


def test_it_gives_what_the_program_gives(engine: Engine, rulebase: RuleBase, answer_sets: list[Answers]) -> None:
    for answers in answer_sets[:25]:
        expected = assess_with(engine, answers, missing_from(engine, answers))
        assessment = triage.assess(given(answers))
        got, wanted = triage.as_dict(assessment), document(rulebase, expected)
        options_in_order(got["answers"]), options_in_order(wanted["answers"])
        assert got == wanted
        assert assessment.fired == expected.fired


def test_missing_answers_are_named_and_never_reassure() -> None:
    for answers in ({}, {"age": 34}, {name: RUNNER[name] for name in list(RUNNER)[:-1]}):
        assessment = triage.assess(answers)
        assert not assessment.complete
        assert assessment.missing
        assert not set(assessment.missing) & set(answers)
        data = triage.as_dict(assessment)
        assert (data["complete"], data["time"]) == (False, "")
        assert data["say"] != triage.as_dict(triage.assess(RUNNER))["say"]
    assert triage.assess(RUNNER).complete
    assert triage.assess(EMERGENCY).complete


def test_answers_of_an_assessment_can_be_given_again() -> None:
    first = triage.assess(RUNNER)
    assert triage.as_dict(triage.assess(first.answers)) == triage.as_dict(first)


def test_the_next_question_leads_through_an_interview() -> None:
    answers: dict[str, object] = {}
    asked = []
    while question := triage.next_question(answers):
        asked.append(question.id)
        answers[question.id] = RUNNER[question.id]
    assert asked == list(RUNNER)
    assert triage.next_question(EMERGENCY) is None
    assert triage.next_question({"start": "me"}) is triage.load_rules().questions["danger"]


def test_a_result_is_ready_for_json_and_for_a_screen() -> None:
    assessment = triage.assess(RUNNER)
    assert json.loads(json.dumps(triage.as_dict(assessment))) == triage.as_dict(assessment)
    assert "how" in triage.as_dict(assessment, explain=True)
    assert "how" not in triage.as_dict(assessment)
    for columns in (40, 80):
        lines = triage.as_text(assessment, columns=columns).splitlines()
        assert max(map(len, lines)) <= columns
    plain, explained = triage.as_text(assessment), triage.as_text(assessment, explain=True)
    assert explained.startswith(plain)
    assert len(explained) > len(plain)
    assert triage.as_text(triage.assess(EMERGENCY))


def test_an_answer_file_is_read_with_its_day(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('title = "A"\nsaved = 2026-01-31\n[answers]\nstart = "adult"\ndanger = ["d_cold"]\n')
    file = triage.read_answer_file(str(path))
    assert (file.title, file.saved) == ("A", date(2026, 1, 31))
    assert triage.as_dict(triage.assess(file.answers)) == triage.as_dict(triage.assess(EMERGENCY))
    assert [triage.is_stale(file, today=file.saved + timedelta(days)) for days in (-1, 0, 1, 2)] == [
        True, False, False, True,
    ]  # fmt: skip
    assert triage.is_stale(file)


# --- what is wrong is told


@pytest.mark.parametrize(
    ("answers", "field", "told"),
    [
        ({"agee": 3}, "agee", 'did you mean "age"?'),
        ({"age": 200}, "age", "0 to 120"),
        ({"age": "70"}, "age", "whole number"),
        ({"age": True}, "age", "whole number"),
        ({"age": 7.5}, "age", "whole number"),
        ({"start": "child", "age": 18}, "age", "does not go with the other answers"),
        ({"side": "lft"}, "side", 'did you mean "left"?'),
        ({"side": ["left"]}, "side", "allowed: "),
        ({"danger": "none"}, "danger", "list"),
        ({"danger": []}, "danger", "at least one"),
        ({"danger": None}, "danger", "list"),
        ({"before": ["none", "not_sure"]}, "before", "stands alone"),
        ({"before": ["e_heat", "e_heat"]}, "before", "twice"),
        ({"danger": {"none"}}, "danger", "list"),
        ({3: 4}, "3", "unknown question"),
        ([("age", 3)], "answers", "mapping"),
        (None, "answers", "mapping"),
    ],
)
def test_faulty_answers_name_the_field_and_what_is_allowed(
    answers: Mapping[str, object], field: str, told: str
) -> None:
    for ask in (triage.assess, triage.next_question):
        with pytest.raises(triage.FaultyInput) as raised:
            ask(answers)
        (fault,) = raised.value.faults
        assert field in fault.what
        assert told in str(fault)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(triage.FaultyInput) as raised:
        triage.assess({"agee": 1, "side": "lft", "danger": []})
    assert len(raised.value.faults) == 3
    assert all(isinstance(fault, triage.Fault) for fault in raised.value.faults)


FAULTY: list[tuple[dict[str, object], str]] = [
    ({"danger": ["d_cold"], "age": 500}, "emergency"),
    ({"danger": ["none", "d_cold"]}, "emergency"),
    ({"danger": ["d_cold", "xx"]}, "emergency"),
    ({"danger": ["d_cold", *(f"x{n}" for n in range(300))]}, "emergency"),
    ({"danger": ["d_pee"], "age": "old"}, "urgent"),
    ({"danger": ["none", "not_sure"]}, "urgent"),
    ({"legs": ["l_one"], "age": -1}, "urgent?"),
    ({"danger": ["none"], "age": -1}, ""),
]
UNLESS = "unless an open question explains it"


@pytest.mark.parametrize(("answers", "level"), FAULTY, ids=lambda value: str(value)[:50])
def test_a_fault_hides_no_danger_sign(answers: dict[str, object], level: str, rulebase: RuleBase) -> None:
    """The error, and that of a row, say what the answers ask for beside what is wrong."""
    with pytest.raises(triage.FaultyInput) as raised:
        triage.assess(answers)
    (row,) = triage.assess_rows([answers], partial=True)
    known = level.removesuffix("?")
    if known:
        assert f": {rules_in_voice(rulebase).dispositions[known].say}" in str(raised.value)
        assert f"; so far asks for: {known}" in str(row["error"])
    for told in (str(raised.value), str(row["error"])):
        assert ("asks for" in told) == bool(known)
        assert (UNLESS in told) == level.endswith("?")


@pytest.mark.parametrize(
    "answers",
    [
        {"danger": ["d_cold"], **{f"x{n}": 1 for n in range(300)}},
        {"danger": "d_cold"},
        {"danger": ["d_cold"], "age": None},
    ],
    ids=["more faults than are told", "text", "null"],
)
def test_what_is_no_fault_of_a_row_hides_no_danger_sign(answers: dict[str, object]) -> None:
    with pytest.raises(triage.FaultyInput, match="asks for this: Call the emergency number now"):
        triage.assess(answers)
    (row,) = triage.assess_rows([answers])
    assert row["disposition"] == "emergency"


def test_the_answers_of_a_faulty_file_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[answers]\ndanger = ["d_cold"]\nage = x\n')
    with pytest.raises(triage.FaultyInput, match="asks for this: Call the emergency number now"):
        triage.read_answer_file(path)


def test_answers_of_version_1_are_refused(rulebase: RuleBase) -> None:
    old = {"age": 34, "red_now": ["r_breath"], "when": "sleep", "feel": "knot", "x": 1}
    with pytest.raises(triage.FaultyInput) as raised:
        triage.assess(old)
    assert [fault.what for fault in raised.value.faults] == [rulebase.saved.gone_say]
    (row,) = triage.assess_rows([old], partial=True)
    assert row["error"] == rulebase.saved.gone_say
    (row,) = triage.assess_rows([{"danger": "d_cold", "where": "Paris"}])  # a column of somebody's own
    assert row["disposition"] == "emergency"


def test_what_an_open_question_may_explain_is_pending() -> None:
    """A level is "at least" only where no open question can take it back."""
    swollen: dict[str, object] = {"start": "me", "danger": ["none"], "age": 40, "legs": ["l_one"]}
    found = triage.as_dict(triage.assess(swollen))
    assert (found["disposition"], found["see_doctor"], found["complete"]) == ("urgent", True, False)
    assert found["pending"] == [flag["id"] for flag in found["red_flags"] if flag["disposition"] == "urgent"]
    assert "So far, unless an open question explains it: " in found["say"]
    assert "at least" not in found["say"]
    certain = triage.as_dict(triage.assess({**swollen, "danger": ["d_pee"]}))
    assert "So far, at least: " in certain["say"]
    rows = triage.assess_rows([swollen, {**swollen, "danger": ["d_pee"]}, RUNNER], partial=True)
    assert [row["pending"] for row in rows] == [True, False, False]


def test_faulty_rules_are_told(tmp_path: Path) -> None:
    with pytest.raises(triage.FaultyInput, match="no such folder"):
        triage.load_rules(tmp_path / "nowhere")
    with pytest.raises(triage.FaultyInput, match=r"questions\.toml"):
        triage.load_rules(tmp_path)


# --- many answer sets

RESULTS = (
    "disposition", "see_doctor", "pharmacist", "red_flags", "causes", "needs_checking", "checks", "missing",
    "pending",
)  # fmt: skip


def alone(answers: Mapping[str, object]) -> dict[str, object]:
    """What `assess` says of one answer set, as the result of a row."""
    found = triage.assess(answers)
    listed = {name: [one["id"] for one in triage.as_dict(found)[name]] for name in RESULTS[3:7]}
    known = found.complete or found.see_doctor
    level = (found.disposition.id, found.see_doctor) if known else (None, None)
    values = {
        "disposition": level[0],
        "see_doctor": level[1],
        "missing": list(found.missing),
        "pending": found.may_be_explained,
    }
    pharmacist = found.pharmacist is not None
    return {**values, **listed, "pharmacist": pharmacist, "rulebase": found.rulebase_sha256[:12], "error": None}


def test_rows_get_what_each_gets_alone(answer_sets: list[Answers], monkeypatch: pytest.MonkeyPatch) -> None:
    sets = [given(answers) for answers in answer_sets[:30]]
    cut = [dict(list(answers.items())[: n % 9]) for n, answers in enumerate(sets)]
    monkeypatch.setattr(api, "RECORDS", 30)
    found = triage.assess_rows(iter(sets + cut), partial=True)
    assert found == [alone(answers) for answers in sets + cut]
    assert all(list(row) == [*RESULTS, "rulebase", "error"] for row in found)
    assert triage.assess_rows([]) == []


def test_what_is_wrong_with_a_row_is_in_its_result() -> None:
    bad: list[tuple[object, str]] = [
        ({"start": "child", "age": 40}, "age: 40 does not go with the other answers"),
        ({"age": 200, "side": "lft"}, 'side: unknown option "lft" (did you mean "left"?'),
        ({"age": True}, "age: "),
        ({"age": b"34"}, "age: "),
        ({"age": object()}, "age: "),
        ({"danger": {"none"}}, "danger: "),
        ({"before": "none;e_dry"}, "stands alone"),
        ({"side": "le\x1bft" * 1_000}, "side: "),
        (None, "mapping"),
        ([("age", 3)], "mapping"),
    ]
    rows = triage.assess_rows([RUNNER, *(row for row, _ in bad), EMERGENCY], partial=True)  # type: ignore[list-item]
    assert [rows[0], rows[-1]] == [alone(RUNNER), alone(EMERGENCY)]
    for row, (_, told) in zip(rows[1:-1], bad, strict=True):
        assert told in str(row["error"])
        assert len(str(row["error"])) < 1_000
        assert str(row["error"]).isprintable()
        assert {row[name] for name in RESULTS} == {None}
        assert row["rulebase"] == rows[0]["rulebase"]


def test_rows_with_open_questions_are_refused_unless_they_are_wanted() -> None:
    begun = {"age": 34, "danger": "none"}
    (refused,) = triage.assess_rows([begun])
    assert refused["disposition"] is None
    assert refused["error"] == f"not answered: {';'.join(triage.assess({'age': 34, 'danger': ['none']}).missing)}"
    (known,) = triage.assess_rows([begun], partial=True)
    assert (known["error"], known["missing"]) == (None, refused["error"].removeprefix("not answered: ").split(";"))


def test_rows_are_read_as_other_programs_hand_them_over() -> None:
    """Frames hold numbers as texts or floats, lists as arrays, and several kinds of nothing."""
    row = {"age": numpy.int64(70), "danger": numpy.array(["d_cold"]), "side": float("nan"), "kind": None, "x": 1}
    text = {"age": " 70 ", "danger": "d_cold;", "side": "", "kind": numpy.nan, "before": []}
    floats = {"age": 70.0, "danger": ("d_cold",), "side": numpy.str_("")}
    assert triage.assess_rows([row, text, floats]) == [alone({"age": 70, "danger": ["d_cold"]})] * 3


def test_rows_go_by_the_rules_that_are_passed(milder: triage.Rules) -> None:
    assert [row["disposition"] for row in triage.assess_rows([RUNNER], milder)] == ["at_home"]
    assert [row["disposition"] for row in triage.assess_rows([RUNNER])] == ["self_care"]


class Odd:
    """A value that cannot be looked at."""

    def __repr__(self) -> str:
        raise OSError

    def __getattr__(self, name: str) -> object:
        raise OSError(name)


def test_a_value_that_cannot_be_looked_at_stops_no_other_row() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    bad: list[object] = [10**5_000, deep, Odd(), [Odd()]]
    rows = triage.assess_rows([EMERGENCY, *({"age": value} for value in bad), EMERGENCY], partial=True)
    assert [row["error"] is None for row in rows] == [True, False, False, False, False, True]
    assert all("age" in (row["error"] or "") for row in rows[1:-1])


def test_the_result_of_a_row_keeps_to_its_schema(rulebase: RuleBase) -> None:
    validator = Draft7Validator(schema_of(rulebase, "row"))
    rows = triage.assess_rows([RUNNER, EMERGENCY, {"age": 200}, {}], partial=True)
    assert [list(validator.iter_errors(row)) for row in rows] == [[]] * 4
    assert list(validator.iter_errors({**rows[0], "disposition": "soonish"}))


# --- nothing to trip over


def test_eight_threads_give_what_one_gives(answer_sets: list[Answers]) -> None:
    sets = [given(answers) for answers in answer_sets[:12]]
    alone = [triage.as_dict(triage.assess(answers)) for answers in sets]
    together = threading.Barrier(8)

    def share(number: int) -> list[dict[str, object]]:
        together.wait()
        turned = sets[number:] + sets[:number]  # every thread has another one in hand
        got = [triage.as_dict(triage.assess(answers)) for answers in turned]
        return got[len(sets) - number :] + got[: len(sets) - number]

    with ThreadPoolExecutor(8) as pool:
        assert all(got == alone for got in pool.map(share, range(8)))


def test_threads_that_start_together_read_the_rules_once() -> None:
    program = """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from triage import assess, load_rules
        together = threading.Barrier(8)
        def first(_):
            together.wait()
            return load_rules(), assess({"start": "me", "danger": ["d_cold"]}).disposition.id
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(first, range(8)))
        print(len({id(rules) for rules, _ in found}), {level for _, level in found})
    """
    assert run_python(program) == "1 {'emergency'}\n"


def test_two_rule_bases_side_by_side_do_not_mix(milder: triage.Rules) -> None:
    own = triage.load_rules()
    for _ in range(3):
        assert triage.assess(RUNNER).disposition.id == "self_care"
        assert triage.assess(RUNNER, milder).disposition.id == "at_home"
        assert triage.assess(RUNNER, own).disposition.id == "self_care"
    assert own.sha256 != milder.sha256
    assert triage.as_dict(triage.assess(RUNNER, milder), milder)["rulebase"]["sha256"] == milder.sha256
    for word in (triage.as_dict, triage.as_text):
        with pytest.raises(ValueError, match="another rule base"):
            word(triage.assess(RUNNER, milder))
        with pytest.raises(ValueError, match="another rule base"):
            word(triage.assess(RUNNER), milder)


def test_what_is_passed_in_is_not_changed_and_not_kept() -> None:
    signs = ["none"]
    answers = {**RUNNER, "danger": signs}
    before = copy.deepcopy(answers)
    assessment = triage.assess(answers)
    triage.next_question(answers)
    assert answers == before
    signs.append("d_cold")
    answers.clear()
    assert assessment.answers["danger"] == ("none",)
    assert len(assessment.answers) == len(before)
    assert triage.as_dict(triage.assess(MappingProxyType(before))) == triage.as_dict(assessment)


def test_the_questions_cannot_be_changed() -> None:
    rules = triage.load_rules()
    assert list(rules.questions)[:2] == ["start", "danger"]
    with pytest.raises(TypeError):
        rules.questions["age"] = rules.questions["side"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        rules.questions["age"].text = "?"  # type: ignore[misc]


def test_an_assessment_can_be_copied_and_pickled_and_rules_cannot() -> None:
    assessment = triage.assess(RUNNER)
    for other in (copy.copy(assessment), copy.deepcopy(assessment), pickle.loads(pickle.dumps(assessment))):
        assert triage.as_dict(other) == triage.as_dict(assessment)
        assert triage.as_text(other) == triage.as_text(assessment)
    for fail in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="load_rules"):
            fail(triage.load_rules())
    with pytest.raises(triage.FaultyInput) as raised:
        triage.assess({"agee": 3})
    assert pickle.loads(pickle.dumps(raised.value)).faults == raised.value.faults


# --- how it is found


def test_the_names_are_those_of_the_library() -> None:
    assert triage.__all__ == api.__all__ == sorted(triage.__all__)
    assert set(triage.__all__) | {"__version__"} <= set(dir(triage))
    assert all(getattr(triage, name) is getattr(api, name) for name in triage.__all__)
    assert all(getattr(triage, name).__doc__ for name in triage.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        triage.nonsense  # type: ignore[attr-defined]  # noqa: B018
    shown = pydoc.render_doc(triage, renderer=pydoc.plaintext)
    assert all(name in shown for name in triage.__all__)


def test_nothing_is_imported_before_it_is_used() -> None:
    program = """
        import sys, triage
        print(dir(triage) and [name for name in sys.modules if name.startswith(("triage.", "experta"))])
        from triage import *
        print("triage.reasoning.engine" in sys.modules, "questionary" in sys.modules, "argparse" in sys.modules)
    """
    assert run_python(program) == "['triage.version']\nTrue False False\n"


def test_it_leaves_the_process_as_it_was() -> None:
    program = """
        import collections, gc, logging, sys
        from triage import as_dict, as_text, assess
        found = assess({"age": 70})
        as_dict(found), as_text(found)
        print(logging.getLogger().handlers, gc.isenabled(), gc.get_freeze_count(), hasattr(collections, "Mapping"))
    """
    assert run_python(program, "-W", "error") == "[] True 0 False\n"


USER = """
from collections.abc import Mapping

from triage import Assessment, FaultyInput, Question, Rules, as_dict, as_text, assess, load_rules, next_question


def interview(rules: Rules) -> dict[str, object]:
    answers: dict[str, object] = {}
    while (question := next_question(answers, rules)) is not None:
        answers[question.id] = choose(question)
    return answers


def choose(question: Question) -> int | str | list[str]:
    if question.kind == "number":
        return question.minimum
    last = question.options[-1].id
    return [last] if question.kind == "many" else last


def told(answers: Mapping[str, object]) -> str:
    try:
        found: Assessment = assess(answers)
    except FaultyInput as error:
        return "; ".join(fault.what for fault in error.faults)
    return f"{found.disposition.id} {as_dict(found)['say']} {as_text(found, columns=60)}"


print(told(interview(load_rules())), told({"age": 3, "danger": ["none"]}))
"""


@pytest.mark.nightly
def test_a_program_that_uses_it_is_checked_by_mypy(tmp_path: Path) -> None:
    path = tmp_path / "user.py"
    path.write_text(USER)
    good = mypy(path)
    assert good.returncode == 0, good.stdout
    assert run_python(USER)
    path.write_text(USER.replace("as_text(found, columns=60)", 'as_text(found, columns="60")'))
    bad = mypy(path)
    assert bad.returncode == 1
    assert "arg-type" in bad.stdout


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", "cache", path.name]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)


def run_python(program: str, *options: str) -> str:
    command = [sys.executable, *options, "-c", textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
