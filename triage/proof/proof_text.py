"""Proofs as text: one line each, and below it what speaks against it, with answers that show it."""

from __future__ import annotations

from collections.abc import Iterator

from triage.conversation.answers import as_toml
from triage.knowledge.model import RuleBase
from triage.output.screen import wrap
from triage.proof.verify import Finding, Proof


def proof_lines(rulebase: RuleBase, proof: Proof, columns: int) -> list[str]:
    """One proof: what it says, how much was decided, and every finding with a file that can be run."""
    verdict = "FAILED" if proof.failures else "proved"
    accepted = f", {len(proof.accepted)} accepted" if proof.accepted else ""
    lines = wrap(f"{verdict} {proof.id}: {proof.title} ({proof.decided} {proof.unit}{accepted})", columns, "", "  ")
    return lines + [line for finding in proof.failures for line in _finding(rulebase, finding, columns)]


def _finding(rulebase: RuleBase, finding: Finding, columns: int) -> Iterator[str]:
    yield from wrap(f"{finding.rule}: {finding.what}", columns, "  - ")
    if finding.witness is not None:
        yield "    as an answer file:"
        title = f"Shows: {finding.rule}: {finding.what}"
        yield from (f"      {line}".rstrip() for line in as_toml(finding.witness, rulebase, title).splitlines())
