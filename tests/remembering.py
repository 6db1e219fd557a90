"""An engine with a memory, for tests whose cases share most of their way."""

from __future__ import annotations

from triage.knowledge.conditions import Facts
from triage.reasoning.engine import Engine, Fired, Stratum


class Remembered(Stratum):
    """A stratum that infers the same facts only once."""

    def __init__(self, stratum: Stratum) -> None:
        super().__init__(stratum.productions)
        self._stratum = stratum
        self._seen: dict[frozenset[tuple[str, frozenset[str]]], Fired] = {}

    def infer(self, facts: Facts) -> Fired:
        key = frozenset((name, facts[name]) for name in self._names & facts.keys())
        if key not in self._seen:
            self._seen[key] = self._stratum.infer(facts)
        return self._seen[key]


class Remembering(Engine):
    """All three strata with a memory."""

    def __init__(self, engine: Engine) -> None:
        self.rulebase = engine.rulebase
        self.answers, self.findings, self.advice = map(Remembered, (engine.answers, engine.findings, engine.advice))
