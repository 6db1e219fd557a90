"""What the engines share: the rules they are given, the answers as facts, and what follows from the rules that fired.

An engine only says which rules fire. There are three layers of rules (`LAYERS`), since the later ones read what was
found by the earlier ones; between them the same code for all settles the urgency and ranks the causes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from triage.knowledge.conditions import Facts
from triage.knowledge.grammar import as_fact
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    AFTER_URGENT,
    AT_ONCE,
    CAUSE,
    DISPOSITION,
    RED_FLAG,
    STRENGTHS,
    Answer,
    Answers,
    Disposition,
    Question,
    RuleBase,
)
from triage.reasoning.engine import Production, advice_rules, answer_rules, finding_rules
from triage.reasoning.projection import domain_of
from triage.reasoning.results import Assessment

LAYERS = ANSWERS, FINDINGS, TOLD = range(3)
ASKED, AFTER, LATER = "asked/", "after urgent/", "yields later/"  # before the name of a question
REMEMBERED = 10_000  # answers whose facts are known, as many as `batch` keeps of a column


class RowOutcome(NamedTuple):
    """What a batch tells of a case: ids, in the order in which a result shows them."""

    disposition: Disposition
    pharmacist: bool
    red_flags: tuple[str, ...]
    causes: tuple[str, ...]
    needs_checking: tuple[str, ...]
    checks: tuple[str, ...]
    missing: tuple[str, ...]
    pending: bool

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


Judge = Callable[[Sequence[Answers]], list[RowOutcome]]


class Engine(Protocol):
    """Which rules fire."""

    def fired(self, layer: int, news: Facts) -> Iterable[str]:
        """Names of the rules of a layer that fire, each once or more often.

        Layer 0 begins a case with its answers; layers 1 and 2 follow on the same case with what was found since.
        """
        ...


class Rules(NamedTuple):
    """What an engine is given: the rules of every layer, and what each name can hold.

    `options`: the options of every question and kind of finding. `several`: names of which more than one option can
    hold. `since`: the layer from which on a name is known.
    """

    layers: tuple[tuple[Production, ...], ...]
    options: Mapping[str, tuple[str, ...]]
    several: frozenset[str]
    since: Mapping[str, int]


def rules_of(rulebase: RuleBase) -> Rules:
    """The rules that a result of `batch` needs: red flags, signs, when a question is asked; causes to check; checks."""
    questions = rulebase.questions.values()
    asked = [Production(ASKED + q.id, q.condition.when, q.ask_unless) for q in questions if _is_conditional(q)]
    asked += [Production(AFTER + q.id, q.after_urgent) for q in questions if q.after_urgent]
    asked += [Production(LATER + q.id, q.yields_unless) for q in questions if q.yields_unless]
    checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
    domain = domain_of(rulebase)
    since = dict.fromkeys(domain.options, ANSWERS) | {RED_FLAG: FINDINGS, DISPOSITION: FINDINGS, CAUSE: TOLD}
    layers = ((*answer_rules(rulebase), *asked), tuple(finding_rules(rulebase)), tuple(checks))
    return Rules(layers, domain.options, domain.several, since)


def _is_conditional(question: Question) -> bool:
    return question.ask_when is not None or bool(question.ask_unless)


def read_by(productions: Iterable[Production]) -> list[str]:
    """The names that rules read, sorted."""
    return sorted({cell.name for p in productions for row in (*p.when, *p.unless) for cell in row})


class Case:
    """The answers of one case and what was found, for engines that keep nothing between the layers."""

    def __init__(self) -> None:
        self._facts: dict[str, frozenset[str]] = {}

    def known(self, layer: int, news: Facts) -> Facts:
        """Everything that is known of the case once `news` are added."""
        if layer == ANSWERS:
            self._facts = {}
        self._facts.update(news)
        return self._facts


class Coding:
    """Answers as facts. What one answer means is looked up once it has been seen, as in `batch`; never a result."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._bands = rulebase.bands
        self._known: dict[tuple[str, Answer], frozenset[str]] = {}

    def __call__(self, answers: Answers) -> dict[str, frozenset[str]]:
        known = self._known
        facts = {}
        for key in answers.items():
            fact = known.get(key)
            if fact is None:
                fact = as_fact(key[1], self._bands.get(key[0], ()))
                if len(known) < REMEMBERED:
                    known[key] = fact
            facts[key[0]] = fact
        return facts


class Settling:
    """A judge, case by case: an engine, and what follows from the rules that it says fired.

    That is settled as `triage.reasoning.assessment` settles it.
    """

    def __init__(self, rulebase: RuleBase, engine: Engine) -> None:
        self.engine = engine
        self._code = Coding(rulebase)
        self._ranking, self._ladder = rulebase.ranking, rulebase.ladder
        self._levels = {flag.id: rulebase.dispositions[flag.disposition] for flag in rulebase.red_flags.values()}
        self._flags = _places(sorted(self._levels, key=lambda name: self._levels[name].rank))
        self._waiting = {f.id: frozenset(f.waits_for) for f in rulebase.red_flags.values() if f.waits_for}
        self._causes, self._cause = tuple(rulebase.causes), _places(rulebase.causes)
        self._signs = {sign.id: (self._cause[sign.cause], sign.weight) for sign in rulebase.signs.values()}
        self._named = {
            level.id: {n for n, cause in enumerate(rulebase.causes.values()) if cause.group in level.causes}
            for level in self._ladder
        }
        asked = [q for q in rulebase.questions.values() if not q.after]
        self._after = {q.id for q in rulebase.questions.values() if q.after}
        self._questions = [(q.id, ASKED + q.id, not _is_conditional(q)) for q in asked]
        self._yielding = {q.id: q.yields for q in rulebase.questions.values() if q.yields}
        self._most = rulebase.most_prompts
        checks = [c.id for strength in STRENGTHS for c in rulebase.checks.values() if c.strength == strength]
        self._checks = _places(checks)

    def __call__(self, people: Sequence[Answers]) -> list[RowOutcome]:
        return [self._outcome(answers) for answers in people]

    def _outcome(self, answers: Answers) -> RowOutcome:
        fired = set(self.engine.fired(ANSWERS, self._code(answers)))
        flags = sorted([name for name in fired if name in self._flags], key=self._flags.__getitem__)
        level = self._level(flags)
        missing = self._missing(answers, fired, flags)
        causes = self._ranked(fired, level)
        found = {RED_FLAG: frozenset(flags)}
        if level.see_doctor or not missing:  # while questions are open, "self-care" is not known
            found[DISPOSITION] = frozenset([level.id])
        checking = sorted(set(self.engine.fired(FINDINGS, found)), key=self._cause.__getitem__)
        told = self.engine.fired(TOLD, {CAUSE: frozenset([*causes, *checking])})
        shows = level.shows
        return RowOutcome(
            level,
            "pharmacist" in shows and bool(flags) and self._levels[flags[-1]].beside,
            tuple(flags),
            tuple(causes) if "causes" in shows else (),
            tuple(checking) if "needs_checking" in shows else (),
            tuple(sorted(set(told), key=self._checks.__getitem__)) if "checks" in shows else (),
            tuple(missing),
            self._is_pending(level, flags, missing),
        )

    def _level(self, flags: Sequence[str]) -> Disposition:
        """That of the first flag, the most urgent one; flags beside the ladder come last, and count for nothing."""
        level = self._levels[flags[0]] if flags else self._ladder[-1]
        return self._ladder[-1] if level.beside else level

    def _ranked(self, fired: Iterable[str], level: Disposition) -> list[str]:
        scores: dict[int, int] = {}
        fits = set()
        signs = self._signs
        for name in fired:
            if name in signs:
                cause, weight = signs[name]
                scores[cause] = scores.get(cause, 0) + weight
                if weight > 0:
                    fits.add(cause)
        shown = [c for c in sorted(fits & self._named[level.id]) if scores[c] >= self._ranking.shown_from]
        shown.sort(key=scores.__getitem__, reverse=True)  # equal ones stay in the order of the rule base
        return [self._causes[c] for c in shown[: self._ranking.shown_at_most]]

    def _missing(self, answers: Answers, fired: set[str], flags: Sequence[str]) -> list[str]:
        """The questions still open, as `triage.conversation.interview.open_questions` finds them."""
        to_come = [q for q, asked, always in self._questions if q not in answers and (always or asked in fired)]
        settled = [name for name in flags if name not in self._waiting or self._waiting[name].isdisjoint(to_come)]
        stops = self._level(settled).stops
        if stops == AT_ONCE:
            return []
        urgent = stops == AFTER_FOLLOW_UPS
        wanted = [q for q in to_come if AFTER + q in fired] if urgent else to_come
        asked = len(answers.keys() - self._after)
        return [q for q in wanted if not self._gives_way(q, fired, urgent, asked)]

    def _gives_way(self, question: str, fired: set[str], urgent: bool, asked: int) -> bool:
        """As `triage.conversation.interview.gives_way` has it."""
        yields = self._yielding.get(question)
        if not yields or (yields == AFTER_URGENT and not urgent):
            return False
        return asked >= (self._most if LATER + question in fired else self._most - 1)

    def _is_pending(self, level: Disposition, flags: Sequence[str], missing: Sequence[str]) -> bool:
        """Whether the level rests on flags alone that a missing answer can still take back."""
        deciding = [name for name in flags if self._levels[name] is level]
        return bool(deciding) and not any(self._waiting.get(n, frozenset()).isdisjoint(missing) for n in deciding)


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: n for n, name in enumerate(names)}
