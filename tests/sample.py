"""About 40 of the scenarios, which together show all that results can hold: for tests that take long over each result.

    python tests/sample.py

chooses them anew and writes data/chosen.txt; test_scenarios.py tells when that is due.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

from stories import SCENARIOS, name_of, path_of

from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import AT_ONCE, Answers
from triage.knowledge.rulebase import load
from triage.output.view import HEADINGS
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

LIST = Path(__file__).parent / "data" / "chosen.txt"
CHOSEN = LIST.read_text("utf-8").splitlines()
BEGUN = 6  # answers of a story that somebody stopped in


@cache
def results(engine: Engine) -> Mapping[str, Assessment]:
    """The result of every scenario, by its name."""
    return {name_of(path): _result(engine, _answers(engine, name_of(path))) for path in SCENARIOS}


@cache
def sample(engine: Engine) -> Mapping[str, Assessment]:
    """The results of the chosen scenarios; and, of the longest at each level, what its first answers give."""
    every = {name: _answers(engine, name) for name in CHOSEN}
    found = {name: _result(engine, answers) for name, answers in every.items()}
    begun = {f"{name}, begun": dict(islice(every[name].items(), BEGUN)) for name in _longest(engine, found)}
    return found | {name: _result(engine, answers) for name, answers in begun.items()}


def _longest(engine: Engine, found: Mapping[str, Assessment]) -> Iterator[str]:
    """One name at each level that does not stop the interview at once."""
    for level in engine.rulebase.ladder:
        if level.stops != AT_ONCE:
            here = [name for name in found if found[name].disposition.id == level.id]
            yield max(here, key=lambda name: _size(found[name]))


def chosen(every: Mapping[str, Assessment]) -> set[str]:
    """Names of results that show all that any of them shows: the longest and the shortest of each level, and others."""
    picked = set[str]()
    for level in {found.disposition.id for found in every.values()}:
        here = sorted(name for name in every if every[name].disposition.id == level)
        picked |= {function(here, key=lambda name: _size(every[name])) for function in (min, max)}
    ends = frozenset(picked)
    while wanted := shown(every.values()) - shown(every[name] for name in picked):
        picked.add(max(sorted(every), key=lambda name: len(wanted & shown([every[name]]))))
    for name in sorted(picked - ends):  # what others show as well
        if shown(every[other] for other in picked - {name}) == shown(every.values()):
            picked.remove(name)
    return picked


def shown(every: Iterable[Assessment]) -> set[Hashable]:
    """All that these results show."""
    return {kind for found in every for kind in _kinds(found)}


def _answers(engine: Engine, name: str) -> Answers:
    return read_answer_file(path_of(name), engine.rulebase).answers


def _result(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


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
    yield from (("file", fired.flag.at.file) for fired in found.red_flags)
    deciding = [fired.flag for fired in found.red_flags if fired.flag.disposition == level]
    yield from (("place", level, flag.place) for flag in deciding)
    yield "several", level, min(len(deciding), 3)
    if found.disposition.stops == AT_ONCE:
        yield from (("emergency", flag.id) for flag in deciding)


def _size(found: Assessment) -> int:
    """How much a result has to tell."""
    return sum(len(getattr(found, part)) for part in HEADINGS) + len(found.red_flags)


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in sorted(chosen(results(Engine(load()))))), "utf-8")
