"""The summary of a batch: where it goes, checked before a long run, and what is put there after it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from triage.cli.common import say, write
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.counts import Counts
from triage.scale.plan import STREAM
from triage.scale.summary import SUMMARIES, summary

TEXT = "text"


def check_summary(args: argparse.Namespace, files: Sequence[str]) -> None:
    """Raises FaultyInput where the summary has no place, or would replace `files`, which the run reads or writes."""
    if not args.summary:
        given = {"--output": args.output, f"--format {args.format}": args.format != TEXT}
        hint = "give --summary too; OUT is named without an option, and its format with --to"
        if faults := [
            Fault(name, 0, "is of the summary, and none is asked for", hint) for name in given if given[name]
        ]:
            raise FaultyInput(faults)
    elif args.output:
        _check_file(args.output, [*files, args.input, args.target])
    elif args.target == STREAM and args.format != TEXT:
        what = "has no place: standard output takes the results"
        raise FaultyInput([Fault(f"--format {args.format}", 0, what, "give --output FILE")])


def _check_file(name: str, others: list[str]) -> None:
    """It can be written, as far as that can be known, and is none of the other files of the run."""
    path = os.path.realpath(name)
    folder = os.path.dirname(path)
    if any(path == other or path.startswith(f"{other}{os.sep}") for other in map(os.path.realpath, others)):
        what = "is IN, OUT or one of their files, which a summary must not replace"
        raise FaultyInput([Fault(name, 0, what, "choose another name or folder")])
    if Path(path).is_dir() or not Path(folder).is_dir() or not os.access(folder, os.W_OK):
        raise FaultyInput([Fault(name, 0, "cannot be written", "name a file in a folder that you can write in")])


def tell_summary(args: argparse.Namespace, rulebase: RuleBase, counts: Counts) -> None:
    """Put it where it is wanted: --output, the screen, or stderr where OUT is the screen. Raises FaultyInput, OSError."""
    text = SUMMARIES[args.format](summary(rulebase, counts, args.input), date.today())
    if args.target == STREAM and not args.output:
        say(f"\n{text}")
    else:
        write(args, text)
