"""What a form has to ask and say that cannot stop, as the interview does: the same for every kind of form.

A form asks whatever the condition of a question opens, urgent finding or not, however long it gets: so a form that is
filled in leaves no question of the interview open. It speaks with the first voice of the rule base.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from triage.knowledge.model import Cell, Condition, Option, Question, RedFlag, Row, RuleBase
from triage.output.view import net_sentences

NO_ADVICE = (
    '"You" is the person with the cramps. This form only collects answers. It gives no advice by itself: '
    "the program leg-cramp-triage does, from the answers. If the form tells you to call for help, or to get "
    "help today, do that first. Do not wait for anything if one of the signs below is there."
)
RIVALS = "Two of the lines that are ticked do not go together. The more urgent one counts."


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


def shown_when(question: Question, option: Option) -> Condition | None:
    """When an option is offered; None: always. What its own list would open cannot be hidden while that is filled in."""
    if option.show is None or any(cell.name == question.id for row in option.show for cell in row):
        return None
    return Condition(option.show)


def option_condition(question: Question) -> Condition:
    """When a question is asked and one of its options offered."""
    shown = [shown_when(question, option) for option in question.options]
    rows = [row for condition in shown if condition for row in condition.when]
    asked = question.condition
    if None in shown:
        return asked
    return Condition(tuple((*first, *then) for first in asked.when for then in rows), asked.unless)


def notices(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """What is said behind a question: what its answers call for at once, and that two of them do not go together."""
    yield from _safe_actions(rulebase, question)
    yield from _urgent(rulebase, question)
    both = tuple(
        (Cell(question.id, frozenset([calm])), Cell(question.id, frozenset(others)))
        for calm, *others in question.rivals
    )
    if both:
        yield Notice("rivals", RIVALS, Condition(both))


def _safe_actions(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """The one thing to do at once for a cramp that is there now, for each of whom it may be about."""
    for voice, action in rulebase.relief_now.action.items():
        now = frozenset(option.id for option in question.options if option.now and option.voice == voice)
        if now:
            yield Notice(f"now-{voice}", action, Condition(((Cell(question.id, now),),)))


def _urgent(rulebase: RuleBase, question: Question) -> Iterator[Notice]:
    """What a stopping finding calls for, where this is the last question that it needed."""
    for level in rulebase.ladder:
        if not level.stops:
            continue
        flags = [flag for flag in rulebase.red_flags.values() if flag.disposition == level.id]
        plain = tuple(row for f in flags if not f.condition.unless for row in _decided_at(rulebase, f, question))
        if plain:
            yield Notice(level.id, level.say, Condition(plain))
        for flag in flags:
            rows = _decided_at(rulebase, flag, question) if flag.condition.unless else ()
            if rows:
                yield Notice(flag.id, level.say, Condition(tuple(rows), flag.condition.unless))


def _decided_at(rulebase: RuleBase, flag: RedFlag, question: Question) -> list[Row]:
    """The rows of a red flag of which this is the last question, exceptions and what it waits for included."""
    order = list(rulebase.questions)
    later = {cell.name for row in flag.condition.unless for cell in row} | {*flag.waits_for}
    return [
        row
        for row in flag.condition.when
        if max((*(cell.name for cell in row), *later), key=order.index) == question.id
    ]
