"""Many answer sets: rows in, results out."""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from triage.cli.batch_files import FINISHED, STREAM, is_several, jobs_of, listed
from triage.cli.console import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, Closed, fault, is_watched, say, tell
from triage.cli.summary import check_summary, tell_summary
from triage.exchange.form_data import FormData
from triage.exchange.tables import PASSED, TOLD
from triage.knowledge.faults import Fault, Faults, FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.wording import counted
from triage.scale.reading import opened
from triage.scale.run import (
    BEGUN,
    KNOWN,
    READ,
    REFUSED,
    UNFINISHED,
    WRITTEN,
    Counts,
    Job,
    cluster,
    conduct,
    errors_of,
    processes,
    results_of,
    rules_read,
)

SMALL = 5_000_000  # bytes of a file that is done before other processes have begun
GO_ON = "The same command with --resume goes on with the others."


def batch(args: argparse.Namespace) -> int:
    """Every row of IN to OUT or OUT.errors; the totals on stderr. Raises FaultyInput, OSError."""
    _check(args)
    rulebase = load(args.rules)
    rules_read[rulebase.sha256] = rulebase
    with _streams(args) as (source, target):
        jobs = jobs_of(args, source, target, rulebase.sha256)
        check_summary(args, [n for job in jobs for n in (job.input, job.output, str(errors_of(Path(job.output))))])
        _tell_remarks(jobs, rulebase)
        try:
            counts, faults, died = _run(args, jobs)
        except KeyboardInterrupt:
            say("", f"Stopped. {GO_ON if is_several(args.input) else ''}")
            return STOPPED
        if args.target == STREAM:
            _print(Path(target))
    passed = [f"Passed over: {counted(counts[PASSED], 'FHIR resource')} of other types"] if counts[PASSED] else []
    told = [f"Told {counted(n, 'time')}: {key.partition(':')[2]}" for key, n in counts.items() if key.startswith(TOLD)]
    say(_totals(counts, _errors(args, jobs)), *passed, *told, *_most_held())
    if args.summary:
        tell_summary(args, rulebase, counts)
    if faults or died:
        return _not_all(len(jobs), faults, died)
    return WRONG_INPUT if counts[REFUSED] else INCOMPLETE if counts[UNFINISHED] else DONE


def _check(args: argparse.Namespace) -> None:
    """Raises FaultyInput where options do not go together."""
    if args.jobs < 0:
        hint = "give a number of processes; 0: one for every core"
        raise fault("--jobs", f"cannot be {args.jobs}", hint, code="LCT615")
    if args.scheduler is not None and args.jobs != 1:
        raise fault("--jobs", "is for this machine; with --scheduler its workers do the work", code="LCT616")
    if args.scheduler is not None and STREAM in (args.input, args.target):
        raise fault(STREAM, "cannot be read or written by other machines", "give names of files", code="LCT617")
    if args.target == STREAM and is_several(args.input):
        raise fault(STREAM, "takes the results of one file", "name a folder for those of several", code="LCT701")
    if args.resume and not is_several(args.input):
        raise fault("--resume", "goes on with several files", "one file is always done anew", code="LCT704")
    try:
        "".encode(args.encoding or "utf-8")
    except LookupError:
        hint = "like utf-8, utf-16 or windows-1252"
        raise fault("--encoding", f"no encoding is called {args.encoding}", hint, code="LCT713") from None


@contextmanager
def _streams(args: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Names of files for IN and OUT: a stream is a file for a while, since files are read twice and written whole."""
    with TemporaryDirectory(prefix="leg-cramp-triage-") as folder:
        source, target = args.input, args.target
        if source == STREAM:
            if sys.stdin is None:
                raise fault("standard input", "is closed", "give the name of a file", code="LCT618")
            source = os.path.join(folder, "in.csv")
            with open(source, "wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if target == STREAM:
            if isinstance(sys.stdout, Closed):
                raise fault("standard output", "is closed", "give the name of a file", code="LCT618")
            target = os.path.join(folder, "out.csv")
        try:
            yield source, target
        except FaultyInput as error:
            named = {source: "standard input"} if args.input == STREAM else {}
            raise FaultyInput(one._replace(file=named.get(one.file, one.file)) for one in error.faults) from None


def _print(out: Path) -> None:
    """Results on standard output, and what is wrong with others on stderr, since there is no file beside a stream."""
    with out.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    if errors_of(out).exists():
        with errors_of(out).open(encoding="utf-8") as lines:
            for line in lines:
                say(line.rstrip("\n"))


def _tell_remarks(jobs: Sequence[Job], rulebase: RuleBase) -> None:
    """What somebody should know before a long run, once for inputs with the same columns. Raises FaultyInput, OSError."""
    faults, told = Faults(), set()
    for job in jobs:
        try:
            with opened(job.input, job.source, job.encoding, rulebase) as (head, remark, _):
                doubts = [*filter(None, [remark]), *_doubts(head.columns, head.form, rulebase)]
        except FaultyInput as error:
            faults += error.faults
            continue
        for doubt in (doubt for doubt in doubts if doubt not in told):
            told.add(doubt)
            say(f"{job.input}: {doubt}" if len(jobs) > 1 else doubt)
    if faults:
        raise FaultyInput(faults)


def _doubts(columns: Sequence[str], form: FormData, rulebase: RuleBase) -> Iterator[str]:
    """What is to be told of columns."""
    if form.tool:
        yield f"read as data of {form.tool}"
    for column in columns:
        near = difflib.get_close_matches(column.lower(), rulebase.questions, n=1, cutoff=0.75)
        if near and not form.tool and column not in form.asked:
            yield f'column "{column}" is no question (did you mean "{near[0]}"?); it is carried through'
    absent = [name for name, question in rulebase.questions.items() if name not in form.columns and not question.after]
    if absent:
        yield f"no column for {', '.join(absent)}: not answered in any row"


def _remove_left(job: Job) -> None:
    """What killed runs have begun of an output."""
    out = Path(job.output)
    for folder in out.parent.glob(f"{BEGUN.format(escape(out.name))}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _run(args: argparse.Namespace, jobs: Sequence[Job]) -> tuple[Counts, Faults, list[str]]:
    """The counts of all inputs that are finished; the faults of others, and the inputs of which workers died.

    Raises FaultyInput where there is only one, and it has faults.
    """
    if is_several(args.input):
        for folder in (Path(args.target), Path(args.target, FINISHED)):  # one that is there stays as it is
            folder.mkdir(mode=0o700, exist_ok=True)
    for job in jobs:
        _remove_left(job)
    counts, faults, died, only = Counts(), Faults(), list[str](), len(jobs) == 1
    number, how = args.jobs or os.cpu_count() or 1, conduct
    pool: AbstractContextManager[Executor | None]
    if args.scheduler is not None:
        pool, jobs = cluster(args.scheduler), [_anywhere(job) for job in jobs]
    else:
        pool = processes(0 if only or number == 1 else number)
    if only:
        others = number - 1 if os.path.getsize(jobs[0].input) >= SMALL else 0
        how = partial(conduct, told=lambda rows: _show(f"{rows:,} rows"), others=others)
    with pool as workers, closing(results_of(jobs, workers, how)) as endings:
        for n, (job, ending) in enumerate(endings, 1):
            if isinstance(ending, FaultyInput):
                faults += ending.faults
            elif isinstance(ending, BaseException):
                died.append(job.input)
            else:
                counts += ending
            _show(f"{n} of {len(jobs)} files, {counts[READ]:,} rows")
    _show("")
    if only and faults:
        raise FaultyInput(faults)
    return counts, faults, died


def _anywhere(job: Job) -> Job:
    """The same job for a process in another folder."""
    names = {
        name: os.path.abspath(path) for name in ("input", "output", "rules", "record") if (path := getattr(job, name))
    }
    return job._replace(**names)


def _show(text: str) -> None:
    """How far it is, on one line of a terminal; nothing in a pipe."""
    if is_watched():
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()


def _errors(args: argparse.Namespace, jobs: Sequence[Job]) -> str:
    """Where to look for the rows that were refused."""
    if args.target == STREAM:
        return ""
    return f"the files .errors in {args.target}" if is_several(args.input) else str(errors_of(Path(jobs[0].output)))


def _not_all(files: int, faults: Sequence[Fault], died: Sequence[str]) -> int:
    """What is said where some inputs have no output; the exit code."""
    if faults:
        tell(FaultyInput(faults))
    if died:
        say(f"{listed(died)}: every worker that tried died, killed or out of memory, or cannot be reached")
    say(f"These are not all of the {files} files. {GO_ON}" if files > 1 else "Nothing is written. Run it again.")
    return FAILED if died else WRONG_INPUT


def _totals(counts: Counts, errors: str) -> str:
    lost = counts[REFUSED] + counts[UNFINISHED]
    text = f"{counted(counts[READ], 'row')} read: {counts[WRITTEN]:,} written, {lost:,} refused"
    if lost:
        text += f" ({counts[REFUSED]:,} with faults, {counts[UNFINISHED]:,} with answers missing)"
        text += f"; see {errors}" if errors else ""
    if urgent := sum(rows for name, rows in counts.items() if name.startswith(f"{KNOWN}:")):
        where = "see the column known" if errors else "see the faults"
        text += f". Refused, but to see a doctor by what they do say: {urgent:,} ({where})"
    return text


def _most_held() -> list[str]:
    """The most that any process held at a time."""
    try:
        import resource
    except ImportError:  # not on every system
        return []
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    most = max(resource.getrusage(kind).ru_maxrss for kind in kinds)
    megabytes = most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return [f"Memory: at most {megabytes:,.0f} MB a process"]
