"""Start-up, as ratios measured in one run.

    python benchmarks/startup.py [--runs N]

Measures the installed command: install it again after a change of the rules or of what reads them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pexpect

sys.path.append(str(Path(__file__).resolve().parent.parent))  # last, so that the package is the one that is installed

from benchmarks.shared import ROOT, Bar, exit_code, in_turn, options, run
from triage.knowledge.rulebase import load

COMMAND = str(Path(sys.executable).parent / "leg-cramp-triage")
ANSWERS = ROOT / "tests/scenarios/self-care/runner-club-training.triage.toml"
COLUMNS, ROWS = 80, 24
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # modules are kept compiled
ENVIRONMENT |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
BARE, LIBRARY = "python -c pass", 'python -c "import questionary"'
FIRST, RUN, RELIEF = "first question visible", "run FILE", "relief"


def until_it_ends(*command: str) -> float:
    """Seconds from starting a command to its end, output and all."""
    begin = time.perf_counter()
    subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - begin


def until_it_shows(text: str) -> float:
    """Seconds from starting the interview in a terminal until `text` has arrived there."""
    wanted = re.escape(text).replace(r"\ ", r"\s+")  # it may be wrapped
    begin = time.perf_counter()
    child = pexpect.spawn(COMMAND, env=ENVIRONMENT, dimensions=(ROWS, COLUMNS), timeout=60, encoding="utf-8")
    child.expect(wanted)
    taken = time.perf_counter() - begin
    child.close(force=True)
    return taken


def main() -> int:
    runs = options(__doc__, runs=31).parse_args().runs
    question = next(iter(load().questions.values()))
    measures = {
        BARE: lambda: until_it_ends(sys.executable, "-c", "pass"),
        FIRST: lambda: until_it_shows(question.text),
        LIBRARY: lambda: until_it_ends(sys.executable, "-c", "import questionary"),
        RUN: lambda: until_it_ends(COMMAND, "run", str(ANSWERS)),
        RELIEF: lambda: until_it_ends(COMMAND, "relief"),
    }
    in_turn(measures, 1)  # the first start compiles modules and fills the disk cache
    seconds = {name: median(taken) for name, taken in in_turn(measures, runs).items()}
    for name, taken in seconds.items():
        print(f"{name:32}{1000 * taken:7.0f} ms")
    against = ((FIRST, LIBRARY, 1.0), (RUN, LIBRARY, 1.2), (RELIEF, BARE, 5.0))
    return exit_code([Bar(f"{n}, times {other}", seconds[n] / seconds[other], bar, True) for n, other, bar in against])


if __name__ == "__main__":
    run(main)
