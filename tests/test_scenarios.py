"""What holds for the scenarios together. That each comes true is a test of its own: triage/proof/pytest_plugin.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from remembering import Remembering
from sample import CHOSEN, shown
from stories import FOLDER, SCENARIOS, name_of, way_to

from triage.conversation.scenarios import Outcome, run_scenario
from triage.knowledge.grammar import joined_bands
from triage.knowledge.model import RedFlag, RuleBase
from triage.reasoning.engine import Engine, production_names

# Rules that no answers of a person can make fire, each with the reason why it is there all the same.
NEVER_FIRE: Mapping[str, str] = {}

# Scenarios that are no way through an interview: they hold an answer more than it asks for (an
# answer file may), or leave questions open.
NO_WAY: set[str] = set()

# Ages just outside a rule at which its line cannot be ticked.
NOT_SHOWN: set[tuple[str, int]] = set()


@pytest.fixture(scope="module")
def quick(engine: Engine) -> Engine:
    """An engine that remembers, for stories that share most of their way."""
    return Remembering(engine)


@pytest.fixture(scope="module")
def outcomes(quick: Engine) -> dict[Path, Outcome]:
    """Every scenario, run once."""
    return {path: run_scenario(quick, path) for path in SCENARIOS}


def test_every_file_of_the_folder_is_a_test_of_its_own(pytestconfig: pytest.Config) -> None:
    """Another name would be passed over: the plugin of pytest looks for this suffix."""
    assert pytestconfig.pluginmanager.hasplugin("triage"), "install the package anew"
    assert sorted(path for path in FOLDER.rglob("*") if path.is_file()) == SCENARIOS


def test_every_rule_fires_in_some_scenario(outcomes: dict[Path, Outcome], engine: Engine) -> None:
    fired = frozenset().union(*(outcome.assessment.fired for outcome in outcomes.values()))
    silent = [name for name in production_names(engine.rulebase) if name not in fired]
    assert silent == list(NEVER_FIRE)


def test_the_chosen_scenarios_show_all_there_is(outcomes: dict[Path, Outcome]) -> None:
    """For tests that take long over each. If not: python tests/sample.py"""
    every = {name_of(path): outcome.assessment for path, outcome in outcomes.items()}
    assert set(CHOSEN) <= every.keys()
    assert shown(every.values()) - shown(every[name] for name in CHOSEN) == set()
    assert len(CHOSEN) <= 55


def test_every_exception_lowers_in_some_scenario(outcomes: dict[Path, Outcome], engine: Engine) -> None:
    """Each row after `unless` of a red flag holds somewhere, and there the flag is not raised."""
    for flag in engine.rulebase.red_flags.values():
        for row in flag.condition.unless:
            facts = [outcome.assessment.facts for outcome in outcomes.values()]
            held = [f for f in facts if all(c.holds(f) for c in row) and any_when(flag, f)]
            assert held, (flag.id, row)


def any_when(flag: RedFlag, facts: Mapping[str, frozenset[str]]) -> bool:
    return any(all(cell.holds(facts) for cell in row) for row in flag.condition.when)


def test_every_age_at_which_a_rule_turns_has_a_scenario_on_both_sides(
    outcomes: dict[Path, Outcome], rulebase: RuleBase
) -> None:
    ages = {outcome.file.answers.get("age") for outcome in outcomes.values()}
    starts = [int(band.split("-")[0]) for band in rulebase.bands["age"]][1:]
    assert len(starts) > 5
    assert {start for start in starts if not {start - 1, start} <= ages} == set()


def test_every_age_of_a_red_flag_has_a_scenario_on_both_sides(
    outcomes: dict[Path, Outcome], rulebase: RuleBase
) -> None:
    """On each side somebody who but for the age is as a row of the red flag says."""
    missing = set()
    for flag in rulebase.red_flags.values():
        for age in ages_of(rulebase, flag):
            there = [o.assessment.facts for o in outcomes.values() if o.file.answers.get("age") == age]
            rows = flag.condition.when
            if not any(all(c.name == "age" or c.holds(facts) for c in row) for facts in there for row in rows):
                missing.add((flag.id, age))
    assert missing == NOT_SHOWN


def ages_of(rulebase: RuleBase, flag: RedFlag) -> set[int]:
    """The last number before each threshold of a red flag, and the first one after it."""
    oldest = rulebase.questions["age"].maximum
    ages: set[int] = set()
    for row in (*flag.condition.when, *flag.condition.unless):
        for cell in row:
            if cell.name == "age":
                bands = [band for band in rulebase.bands["age"] if band in cell.options]
                ages |= {age for low, high in joined_bands(bands) for age in (low - 1, low, high, high + 1)}
    return {age for age in ages if 0 <= age <= oldest} - {0, oldest}


def test_there_are_enough_scenarios_and_each_tells_its_own_story(outcomes: dict[Path, Outcome]) -> None:
    assert len(outcomes) >= 600
    titles = [outcome.file.title for outcome in outcomes.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_every_scenario_says_how_urgent_it_is(outcomes: dict[Path, Outcome]) -> None:
    silent = [name_of(path) for path, outcome in outcomes.items() if "disposition" not in outcome.file.expect]
    assert silent == []


def test_scenarios_hold_just_the_answers_that_an_interview_asks_for(
    outcomes: dict[Path, Outcome], quick: Engine
) -> None:
    """So that a question that is asked of others, or of nobody, is noticed. No red flag is taken back on the way."""
    ways = {name_of(path): way_to(quick, outcome.file.answers) for path, outcome in outcomes.items()}
    assert {name for name, way in ways.items() if way is None} == NO_WAY
    assert all(way.stood for way in ways.values() if way)
    assert max(len(way.asked) for way in ways.values() if way) <= quick.rulebase.most_prompts
