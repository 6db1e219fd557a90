"""Tables as other tools write them (CSV, JSON lines, Excel): the names of the columns, and every row with its line.

Python's own CSV reader knows the line, the width and the quotes of each row, so none is lost and none becomes another.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from triage.exchange.fhir.found import MORE, MORE_SAID, found_on_line
from triage.exchange.fhir.response import response_of
from triage.exchange.form_data import FormData, as_text, form_data
from triage.exchange.xlsform import excel_rows
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase

CSV, JSONL, XLSX = "csv", "jsonl", "xlsx"
FHIR = "fhir"  # JSON lines of its resources
PASSED, TOLD = "passed", "told"  # what is counted of FHIR
FIRST = 1_000_000  # characters of JSON in which all columns are named
MOST_LINES = 1_000  # of the names of columns
UTF_8, WINDOWS = "utf-8-sig", "windows-1252"
NO_TEXT = f"is not UTF-8 (if it comes from Excel: --encoding {WINDOWS})"

ID = "id"  # the column that FHIR's own id of a response goes to

# The line on which it begins, its cells (or why there are none), and the texts that stand there; of FHIR, what can be read.
Record = tuple[int, Sequence[Any] | str, Sequence[str] | Mapping[str, str]]
# Whole records that follow each other: the line on which they begin, and their lines; of Excel records, of Parquet a frame.
Part = tuple[int, Any]


class Head(NamedTuple):
    """What the first lines of an input say: enough to read any part of it, in any process.

    The names of the columns, and the line on which they stand; of CSV also what is between its cells. `columns`: the
    names without those of empty columns at the end, and `form`: which of them are answers.
    """

    name: str
    format: str
    names: Sequence[str]
    line: int
    delimiter: str = ""
    columns: Sequence[str] = ()
    form: FormData = FormData("", {})


def faulty(name: str, line: int, what: str, hint: str = "", code: str = "LCT707") -> FaultyInput:
    """To be raised where one thing is wrong with an input."""
    return FaultyInput([Fault(name, line, what, hint, code=code)])


def parts_in(
    raw: IO[bytes], name: str, format_: str, encoding: str, rulebase: RuleBase, rows: int
) -> tuple[Head, Iterator[Part], str, IO[Any]]:
    """The head of an input, its parts of about so many rows, what is to be told, and what to close. Raises FaultyInput."""
    if format_ == XLSX:
        head, numbered = _excel(raw, name)
        return head, _parts(numbered, head, head.line + 1, rows), "", raw
    text, remark = _text(raw, name, format_, encoding)
    head, first, lines = _json(text, name, rulebase) if format_ == JSONL else _csv(text, name, rulebase)
    return head, _parts(lines, head, first, rows), remark, text


def records_in(head: Head, part: Part, rulebase: RuleBase, passed: Counter[str]) -> Iterator[Record]:
    """Every record of a part. `passed` counts FHIR resources that are no responses, and what is to be told of others."""
    line, lines = part
    if head.format == XLSX:
        return iter(lines)
    if head.format == CSV:
        return _records(lines, head.delimiter, line)
    full = ((n, text) for n, text in enumerate(lines, line) if text.strip())
    if head.format == FHIR:
        return (one for n, text in full for one in _responses(head.name, n, text, head.names, rulebase, passed))
    return ((n, _values(_loaded(text), head.names), [text]) for n, text in full)


def _parts(lines: Iterator[Any], head: Head, line: int, rows: int) -> Iterator[Part]:
    """At least one. A part of CSV with quotes ends where a record does."""
    more = True
    while more:
        part = list(islice(lines, rows))
        more = len(part) == rows
        if head.delimiter and any('"' in text for text in part):
            records, part = _records(chain(part, lines), head.delimiter, line), []
            while len(part) < rows and (kept := next(records, (line, (), ()))[2]):
                part += kept
        yield line, part
        line += len(part)


def _text(raw: IO[bytes], name: str, format_: str, encoding: str) -> tuple[IO[str], str]:
    """An input as text, and what is to be told; without an encoding it is UTF-8, or what the bytes say."""
    data: Any = gzip.open(name) if raw.read(2) == b"\x1f\x8b" else raw  # noqa: SIM115
    data.seek(0)
    start = data.readline()
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding
    lines = () if encoding else chain([start], data)  # is none of those with other letters than ASCII has UTF-8?
    is_other = {is_text(line.decode("utf-8", "surrogateescape")) for line in lines if not line.isascii()} == {False}
    data.seek(0)
    found, newline = encoding or (WINDOWS if is_other else UTF_8), "\n" if format_ == JSONL else ""
    text = io.TextIOWrapper(data, found, "surrogateescape", newline=newline)
    return text, f"is not UTF-8: read as {found} (--encoding names another)" * is_other


def is_text(text: str) -> bool:
    """Whether it can be written: bytes that are no text, and halves of characters, cannot."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def checked(records: Iterable[Record], named: int, width: int, name: str) -> Iterator[Record]:
    """Rows of as many cells as are named. Raises FaultyInput where nobody knows which rows behind one are rows."""
    for line, row, kept in records:
        if isinstance(kept, Mapping):
            yield line, row, kept
        elif isinstance(row, str):
            if len(kept) > 1 or "unexpected end" in row:
                hint = "no row behind it can be trusted: mend the file"
                raise faulty(name, line, "a quote that begins here is not closed", hint)
            yield line, row, tuple(kept)
        elif not is_text("".join(kept)):
            yield line, NO_TEXT, tuple(kept)
        elif row and (len(row) != width or (named < width and any(row[named:]))):
            upto = f" (to line {line + len(kept) - 1})" if len(kept) > 1 else ""
            yield line, f"has {len(row)} cells{upto}, the first line has {named}", tuple(kept)
        elif row:
            yield line, row, ()


def _excel(raw: IO[bytes], name: str) -> tuple[Head, Iterator[Record]]:
    rows = ((n, list(map(as_text, row))) for n, row in enumerate(excel_rows(raw, name), 1))
    full = ((n, row) for n, row in rows if any(row))
    line, names = next(full, (1, []))
    return Head(name, XLSX, names, line), ((n, [*row, *[""] * (len(names) - len(row))], row) for n, row in full)


def _csv(text: IO[str], name: str, rulebase: RuleBase) -> tuple[Head, int, Iterator[str]]:
    """The delimiter is the one by which most columns are questions. Raises FaultyInput."""
    line, first = 1, [text.readline()]
    while first[0].isspace():
        line, first = line + 1, [text.readline()]
    while "".join(first).count('"') % 2 and len(first) < MOST_LINES and (more := text.readline()):
        first.append(more)
    heads = {delimiter: next(_records(first, delimiter, line), (0, [], ()))[1] for delimiter in ",;\t"}
    heads = {delimiter: head for delimiter, head in heads.items() if not isinstance(head, str)}
    if not heads or not all(map(is_text, heads[min(heads)])):
        hint = "is it CSV, in UTF-8? If not, say so with --encoding"
        raise faulty(name, line, "the names of the columns cannot be read", hint)
    delimiter = max(heads, key=lambda one: len(form_data(heads[one], rulebase).columns))
    return Head(name, CSV, heads[delimiter], line, delimiter), line + len(first), text


def _records(lines: Iterable[str], delimiter: str, line: int) -> Iterator[Record]:
    """Each record of CSV; the first line is `line`."""
    kept: list[str] = []

    def remembered() -> Iterator[str]:
        for text in lines:
            kept.append(text)
            yield text

    records = csv.reader(remembered(), delimiter=delimiter, strict=True)
    while True:
        try:
            yield line, next(records), kept
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"is no row of CSV: {error}", kept
        line += len(kept)
        kept.clear()


def _json(text: IO[str], name: str, rulebase: RuleBase) -> tuple[Head, int, Iterator[str]]:
    """The columns are what the first records name: one may leave out what it has no value for. Raises FaultyInput."""
    first = text.readlines(FIRST)
    if first and first[0].startswith("{") and isinstance(_object(first[0]), str):  # one resource on many lines?
        first = ["".join(chain(first, text))]
    one = _object(first[0]) if first else ""
    if isinstance(one, dict) and "resourceType" in one:
        return Head(name, FHIR, [ID, *rulebase.questions], 1), 1, chain(first, text)
    loaded = list(map(_loaded, first))
    if not loaded or not isinstance(loaded[0], dict):
        raise faulty(name, 1, "the first line is no JSON object", 'like {"age": 34}', "LCT708")
    columns = list(dict.fromkeys(column for record in loaded if isinstance(record, dict) for column in record))
    return Head(name, JSONL, columns, 1), 1, chain(first, text)


def _responses(
    name: str, line: int, text: str, columns: Sequence[str], rulebase: RuleBase, passed: Counter[str]
) -> Iterator[Record]:
    """A row for every FHIR response on a line; of one with faults what can be read, and why, a fault a line."""
    for place, resource in found_on_line(f"{name}:{line}", text):
        found = response_of(place, resource, rulebase)
        given = resource.get(ID) if isinstance(resource, dict) else None
        own = {ID: given if isinstance(given, str) and is_text(given) else ""}
        if isinstance(found, FaultyInput):
            why = "\n".join(str(fault).removeprefix(f"{name}:{line}").lstrip(": ") for fault in found.faults)
            yield line, why, {**own, **{question: as_text(answer) for question, answer in found.known.items()}}
        elif found:
            passed.update(f"{TOLD}:{remark}" for remark in found.remarks)
            yield line, list(map({**own, **found.answers}.get, columns)), ()
        else:
            passed[f"{TOLD}:{MORE_SAID}" if resource is MORE else PASSED] += 1


def _loaded(text: str) -> dict[str, Any] | str:
    """A line of JSON as a record that can be written again, or why it is none."""
    record = _object(text)
    try:
        is_sound = isinstance(record, str) or is_text(json.dumps(record, ensure_ascii=False, allow_nan=False))
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return record if is_sound else "holds half a character"


def _object(text: str) -> dict[str, Any] | str:
    """An object of JSON, or why it is none."""
    try:
        record = json.loads(text, object_pairs_hook=_once, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return record if isinstance(record, dict) else "is no JSON object"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(record := dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return record


def _values(record: dict[str, Any] | str, columns: Sequence[str]) -> list[Any] | str:
    if isinstance(record, str) or not record.keys() - {*columns}:
        return record if isinstance(record, str) else list(map(record.get, columns))
    return f"names what the first lines do not: {min(record.keys() - {*columns})}"
