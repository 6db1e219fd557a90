"""Completion in real shells, and the manual page in real readers: what is made when the package is built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pexpect
import pytest

from triage.cli import built, completion
from triage.cli.main import main
from triage.cli.parser import EXIT_CODES, NAME, SHELLS, Parser, build_parser, commands_of
from triage.knowledge.rule_files import rules_folder

ROOT = Path(__file__).resolve().parents[1]
REQUIRED = "TRIAGE_SHELLS_REQUIRED"  # set by .ci/run: what is not there fails instead of being skipped
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
    """The files, made anew of this checkout."""
    folder = tmp_path_factory.mktemp("made")
    built.write(rules_folder(), folder)
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file and a folder in it."""
    (tmp_path / "answers.toml").touch()
    (tmp_path / "another").mkdir()
    monkeypatch.chdir(tmp_path)


# --- completion


def in_bash(made: Path, line: str) -> set[str]:
    return set(output("bash", "--norc", "-c", BASH, "bash", made / built.FILES["bash"], line).split())


def in_fish(made: Path, line: str) -> set[str]:
    script = 'source "$argv[1]"; complete --do-complete "$argv[2]"'
    words = (needed("fish"), "--no-config", "-c", script, made / built.FILES["fish"], line)
    return {found.split("\t")[0].rstrip("/") for found in output(*words, HOME=os.getcwd()).split("\n") if found}


def test_a_shell_that_explains_words_does_so_on_a_line(made: Path) -> None:
    for shell in ("fish", "zsh"):
        text = (made / built.FILES[shell]).read_text("utf-8")
        for command in commands_of(build_parser()).values():
            assert str(command.description)[:40] not in text


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
    assert candidates(made, f"{NAME} ") >= commands_of(parser).keys()
    for name, command in commands_of(parser).items():
        options = {option for action in command._actions for option in action.option_strings}
        assert candidates(made, f"{NAME} {name} --") == {option for option in options if option.startswith("--")}
    [formats] = [action.choices for action in commands_of(parser)["run"]._actions if action.dest == "format"]
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
    zsh.expect(r"typed:([^\r\n]*)")
    assert zsh.match[1].rstrip() == completed


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_prints_what_was_built(
    made: Path, shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(built, "FOLDER", made)
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == (made / built.FILES[shell]).read_text("utf-8")


def test_a_package_that_was_not_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(built, "FOLDER", tmp_path / "nowhere")
    assert main(["completion", "zsh"]) == 2
    assert f"nowhere/_{NAME}: is not there" in capsys.readouterr().err
    assert completion.__name__ in sys.modules


# --- the manual


@pytest.fixture(scope="module")
def page(made: Path) -> Path:
    return made / built.FILES[built.MAN]


def test_the_manual_has_no_fault(page: Path) -> None:
    """But for the date, which it has none of: the same source gives the same page on any day."""
    done = subprocess.run(
        [needed("mandoc"), "-T", "lint", page], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    faults = (done.stdout + done.stderr).split("\n")
    assert [fault for fault in faults if fault and "missing date" not in fault] == []


def test_man_shows_it_without_a_warning(page: Path) -> None:
    shown = output(needed("man"), "--warnings", "-l", page, MANWIDTH="80", LC_ALL="C.UTF-8", MANPAGER="cat")
    assert all(len(line) <= 80 for line in re.sub(".\b", "", shown).split("\n"))
    assert "EXIT STATUS" in shown


def test_the_manual_holds_all_that_help_holds(page: Path) -> None:
    text = " ".join(shown(page).split())
    parser = build_parser()
    assert str(parser.description) in text
    for command in commands_of(parser).values():
        assert f"{command.prog} [OPTION ...]" in text
        assert str(command.description) in text
        for action in command._actions:
            told = str(action.help)
            assert action.dest == "help" or f"{told[:1].upper()}{told[1:].rstrip('.')}." in text
            assert all(option in text for option in action.option_strings if action.dest != "help")
        assert all(f"{NAME} {words}" in text for words in command.examples)
    assert all(f"{code} {means[:1].upper()}{means[1:]}." in text for code, means in EXIT_CODES.items())


def test_the_manual_sends_an_emergency_to_the_phone(page: Path) -> None:
    text = " ".join(shown(page).split())
    assert text.index("emergency number") < text.index("OPTIONS")


def shown(page: Path) -> str:
    """The page as its requests are taken away: what a reader shows, but for its layout."""
    lines = page.read_text("utf-8").split("\n")
    text = "\n".join(line for line in lines if not line.startswith((".TP", ".PP", ".br", ".TH")))
    text = re.sub(r"^\.S[HS] ", "", text, flags=re.MULTILINE)
    return re.sub(r"\\f[BIR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\")


# --- the parser, and the build


def test_every_command_says_what_it_does_and_shows_examples_that_it_takes() -> None:
    parser = build_parser()
    for name, command in commands_of(parser).items():
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


def test_every_file_has_its_place_in_the_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    places = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert set(places) == {f"triage/built/{name}" for name in built.FILES.values()}
    assert all(place.startswith("share/") for place in places.values())


def test_what_is_made_needs_nothing_that_is_not_there_when_the_package_is_built(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "sys.modules |= dict.fromkeys(['experta', 'questionary', 'jinja2', 'z3'])\n"
        "from triage.cli import built; built.write(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    output(sys.executable, "-c", script, rules_folder(), tmp_path / "made")
    assert {path.name for path in (tmp_path / "made").iterdir()} == set(built.FILES.values())
