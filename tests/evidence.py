"""Runs the full counts of fuzzing, random answers and kills, and writes docs/evidence.md.

    python tests/evidence.py            # the full counts: an hour on two cores
    python tests/evidence.py --sample   # a hundredth of them, to the screen

Progress goes to stderr. The file is written whole or not at all, and only where nothing
failed: exit code 1 and the failures on stderr otherwise. The same seed gives the same cases.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]  # this checkout, wherever it is called from

from reliability import fuzz, kills, many
from reliability.calls import folder
from reliability.result import NOTHING, Result

from triage.conversation.answers import write_whole
from triage.conversation.scenarios import run_scenario
from triage.knowledge.folder import find
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.proof.verify import PROOFS, prove_all
from triage.reasoning import examples
from triage.reasoning.engine import Engine

OUTPUT = TESTS.parent / "docs" / "evidence.md"
CHUNK = 500  # cases that one process tries before it takes others; part of what a seed means
KILLS_CHUNK = 10
NOT_RUN = "not run"


class Row(NamedTuple):
    """One line of the table: what was done, its figure, how long it took in seconds, and what failed."""

    what: str
    figure: str
    seconds: float | None = None
    failures: tuple[str, ...] = ()


class Tried(NamedTuple):
    """The result of one sort of cases, and the seconds it took."""

    result: Result
    seconds: float


def main(argv: Sequence[str] | None = None) -> int:
    """0 when nothing failed; 1 otherwise, and then nothing is written."""
    args = arguments(argv)
    engine = Engine(load())
    rows = [*rule_rows(engine), *scenario_rows(engine)]
    broken = tried("broken files", fuzz.run, args.fuzz, CHUNK, args)
    valid = tried("valid answers", fuzz.run_valid, args.valid, CHUNK, args)
    judged = tried("tables", many.run, args.tables, CHUNK, args)
    surveys = tried("surveys", many.run_skewed, args.skewed, CHUNK, args)
    killed = tried("kills", kills.run, args.kills, KILLS_CHUNK, args)
    rows += [
        row_of("Broken answer, scenario and rule files", broken),
        row_of("Random valid answer sets", valid),
        row_of("Random answer sets judged by the expressions of `batch` and by the engine", judged),
        row_of('The same for people as surveys have them, of whom most tick "none"', surveys),
        row_of("Interviews killed at a random moment", killed),
        atheris_row(args.atheris, args.seed),
        *proof_rows(args.jobs),
    ]
    failures = [failure for row in rows for failure in row.failures]
    if failures:
        print("\n".join(failures[:100]), f"{len(failures)} failures, nothing is written", sep="\n", file=sys.stderr)
        return 1
    text = page(engine.rulebase, rows, (broken, valid, judged, surveys, killed), args.seed)
    if args.output:
        args.output.parent.mkdir(exist_ok=True)
        write_whole(args.output, text)
        args.output.chmod(0o644)  # unlike answers, it is for everybody
    else:
        print(text, end="")
    return 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; --sample is a hundredth of every count, to the screen."""
    parser = argparse.ArgumentParser(description="Run the full counts and write docs/evidence.md.")
    parser.add_argument("--fuzz", type=int, metavar="N", help="broken files (100000)")
    parser.add_argument("--valid", type=int, metavar="N", help="valid answer sets (100000)")
    parser.add_argument("--tables", type=int, metavar="N", help="answer sets for the tables (200000)")
    parser.add_argument("--skewed", type=int, metavar="N", help="answer sets as in a survey (20000)")
    parser.add_argument("--kills", type=int, metavar="N", help="killed interviews (200)")
    parser.add_argument("--atheris", type=int, metavar="N", help="runs of atheris, where it is installed (500000)")
    parser.add_argument("--sample", action="store_true", help="a hundredth of every count, to the screen")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same cases (1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (one a core)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="docs/evidence.md of this checkout")
    args = parser.parse_args(argv)
    full_counts = {
        "fuzz": 100_000, "valid": 100_000, "tables": 200_000, "skewed": 20_000, "kills": 200, "atheris": 500_000,
    }  # fmt: skip
    for name, full in full_counts.items():
        if getattr(args, name) is None:
            setattr(args, name, full // (100 if args.sample else 1))
    if args.output is None and not args.sample:
        args.output = OUTPUT
    return args


def progress(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


# --- what is run


def rule_rows(engine: Engine) -> Iterator[Row]:
    """What `check` does: the rule base is sound, and its examples come out as written."""
    progress("check ...")
    rulebase, start = engine.rulebase, monotonic()
    failures = tuple(map(str, examples.failing(engine)))
    yield Row("Rules, signs included", f"{len(rulebase.entries):,}")
    drafts = sum(bool(flag.draft_because) for flag in rulebase.red_flags.values())
    yield Row("... red flags with a source for their level", f"{len(rulebase.red_flags) - drafts:,}")
    yield Row("... red flags that are drafts, each saying what is missing", f"{drafts:,}")
    yield Row("Examples of the rules, each as written", f"{examples.count(rulebase):,}", monotonic() - start, failures)


def scenario_rows(engine: Engine) -> Iterator[Row]:
    """What `test tests/scenarios` does."""
    progress("scenarios ...")
    start = monotonic()
    failures = [
        f"{path.name}: {difference}" for path in fuzz.SCENARIOS for difference in run_scenario(engine, path).differences
    ]
    yield Row(
        "Scenarios, each with the result expected of it",
        f"{len(fuzz.SCENARIOS):,}",
        monotonic() - start,
        tuple(failures),
    )


def tried(name: str, run: Callable[[int, int], Result], count: int, chunk: int, args: argparse.Namespace) -> Tried:
    """`count` cases in chunks of their own seeds, on all cores."""
    start, result = monotonic(), NOTHING
    sizes = [min(chunk, count - done) for done in range(0, count, chunk)]
    seeds = [args.seed * 1_000_000 + number for number in range(len(sizes))]
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:  # a fork beside threads may hang
        for number, part in enumerate(pool.map(run, sizes, seeds), 1):
            result += part
            for failure in part.failures:
                progress(str(failure))
            if number % 10 == 0 or number == len(sizes):
                progress(
                    f"{name}: {result.count:,} of {count:,}, {len(result.failures)} failed, {monotonic() - start:.0f} s"
                )
    return Tried(result, monotonic() - start)


def row_of(what: str, done: Tried) -> Row:
    """The line of one sort of cases."""
    return Row(what, f"{done.result.count:,}", done.seconds, tuple(map(str, done.result.failures)))


def atheris_row(runs: int, seed: int) -> Row:
    """Coverage-guided fuzzing, where atheris is installed."""
    what = "Inputs of atheris (coverage-guided), read or refused"
    if importlib.util.find_spec("atheris") is None:
        return Row(what, f"{NOT_RUN}: atheris is not installed")
    progress("atheris ...")
    start = monotonic()
    with folder() as corpus:
        for path in fuzz.SCENARIOS[::20]:
            shutil.copy(path, corpus)
        options = [f"-runs={runs}", f"-seed={seed}", "-max_len=1000", f"-artifact_prefix={corpus}/"]
        done = subprocess.run(
            [sys.executable, str(TESTS / "reliability" / "atheris_target.py"), *options, str(corpus)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        )
    failures = (f"atheris: {done.stderr[-2000:]}",) if done.returncode else ()
    return Row(what, f"{runs:,}", monotonic() - start, failures)


def proof_rows(jobs: int) -> Iterator[Row]:
    """What `check --prove` does: every proof with how much it decided."""
    progress("proofs ...")
    start = monotonic()
    for proof in sorted(prove_all(find(), jobs), key=lambda proof: list(PROOFS).index(proof.id)):
        accepted = f", {len(proof.accepted)} accepted" if proof.accepted else ""
        failures = tuple(f"{proof.id}: {finding.rule}: {finding.what}" for finding in proof.failures)
        yield Row(f"Proved: {_within(proof.title)}", f"{proof.decided:,} {proof.unit}{accepted}", None, failures)
    yield Row("All proofs together", str(len(PROOFS)), monotonic() - start)


def _within(title: str) -> str:
    """A title in the middle of a sentence; names keep their case."""
    return title[0].lower() + title[1:]


# --- the page

HEAD = """\
# Evidence

How the program is tested, with the figures of the last run. `python tests/evidence.py` ran it and wrote this page;
do not change it by hand. `pytest` runs a sample of the same cases on every change.
"""

HOW = """\
## How

**Broken files.** Sound scenarios and rule files are broken in small ways and given to `run`, `test`, `check`, `rules` and
`relief`. A case fails on a traceback, on a hang (10 s of processor time), on an exit code other than the right one, on a
message that does not name the file, and on output that could drive a terminal. What the right exit code is, is found
without the program: from the tables of the rule base, read plainly. For a rule file that is still TOML it is not known
which is right; there, the commands must agree with each other. One rule file in 500 is one of the built-in rule base; the
others are of a small one with an entry of each kind, which loads faster.

**Valid answers.** Random answer sets on which many rules meet. The exit code must say whether the answers are complete,
and the urgency must be the one of a plain reading of the rules that shares no code with the program.

**Many at once.** `batch` judges thousands of answer sets at once by expressions over columns. The same sets, a quarter of
them unfinished, go through the engine one by one: level, pharmacist, red flags, causes, checks and open questions must be
the same. That every rule says what experta says, in each case that it can tell apart, is tested on every change (of the
widest rules in some of these cases; `--all-stories` takes all).

**Kills.** An interview with `--save` reads its answers from a pipe and is killed (SIGKILL) a random time after a random
question. The file must be, byte for byte, one that is saved after some answer, and may lack only the answer in flight. A
temporary file of mode 0600 may be left beside it.

**Proofs.** The answers are finite: every property is decided over all answer sets with the solver z3, or over every case
that a rule can tell apart. What a proof may find is listed in `rules/accepted.toml`, each with its reason. Which causes are
shown is left open in the proofs, so that they hold for any.

**Only in the tests that run on every change:** a disk that becomes full, a folder that cannot be written in, links, a
folder in place of the file; no command uses a socket; files have mode 0600; no escape sequence of an answer file, a rule
file or a file name is printed raw.
"""

NOT_TESTED = """\
## What it has not been tested for

- **No clinician has signed it off.** The rules were written from published sources. Entries marked as drafts rest on a
  choice made here.
- **No patient has tried it in a study.** Nobody has compared its results with what doctors found, and nobody has measured
  how many emergencies it would miss or how often it would worry somebody for nothing.
- That the rules do what they say is tested here. That they say the right thing is not: a wrong rule passes every test.
- Not all sources were read whole. Some were read as excerpts, on a mirror, or as quoted by another source; `rules ID`
  says which.
- Only English. No translation has been tried.
- Only Linux, and CPython. Windows and macOS have not been tried.
- No person who uses a screen reader. Plain mode was tested as text; of the pages only Orca was heard, in Firefox.
- Ages and answers come from a person's own words. Nothing tests whether people understand the questions as they are meant.
- Loss of power, broken disks and file systems on a network. A kill is not a loss of power.
"""


def page(rulebase: RuleBase, rows: Iterable[Row], sorts: Iterable[Tried], seed: int) -> str:
    """The whole page."""
    facts = [
        f"- Date: {datetime.datetime.now(tz=datetime.UTC).date().isoformat()}",
        f"- Rules: {rulebase.about.version}, sha256 {rulebase.sha256}",
        f"- Python: {platform.python_version()}",
        f"- Seed: {seed}",
    ]
    parts = [
        HEAD,
        "\n".join(facts),
        "## Figures",
        "Nothing failed.",
        table(rows),
        HOW,
        "## Kinds",
        *kinds(sorts),
        NOT_TESTED,
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def table(rows: Iterable[Row]) -> str:
    """The figures, one line each."""
    lines = ["| what | how many | seconds |", "|---|--:|--:|"]
    lines += [f"| {row.what} | {row.figure} | {'' if row.seconds is None else f'{row.seconds:.0f}'} |" for row in rows]
    return "\n".join(lines)


def kinds(sorts: Iterable[Tried]) -> Iterator[str]:
    """How many cases of each kind, one table for each sort of them."""
    for done in sorts:
        by_sort: dict[str, Counter[str]] = {}
        for kind, count in done.result.by_kind.items():
            sort, _, name = kind.rpartition(": ")
            by_sort.setdefault(name.replace("_", " "), Counter())[sort] += count
        columns = sorted({sort for counts in by_sort.values() for sort in counts})
        lines = [f"| kind | {' | '.join(column or 'kills' for column in columns)} |", "|---|" + "--:|" * len(columns)]
        for name in sorted(by_sort):
            lines.append(f"| {name} | {' | '.join(f'{by_sort[name][column]:,}' for column in columns)} |")
        yield "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
