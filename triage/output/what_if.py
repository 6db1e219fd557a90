"""The single answers that would make a result more urgent: as lines, and as plain data."""

from __future__ import annotations

from typing import Any

from triage.knowledge.model import AT_ONCE, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.as_json import plain
from triage.output.screen import wrap, wrap_all
from triage.output.view import WHAT_IF, more_urgent, provisional, what_if_said
from triage.reasoning.explain import AT_MOST, what_if
from triage.reasoning.results import Assessment


def what_if_text(rulebase: RuleBase, assessment: Assessment, columns: int, everything: bool) -> list[str]:
    """The result in a line, and the answers that would make it more urgent; the first few, or `everything`."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    level = assessment.disposition
    if level.stops == AT_ONCE:
        return wrap_all([level.say, "Nothing is more urgent than this."], columns)
    found = what_if(rulebase, assessment)
    shown = found if everything else found[:AT_MOST]
    lines = [*wrap(level.say if assessment.complete else provisional(assessment), columns), ""]
    if not found:
        return [*lines, *wrap("No single answer would make it more urgent.", columns)]
    items = (f"- {what_if_said(rulebase, assessment, one, everything)}" for one in shown)
    lines += wrap_all([f"{WHAT_IF}:", *items], columns)
    left = len(found) - len(shown)
    return lines + (wrap(f"{left} more of this kind: --all shows them.", columns) if left else [])


def what_if_document(rulebase: RuleBase, assessment: Assessment, everything: bool) -> dict[str, Any]:
    """The same as plain data."""
    found = more_urgent(rules_in_voice(rulebase, assessment.voice), assessment)
    return {
        "schema": "leg-cramp-triage/what-if/1",
        "complete": assessment.complete,
        "disposition": assessment.disposition.id,
        "what_if": plain(found if everything else found[:AT_MOST]),
        "missing": list(assessment.missing),
    }
