"""Many answer sets: rows in, results out."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from triage.cli.batch_files import errors_of, is_several, job_of, jobs_of, listed
from triage.cli.console import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, fault, is_watched, say, tell
from triage.cli.summary import check_summary, tell_summary
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.wording import counted
from triage.output.screen import columns
from triage.scale.cluster import on_cluster
from triage.scale.plan import CSV, KNOWN, STREAM, Counts, Error, Form, Job, WorkerDied, doubts
from triage.scale.run import Ended, Progress, Watcher, alone, conduct, conduct_files, together

STDERR = 2
FINISHED = ".finished"  # the folder in OUT for what is finished of several files
GO_ON = "What is finished is kept: the same command with --resume goes on."


def batch(args: argparse.Namespace) -> int:
    """Every row of IN to OUT or OUT.errors; the totals on stderr. Raises FaultyInput, OSError."""
    _check(args)
    rulebase = load(args.rules)
    jobs = _jobs(args, rulebase)
    check_summary(args, [name for job in jobs for name in (job.input, job.output, str(errors_of(Path(job.output))))])
    go_on = GO_ON if _keeps(args) else ""
    try:
        ended = _conducted(args, jobs, rulebase)
    except KeyboardInterrupt:
        say("", f"Stopped. {go_on}")
        return STOPPED
    except WorkerDied as error:
        say(f"{error} {go_on}")
        return FAILED
    counts = ended.counts
    say(_totals(counts, _errors(args, jobs)))
    if args.scheduler is None:
        say(*_most_held())
    if args.summary:
        tell_summary(args, rulebase, counts)
    if ended.faults or ended.died:
        return _not_all(ended)
    return WRONG_INPUT if counts.refused else INCOMPLETE if counts.unfinished else DONE


def _check(args: argparse.Namespace) -> None:
    """Raises FaultyInput where options do not go together."""
    if args.jobs < 0:
        hint = "give a number of processes; 0: one for every core"
        raise fault("--jobs", f"cannot be {args.jobs}", hint, code="LCT615")
    if args.scheduler is not None and args.jobs != 1:
        raise fault("--jobs", "is for this machine; with --scheduler its workers do the work", code="LCT616")
    if args.scheduler is not None and STREAM in (args.input, args.target):
        raise fault(STREAM, "cannot be read or written by other machines", "give names of files", code="LCT617")
    if args.resume and args.input == STREAM:
        raise fault("--resume", "cannot go on with standard input", "give the name of a file", code="LCT704")
    try:
        "".encode(args.encoding or "utf-8")
    except LookupError:
        hint = "like utf-8, utf-16 or windows-1252"
        raise fault("--encoding", f"no encoding is called {args.encoding}", hint, code="LCT713") from None


def _keeps(args: argparse.Namespace) -> bool:
    """Whether what is finished is kept when a run is stopped: whole files."""
    return is_several(args.input) or args.scheduler is not None


def _jobs(args: argparse.Namespace, rulebase: RuleBase) -> list[Job]:
    """One for every input. Raises FaultyInput."""
    any_form = Form(CSV)
    encoding = args.encoding or ""
    job = Job(args.input, args.target, any_form, any_form, args.rules, rulebase.sha256, args.partial, encoding)
    forms = args.source_form, args.target_form
    if not is_several(args.input):
        return [job_of(job, forms)]
    jobs, others = jobs_of(job, forms)
    if others:
        say(f"{args.input}: left out: {listed(others)}")
    return jobs


def _conducted(args: argparse.Namespace, jobs: Sequence[Job], rulebase: RuleBase) -> Ended:
    shown, processes = _Shown(rulebase), args.jobs or os.cpu_count() or 1
    try:
        if not _keeps(args):
            return Ended(conduct(jobs[0], rulebase, shown, processes))
        out = Path(jobs[0].output)
        folder = Path(args.target) / FINISHED if is_several(args.input) else out.with_name(f"{out.name}{FINISHED}")
        results = alone if processes == 1 else partial(together, processes)
        if args.scheduler is not None:
            jobs = [_anywhere(job) for job in jobs]
            results = partial(on_cluster, args.scheduler)
        return conduct_files(jobs, rulebase, shown, folder.absolute(), args.resume, results)
    finally:
        shown.ended()


def _anywhere(job: Job) -> Job:
    """The same job for a process in another folder."""
    rules = job.rules and os.path.abspath(job.rules)
    return job._replace(input=os.path.abspath(job.input), output=os.path.abspath(job.output), rules=rules)


def _errors(args: argparse.Namespace, jobs: Sequence[Job]) -> str:
    """Where to look for the rows that were refused."""
    if args.target == STREAM:
        return ""
    return f"the files .errors in {args.target}" if is_several(args.input) else str(errors_of(Path(jobs[0].output)))


def _not_all(ended: Ended) -> int:
    """What is said where some inputs have no output; the exit code."""
    if ended.faults:
        tell(FaultyInput(ended.faults))
    if ended.died:
        say(f"{listed(ended.died)}: every worker that tried died, killed or out of memory")
    say(f"These are not all of the {ended.files} files. The others are kept: the same command with --resume goes on.")
    return FAILED if ended.died else WRONG_INPUT


def _totals(counts: Counts, errors: str) -> str:
    lost = counts.refused + counts.unfinished
    text = f"{counted(counts.read, 'row')} read: {counts.written:,} written, {lost:,} refused"
    if lost:
        text += f" ({counts.refused:,} with faults, {counts.unfinished:,} with answers missing)"
        text += f"; see {errors}" if errors else ""
    if urgent := sum(times for (kind, _), times in counts.results.items() if kind == KNOWN):
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


def _on_one_line(told: Sequence[str]) -> str:
    """As many of the last as a line of the terminal takes: one that is wrapped could not be written over."""
    room = columns(STDERR)
    texts = (", ".join(told[start:]) for start in range(len(told)))
    return next((text for text in texts if len(text) < room), "")


class _Shown(Watcher):
    """What is said on stderr while a run goes on: the progress on one line of a terminal, nothing of it in a pipe."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._watched = is_watched()
        self._began = time.monotonic()
        self._on_a_line = False

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """Doubts about columns come before the first row, when it can still be stopped."""
        for doubt in doubts(columns, self._rulebase):
            say(f"{name}: {doubt}" if name else doubt)

    def went_on(self, progress: Progress) -> None:
        """Files, rows, rows a second in this run, and the time left."""
        if not self._watched:
            return
        seconds = max(time.monotonic() - self._began, 1e-9)
        told = [f"{progress.ended} of {progress.files} files"] if progress.files > 1 else []
        told += [f"{progress.rows:,} rows", f"{progress.rows / seconds:,.0f} rows/s"]
        if progress.share:
            left = seconds / progress.share - seconds
            told += [f"{progress.share:.0%}", f"{int(left // 60)} min {int(left % 60):02} s left"]
        sys.stderr.write(f"\r{_on_one_line(told)}\x1b[K")
        sys.stderr.flush()
        self._on_a_line = True

    def ended(self) -> None:
        """What comes next begins on a line of its own."""
        if self._on_a_line:
            sys.stderr.write("\n")
            self._on_a_line = False

    def refused(self, error: Error) -> None:
        """One line for each, since there is no file beside a stream."""
        place = f'line {error.line}, column "{error.column}"' if error.column else f"line {error.line}"
        known = f" (known so far: {error.known})" if error.known else ""
        say(f"{place}: {error.value}: {error.why}{known}" if error.value else f"{place}: {error.why}{known}")
