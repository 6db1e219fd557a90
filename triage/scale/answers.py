"""Rows of texts judged: each value is a number in which every option is a bit, and what is no answer is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from triage.exchange.form_data import as_given, as_text
from triage.knowledge.grammar import as_fact, read_answer, valid_part
from triage.knowledge.model import NOT_SURE, Question, RuleBase
from triage.scale.expressions import BEYOND, MISSING, Rules, about

REMEMBERED = 100_000  # different cells of all columns; a list of 16 options alone could have 65,536
OPEN = "not answered"


class Wrong(NamedTuple):
    """Why a row has no result: the column (`OPEN`: all questions that are open), what stands there, and why."""

    column: str
    value: str
    why: str


class Judge:
    """Columns of texts, one a question -> what the rules say of every row. Threads may share one."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rules, self.questions = Rules(rulebase), rulebase.questions
        self._read = lru_cache(REMEMBERED)(self._number_of)

    def _number_of(self, question: Question, text: str) -> tuple[int, str]:
        """A text of a question's column as a number, by what can be read of it; and why it is no answer, if it is none."""
        why, answer, given = list[str](), None, as_given(question, text)
        if given is not None:
            answer = read_answer(
                question, given, lambda _, what, hint: why.append(f"{what} ({hint})" if hint else what)
            )
        if why:
            answer = valid_part(question, given)
        fact = () if answer is None else as_fact(answer, self.rules.rulebase.bands.get(question.id, ()))
        return self.rules.bits(question.id, fact), "; ".join(why).removeprefix(f"{question.id}: ")

    def judged(
        self, columns: Mapping[str, Sequence[str] | pl.Series], rows: int, partial: bool
    ) -> tuple[pl.DataFrame, dict[int, list[Wrong]]]:
        """`Rules.judged` of every row, by what can be read of it, and by row (from 0) what is wrong with some.

        Columns may be longer than there are `rows`: what follows are signs alone. `partial`: nothing open is wrong.
        """
        texts = {name: pl.Series(column, dtype=pl.String) for name, column in columns.items()}
        numbers, wrong = {}, dict[int, list[Wrong]]()
        absent = pl.repeat("", max([rows, *map(len, texts.values())]), eager=True)
        for name, question in self.questions.items():
            column = texts.get(name, absent)
            read = {text: self._read(question, text) for text in column.unique()}
            meant = pl.Series([number for number, _ in read.values()], dtype=pl.UInt64)
            numbers[name] = column.replace_strict([*read], meant).cast(pl.UInt64)
            for row in column.is_in([text for text, (_, why) in read.items() if why]).arg_true():
                wrong.setdefault(row, []).append(Wrong(name, column[row], read[column[row]][1]))
        frame = self.rules.judged(pl.DataFrame(numbers))
        for name in (name for name in columns if self.questions[name].limits):
            beyond, column = frame[about(BEYOND, name)], texts[name]
            for row in beyond.is_not_null().arg_true():
                why = f"{column[row]} does not go with the other answers ({beyond[row]})"
                wrong.setdefault(row, []).append(Wrong(name, column[row], why))
        for row, names in enumerate(frame[MISSING].head(0 if partial else rows)):
            if names and row not in wrong:
                wrong[row] = [Wrong(names, "", OPEN)]
        return frame, wrong

    def signs_in(self, text: str) -> dict[str, str]:
        """The danger signs whose ids are in a text: ids that are no words of other texts."""
        words = [word for word in re.findall(r"\w+", text) if "_" in word and word != NOT_SURE]
        found = {q.id: valid_part(q, words) for q in self.questions.values() if q.danger}
        return {name: as_text(part) for name, part in found.items() if part}
