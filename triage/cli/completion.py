"""Completion of the command line in a shell."""

from __future__ import annotations

import argparse

from triage.cli.built import FILES, FOLDER
from triage.cli.common import DONE
from triage.knowledge.faults import Fault, FaultyInput


def show(args: argparse.Namespace) -> int:
    """Print the script of a shell. Raises FaultyInput where the package was not built."""
    file = FOLDER / FILES[args.shell]
    try:
        print(file.read_text("utf-8"), end="")
    except FileNotFoundError:
        hint = "it is made when the package is installed"
        raise FaultyInput([Fault(str(file), 0, "is not there", hint)]) from None
    return DONE
