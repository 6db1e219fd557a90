"""The command line: every command with its options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from triage.cli.common import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT
from triage.cli.export import FORMS
from triage.cli.formats import FORMATS
from triage.exchange.schemas import KINDS
from triage.knowledge.faults import printable
from triage.output import screen
from triage.version import __version__

NAME = "leg-cramp-triage"
ASK, RELIEF, RUN, WHAT_IF, TEST, RULES, CHECK = "ask", "relief", "run", "what-if", "test", "rules", "check"
EXPORT, SCHEMA, COMPLETION, DEMO, BATCH = "export", "schema", "completion", "demo", "batch"
TABLES = ("csv", "jsonl", "parquet")
SUMMARIES = ("text", "json", "markdown", "html")
SHELLS = ("bash", "zsh", "fish")

EXIT_CODES = {
    DONE: "done",
    FAILED: "a scenario or check failed",
    WRONG_INPUT: "wrong usage or bad input",
    INCOMPLETE: "answers are missing",
    STOPPED: "stopped",
}


class _Help(argparse.HelpFormatter):
    """Is made for every option, and looks for the width with a module that is slow to import, unless it is told."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=screen.columns() - 2)


class Parser(argparse.ArgumentParser):
    """A command line. `examples`: words after the program's name, and what they do; help and manual show them."""

    def __init__(self, *args: Any, examples: Mapping[str, str] = MappingProxyType({}), **kwargs: Any) -> None:
        super().__init__(*args, **{"formatter_class": _Help, **kwargs})
        self.examples = examples

    def format_help(self) -> str:
        shown = [f"  {NAME} {words}".rstrip() + f"\n      {does}\n" for words, does in self.examples.items()]
        return super().format_help() + "".join(["\nexamples:\n", *shown] if shown else [])

    # Wrong words are repeated in messages.
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parse(given: list[str]) -> argparse.Namespace:
    """The words of a command line; without a command it is the interview."""
    informs = ("-h", "--help", "--version")
    named = given and not given[0].startswith("-")
    words = given if named or any(i in given for i in informs) else [ASK, *given]
    return build_parser(words[0] if words[0] in _ADD else None).parse_args(words)


def build_parser(command: str | None = None) -> Parser:
    """The command line. With one command of it, those that were not asked for are left out: they take time."""
    parser = Parser(
        prog=NAME,
        description="Questions about leg cramps: how urgently to see someone, what may be behind them, what helps. "
        "Information; it does not replace a doctor. Without a command it does what ask does.",
        epilog=f"Exit codes: {'; '.join(f'{code} {means}' for code, means in EXIT_CODES.items())}.",
        examples={"": "the questions, then the result", RELIEF: "what to do for a cramp right now"},
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    commands = parser.add_subparsers(prog=NAME, dest="command", required=True, metavar="COMMAND")
    for name, add in _ADD.items():
        if command in (name, None):
            add(commands)
    return parser


def commands_of(parser: Parser) -> Mapping[str, Parser]:
    """The command line of every command."""
    [commands] = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return commands


if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[Parser]  # argparse has no public name for it


def _common() -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument("--rules", metavar="DIR", help="use another rule base")
    return parser


def _output(formats: Iterable[str] = FORMATS) -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument("--format", choices=list(formats), default="text", help="of the result (default: text)")
    _add_output(parser)
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", metavar="FILE", help="write the result to a file (mode 0600), not to the screen")


def _explained() -> Parser:
    parser = Parser(add_help=False)
    parser.add_argument("--explain", action="store_true", help="add how the result was concluded, down to answers")
    why_not = "add why this cause, advice, check or other rule is not in the result (may be given again)"
    parser.add_argument("--why-not", metavar="ID", action="append", default=[], help=why_not)
    return parser


def _add_ask(commands: _Commands) -> None:
    parents = [_common(), _output(), _explained()]
    ask = commands.add_parser(
        ASK,
        parents=parents,
        help="the interview (also without a command)",
        description="Asks about a dozen questions, danger first. Then it says how urgently to see someone, what may "
        "be behind the cramps and what helps. Keys: a number ticks, Enter goes on, 0 is none, n not sure, b goes back, "
        "? shows more of a line, ?? of all, w says why a question is asked, h shows what to do for a cramp now, q "
        "leaves. Nothing is stored unless you ask for it.",
        examples={
            f"{ASK} --save mine.toml": "asks, and keeps the answers as you go",
            f"{ASK} --resume mine.toml": "goes on from there",
        },
    )
    ask.add_argument("--answers", metavar="FILE", help="take known answers from a file, ask only the rest")
    ask.add_argument(
        "--save",
        metavar="FILE",
        help="write the answers to a file after every answer (mode 0600); as FHIR if it ends in .json",
    )
    ask.add_argument("--resume", metavar="FILE", help="go on with a file: --answers and --save at once")
    ask.add_argument("--plain", action="store_true", help="numbered prompts, for screen readers and pipes")


def _add_relief(commands: _Commands) -> None:
    commands.add_parser(
        RELIEF,
        parents=[_common()],
        help="what to do for a cramp right now, no questions",
        description="Prints what to do for a cramp right now, at once. It asks nothing, so it shows only what is safe "
        "for everybody.",
        examples={RELIEF: "the steps"},
    )


def _add_run(commands: _Commands) -> None:
    parents = [_common(), _output(), _explained()]
    run = commands.add_parser(
        RUN,
        parents=parents,
        help="scripted answer files, no prompts",
        description="Reads answer files and gives a result for each. Nothing is asked. A file is complete when the "
        "interview would ask nothing more; what is missing is named. An answer that is not there never counts as no.",
        examples={
            f"{RUN} runner.toml": "one result",
            f"{RUN} --explain runner.toml": "with how it came about",
            f"{RUN} --format json one.toml two.toml": "one JSON document on a line for each file",
        },
    )
    run.add_argument("files", nargs="+", metavar="FILE", help="answer files (TOML, or FHIR responses in JSON)")
    run.add_argument("--partial", action="store_true", help="say what is known so far where answers are missing")


def _add_what_if(commands: _Commands) -> None:
    parents = [_common(), _output(("text", "json"))]
    more = commands.add_parser(
        WHAT_IF,
        parents=parents,
        help="which single answers would be more urgent",
        description="Lists the single answers that would make a result more urgent, the most urgent first.",
        examples={f"{WHAT_IF} --all runner.toml": "every such answer"},
    )
    more.add_argument(
        "files", nargs="+", metavar="FILE", help="answer files (TOML, or FHIR responses in JSON), also incomplete ones"
    )
    more.add_argument("--all", action="store_true", help="every such answer, not only the first lines")


def _add_test(commands: _Commands) -> None:
    test = commands.add_parser(
        TEST,
        parents=[_common()],
        help="scenario files: answers and what must follow",
        description="Runs scenario files: answers, and a table [expect] of what must follow. Prints what differs, and "
        "which rules no scenario made fire. pytest runs those that are named *.triage.toml as tests.",
        examples={
            f"{TEST} runner.toml": "one scenario",
            f"{TEST} --rules my-rules stories/": "all files of a folder, with another rule base",
        },
    )
    test.add_argument("paths", nargs="+", metavar="PATH", help="scenario files, or folders of them")


def _add_batch(commands: _Commands) -> None:
    batch = commands.add_parser(
        BATCH,
        parents=[_common()],
        help="many answer sets: rows of CSV, JSON lines or Parquet",
        description="Reads a row for each answer set and writes a row with its result. Columns are question ids, lists "
        "are joined by ; and an empty cell is not answered. Other columns are carried through. A row with a fault stops "
        "nothing: it goes to OUT.errors with line, column, value and reason. Of a folder or a pattern (in quotes), every "
        "file is read, and OUT is a folder with an output for each.",
        examples={
            f"{BATCH} people.csv results.csv": "a result for every row with all answers",
            f"{BATCH} people.csv.gz results.jsonl --partial --jobs 0": "unfinished rows too, on every core",
            f"{BATCH} people.csv results.csv --resume": "go on with a run that was stopped",
            f"{BATCH} '/data/people/*.csv' /data/results --scheduler tcp://10.0.0.5:8786": "by a Dask cluster",
            f"{BATCH} people.csv results.csv --summary --format html --output page.html": "and a page that counts what came out",
        },
    )
    batch.add_argument(
        "input",
        metavar="IN",
        help="CSV, JSON lines or Parquet, also packed with gzip; a folder or pattern of them; - for standard input",
    )
    batch.add_argument(
        "target", metavar="OUT", help="the results, a folder if IN is several files; - for standard output"
    )
    batch.add_argument(
        "--from", dest="source_form", choices=TABLES, help="format of IN (default: by its name; CSV for -)"
    )
    batch.add_argument(
        "--to", dest="target_form", choices=TABLES, help="format of OUT (default: by its name; CSV for -)"
    )
    batch.add_argument("--partial", action="store_true", help="write what is known so far where answers are missing")
    batch.add_argument("--jobs", metavar="N", type=int, default=1, help="processes (default: 1; 0: one for every core)")
    batch.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let many machines do it: the address of a Dask cluster (extra: distributed)",
    )
    batch.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    counts = "at the end count the rows by level, red flag and cause"
    batch.add_argument("--summary", action="store_true", help=counts)
    batch.add_argument(
        "--format", choices=SUMMARIES, default="text", help="of the summary (default: text); that of OUT is --to"
    )
    batch.add_argument("--output", metavar="FILE", help="write the summary to a file (mode 0600), not to the screen")


def _add_rules(commands: _Commands) -> None:
    rules = commands.add_parser(
        RULES,
        parents=[_common()],
        help="list the rules, or show one",
        description="Lists all rules. With an id it shows what is known of a rule: when it holds, in words, what it "
        "leads to, its examples and its sources. Questions, levels, sources, claims and hazards have ids too.",
        examples={RULES: "all rules", f"{RULES} age": "the question about age", f"{RULES} --book": "the rule book"},
    )
    shown = rules.add_mutually_exclusive_group()
    shown.add_argument(
        "id", nargs="?", metavar="ID", help="show what has this id: a rule, question, source, claim, ..."
    )
    shown.add_argument("--book", action="store_true", help="write the whole rule base as one Markdown document")
    _add_output(rules)


def _add_check(commands: _Commands) -> None:
    check = commands.add_parser(
        CHECK,
        parents=[_common()],
        help="check the rule base and its wording, run its examples",
        description="Checks every file of a rule base and how plain its texts are, and runs the examples of every "
        "rule. What is wrong is told with file and line.",
        examples={CHECK: "the own rule base", f"{CHECK} --prove --rules my-rules": "another one, with the proofs"},
    )
    check.add_argument("--prove", action="store_true", help="prove what must hold for all answers (extra: verify)")
    mutants = "name the changes of one thing in a rule that no example notices, nor a scenario of PATH (extra: verify)"
    check.add_argument("--mutants", metavar="PATH", nargs="?", const="", help=mutants)


def _add_export(commands: _Commands) -> None:
    export = commands.add_parser(
        EXPORT,
        parents=[_common()],
        help="the questions as a form for other software",
        description="Writes the questions as a form that other software can show and fill in.",
        examples={
            f"{EXPORT} fhir --output form.json": "a FHIR Questionnaire",
            f"{EXPORT} xlsform --output form.xlsx": "a form for ODK and KoboToolbox",
        },
    )
    forms = "fhir: a Questionnaire (R4), as JSON; xlsform: for ODK and KoboToolbox, as .xlsx (extra: xlsform)"
    export.add_argument("form", choices=list(FORMS), help=forms)
    _add_output(export)


def _add_completion(commands: _Commands) -> None:
    completion = commands.add_parser(
        COMPLETION,
        help="completion of this command line, for a shell",
        description="Prints a script that lets the Tab key complete commands, options, files and ids in a shell.",
        examples={
            f"{COMPLETION} bash > ~/.local/share/bash-completion/completions/{NAME}": "for bash",
            f"{COMPLETION} zsh > ~/.zfunc/_{NAME}": "for zsh, where ~/.zfunc is in fpath",
            f"{COMPLETION} fish > ~/.config/fish/completions/{NAME}.fish": "for fish",
        },
    )
    completion.add_argument("shell", choices=SHELLS, help="which shell")


def _add_demo(commands: _Commands) -> None:
    demo = commands.add_parser(
        DEMO,
        parents=[_common()],
        help="play a made-up story, to see how the questions go",
        description="Shows an interview with ready answers, and its result. At a terminal Enter goes on. At the end it "
        "names the other stories.",
        examples={DEMO: "the first story"},
    )
    demo.add_argument("story", nargs="?", metavar="STORY", help="its name (default: the first one)")


def _add_schema(commands: _Commands) -> None:
    schema = commands.add_parser(
        SCHEMA,
        parents=[_common()],
        help="JSON Schemas of answer files, scenarios, results and rules",
        description="Prints a JSON Schema (draft-07). With one, editors complete ids and mark mistakes in TOML files "
        "whose first line names it: #:schema ./answers.schema.json",
        examples={
            f"{SCHEMA} answers --output answers.schema.json": "for answer files",
            f"{SCHEMA} rules causes/everyday.toml": "for one kind of file of a rule base",
        },
    )
    schema.add_argument("kind", choices=KINDS, help="of what")
    schema.add_argument(
        "file", nargs="?", metavar="FILE", help="of rules: only of this file, like causes/everyday.toml"
    )
    _add_output(schema)


_ADD: dict[str, Callable[[_Commands], None]] = {
    ASK: _add_ask,
    RELIEF: _add_relief,
    RUN: _add_run,
    WHAT_IF: _add_what_if,
    TEST: _add_test,
    BATCH: _add_batch,
    RULES: _add_rules,
    CHECK: _add_check,
    EXPORT: _add_export,
    COMPLETION: _add_completion,
    DEMO: _add_demo,
    SCHEMA: _add_schema,
}
