"""The interview."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread

from triage.cli.common import (
    DONE,
    STOPPED,
    WRONG_INPUT,
    check_ids,
    check_output,
    engine_of,
    is_same,
    needs_plain,
    on_terminal,
    remark,
    say,
    wanted_of,
    worded,
    write,
)
from triage.cli.page import OFFER, save_page
from triage.conversation.answers import as_toml, is_stale, with_level, without_danger, write_whole
from triage.conversation.interview import Interview, missing_from
from triage.conversation.prompts import PAGE, PlainAsker, QuestionaryAsker, TerminalAsker
from triage.exchange.answer_files import is_json, read_answer_file
from triage.exchange.fhir.response import as_text
from triage.knowledge.faults import Fault, FaultyInput, printable
from triage.knowledge.model import Answers, Assessment, RuleBase
from triage.output import screen
from triage.output.explanation import HOW, explained, how_lines
from triage.output.text import details, emergency_lines, headline, short, whole
from triage.output.view import Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine


def ask(args: argparse.Namespace, opened: bool = False) -> int:
    """Ask, and give the result; `opened`: the first screen is there already. Raises FaultyInput."""
    engine = engine_of(args.rules)
    check_ids(args.why_not, engine.rulebase)
    _resume(args)
    title, known = _known_answers(args, engine)
    if not _can_ask(args) and missing_from(engine, known):
        say(
            "No terminal to ask questions on. Use `leg-cramp-triage run FILE` for an answer file, "
            "or --plain for numbered prompts on standard input."
        )
        return WRONG_INPUT
    _check_targets(args)
    asker = _asker(engine, args.plain or needs_plain(), greeted=opened or not _can_ask(args))
    asker.head_is_shown = opened
    interview = Interview(engine, asker, known, lambda answers: _keep(args, title, answers, engine))
    try:
        with _ended_like_ctrl_c(asker):
            answers = interview.conduct() if _can_ask(args) else known
            assessment = assess(engine, answers, missing_from(engine, answers))
            return _give(args, engine.rulebase, assessment, asker)
    except (KeyboardInterrupt, EOFError):
        return _stopped(args, engine, interview)


@contextmanager
def _ended_like_ctrl_c(asker: TerminalAsker) -> Iterator[None]:
    """Being told to end leaves the terminal as it was, and says what is known."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asker.leave())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _resume(args: argparse.Namespace) -> None:
    """--resume FILE is --answers FILE --save FILE."""
    if args.resume and (args.answers or args.save):
        raise FaultyInput([Fault("--resume", 0, "is --answers and --save at once", "give it without them")])
    if args.resume:
        args.answers = args.save = args.resume


def _can_ask(args: argparse.Namespace) -> bool:
    """Somebody to ask: a terminal, or whatever --plain reads."""
    return sys.stdin is not None and (args.plain or on_terminal())


def _known_answers(args: argparse.Namespace, engine: Engine) -> tuple[str, Answers]:
    """Title and answers of --answers, if it is given."""
    if not args.answers:
        return "", {}
    rulebase = engine.rulebase
    try:
        file = read_answer_file(Path(args.answers), rulebase)
    except FaultyInput as error:
        raise with_level(engine, error) from None
    if file.others and args.save and is_same(args.save, args.answers):
        what = f"holds more than answers, and saving would drop it: {', '.join(file.others)}"
        raise FaultyInput([Fault(args.save, 0, what, "give --save another name")])
    remark(file)
    if is_stale(file, rulebase, date.today()):
        say(f"{printable(file.name)}: {rulebase.saved.asked_again}")
        return file.title, without_danger(file.answers, rulebase)
    return file.title, file.answers


def _asker(engine: Engine, plain: bool, greeted: bool) -> TerminalAsker:
    # Plain questions go to stderr, so that stdout holds the result and nothing else.
    asker: TerminalAsker = PlainAsker(engine, sys.stdin, sys.stderr) if plain else QuestionaryAsker(engine, sys.stdout)
    if not greeted:
        asker.show(screen.wrap_all(engine.rulebase.about.welcome, screen.width()))
    return asker


def _check_targets(args: argparse.Namespace) -> None:
    """Before anything is asked: answers and result can be written, and nothing is overwritten."""
    if args.save and Path(args.save).exists() and not is_same(args.save, args.answers):
        hint = f"to go on from it: --resume {args.save}"
        raise FaultyInput([Fault(args.save, 0, "is already there and would be overwritten", hint)])
    check_output(args, [name for name in (args.answers, args.save) if name])
    for name in (args.save, args.output):
        target = Path(os.path.realpath(name)) if name else None
        folder = target.parent if target else None
        if target and target.is_symlink():
            raise FaultyInput([Fault(name, 0, "cannot be written: it is a link to itself")])
        if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise FaultyInput([Fault(name, 0, f"cannot be written: {folder} is no folder one can write in")])
        if name and Path(name).is_dir():
            raise FaultyInput([Fault(name, 0, "cannot be written: it is a folder")])


def _keep(args: argparse.Namespace, title: str, answers: Answers, engine: Engine) -> None:
    """Write all answers so far, if asked to. A full disk must not end the interview."""
    if not args.save:
        return
    try:
        write_whole(Path(args.save), _as_file(Path(args.save), title, answers, engine))
    except OSError as error:
        say(f"{args.save}: this answer could not be saved: {error.strerror or error}")


def _as_file(path: Path, title: str, answers: Answers, engine: Engine) -> str:
    """The text of a file of that name: TOML, or a FHIR response."""
    if not is_json(path):
        return as_toml(answers, engine.rulebase, title, saved=date.today())
    return as_text(engine.rulebase, answers, title, date.today(), complete=not missing_from(engine, answers))


def _stopped(args: argparse.Namespace, engine: Engine, interview: Interview) -> int:
    """Say what is known already, if it is a reason to see somebody, and how to go on."""
    say("\nStopped.")
    known = interview.known  # with what was ticked in a list that is not finished
    missing = missing_from(engine, known)
    unfinished = [name for name in interview.ticked if name not in missing]
    assessment = assess(engine, known, (*missing, *unfinished))
    if assessment.see_doctor:
        say("\n".join(screen.wrap(headline(view_of(engine.rulebase, assessment)), screen.width())))
    if args.save and Path(args.save).exists():
        name = shlex.quote(args.save)
        say(f"Your answers so far are in {args.save}\nTo go on:")
        say(f"  leg-cramp-triage --resume {name}")
    else:
        text = "Nothing was stored."
        if not args.save:
            text += " To be able to stop and go on later, start with --save FILE."
        say("\n".join(screen.wrap(text, screen.width())))
    return STOPPED


def _give(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> int:
    """The result of an interview: in a terminal one screen, and the parts below it if wanted."""
    wanted, columns = wanted_of(args), screen.width()
    view = view_of(rulebase, assessment, wanted)
    if args.output or args.format != "text":
        if not asker.has_left:
            lines = emergency_lines(view, columns) if view.emergency else screen.wrap(view.say, columns)
            say("\n".join(lines))  # a result in a file must not hide an emergency
        write(args, worded(args, rulebase, assessment, wanted._replace(answered=wanted.day)))
        if asker.has_left and not args.output:
            say("\n".join(screen.wrap(assessment.disposition.say.upper(), columns)))  # nor push it away
        return DONE
    more = explained(view, columns)
    if not on_terminal():
        print("\n".join([*whole(view, columns), *more]))
        return DONE
    first = [*([] if asker.has_left else short(view, columns)), *more]
    if first:
        print("\n".join(["", *first]), flush=True)
    parts = details(view, columns)
    if parts:
        parts.append((HOW, how_lines(view_of(rulebase, assessment, Wanted(how=True)), columns)))
    elif more:  # an emergency, which must not scroll away
        print("\n".join(["", *screen.wrap(assessment.disposition.say.upper(), columns)]), flush=True)
    with suppress(KeyboardInterrupt, EOFError):  # the result has been given
        if parts:
            save = partial(save_page, args, rulebase, assessment, asker)
            _after_result(asker, parts, headline(view), len(first), save)
    return DONE


def _after_result(
    asker: TerminalAsker, parts: list[tuple[str, list[str]]], headline: str, height: int, save: Callable[[], None]
) -> None:
    """Whatever is wanted: the parts below a result of `height` lines, and to `save` a page of it."""
    while (wanted := asker.after_result(headline, height)) == PAGE:
        save()
    while wanted and (number := asker.more([*(heading for heading, _ in parts), OFFER])) is not None:
        if number == len(parts):
            save()
        else:
            heading, lines = parts[number]
            asker.give([heading, *lines])
