"""The rule engine: milliseconds a case, rules a second, growth with the number of rules.

    python benchmarks/engine.py [--runs N] [--cases N] [PATH]

Runs the answers of scenario files (PATH, default: tests/scenarios) through the whole chain of rules, with our matcher
and with experta's own, on the rule base and on two and four copies of it. In turn; medians of processor time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]  # this checkout, wherever it is called from

from benchmarks.shared import ROOT, in_turn, options, run
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


def copied(rulebase: RuleBase, copies: int) -> list[list[Production]]:
    """The rules, and the same rules under other names, of which `assess` takes no notice."""
    strata = (answer_rules(rulebase), finding_rules(rulebase), advice_rules(rulebase))
    more = [[Production(f"{p.name}@{n}", *p[1:]) for n in range(1, copies) for p in rules] for rules in strata]
    return [rules + others for rules, others in zip(strata, more, strict=True)]


def measure(rulebase: RuleBase, strata: list[list[Production]], matcher: str, cases: Sequence[Answers]) -> list[float]:
    """Seconds of a new engine's first case, for which all rules are built, and of one more."""
    begin = time.process_time()
    engine = Engine(rulebase)
    engine.answers, engine.findings, engine.advice = (Stratum(rules, MATCHERS[matcher]) for rules in strata)
    taken = [begin]
    for answers in cases:
        assess(engine, answers)
        taken.append(time.process_time())
    first, *others = (after - before for before, after in pairwise(taken))
    return [first, median(others)]


def main() -> int:
    parser = options(__doc__, runs=5, cases=8)
    parser.add_argument("path", nargs="?", type=Path, default=ROOT / "tests" / "scenarios", help="scenario files")
    args = parser.parse_args()
    rulebase = load()
    paths = find_scenarios([args.path])
    spread = paths[:: max(1, len(paths) // args.cases)][: args.cases]
    cases = [read_answer_file(path, rulebase).answers for path in spread]
    rules = {copies: copied(rulebase, copies) for copies in COPIES}
    setups = {f"{m} {n}": partial(measure, rulebase, rules[n], m, cases) for m, n in product(MATCHERS, COPIES)}
    rounds = in_turn(setups, args.runs)
    print("| matcher | rules | first case | a case | rules/s | growth: first | case |\n|---|---|---|---|---|---|---|")
    for matcher in MATCHERS:
        firsts, times = zip(*(map(median, zip(*rounds[f"{matcher} {n}"], strict=True)) for n in COPIES), strict=True)
        for copies, first, case in zip(COPIES, firsts, times, strict=True):
            count = sum(map(len, rules[copies]))
            print(f"| {matcher} | {count:,} | {1000 * first:.0f} ms | {1000 * case:.1f} ms ", end="")
            print(f"| {count / case:,.0f} | {first / firsts[0]:.1f} | {case / times[0]:.1f} |")
    return 0


if __name__ == "__main__":
    run(main)
