"""What a full result holds before it is set as text, Markdown or a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import pytest
from sample import sample

from triage.conversation.interview import missing_from
from triage.knowledge.conditions import Facts
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import AT_ONCE, Answers, RuleBase
from triage.output.text import whole
from triage.output.view import HEADINGS, View, Wanted, provisional, told_in_full, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

LISTS = ("notes", "causes", "needs_checking", "relief", "do_not", "prevention", "myths", "checks", "replies")


def result(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


@pytest.fixture(scope="module")
def every(engine: Engine, answer_sets: list[Answers]) -> dict[str, tuple[Assessment, View]]:
    """Every kind of result and those of some random answers, with what is told of them."""
    random = {f"random {number}": result(engine, answers) for number, answers in enumerate(answer_sets[:100])}
    found = {**sample(engine), **random}
    return {name: (assessment, view_of(engine.rulebase, assessment)) for name, assessment in found.items()}


def cites(told: View, order: tuple[str, ...]) -> list[int]:
    """The numbers of the sources as they stand, each where it comes first."""
    parts = [told.reasons, *(getattr(told, name) for name in order)]
    return list(dict.fromkeys(number for part in parts for item in part for number in told.cites(item)))


def test_all_that_a_level_shows_is_told(every: dict[str, tuple[Assessment, View]]) -> None:
    for name, (assessment, told) in every.items():
        assert [one.id for one in told.relief] == [one.id for one in assessment.relief], name
        assert [one.id for one in told.causes] == [ranked.cause.id for ranked in assessment.causes], name
        assert [one.id for one in told.needs_checking] == [c.cause.id for c in assessment.needs_checking], name
        assert [one.id for one in told.withheld] == [w.advice.id for w in assessment.withheld], name
        assert len(told.reasons) + len(told.also_noted) == len(assessment.red_flags), name
        for part in (*LISTS, "withheld"):
            assert len(getattr(told, part)) == len(getattr(assessment, part)), (name, part)
            # The notes of an emergency stand in its first lines.
            assert not getattr(told, part) or part in (("notes",) if told.emergency else told.shows), (name, part)
        assert (told.safety_net != ()) == (assessment.safety_net is not None), name
    assert set(HEADINGS) == {*LISTS, "withheld", "replies"}


def test_sources_are_numbered_as_they_will_stand(every: dict[str, tuple[Assessment, View]]) -> None:
    for name, (_, told) in every.items():
        parts = ("replies", *(part for part in told.shows if part in LISTS))
        assert [source.number for source in told.sources] == cites(told, parts), name


def test_no_sentence_ends_twice(every: dict[str, tuple[Assessment, View]]) -> None:
    """Many an organisation ends with a full stop of its own ("Luo L et al.")."""
    for name, (_, told) in every.items():
        assert not re.search(r"[^.]\.\.(\s|$)", "\n".join(whole(told, 999))), name


def test_no_time_is_told_while_nothing_is_known(every: dict[str, tuple[Assessment, View]]) -> None:
    for name, (assessment, told) in every.items():
        assert bool(told.time) == (told.complete or assessment.see_doctor), name


def test_an_emergency_tells_what_to_do_and_why_and_nothing_else(
    every: dict[str, tuple[Assessment, View]],
) -> None:
    cases = {name: case for name, case in every.items() if case[0].disposition.stops == AT_ONCE}
    assert len(cases) > 10
    for name, (assessment, told) in cases.items():
        assert told.emergency, name
        assert set(assessment.disposition.more) <= set(told.first), name
        assert told.first[: len(assessment.notes)] == tuple(note.title for note in assessment.notes), name
        assert told.reasons, name
        assert not any(getattr(told, part) for part in (*LISTS[1:], "withheld", "what_if")), name
        assert not told.to_heed, name
        assert told.safety_net == (), name


def test_what_is_still_open_is_told(rulebase: RuleBase, every: dict[str, tuple[Assessment, View]]) -> None:
    for name, (assessment, told) in every.items():
        assert told.open_questions == tuple(rulebase.questions[one].text for one in assessment.missing), name


def test_what_is_not_finished_never_reassures(engine: Engine, rulebase: RuleBase) -> None:
    calm = rulebase.ladder[-1]
    told = view_of(rulebase, result(engine, {"age": 30}), Wanted(day=date(2026, 11, 21)))
    assert not told.complete
    assert told.missing
    assert told.day == date(2026, 11, 21)
    assert calm.say not in told.say
    assert not set(calm.more) & set(told.first)
    assert told.time == ""
    least = view_of(rulebase, result(engine, {"danger": ("d_pee",)}))
    assert not least.complete
    assert f"at least: {rulebase.dispositions['urgent'].say}" in least.say
    assert least.disposition == "urgent"


def test_at_least_is_said_only_of_what_no_open_question_takes_back(engine: Engine, answer_sets: list[Answers]) -> None:
    """While a question is open that an exception of every deciding flag reads, the level is not the least."""
    told = {True: 0, False: 0}
    for answers in answer_sets[:150]:
        for asked in (2, 4, 6):
            begun = {name: answer for n, (name, answer) in enumerate(answers.items()) if n < asked}
            assessment = result(engine, begun)
            if assessment.complete or not assessment.see_doctor:
                continue
            deciding = [f.flag for f in assessment.red_flags if f.flag.disposition == assessment.disposition.id]
            unless = all(set(flag.waits_for) & set(assessment.missing) for flag in deciding)
            assert assessment.may_be_explained == unless, begun
            said = provisional(assessment)
            assert ("unless an open question explains it" in said) == unless, begun
            assert ("at least" in said) != unless, begun
            told[unless] += 1
    assert min(told.values()) > 20, told


def as_asked(engine: Engine, answers: Answers) -> Answers:
    """These answers without those to questions that nobody is asked who gives the others."""
    left = dict(answers)
    facts = as_facts(left, engine.rulebase.bands)
    while gone := [name for name in left if not engine.rulebase.questions[name].applies(facts)]:
        left = {name: answer for name, answer in left.items() if name not in gone}
        facts = as_facts(left, engine.rulebase.bands)
    return left


def test_a_level_that_is_taken_back_was_pending(engine: Engine, answer_sets: list[Answers]) -> None:
    """Answers to come never lower what was said to be the least."""
    lowered = 0
    old_swelling: Answers = {
        "start": "me", "danger": ("none",), "age": 40, "legs": ("l_one",), "kind": ("k_night",), "pain": ("p_old",),
        "side": "left", "course": ("c_same",), "also": ("none",), "health": ("none",), "clot": ("none",), "meds": ("none",),
    }  # fmt: skip
    for given in (old_swelling, *answer_sets[:40]):
        answers = as_asked(engine, given)
        level = result(engine, answers).disposition.rank
        for asked in range(2, len(answers)):
            begun = {name: answer for n, (name, answer) in enumerate(answers.items()) if n < asked}
            assessment = result(engine, begun)
            if assessment.see_doctor and assessment.disposition.rank < level:
                assert assessment.may_be_explained, (begun, answers)
                lowered += 1
                break
    assert lowered > 0


def test_a_milder_sign_on_the_same_answers_is_only_named(stories: Mapping[str, Assessment]) -> None:
    """So that one thing has one time; what is for the pharmacist stands beside the level, and is told."""
    named = 0
    for name, assessment in stories.items():
        told = told_in_full(assessment)
        beside = assessment.pharmacist.id if assessment.pharmacist else ""
        for milder in told:
            sooner = (one for one in told[: told.index(milder)] if one.flag.disposition != milder.flag.disposition)
            same = [one.flag.id for one in sooner if as_pairs(milder.answers) <= as_pairs(one.answers)]
            assert milder.flag.disposition == beside or not same, (name, milder.flag.id)
        named += not assessment.disposition.stops and len(told) < len(assessment.red_flags)
    assert named


def as_pairs(answers: Facts) -> set[tuple[str, str]]:
    return {(name, option) for name, options in answers.items() for option in options}
