"""Why a question is asked, and what waits for it: the words for "w" at a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from triage.conversation.interview import Prompt
from triage.knowledge.model import RuleBase
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.knowledge.wording import IF, IF_OTHERS_FIT, cell_said, options_said
from triage.output.screen import wrap
from triage.reasoning.explain import Pending, pending, tells_apart
from triage.version import program

AGAIN = "w again: all of it, with sources."


def why(rulebase: RuleBase, prompt: Prompt, columns: int) -> list[str]:
    """Why a question is asked and what waits for it: of each level, most urgent first, the options that reach it."""
    question, asked = prompt.question, (prompt.answers, prompt.question, prompt.leads_to)
    rulebase = rules_in_voice(rulebase, voice_of(rulebase, prompt.answers))
    waiting, helped = pending(rulebase, *asked), tells_apart(rulebase, *asked)
    lines = ["", *wrap(f"Why we ask: {question.why}", columns), *wrap(f"Asked of: {question.asked_of}.", columns)]
    if not waiting:
        lines += wrap("By itself no answer here makes it more urgent.", columns)
    items = _by_level(rulebase, question.id, waiting)
    items += [("It also helps to tell apart:", [one.cause.title for one in helped])] if helped else []
    for lead, words in items:
        lines += wrap(f"{lead} {'; '.join(words)}.", columns)
    return [*lines, *(wrap(AGAIN, columns) if items else []), ""]


def _by_level(rulebase: RuleBase, name: str, waiting: Sequence[Pending]) -> list[tuple[str, list[str]]]:
    """For each level, most urgent first: the options that reach it, then those that do so with other answers.

    An option is named once in each way, and not as one that needs other answers once it needs none.
    """
    lines: list[tuple[str, list[str]]] = []
    alone: set[str] = set()
    together: set[str] = set()
    for level in dict.fromkeys(one.level for one in waiting):
        here = [one for one in waiting if one.level == level]
        by_itself = {option for one in here for option in one.alone} - alone
        alone |= by_itself
        with_others = {option for one in here for option in one.together} - alone - together
        together |= with_others
        both = ((by_itself, IF), (with_others, IF_OTHERS_FIT))
        lines += [(f"{level.when_said} {lead}", options_said(rulebase, name, found)) for found, lead in both if found]
    return lines


def why_in_full(rulebase: RuleBase, prompt: Prompt, columns: int) -> list[str]:
    """Every rule that waits for the question, most urgent first, in words, with its id and sources."""
    question, asked = prompt.question, (prompt.answers, prompt.question, prompt.leads_to)
    rulebase = rules_in_voice(rulebase, voice_of(rulebase, prompt.answers))
    waiting, helped = pending(rulebase, *asked), tells_apart(rulebase, *asked)
    lines = ["", *wrap(f"The rules that wait for this question ({question.id})", columns)]
    for one in waiting:
        lines += [""] * (one is not waiting[0])  # the heading stays with the first
        lines += wrap(f"{one.level.when_said}: {one.flag.title} [{one.flag.id}]", columns)
        for row in one.rows:
            for cell in row:
                lines += wrap(cell_said(rulebase, cell), columns, "  and " if cell is not row[0] else "  if  ")
        if not one.rows:  # it holds already, but for what may stop it
            lines += wrap("; or ".join(options_said(rulebase, question.id, one.alone)), columns, "  if  ")
        lines += wrap(one.flag.because, columns, "  ")
        for name in one.flag.sources:
            source = rulebase.sources[name]
            lines += wrap(f"Source: {source.org}: {source.title} [{name}]", columns, "  ", "    ")
        if not one.flag.sources:
            lines += wrap("No source yet: a draft.", columns, "  ")
    if helped:
        lines += ["", *wrap("It also helps to tell apart, by signs for (+) and against (-):", columns)]
        for cause, signs in helped:
            named = ", ".join(f"{sign.id} {sign.weight:+d}" for sign in signs)
            lines += wrap(f"{cause.title} [{cause.id}]: {named}", columns, "- ")
    if not waiting and not helped:
        lines += wrap("None. It is asked to choose what to tell you.", columns)
    return [*lines, "", "To read one whole:", f"{program()} rules ID", ""]
