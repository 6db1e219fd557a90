"""A result as the dictionary of the JSON contract: what a view has for a program. Keys are only ever added."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

from triage.knowledge.model import RuleBase
from triage.output.text import headline
from triage.output.view import IF_WANTED, NOTHING_MORE, UNWRITTEN, Wanted, view_of
from triage.reasoning.results import Assessment


def as_dict(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> dict[str, Any]:
    """Plain data, ready for json.dumps; of an emergency `say` is the whole text."""
    view = view_of(rulebase, assessment, wanted)
    return {**plain(view), "say": headline(view)}


def plain(value: Any) -> Any:
    """Records as dictionaries of their written fields, tuples as lists."""
    kind: Any = type(value)
    if fields := written_fields(kind):
        told = {name: getattr(value, name) for name in fields}
        return {
            name.rstrip("_"): plain(one) for name, one in told.items() if one or not is_marked(fields[name], IF_WANTED)
        }
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


@cache
def written_fields(kind: type) -> Mapping[str, Any]:
    """The fields of a record that are part of the contract, with their types; one for a keyword ends in "_"."""
    hints = get_type_hints(kind, include_extras=True) if hasattr(kind, "_fields") else {}
    return {name: hint for name, hint in hints.items() if not is_marked(hint, UNWRITTEN)}


def is_marked(hint: Any, mark: str) -> bool:
    """Whether a type is marked so in `triage.output.view`."""
    return mark in getattr(hint, "__metadata__", ())


def json_text(document: Mapping[str, Any], indent: int | None = None) -> str:
    """The document as JSON; what could drive a terminal (or is no text, in a file name) is escaped."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return re.sub(r"[^ -~\n]", lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1], text)


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The document as JSON: on one line where it is one of several files."""
    return json_text(as_dict(rulebase, assessment, wanted), indent=None if wanted.file else 2)
