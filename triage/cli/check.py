"""Is the rule base sound, and is it proved?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from triage.cli.console import DONE, FAILED
from triage.conversation.scenarios import find_scenarios
from triage.knowledge.faults import FaultyInput, printable
from triage.knowledge.folder import find
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.seen_texts import wording_faults
from triage.output import screen
from triage.output.markdown import plain
from triage.reasoning import examples
from triage.reasoning.engine import Engine


def check(args: argparse.Namespace) -> int:
    """Print every fault, or what a sound rule base holds; then prove it, if wanted."""
    folder = find(args.rules)  # no such folder is bad input, not a failed check
    try:
        rulebase = load(folder)
        engine = Engine(rulebase)
        faults = [*examples.failing(engine), *wording_faults(rulebase)]
        if faults:
            raise FaultyInput(faults)
    except FaultyInput as error:
        print("\n".join(map(str, error.faults)))
        print(f"{len(error.faults)} fault{'s' * (len(error.faults) > 1)}")
        return FAILED
    print("\n".join(plain("sound.txt", screen.width(), rules=rulebase, cases=examples.count(rulebase))), flush=True)
    proved = _prove(rulebase, folder) if args.prove else DONE
    if args.mutants is not None:
        _print_mutants(rulebase, args.mutants)
    return proved


def _prove(rulebase: RuleBase, folder: Path) -> int:
    """Every proof as it is done; a finding that is not accepted fails. Raises FaultyInput without the extra."""
    from triage.proof.proof_text import proof_lines  # the extra: verify
    from triage.proof.verify import PROOFS, prove_all

    failed = 0
    for proof in prove_all(folder, os.cpu_count() or 1):
        print("\n".join(proof_lines(rulebase, proof, screen.width())), flush=True)
        failed += bool(proof.failures)
    print(f"{len(PROOFS) - failed} proved, {failed} failed")
    return FAILED if failed else DONE


def _print_mutants(rulebase: RuleBase, scenarios: str) -> None:
    """The changes of one thing in a rule that nobody notices, then how many were. Raises FaultyInput."""
    from triage.proof.mutants import find_all  # the extra: verify

    files = find_scenarios([Path(scenarios)]) if scenarios else []
    found = find_all(rulebase, files, os.cpu_count() or 1)
    print("".join(printable(f"survives: {rule}: {what}") + "\n" for rule, what in found.survivors), end="")
    counts = "".join(f", {count} {how}" for how, count in found.counts.most_common())
    print(f"{found.counts.total() + len(found.survivors)} mutants{counts}, {len(found.survivors)} survive")
