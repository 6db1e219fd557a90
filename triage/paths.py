"""How long an interview can get, and what is not asked on the way.

The interview is read here a second time, from the conditions of the rule base alone
(tests compare it with `triage.interview` step by step), so that thousands of interviews
can be walked through in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from statistics import median_low
from typing import NamedTuple

from triage.assessment import most_urgent
from triage.formulas import Formula, Space, Variables, all_of, any_of, holds, negated, rows_hold
from triage.grammar import as_fact
from triage.model import AFTER_FOLLOW_UPS, AT_ONCE, Answer, Answers, Cell, Disposition, Facts, Question, RuleBase
from triage.projection import cells_of

WALKS, SEED = 500, 2024
CALM = 0.85  # how often a random answer is a calm one: otherwise nearly every walk is an emergency

TRIES = 200  # answer sets that no interview leads to, before a shorter path is looked for
CHAIN = 4  # how many questions, each opened by the one before, are followed

Choose = Callable[[Question], Answer]


class Walk(NamedTuple):
    """One interview: what was asked, in this order, what was answered, and what came out."""

    asked: tuple[str, ...]
    answers: Answers
    level: Disposition


class Lengths(NamedTuple):
    """Of the paths that end with a disposition: how many questions the longest asks, and the median one.

    None asks more than `bound`: the same number, unless the search for a longer one was given up.
    """

    level: str
    longest: int
    bound: int
    median: int
    walks: int
    witness: Answers


def walk(rulebase: RuleBase, choose: Choose) -> Walk:
    """One interview in which every question is answered by `choose`."""
    answers: dict[str, Answer] = {}
    facts: dict[str, frozenset[str]] = {}
    while True:
        level = _settled(rulebase, facts)
        question = next(_open(rulebase, level, facts), None)
        if question is None:
            return Walk(tuple(answers), answers, level)
        answers[question.id] = choose(question)
        facts[question.id] = as_fact(answers[question.id], rulebase.bands.get(question.id, ()))


def _settled(rulebase: RuleBase, facts: Facts) -> Disposition:
    """The disposition that no question still to come can take back."""

    def to_come(name: str) -> bool:
        return name not in facts and rulebase.questions[name].applies(facts)

    fired = (flag for flag in rulebase.red_flags.values() if flag.condition.holds(facts))
    return most_urgent(rulebase, [flag for flag in fired if not any(map(to_come, flag.waits_for))])


def _open(rulebase: RuleBase, level: Disposition, facts: Facts) -> Iterator[Question]:
    if level.stops == AT_ONCE:
        return
    applies = Question.applies_after_urgent if level.stops == AFTER_FOLLOW_UPS else Question.applies
    for question in rulebase.questions.values():
        if question.id not in facts and applies(question, facts):
            yield question


def random_walks(rulebase: RuleBase, count: int = WALKS, seed: int = SEED) -> Iterator[Walk]:
    """Interviews with mostly calm answers, the same in every run."""
    random = Random(seed)
    alarming = {
        (cell.name, option)
        for flag in rulebase.red_flags.values()
        for row in flag.condition.when
        for cell in row
        for option in cell.options
    }

    def choose(question: Question) -> Answer:
        if question.kind == "number":
            return random.randint(question.minimum, question.maximum)
        ids = [option.id for option in question.options]
        calm = [option for option in ids if (question.id, option) not in alarming]
        picked = random.choice(calm if calm and random.random() < CALM else ids)
        return (picked,) if question.kind == "many" else picked

    for _ in range(count):
        yield walk(rulebase, choose)


def lengths(space: Space) -> Iterator[Lengths]:
    """For every level of the ladder the longest path there is, and the median of random ones."""
    rulebase = space.rulebase
    sampled: dict[str, list[int]] = {level.id: [] for level in rulebase.ladder}
    for one in random_walks(rulebase):
        sampled[one.level.id].append(len(one.asked))
    for level in rulebase.ladder:
        longest, bound = longest_walk(space, level)
        taken = sampled[level.id]
        yield Lengths(level.id, len(longest.asked), bound, median_low(taken or [0]), len(taken), longest.answers)


def longest_walk(space: Space, level: Disposition) -> tuple[Walk, int]:
    """A walk to `level`, and how many questions no walk there exceeds: its own, or more if TRIES ran out.

    Every question on a path applies, so answer sets in which all that is answered applies
    bound its length. From the most answers downwards, the first that an interview really
    leads to is the longest.
    """
    rulebase = space.rulebase
    answered = {name: space.answered(name, space.answers) for name in rulebase.questions}
    allowed = [space.name(any_of([negated(answered[q.id]), _may_apply(space, q)])) for q in rulebase.questions.values()]
    allowed += [_not_after_urgent(space, q) for q in rulebase.questions.values()]
    ends_there = [space.is_level(level, space.flags)]
    if level.stops == AT_ONCE:
        ends_there.append(space.name(any_of(_stops_at(space, q, level) for q in rulebase.questions.values())))
    bound = 0
    for count in range(len(answered), 0, -1):
        many = space.at_least(count, list(answered.values()))
        tried: list[Formula] = []
        while (found := space.witness(*allowed, *ends_there, many, *tried)) is not None:
            taken = walk(rulebase, _answer_as(found))
            if taken.level == level and len(taken.asked) == count:
                return taken, bound or count
            tried.append(_otherwise(space, found, taken))
            if len(tried) == TRIES:
                bound = bound or count
                break
    raise AssertionError(f"no path leads to {level.id}")


def _otherwise(space: Space, found: Answers, taken: Walk) -> Formula:
    """Answers unlike those that made an interview leave the path that was looked for.

    As far as the walk asks what was foreseen, answers that make the same cells hold lead to the
    same walk; a question that was not foreseen would have to be answered as well.
    """
    facts = space.facts(found)
    cells = _deciding(space.rulebase)
    alike: list[Formula] = []
    for name in taken.asked:
        if name not in found:
            alike.append(negated(space.answered(name, space.answers)))
            break
        alike.append(space.answered(name, space.answers))
        for cell in cells.get(name, ()):
            holding = space.name(rows_hold(((cell,),), space.answers))
            alike.append(holding if cell.holds(facts) else negated(holding))
    return space.name(negated(all_of(alike)))


def _deciding(rulebase: RuleBase) -> Mapping[str, list[Cell]]:
    """By question, the cells on which the course of an interview depends: what is asked, and when it stops."""
    stopping = {level.id for level in rulebase.ladder if level.stops}
    rows = [row for q in rulebase.questions.values() for row in (*(q.ask_when or ()), *(q.after_urgent or ()))]
    for flag in rulebase.red_flags.values():
        if flag.disposition in stopping:
            rows += [*flag.condition.when, *flag.condition.unless]
    cells: dict[str, list[Cell]] = {}
    for cell in dict.fromkeys(cells_of(rows)):
        cells.setdefault(cell.name, []).append(cell)
    return cells


@cache
def _not_after_urgent(space: Space, question: Question) -> Formula:
    """Once something urgent is known from what came before, only follow-ups are asked."""
    followed = rows_hold(question.after_urgent or (), space.answers)
    before = _known_before(space, question)
    stopping = {level.id for level in space.rulebase.ladder if level.stops}
    urgent = [
        holds(flag.condition, before)
        for flag in space.rulebase.red_flags.values()
        if flag.disposition in stopping and not flag.waits_for and not flag.condition.unless
    ]
    asked = space.answered(question.id, space.answers)
    return space.name(any_of([negated(asked), negated(any_of(urgent)), followed]))


@cache
def _stops_at(space: Space, last: Question, level: Disposition) -> Formula:
    """Whether `last` can be the question after which an interview stops at once."""
    before = {name: known for name, known in space.answers.items() if name != last.id}
    flags = [f for f in space.rulebase.red_flags.values() if not f.waits_for]
    stopped = any_of(holds(f.condition, before) for f in flags if f.disposition == level.id)
    stopping = {other.id for other in space.rulebase.ladder if other.stops}
    urgent = [f.condition.when for f in space.rulebase.red_flags.values() if f.disposition in stopping]
    calm = space.name(negated(any_of(rows_hold(rows, before) for rows in urgent)))
    return all_of(
        [
            space.answered(last.id, space.answers),
            negated(stopped),
            any_of([calm, negated(_overtaken(space, last, always=True))]),
            any_of([negated(calm), negated(_overtaken(space, last, always=False))]),
        ]
    )


def _overtaken(space: Space, last: Question, always: bool) -> Formula:
    """Whether a later question was answered although `last` was open before it."""
    questions = list(space.rulebase.questions.values())
    return any_of(
        all_of([_opened(space, last, later, always), space.answered(later.id, space.answers)])
        for later in questions[questions.index(last) + 1 :]
    )


@cache
def _opened(space: Space, question: Question, later: Question, always: bool = False, depth: int = CHAIN) -> Formula:
    """Whether `question` opens by answers that are known before `later` is asked, so that it is asked before it.

    As long as nothing urgent was found; with `always`, after an urgent finding, too.
    """
    ways = (question.ask_when, question.after_urgent) if always else (question.ask_when,)
    conditions = [rows for rows in ways if rows is not None]
    known = _known_before(space, later, always, depth - 1) if conditions and depth else {}
    return space.name(all_of(rows_hold(rows, known) for rows in conditions))


@cache
def _known_before(space: Space, later: Question, always: bool = False, depth: int = CHAIN) -> Variables:
    """The answers that are sure to be known when `later` is asked: perhaps not all, never too many."""
    known = {}
    for question in space.rulebase.questions.values():
        if question.id == later.id:
            break
        opened = _opened(space, question, later, always, depth)
        known[question.id] = {o: space.name(all_of([v, opened])) for o, v in space.answers[question.id].items()}
    return known


def _may_apply(space: Space, question: Question) -> Formula:
    """Whether a question is asked at some time: as usual, or after an urgent finding."""
    if question.ask_when is None:
        return space.name(rows_hold(((),), space.answers))
    return space.name(rows_hold((*question.ask_when, *(question.after_urgent or ())), space.answers))


def _answer_as(known: Answers) -> Choose:
    """Answers as given; a question that was not foreseen gets its last option."""

    def choose(question: Question) -> Answer:
        if question.id in known:
            return known[question.id]
        last = question.options[-1].id
        return (last,) if question.kind == "many" else last

    return choose


class Skipped(NamedTuple):
    """A question that a person is not asked although an answer could have raised the disposition."""

    question: Question
    stopped: str  # why the interview was short; "" if it was not
    before: Disposition
    after: Disposition
    witness: Answers


def skipped(space: Space) -> Iterator[Skipped]:
    """For every question the most urgent disposition that not asking it can miss."""
    for question in space.rulebase.questions.values():
        other = {**space.answers, question.id: space.answer_to(question)}
        flags = space.flags_on(other)
        for stops, ends in (("", complete(space)), (AFTER_FOLLOW_UPS, cut_short(space, question))):
            found = _missed(space, flags, (*ends, negated(space.answered(question.id, space.answers))))
            if found:
                yield Skipped(question, stops, *found)


def _missed(
    space: Space, flags: Mapping[str, Formula], ends: tuple[Formula, ...]
) -> tuple[Disposition, Disposition, Answers] | None:
    for after in space.rulebase.ladder[:-1]:
        higher = space.reached(after.rank, flags)
        found = space.witness(*ends, higher, negated(space.reached(after.rank, space.flags)))
        if found is not None:
            fired = [f for f in space.rulebase.red_flags.values() if f.condition.holds(space.facts(found))]
            return most_urgent(space.rulebase, fired), after, found
    return None


def complete(space: Space) -> tuple[Formula, ...]:
    """At the end of an interview that nothing cut short: answered is what applies, and nothing else."""
    rulebase = space.rulebase
    applies = [
        space.name(
            space.answered(q.id, space.answers)
            == (rows_hold(((),) if q.ask_when is None else q.ask_when, space.answers))
        )
        for q in rulebase.questions.values()
    ]
    stopping = [level.rank for level in rulebase.ladder if level.stops]
    return (*applies, *(negated(space.reached(rank, space.flags)) for rank in stopping))


def cut_short(space: Space, question: Question) -> tuple[Formula, ...]:
    """After an urgent finding, where `question` is none of the follow-ups and has not been asked before.

    Looser than what interviews lead to, but for this: what opens in the usual order is left
    out only if what came before it was urgent.
    """
    rulebase = space.rulebase
    at_once = [level.rank for level in rulebase.ladder if level.stops == AT_ONCE]
    after = [level for level in rulebase.ladder if level.stops == AFTER_FOLLOW_UPS]
    followed = [space.name(rows_hold(question.after_urgent, space.answers))] if question.after_urgent else []
    names = list(rulebase.questions)
    before = {name: space.answers[name] for name in names[: names.index(question.id)]}
    levels = {level.id for level in after}
    found_before = any_of(holds(f.condition, before) for f in rulebase.red_flags.values() if f.disposition in levels)
    return (
        *(space.reached(level.rank, space.flags) for level in after),
        *(negated(space.reached(rank, space.flags)) for rank in at_once),
        *map(negated, followed),
        space.name(any_of([negated(_opened(space, question, question)), found_before])),
    )
