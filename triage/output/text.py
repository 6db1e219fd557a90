"""A result as text: what to do first, one screen for the usual case, then the details.

Lines are of at most the given number of columns; items are not wrapped yet, each with its bullet, number or indent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from triage.knowledge.faults import printable
from triage.knowledge.model import Disposition, RuleBase
from triage.knowledge.wording import ended
from triage.output import screen
from triage.output.explanation import explained
from triage.output.screen import WIDEST, wrap, wrap_all
from triage.output.short import places
from triage.output.view import HEADINGS, NOTHING_MORE, WHAT_IF, LeftOut, View, Wanted, told, view_of
from triage.reasoning.results import Assessment, FiredFlag

MORE = "m"  # the key for what `whole` has
WHY = "Why"
APART = ("myths",)  # parts that are told on request only
ONE_SCREEN = 21  # lines of the short result: a screen of 24, less the three below it: the keys, and what is typed


def whole(view: View, columns: int) -> list[str]:
    """The short result, and more; nothing that only a doctor, or whoever asks for it, wants to read."""
    more = [request.lines(columns) for request in requests(view) if request.key == MORE]
    return [*short(view, columns), *(line for lines in more for line in ("", *lines))]


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The short result (or all of it), as wide as the terminal, and what is wanted besides."""
    view, columns = view_of(rulebase, assessment, wanted), screen.width()
    title = [f"== {printable(view.title)}"] if view.title else []
    result = whole(view, columns) if wanted.full else short(view, columns)
    return "\n".join([*title, *result, *explained(view, columns)])


def headline(view: View) -> str:
    """One line that says what to do first; for an emergency the whole text."""
    return "\n".join(emergency_lines(view, WIDEST)) if view.emergency else view.say


# --- the short result


def short(view: View, columns: int) -> list[str]:
    """One screen: how urgent and where, what to do, why, what fits, what to watch for."""
    if view.emergency:
        return emergency_lines(view, columns)
    parts = [wrap(view.say, columns), *(wrap(line.sentence, columns) for line in view.short)]
    together = [line for part in parts for line in part]
    apart = [line for part in parts for line in (*part, "")][:-1]
    return apart if len(apart) <= ONE_SCREEN else together


def emergency_lines(view: View, columns: int) -> list[str]:
    """Only what to do; it fits one screen."""
    return wrap_all(
        [view.say.upper(), *(f"- {line.sentence}" if line.part == "do" else line.sentence for line in view.short)],
        columns,
    )


def urgent_lines(
    rulebase: RuleBase, level: Disposition, flags: Sequence[FiredFlag], columns: int, again: bool = False
) -> list[str]:
    """What is said at once, in the voice of `rulebase`, of something urgent; `again`: what else, once that was said."""
    titles = "; ".join(rulebase.red_flags[fired.flag.id].title for fired in flags)
    texts = [f"Also: {titles}."] if again else [level.say.upper(), f"Why: {titles}.", *places(rulebase, flags)]
    return wrap_all(texts, columns)


# --- more, on request


class Request(NamedTuple):
    """What can be had after a result: the key for it, what it is called, and its parts: a heading and items each."""

    key: str
    label: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def lines(self, columns: int) -> list[str]:
        """The parts one below the other, without those that have no items."""
        told = [(heading, items) for heading, items in self.parts if items]
        wrapped = [["", *wrap(heading, columns), *wrap_all(items, columns)] for heading, items in told]
        return [line for part in wrapped for line in part][1:]


def requests(view: View) -> tuple[Request, ...]:
    """All that can be had besides the short result; nothing is offered that is empty."""
    all_of = (
        Request(MORE, "more", () if view.emergency else _more(view)),
        Request("d", "for the doctor", (("For the doctor", tuple(_history(view))),)),
        Request("t", "traditional methods", (("Traditional methods, all unproven", tuple(_traditional(view))),)),
        Request("y", "myths", ((HEADINGS["myths"], tuple(_items(view, "myths"))),)),
        Request("w", "what would change it", ((WHAT_IF, tuple(f"- {one.say}" for one in view.what_if)),)),
    )
    return tuple(request for request in all_of if any(items for _, items in request.parts))


def _more(view: View) -> tuple[tuple[str, tuple[str, ...]], ...]:
    parts = [(WHY, _reason_items(view))]
    parts += [(HEADINGS[name], _items(view, name)) for name in view.shows if name in HEADINGS and name not in APART]
    parts.append(("How it is known", _behind(view)))
    return tuple((heading, tuple(items)) for heading, items in parts)


def _behind(view: View) -> Iterator[str]:
    """What the result rests on, in short: the publishers; whoever wants a page finds it with its rule."""
    parts = [view.reasons, *(getattr(view, name) for name in view.shows if name in HEADINGS)]
    told = [one for part in parts for one in part if not getattr(one, "traditional", False)]
    cited = {number for one in told for number in view.cites(one)}
    yield ended("; ".join(dict.fromkeys(source.org for source in view.sources if source.number in cited)))
    yield f"{view.statement} Rules {view.rulebase.version}, {view.rulebase.sha256[:12]}."


def _history(view: View) -> Iterator[str]:
    for number, line in enumerate(view.history, 1):
        yield f"{number:2}. {line.title}: {line.sentence}."


def _traditional(view: View) -> Iterator[str]:
    for part in ("relief", "prevention"):
        yield from _items(view, part, traditional=True)
    yield from (_left_out(one) for one in view.withheld if one.traditional)


def _reason_items(view: View) -> Iterator[str]:
    yield from _items(view, "reasons")
    if view.also_noted:
        yield f"- Also noted: {'; '.join(view.also_noted)}."


def _items(view: View, part: str, traditional: bool = False) -> Iterator[str]:
    """What is told of each thing in a part of a result: a line, then what stands below it."""
    for one in getattr(view, part):
        if getattr(one, "traditional", False) == traditional:
            title, text, below = told(part, one)
            yield f"- {' '.join(filter(None, (title, text)))}"
            yield from (f"  {line}" for line in below if line)


def _left_out(one: LeftOut) -> str:
    return f"- {one.title}: left out, because {'; and '.join(one.reasons)}."
