"""Input cut into chunks of whole rows, and chunks read as columns. Never holds more than a chunk, and loses no row."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import accumulate, islice
from typing import IO, Any, NamedTuple, cast

import polars as pl

from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.answers import as_text
from triage.scale.plan import JSONL, PARQUET, STREAM, XLSX, Job, check_columns

CHUNK = 6_000_000  # characters
PARQUET_ROWS = 50_000
DEEPEST_VALUE = 100  # lists in lists in lists; at some depth nothing can write them
LONGEST_HEAD = 1_000_000  # characters of the first record
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
DELIMITERS = ",;\t"
BROKEN = (pl.exceptions.PolarsError, pl.exceptions.PanicException)  # what polars raises, of an unknown time zone too
OPEN = "unexpected end of data"  # what csv says of a quote that nobody closed yet
NO_TEXT = "is not UTF-8 (if it comes from Excel: --encoding windows-1252)"
HALF = "holds half a character (a lone surrogate)"


Column = Sequence[Any] | pl.Series


class Chunk(NamedTuple):
    """Whole rows: text, of Parquet the row (from 0) that is the first. `line`: of the first row; `upto`: bytes read."""

    line: int
    data: Any
    upto: int


class Head(NamedTuple):
    """What is known of an input before its rows; unnamed columns at the end of CSV are among the `width` only."""

    columns: tuple[str, ...]
    width: int = 0
    delimiter: str = ""


class Refused(NamedTuple):
    """A row that is no row: where, why, and what of it is told. `holds`: all that can be read of it."""

    line: int
    why: str
    value: str
    holds: str


class Table(NamedTuple):
    """Rows as columns, with the line of each row; and what is none.

    Columns of CSV are texts; of JSON lines any values; of Parquet series of polars.
    """

    lines: Sequence[int]
    columns: Sequence[Column]
    refused: Sequence[Refused]


class Opened(NamedTuple):
    """An input whose columns are known. `size` in bytes (of Parquet: rows), None where it cannot be known."""

    head: Head
    chunks: Iterator[Chunk]
    size: int | None


# --- chunks


@contextmanager
def opened(job: Job, rulebase: RuleBase) -> Iterator[Opened]:
    """An input, and its columns read. Raises FaultyInput, OSError."""
    name = job.input
    try:
        if job.source.format == PARQUET:
            frame = pl.scan_parquet(name)
            columns, rows = tuple(frame.collect_schema()), frame.select(pl.len()).collect().item()
            starts = range(0, max(rows, 1), PARQUET_ROWS)
            yield Opened(Head(columns), (Chunk(n + 1, n, min(rows, n + PARQUET_ROWS)) for n in starts), rows)
            return
        with _raw(name) as raw, _text(raw, job) as text:
            head, line, kept = (_json_head if job.source.format == JSONL else _csv_head)(text, name, rulebase)
            state = _state_of(raw, name)
            yield Opened(head, _chunks(text, raw, head, line, kept, name), state and state[0])
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FaultyInput([Fault(name, 0, f"cannot be unpacked: {error}", code="LCT707")]) from None
    except (UnicodeError, *BROKEN) as error:
        hint = "name another with --encoding"
        raise FaultyInput([Fault(name, 0, f"cannot be read: {error}", hint, code="LCT707")]) from None


def _raw(name: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if name == STREAM else open(name, "rb")


@contextmanager
def _text(raw: IO[bytes], job: Job) -> Iterator[IO[str]]:
    """The text of an input, whose first bytes may say what encoding it has. Raises FaultyInput."""
    if job.source.format == XLSX:
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows(_rows_of_excel(raw, job.input))
            text.seek(0)
            yield text
        return
    data = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw) if job.source.packed else raw))
    bom = next((mark for mark in BOMS if data.peek(3).startswith(mark)), b"")
    newline = "\n" if job.source.format == JSONL else ""
    yield io.TextIOWrapper(data, BOMS.get(bom) or job.encoding or "utf-8", "surrogateescape", newline=newline)


def _rows_of_excel(raw: IO[bytes], name: str) -> Iterator[Iterator[str]]:
    """The rows of the first sheet, as texts. Raises FaultyInput."""
    try:
        import openpyxl

        sheet = openpyxl.load_workbook(raw, read_only=True, data_only=True).worksheets[0]
    except ImportError:
        hint = 'pip install "leg-cramp-triage[xlsform]"'
        raise FaultyInput([Fault(name, 0, "needs openpyxl, which is not installed", hint, code="LCT700")]) from None
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise FaultyInput([Fault(name, 0, f"is no Excel file: {error}", code="LCT707")]) from None
    return (map(as_text, row) for row in sheet.iter_rows(values_only=True))


def _chunks(text: IO[str], raw: IO[bytes], head: Head, line: int, kept: list[str], name: str) -> Iterator[Chunk]:
    """Chunks that end where a record ends; `kept` are lines that were read before, the first on `line`. Raises FaultyInput."""
    before = _state_of(raw, name)
    while True:
        more = text.readlines(CHUNK)
        lines = kept + more
        whole = "".join(lines)
        end = _end(lines, head.delimiter, name, line, bool(more)) if head.delimiter and '"' in whole else len(lines)
        kept = lines[end:]
        yield Chunk(line, "".join(lines[:end]) if kept else whole, raw.tell() if before else 0)
        if _state_of(raw, name) != before:  # no row can be trusted to be whole
            what, hint = "has changed while it was read", "run it again when it is finished"
            raise FaultyInput([Fault(name, 0, what, hint, code="LCT706")])
        line += end
        if not more:
            return


def _state_of(file: IO[bytes], name: str) -> tuple[int, int] | None:
    """What changes when a file is written to: its size in bytes and the time; None of a stream."""
    seen = None if name == STREAM else os.fstat(file.fileno())
    return seen and (seen.st_size, seen.st_mtime_ns)


def _csv_head(text: IO[str], name: str, rulebase: RuleBase) -> tuple[Head, int, list[str]]:
    """The names of the columns, and the line behind them. The delimiter is the one by which most are questions."""
    first, line = text.readline(LONGEST_HEAD), 1
    while first.isspace():
        first, line = text.readline(LONGEST_HEAD), line + 1
    lines = [first]
    while (
        "".join(lines).count('"') % 2 and sum(map(len, lines)) < LONGEST_HEAD and (more := text.readline(LONGEST_HEAD))
    ):
        lines.append(more)
    heads = []
    for delimiter in DELIMITERS:
        found = [cells for _, _, cells in _records(lines, delimiter)]
        if len(found) > 1 or any(isinstance(cells, str) or not _is_text("".join(cells)) for cells in found):
            hint = "is it CSV, in UTF-8? If not, say so with --encoding"
            raise FaultyInput([Fault(name, line, "the names of the columns cannot be read", hint, code="LCT707")])
        names = [cell.strip() for cells in found for cell in cells]
        columns = names[: max((n for n, column in enumerate(names, 1) if column), default=0)]
        heads.append(Head(tuple(columns), len(names), delimiter))
    head = max(heads, key=lambda head: len(set(head.columns) & {*rulebase.questions, *rulebase.saved.gone}))
    if not head.columns:
        raise FaultyInput([Fault(name, line, "is empty: the first line names the columns", code="LCT708")])
    return head, line + len(lines), []


def _end(lines: Sequence[str], delimiter: str, name: str, line: int, more: bool) -> int:
    """How many of the lines hold whole records. `more`: others follow."""
    end = 0
    for start, stop, cells in _records(lines, delimiter):
        is_open = cells == OPEN
        if is_open and more:
            return start
        if is_open or (isinstance(cells, str) and stop - start > 1):
            what, hint = "a quote that begins here is not closed", "no row behind it can be trusted: mend the file"
            raise FaultyInput([Fault(name, line + start, what, hint, code="LCT707")])
        end = stop
    return end


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, int, list[str] | str]]:
    """Each record: its first line, the line behind it, and its cells or what csv says of its quotes."""
    start = 0
    while start < len(lines):
        base, records = start, csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
        try:
            for cells in records:
                yield start, base + records.line_num, cells
                start = base + records.line_num
        except csv.Error as error:
            yield start, base + records.line_num, str(error)
            start = base + records.line_num


def _json_head(text: IO[str], name: str, rulebase: RuleBase) -> tuple[Head, int, list[str]]:
    """What the first record names besides questions, and all questions; the records read so far, from line 1 on."""
    lines = text.readlines(min(CHUNK, LONGEST_HEAD)) or [""]
    lines[0] = lines[0].removeprefix("\ufeff")
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        first = None
    if not isinstance(first, dict):
        raise FaultyInput([Fault(name, 1, "the first line is no JSON object", 'like {"age": 34}', code="LCT708")])
    if not _is_text("".join(first)):
        raise FaultyInput([Fault(name, 1, f"the name of a column {HALF}", code="LCT708")])
    own = [column for column in first if column not in rulebase.questions]
    if not any(f'"{question}"' in line for line in lines for question in rulebase.questions):
        check_columns(own, name, rulebase)
    return Head((*own, *rulebase.questions)), 1, lines


# --- rows


def read(chunk: Chunk, head: Head, job: Job) -> Table:
    """The rows of a chunk. Raises FaultyInput."""
    if job.source.format == PARQUET:
        return _parquet_rows(chunk, job.input)
    if job.source.format == JSONL:
        return _table(_json_rows(chunk, head), head)
    lines = io.StringIO(chunk.data, newline="").readlines()
    rows = _plain_rows(lines, head) if _is_text(chunk.data) else []
    if rows:
        return Table(range(chunk.line, chunk.line + len(rows)), list(zip(*rows, strict=True)), [])
    return _table(_csv_rows(lines, chunk.line, head), head)


def _plain_rows(lines: Sequence[str], head: Head) -> list[list[str]]:
    """The rows where every line is one, the usual case; none where some are not."""
    try:
        rows = list(csv.reader(lines, delimiter=head.delimiter, strict=True))
    except csv.Error:
        return []
    is_plain = head.width == len(head.columns) and len(rows) == len(lines) and set(map(len, rows)) == {head.width}
    return rows if is_plain else []


def _table(rows: Iterator[tuple[int, Sequence[Any]] | Refused], head: Head) -> Table:
    found = list(rows)
    sound = [row for row in found if not isinstance(row, Refused)]
    refused = [row for row in found if isinstance(row, Refused)]
    columns = list(zip(*(cells for _, cells in sound), strict=True)) or [()] * len(head.columns)
    return Table([line for line, _ in sound], columns, refused)


def _csv_rows(lines: Sequence[str], first: int, head: Head) -> Iterator[tuple[int, Sequence[Any]] | Refused]:
    named = len(head.columns)
    for start, stop, cells in _records(lines, head.delimiter):
        line, text = first + start, "".join(lines[start:stop]).strip()
        upto = f" (to line {first + stop - 1})" if stop - start > 1 else ""
        if isinstance(cells, str):
            yield Refused(line, f"is no row of CSV: {cells}", text, text)
        elif not _is_text(text):
            yield Refused(line, NO_TEXT, next(cell for cell in cells if not _is_text(cell)), text)
        elif cells and (len(cells) != head.width or any(cells[named:])):
            yield Refused(line, f"has {len(cells)} cells{upto}, the first line has {named}", text, text)
        elif cells:
            yield line, cells[:named]


def _json_rows(chunk: Chunk, head: Head) -> Iterator[tuple[int, Sequence[Any]] | Refused]:
    known = set(head.columns)
    for line, text in enumerate(chunk.data.split("\n"), chunk.line):
        if not text.strip():
            continue
        try:
            record = _record(text, known)
        except (ValueError, RecursionError) as error:
            why = "is no JSON" if isinstance(error, (json.JSONDecodeError, RecursionError)) else str(error)
            yield Refused(line, why, text.strip(), text)
        else:
            yield line, [record.get(column) for column in head.columns]


def _record(text: str, known: set[str]) -> dict[str, Any]:
    """A line of JSON as a record. Raises ValueError with what is wrong, RecursionError."""
    if not _is_text(text):
        raise ValueError(NO_TEXT)
    record = json.loads(text, object_pairs_hook=_without_doubles)
    if type(record) is not dict:
        raise ValueError("is no JSON object")
    if _depth(text) > DEEPEST_VALUE:
        raise ValueError(f"holds more than {DEEPEST_VALUE} lists or objects in each other")
    if more := record.keys() - known:
        raise ValueError(f'names "{min(more)}", which the first line does not')
    if "\\u" in text and not _is_text(json.dumps(record, ensure_ascii=False)):
        raise ValueError(HALF)
    return record


def _depth(text: str) -> int:
    """How many lists and objects are in each other at most, in sound JSON."""
    marks = re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text) if text.count("[") + text.count("{") > DEEPEST_VALUE else []
    return max(accumulate((mark in "[{") - (mark in "]}") for mark in marks), default=0)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'names "{next(n for n in names if names.count(n) > 1)}" twice')
    return record


def _parquet_rows(chunk: Chunk, name: str) -> Table:
    try:
        frame = pl.scan_parquet(name).slice(chunk.data, PARQUET_ROWS).collect()
    except BROKEN as error:
        raise FaultyInput([Fault(name, chunk.line, f"cannot be read: {error}", code="LCT707")]) from None
    return Table(range(chunk.line, chunk.line + frame.height), frame.get_columns(), [])


def _is_text(text: str) -> bool:
    """Whether it can be written: bytes that are no text, and halves of characters, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
