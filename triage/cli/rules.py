"""The rules in words: the list, one of them, or the book of all."""

from __future__ import annotations

import argparse

from triage.cli.common import DONE, WRONG_INPUT, say, write
from triage.knowledge.faults import allowed
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output import screen
from triage.output.rule_book import book
from triage.output.rule_fields import reference
from triage.output.rule_sheets import listing, names, one


def show_rules(args: argparse.Namespace) -> int:
    """Print what is wanted of the rules. Raises FaultyInput."""
    rulebase = rules_in_voice(load(args.rules))
    try:
        write(args, _rules_wanted(args, rulebase))
    except KeyError:
        known = [name for ids in names(rulebase).values() for name in ids]
        say(f'nothing in the rule base has the id "{args.id}" ({allowed(args.id, known)})')
        return WRONG_INPUT
    return DONE


def _rules_wanted(args: argparse.Namespace, rulebase: RuleBase) -> str:
    """The rule book, the fields of the files, what has the id (KeyError if nothing has), or the list."""
    if args.fields:
        return reference()
    if args.book:
        return book(rulebase)
    columns = screen.width()
    return "\n".join(listing(rulebase, columns) if args.id is None else one(rulebase, args.id, columns))
