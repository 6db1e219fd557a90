"""The rule base: where it is, and how it is loaded."""

from __future__ import annotations

from pathlib import Path

from triage.faults import Fault, FaultyInput
from triage.model import RuleBase
from triage.opening import rules_folder
from triage.parsed import kept


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
    if not examples and (rulebase := kept(folder)):
        return rulebase
    from triage.loader import Loader  # takes its time, and is seldom needed

    return Loader(folder, examples).load()
