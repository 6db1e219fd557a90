"""A whole run: chunks handed to workers, their parts kept or written, and what is known of its progress."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Protocol

from triage import __version__
from triage.batch import source
from triage.batch.parts import Parts
from triage.batch.plan import STREAM, Form, Plan, check_columns, kept
from triage.batch.source import Chunk, Opened, opened
from triage.batch.work import NONE, Counts, Done, Error, Worker, head
from triage.faults import Fault, FaultyInput
from triage.model import RuleBase
from triage.tables import Size

WINDOW = 3  # chunks a worker that may wait: read, worked on or written


class Job(NamedTuple):
    """What is asked for: names of files (`-`: standard input or output) and how to go about them."""

    input: str
    output: str
    source: Form
    target: Form
    rules: str | None
    partial: bool = False
    jobs: int = 1
    resume: bool = False


class Progress(NamedTuple):
    """How far a run is: rows read in this run, and which share of the input is done (None: not known).

    `tables`: how large those are that every process keeps.
    """

    rows: int
    share: float | None
    tables: Size | None = None


class Watcher(Protocol):
    """Who is told of a run while it goes on."""

    def began(self, columns: tuple[str, ...]) -> None:
        """The columns are known and sound."""
        ...

    def went_on(self, progress: Progress) -> None:
        """A chunk is done."""
        ...

    def refused(self, error: Error) -> None:
        """A row was refused; told only where the output is a stream, which has no OUT.errors beside it."""
        ...


class WorkerDied(Exception):
    """A worker process ended by itself, killed or out of memory. What is finished is kept."""


def conduct(job: Job, rulebase: RuleBase, watcher: Watcher) -> Counts:
    """Every row of the input written or refused; the counts. Raises FaultyInput, OSError, WorkerDied."""
    with opened(job.input, job.source, rulebase) as data:
        check_columns(data.columns, job.input, rulebase)
        plan = Plan(job.rules, data.columns, job.source, job.target, job.partial)
        begin = head(kept(plan, rulebase), plan)
        watcher.began(data.columns)
        far = _Far(data)
        if job.output == STREAM:
            return _streamed(_work(data.chunks, plan, job.jobs), begin, watcher, far)
        parts = Parts(Path(job.output), job.target)
        parts.begin(_identity(job, rulebase), job.resume)
        finished = parts.finished()
        to_do = (chunk for chunk in data.chunks if chunk.number not in finished)
        for done in _work(to_do, plan, job.jobs):
            parts.keep(done)
            watcher.went_on(far.after(done))
        return parts.join(begin)


def _identity(job: Job, rulebase: RuleBase) -> dict[str, Any]:
    """What must be the same when a run goes on. Raises FaultyInput where nobody could tell."""
    if job.resume and job.input == STREAM:
        raise FaultyInput([Fault("--resume", 0, "cannot go on with standard input", "give the name of a file")])
    seen = Path(job.input).stat() if job.input != STREAM else None
    return {
        "input": [seen.st_size, seen.st_mtime_ns] if seen else None,
        "rules": rulebase.sha256,
        "program": __version__,
        "chunk": [source.CHUNK, source.PARQUET_ROWS],
        "forms": [list(job.source), list(job.target)],
        "partial": job.partial,
    }


class _Far:
    """How far a run is."""

    def __init__(self, data: Opened) -> None:
        self._size, self._rows = data.size, 0

    def after(self, done: Done) -> Progress:
        self._rows += done.counts.read
        return Progress(self._rows, min(1.0, done.upto / self._size) if self._size else None, done.tables)


def _streamed(parts: Iterable[Done], begin: bytes, watcher: Watcher, far: _Far) -> Counts:
    out = sys.stdout.buffer
    out.write(begin)
    counts = NONE
    for done in parts:
        out.write(done.output)
        out.flush()
        for error in done.errors:
            watcher.refused(error)
        watcher.went_on(far.after(done))
        counts += done.counts
    return counts


# --- workers


def _work(chunks: Iterable[Chunk], plan: Plan, jobs: int) -> Iterator[Done]:
    """What becomes of the chunks, in their order."""
    if jobs == 1:
        yield from map(Worker(plan).done, chunks)
        return
    context = multiprocessing.get_context("spawn")  # safe beside threads, and the same on every system
    with ProcessPoolExecutor(jobs, context, _begin, (plan,)) as pool:
        waiting: deque[Future[Done]] = deque()
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_done, chunk))
                if len(waiting) >= WINDOW * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise WorkerDied from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(plan: Plan) -> None:
    """Make the worker of this process, which ends with the process that started it, however that ends."""
    global _worker  # noqa: PLW0603  (a pool hands its processes nothing but functions)
    Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(plan)


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


_worker: Worker


def _done(chunk: Chunk) -> Done:
    return _worker.done(chunk)
