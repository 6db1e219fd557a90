"""Whether the rule base keeps what its hazard log promises, decided over all answers.

A hazard is stated in its own words: on which answers, what must follow, what must never be
advised. The proof looks at what all rules together do there, not at the rules that are
named as its controls; they are then taken out, to see that they are what holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from triage.knowledge.conditions import NOBODY
from triage.knowledge.model import Advice, Answers, Hazard, RuleBase
from triage.proof.formulas import Formula, Space, all_of, any_of, holds, negated, rows_hold
from triage.reasoning.assessment import part_of

SUGGESTED = ("relief", "prevention")  # kinds of advice that say what to do
_SENTENCE = re.compile(r"[^.!?;:]+")
_NEGATED = re.compile(r"\b(?:not|never|no|without|don't|instead of|avoid)\b[^.!?;:]*$", re.IGNORECASE)

Broken = tuple[str, Answers | None]  # what does not hold, and answers that show it


def broken(space: Space, hazard: Hazard) -> Iterator[Broken]:
    """What the hazard asks for and does not hold."""
    region = space.name(holds(hazard.condition, space.known))
    if not space.possible(region):
        yield "no answers are meant", None
    yield from _too_calm(space, hazard, region)
    for advice in space.rulebase.advice.values():
        barred = advice.id in hazard.never or bool(set(advice.harm) & set(hazard.harm))
        if barred and (shown := space.witness(region, given(space, advice))) is not None:
            yield f"{advice.id} is given", shown
    for name in hazard.told:
        advice = space.rulebase.advice[name]
        missing = negated(any_of([given(space, advice), negated(_shown(space, advice))]))
        if (silent := space.witness(region, space.name(missing))) is not None:
            yield f"{name} is not given", silent
    yield from ((f'says "{text}"', None) for text in forbidden_words(space.rulebase, hazard))


def _too_calm(space: Space, hazard: Hazard, region: Formula) -> Iterator[Broken]:
    if not hazard.least:
        return
    rank = space.rulebase.dispositions[hazard.least].rank
    if (calm := space.witness(region, negated(space.reached(rank, space.flags)))) is not None:
        yield f"less urgent than {hazard.least}", calm


def given(space: Space, advice: Advice) -> Formula:
    """Whether an advice is part of the result: it applies, nothing withholds it, the level shows its kind."""
    left_out = any_of(rows_hold(never.when, space.known) for never in advice.never)
    ruled_out = [rows_hold(advice.only_if, space.known)] if advice.only_if else []
    companions = [space.rulebase.advice[name] for name in advice.beside]
    beside = [any_of(holds(other.condition, space.known) for other in companions)] if companions else []
    applies = holds(advice.condition, space.known)
    return space.name(all_of([applies, negated(left_out), *ruled_out, *beside, _shown(space, advice)]))


def _shown(space: Space, advice: Advice) -> Formula:
    """Whether the level of the result shows this kind of advice."""
    levels = [level for level in space.rulebase.ladder if part_of(advice.kind) in level.shows]
    return any_of(space.is_level(level) for level in levels)


def forbidden_words(rulebase: RuleBase, hazard: Hazard) -> Iterator[str]:
    """Sentences of what is suggested in which a forbidden pattern stands without a "not" before it."""
    texts = [text for a in rulebase.advice.values() if a.kind in SUGGESTED for text in (a.title, a.short, *a.steps)]
    for text in (*texts, rulebase.relief_now.title, *rulebase.relief_now.steps):
        for sentence in _SENTENCE.findall(text):
            for word in hazard.words:
                found = re.search(word, sentence, re.IGNORECASE)
                if found and not _NEGATED.search(sentence[: found.start()]):
                    yield sentence.strip()


def unneeded_controls(space: Space, hazard: Hazard) -> Iterator[str]:
    """Controls that can never fire there, and a hazard that holds without any of its controls."""
    region = space.name(holds(hazard.condition, space.known))
    entries = space.rulebase.entries
    for name in hazard.controls:
        if not space.possible(region, space.name(holds(entries[name].condition, space.known))):
            yield f"its control {name} never fires there"
    if hazard.controls and not any(broken(Space(without(space.rulebase, hazard)), hazard)):
        yield "holds without its controls: are they all named?"


def without(rulebase: RuleBase, hazard: Hazard) -> RuleBase:
    """The rule base in which the controls of a hazard do nothing.

    Red flags are gone, advice that must be given is given to nobody, other advice has nothing that withholds it.
    """
    gone = set(hazard.controls)
    flags = {name: flag for name, flag in rulebase.red_flags.items() if name not in gone}
    advice = {
        name: _useless(one, name in hazard.told) if name in gone else one for name, one in rulebase.advice.items()
    }
    return replace(rulebase, red_flags=flags, advice=advice)


def _useless(control: Advice, told: bool) -> Advice:
    return replace(control, condition=NOBODY) if told else replace(control, never=(), only_if=())
