"""Whether scenarios notice a mutant: what follows from their answers, and what they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from triage.assessment import assess
from triage.engine import Engine, Remembering
from triage.faults import Fault, FaultyInput
from triage.grammar import as_facts
from triage.interview import missing_from, open_questions, settled_flags
from triage.model import Answer, Answers, Facts
from triage.mutants.effects import Effect, changed_question
from triage.scenarios import Outcome, differences, run_scenario


class Way(NamedTuple):
    """The way of somebody through the questions: those that were asked, in order.

    `stood`: whether every red flag that was announced on the way still holds at its end.
    `facts`: what was known before each question and at the end.
    """

    asked: tuple[str, ...]
    stood: bool
    facts: tuple[Facts, ...]


class _Story(NamedTuple):
    """A scenario and the way to its answers; None where an interview asks something else."""

    outcome: Outcome
    way: Way | None


class ByScenarios:
    """Whether any scenario notices that a rule base was changed.

    It does if what it expects no longer follows, or if somebody who would give its answers
    is no longer asked for just these.
    """

    def __init__(self, engine: Engine, paths: Iterable[Path]) -> None:
        """Run every scenario once. Raises FaultyInput where one does not come true as things stand."""
        self._engine = Remembering(engine)
        outcomes = [run_scenario(self._engine, path) for path in paths]
        if failed := [outcome.file.name for outcome in outcomes if outcome.differences]:
            raise FaultyInput(Fault(name, 0, "fails, so it cannot judge mutants", "`test` says why") for name in failed)
        self._stories = [_Story(outcome, way_to(self._engine, outcome.file.answers)) for outcome in outcomes]

    def notice(self, mutant: Effect) -> bool:
        engine = Remembering(self._engine, mutant.rulebase)
        return any(self._notices(engine, mutant, story) for story in self._stories)

    def _notices(self, engine: Engine, mutant: Effect, story: _Story) -> bool:
        file, assessment = story.outcome.file, story.outcome.assessment
        if mutant.touches and mutant.touches.isdisjoint(assessment.fired):
            return False
        if mutant.asks and story.way:
            if not self._may_turn(mutant, story.way):
                return False
            if way_to(engine, file.answers) != story.way:
                return True
        changed = assess(engine, file.answers, missing_from(engine, file.answers))
        return any(differences(file.expect, changed))

    def _may_turn(self, mutant: Effect, way: Way) -> bool:
        """Whether the changed question may be asked where it was not, or the other way round; quick to tell."""
        asked = changed_question(self._engine.rulebase, mutant)
        if asked is None:
            return True
        question, changed = asked
        return any(
            changed.applies(facts) != question.applies(facts)
            or changed.applies_after_urgent(facts) != question.applies_after_urgent(facts)
            for facts in way.facts
        )


def way_to(engine: Engine, answers: Answers) -> Way | None:
    """The way to exactly these answers; None if something else is asked, or not all of it."""
    given: dict[str, Answer] = {}
    announced: set[str] = set()
    known: list[Facts] = [{}]
    while left := open_questions(engine, given):
        name = left[0].id
        if name not in answers:
            return None
        given[name] = answers[name]
        known.append(as_facts(given, engine.rulebase.bands))
        announced |= _announced(engine, given)
    stood = announced == _announced(engine, given)
    return Way(tuple(given), stood, tuple(known)) if given.keys() == answers.keys() else None


def _announced(engine: Engine, answers: Answers) -> set[str]:
    """The settled red flags that stop an interview, or leave only follow-ups: they are told at once."""
    levels = engine.rulebase.dispositions
    return {f.flag.id for f in settled_flags(engine, answers) if levels[f.flag.disposition].stops}
