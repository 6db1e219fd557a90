"""The way in: finds the command, imports it, and turns what happens into an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

from triage.cli.console import DONE, STOPPED, WRONG_INPUT, Closed, say, tell
from triage.cli.parser import COMMANDS, parse
from triage.knowledge.faults import FaultyInput

MADE_AT_START = 100_000  # objects of all imports and of a rule base, and some more


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0, 1, 2, 3 or 130)."""
    # What is made at the start stays until the end, and then goes with the process: nothing to collect.
    gc.set_threshold(MADE_AT_START)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")  # `--jobs` says how many cores are used; read at its import
    atexit.register(gc.freeze)
    if sys.stdout is None:
        sys.stdout = Closed()
    try:
        try:
            return _main(list(sys.argv[1:] if argv is None else argv))
        finally:
            _flush()
    except BrokenPipeError:  # the reader has seen enough, as in `... | head`
        return DONE
    except KeyboardInterrupt:
        say("", "Stopped.")
        return STOPPED
    except (OSError, UnicodeError) as error:  # standard input or output that cannot be used
        say(f"cannot read or write: {error}")
        return WRONG_INPUT


def _main(given: list[str]) -> int:
    args = parse(given)
    try:
        code: int = resolve_name(f"triage.cli.{COMMANDS[args.command].function}")(args)
    except FaultyInput as error:
        tell(error)
        return WRONG_INPUT
    return code


def _flush() -> None:
    """Write what is still to be written. Where that fails, Python must not try, and complain, once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
