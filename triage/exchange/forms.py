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
from triage.knowledge.voices import rules_in_voice
from triage.output.view import BOTH, net_sentences

FORM_TITLE = "Questions about leg cramps"
NO_ADVICE = (
    '"You" is the person with the cramps. This form only collects answers. It gives no advice by itself: '
    "the program leg-cramp-triage does, from the answers. If the form tells you to call for help, or to get "
    "help today, do that first. Do not wait for anything if one of the following signs is there."
)
# A number that may be left unsaid takes two fields: which, and the number.
WHICH, SAID = "how", "said"
RESERVED = ("data", "meta")  # elements that every form of ODK has


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
    """When a form that is asked from top to bottom asks a question: everybody, where it would wait for a later one."""
    order = list(rulebase.questions).index
    read = {cell.name for rows in question.condition for row in rows for cell in row}
    return EVERYBODY if any(order(name) > order(question.id) for name in read) else question.condition


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
        """When a form that is asked from top to bottom asks a question; empty where it asks everybody."""
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


class Fields(Language):
    """A form as fields with names, a row for each. `names`: question id -> the name of its field.

    `gap` and `noted` stand between such a name and what the form adds to it.
    """

    gap = noted = "__"

    def __init__(self, rulebase: RuleBase) -> None:
        super().__init__(rules_in_voice(rulebase))
        self.names = names_of(rulebase)

    def choosing(self, question: Question) -> str:
        """The field that takes a question's options: a number has one of its own for them."""
        name = self.names[question.id]
        return f"{name}{self.gap}{WHICH}" if question.kind == "number" else name

    def rows(self) -> Iterator[dict[str, str]]:
        """The whole form. What it cannot do, and the signs that must not wait, stand first and last."""
        limits = "\n\n".join([NO_ADVICE, *signs(self.rulebase), self.rulebase.about.statement])
        yield self.note(f"about{self.gap}first", limits)
        for question in self.rulebase.questions.values():
            yield from self.asked(question)
            for notice in notices(self.rulebase, question):
                name = f"{self.names[question.id]}{self.noted}{notice.id.replace('-', '_')}"
                yield self.note(name, notice.say, self.said(notice.condition))
        yield self.note(f"about{self.gap}last", limits)

    @abstractmethod
    def note(self, name: str, words: str, when: str = "") -> dict[str, str]:
        """A text that is only shown."""

    @abstractmethod
    def asked(self, question: Question) -> Iterator[dict[str, str]]:
        """The field of a question; of a number that may be left unsaid two."""


def names_of(rulebase: RuleBase) -> dict[str, str]:
    """Question id -> the name of its field. No id holds two underscores in a row, so what a form adds meets no other."""
    names: dict[str, str] = {}
    for question in rulebase.questions:
        name = question.replace("-", "_")
        name = f"q_{name}" if name[0].isdigit() or name in RESERVED else name
        while name in names.values():
            name += "_"
        names[question] = name
    return names


def limits_of(question: Question) -> str:
    """Which numbers can be given."""
    return f"A whole number from {question.minimum} to {question.maximum} {question.unit}".strip()


def either(tests: list[str]) -> str:
    """That one of some tests is true, in brackets where they need them."""
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"
