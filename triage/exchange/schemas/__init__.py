"""JSON Schemas (draft-07) of the files that people write and of the results that programs read.

They are made from the rule base and from the types that these files are read into and results are written from, so
that there is no second list of anything. Draft-07 is what editors of TOML know.
"""

from typing import Any

KINDS = ("answers", "scenario", "assessment", "row", "summary", "rules")

Schema = dict[str, Any]


def options(values: dict[str, str], about: str = "") -> Schema:
    """One of the keys; editors show what it is about, and what each stands for."""
    told = [*filter(None, [about]), *(f"{value}: {words}" for value, words in values.items())]
    return {"description": "\n".join(told), "enum": list(values)}


def needing(key: str) -> Schema:
    """That a field is there. Strict validators want it among the properties too."""
    return {"properties": {key: True}, "required": [key]}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


def table(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    """A table that takes these fields and no others."""
    needed = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties, **more}
