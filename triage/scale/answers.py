"""Values of a table as answers: each is a number in which every option is a bit, and what is no answer is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import isnan
from typing import Any, NamedTuple

import polars as pl

from triage.knowledge.grammar import as_fact, read_answer, valid_part
from triage.knowledge.model import NOT_SURE, Option, Question
from triage.scale.expressions import BEYOND, Rules, about
from triage.scale.plan import JOINS

NOT_ANSWERED = ("", "NA")  # NA: as R writes it
REMEMBERED = 10_000  # different values of a column; a list of 16 options could have 65,536
UNREADABLE = object()  # in place of a value that cannot be looked at
NOT_READ = "a value that cannot be read"
Wrong = dict[int, list[tuple[str, str]]]  # of a row (from 0) each column with a fault, and what it is


class Judged(NamedTuple):
    """What the rules say of every row, and what is wrong with some of them; those count as far as they can be read."""

    frame: pl.DataFrame
    wrong: Wrong


class _Bits(dict[Hashable, int]):
    """Remembered numbers; a text that was not seen before is read."""

    def __init__(self, read: Callable[[Any], int]) -> None:
        self._read = read

    def __missing__(self, text: Hashable) -> int:
        return self._read(text)


class Coder:
    """The values of one column as answers to its question."""

    def __init__(self, rules: Rules, question: Question) -> None:
        self._rules, self._question = rules, question
        self._bits, self._wrong = _Bits(self._text), dict[Hashable, str]()

    def bits(self, column: Sequence[Any], texts: bool) -> tuple[list[int], dict[int, str]]:
        """The number of every value, and by row (from 0) what is wrong. `texts`: there are only texts and None."""
        if len(self._bits) > REMEMBERED:
            self._bits, self._wrong = _Bits(self._text), {}
        bits, wrong = self._bits, self._wrong
        keys = column if texts else list(map(_key, column))
        if not texts:
            for key, value in zip(keys, column, strict=True):
                if key not in bits:
                    self._read(key, value)
        numbers = list(map(bits.__getitem__, keys))
        return numbers, {n: wrong[key] for n, key in enumerate(keys) if key in wrong} if wrong else {}

    def _text(self, text: Any) -> int:
        return self._read(text, text)

    def _read(self, key: Hashable, value: Any) -> int:
        chosen, self._wrong[key] = frozenset[str](), NOT_READ
        try:
            chosen, why = self._options(value) if key is not UNREADABLE else (chosen, NOT_READ)
        except Exception:  # noqa: BLE001  (values of other programs may do anything when they are looked at)
            why = NOT_READ
        if why:
            self._wrong[key] = why
        else:
            del self._wrong[key]
        self._bits[key] = number = self._rules.bits(self._question.id, chosen)
        return number

    def _options(self, value: Any) -> tuple[frozenset[str], str]:
        """The options, or the signs that can be read all the same and what is wrong."""
        question, given = self._question, as_given(self._question, value)
        if given is None:
            return frozenset(), ""
        wrong: list[str] = []
        answer = read_answer(question, given, lambda _, what, hint: wrong.append(what + (f" ({hint})" if hint else "")))
        if wrong or answer is None:
            answer = valid_part(question, given)
        chosen = (
            frozenset[str]() if answer is None else as_fact(answer, self._rules.rulebase.bands.get(question.id, ()))
        )
        return chosen, "; ".join(wrong).removeprefix(f"{question.id}: ")


class Judge:
    """Columns of values -> what the rules say of every row. Threads may share one."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._coders = {name: Coder(rules, question) for name, question in rules.rulebase.questions.items()}

    def judged(self, columns: Mapping[str, tuple[Sequence[Any], bool]], rows: int, texts: Sequence[str] = ()) -> Judged:
        """Of every row, and then of `texts` that are no rows, by the signs that are named in them.

        `columns`: the values of each question, and whether they are only texts and None.
        """
        wrong: Wrong = {}
        signs = [self._signs_in(text) for text in texts]
        numbers = {}
        for name, coder in self._coders.items():
            coded, faults = coder.bits(*columns[name]) if name in columns else ([0] * rows, {})
            for row, why in faults.items():
                wrong.setdefault(row, []).append((name, why))
            numbers[name] = pl.Series(coded + [one.get(name, 0) for one in signs], dtype=pl.UInt64)
        frame = self.rules.judged(pl.DataFrame(numbers))
        for name in self._coders:
            if (column := about(BEYOND, name)) in frame.columns:
                beyond = frame[column]
                for row in beyond.is_not_null().arg_true().to_list():
                    given = as_given(self._coders[name]._question, columns[name][0][row])
                    why = f"{given} does not go with the other answers ({beyond[row]})"
                    wrong.setdefault(row, []).append((name, why))
        return Judged(frame, wrong)

    def _signs_in(self, text: str) -> dict[str, int]:
        words, found = set(re.findall(r"\w+", text)), {}
        for question in self.rules.rulebase.questions.values():
            signs = [o.id for o in question.options if o.id in words and _is_telling(o, question)]
            if signs and (question.kind == "many" or len(signs) == 1):
                found[question.id] = self.rules.bits(question.id, signs)
        return found


def _is_telling(option: Option, question: Question) -> bool:
    """Whether the id of a sign is no word that may stand in a text, and of no other question."""
    return question.danger and "_" in option.id and option.id != NOT_SURE and not (option.exclusive or option.harmless)


def _key(value: Any) -> Hashable:
    if isinstance(value, str) or value is None or value is UNREADABLE:
        return value
    try:
        return type(value), repr(value)
    except Exception:  # noqa: BLE001  (too deep, too long, or made by another program)
        return UNREADABLE


def as_given(question: Question, value: Any) -> Any:
    """A value of a table as an answer file would hold it; None where nothing is answered."""
    if isinstance(value, str):
        text = value.strip()
        if text in NOT_ANSWERED:
            return None
        if question.kind == "many":
            return [item for part in text.split(JOINS) if (item := part.strip())] or None
        found = re.fullmatch(r"(\d{1,9})(\.0+)?", text) if question.kind == "number" else None
        return int(found[1]) if found else text
    if isinstance(value, float):  # whole numbers beside empty cells become these in other programs
        return int(value) if value.is_integer() else None if isnan(value) else value
    return list(value) or None if isinstance(value, (list, tuple)) else value


def as_text(value: Any) -> str:
    """A value of any input as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else json.dumps(value) if isinstance(value, (int, float)) else str(value)
