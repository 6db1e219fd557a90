"""The summary of a batch: its figures are those that one counts by hand in OUT, wherever and however it is shown."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import html5lib
import pytest
from jsonschema import Draft7Validator
from test_batch import HEAD, as_csv, errors_of, rows_of

from triage.cli import batch
from triage.cli import summary as summaries
from triage.cli.console import DONE, WRONG_INPUT
from triage.cli.main import main
from triage.cli.parser import SUMMARIES as OFFERED
from triage.exchange.schemas.every import schema_of
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.contract import SummaryData
from triage.scale import run as runs
from triage.scale.answers import Judge
from triage.scale.run import READ, REFUSED, UNFINISHED, WRITTEN, Counts
from triage.scale.summary import NOT_KNOWN_YET, countable, summary

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "p", "h1", "h2", "ul", "li",
    "strong", "small", "span", "time", "code", "table", "thead", "tbody", "tr", "th", "td", SVG + "svg", SVG + "rect",
}  # fmt: skip
LISTS = ("red_flags", "causes", "needs_checking")
SETS, BEGUN = 140, 60


@pytest.fixture(autouse=True)
def _rules_read_once(rulebase: RuleBase, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "load", lambda _: rulebase)
    monkeypatch.setattr(runs, "judge_of", lambda *_: judge)


def worded(format_: str, told: SummaryData, rulebase: RuleBase, pending: int = 0) -> str:
    return summaries.written_as(format_, told, rulebase, pending, None)


@pytest.fixture
def given(tmp_path: Path, answer_sets: list[Answers], rulebase: RuleBase) -> Path:
    """Answer sets, the first ones unfinished, and two rows with faults."""
    sets = [dict(list(answers.items())[: 6 if n < BEGUN else 99]) for n, answers in enumerate(answer_sets[:SETS])]
    path = tmp_path / "people.csv"
    path.write_text(as_csv(sets, rulebase.questions) + "x,999\ny,999\n", newline="")
    return path


def by_hand(out: Path) -> dict[str, Counter[str]]:
    """What one counts in the rows of OUT, column by column."""
    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("known", "at_least", "unknown", "pharmacist", *LISTS)
    }
    for row in rows_of(out):
        state = "known" if not row["missing"] else "at_least" if row["disposition"] else "unknown"
        found[state][row["disposition"] or ""] += 1
        found["pharmacist"]["rows"] += row["pharmacist"]
        for name in LISTS:
            found[name].update(row[name])
    return found


def told_in_json(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def check(document: dict[str, Any], out: Path, rulebase: RuleBase) -> None:
    """The JSON says what is in OUT, in the form that its schema tells."""
    Draft7Validator({**schema_of(rulebase, "summary"), "additionalProperties": False}).validate(document)
    counted = by_hand(out)
    levels = sum((counted[state] for state in ("known", "at_least", "unknown")), Counter[str]())
    unfinished = counted["at_least"] + counted["unknown"]
    assert [(x["id"], x["rows"], x["unfinished"]) for x in document["dispositions"]] == [
        (name, levels[name], unfinished[name])
        for name in (*(level.id for level in rulebase.ladder), *[""] * bool(unfinished))
    ]
    assert sum(x["rows"] for x in document["dispositions"]) == document["rows"]["written"] == len(rows_of(out))
    assert [x["rows"] for x in document["beside"]] == [counted["pharmacist"]["rows"]]
    for name in LISTS:
        assert {x["id"]: x["rows"] for x in document[name]} == dict(counted[name]), name
        rows = [x["rows"] for x in document[name]]
        assert rows == sorted(rows, reverse=True), name


def run(given: Path, out: Path, *more: str) -> int:
    return main(["batch", str(given), str(out), "--summary", *more])


def told(given: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    run(given, out, *more)
    return capsys.readouterr().out


# --- the counts


def test_the_counts_are_those_of_the_rows_written(
    given: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    out = given.with_name("out.csv")
    assert run(given, out, "--partial", "--format", "json") == WRONG_INPUT
    document = told_in_json(capsys.readouterr().out)
    check(document, out, rulebase)
    assert document["rows"] == {"read": SETS + 2, "written": SETS, "with_faults": 2, "with_answers_missing": 0}
    counted = by_hand(out)
    assert min(map(len, counted.values())) > 0  # nothing is equal because it is empty
    assert (document["input"], document["rulebase"]["sha256"]) == ("people.csv", rulebase.sha256)


def test_refused_rows_are_counted_as_refused_only(
    given: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    out = given.with_name("out.csv")
    document = told_in_json(told(given, out, capsys, "--format", "json"))
    check(document, out, rulebase)
    missing = sum(error["why"] == "not answered" for error in errors_of(out))
    assert BEGUN / 2 <= missing == document["rows"]["with_answers_missing"]
    assert document["rows"]["read"] == document["rows"]["written"] + missing + 2
    assert {x["unfinished"] for x in document["dispositions"]} == {0}


def test_what_is_not_finished_is_no_row_at_which_all_is_well(
    given: Path, rulebase: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    """OUT names no level there, and what is missing."""
    out = given.with_name("out.csv")
    text = told(given, out, capsys, "--partial")
    counted = by_hand(out)
    [calm] = [level for level in rulebase.ladder if not level.see_doctor]
    assert counted["unknown"][""] > 0
    assert figure_of(text, f"[{calm.id}]") == counted["known"][calm.id]
    assert figure_of(text, NOT_KNOWN_YET) == counted["unknown"][""]
    assert f"missing in {(counted['unknown'] + counted['at_least']).total()} rows" in " ".join(text.split())
    pending = sum(row["pending"] for row in rows_of(out))
    assert pending > 0
    assert f"but in {pending} rows an open question may still explain it." in " ".join(text.split())
    levels = [figure_of(text, f"[{level.id}]") for level in rulebase.ladder]
    assert sum(levels) + counted["unknown"].total() == len(rows_of(out))


def figure_of(text: str, label: str) -> int:
    """The figure of the row of a table that has this label, which may stand on a line below."""
    rows = re.split(r"\n(?= *[\d,]+ +\S+%)", text)
    [row] = [row for row in rows if label in " ".join(row.split())]
    return int(row.split()[0].replace(",", ""))


@pytest.mark.parametrize("target", ["out.jsonl", "out.parquet"])
def test_the_form_of_the_output_changes_nothing(given: Path, capsys: pytest.CaptureFixture[str], target: str) -> None:
    wanted = told(given, given.with_name("out.csv"), capsys, "--partial")
    assert told(given, given.with_name(target), capsys, "--partial") == wanted


def test_a_run_that_goes_on_counts_the_files_that_were_finished(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = given.with_name("in")
    folder.mkdir()
    for n in range(3):
        (folder / f"{n}.csv").write_bytes(given.read_bytes())
    wanted = told(folder, given.with_name("whole"), capsys, "--partial", "--format", "json")
    broken = folder / "1.csv"
    sound = broken.read_text("utf-8")
    broken.write_text(sound + '"', newline="")
    assert run(folder, given.with_name("out"), "--partial") == WRONG_INPUT
    capsys.readouterr()
    broken.write_text(sound, newline="")
    found = told(folder, given.with_name("out"), capsys, "--partial", "--resume", "--format", "json")
    assert found == wanted
    assert told_in_json(found)["rows"]["read"] == 3 * (SETS + 2)


@pytest.mark.parametrize("format_", OFFERED)
def test_no_rows_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str], rulebase: RuleBase, format_: str) -> None:
    (tmp_path / "in.csv").write_text(HEAD)
    assert run(tmp_path / "in.csv", tmp_path / "out.csv", "--format", format_) == DONE
    text = capsys.readouterr().out
    assert "nan" not in text.lower()
    assert "%" not in text.split("<body>")[-1]
    if format_ == "json":
        assert [x["rows"] for x in told_in_json(text)["dispositions"]] == [0] * len(rulebase.ladder)
        assert told_in_json(text)["red_flags"] == []
    else:
        assert all(level.title in text for level in rules_in_voice(rulebase).ladder)
        assert f"Came up in no row: {len(rulebase.red_flags)} of {len(rulebase.red_flags)}." in text


def test_every_entry_is_counted_in_one_group(rulebase: RuleBase) -> None:
    """A cause is in one of two groups."""
    some = countable(rulebase)
    assert len(some["causes"]) + len(some["needs_checking"]) == len(rulebase.causes)
    assert list(some) == list(LISTS)


@pytest.mark.parametrize(
    ("rows", "written", "said"),
    [
        (0, 10, "0.0%"),
        (1, 8, "12.5%"),
        (1, 1_000, "0.1%"),
        (1, 1_001, "<0.1%"),
        (1, 10_000_000, "<0.1%"),
        (999, 1_000, "99.9%"),
        (9_996, 10_000, ">99.9%"),
        (10, 10, "100.0%"),
        (0, 0, "-"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(rows: int, written: int, said: str) -> None:
    assert summaries.share(rows, written) == said


def test_the_levels_that_name_no_cause_are_told(given: Path, rulebase: RuleBase) -> None:
    """None of their rows has one."""
    main(["batch", str(given), str(given.with_name("out.csv")), "--partial"])
    rows = rows_of(given.with_name("out.csv"))
    text = " ".join(worded("text", summary(rulebase, Counts(), "x"), rulebase).split())
    notes = dict(zip(LISTS[1:], re.findall("None are named at: (.*?) Came up", text), strict=True))
    assert {row["disposition"] for row in rows} == {None, *(level.id for level in rulebase.ladder)}
    for name, note in notes.items():
        for level in rulebase.ladder:
            some = any(row[name] for row in rows if row["disposition"] == level.id)
            told_of = f'"{level.title}"' in note
            assert not (told_of and some), (name, level.id)
            # At some levels nothing needs checking, though it could be named.
            assert told_of or some or name == "needs_checking", (name, level.id)


# --- where it goes


def test_results_and_summary_never_share_a_stream(given: Path) -> None:
    words = [sys.executable, "-m", "triage", "batch", "-", "-", "--partial", "--summary"]
    done = subprocess.run(words, input=given.read_bytes(), capture_output=True, check=False, timeout=120)
    main(["batch", str(given), str(given.with_name("out.csv")), "--partial"])
    assert done.stdout == given.with_name("out.csv").read_bytes()
    said = done.stderr.decode()
    assert said.index(f"{SETS + 2} rows read") < said.index("Memory: ") < said.index("Summary of standard input")


def test_the_totals_come_first_and_the_summary_on_standard_output(
    given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(given, given.with_name("out.csv"))
    streams = capsys.readouterr()
    assert f"{SETS + 2} rows read" in streams.err
    assert streams.out.startswith("Summary of people.csv\n")
    assert "Summary" not in streams.err


def test_without_the_option_nothing_is_summed_up(given: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["batch", str(given), str(given.with_name("out.csv"))])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("format_", OFFERED)
def test_to_a_file_that_only_its_owner_reads(given: Path, capsys: pytest.CaptureFixture[str], format_: str) -> None:
    file = given.with_name("summary")
    shown = told(given, given.with_name("out.csv"), capsys, "--format", format_)
    assert run(given, given.with_name("out.csv"), "--format", format_, "--output", str(file)) == WRONG_INPUT
    assert capsys.readouterr().out == ""
    assert file.read_text("utf-8") == shown
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["people.csv", "out.csv", "--output", "s.txt"], "--summary"),
        (["people.csv", "out.csv", "--format", "html"], "--summary"),
        (["people.csv", "-", "--summary", "--format", "html"], "standard output"),
        (["people.csv", "-", "--summary", "--format", "json"], "--output FILE"),
        (["people.csv", "out.csv", "--summary", "--output", "people.csv"], "people.csv"),
        (["people.csv", "out.csv", "--summary", "--output", "./out.csv"], "out.csv"),
        (["people.csv", "out.csv", "--summary", "--output", "out.csv.errors"], "out.csv.errors"),
        (["people.csv", "out.csv", "--summary", "--output", "link"], "link"),
        (["people.csv", "out.csv", "--summary", "--output", "nowhere/s.txt"], "cannot be written"),
        (["people.csv", "out.csv", "--summary", "--output", "folder"], "cannot be written"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(given.parent)
    Path("link").symlink_to("people.csv")
    Path("folder").mkdir()
    before = given.read_bytes()
    assert main(["batch", *words]) == WRONG_INPUT
    streams = capsys.readouterr()
    assert why in streams.err
    assert "rows read" not in streams.err
    assert streams.out == ""
    assert given.read_bytes() == before
    assert not Path("out.csv").exists()


def test_where_it_cannot_be_written_after_all_the_results_are_kept(
    given: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    out = given.with_name("out.csv")
    monkeypatch.setattr("triage.cli.common.write_whole", full)
    assert run(given, out, "--output", str(given.with_name("s.txt"))) == WRONG_INPUT
    said = capsys.readouterr().err
    assert f"{SETS + 2} rows read" in said
    assert "s.txt: LCT603 cannot be written: No space left" in said
    assert len(rows_of(out)) > SETS / 2


# --- how it looks


@pytest.fixture
def whole(rulebase: RuleBase) -> SummaryData:
    """A summary in which every level, red flag and cause came up, and the name of the file is hostile."""
    kinds = {"disposition": rulebase.dispositions, "red_flags": rulebase.red_flags}
    kinds |= dict.fromkeys(("causes", "needs_checking"), rulebase.causes)
    counts = Counts({f"{kind}:{name}": 1234 * n + 1 for kind, names in kinds.items() for n, name in enumerate(names)})
    counts |= {"pharmacist:": 4321, "disposition:": 12, "missing:": 12}
    written = sum(counts[f"disposition:{name}"] for name in (*(level.id for level in rulebase.ladder), ""))
    counts |= {READ: written + 7, WRITTEN: written, REFUSED: 3, UNFINISHED: 4}
    return summary(rulebase, counts, NAME)


NAME = "/home/me/a <b>*b*<script> & \"c\" 'd' \x1b[2J\u202e.csv"
SHOWN = "a <b>*b*<script> & \"c\" 'd' ?[2J?.csv"
GROUPS = ("dispositions", "beside", *LISTS)


def figures(told: SummaryData) -> list[tuple[str, str, str, str]]:
    """Every line of every group: title, id, rows and share."""
    written, groups = told["rows"]["written"], dict(told)
    lines = [line for key in GROUPS for line in groups[key]]  # type: ignore[attr-defined]
    return [(one["title"], one["id"], f"{one['rows']:,}", summaries.share(one["rows"], written)) for one in lines]


@pytest.mark.parametrize("columns", ["40", "80"])
def test_it_fits_the_terminal_and_loses_no_figure(
    whole: SummaryData, rulebase: RuleBase, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = worded("text", whole, rulebase).split("\n")
    joined = " ".join(" ".join(text).split())
    for title, id_, rows, part in figures(whole):
        assert f"{rows} {part} {title}" in joined
        assert not id_ or any(f"[{id_}]" in line for line in text)
    assert all(line.isprintable() for line in text)
    assert max(map(len, text)) <= int(columns)
    ends = {len(found[0]) for line in text if (found := re.match(r" *[\d,]+ +\S+%  ", line))}
    assert len(ends) == 1  # figures stand in line


def parsed(text: str) -> Any:
    return html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(text)


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def test_the_page_says_all_that_the_text_says(whole: SummaryData, rulebase: RuleBase) -> None:
    root = parsed(worded("html", whole, rulebase))
    tables = list(root.iter("table"))
    assert [table.get("aria-labelledby") for table in tables] == list(GROUPS)
    assert [e.get("id") for e in root.iter("h2") if e.get("id")] == list(GROUPS)
    rows = [[words(cell) for cell in row] for table in tables for row in list(table.iter("tr"))[1:]]
    assert rows == [[f"{title} {id_}".strip(), rows, part] for title, id_, rows, part in figures(whole)]
    text, plain = words(root), " ".join(worded("text", whole, rulebase).split())
    assert rulebase.sha256 in text
    for said in re.findall(r"(?:Answers are missing|A row can have|Each share|It counts|A small number)[^.]*\.", plain):
        assert said in text


def test_a_bar_is_as_long_as_its_share(whole: SummaryData, rulebase: RuleBase) -> None:
    [table, *_] = parsed(worded("html", whole, rulebase)).iter("table")
    bars = [float(bar.get("width")) for bar in table.iter(SVG + "rect")]
    for bar, line in zip(bars, whole["dispositions"], strict=True):
        assert bar == pytest.approx(max(0.5, 100 * line["rows"] / whole["rows"]["written"]), abs=0.01)
    empty = summary(rulebase, Counts({WRITTEN: 5}), "x")
    assert list(parsed(worded("html", empty, rulebase)).iter(SVG + "rect")) == []


def test_the_page_is_sound_and_harmless(whole: SummaryData, rulebase: RuleBase) -> None:
    text = worded("html", whole, rulebase)
    root = parsed(text)
    assert {element.tag for element in root.iter()} <= ELEMENTS
    for element in root.iter():
        assert not {key for key in element.attrib if key in ("src", "href", "style") or key.startswith("on")}
        assert element.tag != SVG + "svg" or element.get("aria-hidden") == "true"
        assert element.tag != "th" or element.get("scope") in ("col", "row")
        assert element.tag != "th" or words(element)
    metas = {meta.get("http-equiv"): meta.get("content") for meta in root.iter("meta")}
    [style] = root.iter("style")
    hashed = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert f"style-src 'sha256-{hashed}';" in metas["Content-Security-Policy"]
    assert metas["Content-Security-Policy"].startswith("default-src 'none';")
    assert "url(" not in text
    assert len(text.encode()) < 80_000


def test_the_name_of_the_file_is_text_only_and_tells_no_folder(whole: SummaryData, rulebase: RuleBase) -> None:
    for format_ in OFFERED:
        text = worded(format_, whole, rulebase)
        assert "/home/me" not in text, format_
        assert "\x1b" not in text, format_
        assert "\u202e" not in text, format_
    root = parsed(worded("html", whole, rulebase))
    assert [words(e) for e in root.iter("h1")] == [f"Summary of {SHOWN}"]
    assert told_in_json(worded("json", whole, rulebase))["input"] == SHOWN


def test_a_share_is_never_called_more_than_that(whole: SummaryData, rulebase: RuleBase) -> None:
    text = re.sub(r"[\d.]+%", "", " ".join(worded("text", whole, rulebase).split()))
    for forbidden in rulebase.forbidden.values():
        assert not re.search(forbidden.pattern, text, re.IGNORECASE), forbidden.id
    own = worded("text", summary(rulebase, Counts(), "x"), rulebase)  # without titles of rules, which name risks
    assert not re.search(r"prevalen|incidence|risk of|likely", own, re.IGNORECASE)
