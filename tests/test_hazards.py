"""The hazard log: what it names exists and shows what it says. `check --prove` decides it over all answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from remembering import Remembering
from stories import FOLDER, SCENARIOS, name_of

from triage.conversation.interview import open_questions
from triage.conversation.scenarios import Outcome, run_scenario
from triage.knowledge.conditions import EVERYBODY, Cell, Condition
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import EVERYDAY, NOT_SURE, Answer, Answers, Hazard, Question, RedFlag, RuleBase
from triage.knowledge.rulebase import load
from triage.output.view import places
from triage.proof.formulas import Space, all_of, any_of, negated
from triage.proof.hazards import forbidden_words
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.projection import cases, domain_of, projection
from triage.reasoning.results import Assessment

ROOT = Path(__file__).parents[1]
STORIES = Path(__file__).parent / "data" / "stories.json"

# By id, so that none is lost without being noticed.
WANTED = """
    missed-clot-in-leg missed-clot-in-a-swollen-leg old-swelling-of-one-leg-waits clot-with-old-swelling-and-risk
    clot-comes-back old-clot-and-same-cramps-wait clot-taken-for-a-strain explained-soreness-waits
    clot-behind-an-explanation new-pain-beside-old-cramps missed-clot-minor-risk missed-clot-weight-or-family
    old-one-leg-pain-with-risk-waits new-one-leg-knots-with-risk-wait both-legs-clot-cancer-operation
    clot-after-an-injury missed-clot-in-pregnancy missed-clot-after-birth-7-12 sore-calves-in-pregnancy-wait
    missed-clot-in-lung racing-heart-waits missed-acute-limb-ischaemia new-walking-pain-waits
    new-walking-pain-of-both-legs-waits new-pain-eased-by-sitting-waits missed-critical-limb-ischaemia
    diabetic-foot-any-sore foot-sore-or-rest-pain-waits narrow-artery-waits known-walking-pain-waits
    missed-compartment-syndrome swollen-ankles-wait old-swelling-of-both-legs-waits long-cramp-waits
    missed-torn-muscle missed-rhabdomyolysis missed-swollen-muscles rhabdomyolysis-with-collapse
    missed-sickle-cell-in-effort sickle-cell-pushes-on passed-signs-are-forgotten missed-statin-muscle-damage
    statin-soreness-put-down-to-sport missed-tetanus local-tetanus bite-or-poison-not-told wound-or-poison-not-told
    treated-wound-waits missed-venom poison-with-signs missed-cauda-equina incomplete-cauda-equina
    missed-cancer-in-spine missed-spine-infection missed-climbing-weakness weakness-reaches-breathing
    motor-neurone-disease-waits missed-low-calcium low-calcium-with-kidney-disease cramps-in-dialysis-wait
    calcium-after-neck-op denosumab-with-kidney severe-low-calcium salt-loss-by-the-gut laxatives-with-risk-wait
    missed-purge-potassium known-illness-waits known-illness-unchanged-waits dialysis-session-missed
    potassium-with-kidney-disease serotonin-nms-lithium low-sodium-on-water-tablet carbon-monoxide
    missed-heat-stroke heat-exhaustion-goes-on heart-illness-in-the-heat over-drinking low-sugar-taken-for-a-cramp
    low-sugar-at-night-waits missed-serious-infection fever-in-cancer-treatment fever-with-leg-pain-waits
    missed-skin-infection missed-stroke missed-collapse-or-fit alcohol-withdrawal alcohol-stopped-lately
    missed-sick-child child-joint child-lasting-pain-waits bone-pain-to-24 bone-pain-after-effort-waits
    hip-in-the-teens child-pain-waits small-child-waits growing-pains-never-seen missed-child-diabetes
    missed-new-diabetes thirst-or-weight-loss-waits missed-pre-eclampsia massage-of-a-clot rubbing-before-looking
    rubbing-not-asked rubbing-where-a-clot-is-likelier firm-pressing heat-on-numb-skin
    heat-with-diabetes-or-poor-blood-flow heat-not-warned-of ice-on-numb-skin compression-on-a-bad-artery
    stretching-a-torn-muscle stretching-a-possible-clot quinine-or-tonic-water mineral-pills-with-kidney-disease
    salt-where-it-harms ibuprofen-where-it-harms hopping force-on-the-ankle diving-under pressing-behind-the-knee
    raising-a-cold-leg raising-a-leg-with-a-narrow-artery drinking-ahead-of-thirst more-drink-after-too-much
    drinking-with-heart-or-kidney-disease less-alcohol-too-fast stopping-a-needed-medicine fall-on-a-weak-leg
    walking-on-a-bad-leg lying-flat-late-in-pregnancy not-sure-taken-as-no unclear-leg-taken-as-no unclear-leg-waits
    not-sure-left-to-self-care rival-ticked lowering-by-silence more-than-one-level further-tick-lowers
    claims-not-said unanswered-taken-as-no false-reassurance emergency-drowned unreadable-or-cut-off-text
    enter-alone-reassures urgent-finding-lost stale-answer-file broken-or-swapped-rules
"""

HAZARDS = list(load().hazards.values())


@pytest.fixture(scope="module")
def outcomes(engine: Engine) -> dict[str, Outcome]:
    """Every scenario, run once, by its name."""
    quick = Remembering(engine)
    return {name_of(path): run_scenario(quick, path) for path in SCENARIOS}


# --- the log of this rule base

# Hazards whose answers only a file can hold: an interview ends at the first of them.
NO_INTERVIEW = {"severe-low-calcium"}


def test_no_hazard_is_lost() -> None:
    assert {hazard.id for hazard in HAZARDS} >= set(WANTED.split())


def test_every_hazard_says_why_and_is_seen_to() -> None:
    for hazard in HAZARDS:
        assert hazard.because, hazard.id
        assert hazard.effect, hazard.id
        assert hazard.controls or hazard.words or hazard.tests, hazard.id


def test_every_hazard_is_told_by_a_scenario_and_none_breaks_one(outcomes: dict[str, Outcome], engine: Engine) -> None:
    """Of those that are stated for some answers; the proof decides the same over all answers."""
    lies_in: dict[str, int] = {}
    broken = []
    for name, outcome in outcomes.items():
        facts = as_facts(outcome.file.answers, engine.rulebase.bands)
        for hazard in HAZARDS:
            if hazard.condition.holds(facts):
                lies_in[hazard.id] = lies_in.get(hazard.id, 0) + 1
                broken += [(hazard.id, name, what) for what in broken_by(hazard, outcome.assessment, engine.rulebase)]
    assert broken == []
    assert {h.id for h in HAZARDS if h.condition != EVERYBODY and h.id not in lies_in} == NO_INTERVIEW


def broken_by(hazard: Hazard, assessment: Assessment, rulebase: RuleBase) -> Iterator[str]:
    """What the hazard asks for and a result does not keep."""
    level = assessment.disposition
    if hazard.least and level.rank > rulebase.dispositions[hazard.least].rank:
        yield level.id
    given = {a.id: a for a in (*assessment.relief, *assessment.prevention, *assessment.do_not)}
    for advice in given.values():
        if advice.id in hazard.never or set(advice.harm) & set(hazard.harm):
            yield advice.id
    for name in hazard.told:
        if rulebase.advice[name].kind in level.shows and name not in given:
            yield name


def test_what_a_hazard_asks_for_would_be_missed(outcomes: dict[str, Outcome], engine: Engine) -> None:
    """The check of scenarios above can fail: a calm result breaks most hazards that ask for something."""
    calm = outcomes["self-care/runner-hot-race"].assessment
    asked = [hazard for hazard in HAZARDS if hazard.least or hazard.told]
    broken = [hazard.id for hazard in asked if list(broken_by(hazard, calm, engine.rulebase))]
    assert len(broken) > len(asked) * 0.9
    [strenuous] = [hazard for hazard in HAZARDS if hazard.id == "walking-on-a-bad-leg"]
    walking = [o.assessment for o in outcomes.values() if "walk-it-off" in {a.id for a in o.assessment.relief}]
    assert walking
    assert all("walk-it-off" in set(broken_by(strenuous, one, engine.rulebase)) for one in walking)


def test_the_tests_that_a_hazard_names_exist() -> None:
    named = {name for hazard in HAZARDS for name in hazard.tests}
    missing = []
    for name in sorted(named):
        path, _, function = name.partition("::")
        if not re.search(rf"^def {function}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE):
            missing.append(name)
    assert len(named) > 20
    assert missing == []


def test_nothing_is_named_twice_in_a_hazard() -> None:
    for hazard in HAZARDS:
        for names in (hazard.tests, hazard.controls, hazard.never, hazard.told, hazard.words):
            assert len(set(names)) == len(names), hazard.id


def test_no_everyday_cause_is_named_beside_something_urgent(engine: Engine, answer_sets: list[Answers]) -> None:
    urgent = engine.rulebase.dispositions["urgent"].rank
    found = [assess(engine, answers) for answers in answer_sets[:400]]
    pressing = [assessment for assessment in found if assessment.disposition.rank <= urgent]
    assert len(pressing) > 100
    assert not any(ranked.cause.group == EVERYDAY for a in pressing for ranked in a.causes)


# --- ticks that lower


def test_no_exception_holds_on_silence_or_doubt(rulebase: RuleBase) -> None:
    assert [flag.id for flag in rulebase.red_flags.values() if on_silence_or_doubt(rulebase, flag)] == []
    assert sum(len(flag.condition.unless) for flag in rulebase.red_flags.values()) > 30


@pytest.mark.parametrize(
    "row",
    [
        (Cell("course", frozenset(["c_worse"]), "none_of"),),
        (Cell("course", frozenset(["c_same", NOT_SURE])),),
        (Cell("side", frozenset(["both", NOT_SURE])), Cell("course", frozenset(["c_same"]))),
    ],
)
def test_an_exception_that_holds_on_doubt_is_noticed(rulebase: RuleBase, row: tuple[Cell, ...]) -> None:
    flag = rulebase.red_flags["one-leg-old-clot"]
    assert on_silence_or_doubt(rulebase, replace(flag, condition=Condition(flag.condition.when, (row,))))


def on_silence_or_doubt(rulebase: RuleBase, flag: RedFlag) -> bool:
    """Whether an exception holds in a case in which a name that it reads is not answered, or only "not sure"."""
    domain = domain_of(rulebase)
    for row in flag.condition.unless:
        for facts in cases(projection([row], domain)):
            told = {name: facts.get(name, frozenset()) - {NOT_SURE} for name in {cell.name for cell in row}}
            doubt = {name: frozenset([NOT_SURE]) for name, options in told.items() if not options}
            for unsure in ({}, doubt):
                if all(cell.holds({**facts, **unsure}) for cell in row) and not all(told.values()):
                    return True
    return False


def test_a_lowering_tick_beside_its_rival_lowers_nothing(rulebase: RuleBase) -> None:
    groups = [(q.id, calm, rival) for q in rulebase.questions.values() for calm, *rest in q.rivals for rival in rest]
    assert len(groups) > 20
    assert lowered_beside_a_rival(rulebase, rulebase.questions.values()) == []


def test_a_tick_that_lowers_beside_its_rival_is_noticed(rulebase: RuleBase) -> None:
    flag = rulebase.red_flags["one-leg-old-clot"]
    [row] = flag.condition.unless
    kept = tuple(cell for cell in row if not (cell.name == "course" and cell.absent))
    assert len(kept) == len(row) - 1
    barred = replace(flag, condition=Condition(flag.condition.when, (kept,)))
    broken = replace(rulebase, red_flags={**rulebase.red_flags, flag.id: barred})
    found = lowered_beside_a_rival(broken, [rulebase.questions["course"]])
    assert {(question, calm) for question, calm, _, _ in found} == {("course", "c_same")}


def lowered_beside_a_rival(rulebase: RuleBase, questions: Iterable[Question]) -> list[tuple[str, str, str, str]]:
    """Question, calming option, rival and level, where over all answers the calming tick can cost the level."""
    space, found = Space(rulebase), []
    for question in questions:
        both, alone = space.answers[question.id], space.answer_to(question)
        flags = space.flags_on({**space.answers, question.id: alone})
        lost = {
            level.id: all_of([space.reached(level.rank, flags), negated(space.reached(level.rank, space.flags))])
            for level in rulebase.ladder[:-1]
        }
        for calm, *rivals in question.rivals:
            same = space.name(all_of(alone[option] == both[option] for option in both if option != calm))
            for rival in rivals:
                ticked = both[calm], both[rival], negated(alone[calm]), same
                if space.possible(*ticked, any_of(lost.values())):
                    levels = [level for level, is_lost in lost.items() if space.possible(*ticked, is_lost)]
                    found += ((question.id, calm, rival, level) for level in levels)
    return found


# --- the made-up patients of the clinical review, with what version 1 said of them

# Ordinary ones that come out one level above what was wanted: no tick lowers them, as in version 1.
ACCEPTED = {"O44": "hand cramps, not checked by a doctor", "O64": "a statin and a new medicine"}


class Story:
    """What version 1 said (`before`), and what a reasonable clinician would accept (`expected`)."""

    def __init__(self, before: str, expected: list[str]) -> None:
        self.before, self.expected = before, expected


@cache
def stories() -> Mapping[str, Story]:
    return {name: Story(**story) for name, story in json.loads(STORIES.read_text("utf-8")).items()}


@pytest.fixture(scope="module")
def levels(outcomes: dict[str, Outcome]) -> dict[str, str]:
    """What is said of each story now."""
    return {name: outcomes[f"stories/{name}"].assessment.disposition.id for name in stories()}


def test_every_story_is_a_scenario() -> None:
    assert len(stories()) == 137
    assert {name_of(path) for path in (FOLDER / "stories").iterdir()} == {f"stories/{name}" for name in stories()}


def test_no_tick_lowers_by_more_than_one_level(levels: dict[str, str], rulebase: RuleBase) -> None:
    assert fallen(levels, rulebase) == set()
    for name, story in stories().items():  # two levels lower is noticed, in every story
        if rulebase.dispositions[story.before].rank + 2 < len(rulebase.ladder):
            lower = rulebase.ladder[rulebase.dispositions[story.before].rank + 2].id
            assert name in fallen({**levels, name: lower}, rulebase)


def fallen(levels: Mapping[str, str], rulebase: RuleBase) -> set[str]:
    """The stories that are now more than one level below version 1."""
    rank = {level.id: level.rank for level in rulebase.ladder}
    return {name for name, story in stories().items() if rank[levels[name]] > rank[story.before] + 1}


def test_every_story_is_within_what_a_clinician_would_accept(levels: dict[str, str], rulebase: RuleBase) -> None:
    rank = {level.id: level.rank for level in rulebase.ladder}
    outside = {name for name, story in stories().items() if levels[name] not in story.expected}
    assert outside == set(ACCEPTED)
    assert all(rank[levels[name]] == min(rank[one] for one in stories()[name].expected) - 1 for name in ACCEPTED)


# --- a child's joint

CLOT = re.compile(r"\bclots?\b", re.IGNORECASE)
PAINS, SIDES, LEGS = (
    ("k_stays", "k_ache", "k_walk", "k_night"),
    ("left", "both", NOT_SURE),
    ("none", "l_sore", "l_hurt"),
)


def test_a_childs_joint_goes_to_the_emergency_department_without_a_word_of_clots(engine: Engine) -> None:
    """From 13 on a clot may be named as well, but never alone."""
    rulebase, quick = engine.rulebase, Remembering(engine)
    signs: tuple[dict[str, Answer], ...] = (
        {"child": ("ch_joint",)},
        {"danger": ("d_fever",), "danger_more": ("f_mild",)},
    )
    seen = 0
    for age, sign, kind, side, legs in product((1, 6, 12, 13, 17), signs, PAINS, SIDES, LEGS):
        wanted = {"start": "child", "age": age, "kind": (kind,), "side": side, "legs": (legs,), "pain": ("p_stay",)}
        found = assess(quick, child(quick, {**wanted, **sign}))
        said = list(told(found))
        assert found.disposition.id == "urgent"
        assert rulebase.places["ed"] == places(rulebase, found.red_flags)[0]
        assert "child-joint-or-fever" in {fired.flag.id for fired in found.red_flags}
        assert any("joint" in text for text in said)
        assert age >= 13 or not [text for text in said if CLOT.search(text)], found.answers
        seen += any(CLOT.search(text) for text in said)
    assert seen, "adults' rules are told to some of them, so that the test can fail"


def child(engine: Engine, wanted: Mapping[str, Answer]) -> Answers:
    """What an interview hears of a child: what is wanted, as far as it is asked, and else none."""
    given: dict[str, Answer] = {}
    while left := open_questions(engine, given):
        question = left[0]
        given[question.id] = offered(question, wanted.get(question.id, ("none",)), given, engine.rulebase)
    return given


def offered(question: Question, answer: Answer, given: Answers, rulebase: RuleBase) -> Answer:
    """An answer without lines that are not shown."""
    if not isinstance(answer, tuple):
        return answer
    shown = {option.id for option in question.shown(as_facts(given, rulebase.bands))}
    return tuple(option for option in answer if option in shown) or ("none",)


def told(found: Assessment) -> Iterator[str]:
    """What the result says of the level and what to look for, without what is left out and why."""
    for fired in found.red_flags:
        yield from (fired.flag.title, fired.flag.because, *fired.flag.notes)
    for entry in (*(f.cause for f in found.needs_checking), *found.checks, *found.notes, *found.relief, *found.do_not):
        yield from (entry.title, entry.because)


# --- words that must not be said

BAD_ADVICE = {
    "massage-of-a-clot": "Knead the calf.",
    "firm-pressing": "Press it hard with your thumb.",
    "heat-with-diabetes-or-poor-blood-flow": "Take a hot bath.",
    "compression-on-a-bad-artery": "Wear tight stockings at night.",
    "quinine-or-tonic-water": "Drink a glass of tonic water.",
    "mineral-pills-with-kidney-disease": "Take some magnesium before bed.",
    "ibuprofen-where-it-harms": "Take ibuprofen for the soreness.",
    "hopping": "Hop on the other leg.",
    "force-on-the-ankle": "Turn the foot in a full circle.",
    "diving-under": "Dive and pull the toes.",
    "pressing-behind-the-knee": "Press the point behind the knee.",
    "raising-a-cold-leg": "Lie down and raise the leg.",
    "drinking-ahead-of-thirst": "Drink plenty before you start.",
    "less-alcohol-too-fast": "Stop drinking at once.",
    "stopping-a-needed-medicine": "Stop your tablets for a week.",
}


def test_every_hazard_of_words_has_bad_advice() -> None:
    assert set(BAD_ADVICE) == {hazard.id for hazard in HAZARDS if hazard.words}


@pytest.mark.parametrize("name", BAD_ADVICE)
def test_bad_advice_is_noticed_and_a_warning_is_not(name: str, rulebase: RuleBase) -> None:
    text = BAD_ADVICE[name]
    warning = f"Never {text[0].lower()}{text[1:]}"
    assert (list(words_of(rulebase, name, text)), list(words_of(rulebase, name, warning))) == ([text.rstrip(".")], [])


def words_of(rulebase: RuleBase, name: str, step: str) -> Iterator[str]:
    """What a hazard finds in the real texts with one more step of relief."""
    more = replace(rulebase.relief_now, steps=(*rulebase.relief_now.steps, step))
    return forbidden_words(replace(rulebase, relief_now=more), rulebase.hazards[name])
