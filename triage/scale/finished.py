"""What is finished of a run over several inputs: a record of every output that is whole, in the folder of its parts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from triage.conversation.answers import write_whole
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.conduct import Job, WorkerDied, identity
from triage.scale.counts import Counts
from triage.scale.parts import as_record, counts_of, held, put_away

# Each job, and what became of it.
Results = Generator[tuple[Job, Counts | FaultyInput | WorkerDied], None, None]


class Finished:
    """The folder with what is finished of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def held(self, resume: bool) -> Iterator[None]:
        """The folder, for this run alone. Raises FaultyInput, OSError."""
        self.folder.parent.mkdir(mode=0o700, exist_ok=True)
        with held(self.folder, resume):
            yield

    def placed(self, job: Job, rulebase: RuleBase) -> Job:
        """The job, with a place for its parts. Raises OSError."""
        made_of = json.dumps([os.path.abspath(job.input), identity(job, rulebase)])
        digits = hashlib.sha256(made_of.encode(errors="surrogateescape")).hexdigest()[:16]
        return job._replace(parts=str(self.folder / f"{Path(job.output).name}-{digits}"), resume=True)

    def end(self) -> None:
        """The folder goes."""
        put_away(self.folder)


def counts_if_finished(job: Job) -> Counts | None:
    """The counts of an output that is whole; None if it is not."""
    try:
        record = json.loads(_record(job).read_text("utf-8"))
        whole = Path(job.output).stat().st_size == record["size"]
    except FileNotFoundError:
        return None
    return counts_of(record) if whole else None


def keep_finished(job: Job, counts: Counts) -> None:
    """The output of a job is whole, which is recorded. Raises OSError."""
    write_whole(_record(job), json.dumps({"size": Path(job.output).stat().st_size, **as_record(counts)}))


def _record(job: Job) -> Path:
    return Path(f"{job.parts}.json")
