"""The schemas of what goes in and out."""

from __future__ import annotations

import argparse
import json

from triage.cli.common import write
from triage.cli.console import DONE, fault
from triage.exchange.schemas import RULES
from triage.exchange.schemas.every import schema_of
from triage.knowledge.faults import allowed
from triage.knowledge.rule_files import LAYOUT
from triage.knowledge.rulebase import load


def write_schema(args: argparse.Namespace) -> int:
    """Print the schema that is wanted, or write it to a file. Raises FaultyInput."""
    if args.file is not None and args.kind != RULES:
        raise fault(f"schema {args.kind}", f"only `schema {RULES}` takes a file", code="LCT607")
    try:
        schema = schema_of(load(args.rules), args.kind, args.file)
    except KeyError:
        what = f'a rule base has no file "{args.file}"'
        hint = allowed(args.file, LAYOUT)
        raise fault(f"schema {RULES}", what, hint, code="LCT608") from None
    write(args, json.dumps(schema, indent=2), "json")
    return DONE
