"""The interview."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from triage.cli.common import check_ids, check_output, engine_of, is_same, place, remark, wanted_of, write, written
from triage.cli.console import DONE, INDENT, STOPPED, WRONG_INPUT, fault, needs_plain, on_terminal, say
from triage.cli.formats import TEXT
from triage.cli.page import save_new, save_page
from triage.conversation.answers import AnswerFile, as_toml, is_stale, with_level, without_danger, write_whole
from triage.conversation.interview import Interview, assess_so_far, missing_from
from triage.conversation.prompts import Offer, PlainAsker, QuestionaryAsker, TerminalAsker
from triage.exchange.answer_files import is_json, read_answer_file
from triage.exchange.fhir.response import as_text
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import Answers, RuleBase
from triage.output import screen
from triage.output.explanation import HOW, explained, how_lines
from triage.output.text import MORE, emergency_lines, headline, requests, short
from triage.output.view import View, Wanted, view_of
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment
from triage.version import program

FIRST = (MORE, "d")  # of what can be read below a result, what is named from the first
LISTS = "l"


def interview(args: argparse.Namespace, opened: bool) -> int:
    """Ask, and give the result; `opened`: the first screen is there already. Raises FaultyInput."""
    engine = engine_of(args.rules, args.country)
    check_ids(args.why_not, engine.rulebase)
    _resume(args)
    file = _known_answers(args, engine)
    known, ticked = file.answers, file.ticked
    can_ask = sys.stdin is not None and (on_terminal() or (args.plain and sys.stderr is not None))
    if not can_ask and (ticked or missing_from(engine, known)):
        say("No terminal to ask questions on. For an answer file:", f"{INDENT}{program()} run FILE")
        say("For numbered prompts on standard input, add --plain.")
        return WRONG_INPUT
    _check_targets(args)
    asker = _asker(engine, args.plain or needs_plain(), greeted=opened or not can_ask)
    asker.head_is_shown = opened
    talk = Interview(engine, asker, known, lambda _: _keep(args, file, talk), ticked)
    with _ended_from_outside(asker) as signals:
        try:
            answers = talk.conduct() if can_ask else known
            if args.save and not Path(args.save).exists():  # nothing was asked
                _keep(args, file, talk)
            while name := _give(args, engine, answers, asker):
                answers = talk.ask_after() if name == LISTS else talk.change(name)
        except (KeyboardInterrupt, EOFError):
            is_new = _is_new(file, talk)
            if is_new:
                _keep(args, file, talk)
            _tell_stopped(talk)
            if is_new and not (args.save or signals) and sys.stdin.isatty():  # nobody is at the other end of a pipe
                _offer_to_save(args, file, talk, asker)
            _tell_how_to_go_on(args)
            return STOPPED
    return DONE


@contextmanager
def _ended_from_outside(asker: TerminalAsker) -> Iterator[list[int]]:
    """Being told to end leaves the terminal as it was, and says what is known. What has told so, as it comes."""
    told: list[int] = []
    before: dict[int, Any] = {}

    def end(number: int, _: object) -> None:
        told.append(number)
        asker.leave()

    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # not that of nohup
                with suppress(ValueError):  # where this is not the main thread
                    before[number] = signal.signal(number, end)
        yield told
    finally:
        for heard, act in before.items():
            signal.signal(heard, act)


def _resume(args: argparse.Namespace) -> None:
    """--resume FILE is --answers FILE --save FILE. Raises FaultyInput."""
    if args.resume and (args.answers or args.save):
        what = "is --answers and --save at once"
        raise fault("--resume", what, "give it without them", code="LCT609")
    if args.resume:
        args.answers = args.save = args.resume


def _known_answers(args: argparse.Namespace, engine: Engine) -> AnswerFile:
    """What --answers holds, less what is to be asked again; without it an empty file. Raises FaultyInput."""
    if not args.answers:
        return AnswerFile("", "", {}, {}, None, None)
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
        answers, ticked = without_danger(file.answers, rulebase), without_danger(file.ticked, rulebase)
        return file._replace(answers=answers, ticked=ticked)
    return file


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
    check_output(args, list(filter(None, (args.answers, args.save))))
    for name in filter(None, (args.save, args.output)):
        place(name)


def _keep(args: argparse.Namespace, file: AnswerFile, talk: Interview) -> None:
    """Write all that is known so far, if asked to. A full disk must not end the interview."""
    if not args.save:
        return
    path = Path(args.save)
    try:
        write_whole(path, _file_text(file, talk, path))
    except OSError as error:
        say(f"{args.save}: this answer could not be saved: {error.strerror or error}")


def _is_new(file: AnswerFile, talk: Interview) -> bool:
    """Whether anything was answered that the file does not hold."""
    return talk.known != {**file.answers, **file.ticked}


def _file_text(file: AnswerFile, talk: Interview, path: Path) -> str:
    """An answer file of the kind that its name tells. FHIR has no place for lists that are not finished."""
    rulebase, day = talk.rulebase, date.today() if _is_new(file, talk) else file.saved
    answers = {name: answer for name, answer in talk.answers.items() if name not in talk.ticked}
    if is_json(path):
        return as_text(rulebase, answers, file.title, day, complete=not missing_from(talk.engine, answers))
    return as_toml(answers, rulebase, file.title, day, talk.ticked)


def _tell_stopped(talk: Interview) -> None:
    """Say what is known already, if it is a reason to see somebody."""
    say("", "Stopped.")
    assessment = assess_so_far(talk.engine, talk.answers, talk.ticked)
    if assessment.see_doctor:
        _say_level(view_of(talk.rulebase, assessment))


def _offer_to_save(args: argparse.Namespace, file: AnswerFile, talk: Interview, asker: TerminalAsker) -> None:
    """Save what was answered after all, if that is wanted. Leaving is no, and at once."""
    with suppress(KeyboardInterrupt, EOFError):
        if asker.agrees("Save what you answered?"):
            args.save = str(save_new(asker, "answers", ".toml", partial(_file_text, file, talk)) or "")


def _tell_how_to_go_on(args: argparse.Namespace) -> None:
    if args.save and Path(args.save).exists():
        given = {"--rules": args.rules, "--country": args.country, "--resume": args.save}
        words = ["--plain"] * args.plain + [word for option in given.items() if option[1] for word in option]
        say(f"Your answers so far are in {args.save}", "To go on:", f"{INDENT}{program()} {shlex.join(words)}")
    elif args.save:
        say("Nothing was stored.")
    else:
        say("Nothing was stored. To be able to stop and go on later, start with --save FILE.")


def _say_level(view: View) -> None:
    """How urgent it is, beside the result."""
    columns = screen.width()
    say(*(emergency_lines(view, columns) if view.emergency else screen.wrap(view.say, columns)))


def _give(args: argparse.Namespace, engine: Engine, answers: Answers, asker: TerminalAsker) -> str | None:
    """The result in its format, as `run` gives it, or in a terminal one screen and what is below it.

    The id of an answer that is to be changed, or None.
    """
    rulebase, assessment = engine.rulebase, assess_so_far(engine, answers)
    if args.output or args.format != TEXT:
        _give_formatted(args, engine, assessment, asker)
        return None
    wanted = wanted_of(args)
    view = view_of(rulebase, assessment, wanted)
    if not on_terminal():
        write(args, written(TEXT, rulebase, assessment, wanted), TEXT)
    elif view.emergency:
        _give_emergency(view, asker.has_left)
    else:
        offers = [
            *_readings(rulebase, assessment, asker),
            Offer("p", "a page to print", partial(save_page, args, rulebase, assessment, asker)),
            Offer(LISTS, "which muscle, what was tried", lambda: LISTS),
        ]
        return asker.after_result(partial(_result, view), headline(view), offers, answers)
    return None


def _result(view: View) -> list[str]:
    columns = screen.width()
    return [*short(view, columns), *explained(view, columns)]


def _give_emergency(view: View, has_left: bool) -> None:
    """What is wanted besides must not make it scroll away."""
    columns = screen.width()
    more = explained(view, columns)
    last = ["", *screen.wrap(view.say.upper(), columns)] if more else []
    if lines := [*([] if has_left else short(view, columns)), *more, *last]:
        print("\n".join(["", *lines]), flush=True)


def _give_formatted(args: argparse.Namespace, engine: Engine, assessment: Assessment, asker: TerminalAsker) -> None:
    """To a file or in another format than text: that must neither hide an emergency nor push it away."""
    wanted = wanted_of(args)
    if not asker.has_left:
        _say_level(view_of(engine.rulebase, assessment))
    write(args, written(args.format, engine.rulebase, assessment, wanted._replace(answered=wanted.day)), args.format)
    if asker.has_left and not args.output:
        say(assessment.disposition.say.upper())


def _readings(rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> Iterator[Offer]:
    """What can be read below a result."""
    view = view_of(rulebase, assessment, Wanted(how=True))
    texts = {one.key: (one.label, one.lines) for one in requests(view)}
    texts["e"] = HOW.lower(), partial(how_lines, view)

    def read(key: str) -> None:
        asker.give(lambda: texts[key][1](screen.width()))

    return (Offer(key, label, partial(read, key), key in FIRST) for key, (label, _) in texts.items())
