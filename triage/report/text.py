"""An assessment as text: what to do first, one screen for the usual case, then the details.

Functions return lines of at most the given number of columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from triage.model import (
    AT_ONCE,
    EVERYDAY,
    NOT_SURE,
    Advice,
    Assessment,
    Check,
    Disposition,
    Facts,
    FiredFlag,
    RankedCause,
    Reason,
    RuleBase,
    SafetyNet,
    chosen,
)
from triage.screen import WIDEST, wrap
from triage.wording import STRENGTHS, grade_said, said

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
    level = assessment.disposition
    flags = [f for f in assessment.red_flags if f.flag.disposition == level.id]
    lines = wrap(level.say.upper(), columns)
    lines += wrap(f"Why: {'; '.join(f.flag.title for f in flags)}.", columns)
    for text in _unique([*(note for f in flags for note in f.flag.notes), *level.more]):
        lines += wrap(text, columns, "- ")
    return lines


def urgent_lines(rulebase: RuleBase, level: Disposition, flags: Sequence[FiredFlag], columns: int) -> list[str]:
    """What is said at once when something urgent is found."""
    lines = wrap(level.say.upper(), columns)
    for fired in flags:
        lines += wrap(f"{fired.flag.title}. {fired.flag.because}", columns)
    for text in _unique([*_places(rulebase, flags), *(n for f in flags for n in f.flag.notes), *level.more]):
        lines += wrap(text, columns, "- ")
    return lines


def details(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[tuple[str, list[str]]]:
    """Everything with reasons and sources by number, as (heading, lines); nothing for an emergency."""
    if assessment.disposition.stops == AT_ONCE:
        return []
    cite = _Citations(rulebase)
    parts = [("Why", _reasons(rulebase, assessment, cite))]
    parts += [
        (PARTS[name][0], PARTS[name][1](assessment, cite)) for name in assessment.disposition.shows if name in PARTS
    ]
    parts.append(_what_if(rulebase, assessment))
    parts.append(("Sources", [*cite.listed(), "", rulebase.about.statement, _version(rulebase)]))
    return [(heading, _set(items, columns)) for heading, items in parts if items]


def _listed(name: str) -> Callable[[Assessment, _Citations], list[str]]:
    return lambda assessment, cite: [line for advice in getattr(assessment, name) for line in _advice(advice, cite)]


# The parts of the details by the names that `shows` of a disposition uses.
PARTS: dict[str, tuple[str, Callable[[Assessment, _Citations], list[str]]]] = {
    "notes": ("Please note", lambda a, cite: [f"- {n.title}{cite(n.sources)}" for n in a.notes]),
    "causes": (
        "What fits, or is worth asking about",
        lambda a, cite: [line for c in a.causes for line in _cause(c, cite)],
    ),
    "needs_checking": (
        "Needs checking",
        lambda a, cite: [f"- {c.cause.title}. {c.cause.summary}{cite(c.cause.sources)}" for c in a.needs_checking],
    ),
    "relief": ("What to do now", _listed("relief")),
    "do_not": ("Do not", _listed("do_not")),
    "prevention": ("What may prevent it", _listed("prevention")),
    "checks": ("You can ask a doctor about", lambda a, cite: [line for c in a.checks for line in _check(c, cite)]),
    "withheld": (
        "Left out for you",
        lambda a, _: [f"- {w.advice.title}, because {'; and '.join(w.because)}" for w in a.withheld],
    ),
    "myths": ("Often said, but wrong", _listed("myths")),
}


def _reasons(rulebase: RuleBase, assessment: Assessment, cite: _Citations) -> list[str]:
    level = assessment.disposition
    told = [f for f in assessment.red_flags if f.flag.disposition == level.id or not level.stops]
    reasons = [line for fired in told for line in _flag(rulebase, assessment, fired, cite)]
    # What milder rules advise ("mention it at the next visit") must not take back "today".
    if milder := [f.flag.title for f in assessment.red_flags if f not in told]:
        reasons.append(f"- Also noted: {'; '.join(milder)}.")
    return reasons or [_no_flag(rulebase, assessment)]


def _what_if(rulebase: RuleBase, assessment: Assessment) -> tuple[str, list[str]]:
    from triage.explain import AT_MOST, what_if
    from triage.report.explanation import WHAT_IF, what_if_said

    found = what_if(rulebase, assessment)[:AT_MOST]
    return WHAT_IF, [f"- {what_if_said(rulebase, assessment, one)}" for one in found]


class _Citations:
    """Sources numbered in the order in which they are cited."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._numbers: dict[str, int] = {}

    def __call__(self, sources: Iterable[str]) -> str:
        numbers = [self._numbers.setdefault(s, len(self._numbers) + 1) for s in sources]
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def listed(self) -> list[str]:
        lines = []
        for name, number in self._numbers.items():
            source = self._rulebase.sources[name]
            year = f", {source.year}" if source.year and str(source.year) not in source.title else ""
            lines.append(f"{number}. {source.org}: {source.title}{year}. {source.url}".rstrip())
        return lines


def headline(assessment: Assessment) -> str:
    """One line that says what to do first; for an emergency the whole text."""
    if assessment.disposition.stops == AT_ONCE:
        return "\n".join(emergency_lines(assessment, WIDEST))
    return assessment.disposition.say if assessment.complete else provisional(assessment)


def provisional(assessment: Assessment) -> str:
    """What can be said of unfinished answers: the least that is known, never that all is well."""
    open_ = len(assessment.missing)
    waits = f"Not finished: {open_} question{'s are' if open_ > 1 else ' is'} not answered yet."
    if assessment.see_doctor:
        return f"{waits} So far, at least: {assessment.disposition.say}"
    return f"{waits} No warning sign so far, but that is not enough to go by."


def _why(rulebase: RuleBase, assessment: Assessment, columns: int) -> list[str]:
    level = assessment.disposition
    flags = [f for f in assessment.red_flags if f.flag.disposition == level.id]
    if not flags:
        heeded = any(note.first for note in assessment.notes)  # then something is to be watched
        return wrap(f"Why: {_no_flag(rulebase, assessment)}", columns) if assessment.complete and not heeded else []
    lines = []
    for fired in flags:
        lines += wrap(f"Why: {fired.flag.title}. {fired.flag.because}", columns)
    more = level.more if level.stops else ()
    for text in _unique([*_places(rulebase, flags), *more, *(n for f in flags for n in f.flag.notes)]):
        lines += wrap(text, columns, "- ")
    return lines


def _no_flag(rulebase: RuleBase, assessment: Assessment) -> str:
    none = "None of the answers is a warning sign."
    if unsure := _unsure_of_danger(rulebase, assessment):
        none = f"No answer is a clear warning sign, but you were {'; '.join(unsure)}. Watch for the signs below."
    return " ".join([none, *assessment.disposition.more]) if assessment.complete else none


def _unsure_of_danger(rulebase: RuleBase, assessment: Assessment) -> list[str]:
    """What was answered "not sure" where danger was asked about."""
    answers = assessment.answers
    asked = (q for q in rulebase.questions.values() if q.danger and q.id in answers)
    return [said(rulebase, q.id, answers[q.id]) for q in asked if NOT_SURE in chosen(answers[q.id])]


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


def _places(rulebase: RuleBase, flags: Iterable[FiredFlag]) -> list[str]:
    """Where to go, in the order of the rule base (the safest place first)."""
    wanted = {f.flag.place for f in flags}
    return [text for place, text in rulebase.places.items() if place in wanted]


def _flag(rulebase: RuleBase, assessment: Assessment, fired: FiredFlag, cite: _Citations) -> list[str]:
    level = rulebase.dispositions[fired.flag.disposition]
    lines = [f"- {fired.flag.title} ({level.time}). {fired.flag.because}{cite(fired.flag.sources)}"]
    lines.append(f"  {_you_said(rulebase, assessment, fired.answers)}")
    return lines + [f"  {note}" for note in fired.flag.notes]


def _you_said(rulebase: RuleBase, assessment: Assessment, facts: Facts) -> str:
    words = []
    for name, options in facts.items():
        answer = assessment.answers[name]
        words.append(said(rulebase, name, answer if isinstance(answer, int) else tuple(sorted(options))))
    return f"You said: {'; '.join(words)}."


def _cause(ranked: RankedCause, cite: _Citations) -> list[str]:
    lines = [f"- {ranked.cause.title}. {ranked.cause.summary}{cite(ranked.cause.sources)}"]
    lines += [f"  For it: {_sentence(r)}" for r in ranked.speaks_for]
    return lines + [f"  Against it: {_sentence(r)}" for r in ranked.speaks_against]


def _sentence(reason: Reason) -> str:
    text = reason.because
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _advice(advice: Advice, cite: _Citations) -> list[str]:
    return [f"- {advice.title}{grade_said(advice)}{cite(advice.sources)}", *(f"  {step}" for step in advice.steps)]


def _check(check: Check, cite: _Citations) -> list[str]:
    lines = [f"- {check.title} ({STRENGTHS[check.strength]}). {check.because}{cite(check.sources)}"]
    return [*lines, f"  {check.note}"] if check.note else lines


def _set(items: Sequence[str], columns: int) -> list[str]:
    """Items wrapped, each hanging below its own bullet or indent."""
    lines: list[str] = []
    for item in items:
        indent = item[: len(item) - len(item.lstrip(" -"))]
        lines += wrap(item.lstrip(" -"), columns, indent, " " * len(indent))
    return lines


def _version(rulebase: RuleBase) -> str:
    return f"Rules {rulebase.about.version}, {rulebase.sha256[:12]}"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
