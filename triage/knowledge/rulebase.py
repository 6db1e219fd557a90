"""How the rule base is loaded."""

from __future__ import annotations

from pathlib import Path

from triage.knowledge.cache import kept
from triage.knowledge.faults import FaultyInput
from triage.knowledge.folder import find
from triage.knowledge.loader import load_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.rule_files import digest, file_names
from triage.knowledge.toml_file import read_plain


def load(given: Path | str | None = None) -> RuleBase:
    """Read and check the rule base in a folder. Raises FaultyInput with every fault."""
    folder = find(given)
    try:
        sha256 = digest({name: read_plain(folder / name, name) for name in file_names(folder)})
    except FaultyInput:  # the loader says all that is wrong
        return load_folder(folder)
    return kept(sha256) or load_folder(folder)
