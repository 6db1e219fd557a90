"""Completion in real shells, by the scripts that `completion` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pexpect
import pytest

from triage.cli.parser import COMMANDS, NAME, SHELLS, Parser, build_parser

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = "TRIAGE_SHELLS_REQUIRED"  # set by .ci/run: what is not there fails instead of being skipped
SCRIPTS = {"bash": f"{NAME}.bash", "zsh": f"_{NAME}", "fish": f"{NAME}.fish"}
SECONDS = 10  # how long to wait for a shell before a test fails

BASH = """
source "$1"
line=$2
read -ra COMP_WORDS <<<"$line"
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
[[ $(complete -p "${COMP_WORDS[0]}") =~ -F\\ ([a-zA-Z_]+) ]]
"${BASH_REMATCH[1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
unsetopt prompt_sp
PROMPT='%% ' fpath=({folder} $fpath)
autoload -Uz compinit && compinit -u -d {folder}/dump
{name}() {{ print -r -- "typed:$*" }}
"""


def needed(program: str) -> str:
    """The path of a program; where it is not installed, the test is skipped, or fails where `REQUIRED` is set."""
    found = shutil.which(program)
    if found is None:
        hint = f"{program} is not installed"
        pytest.fail(hint, pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(hint)
    return found


def output(*words: str | Path, **environment: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, env=os.environ | environment, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the script of every shell, under the name that the shell looks for."""
    folder = tmp_path_factory.mktemp("made")
    for shell, name in SCRIPTS.items():
        (folder / name).write_text(output(sys.executable, "-m", "triage", "completion", shell), "utf-8")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file and a folder in it."""
    (tmp_path / "answers.toml").touch()
    (tmp_path / "another").mkdir()
    monkeypatch.chdir(tmp_path)


# --- completion


def in_bash(made: Path, line: str) -> set[str]:
    return set(output("bash", "--norc", "-c", BASH, "bash", made / SCRIPTS["bash"], line).split())


def in_fish(made: Path, line: str) -> set[str]:
    script = 'source "$argv[1]"; complete --do-complete "$argv[2]"'
    words = (needed("fish"), "--no-config", "-c", script, made / SCRIPTS["fish"], line)
    return {found.split("\t")[0].rstrip("/") for found in output(*words, HOME=os.getcwd()).split("\n") if found}


def test_a_shell_that_explains_words_does_so_on_a_line(made: Path) -> None:
    for shell in ("fish", "zsh"):
        text = (made / SCRIPTS[shell]).read_text("utf-8")
        for command in COMMANDS.values():
            assert not command.more or command.more[:40] not in text


Candidates = Callable[[Path, str], set[str]]


@pytest.mark.parametrize("candidates", [in_bash, in_fish])
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("wh", {"what-if"}),
        ("run a", {"answers.toml", "another"}),
        ("run answers.toml a", {"answers.toml", "another"}),
        ("run --ex", {"--explain"}),
        ("run --rules a", {"another"}),
        ("--pl", {"--plain"}),
        ("check --pr", {"--prove"}),
        ("rules one-leg-sw", {"one-leg-swollen"}),
        ("run --why-not one-leg-sw", {"one-leg-swollen"}),
        ("run --why-not no-such-id", set()),
        ("completion ", set(SHELLS)),
    ],
)
def test_a_line_is_completed(made: Path, candidates: Candidates, typed: str, found: set[str]) -> None:
    assert candidates(made, f"{NAME} {typed}") == found


@pytest.mark.parametrize("candidates", [in_bash, in_fish])
def test_every_command_every_choice_and_every_rule_is_offered(made: Path, candidates: Candidates) -> None:
    parser = build_parser()
    assert candidates(made, f"{NAME} ") >= parser.commands.keys()
    for name, command in parser.commands.items():
        options = {option for action in command._actions for option in action.option_strings}
        assert candidates(made, f"{NAME} {name} --") == {option for option in options if option.startswith("--")}
    [formats] = [action.choices for action in parser.commands["run"]._actions if action.dest == "format"]
    assert candidates(made, f"{NAME} run --format ") == set(formats or ())
    assert len(candidates(made, f"{NAME} rules ")) > 500


@pytest.fixture(scope="module")
def zsh(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pexpect.spawn]:
    """A zsh that finds the file by itself, with a program that repeats its words."""
    folder = tmp_path_factory.mktemp("zsh")
    (folder / ".zshrc").write_text(ZSH.format(folder=made, name=NAME))
    environment = os.environ | {"ZDOTDIR": str(folder), "TERM": "dumb", "HOME": str(folder)}
    shell = pexpect.spawn(needed("zsh"), ["-d", "-i"], env=environment, encoding="utf-8", timeout=SECONDS)
    shell.expect_exact("% ")
    yield shell
    shell.close(force=True)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("wh\t", "what-if"),
        ("rel\t", "relief"),
        ("run --ex\t", "run --explain"),
        ("run ans\t", "run answers.toml"),
        ("run --rules a\t", "run --rules another"),
        ("rules one-leg-sw\t", "rules one-leg-swollen"),
        ("completion z\t", "completion zsh"),
        ("--pl\t", "--plain"),
    ],
)
def test_the_tab_key_completes_in_zsh(zsh: pexpect.spawn, typed: str, completed: str) -> None:
    zsh.sendline(f"cd {Path.cwd()} && print go' on'")  # its echo does not say "go on"
    zsh.expect_exact("go on")
    zsh.expect_exact("% ")
    zsh.sendline(f"{NAME} {typed}")
    zsh.expect(r"typed:([^\r\n]*)\r")
    assert zsh.match[1].rstrip() == completed


# --- the parser


def test_every_command_says_what_it_does_and_shows_examples_that_it_takes() -> None:
    parser = build_parser()
    for name, command in parser.commands.items():
        assert command.description, name
        assert command.examples, name
        for words in command.examples:
            assert words.split()[0] == name
            accepted(parser, words.partition(" > ")[0].split())


def accepted(parser: Parser, words: Sequence[str]) -> None:
    try:
        parser.parse_args(words)
    except SystemExit:
        pytest.fail(f"not taken: {words}")
