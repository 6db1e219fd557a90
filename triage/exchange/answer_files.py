"""Answer files in either format: TOML, or FHIR QuestionnaireResponses in JSON."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from triage.conversation.answers import AnswerFile, parse_toml
from triage.exchange.fhir.response import read_response, read_responses
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.toml_file import read_bytes


def read_answer_file(path: Path, rulebase: RuleBase) -> AnswerFile:
    """Read and check a file. Raises FaultyInput with every fault, its place and what is allowed."""
    raw = read_bytes(path, str(path))
    return (read_response if _is_fhir(path, raw) else parse_toml)(str(path), raw, rulebase)


def read_answer_files(path: Path, rulebase: RuleBase) -> list[AnswerFile | FaultyInput]:
    """All that a file holds, which may be several responses, each named by its place, or what is wrong with it."""
    try:
        raw = read_bytes(path, str(path))
        if _is_fhir(path, raw):
            return read_responses(str(path), raw, rulebase)
        return [parse_toml(str(path), raw, rulebase)]
    except FaultyInput as error:
        return [error]


def _is_fhir(path: Path, raw: bytes) -> bool:
    # No TOML begins with a brace.
    return is_json(path) or raw.removeprefix(BOM_UTF8).lstrip().startswith(b"{")


def is_json(path: Path) -> bool:
    """Whether a response is written to a file of that name; to others goes TOML."""
    return path.suffix.lower() == ".json"
