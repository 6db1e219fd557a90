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


def read_number(text: str, prompt: Prompt) -> int | str:
    """A whole number, or the option of a typed key. Raises ValueError with what is wrong.

    Where the unit is years, smaller ones are taken too ("18 months"), and what is begun does not count.
    """
    question, limit = prompt.question, prompt.limit
    typed = " ".join(text.lower().split())
    if not typed:
        raise ValueError(f"Nothing typed. A number from {question.minimum} to {question.maximum}.")
    if keyed := [option.id for option in prompt.options if option.key == typed]:
        return keyed[0]
    figure, number = _amount(typed, question)
    bounds = f"{question.minimum} to {question.maximum} {question.unit}".rstrip()
    if figure < question.minimum:
        raise ValueError(f"{figure} is too low: {bounds}.")
    if number > question.maximum:
        born = question.unit == _YEAR and 1900 <= number <= 2100
        raise ValueError(f"{number} {'looks like a year of birth' if born else 'is too high'}: {bounds}.")
    if limit and not limit.allows(number):
        raise ValueError(limit.say)
    return number


def _amount(typed: str, question: Question) -> tuple[int, int]:
    """A number as it was typed, and in the unit of the question. Raises ValueError if it is none."""
    parts = _PARTS_OF_A_YEAR if question.unit == _YEAR else {question.unit.removesuffix("s"): 1}
    found = _AMOUNT.fullmatch(typed) if typed.isascii() else None
    in_a_unit = parts.get(found[3].removesuffix("s"), 0) if found and found[3] else 1
    if not found or not in_a_unit or not _REST.fullmatch(found[4]):
        raise ValueError(f'"{shown(typed)}" is not a number in figures.')
    return int(found[1]), int(found[1]) // in_a_unit


def shown(typed: str) -> str:
    """The beginning of what was typed, as it may stand in a message."""
    return printable(typed[:20]) + ("..." if len(typed) > 20 else "")
