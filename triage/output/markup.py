"""Marks of Markdown (CommonMark, and the tables that most readers of it know)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from triage.knowledge.faults import printable


def escaped(text: str, begins: bool = True) -> str:
    """`text` on one line, with nothing that Markdown would take for a mark (`begins`: at the start of a line)."""
    flat = printable(re.sub(r"\s+", " ", text))
    marked = re.sub(r"([\\`*\[\]<>|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", flat)
    return re.sub(r"^( *)(?=[#+\-=])|^( *\d+)(?=[.)](?:\s|$))", r"\1\2\\", marked) if begins else marked


def address(text: str) -> str:
    """A link to a web address; any other text as it is."""
    return f"<{text}>" if re.match(r"https?://[^\s<>]+$", text) else escaped(text)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table of cells that are Markdown already; the first row is its head."""
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return [head, f"|{' --- |' * len(rows[0])}", *rest]
