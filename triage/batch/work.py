"""A chunk of rows turned into rows of results. One worker in every process, with tables of its own."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from math import isnan
from typing import Any, NamedTuple

from triage.batch.plan import (
    CSV,
    HASH_DIGITS,
    LISTS,
    MISSING,
    NEEDS_CHECKING,
    PARQUET,
    PHARMACIST,
    RESULT,
    TRUTHS,
    Cells,
    Form,
    Plan,
    kept,
)
from triage.batch.source import Chunk, Refused, needed_for_parquet, rows
from triage.faults import printable
from triage.grammar import CAUSE, DISPOSITION, RED_FLAG, read_answer
from triage.model import Question
from triage.rulebase import load
from triage.tables import Outcome, Size, Tables

REMEMBERED = 10_000  # different values of a column; a list of 16 options could have 65,536
LONGEST_VALUE = 200  # characters of a value that is told
JOINS = ";"
ERRORS = ("line", "id", "column", "value", "why")
ID = "id"


class Error(NamedTuple):
    """Why a row was refused: the fields of `ERRORS`."""

    line: int
    id: str
    column: str
    value: str
    why: str


class Counts(NamedTuple):
    """How many rows there were. `refused` hold something wrong, `unfinished` lack answers; neither is written.

    `results`: how many written rows have what, by kind and id. Kinds are disposition, red flag, cause and the columns
    `needs_checking` and `pharmacist` (no id); `missing`: of the rows of a disposition, those that lack answers.
    """

    read: int
    written: int
    refused: int
    unfinished: int
    results: Counter[tuple[str, str]]

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))  # type: ignore[operator]


NONE = Counts(0, 0, 0, 0, Counter())


class Done(NamedTuple):
    """What became of a chunk: the bytes of its part of the output, its errors, and the counts."""

    number: int
    output: bytes
    errors: tuple[Error, ...]
    counts: Counts
    upto: int
    tables: Size


class Wrong(NamedTuple):
    """A value that is no answer, and what would be."""

    why: str


class Coder:
    """What the values of one column add to the number of a case."""

    def __init__(self, tables: Tables, question: Question) -> None:
        self._tables, self._question = tables, question
        self._known: dict[Any, int | Wrong] = {}

    def __call__(self, value: Any) -> int | Wrong:
        """The part; 0 where nothing is answered."""
        key = value if type(value) is str else (type(value), repr(value))
        found = self._known.get(key)
        if found is None:
            found = self._part(value)
            if len(self._known) < REMEMBERED:
                self._known[key] = found
        return found

    def _part(self, value: Any) -> int | Wrong:
        given = as_given(self._question, value)
        if given is None:
            return 0
        wrong: list[str] = []
        answer = read_answer(
            self._question, given, lambda what, hint: wrong.append(what + (f" ({hint})" if hint else ""))
        )
        if wrong or answer is None:
            return Wrong("; ".join(wrong).removeprefix(f"{self._question.id}: "))
        return self._tables.part(self._question.id, answer)


def as_given(question: Question, value: Any) -> Any:
    """A value of a table as an answer file would hold it; None where nothing is answered."""
    if isinstance(value, str):
        text = value.strip()
        if question.kind == "many":
            return [item for part in text.split(JOINS) if (item := part.strip())] or None
        return int(text) if question.kind == "number" and re.fullmatch(r"\d{1,9}", text) else text or None
    if isinstance(value, float):  # whole numbers beside empty cells become these in other programs
        return int(value) if value.is_integer() else None if isnan(value) else value
    return list(value) or None if isinstance(value, (list, tuple)) else value


class Worker:
    """Chunk -> part of the output. `tables`: those of the rules, where they are filled already."""

    def __init__(self, plan: Plan, tables: Tables | None = None) -> None:
        self.plan = plan
        self.tables = tables or Tables(load(plan.rules))
        rulebase = self.tables.rulebase
        self._kept = kept(plan, rulebase)
        self._keeps = [n for n, column in enumerate(plan.columns) if column not in rulebase.questions]
        self._id = plan.columns.index(ID) if ID in plan.columns else None
        self._coders = [
            (n, column, Coder(self.tables, rulebase.questions[column]))
            for n, column in enumerate(plan.columns)
            if column in rulebase.questions
        ]
        self._hash = rulebase.sha256[:HASH_DIGITS]

    def done(self, chunk: Chunk) -> Done:
        """All rows of a chunk: written, or refused with the reason."""
        written: list[tuple[Cells, Outcome]] = []
        errors: list[Error] = []
        read = refused = unfinished = 0
        for line, cells in rows(chunk, self.plan):
            read += 1
            found = (
                [Error(line, "", "", cells.value, cells.what)]
                if isinstance(cells, Refused)
                else self._case(line, cells)
            )
            if isinstance(found, list):
                refused += 1
                errors += found
                continue
            outcome = self.tables.outcome(found)
            if outcome.missing and not self.plan.partial:
                unfinished += 1
                errors.append(Error(line, self._id_of(cells), JOINS.join(outcome.missing), "", "not answered"))
            else:
                written.append((cells, outcome))
        counts = Counts(read, len(written), refused, unfinished, _results(outcome for _, outcome in written))
        output, told = self._encoded(written, chunk), tuple(map(_told, errors))
        return Done(chunk.number, output, told, counts, chunk.upto, self.tables.size)

    def _case(self, line: int, cells: Cells) -> int | list[Error]:
        """The number of a case, or everything that is wrong with it."""
        case = 0
        wrong: list[Error] = []
        for n, column, coder in self._coders:
            part = coder(cells[n])
            if type(part) is int:
                case += part
            else:
                wrong.append(Error(line, self._id_of(cells), column, _as_text(cells[n]), part.why))  # type: ignore[union-attr]
        return wrong or case

    def _id_of(self, cells: Cells) -> str:
        return "" if self._id is None else _as_text(cells[self._id])

    def _encoded(self, written: Sequence[tuple[Cells, Outcome]], chunk: Chunk) -> bytes:
        form = self.plan.target
        if form.format == PARQUET:
            return self._as_parquet(written, chunk)
        text = self._as_csv(written) if form.format == CSV else self._as_json(written)
        return packed(text.encode(errors="surrogateescape"), form)

    def _as_csv(self, written: Iterable[tuple[Cells, Outcome]]) -> str:
        text = StringIO()
        write = csv.writer(text, lineterminator="\n").writerow
        for cells, outcome in written:
            values = [_as_text(cells[n]) for n in self._keeps]
            write([*values, *(_flat(value) for value in self._result(outcome))])
        return text.getvalue()

    def _as_json(self, written: Iterable[tuple[Cells, Outcome]]) -> str:
        lines = []
        for cells, outcome in written:
            record = {name: cells[n] for name, n in zip(self._kept, self._keeps, strict=True)}
            record.update(zip(RESULT, self._result(outcome), strict=True))
            lines.append(json.dumps(record, ensure_ascii=False) + "\n")
        return "".join(lines)

    def _as_parquet(self, written: Sequence[tuple[Cells, Outcome]], chunk: Chunk) -> bytes:
        pyarrow = needed_for_parquet()
        columns = {}
        for name, n in zip(self._kept, self._keeps, strict=True):
            values = [cells[n] for cells, _ in written]
            typed = chunk.data.schema.field(n).type if self.plan.source.format == PARQUET else pyarrow.string()
            texts = typed == pyarrow.string()
            columns[name] = pyarrow.array([_as_text(v) if texts and v is not None else v for v in values], typed)
        several = pyarrow.list_(pyarrow.string())
        results = [self._result(outcome) for _, outcome in written]
        for n, name in enumerate(RESULT):
            values = [result[n] for result in results]
            typed = pyarrow.bool_() if name in TRUTHS else several if name in LISTS else pyarrow.string()
            columns[name] = pyarrow.array(values, typed)
        file = BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
        return file.getvalue()

    def _result(self, outcome: Outcome) -> tuple[Any, ...]:
        """The values of RESULT."""
        level = outcome.disposition
        return level.id, level.see_doctor, *outcome[1:], self._hash


def _results(outcomes: Iterable[Outcome]) -> Counter[tuple[str, str]]:
    alike = Counter(
        (o.disposition.id, bool(o.missing), o.pharmacist, o.red_flags, o.causes, o.needs_checking) for o in outcomes
    )
    results: Counter[tuple[str, str]] = Counter()
    for (level, unfinished, pharmacist, *named), times in alike.items():
        found = [(DISPOSITION, level), *[(MISSING, level)] * unfinished, *[(PHARMACIST, "")] * pharmacist]
        for kind, names in zip((RED_FLAG, CAUSE, NEEDS_CHECKING), named, strict=True):
            found += [(kind, name) for name in names]
        results.update(dict.fromkeys(found, times))
    return results


def head(names: Sequence[str], plan: Plan) -> bytes:
    """What stands before the first row of the output."""
    if plan.target.format != CSV:
        return b""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow([*names, *RESULT])
    return packed(text.getvalue().encode(), plan.target)


def packed(data: bytes, form: Form) -> bytes:
    """Bytes as they are written; pieces that are packed one by one may follow each other in a file."""
    return gzip.compress(data, mtime=0) if form.packed and data else data


def _flat(value: Any) -> str:
    """A value of a result in a cell of CSV."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else JOINS.join(value)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _told(error: Error) -> Error:
    """An error with nothing in it that a terminal would obey, and no longer than somebody reads."""
    texts = (text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} ..." for text in error[1:])
    return Error(error.line, *map(printable, texts))
