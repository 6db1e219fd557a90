"""What all FHIR resources of the project are made of: own identifiers, code systems and data types.

Codes are the ids of the rule base, in code systems of its own: no SNOMED CT and no LOINC
(their licences), so text says what is meant.
"""

from __future__ import annotations

from typing import Any

from triage.knowledge.model import Option, Question

Json = dict[str, Any]

# A fixed name, not an address. Nothing is served there, and nothing ever can be: RFC 6761
# keeps the domain "invalid" for names that must not resolve. The project owns no domain.
FHIR_BASE = "https://leg-cramp-triage.invalid/fhir"


def canonical(kind: str, name: str) -> str:
    """The URI of something of the project: `kind` is its resource type, like "Questionnaire"."""
    return f"{FHIR_BASE}/{kind}/{name}"


def code_system(name: str) -> str:
    """The URI of one of the code systems below."""
    return canonical("CodeSystem", name)


UCUM = {"years": "a"}  # units of numbers, as the Unified Code for Units of Measure has them

DISPOSITIONS = code_system("dispositions")
RED_FLAGS = code_system("red-flags")
CAUSES = code_system("causes")
ADVICE = code_system("advice")
CHECKS = code_system("checks")
QUESTIONS = code_system("questions")


def options_of(question: Question) -> str:
    """The code system of a question's options: their ids are unique only among themselves."""
    return code_system(f"options-{question.id.replace('_', '-')}")


def option_link(question: Question) -> str:
    """The linkId of the item that takes a question's options: a number and a choice need an item each."""
    return f"{question.id}.option" if question.kind == "number" else question.id


def coding(system: str, code: str, display: str) -> Json:
    """A Coding."""
    return {"system": system, "code": code, "display": display}


def option_coding(question: Question, option: Option) -> Json:
    """The Coding of an option, as it stands in the Questionnaire and in every response."""
    return coding(options_of(question), option.id, option.text)


def extension(url: str, kind: str, value: Any) -> Json:
    """An Extension; `kind` is the type of its value, like "String" or "Integer"."""
    return {"url": url, f"value{kind}": value}


def filled(fields: Json) -> Json:
    """The fields that hold something: FHIR allows no empty text and no empty list."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
