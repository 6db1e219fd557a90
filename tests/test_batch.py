"""Batch: every row written or refused, in every format, whatever happens on the way."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import polars
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from judged import by_the_engine as as_result
from remembering import Remembering

from triage.cli import batch
from triage.cli.console import DONE, INCOMPLETE, STOPPED, WRONG_INPUT
from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.exchange.fhir.questionnaire import URL
from triage.knowledge.faults import FaultyInput
from triage.knowledge.model import Answers, RuleBase
from triage.reasoning.engine import Engine
from triage.scale import reading
from triage.scale import run as runs
from triage.scale.answers import Judge
from triage.scale.expressions import LISTS, RESULT
from triage.scale.run import READ, WRITTEN, Counts, Job, conduct, judge_of
from triage.version import how_to_install

pytestmark = pytest.mark.usefixtures("rules_read_once")

SETS = 110
QUOTED = range(60, 100)  # the rows that need quotes; chunks of the others are read in another way
TRUTHS = ("see_doctor", "pharmacist", "pending")
NAME = 'North, "A"\nback yard'  # a cell that needs quotes and holds a line break


@pytest.fixture(scope="module")
def sets(answer_sets: list[Answers]) -> list[Answers]:
    """Answer sets, every fifth of them unfinished."""
    random = Random(4)
    some = answer_sets[:SETS]
    return [{n: a for n, a in answers.items() if nth % 5 or random.random() < 0.7} for nth, answers in enumerate(some)]


@pytest.fixture(scope="module")
def wanted(engine: Engine, sets: list[Answers]) -> list[dict[str, Any]]:
    """What the engine says of each of them, as the columns of a result."""
    quick = Remembering(engine)
    return [as_result(quick, answers) for answers in sets]


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ";".join(value) if isinstance(value, (list, tuple)) else str(value)


def as_csv(sets: Sequence[Answers], questions: Iterable[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(questions)
    writer.writerow(["id", *names, "clinic"])
    for n, answers in enumerate(sets):
        writer.writerow([n, *(cell(answers.get(name, "")) for name in names), NAME if n in QUOTED else "North"])
    return text.getvalue()


def as_json_lines(sets: Sequence[Answers]) -> str:
    return "".join(
        json.dumps({"id": n, "clinic": NAME if n in QUOTED else "North", **answers}) + "\n"
        for n, answers in enumerate(sets)
    )


def as_parquet(sets: Sequence[Answers], path: Path, rulebase: RuleBase) -> None:
    columns: dict[str, Any] = {"id": pyarrow.array(range(len(sets)), pyarrow.int32())}
    for question in rulebase.questions.values():
        values = [answers.get(question.id) for answers in sets]
        if question.kind == "many":
            columns[question.id] = pyarrow.array([v and list(v) for v in values], pyarrow.list_(pyarrow.string()))
        else:
            columns[question.id] = pyarrow.array([None if v is None else str(v) for v in values])
    columns["clinic"] = pyarrow.array([NAME if n in QUOTED else "North" for n in range(len(sets))])
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=60)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of an output, lists as lists."""
    if path.suffix == ".parquet":
        return list(pyarrow.parquet.read_table(path).to_pylist())
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text, newline="")))
    for row in rows:
        row.update({name: row[name].split(";") if row[name] else [] for name in LISTS})
        row.update({name: {"true": True, "false": False, "": None}[row[name]] for name in TRUTHS})
        row["disposition"] = row["disposition"] or None
    return rows


def left_behind(folder: Path) -> list[Path]:
    """What a run made beside an output and did not put away."""
    return [path for path in folder.iterdir() if path.name.startswith(".") or path.name.endswith(".finished")]


def errors_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.with_name(f"{path.name}.errors").read_text("utf-8"), newline="")))


@pytest.fixture
def inputs(tmp_path: Path, sets: list[Answers], rulebase: RuleBase) -> Path:
    """The same answer sets in every form, in one folder."""
    text, lines = as_csv(sets, rulebase.questions), as_json_lines(sets)
    (tmp_path / "in.csv").write_text(text, newline="")
    (tmp_path / "in.jsonl").write_text(lines)
    (tmp_path / "in.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    as_parquet(sets, tmp_path / "in.parquet", rulebase)
    return tmp_path


TARGETS = ("out.csv", "out.jsonl", "out.parquet")
FORMS = [("in.csv", target) for target in TARGETS]
FORMS += [(given, "out.csv") for given in ("in.jsonl", "in.csv.gz", "bom.csv")]
FORMS += [
    ("in.jsonl", "out.parquet"),
    ("in.parquet", "out.csv"),
    ("in.parquet", "out.jsonl"),
    ("in.parquet", "out.parquet"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("given", "target"), FORMS)
def test_every_row_gets_the_result_of_the_engine(
    inputs: Path, wanted: list[dict[str, Any]], given: str, target: str
) -> None:
    assert main(["batch", str(inputs / given), str(inputs / target), "--partial"]) == DONE
    rows = rows_of(inputs / target)
    assert [{name: row[name] for name in RESULT} for row in rows] == wanted
    assert [str(row["id"]) for row in rows] == [str(n) for n in range(len(wanted))]
    clinics = [row["clinic"].replace("\r", "") for row in rows]
    assert clinics == [NAME if n in QUOTED else "North" for n in range(len(rows))]
    assert list(rows[0])[-len(RESULT) :] == list(RESULT)
    assert not (inputs / f"{target}.errors").exists()
    assert not left_behind(inputs)
    assert (inputs / target).stat().st_mode & 0o777 == 0o600


def test_parquet_keeps_the_types_of_what_it_carries_through(inputs: Path) -> None:
    main(["batch", str(inputs / "in.parquet"), str(inputs / "out.parquet"), "--partial"])
    assert pyarrow.parquet.read_schema(inputs / "out.parquet").field("id").type == pyarrow.int32()


def test_what_is_not_finished_is_not_called_self_care(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("start,danger\nme,none\nme,d_breath\n")
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    nothing_yet, emergency = rows_of(out)
    assert nothing_yet["missing"]
    assert (nothing_yet["disposition"], nothing_yet["see_doctor"]) == (None, None)
    assert (emergency["disposition"], emergency["see_doctor"]) == ("emergency", True)


def test_unfinished_rows_are_refused_with_what_is_missing(
    inputs: Path, wanted: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = inputs / "out.csv"
    assert main(["batch", str(inputs / "in.csv"), str(out)]) == INCOMPLETE
    open_ = [str(n) for n, result in enumerate(wanted) if result["missing"]]
    assert open_
    errors = errors_of(out)
    assert [error["id"] for error in errors] == open_
    assert [error["column"].split(";") for error in errors] == [r["missing"] for r in wanted if r["missing"]]
    assert len(rows_of(out)) + len(errors) == len(wanted)
    totals = capsys.readouterr().err
    assert f"{len(wanted)} rows read: {len(wanted) - len(open_)} written, {len(open_)} refused" in totals


# --- rows that are none

HEAD = "id,age,danger,side\n"
BAD: list[tuple[str, str, str]] = [  # the row, the column that is told, a word of the reason
    ("1,200,none,left", "age", "out of range"),
    ("1,old,none,left", "age", "whole number"),
    ("1,34,none,lefft", "side", 'did you mean "left"'),
    ("1,34,none;d_pee,left", "danger", "stands alone"),
    ("1,34,d_pee;d_pee,left", "danger", "twice"),
    ("1,34,none", "", "3 cells"),
    ("1,34,none,left,more", "", "5 cells"),
    ('1,34,none,"left"x', "", "no row of CSV"),
    ("1,34,none,le\x1bft", "side", "unknown option"),
    ("1,34,none,le\udcffft", "", "UTF-8"),
]


@pytest.mark.parametrize(("bad", "column", "why"), BAD, ids=[why for _, _, why in BAD])
def test_a_bad_row_is_told_and_stops_nothing(tmp_path: Path, bad: str, column: str, why: str) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    text = (
        f"{HEAD[:-1]}, \u00e9\n0,34,none,left,\n{bad}\n2,34,none,left,\n"
        if "\udcff" in bad
        else f"{HEAD}0,34,none,left\n{bad}\n2,34,none,left\n"
    )
    given.write_bytes(text.encode(errors="surrogateescape"))
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == ["0", "2"]
    (error,) = errors_of(out)
    assert (error["line"], error["column"]) == ("3", column)
    assert why in error["why"]
    assert all(c.isprintable() for text in error.values() for c in text)


def test_everything_that_is_wrong_with_a_row_is_told(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(f"{HEAD}a,200,none,what\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [(e["id"], e["column"], e["value"]) for e in errors_of(out)] == [("a", "age", "200"), ("a", "side", "what")]
    assert rows_of(out) == []


@pytest.mark.sampled(4)
@pytest.mark.parametrize("size", [3, 40_000])
@pytest.mark.parametrize(
    ("line", "text"),
    [
        (9, '"7,34,none,left'),  # up to the end of the file
        (9, '"7,34,none,left@30,34,none,"left'),  # up to another one
        (9, '7,34,none,"left@30,34,none,right"@31,34,none,"left'),  # of which the first two make a cell
        (51, '49,34,none,left@49,34,none,"left'),
    ],
)
def test_a_quote_that_nobody_closed_refuses_the_file_with_its_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: int,
    text: str,
    size: int,
) -> None:
    """Nobody knows which of the rows behind it are rows."""
    monkeypatch.setattr(reading, "ROWS", size)
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = [f"{n},34,none,left" for n in range(50)]
    for wrong in text.split("@"):
        lines[int(wrong.strip('"').split(",")[0])] = wrong
    if line == 9 and "right" in text:
        line = 33
    given.write_text(HEAD + "\n".join(lines) + "\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert f"in.csv:{line}: LCT707 " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [given]


@pytest.mark.parametrize("text", ["age\n34\n\n35\n", "age,side\n34,\n\n35,\n"])
def test_an_empty_line_is_no_row(tmp_path: Path, text: str) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(text)
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    assert len(rows_of(out)) == 2


def test_a_cell_that_is_too_long_takes_no_other_row_with_it(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = [f"{n},34,none,left" for n in range(20_000)]
    lines[7] = f"{'x' * 200_000},34,none,left"
    given.write_text(HEAD + "\n".join(lines) + "\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [error["line"] for error in errors_of(out)] == ["9"]
    assert len(rows_of(out)) == 19_999


CELLS = st.text('ab ,"\r\n\u00e9\u2028\x00', max_size=4)


def read_in(text: str, size: int, rulebase: RuleBase) -> Any:
    """All rows of a table, its refused ones, or the fault that refuses it, so many rows at a time."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        patched.setattr(reading, "ROWS", size)
        path = Path(folder, "in.csv")
        path.write_bytes(f"age,note\n{text}".encode())
        try:
            with reading.opened(str(path), "csv", "utf-8", rulebase) as (head, _, parts):
                tables = [reading.table_of(head, part, rulebase) for part in parts]
        except FaultyInput as error:
            return [fault.line for fault in error.faults]
    rows = [row for t in tables for row in zip(t.lines, t.asked["age"], t.carried["note"], strict=True)]
    return rows, [one for table in tables for one in table.refused]


PLAIN = st.text("ab ;\t\r\u00e9\u2028\ufeff\x00", max_size=4)


@settings(max_examples=60, deadline=None)
@for_all(st.lists(st.lists(PLAIN, min_size=2, max_size=2), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_polars_reads_only_what_it_reads_as_csv_does(rulebase: RuleBase, rows: list[list[str]], end: str) -> None:
    compare_readers(end.join(map(",".join, rows)), rulebase)


@pytest.mark.parametrize("text", ["\ufeffa,b\na,b\n", "a\r,b\na,b\r", "a\0,b\n", "a,b\n\na,b", ",\n,\n"])
def test_polars_is_kept_from_what_readers_take_in_different_ways(rulebase: RuleBase, text: str) -> None:
    compare_readers(text, rulebase)


def compare_readers(text: str, rulebase: RuleBase) -> None:
    found = read_in(text, 40_000, rulebase)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "_plain_rows", lambda *_: None)
        assert read_in(text, 40_000, rulebase) == found


@settings(max_examples=15, deadline=None)
@for_all(st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_rows_are_those_that_csv_reads_wherever_chunks_end(rulebase: RuleBase, rows: list[list[str]], end: str) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator=end).writerows(rows)
    for text in (end.join(map(",".join, rows)), written.getvalue()):  # as it comes, hardly anything is sound
        found = read_in(text, 40_000, rulebase)
        assert all(read_in(text, size, rulebase) == found for size in (1, 7))
    sound, refused = found  # what csv wrote
    wanted = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    assert [list(row[1:]) for row in sound] == [row for row in wanted if len(row) == 2]
    assert len(refused) == sum(len(row) not in (0, 2) for row in wanted)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"age": 34, "age": 35}', "twice"),
        ("[" * 100_000, "no JSON"),
        ('{"age": 1e999}', "no JSON"),
        ('{"age": true}', "whole number"),
        ('{"age": 34.5}', "whole number"),
        ('{"side": ["left", "right"]}', "unknown option"),
        ('{"danger": {"d_pee": 1}}', "unknown option"),
    ],
)
def test_a_bad_record_is_told_and_stops_nothing(tmp_path: Path, line: str, why: str) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(f'{{"id": 0, "age": 34}}\n{line}\n\n{{"id": 2, "age": 34.0, "danger": "none"}}\n')
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == [0, 2]
    (error,) = errors_of(out)
    assert error["line"] == "2"
    assert why in error["why"]


def test_an_empty_cell_is_not_answered(tmp_path: Path, engine: Engine) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(f"{HEAD}1,,,\n2, 34 , none ;,left\n")
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    first, second = rows_of(out)
    assert first["missing"] == list(missing_from(engine, {}))
    assert second["missing"] == list(missing_from(engine, {"age": 34, "danger": ("none",), "side": "left"}))


@pytest.mark.parametrize("given", ["in.csv", "in.parquet"])
def test_parquet_without_rows_has_its_columns(inputs: Path, given: str) -> None:
    if given == "in.csv":
        (inputs / given).write_text("id,age,clinic\n")
    else:
        pyarrow.parquet.write_table(pyarrow.parquet.read_table(inputs / given).slice(0, 0), inputs / given)
    assert main(["batch", str(inputs / given), str(inputs / "out.parquet"), "--partial"]) == DONE
    found = pyarrow.parquet.read_table(inputs / "out.parquet")
    assert (found.num_rows, found.column_names) == (0, ["id", "clinic", *RESULT])
    assert polars.read_parquet_schema(inputs / "out.parquet")["causes"] == polars.List(polars.String)
    if given == "in.parquet":
        assert found.schema.field("id").type == pyarrow.int32()


def test_one_row_is_no_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("age,side\n34,left\n")
    main(["batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--partial", "--summary"])
    told = capsys.readouterr()
    assert "1 row read" in told.err
    assert "1 row read" in told.out
    assert "1 rows" not in told.out + told.err


# --- parts of an input


def run(given: Path, out: Path, judge: Judge, told: Any = lambda _: None) -> Counts:
    formats = given.name.removesuffix(".gz").rpartition(".")[2], out.suffix[1:]
    job = Job(str(given), str(out), *formats, None, judge.rules.rulebase.sha256, partial=True)
    return conduct(job, told)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("given", ["in.csv", "in.jsonl", "in.csv.gz", "bom.csv", "in.parquet"])
@pytest.mark.parametrize("rows", [23, 40])
def test_where_parts_end_changes_nothing(
    inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, given: str, rows: int
) -> None:
    run(inputs / given, inputs / "whole.csv", judge)
    monkeypatch.setattr(reading, "ROWS", rows)
    told: list[int] = []
    counts = run(inputs / given, inputs / "cut.csv", judge, told.append)
    assert (inputs / "cut.csv").read_bytes() == (inputs / "whole.csv").read_bytes()
    assert len(told) > 2
    assert told[-1] == counts[READ] == counts[WRITTEN]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("target", TARGETS)
def test_several_processes_share_the_parts_of_one_file(
    inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(reading, "ROWS", 23)
    monkeypatch.setattr(batch, "SMALL", 0)
    given = inputs / "in.csv"
    given.write_text(given.read_text("utf-8") + "x,y\n", newline="")
    counts = run(given, inputs / f"one-{target}", judge)
    assert main(["batch", str(given), str(inputs / target), "--partial", "--jobs", "2"]) == WRONG_INPUT
    assert (inputs / target).read_bytes() == (inputs / f"one-{target}").read_bytes()
    assert errors_of(inputs / target) == errors_of(inputs / f"one-{target}")
    assert counts[READ] == SETS + 1
    assert not left_behind(inputs)


@pytest.mark.parametrize("rows", [23, 40_000])
def test_a_quote_that_nobody_closed_is_told_by_every_process(
    inputs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rows: int
) -> None:
    monkeypatch.setattr(reading, "ROWS", rows)
    monkeypatch.setattr(batch, "SMALL", 0)
    given = inputs / "bad.csv"
    given.write_text(f"{HEAD}" + "1,34,none,left\n" * 50 + '1,34,none,"left\n' + "1,34,none,left\n" * 50)
    assert main(["batch", str(given), str(inputs / "out.csv"), "--partial", "--jobs", "2"]) == WRONG_INPUT
    assert "bad.csv:52: LCT707 " in capsys.readouterr().err
    assert not list(inputs.glob("*out.csv*"))


def test_lines_are_counted_across_parts(inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells with line breaks, and the bad rows, stand where an editor shows them."""
    monkeypatch.setattr(reading, "ROWS", 60)
    lines = (inputs / "in.csv").read_text("utf-8").split("\n")
    at = [n for n in range(21, len(lines) - 1, 17) if lines[n][:1].isdigit()]
    for n in at:
        lines[n] = lines[n].replace(",", ",999,", 1)  # one cell too many
    (inputs / "bad.csv").write_text("\n".join(lines))
    run(inputs / "bad.csv", inputs / "out.csv", judge)
    told = [(int(e["line"]), e["why"]) for e in errors_of(inputs / "out.csv")]
    assert [line for line, _ in told] == [n + 1 for n in at]
    assert all(f"{len(judge.questions) + 3} cells" in why for _, why in told)


# --- streams


def test_standard_input_to_standard_output(inputs: Path) -> None:
    given = (inputs / "in.csv").read_bytes() + b"9,999\n"
    done = subprocess.run(
        [sys.executable, "-m", "triage", "batch", "-", "-", "--partial", "--to", "jsonl"],
        input=given,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == WRONG_INPUT
    main(["batch", str(inputs / "in.csv"), str(inputs / "out.jsonl"), "--partial"])
    assert done.stdout == (inputs / "out.jsonl").read_bytes()
    told = done.stderr.decode()
    assert "has 2 cells" in told
    assert f"{SETS + 1} rows read: {SETS} written, 1 refused" in told
    assert "\r" not in told  # no progress in a pipe


# --- stopped, killed, gone on with

KILLABLE = """
import signal, sys
from triage.scale import reading
from triage.cli.main import main
from triage.cli import batch
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
reading.ROWS = 60
def wait(text):
    print(text, flush=True)
    sys.stdin.read()
batch._show, batch.SMALL = wait, 0
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.sampled(4)
@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize(("by", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, STOPPED)])
def test_killed_or_stopped_in_the_middle_nothing_is_lost_or_doubled(
    inputs: Path, judge: Judge, by: signal.Signals, code: int, processes: str
) -> None:
    given, out = inputs / "in.csv", inputs / "out.csv"
    given.write_text(given.read_text("utf-8") + "x,y\n", newline="")
    run(given, inputs / "whole.csv", judge)
    out.write_text("old")
    before = sorted(inputs.iterdir())
    words = [sys.executable, "-c", KILLABLE, "batch", str(given), str(out), "--partial", "--jobs", processes]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, text=True, start_new_session=True, **pipes) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        child.send_signal(by)
        _, told = child.communicate(timeout=120)  # until all who write there have ended
    assert child.returncode == code
    assert "Traceback" not in told
    assert out.read_text("utf-8") == "old"
    assert by == signal.SIGKILL or sorted(inputs.iterdir()) == before
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert out.read_bytes() == (inputs / "whole.csv").read_bytes()
    assert errors_of(out) == errors_of(inputs / "whole.csv")
    assert not left_behind(inputs)  # nor what the killed one had begun


def test_a_hidden_folder_of_somebody_else_is_left_alone(inputs: Path) -> None:
    own = inputs / ".out.csv-20261129"
    own.mkdir()
    main(["batch", str(inputs / "in.csv"), str(inputs / "out.csv"), "--partial"])
    assert left_behind(inputs) == [own]


@pytest.mark.parametrize("at", [1, 2])
def test_killed_while_it_puts_outputs_in_their_places_it_can_be_run_again(
    inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The first thing that is put in place is the file of errors, the last one is the output: then it is whole."""
    given, out = inputs / "in.csv", inputs / "out.csv"
    given.write_text(given.read_text("utf-8") + "x,y\n", newline="")
    run(given, inputs / "whole.csv", judge)
    calls = []
    replace = os.replace

    def stop(*paths: Any) -> None:
        calls.append(paths)
        if len(calls) == at:
            raise KeyboardInterrupt
        replace(*paths)

    with monkeypatch.context() as patched:
        patched.setattr(runs.os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            run(given, out, judge)
    assert not out.exists()
    assert out.with_name("out.csv.errors").exists() == (at == 2)
    run(given, out, judge)
    assert out.read_bytes() == (inputs / "whole.csv").read_bytes()
    assert errors_of(out) == errors_of(inputs / "whole.csv")


def test_two_runs_at_the_same_time_do_each_other_no_harm(
    inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two workers of a cluster may, where one was only cut off."""
    given, out = inputs / "in.csv", inputs / "out.csv"
    run(given, inputs / "whole.csv", judge)
    made: list[Path] = []
    place = runs._place

    def beside(file: Path, path: Path) -> None:
        if not made:
            made.append(file)
            run(given, out, judge)
            assert file.exists()
        place(file, path)

    monkeypatch.setattr(runs, "_place", beside)
    run(given, out, judge)
    assert out.read_bytes() == (inputs / "whole.csv").read_bytes()
    assert not left_behind(inputs)


def test_an_input_that_changes_while_it_is_read_stops_the_run(
    inputs: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = inputs / "in.csv"
    monkeypatch.setattr(reading, "ROWS", 60)
    with pytest.raises(FaultyInput, match="LCT706"):
        run(given, inputs / "out.csv", judge, lambda _: given.write_bytes(given.read_bytes() + b"\n"))
    assert list(inputs.glob("*out.csv*")) == []


def test_rules_that_change_while_it_begins_stop_it() -> None:
    with pytest.raises(FaultyInput, match="LCT706"):
        judge_of(None, "0" * 64)


def test_an_input_that_breaks_before_its_first_part_leaves_nothing_behind(inputs: Path) -> None:
    given = inputs / "in.csv.gz"
    given.write_bytes(given.read_bytes()[:-200])
    assert main(["batch", str(given), str(inputs / "out.csv"), "--partial"]) == WRONG_INPUT
    assert list(inputs.glob("out.csv*")) == []


# --- wrong usage


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("name,colour\nx,red\n", "no column has the name of a question"),
        ("resourceType,item\nQuestionnaireResponse,x\n", "FHIR"),
        ("age,age\n1,2\n", "twice"),
        ("age,disposition\n1,2\n", "column of the result"),
        ('"age,side\n1,2\n', "cannot be read"),
    ],
)
def test_columns_that_make_no_sense_stop_it_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(text)
    assert main(["batch", str(given), str(out)]) == WRONG_INPUT
    told = capsys.readouterr().err
    assert why in told
    assert "in.csv" in told
    assert not out.exists()


def test_doubtful_columns_are_told_but_carried_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("Age,age,sides\n34,34,left\n")
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    told = capsys.readouterr().err
    assert 'did you mean "side"' in told
    assert "no column for start, danger, " in told
    assert rows_of(out)[0]["sides"] == "left"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["missing.csv", "out.csv"], "no such file"),
        (["in.csv", "out.txt"], "no format"),
        (["in.csv", "in.csv"], "is the input"),
        (["in.csv", "out.csv", "--jobs", "-1"], "--jobs"),
        (["in.csv", "out.csv", "--resume"], "LCT704"),
        (["in.csv", "out.csv", "--encoding", "ebcdic"], "no encoding"),
        (["in.csv", "out.xlsx"], "out.xlsx"),
        (["in.csv", "out.csv.gz"], "out.csv.gz"),
        (["bad.csv.gz", "out.csv"], "bad.csv.gz: LCT707"),
        (["bad.parquet", "out.csv"], "bad.parquet: LCT707"),
    ],
)
def test_wrong_usage_is_told(
    inputs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    why: str,
) -> None:
    (inputs / "bad.csv.gz").write_bytes(b"\x1f\x8b no gzip")
    (inputs / "bad.parquet").write_bytes(b"PAR1 not really")
    monkeypatch.chdir(inputs)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"age\n34\n")))
    assert main(["batch", *words]) == WRONG_INPUT
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "words", "why"),
    [
        ("mkfifo out.csv", ["in.csv", "out.csv"], "no regular file"),
        ("mkfifo pipe; ln -s pipe out.csv", ["in.csv", "out.csv"], "no regular file"),
        ("mkfifo out.csv.errors", ["in.csv", "out.csv"], "no regular file"),
        ("ln -s in.jsonl out.csv.errors", ["in.csv", "out.csv"], "no regular file"),
        ("mkfifo pipe", ["pipe", "out.csv", "--from", "csv"], "give -"),
        ("mkdir out.csv", ["in.csv", "out.csv"], "is a folder"),
        ("mkdir out.csv.errors", ["in.csv", "out.csv"], "is a folder"),
        ("", ["in.csv", "none/out.csv"], "none: LCT701 no such folder"),
        ("ln -s none/out.csv out.csv", ["in.csv", "out.csv"], "none: LCT701 no such folder"),
        ("ln -s in.csv out.csv", ["in.csv", "out.csv"], "is the input"),
        ("cp in.csv out.csv.errors", ["out.csv.errors", "out.csv", "--from", "csv"], "is the input"),
    ],
)
def test_what_has_no_place_is_told_before_anything_is_done(
    inputs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(inputs)
    subprocess.run(before, shell=True, check=True)
    there = {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in inputs.rglob("*")}
    assert main(["batch", *words, "--partial"]) == WRONG_INPUT
    assert why in capsys.readouterr().err
    assert {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in inputs.rglob("*")} == there


def test_a_folder_with_the_name_of_a_stream_is_not_read(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inputs)
    Path("-").mkdir()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"age\n34\n")))
    assert main(["batch", "-", "out.csv", "--partial"]) == DONE
    assert len(rows_of(Path("out.csv"))) == 1


def test_where_out_is_a_link_it_stays_one(inputs: Path) -> None:
    (inputs / "deep").mkdir()
    (inputs / "deep" / "results").write_text("old")
    (inputs / "out.csv").symlink_to("deep/results")
    assert main(["batch", str(inputs / "in.csv"), str(inputs / "out.csv")]) == INCOMPLETE
    assert (inputs / "out.csv").is_symlink()
    assert len(rows_of(inputs / "out.csv")) + len(errors_of(inputs / "deep" / "results")) == SETS
    assert sorted(path.name for path in (inputs / "deep").iterdir()) == ["results", "results.errors"]


@pytest.mark.parametrize(("closed", "words"), [("stdin", ["-", "out.csv"]), ("stdout", ["in.csv", "-"])])
def test_a_closed_stream_is_told(
    inputs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, closed: str, words: list[str]
) -> None:
    monkeypatch.chdir(inputs)
    monkeypatch.setattr(sys, closed, None)
    assert main(["batch", *words, "--partial"]) == WRONG_INPUT
    assert "is closed" in capsys.readouterr().err


def test_where_nobody_can_be_told_results_stay_alone(
    inputs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["batch", str(inputs / "in.csv"), "-", "--partial", "--to", "jsonl"]) == DONE
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == SETS


def test_the_progress_is_one_line_of_a_terminal(
    inputs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS", 30)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(["batch", str(inputs / "in.csv"), str(inputs / "out.csv"), "--partial"])
    told = capsys.readouterr().err
    shown = [part.partition("\x1b[K")[0] for part in told.split("\r")[1:]]
    assert len(shown) > 3
    assert f"{SETS} rows" in shown


# --- what others write


@pytest.mark.sampled(4)
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "mixed"])
@pytest.mark.parametrize("size", [90, 40_000])
def test_a_row_that_ends_with_a_lone_cr_is_a_row(
    tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, end: str, size: int
) -> None:
    monkeypatch.setattr(reading, "ROWS", size)
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    ends = ["\r", "\n", "\r\n"] if end == "mixed" else [end]
    rows = [f"{n},{n % 90},d_breath" if n % 50 else f'"{n}\r",999,none' for n in range(1, 200)]
    given.write_bytes(
        (f"id,age,danger{ends[0]}" + "".join(f"{row}{ends[n % len(ends)]}" for n, row in enumerate(rows))).encode()
    )
    counts = run(given, out, judge)
    assert (counts[READ], counts[WRITTEN]) == (199, 196)
    assert [row["id"] for row in rows_of(out)] == [str(n) for n in range(1, 200) if n % 50]
    assert [line for line, _ in lines_of(out)] == ["51", "102", "153"]  # a line more behind each of them


def lines_of(out: Path) -> list[tuple[str, str]]:
    return [(error["line"], error["why"]) for error in errors_of(out)]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "line",
    [
        r'{"id": "\ud800", "age": 34}',
        r'{"id": "\udc80", "age": 34}',
        r'{"id": ["\ud800"], "age": 34}',
        r'{"id": 1, "side": "\ud800"}',
        r'{"id": 1, "\ud800": 2}',
        '{"id": ["\udcff"], "age": 34}',
        '{"id": ' + "[" * 80_000 + "]" * 80_000 + "}",
    ],
)
@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_record_that_cannot_be_written_again_is_refused(tmp_path: Path, line: str, target: str) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / target
    text = f'{{"id": "\U0001f600 \\" [ \\\\", "age": 34}}\n{line}\n{{"id": "b", "age": 35}}\n'
    given.write_bytes(text.encode(errors="surrogateescape"))
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == ['\U0001f600 " [ \\', "b"]
    assert [line for line, _ in lines_of(out)] == ["2"]


def test_a_column_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.csv"
    given.write_text('{"\\ud800": 1, "age": 34}\n')
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert "LCT708" in capsys.readouterr().err


def test_numbers_that_json_does_not_have_are_null(tmp_path: Path) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": 1, "a": NaN, "b": [{"c": -Infinity}], "age": 34}\n')
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    (row,) = (json.loads(line, parse_constant=pytest.fail) for line in out.read_text("utf-8").splitlines())
    assert (row["a"], row["b"]) == (None, '{"c": null}')


def carried(tmp_path: Path, column: Any, target: str, ended: int = DONE) -> Any:
    """A column of Parquet as it is carried into a target."""
    given, out = tmp_path / "in.parquet", tmp_path / target
    table = pyarrow.table({"id": column, "age": list(range(len(column)))})
    pyarrow.parquet.write_table(table, given)
    assert main(["batch", str(given), str(out), "--partial"]) == ended
    return pyarrow.parquet.read_table(out)["id"] if target == "out.parquet" else [row["id"] for row in rows_of(out)]


BAD_TEXT = pyarrow.Array.from_buffers(
    pyarrow.string(), 3, pyarrow.array([b"a", b"\xff", b"b"], pyarrow.binary()).buffers()
)
TYPED: list[tuple[str, Any, list[str | None]]] = [
    ("date", pyarrow.array([date(2024, 1, 1), None]), ["2024-01-01", None]),
    ("decimal", pyarrow.array([Decimal("1.50"), None]), ["1.50", None]),
    ("bytes", pyarrow.array([b"a-1", None]), ["a-1", None]),
    ("ns", pyarrow.array([1, None], pyarrow.timestamp("ns")), ["1970-01-01 00:00:00.000000001", None]),
    ("duration", pyarrow.array([5, None], pyarrow.duration("s")), ["PT5S", None]),
    ("number", pyarrow.array([1, None]), ["1", None]),
    ("dictionary", pyarrow.array([date(2024, 1, 1), None]).dictionary_encode(), ["2024-01-01", None]),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("column", "texts"), [rest for _, *rest in TYPED], ids=[name for name, *_ in TYPED])
def test_every_type_of_parquet_is_carried_through(tmp_path: Path, column: Any, texts: list[str | None]) -> None:
    assert carried(tmp_path, column, "out.csv") == [text or "" for text in texts]
    assert [one and str(one) for one in carried(tmp_path, column, "out.jsonl")] == texts
    kept = carried(tmp_path, column, "out.parquet")
    assert polars.from_arrow(kept).equals(polars.from_arrow(pyarrow.parquet.read_table(tmp_path / "in.parquet")["id"]))


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize(
    "column",
    [
        BAD_TEXT,
        pyarrow.array([0], pyarrow.timestamp("s", "Mars/Base")),
        pyarrow.StructArray.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"]),
    ],
    ids=["bytes", "place", "twice"],
)
def test_parquet_that_cannot_be_read_is_refused_with_its_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], column: Any, target: str
) -> None:
    given = tmp_path / "in.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": column, "age": [34] * len(column)}), given)
    assert main(["batch", str(given), str(tmp_path / target)]) == WRONG_INPUT
    assert "in.parquet" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == [given]


def test_refused_rows_of_parquet_have_a_plain_id(tmp_path: Path) -> None:
    given = tmp_path / "in.parquet"
    ids = [date(2024, 1, n) for n in (1, 2, 3)]
    pyarrow.parquet.write_table(pyarrow.table({"id": ids, "age": [34, 999, 35]}), given)
    for target in ("out.csv", "out.parquet"):
        out = tmp_path / target
        assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
        assert [(e["line"], e["id"], e["value"]) for e in errors_of(out)] == [("2", "2024-01-02", "999")]
        assert [str(row["id"]) for row in rows_of(out)] == ["2024-01-01", "2024-01-03"]


def test_a_broken_page_of_parquet_is_told_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "in.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": ["x" * 50] * 9, "age": [34] * 9}), given)
    data = bytearray(given.read_bytes())
    data[4:60] = b"\xff" * 56
    given.write_bytes(data)
    assert main(["batch", str(given), str(tmp_path / "out.csv")]) == WRONG_INPUT
    assert "in.parquet: LCT707 " in capsys.readouterr().err


def test_a_cell_with_a_lone_cr_keeps_its_quotes(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_bytes(b'id,age\n"a\rb",34\n"c\nd",35\n')
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    with out.open(newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["id", "a\rb", "c\nd"]


def test_a_line_of_a_cell_becomes_no_row(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text('id,age,note\n1,34,"he said\n2,99,ghost\nand left",more\n3,35,x\n')
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == ["3"]
    assert lines_of(out) == [("2", "has 4 cells (to line 4), the first line has 3")]


@pytest.mark.parametrize("body", ["", "1,999\n"])
@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_an_output_without_rows_can_be_read(tmp_path: Path, body: str, target: str) -> None:
    given, out = tmp_path / "in.csv", tmp_path / target
    given.write_text(f"id,age\n{body}")
    main(["batch", str(given), str(out), "--partial"])
    assert rows_of(out) == []
    assert out.suffix != ".csv" or out.read_text("utf-8").startswith("id,disposition,")


def test_a_refused_row_says_how_urgent_it_is_at_least(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(
        "id,age,danger,legs\n1,inf,d_breath,none\n2,inf,none,none\n3,34,none,none\n4,34\n5,x,d_breath,y\n6,x,none,l_one\n"
    )
    assert main(["batch", str(given), str(out)]) == WRONG_INPUT
    assert [(error["id"], error["column"] == "age", error["known"]) for error in errors_of(out)] == [
        ("1", True, "emergency"), ("2", True, ""), ("3", False, ""), ("", False, ""),
        ("5", True, "emergency"), ("5", False, "emergency"), ("6", True, "urgent?"),
    ]  # fmt: skip
    assert "doctor by what they do say: 3" in capsys.readouterr().err
    main(["batch", str(given), "-"])
    told = capsys.readouterr().err
    assert out.with_name("out.csv.errors").read_text("utf-8") in told


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_number_that_does_not_go_with_the_other_answers_is_told(tmp_path: Path, name: str) -> None:
    given, out = tmp_path / name, tmp_path / "out.csv"
    rows = [("child", 17), ("child_now", 18), ("me", 40), ("child", 200), ("child", 120), (None, 40)]
    if name == "in.csv":
        given.write_text("start,age\n" + "".join(f"{start or ''},{age}\n" for start, age in rows))
    elif name == "in.jsonl":
        given.write_text("".join(json.dumps({"start": start, "age": age}) + "\n" for start, age in rows))
    else:
        pyarrow.parquet.write_table(
            pyarrow.table(dict(zip(("start", "age"), zip(*rows, strict=True), strict=True))), given
        )
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    first = 2 if name == "in.csv" else 1
    told = {int(error["line"]) - first: error["why"] for error in errors_of(out)}
    assert sorted(told) == [1, 3, 4]
    assert ["does not go with the other answers" in told[n] for n in (1, 3, 4)] == [True, False, True]


HIDING = {
    "none beside it": "1,34,none;d_breath,left",
    "an unknown sign beside it": "1,34,d_breath;xx,left",
    "given twice": "1,34,d_breath;d_breath,left",
    "in capitals": "1,34,D_BREATH,left",
    "with commas": '1,34,"d_breath,d_pee",left',
    "another cell": "1,-1,d_breath,left",
    "a cell too few": "1,34,d_breath",
    "a cell too many": "1,34,d_breath,left,more",
    "a quote": '1,34,d_breath,"left"x',
    "bytes that are no text": "1\udcff,34,d_breath,left",
    "all of them wrong": f"1,{'x' * 900},{'y' * 900};d_breath,{'z' * 900}",
}


@pytest.mark.parametrize("name", HIDING)
def test_a_fault_hides_no_danger_sign(name: str, tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_bytes(f"{HEAD}\u00e9,34,none,left\n{HIDING[name]}\n".encode(errors="surrogateescape"))
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert {error["known"] for error in errors_of(out)} == {"emergency"}


@pytest.mark.parametrize("line", ['{"danger": ["d_breath"', '["d_breath"]', '{"danger": "d_breath", "danger": []}'])
def test_no_record_hides_a_danger_sign(line: str, tmp_path: Path) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text(f'{{"id": 0, "danger": ["none"]}}\n{line}\n')
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [error["known"] for error in errors_of(out)] == ["emergency"]


@pytest.mark.parametrize("text", ["nobody left or right, both at home", "none not_sure", "child of me", "1,2,3,4,5"])
def test_words_of_a_broken_row_are_not_taken_for_signs(text: str, tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(f"{HEAD}{text}\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [error["known"] for error in errors_of(out)] == [""]


def test_a_table_of_version_1_is_refused(
    tmp_path: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("id,age,red_now,when,feel\n1,34,r_breath,sleep,knot\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert capsys.readouterr().err.splitlines() == [f"{given}:1: LCT413 {rulebase.saved.gone_say}"]
    assert not out.exists()
    given.write_text("id,age,danger,where\n1,34,d_breath,Paris\n")  # a column of somebody's own
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    assert rows_of(out)[0]["where"] == "Paris"


def test_nobody_is_led_to_none(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text(
        HEAD + "".join(f"{n},34,{text},left\n" for n, text in enumerate(("non", "None", "nil", "null", "0")))
    )
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert len(errors_of(out)) == 5
    assert not any('did you mean "none"' in error["why"] for error in errors_of(out))


def test_an_unfinished_row_says_how_urgent_it_is_at_least(
    inputs: Path, wanted: list[dict[str, Any]], rulebase: RuleBase
) -> None:
    main(["batch", str(inputs / "in.csv"), str(inputs / "out.csv")])
    ill = {level.id for level in rulebase.ladder if level.see_doctor}
    levels = [
        row["disposition"] + "?" * row["pending"] if row["disposition"] in ill else ""
        for row in wanted
        if row["missing"]
    ]
    assert [error["known"] for error in errors_of(inputs / "out.csv")] == levels
    assert any(level.endswith("?") for level in levels)
    assert any(level and not level.endswith("?") for level in levels)


# --- as other programs write it

TABLE = [
    ["id", "age", "danger", "legs", "note"],
    ["1", "34", "none", "none", "Zo\u00eb"],
    ["2", "70", "d_fever;d_heat", "", "a, b"],
]


def written(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def as_r_writes(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Every text in quotes, that of the first line, too."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def results_of(given: Path, *more: str) -> list[dict[str, Any]]:
    out = given.with_name("out.jsonl")
    assert main(["batch", str(given), str(out), "--partial", "--to", "jsonl", *more]) == DONE
    return rows_of(out)


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (written(TABLE, ";").encode(), []),
        (written(TABLE, "\t").encode(), []),
        (b"\xef\xbb\xbf" + written(TABLE, ";").encode(), []),
        (written(TABLE, "\t").encode("utf-16"), []),  # as Excel saves "Unicode text"
        (b"\xfe\xff" + written(TABLE).encode("utf-16-be"), []),
        (written(TABLE, ";").encode("cp1252"), ["--encoding", "windows-1252"]),
        (("\r\n \r\n" + written(TABLE).replace("\r\n", "\r\n\r\n")).encode(), []),
        (written([[*row, "", ""] for row in TABLE]).encode(), []),
        (as_r_writes(TABLE).encode(), []),
        (as_r_writes(TABLE, ";").encode("utf-16-le"), ["--encoding", "utf-16-le"]),
        (gzip.compress(written(TABLE, "\t").encode("utf-16")), ["--from", "csv"]),
    ],
    ids=[
        "semicolon",
        "tab",
        "bom",
        "utf-16",
        "utf-16-be",
        "windows-1252",
        "blank lines",
        "unnamed columns",
        "quoted",
        "quoted in R",
        "packed",
    ],
)
def test_a_table_is_read_as_other_programs_write_it(tmp_path: Path, data: bytes, more: list[str]) -> None:
    (tmp_path / "plain.csv").write_text(written(TABLE), "utf-8", newline="")
    wanted = results_of(tmp_path / "plain.csv")
    assert [row["note"] for row in wanted] == ["Zo\u00eb", "a, b"]
    given = tmp_path / ("in.csv.gz" if data[:2] == b"\x1f\x8b" else "in.csv")
    given.write_bytes(data)
    assert results_of(given, *more) == wanted


def test_another_encoding_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_bytes(written(TABLE).encode("cp1252"))
    assert main(["batch", str(given), str(out), "--partial"]) == DONE
    assert [row["note"] for row in rows_of(out)] == ["Zo\u00eb", "a, b"]
    assert sum("windows-1252" in line for line in capsys.readouterr().err.splitlines()) == 1
    mixed = written([*TABLE, ["3", "34", "none", "none", "\u0141"]]).encode().replace("Zo\u00eb".encode(), b"Zo\xeb")
    given.write_bytes(mixed)  # most of it is UTF-8: nothing is guessed
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    (error,) = errors_of(out)
    assert (error["line"], "windows-1252" in error["why"]) == ("2", True)
    assert [row["id"] for row in rows_of(out)] == ["2", "3"]


def test_a_value_below_no_name_is_told(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("id,age,,\n1,34,,\n2,34,x,\n3,34,\n")
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == ["1"]
    assert [error["line"] for error in errors_of(out)] == ["3", "4"]


def test_numbers_and_gaps_as_other_programs_write_them(tmp_path: Path, engine: Engine) -> None:
    """R writes NA; pandas makes floats of whole numbers beside gaps."""
    given = tmp_path / "in.csv"
    given.write_text(
        'id,age,danger,side\n1,56,none,left\n2,56.0,none,left\n5,"56,0",none,left\n3,NA,none,NA\n4,,none,\n'
    )
    first, second, comma, third, fourth = ({n: row[n] for n in RESULT} for row in results_of(given))
    assert first == second == comma == as_result(engine, {"age": 56, "danger": ("none",), "side": "left"})
    assert third == fourth == as_result(engine, {"danger": ("none",)})


def test_a_number_that_may_be_a_thousand_is_refused(tmp_path: Path) -> None:
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text('id,age,danger\n1,"1,000",none\n2,"1,00",none\n')
    assert main(["batch", str(given), str(out), "--partial"]) == WRONG_INPUT
    assert [row["id"] for row in rows_of(out)] == ["2"]
    assert [(error["id"], error["column"]) for error in errors_of(out)] == [("1", "age")]


@pytest.mark.parametrize("cell", ["['d_fever', 'd_heat']", "['d_fever' 'd_heat']", "[d_fever, d_heat]"])
def test_a_list_in_a_cell_of_pandas_or_duckdb_is_one(tmp_path: Path, engine: Engine, cell: str) -> None:
    given = tmp_path / "in.csv"
    given.write_text(f'danger,age\n"{cell}",70\n[none],70\n[],70\n')
    found = [{n: row[n] for n in RESULT} for row in results_of(given)]
    wanted = [{"danger": ("d_fever", "d_heat"), "age": 70}, {"danger": ("none",), "age": 70}, {"age": 70}]
    assert found == [as_result(engine, answers) for answers in wanted]


def test_a_list_of_categories_is_one(tmp_path: Path, engine: Engine) -> None:
    given = tmp_path / "in.parquet"
    texts = polars.Series("danger", [["d_fever", "d_heat"], None], polars.List(polars.Categorical))
    polars.DataFrame([texts]).write_parquet(given)
    first, second = ({n: row[n] for n in RESULT} for row in results_of(given))
    assert first == as_result(engine, {"danger": ("d_fever", "d_heat")})
    assert second == as_result(engine, {})


@pytest.mark.parametrize("writer", ["polars", "pyarrow"])
def test_parquet_is_read_whoever_wrote_it(tmp_path: Path, engine: Engine, writer: str) -> None:
    given = tmp_path / "in.parquet"
    columns = {"sure": [True, None], "age": [56.0, float("nan")], "danger": [["none"], None], "side": ["left", None]}
    if writer == "polars":
        frame = polars.DataFrame(columns).with_columns(polars.col("side").cast(polars.Categorical))
        frame.write_parquet(given)
    else:
        table = pyarrow.table({**columns, "side": pyarrow.array(columns["side"]).dictionary_encode()})
        pyarrow.parquet.write_table(table, given)
    first, second = results_of(given)
    assert {n: first[n] for n in RESULT} == as_result(engine, {"age": 56, "danger": ("none",), "side": "left"})
    assert {n: second[n] for n in RESULT} == as_result(engine, {})
    assert (first["sure"], second["sure"]) == (True, None)


def test_an_excel_file_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["id", "age", "danger", "when", "sure"], [7, 70, "d_cold", date(2026, 1, 31), True], [8, None, "none"]]:
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    first, second = results_of(tmp_path / "in.xlsx")
    assert (first["id"], first["disposition"], first["when"][:10], first["sure"]) == (
        "7", "emergency", "2026-01-31", "true",
    )  # fmt: skip
    assert (second["id"], "age" in second["missing"]) == ("8", True)


@pytest.mark.parametrize("name", ["in.xlsx", "in.xlsx.gz"])
def test_what_is_no_excel_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).write_bytes(b"PK no book")
    assert main(["batch", str(tmp_path / name), str(tmp_path / "out.csv")]) == WRONG_INPUT
    assert name in capsys.readouterr().err


def test_the_first_record_may_answer_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1}\n{"id": 2, "danger": ["d_cold"]}\n')
    assert [row["disposition"] for row in results_of(tmp_path / "in.jsonl")] == [None, "emergency"]


@pytest.mark.parametrize("name", ["in.ndjson", "in.jsonl", "in.json"])
def test_fhir_responses_are_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    def response(id_: object, *items: tuple[str, str]) -> dict[str, object]:
        answers = [{"linkId": link, "answer": [{"valueCoding": {"code": code}}]} for link, code in items]
        return {"resourceType": "QuestionnaireResponse", "id": id_, "status": "completed", "item": answers}

    resources = [
        {"resourceType": "Patient", "id": "p"},
        response("a", ("danger", "d_cold")),
        response("b", ("sde", "left"), ("start", "me"), ("legs", "l_one")),
        response("c", ("start", "me")),
        response("\ud800", ("danger", "d_cold")),
    ]
    whole = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "next", "url": "x"}],
        "entry": [{"resource": one} for one in resources],
    }
    lines = [json.dumps(whole, indent=1)] if name == "in.json" else [*map(json.dumps, resources), "{", "[]"]
    (tmp_path / name).write_text("\n".join(lines))
    assert main(["batch", str(tmp_path / name), str(tmp_path / "out.csv")]) == WRONG_INPUT
    written = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [(row["id"], row["disposition"]) for row in written] == [("a", "emergency"), ("", "emergency")]
    errors = list(csv.DictReader((tmp_path / "out.csv.errors").read_text().splitlines()))
    places = [(row["line"], row["id"], row["known"]) for row in errors]
    if name == "in.json":
        assert places == [("1", "b", "urgent?"), ("1", "c", "")]
        assert errors[0]["why"].startswith("entry[2]: LCT523 item[0]")
    else:
        assert places == [("3", "b", "urgent?"), ("4", "c", ""), ("6", "", ""), ("7", "", "")]
    told = capsys.readouterr().err
    assert "1 FHIR resource of other types" in told
    assert ("Told 1 time: " in told) == (name == "in.json")  # that it is a page of several


def test_what_is_remarked_of_responses_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = [{"linkId": "danger", "answer": [{"valueCoding": {"code": "d_cold"}}]}]
    old = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{URL}|1.5.0",
        "status": "completed",
        "item": items,
    }
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.json").write_text(json.dumps(old, indent=1))
    (tmp_path / "in" / "two.ndjson").write_text(json.dumps(old) + "\n" + json.dumps(old) + "\n")
    assert main(["batch", str(tmp_path / "in"), str(tmp_path / "out"), "--to", "csv"]) == DONE
    assert {path.name for path in (tmp_path / "out").glob("*.csv")} == {"one.csv", "two.csv"}
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("Told "))
    assert line.startswith("Told 3 times: ")
    assert "1.5.0" in line


def test_without_polars_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age\n34\n")
    script = "import sys\nsys.modules['polars'] = None\nfrom triage.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", script, "batch", str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]
    done = subprocess.run(words, capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == WRONG_INPUT
    assert how_to_install("batch") in done.stderr
