"""The steps that are safe for everybody, read alone: `relief` has to be there at once, whatever else is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from triage.knowledge.faults import Fault, FaultyInput, allowed
from triage.knowledge.tokens import spoken
from triage.knowledge.toml_file import TomlFile, read_plain

RELIEF_NOW, VOICES, COUNTRIES = "advice/relief_now.toml", "voices.toml", "countries.toml"

# What wording the files raises where one is TOML, but not as it should be.
FAULTY = (ValueError, LookupError, TypeError, AttributeError)


def unknown_country(country: str, countries: Iterable[str]) -> FaultyInput:
    """What is said of a country that the rules do not know."""
    return FaultyInput([Fault("--country", 0, f'no country "{country}"', allowed(country, countries), "LCT627")])


class Steps(NamedTuple):
    """The text in the voice of somebody who was asked nothing; `after`: what leads to the command of the program (may be empty)."""

    title: str
    steps: tuple[str, ...]
    after: str


def read_steps(rules: Path, country: str = "") -> Steps:
    """The steps of the rule base in a folder, for a country (or none in particular). Raises FaultyInput or one of FAULTY."""
    relief = _parsed(rules, RELIEF_NOW)["relief_now"]
    countries = {one["id"]: one["words"] for one in _parsed(rules, COUNTRIES)["country"]}
    if country and country not in countries:
        raise unknown_country(country, countries)
    words = _parsed(rules, VOICES)["voice"][0]["words"] | countries[country or next(iter(countries))]
    title, steps, after = relief["title"], relief["steps"], relief.get("after", "")
    if not (isinstance(steps, list) and steps and "".join([title, *steps, after]).isprintable()):
        raise ValueError("title, steps and after must be text that can be printed")
    return Steps(title, tuple(spoken(step, words) for step in steps), after)


def _parsed(rules: Path, name: str) -> dict[str, Any]:
    path = rules / name
    return TomlFile(str(path), read_plain(path, str(path))).data
