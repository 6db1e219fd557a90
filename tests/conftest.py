"""What most tests need: the rule base of this checkout with its examples, and its engine."""

import gc
import os
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from random import Random

import plain
import pytest
from sample import results, sample

from triage.cli import batch
from triage.cli.main import MADE_AT_START
from triage.knowledge import lints, loader
from triage.knowledge.cache import keep, kept
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.patterns import pattern_problem
from triage.knowledge.rulebase import load
from triage.knowledge.toml_file import TomlFile
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment
from triage.scale import run as runs
from triage.scale.answers import Judge
from triage.scale.expressions import Rules

ALL_STORIES = "--all-stories"

gc.set_threshold(MADE_AT_START)  # as the program does: looking through a whole rule base again and again finds nothing


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(ALL_STORIES, action="store_true", help="slow tests take all scenarios and cases, not some")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for a browser or a terminal."""
    return (os.cpu_count() or 1) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Rules that were edited since the package was built are kept anew, once: reading them takes longest in most tests."""
    if not hasattr(session.config, "workerinput") and kept(load().sha256) is None:
        keep(load())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """None marked `nightly`, and of one marked `sampled(n)` every n-th case where it has many: with ALL_STORIES all."""
    if config.getoption(ALL_STORIES):
        return
    seen = Counter[str]()
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    left_out += [
        item for item in items if (mark := item.get_closest_marker("sampled")) and _is_left_out(item, mark, seen)
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _is_left_out(item: pytest.Item, mark: pytest.Mark, seen: Counter[str]) -> bool:
    name = item.nodeid.partition("[")[0]
    seen[name] += 1
    return "[" in item.nodeid and seen[name] % mark.args[0] != 1


@pytest.fixture(scope="session")
def rulebase() -> RuleBase:
    """The rule base, with the examples of every rule."""
    return load()


@pytest.fixture(scope="session")
def engine(rulebase: RuleBase) -> Engine:
    """The rule base, compiled once for all tests."""
    return Engine(rulebase)


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest, engine: Engine) -> Mapping[str, Assessment]:
    """Results by the name of their scenario: about 40 that show all there is, or all with --all-stories."""
    return {**results(engine), **sample(engine)} if request.config.getoption(ALL_STORIES) else sample(engine)


@pytest.fixture(scope="session")
def judge(rulebase: RuleBase) -> Judge:
    """What judges many rows, made once for all tests."""
    return Judge(rulebase)


@pytest.fixture
def rules_read_once(rulebase: RuleBase, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """`batch` in this process takes the rules that the tests have read."""
    monkeypatch.setattr(batch, "load", lambda _: rulebase)
    monkeypatch.setattr(runs, "judge_of", lambda *_: judge)


@pytest.fixture(scope="session")
def rules(judge: Judge) -> Rules:
    """The rules as expressions."""
    return judge.rules


@pytest.fixture(scope="session")
def answer_sets(request: pytest.FixtureRequest) -> list[Answers]:
    """Random answer sets on which many rules meet, the same in every run: 900, or 1,200 with --all-stories."""
    random = Random(2024)
    return [plain.random_answers(random) for _ in range(1200 if request.config.getoption(ALL_STORIES) else 900)]


@pytest.fixture
def texts_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that read many copies of rules/ which differ in one file: parsing is half of the time of reading."""
    monkeypatch.setattr(loader, "TomlFile", _parsed)
    monkeypatch.setattr(lints, "pattern_problem", _looked_at)


_parsed, _looked_at = lru_cache(200)(TomlFile), cache(pattern_problem)
