"""durable_rules: a case is one fact, asserted and taken back.

One ruleset of more than some hundred rules can be made, but a fact with many answers then ends in "Could not assert fact, error code: 303" (2.0.28;
its stack for the matching of one fact holds 64 entries). So the rules are cut into rulesets of at most `MOST`.
In a process that had made other rulesets it failed now and then with code 102.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import count
from operator import and_, or_
from typing import Any, NamedTuple

from benchmarks.judges.common import Case, Judge, Rules, Settling, read_by, rules_of
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Production

NEEDS = "durable"
NOTHING = ""  # the answer to what is not answered, where `unless` reads it: a condition on nothing never holds
ALWAYS = "always"  # a field for rows without a cell
MOST = 50
_numbers = count()  # the library keeps every ruleset of a process under its name


class _Ruleset(NamedTuple):
    """The name of a ruleset, the questions that its rules read, and those that its `unless` reads."""

    name: str
    read: list[str]
    always: list[str]


class Durable:
    """Rulesets of the library's one host, several for a layer of many rules."""

    def __init__(self, rules: Rules) -> None:
        from durable import lang
        from durable.engine import MessageNotHandledException

        self._lang, self._unhandled = lang, MessageNotHandledException
        self._rules, self._case = rules, Case()
        self._fired: list[str] = []
        self._layers = [
            [self._ruleset(productions[n : n + MOST]) for n in range(0, len(productions), MOST)]
            for productions in rules.layers
        ]
        lang.get_host()  # makes them; else the first case would

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        known = self._case.known(layer, news)
        self._fired.clear()
        for ruleset in self._layers[layer]:
            fact = self._fact(known, ruleset)
            try:
                self._lang.assert_fact(ruleset.name, fact)
                self._lang.retract_fact(ruleset.name, fact)
            except self._unhandled:  # no rule fires, and then the fact is not kept
                pass
        return list(self._fired)

    def _fact(self, known: Facts, ruleset: _Ruleset) -> dict[str, Any]:
        several = self._rules.several
        fact: dict[str, Any] = {n: [NOTHING] if n in several else NOTHING for n in ruleset.always}
        fact[ALWAYS] = 1
        for name in ruleset.read:
            if options := known.get(name):
                fact[name] = list(options) if name in several else next(iter(options))
        return fact

    def _ruleset(self, productions: Sequence[Production]) -> _Ruleset:
        lang = self._lang
        name = f"ruleset{next(_numbers)}"
        with lang.ruleset(name):
            for p in productions:
                barriers = [self._denied(row) for row in p.unless]
                for row in p.when:
                    cells = [self._holds(cell) for cell in row] or [getattr(lang.m, ALWAYS) == 1]
                    lang.when_all(reduce(and_, [*cells, *barriers]))(self._action(p.name))
        always = sorted({cell.name for p in productions for row in p.unless for cell in row})
        return _Ruleset(name, read_by(productions), always)

    def _action(self, name: str) -> Any:
        def act(_c: Any) -> None:
            self._fired.append(name)

        return act

    def _holds(self, cell: Cell) -> Any:
        options = sorted(cell.options)
        if cell.absent:
            return self._none_of(cell, [NOTHING, *options])
        if cell.every:
            return reduce(and_, (self._field(cell).anyItem(self._lang.item == option) for option in options))
        return self._one_of(cell, options)

    def _denied(self, row: Row) -> Any:
        """There is no "not" for one condition: some cell of the row is false."""
        return reduce(or_, map(self._fails, row))

    def _fails(self, cell: Cell) -> Any:
        options = sorted(cell.options)
        if cell.absent:
            return self._one_of(cell, [NOTHING, *options])
        if cell.every:
            return reduce(or_, (self._none_of(cell, [option]) for option in options))
        return self._none_of(cell, options)

    def _one_of(self, cell: Cell, options: Sequence[str]) -> Any:
        if cell.name in self._rules.several:
            return self._field(cell).anyItem(reduce(or_, (self._lang.item == option for option in options)))
        return reduce(or_, (self._field(cell) == option for option in options))

    def _none_of(self, cell: Cell, options: Sequence[str]) -> Any:
        if cell.name in self._rules.several:
            return self._field(cell).allItems(reduce(and_, (self._lang.item != option for option in options)))
        return reduce(and_, (self._field(cell) != option for option in options))

    def _field(self, cell: Cell) -> Any:
        return getattr(self._lang.m, cell.name)


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, Durable(rules_of(rulebase)))
