"""The way back from our own form: what the tools export gives the results that the same answers give in a plain table."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import polars
import pytest
from judged import by_the_engine
from remembering import Remembering
from test_batch import errors_of, rows_of

from triage.cli.console import DONE, WRONG_INPUT
from triage.cli.main import main
from triage.exchange.form_data import as_given, as_text, form_data
from triage.knowledge.model import Answers, RuleBase
from triage.reasoning.engine import Engine
from triage.scale.expressions import RESULT

pytestmark = pytest.mark.usefixtures("rules_read_once")

SETS = 40
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def people(answer_sets: list[Answers]) -> list[Answers]:
    """Some rather did not say their age."""
    random = Random(3)
    some = [{**answers, "start": "me"} for answers in answer_sets if answers.get("age") != 0][:SETS]
    return [{**one, "age": "a_na"} if random.random() < 0.3 else one for one in some]


@pytest.fixture(scope="module")
def wanted(engine: Engine, people: list[Answers]) -> list[dict[str, Any]]:
    quick = Remembering(engine)
    return [dict(by_the_engine(quick, answers)) for answers in people]


def in_fields(answers: Answers, how: str = "age__how") -> dict[str, str]:
    """As the form keeps them: selections joined by blanks, an age in two fields."""
    cells = {n: " ".join(a) if isinstance(a, tuple) else str(a) for n, a in answers.items()}
    if not isinstance(answers.get("age", 0), int):
        return {**cells, how: cells["age"], "age": ""}
    return {**cells, how: "said"} if "age" in cells else cells


def split(answers: Answers, rulebase: RuleBase, between: str, *, whole: bool) -> dict[str, str]:
    """A column of 0 and 1 for each option of a list, and perhaps the list as well."""
    cells = in_fields(answers)
    for question in rulebase.questions.values():
        if question.kind == "many":
            chosen = answers.get(question.id, ())
            for option in question.options:
                ticked = str(int(option.id in chosen))  # type: ignore[operator]
                cells[f"{question.id}{between}{option.id}"] = ticked if question.id in answers else ""
            if not whole:
                cells.pop(question.id, None)
    return cells


def in_group(cells: dict[str, str], between: str) -> dict[str, str]:
    return {f"page1{between}{name}": cell for name, cell in cells.items()}


def odk(people: Iterable[Answers], _: RuleBase) -> Rows:
    return [{"SubmissionDate": "2026-11-01", **in_fields(a), "KEY": f"uuid:{n}"} for n, a in enumerate(people)]


def odk_split_in_a_group(people: Iterable[Answers], rulebase: RuleBase) -> Rows:
    rows = (in_group(split(a, rulebase, "/", whole=True), "-") for a in people)
    return [{**row, "meta-instanceID": f"uuid:{n}", "KEY": f"uuid:{n}"} for n, row in enumerate(rows)]


def odata(people: Iterable[Answers], _: RuleBase) -> Rows:
    return [{"__id": f"uuid:{n}", **in_fields(a), "__system": {"edits": 0}} for n, a in enumerate(people)]


def kobo(people: Iterable[Answers], rulebase: RuleBase) -> Rows:
    rows = (split(a, rulebase, "/", whole=True) for a in people)
    return [{**row, "_id": str(n), "_uuid": f"u{n}", "_index": str(n)} for n, row in enumerate(rows)]


def kobo_in_a_group(people: Iterable[Answers], rulebase: RuleBase) -> Rows:
    rows = (in_group(split(a, rulebase, "/", whole=False), "/") for a in people)
    return [{**row, "_id": str(n)} for n, row in enumerate(rows)]


def redcap(people: Iterable[Answers], rulebase: RuleBase) -> Rows:
    rows = (split(a, rulebase, "___", whole=False) for a in people)
    named = ({name.replace("age__how", "age_how"): cell for name, cell in row.items()} for row in rows)
    return [{"record_id": str(n), **row, "questions_complete": "2"} for n, row in enumerate(named)]


def as_csv(rows: Rows, delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(n for row in rows for n in row)), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_excel(rows: Rows) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    names = list(dict.fromkeys(n for row in rows for n in row))
    book.active.append(names)
    for row in rows:
        cells = (row.get(name) or None for name in names)
        book.active.append([int(cell) if cell and cell.isdigit() else cell for cell in cells])
    book.save(file)
    return file.getvalue()


def as_lines(rows: Rows) -> bytes:
    return "".join(json.dumps({n: cell or None for n, cell in row.items()}) + "\n" for row in rows).encode()


EXPORTS: list[tuple[str, str, Callable[..., Rows], Callable[[Rows], bytes]]] = [
    ("ODK Central", "in.csv", odk, lambda rows: as_csv(rows, ",")),
    ("ODK Central", "in.csv", odk_split_in_a_group, lambda rows: as_csv(rows, ",")),
    ("ODK Central", "in.jsonl", odata, as_lines),
    ("KoboToolbox", "in.csv", kobo, lambda rows: b"\xef\xbb\xbf" + as_csv(rows, ";")),
    ("KoboToolbox", "in.csv", kobo_in_a_group, lambda rows: as_csv(rows, ";")),
    ("KoboToolbox", "in.xlsx", kobo, as_excel),
    ("REDCap", "in.csv", redcap, lambda rows: as_csv(rows, ",")),
]


@pytest.mark.parametrize(
    ("tool", "name", "export", "written"), EXPORTS, ids=[f"{e[2].__name__}-{e[1]}" for e in EXPORTS]
)
def test_what_a_tool_exports_gives_the_same_results(
    tmp_path: Path,
    people: list[Answers],
    wanted: list[dict[str, Any]],
    rulebase: RuleBase,
    capsys: pytest.CaptureFixture[str],
    tool: str,
    name: str,
    export: Callable[..., Rows],
    written: Callable[[Rows], bytes],
) -> None:
    (tmp_path / name).write_bytes(written(export(people, rulebase)))
    out = tmp_path / "out.parquet"
    assert main(["batch", str(tmp_path / name), str(out), "--partial"]) == DONE
    assert [{n: row[n] for n in RESULT} for row in rows_of(out)] == wanted
    assert sum(tool in line for line in capsys.readouterr().err.splitlines()) == 1
    carried = set(polars.read_parquet_schema(out)) - set(RESULT)
    assert not carried & {*rulebase.questions, "age__how", "age_how", "danger/d_pee", "danger___d_pee"}
    assert carried & {"KEY", "__id", "_id", "record_id"}


TICKS: list[tuple[str, str, str]] = [  # cells of danger, danger/d_pee and danger/none; what is wrong
    (";1;0", "", "emergency d_pee"),
    ("d_pee;1;0", "", "both say the same"),
    ("none;1;0", "stands alone", "they contradict each other"),
    (";2;0", "d_pee=2", "neither ticked nor left open"),
    (";1;1", "stands alone", "none beside a sign"),
    (";0;0", "", "nothing is ticked"),
]


@pytest.mark.parametrize(("cells", "why"), [case[:2] for case in TICKS], ids=[case[2] for case in TICKS])
def test_split_columns_hide_nothing(tmp_path: Path, cells: str, why: str) -> None:
    (tmp_path / "in.csv").write_text(f"_id;danger;danger/d_pee;danger/none\n1;{cells}\n")
    code = main(["batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--partial"])
    assert code == (WRONG_INPUT if why else DONE)
    if why:
        (error,) = errors_of(tmp_path / "out.csv")
        assert (error["line"], error["column"], error["known"]) == ("2", "danger", "urgent")
        assert why in error["why"]
    else:
        (row,) = rows_of(tmp_path / "out.csv")
        assert row["disposition"] == ("urgent" if "1" in cells else None)


@pytest.mark.parametrize(
    ("how", "age", "given"), [("said", "44", 44), ("a_na", "", "a_na"), ("", "44", 44), ("", "", None)]
)
def test_an_age_that_was_rather_not_said(engine: Engine, tmp_path: Path, how: str, age: str, given: Any) -> None:
    (tmp_path / "in.csv").write_text(f"KEY,start,age__how,age\nx,me,{how},{age}\n")
    assert main(["batch", str(tmp_path / "in.csv"), str(tmp_path / "out.jsonl"), "--partial"]) == DONE
    (row,) = rows_of(tmp_path / "out.jsonl")
    answers: Answers = {"start": "me", **({} if given is None else {"age": given})}
    assert {n: row[n] for n in RESULT} == by_the_engine(engine, answers)


def test_an_age_beside_rather_not_said_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("KEY,start,age__how,age\nx,me,a_na,44\n")
    assert main(["batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--partial"]) == WRONG_INPUT


@pytest.mark.parametrize(
    "columns",
    [["id", "age", "danger"], ["age", "partner/age", "x-start"], ["id", "age", "how"], ["side", "danger_other"]],
)
def test_another_table_is_none_of_a_form(columns: Sequence[str], rulebase: RuleBase) -> None:
    """Columns that only end like a question are somebody's own."""
    found = form_data(columns, rulebase)
    assert found.tool == ""
    assert set(found.asked) == set(columns) & set(rulebase.questions)


@pytest.mark.parametrize("text", ["True", "TRUE", "true", "yes"])
def test_a_yes_that_became_a_boolean_is_a_yes(rulebase: RuleBase, text: str) -> None:
    """Only where the options are yes and no: elsewhere it is no answer."""
    side = rulebase.questions["side"]
    asked = dataclasses.replace(side, options=(dataclasses.replace(side.options[0], id="yes"), side.options[1]))
    assert as_given(asked, text) == "yes"
    assert as_given(side, text) == text


@pytest.mark.parametrize("text", ["56", "56.0", " 56.00 ", as_text(Decimal("56.0")), as_text(56.0), as_text(56)])
def test_an_age_is_a_number_however_it_is_written(rulebase: RuleBase, text: str) -> None:
    assert as_given(rulebase.questions["age"], text) == 56
