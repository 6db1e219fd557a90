"""The examples of the pages of docs/: run as a reader would, in order, and what they print is what the page says.

A block of TOML whose first line is a comment with a file's name is kept as that file. `[...]` in an
output stands for lines that were cut.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import pytest
from sample import sample
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

from triage.cli.ask import LISTS, _readings
from triage.cli.formats import FORMATS
from triage.cli.main import main
from triage.cli.parser import EXIT_CODES, build_parser
from triage.conversation.prompts import Key, PlainAsker
from triage.exchange.schemas import KINDS
from triage.reasoning.engine import Engine

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("answer-files.md", "cluster.md", "embed.md", "evaluation-sets.md", "how-it-decides.md", "use.md")
CUT = "[...]"


def keep_file(example: Example) -> None:
    """Check a block of TOML, and write it to the file that it names."""
    text = str(example.parsed)
    tomllib.loads(text)
    if named := re.match(r"# ([\w./-]+\.toml)\n", text):
        Path(named[1]).write_text(text, "utf-8")


def run_commands(example: Example) -> str | None:
    """Run each line that begins with a prompt; what differs from what is printed below it, if anything does."""
    for block in re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]:
        command, _, expected = block.partition("\n")
        got = run(command)
        if not re.fullmatch(as_pattern(expected), got.rstrip("\n")):
            return f"$ {command}\nexpected:\n{expected}\ngot:\n{got}"
    return None


def run(command: str) -> str:
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    return subprocess.run(["bash", "-c", command], text=True, check=False, env=environment, **streams).stdout


def as_pattern(expected: str) -> str:
    return "(?s:.*)".join(re.escape(part.strip("\n")) for part in expected.split(CUT)).replace(r"\n", "\n")


SYBIL = Sybil(
    parsers=[
        SkipParser(),
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        CodeBlockParser("toml", keep_file),
        CodeBlockParser("console", run_commands),
    ]
)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_come_true(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = list(SYBIL.parse(DOCS / page).examples())
    assert examples
    for example in examples:
        example.evaluate()


def test_the_example_for_spark_comes_true(tmp_path: Path) -> None:
    """In a process of its own, since it starts Java."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "cluster.md").read_text("utf-8"), re.DOTALL)
    [block] = [block for block in blocks if "pyspark" in block]
    (tmp_path / "block").write_text(block, "utf-8")
    words = [sys.executable, "-m", "doctest", tmp_path / "block"]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}  # of the workers
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600, env=environment)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "block", ["```python\n>>> 1 + 1\n3\n```", "```console\n$ echo a\nb\n```", "```toml\na = b\n```"]
)
def test_an_example_that_does_not_come_true_is_noticed(block: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{block}\n", "utf-8")
    [example] = SYBIL.parse(page).examples()
    with pytest.raises((AssertionError, tomllib.TOMLDecodeError)):
        example.evaluate()


def options() -> list[tuple[str, str]]:
    """Every command with each of its options."""
    return [
        (name, option)
        for name, parser in build_parser().commands.items()
        for action in parser._actions
        for option in ([o for o in action.option_strings if o.startswith("--") and o != "--help"] or [""])
    ]


def test_the_page_on_use_names_every_command_and_option() -> None:
    text = (DOCS / "use.md").read_text("utf-8")
    for command, option in options():
        rows = [line for line in text.splitlines() if line.startswith(f"| `{option}") and option]
        assert f"`leg-cramp-triage {command}" in text, command
        assert not option or any(f"`{command}`" in row or "| all" in row for row in rows), (command, option)


def test_the_page_on_use_names_every_format_and_exit_code() -> None:
    text = (DOCS / "use.md").read_text("utf-8")
    for name in (*FORMATS, *map(str, EXIT_CODES)):
        assert re.search(rf"^\| `?{name}`? \| ", text, re.MULTILINE), name


def test_the_page_on_answer_files_names_every_schema() -> None:
    text = (DOCS / "answer-files.md").read_text("utf-8")
    assert tuple(re.findall(r"^\| `schema (\w+)` \| ", text, re.MULTILINE)) == KINDS


def test_the_page_on_use_names_every_key_below_a_result(engine: Engine) -> None:
    _, _, below = (DOCS / "use.md").read_text("utf-8").partition("Below the result")
    asker = PlainAsker(engine, sys.stdin, sys.stderr)
    offered = {offer.key for one in sample(engine).values() for offer in _readings(engine.rulebase, one, asker)}
    assert set(re.findall(r"^\| `(\w)` \| ", below, re.MULTILINE)) == {*offered, "p", LISTS, Key.CHANGE}


def test_the_page_on_use_names_no_option_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    known = {option for _, option in options()} | {"--help", "--version"}
    assert set(re.findall(r"--[a-z][a-z-]+", (DOCS / "use.md").read_text("utf-8"))) <= known
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Exit codes" in capsys.readouterr().out
