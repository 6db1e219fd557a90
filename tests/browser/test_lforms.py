"""The FHIR form in a real form widget: it appears, it leads through the questions, and what is clicked comes back.

The widget is NLM's LHC-Forms. It sees to `enableWhen`, to SDC's expressions and to `required`; it does not know
options that stand alone, so the form says it and the response is refused, and it cannot hide an option.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import REQUIRED, Watch
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from fhir_form import EXPRESSION, Json, all_items, extensions
from playwright.sync_api import Locator, Page, expect

from browser import lforms
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.exchange.fhir.codes import option_link, options_of
from triage.exchange.fhir.questionnaire import questionnaire
from triage.exchange.fhir.response import read_response
from triage.knowledge.conditions import EVERYBODY
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import Answer, Answers, RuleBase, chosen
from triage.knowledge.voices import rules_in_voice
from triage.output.as_json import as_dict
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

SCENARIOS = Path(__file__).parents[1] / "scenarios"
# One a disposition, on different ways through the form; answers are clicked in this order.
FILLED_IN = [
    "emergency/fever-on-chemo-medicine-only",
    "stories/D60",
    "stories/D44",
    "stories/O27",
    "stories/O20",
]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Form</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="lforms/webcomponent/styles.css"><div id="form"></div>{scripts}</html>"""


@pytest.fixture(scope="module")
def widget() -> Path:
    """Where the widget is. Without it the tests are skipped, or fail where browsers are required."""
    if not lforms.is_there():
        hint = "no LHC-Forms; to fetch it: python tests/browser/lforms.py"
        pytest.fail(hint, pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(hint)
    return lforms.FOLDER


@pytest.fixture(scope="module")
def form(rulebase: RuleBase) -> Json:
    return questionnaire(rulebase)


class Form:
    """The form on a page, and how a person fills it in."""

    def __init__(self, page: Page, rulebase: RuleBase) -> None:
        self.page, self.rulebase = page, rulebase

    def item(self, link: str) -> Locator:
        return self.page.locator(f'[id="item-{link}/1"]')

    def option(self, name: str, option: str) -> Locator:
        question = self.rulebase.questions[name]
        return self.page.locator(f'[id="{option_link(question)}/1|{options_of(question)}|{option}"]')

    def number(self, name: str) -> Locator:
        return self.page.locator(f'[id="{name}/1"]')

    def text(self, words: str) -> Locator:
        return self.page.get_by_text(words, exact=True)

    def click(self, name: str, *options: str) -> None:
        for option in options:
            self.option(name, option).click()

    def answer(self, name: str, answer: Answer) -> None:
        """As a person does: with the keyboard for a number, with the mouse for an option."""
        if isinstance(answer, int):
            self.number(name).fill(str(answer))
            self.number(name).press("Tab")
        else:
            self.click(name, *chosen(answer))

    def fill(self, answers: Answers) -> None:
        """Answer what is there from top to bottom, then what has opened further up."""
        left = dict(answers)
        for name in answers:
            if self.item(name).count():
                self.answer(name, left.pop(name))
        for name, answer in left.items():
            expect(self.item(name)).to_be_visible()
            self.answer(name, answer)

    def response(self) -> Json:
        got: Any = self.page.evaluate("LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')")
        assert isinstance(got, dict)
        return got

    def faults(self) -> list[str]:
        """What the widget has against the form as it is filled in."""
        return self.page.evaluate("LForms.Util.checkValidity()") or []


@pytest.fixture
def shown(watch: Watch, widget: Path, form: Json, rulebase: RuleBase, tmp_path: Path) -> Iterator[Form]:
    """The form, drawn. Nothing may go wrong in its scripts."""
    scripts = "".join(f'<script src="lforms/{name}"></script>' for name in lforms.SCRIPTS)
    (tmp_path / "page.html").write_text(PAGE.format(scripts=scripts), "utf-8")
    (tmp_path / "lforms").symlink_to(widget)
    page = watch.page(viewport={"width": 1000, "height": 1400})
    page.goto(f"{watch.serve(tmp_path)}/page.html")
    page.evaluate("form => LForms.Util.addFormToPage(form, 'form', {fhirVersion: 'R4'})", form)
    expect.set_options(timeout=20_000)  # expressions take their time on a busy machine
    made = Form(page, rulebase)
    expect(made.item("danger")).to_be_visible()
    yield made
    assert [message for message in watch.messages if "rror" in message] == []


# --- the form appears


@pytest.mark.nightly
def test_it_appears_with_every_question_that_is_always_asked(shown: Form, form: Json, rulebase: RuleBase) -> None:
    expect(shown.text(form["item"][0]["text"])).to_be_visible()
    for question in rulebase.questions.values():
        if question.condition == EVERYBODY:
            expect(shown.item(question.id)).to_be_visible()
            for option in question.options:
                if question.kind != "number":
                    expect(shown.option(question.id, option.id)).to_be_visible()
        else:
            expect(shown.item(question.id)).to_have_count(0)


@pytest.mark.nightly
def test_why_it_asks_and_details_are_behind_a_button_but_for_open_ones(shown: Form, rulebase: RuleBase) -> None:
    danger = rulebase.questions["danger"]
    hidden = [f"{o.text}: {o.detail}" for o in danger.options if o.detail and not o.open]
    from_the_start = [f"{o.text}: {o.detail}" for o in danger.options if o.open]
    for words in from_the_start:
        expect(shown.page.get_by_text(words)).to_be_visible()
    told = shown.page.locator('[id="help-content-danger/1"]')
    expect(told).to_have_count(0)
    shown.page.locator('[id="help-button-danger/1"]').click()
    for words in (danger.why, *hidden):
        expect(told).to_contain_text(words)


# --- questions open


@pytest.mark.nightly
def test_hidden_questions_open_as_answers_are_chosen(shown: Form) -> None:
    shown.click("danger", "d_fever")
    expect(shown.item("danger_more")).to_be_visible()
    # R4 cannot hide an option, so that a line of another sign is there too.
    expect(shown.option("danger_more", "s_numb")).to_be_visible()
    shown.answer("start", "me")
    expect(shown.item("age.option")).to_be_visible()
    shown.answer("age", 34)
    expect(shown.item("age.option")).to_have_count(0)
    expect(shown.item("clot")).to_have_count(0)
    shown.click("kind", "k_night")
    shown.click("side", "left")
    expect(shown.item("clot")).to_be_visible()  # rows that need "and" and "or": an expression
    expect(shown.item("meds")).to_be_visible()
    shown.click("course", "c_same")
    shown.click("legs", "none")
    expect(shown.item("clot")).to_have_count(0)  # ask_unless
    shown.click("course", "c_worse")
    expect(shown.item("clot")).to_be_visible()  # ... with "none of these"
    shown.click("meds", "m_sugar")
    expect(shown.item("meds_more")).to_have_count(0)  # whether it is diabetes is not answered
    shown.click("health", "h_clot")
    expect(shown.item("meds_more")).to_be_visible()
    shown.click("health", "h_sugar")
    expect(shown.item("meds_more")).to_have_count(0)
    shown.answer("age", 12)
    expect(shown.item("child")).to_be_visible()


@pytest.mark.nightly
def test_what_is_hidden_again_is_no_answer(shown: Form) -> None:
    shown.fill({"age": 34, "health": ("h_cancer",), "health_more": ("q_now",)})
    shown.click("health", "h_cancer")
    expect(shown.item("health_more")).to_have_count(0)
    assert [item["linkId"] for item in shown.response()["item"]] == ["age"]


@pytest.mark.nightly
def test_a_question_that_opens_further_up_is_told_at_the_end(shown: Form, form: Json) -> None:
    shown.fill({"age": 34, "legs": ("none",), "kind": ("k_sport",), "course": ("c_once",)})
    expect(shown.item("side")).to_have_count(0)
    [said] = [shown.text(item["text"]) for item in form["item"] if item["linkId"] == "form.look-back"]
    assert not said.count()
    shown.fill({"health": ("h_clot",)})
    expect(said).to_be_visible()
    shown.fill({"side": "both"})
    expect(said).to_have_count(0)


@pytest.mark.nightly
def test_what_to_do_at_once_is_told_at_once(shown: Form, rulebase: RuleBase) -> None:
    emergency, urgent, *_ = rules_in_voice(rulebase).ladder
    actions = rulebase.relief_now.action
    shown.click("start", "child_now")
    expect(shown.text(actions["child"])).to_be_visible()
    assert not shown.text(actions["you"]).count()
    assert not shown.text(emergency.say).count()
    shown.click("danger", "d_breath")
    expect(shown.text(emergency.say)).to_be_visible()
    expect(shown.text(emergency.say)).to_have_css("font-weight", "700")
    shown.click("danger", "d_breath")
    expect(shown.text(emergency.say)).to_have_count(0)
    shown.click("danger", "not_sure")
    expect(shown.text(urgent.say).first).to_be_visible()


def test_a_number_that_is_none_does_not_keep_an_emergency_back(shown: Form, watch: Watch, rulebase: RuleBase) -> None:
    shown.number("age").fill("5.5")
    shown.number("age").press("Tab")
    shown.click("danger", "d_breath")
    expect(shown.text(rules_in_voice(rulebase).ladder[0].say)).to_be_visible()
    # LHC-Forms 40.1.3 works out no expressions meanwhile, and says so. `enableWhen` needs none.
    watch.messages[:] = [message for message in watch.messages if "Cannot generate" not in message]


# --- what it demands


@pytest.mark.nightly
def test_required_questions_are_demanded(shown: Form, form: Json, rulebase: RuleBase) -> None:
    asked = {q.text for q in rulebase.questions.values() if q.condition == EVERYBODY and not q.after}
    # LHC-Forms 40.1.3 also demands what an expression hides; a person never sees those.
    hidden = {item["text"] for item in all_items(form["item"]) if extensions(item, EXPRESSION) and item.get("required")}
    text = {name: question.text for name, question in rulebase.questions.items()}

    def demanded() -> set[str]:
        return {fault.removesuffix(" requires a value") for fault in shown.faults()} - hidden

    assert demanded() == asked - {text["age"]} - hidden
    shown.click("danger", "d_fever")
    shown.answer("age", 12)
    expect(shown.item("child")).to_be_visible()
    opened = {text[name] for name in ("danger_more", "child", "side")}
    assert demanded() == (asked | opened) - {text["age"], text["danger"]} - hidden


@pytest.mark.nightly
def test_an_age_is_a_whole_number_within_its_limits_and_one_answer_takes_the_place_of_the_other(
    shown: Form, rulebase: RuleBase
) -> None:
    text = rulebase.questions["age"].text
    limit = next(one for one in rulebase.questions["age"].limits if one.maximum == 17)
    for typed, right in [("0", True), ("120", True), ("121", False), ("-1", False)]:
        shown.number("age").fill(typed)
        shown.number("age").press("Tab")
        faults = [fault for fault in shown.faults() if fault.startswith(text)]
        kept = [item["answer"] for item in shown.response().get("item", []) if item["linkId"] == "age"]
        assert (faults == [] and kept == [[{"valueInteger": int(typed)}]]) if right else (faults or not kept), typed
    shown.answer("age", 40)
    shown.click("start", "me", "child")
    expect(shown.text(limit.say)).to_be_visible()
    [item] = [item for item in shown.response()["item"] if item["linkId"] == "start"]
    assert [answer["valueCoding"]["code"] for answer in item["answer"]] == ["child"]


@pytest.mark.nightly
@pytest.mark.parametrize("ticked", [("d_heat", "none"), ("none", "not_sure")])
def test_an_option_that_stands_alone_is_told_and_not_taken_beside_others(
    shown: Form, form: Json, rulebase: RuleBase, ticked: tuple[str, ...]
) -> None:
    [said] = [shown.text(item["text"]) for item in all_items(form["item"]) if item["linkId"] == "danger.alone"]
    shown.click("danger", ticked[0])
    assert not said.count()
    shown.click("danger", ticked[1])
    expect(said).to_be_visible()
    with pytest.raises(FaultyInput, match="stands alone"):
        read_response("x.json", json.dumps(shown.response()).encode(), rulebase)
    shown.click("danger", ticked[0])
    expect(said).to_have_count(0)
    back = read_response("x.json", json.dumps(shown.response()).encode(), rulebase)
    assert back.answers == {"danger": ticked[1:]}


# --- what is clicked comes back


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", FILLED_IN)
def test_a_form_filled_in_by_clicking_gives_the_assessment_of_the_scenario(
    name: str, shown: Form, engine: Engine
) -> None:
    wanted = read_answer_file(SCENARIOS / f"{name}.triage.toml", engine.rulebase).answers
    shown.fill(wanted)
    response = shown.response()
    QuestionnaireResponse.model_validate(response)
    back = read_response("x.json", json.dumps(response).encode(), engine.rulebase)
    assert back.answers == wanted
    assert back.remarks == ()
    assert back.saved is not None
    got = assess(engine, back.answers, missing_from(engine, back.answers))
    assert got.complete
    scenario = assess(engine, wanted, missing_from(engine, wanted))
    assert as_dict(engine.rulebase, got) == as_dict(engine.rulebase, scenario)


def test_the_forms_that_are_filled_in_reach_every_disposition(engine: Engine) -> None:
    files = [read_answer_file(SCENARIOS / f"{name}.triage.toml", engine.rulebase) for name in FILLED_IN]
    reached = [assess(engine, file.answers).disposition.id for file in files]
    assert reached == [level.id for level in engine.rulebase.ladder]


@pytest.mark.nightly
def test_an_age_that_is_not_said_and_a_doubt_beside_a_tick_come_back(shown: Form, engine: Engine) -> None:
    given: Answers = {"start": "me", "danger": ("d_heat", "not_sure"), "age": "a_na"}
    shown.fill(given)
    back = read_response("x.json", json.dumps(shown.response()).encode(), engine.rulebase)
    assert back.answers == given
