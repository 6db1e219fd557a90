"""The same rules in plain Python, in CLIPS, and as `batch` has them: do they agree, and how fast are they?

    python benchmarks/peers.py [--rows N] [--rounds N] [--output FILE]

Writes docs/performance.md. Takes some minutes, alone on a machine with two idle cores. Exit code 1 if two of them disagree
or a bar is missed.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # this checkout, and readings of its tests

import plain
from judged import by_the_engine

from benchmarks.shared import Bar, exit_code, in_turn, options, run, told
from benchmarks.survey import survey, write
from benchmarks.translated import Case, Clips, Fires, case_of, experta, layers_of, plain_python
from triage.conversation.interview import missing_from
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.rulebase import load
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.scale.expressions import RESULT

OUTPUT = ROOT / "docs" / "performance.md"
AGREEING, TIMED, FEW = 2000, 500, 1000  # people: of each kind; for engines; of a small file
LEAST = 0.3  # seconds that one measurement lasts
OURS, PYTHON, CLIPS = "ours: experta, `assess`", "plain Python, compiled: the rules alone", "CLIPS: its engine alone"
BATCH, TWO, SMALL = "ours: `batch`, from file to file", "ours: `batch --jobs 2`", "`batch` of few rows"
# Starts a command and tells of it: a small process, since what its parent holds counts as held by a process at its start.
WATCH = """
import resource, subprocess, sys, time
begin = time.perf_counter()
code = subprocess.call(sys.argv[1:], stderr=subprocess.DEVNULL)
clock, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, clock, used.ru_maxrss / 1024)
sys.exit(code)
"""

PAGE = """\
# Performance

Written by `python benchmarks/peers.py`; do not edit it by hand. [benchmarks/README.md](../benchmarks/README.md) says how it is
measured, [batch.md](batch.md#how-it-is-fast) why `batch` is fast.

A program translates the rules into CLIPS and into plain Python. Before anything was timed, the same rules fired in both as
in experta, and `batch` gave the same results as experta: for {agreeing:,} random cases and {agreeing:,} people of a made-up survey.

Measured on {day}: {machine}. {counts}.

| | cases for a second of one core | times CLIPS | {rows:,} rows by the clock |
|---|---|---|---|
{table}

All in turn, with the same survey; medians (rounds: {rounds}). {different:,} rows differ; no result is kept for another row.

| promised of `batch` | figure | bar | |
|---|---|---|---|
{bars}

## What it does and does not show

- **It is a method, not an engine.** `batch` needs many rows at once, and rules like these: few options, no loops, no joins.
  For one person CLIPS is much faster than experta, but a few milliseconds do not matter there.
- **It is measured from Python.** Most of the time of CLIPS goes into handing facts over through clipspy; its own matching took
  about a sixth (tried once). A program written in C would be much nearer to `batch`.
- **They do not do the same.** CLIPS and plain Python get facts, and say which rules fire. `batch` also reads and writes files,
  and ranks the causes. `assess` gives the whole result, with advice.
- **Somebody who knows CLIPS better may make it faster.** Several forms were tried.
- **The survey is made up.** Most people in it give the usual answer to each question.
"""


class Run(NamedTuple):
    """Seconds of all processors (of an engine: for a case), seconds of the clock, megabytes of the largest process."""

    processor: float
    clock: float = 0
    memory: float = 0


# --- do they agree?


def check(name: str, fires: Fires, cases: Sequence[Case], wanted: Sequence[set[str]]) -> None:
    """Exits with the first case in which an engine does not fire what experta does."""
    for case, right in zip(cases, wanted, strict=True):
        if wrong := right ^ set(fires(case)):
            sys.exit(f"{name}: experta does not agree on {', '.join(sorted(wrong))}: {case}")
    told(f"{name}: agrees on {len(cases):,} cases")


def check_batch(engine: Engine, people: Sequence[Answers], folder: Path) -> None:
    """Exits with the first person of whom `batch` does not say what the engine does."""
    source, out = folder / "people.csv", folder / "people.jsonl"
    write(source, engine.rulebase, people)
    batch(source, out)
    for answers, line in zip(people, out.read_text("utf-8").splitlines(), strict=True):
        found, right = json.loads(line), by_the_engine(engine, answers)
        if wrong := [name for name in RESULT if found[name] != right[name]]:
            sys.exit(f"{BATCH}: experta does not agree on {', '.join(wrong)}: {answers}")
    told(f"{BATCH}: agrees on {len(people):,} cases")


def agree(engine: Engine, others: Mapping[str, Fires], count: int, folder: Path) -> None:
    """So many random cases, and as many people of the survey, or the script exits with 1."""
    random = Random(2024)
    people = [*(plain.random_answers(random) for _ in range(count)), *survey(engine.rulebase, count)]
    cases, right = [case_of(engine, answers) for answers in people], experta(engine.rulebase)
    wanted = [set(right(case)) for case in cases]
    for name, fires in others.items():
        check(name, fires, cases, wanted)
    check_batch(engine, people, folder)


# --- how fast are they?


def batch(source: Path, out: Path, *more: str) -> Run:
    """The whole command, started as a person starts it."""
    command = [sys.executable, "-m", "triage", "batch", str(source), str(out), "--partial", *more]
    watch = [sys.executable, "-c", WATCH, *command]
    said = subprocess.run(watch, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Run(*map(float, said.split()))


def for_a_case(work: Callable[[], object]) -> Run:
    """Work on the TIMED people, again until LEAST seconds have gone."""
    begin, cases, taken = time.process_time(), 0, 0.0
    while taken < LEAST:
        work()
        cases, taken = cases + TIMED, time.process_time() - begin
    return Run(taken / cases)


def measured(engine: Engine, others: Mapping[str, Fires], full: Path, rounds: int) -> dict[str, Run]:
    """Medians of all that is measured in turn."""
    people = list(survey(engine.rulebase, TIMED))
    cases = [case_of(engine, answers) for answers in people]
    few, out = full.with_name("few.csv"), full.with_name("out.csv")
    write(few, engine.rulebase, survey(engine.rulebase, FEW))

    def ours() -> object:
        return [assess(engine, answers, missing_from(engine, answers)) for answers in people]

    def fired(fires: Fires) -> object:
        return [fires(case) for case in cases]

    works = {OURS: partial(for_a_case, ours)}
    works |= {name: partial(for_a_case, partial(fired, fires)) for name, fires in others.items()}
    works |= {BATCH: partial(batch, full, out), TWO: partial(batch, full, out, "--jobs", "2")}
    gc.freeze()  # what one of them holds does not slow down another
    taken = in_turn({**works, SMALL: partial(batch, few, out)}, rounds)
    return {name: Run(*map(median, zip(*runs, strict=True))) for name, runs in taken.items()}


def bars(found: Mapping[str, Run], rows: int) -> list[Bar]:
    one, two = found[BATCH], found[TWO]
    return [
        Bar("rows for a second of one core, times CLIPS", rows / one.processor * found[CLIPS].processor, 15),
        Bar(f"{FEW:,} rows, seconds by the clock", found[SMALL].clock, 2, at_most=True),
        Bar("the most that a process held, MB", max(one.memory, two.memory), 400, at_most=True),
        Bar("`--jobs 2`, times one process by the clock (needs two idle cores)", one.clock / two.clock, 1.6),
    ]


# --- the page


def page(found: Mapping[str, Run], rulebase: RuleBase, rows: int, different: int, rounds: int) -> str:
    """docs/performance.md."""
    table = []
    for name in (OURS, PYTHON, CLIPS, BATCH, TWO):
        run, of_batch = found[name], name in (BATCH, TWO)
        rate = (rows if of_batch else 1) / run.processor
        clock = f"{run.clock:.1f} s" if of_batch else ""
        table.append(f"| {name} | {rate:,.0f} | {rate * found[CLIPS].processor:.3g} | {clock} |")
    rules = [rule for layer in layers_of(rulebase) for rule in layer]
    return PAGE.format(
        agreeing=AGREEING,
        day=date.today(),
        machine=machine(),
        counts=f"{len(rules)} rules with {sum(len(rule.when) for rule in rules)} rows, {len(rulebase.questions)} questions",
        rows=rows,
        table="\n".join(table),
        rounds=rounds,
        different=different,
        bars="\n".join(map(str, bars(found, rows))),
    )


def machine() -> str:
    """Processor, system, versions, and how busy it was."""
    [cpu] = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))[:1] or [platform.machine()]
    packages = ", ".join(f"{name} {version(name)}" for name in ("experta", "clipspy", "polars"))
    system = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {packages}"
    return f"{cpu}, {system}, load at the end {os.getloadavg()[0]:.1f} (1 to 2 is this command alone)"


def main() -> int:
    parser = options(__doc__, rows=1_000_000, rounds=5)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="default: this checkout's page")
    args = parser.parse_args()
    rulebase = load()
    engine = Engine(rulebase)
    others: dict[str, Fires] = {PYTHON: plain_python(rulebase), CLIPS: Clips(rulebase)}
    with tempfile.TemporaryDirectory() as folder:
        agree(engine, others, AGREEING, Path(folder))
        full = Path(folder) / "survey.csv"
        different = write(full, rulebase, survey(rulebase, args.rows))
        told(f"{args.rows:,} rows written")
        found = measured(engine, others, full, args.rounds)
    args.output.write_text(page(found, rulebase, args.rows, different, args.rounds), "utf-8")
    return exit_code(bars(found, args.rows))


if __name__ == "__main__":
    run(main)
