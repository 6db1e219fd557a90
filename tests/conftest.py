"""What most tests need: the rule base of this checkout with its examples, and its engine."""

from random import Random

import plain
import pytest

from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.scale.tables import Tables


@pytest.fixture(scope="session")
def rulebase() -> RuleBase:
    """The rule base, with the examples of every rule."""
    return load()


@pytest.fixture(scope="session")
def engine(rulebase: RuleBase) -> Engine:
    """The rule base, compiled once for all tests."""
    return Engine(rulebase)


@pytest.fixture(scope="session")
def tables(rulebase: RuleBase) -> Tables:
    """The rules as tables, filled once for all tests."""
    return Tables(rulebase)


@pytest.fixture(scope="session")
def answer_sets() -> list[Answers]:
    """Random answer sets on which many rules meet: the same in every run."""
    random = Random(2024)
    return [plain.random_answers(random) for _ in range(1200)]
