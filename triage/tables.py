"""The rules as tables that experta fills: the same results, for many cases.

A rule reads few questions, and of each it tells only few answers apart (`triage.projection`).
So rules are put together in groups that see a bounded number of different cases, the *cells*.
Every cell is one run of the engine over the rules of its group; a case is then one look-up in
every table. Nothing is left out or rounded: a case and the cell it falls into make the same
conditions hold, so the same rules fire.

A case is coded as one number: a field of 16 bits for every table, which holds the number of its
cell. Every answer adds its part to the fields of the tables that read it, so coding a case is
adding up the numbers of its answers. What fires is kept as bits, one for every rule.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from triage.engine import Production, Stratum, advice_rules, answer_rules, finding_rules
from triage.grammar import CAUSE, DISPOSITION, RED_FLAG, as_facts
from triage.model import AFTER_FOLLOW_UPS, AT_ONCE, STRENGTHS, Answer, Answers, Cell, Disposition, Facts, Row, RuleBase
from triage.projection import Domain, Value, cases, domain_of, projection, size

CELLS = 100  # of one table: more cells make fewer tables, but many more runs of the engine
FIELD = 16  # bits of a cell's number
ASKED, AFTER = "asked/", "after urgent/"  # before the name of a question


class Outcome(NamedTuple):
    """What many cases are asked for: ids, in the order in which a result shows them."""

    disposition: Disposition
    pharmacist: bool
    red_flags: tuple[str, ...]
    causes: tuple[str, ...]
    needs_checking: tuple[str, ...]
    checks: tuple[str, ...]
    missing: tuple[str, ...]


class Size(NamedTuple):
    """How many tables there are, and how many cells they have together."""

    tables: int
    cells: int


class Axis(NamedTuple):
    """One name that a table reads: the conditions on it, and what their classes add to the number of a cell.

    A class is the bits of the conditions that hold.
    """

    conditions: tuple[Cell, ...]
    parts: Mapping[int, int]

    def part(self, options: frozenset[str]) -> int:
        """What this answer, or what was found, adds to the number of the cell."""
        facts = {self.conditions[0].name: options}
        return self.parts[_class(self.conditions, facts)]


@dataclass(frozen=True, slots=True)
class Table:
    """What fires in every case that its rules can tell apart: `fired[n]` are the names for cell n."""

    productions: tuple[Production, ...]
    values: Mapping[str, list[Value]]
    axes: Mapping[str, Axis]
    fired: tuple[frozenset[str], ...]

    def cell(self, facts: Facts) -> int:
        """The number of the cell into which a case falls."""
        return sum(axis.part(facts[name]) for name, axis in self.axes.items() if name in facts)


def fill(productions: Sequence[Production], domain: Domain) -> Table:
    """The table of some rules: one run of the engine for every cell."""
    productions = _joined(productions)
    values = _values(productions, domain)
    stratum = Stratum(productions)
    fired = tuple(frozenset(f.name for f in stratum.infer(facts)) for facts in cases(values))
    return Table(productions, values, _axes(productions, values), fired)


def group(productions: Iterable[Production], domain: Domain, most: int = CELLS) -> list[list[Production]]:
    """Rules in groups of at most `most` cells; one that alone has more is taken apart into its rows.

    A rule fires if one of its rows holds and no barrier does, so its rows may lie in different
    groups. Each goes where it adds the fewest cells, the widest first.
    """
    sized = [(_cells([one], domain), one) for one in _narrow(productions, domain, most)]
    groups: list[tuple[int, list[Production]]] = []
    for alone, one in sorted(sized, key=lambda pair: -pair[0]):
        joined = [(_cells([*others, one], domain), n) for n, (_, others) in enumerate(groups)]
        fitting = [(cells - groups[n][0], n) for cells, n in joined if cells <= max(most, groups[n][0])]
        if fitting:
            added, n = min(fitting)
            groups[n] = (groups[n][0] + added, [*groups[n][1], one])
        else:
            groups.append((alone, [one]))
    return [rules for _, rules in groups]


def _narrow(productions: Iterable[Production], domain: Domain, most: int) -> Iterator[Production]:
    for production in productions:
        if _cells([production], domain) <= most:
            yield production
        else:
            yield from (Production(production.name, (row,), production.unless) for row in production.when)


def _joined(productions: Iterable[Production]) -> tuple[Production, ...]:
    """Rows of one rule that ended up in one group as one rule again: the engine knows a rule by its name."""
    rules: dict[str, Production] = {}
    for one in productions:
        before = rules.get(one.name, Production(one.name, ()))
        rules[one.name] = Production(one.name, (*before.when, *one.when), one.unless)
    return tuple(rules.values())


def _rows(productions: Iterable[Production]) -> list[Row]:
    return [row for p in productions for row in (*p.when, *p.unless)]


def _values(productions: Iterable[Production], domain: Domain) -> dict[str, list[Value]]:
    """The classes of every name. An answer for which no condition holds is like none: nothing fires by it."""
    rows = _rows(productions)
    conditions = _conditions(rows)
    return {
        name: [value for value in values if not value or _class(conditions[name], {name: value})]
        for name, values in projection(rows, domain).items()
    }


def _cells(productions: Iterable[Production], domain: Domain) -> int:
    return size(_values(productions, domain))


def _conditions(rows: Iterable[Row]) -> dict[str, tuple[Cell, ...]]:
    found: dict[str, dict[Cell, None]] = {}
    for row in rows:
        for cell in row:
            found.setdefault(cell.name, {})[cell] = None
    return {name: tuple(cells) for name, cells in found.items()}


def _axes(productions: Iterable[Production], values: Mapping[str, list[Value]]) -> dict[str, Axis]:
    """The last name has its classes side by side, as `cases` goes through them."""
    conditions = _conditions(_rows(productions))
    axes: dict[str, Axis] = {}
    stride = 1
    for name in reversed(list(values)):
        parts = {_class(conditions[name], {name: value}): n * stride for n, value in enumerate(values[name])}
        axes[name] = Axis(conditions[name], parts)
        stride *= len(values[name])
    return axes


def _class(conditions: Iterable[Cell], facts: Facts) -> int:
    return sum(cell.holds(facts) << n for n, cell in enumerate(conditions))


class _Findings(NamedTuple):
    """How the findings of one kind lead into one table: each condition as the bits that it asks for."""

    shift: int
    conditions: tuple[tuple[int, bool], ...]
    parts: Mapping[int, int]

    def part(self, found: int) -> int:
        """What findings, as bits, add to the number of a case."""
        held = 0
        for n, (bits, every) in enumerate(self.conditions):
            if found & bits == bits if every else found & bits:
                held |= 1 << n
        return self.parts[held] << self.shift


class Layer:
    """The tables of rules that do not read each other's conclusions: one of the engine's strata.

    A case is a number with a field for every table, from the bit `start` up to the bit `end`.
    What fires is the bits of `names`, the first of them the lowest.
    """

    def __init__(self, productions: Sequence[Production], names: Iterable[str], world: _World, start: int) -> None:
        self.tables = tuple(fill(rules, world.domain) for rules in group(productions, world.domain, world.cells))
        self.start, self.end = start, start + FIELD * len(self.tables)
        bit = _bits(names)
        self._fired = [tuple(sum(bit[name] for name in names) for names in table.fired) for table in self.tables]
        self._field = (1 << FIELD * len(self.tables)) - 1
        self._numbers = struct.Struct(f"<{len(self.tables)}H")

    def part(self, name: str, options: frozenset[str]) -> int:
        """What an answer, or something found, adds to the number of a case."""
        return sum(axis.part(options) << shift for shift, axis in self._axes(name))

    def findings(self, name: str, bit: Mapping[str, int]) -> tuple[_Findings, ...]:
        """The same for findings that are bits already."""
        return tuple(
            _Findings(shift, tuple((sum(bit[o] for o in c.options), c.every) for c in axis.conditions), axis.parts)
            for shift, axis in self._axes(name)
        )

    def fired(self, case: int) -> int:
        """The bits of all rules that fire."""
        numbers = self._numbers.unpack((case >> self.start & self._field).to_bytes(self._numbers.size, "little"))
        fired = 0
        for cells, number in zip(self._fired, numbers, strict=True):
            fired |= cells[number]
        return fired

    def _axes(self, name: str) -> Iterator[tuple[int, Axis]]:
        for n, table in enumerate(self.tables):
            if name in table.axes:
                yield self.start + FIELD * n, table.axes[name]


class _World(NamedTuple):
    """What can be answered or found, and how many cells a table may have."""

    domain: Domain
    cells: int


class _Level(NamedTuple):
    """A level of the ladder as bits: the red flags that reach it, the causes that it may name, what it adds to a case."""

    level: Disposition
    flags: int
    causes: frozenset[int]
    part: int


class Tables:
    """All tables of a rule base, and what they say of a case. Safe to use from many threads.

    When a question is asked stands in the tables, too: it is a condition like that of a rule.
    """

    def __init__(self, rulebase: RuleBase, cells: int = CELLS) -> None:
        self.rulebase = rulebase
        world = _World(domain_of(rulebase), cells)
        self._flags = _in_order_of_urgency(rulebase)
        self._signs, self._causes, self._questions = rulebase.signs, tuple(rulebase.causes), tuple(rulebase.questions)
        self._checks = [c.id for strength in STRENGTHS for c in rulebase.checks.values() if c.strength == strength]
        asked = [Production(f"{ASKED}{q.id}", q.ask_when) for q in rulebase.questions.values() if q.ask_when]
        after = [Production(f"{AFTER}{q.id}", q.after_urgent) for q in rulebase.questions.values() if q.after_urgent]
        names = [*self._flags, *self._signs, *(kind + name for kind in (ASKED, AFTER) for name in self._questions)]
        self.answers = Layer([*answer_rules(rulebase), *asked, *after], names, world, 0)
        self.findings = Layer(finding_rules(rulebase), self._causes, world, self.answers.end)
        checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
        self.advice = Layer(checks, self._checks, world, self.findings.end)
        self._prepare()

    def _prepare(self) -> None:
        rulebase, flag = self.rulebase, _bits(self._flags)
        question, cause = _bits(self._questions), _bits(self._causes)
        self._answered = {name: bit << self.advice.end for name, bit in question.items()}
        self._always = sum(question[q.id] for q in rulebase.questions.values() if q.ask_when is None)
        self._waiting = tuple(
            (flag[f.id], sum(question[name] for name in f.waits_for))
            for f in rulebase.red_flags.values()
            if f.waits_for
        )
        self._levels = tuple(self._as_bits(level, flag) for level in rulebase.ladder)
        self._beside = sum(bit for name, bit in flag.items() if _level_of(rulebase, name).beside)
        numbers = {name: n for n, name in enumerate(self._causes)}
        self._weights = tuple((numbers[sign.cause], sign.weight) for sign in self._signs.values())
        self._by_flags = tuple(f for layer in self.layers[1:] for f in layer.findings(RED_FLAG, flag))
        self._by_causes = self.advice.findings(CAUSE, cause)

    def _as_bits(self, level: Disposition, flag: Mapping[str, int]) -> _Level:
        reached_by = sum(bit for name, bit in flag.items() if _level_of(self.rulebase, name).id == level.id)
        causes = [n for n, cause in enumerate(self.rulebase.causes.values()) if cause.group in level.causes]
        part = sum(layer.part(DISPOSITION, frozenset([level.id])) for layer in self.layers)
        return _Level(level, reached_by, frozenset(causes), part)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Answers; causes to check; what is told."""
        return self.answers, self.findings, self.advice

    @property
    def size(self) -> Size:
        """What there is to keep in memory."""
        cells = [len(table.fired) for layer in self.layers for table in layer.tables]
        return Size(len(cells), sum(cells))

    def part(self, question: str, answer: Answer) -> int:
        """What one answer adds to the number of a case."""
        options = as_facts({question: answer}, self.rulebase.bands)[question]
        return self._answered[question] + sum(layer.part(question, options) for layer in self.layers)

    def case(self, answers: Answers) -> int:
        """The number of a case."""
        return sum(self.part(name, answer) for name, answer in answers.items())

    def outcome(self, case: int) -> Outcome:
        """What follows from a case: what `triage.assessment.assess` says of its answers."""
        fired = self.answers.fired(case)
        flags = fired & (1 << len(self._flags)) - 1
        found = self._level(flags)
        level = found.level
        missing = self._missing(case, fired)
        causes = self._ranked(fired >> len(self._flags), found.causes)
        known = case + sum(finding.part(flags) for finding in self._by_flags)
        if level.see_doctor or not missing:  # while questions are open, "self-care" is not known
            known += found.part
        checking = self.findings.fired(known)
        named = checking | sum(1 << n for n in causes if not checking >> n & 1)
        known += sum(finding.part(named) for finding in self._by_causes)
        shows = level.shows
        return Outcome(
            level,
            "pharmacist" in shows and bool(flags & self._beside),
            tuple(_ids(flags, self._flags)),
            tuple(self._causes[n] for n in causes) if "causes" in shows else (),
            tuple(_ids(checking, self._causes)) if "needs_checking" in shows else (),
            tuple(_ids(self.advice.fired(known), self._checks)) if "checks" in shows else (),
            tuple(_ids(missing, self._questions)),
        )

    def _level(self, flags: int) -> _Level:
        for level in self._levels:
            if flags & level.flags:
                return level
        return self._levels[-1]

    def _ranked(self, signs: int, may_be_named: frozenset[int]) -> list[int]:
        """The causes that are named, best first, as `triage.assessment.rank_causes` ranks them."""
        scores: dict[int, int] = {}
        fits = set()
        signs &= (1 << len(self._weights)) - 1
        while signs:
            low = signs & -signs
            signs ^= low
            cause, weight = self._weights[low.bit_length() - 1]
            scores[cause] = scores.get(cause, 0) + weight
            if weight > 0:
                fits.add(cause)
        ranking = self.rulebase.ranking
        shown = [c for c in sorted(fits & may_be_named) if scores[c] >= ranking.shown_from]
        return sorted(shown, key=lambda c: -scores[c])[: ranking.shown_at_most]

    def _missing(self, case: int, fired: int) -> int:
        """The questions still open, as `triage.interview.open_questions` finds them."""
        asked = fired >> len(self._flags) + len(self._weights)
        still = ~(case >> self.advice.end) & (1 << len(self._questions)) - 1
        to_come = (asked | self._always) & still
        for flag, waits_for in self._waiting:
            if waits_for & to_come:
                fired &= ~flag
        stops = self._level(fired).level.stops
        if stops == AT_ONCE:
            return 0
        return asked >> len(self._questions) & still if stops == AFTER_FOLLOW_UPS else to_come


def _level_of(rulebase: RuleBase, flag: str) -> Disposition:
    return rulebase.dispositions[rulebase.red_flags[flag].disposition]


def _in_order_of_urgency(rulebase: RuleBase) -> tuple[str, ...]:
    return tuple(sorted(rulebase.red_flags, key=lambda name: _level_of(rulebase, name).rank))


def _bits(names: Iterable[str]) -> dict[str, int]:
    return {name: 1 << n for n, name in enumerate(names)}


def _ids(bits: int, names: Sequence[str]) -> Iterator[str]:
    """The names of the bits that are set, the lowest first."""
    while bits:
        low = bits & -bits
        yield names[low.bit_length() - 1]
        bits ^= low
