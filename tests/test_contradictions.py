"""No result says two things that do not go together: the pairs of `[[conflict]]` in rules/wording.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from stories import SCENARIOS, name_of

from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers, Conflict, RuleBase
from triage.output.text import requests, whole
from triage.output.view import view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

WIDE = 10_000  # columns: no line is broken
TRADITIONAL = "t"  # told on request, beside the rest
# What is asked after the result: everything tried and feared, so that all replies are told that can be.
AFTER: Answers = {
    "tried": ("tr_stretch", "tr_walk", "tr_warm", "tr_rub", "tr_calcium", "tr_salt", "tr_water", "tr_pain"),
    "seen": "se_normal",
    "fear": ("fe_clot", "fe_artery", "fe_torn"),
    "sport": "sp_yes",
}
_ENDS = re.compile(r"(?<=[.!?])\s+")


@pytest.mark.sampled(12)
@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_no_result_contradicts_itself(engine: Engine, path: Path) -> None:
    answers = read_answer_file(path, engine.rulebase).answers
    for given in (answers, {**answers, **AFTER}):
        assert list(contradictions(engine.rulebase, sentences(engine, given))) == []


def test_every_pair_can_be_noticed(rulebase: RuleBase) -> None:
    """Each pattern finds something that the rules or a careless editor would say, and no pair finds itself."""
    assert set(SAID) == set(rulebase.conflicts)
    for name, (one, other) in SAID.items():
        assert [found.id for found in _clashes(rulebase, [one, other])] == [name]
        assert not list(_clashes(rulebase, [one]))
        assert not list(_clashes(rulebase, [other]))


def test_a_careless_line_is_noticed(engine: Engine) -> None:
    """The look at the scenarios can fail: one more step of an advice, and most results of a kind contradict themselves."""
    rulebase = engine.rulebase
    careless = replace(rulebase.advice["check-first"], steps=("Rub gently.", "Do not rub the leg."))
    broken = replace(rulebase, advice={**rulebase.advice, careless.id: careless})
    answers = read_answer_file(SCENARIOS[0], rulebase).answers
    assert [found.id for found in _clashes(broken, sentences(Engine(broken), answers))] == ["rub-or-not"]


SAID: Mapping[str, tuple[str, str]] = {
    "sugar-or-nothing-by-mouth": ("Eat and drink nothing.", "Low: sugar now."),
    "leg-up-or-level": ("Do not raise a leg that is cold.", "Lie flat, leg up, and press on it."),
    "walk-or-not": ("No weight on the leg.", "When it lets go, stand or walk slowly."),
    "stretch-or-rest": ("Rest the leg: no hard stretch.", "Calf: sit, pull the toes up."),
    "how-long-to-stretch": ("Hold until it lets go.", "Hold for 15 to 30 seconds."),
    "rub-or-not": ("Do not rub the leg.", "When the worst is over, rub gently."),
    "heat-or-not": ("No heat pads, hot-water bottles or hot baths.", "A warm shower."),
    "ibuprofen-or-not": ("Do not take ibuprofen.", "For soreness take ibuprofen."),
    "liver-or-leaflet": ("Tablets: ask first, because of the liver.", "Paracetamol by the leaflet is safer."),
    "eases-or-stays": ("Pain that stays: rest.", "It should ease every day, gone in a day."),
    "walk-before-bed-or-not": ("Effort late in the day can lower the sugar.", "Walk often, also briefly before bed."),
    "over-ten-minutes": ("It does not let go in 10 minutes.", "Over 10 minutes: see a GP."),
    "days-or-two-weeks": ("See someone within a few days.", "See a doctor in two weeks."),
    "stop-or-keep": ("Leave out tonic water.", "Do not stop a tablet."),
    "thirst-or-ahead-of-it": ("Drink only when thirsty.", "No waiting for thirst."),
    "train-or-not": ("No sport until it was looked at.", "Training: easy, once it is free of pain."),
}


def sentences(engine: Engine, answers: Answers) -> list[str]:
    """Every sentence of the full text, and of what is told on request, without its bullet."""
    view = view_of(engine.rulebase, assess(engine, answers, missing_from(engine, answers)))
    asked_for = [request.lines(WIDE) for request in requests(view) if request.key == TRADITIONAL]
    lines = [*whole(view, WIDE), *(line for lines in asked_for for line in lines if ": left out, because" not in line)]
    told = _without_left_out(lines)
    return [sentence for line in told for sentence in _ENDS.split(line.strip(" -"))]


def _without_left_out(lines: Iterable[str]) -> Iterator[str]:
    """What is left out is named with its title, and is no advice."""
    heading = ""
    for line in lines:
        if line and not line.startswith(("-", " ")):
            heading = line
        if heading != "Left out":
            yield line


def contradictions(rulebase: RuleBase, told: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Pairs that do not go together: the id, and the two sentences."""
    told = list(told)
    for conflict in rulebase.conflicts.values():
        one, other = (_first(pattern, told) for pattern in (conflict.one, conflict.other))
        if one and other:
            yield conflict.id, one, other


def _first(pattern: str, told: Iterable[str]) -> str:
    return next((sentence for sentence in told if re.search(pattern, sentence, re.IGNORECASE)), "")


def _clashes(rulebase: RuleBase, told: Iterable[str]) -> Iterator[Conflict]:
    yield from (rulebase.conflicts[name] for name, _, _ in contradictions(rulebase, told))
