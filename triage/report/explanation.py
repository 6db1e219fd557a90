"""Why, how, what if and why not as lines of at most the given number of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from triage.explain import (
    ANSWER,
    AT_MOST,
    SOURCE,
    Helped,
    Node,
    Pending,
    Way,
    WhatIf,
    WhyNot,
    pending,
    tells_apart,
    what_if,
)
from triage.interview import Prompt
from triage.lints import rows_of_question
from triage.model import AT_ONCE, Assessment, Disposition, RuleBase
from triage.report.text import headline
from triage.screen import wrap
from triage.voices import rules_in_voice, voice_of
from triage.wording import cell_said, options_said

if TYPE_CHECKING:
    from triage.report.contract import NodeData, WhatIfData, WhyNotData

# --- why

MOST = 24  # options that are named for one level where there is room
FEWEST_LINES = 8  # an explanation is never cut to less
AGAIN = "w again: all of it, with sources."


def why(rulebase: RuleBase, prompt: Prompt, columns: int, rows: int) -> list[str]:
    """Why a question is asked and what waits for it, in `rows` lines where that can be done.

    Of each level as many options are named as fit; what is left out is counted.
    """
    question = prompt.question
    waiting = pending(rulebase, prompt.answers, question, prompt.leads_to)
    helped = tells_apart(rulebase, prompt.answers, question, prompt.leads_to)
    head = [*wrap(f"Why we ask: {question.why}", columns), *wrap(f"Asked of: {question.asked_of}.", columns)]
    if not waiting:
        head += wrap(_harmless(rulebase, prompt), columns)
    by_level = _by_level(rulebase, question.id, waiting)
    causes = [("It also helps to tell apart:", [one.cause.title for one in helped])] if helped else []
    foot = wrap(AGAIN, columns) if waiting or helped else []
    lines: list[str] = []
    for items, most in _shorter([*by_level, *causes], len(by_level)):
        told = [line for lead, words in items for line in wrap(f"{lead} {_some(words, most)}.", columns)]
        lines = ["", *head, *told, *foot, ""]
        if len(lines) <= max(rows, FEWEST_LINES):
            break
    return lines


Items = Sequence[tuple[str, Sequence[str]]]


def _shorter(items: Items, urgent: int) -> Iterator[tuple[Items, int]]:
    """Ways to say `items`, each shorter than the one before, and how many words of each are named.

    The first `urgent` of them stand for levels: they are left out last, the mildest first.
    """
    yield from ((items, most) for most in range(MOST, 1, -1))
    yield from ((items[:urgent], most) for most in (2, 1))
    yield from ((items[:left], 1) for left in range(urgent - 1, 0, -1))


def _harmless(rulebase: RuleBase, prompt: Prompt) -> str:
    """What is said where no rule that is more urgent waits for a question."""
    name = prompt.question.id
    others = (q for q in rulebase.questions.values() if q.id != name and q.id not in prompt.answers)
    if any(cell.name == name for other in others for row in rows_of_question(other) for cell in row):
        return "By itself no answer here makes it more urgent. It decides what else we ask."
    return "No answer here makes it more urgent."


def _by_level(rulebase: RuleBase, name: str, waiting: Iterable[Pending]) -> list[tuple[str, list[str]]]:
    """For each level, most urgent first: the options that reach it, then those that do so with other answers."""
    alone: dict[Disposition, list[str]] = {}
    together: dict[Disposition, list[str]] = {}
    for one in waiting:
        for way in one.ways:
            kind = together if way.needs else alone
            listed = kind.setdefault(one.level, [])
            listed += [words for words in _options(rulebase, name, way) if words not in listed]
    lines: list[tuple[str, list[str]]] = []
    told: set[str] = set()
    told_together: set[str] = set()
    for level in dict.fromkeys(one.level for one in waiting):
        fresh = [words for words in alone.get(level, []) if words not in told]
        told.update(fresh)
        more = [words for words in together.get(level, []) if words not in told | told_together]
        told_together.update(more)
        lines += [(f"{level.when_said} if:", fresh)] if fresh else []
        lines += [(f"{level.when_said} if other answers fit too:", more)] if more else []
    return lines


def _options(rulebase: RuleBase, name: str, way: Way) -> list[str]:
    words = options_said(rulebase, name, way.options)
    return [", together with ".join(words)] if way.together else words


def _some(words: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are."""
    left = len(words) - most
    return "; ".join(words[:most]) + (f"; and {left} more" if left > 0 else "")


def why_in_full(rulebase: RuleBase, prompt: Prompt, columns: int) -> list[str]:
    """Every rule that waits for the question, most urgent first, in words, with its id and sources."""
    question = prompt.question
    rulebase = rules_in_voice(rulebase, voice_of(rulebase, prompt.answers))
    waiting = pending(rulebase, prompt.answers, question, prompt.leads_to)
    helped = tells_apart(rulebase, prompt.answers, question, prompt.leads_to)
    lines = ["", *wrap(f"The rules that wait for this question ({question.id})", columns)]
    for one in waiting:
        lines += [""] * (one is not waiting[0])  # the heading stays with the first
        lines += wrap(f"{one.level.when_said}: {one.flag.title} [{one.flag.id}]", columns)
        for way in one.ways:
            needs = [cell_said(rulebase, cell) for cell in way.needs]
            lines += wrap("; or ".join(_options(rulebase, question.id, way)), columns, "  if  ")
            lines += [line for words in needs for line in wrap(words, columns, "  and ")]
        lines += wrap(one.flag.because, columns, "  ")
        for name in one.flag.sources:
            source = rulebase.sources[name]
            lines += wrap(f"Source: {source.org}: {source.title} [{name}]", columns, "  ", "    ")
        if not one.flag.sources:
            lines += wrap("No source yet: a draft.", columns, "  ")
    if helped:
        lines += ["", *wrap("It also helps to tell apart, by signs for (+) and against (-):", columns)]
        lines += [line for one in helped for line in wrap(_signs(one), columns, "- ")]
    if not waiting and not helped:
        lines += wrap("None. It is asked to choose what to tell you.", columns)
    return [*lines, "", *wrap("To read one whole: leg-cramp-triage rules ID", columns), ""]


def _signs(helped: Helped) -> str:
    signs = ", ".join(f"{sign.id} {sign.weight:+d}" for sign in helped.signs)
    return f"{helped.cause.title} [{helped.cause.id}]: {signs}"


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

NAMED = 3  # options of a line that are named
WHAT_IF = "What would make it more urgent"


def what_if_text(rulebase: RuleBase, assessment: Assessment, columns: int, everything: bool) -> list[str]:
    """The result in a line, and the answers that would make it more urgent; the first few, or `everything`."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    level = assessment.disposition
    if level.stops == AT_ONCE:
        return [*wrap(level.say, columns), *wrap("Nothing is more urgent than this.", columns)]
    found = what_if(rulebase, assessment)
    shown = found if everything else found[:AT_MOST]
    lines = [*wrap(headline(assessment), columns), ""]
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


def what_if_said(rulebase: RuleBase, assessment: Assessment, one: WhatIf, whole: bool = False) -> str:
    """ "Get help today, not in the next weeks, if: one leg is more swollen than the other; ..." """
    words = options_said(rulebase, one.question.id, one.options)
    named = words if whole or len(words) == NAMED + 1 else words[:NAMED]  # "one more" is as long as its name
    left = [f"or one of {len(words) - len(named)} more"] if len(words) > len(named) else []
    known = assessment.complete or assessment.see_doctor  # otherwise there is no level yet to tell it apart from
    instead = f", {assessment.disposition.instead}," if known else ""
    return f"{one.level.when_said}{instead} if: {'; '.join([*named, *left])}"


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
