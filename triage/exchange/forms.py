"""What a form has to ask and say that cannot stop, as the interview does: the same for every kind of form.

A form asks whatever the condition of a question opens, urgent finding or not, however long it gets: so a form that is
filled in leaves no question of the interview open. It speaks with the first voice of the rule base.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from triage.knowledge.conditions import EVERYBODY, NOBODY, Cell, Condition, Row
from triage.knowledge.grammar import Band, joined_bands
from triage.knowledge.model import Option, Question, RuleBase
from triage.output.view import BOTH, net_sentences

FORM_TITLE = "Questions about leg cramps"
NO_ADVICE = (
    '"You" is the person with the cramps. This form only collects answers. It gives no advice by itself: '
    "the program leg-cramp-triage does, from the answers. If the form tells you to call for help, or to get "
    "help today, do that first. Do not wait for anything if one of the following signs is there."
)


class Notice(NamedTuple):
    """What is said at once where `condition` holds. `id` is unique among the notices behind one question."""

    id: str
    say: str
    condition: Condition


def signs(rulebase: RuleBase) -> list[str]:
    """The signs that must not wait for anything, most urgent first: a form gives no result that could name them."""
    today, emergency = net_sentences(rulebase.safety_net)
    return [emergency, today]


def help_text(question: Question) -> str:
    """Why it is asked, then the details of all options, a line each."""
    return "\n".join([question.why, *(detailed(option) for option in question.options if option.detail)])


def detailed(option: Option) -> str:
    """An option with its detail."""
    return f"{option.text}: {option.detail}"


def alone(question: Question) -> tuple[tuple[Option, ...], str]:
    """The options that stand alone in a list of which several can be chosen, and the sentence that says so."""
    options = tuple(option for option in question.options if option.exclusive and question.kind == "many")
    named = " and ".join(f'"{option.text}"' for option in options)
    return options, f"{named} cannot stand beside other answers."


def shown_when(question: Question, option: Option) -> Condition | None:
    """When an option is offered; None: always. What its own list would open cannot be hidden while that is filled in."""
    if option.show is None or any(cell.name == question.id for row in option.show for cell in row):
        return None
    return Condition(option.show)


def option_condition(question: Question) -> Condition:
    """When a question is asked and one of its options offered."""
    (when, unless), shown = question.condition, [shown_when(question, option) for option in question.options]
    if None in shown:
        return question.condition
    offered = [row for condition in shown if condition for row in condition.when]
    return Condition(tuple((*asked, *row) for asked in when for row in offered), unless)


def asked_when(rulebase: RuleBase, question: Question) -> Condition:
    """When a form that takes no circles asks a question: everybody, where a later one waits for it and it for that one."""
    order = list(rulebase.questions).index
    later = (name for name in _waits_for(question) if order(name) > order(question.id))
    return EVERYBODY if any(question.id in _reached(rulebase, name) for name in later) else question.condition


def _reached(rulebase: RuleBase, name: str) -> set[str]:
    """The questions that a question waits for, and those that they wait for."""
    found, rest = {name}, [name]
    while rest:
        new = _waits_for(rulebase.questions[rest.pop()]) - found
        found |= new
        rest += new
    return found


def _waits_for(question: Question) -> set[str]:
    return {cell.name for rows in question.condition for row in rows for cell in row}


def notices(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """What is said behind a question: what its answers call for at once, and that two of them do not go together."""
    for voice, action in rulebase.relief_now.action.items():  # for a cramp that is there now
        now = frozenset(option.id for option in question.options if option.now and option.voice == voice)
        if now:
            yield Notice(f"now-{voice}", action, Condition(((Cell(question.id, now),),)))
    yield from _urgent(rulebase, question)
    both = tuple(
        (Cell(question.id, frozenset([calm])), Cell(question.id, frozenset(others)))
        for calm, *others in question.rivals
    )
    if both:
        yield Notice("rivals", BOTH, Condition(both))


def _urgent(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """What stopping findings call for, where this is the last question they needed; those with exceptions apart."""
    order = list(rulebase.questions).index
    for level in (level for level in rulebase.ladder if level.stops):
        found = {level.id: NOBODY}
        for flag in (flag for flag in rulebase.red_flags.values() if flag.disposition == level.id):
            when, unless = flag.condition
            later = {cell.name for row in unless for cell in row} | {*flag.waits_for}
            decided = [row for row in when if max({cell.name for cell in row} | later, key=order) == question.id]
            name = flag.id if unless else level.id
            found[name] = Condition((*found.get(name, NOBODY).when, *decided), unless)
        yield from (Notice(name, level.say, condition) for name, condition in found.items() if condition.when)


# --- conditions


def spans(rulebase: RuleBase, cell: Cell) -> list[Band]:
    """The numbers for which a cell holds, as (lowest, highest); none where it names options only."""
    return joined_bands(band for band in rulebase.bands.get(cell.name, ()) if band in cell.options)


class Language(ABC):
    """A language in which a form says conditions; `said` is the one way through a condition.

    What a language adds are tests of one question. Each must be false where that question was not answered.
    """

    negation: str  # with {} for the test, in brackets where it needs them

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase

    @abstractmethod
    def chosen(self, question: Question, options: list[str]) -> str:
        """That any of these options was chosen; where none is named, any at all."""

    @abstractmethod
    def between(self, question: Question, low: int, high: int) -> str:
        """That a number was given from `low` to `high`."""

    def said(self, condition: Condition) -> str:
        """A condition: some row of `when` holds, and none of `unless`."""
        when, unless = self._rows(condition.when), self._rows(condition.unless)
        return f"({when}) and {self.negation.format(f'({unless})')}" if unless else when

    def asked_when(self, question: Question) -> str:
        """When a form that takes no circles asks a question; empty where it asks everybody."""
        condition = asked_when(self.rulebase, question)
        return "" if condition == EVERYBODY else self.said(condition)

    def _rows(self, rows: Iterable[Row]) -> str:
        return " or ".join(f"({' and '.join(map(self._cell, row))})" for row in rows)

    def _cell(self, cell: Cell) -> str:
        question = self.rulebase.questions[cell.name]
        options = [option.id for option in question.options if option.id in cell.options]
        if cell.every:
            return " and ".join(self.chosen(question, [option]) for option in options)
        if cell.absent:
            return f"{self.chosen(question, [])} and {self.negation.format(self.chosen(question, options))}"
        tests = [self.between(question, low, high) for low, high in spans(self.rulebase, cell)]
        return either([*tests, self.chosen(question, options)] if options else tests)


def either(tests: list[str]) -> str:
    """That one of some tests is true, in brackets where they need them."""
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"
