"""What shells and `man` read of the command line. Made when the package is built: shtab is needed only then."""

from __future__ import annotations

from pathlib import Path

from triage.cli.man_page import man_page
from triage.cli.parser import ASK, NAME, SHELLS, Parser, build_parser, commands_of
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.output.rule_sheets import names as names_by_kind

FOLDER = Path(__file__).parent.parent / "built"
MAN = "man"

# Kind -> the name of its file; pyproject.toml says where each is installed.
FILES = {"bash": f"{NAME}.bash", "zsh": f"_{NAME}", "fish": f"{NAME}.fish", MAN: f"{NAME}.1"}


def write(rules: Path, folder: Path = FOLDER) -> None:
    """Make every file anew. `rules`: the rule base whose ids are completed. Raises FaultyInput."""
    rulebase = load(rules)
    texts = {shell: completion(shell, rulebase) for shell in SHELLS}
    texts[MAN] = man_page(build_parser(), rulebase)
    folder.mkdir(exist_ok=True)
    for kind, text in texts.items():
        (folder / FILES[kind]).write_text(text, "utf-8")


def completion(shell: str, rulebase: RuleBase) -> str:
    """The script that completes the command line in a shell."""
    import shtab

    parser = build_parser()
    commands = commands_of(parser)
    every = sorted({name for names in names_by_kind(rulebase).values() for name in names})
    takes = {"FILE": shtab.FILE, "IN": shtab.FILE, "OUT": shtab.FILE, "PATH": shtab.FILE, "DIR": shtab.DIRECTORY}
    for command in commands.values():
        command.description = None  # the line of the list of commands is enough beside a word
        for action in command._actions:
            # The name under which help shows a value tells what it is.
            if action.metavar == "ID":
                action.choices = sorted(rulebase.entries) if action.option_strings else every
            elif action.metavar in takes:
                action.complete = takes[action.metavar]  # type: ignore[attr-defined]
    _add_options(parser, commands[ASK])
    return shtab.complete(parser, shell).rstrip() + "\n"


def _add_options(parser: Parser, other: Parser) -> None:
    """Those of another command, as a line without a command is that command."""
    own = {option for action in parser._actions for option in action.option_strings}
    for action in other._actions:
        if action.option_strings and own.isdisjoint(action.option_strings):
            parser._add_action(action)
