"""The forward-chaining engine: the rule base as experta rules. The only module that imports experta.

experta 1.9.4 has faults that its public extension points (`__strategy__`,
`__matcher__`) let us avoid; each has a regression test in tests/test_engine.py:

- its stock strategy fires rules whose NOT has become false, and in an order that
  changes with the addresses of functions. `TotalOrder` takes out what was
  withdrawn, and orders the rest by name;
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
from collections import defaultdict
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


# What fired, in that order: the name of each rule, and the options that made its rows hold.
Fired = Mapping[str, Facts]


class TotalOrder(Strategy):  # type: ignore[misc]
    """Fires in the order of the rules' names: the same in every process. A rule waits once, as there is one fact of a type."""

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        waiting = {activation.rule.__name__: activation for activation in agenda.activations}
        for activation in removed:
            waiting.pop(activation.rule.__name__, None)
        waiting |= {activation.rule.__name__: activation for activation in added}
        # The agenda fires from its end, so the first name comes last.
        agenda.activations = [waiting[name] for name in sorted(waiting, reverse=True)]


_Apart = tuple[Any, tuple[type, ...], frozenset[int], tuple[frozenset[int], ...]]
"""A rule, the facts that it wants, by which patterns, and the patterns of each row that bars it."""


class SetMatcher(Matcher):  # type: ignore[misc]
    """Matches rules made of patterns with one field each, one fact of each type, and NOT(AND(...)).

    Every pattern has a number. Those that hold are found first; then a rule is a question of sets.
    """

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self._numbers: dict[int, int] = {}  # by the id of a pattern
        self._tests = defaultdict[type, list[tuple[int, Callable[[Any], bool]]]](list)  # by the type of the fact
        self._rules = defaultdict[int, list[_Apart]](list)  # by the first pattern that they want
        for rule in engine.get_rules():
            patterns = tuple(c for c in rule if not isinstance(c, experta.NOT)) or (_INITIAL,)
            wanted = tuple(map(self._number, patterns))
            barred = tuple(frozenset(map(self._number, c[0])) for c in rule if isinstance(c, experta.NOT))
            self._rules[wanted[0]].append((rule, tuple(map(type, patterns)), frozenset(wanted), barred))
        self.reset()

    def _number(self, pattern: Any) -> int:
        if id(pattern) not in self._numbers:
            self._numbers[id(pattern)] = len(self._numbers)
            test = pattern[OPTIONS].match if OPTIONS in pattern else lambda _: True
            self._tests[type(pattern)].append((self._numbers[id(pattern)], test))
        return self._numbers[id(pattern)]

    def reset(self) -> None:
        self._memory: dict[type, Any] = {}
        self._active: dict[str, Any] = {}

    def changes(self, adding: Any = None, deleting: Any = None) -> tuple[list[Any], list[Any]]:
        """Activations that the given facts bring and take away."""
        if not adding and not deleting:  # after most firings
            return [], []
        for fact in deleting or ():
            self._memory.pop(type(fact), None)
        self._memory |= {type(fact): fact for fact in adding or ()}
        before, self._active = self._active, self._activations()
        return _not_in(before, self._active), _not_in(self._active, before)

    def _activations(self) -> dict[str, Any]:
        """Every rule that holds, by its name."""
        held = {
            number
            for kind, fact in self._memory.items()
            for number, test in self._tests.get(kind, ())
            if test(fact.get(OPTIONS))
        }
        return {
            rule.__name__: Activation(rule, (self._memory[kind] for kind in kinds))
            for first in held
            for rule, kinds, wanted, barred in self._rules.get(first, ())
            if wanted <= held and not any(row <= held for row in barred)
        }


def _not_in(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Any]:
    """The activations of now that were not there before, or rested on other facts."""
    return [one for name, one in now.items() if name not in before or before[name].facts != one.facts]


_INITIAL = experta.InitialFact()


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
        rows = (row for rule in self.productions for row in (*rule.when, *rule.unless))
        self._names = {cell.name for row in rows for cell in row}
        self._own = threading.local()

    def infer(self, facts: Facts) -> Fired:
        """What fires on `facts`, in firing order. Facts that no rule reads are left out.

        What a thread asked last is remembered: an interview asks the same several times for one page.
        """
        own = self._own.__dict__
        if "last" in own and own["last"][0] == facts:
            last: Fired = own["last"][1]
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
        found = _reasons(engine.fired, facts)
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


def fired(rule: Production, facts: Facts) -> Fired:
    """What a rule makes of facts by the reading of its condition, without experta."""
    rows = (n for n, row in enumerate(rule.when) if Condition((row,), rule.unless).holds(facts))
    return _reasons(((rule, n) for n in rows), facts)


def _reasons(rows: Iterable[_NamedRow], facts: Facts) -> Fired:
    reasons: dict[str, dict[str, frozenset[str]]] = {}
    for production, index in rows:
        read = reasons.setdefault(production.name, {})
        for cell in production.when[index]:
            if not cell.absent:  # what was not chosen is no reason that can be quoted
                read[cell.name] = read.get(cell.name, frozenset()) | cell.options & facts[cell.name]
    return dict(reasons)


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
