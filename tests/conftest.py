"""What most tests need: the rule base of this checkout with its examples, and its engine."""

import pytest

from triage.engine import Engine
from triage.model import RuleBase
from triage.rulebase import load


@pytest.fixture(scope="session")
def rulebase() -> RuleBase:
    """The rule base, with the examples of every rule."""
    return load(examples=True)


@pytest.fixture(scope="session")
def engine(rulebase: RuleBase) -> Engine:
    """The rule base, compiled once for all tests."""
    return Engine(rulebase)
