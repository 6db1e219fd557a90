"""The command line: every command with its options, and what help says of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from triage.cli.console import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, say
from triage.cli.formats import FORMATS, FORMS, SITE, TEXT
from triage.exchange.schemas import KINDS
from triage.knowledge.faults import allowed
from triage.output import screen
from triage.version import NAME, __version__, program

ASK = "ask"
TABLES = ("csv", "jsonl", "parquet")
READABLE = (*TABLES, "xlsx")
SUMMARIES = ("text", "json", "html")
SHELLS = ("bash", "zsh", "fish")
PATHS = ("FILE", "FOLDER", "PATH", "DIR", "IN", "OUT")  # what help calls a value that is the name of a file or folder

EXIT_CODES = {
    DONE: "done",
    FAILED: "a scenario or check failed",
    WRONG_INPUT: "wrong usage or bad input",
    INCOMPLETE: "answers are missing",
    STOPPED: "stopped",
}


Option = tuple[str, Mapping[str, Any]]  # what `add_argument` takes: the name of an option or argument, and its settings


class Command(NamedTuple):
    """A command. `function`: its module in triage.cli, and what carries it out. `help`: what it does, in a line.

    `more`: the same in sentences, where the line does not say all. `examples`: words, and what they do.
    """

    function: str
    help: str
    options: tuple[Option, ...]
    examples: Mapping[str, str]
    more: str = ""
    only_one: tuple[Option, ...] = ()  # options that exclude each other


def _option(shown: str, help: str, **settings: Any) -> Option:
    """An option or argument as help shows it: its name and what it takes; with neither that nor settings, a flag."""
    name, _, value = shown.partition(" ")
    if value:
        kind = {"type": _not_empty} if value in PATHS else {}
        return name, {"metavar": value, "help": help, **kind, **settings}
    return name, {"help": help, **(settings or {"action": "store_true"})}


def _not_empty(name: str) -> str:
    """An empty name is a mistake, like a variable of a script that was never set."""
    if not name:
        raise argparse.ArgumentTypeError("is empty: give a name, or leave the option out")
    return name


def _format(formats: Iterable[str], help: str = "of the result (default: text)") -> Option:
    return _option("--format", help, choices=list(formats), default=TEXT)


ANSWER_FILES = "answer files (TOML, or FHIR in JSON: responses, Bundles, NDJSON)"
RULES = _option("--rules DIR", "use another rule base")
COUNTRY = _option("--country NAME", "whom to call: uk, eu, us, china, india, australia, other", default="")
OUTPUT = _option("--output FILE", "write the result to a file (mode 0600), not to the screen")
WHY_NOT = "add why this rule is not in the result (may be given again); a word that is no id is looked for"
RESULT = (  # what makes a result and how it is given
    RULES,
    COUNTRY,
    _format(FORMATS),
    OUTPUT,
    _option("--full", "everything, not only the short result"),
    _option("--large", "in large print (the HTML page)"),
    _option("--explain", "add how the result was concluded, down to answers"),
    _option("--why-not ID", WHY_NOT, action="append", default=[]),
)
MUTANTS = "change one thing in each rule, and name what no example and no file of PATH sees (extra: verify)"
FORM = (
    "fhir: a Questionnaire (R4), as JSON; fhir-bundle: with its code systems and value sets; redcap: fields for REDCap, "
    "as CSV; xlsform: for ODK and KoboToolbox, as .xlsx (extra: xlsform); site: the program as pages, in FOLDER"
)

COMMANDS = {
    ASK: Command(
        "opening:ask",
        "the interview (also without a command)",
        (
            *RESULT,
            _option("--answers FILE", "take known answers from a file, ask only the rest"),
            _option("--save FILE", "write the answers to a file after every answer (mode 0600); .json: as FHIR"),
            _option("--resume FILE", "go on with a file: --answers and --save at once"),
            _option("--plain", "numbered prompts, for screen readers and pipes"),
        ),
        {
            "ask --save mine.toml": "asks, and keeps the answers as you go",
            "ask --resume mine.toml": "goes on from there",
        },
        "Asks about a dozen questions, some on two screens, danger first. Then it says how urgently to see someone, what "
        "may be behind the cramps and what helps. Keys: a number ticks, Enter goes on, 0 is none, n not sure, b goes "
        "back, ? shows more of a line, ?? of all, w says why it is asked, h what to do for a cramp now, q leaves. "
        "Nothing is stored unless you ask for it.",
    ),
    "serve": Command(
        "serve:serve",
        "the questions as pages of a web browser",
        (
            RULES,
            COUNTRY,
            _option("--host HOST", "address to listen on (default: 127.0.0.1)", default="127.0.0.1"),
            _option("--port PORT", "port (default: 8000; 0: any free one)", type=int, default=8000),
            _option("--open", "open the first page in a browser"),
        ),
        {"serve --open": "starts, and opens the browser"},
        "One question at a time, on this computer only (unless --host says otherwise). No script, no cookie; nothing is "
        "kept. Ctrl-C ends it. How to offer it to others: docs/host.md.",
    ),
    "relief": Command(
        "relief:relief",
        "what to do for a cramp right now, no questions",
        (RULES, COUNTRY),
        {"relief": "only what is safe for everybody"},
    ),
    "run": Command(
        "run:run",
        "scripted answer files, no prompts",
        (
            *RESULT,
            _option("files FILE", ANSWER_FILES, nargs="+"),
            _option("--partial", "say what is known so far where answers are missing"),
        ),
        {"run --format json one.toml two.toml": "one JSON document on a line for each file"},
        "A result for each file. One is complete when the interview would ask nothing more; what is missing is named. An "
        "answer that is not there never counts as no.",
    ),
    "what-if": Command(
        "run:what_if",
        "which single answers would be more urgent",
        (
            RULES,
            _format(("text", "json")),
            OUTPUT,
            _option("files FILE", f"{ANSWER_FILES}, also incomplete ones", nargs="+"),
            _option("--all", "every such answer, not only the first lines"),
        ),
        {"what-if --all runner.toml": "every such answer"},
    ),
    "test": Command(
        "testing:run_scenarios",
        "scenario files: answers and what must follow",
        (RULES, _option("paths PATH", "scenario files, or folders of them", nargs="+")),
        {"test --rules my-rules stories/": "all files of a folder, with another rule base"},
        "Prints what differs from the table [expect], and which rules no scenario made fire. pytest runs files that are "
        "named *.triage.toml as tests.",
    ),
    "batch": Command(
        "batch:batch",
        "many answer sets: rows of CSV, JSON lines, Parquet or Excel (extra: batch)",
        (
            RULES,
            _option(
                "input IN",
                "CSV or JSON lines (also of FHIR, also packed with gzip), Parquet or Excel; a folder or pattern of "
                "them; - for standard input",
            ),
            _option("target OUT", "the results, a folder if IN is several files; - for standard output"),
            _option("--from", "format of IN (default: by its name; CSV for -)", dest="source_form", choices=READABLE),
            _option("--to", "format of OUT (default: by its name; CSV for -)", dest="target_form", choices=TABLES),
            _option("--encoding NAME", "of IN, if it is not UTF-8 and does not say so: windows-1252, ..."),
            _option("--partial", "write what is known so far where answers are missing"),
            _option(
                "--jobs N",
                "processes that share files, or the parts of a large one (default: 1; 0: one a core)",
                type=int,
                default=1,
            ),
            _option("--scheduler ADDRESS", "let many machines do it: of a Dask cluster (extra: distributed)"),
            _option("--resume", "go on with a run over several files that was stopped"),
            _option("--summary", "at the end count the rows by level, red flag and cause"),
            _format(SUMMARIES, "of the summary (default: text); that of OUT is --to"),
            _option("--output FILE", "write the summary to a file (mode 0600), not to the screen"),
        ),
        {
            "batch people.csv results.csv": "a result for every row with all answers",
            "batch people/ results/ --jobs 0": "a folder of files, on every core",
            "batch people.csv results.csv --summary --format html --output page.html": "with a page of counts",
        },
        "Reads a row for each answer set and writes a row with its result. Columns are question ids, lists are joined "
        "by ; and an empty cell is not answered. Other columns are carried through. A row with a fault stops nothing: "
        "it goes to OUT.errors with line, column, value and reason. Of a folder or a pattern (in quotes), every file "
        "is read, and OUT is a folder with an output for each.",
    ),
    "rules": Command(
        "rules:show_rules",
        "list the rules, or show one",
        (RULES, OUTPUT),
        {
            "rules age": "the question about age",
            "rules varicose": "what has that word",
            "rules --book": "the rule book",
        },
        "With an id it shows when a rule holds, what it leads to, its examples and sources. Questions, levels, sources, "
        "claims and hazards have ids too; that of an option shows its question. For a word that is no id it names up to "
        "five that have it, and ends with code 2.",
        (
            _option("id ID", "show what has this id: a rule, question, source, claim, ...", nargs="?"),
            _option("--book", "write the whole rule base as one Markdown document"),
            _option("--fields", "write which fields the files of a rule base may have"),
        ),
    ),
    "check": Command(
        "check:check",
        "check the rule base and its wording, run its examples",
        (
            RULES,
            _option("--prove", "prove what must hold for all answers (extra: verify)"),
            _option("--mutants PATH", MUTANTS, nargs="?", const="", type=str),
        ),
        {"check --prove --rules my-rules": "another one, with the proofs"},
    ),
    "export": Command(
        "export:export",
        "the questions as a form for other software, or as a site",
        (
            RULES,
            COUNTRY,
            _option("form", FORM, choices=[*FORMS, SITE]),
            _option("folder FOLDER", "of the site: a new one, or an older site", nargs="?"),
            _option("--pyodide PATH", "Pyodide for the site: its npm package or files (default: npm brings it)"),
            OUTPUT,
        ),
        {
            "export fhir --output form.json": "a FHIR Questionnaire",
            "export site public --country uk": "a folder for a static host, with the numbers of the UK",
        },
        "A site is the whole program as pages, which work offline and send no answer anywhere. Node.js makes it.",
    ),
    "completion": Command(
        "completion:show",
        "completion of this command line by the Tab key",
        (_option("shell", "which shell", choices=SHELLS),),
        {f"completion bash > {NAME}.bash": "the script for bash; where each belongs: docs/shell.md"},
    ),
    "demo": Command(
        "demo:demo",
        "play a made-up story, to see how the questions go",
        (RULES, _option("story STORY", "its name (default: the first one)", nargs="?")),
        {"demo": "the first story; at its end it names the others"},
    ),
    "schema": Command(
        "schema:write_schema",
        "JSON Schemas of answer files, scenarios, results and rules",
        (RULES, _option("kind", "of what", choices=KINDS), OUTPUT),
        {"schema answers --output answers.schema.json": "for answer files"},
        "Draft-07. Editors complete ids and mark mistakes in TOML files whose first line names it: "
        "#:schema ./answers.schema.json",
    ),
}


class _Formatter(argparse.HelpFormatter):
    """Breaks no word. Made for every option; without a width it would import a slow module to find one."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=screen.width() - 2)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return screen.wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(screen.wrap(text, width, indent))


class Parser(argparse.ArgumentParser):
    """A command line whose help ends with examples."""

    examples: Mapping[str, str] = {}
    commands: Mapping[str, Parser] = {}

    def format_help(self) -> str:
        lines = ["", "examples:"] if self.examples else []
        for words, does in self.examples.items():
            lines += [f"  {program()} {words}".rstrip(), *screen.wrap(does, screen.width(), " " * 6)]
        return super().format_help() + "".join(f"{line}\n" for line in lines)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        say(f"{self.prog}: error: {message}")
        self.exit(WRONG_INPUT)

    def _print_message(self, message: str, file: Any = None) -> None:
        """That help could not be written is not hidden."""
        if file is not None:
            file.write(message)


def parse(given: list[str]) -> argparse.Namespace:
    """The words of a command line; without a command it is the interview."""
    parser = build_parser()
    commands, informs = parser.commands, ("-h", "--help", "--version")
    named = given and not given[0].startswith("-")
    if named and given[0] not in commands:
        parser.error(f'no command "{given[0]}" ({allowed(given[0], commands)})')
    args, unknown = parser.parse_known_args(given if named or any(i in given for i in informs) else [ASK, *given])
    if unknown:
        command = commands[args.command]
        options = [name for action in command._actions for name in action.option_strings]
        hint = f" ({allowed(unknown[0].partition('=')[0], options)})" if unknown[0].startswith("-") else ""
        command.error(f"not understood: {' '.join(unknown)}{hint}")
    return args


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog=NAME,
        formatter_class=_Formatter,
        description="Questions about leg cramps: how urgently to see someone, what may be behind them, what helps. "
        "Information; it does not replace a doctor. Without a command it does what ask does.",
        epilog=f"Exit codes: {'; '.join(f'{code} {means}' for code, means in EXIT_CODES.items())}.",
    )
    parser.examples = {"": "the questions, then the result", "relief": "what to do for a cramp right now"}
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    commands = parser.add_subparsers(prog=NAME, dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        description = f"{command.help[0].upper()}{command.help[1:]}. {command.more}"
        made = commands.add_parser(name, help=command.help, description=description, formatter_class=_Formatter)
        made.examples = command.examples
        for option, settings in command.options:
            made.add_argument(option, **settings)
        if command.only_one:
            only_one = made.add_mutually_exclusive_group()
            for option, settings in command.only_one:
                only_one.add_argument(option, **settings)
    parser.commands = commands.choices
    return parser
