"""experta as the program uses it for one person: `assess`, with the advice that the others leave out."""

from __future__ import annotations

from benchmarks.judges.common import Judge, RowOutcome
from triage.conversation.interview import missing_from
from triage.knowledge.model import Answers, RuleBase
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

NEEDS = ""


def build(rulebase: RuleBase) -> Judge:
    engine = Engine(rulebase)

    def outcome(answers: Answers) -> RowOutcome:
        return RowOutcome.of(engine.rulebase, assess(engine, answers, missing_from(engine, answers)))

    outcome({})  # a stratum is compiled by its first case
    return lambda people: [outcome(answers) for answers in people]
