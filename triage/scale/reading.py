"""Any input as tables of texts, a few rows at a time. No row is lost: what is none is told with its line."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, NamedTuple

import polars as pl

from triage.exchange.form_data import FormData, as_text, check_columns, form_data
from triage.exchange.tables import JSONL, Record, checked, faulty, rows_in
from triage.knowledge.model import RuleBase
from triage.scale.expressions import JOINS, RESULT

PARQUET = "parquet"
ROWS = 40_000  # at a time
BROKEN = (UnicodeError, EOFError, zlib.error, gzip.BadGzipFile, pl.exceptions.PolarsError, pl.exceptions.PanicException)


class Table(NamedTuple):
    """Sound rows: their lines, the texts of columns with answers, what is carried through; other rows."""

    lines: Sequence[int]
    asked: Mapping[str, Sequence[str]]
    carried: pl.DataFrame
    refused: Sequence[Record] = ()


class Source(NamedTuple):
    """An input: its columns, which of them are answers, its rows, and what is to be told of it.

    `passed`: how many FHIR resources are of other types, once the rows are read.
    """

    columns: Sequence[str]
    form: FormData
    tables: Iterator[Table]
    remark: str
    passed: Counter[str]


@contextmanager
def opened(name: str, format_: str, encoding: str, rulebase: RuleBase) -> Iterator[Source]:
    """An input whose columns make sense. Raises FaultyInput, OSError; at the end where it changed since."""
    before = os.stat(name)
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(open(name, "rb"))
            names: Sequence[str] = pl.scan_parquet(name).collect_schema().names() if format_ == PARQUET else ()
            line, rows, remark, passed = 1, iter(tuple[Record]()), "", Counter[str]()
            if format_ != PARQUET:
                (names, line, rows), remark, text = rows_in(raw, name, format_, encoding, rulebase, passed)
                stack.callback(text.close)
            columns = [column.strip() for column in names]
            while columns and not columns[-1]:
                columns.pop()
            if not columns:
                raise faulty(name, line, "is empty: the first line names the columns", code="LCT708")
            form = form_data(columns, rulebase)
            check_columns(columns, form, name, rulebase, RESULT)
            tables = _tables(checked(rows, len(columns), len(names), name), columns, form, format_)
            yield Source(columns, form, _frames(name, form) if format_ == PARQUET else tables, remark, passed)
    except BROKEN as error:
        raise faulty(name, 0, f"cannot be read: {error}", "is it whole, and in that encoding?") from None
    after = os.stat(name)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):  # no row can be trusted
        raise faulty(name, 0, "has changed while it was read", "run it again when it is finished", "LCT706")


def _frames(name: str, form: FormData) -> Iterator[Table]:
    frame = pl.scan_parquet(name)
    for start in range(0, max(1, frame.select(pl.len()).collect().item()), ROWS):
        part = frame.slice(start, ROWS).collect()
        asked = {column: as_texts(part[column]).fill_null("").to_list() for column in form.asked}
        yield Table(range(start + 1, start + 1 + part.height), asked, part.drop(form.asked))


def as_texts(column: pl.Series) -> pl.Series:
    """A column of any type as cells of CSV."""
    if column.dtype == pl.List(pl.String):
        return column.list.join(JOINS)
    if column.dtype.is_nested():
        return pl.Series(column.name, list(map(as_text, column)), pl.String)
    return column.dt.to_string("iso") if column.dtype == pl.Duration else column.cast(pl.String)


def _tables(rows: Iterator[Record], columns: Sequence[str], form: FormData, format_: str) -> Iterator[Table]:
    """At least one, so that an output without rows has its columns."""
    more = True
    while more:
        some = list(islice(rows, ROWS))
        more, sound = len(some) == ROWS, [row for row in some if not row[2]]
        cells = zip(*(row[1] for row in sound), strict=True) if sound else [()] * len(columns)
        named = dict(zip(columns, cells, strict=False))
        asked = {name: list(map(as_text, named[name])) if format_ == JSONL else named[name] for name in form.asked}
        carried = pl.DataFrame([_series(name, named[name]) for name in columns if name not in asked])
        yield Table([row[0] for row in sound], asked, carried, [row for row in some if row[2]])


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    """Of JSON, values of one simple type as they are; others, lists and objects as texts."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds in ({int}, {float}, {bool}) and (
        kinds != {int} or max(map(abs, filter(None, values)), default=0) < 1 << 63
    ):
        return pl.Series(name, values)
    return pl.Series(name, values if kinds <= {str} else list(map(as_text, values)), pl.String)
