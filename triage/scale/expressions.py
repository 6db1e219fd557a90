"""The rules as expressions over columns: what `assess` says of one case, said of every row of a frame.

A question is a column of numbers in which every option is a bit; 0 is "not answered". Each option, red flag, cause and
level gets a column of truths, and the one evaluator of conditions reads these. Later steps read columns of earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, reduce
from operator import and_, invert, or_

import polars as pl

from triage.knowledge import model
from triage.knowledge.conditions import Cell, Condition, Logic
from triage.knowledge.model import AFTER_FOLLOW_UPS, AFTER_URGENT, AT_ONCE, CAUSE, DISPOSITION, RED_FLAG, STRENGTHS
from triage.reasoning.projection import domain_of

# What is said of every row, after the columns that are carried through.
RESULT = (
    "disposition", "see_doctor", "pharmacist", "red_flags", "causes", "needs_checking", "checks", "missing", "pending",
    "rulebase",
)  # fmt: skip
PHARMACIST, NEEDS_CHECKING, MISSING, PENDING = "pharmacist", "needs_checking", "missing", "pending"
LISTS = ("red_flags", "causes", NEEDS_CHECKING, "checks", MISSING)
JOINS = ";"  # the items of a list in one cell
HASH_DIGITS = 12  # of the rule base, as elsewhere in results
# What a column of truths is about, besides questions and findings. `cause` is what rules read: fits, or needs checking.
SIGN, TO_COME, REACHED, SETTLED, LEVEL, SCORE = "sign", "to come", "reached", "settled", "level", "score"
PLACE, ANSWERED, BEYOND, COMPLETE = "place", "answered", "beyond", "complete"
BITS = 8  # truths that are turned into text together


def _joined(join: Callable[[pl.Expr, pl.Expr], pl.Expr], of_none: bool, some: Iterable[pl.Expr]) -> pl.Expr:
    """Joined as a tree: deep chains of expressions take long."""
    truths = list(some) or [pl.lit(of_none)]
    while len(truths) > 1:
        truths = [reduce(join, truths[n : n + 2]) for n in range(0, len(truths), 2)]
    return truths[0]


_any = partial(_joined, or_, False)
LOGIC = Logic[pl.Expr](partial(_joined, and_, True), _any, invert)


def about(kind: str, name: str = "") -> str:
    """The name of the column that says whether this holds; without a name: whether anything of the kind does."""
    return f"{kind}={name}"


def true(kind: str, name: str = "") -> pl.Expr:
    """That column."""
    return pl.col(about(kind, name))


def holds(cell: Cell) -> pl.Expr:
    """Where a cell of a rule holds."""
    return LOGIC.cell(cell, (true(cell.name, option) for option in cell.options), true(cell.name))


def fires(condition: Condition) -> pl.Expr:
    """Where a condition holds."""
    return LOGIC.condition(condition, holds)


class Rules:
    """A rule base as expressions. Threads may share one."""

    def __init__(self, rulebase: model.RuleBase) -> None:
        self.rulebase, domain = rulebase, domain_of(rulebase)
        self.options = {name: domain.options[name] for name in rulebase.questions}
        self._levels = rulebase.ladder
        self._flags = sorted(rulebase.red_flags.values(), key=lambda flag: rulebase.dispositions[flag.disposition].rank)
        levels = rulebase.dispositions.values()
        self._of = {level: [flag for flag in self._flags if flag.disposition == level.id] for level in levels}
        self._checking = [cause for cause in rulebase.causes.values() if cause.condition.when]
        named = {group for level in self._levels for group in level.causes}
        self._fitting = [cause for cause in rulebase.causes.values() if cause.signs and cause.group in named]
        self._checks = sorted(rulebase.checks.values(), key=lambda check: STRENGTHS.index(check.strength))
        first = (self._options(), self._of_answers(), self._reached(), self._open(), self._found())
        places = (self._place(nth) for nth in range(rulebase.ranking.shown_at_most))
        self._steps = [list(step) for step in (*first, *places, self._causes(), self._results())]

    def bits(self, question: str, chosen: Iterable[str]) -> int:
        """Options as a number of the question's column."""
        return sum(1 << self.options[question].index(option) for option in chosen)

    def judged(self, answers: pl.DataFrame) -> pl.DataFrame:
        """Columns of bits, one a question -> the columns of RESULT (lists as texts), and all that they are made of."""
        for step in self._steps:
            answers = answers.with_columns(step)
        return answers

    # --- the steps

    def _options(self) -> Iterator[pl.Expr]:
        for name, options in self.options.items():
            yield (pl.col(name) != 0).alias(about(name))
            yield from (((pl.col(name) & (1 << n)) != 0).alias(about(name, o)) for n, o in enumerate(options))

    def _of_answers(self) -> Iterator[pl.Expr]:
        for flag in self._flags:
            yield fires(flag.condition).alias(about(RED_FLAG, flag.id))
        for sign in self.rulebase.signs.values():
            yield fires(sign.condition).alias(about(SIGN, sign.id))
        for question in self.rulebase.questions.values():
            yield (~true(question.id) & fires(question.condition)).alias(about(TO_COME, question.id))
            if question.limits:
                yield self._beyond(question).alias(about(BEYOND, question.id))
        asked = (true(name) for name in self.options if not self.rulebase.questions[name].after)
        yield pl.sum_horizontal(answered.cast(pl.UInt8) for answered in asked).alias(ANSWERED)

    def _beyond(self, question: model.Question) -> pl.Expr:
        """Why a number goes beyond what the other answers allow; null where it does not."""
        why = pl.lit(None, pl.String)
        bands = self.rulebase.bands[question.id]
        for limit in reversed(question.limits):  # the first that holds counts
            over = [band for band in bands if not all(limit.allows(int(edge)) for edge in band.split("-"))]
            say = pl.when(_any(true(question.id, band) for band in over)).then(pl.lit(limit.say))
            why = pl.when(LOGIC.any_row(limit.when, holds)).then(say).otherwise(why)
        return why

    def _reached(self) -> Iterator[pl.Expr]:
        yield _any(true(RED_FLAG, flag.id) for flag in self._flags).alias(about(RED_FLAG))
        for level, flags in self._of.items():
            yield _any(true(RED_FLAG, flag.id) for flag in flags).alias(about(REACHED, level.id))
            yield _any(_unless_open(flag, TO_COME) for flag in flags).alias(about(SETTLED, level.id))

    def _at(self, level: model.Disposition, kind: str) -> pl.Expr:
        """Where a level is the most urgent one; the last is where no other is."""
        above = _any(true(kind, other.id) for other in self._levels if other.rank < level.rank)
        return ~above if level is self._levels[-1] else true(kind, level.id) & ~above

    def _open(self) -> Iterator[pl.Expr]:
        """The levels, and the questions still open, as `triage.conversation.interview.open_questions` finds them."""
        stopped, follows = (
            _any(self._at(level, SETTLED) for level in self._levels if level.stops == stops)
            for stops in (AT_ONCE, AFTER_FOLLOW_UPS)
        )
        for level in self._levels:
            yield self._at(level, REACHED).alias(about(LEVEL, level.id))
        missing = {}
        for q in self.rulebase.questions.values():
            asked = ~follows if q.after_urgent is None else ~follows | LOGIC.any_row(q.after_urgent, holds)
            wanted = true(TO_COME, q.id) & ~stopped & asked & pl.lit(not q.after)
            missing[q.id] = wanted & ~self._gives_way(q, follows)
        yield from (truth.alias(about(MISSING, name)) for name, truth in missing.items())
        yield (~_any(missing.values())).alias(COMPLETE)

    def _gives_way(self, question: model.Question, follows: pl.Expr) -> pl.Expr:
        """As `triage.conversation.interview.gives_way` has it."""
        if not question.yields:
            return pl.lit(False)
        most, later = self.rulebase.most_prompts, LOGIC.any_row(question.yields_unless, holds)
        is_long = pl.col(ANSWERED) >= pl.when(later).then(most).otherwise(most - 1)
        return is_long & follows if question.yields == AFTER_URGENT else is_long

    def _found(self) -> Iterator[pl.Expr]:
        """The level as far as it is known: while questions are open, "self-care" is not. And scores."""
        for level in self._levels:
            here = true(LEVEL, level.id)
            yield (here if level.see_doctor else here & pl.col(COMPLETE)).alias(about(DISPOSITION, level.id))
        doctor = _any(true(LEVEL, level.id) for level in self._levels if level.see_doctor)
        yield (doctor | pl.col(COMPLETE)).alias(about(DISPOSITION))
        yield from (self._score(cause, n).alias(about(SCORE, cause.id)) for n, cause in enumerate(self._fitting[::-1]))
        yield from (fires(cause.condition).alias(about(NEEDS_CHECKING, cause.id)) for cause in self._checking)

    def _score(self, cause: model.Cause, nth: int) -> pl.Expr:
        """A number of its own for a cause that fits, larger than those of causes behind it; null where it does not fit."""
        score = pl.sum_horizontal(true(SIGN, sign.id).cast(pl.Int16) * sign.weight for sign in cause.signs)
        speaks_for = _any(true(SIGN, sign.id) for sign in cause.signs if sign.weight > 0)
        may_be_named = _any(true(LEVEL, level.id) for level in self._levels if cause.group in level.causes)
        fits = speaks_for & may_be_named & (score >= self.rulebase.ranking.shown_from)
        return pl.when(fits).then(score * len(self._fitting) + nth)

    def _place(self, nth: int) -> Iterator[pl.Expr]:
        """The score of the cause that is named first, second, ...: the highest below that of the one before."""
        scores = [true(SCORE, cause.id) for cause in self._fitting]
        if nth:
            scores = [pl.when(score < true(PLACE, str(nth - 1))).then(score) for score in scores]
        yield pl.max_horizontal(scores).alias(about(PLACE, str(nth)))

    def _causes(self) -> Iterator[pl.Expr]:
        last = true(PLACE, str(self.rulebase.ranking.shown_at_most - 1)).fill_null(-(1 << 15))
        fitting = {cause.id: (true(SCORE, cause.id) >= last).fill_null(False) for cause in self._fitting}
        checking = {cause.id: true(NEEDS_CHECKING, cause.id) for cause in self._checking}
        found = {n: _any(kind[n] for kind in (fitting, checking) if n in kind) for n in self.rulebase.causes}
        yield from (here.alias(about(CAUSE, name)) for name, here in found.items())
        yield _any(found.values()).alias(about(CAUSE))

    def _shown(self, part: str) -> pl.Expr:
        return _any(true(LEVEL, level.id) for level in self._levels if part in level.shows)

    def _pending(self) -> pl.Expr:
        """Where the level rests on red flags alone that a missing answer can still take back."""
        sure = {level: _any(_unless_open(flag, MISSING) for flag in flags) for level, flags in self._of.items()}
        return _any(true(LEVEL, level.id) & ~sure[level] for level in self._levels if self._of[level])

    def _results(self) -> Iterator[pl.Expr]:
        known = [(true(DISPOSITION, level.id), level) for level in self._levels]
        beside = _any(true(REACHED, level.id) for level in self._of if level.beside)
        names = pl.Series([cause.id for cause in reversed(self._fitting)], dtype=pl.String)
        places = (true(PLACE, str(n)) % max(1, len(names)) for n in range(self.rulebase.ranking.shown_at_most))
        best = pl.concat_str([pl.lit(names).gather(place) for place in places], separator=JOINS, ignore_nulls=True)
        checks = {check.id: fires(check.condition) for check in self._checks}
        found = (
            pl.coalesce(pl.when(here).then(pl.lit(level.id)) for here, level in known),
            pl.coalesce(pl.when(here).then(pl.lit(level.see_doctor)) for here, level in known),
            beside & self._shown(PHARMACIST),
            _listed({flag.id: true(RED_FLAG, flag.id) for flag in self._flags}),
            pl.when(self._shown("causes")).then(best).otherwise(pl.lit("")),
            _listed({c.id: true(NEEDS_CHECKING, c.id) & self._shown(NEEDS_CHECKING) for c in self._checking}),
            _listed({name: holds & self._shown("checks") for name, holds in checks.items()}),
            _listed({name: true(MISSING, name) for name in self.options}),
            self._pending(),
            pl.lit(self.rulebase.sha256[:HASH_DIGITS]),
        )
        yield from (expression.alias(name) for name, expression in zip(RESULT, found, strict=True))


def _unless_open(flag: model.RedFlag, open_: str) -> pl.Expr:
    """Where a red flag is raised and no open question can take it back."""
    raised = true(RED_FLAG, flag.id)
    return raised & ~_any(true(open_, name) for name in flag.waits_for) if flag.waits_for else raised


def _listed(truths: Mapping[str, pl.Expr]) -> pl.Expr:
    """The names of what holds as one text, in their order: a text for each of the 256 ways in which eight can hold."""
    texts, names = [pl.lit("")], list(truths)
    for eight in (names[start : start + BITS] for start in range(0, len(names), BITS)):
        ways = ["".join(f"{JOINS}{name}" for n, name in enumerate(eight) if way >> n & 1) for way in range(1 << BITS)]
        way = pl.sum_horizontal(truths[name].cast(pl.UInt8) * (1 << n) for n, name in enumerate(eight))
        texts.append(pl.lit(pl.Series(ways)).gather(way))
    return pl.concat_str(texts).str.strip_prefix(JOINS)


def as_lists(judged: pl.DataFrame) -> pl.DataFrame:
    """The columns of RESULT, with lists as lists."""
    return judged.select(RESULT).with_columns(pl.col(LISTS).str.extract_all(f"[^{JOINS}]+"))
