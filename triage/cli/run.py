"""Answer files: their results, and which single answers would be more urgent."""

from __future__ import annotations

import argparse
from datetime import date

from triage.cli.common import (
    DONE,
    INCOMPLETE,
    check_ids,
    each_file,
    engine_of,
    json_line,
    say,
    title_of,
    wanted_of,
    worded,
)
from triage.cli.formats import WHOLE
from triage.conversation.answers import AnswerFile, is_stale
from triage.conversation.interview import missing_from
from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.output import screen
from triage.output.as_json import json_text
from triage.output.view import provisional
from triage.output.what_if import what_if_document, what_if_text
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine


def run(args: argparse.Namespace) -> int:
    """The result of every file. Raises FaultyInput for wrong usage; a faulty file is told and passed over."""
    _check_one(args)
    engine = engine_of(args.rules)
    check_ids(args.why_not, engine.rulebase)
    return each_file(args, engine, lambda file: _run_one(engine, args, file, several=len(args.files) > 1))


def _check_one(args: argparse.Namespace) -> None:
    """Formats that make a whole document take one file. Raises FaultyInput."""
    if args.format in WHOLE and len(args.files) > 1:
        what = f"makes one document, and {len(args.files)} files were given"
        raise FaultyInput([Fault(f"--format {args.format}", 0, what, "give one FILE at a time, with --output FILE")])


def _run_one(engine: Engine, args: argparse.Namespace, file: AnswerFile, several: bool) -> tuple[int, str]:
    """Exit code and result of one answer file; what is missing goes to stderr."""
    if is_stale(file, engine.rulebase, date.today()):
        say(f"{printable(file.name)}: {engine.rulebase.saved.old}")
    assessment = assess(engine, file.answers, missing_from(engine, file.answers))
    if not assessment.complete and not args.partial:
        shown = printable(file.name)
        say(f"{shown}: not complete, missing: {', '.join(assessment.missing)}")
        say(f"{shown}: {provisional(assessment)}")
        return INCOMPLETE, ""
    wanted = wanted_of(args)._replace(answered=file.saved)
    if several:
        wanted = wanted._replace(title=title_of(file), file=file.name)
    elif args.format in WHOLE:
        wanted = wanted._replace(title=file.title)
    return DONE, worded(args, engine.rulebase, assessment, wanted)


def what_if(args: argparse.Namespace) -> int:
    """What would change the result of every file; like `run`."""
    engine = engine_of(args.rules)
    return each_file(args, engine, lambda file: _what_if_one(engine, args, file, several=len(args.files) > 1))


def _what_if_one(engine: Engine, args: argparse.Namespace, file: AnswerFile, several: bool) -> tuple[int, str]:
    """Exit code and text of one answer file, complete or not."""
    assessment = assess(engine, file.answers, missing_from(engine, file.answers))
    if args.format != "json":
        lines = [f"== {printable(title_of(file))}"] if several else []
        lines += what_if_text(engine.rulebase, assessment, screen.width(), args.all)
        return DONE, "\n".join(lines)
    document = what_if_document(engine.rulebase, assessment, args.all)
    if several:
        return DONE, json_line(document, file.name)
    return DONE, json_text(document, indent=2)
