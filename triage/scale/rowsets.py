"""Sets of rows, each as one number: what holds for thousands of rows is found by one `&`, `|` or `~`.

Of all rows the first is the highest bit, so the rows stand in their order when such a number is written in binary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain, compress, count
from operator import and_, or_
from typing import Generic, NamedTuple, TypeVar

from triage.knowledge.conditions import Logic

RowSet = int
T = TypeVar("T")
U = TypeVar("U")
H = TypeVar("H", bound=Hashable)

BITS = 8  # of a byte
CODES = 255  # values that fit into a byte beside "another one"


class Column(NamedTuple, Generic[T]):
    """A value for every row: the different `values`, and for each row the number of its own."""

    values: tuple[T, ...]
    codes: Sequence[int]

    def rows(self) -> Iterator[T]:
        """The value of every row."""
        return map(self.values.__getitem__, self.codes)

    def mapped(self, function: Callable[[T], U]) -> Column[U]:
        """The same rows with other values."""
        return Column(tuple(map(function, self.values)), self.codes)

    def only(self, wanted: Iterable[bool]) -> Column[T]:
        """The wanted ones of the rows."""
        return Column(self.values, list(compress(self.codes, wanted)))


def every(rows: int) -> RowSet:
    """All of so many rows."""
    return (1 << rows) - 1


def union(sets: Iterable[RowSet]) -> RowSet:
    """The rows that are in any of the sets."""
    return reduce(or_, sets, 0)


def logic(everyone: RowSet) -> Logic[RowSet]:
    """Conditions on many rows at once: where each holds of `everyone`."""
    return Logic(lambda sets: reduce(and_, sets, everyone), union, everyone.__xor__)


def numbered(values: Iterable[H]) -> Column[H]:
    """The same values as a column."""
    number: defaultdict[H, int] = defaultdict(count().__next__)
    codes = list(map(number.__getitem__, values))
    return Column(tuple(number), codes)


def with_names(column: Column[frozenset[str]]) -> dict[str, RowSet]:
    """The rows of each name, where each value of the column is some names."""
    found: dict[str, RowSet] = {}
    for start in range(0, len(column.values), CODES):
        block = column.values[start : start + CODES]
        codes = bytes(column.codes if block == column.values else _within(range(start, start + CODES), column.codes))
        for name, marks in _marks(block).items():
            found[name] = found.get(name, 0) | int(codes.translate(marks), 2)
    return found


def _within(block: range, codes: Iterable[int]) -> Iterator[int]:
    """Codes counted from the start of a block; `CODES` for those of other blocks."""
    return (code - block.start if code in block else CODES for code in codes)


def _marks(block: Iterable[frozenset[str]]) -> dict[str, bytearray]:
    """For each name, a table that turns the codes of its values into "1" and all others into "0"."""
    marks: dict[str, bytearray] = {}
    for code, names in enumerate(block):
        for name in names:
            marks.setdefault(name, bytearray(b"0" * (CODES + 1)))[code] = ord("1")
    return marks


def together(sets: Iterable[tuple[T, RowSet]], rows: int) -> Column[tuple[T, ...]]:
    """For every row what belongs to the sets that it is in, in their order."""
    there = [one for one in sets if one[1]]
    groups = [there[start : start + BITS] for start in range(0, len(there), BITS)]
    if not groups:
        return Column(((),) if rows else (), bytes(rows))
    columns = [_bytes([one for _, one in group], rows) for group in groups]
    meant = [
        _meanings([value for value, _ in group], set(bytes_)) for group, bytes_ in zip(groups, columns, strict=True)
    ]
    found = numbered(zip(*columns, strict=True))
    return found.mapped(lambda key: tuple(chain.from_iterable(map(dict.__getitem__, meant, key))))


def _meanings(values: Sequence[T], found: Iterable[int]) -> dict[int, list[T]]:
    """What each byte that was found stands for."""
    return {byte: [value for n, value in enumerate(values) if byte >> n & 1] for byte in found}


def _bytes(sets: Iterable[RowSet], rows: int) -> bytes:
    """A byte for each row, with a bit for each of up to eight sets."""
    ones = int.from_bytes(b"\x01" * rows, "big")
    joined = 0
    for n, one in enumerate(sets):
        joined |= (int.from_bytes(f"{one:0{rows}b}".encode(), "big") & ones) << n
    return joined.to_bytes(rows, "big")
