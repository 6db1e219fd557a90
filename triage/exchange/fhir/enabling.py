"""Conditions of the rule grammar as FHIR says them: `enableWhen`, and FHIRPath where that cannot.

`enableWhen` joins all of its tests by "or" or all by "and". Rows that need both become one
expression over the response as it is so far (SDC's enableWhenExpression), and so does "none of these was chosen": forms
do not agree what `!=` means where there are several answers. A question that was not answered makes its test false in
both, as in the rule grammar.
"""

from __future__ import annotations

from triage.exchange.fhir.codes import Json, extension, option_coding, option_link
from triage.exchange.forms import Language, spans
from triage.knowledge.conditions import EVERYBODY, Cell, Condition, Row
from triage.knowledge.model import Question, RuleBase

ENABLE_WHEN_EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"


def enabling(rulebase: RuleBase, condition: Condition) -> Json:
    """The fields of an item that is there only where `condition` (over answers) holds."""
    if condition == EVERYBODY:
        return {}
    if not condition.unless:
        rows = [[_ways(rulebase, cell) for cell in row] for row in condition.when]
        if all(is_simple(rulebase, row) for row in condition.when):
            return _enable_when("any", [test for row in rows for ways in row for way in ways for test in way])
        if len(rows) == 1 and all(len(ways) == 1 for ways in rows[0]):
            return _enable_when("all", [test for [way] in rows[0] for test in way])
    return _by_expression(FhirPath(rulebase).said(condition))


def is_simple(rulebase: RuleBase, row: Row) -> bool:
    """Whether a row holds if any of some tests does, so that rows like it go together into one `enableWhen`."""
    ways = [way for cell in row for way in _ways(rulebase, cell)]
    return len(row) == 1 and bool(ways) and all(len(way) == 1 for way in ways)


def unanswered(rulebase: RuleBase, *questions: tuple[Question, Condition]) -> Json:
    """The fields of an item that is there only where one of some questions is asked (its condition) and not answered."""
    path = FhirPath(rulebase)
    match questions:
        case [(question, asked)] if asked == EVERYBODY:
            return _enable_when("all", [{"question": question.id, "operator": "exists", "answerBoolean": False}])
    said = [f"(({path.said(asked)}) and {_exists(question.id)}.not())" for question, asked in questions]
    return _by_expression(" or ".join(said))


def _by_expression(fhirpath: str) -> Json:
    expression = {"language": "text/fhirpath", "expression": fhirpath}
    return {"extension": [extension(ENABLE_WHEN_EXPRESSION, "Expression", expression)]}


def _enable_when(behavior: str, tests: list[Json]) -> Json:
    once = [test for nth, test in enumerate(tests) if test not in tests[:nth]]
    return {"enableWhen": once, "enableBehavior": behavior}


def _ways(rulebase: RuleBase, cell: Cell) -> list[list[Json]]:
    """The ways in which a cell can hold, each with all the tests of it; none where `enableWhen` cannot say it."""
    question = rulebase.questions[cell.name]
    chosen = [
        {"question": option_link(question), "operator": "=", "answerCoding": option_coding(question, option)}
        for option in question.options
        if option.id in cell.options
    ]
    if cell.absent:
        return []
    if cell.every:
        return [chosen]
    return [_bounds(question, low, high) for low, high in spans(rulebase, cell)] + [[test] for test in chosen]


def _bounds(question: Question, low: int, high: int) -> list[Json]:
    """A span of numbers as tests; where it is all there are, that there is a number."""
    tests: list[Json] = []
    if low > question.minimum:
        tests.append({"question": question.id, "operator": ">=", "answerInteger": low})
    if high < question.maximum:
        tests.append({"question": question.id, "operator": "<=", "answerInteger": high})
    return tests or [{"question": question.id, "operator": "exists", "answerBoolean": True}]


class FhirPath(Language):
    """FHIRPath over %resource, the response; always true or false."""

    negation = "{}.not()"

    def chosen(self, question: Question, options: list[str]) -> str:
        return _exists(option_link(question), " or ".join(f"code = '{option}'" for option in options))

    def between(self, question: Question, low: int, high: int) -> str:
        return _exists(question.id, f"$this >= {low} and $this <= {high}")


def _exists(link: str, test: str = "") -> str:
    """That the item of that linkId has an answer, one whose value passes the test. Ids need no quoting."""
    passes = f".value.where({test})" if test else ""
    return f"%resource.item.where(linkId = '{link}').answer{passes}.exists()"
