"""Commands and exit codes. Everything slow is imported by the command that needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    import argparse

    from triage.answers import AnswerFile
    from triage.engine import Engine
    from triage.faults import FaultyInput
    from triage.model import Answers, Assessment, RuleBase
    from triage.prompts import TerminalAsker
    from triage.report import Wanted

DONE, FAILED, WRONG_INPUT, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130
ASK, RELIEF, WHAT_IF = "ask", "relief", "what-if"
PROGRESS_FROM = 50  # files, on a terminal

_Item = TypeVar("_Item")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0, 1, 2, 3 or 130)."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _main(given)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except KeyboardInterrupt:
        _say("\nStopped.")
        return STOPPED
    except (OSError, UnicodeError) as error:  # standard input or output that cannot be used
        _say(f"cannot read or write: {error}")
        return WRONG_INPUT
    return code


def _main(given: list[str]) -> int:
    if given == [RELIEF]:
        return _relief()
    # The first question is on the screen before anything slow is imported.
    opened = given in ([], [ASK]) and _on_terminal() and not _needs_plain() and _open()
    args = _parse(given)
    if args.command == RELIEF:
        return _relief(args.rules)
    from triage.faults import FaultyInput

    try:
        if args.command == ASK:
            return _ask(args, opened)
        commands = {"run": _run, WHAT_IF: _what_if, "test": _test, "rules": _rules, "check": _check}
        return commands[args.command](args)
    except FaultyInput as error:
        _tell(error)
        return WRONG_INPUT


def _say(text: str) -> None:
    from triage.faults import printable

    with suppress(OSError):
        print("\n".join(map(printable, text.split("\n"))), file=sys.stderr, flush=True)


def _tell(error: FaultyInput) -> None:
    _say(str(error))
    if len(error.faults) > 1:
        _say(f"{len(error.faults)} faults")


def _on_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _needs_plain() -> bool:
    """Dumb terminals, and those that cannot show the marks of the lists, get plain prompts."""
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return True
    try:
        "\u25cf\u25cb".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return True
    return False


def _open() -> bool:
    from triage import opening, screen

    try:
        lines = opening.first_screen(opening.rules_folder(), screen.width())
    except opening.FAULTY:
        return False  # the loader will say what is wrong with the rule base
    print("\n".join(lines), flush=True)
    return True


def _relief(rules: str | None = None) -> int:
    from triage import opening, screen

    folder = Path(rules) if rules else opening.rules_folder()
    try:
        lines = opening.relief_lines(folder, screen.width())
    except opening.FAULTY as error:
        _say(f"{folder / opening.RELIEF_NOW}: cannot be used: {error}")
        return WRONG_INPUT
    print("\n".join(lines))
    return DONE


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    import argparse

    from triage import __version__
    from triage.faults import printable
    from triage.report import FORMATS

    class Parser(argparse.ArgumentParser):
        """Wrong words are repeated in messages."""

        def error(self, message: str) -> NoReturn:
            super().error(printable(message))

    common = Parser(add_help=False)
    common.add_argument("--rules", metavar="DIR", help="use another rule base")
    output = Parser(add_help=False)
    output.add_argument("--format", choices=list(FORMATS), default="text", help="of the result (default: text)")
    _add_output(output)
    explained = Parser(add_help=False)
    explained.add_argument("--explain", action="store_true", help="add how the result was concluded, down to answers")
    why_not = "add why this cause, advice, check or other rule is not in the result (may be given again)"
    explained.add_argument("--why-not", metavar="ID", action="append", default=[], help=why_not)
    parser = Parser(
        prog="leg-cramp-triage",
        description="Questions about leg cramps: how urgently to see someone, what may be behind them, what helps. "
        "Information; it does not replace a doctor. Without a command, the questions are asked.",
        epilog="Exit codes: 0 done; 1 a scenario or check failed; 2 wrong usage or bad input; "
        "3 answers are missing; 130 stopped.",
    )
    parser.add_argument("--version", action="version", version=f"leg-cramp-triage {__version__}")
    commands = parser.add_subparsers(prog="leg-cramp-triage", dest="command", required=True, metavar="COMMAND")
    ask = commands.add_parser(ASK, parents=[common, output, explained], help="the interview (also without a command)")
    ask.add_argument("--answers", metavar="FILE", help="take known answers from a file, ask only the rest")
    ask.add_argument("--save", metavar="FILE", help="write the answers to a file after every answer (mode 0600)")
    ask.add_argument("--plain", action="store_true", help="numbered prompts, for screen readers and pipes")
    commands.add_parser(RELIEF, parents=[common], help="what to do for a cramp right now, no questions")
    run = commands.add_parser("run", parents=[common, output, explained], help="scripted answer files, no prompts")
    run.add_argument("files", nargs="+", metavar="FILE", help="answer files (TOML)")
    run.add_argument("--partial", action="store_true", help="say what is known so far where answers are missing")
    more = commands.add_parser(WHAT_IF, parents=[common, output], help="which single answers would be more urgent")
    more.add_argument("files", nargs="+", metavar="FILE", help="answer files (TOML), also incomplete ones")
    more.add_argument("--all", action="store_true", help="every such answer, not only the first lines")
    test = commands.add_parser("test", parents=[common], help="scenario files: answers and what must follow")
    test.add_argument("paths", nargs="+", metavar="PATH", help="scenario files, or folders of them")
    rules = commands.add_parser("rules", parents=[common], help="list the rules, or show one")
    shown = rules.add_mutually_exclusive_group()
    shown.add_argument(
        "id", nargs="?", metavar="ID", help="show what has this id: a rule, question, source, claim, ..."
    )
    shown.add_argument("--book", action="store_true", help="write the whole rule base as one Markdown document")
    _add_output(rules)
    check = commands.add_parser("check", parents=[common], help="check the rule base and its wording, run its examples")
    check.add_argument("--prove", action="store_true", help="prove what must hold for all answers (extra: verify)")
    check.add_argument(
        "--mutants", action="store_true", help="also change each rule a little: is it noticed? (a minute)"
    )
    check.add_argument(
        "--scenarios", metavar="DIR", help="of --mutants (default: tests/scenarios beside the rule base)"
    )
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", metavar="FILE", help="write the result to a file (mode 0600), not to the screen")


def _parse(given: list[str]) -> argparse.Namespace:
    informs = ("-h", "--help", "--version")
    named = given and not given[0].startswith("-")
    return build_parser().parse_args(given if named or any(i in given for i in informs) else [ASK, *given])


def _engine(rules: str | None) -> Engine:
    import gc

    from triage.engine import Engine
    from triage.rulebase import load

    # All that is made here stays until the end, so the collector need not look at it.
    gc.disable()
    try:
        return Engine(load(rules))
    finally:
        gc.freeze()
        gc.enable()


# --- ask


def _ask(args: argparse.Namespace, opened: bool = False) -> int:
    from triage.assessment import assess
    from triage.interview import Interview, missing_from

    engine = _engine(args.rules)
    _check_ids(args.why_not, engine.rulebase)
    title, known = _known_answers(args, engine.rulebase)
    if not _can_ask(args) and missing_from(engine, known):
        _say(
            "No terminal to ask questions on. Use `leg-cramp-triage run FILE` for an answer file, "
            "or --plain for numbered prompts on standard input."
        )
        return WRONG_INPUT
    _check_targets(args)
    asker = _asker(engine.rulebase, args.plain or _needs_plain(), greeted=opened or not _can_ask(args))
    asker.head_is_shown = opened
    interview = Interview(engine, asker, known, lambda answers: _keep(args, title, answers, engine.rulebase))
    try:
        answers = interview.conduct() if _can_ask(args) else known
        assessment = assess(engine, answers, missing_from(engine, answers))
        return _give(args, engine.rulebase, assessment, asker)
    except (KeyboardInterrupt, EOFError):
        return _stopped(args, engine, interview.answers)


def _check_ids(names: Sequence[str], rulebase: RuleBase) -> None:
    """Every id of --why-not is a rule; told before anything is asked or read."""
    entries = rulebase.entries if names else {}
    unknown = [name for name in names if name not in entries]
    if unknown:
        from triage.faults import Fault, FaultyInput, allowed

        raise FaultyInput([Fault("--why-not", 0, f'no rule "{name}"', allowed(name, entries)) for name in unknown])


def _wanted(args: argparse.Namespace) -> Wanted:
    from triage.report import Wanted

    return Wanted(args.explain, tuple(dict.fromkeys(args.why_not)))


def _can_ask(args: argparse.Namespace) -> bool:
    """Somebody to ask: a terminal, or whatever --plain reads."""
    return sys.stdin is not None and (args.plain or _on_terminal())


def _known_answers(args: argparse.Namespace, rulebase: RuleBase) -> tuple[str, Answers]:
    """Title and answers of --answers, if it is given."""
    if not args.answers:
        return "", {}
    from datetime import date

    from triage.answers import is_stale, read_answer_file, without_danger
    from triage.faults import Fault, FaultyInput, printable

    file = read_answer_file(Path(args.answers), rulebase)
    if file.expect and args.save and _is_same(args.save, args.answers):
        what = "is a scenario, and saving would drop its [expect] table"
        raise FaultyInput([Fault(args.save, 0, what, "give --save another name")])
    if is_stale(file, rulebase, date.today()):
        _say(f"{printable(file.name)}: {rulebase.saved.asked_again}")
        return file.title, without_danger(file.answers, rulebase)
    return file.title, file.answers


def _asker(rulebase: RuleBase, plain: bool, greeted: bool) -> TerminalAsker:
    from triage import opening, screen
    from triage.prompts import PlainAsker, QuestionaryAsker

    columns = screen.width()
    relief = opening.relief_text(rulebase.relief_now.title, rulebase.relief_now.steps, columns)
    # Plain questions go to stderr, so that stdout holds the result and nothing else.
    asker: TerminalAsker
    asker = (
        PlainAsker(rulebase, relief, sys.stdin, sys.stderr) if plain else QuestionaryAsker(rulebase, relief, sys.stdout)
    )
    if not greeted:
        asker.show(opening.welcome(rulebase.about.welcome, rulebase.about.statement, columns))
    return asker


def _is_same(one: str, other: str | None) -> bool:
    return other is not None and Path(one).exists() and Path(other).exists() and Path(one).samefile(other)


def _check_targets(args: argparse.Namespace) -> None:
    """Before anything is asked: answers and result can be written, and nothing is overwritten."""
    from triage.faults import Fault, FaultyInput

    if args.save and Path(args.save).exists() and not _is_same(args.save, args.answers):
        hint = f"to go on from it: --answers {args.save} --save {args.save}"
        raise FaultyInput([Fault(args.save, 0, "is already there and would be overwritten", hint)])
    _check_output(args, [name for name in (args.answers, args.save) if name])
    for name in (args.save, args.output):
        target = Path(os.path.realpath(name)) if name else None
        folder = target.parent if target else None
        if target and target.is_symlink():
            raise FaultyInput([Fault(name, 0, "cannot be written: it is a link to itself")])
        if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise FaultyInput([Fault(name, 0, f"cannot be written: {folder} is no folder one can write in")])
        if name and Path(name).is_dir():
            raise FaultyInput([Fault(name, 0, "cannot be written: it is a folder")])


def _check_output(args: argparse.Namespace, inputs: Sequence[str]) -> None:
    """A result must not replace the answers it came from."""
    from triage.faults import Fault, FaultyInput

    for name in inputs:
        if args.output and (args.output == name or _is_same(args.output, name)):
            raise FaultyInput(
                [Fault(args.output, 0, "holds the answers and would be overwritten", "choose another name")]
            )


def _keep(args: argparse.Namespace, title: str, answers: Answers, rulebase: RuleBase) -> None:
    """Write all answers so far, if asked to. A full disk must not end the interview."""
    if not args.save:
        return
    from datetime import date

    from triage.answers import as_toml, write_whole

    try:
        write_whole(Path(args.save), as_toml(answers, rulebase, title, saved=date.today()))
    except OSError as error:
        _say(f"{args.save}: this answer could not be saved: {error.strerror or error}")


def _stopped(args: argparse.Namespace, engine: Engine, answers: Answers) -> int:
    """Say what is known already, if it is a reason to see somebody, and how to go on."""
    import shlex

    from triage.assessment import assess
    from triage.interview import missing_from
    from triage.report.text import provisional

    _say("\nStopped.")
    assessment = assess(engine, answers, missing_from(engine, answers) or tuple(engine.rulebase.questions)[:1])
    if assessment.see_doctor:
        _say(provisional(assessment))
    if args.save and Path(args.save).exists():
        name = shlex.quote(args.save)
        _say(f"Your answers so far are in {args.save}. To go on:")
        _say(f"  leg-cramp-triage --answers {name} --save {name}")
    else:
        _say("Nothing was stored. To be able to stop and go on later, start with --save FILE.")
    return STOPPED


def _give(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment, asker: TerminalAsker) -> int:
    """The result of an interview: in a terminal one screen, and the parts below it if wanted."""
    from triage import screen
    from triage.report import explained
    from triage.report.text import details, headline, short, whole

    if args.output or args.format != "text":
        _say(headline(assessment))  # a result in a file must not hide an emergency
        _write(args, _worded(args, rulebase, assessment))
        return DONE
    columns = screen.width()
    more = explained(rulebase, assessment, _wanted(args), columns)
    if not _on_terminal():
        print("\n".join([*whole(rulebase, assessment, columns), *more]))
        return DONE
    first = [*short(rulebase, assessment, columns), *more]
    print("\n".join(["", *first]), flush=True)
    parts = details(rulebase, assessment, columns)
    if parts:
        parts.append(_how_part(rulebase, assessment, columns))
    elif more:  # an emergency, which must not scroll away
        print("\n".join(["", *screen.wrap(assessment.disposition.say.upper(), columns)]), flush=True)
    with suppress(KeyboardInterrupt, EOFError):  # the result has been given
        wanted = bool(parts) and asker.wants_more(headline(assessment), len(first))
        while wanted and (number := asker.more([heading for heading, _ in parts])) is not None:
            heading, lines = parts[number]
            asker.give([heading, *lines])
    return DONE


def _how_part(rulebase: RuleBase, assessment: Assessment, columns: int) -> tuple[str, list[str]]:
    from triage.explain import how
    from triage.report.explanation import HOW, how_lines

    return HOW, how_lines(rulebase, how(rulebase, assessment), columns)


def _worded(args: argparse.Namespace, rulebase: RuleBase, assessment: Assessment) -> str:
    from triage.report import FORMATS

    return FORMATS[args.format](rulebase, assessment, _wanted(args))


def _write(args: argparse.Namespace, text: str) -> None:
    """To the screen, or to --output (whole or not at all)."""
    if not args.output:
        print(text)
        return
    from triage.answers import write_whole
    from triage.faults import Fault, FaultyInput

    try:
        write_whole(Path(args.output), text + "\n")
    except OSError as error:
        raise FaultyInput([Fault(args.output, 0, f"cannot be written: {error.strerror or error}")]) from None


# --- run and test


def _run(args: argparse.Namespace) -> int:
    engine = _engine(args.rules)
    _check_ids(args.why_not, engine.rulebase)
    return _each_file(args, lambda name: _run_one(engine, args, name, several=len(args.files) > 1))


def _each_file(args: argparse.Namespace, one: Callable[[str], tuple[int, str]]) -> int:
    """Exit code and text of every file, written together; the worst code counts."""
    _check_output(args, args.files)
    worst, texts = DONE, []
    for name in _with_progress(args.files):
        code, text = one(name)
        # Bad input outranks an incomplete file, which outranks success.
        worst = max(worst, code, key=(DONE, INCOMPLETE, WRONG_INPUT).index)
        texts += [text] if text else []
    if texts:
        _write(args, ("\n" if args.format == "json" else "\n\n").join(texts))
    return worst


def _run_one(engine: Engine, args: argparse.Namespace, name: str, several: bool) -> tuple[int, str]:
    """Exit code and result of one answer file; what is wrong goes to stderr."""
    from datetime import date

    from triage.answers import is_stale, read_answer_file
    from triage.assessment import assess
    from triage.faults import FaultyInput, printable
    from triage.interview import missing_from
    from triage.report.text import provisional

    try:
        file = read_answer_file(Path(name), engine.rulebase)
    except FaultyInput as error:
        _tell(error)
        return WRONG_INPUT, ""
    if is_stale(file, engine.rulebase, date.today()):
        _say(f"{printable(file.name)}: {engine.rulebase.saved.old}")
    assessment = assess(engine, file.answers, missing_from(engine, file.answers))
    if not assessment.complete and not args.partial:
        shown = printable(file.name)
        _say(f"{shown}: not complete, missing: {', '.join(assessment.missing)}")
        _say(f"{shown}: {provisional(assessment)}")
        return INCOMPLETE, ""
    if several and args.format == "json":
        from triage.report.as_json import as_dict

        return DONE, _json_line(as_dict(engine.rulebase, assessment, _wanted(args)), file.name)
    return DONE, (_heading(file) if several else "") + _worded(args, engine.rulebase, assessment)


def _heading(file: AnswerFile) -> str:
    """The line that tells the texts of several files apart."""
    from triage.faults import printable

    return printable(f"== {file.name}" + (f": {file.title}" if file.title else "")) + "\n"


def _json_line(document: Mapping[str, Any], name: str) -> str:
    """One document on one line, with the name of its file."""
    from triage.report.as_json import as_text

    return as_text({**document, "file": name})


# --- what-if


def _what_if(args: argparse.Namespace) -> int:
    engine = _engine(args.rules)
    return _each_file(args, lambda name: _what_if_one(engine, args, name, several=len(args.files) > 1))


def _what_if_one(engine: Engine, args: argparse.Namespace, name: str, several: bool) -> tuple[int, str]:
    """Exit code and text of one answer file, complete or not; what is wrong goes to stderr."""
    from triage import screen
    from triage.answers import read_answer_file
    from triage.assessment import assess
    from triage.faults import FaultyInput
    from triage.interview import missing_from
    from triage.report.explanation import what_if_document, what_if_text

    try:
        file = read_answer_file(Path(name), engine.rulebase)
    except FaultyInput as error:
        _tell(error)
        return WRONG_INPUT, ""
    assessment = assess(engine, file.answers, missing_from(engine, file.answers))
    if args.format != "json":
        lines = what_if_text(engine.rulebase, assessment, screen.width(), args.all)
        return DONE, (_heading(file) if several else "") + "\n".join(lines)
    document = what_if_document(engine.rulebase, assessment, args.all)
    if several:
        return DONE, _json_line(document, file.name)
    from triage.report.as_json import as_text

    return DONE, as_text(document, indent=2)


def _with_progress(items: Sequence[_Item]) -> Iterator[_Item]:
    """The items, counted on stderr where somebody is watching a long list."""
    watched = len(items) >= PROGRESS_FROM and sys.stderr.isatty()
    for number, item in enumerate(items, 1):
        if watched:
            sys.stderr.write(f"\r{number} of {len(items)}")
            sys.stderr.flush()
        yield item
    if watched:
        sys.stderr.write("\n")


def _test(args: argparse.Namespace) -> int:
    from triage.faults import FaultyInput, printable
    from triage.scenarios import find_scenarios, run_scenario

    engine = _engine(args.rules)
    paths = find_scenarios([Path(p) for p in args.paths])
    fired: set[str] = set()
    failed = faulty = 0
    for name in _with_progress([str(p) for p in paths]):
        try:
            outcome = run_scenario(engine, Path(name))
        except FaultyInput as error:
            _tell(error)
            faulty += 1
            continue
        fired |= outcome.assessment.fired
        if outcome.differences:
            failed += 1
            print(printable(f"FAILED {outcome.file.name}: {outcome.file.title}"))
            print("".join(f"  {difference}\n" for difference in outcome.differences), end="")
    _print_silent(engine, fired)
    print(f"{len(paths) - failed - faulty} passed, {failed} failed" + (f", {faulty} unreadable" if faulty else ""))
    return WRONG_INPUT if faulty else FAILED if failed else DONE


def _print_silent(engine: Engine, fired: set[str]) -> None:
    from triage.engine import production_names

    silent = [name for name in production_names(engine.rulebase) if name not in fired]
    if silent:
        print(f"Rules that never fired ({len(silent)}):")
        print("".join(f"  {name}\n" for name in silent), end="")


# --- rules and check


def _rules(args: argparse.Namespace) -> int:
    from triage.faults import allowed
    from triage.report.rule_sheets import names
    from triage.rulebase import load

    rulebase = load(args.rules, examples=args.book or args.id is not None)
    try:
        _write(args, _rules_wanted(args, rulebase))
    except KeyError:
        known = [name for ids in names(rulebase).values() for name in ids]
        _say(f'nothing in the rule base has the id "{args.id}" ({allowed(args.id, known)})')
        return WRONG_INPUT
    return DONE


def _rules_wanted(args: argparse.Namespace, rulebase: RuleBase) -> str:
    """The rule book, what has the id (KeyError if nothing has), or the list."""
    from triage import screen
    from triage.report.rule_text import listing, one

    if args.book:
        from triage.report.rule_book import book

        return book(rulebase)
    columns = screen.width()
    return "\n".join(listing(rulebase, columns) if args.id is None else one(rulebase, args.id, columns))


def _check(args: argparse.Namespace) -> int:
    from triage import examples, screen
    from triage.engine import Engine
    from triage.faults import FaultyInput
    from triage.report.rule_text import summary
    from triage.rulebase import find, load
    from triage.seen_texts import wording_faults

    folder = find(args.rules)  # no such folder is bad input, not a failed check
    scenarios = _scenarios_beside(args, folder)
    try:
        rulebase = load(folder, examples=True)
        engine = Engine(rulebase)
        faults = [*examples.failing(engine), *wording_faults(rulebase)]
        if faults:
            raise FaultyInput(faults)
    except FaultyInput as error:
        print("\n".join(map(str, error.faults)))
        print(f"{len(error.faults)} fault{'s' * (len(error.faults) > 1)}")
        return FAILED
    print("\n".join(summary(rulebase, examples.count(rulebase), screen.width())), flush=True)
    codes = [_prove(rulebase, folder)] if args.prove else []
    codes += [_mutants(engine, scenarios)] if args.mutants else []
    return max(codes, default=DONE)


def _prove(rulebase: RuleBase, folder: Path) -> int:
    """Every proof as it is done; a finding that is not accepted fails."""
    from triage import screen
    from triage.report.proof_text import proof_lines
    from triage.verify import PROOFS, prove_all

    watched = sys.stderr.isatty()
    failed = 0
    for number, proof in enumerate(prove_all(folder, os.cpu_count() or 1), 1):
        if watched:
            _say(f"{number} of {len(PROOFS)} proofs done")
        print("\n".join(proof_lines(rulebase, proof, screen.width())), flush=True)
        failed += bool(proof.failures)
    print(f"{len(PROOFS) - failed} proved, {failed} failed")
    return FAILED if failed else DONE


def _scenarios_beside(args: argparse.Namespace, folder: Path) -> list[Path]:
    """The scenario files that judge mutants: those of --scenarios, or of the project that the folder stands in."""
    from triage.faults import Fault, FaultyInput
    from triage.scenarios import find_scenarios

    if args.scenarios and not args.mutants:
        raise FaultyInput([Fault("--scenarios", 0, "goes with --mutants")])
    beside = folder.resolve().parent / "tests" / "scenarios"
    if not args.mutants or not (args.scenarios or beside.is_dir()):
        return []
    return find_scenarios([Path(args.scenarios) if args.scenarios else beside])


def _hazards_let_through() -> Callable[[RuleBase], bool]:
    """What proofs notice of a mutant; nothing without the solver."""
    from triage.faults import FaultyInput

    try:
        from triage.hazards import lets_through
    except FaultyInput as error:
        _say(f"{error}. Only the examples and the scenarios can tell.")
        return lambda _: False
    return lets_through


def _mutants(engine: Engine, scenarios: list[Path]) -> int:
    from triage import screen
    from triage.mutants import Jury, all_mutants, survey
    from triage.report.mutant_text import mutant_lines

    if not scenarios:
        print("There are no scenarios: only the examples and the proofs can tell.")
    jury = Jury(engine, scenarios, _hazards_let_through())
    found = survey(engine.rulebase, map(jury.verdict, _with_progress(list(all_mutants(engine.rulebase, jury.reading)))))
    print("\n".join(mutant_lines(found, screen.width())))
    return DONE if found.holds else FAILED
