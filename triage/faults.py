"""Faults in files that people write: what is wrong, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def printable(text: str) -> str:
    """`text` without control characters, so that no file can drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault. `line` is 1-based; 0 where no line can be named."""

    file: str
    line: int
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return printable(f"{place}: {self.what}" + (f" ({self.hint})" if self.hint else ""))


class FaultyInput(Exception):
    """Raised with every fault found at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def allowed(given: object, values: Iterable[str]) -> str:
    """A hint that names the nearest allowed value and all of them (the first twenty)."""
    import difflib  # only on the way to an error message

    listed = list(values)
    nearest = difflib.get_close_matches(str(given), listed, n=1, cutoff=0.5)
    hint = f'did you mean "{nearest[0]}"? ' if nearest else ""
    more = f", ... {len(listed) - 20} more" if len(listed) > 20 else ""
    return f"{hint}allowed: {', '.join(listed[:20])}{more}"
