"""A plugin for pytest: files named `*.triage.toml` are tests, each one scenario.

Another rule base is named by the option `--triage-rules DIR` (from where pytest was started), or by
`triage_rules` in the settings of pytest (from the folder of that file). Every project that has this
package installed loads this module, so it imports only pytest until such a file runs.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.conversation.scenarios import Outcome, run_scenario
from triage.knowledge.faults import FaultyInput, printable
from triage.knowledge.rulebase import load
from triage.knowledge.wording import said
from triage.reasoning.engine import Engine

SUFFIX = ".triage.toml"
OPTION, SETTING = "--triage-rules", "triage_rules"
COMMAND = "leg-cramp-triage"


# The engine that all scenarios of a session share; None if its rule base is not sound.
_ENGINE = pytest.StashKey["Engine | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting that name another rule base."""
    told = f"folder of the rule base that files named *{SUFFIX} are tested with"
    group = parser.getgroup("triage", COMMAND)
    group.addoption(OPTION, metavar="DIR", help=f"{told} (default: the setting {SETTING}, or the own rule base)")
    parser.addini(SETTING, told, default="")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenario files, and no others."""
    return ScenarioFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIX) else None


class ScenarioFile(pytest.File):
    """A file that holds one scenario."""

    def collect(self) -> Iterator[pytest.Item]:
        yield Scenario.from_parent(self, name="scenario")


class Scenario(pytest.Item):
    """Answers, and what must follow from them."""

    def runtest(self) -> None:
        # Without a traceback: nobody who writes scenarios has to know this code.
        if failure := _failure(self.path, self.config):
            pytest.fail(failure, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.path.name.removesuffix(SUFFIX)


def _failure(path: Path, config: pytest.Config) -> str:
    """What is told of a scenario that fails, in short in its first line; nothing if it comes true."""
    try:
        engine = _engine_of(config)
        if engine is None:
            return "the rule base is not sound: see the first scenario that failed"
        outcome = run_scenario(engine, _from_here(path))
    except FaultyInput as error:
        return str(error)
    return _told(outcome, engine, _folder(config)) if outcome.differences else ""


def _engine_of(config: pytest.Config) -> Engine | None:
    """Compiled for the first scenario. Where that raises FaultyInput, it is None for all others."""
    if _ENGINE not in config.stash:
        config.stash[_ENGINE] = None
        config.stash[_ENGINE] = Engine(load(_folder(config)))
    return config.stash[_ENGINE]


def _told(outcome: Outcome, engine: Engine, folder: Path | None) -> str:
    """What differs, the story, its answers in words, and how to see it again."""
    file, rulebase = outcome.file, engine.rulebase
    answers = [f"  {rulebase.questions[name].text} -> {said(rulebase, name, a)}" for name, a in file.answers.items()]
    rules = ["--rules", str(folder)] if folder else []
    commands = [["test", *rules, file.name], ["run", "--explain", *rules, file.name]]
    lines = [
        *outcome.differences,
        "",
        f"Story: {file.title}",
        "Answers:",
        *answers,
        "See it again:",
        *(f"  {shlex.join([COMMAND, *words])}" for words in commands),
    ]
    return "\n".join(map(printable, lines))


def _folder(config: pytest.Config) -> Path | None:
    """The folder of the rule base; None for the own one."""
    if given := config.getoption(OPTION):
        return _from_here(config.invocation_params.dir / given)
    beside = config.inipath.parent if config.inipath else config.rootpath
    return _from_here(beside / named) if (named := config.getini(SETTING)) else None


def _from_here(path: Path) -> Path:
    """A path as somebody would write it in the current folder."""
    return Path(os.path.relpath(path))
