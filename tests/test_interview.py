"""Which question comes next, when the interview ends, the ways back and out of "not sure".

A scripted asker stands for the terminal: `go` answers every question as a healthy runner
would, except those given by name. A list of replies is used up one by one; the last stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from triage.engine import Engine
from triage.interview import BACK, NO, YES, Interview, Prompt, Reply, open_questions
from triage.model import NOT_SURE, Answers, Disposition, FiredFlag, Option, Question, RuleBase
from triage.wording import said

NONE, UNSURE = ("none",), (NOT_SURE,)

HARMLESS: dict[str, Any] = {
    "age": 34,
    "red_now": NONE,
    "when": "exercise",
    "feel": "knot",
    "leg_look": NONE,
    "where": "either",
    "clot_risk": NONE,
    "nerve_signs": NONE,
    "walk_relief": "stop_sport",
    "pregnant": "no_na",
    "preg_signs": NONE,
    "child_signs": NONE,
    "wound_toxin": NONE,
    "often": "month",
    "bother": ("no",),
    "sweat": "lots_ok",
    "cold": "none",
    "load": ("more",),
    "position": NONE,
    "gate": "none",
    "medicines": NONE,
    "conditions": NONE,
    "shakes": "no",
}
RUNNER = [
    "age",
    "red_now",
    "when",
    "feel",
    "leg_look",
    "nerve_signs",
    "pregnant",
    "often",
    "sweat",
    "cold",
    "load",
    "gate",
]
NIGHT = {"age": 65, "when": "sleep"}

Split = Callable[[tuple[Option, ...]], tuple[tuple[Option, ...], ...]]


def in_one(signs: tuple[Option, ...]) -> tuple[tuple[Option, ...], ...]:
    return (signs,)


def by_heading(signs: tuple[Option, ...]) -> tuple[tuple[Option, ...], ...]:
    headings = dict.fromkeys(sign.heading for sign in signs)
    return tuple(tuple(sign for sign in signs if sign.heading == heading) for heading in headings)


@dataclass
class Scripted:
    """An asker that replies from a table, and notes all that happens, in order."""

    replies: dict[str, Any]
    changes: Sequence[str] = ()  # what is picked in the review, one after the other
    split: Split = in_one
    prompts: list[Prompt] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    levels: list[Disposition] = field(default_factory=list)
    reviewed: list[Answers] = field(default_factory=list)

    def ask(self, prompt: Prompt) -> Reply:
        self.prompts.append(prompt)
        self.happened.append(prompt.question.id)
        assert len(self.prompts) < 100, "it goes round in circles"
        queue = self.replies[prompt.question.id]
        if not isinstance(queue, list):
            return queue
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def pages(self, question: Question) -> tuple[tuple[Option, ...], ...]:
        return self.split(tuple(option for option in question.options if not option.exclusive))

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...]) -> None:
        self.levels.append(level)
        self.happened += [f"! {fired.flag.id}" for fired in flags]

    def review(self, answers: Answers) -> str | None:
        self.reviewed.append(dict(answers))
        self.happened.append("review")
        done = len(self.reviewed) - 1
        return self.changes[done] if done < len(self.changes) else None

    @property
    def asked(self) -> list[str]:
        """The questions put, without what happened beside them."""
        return [prompt.question.id for prompt in self.prompts]


@dataclass
class Run:
    asker: Scripted
    answers: Answers
    kept: list[Answers]  # what was there to be saved after each answer


def go(
    engine: Engine,
    known: Answers | None = None,
    changes: Sequence[str] = (),
    split: Split = in_one,
    **replies: Any,
) -> Run:
    table = {name: list(reply) if isinstance(reply, list) else reply for name, reply in replies.items()}
    asker = Scripted({**HARMLESS, **table}, changes, split)
    kept: list[Answers] = []
    answers = Interview(engine, asker, known, lambda given: kept.append(dict(given))).conduct()
    return Run(asker, answers, kept)


def way_out(rulebase: RuleBase, question: str, *answer: str) -> str:
    """The reply to the extra question after "not sure" that gives this answer; none: the list again."""
    ways = rulebase.questions[question].clarify.options
    return str(next(n for n, way in enumerate(ways) if way.answer == answer))


# --- order and length


def test_a_healthy_runner_sees_twelve_questions_danger_first(engine: Engine) -> None:
    run = go(engine)
    assert run.asker.happened == [*RUNNER, "review"]
    assert list(run.answers) == RUNNER


def test_questions_come_in_the_order_of_the_rule_base(engine: Engine) -> None:
    run = go(engine, age=30, pregnant="p_ge20", often="week", when="sleep", gate="both", medicines=("diabetes_med",))
    order = list(engine.rulebase.questions)
    assert run.asker.asked == sorted(run.asker.asked, key=order.index)
    assert len(run.asker.asked) == 19


@pytest.mark.parametrize(
    ("length", "replies"),
    [
        pytest.param(2, {"red_now": ("r_breath",)}, id="emergency"),
        pytest.param(13, NIGHT, id="night cramps at 65"),
        pytest.param(13, {**NIGHT, "where": "both"}, id="night cramps at 65, both legs"),
        pytest.param(14, {**NIGHT, "age": 70, "gate": "med", "medicines": ("diuretic",)}, id="water tablet"),
        pytest.param(
            15,
            {**NIGHT, "age": 70, "gate": "med", "medicines": ("diuretic",), "where": "one_leg"},
            id="water tablet, new in one leg",
        ),
        pytest.param(
            15,
            {**NIGHT, "age": 70, "gate": "med", "medicines": ("diuretic",), "often": "daily"},
            id="water tablet, most nights",
        ),
        pytest.param(15, {"age": 30, "when": "sleep", "pregnant": "p_ge20"}, id="pregnant at night"),
        pytest.param(15, {"age": 30, "when": "sleep", "pregnant": "p_lt20", "often": "week"}, id="pregnant, often"),
        pytest.param(
            16, {"age": 30, "when": "sleep", "pregnant": "p_ge20", "often": "week"}, id="pregnant late, often"
        ),
        pytest.param(14, {"age": 6, "when": "sleep"}, id="child of 6 at night"),
        pytest.param(
            16,
            {**NIGHT, "gate": "both", "medicines": ("diabetes_med",), "conditions": ("diabetes",)},
            id="insulin at night",
        ),
        pytest.param(7, {"age": 65, "leg_look": ("one_swollen",)}, id="sign on the leg at 65"),
        pytest.param(8, {"leg_look": ("hot_red",)}, id="sign on the leg at 34"),
        pytest.param(9, {"leg_look": ("one_swollen",), "pregnant": "post6"}, id="sign on the leg after birth"),
        pytest.param(
            10,
            {"leg_look": ("one_swollen",), "pregnant": "post6", "nerve_signs": ("mouth_hands",)},
            id="sign on the leg, tingling mouth",
        ),
        pytest.param(15, {**NIGHT, "gate": "ill", "conditions": ("kidney",)}, id="kidney disease +2"),
        pytest.param(15, {**NIGHT, "gate": "ill", "conditions": ("neck_op",)}, id="neck operation +2"),
        pytest.param(15, {"gate": "ill", "conditions": ("kidney",)}, id="kidney disease of a runner +3"),
    ],
)
def test_length_of_the_way(engine: Engine, length: int, replies: dict[str, Any]) -> None:
    assert len(go(engine, **replies).asker.asked) == length


def test_number_and_about_tell_the_place_and_end_together(engine: Engine) -> None:
    prompts = go(engine).asker.prompts
    assert [prompt.number for prompt in prompts] == list(range(1, 13))
    assert all(prompt.about >= prompt.number for prompt in prompts)
    assert prompts[-1].about == 12


def test_every_answer_is_handed_over_at_once(engine: Engine) -> None:
    run = go(engine)
    assert [list(kept) for kept in run.kept] == [RUNNER[:n] for n in range(1, 13)]


# --- what is known already


def test_known_answers_are_not_asked(engine: Engine) -> None:
    run = go(engine, known={"age": 70, "when": "sleep", "feel": "knot"})
    assert not {"age", "when", "feel"} & set(run.asker.asked)
    assert run.answers["age"] == 70
    assert "position" in run.asker.asked


def test_known_answers_that_are_complete_are_only_reviewed(engine: Engine) -> None:
    run = go(engine, known={name: HARMLESS[name] for name in RUNNER})
    assert run.asker.happened == ["review"]


def test_a_known_emergency_asks_nothing(engine: Engine) -> None:
    run = go(engine, known={"red_now": ("r_breath",)})
    assert run.asker.happened == []


def test_a_known_answer_to_a_question_that_would_not_be_asked_stays(engine: Engine) -> None:
    run = go(engine, known={"where": "above"})
    assert run.answers["where"] == "above"


# --- emergencies


@pytest.mark.parametrize(
    "sign", ["r_breath", "r_collapse", "r_face", "r_jaw", "r_ill", "r_heat", "r_coldleg", "r_hardleg", "r_saddle"]
)
def test_an_emergency_sign_ends_it_after_two_questions(engine: Engine, sign: str) -> None:
    run = go(engine, red_now=(sign,))
    assert run.asker.happened == ["age", "red_now"]
    assert open_questions(engine, run.answers) == ()


def test_an_emergency_after_an_urgent_finding_ends_it_without_a_review(engine: Engine) -> None:
    run = go(engine, leg_look=("one_swollen",), nerve_signs=("weak_fast", "speech"))
    assert run.asker.asked[-1] == "nerve_signs"
    assert "review" not in run.asker.happened


def test_a_sting_with_a_lasting_knot_becomes_an_emergency(engine: Engine) -> None:
    run = go(engine, feel="long", wound_toxin=("wt_sting",))
    assert run.asker.asked[-1] == "wound_toxin"
    assert "review" not in run.asker.happened


def test_dark_pee_with_sickle_cell_becomes_an_emergency(engine: Engine) -> None:
    run = go(engine, red_now=("r_darkpee",), conditions=("sickle",))
    assert "! dark-pee" in run.asker.happened
    assert run.asker.asked[-1] == "conditions"
    assert "review" not in run.asker.happened


# --- urgent findings


def test_an_urgent_finding_is_said_at_once_and_leaves_its_follow_ups(engine: Engine) -> None:
    run = go(engine, leg_look=("one_swollen",), pregnant="p_ge20", nerve_signs=("mouth_hands",))
    happened = run.asker.happened
    at = happened.index("leg_look")
    assert happened[at + 1] == "! one-leg-swollen"
    assert [name for name in happened[at + 1 :] if not name.startswith("!")] == [
        "clot_risk",
        "nerve_signs",
        "pregnant",
        "preg_signs",
        "wound_toxin",
        "review",
    ]
    assert {level.id for level in run.asker.levels} == {"urgent"}


def test_an_urgent_finding_is_said_once(engine: Engine) -> None:
    happened = go(engine, leg_look=("one_swollen",), nerve_signs=("mouth_hands",)).asker.happened
    said = [what for what in happened if what.startswith("!")]
    assert len(said) == len(set(said))
    assert "! tingling-mouth-and-hands" in said


def test_a_finding_that_is_not_urgent_is_not_announced(engine: Engine) -> None:
    happened = go(engine, nerve_signs=("weak_slow",)).asker.happened
    assert not [what for what in happened if what.startswith("!")]
    assert happened[-2:] == ["gate", "review"]


@pytest.mark.parametrize(
    "replies",
    [
        {"red_now": ("r_darkpee",)},
        {"feel": "long"},
        {"feel": "constant", "where": "one_leg"},
        {"sweat": "heat_ill"},
        {"sweat": "over_ill"},
    ],
)
def test_conditions_are_asked_without_gate_after_some_urgent_findings(engine: Engine, replies: dict[str, Any]) -> None:
    asked = go(engine, **replies).asker.asked
    assert asked[-1] == "conditions"
    assert "gate" not in asked
    assert "medicines" not in asked


@pytest.mark.parametrize("replies", [{"leg_look": ("one_swollen",)}, {"nerve_signs": ("weak_fast",)}])
def test_conditions_are_not_asked_after_the_other_urgent_findings(engine: Engine, replies: dict[str, Any]) -> None:
    assert "conditions" not in go(engine, **replies).asker.asked


def test_lasting_one_sided_pain_waits_for_clot_risk_and_pregnancy(engine: Engine) -> None:
    happened = go(engine, feel="constant", where="one_leg").asker.happened
    assert happened[:8] == ["age", "red_now", "when", "feel", "leg_look", "where", "clot_risk", "nerve_signs"]
    assert happened[8:10] == ["pregnant", "! lasting-one-sided-pain"]


def test_lasting_one_sided_pain_waits_only_for_questions_that_are_asked(engine: Engine) -> None:
    happened = go(engine, age=70, feel="constant", where="one_leg").asker.happened
    assert happened[6:8] == ["clot_risk", "! lasting-one-sided-pain"]
    happened = go(engine, age=10, feel="constant", where="one_leg").asker.happened
    assert happened[5:7] == ["where", "! lasting-one-sided-pain"]


def test_an_injury_without_clot_risk_is_never_announced_and_taken_back(engine: Engine) -> None:
    run = go(engine, feel="constant", where="one_leg", leg_look=("injury",))
    assert not run.asker.levels
    assert run.asker.asked[-1] == "gate"


def test_an_urgent_finding_late_in_the_interview_keeps_what_was_answered(engine: Engine) -> None:
    run = go(engine, sweat="over_ill")
    assert run.asker.happened[-3:] == ["! drank-too-much", "conditions", "review"]
    assert {"often", "when"} <= set(run.answers)


# --- later answers open earlier questions


def test_drinking_far_too_much_opens_where(engine: Engine) -> None:
    asked = go(engine, sweat="lots_over").asker.asked
    assert asked[asked.index("sweat") + 1] == "where"


def test_kidney_disease_opens_where_and_bother(engine: Engine) -> None:
    asked = go(engine, gate="ill", conditions=("kidney",)).asker.asked
    assert asked[-3:] == ["conditions", "where", "bother"]


def test_a_bone_medicine_opens_where_and_bother(engine: Engine) -> None:
    asked = go(engine, gate="med", medicines=("bone",)).asker.asked
    assert asked[-3:] == ["medicines", "where", "bother"]


@pytest.mark.parametrize(
    ("question", "replies"),
    [
        ("walk_relief", {"when": "walk"}),
        ("walk_relief", {"feel": "walk_stop"}),
        ("child_signs", {"age": 17}),
        ("position", {"when": "sleep"}),
        ("bother", {"often": "daily"}),
        ("bother", {"nerve_signs": ("numb_feet",)}),
        ("wound_toxin", {"when": "sleep", "where": "above"}),
        ("medicines", {"gate": "med"}),
        ("conditions", {"gate": "ill"}),
        ("shakes", {"gate": "ill", "conditions": ("alcohol",)}),
        ("clot_risk", {"leg_look": ("tender_one",)}),
        ("preg_signs", {"pregnant": "maybe"}),
    ],
)
def test_a_question_is_asked_when_it_applies_and_only_then(
    engine: Engine, question: str, replies: dict[str, Any]
) -> None:
    assert question in go(engine, **replies).asker.asked
    assert question not in go(engine).asker.asked


@pytest.mark.parametrize(("age", "asked"), [(12, False), (13, True), (59, True), (60, False), ("a_na", True)])
def test_pregnancy_is_asked_from_13_to_59_and_where_the_age_is_not_said(
    engine: Engine, age: int | str, asked: bool
) -> None:
    assert ("pregnant" in go(engine, age=age).asker.asked) is asked


def test_load_is_not_asked_of_those_whose_cramps_come_with_walking(engine: Engine) -> None:
    assert "load" not in go(engine, when="walk").asker.asked


# --- back


def test_an_answer_given_before_is_shown(engine: Engine, rulebase: RuleBase) -> None:
    run = go(engine, gate=[BACK, "none"])
    again = run.asker.prompts[-2]
    assert again.question.id == "load"
    assert again.chosen == ("more",)
    assert rulebase.questions["load"].option("more").means in again.remark
    assert again.number == 11


@pytest.mark.parametrize(("question", "before", "then"), [("red_now", NONE, "when"), ("feel", "knot", "leg_look")])
def test_a_harmless_answer_to_a_danger_question_is_told_but_not_chosen(
    engine: Engine, rulebase: RuleBase, question: str, before: Reply, then: str
) -> None:
    run = go(engine, **{then: [BACK, HARMLESS[then]]})
    again = [prompt for prompt in run.asker.prompts if prompt.question.id == question][1]
    assert again.chosen == ()
    assert said(rulebase, question, before) in again.remark


def test_back_twice_keeps_the_answer_between(engine: Engine) -> None:
    run = go(engine, feel=[BACK, "knot"], when=["sleep", BACK])
    assert run.asker.asked[:7] == ["age", "red_now", "when", "feel", "when", "red_now", "feel"]
    assert run.answers["when"] == "sleep"


def test_back_from_the_first_question_asks_it_again(engine: Engine) -> None:
    run = go(engine, age=[BACK, BACK, 34])
    assert run.asker.asked == ["age", "age", *RUNNER]
    assert list(run.answers) == RUNNER


def test_back_to_the_first_question_and_further(engine: Engine) -> None:
    run = go(engine, age=[34, BACK, 70], red_now=[BACK, NONE])
    assert run.asker.asked[:5] == ["age", "red_now", "age", "age", "red_now"]
    assert run.answers["age"] == 70


def test_back_and_another_answer_drops_what_no_longer_applies(engine: Engine) -> None:
    run = go(engine, gate=["ill", "none"], conditions=[("kidney",), BACK], where=[BACK])
    assert run.asker.asked[-5:] == ["gate", "conditions", "where", "conditions", "gate"]
    assert list(run.answers) == RUNNER
    assert run.kept[-1] == run.answers


def test_back_from_a_follow_up_takes_the_urgent_finding_back(engine: Engine) -> None:
    run = go(engine, leg_look=[("one_swollen",), NONE], clot_risk=[BACK])
    assert run.asker.happened[5:8] == ["! one-leg-swollen", "clot_risk", "leg_look"]
    assert run.asker.happened[8:] == [*RUNNER[5:], "review"]
    assert list(run.answers) == RUNNER


def test_an_urgent_finding_is_said_again_only_if_it_was_taken_back(engine: Engine) -> None:
    swollen = ("one_swollen",)
    run = go(engine, leg_look=swollen, clot_risk=[BACK, NONE])
    assert run.asker.happened[4:8] == ["leg_look", "! one-leg-swollen", "clot_risk", "leg_look"]
    assert run.asker.happened[8] == "clot_risk"
    run = go(engine, leg_look=[swollen, NONE, swollen], clot_risk=[BACK, NONE], nerve_signs=[BACK, NONE])
    assert run.asker.happened[7:11] == ["leg_look", "nerve_signs", "leg_look", "! one-leg-swollen"]


def test_back_all_the_way_after_a_change_in_the_review(engine: Engine) -> None:
    """Each question is gone back to once, also the one that was answered twice."""
    there_and_back: dict[str, Any] = {name: [HARMLESS[name], BACK, HARMLESS[name]] for name in RUNNER[1:]}
    there_and_back["when"] = ["exercise", "sleep", BACK, "sleep"]
    run = go(engine, changes=["when"], where=[BACK, "either"], **there_and_back)
    opened = run.asker.asked.index("where")
    assert sorted(run.asker.asked[opened + 1 : opened + 13]) == sorted(RUNNER)
    assert set(run.answers) == {*RUNNER, "where", "position"}


def test_back_reaches_known_answers_too(engine: Engine) -> None:
    run = go(engine, known={"age": 34, "red_now": NONE}, when=[BACK, "exercise"], age=40, red_now=[BACK])
    assert run.asker.asked[:4] == ["when", "red_now", "age", "when"]
    assert run.answers["age"] == 40
    assert run.asker.prompts[0].number == 3


# --- not sure


def test_not_sure_about_danger_goes_through_the_signs_one_by_one(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, NO])
    signs = [option for option in engine.rulebase.questions["red_now"].options if not option.exclusive]
    in_turn = run.asker.prompts[2 : 2 + len(signs)]
    assert [prompt.text for prompt in in_turn] == [sign.text for sign in signs]
    assert {prompt.kind for prompt in in_turn} == {"one"}
    assert {tuple(option.id for option in prompt.options) for prompt in in_turn} == {(YES, NO, NOT_SURE)}
    assert run.asker.asked[2 + len(signs)] == "when"
    assert run.answers["red_now"] == NONE


def test_still_not_sure_about_danger_is_urgent(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, *[NO] * 9, NOT_SURE])
    assert run.answers["red_now"] == UNSURE
    assert "! danger-list-not-sure" in run.asker.happened
    assert "gate" not in run.asker.asked


def test_one_by_one_a_sign_that_is_there_is_an_emergency(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, *[NO] * 6, YES, NO])
    assert run.answers["red_now"] == ("r_coldleg",)
    assert run.asker.asked[-1] == "red_now"


def test_beside_a_sign_that_is_there_an_unsure_one_counts_as_there(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, NO, NOT_SURE, *[NO] * 7, YES])
    assert run.answers["red_now"] == ("r_collapse", "r_darkpee")
    assert run.asker.asked == ["age", *["red_now"] * 11]


def test_back_one_by_one_takes_the_sign_before_back(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, NO, NOT_SURE, BACK, NO])
    assert run.answers["red_now"] == NONE
    texts = [prompt.text for prompt in run.asker.prompts]
    assert texts[5] == texts[3] != texts[2]


def test_back_before_the_first_sign_shows_the_list_again(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, BACK, NONE])
    assert run.asker.prompts[3].text == engine.rulebase.questions["red_now"].text
    assert run.answers["red_now"] == NONE


@pytest.mark.parametrize("answer", ["constant", "ache", NOT_SURE])
def test_not_sure_how_it_feels_asks_once_more(engine: Engine, rulebase: RuleBase, answer: str) -> None:
    run = go(engine, feel=[NOT_SURE, way_out(rulebase, "feel", answer)])
    assert run.answers["feel"] == answer
    extra = run.asker.prompts[4]
    assert extra.text == rulebase.questions["feel"].clarify.text
    assert extra.kind == "one"


def test_still_not_sure_how_it_feels_in_one_leg_is_urgent(engine: Engine, rulebase: RuleBase) -> None:
    unsure = [NOT_SURE, way_out(rulebase, "feel", NOT_SURE)]
    assert "! unclear-one-leg-pain" in go(engine, feel=unsure, where="one_leg").asker.happened
    assert not go(engine, feel=unsure, where="either").asker.levels


@pytest.mark.parametrize(
    "answer", [("one_swollen",), ("hot_red",), ("one_swollen", "hot_red"), NONE, UNSURE], ids="-".join
)
def test_not_sure_what_the_legs_show_asks_once_more(
    engine: Engine, rulebase: RuleBase, answer: tuple[str, ...]
) -> None:
    run = go(engine, leg_look=[UNSURE, way_out(rulebase, "leg_look", *answer)])
    assert run.answers["leg_look"] == answer
    assert run.asker.prompts[5].text == rulebase.questions["leg_look"].clarify.text
    assert bool(run.asker.levels) is (answer not in (NONE, UNSURE))


@pytest.mark.parametrize(
    "replies", [{"where": "one_leg"}, {"where": "one_old"}, {"feel": "constant"}, {"pregnant": "p_lt20"}]
)
def test_still_not_sure_what_the_legs_show_is_urgent_for_some(
    engine: Engine, rulebase: RuleBase, replies: dict[str, Any]
) -> None:
    run = go(engine, leg_look=[UNSURE, way_out(rulebase, "leg_look", NOT_SURE)], **replies)
    assert "! leg-look-not-sure" in run.asker.happened


@pytest.mark.parametrize("answer", [NONE, ("weak_fast",), ("weak_slow",), UNSURE], ids="-".join)
def test_not_sure_about_strength_asks_once_more(engine: Engine, rulebase: RuleBase, answer: tuple[str, ...]) -> None:
    run = go(engine, nerve_signs=[UNSURE, way_out(rulebase, "nerve_signs", *answer)])
    assert run.answers["nerve_signs"] == answer
    assert ("! fast-weakness" in run.asker.happened) is (answer == ("weak_fast",))


@pytest.mark.parametrize(
    ("question", "unsure", "then"),
    [("feel", NOT_SURE, "knot"), ("leg_look", UNSURE, ("bulging",)), ("nerve_signs", UNSURE, ("fingers",))],
)
def test_the_extra_question_may_lead_back_to_the_list(
    engine: Engine, rulebase: RuleBase, question: str, unsure: Reply, then: Reply
) -> None:
    for leave in (BACK, way_out(rulebase, question)):
        run = go(engine, **{question: [unsure, leave, then]})
        first, extra, again = (prompt for prompt in run.asker.prompts if prompt.question.id == question)
        assert first.text == again.text != extra.text
        assert run.answers[question] == then


@pytest.mark.parametrize(
    "question", ["when", "where", "clot_risk", "walk_relief", "child_signs", "often", "sweat", "gate", "medicines"]
)
def test_not_sure_is_an_answer_of_its_own_elsewhere(engine: Engine, question: str) -> None:
    several = engine.rulebase.questions[question].kind == "many"
    opened = {"age": 15, "leg_look": ("tender_one",), "feel": "walk_stop", "gate": "both"}
    run = go(engine, **{**opened, question: UNSURE if several else NOT_SURE})
    assert run.answers[question] == (UNSURE if several else NOT_SURE)
    assert run.asker.asked.count(question) == 1


def test_the_extra_question_has_nothing_chosen(engine: Engine, rulebase: RuleBase) -> None:
    unsure = way_out(rulebase, "leg_look", NOT_SURE)
    run = go(engine, leg_look=[("skin",), UNSURE, unsure], where=[BACK, "either"])
    extra = [prompt for prompt in run.asker.prompts if prompt.question.id == "leg_look"][2]
    assert extra.text == rulebase.questions["leg_look"].clarify.text
    assert extra.chosen == ()
    assert extra.remark == ""


def test_one_by_one_ends_at_an_emergency(engine: Engine) -> None:
    run = go(engine, red_now=[UNSURE, NO, NO, YES])
    assert run.answers["red_now"] == ("r_face",)
    assert run.asker.asked == ["age", *["red_now"] * 4]


# --- long lists, one heading at a time


def test_an_emergency_in_the_first_part_ends_it_there(engine: Engine) -> None:
    run = go(engine, split=by_heading, red_now=[("r_breath",), NONE])
    assert run.asker.asked == ["age", "red_now"]
    assert run.answers["red_now"] == ("r_breath",)


def test_an_emergency_beside_an_unsure_part_is_not_put_off(engine: Engine) -> None:
    run = go(engine, split=by_heading, red_now=[UNSURE, ("r_coldleg",)])
    assert run.asker.asked == ["age", "red_now", "red_now"]
    assert "r_coldleg" in run.answers["red_now"]


def test_an_emergency_found_sign_by_sign_beside_a_sign_ends_it(engine: Engine) -> None:
    run = go(engine, split=by_heading, red_now=[UNSURE, ("r_darkpee",), NO, YES, NO])
    assert run.asker.asked == ["age", *["red_now"] * 4]
    assert run.answers["red_now"] == ("r_collapse", "r_darkpee")


def test_a_long_list_comes_in_parts_that_are_joined(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[("injury", "tender_one"), ("skin", "bulging")])
    parts = [prompt for prompt in run.asker.prompts if prompt.question.id == "leg_look"]
    assert len(parts) == 2
    assert [option.id for option in parts[0].options[-2:]] == ["none", NOT_SURE]
    assert {option.heading for option in parts[0].options[:-2]} != {option.heading for option in parts[1].options[:-2]}
    assert "1 of 2" in parts[0].remark
    assert "2 of 2" in parts[1].remark
    assert run.answers["leg_look"] == ("tender_one", "injury", "bulging", "skin")


def test_none_beside_signs_of_another_part_vanishes(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[NONE, ("skin",)])
    assert run.answers["leg_look"] == ("skin",)


def test_none_in_all_parts_is_none(engine: Engine) -> None:
    run = go(engine, split=by_heading)
    assert run.answers["leg_look"] == run.answers["nerve_signs"] == run.answers["red_now"] == NONE
    assert len(run.asker.asked) == 15


def test_not_sure_in_a_part_without_signs_is_not_sure(engine: Engine) -> None:
    run = go(engine, split=by_heading, red_now=[NONE, UNSURE, *[NO] * 9, NOT_SURE])
    assert run.answers["red_now"] == UNSURE


def test_a_part_not_sure_beside_a_sign_is_settled_sign_by_sign(engine: Engine, rulebase: RuleBase) -> None:
    second = by_heading(rulebase.questions["leg_look"].options)[1]
    run = go(engine, split=by_heading, leg_look=[("injury",), UNSURE, *[NO] * 3, YES, NO])
    in_turn = [prompt for prompt in run.asker.prompts if prompt.question.id == "leg_look"][2:]
    assert [prompt.text for prompt in in_turn] == [sign.text for sign in second]
    assert run.answers["leg_look"] == ("injury", second[3].id)


def test_what_stays_unsure_beside_a_sign_counts_as_there(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[UNSURE, ("skin",), NOT_SURE, NO])
    assert run.answers["leg_look"] == ("one_swollen", "skin")
    assert "! one-leg-swollen" in run.asker.happened


def test_signs_named_before_count_for_an_emergency_found_sign_by_sign(engine: Engine) -> None:
    """Fast weakness and slurred speech: each alone is none, and they are on two pages here."""
    run = go(
        engine,
        split=lambda signs: (signs[:3], signs[3:]) if len(signs) == 11 else (signs,),
        nerve_signs=[("weak_fast",), UNSURE, NO, NO, NO, YES, NO],
    )
    assert run.asker.asked.count("nerve_signs") == 6
    assert run.answers["nerve_signs"] == ("weak_fast", "speech")
    assert "review" not in run.asker.happened


def test_back_from_the_second_part_shows_the_first(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[("injury",), BACK, NONE, ("skin",)])
    parts = [prompt for prompt in run.asker.prompts if prompt.question.id == "leg_look"]
    remarks = [part.remark for part in parts]
    assert remarks[0] == remarks[2] != remarks[1] == remarks[3]
    assert [part.chosen for part in parts] == [(), (), ("injury",), ()]
    assert run.answers["leg_look"] == ("skin",)


def test_back_from_the_first_part_leaves_the_question(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[BACK, NONE])
    at = run.asker.asked.index("leg_look")
    assert run.asker.asked[at : at + 3] == ["leg_look", "feel", "leg_look"]


def test_back_before_the_first_unsure_sign_shows_the_first_part(engine: Engine) -> None:
    run = go(engine, split=by_heading, leg_look=[("injury",), UNSURE, BACK, NONE, NONE])
    assert run.answers["leg_look"] == NONE


def test_an_answer_given_before_is_shown_in_its_part(engine: Engine) -> None:
    run = go(
        engine, split=by_heading, leg_look=[("injury",), ("skin",), ("injury",), ("skin",)], nerve_signs=[BACK, NONE],
        clot_risk=[NONE, BACK, NONE], where=["either", BACK, "either"],
    )  # fmt: skip
    parts = [prompt for prompt in run.asker.prompts if prompt.question.id == "leg_look"]
    assert [part.chosen for part in parts] == [(), (), ("injury",), ("skin",)]


# --- the review


def test_the_review_shows_all_answers(engine: Engine) -> None:
    run = go(engine, known={"age": 34})
    assert run.asker.reviewed == [run.answers]
    assert set(run.answers) == set(RUNNER)


@pytest.mark.parametrize("question", RUNNER)
def test_any_answer_can_be_looked_at_in_the_review_and_left_as_it_is(engine: Engine, question: str) -> None:
    run = go(engine, changes=[question], **{question: [HARMLESS[question], BACK]})
    assert run.asker.happened == [*RUNNER, "review", question, "review"]
    again = run.asker.prompts[-1]
    assert said(engine.rulebase, question, HARMLESS[question]) in again.remark
    assert again.number == RUNNER.index(question) + 1
    assert run.answers == {name: HARMLESS[name] for name in RUNNER}


@pytest.mark.parametrize(
    ("question", "changed"),
    [("age", 35), ("when", "after"), ("often", "month"), ("cold", "air"), ("load", ("nowarm",)), ("sweat", "lots_dry")],
)
def test_any_answer_can_be_changed_in_the_review(engine: Engine, question: str, changed: Reply) -> None:
    run = go(engine, changes=[question], **{question: [HARMLESS[question], changed]})
    assert run.answers[question] == changed
    assert run.asker.happened[-1] == "review"
    assert run.asker.reviewed[-1] == run.answers
    assert run.kept[-1] == run.answers


def test_a_change_in_the_review_may_open_questions(engine: Engine) -> None:
    run = go(engine, changes=["gate"], gate=["none", "med"], medicines=("diuretic",))
    assert run.asker.happened[-4:] == ["review", "gate", "medicines", "review"]
    assert run.answers["medicines"] == ("diuretic",)


def test_a_change_in_the_review_may_drop_questions(engine: Engine) -> None:
    run = go(engine, changes=["when"], when=["walk", "exercise"], walk_relief="stand")
    assert "walk_relief" in run.asker.reviewed[0]
    assert run.asker.happened[-4:] == ["review", "when", "load", "review"]
    assert "walk_relief" not in run.answers
    assert "where" not in run.answers
    assert list(open_questions(engine, run.answers)) == []


def test_answers_dropped_in_a_chain(engine: Engine) -> None:
    run = go(engine, changes=["gate"], gate=["ill", "none"], conditions=("kidney", "alcohol"), shakes="no")
    assert {"conditions", "shakes", "where", "bother"} <= set(run.asker.reviewed[0])
    assert set(run.answers) == set(RUNNER)


def test_a_change_in_the_review_to_something_urgent_asks_the_follow_ups(engine: Engine) -> None:
    run = go(engine, changes=["leg_look"], leg_look=[NONE, ("one_swollen",)])
    after = run.asker.happened[run.asker.happened.index("review") + 1 :]
    assert after == ["leg_look", "! one-leg-swollen", "clot_risk", "review"]


def test_a_change_in_the_review_to_an_emergency_ends_it(engine: Engine) -> None:
    run = go(engine, changes=["red_now"], red_now=[NONE, ("r_breath",)])
    assert run.asker.happened[-2:] == ["review", "red_now"]


def test_a_change_after_going_on_drops_the_same_answers_as_one_without_a_stop(engine: Engine) -> None:
    """Also those to follow-ups that were asked only because of an urgent finding."""
    replies: dict[str, Any] = {"feel": ["long", "knot"], "conditions": ("smoke",)}
    whole = go(engine, changes=["feel"], **replies)
    assert set(whole.answers) == set(RUNNER)
    stopped = go(engine, **replies).answers
    assert "conditions" in stopped
    assert go(engine, known=stopped, changes=["feel"], feel="knot").answers == whole.answers


def test_a_known_answer_can_be_changed_in_the_review(engine: Engine) -> None:
    run = go(engine, known={"age": 34, "when": "sleep"}, changes=["when"], when="exercise")
    assert run.answers["when"] == "exercise"
    assert "position" not in run.answers
