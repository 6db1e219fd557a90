"""Text for a terminal: width, wrapping, the head of a question. Imports next to nothing."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType

WIDEST, NARROWEST = 80, 20
LOW = 16  # lines of a window from which on there is room for blank ones


def width() -> int:
    """Columns to write in: those of the terminal, at most 80, at least 20."""
    return max(NARROWEST, min(columns(), WIDEST))


def columns(stream: int = 1) -> int:
    """Columns of the terminal that a stream goes to, or COLUMNS where that is less; 80 where neither is known."""
    return _least("COLUMNS", 0, stream, WIDEST)


def rows() -> int:
    """Lines of the terminal, or LINES where that is less; 24 where neither is known."""
    return _least("LINES", 1, 1, 24)


def _least(name: str, side: int, stream: int, unknown: int) -> int:
    sizes = []
    with suppress(ValueError):
        sizes.append(int(os.environ.get(name, "0")))
    with suppress(ValueError, OSError):
        sizes.append(os.get_terminal_size(stream)[side])
    return min((size for size in sizes if size > 0), default=unknown)


APART, HELD = "   ", "\xa0"  # three blanks part items that stay whole, like keys


def wrap(text: str, columns: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `columns`; `first` leads the first line, `rest` (as wide, blank) the others.

    A word stays whole, like an address that is longer than a line; only one of a script without blanks is broken.
    """
    rest = " " * len(first) if rest is None else rest
    is_plain = text.isascii()
    room = columns - len(rest)
    broken = not is_plain and any(not word.isascii() and measure(word) > room for word in text.split())
    if APART in text:
        items = text.split(APART)
        text = APART.join(item.replace(" ", HELD) if measure(item) <= columns else item for item in items)
    lines = (textwrap.wrap if is_plain else _wide().wrap)(
        text, columns, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=broken
    )
    return [line.replace(HELD, " ") for line in lines] or [first.rstrip()]


def measure(text: str) -> int:
    """Columns that a text takes."""
    return len(text) if text.isascii() else int(_wide().width(text))


def _wide() -> ModuleType:
    """What measures wide characters. Only then: importing it takes as long as Python's start."""
    import wcwidth

    return wcwidth


def wrap_all(items: Iterable[str], columns: int) -> list[str]:
    """Items one below the other, each wrapped behind its own bullet, indent, or number with an indent."""
    lines: list[str] = []
    for item in items:
        _, lead, text = re.split(r"^( *\d+\. |[ -]*)", item, maxsplit=1)
        lines += wrap(text, columns, lead)
    return lines


def question_head(text: str, columns: int) -> list[str]:
    """A question, below a blank line where the window has room for one."""
    return [*([""] if rows() >= LOW else []), *wrap(text, columns)]


def relief_text(title: str, steps: Iterable[str], columns: int) -> list[str]:
    """The steps that are safe for everybody, numbered."""
    lines = wrap(title, columns)
    for number, step in enumerate(steps, 1):
        lines += wrap(step, columns, f"{number}. ")
    return lines
