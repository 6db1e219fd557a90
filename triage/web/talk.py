"""One step of an interview that is held page by page: the interview of the terminal, with replies that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from triage.conversation.interview import BACK, Back, Interview, Prompt, Reply
from triage.conversation.lists import lines_of
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answers, Disposition
from triage.reasoning.engine import Engine
from triage.reasoning.results import FiredFlag
from triage.web.replies import Given, Wrong, as_field, from_field, read_reply
from triage.web.state import State, unreadable

# What somebody wants of a page, by the button that was pressed.
START, GO, BEFORE, MISTAKE, CHECK, RESULT, PRINT, CHANGE = (
    "", "go", "back", "mistake", "check", "result", "print", "change:",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where somebody is now, and what has to be said at once.

    A `prompt` to reply to (`problem`: what is wrong with what was `given`), a `check` of all answers, or neither: the
    result. `act`: the one thing to do for a cramp that is there now; `news`: this step found something urgent.
    """

    state: State
    prompt: Prompt | None = None
    given: Given = field(default_factory=Given)
    problem: str = ""
    check: bool = False
    act: str = ""
    news: bool = False


class Stopped(Exception):
    """The next page is known: a prompt has no reply yet, or the questions are at an end."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step


class Replies:
    """An asker that gives the replies of `state`, then what was `given` with a button, and stops where it has none.

    What is answered for good goes to `answers`; `log` are the replies since then, the first of them to `at`.
    """

    def __init__(self, state: State, button: str, given: Given) -> None:
        self.answers, self.at, self.log = state.answers, state.at, list(state.replies)
        self._state, self._button, self._given = state, button, given
        self._used = 0
        self.act_text = ""
        self.news = False
        self.waits: Callable[[], bool] = lambda: False  # whether a list is to go on that was begun before its turn

    def ask(self, prompt: Prompt) -> Reply:
        if not self._used:
            self.at = prompt.question.id
        if self._used == len(self.log):
            self.log.append(as_field(self._new(prompt)))
        self._used += 1
        try:
            return from_field(prompt, self.log[self._used - 1])
        except ValueError:
            raise unreadable(self.answers) from None

    def _new(self, prompt: Prompt) -> Reply:
        """The reply of this page, once."""
        button, self._button = self._button, ""
        if button == BEFORE:
            return BACK
        if button == GO:
            try:
                return read_reply(prompt, self._given)
            except Wrong as problem:
                raise self._asked(prompt, self._given, str(problem)) from None
            except ValueError:
                raise unreadable(self.answers) from None
        before = prompt.answers.get(prompt.question.id)
        number = str(before) if prompt.kind == "number" and isinstance(before, int) else ""
        raise self._asked(prompt, Given(prompt.chosen, number))

    def _asked(self, prompt: Prompt, given: Given, problem: str = "") -> Stopped:
        state = replace(self._state, answers=self.answers, at=self.at, replies=tuple(self.log))
        return Stopped(Step(state=state, prompt=prompt, given=given, problem=problem))

    def _reached(self, answers: Answers, check: bool) -> Stopped:
        return Stopped(Step(state=replace(self._state, answers=answers, at="", replies=()), check=check))

    def answered(self, answers: Answers) -> None:
        """Keep an answer, with its replies if need be."""
        if not self.waits():
            self.answers = dict(answers)
            self.log = self.log[self._used :]
            self._used = 0

    def act(self, text: str) -> None:
        self.act_text = text

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:  # noqa: ARG002
        self.news = True

    def emergency(self, answers: Answers) -> Back:
        if self._button != MISTAKE:
            raise self._reached(answers, check=False)
        self._button = ""
        return BACK

    def review(self, answers: Answers) -> None:
        if self._button not in (RESULT, PRINT) and (self._button == CHECK or not self._state.finished):
            raise self._reached(answers, check=True)


def step(engine: Engine, state: State, button: str, given: Given) -> Step:
    """Where a button leads, with what is ticked and typed. Raises FaultyInput where the page was changed on its way."""
    asker = Replies(state, button, given)
    talk = _interview(engine, asker, state)
    try:
        answers = talk.resume(state.at) if state.at else talk.conduct()
        found = Step(state=replace(state, answers=answers, at="", replies=(), finished=True))
    except Stopped as stopped:
        found = stopped.step
    told = tuple(sorted(talk.announced))
    return replace(found, state=replace(found.state, told=told), act=asker.act_text, news=asker.news)


def _interview(engine: Engine, asker: Replies, state: State) -> Interview:
    """The interview as it was when the page was made: of each list it knows the lines that were offered."""
    talk = Interview(engine, asker, state.answers, asker.answered)
    rulebase = engine.rulebase
    facts = as_facts(state.answers, rulebase.bands)
    talk.offered = {name: lines_of(rulebase.questions[name], facts) for name in state.answers}
    talk.announced = set(state.told)
    asker.waits = lambda: any(_is_begun(talk, name) for name in talk.early)
    return talk


def _is_begun(talk: Interview, name: str) -> bool:
    """Whether lines of a list were answered before its turn, and it will come."""
    facts = as_facts(talk.answers, talk.rulebase.bands)
    return name not in talk.answers and talk.rulebase.questions[name].applies(facts)
