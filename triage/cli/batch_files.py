"""Which files a batch reads and writes, checked before anything is done."""

from __future__ import annotations

import argparse
import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from triage.cli.console import fault, say
from triage.exchange.tables import CSV, JSONL, XLSX
from triage.knowledge.faults import Fault, Faults, FaultyInput
from triage.scale.reading import PARQUET
from triage.scale.run import Job, errors_of

FORMATS = {".csv": CSV, ".tsv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET, ".xlsx": XLSX}
READ_AS = {**FORMATS, ".json": JSONL}  # a FHIR resource, such as a Bundle
GZIP = ".gz"  # unpacked when it is read
STREAM = "-"  # in the place of a name
FINISHED = ".finished"  # the folder in OUT for what is finished of several files
SHOWN = 5  # names of files in a message


def is_several(name: str) -> bool:
    """Whether a name stands for several inputs: a folder, or a pattern like `*.csv` that is no file itself."""
    path = Path(name)
    return name != STREAM and (path.is_dir() or (glob.has_magic(name) and not path.exists()))


def jobs_of(args: argparse.Namespace, source: str, target: str, sha256: str) -> list[Job]:
    """A job for every input, in order of name. `source`, `target`: IN and OUT, also of streams. Raises FaultyInput."""
    forms, encoding = (args.source_form or "", args.target_form or ""), args.encoding or ""
    job = Job(source, target, *forms, args.rules, sha256, args.partial, encoding, resume=args.resume)
    return _of_several(job) if is_several(source) else [_of_one(job)]


def _of_one(job: Job) -> Job:
    """The job of one input; names tell formats that were not given. Raises FaultyInput."""
    if not Path(job.input).exists():
        raise fault(job.input, "no such file", code="LCT619")
    if not Path(job.input).is_file():
        hint = "give - in its place, and send it to standard input"
        raise fault(job.input, "is not a regular file", hint, code="LCT620")
    source = job.source or _format_of(job.input, READ_AS)
    target = job.target or _format_of(job.output, FORMATS)
    if target == XLSX or job.output.endswith(GZIP):
        raise fault(job.output, "is written as CSV, JSON lines or Parquet only", f"name it .{CSV}", code="LCT709")
    path = Path(job.output)  # where a link points, so that the link stays
    out = path.resolve() if path.is_symlink() and (path.is_file() or not path.exists()) else path
    _check_places(job.input, out)
    return job._replace(output=str(out), source=source, target=target)


def _of_several(wanted: Job) -> list[Job]:
    """The jobs of a folder or pattern; a format that was not given is that of the input. Raises FaultyInput."""
    files, others = _files(wanted.input, wanted.source)
    out = Path(wanted.output)
    if out.exists() and not out.is_dir():
        raise fault(wanted.output, "must be a folder, since IN has several files", code="LCT701")
    _check_folder(out.parent)
    jobs = []
    for file in files:
        source = wanted.source or _format_of(file.name, READ_AS)
        target = wanted.target or (CSV if source == XLSX else source)
        name = f"{_stem(file.name, READ_AS)}.{target}"
        record = str(out / FINISHED / f"{name}.json")
        job = wanted._replace(input=str(file), output=str(out / name), source=source, target=target, record=record)
        jobs.append(job)
    _check_names(jobs, out)
    if others:
        say(f"{wanted.input}: left out: {listed(others)}")
    return jobs


def _format_of(name: str, formats: Mapping[str, str]) -> str:
    """What its name tells. Raises FaultyInput."""
    if found := formats.get(Path(name.removesuffix(GZIP)).suffix.lower()):
        return found
    raise fault(name, "is in no format that can be told from its name", ", ".join(formats), code="LCT709")


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _check_places(source: str, out: Path) -> None:
    """Raises FaultyInput where OUT or what stands beside it cannot be put in its place, or would replace the input."""
    _check_folder(out.parent)
    for path in (out, errors_of(out)):
        if path.is_dir():
            raise fault(str(path), "is a folder", "name a file for OUT that can be written", code="LCT701")
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            what, hint = "is no regular file, and would be replaced", "give - for standard output"
            raise fault(str(path), what, hint, code="LCT701")
        if path.exists() and path.samefile(source):
            raise fault(source, f"is the input, and would be overwritten: {path}", "name another OUT", code="LCT702")


def _check_folder(folder: Path) -> None:
    """Raises FaultyInput where there is no such folder to write in."""
    if not folder.is_dir():
        raise fault(str(folder), "no such folder", "make it first, or name another", code="LCT701")


def _files(name: str, form: str) -> tuple[list[Path], list[str]]:
    folder = Path(name)
    if folder.is_dir():
        there = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        files = [path for path in there if form or _is_table(path.name, READ_AS)]
    else:
        there = files = sorted(Path(path) for path in glob.glob(name, recursive=True) if Path(path).is_file())
    if not files:
        hint = f"names end in {', '.join(READ_AS)}, also with {GZIP} behind; or give --from"
        raise fault(name, "has no files that can be read", hint, code="LCT712")
    return files, [path.name for path in there if path not in files]


def _stem(name: str, formats: Mapping[str, str]) -> str:
    """A name without what tells its format."""
    path = Path(name.removesuffix(GZIP))
    return path.stem if path.suffix.lower() in formats else path.name


def _is_table(name: str, formats: Mapping[str, str] = FORMATS) -> bool:
    return _stem(name, formats) != name.removesuffix(GZIP)


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
            hint = "give OUT another name"
            faults.append(Fault(job.input, 0, f"is in {out}, the folder of the results", hint, code="LCT702"))
    if faults:
        raise FaultyInput(faults)
    if out.is_dir():
        for job in jobs:
            _check_places(job.input, Path(job.output))
    own = {path.name for job in jobs for path in (Path(job.output), errors_of(Path(job.output)))}
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if others := [name for name in there if _is_table(name.removesuffix(".errors")) and name not in own]:
        hint = f"{listed(others)}; remove them, or give OUT another name"
        raise fault(str(out), "holds results of other inputs, or in another format", hint, code="LCT703")
