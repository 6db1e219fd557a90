"""Mutants of one condition, and whether the examples of its rule notice them.

Each is one rule with one thing changed: a row, a cell or an option dropped, an option
added, a threshold moved by one, `all` read as "any", `unless`, a contraindication or
`only_if` dropped. A mutant that changes nothing, whatever is answered, is proved equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import NamedTuple

from triage.examples import written_out
from triage.grammar import CAUSE, RED_FLAG, Span
from triage.model import Advice, Cell, Entry, Facts, Question, Row, RuleBase, any_row
from triage.projection import Domain, Value, cells_of, domain_of, values_apart

Rows = frozenset[frozenset[Cell]]
TRUE: Rows = frozenset([frozenset[Cell]()])  # one row without cells
FALSE: Rows = frozenset()


class Shape(NamedTuple):
    """When a rule fires and is not left out. `stops`: the rows of `unless` and of contraindications."""

    when: Rows
    stops: Rows
    only_if: Rows

    def fires(self, facts: Facts) -> bool:
        return any_row(self.when, facts) and any_row(self.only_if, facts) and not any_row(self.stops, facts)

    def cells(self) -> Iterator[Cell]:
        return cells_of(chain(self.when, self.stops, self.only_if))


NEVER = Shape(FALSE, FALSE, FALSE)


class Change(NamedTuple):
    """One change of rows: its kind, what was changed, and the changed rows."""

    kind: str
    what: str
    rows: Rows


class ShapeMutant(NamedTuple):
    """A rule with a changed condition."""

    kind: str
    rule: str
    what: str
    shape: Shape


class Reading:
    """How the cells of a rule base are read for its mutants.

    `domain`: all options; `numbers`: those that are numbers one by one, by question;
    `bands`: the numbers of each band, by question.
    """

    def __init__(self, rulebase: RuleBase, one_by_one: bool = True) -> None:
        """With `one_by_one` every number is an option, so that a threshold can move by one; else every band is."""
        questions = [q for q in rulebase.questions.values() if q.kind == "number" and one_by_one]
        self.numbers = {q.id: _numbers_of(q) for q in questions}
        self.bands = {name: [self._inside(name, band) for band in rulebase.bands[name]] for name in self.numbers}
        opened = {name: tuple(each) for name, each in self.numbers.items()}
        self._opened = replace(rulebase, bands={**rulebase.bands, **opened})
        self.domain: Domain = domain_of(self._opened)

    def examples(self, written: Iterable[Mapping[str, object]]) -> list[Facts]:
        """The cases that examples stand for."""
        return [facts for example in written for facts in written_out(self._opened, example)]

    def shape_of(self, entry: Entry) -> Shape:
        if not isinstance(entry, Advice):
            return Shape(self.rows(entry.condition.when), self.rows(entry.condition.unless), TRUE)
        stops = chain(entry.condition.unless, *(never.when for never in entry.never))
        return Shape(self.rows(entry.condition.when), self.rows(stops), self.rows(entry.only_if) or TRUE)

    def rows(self, rows: Iterable[Row]) -> Rows:
        return frozenset(frozenset(map(self._cell, row)) for row in rows)

    def _cell(self, cell: Cell) -> Cell:
        inside = (self._inside(cell.name, option) for option in cell.options)
        return Cell(cell.name, frozenset().union(*inside), cell.every)

    def _inside(self, name: str, option: str) -> Value:
        """The numbers of a band; an option itself."""
        if name not in self.numbers or "-" not in option:
            return frozenset([option])
        low, high = map(int, option.split("-"))
        return frozenset(Span(number, number).name for number in range(low, high + 1))


def _numbers_of(question: Question) -> list[str]:
    return [Span(number, number).name for number in range(question.minimum, question.maximum + 1)]


# --- the mutants of a rule


def condition_mutants(entry: Entry, reading: Reading) -> Iterator[ShapeMutant]:
    """Every rule whose condition differs from that of `entry` in one thing."""
    shape = reading.shape_of(entry)
    for part, rows in zip(Shape._fields, shape, strict=True):
        for kind, what, changed in changed_rows(rows - TRUE, reading):
            yield ShapeMutant(kind, entry.id, f"{part}: {what}", shape._replace(**{part: changed}))
    for kind, what, dropped in _whole_parts(entry):
        stops = shape.stops - reading.rows(dropped)
        yield ShapeMutant(kind, entry.id, what, shape._replace(stops=stops))
    if shape.only_if != TRUE:
        yield ShapeMutant("only_if dropped", entry.id, "only_if dropped", shape._replace(only_if=TRUE))


def _whole_parts(entry: Entry) -> Iterator[tuple[str, str, Iterable[Row]]]:
    """`unless` and each contraindication: kind, what is dropped, its rows."""
    if entry.condition.unless:
        yield "unless dropped", "unless dropped", entry.condition.unless
    for number, never in enumerate(entry.never if isinstance(entry, Advice) else ()):
        yield "contraindication dropped", f"contraindication {number} dropped", never.when


def changed_rows(rows: Rows, reading: Reading) -> Iterator[Change]:
    """Every change of one row, cell or option, in a fixed order."""
    for row in sorted(rows, key=in_short):
        yield Change("row dropped", f"{in_short(row)} dropped", rows - {row})
        for cell in sorted(row, key=lambda c: in_short([c])):
            without = rows - {row}
            yield Change("cell dropped", f"{in_short([cell])} dropped from {in_short(row)}", without | {row - {cell}})
            for kind, what, changed in _changed_cells(cell, reading):
                rest = row - {cell} | {changed}
                yield Change(kind, f"{cell.name}: {what} in {in_short(row)}", without | {rest})


def _changed_cells(cell: Cell, reading: Reading) -> Iterator[tuple[str, str, Cell]]:
    """Kind, what was changed, and the changed cell."""
    if cell.every:
        yield "all read as any", "all read as any", Cell(cell.name, cell.options)
    for part in _parts_of(cell.name, reading):
        left = cell.options - part
        if part <= cell.options and left:
            yield "option dropped", f"{_briefly(part)} dropped", Cell(cell.name, left, cell.every)
        elif not part & cell.options and cell.name not in (RED_FLAG, CAUSE):
            yield "option added", f"{_briefly(part)} added", Cell(cell.name, cell.options | part, cell.every)
    for inner, outer in _edges(cell, reading.numbers.get(cell.name, [])):
        yield "threshold moved", f"{inner} dropped", Cell(cell.name, cell.options - {inner})
        yield "threshold moved", f"{outer} added", Cell(cell.name, cell.options | {outer})
    if cell.name in (RED_FLAG, CAUSE):  # there are dozens: all others at once
        yield "option added", "any added", Cell(cell.name, frozenset(reading.domain.options[cell.name]))


def _parts_of(name: str, reading: Reading) -> list[Value]:
    """What is dropped or added as one."""
    numbers = reading.numbers.get(name, [])
    each = [frozenset([option]) for option in reading.domain.options[name] if option not in numbers]
    return [*each, *reading.bands.get(name, [])]


def _edges(cell: Cell, numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Neighbours of which one belongs to the cell and the other does not."""
    for pair in pairwise(numbers):
        inside = [number for number in pair if number in cell.options]
        if len(inside) == 1:
            yield inside[0], pair[pair[0] == inside[0]]


def _briefly(options: Value) -> str:
    """Options in words; numbers as spans."""
    spans: list[Span] = []
    for low, high in sorted(tuple(map(int, option.split("-"))) for option in options if option[0].isdigit()):
        if spans and spans[-1].high == low - 1:
            spans[-1] = Span(spans[-1].low, high)
        else:
            spans.append(Span(low, high))
    return "/".join([*(span.name for span in spans), *sorted(option for option in options if not option[0].isdigit())])


def in_short(row: Iterable[Cell]) -> str:
    """The cells of a row, in a fixed order."""
    return " & ".join(sorted(f"{cell.name}={'all ' if cell.every else ''}{_briefly(cell.options)}" for cell in row))


# --- who notices


class ByExamples:
    """Whether a rule's own examples notice a changed condition."""

    def __init__(self, rulebase: RuleBase, reading: Reading) -> None:
        self._reading = reading
        self._entries = rulebase.entries
        self._read: dict[str, tuple[list[Facts], list[Facts]]] = {}

    def notice(self, mutant: ShapeMutant) -> bool:
        fires, silent = self._examples(mutant.rule)
        return not all(map(mutant.shape.fires, fires)) or any(map(mutant.shape.fires, silent))

    def _examples(self, rule: str) -> tuple[list[Facts], list[Facts]]:
        if rule not in self._read:
            entry = self._entries[rule]
            self._read[rule] = self._reading.examples(entry.fires), self._reading.examples(entry.silent)
        return self._read[rule]


def telling_apart(one: Shape, other: Shape, domain: Domain) -> dict[str, Value] | None:
    """Facts on which one of the two rules fires and the other does not; None if there are none.

    Name by name, with every value that a cell of either can tell apart; as soon as what
    is left of both is the same, nothing further can tell them apart.
    """
    if one == other:
        return None
    changed = set(one.cells()) ^ set(other.cells()) or set(one.cells())
    names = {cell.name for cell in (*one.cells(), *other.cells())}
    if not names:
        return {}
    name = min(names, key=lambda n: (all(cell.name != n for cell in changed), n))
    for value in values_apart(name, {*one.cells(), *other.cells()}, domain):
        rest = telling_apart(_reduced(one, name, value), _reduced(other, name, value), domain)
        if rest is not None:
            return {**rest, name: value} if value else rest
    return None


def _reduced(shape: Shape, name: str, value: Value) -> Shape:
    """What is left of a rule to be settled once `name` is known (`value` empty: not answered)."""
    facts = {name: value} if value else {}
    when, stops, only_if = (_left_over(rows, name, facts) for rows in shape)
    return NEVER if FALSE in (when, only_if) or stops == TRUE else Shape(when, stops, only_if)


def _left_over(rows: Rows, name: str, facts: Facts) -> Rows:
    left = {
        frozenset(cell for cell in row if cell.name != name)
        for row in rows
        if all(cell.holds(facts) for cell in row if cell.name == name)
    }
    return frozenset(row for row in left if not any(shorter < row for shorter in left))
