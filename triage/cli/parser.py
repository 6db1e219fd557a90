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
SUMMARIES = ("text", "json", "markdown", "html")
SHELLS = ("bash", "zsh", "fish")

EXIT_CODES = {
    DONE: "done",
    FAILED: "a scenario or check failed",
    WRONG_INPUT: "wrong usage or bad input",
    INCOMPLETE: "answers are missing",
    STOPPED: "stopped",
}


class Option(NamedTuple):
    """What `add_argument` takes: the names of an option, or of an argument without one, and its settings."""

    names: tuple[str, ...]
    settings: Mapping[str, Any]


class Command(NamedTuple):
    """A command. `examples`: words after the program's name, and what they do."""

    help: str
    description: str
    examples: Mapping[str, str]
    options: tuple[Option, ...] = ()
    only_one: tuple[Option, ...] = ()  # options that exclude each other


def _option(*names: str, **settings: Any) -> Option:
    return Option(names, settings)


def _flag(name: str, help: str) -> Option:
    return _option(name, action="store_true", help=help)


def _path(*names: str, metavar: str = "FILE", **settings: Any) -> Option:
    """Something that is named by a path; completion goes by the metavar."""
    return _option(*names, metavar=metavar, type=_not_empty, **settings)


def _not_empty(name: str) -> str:
    """An empty name is a mistake, like a variable of a script that was never set."""
    if not name:
        raise argparse.ArgumentTypeError("is empty: give a name, or leave the option out")
    return name


def _format(formats: Iterable[str], help: str = "of the result (default: text)") -> Option:
    return _option("--format", choices=list(formats), default=TEXT, help=help)


RULES = _path("--rules", metavar="DIR", help="use another rule base")
COUNTRY = _option(
    "--country", metavar="NAME", default="", help="whom to call: uk, eu, us, china, india, australia, other"
)
FULL = _flag("--full", "everything, not only the short result")
LARGE = _flag("--large", "in large print (the HTML page)")
OUTPUT = _path("--output", help="write the result to a file (mode 0600), not to the screen")
EXPLAINED = (
    _flag("--explain", "add how the result was concluded, down to answers"),
    _option(
        "--why-not",
        metavar="ID",
        action="append",
        default=[],
        help="add why this cause, advice, check or other rule is not in the result (may be given again); a word that is "
        "no id is looked for",
    ),
)

COMMANDS = {
    ASK: Command(
        "the interview (also without a command)",
        "Asks about a dozen questions, danger first. Then it says how urgently to see someone, what may be behind the "
        "cramps and what helps. Keys: a number ticks, Enter goes on, 0 is none, n not sure, b goes back, ? shows more "
        "of a line, ?? of all, w says why a question is asked, h shows what to do for a cramp now, q leaves. Nothing "
        "is stored unless you ask for it.",
        {
            "ask --save mine.toml": "asks, and keeps the answers as you go",
            "ask --resume mine.toml": "goes on from there",
        },
        (
            RULES,
            COUNTRY,
            _format(FORMATS),
            OUTPUT,
            FULL,
            LARGE,
            *EXPLAINED,
            _path("--answers", help="take known answers from a file, ask only the rest"),
            _path(
                "--save",
                help="write the answers to a file after every answer (mode 0600); as FHIR if it ends in .json",
            ),
            _path("--resume", help="go on with a file: --answers and --save at once"),
            _flag("--plain", "numbered prompts, for screen readers and pipes"),
        ),
    ),
    "serve": Command(
        "the questions as pages of a web browser",
        "Serves the questions as pages, one at a time, on this computer only (unless --host says otherwise). No script, "
        "no cookie; the answers come with each page and are kept nowhere. Ctrl-C ends it. How to offer it to others: "
        "docs/host.md.",
        {
            "serve --open": "starts, and opens the browser",
            "serve --port 8080 --country uk": "with the numbers of the UK",
        },
        (
            RULES,
            COUNTRY,
            _option("--host", metavar="HOST", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)"),
            _option("--port", metavar="PORT", type=int, default=8000, help="port (default: 8000; 0: any free one)"),
            _flag("--open", "open the first page in a browser"),
        ),
    ),
    "relief": Command(
        "what to do for a cramp right now, no questions",
        "Prints what to do for a cramp right now, at once. It asks nothing, so it shows only what is safe for "
        "everybody.",
        {"relief": "the steps"},
        (RULES, COUNTRY),
    ),
    "run": Command(
        "scripted answer files, no prompts",
        "Reads answer files and gives a result for each. Nothing is asked. A file is complete when the interview would "
        "ask nothing more; what is missing is named. An answer that is not there never counts as no.",
        {
            "run runner.toml": "one result",
            "run --explain runner.toml": "with how it came about",
            "run --format json one.toml two.toml": "one JSON document on a line for each file",
        },
        (
            RULES,
            COUNTRY,
            _format(FORMATS),
            OUTPUT,
            FULL,
            LARGE,
            *EXPLAINED,
            _path("files", nargs="+", help="answer files (TOML, or FHIR in JSON: responses, Bundles, NDJSON)"),
            _flag("--partial", "say what is known so far where answers are missing"),
        ),
    ),
    "what-if": Command(
        "which single answers would be more urgent",
        "Lists the single answers that would make a result more urgent, the most urgent first.",
        {"what-if --all runner.toml": "every such answer"},
        (
            RULES,
            _format(("text", "json")),
            OUTPUT,
            _path(
                "files",
                nargs="+",
                help="answer files (TOML, or FHIR in JSON: responses, Bundles, NDJSON), also incomplete ones",
            ),
            _flag("--all", "every such answer, not only the first lines"),
        ),
    ),
    "test": Command(
        "scenario files: answers and what must follow",
        "Runs scenario files: answers, and a table [expect] of what must follow. Prints what differs, and which rules "
        "no scenario made fire. pytest runs those that are named *.triage.toml as tests.",
        {
            "test runner.toml": "one scenario",
            "test --rules my-rules stories/": "all files of a folder, with another rule base",
        },
        (RULES, _path("paths", nargs="+", metavar="PATH", help="scenario files, or folders of them")),
    ),
    "batch": Command(
        "many answer sets: rows of CSV, JSON lines, Parquet or Excel (extra: batch)",
        "Reads a row for each answer set and writes a row with its result. Columns are question ids, lists are joined "
        "by ; and an empty cell is not answered. Other columns are carried through. A row with a fault stops nothing: "
        "it goes to OUT.errors with line, column, value and reason. Of a folder or a pattern (in quotes), every file "
        "is read, and OUT is a folder with an output for each.",
        {
            "batch people.csv results.csv": "a result for every row with all answers",
            "batch people.csv.gz results.jsonl --partial": "unfinished rows too",
            "batch people/ results/ --jobs 0": "a folder of files, on every core",
            "batch people/ results/ --resume": "go on with a run over a folder that was stopped",
            "batch '/data/people/*.csv' /data/results --scheduler tcp://10.0.0.5:8786": "by a Dask cluster",
            "batch people.csv results.csv --summary --format html --output page.html": "and a page that counts what "
            "came out",
        },
        (
            RULES,
            _path(
                "input",
                metavar="IN",
                help="CSV, JSON lines (also of FHIR; both also packed with gzip), Parquet or Excel; a folder or pattern of them; - for standard "
                "input",
            ),
            _path("target", metavar="OUT", help="the results, a folder if IN is several files; - for standard output"),
            _option(
                "--from", dest="source_form", choices=READABLE, help="format of IN (default: by its name; CSV for -)"
            ),
            _option("--to", dest="target_form", choices=TABLES, help="format of OUT (default: by its name; CSV for -)"),
            _option(
                "--encoding", metavar="NAME", help="of IN, if it is not UTF-8 and does not say so: windows-1252, ..."
            ),
            _flag("--partial", "write what is known so far where answers are missing"),
            _option(
                "--jobs",
                metavar="N",
                type=int,
                default=1,
                help="processes that share files, or the parts of a large one (default: 1; 0: one a core)",
            ),
            _option(
                "--scheduler",
                metavar="ADDRESS",
                help="let many machines do it: the address of a Dask cluster (extra: distributed)",
            ),
            _flag("--resume", "go on with a run over several files that was stopped"),
            _flag("--summary", "at the end count the rows by level, red flag and cause"),
            _format(SUMMARIES, "of the summary (default: text); that of OUT is --to"),
            _path("--output", help="write the summary to a file (mode 0600), not to the screen"),
        ),
    ),
    "rules": Command(
        "list the rules, or show one",
        "Lists all rules. With an id it shows what is known of a rule: when it holds, in words, what it leads to, its "
        "examples and its sources. Questions, levels, sources, claims and hazards have ids too. For a word that is no id it "
        "names up to five things that have it in their title or text, and ends with code 2.",
        {
            "rules": "all rules",
            "rules age": "the question about age",
            "rules varicose": "what has that word",
            "rules --book": "the rule book",
        },
        (RULES, OUTPUT),
        (
            _option("id", nargs="?", metavar="ID", help="show what has this id: a rule, question, source, claim, ..."),
            _flag("--book", "write the whole rule base as one Markdown document"),
            _flag("--fields", "write which fields the files of a rule base may have"),
        ),
    ),
    "check": Command(
        "check the rule base and its wording, run its examples",
        "Checks every file of a rule base and how plain its texts are, and runs the examples of every rule. What is "
        "wrong is told with file and line.",
        {"check": "the own rule base", "check --prove --rules my-rules": "another one, with the proofs"},
        (
            RULES,
            _flag("--prove", "prove what must hold for all answers (extra: verify)"),
            _option(
                "--mutants",
                metavar="PATH",
                nargs="?",
                const="",
                help="change one thing in each rule, and name what no example and no file of PATH sees (extra: verify)",
            ),
        ),
    ),
    "export": Command(
        "the questions as a form for other software, or as a site",
        "Writes the questions as a form that other software can show and fill in; or, with Node.js, a folder that any "
        "static host can show: the whole program as pages, which work offline and send no answer anywhere.",
        {
            "export fhir --output form.json": "a FHIR Questionnaire",
            "export fhir-bundle --output form.json": "the same, with what its codes mean",
            "export xlsform --output form.xlsx": "a form for ODK and KoboToolbox",
            "export site public --country uk": "a folder for a static host, with the numbers of the UK",
            "export redcap --output fields.csv": "the fields of a form for REDCap",
        },
        (
            RULES,
            COUNTRY,
            _option(
                "form",
                choices=[*FORMS, SITE],
                help="fhir: a Questionnaire (R4), as JSON; fhir-bundle: with its code systems and value sets; redcap: fields for REDCap, as CSV; xlsform: for ODK and KoboToolbox, "
                "as .xlsx (extra: xlsform); site: the program as pages, in FOLDER",
            ),
            _path("folder", metavar="FOLDER", nargs="?", help="of the site: a new one, or an older site"),
            _path(
                "--pyodide",
                metavar="PATH",
                help="Pyodide for the site: its npm package, or a folder with its files (default: npm brings it)",
            ),
            OUTPUT,
        ),
    ),
    "completion": Command(
        "completion of this command line, for a shell",
        "Prints a script that lets the Tab key complete commands, options, files and ids in a shell.",
        {
            f"completion bash > {NAME}.bash": "for bash; where it belongs: docs/shell.md",
            f"completion zsh > ~/.zfunc/_{NAME}": "for zsh, where ~/.zfunc is in fpath",
            f"completion fish > ~/.config/fish/completions/{NAME}.fish": "for fish",
        },
        (_option("shell", choices=SHELLS, help="which shell"),),
    ),
    "demo": Command(
        "play a made-up story, to see how the questions go",
        "Shows an interview with ready answers, and its result. At a terminal Enter goes on. At the end it names the "
        "other stories.",
        {"demo": "the first story"},
        (RULES, _option("story", nargs="?", metavar="STORY", help="its name (default: the first one)")),
    ),
    "schema": Command(
        "JSON Schemas of answer files, scenarios, results and rules",
        "Prints a JSON Schema (draft-07). With one, editors complete ids and mark mistakes in TOML files whose first "
        "line names it: #:schema ./answers.schema.json",
        {
            "schema answers --output answers.schema.json": "for answer files",
            "schema rules causes/everyday.toml": "for one kind of file of a rule base",
        },
        (
            RULES,
            _option("kind", choices=KINDS, help="of what"),
            _path("file", nargs="?", help="of rules: only of this file, like causes/everyday.toml"),
            OUTPUT,
        ),
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
    commands = commands_of(parser)
    informs = ("-h", "--help", "--version")
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
        made = commands.add_parser(name, help=command.help, description=command.description, formatter_class=_Formatter)
        made.examples = command.examples
        _add(made, command.options)
        if command.only_one:
            _add(made.add_mutually_exclusive_group(), command.only_one)
    return parser


def _add(to: argparse._ActionsContainer, options: Iterable[Option]) -> None:
    for names, settings in options:
        to.add_argument(*names, **settings)


def commands_of(parser: Parser) -> Mapping[str, Parser]:
    """The command line of every command."""
    [commands] = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return commands
