"""Answers and conditions in words, made from the texts of the rule base."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from triage.knowledge.grammar import joined_bands
from triage.knowledge.model import CAUSE, RED_FLAG, Advice, Answer, Cell, Condition, Question, Row, RuleBase, chosen

GRADES = {"A": "guideline or trial", "B": "expert advice", "C": "traditional, unproven", "-": ""}
YOU_SAID = "said"  # the token that leads what was answered
STRENGTHS = {"ask": "ask about it", "may": "a doctor may check it"}

_BOUNDS = {">=": "{} or more", ">": "more than {}", "<=": "{} or less", "<": "under {}"}
_LEVELS = {">=": " or more urgent", "<=": " or less urgent"}


class Ref(NamedTuple):
    """The id of something in the rule base; `kind` is the name of its table ("question", "red_flag", ...)."""

    kind: str
    id: str

    def __str__(self) -> str:
        return self.id


# A line of words that may name things of the rule base: text on a screen, links in the rule book.
Line = tuple[str | Ref, ...]


def as_text(line: Line) -> str:
    """The words of a line."""
    return "".join(map(str, line))


def counted(number: int, what: str) -> str:
    """So many of them, like `1 row` and `2,000 rows`."""
    return f"{number:,} {what}" + "s" * (number != 1)


def joined(lines: Iterable[Line], between: str) -> Line:
    """Several lines as one, with `between` between them."""
    parts: list[str | Ref] = []
    for line in lines:
        parts += [between] * bool(parts) + [*line]
    return tuple(parts)


def said(rulebase: RuleBase, name: str, answer: Answer) -> str:
    """An answer in words: "70 years", or what the chosen options mean."""
    question = rulebase.questions[name]
    if isinstance(answer, int):
        return f"{answer} {question.unit}".strip()
    return "; ".join(question.option(option).means for option in chosen(answer))


def grade_in_words(advice: Advice) -> str:
    """The evidence grade; nothing where there is none or the title says it."""
    return "" if "unproven" in advice.title else GRADES[advice.grade]


def in_brackets(words: str) -> str:
    """Words in brackets, led by a blank; nothing for none."""
    return f" ({words})" if words else ""


def grade_said(advice: Advice) -> str:
    """The evidence grade, to be put behind the title."""
    return in_brackets(grade_in_words(advice))


def options_said(rulebase: RuleBase, name: str, options: Collection[str]) -> list[str]:
    """What each of `options` of a question or finding means, without ids; bands of a number are joined."""
    question = rulebase.questions.get(name)
    if question is None:
        return [_finding(rulebase, name, option) for option in sorted(options)]
    bands = [band for band in rulebase.bands.get(name, ()) if band in options]
    return _spans(question, bands) + [option.means for option in question.options if option.id in options]


def cell_said(rulebase: RuleBase, cell: Cell) -> str:
    """A cell for the person who answers: "one leg is more swollen than the other", without ids."""
    between = ", together with " if cell.every else "; or "
    none_of = "none of: " if cell.absent else ""
    return none_of + between.join(options_said(rulebase, cell.name, cell.options))


def _finding(rulebase: RuleBase, name: str, option: str) -> str:
    if name == RED_FLAG:
        return rulebase.red_flags[option].title
    return rulebase.causes[option].title if name == CAUSE else rulebase.dispositions[option].title


def _spans(question: Question, bands: Iterable[str]) -> list[str]:
    """Bands in rising order as few spans: "under 18 years", "40 to 59 years", "60 years or more"."""
    return [_span(question, low, high) for low, high in joined_bands(bands)]


def _span(question: Question, low: int, high: int) -> str:
    if low == question.minimum and high < question.maximum:
        return f"under {high + 1} {question.unit}".strip()
    if high == question.maximum:
        return f"{low} {question.unit} or more".replace("  ", " ")
    return f"{low} to {high} {question.unit}".strip() if low < high else f"{low} {question.unit}".strip()


def condition_lines(rulebase: RuleBase, condition: Condition) -> list[Line]:
    """One line a row; "everybody" for a row without cells."""
    unless = [("unless ", *_row(rulebase, row)) for row in condition.unless]
    return [*row_lines(rulebase, condition.when), *unless]


def row_lines(rulebase: RuleBase, rows: Iterable[Row]) -> list[Line]:
    """One line a row, of which any may hold."""
    return [("or " if n else "", *_row(rulebase, row)) for n, row in enumerate(rows)]


def _row(rulebase: RuleBase, row: Row) -> Line:
    return joined((_cell(rulebase, cell) for cell in row), " and ") or ("everybody",)


def _cell(rulebase: RuleBase, cell: Cell) -> Line:
    name = Ref("question", cell.name) if cell.name in rulebase.questions else cell.name
    values = (_value(rulebase, cell.name, item) for item in cell.written.split(" or "))
    return (name, ": none of " if cell.absent else ": ", *joined(values, " with " if cell.every else " or "))


def _value(rulebase: RuleBase, name: str, item: str) -> Line:
    bound = re.match(r"(>=|<=|>|<)\s*(\w+)$", item)
    question = rulebase.questions.get(name)
    if question is None:
        return (Ref(name, bound[2]), _LEVELS[bound[1]]) if bound else (Ref(name, item),)
    if item in {option.id for option in question.options}:
        return (f"{item} ({question.option(item).means})",)
    words = _BOUNDS[bound[1]].format(bound[2]) if bound else item.replace("-", " to ")
    return (f"{words} {question.unit}".strip(),)


def example_in_words(example: Iterable[tuple[str, object]]) -> str:
    """An example as it is written in the rule base."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in example)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)
