"""Of whom the texts of a rule base speak: the person, another adult, a child.

Texts hold tokens like {your}; a table of the rule base (voices.toml) has the words of each voice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, lru_cache
from typing import Any, TypeVar

from triage.knowledge.conditions import Cell, Condition
from triage.knowledge.fields import SEEN, fields_of, item_of
from triage.knowledge.model import Answers, Record, RuleBase, chosen
from triage.knowledge.tokens import spoken
from triage.knowledge.toml_file import Location

T = TypeVar("T")

_KEPT = (Condition, Cell, Location, frozenset)  # hold no texts that a person reads


def voice_of(rulebase: RuleBase, answers: Answers) -> str:
    """The voice that the answers ask for; the first of the rule base where none does."""
    for question in rulebase.questions.values():
        for option in question.options:
            if option.voice and option.id in chosen(answers.get(question.id, ())):
                return option.voice
    return next(iter(rulebase.voices))


@lru_cache(maxsize=32)  # the voices of every country that a server speaks to
def rules_in_voice(rulebase: RuleBase, voice: str = "") -> RuleBase:
    """A rule base in which every text speaks with `voice` (the first one if none is named)."""
    return in_voice(rulebase, rulebase.voices[voice or next(iter(rulebase.voices))])


def in_voice(value: T, words: Mapping[str, str]) -> T:
    """A text, or a record (or several) with texts, with the words of a voice in the place of tokens."""
    said: T = _said_by(value, words)
    return said


def _said_by(value: Any, words: Mapping[str, str]) -> Any:
    """The same object where nothing in it changes."""
    said: Any = value
    if isinstance(value, str):
        said = spoken(value, words)
    elif isinstance(value, _KEPT):
        return value
    elif is_dataclass(value) and not isinstance(value, type):
        held = {name: getattr(value, name) for name in _fields_with_texts(type(value))}
        changed = {name: new for name, old in held.items() if (new := _said_by(old, words)) is not old}
        said = replace(value, **changed) if changed else value
    elif isinstance(value, dict):
        made = {name: _said_by(one, words) for name, one in value.items()}
        said = made if any(made[name] is not one for name, one in value.items()) else value
    elif isinstance(value, tuple):
        items = [_said_by(item, words) for item in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            said = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return said


@cache
def _fields_with_texts(kind: Any) -> tuple[str, ...]:
    """The fields of a record that may hold what a person reads: of a table of the rules those that say so."""
    if not issubclass(kind, Record):
        return tuple(field.name for field in fields(kind))
    return tuple(f.name for f in fields_of(kind) if SEEN in f.marks or is_dataclass(item_of(f.hint)))
