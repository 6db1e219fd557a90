"""Many answer sets: rows in, results out."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from triage.commands.common import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT, say
from triage.commands.summary import check_summary, tell_summary

if TYPE_CHECKING:
    import argparse

    from triage.batch.conduct import Job, Progress
    from triage.batch.work import Counts, Error
    from triage.model import RuleBase
    from triage.tables import Size


def batch(args: argparse.Namespace) -> int:
    """Every row of IN to OUT or OUT.errors; the totals on stderr. Raises FaultyInput, OSError."""
    from triage.batch.conduct import WorkerDied, conduct
    from triage.batch.plan import STREAM
    from triage.rulebase import load

    job = _job(args)
    check_summary(args)
    rulebase = load(args.rules)
    shown = _Shown(rulebase)
    try:
        counts = conduct(job, rulebase, shown)
    except KeyboardInterrupt:
        _how_to_go_on(job, "Stopped.")
        return STOPPED
    except WorkerDied:
        _how_to_go_on(job, "A worker process ended by itself, killed or out of memory.")
        return FAILED
    say(_totals(counts, "" if job.output == STREAM else f"{job.output}.errors"))
    say(_memory(shown.tables))
    if args.summary:
        tell_summary(args, rulebase, counts)
    return WRONG_INPUT if counts.refused else INCOMPLETE if counts.unfinished else DONE


def _job(args: argparse.Namespace) -> Job:
    from triage.batch.conduct import Job
    from triage.batch.plan import STREAM, form_of
    from triage.faults import Fault, FaultyInput

    if args.jobs < 0:
        raise FaultyInput([Fault("--jobs", 0, f"{args.jobs} is no number of processes", "1 or more; 0: every core")])
    if args.input != STREAM and not Path(args.input).is_file():
        raise FaultyInput([Fault(args.input, 0, "no such file")])
    if (
        STREAM not in (args.input, args.target)
        and Path(args.target).exists()
        and Path(args.input).samefile(args.target)
    ):
        raise FaultyInput([Fault(args.target, 0, "is the input, and would be overwritten")])
    return Job(
        args.input,
        args.target,
        form_of(args.input, args.source_form),
        form_of(args.target, args.target_form),
        args.rules,
        args.partial,
        args.jobs or os.cpu_count() or 1,
        args.resume,
    )


def _totals(counts: Counts, errors: str) -> str:
    lost = counts.refused + counts.unfinished
    text = f"{counts.read:,} rows read: {counts.written:,} written, {lost:,} refused"
    if lost:
        text += f" ({counts.refused:,} with faults, {counts.unfinished:,} with answers missing)"
        text += f"; see {errors}" if errors else ""
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


def _how_to_go_on(job: Job, why: str) -> None:
    from triage.batch.plan import STREAM

    kept = STREAM not in (job.input, job.output)
    say(f"\n{why} " + ("What is finished is kept: the same command with --resume goes on." if kept else ""))


class _Shown:
    """What is said on stderr while a run goes on: the progress on one line of a terminal, nothing of it in a pipe."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._watched = sys.stderr.isatty()
        self._began = time.monotonic()
        self.tables: Size | None = None

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """Doubts about columns come before the first row, when it can still be stopped."""
        from triage.batch.plan import doubts

        for doubt in doubts(columns, self._rulebase):
            say(f"{name}: {doubt}" if name else doubt)

    def went_on(self, progress: Progress) -> None:
        """Rows, rows a second in this run, and the time left."""
        self.tables = progress.tables or self.tables
        if not self._watched:
            return
        seconds = max(time.monotonic() - self._began, 1e-9)
        text = f"{progress.rows:,} rows, {progress.rows / seconds:,.0f} rows/s"
        if progress.share:
            left = seconds / progress.share - seconds
            text += f", {progress.share:.0%}, {int(left // 60)} min {int(left % 60):02} s left"
        sys.stderr.write(f"\r{text}\x1b[K" + "\n" * (progress.share == 1.0))
        sys.stderr.flush()

    def refused(self, error: Error) -> None:
        """One line for each, since there is no file beside a stream."""
        place = f'line {error.line}, column "{error.column}"' if error.column else f"line {error.line}"
        say(f"{place}: {error.value}: {error.why}" if error.value else f"{place}: {error.why}")
