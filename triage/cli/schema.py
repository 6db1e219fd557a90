"""The schemas of what goes in and out."""

from __future__ import annotations

import argparse
import json

from triage.cli.common import DONE, WRONG_INPUT, say, write
from triage.exchange.schemas import RULES
from triage.exchange.schemas.every import schema_of
from triage.knowledge.rule_files import LAYOUT
from triage.knowledge.rulebase import load


def write_schema(args: argparse.Namespace) -> int:
    """Print the schema that is wanted, or write it to a file. Raises FaultyInput."""
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
