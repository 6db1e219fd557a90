"""Of whom a result speaks: the person who reads it, another adult, a child. Every format, in every voice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice
from random import Random
from typing import Any

import plain
import pytest
from sample import sample

from triage.cli.common import written
from triage.cli.formats import FORMATS
from triage.conversation.interview import missing_from
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.output.text import short, urgent_lines
from triage.output.view import Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

STARTS = {"you": "me", "they": "adult", "child": "child"}
WANTED = Wanted(how=True, why_not=("clot", "gentle-rub"))

# What says "you" or "your" to the reader of a result about somebody else: it means the reader, who acts and asks.
TO_THE_READER = re.compile(
    r"you (?:told us|said|were not sure)"
    r"|your (?:local emergency number|country)|result with you",
    re.IGNORECASE,
)
# What only adults use, drink or work with: no result for a child names it. Answers and sources may.
ADULT = r"alcohol|\bbeer|\bwine|\bHRT\b|quinine|tonic water|menopause|erection|\bat work\b|smok"


def of(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


def about(start: str, answers: Answers) -> Answers:
    """The same answers, given for somebody else, with an age that they can have."""
    told = {**answers, "start": start}
    if start == "child":
        age = told.get("age")
        told["age"] = age % 18 if isinstance(age, int) else 9
    elif start == "adult" and isinstance(told.get("age"), int):
        told["age"] = 18 + told["age"] % 90
    return told


# What is asked of young people too; a result names it where one of them ticks it.
OF_ADULTS = frozenset(["m_quinine", "m_hormone", "h_habit", "q_alc", "q_stop", "q_shake", "q_smoke", "q_drug", "q_gas"])


@pytest.fixture(scope="module")
def every(engine: Engine) -> dict[str, Assessment]:
    """Each kind of result, about somebody else; and some to the person."""
    found = {}
    for n, (name, assessment) in enumerate(islice(sample(engine).items(), 0, None, 4)):
        for voice, start in STARTS.items() if n % 4 == 0 else list(STARTS.items())[1:]:
            found[f"{voice}: {name}"] = of(engine, about(start, assessment.answers))
    return found


@pytest.fixture(scope="module")
def children(engine: Engine, stories: Mapping[str, Assessment]) -> dict[str, Assessment]:
    """The scenarios of children, and random answers of them: about a child, and a young person's own."""
    found = {name: assessment for name, assessment in stories.items() if _is_child(assessment.answers)}
    random = Random(12)
    for number in range(40):
        answers = about("child", _without(plain.random_answers(random), OF_ADULTS))
        young = {**answers, "start": "me", "age": random.randrange(12, 18)}
        found |= {f"child {number}": of(engine, answers), f"young {number}": of(engine, young)}
    return found


def _without(answers: Answers, options: frozenset[str]) -> Answers:
    """Answers without some ticks; "none" where nothing else was ticked."""
    left = {}
    for name, answer in answers.items():
        left[name] = (
            (tuple(o for o in answer if o not in options) or ("none",)) if isinstance(answer, tuple) else answer
        )
    return left


def _is_child(answers: Answers) -> bool:
    age = answers.get("age")
    return str(answers.get("start", "")).startswith("child") or (isinstance(age, int) and age < 18)


def test_the_first_answer_chooses_the_voice(rulebase: RuleBase) -> None:
    for option in rulebase.questions["start"].options:
        assert voice_of(rulebase, {"start": option.id}) == option.voice
    assert voice_of(rulebase, {}) == voice_of(rulebase, {"danger": ("none",)}) == "you"
    for words in rulebase.voices.values():
        assert words.keys() == rulebase.voices["you"].keys()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_speaks_of_the_person(name: str, engine: Engine, every: dict[str, Assessment]) -> None:
    """No token is left, and where it is about somebody else, nothing that is theirs is called the reader's."""
    rulebase = engine.rulebase
    seen = set()
    titles = [source.title for source in rulebase.sources.values() if "you" in source.title]  # others' words
    for case, assessment in every.items():
        text = written(name, rulebase, assessment, WANTED)
        if name in ("json", "fhir"):
            text = "\n".join(_texts(json.loads(text)))
        text = unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL))
        assert not re.search(r"\{[A-Za-z]+\}", text), case
        seen.add(assessment.voice)
        if assessment.voice != "you":
            words = " ".join(re.sub(r"https?://\S+|\S*-your-\S*", "", text).split())
            for title in titles:
                words = words.replace(title, "")
            said = TO_THE_READER.sub("", words)
            found = re.finditer(r"\byou(?:r|rs|rself)?\b", said, re.IGNORECASE)
            assert [said[max(0, one.start() - 60) : one.end() + 40] for one in found] == [], case
    assert seen == set(STARTS)


def _texts(document: Any) -> Iterator[str]:
    """The texts of a JSON document, without its keys."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, (list, dict)):
        for item in document.values() if isinstance(document, dict) else document:
            yield from _texts(item)


def test_what_is_said_on_the_way_speaks_of_the_person(engine: Engine, every: dict[str, Assessment]) -> None:
    for case, assessment in every.items():
        spoken = rules_in_voice(engine.rulebase, assessment.voice)
        lines = urgent_lines(spoken, assessment.disposition, assessment.red_flags, 80)
        lines += short(view_of(engine.rulebase, assessment), 80)
        assert "{" not in "\n".join(lines), case


def test_each_voice_has_words_of_its_own(engine: Engine) -> None:
    """The same answers in three voices differ in their pronouns alone."""
    answers: Answers = {"start": "me", "danger": ("d_breath",)}
    told = {
        voice: written("text", engine.rulebase, of(engine, about(start, answers)), Wanted())
        for voice, start in STARTS.items()
    }
    assert "have your medicines ready" in told["you"]
    assert "have their medicines ready" in told["they"]
    assert "have the child's medicines ready" in " ".join(told["child"].split())
    assert [text.count("sit up") + text.count("Sit up") for text in told.values()] == [1, 1, 1]
    assert "Let them sit up" in told["they"]
    assert "Let the child sit up" in told["child"]


def test_who_acts_in_an_emergency_is_said_first(engine: Engine) -> None:
    rulebase = engine.rulebase
    acting = {"me": "call-yourself-or-someone-near", "adult": "stay-with-them", "child": "do-not-let-the-child-walk"}
    for start, note in acting.items():
        for now in ("", "_now"):
            found = of(engine, {"start": f"{start}{now}", "danger": ("d_cold",)})
            driving = [] if start == "child" else ["do-not-drive"]
            assert [one.id for one in found.notes] == [note, *driving, "leave-the-leg"]
            assert view_of(rulebase, found).first[0] == found.notes[0].title
            for name in FORMATS:
                text = " ".join(written(name, rulebase, found, Wanted()).split())
                assert found.notes[0].title in text.replace("\\n", " ").replace("  ", " "), name
    young = of(engine, {"start": "me", "danger": ("d_cold",), "age": 15})
    told = [one.id for one in young.notes]
    assert told[0] == "call-yourself-or-someone-near"
    assert "show-an-adult" in told


def test_no_result_for_a_child_names_what_is_for_adults(engine: Engine, children: dict[str, Assessment]) -> None:
    assert len(children) > 80
    for case, assessment in children.items():
        told = view_of(engine.rulebase, assessment)
        assert [text for text in _all(told) if re.search(ADULT, text, re.IGNORECASE)] == [], case
    everything = [*engine.rulebase.advice.values(), *engine.rulebase.notes.values(), *engine.rulebase.causes.values()]
    named = [entry.title for entry in everything if re.search(ADULT, entry.title, re.IGNORECASE)]
    assert len(named) > 5  # there is something to find


# Ids, what a result says back in the words of the lists, which are the same for everybody, and titles of sources.
NOT_SAID = {"id", "you_said", "words", "answered", "open_questions", "sources", "publishers"}


def _all(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, tuple):
        names = getattr(told, "_fields", map(str, range(len(told))))
        for name, item in zip(names, told, strict=True):
            if name not in NOT_SAID:
                yield from _all(item)
