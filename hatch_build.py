"""Keeps the checked rule base beside the program: when the package is built, or installed from the checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KeepRules(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for the wheel, and for `pip install -e`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if sys.version_info < (3, 11):  # noqa: UP036 - pip says so in one line, once it has the metadata
            return
        sys.path.insert(0, self.root)
        from triage.knowledge import cache, rulebase

        cache.keep(rulebase.load(Path(self.root) / "rules"))
        build_data["artifacts"] += ["triage/rules.pickle"]
