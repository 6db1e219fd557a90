"""The first question of an interview: it is on the screen before anything slow is imported."""

from __future__ import annotations

import argparse

from triage.cli.console import needs_plain, on_terminal
from triage.cli.parser import ASK, parse
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output import screen


def ask(args: argparse.Namespace) -> int:
    """The interview. Without options nothing can be wrong with them, so it begins at once. Raises FaultyInput."""
    opened = args == parse([ASK]) and on_terminal() and not needs_plain()
    if opened:
        _show_first_question()
    from triage.cli.ask import interview  # the engine and questionary take a quarter of a second

    return interview(args, opened)


def _show_first_question() -> None:
    rulebase, columns = rules_in_voice(load()), screen.width()
    first = next(iter(rulebase.questions.values()))
    lines = [*screen.wrap_all(rulebase.about.welcome, columns), *screen.question_head(first.text, columns)]
    print("\n".join(lines), flush=True)
