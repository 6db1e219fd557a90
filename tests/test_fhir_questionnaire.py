"""The questionnaire as a FHIR form: sound, and it asks whatever the interview would ask."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from pathlib import Path
from random import Random
from typing import Any

import plain
import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir_form import CORE, EXPRESSION, Json, all_items, extensions, is_enabled, problems, shown
from reliability.fuzz import TINY

from triage.cli.main import main
from triage.conversation.interview import missing_from, open_questions
from triage.conversation.lists import in_order
from triage.exchange.answer_files import read_answer_file
from triage.exchange.fhir.codes import FHIR_BASE
from triage.exchange.fhir.enabling import enabling
from triage.exchange.fhir.questionnaire import FORMER_URL, URL, name_of, questionnaire
from triage.exchange.fhir.response import as_response
from triage.knowledge.conditions import ALL, ANY, NONE_OF, Cell, Condition
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answer, Answers, RuleBase, chosen
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.reasoning.assessment import assess, find_flags
from triage.reasoning.engine import Engine

SCENARIOS = sorted((Path(__file__).parent / "scenarios").rglob("*.toml"))
CONTROL = f"{CORE}questionnaire-itemControl"
# Opened by answers to questions that come after it.
OPENED_LATER = {"side": {"course", "health", "health_more", "meds"}}


@pytest.fixture(scope="module")
def form(rulebase: RuleBase) -> Json:
    return json.loads(json.dumps(questionnaire(rulebase)))


def full(random: Random, engine: Engine) -> Answers:
    """An answer to every question, made so that many rules meet on them; also with lines that are not for this person."""
    while len(answers := plain.random_answers(random)) < len(engine.rulebase.questions):
        pass
    more = {**answers}
    for question in engine.rulebase.questions.values():
        lines = [option.id for option in question.options if option.show and not option.key]
        if lines and question.kind == "many" and random.random() < 0.5:
            more[question.id] = in_order(question, random.sample(lines, min(2, len(lines))))
    return more


@pytest.fixture(scope="module")
def people(engine: Engine) -> list[Answers]:
    """What 200 people would answer to each question."""
    random = Random(7)
    return [full(random, engine) for _ in range(200)]


def by_form(rulebase: RuleBase, person: Answers) -> Answers:
    """What a person has answered when a form, which asks on the conditions of the rules, has nothing more to ask."""
    given: dict[str, Answer] = {}
    while True:
        facts = as_facts(given, rulebase.bands)
        asked = {name: answer for name, answer in person.items() if rulebase.questions[name].applies(facts)}
        if asked == given:
            return given
        given = asked


def by_interview(engine: Engine, person: Answers) -> Answers:
    """What a person has answered when the interview is over, which shows fewer lines than a form."""
    given: dict[str, Answer] = {}
    while left := open_questions(engine, given):
        question, answer = left[0], person[left[0].id]
        if question.kind == "many":
            shown = question.shown(as_facts({**given, question.id: answer}, engine.rulebase.bands))
            answer = in_order(question, {option.id for option in shown} & set(chosen(answer))) or ("none",)
        given[question.id] = answer
    return given


# --- the form is sound


def test_it_is_a_questionnaire(form: Json) -> None:
    Questionnaire.model_validate(form)
    assert problems(form) == []
    assert form["resourceType"] == "Questionnaire"
    assert form["status"] == "draft"  # nobody has signed it


def test_another_rule_base_gives_a_questionnaire() -> None:
    other = questionnaire(load(str(TINY)))
    Questionnaire.model_validate(other)
    assert problems(other) == []


def test_it_has_every_question_and_every_option(form: Json, rulebase: RuleBase) -> None:
    items = {item["linkId"]: item for item in form["item"]}
    assert [link for link in items if link in rulebase.questions] == list(rulebase.questions)
    for question in rulebase.questions.values():
        item = items[question.id]
        assert item["text"] == question.text
        [why] = [i for i in item["item"] if extensions(i, CONTROL)]
        assert why["type"] == "display"
        details = [f"{o.text}: {o.detail}" for o in question.options if o.detail]
        assert why["text"].split("\n") == [question.why, *details]
        opened = [i["text"].split("\n") for i in item["item"] if i["linkId"] == f"{question.id}.open"]
        from_the_start = [f"{o.text}: {o.detail}" for o in question.options if o.open]
        assert opened == ([from_the_start] if from_the_start else [])
        assert item.get("repeats", False) == (question.kind == "many")
        for unit in extensions(item, f"{CORE}questionnaire-unit"):
            assert unit == {"system": "http://unitsofmeasure.org", "code": "a", "display": "years"}
        choice = items[f"{question.id}.option"] if question.kind == "number" else item
        assert choice["required"] == (not question.after)
        codings = [option["valueCoding"] for option in choice["answerOption"]]
        assert [(c["code"], c["display"]) for c in codings] == [(o.id, o.text) for o in question.options]
        assert all(coding["system"].startswith(f"{FHIR_BASE}/CodeSystem/options-") for coding in codings)
        exclusive = [
            option["valueCoding"]["code"]
            for option in choice["answerOption"]
            if extensions(option, f"{CORE}questionnaire-optionExclusive") == [True]
        ]
        assert exclusive == [o.id for o in question.options if o.exclusive]
        pages = [extensions(option, f"{CORE}questionnaire-optionPrefix") for option in choice["answerOption"]]
        assert pages == [[o.page] if o.page else [] for o in question.options]


def test_it_is_another_questionnaire_than_that_of_version_1(form: Json, rulebase: RuleBase) -> None:
    assert form["url"] == URL != FORMER_URL == f"{FHIR_BASE}/Questionnaire/leg-cramp-triage"
    assert form["version"] == rulebase.about.version
    assert name_of(rulebase) == f"{URL}|{rulebase.about.version}"


def test_it_speaks_with_one_voice(form: Json) -> None:
    assert not re.search(r"\{\w+\}", json.dumps(form))


def test_a_list_whose_lines_belong_to_other_answers_says_so(form: Json, rulebase: RuleBase) -> None:
    said = {i["linkId"].removesuffix(".lines") for i in all_items(form["item"]) if i["linkId"].endswith(".lines")}
    follow_ups = {
        q.id for q in rulebase.questions.values() if q.options and all(o.show for o in q.options if not o.key)
    }
    assert said == follow_ups - {"age"}
    assert "danger_more" in said


def test_a_question_is_opened_by_those_before_it_but_for_a_few(form: Json, rulebase: RuleBase) -> None:
    order = [item["linkId"].removesuffix(".option") for item in form["item"]]
    later = {}
    for item in form["item"]:
        if item["linkId"] in rulebase.questions:
            opened_by = set(read_by(item))
            late = {name for name in opened_by if order.index(name) >= order.index(item["linkId"])}
            later.update({item["linkId"]: late} if late else {})
    assert later == OPENED_LATER


def test_the_end_says_where_a_question_further_up_is_still_open(form: Json, rulebase: RuleBase) -> None:
    plain_sport: Answers = {"age": 34, "legs": ("none",), "kind": ("k_sport",), "course": ("c_once",)}
    [end] = [item for item in form["item"] if item["linkId"] == "form.look-back"]
    assert end["type"] == "display"
    for more, still_open in [
        ({}, False),
        ({"health": ("h_other",)}, False),
        ({"health": ("h_clot",)}, True),
        ({"health": ("h_clot",), "side": "left"}, False),
        ({"meds": ("m_hormone",)}, True),
    ]:
        response = as_response(rulebase, {**plain_sport, **more}, "", None, False)
        assert is_enabled(end, response) == still_open, more


def read_by(item: Json) -> Iterator[str]:
    """The questions that decide whether an item is there."""
    links = [test["question"] for test in item.get("enableWhen", [])]
    for expression in extensions(item, EXPRESSION):
        links += re.findall(r"linkId = '([^']+)'", expression["expression"])
    yield from (link.removesuffix(".option") for link in links)


def change(*way: Any, to: Any) -> Callable[[Json], None]:
    """A change of the form: the value at the end of `way`; the first step names an item of the top level."""

    def changed(form: Json) -> None:
        at: Any = next(item for item in form["item"] if item["linkId"] == way[0])
        for step in way[1:-1]:
            at = at[step]
        at[way[-1]] = to

    return changed


def twice(form: Json) -> None:
    form["item"].append(copy.deepcopy(form["item"][1]))


BROKEN = {
    "type": change("kind", "type", to="chioce"),
    "twice": twice,
    "unknown question": change("child", "enableWhen", to=[{"question": "aeg", "operator": "exists", "answerBoolean": True}]),
    "shown text": change("danger_more", "enableWhen", 0, "question", to="form.about"),
    "itself": change("danger_more", "enableWhen", 0, "question", to="danger_more"),
    "option": change("danger_more", "enableWhen", 0, "answerCoding", "code", to="d_fevr"),
    "words of an option": change("danger_more", "enableWhen", 0, "answerCoding", "display", to="x"),
    "system": change("danger_more", "enableWhen", 0, "answerCoding", "system", to="x"),
    "behaviour": change("danger_more", "enableBehavior", to="some"),
    "operator": change("danger_more", "enableWhen", 0, "operator", to="!="),
    "type of an answer": change("child", "enableWhen", 0, to={"question": "age", "operator": "<=", "answerString": "17"}),
    "number": change("child", "enableWhen", 0, "answerInteger", to=-1),
    "option twice": change("kind", "answerOption", 0, "valueCoding", "code", to="not_sure"),
    "no words": change("kind", "answerOption", 0, "valueCoding", "display", to=" "),
    "system of an option": change("kind", "answerOption", 0, "valueCoding", "system", to="x"),
    "extension": change("kind", "extension", 0, "url", to="x"),
    "control": change("kind", "extension", 0, "valueCodeableConcept", "coding", 0, "code", to="radio"),
    "language": change("clot", "extension", 0, "valueExpression", "language", to="text/cql"),
    "empty expression": change("clot", "extension", 0, "valueExpression", "expression", to="true"),
    "question of an expression": change(
        "clot", "extension", 0, "valueExpression", "expression",
        to="%resource.item.where(linkId = 'sid').answer.value.where(code = 'left').exists()",
    ),
    "option of an expression": change(
        "clot", "extension", 0, "valueExpression", "expression",
        to="%resource.item.where(linkId = 'side').answer.value.where(code = 'lef').exists()",
    ),
    "answer to shown text": change("form.about", "required", to=True),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_checks_notice(name: str, form: Json) -> None:
    broken = copy.deepcopy(form)
    BROKEN[name](broken)
    assert problems(broken)


# --- conditions


def test_any_condition_holds_as_in_the_rules(rulebase: RuleBase, people: list[Answers]) -> None:
    random = Random(3)
    kinds = set()
    for person in people[:60]:
        condition = a_condition(random, rulebase)
        item = {"linkId": "x", **enabling(rulebase, condition)}
        kinds.add(item.get("enableBehavior"))
        some = {name: answer for name, answer in person.items() if random.random() < 0.8}
        holds = condition.holds(as_facts(some, rulebase.bands))
        assert is_enabled(item, as_response(rulebase, some, "", None, False)) == holds, (condition, some)
    assert kinds == {"any", "all", None}


def a_condition(random: Random, rulebase: RuleBase) -> Condition:
    """Up to three rows of up to three cells, over questions of every kind."""

    def cell() -> Cell:
        question = rulebase.questions[random.choice(["age", "danger", "side", "legs", "kind", "health"])]
        options = [*rulebase.bands.get(question.id, ()), *(o.id for o in question.options)]
        how = {"number": [ANY], "one": [ANY, NONE_OF], "many": [ANY, ANY, ALL, NONE_OF]}[question.kind]
        return Cell(question.id, frozenset(random.sample(options, random.randint(1, 4))), random.choice(how))

    def rows(most: int) -> tuple[tuple[Cell, ...], ...]:
        return tuple(tuple(cell() for _ in range(random.randint(1, 2))) for _ in range(random.randint(1, most)))

    return Condition(rows(2), rows(2) if random.random() < 0.3 else ())


def test_none_of_these_is_said_by_an_expression_and_never_of_what_is_not_answered(rulebase: RuleBase) -> None:
    item = {"linkId": "x", **enabling(rulebase, Condition(((Cell("legs", frozenset(["l_one"]), NONE_OF),),)))}
    assert "enableWhen" not in item
    for answers, there in [({}, False), ({"legs": ("none",)}, True), ({"legs": ("l_one", "l_hot")}, False)]:
        assert is_enabled(item, as_response(rulebase, answers, "", None, False)) == there


KNOT = ((Cell("kind", frozenset(["k_night"])),),)


@pytest.mark.parametrize("unless", [(), KNOT], ids=["enableWhen", "expression"])
def test_every_edge_of_a_number_holds_as_in_the_rules(rulebase: RuleBase, unless: tuple[tuple[Cell, ...], ...]) -> None:
    bands = [tuple(map(int, band.split("-"))) for band in rulebase.bands["age"]]
    for (low, _), (_, high) in combinations_with_replacement(bands, 2):
        inside = frozenset(f"{a}-{b}" for a, b in bands if low <= a <= high)
        item = {"linkId": "x", **enabling(rulebase, Condition(((Cell("age", inside),),), unless))}
        for age in {low - 1, low, high, high + 1} & set(range(121)):
            response = as_response(rulebase, {"age": age}, "", None, False)
            assert is_enabled(item, response) == (low <= age <= high), (item, age)
        excepted = as_response(rulebase, {"age": low, "kind": ("k_night",)}, "", None, False)
        assert is_enabled(item, excepted) == (not unless)


def test_a_number_of_any_size_is_that_there_is_one(rulebase: RuleBase) -> None:
    every_band = Condition(((Cell("age", frozenset(rulebase.bands["age"])),),))
    assert enabling(rulebase, every_band)["enableWhen"] == [
        {"question": "age", "operator": "exists", "answerBoolean": True}
    ]


def test_the_option_of_a_number_opens_with_its_question_only(rulebase: RuleBase) -> None:
    age = replace(rulebase.questions["age"], ask_when=KNOT)
    other = replace(rulebase, questions={**rulebase.questions, "age": age})
    [item] = [i for i in questionnaire(other)["item"] if i["linkId"] == "age.option"]
    knot: Answers = {"start": "me", "kind": ("k_night",)}
    for answers, opened in [({"start": "me"}, False), (knot, True), ({**knot, "age": 5}, False)]:
        assert is_enabled(item, as_response(other, answers, "", None, False)) == opened


# --- it asks what the interview asks


def test_it_asks_on_the_conditions_of_the_rules(form: Json, rulebase: RuleBase, people: list[Answers]) -> None:
    random = Random(5)
    asking = {"item": [item for item in form["item"] if item["type"] != "display"]}
    cases = [read_answer_file(path, rulebase).answers for path in SCENARIOS[::80]]
    for answers in [*cases, *people[:3]]:
        some = {name: answer for name, answer in answers.items() if random.random() < 0.8}
        links = shown(asking, as_response(rulebase, some, "", None, True))
        facts = as_facts(some, rulebase.bands)
        assert links & rulebase.questions.keys() == {q.id for q in rulebase.questions.values() if q.applies(facts)}
        offered = rulebase.questions["age"].shown(facts) and not isinstance(some.get("age"), int)
        assert ("age.option" in links) == bool(offered)


def test_a_filled_in_form_is_complete_and_never_milder_than_the_interview(
    engine: Engine, people: list[Answers]
) -> None:
    for person in people:
        by_paper, asked = by_form(engine.rulebase, person), by_interview(engine, person)
        assert missing_from(engine, by_paper) == ()
        assert asked.keys() <= by_paper.keys()
        assert assess(engine, by_paper).disposition.rank <= assess(engine, asked).disposition.rank, person


def test_a_form_tells_at_once_what_the_interview_would_stop_for(
    form: Json, engine: Engine, people: list[Answers]
) -> None:
    levels = {level.id: level.say for level in rules_in_voice(engine.rulebase).ladder if level.stops}
    told: set[str] = set()
    notices = {**form, "item": [item for item in form["item"] if item["text"] in levels.values()]}
    says = {item["linkId"]: item["text"] for item in notices["item"]}
    emergencies = [path for path in SCENARIOS if path.parent.name == "emergency"]
    cases = [read_answer_file(path, engine.rulebase).answers for path in (*emergencies[::80], *SCENARIOS[5::360])]
    for answers in [*cases, *people[:6]]:
        raised = {f.flag.disposition for f in find_flags(engine, answers)}
        said = {says[link] for link in shown(notices, as_response(engine.rulebase, answers, "", None, True))}
        assert said == {say for level, say in levels.items() if level in raised}
        told |= said
    assert told == set(levels.values())


def test_a_notice_stands_behind_all_that_could_take_it_back(form: Json, rulebase: RuleBase) -> None:
    links = [item["linkId"] for item in form["item"]]
    stopping = {level.id for level in rulebase.ladder if level.stops}
    waiting = [
        f for f in rulebase.red_flags.values() if f.disposition in stopping and (f.waits_for or f.condition.unless)
    ]
    assert waiting
    for flag in waiting:
        behind = {*flag.waits_for, *(cell.name for row in flag.condition.unless for cell in row)}
        places = [n for n, link in enumerate(links) if link.endswith(f".{flag.id}")]
        assert places
        assert min(places) > max(links.index(name) for name in behind)


def test_it_ends_with_the_signs_that_must_not_wait(form: Json, rulebase: RuleBase) -> None:
    said = " ".join(item["text"] for item in form["item"][-2:])
    net = rules_in_voice(rulebase).safety_net
    assert all(sign.text in said for sign in (*net.emergency, *net.today))


def test_a_child_is_not_of_age(form: Json, rulebase: RuleBase) -> None:
    for start, age, told in [("child", 17, False), ("child", 18, True), ("child_now", 120, True), ("me", 18, False)]:
        links = shown(form, as_response(rulebase, {"start": start, "age": age}, "", None, False))
        assert ("age.limit.2" in links) == told
    for start, age, told in [("me", 0, True), ("me", 1, False), ("me_now", 0, True), ("child", 0, False)]:
        links = shown(form, as_response(rulebase, {"start": start, "age": age}, "", None, False))
        assert ("age.limit.3" in links) == told
    for start, offered in [("child", False), ("child_now", False), ("me", True), ("adult_now", True)]:
        assert ("age.option" in shown(form, as_response(rulebase, {"start": start}, "", None, False))) == offered


def test_who_cramps_now_is_told_the_one_safe_action(form: Json, rulebase: RuleBase) -> None:
    start = rulebase.questions["start"]
    for option in start.options:
        links = shown(form, as_response(rulebase, {"start": option.id}, "", None, False))
        told = [i["text"] for i in form["item"] if i["linkId"] in links and i["linkId"].startswith("start.now-")]
        assert told == ([rulebase.relief_now.action[option.voice]] if option.now else [])


def test_it_says_where_two_lines_do_not_go_together(form: Json, rulebase: RuleBase) -> None:
    groups = [(q, calm, other) for q in rulebase.questions.values() for calm, *others in q.rivals for other in others]
    assert len(groups) > 10
    for question, calm, other in groups:
        [said] = [i for i in form["item"] if i["linkId"] == f"{question.id}.rivals"]
        for ticked, both in [((calm,), False), ((other,), False), ((calm, other), True)]:
            assert is_enabled(said, as_response(rulebase, {question.id: ticked}, "", None, False)) == both


def test_it_says_where_an_answer_must_stand_alone(form: Json, rulebase: RuleBase) -> None:
    for question in rulebase.questions.values():
        alone = [o.id for o in question.options if o.exclusive]
        others = [o.id for o in question.options if not o.exclusive]
        if not alone:
            continue
        [said] = [i for i in all_items(form["item"]) if i["linkId"] == f"{question.id}.alone"]
        for picked, wrong in [
            (alone[:1], False),
            (others[:2], False),
            ([others[0], "not_sure"], False),
            ([others[0], alone[0]], True),
            (["not_sure", alone[0]], True),
        ]:
            response = as_response(rulebase, {question.id: tuple(picked)}, "", None, False)
            assert is_enabled(said, response) == wrong, (question.id, picked)


# --- the command


def test_the_command_writes_it(capsys: pytest.CaptureFixture[str], form: Json, tmp_path: Path) -> None:
    assert main(["export", "fhir"]) == 0
    assert json.loads(capsys.readouterr().out) == form
    assert main(["export", "fhir", "--output", str(tmp_path / "form.json")]) == 0
    assert json.loads((tmp_path / "form.json").read_text("utf-8")) == form


def test_faulty_rules_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", "fhir", "--rules", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no such file in the rule base" in said.err
