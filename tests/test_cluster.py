"""Several files in one run, on this machine and on a cluster of real processes: nothing lost, nothing doubled."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_batch import as_csv, as_json_lines, as_parquet, errors_of, rows_of

from triage.batch import cluster, conduct, shards, source, work
from triage.batch.conduct import Far, Job, Progress, identity
from triage.batch.plan import form_of
from triage.cli import main
from triage.commands import batch
from triage.commands.common import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT
from triage.faults import Fault, FaultyInput
from triage.model import Answers, RuleBase
from triage.opening import rules_folder
from triage.tables import Tables

SIZE = 2_000  # bytes of a chunk: every file has several
ROWS = 40  # of a file
FILES = ("a.csv", "b.csv", "c.csv", "d.csv")


@pytest.fixture(autouse=True)
def _quick(tables: Tables, rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are filled once, and files are cut into many chunks."""
    monkeypatch.setattr(work, "load", lambda _: rulebase)
    monkeypatch.setattr(work, "Tables", lambda _: tables)
    monkeypatch.setitem(cluster._filled, rulebase.sha256, tables)
    monkeypatch.setattr(source, "CHUNK", SIZE)


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
        ("mkdir -p out/.parts", ["in", "out"], "--resume"),
        ("cp in/a.csv in/e.txt", ["in/*", "out"], "no format"),
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
    told = stopped_after(0, monkeypatch)
    main(["batch", "in", "out", "--partial"])
    shares = [progress.share for progress in told]
    assert shares == sorted(shares, key=lambda share: share or 0)
    assert (shares[-1], told[-1].rows) == (1.0, 4 * ROWS + 1)
    sizes = [(given / name).stat().st_size for name in FILES]
    first = next(progress for progress in told if progress.ended == 1)
    assert first.files == 4
    assert (first.share or 0) * sum(sizes) == pytest.approx(sizes[0] + SIZE, rel=0.5)


# --- stopped, and gone on with


def test_what_is_finished_is_kept(given: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        told = stopped_after(12, patched)
        assert main(["batch", "in", "out", "--partial"]) == STOPPED
    assert 0 < told[-1].ended < 3
    before = {path.name: path.stat().st_ino for path in out.glob("*.csv")}
    assert len(before) == told[-1].ended
    rows = len(told) and told[-1].rows
    told = stopped_after(0, monkeypatch)
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(out) == wanted
    assert {name: (out / name).stat().st_ino for name in before} == before
    assert told[-1].rows + rows == 4 * ROWS + 1  # no chunk was worked on twice


@pytest.mark.parametrize("changed", ["input", "options", "output"])
def test_what_was_made_of_something_else_is_made_again(
    given: Path, monkeypatch: pytest.MonkeyPatch, changed: str, rulebase: RuleBase
) -> None:
    out = given.parent / "out"
    with monkeypatch.context() as patched:
        stopped_after(12, patched)
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
    assert not (out / ".parts").exists()


def test_a_file_that_breaks_in_the_middle_stops_no_other(
    given: Path, wanted: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    out, broken = given.parent / "out", given / "b.csv.gz"
    text = (given / "b.csv").read_bytes()
    (given / "b.csv").unlink()
    broken.write_bytes(gzip.compress(text)[:-200])
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
        patched.setattr(conduct, "_done", die)
        assert main(["batch", "in", "out", "--partial", "--jobs", "2"]) == FAILED
    assert "--resume" in capsys.readouterr().err
    assert main(["batch", "in", "out", "--partial", "--resume"]) == WRONG_INPUT
    assert contents(given.parent / "out") == wanted


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
