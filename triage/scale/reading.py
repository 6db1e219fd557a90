"""Any input as tables of texts, a few rows at a time. No row is lost: what is none is told with its line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Any, NamedTuple

import polars as pl

from triage.exchange.form_data import FormData, as_text, check_columns, form_data
from triage.exchange.xlsform import excel_rows
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.expressions import JOINS, RESULT

CSV, JSONL, PARQUET, XLSX = "csv", "jsonl", "parquet", "xlsx"
ROWS, FIRST = 40_000, 1_000_000  # rows at a time; characters of JSON in which all columns are named
UTF_8, WINDOWS = "utf-8-sig", "windows-1252"
BROKEN = (UnicodeError, EOFError, zlib.error, gzip.BadGzipFile, pl.exceptions.PolarsError, pl.exceptions.PanicException)
NO_TEXT = f"is not UTF-8 (if it comes from Excel: --encoding {WINDOWS})"

# The line on which it begins, its cells (or why there are none), and the texts that stand there.
Record = tuple[int, Sequence[Any] | str, Sequence[str]]
Named = tuple[
    Sequence[str], int, Iterator[Record]
]  # the names of the columns, the line on which they stand, and the rows


class Table(NamedTuple):
    """Sound rows: their lines, the texts of columns with answers, what is carried through; other rows."""

    lines: Sequence[int]
    asked: Mapping[str, Sequence[str]]
    carried: pl.DataFrame
    refused: Sequence[Record] = ()


class Source(NamedTuple):
    """An input: its columns, which of them are answers, its rows, and what is to be told of it."""

    columns: Sequence[str]
    form: FormData
    tables: Iterator[Table]
    remark: str


def faulty(name: str, line: int, what: str, hint: str = "", code: str = "LCT707") -> FaultyInput:
    """To be raised where one thing is wrong with an input."""
    return FaultyInput([Fault(name, line, what, hint, code=code)])


@contextmanager
def opened(name: str, format_: str, encoding: str, rulebase: RuleBase) -> Iterator[Source]:
    """An input whose columns make sense. Raises FaultyInput, OSError."""
    try:
        with open(name, "rb") as raw:
            text, remark = _text(raw, name, format_, encoding) if format_ in (CSV, JSONL) else (raw, "")
            names, line, rows = {CSV: _csv, JSONL: _json, PARQUET: _parquet, XLSX: _excel}[format_](
                text, name, rulebase
            )
            columns = [column.strip() for column in names]
            while columns and not columns[-1]:
                columns.pop()
            if not columns:
                raise faulty(name, line, "is empty: the first line names the columns", code="LCT708")
            form = form_data(columns, rulebase)
            check_columns(columns, form, name, rulebase, RESULT)
            tables = _tables(_checked(rows, len(columns), len(names), name), columns, form, format_)
            yield Source(columns, form, _frames(name, form) if format_ == PARQUET else tables, remark)
    except BROKEN as error:
        raise faulty(name, 0, f"cannot be read: {error}", "is it whole, and in that encoding?") from None


def _text(raw: IO[bytes], name: str, format_: str, encoding: str) -> tuple[IO[str], str]:
    """An input as text, and what is to be told; without an encoding it is UTF-8, or what the bytes say."""
    data: Any = gzip.open(name) if raw.read(2) == b"\x1f\x8b" else raw  # noqa: SIM115
    data.seek(0)
    start = data.readline()
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding
    lines = () if encoding else chain([start], data)  # is none of those with other letters than ASCII has UTF-8?
    is_other = {_is_text(line.decode("utf-8", "surrogateescape")) for line in lines if not line.isascii()} == {False}
    data.seek(0)
    found, newline = encoding or (WINDOWS if is_other else UTF_8), "\n" if format_ == JSONL else ""
    text = io.TextIOWrapper(data, found, "surrogateescape", newline=newline)
    return text, f"is not UTF-8: read as {found} (--encoding names another)" * is_other


def _is_text(text: str) -> bool:
    """Whether it can be written: bytes that are no text, and halves of characters, cannot."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


# --- formats


def _parquet(_: Any, name: str, __: RuleBase) -> Named:
    return pl.scan_parquet(name).collect_schema().names(), 1, iter(())


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


def _excel(raw: Any, name: str, _: RuleBase) -> Named:
    rows = ((n, list(map(as_text, row))) for n, row in enumerate(excel_rows(raw, name), 1))
    full = ((n, row) for n, row in rows if any(row))
    line, names = next(full, (1, []))
    return names, line, ((n, [*row, *[""] * (len(names) - len(row))], row) for n, row in full)


def _csv(text: Any, name: str, rulebase: RuleBase) -> Named:
    """The delimiter is the one by which most columns are questions. Raises FaultyInput."""
    line, first = 1, [text.readline()]
    while first[0].isspace():
        line, first = line + 1, [text.readline()]
    while "".join(first).count('"') % 2 and len(first) < ROWS and (more := text.readline()):
        first.append(more)
    heads = {delimiter: next(_records(first, delimiter, line), (0, [], ()))[1] for delimiter in ",;\t"}
    if any(isinstance(head, str) or not all(map(_is_text, head)) for head in heads.values()):
        hint = "is it CSV, in UTF-8? If not, say so with --encoding"
        raise faulty(name, line, "the names of the columns cannot be read", hint)
    delimiter = max(heads, key=lambda one: len(form_data(heads[one], rulebase).columns))
    return heads[delimiter], line, _records(text, delimiter, line + len(first))


def _records(lines: Iterable[str], delimiter: str, line: int) -> Iterator[Record]:
    """Each record of CSV; the first line is `line`."""
    kept: list[str] = []
    records = csv.reader(map(_remembering(kept), lines), delimiter=delimiter, strict=True)
    while True:
        try:
            yield line, next(records), kept
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"is no row of CSV: {error}", kept
        line += len(kept)
        kept.clear()


def _remembering(kept: list[str]) -> Callable[[str], str]:
    def remembered(text: str) -> str:
        kept.append(text)
        return text

    return remembered


def _json(text: Any, name: str, _: RuleBase) -> Named:
    """The columns are what the first records name: one may leave out what it has no value for. Raises FaultyInput."""
    first = text.readlines(FIRST)
    loaded = list(map(_loaded, first))
    if not loaded or not isinstance(loaded[0], dict):
        raise faulty(name, 1, "the first line is no JSON object", 'like {"age": 34}', "LCT708")
    columns = list(dict.fromkeys(column for record in loaded if isinstance(record, dict) for column in record))
    lines = ((n, _loaded(line), [line]) for n, line in enumerate(chain(first, text), 1) if line.strip())
    return columns, 1, ((n, _values(record, columns), line) for n, record, line in lines)


def _loaded(text: str) -> dict[str, Any] | str:
    """A line of JSON as a record that can be written again, or why it is none."""
    try:
        record = json.loads(text, object_pairs_hook=_once, parse_constant=lambda _: None)
        sound = isinstance(record, dict) and _is_text(json.dumps(record, ensure_ascii=False, allow_nan=False))
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return record if sound else "is no JSON object, or holds half a character"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(record := dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return record


def _values(record: dict[str, Any] | str, columns: Sequence[str]) -> list[Any] | str:
    if isinstance(record, str) or not record.keys() - {*columns}:
        return record if isinstance(record, str) else list(map(record.get, columns))
    return f"names what the first lines do not: {min(record.keys() - {*columns})}"


# --- rows


def _checked(records: Iterable[Record], named: int, width: int, name: str) -> Iterator[Record]:
    """Rows of as many cells as are named. Raises FaultyInput where nobody knows which rows behind one are rows."""
    for line, row, kept in records:
        if isinstance(row, str):
            if len(kept) > 1 or "unexpected end" in row:
                hint = "no row behind it can be trusted: mend the file"
                raise faulty(name, line, "a quote that begins here is not closed", hint)
            yield line, row, tuple(kept)
        elif not _is_text("".join(kept)):
            yield line, NO_TEXT, tuple(kept)
        elif row and (len(row) != width or (named < width and any(row[named:]))):
            upto = f" (to line {line + len(kept) - 1})" if len(kept) > 1 else ""
            yield line, f"has {len(row)} cells{upto}, the first line has {named}", tuple(kept)
        elif row:
            yield line, row, ()


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
