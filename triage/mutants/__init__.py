"""Mutants of the rule base: whether a small change to any rule would be noticed.

A mutant is the rule base with one thing changed. A changed condition must be noticed by
the rule's own examples; anything else by a scenario, or by a proof. What nobody notices is
a survivor: it is killed by a new example or scenario, or accepted by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from triage.engine import Engine
from triage.faults import Fault, allowed
from triage.model import Accepted, RuleBase
from triage.mutants.conditions import ByExamples, Reading, ShapeMutant, condition_mutants, telling_apart
from triage.mutants.effects import Effect, effect_mutants
from triage.mutants.equal import proved_equal
from triage.mutants.stories import ByScenarios

PROOF = "mutants"  # the name under which rules/accepted.toml accepts survivors
ENOUGH = 0.97
EXAMPLES, SCENARIOS, PROOFS, EQUAL, NOBODY = "examples", "scenarios", "proofs", "proved equal", "nobody"
NOTICERS = (EXAMPLES, SCENARIOS, PROOFS)

Mutant = ShapeMutant | Effect
Proofs = Callable[[RuleBase], bool]  # whether any proof fails on a changed rule base


class Verdict(NamedTuple):
    """Who noticed a mutant first: one of NOTICERS, EQUAL or NOBODY."""

    kind: str
    rule: str
    what: str
    noticed_by: str

    @property
    def name(self) -> str:
        return f"{self.rule}: {self.what}"


def all_mutants(rulebase: RuleBase, reading: Reading) -> Iterator[Mutant]:
    """Every mutant of a rule base, in a fixed order. Rule and `what` together name one."""
    conditions = chain.from_iterable(condition_mutants(entry, reading) for entry in rulebase.entries.values())
    return chain(conditions, effect_mutants(rulebase))


class Jury:
    """Everything that may notice a mutant of one rule base."""

    def __init__(self, engine: Engine, scenarios: Iterable[Path], proofs: Proofs = lambda _: False) -> None:
        """Raises FaultyInput where a scenario does not come true as things stand."""
        self._rulebase = engine.rulebase
        self.reading = Reading(engine.rulebase)
        self._examples = ByExamples(engine.rulebase, self.reading)
        self._scenarios = ByScenarios(engine, scenarios)
        self._proofs = proofs

    def verdict(self, mutant: Mutant) -> Verdict:
        """Who notices the mutant: asked in turn, quickest first."""
        noticed_by = self._of_condition(mutant) if isinstance(mutant, ShapeMutant) else self._of_effect(mutant)
        return Verdict(mutant.kind, mutant.rule, mutant.what, noticed_by)

    def _of_condition(self, mutant: ShapeMutant) -> str:
        if self._examples.notice(mutant):
            return EXAMPLES
        shape = self.reading.shape_of(self._rulebase.entries[mutant.rule])
        return NOBODY if telling_apart(shape, mutant.shape, self.reading.domain) is not None else EQUAL

    def _of_effect(self, mutant: Effect) -> str:
        if self._scenarios.notice(mutant):
            return SCENARIOS
        if self._proofs(mutant.rulebase):
            return PROOFS
        return EQUAL if proved_equal(self._rulebase, mutant) else NOBODY


class Survey(NamedTuple):
    """The verdicts on all mutants, and what the rule base accepts of them."""

    verdicts: tuple[Verdict, ...]
    accepted: Mapping[str, Accepted]  # by the name of the mutant

    @property
    def survivors(self) -> list[Verdict]:
        """Mutants that nobody notices and that are not accepted."""
        return [v for v in self.verdicts if v.noticed_by == NOBODY and v.name not in self.accepted]

    @property
    def lasting(self) -> list[Accepted]:
        """What is accepted of the mutants that nobody notices."""
        return [self.accepted[v.name] for v in self.verdicts if v.noticed_by == NOBODY and v.name in self.accepted]

    @property
    def faults(self) -> list[Fault]:
        """Accepted changes that are no survivors (any more)."""
        unnoticed = {v.name for v in self.verdicts if v.noticed_by == NOBODY}
        stale = [accepted for name, accepted in self.accepted.items() if name not in unnoticed]
        return [Fault(a.at.file, a.at.line, _not_a_survivor(a), allowed(a.what, self._unnoticed_in(a))) for a in stale]

    def _unnoticed_in(self, accepted: Accepted) -> list[str]:
        return [v.what for v in self.verdicts if v.noticed_by == NOBODY and v.rule == accepted.rule]

    def noticed(self, kind: str = "") -> float:
        """The share, from 0 to 1, that is noticed, of one kind or of all. Those proved equal do not count."""
        counted = [v for v in self.verdicts if v.noticed_by != EQUAL and kind in ("", v.kind)]
        return sum(v.noticed_by in NOTICERS for v in counted) / len(counted) if counted else 1.0

    @property
    def holds(self) -> bool:
        """Whether enough is noticed, and all the rest is accepted."""
        return self.noticed() >= ENOUGH and not self.survivors and not self.faults


def _not_a_survivor(accepted: Accepted) -> str:
    return f'[accepted], what: "{accepted.what}" of "{accepted.rule}" is no mutant that goes unnoticed'


def survey(rulebase: RuleBase, verdicts: Iterable[Verdict]) -> Survey:
    """The verdicts, beside what rules/accepted.toml accepts."""
    accepted = {f"{a.rule}: {a.what}": a for a in rulebase.accepted if a.proof == PROOF}
    return Survey(tuple(verdicts), accepted)
