"""Scenario files: answers and what must follow."""

from __future__ import annotations

import argparse
from pathlib import Path

from triage.cli.common import DONE, FAILED, WRONG_INPUT, engine_of, tell, with_progress
from triage.conversation.scenarios import find_scenarios, run_scenario
from triage.knowledge.faults import FaultyInput, printable
from triage.reasoning.engine import Engine, production_names


def run_scenarios(args: argparse.Namespace) -> int:
    """Print which scenarios fail and which rules no scenario made fire. Raises FaultyInput."""
    engine = engine_of(args.rules)
    paths = find_scenarios([Path(p) for p in args.paths])
    fired: set[str] = set()
    failed = faulty = 0
    for name in with_progress([str(p) for p in paths]):
        try:
            outcome = run_scenario(engine, Path(name))
        except FaultyInput as error:
            tell(error)
            faulty += 1
            continue
        fired |= outcome.assessment.fired
        if outcome.differences:
            failed += 1
            print(printable(f"FAILED {outcome.file.name}: {outcome.file.title}"))
            print("".join(f"  {difference}\n" for difference in outcome.differences), end="")
    _print_silent(engine, fired)
    print(f"{len(paths) - failed - faulty} passed, {failed} failed" + (f", {faulty} unreadable" if faulty else ""))
    return WRONG_INPUT if faulty else FAILED if failed else DONE


def _print_silent(engine: Engine, fired: set[str]) -> None:
    silent = [name for name in production_names(engine.rulebase) if name not in fired]
    if silent:
        print(f"Rules that never fired ({len(silent)}):")
        print("".join(f"  {name}\n" for name in silent), end="")
