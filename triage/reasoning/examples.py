"""Runs the examples that every rule carries: `fires` must, `silent` must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from triage.knowledge.conditions import Facts
from triage.knowledge.faults import Fault
from triage.knowledge.grammar import Vocabulary
from triage.knowledge.model import Advice, Cause, Entry, RedFlag, RuleBase, Sign
from triage.reasoning.assessment import reasons_against
from triage.reasoning.engine import Engine


def written_out(rulebase: RuleBase, example: Mapping[str, Any]) -> list[Facts]:
    """The cases that one written example stands for."""
    return Vocabulary.of(rulebase).read_example(example, lambda *_: None)


def holds(engine: Engine, entry: Entry, facts: Facts) -> bool:
    """Whether a rule fires on `facts`; advice must also not be left out."""
    if isinstance(entry, RedFlag | Sign):
        return entry.id in engine.answers.infer(facts)
    stratum = engine.findings if isinstance(entry, Cause) else engine.advice
    fired = stratum.infer(facts).keys()
    return entry.id in fired and not (isinstance(entry, Advice) and reasons_against(entry, fired))


def cases_of(rulebase: RuleBase, entry: Entry) -> Iterator[tuple[Facts, bool]]:
    """Every case that the examples of a rule stand for, and whether it must fire there."""
    for examples, expected in ((entry.fires, True), (entry.silent, False)):
        for example in examples:
            yield from ((facts, expected) for facts in written_out(rulebase, example))


def count(rulebase: RuleBase) -> int:
    """How many cases the examples of a rule base stand for."""
    return sum(1 for entry in rulebase.entries.values() for _ in cases_of(rulebase, entry))


def failing(engine: Engine) -> Iterator[Fault]:
    """Every example that does not come out as written."""
    for entry in engine.rulebase.entries.values():
        for facts, expected in cases_of(engine.rulebase, entry):
            if holds(engine, entry, facts) != expected:
                yield _fault(entry, facts, expected)


def _fault(entry: Entry, facts: Facts, expected: bool) -> Fault:
    shown = ", ".join(f"{name} = {'/'.join(sorted(options))}" for name, options in facts.items())
    what = "does not fire" if expected else "fires, but must be silent"
    return entry.at.fault("LCT800", "", f"{what} on its example {{ {shown} }}")
