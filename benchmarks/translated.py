"""The rules that a batch needs, translated by a program into plain Python and into CLIPS. Nothing is written by hand.

An engine takes a case and names the rules that fire, each once or more often. There are three layers of rules, as later
ones read what was found by earlier ones; what is found between them (flags, level, causes) is a part of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import clips
from clips._clips import lib

from triage.conversation.interview import missing_from
from triage.knowledge.conditions import Cell, Facts, Row
from triage.knowledge.model import CAUSE, DISPOSITION, RED_FLAG, Answers, RuleBase
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine, Production, Stratum, advice_rules, answer_rules, finding_rules
from triage.reasoning.projection import domain_of

FOUND = {RED_FLAG: 1, DISPOSITION: 1, CAUSE: 2}  # the layer from which on a finding is known; an answer: from 0
TEMPLATES = ("patient", "found", "named")  # of CLIPS: what is known from each layer on

Case = Sequence[Facts]  # for each layer what is news in it
Fires = Callable[[Case], Iterable[str]]


def layers_of(rulebase: RuleBase) -> list[list[Production]]:
    """Red flags, signs, when a question is asked; causes to check; checks."""
    questions = rulebase.questions.values()
    asked = [Production(q.id, *q.condition) for q in questions if q.ask_when is not None or q.ask_unless]
    asked += [Production(f"after urgent/{q.id}", q.after_urgent) for q in questions if q.after_urgent]
    asked += [Production(f"yields later/{q.id}", q.yields_unless) for q in questions if q.yields_unless]
    checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
    return [answer_rules(rulebase) + asked, finding_rules(rulebase), checks]


def case_of(engine: Engine, answers: Answers) -> Case:
    """Answers, and what the program finds for them."""
    facts = assess(engine, answers, missing_from(engine, answers)).facts
    return [{n: facts[n] for n in facts if FOUND.get(n, 0) == layer} for layer in range(len(TEMPLATES))]


def experta(rulebase: RuleBase) -> Fires:
    """The engine that decides the results: what it says is right."""
    strata = [Stratum(rules) for rules in layers_of(rulebase)]
    return _in_turn([lambda facts, s=s: list(s.infer(facts)) for s in strata])  # type: ignore[misc]


def plain_python(rulebase: RuleBase) -> Fires:
    """Every layer is one function with an `if` for each rule."""
    return _in_turn([_compiled(rules) for rules in layers_of(rulebase)])


def _in_turn(layers: Sequence[Callable[[Facts], list[str]]]) -> Fires:
    def fires(case: Case) -> list[str]:
        known: dict[str, frozenset[str]] = {}
        fired = []
        for news, layer in zip(case, layers, strict=True):
            known.update(news)
            fired += layer(known)
        return fired

    return fires


def _compiled(rules: Sequence[Production]) -> Callable[[Facts], list[str]]:
    read = sorted({cell.name for rule in rules for row in (*rule.when, *rule.unless) for cell in row})
    lines = ["def fires(facts):", "    fired = []", *(f"    {name} = facts.get({name!r}, NONE)" for name in read)]
    for rule in rules:
        unless = f" and not ({_any_row(rule.unless)})" if rule.unless else ""
        lines.append(f"    if ({_any_row(rule.when)}){unless}: fired.append({rule.name!r})")
    scope: dict[str, Any] = {"NONE": frozenset()}
    exec("\n".join([*lines, "    return fired"]), scope)  # noqa: S102  (of the checked rule base)
    return cast(Callable[[Facts], list[str]], scope["fires"])


def _any_row(rows: Iterable[Row]) -> str:
    return " or ".join(" and ".join(map(_in_python, row)) or "True" for row in rows)


def _in_python(cell: Cell) -> str:
    joined = (" and " if cell.every else " or ").join(f"{option!r} in {cell.name}" for option in sorted(cell.options))
    return f"({cell.name} and not ({joined}))" if cell.absent else f"({joined})"


class Clips:
    """CLIPS through clipspy: each layer of a case is one fact, with a multislot where several options can hold.

    Other forms were slower: every condition as a `test`, a slot for every option, a Python function for what fires.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        domain = domain_of(rulebase)
        self._several, self._names = domain.several, list[str]()
        self._values = {option: clips.Symbol(f"o-{option}") for some in domain.options.values() for option in some}
        self._environment = clips.Environment()
        self._environment.build("(defglobal ?*fired* = (create$))")
        for layer, (template, rules) in enumerate(zip(TEMPLATES, layers_of(rulebase), strict=True)):
            names = [name for name in domain.options if FOUND.get(name, 0) == layer]
            slots = (f"({'multislot' if name in self._several else 'slot'} {name})" for name in names)
            self._environment.build(f"(deftemplate {template} {' '.join(slots)})")
            for rule in rules:
                for row in rule.when:
                    self._build(rule, row, template)
        self._templates = [self._environment.find_template(name) for name in TEMPLATES]
        self._fired = self._environment.find_global("fired")

    def __call__(self, case: Case) -> list[str]:
        facts, names = [], []
        for template, news in zip(self._templates, case, strict=True):
            slots = {name: [self._values[option] for option in options] for name, options in news.items()}
            facts.append(template.assert_fact(**{n: v if n in self._several else v[0] for n, v in slots.items()}))
            self._environment.run()
            names += [self._names[number] for number in self._fired.value]
            self._fired.value = ()
        for fact in facts:  # clipspy 1.0.6 never does it: its facts would pile up, and slow down the next case
            lib.ReleaseFact(fact._fact)
            del fact._fact  # nothing to release once more for a clipspy that has mended this
        self._environment.reset()
        return names

    def _build(self, rule: Production, row: Row, template: str) -> None:
        """One rule. It asks for the fact of its own layer, too, so that what it reads is there."""
        barriers = (f"(not (and {self._patterns(barrier)}))" for barrier in rule.unless)
        patterns = " ".join([self._patterns(row, template), *barriers])
        fire = f"(bind ?*fired* (create$ ?*fired* {len(self._names)}))"
        self._environment.build(f"(defrule rule-{len(self._names)} {patterns} => {fire})")
        self._names.append(rule.name)

    def _patterns(self, row: Row, *own: str) -> str:
        """A pattern for each fact that the row reads; a slot can stand in it once."""
        slots: dict[str, list[str]] = {template: [] for template in own}
        for name in dict.fromkeys(cell.name for cell in row):
            constraint = self._constraint(name, [cell for cell in row if cell.name == name])
            slots.setdefault(TEMPLATES[FOUND.get(name, 0)], []).append(f"({name} {constraint})")
        return " ".join(f"({template} {' '.join(slots[template])})" for template in TEMPLATES if template in slots)

    def _constraint(self, name: str, cells: Sequence[Cell]) -> str:
        joined = ["|".join(_symbols(cell)) for cell in cells]
        if name not in self._several:
            return "&".join(
                f"~nil&~{j.replace('|', '&~')}" if c.absent else j for c, j in zip(cells, joined, strict=True)
            )
        if len(cells) == 1 and not cells[0].every and not cells[0].absent:
            return f"$? {joined[0]} $?"
        return f"$?{name}&:(and {' '.join(map(_test, cells))} TRUE)"


def _symbols(cell: Cell) -> list[str]:
    return [f"o-{option}" for option in sorted(cell.options)]  # `0-2` alone would be read as a number


def _test(cell: Cell) -> str:
    held = " ".join(f"(member$ {option} ?{cell.name})" for option in _symbols(cell))
    if cell.absent:
        return f"(> (length$ ?{cell.name}) 0) (not (or {held} FALSE))"
    return f"(and {held} TRUE)" if cell.every else f"(or {held} FALSE)"
