"""Of whom the texts of a rule base speak: the person, another adult, a child.

Texts hold tokens like {your}; a table of the rule base (voices.toml) has the words of each voice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from functools import cache, lru_cache
from typing import Any

from triage.knowledge.fields import SEEN, fields_of, item_of
from triage.knowledge.model import Answers, Record, RuleBase, chosen
from triage.knowledge.rule_files import LISTS, SINGLE
from triage.knowledge.tokens import spoken


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
    words = rulebase.voices[voice or next(iter(rulebase.voices))]
    tables = (*(field for _, field in LISTS.values()), *SINGLE)
    return replace(rulebase, **{name: _said_by(getattr(rulebase, name), words) for name in tables})


def _said_by(value: Any, words: Mapping[str, str]) -> Any:
    """A text, a table of the rules, or several of them; the same object where nothing in a table changes."""
    if isinstance(value, str):
        return spoken(value, words)
    if isinstance(value, Record):
        kind: Any = type(value)
        held = {name: getattr(value, name) for name in _fields_with_texts(kind)}
        changed = {name: new for name, old in held.items() if (new := _said_by(old, words)) != old}
        return replace(value, **changed) if changed else value
    if isinstance(value, dict):
        return {name: _said_by(one, words) for name, one in value.items()}
    return tuple(_said_by(one, words) for one in value) if isinstance(value, tuple) else value


@cache
def _fields_with_texts(kind: Any) -> tuple[str, ...]:
    """The fields of a table that may hold what a person reads."""
    return tuple(f.name for f in fields_of(kind) if SEEN in f.marks or is_dataclass(item_of(f.hint)))
