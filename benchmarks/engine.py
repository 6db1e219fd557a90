"""The rule engine: milliseconds a case, rules a second, growth with the number of rules.

    python benchmarks/engine.py [--runs N] [--cases N] [PATH]

Runs the answers of scenario files (PATH, default: tests/scenarios) through the whole chain of rules, with our matcher
and with experta's own, on the rule base and on two and four copies of it. In turn; medians of processor time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]  # this checkout, wherever it is called from

from benchmarks.shared import ROOT, in_turn, told
from triage.conversation.scenarios import find_scenarios
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.rulebase import load
from triage.reasoning.assessment import assess
from triage.reasoning.engine import (
    Engine,
    Production,
    SetMatcher,
    Stratum,
    advice_rules,
    answer_rules,
    experta,
    finding_rules,
)

MATCHERS = {"SetMatcher": SetMatcher, "ReteMatcher": experta.KnowledgeEngine.__matcher__}
COPIES = (1, 2, 4)


class Round(NamedTuple):
    """Seconds of a new engine's first case, for which all rules are built, and of one more; what fired in each."""

    first: float
    case: float
    fired: list[frozenset[str]]


def copied(rulebase: RuleBase, copies: int) -> list[list[Production]]:
    """The rules, and the same rules under other names, of which `assess` takes no notice."""
    strata = (answer_rules(rulebase), finding_rules(rulebase), advice_rules(rulebase))
    more = [[Production(f"{p.name}@{n}", *p[1:]) for n in range(1, copies) for p in rules] for rules in strata]
    return [rules + others for rules, others in zip(strata, more, strict=True)]


def measure(rulebase: RuleBase, strata: list[list[Production]], matcher: str, cases: Sequence[Answers]) -> Round:
    begin = time.process_time()
    engine = Engine(rulebase)
    engine.answers, engine.findings, engine.advice = (Stratum(rules, MATCHERS[matcher]) for rules in strata)
    assess(engine, cases[0])
    first, fired, taken = time.process_time() - begin, [], []
    for answers in cases:
        begin = time.process_time()
        fired.append(assess(engine, answers).fired)
        taken.append(time.process_time() - begin)
    return Round(first, median(taken), fired)


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed of the rule engine.")
    parser.add_argument("path", nargs="?", type=Path, default=ROOT / "tests" / "scenarios", help="scenario files")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--cases", type=int, default=8, metavar="N", help="cases of each round (default: 8)")
    args = parser.parse_args()
    rulebase = load()
    paths = find_scenarios([args.path])
    spread = paths[:: max(1, len(paths) // args.cases)][: args.cases]
    cases = [read_answer_file(path, rulebase).answers for path in spread]
    rules = {copies: copied(rulebase, copies) for copies in COPIES}
    setups = {f"{m} {n}": partial(measure, rulebase, rules[n], m, cases) for m, n in product(MATCHERS, COPIES)}
    rounds = in_turn(setups, args.runs)
    for copies in COPIES:
        if len({tuple(one.fired) for m in MATCHERS for one in rounds[f"{m} {copies}"]}) != 1:
            told("The matchers do not agree on what fires: the figures mean nothing.")
            return 1
    print("| matcher | rules | first case | a case | rules/s | growth: first | case |\n|---|---|---|---|---|---|---|")
    for matcher in MATCHERS:
        firsts, times = ([median(r[part] for r in rounds[f"{matcher} {n}"]) for n in COPIES] for part in (0, 1))
        for copies, first, case in zip(COPIES, firsts, times, strict=True):
            count = sum(map(len, rules[copies]))
            print(f"| {matcher} | {count:,} | {1000 * first:.0f} ms | {1000 * case:.1f} ms ", end="")
            print(f"| {count / case:,.0f} | {first / firsts[0]:.1f} | {case / times[0]:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
