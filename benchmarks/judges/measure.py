"""What is measured of the engines: whether they agree, and the medians of times taken in turn (A B C, A B C, ...)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.judges import people as crowd
from benchmarks.judges.copies import QUESTIONS, RULES, answered
from benchmarks.judges.process import CLIPS, COLUMNS, PYTHON, Failed, Peer, Plain, Process, Times
from triage.knowledge.model import Answers, RuleBase

ROOT = Path(__file__).resolve().parent.parent.parent
RANDOM, SURVEY = "random", "survey"
KINDS = (RULES, QUESTIONS)
FIELDS = ("disposition", "pharmacist", "red_flags", "causes", "needs_checking", "checks", "missing", "pending")

Say = Callable[[str], None]
People = Mapping[str, Sequence[Answers]]


class Extent(NamedTuple):
    """How much is measured. `chunk`: people that the columns judge at once; `least`: seconds of one measurement."""

    agreeing: int = 2000
    rounds: int = 5
    cases: int = 500
    chunk: int = 20_000
    least: float = 0.3
    growth: tuple[int, ...] = (1, 8)
    growth_cases: int = 40
    rows: int = 1_000_000


class Disagree(Exception):
    """Two engines said different things of a case."""


class Figures(NamedTuple):
    """Medians for one engine, in seconds of processor time."""

    build: float
    random: Times
    survey: Times


class Growth(NamedTuple):
    """One engine with more rules, or more questions: seconds a case, or why there are none."""

    case: float = 0.0
    failed: str = ""


class Batch(NamedTuple):
    """The whole command. Seconds of the processor, with those of all threads (`one_clock`, `two`: of the clock).

    `clips`: seconds that the engine of CLIPS alone takes a case of the same survey, measured in turn with the command;
    None where it is not installed.
    """

    rows: int
    different: int
    one: float
    half: float
    one_clock: float
    two: float
    clips: float | None


def gathered(rulebase: RuleBase, crossing: int, survey: int) -> People:
    """So many people of each kind, whose cases are judged."""
    return {RANDOM: crowd.crossing(crossing), SURVEY: list(crowd.survey(rulebase, survey))}


@contextmanager
def running(peers: Sequence[Peer], kind: str, times: int, people: People) -> Iterator[dict[Peer, Process | Failed]]:
    """The processes of all engines, or why there is none."""
    found: dict[Peer, Process | Failed] = {}
    try:
        for peer in peers:
            try:
                found[peer] = Process(peer, kind, times, dict(people))
            except Failed as failed:
                found[peer] = failed
        yield found
    finally:
        for process in found.values():
            if isinstance(process, Process):
                process.close()


def check(process: Process, peer: Peer, people: People, sets: Mapping[str, Sequence[Plain]]) -> None:
    """Raises Disagree with the first case on which an engine does not say what is wanted."""
    for name, wanted in sets.items():
        for number, (found, right) in enumerate(zip(process.results(name, len(wanted)), wanted, strict=True)):
            if found != right:
                raise Disagree(_told(peer, people[name][number], found, right))


def _told(peer: Peer, answers: Answers, found: Plain, right: Plain) -> str:
    wrong = [
        f"  {field}: {mine!r}, but experta says {theirs!r}"
        for field, mine, theirs in zip(FIELDS, found, right, strict=True)
        if mine != theirs
    ]
    return "\n".join([f"{peer.said} says other things of {dict(answers)!r}:", *wrong])


def agreement(peers: Sequence[Peer], people: People, count: int, say: Say, kind: str = RULES, times: int = 1) -> None:
    """All engines on the first people of all sets; what experta says is right. Raises Disagree, Failed."""
    larger = {name: answered(some, kind, times) for name, some in people.items()}
    wanted: dict[str, list[Plain]] = {}
    for peer in peers:
        with running([peer], kind, times, people) as found:
            process = sound(found[peer])
            if not wanted:
                wanted = {name: process.results(name, count) for name in people}
            check(process, peer, larger, wanted)
        say(f"{peer.said}: agrees on {sum(map(len, wanted.values())):,} cases ({times}x {kind})")


def sound(process: Process | Failed) -> Process:
    """The process. Raises Failed."""
    if isinstance(process, Failed):
        raise process
    return process


def one_by_one(peers: Sequence[Peer], people: People, extent: Extent, say: Say) -> dict[Peer, Figures]:
    """Times with the rule base as it is. Every round builds each engine anew, in a new process."""
    rounds: dict[Peer, list[tuple[float, Times, Times]]] = {peer: [] for peer in peers}
    for number in range(extent.rounds):
        with running(peers, RULES, 1, people) as found:
            for peer in peers:
                process = sound(found[peer])
                on_random = process.times(RANDOM, extent.agreeing if peer.bulk else extent.cases, extent.least)
                on_survey = process.times(SURVEY, extent.chunk if peer.bulk else extent.cases, extent.least)
                rounds[peer].append((process.built, on_random, on_survey))
        say(f"round {number + 1} of {extent.rounds}")
    return {peer: _figures(taken) for peer, taken in rounds.items()}


def _figures(taken: Sequence[tuple[float, Times, Times]]) -> Figures:
    built, on_random, on_survey = zip(*taken, strict=True)
    return Figures(statistics.median(built), _median(on_random), _median(on_survey))


def _median(times: Sequence[Times]) -> Times:
    engines = [one.engine for one in times if one.engine is not None]
    return Times(statistics.median(one.case for one in times), statistics.median(engines) if engines else None)


def growth(
    peers: Sequence[Peer], people: People, extent: Extent, say: Say
) -> dict[tuple[str, int], dict[Peer, Growth]]:
    """The same with more rules and with more questions; all must still agree. Raises Disagree."""
    few = {RANDOM: people[RANDOM]}
    found: dict[tuple[str, int], dict[Peer, Growth]] = {}
    for kind in KINDS:
        for times in extent.growth:
            with running(peers, kind, times, few) as processes:
                found[kind, times] = _grown(processes, kind, times, few, extent)
            say(f"{times}x {kind}")
    return found


def _grown(
    processes: Mapping[Peer, Process | Failed], kind: str, times: int, people: People, extent: Extent
) -> dict[Peer, Growth]:
    first, *others = processes
    wanted = {RANDOM: sound(processes[first]).results(RANDOM, extent.growth_cases)}
    larger = {RANDOM: answered(people[RANDOM], kind, times)}
    taken: dict[Peer, list[float]] = {peer: [] for peer in processes}
    failed: dict[Peer, str] = {}
    for peer in others:
        try:
            check(sound(processes[peer]), peer, larger, wanted)
        except Failed as error:
            failed[peer] = str(error)
    for _ in range(min(3, extent.rounds)):
        for peer, process in processes.items():
            if peer not in failed:
                count = len(people[RANDOM]) if peer.bulk else extent.growth_cases
                taken[peer].append(sound(process).times(RANDOM, count, extent.least).case)
    return {
        peer: Growth(failed=failed[peer]) if peer in failed else Growth(statistics.median(taken[peer]))
        for peer in processes
    }


def whole_command(
    peers: Sequence[Peer], rulebase: RuleBase, people: People, extent: Extent, folder: Path, say: Say
) -> Batch:
    """`batch` from CSV to CSV: all rows, half of them, and all with two processes; in turn with CLIPS's engine."""
    full, half, out = folder / "survey.csv", folder / "half.csv", folder / "out.csv"
    different = crowd.write(full, rulebase, crowd.survey(rulebase, extent.rows))
    crowd.lines(full, extent.rows // 2, half)
    say(f"{extent.rows:,} rows written, {different:,} different ones")
    taken: dict[str, list[_Run]] = {"one": [], "half": [], "two": []}
    clips: list[float] = []
    with running([peer for peer in peers if peer.name == CLIPS], RULES, 1, people) as found:
        for number in range(extent.rounds):
            for process in found.values():
                engine = sound(process).times(SURVEY, extent.cases, extent.least).engine
                clips += [engine] if engine else []
            taken["one"].append(_run(full, out))
            taken["half"].append(_run(half, out))
            taken["two"].append(_run(full, out, "--jobs", "2"))
            say(f"batch, round {number + 1}: {extent.rows / taken['one'][-1].processor:,.0f} rows/s")
    return Batch(
        extent.rows,
        different,
        statistics.median(run.processor for run in taken["one"]),
        statistics.median(run.processor for run in taken["half"]),
        statistics.median(run.clock for run in taken["one"]),
        statistics.median(run.clock for run in taken["two"]),
        statistics.median(clips) if clips else None,
    )


class _Run(NamedTuple):
    """Seconds of one command: of the clock, and of all its processors."""

    clock: float
    processor: float


def _run(source: Path, out: Path, *more: str) -> _Run:
    command = [sys.executable, "-m", "triage", "batch", str(source), str(out), "--partial", *more]
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"batch ended with exit code {process.returncode}")
    out.unlink()
    return _Run(clock, usage.ru_utime + usage.ru_stime)


class Bar(NamedTuple):
    """What was promised: `figure` compared with `bar`, as much or (`at_most`) as little."""

    what: str
    figure: float
    bar: float
    at_most: bool = False
    remark: str = ""

    @property
    def kept(self) -> bool:
        return self.figure <= self.bar if self.at_most else self.figure >= self.bar


def bars(figures: Mapping[Peer, Figures], batch: Batch) -> list[Bar]:
    """All that can be told of what was measured."""
    by_name = {peer.name: found for peer, found in figures.items()}
    python, columns = by_name[PYTHON], by_name[COLUMNS]
    found = [
        Bar("the column step against plain Python, the survey", python.survey.case / columns.survey.case, 0.3),
        Bar("the column step against plain Python, random cases", python.random.case / columns.random.case, 0.3),
        Bar("twice the rows take", batch.one / batch.half, 2.2, at_most=True),
        Bar("`--jobs 2` against one process", batch.one_clock / batch.two, 1.6, remark="needs two idle cores"),
    ]
    if batch.clips is not None:
        whole = batch.rows / batch.one * batch.clips
        found.insert(0, Bar("`batch`, the whole command, against CLIPS's engine alone", whole, 15))
    return found
