"""The questions as a form for other software."""

from __future__ import annotations

import argparse
from importlib import import_module

from triage.cli.common import DONE, write
from triage.knowledge.rulebase import load

# Form -> the module and the function(rulebase) that makes it, as text or as bytes.
FORMS = {"fhir": ("triage.exchange.fhir.questionnaire", "as_text"), "xlsform": ("triage.exchange.xlsform", "as_xlsx")}


def export(args: argparse.Namespace) -> int:
    """Write the form that is wanted. Raises FaultyInput."""
    module, function = FORMS[args.form]
    write(args, getattr(import_module(module), function)(load(args.rules)))
    return DONE
