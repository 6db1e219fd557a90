"""What pytest tells of a scenario that fails."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from triage.conversation.scenarios import Outcome, run_scenario
from triage.knowledge.faults import FaultyInput, printable
from triage.knowledge.rulebase import load
from triage.knowledge.wording import said
from triage.reasoning.engine import Engine
from triage.version import program

# The engine that all scenarios of a session share; None if its rule base is not sound.
_ENGINE = pytest.StashKey["Engine | None"]()


def failure(path: Path, rules: Path | None, stash: pytest.Stash) -> str:
    """What is told of a scenario that fails, in short in its first line; nothing if it comes true."""
    try:
        engine = _engine_of(rules, stash)
        if engine is None:
            return "the rule base is not sound: see the first scenario that failed"
        outcome = run_scenario(engine, path)
    except FaultyInput as error:
        return str(error)
    return _told(outcome, engine, rules) if outcome.differences else ""


def _engine_of(rules: Path | None, stash: pytest.Stash) -> Engine | None:
    """Compiled for the first scenario. Where that raises FaultyInput, it is None for all others."""
    if _ENGINE not in stash:
        stash[_ENGINE] = None
        stash[_ENGINE] = Engine(load(rules))
    return stash[_ENGINE]


def _told(outcome: Outcome, engine: Engine, rules: Path | None) -> str:
    """What differs, the story, its answers in words, and how to see it again."""
    file, rulebase = outcome.file, engine.rulebase
    answers = [f"  {rulebase.questions[name].text} -> {said(rulebase, name, a)}" for name, a in file.answers.items()]
    option = ["--rules", str(rules)] if rules else []
    commands = [["test", *option, file.name], ["run", "--explain", *option, file.name]]
    lines = [
        *outcome.differences,
        "",
        f"Story: {file.title}",
        "Answers:",
        *answers,
        "See it again:",
        *(f"  {program()} {shlex.join(words)}" for words in commands),
    ]
    return "\n".join(map(printable, lines))
