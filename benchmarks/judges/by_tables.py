"""The tables of `triage.tables`, which experta filled: what `batch` looks up for every row."""

from __future__ import annotations

from benchmarks.judges.common import REMEMBERED, Judge
from triage.model import Answer, Answers, RuleBase
from triage.tables import Outcome, Tables

NEEDS = ""


class ByTables:
    """Codes answers, then looks up. What one answer adds is kept, as `batch` keeps it; a result never."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._tables = Tables(rulebase)
        self._parts: dict[tuple[str, Answer], int] = {}

    def __call__(self, answers: Answers) -> Outcome:
        case = 0
        for key in answers.items():
            part = self._parts.get(key)
            if part is None:
                part = self._tables.part(*key)
                if len(self._parts) < REMEMBERED:
                    self._parts[key] = part
            case += part
        return self._tables.outcome(case)


def build(rulebase: RuleBase) -> Judge:
    return ByTables(rulebase)
