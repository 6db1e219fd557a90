"""JSON Schemas (draft-07) of the files that people write and of the results that programs read.

They are made from the rule base and from the types that these files are read into and results are written from, so
that there is no second list of anything. Draft-07 is what editors of TOML know.
"""

from typing import Any

RULES = "rules"
KINDS = ("answers", "scenario", "assessment", "row", "summary", RULES)

Schema = dict[str, Any]


def options(values: dict[str, str]) -> Schema:
    """One of the keys; editors show what each stands for."""
    return {"enum": list(values), "x-taplo": {"docs": {"enumValues": list(values.values())}}}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


def table(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    """A table that takes these fields and no others."""
    needed = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties, **more}
