"""The scenario files of this project. A name is folder and file, as in "urgent/dark-pee"."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from triage.conversation.interview import open_questions, settled_flags
from triage.conversation.scenarios import expected_fields
from triage.knowledge.model import Answer, Answers, RuleBase
from triage.proof.pytest_plugin import SUFFIX
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

FOLDER = Path(__file__).resolve().parent / "scenarios"
SCENARIOS = sorted(FOLDER.rglob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix().removesuffix(SUFFIX)


def path_of(name: str) -> Path:
    return FOLDER / f"{name}{SUFFIX}"


def shown_ids(rulebase: RuleBase, assessment: Assessment) -> dict[str, Any]:
    """What a result shows, by the names of the lists of [expect]."""
    lists = {
        name: field for name, field in expected_fields(rulebase).items() if field.kind == "ids" and not field.never
    }
    return {name: field.shown(assessment) for name, field in lists.items()}


class Way(NamedTuple):
    """The way of somebody through the questions: those that were asked, in order.

    `stood`: whether every red flag that was announced on the way still holds at its end.
    """

    asked: tuple[str, ...]
    stood: bool


def way_to(engine: Engine, answers: Answers) -> Way | None:
    """The way to exactly these answers, without those that are asked for after the result.

    None if something else is asked, or not all of it.
    """
    answers = {name: answer for name, answer in answers.items() if not engine.rulebase.questions[name].after}
    given: dict[str, Answer] = {}
    announced: set[str] = set()
    while left := open_questions(engine, given):
        name = left[0].id
        if name not in answers:
            return None
        given[name] = answers[name]
        announced |= _announced(engine, given)
    stood = announced == _announced(engine, given)
    return Way(tuple(given), stood) if given.keys() == answers.keys() else None


def _announced(engine: Engine, answers: Answers) -> set[str]:
    """The settled red flags that stop an interview, or leave only follow-ups: they are told at once."""
    levels = engine.rulebase.dispositions
    return {f.flag.id for f in settled_flags(engine, answers) if levels[f.flag.disposition].stops}
