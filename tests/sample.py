"""Some of the scenarios, which together show all that results can hold: for tests that take long over each result."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from stories import SCENARIOS, name_of

from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import AT_ONCE, Assessment
from triage.output.view import HEADINGS
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

LONGEST = 4  # results with the most to tell, at each level


def results(engine: Engine) -> dict[str, Assessment]:
    """The result of every scenario, by its name."""
    found = {}
    for path in SCENARIOS:
        answers = read_answer_file(path, engine.rulebase).answers
        found[name_of(path)] = assess(engine, answers, missing_from(engine, answers))
    return found


def sample(engine: Engine) -> dict[str, Assessment]:
    """One result for each thing that can be shown: levels in each voice and part, notes, drawings; and the longest."""
    every = results(engine)
    seen: set[Hashable] = set()
    picked = set()
    for name in sorted(every, key=lambda name: (-_size(every[name]), name)):
        kinds = set(_kinds(every[name]))
        if not kinds <= seen:
            picked.add(name)
            seen |= kinds
    for level in engine.rulebase.ladder:
        here = [name for name in every if every[name].disposition.id == level.id]
        picked |= set(sorted(here, key=lambda name: (-_size(every[name]), name))[:LONGEST])
        picked |= set(sorted(here, key=lambda name: (_size(every[name]), name))[:1])
    return {name: every[name] for name in every if name in picked}


def _kinds(found: Assessment) -> Iterator[Hashable]:
    """What a result shows that others may not."""
    level = found.disposition.id
    yield level, found.voice
    yield "pharmacist", level, found.pharmacist is not None
    yield from (("part", part, level) for part in HEADINGS if getattr(found, part))
    yield from (("note", note.id) for note in found.notes)
    given = (*found.relief, *found.prevention, *found.do_not, *found.myths)
    yield from (("figure", advice.figure) for advice in given if advice.figure)
    yield from (("check", check.strength) for check in found.checks)
    yield from (("group", ranked.cause.group, bool(ranked.speaks_against)) for ranked in found.causes)
    deciding = [fired.flag for fired in found.red_flags if fired.flag.disposition == level]
    yield from (("place", level, flag.place) for flag in deciding)
    yield "several", level, min(len(deciding), 3)
    if found.disposition.stops == AT_ONCE:
        yield from (("emergency", flag.id) for flag in deciding)


def _size(found: Assessment) -> int:
    """How much a result has to tell."""
    return sum(len(getattr(found, part)) for part in HEADINGS) + len(found.red_flags)
