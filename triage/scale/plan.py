"""What a batch reads and writes: formats, columns, and what is to happen to unfinished answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from triage.knowledge.faults import Fault, FaultyInput, allowed
from triage.knowledge.model import RuleBase

CSV, JSONL, PARQUET = "csv", "jsonl", "parquet"
FORMATS = {".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET}
STREAM = "-"  # standard input or output
GZIP = ".gz"

# What a batch says of every row, after the columns that it carries through.
RESULT = (
    "disposition", "see_doctor", "pharmacist", "red_flags", "causes", "needs_checking", "checks", "missing", "pending",
    "rulebase",
)  # fmt: skip
PHARMACIST, NEEDS_CHECKING, MISSING, PENDING = "pharmacist", "needs_checking", "missing", "pending"
NOT_KNOWN = ""  # in place of a disposition
TRUTHS = ("see_doctor", PHARMACIST, PENDING)
LISTS = ("red_flags", "causes", NEEDS_CHECKING, "checks", MISSING)
JOINS = ";"  # the items of a list in one cell
HASH_DIGITS = 12  # of the rule base, as elsewhere in results


class Form(NamedTuple):
    """How a file is written: its format, and whether it is packed with gzip."""

    format: str
    packed: bool = False

    @property
    def suffix(self) -> str:
        """What a file of this form is called."""
        return f".{self.format}" + GZIP * self.packed


class Plan(NamedTuple):
    """What every worker has to know. `columns` are those of the input, in its order; `sha256` is of the rules."""

    rules: str | None
    columns: tuple[str, ...]
    source: Form
    target: Form
    sha256: str
    partial: bool = False


def form_of(name: str, wanted: str | None = None) -> Form:
    """The form of a file by its name, or the wanted format. Raises FaultyInput."""
    packed = name.endswith(GZIP)
    ending = Path(name.removesuffix(GZIP)).suffix.lower()
    format_ = wanted or (CSV if name == STREAM else FORMATS.get(ending))
    if format_ is None:
        raise FaultyInput(
            [Fault(name, 0, "is in no format that can be told from its name", ", ".join(FORMATS), code="LCT709")]
        )
    if format_ == PARQUET and (packed or name == STREAM):
        raise FaultyInput([Fault(name, 0, "Parquet is packed by itself and needs a file of its own", code="LCT709")])
    return Form(format_, packed)


def check_columns(columns: Sequence[str], name: str, rulebase: RuleBase) -> None:
    """Raises FaultyInput where rows cannot be told apart, or hold no question at all."""
    if is_gone(set(columns), rulebase):
        raise FaultyInput([Fault(name, 1, rulebase.saved.gone_say, code="LCT413")])
    twice = (column for column, times in Counter(columns).items() if times > 1)
    faults = [Fault(name, 1, f'column "{column}" is there twice', code="LCT710") for column in twice]
    faults += [
        Fault(
            name, 1, f'column "{column}" has the name of a column of the result', "give it another name", code="LCT710"
        )
        for column in columns
        if column in RESULT
    ]
    if not any(column in rulebase.questions for column in columns):
        hint = f"the first line names the columns, with commas between them; {allowed('', rulebase.questions)}"
        faults.append(Fault(name, 1, "no column has the name of a question", hint, code="LCT711"))
    if faults:
        raise FaultyInput(faults)


def is_gone(names: Container[object], rulebase: RuleBase) -> bool:
    """Whether most are names of an earlier version's questions. A few may be columns of somebody's own."""
    gone = sum(name in names for name in rulebase.saved.gone)
    return gone > 0 and gone > sum(name in names for name in rulebase.questions)


def doubts(columns: Sequence[str], rulebase: RuleBase) -> Iterator[str]:
    """What somebody should know of the columns before a long run."""
    import difflib

    for column in columns:
        near = difflib.get_close_matches(column.lower(), rulebase.questions, n=1, cutoff=0.75)
        if near and column not in rulebase.questions:
            yield f'column "{column}" is no question (did you mean "{near[0]}"?); it is carried through'
    absent = [name for name in rulebase.questions if name not in columns]
    if absent:
        yield f"no column for {', '.join(absent)}: not answered in any row"


Cells = Sequence[Any]  # one row, a value for every column of the plan
