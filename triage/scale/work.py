"""A chunk of rows turned into rows of results: what is written, what is refused and why, and the counts."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import polars as pl
from polars import selectors

from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.rulebase import load
from triage.scale.answers import Judge, Judged, as_text
from triage.scale.expressions import Rules, as_lists
from triage.scale.plan import CSV, JSONL, KNOWN, MISSING, PARQUET, PENDING, RESULT, Counts, Error, Job
from triage.scale.reading import Chunk, Column, Head, Table, read

LONGEST_VALUE = 200  # characters of a value that is told
ID = "id"
NOT_SETTLED = "?"  # behind a level that an open question may still take back
NESTED = (pl.List, pl.Struct, pl.Array)
# The level that a row asks for, if that is a doctor.
LEVEL = (
    pl.when(pl.col("see_doctor"))
    .then(pl.col("disposition") + pl.when(PENDING).then(pl.lit(NOT_SETTLED)).otherwise(pl.lit("")))
    .otherwise(pl.lit(""))
)


class Done(NamedTuple):
    """What became of a chunk: the bytes of its part of the output, its errors, the counts, and how far it is."""

    output: bytes
    errors: tuple[Error, ...]
    counts: Counts
    upto: int


@lru_cache(2)
def judge_of(rules: str | None, sha256: str) -> Judge:
    """The judge of a rule base, made once in a process. Raises FaultyInput where the rules are others by now."""
    rulebase = load(rules)
    if rulebase.sha256 != sha256:
        what = "the rules have changed since the run began"
        raise FaultyInput([Fault(rules or "rules", 0, what, "run it again", code="LCT706")])
    return Judge(Rules(rulebase))


def done(job: Job, head: Head, chunk: Chunk) -> Done:
    """All rows of a chunk: written, or refused with the reason. Raises FaultyInput."""
    judge = judge_of(job.rules, job.sha256)
    table = read(chunk, head, job)
    columns = dict(zip(head.columns, table.columns, strict=True))
    answers = {name: _answers(column, job) for name, column in columns.items() if name in judge.rules.options}
    found = judge.judged(answers, len(table.lines), [one.holds for one in table.refused])
    rows = found.frame.head(len(table.lines))
    unfinished = [] if job.partial else (rows[MISSING] != "").arg_true().to_list()
    unfinished = [n for n in unfinished if n not in found.wrong]
    carried = {name: column for name, column in columns.items() if name not in answers}
    errors = list(_errors(table, columns, found, unfinished))
    written, kept = rows, _carried(carried, job, rows.height)
    if lost := {*found.wrong, *unfinished}:
        wanted = pl.Series([n not in lost for n in range(rows.height)], dtype=pl.Boolean)
        written, kept = written.filter(wanted), kept.filter(wanted)
    refused = len(found.wrong) + len(table.refused)
    levels = Counter(
        (KNOWN, one.known.removesuffix(NOT_SETTLED)) for one in {e.line: e for e in errors}.values() if one.known
    )
    results = judge.rules.counts(written) + levels
    counts = Counts(rows.height + len(table.refused), written.height, refused, len(unfinished), results)
    return Done(_part(kept, written, job), tuple(map(_told, errors)), counts, chunk.upto)


def _answers(column: Column, job: Job) -> tuple[Sequence[Any], bool]:
    """The values of a question, and whether they are only texts and None."""
    if isinstance(column, pl.Series):
        return column.to_list(), column.dtype in (pl.String, pl.Categorical, pl.Enum)
    return column, job.source.format != JSONL


# --- errors


def _errors(table: Table, columns: Mapping[str, Column], found: Judged, unfinished: Sequence[int]) -> list[Error]:
    """Everything that is wrong with rows, by their lines."""
    level = found.frame.select(LEVEL).to_series().to_list()
    ids, open_ = columns.get(ID), found.frame[MISSING].to_list() if unfinished else []
    errors = []

    def add(row: int, column: str, value: str, why: str) -> None:
        id_ = "" if ids is None else as_text(ids[row])
        errors.append(Error(table.lines[row], id_, column, value, why, level[row]))

    for row, faults in found.wrong.items():
        for column, why in faults:
            add(row, column, as_text(columns[column][row]), why)
    for row in unfinished:
        add(row, open_[row], "", "not answered")
    for n, one in enumerate(table.refused, len(table.lines)):
        errors.append(Error(one.line, "", "", one.value, one.why, level[n]))
    return sorted(errors, key=lambda error: error.line)


def _told(error: Error) -> Error:
    """An error with nothing in it that a terminal would obey, and no longer than somebody reads."""
    texts = (text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]} ..." for text in error[1:])
    return Error(error.line, *map(printable, texts))


def as_csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """Lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(errors="replace")


# --- what is written


def top(head: Head, job: Job, questions: Mapping[str, Any]) -> bytes:
    """What stands before the first row; for a packed file never nothing, which would not be unpacked."""
    names = [column for column in head.columns if column not in questions]
    return _packed(as_csv([[*names, *RESULT]]) if job.target.format == CSV else b"", job)


def _carried(columns: Mapping[str, Column], job: Job, rows: int) -> pl.DataFrame:
    """What is carried through: texts of CSV, of JSON lines the values as JSON, of Parquet what it is."""
    if job.source.format == JSONL:
        columns = {name: [_json(value) for value in column] for name, column in columns.items()}
    series = [c if isinstance(c, pl.Series) else pl.Series(name, c, dtype=pl.String) for name, c in columns.items()]
    return pl.DataFrame(series) if series else pl.DataFrame(height=rows)


def _part(carried: pl.DataFrame, rows: pl.DataFrame, job: Job) -> bytes:
    """The rows of a chunk as the output has them."""
    if job.target.format == JSONL:
        return _packed(_as_json(carried, as_lists(rows), job), job) if rows.height else b""
    file = io.BytesIO()
    if job.target.format == PARQUET:
        kept = carried if job.source.format == PARQUET else _texts(carried, job)
        pl.concat([kept, as_lists(rows)], how="horizontal").write_parquet(file)
        return file.getvalue()
    table = pl.concat([_texts(carried, job), rows.select(RESULT)], how="horizontal")
    text = pl.col(pl.String)
    table.with_columns(pl.when(text != "").then(text)).write_csv(file, include_header=False)
    return _packed(file.getvalue(), job) if rows.height else b""


def _texts(carried: pl.DataFrame, job: Job) -> pl.DataFrame:
    """The same as texts."""
    if job.source.format == JSONL:
        return pl.DataFrame([pl.Series(c.name, list(map(_of_json, c)), dtype=pl.String) for c in carried])
    carried = _without_times(carried)
    nested = [c for c in carried if c.dtype in NESTED]
    lists = [pl.Series(c.name, list(map(as_text, c.to_list())), dtype=pl.String) for c in nested]
    return carried.with_columns(lists).cast(pl.String)


def _without_times(carried: pl.DataFrame) -> pl.DataFrame:
    """The same with texts for types that JSON has none for."""
    durations, others = selectors.duration(), selectors.temporal() | selectors.decimal() | selectors.binary()
    return carried.with_columns(durations.dt.to_string("iso")).with_columns(others.cast(pl.String))


def _of_json(text: str) -> str | None:
    return json.loads(text) if text[0] == '"' else None if text == "null" else text


def _as_json(carried: pl.DataFrame, rows: pl.DataFrame, job: Job) -> bytes:
    if job.source.format == JSONL:
        members = [pl.lit(f"{_json(name)}: ") + pl.col(name) for name in carried.columns]
        own = pl.concat_str([*members, pl.lit("")], separator=", ")
        ends = rows.select(pl.struct(pl.all()).struct.json_encode().str.strip_prefix("{")).to_series()
        lines = carried.select(pl.lit("{") + own).to_series() + ends if members else "{" + ends
        return "".join(f"{line}\n" for line in lines).encode()
    file = io.BytesIO()
    pl.concat([_without_times(carried), rows], how="horizontal").write_ndjson(file)
    return file.getvalue()


def _json(value: Any) -> str:
    """A value as JSON, with null for NaN and Infinity, which it has no numbers for."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_with_null(value), ensure_ascii=False)


def _with_null(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list):
        return [_with_null(one) for one in value]
    return {name: _with_null(one) for name, one in value.items()} if isinstance(value, dict) else value


def _packed(data: bytes, job: Job) -> bytes:
    """As it is written; pieces that are packed one by one may follow each other in a file."""
    return gzip.compress(data, mtime=0) if job.target.packed else data
