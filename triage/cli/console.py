"""Exit codes, and what is said to a person beside the result. Imports next to nothing: every command pays for it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import NoReturn

from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.output import screen

DONE, FAILED, WRONG_INPUT, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130
INDENT = "  "


def say(*lines: str) -> None:
    """Lines on stderr. Nothing in one of them can drive a terminal or begin another line.

    A terminal does not break them within a word: they are wrapped, but for an indented one, which holds a command.
    """
    if not lines or sys.stderr is None:  # closed; print would take standard output instead
        return
    said = [printable(line) for line in lines]
    if is_watched():
        width = min(screen.columns(2), screen.WIDEST)
        said = [part for line in said for part in ([line] if line.startswith(INDENT) else screen.wrap(line, width))]
    with suppress(OSError):
        print("\n".join(said), file=sys.stderr, flush=True)


def tell(error: FaultyInput) -> None:
    """Every fault of some input, and how many there are."""
    say(*map(str, error.faults))
    if len(error.faults) > 1:
        say(f"{len(error.faults)} faults")


def fault(place: str, what: str, hint: str = "", *, code: str) -> FaultyInput:
    """To be raised where one thing is wrong with the command line, and no line of a file can be named."""
    return FaultyInput([Fault(place, 0, what, hint, code=code)])


def on_terminal() -> bool:
    """Whether a person is at both ends."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def is_watched() -> bool:
    """Whether somebody can see progress on stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def is_in_event_loop() -> bool:
    """Whether a program around this one runs an event loop, in which no list can be drawn."""
    asyncio = sys.modules.get("asyncio")
    with suppress(RuntimeError):
        return asyncio is not None and bool(asyncio.get_running_loop())
    return False


def needs_plain() -> bool:
    """Whether the terminal cannot draw, or cannot show the marks of the lists."""
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return True
    try:
        "\u25cf\u25cb".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return True
    return False


class Closed(io.TextIOBase):
    """In the place of a standard output that is closed: Python would drop what is printed, and say nothing."""

    def write(self, text: str) -> NoReturn:  # noqa: ARG002
        raise OSError("standard output is closed")

    @property
    def buffer(self) -> NoReturn:
        """No bytes either."""
        self.write("")
