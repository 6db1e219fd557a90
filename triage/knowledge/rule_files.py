"""Which files a rule base has, and which tables stand in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path, PurePath
from typing import Any, get_args

from triage.knowledge import model
from triage.knowledge.fields import Field, fields_of

DEMOS = "demos"  # the folder of stories to play, on which no result depends either

SUFFIXES = (".toml", ".svg")  # of what belongs to a rule base


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, model.Record)


# Tables of which there are many, [[name]]: their type, and the field of the rule base that holds them.
LISTS: dict[str, tuple[type, str]] = {
    model.table_name(kind): (kind, field.name)
    for field in fields(model.RuleBase)
    for kind in get_args(field.type)
    if _is_table(kind)
}
# Those of which there is one, [name]: the field of the rule base has its name.
SINGLE: dict[str, Any] = {field.name: field.type for field in fields(model.RuleBase) if _is_table(field.type)}
# Which tables may stand in which file.
LAYOUT = {
    "questions.toml": {"question"},
    "voices.toml": {"voice"},
    "countries.toml": {"country"},
    "doctor.toml": {"history"},
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
    "wording.toml": {"wording", "forbidden", "conflict"},
}
FIGURES = "figures/*.svg"
MAY_BE_ABSENT = {"accepted.toml", "doctor.toml", "hazards.toml", FIGURES}


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


def pattern_of(name: str) -> str:
    """The pattern of LAYOUT that a file goes by (KeyError if there is none); it may be named with its folders."""
    for pattern in LAYOUT:
        if PurePath(name).match(pattern):
            return pattern
    raise KeyError(name)


def records(rulebase: model.RuleBase) -> Iterator[Any]:
    """Every record of the tables and those below it."""
    for _, field in LISTS.values():
        held = getattr(rulebase, field)
        for record in held.values() if isinstance(held, Mapping) else held:
            yield from _with_those_below(record)
    for name in SINGLE:
        yield from _with_those_below(getattr(rulebase, name))


def _with_those_below(record: Any) -> Iterator[Any]:
    yield record
    for field in fields_of(record.__class__):
        value = getattr(record, field.name)
        for below in value if isinstance(value, tuple) else (value,):
            if isinstance(below, model.Record):
                yield from _with_those_below(below)


def texts_of(record: model.Record, field: Field) -> Iterator[str]:
    """The texts of a field: one, several, or one for each voice; those that are empty are none."""
    value = getattr(record, field.name)
    several = value.values() if isinstance(value, Mapping) else [value] if isinstance(value, str) else value
    return filter(None, several)
