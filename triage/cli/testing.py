"""Scenario files: answers and what must follow."""

from __future__ import annotations

import argparse
from pathlib import Path

from triage.cli.common import engine_of
from triage.cli.console import DONE, FAILED, WRONG_INPUT, tell
from triage.conversation.scenarios import find_scenarios, run_scenario
from triage.knowledge.faults import FaultyInput, printable
from triage.reasoning.engine import production_names


def run_scenarios(args: argparse.Namespace) -> int:
    """Print which scenarios fail and which rules no scenario made fire. Raises FaultyInput."""
    engine = engine_of(args.rules)
    paths = find_scenarios([Path(p) for p in args.paths])
    fired: set[str] = set()
    failed = faulty = 0
    for path in paths:
        try:
            outcome = run_scenario(engine, path)
        except FaultyInput as error:
            tell(error)
            faulty += 1
            continue
        fired |= outcome.assessment.fired
        if outcome.differences:
            failed += 1
            _print_list(f"FAILED {outcome.file.name}: {outcome.file.title}", outcome.differences)
    silent = [name for name in production_names(engine.rulebase) if name not in fired]
    if silent:
        _print_list(f"Rules that never fired ({len(silent)}):", silent)
    print(f"{len(paths) - failed - faulty} passed, {failed} failed" + (f", {faulty} unreadable" if faulty else ""))
    return WRONG_INPUT if faulty else FAILED if failed else DONE


def _print_list(heading: str, items: list[str] | tuple[str, ...]) -> None:
    print("\n".join([printable(heading), *(f"  {printable(item)}" for item in items)]))
