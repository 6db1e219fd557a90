"""Why, how, what if and why not as lines of at most the given number of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from triage.knowledge.model import AT_ONCE, Assessment, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.content import WHAT_IF, Wanted, provisional, what_if_said
from triage.output.contract import NodeData, WhatIfData, WhyNotData
from triage.output.screen import wrap
from triage.reasoning.explain import (
    ANSWER,
    AT_MOST,
    SOURCE,
    Node,
    WhatIf,
    WhyNot,
    how,
    what_if,
    why_not,
)

# --- how, and why not


def outline(rulebase: RuleBase, node: Node, depth: int = 0) -> Iterator[tuple[int, str]]:
    """A node and all below it in words, each with its depth and the id that `rules ID` shows."""
    said = "you said: " if node.kind == ANSWER else ""
    yield depth, f"{said}{node.text} [{node.id}]"
    yield from below(rulebase, node, depth + 1)


def below(rulebase: RuleBase, node: Node, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The children of a node; all its sources in one item, each by its publisher and id."""
    for one in node.children:
        if one.kind != SOURCE:
            yield from outline(rulebase, one, depth)
    sources = [f"{rulebase.sources[one.id].org} [{one.id}]" for one in node.children if one.kind == SOURCE]
    if sources:
        yield depth, f"{'source' if len(sources) == 1 else 'sources'}: {'; '.join(sources)}"


def _bulleted(items: Iterable[tuple[int, str]], columns: int) -> list[str]:
    return [line for depth, text in items for line in wrap(text, columns, "  " * depth + "- ")]


def how_lines(rulebase: RuleBase, root: Node, columns: int) -> list[str]:
    """A result from its conclusions down to the answers. Kinds of conclusions are set apart."""
    lines: list[str] = []
    before = ""
    for conclusion in root.children:
        if lines and conclusion.kind != before:
            lines.append("")
        before = conclusion.kind
        lines += _bulleted(outline(rulebase, conclusion), columns)
    return lines


HOW = "How this was concluded"
OUTCOMES = {
    "shown": "It is in the result, because:",
    "not_concluded": "It is not in the result, because this does not hold:",
    "withheld": "It is left out:",
    "not_shown": "The answers fit it, but it is not shown:",
}


def why_not_lines(rulebase: RuleBase, found: WhyNot, columns: int) -> list[str]:
    """What became of one rule, and why."""
    lines = [*wrap(why_not_title(found), columns), *wrap(OUTCOMES[found.outcome], columns)]
    return lines + _bulleted(below(rulebase, found.node), columns)


def why_not_title(found: WhyNot) -> str:
    """The rule that was asked about, in one line."""
    node = found.node
    return f"{node.kind.replace('_', ' ').capitalize()}: {node.text} [{node.id}]"


def as_data(node: Node) -> NodeData:
    """A node and all below it as plain data."""
    children = [as_data(child) for child in node.children]
    return {"kind": node.kind, "id": node.id, "text": node.text, "children": children}


def why_not_as_data(found: WhyNot) -> WhyNotData:
    """What became of one rule as plain data: the node, and `outcome`."""
    return {"outcome": found.outcome, **as_data(found.node)}


# --- what if


def what_if_text(rulebase: RuleBase, assessment: Assessment, columns: int, everything: bool) -> list[str]:
    """The result in a line, and the answers that would make it more urgent; the first few, or `everything`."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    level = assessment.disposition
    if level.stops == AT_ONCE:
        return [*wrap(level.say, columns), *wrap("Nothing is more urgent than this.", columns)]
    found = what_if(rulebase, assessment)
    shown = found if everything else found[:AT_MOST]
    lines = [*wrap(level.say if assessment.complete else provisional(assessment), columns), ""]
    if not found:
        return [*lines, *wrap("No single answer would make it more urgent.", columns)]
    lines += wrap(f"{WHAT_IF}:", columns)
    for one in shown:
        lines += wrap(what_if_said(rulebase, assessment, one, everything), columns, "- ")
    left = len(found) - len(shown)
    return lines + (wrap(f"{left} more of this kind: --all shows them.", columns) if left else [])


def what_if_document(rulebase: RuleBase, assessment: Assessment, everything: bool) -> dict[str, Any]:
    """The same as plain data."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    found = what_if(rulebase, assessment)
    return {
        "schema": "leg-cramp-triage/what-if/1",
        "complete": assessment.complete,
        "disposition": assessment.disposition.id,
        "what_if": what_if_as_data(rulebase, assessment, found if everything else found[:AT_MOST]),
        "missing": list(assessment.missing),
    }


def what_if_as_data(rulebase: RuleBase, assessment: Assessment, found: Iterable[WhatIf]) -> list[WhatIfData]:
    """Every line as plain data, with all options and in words."""
    return [
        {
            "question": one.question.id,
            "disposition": one.level.id,
            "options": list(one.options),
            "say": what_if_said(rulebase, assessment, one),
        }
        for one in found
    ]


def explained(rulebase: RuleBase, assessment: Assessment, wanted: Wanted, columns: int) -> list[str]:
    """The lines that are wanted besides a result; each part is led by a blank line."""
    if not wanted.how and not wanted.why_not:
        return []
    lines = ["", HOW, *how_lines(rulebase, how(rulebase, assessment), columns)] if wanted.how else []
    for name in wanted.why_not:
        lines += ["", *why_not_lines(rulebase, why_not(rulebase, assessment, name), columns)]
    return lines
