"""The rules as expressions over columns (`triage.scale.expressions`): what `batch` does with a chunk, once it is read."""

from __future__ import annotations

from collections.abc import Sequence

import polars

from benchmarks.judges.common import Coding, Judge, RowOutcome
from triage.knowledge.model import Answer, Answers, RuleBase
from triage.scale.expressions import Rules, as_lists

NEEDS = ""


class ByColumns:
    """Codes the answers of all people, question by question as `batch` does, and judges them together."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase, self._rules, self._code = rulebase, Rules(rulebase), Coding(rulebase)
        self._bits: dict[tuple[str, Answer], int] = {}

    def __call__(self, people: Sequence[Answers]) -> list[RowOutcome]:
        known = {
            name: polars.Series([self._number(name, answers.get(name)) for answers in people], dtype=polars.UInt64)
            for name in self._rules.options
        }
        return list(map(self._outcome, as_lists(self._rules.judged(polars.DataFrame(known))).rows()))

    def _number(self, name: str, answer: Answer | None) -> int:
        if answer is None:
            return 0
        if (name, answer) not in self._bits:
            self._bits[name, answer] = self._rules.bits(name, self._code({name: answer})[name])
        return self._bits[name, answer]

    def _outcome(self, row: Sequence[object]) -> RowOutcome:
        """Where no level is known yet, it is the lowest that is reached."""
        level, _, pharmacist, flags, causes, checking, checks, missing, pending, _ = row
        known = self._rulebase.dispositions[str(level)] if level else self._rulebase.ladder[-1]
        lists = (tuple(names) for names in (flags, causes, checking, checks, missing))  # type: ignore[arg-type]
        return RowOutcome(known, bool(pharmacist), *lists, bool(pending))


def build(rulebase: RuleBase) -> Judge:
    return ByColumns(rulebase)
