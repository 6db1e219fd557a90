"""Numbers as people type them: "34", "68 years", "18 months"."""

from __future__ import annotations

import re

from triage.conversation.interview import Prompt
from triage.knowledge.faults import printable
from triage.knowledge.model import Question

_PARTS_OF_A_YEAR = {"year": 1, "yr": 1, "y": 1, "month": 12, "mth": 12, "mo": 12, "m": 12, "week": 52, "wk": 52, "w": 52,
                    "day": 365, "d": 365}  # fmt: skip
_YEAR = "years"  # the unit in which these may be typed
_AMOUNT = re.compile(r"(?:aged? )?(-?\d{1,9})(?:[.,](\d{1,9}))? ?([a-z]*)\.?(.*)")
_REST = re.compile(r"(?: old| of age)?|(?: and|,)? ?\d{1,2} ?[a-z]+\.?(?: old)?")


def read_number(text: str, prompt: Prompt) -> tuple[int | str | None, str]:
    """A whole number or the option of a typed key; None and what is wrong with it if it is neither.

    Where the unit is years, smaller ones are taken too ("18 months"), and what is begun does not count.
    """
    question = prompt.question
    typed = " ".join(text.lower().split())
    if not typed:
        return None, f"Nothing typed. A number from {question.minimum} to {question.maximum}."
    if keyed := [option.id for option in prompt.options if option.key == typed]:
        return keyed[0], ""
    amount = _amount(typed, question)
    if amount is None:
        return None, f'"{shown(text)}" is not a number in figures.'
    number, problem = amount[1], _problem(*amount, prompt)
    return (None, problem) if problem else (number, "")


def _amount(typed: str, question: Question) -> tuple[int, int] | None:
    """A number as it was typed, and in the unit of the question; None if it is none."""
    found = _AMOUNT.fullmatch(typed) if typed.isascii() else None
    if not found or not _REST.fullmatch(found[4]):
        return None
    parts = _PARTS_OF_A_YEAR if question.unit == _YEAR else {question.unit.removesuffix("s"): 1}
    in_a_unit = parts.get(found[3].removesuffix("s")) if found[3] else 1
    return (int(found[1]), int(found[1]) // in_a_unit) if in_a_unit else None


def _problem(typed: int, number: int, prompt: Prompt) -> str:
    """What is wrong with a number that is beyond the limits; empty for one that is not."""
    question, limit = prompt.question, prompt.limit
    bounds = f"{question.minimum} to {question.maximum} {question.unit}".rstrip()
    if typed < question.minimum:
        return f"{typed} is too low: {bounds}."
    if number > question.maximum:
        born = question.unit == _YEAR and 1900 <= number <= 2100
        return f"{number} {'looks like a year of birth' if born else 'is too high'}: {bounds}."
    return limit.say if limit and not limit.allows(number) else ""


def shown(typed: str) -> str:
    """The beginning of what was typed, as it may stand in a message."""
    return printable(typed[:20]) + ("..." if len(typed) > 20 else "")
