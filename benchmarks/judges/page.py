"""docs/performance.md: the figures of one run in tables, and what they do and do not show."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.judges.copies import QUESTIONS, RULES
from benchmarks.judges.measure import Bar, Batch, Extent, Figures, Growth
from benchmarks.judges.process import Peer

PACKAGES = ("experta", "clipspy", "zen-engine", "durable_rules", "business-rules")

PAGE = """\
# Performance

Written by `python benchmarks/peers.py`; do not edit it by hand. How it is measured is in
[benchmarks/README.md](../benchmarks/README.md), how the tables work in
[batch.md](batch.md#how-it-is-fast).

The same rules, translated by a program into other rule engines and into plain Python. All of those below gave the same
results on {agreeing:,} random cases and on {agreeing:,} people of a made-up survey: urgency, pharmacist, red flags, causes, what
needs checking, checks, and open questions. If one does not, the command ends with that case.

Machine: {machine}.

## What it does and does not show

- **The tables are a method, not an engine.** experta fills them; any engine here could fill them as well, and would
  then be as fast in a batch. Plain Python beats every engine, too, when rules are compiled into it.
- **They need many cases.** They judge thousands of rows at once. For one case at a time CLIPS is many times faster than the
  tables, and than experta, which the interview and `run` use: there a few milliseconds do not matter to a person.
- **It is a comparison from Python.** Most of the time of CLIPS goes into handing answers over and results back through
  clipspy; its own matching took about a sixth of it (tried once). In a program written in C, CLIPS would be much nearer to the tables.
- **They need these rules.** Rules over few questions with few options each, without loops or sums over facts. The number of
  cells could explode with other rules. The other engines do more general things: joins over many facts, numbers, functions,
  truth maintenance, changes by hand, editors, other languages. None of that is measured.
- **They cost a start.** Filling them takes as long as {fill:,.0f} cases of CLIPS. For a handful of files, `run` is right.
- **The translation is one of many.** Someone who knows an engine better may write rules that it runs faster. Several forms were
  tried for CLIPS and zen-engine; the fastest is here.
- **The survey is made up.** Most people in it give the most usual answer to each question. Other people take other times.
- **Only what `batch` tells is compared.** Relief and prevention are left out, but not for "experta, case by case", which is
  all that the program does for one person.

## One rule base

{rules} Times are medians of {rounds} rounds, in processor time; each round builds every engine
in a new process and measures them in turn. "Engine alone" is without reading answers as facts and without the code that all share, which ranks the causes and
settles the urgency between the layers of rules. "Random" cases are made so that many rules meet; in the survey most people answer
alike. Memory is the peak of the process above that of a bare interpreter. In all of them it holds this program, its rules and
the cases, too, so only differences count. "Kept" is what a thousand more cases leave behind.

{one}

## More rules, more questions

Copies of all rules under other names; or copies of all questions, too, each with the rules that read them. Microseconds a case,
and in brackets seconds to build (random cases, medians of at most three rounds).

{growth}

## From file to file

The whole command, `leg-cramp-triage batch IN.csv OUT.csv --partial`, from file to file, on {rows:,} rows of the survey
({different:,} of them different; no result of one row is kept for another). Times are the longer of clock and processor
time, so that several threads do not pass for one core. CLIPS reads and writes no file here: only its facts asserted, its rules run and
what fired collected is counted.

| measured | figure |
|---|---|
{batch}

| promised | figure | bar | |
|---|---|---|---|
{bars}

## How each engine got the rules

All get three layers of rules: answers to red flags, signs and open questions; red flags to causes that need checking; all of these
to checks. What is read from the rule base is written by a program, row by row.

- **experta**: `assess`, as for one person, with all advice.
- **the tables**: answers are coded column by column, as `batch` does. "Many cases at once" are {chunk:,} of the survey.
- **plain Python**: one function a layer, an `if` for each rule, `in` on strings and sets; compiled with `exec`.
- **CLIPS**: one fact a patient with a multislot for each question of several options, and a rule for each row; one more fact
  each for what the layers find; what fires is gathered in a global. Slower: conditions as `test` with `member$`, a Python
  function or a fact for every rule that fires. clipspy 1.0.6 never releases a fact that it has handed out: `Fact.__del__` calls
  `ReleaseFact` with one argument too many and swallows the error. So every case left about a kilobyte behind, and after eight thousand
  cases each took three times as long as at first (tried once). Here each fact is released by hand, through a private name of clipspy.
- **zen-engine, decision tables**: a JSON decision model a layer: one table, hit policy "collect", a column for each question.
  A cell written in brackets as a whole is a fault to its parser, and a table takes such a cell for one that does not hold: so
  there are none. An expression node for each rule was as slow.
- **zen-engine, one expression**: no decision model, one compiled expression a layer, a list with a condition for each rule. That is
  the fastest way found, and hardly what the library is meant for.
- **durable_rules**: a fact a case, asserted and taken back, in rulesets of at most 50 rules. In one ruleset twice these rules ended
  in "Could not assert fact, error code: 303" (a stack of fixed size). It has no wheels and is compiled when it is installed; in a
  process that had made other rulesets it failed now and then with code 102.
- **business-rules**: nested `all` and `any`; every question a variable of the kind "select multiple".
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
        growth="\n\n".join(_growth(grown, kind) for kind in (RULES, QUESTIONS)),
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
    return by_name["tables"].build / by_name.get("clips", by_name["python"]).random.case


def _one(figures: Mapping[Peer, Figures]) -> str:
    head = "| engine | build, ms | a case, ms: random | engine alone | survey | engine alone | cases/s: survey | memory, MB | kept, kB |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for peer, found in figures.items():
        times = (found.random.case, found.random.engine, found.survey.case, found.survey.engine)
        cells = [peer.said, f"{1000 * found.build:,.0f}", *map(_ms, times), f"{1 / found.survey.case:,.0f}"]
        cells += [f"{found.memory / 1e6:,.0f}", f"{max(0.0, found.kept) / 1e3:,.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.3g}"


def _growth(grown: Mapping[tuple[str, int], Mapping[Peer, Growth]], kind: str) -> str:
    sizes = [times for one, times in grown if one == kind]
    heads = [f"{times}x {kind}" for times in sizes]
    lines = [f"| engine | {' | '.join(heads)} | last : first |", "|---" * (len(sizes) + 2) + "|"]
    for peer in grown[kind, sizes[0]]:
        found = [grown[kind, times][peer] for times in sizes]
        cells = [one.failed or f"{1e6 * one.case:,.0f} ({one.build:.2g})" for one in found]
        ratio = "" if found[0].failed or found[-1].failed else f"{found[-1].case / found[0].case:.1f}"
        lines.append(f"| {peer.said} | {' | '.join(cells)} | {ratio} |")
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
