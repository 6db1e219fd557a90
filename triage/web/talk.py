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


@dataclass(frozen=True, kw_only=True)
class Move:
    """What somebody wants of the page: to give a reply, to go back, or to have the result.

    `accepts`: the answers are not shown for a check; `mistaken`: the emergency was ticked by mistake.
    """

    given: Given | None = None
    back: bool = False
    accepts: bool = False
    mistaken: bool = False


class Asked(Exception):
    """A prompt has no reply yet; `problem`: why the one that was `given` is none."""

    def __init__(self, prompt: Prompt, given: Given, problem: str = "") -> None:
        super().__init__(prompt.question.id)
        self.prompt, self.given, self.problem = prompt, given, problem


class Reached(Exception):
    """The end of the questions: an emergency, or the check of all answers."""

    def __init__(self, answers: Answers, emergency: bool) -> None:
        super().__init__()
        self.answers, self.emergency = answers, emergency


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


class Replies:
    """An asker that gives the replies of `state` and that of `move`, and stops where it has none.

    What is answered for good goes to `answers`; `log` are the replies since then, the first of them to `at`.
    """

    def __init__(self, state: State, move: Move) -> None:
        self.answers, self.at, self.log = state.answers, state.at, list(state.replies)
        self._move = move
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
        move, self._move = self._move, replace(self._move, back=False, given=None)
        if move.back:
            return BACK
        if move.given:
            try:
                return read_reply(prompt, move.given)
            except Wrong as problem:
                raise Asked(prompt, move.given, str(problem)) from None
            except ValueError:
                raise unreadable(self.answers) from None
        before = prompt.answers.get(prompt.question.id)
        raise Asked(
            prompt, Given(prompt.chosen, str(before) if prompt.kind == "number" and isinstance(before, int) else "")
        )

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
        if not self._move.mistaken:
            raise Reached(answers, emergency=True)
        self._move = replace(self._move, mistaken=False)
        return BACK

    def review(self, answers: Answers) -> None:
        if not self._move.accepts:
            raise Reached(answers, emergency=False)


def step(engine: Engine, state: State, move: Move) -> Step:
    """Where a move leads. Raises FaultyInput where the page was changed on its way."""
    asker = Replies(state, move)
    talk = _interview(engine, asker, state)
    try:
        answers = talk.resume(state.at) if state.at else talk.conduct()
        found = Step(state=replace(state, answers=answers, at="", replies=(), finished=True))
    except Asked as asked:
        now = replace(state, answers=asker.answers, at=asker.at, replies=tuple(asker.log))
        found = Step(state=now, prompt=asked.prompt, given=asked.given, problem=asked.problem)
    except Reached as end:
        now = replace(state, answers=end.answers, at="", replies=())
        found = Step(state=now, check=not end.emergency)
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
