"""A list on its screens: what stands on each, and how the replies to them become one answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from triage.knowledge.conditions import Facts
from triage.knowledge.model import AT_ONCE, Option, Question, RuleBase

MOST_LINES = 9  # that one screen numbers: one digit chooses one


def screens_of(question: Question, facts: Facts, without: frozenset[str] = frozenset()) -> list[tuple[Option, ...]]:
    """The numbered lines of each screen of a list: its pages, each in equal parts of at most MOST_LINES."""
    lines = [o for o in question.shown(facts) if not o.key and o.id not in without]
    screens = []
    for page in dict.fromkeys(o.page for o in lines):
        here = [o for o in lines if o.page == page]
        parts = -(-len(here) // MOST_LINES)
        size = -(-len(here) // parts)
        screens += [tuple(here[at : at + size]) for at in range(0, len(here), size)]
    return screens


def lines_of(question: Question, facts: Facts) -> frozenset[str]:
    """The numbered lines that a list offers."""
    return frozenset(option.id for option in question.shown(facts) if not option.key)


def joined(question: Question, picked: Iterable[str]) -> tuple[str, ...]:
    """One answer of several replies: "none" only if all of them said so."""
    none = next(option.id for option in question.options if option.exclusive)
    return in_order(question, set(picked) - {none}) or (none,)


def signs_of(question: Question, picked: Iterable[str]) -> tuple[str, ...]:
    """The numbered lines among what was picked, in the order of the question."""
    return tuple(name for name in in_order(question, picked) if not question.option(name).key)


def in_order(question: Question, options: Iterable[str]) -> tuple[str, ...]:
    """Options in the order of the question."""
    given = set(options)
    return tuple(o.id for o in question.options if o.id in given)


def emergency_follow_up(rulebase: RuleBase, question: Question) -> Question | None:
    """The list that only ticks of `question` open, and whose ticks alone can make an emergency."""
    at_once = [f for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops == AT_ONCE]
    for other in rulebase.questions.values():
        if {cell.name for row in other.condition.when for cell in row} == {question.id} and any(
            {cell.name for cell in row} == {other.id} for flag in at_once for row in flag.condition.when
        ):
            return other
    return None


def rivals_beside(question: Question, ticked: Iterable[str]) -> bool:
    """Whether a line that calms stands beside one that does not: then it does not count."""
    given = set(ticked)
    return any(calms in given and not given.isdisjoint(others) for calms, *others in question.rivals)
