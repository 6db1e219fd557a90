"""The rule base: where it is, and how it is loaded."""

from __future__ import annotations

from pathlib import Path

from triage.knowledge.cache import kept
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.loader import load_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.rule_files import digest, file_names
from triage.knowledge.toml_file import read_plain

HERE = Path(__file__).parents[1]


def rules_folder() -> Path:
    """The folder of the built-in rule base: the installed one, or the checkout's."""
    installed = HERE / "rules"
    return installed if installed.is_dir() else HERE.parent / "rules"


def find(given: Path | str | None = None) -> Path:
    """The folder of the rule base: the given one, the installed one, or the checkout's."""
    if given is not None:
        folder = Path(given)
        if not folder.is_dir():
            raise FaultyInput([Fault(str(given), 0, "no such folder", "--rules takes a rule base folder", "LCT001")])
        return folder
    return rules_folder()


def load(given: Path | str | None = None) -> RuleBase:
    """Read and check the rule base in a folder. Raises FaultyInput with every fault."""
    folder = find(given)
    try:
        sha256 = digest({name: read_plain(folder / name, name) for name in file_names(folder)})
    except FaultyInput:  # the loader says all that is wrong
        return load_folder(folder)
    return kept(sha256) or load_folder(folder)
