"""The same rules in other engines: do they agree, and how fast are they? Writes docs/performance.md.

    python benchmarks/peers.py                    # a quarter of an hour, alone on the machine
    python benchmarks/peers.py --rows 100000      # a smaller survey
    python benchmarks/peers.py --quick            # a few cases, no bars, nothing written: do they agree?

Needs the `benchmark` extra; engines that are not installed are left out, and the page says so. Exit code 1 if two
engines disagree or a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # this checkout, wherever it is called from

from benchmarks.judges.common import rules_of
from benchmarks.judges.copies import QUESTIONS
from benchmarks.judges.measure import (
    Disagree,
    Extent,
    agreement,
    bars,
    gathered,
    growth,
    one_by_one,
    whole_command,
)
from benchmarks.judges.page import bar_said, page, told
from benchmarks.judges.process import PEERS, Failed, Peer
from triage.conversation.answers import write_whole
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load

OUTPUT = ROOT / "docs" / "performance.md"


QUICK = 30  # cases of each set, with twice the questions: the rules as they are, and their copies


def main() -> int:
    extent = Extent()
    parser = argparse.ArgumentParser(description="The same rules in other engines: agreement and speed.")
    parser.add_argument(
        "--quick", action="store_true", help="do they agree on a few cases? Measures and writes nothing"
    )
    parser.add_argument(
        "--rows", type=int, default=extent.rows, metavar="N", help="rows of the survey (default: 1000000)"
    )
    parser.add_argument("--rounds", type=int, default=extent.rounds, metavar="N", help="rounds of times (default: 5)")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE", help="default: this checkout's page")
    args = parser.parse_args()
    peers = [peer for peer in PEERS if peer.installed]
    missing = [peer for peer in PEERS if not peer.installed]
    for peer in missing:
        told(f"{peer.said}: not installed ({peer.needs}), left out")
    rulebase = load()
    try:
        if args.quick:
            people = gathered(rulebase, QUICK, QUICK)
            agreement(peers, people, QUICK, told, QUESTIONS, 2)
            return 0
        text, kept = measured(peers, missing, rulebase, extent._replace(rows=args.rows, rounds=args.rounds))
    except (Disagree, Failed) as error:
        told(str(error))
        return 1
    write_whole(args.output, text)
    args.output.chmod(0o644)  # a page, not somebody's answers
    return 0 if kept else 1


def measured(peers: list[Peer], missing: list[Peer], rulebase: RuleBase, extent: Extent) -> tuple[str, bool]:
    """The page, and whether every bar was kept. Raises Disagree, Failed."""
    people = gathered(rulebase, extent.agreeing, extent.chunk)
    agreement(peers, people, extent.agreeing, told)
    figures = one_by_one(peers, people, extent, told)
    grown = growth(peers, people, extent, told)
    with tempfile.TemporaryDirectory() as folder:
        batch = whole_command(peers, rulebase, people, extent, Path(folder), told)
    promised = bars(figures, batch)
    for bar in promised:
        print(bar_said(bar))
    layers = rules_of(rulebase).layers
    rows = sum(len(rule.when) for rules in layers for rule in rules)
    counts = f"{sum(map(len, layers))} rules (those that `batch` needs) with {rows} rows, {len(rulebase.questions)} questions."
    return page(extent, figures, grown, batch, promised, missing, counts), all(bar.kept for bar in promised)


if __name__ == "__main__":
    sys.exit(main())
