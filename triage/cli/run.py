"""Answer files: their results, and which single answers would be more urgent."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from triage.cli.common import check_ids, check_output, engine_of, remark, wanted_of, write, written
from triage.cli.console import DONE, INCOMPLETE, WRONG_INPUT, fault, say, tell
from triage.cli.formats import LINES, WHOLE
from triage.conversation.answers import AnswerFile, is_stale, with_level
from triage.conversation.interview import assess_so_far
from triage.exchange.answer_files import read_answer_files
from triage.knowledge.faults import FaultyInput, printable
from triage.output import screen
from triage.output.as_json import json_text
from triage.output.view import provisional
from triage.output.what_if import what_if_document, what_if_text
from triage.reasoning.engine import Engine

# Of one file, which may be one of several: exit code and text, which is empty where there is no result.
One = Callable[[argparse.Namespace, Engine, AnswerFile, bool], tuple[int, str]]


def run(args: argparse.Namespace) -> int:
    """The result of every file. Raises FaultyInput for wrong usage; a faulty file is told and passed over."""
    engine = engine_of(args.rules, args.country)
    check_ids(args.why_not, engine.rulebase)
    return _each_file(args, engine, _result)


def what_if(args: argparse.Namespace) -> int:
    """What would change the result of every file; like `run`."""
    return _each_file(args, engine_of(args.rules), _changes)


def _each_file(args: argparse.Namespace, engine: Engine, one: One) -> int:
    """All texts, written together; the worst exit code. A faulty file is told, and stops no other."""
    check_output(args, args.files)
    worst, texts = DONE, []
    files = [file for name in args.files for file in read_answer_files(Path(name), engine.rulebase)]
    if args.format in WHOLE and len(files) > 1:
        what = f"makes one document, and {len(files)} sets of answers were given"
        hint = "give them one at a time, with --output FILE"
        raise fault(f"--format {args.format}", what, hint, code="LCT605")
    for file in files:
        if isinstance(file, FaultyInput):
            tell(with_level(engine, file))
            worst = WRONG_INPUT
            continue
        remark(file)
        code, text = one(args, engine, file, len(files) > 1)
        # Bad input outranks an incomplete file, which outranks success.
        worst = max(worst, code, key=(DONE, INCOMPLETE, WRONG_INPUT).index)
        texts += [text] if text else []
    if texts:
        write(args, ("\n" if args.format in LINES else "\n\n").join(texts), args.format)
    return worst


def _result(args: argparse.Namespace, engine: Engine, file: AnswerFile, several: bool) -> tuple[int, str]:
    """The result of one file; what is missing goes to stderr."""
    if is_stale(file, engine.rulebase, date.today()):
        say(f"{file.name}: {engine.rulebase.saved.old}")
    assessment = assess_so_far(engine, file.answers, file.ticked)
    if not assessment.complete and not args.partial:
        say(
            f"{file.name}: not complete, missing: {', '.join(assessment.missing)}",
            f"{file.name}: {provisional(assessment)}",
        )
        return INCOMPLETE, ""
    wanted = wanted_of(args)._replace(answered=file.saved)
    if several:
        wanted = wanted._replace(title=_title_of(file), file=file.name)
    elif args.format in WHOLE:
        wanted = wanted._replace(title=file.title)
    return DONE, written(args.format, engine.rulebase, assessment, wanted)


def _changes(args: argparse.Namespace, engine: Engine, file: AnswerFile, several: bool) -> tuple[int, str]:
    """What would change the result of one file, complete or not."""
    assessment = assess_so_far(engine, file.answers, file.ticked)
    if args.format == "json":
        document = what_if_document(engine.rulebase, assessment, args.all)
        return DONE, json_text({**document, "file": file.name}) if several else json_text(document, indent=2)
    lines = [f"== {printable(_title_of(file))}"] if several else []
    return DONE, "\n".join([*lines, *what_if_text(engine.rulebase, assessment, screen.width(), args.all)])


def _title_of(file: AnswerFile) -> str:
    """What tells the results of several files apart: the name, and the title if it has one."""
    return f"{file.name}: {file.title}" if file.title else file.name
