"""A chunk of rows turned into rows of results. One worker in every process, with tables of its own."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from math import isnan
from typing import Any, NamedTuple

from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.grammar import as_fact, read_answer, valid_part
from triage.knowledge.model import CAUSE, DISPOSITION, NOT_SURE, RED_FLAG, Answer, Answers, Option, Question, RuleBase
from triage.knowledge.rulebase import load
from triage.scale.arrow import only, value
from triage.scale.counts import KNOWN, Counts, Done, Error
from triage.scale.plan import CSV, JOINS, MISSING, NEEDS_CHECKING, NOT_KNOWN, PENDING, PHARMACIST, Plan
from triage.scale.rowsets import Column, RowSet, every, logic, numbered, with_names
from triage.scale.source import Chunk, Read, read
from triage.scale.tables import Known, RowOutcome, Rows, Tables, holding
from triage.scale.target import Target, as_text

REMEMBERED = 10_000  # different values of a column; a list of 16 options could have 65,536
LONGEST_VALUE = 200  # characters of a value that is told
ID = "id"
NOT_SETTLED = "?"  # behind a level that an open question may still take back


NO_ANSWER = frozenset[str]()


class Wrong(NamedTuple):
    """A value that is no answer, what would be, and the signs that can be read in it all the same."""

    why: str
    signs: frozenset[str] = NO_ANSWER


UNREADABLE = object()  # in place of a value that cannot be looked at
NOT_READ = Wrong("a value that cannot be read")


class Coder:
    """The values of one column as answers to its question."""

    def __init__(self, rulebase: RuleBase, question: Question) -> None:
        self.question = question
        self._bands = rulebase.bands.get(question.id, ())
        self._known: dict[Hashable, frozenset[str] | Wrong] = {}

    def answers(self, column: Sequence[Any], texts: bool = False) -> tuple[dict[str, RowSet], dict[int, Wrong]]:
        """The rows of every option, and the rows (from 0) of values that are no answer: those count as far as they can be read.

        `texts`: all values are texts.
        """
        keys = column if texts else list(map(_hashable, column))
        found = numbered(keys)
        values = found.values if texts else map(dict(zip(keys, column, strict=True)).__getitem__, found.values)
        meant = list(map(self._meaning, found.values, values))
        wrong = {code: meaning for code, meaning in enumerate(meant) if isinstance(meaning, Wrong)}
        options = tuple(meaning.signs if isinstance(meaning, Wrong) else meaning for meaning in meant)
        rows = {n: wrong[code] for n, code in enumerate(found.codes) if code in wrong} if wrong else {}
        return with_names(Column(options, found.codes)), rows

    def _meaning(self, key: Hashable, value: Any) -> frozenset[str] | Wrong:
        if key is UNREADABLE:
            return NOT_READ
        found = self._known.get(key)
        if found is None:
            found = self._options(value)
            if len(self._known) < REMEMBERED:
                self._known[key] = found
        return found

    def _options(self, value: Any) -> frozenset[str] | Wrong:
        try:
            return self._read(value)
        except Exception:  # noqa: BLE001  (values of other programs may do anything when they are looked at)
            return NOT_READ

    def _read(self, value: Any) -> frozenset[str] | Wrong:
        given = as_given(self.question, value)
        if given is None:
            return NO_ANSWER
        wrong: list[str] = []
        answer = read_answer(
            self.question, given, lambda _, what, hint: wrong.append(what + (f" ({hint})" if hint else ""))
        )
        if wrong or answer is None:
            part = valid_part(self.question, given)
            signs = NO_ANSWER if part is None else as_fact(part, self._bands)
            return Wrong("; ".join(wrong).removeprefix(f"{self.question.id}: "), signs)
        return as_fact(answer, self._bands)


def beyond(question: Question, column: Sequence[Any], answers: Known) -> Iterator[tuple[int, str]]:
    """The rows (from 0) in which the other answers set a limit to a number that lies beyond it, and why it is wrong."""
    left = every(len(column))
    rows = logic(left)
    for limit in question.limits:
        here = left & rows.any_row(limit.when, lambda cell: holding(cell, answers.get(cell.name, {}), rows))
        left &= ~here
        for row in compress(range(len(column)), map(int, f"{here:0{len(column)}b}" if here else "")):
            given = as_given(question, column[row])
            sound = type(given) is int and question.minimum <= given <= question.maximum
            if sound and not limit.allows(given):
                yield row, f"{given} does not go with the other answers ({limit.say})"


def _hashable(value: Any) -> Hashable:
    if isinstance(value, str) or value is UNREADABLE:
        return value
    try:
        return type(value), repr(value)
    except Exception:  # noqa: BLE001  (too deep, too long, or made by another program)
        return UNREADABLE


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
    """Chunk -> part of the output. `tables`: those of the rules, where they are filled already. Raises FaultyInput."""

    def __init__(self, plan: Plan, tables: Tables | None = None) -> None:
        self.plan = plan
        self.tables = tables or Tables(load(plan.rules))
        rulebase = self.tables.rulebase
        if rulebase.sha256 != plan.sha256:
            hint = "run it again; with --resume, what other rules made is not gone on with"
            raise FaultyInput(
                [Fault(plan.rules or "rules", 0, "the rules have changed since the run began", hint, code="LCT706")]
            )
        self._target = Target(plan, rulebase)
        self._id = plan.columns.index(ID) if ID in plan.columns else None
        self._coders = [
            (n, Coder(rulebase, rulebase.questions[column]))
            for n, column in enumerate(plan.columns)
            if column in rulebase.questions
        ]

    def done(self, chunk: Chunk) -> Done:
        """All rows of a chunk: written, or refused with the reason."""
        with _no_search_for_cycles():
            return self._done(chunk)

    def _done(self, chunk: Chunk) -> Done:
        found = read(chunk, self.plan, self._target.kept)
        rows = len(found.lines)
        answers, faults = self._answers(found)
        outcomes = self.tables.outcomes(Rows(rows, answers))
        open_ = {} if self.plan.partial else dict(self._unfinished(outcomes, found))
        lost = {n: [error] for n, error in open_.items()} | faults
        known = {n: _reached(outcomes.values[outcomes.codes[n]]) for n in lost}
        no_rows = self._known_of([refused.holds or refused.value for _, refused in found.refused])
        errors = [
            Error(line, "", "", refused.value, refused.what, level)
            for (line, refused), level in zip(found.refused, no_rows, strict=True)
        ]
        errors += [error._replace(known=known[n]) for n, row in lost.items() for error in row]
        carried = [found.columns[n] for n in self._target.carried]
        if lost:
            wanted = [n not in lost for n in range(rows)]
            outcomes = outcomes.only(wanted)
            carried = [only(column, wanted) for column in carried]
        counts = Counts(
            rows + len(found.refused),
            rows - len(lost),
            len(found.refused) + len(faults),
            len(lost) - len(faults),
            _results(outcomes)
            + Counter((KNOWN, level.removesuffix(NOT_SETTLED)) for level in (*known.values(), *no_rows) if level),
        )
        output = self._target.part(carried, outcomes)
        told = tuple(map(_told, sorted(errors, key=lambda error: error.line)))
        return Done(chunk.number, output, told, counts, chunk.upto, self.tables.size)

    def _answers(self, found: Read) -> tuple[dict[str, dict[str, RowSet]], dict[int, list[Error]]]:
        """The rows of all answers, and by row everything that is wrong with it."""
        answers: dict[str, dict[str, RowSet]] = {}
        errors: dict[int, list[Error]] = {}
        texts = self.plan.source.format == CSV
        for n, coder in self._coders:
            column = coder.question.id
            answers[column], wrong = coder.answers(found.columns[n], texts)
            for row, fault in wrong.items():
                error = Error(*self._place(row, found), column, as_text(found.columns[n][row]), fault.why)
                errors.setdefault(row, []).append(error)
        for n, coder in self._coders:
            question = coder.question
            for row, why in beyond(question, found.columns[n], answers) if found.lines else ():
                value = as_text(found.columns[n][row])
                errors.setdefault(row, []).append(Error(*self._place(row, found), question.id, value, why))
        return answers, errors

    def _known_of(self, texts: Sequence[str]) -> list[str]:
        """The level that texts ask for which are no rows, by the signs that are named in them."""
        if not texts:
            return []
        outcomes = self.tables.outcomes(self.tables.rows([self._signs_in(text) for text in texts]))
        return list(map(_reached, outcomes.rows()))

    def _signs_in(self, text: str) -> Answers:
        words = set(re.findall(r"\w+", text))
        found: dict[str, Answer] = {}
        for question in self.tables.rulebase.questions.values():
            signs = tuple(o.id for o in question.options if o.id in words and _is_telling(o, question))
            if signs and (question.kind == "many" or len(signs) == 1):
                found[question.id] = signs if question.kind == "many" else signs[0]
        return found

    def _unfinished(self, outcomes: Column[RowOutcome], found: Read) -> Iterator[tuple[int, Error]]:
        for n, outcome in enumerate(outcomes.rows()):
            if outcome.missing:
                yield n, Error(*self._place(n, found), JOINS.join(outcome.missing), "", "not answered")

    def _place(self, row: int, found: Read) -> tuple[int, str]:
        """Line and id."""
        if self._id is None:
            return found.lines[row], ""
        column = found.columns[self._id]
        return found.lines[row], as_text(value(column, row) if self._id in self._target.kept else column[row])


def _is_telling(option: Option, question: Question) -> bool:
    """Whether the id of a sign is no word that may stand in a text, and of no other question."""
    return question.danger and "_" in option.id and option.id != NOT_SURE and not (option.exclusive or option.harmless)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """A chunk makes very many tuples and no cycles; searching them took a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _reached(outcome: RowOutcome) -> str:
    """The level that a row asks for, if that is a doctor; with NOT_SETTLED where an open question may explain it."""
    if not outcome.disposition.see_doctor:
        return ""
    return f"{outcome.disposition.id}{NOT_SETTLED}" if outcome.pending else outcome.disposition.id


def _results(outcomes: Column[RowOutcome]) -> Counter[tuple[str, str]]:
    results: Counter[tuple[str, str]] = Counter()
    for code, times in Counter(outcomes.codes).items():
        for one in _kinds(outcomes.values[code]):
            results[one] += times
    return results


def _kinds(outcome: RowOutcome) -> list[tuple[str, str]]:
    """What a row with this outcome counts as."""
    level = outcome.known.id if outcome.known else NOT_KNOWN
    found = [(DISPOSITION, level)]
    if outcome.missing:
        found.append((MISSING, level))
    found += [(kind, "") for kind, there in ((PHARMACIST, outcome.pharmacist), (PENDING, outcome.pending)) if there]
    found += [(RED_FLAG, name) for name in outcome.red_flags]
    found += [(CAUSE, name) for name in outcome.causes]
    return found + [(NEEDS_CHECKING, name) for name in outcome.needs_checking]


def _told(error: Error) -> Error:
    """An error with nothing in it that a terminal would obey, and no longer than somebody reads."""
    texts = (text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} ..." for text in error[1:])
    return Error(error.line, *map(printable, texts))
