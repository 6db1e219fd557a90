"""Any input as tables of texts, a few rows at a time. No row is lost: what is none is told with its line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Any, NamedTuple, cast
from zipfile import BadZipFile

import polars as pl

from triage.exchange.form_data import FormData, form_data
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.answers import as_text, as_texts

CSV, JSONL, PARQUET, XLSX = "csv", "jsonl", "parquet", "xlsx"
ROWS, FIRST = 40_000, 1_000_000  # rows at a time; characters of JSON in which all columns are named
UTF_8, WINDOWS = "utf-8-sig", "windows-1252"
BROKEN = (UnicodeError, EOFError, zlib.error, BadZipFile, pl.exceptions.PolarsError, pl.exceptions.PanicException)
NO_TEXT = f"is not UTF-8 (if it comes from Excel: --encoding {WINDOWS})"

# The line on which it begins, its cells (or why there are none), and the texts that stand there.
Record = tuple[int, Sequence[str] | str, Sequence[str]]


class Table(NamedTuple):
    """Sound rows: their lines, the texts of columns with answers, what is carried through (of JSON as its text); others."""

    lines: Sequence[int]
    asked: Mapping[str, Sequence[str]]
    carried: pl.DataFrame
    refused: Sequence[Record] = ()


class Source(NamedTuple):
    """An input: its columns, which of them are answers, its rows, and what is to be told of it."""

    columns: Sequence[str]
    form: FormData
    tables: Iterator[Table]
    remark: str = ""


def faulty(name: str, line: int, what: str, hint: str = "", code: str = "LCT707") -> FaultyInput:
    """To be raised where one thing is wrong with an input."""
    return FaultyInput([Fault(name, line, what, hint, code=code)])


@contextmanager
def opened(name: str, format_: str, encoding: str, rulebase: RuleBase) -> Iterator[Source]:
    """An input as long as it is read. Raises FaultyInput, OSError; at the end where it changed since."""
    before = os.stat(name)
    try:
        with open(name, "rb") as raw:
            if format_ == PARQUET:
                yield _parquet(name, rulebase)
            elif format_ == XLSX:
                yield _excel(raw, name, rulebase)
            else:
                packed = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                data = cast(IO[bytes], gzip.open(raw) if packed else raw)
                yield _text(data, name, format_, encoding, rulebase)
    except BROKEN as error:
        raise faulty(name, 0, f"cannot be read: {error}", "is it whole, and in that encoding?") from None
    after = os.stat(name)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):  # no row can be trusted
        raise faulty(name, 0, "has changed while it was read", "run it again when it is finished", "LCT706")


def _parquet(name: str, rulebase: RuleBase) -> Source:
    frame = pl.scan_parquet(name)
    form, rows = form_data(columns := frame.collect_schema().names(), rulebase), frame.select(pl.len()).collect().item()

    def table(start: int) -> Table:
        part = frame.slice(start, ROWS).collect()
        asked = {column: as_texts(part[column]).fill_null("").to_list() for column in form.asked}
        return Table(range(start + 1, start + 1 + part.height), asked, part.drop(form.asked))

    return Source(columns, form, map(table, range(0, max(rows, 1), ROWS)))


def _excel(raw: IO[bytes], name: str, rulebase: RuleBase) -> Source:
    try:
        import openpyxl

        sheet = openpyxl.load_workbook(raw, read_only=True, data_only=True).worksheets[0]
    except ImportError:
        hint = 'pip install "leg-cramp-triage[xlsform]"'
        raise faulty(name, 0, "needs openpyxl, which is not installed", hint, "LCT700") from None
    except (KeyError, ValueError, IndexError) as error:
        raise faulty(name, 0, f"is no Excel file: {error}") from None
    cells = ([as_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
    rows = ((n, row) for n, row in enumerate(cells, 1) if any(row))
    line, names = next(rows, (1, []))
    return _named(names, line, ((n, [*row, *[""] * (len(names) - len(row))], row) for n, row in rows), name, rulebase)


def _text(data: IO[bytes], name: str, format_: str, encoding: str, rulebase: RuleBase) -> Source:
    """CSV or JSON lines; without an encoding, UTF-8 or what the bytes say."""
    if (start := data.read(2)) in (b"\xff\xfe", b"\xfe\xff"):
        found = "utf-16"
    elif not (found := encoding):  # Windows-1252 where no line with other letters than those of ASCII is UTF-8
        lines = (line for line in chain([start + data.readline()], data) if not line.isascii())
        others = {_is_text(line.decode("utf-8", "surrogateescape")) for line in lines}
        found = WINDOWS if others == {False} else UTF_8
    data.seek(0)
    text = io.TextIOWrapper(data, found, "surrogateescape", newline="\n" if format_ == JSONL else "")
    source = (_json if format_ == JSONL else _csv)(text, name, rulebase)
    is_told = found == WINDOWS and not encoding
    return source._replace(remark=f"is not UTF-8: read as {found} (--encoding names another)" * is_told)


def _is_text(text: str) -> bool:
    """Whether it can be written: bytes that are no text, and halves of characters, cannot."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


# --- rows of cells


def _csv(text: IO[str], name: str, rulebase: RuleBase) -> Source:
    """The delimiter is the one by which most columns are questions. Raises FaultyInput."""
    line, first = 1, [text.readline()]
    while first[0].isspace():
        line, first = line + 1, [text.readline()]
    while "".join(first).count('"') % 2 and len(first) < ROWS and (more := text.readline()):
        first.append(more)
    heads = {delimiter: next(_records(first, delimiter, line), (0, [], ()))[1] for delimiter in ",;\t"}
    if any(isinstance(cells, str) or not all(map(_is_text, cells)) for cells in heads.values()):
        hint = "is it CSV, in UTF-8? If not, say so with --encoding"
        raise faulty(name, line, "the names of the columns cannot be read", hint)
    delimiter = max(heads, key=lambda one: len(form_data(heads[one], rulebase).columns))
    return _named(heads[delimiter], line, _records(text, delimiter, line + len(first)), name, rulebase)


def _records(lines: Iterable[str], delimiter: str, line: int) -> Iterator[Record]:
    """Each record of CSV; the first line is `line`."""
    kept: list[str] = []
    remembered = (kept[-1] for text in lines if not kept.append(text))  # type: ignore[func-returns-value]
    records = csv.reader(remembered, delimiter=delimiter, strict=True)
    while True:
        try:
            yield line, next(records), kept
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"is no row of CSV: {error}", kept
        line += len(kept)
        kept.clear()


def _named(names: Sequence[str], line: int, records: Iterable[Record], name: str, rulebase: RuleBase) -> Source:
    """Records below names, which stand on `line`; those at the end may be empty. Raises FaultyInput without any."""
    columns = [column.strip() for column in names]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise faulty(name, line, "is empty: the first line names the columns", code="LCT708")
    form = form_data(columns, rulebase)
    return Source(columns, form, _tables(_rows(records, len(columns), len(names), name), columns, form))


def _rows(records: Iterable[Record], named: int, width: int, name: str) -> Iterator[Record]:
    """Records of as many cells as are named. Raises FaultyInput where nobody knows which rows behind one are rows."""
    for line, cells, kept in records:
        if isinstance(cells, str):
            if len(kept) > 1 or "unexpected end" in cells:
                hint = "no row behind it can be trusted: mend the file"
                raise faulty(name, line, "a quote that begins here is not closed", hint)
            yield line, cells, tuple(kept)
        elif not all(map(_is_text, kept)):
            yield line, NO_TEXT, tuple(kept)
        elif cells and (len(cells) != width or any(cells[named:])):
            upto = f" (to line {line + len(kept) - 1})" if len(kept) > 1 else ""
            yield line, f"has {len(cells)} cells{upto}, the first line has {named}", tuple(kept)
        elif cells:
            yield line, cells[:named], ()


def _tables(rows: Iterator[Record], columns: Sequence[str], form: FormData) -> Iterator[Table]:
    """At least one, so that an output without rows has its columns."""
    some: list[Record] = [(0, "", "")] * ROWS
    while len(some) == ROWS:
        some = list(islice(rows, ROWS))
        sound = [row for row in some if not isinstance(row[1], str)]
        cells = list(zip(*(row[1] for row in sound), strict=True)) or [()] * len(columns)
        asked = {name: column for name, column in zip(columns, cells, strict=True) if name in form.asked}
        others = zip(columns, cells, strict=True)
        carried = pl.DataFrame([pl.Series(name, column, pl.String) for name, column in others if name not in asked])
        yield Table([row[0] for row in sound], asked, carried, [row for row in some if isinstance(row[1], str)])


# --- JSON lines


def _json(text: IO[str], name: str, rulebase: RuleBase) -> Source:
    """The columns are what the first records name: one may leave out what it has no value for. Raises FaultyInput."""
    first = text.readlines(FIRST)
    records = [_loaded(line) for line in first]
    if not isinstance(next(iter(records), ""), dict):
        raise faulty(name, 1, "the first line is no JSON object", 'like {"age": 34}', "LCT708")
    columns = list(dict.fromkeys(column for record in records if isinstance(record, dict) for column in record))
    form = form_data(columns, rulebase)
    asked = {*form.asked}

    def row(line: int, text: str) -> Record:
        record = _loaded(text)
        if isinstance(record, str) or record.keys() - {*columns}:
            return line, record if isinstance(record, str) else "names what the first lines do not", [text]
        values = ((name, record.get(name)) for name in columns)
        return line, [as_text(value) if name in asked else as_json(value) for name, value in values], ()

    lines = enumerate(chain(first, text), 1)
    return Source(columns, form, _tables((row(n, line) for n, line in lines if line.strip()), columns, form))


def _loaded(text: str) -> dict[str, Any] | str:
    """A line of JSON as a record that can be written again, or why it is none."""
    try:
        record = json.loads(text, object_pairs_hook=_once, parse_constant=lambda _: None)
        is_sound = _is_text(text) and isinstance(record, dict) and _is_text(as_json(record))
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return record if is_sound else "is no JSON object, or holds what is no text"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(record := dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return record


def as_json(value: Any) -> str:
    """A value as JSON. Raises ValueError for numbers that it does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
