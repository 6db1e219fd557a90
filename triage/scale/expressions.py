"""The rules as expressions over columns: what `assess` says of one case, said of every row of a frame.

A question is a column of numbers in which every option is a bit; 0 is "not answered". Each option, red flag, cause and
level gets a column of truths, and the one evaluator of conditions reads these. Later steps read columns of earlier ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from operator import and_, invert, or_

import polars as pl

from triage.knowledge.conditions import Cell, Condition, Logic
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    AFTER_URGENT,
    AT_ONCE,
    CAUSE,
    DISPOSITION,
    RED_FLAG,
    STRENGTHS,
    Cause,
    Disposition,
    Question,
    RedFlag,
    RuleBase,
)
from triage.reasoning.projection import domain_of
from triage.scale.plan import HASH_DIGITS, JOINS, LISTS, MISSING, NEEDS_CHECKING, NOT_KNOWN, PENDING, PHARMACIST, RESULT

# What a column of truths is about, besides questions and findings. `cause` is what rules read: fits, or needs checking.
SIGN, TO_COME, REACHED, SETTLED, LEVEL, CHECK, FITS = "sign", "to come", "reached", "settled", "level", "check", "fits"
SCORE, PLACE, ANSWERED, BEYOND, COMPLETE = "score", "place", "answered", "beyond", "complete"
BITS = 8  # truths that are turned into text together


def _all(truths: Iterable[pl.Expr]) -> pl.Expr:
    return _joined(list(truths), and_, True)


def _any(truths: Iterable[pl.Expr]) -> pl.Expr:
    return _joined(list(truths), or_, False)


def _joined(truths: list[pl.Expr], join: Callable[[pl.Expr, pl.Expr], pl.Expr], of_none: bool) -> pl.Expr:
    """Joined as a tree: deep chains of expressions take long."""
    if not truths:
        return pl.lit(of_none)
    while len(truths) > 1:
        truths = [reduce(join, truths[n : n + 2]) for n in range(0, len(truths), 2)]
    return truths[0]


LOGIC = Logic[pl.Expr](_all, _any, invert)


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


def truths(name: str, options: Sequence[str]) -> Iterator[pl.Expr]:
    """A column for each option of a question, made of its bits."""
    yield (pl.col(name) != 0).alias(about(name))
    yield from (((pl.col(name) & (1 << n)) != 0).alias(about(name, option)) for n, option in enumerate(options))


class Rules:
    """A rule base as expressions. Threads may share one."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        domain = domain_of(rulebase)
        self.options = {name: domain.options[name] for name in rulebase.questions}
        self._levels = rulebase.ladder
        self._flags = sorted(rulebase.red_flags.values(), key=lambda flag: rulebase.dispositions[flag.disposition].rank)
        self._checking = [cause for cause in rulebase.causes.values() if cause.condition.when]
        named = {group for level in self._levels for group in level.causes}
        self._fitting = [cause for cause in rulebase.causes.values() if cause.signs and cause.group in named]
        self._checks = sorted(rulebase.checks.values(), key=lambda check: STRENGTHS.index(check.strength))
        places = [partial(self._place, nth) for nth in range(rulebase.ranking.shown_at_most)]
        steps: tuple[Callable[[], Iterator[pl.Expr]], ...] = (
            self._of_answers, self._reached, self._open, self._complete, self._found, *places, self._causes, self._told,
            self._results,
        )  # fmt: skip
        options = [truth for name, names in self.options.items() for truth in truths(name, names)]
        self._steps = [options, *(list(step()) for step in steps)]
        self._counted = dict(self._kinds())

    def bits(self, question: str, chosen: Iterable[str]) -> int:
        """Options as a number of the question's column."""
        return sum(1 << self.options[question].index(option) for option in chosen)

    def judged(self, answers: pl.DataFrame) -> pl.DataFrame:
        """The columns of RESULT, lists as texts joined by `;`, with all that they were made of.

        `answers`: a column of bits for each question. `beyond=QUESTION` says why a number goes beyond its limits.
        """
        for step in self._steps:
            answers = answers.with_columns(step)
        return answers

    def counts(self, judged: pl.DataFrame) -> Counter[tuple[str, str]]:
        """How many rows have what, as `Counts.results` has it."""
        sums = judged.select(truth.sum().alias(str(n)) for n, truth in enumerate(self._counted.values())).row(0)
        return Counter({kind: rows for kind, rows in zip(self._counted, sums, strict=True) if rows})

    # --- the steps

    def _of_answers(self) -> Iterator[pl.Expr]:
        for flag in self._flags:
            yield fires(flag.condition).alias(about(RED_FLAG, flag.id))
        for sign in self.rulebase.signs.values():
            yield fires(sign.condition).alias(about(SIGN, sign.id))
        for question in self.rulebase.questions.values():
            yield (~true(question.id) & fires(question.condition)).alias(about(TO_COME, question.id))
            if question.limits:
                yield self._beyond(question).alias(about(BEYOND, question.id))
        yield pl.sum_horizontal(true(name).cast(pl.UInt8) for name in self.options).alias(ANSWERED)

    def _beyond(self, question: Question) -> pl.Expr:
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
        for level in self.rulebase.dispositions.values():
            flags = [flag for flag in self._flags if flag.disposition == level.id]
            yield _any(true(RED_FLAG, flag.id) for flag in flags).alias(about(REACHED, level.id))
            yield _any(self._unless_open(flag, TO_COME) for flag in flags).alias(about(SETTLED, level.id))

    def _unless_open(self, flag: RedFlag, open_: str) -> pl.Expr:
        """Where a red flag is raised and no open question can take it back."""
        raised = true(RED_FLAG, flag.id)
        return raised & ~_any(true(open_, name) for name in flag.waits_for) if flag.waits_for else raised

    def _at(self, level: Disposition, kind: str) -> pl.Expr:
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
        for question in self.rulebase.questions.values():
            asked = (
                ~follows if question.after_urgent is None else ~follows | LOGIC.any_row(question.after_urgent, holds)
            )
            wanted = true(TO_COME, question.id) & ~stopped & asked & pl.lit(not question.after)
            yield (wanted & ~self._gives_way(question, follows)).alias(about(MISSING, question.id))

    def _gives_way(self, question: Question, follows: pl.Expr) -> pl.Expr:
        """As `triage.conversation.interview.gives_way` has it."""
        if not question.yields:
            return pl.lit(False)
        most, later = self.rulebase.most_prompts, LOGIC.any_row(question.yields_unless, holds)
        is_long = pl.col(ANSWERED) >= pl.when(later).then(most).otherwise(most - 1)
        return is_long & follows if question.yields == AFTER_URGENT else is_long

    def _complete(self) -> Iterator[pl.Expr]:
        yield (~_any(true(MISSING, name) for name in self.options)).alias(COMPLETE)

    def _found(self) -> Iterator[pl.Expr]:
        """The level as far as it is known: while questions are open, "self-care" is not. And scores."""
        for level in self._levels:
            here = true(LEVEL, level.id)
            yield (here if level.see_doctor else here & pl.col(COMPLETE)).alias(about(DISPOSITION, level.id))
        doctor = _any(true(LEVEL, level.id) for level in self._levels if level.see_doctor)
        yield (doctor | pl.col(COMPLETE)).alias(about(DISPOSITION))
        for n, cause in enumerate(reversed(self._fitting)):
            yield self._score(cause, n).alias(about(SCORE, cause.id))
        for cause in self._checking:
            yield fires(cause.condition).alias(about(NEEDS_CHECKING, cause.id))

    def _score(self, cause: Cause, nth: int) -> pl.Expr:
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
        for name, fits in fitting.items():
            yield fits.alias(about(FITS, name))
        found = {
            name: _any(those[name] for those in (fitting, checking) if name in those) for name in self.rulebase.causes
        }
        yield from (here.alias(about(CAUSE, name)) for name, here in found.items())
        yield _any(found.values()).alias(about(CAUSE))

    def _told(self) -> Iterator[pl.Expr]:
        for check in self._checks:
            yield fires(check.condition).alias(about(CHECK, check.id))

    def _shown(self, part: str) -> pl.Expr:
        return _any(true(LEVEL, level.id) for level in self._levels if part in level.shows)

    def _pending(self) -> pl.Expr:
        """Where the level rests on red flags alone that a missing answer can still take back."""
        flags = {level: [f for f in self._flags if f.disposition == level.id] for level in self._levels}
        sure = {level: _any(self._unless_open(flag, MISSING) for flag in those) for level, those in flags.items()}
        return _any(true(LEVEL, level.id) & ~sure[level] for level in self._levels if flags[level])

    def _results(self) -> Iterator[pl.Expr]:
        known = [(true(DISPOSITION, level.id), level) for level in self._levels]
        beside = _any(true(REACHED, level.id) for level in self.rulebase.dispositions.values() if level.beside)
        names = [cause.id for cause in reversed(self._fitting)]
        places = (true(PLACE, str(n)) % max(1, len(names)) for n in range(self.rulebase.ranking.shown_at_most))
        best = pl.concat_str([_chosen(names, place) for place in places], separator=JOINS, ignore_nulls=True)
        found = {
            "disposition": pl.coalesce(pl.when(here).then(pl.lit(level.id)) for here, level in known),
            "see_doctor": pl.coalesce(pl.when(here).then(pl.lit(level.see_doctor)) for here, level in known),
            PHARMACIST: beside & self._shown(PHARMACIST),
            "red_flags": _listed(RED_FLAG, [flag.id for flag in self._flags]),
            "causes": pl.when(self._shown("causes")).then(best).otherwise(pl.lit("")),
            NEEDS_CHECKING: _listed(NEEDS_CHECKING, [c.id for c in self._checking], self._shown(NEEDS_CHECKING)),
            "checks": _listed(CHECK, [check.id for check in self._checks], self._shown("checks")),
            MISSING: _listed(MISSING, list(self.options)),
            PENDING: self._pending(),
            "rulebase": pl.lit(self.rulebase.sha256[:HASH_DIGITS]),
        }
        yield from (found[name].alias(name) for name in RESULT)

    def _kinds(self) -> Iterator[tuple[tuple[str, str], pl.Expr]]:
        """What rows are counted by, and where it is so."""
        unfinished = pl.col(MISSING) != ""
        levels = {level.id: true(DISPOSITION, level.id) for level in self._levels}
        for name, here in {**levels, NOT_KNOWN: ~true(DISPOSITION)}.items():
            yield (DISPOSITION, name), here
            yield (MISSING, name), here & unfinished
        yield from (((name, ""), pl.col(name)) for name in (PHARMACIST, PENDING))
        yield from (((RED_FLAG, flag.id), true(RED_FLAG, flag.id)) for flag in self._flags)
        shown = self._shown("causes")
        yield from (((CAUSE, cause.id), true(FITS, cause.id) & shown) for cause in self._fitting)
        shown = self._shown(NEEDS_CHECKING)
        yield from (((NEEDS_CHECKING, c.id), true(NEEDS_CHECKING, c.id) & shown) for c in self._checking)


def _chosen(names: Sequence[str], place: pl.Expr) -> pl.Expr:
    """The names at these places."""
    return pl.lit(pl.Series(names, dtype=pl.String)).gather(place)


def _listed(kind: str, names: Sequence[str], where: pl.Expr | None = None) -> pl.Expr:
    """The names that hold as one text, in their order: a text for each of the 256 ways in which eight can hold."""
    if not names:
        return pl.lit("")
    texts = []
    for start in range(0, len(names), BITS):
        eight = names[start : start + BITS]
        ways = ["".join(f"{JOINS}{name}" for n, name in enumerate(eight) if way >> n & 1) for way in range(1 << BITS)]
        way = pl.sum_horizontal(true(kind, name).cast(pl.UInt8) * (1 << n) for n, name in enumerate(eight))
        texts.append(_chosen(ways, way))
    text = pl.concat_str(texts).str.strip_prefix(JOINS)
    return text if where is None else pl.when(where).then(text).otherwise(pl.lit(""))


def as_lists(judged: pl.DataFrame) -> pl.DataFrame:
    """The columns of RESULT, with lists as lists."""
    return judged.select(RESULT).with_columns(pl.col(LISTS).str.extract_all(f"[^{JOINS}]+"))
