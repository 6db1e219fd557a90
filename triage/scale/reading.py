"""Any input as tables of texts, a few rows at a time. No row is lost: what is none is told with its line."""

from __future__ import annotations

import csv
import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import polars as pl

from triage.exchange.form_data import as_text, check_columns, form_data
from triage.exchange.tables import CSV, Head, Part, Record, checked, faulty, is_text, parts_in, records_in
from triage.knowledge.model import RuleBase
from triage.scale.expressions import JOINS, RESULT

PARQUET = "parquet"
ROWS = 60_000  # at a time
UNLIKE = re.compile('["\r\0]|^\ufeff')  # what readers of CSV take in different ways
LONGEST = csv.field_size_limit()
PLAIN: Any = {"has_header": False, "quote_char": None, "infer_schema": False}
BROKEN = (UnicodeError, EOFError, zlib.error, gzip.BadGzipFile, pl.exceptions.PolarsError, pl.exceptions.PanicException)


class Table(NamedTuple):
    """Sound rows: their lines, texts of answers, what is carried through; other rows; what is counted of FHIR."""

    lines: Sequence[int]
    asked: Mapping[str, Any]
    carried: pl.DataFrame
    refused: Sequence[Record] = ()
    passed: Counter[str] = Counter()


@contextmanager
def opened(name: str, format_: str, encoding: str, rulebase: RuleBase) -> Iterator[tuple[Head, str, Iterator[Part]]]:
    """An input whose columns make sense: its head, remarks and parts. Raises FaultyInput (at the end: changed), OSError."""
    before = os.stat(name)
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(open(name, "rb"))
            if format_ == PARQUET:
                head, parts, remark = Head(name, PARQUET, [*pl.read_parquet_schema(raw)], 0), _frames(name), ""
            else:
                head, parts, remark, text = parts_in(raw, name, format_, encoding, rulebase, ROWS)
                stack.callback(text.close)
            columns = [column.strip() for column in head.names]
            while columns and not columns[-1]:
                columns.pop()
            if not columns:
                raise faulty(name, head.line, "is empty: the first line names the columns", code="LCT708")
            form = form_data(columns, rulebase)
            check_columns(columns, form, name, rulebase, RESULT)
            yield head._replace(columns=columns, form=form), remark, parts
    except BROKEN as error:
        raise faulty(name, 0, f"cannot be read: {error}", "is it whole, and in that encoding?") from None
    after = os.stat(name)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):  # no row can be trusted
        raise faulty(name, 0, "has changed while it was read", "run it again when it is finished", "LCT706")


def _frames(name: str) -> Iterator[Part]:
    frame = pl.scan_parquet(name)
    for start in range(0, max(1, frame.select(pl.len()).collect().item()), ROWS):
        yield start + 1, frame.slice(start, ROWS).collect()


def table_of(head: Head, part: Part, rulebase: RuleBase) -> Table:
    """The rows of a part. Raises FaultyInput where nobody knows which they are."""
    (line, records), columns, form = part, head.columns, head.form
    frame = _plain_rows(head, records) if head.format == CSV and records else records
    if isinstance(frame, pl.DataFrame):
        asked = {name: as_texts(frame[name]).fill_null("") for name in form.asked}
        return Table(range(line, line + frame.height), asked, frame.drop(form.asked))
    passed = Counter[str]()
    rows = list(checked(records_in(head, part, rulebase, passed), len(columns), len(head.names), head.name))
    sound = [row for row in rows if not row[2]]
    cells = zip(*(row[1] for row in sound), strict=True) if sound else [()] * len(columns)
    named = dict(zip(columns, cells, strict=False))
    texts = {name: list(map(as_text, named[name])) for name in form.asked}
    carried = pl.DataFrame([_series(name, named[name]) for name in columns if name not in texts])
    return Table([row[0] for row in sound], texts, carried, [row for row in rows if row[2]], passed)


def _plain_rows(head: Head, lines: Sequence[str]) -> pl.DataFrame | None:
    """Rows of CSV that any reader takes for the same: no quotes, a line each, as many cells as columns. None: others.

    polars is quick; with anything else it loses rows, or takes short ones for not answered.
    """
    cells, text = len(head.columns), "".join(lines).replace("\r\n", "\n")
    if cells < 2 or cells < len(head.names) or UNLIKE.search(text) or not is_text(text):
        return None
    if {line.count(head.delimiter) for line in lines} != {cells - 1} or max(map(len, lines)) > LONGEST:
        return None
    frame = pl.read_csv(text.encode(), new_columns=head.columns, separator=head.delimiter, **PLAIN)
    return frame.fill_null("") if frame.shape == (len(lines), cells) else None


def as_texts(column: pl.Series) -> pl.Series:
    """A column of any type as cells of CSV."""
    if column.dtype == pl.List(pl.String):
        return column.list.join(JOINS)
    if column.dtype.is_nested():
        return pl.Series(column.name, list(map(as_text, column.to_list())), pl.String)
    return column.dt.to_string("iso") if column.dtype == pl.Duration else column.cast(pl.String)


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    """Of JSON, values of one simple type as they are; others, lists and objects as texts."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds in ({int}, {float}, {bool}) and (
        kinds != {int} or max(map(abs, filter(None, values)), default=0) < 1 << 63
    ):
        return pl.Series(name, values)
    return pl.Series(name, values if kinds <= {str} else list(map(as_text, values)), pl.String)
