"""The summary of a batch: where it goes, checked before a long run, and what is put there after it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date

from triage.cli.batch_files import STREAM
from triage.cli.common import place, write
from triage.cli.console import fault, say
from triage.cli.formats import TEXT
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output import screen
from triage.output.as_json import json_text
from triage.output.contract import SummaryData
from triage.output.frame import rendered
from triage.output.markdown import plain
from triage.scale.expressions import PENDING
from triage.scale.run import Counts
from triage.scale.summary import countable, summary

SOME = 0.001  # a share below this, or as near to all, is not rounded to none or all


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
    if any(place(name).is_relative_to(os.path.realpath(other)) for other in others):
        what = "is IN, OUT or one of their files, which a summary must not replace"
        raise fault(name, what, "choose another name or folder", code="LCT614")


def tell_summary(args: argparse.Namespace, rulebase: RuleBase, counts: Counts) -> None:
    """Put it where it is wanted: --output, the screen, or stderr where OUT is the screen. Raises FaultyInput, OSError."""
    name, rulebase = "standard input" if args.input == STREAM else args.input, rules_in_voice(rulebase)
    text = written_as(args.format, summary(rulebase, counts, name), rulebase, counts[f"{PENDING}:"], date.today())
    if args.target == STREAM and not args.output:
        say("", *text.split("\n"))
    else:
        write(args, text, args.format)


def written_as(format_: str, told: SummaryData, rulebase: RuleBase, pending: int, day: date | None) -> str:
    """A summary in one of the formats that the parser offers. `pending`: rows whose level may be taken back."""
    if format_ == "json":
        return json_text(told, indent=2)
    more = {"countable": countable(rulebase), "rulebase": rulebase, "pending": pending, "share_of": share}
    if format_ == "html":
        return rendered("summary.html", "summary.css", told=told, made=day, **more)
    return "\n".join(plain("summary.txt", screen.width(), told=told, **more))


def share(rows: int, written: int) -> str:
    """So many of the rows written, in words of a table."""
    part = rows / (written or 1)
    if not written or 0 < part < SOME:
        return f"<{SOME:.1%}" if part else "-"
    return f">{1 - SOME:.1%}" if 1 > part > 1 - SOME else f"{part:.1%}"
