"""Mutants that change nothing that a person could see, proved over every possible answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from triage.model import AFTER_FOLLOW_UPS, AT_ONCE, EVERYBODY, Cause, Facts, Question, Row, RuleBase, any_row
from triage.mutants.conditions import Reading, Shape, telling_apart
from triage.mutants.effects import Effect, changed_question
from triage.projection import Value, cases, cells_of, domain_of, projection, size

# Above this many cases the signs of causes are not compared: the mutant stays a survivor.
MOST_CASES = 600_000


def proved_equal(rulebase: RuleBase, mutant: Effect) -> bool:
    """Whether a mutant's weights, order or questions come to the same as those of the rule base, for everybody.

    False also where there is no proof. Of questions it is proved for all who do not go
    back: they are asked the same.
    """
    if asked := changed_question(rulebase, mutant):
        return _asked_of_the_same(rulebase, *asked)
    before, after = rulebase.causes, mutant.rulebase.causes
    moved = [before[one] for one, other in zip(before, after, strict=True) if one != other]
    if moved:
        return len(moved) == 2 and _never_tie(rulebase, *moved)
    weighed = [name for name in before if before[name] is not after[name]]
    return len(weighed) == 1 and _same_scores(rulebase, before[weighed[0]], after[weighed[0]])


# --- causes


def _same_scores(rulebase: RuleBase, cause: Cause, changed: Cause) -> bool:
    """Whether the cause is shown on the same answers, with the same score."""
    named = _where_named(rulebase, [cause])
    least = rulebase.ranking.shown_from
    return named is not None and all(_score(cause, f, least) == _score(changed, f, least) for f in named)


def _never_tie(rulebase: RuleBase, one: Cause, other: Cause) -> bool:
    """Whether the two causes are never shown with the same score."""
    named = _where_named(rulebase, [one, other])
    least = rulebase.ranking.shown_from
    return named is not None and not any(_score(one, f, least) == _score(other, f, least) is not None for f in named)


def _score(cause: Cause, facts: Facts, least: int) -> int | None:
    """The score with which a cause is shown; None if it is not."""
    weights = [sign.weight for sign in cause.signs if sign.condition.holds(facts)]
    return sum(weights) if any(weight > 0 for weight in weights) and sum(weights) >= least else None


def _where_named(rulebase: RuleBase, causes: Sequence[Cause]) -> Iterator[Facts] | None:
    """Every case of what the signs of `causes` read in which all of them may be named; None for too many."""
    conditions = [sign.condition for cause in causes for sign in cause.signs]
    rows = [row for condition in conditions for row in (*condition.when, *condition.unless)]
    hidden = [row for cause in causes for row in _hiding(rulebase, cause.group, {c.name for c in cells_of(rows)})]
    domain = domain_of(rulebase)
    for left_out in (hidden, []):  # without them more cases are compared than can be reached, but there are fewer
        values = projection([*rows, *left_out], domain)
        if size(values) <= MOST_CASES:
            return _cases_without(left_out, values)
    return None


def _cases_without(rows: list[Row], values: Mapping[str, list[Value]]) -> Iterator[Facts]:
    return (facts for facts in cases(values) if not any_row(rows, facts))


def _hiding(rulebase: RuleBase, group: str, read: set[str]) -> list[Row]:
    """Rows over the names `read` on which surely a level is reached that names no cause of this group."""
    silent = takewhile(lambda level: group not in level.causes, rulebase.ladder)
    return _sure_rows(rulebase, {level.id for level in silent}, read)


def _sure_rows(rulebase: RuleBase, levels: set[str], read: set[str]) -> list[Row]:
    """Rows over the names `read` on which a flag of these levels surely holds, and at once."""
    flags = [flag for flag in rulebase.red_flags.values() if flag.disposition in levels]
    sure = [flag for flag in flags if not flag.condition.unless and not flag.waits_for]
    return [row for flag in sure for row in flag.condition.when if {cell.name for cell in row} <= read]


# --- questions


def _asked_of_the_same(rulebase: RuleBase, question: Question, changed: Question) -> bool:
    """Whether an interview asks it of the same people.

    `ask_when` counts where no red flag has ended the free questions, `after_urgent` where
    one has. Of the flags only what reads the same answers as the question is looked at, so
    that more states are compared than can be reached.
    """
    reading = Reading(rulebase, one_by_one=False)
    read = {cell.name for q in (question, changed) for cell in cells_of((*_asked(q), *_after(q)))}
    ended, urgent = _levels_that(rulebase, AT_ONCE), _levels_that(rulebase, AFTER_FOLLOW_UPS)

    def same(one: tuple[Row, ...], other: tuple[Row, ...], stops: list[Row], only_if: Iterable[Row]) -> bool:
        first, second = (Shape(*map(reading.rows, (rows, stops, only_if))) for rows in (one, other))
        return telling_apart(first, second, reading.domain) is None

    free = same(_asked(question), _asked(changed), _sure_rows(rulebase, ended | urgent, read), EVERYBODY.when)
    stopped = _sure_rows(rulebase, ended, read)
    return free and same(_after(question), _after(changed), stopped, _weakened(rulebase, urgent, read))


def _asked(question: Question) -> tuple[Row, ...]:
    return EVERYBODY.when if question.ask_when is None else question.ask_when


def _after(question: Question) -> tuple[Row, ...]:
    return question.after_urgent or ()


def _levels_that(rulebase: RuleBase, stops: str) -> set[str]:
    return {level.id for level in rulebase.ladder if level.stops == stops}


def _weakened(rulebase: RuleBase, levels: set[str], read: set[str]) -> list[Row]:
    """Rows over the names `read`, one of which holds wherever a flag of these levels does."""
    flags = [flag for flag in rulebase.red_flags.values() if flag.disposition in levels]
    return [tuple(cell for cell in row if cell.name in read) for flag in flags for row in flag.condition.when]
