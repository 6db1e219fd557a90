"""Start-up, as ratios measured in one run. Exit code 1 if a bar is missed.

    python benchmarks/startup.py [--runs N]

Needs pexpect (the `test` extra) and the installed command of the same environment: installed after the last
change of the rules or of what reads them, or `run FILE` reads the rules anew.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pexpect

from triage.knowledge.rulebase import load

COMMAND = str(Path(sys.executable).parent / "leg-cramp-triage")
COLUMNS, ROWS = 80, 24

ANSWERS = Path(__file__).resolve().parent.parent / "tests/scenarios/self-care/runner-club-training.triage.toml"

Measure = Callable[[], float]  # seconds that one start took

BARE, LIBRARY = "python -c pass", 'python -c "import questionary"'
FIRST, RUN, RELIEF = "first question visible", "run FILE", "relief"


class Bar(NamedTuple):
    """How many times as long as another start one may take."""

    what: str
    against: str
    at_most: float


BARS = (Bar(FIRST, LIBRARY, 1.0), Bar(RUN, LIBRARY, 1.2), Bar(RELIEF, BARE, 5.0))


def environment() -> dict[str, str]:
    """This environment with a capable terminal, and with compiled modules kept as they usually are."""
    changed = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | changed


def until_it_ends(*command: str) -> Measure:
    """Time from starting a command to its end, output and all."""

    def measure() -> float:
        begin = time.perf_counter()
        subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE)
        return time.perf_counter() - begin

    return measure


def until_it_shows(text: str) -> Measure:
    """Time from starting the interview in a terminal until `text` has arrived there."""
    wanted = re.escape(text).replace(r"\ ", r"\s+")  # it may be wrapped

    def measure() -> float:
        begin = time.perf_counter()
        child = pexpect.spawn(COMMAND, env=environment(), dimensions=(ROWS, COLUMNS), timeout=60, encoding="utf-8")
        child.expect(wanted)
        taken = time.perf_counter() - begin
        child.close(force=True)
        return taken

    return measure


def medians(measures: Mapping[str, Measure], runs: int) -> dict[str, float]:
    """Seconds for each. In turn (A B C, A B C, ...), so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for measure in measures.values():
        measure()  # the first start compiles modules and fills the disk cache
    for _ in range(runs):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(times) for name, times in taken.items()}


def report(seconds: Mapping[str, float]) -> bool:
    """Print the table; whether every bar was kept."""
    print(f"{'':32}{'median':>10}")
    for name in (BARE, LIBRARY):
        print(f"{name:32}{1000 * seconds[name]:7.0f} ms")
    print(f"\n{'':32}{'median':>10}{'ratio':>8}{'bar':>8}")
    kept = True
    for what, against, at_most in BARS:
        ratio = seconds[what] / seconds[against]
        kept &= ratio <= at_most
        verdict = "kept" if ratio <= at_most else "MISSED"
        print(f"{what:32}{1000 * seconds[what]:7.0f} ms{ratio:8.2f}{at_most:8.2f}  {verdict}, of {against}")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description="Start-up times as ratios.")
    parser.add_argument("--runs", type=int, default=31, metavar="N", help="starts of each (default: 31)")
    runs = parser.parse_args().runs
    question = next(iter(load().questions.values()))
    measures = {
        BARE: until_it_ends(sys.executable, "-c", "pass"),
        FIRST: until_it_shows(question.text),
        LIBRARY: until_it_ends(sys.executable, "-c", "import questionary"),
        RUN: until_it_ends(COMMAND, "run", str(ANSWERS)),
        RELIEF: until_it_ends(COMMAND, "relief"),
    }
    seconds = medians(measures, runs)
    return 0 if report(seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
