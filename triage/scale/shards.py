"""Several inputs in one run: a folder or a pattern in, a folder with an output for each of the files out.

While such a run goes on, the folder `.parts` in OUT holds what is finished: a record for every output that is whole,
and the parts of the others. Both have the identity of their input in their names, so what was made of another input,
by other rules or with other options is never taken for finished. The folder goes when all is done.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from triage.knowledge.faults import Fault, Faults, FaultyInput
from triage.knowledge.model import RuleBase
from triage.scale.cluster import conduct_there
from triage.scale.conduct import Advance, Job, Progress, Watcher, WorkerDied, conduct_all
from triage.scale.counts import NONE, Counts, Error
from triage.scale.finished import Finished, Results, counts_if_finished, keep_finished
from triage.scale.parts import REFUSED, check_folder, check_places, errors_of
from triage.scale.plan import FORMATS, GZIP, PARQUET, STREAM, Form, check_columns, form_of
from triage.scale.source import opened

PARTS = ".parts"
SHOWN = 5  # names of files in a message


class Ended(NamedTuple):
    """What became of a run: the counts of all outputs that are whole, and what went wrong with the other inputs.

    `files`: how many inputs there are; `died`: those whose workers ended by themselves, again and again.
    """

    counts: Counts
    files: int = 1
    faults: tuple[Fault, ...] = ()
    died: tuple[str, ...] = ()


# --- which files


def is_several(name: str) -> bool:
    """Whether a name stands for several inputs: a folder, or a pattern like `*.csv` that is no file itself."""
    path = Path(name)
    return path.is_dir() or (glob.has_magic(name) and not path.exists())


def jobs_of(wanted: Job, forms: tuple[str | None, str | None]) -> tuple[list[Job], list[str]]:
    """A job for every input, in the order of their names, and the files of a folder that are none.

    `forms`: the formats of all inputs and outputs, None where names tell (an output is then written like its input).
    Raises FaultyInput.
    """
    files, others = _files(wanted.input, forms[0])
    out = Path(wanted.output)
    if wanted.output == STREAM or (out.exists() and not out.is_dir()):
        raise FaultyInput([Fault(wanted.output, 0, "must be a folder, since IN has several files", code="LCT701")])
    check_folder(out.parent)
    jobs = []
    for file in files:
        source = form_of(str(file), forms[0])
        format_ = forms[1] or source.format
        target = Form(format_, source.packed and format_ != PARQUET)
        output = out / f"{_stem(file.name)}{target.suffix}"
        jobs.append(wanted._replace(input=str(file), output=str(output), source=source, target=target))
    _check_names(jobs, out)
    return jobs, others


def _files(name: str, form: str | None) -> tuple[list[Path], list[str]]:
    folder = Path(name)
    if folder.is_dir():
        there = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        files = [path for path in there if form or _is_table(path.name)]
    else:
        there = files = sorted(Path(path) for path in glob.glob(name, recursive=True) if Path(path).is_file())
    if not files:
        hint = f"names end in {', '.join(FORMATS)}, also with {GZIP} behind; or give --from"
        raise FaultyInput([Fault(name, 0, "has no files that can be read", hint, code="LCT712")])
    return files, [path.name for path in there if path not in files]


def _stem(name: str) -> str:
    """A name without what tells its format."""
    path = Path(name.removesuffix(GZIP))
    return path.stem if path.suffix.lower() in FORMATS else path.name


def _is_table(name: str) -> bool:
    return _stem(name) != name.removesuffix(GZIP)


def _check_names(jobs: Sequence[Job], out: Path) -> None:
    """Raises FaultyInput where outputs would replace each other or an input, or stand beside those of other inputs."""
    faults = Faults()
    by_name: dict[str, Job] = {}
    within = out.resolve()
    for job in jobs:
        other = by_name.setdefault(job.output.casefold(), job)  # on some systems Aa and aA are one file
        if other is not job:
            what = f"would have the same output as {other.input}: {job.output}"
            faults.append(Fault(job.input, 0, what, "give them different names", code="LCT712"))
        if within in Path(job.input).resolve().parents:
            faults.append(
                Fault(job.input, 0, f"is in {out}, the folder of the results", "give OUT another name", code="LCT702")
            )
    if faults:
        raise FaultyInput(faults)
    if out.is_dir():
        for job in jobs:
            check_places(job.input, Path(job.output))
    outputs = [Path(job.output) for job in jobs]
    own = {path.name for output in outputs for path in (output, errors_of(output))}
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if others := [name for name in there if _is_table(name.removesuffix(REFUSED)) and name not in own]:
        hint = f"{listed(others)}; remove them, or give OUT another name"
        raise FaultyInput([Fault(str(out), 0, "holds results of inputs that are not among these", hint, code="LCT703")])


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


# --- the run


def conduct_files(
    jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher, folder: Path, scheduler: str | None = None
) -> Ended:
    """All jobs, on this machine or by the workers of a scheduler. Raises FaultyInput before anything is written, OSError.

    `folder`: for what is finished. An input that turns out to be faulty later does not stop the others.
    """
    _check_heads(jobs, rulebase, watcher)
    finished = Finished(folder)
    with finished.held(jobs[0].resume):
        ended = _conducted([finished.placed(job, rulebase) for job in jobs], rulebase, watcher, scheduler)
        if not ended.faults and not ended.died:
            finished.end()
    return ended


def _conducted(jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher, scheduler: str | None) -> Ended:
    before = {job: counts for job in jobs if (counts := counts_if_finished(job)) is not None}
    total = sum(before.values(), NONE)
    faults: list[Fault] = []
    died: list[str] = []
    with closing(_results([job for job in jobs if job not in before], rulebase, watcher, scheduler)) as results:
        for job, ended in results:
            if isinstance(ended, Counts):
                total += ended
            elif isinstance(ended, WorkerDied):
                died.append(job.input)
            else:
                faults += ended.faults
    return Ended(total, len(jobs), tuple(faults), tuple(died))


def _check_heads(jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher) -> None:
    """Raises FaultyInput where the columns of any input make no sense, OSError."""
    faults, told = Faults(), set()
    for job in jobs:
        try:
            with opened(job.input, job.source, rulebase) as data:
                check_columns(data.columns, job.input, rulebase)
        except FaultyInput as error:
            for fault in error.faults:
                faults.append(fault)
            continue
        if data.columns not in told:
            told.add(data.columns)
            watcher.began(data.columns, job.input if len(jobs) > 1 else "")
    if faults:
        raise FaultyInput(faults)


def _results(jobs: Sequence[Job], rulebase: RuleBase, watcher: Watcher, scheduler: str | None) -> Results:
    if not jobs:
        return
    if scheduler is not None:
        yield from conduct_there(scheduler, jobs, rulebase, watcher)
        return
    for job, ended in conduct_all(jobs, rulebase, _Begun(watcher), Advance(jobs)):
        if isinstance(ended, Counts):
            keep_finished(job, ended)
        yield job, ended


class _Begun:
    """A watcher who has been told of all columns."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def began(self, columns: tuple[str, ...], name: str = "") -> None:
        """Nothing to tell."""

    def went_on(self, progress: Progress) -> None:
        self._watcher.went_on(progress)

    def refused(self, error: Error) -> None:
        self._watcher.refused(error)
