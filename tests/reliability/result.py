"""What came of many cases, and the watch that no case hangs."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

# Processor time of one case. Most take milliseconds; files of megabytes take a second or two.
CPU_SECONDS = 10
# A case that waits for ever uses no processor time; the machine may be busy with other things.
WAIT_SECONDS = 120


class Failure(NamedTuple):
    """A case that went wrong. `case` says how to have it again: seed and number."""

    kind: str
    case: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.case}: {self.why}"


class Result(NamedTuple):
    """How many cases were tried, how many of each kind, and what went wrong."""

    count: int
    by_kind: Counter[str]
    failures: tuple[Failure, ...]

    def __add__(self, other: object) -> Result:
        if not isinstance(other, Result):
            return NotImplemented
        return Result(self.count + other.count, self.by_kind + other.by_kind, self.failures + other.failures)


NOTHING = Result(0, Counter(), ())


class Hang(BaseException):
    """A case took too long. No `except Exception` of the program may swallow it."""


class Caught:
    """Keeps what is raised inside its block; only Ctrl-C goes on."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        self.error = error
        return not isinstance(error, KeyboardInterrupt)


@contextmanager
def no_hang() -> Iterator[None]:
    """Raises Hang inside the block when it takes too long (in the main thread only)."""

    def stop(*_: object) -> None:
        raise Hang

    timers = (
        (signal.ITIMER_VIRTUAL, signal.SIGVTALRM, CPU_SECONDS),
        (signal.ITIMER_REAL, signal.SIGALRM, WAIT_SECONDS),
    )
    before = [signal.signal(sent, stop) for _, sent, _ in timers]
    for timer, _, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (timer, sent, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(sent, handler)
