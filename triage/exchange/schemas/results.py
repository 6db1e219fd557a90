"""The schemas of results as JSON: the types of `triage.output`, with the values of a rule base."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from triage.exchange.schemas import Schema, answer_files, array
from triage.knowledge.model import RuleBase
from triage.output import contract
from triage.output.as_json import is_marked, written_fields
from triage.output.view import IF_WANTED, SCHEMA, View

# Kind -> the title of its schema, and the type that is written. Keys may be added later, so unknown ones are allowed.
TYPES = {"assessment": ("Result", View), "row": ("Row", contract.RowData), "summary": ("Summary", contract.SummaryData)}
_PLAIN = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


def schema(rulebase: RuleBase, kind: str) -> Schema:
    """Of one result, of the result of one of many rows, or of the counts of many rows."""
    title, written = TYPES[kind]
    types = _Types(rulebase)
    return {"title": title, **types.table(written), "definitions": types.definitions}


class _Types:
    """Types as schemas."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.definitions: dict[str, Schema] = {}
        self.named: dict[str, Schema] = {  # what `Annotated` stands for
            "schema": {"const": SCHEMA},
            "summary schema": {"const": contract.SUMMARY_SCHEMA},
            "rung": {"enum": [level.id for level in rulebase.ladder]},
            "level": {"enum": list(rulebase.dispositions)},
            "question": {"enum": list(rulebase.questions)},
            "answers": answer_files.answers_table(rulebase),
        }

    def table(self, kind: Any) -> Schema:
        """A TypedDict, or the written fields of a record: all its keys, and those that must be there."""
        hints = get_type_hints(kind, include_extras=True) if is_typeddict(kind) else written_fields(kind)
        optional = {name for name, hint in hints.items() if is_marked(hint, IF_WANTED)}
        optional |= getattr(kind, "__optional_keys__", set())
        return {
            "description": kind.__doc__,
            "type": "object",
            "required": [name.rstrip("_") for name in hints if name not in optional],
            "properties": {name.rstrip("_"): self.of(_where_written(hint)) for name, hint in hints.items()},
        }

    def of(self, hint: Any) -> Schema:
        """The schema of any type that the contract uses (KeyError for another)."""
        if is_typeddict(hint) or hasattr(hint, "_fields"):
            if hint.__name__ not in self.definitions:
                self.definitions[hint.__name__] = {}  # its place, since a type may hold itself
                self.definitions[hint.__name__] = self.table(hint)
            return {"$ref": f"#/definitions/{hint.__name__}"}
        origin, below = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self.named[below[1]]
        if origin in (list, tuple):
            return array(self.of(below[0]))
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self.of(below[1])}
        if origin in (UnionType, Union):  # Annotated makes the latter
            return {"anyOf": [self.of(one) for one in below]}
        return {"enum": list(below)} if origin is Literal else {"type": _PLAIN[hint]}


def _where_written(hint: Any) -> Any:
    """The type of a field where it is there: what is only written if wanted is never null."""
    if not is_marked(hint, IF_WANTED):
        return hint
    kind = get_args(hint)[0]
    return get_args(kind)[0] if NoneType in get_args(kind) else kind
