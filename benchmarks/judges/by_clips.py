"""CLIPS, through clipspy: one fact a patient, a multislot for each question of several options.

Other forms that were tried: every condition as a `test` with `member$` (a fifth slower), a slot for every option (no
faster), and, for what fires, a Python function (three times as slow) or a fact each (far slower, and clipspy keeps
them all). So what fires is gathered in one global.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from benchmarks.judges.common import LAYERS, TOLD, Judge, Rules, Settling, rules_of
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import RuleBase

NEEDS = "clips"
TEMPLATES = ("patient", "found", "named")  # what is known from each layer on


class Clips:
    """One environment; each layer of a case is one fact of its own template."""

    def __init__(self, rules: Rules) -> None:
        import clips
        from clips._clips import lib

        self._release = lib.ReleaseFact
        self._rules = rules
        self._environment = clips.Environment()
        self._values = {
            (name, option): clips.Symbol(_symbol(option))
            for name, options in rules.options.items()
            for option in options
        }
        self._names: list[str] = []
        self._variables = count()
        self._facts: list[Any] = []
        self._environment.build("(defglobal ?*fired* = (create$))")
        for layer in LAYERS:
            slots = (f"({_slot(name, rules)} {name})" for name, since in rules.since.items() if since == layer)
            self._environment.build(f"(deftemplate {TEMPLATES[layer]} {' '.join(slots)})")
        for layer, productions in enumerate(rules.layers):
            for production in productions:
                for row in production.when:
                    self._build(layer, production.name, row, production.unless)
        self._templates = [self._environment.find_template(name) for name in TEMPLATES]
        self._fired = self._environment.find_global("fired")

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        values, several = self._values, self._rules.several
        slots = {
            name: [values[name, o] for o in options] if name in several else values[name, next(iter(options))]
            for name, options in news.items()
        }
        self._facts.append(self._templates[layer].assert_fact(**slots))
        self._environment.run()
        names = [self._names[number] for number in self._fired.value]
        if layer == TOLD:
            self._forget()
        else:
            self._fired.value = ()
        return names

    def _forget(self) -> None:
        """Ready for the next case.

        clipspy (1.0.6) never releases a fact that it has handed out: `Fact.__del__` calls ReleaseFact with one argument
        too many and swallows the TypeError, so every case would leave its facts behind, and slow down the next. Here
        they are released. Without `_fact`, a clipspy that has mended this finds nothing to release once more.
        """
        for fact in self._facts:
            self._release(fact._fact)
            del fact._fact
        self._facts.clear()
        self._environment.reset()

    def _build(self, layer: int, name: str, row: Row, unless: tuple[Row, ...]) -> None:
        """One rule. It asks for the fact of its own layer, too, so that what it reads is there."""
        patterns = self._patterns(row, layer)
        patterns += [f"(not (and {' '.join(self._patterns(barrier))}))" for barrier in unless]
        number = len(self._names)
        self._names.append(name)
        action = f"(bind ?*fired* (create$ ?*fired* {number}))"
        self._environment.build(f"(defrule rule-{number} {' '.join(patterns)} => {action})")

    def _patterns(self, row: Row, own: int | None = None) -> list[str]:
        """A pattern for each fact that the row reads."""
        slots: dict[int, list[str]] = {} if own is None else {own: []}
        cells: dict[str, list[Cell]] = {}
        for cell in row:
            cells.setdefault(cell.name, []).append(cell)
        for name, those in cells.items():
            slots.setdefault(self._rules.since[name], []).append(self._constraint(name, those))
        return [f"({TEMPLATES[layer]} {' '.join(slots[layer])})" for layer in sorted(slots)]

    def _constraint(self, name: str, cells: Sequence[Cell]) -> str:
        """The cells of a row on one name: a slot can stand in a pattern once."""
        if name not in self._rules.several:
            return f"({name} {'&'.join(map(_single, cells))})"
        if len(cells) == 1 and not cells[0].every and not cells[0].absent:
            return f"({name} $? {'|'.join(_symbols(cells[0]))} $?)"
        variable = f"?all{next(self._variables)}"  # of the same name in one rule they would be the same answer
        return f"({name} ${variable}&:(and {' '.join(_test(cell, variable) for cell in cells)} TRUE))"


def _symbols(cell: Cell) -> list[str]:
    return [_symbol(option) for option in sorted(cell.options)]


def _single(cell: Cell) -> str:
    """A cell on a slot of one value, which is `nil` where nothing was answered."""
    return "&".join(f"~{option}" for option in ["nil", *_symbols(cell)]) if cell.absent else "|".join(_symbols(cell))


def _test(cell: Cell, variable: str) -> str:
    held = " ".join(f"(member$ {option} {variable})" for option in _symbols(cell))
    if cell.absent:
        return f"(> (length$ {variable}) 0) (not (or {held} FALSE))"
    return f"(and {held} TRUE)" if cell.every else f"(or {held} FALSE)"


def _slot(name: str, rules: Rules) -> str:
    return "multislot" if name in rules.several else "slot"


def _symbol(option: str) -> str:
    """An option as a symbol: `0-2` alone would be read as a number."""
    return f"o-{option}"


def build(rulebase: RuleBase) -> Judge:
    return Settling(rulebase, Clips(rules_of(rulebase)))
