"""A made-up survey: people who answer what the interview asks them; to each question most give its usual answer."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, combinations, islice
from pathlib import Path
from random import Random

from benchmarks.translated import asked_sometimes, compiled
from triage.knowledge.grammar import as_fact, as_facts
from triage.knowledge.model import Answer, Answers, Question, RuleBase

BLOCK = 1000
USUAL, USUAL_DANGER = 0.7, 0.9  # how many give the most usual answer, to a question and to one for danger signs
UNANSWERED = 0.03
PAIRS = 10  # of options that are chosen together, of one question
MOST_USUAL_NUMBER = 0.6  # where on the scale of a number most people are


def survey(rulebase: RuleBase, count: int, seed: int = 7) -> Iterator[Answers]:
    """So many people, the same every time."""

    @cache
    def fact(name: str, answer: Answer) -> frozenset[str]:
        return as_fact(answer, rulebase.bands.get(name, ()))

    random, rules = Random(seed), asked_sometimes(rulebase)
    sometimes, asked = {rule.name for rule in rules}, compiled(rules)
    choices = {question.id: _choices(question) for question in rulebase.questions.values()}
    for made in range(0, count, BLOCK):
        columns = [random.choices(values, cum_weights=weights, k=BLOCK) for values, weights in choices.values()]
        for row in islice(zip(*columns, strict=True), count - made):
            answers = {name: answer for name, answer in zip(choices, row, strict=True) if answer is not None}
            skipped = sometimes.difference(asked({name: fact(name, answer) for name, answer in answers.items()}))
            yield _within_limits(rulebase, {name: answer for name, answer in answers.items() if name not in skipped})


def _within_limits(rulebase: RuleBase, answers: Answers) -> Answers:
    """The answers, with each number as near to itself as the others allow."""
    fitting = dict(answers)
    for name, answer in answers.items():
        if isinstance(answer, int) and (limit := rulebase.questions[name].limit(as_facts(answers, rulebase.bands))):
            fitting[name] = min(max(answer, limit.minimum), limit.maximum)
    return fitting


def _choices(question: Question) -> tuple[list[Answer | None], list[float]]:
    """Answers, and their cumulated weights; None is no answer."""
    answers: list[Answer]
    if question.kind == "number":
        most = question.minimum + MOST_USUAL_NUMBER * (question.maximum - question.minimum)
        width = (question.maximum - question.minimum) / 4
        numbers = range(question.minimum, question.maximum + 1)
        answers = [*numbers, *(option.id for option in question.options)]
        weights = [max(0.02, 1 - abs(n - most) / width) / width for n in numbers]
        weights += [UNANSWERED] * len(question.options)
    else:
        usual = USUAL_DANGER if question.danger else USUAL
        answers = [o.id for o in sorted(question.options, key=lambda o: not (o.exclusive or o.harmless))]
        if question.kind == "many":
            pairs = combinations([option.id for option in question.options if not option.exclusive], 2)
            answers = [*((name,) for name in answers), *islice(pairs, PAIRS)]
        rest = [1 / (n + 2) for n in range(len(answers) - 1)]
        scale = (1 - usual - UNANSWERED) / sum(rest)
        weights = [usual, *(scale * weight for weight in rest)]
    return [None, *answers], list(accumulate([UNANSWERED, *weights]))


def write(path: Path, rulebase: RuleBase, people: Iterable[Answers]) -> int:
    """People as the rows of a CSV file for `batch`; how many of them answer differently from all before."""
    different = set()
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", *rulebase.questions])
        for number, answers in enumerate(people):
            row = [_text(answers.get(name, "")) for name in rulebase.questions]
            different.add(hash(tuple(row)))
            rows.writerow([number, *row])
    return len(different)


def _text(answer: Answer) -> str:
    return ";".join(answer) if isinstance(answer, tuple) else str(answer)
