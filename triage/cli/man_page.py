"""The manual page, made from the command line and from what the rule base says of itself.

In the macros of man(7), so that every reader of manuals shows it.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator

from triage.cli.parser import EXIT_CODES, NAME, Parser, commands_of
from triage.knowledge.model import RuleBase
from triage.output.view import net_sentences
from triage.version import __version__

WIDTH = 70  # of a line of the source
SUMMARY = "questions about leg cramps, and what to do"
FILES = {
    "*.toml": "Answers, as --save writes them: a table [answers] of questions and answers. The rules command tells "
    "the ids. With a table [expect] it is a scenario, for the test command.",
    "*.triage.toml": "A scenario that pytest runs as a test.",
    "*.json": "The same answers in FHIR, as other programs write them.",
}
ENVIRONMENT = {
    "NO_COLOR": "If it is set, nothing is coloured.",
    "TERM": "If it is dumb or unknown, the questions are plain numbered lines, as with --plain.",
    "COLUMNS": "How wide the lines of a result are.",
}


def man_page(parser: Parser, rulebase: RuleBase) -> str:
    """The source of the page. Every text of the rule base stands in it as it is."""
    return "".join(f"{line}\n" for line in _lines(parser, rulebase))


def _lines(parser: Parser, rulebase: RuleBase) -> Iterator[str]:
    yield f'.TH {_quoted(NAME.upper())} 1 "" {_quoted(f"{NAME} {__version__}")}'
    yield from (".SH NAME", f"{_escaped(NAME)} \\- {SUMMARY}")
    yield from (".SH SYNOPSIS", *_synopsis(NAME, "[OPTION ...]"))
    yield from (".br", *_synopsis(NAME, "COMMAND ..."))
    yield from (".SH DESCRIPTION", *_text(parser.description or ""), *_cautions(rulebase))
    yield from (".SH OPTIONS", *_arguments(parser))
    yield ".SH COMMANDS"
    for name, command in commands_of(parser).items():
        yield from (f".SS {_quoted(name)}", *_command(command))
    yield from (".SH EXIT STATUS", *_table((str(code), _capital(means)) for code, means in EXIT_CODES.items()))
    yield from (".SH FILES", *_table(FILES.items()))
    yield from (".SH ENVIRONMENT", *_table(ENVIRONMENT.items()))
    yield from (".SH EXAMPLES", *_examples(parser))


def _cautions(rulebase: RuleBase) -> Iterator[str]:
    _, emergency = net_sentences(rulebase.safety_net)
    yield from (".PP", *_text(rulebase.about.statement))
    yield from (".PP", *_text(emergency))


def _command(command: Parser) -> Iterator[str]:
    takes = (_usage(action) for action in command._actions if not action.option_strings)
    yield from _synopsis(command.prog, " ".join(["[OPTION ...]", *takes]))
    yield from (".PP", *_text(command.description or ""))
    yield from _arguments(command)
    if command.examples:
        yield from (".PP", "Examples:", *_examples(command))


def _arguments(parser: Parser) -> Iterator[str]:
    """What a command takes, files first, but for the commands themselves and the help that all have."""
    expand = parser._get_formatter()._expand_help
    for action in sorted(parser._actions, key=lambda action: bool(action.option_strings)):
        if not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)):
            yield from (".TP", _heading(action), *_text(_capital(expand(action))))


def _heading(action: argparse.Action) -> str:
    named = ", ".join(f"\\fB{_escaped(option)}\\fR" for option in action.option_strings)
    value = f"\\fI{_escaped(_value(action))}\\fR" if action.nargs != 0 else ""
    return " ".join(part for part in (named, value) if part)


def _usage(action: argparse.Action) -> str:
    value = _value(action)
    return {"?": f"[{value}]", "+": f"{value} ..."}.get(str(action.nargs), value)


def _value(action: argparse.Action) -> str:
    return str(action.metavar) if action.metavar else "|".join(map(str, action.choices or [action.dest]))


def _examples(parser: Parser) -> Iterator[str]:
    lines = ((f"{NAME} {words}".rstrip(), does) for words, does in parser.examples.items())
    return _table((line, _capital(does)) for line, does in lines)


def _table(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, means in entries:
        yield from (".TP", f"\\fB{_escaped(name)}\\fR", *_text(means))


def _synopsis(program: str, words: str) -> Iterator[str]:
    yield f"\\fB{_escaped(program)}\\fR {_escaped(words)}"


def _text(text: str) -> Iterator[str]:
    """A text that is filled; each sentence begins a line."""
    for sentence in text.split(". "):
        yield from map(_escaped, textwrap.wrap(f"{sentence.rstrip('.')}.", WIDTH, break_on_hyphens=False))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "\\(dq") + '"'


def _escaped(text: str) -> str:
    """Nothing in it is a command, and a hyphen stays one that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
