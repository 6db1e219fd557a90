"""Calls the program in this process, many times a second, as a command line would."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

from triage.cli import ask, run, testing
from triage.cli import main as cli
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine


class Said(NamedTuple):
    """What a command returned and printed."""

    code: int
    out: str
    err: str


@contextmanager
def quick_engine() -> Iterator[None]:
    """Commands get an engine without the care of one that is built once in a process.

    The built-in rule base is loaded and compiled once: 0.1 s a file would be hours. And no
    other is frozen for the garbage collector, which would keep every one of them for ever.
    """
    with ExitStack() as patched:
        for command in (ask, run, testing):
            patched.enter_context(patch.object(command, "engine_of", engine_of))
        yield


def engine_of(rules: str | None, country: str = "") -> Engine:
    """The engine of the rule base in a folder or for a country, or the one that is built once."""
    return Engine(load(rules, country)) if rules or country else built_in()


@cache
def built_in() -> Engine:
    """The engine of the built-in rule base, which the garbage collector need not look at again."""
    engine = Engine(load())
    gc.freeze()
    return engine


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with TemporaryDirectory() as made:
        yield Path(made)


def call(*words: object) -> Said:
    """One command to its end. Whatever it raises comes through."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def is_clean(text: str) -> bool:
    """Nothing in it can drive a terminal, or turn text round."""
    return all(c.isprintable() or c == "\n" for c in text)
