"""An assessment as text: what to do first, one screen for the usual case, then the details.

Functions return lines of at most the given number of columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from triage.knowledge.faults import printable
from triage.knowledge.model import AT_ONCE, EVERYDAY, Advice, Assessment, Disposition, FiredFlag, RuleBase, SafetyNet
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import in_brackets
from triage.output import screen
from triage.output.content import (
    HEADINGS,
    NOTHING_MORE,
    WHAT_IF,
    Checking,
    CitedSource,
    Content,
    LeftOut,
    RaisedFlag,
    ToldAdvice,
    ToldCause,
    ToldCheck,
    ToldNote,
    Wanted,
    content,
    deciding,
    distinct,
    emergency_first,
    first_lines,
    no_flag,
    places,
    provisional,
)
from triage.output.explanation import explained
from triage.output.screen import WIDEST, wrap

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


def whole(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[str]:
    """The short result, and all parts of the details below it (an emergency has none)."""
    lines = short(rulebase, assessment, columns)
    for heading, part in details(rulebase, assessment, columns):
        lines += ["", *wrap(heading, columns), *part]
    return lines


def short(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[str]:
    """One screen: how urgent, why, what fits, what to do, what to watch for."""
    if assessment.disposition.stops == AT_ONCE:
        return emergency_lines(assessment, columns)
    rulebase = rules_in_voice(rulebase, assessment.voice)
    attempts = (_short(rulebase, assessment, columns, most) for most in SHORTER)
    lines: list[str] = []
    for lines in attempts:
        if len(lines) <= ONE_SCREEN:
            break
    return lines


def _short(rulebase: RuleBase, assessment: Assessment, columns: int, most: Mapping[str, int]) -> list[str]:
    lines = [*wrap(headline(assessment), columns), *_why(rulebase, assessment, columns)]
    lines += _beside(assessment, columns)
    for note in assessment.notes:
        if note.first:
            lines += wrap(f"First: {note.title}", columns)
    lines += _short_causes(assessment, columns)
    lines += _steps_in_short("What to do now", assessment.relief, most["relief"], columns)
    lines += _inline("Do not", [a.title.removeprefix("Do not ") for a in assessment.do_not], most["do_not"], columns)
    lines += _inline("To prevent it", [a.title for a in assessment.prevention], most["prevention"], columns)
    lines += _inline("You can ask a doctor about", [c.title for c in assessment.checks], most["checks"], columns)
    return lines + (_safety_net(assessment.safety_net, columns) if assessment.safety_net else [])


def emergency_lines(assessment: Assessment, columns: int) -> list[str]:
    """Only what to do; it fits one screen."""
    lines = wrap(assessment.disposition.say.upper(), columns)
    lines += wrap(f"Why: {'; '.join(f.flag.title for f in deciding(assessment))}.", columns)
    for text in emergency_first(assessment):
        lines += wrap(text, columns, "- ")
    return lines


def urgent_lines(
    rulebase: RuleBase, level: Disposition, flags: Sequence[FiredFlag], columns: int, again: bool = False
) -> list[str]:
    """What is said at once when something urgent is found; `again`: what else, once that was said."""
    titles = "; ".join(fired.flag.title for fired in flags)
    if again:
        return wrap(f"Also: {titles}.", columns)
    texts = (level.say.upper(), f"Why: {titles}.", *places(rulebase, flags))
    return [line for text in texts for line in wrap(text, columns)]


def details(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[tuple[str, list[str]]]:
    """Everything with reasons and sources by number, as (heading, lines); nothing for an emergency."""
    if assessment.disposition.stops == AT_ONCE:
        return []
    told = content(rulebase, assessment)
    parts = [("Why", _reasons(told))]
    parts += [(PARTS[name][0], PARTS[name][1](told)) for name in told.shows if name in PARTS]
    parts.append((WHAT_IF, [f"- {line}" for line in told.what_if]))
    version = f"Rules {told.version}, {told.sha256[:12]}"
    parts.append(("Sources", [*map(_source, told.sources), "", told.statement, version]))
    return [(heading, _set(items, columns)) for heading, items in parts if items]


def _lines_of(part: str, item_lines: Callable[[Any], list[str]]) -> tuple[str, Callable[[Content], list[str]]]:
    """The heading of a part, and what makes its lines, an item after the other."""
    return HEADINGS[part], lambda told: [line for item in getattr(told, part) for line in item_lines(item)]


def _cite(numbers: Sequence[int]) -> str:
    return f" [{', '.join(map(str, numbers))}]" if numbers else ""


def _note(note: ToldNote) -> list[str]:
    return [f"- {note.text}{_cite(note.cites)}"]


def _cause(cause: ToldCause) -> list[str]:
    lines = [f"- {cause.title}. {cause.summary}{_cite(cause.cites)}"]
    lines += [f"  For it: {reason}" for reason in cause.speaks_for]
    return lines + [f"  Against it: {reason}" for reason in cause.speaks_against]


def _checking(cause: Checking) -> list[str]:
    return [f"- {cause.title}. {cause.summary}{_cite(cause.cites)}"]


def _advice(advice: ToldAdvice) -> list[str]:
    title = f"- {advice.title}{in_brackets(advice.grade)}{_cite(advice.cites)}"
    return [title, *(f"  {step}" for step in advice.steps)]


def _left_out(left_out: LeftOut) -> list[str]:
    return [f"- {left_out.title}, because {'; and '.join(left_out.because)}"]


def _check(check: ToldCheck) -> list[str]:
    lines = [f"- {check.title} ({check.strength}). {check.because}{_cite(check.cites)}"]
    return [*lines, f"  {check.note}"] if check.note else lines


# The parts of the details by the names that `shows` of a disposition uses.
PARTS: dict[str, tuple[str, Callable[[Content], list[str]]]] = {
    "notes": _lines_of("notes", _note),
    "causes": _lines_of("causes", _cause),
    "needs_checking": _lines_of("needs_checking", _checking),
    "relief": _lines_of("relief", _advice),
    "do_not": _lines_of("do_not", _advice),
    "prevention": _lines_of("prevention", _advice),
    "checks": _lines_of("checks", _check),
    "withheld": _lines_of("withheld", _left_out),
    "myths": _lines_of("myths", _advice),
}


def _reasons(told: Content) -> list[str]:
    reasons = [line for flag in told.reasons for line in _flag(flag)]
    if told.also_noted:
        reasons.append(f"- Also noted: {'; '.join(told.also_noted)}.")
    return reasons or [" ".join([told.no_flag, *(told.more if told.complete else ())])]


def _flag(flag: RaisedFlag) -> list[str]:
    lines = [f"- {flag.title} ({flag.time}). {flag.because}{_cite(flag.cites)}", f"  {flag.you_said}"]
    return lines + [f"  {note}" for note in flag.notes]


def _source(source: CitedSource) -> str:
    year = f", {source.year}" if source.year else ""
    return f"{source.number}. {source.org}: {source.title}{year}. {source.url}".rstrip()


def headline(assessment: Assessment) -> str:
    """One line that says what to do first; for an emergency the whole text."""
    if assessment.disposition.stops == AT_ONCE:
        return "\n".join(emergency_lines(assessment, WIDEST))
    return assessment.disposition.say if assessment.complete else provisional(assessment)


def _why(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[str]:
    flags = deciding(assessment)
    if not flags:
        heeded = any(note.first for note in assessment.notes)  # then something is to be watched
        if heeded or not assessment.complete:
            return []
        return wrap(" ".join(["Why:", no_flag(rulebase, assessment), *assessment.disposition.more]), columns)
    lines = []
    told = distinct(flags)
    for fired in told:
        lines += wrap(f"Why: {fired.flag.title}. {fired.flag.because}", columns)
    if others := [fired.flag.title for fired in flags if fired not in told]:
        lines += wrap(f"Also: {'; '.join(others)}.", columns)
    for text in first_lines(rulebase, assessment):
        lines += wrap(text, columns, "- ")
    return lines


def _beside(assessment: Assessment, columns: int) -> list[str]:
    return wrap(f"Also: {assessment.pharmacist.say}", columns) if assessment.pharmacist else []


def _short_causes(assessment: Assessment, columns: int) -> list[str]:
    kinds = (
        ("Fits what you told us", [c.cause.title for c in assessment.causes if c.cause.group == EVERYDAY]),
        ("Worth asking about", [c.cause.title for c in assessment.causes if c.cause.group != EVERYDAY]),
        ("Needs checking", [c.cause.title for c in assessment.needs_checking]),
    )
    lines = [line for heading, names in kinds if names for line in wrap(f"{heading}: {'; '.join(names)}.", columns)]
    return ["", *lines] if lines else []


def _steps_in_short(heading: str, advice: Sequence[Advice], most: int, columns: int) -> list[str]:
    if not advice:
        return []
    below = len(advice) - most
    lines = ["", *wrap(f"{heading}:" if below <= 0 else f"{heading} ({below} more below):", columns)]
    for number, one in enumerate(advice[:most], 1):
        lines += wrap(one.title, columns, f" {number}. ")
    return lines


def _inline(heading: str, titles: Sequence[str], most: int, columns: int) -> list[str]:
    if not titles or not most:
        return []
    more = f" (+ {len(titles) - most} below)" if len(titles) > most else ""
    return wrap(f"{heading}: {'; '.join(titles[:most])}{more}.", columns)


def _safety_net(net: SafetyNet, columns: int) -> list[str]:
    return [
        "",
        *wrap(f"{net.say_today} {'; '.join(net.today)}.", columns),
        *wrap(f"{net.say_emergency} {'; '.join(net.emergency)}.", columns),
    ]


def _set(items: Sequence[str], columns: int) -> list[str]:
    """Items wrapped, each hanging below its own bullet or indent."""
    lines: list[str] = []
    for item in items:
        indent = item[: len(item) - len(item.lstrip(" -"))]
        lines += wrap(item.lstrip(" -"), columns, indent, " " * len(indent))
    return lines


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole result, as wide as the terminal, and what is wanted besides."""
    columns = screen.width()
    title = [f"== {printable(wanted.title)}"] if wanted.title else []
    return "\n".join([*title, *whole(rulebase, assessment, columns), *explained(rulebase, assessment, wanted, columns)])
