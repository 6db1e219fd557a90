"""The schemas of what goes in and out."""

from __future__ import annotations

import argparse
import json

from triage.cli.common import write
from triage.cli.console import DONE
from triage.exchange.schemas.every import schema_of
from triage.knowledge.rulebase import load


def write_schema(args: argparse.Namespace) -> int:
    """Print the schema that is wanted, or write it to a file. Raises FaultyInput."""
    write(args, json.dumps(schema_of(load(args.rules), args.kind), indent=2), "json")
    return DONE
