"""The command line as a person or a script meets it: exit codes, and what goes where.

Most tests run a command within their own process; those of signals, closed pipes and imports start one.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from program import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, command, environment, run

import triage
from triage.cli.main import main
from triage.cli.parser import COMMANDS
from triage.cli.search import search
from triage.conversation.answers import as_toml, is_stale
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.rule_sheets import one
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine, production_names
from triage.version import how_to_install

# A healthy runner who has answered everything.
RUNNER = {
    "start": '"me"',
    "danger": '["none"]',
    "age": "34",
    "legs": '["none"]',
    "kind": '["k_sport"]',
    "course": '["c_once"]',
    "also": '["none"]',
    "health": '["none"]',
    "before": '["e_heat"]',
}
EMERGENCY = {"start": '"adult"', "danger": '["d_breath"]'}
URGENT_SO_FAR = {"start": '"me"', "danger": '["d_pee"]', "age": "66"}
SWOLLEN = {"start": '"me"', "danger": '["none"]', "age": "66", "legs": '["l_one"]'}  # an open question may explain it


def toml(answers: Mapping[str, str], title: str = "", expect: str = "") -> str:
    lines = [f'title = "{title}"'] if title else []
    lines += ["[answers]", *(f"{name} = {value}" for name, value in answers.items())]
    return "\n".join([*lines, *(["[expect]", expect] if expect else [])]) + "\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with an answer file of every sort."""
    texts = {
        "runner.toml": toml(RUNNER, "A runner"),
        "emergency.toml": toml(EMERGENCY, "Out of breath"),
        "urgent.toml": toml(URGENT_SO_FAR),
        "swollen.toml": toml(SWOLLEN),
        "begun.toml": toml({"age": "34"}),
        "bad.toml": toml({"age": "340", "side": '"lft"'}),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def other_rules(tmp_path: Path) -> Path:
    """Another rule base: the same with another version and another relief text."""
    folder = Path(shutil.copytree(rules_folder(), tmp_path / "other"))
    for file, pattern, new in (
        ("dispositions.toml", r"^version = .*$", 'version = "99.1"'),
        ("advice/relief_now.toml", r"^title = .*$", 'title = "Another title"'),
    ):
        path = folder / file
        text, count = re.subn(pattern, new, path.read_text("utf-8"), flags=re.MULTILINE)
        assert count == 1
        path.write_text(text, "utf-8")
    return folder


# --- run


def test_a_complete_file_gives_its_result_on_stdout_and_nothing_else(files: Path, rulebase: RuleBase) -> None:
    done = run("run", files / "runner.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.startswith(rules_in_voice(rulebase).dispositions["self_care"].say.split(";")[0])
    assert rulebase.sha256[:12] in run("run", "--full", files / "runner.toml").stdout


def test_an_emergency_is_complete_with_one_answer(files: Path, rulebase: RuleBase) -> None:
    done = run("run", files / "emergency.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.startswith(rules_in_voice(rulebase).dispositions["emergency"].say.upper())


def test_several_files_are_told_apart_by_name_and_title(files: Path) -> None:
    done = run("run", files / "runner.toml", files / "emergency.toml")
    headings = [line for line in done.stdout.splitlines() if line.startswith("== ")]
    assert headings == [f"== {files / 'runner.toml'}: A runner", f"== {files / 'emergency.toml'}: Out of breath"]
    assert (done.returncode, done.stderr) == (DONE, "")


def test_an_incomplete_file_names_what_is_missing(files: Path) -> None:
    done = run("run", files / "begun.toml")
    assert (done.returncode, done.stdout) == (INCOMPLETE, "")
    missing = re.search(r"begun\.toml: not complete, missing: (.*)$", done.stderr, re.MULTILINE)
    assert missing
    assert missing[1].split(", ")[:3] == ["start", "danger", "legs"]
    assert "age" not in missing[1].split(", ")
    assert "not enough to go by" in done.stderr


def test_an_incomplete_file_tells_the_least_that_is_known(files: Path, rulebase: RuleBase) -> None:
    done = run("run", files / "urgent.toml")
    assert (done.returncode, done.stdout) == (INCOMPLETE, "")
    assert f"at least: {rules_in_voice(rulebase).dispositions['urgent'].say}" in done.stderr


def test_a_level_that_an_open_question_may_explain_is_no_least(files: Path, rulebase: RuleBase) -> None:
    wanted = f"So far, unless an open question explains it: {rules_in_voice(rulebase).dispositions['urgent'].say}"
    done = run("run", files / "swollen.toml")
    assert (done.returncode, done.stdout) == (INCOMPLETE, "")
    assert wanted in done.stderr
    done = run("run", "--partial", files / "swollen.toml")
    assert wanted in " ".join(done.stdout.split())
    assert "at least" not in done.stdout + done.stderr


def test_a_partial_result_is_marked(files: Path, rulebase: RuleBase) -> None:
    done = run("run", "--partial", files / "urgent.toml", COLUMNS="1000")
    assert (done.returncode, done.stderr) == (DONE, "")
    first = " ".join(done.stdout.split("\n\n")[0].split())
    assert first.startswith("Not finished: ")
    assert f"at least: {rules_in_voice(rulebase).dispositions['urgent'].say}" in first


def test_a_partial_result_without_a_warning_sign_does_not_reassure(files: Path, rulebase: RuleBase) -> None:
    done = run("run", "--partial", files / "begun.toml")
    assert done.returncode == DONE
    words = " ".join(done.stdout.split())
    assert words.startswith("Not finished: ")
    assert "not enough to go by" in words
    assert rules_in_voice(rulebase).dispositions["self_care"].say not in words


@pytest.mark.parametrize(
    ("names", "code", "results"),
    [
        (["runner", "begun"], INCOMPLETE, 1),
        (["begun", "runner", "emergency"], INCOMPLETE, 2),
        (["runner", "bad"], WRONG_INPUT, 1),
        (["begun", "bad", "runner", "nowhere"], WRONG_INPUT, 1),
        (["bad"], WRONG_INPUT, 0),
    ],
)
def test_bad_and_incomplete_files_do_not_stop_the_good_ones(
    names: list[str], code: int, results: int, files: Path
) -> None:
    done = run("run", "--format", "json", *(files / f"{name}.toml" for name in names))
    assert done.returncode == code
    assert len(done.stdout.splitlines()) == results
    for name in set(names) - {"runner", "emergency"}:
        assert f"{name}.toml" in done.stderr
    assert "runner.toml" not in done.stderr


def test_every_error_of_a_file_is_told_with_its_line(files: Path, rulebase: RuleBase) -> None:
    options = [option.id for option in rulebase.questions["side"].options]
    done = run("run", files / "bad.toml")
    assert done.stderr.splitlines() == [
        f"{files / 'bad.toml'}:2: LCT404 age: 340 is out of range (a whole number from 0 to 120 years, or a_na)",
        f'{files / "bad.toml"}:3: LCT402 side: unknown option "lft" (did you mean "left"? allowed: {", ".join(options)})',
        "2 faults",
    ]


HIDING = {
    "another answer": ('danger = ["d_breath"]\nage = 500', "emergency"),
    "none beside it": ('danger = ["none", "d_breath"]', "emergency"),
    "an unknown sign beside it": ('danger = ["d_breath", "xx"]', "emergency"),
    "text": ('danger = "d_breath"', "emergency"),
    "many faults": ('danger = ["d_breath"]\n' + "\n".join(f"x{n} = 1" for n in range(300)), "emergency"),
    "no TOML": ('danger = ["d_pee"]\nage = ?', "urgent"),
}


@pytest.mark.parametrize("words", [["run"], ["run", "--partial"], ["what-if"]], ids=" ".join)
@pytest.mark.parametrize("name", HIDING)
def test_a_fault_hides_no_danger_sign(
    name: str, words: list[str], tmp_path: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    text, level = HIDING[name]
    path = tmp_path / "x.toml"
    path.write_text(f"[answers]\n{text}\n")
    assert main([*words, str(path)]) == WRONG_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{path}: ")
    said = f"{path}: LCT414 what can be read of it asks for this: {rules_in_voice(rulebase).dispositions[level].say}"
    assert said in told.err.splitlines()[:3]


def test_a_file_of_version_1_is_refused_with_one_line(
    tmp_path: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.toml"
    path.write_text('[answers]\nage = 500\nred_now = ["r_breath"]\n[expct]\n')
    for words in (["run"], ["what-if"], ["test"], ["ask", "--plain", "--answers"]):
        assert main([*words, str(path)]) == WRONG_INPUT
        assert capsys.readouterr().err.splitlines() == [f"{path}:3: LCT413 {rulebase.saved.gone_say}"]


def test_a_title_cannot_drive_the_terminal(files: Path) -> None:
    evil = files / "evil.toml"
    evil.write_text(toml(RUNNER, "\\u001b[2J\\u0007", 'disposition = "urgent"'))
    for done in (run("run", evil, evil), run("test", evil)):
        assert all(character.isprintable() or character == "\n" for character in done.stdout + done.stderr)


# --- JSON


# Answers that together fill every part of the document.
FILLING = {
    **RUNNER,
    "age": "60",
    "kind": '["k_night"]',
    "side": '"both"',
    "course": '["c_daily", "c_spoil"]',
    "also": '["a_tired"]',
    "health": '["h_meds", "h_heart"]',
    "health_more": '["q_art"]',
    "meds": '["m_water"]',
}


def test_json_of_several_files_is_a_document_a_line(files: Path) -> None:
    (files / "filling.toml").write_text(toml(FILLING))
    names = ["runner", "emergency", "urgent", "swollen", "begun", "filling"]
    done = run("run", "--partial", "--format", "json", *(files / f"{name}.toml" for name in names))
    assert (done.returncode, done.stderr) == (DONE, "")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(document["file"]).stem for document in documents] == names
    for document in documents:
        assert document["schema"] == "leg-cramp-triage/assessment/2"
        assert document["see_doctor"] == (document["disposition"] != "self_care")
        assert document["complete"] == (not document["missing"])
    for part in ("red_flags", "causes", "relief", "prevention", "do_not", "withheld", "checks", "safety_net"):
        assert any(document[part] for document in documents), part
    by_name = dict(zip(names, documents, strict=True))
    assert by_name["runner"]["disposition"] == "self_care"
    assert by_name["emergency"]["disposition"] == "emergency"
    assert by_name["emergency"]["red_flags"][0]["answers"] == {"danger": ["d_breath"]}
    assert [by_name[name]["pending"] for name in ("runner", "emergency", "urgent")] == [[]] * 3
    assert by_name["swollen"]["pending"]
    assert [by_name[name]["voice"] for name in ("runner", "emergency")] == ["you", "they"]
    assert by_name["urgent"]["disposition"] == "urgent"
    assert by_name["begun"]["answers"] == {"age": 34}


def test_json_of_one_file_is_one_document(files: Path) -> None:
    done = run("run", "--format", "json", files / "runner.toml")
    document = json.loads(done.stdout)
    assert document["answers"]["before"] == ["e_heat"]
    assert [cause["group"] for cause in document["causes"]] == ["everyday"] * len(document["causes"])
    signs = [sign for cause in document["causes"] for sign in cause["for"]]
    assert signs
    assert all(type(sign["weight"]) is int and sign["because"] for sign in signs)


# --- --output


def test_output_goes_to_a_file_for_its_owner_only(files: Path) -> None:
    written = files / "result.json"
    done = run("run", "--format", "json", "--output", written, files / "runner.toml")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert json.loads(written.read_text())["disposition"] == "self_care"


def test_output_holds_what_the_screen_would(files: Path) -> None:
    written = files / "result.txt"
    names = [files / "runner.toml", files / "bad.toml", files / "emergency.toml"]
    done = run("run", "--output", written, *names)
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert written.read_text() == run("run", *names).stdout


def test_no_result_writes_no_file(files: Path) -> None:
    written = files / "result.txt"
    assert run("run", "--output", written, files / "begun.toml").returncode == INCOMPLETE
    assert not written.exists()


def test_output_that_cannot_be_written_is_told(files: Path) -> None:
    done = run("run", "--output", files / "nowhere" / "result.txt", files / "runner.toml")
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert done.stderr == f"{files}/nowhere/result.txt: LCT603 cannot be written: No such file or directory\n"


# --- how, why not and what if


def nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A tree of the JSON document, node by node; each has these keys and no others."""
    assert tree.keys() - {"outcome"} == {"kind", "id", "text", "children"}
    yield tree
    for child in tree["children"]:
        yield from nodes(child)


@pytest.mark.parametrize("name", ["runner", "emergency"])
def test_explain_adds_how_it_was_concluded_below_the_result(name: str, files: Path) -> None:
    plain, done = run("run", files / f"{name}.toml"), run("run", "--explain", files / f"{name}.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.startswith(plain.stdout)
    more = done.stdout.removeprefix(plain.stdout)
    assert "How this was concluded" in more
    assert "[kind]" in more or "[danger]" in more
    assert max(map(len, more.splitlines())) <= 80


def test_explain_adds_a_tree_to_json(files: Path) -> None:
    names = [files / f"{name}.toml" for name in ("runner", "emergency")]
    plain, done = (run("run", "--format", "json", *more, *names).stdout.splitlines() for more in ([], ["--explain"]))
    for before, line in zip(plain, done, strict=True):
        document = json.loads(line)
        tree = document.pop("how")
        assert document == json.loads(before)
        assert tree["id"] == document["disposition"]
        listed = list(nodes(tree))
        assert {flag["id"] for flag in document["red_flags"]} <= {node["id"] for node in listed}
        assert {advice["id"] for advice in document["relief"]} <= {node["id"] for node in listed}
        assert any(node["kind"] == "answer" for node in listed)


def test_why_not_tells_which_answer_failed(files: Path, rulebase: RuleBase) -> None:
    done = run("run", "--why-not", "one-leg-swollen", files / "runner.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    words = " ".join(done.stdout.split())
    look = rulebase.questions["legs"]
    assert f"{rulebase.red_flags['one-leg-swollen'].title} [one-leg-swollen]" in words
    assert f"You said: {look.option('none').means} [legs]" in words


def test_why_not_can_be_asked_for_several_rules_and_files(files: Path) -> None:
    ids = ["--why-not", "clot", "--why-not", "stretch-calf"]
    names = [files / "runner.toml", files / "emergency.toml"]
    done = run("run", *ids, *names)
    assert [done.stdout.count(f"[{rule}]\n") > 1 for rule in ("clot", "stretch-calf")] == [True, True]
    documents = [json.loads(line) for line in run("run", "--format", "json", *ids, *names).stdout.splitlines()]
    for document in documents:
        assert [found["id"] for found in document["why_not"]] == ["clot", "stretch-calf"]
        assert all(list(nodes(found)) for found in document["why_not"])
    assert [found["outcome"] for found in documents[0]["why_not"]] == ["not_concluded", "shown"]
    assert [found["outcome"] for found in documents[1]["why_not"]] == ["not_shown", "not_concluded"]


@pytest.mark.parametrize("words", [["run"], ["ask", "--plain", "--answers"]])
def test_why_not_of_an_unknown_rule_is_told_before_anything_else(words: list[str], files: Path) -> None:
    done = run(*words, files / "begun.toml", "--why-not", "one-leg-swolen", "--why-not", "x-y")
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith('--why-not: LCT601 no rule "one-leg-swolen" (did you mean "one-leg-swollen"?')
    assert lines[1].startswith('--why-not: LCT601 no rule "x-y" (')
    assert lines[2:] == ["2 faults"]


def test_what_if_tells_what_would_be_more_urgent(files: Path, rulebase: RuleBase) -> None:
    done = run("what-if", files / "runner.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    spoken = rules_in_voice(rulebase).dispositions
    calm, now = spoken["self_care"], spoken["emergency"]
    lines = done.stdout.splitlines()
    assert lines[0] == calm.say
    items = [line for line in lines if line.startswith("- ")]
    assert len(items) == 5
    assert items[0].startswith(f"- {now.when_said}, {calm.instead}, if:")
    everything = run("what-if", "--all", files / "runner.toml").stdout
    assert len([line for line in everything.splitlines() if line.startswith("- ")]) > 5


def test_what_if_takes_incomplete_answers_and_says_so(files: Path) -> None:
    done = run("what-if", files / "begun.toml", files / "urgent.toml", files / "emergency.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    begun, urgent, emergency = done.stdout.split("\n== ")
    assert "Not finished" in begun
    assert "Not finished" in urgent
    assert "Nothing is more urgent" in emergency


def test_what_if_as_json(files: Path) -> None:
    names = ["runner", "begun", "emergency"]
    done = run("what-if", "--format", "json", *(files / f"{name}.toml" for name in names))
    documents = dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=True))
    assert [document["complete"] for document in documents.values()] == [True, False, True]
    assert documents["begun"]["missing"]
    assert documents["emergency"]["what_if"] == []
    result = json.loads(run("run", "--format", "json", files / "runner.toml").stdout)
    assert documents["runner"]["what_if"] == result["what_if"]
    assert len(result["what_if"]) == 5
    for line in result["what_if"]:
        assert line.keys() == {"question", "disposition", "options", "say", "follow_up"}
    single = json.loads(run("what-if", "--all", "--format", "json", files / "runner.toml").stdout)
    assert single["what_if"][:5] == result["what_if"]
    assert len(single["what_if"]) > 5


def test_what_if_of_bad_files_goes_on_and_says_what_is_wrong(files: Path) -> None:
    done = run("what-if", files / "bad.toml", files / "runner.toml")
    assert done.returncode == WRONG_INPUT
    assert "bad.toml:2: LCT404 age: 340" in done.stderr
    assert done.stdout.startswith("== ")
    written = files / "more.txt"
    assert run("what-if", files / "runner.toml", "--output", written).returncode == DONE
    assert written.read_text() == run("what-if", files / "runner.toml").stdout
    assert run("what-if", files / "runner.toml", "--output", files / "runner.toml").returncode == WRONG_INPUT


def test_run_does_not_import_what_asks_questions(files: Path) -> None:
    """Explaining a result needs no prompts."""
    probe = (
        "import sys\n"
        "from triage.cli.main import main\n"
        f"code = main(['run', '--explain', {str(files / 'runner.toml')!r}])\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=environment(), check=False)
    assert "triage.reasoning.explain" in done.stderr
    assert not {"questionary", "prompt_toolkit"} & {name.split(".")[0] for name in done.stderr.split()}


# --- test


def scenario(folder: Path, name: str, expect: str, answers: Mapping[str, str] = RUNNER) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(toml(answers, f"The story of {path.stem}", expect))
    return path


def test_a_scenario_that_comes_true_passes(tmp_path: Path, engine: Engine) -> None:
    path = scenario(tmp_path, "good.toml", 'disposition = "self_care"\nchecks = []\nsee_doctor = false')
    done = run("test", path)
    assert (done.returncode, done.stderr) == (DONE, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "1 passed, 0 failed"
    answers = read_answer_file(path, engine.rulebase).answers
    silent = [n for n in production_names(engine.rulebase) if n not in assess(engine, answers).fired]
    assert lines[:-1] == [f"Rules that never fired ({len(silent)}):", *(f"  {name}" for name in silent)]


def test_a_scenario_that_does_not_come_true_prints_what_differs(tmp_path: Path) -> None:
    expect = (
        'disposition = "urgent"\npharmacist = true\ncauses = ["exercise-fatigue", "heat-sweat"]\n'
        'not_causes = ["heat-sweat"]\nred_flags = ["leg-injury"]\nrelief = []\n'
        'safety_net = false\nfirst_notes = ["under-three"]'
    )
    path = scenario(tmp_path, "bad.toml", expect)
    done = run("test", path)
    assert (done.returncode, done.stderr) == (FAILED, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"FAILED {path}: The story of bad"
    differences = [line for line in lines[1:] if line.startswith("  ")][:8]
    assert differences[:2] == [
        "  disposition: expected urgent, got self_care",
        "  pharmacist: expected true, got false",
    ]
    assert "  not_causes: heat-sweat is shown" in differences
    assert "  red_flags: expected leg-injury, got none" in differences
    assert any(line.startswith("  relief: expected none, got ") for line in differences)
    assert "  safety_net: expected false, got true" in differences
    assert any(line.startswith("  first_notes: expected under-three, got ") for line in differences)
    assert lines[-1] == "0 passed, 1 failed"


def test_a_scenario_must_be_complete_unless_it_says_otherwise(tmp_path: Path) -> None:
    scenario(tmp_path, "open.toml", 'disposition = "self_care"', {"age": "34"})
    assert "  not complete: missing start, danger, legs" in run("test", tmp_path / "open.toml").stdout
    scenario(tmp_path, "open.toml", 'complete = false\nmissing = ["danger", "legs"]', {"age": "34"})
    assert run("test", tmp_path / "open.toml").returncode == DONE


def test_folders_are_searched_and_every_file_is_run_once(tmp_path: Path) -> None:
    scenario(tmp_path, "a/b/good.toml", 'disposition = "self_care"')
    scenario(tmp_path, "a/bad.toml", 'disposition = "soon"')
    scenario(tmp_path, "c.toml", "see_doctor = false")
    done = run("test", tmp_path, tmp_path / "c.toml", tmp_path / "a")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (FAILED, "2 passed, 1 failed")


UNREADABLE = {  # a line of [expect], the code of its fault, and what is named
    "field": ('dispositoin = "soon"', "LCT422", 'did you mean "disposition"?'),
    "level": ('disposition = "son"', "LCT424", 'did you mean "soon"?'),
    "id": ('relief = ["strech"]', "LCT424", '"strech"'),
    "other kind": ('causes = ["clot"]', "LCT424", '"clot"'),
    "no list": ('causes = "heat-sweat"', "LCT423", "causes: "),
    "no id": ("disposition = 5", "LCT423", "disposition: "),
    "no truth": ('see_doctor = "no"', "LCT423", "see_doctor: "),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_scenario_that_is_not_one_is_bad_input(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expect, code, named = UNREADABLE[name]
    path = scenario(tmp_path, "x.toml", expect)
    line = path.read_text().split("\n").index(expect) + 1
    scenario(tmp_path, "y.toml", 'disposition = "soon"')  # also fails; bad input outranks it
    assert main(["test", str(tmp_path)]) == WRONG_INPUT
    told = capsys.readouterr()
    assert told.err.startswith(f"{path}:{line}: {code} ")
    assert named in told.err
    assert told.out.splitlines()[-1] == "0 passed, 1 failed, 1 unreadable"


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("no expect", toml(RUNNER), "a scenario needs an [expect] table"),
        ("not TOML", "[answers", "not TOML: "),
        ("wrong answer", toml({"age": "-1"}, expect="complete = false"), "age: -1 is out of range"),
    ],
)
def test_a_file_that_is_no_scenario_is_bad_input(
    name: str, text: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.toml").write_text(text)
    assert main(["test", str(tmp_path)]) == WRONG_INPUT, name
    assert what in capsys.readouterr().err


def test_nothing_to_test_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no scenario")
    assert main(["test", str(tmp_path)]) == WRONG_INPUT
    assert "no scenario files (*.toml) in this folder" in capsys.readouterr().err
    assert main(["test", str(tmp_path / "nowhere")]) == WRONG_INPUT
    assert "nowhere" in capsys.readouterr().err


# --- rules and check


def test_rules_lists_every_rule_and_question(rulebase: RuleBase) -> None:
    done = run("rules")
    assert (done.returncode, done.stderr) == (DONE, "")
    listed = {line.split("(")[0].split(":")[0].strip() for line in done.stdout.splitlines()}
    signs = set(rulebase.signs)
    assert {*rulebase.entries, *rulebase.questions} - signs <= listed
    for kind in (rulebase.dispositions, rulebase.places):
        assert set(kind) <= set(re.findall(r"[\w-]+", done.stdout))
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_rules_shows_one_with_condition_examples_and_sources(rulebase: RuleBase) -> None:
    done = run("rules", "one-leg-swollen", COLUMNS="80")
    assert (done.returncode, done.stderr) == (DONE, "")
    words = " ".join(done.stdout.split())
    flag = rulebase.red_flags["one-leg-swollen"]
    assert f"at {flag.at}" in words
    for part in (flag.title, flag.because, "legs: l_one", "Must fire on", "Must be silent on"):
        assert part in words
    for source in flag.sources:
        assert rulebase.sources[source].title in words


def ids_of_every_kind(rulebase: RuleBase) -> dict[str, list[str]]:
    kinds = (
        "red_flags",
        "causes",
        "signs",
        "advice",
        "checks",
        "notes",
        "questions",
        "dispositions",
        "places",
        "sources",
    )
    claims = {"claims": [own for claim in rulebase.claims for own in claim.ids]}
    return {kind: list(getattr(rulebase, kind)) for kind in kinds} | claims | {"relief now": ["relief_now"]}


@pytest.mark.nightly
def test_rules_shows_one_of_every_kind(rulebase: RuleBase, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, ids in ids_of_every_kind(rulebase).items():
        assert main(["rules", ids[0]]) == DONE
        assert capsys.readouterr().out.startswith(f"{ids[0]} ("), kind


@pytest.mark.parametrize("columns", [80, 40])
def test_everything_that_has_an_id_is_shown_and_fits(rulebase: RuleBase, columns: int) -> None:
    for kind, ids in ids_of_every_kind(rulebase).items():
        for name in ids:
            lines = one(rulebase, name, columns)
            assert " ".join(lines[:2]).startswith(f"{name} ("), kind
            too_wide = [line.strip().removeprefix("- ") for line in lines if len(line) > columns]
            assert [line for line in too_wide if " " in line] == [], (
                kind,
                name,
            )  # addresses and ids stay whole


def test_rules_shows_everything_that_has_the_same_id(rulebase: RuleBase) -> None:
    same = set(rulebase.questions) & set(rulebase.causes)
    assert same
    for name in same:
        kinds = [line.split("(")[1].split(",")[0] for line in one(rulebase, name, 80) if line.startswith(f"{name} (")]
        assert sorted(kinds) == ["cause", "question"]


def test_rules_shows_what_refers_to_a_thing(rulebase: RuleBase) -> None:
    flag = next(flag for flag in rulebase.red_flags.values() if flag.place and flag.sources)
    read = {cell.name for row in flag.condition.when for cell in row}
    assert read
    for name in (*read, *flag.sources, flag.place, flag.disposition):
        assert flag.id in " ".join(one(rulebase, name, 80)).replace(",", " ").replace(":", " ").split(), name
    sign = next(iter(rulebase.signs.values()))
    assert any(line.startswith(f"{sign.cause} (cause") for line in one(rulebase, sign.id, 80))
    answering = next(entry for entry in rulebase.entries.values() if entry.claims)
    assert answering.id in "\n".join(one(rulebase, answering.claims[0], 80))
    left_out = next(claim for claim in rulebase.claims if claim.left_out)
    assert left_out.left_out in " ".join(" ".join(one(rulebase, left_out.ids[0], 80)).split())


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("one-leg-swolen", "one-leg-swollen"),
        ("coures", "course"),
        ("emergenci", "emergency"),
        ("nice-ng185", "nice-ng158"),
        ("s0-45", "S0-45"),
    ],
)
def test_rules_asks_did_you_mean(given: str, meant: str) -> None:
    done = run("rules", given)
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert done.stderr.startswith(
        f'rules: LCT606 nothing in the rule base has the id "{given}" (did you mean "{meant}"?'
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("word", "found"), [("varicose", "veins"), ("Statins", "statin-clash"), ("varicos veins", "veins")]
)
def test_a_word_that_is_no_id_is_looked_for(rulebase: RuleBase, files: Path, word: str, found: str) -> None:
    """In titles and in words: at most five, with their titles; never as if it were the id."""
    done = run("rules", word)
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    told, *suggested = done.stderr.splitlines()
    assert "LCT606" in told
    assert 0 < len(suggested) <= 5
    asked = run("run", "--why-not", word, files / "runner.toml")
    assert (asked.returncode, asked.stdout) == (WRONG_INPUT, "")
    assert found in re.findall(r"[\w-]+", asked.stderr)
    named = [
        name for name in re.findall(r"[\w-]+", asked.stderr.partition("did you mean")[2]) if name in rulebase.entries
    ]
    assert 0 < len(named) <= 5
    for line in suggested:
        name, title = line.split(": ", 1)
        assert run("rules", name).returncode == DONE
        assert title


def test_a_word_of_an_option_finds_the_rules_that_read_it(rulebase: RuleBase) -> None:
    spoken = rules_in_voice(rulebase)
    for found in search(spoken, "statin", spoken.entries):
        assert "statin" in " ".join([found.title, *(line for fact in found.facts for line in fact.lines)]).lower()
    assert search(spoken, "xyzzy") == []


def test_check_counts_and_lists_every_exception_that_lowers(
    rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == DONE
    told = capsys.readouterr()
    assert told.err == ""
    words = " ".join(told.out.split())
    assert words.startswith("Sound. ")
    assert f"{len(rulebase.questions)} questions, {len(rulebase.red_flags)} red flags" in words
    assert rulebase.sha256 in words
    lowering = [flag for flag in rulebase.red_flags.values() if flag.condition.unless]
    assert lowering
    for flag in lowering:
        assert f"{flag.id} (to {flag.lowers_to} at most): {flag.lowers}" in words


# --- relief


def test_relief_is_there_at_once_without_the_slow_libraries() -> None:
    probe = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from triage.cli.main import main\n"
        "code = main(['relief'])\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == DONE
    imported = {name.split(".")[0] for name in done.stderr.split()}
    assert "triage" in imported
    assert not imported & {"experta", "questionary", "prompt_toolkit", "dataclasses", "json", "shutil", "socket"}


def test_relief_prints_every_step_and_asks_nothing(rulebase: RuleBase) -> None:
    done = run("relief")
    assert (done.returncode, done.stderr) == (DONE, "")
    words = " ".join(done.stdout.split())
    relief = rules_in_voice(rulebase).relief_now
    assert words.startswith(relief.title)
    for number, step in enumerate(relief.steps, 1):
        assert f"{number}. {step}" in words
    assert words.endswith(relief.after)


# --- usage


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, f"leg-cramp-triage {triage.__version__}\n", "")


def test_help_names_every_command_and_exit_code() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (DONE, "")
    for name in ("ask", "relief", "run", "what-if", "test", "rules", "check"):
        assert re.search(rf"^ +{name} ", done.stdout, re.MULTILINE), name
    assert all(f"{code} " in done.stdout for code in (DONE, FAILED, WRONG_INPUT, INCOMPLETE, STOPPED))


@pytest.mark.parametrize("name", ["ask", "relief", "run", "what-if", "test", "rules", "check"])
def test_every_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == DONE
    assert f"leg-cramp-triage {name}" in capsys.readouterr().out


WRONG_USAGE = [
    ["diagnose"],
    ["run"],
    ["test"],
    ["run", "--format", "xml", "x.toml"],
    ["--nonsense"],
    ["check", "--save", "x.toml"],
    ["relief", "now"],
    ["rules", "one-leg-swollen", "--book"],
    ["rules", "--book", "one-leg-swollen"],
]


@pytest.mark.parametrize("words", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == WRONG_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("usage: leg-cramp-triage")


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["releif"], "relief"), (["what_if", "x.toml"], "what-if"), (["run", "--fromat=json", "x.toml"], "--format"),
     (["--plian"], "--plain"), (["rules", "--bok"], "--book")],
)  # fmt: skip
def test_a_mistyped_command_or_option_is_asked_about(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == WRONG_INPUT
    assert f'did you mean "{meant}"?' in capsys.readouterr().err


def program_at(path: Path) -> Path:
    """The program at a place where an installation may have put it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nfrom triage.cli.main import main\nraise SystemExit(main())\n")
    path.chmod(0o755)
    return path


@pytest.mark.sampled(2)
@pytest.mark.parametrize("is_on_path", [True, False])
def test_a_printed_command_works_as_printed(files: Path, is_on_path: bool) -> None:
    """Also where the environment is not activated, as in the README."""
    name = program_at(files / "my venv" / "bin" / "leg-cramp-triage")
    path = f"{name.parent if is_on_path else '/nowhere'}:{os.environ['PATH']}"
    started = [name.name if is_on_path else os.path.relpath(name, files)]
    env = environment(PATH=path, PYTHONPATH=str(Path(triage.__file__).parent.parent))
    for example in ("one.toml", "two.toml"):  # as the help calls them
        shutil.copy(files / "runner.toml", files / example)

    def call(words: list[str], typed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, input=typed, env=env, capture_output=True, text=True, cwd=files, check=False)

    for words, typed in (["--plain", "--save", "kept.toml"], "2\n"), (["demo"], ""), (["run", "--help"], ""), ([], ""):
        done = call([*started, *words], typed)
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        commands = [line for line in lines if line.startswith((shlex.quote(started[0]), "leg-cramp-triage "))]
        assert commands, words
        assert all(line.startswith(shlex.quote(started[0])) for line in commands)
        given = commands[-1].replace("FILE", "runner.toml")
        again = call(["sh", "-c", given], "")
        assert again.returncode in (DONE, STOPPED), given
        assert "not found" not in again.stderr


@pytest.mark.parametrize("extra", ["verify", "batch", "distributed", "xlsform"])
def test_what_an_extra_needs_is_installed_by_name(extra: str) -> None:
    """The program itself is in no index that pip knows."""
    python, *pip, first = shlex.split(how_to_install(extra))
    assert (python, pip) == (sys.executable, ["-m", "pip", "install"])
    assert not first.startswith("leg-cramp-triage")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", ["40", "80"])
def test_help_breaks_no_word(
    name: str, columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def words() -> set[str]:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        return set(capsys.readouterr().out.split())

    monkeypatch.setenv("COLUMNS", "1000")
    whole = words()
    monkeypatch.setenv("COLUMNS", columns)
    assert words() <= whole


@pytest.mark.parametrize("address", [["--host", "256.1.1.1"], ["--port", "99999"], ["--port", "-1"]], ids=" ".join)
def test_an_address_that_cannot_be_listened_on_is_told(address: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever server it is, and whatever that raises."""
    assert main(["serve", *address]) == WRONG_INPUT
    assert "LCT630" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["ask"], ["--format", "json"]], ids=" ".join)
def test_without_a_terminal_it_says_what_to_use(words: list[str]) -> None:
    done = run(*words, typed="1\n1\n1\n")
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert "No terminal" in done.stderr
    assert "--plain" in done.stderr
    assert "run FILE" in done.stderr


@pytest.mark.parametrize("words", [["rules"], ["run", "runner.toml"], ["relief"], ["--help"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(words: Sequence[str], files: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as in `... | head -0`
    given = [str(files / word) if word.endswith(".toml") else word for word in words]
    done = subprocess.run(
        command(*given), stdout=writing, stderr=subprocess.PIPE, text=True, env=environment(), check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (DONE, "")


EVERY = {
    "ask": ["--plain", "--answers", "runner.toml"],
    "relief": ["relief"],
    "run": ["run", "runner.toml"],
    "what-if": ["what-if", "runner.toml"],
    "test": ["test", "scenario.toml"],
    "batch": ["batch", "rows.csv", "-"],
    "rules": ["rules"],
    "check": ["check"],
    "schema": ["schema", "answers"],
    "export": ["export", "fhir"],
    "completion": ["completion", "bash"],
    "demo": ["demo"],
    "--help": ["--help"],
    "--version": ["--version"],
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("shut", "why"), [(">&-", "is closed"), (">/dev/full", "No space left on device")])
@pytest.mark.parametrize("name", EVERY)
def test_a_result_that_went_nowhere_is_told_in_one_line(name: str, shut: str, why: str, files: Path) -> None:
    (files / "scenario.toml").write_text(toml(EMERGENCY, expect='disposition = "emergency"'))
    (files / "rows.csv").write_text("start,danger\nadult,d_breath\n")
    words = ["sh", "-c", f'exec "$@" {shut}', "sh", *command(*EVERY[name])]
    done = subprocess.run(
        words, input="\n", capture_output=True, text=True, env=environment(), cwd=files, check=False, timeout=300
    )
    says_more = name in ("ask", "batch")  # plain questions, doubts about columns
    lines = done.stderr.rstrip("\n").split("\n")
    assert (done.returncode, why in lines[-1], len(lines) == 1 or says_more) == (WRONG_INPUT, True, True), done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_is_among_these() -> None:
    assert COMMANDS.keys() - EVERY.keys() == {"serve"}  # which has no result, and ends when it is told to


def test_a_closed_screen_does_not_matter_where_the_result_goes_to_a_file(files: Path) -> None:
    words = ["sh", "-c", 'exec "$@" >&-', "sh", *command("run", "runner.toml", "--output", "result.txt")]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), cwd=files, check=False)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert (files / "result.txt").read_text() == run("run", files / "runner.toml").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run", "runner.toml", "--output", ""],
        ["run", "runner.toml", "--rules", ""],
        ["run", ""],
        ["--save", ""],
        ["--answers", ""],
        ["--resume="],
        ["batch", "", "out.csv"],
        ["check", "--rules="],
        ["rules", "--output", ""],
    ],
    ids=" ".join,
)
def test_an_empty_name_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == WRONG_INPUT
    assert "is empty" in capsys.readouterr().err


FORGED = "x\nEverything is fine"


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "words",
    [
        ["run", FORGED],
        ["run", "begun.toml", "--output", f"nowhere/{FORGED}"],
        ["run", FORGED, "--rules", FORGED],
        ["run", "runner.toml", "--why-not", FORGED],
        ["what-if", FORGED],
        ["test", FORGED],
        ["rules", FORGED],
        ["schema", FORGED],
        ["demo", FORGED],
        ["batch", FORGED, "out.csv"],
        ["--plain", "--save", f"nowhere/{FORGED}"],
        ["--plain", "--answers", FORGED],
        [FORGED],
    ],
    ids=lambda words: " ".join(words).replace("\n", "-"),
)
def test_a_name_cannot_forge_a_line(words: list[str], files: Path) -> None:
    (files / FORGED).write_text(toml({"age": "34"}))
    absent = [f"{word}?" if word == FORGED and words[0] != "run" else word for word in words]
    for given in (words, absent):
        done = run(*given, cwd=files)
        assert "Traceback" not in done.stderr
        assert not any(line.startswith("Everything") for line in (done.stdout + done.stderr).split("\n"))


@pytest.mark.parametrize("name", ["json", "html", "markdown", "fhir"])
def test_formats_for_other_programs_are_utf_8_everywhere(name: str, files: Path) -> None:
    words = ("run", "--format", name, files / "night.toml")
    (files / "night.toml").write_text(toml(FILLING, "N\u00e4chtlich \u2265 2"), "utf-8")
    assert run(*words, "--output", files / "out").returncode == DONE
    shown = subprocess.run(command(*words), capture_output=True, env=environment(PYTHONIOENCODING="ascii"), check=False)
    assert (shown.returncode, shown.stderr) == (DONE, b"")
    assert shown.stdout == (files / "out").read_bytes()


@pytest.mark.parametrize("words", [["run", "runner.toml"], ["--plain", "--answers", "begun.toml"]], ids=" ".join)
def test_no_result_goes_through_a_link_that_another_user_planted(
    words: list[str], files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared, mine = files / "shared", files / "mine.txt"
    shared.mkdir()
    shared.chmod(0o1777)
    mine.write_text("mine")
    (shared / "result.txt").symlink_to(mine)
    monkeypatch.chdir(files)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    option = "--output" if words[0] == "run" else "--save"
    if option == "--save":
        mine.unlink()  # otherwise it would be in the way
    assert main([*words, option, "shared/result.txt"]) == WRONG_INPUT
    assert "shared/result.txt: LCT603" in capsys.readouterr().err
    assert option == "--save" or mine.read_text() == "mine"
    assert mine.exists() == (option == "--output")


# --- --rules


def test_another_rule_base_is_used(files: Path, other_rules: Path) -> None:
    done = run("run", "--format", "json", "--rules", other_rules, files / "runner.toml")
    assert json.loads(done.stdout)["rulebase"]["version"] == "99.1"
    assert run("relief", "--rules", other_rules).stdout.startswith("Another title\n")
    written = other_rules / "book.md"
    done = run("rules", "--book", "--rules", other_rules, "--output", written)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    assert "**Version:** 99.1\n" in written.read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [["run", "x.toml"], ["test", "x.toml"], ["rules"], ["relief"], ["--plain"]],
    ids=" ".join,
)
def test_a_rule_base_that_is_not_there_is_told(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--rules", str(tmp_path / "nowhere")]) == WRONG_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert str(tmp_path / "nowhere") in told.err


# --- the interview, plain


BEGUN = {name: value for name, value in RUNNER.items() if name != "before"}


def test_the_questions_go_to_stderr_and_the_result_to_stdout(files: Path, rulebase: RuleBase) -> None:
    (files / "almost.toml").write_text(toml(BEGUN))
    done = run("--plain", "--answers", files / "almost.toml", typed="3\n\n")  # heat; accept the review
    assert done.returncode == DONE
    assert done.stdout.strip() == run("run", files / "runner.toml").stdout.strip()
    assert rulebase.questions["before"].text in done.stderr
    assert rulebase.questions["kind"].text not in done.stderr
    assert rules_in_voice(rulebase).dispositions["self_care"].say[:40] not in done.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize("more", [[], ["--explain", "--why-not", "clot"]], ids=" ".join)
@pytest.mark.parametrize("name", ["runner", "emergency", "filling"])
def test_an_interview_and_a_file_give_the_same_words(name: str, more: list[str], files: Path) -> None:
    (files / "filling.toml").write_text(toml(FILLING))
    asked = run("ask", "--plain", *more, "--answers", files / f"{name}.toml", typed="\n")
    assert (asked.returncode, asked.stdout) == (DONE, run("run", *more, files / f"{name}.toml").stdout)


def test_what_was_ticked_in_an_unfinished_list_counts(files: Path, rulebase: RuleBase) -> None:
    begun = files / "ticked.toml"
    begun.write_text(toml({"start": '"me"'}) + '[ticked]\ndanger = ["d_breath"]\n')
    done = run("run", begun)
    assert done.returncode == INCOMPLETE
    assert "missing: danger" in done.stderr
    assert rules_in_voice(rulebase).dispositions["emergency"].say in done.stderr
    document = json.loads(run("run", "--partial", "--format", "json", begun).stdout)
    assert (document["disposition"], document["complete"]) == ("emergency", False)
    begun.write_text(begun.read_text().replace("d_breath", "d_breth"))
    assert "ticked.toml:4: LCT402" in run("run", begun).stderr


def test_the_result_of_an_interview_can_be_json_or_a_file(files: Path) -> None:
    (files / "almost.toml").write_text(toml(BEGUN))
    ask = ("--plain", "--format", "json", "--answers", files / "almost.toml")
    document = json.loads(run(*ask, typed="3\n\n").stdout)
    assert document["complete"]
    done = run(*ask, "--output", files / "result.json", typed="3\n\n")
    assert (done.returncode, done.stdout) == (DONE, "")
    assert json.loads((files / "result.json").read_text()) == document


def test_an_emergency_ends_the_questions(rulebase: RuleBase) -> None:
    done = run("--plain", typed="2\n1\n\n")  # for oneself; breathless; leave
    assert done.returncode == DONE
    assert done.stdout.strip().startswith(rules_in_voice(rulebase).dispositions["emergency"].say.upper())
    assert rulebase.questions["age"].text not in done.stderr


def test_the_end_of_input_stops_and_stores_nothing(tmp_path: Path) -> None:
    done = run("--plain", typed="2\n")
    assert (done.returncode, done.stdout) == (STOPPED, "")
    assert "Nothing was stored" in done.stderr
    assert "--save FILE" in done.stderr
    assert list(tmp_path.iterdir()) == []


def interrupted(*words: object) -> tuple[int, str, str]:
    """Answer the first question, then press Ctrl-C at the next."""
    child = subprocess.Popen(
        command(*words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert child.stdin
    assert child.stderr
    child.stdin.write("2\n")
    child.stdin.flush()
    seen = ""
    while not re.search(r"-> Me, not now(?s:.*)\n> $", seen):
        character = child.stderr.read(1)
        assert character, seen
        seen += character
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=300)
    return child.returncode, out, err


def test_ctrl_c_stops_and_stores_nothing() -> None:
    code, out, err = interrupted("--plain")
    assert (code, out) == (STOPPED, "")
    assert "Nothing was stored" in err
    assert "Traceback" not in err


def test_ctrl_c_keeps_what_was_answered(tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    code, out, err = interrupted("--plain", "--save", kept)
    assert (code, out) == (STOPPED, "")
    assert f"--resume {kept}" in err
    assert kept.read_text().endswith('\n\n[answers]\nstart = "me"\n')
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_saved_answers_can_be_gone_on_from(files: Path, rulebase: RuleBase) -> None:
    kept = files / "kept.toml"
    kept.write_text(toml(BEGUN))
    done = run("--plain", "--answers", kept, "--save", kept, typed="3\n\n")
    assert done.returncode == DONE
    complete = read_answer_file(files / "runner.toml", rulebase).answers
    saved = read_answer_file(kept, rulebase)
    assert kept.read_text() == as_toml(complete, rulebase, saved=saved.saved)
    assert saved.saved is not None
    assert not is_stale(saved, rulebase, date.today())


def test_danger_is_asked_again_where_saved_answers_are_old(files: Path, rulebase: RuleBase) -> None:
    kept = files / "kept.toml"
    kept.write_text(f"saved = 2020-02-29\n{toml(BEGUN)}")
    done = run("--plain", "--answers", kept, typed="")
    assert rulebase.saved.asked_again in done.stderr
    first = next(q for q in rulebase.questions.values() if q.danger)
    assert " ".join(first.text.split()) in " ".join(done.stderr.split())


def test_a_result_from_old_answers_says_so(files: Path, rulebase: RuleBase) -> None:
    runner = files / "runner.toml"
    fresh = run("run", runner)
    runner.write_text(f"saved = 2020-02-29\n{runner.read_text()}")
    old = run("run", runner)
    assert (old.returncode, old.stdout) == (DONE, fresh.stdout)
    assert rulebase.saved.old in old.stderr
    assert rulebase.saved.old not in fresh.stderr


def test_save_refuses_to_overwrite(files: Path) -> None:
    kept = files / "runner.toml"
    before = kept.read_bytes()
    for more in ([], ["--answers", files / "begun.toml"]):
        done = run("--plain", "--save", kept, *more, typed="2\n")
        assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
        assert f"{kept}: LCT611" in done.stderr
        assert f"--resume {kept}" in done.stderr
        assert "Who is this about" not in done.stderr
        assert kept.read_bytes() == before


def test_save_that_cannot_be_written_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    done = run("--plain", "--save", tmp_path / "nowhere" / "kept.toml", typed="2\n")
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{tmp_path}/nowhere/kept.toml: LCT603 cannot be written: ")


def test_wrong_answers_are_told_before_anything_is_asked(files: Path, rulebase: RuleBase) -> None:
    done = run("--plain", "--answers", files / "bad.toml", typed="1\n" * 30)
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert done.stderr.splitlines()[-1] == "2 faults"
    assert rulebase.questions["danger"].text not in done.stderr


def test_an_interview_can_end_with_how_and_why_not(files: Path) -> None:
    done = run("--plain", "--answers", files / "runner.toml", "--explain", "--why-not", "clot", typed="\n")
    assert done.returncode == DONE
    assert "How this was concluded" in done.stdout
    assert "[clot]" in done.stdout


def test_check_needs_no_extra() -> None:
    probe = "import sys\nsys.modules['z3'] = None\nfrom triage.cli.main import main\nsys.exit(main(['check']))\n"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (DONE, "")


# --- a site


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["site"], "LCT633"),
        (["site", "there", "--output", "x"], "LCT633"),
        (["fhir", "there"], "LCT633"),
        (["site", "there"], "LCT634"),
    ],
)
def test_a_site_goes_to_a_folder_of_its_own(tmp_path: Path, words: list[str], code: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()
    done = run("export", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert code in done.stderr
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]
