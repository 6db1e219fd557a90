"""FHIR responses: read as strictly as answer files, and written so that nothing is lost."""

from __future__ import annotations

import copy
import json
import os
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given, settings
from hypothesis import strategies as st
from program import Done, run
from reliability.broken_files import BREAKS
from reliability.calls import call, is_clean, quick_engine

from triage.cli.main import main
from triage.conversation.answers import AnswerFile, as_toml, is_stale
from triage.exchange.answer_files import read_answer_file
from triage.exchange.fhir.found import MORE_SAID
from triage.exchange.fhir.questionnaire import FORMER_URL, URL, name_of
from triage.exchange.fhir.response import as_response, as_text, read_response
from triage.knowledge.faults import MOST_FAULTS, Fault, FaultyInput
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.voices import rules_in_voice

Json = dict[str, Any]
Break = Callable[[Json], object]

SCENARIOS = sorted((Path(__file__).parent / "scenarios").rglob("*.toml"))
DAY = date(2026, 1, 31)
ANSWERS: Answers = {
    "start": "me", "danger": ("none",), "age": 34, "legs": ("none",), "kind": ("k_sport",), "before": ("e_hard", "e_heat"),
}  # fmt: skip


@pytest.fixture
def sound(rulebase: RuleBase) -> Json:
    return as_response(rulebase, ANSWERS, "A runner", DAY, complete=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "response.json"


def read(path: Path, data: object, rulebase: RuleBase) -> AnswerFile:
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return read_answer_file(path, rulebase)


def told(path: Path, data: object, rulebase: RuleBase) -> list[Fault]:
    """All faults; none if it is sound."""
    faults: tuple[Fault, ...] = ()
    try:
        read(path, data, rulebase)
    except FaultyInput as error:
        faults = error.faults
    assert all(fault.file == str(path) and str(fault).isprintable() for fault in faults)
    return list(faults)


# --- round trip


@pytest.mark.parametrize("folder", sorted({path.parent for path in SCENARIOS}), ids=lambda folder: folder.name)
def test_every_scenario_survives_the_way_through_a_response(folder: Path, rulebase: RuleBase) -> None:
    for path in sorted(folder.glob("*.toml")):
        file = read_answer_file(path, rulebase)
        for saved in (None, DAY):
            text = as_text(rulebase, file.answers, file.title, saved, complete=True)
            back = read_response("x.json", text.encode(), rulebase)
            assert as_toml(back.answers, rulebase, back.title, back.saved) == as_toml(
                file.answers, rulebase, file.title, saved
            )
            assert (back.answers, back.remarks, back.others) == (file.answers, (), ())


@pytest.mark.parametrize("path", SCENARIOS[::40], ids=lambda path: path.stem)
def test_a_response_is_one(path: Path, rulebase: RuleBase) -> None:
    file = read_answer_file(path, rulebase)
    made = as_response(rulebase, file.answers, file.title, DAY, complete=True)
    QuestionnaireResponse.model_validate(made)
    assert made["questionnaire"] == name_of(rulebase)
    assert [item["linkId"].removesuffix(".option") for item in made["item"]] == list(file.answers)


def test_no_answers_make_a_response_without_items(path: Path, rulebase: RuleBase) -> None:
    empty = as_response(rulebase, {}, "", None, complete=False)
    QuestionnaireResponse.model_validate(empty)
    assert "item" not in empty
    assert read(path, empty, rulebase).answers == {}


@given(title=st.text(st.characters(codec="utf-8"), max_size=40))
@settings(derandomize=True, database=None, max_examples=100, deadline=None)
def test_any_title_survives(title: str, rulebase: RuleBase) -> None:
    text = as_text(rulebase, ANSWERS, title, None, complete=False)
    assert read_response("x.json", text.encode(), rulebase).title == title


# --- what is read


def test_a_sound_response_is_read(path: Path, sound: Json, rulebase: RuleBase) -> None:
    file = read(path, sound, rulebase)
    assert (file.name, file.title, file.answers, file.saved) == (str(path), "A runner", ANSWERS, DAY)
    assert (file.expect, file.remarks, file.others) == ({}, (), ())


def test_it_is_known_by_its_ending_or_by_its_beginning(tmp_path: Path, sound: Json, rulebase: RuleBase) -> None:
    for name, before in [("a.json", b""), ("b.JSON", b"\xef\xbb\xbf"), ("c.fhir", b" \n"), ("d", b"\xef\xbb\xbf\n ")]:
        assert read(tmp_path / name, before + json.dumps(sound).encode(), rulebase).answers == ANSWERS
    assert told(tmp_path / "e.json", b"[answers]\nage = 5\n", rulebase)[0].code == "LCT510"


def in_groups(data: Json) -> None:
    """The same items as another program might keep them: in groups, and within answers."""
    first, *rest = data["item"]
    first["answer"][0]["item"] = rest[2:]
    data["item"] = [{"linkId": "group", "text": "Signs", "item": [{"linkId": "inner", "item": [*rest[:2], first]}]}]


def with_more(data: Json) -> None:
    data |= {
        "id": "x",
        "meta": {"tag": [{"code": "y"}]},
        "subject": {"reference": "Patient/1"},
        "text": {"div": "<p/>"},
    }
    data["item"][0] |= {"id": "a", "extension": [{"url": "x", "valueString": "y"}], "definition": "x"}
    data["item"][0]["answer"][0] |= {"extension": [], "id": "b"}


def with_unanswered(data: Json) -> None:
    data["item"] += [
        {"linkId": "side"}, {"linkId": "course", "answer": []}, {"linkId": "health", "answer": [{}]},
        {"linkId": "form.about", "text": "x"}, {"linkId": "age.option", "answer": [{"extension": []}]},
    ]  # fmt: skip


SAME: dict[str, Break] = {
    "groups": in_groups,
    "fields of other programs": with_more,
    "items without an answer": with_unanswered,
    "another order": lambda d: d["item"].reverse(),
    "options in another order": lambda d: d["item"][-1]["answer"].reverse(),
    "no text": lambda d: [item.pop("text") for item in d["item"]],
    "no system": lambda d: d["item"][4]["answer"][0]["valueCoding"].pop("system"),
    "other words": lambda d: d["item"][4]["answer"][0]["valueCoding"].update(display="x"),
    "no questionnaire": lambda d: d.pop("questionnaire"),
    "no version": lambda d: d.update(questionnaire=d["questionnaire"].split("|")[0]),
    "amended": lambda d: d.update(status="amended"),
    "stopped": lambda d: d.update(status="stopped"),
}


@pytest.mark.parametrize("name", SAME)
def test_what_makes_no_difference(name: str, path: Path, sound: Json, rulebase: RuleBase) -> None:
    SAME[name](sound)
    file = read(path, sound, rulebase)
    assert (file.answers, file.title, file.remarks) == (ANSWERS, "A runner", ())


def test_an_adult_who_does_not_say_an_age(path: Path, rulebase: RuleBase) -> None:
    made = as_response(rulebase, {"age": "a_na"}, "", None, complete=False)
    assert [item["linkId"] for item in made["item"]] == ["age.option"]
    assert read(path, made, rulebase).answers == {"age": "a_na"}


def test_another_version_is_told(
    path: Path, sound: Json, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    sound["questionnaire"] = sound["questionnaire"].split("|")[0] + "|0.9"
    file = read(path, sound, rulebase)
    assert file.answers == ANSWERS
    assert "0.9" in file.remarks[0]
    assert rulebase.about.version in file.remarks[0]
    for command in ("run", "what-if"):
        main([command, str(path)])
        assert f"{path}: {file.remarks[0]}" in capsys.readouterr().err


def test_a_whole_decimal_is_a_number_and_hides_what_stands_in_its_place(
    path: Path, sound: Json, rulebase: RuleBase
) -> None:
    sound["item"][2:3] = [item("age.option", coding("a_na")), item("age", {"valueDecimal": 34.0})]
    file = read(path, sound, rulebase)
    assert file.answers == ANSWERS
    assert len(file.remarks) == 1


AUTHORED = {
    "2026-01-31": DAY, "2026-01-31T00:00:00Z": DAY, "2026-01-31T23:59:59.123Z": DAY, "2026-01-30T23:30:00-01:00": DAY,
    "2026-01": date(2026, 1, 1), "2026": date(2026, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("authored", AUTHORED)
def test_the_day_is_that_of_this_place(
    authored: str, path: Path, sound: Json, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    sound["authored"] = authored
    file = read(path, sound, rulebase)
    assert file.saved == AUTHORED[authored]
    assert is_stale(file, rulebase, date(2026, 2, 5))
    monkeypatch.undo()
    time.tzset()


def test_a_response_that_tells_no_day_has_none(path: Path, sound: Json, rulebase: RuleBase) -> None:
    del sound["authored"]
    assert read(path, sound, rulebase).saved is None


# --- what is refused


def item(link: str, *answers: Json) -> Json:
    return {"linkId": link, "answer": list(answers)}


def coding(code: object) -> Json:
    return {"valueCoding": {"code": code}}


def adds(*items: object) -> Break:
    return lambda data: data["item"].extend(items)


def sets(**fields: object) -> Break:
    return lambda data: data.update(fields)


SIDES = "allowed: left, right, both, not_sure"
# What breaks it, the code (none where an answer file has the same fault), the beginning with its place, and the hint.
WRONG: dict[str, tuple[Break, str, str, str]] = {
    "code": (adds(item("side", coding("lef"))), "", 'item[6]: side: unknown option "lef"', f'did you mean "left"? {SIDES}'),
    "no code": (adds(item("side", {"valueCoding": {"display": "x"}})), "LCT526", "item[6].answer[0].valueCoding", SIDES),
    "code that is a number": (adds(item("side", coding(1))), "LCT526", "item[6].answer[0].valueCoding", SIDES),
    "no coding": (adds(item("side", {"valueCoding": "left"})), "LCT526", "item[6].answer[0].valueCoding", SIDES),
    "system": (
        adds(item("side", {"valueCoding": {"code": "left", "system": "http://loinc.org"}})),
        "LCT527", 'item[6].answer[0].valueCoding: "http://loinc.org"', "CodeSystem/options-side",
    ),
    "linkId": (adds(item("sde", coding("left"))), "LCT523", "item[6]: ", 'did you mean "side"? allowed: start'),
    "linkId alone": (adds({"linkId": "sde"}), "LCT523", "item[6]: ", 'did you mean "side"?'),
    "linkId of no group": (
        adds({"linkId": "sde", "item": [], "answer": [coding("left")]}), "LCT523", "item[6]: ", 'did you mean "side"?',
    ),
    "no linkId": (adds({"answer": [coding("left")]}), "LCT522", "item[6]: ", ""),
    "linkId that is a list": (adds(item(["side"], coding("left"))), "LCT522", "item[6]: ", ""),
    "text for a code": (adds(item("side", {"valueString": "left"})), "LCT525", "item[6].answer[0]: side takes valueCoding, not valueString", ""),
    "number for a code": (adds(item("side", {"valueInteger": 1})), "LCT525", "item[6].answer[0]: side takes valueCoding, not valueInteger", ""),
    "code for a number": (lambda d: d["item"].__setitem__(2, item("age", coding("a_na"))), "LCT525", "item[2].answer[0]: age takes valueInteger, not valueCoding", ""),
    "part of a number": (lambda d: d["item"].__setitem__(2, item("age", {"valueDecimal": 5.5})), "LCT525", "item[2].answer[0]: age takes valueInteger, not valueDecimal", ""),
    "number out of range": (lambda d: d["item"].__setitem__(2, item("age", {"valueInteger": 121})), "", "item[2]: age: 121 ", "a whole number from 0 to 120"),
    "truth for a number": (lambda d: d["item"].__setitem__(2, item("age", {"valueInteger": True})), "", "item[2]: age: True ", ""),
    "broken number": (lambda d: d["item"].__setitem__(2, item("age", {"valueInteger": 5.0})), "", "item[2]: age: 5.0 ", ""),
    "number that another answer rules out": (lambda d: d["item"].__setitem__(0, item("start", coding("child"))), "", "item[2]: age: 34 ", ""),
    "two values": (adds(item("side", {**coding("left"), "valueInteger": 1})), "LCT525", "item[6].answer[0]: side takes valueCoding, not valueCoding, valueInteger", ""),
    "text for a number": (lambda d: d["item"].__setitem__(2, item("age", {"valueInteger": "34"})), "LCT525", "item[2].answer[0]: age takes valueInteger", ""),
    "text that is a code": (adds(item("side", {"valueString": "lft"})), "LCT525", "item[6].answer[0]: side takes valueCoding, not valueString", f'did you mean "left"? {SIDES}'),
    "two of one": (adds(item("side", coding("left"), coding("daily"))), "LCT528", "item[6]: side: ", ""),
    "twice": (adds(item("start", coding("child"))), "LCT528", "item[6]: start ", "also in item[0]"),
    "one option twice": (adds(item("also", coding("a_back"), coding("a_back"))), "", 'item[6]: also: "a_back" ', ""),
    "alone beside others": (adds(item("also", coding("none"), coding("a_back"))), "", 'item[6]: also: "none" ', ""),
    "answer to shown text": (adds(item("form.about", {"valueString": "x"})), "LCT524", "item[6].answer[0]: form.about ", ""),
    "items": (sets(item={}), "LCT521", "item: ", ""),
    "item": (adds(5), "LCT521", "item[6]: ", ""),
    "answers": (adds({"linkId": "side", "answer": coding("left")}), "LCT521", "item[6].answer: ", ""),
    "answer": (adds({"linkId": "side", "answer": [None]}), "LCT521", "item[6].answer[0]: ", ""),
    "inner items": (adds({"linkId": "group", "item": "x"}), "LCT521", "item[6].item: ", ""),
    "inner item": (adds({"linkId": "group", "item": [item("x", {})]}), "LCT523", "item[6].item[0]: ", ""),
    "item within an answer": (adds(item("side", {"item": [item("x", {})]})), "LCT523", "item[6].answer[0].item[0]: ", ""),
    "meaning turned round": (sets(modifierExtension=[{"url": "x"}]), "LCT514", "modifierExtension: ", ""),
    "meaning of an item": (adds({"linkId": "side", "modifierExtension": []}), "LCT514", "item[6].modifierExtension: ", ""),
    "meaning of an answer": (adds(item("side", {"modifierExtension": []})), "LCT514", "item[6].answer[0].modifierExtension: ", ""),
    "other rules": (sets(implicitRules="http://x"), "LCT514", "implicitRules: ", ""),
    "status": (sets(status="done"), "LCT517", 'status: "done" ', "allowed: in-progress, completed, amended"),
    "status that is a list": (sets(status=["completed"]), "LCT517", "status: ", "allowed: in-progress"),
    "no status": (lambda d: d.pop("status"), "LCT517", "no status", "allowed: in-progress"),
    "taken back": (sets(status="entered-in-error"), "LCT518", "status: ", ""),
    "questionnaire": (sets(questionnaire="http://x/Questionnaire/phq-9|1"), "LCT515", 'questionnaire: "http://x/Questionnaire/phq-9|1"', "https"),
    "day": (sets(authored="yesterday"), "LCT520", 'authored: "yesterday"', "like 2026-01-31"),
    "day that is none": (sets(authored="2026-02-30"), "LCT520", 'authored: "2026-02-30"', ""),
    "time that is none": (sets(authored="2026-01-31T25:00:00Z"), "LCT520", "authored: ", ""),
    "time without a place": (sets(authored="2026-01-31T12:00:00"), "LCT520", "authored: ", ""),
    "first moment": (sets(authored="0001-01-01T00:00:00+14:00"), "LCT520", "authored: ", ""),
    "year nought": (sets(authored="0000"), "LCT520", "authored: ", ""),
    "day that is a number": (sets(authored=2026), "LCT520", "authored: ", ""),
    "title": (lambda d: d["extension"][0].update(valueString=5), "LCT519", "extension: ", ""),
    "half a character": (lambda d: d["extension"][0].update(valueString="\ud800"), "LCT519", "extension: ", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_what_is_allowed(
    name: str, path: Path, sound: Json, rulebase: RuleBase
) -> None:
    break_, code, what, hint = WRONG[name]
    break_(sound)
    [fault] = told(path, sound, rulebase)
    assert fault.what.startswith(what), fault
    assert (code, hint) == (fault.code if code else "", hint if hint in fault.hint else fault.hint)


def test_all_is_told_at_once(path: Path, sound: Json, rulebase: RuleBase) -> None:
    adds(item("side", coding("lef")), item("sde", coding("x")), item("health", coding("h_clt")))(sound)
    sound["status"] = "x"
    assert len(told(path, sound, rulebase)) == 4


def test_a_response_that_is_wrong_from_end_to_end_is_told_in_part(path: Path, sound: Json, rulebase: RuleBase) -> None:
    sound["item"] = [{"linkId": f"x{n}", "answer": [{}]} for n in range(5 * MOST_FAULTS)]
    assert len(told(path, sound, rulebase)) == MOST_FAULTS + 1
    sound["item"] = [item("danger", *(coding(f"x{n}") for n in range(5 * MOST_FAULTS)))]
    assert MOST_FAULTS <= len(told(path, sound, rulebase)) <= MOST_FAULTS + 1


# --- no fault hides a danger sign


def beside(path: Path, data: object, rulebase: RuleBase) -> Answers:
    """What could be read beside the faults of a response."""
    with pytest.raises(FaultyInput) as caught:
        read(path, data, rulebase)
    return caught.value.known


DANGER = item("danger", coding("d_breath"))
DANGER_BESIDE: dict[str, Break] = {
    "an unknown code": lambda d: d["item"].__setitem__(1, item("danger", coding("d_breth"), coding("d_breath"))),
    "none": lambda d: d["item"].__setitem__(1, item("danger", coding("none"), coding("d_breath"))),
    "itself, in another item": lambda d: d["item"].insert(0, DANGER),
    "no code": lambda d: d["item"].__setitem__(1, item("danger", {"valueCoding": 5}, coding("d_breath"), 3)),
    "another fault, in a group": lambda d: d.update(item=[item("sde", coding("x")), {"linkId": "g", "item": [DANGER]}]),
    "another fault, within an answer": lambda d: d.update(item=[item("sde", {"item": [DANGER]})]),
    "more faults than are told": lambda d: d.update(item=[*({"linkId": f"x{n}"} for n in range(MOST_FAULTS)), DANGER]),
    "a status that is none": lambda d: (d["item"].__setitem__(1, DANGER), d.pop("status")),
    "another questionnaire": lambda d: (d["item"].__setitem__(1, DANGER), d.update(questionnaire="http://x")),
    "a modifier": lambda d: (d["item"].__setitem__(1, DANGER), d.update(modifierExtension=[])),
}


@pytest.mark.parametrize("name", DANGER_BESIDE)
def test_a_danger_sign_is_known_beside_faults(name: str, path: Path, sound: Json, rulebase: RuleBase) -> None:
    DANGER_BESIDE[name](sound)
    assert beside(path, sound, rulebase)["danger"] == ("d_breath",)


def test_the_other_answers_are_known_too_and_none_is_made_up(path: Path, sound: Json, rulebase: RuleBase) -> None:
    adds(item("sde", coding("x")), item("clot", coding("none"), coding("v_fam")), item("side", coding("lef")))(sound)
    assert beside(path, sound, rulebase) == {**ANSWERS, "clot": ("v_fam",)}
    sound["item"] = [
        item("danger", {"valueCoding": {"code": "d_breath", "system": "http://loinc.org"}}),
        item("age", {"valueInteger": 500}), item("side", coding("left"), coding("right")), item("x", coding("d_breath")),
    ]  # fmt: skip
    assert beside(path, sound, rulebase) == {}


def test_what_was_taken_back_is_not_known(path: Path, sound: Json, rulebase: RuleBase) -> None:
    sound["status"] = "entered-in-error"
    assert beside(path, sound, rulebase) == {}


def test_the_command_names_the_level_that_was_reached(
    path: Path, sound: Json, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    DANGER_BESIDE["none"](sound)
    path.write_text(json.dumps(sound), "utf-8")
    assert main(["run", str(path)]) == 2
    said = capsys.readouterr()
    assert rules_in_voice(rulebase).ladder[0].say in said.err
    assert said.out == ""


# --- Bundles, and a resource a line

PATIENT = {"resourceType": "Patient", "id": "p"}
FAULTY = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "item": [item("danger", coding("d_breath"), coding("x"))],
}


def bundle(*resources: object, **more: object) -> Json:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "urn:x"}, *entries], **more}


def in_lines(*resources: object) -> bytes:
    return "\n\n".join(map(json.dumps, resources)).encode()


def test_one_response_in_a_bundle_or_among_lines_is_the_answers(path: Path, sound: Json, rulebase: RuleBase) -> None:
    for data in (bundle(PATIENT, sound), in_lines(PATIENT, sound), in_lines(bundle(bundle(sound)))):
        file = read(path, data, rulebase)
        assert file.answers == ANSWERS
        assert file.others  # saving in its place would drop what stands beside it
    assert read(path.with_suffix(".ndjson"), in_lines(sound), rulebase).others == ()
    [fault] = told(path, bundle(sound, sound), rulebase)
    assert fault.code == "LCT531"
    for data in (bundle(PATIENT), bundle(), in_lines(PATIENT, PATIENT)):
        assert [fault.code for fault in told(path, data, rulebase)] == ["LCT513"]


@pytest.mark.parametrize("form", ["bundle", "lines", "bundles"])
def test_run_takes_each_in_turn_and_names_its_place(
    form: str, path: Path, sound: Json, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    data, places = {
        "bundle": (json.dumps(bundle(PATIENT, sound, FAULTY), indent=1).encode(), ("entry[2]", "entry[3]")),
        "lines": (in_lines(PATIENT, sound, FAULTY), ("3", "5")),
        "bundles": (in_lines(bundle(sound), bundle(PATIENT, FAULTY)), ("1:entry[1]", "3:entry[2]")),
    }[form]
    path.write_bytes(data)
    assert main(["run", "--partial", "--format", "json", str(path)]) == 2
    said = capsys.readouterr()
    [document] = map(json.loads, said.out.splitlines())
    assert document["file"] == f"{path}:{places[0]}"
    assert f"{path}:{places[1]}: LCT402 item[0]" in said.err
    assert rules_in_voice(rulebase).ladder[0].say in said.err
    assert main(["run", "--format", "html", str(path)]) == 2
    assert "LCT605" in capsys.readouterr().err


def test_a_page_of_several_is_told(path: Path, sound: Json, capsys: pytest.CaptureFixture[str]) -> None:
    for relation, times in (("self", 0), ("next", 1)):
        path.write_text(json.dumps(bundle(FAULTY, sound, sound, link=[{"relation": relation, "url": "x"}])), "utf-8")
        assert main(["run", "--partial", str(path)]) == 2
        assert capsys.readouterr().err.count(f"{path}:entry[2]: {MORE_SAID}") == times


def test_what_run_writes_it_reads(path: Path, sound: Json, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(json.dumps(sound), "utf-8")
    for files in ([path], [path, path]):
        assert main(["run", "--partial", "--format", "fhir", *map(str, files)]) == 0
        made = capsys.readouterr().out
        assert str(path.parent) not in made
        other = path.with_name("made.json")
        other.write_text(made, "utf-8")
        assert main(["run", "--partial", "--format", "json", str(other)]) == 0
        assert len(capsys.readouterr().out.splitlines()) > len(files) - 1


BUNDLES: dict[str, tuple[Json, str]] = {
    "history": (bundle(FAULTY, type="history"), "LCT530"),
    "entries": (bundle(entry={}), "LCT521"),
    "entry": (bundle(entry=[5]), "LCT521"),
    "resource": (bundle(5), "LCT521"),
    "modifier": (bundle(FAULTY, implicitRules="http://x"), "LCT514"),
    "modifier of an entry": (bundle(entry=[{"modifierExtension": [], "resource": FAULTY}]), "LCT514"),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_what_is_wrong_with_a_bundle_is_told(name: str, path: Path, rulebase: RuleBase) -> None:
    data, code = BUNDLES[name]
    path.write_text(json.dumps(data), "utf-8")
    with pytest.raises(FaultyInput) as caught:
        read_answer_file(path, rulebase)
    assert code in {fault.code for fault in caught.value.faults}
    assert bool(caught.value.known) == (code == "LCT514")


# --- version 1


@pytest.mark.parametrize("url", [FORMER_URL, f"{FORMER_URL}|1.0.0", f"{FORMER_URL}|2.0.0", URL, None])
def test_answers_to_version_1_are_refused_with_one_line(
    url: str | None, path: Path, sound: Json, rulebase: RuleBase
) -> None:
    sound["item"] = [{"linkId": "g", "item": [item("red_now", coding("none"))]}, item("when", coding("sleep")), 5]
    sound |= {"questionnaire": url, "status": "x"}
    [fault] = told(path, sound, rulebase)
    assert (fault.code, fault.what) == ("LCT516", rulebase.saved.gone_say)
    assert beside(path, sound, rulebase) == {}


# What is in the file, the code (none where an answer file has the same fault), and the line.
WHOLE: dict[str, tuple[bytes, str, int]] = {
    "empty": (b"", "LCT510", 1),
    "cut short": (b'{\n"resourceType": "QuestionnaireRes', "LCT510", 2),
    "a list": (b"[]", "LCT513", 0),
    "text": (b'"x"', "LCT513", 0),
    "nothing": (b"null", "LCT513", 0),
    "an empty object": (b"{}", "LCT513", 0),
    "another resource": (b'{"resourceType": "Questionnaire"}', "LCT513", 0),
    "a resource that is a list": (b'{"resourceType": []}', "LCT513", 0),
    "a key twice": (b'{"resourceType": "QuestionnaireResponse", "item": [], "item": []}', "LCT512", 0),
    "an inner key twice": (b'{"item": [{"linkId": "age", "linkId": "legs"}]}', "LCT512", 0),
    "no number": (b'{"resourceType": "QuestionnaireResponse", "x": NaN}', "LCT511", 0),
    "many digits": (b'{"resourceType": "QuestionnaireResponse", "x": ' + b"9" * 5000 + b"}", "LCT511", 0),
    "a large number": (b'{"resourceType": "QuestionnaireResponse", "x": ' + b"9" * 50 + b"}", "LCT511", 0),
    "deep": (b'{"item":[' * 3000, "LCT511", 0),
    "deep and closed": (b'{"item":[' * 300 + b"]}" * 300, "LCT511", 0),
    "very deep": (b"[" * 200_000, "LCT511", 0),
    "Latin-1": (b'{"x":\n"caf\xe9"}', "", 2),
    "UTF-16": ('{"x": 1}'.encode("utf-16"), "", 1),
    "NUL": (b'{"x": "\x00"}', "LCT510", 1),
    "two documents": (b"{}{}", "LCT510", 1),
    "TOML": (b"[answers]\nage = 5\n", "LCT510", 1),
    "huge": (b" " * 5_000_001, "", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_response_is_told(name: str, path: Path, rulebase: RuleBase) -> None:
    raw, code, line = WHOLE[name]
    [fault] = told(path, raw, rulebase)
    assert (code, line) == (fault.code if code else "", fault.line), fault


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
@settings(derandomize=True, database=None, max_examples=200, deadline=None)
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject, rulebase: RuleBase) -> None:
    response = copy.deepcopy(as_response(rulebase, ANSWERS, "x", DAY, complete=False))
    at: Any = response
    while True:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(JSON_VALUES)
    faults: tuple[Fault, ...] = ()
    try:
        read_response("x.json", json.dumps(response).encode(), rulebase)
    except FaultyInput as error:
        faults = error.faults
    assert all(str(fault).startswith("x.json") and str(fault).isprintable() for fault in faults)


def test_a_sample_of_broken_files_through_the_commands(path: Path, sound: Json) -> None:
    raw = json.dumps(sound, indent=1).encode()
    with quick_engine():
        for nth in range(200):
            random = Random(f"fhir/{nth}")
            kind = random.choice(list(BREAKS))
            path.write_bytes(broken := BREAKS[kind](random, raw))
            said = call(random.choice(["run", "what-if"]), path)
            assert is_clean(said.out + said.err), (nth, kind)
            assert said.code in ((0, 2, 3) if is_json(broken) else (2,)), (nth, kind, said)
            assert said.code != 2 or str(path) in said.err, (nth, kind, said)


def is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


# --- the commands


def test_run_gives_the_same_for_both(path: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]) -> None:
    for toml in SCENARIOS[::200]:
        file = read_answer_file(toml, rulebase)
        path.write_text(as_text(rulebase, file.answers, file.title, None, complete=True), "utf-8")
        assert main(["run", "--partial", "--format", "json", str(toml)]) == 0
        wanted = json.loads(capsys.readouterr().out)
        assert main(["run", "--partial", "--format", "json", str(path)]) == 0
        assert json.loads(capsys.readouterr().out) == wanted


def interview(*words: str, typed: str = "") -> Done:
    return run("--plain", *words, typed=typed)


def test_an_interview_saves_a_response_and_goes_on_from_it(tmp_path: Path, rulebase: RuleBase) -> None:
    path = tmp_path / "mine.json"
    assert interview("--save", str(path), typed="2\n").returncode == 130
    begun = json.loads(path.read_text("utf-8"))
    QuestionnaireResponse.model_validate(begun)
    assert (begun["status"], begun["authored"]) == ("in-progress", date.today().isoformat())
    assert read_answer_file(path, rulebase).answers == {"start": "me"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # The first sign of the first screen is an emergency: nothing more is asked.
    said = interview("--answers", str(path), "--save", str(path), "--format", "json", typed="1\n")
    assert json.loads(said.stdout)["disposition"] == "emergency"
    assert json.loads(path.read_text("utf-8"))["status"] == "completed"
    assert os.listdir(tmp_path) == ["mine.json"]


def test_the_title_and_other_versions_are_kept_in_mind(tmp_path: Path, sound: Json) -> None:
    path, other = tmp_path / "mine.json", tmp_path / "other.json"
    sound["questionnaire"] = sound["questionnaire"].split("|")[0] + "|0.9"
    path.write_text(json.dumps(sound), "utf-8")
    said = interview("--answers", str(path), "--save", str(other), typed="1\n")
    assert "0.9" in said.stderr
    kept = json.loads(other.read_text("utf-8"))
    assert kept["extension"] == sound["extension"]
    assert not kept["questionnaire"].endswith("|0.9")


@pytest.mark.parametrize("more", [{"subject": {"reference": "Patient/1"}}, {"extension": [{"url": "x"}]}])
def test_what_another_program_keeps_in_it_is_not_written_over(more: Json, path: Path, sound: Json) -> None:
    path.write_text(json.dumps({**sound, **more}), "utf-8")
    before = path.read_bytes()
    said = interview("--answers", str(path), "--save", str(path))
    assert said.returncode == 2
    assert next(iter(more)) in said.stderr
    assert path.read_bytes() == before


def test_old_answers_to_danger_are_asked_again(path: Path, sound: Json) -> None:
    path.write_text(json.dumps(sound), "utf-8")
    said = interview("--answers", str(path), typed="1\n")
    assert "older than a day" in said.stderr
    assert "EMERGENCY" in said.stdout
