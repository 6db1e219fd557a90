"""Whole files: rows in, results out, each output put in its place in one step. So a run that is killed loses nothing.

`run_file` is what every process and every machine does; of several files, a record of each that is finished is kept.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import lru_cache
from glob import escape
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, NamedTuple

import polars as pl
from polars import selectors

from triage.conversation.answers import write_whole
from triage.exchange.form_data import answers_in
from triage.knowledge.faults import Fault, FaultyInput, allowed, printable
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.scale.answers import OPEN, SO_FAR, Judge, as_texts
from triage.scale.expressions import JOINS, LISTS, MISSING, PENDING, PHARMACIST, RESULT, as_lists
from triage.scale.reading import CSV, JSONL, PARQUET, Source, Table, as_json, faulty, opened
from triage.version import __version__

ERRORS_OF = ".errors"  # behind the name of an output
ERROR = ("line", "id", "column", "value", "why", "known")
LONGEST_VALUE = 200  # characters of a value that is told
SECONDS = 10  # to wait for a cluster
LEVEL, ID, KNOWN = "disposition", "id", "known"
READ, WRITTEN, REFUSED, UNFINISHED = "read", "written", "refused", "unfinished"

# How many rows were read, and what became of them: `refused` hold something wrong, `unfinished` lack answers. Then how many
# of the rows written have what, as `column:id`; `missing:LEVEL`: of its rows, those that lack answers; `known:LEVEL`: how
# many rows that were not written ask for it.
Counts = Counter[str]


class Job(NamedTuple):
    """One input and its output: names of files and their formats, by which rules (folder, hash), and in which version.

    `record`: the file that tells of an output that is finished, where that is to be kept. `resume`: go by it.
    """

    input: str
    output: str
    source: str
    target: str
    rules: str | None
    sha256: str
    partial: bool = False
    encoding: str = ""
    record: str = ""
    resume: bool = False
    version: str = __version__


@lru_cache(2)
def judge_of(rules: str | None, sha256: str) -> Judge:
    """The judge of a rule base, made once in a process. Raises FaultyInput where the rules are others by now."""
    if (rulebase := load(rules)).sha256 != sha256:
        raise faulty(rules or "rules", 0, "the rules are not those that the run began with", "run it again", "LCT706")
    return Judge(rulebase)


@contextmanager
def source_of(job: Job, rulebase: RuleBase) -> Iterator[Source]:
    """An input whose columns make sense. Raises FaultyInput, OSError."""
    with opened(job.input, job.source, job.encoding, rulebase) as source:
        names = Counter(source.columns)
        if sum(name in names for name in rulebase.saved.gone) > len(source.form.columns):
            raise faulty(job.input, 1, rulebase.saved.gone_say, code="LCT413")
        wrong = {name: "is there twice" for name, times in names.items() if times > 1}
        wrong |= {name: "has the name of a column of the result" for name in RESULT if name in names}
        if wrong:
            raise FaultyInput(Fault(job.input, 1, f'column "{n}" {wrong[n]}', code="LCT710") for n in wrong)
        if not source.form.columns:
            hint = f"the first line names the columns; {allowed('', rulebase.questions)}"
            fhir = "this is FHIR: leg-cramp-triage run FILE reads a QuestionnaireResponse"
            what = "no column has the name of a question"
            raise faulty(job.input, 1, what, fhir if "resourceType" in names else hint, "LCT711")
        yield source


# --- one file


def conduct(job: Job, told: Callable[[int], None] = lambda _: None) -> Counts:
    """Every row of an input written or refused; the counts. `told`: how many are read. Raises FaultyInput, OSError."""
    judge, counts, out = judge_of(job.rules, job.sha256), Counts(), Path(job.output)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True) as folder:
        made, errors, parts = (Path(folder, name) for name in ("rows", "errors", "parts"))
        parts.mkdir()
        with source_of(job, judge.rules.rulebase) as source, _private(made) as file, _private(errors) as beside:
            beside.write(_as_csv([ERROR]))
            for n, table in enumerate(source.tables):
                carried, results, wrong, found = judged(job, source, table, judge)
                beside.write(_as_csv(wrong))
                if job.target == PARQUET:
                    kept = carried if job.source == PARQUET else _plain(carried, job)
                    pl.concat([kept, as_lists(results)], how="horizontal").write_parquet(parts / f"{n:09}")
                else:
                    file.write(_written(carried, results, job, with_names=n == 0))
                counts += found
                told(counts[READ])
        if job.target == PARQUET:
            pl.scan_parquet(parts / "*").sink_parquet(made)
        if counts[READ] > counts[WRITTEN]:  # first the errors: an output that is there is whole
            _place(errors, out.with_name(out.name + ERRORS_OF))
        else:
            out.with_name(out.name + ERRORS_OF).unlink(missing_ok=True)
        _place(made, out)
    return counts


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _place(made: Path, path: Path) -> None:
    """A file is on the disk before it has its name."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(made, path)


Judged = tuple[pl.DataFrame, pl.DataFrame, list[tuple[Any, ...]], Counts]


def judged(job: Job, source: Source, table: Table, judge: Judge) -> Judged:
    """What rows that are written carry, and their results; what is wrong with the others (as ERROR has it); and counts."""
    rows, others = len(table.lines), ["".join(texts) for _, _, texts in table.refused]
    answers = answers_in(table.asked, source.form.columns)
    if others:
        signs = list(map(judge.signs_in, others))
        answers = {n: [*answers.get(n, [""] * rows), *(one.get(n, "") for one in signs)] for n in judge.questions}
    frame, wrong = judge.judged(answers, rows, job.partial)
    level = frame.select(SO_FAR).to_series().to_list()
    ids = as_texts(table.carried[ID]).to_list() if ID in table.carried else [""] * rows
    errors = [(table.lines[n], ids[n], *one, level[n]) for n, those in wrong.items() for one in those if n < rows]
    refused = zip(table.refused, others, level[rows:], strict=True)
    errors += [(line, "", "", text, str(why), known) for (line, why, _), text, known in refused]
    lost = pl.Series([n in wrong for n in range(rows)], dtype=pl.Boolean)
    results = frame.head(rows).filter(~lost)
    carried = table.carried.filter(~lost) if table.carried.width else pl.DataFrame(height=results.height)
    unfinished = sum(those[0].why == OPEN for those in wrong.values())
    counts = Counts({f"{name}:": int(results[name].sum()) for name in (PHARMACIST, PENDING)})
    counts.update(_shares(LEVEL, results[LEVEL].fill_null("")))
    counts.update(_shares(MISSING, results.filter(pl.col(MISSING) != "")[LEVEL].fill_null("")))
    for kind in LISTS[:3]:
        counts.update(_shares(kind, results[kind].str.split(JOINS).explode()))
    counts.update(f"{KNOWN}:{known.rstrip('?')}" for *_, known in {one[0]: one for one in errors}.values() if known)
    counts.update({READ: rows + len(others), WRITTEN: results.height, UNFINISHED: unfinished})
    counts[REFUSED] = counts[READ] - counts[WRITTEN] - unfinished
    return carried, results, sorted(errors), counts


def _shares(kind: str, names: pl.Series) -> dict[str, int]:
    return {f"{kind}:{name}": rows for name, rows in names.value_counts().rows()}


def _as_csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """Lines of CSV with nothing that a terminal would obey, and no longer than somebody reads."""
    text = io.StringIO()
    short = (
        [str(one) if len(str(one)) <= LONGEST_VALUE else f"{str(one)[:LONGEST_VALUE]} ..." for one in row]
        for row in rows
    )
    csv.writer(text, lineterminator="\n").writerows(map(printable, row) for row in short)
    return text.getvalue().encode(errors="replace")


def _plain(carried: pl.DataFrame, job: Job) -> pl.DataFrame:
    """What is carried as texts: those of JSON without their quotes."""
    if job.source == JSONL:
        return carried.select(pl.all().map_elements(_of_json, pl.String))
    return carried.select(map(as_texts, carried)) if carried.width else carried


def _of_json(text: str) -> str | None:
    return json.loads(text) if text[0] == '"' else None if text == "null" else text


def _written(carried: pl.DataFrame, results: pl.DataFrame, job: Job, with_names: bool) -> bytes:
    """Rows of CSV, or JSON lines."""
    file = io.BytesIO()
    if job.target == CSV:
        table = pl.concat([_plain(carried, job), results.select(RESULT)], how="horizontal")
        text = pl.col(pl.String)
        table.with_columns(pl.when(text != "").then(text)).write_csv(file, include_header=with_names)
        return file.getvalue()
    if job.source != JSONL:
        others = carried.select(selectors.temporal() | selectors.decimal() | selectors.binary())
        plain = carried.with_columns(map(as_texts, others)) if others.width else carried
        pl.concat([plain, as_lists(results)], how="horizontal").write_ndjson(file)
        return file.getvalue()
    own = [pl.format("{}: {}, ", pl.lit(as_json(name)), pl.col(name)) for name in carried.columns]
    ends = as_lists(results).select(pl.struct(pl.all()).struct.json_encode().str.strip_prefix("{").alias("ends"))
    lines = pl.concat([carried, ends], how="horizontal").select(pl.concat_str([pl.lit("{"), *own, pl.col("ends")]))
    return "".join(f"{line}\n" for line in lines.to_series()).encode()


# --- several files


def run_file(job: Job) -> Counts | FaultyInput:
    """One of several files, in this process or on another machine."""
    try:
        if job.version != __version__:
            raise faulty(job.input, 0, f"a worker has version {__version__}, not {job.version}", code="LCT705")
        record = Path(job.record)
        if job.resume and record.exists() and Path(job.output).exists():
            made_of, counts = json.loads(record.read_text("utf-8"))
            if made_of == _made_of(job):
                return Counts(counts)
        counts = conduct(job)
        if job.record:
            write_whole(record, json.dumps([_made_of(job), counts]))
    except FaultyInput as error:
        return error
    except OSError as error:
        return faulty(job.input, 0, f"cannot be read or written: {error}", code="LCT705")
    return Counts(counts)


def _made_of(job: Job) -> list[Any]:
    """What must be the same when a run goes on: the input, the output as it was written, rules, program, options."""
    states = [[seen.st_size, seen.st_mtime_ns] for seen in map(os.stat, (job.input, job.output))]
    return [*states, job.sha256, job.version, job.partial, job.encoding, job.source, job.target]


def remove_left(job: Job) -> None:
    """What killed runs have begun of an output."""
    out = Path(job.output)
    for folder in out.parent.glob(f".{escape(out.name)}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def results_of(jobs: Sequence[Job], pool: Executor | None) -> Generator[tuple[Job, Counts | BaseException]]:
    """Jobs with what became of each, in the order in which they end; an exception where workers died of one."""
    if pool is None:
        yield from ((job, run_file(job)) for job in jobs)
        return
    waiting: dict[Future[Counts | FaultyInput], Job] = {pool.submit(run_file, job): job for job in jobs}
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.exception() or future.result()  # type: ignore[misc]
    finally:
        for future in waiting:
            future.cancel()


def processes(number: int) -> Executor:
    """So many processes of this machine, which end with this one, however it ends."""
    context = multiprocessing.get_context("spawn")  # safe beside threads, and the same on every system
    return ProcessPoolExecutor(number, context, _end_with_parent)


def _end_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the key that stops a run lets files be finished
    Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster. Raises FaultyInput where there is none."""
    try:
        distributed: Any = import_module("distributed")
        client = distributed.Client(address, timeout=SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=SECONDS)
    except ImportError:
        hint = 'pip install "leg-cramp-triage[distributed]"'
        raise faulty("--scheduler", 0, "needs Dask, which is not installed", hint, "LCT700") from None
    except (OSError, ValueError, TypeError):
        hint = "the address that the scheduler prints when it starts, like tcp://10.0.0.5:8786"
        raise faulty(address, 0, f"no scheduler with workers answered in {SECONDS} s", hint, "LCT705") from None
    with client:
        yield client.get_executor(pure=False)
