"""The one reading of a condition: a row of `when` of which all cells hold, and no row of `unless`.

What a truth is, is left open: a bool where answers are known, a formula in proofs, a set of rows where thousands of
answer sets are judged at once. experta decides results by a reading of its own; `check --prove` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import not_
from typing import Generic, NamedTuple, TypeVar

# What the rules see: question or finding -> the options that hold. Numbers have
# become bands, single answers sets of one; what was not answered is absent.
Facts = Mapping[str, frozenset[str]]

T = TypeVar("T")


class Logic(NamedTuple, Generic[T]):
    """What "all of", "any of" and "not" are for truths of one kind. All of none is true, any of none is false."""

    all_of: Callable[[Iterable[T]], T]
    any_of: Callable[[Iterable[T]], T]
    negated: Callable[[T], T]

    def cell(self, cell: Cell, chosen: Iterable[T], answered: T) -> T:
        """Whether a cell holds: for each of its options whether it was `chosen`, and whether anything was answered.

        Unanswered it never holds: silence is not "no".
        """
        if cell.absent:
            return self.all_of((answered, self.negated(self.any_of(chosen))))
        return self.all_of(chosen) if cell.every else self.any_of(chosen)

    def any_row(self, rows: Iterable[Iterable[Cell]], cell: Callable[[Cell], T]) -> T:
        """Whether all cells of some row hold."""
        return self.any_of(self.all_of(map(cell, row)) for row in rows)

    def condition(self, condition: Condition, cell: Callable[[Cell], T]) -> T:
        """Whether some row of `when` holds and no row of `unless` does."""

        def sides() -> Iterator[T]:
            yield self.any_row(condition.when, cell)
            yield self.negated(self.any_row(condition.unless, cell))

        return self.all_of(sides())  # of bools the second is not asked for where the first is false


BOOLS: Logic[bool] = Logic(all, any, not_)


# How a cell reads its options: any of them was chosen, all of them, or (of an answered question) none of them.
ANY, ALL, NONE_OF = "any", "all", "none_of"


class Cell(NamedTuple):
    """One condition on `name`: `how` its `options` must stand in the answer. Two cells of a row may read one name."""

    name: str
    options: frozenset[str]
    how: str = ANY
    written: str = ""

    @property
    def every(self) -> bool:
        return self.how == ALL

    @property
    def absent(self) -> bool:
        return self.how == NONE_OF

    def holds(self, facts: Facts) -> bool:
        """Whether it holds; false where `name` is absent (unanswered is not "no")."""
        present = facts.get(self.name)
        return present is not None and BOOLS.cell(self, map(present.__contains__, self.options), True)


Row = tuple[Cell, ...]
Rows = tuple[Row, ...]


class Condition(NamedTuple):
    """Rows of cells: some row of `when` holds and no row of `unless` does."""

    when: tuple[Row, ...]
    unless: tuple[Row, ...] = ()

    def holds(self, facts: Facts) -> bool:
        return BOOLS.condition(self, lambda cell: cell.holds(facts))


def any_row(rows: Iterable[Iterable[Cell]], facts: Facts) -> bool:
    """Whether all cells of some row hold."""
    return BOOLS.any_row(rows, lambda cell: cell.holds(facts))


EVERYBODY = Condition(((),))
NOBODY = Condition(())
