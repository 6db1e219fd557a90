"""A result as text: what to do first, one screen for the usual case, then the details.

Lines are of at most the given number of columns; items are not wrapped yet, each with its bullet, number or indent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from triage.knowledge.faults import printable
from triage.knowledge.model import Disposition, RuleBase
from triage.knowledge.wording import in_brackets
from triage.output import screen
from triage.output.explanation import explained
from triage.output.screen import WIDEST, wrap, wrap_all
from triage.output.view import (
    HEADINGS,
    NOTHING_MORE,
    WHAT_IF,
    CitedSource,
    View,
    Wanted,
    places,
    view_of,
)
from triage.reasoning.results import Assessment, FiredFlag

# The short result is one screen of 24 lines, less the two lines of the prompt below it. It
# names as many titles of each part as fit: the first of these that does. Details name all.
ONE_SCREEN = 22
SHORTER = (
    {"relief": 5, "do_not": 2, "prevention": 3, "checks": 3},
    {"relief": 5, "do_not": 1, "prevention": 2, "checks": 2},
    {"relief": 4, "do_not": 1, "prevention": 1, "checks": 2},
    {"relief": 3, "do_not": 1, "prevention": 0, "checks": 1},
    {"relief": 2, "do_not": 1, "prevention": 0, "checks": 1},
)


def whole(view: View, columns: int) -> list[str]:
    """The short result, and all parts of the details below it (an emergency has none)."""
    lines = short(view, columns)
    for heading, part in details(view, columns):
        lines += ["", *wrap(heading, columns), *part]
    return lines


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole result, as wide as the terminal, and what is wanted besides."""
    view, columns = view_of(rulebase, assessment, wanted), screen.width()
    title = [f"== {printable(view.title)}"] if view.title else []
    return "\n".join([*title, *whole(view, columns), *explained(view, columns)])


def headline(view: View) -> str:
    """One line that says what to do first; for an emergency the whole text."""
    return "\n".join(emergency_lines(view, WIDEST)) if view.emergency else view.say


# --- the short result


def short(view: View, columns: int) -> list[str]:
    """One screen: how urgent, why, what fits, what to do, what to watch for."""
    if view.emergency:
        return emergency_lines(view, columns)
    lines: list[str] = []
    for most in SHORTER:
        lines = wrap_all(_in_short(view, most), columns)
        if len(lines) <= ONE_SCREEN:
            break
    return lines


def emergency_lines(view: View, columns: int) -> list[str]:
    """Only what to do; it fits one screen."""
    titles = "; ".join(flag.title for flag in view.deciding)
    return wrap_all([view.say.upper(), f"Why: {titles}.", *(f"- {line}" for line in view.first)], columns)


def urgent_lines(
    rulebase: RuleBase, level: Disposition, flags: Sequence[FiredFlag], columns: int, again: bool = False
) -> list[str]:
    """What is said at once when something urgent is found; `again`: what else, once that was said."""
    titles = "; ".join(fired.flag.title for fired in flags)
    texts = [f"Also: {titles}."] if again else [level.say.upper(), f"Why: {titles}.", *places(rulebase, flags)]
    return wrap_all(texts, columns)


def _in_short(view: View, most: Mapping[str, int]) -> Iterator[str]:
    """The short result with at most so many titles of each part."""
    yield view.say
    yield from _why(view)
    if view.beside:
        yield f"Also: {view.beside.say}"
    yield from (f"First: {note.line}" for note in view.notes if note.first)
    yield from _causes_in_short(view)
    if view.relief:
        below = len(view.relief) - most["relief"]
        yield from ("", f"{HEADINGS['relief']}{in_brackets(f'{below} more below' if below > 0 else '')}:")
        yield from (f" {number}. {one.title}" for number, one in enumerate(view.relief[: most["relief"]], 1))
    do_not = [advice.title.removeprefix("Do not ") for advice in view.do_not]
    yield from _inline(HEADINGS["do_not"], do_not, most["do_not"])
    yield from _inline("To prevent it", [advice.title for advice in view.prevention], most["prevention"])
    yield from _inline(HEADINGS["checks"], [check.title for check in view.checks], most["checks"])
    if view.safety_net:
        yield from ("", *view.safety_net)


def _why(view: View) -> Iterator[str]:
    for flag in view.deciding:
        if flag in view.reasons:
            yield f"Why: {flag.title}. {flag.because}"
    if others := [flag.title for flag in view.deciding if flag not in view.reasons]:
        yield f"Also: {'; '.join(others)}."
    if view.deciding:
        yield from (f"- {line}" for line in view.first)
    elif view.complete and not any(note.first for note in view.notes):  # else something is to be watched
        yield " ".join(["Why:", view.no_flag, *view.more])


def _causes_in_short(view: View) -> list[str]:
    kinds = {
        "Fits what you told us": [cause.name for cause in view.causes if cause.everyday],
        "Worth asking about": [cause.name for cause in view.causes if not cause.everyday],
        HEADINGS["needs_checking"]: [cause.name for cause in view.needs_checking],
    }
    named = [f"{heading}: {'; '.join(names)}." for heading, names in kinds.items() if names]
    return ["", *named] if named else []


def _inline(heading: str, titles: Sequence[str], most: int) -> Iterator[str]:
    if titles and most:
        more = f" (+ {len(titles) - most} below)" if len(titles) > most else ""
        yield f"{heading}: {'; '.join(titles[:most])}{more}."


# --- the details


def details(view: View, columns: int) -> list[tuple[str, list[str]]]:
    """Everything with reasons and sources by number, as (heading, lines); nothing for an emergency."""
    if view.emergency:
        return []
    parts = [("Why", list(_reason_items(view)))]
    parts += [(HEADINGS[name], _items(view, name)) for name in view.shows if name in HEADINGS]
    parts.append((WHAT_IF, [f"- {one.say}" for one in view.what_if]))
    version = f"Rules {view.rulebase.version}, {view.rulebase.sha256[:12]}"
    parts.append(("Sources", [*map(_source, view.sources), "", view.statement, version]))
    return [(heading, wrap_all(items, columns)) for heading, items in parts if items]


def _source(one: CitedSource) -> str:
    return f"{one.number}. {one.org}: {one.title}{', ' * bool(one.year)}{one.year}. {one.url}".rstrip()


def _reason_items(view: View) -> Iterator[str]:
    yield from _items(view, "reasons")
    if view.also_noted:
        yield f"- Also noted: {'; '.join(view.also_noted)}."
    if not view.red_flags:
        yield " ".join([view.no_flag, *(view.more if view.complete else ())])


def _items(view: View, part: str) -> list[str]:
    """What is told of each thing in a part of a result: a line with its sources, then what stands below it."""
    items: list[str] = []
    for one in getattr(view, part):
        line, *below = _told(part, one)
        numbers = ", ".join(map(str, view.cites(one)))
        items += [f"- {line} [{numbers}]" if numbers else f"- {line}", *(f"  {text}" for text in below if text)]
    return items


def _told(part: str, one: Any) -> Iterator[str]:
    match part:
        case "reasons":
            yield f"{one.title} ({one.time}). {one.because}"
            yield from (one.you_said, *one.notes)
        case "notes":
            yield one.line
        case "causes":
            yield f"{one.name}. {one.summary}"
            yield from (f"For it: {sign.sentence}" for sign in one.for_)
            yield from (f"Against it: {sign.sentence}" for sign in one.against)
        case "needs_checking":
            yield f"{one.name}. {one.summary}"
        case "withheld":
            yield f"{one.title}, because {'; and '.join(one.reasons)}"
        case "checks":
            yield f"{one.title} ({one.how_strongly}). {one.because}"
            yield one.note
        case _:
            yield f"{one.title}{in_brackets(one.evidence)}"
            yield from one.steps
