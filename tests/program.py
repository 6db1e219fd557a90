"""The program as a person or a script meets it: exit codes, and what goes where."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from triage.cli.main import main

DONE, FAILED, WRONG_INPUT, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def environment(**changes: str) -> dict[str, str]:
    """A terminal of 80 columns that could draw, were there one."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    return {**kept, "TERM": "xterm", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **changes}


def command(*words: object) -> list[str]:
    """What starts it as a process of its own, for tests of what only a process has."""
    return [sys.executable, "-m", "triage", *map(str, words)]


def process(*words: object, typed: str = "", cwd: Path | None = None, **changes: str) -> Done:
    """One command as a process of its own, to its end, with `typed` on standard input."""
    ended = subprocess.run(
        command(*words),
        input=typed,
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
        cwd=cwd,
        check=False,
        timeout=300,  # a hang must not hang the tests
    )
    return Done(ended.returncode, ended.stdout, ended.stderr)


def run(*words: object, typed: str = "", cwd: Path | None = None, **changes: str) -> Done:
    """As `process`, but in this one, which spares the half second that starting one takes.

    What the program does not catch comes through. `reliability.calls.call` is for many thousands: it keeps no environment.
    """
    streams = {name: _stream(typed if name == "stdin" else "") for name in ("stdin", "stdout", "stderr")}
    limits = gc.get_threshold()
    with mock.patch.multiple(sys, **streams), _environment(changes), chdir(cwd or Path.cwd()):
        try:
            code = main(list(map(str, words)))
        except SystemExit as ended:  # of argparse
            code = int(ended.code or 0)
        finally:
            gc.set_threshold(*limits)
    return Done(code, _written(streams["stdout"]), _written(streams["stderr"]))


def _environment(changes: Mapping[str, str]) -> mock._patch_dict:
    return mock.patch.dict(os.environ, environment(**changes), clear=True)


def _stream(text: str) -> TextIOWrapper:
    return TextIOWrapper(BytesIO(text.encode()), "utf-8", write_through=True)


def _written(stream: TextIOWrapper) -> str:
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode()
