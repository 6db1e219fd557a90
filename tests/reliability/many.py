"""Random answer sets, judged all at once by the expressions of `batch`, and one by one by the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from random import Random

import plain
from judged import by_the_engine, judged

from reliability.calls import built_in
from reliability.result import Failure, Result
from triage.knowledge.model import Answers, Question
from triage.scale.expressions import Rules

UNFINISHED = 0.25  # of the sets


def run(count: int, seed: int) -> Result:
    """As many answer sets; what the engine says of each is right."""
    return _compared("tables", [drawn(Random(f"tables {seed}/{nth}")) for nth in range(count)], seed)


def run_skewed(count: int, seed: int) -> Result:
    """The same for people as surveys have them."""
    return _compared("skewed", [skewed(Random(f"skewed {seed}/{nth}"), _rules()) for nth in range(count)], seed)


def _compared(sort: str, sets: Sequence[Answers], seed: int) -> Result:
    kinds: Counter[str] = Counter()
    failures = []
    for nth, (answers, said) in enumerate(zip(sets, judged(_rules(), sets), strict=True)):
        right = by_the_engine(built_in(), answers)
        kinds[f"{sort}: {right['disposition'] or 'not known yet'}"] += 1
        if said != right:
            failures.append(Failure(sort, f"seed {seed}, set {nth}", f"{said}, but {right} by the engine"))
    return Result(len(sets), kinds, tuple(failures))


def drawn(random: Random) -> Answers:
    """An answer set on which many rules meet; some lack half of their answers."""
    answers = plain.random_answers(random)
    if random.random() < UNFINISHED:
        return {name: answer for name, answer in answers.items() if random.random() < 0.5}
    return answers


def skewed(random: Random, rules: Rules) -> Answers:
    """As surveys are: most people tick "none", and one or two things besides."""
    answers = plain.random_answers(random)
    ticked = set(random.sample(list(answers), min(2, len(answers))))
    calm = {name: _calm(question) for name, question in rules.rulebase.questions.items()}
    return {name: answers[name] if name in ticked else calm[name] or answers[name] for name in answers}


def _calm(question: Question) -> tuple[str, ...] | None:
    none = tuple(option.id for option in question.options if option.exclusive and option.key == "0")
    return none if none and question.kind == "many" else None


@cache
def _rules() -> Rules:
    return Rules(built_in().rulebase)
