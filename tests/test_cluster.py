"""Several files in one run, on this machine and on a cluster of real processes: nothing lost, nothing doubled."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_batch import as_csv, as_json_lines, as_parquet, rows_of

from triage.cli import batch
from triage.cli.console import DONE, FAILED, STOPPED, WRONG_INPUT
from triage.cli.main import main
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.rulebase import load
from triage.scale import reading
from triage.scale import run as runs
from triage.scale.answers import Judge
from triage.version import how_to_install

PART = 25  # rows at a time: every file has several parts
ROWS = 40  # of a file
FILES = ("a.csv", "b.csv", "c.csv", "d.csv")


@pytest.fixture(autouse=True)
def _quick(rulebase: RuleBase, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are read once, and files are read in parts."""
    monkeypatch.setattr(batch, "load", lambda folder: load(folder) if folder else rulebase)
    monkeypatch.setattr(runs, "judge_of", lambda *_: judge)
    monkeypatch.setattr(reading, "ROWS", PART)


@pytest.fixture(scope="module")
def tables(answer_sets: list[Answers], rulebase: RuleBase) -> dict[str, str]:
    """The text of every file; one row of c.csv has a fault."""
    sets = {name: answer_sets[n * ROWS : (n + 1) * ROWS] for n, name in enumerate(FILES)}
    return {name: as_csv(some, rulebase.questions) + "x,y\n" * (name == "c.csv") for name, some in sets.items()}


@pytest.fixture
def given(tmp_path: Path, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in tables.items():
        (folder / name).write_text(text, newline="")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="module")
def wanted(tables: dict[str, str], judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is to be in the folder of the results: each file alone gives it."""
    folder = tmp_path_factory.mktemp("wanted")
    for name, text in tables.items():
        (folder / "in.csv").write_text(text, newline="")
        sha256 = judge.rules.rulebase.sha256
        runs.conduct(runs.Job(str(folder / "in.csv"), str(folder / name), "csv", "csv", None, sha256, partial=True))
    (folder / "in.csv").unlink()
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, but for the records of what is finished."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def stopped_after(number: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The key that stops a run is pressed when it has told so often how far it is; what it told."""
    told: list[str] = []

    def show(text: str) -> None:
        told.append(text)
        if len(told) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(batch, "_show", show)
    return told


def cut_short(table: bytes) -> bytes:
    """A packed table whose end is lost, which is not seen at its beginning."""
    head, body = table.split(b"\n", 1)
    return gzip.compress(head + b"\n" + body * 9)[:-20]


# --- files in, files out


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["in", "in/*.csv", "*/[a-d].csv"])
def test_every_file_gets_the_output_it_has_alone(
    given: Path, wanted: dict[str, bytes], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", name, "out", "--partial"]) == WRONG_INPUT
    out = given.parent / "out"
    assert contents(out) == wanted
    assert set(wanted) == {*FILES, "c.csv.errors"}
    assert f"{4 * ROWS + 1} rows read: {4 * ROWS} written, 1 refused" in capsys.readouterr().err
    assert out.stat().st_mode & 0o777 == 0o700


def test_several_processes_share_the_files(given: Path, wanted: dict[str, bytes]) -> None:
    assert main(["batch", "in", "out", "--partial", "--jobs", "2"]) == WRONG_INPUT
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
    assert set(contents(Path("same"))) == {"one.csv", "two.csv", "three.v2.jsonl", "four.parquet"}
    assert main(["batch", "in", "other", "--partial", "--to", "jsonl"]) == DONE
    assert set(contents(Path("other"))) == {"one.jsonl", "two.jsonl", "three.v2.jsonl", "four.jsonl"}
    paths = [path for folder in ("same", "other") for path in Path(folder).iterdir() if path.is_file()]
    results = [[row["causes"] for row in rows_of(path)] for path in paths]
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
        ("mkdir out; cp in/a.csv out/old.csv", ["in", "out"], "old.csv"),
        ("mkdir out; touch out/old.csv.gz.errors", ["in", "out"], "old.csv.gz.errors"),
        ("echo colour > in/e.csv", ["in", "out"], "no column has the name of a question"),
        ("touch in/e.csv", ["in", "out"], "is empty"),
        ("", ["in/*.csv", "out", "--summary", "--output", "in/b.csv"], "must not replace"),
        ("cp in/a.csv in/e.txt", ["in/*", "out"], "no format"),
        ("mkdir out; ln -s ../more/x.csv out/a.csv", ["in", "out"], "no regular file"),
        ("mkdir -p out/a.csv.errors", ["in", "out"], "is a folder"),
        ("", ["in", "none/out"], "none: LCT701 no such folder"),
        ("", ["in", "-"], "name a folder"),
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


def test_a_folder_that_is_there_keeps_its_mode(given: Path) -> None:
    out = given.parent / "out"
    out.mkdir()
    out.chmod(0o750)
    assert main(["batch", "in", "out", "--partial"]) == WRONG_INPUT  # for the one row with a fault
    assert out.stat().st_mode & 0o777 == 0o750


def test_how_far_it_is_counts_all_files(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(given.iterdir())) == 4
    told = stopped_after(0, monkeypatch)
    main(["batch", "in", "out", "--partial"])
    assert [text.split(" files, ")[0] for text in told] == [*(f"{n} of 4" for n in range(1, 5)), ""]
    assert f"{4 * ROWS + 1} rows" in told[3]


# --- stopped, and gone on with


def test_what_is_finished_is_kept(given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        stopped_after(2, patched)
        assert main(["batch", "in", "out", "--partial"]) == STOPPED
    before = {path.name: path.stat().st_ino for path in out.glob("*.csv")}
    assert len(before) == 2
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(out) == wanted
    assert {name: (out / name).stat().st_ino for name in before} == before


@pytest.mark.sampled(3)
@pytest.mark.parametrize("at", [1, 4, 6])
def test_killed_anywhere_nothing_is_lost_or_doubled(given: Path, wanted: dict[str, bytes], at: int) -> None:
    """At a thing that is put in its place: files of errors, outputs, and records of what is finished."""
    out = given.parent / "out"
    script = KILLED.format(at=at, part=PART)
    words = [sys.executable, "-c", script, "batch", "in", "out", "--partial"]
    assert subprocess.run(words, capture_output=True, check=False, timeout=120).returncode == -signal.SIGKILL
    there = {name: data for name, data in contents(out).items() if not name.startswith(".")}
    assert there.items() <= wanted.items()
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(out) == wanted
    assert not list(out.glob(".[abcd]*"))


KILLED = """
import os, signal, sys
from triage.cli.main import main
from triage.scale import reading
reading.ROWS = {part}
calls, replace = [], os.replace
def put(*paths):
    calls.append(paths)
    if len(calls) == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*paths)
os.replace = put
main(sys.argv[1:])
"""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("changed", ["input", "options", "output", "rules", "version"])
def test_what_was_made_of_something_else_is_made_again(given: Path, changed: str) -> None:
    out = given.parent / "out"
    main(["batch", "in/a.csv", "alone.csv", "--partial"])
    main(["batch", "in", "out", "--partial"])
    made = (out / "a.csv").stat().st_ino
    if changed == "input":
        os.utime(given / "a.csv", (1, 1))
    elif changed == "output":
        (out / "a.csv").write_text("something else")
    elif changed != "options":
        record = out / ".finished" / "a.csv.json"
        made_of, counts = json.loads(record.read_text("utf-8"))
        made_of[{"rules": 2, "version": 3}[changed]] = "another"
        record.write_text(json.dumps([made_of, counts]))
    main(["batch", "in", "out", *([] if changed == "options" else ["--partial"]), "--resume"])
    assert (out / "a.csv").stat().st_ino != made
    assert changed == "options" or (out / "a.csv").read_bytes() == Path("alone.csv").read_bytes()


def test_a_file_that_breaks_in_the_middle_stops_no_other(
    given: Path, wanted: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    out, broken = given.parent / "out", given / "b.csv.gz"
    text = (given / "b.csv").read_bytes()
    (given / "b.csv").unlink()
    broken.write_bytes(gzip.compress(text + b'"'))
    assert main(["batch", "in", "out", "--partial"]) == WRONG_INPUT
    told = capsys.readouterr().err
    assert "LCT707" in told
    assert "not all of the 4 files" in told
    assert not (out / "b.csv").exists()
    assert contents(out).items() <= wanted.items()
    kept = (out / "a.csv").stat().st_ino
    broken.write_bytes(gzip.compress(text))
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert f"{4 * ROWS + 1} rows read" in capsys.readouterr().err
    assert contents(out) == wanted
    assert (out / "a.csv").stat().st_ino == kept


def test_a_packed_file_that_is_cut_short_is_told(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (given / "e.csv.gz").write_bytes(cut_short((given / "b.csv").read_bytes()))
    assert main(["batch", "in/e.csv.gz", "e.csv", "--partial"]) == WRONG_INPUT
    assert "e.csv.gz: LCT707" in capsys.readouterr().err
    assert not Path("e.csv").exists()


def test_a_worker_that_dies_is_told_and_the_run_can_go_on(
    given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(runs, "run_file", die)
        assert main(["batch", "in", "out", "--partial", "--jobs", "2"]) == FAILED
    assert "--resume" in capsys.readouterr().err
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def test_a_worker_that_dies_in_the_middle_of_one_file_is_told(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "_done", die)
    monkeypatch.setattr(batch, "SMALL", 0)
    assert main(["batch", "in/a.csv", "out.csv", "--partial", "--jobs", "2"]) == FAILED
    told = capsys.readouterr().err
    assert "in/a.csv" in told
    assert "--resume" not in told
    assert [path.name for path in given.parent.iterdir()] == ["in"]


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


@pytest.fixture
def address(workers: Any) -> str:
    """The scheduler's; two workers are there."""
    workers.wait_for_workers(2, timeout=60)
    return str(workers.scheduler.address)


def there(address: str, *words: str) -> int:
    return main(["batch", "in", "out", "--partial", "--scheduler", address, *words])


def test_a_cluster_writes_the_same_bytes_also_where_workers_are_killed(
    given: Path,
    wanted: dict[str, bytes],
    workers: Any,
    address: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Both workers kill themselves in the middle of their first file; others come in their place."""
    assert there(address) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted
    shutil.rmtree(given.parent / "out")
    pids = workers.run(os.getpid)
    workers.run(doomed, str(tmp_path))
    assert there(address) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted
    assert f"{4 * ROWS + 1} rows read: {4 * ROWS} written, 1 refused" in capsys.readouterr().err
    dead = [int(path.name.removeprefix("dead-")) for path in tmp_path.glob("dead-*")]
    assert dead
    assert set(dead) <= set(pids.values())


def doomed(folder: str) -> None:
    """In a worker: it dies when the first part of a file is done."""

    def judged(*_: Any) -> Any:
        Path(folder, f"dead-{os.getpid()}").touch()
        die()

    runs._judged = judged  # type: ignore[assignment]


def test_a_cluster_takes_one_file_too(wanted: dict[str, bytes], address: str, given: Path) -> None:
    assert given
    words = ["batch", "in/c.csv", "c.csv", "--partial", "--scheduler", address]
    assert main(words) == WRONG_INPUT
    assert Path("c.csv").read_bytes() == wanted["c.csv"]
    assert Path("c.csv.errors").read_bytes() == wanted["c.csv.errors"]


def test_a_scheduler_that_does_not_answer_is_told(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SECONDS", 0.3)
    with socket.socket() as taken:  # nobody else gets this port, and nobody listens
        taken.bind(("127.0.0.1", 0))
        assert there(f"127.0.0.1:{taken.getsockname()[1]}") == WRONG_INPUT
    assert "LCT705" in capsys.readouterr().err
    assert there("no address at all:x") == WRONG_INPUT
    assert contents(given.parent / "out") == {}


@pytest.mark.usefixtures("given")
def test_without_dask_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert there("x:1") == WRONG_INPUT
    assert how_to_install("distributed") in capsys.readouterr().err


# --- one file, as a worker does it


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("change", "code"),
    [({"version": "0.0"}, "LCT705"), ({"input": "nowhere.csv"}, "LCT705"), ({"rules": "nowhere"}, "")],
)
def test_a_worker_that_is_not_fit_says_why(
    given: Path, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], code: str
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(runs, "rules_read", {})  # by another test
    job = runs.Job(str(given / "a.csv"), str(given / "out.csv"), "csv", "csv", None, rulebase.sha256, partial=True)
    found = runs.run_file(job._replace(**change))  # type: ignore[arg-type]
    assert code in str(found)
    assert not (given / "out.csv").exists()
