"""Drives the questionnaire from answers: the real program in a pty, or lines for plain prompts.

`steps_to` finds out which prompts lead to given answers, and what to reply to each;
`Terminal` runs the program in a pty of a given size and types those replies.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Self

import pexpect
import pyte

from triage.conversation.interview import BACK, YES, Interview, Prompt, Reply
from triage.conversation.prompts import BOUNCE_SECONDS, MORE_BELOW
from triage.knowledge.model import NOT_SURE, Answers, Disposition
from triage.reasoning.engine import Engine
from triage.reasoning.results import FiredFlag

ENTER, LEFT, CTRL_C, CTRL_D, ESC, PAGE_DOWN = "\r", "\x1b[D", "\x03", "\x04", "\x1b", "\x1b[6~"
SECONDS = 20  # how long to wait for a text before a test fails
REVIEW, MORE = "Enter result", "Enter to finish"
GO_ON, LEAVE, SAVE = "Enter goes on", "Ticked by mistake?", "Save what you answered?"
KEYS = re.compile(r"(h relief +|h\s+)q( leave)?$")  # the end of every screen with something to answer
NONE = ("none",)
RUNNER: Answers = {
    "start": "me", "danger": NONE, "age": 34, "legs": NONE, "kind": ("k_sport",), "course": ("c_once",), "also": NONE,
    "health": NONE, "before": ("e_hard", "e_heat"),
}  # fmt: skip
NIGHT: Answers = {
    "start": "me", "danger": NONE, "age": 68, "legs": NONE, "kind": ("k_night",), "side": "both",
    "course": ("c_same", "c_week", "c_spoil"), "also": NONE, "health": ("h_meds",), "meds": ("m_water", "m_inhaler"),
    "before": ("e_sit",),
}  # fmt: skip
CHILD: Answers = {
    "start": "child_now", "danger": NONE, "age": 5, "legs": NONE, "kind": ("k_ache",), "side": "both",
    "course": ("c_week",), "pain": ("p_muscle",), "also": NONE, "child": NONE, "health": NONE,
}  # fmt: skip
URGENT: Answers = {
    "start": "adult", "danger": ("d_pee",), "age": 70, "legs": NONE, "also": NONE, "health": NONE,
}  # fmt: skip
UNSURE: Answers = {
    "start": "me", "danger": ("d_fever",), "danger_more": ("not_sure",), "age": 30, "legs": ("not_sure",),
    "side": "left", "also": NONE, "health": ("not_sure",), "clot": NONE, "meds": NONE,
}  # fmt: skip
FOOT: Answers = {"start": "adult_now", "danger": ("d_cold",)}
SADDLE: Answers = {"start": "me", "danger": ("d_saddle",), "danger_more": ("s_numb",)}
STORIES = {
    "runner": RUNNER, "night": NIGHT, "child": CHILD, "urgent": URGENT, "unsure": UNSURE, "foot": FOOT, "saddle": SADDLE,
}  # fmt: skip
DRAWING_STARTS, DRAWING_ENDS = "\x1b[?7l", "\x1b[?7h"  # the first and the last that prompt_toolkit writes of a screen
TALL = 1000  # lines of the transcript
_DRIVING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x08]")  # what moves the cursor or sets a colour


class Step(NamedTuple):
    """A prompt and the reply to it."""

    prompt: Prompt
    reply: Reply


class Rehearsal:
    """An asker that replies so that the interview ends with the given answers."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.steps: list[Step] = []

    def ask(self, prompt: Prompt) -> Reply:
        self.steps.append(Step(prompt, self._reply(prompt)))
        return self.steps[-1].reply

    def _reply(self, prompt: Prompt) -> Reply:
        answer = self.answers[prompt.question.id]
        first = prompt.options[0].id if prompt.options else ""
        if first == YES:  # one line at a time
            return NOT_SURE
        if first == "0":  # the extra question: the way out that gives the answer
            wanted = answer if isinstance(answer, tuple) else (answer,)
            ways = prompt.question.clarify.options
            return str(next(n for n, way in enumerate(ways) if way.answer == wanted))
        return part_of(prompt, answer) if isinstance(answer, tuple) else answer

    def act(self, text: str) -> None:
        pass

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        pass

    def emergency(self, answers: Answers) -> None:
        pass

    def review(self, answers: Answers) -> str | None:
        pass


def part_of(prompt: Prompt, answer: tuple[str, ...]) -> tuple[str, ...]:
    """What of an answer is on this screen of a list: "none" where nothing is."""
    here = tuple(option.id for option in prompt.options if option.id in answer and not option.exclusive)
    return here or (next(o.id for o in prompt.options if o.exclusive),)


def steps_to(
    engine: Engine, answers: Answers, known: Answers | None = None, ticked: Answers | None = None
) -> list[Step]:
    """The prompts that lead to exactly these answers, with the replies; empty where none do."""
    asker = Rehearsal(answers)
    try:
        final = Interview(engine, asker, known, ticked=ticked).conduct()
    except (KeyError, StopIteration):  # a question is asked that has no answer
        return []
    return asker.steps if final == answers else []


def plain_line(step: Step) -> str:
    """What is typed in plain mode."""
    if step.reply is BACK:
        return "b\n"
    return " ".join(_typed(step)) + "\n"


def keys(step: Step) -> str:
    """What is typed in a terminal: what is ticked already needs no key."""
    if step.reply is BACK:
        return "b"
    prompt, reply = step
    if isinstance(reply, tuple) and prompt.chosen:
        reply = tuple(o.id for o in prompt.options if (o.id in reply) is not (o.id in prompt.chosen))
    typed = "".join(_typed(Step(prompt, reply)))
    return typed if typed == "0" and step.prompt.kind == "many" else typed + ENTER


def _typed(step: Step) -> list[str]:
    """Numbers and keys of a reply."""
    prompt, reply = step
    if isinstance(reply, int):
        return [str(reply)]
    wanted = reply if isinstance(reply, tuple) else (reply,)
    lines = [str(number) for number, option in enumerate(prompt.lines, 1) if option.id in wanted]
    return [*lines, *(option.key for option in prompt.keys if option.id in wanted)]


class Drawn:
    """A screen that draws what has come since it was last looked at (pyte is slow)."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._done = 0

    def lines(self, raw: str) -> list[str]:
        self._stream.feed(raw[self._done :])
        self._done = len(raw)
        return [line.rstrip() for line in self._screen.display]


class Terminal:
    """The program in a pty. Nothing sleeps: every method waits for text, or fails after `SECONDS`.

    `window` is what a person sees, `transcript` the same with all that has scrolled away,
    `raw` every character that came.
    """

    def __init__(
        self,
        *args: str,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "triage"),
    ) -> None:
        self.columns = columns
        self._window, self._transcript = Drawn(columns, rows), Drawn(columns, TALL)
        self.raw = ""
        self._mark = 0
        self.child = pexpect.spawn(
            sys.executable,
            [*program, *args],
            dimensions=(rows, columns),
            env=_environment(env or {}),
            encoding="utf-8",
            timeout=SECONDS,
            preexec_fn=_hear_signals,
        )
        self.child.delaybeforesend = None  # pexpect would sleep
        self.child.logfile_read = self  # what is read is also kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def write(self, text: str) -> None:
        """Take what the program wrote (called by pexpect)."""
        self.raw += text

    def flush(self) -> None:
        """Nothing to do (called by pexpect)."""

    @property
    def window(self) -> list[str]:
        return self._window.lines(self.raw)

    @property
    def transcript(self) -> list[str]:
        return self._transcript.lines(self.raw)

    @property
    def said(self) -> str:
        """The transcript in one line."""
        return " ".join(" ".join(self.transcript).split())

    def wait_for(self, *texts: str) -> None:
        """Until the program has written all of these, in this order, after what was waited for before."""
        for text in texts:
            try:
                while text != GO_ON and self.child.expect_exact([text, GO_ON]):
                    self.child.expect_exact(">")
                    self.child.send(ENTER)
                if text == GO_ON:
                    self.child.expect_exact(GO_ON)
            except (pexpect.TIMEOUT, pexpect.EOF):
                shown = "\n".join(line for line in self.transcript if line)
                raise AssertionError(f"{text!r} did not come. So far:\n{shown}") from None

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size; what was drawn before is gone from `window`, which draws on from here."""
        self._window, self.raw, self._mark = Drawn(columns, rows), "", 0
        self.child.setwinsize(rows, columns)

    def type(self, text: str) -> None:
        self._mark = len(self.raw)
        self.child.send(text)

    @property
    def news(self) -> str:
        """What has been drawn since keys were typed."""
        return _DRIVING.sub("", self.raw[self._mark :])

    def until(self, holds: Callable[[], bool]) -> None:
        """Until something holds of a whole drawing; screens that Enter goes on from are left."""
        while self._is_drawing() or not holds():
            if not self._is_drawing() and GO_ON in self.news and self.window_ends_with(">"):
                self.type(ENTER)
            try:
                self.child.expect(r"(?s).+")
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise AssertionError("\n".join(line for line in self.transcript if line)) from None

    def _is_drawing(self) -> bool:
        """Whether a drawing has begun that has not ended: the kernel hands it on in pieces."""
        return self.raw.rfind(DRAWING_STARTS) > self.raw.rfind(DRAWING_ENDS)

    def window_ends_with(self, text: str) -> bool:
        return "\n".join(self.window).rstrip().endswith(text)

    def wait_for_prompt(self, prompt: Prompt) -> None:
        """Until this prompt is drawn and takes keys."""
        head = " ".join((prompt.page if prompt.later else prompt.text).split()[:2])
        self.until(lambda: head in self.news and self.is_ready())

    def is_ready(self) -> bool:
        """Whether the keys below a list (and the line to type in) are drawn, and no more lines to come."""
        return bool(KEYS.search("\n".join(self.window).rstrip(" >\n")))

    def answer(self, steps: list[Step]) -> None:
        """Type the replies, each when its prompt is there."""
        for step in steps:
            self.wait_for_prompt(step.prompt)
            self.read_on()
            self.press(keys(step))

    def press(self, text: str) -> None:
        """Type a reply, "none" not so soon that it would be a key held down."""
        if text == "0":
            time.sleep(BOUNCE_SECONDS)
        self.type(text)

    def read_on(self) -> list[str]:
        """Turn a list that is longer than the window to its end: before that it takes no answer. What came to light."""
        seen = []
        while MORE_BELOW in "\n".join(self.window):
            before = self.window
            self.type(PAGE_DOWN)
            self.until(lambda before=before: self.window != before and self.is_ready())
            seen.append("\n".join(self.window))
        return seen

    def wait_for_review(self) -> None:
        self.wait_for(REVIEW, ">")

    def accept_review(self) -> None:
        self.wait_for_review()
        self.type(ENTER)

    def wait_for_more(self) -> None:
        """Until the result is there, and the offer of its parts below it."""
        self.until(lambda: MORE in "\n".join(self.window) and self.window_ends_with(">"))

    def finish(self) -> int:
        """Accept the review, or leave with an emergency, and wait for the end; the exit code."""
        try:
            while self.child.expect_exact([pexpect.EOF, REVIEW, GO_ON, LEAVE]):
                self.child.expect_exact(">")
                self.type(ENTER)
        except pexpect.TIMEOUT:
            raise AssertionError(self.said) from None
        return self.end()

    def stop(self, key: str) -> int:
        """Press a key that ends the program, and save nothing; its exit code."""
        self.type(key)
        if not self.child.expect_exact([SAVE, pexpect.EOF]):
            self.child.expect_exact(">")
            self.type("n")
        return self.end()

    def end(self) -> int:
        """Wait for the end of the program; its exit code."""
        if self.child.isalive() or not self.child.flag_eof:
            self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus)


def _hear_signals() -> None:
    """Before the program starts: what a shell or `nohup` starts in the background inherits deafness for some."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    fixed = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    return {**plain, **fixed, **more}


_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")


def colours(raw: str) -> list[str]:
    """The escape codes that set a colour (bold and the like do not)."""
    return [code for code in _COLOUR.findall(raw) if any(_is_colour(part) for part in code.split(";"))]


def _is_colour(part: str) -> bool:
    return part.isdigit() and int(part) in {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
