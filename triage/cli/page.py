"""New files that are offered at the end of an interview: the result as a page for a doctor, or the answers so far."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

from triage.cli.common import wanted_of, written
from triage.conversation.answers import write_new
from triage.conversation.prompts import TerminalAsker
from triage.knowledge.faults import printable
from triage.knowledge.model import RuleBase
from triage.output import screen
from triage.reasoning.results import Assessment

WHO_READS_IT = "Only you can read it on this computer, but it is not locked. Delete it when you are done."
PAGE, MARKDOWN = ".html", ".md"


def save_page(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> None:
    """Ask for a name and save the result there, as text if the name says so; nothing where the person goes back."""

    def made(path: Path) -> str:
        return written("markdown" if path.suffix == MARKDOWN else "html", rulebase, assessment, wanted_of(args)) + "\n"

    about = f". A page to read and print; a name that ends in {MARKDOWN} makes text for a record or an e-mail"
    if path := save_new(asker, f"leg-cramps-{date.today().isoformat()}", PAGE, made, about):
        # The path stays on a line of its own, so that it can be copied.
        place = printable(os.path.abspath(path))
        asker.tell(lambda: ["Saved:", place, *screen.wrap(WHO_READS_IT, screen.width())])


def save_new(asker: TerminalAsker, stem: str, suffix: str, made: Callable[[Path], str], about: str = "") -> Path | None:
    """Ask for the name of a new file, offering a free one, and write what is `made` for it; None for going back."""
    default = _free_name(stem, suffix)
    while (typed := asker.file_name(default, about)) is not None:
        try:
            path = _path(typed, suffix)
            write_new(path, made(path))
            return path
        except FileExistsError:
            problem = "is already there, and is not written over"
        except (OSError, ValueError) as error:
            problem = f"cannot be written: {getattr(error, 'strerror', None) or 'not a name for a file'}"
        asker.show(screen.wrap(f"{printable(typed)}: {problem}. Choose another name.", screen.width()))
    return None


def _free_name(stem: str, suffix: str) -> str:
    """A name that is not taken, in the current folder if one can write there, otherwise in the own one."""
    folder = "" if os.access(os.curdir, os.W_OK) else "~/"
    names = (f"{folder}{stem}{f'-{number}' if number > 1 else ''}{suffix}" for number in count(1))
    return next(name for name in names if not os.path.lexists(os.path.expanduser(name)))


def _path(typed: str, suffix: str) -> Path:
    """Where a typed name leads; one without an ending gets one, so that the file can be opened. Raises ValueError."""
    if not typed.isprintable():
        raise ValueError
    path = Path(os.path.expanduser(typed))
    return path if path.suffix or path.is_dir() else path.with_name(path.name + suffix)
