"""The forward-chaining engine: the rule base as experta rules. The only module that imports experta.

experta 1.9.4 has faults that its public extension points (`__strategy__`,
`__matcher__`) let us avoid; each has a regression test in tests/test_engine.py:

- its stock strategy fires rules whose NOT has become false, and in an order that
  changes with the addresses of functions. `TotalOrder` removes withdrawn
  activations by identity and orders the rest completely;
- an exception while facts are declared leaks them into the next case. An engine
  that raised is thrown away;
- it is not thread-safe. Every thread has its own engine, of its own class.

`SetMatcher` replaces the stock Rete matcher, whose network of the whole rule base
takes longer to build than everything else the program does. It knows the one shape
that is compiled here; tests compare it with the stock matcher.
"""

from __future__ import annotations

import collections
import collections.abc
import inspect
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from triage.knowledge.conditions import ALL, NONE_OF, Cell, Condition, Facts, Row
from triage.knowledge.model import Advice, RuleBase


def _import_experta() -> Any:
    """experta, imported in spite of Python >= 3.10 and without its logging handler."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    there = {"Mapping": collections.Mapping} if hasattr(collections, "Mapping") else {}  # a host may have its own
    collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
    try:
        import frozendict  # noqa: F401  (pinned by experta; needs the name above)
    finally:
        del collections.Mapping  # type: ignore[attr-defined]
        vars(collections).update(there)
    import experta

    root.handlers[:], root.level = handlers, level  # undo its logging.basicConfig()
    if not hasattr(experta, "KnowledgeEngine"):  # its __init__ swallows ImportError
        raise ImportError("experta is installed but broken: it has no KnowledgeEngine")
    return experta


experta = _import_experta()
from experta.abstract import Matcher, Strategy
from experta.activation import Activation

# Given, because experta looks it up for every rule: half of the time of a build.
_TAKES_ENGINE = inspect.Signature([inspect.Parameter("engine", inspect.Parameter.POSITIONAL_OR_KEYWORD)])
OPTIONS = "options"  # the one field of every fact


class Production(NamedTuple):
    """One rule as the engine knows it: fires once for each row of `when` that holds."""

    name: str
    when: tuple[Row, ...]
    unless: tuple[Row, ...] = ()

    @property
    def condition(self) -> Condition:
        """The same without its name."""
        return Condition(self.when, self.unless)


class Firing(NamedTuple):
    """A rule that fired, the row by which it did, and the options that made the row hold."""

    name: str
    row: int
    facts: Facts


class TotalOrder(Strategy):  # type: ignore[misc]
    """Fires by salience, then newest facts, then rule name: the same in every process."""

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        added, removed = list(added), list(removed)
        if not added and not removed:  # after most firings; what waits is in order already
            return
        waiting = {self._identity(a): a for a in agenda.activations}
        for activation in removed:
            waiting.pop(self._identity(activation), None)
        for activation in added:
            waiting[self._identity(activation)] = activation
        # The agenda fires from its end, so the first name comes last.
        by_name = sorted(waiting.values(), key=lambda a: a.rule.__name__, reverse=True)
        agenda.activations = sorted(by_name, key=lambda a: (a.rule.salience, self._newest_first(a)))

    @staticmethod
    def _newest_first(activation: Any) -> list[int]:
        return sorted((fact["__factid__"] for fact in activation.facts), reverse=True)

    def _identity(self, activation: Any) -> tuple[str, tuple[int, ...]]:
        return activation.rule.__name__, tuple(self._newest_first(activation))


class SetMatcher(Matcher):  # type: ignore[misc]
    """Matches rules made of patterns with one field each, one fact of each type, and NOT(AND(...)).

    A rule is looked at again only when a fact of a type that it names has changed, and only if
    it waits or its first pattern can hold: those are found by the options that are there.
    """

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self._rules = [self._taken_apart(rule) for rule in engine.get_rules()]
        self._readers: dict[type, list[int]] = {}
        self._begin_with: dict[tuple[type, str | None], list[int]] = {}  # by an option of the first pattern
        for index, (_, wanted, barred) in enumerate(self._rules):
            for option in _needed(wanted[0]):
                self._begin_with.setdefault((type(wanted[0]), option), []).append(index)
            for kind in {type(p) for p in wanted} | {type(p) for row in barred for p in row}:
                self._readers.setdefault(kind, []).append(index)
        self.reset()

    @staticmethod
    def _taken_apart(rule: Any) -> tuple[Any, tuple[Any, ...], tuple[tuple[Any, ...], ...]]:
        wanted = tuple(c for c in rule if not isinstance(c, experta.NOT)) or (experta.InitialFact(),)
        barred = tuple(tuple(c[0]) for c in rule if isinstance(c, experta.NOT))
        return rule, wanted, barred

    def reset(self) -> None:
        self._memory: dict[type, Any] = {}
        self._active: dict[int, Any] = {}

    def changes(self, adding: Any = None, deleting: Any = None) -> tuple[list[Any], list[Any]]:
        """Activations that the given facts bring and take away."""
        touched: set[int] = set()
        for fact in deleting or ():
            self._memory.pop(type(fact), None)
            touched.update(self._readers.get(type(fact), ()))
        for fact in adding or ():
            self._memory[type(fact)] = fact
            touched.update(self._readers.get(type(fact), ()))
        if not touched:  # after most firings
            return [], []
        added, removed = [], []
        for index in sorted(touched & (self._can_begin() | self._active.keys())):
            before, now = self._active.pop(index, None), self._activation(index)
            if now is not None:
                self._active[index] = now
            if before is not None and (now is None or now.facts != before.facts):
                removed.append(before)
            if now is not None and (before is None or now.facts != before.facts):
                added.append(now)
        return added, removed

    def _can_begin(self) -> set[int]:
        """The rules whose first pattern shares an option with a fact that is there."""
        rules: set[int] = set()
        for kind, fact in self._memory.items():
            for option in (None, *fact.get(OPTIONS, ())):
                rules.update(self._begin_with.get((kind, option), ()))
        return rules

    def _activation(self, index: int) -> Any | None:
        rule, wanted, barred = self._rules[index]
        if not all(map(self._holds, wanted)) or any(all(map(self._holds, row)) for row in barred):
            return None
        return Activation(rule, (self._memory[type(pattern)] for pattern in wanted))

    def _holds(self, pattern: Any) -> bool:
        fact = self._memory.get(type(pattern))
        if fact is None:
            return False
        return OPTIONS not in pattern or bool(pattern[OPTIONS].match(fact[OPTIONS]))


def _initial_facts() -> tuple[Any, ...]:
    return (experta.InitialFact(),)


_initial_facts.__signature__ = inspect.Signature()  # type: ignore[attr-defined]  # looked up at every reset


class _KnowledgeEngine(experta.KnowledgeEngine):  # type: ignore[misc,name-defined]
    """Has the initial fact and no other: the stock engine goes through all of its members to find them."""

    def get_deffacts(self) -> list[Any]:
        return [_initial_facts]


class _Test(NamedTuple):
    """What a pattern asks of the options of a fact: experta's own reading of a cell."""

    options: frozenset[str]
    how: str

    def __call__(self, present: frozenset[str]) -> bool:
        if self.how == ALL:
            return self.options <= present
        return self.options.isdisjoint(present) == (self.how == NONE_OF)


def _needed(pattern: Any) -> Iterable[str | None]:
    """Options of which a fact has one if the pattern holds; None where it needs none of them."""
    test = pattern[OPTIONS].match if OPTIONS in pattern else None
    return (None,) if test is None or test.how == NONE_OF else test.options


_NamedRow = tuple[Production, int]  # a rule of experta: a production, and which of its rows


class _Compiler:
    """Turns productions into an experta engine class. Patterns that are alike are shared."""

    def __init__(self, names: Iterable[str]) -> None:
        self.kinds = {name: type(name, (experta.Fact,), {}) for name in names}
        self.patterns: dict[tuple[str, frozenset[str], str], Any] = {}

    def engine_class(self, rows: Iterable[_NamedRow], matcher: type, strategy: type) -> type:
        members: dict[str, Any] = {"__matcher__": matcher, "__strategy__": strategy}
        for production, index in rows:
            barriers = (experta.NOT(experta.AND(*map(self._pattern, row))) for row in production.unless)
            rule = experta.Rule(*map(self._pattern, production.when[index]), *barriers)
            members[f"{production.name}#{index}"] = rule(_right_hand_side(production, index))
        return type("Rules", (_KnowledgeEngine,), members)

    def _pattern(self, cell: Cell) -> Any:
        key = cell.name, cell.options, cell.how
        if key not in self.patterns:
            self.patterns[key] = self.kinds[cell.name](**{OPTIONS: experta.P(_Test(cell.options, cell.how))})
        return self.patterns[key]


def _right_hand_side(production: Production, index: int) -> Callable[..., None]:
    # The stock matcher calls with the engine, ours (whose rules stay bound) with it twice.
    def fire(engine: Any, *_: Any) -> None:
        engine.fired.append((production, index))

    fire.__name__ = f"{production.name}#{index}"
    fire.__signature__ = _TAKES_ENGINE  # type: ignore[attr-defined]
    return fire


class Stratum:
    """Rules that do not read each other's conclusions. Safe to use from many threads."""

    def __init__(
        self, productions: Iterable[Production], matcher: type = SetMatcher, strategy: type = TotalOrder
    ) -> None:
        self.productions = tuple(productions)
        self._matcher, self._strategy = matcher, strategy
        self._names = _names_in(self.productions)
        self._own = threading.local()

    def infer(self, facts: Facts) -> tuple[Firing, ...]:
        """What fires on `facts`, in firing order. Facts that no rule reads are left out.

        What a thread asked last is remembered: an interview asks the same several times for one page.
        """
        own = self._own.__dict__
        if "last" in own and own["last"][0] == facts:
            last: tuple[Firing, ...] = own["last"][1]
            return last
        engine, kinds = self._engine()
        try:
            engine.fired = []
            engine.reset()
            # One declare() for all: rules are matched once, against everything that is known.
            engine.declare(*(kinds[name](**{OPTIONS: facts[name]}) for name in sorted(kinds.keys() & facts.keys())))
            engine.run()
        except BaseException:
            own.clear()  # it would carry this case into the next
            raise
        found = tuple(_firing(production, index, facts) for production, index in engine.fired)
        own["last"] = dict(facts), found
        return found

    def _engine(self) -> tuple[Any, Mapping[str, type]]:
        """This thread's engine, and the types of the facts that its rules read."""
        own = self._own.__dict__
        if "engine" not in own:
            compiler = _Compiler(self._names)
            rows = ((production, n) for production in self.productions for n in range(len(production.when)))
            own["engine"] = compiler.engine_class(rows, self._matcher, self._strategy)(), compiler.kinds
        engine: tuple[Any, Mapping[str, type]] = own["engine"]
        return engine


def _names_in(productions: Iterable[Production]) -> set[str]:
    """Everything that some rules read."""
    return {cell.name for p in productions for row in (*p.when, *p.unless) for cell in row}


def fired(rule: Production, facts: Facts) -> tuple[Firing, ...]:
    """The firings of a rule by the reading of its condition, without experta."""
    rows = (n for n, row in enumerate(rule.when) if Condition((row,), rule.unless).holds(facts))
    return tuple(_firing(rule, n, facts) for n in rows)


def _firing(production: Production, index: int, facts: Facts) -> Firing:
    read: dict[str, frozenset[str]] = {}
    for cell in production.when[index]:
        if not cell.absent:  # what was not chosen is no reason that can be quoted
            read[cell.name] = read.get(cell.name, frozenset()) | cell.options & facts[cell.name]
    return Firing(production.name, index, read)


def never_name(advice: Advice, index: int) -> str:
    """The name under which the engine knows a contraindication."""
    return f"{advice.id}/never/{index}"


def only_if_name(advice: Advice) -> str:
    """The name under which the engine knows that an advice's exclusions are ruled out."""
    return f"{advice.id}/only_if"


class Engine:
    """A rule base compiled: answers -> flags and signs -> causes to check -> advice.

    Negation reads only answers and the strata below, so the result does not depend on
    the order in which rules fire.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.answers = Stratum(answer_rules(rulebase))
        self.findings = Stratum(finding_rules(rulebase))
        self.advice = Stratum(advice_rules(rulebase))


def answer_rules(rulebase: RuleBase) -> list[Production]:
    """Red flags and signs: they read answers only."""
    entries = [*rulebase.red_flags.values(), *rulebase.signs.values()]
    return [Production(e.id, *e.condition) for e in entries]


def finding_rules(rulebase: RuleBase) -> list[Production]:
    """Causes of group "check": they read red flags."""
    causes = [c for c in rulebase.causes.values() if c.condition.when]
    return [Production(c.id, *c.condition) for c in causes]


def advice_rules(rulebase: RuleBase) -> list[Production]:
    """Advice with its contraindications, checks and notes: they read answers and all findings."""
    entries = [*rulebase.advice.values(), *rulebase.checks.values(), *rulebase.notes.values()]
    rules = [Production(e.id, *e.condition) for e in entries]
    for advice in rulebase.advice.values():
        rules += [Production(never_name(advice, n), never.when) for n, never in enumerate(advice.never)]
        if advice.only_if:
            rules.append(Production(only_if_name(advice), advice.only_if))
    return rules


def productions(rulebase: RuleBase) -> list[Production]:
    """Everything in a rule base that can fire."""
    return [*answer_rules(rulebase), *finding_rules(rulebase), *advice_rules(rulebase)]


def production_names(rulebase: RuleBase) -> list[str]:
    """The name of everything that can fire."""
    return [production.name for production in productions(rulebase)]
