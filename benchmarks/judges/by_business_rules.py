"""business-rules (Venmo): every rule as nested `all` and `any`, every name a variable of the kind "select multiple"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.judges.common import Case, Judge, Rules, Settling, rules_of
from triage.knowledge.conditions import Cell, Facts
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Production

NEEDS = "business_rules"
ALWAYS = "always"  # a variable for rows without a cell, since `all` of nothing is not allowed

_ALWAYS = Cell(ALWAYS, frozenset([ALWAYS]))


class BusinessRules:
    """Lists of rules, run one after the other."""

    def __init__(self, rules: Rules) -> None:
        from business_rules import run_all
        from business_rules.actions import BaseActions, rule_action
        from business_rules.fields import FIELD_TEXT
        from business_rules.variables import BaseVariables, select_multiple_rule_variable

        class Actions(BaseActions):
            """What a rule does: its name is noted."""

            def __init__(self) -> None:
                self.fired: list[str] = []

            @rule_action(params={"name": FIELD_TEXT})
            def note(self, name: str) -> None:
                self.fired.append(name)

        def variable(name: str) -> Any:
            def value(self: Any) -> tuple[str, ...]:
                return self.known.get(name, ())  # type: ignore[no-any-return]

            value.__name__ = name
            return select_multiple_rule_variable()(value)

        self._variables = type(
            "Variables", (BaseVariables,), {name: variable(name) for name in (*rules.options, ALWAYS)}
        )()
        self._actions, self._run, self._case = Actions, run_all, Case()
        self._layers = [[_rule(p, rules) for p in productions] for productions in rules.layers]

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        self._variables.known = {**self._case.known(layer, news), ALWAYS: (ALWAYS,)}
        actions = self._actions()
        self._run(self._layers[layer], self._variables, actions)
        names: list[str] = actions.fired
        return names


def _rule(production: Production, rules: Rules) -> dict[str, Any]:
    rows = {"any": [{"all": [_holds(cell, rules) for cell in row or (_ALWAYS,)]} for row in production.when]}
    barriers = [{"any": [_fails(cell, rules) for cell in row]} for row in production.unless]
    actions = [{"name": "note", "params": {"name": production.name}}]
    return {"conditions": {"all": [rows, *barriers]}, "actions": actions}


def _holds(cell: Cell, rules: Rules) -> dict[str, Any]:
    if cell.absent:
        return {"all": [_shares(cell, rules.options[cell.name]), _shares_none(cell, cell.options)]}
    if cell.every:
        return {"name": cell.name, "operator": "contains_all", "value": sorted(cell.options)}
    return _shares(cell, cell.options)


def _fails(cell: Cell, rules: Rules) -> dict[str, Any]:
    """There is no "not": of an `every` cell, one option is not there; of an `absent` one, one is, or none at all."""
    if cell.absent:
        return {"any": [_shares(cell, cell.options), _shares_none(cell, rules.options[cell.name])]}
    apart = [[option] for option in sorted(cell.options)] if cell.every else [cell.options]
    return {"any": [_shares_none(cell, options) for options in apart]}


def _shares(cell: Cell, options: Iterable[str]) -> dict[str, Any]:
    return {"name": cell.name, "operator": "shares_at_least_one_element_with", "value": sorted(options)}


def _shares_none(cell: Cell, options: Iterable[str]) -> dict[str, Any]:
    return {"name": cell.name, "operator": "shares_no_elements_with", "value": sorted(options)}


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, BusinessRules(rules_of(rulebase)))
