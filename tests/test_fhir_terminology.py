"""The code systems and value sets: sound, and every code that the program writes is in one, in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.valueset import ValueSet
from reliability.fuzz import TINY

from triage.cli.main import main
from triage.conversation.interview import assess_so_far
from triage.exchange.answer_files import read_answer_file
from triage.exchange.fhir.bundle import as_bundle
from triage.exchange.fhir.codes import FHIR_BASE, Json
from triage.exchange.fhir.questionnaire import questionnaire
from triage.exchange.fhir.terminology import as_text, terminology
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine

SCENARIOS = sorted((Path(__file__).parent / "scenarios").rglob("*.toml"))[::50]


@pytest.fixture(scope="module")
def made(rulebase: RuleBase) -> list[Json]:
    return list(terminology(rulebase))


@pytest.fixture(scope="module")
def systems(made: list[Json]) -> dict[str, Json]:
    return {one["url"]: one for one in made if one["resourceType"] == "CodeSystem"}


def codings(data: Any) -> Iterator[Json]:
    """Every Coding of the project in a resource."""
    if isinstance(data, dict):
        if str(data.get("system", "")).startswith(f"{FHIR_BASE}/CodeSystem") and "code" in data:
            yield data
        data = list(data.values())
    for one in data if isinstance(data, list) else ():
        yield from codings(one)


@pytest.mark.parametrize("folder", [None, str(TINY)])
def test_they_are_sound(folder: str | None) -> None:
    resources = list(terminology(load(folder)))
    for one in resources:
        (CodeSystem if one["resourceType"] == "CodeSystem" else ValueSet).model_validate(one)
        listed = [concept["code"] for concept in one.get("concept", ())]
        assert len(set(listed)) == len(listed) == one.get("count", 0)
    urls = [one["url"] for one in resources]
    assert len(set(urls)) == len(urls)
    sets = [one["compose"]["include"][0]["system"] for one in resources if one["resourceType"] == "ValueSet"]
    assert sets == [one["url"] for one in resources if "valueSet" in one]


def test_every_code_that_is_written_has_a_meaning(engine: Engine, systems: dict[str, Json]) -> None:
    meant = {(url, one["code"]): one["display"] for url, system in systems.items() for one in system["concept"]}
    form = list(codings(questionnaire(engine.rulebase)))
    assert {(one["system"], one["code"]): one["display"] for one in form}.items() <= meant.items()
    for path in SCENARIOS:
        found = assess_so_far(engine, read_answer_file(path, engine.rulebase).answers, {})
        written = {(one["system"], one["code"]) for one in codings(as_bundle(engine.rulebase, found))}
        assert written <= meant.keys(), path
        assert len(written) > 5


def test_the_command_writes_the_form_with_them(
    made: list[Json], rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "fhir-bundle"]) == 0
    bundle = json.loads(capsys.readouterr().out)
    assert bundle == json.loads(as_text(rulebase))
    Bundle.model_validate(bundle)
    assert [entry["resource"] for entry in bundle["entry"]] == [questionnaire(rulebase), *made]
