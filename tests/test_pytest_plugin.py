"""The plugin of pytest: which files are tests, and what is told of those that fail."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from stories import path_of

from triage.version import program

pytest_plugins = ["pytester"]

TINY = Path(__file__).parent / "reliability" / "tiny_rules"
COLD = """\
title = "A cold leg at night"

[answers]
who = "self"
years = 70
now = ["cold"]
time = "night"

[expect]
disposition = "today"
"""
CALM = COLD.replace('"today"', '"self"')
QUICK = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
DIFFERS = "disposition: expected self, got today"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a small rule base, a scenario that comes true and one that does not."""
    shutil.copytree(TINY, pytester.path / "my rules")
    write(pytester.path / "pytest.ini", "[pytest]\ntriage_rules = my rules\n")
    write(pytester.path / "true.triage.toml", COLD)
    write(pytester.path / "deep" / "er" / "calm.triage.toml", CALM)
    return pytester


def run(project: pytest.Pytester, *words: str) -> tuple[dict[str, int], list[str]]:
    """The outcomes, and what is told of those that failed, up to the summary."""
    done = project.runpytest(*QUICK, *words)
    lines = [line.rstrip() for line in done.outlines]
    start = next((n for n, line in enumerate(lines) if "= FAILURES =" in line), len(lines))
    stop = next((n for n, line in enumerate(lines) if "short test summary" in line), len(lines))
    return done.parseoutcomes(), lines[start + 1 : stop]


def test_a_file_is_a_test(project: pytest.Pytester) -> None:
    write(project.path / "answers.toml", CALM)
    write(project.path / "triage.toml", CALM)
    done = project.runpytest(*QUICK, "--collect-only", "-q")
    found = [line for line in done.outlines if "::" in line]
    assert found == ["deep/er/calm.triage.toml::scenario", "true.triage.toml::scenario"]
    assert run(project)[0] == {"passed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("words", "outcomes"),
    [
        (["true.triage.toml"], {"passed": 1}),
        (["true.triage.toml::scenario"], {"passed": 1}),
        (["deep"], {"failed": 1}),
        (["-k", "true"], {"passed": 1, "deselected": 1}),
        (["-k", "not true", "--tb=no"], {"failed": 1, "deselected": 1}),
        (["-n", "2"], {"passed": 1, "failed": 1}),
    ],
    ids=" ".join,
)
def test_files_are_chosen_as_tests_are(project: pytest.Pytester, words: list[str], outcomes: dict[str, int]) -> None:
    assert run(project, *words)[0] == outcomes


def test_a_failure_tells_what_differs_the_story_and_the_answers(project: pytest.Pytester) -> None:
    _, told = run(project)
    assert told[1] == DIFFERS
    assert told[2:9] == [
        "",
        "Story: A cold leg at night",
        "Answers:",
        "  Who is it for? -> for me, now",
        "  How old? -> 70 years",
        "  Is any of this happening now? -> a cold leg",
        "  When does it come? -> at night",
    ]


@pytest.mark.parametrize("words", [["--tb=short"], ["--tb=native"], ["-vv", "--showlocals"], ["-n", "1"]], ids=" ".join)
def test_no_traceback_is_told(project: pytest.Pytester, words: list[str]) -> None:
    plain, other = run(project)[1], run(project, *words)[1]
    assert [line for line in other if "[gw0]" not in line] == plain
    assert not any(".py" in line for line in plain)


def test_the_commands_that_are_told_show_it_again(project: pytest.Pytester) -> None:
    odd = write(project.path / "it's odd.triage.toml", CALM)
    _, told = run(project, odd.name)
    commands = [line.strip() for line in told if line.startswith(f"  {program()} ")]
    codes = []
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=project.path, capture_output=True, text=True, check=False)
        codes.append((done.returncode, DIFFERS in done.stdout))
    assert codes == [(1, True), (0, False)]


def test_faults_of_a_file_are_told_with_their_lines(project: pytest.Pytester) -> None:
    write(project.path / "bad.triage.toml", CALM.replace('"cold"', '"clod"').replace('"self"', '"hme"'))
    write(project.path / "broken.triage.toml", "[answers")
    outcomes, told = run(project, "bad.triage.toml", "broken.triage.toml")
    assert outcomes == {"failed": 2}
    assert any(line.startswith("bad.triage.toml:6: LCT402 now: ") for line in told)
    assert any(line.startswith("broken.triage.toml:1: ") for line in told)


# --- which rule base


def test_without_a_word_it_is_the_own_rule_base(pytester: pytest.Pytester) -> None:
    shutil.copy(path_of("urgent/one-leg-swollen"), pytester.path)
    write(pytester.path / "cold.triage.toml", COLD)
    outcomes, told = run(pytester)
    assert outcomes == {"passed": 1, "failed": 1}
    assert any('unknown question "years"' in line for line in told)
    assert not any("--rules" in line for line in told)


def test_a_setting_names_it_from_its_own_folder(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.path / "deep")
    outcomes, told = run(project)
    assert outcomes == {"failed": 1}
    assert told[1] == DIFFERS
    assert any(line.endswith(" --rules '../my rules' er/calm.triage.toml") for line in told)


def test_an_option_names_it_from_here_and_goes_before_the_setting(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copytree(TINY, project.path / "deep" / "other"))
    flags = other / "red_flags" / "all.toml"
    flags.write_text(flags.read_text("utf-8").replace('disposition = "today"', 'disposition = "call"'), "utf-8")
    monkeypatch.chdir(project.path / "deep")
    assert run(project, "--triage-rules", "other")[1][1] == DIFFERS.replace("today", "call")


@pytest.mark.parametrize("fault", ["checks.toml", "nowhere"])
def test_a_rule_base_that_cannot_be_used_is_told_once(project: pytest.Pytester, fault: str) -> None:
    write(project.path / "my rules" / "checks.toml", "[[check]]\n")
    outcomes, told = run(project, *(["--triage-rules", fault] if fault == "nowhere" else []))
    assert outcomes == {"failed": 2}
    stories = " ".join(told).split("true")
    assert [fault in story for story in stories] == [True, False]


# --- projects that have no such files


def test_another_project_is_not_disturbed(pytester: pytest.Pytester) -> None:
    """Nothing is collected, warned of, or imported but this one module."""
    pytester.makeini("[pytest]\naddopts = --strict-config --strict-markers -W error\n")
    write(pytester.path / "settings.toml", "a = 1\n")
    pytester.makepyfile(
        """
        import sys

        def test_nothing_else_is_here():
            mine = sorted(name for name in sys.modules if name.split(".")[0] == "triage")
            assert mine == ["triage", "triage.proof", "triage.proof.pytest_plugin", "triage.version"]
            assert not {"experta", "questionary", "tomllib", "prompt_toolkit"} & set(sys.modules)
        """
    )
    done = pytester.runpytest_subprocess(*QUICK)
    done.assert_outcomes(passed=1)
    assert "triage" not in done.stdout.str().replace("leg-cramp-triage", "")
