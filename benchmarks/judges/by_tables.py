"""The tables of `triage.scale.tables`, which experta filled: what `batch` does with a chunk, without reading and writing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks.judges.common import Judge
from triage.knowledge.grammar import as_fact
from triage.knowledge.model import Answer, Answers, RuleBase
from triage.scale.rowsets import numbered, with_names
from triage.scale.tables import RowOutcome, Rows, Tables

NEEDS = ""
NO_ANSWER: frozenset[str] = frozenset()


class ByTables:
    """Codes the answers of all people, question by question as `batch` does, and judges them together."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._bands, self._questions = rulebase.bands, tuple(rulebase.questions)
        self._tables = Tables(rulebase)

    def __call__(self, people: Sequence[Answers]) -> list[RowOutcome]:
        known = {}
        for name in self._questions:
            column = numbered(answers.get(name) for answers in people)
            known[name] = with_names(column.mapped(partial(_options, bands=self._bands.get(name, ()))))
        return list(self._tables.outcomes(Rows(len(people), known)).rows())


def _options(answer: Answer | None, bands: tuple[str, ...]) -> frozenset[str]:
    return NO_ANSWER if answer is None else as_fact(answer, bands)


def build(rulebase: RuleBase) -> Judge:
    return ByTables(rulebase)


def build_alone(rulebase: RuleBase) -> Judge:
    """The same, asked for one case at a time, which it is not made for."""
    judge = ByTables(rulebase)
    return lambda people: [judge([answers])[0] for answers in people]
