"""How a result was concluded, and why not otherwise, as lines of at most the given number of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from triage.output.screen import wrap_all
from triage.output.view import View
from triage.reasoning.explain import ANSWER, SOURCE, Fate, Node

HOW = "How this was concluded"
OUTCOMES = {
    "shown": "It is in the result, because:",
    "not_concluded": "It is not in the result, because this does not hold:",
    "withheld": "It is left out:",
    "not_shown": "The answers fit it, but it is not shown:",
}


def outline(view: View, node: Node, depth: int = 0) -> Iterator[tuple[int, str]]:
    """A node and all below it in words, each with its depth and the id that `rules ID` shows."""
    said = "you said: " if node.kind == ANSWER else ""
    yield depth, f"{said}{node.text} [{node.id}]"
    yield from below(view, node, depth + 1)


def below(view: View, node: Node | Fate, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The children of a node; all its sources in one item, each by its publisher and id."""
    for one in node.children:
        if one.kind != SOURCE:
            yield from outline(view, one, depth)
    sources = [f"{view.publishers[one.id]} [{one.id}]" for one in node.children if one.kind == SOURCE]
    if sources:
        yield depth, f"{'source' if len(sources) == 1 else 'sources'}: {'; '.join(sources)}"


def fate_title(fate: Fate) -> str:
    """The rule that was asked about, in one line."""
    return f"{fate.kind.replace('_', ' ').capitalize()}: {fate.text} [{fate.id}]"


def how_lines(view: View, columns: int) -> list[str]:
    """A result from its conclusions down to the answers, if wanted. Kinds of conclusions are set apart."""
    kinds = groupby(view.how.children if view.how else (), key=lambda conclusion: conclusion.kind)
    parts = [[item for one in some for item in _bulleted(outline(view, one))] for _, some in kinds]
    return wrap_all((item for n, part in enumerate(parts) for item in ([""] * bool(n) + part)), columns)


def fate_lines(view: View, fate: Fate, columns: int) -> list[str]:
    """What became of one rule, and why."""
    return wrap_all([fate_title(fate), OUTCOMES[fate.outcome], *_bulleted(below(view, fate))], columns)


def explained(view: View, columns: int) -> list[str]:
    """The lines that are wanted besides a result; each part is led by a blank line."""
    lines = ["", HOW, *how_lines(view, columns)] if view.how else []
    return lines + [line for fate in view.why_not for line in ("", *fate_lines(view, fate, columns))]


def _bulleted(items: Iterable[tuple[int, str]]) -> Iterator[str]:
    return (f"{'  ' * depth}- {text}" for depth, text in items)
