"""What is printed of a page, so that a doctor gets two sheets: of the longest results some advice without its steps.

The room is estimated, in the units of the style sheet for print (`templates/page.css`), on the
smaller of A4 and Letter in each direction. The browser tests print every kind of result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from math import ceil
from typing import NamedTuple

from triage.output.content import Answered, Content, ToldAdvice, ToldCause
from triage.output.graph import Drawing

# Millimetres, but for LETTERS: how many stand on a line of each kind.
SHEETS = 2
HEIGHT = 268.0  # of what is printed on a sheet of Letter, less what columns leave open
COLUMNS, LETTERS, LINE = 3, 45, 3.28  # the columns of the text, and their lines
HEADING, BETWEEN = 6.0, 0.5  # a heading with its rule and the room before it; between two items
TOP, TOP_LETTERS, TOP_LINE = 22.0, 92, 3.8  # the result: its frame and first lines, then the lines in it
LADDER = 30.0
GRAPH_SCALE = 112 / 744  # units of the drawing
SOURCE_LETTERS, SOURCE_LINE = 98, 2.75
ANSWER_LETTERS = 59
FIGURE = 15.0  # a drawing: its own height, more or less, as the steps stand beside it
TIGHT = 60.0  # with less room for steps than this the type is smaller
FRAME = 16.0  # headings of the doctor's part, the line for a name, the foot


class Paper(NamedTuple):
    """How a page is printed: the ids of the advice of which only the title is, and whether in smaller type."""

    short: frozenset[str]
    dense: bool


def on_paper(told: Content, drawing: Drawing, drawn_with: Collection[str]) -> Paper:
    """How a result fits on the sheets: relief, prevention and myths keep their steps while there is room.

    The first relief, what to look at before all else, always does. `drawn_with`: the ids of the
    advice with a drawing.
    """
    room = COLUMNS * (SHEETS * HEIGHT - _top(told) - _doctor(told, drawing)) - _always(told)
    dense = room < TIGHT
    short = set()
    for number, advice in enumerate((*told.relief, *told.prevention, *told.myths)):
        steps = _steps(advice) + (FIGURE if advice.id in drawn_with else 0)
        if number and steps > room:
            short.add(advice.id)
        else:
            room -= steps
    return Paper(frozenset(short), dense)


def _text(text: str, letters: int = LETTERS, line: float = LINE) -> float:
    """The height of a text that starts a line of its own."""
    return ceil(len(text) / letters) * line + BETWEEN


def _steps(advice: ToldAdvice) -> float:
    return sum(_text(step, LETTERS - 5) for step in advice.steps)


def _cites(numbers: Iterable[int]) -> str:
    return f" {list(numbers)}"


def _top(told: Content) -> float:
    lines = [*told.first, *(note.text for note in told.notes if note.first)]
    if told.pharmacist:
        lines += [told.pharmacist.say, *told.pharmacist.more]
    return max(LADDER, TOP + sum(_text(line, TOP_LETTERS, TOP_LINE) for line in lines))


def _doctor(told: Content, drawing: Drawing) -> float:
    """The part for the doctor: the drawing and the sources, beside them the answers."""
    sources = sum(len(f"{s.number}. {s.org}: {s.title}, {s.year} ") for s in told.sources)
    left = drawing.height * GRAPH_SCALE + ceil(sources / SOURCE_LETTERS) * SOURCE_LINE + HEADING
    answers = [" ".join([row.question, *row.answer, *_led(row)]) for row in told.answers]
    right = sum(_text(text, ANSWER_LETTERS) for text in (*answers, *(one.question for one in told.missing)))
    return FRAME + max(left, right)


def _led(row: Answered) -> list[str]:
    return [f"-> Against: {title}" for title in (*row.flags, *row.speaks_for, *row.speaks_against)]


def _always(told: Content) -> float:
    """The text in columns that is always printed."""
    parts = [list(part) for part in _parts(told)]
    return sum(HEADING + sum(map(_text, part)) for part in parts if part)


def _parts(told: Content) -> Iterator[Iterable[str]]:
    """The lines of every part, without steps of relief and prevention."""
    reasons = [f"{r.title} ({r.time}). {r.because}{_cites(r.cites)}" for r in told.reasons]
    yield [
        *reasons,
        *(r.you_said for r in told.reasons),
        *(n for r in told.reasons for n in r.notes),
        told.no_flag,
        *told.more,
    ]
    yield (note.text for note in told.notes if not note.first)
    if told.safety_net:
        net = told.safety_net
        yield [net.say_today, *net.today, net.say_emergency, *net.emergency]
    for advices in (told.relief, told.prevention, told.myths):
        yield (_title(advice) for advice in advices)
    yield (line for advice in told.do_not for line in (_title(advice), *advice.steps))
    yield (line for cause in told.causes for line in _cause(cause))
    yield (f"{c.title}. {c.summary}{_cites(c.cites)}" for c in told.needs_checking)
    yield (f"{w.title}, because {'; and '.join(w.because)}" for w in told.withheld)
    yield told.what_if
    yield (f"{c.title} ({c.strength}). {c.because}{_cites(c.cites)} {c.note}" for c in told.checks)


def _title(advice: ToldAdvice) -> str:
    return f"   {advice.title} ({advice.grade}){_cites(advice.cites)}"


def _cause(cause: ToldCause) -> list[str]:
    signs = [f"   Against: {reason}" for reason in (*cause.speaks_for, *cause.speaks_against)]
    return [f"{cause.title} (worth asking about)", f"{cause.summary}{_cites(cause.cites)}", *signs]
