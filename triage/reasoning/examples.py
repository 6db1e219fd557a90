"""Runs the examples that every rule carries: `fires` must, `silent` must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from triage.knowledge.faults import Fault
from triage.knowledge.grammar import Vocabulary
from triage.knowledge.lints import kind_of
from triage.knowledge.model import Advice, Cause, Entry, Facts, RedFlag, RuleBase, Sign
from triage.reasoning.assessment import reasons_against
from triage.reasoning.engine import Engine


def vocabulary_of(rulebase: RuleBase) -> Vocabulary:
    """The names that conditions and examples of a rule base may use."""
    vocabulary = Vocabulary(rulebase.questions, rulebase.ladder, rulebase.red_flags, rulebase.causes)
    vocabulary.bands = dict(rulebase.bands)
    return vocabulary


def written_out(rulebase: RuleBase, example: Mapping[str, Any]) -> list[Facts]:
    """The cases that one written example stands for."""
    return vocabulary_of(rulebase).read_example(example, lambda *_: None)


def holds(engine: Engine, entry: Entry, facts: Facts) -> bool:
    """Whether a rule fires on `facts`; advice must also not be left out."""
    if isinstance(entry, RedFlag | Sign):
        return any(f.name == entry.id for f in engine.answers.infer(facts))
    stratum = engine.findings if isinstance(entry, Cause) else engine.advice
    return concluded(entry, {f.name for f in stratum.infer(facts)})


def concluded(entry: Entry, fired: AbstractSet[str]) -> bool:
    """The same by the names of what fired."""
    return entry.id in fired and not (isinstance(entry, Advice) and reasons_against(entry, fired))


def count(rulebase: RuleBase) -> int:
    """How many cases the examples of a rule base stand for."""
    entries = rulebase.entries.values()
    return sum(len(written_out(rulebase, example)) for e in entries for example in (*e.fires, *e.silent))


def failing(engine: Engine) -> Iterator[Fault]:
    """Every example that does not come out as written."""
    for entry in engine.rulebase.entries.values():
        for examples, expected in ((entry.fires, True), (entry.silent, False)):
            for example in examples:
                for facts in written_out(engine.rulebase, example):
                    if holds(engine, entry, facts) != expected:
                        yield _fault(entry, facts, expected)


def _fault(entry: Entry, facts: Facts, expected: bool) -> Fault:
    shown = ", ".join(f"{name} = {'/'.join(sorted(options))}" for name, options in facts.items())
    what = "does not fire" if expected else "fires, but must be silent"
    return Fault(entry.at.file, entry.at.line, f'{kind_of(entry)} "{entry.id}": {what} on its example {{ {shown} }}')
