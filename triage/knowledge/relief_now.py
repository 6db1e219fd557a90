"""The steps that are safe for everybody, read alone: `relief` has to be there at once, whatever else is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.tokens import spoken

RELIEF_NOW, VOICES = "advice/relief_now.toml", "voices.toml"

# What reading and wording the files raises where one is not as it should be.
FAULTY = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Steps(NamedTuple):
    """The text in the voice of somebody who was asked nothing; `after`: where to go from there (may be empty)."""

    title: str
    steps: tuple[str, ...]
    after: str


def read_steps(rules: Path) -> Steps:
    """The steps of the rule base in a folder. Raises one of FAULTY."""
    relief = tomllib.loads((rules / RELIEF_NOW).read_text("utf-8-sig"))["relief_now"]
    words = tomllib.loads((rules / VOICES).read_text("utf-8-sig"))["voice"][0]["words"]
    title, steps, after = relief["title"], relief["steps"], relief.get("after", "")
    if not (isinstance(steps, list) and steps and "".join([title, *steps, after]).isprintable()):
        raise ValueError("title, steps and after must be text that can be printed")
    return Steps(title, tuple(spoken(step, words) for step in steps), after)
