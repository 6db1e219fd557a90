"""The questionnaire as a FHIR R4 Questionnaire, with the extensions of Structured Data Capture.

A form cannot do all that the interview does. It asks whatever `ask_when` opens, without stopping where something urgent
was found; it says so, and shows a notice in place of the stop. It shows every line of a list, also those that the
interview leaves out (`show`): R4 cannot hide an option. Extra answers are used, so the assessment is never milder for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from triage.exchange.fhir import codes
from triage.exchange.fhir.codes import Json, extension
from triage.exchange.fhir.enabling import any_unanswered, enabling, is_simple, option_link, unanswered
from triage.exchange.forms import (
    FORM_TITLE,
    NO_ADVICE,
    Notice,
    alone,
    detailed,
    help_text,
    notices,
    option_condition,
    shown_when,
    signs,
    spans,
)
from triage.knowledge.model import EVERYBODY, Cell, Condition, Option, Question, RuleBase
from triage.knowledge.voices import rules_in_voice

FORM_NAME = "LegCrampTriage"
FORM_ID = "leg-cramp-triage-2"
URL = codes.canonical("Questionnaire", FORM_ID)
FORMER_URL = codes.canonical("Questionnaire", "leg-cramp-triage")  # other questions, whose answers cannot be read
ABOUT, LOOK_BACK, SIGNS = "form.about", "form.look-back", "form.signs"  # no question has a full stop in its id

_CORE = "http://hl7.org/fhir/StructureDefinition"
ITEM_CONTROL = f"{_CORE}/questionnaire-itemControl"
OPTION_EXCLUSIVE = f"{_CORE}/questionnaire-optionExclusive"
OPTION_PREFIX = f"{_CORE}/questionnaire-optionPrefix"
ORIENTATION = f"{_CORE}/questionnaire-choiceOrientation"
RENDERING_STYLE = f"{_CORE}/rendering-style"
UNIT = f"{_CORE}/questionnaire-unit"
MIN_VALUE, MAX_VALUE = f"{_CORE}/minValue", f"{_CORE}/maxValue"

_STILL_OPEN = "A question further up is still open. Please look back."
_INSTEAD = "Or, in place of a number:"
_FITTING = "Tick only lines that go with an answer above. Leave out the others."


def as_text(rulebase: RuleBase) -> str:
    """The Questionnaire as JSON text."""
    return json.dumps(questionnaire(rulebase), indent=2, ensure_ascii=False)


def questionnaire(rulebase: RuleBase) -> Json:
    """The Questionnaire; `draft` until a clinician has signed the rule base."""
    rulebase = rules_in_voice(rulebase)
    about = f"{rulebase.about.statement} {NO_ADVICE}"
    return {
        "resourceType": "Questionnaire",
        "id": FORM_ID,
        "language": "en",
        "url": URL,
        "version": rulebase.about.version,
        "name": FORM_NAME,
        "title": FORM_TITLE,
        "status": "draft",
        "subjectType": ["Patient"],
        "description": about,
        "item": [_display(ABOUT, about), *_items(rulebase)],
    }


def canonical(rulebase: RuleBase) -> str:
    """What a response names as its questionnaire: the URL and the version."""
    return f"{URL}|{rulebase.about.version}"


def _items(rulebase: RuleBase) -> Iterator[Json]:
    for question in rulebase.questions.values():
        yield from _asked(rulebase, question)
        for notice in notices(rulebase, question):
            yield from _notice_items(rulebase, f"{question.id}.{notice.id}", notice)
    yield from _look_back(rulebase)
    for nth, words in enumerate(signs(rulebase), 1):
        yield _display(f"{SIGNS}.{nth}", words)


def _notice_items(rulebase: RuleBase, link: str, notice: Notice) -> Iterator[Json]:
    """A notice as one item for what `enableWhen` can say, which every program knows, and one for the rest."""
    when, unless = notice.condition
    simple = () if unless else tuple(row for row in when if is_simple(rulebase, row))
    rest = tuple(row for row in when if row not in simple)
    for name, rows in ((link, simple), (f"{link}.more" if simple else link, rest)):
        if rows:
            yield {**_told(name, notice.say), **enabling(rulebase, Condition(rows, unless))}


def _look_back(rulebase: RuleBase) -> Iterator[Json]:
    """At the end: whether an answer further down has opened a question further up, which a form shows there."""
    order = list(rulebase.questions)
    late = [
        (question, question.condition)
        for question in rulebase.questions.values()
        if question.kind != "number"
        if any(order.index(cell.name) > order.index(question.id) for row in question.condition.when for cell in row)
    ]
    if late:
        yield {**_told(LOOK_BACK, _STILL_OPEN), **any_unanswered(rulebase, late)}


def _asked(rulebase: RuleBase, question: Question) -> Iterator[Json]:
    """A question as one item; a number that may be left unsaid as two."""
    opened = {} if question.condition == EVERYBODY else enabling(rulebase, question.condition)
    fields = _number(question) if question.kind == "number" else _choice(question)
    inner = [_help(question), *_seen_from_the_start(question), *_stands_alone(rulebase, question)]
    inner += _out_of_limits(rulebase, question)
    yield {**_input(question.id, question.text, opened, fields), "item": inner}
    if question.kind == "number" and question.options:
        opened = unanswered(rulebase, question, option_condition(question))
        yield _input(option_link(question), _INSTEAD, opened, _choice(question))


def _input(link: str, words: str, opened: Json, fields: Json) -> Json:
    """An item that takes an answer: when it is there, and the fields of its kind. Both may have extensions."""
    extensions = [*opened.get("extension", []), *fields["extension"]]
    tests = {name: value for name, value in opened.items() if name != "extension"}
    return {**_head(link, words), **tests, **fields, "extension": extensions}


def _head(link: str, words: str) -> Json:
    return {"linkId": link, "text": words}


def _number(question: Question) -> Json:
    """The fields of an item that takes a number."""
    limits = [extension(MIN_VALUE, "Integer", question.minimum), extension(MAX_VALUE, "Integer", question.maximum)]
    unit = [extension(UNIT, "Coding", {"display": question.unit})] if question.unit else []
    return {"type": "integer", "required": not question.options, "extension": [*limits, *unit]}


def _choice(question: Question) -> Json:
    """The fields of an item in which options are chosen."""
    several = question.kind == "many"
    control = _control("check-box" if several else "radio-button")
    return {
        "type": "choice",
        "required": True,
        **({"repeats": True} if several else {}),
        "extension": [control, extension(ORIENTATION, "Code", "vertical")],
        "answerOption": [_option(question, option) for option in question.options],
    }


def _option(question: Question, option: Option) -> Json:
    extensions = [extension(OPTION_EXCLUSIVE, "Boolean", True)] if option.exclusive else []
    if option.page:
        extensions.append(extension(OPTION_PREFIX, "String", option.page))
    more = {"extension": extensions} if extensions else {}
    return {**more, "valueCoding": codes.option_coding(question, option)}


def _control(code: str) -> Json:
    system = "http://hl7.org/fhir/questionnaire-item-control"
    return extension(ITEM_CONTROL, "CodeableConcept", {"coding": [{"system": system, "code": code}]})


def _display(link: str, words: str) -> Json:
    return {**_head(link, words), "type": "display"}


def _told(link: str, words: str) -> Json:
    """A display item that must not be overlooked."""
    style = extension(RENDERING_STYLE, "String", "font-weight: bold")
    return {**_display(link, words), "_text": {"extension": [style]}}


def _help(question: Question) -> Json:
    return {**_display(f"{question.id}.why", help_text(question)), "extension": [_control("help")]}


def _seen_from_the_start(question: Question) -> Iterator[Json]:
    """What must be read without asking for help: open details, and that not every line fits everybody."""
    if any(option.open for option in question.options):
        words = "\n".join(detailed(option) for option in question.options if option.open)
        yield _display(f"{question.id}.open", words)
    lines = [option for option in question.options if not option.key]
    if question.kind == "many" and all(shown_when(question, option) for option in lines):
        yield _display(f"{question.id}.lines", _FITTING)


def _out_of_limits(rulebase: RuleBase, question: Question) -> Iterator[Json]:
    """What is said of a number that other answers rule out; `maxValue` knows no conditions."""
    for nth, limit in enumerate(question.limits, 1):
        # Bands are cut at the edges of limits: the lowest number of one tells for all of it.
        lowest = {
            band: spans(rulebase, Cell(question.id, frozenset([band])))[0][0] for band in rulebase.bands[question.id]
        }
        outside = frozenset(band for band, number in lowest.items() if not limit.allows(number))
        rows = tuple((*row, Cell(question.id, outside)) for row in limit.when)
        yield {**_told(f"{question.id}.limit.{nth}", limit.say), **enabling(rulebase, Condition(rows))}


def _stands_alone(rulebase: RuleBase, question: Question) -> Iterator[Json]:
    """What is said where an option that stands alone is ticked beside others: not every form sees to it."""
    options, words = alone(question)
    every = frozenset(option.id for option in question.options)
    rows = [(Cell(question.id, frozenset([o.id])), Cell(question.id, every - {o.id})) for o in options]
    if rows:
        notice = _told(f"{question.id}.alone", f"{words} Please take one of them away.")
        yield {**notice, **enabling(rulebase, Condition(tuple(rows)))}
