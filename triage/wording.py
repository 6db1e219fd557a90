"""Answers and conditions in words, made from the texts of the rule base."""

from __future__ import annotations

import re
from collections.abc import Iterable

from triage.model import Answer, Cell, Condition, Row, RuleBase, chosen

_BOUNDS = {">=": "{} or more", ">": "more than {}", "<=": "{} or less", "<": "under {}"}


def said(rulebase: RuleBase, name: str, answer: Answer) -> str:
    """An answer in words: "70 years", or what the chosen options mean."""
    question = rulebase.questions[name]
    if isinstance(answer, int):
        return f"{answer} {question.unit}".strip()
    return "; ".join(question.option(option).means for option in chosen(answer))


def condition_in_words(rulebase: RuleBase, condition: Condition) -> list[str]:
    """One line a row; "everybody" for a condition without cells."""
    lines = [f"{'or ' if n else ''}{row_in_words(rulebase, row)}" for n, row in enumerate(condition.when)]
    return lines + [f"unless {row_in_words(rulebase, row)}" for row in condition.unless]


def row_in_words(rulebase: RuleBase, row: Row) -> str:
    """All cells of one row."""
    return " and ".join(_cell(rulebase, cell) for cell in row) or "everybody"


def _cell(rulebase: RuleBase, cell: Cell) -> str:
    words = " or ".join(_value(rulebase, cell.name, item) for item in cell.written.split(" or "))
    if cell.every:
        words = words.replace(" or ", " with ")
    return f"{cell.name}: {words}"


def _value(rulebase: RuleBase, name: str, item: str) -> str:
    question = rulebase.questions.get(name)
    if question is None:
        return item
    if item in {option.id for option in question.options}:
        return f"{item} ({question.option(item).means})"
    if found := re.match(r"(>=|<=|>|<)\s*(\d+)$", item):
        return f"{_BOUNDS[found[1]].format(found[2])} {question.unit}".strip()
    return f"{item.replace('-', ' to ')} {question.unit}".strip()


def example_in_words(example: Iterable[tuple[str, object]]) -> str:
    """An example as it is written in the rule base."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in example)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)
