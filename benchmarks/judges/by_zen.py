"""zen-engine (GoRules): a decision table a layer, with a column for each question; every row that holds is collected.

An expression node for each rule was as slow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from benchmarks.judges.common import Case, Judge, Rules, Settling, read_by, rules_of
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Production

NEEDS = "zen"
FREE = "free"  # the column of `unless`, which reads several questions at once


class Zen:
    """Decisions that the engine has parsed and compiled beforehand."""

    def __init__(self, rules: Rules) -> None:
        import zen

        self._rules, self._case = rules, Case()
        engine = zen.ZenEngine()
        self._layers = []
        for productions in rules.layers:
            names = [p.name for p in productions]
            decision = engine.create_decision(json.dumps(model(productions, rules)))
            self._layers.append((decision.evaluate, names, read_by(productions)))

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        evaluate, names, read = self._layers[layer]
        rows = evaluate(given(self._case.known(layer, news), read, self._rules))["result"]
        return [names[int(row["rule"])] for row in rows]


def given(known: Facts, read: Iterable[str], rules: Rules) -> dict[str, Any]:
    """What the engine is given of a case: the names that it reads."""
    several = rules.several
    return {n: list(known[n]) if n in several else next(iter(known[n])) for n in read if n in known}


def model(productions: Iterable[Production], rules: Rules) -> dict[str, Any]:
    """The JSON decision model of some rules: input, one table, output."""
    listed = list(productions)
    columns = [{"id": name, "name": name, "field": name} for name in read_by(listed)]
    rows = [
        {
            "_id": f"{number}-{n}",
            **{column["id"]: "" for column in columns},
            **_cells(row, rules),
            FREE: " and ".join(denied(barrier, rules) for barrier in p.unless),
            "rule": str(number),
        }
        for number, p in enumerate(listed)
        for n, row in enumerate(p.when)
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": [*columns, {"id": FREE, "name": FREE}],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "content": {}},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "out", "type": "outputNode", "name": "out", "content": {}},
    ]
    edges = [
        {"id": f"{a}-{b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in (("in", "table"), ("table", "out"))
    ]
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


def _cells(row: Row, rules: Rules) -> dict[str, str]:
    """The cells of a row; two on one name stand in one cell of the table.

    Without brackets around the whole: `(a and b)` in a cell is not what `a and b` is (zen-engine 2.1.3).
    """
    written: dict[str, list[str]] = {}
    for cell in row:
        written.setdefault(cell.name, []).append(holds(cell, "$", rules))
    return {name: " and ".join(parts) for name, parts in written.items()}


def holds(cell: Cell, name: str, rules: Rules) -> str:
    options = sorted(cell.options)
    if cell.name not in rules.several:
        return (
            f"{name} != null and {name} not in {_listed(options)}" if cell.absent else f"{name} in {_listed(options)}"
        )
    if cell.absent:
        return f"len({name}) > 0 and none({name}, # in {_listed(options)})"
    if cell.every:
        return " and ".join(f"some({name}, # == {_text(option)})" for option in options)
    return f"some({name}, # in {_listed(options)})"


def denied(row: Row, rules: Rules) -> str:
    return f"not({' and '.join(f'({holds(cell, safely(cell.name, rules), rules)})' for cell in row)})"


def safely(name: str, rules: Rules) -> str:
    """A name in an expression of its own: `some` of what is not there would be a fault."""
    return f"({name} ?? [])" if name in rules.several else name


def _listed(options: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, options))}]"


def _text(option: str) -> str:
    return f"'{option}'"


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, Zen(rules_of(rulebase)))
