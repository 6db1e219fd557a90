"""What a page hands to the next one in hidden fields: nothing else is kept. It is checked each time, as an answer file is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.conversation.answers import check_answers
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import Answers, Question, RuleBase, chosen

Form = Mapping[str, Sequence[str]]  # the fields of a form, each with its values

ANSWER = "a."  # begins the names of the fields with answers
COUNTRY, AT, REPLIES, TOLD, FINISHED = "country", "at", "r", "told", "finished"
MOST_REPLIES = 100  # to the screens of one question; who goes back and forth more often begins the question again


@dataclass(frozen=True, kw_only=True)
class State:
    """How far somebody is. `at`: the question that is being asked, empty for the next that is open.

    `replies` are those to its prompts so far, as `Replies` writes them; `told`: the urgent red flags that were said;
    `finished`: the result has been shown.
    """

    country: str
    answers: Answers
    at: str = ""
    replies: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    finished: bool = False

    def fields(self, without: str = "") -> Iterator[tuple[str, str]]:
        """Names and values of hidden fields; `State` of them is this one again."""
        fields: list[tuple[str, Sequence[str]]] = [(COUNTRY, [self.country])]
        fields += [(f"{ANSWER}{name}", chosen(answer) or [str(answer)]) for name, answer in self.answers.items()]
        fields += [(AT, [self.at] if self.at else []), (REPLIES, self.replies), (TOLD, self.told)]
        fields += [(FINISHED, ["yes"] if self.finished else [])]
        yield from ((name, value) for name, values in fields if name != without for value in values)


def first(form: Form, name: str) -> str:
    """The first value of a field; empty where there is none."""
    return next(iter(form.get(name, ())), "")


def read_state(form: Form, rulebase: RuleBase, country: str) -> State:
    """The state in the hidden fields of a form; `country` where it names none that is known.

    Raises FaultyInput with all that is wrong with its answers.
    """
    known = _answers(form, rulebase)
    at, given = first(form, AT), first(form, COUNTRY)
    if at and at not in rulebase.questions:
        raise unreadable(known)
    replies = tuple(form.get(REPLIES, ()))
    return State(
        country=given if given in rulebase.countries else country,
        answers=known,
        at=at,
        replies=replies if len(replies) <= MOST_REPLIES else (),
        told=tuple(name for name in form.get(TOLD, ()) if name in rulebase.red_flags),
        finished=bool(first(form, FINISHED)),
    )


def unreadable(known: Answers) -> FaultyInput:
    """To be raised where a page was changed on its way; `known` are the answers that can be read beside that."""
    return FaultyInput([Fault("page", 0, "the reply does not belong to a question", code="LCT415")], known)


def _answers(form: Form, rulebase: RuleBase) -> Answers:
    names = [field.removeprefix(ANSWER) for field in form if field.startswith(ANSWER)]
    raw = {name: _raw(rulebase.questions.get(name), form[f"{ANSWER}{name}"]) for name in names}
    known, faults = check_answers(raw, rulebase, "page")
    if faults:
        raise FaultyInput(faults, known)
    return known


def _raw(question: Question | None, values: Sequence[str]) -> Any:
    """The values of a field as an answer file would have them."""
    if question is None or question.kind == "many" or len(values) != 1:
        return list(values)
    number = question.kind == "number" and re.fullmatch(r"[0-9]{1,9}", values[0])
    return int(values[0]) if number else values[0]
