"""Where a rule base is, which files it has, and their bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path, PurePath

from triage.knowledge.faults import Fault, FaultyInput

HERE = Path(__file__).parents[1]

# Read only by `check`: no result depends on them.
CHECK_ONLY = frozenset({"accepted.toml", "hazards.toml", "wording.toml"})

DEMOS = "demos"  # the folder of stories to play, on which no result depends either

SUFFIXES = (".toml", ".svg")  # of what belongs to a rule base

# Which tables may stand in which file.
LAYOUT = {
    "questions.toml": {"question"},
    "voices.toml": {"voice"},
    "dispositions.toml": {"disposition", "place", "safety_net", "about", "asking", "ranking", "saved"},
    "red_flags/*.toml": {"red_flag"},
    "causes/*.toml": {"cause"},
    "advice/relief_now.toml": {"relief_now"},  # `relief` reads it alone, to be there at once
    "advice/*.toml": {"advice", "note"},
    "checks.toml": {"check"},
    "claims.toml": {"claim"},
    "hazards.toml": {"hazard"},
    "sources.toml": {"source"},
    "accepted.toml": {"accepted"},
    "wording.toml": {"wording", "forbidden"},
}
FIGURES = "figures/*.svg"
MAY_BE_ABSENT = CHECK_ONLY - {"wording.toml"} | {FIGURES}


def rules_folder() -> Path:
    """The folder of the built-in rule base: the installed one, or the checkout's."""
    installed = HERE / "rules"
    return installed if installed.is_dir() else HERE.parent / "rules"


def find(given: Path | str | None = None) -> Path:
    """The folder of the rule base: the given one, the installed one, or the checkout's."""
    if given is None:
        return rules_folder()
    folder = Path(given)
    if not folder.is_dir():
        raise FaultyInput([Fault(str(given), 0, "no such folder", "--rules takes a rule base folder")])
    return folder


def file_names(rules: Path) -> set[str]:
    """The files of a rule base, by their names in its folder."""
    names = set()
    for folder, folders, files in os.walk(rules):
        inside = Path(folder).relative_to(rules)
        names |= {(inside / name).as_posix() for name in (*folders, *files) if name.endswith(SUFFIXES)}
    return {name for name in names if not name.startswith(f"{DEMOS}/")}


def digest(raws: Mapping[str, bytes]) -> str:
    """SHA-256 over the names and bytes of all files, in order of name."""
    joined = (b"%b\0%d\0%b" % (name.encode(), len(raws[name]), raws[name]) for name in sorted(raws))
    return hashlib.sha256(b"".join(joined)).hexdigest()


def shown(rules: Path, name: str) -> str:
    """How messages call a file of a rule base."""
    return f"{rules.name}/{name}"


def pattern_of(name: str) -> str:
    """The pattern of LAYOUT that a file goes by (KeyError if there is none); it may be named with its folders."""
    for pattern in LAYOUT:
        if PurePath(name).match(pattern):
            return pattern
    raise KeyError(name)
