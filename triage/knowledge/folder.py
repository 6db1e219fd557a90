"""Where a rule base is. Imports next to nothing, as `relief` has to be there at once."""

from __future__ import annotations

from pathlib import Path

from triage.knowledge.faults import Fault, FaultyInput

HERE = Path(__file__).parents[1]


def rules_folder() -> Path:
    """The folder of the built-in rule base: the installed one, or the checkout's."""
    installed = HERE / "rules"
    return installed if installed.is_dir() else HERE.parent / "rules"


def find(given: Path | str | None = None) -> Path:
    """The folder of the rule base: the given one, or the built-in one. Raises FaultyInput."""
    if given is None:
        return rules_folder()
    folder = Path(given)
    if not folder.is_dir():
        raise FaultyInput([Fault(str(given), 0, "no such folder", "--rules takes a rule base folder", "LCT001")])
    return folder
