"""durable_rules: a ruleset a layer; a case is one fact, asserted and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import count
from operator import and_, or_
from typing import Any

from benchmarks.judges.common import Case, Judge, Rules, Settling, read_by, rules_of
from triage.model import Cell, Facts, Row, RuleBase

NEEDS = "durable"
NOTHING = ""  # the answer to what is not answered, where `unless` reads it: a condition on nothing never holds
_numbers = count()  # the library keeps every ruleset of a process under its name


class Durable:
    """Three rulesets of the library's one host."""

    def __init__(self, rules: Rules) -> None:
        from durable import lang
        from durable.engine import MessageNotHandledException

        self._lang, self._unhandled = lang, MessageNotHandledException
        self._rules, self._case = rules, Case()
        self._fired: list[str] = []
        self._layers = [self._ruleset(layer) for layer in range(len(rules.layers))]

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        known = self._case.known(layer, news)
        name, read, always = self._layers[layer]
        several = self._rules.several
        fact: dict[str, Any] = {"always": 1, **{n: [NOTHING] if n in several else NOTHING for n in always}}
        for one in read:
            if options := known.get(one):
                fact[one] = list(options) if one in several else next(iter(options))
        self._fired.clear()
        try:
            self._lang.assert_fact(name, fact)
            self._lang.retract_fact(name, fact)
        except self._unhandled:  # no rule fires, and then the fact is not kept
            pass
        return list(self._fired)

    def _ruleset(self, layer: int) -> tuple[str, list[str], list[str]]:
        lang = self._lang
        productions = self._rules.layers[layer]
        name = f"layer{layer}x{next(_numbers)}"
        with lang.ruleset(name):
            for p in productions:
                barriers = [self._denied(row) for row in p.unless]
                for row in p.when:
                    cells = [self._holds(cell) for cell in row] or [lang.m.always == 1]
                    condition = reduce(and_, [*cells, *barriers])
                    lang.when_all(condition)(self._action(p.name))
        always = sorted({cell.name for p in productions for row in p.unless for cell in row})
        return name, read_by(productions), always

    def _action(self, name: str) -> Any:
        def act(_c: Any) -> None:
            self._fired.append(name)

        return act

    def _holds(self, cell: Cell) -> Any:
        options = sorted(cell.options)
        if cell.every:
            return reduce(and_, (self._field(cell).anyItem(self._lang.item == option) for option in options))
        if cell.name in self._rules.several:
            return self._field(cell).anyItem(reduce(or_, (self._lang.item == option for option in options)))
        return reduce(or_, (self._field(cell) == option for option in options))

    def _denied(self, row: Row) -> Any:
        """There is no "not" for one condition: some cell of the row is false."""
        return reduce(or_, map(self._fails, row))

    def _fails(self, cell: Cell) -> Any:
        options = sorted(cell.options)
        if cell.every:
            return reduce(or_, (self._field(cell).allItems(self._lang.item != option) for option in options))
        if cell.name in self._rules.several:
            return self._field(cell).allItems(reduce(and_, (self._lang.item != option for option in options)))
        return reduce(and_, (self._field(cell) != option for option in options))

    def _field(self, cell: Cell) -> Any:
        return getattr(self._lang.m, cell.name)


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, Durable(rules_of(rulebase)))
