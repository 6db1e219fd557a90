"""Answers and conditions in words, made from the texts of the rule base."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from triage.knowledge.conditions import Cell, Condition, Row
from triage.knowledge.grammar import joined_bands
from triage.knowledge.model import CAUSE, RED_FLAG, Advice, Answer, Question, RuleBase, Source, chosen

GRADES = {"A": "guideline or trial", "B": "expert advice", "C": "traditional, unproven", "-": ""}
IF, IF_OTHERS_FIT = "if:", "if other answers fit too:"  # before the answers that reach a level
YOU_SAID = "said"  # the token that leads what was answered
STRENGTHS = {"ask": "ask about it", "may": "a doctor may check it"}

# What `link` makes. No text of a rule base can hold these marks: the loader refuses what cannot be printed.
LINK = re.compile("\x02([^:]+):([^\x03]+)\x03")

_BOUNDS = {">=": "{} or more", ">": "more than {}", "<=": "{} or less", "<": "under {}"}
_LEVELS = {">=": " or more urgent", "<=": " or less urgent"}


def link(kind: str, name: str) -> str:
    """An id in a line of words, which the rule book makes a link; nothing for no id.

    `kind`: the name of its table ("question", "red_flag", ...).
    """
    return f"\x02{kind}:{name}\x03" if name else ""


def counted(number: int, what: str) -> str:
    """So many of them, like `1 row` and `2,000 rows`."""
    return f"{number:,} {what}" + "s" * (number != 1)


def in_brackets(words: str) -> str:
    """Words in brackets, led by a blank; nothing for none."""
    return f" ({words})" if words else ""


def year_of(source: Source) -> str:
    """The year of a source; nothing where there is none or the title says it."""
    return str(source.year) if source.year and str(source.year) not in source.title else ""


def grade_in_words(advice: Advice) -> str:
    """The evidence grade; nothing where there is none or the title says it."""
    return "" if "unproven" in advice.title else GRADES[advice.grade]


# --- for the person who answers, without ids


def said(rulebase: RuleBase, name: str, answer: Answer) -> str:
    """An answer in words: "70 years", or what the chosen options mean."""
    question = rulebase.questions[name]
    if isinstance(answer, int):
        return f"{answer}{_unit(question)}"
    return "; ".join(question.option(option).means for option in chosen(answer))


def options_said(rulebase: RuleBase, name: str, options: Collection[str]) -> list[str]:
    """What each of `options` of a question or finding means; bands of a number are joined."""
    question = rulebase.questions.get(name)
    if question is None:
        titled = {RED_FLAG: rulebase.red_flags, CAUSE: rulebase.causes}.get(name, rulebase.dispositions)
        return [titled[option].title for option in sorted(options)]
    bands = [band for band in rulebase.bands.get(name, ()) if band in options]
    spans = [_span(question, low, high) for low, high in joined_bands(bands)]
    return spans + [option.means for option in question.options if option.id in options]


def held_said(rulebase: RuleBase, name: str, answer: Answer, options: Collection[str]) -> list[str]:
    """The part of an answer that a rule rests on: a number as it was given, or each of these options."""
    return [said(rulebase, name, answer)] if isinstance(answer, int) else options_said(rulebase, name, options)


def cell_said(rulebase: RuleBase, cell: Cell) -> str:
    """A cell in words: "one leg is more swollen than the other"."""
    between = ", together with " if cell.every else "; or "
    none_of = "none of: " if cell.absent else ""
    return none_of + between.join(options_said(rulebase, cell.name, cell.options))


def _span(question: Question, low: int, high: int) -> str:
    """ "under 18 years", "40 to 59 years" or "60 years or more"."""
    if low == question.minimum and high < question.maximum:
        return f"under {high + 1}{_unit(question)}"
    if high == question.maximum:
        return f"{low}{_unit(question)} or more"
    return f"{low} to {high}{_unit(question)}" if low < high else f"{low}{_unit(question)}"


def _unit(question: Question) -> str:
    return f" {question.unit}" if question.unit else ""


# --- for who reads the rules, with ids and links


def condition_lines(rulebase: RuleBase, condition: Condition) -> list[str]:
    """One line a row; "everybody" for a row without cells."""
    unless = [f"unless {_row(rulebase, row)}" for row in condition.unless]
    return [*row_lines(rulebase, condition.when), *unless]


def row_lines(rulebase: RuleBase, rows: Iterable[Row]) -> Iterator[str]:
    """One line a row, of which any may hold."""
    return (f"{'or ' if n else ''}{_row(rulebase, row)}" for n, row in enumerate(rows))


def _row(rulebase: RuleBase, row: Row) -> str:
    return " and ".join(_cell(rulebase, cell) for cell in row) or "everybody"


def _cell(rulebase: RuleBase, cell: Cell) -> str:
    name = link("question", cell.name) if cell.name in rulebase.questions else cell.name
    values = (_value(rulebase, cell.name, item) for item in cell.written.split(" or "))
    return f"{name}: {'none of ' if cell.absent else ''}{(' with ' if cell.every else ' or ').join(values)}"


def _value(rulebase: RuleBase, name: str, item: str) -> str:
    bound = re.match(r"(>=|<=|>|<)\s*(\w+)$", item)
    question = rulebase.questions.get(name)
    if question is None:
        return link(name, bound[2]) + _LEVELS[bound[1]] if bound else link(name, item)
    if item in {option.id for option in question.options}:
        return f"{item} ({question.option(item).means})"
    return (_BOUNDS[bound[1]].format(bound[2]) if bound else item.replace("-", " to ")) + _unit(question)
