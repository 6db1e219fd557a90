"""The finished parts of a run, kept so that it can go on after a kill.

Beside OUT stands the folder OUT.parts: what the run is (`run.json`), and for every chunk its rows and, written last,
its counts and errors. A part is there whole or not at all. Parts are joined while the run goes on; at the end OUT and
OUT.errors are put in their place at once, and the folder goes. One run at a time has the folder; a file in it says that it
is ours.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from io import StringIO
from pathlib import Path
from typing import IO, Any

from triage.conversation.answers import write_whole
from triage.knowledge.faults import Fault, FaultyInput
from triage.scale.counts import ERRORS, NONE, Counts, Done
from triage.scale.plan import PARQUET, STREAM, Form
from triage.scale.source import needed_for_parquet

RUN = "run.json"
JOINED, TOLD = "joined", "errors"  # what files begin with that become OUT and OUT.errors
REFUSED = ".errors"  # behind the name of an output
OURS = "leg-cramp-triage"  # marks a folder of parts; who has locked it has the folder


class Parts:
    """The folder of one run: OUT.parts, if it is given no other."""

    def __init__(self, out: Path, form: Form, folder: Path | None = None) -> None:
        self.out, self.form = out, form
        self.folder = folder or folder_of(out)
        self.errors = errors_of(out)
        self._joined = self._new(JOINED)
        self._next = 0  # part to be joined
        self._finished: set[int] = set()

    def begin(self, run: dict[str, Any], head: bytes) -> Collection[int]:
        """A fresh folder, or the one that is there; the parts that it holds. `head`: what stands before the first.

        Raises FaultyInput where the folder is another run's, OSError.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if (self.folder / RUN).exists():
            self._check_same(run)
        else:  # nobody knows what these were made of
            for path in [*map(self._record, self._numbers()), *self.folder.glob("*.rows")]:
                path.unlink()
        for name in (JOINED, TOLD):  # of an attempt that did not come to its end
            for path in self.folder.glob(f"{name}-*"):
                path.unlink()
        write_whole(self.folder / RUN, json.dumps(run))
        with _private(self._joined) as file:
            file.write(head)
        self._finished = {number for number in self._numbers() if self.place(number).exists()}
        return frozenset(self._finished)

    def _check_same(self, run: dict[str, Any]) -> None:
        before = json.loads((self.folder / RUN).read_text("utf-8"))
        changed = [name for name in run if before.get(name) != run[name]]
        if changed:
            hint = f"what is different: {', '.join(changed)}; remove the folder to begin anew"
            raise FaultyInput([Fault(str(self.folder), 0, "holds the parts of another run", hint, code="LCT703")])

    def keep(self, done: Done) -> None:
        """Put the counts of a part into the folder, whose rows are in their place: with them it counts as finished."""
        record = {**as_record(done.counts), "errors": [list(error) for error in done.errors]}
        write_whole(self._record(done.number), json.dumps(record))
        self._finished.add(done.number)
        if self.form.format != PARQUET:
            self._join_on()

    def _join_on(self) -> None:
        """Join parts as far as there is no gap."""
        with self._joined.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            while self._next in self._finished:
                with self.place(self._next).open("rb") as part:
                    shutil.copyfileobj(part, file)
                self._next += 1

    def join(self) -> Counts:
        """OUT and OUT.errors made of all parts, in order; the folder is gone afterwards. Returns all counts."""
        if self.form.format == PARQUET:
            self._join_parquet()
        else:
            self._join_on()
        counts = self._join_errors()
        os.replace(self._joined, self.out)
        put_away(self.folder)
        return counts

    def _join_errors(self) -> Counts:
        counts, told = NONE, self._new(TOLD)
        with _private(told) as file:
            file.write(errors_as_csv([ERRORS]))
            for number in sorted(self._finished):
                record = json.loads(self._record(number).read_text("utf-8"))
                counts += counts_of(record)
                file.write(errors_as_csv(record["errors"]))
        if counts.refused or counts.unfinished:
            os.replace(told, self.errors)
        else:
            self.errors.unlink(missing_ok=True)  # those of an earlier run are none of this one
        return counts

    def _join_parquet(self) -> None:
        pyarrow = needed_for_parquet()
        writer = None
        with self._joined.open("r+b") as file:
            for number in sorted(self._finished):
                table = pyarrow.parquet.read_table(self.place(number))
                writer = writer or pyarrow.parquet.ParquetWriter(file, table.schema)
                writer.write_table(table)
            if writer:
                writer.close()

    def _new(self, name: str) -> Path:
        """A file of this attempt only: nobody else writes to it while it is put in its place."""
        return self.folder / f"{name}-{uuid.uuid4().hex}"

    def place(self, number: int) -> Path:
        """Where the rows of a part are kept."""
        return self.folder / f"{number}.rows"

    def _record(self, number: int) -> Path:
        """Where the counts and errors of a part are kept."""
        return self.folder / f"{number}.json"

    def _numbers(self) -> list[int]:
        """Of the parts that have a record."""
        return [int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit()]


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def errors_as_csv(errors: list[Any]) -> bytes:
    """Lines of OUT.errors."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(errors)
    return text.getvalue().encode(errors="replace")


def folder_of(out: Path) -> Path:
    """Where the finished parts of an output are kept."""
    return out.with_name(f"{out.name}.parts")


def errors_of(out: Path) -> Path:
    """Where the rows that were refused are told."""
    return out.with_name(f"{out.name}{REFUSED}")


def put_away(folder: Path) -> None:
    """The folder goes, in one step: whoever still works on something in it can put nothing in place any more."""
    gone = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """What a run was killed over while it put the folder away goes: out of sight, it would stay for ever."""
    for path in folder.parent.glob(f".{escape(folder.name)}-*"):
        if re.fullmatch("[0-9a-f]{32}", path.name.rpartition("-")[2]):
            shutil.rmtree(path, ignore_errors=True)


def leave(folder: Path) -> None:
    """The folder goes if nothing in it is finished."""
    with suppress(FileNotFoundError):
        names = os.listdir(folder)
        if all(name in (RUN, OURS) or name.startswith(JOINED) for name in names):
            for name in names:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


# --- before a run


def check_places(source: str, out: Path) -> None:
    """Raises FaultyInput where OUT or what stands beside it cannot be put in its place, or would replace the input."""
    check_folder(out.parent)
    for path in (out, errors_of(out)):
        if path.is_dir():
            raise FaultyInput(
                [Fault(str(path), 0, "is a folder", "name a file for OUT that can be written", code="LCT701")]
            )
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            what, hint = "is no regular file, and would be replaced", f"give {STREAM} for standard output"
            raise FaultyInput([Fault(str(path), 0, what, hint, code="LCT701")])
        if source != STREAM and path.exists() and path.samefile(source):
            raise FaultyInput(
                [Fault(source, 0, f"is the input, and would be overwritten: {path}", "name another OUT", code="LCT702")]
            )
    if source != STREAM and folder_of(out).resolve() in Path(source).resolve().parents:
        raise FaultyInput(
            [Fault(source, 0, f"is in {folder_of(out)}, which goes at the end", "move it elsewhere", code="LCT702")]
        )


def check_folder(folder: Path) -> None:
    """Raises FaultyInput where there is no such folder to write in."""
    if not folder.is_dir():
        raise FaultyInput([Fault(str(folder), 0, "no such folder", "make it first, or name another", code="LCT701")])


@contextmanager
def held(folder: Path, resume: bool) -> Iterator[None]:
    """A folder of parts, for this run alone; it goes in the end if nothing is finished.

    Raises FaultyInput where it was there and nobody asked to go on, where it is not ours or another run has it; OSError.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        there = os.listdir(folder)
        if there and OURS not in there:
            hint = "move or remove it, or name another OUT"
            raise FaultyInput([Fault(str(folder), 0, "holds files that are of no run", hint, code="LCT702")]) from None
        if there:
            with _locked(folder):  # a run that is still alive is told first
                pass
        if not resume:
            hint = "--resume goes on with it; without it, remove the folder first"
            raise FaultyInput(
                [Fault(str(folder), 0, "holds the finished parts of a run", hint, code="LCT703")]
            ) from None
    with _locked(folder) as mark:
        _sweep(folder)
        try:
            yield
        finally:
            if _is_at(mark, folder / OURS):
                leave(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[os.stat_result]:
    """The folder's mark, locked; the system frees it when this process ends, however it ends. Raises FaultyInput."""
    with open(folder / OURS, "ab") as file:
        mark = os.fstat(file.fileno())
        if not (_lock(file) and _is_at(mark, folder / OURS)):
            raise FaultyInput(
                [Fault(str(folder), 0, "another run goes on with it", "wait for its end, or stop it", code="LCT703")]
            )
        yield mark


def _lock(file: IO[bytes]) -> bool:
    """Whether nobody else has locked it, as far as the system knows."""
    try:
        import fcntl
    except ImportError:  # not on every system; there an open file would keep its folder where it is
        file.close()
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some folders of a network know no locks
        pass
    return True


def _is_at(mark: os.stat_result, path: Path) -> bool:
    """Whether it is still the file of that name; the run before may have put it away."""
    try:
        return os.path.samestat(mark, path.stat())
    except FileNotFoundError:
        return False


def as_record(counts: Counts) -> dict[str, Any]:
    """Counts as JSON."""
    return {"counts": [*counts[:4], [[kind, name, times] for (kind, name), times in counts.results.items()]]}


def counts_of(record: dict[str, Any]) -> Counts:
    """Counts from what `as_record` made."""
    read, written, refused, unfinished, results = record["counts"]
    return Counts(read, written, refused, unfinished, Counter({(k, name): times for k, name, times in results}))
