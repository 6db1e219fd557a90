"""A list on its screens: what stands on each, and how the replies to them become one answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from triage.knowledge.grammar import as_facts
from triage.knowledge.model import AT_ONCE, Answers, Facts, Option, Question, RuleBase

MOST_LINES = 9  # that one screen numbers: one digit chooses one


class Screen(NamedTuple):
    """What stands on one screen of a list: its heading (empty if it has none) and its numbered lines."""

    page: str
    options: tuple[Option, ...]


class Early(NamedTuple):
    """What of a list was answered before its turn: the reply, and the lines that were offered."""

    reply: tuple[str, ...] = ()
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A list that is being answered, one reply for each screen so far.

    Of a list with a screen for a1 and a2 and one for b1, `replies` grow from () to (("a1",),) and (("a1",), ("none",));
    then the answer is ("a1",). Back from the second screen leaves (), with a1 among those to show as `ticked`.
    `others` are the answers to other questions; a line of `early` does not come again.
    """

    question: Question
    others: Answers
    bands: Mapping[str, tuple[str, ...]]
    early: Early
    replies: tuple[tuple[str, ...], ...] = ()
    ticked: frozenset[str]

    @property
    def picked(self) -> tuple[str, ...]:
        """All replies, "none" and "not sure" among them."""
        return in_order(self.question, {*self.early.reply, *(option for reply in self.replies for option in reply)})

    @property
    def signs(self) -> tuple[str, ...]:
        """The numbered lines among them."""
        return tuple(name for name in self.picked if not self.question.option(name).key)

    @property
    def answer(self) -> tuple[str, ...]:
        """One answer of all replies."""
        return joined(self.question, self.picked)

    @property
    def known(self) -> Answers:
        """All answers so far, with the signs of this list."""
        return {**self.others, self.question.id: self.signs} if self.signs else self.others

    @property
    def screens(self) -> list[Screen]:
        """All screens, as the replies so far have it: a sign may open a later one."""
        answers = {**self.others, self.question.id: self.picked} if self.picked else self.others
        return screens_of(self.question, as_facts(answers, self.bands), self.early.offered)

    @property
    def is_done(self) -> bool:
        return len(self.replies) == len(self.screens)

    def with_reply(self, reply: tuple[str, ...]) -> Draft:
        """The reply to the next screen: what was to be shown as ticked there has been."""
        shown = {option.id for option in self.screens[len(self.replies)].options}
        return replace(self, replies=(*self.replies, reply), ticked=self.ticked - shown)

    def stepped_back(self) -> Draft:
        """Without the last reply; its signs are shown as ticked."""
        return replace(self, replies=self.replies[:-1], ticked=self.ticked | set(self.replies[-1]))


def screens_of(question: Question, facts: Facts, without: frozenset[str] = frozenset()) -> list[Screen]:
    """The screens of a list: its pages, each in equal parts of at most MOST_LINES."""
    lines = [o for o in question.shown(facts) if not o.key and o.id not in without]
    screens = []
    for page in dict.fromkeys(o.page for o in lines):
        here = [o for o in lines if o.page == page]
        parts = -(-len(here) // MOST_LINES)
        size = -(-len(here) // parts)
        screens += [Screen(page, tuple(here[at : at + size])) for at in range(0, len(here), size)]
    return screens


def lines_of(question: Question, facts: Facts) -> frozenset[str]:
    """The numbered lines that a list offers."""
    return frozenset(option.id for option in question.shown(facts) if not option.key)


def joined(question: Question, picked: Iterable[str]) -> tuple[str, ...]:
    """One answer of several replies: "none" only if all of them said so."""
    none = next(option.id for option in question.options if option.exclusive)
    return in_order(question, set(picked) - {none}) or (none,)


def in_order(question: Question, options: Iterable[str]) -> tuple[str, ...]:
    """Options in the order of the question."""
    given = set(options)
    return tuple(o.id for o in question.options if o.id in given)


def emergency_follow_up(rulebase: RuleBase, question: Question) -> Question | None:
    """The list that only ticks of `question` open, and whose ticks alone can make an emergency."""
    at_once = [f for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops == AT_ONCE]
    for other in rulebase.questions.values():
        opened_by = {cell.name for row in other.condition.when for cell in row}
        alone = any({cell.name for cell in row} == {other.id} for flag in at_once for row in flag.condition.when)
        if opened_by == {question.id} and alone:
            return other
    return None
