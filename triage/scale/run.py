"""Whole runs: chunks handed to workers, outputs put in their place in one step, and which files are finished.

While an output is made, it stands in a folder of its own beside its place. Of several files, a record of each that is
finished is kept in a folder until all are; so a run that was killed loses nothing and doubles nothing.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import shutil
import signal
import sys
import uuid
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from functools import partial
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, NamedTuple

import polars as pl

from triage.conversation.answers import write_whole
from triage.knowledge.faults import Fault, Faults, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.plan import ERRORS_OF, NONE, PARQUET, STREAM, Counts, Error, Job, WorkerDied, check_columns
from triage.scale.reading import Opened, opened
from triage.scale.work import Done, as_csv, done, judge_of, top
from triage.version import __version__

WINDOW = 2  # chunks a worker that may wait: read, worked on or written
LOCK = "lock"  # whoever has locked this file has the folder; the system frees it, however a process ends
RECORD = ".json"  # behind the name of an output that is finished

Ending = Counts | FaultyInput | WorkerDied  # what became of a job


class Progress(NamedTuple):
    """How far a run is: rows read, and which share of the input is done (None: not known). `ended`: of the `files`."""

    rows: int
    share: float | None
    ended: int = 0
    files: int = 1


class Watcher:
    """Who is told of a run while it goes on; this one listens to nothing."""

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """The columns are known and sound. `name`: of which file, where there are several."""

    def went_on(self, progress: Progress) -> None:
        """A chunk is done, or a file where there are several."""

    def refused(self, error: Error) -> None:
        """A row was refused; told only where the output is a stream, which has no file of errors beside it."""


class Ended(NamedTuple):
    """What became of a run: the counts of all outputs that are whole, and what went wrong with other inputs."""

    counts: Counts
    files: int = 1
    faults: tuple[Fault, ...] = ()
    died: tuple[str, ...] = ()


# --- one file


def conduct(job: Job, rulebase: RuleBase, watcher: Watcher, processes: int = 1) -> Counts:
    """Every row of the input written or refused; the counts. Raises FaultyInput, OSError, WorkerDied."""
    with opened(job, rulebase) as source:
        check_columns(source.head.columns, job.input, rulebase)
        watcher.began(source.head.columns)
        begin = top(source.head, job, rulebase.questions)
        with closing(_worked(job, source, processes)) as parts:
            told = _watched(parts, source.size, watcher)
            return _to_stream(begin, told, watcher) if job.output == STREAM else _to_file(job, begin, told)


def _watched(parts: Iterator[Done], size: int | None, watcher: Watcher) -> Iterator[Done]:
    rows = 0
    for part in parts:
        yield part
        rows += part.counts.read
        watcher.went_on(Progress(rows, min(1.0, part.upto / size) if size else None))


def _to_stream(begin: bytes, parts: Iterator[Done], watcher: Watcher) -> Counts:
    out, counts = sys.stdout.buffer, NONE
    for part in parts:
        out.write(begin + part.output)
        out.flush()
        for error in part.errors:
            watcher.refused(error)
        begin, counts = b"", counts + part.counts
    return counts


def _to_file(job: Job, begin: bytes, parts: Iterator[Done]) -> Counts:
    """The output and its errors in their places, first the errors: an output that is there is whole."""
    counts, out = NONE, Path(job.output)
    with _workshop(out) as folder:
        rows, told = folder / "rows", folder / "errors"
        with _private(rows) as file, _private(told) as errors:
            file.write(begin)
            errors.write(as_csv([Error._fields]))
            for n, part in enumerate(parts):
                errors.write(as_csv(part.errors))
                if job.target.format == PARQUET:
                    (folder / f"{n:09}.{PARQUET}").write_bytes(part.output)
                else:
                    file.write(part.output)
                counts += part.counts
        if job.target.format == PARQUET:
            pl.scan_parquet(folder / f"*.{PARQUET}").sink_parquet(rows)
        if job.mark and not Path(job.mark).exists():
            raise WorkerDied("The run is over.")  # and its outputs may be another's by now
        beside = out.with_name(out.name + ERRORS_OF)
        if counts.refused or counts.unfinished:
            _place(told, beside)
        else:
            beside.unlink(missing_ok=True)  # those of an earlier run are none of this one
        _place(rows, out)
    return counts


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _place(made: Path, path: Path) -> None:
    """A file is on the disk before it has its name."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(made, path)


@contextmanager
def _workshop(out: Path) -> Iterator[Path]:
    """A folder for this run alone, beside the output; those of killed runs go."""
    for left in out.parent.glob(f".{escape(out.name)}-*"):
        with suppress(OSError), (left / LOCK).open("rb") as file:
            if _locked(file):
                shutil.rmtree(left)
    with (
        TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True) as name,
        _private(Path(name, LOCK)) as file,
    ):
        _locked(file)
        yield Path(name)


def _locked(file: IO[bytes]) -> bool | None:
    """Whether it is locked now, or somebody else has locked it; None where nobody can know."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # not on every system; some folders of a network know no locks
        return None
    return True


# --- several files


def conduct_files(
    jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher, folder: Path, resume: bool, results: Results
) -> Ended:
    """All jobs. `folder`: for what is finished. Raises FaultyInput before anything is written, OSError, WorkerDied.

    An input that turns out to be faulty later does not stop the others.
    """
    _check_heads(jobs, rulebase, watcher)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    with _held(folder, resume) as mark:
        marked = [job._replace(mark=str(mark)) for job in jobs]
        finished = {job: counts for job in marked if (counts := finished_as(job)) is not None}
        ended = _conducted(marked, finished, watcher, results)
        if not ended.faults and not ended.died:
            for path in folder.glob(f"*{RECORD}"):
                path.unlink()
    return ended


def _conducted(jobs: Sequence[Job], finished: dict[Job, Counts], watcher: Watcher, results: Results) -> Ended:
    total, faults, died = sum(finished.values(), NONE), list[Fault](), list[str]()
    before, ends = total.read, len(finished)
    with closing(results([job for job in jobs if job not in finished])) as found:
        for job, ending in found:
            ends += 1
            if isinstance(ending, Counts):
                total += ending
                watcher.went_on(Progress(total.read - before, ends / len(jobs), ends, len(jobs)))
            elif isinstance(ending, WorkerDied):
                died.append(job.input)
            else:
                faults += ending.faults
    return Ended(total, len(jobs), tuple(faults), tuple(died))


def _check_heads(jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher) -> None:
    """Raises FaultyInput where the columns of any input make no sense, OSError."""
    faults, told = Faults(), set()
    for job in jobs:
        try:
            with opened(job, rulebase) as source:
                check_columns(source.head.columns, job.input, rulebase)
        except FaultyInput as error:
            for fault in error.faults:
                faults.append(fault)
            continue
        if source.head.columns not in told:
            told.add(source.head.columns)
            watcher.began(source.head.columns, job.input if len(jobs) > 1 else "")
    if faults:
        raise FaultyInput(faults)


@contextmanager
def _held(folder: Path, resume: bool) -> Iterator[Path]:
    """The folder, for this run alone, and a file in it that is there while the run is on. Raises FaultyInput, OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with open(folder / LOCK, "ab") as lock:
        if _locked(lock) is False:
            hint = "wait for its end, or stop it"
            raise FaultyInput([Fault(str(folder), 0, "another run goes on with it", hint, code="LCT703")])
        if not resume and [*folder.glob(f"*{RECORD}")]:
            hint = "--resume goes on with it; without it, remove the folder first"
            raise FaultyInput([Fault(str(folder), 0, "holds what is finished of a run", hint, code="LCT703")])
        mark = folder / f"run-{uuid.uuid4().hex}"
        for left in folder.glob("run-*"):
            left.unlink()
        mark.touch()
        try:
            yield mark
        finally:
            mark.unlink(missing_ok=True)
            if not [*folder.glob(f"*{RECORD}")]:
                (folder / LOCK).unlink()
                with suppress(OSError):  # something of somebody else is in it
                    folder.rmdir()


def run_file(job: Job) -> Counts | FaultyInput:
    """One of several files, in this process or on another machine. Raises WorkerDied."""
    try:
        if (before := finished_as(job)) is not None:  # by an attempt whose answer was lost
            return before
        counts = conduct(job, judge_of(job.rules, job.sha256).rules.rulebase, Watcher())
    except FaultyInput as error:
        return error
    except OSError as error:
        return FaultyInput([Fault(job.input, 0, f"cannot be read or written: {error}", code="LCT705")])
    kept = [[kind, name, rows] for (kind, name), rows in counts.results.items()]
    write_whole(_record(job), json.dumps({"made of": _made_of(job), "counts": [*counts[:4], kept]}))
    return counts


def finished_as(job: Job) -> Counts | None:
    """The counts of an output that is whole, and was made of the same; None if it is not."""
    try:
        record = json.loads(_record(job).read_text("utf-8"))
        same = record["made of"] == _made_of(job)
    except OSError:
        return None
    read, written, refused, unfinished, kept = record["counts"]
    results = Counter({(kind, name): rows for kind, name, rows in kept})
    return Counts(read, written, refused, unfinished, results) if same else None


def _made_of(job: Job) -> list[Any]:
    """What must be the same when a run goes on: the input, the output as it was written, rules, program, options."""
    states = ([seen.st_size, seen.st_mtime_ns] for seen in map(os.stat, (job.input, job.output)))
    return [*states, job.sha256, __version__, job.partial, job.encoding, list(job.source), list(job.target)]


def _record(job: Job) -> Path:
    return Path(job.mark).with_name(Path(job.output).name + RECORD)


# --- processes

Results = Callable[[Sequence[Job]], Generator[tuple[Job, Ending]]]  # jobs -> each with what became of it


def alone(jobs: Sequence[Job]) -> Generator[tuple[Job, Ending]]:
    """One file after another."""
    for job in jobs:
        yield job, run_file(job)


def together(processes: int, jobs: Sequence[Job]) -> Generator[tuple[Job, Ending]]:
    """Several files at a time, in the order in which they end. Raises WorkerDied."""
    with _pool(processes) as pool:
        waiting = {pool.submit(run_file, job): job for job in jobs}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _worked(job: Job, source: Opened, processes: int) -> Generator[Done]:
    """What becomes of the chunks, in their order. Raises FaultyInput, WorkerDied."""
    work = partial(done, job, source.head)
    if processes == 1:
        yield from map(work, source.chunks)
        return
    with _pool(processes) as pool:
        waiting: deque[Future[Done]] = deque()
        for chunk in source.chunks:
            waiting.append(pool.submit(work, chunk))
            if len(waiting) >= WINDOW * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # safe beside threads, and the same on every system
    pool = ProcessPoolExecutor(processes, context, _begin)
    try:
        yield pool
    except BrokenProcessPool:
        raise WorkerDied("A worker process ended by itself, killed or out of memory.") from None
    finally:
        pool.shutdown(cancel_futures=True)  # waits, so that what workers used is known at the end


def _begin() -> None:
    """In a worker: it ends with the process that started it, however that ends, and at the key that stops both."""
    gc.disable()  # a chunk makes very many lists and no cycles; searching them takes a quarter of the time
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
