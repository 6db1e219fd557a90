"""Replies to a prompt: as a form gives them, and as a hidden field keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from triage.conversation.interview import BACK, Back, Prompt, Reply
from triage.conversation.numbers import read_number
from triage.knowledge.model import Option
from triage.web.words import words

BACKWARD, BETWEEN = "<", ","  # no id has them


class Given(NamedTuple):
    """What was ticked and typed on a page."""

    picked: tuple[str, ...] = ()
    typed: str = ""


class Wrong(ValueError):
    """A reply that cannot be taken. It says why, to the person."""


def read_reply(prompt: Prompt, given: Given) -> Reply:
    """The reply that was given. Raises Wrong, and ValueError where it is none that the prompt has."""
    options = {option.id: option for option in prompt.options}
    picked = tuple(name for name in options if name in given.picked)
    if len(picked) < len(given.picked):
        raise ValueError
    if prompt.kind == "number" and (given.typed.strip() or not picked):
        return _number(prompt, given, [options[name] for name in picked])
    if not picked:
        raise Wrong(words.nothing_ticked.format(how_to_tick(prompt)))
    if prompt.kind != "many":
        if len(picked) > 1:
            raise ValueError
        return picked[0]
    alone = [options[name].text for name in picked if options[name].exclusive]
    if alone and len(picked) > 1:
        raise Wrong(words.none_beside.format(alone[0]))
    return picked


def how_to_tick(prompt: Prompt) -> str:
    """What to do where nothing fits, by the names of the options that are there."""
    if prompt.kind != "many":
        return str(words.choose_one)
    otherwise = f" {words.either} ".join(f'"{option.text}"' for option in prompt.keys)
    return str(words.tick_or.format(otherwise))


def _number(prompt: Prompt, given: Given, beside: Sequence[Option]) -> int:
    if beside:
        raise Wrong(words.number_beside.format(beside[0].text))
    try:
        number = read_number(given.typed, prompt)
    except ValueError as problem:
        raise Wrong(str(problem)) from None
    if isinstance(number, str):  # the key of an option, which only a terminal has
        raise Wrong(words.in_figures.format(prompt.question.minimum, prompt.question.maximum))
    return number


def as_field(reply: Reply) -> str:
    """A reply as a hidden field keeps it."""
    if isinstance(reply, Back):
        return BACKWARD
    return BETWEEN.join(reply) if isinstance(reply, tuple) else str(reply)


def from_field(prompt: Prompt, kept: str) -> Reply:
    """The reply that a hidden field keeps. Raises ValueError where it is none to this prompt."""
    if kept == BACKWARD:
        return BACK
    is_number = prompt.kind == "number" and kept.isdigit()
    return read_reply(prompt, Given(typed=kept) if is_number else Given(picked=tuple(kept.split(BETWEEN))))
