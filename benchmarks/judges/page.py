"""docs/performance.md: the figures of one run in tables, and what they do and do not show."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.judges.measure import Bar, Batch, Extent, Figures, Growth
from benchmarks.judges.process import Peer

PACKAGES = ("experta", "clipspy", "zen-engine", "durable_rules", "business-rules")

PAGE = """\
# Performance

Written by `python benchmarks/peers.py`; do not edit it by hand. How it is measured is in
[benchmarks/README.md](../benchmarks/README.md), how the columns work in
[batch.md](batch.md#how-it-is-fast).

The same rules, translated by a program into other rule engines and into plain Python. All of those below gave the same
results on {agreeing:,} random cases and on {agreeing:,} people of a made-up survey: urgency, pharmacist, red flags, causes, what
needs checking, checks, and open questions. If one does not, the command ends with that case.

Machine: {machine}.

## What it does and does not show

- **The columns are a method, not an engine.** The rules become expressions over columns of bits, which polars works out.
  experta is the judge: the tests compare every rule with it. Plain Python beats every engine, too, when rules are compiled.
- **They need many cases.** They judge thousands of rows at once. For one case at a time CLIPS is many times faster than the
  columns, and than experta, which the interview and `run` use: there a few milliseconds do not matter to a person.
- **It is a comparison from Python.** Most of the time of CLIPS goes into handing answers over and results back through
  clipspy; its own matching took about a sixth of it (tried once). In a program written in C, CLIPS would be much nearer to the columns.
- **They need these rules.** Rules over questions with few options each, without loops or joins. The other engines do more general things: joins over many facts, numbers, functions,
  truth maintenance, changes by hand, editors, other languages. None of that is measured.
- **They cost a start.** Making them takes as long as {fill:,.0f} cases of CLIPS. For a handful of files, `run` is right.
- **The translation is one of many.** Someone who knows an engine better may write rules that it runs faster. Several forms were
  tried for CLIPS and zen-engine; the fastest is here.
- **The survey is made up.** Most people in it give the most usual answer to each question. Other people take other times.
- **Only what `batch` tells is compared.** Relief and prevention are left out, but not for "experta, case by case", which is
  all that the program does for one person.

## One rule base

{rules} Times are medians of {rounds} rounds, in processor time; each round builds every engine
in a new process and measures them in turn. "Engine alone" is without reading answers as facts and without the code that all share, which ranks the causes and
settles the urgency between the layers of rules. "Random" cases are made so that many rules meet; in the survey most people answer
alike.

{one}

## More rules, more questions

Copies of all rules under other names; or copies of all questions, too, each with the rules that read them. Microseconds a case
(random cases, medians of at most three rounds).

{growth}

## From file to file

The whole command, `leg-cramp-triage batch IN.csv OUT.csv --partial`, from file to file, on {rows:,} rows of the survey
({different:,} of them different; no result of one row is kept for another). Times are processor time of
all threads and processes, so that several do not pass for one core. CLIPS reads and writes no file here: only its facts asserted, its rules run and
what fired collected is counted.

| measured | figure |
|---|---|
{batch}

| promised | figure | bar | |
|---|---|---|---|
{bars}

{missing}
"""


def page(
    extent: Extent,
    figures: Mapping[Peer, Figures],
    grown: Mapping[tuple[str, int], Mapping[Peer, Growth]],
    batch: Batch,
    promised: Sequence[Bar],
    missing: Sequence[Peer],
    counts: str,
) -> str:
    """The whole page. `missing`: engines that were not installed. `counts`: of rules and questions, in words."""
    return PAGE.format(
        agreeing=extent.agreeing,
        chunk=extent.chunk,
        rounds=extent.rounds,
        rows=batch.rows,
        different=batch.different,
        machine=machine(),
        rules=counts,
        fill=_fill(figures),
        one=_one(figures),
        growth=_growth(grown),
        batch="\n".join(_batch(batch)),
        bars="\n".join(map(bar_said, promised)),
        missing="".join(f"\n{peer.said} was not installed, and was not measured." for peer in missing),
    )


def machine() -> str:
    """Processor, system, versions, and how busy it was."""
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        named = (line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line)
        cpu = next(named, cpu)
    parts = [cpu, f"{os.cpu_count()} cores", platform.system(), f"Python {platform.python_version()}"]
    parts += [f"{package} {_version(package)}" for package in PACKAGES]
    parts.append(f"load at the end {os.getloadavg()[0]:.1f} (1.0 is this command alone)")
    return ", ".join(parts)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _fill(figures: Mapping[Peer, Figures]) -> float:
    by_name = {peer.name: found for peer, found in figures.items()}
    return by_name["columns"].build / by_name.get("clips", by_name["python"]).random.case


def _one(figures: Mapping[Peer, Figures]) -> str:
    head = "| engine | build, ms | a case, ms: random | engine alone | survey | engine alone | cases/s: survey |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for peer, found in figures.items():
        times = (found.random.case, found.random.engine, found.survey.case, found.survey.engine)
        cells = [peer.said, f"{1000 * found.build:,.0f}", *map(_ms, times), f"{1 / found.survey.case:,.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.3g}"


def _growth(grown: Mapping[tuple[str, int], Mapping[Peer, Growth]]) -> str:
    heads = [f"{times}x {kind}" for kind, times in grown]
    lines = [f"| engine | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for peer in next(iter(grown.values())):
        found = [peers[peer] for peers in grown.values()]
        lines.append(f"| {peer.said} | {' | '.join(one.failed or f'{1e6 * one.case:,.0f}' for one in found)} |")
    return "\n".join(lines)


def _batch(batch: Batch) -> Iterable[str]:
    yield f"| one process | {batch.one:.1f} s, {batch.rows / batch.one:,.0f} rows/s |"
    yield f"| half of the rows | {batch.half:.1f} s |"
    yield f"| `--jobs 2`, by the clock | {batch.two:.1f} s (one process: {batch.one_clock:.1f} s) |"
    if batch.clips is not None:
        yield f"| CLIPS, engine alone, the same people | {1 / batch.clips:,.0f} cases/s |"


def bar_said(bar: Bar) -> str:
    """A bar as a line of a table."""
    sign = "at most" if bar.at_most else "at least"
    verdict = "kept" if bar.kept else "**missed**"
    remark = f" ({bar.remark})" if bar.remark else ""
    return f"| {bar.what} | {bar.figure:.2f} | {sign} {bar.bar:g} | {verdict}{remark} |"


def told(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
