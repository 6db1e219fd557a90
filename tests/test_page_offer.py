"""The offer that ends an interview: a page for a doctor, in a new file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import pytest
from stories import path_of
from terminal import (
    CTRL_C,
    CTRL_D,
    ENTER,
    GO_ON,
    LEFT,
    MORE,
    TALL,
    Drawn,
    Terminal,
    plain_line,
    steps_to,
)

from triage.cli.common import written
from triage.cli.page import MARKDOWN, PAGE
from triage.conversation.answers import as_toml, write_new
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers
from triage.output.view import Wanted
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

NAME, SAVED = "Name of the new file", "Saved:"
UP = "\x1b[A"

Offer = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def answers(engine: Engine) -> Answers:
    """Those of a runner who may look after it himself."""
    return read_answer_file(path_of("self-care/runner-club-training"), engine.rulebase).answers


@pytest.fixture
def kept(engine: Engine, answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The answers in a file: an interview with them begins at its review."""
    path = tmp_path_factory.mktemp("kept") / "answers.toml"
    path.write_text(as_toml(answers, engine.rulebase), "utf-8")
    return path


@pytest.fixture
def after_result(kept: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Offer:
    """The program in a pty and in an empty folder, after the result."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def start(columns: int = 80) -> Iterator[Terminal]:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("LINES", "24")
        with Terminal("--answers", str(kept), columns=columns) as terminal:
            terminal.accept_review()
            terminal.wait_for_more()
            yield terminal

    return start


def ask_for_name(terminal: Terminal) -> None:
    """Up to the prompt for the name of the page."""
    terminal.type("p")
    terminal.wait_for(NAME, ">")


def leave(terminal: Terminal) -> None:
    terminal.wait_for_more()
    terminal.type(ENTER)
    assert terminal.end() == 0


# --- what is saved


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize(("typed", "name", "suffix"), [("", "html", PAGE), (f"mine{MARKDOWN}", "markdown", MARKDOWN)])
def test_enter_saves_the_whole_page_for_its_owner_alone(
    engine: Engine,
    answers: Answers,
    after_result: Offer,
    tmp_path: Path,
    typed: str,
    name: str,
    suffix: str,
    columns: int,
) -> None:
    with after_result(columns) as terminal:
        ask_for_name(terminal)
        offered = re.search(r"leg-cramps-([\d-]+)\.html", terminal.said)
        assert offered is not None
        terminal.type(typed + ENTER)
        terminal.wait_for(SAVED)
        leave(terminal)
        (path,) = tmp_path.iterdir()
        wanted = Wanted(day=date.fromisoformat(offered[1]))
        assert (path.name, path.suffix) == (typed or offered[0], suffix)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text("utf-8") == written(name, engine.rulebase, assess(engine, answers), wanted) + "\n"
        assert str(path) in terminal.raw  # in one piece, to be copied
        others = terminal.raw.replace(str(path), "")
        assert max(map(len, Drawn(400, TALL).lines(others))) <= columns


def test_nothing_is_overwritten_and_a_bad_name_is_asked_again(after_result: Offer, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine", "utf-8")
    (tmp_path / "dangling.html").symlink_to(tmp_path / "elsewhere")
    with after_result() as terminal:
        ask_for_name(terminal)
        for bad in ("mine.html", "no/such/folder.html", "dangling.html", ".", f"{tmp_path}/", "x" * 300):
            terminal.type(bad + ENTER)
            terminal.wait_for(NAME, ">")
        terminal.type("my legs" + ENTER)
        terminal.wait_for(SAVED)
        terminal.wait_for_more()
        ask_for_name(terminal)
        terminal.type(ENTER)
        terminal.wait_for(SAVED)
        terminal.wait_for_more()
        ask_for_name(terminal)
        terminal.type(ENTER)  # the name that was offered first is taken now
        terminal.wait_for(SAVED)
        leave(terminal)
    new = {path.name for path in tmp_path.iterdir()} - {"mine.html", "dangling.html"}
    assert f"my legs{PAGE}" in new
    assert len(new) == 3
    assert (tmp_path / "mine.html").read_text("utf-8") == "mine"


def test_a_name_that_is_taken_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    path.write_text("mine", "utf-8")
    with pytest.raises(FileExistsError):
        write_new(path, "new")
    assert path.read_text("utf-8") == "mine"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path / "other.html", "new")
    assert [other.name for other in tmp_path.iterdir()] == ["page.html"]


# --- going back, stopping


def test_back_at_every_step_and_arrow_keys_do_no_harm(after_result: Offer, tmp_path: Path) -> None:
    with after_result() as terminal:
        terminal.type(UP + LEFT + "p")
        terminal.wait_for(NAME, ">")
        terminal.type("b" + ENTER)
        terminal.wait_for_more()
        ask_for_name(terminal)
        terminal.type(UP + LEFT + "b" + ENTER)
        leave(terminal)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("depth", [0, 1])
def test_stopping_there_is_a_good_end(after_result: Offer, tmp_path: Path, depth: int, key: str) -> None:
    with after_result() as terminal:
        if depth:
            ask_for_name(terminal)
        assert terminal.stop(key) == 0
        assert "Traceback" not in terminal.raw
        assert "Nothing was stored" not in terminal.raw
    assert list(tmp_path.iterdir()) == []


# --- where it is offered


def test_plain_prompts_offer_it_too(
    engine: Engine, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Terminal("--plain") as terminal:
        for step in steps_to(engine, answers):
            terminal.wait_for(f"{step.prompt.number} of about", "h relief", "> ")
            terminal.type(plain_line(step))
        terminal.wait_for("Enter result", "> ")
        terminal.type("\n")
        terminal.wait_for("Enter to finish", "> ")
        for typed, waits in (("p", NAME), ("Mine", SAVED)):
            terminal.type(typed + "\n")
            terminal.wait_for(waits)
        terminal.wait_for("Enter to finish", "> ")
        terminal.type("\n")
        assert terminal.end() == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"Mine{PAGE}"]


@pytest.mark.parametrize("args", [(), ("--format", "json"), ("--output", "result.txt")])
def test_nothing_is_offered_after_an_emergency_or_where_the_result_has_its_place(
    engine: Engine, kept: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: tuple[str, ...]
) -> None:
    """Without options it is an emergency, where nothing may come between the person and the call."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    begin = ["--answers", str(kept)] if args else []
    emergency: Answers = {"start": "me", "danger": ("d_cold",)}
    with Terminal(*args, *begin) as terminal:
        terminal.answer([] if args else steps_to(engine, emergency))
        assert terminal.finish() == 0
        assert MORE not in terminal.said
        assert GO_ON not in terminal.said
