"""How a result was concluded as a graph: answers, what was found in them, the result. Pure; it knows no format.

`concluded` says what leads to what; `drawn` gives boxes and lines a place, in units of an SVG
drawing (one unit is about a pixel). Text is wrapped by an estimate that is on the wide side.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from triage.knowledge.model import EVERYDAY, Assessment, Disposition, Facts, FiredFlag, RankedCause, Reason, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import options_said, said
from triage.output.content import unsure_of_danger

# What a finding does: it decides the level, asks for less than the result, or says nothing of urgency.
DECIDES, MILDER, ASIDE = "decides", "milder", "aside"


class Finding(NamedTuple):
    """A red flag or a cause, and the answers that speak for or against it. `label`: what it is, in words.

    `effect` is DECIDES, MILDER or ASIDE; `leads_to` the number of a result, or None.
    """

    label: str
    title: str
    effect: str
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    leads_to: int | None


class Concluded(NamedTuple):
    """All findings, and the results: the level, and the one beside it if there is one."""

    findings: tuple[Finding, ...]
    results: tuple[str, ...]


def concluded(rulebase: RuleBase, assessment: Assessment) -> Concluded:
    """What led to the level of a result, and which answers speak for and against the causes that it names."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    levels = [assessment.disposition, *([assessment.pharmacist] if assessment.pharmacist else [])]
    findings = [_warning(rulebase, assessment, fired, levels) for fired in assessment.red_flags]
    if not any(found.effect == DECIDES and found.leads_to == 0 for found in findings):
        findings.insert(0, Finding("Warning signs", "None found so far", DECIDES, _danger(rulebase, assessment), (), 0))
    findings += [_cause(rulebase, assessment, ranked) for ranked in assessment.causes]
    return Concluded(tuple(findings), (_level(assessment), *(level.title for level in levels[1:])))


def _level(assessment: Assessment) -> str:
    """The level in words, and whether it is final."""
    title = assessment.disposition.title
    if assessment.complete:
        return title
    if not assessment.see_doctor:
        return "Not known yet"
    return f"{'So far' if assessment.may_be_explained else 'At least'}: {title}"


def _warning(rulebase: RuleBase, assessment: Assessment, fired: FiredFlag, levels: Sequence[Disposition]) -> Finding:
    """A red flag: it decides one of the levels of the result, or asks for less than the first."""
    asks = rulebase.dispositions[fired.flag.disposition]
    answers = _answers(rulebase, assessment, [fired.answers])
    if asks in levels:
        label = "Also found" if asks.beside else "Warning sign"
        return Finding(label, fired.flag.title, DECIDES, answers, (), levels.index(asks))
    return Finding("Also found", f"{fired.flag.title} ({asks.time})", MILDER, answers, (), 0)


def _danger(rulebase: RuleBase, assessment: Assessment) -> tuple[str, ...]:
    """The answers to questions about danger: those not sure in words, of the others how many there are."""
    unsure = unsure_of_danger(rulebase, assessment)
    asked = sum(question.danger and question.id in assessment.answers for question in rulebase.questions.values())
    sure = asked - len(unsure)
    return (*unsure, *([f"{sure} answer{'s' if sure > 1 else ''} about danger signs"] if sure else []))


def _cause(rulebase: RuleBase, assessment: Assessment, ranked: RankedCause) -> Finding:
    label = "Fits" if ranked.cause.group == EVERYDAY else "Worth asking about"

    def answers(reasons: Iterable[Reason]) -> tuple[str, ...]:
        return _answers(rulebase, assessment, [reason.answers for reason in reasons])

    return Finding(label, ranked.cause.title, ASIDE, answers(ranked.speaks_for), answers(ranked.speaks_against), None)


def _answers(rulebase: RuleBase, assessment: Assessment, reasons: Iterable[Facts]) -> tuple[str, ...]:
    """Answers in words, each chosen option apart."""
    words: list[str] = []
    for facts in reasons:
        for name, options in facts.items():
            number = assessment.answers[name]
            one = [said(rulebase, name, number)] if isinstance(number, int) else options_said(rulebase, name, options)
            words += one
    return tuple(dict.fromkeys(words))


# --- drawing

LETTERS = (31, 31, 16)  # of a line of each column: fewer than fit, as letters differ in width
LINE, PAD, GAP = 18, 10, 12  # height of a line, room above and below the text of a box, room between boxes
LABEL = 16  # height of the label of a finding
COLUMNS = ((0, 252), (300, 244), (592, 148))  # left edge and width: answers, findings, results
WIDTH = 740


class Box(NamedTuple):
    """A box of the drawing: `kind` is "answer", "result" or the effect of a finding. Places in units."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    label: str
    lines: tuple[tuple[int, str], ...]  # base line, words

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


class Edge(NamedTuple):
    """A line from the right side of a box to the left side of another. `kind`: "for", "against" or an effect."""

    kind: str
    x1: int
    y1: int
    x2: int
    y2: int


class Drawing(NamedTuple):
    """Everything that is drawn, within `width` by `height` units."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def drawn(graph: Concluded) -> Drawing:
    """A place for every answer (once, whatever it leads to), finding and result."""
    answers = list(dict.fromkeys(text for f in graph.findings for text in (*f.speaks_for, *f.speaks_against)))
    left = _stack(0, [("answer", "", text) for text in answers])
    middle = _stack(1, [(found.effect, found.label, found.title) for found in graph.findings])
    right = _stack(2, [("result", "", text) for text in graph.results])
    height = max(column[-1].y + column[-1].height for column in (left, middle, right) if column)
    left, middle = _centred(left, height), _centred(middle, height)
    right = _beside(right, [[middle[n].middle for n in _into(graph, at)] for at in range(len(right))], height)
    place = dict(zip(answers, left, strict=True))
    edges = [edge for found, box in zip(graph.findings, middle, strict=True) for edge in _edges(found, box, place)]
    for found, box in zip(graph.findings, middle, strict=True):
        if found.leads_to is not None:
            edges.append(_edge(found.effect, box, right[found.leads_to]))
    return Drawing(WIDTH, height, (*left, *middle, *right), tuple(edges))


def _into(graph: Concluded, result: int) -> list[int]:
    """The numbers of the findings that lead to a result."""
    return [n for n, found in enumerate(graph.findings) if found.leads_to == result]


def _stack(column: int, items: Iterable[tuple[str, str, str]]) -> list[Box]:
    """Boxes of (kind, label, text) one below the other."""
    x, width = COLUMNS[column]
    boxes: list[Box] = []
    y = 0
    for kind, label, text in items:
        first = y + PAD + (LABEL if label else 0)
        words = textwrap.wrap(text, LETTERS[column], break_on_hyphens=False)
        lines = tuple((first + n * LINE + LINE - 5, line) for n, line in enumerate(words))
        height = first - y + len(words) * LINE + PAD
        boxes.append(Box(kind, x, y, width, height, label, lines))
        y += height + GAP
    return boxes


def _moved(box: Box, by: int) -> Box:
    return box._replace(y=box.y + by, lines=tuple((y + by, line) for y, line in box.lines))


def _centred(boxes: list[Box], height: int) -> list[Box]:
    """A column in the middle of the height."""
    room = height - (boxes[-1].y + boxes[-1].height) if boxes else 0
    return [_moved(box, room // 2) for box in boxes]


def _beside(boxes: list[Box], wanted: Sequence[Sequence[int]], height: int) -> list[Box]:
    """Each box as near to the middle of `wanted` heights as the box before it and the ends allow."""
    placed: list[Box] = []
    least = 0
    for n, (box, heights) in enumerate(zip(boxes, wanted, strict=True)):
        below = sum(other.height + GAP for other in boxes[n + 1 :])
        best = round(sum(heights) / len(heights) - box.height / 2) if heights else least
        y = max(least, min(best, height - below - box.height))
        placed.append(_moved(box, y - box.y))
        least = y + box.height + GAP
    return placed


def _edges(found: Finding, box: Box, place: dict[str, Box]) -> Iterator[Edge]:
    """The lines into a finding."""
    yield from (_edge("for", place[text], box) for text in found.speaks_for)
    yield from (_edge("against", place[text], box) for text in found.speaks_against)


def _edge(kind: str, start: Box, end: Box) -> Edge:
    return Edge(kind, start.x + start.width, start.middle, end.x, end.middle)
