"""The rule base as propositional formulas, for proofs. The only module that imports z3.

One variable stands for one option of one question (a number's options are its bands); a
question that was not answered has none that holds. That is all a cell can read, so a
proof over the variables is a proof over every answer set there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from triage.knowledge.conditions import Cell, Condition, Logic, Row
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.grammar import joined_bands
from triage.knowledge.model import CAUSE, DISPOSITION, RED_FLAG, Answer, Answers, Disposition, Question, RuleBase
from triage.reasoning.projection import domain_of
from triage.version import how_to_install

Formula = Any  # z3.BoolRef; z3 has no types
Variables = Mapping[str, Mapping[str, Formula]]  # name -> option -> variable


def _import_z3() -> Any:
    try:
        import z3
    except ImportError:
        what = "needs the solver z3, which is not installed"
        raise FaultyInput([Fault("check", 0, what, how_to_install("verify"), code="LCT801")]) from None
    return z3


z3 = _import_z3()
FALSE = z3.BoolVal(False)


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Whether one of them holds; false for none."""
    return z3.Or(*formulas)


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Whether all of them hold; true for none."""
    return z3.And(*formulas)


def negated(formula: Formula) -> Formula:
    """Whether it does not hold."""
    return z3.Not(formula)


FORMULAS: Logic[Formula] = Logic(all_of, any_of, negated)


def rows_hold(rows: Iterable[Row], variables: Variables) -> Formula:
    """Whether all cells of some row hold. What has no variables was not answered."""
    return FORMULAS.any_row(rows, lambda cell: _cell(cell, variables.get(cell.name, {})))


def holds(condition: Condition, variables: Variables) -> Formula:
    """Whether a condition holds: the reading of `Condition.holds` as a formula."""
    return FORMULAS.condition(condition, lambda cell: _cell(cell, variables.get(cell.name, {})))


def _cell(cell: Cell, options: Mapping[str, Formula]) -> Formula:
    chosen = [options.get(option, FALSE) for option in sorted(cell.options)]
    return FORMULAS.cell(cell, chosen, any_of(options.values()))


class Space:
    """All answer sets of a rule base, in a solver that decides questions about them.

    `answers` are the variables; `flags` says of each red flag whether it fires on them;
    `known` are the variables of everything that rules can read. Which causes are shown is
    left open there, so that what is proved holds for any of them.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self._options = domain_of(rulebase).options
        self._solver = z3.SolverFor("QF_FD")
        self._names = 0
        self._named: dict[Formula, Formula] = {}
        self.answers: Variables = {q.id: self.answer_to(q) for q in rulebase.questions.values()}
        self.flags = self.flags_on(self.answers)
        self.known: Variables = {**self.answers, **self._findings()}

    def free(self, label: str) -> Formula:
        """A new variable."""
        self._names += 1
        return z3.Bool(f"{label}#{self._names}")

    def answer_to(self, question: Question) -> dict[str, Formula]:
        """Variables for one answer to a question, with what makes it an answer or none."""
        made = {option: self.free(f"{question.id}={option}") for option in self._options[question.id]}
        if question.kind == "many":
            for option in question.options:
                if option.exclusive:
                    others = [made[other] for other in made if other != option.id]
                    self.assume(z3.Implies(made[option.id], negated(any_of(others))))
        else:
            self.assume(z3.AtMost(*made.values(), 1))
        return made

    def assume(self, formula: Formula) -> None:
        """From now on only answer sets on which `formula` holds are looked at."""
        self._solver.add(formula)

    def name(self, formula: Formula, label: str = "is") -> Formula:
        """A variable that is true exactly where `formula` holds; the same one for the same formula."""
        if formula not in self._named:
            variable = self.free(label)
            self.assume(variable == formula)
            self._named[formula] = variable
        return self._named[formula]

    def flags_on(self, variables: Variables) -> dict[str, Formula]:
        """For each red flag a variable that says whether it fires on these answers."""
        flags = self.rulebase.red_flags.values()
        return {flag.id: self.name(holds(flag.condition, variables), flag.id) for flag in flags}

    def reached(self, rank: int, flags: Mapping[str, Formula]) -> Formula:
        """Whether a flag of this rank on the ladder, or a more urgent one, fires."""
        return self.name(any_of(flags[name] for name in self.flags_up_to(rank)), f"rank-{rank}")

    @cache  # noqa: B019  (spaces live as long as the proofs)
    def flags_up_to(self, rank: int) -> tuple[str, ...]:
        """The ids of the red flags of this rank on the ladder and of more urgent ones."""
        levels = {level.id for level in self.rulebase.ladder if level.rank <= rank}
        return tuple(flag.id for flag in self.rulebase.red_flags.values() if flag.disposition in levels)

    def is_level(self, level: Disposition) -> Formula:
        """Whether `level` (of the ladder) is the disposition."""
        ladder = self.rulebase.ladder
        at = ladder.index(level)
        above = [negated(self.reached(ladder[at - 1].rank, self.flags))] if at else []
        here = [self.reached(level.rank, self.flags)] if level != ladder[-1] else []
        return self.name(all_of([*above, *here]))

    def _findings(self) -> Variables:
        levels = {level.id: self.is_level(level) for level in self.rulebase.ladder}
        calmest = self.rulebase.ladder[-1]
        if not calmest.see_doctor:  # while questions are open it is not known
            levels[calmest.id] = self.name(all_of([levels[calmest.id], self.free("complete")]))
        causes = {cause: self.free(cause) for cause in self.rulebase.causes}
        return {RED_FLAG: self.flags, DISPOSITION: levels, CAUSE: causes}

    def possible(self, *formulas: Formula) -> bool:
        """Whether some answer set makes all of them hold."""
        return bool(self._solver.check(*formulas) == z3.sat)

    def witness(self, *formulas: Formula) -> Answers | None:
        """An answer set on which all of them hold; None if there is none."""
        if not self.possible(*formulas):
            return None
        model = self._solver.model()
        held = {
            question: [option for option, chosen in self.answers[question.id].items() if z3.is_true(model.eval(chosen))]
            for question in self.rulebase.questions.values()
        }
        return {question.id: as_answer(question, options) for question, options in held.items() if options}

    def answered(self, name: str) -> Formula:
        """Whether a question was answered."""
        return self.name(any_of(self.answers[name].values()), f"answered-{name}")


def as_answer(question: Question, options: Collection[str]) -> Answer:
    """The answer that consists of these options or is in this band (its lowest number)."""
    listed = {option.id for option in question.options}
    if question.kind == "many":
        return tuple(option.id for option in question.options if option.id in options)
    (only,) = options
    return only if only in listed else joined_bands([only])[0][0]
