"""Several files in one run, on this machine and on a cluster of real processes: nothing lost, nothing doubled."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_batch import as_csv, as_json_lines, as_parquet, rows_of

from triage.cli import batch
from triage.cli.console import DONE, FAILED, STOPPED, WRONG_INPUT
from triage.cli.main import main
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.rulebase import load
from triage.scale import cluster, reading
from triage.scale import run as runs
from triage.scale.plan import Counts, Job, WorkerDied, form_of
from triage.scale.run import Progress

pytestmark = pytest.mark.sampled(3)

SIZE = 4_000  # bytes of a chunk: every file has several
ROWS = 40  # of a file
FILES = ("a.csv", "b.csv", "c.csv", "d.csv")


@pytest.fixture(autouse=True)
def _quick(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are read once, and files are cut into chunks."""
    monkeypatch.setattr(batch, "load", lambda folder: load(folder) if folder else rulebase)
    monkeypatch.setattr(reading, "CHUNK", SIZE)


@pytest.fixture
def given(tmp_path: Path, answer_sets: list[Answers], rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files; one row of c.csv has a fault."""
    folder = tmp_path / "in"
    folder.mkdir()
    for n, name in enumerate(FILES):
        text = as_csv(answer_sets[n * ROWS : (n + 1) * ROWS], rulebase.questions)
        (folder / name).write_text(text + "x,y\n" * (name == "c.csv"), newline="")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def wanted(given: Path) -> dict[str, bytes]:
    """What is to be in the folder of the results: each file alone gives it."""
    folder = given.parent / "wanted"
    folder.mkdir()
    for name in FILES:
        main(["batch", str(given / name), str(folder / name), "--partial"])
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, every folder with none."""
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def stopped_after(number: int, monkeypatch: pytest.MonkeyPatch) -> list[Progress]:
    """The key that stops a run is pressed when it has told so often how far it is; what it told."""
    told: list[Progress] = []

    def went_on(_: object, progress: Progress) -> None:
        told.append(progress)
        if len(told) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(batch._Shown, "went_on", went_on)
    return told


def cut_short(table: bytes) -> bytes:
    """A packed table whose end is lost, which is not seen at its beginning."""
    head, body = table.split(b"\n", 1)
    return gzip.compress(head + b"\n" + body * 9)[:-20]


# --- files in, files out


@pytest.mark.parametrize("name", ["in", "in/*.csv", "*/[a-d].csv"])
def test_every_file_gets_the_output_it_has_alone(
    given: Path, wanted: dict[str, bytes], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(given.parent / "wanted")
    assert main(["batch", name, "out", "--partial"]) == WRONG_INPUT
    out = given.parent / "out"
    assert contents(out) == wanted
    assert set(wanted) == {*FILES, "c.csv.errors"}
    assert f"{4 * ROWS + 1} rows read: {4 * ROWS} written, 1 refused" in capsys.readouterr().err
    assert out.stat().st_mode & 0o777 == 0o700


def test_several_processes_share_the_files(given: Path, wanted: dict[str, bytes]) -> None:
    assert main(["batch", "in", "out", "--partial", "--jobs", "2"]) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def test_a_file_that_changes_while_it_is_read_stops_no_other(
    given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changing, before = given / "b.csv", (given / "b.csv").read_bytes()
    work = runs.done

    def meanwhile(job: Job, *more: Any) -> Any:
        if job.input.endswith("b.csv"):
            changing.write_bytes(before + b"\n")
        return work(job, *more)

    with monkeypatch.context() as patched:
        patched.setattr(runs, "done", meanwhile)
        assert main(["batch", "in", "out", "--partial"]) == WRONG_INPUT
    told = capsys.readouterr().err
    assert told.count("has changed while it was read") == 1
    assert "b.csv" in told
    assert {"a.csv", "c.csv", "d.csv"} <= contents(given.parent / "out").keys()
    assert not (given.parent / "out/b.csv").exists()
    changing.write_bytes(before)
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def test_each_file_keeps_its_format_or_all_get_another(
    tmp_path: Path, answer_sets: list[Answers], rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    sets = answer_sets[:5]
    text = as_csv(sets, rulebase.questions).encode()
    Path("in/one.csv").write_bytes(text)
    Path("in/two.CSV.gz").write_bytes(gzip.compress(text))
    Path("in/three.v2.ndjson").write_text(as_json_lines(sets))
    as_parquet(sets, Path("in/four.parquet"), rulebase)
    assert main(["batch", "in", "same", "--partial"]) == DONE
    assert set(os.listdir("same")) == {"one.csv", "two.csv.gz", "three.v2.jsonl", "four.parquet"}
    assert main(["batch", "in", "other", "--partial", "--to", "jsonl"]) == DONE
    assert set(os.listdir("other")) == {"one.jsonl", "two.jsonl.gz", "three.v2.jsonl", "four.jsonl"}
    results = [[row["causes"] for row in rows_of(path)] for path in (*Path("same").iterdir(), *Path("other").iterdir())]
    assert all(result == results[0] for result in results)


def test_what_is_no_table_is_left_out_and_told(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("notes.txt", ".hidden.csv", "_SUCCESS"):
        (given / name).touch()
    assert main(["batch", "in", "out", "--partial"]) == WRONG_INPUT
    assert "left out: _SUCCESS, notes.txt\n" in capsys.readouterr().err
    assert (given.parent / "out" / "d.csv").exists()


def test_of_several_files_each_doubt_names_one(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (given / "e.csv").write_text("Age,age\n1,34\n")
    main(["batch", "in", "out", "--partial"])
    told = capsys.readouterr().err
    assert 'in/e.csv: column "Age" is no question' in told
    assert "a.csv: column" not in told


@pytest.mark.parametrize(
    ("before", "words", "why"),
    [
        ("mkdir empty", ["empty", "out"], "no files"),
        ("", ["in/*.parquet", "out"], "no files"),
        ("cp in/a.csv more/", ["*/a.csv", "out"], "same output"),
        ("cp in/a.csv in/A.csv", ["in", "out"], "same output"),
        ("cp in/a.csv in/a.jsonl", ["in", "out", "--to", "csv"], "same output"),
        ("", ["in", "in"], "folder of the results"),
        ("mkdir in/out; cp in/a.csv in/out", ["in/**/*.csv", "in/out"], "folder of the results"),
        ("touch out", ["in", "out"], "must be a folder"),
        ("", ["in", "-"], "must be a folder"),
        ("mkdir out; cp in/a.csv out/old.csv", ["in", "out"], "old.csv"),
        ("mkdir out; touch out/old.csv.gz.errors", ["in", "out"], "old.csv.gz.errors"),
        ("echo colour > in/e.csv", ["in", "out"], "no column has the name of a question"),
        ("touch in/e.csv", ["in", "out"], "is empty"),
        ("mkdir -p out/.finished; touch out/.finished/a.csv.json", ["in", "out"], "--resume"),
        ("", ["in/*.csv", "out", "--summary", "--output", "in/b.csv"], "must not replace"),
        ("cp in/a.csv in/e.txt", ["in/*", "out"], "no format"),
        ("mkdir out; ln -s ../more/x.csv out/a.csv", ["in", "out"], "no regular file"),
        ("mkdir -p out/a.csv.errors", ["in", "out"], "is a folder"),
        ("", ["in", "none/out"], "none: LCT701 no such folder"),
        ("", ["in", "out", "--scheduler", "x:1", "--jobs", "2"], "--jobs"),
        ("", ["-", "out.csv", "--scheduler", "x:1"], "other machines"),
        ("", ["in/a.csv", "-", "--scheduler", "x:1"], "other machines"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_written(
    given: Path, capsys: pytest.CaptureFixture[str], before: str, words: list[str], why: str
) -> None:
    (given.parent / "more").mkdir()
    os.system(before)
    there = sorted(given.parent.rglob("*"))
    assert main(["batch", *words, "--partial"]) == WRONG_INPUT
    assert why in capsys.readouterr().err
    assert sorted(given.parent.rglob("*")) == there


def test_how_far_it_is_counts_all_files(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(given.iterdir())) == 4
    told = stopped_after(0, monkeypatch)
    main(["batch", "in", "out", "--partial"])
    assert [(progress.ended, progress.files, progress.share) for progress in told] == [
        (n, 4, n / 4) for n in range(1, 5)
    ]
    assert told[-1].rows == 4 * ROWS + 1


def test_the_totals_stand_on_a_line_of_their_own(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the progress ends before its end."""
    (given / "b.csv.gz").write_bytes(cut_short((given / "b.csv").read_bytes()))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(["batch", "in", "out", "--partial"])
    told = capsys.readouterr().err
    assert "5 of 5 files" in told
    assert "\x1b[K\n" in told
    assert [line for line in told.split("\n") if "rows/s" in line and "rows read" in line] == []


# --- stopped, and gone on with


def test_what_is_finished_is_kept(given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        told = stopped_after(2, patched)
        assert main(["batch", "in", "out", "--partial"]) == STOPPED
    before = {path.name: path.stat().st_ino for path in out.glob("*.csv")}
    assert len(before) == told[-1].ended == 2
    told = stopped_after(0, monkeypatch)
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(out) == wanted
    assert {name: (out / name).stat().st_ino for name in before} == before
    assert [progress.ended for progress in told] == [3, 4]  # no file was worked on twice


@pytest.mark.parametrize("at", [1, 4, 6])
def test_killed_anywhere_nothing_is_lost_or_doubled(given: Path, wanted: dict[str, bytes], at: int) -> None:
    """At a thing that is put in its place: files of errors, outputs, and records of what is finished."""
    out = given.parent / "out"
    script = KILLED.format(at=at, size=SIZE)
    words = [sys.executable, "-c", script, "batch", "in", "out", "--partial"]
    assert subprocess.run(words, capture_output=True, check=False, timeout=120).returncode == -signal.SIGKILL
    there = {name: data for name, data in contents(out).items() if not name.startswith(".")}
    assert there.items() <= wanted.items()
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(out) == wanted


KILLED = """
import os, signal, sys
from triage.cli.main import main
from triage.scale import reading
reading.CHUNK = {size}
calls, replace = [], os.replace
def put(*paths):
    calls.append(paths)
    if len(calls) == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*paths)
os.replace = put
main(sys.argv[1:])
"""


def test_only_one_run_at_a_time_goes_on(
    given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []

    def went_on(*_: object) -> None:
        if not codes:
            codes.append(main(["batch", "in", "out", "--partial", "--resume"]))

    monkeypatch.setattr(batch._Shown, "went_on", went_on)
    assert main(["batch", "in", "out", "--partial"]) == WRONG_INPUT
    assert codes == [WRONG_INPUT]
    assert "another run" in capsys.readouterr().err
    assert contents(given.parent / "out") == wanted


@pytest.mark.parametrize("changed", ["input", "options", "output"])
def test_what_was_made_of_something_else_is_made_again(
    given: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        stopped_after(2, patched)
        main(["batch", "in", "out", "--partial"])
    if changed == "input":
        text = (given / "a.csv").read_text("utf-8").replace("North", "South")
        (given / "a.csv").write_text(text, newline="")
    if changed == "output":
        (out / "a.csv").write_text("something else")
    more = [] if changed == "options" else ["--partial"]
    main(["batch", "in", "out", *more, "--resume"])
    main(["batch", "in/a.csv", "alone.csv", *more])
    assert (out / "a.csv").read_bytes() == Path("alone.csv").read_bytes()
    assert not (out / ".finished").exists()


def test_a_file_that_breaks_in_the_middle_stops_no_other(
    given: Path, wanted: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    out, broken = given.parent / "out", given / "b.csv.gz"
    text = (given / "b.csv").read_bytes()
    (given / "b.csv").unlink()
    broken.write_bytes(cut_short(text))
    assert main(["batch", "in", "out", "--partial", "--to", "csv"]) == WRONG_INPUT
    told = capsys.readouterr().err
    assert "cannot be unpacked" in told
    assert "not all of the 4 files" in told
    del wanted["b.csv"]  # it was packed, and its output is
    assert {name: data for name, data in contents(out).items() if name in wanted} == wanted
    kept = (out / "a.csv").stat().st_ino
    broken.write_bytes(gzip.compress(text))
    assert main(["batch", "in", "out", "--partial", "--to", "csv", "--resume"]) == WRONG_INPUT
    assert f"{4 * ROWS + 1} rows read" in capsys.readouterr().err
    assert set(contents(out)) == {*wanted, "b.csv.gz"}
    assert (out / "a.csv").stat().st_ino == kept


def test_a_worker_that_dies_ends_the_run_and_it_can_go_on(
    given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(runs, "run_file", die)
        assert main(["batch", "in", "out", "--partial", "--jobs", "2"]) == FAILED
    assert "--resume" in capsys.readouterr().err
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# --- many machines


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """A cluster of two real processes, and a client of it."""
    import distributed

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**settings) as processes,
        distributed.Client(processes, set_as_default=False) as client,
    ):
        yield client


def healthy(size: int) -> None:
    """In a worker: many chunks, as here; nothing kills it."""
    reading.CHUNK = size
    runs.done = DONE_WITH  # type: ignore[assignment]


DONE_WITH = runs.done


@pytest.fixture
def address(workers: Any) -> str:
    """The scheduler's; two workers are there, and as they should be."""
    workers.wait_for_workers(2, timeout=60)
    workers.run(healthy, SIZE)
    return str(workers.scheduler.address)


def there(address: str, *words: str) -> int:
    return main(["batch", "in", "out", "--partial", "--scheduler", address, *words])


def test_a_cluster_writes_the_same_bytes(
    given: Path,
    wanted: dict[str, bytes],
    address: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = stopped_after(0, monkeypatch)
    assert there(address) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted
    assert f"{4 * ROWS + 1} rows read: {4 * ROWS} written, 1 refused" in capsys.readouterr().err
    assert [progress.ended for progress in told] == [1, 2, 3, 4]
    assert (told[-1].rows, told[-1].share) == (4 * ROWS + 1, 1.0)


def test_a_cluster_takes_one_file_too(wanted: dict[str, bytes], address: str) -> None:
    words = ["batch", "in/c.csv", "c.csv", "--partial", "--scheduler", address]
    assert main(words) == WRONG_INPUT
    assert Path("c.csv").read_bytes() == wanted["c.csv"]
    assert Path("c.csv.errors").read_bytes() == wanted["c.csv.errors"]
    assert not Path("c.csv.finished").exists()


def test_a_cluster_goes_by_the_rules_that_are_named(given: Path, address: str, rulebase: RuleBase) -> None:
    copied = shutil.copytree(rules_folder(), given.parent / "rules")
    file = copied / "dispositions.toml"
    file.write_text(file.read_text("utf-8") + "\n# another hash\n")
    assert there(address, "--rules", "rules") == WRONG_INPUT
    [used] = {row["rulebase"] for row in rows_of(given.parent / "out" / "a.csv")}
    assert used != rulebase.sha256[:12]


def test_workers_that_are_killed_lose_nothing_and_double_nothing(
    given: Path, wanted: dict[str, bytes], workers: Any, address: str, tmp_path: Path
) -> None:
    """Both workers kill themselves in the middle of their first file; others come in their place."""
    pids = workers.run(os.getpid)
    workers.run(doomed, str(tmp_path))
    assert there(address) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted
    dead = [int(path.name.removeprefix("dead-")) for path in tmp_path.glob("dead-*")]
    assert dead
    assert set(dead) <= set(pids.values())


def doomed(folder: str) -> None:
    """In a worker: it dies when some chunks are done."""
    seen = []

    def done(*given: Any) -> Any:
        seen.append(given)
        if len(seen) > 1:
            Path(folder, f"dead-{os.getpid()}").touch()
            die()
        return DONE_WITH(*given)

    runs.done = done  # type: ignore[assignment]


def test_where_every_worker_dies_the_others_are_kept(
    given: Path, wanted: dict[str, bytes], workers: Any, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scheduler = workers.cluster.scheduler
    before, scheduler.allowed_failures = scheduler.allowed_failures, 0
    workers.run(poisoned, "b.csv")
    assert there(address) == FAILED
    told = capsys.readouterr().err
    assert "b.csv" in told
    assert "--resume" in told
    assert not (given.parent / "out" / "b.csv").exists()
    scheduler.allowed_failures = before
    workers.wait_for_workers(2, timeout=60)
    workers.run(healthy, SIZE)
    assert there(address, "--resume") == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def poisoned(name: str) -> None:
    """In a worker: one file kills it."""

    def done(job: Job, *more: Any) -> Any:
        if job.input.endswith(name):
            die()
        return DONE_WITH(job, *more)

    runs.done = done  # type: ignore[assignment]


def test_a_client_that_was_stopped_can_go_on(
    given: Path,
    wanted: dict[str, bytes],
    address: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        stopped_after(1, patched)
        assert there(address) == STOPPED
    assert "--resume" in capsys.readouterr().err
    assert there(address) == WRONG_INPUT  # not without being asked to
    kept = {
        path.name: path.stat().st_ino
        for path in out.glob("*.csv")
        if (out / ".finished" / f"{path.name}.json").exists()
    }
    assert kept
    assert there(address, "--resume") == WRONG_INPUT
    assert f"{4 * ROWS + 1} rows read" in capsys.readouterr().err
    assert contents(out) == wanted
    assert {name: (out / name).stat().st_ino for name in kept} == kept


def test_a_worker_of_another_version_is_told_before_anything_is_done(
    given: Path, workers: Any, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = next(iter(workers.nthreads()))
    workers.run(become, "0.0", workers=[one])
    try:
        assert there(address) == WRONG_INPUT
        told = capsys.readouterr().err
        assert f"{one}: LCT705 this worker has version 0.0" in told
        assert told.count("worker has version") == 1
        assert list((given.parent / "out").iterdir()) == []
    finally:
        workers.run(become, cluster.__version__)


def become(version: str) -> None:
    """In a worker: it is of this version."""
    cluster.__version__ = version


def test_a_scheduler_that_does_not_answer_is_told(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.3)
    with socket.socket() as taken:  # nobody else gets this port, and nobody listens
        taken.bind(("127.0.0.1", 0))
        assert there(f"127.0.0.1:{taken.getsockname()[1]}") == WRONG_INPUT
    assert "no scheduler answered" in capsys.readouterr().err
    assert there("no address at all:x") == WRONG_INPUT
    assert list((given.parent / "out").iterdir()) == []


def test_a_scheduler_that_is_gone_ends_the_run(
    given: Path, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    submit = distributed.Client.submit

    def lost(client: Any, _: Any, *__: Any, **___: Any) -> Any:
        future = submit(client, max, 1, 2, key=f"lost-{uuid.uuid4()}", workers=["tcp://127.0.0.1:1"])
        client.cancel([future])  # so it is for every task where the connection is lost
        return future

    monkeypatch.setattr(distributed.Client, "submit", lost)
    assert there(address) == FAILED
    assert "scheduler was lost" in capsys.readouterr().err
    assert list((given.parent / "out").iterdir()) == []


def test_a_scheduler_without_workers_is_told(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    monkeypatch.setattr(cluster, "SECONDS", 1)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        assert there(empty.scheduler_address) == WRONG_INPUT
    assert "no workers" in capsys.readouterr().err
    assert list((given.parent / "out").iterdir()) == []


@pytest.mark.usefixtures("given")
def test_without_dask_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert there("x:1") == WRONG_INPUT
    assert "leg-cramp-triage[distributed]" in capsys.readouterr().err


# --- one file, as a worker does it


@pytest.fixture
def job(given: Path, rulebase: RuleBase) -> Job:
    """The job of one file, while the run is on."""
    form, folder = form_of("a.csv"), given.parent / "out" / ".finished"
    folder.mkdir(parents=True)
    (folder / "run-x").touch()
    out = given.parent / "out" / "a.csv"
    made = Job(str(given / "a.csv"), str(out), form, form, None, rulebase.sha256, partial=True)
    return made._replace(mark=str(folder / "run-x"))


def in_the_middle(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Something happens when the first chunk of a file is done."""
    work = runs.done
    happened: list[Any] = []

    def and_more(*given: Any) -> Any:
        if not happened:
            happened.append(None)
            happened.append(do())
        return work(*given)

    monkeypatch.setattr(runs, "done", and_more)


def test_two_workers_on_one_file_at_the_same_time_do_no_harm(
    job: Job, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[Any] = []
    in_the_middle(monkeypatch, lambda: counts.append(runs.run_file(job)))
    counts.append(runs.run_file(job))
    assert counts[0] == counts[1]
    assert isinstance(counts[0], Counts)
    assert counts[0].written == ROWS
    out = Path(job.output).parent
    assert (out / "a.csv").read_bytes() == wanted["a.csv"]
    assert sorted(os.listdir(out / ".finished")) == ["a.csv.json", "run-x"]
    written = (out / "a.csv").stat().st_ino
    assert runs.run_file(job) == counts[0]  # a third one finds it done
    assert (out / "a.csv").stat().st_ino == written


def test_a_worker_of_a_run_that_is_over_writes_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_middle(monkeypatch, Path(job.mark).unlink)
    with pytest.raises(WorkerDied):
        runs.run_file(job)
    assert os.listdir(Path(job.output).parent) == [".finished"]
    assert os.listdir(Path(job.mark).parent) == []


def test_a_file_that_a_worker_does_not_see_is_told(job: Job) -> None:
    Path(job.input).unlink()
    assert "cannot be read" in str(runs.run_file(job))


@pytest.mark.parametrize(
    ("change", "version", "why"),
    [
        ({}, "0.0", "has version"),
        ({"mark": "nowhere/run-x"}, "", "does not see"),
        ({"sha256": "0" * 64}, "", "has other rules"),
        ({"rules": "nowhere"}, "", "cannot read the rules"),
    ],
)
def test_a_worker_that_is_not_fit_says_why(job: Job, change: dict[str, str], version: str, why: str) -> None:
    assert cluster.why_unfit(job, cluster.__version__) == ""
    assert why in cluster.why_unfit(job._replace(**change), version or cluster.__version__)
