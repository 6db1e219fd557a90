"""The schemas of answer files and scenarios."""

from __future__ import annotations

from triage.conversation.answers import ANSWERS, EXPECT, SAVED, TICKED, TITLE
from triage.conversation.scenarios import Expected, expected_fields
from triage.exchange.schemas import Schema, array, options, table
from triage.knowledge.model import Question, RuleBase

SCHEMA = "leg-cramp-triage/answers/2"  # the contract: which questions there are, and their options
DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"  # a day of TOML, as checkers of TOML hand it on


def answers(rulebase: RuleBase) -> Schema:
    """Of an answer file. A scenario is one too; what it expects is not looked at."""
    what = "What must follow: this is a scenario. Its own schema looks at this table."
    return _file("Answer file", rulebase, {"description": what, "type": "object"}, [ANSWERS])


def scenario(rulebase: RuleBase) -> Schema:
    """Of a scenario: an answer file that says what must follow."""
    what = "What must follow from the answers. A list: among those shown, in this order; an empty one: none at all."
    fields = {name: _expected(field) for name, field in expected_fields(rulebase).items()}
    return _file("Scenario", rulebase, table(fields, minProperties=1, description=what), [ANSWERS, EXPECT])


def _file(kind: str, rulebase: RuleBase, expect: Schema, required: list[str]) -> Schema:
    fields: dict[str, Schema] = {
        TITLE: {"description": "Whose answers these are, in a few words.", "type": "string"},
        SAVED: {"description": "The day on which an interview wrote them.", "type": "string", "pattern": DAY},
        ANSWERS: answers_table(rulebase),
        TICKED: {"description": "Ticked on lists that were not finished.", **answers_table(rulebase)},
        EXPECT: expect,
    }
    return {"title": f"{kind} ({SCHEMA})", **table(fields, required)}


def answers_table(rulebase: RuleBase) -> Schema:
    """Question -> answer. No question has to be answered: unanswered is not "no"."""
    return table({question.id: answer(question) for question in rulebase.questions.values()})


def answer(question: Question) -> Schema:
    """What `triage.knowledge.grammar.read_answer` takes for a question."""
    described = {"description": question.text}
    if question.kind == "number":
        return {**described, "anyOf": [number(question), *([one(question)] if question.options else [])]}
    if question.kind == "one":
        return one(question, question.text)
    alone = [option.id for option in question.options if option.exclusive]
    stand_alone = {"if": {"contains": {"enum": alone}}, "then": {"maxItems": 1}} if alone else {}
    return {**described, **array(one(question), minItems=1, uniqueItems=True), **stand_alone}


def number(question: Question) -> Schema:
    """A whole number within the limits of a question."""
    return {"type": "integer", "minimum": question.minimum, "maximum": question.maximum}


def one(question: Question, about: str = "") -> Schema:
    """One option of a question."""
    return options({option.id: option.text for option in question.options}, about)


def _expected(field: Expected) -> Schema:
    ids: Schema = {"enum": list(field.ids)}
    shapes: dict[str, Schema] = {"flag": {"type": "boolean"}, "id": ids, "ids": array(ids)}
    return shapes[field.kind]
