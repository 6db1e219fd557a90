"""A Questionnaire as any program may read it: which items are there for a response, by the words of the standard.

Written from FHIR R4 and SDC, without the program: only the JSON is read. FHIRPath is left to fhirpathpy.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

Json = dict[str, Any]
CORE = "http://hl7.org/fhir/StructureDefinition/"
EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
# Extension -> the type of its value, as their definitions say.
EXTENSIONS = {
    f"{CORE}questionnaire-itemControl": "valueCodeableConcept",
    f"{CORE}questionnaire-optionExclusive": "valueBoolean",
    f"{CORE}questionnaire-optionPrefix": "valueString",
    f"{CORE}questionnaire-choiceOrientation": "valueCode",
    f"{CORE}questionnaire-unit": "valueCoding",
    f"{CORE}rendering-style": "valueString",
    f"{CORE}minValue": "valueInteger",
    f"{CORE}maxValue": "valueInteger",
    EXPRESSION: "valueExpression",
}
CONTROLS = {"check-box", "radio-button", "help"}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
ANSWERS = {"integer": "Integer", "choice": "Coding"}


def all_items(items: list[Json]) -> Iterator[Json]:
    """Every item, inner ones among them, in order."""
    for item in items:
        yield item
        yield from all_items(item.get("item", []))


def extensions(element: Json, url: str) -> list[Any]:
    """The values of all extensions of that URL."""
    return [one[EXTENSIONS[url]] for one in element.get("extension", []) if one["url"] == url]


# --- what is there


def shown(form: Json, response: Json) -> set[str]:
    """The linkIds of the items that are enabled for a response."""
    return {item["linkId"] for item in all_items(form["item"]) if is_enabled(item, response)}


def is_enabled(item: Json, response: Json) -> bool:
    """Whether an item is enabled. A test of a question without an answer is false, `exists` apart."""
    for expression in extensions(item, EXPRESSION):
        result = compiled(expression["expression"])({}, {"resource": response})
        assert result in ([True], [False]), (item["linkId"], result)
        if not result[0]:
            return False
    tests = item.get("enableWhen", [])
    join = {"any": any, "all": all}[item.get("enableBehavior", "any")]
    return not tests or join(_holds(test, response) for test in tests)


@cache
def compiled(expression: str) -> Callable[[Any, Any], list[Any]]:
    made: Callable[[Any, Any], list[Any]] = fhirpathpy.compile(expression, models["r4"])
    return made


def _holds(test: Json, response: Json) -> bool:
    given = [
        _value(answer)
        for item in response.get("item", [])
        if item["linkId"] == test["question"]
        for answer in item["answer"]
    ]
    wanted = next(value for key, value in test.items() if key.startswith("answer"))
    if test["operator"] == "exists":
        return bool(given) == wanted
    return any(OPERATORS[test["operator"]](value, _value({"value": wanted})) for value in given)


def _value(answer: Json) -> Any:
    value = next(value for key, value in answer.items() if key.startswith("value"))
    return (value["system"], value["code"]) if isinstance(value, dict) else value


# --- what no validator notices


def problems(form: Json) -> list[str]:
    """What is wrong with a Questionnaire, beyond the types that a validator checks."""
    items = list(all_items(form["item"]))
    by_link = {item["linkId"]: item for item in items}
    found = [f"{link} is there twice" for link in by_link if [i["linkId"] for i in items].count(link) > 1]
    if form["status"] not in {"draft", "active", "retired", "unknown"}:
        found.append(f"status {form['status']}")
    for item in items:
        found += [f"{item['linkId']}: {what}" for what in _problems(item, by_link)]
    return found


def _problems(item: Json, by_link: Mapping[str, Json]) -> Iterator[str]:
    if item["type"] not in {"integer", "choice", "display"}:
        yield f"type {item['type']}"
    if item["type"] == "display" and {"required", "repeats", "answerOption"} & item.keys():
        yield "only shown, yet it takes an answer"
    if (item["type"] == "choice") != ("answerOption" in item):
        yield "options without a choice, or the other way round"
    if not item["text"].strip():
        yield "no text"
    for element in (item, item.get("_text", {}), *item.get("answerOption", [])):
        yield from _wrong_extensions(element)
    yield from _wrong_options(item)
    tests = item.get("enableWhen", [])
    if tests and (item.get("enableBehavior") not in {"any", "all"} or extensions(item, EXPRESSION)):
        yield "enableBehavior is missing, or an expression stands beside enableWhen"
    for test in tests:
        yield from _wrong_test(test, item, by_link)
    for expression in extensions(item, EXPRESSION):
        yield from _wrong_expression(expression, by_link)


def _wrong_extensions(element: Json) -> Iterator[str]:
    for one in element.get("extension", []):
        if set(one) != {"url", EXTENSIONS.get(one["url"], "?")}:
            yield f"extension {one}"
    for control in extensions(element, f"{CORE}questionnaire-itemControl"):
        [coding] = control["coding"]
        if coding["system"] != "http://hl7.org/fhir/questionnaire-item-control" or coding["code"] not in CONTROLS:
            yield f"itemControl {coding}"


def _wrong_options(item: Json) -> Iterator[str]:
    codings = [option["valueCoding"] for option in item.get("answerOption", [])]
    codes = [coding["code"] for coding in codings]
    if len(set(codes)) < len(codes):
        yield "a code twice"
    if len({coding["system"] for coding in codings}) > 1:
        yield "options of several systems"
    if not all(coding["display"].strip() for coding in codings):
        yield "an option without words"


def _wrong_test(test: Json, item: Json, by_link: Mapping[str, Json]) -> Iterator[str]:
    target = by_link.get(test["question"])
    if target is None or target is item or target["type"] not in ANSWERS:
        yield f"enableWhen of {test['question']}"
        return
    if test["operator"] == "exists":
        wanted = "answerBoolean"
    elif test["operator"] in OPERATORS and (test["operator"] == "=" or target["type"] == "integer"):
        wanted = f"answer{ANSWERS[target['type']]}"
    else:
        yield f"operator {test['operator']}"
        return
    if set(test) != {"question", "operator", wanted}:
        yield f"enableWhen {test}"
    elif wanted == "answerCoding" and test[wanted] not in [o["valueCoding"] for o in target["answerOption"]]:
        yield f"enableWhen of no option: {test[wanted]}"
    elif wanted == "answerInteger" and not _limits(target)[0] <= test[wanted] <= _limits(target)[1]:
        yield f"enableWhen of {test[wanted]}"


def _limits(item: Json) -> tuple[int, int]:
    [low], [high] = (extensions(item, f"{CORE}{name}Value") for name in ("min", "max"))
    return low, high


_ONE_TEST = re.compile(r"%resource\.item\.where\(linkId = '([^']+)'\)\.answer\.value\.where\(([^()]*)\)\.exists\(\)")

_ANY_ANSWER = re.compile(r"linkId = '([^']+)'\)\.answer\.exists\(\)")


def _wrong_expression(expression: Json, by_link: Mapping[str, Json]) -> Iterator[str]:
    if expression["language"] != "text/fhirpath":
        yield f"language {expression['language']}"
    tests = _ONE_TEST.findall(expression["expression"])
    if not tests:
        yield f"no test in {expression['expression']}"
    unknown_links = set(_ANY_ANSWER.findall(expression["expression"])) - by_link.keys()
    if unknown_links:
        yield f"expression of {sorted(unknown_links)}"
    for link, test in tests:
        options = by_link.get(link, {}).get("answerOption", [])
        unknown = set(re.findall(r"code = '([^']+)'", test)) - {o["valueCoding"]["code"] for o in options}
        if link not in by_link or unknown:
            yield f"expression of {link}: {sorted(unknown)}"
