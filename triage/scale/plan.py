"""What a batch reads and writes: jobs, formats, columns, and what is counted."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.faults import Fault, FaultyInput, allowed
from triage.knowledge.model import RuleBase

CSV, JSONL, PARQUET, XLSX = "csv", "jsonl", "parquet", "xlsx"
FORMATS = {".csv": CSV, ".tsv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET, ".xlsx": XLSX}
STREAM = "-"  # standard input or output
GZIP = ".gz"
ERRORS_OF = ".errors"  # behind the name of an output

# What a batch says of every row, after the columns that it carries through.
RESULT = (
    "disposition", "see_doctor", "pharmacist", "red_flags", "causes", "needs_checking", "checks", "missing", "pending",
    "rulebase",
)  # fmt: skip
PHARMACIST, NEEDS_CHECKING, MISSING, PENDING = "pharmacist", "needs_checking", "missing", "pending"
NOT_KNOWN = ""  # in place of a disposition
LISTS = ("red_flags", "causes", NEEDS_CHECKING, "checks", MISSING)
JOINS = ";"  # the items of a list in one cell
HASH_DIGITS = 12  # of the rule base, as elsewhere in results
KNOWN = "known"  # the last field of an error


class Form(NamedTuple):
    """How a file is written: its format, and whether it is packed with gzip."""

    format: str
    packed: bool = False


class Job(NamedTuple):
    """One input and its output: names of files (`-`: a stream), how they are written, and by which rules.

    `sha256`: of the rules. `mark`: a file that is there while the run is on, where other machines work for it.
    """

    input: str
    output: str
    source: Form
    target: Form
    rules: str | None
    sha256: str
    partial: bool = False
    encoding: str = ""
    mark: str = ""


class Error(NamedTuple):
    """Why a row was refused. `known`: the least level that its other answers reach, where that asks for a doctor."""

    line: int
    id: str
    column: str
    value: str
    why: str
    known: str = ""


class Counts(NamedTuple):
    """How many rows there were. `refused` hold something wrong, `unfinished` lack answers; neither is written.

    `results`: how many written rows have what, by kind and id. Kinds are disposition, red flag, cause and the columns
    `needs_checking`, `pharmacist` and `pending` (no id); `missing`: of the rows of a disposition, those that lack answers.
    `KNOWN`: how many rows that were not written have which level as `Error.known`.
    """

    read: int
    written: int
    refused: int
    unfinished: int
    results: Counter[tuple[str, str]]

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))  # type: ignore[operator]


NONE = Counts(0, 0, 0, 0, Counter())


class WorkerDied(Exception):
    """A worker process ended by itself, killed or out of memory, or cannot be reached."""


def form_of(name: str, wanted: str | None = None) -> Form:
    """The form of a file by its name, or the wanted format. Raises FaultyInput."""
    packed = name.endswith(GZIP)
    format_ = wanted or (CSV if name == STREAM else FORMATS.get(Path(name.removesuffix(GZIP)).suffix.lower()))
    if format_ is None:
        what = "is in no format that can be told from its name"
        raise FaultyInput([Fault(name, 0, what, ", ".join(FORMATS), code="LCT709")])
    if format_ in (PARQUET, XLSX) and (packed or name == STREAM):
        raise FaultyInput([Fault(name, 0, f"{format_} is packed by itself and needs a file of its own", code="LCT709")])
    return Form(format_, packed)


def check_columns(columns: Sequence[str], name: str, rulebase: RuleBase) -> None:
    """Raises FaultyInput where rows cannot be told apart, or hold no question at all."""
    if is_gone(set(columns), rulebase):
        raise FaultyInput([Fault(name, 1, rulebase.saved.gone_say, code="LCT413")])
    twice = [column for column, times in Counter(columns).items() if times > 1]
    faults = [Fault(name, 1, f'column "{column}" is there twice', code="LCT710") for column in twice]
    for column in set(columns) & set(RESULT):
        what = f'column "{column}" has the name of a column of the result'
        faults.append(Fault(name, 1, what, "give it another name", code="LCT710"))
    if not any(column in rulebase.questions for column in columns):
        hint = f"the first line names the columns; {allowed('', rulebase.questions)}"
        if "resourceType" in columns:
            hint = "this is FHIR: leg-cramp-triage run FILE reads a QuestionnaireResponse"
        faults.append(Fault(name, 1, "no column has the name of a question", hint, code="LCT711"))
    if faults:
        raise FaultyInput(faults)


def is_gone(names: Container[object], rulebase: RuleBase) -> bool:
    """Whether most are names of an earlier version's questions. A few may be columns of somebody's own."""
    gone = sum(name in names for name in rulebase.saved.gone)
    return gone > 0 and gone > sum(name in names for name in rulebase.questions)


def doubts(columns: Sequence[str], rulebase: RuleBase) -> Iterator[str]:
    """What somebody should know of the columns before a long run."""
    for column in columns:
        near = difflib.get_close_matches(column.lower(), rulebase.questions, n=1, cutoff=0.75)
        if near and column not in rulebase.questions:
            yield f'column "{column}" is no question (did you mean "{near[0]}"?); it is carried through'
    absent = [name for name in rulebase.questions if name not in columns]
    if absent:
        yield f"no column for {', '.join(absent)}: not answered in any row"
