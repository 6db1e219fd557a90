"""Conditions of the rule grammar as FHIR says them: `enableWhen`, and FHIRPath where that cannot.

`enableWhen` joins all of its tests by "or" or all by "and". Rows that need both become one
expression over the response as it is so far (SDC's enableWhenExpression), and so does "none of these was chosen": forms
do not agree what `!=` means where there are several answers. A question that was not answered makes its test false in
both, as in the rule grammar.
"""

from __future__ import annotations

from collections.abc import Iterable

from triage.exchange.fhir.codes import Json, extension, option_coding
from triage.knowledge.grammar import Band, joined_bands
from triage.knowledge.model import EVERYBODY, Cell, Condition, Question, Row, RuleBase

ENABLE_WHEN_EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"


def option_link(question: Question) -> str:
    """The linkId of the item that takes a question's options: a number and a choice need an item each."""
    return f"{question.id}.option" if question.kind == "number" else question.id


def enabling(rulebase: RuleBase, condition: Condition) -> Json:
    """The fields of an item that is there only where `condition` (over answers) holds."""
    if any(cell.absent for row in condition.when for cell in row):
        return _by_expression(_fhirpath(rulebase, condition))
    if not condition.unless and all(is_simple(rulebase, row) for row in condition.when):
        cells = [cell for row in condition.when for cell in row]
        return _enable_when("any", [test for cell in cells for way in _ways(rulebase, cell) for test in way])
    ways = [_ways(rulebase, cell) for cell in condition.when[0]]
    if not condition.unless and len(condition.when) == 1 and all(len(cell) == 1 for cell in ways):
        return _enable_when("all", [test for cell in ways for test in cell[0]])
    return _by_expression(_fhirpath(rulebase, condition))


def is_simple(rulebase: RuleBase, row: Row) -> bool:
    """Whether a row holds if any of some tests does, so that rows like it go together into one `enableWhen`."""
    return len(row) == 1 and not row[0].absent and all(len(way) == 1 for way in _ways(rulebase, row[0]))


def unanswered(rulebase: RuleBase, question: Question, asked: Condition) -> Json:
    """The fields of an item that is there only where a question is asked and not answered."""
    if asked == EVERYBODY:
        test = {"question": question.id, "operator": "exists", "answerBoolean": False}
        return {"enableWhen": [test], "enableBehavior": "all"}
    return any_unanswered(rulebase, [(question, asked)])


def any_unanswered(rulebase: RuleBase, questions: Iterable[tuple[Question, Condition]]) -> Json:
    """The same for several questions, of which any is asked (its condition holds) and not answered."""
    said = [f"(({_fhirpath(rulebase, asked)}) and {_answered(q.id)}.not())" for q, asked in questions]
    return _by_expression(" or ".join(said))


def _by_expression(fhirpath: str) -> Json:
    expression = {"language": "text/fhirpath", "expression": fhirpath}
    return {"extension": [extension(ENABLE_WHEN_EXPRESSION, "Expression", expression)]}


def _enable_when(behavior: str, tests: Iterable[Json]) -> Json:
    listed: list[Json] = []
    for test in tests:
        if test not in listed:
            listed.append(test)
    return {"enableWhen": listed, "enableBehavior": behavior}


def _ways(rulebase: RuleBase, cell: Cell) -> list[list[Json]]:
    """The ways in which a cell can hold (some or all of its options chosen); each is a list of tests that must all hold."""
    question = rulebase.questions[cell.name]
    link = option_link(question)
    chosen = [
        {"question": link, "operator": "=", "answerCoding": option_coding(question, option)}
        for option in question.options
        if option.id in cell.options
    ]
    if cell.every:
        return [chosen]
    return [_bounds(question, low, high) for low, high in _spans(rulebase, cell)] + [[test] for test in chosen]


def _bounds(question: Question, low: int, high: int) -> list[Json]:
    """A span of numbers as tests; where it is all there are, that there is a number."""
    tests: list[Json] = []
    if low > question.minimum:
        tests.append({"question": question.id, "operator": ">=", "answerInteger": low})
    if high < question.maximum:
        tests.append({"question": question.id, "operator": "<=", "answerInteger": high})
    return tests or [{"question": question.id, "operator": "exists", "answerBoolean": True}]


def _fhirpath(rulebase: RuleBase, condition: Condition) -> str:
    """The same as one FHIRPath expression over %resource, the response; always true or false."""
    when = _rows(rulebase, condition.when)
    return f"({when}) and ({_rows(rulebase, condition.unless)}).not()" if condition.unless else when


def _rows(rulebase: RuleBase, rows: Iterable[Row]) -> str:
    return " or ".join(f"({' and '.join(_cell(rulebase, cell) for cell in row)})" for row in rows)


def _cell(rulebase: RuleBase, cell: Cell) -> str:
    question = rulebase.questions[cell.name]
    ids = [option.id for option in question.options if option.id in cell.options]
    link, any_of = option_link(question), " or ".join(f"code = {_quoted(name)}" for name in ids)
    if cell.absent:
        return f"{_answered(link)} and {_holds(link, any_of)}.not()"
    if cell.every:
        return " and ".join(_holds(link, f"code = {_quoted(name)}") for name in ids)
    said = [_holds(question.id, f"$this >= {low} and $this <= {high}") for low, high in _spans(rulebase, cell)]
    if ids:
        said.append(_holds(link, any_of))
    return said[0] if len(said) == 1 else f"({' or '.join(said)})"


def _answered(link: str) -> str:
    return f"%resource.item.where(linkId = {_quoted(link)}).answer.exists()"


def _holds(link: str, test: str) -> str:
    return f"%resource.item.where(linkId = {_quoted(link)}).answer.value.where({test}).exists()"


def _spans(rulebase: RuleBase, cell: Cell) -> list[Band]:
    return joined_bands(band for band in rulebase.bands.get(cell.name, ()) if band in cell.options)


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
