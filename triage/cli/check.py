"""Is the rule base sound, and is it proved?"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from triage.cli.common import DONE, FAILED, say
from triage.conversation.demo import story_faults
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import find, load
from triage.knowledge.seen_texts import wording_faults
from triage.output import screen
from triage.output.markdown import plain
from triage.proof.proof_text import proof_lines
from triage.proof.verify import PROOFS, prove_all
from triage.reasoning import examples
from triage.reasoning.engine import Engine


def check(args: argparse.Namespace) -> int:
    """Print every fault, or what a sound rule base holds; then prove it, if wanted."""
    folder = find(args.rules)  # no such folder is bad input, not a failed check
    try:
        rulebase = load(folder)
        engine = Engine(rulebase)
        faults = [*examples.failing(engine), *wording_faults(rulebase), *story_faults(engine, folder)]
        if faults:
            raise FaultyInput(faults)
    except FaultyInput as error:
        print("\n".join(map(str, error.faults)))
        print(f"{len(error.faults)} fault{'s' * (len(error.faults) > 1)}")
        return FAILED
    print("\n".join(plain("sound.txt", screen.width(), rules=rulebase, cases=examples.count(rulebase))), flush=True)
    return _prove(rulebase, folder) if args.prove else DONE


def _prove(rulebase: RuleBase, folder: Path) -> int:
    """Every proof as it is done; a finding that is not accepted fails."""
    watched = sys.stderr.isatty()
    failed = 0
    for number, proof in enumerate(prove_all(folder, os.cpu_count() or 1), 1):
        if watched:
            say(f"{number} of {len(PROOFS)} proofs done")
        print("\n".join(proof_lines(rulebase, proof, screen.width())), flush=True)
        failed += bool(proof.failures)
    print(f"{len(PROOFS) - failed} proved, {failed} failed")
    return FAILED if failed else DONE
