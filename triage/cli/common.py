"""What several commands share: the engine, the wanted result, and where it goes."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from pkgutil import resolve_name

from triage.cli.console import fault, say
from triage.cli.formats import FORMATS, TEXT
from triage.conversation.answers import AnswerFile, place_of, write_whole
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output.view import Wanted
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment


def engine_of(rules: str | None, country: str = "") -> Engine:
    """The engine of the rule base in a folder, or of the own one, for a country. Raises FaultyInput."""
    return Engine(load(rules, country))


def check_ids(names: Sequence[str], rulebase: RuleBase) -> None:
    """Every id of --why-not is a rule; told before anything is asked or read. Raises FaultyInput."""
    if unknown := [name for name in names if name not in rulebase.entries]:
        from triage.cli.search import hint, search  # what it reads is slow to import

        hints = {name: hint(search(rules_in_voice(rulebase), name, rulebase.entries)) for name in unknown}
        raise FaultyInput(Fault("--why-not", 0, f'no rule "{name}"', hints[name], code="LCT601") for name in hints)


def wanted_of(args: argparse.Namespace) -> Wanted:
    """What --explain, --why-not, --full and --large ask for, and the day for formats that name it."""
    why_not = tuple(dict.fromkeys(args.why_not))
    return Wanted(how=args.explain, full=args.full, large=args.large, why_not=why_not, day=date.today())


def written(name: str, rulebase: RuleBase, assessment: Assessment, wanted: Wanted) -> str:
    """An assessment in one of FORMATS."""
    text: str = resolve_name(FORMATS[name])(rulebase, assessment, wanted)
    return text


def is_same(one: str, other: str) -> bool:
    """Whether two names mean one file."""
    return one == other or (Path(one).exists() and Path(other).exists() and Path(one).samefile(other))


def check_output(args: argparse.Namespace, inputs: Sequence[str]) -> None:
    """A result must not replace the answers it came from. Raises FaultyInput."""
    if args.output and any(is_same(args.output, name) for name in inputs):
        what = "holds the answers and would be overwritten"
        raise fault(args.output, what, "choose another name", code="LCT602")


def place(name: str) -> Path:
    """Where a file of this name will be written. Raises FaultyInput where it cannot be, as far as that can be known."""
    try:
        return place_of(Path(name))
    except OSError as error:
        raise cannot_write(name, error) from None


def cannot_write(name: str, error: OSError) -> FaultyInput:
    """To be raised where a file cannot be written."""
    return fault(name, f"cannot be written: {error.strerror or error}", code="LCT603")


def write(args: argparse.Namespace, made: str | bytes, form: str) -> None:
    """To --output (whole or not at all), or to the screen; `form`: a format, or what else is made. Raises FaultyInput."""
    if args.output:
        try:
            write_whole(Path(args.output), f"{made}\n" if isinstance(made, str) else made)
        except OSError as error:
            raise cannot_write(args.output, error) from None
    elif isinstance(made, bytes):
        _print_bytes(made)
    else:
        if form != TEXT and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        print(made)


def _print_bytes(made: bytes) -> None:
    """Into a file or a pipe: a terminal shows text only."""
    if sys.stdout.isatty():
        what = "is a terminal, which cannot show this kind of file"
        raise fault("standard output", what, "give --output FILE", code="LCT604")
    sys.stdout.buffer.write(made)


def remark(file: AnswerFile) -> None:
    """Say what is to be told of a file besides its result."""
    say(*(f"{file.name}: {text}" for text in file.remarks))
