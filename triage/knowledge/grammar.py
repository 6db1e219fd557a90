"""The rule grammar: cells, rows, answers and examples as they are written in files.

rules/README.md is its reference. Functions return what they read and add what is
wrong to a list of complaints, so that all faults are told at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from triage.knowledge.conditions import ALL, ANY, NONE_OF, Cell, Facts, Row
from triage.knowledge.faults import allowed
from triage.knowledge.model import (
    CAUSE,
    DISPOSITION,
    FINDINGS,
    NOT_SURE,
    RED_FLAG,
    Answer,
    Answers,
    Disposition,
    Question,
    RuleBase,
)

# The keys of a cell that is written as a table. "not": answered, sure, and none of these; "open": answered, none of these.
TABLE = {"any": ANY, "all": ALL, "not": NONE_OF, "open": NONE_OF}

MOST_CASES = 10_000  # that one written example may stand for

SPAN = r"^\s*(?:(>=|<=|>|<)\s*(\d+)|(\d+)\s*-\s*(\d+)|(\d+))\s*$"

Complain = Callable[[str, str, str], None]  # a code, what is wrong, hint


class Band(NamedTuple):
    """Whole numbers from `low` to `high`, both included. Facts hold it by its name."""

    low: int
    high: int

    @property
    def name(self) -> str:
        return f"{self.low}-{self.high}"

    @classmethod
    def named(cls, name: str) -> Band:
        """The band of that name. Raises ValueError."""
        low, high = map(int, name.split("-"))
        return cls(low, high)


def read_span(text: str, minimum: int, maximum: int) -> Band | None:
    """`">=60"`, `"<18"`, `"18-59"` or `"18"` within the question's limits; None if it is nothing of these."""
    found = re.match(SPAN, text)
    if not found:
        return None
    sign, bound, low, high, single = found.groups()
    if not sign:
        return Band(int(low or single), int(high or single))
    least = int(bound) + (sign == ">")
    return Band(least, maximum) if sign in (">=", ">") else Band(minimum, int(bound) - (sign == "<"))


def cut_into_bands(question: Question, spans: Iterable[Band]) -> tuple[str, ...]:
    """The coarsest bands of a number question that every span can be written with."""
    starts = {question.minimum}
    for span in spans:
        starts |= {span.low, span.high + 1}
    edges = sorted(s for s in starts if question.minimum <= s <= question.maximum)
    ends = [*(edge - 1 for edge in edges[1:]), question.maximum]
    return tuple(Band(low, high).name for low, high in zip(edges, ends, strict=True))


def band_of(number: int, bands: Iterable[str]) -> str:
    """The band that holds `number` (ValueError if none does)."""
    for name in bands:
        band = Band.named(name)
        if band.low <= number <= band.high:
            return name
    raise ValueError(number)


def joined_bands(bands: Iterable[str]) -> list[Band]:
    """Bands in rising order as few: neighbours become one."""
    joined: list[Band] = []
    for band in map(Band.named, bands):
        low = joined.pop().low if joined and joined[-1].high + 1 == band.low else band.low
        joined.append(Band(low, band.high))
    return joined


def as_list(value: Any) -> list[Any]:
    """A value that may be written with or without brackets."""
    return value if isinstance(value, list) else [value]


class Vocabulary:
    """The names that conditions may use, and what they may be compared with."""

    def __init__(
        self,
        questions: Mapping[str, Question],
        dispositions: Iterable[Disposition] = (),
        red_flags: Iterable[str] = (),
        causes: Iterable[str] = (),
        bands: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        self.questions, self.bands = questions, bands
        levels = list(dispositions)
        self.dispositions = tuple(level.id for level in levels)
        self.levels = tuple(level.id for level in levels if not level.beside)
        self.findings = {RED_FLAG: list(red_flags), CAUSE: list(causes), DISPOSITION: list(self.levels)}
        self._known = {name: dict.fromkeys(ids) for name, ids in self.findings.items()}
        self._known.update({q.id: dict.fromkeys(o.id for o in q.options) for q in questions.values()})

    @classmethod
    def of(cls, rulebase: RuleBase) -> Vocabulary:
        """That of a whole rule base."""
        levels = rulebase.dispositions.values()
        return cls(rulebase.questions, levels, rulebase.red_flags, rulebase.causes, rulebase.bands)

    def learn_bands(self, conditions: Iterable[Any]) -> None:
        """Cut the number questions at every edge of their limits, and that `conditions` (raw rows) use."""
        numbers = (q for q in self.questions.values() if q.kind == "number")
        spans = {q.id: [Band(limit.minimum, limit.maximum) for limit in q.limits] for q in numbers}
        cells = (cell for row in conditions if isinstance(row, dict) for cell in row.items() if cell[0] in spans)
        for name, value in cells:
            minimum, maximum = self.questions[name].minimum, self.questions[name].maximum
            found = (read_span(str(item), minimum, maximum) for item in as_list(value))
            spans[name] += [span for span in found if span]
        self.bands = {name: cut_into_bands(self.questions[name], found) for name, found in spans.items()}

    def read_rows(self, raw: Any, findings: Sequence[str], complain: Complain) -> tuple[Row, ...]:
        """Rows as written; `findings` are the names besides questions that may be used."""
        if not isinstance(raw, list) or not raw:
            complain("LCT201", "must be a list of rows", 'like [{ question = "option" }]')
            return ()
        rows = []
        for item in raw:
            if not isinstance(item, dict) or not item:
                complain("LCT201", "a row must be a table with at least one cell", 'like { question = "option" }')
                continue
            cells = (self._read_cells(name, value, findings, complain) for name, value in item.items())
            rows.append(tuple(chain.from_iterable(cells)))
        return tuple(rows)

    def _read_cells(self, name: str, value: Any, findings: Sequence[str], complain: Complain) -> list[Cell]:
        """The cells of one entry of a row: one, or one for each key of a table."""
        if name in FINDINGS and name not in findings:
            hint = "only the next lower stratum may be read, or results would depend on firing order"
            complain("LCT203", f'"{name}" cannot be used here', hint)
            return []
        if name not in self._known:
            complain("LCT202", f'unknown question "{name}"', allowed(name, [*self.questions, *findings]))
            return []
        if not isinstance(value, dict):
            return self._read_cell(name, "any", value, complain)
        if not value or not set(value) <= set(TABLE) or not all(isinstance(v, list) for v in value.values()):
            complain("LCT207", f"{name}: a table here has lists named {', '.join(TABLE)}", allowed("", TABLE))
            return []
        if set(value) == {"any"} or (set(value) == {"all"} and len(value["all"]) < 2):
            complain("LCT207", f"{name}: a table is not needed here", 'write question = ["a", "b"]')
        if set(value) & {"not", "open"} and (name in FINDINGS or self.questions[name].kind == "number"):
            complain("LCT207", f'{name}: "not" and "open" are for questions with options', "")
            return []
        return [cell for how in TABLE if how in value for cell in self._read_cell(name, how, value[how], complain)]

    def _read_cell(self, name: str, key: str, value: Any, complain: Complain) -> list[Cell]:
        if not as_list(value):
            complain("LCT201", f"{name}: an empty list", "name at least one option")
            return []
        options = self._read_options(name, as_list(value), complain)
        if not options:
            return []
        if key == "not" and NOT_SURE in self._known[name]:
            options, value = [*options, NOT_SURE], [*value, NOT_SURE]
        cell = Cell(name, frozenset(options), TABLE[key], _as_written(value))
        if problem := self._impossible(cell):
            complain("LCT205", problem, "this can never hold")
        return [cell]

    def _read_options(self, name: str, items: list[Any], complain: Complain) -> list[str]:
        options: list[str] = []
        for item in items:
            found = self._read_option(name, str(item))
            if found is None:
                complain("LCT204", f'{name}: unknown option "{item}"', allowed(item, self._known[name]))
            elif not found:
                complain("LCT205", f'{name}: "{item}" matches nothing', "this can never hold")
            elif set(found) & set(options):
                complain("LCT206", f'{name}: "{item}" is named twice', "")
            else:
                options += found
        return options

    def _read_option(self, name: str, item: str) -> list[str] | None:
        if name == DISPOSITION:
            return self._read_levels(item)
        if item in self._known[name]:
            return [item]
        question = self.questions.get(name)
        if question is None or question.kind != "number":
            return None
        span = read_span(item, question.minimum, question.maximum)
        if span is None:
            return None
        bands = map(Band.named, self.bands[name])
        return [band.name for band in bands if span.low <= band.low and band.high <= span.high]

    def _read_levels(self, item: str) -> list[str] | None:
        for sign in (">=", "<="):
            if item.startswith(sign) and item[2:] in self.levels:
                at = self.levels.index(item[2:])
                return list(self.levels[: at + 1] if sign == ">=" else self.levels[at:])
        return [item] if item in self.levels else None

    def _impossible(self, cell: Cell) -> str:
        if not cell.every or cell.name in FINDINGS:
            return ""
        question = self.questions[cell.name]
        if question.kind != "many":
            return f"{cell.name}: only one answer can be given, so no two options hold together"
        alone = [o.id for o in question.options if o.exclusive and o.id in cell.options]
        return f'{cell.name}: "{alone[0]}" always stands alone' if alone else ""

    def read_example(self, raw: Any, complain: Complain) -> list[Facts]:
        """An example, written out: a list stands for each in turn where one answer is given."""
        if not isinstance(raw, dict):
            complain("LCT208", "an example is a table of answers", 'like { question = "option" }')
            return []
        turns: list[list[tuple[str, frozenset[str]]]] = []
        for name, value in raw.items():
            if name not in self._known:
                complain("LCT202", f'unknown question "{name}"', allowed(name, self.questions))
                continue
            read = self._read_finding if name in FINDINGS else self._read_fact
            facts = [read(name, one, complain) for one in self._in_turn(name, value)]
            turns.append([(name, fact) for fact in facts if fact])
        if prod(map(len, turns)) > MOST_CASES:
            what = f"stands for more than {MOST_CASES:,} cases"
            complain("LCT208", what, "write several examples, with shorter lists")
            return []
        return [dict(choice) for choice in product(*turns)]

    def _in_turn(self, name: str, value: Any) -> list[Any]:
        """The values that one written value stands for."""
        several = name in (RED_FLAG, CAUSE) or (name in self.questions and self.questions[name].kind == "many")
        if several and not (isinstance(value, list) and value and all(isinstance(item, list) for item in value)):
            return [value]
        return as_list(value)

    def _read_finding(self, name: str, value: Any, complain: Complain) -> frozenset[str]:
        ids = [str(item) for item in as_list(value)]
        for item in ids:
            if item not in self.findings[name]:
                complain("LCT204", f'unknown {name} "{item}"', allowed(item, self.findings[name]))
        return frozenset(ids)

    def _read_fact(self, name: str, value: Any, complain: Complain) -> frozenset[str]:
        answer = read_answer(self.questions[name], value, complain)
        return frozenset() if answer is None else as_fact(answer, self.bands.get(name, ()))


def as_facts(answers: Answers, bands: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Answers as the rules see them: sets of options, numbers as bands."""
    return {name: as_fact(answer, bands.get(name, ())) for name, answer in answers.items()}


def as_fact(answer: Answer, bands: Iterable[str]) -> frozenset[str]:
    """One answer as a set of options; a number as the one of `bands` that holds it."""
    if isinstance(answer, int):
        return frozenset([band_of(answer, bands)])
    return frozenset([answer]) if isinstance(answer, str) else frozenset(answer)


def read_answer(question: Question, value: Any, complain: Complain) -> Answer | None:
    """One answer as written in a file; None (after complaining) if it is not one."""
    known = [option.id for option in question.options]
    if question.kind == "many":
        return _read_many(question, value, known, complain)
    if isinstance(value, str) and value in known:
        return value
    if question.kind == "one":
        wrong = f'unknown option "{value}"' if isinstance(value, str) else "takes one option, written in quotes"
        complain("LCT402", f"{question.id}: {wrong}", allowed(value, known, _calm(question)))
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and question.minimum <= value <= question.maximum:
        return int(value)
    wrong = "is out of range" if whole else "is not an answer"
    limits = f"a whole number from {question.minimum} to {question.maximum} {question.unit}".strip()
    hint = f"{limits}, or {', '.join(known)}" if known else limits
    complain("LCT404", f"{question.id}: {_as_written(value)} {wrong}", hint)
    return None


def _read_many(question: Question, value: Any, known: list[str], complain: Complain) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        what = f'{question.id}: takes a list of options, like ["{known[0]}"], at least one'
        complain("LCT403", what, allowed(value, known, _calm(question)))
        return None
    unknown = [item for item in value if item not in known]
    for item in unknown:
        complain("LCT402", f'{question.id}: unknown option "{item}"', allowed(item, known, _calm(question)))
    for item in (item for item, times in Counter(value).items() if times > 1):
        complain("LCT405", f'{question.id}: "{item}" is given twice', "")
    alone = [option.id for option in question.options if option.exclusive and option.id in value]
    if alone and len(value) > 1:
        complain("LCT406", f'{question.id}: "{alone[0]}" stands alone, it cannot be beside others', "")
        return None
    return None if unknown else tuple(option for option in known if option in value)


def _calm(question: Question) -> list[str]:
    """The options that nobody is to be led to by a hint."""
    return [option.id for option in question.options if option.exclusive or option.harmless]


def valid_part(question: Question, value: Any) -> Answer | None:
    """What can be read of a value that is no answer as a whole: the signs in it; None where there are none."""
    given = set(_words(value))
    signs = tuple(o.id for o in question.options if o.id in given and o.id not in _calm(question))
    if question.kind == "many":
        return signs or None
    return signs[0] if len(signs) == 1 else None


def _words(value: Any) -> Iterator[str]:
    """All words of a text, or of texts in a list."""
    for item in chain.from_iterable(map(as_list, as_list(value))):
        if isinstance(item, str):
            yield from re.findall(r"\w+", item.lower())


def _as_written(value: Any) -> str:
    return " or ".join(map(str, as_list(value)))
