"""The interview."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread

from triage.cli.common import check_ids, check_output, engine_of, is_same, remark, wanted_of, write, written
from triage.cli.console import DONE, STOPPED, WRONG_INPUT, fault, needs_plain, on_terminal, say
from triage.cli.formats import TEXT
from triage.cli.page import OFFER, save_page
from triage.conversation.answers import as_toml, is_stale, place_of, with_level, without_danger, write_whole
from triage.conversation.interview import Interview, missing_from
from triage.conversation.prompts import PAGE, PlainAsker, QuestionaryAsker, TerminalAsker
from triage.exchange.answer_files import is_json, read_answer_file
from triage.exchange.fhir.response import as_text
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import Answers, RuleBase
from triage.output import screen
from triage.output.explanation import HOW, explained, how_lines
from triage.output.text import emergency_lines, headline, requests, short, whole
from triage.output.view import Wanted, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment


def interview(args: argparse.Namespace, opened: bool) -> int:
    """Ask, and give the result; `opened`: the first screen is there already. Raises FaultyInput."""
    engine = engine_of(args.rules, args.country)
    check_ids(args.why_not, engine.rulebase)
    _resume(args)
    title, known = _known_answers(args, engine)
    can_ask = sys.stdin is not None and (on_terminal() or (args.plain and sys.stderr is not None))
    if not can_ask and missing_from(engine, known):
        say(
            "No terminal to ask questions on. Use `leg-cramp-triage run FILE` for an answer file, "
            "or --plain for numbered prompts on standard input."
        )
        return WRONG_INPUT
    _check_targets(args)
    asker = _asker(engine, args.plain or needs_plain(), greeted=opened or not can_ask)
    asker.head_is_shown = opened
    talk = Interview(engine, asker, known, lambda answers: _keep(args, title, answers, engine))
    try:
        with _ended_like_ctrl_c(asker):
            answers = talk.conduct() if can_ask else known
            assessment = assess(engine, answers, missing_from(engine, answers))
            _give(args, engine.rulebase, assessment, asker)
    except (KeyboardInterrupt, EOFError):
        _tell_stopped(args, engine, talk)
        return STOPPED
    return DONE


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
    """--resume FILE is --answers FILE --save FILE. Raises FaultyInput."""
    if args.resume and (args.answers or args.save):
        what = "is --answers and --save at once"
        raise fault("--resume", what, "give it without them", code="LCT609")
    if args.resume:
        args.answers = args.save = args.resume


def _known_answers(args: argparse.Namespace, engine: Engine) -> tuple[str, Answers]:
    """Title and answers of --answers, if it is given. Raises FaultyInput."""
    if not args.answers:
        return "", {}
    rulebase = engine.rulebase
    try:
        file = read_answer_file(Path(args.answers), rulebase)
    except FaultyInput as error:
        raise with_level(engine, error) from None
    if file.others and args.save and is_same(args.save, args.answers):
        what = f"holds more than answers, and saving would drop it: {', '.join(file.others)}"
        raise fault(args.save, what, "give --save another name", code="LCT610")
    remark(file)
    if is_stale(file, rulebase, date.today()):
        say(f"{file.name}: {rulebase.saved.asked_again}")
        return file.title, without_danger(file.answers, rulebase)
    return file.title, file.answers


def _asker(engine: Engine, plain: bool, greeted: bool) -> TerminalAsker:
    # Plain questions go to stderr, so that stdout holds the result and nothing else.
    asker: TerminalAsker = PlainAsker(engine, sys.stdin, sys.stderr) if plain else QuestionaryAsker(engine, sys.stdout)
    if not greeted:
        asker.show(screen.wrap_all(asker.rulebase.about.welcome, screen.width()))
    return asker


def _check_targets(args: argparse.Namespace) -> None:
    """Before anything is asked: answers and result can be written, and nothing is overwritten. Raises FaultyInput."""
    if args.save and Path(args.save).exists() and not (args.answers and is_same(args.save, args.answers)):
        hint = f"to go on from it: --resume {args.save}"
        raise fault(args.save, "is already there and would be overwritten", hint, code="LCT611")
    check_output(args, [name for name in (args.answers, args.save) if name])
    for name in (args.save, args.output):
        try:
            if name:
                place_of(Path(name))
        except OSError as error:
            raise fault(name, f"cannot be written: {error.strerror}", code="LCT603") from None


def _keep(args: argparse.Namespace, title: str, answers: Answers, engine: Engine) -> None:
    """Write all answers so far, if asked to. A full disk must not end the interview."""
    if not args.save:
        return
    path, today = Path(args.save), date.today()
    if is_json(path):
        text = as_text(engine.rulebase, answers, title, today, complete=not missing_from(engine, answers))
    else:
        text = as_toml(answers, engine.rulebase, title, saved=today)
    try:
        write_whole(path, text)
    except OSError as error:
        say(f"{args.save}: this answer could not be saved: {error.strerror or error}")


def _tell_stopped(args: argparse.Namespace, engine: Engine, talk: Interview) -> None:
    """Say what is known already, if it is a reason to see somebody, and how to go on."""
    say("", "Stopped.")
    missing = missing_from(engine, talk.known)  # known: with what was ticked in a list that is not finished
    unfinished = [name for name in talk.ticked if name not in missing]
    assessment = assess(engine, talk.known, (*missing, *unfinished))
    if assessment.see_doctor:
        _say_wrapped(headline(view_of(engine.rulebase, assessment)))
    if args.save and Path(args.save).exists():
        say(f"Your answers so far are in {args.save}", "To go on:")
        say(f"  leg-cramp-triage --resume {shlex.quote(args.save)}")
    elif args.save:
        _say_wrapped("Nothing was stored.")
    else:
        _say_wrapped("Nothing was stored. To be able to stop and go on later, start with --save FILE.")


def _say_wrapped(text: str) -> None:
    say(*screen.wrap(text, screen.width()))


def _give(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> None:
    """The result of an interview: in its format, as text in a pipe, or in a terminal one screen and what is below it."""
    view, columns = view_of(rulebase, assessment, wanted_of(args)), screen.width()
    if args.output or args.format != TEXT:
        _give_formatted(args, rulebase, assessment, asker)
        return
    more = explained(view, columns)
    if not on_terminal():
        print("\n".join([*whole(view, columns), *more]))
        return
    first = [*([] if asker.has_left else short(view, columns)), *more]
    if first:
        print("\n".join(["", *first]), flush=True)
    parts = [(request.label, request.lines(columns)) for request in requests(view)]
    if parts:
        parts.append((HOW, how_lines(view_of(rulebase, assessment, Wanted(how=True)), columns)))
        with suppress(KeyboardInterrupt, EOFError):  # the result has been given
            _after_result(
                asker, headline(view), len(first), parts, partial(save_page, args, rulebase, assessment, asker)
            )
    elif more:  # an emergency, which must not scroll away
        print("\n".join(["", *screen.wrap(view.say.upper(), columns)]), flush=True)


def _give_formatted(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> None:
    """To a file or in another format than text: that must neither hide an emergency nor push it away."""
    wanted, columns = wanted_of(args), screen.width()
    view = view_of(rulebase, assessment)
    if not asker.has_left:
        say(*(emergency_lines(view, columns) if view.emergency else screen.wrap(view.say, columns)))
    write(args, written(args.format, rulebase, assessment, wanted._replace(answered=wanted.day)), args.format)
    if asker.has_left and not args.output:
        _say_wrapped(assessment.disposition.say.upper())


def _after_result(
    asker: TerminalAsker, headline: str, height: int, parts: list[tuple[str, list[str]]], save: Callable[[], None]
) -> None:
    """Whatever is wanted: the parts below a result of `height` lines, and to save a page of it."""
    headings = [*(heading for heading, _ in parts), OFFER]
    while (wanted := asker.after_result(headline, height)) == PAGE:
        save()
    while wanted and (number := asker.more(headings)) is not None:
        if number == len(parts):
            save()
        else:
            heading, lines = parts[number]
            asker.give([heading, *lines])
