"""What follows from answers: the assessment, and the parts that it is made of. Frozen, no behaviour but reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from triage.knowledge.conditions import Facts
from triage.knowledge.model import Advice, Answers, Cause, Check, Disposition, Note, RedFlag, SafetyNet, Sign


class FiredSign(NamedTuple):
    """A sign that holds, and the answers that show it."""

    sign: Sign
    answers: Facts


class RankedCause(NamedTuple):
    """A cause that fits, with its score (the sum of the weights of its signs)."""

    cause: Cause
    score: int
    speaks_for: tuple[FiredSign, ...]
    speaks_against: tuple[FiredSign, ...]


class FiredFlag(NamedTuple):
    """A red flag and the answers that raised it."""

    flag: RedFlag
    answers: Facts


class FiredCause(NamedTuple):
    """A cause of group "check" and the red flags that brought it up."""

    cause: Cause
    flags: tuple[str, ...]


class Withheld(NamedTuple):
    """Advice that applies but was left out, and why."""

    advice: Advice
    because: tuple[str, ...]


class Certainty(NamedTuple):
    """Whether a level is known, and what is said before its sentence and with its title."""

    known: bool
    so_far: str
    titled: str


FINAL = Certainty(True, "", "{}")
LEAST = Certainty(True, "at least", "At least: {}")
# An open question may still take it back, so it is no "at least".
UNLESS = Certainty(True, "unless an open question explains it", "So far: {}")
NOT_KNOWN = Certainty(False, "", "Not known yet")


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """The result. Lists hold what is shown, in the order in which it is shown.

    `missing`: questions still open; where there are any, the result is not `complete`, and its
    disposition is what is known so far: it never means that all is well. `pending`: red flags that one of them
    can still take back. `voice`: of whom the texts speak. `fired`: the
    name of every production that fired; `facts`: what the last stratum saw, answers and findings;
    `rulebase_sha256`: of the rule base that it was made with.
    """

    complete: bool
    disposition: Disposition
    pharmacist: Disposition | None
    red_flags: tuple[FiredFlag, ...]
    causes: tuple[RankedCause, ...]
    needs_checking: tuple[FiredCause, ...]
    relief: tuple[Advice, ...]
    prevention: tuple[Advice, ...]
    do_not: tuple[Advice, ...]
    myths: tuple[Advice, ...]
    replies: tuple[Advice, ...]
    withheld: tuple[Withheld, ...]
    checks: tuple[Check, ...]
    notes: tuple[Note, ...]
    safety_net: SafetyNet | None
    missing: tuple[str, ...]
    pending: tuple[str, ...]
    voice: str
    answers: Answers
    fired: frozenset[str]
    facts: Facts
    rulebase_sha256: str

    @property
    def see_doctor(self) -> bool:
        return self.disposition.see_doctor

    @property
    def may_be_explained(self) -> bool:
        """Whether the level rests on red flags alone that an open question can still take back: then it is no "at least"."""
        deciding = [fired.flag.id for fired in self.red_flags if fired.flag.disposition == self.disposition.id]
        return bool(deciding) and set(deciding) <= set(self.pending)

    @property
    def certainty(self) -> Certainty:
        """How certain the level is. While questions are open nothing is known that would reassure."""
        if self.complete:
            return FINAL
        if not self.see_doctor:
            return NOT_KNOWN
        return UNLESS if self.may_be_explained else LEAST
