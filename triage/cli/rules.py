"""The rules in words: the list, one of them, or the book of all."""

from __future__ import annotations

import argparse

from triage.cli.common import write
from triage.cli.console import DONE, WRONG_INPUT, fault, say, tell
from triage.cli.formats import TEXT
from triage.cli.search import hint, search
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output import screen
from triage.output.rule_book import book
from triage.output.rule_fields import reference
from triage.output.rule_sheets import listing, one


def show_rules(args: argparse.Namespace) -> int:
    """Print what is wanted of the rules. Raises FaultyInput."""
    rulebase = rules_in_voice(load(args.rules))
    if args.book or args.fields:
        write(args, book(rulebase) if args.book else reference(), "markdown")
        return DONE
    columns = screen.width()
    try:
        lines = listing(rulebase, columns) if args.id is None else one(rulebase, args.id, columns)
    except KeyError:
        found = search(rulebase, args.id)
        tell(fault("rules", f'nothing in the rule base has the id "{args.id}"', hint(found), code="LCT606"))
        say(*(f"{one.id}: {one.title or one.what}" for one in found))
        return WRONG_INPUT
    write(args, "\n".join(lines), TEXT)
    return DONE
