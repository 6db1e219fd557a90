"""The comparison with other engines: they agree, a difference is noticed, and the page says what was measured."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from triage.cli.main import main
from triage.knowledge.model import Answers, RuleBase
from triage.reasoning.engine import Engine

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # last, so that the package is the one that is installed

from benchmarks.peers import BATCH, CLIPS, OURS, PAGE, PYTHON, SMALL, TWO, Fires, Run, agree, bars, check, page
from benchmarks.shared import Bar, exit_code, in_turn
from benchmarks.survey import survey, write
from benchmarks.translated import Clips, case_of, experta, plain_python

ENGINES = pytest.mark.parametrize("made", [plain_python, Clips])
FOUND = {
    OURS: Run(0.002), PYTHON: Run(0.001), CLIPS: Run(0.02), BATCH: Run(1, 1, 300), TWO: Run(1.2, 0.6, 200),
    SMALL: Run(0.5, 0.5, 100),
}  # fmt: skip


@pytest.mark.nightly
def test_all_agree(rulebase: RuleBase, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agree(engine, {PYTHON: plain_python(rulebase), CLIPS: Clips(rulebase)}, 300, tmp_path)
    assert capsys.readouterr().err.count("agrees on 600 cases") == 3


@ENGINES
def test_a_rule_that_is_lost_in_translation_is_noticed(
    rulebase: RuleBase, engine: Engine, answer_sets: list[Answers], made: Callable[[RuleBase], Fires]
) -> None:
    right, cases = experta(rulebase), [case_of(engine, answers) for answers in answer_sets[:100]]
    wanted = [set(right(case)) for case in cases]
    assert len(set.union(*wanted)) > 200
    lost = min(rulebase.checks.keys() & set.union(*wanted))
    fewer = {name: one for name, one in rulebase.checks.items() if name != lost}
    with pytest.raises(SystemExit, match=lost):
        check("it", made(replace(rulebase, checks=fewer)), cases, wanted)
    check("it", made(rulebase), cases, wanted)


def test_the_survey_is_the_same_every_time_and_most_answer_alike(rulebase: RuleBase) -> None:
    some = list(survey(rulebase, 1500))
    assert some == list(survey(rulebase, 1500))
    for question in rulebase.questions.values():
        given = [one[question.id] for one in some if question.id in one]
        if question.ask_when is None:
            assert len(given) > 1300
        if question.kind != "number" and len(given) > 100:
            assert given.count(max(set(given), key=given.count)) > len(given) / 2


@pytest.mark.usefixtures("rules_read_once")
def test_batch_takes_every_row_of_the_survey(rulebase: RuleBase, tmp_path: Path) -> None:
    path, out = tmp_path / "survey.csv", tmp_path / "out.csv"
    assert write(path, rulebase, survey(rulebase, 200)) > 100
    assert main(["batch", str(path), str(out), "--partial"]) == 0
    with out.open(newline="") as file:
        found = [row["disposition"] for row in csv.DictReader(file)]
    assert len(found) == 200
    assert len(set(found)) > 4


def test_a_bar_is_kept_or_missed(capsys: pytest.CaptureFixture[str]) -> None:
    clips, small, memory, two = bars(FOUND, 1000)
    assert clips.figure == pytest.approx(20)  # 1,000 rows a second, and 50 cases
    assert two.figure == pytest.approx(1 / 0.6)
    assert exit_code([clips, small, memory, two]) == 0
    assert "missed" not in capsys.readouterr().out
    slow = {**FOUND, BATCH: Run(2, 0.9, 300), TWO: Run(2, 0.8, 401), SMALL: Run(2, 2.1, 100)}
    assert [bar.kept for bar in bars(slow, 1000)] == [False] * 4
    assert exit_code([clips, Bar("speed", 1, 2)]) == 1
    assert "| speed | 1 | at least 2 | **missed** |" in capsys.readouterr().out


def test_what_is_measured_takes_turns() -> None:
    order: list[str] = []
    measures = {name: lambda name=name: order.append(name) or len(order) for name in "ab"}  # type: ignore[misc]
    assert in_turn(measures, 2) == {"a": [1, 3], "b": [2, 4]}


def test_the_page_tells_what_was_measured(rulebase: RuleBase) -> None:
    text = page(FOUND, rulebase, 1000, 900, 5)
    assert f"| {CLIPS} | 50 | 1 |  |" in text
    assert f"| {BATCH} | 1,000 | 20 | 1.0 s |" in text
    assert str(ROOT) not in text


def test_the_page_of_this_checkout_is_of_today() -> None:
    """What it says in words is what the command writes now; its figures are those of the last run."""
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for part in re.split(r"\{.*?\}", PAGE):
        assert part in text
