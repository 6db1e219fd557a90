"""The way in: finds the command, imports it, and turns what happens into an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from triage.cli.common import DONE, STOPPED, WRONG_INPUT, needs_plain, on_terminal, say, tell
from triage.cli.parser import parse
from triage.knowledge.faults import FaultyInput
from triage.knowledge.relief_now import FAULTY, read_steps
from triage.knowledge.relief_now import RELIEF_NOW as RELIEF_FILE
from triage.knowledge.rulebase import find, load, rules_folder
from triage.knowledge.voices import rules_in_voice
from triage.output import screen

ASK, RELIEF = "ask", "relief"
MADE_AT_START = 100_000  # objects of all imports and of a rule base, and some more

# Command -> its module in triage.cli and the function that carries it out.
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
        return _relief(rules_folder())
    # The first question is on the screen before anything slow is imported.
    opened = given in ([], [ASK]) and on_terminal() and not needs_plain()
    try:
        if opened:
            _show_first_question()
        args = parse(given)
        if args.command == RELIEF:
            return _relief(find(args.rules))
        if args.command == ASK:
            return import_module("triage.cli.ask").ask(args, opened)  # type: ignore[no-any-return]
        module, function = COMMANDS[args.command]
        code: int = getattr(import_module(f"triage.cli.{module}"), function)(args)
    except FaultyInput as error:
        tell(error)
        return WRONG_INPUT
    return code


def _show_first_question() -> None:
    rulebase = rules_in_voice(load())
    first = next(iter(rulebase.questions.values()))
    columns = screen.width()
    print(
        "\n".join([*screen.wrap_all(rulebase.about.welcome, columns), *screen.question_head(first.text, columns)]),
        flush=True,
    )


def _relief(rules: Path) -> int:
    columns = screen.width()
    try:
        relief = read_steps(rules)
    except FAULTY as error:
        say(f"{rules / RELIEF_FILE}: cannot be used: {error}")
        return WRONG_INPUT
    after = ["", *screen.wrap(relief.after, columns)] if relief.after else []
    print("\n".join([*screen.relief_text(relief.title, relief.steps, columns), *after]))
    return DONE
