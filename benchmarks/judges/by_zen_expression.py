"""zen-engine once more: no decision model, but one compiled expression a layer, a list with a condition for each rule."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress

from benchmarks.judges.by_zen import denied, given, holds, safely
from benchmarks.judges.common import Case, Judge, Rules, Settling, read_by, rules_of
from triage.knowledge.conditions import Facts, Row
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Production

NEEDS = "zen"


class ZenExpression:
    """Expressions that the engine has parsed and compiled beforehand."""

    def __init__(self, rules: Rules) -> None:
        import zen

        self._rules, self._case = rules, Case()
        self._layers = []
        for productions in rules.layers:
            text = f"[{', '.join(_condition(p, rules) for p in productions)}]"
            names = [p.name for p in productions]
            self._layers.append((zen.compile_expression(text).evaluate, names, read_by(productions)))

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        evaluate, names, read = self._layers[layer]
        return list(compress(names, evaluate(given(self._case.known(layer, news), read, self._rules))))


def _condition(production: Production, rules: Rules) -> str:
    when = " or ".join(_all(row, rules) for row in production.when)
    return " and ".join([f"({when})", *(denied(row, rules) for row in production.unless)])


def _all(row: Row, rules: Rules) -> str:
    cells = (f"({holds(cell, safely(cell.name, rules), rules)})" for cell in row)
    return f"({' and '.join(cells) or 'true'})"


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, ZenExpression(rules_of(rulebase)))
