"""The way back from tables of other tools: which columns hold the answers to which question, and what a cell says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from triage.exchange.forms import SAID, WHICH, names_of
from triage.knowledge.faults import Fault, FaultyInput, allowed
from triage.knowledge.model import Question, RuleBase

# Columns that a tool adds to every row, by which its data are known.
MARKS = {
    "ODK Central": {"KEY", "__id", "instanceID", "meta-instanceID"},
    "KoboToolbox": {"_id", "_uuid", "_submission_time", "_index"},
    "REDCap": {"record_id", "redcap_event_name", "redcap_repeat_instance"},
}
ANY_TOOL = "a form with split columns"
SPLITS = ("/", "___")  # between a field and the option that a column of its own is about
NOT_ANSWERED = ("", "NA", "<NA>", "NaN", "nan")  # as R, pandas and polars write it
YES_NO = {"true": "yes", "false": "no"}  # what other programs make of these words
WHOLE = r"(-?\d{1,9})(\.0*|,00?)?"  # a number; 1,000 would be a thousand to some
JOINED = r"[;\s]+"  # between the items of a list in one cell
LISTED = r"""[][,'"]"""  # around and between the items of a list that pandas or DuckDB put into one cell
TICKED = frozenset({"1", "1.0", "true", "yes", "checked"})
NOT_TICKED = frozenset({"", "na", "0", "0.0", "false", "no", "unchecked"})


class Column(NamedTuple):
    """A column with answers to a question: as a whole, or (`option`) whether one option is ticked."""

    name: str
    option: str = ""


class FormData(NamedTuple):
    """By which tool data were collected ("": another table), and the columns of every question that has some."""

    tool: str
    columns: Mapping[str, tuple[Column, ...]]

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of all these columns."""
        return tuple(part.name for parts in self.columns.values() for part in parts)


def form_data(columns: Sequence[str], rulebase: RuleBase) -> FormData:
    """The columns of our own form as tools export it; of any other table, those that are named like a question."""
    fields = {name: rulebase.questions[question] for question, name in names_of(rulebase).items()}
    found: dict[str, list[Column]] = {}
    for column in columns:
        question, option = _meant(column, fields)
        if question:
            found.setdefault(question.id, []).append(Column(column, option))
    tool = next((tool for tool, marks in MARKS.items() if marks & {*columns}), "")
    is_split = any(one.option or one.name.endswith(f"__{WHICH}") for those in found.values() for one in those)
    if not is_split and (not tool or not found):
        return FormData("", {name: (Column(name),) for name in columns if name in rulebase.questions})
    return FormData(tool or ANY_TOOL, {name: tuple(_nearest(those)) for name, those in found.items()})


def check_columns(columns: Sequence[str], form: FormData, name: str, rulebase: RuleBase, taken: Sequence[str]) -> None:
    """Raises FaultyInput where rows cannot be told apart, or hold no question at all. `taken`: names for results."""
    if is_gone(columns, rulebase):
        raise FaultyInput([Fault(name, 1, rulebase.saved.gone_say, code="LCT413")])
    twice = [column for column, times in Counter(columns).items() if times > 1]
    faults = [Fault(name, 1, f'column "{column}" is there twice', code="LCT710") for column in twice]
    for column in {*columns} & {*taken}:
        what = f'column "{column}" has the name of a column of the result'
        faults.append(Fault(name, 1, what, "give it another name", code="LCT710"))
    if not form.columns:
        hint = f"the first line names the columns; {allowed('', rulebase.questions)}"
        if "resourceType" in columns:
            hint = "this is FHIR: give it as JSON lines"
        faults.append(Fault(name, 1, "no column has the name of a question", hint, code="LCT711"))
    if faults:
        raise FaultyInput(faults)


def is_gone(names: Container[object], rulebase: RuleBase) -> bool:
    """Whether most are names of an earlier version's questions. A few may be columns of somebody's own."""
    gone = sum(name in names for name in rulebase.saved.gone)
    return gone > 0 and gone > sum(name in names for name in rulebase.questions)


def _meant(column: str, fields: Mapping[str, Question]) -> tuple[Question | None, str]:
    """The question that a column is about, and the option, if it is about one."""
    for split in SPLITS:
        field, _, option = column.rpartition(split)
        question = fields.get(_field(field))
        if question and question.kind == "many" and any(one.id == option for one in question.options):
            return question, option
    field = _field(column)
    return fields.get(field) or fields.get(re.sub(f"__?{WHICH}$", "", field)), ""


def _field(column: str) -> str:
    """The name of a field without the groups that it is in."""
    return re.split(r"[/.:-]", column)[-1]


def _nearest(columns: Sequence[Column]) -> Sequence[Column]:
    """Columns in no group, where there are some: one that only ends alike may be somebody's own."""
    return [one for one in columns if one.option or _field(one.name) == one.name] or columns


def as_cell(options: Sequence[str], cells: Sequence[str]) -> str:
    """The cells of a question's columns as one, joined by `;`. `options`: of each column, "" of a whole one.

    What is neither ticked nor left open stays beside the name of its option, and is no answer.
    """
    told: dict[str, None] = {}
    for option, cell in zip(options, cells, strict=True):
        if not option:
            told |= dict.fromkeys(item for item in re.split(JOINED, cell) if item not in (*NOT_ANSWERED, SAID))
        elif cell.strip().lower() in TICKED:
            told[option] = None
        elif cell.strip().lower() not in NOT_TICKED:
            told[f"{option}={cell}"] = None
    return ";".join(told)


def answers_in(cells: Mapping[str, Any], columns: Mapping[str, Sequence[Column]]) -> dict[str, Any]:
    """One column of cells for each question. `columns`: those of every question; most have one, taken as it is."""
    one = lru_cache(10_000)(as_cell)
    found = {}
    for name, parts in columns.items():
        options = tuple(part.option for part in parts)
        several = [cells[part.name] for part in parts]
        found[name] = several[0] if options == ("",) else [one(options, row) for row in zip(*several, strict=True)]
    return found


def as_text(value: Any) -> str:
    """A value of any program as a cell: lists joined by `;`, nothing empty. Raises whatever such values raise."""
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):  # of numpy and pandas
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return ";".join(map(as_text, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def as_given(question: Question, cell: str) -> Any:
    """A cell as an answer file would hold it; None where nothing is answered. Lists are joined by `;` or blanks."""
    text = cell.strip()
    if text in NOT_ANSWERED:
        return None
    if question.kind == "many":
        text = re.sub(LISTED, " ", text) if text[0] + text[-1] == "[]" else text
        return [item for item in re.split(JOINED, text) if item] or None
    if question.kind == "number" and (found := re.fullmatch(WHOLE, text)):
        return int(found[1])
    word = YES_NO.get(text.lower())
    return word if any(option.id == word for option in question.options) else text
