"""A whole run: chunks handed to workers, their parts kept or written, and what is known of its progress."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from triage.conversation.answers import write_whole
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale import source
from triage.scale.counts import NONE, Counts, Done, Error
from triage.scale.parts import Parts, folder_of, held, leave, put_away
from triage.scale.plan import STREAM, Form, Plan, check_columns
from triage.scale.source import Changed, Chunk, Opened, opened
from triage.scale.target import Target
from triage.version import __version__

if TYPE_CHECKING:
    from triage.scale.tables import Size, Tables
    from triage.scale.work import Worker

WINDOW = 3  # chunks a worker that may wait: read, worked on or written


class Job(NamedTuple):
    """What is asked for: names of files (`-`: standard input or output) and how to go about them.

    `parts`: the folder in which finished parts are kept, within one that the run has for itself; None: OUT.parts.
    """

    input: str
    output: str
    source: Form
    target: Form
    rules: str | None
    partial: bool = False
    jobs: int = 1
    resume: bool = False
    parts: str | None = None


class Progress(NamedTuple):
    """How far a run is: rows read in this run, and which share of the input is done (None: not known).

    `tables`: how large those are that every process keeps. `ended`: how many of the `files` are done.
    """

    rows: int
    share: float | None
    tables: Size | None = None
    ended: int = 0
    files: int = 1


class Watcher(Protocol):
    """Who is told of a run while it goes on."""

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """The columns are known and sound. `name`: of which file, where there are several."""
        ...

    def went_on(self, progress: Progress) -> None:
        """A chunk is done."""
        ...

    def refused(self, error: Error) -> None:
        """A row was refused; told only where the output is a stream, which has no OUT.errors beside it."""
        ...


class WorkerDied(Exception):
    """A worker process ended by itself, killed or out of memory, or cannot be reached. What is finished is kept."""


def conduct(job: Job, rulebase: RuleBase, watcher: Watcher, tables: Tables | None = None) -> Counts:
    """Every row of the input written or refused; the counts. Raises FaultyInput, OSError, WorkerDied.

    `tables`: those of the rule base, where they are filled already.
    """
    advance = Advance([job])
    if job.output == STREAM:
        return _streamed(_work(_pieces([job], rulebase, watcher), job.jobs, tables), watcher, advance)
    with nullcontext() if job.parts else held(folder_of(Path(job.output)), job.resume):
        [(_, ended)] = conduct_all([job], rulebase, watcher, advance, tables)
    if isinstance(ended, FaultyInput):
        raise ended
    return ended


def conduct_all(
    jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher, advance: Advance, tables: Tables | None = None
) -> Iterator[tuple[Job, Counts | FaultyInput]]:
    """Jobs with files, one after another by the same processes, and what became of each. Raises OSError, WorkerDied.

    A job whose input is faulty does not stop the others.
    """
    for run, done in _work(_pieces(jobs, rulebase, watcher), jobs[0].jobs, tables):
        if isinstance(done, Done):
            run.parts.keep(done)
            watcher.went_on(advance.after(run.job, done, run.size))
        else:
            advance.ended(run.job)
            if isinstance(done, Changed):
                put_away(run.parts.folder)  # of an input that is gone: nothing can go on with it
            elif done:
                leave(run.parts.folder)
            yield run.job, done or run.parts.join()


class _Run:
    """One input on its way to its output."""

    size: int | None
    plan: Plan
    head: bytes
    changed: Changed | None = None

    def __init__(self, job: Job) -> None:
        self.job = job
        self.parts = Parts(Path(job.output), job.target, Path(job.parts) if job.parts else None)

    def begin(self, data: Opened, rulebase: RuleBase) -> Iterator[Chunk]:
        """The chunks that are still to be done. Raises FaultyInput, OSError."""
        job = self.job
        check_columns(data.columns, job.input, rulebase)
        self.size = data.size
        self.plan = Plan(job.rules, data.columns, job.source, job.target, rulebase.sha256, job.partial)
        self.head = Target(self.plan, rulebase).head()
        if job.output == STREAM:
            return data.chunks
        finished = self.parts.begin(identity(job, rulebase), self.head)
        return (chunk for chunk in data.chunks if chunk.number not in finished)

    def place(self, chunk: Chunk) -> Path | None:
        """Where the rows of a chunk are kept; None where they go on to a stream."""
        return None if self.job.output == STREAM else self.parts.place(chunk.number)


class _Piece(NamedTuple):
    """A chunk of a run; or, behind the last one, its fault or None."""

    run: _Run
    chunk: Chunk | FaultyInput | None


def _pieces(jobs: Iterable[Job], rulebase: RuleBase, watcher: Watcher) -> Iterator[_Piece]:
    for job in jobs:
        run, fault = _Run(job), None
        try:
            with opened(job.input, job.source, rulebase) as data:
                chunks = run.begin(data, rulebase)
                watcher.began(data.columns)
                for chunk in chunks:
                    if run.changed:
                        break
                    yield _Piece(run, chunk)
        except FaultyInput as error:
            fault = error
        yield _Piece(run, fault)


def identity(job: Job, rulebase: RuleBase) -> dict[str, Any]:
    """What must be the same when a run goes on. Raises FaultyInput where nobody could tell, OSError."""
    if job.resume and job.input == STREAM:
        raise FaultyInput(
            [Fault("--resume", 0, "cannot go on with standard input", "give the name of a file", code="LCT704")]
        )
    seen = Path(job.input).stat() if job.input != STREAM else None
    return {
        "input": [seen.st_size, seen.st_mtime_ns] if seen else None,
        "rules": rulebase.sha256,
        "program": __version__,
        "chunk": [source.CHUNK, source.PARQUET_ROWS],
        "forms": [list(job.source), list(job.target)],
        "partial": job.partial,
    }


class Advance:
    """How far jobs are, all together. The size of an input in bytes is its weight."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        streams = any(job.input == STREAM for job in jobs)
        self._weights = {job.output: 1 if streams else max(1, os.path.getsize(job.input)) for job in jobs}
        self._all = None if streams else sum(self._weights.values())
        self._read = dict.fromkeys(self._weights, 0)
        self._done = self._rows = self._ended = 0

    def after(self, job: Job, done: Done, size: int | None) -> Progress:
        """A chunk is done, of an input of this size (None: not known)."""
        self._rows += done.counts.read
        if size:
            self._set(job, min(1.0, done.upto / size))
        return self._progress(done.tables)

    def ended(self, job: Job, rows: int = 0) -> Progress:
        """A job is done, with these rows that were not counted yet."""
        self._rows += rows
        self._ended += 1
        self._set(job, 1.0)
        return self._progress()

    def _set(self, job: Job, share: float) -> None:
        read = round(self._weights[job.output] * share)  # whole bytes, so that all of it is exactly all of it
        self._done += read - self._read[job.output]
        self._read[job.output] = read

    def _progress(self, tables: Size | None = None) -> Progress:
        share = self._done / self._all if self._all else None
        return Progress(self._rows, share, tables, self._ended, len(self._weights))


def _streamed(results: Iterable[tuple[_Run, Done | FaultyInput | None]], watcher: Watcher, advance: Advance) -> Counts:
    out = sys.stdout.buffer
    counts, begun = NONE, False
    for run, done in results:
        if isinstance(done, FaultyInput):
            raise done
        if not begun:
            out.write(run.head)
            begun = True
        if done is None:
            out.flush()
            continue
        out.write(done.output)
        out.flush()
        for error in done.errors:
            watcher.refused(error)
        watcher.went_on(advance.after(run.job, done, run.size))
        counts += done.counts
    return counts


# --- workers


class _Workers:
    """A worker for every plan, one at a time, on the same tables."""

    def __init__(self, tables: Tables | None = None) -> None:
        from triage.scale.work import Worker  # with the engine, which who only hands out chunks does not need

        self._make = Worker
        self._tables, self._worker = tables, None

    def done(self, plan: Plan, chunk: Chunk, place: Path | None) -> Done:
        """A chunk done; its rows are written to their place, if there is one, and then not handed on."""
        if self._worker is None or self._worker.plan != plan:
            self._worker = self._make(plan, self._tables)
            self._tables = self._worker.tables
        done = self._worker.done(chunk)
        if place is None:
            return done
        write_whole(place, done.output)
        return done._replace(output=b"")

    _worker: Worker | None


_Task = Callable[[], Done] | FaultyInput | None  # what becomes of a piece: still to be asked for, if it is a chunk


def _work(
    pieces: Iterable[_Piece], jobs: int, tables: Tables | None = None
) -> Iterator[tuple[_Run, Done | FaultyInput | None]]:
    """What becomes of the pieces, in their order. Where a file turns out to have changed, nothing more of its chunks."""
    with closing(_alone(pieces, tables) if jobs == 1 else _shared(pieces, jobs)) as tasks:
        try:
            for run, task in tasks:
                if not callable(task):
                    yield run, run.changed or task
                elif not run.changed:
                    try:
                        done = task()
                    except Changed as error:
                        run.changed = error
                    else:
                        yield run, done
        except BrokenProcessPool:
            raise WorkerDied("A worker process ended by itself, killed or out of memory.") from None


def _alone(pieces: Iterable[_Piece], tables: Tables | None) -> Generator[tuple[_Run, _Task]]:
    workers = _Workers(tables)
    for run, chunk in pieces:
        task = partial(workers.done, run.plan, chunk, run.place(chunk)) if isinstance(chunk, Chunk) else chunk
        yield run, task


def _shared(pieces: Iterable[_Piece], jobs: int) -> Generator[tuple[_Run, _Task]]:
    context = multiprocessing.get_context("spawn")  # safe beside threads, and the same on every system
    with ProcessPoolExecutor(jobs, context, _begin) as pool:
        waiting: deque[tuple[_Run, _Task]] = deque()
        try:
            for run, chunk in pieces:
                if isinstance(chunk, Chunk):
                    waiting.append((run, pool.submit(_done, run.plan, chunk, run.place(chunk)).result))
                else:
                    waiting.append((run, chunk))
                while len(waiting) >= WINDOW * jobs:
                    yield waiting.popleft()
            yield from waiting
        finally:
            pool.shutdown(cancel_futures=True)  # waits, so that what workers used is known at the end


def _begin() -> None:
    """Make the worker of this process, which ends with the process that started it, however that ends."""
    global _workers  # noqa: PLW0603  (a pool hands its processes nothing but functions)
    Thread(target=_end_with_parent, daemon=True).start()
    _workers = _Workers()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


_workers: _Workers


def _done(plan: Plan, chunk: Chunk, place: Path | None) -> Done:
    return _workers.done(plan, chunk, place)
