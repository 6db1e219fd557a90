"""docs/add-a-rule.md is followed from top to bottom: its files are written, its commands give what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from triage.knowledge.folder import rules_folder

PAGE = Path(__file__).resolve().parents[1] / "docs" / "add-a-rule.md"
LEFT_OUT = "[...]"
PROGRAMS = {"leg-cramp-triage": "triage", "pytest": "pytest"}  # command -> module


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the rule base, and this checkout's program on PATH."""
    shutil.copytree(rules_folder(), tmp_path / "rules")
    programs = tmp_path / ".bin"
    programs.mkdir()
    for name, module in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (programs / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.nightly
def test_the_page_can_be_followed(place: Path) -> None:
    followed = [follow(place, before, kind, text) for before, kind, text in blocks()]
    assert followed.count("file") == 5
    assert followed.count("commands") >= 6


def test_a_wrong_output_is_noticed() -> None:
    assert agree(f"Sound. {LEFT_OUT}\n{LEFT_OUT}\nend", "Sound. 3 rules\n1\n2\nend")
    assert not agree("Sound.", "Sound. 3 rules")
    assert not agree(f"{LEFT_OUT}\nend", "1\nend\n2")


def blocks() -> Iterator[tuple[str, str, str]]:
    """Each block of code: the text before it, its language, what it says."""
    before = ""
    for token in MarkdownIt("commonmark").parse(PAGE.read_text("utf-8")):
        if token.type == "inline":
            before = token.content
        elif token.type == "fence":
            yield before, token.info, token.content


def follow(place: Path, before: str, kind: str, text: str) -> str:
    """Do what a block asks for; returns what it was."""
    if kind == "text":
        for command, expected in commands(text):
            said = run(command)
            assert agree(expected, said), f"{command}\n{said}"
        return "commands"
    if kind == "sh":
        run(text)
        return "commands"
    [name] = re.findall(r"`([^`]+)`:$", before)
    path = place / name
    appended = path.read_text("utf-8") + "\n" if "At the end of" in before else ""
    path.write_text(appended + text, "utf-8")
    return "file"


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a session, and the lines below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected.rstrip()


def run(command: str) -> str:
    done = subprocess.run(
        command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    return done.stdout.rstrip()


def agree(expected: str, said: str) -> bool:
    """Whether the lines are those expected; what was left out may be anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split(LEFT_OUT))), said, re.DOTALL) is not None
