"""The JSON contract of results, as types. Keys are only ever added.

mypy holds `triage.output.as_json` and `triage.scale.summary` to it, and `leg-cramp-triage schema
assessment`, `row` and `summary` are made from it. `Annotated` names what the values are, where a
rule base lists them.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

SCHEMA = "leg-cramp-triage/assessment/2"
SUMMARY_SCHEMA = "leg-cramp-triage/summary/1"

# What the text of a field can be; triage.exchange.schemas.results finds the values in the rule base.
Contract = Annotated[str, "schema"]
SummaryContract = Annotated[str, "summary schema"]
Rung = Annotated[str, "rung"]  # a level of the ladder
Level = Annotated[str, "level"]  # a level of the ladder, or one beside it
Group = Annotated[str, "group"]
Grade = Annotated[str, "grade"]
Strength = Annotated[str, "strength"]
QuestionId = Annotated[str, "question"]

GivenAnswers = Annotated[dict[str, int | str | list[str]], "answers"]
Behind = dict[str, int | list[str]]  # the answers behind a rule: question -> options, or the number given


class RedFlagData(TypedDict):
    """A red flag that was raised: how urgent it is, why, where to go, and the answers that raised it."""

    id: str
    title: str
    disposition: Level
    because: str
    place: str | None
    notes: list[str]
    answers: Behind
    sources: list[str]


class SignData(TypedDict):
    """A sign that speaks for a cause (positive weight) or against it, and the answers that show it."""

    id: str
    because: str
    weight: int
    answers: Behind


# "for" is no name in Python.
CauseData = TypedDict(
    "CauseData",
    {
        "id": str,
        "name": str,
        "group": Group,
        "score": int,
        "for": list[SignData],
        "against": list[SignData],
        "sources": list[str],
    },
)
CauseData.__doc__ = "A cause that fits; the score is the sum of the weights of its signs."


class CheckingData(TypedDict):
    """A cause that needs checking, and the red flags that brought it up."""

    id: str
    name: str
    because: str
    red_flags: list[str]
    sources: list[str]


class AdviceData(TypedDict):
    """Relief, prevention, a "do not" or a myth."""

    id: str
    title: str
    steps: list[str]
    grade: Grade
    sources: list[str]


class WithheldData(TypedDict):
    """Advice that was left out, and why."""

    id: str
    title: str
    because: str


class CheckData(TypedDict):
    """Something to ask a doctor about."""

    id: str
    title: str
    strength: Strength
    because: str
    note: str
    sources: list[str]


class NoteData(TypedDict):
    """A line that is printed with the result."""

    id: str
    line: str
    sources: list[str]


class RuleBaseData(TypedDict):
    """The rule base that the result was made with; the hash is of its files."""

    version: str
    sha256: str


class WhatIfData(TypedDict):
    """Options of a question of which each would raise the result to a more urgent disposition."""

    question: QuestionId
    disposition: Rung
    options: list[str]
    say: str


class NodeData(TypedDict):
    """A line of an explanation, and the lines below it that it rests on."""

    kind: str
    id: str
    text: str
    children: list[NodeData]


class WhyNotData(NodeData):
    """What became of one rule, and why."""

    outcome: str


class Explained(TypedDict, total=False):
    """What is there only where it was asked for. `file`: where several results are written together."""

    how: NodeData
    why_not: list[WhyNotData]
    file: str


class AssessmentData(Explained):
    """A result. Where it is not `complete`, `say` says so, and `pending` names red flags that may still be taken back."""

    schema: Contract
    complete: bool
    disposition: Rung
    see_doctor: bool
    pharmacist: bool
    say: str
    time: str
    red_flags: list[RedFlagData]
    causes: list[CauseData]
    needs_checking: list[CheckingData]
    relief: list[AdviceData]
    prevention: list[AdviceData]
    do_not: list[AdviceData]
    myths: list[AdviceData]
    withheld: list[WithheldData]
    checks: list[CheckData]
    notes: list[NoteData]
    safety_net: list[str]
    missing: list[QuestionId]
    pending: list[str]
    voice: str
    answers: GivenAnswers
    rulebase: RuleBaseData
    what_if: list[WhatIfData]


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
