"""Random answer sets, judged all at once by the tables, and one by one by the engine."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import plain
from triage.scale.tables import RowOutcome, Tables

from reliability.calls import built_in
from reliability.result import Failure, Result
from triage.conversation.interview import missing_from
from triage.knowledge.model import Answers
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

UNFINISHED = 0.25  # of the sets


def run(count: int, seed: int) -> Result:
    """As many answer sets; what the engine says of each is right."""
    sets = [drawn(Random(f"tables {seed}/{nth}")) for nth in range(count)]
    kinds: Counter[str] = Counter()
    failures = []
    for nth, (answers, said) in enumerate(zip(sets, _tables().outcomes(_tables().rows(sets)).rows(), strict=True)):
        right = by_the_engine(built_in(), answers)
        kinds[f"tables: {right.disposition.id}"] += 1
        if said != right:
            failures.append(Failure("tables", f"seed {seed}, set {nth}", f"{said}, but {right} by the engine"))
    return Result(count, kinds, tuple(failures))


def drawn(random: Random) -> Answers:
    """An answer set on which many rules meet; some lack half of their answers."""
    answers = plain.random_answers(random)
    if random.random() < UNFINISHED:
        return {name: answer for name, answer in answers.items() if random.random() < 0.5}
    return answers


def by_the_engine(engine: Engine, answers: Answers) -> RowOutcome:
    """What the engine says, as the tables say it."""
    return RowOutcome.of(engine.rulebase, assess(engine, answers, missing_from(engine, answers)))


@cache
def _tables() -> Tables:
    return Tables(built_in().rulebase)
