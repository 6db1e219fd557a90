"""Proofs over every answer set there is. The rule base is finite, so each property is decided.

A proof yields what it found; a finding that rules/accepted.toml names, with a reason, is
accepted, any other fails the proof. A finding has a witness where answers can show it: an
answer file that can be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.conditions import Condition, Facts, Row
from triage.knowledge.lints import rows_of, rows_of_question
from triage.knowledge.model import (
    ALWAYS,
    FINDINGS,
    NOT_SURE,
    RED_FLAG,
    Accepted,
    Answers,
    Disposition,
    Question,
    RedFlag,
    RuleBase,
)
from triage.knowledge.rulebase import load
from triage.proof.formulas import Formula, Space, Variables, all_of, any_of, holds, negated, rows_hold
from triage.proof.hazards import broken, unneeded_controls
from triage.reasoning.assessment import assess, most_urgent
from triage.reasoning.engine import Engine, Production, Stratum, advice_rules, answer_rules, finding_rules, productions
from triage.reasoning.projection import Domain, Value, cases, cells_of, domain_of, projection, size

MOST_CELLS = 1000  # of a rule that is taken whole to the engine


class Finding(NamedTuple):
    """Something that a proof found: in which rule (or question), what, and answers that show it."""

    rule: str
    what: str
    witness: Answers | None = None


class Proof(NamedTuple):
    """One property: how much was decided, what speaks against it, and what was accepted."""

    id: str
    title: str
    decided: int
    unit: str
    failures: tuple[Finding, ...] = ()
    accepted: tuple[Accepted, ...] = ()


class _Log:
    """What a proof has decided and found so far."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.decided = 0
        self.found: list[Finding] = []

    def decide(self, holds: bool, rule: str, what: str, witness: Answers | None = None) -> None:
        """Count one decision; what does not hold is found."""
        self.decided += 1
        if not holds:
            self.found.append(Finding(rule, what, witness))

    def never(self, rule: str, what: str, *formulas: Formula) -> None:
        """On no answers all of these hold; answers on which they do are found."""
        witness = self.space.witness(*formulas)
        self.decide(witness is None, rule, what, witness)

    def sometimes(self, rule: str, what: str, *formulas: Formula) -> None:
        """On some answers all of these hold; that there are none is found."""
        self.decide(self.space.possible(*formulas), rule, what)


Prove = Callable[[Space, _Log], None]


# --- one disposition


def one_disposition(space: Space, log: _Log) -> None:
    """Of all levels exactly one is the result, and what no red flag touches is the calmest."""
    rulebase = space.rulebase
    result = {level.id: space.is_level(level) for level in rulebase.ladder}
    log.never("dispositions", "no level is the result", negated(any_of(result.values())))
    for one, other in combinations(result, 2):
        log.never("dispositions", f"both {one} and {other} are the result", result[one], result[other])
    calmest = rulebase.ladder[-1].id
    beside = [level.id for level in rulebase.dispositions.values() if level.beside]
    touched = any_of(space.flags[f.id] for f in rulebase.red_flags.values() if f.disposition not in (calmest, *beside))
    log.never("dispositions", f"no red flag, and still not {calmest}", negated(touched), negated(result[calmest]))
    _the_program_agrees(space, result, log)


def _the_program_agrees(space: Space, result: Mapping[str, Formula], log: _Log) -> None:
    """The code that picks the level, on every set of levels that red flags can reach."""
    rulebase, engine = space.rulebase, Engine(space.rulebase)
    first: dict[str, RedFlag] = {}
    for flag in rulebase.red_flags.values():
        first.setdefault(flag.disposition, flag)
    for count in range(len(first) + 1):
        for flags in combinations(first.values(), count):
            ranks = [level.rank for f in flags if not (level := rulebase.dispositions[f.disposition]).beside]
            wanted = min(ranks, default=rulebase.ladder[-1].rank)
            ids = ", ".join(flag.id for flag in flags)
            log.decide(most_urgent(rulebase, flags).rank == wanted, "dispositions", f"wrong level for {ids or 'none'}")
    for name, formula in result.items():
        shown = space.witness(formula)
        log.decide(shown is not None, name, "no answers lead to this level")
        if shown is not None:
            log.decide(assess(engine, shown).disposition.id == name, name, "the program gives another level", shown)


# --- monotonicity


def danger_never_lowers(space: Space, log: _Log) -> None:
    """A further tick, or a danger sign or "not sure" instead of a harmless answer.

    All other answers stay as they are. Found is each red flag that the change takes back and that no other one as
    urgent makes up for. Left out are the ticks that an exception names (`lowering` decides those), and for a flag
    that asks which line of a ticked group it is (`open`), the lines that answer.
    """
    lowering = _lowering_ticks(space.rulebase)
    for question in space.rulebase.questions.values():
        if not question.danger:
            continue
        other = {**space.answers, question.id: space.answer_to(question)}
        changed = space.flags_on(other)
        readers = [f for f in space.rulebase.red_flags.values() if question.id in _names(rows_of(f))]
        readers = [f for f in readers if not space.rulebase.dispositions[f.disposition].beside]
        for option, label, change in _worsenings(space, question, other[question.id]):
            if (question.id, option) in lowering:
                continue
            for flag in readers:
                if _asks_which(flag, question.id, option):
                    continue
                rank = space.rulebase.dispositions[flag.disposition].rank
                lost = space.flags[flag.id], negated(space.reached(rank, changed))
                log.never(flag.id, f"{question.id}: {label}", *change, *lost)


def _lowering_ticks(rulebase: RuleBase) -> set[tuple[str, str]]:
    """Every option that an exception of a red flag needs."""
    rows = [row for flag in rulebase.red_flags.values() for row in flag.condition.unless]
    return {(cell.name, option) for cell in cells_of(rows) if not cell.absent for option in cell.options}


def _asks_which(flag: RedFlag, name: str, option: str) -> bool:
    """Whether a red flag holds as long as a line is open, and `option` is such a line."""
    return any(c.absent and c.name == name and option in c.options for c in cells_of(flag.condition.when))


def _worsenings(
    space: Space, question: Question, after: Mapping[str, Formula]
) -> Iterator[tuple[str, str, tuple[Formula, ...]]]:
    """Every change of one answer for the worse: the option that comes, its name, and what it asks of both answers."""
    before = space.answers[question.id]
    calm = [o.id for o in question.options if o.harmless or o.exclusive]
    signs = [o.id for o in question.options if o.id != NOT_SURE and o.id not in calm]
    for option in calm if NOT_SURE in before else ():
        alone = [negated(after[sign]) for sign in signs] if question.kind == "many" else []
        yield NOT_SURE, f"{option} -> {NOT_SURE}", (before[option], after[NOT_SURE], *alone)
    for sign in signs:
        if question.kind == "many":
            kept = [option for option in (*signs, NOT_SURE) if option != sign and option in before]
            same = [after[option] == before[option] for option in kept]
            given = any_of(before.values())
            yield sign, f"{sign} added", (space.name(all_of([given, negated(before[sign]), after[sign], *same])),)
        else:
            for option in [*calm, *([NOT_SURE] if NOT_SURE in before else [])]:
                yield sign, f"{option} -> {sign}", (before[option], after[sign])


# --- exceptions


def lowering(space: Space, log: _Log) -> None:
    """No exception of a red flag holds on silence or doubt, and none leads lower than the rule says."""
    for flag in space.rulebase.red_flags.values():
        for number, row in enumerate(flag.condition.unless, 1):
            held = space.name(rows_hold((row,), space.answers))
            for name in _names([row]):
                silent = negated(space.answered(name))
                log.never(flag.id, f"exception {number} holds though {name} was not answered", held, silent)
                if NOT_SURE in space.answers[name]:
                    unsure = _only_unsure(space, name)
                    log.never(flag.id, f"exception {number} holds though {name} is not sure", held, unsure)
        _leads_no_lower(space, flag, log)


def _leads_no_lower(space: Space, flag: RedFlag, log: _Log) -> None:
    """Where an exception takes a flag back, the level that it says is still reached; the calmest one always is."""
    levels = space.rulebase.dispositions
    if flag.lowers_to and levels[flag.lowers_to] != space.rulebase.ladder[-1]:
        taken_back = space.name(all_of(rows_hold(rows, space.answers) for rows in flag.condition))
        lower = negated(space.reached(levels[flag.lowers_to].rank, space.flags))
        log.never(flag.id, f"its exception leads lower than {flag.lowers_to}", taken_back, lower)


def _only_unsure(space: Space, name: str) -> Formula:
    """Whether a question was answered with nothing but "not sure"."""
    options = space.answers[name]
    others = [variable for option, variable in options.items() if option != NOT_SURE]
    return space.name(all_of([options[NOT_SURE], *map(negated, others)]))


# --- every rule matters


def every_rule_matters(space: Space, log: _Log) -> None:
    """No rule that cannot fire, none that another one implies, no row that adds nothing."""
    for production in productions(space.rulebase):
        log.sometimes(production.name, "can never fire", space.name(holds(production.condition, space.known)))
        for number, row in enumerate(production.when if len(production.when) > 1 else (), 1):
            others = tuple(other for other in production.when if other != row)
            alone = all_of([rows_hold((row,), space.known), negated(rows_hold(others, space.known))])
            log.sometimes(production.name, f"row {number} adds nothing to the others", space.name(alone))
    _no_flag_is_idle(space, log)


def _no_flag_is_idle(space: Space, log: _Log) -> None:
    flags = list(space.rulebase.red_flags.values())
    rank = {flag.id: space.rulebase.dispositions[flag.disposition].rank for flag in flags}
    for flag in flags:
        fires = space.flags[flag.id]
        others = [other for other in flags if other is not flag]
        for other in others:
            if other.disposition == flag.disposition:
                log.sometimes(flag.id, f"implied by {other.id}", fires, negated(space.flags[other.id]))
        if not space.rulebase.dispositions[flag.disposition].beside:
            as_urgent = [space.flags[other.id] for other in others if rank[other.id] <= rank[flag.id]]
            log.sometimes(flag.id, "never decides the disposition", fires, *map(negated, as_urgent))


def _names(rows: Iterable[Row]) -> set[str]:
    return {cell.name for cell in cells_of(rows)}


# --- everything is read


def everything_is_read(space: Space, log: _Log) -> None:
    """No question and no option that no rule names. "None" and "not sure" need not be named."""
    rulebase = space.rulebase
    read: dict[str, set[str]] = {name: set() for name in rulebase.questions}
    rows = [row for entry in rulebase.entries.values() for row in rows_of(entry)]
    rows += [row for question in rulebase.questions.values() for row in rows_of_question(question)]
    for cell in cells_of(rows):
        if cell.name in read:
            read[cell.name] |= cell.options
    for question in rulebase.questions.values():
        log.decide(bool(read[question.id]), question.id, "is read by nothing")
        for option in question.options:
            speaks = bool(option.voice) or option.now  # read by how texts speak, and by what is said at once
            if not (speaks or option.exclusive or option.harmless or option.id == NOT_SURE):
                log.decide(option.id in read[question.id], question.id, f"{option.id} is read by nothing")


# --- hazards


def hazards(space: Space, log: _Log) -> None:
    """What the hazard log asks for holds on all answers, and what it names as controls is what holds it."""
    for hazard in space.rulebase.hazards.values():
        found = list(broken(space, hazard)) or [(what, None) for what in unneeded_controls(space, hazard)]
        log.decide(not found, hazard.id, "; ".join(what for what, _ in found), next((w for _, w in found if w), None))


# --- the interview


def interview(space: Space, log: _Log) -> None:
    """No question that could raise the disposition is left out without a stated reason."""
    for question in space.rulebase.questions.values():
        stated, found = bool(question.skipped_because), missed(space, question)
        if found is None:
            log.decide(not stated, question.id, "skipped_because, but leaving it out misses nothing")
        else:
            what = f"left out, it can miss {found.level.id}: skipped_because is missing"
            log.decide(stated, question.id, what, found.witness)
    for level in space.rulebase.ladder:
        log.decide(bool(level.stops) == bool(level.stops_because), level.id, "stops_because goes with stops")


class Missed(NamedTuple):
    """A level that an answer nobody asked for would have reached, and the answers without it."""

    level: Disposition
    witness: Answers


def missed(space: Space, question: Question) -> Missed | None:
    """The most urgent level that leaving a question out of a whole interview can miss."""
    flags = space.flags_on({**space.answers, question.id: space.answer_to(question)})
    left_out = *complete(space), negated(space.answered(question.id))
    for level in space.rulebase.ladder[:-1]:
        lost = space.reached(level.rank, flags), negated(space.reached(level.rank, space.flags))
        witness = space.witness(*left_out, *lost)
        if witness is not None:
            return Missed(level, witness)
    return None


def complete(space: Space) -> tuple[Formula, ...]:
    """At the end of an interview that nothing cut short: answered is what applies, and nothing else."""
    rulebase = space.rulebase
    applies = [
        space.name(space.answered(q.id) == holds(q.condition, space.answers))
        for q in rulebase.questions.values()
        if not q.after and q.yields != ALWAYS  # these may be left out, the second of a long interview
    ]
    stopping = [level.rank for level in rulebase.ladder if level.stops]
    return (*applies, *(negated(space.reached(rank, space.flags)) for rank in stopping))


# --- strata and engine


def strata(space: Space, log: _Log) -> None:
    """No rule reads what its own stratum, or a later one, concludes."""
    rulebase = space.rulebase
    allowed = (
        (answer_rules(rulebase), frozenset[str]()),
        (finding_rules(rulebase), frozenset({RED_FLAG})),
        (advice_rules(rulebase), frozenset(FINDINGS)),
    )
    for rules, readable in allowed:
        for rule in rules:
            read = _names([*rule.when, *rule.unless]) & set(FINDINGS)
            log.decide(read <= readable, rule.name, f"reads {', '.join(sorted(read - readable))}")


def engine_agrees(space: Space, log: _Log) -> None:
    """experta and the formulas say the same of every rule in every cell of its projection.

    A rule with more than MOST_CELLS is taken apart: each row with each of its barriers. Where that is still too wide,
    two questions at a time are varied, while all others hold.
    """
    domain = domain_of(space.rulebase)
    variables = {name: {o: space.free(f"{name}={o}") for o in options} for name, options in domain.options.items()}
    for production in productions(space.rulebase):
        for rule in _narrow(production, domain):
            condition, stratum = rule.condition, Stratum([rule])
            values = projection([*rule.when, *rule.unless], domain)
            whole = size(values) <= MOST_CELLS
            fired = []
            for facts in cases(values) if whole else _two_at_a_time(rule, values):
                fires = bool(stratum.infer(facts))
                log.decide(fires == condition.holds(facts), rule.name, f"experta differs on {facts}")
                if fires:
                    fired.append(facts)
            if whole:
                differs = _formula_differs(space, variables, condition, values, fired)
                log.decide(not differs, rule.name, "the formula differs")


def _narrow(production: Production, domain: Domain) -> list[Production]:
    """A rule, or its rows with each barrier alone if it has too many cells."""
    if size(projection([*production.when, *production.unless], domain)) <= MOST_CELLS:
        return [production]
    return [Production(production.name, (row,), stop) for row in production.when for stop in _alone(production.unless)]


def _alone(rows: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    return [(row,) for row in rows] or [()]


def _two_at_a_time(rule: Production, values: Mapping[str, list[Value]]) -> Iterator[Facts]:
    """Cases in which two names take every value, and the others one by which the row holds."""
    held = {name: next((v for v in each if v and _holds(rule, name, v)), each[-1]) for name, each in values.items()}
    for pair in combinations(values, 2):
        yield from cases({name: each if name in pair else [held[name]] for name, each in values.items()})


def _holds(rule: Production, name: str, value: Value) -> bool:
    return all(cell.holds({name: value}) for cell in rule.when[0] if cell.name == name)


def _formula_differs(
    space: Space, variables: Variables, condition: Condition, values: Mapping[str, list[Value]], fired: Iterable[Facts]
) -> bool:
    """Whether the formula of a condition holds in other cells than those in which it fired."""
    meant = {
        (name, value): space.name(all_of(v if o in value else negated(v) for o, v in variables[name].items()))
        for name, each in values.items()
        for value in each
    }
    inside = [any_of(meant[name, value] for value in each) for name, each in values.items()]
    listed = any_of(all_of(meant[name, facts.get(name, frozenset())] for name in values) for facts in fired)
    differs = space.name(holds(condition, variables) != listed)
    return space.possible(*map(space.name, inside), differs)


PROOFS: Mapping[str, tuple[str, str, Prove]] = {
    "one-disposition": ("Every answer set has exactly one disposition, and never none", "decisions", one_disposition),
    "danger-never-lowers": ("A danger sign, or not being sure of one, never lowers", "changes", danger_never_lowers),
    "lowering": ("Only what a person ticked lowers, and no further than said", "exceptions", lowering),
    "every-rule-matters": ("No dead or idle rule", "questions to the solver", every_rule_matters),
    "everything-is-read": ("No question or option that nothing reads", "options", everything_is_read),
    "hazards": ("Every hazard is controlled, on all answers", "hazards", hazards),
    "interview": ("The interview leaves nothing out without a reason", "questions", interview),
    "strata": ("Results do not depend on firing order", "rules", strata),
    "engine": ("experta agrees with the formulas", "cells", engine_agrees),
}


def prove_all(folder: Path, workers: int) -> Iterator[Proof]:
    """Every proof of the rule base in `folder`, each as soon as it is done. Raises FaultyInput."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:  # a fork beside threads may hang
        # The engine's takes longer than all others together, so it starts first.
        jobs = [pool.submit(_prove_in, folder, name) for name in reversed(list(PROOFS))]
        yield from (job.result() for job in as_completed(jobs))


def _prove_in(folder: Path, name: str) -> Proof:
    return prove(load(folder), name)


def prove(rulebase: RuleBase, name: str) -> Proof:
    """One proof by its id (KeyError for another)."""
    title, unit, decide = PROOFS[name]
    space = Space(rulebase)
    log = _Log(space)
    decide(space, log)
    accepted = {(a.rule, a.what): a for a in rulebase.accepted if a.proof == name}
    failures = [f for f in log.found if (f.rule, f.what) not in accepted]
    found = {(f.rule, f.what) for f in log.found}
    failures += [Finding(a.rule, f"accepted, but not found: {a.what}") for k, a in accepted.items() if k not in found]
    used = tuple(a for key, a in accepted.items() if key in found)
    return Proof(name, title, log.decided, unit, tuple(failures), used)
