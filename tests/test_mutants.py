"""A rule's own examples must notice every small change to it.

Each mutant is one rule with one thing changed: a row, a cell or an option dropped, an
option added, a threshold moved by one, `all` read as "any", `unless`, a
contraindication or `only_if` dropped. A mutant that changes nothing, whatever is
answered, is not held against the examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations, pairwise, product
from random import Random
from typing import NamedTuple

import pytest

from triage.examples import written_out
from triage.grammar import CAUSE, DISPOSITION, RED_FLAG, Span
from triage.model import Advice, Cell, Entry, Facts, Question, Row, RuleBase, any_row

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
        return chain.from_iterable(chain(self.when, self.stops, self.only_if))


NEVER = Shape(FALSE, FALSE, FALSE)


class Mutant(NamedTuple):
    """A changed rule, and what was changed."""

    change: str
    shape: Shape


class Answering:
    """What can be answered or found: options by name, numbers one by one."""

    def __init__(self, rulebase: RuleBase) -> None:
        questions = rulebase.questions.values()
        self.numbers = {q.id: numbers_of(q) for q in questions if q.kind == "number"}
        self.bands = {name: [self.inside(name, band) for band in bands] for name, bands in rulebase.bands.items()}
        self.options = {q.id: [*self.numbers.get(q.id, ()), *(o.id for o in q.options)] for q in questions}
        self.options |= {RED_FLAG: list(rulebase.red_flags), CAUSE: list(rulebase.causes)}
        self.options |= {DISPOSITION: [level.id for level in rulebase.ladder]}
        self.several = {RED_FLAG, CAUSE, *(q.id for q in questions if q.kind == "many")}
        self.alone = {q.id: {o.id for o in q.options if o.exclusive} for q in questions}
        self.rulebase = replace(rulebase, bands={name: tuple(each) for name, each in self.numbers.items()})

    def inside(self, name: str, option: str) -> frozenset[str]:
        """The numbers of a band; an option itself."""
        if name not in self.numbers or "-" not in option:
            return frozenset([option])
        low, high = map(int, option.split("-"))
        return frozenset(Span(number, number).name for number in range(low, high + 1))

    def examples(self, written: Iterable[Mapping[str, object]]) -> list[Facts]:
        return [facts for example in written for facts in written_out(self.rulebase, example)]

    def shape_of(self, entry: Entry) -> Shape:
        if not isinstance(entry, Advice):
            return Shape(self.rows(entry.condition.when), self.rows(entry.condition.unless), TRUE)
        stops = chain(entry.condition.unless, *(never.when for never in entry.never))
        return Shape(self.rows(entry.condition.when), self.rows(stops), self.rows(entry.only_if) or TRUE)

    def rows(self, rows: Iterable[Row]) -> Rows:
        return frozenset(frozenset(map(self.cell, row)) for row in rows)

    def cell(self, cell: Cell) -> Cell:
        inside = (self.inside(cell.name, option) for option in cell.options)
        return Cell(cell.name, frozenset().union(*inside), cell.every)


def numbers_of(question: Question) -> list[str]:
    return [Span(number, number).name for number in range(question.minimum, question.maximum + 1)]


# --- the mutants of a rule


def mutants_of(entry: Entry, answering: Answering) -> Iterator[Mutant]:
    """Every rule that differs from `entry` in one thing."""
    shape = answering.shape_of(entry)
    for part, rows in zip(Shape._fields, shape, strict=True):
        for change, changed in changed_rows(rows - TRUE, answering):
            yield Mutant(f"{part}: {change}", shape._replace(**{part: changed}))
    for part, dropped in whole_parts(entry):
        yield Mutant(f"{part} dropped", shape._replace(stops=shape.stops - answering.rows(dropped)))
    if shape.only_if != TRUE:
        yield Mutant("only_if dropped", shape._replace(only_if=TRUE))


def whole_parts(entry: Entry) -> Iterator[tuple[str, Iterable[Row]]]:
    """`unless` and each contraindication."""
    if entry.condition.unless:
        yield "unless", entry.condition.unless
    for number, never in enumerate(entry.never if isinstance(entry, Advice) else ()):
        yield f"contraindication {number}", never.when


def changed_rows(rows: Rows, answering: Answering) -> Iterator[tuple[str, Rows]]:
    for row in rows:
        yield f"{words(row)} dropped", rows - {row}
        for cell in row:
            yield f"{words([cell])} dropped from {words(row)}", rows - {row} | {row - {cell}}
            for change, options, every in changed_cells(cell, answering):
                changed = Cell(cell.name, options, every)
                yield f"{cell.name}: {change} in {words(row)}", rows - {row} | {row - {cell} | {changed}}


def changed_cells(cell: Cell, answering: Answering) -> Iterator[tuple[str, frozenset[str], bool]]:
    """What was changed, the changed options, and whether all are asked for."""
    if cell.every:
        yield "all read as any", cell.options, False
    for part in parts_of(cell.name, answering):
        left = cell.options - part
        if part <= cell.options and left:
            yield f"{briefly(part)} dropped", left, cell.every
        elif not part & cell.options and cell.name not in (RED_FLAG, CAUSE):
            yield f"{briefly(part)} added", cell.options | part, cell.every
    for inner, outer in edges(cell, answering.numbers.get(cell.name, [])):
        yield f"{inner} dropped", cell.options - {inner}, False
        yield f"{outer} added", cell.options | {outer}, False
    if cell.name in (RED_FLAG, CAUSE):  # there are dozens: all others at once
        yield "any added", frozenset(answering.options[cell.name]), False


def parts_of(name: str, answering: Answering) -> list[frozenset[str]]:
    """What is dropped or added as one."""
    numbers = answering.numbers.get(name, [])
    each = [frozenset([option]) for option in answering.options[name] if option not in numbers]
    return [*each, *answering.bands.get(name, [])]


def edges(cell: Cell, numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Neighbours of which one belongs to the cell and the other does not."""
    for pair in pairwise(numbers):
        inside = [number for number in pair if number in cell.options]
        if len(inside) == 1:
            yield inside[0], pair[pair[0] == inside[0]]


def briefly(options: frozenset[str]) -> str:
    """Options in words; numbers as one span."""
    numbers = sorted(int(option.split("-")[0]) for option in options if option[0].isdigit())
    span = [Span(numbers[0], numbers[-1]).name] if numbers else []
    return "/".join([*span, *sorted(option for option in options if not option[0].isdigit())])


def words(row: Iterable[Cell]) -> str:
    return " & ".join(sorted(f"{cell.name}={'all ' if cell.every else ''}{briefly(cell.options)}" for cell in row))


# --- whether two rules differ at all


def telling_apart(one: Shape, other: Shape, answering: Answering) -> dict[str, frozenset[str]] | None:
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
    cells = {cell for cell in (*one.cells(), *other.cells()) if cell.name == name}
    for value in values_apart(name, cells, answering):
        rest = telling_apart(reduced(one, name, value), reduced(other, name, value), answering)
        if rest is not None:
            return {**rest, name: value} if value else rest
    return None


def reduced(shape: Shape, name: str, value: frozenset[str]) -> Shape:
    """What is left of a rule to be settled once `name` is known (`value` empty: not answered)."""
    facts = {name: value} if value else {}
    when, stops, only_if = (left_over(rows, name, facts) for rows in shape)
    return NEVER if FALSE in (when, only_if) or stops == TRUE else Shape(when, stops, only_if)


def left_over(rows: Rows, name: str, facts: Facts) -> Rows:
    left = {
        frozenset(cell for cell in row if cell.name != name)
        for row in rows
        if all(cell.holds(facts) for cell in row if cell.name == name)
    }
    return frozenset(row for row in left if not any(shorter < row for shorter in left))


def values_apart(name: str, cells: Iterable[Cell], answering: Answering) -> Iterator[frozenset[str]]:
    """The answers that cells can tell apart; first "not answered"."""
    yield frozenset()
    alone, several = answering.alone.get(name, set()), name in answering.several
    groups: dict[object, str] = {}
    for option in answering.options[name]:
        stands_in = frozenset((cell, option if cell.every else "") for cell in cells if option in cell.options)
        groups.setdefault((stands_in, option in alone), option)
    for option in groups.values():
        yield frozenset([option])
    joined = [option for option in groups.values() if option not in alone] if several else []
    for size in range(2, len(joined) + 1):
        yield from map(frozenset, combinations(joined, size))


# --- the tests


class Survivor(NamedTuple):
    """A mutant that no example notices, and facts that would show the difference."""

    rule: str
    change: str
    facts: Facts

    def __str__(self) -> str:
        return f"{self.rule}: {self.change}; told apart by {words(Cell(n, o) for n, o in self.facts.items())}"


@pytest.fixture(scope="module")
def answering(rulebase: RuleBase) -> Answering:
    return Answering(rulebase)


def test_the_examples_of_every_rule_notice_its_mutants(rulebase: RuleBase, answering: Answering) -> None:
    survivors = [str(survivor) for entry in rulebase.entries.values() for survivor in surviving(entry, answering)]
    if survivors:
        pytest.fail(f"{len(survivors)} mutants are noticed by no example:\n" + "\n".join(survivors), pytrace=False)


def surviving(entry: Entry, answering: Answering) -> Iterator[Survivor]:
    shape = answering.shape_of(entry)
    fires, silent = answering.examples(entry.fires), answering.examples(entry.silent)
    for change, mutant in mutants_of(entry, answering):
        unnoticed = all(map(mutant.fires, fires)) and not any(map(mutant.fires, silent))
        if unnoticed and (facts := telling_apart(shape, mutant, answering)) is not None:
            assert shape.fires(facts) != mutant.fires(facts)
            yield Survivor(entry.id, change, facts)


def test_every_rule_with_a_condition_has_mutants(rulebase: RuleBase, answering: Answering) -> None:
    count = {entry.id: sum(1 for _ in mutants_of(entry, answering)) for entry in rulebase.entries.values()}
    conditional = [entry.id for entry in rulebase.entries.values() if any(answering.shape_of(entry).cells())]
    assert all(count[name] > 1 for name in conditional)
    assert sum(count.values()) > 10 * len(count)


def test_rules_are_alike_only_if_no_facts_tell_them_apart(rulebase: RuleBase) -> None:
    """`telling_apart` acquits mutants, so small rules are compared on all facts there are."""
    small, random = Answering(rulebase), Random(6)
    small.options, small.several, small.alone = {"a": "xyz", "b": "xyz"}, {"a"}, {"a": {"z"}}
    values = {"a": ["", "x", "y", "z", "xy"], "b": ["", "x", "y", "z"]}
    cases = [{n: frozenset(v) for n, v in zip(values, case, strict=True)} for case in product(*values.values())]
    verdicts = []
    for _ in range(500):
        one = Shape(random_rows(random), random_rows(random), random.choice([TRUE, random_rows(random)]))
        part = random.choice(Shape._fields)
        other = one._replace(**{part: getattr(one, part) | random_rows(random)})
        found = telling_apart(one, other, small)
        assert (found is not None) == any(one.fires(facts) != other.fires(facts) for facts in cases)
        assert found is None or one.fires(found) != other.fires(found)
        verdicts.append(found is None)
    assert 50 < sum(verdicts) < 450


def random_rows(random: Random) -> Rows:
    def cell(name: str) -> Cell:
        return Cell(name, frozenset(random.sample("xyz", random.randint(1, 2))), name == "a" and random.random() < 0.2)

    return frozenset(
        frozenset(map(cell, random.sample("ab", random.randint(1, 2)))) for _ in range(random.randint(1, 2))
    )
