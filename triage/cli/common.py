"""What several commands share: exit codes, messages, the rule base, files in and out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from triage.cli.formats import LINES, written
from triage.conversation.answers import AnswerFile, with_level, write_whole
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.faults import Fault, FaultyInput, allowed, printable
from triage.knowledge.model import Assessment, RuleBase
from triage.knowledge.rulebase import load
from triage.output.as_json import json_text
from triage.output.view import Wanted
from triage.reasoning.engine import Engine

DONE, FAILED, WRONG_INPUT, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130
PROGRESS_FROM = 50  # files, on a terminal

_Item = TypeVar("_Item")


def say(text: str) -> None:
    """A message on stderr, with nothing in it that a terminal would obey."""
    if sys.stderr is None:  # closed; print would take standard output instead
        return
    with suppress(OSError):
        print("\n".join(map(printable, text.split("\n"))), file=sys.stderr, flush=True)


def tell(error: FaultyInput) -> None:
    """Every fault of some input, and how many there are."""
    say(str(error))
    if len(error.faults) > 1:
        say(f"{len(error.faults)} faults")


def on_terminal() -> bool:
    """Whether a person is at both ends."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def needs_plain() -> bool:
    """Dumb terminals, and those that cannot show the marks of the lists, get plain prompts."""
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return True
    try:
        "\u25cf\u25cb".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return True
    return False


def engine_of(rules: str | None) -> Engine:
    """The engine of the rule base in a folder, or of the own one. Raises FaultyInput."""
    return Engine(load(rules))


def check_ids(names: Sequence[str], rulebase: RuleBase) -> None:
    """Every id of --why-not is a rule; told before anything is asked or read."""
    entries = rulebase.entries if names else {}
    unknown = [name for name in names if name not in entries]
    if unknown:
        raise FaultyInput([Fault("--why-not", 0, f'no rule "{name}"', allowed(name, entries)) for name in unknown])


def wanted_of(args: argparse.Namespace) -> Wanted:
    """What --explain and --why-not ask for, and the day for formats that name it."""
    return Wanted(args.explain, tuple(dict.fromkeys(args.why_not)), date.today())


def is_same(one: str, other: str | None) -> bool:
    """Whether both names are there and mean one file."""
    return other is not None and Path(one).exists() and Path(other).exists() and Path(one).samefile(other)


def check_output(args: argparse.Namespace, inputs: Sequence[str]) -> None:
    """A result must not replace the answers it came from."""
    for name in inputs:
        if args.output and (args.output == name or is_same(args.output, name)):
            raise FaultyInput(
                [Fault(args.output, 0, "holds the answers and would be overwritten", "choose another name")]
            )


def worded(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, wanted: Wanted) -> str:
    """An assessment in the wanted format."""
    return written(args.format, rulebase, assessment, wanted)


def write(args: argparse.Namespace, made: str | bytes) -> None:
    """To the screen, or to --output (whole or not at all)."""
    if not args.output:
        _print(made)
        return
    try:
        write_whole(Path(args.output), f"{made}\n" if isinstance(made, str) else made)
    except OSError as error:
        raise FaultyInput([Fault(args.output, 0, f"cannot be written: {error.strerror or error}")]) from None


def _print(made: str | bytes) -> None:
    """What is no text goes to no terminal."""
    if isinstance(made, str):
        print(made)
    elif sys.stdout.isatty():
        raise FaultyInput([Fault("standard output", 0, "cannot show what is no text", "give --output FILE")])
    else:
        sys.stdout.buffer.write(made)


def each_file(args: argparse.Namespace, engine: Engine, one: Callable[[AnswerFile], tuple[int, str]]) -> int:
    """Exit code and text of every file, written together; a faulty file is told, and the worst code counts."""
    check_output(args, args.files)
    worst, texts = DONE, []
    for name in with_progress(args.files):
        try:
            file = read_answer_file(Path(name), engine.rulebase)
        except FaultyInput as error:
            tell(with_level(engine, error))
            worst = WRONG_INPUT
            continue
        remark(file)
        code, text = one(file)
        # Bad input outranks an incomplete file, which outranks success.
        worst = max(worst, code, key=(DONE, INCOMPLETE, WRONG_INPUT).index)
        texts += [text] if text else []
    if texts:
        write(args, ("\n" if args.format in LINES else "\n\n").join(texts))
    return worst


def title_of(file: AnswerFile) -> str:
    """What tells the results of several files apart: the name, and the title if it has one."""
    return f"{file.name}: {file.title}" if file.title else file.name


def remark(file: AnswerFile) -> None:
    """What is to be told of a file besides its result, on stderr."""
    for text in file.remarks:
        say(f"{file.name}: {text}")


def json_line(document: Mapping[str, Any], name: str) -> str:
    """One document on one line, with the name of its file."""
    return json_text({**document, "file": name})


def with_progress(items: Sequence[_Item]) -> Iterator[_Item]:
    """The items, counted on stderr where somebody is watching a long list."""
    watched = len(items) >= PROGRESS_FROM and sys.stderr.isatty()
    for number, item in enumerate(items, 1):
        if watched:
            sys.stderr.write(f"\r{number} of {len(items)}")
            sys.stderr.flush()
        yield item
    if watched:
        sys.stderr.write("\n")
