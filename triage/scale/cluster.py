"""Many machines: one task for each input, sent to a Dask cluster that is running.

Only names, counts and faults go over the network; rows are read and written by the workers, in folders that all
machines share. A task may run twice, also at the same time: a worker dies, or only seems to. Every attempt has a folder
of its own for its parts, and puts the output in its place in one step; both attempts make the same bytes. While the run is
on, the folder `.parts` holds a file with its name, which a worker has to find there: so it sees the same storage, and
it stops when the run was stopped.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from triage.conversation.answers import write_whole
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.scale.conduct import Advance, Job, Progress, Watcher, WorkerDied, conduct
from triage.scale.counts import Counts, Error
from triage.scale.finished import Results, counts_if_finished, keep_finished
from triage.scale.tables import Tables
from triage.version import __version__, how_to_install

SECONDS = 10  # to wait for a scheduler
AHEAD = 3  # tasks that wait for every thread of the workers
RUN = "on"  # the file that holds the name of the run
CLOSE = 2  # seconds by which two machines may disagree on when a file was written


class Task(NamedTuple):
    """What a worker has to know: the job, the hash of the rules, what the input looks like, and the name of the run."""

    job: Job
    sha256: str
    size: int
    written: float
    run: str


class Unfit(FaultyInput):
    """A worker that must not work on the run: other rules, another version, other folders."""


class Abandoned(Exception):
    """The run that a worker works for is no longer on."""


# --- here


def conduct_there(address: str, jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher) -> Results:
    """Jobs with a place for their parts, each as a task, and what became of them, in the order in which they end.

    Raises FaultyInput where the scheduler cannot be reached or a worker is not fit for the run, WorkerDied where the
    scheduler is gone, OSError.
    """
    distributed = _needed()
    run = uuid.uuid4().hex
    tasks = [_task(job, rulebase, run) for job in jobs]
    tasks.sort(key=lambda task: -task.size)  # so that no large one is left to the end
    advance = Advance([task.job for task in tasks])
    with _connected(address) as client, _on(tasks[0]):
        _check_workers(client, tasks[0])
        for task, found in _in_order_of_their_end(client, tasks):
            try:
                ended = found.result()
            except distributed.KilledWorker:
                yield task.job, WorkerDied()
                continue
            except Abandoned:
                raise FaultyInput([Fault(task.job.output, 0, "another run goes on with it", code="LCT703")]) from None
            except (distributed.CancelledError, OSError):  # nobody else cancels a task
                raise WorkerDied("The connection to the scheduler was lost.") from None
            if isinstance(ended, Unfit):
                raise ended
            if isinstance(ended, Counts):
                watcher.went_on(advance.ended(task.job, ended.read))
            yield task.job, ended


def _task(job: Job, rulebase: RuleBase, run: str) -> Task:
    seen = os.stat(job.input)
    places = {name: getattr(job, name) for name in ("input", "output", "rules", "parts")}
    there = {name: place and os.path.abspath(place) for name, place in places.items()}
    return Task(job._replace(jobs=1, **there), rulebase.sha256, seen.st_size, seen.st_mtime, run)


def _needed() -> Any:
    """Dask. Raises FaultyInput where it is not installed."""
    try:
        import distributed
    except ImportError:
        what, hint = "needs Dask, which is not installed", how_to_install("distributed")
        raise FaultyInput([Fault("--scheduler", 0, what, hint, code="LCT700")]) from None
    return distributed


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler. Raises FaultyInput where there is none."""
    logging.disable()  # what somebody has to know is told as a fault
    try:
        try:
            client = _needed().Client(address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError):
            hint = "the address that the scheduler prints when it starts, like tcp://10.0.0.5:8786"
            raise FaultyInput(
                [Fault(address, 0, f"no scheduler answered in {SECONDS} s", hint, code="LCT705")]
            ) from None
        with client:
            yield client
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _on(task: Task) -> Iterator[None]:
    """While the run is on, its name stands where the workers look for it."""
    file = _file_of_run(task.job)
    write_whole(file, task.run)
    try:
        yield
    finally:
        if _is_on(task.job, task.run):  # else another run goes on with it
            file.unlink(missing_ok=True)


def _file_of_run(job: Job) -> Path:
    return Path(str(job.parts)).with_name(RUN)


def _check_workers(client: Any, task: Task) -> None:
    """Raises FaultyInput where there is no worker, Unfit where one cannot do the work.

    A worker that comes later is checked by its first task.
    """
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except _needed().TimeoutError:
        raise FaultyInput(
            [Fault(client.scheduler.address, 0, "this scheduler has no workers", "start some", code="LCT705")]
        ) from None
    found = client.run(why_unfit, *task[:2], task.run, __version__, on_error="return")
    faults = []
    for address, why in found.items():
        if isinstance(why, BaseException):
            hint = f"is leg-cramp-triage {__version__} installed there?"
            faults.append(Fault(address, 0, f"this worker cannot be used: {why}", hint, code="LCT705"))
        elif why:
            faults.append(Fault(address, 0, why[0], why[1], code="LCT705"))
    if faults:
        raise Unfit(faults)


def _in_order_of_their_end(client: Any, tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
    """Every task with its future. Only some are with the scheduler at a time; all of them are cancelled in the end."""
    to_come = iter(tasks)
    ended = _needed().as_completed(loop=client.loop)
    on_their_way: dict[Any, Task] = {}
    try:
        while True:
            room = AHEAD * max(1, sum(client.nthreads().values())) - len(on_their_way)
            for _, task in zip(range(room), to_come, strict=False):
                future = client.submit(work_on, task, key=f"leg-cramp-triage-{uuid.uuid4().hex}", pure=False)
                on_their_way[future] = task
                ended.add(future)
            if not on_their_way:
                return
            future = next(ended)
            yield on_their_way.pop(future), future
    finally:
        client.cancel(list(on_their_way))


# --- there


def work_on(task: Task) -> Counts | FaultyInput:
    """One task, in a worker: the counts once the output is in its place, or what is wrong. Raises Abandoned."""
    where = _where()
    try:
        if why := why_unfit(task.job, task.sha256, task.run, __version__):
            return Unfit([Fault(where, 0, *why, code="LCT705")])
        seen = os.stat(task.job.input)
        if seen.st_size != task.size or abs(seen.st_mtime - task.written) > CLOSE:
            return FaultyInput(
                [Fault(task.job.input, 0, f"has changed, or is another file for {where}", code="LCT706")]
            )
        return _attempt(task)
    except FaultyInput as error:
        return error
    except OSError as error:
        return FaultyInput([Fault(task.job.input, 0, f"{where} cannot read or write: {error}", code="LCT705")])


def _attempt(task: Task) -> Counts:
    if (before := counts_if_finished(task.job)) is not None:  # by an attempt whose answer was lost
        return before
    attempt = task.job._replace(parts=f"{task.job.parts}.{uuid.uuid4().hex}", resume=False)
    tables = _tables(task)
    try:
        counts = conduct(attempt, tables.rulebase, _While(task), tables)
        keep_finished(task.job, counts)
    finally:
        shutil.rmtree(str(attempt.parts), ignore_errors=True)
    return counts


class _While:
    """A watcher that ends the work when the run is no longer on."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """Doubts were told before."""

    def went_on(self, progress: Progress) -> None:  # noqa: ARG002
        if not _is_on(self._task.job, self._task.run):
            raise Abandoned

    def refused(self, error: Error) -> None:
        """Told in OUT.errors."""


def why_unfit(job: Job, sha256: str, run: str, version: str) -> tuple[str, str] | None:
    """Why this process cannot work on a run, and what would help; None if it can."""
    if __version__ != version:
        return f"this worker has version {__version__}, not {version}", "install the same version on every machine"
    if not _is_on(job, run):
        return (
            f"this worker does not see {_file_of_run(job).parent}",
            "all machines must share the folders of IN and OUT",
        )
    if sha256 in _filled:
        return None
    try:
        found = load(job.rules).sha256
    except FaultyInput as error:
        return f"this worker cannot read the rules: {error.faults[0]}", "all machines must share the folder of --rules"
    if found != sha256:
        return f"this worker has other rules: sha256 {found[:12]}, not {sha256[:12]}", "use the same on every machine"
    return None


_filled: dict[str, Tables] = {}  # of the rules last used, by their hash; workers live longer than a run
_filling = Lock()  # a worker may have several threads


def _tables(task: Task) -> Tables:
    """The tables of the rules, filled once in a process."""
    with _filling:
        if task.sha256 not in _filled:
            rulebase = load(task.job.rules)
            if rulebase.sha256 != task.sha256:
                raise Unfit(
                    [Fault(_where(), 0, "the rules have changed since the run began", "run it again", code="LCT706")]
                )
            _filled.clear()
            _filled[task.sha256] = Tables(rulebase)
        return _filled[task.sha256]


def _where() -> str:
    """The address of this worker."""
    worker = _needed().get_worker()
    return f"worker {worker.address}"


def _is_on(job: Job, run: str) -> bool:
    try:
        return _file_of_run(job).read_text("utf-8") == run
    except OSError:
        return False
