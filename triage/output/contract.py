"""What a batch writes for a program, as types: the result of a row, and the summary. Keys are only ever added.

mypy holds `triage.scale` to it, and `leg-cramp-triage schema row` and `summary` are made from it.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from triage.output.view import QuestionId, Rung

SUMMARY_SCHEMA = "leg-cramp-triage/summary/1"

SummaryContract = Annotated[str, "summary schema"]


class RuleBaseData(TypedDict):
    """The rule base that the result was made with; the hash is of its files."""

    version: str
    sha256: str


class RowData(TypedDict):
    """The result of one of many rows. Where `error` says why there is none, all but `rulebase` is None.

    Where answers are `missing` and nothing so far asks for a doctor, `disposition` and `see_doctor` are None; `pending`
    says that one of them can still take the disposition back.
    """

    disposition: Rung | None
    see_doctor: bool | None
    pharmacist: bool | None
    red_flags: list[str] | None
    causes: list[str] | None
    needs_checking: list[str] | None
    checks: list[str] | None
    missing: list[QuestionId] | None
    pending: bool | None
    rulebase: str
    error: str | None


class RowsData(TypedDict):
    """How many rows were read, and what became of them; the last three add up to the first."""

    read: int
    written: int
    with_faults: int
    with_answers_missing: int


class CountData(TypedDict):
    """So many of the rows written have this."""

    id: str
    title: str
    rows: int


class LevelCountData(CountData):
    """`unfinished`: of these rows, those that lack answers. `id` is empty where no level is known yet."""

    unfinished: int


class Beside(TypedDict, total=False):
    """What a row can have besides its level, where the rule base knows such."""

    beside: list[CountData]


class SummaryData(Beside):
    """The summary of a batch."""

    schema: SummaryContract
    input: str
    rows: RowsData
    dispositions: list[LevelCountData]
    red_flags: list[CountData]
    causes: list[CountData]
    needs_checking: list[CountData]
    rulebase: RuleBaseData
