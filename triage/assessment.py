"""What fired -> an `Assessment`. Pure: the same answers always give the same result.

The disposition is the most urgent one that any red flag reached; there is no code
path by which a rule could lower it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from triage.engine import Engine, Firing, never_name, only_if_name
from triage.grammar import CAUSE, DISPOSITION, RED_FLAG, as_facts
from triage.model import (
    AT_ONCE,
    Advice,
    Answers,
    Assessment,
    Cause,
    Disposition,
    Facts,
    FiredCause,
    FiredFlag,
    RankedCause,
    Reason,
    RedFlag,
    RuleBase,
    Sign,
    Withheld,
)


def find_flags(engine: Engine, answers: Answers) -> tuple[FiredFlag, ...]:
    """The red flags that answers raise, most urgent first. Those beside the ladder come last."""
    return _flags(engine.rulebase, engine.answers.infer(as_facts(answers, engine.rulebase.bands)))


def most_urgent(rulebase: RuleBase, flags: Iterable[RedFlag]) -> Disposition:
    """The most urgent disposition of `flags`; the least urgent of the ladder where there is none."""
    reached = [rulebase.dispositions[flag.disposition] for flag in flags]
    on_ladder = [level for level in reached if not level.beside]
    return min(on_ladder, key=lambda level: level.rank, default=rulebase.ladder[-1])


def assess(engine: Engine, answers: Answers, missing: tuple[str, ...] = ()) -> Assessment:
    """Everything that follows from `answers`. `missing`: questions that would still be asked."""
    rulebase = engine.rulebase
    facts = as_facts(answers, rulebase.bands)
    fired = engine.answers.infer(facts)
    flags = _flags(rulebase, fired)
    level = most_urgent(rulebase, (f.flag for f in flags))
    causes = [c for c in rank_causes(rulebase, fired) if c.cause.group in level.causes]
    shown = tuple(causes[: rulebase.ranking.shown_at_most])
    findings = {RED_FLAG: frozenset(f.flag.id for f in flags)}
    brought_up = engine.findings.infer({**facts, **findings})
    checking = _needs_checking(rulebase, brought_up)
    findings[CAUSE] = frozenset([c.cause.id for c in shown] + [c.cause.id for c in checking])
    findings[DISPOSITION] = frozenset([level.id])
    told = {f.name for f in engine.advice.infer({**facts, **findings})}
    settled = _settle(rulebase, level, flags, shown, checking, told, answers, missing)
    return replace(settled, fired=frozenset(told.union(f.name for f in (*fired, *brought_up))))


def _settle(
    rulebase: RuleBase,
    level: Disposition,
    flags: tuple[FiredFlag, ...],
    causes: tuple[RankedCause, ...],
    checking: tuple[FiredCause, ...],
    told: set[str],
    answers: Answers,
    missing: tuple[str, ...],
) -> Assessment:
    shows = set(level.shows)
    given, withheld = settle_advice(rulebase.advice.values(), told)
    by_kind: dict[str, list[Advice]] = {"relief": [], "prevention": [], "do_not": [], "myth": []}
    for advice in given:
        by_kind[advice.kind].append(advice)
    beside = [rulebase.dispositions[f.flag.disposition] for f in flags]
    return Assessment(
        complete=not missing,
        disposition=level,
        pharmacist=next((d for d in beside if d.beside), None) if level.stops != AT_ONCE else None,
        red_flags=flags,
        causes=causes if "causes" in shows else (),
        needs_checking=checking if "needs_checking" in shows else (),
        relief=tuple(by_kind["relief"]) if "relief" in shows else (),
        prevention=tuple(by_kind["prevention"]) if "prevention" in shows else (),
        do_not=tuple(by_kind["do_not"]) if "do_not" in shows else (),
        myths=tuple(by_kind["myth"]) if "myths" in shows else (),
        withheld=tuple(w for w in withheld if _part(w.advice) in shows) if "withheld" in shows else (),
        checks=tuple(c for c in rulebase.checks.values() if c.id in told) if "checks" in shows else (),
        notes=tuple(n for n in rulebase.notes.values() if n.id in told) if "notes" in shows else (),
        safety_net=rulebase.safety_net if "safety_net" in shows else None,
        missing=missing,
        answers=answers,
        fired=frozenset(),
    )


def _part(advice: Advice) -> str:
    return "myths" if advice.kind == "myth" else advice.kind


def _flags(rulebase: RuleBase, fired: Iterable[Firing]) -> tuple[FiredFlag, ...]:
    reasons = _merged(fired)
    flags = [
        FiredFlag(rulebase.red_flags[name], facts) for name, facts in reasons.items() if name in rulebase.red_flags
    ]
    order = {flag: index for index, flag in enumerate(rulebase.red_flags)}
    return tuple(sorted(flags, key=lambda f: (_rank(rulebase, f.flag), order[f.flag.id])))


def _rank(rulebase: RuleBase, flag: RedFlag) -> int:
    return rulebase.dispositions[flag.disposition].rank


def _merged(fired: Iterable[Firing]) -> dict[str, Facts]:
    """One entry a rule, with the options of all rows that held."""
    reasons: dict[str, dict[str, frozenset[str]]] = {}
    for firing in fired:
        facts = reasons.setdefault(firing.name, {})
        for name, options in firing.facts.items():
            facts[name] = facts.get(name, frozenset()) | options
    return dict(reasons)


def rank_causes(rulebase: RuleBase, fired: Iterable[Firing]) -> list[RankedCause]:
    """Causes with a sign for them and a score that is high enough, best first.

    The score is the sum of the weights of the signs that hold; equal scores keep the
    order of the rule base.
    """
    reasons = _merged(fired)
    ranked = []
    for cause in rulebase.causes.values():
        held = [_reason(sign, reasons[sign.id]) for sign in cause.signs if sign.id in reasons]
        speaks_for = tuple(r for r in held if r.weight > 0)
        score = sum(r.weight for r in held)
        if speaks_for and score >= rulebase.ranking.shown_from:
            against = tuple(r for r in held if r.weight < 0)
            ranked.append(RankedCause(cause, score, speaks_for, against))
    return sorted(ranked, key=lambda r: -r.score)


def _reason(sign: Sign, facts: Facts) -> Reason:
    return Reason(sign.id, sign.because, facts, sign.weight)


def _needs_checking(rulebase: RuleBase, fired: Iterable[Firing]) -> tuple[FiredCause, ...]:
    reasons = _merged(fired)
    causes: list[Cause] = [cause for cause in rulebase.causes.values() if cause.id in reasons]
    return tuple(FiredCause(c, tuple(sorted(reasons[c.id].get(RED_FLAG, ())))) for c in causes)


def settle_advice(advice: Iterable[Advice], told: set[str]) -> tuple[list[Advice], list[Withheld]]:
    """What is given and what is left out, from the names of what fired."""
    listed = list(advice)
    withheld = [Withheld(a, because) for a in listed if a.id in told and (because := reasons_against(a, told))]
    left_out = {w.advice.id for w in withheld}
    concerned = {a.id for a in listed if a.id in told}
    given = [
        a
        for a in listed
        if a.id in told
        and a.id not in left_out
        and not (a.kind == "myth" and a.general)  # such myths are only listed by `rules`
        and (not a.beside or concerned.intersection(a.beside))
    ]
    return given, withheld


def reasons_against(advice: Advice, told: Mapping[str, object] | set[str]) -> tuple[str, ...]:
    """Why this advice is left out; empty if it is not."""
    reasons = [never.because for n, never in enumerate(advice.never) if never_name(advice, n) in told]
    if advice.only_if and only_if_name(advice) not in told and not reasons:
        reasons.append(advice.only_because)
    return tuple(dict.fromkeys(reasons))
