"""Faults in files that people write: what is wrong, where, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MOST_FAULTS = 200  # more than anybody reads; a hint for each of a million would take hours
LONGEST_TEXT = 600  # characters of a message, and of a given value that a near one is looked for


def printable(text: str) -> str:
    """`text` without control characters, so that no file can drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


class Fault(NamedTuple):
    """One fault. `line` is 1-based; 0 where no line can be named. docs/faults.md says what each `code` means."""

    file: str
    line: int
    what: str
    hint: str = ""
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        what, hint = (
            text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ..." for text in (self.what, self.hint)
        )
        return printable(" ".join(filter(None, (f"{place}:", self.code, what))) + (f" ({hint})" if hint else ""))


class Faults(list[Fault]):
    """The faults found so far. `append` raises FaultyInput when there are MOST_FAULTS."""

    def append(self, fault: Fault) -> None:
        """Add one, and stop where a file is wrong from end to end."""
        super().append(fault)
        if len(self) >= MOST_FAULTS:
            raise FaultyInput([*self, Fault(fault.file, 0, "more faults than are listed here", code="LCT007")])


class FaultyInput(Exception):
    """Raised with every fault found at once; `known` are the answers that could be read beside them."""

    def __init__(self, faults: Iterable[Fault], known: Mapping[str, Any] | None = None) -> None:
        self.faults = tuple(sorted(set(faults)))
        self.known = known or {}
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type[FaultyInput], tuple[tuple[Fault, ...], Mapping[str, Any]]]:
        """Raised in one process, it is told in another."""
        return type(self), (self.faults, self.known)


def allowed(given: object, values: Iterable[str], never: Iterable[str] = ()) -> str:
    """A hint that names the nearest allowed value and all of them (the first twenty).

    None of `never` is named as the nearest: what was meant is not to be guessed as "none of these".
    """
    listed, barred = list(values), set(never)
    likely = [value for value in listed if value not in barred]
    nearest = difflib.get_close_matches(str(given)[:LONGEST_TEXT], likely, n=1, cutoff=0.5)
    hint = f'did you mean "{nearest[0]}"? ' if nearest else ""
    more = f", ... {len(listed) - 20} more" if len(listed) > 20 else ""
    return f"{hint}allowed: {', '.join(listed[:20])}{more}"
