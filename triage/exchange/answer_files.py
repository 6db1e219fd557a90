"""Answer files in either format: TOML, or a FHIR QuestionnaireResponse in JSON."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from triage.conversation.answers import AnswerFile, parse_toml
from triage.exchange.fhir.response import read_response
from triage.knowledge.model import RuleBase
from triage.knowledge.toml_file import read_bytes


def read_answer_file(path: Path, rulebase: RuleBase) -> AnswerFile:
    """Read and check a file. Raises FaultyInput with every fault, its place and what is allowed."""
    raw = read_bytes(path, str(path))
    # No TOML begins with a brace.
    is_fhir = is_json(path) or raw.removeprefix(BOM_UTF8).lstrip().startswith(b"{")
    return (read_response if is_fhir else parse_toml)(str(path), raw, rulebase)


def is_json(path: Path) -> bool:
    """Whether a file of that name holds a FHIR response; others hold TOML."""
    return path.suffix.lower() == ".json"
