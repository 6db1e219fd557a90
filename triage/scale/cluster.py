"""Many machines: each file a task of a Dask cluster that is running. Rows are read and written by the workers.

A task may run twice, also at the same time: a worker dies, or only seems to. Each attempt puts the same bytes in place
in one step, and none after the run is over: then the file `Job.mark` is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.rulebase import load
from triage.scale.plan import Job, WorkerDied
from triage.scale.run import Ending, run_file
from triage.version import __version__

SECONDS = 10  # to wait for a scheduler


def on_cluster(address: str, jobs: Sequence[Job]) -> Generator[tuple[Job, Ending]]:
    """Jobs, each with what became of it. Raises FaultyInput where the cluster is not fit for the run, WorkerDied."""
    if not jobs:
        return
    distributed = _needed()
    with _connected(address) as client:
        _check_workers(client, jobs[0])
        there = {client.submit(run_file, job, pure=False): job for job in jobs}
        try:
            for future in distributed.as_completed(there, loop=client.loop):
                try:
                    yield there[future], future.result()
                except distributed.KilledWorker:
                    yield there[future], WorkerDied()
                except (distributed.CancelledError, OSError):  # nobody else cancels a task
                    raise WorkerDied("The connection to the scheduler was lost.") from None
        finally:
            client.cancel(list(there))


def _needed() -> Any:
    """Dask. Raises FaultyInput where it is not installed."""
    try:
        import distributed
    except ImportError:
        raise _unfit("--scheduler", "needs Dask", 'pip install "leg-cramp-triage[distributed]"', "LCT700") from None
    return distributed


def _unfit(place: str, what: str, hint: str = "", code: str = "LCT705") -> FaultyInput:
    return FaultyInput([Fault(place, 0, what, hint, code=code)])


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler. Raises FaultyInput where there is none."""
    logging.disable()  # what somebody has to know is told as a fault
    try:
        try:
            client = _needed().Client(address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError):
            hint = "the address that the scheduler prints when it starts, like tcp://10.0.0.5:8786"
            raise _unfit(address, f"no scheduler answered in {SECONDS} s", hint) from None
        with client:
            yield client
    finally:
        logging.disable(logging.NOTSET)


def _check_workers(client: Any, job: Job) -> None:
    """Raises FaultyInput where there is no worker, or one cannot do the work."""
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except _needed().TimeoutError:
        raise _unfit(client.scheduler.address, "this scheduler has no workers", "start some") from None
    found = client.run(why_unfit, job, __version__, on_error="return")
    faults = [Fault(place, 0, f"this worker {why}", code="LCT705") for place, why in found.items() if why]
    if faults:
        raise FaultyInput(faults)


def why_unfit(job: Job, version: str) -> str:
    """Why this process cannot work on a run; empty if it can."""
    if __version__ != version:
        return f"has version {__version__}, not {version}"
    if not Path(job.mark).exists():
        return f"does not see {Path(job.mark).parent}: all machines must share the folders of IN and OUT"
    try:
        found = load(job.rules).sha256
    except FaultyInput as error:
        return f"cannot read the rules: {error.faults[0]}"
    return "" if found == job.sha256 else f"has other rules: sha256 {found[:12]}, not {job.sha256[:12]}"
