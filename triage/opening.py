"""The first words on the screen, before anything slow is imported.

`relief` and the first question have to be there at once. Only a head of one file is
read here; the whole rule base is read, and checked, while the person reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from triage import screen
from triage.tokens import spoken

QUESTIONS, DISPOSITIONS, RELIEF_NOW, VOICES = (
    "questions.toml", "dispositions.toml", "advice/relief_now.toml", "voices.toml"
)  # fmt: skip
SMALL = 30_000  # bytes that tomllib reads in no time, whatever they are

# What reading and wording a file raises that is not as it should be.
FAULTY = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def rules_folder() -> Path:
    """The folder of the built-in rule base: the installed one, or the checkout's."""
    here = Path(__file__).parent
    installed = here / "rules"
    return installed if installed.is_dir() else here.parent / "rules"


def welcome(lines: Iterable[str], columns: int) -> list[str]:
    """What is said before the first question."""
    return [line for text in lines for line in screen.wrap(text, columns)]


def first_screen(folder: Path, columns: int) -> list[str]:
    """Welcome and first question of a rule base."""
    about = _parsed(folder / DISPOSITIONS)["about"]
    question = _first_question((folder / QUESTIONS).read_text("utf-8-sig"))
    return _clean([*welcome(about["welcome"], columns), *screen.question_head(question["text"], columns)])


def relief_lines(folder: Path, columns: int) -> list[str]:
    """The fixed text that is safe for everybody, and where to go from there.

    Raises one of FAULTY where the file is not as it should be.
    """
    relief = _parsed(folder / RELIEF_NOW)["relief_now"]
    steps, after = relief["steps"], relief.get("after", "")
    words = _parsed(folder / VOICES)["voice"][0]["words"]  # who asks nothing is spoken to
    texts = (relief["title"], *steps, after)
    if not (isinstance(steps, list) and steps and all(isinstance(text, str) for text in texts)):
        raise ValueError("title, steps and after must be text")
    lines = relief_text(relief["title"], [spoken(step, words) for step in steps], columns)
    return _clean([*lines, "", *screen.wrap(after, columns)] if after else lines)


def relief_text(title: str, steps: Iterable[str], columns: int) -> list[str]:
    """The numbered steps, without the line that says where to go from there."""
    lines = screen.wrap(title, columns)
    for number, step in enumerate(steps, 1):
        lines += screen.wrap(step, columns, f"{number}. ")
    return lines


def _clean(lines: list[str]) -> list[str]:
    """The lines; ValueError where one could drive the terminal."""
    if not all(line.isprintable() for line in lines):
        raise ValueError("holds a character that cannot be printed")
    return lines


def _parsed(path: Path) -> dict[str, Any]:
    if path.stat().st_size <= SMALL:
        return tomllib.loads(path.read_text("utf-8-sig"))
    from triage.faults import FaultyInput  # slow to import, and never needed for the built-in rule base
    from triage.toml_file import TomlFile

    try:
        return TomlFile.read(path).data
    except FaultyInput as error:
        raise ValueError(str(error)) from None


def _first_question(text: str) -> dict[str, Any]:
    """The first question, parsed without the others: it ends where the second begins."""
    second = text.find("\n[[question]]", text.index("[[question]]") + 1)
    first: dict[str, Any] = tomllib.loads(text[: second if second > 0 else None])["question"][0]
    return first
