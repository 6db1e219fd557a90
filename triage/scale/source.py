"""Input cut into chunks of whole rows, and chunks read as rows. Never holds more than a chunk."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from io import StringIO
from itertools import compress, count
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.arrow import only, readable
from triage.scale.plan import CSV, JSONL, PARQUET, STREAM, Cells, Form, Plan
from triage.version import how_to_install

CHUNK = 2_000_000  # bytes of text; a part of the output comes of it. Larger ones are no faster
LONGEST_HEAD = 1_000_000  # bytes of the first record
MOST_CHUNKS = 16  # chunks: what no end of a row is found in is cut at the end of a line
PARQUET_ROWS = 20_000
DEEPEST_VALUE = 100  # lists in lists in lists; at some depth nothing can write them
BOM = b"\xef\xbb\xbf"
NO_TEXT = "is not UTF-8"
HALF = "holds half a character (a lone surrogate)"


class Changed(FaultyInput):
    """A file is no longer what it was when the run began."""


class Span(NamedTuple):
    """Bytes of a file, read by the process that works on them: to hand them on takes longer. `state`: of the file."""

    name: str
    start: int
    end: int
    state: tuple[int, int]

    def read(self) -> bytes:
        """The bytes. Raises Changed where the file is another one by now, OSError."""
        with open(self.name, "rb") as file:
            file.seek(self.start)
            data = file.read(self.end - self.start)
            if _state_of(file) != self.state:
                raise Changed(
                    [
                        Fault(
                            self.name,
                            0,
                            "has changed while it was read",
                            "run it again when it is finished",
                            code="LCT706",
                        )
                    ]
                )
        return data


class Chunk(NamedTuple):
    """Whole rows. `line` is the 1-based line (of Parquet: row) on which they begin.

    `data`: bytes, a span of a file, or a record batch. `upto`: bytes of the input read so far, for the progress.
    """

    number: int
    line: int
    data: Any
    upto: int


class Refused(NamedTuple):
    """A row that is no row: why, and what is told of it. `holds`: all that can be read of it, where that is more."""

    what: str
    value: str
    holds: str = ""


class Row(NamedTuple):
    """One row: its line, and its cells or why there are none."""

    line: int
    cells: Cells | Refused


class Read(NamedTuple):
    """The rows of a chunk as columns, with the line of each row; and those that are none."""

    lines: Sequence[int]
    columns: Sequence[Sequence[Any]]
    refused: Sequence[tuple[int, Refused]]


class Opened(NamedTuple):
    """An input whose columns are known. `size` in bytes, None where it cannot be known."""

    columns: tuple[str, ...]
    chunks: Iterator[Chunk]
    size: int | None


@contextmanager
def opened(name: str, form: Form, rulebase: RuleBase) -> Iterator[Opened]:
    """An input, and its columns read. Raises FaultyInput, OSError."""
    if form.format == PARQUET:
        with _parquet(name) as file:
            yield Opened(tuple(file.schema_arrow.names), _batches(file, name), file.metadata.num_rows)
        return
    with _stream(name, form) as (raw, stream):
        state = _state_of(raw) if name != STREAM and Path(name).is_file() else None
        if form.format == CSV:
            head, pending = _first_record(stream), b""
            columns, line = _csv_columns(head, name), 1 + _ends(head)
        else:
            pending = stream.readline(LONGEST_HEAD).removeprefix(BOM)
            columns, line = _json_columns(pending, name, rulebase), 1
        begin = _position(raw) - len(pending)
        chunks = _texts(pending, stream, raw, form, line)
        if state and not form.packed:
            chunks = _spans(chunks, name, begin, state)
        yield Opened(columns, chunks, state[0] if state else None)


@contextmanager
def _stream(name: str, form: Form) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The raw bytes (for the progress), and what they unpack to."""
    with nullcontext(sys.stdin.buffer) if name == STREAM else open(name, "rb") as raw:
        try:
            yield raw, cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if form.packed else raw
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FaultyInput([Fault(name, 0, f"cannot be unpacked: {error}", code="LCT707")]) from None


def _first_record(stream: IO[bytes]) -> bytes:
    """Up to the first line break outside quotes, or as much as a first record may have."""
    text = stream.readline(LONGEST_HEAD).removeprefix(BOM)
    while text.count(b'"') % 2 and len(text) < LONGEST_HEAD and (more := stream.readline(LONGEST_HEAD)):
        text += more
    return text


def _csv_columns(record: bytes, name: str) -> tuple[str, ...]:
    try:
        text = StringIO(record.decode(), newline="")
        columns = next(csv.reader(text, strict=True), None)
    except (csv.Error, UnicodeError) as error:
        raise FaultyInput(
            [Fault(name, 1, f"the names of the columns cannot be read: {error}", code="LCT707")]
        ) from None
    if not columns:
        raise FaultyInput([Fault(name, 1, "is empty: the first line names the columns", code="LCT708")])
    if text.read().strip():
        hint = "they must end with LF or CR LF, like after: tr '\\r' '\\n' < IN"
        raise FaultyInput([Fault(name, 1, "the lines end with a lone CR, as on an old Mac", hint, code="LCT707")])
    return tuple(column.strip() for column in columns)


def _json_columns(record: bytes, name: str, rulebase: RuleBase) -> tuple[str, ...]:
    """What the first record names besides questions, and all questions."""
    try:
        first = json.loads(record)
    except (ValueError, RecursionError):
        first = None
    if not isinstance(first, dict):
        raise FaultyInput([Fault(name, 1, "the first line is no JSON object", 'like {"age": 34}', code="LCT708")])
    if not _is_text("".join(first)):
        raise FaultyInput([Fault(name, 1, f"the name of a column {HALF}", code="LCT708")])
    return (*(column for column in first if column not in rulebase.questions), *rulebase.questions)


def _texts(pending: bytes, stream: IO[bytes], raw: IO[bytes], form: Form, line: int) -> Iterator[Chunk]:
    """Chunks that end where a record ends; `pending` was read before, and begins on `line`."""
    numbers = count()
    while block := stream.read(CHUNK):
        if cut := _cut(pending, form):
            whole, pending = pending[:cut], pending[cut:]
            yield Chunk(next(numbers), line, whole, _position(raw))
            line += _ends(whole) if form.format == CSV else whole.count(b"\n")
        pending += block
    number = next(numbers)
    if pending or not number:  # there always is a chunk, which gives an output without rows its columns
        yield Chunk(number, line, pending, _position(raw))


def _spans(chunks: Iterable[Chunk], name: str, begin: int, state: tuple[int, int]) -> Iterator[Chunk]:
    """The same chunks, which together begin at a byte of the file, as spans of it."""
    for chunk in chunks:
        span = Span(name, begin, begin + len(chunk.data), state)
        yield chunk._replace(data=span)
        begin = span.end


def _state_of(file: IO[bytes]) -> tuple[int, int]:
    """What changes when a file is written to: its size in bytes and the time, in nanoseconds."""
    seen = os.fstat(file.fileno())
    return seen.st_size, seen.st_mtime_ns


def _cut(text: bytes, form: Form) -> int:
    """Behind the last whole record; 0 if there is none yet.

    A line break inside quotes belongs to a cell. A quote that nobody closed must not make
    the chunk grow for ever: then it is cut at the end of some line, and its rows are refused.
    """
    last = text.rfind(b"\n") + 1
    is_long = len(text) > MOST_CHUNKS * CHUNK
    if form.format == JSONL or (is_long and last):
        return last or (len(text) if is_long else 0)
    if is_long:
        last = text.rfind(b"\r", 0, -1) + 1  # the last byte may be the half of CR LF
        return _outside_quotes(text, b"\r", last) or last or len(text)
    return _outside_quotes(text, b"\n", last)


def _outside_quotes(text: bytes, mark: bytes, end: int) -> int:
    """The last end of a line that is in no quoted cell, at `end` or before."""
    quotes = text.count(b'"', 0, end)
    while quotes % 2:
        before = text.rfind(mark, 0, end - 1) + 1
        quotes -= text.count(b'"', before, end)
        end = before
    return end


def _ends(text: bytes) -> int:
    """How many lines end in it: with LF, CR LF or a lone CR, which all end a row of CSV."""
    lone = text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0
    return text.count(b"\n") + lone


def _position(raw: IO[bytes]) -> int:
    return raw.tell() if raw.seekable() else 0


# --- rows


def read(chunk: Chunk, plan: Plan, kept: Collection[int] = ()) -> Read:
    """The rows of a chunk. `kept`: the numbers of the columns that stay Arrow, if they come so."""
    if plan.source.format == PARQUET:
        return _parquet_rows(chunk, kept)
    text, whole = _decoded(chunk.data.read() if isinstance(chunk.data, Span) else chunk.data)
    if plan.source.format == CSV and whole and (columns := _plain_columns(text, len(plan.columns))):
        return Read(range(chunk.line, chunk.line + len(columns[0])), columns, [])
    found = _csv_rows(text, chunk, plan) if plan.source.format == CSV else _json_rows(text, chunk, plan, whole)
    rows = list(found if whole else map(_readable, found))
    sound = [(row.line, row.cells) for row in rows if not isinstance(row.cells, Refused)]
    refused = [(row.line, row.cells) for row in rows if isinstance(row.cells, Refused)]
    by_column = list(zip(*(cells for _, cells in sound), strict=True)) or [()] * len(plan.columns)
    return Read([line for line, _ in sound], by_column, refused)


def _plain_columns(text: str, width: int) -> list[list[str]] | None:
    """The columns where no cell is quoted and every line is a row: the usual case, in a third of the time.

    A mark in place of each end of a line shows whether all lines have as many cells as they should.
    """
    text = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    if width == 1 or '"' in text or "\r" in text or _may_have_a_long_line(text):
        return None
    cells = text.replace("\n", ",\n,").split(",")
    rows = text.count("\n")
    if len(cells) != rows * (width + 1) + 1 or set(cells[width :: width + 1]) != {"\n"}:
        return None
    return [cells[n : -1 : width + 1] for n in range(width)]


def _may_have_a_long_line(text: str) -> bool:
    """Whether some cell could be longer than the csv module takes."""
    step = csv.field_size_limit() // 2
    return any("\n" not in text[start : start + step] for start in range(0, len(text) - step, step))


def _decoded(data: bytes) -> tuple[str, bool]:
    """The text, and whether it is UTF-8 from end to end."""
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape"), False


def _readable(row: Row) -> Row:
    """Rows with bytes that are no text are refused."""
    if isinstance(row.cells, Refused):
        return row
    for cell in row.cells:
        if isinstance(cell, str) and not _is_text(cell):
            return Row(row.line, Refused(NO_TEXT, cell, " ".join(map(str, row.cells))))
    return row


def _is_text(text: str) -> bool:
    """Whether it can be written: bytes that are no UTF-8, and halves of characters, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _csv_rows(text: str, chunk: Chunk, plan: Plan) -> Iterator[Row]:
    line, width, taken = chunk.line, len(plan.columns), list[str]()

    def lines() -> Iterator[str]:
        for one in StringIO(text, newline=""):
            taken.append(one)
            yield one

    records = csv.reader(lines(), strict=True)
    while True:
        taken.clear()
        try:
            cells = next(records, None)
        except csv.Error:
            cells = []
        if not taken:
            return
        if cells is not None and len(cells) == width:
            yield Row(line, cells)
        else:
            yield from _no_row(taken, cells or [], line, width)
        line += len(taken)


def _no_row(taken: list[str], cells: list[str], line: int, width: int) -> list[Row]:
    """What is to be said of lines that make no row together.

    Where a quote was not closed (no `cells`), rows that are sound may lie within them. Else a line of them may be a part
    of a cell, which must not become a row.
    """
    if cells:
        return [Row(line, _wrong_width(cells, width, taken, line))]
    return [row for n, one in enumerate(taken) if (row := _csv_line(one, line + n, width))]


def _wrong_width(cells: list[str], width: int, taken: list[str], line: int) -> Refused:
    upto = f" (to line {line + len(taken) - 1})" if len(taken) > 1 else ""
    return Refused(f"has {len(cells)} cells{upto}, the first line has {width}", "".join(taken).strip())


def _csv_line(text: str, line: int, width: int) -> Row | None:
    """One line as a row; None where it is empty."""
    try:
        cells = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        return Row(line, Refused(f"is no row of CSV: {error}", text.strip()))
    if len(cells) == width:
        return Row(line, cells)
    return Row(line, _wrong_width(cells, width, [text], line)) if cells else None


class _Twice(ValueError):
    """A JSON object that names something twice."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(f'names "{next(n for n in names if names.count(n) > 1)}" twice')
    return record


def _json_rows(text: str, chunk: Chunk, plan: Plan, whole: bool) -> Iterator[Row]:
    known = set(plan.columns)
    for n, one in enumerate(text.split("\n")):
        if one.strip():
            sound = whole or _is_text(one)
            yield Row(chunk.line + n, _json_cells(one, plan, known) if sound else Refused(NO_TEXT, one.strip()))


def _json_cells(text: str, plan: Plan, known: set[str]) -> Cells | Refused:
    try:
        record = json.loads(text, object_pairs_hook=_without_doubles)
    except _Twice as error:
        return Refused(str(error), text.strip())
    except (ValueError, RecursionError):
        return Refused("is no JSON", text.strip())
    if why := _why_no_row(record, text, known):
        return Refused(why, text.strip())
    return [record.get(column) for column in plan.columns]


def _why_no_row(record: object, text: str, known: set[str]) -> str:
    """Why sound JSON is no row; empty if it is one."""
    if not isinstance(record, dict):
        return "is no JSON object"
    if len(text) > DEEPEST_VALUE and _depth(text) > DEEPEST_VALUE:
        return f"holds more than {DEEPEST_VALUE} lists or objects in each other"
    if more := record.keys() - known:
        return f'names "{min(more)}", which the first line does not'
    if "\\u" in text and not _is_text(json.dumps(record, ensure_ascii=False)):
        return HALF
    return ""


def _depth(text: str) -> int:
    """How many lists and objects are in each other at most, in sound JSON."""
    if text.count("[") + text.count("{") <= DEEPEST_VALUE:
        return 0
    depth = most = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        depth += (mark in "[{") - (mark in "]}")
        most = max(most, depth)
    return most


# --- Parquet


def _parquet(name: str) -> Any:
    """An open Parquet file. Raises FaultyInput."""
    pyarrow = needed_for_parquet()
    try:
        return pyarrow.parquet.ParquetFile(name)
    except (pyarrow.lib.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FaultyInput([Fault(name, 0, f"is no Parquet file: {error}", code="LCT707")]) from None


def needed_for_parquet() -> Any:
    """pyarrow. Raises FaultyInput where it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        what, hint = "needs pyarrow, which is not installed", how_to_install("parquet")
        raise FaultyInput([Fault("Parquet", 0, what, hint, code="LCT700")]) from None
    return pyarrow


def _batches(file: Any, name: str) -> Iterator[Chunk]:
    row = 1
    batches = file.iter_batches(batch_size=PARQUET_ROWS)
    if not file.metadata.num_rows:
        batches = iter([needed_for_parquet().RecordBatch.from_pylist([], file.schema_arrow)])
    for number in count():
        try:
            batch = next(batches, None)
        except (needed_for_parquet().lib.ArrowException, OSError) as error:
            raise FaultyInput([Fault(name, row, f"cannot be read from this row on: {error}", code="LCT707")]) from None
        if batch is None:
            return
        yield Chunk(number, row, batch, row + batch.num_rows - 1)
        row += batch.num_rows


def _parquet_rows(chunk: Chunk, kept: Collection[int]) -> Read:
    columns, why = readable(chunk.data, kept)
    lines: Sequence[int] = range(chunk.line, chunk.line + chunk.data.num_rows)
    if not why:
        return Read(lines, columns, [])
    sound = [n not in why for n in range(len(lines))]
    lists = [column for column in columns if isinstance(column, list)]  # no question is among those that are kept
    refused = [
        (lines[n], Refused(what, "", " ".join(str(column[n]) for column in lists))) for n, what in sorted(why.items())
    ]
    columns = [only(column, sound) for column in columns]
    return Read(list(compress(lines, sound)), columns, refused)
