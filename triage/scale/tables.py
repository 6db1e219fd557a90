"""The rules as tables that experta fills: the same results, for many cases.

A rule reads few questions, and of each it tells only few answers apart (`triage.reasoning.projection`).
So rules are put together in groups that see a bounded number of different cases, the *cells*; a rule
that alone sees too many is taken apart. Every cell is one run of the engine over the rules of its group.
Nothing is left out or rounded: a case and the cell it falls into make the same conditions hold, so the
same rules fire.

Thousands of cases are judged at once, as sets of rows (`triage.scale.rowsets`): the rows of a cell are those
that are in all its classes, and the rows of a rule those of all cells in which it fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from math import prod
from operator import and_
from typing import Any, NamedTuple, TypeVar

from triage.knowledge.conditions import Cell, Facts, Logic, Row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    ALWAYS,
    AT_ONCE,
    CAUSE,
    DISPOSITION,
    RED_FLAG,
    STRENGTHS,
    Answers,
    Disposition,
    RuleBase,
)
from triage.reasoning.engine import Production, Stratum, advice_rules, answer_rules, finding_rules
from triage.reasoning.projection import Domain, Value, cases, domain_of, values_apart
from triage.reasoning.results import Assessment
from triage.scale.rowsets import Column, RowSet, every, logic, numbered, together, union, with_names

CELLS = 8  # of one table: more make fewer tables, but more runs of the engine, and no case is judged faster
ASKED, AFTER, LATER = "asked/", "after urgent/", "yields later/"  # before the name of a question

T = TypeVar("T")
# The rows of each option of a question, or of each thing found of a kind.
Known = Mapping[str, Mapping[str, RowSet]]
# The rows in which something fires.
Fired = Mapping[str, RowSet]


class RowOutcome(NamedTuple):
    """What many cases are asked for: ids, in the order in which a result shows them."""

    disposition: Disposition
    pharmacist: bool
    red_flags: tuple[str, ...]
    causes: tuple[str, ...]
    needs_checking: tuple[str, ...]
    checks: tuple[str, ...]
    missing: tuple[str, ...]
    pending: bool  # the level rests on red flags that a missing answer can still take back

    @classmethod
    def of(cls, rulebase: RuleBase, found: Assessment) -> RowOutcome:
        """The same of an assessment; the level as it is written, in no voice."""
        return cls(
            rulebase.dispositions[found.disposition.id],
            found.pharmacist is not None,
            tuple(f.flag.id for f in found.red_flags),
            tuple(c.cause.id for c in found.causes),
            tuple(c.cause.id for c in found.needs_checking),
            tuple(c.id for c in found.checks),
            found.missing,
            found.may_be_explained,
        )

    @property
    def known(self) -> Disposition | None:
        """The level; None where questions are open and nothing so far asks for a doctor: that is not "self-care"."""
        return self.disposition if self.disposition.see_doctor or not self.missing else None


class Size(NamedTuple):
    """How many tables there are, and how many cells they have together."""

    tables: int
    cells: int


@dataclass(frozen=True, slots=True)
class Rows:
    """So many answer sets, as the rows of every option of every question."""

    count: int
    answers: Known


class Axis(NamedTuple):
    """One name that a table reads: the conditions on it, and the classes that they tell apart, in order.

    A class is the bits of the conditions that hold.
    """

    conditions: tuple[Cell, ...]
    classes: tuple[int, ...]

    def rows(self, options: Mapping[str, RowSet], rows: Logic[RowSet]) -> list[RowSet]:
        """The rows of every class."""
        held = [holding(cell, options, rows) for cell in self.conditions]
        return [
            rows.all_of(here if one >> n & 1 else rows.negated(here) for n, here in enumerate(held))
            for one in self.classes
        ]


def holding(cell: Cell, options: Mapping[str, RowSet], rows: Logic[RowSet]) -> RowSet:
    """The rows in which a cell holds, where `options` are the rows of each option."""
    return rows.cell(cell, (options.get(option, 0) for option in cell.options), union(options.values()))


@dataclass(frozen=True, slots=True)
class RuleTable:
    """What fires in every case that its rules can tell apart: `fired[n]` are the names for cell n."""

    productions: tuple[Production, ...]
    values: Mapping[str, list[Value]]
    axes: Mapping[str, Axis]
    fired: tuple[frozenset[str], ...]

    def cells(self, known: Known, everyone: RowSet) -> list[RowSet]:
        """The rows that fall into each cell."""
        found = [everyone]
        for name, axis in self.axes.items():
            classes = axis.rows(known.get(name, {}), logic(everyone))
            found = [rows & one for rows in found for one in classes]
        return found


def fill(productions: Sequence[Production], domain: Domain) -> RuleTable:
    """The table of some rules: one run of the engine for every cell."""
    values = _values(productions, domain)
    stratum = Stratum(productions)
    fired = tuple(frozenset(f.name for f in stratum.infer(facts)) for facts in cases(values))
    return RuleTable(tuple(productions), values, _axes(productions, values), fired)


def parts(production: Production, counted: Counted, most: int) -> list[list[Production]]:
    """A rule taken apart if it has more than `most` cells: it fires where all parts of one of these lists do.

    First into its rows: it fires by any of them. A row that alone has too many, into one part for
    each barrier: no barrier holds where none of them holds alone.
    """
    if counted.cells(_read([production])) <= most:
        return [[production]]
    rows = [
        Production(f"{production.name}/row {n}", (row,), production.unless) for n, row in enumerate(production.when)
    ]
    return [[row] if counted.cells(_read([row])) <= most else _by_barrier(row) for row in rows]


def _by_barrier(row: Production) -> list[Production]:
    alone = [Production(f"{row.name}/unless {n}", row.when, (one,)) for n, one in enumerate(row.unless)]
    return alone or [row]


def group(productions: Iterable[Production], counted: Counted, most: int = CELLS) -> list[list[Production]]:
    """Rules in groups of at most `most` cells; where one alone has more, only those join it that add none.

    Each goes where it adds the fewest cells, the widest first.
    """
    reading = [(_read([one]), one) for one in productions]
    groups: list[tuple[int, _Reads, list[Production]]] = []
    for own, one in sorted(reading, key=lambda pair: -counted.cells(pair[0])):
        grown = [(counted.joint(cells, reads, own) - cells, n) for n, (cells, reads, _) in enumerate(groups)]
        fitting = [(more, n) for more, n in grown if not more or groups[n][0] + more <= most]
        if fitting:
            more, n = min(fitting)
            cells, reads, rules = groups[n]
            groups[n] = (cells + more, _joint(reads, own), [*rules, one])
        else:
            groups.append((counted.cells(own), own, [one]))
    return [rules for _, _, rules in groups]


# The conditions on each name that rules read.
_Reads = Mapping[str, frozenset[Cell]]


def _read(productions: Iterable[Production]) -> _Reads:
    return {name: frozenset(cells) for name, cells in _conditions(_rows(productions)).items()}


def _joint(one: _Reads, other: _Reads) -> _Reads:
    return {**one, **{name: cells | one.get(name, frozenset()) for name, cells in other.items()}}


class Counted:
    """How many cells rules have. What conditions on a name can tell apart is found once."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._found: dict[tuple[str, frozenset[Cell]], int] = {}

    def cells(self, reads: _Reads) -> int:
        return prod(self._classes(name, cells) for name, cells in reads.items())

    def joint(self, cells: int, reads: _Reads, own: _Reads) -> int:
        """Of rules with so many cells, once others join: only names that these read can change it."""
        for name, conditions in own.items():
            there = reads.get(name, frozenset())
            if not conditions <= there:
                cells = cells // self._classes(name, there) * self._classes(name, there | conditions)
        return cells

    def _classes(self, name: str, cells: frozenset[Cell]) -> int:
        if (name, cells) not in self._found:
            self._found[name, cells] = len(_classes(name, tuple(cells), self._domain))
        return self._found[name, cells]


def _rows(productions: Iterable[Production]) -> list[Row]:
    return [row for p in productions for row in (*p.when, *p.unless)]


def _values(productions: Iterable[Production], domain: Domain) -> dict[str, list[Value]]:
    """The classes of every name, names in order."""
    conditions = _conditions(_rows(productions))
    return {name: _classes(name, conditions[name], domain) for name in sorted(conditions)}


def _classes(name: str, conditions: tuple[Cell, ...], domain: Domain) -> list[Value]:
    """A value for each class. An answer for which no condition holds is like none: nothing fires by it."""
    values = values_apart(name, conditions, domain)
    return [value for value in values if not value or _class(conditions, {name: value})]


def _conditions(rows: Iterable[Row]) -> dict[str, tuple[Cell, ...]]:
    found: dict[str, dict[Cell, None]] = {}
    for row in rows:
        for cell in row:
            found.setdefault(cell.name, {})[cell] = None
    return {name: tuple(cells) for name, cells in found.items()}


def _axes(productions: Iterable[Production], values: Mapping[str, list[Value]]) -> dict[str, Axis]:
    """The classes of each name, as `cases` goes through them."""
    conditions = _conditions(_rows(productions))
    return {
        name: Axis(conditions[name], tuple(_class(conditions[name], {name: value} if value else {}) for value in those))
        for name, those in values.items()
    }


def _class(conditions: Iterable[Cell], facts: Facts) -> int:
    return sum(cell.holds(facts) << n for n, cell in enumerate(conditions))


class Layer:
    """The tables of rules that do not read each other's conclusions: one of the engine's strata."""

    def __init__(self, productions: Iterable[Production], domain: Domain, cells: int) -> None:
        counted = Counted(domain)
        apart = {rule.name: parts(rule, counted, cells) for rule in productions}
        narrow = chain.from_iterable(chain.from_iterable(apart.values()))
        self.tables = tuple(fill(rules, domain) for rules in group(narrow, counted, cells))
        self._parts = {name: [[part.name for part in row] for row in rows] for name, rows in apart.items()}

    def fired(self, known: Known, everyone: RowSet) -> dict[str, RowSet]:
        """The rows in which each rule fires."""
        found = self._fired(known, everyone)
        return {
            name: union(reduce(and_, (found.get(part, 0) for part in row)) for row in rows)
            for name, rows in self._parts.items()
        }

    def _fired(self, known: Known, everyone: RowSet) -> dict[str, RowSet]:
        found: dict[str, RowSet] = {}
        for table in self.tables:
            alike: dict[frozenset[str], RowSet] = {}
            for names, rows in zip(table.fired, table.cells(known, everyone), strict=True):
                if rows:
                    alike[names] = alike.get(names, 0) | rows
            for names, rows in alike.items():
                for name in names:
                    found[name] = found.get(name, 0) | rows
        return found


class Tables:
    """All tables of a rule base, and what they say of many cases. Safe to use from many threads.

    When a question is asked stands in the tables, too: it is a condition like that of a rule.
    """

    def __init__(self, rulebase: RuleBase, cells: int = CELLS) -> None:
        self.rulebase = rulebase
        domain, questions = domain_of(rulebase), rulebase.questions.values()
        asked = [Production(f"{ASKED}{q.id}", q.condition.when, q.ask_unless) for q in questions if q.ask_when]
        after = [Production(f"{AFTER}{q.id}", q.after_urgent) for q in questions if q.after_urgent]
        later = [Production(f"{LATER}{q.id}", q.yields_unless) for q in questions if q.yields_unless]
        self.answers = Layer([*answer_rules(rulebase), *asked, *after, *later], domain, cells)
        self.findings = Layer(finding_rules(rulebase), domain, cells)
        checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
        self.advice = Layer(checks, domain, cells)
        self._flags = sorted(rulebase.red_flags, key=lambda name: self._level_of(name).rank)
        self._checks = [c.id for strength in STRENGTHS for c in rulebase.checks.values() if c.strength == strength]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Answers; causes to check; what is told."""
        return self.answers, self.findings, self.advice

    @property
    def size(self) -> Size:
        """What there is to keep in memory."""
        cells = [len(table.fired) for layer in self.layers for table in layer.tables]
        return Size(len(cells), sum(cells))

    def rows(self, sets: Sequence[Answers]) -> Rows:
        """Answer sets as rows."""
        facts = [as_facts(answers, self.rulebase.bands) for answers in sets]
        columns = {name: [one.get(name, frozenset()) for one in facts] for name in self.rulebase.questions}
        known = {name: with_names(numbered(column)) for name, column in columns.items()}
        return Rows(len(sets), known)

    def outcomes(self, rows: Rows) -> Column[RowOutcome]:
        """What follows for every row: what `triage.reasoning.assessment.assess` says of its answers."""
        everyone = every(rows.count)
        fired = self.answers.fired(rows.answers, everyone)
        levels = self._levels(fired, everyone)
        missing = self._missing(rows, fired, everyone)
        complete = everyone & ~union(missing.values())
        known = {
            **rows.answers,
            RED_FLAG: {name: fired[name] for name in self._flags},
            # while questions are open, "self-care" is not known
            DISPOSITION: {level.id: here if level.see_doctor else here & complete for level, here in levels},
        }
        fired_causes = self.findings.fired(known, everyone)
        checking = {cause: fired_causes.get(cause, 0) for cause in self.rulebase.causes}
        places = self._places(fired, levels)
        named = {cause: here | union(place.get(cause, 0) for place in places) for cause, here in checking.items()}
        checks = self.advice.fired({**known, CAUSE: named}, everyone)
        beside = union(fired[name] for name in self._flags if self._level_of(name).beside)

        def shown(part: str, sets: Iterable[tuple[T, RowSet]]) -> Iterator[tuple[T, RowSet]]:
            rows_shown = union(here for level, here in levels if part in level.shows)
            return ((value, here & rows_shown) for value, here in sets)

        fields: list[Iterable[tuple[Any, RowSet]]] = [
            levels,
            shown("pharmacist", [(True, beside)]),
            known[RED_FLAG].items(),
            shown("causes", chain.from_iterable(place.items() for place in places)),
            shown("needs_checking", checking.items()),
            shown("checks", ((name, checks[name]) for name in self._checks)),
            missing.items(),
            [(True, self._unsure(fired, missing, levels))],
        ]
        tagged = (((n, value), here) for n, field in enumerate(fields) for value, here in field)
        return together(tagged, rows.count).mapped(_outcome)

    def _level_of(self, flag: str) -> Disposition:
        return self.rulebase.dispositions[self.rulebase.red_flags[flag].disposition]

    def _levels(self, fired: Fired, everyone: RowSet) -> list[tuple[Disposition, RowSet]]:
        """The rows of every level: each row is in the most urgent one that a red flag of it reaches."""
        *reached, last = self.rulebase.ladder
        left, levels = everyone, []
        for level in reached:
            here = left & union(fired[name] for name in self._flags if self._level_of(name).id == level.id)
            levels.append((level, here))
            left &= ~here
        return [*levels, (last, left)]

    def _missing(self, rows: Rows, fired: Fired, everyone: RowSet) -> dict[str, RowSet]:
        """The questions still open, as `triage.conversation.interview.open_questions` finds them."""
        open_ = {name: everyone & ~union(rows.answers.get(name, {}).values()) for name in self.rulebase.questions}
        to_come = {name: here & fired.get(f"{ASKED}{name}", everyone) for name, here in open_.items()}
        sure = dict(fired)
        for flag in self.rulebase.red_flags.values():
            sure[flag.id] &= ~union(to_come[name] for name in flag.waits_for)
        stops = {AT_ONCE: 0, AFTER_FOLLOW_UPS: 0}
        for level, here in self._levels(sure, everyone):
            if level.stops in stops:
                stops[level.stops] |= here
        goes_on, follows = everyone & ~union(stops.values()), stops[AFTER_FOLLOW_UPS]
        many = self._many_answered(rows, everyone)

        def yielding(name: str) -> RowSet:
            """The rows in which a question gives way: the interview is long enough."""
            question = self.rulebase.questions[name]
            if not question.yields:
                return 0
            later = fired.get(f"{LATER}{name}", 0)
            long = many[1] | many[0] & ~later
            return long if question.yields == ALWAYS else long & follows

        return {
            name: (here & goes_on | here & follows & fired.get(f"{AFTER}{name}", 0)) & ~yielding(name)
            for name, here in to_come.items()
        }

    def _many_answered(self, rows: Rows, everyone: RowSet) -> tuple[RowSet, RowSet]:
        """The rows with answers to all but one of the most prompts, and to all of them (or more)."""
        most = self.rulebase.most_prompts
        reached = [everyone] + [0] * most  # reached[n]: rows with n answers or more
        for name in self.rulebase.questions:
            here = union(rows.answers.get(name, {}).values())
            for n in range(most, 0, -1):
                reached[n] |= reached[n - 1] & here
        return reached[most - 1], reached[most]

    def _unsure(
        self, fired: Fired, missing: Mapping[str, RowSet], levels: Iterable[tuple[Disposition, RowSet]]
    ) -> RowSet:
        """The rows whose level rests on red flags alone that a missing answer can still take back."""
        unsure = 0
        for level, here in levels:
            flags = [f for f in self.rulebase.red_flags.values() if f.disposition == level.id]
            sure = union(fired[f.id] & ~union(missing[name] for name in f.waits_for) for f in flags)
            unsure |= here & ~sure if flags else 0
        return unsure

    def _places(self, fired: Fired, levels: Iterable[tuple[Disposition, RowSet]]) -> list[dict[str, RowSet]]:
        """The rows of the causes that are named first, second ..., as `triage.reasoning.assessment.rank_causes` ranks them."""
        ranking = self.rulebase.ranking
        scored = [(score, c, here) for c in self.rulebase.causes for score, here in self._scores(c, fired, levels)]
        places: list[dict[str, RowSet]] = [{} for _ in range(ranking.shown_at_most)]
        taken = [0] * ranking.shown_at_most
        for score, cause, those in sorted(scored, key=lambda one: -one[0]):
            if score < ranking.shown_from:
                break
            left = those
            for n, place in enumerate(places):
                here = left & ~taken[n]
                left ^= here
                taken[n] |= here
                place[cause] = place.get(cause, 0) | here
        return places

    def _scores(
        self, cause: str, fired: Fired, levels: Iterable[tuple[Disposition, RowSet]]
    ) -> Iterable[tuple[int, RowSet]]:
        """The rows of each score of a cause, where a sign speaks for it and the level may name it."""
        one = self.rulebase.causes[cause]
        may_be_named = union(here for level, here in levels if one.group in level.causes)
        scores = {0: may_be_named & union(fired[sign.id] for sign in one.signs if sign.weight > 0)}
        for sign in one.signs:
            with_it: dict[int, RowSet] = {}
            for score, here in scores.items():
                for reached, part in ((score + sign.weight, here & fired[sign.id]), (score, here & ~fired[sign.id])):
                    with_it[reached] = with_it.get(reached, 0) | part
            scores = {score: here for score, here in with_it.items() if here}
        return scores.items()


def _outcome(found: Iterable[tuple[int, Any]]) -> RowOutcome:
    """An outcome of values, each with the number of its field."""
    fields: tuple[list[Any], ...] = ([], [], [], [], [], [], [], [])
    for n, value in found:
        fields[n].append(value)
    [level], pharmacist, *named, pending = fields
    flags, causes, checking, checks, missing = map(tuple, named)
    return RowOutcome(level, bool(pharmacist), flags, causes, checking, checks, missing, bool(pending))
