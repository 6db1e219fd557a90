"""How the rule base is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from triage.knowledge.cache import kept
from triage.knowledge.faults import FaultyInput
from triage.knowledge.folder import find
from triage.knowledge.loader import load_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.relief_now import unknown_country
from triage.knowledge.rule_files import digest, file_names
from triage.knowledge.toml_file import read_plain


def load(given: Path | str | None = None, country: str = "") -> RuleBase:
    """Read and check the rule base in a folder, to speak to somebody in a country. Raises FaultyInput with every fault."""
    rulebase = _read(find(given))
    if country and country not in rulebase.countries:
        raise unknown_country(country, rulebase.countries)
    return replace(rulebase, country=country) if country else rulebase


def _read(folder: Path) -> RuleBase:
    try:
        sha256 = digest({name: read_plain(folder / name, name) for name in file_names(folder)})
    except FaultyInput:  # the loader says all that is wrong
        return load_folder(folder)
    return kept(sha256) or load_folder(folder)
