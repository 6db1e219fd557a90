"""The way in: finds the command, imports it, and turns what happens into an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from triage.commands.common import DONE, STOPPED, WRONG_INPUT, needs_plain, on_terminal, say, tell

ASK, RELIEF = "ask", "relief"
MADE_AT_START = 100_000  # objects of all imports and of a rule base, and some more

# Command -> its module in triage.commands and the function that carries it out.
COMMANDS = {
    "run": ("run", "run"),
    "what-if": ("run", "what_if"),
    "test": ("testing", "run_scenarios"),
    "batch": ("batch", "batch"),
    "rules": ("rules", "show_rules"),
    "check": ("check", "check"),
    "schema": ("schema", "write_schema"),
    "export": ("export", "export"),
    "completion": ("completion", "show"),
    "demo": ("demo", "demo"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0, 1, 2, 3 or 130)."""
    given = list(sys.argv[1:] if argv is None else argv)
    # What is made at the start stays until the end, and then goes with the process: nothing to collect.
    gc.set_threshold(MADE_AT_START)
    atexit.register(gc.freeze)
    try:
        code = _main(given)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except KeyboardInterrupt:
        say("\nStopped.")
        return STOPPED
    except (OSError, UnicodeError) as error:  # standard input or output that cannot be used
        say(f"cannot read or write: {error}")
        return WRONG_INPUT
    return code


def _main(given: list[str]) -> int:
    if given == [RELIEF]:
        return _relief()
    # The first question is on the screen before anything slow is imported.
    opened = given in ([], [ASK]) and on_terminal() and not needs_plain() and _open()
    from triage.commands.parser import parse

    args = parse(given)
    if args.command == RELIEF:
        return _relief(args.rules)
    from triage.faults import FaultyInput

    try:
        if args.command == ASK:
            from triage.commands.ask import ask

            return ask(args, opened)
        module, function = COMMANDS[args.command]
        code: int = getattr(import_module(f"triage.commands.{module}"), function)(args)
    except FaultyInput as error:
        tell(error)
        return WRONG_INPUT
    return code


def _open() -> bool:
    from triage import opening, screen

    try:
        lines = opening.first_screen(opening.rules_folder(), screen.width())
    except opening.FAULTY:
        return False  # the loader will say what is wrong with the rule base
    print("\n".join(lines), flush=True)
    return True


def _relief(rules: str | None = None) -> int:
    from triage import opening, screen

    folder = Path(rules) if rules else opening.rules_folder()
    try:
        lines = opening.relief_lines(folder, screen.width())
    except opening.FAULTY as error:
        say(f"{folder / opening.RELIEF_NOW}: cannot be used: {error}")
        return WRONG_INPUT
    print("\n".join(lines))
    return DONE
