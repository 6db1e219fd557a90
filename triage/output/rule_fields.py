"""The fields of the files of a rule base, as one Markdown page: docs/rule-fields.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from inspect import getdoc
from typing import get_args, get_origin

from triage.knowledge.fields import Field, Only, fields_of, item_of
from triage.knowledge.model import Entry
from triage.knowledge.reading import condition_key, shape_of
from triage.knowledge.rule_files import LAYOUT, LISTS, SINGLE

HEAD = """# The fields of the rule files

Made from the types in `triage/knowledge/model.py` (`leg-cramp-triage rules --fields`); rules/README.md says how conditions are
written. A field in **bold** has to be there.
"""

# What stands in a field, by the shape of it.
_WRITTEN = {
    "condition": "rows",
    "rows": "rows",
    "examples": "answers",
    "words": "table of texts",
    "id": "id",
    "groups": "lists of texts",
    "list": "list of texts",
}


def reference() -> str:
    """The whole page."""
    written = frozenset[str]().union(*LAYOUT.values())
    tables = [("every rule", Entry), *((f"[[{name}]]", LISTS[name][0]) for name in LISTS if name in written)]
    tables += [(f"[{name}]", kind) for name, kind in SINGLE.items()]
    return "\n".join([HEAD, *(line for name, kind in tables for line in _section(name, kind))])


def _section(name: str, kind: type) -> Iterator[str]:
    """A table and those below it."""
    shared = {field.name: field for field in fields_of(Entry)} if issubclass(kind, Entry) and kind is not Entry else {}
    own = [field for field in fields_of(kind) if not _is_same(field, shared.get(field.name))]
    yield from (f"## {name.replace('[', '`[', 1) + '`' if name.startswith('[') else name.capitalize()}", "")
    yield from ((getdoc(kind) or "").replace("\n", " "), "")
    yield from ("| field | takes | meaning |", "|---|---|---|")
    yield from map(_row, own)
    yield ""
    for field in own:
        if shape_of(field) == "table":
            brackets = "[[{}]]" if get_origin(field.hint) is tuple else "[{}]"
            yield from _section(brackets.format(f"{name.strip('[]')}.{field.key}"), item_of(field.hint))


def _is_same(field: Field, other: Field | None) -> bool:
    return other is not None and (field.key, field.doc, field.has_default) == (other.key, other.doc, other.has_default)


def _row(field: Field) -> str:
    key = f"`{condition_key(field)}`"
    only = field.mark(Only)
    where = f" (only where `{only.key}` is {' or '.join(map(repr, only.values))})" if only else ""
    return f"| {key if field.has_default else f'**{key}**'} | {_takes(field)} | {field.doc}{where} |"


def _takes(field: Field) -> str:
    shape = shape_of(field)
    if shape == "choice":
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in get_args(field.hint))
    if choices := get_args(item_of(field.hint)) if shape == "list" else ():
        return "some of " + ", ".join(f'`"{value}"`' for value in choices)
    if shape == "simple":
        return {str: "text", int: "whole number", bool: "`true`"}[item_of(field.hint)]
    return _WRITTEN.get(shape, "tables" if is_dataclass(item_of(field.hint)) else "")
