"""Made-up stories: interviews with ready answers, shown as they would go.

A story is a scenario file (answers and `[expect]`) in the folder `demos` of a rule base; its title
tells it in a sentence. They are offered in the order of the files' names, which may begin with a number.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from triage.conversation.answers import AnswerFile, read_toml
from triage.conversation.interview import Prompt, Reply
from triage.conversation.prompts import Page, PlainAsker, by_key
from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.model import Answer, Answers, RuleBase, chosen
from triage.knowledge.rule_files import DEMOS
from triage.output import screen
from triage.reasoning.engine import Engine
from triage.version import program

MADE_UP = "A made-up story, to show how this works. Nobody gave these answers."
WAS_MADE_UP = "That was a made-up story. It says nothing about you."
YOUR_OWN = "For your own cramps:"
MORE = "More stories:"


def read_stories(folder: Path, rulebase: RuleBase) -> dict[str, AnswerFile]:
    """Every story of the rule base in `folder` by its name, the first one first. Raises FaultyInput."""
    paths = sorted((folder / DEMOS).glob("*.toml"))
    return {re.sub(r"^\d+-", "", path.stem): read_toml(path, rulebase) for path in paths}


class StoryAsker(PlainAsker):
    """Types the answers of a story at plain prompts, and calls `wait` wherever a person would take time to read."""

    def __init__(self, engine: Engine, story: AnswerFile, out: TextIO, wait: Callable[[], object]) -> None:
        super().__init__(engine, io.StringIO(), out)
        self.story, self.wait = story, wait
        self.typed = ""

    def ask(self, prompt: Prompt) -> Reply:
        """The answer of the story. Raises FaultyInput where it has none."""
        self.typed = _typed(prompt, self.story.answers.get(prompt.question.id, ()))
        if not self.typed:
            what = f"the story has no answer to {prompt.question.id}"
            raise FaultyInput([Fault(self.story.name, 0, what, code="LCT626")])
        return super().ask(prompt)

    def _line(self, page: Page, at_once: str = "") -> str:  # noqa: ARG002
        self.show([*page.whole(0), *page.below(), f"> {self.typed}"])
        self.wait()
        return self.typed

    def emergency(self, answers: Answers) -> None:
        """Left at once: the result that follows says it."""

    def review(self, answers: Answers) -> str | None:  # noqa: ARG002
        """A story has nothing to change."""
        return None


def _typed(prompt: Prompt, answer: Answer) -> str:
    """What is typed for an answer, of which a part may stand on this screen: "none of these" where nothing does."""
    if isinstance(answer, int):
        return str(answer)
    here = [o for o in prompt.options if o.id in chosen(answer)] or [o for o in prompt.options if o.exclusive]
    return " ".join(key for key, option in by_key(prompt).items() if answer and option in here)


def ending(stories: Mapping[str, AnswerFile], played: str, columns: int) -> list[str]:
    """What is said after a story: that it was made up, and which others there are."""
    lines = [*screen.wrap(WAS_MADE_UP, columns), YOUR_OWN, program()]
    others = [name for name in stories if name != played]
    lines += ["", MORE] if others else []
    for name in others:
        lines += [f"{program()} demo {name}", *screen.wrap(printable(stories[name].title), columns, "  ")]
    return lines
