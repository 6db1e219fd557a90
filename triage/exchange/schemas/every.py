"""The schema of each kind."""

from __future__ import annotations

from triage.exchange.schemas import RULES, Schema, answer_files, results, rule_files
from triage.knowledge.model import RuleBase
from triage.version import __version__


def schema_of(rulebase: RuleBase, kind: str, file: str | None = None) -> Schema:
    """The schema of one of KINDS. `file`: only of that file of a rule base (KeyError if it has no such file)."""
    comment = f"Made by leg-cramp-triage {__version__} from rule base {rulebase.about.version} ({rulebase.sha256})."
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": comment}
    if kind == RULES:
        return {**head, **rule_files.schema(rulebase, file)}
    makers = {"answers": answer_files.answers, "scenario": answer_files.scenario}
    return {**head, **(makers[kind](rulebase) if kind in makers else results.schema(rulebase, kind))}
