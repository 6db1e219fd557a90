"""What fired -> an `Assessment`. Pure: the same answers always give the same result.

The disposition is the most urgent one that any red flag reached; there is no code
path by which a rule could lower it.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from triage.knowledge.conditions import Facts, any_row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    ADVICE_KINDS,
    AT_ONCE,
    CAUSE,
    DISPOSITION,
    RED_FLAG,
    STRENGTHS,
    Advice,
    Answers,
    Cause,
    Disposition,
    NetSign,
    RedFlag,
    RuleBase,
    SafetyNet,
)
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.reasoning.engine import Engine, Fired, never_name, only_if_name
from triage.reasoning.results import Assessment, FiredCause, FiredFlag, FiredSign, RankedCause, Withheld


def find_flags(engine: Engine, answers: Answers) -> tuple[FiredFlag, ...]:
    """The red flags that answers raise, most urgent first. Those beside the ladder come last."""
    return _flags(engine.rulebase, engine.answers.infer(as_facts(answers, engine.rulebase.bands)))


def settled_flags(engine: Engine, answers: Answers) -> tuple[FiredFlag, ...]:
    """The red flags that no question still to be asked can take back."""
    facts = as_facts(answers, engine.rulebase.bands)
    return tuple(f for f in find_flags(engine, answers) if not is_pending(engine.rulebase, f.flag, facts))


def settled_level(engine: Engine, answers: Answers) -> Disposition:
    """The most urgent level of those red flags."""
    return most_urgent(engine.rulebase, (f.flag for f in settled_flags(engine, answers)))


def is_pending(rulebase: RuleBase, flag: RedFlag, facts: Facts) -> bool:
    """Whether a question that is still to be asked can take a red flag back."""
    return any(name not in facts and rulebase.questions[name].applies(facts) for name in flag.waits_for)


def most_urgent(rulebase: RuleBase, flags: Iterable[RedFlag]) -> Disposition:
    """The most urgent disposition of `flags`; the least urgent of the ladder where there is none."""
    reached = [rulebase.dispositions[flag.disposition] for flag in flags]
    on_ladder = [level for level in reached if not level.beside]
    return min(on_ladder, key=lambda level: level.rank, default=rulebase.ladder[-1])


def assess(engine: Engine, answers: Answers, missing: tuple[str, ...] = ()) -> Assessment:
    """Everything that follows from `answers`, told in their voice. `missing`: questions that would still be asked."""
    voice = voice_of(engine.rulebase, answers)
    rulebase = rules_in_voice(engine.rulebase, voice)
    facts = as_facts(answers, rulebase.bands)
    fired = engine.answers.infer(facts)
    flags = _flags(rulebase, fired)
    level = most_urgent(rulebase, (f.flag for f in flags))
    ranked = [c for c in rank_causes(rulebase, fired) if c.cause.group in level.causes]
    causes = tuple(ranked[: rulebase.ranking.shown_at_most])
    facts[RED_FLAG] = frozenset(f.flag.id for f in flags)
    if level.see_doctor or not missing:  # while questions are open, "self-care" is not known
        facts[DISPOSITION] = frozenset([level.id])
    brought_up = engine.findings.infer(facts)
    checking = _needs_checking(rulebase, brought_up)
    facts[CAUSE] = frozenset([c.cause.id for c in causes] + [c.cause.id for c in checking])
    told = engine.advice.infer(facts).keys()
    parts: dict[str, tuple[Any, ...]] = {
        "causes": causes,
        "needs_checking": checking,
        **_advised(rulebase, level, told),
    }
    beside = (
        d for f in flags if (d := rulebase.dispositions[f.flag.disposition]).beside and "pharmacist" in level.shows
    )
    return Assessment(
        complete=not missing,
        disposition=level,
        pharmacist=next(beside, None),
        red_flags=flags,
        **{name: part if name in level.shows else () for name, part in parts.items()},
        safety_net=_net(rulebase, level, told, facts) if "safety_net" in level.shows else None,
        missing=missing,
        pending=tuple(f.flag.id for f in flags if set(f.flag.waits_for) & set(missing)),
        voice=voice,
        answers=answers,
        fired=frozenset(told | fired.keys() | brought_up.keys()),
        facts=facts,
        rulebase_sha256=rulebase.sha256,
    )


def _advised(rulebase: RuleBase, level: Disposition, told: AbstractSet[str]) -> dict[str, tuple[Any, ...]]:
    """The parts of a result that advise: checks that a sign asks for come before those that a doctor may add.

    At a level that ends the interview only those notes are left that stand before the rest.
    """
    given, withheld = settle_advice(rulebase.advice.values(), told)
    checks = (check for check in rulebase.checks.values() if check.id in told)
    notes = (note for note in rulebase.notes.values() if note.id in told)
    return {
        **{part_of(kind): tuple(advice for advice in given if advice.kind == kind) for kind in ADVICE_KINDS},
        "withheld": tuple(w for w in withheld if part_of(w.advice.kind) in level.shows),
        "checks": tuple(sorted(checks, key=lambda check: STRENGTHS.index(check.strength))),
        "notes": tuple(note for note in notes if note.first or level.stops != AT_ONCE),
    }


def _net(rulebase: RuleBase, level: Disposition, told: AbstractSet[str], facts: Facts) -> SafetyNet:
    """The signs to come back for that no note tells of, as getting worse where they are there already.

    At a level of today only those of an emergency.
    """

    def left(signs: Iterable[NetSign]) -> tuple[NetSign, ...]:
        untold = (sign for sign in signs if told.isdisjoint(sign.said_by))
        return tuple(replace(s, text=s.worse) if any_row(s.worse_when, facts) else s for s in untold)

    net = rulebase.safety_net
    return replace(net, today=() if level.stops else left(net.today), emergency=left(net.emergency))


def part_of(kind: str) -> str:
    """The part of a result that shows this kind of advice."""
    return {"myth": "myths", "reply": "replies"}.get(kind, kind)


def _flags(rulebase: RuleBase, reasons: Fired) -> tuple[FiredFlag, ...]:
    flags = [FiredFlag(flag, reasons[name]) for name, flag in rulebase.red_flags.items() if name in reasons]
    return tuple(sorted(flags, key=lambda f: rulebase.dispositions[f.flag.disposition].rank))


def rank_causes(rulebase: RuleBase, reasons: Fired) -> list[RankedCause]:
    """Causes with a sign for them and a score that is high enough, best first.

    The score is the sum of the weights of the signs that hold; equal scores keep the
    order of the rule base.
    """
    ranked = []
    for cause in rulebase.causes.values():
        held = [FiredSign(sign, reasons[sign.id]) for sign in cause.signs if sign.id in reasons]
        speaks_for = tuple(fired for fired in held if fired.sign.weight > 0)
        score = sum(fired.sign.weight for fired in held)
        if speaks_for and score >= rulebase.ranking.shown_from:
            against = tuple(fired for fired in held if fired.sign.weight < 0)
            ranked.append(RankedCause(cause, score, speaks_for, against))
    return sorted(ranked, key=lambda r: -r.score)


def _needs_checking(rulebase: RuleBase, reasons: Fired) -> tuple[FiredCause, ...]:
    causes: list[Cause] = [cause for cause in rulebase.causes.values() if cause.id in reasons]
    return tuple(FiredCause(c, tuple(sorted(reasons[c.id].get(RED_FLAG, ())))) for c in causes)


def settle_advice(advice: Iterable[Advice], told: AbstractSet[str]) -> tuple[list[Advice], list[Withheld]]:
    """What is given and what is left out, from the names of what fired."""
    applies = {one.id: one for one in advice if one.id in told}
    withheld = [Withheld(one, because) for one in applies.values() if (because := reasons_against(one, told))]
    left_out = {w.advice.id for w in withheld}
    given = [
        one
        for one in applies.values()
        if one.id not in left_out
        and not (one.kind == "myth" and one.general)  # such myths are only listed by `rules`
        and (not one.beside or not applies.keys().isdisjoint(one.beside))
    ]
    return given, withheld


def reasons_against(advice: Advice, told: AbstractSet[str]) -> tuple[str, ...]:
    """Why this advice is left out; empty if it is not."""
    reasons = [never.because for n, never in enumerate(advice.never) if never_name(advice, n) in told]
    if advice.only_if and only_if_name(advice) not in told and not reasons:
        reasons.append(advice.only_because)
    return tuple(dict.fromkeys(reasons))
