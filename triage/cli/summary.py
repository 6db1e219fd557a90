"""The summary of a batch: where it goes, checked before a long run, and what is put there after it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from triage.cli.common import write
from triage.cli.console import fault, say
from triage.cli.formats import TEXT
from triage.conversation.answers import place_of
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.plan import STREAM, Counts
from triage.scale.summary import SUMMARIES, summary


def check_summary(args: argparse.Namespace, files: Sequence[str]) -> None:
    """Raises FaultyInput where the summary has no place, or would replace `files`, which the run reads or writes."""
    if not args.summary:
        given = {"--output": args.output, f"--format {args.format}": args.format != TEXT}
        what, hint = "is for the summary, which was not asked for", "give --summary too; the format of OUT is --to"
        if faults := [Fault(name, 0, what, hint, code="LCT612") for name in given if given[name]]:
            raise FaultyInput(faults)
    elif args.output:
        _check_file(args.output, [*files, args.input, args.target])
    elif args.target == STREAM and args.format != TEXT:
        what = "has no place: standard output takes the results"
        raise fault(f"--format {args.format}", what, "give --output FILE", code="LCT613")


def _check_file(name: str, others: list[str]) -> None:
    """It can be written, as far as that can be known, and is none of the other files of the run."""
    try:
        path = place_of(Path(name))
    except OSError as error:
        raise fault(name, f"cannot be written: {error.strerror}", code="LCT603") from None
    if any(path.is_relative_to(os.path.realpath(other)) for other in others):
        what = "is IN, OUT or one of their files, which a summary must not replace"
        raise fault(name, what, "choose another name or folder", code="LCT614")


def tell_summary(args: argparse.Namespace, rulebase: RuleBase, counts: Counts) -> None:
    """Put it where it is wanted: --output, the screen, or stderr where OUT is the screen. Raises FaultyInput, OSError."""
    text = SUMMARIES[args.format](summary(rulebase, counts, args.input), date.today())
    if args.target == STREAM and not args.output:
        say("", *text.split("\n"))
    else:
        write(args, text, args.format)
