"""What is told of a chunk: how many rows became what, and why some were refused. Imports nothing that judges them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from triage.scale.tables import Size

ERRORS = ("line", "id", "column", "value", "why", "known")
KNOWN = "known"  # the last of ERRORS


class Error(NamedTuple):
    """Why a row was refused: the fields of `ERRORS`.

    `known`: the least level that its other answers reach, where that asks for a doctor.
    """

    line: int
    id: str
    column: str
    value: str
    why: str
    known: str = ""


class Counts(NamedTuple):
    """How many rows there were. `refused` hold something wrong, `unfinished` lack answers; neither is written.

    `results`: how many written rows have what, by kind and id. Kinds are disposition, red flag, cause and the columns
    `needs_checking`, `pharmacist` and `pending` (no id); `missing`: of the rows of a disposition, those that lack answers.
    `KNOWN`: how many rows that were not written have which level as `Error.known`.
    """

    read: int
    written: int
    refused: int
    unfinished: int
    results: Counter[tuple[str, str]]

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))  # type: ignore[operator]


NONE = Counts(0, 0, 0, 0, Counter())


class Done(NamedTuple):
    """What became of a chunk: the bytes of its part of the output, its errors, and the counts."""

    number: int
    output: bytes
    errors: tuple[Error, ...]
    counts: Counts
    upto: int
    tables: Size
