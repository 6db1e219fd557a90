"""The questionnaire as a FHIR R4 Questionnaire, with the extensions of Structured Data Capture.

A form cannot do all that the interview does. It asks whatever `ask_when` opens, without stopping where something urgent
was found; it says so, and shows a notice in place of the stop. It shows every line of a list, also those that the
interview leaves out (`show`): R4 cannot hide an option. Extra answers are used, so the assessment is never milder for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from triage.exchange import forms
from triage.exchange.fhir.codes import UCUM, Json, canonical, extension, filled, option_coding, option_link
from triage.exchange.fhir.enabling import enabling, is_simple, unanswered
from triage.exchange.forms import Notice
from triage.knowledge.conditions import Cell, Condition
from triage.knowledge.grammar import Band
from triage.knowledge.model import Option, Question, RuleBase
from triage.knowledge.voices import rules_in_voice

FORM_ID = "leg-cramp-triage-2"
URL = canonical("Questionnaire", FORM_ID)
FORMER_URL = canonical("Questionnaire", "leg-cramp-triage")  # other questions, whose answers cannot be read
ABOUT, LOOK_BACK, SIGNS = "form.about", "form.look-back", "form.signs"  # no question has a full stop in its id
INSTEAD = "Or, in place of a number:"

_STILL_OPEN = "A question further up is still open. Please look back."
_FITTING = "Tick only lines that go with an answer above. Leave out the others."


def as_text(rulebase: RuleBase) -> str:
    """The Questionnaire as JSON text."""
    return json.dumps(questionnaire(rulebase), indent=2, ensure_ascii=False)


def questionnaire(rulebase: RuleBase) -> Json:
    """The Questionnaire; `draft` until a clinician has signed the rule base."""
    rulebase = rules_in_voice(rulebase)
    about = f"{rulebase.about.statement} {forms.NO_ADVICE}"
    return {
        "resourceType": "Questionnaire",
        "id": FORM_ID,
        "language": "en",
        "url": URL,
        "version": rulebase.about.version,
        "name": "LegCrampTriage",
        "title": forms.FORM_TITLE,
        "status": "draft",
        "subjectType": ["Patient"],
        "description": about,
        "item": [_display(ABOUT, about), *_items(rulebase)],
    }


def name_of(rulebase: RuleBase) -> str:
    """What a response names as its questionnaire: the URL and the version."""
    return f"{URL}|{rulebase.about.version}"


@lru_cache(maxsize=4)
def links_of(rulebase: RuleBase) -> frozenset[str]:
    """The linkIds of all items, inner ones among them."""
    items = questionnaire(rulebase)["item"]
    return frozenset(one["linkId"] for item in items for one in (item, *item.get("item", ())))


def _items(rulebase: RuleBase) -> Iterator[Json]:
    for question in rulebase.questions.values():
        yield from _asked(rulebase, question)
        for notice in forms.notices(rulebase, question):
            yield from _notice(rulebase, question, notice)
    yield from _look_back(rulebase)
    for nth, words in enumerate(forms.signs(rulebase), 1):
        yield _display(f"{SIGNS}.{nth}", words)


def _asked(rulebase: RuleBase, question: Question) -> Iterator[Json]:
    """A question as one item; a number that may be left unsaid as two."""
    refused = [item for notice in _refused(rulebase, question) for item in _notice(rulebase, question, notice)]
    kind = _number(question) if question.kind == "number" else _choice(question)
    fields = {**kind, "item": [*_help(question), *refused]}
    yield _item(question.id, question.text, enabling(rulebase, question.condition), fields)
    if question.kind == "number" and question.options:
        opened = unanswered(rulebase, (question, forms.option_condition(question)))
        yield _item(option_link(question), INSTEAD, opened, _choice(question))


def _notice(rulebase: RuleBase, question: Question, notice: Notice) -> Iterator[Json]:
    """A notice as one item for what `enableWhen` can say, which every program knows, and one for the rest."""
    link, (when, unless) = f"{question.id}.{notice.id}", notice.condition
    simple = () if unless else tuple(row for row in when if is_simple(rulebase, row))
    rest = tuple(row for row in when if row not in simple)
    for name, rows in ((link, simple), (f"{link}.more" if simple else link, rest)):
        if rows:
            yield _told(name, notice.say, enabling(rulebase, Condition(rows, unless)))


def _look_back(rulebase: RuleBase) -> Iterator[Json]:
    """At the end: whether an answer further down has opened a question further up, which a form shows there."""
    order = list(rulebase.questions).index
    late = [
        (question, question.condition)
        for question in rulebase.questions.values()
        if question.kind != "number"
        and any(order(cell.name) > order(question.id) for row in question.condition.when for cell in row)
    ]
    if late:
        yield _told(LOOK_BACK, _STILL_OPEN, unanswered(rulebase, *late))


# --- items, and the fields of those that take an answer


def _item(link: str, words: str, *parts: Json) -> Json:
    """An item of the fields of some parts, each of which may have extensions."""
    fields = {name: value for part in parts for name, value in part.items()}
    extensions = [one for part in parts for one in part.get("extension", [])]
    return filled({"linkId": link, "text": words, **fields, "extension": extensions})


def _display(link: str, words: str, *parts: Json) -> Json:
    return _item(link, words, {"type": "display"}, *parts)


def _told(link: str, words: str, opened: Json) -> Json:
    """A display item that must not be overlooked once it is there."""
    style = _core("rendering-style", "String", "font-weight: bold")
    return _display(link, words, {"_text": {"extension": [style]}}, opened)


def _number(question: Question) -> Json:
    limits = [_core("minValue", "Integer", question.minimum), _core("maxValue", "Integer", question.maximum)]
    unit = [_core("questionnaire-unit", "Coding", _unit(question.unit))] if question.unit else []
    return {"type": "integer", "required": not question.options, "extension": [*limits, *unit]}


def _unit(words: str) -> Json:
    known = {"system": "http://unitsofmeasure.org", "code": UCUM[words]} if words in UCUM else {}
    return {**known, "display": words}


def _choice(question: Question) -> Json:
    several = question.kind == "many"
    control = _control("check-box" if several else "radio-button")
    fields = {
        "type": "choice",
        "required": not question.after,
        "repeats": several or None,
        "extension": [control, _core("questionnaire-choiceOrientation", "Code", "vertical")],
        "answerOption": [_option(question, option) for option in question.options],
    }
    return filled(fields)


def _option(question: Question, option: Option) -> Json:
    exclusive = [_core("questionnaire-optionExclusive", "Boolean", True)] if option.exclusive else []
    page = [_core("questionnaire-optionPrefix", "String", option.page)] if option.page else []
    return filled({"extension": [*exclusive, *page], "valueCoding": option_coding(question, option)})


def _control(code: str) -> Json:
    system = "http://hl7.org/fhir/questionnaire-item-control"
    return _core("questionnaire-itemControl", "CodeableConcept", {"coding": [{"system": system, "code": code}]})


def _core(name: str, kind: str, value: Any) -> Json:
    """One of the extensions that FHIR itself defines."""
    return extension(f"http://hl7.org/fhir/StructureDefinition/{name}", kind, value)


def _help(question: Question) -> Iterator[Json]:
    """Why it is asked; and what must be read without asking: open details, and that not every line fits everybody."""
    yield _display(f"{question.id}.why", forms.help_text(question), {"extension": [_control("help")]})
    if any(option.open for option in question.options):
        words = "\n".join(forms.detailed(option) for option in question.options if option.open)
        yield _display(f"{question.id}.open", words)
    lines = [option for option in question.options if not option.key]
    if question.kind == "many" and all(forms.shown_when(question, option) for option in lines):
        yield _display(f"{question.id}.lines", _FITTING)


def _refused(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """What is said of an answer that the program will refuse: not every form sees to it.

    A number that other answers rule out (`maxValue` knows no conditions), an option that stands alone beside others.
    """
    for nth, limit in enumerate(question.limits, 1):
        # Bands are cut at the edges of limits: the lowest number of one tells for all of it.
        outside = frozenset(band for band in rulebase.bands[question.id] if not limit.allows(Band.named(band).low))
        rows = tuple((*row, Cell(question.id, outside)) for row in limit.when)
        yield Notice(f"limit.{nth}", limit.say, Condition(rows))
    options, words = forms.alone(question)
    every = frozenset(option.id for option in question.options)
    beside = tuple((Cell(question.id, frozenset([o.id])), Cell(question.id, every - {o.id})) for o in options)
    yield Notice("alone", f"{words} Please take one of them away.", Condition(beside))
