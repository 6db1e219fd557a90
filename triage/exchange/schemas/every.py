"""The schema of each kind."""

from __future__ import annotations

from triage.exchange.schemas import (
    ASSESSMENT,
    ROW,
    RULES,
    SCENARIO,
    SUMMARY,
    answer_files,
    results,
    rule_files,
)
from triage.exchange.schemas.parts import Schema
from triage.knowledge.model import RuleBase
from triage.version import __version__


def schema_of(rulebase: RuleBase, kind: str, file: str | None = None) -> Schema:
    """The schema of one of KINDS. `file`: only of that file of a rule base (KeyError if it has no such file)."""
    comment = f"Made by leg-cramp-triage {__version__} from rule base {rulebase.about.version} ({rulebase.sha256})."
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": comment}
    return {**head, **_body(rulebase, kind, file)}


def _body(rulebase: RuleBase, kind: str, file: str | None) -> Schema:
    if kind == RULES:
        return rule_files.schema(rulebase, file)
    if kind in (ASSESSMENT, ROW, SUMMARY):
        makers = {ASSESSMENT: results.schema, ROW: results.row, SUMMARY: results.summary}
        return makers[kind](rulebase)
    return answer_files.scenario(rulebase) if kind == SCENARIO else answer_files.answers(rulebase)
