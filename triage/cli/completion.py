"""Completion of the command line in a shell."""

from __future__ import annotations

import argparse

import shtab

from triage.cli.console import DONE
from triage.cli.parser import ASK, Parser, build_parser
from triage.knowledge.rulebase import load
from triage.output.rule_sheets import names

# The name under which help shows a value -> what completes it.
TAKES = {"FILE": shtab.FILE, "IN": shtab.FILE, "OUT": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}


def show(args: argparse.Namespace) -> int:
    """Print the script of a shell, with the ids of the own rule base. Raises FaultyInput."""
    rulebase, parser = load(), build_parser()
    every = sorted({name for ids in names(rulebase).values() for name in ids})
    commands = parser.commands
    for command in commands.values():
        command.description = None  # the line of the list of commands is enough beside a word
        for action in command._actions:
            if action.metavar == "ID":
                action.choices = sorted(rulebase.entries) if action.option_strings else every
            elif action.metavar in TAKES:
                action.complete = TAKES[action.metavar]  # type: ignore[attr-defined]
    _add_options(parser, commands[ASK])
    print(shtab.complete(parser, args.shell).rstrip())
    return DONE


def _add_options(parser: Parser, other: Parser) -> None:
    """Those of another command, as a line without a command is that command."""
    own = {option for action in parser._actions for option in action.option_strings}
    for action in other._actions:
        if action.option_strings and own.isdisjoint(action.option_strings):
            parser._add_action(action)
