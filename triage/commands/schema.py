"""The schemas of what goes in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triage.commands.common import DONE, WRONG_INPUT, say, write

if TYPE_CHECKING:
    import argparse


def write_schema(args: argparse.Namespace) -> int:
    """Print the schema that is wanted, or write it to a file. Raises FaultyInput."""
    import json

    from triage.loader import LAYOUT
    from triage.rulebase import load
    from triage.schemas import RULES, schema_of

    if args.file is not None and args.kind != RULES:
        say(f"only `schema {RULES}` takes a file")
        return WRONG_INPUT
    try:
        schema = schema_of(load(args.rules), args.kind, args.file)
    except KeyError:
        say(f'"{args.file}" is no file of a rule base; files: {", ".join(LAYOUT)}')
        return WRONG_INPUT
    write(args, json.dumps(schema, indent=2))
    return DONE
