"""Which files a batch reads and writes, checked before anything is done."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from triage.cli.console import fault
from triage.exchange.tables import CSV, JSONL, XLSX
from triage.knowledge.faults import Fault, Faults, FaultyInput
from triage.scale.reading import PARQUET
from triage.scale.run import ERRORS_OF, Job

FORMATS = {".csv": CSV, ".tsv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET, ".xlsx": XLSX}
READ_AS = {**FORMATS, ".json": JSONL}  # a FHIR resource, such as a Bundle
GZIP = ".gz"  # unpacked when it is read
SHOWN = 5  # names of files in a message


def is_several(name: str) -> bool:
    """Whether a name stands for several inputs: a folder, or a pattern like `*.csv` that is no file itself."""
    path = Path(name)
    return path.is_dir() or (glob.has_magic(name) and not path.exists())


def errors_of(out: Path) -> Path:
    """Where the rows that were refused are told."""
    return out.with_name(f"{out.name}{ERRORS_OF}")


def job_of(wanted: Job, forms: tuple[str | None, str | None]) -> Job:
    """The job of one input. `forms`: the formats of input and output, None where names tell. Raises FaultyInput."""
    _check_input(wanted.input)
    source = forms[0] or _format_of(wanted.input, READ_AS)
    target = forms[1] or _format_of(wanted.output, FORMATS)
    if target == XLSX or wanted.output.endswith(GZIP):
        raise fault(wanted.output, "is written as CSV, JSON lines or Parquet only", f"name it .{CSV}", code="LCT709")
    return wanted._replace(output=_checked_output(wanted.input, wanted.output), source=source, target=target)


def _format_of(name: str, formats: Mapping[str, str]) -> str:
    """What its name tells. Raises FaultyInput."""
    if found := formats.get(Path(name.removesuffix(GZIP)).suffix.lower()):
        return found
    raise fault(name, "is in no format that can be told from its name", ", ".join(formats), code="LCT709")


def jobs_of(wanted: Job, forms: tuple[str | None, str | None]) -> tuple[list[Job], list[str]]:
    """A job for every input, in the order of their names, and the files of a folder that are none.

    An output whose format is not given is written like its input. Raises FaultyInput.
    """
    files, others = _files(wanted.input, forms[0])
    out = Path(wanted.output)
    if out.exists() and not out.is_dir():
        raise fault(wanted.output, "must be a folder, since IN has several files", code="LCT701")
    _check_folder(out.parent)
    jobs = []
    for file in files:
        source = forms[0] or _format_of(file.name, READ_AS)
        target = forms[1] or (CSV if source == XLSX else source)
        output = out / f"{_stem(file.name, READ_AS)}.{target}"
        jobs.append(wanted._replace(input=str(file), output=str(output), source=source, target=target))
    _check_names(jobs, out)
    return jobs, others


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _check_input(name: str) -> None:
    """Raises FaultyInput where there is nothing that can be read."""
    if not Path(name).exists():
        raise fault(name, "no such file", code="LCT619")
    if not Path(name).is_file():
        hint = "give - in its place, and send it to standard input"
        raise fault(name, "is not a regular file", hint, code="LCT620")


def _checked_output(source: str, name: str) -> str:
    """The file to write: where a link points, so that the link stays. Raises FaultyInput."""
    path = Path(name)
    file = path.resolve() if path.is_symlink() and (path.is_file() or not path.exists()) else path
    _check_places(source, file)
    return str(file)


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


def _files(name: str, form: str | None) -> tuple[list[Path], list[str]]:
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
    outputs = [Path(job.output) for job in jobs]
    own = {path.name for output in outputs for path in (output, errors_of(output))}
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if others := [name for name in there if _is_table(name.removesuffix(ERRORS_OF)) and name not in own]:
        hint = f"{listed(others)}; remove them, or give OUT another name"
        raise fault(str(out), "holds results of inputs that are not among these", hint, code="LCT703")
