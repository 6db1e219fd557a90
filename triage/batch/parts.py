"""The finished parts of a run, kept so that it can go on after a kill.

Beside OUT stands the folder OUT.parts: what the run is (`run.json`), and for every chunk its rows and, written last,
its counts and errors. A part is there whole or not at all. At the end the parts are joined, OUT and OUT.errors are put in
their place at once, and the folder goes.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import IO, Any

from triage.answers import write_whole
from triage.batch.plan import PARQUET, Form
from triage.batch.source import needed_for_parquet
from triage.batch.work import ERRORS, NONE, Counts, Done
from triage.faults import Fault, FaultyInput

RUN = "run.json"


class Parts:
    """The folder of one run: OUT.parts, if it is given no other."""

    def __init__(self, out: Path, form: Form, folder: Path | None = None) -> None:
        self.out, self.form = out, form
        self.folder = folder or folder_of(out)
        self.errors = out.with_name(f"{out.name}.errors")

    def begin(self, run: dict[str, Any], resume: bool) -> None:
        """A fresh folder, or the one that is there. Raises FaultyInput where that is another run's, OSError."""
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700)
        elif not resume:
            raise holds_a_run(self.folder)
        else:
            self._check_same(run)
        write_whole(self.folder / RUN, json.dumps(run))

    def _check_same(self, run: dict[str, Any]) -> None:
        try:
            before = json.loads((self.folder / RUN).read_text("utf-8"))
        except FileNotFoundError:  # killed before it was written, so nothing is finished
            return
        changed = [name for name in run if before.get(name) != run[name]]
        if changed:
            hint = f"what is different: {', '.join(changed)}; remove the folder to begin anew"
            raise FaultyInput([Fault(str(self.folder), 0, "holds the parts of another run", hint)])

    def finished(self) -> dict[int, Counts]:
        """The counts of the parts that are there."""
        return {int(path.stem): counts_of(json.loads(path.read_text("utf-8"))) for path in self._records()}

    def keep(self, done: Done) -> None:
        """Put a part into the folder: its counts last, since with them it counts as finished."""
        write_whole(self._part(done.number), done.output)
        record = {**as_record(done.counts), "errors": [list(error) for error in done.errors]}
        write_whole(self.folder / f"{done.number}.json", json.dumps(record))

    def join(self, head: bytes) -> Counts:
        """OUT and OUT.errors made of all parts, in order; the folder is gone afterwards. Returns all counts."""
        records = sorted(self._records(), key=lambda path: int(path.stem))
        joined = self.folder / "joined"
        numbers = [int(path.stem) for path in records]
        if self.form.format == PARQUET:
            self._join_parquet(joined, numbers)
        else:
            with _private(joined) as file:
                file.write(head)
                for number in numbers:
                    with self._part(number).open("rb") as part:
                        shutil.copyfileobj(part, file)
        counts = self._join_errors(records)
        os.replace(joined, self.out)
        shutil.rmtree(self.folder)
        return counts

    def _join_errors(self, records: list[Path]) -> Counts:
        counts, told = NONE, self.folder / "errors"
        with _private(told) as file:
            file.write(errors_as_csv([ERRORS]))
            for path in records:
                record = json.loads(path.read_text("utf-8"))
                counts += counts_of(record)
                file.write(errors_as_csv(record["errors"]))
        if counts.refused or counts.unfinished:
            os.replace(told, self.errors)
        else:
            self.errors.unlink(missing_ok=True)  # those of an earlier run are none of this one
        return counts

    def _join_parquet(self, joined: Path, numbers: list[int]) -> None:
        pyarrow = needed_for_parquet()
        writer = None
        with _private(joined) as file:
            for number in numbers:
                table = pyarrow.parquet.read_table(self._part(number))
                writer = writer or pyarrow.parquet.ParquetWriter(file, table.schema)
                writer.write_table(table)
            if writer:
                writer.close()

    def _part(self, number: int) -> Path:
        return self.folder / f"{number}.rows"

    def _records(self) -> Iterator[Path]:
        return (path for path in self.folder.glob("*.json") if path.stem.isdigit())


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def errors_as_csv(errors: list[Any]) -> bytes:
    """Lines of OUT.errors."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(errors)
    return text.getvalue().encode(errors="replace")


def folder_of(out: Path) -> Path:
    """Where the finished parts of an output are kept."""
    return out.with_name(f"{out.name}.parts")


def holds_a_run(folder: Path) -> FaultyInput:
    """What is raised where a run would begin in a folder that another left behind."""
    hint = "--resume goes on with it; without it, remove the folder first"
    return FaultyInput([Fault(str(folder), 0, "holds the finished parts of a run", hint)])


def as_record(counts: Counts) -> dict[str, Any]:
    """Counts as JSON."""
    return {"counts": [*counts[:4], [[kind, name, times] for (kind, name), times in counts.results.items()]]}


def counts_of(record: dict[str, Any]) -> Counts:
    """Counts from what `as_record` made."""
    read, written, refused, unfinished, results = record["counts"]
    return Counts(read, written, refused, unfinished, Counter({(k, name): times for k, name, times in results}))
