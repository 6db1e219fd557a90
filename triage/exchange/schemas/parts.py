"""What every schema is made of."""

from __future__ import annotations

from typing import Any

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
