"""How the rule base is loaded."""

from __future__ import annotations

from pathlib import Path

from triage.knowledge.cache import kept
from triage.knowledge.faults import FaultyInput
from triage.knowledge.loader import Loader
from triage.knowledge.model import RuleBase
from triage.knowledge.rule_files import digest, file_names, find
from triage.knowledge.toml_file import read_bytes


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
