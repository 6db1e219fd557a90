"""Plain Python: the rules of a layer written out as one function with an `if` for each, and compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from benchmarks.judges.common import Case, Judge, Rules, Settling, read_by, rules_of
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Production

NEEDS = ""


class PlainPython:
    """One compiled function a layer: facts -> names of the rules that fire."""

    def __init__(self, rules: Rules) -> None:
        self._case = Case()
        self._layers = [compiled(productions, rules) for productions in rules.layers]

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        return self._layers[layer](self._case.known(layer, news))


def compiled(productions: Iterable[Production], rules: Rules) -> Callable[[Facts], list[str]]:
    """The function of some rules: facts -> list of names."""
    listed = list(productions)
    names = {name: f"v{n}" for n, name in enumerate(read_by(listed))}
    lines = ["def fired(facts):", "    get, found = facts.get, []"]
    for name, variable in names.items():
        several = name in rules.several
        lines.append(f"    {variable} = get({name!r}, EMPTY)" if several else f"    {variable}, = get({name!r}, NONE)")
    for p in listed:
        unless = f" and not ({_any(p.unless, names, rules)})" if p.unless else ""
        lines.append(f"    if ({_any(p.when, names, rules)}){unless}: found.append({p.name!r})")
    scope: dict[str, Any] = {"EMPTY": frozenset(), "NONE": (None,)}
    exec("\n".join([*lines, "    return found"]), scope)  # noqa: S102  (of the checked rule base)
    return cast(Callable[[Facts], list[str]], scope["fired"])


def _any(rows: Iterable[Row], names: dict[str, str], rules: Rules) -> str:
    return " or ".join(" and ".join(_cell(c, names[c.name], rules) for c in row) or "True" for row in rows)


def _cell(cell: Cell, variable: str, rules: Rules) -> str:
    options = sorted(cell.options)
    if cell.absent:
        return f"({variable} and {_absent(variable, options, cell.name in rules.several)})"
    if cell.name not in rules.several:
        return f"{variable} == {options[0]!r}" if len(options) == 1 else f"{variable} in {set(options)!r}"
    joined = (" and " if cell.every else " or ").join(f"{option!r} in {variable}" for option in options)
    return joined if len(options) == 1 else f"({joined})"


def _absent(variable: str, options: list[str], several: bool) -> str:
    if several:
        return " and ".join(f"{option!r} not in {variable}" for option in options)
    return f"{variable} not in {set(options)!r}"


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, PlainPython(rules_of(rulebase)))
