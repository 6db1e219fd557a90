"""Rows of texts judged: each value is a number in which every option is a bit, and what is no answer is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast

import polars as pl

from triage.exchange.form_data import as_given
from triage.knowledge.faults import LONGEST_TEXT, printable
from triage.knowledge.grammar import as_fact, read_answer, valid_part
from triage.knowledge.model import NOT_SURE, Question, RuleBase
from triage.output.contract import RowData
from triage.output.view import UNLESS
from triage.scale.expressions import BEYOND, JOINS, MISSING, PENDING, RESULT, Rules, about, as_lists

REMEMBERED = 10_000  # different values of a column; a list of 16 options could have 65,536
RECORDS = 10_000  # at once
OPEN, UNREADABLE = "not answered", "(cannot be read)"
# The level that a row asks for, if that is a doctor; with a mark where an open question may still take it back.
MARKED = pl.col("disposition") + pl.when(PENDING).then(pl.lit("?")).otherwise(pl.lit(""))
SO_FAR = pl.when("see_doctor").then(MARKED).otherwise(pl.lit(""))


class Wrong(NamedTuple):
    """Why a row has no result: the column (`OPEN`: all questions that are open), what stands there, and why."""

    column: str
    value: str
    why: str


class Read(dict[str, int]):
    """The texts of a question's column that were seen, as numbers; a new one is read. `wrong`: why some are no answer."""

    def __init__(self, rules: Rules, question: Question) -> None:
        self._rules, self._question, self.wrong = rules, question, dict[str, str]()

    def __missing__(self, text: str) -> int:
        question, given, why = self._question, as_given(self._question, text), list[str]()
        if given is None:
            answer = None
        elif (answer := read_answer(question, given, lambda *said: why.append(_hinted(*said)))) is None or why:
            self.wrong[text] = "; ".join(why).removeprefix(f"{question.id}: ")
            answer = valid_part(question, given)
        fact = () if answer is None else as_fact(answer, self._rules.rulebase.bands.get(question.id, ()))
        self[text] = number = self._rules.bits(question.id, fact)
        return number


def _hinted(_: str, what: str, hint: str) -> str:
    return f"{what} ({hint})" if hint else what


class Judge:
    """Columns of texts, one a question -> what the rules say of every row. Threads may share one."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rules, self.questions = Rules(rulebase), rulebase.questions
        self._read = {name: Read(self.rules, question) for name, question in rulebase.questions.items()}

    def judged(
        self, columns: Mapping[str, Sequence[str]], rows: int, partial: bool
    ) -> tuple[pl.DataFrame, dict[int, list[Wrong]]]:
        """`Rules.judged` of every row, by what can be read of it, and by row (from 0) what is wrong with some.

        Columns may be longer than there are `rows`: what follows is judged by its signs. `partial`: open questions are
        nothing wrong.
        """
        numbers, wrong = {}, dict[int, list[Wrong]]()
        height = max([rows, *map(len, columns.values())])
        for name, question in self.questions.items():
            read = self._read[name]
            if len(read) > REMEMBERED:
                read = self._read[name] = Read(self.rules, question)
            column = columns.get(name, [""] * height)
            numbers[name] = pl.Series(list(map(read.__getitem__, column)), dtype=pl.UInt64)
            for row, text in enumerate(column) if read.wrong else ():
                if text in read.wrong:
                    wrong.setdefault(row, []).append(Wrong(name, text, read.wrong[text]))
        frame = self.rules.judged(pl.DataFrame(numbers))
        for name in (name for name, question in self.questions.items() if question.limits and name in columns):
            beyond, column = frame[about(BEYOND, name)], columns[name]
            for row in beyond.is_not_null().arg_true().to_list():
                why = f"{column[row]} does not go with the other answers ({beyond[row]})"
                wrong.setdefault(row, []).append(Wrong(name, column[row], why))
        for row, names in enumerate(frame[MISSING].head(0 if partial else rows).to_list()):
            if names and row not in wrong:
                wrong[row] = [Wrong(names, "", OPEN)]
        return frame, wrong

    def results(self, records: Iterable[object], partial: bool) -> Iterator[RowData]:
        """A result for each record of another program, in their order. Raises nothing for what is in one."""
        rest = iter(records)
        while block := list(islice(rest, RECORDS)):
            sound = [record if isinstance(record, Mapping) else {} for record in block]
            columns = {name: [_cell(record, name) for record in sound] for name in self.questions}
            frame, wrong = self.judged(columns, len(block), partial)
            for row, found in enumerate(as_lists(frame).to_dicts()):
                why = [
                    f"{a}: {b}" for a, b in (one[::-2] if one.why == OPEN else one[::2] for one in wrong.get(row, ()))
                ]
                if not isinstance(block[row], Mapping):
                    why = ["is no mapping of question ids and answers"]
                elif self._is_gone(sound[row]):
                    why.insert(0, self.rules.rulebase.saved.gone_say)
                yield _refused("; ".join(why), found) if why else cast(RowData, {**found, "error": None})

    def _is_gone(self, record: Mapping[Any, Any]) -> bool:
        gone, there = (
            sum(_cell(record, name) != "" for name in names)
            for names in (self.rules.rulebase.saved.gone, self.questions)
        )
        return gone > there

    def signs_in(self, text: str) -> dict[str, str]:
        """The danger signs whose ids are in a text: ids that are no words of other texts."""
        words = [word for word in re.findall(r"\w*_\w*", text) if word != NOT_SURE]
        found = {q.id: valid_part(q, words) for q in self.questions.values() if q.danger}
        return {name: as_text(part) for name, part in found.items() if part}


def _refused(why: str, found: Mapping[str, Any]) -> RowData:
    """A row without a result: why, and the level that can be read of it if that is a doctor."""
    told = printable(why if len(why) <= LONGEST_TEXT else f"{why[:LONGEST_TEXT]} ...")
    if found["see_doctor"]:
        told += f"; so far asks for: {found['disposition']}" + (f", {UNLESS.so_far}" if found[PENDING] else "")
    return cast(RowData, {**dict.fromkeys(RESULT), "rulebase": found["rulebase"], "error": told})


def _cell(record: Mapping[Any, Any], name: str) -> str:
    try:
        return as_text(record.get(name))
    except Exception:  # noqa: BLE001  (what another program made may do anything)
        return UNREADABLE


def as_texts(column: pl.Series) -> pl.Series:
    """A column of any type as cells of CSV."""
    if column.dtype == pl.List(pl.String):
        return column.list.join(JOINS)
    if column.dtype.is_nested():
        return pl.Series(column.name, list(map(as_text, column.to_list())), dtype=pl.String)
    return column.dt.to_string("iso") if column.dtype == pl.Duration else column.cast(pl.String)


def as_text(value: Any) -> str:
    """A value of any program as a cell of CSV: lists joined by `;`, nothing empty. Raises whatever such values raise."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):  # of numpy and pandas
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return JOINS.join(map(as_text, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
