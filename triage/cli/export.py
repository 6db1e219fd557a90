"""The questions as a form for other software."""

from __future__ import annotations

import argparse
from importlib import import_module

from triage.cli.common import write
from triage.cli.console import DONE
from triage.cli.formats import FORMS
from triage.knowledge.rulebase import load


def export(args: argparse.Namespace) -> int:
    """Write the form that is wanted. Raises FaultyInput."""
    module, function = FORMS[args.form].split(":")
    write(args, getattr(import_module(module), function)(load(args.rules)), args.form)
    return DONE
