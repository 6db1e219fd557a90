"""Which question comes next, when the interview ends, the ways back and out of "not sure".

A scripted asker stands for the terminal: `go` answers every question as a healthy runner would, except those given by
name. An answer to a list is spread over its screens; a list of replies is used up screen by screen, the last stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from terminal import part_of

from triage.conversation.interview import (
    BACK,
    NO,
    SKIP,
    YES,
    Back,
    Interview,
    Prompt,
    Reply,
    open_questions,
    settled_flags,
)
from triage.conversation.lists import MOST_LINES
from triage.knowledge.model import AT_ONCE, NOT_SURE, Answers, Disposition, RuleBase
from triage.reasoning.assessment import assess, most_urgent
from triage.reasoning.engine import Engine
from triage.reasoning.results import FiredFlag

NONE, UNSURE = ("none",), (NOT_SURE,)

HARMLESS: dict[str, Any] = {
    **dict.fromkeys(["danger", "danger_more", "legs", "pain", "also", "also_more", "child", "health"], NONE),
    **dict.fromkeys(["health_more", "preg_signs", "clot", "meds", "meds_more"], NONE),
    "start": "me",
    "age": 34,
    "kind": ("k_sport",),
    "side": "both",
    "course": ("c_once",),
    "before": ("e_hard",),
}
RUNNER = ["start", "danger", "age", "legs", "kind", "course", "also", "health", "before"]
NIGHT: dict[str, Any] = {"age": 68, "kind": ("k_night",), "course": ("c_same", "c_week", "c_spoil")}


@dataclass
class Scripted:
    """An asker that replies from a table, and notes all that happens, in order."""

    replies: dict[str, Any]
    changes: Sequence[str] = ()  # what is picked in the review, one after the other
    leaves: Sequence[str | Back | None] = ()  # how emergencies are left, one after the other; then for good
    prompts: list[Prompt] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    emergencies: list[Answers] = field(default_factory=list)
    reviewed: list[Answers] = field(default_factory=list)
    voices: list[str] = field(default_factory=list)

    def ask(self, prompt: Prompt) -> Reply:
        self.prompts.append(prompt)
        self.happened.append(f"{prompt.question.id} {prompt.page}".strip())
        assert len(self.prompts) < 100, "it goes round in circles"
        reply = self.replies[prompt.question.id]
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return part_of(prompt, reply) if isinstance(reply, tuple) else reply

    def act(self, text: str) -> None:
        self.happened.append(f"act: {text}")

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        self.voices.append(voice)
        self.happened += [f"! {level.id} {fired.flag.id}" for fired in flags]

    def emergency(self, answers: Answers) -> str | Back | None:
        self.emergencies.append(dict(answers))
        self.happened.append("emergency")
        done = len(self.emergencies) - 1
        return self.leaves[done] if done < len(self.leaves) else None

    def review(self, answers: Answers) -> str | None:
        self.reviewed.append(dict(answers))
        self.happened.append("review")
        done = len(self.reviewed) - 1
        return self.changes[done] if done < len(self.changes) else None

    @property
    def asked(self) -> list[str]:
        """The questions put, each once however many screens follow each other."""
        ids = [prompt.question.id for prompt in self.prompts]
        return [name for at, name in enumerate(ids) if at == 0 or ids[at - 1] != name]

    def of(self, question: str) -> list[Prompt]:
        return [prompt for prompt in self.prompts if prompt.question.id == question]


@dataclass
class Run:
    asker: Scripted
    answers: Answers
    kept: list[Answers]  # what was there to be saved after each answer

    @property
    def happened(self) -> list[str]:
        return self.asker.happened


def go(
    engine: Engine,
    known: Answers | None = None,
    changes: Sequence[str] = (),
    leaves: Sequence[str | Back | None] = (),
    **replies: Any,
) -> Run:
    table = {name: list(reply) if isinstance(reply, list) else reply for name, reply in replies.items()}
    asker = Scripted({**HARMLESS, **table}, changes, leaves)
    kept: list[Answers] = []
    answers = Interview(engine, asker, known, lambda given: kept.append(dict(given))).conduct()
    return Run(asker, answers, kept)


# --- order and length


def test_a_healthy_runner_is_asked_nine_questions_danger_before_all_but_who(engine: Engine) -> None:
    run = go(engine)
    assert run.asker.asked == list(run.answers) == RUNNER
    assert run.happened[-1] == "review"
    assert len(run.asker.prompts) == 15


def test_questions_come_in_the_order_of_the_rule_base(engine: Engine) -> None:
    asked = go(engine, **NIGHT, health=("h_meds", "h_heart"), health_more=("q_bp",), meds=("m_water",)).asker.asked
    assert asked == sorted(asked, key=list(engine.rulebase.questions).index)


@pytest.mark.parametrize(
    ("length", "replies"),
    [
        pytest.param(2, {"danger": ("d_breath",)}, id="emergency"),
        pytest.param(3, {"danger": ("d_saddle",), "danger_more": ("s_numb",)}, id="emergency by a closer sign"),
        pytest.param(11, NIGHT, id="night cramps at 68"),
        pytest.param(13, {**NIGHT, "age": 29, "health": ("h_preg", "h_meds"), "health_more": ("g_ge20",),
                          "meds": ("m_minerals",)}, id="late in pregnancy"),
        pytest.param(11, {"start": "child_now", "age": 5, "kind": ("k_ache",), "pain": ("p_muscle",)}, id="child of 5"),
    ],
)  # fmt: skip
def test_length_of_the_way(engine: Engine, length: int, replies: dict[str, Any]) -> None:
    assert len(go(engine, **replies).asker.asked) == length


def random_replies(rulebase: RuleBase, random: Random) -> dict[str, Any]:
    """An answer to every question that is not the emergency it could be."""
    replies: dict[str, Any] = {"age": random.choice([random.randint(1, 95), "a_na"])}
    share = random.choice([0.05, 0.2, 0.5])
    for question in rulebase.questions.values():
        if question.kind == "many":
            picked = tuple(o.id for o in question.options if not o.exclusive and random.random() < share)
            replies[question.id] = picked or NONE
        elif question.kind == "one":
            replies[question.id] = random.choice(question.options).id
    if str(replies["start"]).startswith("child"):
        replies["age"] = random.randint(0, 17)
    elif str(replies["start"]).startswith("adult"):
        replies["age"] = random.choice([random.randint(18, 95), "a_na"])
    replies["danger"] = tuple(o for o in replies["danger"] if o in ("d_fever", "d_heat", "d_pee", "none")) or NONE
    return replies


@pytest.mark.parametrize("seed", range(4))
def test_no_interview_is_longer_and_no_screen_holds_more_than_one_may(engine: Engine, seed: int) -> None:
    """Also: none and not sure have the same keys on every screen, and no screen is empty."""
    random, rulebase = Random(seed), engine.rulebase
    for _ in range(25):
        replies = random_replies(rulebase, random)
        clarified = {q.id for q in rulebase.questions.values() if q.clarify}
        for name in clarified:
            replies[name] = tuple(o for o in replies[name] if o != NOT_SURE) or NONE
        run = go(engine, **replies)
        assert len(set(run.asker.asked)) <= rulebase.most_prompts
        for prompt in run.asker.prompts:
            assert len(prompt.lines) <= MOST_LINES
            assert prompt.kind == "number" or prompt.lines
            if prompt.kind == "many":
                assert [(o.key, o.id) for o in prompt.keys] == [("0", "none"), ("n", NOT_SURE)]


def test_number_and_about_tell_the_place_and_end_together(engine: Engine) -> None:
    prompts = go(engine).asker.prompts
    assert [p.number for p in prompts if not p.later] == list(range(1, 10))
    assert all(p.about >= p.number for p in prompts)
    assert prompts[-1].about == 9
    assert prompts[0].about > len(open_questions(engine, {}))  # some that answers may open count, too


def test_every_answer_is_handed_over_at_once(engine: Engine) -> None:
    assert [list(kept) for kept in go(engine).kept] == [RUNNER[:n] for n in range(1, 10)]


# --- who, and now


@pytest.mark.parametrize(("start", "voice"), [("me_now", "you"), ("adult_now", "they"), ("child_now", "child")])
def test_whoever_cramps_now_is_told_one_safe_thing_before_any_other_question(
    engine: Engine, start: str, voice: str
) -> None:
    age = 9 if voice == "child" else 34
    happened = go(engine, start=start, age=age).happened
    assert happened[:3] == ["start", f"act: {engine.rulebase.relief_now.action[voice]}", "danger Body"]
    assert sum(what.startswith("act") for what in happened) == 1
    assert not [what for what in go(engine, start=start.removesuffix("_now"), age=age).happened if "act" in what]


def test_a_child_is_0_to_17(engine: Engine) -> None:
    (prompt,) = go(engine, start="child", age=9).asker.of("age")
    assert prompt.limit is not None
    assert (prompt.limit.minimum, prompt.limit.maximum) == (0, 17)
    assert prompt.options == ()  # no "an adult, rather not say"
    (prompt,) = go(engine).asker.of("age")
    assert [option.key for option in prompt.options] == ["n"]


def test_another_adult_is_18_or_over(engine: Engine) -> None:
    (prompt,) = go(engine, start="adult").asker.of("age")
    assert prompt.limit is not None
    assert (prompt.limit.minimum, prompt.limit.maximum) == (18, 120)


def test_the_key_of_none_is_not_the_age_of_who_answers(engine: Engine) -> None:
    for start in ("me", "me_now"):
        (prompt,) = go(engine, start=start).asker.of("age")
        assert prompt.limit is not None
        assert (prompt.limit.minimum, prompt.limit.maximum) == (1, 120)


@pytest.mark.parametrize(
    ("stopped", "replies"),
    [
        ("legs Feel", {"legs": ("l_one",)}),
        ("danger_more", {"danger": ("d_saddle",)}),
        ("danger Legs", {"danger": ("d_saddle",), "danger_more": NONE}),  # after what the sign opened
    ],
)
def test_what_was_ticked_on_a_list_that_is_not_finished_is_known(
    engine: Engine, stopped: str, replies: dict[str, Any]
) -> None:
    class Stops(Scripted):
        def ask(self, prompt: Prompt) -> Reply:
            if f"{prompt.question.id} {prompt.page}".strip() == stopped:
                raise KeyboardInterrupt
            return super().ask(prompt)

    name = next(iter(replies))
    interview = Interview(engine, Stops({**HARMLESS, **replies}))
    with pytest.raises(KeyboardInterrupt):
        interview.conduct()
    assert name not in interview.answers
    assert interview.known[name] == replies[name]


@pytest.mark.parametrize("age", [40, "a_na"])
def test_an_age_that_no_longer_fits_is_asked_again(engine: Engine, age: int | str) -> None:
    run = go(engine, changes=["start"], start=["me", "child"], age=[age, 9])
    assert run.answers["age"] == 9
    assert len(run.asker.of("age")) == 2
    assert run.asker.of("age")[1].limit is not None
    assert go(engine, changes=["start"], start=["me", "child"], age=9).answers["age"] == 9


# --- what is known already


def test_known_answers_are_not_asked(engine: Engine) -> None:
    run = go(engine, known={"age": 70, "kind": ("k_night",)})
    assert not {"age", "kind"} & set(run.asker.asked)
    assert run.answers["age"] == 70
    assert "meds" in run.asker.asked


def test_known_answers_that_are_complete_are_only_reviewed(engine: Engine) -> None:
    assert go(engine, known={name: HARMLESS[name] for name in RUNNER}).happened == ["review"]


def test_a_known_emergency_is_said_and_locks_nobody_in(engine: Engine) -> None:
    known = {"start": "me", "danger": ("d_breath",)}
    assert go(engine, known=known).happened == ["emergency"]
    run = go(engine, known=known, leaves=[BACK])
    assert run.happened[:2] == ["emergency", "danger Body"]
    assert run.asker.prompts[0].chosen == ("d_breath",)
    assert run.answers["danger"] == NONE
    assert run.happened[-1] == "review"


# --- emergencies


def test_every_emergency_sign_ends_it_on_its_screen(engine: Engine) -> None:
    rulebase, seen = engine.rulebase, 0
    for option in rulebase.questions["danger"].options:
        flags = settled_flags(engine, {"danger": (option.id,)})
        if most_urgent(rulebase, (fired.flag for fired in flags)).stops == AT_ONCE:
            seen += 1
            ways = {"Body": ["start", "danger Body"], "Legs": ["start", "danger Body", "danger Legs"]}
            assert go(engine, danger=(option.id,)).happened == [*ways[option.page], "emergency"]
    assert seen >= 8


def test_nothing_of_an_emergency_is_kept_before_the_person_leaves(engine: Engine) -> None:
    run = go(engine, danger=[("d_breath",), ("d_chest",), NONE], leaves=[BACK, BACK])
    assert run.happened[:5] == ["start", "danger Body", "emergency", "danger Body", "emergency"]
    assert not [kept for kept in run.kept if set(kept.get("danger", ())) & {"d_breath", "d_chest"}]
    run = go(engine, danger=("d_breath",))
    assert run.kept[-1] == run.answers == run.asker.emergencies[-1]


def test_going_back_shows_the_list_with_its_ticks(engine: Engine) -> None:
    run = go(engine, danger=[NONE, ("d_cold", "d_weak"), NONE], leaves=[BACK])
    again = run.asker.of("danger")[2:]
    assert [p.page for p in again] == ["Body", "Legs"]
    assert again[1].chosen == ("d_cold", "d_weak")
    assert run.answers["danger"] == NONE


def test_an_emergency_after_an_urgent_finding_ends_it_without_a_review(engine: Engine) -> None:
    run = go(engine, danger=("d_pee",), health=("h_sickle",))
    assert run.asker.asked[-1] == "health"
    assert run.happened[-1] == "emergency"


# --- what a sign opens at once


def test_a_sign_of_the_first_screen_is_followed_up_before_the_second(engine: Engine) -> None:
    run = go(engine, danger=("d_saddle",), danger_more=("s_numb",))
    assert run.happened == ["start", "danger Body", "danger_more", "emergency"]
    run = go(engine, danger=[("d_fever",), ("d_weak",)], danger_more=[("f_mild",), ("w_gave",)])
    assert run.happened[1:5] == ["danger Body", "danger_more", "danger Legs", "danger_more"]
    first, second = run.asker.of("danger_more")
    assert {o.id for o in first.lines} == {"f_ill", "f_mild"}
    assert {o.id for o in second.lines} & {"f_ill", "f_mild"} == set()
    assert run.answers["danger_more"] == ("f_mild", "w_gave")


def test_an_emergency_on_a_later_screen_keeps_what_a_sign_opened_before(engine: Engine) -> None:
    run = go(engine, danger=[("d_fever",), ("d_weak",)], danger_more=[("f_mild",), ("w_swallow",)])
    assert run.happened[-1] == "emergency"
    assert run.answers["danger_more"] == ("f_mild", "w_swallow")


def test_back_from_what_a_sign_opens_shows_the_screen_of_the_sign(engine: Engine) -> None:
    run = go(engine, danger=[("d_saddle",), NONE, NONE], danger_more=[BACK])
    assert run.happened[1:5] == ["danger Body", "danger_more", "danger Body", "danger Legs"]
    assert run.asker.of("danger")[1].chosen == ("d_saddle",)
    assert run.answers["danger"] == NONE


# --- urgent findings


def test_an_urgent_finding_is_said_once_and_leaves_its_follow_ups(engine: Engine) -> None:
    run = go(engine, start="adult", danger=("d_pee",))
    at = run.happened.index("danger Legs")
    assert run.happened[at + 1].startswith("! urgent")
    assert sum(what.startswith("!") for what in run.happened) == 1
    assert run.asker.voices == ["they"]
    assert {"before", "kind", "course"}.isdisjoint(run.asker.asked)
    assert {"legs", "also", "health"} <= set(run.asker.asked)
    assert run.happened[-1] == "review"


def test_a_finding_waits_for_what_may_take_it_back(engine: Engine) -> None:
    """A swollen leg is urgent, unless it has been so for months: nothing is said and then taken back."""
    old = go(engine, legs=("l_one",), pain=("p_old",), side="left", kind=("k_ache",))
    new = go(engine, legs=("l_one",), pain=("p_new",), side="left", kind=("k_ache",))
    assert "! urgent one-leg-swollen" in new.happened[new.happened.index("pain") :]
    assert "! urgent one-leg-swollen" not in old.happened


def test_a_finding_that_is_not_urgent_is_not_announced(engine: Engine) -> None:
    run = go(engine, also=("a_weak",), also_more=("n_stairs",))
    assert assess(engine, run.answers).disposition.id == "soon"
    assert not [what for what in run.happened if what.startswith("!")]


# --- back


def test_back_shows_the_question_before_with_its_answer(engine: Engine) -> None:
    run = go(engine, legs=[BACK, NONE], age=[34, 35])
    assert run.asker.asked[2:5] == ["age", "legs", "age"]
    assert "34" in run.asker.of("age")[1].remark
    assert run.answers["age"] == 35
    run = go(engine, course=[BACK, ("c_once",)])
    assert run.asker.of("kind")[2].chosen == ("k_sport",)
    assert run.asker.of("kind")[2].remark == ""


def test_a_harmless_answer_to_danger_is_told_and_not_ticked(engine: Engine) -> None:
    again = go(engine, age=[BACK, 34]).asker.of("danger")[2]
    assert again.chosen == ()
    assert engine.rulebase.questions["danger"].option("none").means in again.remark


def test_back_at_the_first_question_shows_it_again(engine: Engine) -> None:
    assert go(engine, start=[BACK, BACK, "me"]).asker.asked[:2] == ["start", "danger"]


def test_back_twice_is_two_questions_back(engine: Engine) -> None:
    assert go(engine, legs=[BACK, NONE], age=[34, BACK, 34]).asker.asked[2:7] == [
        "age", "legs", "age", "danger", "legs",
    ]  # fmt: skip


def test_a_new_answer_drops_what_no_longer_applies_or_offers_a_new_line(engine: Engine) -> None:
    run = go(engine, changes=["kind"], kind=[("k_night",), NONE, ("k_sport",)])
    assert "side" in run.asker.reviewed[0]
    assert "side" not in run.answers
    run = go(engine, changes=["age"], age=[70, 30], kind=("k_night",))
    assert len(run.asker.of("health")) == 4  # pregnancy is a line of it now


# --- lists on several screens


def test_a_list_comes_on_its_screens_and_is_joined(engine: Engine) -> None:
    run = go(engine, course=[("c_same",), ("c_worse",)])
    first, second = run.asker.of("course")
    assert run.answers["course"] == ("c_same", "c_worse")
    assert (first.later, second.later) == (False, True)
    assert (first.earlier, second.earlier) == ((), ("c_same",))
    assert not {o.id for o in first.lines} & {o.id for o in second.lines}


def test_none_is_none_only_if_every_screen_said_so(engine: Engine) -> None:
    assert go(engine, legs=[NONE, NONE]).answers["legs"] == NONE
    assert go(engine, legs=[NONE, ("l_hang",)]).answers["legs"] == ("l_hang",)
    assert go(engine, course=[NONE, UNSURE]).answers["course"] == UNSURE
    assert go(engine, course=[("c_once", NOT_SURE), NONE]).answers["course"] == ("c_once", NOT_SURE)


def test_back_from_the_second_screen_shows_the_first_with_its_ticks(engine: Engine) -> None:
    run = go(engine, course=[("c_once",), BACK, ("c_days",), NONE])
    screens = run.asker.of("course")
    assert [p.page for p in screens] == ["Since", "How often", "Since", "How often"]
    assert screens[2].chosen == ("c_once",)
    assert run.answers["course"] == ("c_days",)


def test_a_second_screen_opens_only_where_there_is_something_to_ask(engine: Engine) -> None:
    assert [p.page for p in go(engine, **NIGHT).asker.of("meds")] == ["Medicines"]
    run = go(engine, **NIGHT, meds=[("m_water",), ("m_change",)], meds_more=("z_stop",))
    assert [p.page for p in run.asker.of("meds")] == ["Medicines", "More"]
    assert run.answers["meds"] == ("m_water", "m_change")


def test_a_long_list_without_pages_is_cut_into_equal_ones(engine: Engine) -> None:
    run = go(engine, health=("h_preg", "h_organ", "h_heart", "h_habit"), health_more=("g_lt20", "q_bp"))
    sizes = [len(p.lines) for p in run.asker.of("health_more")]
    assert len(sizes) >= 2
    assert max(sizes) - min(sizes) <= 1
    assert run.answers["health_more"] == ("g_lt20", "q_bp")


# --- not sure


def test_not_sure_of_danger_opens_all_details_and_keeps_what_is_ticked(engine: Engine) -> None:
    run = go(engine, danger=[NONE, ("d_weak", NOT_SURE), ("d_weak",)], danger_more=("w_gave",))
    _, legs, again = run.asker.of("danger")
    assert (legs.opened, again.opened) == (False, True)
    assert again.options == legs.options
    assert again.chosen == ("d_weak",)
    assert run.answers["danger"] == ("d_weak",)


def test_still_not_sure_of_danger_is_urgent(engine: Engine) -> None:
    run = go(engine, danger=UNSURE)
    assert run.answers["danger"] == UNSURE
    assert [p.opened for p in run.asker.of("danger")] == [False, True, False, True]
    assert [what for what in run.happened if what.startswith("! urgent")]


def test_an_emergency_beside_not_sure_is_not_put_off(engine: Engine) -> None:
    assert go(engine, danger=("d_breath", NOT_SURE)).happened == ["start", "danger Body", "emergency"]
    assert go(engine, danger=[NONE, ("d_cold", NOT_SURE)]).happened[-2:] == ["danger Legs", "emergency"]


def test_not_sure_which_is_asked_line_by_line(engine: Engine) -> None:
    run = go(engine, danger=("d_fever",), danger_more=[UNSURE, NO, YES])
    one, two, three = run.asker.of("danger_more")
    assert [option.text for option in one.lines] == [two.text, three.text]
    assert [(o.id, o.key) for o in two.options] == [(YES, ""), (NO, ""), (NOT_SURE, "n")]
    assert run.answers["danger_more"] == ("f_mild",)
    run = go(engine, danger=("d_fever",), danger_more=[UNSURE, NOT_SURE, BACK, NO, NO])
    assert run.answers["danger_more"] == NONE
    assert go(engine, danger=("d_fever",), danger_more=[UNSURE, YES]).happened[-1] == "emergency"
    assert go(engine, danger=("d_fever",), danger_more=[UNSURE, NO, NOT_SURE]).answers["danger_more"] == UNSURE


def way_out(rulebase: RuleBase, question: str, *answer: str) -> str:
    """The reply to the extra question after "not sure" that gives this answer; none: the list again."""
    ways = rulebase.questions[question].clarify.options
    return str(next(n for n, way in enumerate(ways) if way.answer == answer and not way.go_to))


@pytest.mark.parametrize("answer", [("l_one",), ("l_hot",), ("l_one", "l_hot"), NONE, UNSURE], ids="-".join)
def test_not_sure_what_the_legs_show_asks_once_more(
    engine: Engine, rulebase: RuleBase, answer: tuple[str, ...]
) -> None:
    run = go(engine, legs=[NONE, UNSURE, way_out(rulebase, "legs", *answer)], pain=NONE)
    assert run.answers["legs"] == answer
    extra = run.asker.of("legs")[2]
    assert extra.text == rulebase.questions["legs"].clarify.text
    assert [o.key for o in extra.keys] == ["n"]
    assert extra.chosen == ()


def test_the_extra_question_may_lead_back_to_the_list_or_to_another(engine: Engine, rulebase: RuleBase) -> None:
    for leave in (BACK, way_out(rulebase, "legs")):
        run = go(engine, legs=[NONE, UNSURE, leave, NONE, ("l_hang",)])
        assert [p.page for p in run.asker.of("legs") if p.kind == "many"] == ["Look", "Feel", "Look", "Feel"]
        assert run.answers["legs"] == ("l_hang",)
    ways = rulebase.questions["also"].clarify.options
    elsewhere = next(str(n) for n, way in enumerate(ways) if way.go_to == "danger")
    run = go(engine, also=[UNSURE, NONE, elsewhere, NONE], danger=[NONE, NONE, NONE, ("d_weak",)], danger_more=NONE)
    assert run.answers["danger"] == ("d_weak",)


@pytest.mark.parametrize("question", ["course", "health", "before", "side", "clot", "meds"])
def test_not_sure_is_an_answer_of_its_own_elsewhere(engine: Engine, question: str) -> None:
    unsure: Any = NOT_SURE if question == "side" else UNSURE
    run = go(engine, **{**NIGHT, "side": "left", "course": ("c_days",), question: unsure})
    assert run.answers[question] == unsure
    assert all(p.text == engine.rulebase.questions[question].text for p in run.asker.of(question))


# --- the review


@pytest.mark.parametrize("question", RUNNER)
def test_any_answer_can_be_looked_at_in_the_review_and_left_as_it_is(engine: Engine, question: str) -> None:
    run = go(engine, known={name: HARMLESS[name] for name in RUNNER}, changes=[question], **{question: BACK})
    assert [what.split()[0] for what in run.happened] == ["review", question, "review"]
    assert run.answers == {name: HARMLESS[name] for name in RUNNER}


def test_a_change_in_the_review_is_handed_over_and_may_open_questions(engine: Engine) -> None:
    run = go(engine, changes=["health"], health=[NONE, NONE, ("h_meds",), NONE], meds=("m_inhaler",))
    assert run.answers["meds"] == ("m_inhaler",)
    assert run.kept[-1] == run.answers == run.asker.reviewed[-1]
    assert list(open_questions(engine, run.answers)) == []


def test_a_change_in_the_review_to_an_emergency_ends_it(engine: Engine) -> None:
    run = go(engine, changes=["danger"], danger=[NONE, NONE, ("d_breath",)])
    assert run.happened[-3:] == ["review", "danger Body", "emergency"]


def test_a_change_after_going_on_drops_the_same_answers_as_one_without_a_stop(engine: Engine) -> None:
    """Also those to follow-ups that were asked only because of an urgent finding."""
    replies: dict[str, Any] = {"kind": [("k_stuck",), NONE, ("k_sport",), NONE], "pain": NONE}
    whole = go(engine, changes=["kind"], **replies)
    stopped = go(engine, kind=("k_stuck",), pain=NONE).answers
    again = go(engine, known=stopped, changes=["kind"])
    assert again.answers == whole.answers
    assert set(again.answers) == set(RUNNER)


def test_what_is_answered_after_the_result_changes_no_question_before_it(
    engine: Engine, rulebase: RuleBase, answer_sets: list[Answers]
) -> None:
    after = {q.id: (NOT_SURE,) if q.kind == "many" else NOT_SURE for q in rulebase.questions.values() if q.after}
    before = [{name: answer for name, answer in answers.items() if name not in after} for answers in answer_sets]
    assert sum(len(answers) == rulebase.most_prompts - 1 for answers in before) > 10
    assert all(open_questions(engine, answers) == open_questions(engine, answers | after) for answers in before)


class Stopping(Scripted):
    """Stops at a question that it has no reply to."""

    def ask(self, prompt: Prompt) -> Reply:
        if prompt.question.id not in self.replies:
            raise KeyboardInterrupt
        return super().ask(prompt)


def test_after_the_result_each_question_can_be_skipped_gone_back_from_and_left(engine: Engine) -> None:
    known = {name: HARMLESS[name] for name in RUNNER}
    asker = Stopping({"muscle": [SKIP, "mu_calf"], "tried": [BACK, ("tr_stretch",)], "helped": ("none",)})
    answers = Interview(engine, asker, known).ask_after()
    assert asker.asked == ["muscle", "tried", "muscle", "tried", "helped"]
    assert answers == {**known, "muscle": "mu_calf", "tried": ("tr_stretch",), "helped": ("none",)}
    assert Interview(engine, Stopping({"muscle": BACK}), known).ask_after() == known
