"""Records of another program in, a result for each of them out: the batch for Spark, polars and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast

from triage.knowledge.faults import LONGEST_TEXT, printable
from triage.knowledge.model import RuleBase
from triage.output.contract import RowData
from triage.output.view import UNLESS
from triage.scale.plan import HASH_DIGITS, JOINS, LISTS, RESULT, is_gone
from triage.scale.rowsets import RowSet
from triage.scale.tables import Rows, Tables
from triage.scale.target import result
from triage.scale.work import UNREADABLE, Coder, beyond

RECORDS_AT_ONCE = 10_000  # records; with more of them memory grows, and it is no faster
NO_RECORD: Mapping[str, object] = {}


class Records:
    """Records -> results. Many threads may share one."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._coders = [Coder(tables.rulebase, question) for question in tables.rulebase.questions.values()]

    def results(self, records: Iterable[object], partial: bool) -> Iterator[RowData]:
        """A result for every record, in their order. Raises nothing for what is in a record."""
        rest = iter(records)
        while block := list(islice(rest, RECORDS_AT_ONCE)):
            yield from self._block(block, partial)

    def _block(self, records: Sequence[object], partial: bool) -> Iterator[RowData]:
        wrong = {
            n: ["is no mapping of question ids and answers"]
            for n, r in enumerate(records)
            if not isinstance(r, Mapping)
        }
        sound = [record if isinstance(record, Mapping) else NO_RECORD for record in records]
        rulebase = self._tables.rulebase
        wrong |= {n: [rulebase.saved.gone_say] for n, record in enumerate(sound) if _is_gone(record, rulebase)}
        answers: dict[str, dict[str, RowSet]] = {}
        columns: dict[str, list[Any]] = {}
        for coder in self._coders:
            name = coder.question.id
            column = [_native(record, name) for record in sound]
            answers[name], faults = coder.answers(column)
            columns[name] = column
            for n, fault in faults.items():
                wrong.setdefault(n, []).append(f"{name}: {fault.why}")
        for coder in self._coders:
            name = coder.question.id
            for n, why in beyond(coder.question, columns[name], answers):
                wrong.setdefault(n, []).append(f"{name}: {why}")
        outcomes = self._tables.outcomes(Rows(len(records), answers))
        sha256 = self._tables.rulebase.sha256
        for n, row in enumerate(outcomes.mapped(lambda outcome: result(outcome, sha256)).rows()):
            found = dict(zip(RESULT, row, strict=True))
            if n in wrong:
                yield _refused("; ".join(wrong[n]), found, sha256)
            elif found["missing"] and not partial:
                yield _refused(f"not answered: {JOINS.join(found['missing'])}", found, sha256)
            else:
                lists = {name: list(found[name]) for name in LISTS}
                yield cast(RowData, {**found, **lists, "error": None})


def _refused(why: str, found: Mapping[str, Any], sha256: str) -> RowData:
    """A row without a result: why, and the level that can be read of it if that is a doctor."""
    nothing = dict.fromkeys(RESULT)
    told = printable(why if len(why) <= LONGEST_TEXT else f"{why[:LONGEST_TEXT]} ...")
    if found["see_doctor"]:
        told += f"; so far asks for: {found['disposition']}"
        told += f", {UNLESS.so_far}" if found["pending"] else ""
    return cast(RowData, {**nothing, "rulebase": sha256[:HASH_DIGITS], "error": told})


def _is_gone(record: Mapping[Any, Any], rulebase: RuleBase) -> bool:
    try:
        return is_gone(record, rulebase)
    except Exception:  # noqa: BLE001  (what another program made may do anything)
        return False


def _native(record: Mapping[Any, Any], name: str) -> Any:
    """A value as Python has it: those of numpy and pandas know how."""
    try:
        value: Any = record.get(name)
        return value.tolist() if hasattr(value, "tolist") else value
    except Exception:  # noqa: BLE001  (what another program made may do anything)
        return UNREADABLE
