"""Whole files: rows in, results out, each output put in its place in one step. So a run that is killed loses nothing.

`run_file` is what every process and every machine does; of several files, a record of each that is finished is kept.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, NamedTuple

import polars as pl
from polars import selectors

from triage.conversation.answers import write_whole
from triage.exchange.form_data import FormData, answers_in
from triage.exchange.tables import CSV, ID, JSONL, Head, Part, faulty
from triage.knowledge.faults import FaultyInput, printable
from triage.knowledge.model import RuleBase
from triage.knowledge.rulebase import load
from triage.scale.answers import OPEN, Judge
from triage.scale.expressions import JOINS, LISTS, MISSING, PENDING, PHARMACIST, RESULT, as_lists
from triage.scale.reading import PARQUET, Table, as_texts, opened, table_of
from triage.version import __version__, how_to_install

ERROR = ("line", "id", "column", "value", "why", "known")  # why a row was refused, and the level that the rest reaches
LONGEST_VALUE, SECONDS = 200, 10  # characters of a value that is told; to wait for a cluster
BEGUN = ".{}-unfinished-"  # the name of a folder beside OUT, before what makes it unique
LEVEL, KNOWN = "disposition", "known"
READ, WRITTEN, REFUSED, UNFINISHED = "read", "written", "refused", "unfinished"
# The level that a row asks for, if that is a doctor; with a mark where an open question may still take it back.
MARKED = pl.col(LEVEL) + pl.when(PENDING).then(pl.lit("?")).otherwise(pl.lit(""))
SO_FAR = pl.when("see_doctor").then(MARKED).otherwise(pl.lit(""))

# How many rows were read, and what became of them: `refused` hold something wrong, `unfinished` lack answers. Then how many
# of the rows written have what, as `column:id`; `missing:LEVEL`: of its rows, those that lack answers; `known:LEVEL`: how
# many rows that were not written ask for it.
Counts = Counter[str]
Task = tuple[int, Part]  # and its number
Done = tuple[bytes, bytes, Counts]
rules_read: dict[str, RuleBase] = {}  # what this process has read already, by its hash


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


def errors_of(out: Path) -> Path:
    """Where the rows that were refused are told."""
    return out.with_name(f"{out.name}.errors")


def conduct(job: Job, told: Callable[[int], None] = lambda _: None, others: int = 0) -> Counts:
    """Every row of an input written or refused; the counts. `told`: how many are read. `others`: processes that do parts.

    Raises FaultyInput, OSError, BrokenExecutor.
    """
    counts, out, rulebase = Counts(), Path(job.output), judge_of(job.rules, job.sha256).rules.rulebase
    opening = opened(job.input, job.source, job.encoding, rulebase)
    with TemporaryDirectory(prefix=BEGUN.format(out.name), dir=out.parent, ignore_cleanup_errors=True) as folder:
        made, errors = Path(folder, "rows"), Path(folder, "errors")
        with opening as (head, _, parts), _private(made) as file, _private(errors) as beside, processes(others) as pool:
            beside.write(_as_csv([ERROR]))
            for n, (results, wrong, found) in enumerate(_in_order(pool, others, job, head, enumerate(parts))):
                beside.write(wrong)
                if job.target == PARQUET:
                    Path(folder, f"{n:09}.{PARQUET}").write_bytes(results)
                else:
                    file.write(results)
                counts += found
                told(counts[READ])
        if job.target == PARQUET:
            pl.scan_parquet(f"{folder}/*.{PARQUET}").sink_parquet(made)
        if counts[READ] > counts[WRITTEN]:  # first the errors: an output that is there is whole
            _place(errors, errors_of(out))
        else:
            errors_of(out).unlink(missing_ok=True)
        _place(made, out)
    return counts


def _in_order(pool: Executor | None, others: int, job: Job, head: Head, tasks: Iterable[Task]) -> Iterator[Done]:
    """Tasks in their order, done by a pool of so many others, and by this process while those have enough to do."""
    waiting = deque[Future[Done]]()
    for task in tasks:
        if pool and sum(not future.done() for future in waiting) < 2 * others:
            waiting.append(pool.submit(_done, job, head, task))
        else:
            waiting.append(Future())
            waiting[-1].set_result(_done(job, head, task))
        while waiting and (waiting[0].done() or len(waiting) > 6 * others):  # they hold memory
            yield waiting.popleft().result()
    yield from (future.result() for future in waiting)


def _done(job: Job, head: Head, task: Task) -> Done:
    """A part: its rows as they are written, what is wrong with others, and counts."""
    (number, part), judge = task, judge_of(job.rules, job.sha256)
    carried, results, wrong, counts = _judged(job, head.form, table_of(head, part, judge.rules.rulebase), judge)
    return _written(carried, results, job, with_names=number == 0), _as_csv(wrong), counts


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _place(made: Path, path: Path) -> None:
    """A file is on the disk before it has its name."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(made, path)


def _judged(
    job: Job, form: FormData, table: Table, judge: Judge
) -> tuple[pl.DataFrame, pl.DataFrame, list[tuple[Any, ...]], Counts]:
    """What rows that are written carry, and their results; what is wrong with the others (as ERROR has it); and counts."""
    rows, others = len(table.lines), [kept for *_, kept in table.refused]
    answers = answers_in(table.asked, form.columns)
    if others:
        signs = [kept if isinstance(kept, Mapping) else judge.signs_in("".join(kept)) for kept in others]
        answers = {n: [*answers.get(n, [""] * rows), *(one.get(n, "") for one in signs)] for n in judge.questions}
    frame, wrong = judge.judged(answers, rows, job.partial)
    known = frame.select(SO_FAR).to_series().to_list()
    ids = as_texts(table.carried[ID]) if ID in table.carried else [""] * rows
    errors = [(table.lines[n], ids[n], *one, known[n]) for n, those in wrong.items() for one in those if n < rows]
    for (line, why, kept), level in zip(table.refused, known[rows:], strict=True):
        own, text = (kept.get(ID, ""), "") if isinstance(kept, Mapping) else ("", "".join(kept))
        errors += [(line, own, "", text, one, level) for one in str(why).splitlines()]
    sound = pl.Series([n not in wrong for n in range(rows)], dtype=pl.Boolean)
    results = frame.head(rows).filter(sound)
    carried = table.carried.filter(sound) if table.carried.width else pl.DataFrame(height=results.height)
    counts = Counts({READ: rows + len(others), WRITTEN: results.height, **table.passed})
    counts[UNFINISHED] = sum(those[0].why == OPEN for those in wrong.values())
    counts[REFUSED] = counts[READ] - counts[WRITTEN] - counts[UNFINISHED]
    counts.update({f"{name}:": int(results[name].sum()) for name in (PHARMACIST, PENDING)})
    _count(counts, MISSING, results.filter(pl.col(MISSING) != "")[LEVEL])
    for kind in (LEVEL, *LISTS[:3]):
        _count(counts, kind, results[kind].str.split(JOINS).explode())
    asked_for = [*(known[n] for n in wrong if n < rows), *known[rows:]]
    _count(counts, KNOWN, pl.Series([level.rstrip("?") for level in asked_for if level], dtype=pl.String))
    return carried if job.source == job.target else _plain(carried, job), results, sorted(errors), counts


def _count(counts: Counts, kind: str, names: pl.Series) -> None:
    counts.update({f"{kind}:{name or ''}": rows for name, rows in names.value_counts().rows()})


def _as_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    """Lines of CSV with nothing that a terminal would obey, and no longer than somebody reads."""
    text = io.StringIO()
    told = ((printable(f"{'' if one is None else one}"[: LONGEST_VALUE + 1]) for one in row) for row in rows)
    csv.writer(text, lineterminator="\n").writerows(told)
    return text.getvalue().encode(errors="replace")


def _plain(carried: pl.DataFrame, job: Job) -> pl.DataFrame:
    """What is carried through, as another format has it: texts, and types that JSON has too."""
    foreign = selectors.temporal() | selectors.decimal() | selectors.binary()
    return carried.with_columns(map(as_texts, carried.select(foreign if job.target == JSONL else selectors.all())))


def _written(carried: pl.DataFrame, results: pl.DataFrame, job: Job, with_names: bool) -> bytes:
    """Rows of CSV, JSON lines, or a whole Parquet file."""
    file, text = io.BytesIO(), pl.col(pl.String)
    if job.target == CSV:
        table = pl.concat([carried, results.select(RESULT)], how="horizontal")
        table.with_columns(pl.when(text != "").then(text)).write_csv(file, include_header=with_names)
    else:
        table = pl.concat([carried, as_lists(results)], how="horizontal")
        table.write_parquet(file) if job.target == PARQUET else table.write_ndjson(file)
    return file.getvalue()


# --- several files


def run_file(job: Job, how: Callable[[Job], Counts] = conduct) -> Counts | BaseException:
    """A file, in this process or on another machine: its counts, or why there are none. What is finished is not done again."""
    try:
        if job.version != __version__:
            raise faulty(job.input, 0, f"a worker has version {__version__}, not {job.version}", code="LCT705")
        if job.resume and os.path.exists(job.record) and os.path.exists(job.output):
            made_of, counts = json.loads(Path(job.record).read_text("utf-8"))
            if made_of == _made_of(job):
                return Counts(counts)
        counts = how(job)
        if job.record:
            write_whole(Path(job.record), json.dumps([_made_of(job), counts]))
    except (FaultyInput, BrokenExecutor) as error:
        return error
    except OSError as error:
        return faulty(job.input, 0, f"cannot be read or written: {error}", code="LCT705")
    return counts


@lru_cache(2)
def judge_of(rules: str | None, sha256: str) -> Judge:
    """The judge of a rule base, made once in a process. Raises FaultyInput where the rules are others by now."""
    if (rulebase := rules_read.get(sha256) or load(rules)).sha256 != sha256:
        raise faulty(rules or "rules", 0, "the rules are not those that the run began with", "run it again", "LCT706")
    return Judge(rulebase)


def _made_of(job: Job) -> list[Any]:
    """What must be the same when a run goes on: the input, the output as it was written, rules, program, options."""
    states = [[seen.st_size, seen.st_mtime_ns] for seen in map(os.stat, (job.input, job.output))]
    return [*states, job.sha256, job.version, job.partial, job.encoding, job.source, job.target]


def results_of(
    jobs: Sequence[Job], pool: Executor | None, how: Callable[[Job], Counts] = conduct
) -> Generator[tuple[Job, Counts | BaseException]]:
    """Jobs with what became of each, in the order in which they end. `how` this process does one, where there is no pool."""
    if pool is None:
        yield from ((job, run_file(job, how)) for job in jobs)
        return
    waiting: dict[Future[Counts | BaseException], Job] = {pool.submit(run_file, job): job for job in jobs}
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.exception() or future.result()
    finally:
        for future in waiting:
            future.cancel()


def processes(number: int) -> AbstractContextManager[Executor | None]:
    """So many other processes of this machine, which end with this one, however it ends."""
    context = multiprocessing.get_context("spawn")  # safe beside threads, and the same on every system
    return ProcessPoolExecutor(number, context, _begin) if number else nullcontext(None)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the key that stops a run lets files be finished
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster. Raises FaultyInput where there is none."""
    try:
        client = import_module("distributed").Client(address, timeout=SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=SECONDS)
    except ImportError:
        what = "needs Dask, which is not installed"
        raise faulty("--scheduler", 0, what, how_to_install("distributed"), "LCT700") from None
    except (OSError, ValueError, TypeError):
        hint = "the address that the scheduler prints when it starts, like tcp://10.0.0.5:8786"
        raise faulty(address, 0, f"no scheduler with workers answered in {SECONDS} s", hint, "LCT705") from None
    with client:
        yield client.get_executor(pure=False)
