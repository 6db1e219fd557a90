"""A plugin for pytest: files named `*.triage.toml` are tests, each one scenario.

Another rule base is named by the option `--triage-rules DIR` (from where pytest was started), or by
`triage_rules` in the settings of pytest (from the folder of that file). Every project that has this
package installed loads this module, so it imports only pytest until such a file runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SUFFIX = ".triage.toml"
OPTION, SETTING = "--triage-rules", "triage_rules"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting that name another rule base."""
    told = f"folder of the rule base that files named *{SUFFIX} are tested with"
    group = parser.getgroup("triage", "leg-cramp-triage")
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
        from triage.proof.scenario_failure import failure

        # Without a traceback: nobody who writes scenarios has to know this code.
        if found := failure(_from_here(self.path), _folder(self.config), self.config.stash):
            pytest.fail(found, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.path.name.removesuffix(SUFFIX)


def _folder(config: pytest.Config) -> Path | None:
    """The folder of the rule base; None for the own one."""
    if given := config.getoption(OPTION):
        return _from_here(config.invocation_params.dir / given)
    beside = config.inipath.parent if config.inipath else config.rootpath
    return _from_here(beside / named) if (named := config.getini(SETTING)) else None


def _from_here(path: Path) -> Path:
    """A path as somebody would write it in the current folder."""
    return Path(os.path.relpath(path))
