"""The first question of an interview: it is on the screen before anything slow is imported."""

from __future__ import annotations

import argparse

from triage.cli.console import WRONG_INPUT, is_in_event_loop, needs_plain, on_terminal, say
from triage.cli.parser import ASK, parse
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output import screen


def ask(args: argparse.Namespace) -> int:
    """The interview. Without options nothing can be wrong with them, so it begins at once. Raises FaultyInput."""
    draws = on_terminal() and not (args.plain or needs_plain())
    if draws and is_in_event_loop():
        say("An event loop is running here, so no lists can be drawn. Use --plain for numbered prompts.")
        return WRONG_INPUT
    opened = draws and args == parse([ASK])
    if opened:
        _show_first_question()
    from triage.cli.ask import interview  # the engine and questionary take a quarter of a second

    return interview(args, opened)


def _show_first_question() -> None:
    rulebase, columns = rules_in_voice(load()), screen.width()
    first = next(iter(rulebase.questions.values()))
    lines = [*screen.wrap_all(rulebase.about.welcome, columns), *screen.question_head(first.text, columns)]
    print("\n".join(lines), flush=True)
