"""The people whose cases are judged: random ones on whom many rules meet, and a survey in which most answer alike."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import accumulate, combinations, islice
from pathlib import Path
from random import Random

import plain  # of the tests

from benchmarks.judges.by_python import compiled
from benchmarks.judges.common import Coding, rules_of
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answer, Answers, Question, RuleBase
from triage.reasoning.engine import Production

BLOCK = 1000
USUAL, USUAL_DANGER = 0.7, 0.9  # how many give the most usual answer, to a question and to one for danger signs
UNANSWERED = 0.03
PAIRS = 10  # of options that are chosen together, of one question
MOST_USUAL_NUMBER = 0.6  # where on the scale of a number most people are


def crossing(count: int, seed: int = 2024) -> list[Answers]:
    """Random answer sets on which many rules meet, as the tests have them."""
    random = Random(seed)
    return [plain.random_answers(random) for _ in range(count)]


def survey(rulebase: RuleBase, count: int, seed: int = 7) -> Iterator[Answers]:
    """People who answer what the interview asks them; to each question most give its usual answer."""
    random, code = Random(seed), Coding(rulebase)
    questions = list(rulebase.questions.values())
    rules = rules_of(rulebase)
    conditional = [q for q in questions if q.ask_when is not None or q.ask_unless]
    asked = compiled([Production(q.id, q.condition.when, q.ask_unless) for q in conditional], rules)
    sometimes = {q.id for q in conditional}
    choices = {q.id: _choices(q) for q in questions}
    made = 0
    while made < count:
        columns = [random.choices(values, cum_weights=weights, k=BLOCK) for values, weights in choices.values()]
        for row in islice(zip(*columns, strict=True), count - made):
            answers = {name: answer for name, answer in zip(choices, row, strict=True) if answer is not None}
            skipped = sometimes.difference(asked(code(answers)))
            yield _within_limits(rulebase, {name: answer for name, answer in answers.items() if name not in skipped})
            made += 1


def _within_limits(rulebase: RuleBase, answers: Answers) -> Answers:
    """The answers, with each number as near to itself as the others allow."""
    facts = as_facts(answers, rulebase.bands)
    fitting = dict(answers)
    for name, answer in answers.items():
        limit = rulebase.questions[name].limit(facts)
        if limit and isinstance(answer, int):
            fitting[name] = min(max(answer, limit.minimum), limit.maximum)
    return fitting


def _choices(question: Question) -> tuple[list[Answer | None], list[float]]:
    """Answers, the usual one first, and their cumulated weights; None is no answer."""
    usual = USUAL_DANGER if question.danger else USUAL
    answers: list[Answer | None]
    if question.kind == "number":
        most = question.minimum + MOST_USUAL_NUMBER * (question.maximum - question.minimum)
        answers = [None, *range(question.minimum, question.maximum + 1), *(o.id for o in question.options)]
        width = (question.maximum - question.minimum) / 4
        weights = [UNANSWERED]
        weights += [max(0.02, 1 - abs(n - most) / width) / width for n in answers if isinstance(n, int)]
        weights += [UNANSWERED] * len(question.options)
        return answers, list(accumulate(weights))
    by_custom = sorted(question.options, key=lambda o: not (o.exclusive or o.harmless))
    if question.kind == "one":
        answers = [option.id for option in by_custom]
    else:
        free = [option.id for option in question.options if not option.exclusive]
        pairs = list(islice(combinations(free, 2), PAIRS))
        answers = [*((option.id,) for option in by_custom), *pairs]
    rest = [1 / (n + 2) for n in range(len(answers) - 1)]
    scale = (1 - usual - UNANSWERED) / sum(rest)
    return [None, *answers], list(accumulate([UNANSWERED, usual, *(scale * weight for weight in rest)]))


def write(path: Path, rulebase: RuleBase, people: Iterator[Answers]) -> int:
    """People as the rows of a CSV file for `batch`; how many of them answer differently from all before."""
    different: set[int] = set()
    texts: dict[Answer, str] = {}
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", *rulebase.questions])
        for number, answers in enumerate(people):
            row = [_text(answers, name, texts) for name in rulebase.questions]
            different.add(hash(tuple(row)))
            rows.writerow([number, *row])
    return len(different)


def _text(answers: Mapping[str, Answer], name: str, texts: dict[Answer, str]) -> str:
    answer = answers.get(name)
    if answer is None:
        return ""
    if answer not in texts:
        texts[answer] = ";".join(answer) if isinstance(answer, tuple) else str(answer)
    return texts[answer]


def lines(path: Path, rows: int, out: Path) -> None:
    """The first rows of a CSV file, under its first line."""
    with path.open("rb") as file, out.open("wb") as first:
        first.writelines(islice(file, rows + 1))
