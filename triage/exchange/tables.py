"""Tables as other tools write them (CSV, JSON lines, Excel): the names of the columns, and every row with its line.

Python's own CSV reader knows the line, the width and the quotes of each row, so none is lost and none becomes another.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import IO, Any

from triage.exchange.fhir.found import found_on_line
from triage.exchange.fhir.response import response_of
from triage.exchange.form_data import as_text, form_data
from triage.exchange.xlsform import excel_rows
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase

CSV, JSONL, XLSX = "csv", "jsonl", "xlsx"
FIRST = 1_000_000  # characters of JSON in which all columns are named
MOST_LINES = 1_000  # of the names of columns
UTF_8, WINDOWS = "utf-8-sig", "windows-1252"
NO_TEXT = f"is not UTF-8 (if it comes from Excel: --encoding {WINDOWS})"

ID = "id"  # the column that FHIR's own id of a response goes to

# The line on which it begins, its cells (or why there are none), and the texts that stand there; of FHIR, what can be read.
Record = tuple[int, Sequence[Any] | str, Sequence[str] | Mapping[str, str]]
Named = tuple[
    Sequence[str], int, Iterator[Record]
]  # the names of the columns, the line on which they stand, and the rows


def faulty(name: str, line: int, what: str, hint: str = "", code: str = "LCT707") -> FaultyInput:
    """To be raised where one thing is wrong with an input."""
    return FaultyInput([Fault(name, line, what, hint, code=code)])


def rows_in(
    raw: IO[bytes], name: str, format_: str, encoding: str, rulebase: RuleBase, passed: Counter[str]
) -> tuple[Named, str, IO[Any]]:
    """The names and the rows of an input, what is to be told of it, and what is to be closed. Raises FaultyInput.

    `passed` counts resources of other types than responses, as rows are taken.
    """
    if format_ == XLSX:
        return _excel(raw, name), "", raw
    text, remark = _text(raw, name, format_, encoding)
    return (_json(text, name, rulebase, passed) if format_ == JSONL else _csv(text, name, rulebase)), remark, text


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
        elif not _is_text("".join(kept)):
            yield line, NO_TEXT, tuple(kept)
        elif row and (len(row) != width or (named < width and any(row[named:]))):
            upto = f" (to line {line + len(kept) - 1})" if len(kept) > 1 else ""
            yield line, f"has {len(row)} cells{upto}, the first line has {named}", tuple(kept)
        elif row:
            yield line, row, ()


def _excel(raw: IO[bytes], name: str) -> Named:
    rows = ((n, list(map(as_text, row))) for n, row in enumerate(excel_rows(raw, name), 1))
    full = ((n, row) for n, row in rows if any(row))
    line, names = next(full, (1, []))
    return names, line, ((n, [*row, *[""] * (len(names) - len(row))], row) for n, row in full)


def _csv(text: IO[str], name: str, rulebase: RuleBase) -> Named:
    """The delimiter is the one by which most columns are questions. Raises FaultyInput."""
    line, first = 1, [text.readline()]
    while first[0].isspace():
        line, first = line + 1, [text.readline()]
    while "".join(first).count('"') % 2 and len(first) < MOST_LINES and (more := text.readline()):
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


def _json(text: IO[str], name: str, rulebase: RuleBase, passed: Counter[str]) -> Named:
    """The columns are what the first records name: one may leave out what it has no value for. Raises FaultyInput."""
    first = text.readlines(FIRST)
    loaded = list(map(_loaded, first))
    if loaded and isinstance(loaded[0], str) and first[0].startswith("{"):  # one resource on many lines?
        first = ["".join(chain(first, text))]
        loaded = [_loaded(first[0])]
    if not loaded or not isinstance(loaded[0], dict):
        raise faulty(name, 1, "the first line is no JSON object", 'like {"age": 34}', "LCT708")
    lines = ((n, line) for n, line in enumerate(chain(first, text), 1) if line.strip())
    if "resourceType" in loaded[0]:
        columns = [ID, *rulebase.questions]
        return columns, 1, (one for n, line in lines for one in _responses(name, n, line, columns, rulebase, passed))
    columns = list(dict.fromkeys(column for record in loaded if isinstance(record, dict) for column in record))
    return columns, 1, ((n, _values(_loaded(line), columns), [line]) for n, line in lines)


def _responses(
    name: str, line: int, text: str, columns: Sequence[str], rulebase: RuleBase, passed: Counter[str]
) -> Iterator[Record]:
    """A row for every FHIR response on a line; of one with faults what can be read, and why, a fault a line."""
    for place, resource in found_on_line(f"{name}:{line}", text):
        found = response_of(place, resource, rulebase)
        given = resource.get(ID) if isinstance(resource, dict) else None
        own = {ID: given if isinstance(given, str) and _is_text(given) else ""}
        if isinstance(found, FaultyInput):
            why = "\n".join(str(fault).removeprefix(f"{name}:{line}").lstrip(": ") for fault in found.faults)
            yield line, why, {**own, **{question: as_text(answer) for question, answer in found.known.items()}}
        elif found:
            yield line, list(map({**own, **found.answers}.get, columns)), ()
        else:
            passed["resources"] += 1


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
