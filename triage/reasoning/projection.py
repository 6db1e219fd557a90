"""What conditions can tell apart: the answer space, projected on to the names that cells read.

A condition reads a few names only, and of each name only which of its cells hold. So the
whole answer space falls into few classes, and what is true of one member of each class is
true of every answer set. "Not answered" is a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations, product
from math import prod
from typing import NamedTuple

from triage.knowledge.conditions import Cell, Facts
from triage.knowledge.model import CAUSE, DISPOSITION, RED_FLAG, RuleBase

# What stands for a class: the options that hold; empty for "not answered".
Value = frozenset[str]


class Domain(NamedTuple):
    """What can be answered or found: the options of every name.

    `several`: names of which more than one option can hold; `alone`: options that hold
    without any other.
    """

    options: Mapping[str, tuple[str, ...]]
    several: frozenset[str]
    alone: Mapping[str, frozenset[str]]


def domain_of(rulebase: RuleBase) -> Domain:
    """All questions, numbers in the bands of the rule base, and the three kinds of findings."""
    questions = rulebase.questions.values()
    options = {q.id: (*rulebase.bands.get(q.id, ()), *(o.id for o in q.options)) for q in questions}
    findings = {
        RED_FLAG: tuple(rulebase.red_flags),
        CAUSE: tuple(rulebase.causes),
        DISPOSITION: tuple(level.id for level in rulebase.ladder),
    }
    several = frozenset([RED_FLAG, CAUSE, *(q.id for q in questions if q.kind == "many")])
    return Domain(
        options | findings, several, {q.id: frozenset(o.id for o in q.options if o.exclusive) for q in questions}
    )


def cells_of(rows: Iterable[Iterable[Cell]]) -> Iterator[Cell]:
    """Every cell of every row."""
    return chain.from_iterable(rows)


def values_apart(name: str, cells: Iterable[Cell], domain: Domain) -> list[Value]:
    """One value of `name` for each class that `cells` can tell apart; first "not answered".

    Any other answer to `name` makes the same cells hold as one of these; no two of these
    do but "not answered" and an answer that no cell asks for. Cells that read another
    name are left out of account.
    """
    own = [cell for cell in cells if cell.name == name]
    classes: dict[tuple[bool, ...], Value] = {}
    for value in _standing_in(name, own, domain):
        classes.setdefault(tuple(cell.holds({name: value}) for cell in own), value)
    return [frozenset(), *classes.values()]


def _standing_in(name: str, own: list[Cell], domain: Domain) -> Iterator[Value]:
    """Answers to `name`, with one option for all that stand in the same cells; small answers first."""
    alone = domain.alone.get(name, frozenset())
    groups: dict[frozenset[object], str] = {}
    for option in sorted(domain.options[name], key=lambda o: o in alone):  # those that can be joined first
        stands_in = frozenset((cell, option if cell.every else "") for cell in own if option in cell.options)
        groups.setdefault(stands_in, option)
    yield from (frozenset([option]) for option in groups.values())
    groups.pop(frozenset(), None)  # beside any other it changes nothing
    joined = [option for option in groups.values() if option not in alone] if name in domain.several else []
    for size in range(2, len(joined) + 1):
        yield from map(frozenset, combinations(joined, size))


def projection(rows: Iterable[Iterable[Cell]], domain: Domain) -> dict[str, list[Value]]:
    """The classes of every name that `rows` read, names in order. Use it for rows of several rules, too."""
    cells = list(dict.fromkeys(cells_of(rows)))
    return {name: values_apart(name, cells, domain) for name in sorted({cell.name for cell in cells})}


def size(values: Mapping[str, list[Value]]) -> int:
    """How many cases a projection has."""
    return prod(map(len, values.values()))


def cases(values: Mapping[str, list[Value]]) -> Iterator[Facts]:
    """Every case of a projection, as facts: what is not answered is absent."""
    for chosen in product(*values.values()):
        yield {name: value for name, value in zip(values, chosen, strict=True) if value}
