"""Made-up stories are played as the interview would go, and say that they are made up."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from triage.cli import demo as command
from triage.cli.main import main
from triage.conversation.demo import MADE_UP, WAS_MADE_UP, StoryAsker, read_stories
from triage.conversation.interview import Interview
from triage.conversation.scenarios import run_scenario
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import RuleBase
from triage.knowledge.plain_words import grade
from triage.knowledge.rule_files import DEMOS, digest, file_names
from triage.output.text import headline
from triage.output.view import view_of
from triage.reasoning.engine import Engine
from triage.version import program

FOLDER = rules_folder()
NAMES = [path.stem.split("-", 1)[1] for path in sorted((FOLDER / DEMOS).glob("*.toml"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule base of one's own, to be broken."""
    return shutil.copytree(FOLDER, tmp_path / "rules")


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_played_from_its_first_question_to_its_result(
    name: str, engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["demo", name]) == 0
    shown = capsys.readouterr().out
    assert all(len(line) <= 40 for line in shown.splitlines() if "://" not in line and not line.startswith(program()))
    assert program() in shown.splitlines()
    words = " ".join(shown.split())
    path = next((FOLDER / DEMOS).glob(f"*-{name}.toml"))
    outcome = run_scenario(engine, path)
    assert words.startswith(MADE_UP)
    assert WAS_MADE_UP in words
    first = headline(view_of(engine.rulebase, outcome.assessment))
    assert words.index(WAS_MADE_UP) > words.index(" ".join(first.split()))
    asked = [engine.rulebase.questions[question].text for question in outcome.file.answers]
    places = [words.index(" ".join(text.split())) for text in asked]
    assert places == sorted(places)
    assert all(f"demo {other}" in words for other in NAMES if other != name)


def test_the_stories_end_as_they_say_and_differently(engine: Engine) -> None:
    outcomes = [run_scenario(engine, path) for path in sorted((FOLDER / DEMOS).glob("*.toml"))]
    assert [one.differences for one in outcomes] == [()] * len(outcomes)
    assert len({one.assessment.disposition.id for one in outcomes}) == len(outcomes) >= 3


def test_without_a_name_it_is_the_first(capsys: pytest.CaptureFixture[str], rulebase: RuleBase) -> None:
    assert main(["demo"]) == 0
    first = next(iter(read_stories(FOLDER, rulebase).values()))
    assert first.title in capsys.readouterr().out


def test_what_is_shown_are_the_answers_of_the_story(engine: Engine) -> None:
    for story in read_stories(FOLDER, engine.rulebase).values():
        waits: list[None] = []
        asker = StoryAsker(engine, story, io.StringIO(), lambda waits=waits: waits.append(None))
        assert Interview(engine, asker).conduct() == story.answers
        assert len(waits) >= len(story.answers)


def test_texts_are_plain(rulebase: RuleBase) -> None:
    assert rulebase.wording is not None
    for story in read_stories(FOLDER, rulebase).values():
        assert grade(story.title, rulebase.wording.allowed).grade <= rulebase.wording.max_grade


def test_enter_goes_on_and_the_end_of_input_stops(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "on_terminal", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n\n"))
    assert main(["demo"]) == 130
    shown = capsys.readouterr().out
    assert shown.count(command.GO_ON) == 4
    assert WAS_MADE_UP in shown  # nobody is left with a frightening screen
    assert "\x1b" not in shown
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" * 500))
    assert main(["demo"]) == 0


def test_an_unknown_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", NAMES[0][:-1]]) == 2
    assert f'"{NAMES[0]}"' in capsys.readouterr().err


def test_a_rule_base_without_stories(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(folder / DEMOS)
    assert main(["demo", "--rules", str(folder)]) == 2
    assert not capsys.readouterr().out


def test_no_result_depends_on_the_stories(folder: Path) -> None:
    def hashed() -> str:
        return digest({name: (folder / name).read_bytes() for name in file_names(folder)})

    before = hashed()
    (folder / DEMOS / "1-another.toml").write_text("anything", "utf-8")
    assert hashed() == before


def write(folder: Path, text: str) -> None:
    for path in (folder / DEMOS).iterdir():
        path.unlink()
    (folder / DEMOS / "story.toml").write_text(text, "utf-8")


EMERGENCY = '[answers]\nstart = "me"\ndanger = ["d_breath"]\n[expect]\ndisposition = "emergency"\n'


@pytest.mark.parametrize(
    ("answers", "asked"), [('danger = ["none"]', "age"), ('danger = ["none"]\nage = 30\nlegs = ["not_sure"]', "legs")]
)
def test_a_story_without_an_answer_says_so(
    folder: Path, answers: str, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, f'[answers]\nstart = "me"\n{answers}\n')
    assert main(["demo", "--rules", str(folder)]) == 2
    assert f"LCT626 the story has no answer to {asked}" in capsys.readouterr().err


def test_a_title_cannot_drive_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, 'title = "red \\u001b[31m"\n' + EMERGENCY)
    assert main(["demo", "--rules", str(folder)]) == 0
    assert "\x1b" not in capsys.readouterr().out
