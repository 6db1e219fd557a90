"""Mutants of what follows from the conditions, and of what is asked.

Each is a whole rule base with one thing changed: a disposition lowered, a red flag
dropped, a weight changed, a question asked of others, a part of a result not shown. The
conditions of all rules stay as they are, so one engine serves for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations, pairwise
from typing import Any, NamedTuple, TypeVar

from triage.loader import WEIGHTS
from triage.model import (
    EVERYBODY,
    STRENGTHS,
    Cause,
    Disposition,
    Question,
    Row,
    RuleBase,
    Sign,
)
from triage.mutants.conditions import Change, Reading, changed_rows

RANKING = "ranking"

_Part = TypeVar("_Part")


class Effect(NamedTuple):
    """A changed rule base. What did not change in it is the very same object.

    `rule`: what was changed; `kind` sorts the counts. `touches`: rules without which the
    change does nothing; empty if it may always do something. `asks`: whether it is the
    way through the questions that changes.
    """

    kind: str
    rule: str
    what: str
    rulebase: RuleBase
    touches: frozenset[str] = frozenset()
    asks: bool = False


def effect_mutants(rulebase: RuleBase) -> Iterator[Effect]:
    """Every rule base that differs in one thing other than the condition of a rule."""
    makers = (_flags, _weights, _causes_swapped, _advice, _checks, _notes, _questions, _levels, _ranking)
    return chain.from_iterable(make(rulebase) for make in makers)


def changed_question(rulebase: RuleBase, mutant: Effect) -> tuple[Question, Question] | None:
    """The question that a mutant changed, before and after; None where it changed something else."""
    after = mutant.rulebase.questions
    return next(
        ((before, after[name]) for name, before in rulebase.questions.items() if before is not after[name]), None
    )


def _with(entries: Mapping[str, _Part], name: str, changed: _Part) -> dict[str, _Part]:
    return {**entries, name: changed}


def _without(items: Iterable[_Part], item: object) -> tuple[_Part, ...]:
    return tuple(other for other in items if other != item)


# --- red flags


def _flags(rulebase: RuleBase) -> Iterator[Effect]:
    flags = rulebase.red_flags
    for flag in flags.values():
        own = frozenset([flag.id])
        level = rulebase.dispositions[flag.disposition]
        for milder in rulebase.ladder if not level.beside else ():
            if milder.rank > level.rank:
                lowered = replace(flag, disposition=milder.id)
                changed = replace(rulebase, red_flags=_with(flags, flag.id, lowered))
                yield Effect("disposition lowered", flag.id, f"disposition: {milder.id}", changed, own)
        left = {name: other for name, other in flags.items() if name != flag.id}
        yield Effect("red flag dropped", flag.id, "dropped", replace(rulebase, red_flags=left), own)
        for name in flag.waits_for:
            hasty = replace(flag, waits_for=_without(flag.waits_for, name))
            changed = replace(rulebase, red_flags=_with(flags, flag.id, hasty))
            yield Effect("waits_for dropped", flag.id, f"waits_for: {name} dropped", changed, asks=True)


# --- causes


def _weights(rulebase: RuleBase) -> Iterator[Effect]:
    for cause in rulebase.causes.values():
        for sign in cause.signs:
            for weight in WEIGHTS:
                if weight != sign.weight:
                    changed = _weighed(rulebase, cause, {sign.id: weight})
                    yield Effect("weight changed", sign.id, f"weight: {weight}", changed, frozenset([sign.id]))
        for one, other in combinations(cause.signs, 2):
            if one.weight != other.weight:
                changed = _weighed(rulebase, cause, {one.id: other.weight, other.id: one.weight})
                own = frozenset([one.id, other.id])
                yield Effect("weights swapped", one.id, f"weight: swapped with {other.id}", changed, own)


def _weighed(rulebase: RuleBase, cause: Cause, weights: Mapping[str, int]) -> RuleBase:
    signs: tuple[Sign, ...] = tuple(replace(s, weight=weights.get(s.id, s.weight)) for s in cause.signs)
    return replace(rulebase, causes=_with(rulebase.causes, cause.id, replace(cause, signs=signs)))


def _causes_swapped(rulebase: RuleBase) -> Iterator[Effect]:
    """Neighbours in the order of equal scores."""
    causes = rulebase.causes
    for one, other in pairwise(cause for cause in causes.values() if cause.signs):
        places = {one.id: other.id, other.id: one.id}
        swapped = {places.get(name, name): causes[places.get(name, name)] for name in causes}
        changed = replace(rulebase, causes=swapped)
        yield Effect("order swapped", one.id, f"order: swapped with {other.id}", changed)


def _ranking(rulebase: RuleBase) -> Iterator[Effect]:
    for field, value in rulebase.ranking._asdict().items():
        for other in (value - 1, value + 1):
            changed = replace(rulebase, ranking=rulebase.ranking._replace(**{field: other}))
            yield Effect("ranking moved", RANKING, f"{field}: {other}", changed)


# --- advice, checks, notes


def _advice(rulebase: RuleBase) -> Iterator[Effect]:
    for advice in rulebase.advice.values():
        lists = {f"{other} dropped": _without(advice.beside, other) for other in advice.beside}
        for what, beside in (lists | {"all dropped": ()} if len(lists) > 1 else lists).items():
            changed = replace(rulebase, advice=_with(rulebase.advice, advice.id, replace(advice, beside=beside)))
            yield Effect("beside dropped", advice.id, f"beside: {what}", changed, frozenset([advice.id]))


def _checks(rulebase: RuleBase) -> Iterator[Effect]:
    for check in rulebase.checks.values():
        for strength in _without(STRENGTHS, check.strength):
            changed = replace(rulebase, checks=_with(rulebase.checks, check.id, replace(check, strength=strength)))
            yield Effect("strength changed", check.id, f"strength: {strength}", changed, frozenset([check.id]))


def _notes(rulebase: RuleBase) -> Iterator[Effect]:
    for note in rulebase.notes.values():
        changed = replace(rulebase, notes=_with(rulebase.notes, note.id, replace(note, first=not note.first)))
        what = f"first: {str(not note.first).lower()}"
        yield Effect("note first", note.id, what, changed, frozenset([note.id]))


# --- questions


def _questions(rulebase: RuleBase) -> Iterator[Effect]:
    reading = Reading(rulebase, one_by_one=False)
    for question in rulebase.questions.values():
        for kind, what, changed in _asked_of_others(question, reading):
            questions = _with(rulebase.questions, question.id, changed)
            yield Effect(kind, question.id, what, replace(rulebase, questions=questions), asks=True)


def _asked_of_others(question: Question, reading: Reading) -> Iterator[tuple[str, str, Question]]:
    """Kind, what was changed, and the question that is asked of fewer or of more people."""
    follows = question.after_urgent == (EVERYBODY.when if question.ask_when is None else question.ask_when)
    if question.ask_when is None:
        yield "never asked", "asked of nobody", replace(question, ask_when=())
    else:
        everybody = EVERYBODY.when if follows else question.after_urgent
        yield "ask_when dropped", "ask_when dropped", replace(question, ask_when=None, after_urgent=everybody)
        for change, rows in _changed(question.ask_when, reading):
            after = rows if follows else question.after_urgent
            changed = replace(question, ask_when=rows, after_urgent=after)
            yield f"ask_when: {change.kind}", f"ask_when: {change.what}", changed
    if question.after_urgent is not None:
        yield "after_urgent dropped", "after_urgent dropped", replace(question, after_urgent=None)
        for change, rows in _changed(question.after_urgent, reading) if not follows else ():
            changed = replace(question, after_urgent=rows)
            yield f"after_urgent: {change.kind}", f"after_urgent: {change.what}", changed


def _changed(rows: tuple[Row, ...], reading: Reading) -> Iterator[tuple[Change, tuple[Row, ...]]]:
    for change in changed_rows(reading.rows(rows), reading):
        yield change, tuple(map(tuple, change.rows))


# --- dispositions


def _levels(rulebase: RuleBase) -> Iterator[Effect]:
    ranked = list(dict.fromkeys(cause.group for cause in rulebase.causes.values() if cause.signs))
    for level in rulebase.dispositions.values():
        for kind, what, fields in _changed_level(level, ranked):
            changed = replace(rulebase, dispositions=_with(rulebase.dispositions, level.id, level._replace(**fields)))
            yield Effect(kind, level.id, what, changed, asks="stops" in fields)


def _changed_level(level: Disposition, groups: Iterable[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, what was changed, and the changed fields."""
    for part in level.shows:
        yield "part not shown", f"shows: {part} dropped", {"shows": _without(level.shows, part)}
    for group in groups if level.shows else ():
        if group in level.causes:
            yield "causes not named", f"causes: {group} dropped", {"causes": _without(level.causes, group)}
        else:
            yield "causes named", f"causes: {group} added", {"causes": (*level.causes, group)}
    if not level.beside:
        yield "see_doctor changed", "see_doctor changed", {"see_doctor": not level.see_doctor}
    if level.stops:
        yield "stops dropped", "stops dropped", {"stops": ""}
