"""Kills an interview with --save at a random moment (SIGKILL) and looks at the file.

The program reads all its answers from a pipe, so that it saves as fast as it can. It is
killed a random time after a random question was printed. The file must then be, byte for
byte, what is saved after one of the answers, and lack at most the answer in flight.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from io import StringIO
from pathlib import Path
from random import Random
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import NamedTuple

from stories import path_of
from terminal import Step, plain_line, steps_to

from reliability.calls import folder
from reliability.result import Failure, Result
from triage.conversation.answers import as_toml, write_whole
from triage.conversation.interview import Interview
from triage.conversation.prompts import PlainAsker
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine

SCENARIO = path_of("self-care/runner-club-training")
KNOWN = 3  # answers that the earlier file holds, in the interviews that go on from one
GAP = 0.004  # seconds between two questions, about; a kill comes at most three times as late
NAME = "kept.toml"
_DAY = re.compile(r"\Asaved = \d{4}-\d\d-\d\d\n\n")  # on which the file was saved
_NUMBER = re.compile(rb"(?:^|\n)(\d+) of about \d+ ")  # at the end of every screen
SECONDS = 60  # without a question before the program counts as hung


class Way(NamedTuple):
    """One interview: what it starts from, what is typed, and the file after every reply."""

    earlier: str
    typed: str
    saved: tuple[str, ...]


def run(count: int, seed: int) -> Result:
    """Kill `count` interviews. Every second one goes on from an earlier file."""
    kinds: Counter[str] = Counter()
    failures = []
    for nth in range(count):
        random = Random(f"kill {seed}/{nth}")
        way = ways()[nth % 2]
        with folder() as place:
            why = _killed(random, way, place)
            left = any(path.name != NAME for path in place.iterdir())
        kind = "an earlier file" if way.earlier else "a new file"
        kinds[f"{kind}, a temporary file left beside it" if left else kind] += 1
        if why:
            failures.append(Failure(kind, f"kill {nth} of seed {seed}", why))
    return Result(count, kinds, tuple(failures))


@cache
def ways() -> tuple[Way, Way]:
    """From nothing, and from a file with a few answers."""
    engine = Engine(load())
    answers = read_answer_file(SCENARIO, engine.rulebase).answers
    few = dict(list(answers.items())[:KNOWN])
    return _way(engine, answers, {}), _way(engine, answers, few)


def _way(engine: Engine, answers: Answers, known: Answers) -> Way:
    steps: list[Step] = steps_to(engine, answers, known)
    typed = "".join(map(plain_line, steps)) + "\n" * 5  # the last ones finish
    states: list[Answers] = []
    asker = PlainAsker(engine, StringIO(typed), StringIO())
    Interview(engine, asker, known, lambda kept: states.append(dict(kept))).conduct()
    earlier = as_toml(known, engine.rulebase) if known else ""
    return Way(earlier, typed, tuple(as_toml(state, engine.rulebase) for state in states))


def _killed(random: Random, way: Way, place: Path) -> str:
    """What is wrong with the file after a kill."""
    path = place / NAME
    words = ["--plain", "--save", str(path)]
    if way.earlier:
        write_whole(path, way.earlier)
        words += ["--answers", str(path)]
    child = subprocess.Popen(
        [sys.executable, "-m", "triage", *words],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    with child:
        assert child.stdin
        assert child.stderr
        with suppress(BrokenPipeError):
            child.stdin.write(way.typed.encode())
            child.stdin.flush()
        printed = _read_until(child, random.randint(1, len(way.saved)), random.uniform(0, 3 * GAP))
        child.kill()
        printed += child.stderr.read()
    return _whats_wrong(path, way, taken=max(_questions(printed) - 1, 0))


def _read_until(child: subprocess.Popen[bytes], questions: int, then: float) -> bytes:
    """What is printed up to so many questions, and for a time after."""
    printed, ends = b"", monotonic() + SECONDS
    found = False
    with DefaultSelector() as selector:
        assert child.stderr
        selector.register(child.stderr, EVENT_READ)
        while monotonic() < ends:
            if selector.select(max(ends - monotonic(), 0)):
                more = os.read(child.stderr.fileno(), 1 << 16)
                if not more:
                    return printed
                printed += more
            if not found and _questions(printed) >= questions:
                found, ends = True, monotonic() + then
    assert found, "no question for a minute"
    return printed


def _questions(printed: bytes) -> int:
    """How many questions were printed; a long one has several parts with one number."""
    return len(set(_NUMBER.findall(printed)))


def _whats_wrong(path: Path, way: Way, taken: int) -> str:
    """`taken`: replies that were followed by the next question, so they had to be saved before."""
    text = _DAY.sub("", path.read_text("utf-8")) if path.exists() else ""
    states = [way.earlier, *way.saved]
    if text not in states:
        return f"the file is not whole: {text!r}"
    kept = max(nth for nth, state in enumerate(states) if state == text)
    if kept < taken:
        return f"{taken} answers were taken, {kept} are in the file"
    if path.exists() and path.stat().st_mode & 0o077:
        return "others can read the file"
    return ""
