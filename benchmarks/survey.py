"""A made-up survey: people who answer what the interview asks them; to each question most give its usual answer."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, combinations, islice
from pathlib import Path
from random import Random

from triage.knowledge.grammar import as_fact
from triage.knowledge.model import Answer, Answers, Question, RuleBase

UNANSWERED, USUAL, USUAL_DANGER = 0.03, 0.7, 0.9  # how many give no answer; the usual one; that of danger signs
USUAL_NUMBER = 0.6  # where on the scale of a number most people are
PAIRS = 10  # of options that are chosen together, of one question


def survey(rulebase: RuleBase, count: int) -> Iterator[Answers]:
    """So many people, the same every time."""
    random, fact = Random(7), cache(as_fact)
    asked = [(q, rulebase.bands.get(q.id, ()), *_choices(q)) for q in rulebase.questions.values()]
    for _ in range(count):
        answers: dict[str, Answer] = {}
        facts: dict[str, frozenset[str]] = {}
        for question, bands, choices, weights in asked:
            if random.random() > UNANSWERED and question.applies(facts):
                [answer] = random.choices(choices, cum_weights=weights)
                limit = question.limit(facts)
                if limit and isinstance(answer, int):
                    answer = min(max(answer, limit.minimum), limit.maximum)
                answers[question.id], facts[question.id] = answer, fact(answer, bands)
        yield answers


def _choices(question: Question) -> tuple[list[Answer], list[float]]:
    """Answers, and their cumulated weights."""
    usual = USUAL_DANGER if question.danger else USUAL
    options = [o.id for o in sorted(question.options, key=lambda o: not (o.exclusive or o.harmless))]
    answers: list[Answer] = [*options]
    if question.kind == "number":
        numbers = range(question.minimum, question.maximum + 1)
        most = question.minimum + USUAL_NUMBER * len(numbers)
        weights = [max(0.02, 1 - 4 * abs(n - most) / len(numbers)) for n in numbers] + [0.5] * len(options)
        return [*numbers, *options], list(accumulate(weights))
    if question.kind == "many":
        pairs = combinations([option.id for option in question.options if not option.exclusive], 2)
        answers = [*((name,) for name in options), *islice(pairs, PAIRS)]
    rest = [1 / (n + 2) for n in range(len(answers) - 1)]
    return answers, list(accumulate([usual, *((1 - usual - UNANSWERED) * weight / sum(rest) for weight in rest)]))


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
