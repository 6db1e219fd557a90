"""Who notices a change of one thing in a rule: a cell, row, option or band less, or a band more.

Of the mutants that neither the examples of their rule nor a scenario notices, the solver takes away those that no
answers tell from the rule. The others are survivors: somebody could make that very mistake, and no file would say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from triage.conversation.interview import missing_from
from triage.conversation.scenarios import Outcome, differences, expected_fields, run_scenario
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import RuleBase
from triage.proof.formulas import Space, holds
from triage.reasoning import examples
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine, Fired, Production, Stratum, fired, productions

EXAMPLE, SCENARIO, EQUAL = "noticed by an example", "noticed by a scenario", "told from the rule by no answers"


class Found(NamedTuple):
    """How many mutants were noticed, and by what; the rule and the change of those that nobody noticed."""

    counts: Counter[str]
    survivors: list[tuple[str, str]]


def mutants_of(rule: Production, rulebase: RuleBase) -> Iterator[tuple[Production, str]]:
    """Every mutant that keeps a row of `when` and a cell in each row of `unless`, and what is changed in it."""
    for when, what in _changed(rule.when, rulebase):
        if when:
            yield rule._replace(when=when), f"when, {what}"
    for unless, what in _changed(rule.unless, rulebase):
        if all(unless):
            yield rule._replace(unless=unless), f"unless, {what}"


def _changed(rows: tuple[Row, ...], rulebase: RuleBase) -> Iterator[tuple[tuple[Row, ...], str]]:
    for n, row in enumerate(rows):
        before, after = rows[:n], rows[n + 1 :]
        yield before + after, f"row {n + 1} dropped"
        for cell in row:
            others = tuple(other for other in row if other is not cell)
            yield (*before, others, *after), f"row {n + 1}: {cell.name} = {cell.written} dropped"
            for option, what in _options(cell, rulebase.bands.get(cell.name, ())):
                if options := cell.options ^ {option}:
                    changed = (*others, cell._replace(options=options))
                    yield (*before, changed, *after), f"row {n + 1}: {cell.name}: {option} {what}"


def _options(cell: Cell, bands: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What a cell can lose (of a span of bands only an end) or get (the band next to a span)."""
    yield from ((option, "dropped") for option in sorted(cell.options - set(bands)))
    inside = [False, *(band in cell.options for band in bands), False]
    for band, before, here, after in zip(bands, inside, inside[1:], inside[2:], strict=False):
        if here and not (before and after):
            yield band, "dropped"
        elif not here and (before or after):
            yield band, "added"


def find_all(rulebase: RuleBase, scenarios: list[Path], workers: int) -> Found:
    """What becomes of every mutant of every rule. Raises FaultyInput where a scenario is not one."""
    rules = productions(rulebase)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:  # a fork beside threads may hang
        jobs = [pool.submit(find, rulebase, rules[part::workers], scenarios) for part in range(workers)]
        found = [job.result() for job in jobs]
    counts = sum((one.counts for one in found), Counter[str]())
    return Found(counts, sorted(mutant for one in found for mutant in one.survivors))


def find(rulebase: RuleBase, rules: Iterable[Production], scenarios: Iterable[Path]) -> Found:
    """What becomes of every mutant of some rules."""
    engine, space, found = Engine(rulebase), Space(rulebase), Found(Counter(), [])
    changing = _Changing(engine)
    stories = [run_scenario(engine, path) for path in scenarios]
    for rule in rules:
        entry = rulebase.entries[rule.name.partition("/")[0]]
        cases = list(examples.cases_of(rulebase, entry))
        held = [rule.condition.holds(story.assessment.facts) for story in stories]
        original = holds(rule.condition, space.known)
        for mutant, what in mutants_of(rule, rulebase):
            now = mutant.condition
            changing.changed = mutant
            touched = [one for one, was in zip(stories, held, strict=True) if now.holds(one.assessment.facts) != was]
            if any(examples.holds(changing, entry, facts) != expected for facts, expected in cases):
                found.counts[EXAMPLE] += 1
            elif any(_differs(story, changing) for story in touched):
                found.counts[SCENARIO] += 1
            elif touched or space.possible(original != holds(now, space.known)):
                found.survivors.append((rule.name, what))
            else:
                found.counts[EQUAL] += 1
    return found


def _differs(story: Outcome, engine: Engine) -> bool:
    """Whether a scenario comes out otherwise than with the rules as they are."""
    answers = story.file.answers
    assessment = assess(engine, answers, missing_from(engine, answers))
    fields = expected_fields(engine.rulebase)
    return tuple(differences(story.file.expect, fields, assessment)) != story.differences


class _Changing(Engine):
    """An engine in which the rule `changed`, and no other, reads otherwise."""

    changed = Production("", ())

    def __init__(self, engine: Engine) -> None:
        self.rulebase = engine.rulebase
        strata = engine.answers, engine.findings, engine.advice
        self.answers, self.findings, self.advice = (_ChangingStratum(one, self) for one in strata)


class _ChangingStratum(Stratum):
    """What its rules as they are make of the same facts is inferred only once."""

    def __init__(self, stratum: Stratum, engine: _Changing) -> None:
        super().__init__(stratum.productions)
        self._whole = engine
        self._as_it_is = cache(lambda facts: stratum.infer(dict(facts)))

    def infer(self, facts: Facts) -> Fired:
        """With the changed rule, if it is one of its own."""
        changed, firings = self._whole.changed, self._as_it_is(frozenset(facts.items()))
        if all(rule.name != changed.name for rule in self.productions):
            return firings
        return {**{name: read for name, read in firings.items() if name != changed.name}, **fired(changed, facts)}
