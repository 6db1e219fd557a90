"""Sets of rows, each as one number: what holds for thousands of rows is found by one `&`, `|` or `~`.

Of `count` rows the first is the highest bit, so the rows stand in their order when such a number is written in binary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, compress
from operator import or_
from typing import Generic, NamedTuple, TypeVar

RowSet = int
T = TypeVar("T")
U = TypeVar("U")

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


def every(count: int) -> RowSet:
    """All of so many rows."""
    return (1 << count) - 1


def union(sets: Iterable[RowSet]) -> RowSet:
    """The rows that are in any of the sets."""
    return reduce(or_, sets, 0)


def with_names(column: Sequence[Hashable], names: Mapping[Hashable, Iterable[str]]) -> dict[str, RowSet]:
    """The rows of each name, where `names` says which names belong to a value of the column."""
    found: dict[str, RowSet] = {}
    known = list(names)
    for start in range(0, len(known), CODES):
        block = known[start : start + CODES]
        code = dict.fromkeys(known, CODES) | {value: n for n, value in enumerate(block)}
        codes = bytes(map(code.__getitem__, column))
        for name, marks in _marks(names[value] for value in block).items():
            found[name] = found.get(name, 0) | int(codes.translate(marks), 2)
    return found


def _marks(block: Iterable[Iterable[str]]) -> dict[str, bytearray]:
    """For each name, a table that turns the codes of its values into "1" and all others into "0"."""
    marks: dict[str, bytearray] = {}
    for code, names in enumerate(block):
        for name in names:
            marks.setdefault(name, bytearray(b"0" * (CODES + 1)))[code] = ord("1")
    return marks


def together(sets: Iterable[tuple[T, RowSet]], count: int) -> Column[tuple[T, ...]]:
    """For every row what belongs to the sets that it is in, in their order."""
    there = [one for one in sets if one[1]]
    groups = [there[start : start + BITS] for start in range(0, len(there), BITS)]
    if not groups:
        return Column(((),) if count else (), bytes(count))
    columns = [_bytes([rows for _, rows in group], count) for group in groups]
    meant = [
        _meanings([value for value, _ in group], set(bytes_)) for group, bytes_ in zip(groups, columns, strict=True)
    ]
    keys = list(zip(*columns, strict=True))
    number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    values = (tuple(chain.from_iterable(map(dict.__getitem__, meant, key))) for key in number)
    return Column(tuple(values), list(map(number.__getitem__, keys)))


def _meanings(values: Sequence[T], found: Iterable[int]) -> dict[int, list[T]]:
    """What each byte that was found stands for."""
    return {byte: [value for n, value in enumerate(values) if byte >> n & 1] for byte in found}


def _bytes(sets: Iterable[RowSet], count: int) -> bytes:
    """A byte for each row, with a bit for each of up to eight sets."""
    ones = int.from_bytes(b"\x01" * count, "big")
    joined = 0
    for n, rows in enumerate(sets):
        joined |= (int.from_bytes(f"{rows:0{count}b}".encode(), "big") & ones) << n
    return joined.to_bytes(count, "big")
