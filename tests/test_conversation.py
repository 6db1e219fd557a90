"""What is asked of a person stays within its budgets, and docs/accuracy.md is what was measured.

The budgets of each made-up person stand in benchmarks/data/people.toml.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from remembering import Remembering

from triage.conversation.answers import check_answers
from triage.conversation.interview import Prompt
from triage.knowledge.model import NOT_SURE, RuleBase, chosen
from triage.reasoning.engine import Engine

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # last, so that the package is the one that is installed

from benchmarks import accuracy, conversation
from benchmarks.accuracy import FINE, OVER, UNDER, Accuracy, Run, agreement, encodings, page, vignettes
from benchmarks.conversation import (
    DATA,
    NONE,
    Counting,
    Most,
    Person,
    Scripted,
    Shown,
    Told,
    interviewed,
    people,
    ramblers,
    row,
    table,
    words,
)

PEOPLE = list(people())
BUDGETS = {  # of the specification: prompts, words, screens
    "Night cramps, 68, healthy, no medicine": Most(11, 720, 17),
    "Runner, 34, calf cramp in a race, well": Most(9, 660, 15),
    "Breathless, calf pain, cramping now (emergency)": Most(3, 260, 4),
    "Odd feeling when wiping, weak flow (emergency)": Most(3, 260, 4),
    "Wife for husband, 58: cold blue foot (emergency)": Most(3, 260, 4),
}
ANYBODY = Most(16, 1200)
OF_FEW = ("danger_more", "child", "preg_signs")  # lists; who is asked two of them may be asked 17, with all three 18
MAYBE_PREGNANT_AND_DANGER = {
    "start": "me", "danger": ("d_heat",), "danger_more": ("t_well",), "age": 15, "legs": ("l_veins",),
    "kind": ("k_night", "k_sport"), "side": "left", "course": ("c_new", "c_week"), "also": ("a_back", "a_tired"),
    "also_more": ("b_old",), "health": ("h_meds", "h_preg", "h_food"), "health_more": ("g_maybe", "q_little"),
    "meds": ("m_mind", "m_pain"), "meds_more": ("z_ssri",), "before": ("e_hard",),
}  # fmt: skip


# --- the budgets


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_person_is_asked_no_more_than_the_budget(engine: Engine, person: Person) -> None:
    shown, _ = interviewed(engine, Scripted(person.answers))
    assert len(shown.prompts) <= person.most.prompts
    assert shown.screens <= person.most.screens
    assert shown.all_words <= person.most.words


def test_the_budgets_are_those_of_the_specification() -> None:
    assert len(PEOPLE) == 14
    assert {person.name: person.most for person in PEOPLE} == {
        person.name: BUDGETS.get(person.name, ANYBODY) for person in PEOPLE
    }
    assert BUDGETS.keys() <= {person.name for person in PEOPLE}


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_what_a_person_ticks_is_there(rulebase: RuleBase, person: Person) -> None:
    _check(rulebase, person.answers)


def test_nobody_who_ticks_at_random_is_asked_more_than_anybody_may_be(engine: Engine) -> None:
    """The questions alone: many urgent signs, each said at once, and much that is not sure come on top of them."""
    remembering = Remembering(engine)
    for number, one in enumerate(ramblers(200)):
        shown, _ = interviewed(remembering, one)
        assert len(shown.prompts) <= _most_prompts(shown), number
        assert shown.asked + shown.key_lines <= ANYBODY.words, number


def test_the_longest_interview(engine: Engine) -> None:
    """Below urgent only the last question gives way: 16 for everybody but those who are asked lists that few are."""
    longest = {"danger": 18, "no danger": 17, "not pregnant": 17, "neither": 16}
    changes = {
        "danger": {},
        "no danger": {"danger": (NONE,)},
        "not pregnant": {"health": ("h_meds", "h_food")},
        "neither": {"danger": (NONE,), "health": ("h_meds", "h_food")},
    }
    for name, change in changes.items():
        shown, result = interviewed(engine, Scripted({**MAYBE_PREGNANT_AND_DANGER, **change}))
        assert result.disposition.id == "soon"
        assert len(shown.prompts) == longest[name] == _most_prompts(shown)
        assert shown.all_words <= ANYBODY.words


def _most_prompts(shown: Shown) -> int:
    return ANYBODY.prompts + max(0, sum(name in shown.prompts for name in OF_FEW) - 1)


# --- what is counted


def test_every_word_of_a_screen_is_counted(engine: Engine) -> None:
    """One interview by hand: the welcome, two questions of which the second ends it."""
    rulebase = engine.rulebase
    start, danger = rulebase.questions["start"], rulebase.questions["danger"]
    shown, result = interviewed(engine, Scripted({"start": "me_now", "danger": ("d_breath",)}))
    assert result.disposition.id == "emergency"
    body = [o for o in danger.options if o.page == "Body"]
    texts = [*rulebase.about.welcome, start.text, *(o.text for o in start.options), danger.text]
    texts += [o.text for o in body] + [o.detail for o in body if o.open]
    assert shown.asked == sum(map(words, texts))
    assert shown.said == words(rulebase.relief_now.action["you"])
    assert shown.key_lines == words("None Not sure")
    assert (shown.prompts, shown.screens) == (["start", "danger"], 2)
    assert shown.keys == 2 + 1 + 2  # a figure and Enter, twice; and Enter below what helps now


def test_words() -> None:
    assert words("Parkinson's: 38 C, or drip/tablet (re-do).") == 7
    assert not words("-> ;")


def test_what_not_sure_brings_is_counted_apart(engine: Engine) -> None:
    adult: dict[str, str | tuple[str, ...]] = {"start": "me", **accuracy.OPEN}
    sure, _ = interviewed(engine, Scripted(adult))
    unsure, _ = interviewed(engine, Scripted({**adult, "danger": (NOT_SURE,), "legs": (NOT_SURE,)}))
    assert not sure.unsure
    assert unsure.unsure > sum(words(o.text) for o in engine.rulebase.questions["danger"].options)


def test_what_is_urgent_is_counted_when_it_is_said(engine: Engine) -> None:
    shown, result = interviewed(engine, Scripted({"start": "adult", **accuracy.OPEN, "legs": ("l_one", "l_hot")}))
    assert result.disposition.id == "urgent"
    assert shown.said > words(result.disposition.say)


def test_scripted_answers_what_is_left_open(engine: Engine) -> None:
    asked: dict[str, Prompt] = {}

    class Noting(Scripted):
        def reply(self, prompt: Prompt) -> conversation.Reply:
            asked.setdefault(prompt.question.id, prompt)
            return super().reply(prompt)

    _, result = interviewed(engine, Noting({"start": "me"}, NOT_SURE, accuracy.OPEN))
    assert result.answers["age"] == "a_na"
    assert result.answers["side"] == NOT_SURE
    assert all(NOT_SURE in chosen(result.answers[name]) for name, prompt in asked.items() if prompt.kind == "many")


def test_the_table(engine: Engine) -> None:
    night = row(engine, PEOPLE[0])
    assert night[1]
    assert not row(engine, PEOPLE[0]._replace(most=Most(10, 720)))[1]
    markdown = table([night[0]], markdown=True)
    assert markdown[0].startswith("| person | prompts |")
    assert len({line.count("|") for line in markdown}) == 1
    assert "lines" in table([night[0]], markdown=False)[-1]


def test_an_asker_that_counts_leaves_an_emergency(engine: Engine) -> None:
    assert Counting(engine, Scripted({})).emergency({}) is None


# --- the accuracy


def test_the_accuracy_page_is_what_is_measured(engine: Engine) -> None:
    """After a change of the rules or the questions: python benchmarks/accuracy.py."""
    assert (ROOT / "docs" / "accuracy.md").read_text("utf-8") == page(engine)


@pytest.mark.parametrize("reader", accuracy.READERS)
def test_readers_ticked_what_is_there(rulebase: RuleBase, reader: str) -> None:
    found = encodings(reader)
    assert found.keys() == {one.id for one in vignettes()}
    for answers in found.values():
        _check(rulebase, answers)


def test_the_causes_that_were_expected_are_causes(rulebase: RuleBase) -> None:
    for one in vignettes():
        assert one.causes <= rulebase.causes.keys(), one.id
        assert one.acceptable <= rulebase.dispositions.keys(), one.id
        assert one.label in one.acceptable


def test_under_and_over(engine: Engine) -> None:
    night = _told(engine, {"start": "me", "age": 68, "kind": ("k_night",), "side": "both", "course": ("c_rare",)})
    urgent = _told(engine, {"start": "me", "age": 40, "legs": ("l_one",), "kind": ("k_stays",), "side": "left"})
    assert [one.result.disposition.id for one in (night, urgent)] == ["self_care", "urgent"]
    found = Accuracy.__new__(Accuracy)
    found.ranks = {level.id: level.rank for level in engine.rulebase.ladder}
    some = vignettes()[0]

    def verdict(told: Told, *acceptable: str) -> int:
        one = some._replace(acceptable=frozenset(acceptable))
        return found.verdict(Run("A", NONE, {some.id: told}), one)

    assert verdict(night, "self_care") == FINE
    assert verdict(night, "self_care", "routine") == FINE
    assert verdict(night, "routine") == verdict(night, "emergency", "urgent") == UNDER
    assert verdict(urgent, "emergency") == UNDER
    assert verdict(urgent, "routine") == OVER
    assert verdict(urgent, "emergency", "routine") == FINE


def test_days_count_as_an_appointment_but_for_one_column(engine: Engine) -> None:
    days = _told(engine, {"start": "me", "age": 40, "kind": ("k_stays",), "side": "both"})
    assert days.result.disposition.id == "soon"
    found = Accuracy.__new__(Accuracy)
    found.ranks = {level.id: level.rank for level in engine.rulebase.ladder}
    one = vignettes()[0]._replace(acceptable=frozenset(["routine"]))
    run = Run("A", NONE, {one.id: days})
    assert found.verdict(run, one) == FINE
    assert found.verdict(run, one, apart=True) == OVER


def test_readers_agree_as_far_as_they_tick_the_same() -> None:
    one = {"x": {"danger": (NONE,), "kind": ("k_night", "k_rest"), "age": 40}}
    other = {"x": {"danger": (NONE,), "kind": ("k_night",), "side": "both"}}
    assert agreement(one, other) == (1, 2, 1, 4)


def test_vignettes_have_a_source() -> None:
    for one in json.loads((DATA / "vignettes.json").read_text("utf-8")):
        assert one["source"]
        assert one["story"]


def _told(engine: Engine, answers: dict[str, int | str | tuple[str, ...]]) -> Told:
    return interviewed(engine, Scripted(answers))


def test_what_nobody_answers_is_no_answer(engine: Engine) -> None:
    with pytest.raises(KeyError, match="age"):
        interviewed(engine, Scripted({"start": "me"}))


def _check(rulebase: RuleBase, answers: conversation.Answers) -> None:
    raw = {name: list(value) if isinstance(value, tuple) else value for name, value in answers.items()}
    assert not check_answers(raw, rulebase, "answers")[1]
