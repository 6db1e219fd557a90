"""Columns of Parquet as values that every format can hold, and the rows where that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import compress
from typing import Any

TEXTS = (  # types that JSON has none for
    "date", "time", "timestamp", "duration", "decimal", "binary", "large_binary", "fixed_size_binary", "binary_view",
)  # fmt: skip
Why = dict[int, str]  # what is wrong with a row (from 0)


def readable(batch: Any, kept: Collection[int]) -> tuple[list[Sequence[Any]], Why]:
    """The columns of a record batch, and the rows that cannot be read, which are in the columns all the same.

    Those numbered in `kept` stay as they are, the others become values of Python: times, decimals and bytes are texts.
    """
    columns: list[Sequence[Any]] = []
    why: Why = {}
    for n, column in enumerate(batch.columns):
        found, wrong = _tried(_checked if n in kept else _values, column)
        columns.append(column if n in kept else found)
        for row, what in wrong.items():
            why.setdefault(row, f'column "{batch.schema.names[n]}" cannot be read: {what}')
    return columns, why


def only(column: Any, wanted: Sequence[bool]) -> Sequence[Any]:
    """The wanted ones of the rows, of a column of either kind."""
    if isinstance(column, (list, tuple)):
        return tuple(compress(column, wanted))
    import pyarrow

    kept: Sequence[Any] = column.filter(pyarrow.array(wanted, pyarrow.bool_()))
    return kept


def value(column: Any, row: int) -> Any:
    """What one row of a column holds, which can be read."""
    return _values(column.slice(row, 1))[0]


def _tried(read: Callable[[Any], list[Any]], column: Any) -> tuple[list[Any], Why]:
    """All rows at once; one by one where some of them cannot be read."""
    import pyarrow

    faults = (pyarrow.lib.ArrowException, ValueError, OverflowError)
    try:
        return read(column), {}
    except faults:
        found: list[Any] = []
        why: Why = {}
        for row in range(len(column)):
            try:
                found += read(column.slice(row, 1)) or [None]
            except faults as error:
                why[row] = str(error)
                found.append(None)
        return found, why


def _checked(column: Any) -> list[Any]:
    column.validate(full=True)
    return []


def _values(column: Any) -> list[Any]:
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if any(getattr(pyarrow.types, f"is_{kind}")(column.type) for kind in TEXTS):
        column = _as_texts(column)
    values: list[Any] = column.to_pylist()
    return values


def _as_texts(column: Any) -> Any:
    """As Arrow writes them; times of a place that nobody knows are those of UTC."""
    import pyarrow

    try:
        return column.cast(pyarrow.string())
    except pyarrow.ArrowInvalid:
        if not pyarrow.types.is_timestamp(column.type):
            raise
        return column.cast(pyarrow.timestamp(column.type.unit, "UTC")).cast(pyarrow.string())
