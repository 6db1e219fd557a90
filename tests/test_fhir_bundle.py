"""A result as a FHIR Bundle: valid, resolvable, complete, the same every time, and nothing in it that must not be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from lxml import etree
from stories import SCENARIOS

from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.exchange.fhir import bundle as bundles
from triage.exchange.fhir import codes
from triage.exchange.fhir.bundle import as_bundle
from triage.exchange.fhir.codes import Json, options_of
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import AT_ONCE, Answers, RuleBase
from triage.output.view import Wanted, deciding
from triage.reasoning.assessment import assess, find_flags, most_urgent
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

DAY = date(2026, 11, 21)
WANTED = Wanted(day=DAY, answered=DAY)
ORDER = ["GuidanceResponse", "RiskAssessment", "CarePlan", "QuestionnaireResponse", "Device"]

# R4's own value sets, which no validator at hand looks at.
STATUSES = {
    "GuidanceResponse": {"success", "data-required"},
    "RiskAssessment": {"final", "preliminary"},
    "CarePlan": {"draft"},
    "QuestionnaireResponse": {"completed", "in-progress"},
}
KINDS = {"Task", "ServiceRequest"}
ODDS = {"probabilityDecimal", "probabilityRange", "qualitativeRisk", "relativeRisk"}


@pytest.fixture(scope="module")
def results(engine: Engine, answer_sets: list[Answers]) -> list[Assessment]:
    """Results of every level, unfinished ones, and some that an open question can take back."""
    cases = answer_sets[:50]
    for path in SCENARIOS[::24]:
        answers = read_answer_file(path, engine.rulebase).answers
        waiting = {name for fired in find_flags(engine, answers) for name in fired.flag.waits_for}
        cases += [answers, {name: answer for name, answer in answers.items() if name not in waiting}]
    return [assess(engine, answers, missing_from(engine, answers)) for answers in cases]


@pytest.fixture(scope="module")
def made(rulebase: RuleBase, results: list[Assessment]) -> list[tuple[Assessment, Json]]:
    return [(result, as_bundle(rulebase, result, WANTED)) for result in results]


def resources(bundle: Json) -> dict[str, Json]:
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}


def within(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from within(one)


def parameters(bundle: Json) -> list[Json]:
    guidance = resources(bundle)["GuidanceResponse"]
    reference = guidance["outputParameters"]["reference"].removeprefix("#")
    found: list[Json] = next(c for c in guidance["contained"] if c["id"] == reference)["parameter"]
    return found


def given(bundle: Json, name: str) -> list[Any]:
    """The values of the parameters of that name."""
    chosen = [p for p in parameters(bundle) if p["name"] == name]
    return [p["part"] if "part" in p else next(v for key, v in p.items() if key.startswith("value")) for p in chosen]


def activities(bundle: Json, part: str) -> list[Json]:
    found = resources(bundle)["CarePlan"].get("activity", [])
    return [one["detail"] for one in found if one["extension"][0]["valueCoding"]["code"] == part]


def codes_of(details: list[Json]) -> list[str]:
    return [detail["code"]["coding"][0]["code"] for detail in details]


def test_the_results_are_of_every_kind(rulebase: RuleBase, results: list[Assessment]) -> None:
    for level in rulebase.ladder:
        assert any(r.complete and r.disposition.id == level.id for r in results), level.id
    assert any(not r.complete and r.see_doctor for r in results)
    assert any(not r.complete and not r.see_doctor for r in results)
    assert any(set(r.pending).issuperset(f.flag.id for f in deciding(r)) for r in results if r.pending)
    assert {r.voice for r in results} == set(rulebase.voices)
    assert any(r.withheld for r in results)
    assert any(r.needs_checking for r in results)


def test_each_is_valid_r4(made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made[:30]:
        Bundle.model_validate(json.loads(json.dumps(bundle)))


def test_no_part_is_empty(made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made:
        for part in within(bundle):
            assert all(value not in ("", [], {}, None) for value in part.values()), part


def test_it_holds_what_it_should_and_every_reference_resolves(made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made:
        assert bundle["type"] == "collection"
        assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == ORDER
        urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
        assert len(urls) == len(ORDER)
        for url, resource in urls.items():
            assert url == f"urn:uuid:{resource['id']}"
            inner = {f"#{one['id']}" for one in resource.get("contained", [])}
            wanted = {one["reference"] for one in within(resource) if "reference" in one}
            assert wanted <= inner | set(urls)
            assert inner <= wanted  # what is contained has to be referred to
            if resource["resourceType"] in ("GuidanceResponse", "RiskAssessment", "CarePlan"):
                assert resource["subject"] == {"reference": "#person"}


def test_each_refers_to_the_right_kind(made: list[tuple[Assessment, Json]]) -> None:
    bundle = made[0][1]
    kinds = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    found = resources(bundle)
    assert kinds[found["GuidanceResponse"]["result"]["reference"]] == "CarePlan"
    assert kinds[found["GuidanceResponse"]["performer"]["reference"]] == "Device"
    assert kinds[found["RiskAssessment"]["performer"]["reference"]] == "Device"
    assert kinds[found["CarePlan"]["author"]["reference"]] == "Device"
    assert [kinds[one["reference"]] for one in found["RiskAssessment"]["basis"]] == ["QuestionnaireResponse"]
    supporting = [kinds[one["reference"]] for one in found["CarePlan"]["supportingInfo"]]
    assert supporting == ["QuestionnaireResponse", "RiskAssessment"]


def test_the_person_has_no_data(made: list[tuple[Assessment, Json]]) -> None:
    for part in within(made[0][1]):
        if part.get("resourceType") == "Patient":
            assert set(part) == {"resourceType", "id"}


def test_statuses_and_kinds_are_of_the_value_sets(made: list[tuple[Assessment, Json]]) -> None:
    for result, bundle in made:
        found = resources(bundle)
        for kind, allowed in STATUSES.items():
            assert found[kind]["status"] in allowed
        assert found["GuidanceResponse"]["status"] == ("success" if result.complete else "data-required")
        assert found["CarePlan"]["intent"] == "proposal"
        for activity in found["CarePlan"].get("activity", []):
            assert activity["detail"]["status"] == "not-started"
            assert activity["detail"]["kind"] in KINDS
            # with a text that says "do not" it would be turned round once more
            assert "doNotPerform" not in activity["detail"]


def test_every_code_is_one_of_ours(rulebase: RuleBase, made: list[tuple[Assessment, Json]]) -> None:
    labels = {codes.code_system(f"{name}s"): words for name, words in bundles.LABELS.items()}
    known = {
        codes.DISPOSITIONS: rulebase.dispositions,
        codes.RED_FLAGS: rulebase.red_flags,
        codes.CAUSES: rulebase.causes,
        codes.ADVICE: rulebase.advice,
        codes.CHECKS: rulebase.checks,
        codes.QUESTIONS: rulebase.questions,
        **labels,
        **{options_of(q): {o.id: o for o in q.options} for q in rulebase.questions.values()},
    }
    seen = set()
    for _, bundle in made:
        for part in within(bundle):
            if "system" in part and "code" in part:
                assert part["code"] in known[part["system"]], part
                assert part["display"], part
                seen.add(part["system"])
    assert seen >= {codes.RED_FLAGS, codes.CAUSES, codes.ADVICE, codes.CHECKS, *labels}


def test_no_odds_anywhere(made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made:
        for part in within(bundle):
            assert not ODDS.intersection(part)
            assert "valueDecimal" not in part


def test_how_urgent_is_said_with_its_reasons(made: list[tuple[Assessment, Json]]) -> None:
    for result, bundle in made:
        guidance = resources(bundle)["GuidanceResponse"]
        flags = [fired.flag for fired in result.red_flags]
        assert [one["coding"][0]["code"] for one in guidance.get("reasonCode", [])] == [f.id for f in flags]
        told = given(bundle, "red-flag")
        assert len(told) == len(flags)
        for flag, parts in zip(flags, told, strict=True):
            said = {part["name"]: part for part in parts}
            assert said["code"]["valueCoding"]["code"] == flag.id
            assert said["because"]["valueString"] == flag.because
            assert said["disposition"]["valueCoding"]["code"] == flag.disposition
            assert [p["valueCode"] for p in parts if p["name"] == "source"] == list(flag.sources)
            assert "answer" in said
        net = result.safety_net
        assert given(bundle, "safety-net-today") == ([sign.text for sign in net.today] if net else [])
        assert given(bundle, "safety-net-emergency") == ([sign.text for sign in net.emergency] if net else [])
        level = result.disposition
        if result.complete:
            assert [one["code"] for one in given(bundle, "disposition")] == [level.id]
            assert given(bundle, "time") == [level.time]
            assert given(bundle, "see-doctor") == [level.see_doctor]
            first = activities(bundle, "disposition")[0]
            assert first["scheduledString"] == level.time
            assert codes_of([first]) == [level.id]
        assert bool(activities(bundle, "pharmacist")) == (result.pharmacist is not None)


def test_what_milder_flags_advise_does_not_take_back_a_stop(made: list[tuple[Assessment, Json]]) -> None:
    milder = 0
    for result, bundle in made:
        for fired, parts in zip(result.red_flags, given(bundle, "red-flag"), strict=True):
            if result.disposition.stops and fired.flag.disposition != result.disposition.id:
                assert not [part for part in parts if part["name"] == "note"]
                milder += bool(fired.flag.notes)
    assert milder


def test_unfinished_answers_are_never_called_harmless(made: list[tuple[Assessment, Json]]) -> None:
    for result, bundle in made:
        if result.complete:
            assert not given(bundle, "missing")
            continue
        guidance = resources(bundle)["GuidanceResponse"]
        asked = [one["codeFilter"][0]["code"][0]["code"] for one in guidance["dataRequirement"]]
        assert asked == list(result.missing) == [one["code"] for one in given(bundle, "missing")]
        assert not given(bundle, "disposition")
        so_far = [result.disposition.id] if result.see_doctor else []
        assert codes_of(activities(bundle, "disposition")) == so_far
        assert given(bundle, "time") == [result.disposition.time] * len(so_far)


def test_what_an_open_question_can_take_back_is_no_least(
    rulebase: RuleBase, made: list[tuple[Assessment, Json]]
) -> None:
    taken_back = 0
    for result, bundle in made:
        flags = {part[0]["valueCoding"]["code"]: part for part in given(bundle, "red-flag")}
        pending = [name for name, parts in flags.items() if any(p["name"] == "pending" for p in parts)]
        assert pending == list(result.pending)
        if result.complete:
            continue
        certain = [f.flag for f in result.red_flags if f.flag.id not in pending]
        least = most_urgent(rulebase, certain)
        assert [one["code"] for one in given(bundle, "disposition-at-least")] == [least.id] * least.see_doctor
        so_far = [result.disposition.id] if result.disposition.id != least.id else []
        assert [one["code"] for one in given(bundle, "disposition-so-far")] == so_far
        taken_back += len(so_far)
    assert taken_back


def test_every_voice_is_spoken_whole(rulebase: RuleBase, engine: Engine) -> None:
    """No token of the rule base is left over, whoever it is about, finished or not."""
    starts = [option.id for option in rulebase.questions["start"].options if not option.now]
    for nth, path in enumerate(SCENARIOS[::16]):
        answers = {**read_answer_file(path, rulebase).answers, "start": starts[nth % len(starts)]}
        missing = missing_from(engine, answers) if nth % 2 else ("before",)
        bundle = as_bundle(rulebase, assess(engine, answers, missing), WANTED._replace(how=True))
        assert not re.search(r"\{\w+\}", json.dumps(bundle)), path


def test_the_plan_proposes_what_is_shown_and_nothing_withheld(made: list[tuple[Assessment, Json]]) -> None:
    for result, bundle in made:
        for part in ("relief", "do_not", "prevention", "checks"):
            assert codes_of(activities(bundle, part)) == [one.id for one in getattr(result, part)]
        plan = resources(bundle)["CarePlan"]
        proposed = codes_of([one["detail"] for one in plan.get("activity", [])])
        withheld = [one.advice for one in result.withheld]
        assert not {one.id for one in withheld}.intersection(proposed)
        notes = "\n".join(note["text"] for note in plan.get("note", []))
        assert all(one.title in notes for one in withheld)
        left_out = [part[0]["valueCoding"]["code"] for part in given(bundle, "withheld")]
        assert left_out == [one.id for one in withheld]


def test_an_emergency_holds_only_the_call(made: list[tuple[Assessment, Json]]) -> None:
    emergencies = [(r, b) for r, b in made if r.disposition.stops == AT_ONCE]
    for result, bundle in emergencies:
        found = resources(bundle)
        assert codes_of([one["detail"] for one in found["CarePlan"]["activity"]]) == [result.disposition.id]
        assert "prediction" not in found["RiskAssessment"]
        assert not any("safety-net" in one["name"] for one in parameters(bundle))
    assert emergencies


def test_causes_stand_in_the_risk_assessment_with_their_group(made: list[tuple[Assessment, Json]]) -> None:
    for result, bundle in made:
        predictions = resources(bundle)["RiskAssessment"].get("prediction", [])
        causes = [*(r.cause for r in result.causes), *(f.cause for f in result.needs_checking)]
        assert [one["outcome"]["coding"][0]["code"] for one in predictions] == [cause.id for cause in causes]
        assert [one["extension"][0]["valueCoding"]["code"] for one in predictions] == [cause.group for cause in causes]
        assert all(one["rationale"] for one in predictions)
        for ranked, one in zip(result.causes, predictions, strict=False):
            for reason in (*ranked.speaks_for, *ranked.speaks_against):
                assert reason.sign.because in one["rationale"]


def test_every_source_is_there_in_full(rulebase: RuleBase, made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made:
        cited = {one["valueCode"] for one in within(bundle) if one.get("url") == bundles.CITES}
        cited |= {part["valueCode"] for flag in given(bundle, "red-flag") for part in flag if part["name"] == "source"}
        listed = {one["label"]: one for one in given(bundle, "source")}
        assert cited <= set(listed) <= set(rulebase.sources)
        assert all(one.get("url", "") == rulebase.sources[label].url for label, one in listed.items())


def test_grades_go_with_advice(rulebase: RuleBase, made: list[tuple[Assessment, Json]]) -> None:
    graded = 0
    for _, bundle in made[:40]:
        for detail in activities(bundle, "relief"):
            extensions = detail.get("extension", [])
            found = [one["valueCoding"]["code"] for one in extensions if one["url"].endswith("/evidence-grade")]
            grade = rulebase.advice[codes_of([detail])[0]].grade
            assert found == ([grade] if grade != "-" else [])
            graded += len(found)
    assert graded


def test_the_narrative_is_well_formed(made: list[tuple[Assessment, Json]]) -> None:
    for _, bundle in made[:40]:
        etree.fromstring(resources(bundle)["GuidanceResponse"]["text"]["div"])


def test_the_same_answers_give_the_same_bundle(rulebase: RuleBase, engine: Engine, results: list[Assessment]) -> None:
    first, second = (as_bundle(rulebase, assess(engine, results[0].answers, results[0].missing), WANTED) for _ in "12")
    assert first == second
    other = as_bundle(rulebase, results[0], WANTED._replace(day=date(2026, 11, 22)))
    assert other["id"] != first["id"]
    devices = [resources(as_bundle(rulebase, result, WANTED))["Device"]["id"] for result in results[:3]]
    assert len(set(devices)) == 1
    assert len({as_bundle(rulebase, result, WANTED)["id"] for result in results[:20]}) == len(
        {json.dumps(result.answers, sort_keys=True) for result in results[:20]}
    )


def test_without_a_day_none_is_made_up(rulebase: RuleBase, results: list[Assessment]) -> None:
    found = resources(as_bundle(rulebase, results[0]))
    assert "occurrenceDateTime" not in found["GuidanceResponse"]
    assert "created" not in found["CarePlan"]
    assert "authored" not in found["QuestionnaireResponse"]


def test_the_answers_in_it_are_an_answer_file(
    rulebase: RuleBase, tmp_path: Path, made: list[tuple[Assessment, Json]]
) -> None:
    path = tmp_path / "response.json"
    for result, bundle in made[:25]:
        path.write_text(json.dumps(resources(bundle)["QuestionnaireResponse"]), "utf-8")
        file = read_answer_file(path, rulebase)
        assert as_facts(file.answers, rulebase.bands) == as_facts(result.answers, rulebase.bands)
        assert file.saved == DAY


@pytest.fixture
def answer_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        path = tmp_path / name
        path.write_text('saved = 2026-11-20\n[answers]\nage = 40\ndanger = ["d_breath"]\n', "utf-8")
        return path

    return write


def test_run_gives_a_bundle(answer_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(answer_file("one.toml")), "--format", "fhir"]) == 0
    bundle = json.loads(capsys.readouterr().out)
    Bundle.model_validate(bundle)
    assert resources(bundle)["QuestionnaireResponse"]["authored"] == "2026-11-20"  # not today: it would seem fresh


def test_run_gives_one_bundle_a_line(answer_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(answer_file(name)) for name in ("one.toml", "two.toml")]
    assert main(["run", *paths, "--format", "fhir"]) == 0
    lines = capsys.readouterr().out.splitlines()
    read = [json.loads(line) for line in lines]
    assert [one["identifier"]["value"] for one in read] == ["one.toml", "two.toml"]  # no folder of this machine
    for one in read:
        Bundle.model_validate(one)


def test_what_explains_the_result_is_a_note(
    answer_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(answer_file("one.toml"))
    notes = []
    for more in ([], ["--explain"]):
        assert main(["run", path, "--format", "fhir", *more]) == 0
        notes.append(resources(json.loads(capsys.readouterr().out))["GuidanceResponse"].get("note", []))
    assert len(notes[1]) == len(notes[0]) + 1


def test_partial_answers_ask_for_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "part.toml"
    path.write_text("[answers]\nage = 40\n", "utf-8")
    assert main(["run", str(path), "--format", "fhir"]) == 3
    assert not capsys.readouterr().out
    assert main(["run", str(path), "--format", "fhir", "--partial"]) == 0
    assert resources(json.loads(capsys.readouterr().out))["GuidanceResponse"]["status"] == "data-required"
