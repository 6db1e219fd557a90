"""Records of another program in, a result for each of them out: the batch for Spark, polars and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast

from triage.knowledge.faults import LONGEST_TEXT, printable
from triage.knowledge.model import RuleBase
from triage.output.contract import RowData
from triage.output.view import UNLESS
from triage.scale.answers import UNREADABLE, Judge
from triage.scale.expressions import Rules, as_lists
from triage.scale.plan import HASH_DIGITS, JOINS, RESULT, is_gone

RECORDS_AT_ONCE = 10_000  # records; with more of them memory grows, and it is no faster
NO_RECORD: Mapping[str, object] = {}


class Records:
    """Records -> results. Many threads may share one."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase, self._judge = rulebase, Judge(Rules(rulebase))

    def results(self, records: Iterable[object], partial: bool) -> Iterator[RowData]:
        """A result for every record, in their order. Raises nothing for what is in a record."""
        rest = iter(records)
        while block := list(islice(rest, RECORDS_AT_ONCE)):
            yield from self._block(block, partial)

    def _block(self, records: Sequence[object], partial: bool) -> Iterator[RowData]:
        sound = [record if isinstance(record, Mapping) else NO_RECORD for record in records]
        columns = {name: ([_native(record, name) for record in sound], False) for name in self._rulebase.questions}
        frame, faults = self._judge.judged(columns, len(records))
        wrong = {row: [f"{name}: {why}" for name, why in those] for row, those in faults.items()}
        for row, record in enumerate(records):
            if not isinstance(record, Mapping):
                wrong[row] = ["is no mapping of question ids and answers"]
            elif self._is_gone(record):
                wrong.setdefault(row, []).insert(0, self._rulebase.saved.gone_say)
        for row, found in enumerate(as_lists(frame).to_dicts()):
            if row in wrong:
                yield self._refused("; ".join(wrong[row]), found)
            elif found["missing"] and not partial:
                yield self._refused(f"not answered: {JOINS.join(found['missing'])}", found)
            else:
                yield cast(RowData, {**found, "error": None})

    def _refused(self, why: str, found: Mapping[str, Any]) -> RowData:
        """A row without a result: why, and the level that can be read of it if that is a doctor."""
        told = printable(why if len(why) <= LONGEST_TEXT else f"{why[:LONGEST_TEXT]} ...")
        if found["see_doctor"]:
            told += f"; so far asks for: {found['disposition']}"
            told += f", {UNLESS.so_far}" if found["pending"] else ""
        nothing = dict.fromkeys(RESULT)
        return cast(RowData, {**nothing, "rulebase": self._rulebase.sha256[:HASH_DIGITS], "error": told})

    def _is_gone(self, record: Mapping[Any, Any]) -> bool:
        try:
            return is_gone(record, self._rulebase)
        except Exception:  # noqa: BLE001  (what another program made may do anything)
            return False


def _native(record: Mapping[Any, Any], name: str) -> Any:
    """A value as Python has it: those of numpy and pandas know how."""
    try:
        value: Any = record.get(name)
        return value.tolist() if hasattr(value, "tolist") else value
    except Exception:  # noqa: BLE001  (what another program made may do anything)
        return UNREADABLE
