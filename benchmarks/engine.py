"""The rule engine: milliseconds a case, rules a second, growth with the number of rules.

    python benchmarks/engine.py [--runs N] [--cases N] [PATH]

Runs the answers of scenario files (PATH, default: tests/scenarios) through the whole
chain of rules, with our matcher and with experta's own, on the rule base and on two
and four copies of it. Everything is measured in turn within one run; medians of processor time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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

SCENARIOS = Path(__file__).resolve().parent.parent / "tests" / "scenarios"
MATCHERS = {"SetMatcher": SetMatcher, "ReteMatcher": experta.KnowledgeEngine.__matcher__}
COPIES = (1, 2, 4)


@dataclass
class Setup:
    """One matcher on one size of rule base, and the seconds measured with it."""

    matcher: str
    copies: int
    rules: int
    engine: Callable[[], Engine]
    first: list[float] = field(default_factory=list)  # a new engine and its first case, for which all rules are built
    case: list[float] = field(default_factory=list)  # one more case

    @property
    def ms_first(self) -> float:
        return 1000 * statistics.median(self.first)

    @property
    def ms_case(self) -> float:
        return 1000 * statistics.median(self.case)

    @property
    def ms_build(self) -> float:
        """All rules are built for the first case, so their time is what that one takes longer."""
        return self.ms_first - self.ms_case


def copied(productions: Iterable[Production], copies: int) -> list[Production]:
    """The rules, and the same rules under other names."""
    listed = list(productions)
    return listed + [Production(f"{p.name}@{n}", p.when, p.unless) for n in range(1, copies) for p in listed]


def setup(rulebase: RuleBase, matcher: str, copies: int) -> Setup:
    """The engine of `assess`, with more rules; it takes no notice of names that it does not know."""
    strata = [copied(rules(rulebase), copies) for rules in (answer_rules, finding_rules, advice_rules)]

    def engine() -> Engine:
        made = Engine(rulebase)
        made.answers, made.findings, made.advice = (Stratum(rules, MATCHERS[matcher]) for rules in strata)
        return made

    return Setup(matcher, copies, sum(map(len, strata)), engine)


def measure(one: Setup, cases: Sequence[Answers]) -> list[frozenset[str]]:
    """Add one round to the times of a setup; what fired in each case."""
    begin = time.process_time()
    engine = one.engine()
    assess(engine, cases[0])
    one.first.append(time.process_time() - begin)
    fired = []
    for answers in cases:
        begin = time.process_time()
        fired.append(assess(engine, answers).fired)
        one.case.append(time.process_time() - begin)
    return fired


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most `count` of the paths, evenly spread."""
    step = max(1, len(paths) // count)
    return list(paths[::step][:count])


def report(setups: Sequence[Setup]) -> None:
    print(f"{'matcher':12}{'rules':>7}{'first case':>14}{'a case':>11}{'rules/s':>11}   growth of")
    print(f"{'':55}   rules first  case")
    for one in setups:
        first = next(s for s in setups if s.matcher == one.matcher)
        print(
            f"{one.matcher:12}{one.rules:7}{one.ms_first:11.1f} ms{one.ms_case:8.2f} ms"
            f"{one.rules / one.ms_case * 1000:11,.0f}"
            f"{one.copies:7}x{one.ms_first / first.ms_first:5.1f}x"
            f"{one.ms_case / first.ms_case:5.1f}x"
        )
    print()
    for copies in COPIES:
        ours, stock = (s for s in setups if s.copies == copies)
        print(
            f"{ours.matcher} takes, at {copies}x the rules, {ours.ms_build / stock.ms_build:.2f} of the time of "
            f"{stock.matcher} to build and {ours.ms_case / stock.ms_case:.2f} a case"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed of the rule engine.")
    parser.add_argument("path", nargs="?", type=Path, default=SCENARIOS, metavar="PATH", help="scenario files")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--cases", type=int, default=8, metavar="N", help="cases of each round (default: 8)")
    args = parser.parse_args()
    rulebase = load()
    paths = spread(find_scenarios([args.path]), args.cases)
    cases = [read_answer_file(path, rulebase).answers for path in paths]
    setups = [setup(rulebase, matcher, copies) for matcher in MATCHERS for copies in COPIES]
    for _ in range(args.runs):
        fired = [measure(one, cases) for one in setups]
        if fired[: len(COPIES)] != fired[len(COPIES) :]:
            print("The matchers do not agree on what fires: the figures mean nothing.", file=sys.stderr)
            return 1
    print(f"{len(cases)} cases, {args.runs} rounds\n")
    report(setups)
    return 0


if __name__ == "__main__":
    sys.exit(main())
