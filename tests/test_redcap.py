"""The data dictionary for REDCap: its rules on names and columns are kept, and its logic says what the rules say."""

from __future__ import annotations

import csv
import io
import re
from graphlib import TopologicalSorter
from random import Random

import plain
import pytest

from triage.cli.main import main
from triage.exchange import redcap
from triage.exchange.form_data import form_data
from triage.exchange.forms import asked_when
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answers, RuleBase

FIELD, KIND, CHOICES, LOGIC, REQUIRED = redcap.HEADER[0], redcap.HEADER[3], redcap.HEADER[5], *redcap.HEADER[11:13]


@pytest.fixture(scope="module")
def rows(rulebase: RuleBase) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(redcap.as_text(rulebase))))


def test_names_and_kinds_are_those_that_redcap_takes(rows: list[dict[str, str]]) -> None:
    names = [row[FIELD] for row in rows]
    assert names[0] == "record_id"
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z](_?[a-z0-9])*", name) for name in names)
    assert {row[KIND] for row in rows} == {"text", "radio", "checkbox", "descriptive"}
    for row in rows:
        codes = [choice.split(", ", 1)[0] for choice in row[CHOICES].split(" | ") if choice]
        assert bool(codes) == (row[KIND] in ("radio", "checkbox"))
        assert len(set(codes)) == len(codes)
        assert all(re.fullmatch(r"\w+", code) for code in codes)


def test_every_question_is_asked_and_comes_back(rows: list[dict[str, str]], rulebase: RuleBase) -> None:
    columns = ["record_id"]
    for row in rows[1:]:
        codes = [choice.split(", ", 1)[0] for choice in row[CHOICES].split(" | ")]
        columns += [f"{row[FIELD]}___{code}" for code in codes] if row[KIND] == "checkbox" else [row[FIELD]]
    found = form_data(columns, rulebase)
    assert found.tool == "REDCap"
    assert set(found.columns) == set(rulebase.questions)
    for question in rulebase.questions.values():
        parts = {part.option for part in found.columns[question.id]}
        assert parts == ({o.id for o in question.options} if question.kind == "many" else {""})
        assert question.id == "age" or any(row[FIELD] == question.id for row in rows)
    required = {row[FIELD] for row in rows if row[REQUIRED]}
    assert required == {"age_how" if q.id == "age" else q.id for q in rulebase.questions.values() if not q.after} | {
        "age"
    }


def holds(logic: str, answers: Answers) -> bool:
    """REDCap's logic, read by another reader."""

    def value(found: re.Match[str]) -> str:
        name, code = found[1], found[2]
        answer = answers.get(name.removesuffix("_how"), "")
        if code:
            return repr(str(int(code in (answer if isinstance(answer, tuple) else ()))))
        if name.endswith("_how"):
            return repr("said" if isinstance(answer, int) else answer)
        return repr("" if isinstance(answer, tuple) or (name, answer) == ("age", "a_na") else answer)

    text = re.sub(r"\[(\w+?)(?:\((\w+)\))?\]", value, logic)
    text = re.sub(r"'' (>=|<=) \d+", "False", text.replace("<>", "!=").replace(" = ", " == "))
    return bool(eval(text.replace("if(", "chosen("), {"chosen": lambda test, yes, no: yes if test else no}))


def test_fields_are_shown_where_the_rules_ask(rows: list[dict[str, str]], rulebase: RuleBase) -> None:
    random, shown = Random(8), {row[FIELD]: row[LOGIC] for row in rows}
    for answers in (plain.random_answers(random) for _ in range(60)):
        facts = as_facts(answers, rulebase.bands)
        for question in rulebase.questions.values():
            logic = shown["age_how" if question.id == "age" else question.id]
            assert (not logic or holds(logic, answers)) == asked_when(rulebase, question).holds(facts), question.id


def test_no_field_waits_for_one_that_waits_for_it(rows: list[dict[str, str]]) -> None:
    waits = {row[FIELD]: set(re.findall(r"\[(\w+)", row[LOGIC])) for row in rows}
    assert sum(map(bool, waits.values())) > 10
    assert len(list(TopologicalSorter(waits).static_order())) == len(rows)  # CycleError if one does


def test_it_is_offered(capsys: pytest.CaptureFixture[str], rulebase: RuleBase) -> None:
    assert main(["export", "redcap"]) == 0
    assert capsys.readouterr().out == redcap.as_text(rulebase) + "\n"
