"""The rule base: where it is, and how it is loaded."""

from __future__ import annotations

from pathlib import Path

from triage.knowledge.cache import kept
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.loader import Loader
from triage.knowledge.model import RuleBase
from triage.knowledge.rule_files import digest, file_names
from triage.knowledge.toml_file import read_bytes

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
            raise FaultyInput([Fault(str(given), 0, "no such folder", "--rules takes a rule base folder")])
        return folder
    return rules_folder()


def load(given: Path | str | None = None, examples: bool = False) -> RuleBase:
    """Read and check the rule base in a folder. Raises FaultyInput with every fault.

    With `examples`, those of every rule and what proofs need are read too, and drawings are
    looked into; otherwise only that they are there.
    """
    folder = find(given)
    if not examples:
        try:
            sha256 = digest({name: read_bytes(folder / name, name) for name in file_names(folder)})
        except FaultyInput:
            sha256 = ""  # the loader says what is wrong
        if rulebase := kept(sha256):
            return rulebase
    return Loader(folder, examples).load()
