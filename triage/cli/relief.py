"""What to do for a cramp right now. Imports next to nothing: it is there at once, whatever else is wrong."""

from __future__ import annotations

import argparse

from triage.cli.console import DONE, INDENT, WRONG_INPUT, say
from triage.knowledge.folder import find
from triage.knowledge.relief_now import FAULTY, RELIEF_NOW, read_steps
from triage.output import screen
from triage.version import program


def relief(args: argparse.Namespace) -> int:
    """Print the steps. Raises FaultyInput where there is no such rule base or country, or a file cannot be read."""
    rules, columns = find(args.rules), screen.width()
    try:
        steps = read_steps(rules, args.country)
    except FAULTY as error:
        say(f"{rules / RELIEF_NOW}: cannot be used: {error}")
        return WRONG_INPUT
    after = ["", *screen.wrap(steps.after, columns), f"{INDENT}{program()}"] if steps.after else []
    print("\n".join([*screen.relief_text(steps.title, steps.steps, columns), *after]))
    return DONE
