"""What an interview leaves out: proved to be nothing that could have been more urgent, or to be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from triage.knowledge.model import AFTER_FOLLOW_UPS, ALWAYS, AT_ONCE, Answers, Condition, Disposition, Question
from triage.proof.formulas import Formula, Space, Variables, all_of, any_of, holds, negated, rows_hold
from triage.reasoning.assessment import most_urgent

CHAIN = 4  # how many questions, each opened by the one before, are followed


@cache
def _opened(space: Space, question: Question, later: Question, always: bool = False, depth: int = CHAIN) -> Formula:
    """Whether `question` opens by answers that are known before `later` is asked, so that it is asked before it.

    As long as nothing urgent was found; with `always`, after an urgent finding, too.
    """
    conditions = [question.condition]
    if always and question.after_urgent is not None:
        conditions.append(Condition(question.after_urgent))
    known = _known_before(space, later, always, depth - 1) if depth else {}
    return space.name(all_of(_surely_holds(condition, known, space) for condition in conditions))


def _surely_holds(condition: Condition, known: Variables, space: Space) -> Formula:
    """Whether a condition holds on what is known, and its exceptions do not, whatever is answered later."""
    return all_of([rows_hold(condition.when, known), negated(rows_hold(condition.unless, space.answers))])


@cache
def _known_before(space: Space, later: Question, always: bool = False, depth: int = CHAIN) -> Variables:
    """The answers that are sure to be known when `later` is asked: perhaps not all, never too many."""
    known = {}
    for question in space.rulebase.questions.values():
        if question.id == later.id:
            break
        opened = _opened(space, question, later, always, depth)
        known[question.id] = {o: space.name(all_of([v, opened])) for o, v in space.answers[question.id].items()}
    return known


class Skipped(NamedTuple):
    """A question that a person is not asked although an answer could have raised the disposition."""

    question: Question
    stopped: str  # why the interview was short; "" if it was not
    before: Disposition
    after: Disposition
    witness: Answers


def skipped(space: Space) -> Iterator[Skipped]:
    """For every question the most urgent disposition that not asking it can miss."""
    for question in space.rulebase.questions.values():
        other = {**space.answers, question.id: space.answer_to(question)}
        flags = space.flags_on(other)
        for stops, ends in (("", complete(space)), (AFTER_FOLLOW_UPS, cut_short(space, question))):
            found = _missed(space, flags, (*ends, negated(space.answered(question.id, space.answers))))
            if found:
                yield Skipped(question, stops, *found)


def _missed(
    space: Space, flags: Mapping[str, Formula], ends: tuple[Formula, ...]
) -> tuple[Disposition, Disposition, Answers] | None:
    for after in space.rulebase.ladder[:-1]:
        higher = space.reached(after.rank, flags)
        found = space.witness(*ends, higher, negated(space.reached(after.rank, space.flags)))
        if found is not None:
            fired = [f for f in space.rulebase.red_flags.values() if f.condition.holds(space.facts(found))]
            return most_urgent(space.rulebase, fired), after, found
    return None


def complete(space: Space) -> tuple[Formula, ...]:
    """At the end of an interview that nothing cut short: answered is what applies, and nothing else."""
    rulebase = space.rulebase
    applies = [
        space.name(space.answered(q.id, space.answers) == holds(q.condition, space.answers))
        for q in rulebase.questions.values()
        if q.yields != ALWAYS  # that one may be left out of a long interview
    ]
    stopping = [level.rank for level in rulebase.ladder if level.stops]
    return (*applies, *(negated(space.reached(rank, space.flags)) for rank in stopping))


def cut_short(space: Space, question: Question) -> tuple[Formula, ...]:
    """After an urgent finding, where `question` is none of the follow-ups and has not been asked before.

    Looser than what interviews lead to, but for this: what opens in the usual order is left
    out only if what came before it was urgent.
    """
    rulebase = space.rulebase
    at_once = [level.rank for level in rulebase.ladder if level.stops == AT_ONCE]
    after = [level for level in rulebase.ladder if level.stops == AFTER_FOLLOW_UPS]
    after_urgent = [rows_hold(question.after_urgent or (), space.answers), holds(question.condition, space.answers)]
    followed = [space.name(all_of(after_urgent))] if question.after_urgent and not question.yields else []
    names = list(rulebase.questions)
    before = {name: space.answers[name] for name in names[: names.index(question.id)]}
    levels = {level.id for level in after}
    found_before = any_of(holds(f.condition, before) for f in rulebase.red_flags.values() if f.disposition in levels)
    return (
        *(space.reached(level.rank, space.flags) for level in after),
        *(negated(space.reached(rank, space.flags)) for rank in at_once),
        *map(negated, followed),
        space.name(any_of([negated(_opened(space, question, question)), found_before])),
    )
