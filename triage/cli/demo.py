"""A made-up story, played as an interview."""

from __future__ import annotations

import argparse
import sys

from triage.cli.common import engine_of
from triage.cli.console import DONE, STOPPED, fault, needs_plain, on_terminal
from triage.conversation.demo import MADE_UP, StoryAsker, ending, read_stories
from triage.conversation.interview import Interview
from triage.knowledge.faults import allowed, printable
from triage.knowledge.folder import find
from triage.output import screen
from triage.output.text import short
from triage.output.view import view_of
from triage.reasoning.assessment import assess

GO_ON = "[Enter goes on, Ctrl-C stops] "


def demo(args: argparse.Namespace) -> int:
    """Play one story, questions and result; a person at a terminal goes on with Enter. Raises FaultyInput."""
    engine, columns = engine_of(args.rules), screen.width()
    stories = read_stories(find(args.rules), engine.rulebase)
    name = args.story or next(iter(stories), "")
    if name not in stories:
        what = f'no story "{name}"' if name else "no stories here"
        raise fault("demo", what, allowed(name, stories), code="LCT621")
    asker = StoryAsker(engine, stories[name], sys.stdout, _wait if on_terminal() else list)
    asker.show([*screen.wrap(MADE_UP, columns), *screen.wrap(printable(stories[name].title), columns)])
    code = DONE
    try:
        view = view_of(engine.rulebase, assess(engine, Interview(engine, asker).conduct()))
        asker.show(["", *short(view, columns)])
        asker.wait()
    except (KeyboardInterrupt, EOFError):
        asker.show([""])
        code = STOPPED
    asker.show(["", *ending(stories, name, columns)])
    return code


def _wait() -> None:
    """Until Enter is pressed; the line that says so is wiped away where the terminal can."""
    sys.stdout.write(GO_ON)
    sys.stdout.flush()
    if not sys.stdin.readline():
        raise EOFError
    sys.stdout.write("" if needs_plain() else "\x1b[1A\x1b[2K")
