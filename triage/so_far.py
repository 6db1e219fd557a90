"""What can be told of answers in which something is wrong: a fault hides no danger sign."""

from __future__ import annotations

from triage.assessment import assess
from triage.engine import Engine
from triage.faults import Fault, FaultyInput
from triage.interview import missing_from


def with_level(engine: Engine, error: FaultyInput) -> FaultyInput:
    """The faults of some answers, and what those that could be read ask for, if that is a doctor."""
    found = assess(engine, error.known, missing_from(engine, error.known))
    if not found.see_doctor:
        return error
    unless = ", unless an open question explains it" if found.may_be_explained else ""
    what = f"what can be read of it asks for this{unless}: {found.disposition.say}"
    return FaultyInput([*error.faults, Fault(error.faults[0].file, 0, what)], error.known)
