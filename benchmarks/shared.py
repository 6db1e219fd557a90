"""What the scripts share: options, measuring in turn, and bars."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeVar

ROOT = Path(__file__).resolve().parent.parent
N = TypeVar("N", bound=Hashable)
T = TypeVar("T")


def options(doc: str | None, **numbers: int) -> argparse.ArgumentParser:
    """A script's help, and its options that are a number, with their defaults."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"(default: {default})")
    return parser


def run(main: Callable[[], int]) -> NoReturn:
    """A script, which may be stopped."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        told("Stopped.")
        sys.exit(130)


class Bar(NamedTuple):
    """What was promised: `figure` compared with `bar`, as much or (`at_most`) as little."""

    what: str
    figure: float
    bar: float
    at_most: bool = False

    @property
    def kept(self) -> bool:
        return self.figure <= self.bar if self.at_most else self.figure >= self.bar

    def __str__(self) -> str:
        """A line of a table."""
        sign = "at most" if self.at_most else "at least"
        return f"| {self.what} | {self.figure:.3g} | {sign} {self.bar:.3g} | {'kept' if self.kept else '**missed**'} |"


def exit_code(bars: Sequence[Bar]) -> int:
    """Prints the bars: 0 if every one is kept."""
    print(*bars, sep="\n")
    return int(not all(bar.kept for bar in bars))


def in_turn(measures: Mapping[N, Callable[[], T]], rounds: int) -> dict[N, list[T]]:
    """A B C, A B C, ..., so that a busy machine slows all alike."""
    taken: dict[N, list[T]] = {name: [] for name in measures}
    for number in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
        told(f"round {number + 1} of {rounds}")
    return taken


def told(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
