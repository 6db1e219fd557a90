"""What the rule base must hold: everything that was asked for, and nothing that could harm."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, product
from random import Random
from typing import Any

import plain
import pytest

from triage.assessment import most_urgent
from triage.engine import Engine
from triage.examples import count, failing
from triage.grammar import as_facts
from triage.lints import rows_of
from triage.model import NOT_SURE, Advice, Answers, Disposition, Entry, Question, Row, RuleBase

# How many claims each of the five articles makes.
CLAIMS = {"S0": 48, "S1": 43, "S2": 50, "S3": 27, "S4": 31}
# The only red flags that anything can take back. A fifth needs as good a reason.
TAKEN_BACK = {"lasting-one-sided-pain", "both-ankles-swollen", "child-leg-pain", "lasting-pain-not-one-leg"}
FORBIDDEN = {
    "a verdict": r"diagnos|you have ",
    "a chance": r"%|per ?cent",
    "an amount of medicine": r"\d\s*(mg|mcg|milligrams?|micrograms?)\b(?!\s*/)",
}
ANSWER_SETS = 3000


# --- everything is there


def test_every_example_comes_out_as_written(engine: Engine) -> None:
    assert [str(fault) for fault in failing(engine)] == []
    assert count(engine.rulebase) > 5000


def test_it_has_all_that_was_asked_for(rulebase: RuleBase) -> None:
    groups = Counter(cause.group for cause in rulebase.causes.values())
    assert groups == {"everyday": 9, "ask": 15, "check": 12}
    assert len(rulebase.signs) == 113
    assert len(rulebase.questions) == 23
    assert len(rulebase.checks) == 20


def test_every_claim_of_the_articles_is_answered_or_left_out(rulebase: RuleBase) -> None:
    listed = [own for claim in rulebase.claims for own in claim.ids]
    assert sorted(listed) == [f"{article}-{n:02}" for article, last in CLAIMS.items() for n in range(1, last + 1)]
    answered = {own for entry in rulebase.entries.values() for own in entry.claims}
    left_out = {own for claim in rulebase.claims if claim.left_out for own in claim.ids}
    assert answered | left_out == set(listed)
    assert not answered & left_out


# --- urgency


def test_a_further_red_flag_never_makes_it_less_urgent(rulebase: RuleBase) -> None:
    """For every mix of levels that flags reach, and every flag beside it."""
    one_each = {flag.disposition: flag for flag in rulebase.red_flags.values()}
    for mix in product([True, False], repeat=len(one_each)):
        flags = [flag for flag, raised in zip(one_each.values(), mix, strict=True) if raised]
        before = most_urgent(rulebase, flags)
        for flag in rulebase.red_flags.values():
            after = most_urgent(rulebase, [*flags, flag])
            assert after.rank <= before.rank
            own = rulebase.dispositions[flag.disposition]
            assert own.beside or after.rank <= own.rank


def test_only_four_red_flags_can_be_taken_back(rulebase: RuleBase) -> None:
    assert {flag.id for flag in rulebase.red_flags.values() if flag.condition.unless} == TAKEN_BACK


def test_not_sure_about_a_danger_sign_is_never_safer_than_none(rulebase: RuleBase) -> None:
    questions = [q for q in rulebase.questions.values() if q.danger and options_alone(q) >= {"none", NOT_SURE}]
    assert len(questions) >= 7
    random, more_urgent = Random(11), Counter[str]()
    for _ in range(ANSWER_SETS):
        answers = plain.random_answers(random)
        for question in questions:
            unsure, none = (level_of(rulebase, {**answers, question.id: (o,)}) for o in (NOT_SURE, "none"))
            assert unsure.rank <= none.rank, (question.id, answers)
            more_urgent[question.id] += unsure.rank < none.rank
    assert all(more_urgent[question.id] for question in questions), "not sure makes a difference somewhere"


def test_an_answer_less_never_reassures(rulebase: RuleBase) -> None:
    """Leaving a danger sign unanswered may find less, but never what an answer of none would not."""
    random = Random(12)
    for _ in range(ANSWER_SETS):
        answers = plain.random_answers(random)
        for question in (q for q in rulebase.questions.values() if q.danger and "none" in options_alone(q)):
            left = {name: answer for name, answer in answers.items() if name != question.id}
            assert level_of(rulebase, left).rank <= level_of(rulebase, {**left, question.id: ("none",)}).rank


def options_alone(question: Question) -> set[str]:
    return {option.id for option in question.options if option.exclusive}


def level_of(rulebase: RuleBase, answers: Answers) -> Disposition:
    """By the model's own conditions: test_plain_reading.py shows that the engine agrees with them."""
    facts = as_facts(answers, rulebase.bands)
    return most_urgent(rulebase, (flag for flag in rulebase.red_flags.values() if flag.condition.holds(facts)))


# --- advice that may harm


def test_risky_advice_is_given_only_where_its_exclusions_were_answered(rulebase: RuleBase) -> None:
    risky = [advice for advice in rulebase.advice.values() if advice.harm]
    assert len(risky) >= 5
    for advice in risky:
        assert advice.only_if and all(advice.only_if), advice.id
        assert NOT_SURE not in {option for row in advice.only_if for cell in row for option in cell.options}, advice.id
