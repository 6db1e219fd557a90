"""Mutants that change nothing that a person could see, proved over every possible answer."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from triage.model import AFTER_FOLLOW_UPS, AT_ONCE, EVERYBODY, Cause, Facts, Question, Row, RuleBase
from triage.mutants.conditions import Reading, Shape, telling_apart
from triage.mutants.effects import Effect
from triage.projection import cases, domain_of, projection, size

# Above this many cases a cause's signs are not compared: the mutant stays a survivor.
MOST_CASES = 2_000_000


def proved_equal(rulebase: RuleBase, mutant: Effect) -> bool:
    """Whether a mutant's weights or questions come to the same as those of the rule base, for everybody.

    False also where there is no proof.
    """
    if mutant.rule in rulebase.signs:
        cause = rulebase.causes[rulebase.signs[mutant.rule].cause]
        return _same_scores(rulebase, cause, mutant.rulebase.causes[cause.id])
    if mutant.rule in rulebase.questions:
        return _asked_of_the_same(rulebase, rulebase.questions[mutant.rule], mutant.rulebase.questions[mutant.rule])
    return False


def _same_scores(rulebase: RuleBase, cause: Cause, changed: Cause) -> bool:
    """Whether the cause is shown on the same answers, with the same score."""
    conditions = [sign.condition for sign in cause.signs]
    values = projection(chain.from_iterable((*c.when, *c.unless) for c in conditions), domain_of(rulebase))
    if size(values) > MOST_CASES:
        return False
    least = rulebase.ranking.shown_from
    return all(_score(cause, held, least) == _score(changed, held, least) for held in _held(cause, cases(values)))


def _held(cause: Cause, every: Iterable[Facts]) -> set[tuple[bool, ...]]:
    """Which of the signs can hold together."""
    return {tuple(sign.condition.holds(facts) for sign in cause.signs) for facts in every}


def _score(cause: Cause, held: tuple[bool, ...], least: int) -> int | None:
    """The score with which a cause is shown; None if it is not."""
    weights = [sign.weight for sign, holds in zip(cause.signs, held, strict=True) if holds]
    return sum(weights) if any(weight > 0 for weight in weights) and sum(weights) >= least else None


def _asked_of_the_same(rulebase: RuleBase, question: Question, changed: Question) -> bool:
    """Whether an interview asks it of the same people.

    `ask_when` counts where no red flag has ended the free questions, `after_urgent` where
    one has. Of the flags only what reads the same answers as the question is looked at, so
    that more states are compared than can be reached.
    """
    reading = Reading(rulebase, one_by_one=False)
    read = {cell.name for q in (question, changed) for row in (*_asked(q), *_after(q)) for cell in row}
    ended = _barriers(rulebase, (AT_ONCE,), read)
    urgent = _weakened(rulebase, (AFTER_FOLLOW_UPS,), read)

    def same(one: tuple[Row, ...], other: tuple[Row, ...], stops: list[Row], only_if: list[Row]) -> bool:
        first, second = (Shape(*map(reading.rows, (rows, stops, only_if))) for rows in (one, other))
        return telling_apart(first, second, reading.domain) is None

    free = [*ended, *_barriers(rulebase, (AFTER_FOLLOW_UPS,), read)]
    return same(_asked(question), _asked(changed), free, list(EVERYBODY.when)) and same(
        _after(question), _after(changed), ended, urgent
    )


def _asked(question: Question) -> tuple[Row, ...]:
    return EVERYBODY.when if question.ask_when is None else question.ask_when


def _after(question: Question) -> tuple[Row, ...]:
    return question.after_urgent or ()


def _barriers(rulebase: RuleBase, stops: tuple[str, ...], read: set[str]) -> list[Row]:
    """Rows over the names `read` on which an interview is surely stopped so."""
    flags = [f for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops in stops]
    sure = [flag for flag in flags if not flag.condition.unless and not flag.waits_for]
    return [row for flag in sure for row in flag.condition.when if {cell.name for cell in row} <= read]


def _weakened(rulebase: RuleBase, stops: tuple[str, ...], read: set[str]) -> list[Row]:
    """Rows over the names `read`, one of which must hold where an interview is stopped so."""
    flags = [f for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops in stops]
    return [tuple(cell for cell in row if cell.name in read) for flag in flags for row in flag.condition.when]
