"""The rules in words: the list, one of them, or the book of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triage.commands.common import DONE, WRONG_INPUT, say, write

if TYPE_CHECKING:
    import argparse

    from triage.model import RuleBase


def show_rules(args: argparse.Namespace) -> int:
    """Print what is wanted of the rules. Raises FaultyInput."""
    from triage.faults import allowed
    from triage.report.rule_sheets import names
    from triage.rulebase import load
    from triage.voices import rules_in_voice

    rulebase = rules_in_voice(load(args.rules, examples=args.book or args.id is not None))
    try:
        write(args, _rules_wanted(args, rulebase))
    except KeyError:
        known = [name for ids in names(rulebase).values() for name in ids]
        say(f'nothing in the rule base has the id "{args.id}" ({allowed(args.id, known)})')
        return WRONG_INPUT
    return DONE


def _rules_wanted(args: argparse.Namespace, rulebase: RuleBase) -> str:
    """The rule book, what has the id (KeyError if nothing has), or the list."""
    from triage import screen
    from triage.report.rule_text import listing, one

    if args.book:
        from triage.report.rule_book import book

        return book(rulebase)
    columns = screen.width()
    return "\n".join(listing(rulebase, columns) if args.id is None else one(rulebase, args.id, columns))
