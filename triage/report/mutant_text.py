"""What came of the mutants of a rule base, as text."""

from __future__ import annotations

from collections import Counter
from math import floor

from triage.mutants import ENOUGH, EQUAL, NOTICERS, Survey
from triage.screen import wrap


def mutant_lines(survey: Survey, columns: int) -> list[str]:
    """How many of each kind, by whom they were noticed, and each one that was not, by name."""
    by_whom = Counter(verdict.noticed_by for verdict in survey.verdicts)
    listed = ", ".join(f"{who} {by_whom[who]:,}" for who in NOTICERS)
    lines = [
        f"{len(survey.verdicts):,} mutants, each one thing changed in the rules.",
        f"Noticed: {_percent(survey.noticed())} ({listed}); at least {_percent(ENOUGH)} must be.",
        f"Proved equal, whatever is answered: {by_whom[EQUAL]:,}. They do not count.",
        *_by_kind(survey),
    ]
    lines += [f"Noticed by nobody, accepted: {len(survey.lasting)}"]
    lines += [f"- {accepted.rule}: {accepted.what}. {accepted.because}" for accepted in survey.lasting]
    lines += [f"Noticed by nobody: {len(survey.survivors)}"]
    lines += [f"- {verdict.name}" for verdict in survey.survivors]
    lines += map(str, survey.faults)
    return [part for line in lines for part in _wrapped(line, columns)]


def _by_kind(survey: Survey) -> list[str]:
    kinds = Counter(verdict.kind for verdict in survey.verdicts)
    return [f"- {kind}: {kinds[kind]:,}, noticed {_percent(survey.noticed(kind))}" for kind in sorted(kinds)]


def _wrapped(line: str, columns: int) -> list[str]:
    item = line.removeprefix("- ")
    return wrap(item, columns, "- " if item != line else "")


def _percent(share: float) -> str:
    """Rounded down: nothing is called whole that is not."""
    return f"{floor(share * 1000) / 10:g} %"
