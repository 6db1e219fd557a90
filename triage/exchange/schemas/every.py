"""The schema of each kind."""

from __future__ import annotations

from triage.exchange.schemas import Schema, answer_files, results, rule_files
from triage.knowledge.model import RuleBase
from triage.version import __version__


def schema_of(rulebase: RuleBase, kind: str) -> Schema:
    """The schema of one of KINDS."""
    comment = f"Made by leg-cramp-triage {__version__} from rule base {rulebase.about.version} ({rulebase.sha256})."
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": comment}
    makers = {"answers": answer_files.answers, "scenario": answer_files.scenario, "rules": rule_files.schema}
    return {**head, **(makers[kind](rulebase) if kind in makers else results.schema(rulebase, kind))}
