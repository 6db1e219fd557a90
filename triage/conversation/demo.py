"""Made-up stories: interviews with ready answers, shown as they would go.

A story is a scenario file (answers and `[expect]`) in the folder `demos` of a rule base; its title
tells it in a sentence. They are offered in the order of the files' names, which may begin with a number.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from triage.conversation.answers import AnswerFile, read_toml
from triage.conversation.interview import Interview, Prompt, Reply
from triage.conversation.prompts import PAGE_FOOT, Lines, PlainAsker, key_line, list_lines, pages
from triage.conversation.scenarios import run_scenario
from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.model import NOT_SURE, Answer, Answers, Option, RuleBase, chosen
from triage.knowledge.rule_files import DEMOS
from triage.output import screen
from triage.reasoning.engine import Engine
from triage.version import program

MADE_UP = "A made-up story, to show how this works. Nobody gave these answers."
WAS_MADE_UP = "That was a made-up story. It says nothing about you."
YOUR_OWN = "For your own cramps:"
MORE = "More stories:"


def story_files(folder: Path) -> dict[str, Path]:
    """Name -> file of every story of the rule base in `folder`."""
    paths = sorted((folder / DEMOS).glob("*.toml"))
    return {re.sub(r"^\d+-", "", path.stem): path for path in paths}


def read_stories(folder: Path, rulebase: RuleBase) -> dict[str, AnswerFile]:
    """Every story by its name, the first one first. Raises FaultyInput."""
    return {name: read_toml(path, rulebase) for name, path in story_files(folder).items()}


def story_faults(engine: Engine, folder: Path) -> Iterator[Fault]:
    """Stories that end otherwise than they say, or cannot be played. Raises FaultyInput for unreadable ones."""
    for path in story_files(folder).values():
        outcome = run_scenario(engine, path)
        file = outcome.file
        yield from (Fault(file.name, 0, difference, code="LCT623") for difference in outcome.differences)
        clarified = [name for name, answer in file.answers.items() if _leads_on(engine.rulebase, name, answer)]
        for name in clarified:
            what, hint = f'{name}: more is asked after "{NOT_SURE}"', "give it a clear answer"
            yield Fault(file.name, 0, what, hint, code="LCT624")
        if not clarified:
            asker = StoryAsker(engine, file, io.StringIO(), lambda: None)
            unasked = set(file.answers) - set(Interview(engine, asker).conduct())
            yield from (Fault(file.name, 0, f"{name}: is not asked in this story", code="LCT625") for name in unasked)


def _leads_on(rulebase: RuleBase, name: str, answer: Answer) -> bool:
    """Whether an answer is "not sure", and is followed by a question that a story has no answer to."""
    return bool(rulebase.questions[name].clarify) and NOT_SURE in chosen(answer)


class StoryAsker(PlainAsker):
    """Gives the answers of a story, and calls `wait` wherever a person would take time to read."""

    def __init__(self, engine: Engine, story: AnswerFile, out: TextIO, wait: Callable[[], None]) -> None:
        super().__init__(engine, io.StringIO(), out)
        self.story, self.wait = story, wait

    def ask(self, prompt: Prompt) -> Reply:
        """The answer of the story, shown below its prompt. Raises FaultyInput where it has none."""
        if prompt.question.id not in self.story.answers:
            what = f"the story has no answer to {prompt.question.id}"
            raise FaultyInput([Fault(self.story.name, 0, what, code="LCT626")])
        reply = self.story.answers[prompt.question.id]
        if isinstance(reply, tuple):
            reply = _in_part(reply, prompt.options)
        picked = chosen(reply)
        self.show([*self._head(prompt), *list_lines(prompt), *key_line(prompt, screen.width(), picked)])
        if isinstance(reply, int):
            self.show([f"> {reply}"])
        self._say_again(prompt, picked)
        self.wait()
        return reply

    def emergency(self, answers: Answers) -> None:
        """Left at once: the result that follows says it."""

    def review(self, answers: Answers) -> str | None:  # noqa: ARG002
        """A story has nothing to change."""
        return None

    def give(self, lines: Lines) -> None:
        """A part of the result, one window at a time."""
        for page in pages(lines(), screen.rows() - PAGE_FOOT):
            self.show(["", *page])
            self.wait()

    def tell(self, lines: Lines) -> None:
        self.give(lines)


def _in_part(answer: tuple[str, ...], options: Sequence[Option]) -> tuple[str, ...]:
    """What of an answer stands in this part of a list; "none of these" where nothing does."""
    here = tuple(option.id for option in options if option.id in answer)
    return here or tuple(option.id for option in options if option.exclusive)


def ending(stories: Mapping[str, AnswerFile], played: str, columns: int) -> list[str]:
    """What is said after a story: that it was made up, and which others there are."""
    lines = [*screen.wrap(WAS_MADE_UP, columns), YOUR_OWN, program()]
    others = [name for name in stories if name != played]
    lines += ["", MORE] if others else []
    for name in others:
        lines += [f"{program()} demo {name}", *screen.wrap(printable(stories[name].title), columns, "  ")]
    return lines
