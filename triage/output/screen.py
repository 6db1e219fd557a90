"""Text for a terminal: width, wrapping, the head of a question. Imports next to nothing."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable
from typing import Any

WIDEST, NARROWEST = 80, 20
LOW = 16  # lines of a window from which on there is room for blank ones


def width() -> int:
    """Columns to write in: the terminal's (or COLUMNS), at most 80, at least 20."""
    return max(NARROWEST, min(columns(), WIDEST))


def columns(stream: int = 1) -> int:
    """Columns of the terminal that a stream goes to (or COLUMNS); 80 where they are not known."""
    try:
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(stream).columns or WIDEST
    except (ValueError, OSError):
        return WIDEST


def rows() -> int:
    """Lines of the terminal (or LINES); 24 where that is not known."""
    try:
        return int(os.environ.get("LINES", "0")) or os.get_terminal_size(1).lines
    except (ValueError, OSError):
        return 24


APART, HELD = "   ", "\xa0"  # three blanks part items that stay whole, like keys


def wrap(text: str, columns: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `columns`; `first` leads the first line, `rest` (as wide, blank) the others."""
    wrapped = textwrap.wrap if text.isascii() else _wrap_by_columns
    rest = " " * len(first) if rest is None else rest
    if APART in text:
        items = text.split(APART)
        text = APART.join(item.replace(" ", HELD) if len(item) <= columns else item for item in items)
    lines = wrapped(text, columns, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(HELD, " ") for line in lines] or [first.rstrip()]


def wrap_all(items: Iterable[str], columns: int) -> list[str]:
    """Items one below the other, each wrapped behind its own bullet, indent, or number with an indent."""
    lines: list[str] = []
    for item in items:
        _, lead, text = re.split(r"^( +\d+\. |[ -]*)", item, maxsplit=1)
        lines += wrap(text, columns, lead)
    return lines


def _wrap_by_columns(text: str, columns: int, **how: Any) -> list[str]:
    """As textwrap does it, with wide characters measured. Only then: importing wcwidth takes as long as Python's start."""
    import wcwidth

    return wcwidth.wrap(text, columns, **how)


def question_head(text: str, columns: int) -> list[str]:
    """A question, below a blank line where the window has room for one."""
    return [*([""] if rows() >= LOW else []), *wrap(text, columns)]


def relief_text(title: str, steps: Iterable[str], columns: int) -> list[str]:
    """The steps that are safe for everybody, numbered."""
    lines = wrap(title, columns)
    for number, step in enumerate(steps, 1):
        lines += wrap(step, columns, f"{number}. ")
    return lines
