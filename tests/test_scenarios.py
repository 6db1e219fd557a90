"""Every scenario file comes true, and together they make every rule of the rule base fire."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from triage.engine import Engine, production_names
from triage.scenarios import Outcome, run_scenario

FOLDER = Path(__file__).parent / "scenarios"
SCENARIOS = sorted(FOLDER.rglob("*.toml"))

# Rules that no answers of a person can make fire, each with the reason why it is there all the same.
NEVER_FIRE: Mapping[str, str] = {}


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).with_suffix("").as_posix()


@pytest.fixture(scope="module")
def outcomes(engine: Engine) -> dict[Path, Outcome]:
    """Every scenario, run once."""
    return {path: run_scenario(engine, path) for path in SCENARIOS}


@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_comes_true(path: Path, engine: Engine) -> None:
    assert run_scenario(engine, path).differences == ()


def test_every_rule_fires_in_some_scenario(outcomes: dict[Path, Outcome], engine: Engine) -> None:
    fired = frozenset().union(*(outcome.assessment.fired for outcome in outcomes.values()))
    silent = [name for name in production_names(engine.rulebase) if name not in fired]
    assert silent == list(NEVER_FIRE)


def test_there_are_enough_scenarios_and_each_tells_its_own_story(outcomes: dict[Path, Outcome]) -> None:
    assert len(outcomes) >= 90
    titles = [outcome.file.title for outcome in outcomes.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_every_scenario_says_how_urgent_it_is(outcomes: dict[Path, Outcome]) -> None:
    silent = [name_of(path) for path, outcome in outcomes.items() if "disposition" not in outcome.file.expect]
    assert silent == []
