"""JSON Schemas (draft-07) of the files that people write and of the results that programs read.

They are made from the rule base and from the code that reads or writes these files, so that
there is no second list of anything. Draft-07 is what editors of TOML know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from triage import __version__

if TYPE_CHECKING:
    from triage.model import RuleBase

Schema = dict[str, Any]

ANSWERS, SCENARIO, ASSESSMENT, ROW = "answers", "scenario", "assessment", "row"
SUMMARY, RULES = "summary", "rules"
KINDS = (ANSWERS, SCENARIO, ASSESSMENT, ROW, SUMMARY, RULES)


def schema_of(rulebase: RuleBase, kind: str, file: str | None = None) -> Schema:
    """The schema of one of KINDS. `file`: only of that file of a rule base (KeyError if it has no such file)."""
    comment = f"Made by leg-cramp-triage {__version__} from rule base {rulebase.about.version} ({rulebase.sha256})."
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$comment": comment}
    return {**head, **_body(rulebase, kind, file)}


def _body(rulebase: RuleBase, kind: str, file: str | None) -> Schema:
    if kind == RULES:
        from triage.schemas import rule_files

        return rule_files.schema(rulebase, file)
    if kind in (ASSESSMENT, ROW, SUMMARY):
        from triage.schemas import results

        makers = {ASSESSMENT: results.schema, ROW: results.row, SUMMARY: results.summary}
        return makers[kind](rulebase)
    from triage.schemas import answer_files

    return answer_files.scenario(rulebase) if kind == SCENARIO else answer_files.answers(rulebase)


def options(values: dict[str, str]) -> Schema:
    """One of the keys; editors show what each stands for."""
    return {"enum": list(values), "x-taplo": {"docs": {"enumValues": list(values.values())}}}


def table(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    """A table that takes these fields and no others."""
    needed = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties, **more}
