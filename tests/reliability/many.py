"""Random answer sets, judged all at once by the expressions of `batch`, and one by one by the engine."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import plain
from judged import by_the_engine, judged

from reliability.calls import built_in
from reliability.result import Failure, Result
from triage.knowledge.model import Answers
from triage.scale.expressions import Rules

UNFINISHED = 0.25  # of the sets


def run(count: int, seed: int) -> Result:
    """As many answer sets; what the engine says of each is right."""
    sets = [drawn(Random(f"tables {seed}/{nth}")) for nth in range(count)]
    kinds: Counter[str] = Counter()
    failures = []
    for nth, (answers, said) in enumerate(zip(sets, judged(_rules(), sets), strict=True)):
        right = by_the_engine(built_in(), answers)
        kinds[f"tables: {right['disposition'] or 'not known yet'}"] += 1
        if said != right:
            failures.append(Failure("tables", f"seed {seed}, set {nth}", f"{said}, but {right} by the engine"))
    return Result(count, kinds, tuple(failures))


def drawn(random: Random) -> Answers:
    """An answer set on which many rules meet; some lack half of their answers."""
    answers = plain.random_answers(random)
    if random.random() < UNFINISHED:
        return {name: answer for name, answer in answers.items() if random.random() < 0.5}
    return answers


@cache
def _rules() -> Rules:
    return Rules(built_in().rulebase)
