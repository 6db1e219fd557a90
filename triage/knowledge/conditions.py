"""The one reading of a condition: a row of `when` of which all cells hold, and no row of `unless`.

What a truth is, is left open: a bool where answers are known, a formula in proofs, a set of rows where thousands of
answer sets are judged at once. experta decides results by a reading of its own; `check --prove` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import not_
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from triage.knowledge.model import Cell, Condition

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
