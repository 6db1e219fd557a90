"""Puts what is made of other files beside the program: when the package is built, or installed from the checkout."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MakeFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for the wheel, and for `pip install -e`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        sys.path.insert(0, self.root)
        from triage import parsed
        from triage.commands import built

        rules = Path(self.root) / "rules"
        parsed.write(rules)
        built.write(rules)
        build_data["artifacts"] += ["triage/rules.parsed", "triage/built/*"]
