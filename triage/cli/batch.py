"""Many answer sets: rows in, results out."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from triage.cli.console import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, Closed, fault, is_watched, say, tell
from triage.cli.summary import check_summary, tell_summary
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.knowledge.wording import counted
from triage.output.screen import columns
from triage.scale.conduct import Job, Progress, WorkerDied, conduct
from triage.scale.counts import KNOWN, Counts, Error
from triage.scale.parts import check_places, errors_of, folder_of
from triage.scale.plan import CSV, STREAM, Form, doubts, form_of
from triage.scale.shards import PARTS, Ended, conduct_files, is_several, jobs_of, listed
from triage.scale.tables import Size

STDERR = 2
GO_ON = "What is finished is kept: the same command with --resume goes on."


def batch(args: argparse.Namespace) -> int:
    """Every row of IN to OUT or OUT.errors; the totals on stderr. Raises FaultyInput, OSError."""
    jobs = _jobs(args)
    check_summary(args, [name for job in jobs for name in _files_of(job)])
    rulebase = load(args.rules)
    shown = _Shown(rulebase)
    go_on = "" if STREAM in (args.input, args.target) else GO_ON
    try:
        ended = _conducted(args, jobs, rulebase, shown)
    except KeyboardInterrupt:
        say("", f"Stopped. {go_on}")
        return STOPPED
    except WorkerDied as error:
        say(f"{error} {go_on}")
        return FAILED
    counts = ended.counts
    say(_totals(counts, _errors(args, jobs)))
    if args.scheduler is None:
        say(_memory(shown.tables))
    if args.summary:
        tell_summary(args, rulebase, counts)
    if ended.faults or ended.died:
        return _not_all(ended)
    return WRONG_INPUT if counts.refused else INCOMPLETE if counts.unfinished else DONE


def _conducted(args: argparse.Namespace, jobs: Sequence[Job], rulebase: RuleBase, shown: _Shown) -> Ended:
    several = is_several(args.input)
    try:
        if not several and args.scheduler is None:
            return Ended(conduct(jobs[0], rulebase, shown))
        folder = Path(args.target) / PARTS if several else folder_of(Path(jobs[0].output))
        return conduct_files(jobs, rulebase, shown, folder, args.scheduler)
    finally:
        shown.ended()


def _jobs(args: argparse.Namespace) -> list[Job]:
    """One for every input. Raises FaultyInput."""
    if args.jobs < 0:
        raise fault(
            "--jobs", f"cannot be {args.jobs}", "give a number of processes; 0: one for every core", code="LCT615"
        )
    if args.scheduler is not None and args.jobs != 1:
        raise fault("--jobs", "is for this machine; with --scheduler its workers do the work", code="LCT616")
    if args.scheduler is not None and STREAM in (args.input, args.target):
        raise fault(STREAM, "cannot be read or written by other machines", "give names of files", code="LCT617")
    processes, any_form = args.jobs or os.cpu_count() or 1, Form(CSV)
    job = Job(args.input, args.target, any_form, any_form, args.rules, args.partial, processes, args.resume)
    if is_several(args.input):
        jobs, others = jobs_of(job, (args.source_form, args.target_form))
        if others:
            say(f"{args.input}: left out: {listed(others)}")
        return jobs
    _check_input(args.input)
    output = _checked_output(args.input, args.target)
    source, target = form_of(args.input, args.source_form), form_of(args.target, args.target_form)
    return [job._replace(output=output, source=source, target=target)]


def _check_input(name: str) -> None:
    """Raises FaultyInput where there is nothing that can be read."""
    if name == STREAM:
        if sys.stdin is None:
            raise fault("standard input", "is closed", "give the name of a file", code="LCT618")
    elif not Path(name).exists():
        raise fault(name, "no such file", code="LCT619")
    elif not Path(name).is_file():
        hint = f"give {STREAM} in its place, and send it to standard input"
        raise fault(name, "is not a regular file", hint, code="LCT620")


def _checked_output(source: str, name: str) -> str:
    """The file to write: where a link points, so that the link stays. Raises FaultyInput."""
    if name == STREAM:
        if isinstance(sys.stdout, Closed):
            raise fault("standard output", "is closed", "give the name of a file", code="LCT618")
        return name
    path = Path(name)
    file = path.resolve() if path.is_symlink() and (path.is_file() or not path.exists()) else path
    check_places(source, file)
    return str(file)


def _files_of(job: Job) -> tuple[str, ...]:
    out = Path(job.output)
    return job.input, job.output, str(errors_of(out)), str(folder_of(out))


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
        where = "see the column known" if errors else "see above"
        text += f". Refused, but to see a doctor by what they do say: {urgent:,} ({where})"
    return text


def _memory(tables: Size | None) -> str:
    """The most that any process held at a time, and the tables that each of them kept."""
    return ". ".join([*_most_held(), *([f"Tables: {tables.tables}, {tables.cells:,} cells"] if tables else [])])


def _most_held() -> list[str]:
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


class _Shown:
    """What is said on stderr while a run goes on: the progress on one line of a terminal, nothing of it in a pipe."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._watched = is_watched()
        self._began = time.monotonic()
        self._on_a_line = False
        self.tables: Size | None = None

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """Doubts about columns come before the first row, when it can still be stopped."""
        for doubt in doubts(columns, self._rulebase):
            say(f"{name}: {doubt}" if name else doubt)

    def went_on(self, progress: Progress) -> None:
        """Files, rows, rows a second in this run, and the time left."""
        self.tables = progress.tables or self.tables
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
