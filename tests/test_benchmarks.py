"""The comparison with other engines: they agree, a difference is noticed, and the page says what was measured."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from triage.cli.main import main
from triage.knowledge.model import Answers, RuleBase

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # last, so that the package is the one that is installed

from benchmarks.judges import by_experta, by_python, measure, people
from benchmarks.judges.copies import QUESTIONS, RULES, answered, enlarged
from benchmarks.judges.measure import Bar, Batch, Disagree, Extent, Figures, Growth, bars, check
from benchmarks.judges.page import PAGE, bar_said, page
from benchmarks.judges.process import PEERS, Failed, Peer, Times


@pytest.mark.nightly
def test_every_engine_that_is_installed_agrees() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "peers.py"), "--quick"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for peer in PEERS:
        assert done.stderr.count(f"{peer.said}: agrees on") == peer.installed


def test_a_rule_that_is_lost_in_translation_is_noticed(rulebase: RuleBase, answer_sets: list[Answers]) -> None:
    some = answer_sets[:300]
    found = by_experta.build(rulebase)(some)
    wanted = _plain(found)
    lost = next(flag for one in found for flag in one.red_flags)
    fewer = {name: flag for name, flag in rulebase.red_flags.items() if name != lost}
    judge = by_python.build(replace(rulebase, red_flags=fewer))

    class Said:
        def results(self, _name: str, count: int) -> list[Any]:
            return _plain(judge(some[:count]))

    with pytest.raises(Disagree, match=rf"(?s)plain Python.*red_flags: .*{lost}"):
        check(Said(), _peer("python"), {"random": some}, {"random": wanted})  # type: ignore[arg-type]


def test_the_cases_are_not_all_alike(rulebase: RuleBase) -> None:
    found = by_python.build(rulebase)(people.crossing(60))
    assert len({one.disposition.id for one in found}) >= 4
    assert any(one.missing for one in found)


@pytest.mark.parametrize("kind", [RULES, QUESTIONS])
def test_a_larger_rule_base_says_more_of_the_same(rulebase: RuleBase, answer_sets: list[Answers], kind: str) -> None:
    some = answer_sets[:40]
    larger = enlarged(rulebase, kind, 3)
    assert len(larger.red_flags) == 3 * len(rulebase.red_flags)
    assert len(larger.questions) == (3 if kind == QUESTIONS else 1) * len(rulebase.questions)
    once = by_python.build(rulebase)(some)
    thrice = by_python.build(larger)(answered(some, kind, 3))
    for before, after in zip(once, thrice, strict=True):
        own = [flag for flag in after.red_flags if not flag.endswith(("_c1", "_c2"))]
        assert own == list(before.red_flags)
        if kind == RULES:
            assert len(after.red_flags) == 3 * len(before.red_flags)
    assert _plain(by_experta.build(larger)(answered(some[:5], kind, 3))) == _plain(
        by_python.build(larger)(answered(some[:5], kind, 3))
    )


def test_the_survey_is_the_same_every_time_and_most_answer_alike(rulebase: RuleBase) -> None:
    some = list(people.survey(rulebase, 1500))
    assert some == list(people.survey(rulebase, 1500))
    for question in rulebase.questions.values():
        given = [one[question.id] for one in some if question.id in one]
        if question.ask_when is None:
            assert len(given) > 1300
        if question.kind != "number" and len(given) > 100:
            assert given.count(max(set(given), key=given.count)) > len(given) / 2


def test_batch_says_of_the_survey_what_the_engines_say(rulebase: RuleBase, tmp_path: Path) -> None:
    path, out = tmp_path / "survey.csv", tmp_path / "out.csv"
    some = list(people.survey(rulebase, 200))
    assert people.write(path, rulebase, iter(some)) > 100
    assert main(["batch", str(path), str(out), "--partial"]) == 0
    with out.open(newline="") as file:
        found = [(row["disposition"], row["causes"], row["missing"]) for row in csv.DictReader(file)]
    judged = by_python.build(rulebase)(some)
    levels = ["" if o.missing and not o.disposition.see_doctor else o.disposition.id for o in judged]
    assert found == [(level, ";".join(o.causes), ";".join(o.missing)) for level, o in zip(levels, judged, strict=True)]
    assert {"", "self_care"} < set(levels)


def test_half_of_a_survey_is_whole_rows(tmp_path: Path) -> None:
    full, half = tmp_path / "full.csv", tmp_path / "half.csv"
    full.write_text("a,b\n1,2\n3,4\n5,6\n")
    people.lines(full, 2, half)
    assert half.read_text() == "a,b\n1,2\n3,4\n"


# --- the page

BATCH = Batch(1000, 900, one=2.0, half=1.0, one_clock=2.0, two=1.5, clips=0.01)


def _figures(**seconds: float) -> dict[Peer, Figures]:
    def times(peer: Peer) -> Times:
        return Times(seconds.get(peer.name, 1.0), None)

    return {peer: Figures(0.5, times(peer), times(peer)) for peer in PEERS}


def test_a_bar_is_kept_or_missed() -> None:
    found = {bar.what: bar for bar in bars(_figures(columns=4.0), BATCH)}
    whole = found["`batch`, the whole command, against CLIPS's engine alone"]
    assert whole.figure == pytest.approx(5)  # 500 rows a second, and 100 cases
    assert not whole.kept
    assert not found["the column step against plain Python, the survey"].kept
    assert found["twice the rows take"].kept
    assert not found["`--jobs 2` against one process"].kept
    assert all(bar.kept for bar in bars(_figures(), BATCH._replace(one=0.5, half=0.25, two=1.0)))


def test_without_clips_there_is_no_bar_for_it() -> None:
    assert not any("CLIPS" in bar.what for bar in bars(_figures(), BATCH._replace(clips=None)))


def test_a_missed_bar_is_said() -> None:
    assert "| **missed** |" in bar_said(Bar("speed", 1.0, 2.0))
    assert "| kept |" in bar_said(Bar("speed", 1.0, 2.0, at_most=True))


def test_the_page_tells_what_failed_and_what_was_not_there() -> None:
    peers = PEERS
    sound = dict.fromkeys(peers, Growth(0.2))
    broken = {**sound, _peer("durable"): Growth(failed="error: too much")}
    grown = {(kind, n): broken if n == 8 else sound for kind in (RULES, QUESTIONS) for n in (1, 8)}
    missing = [_peer("zen")]
    text = page(Extent(), _figures(), grown, BATCH, bars(_figures(), BATCH), missing, "3 rules.")
    assert "| durable_rules | 200,000 | error: too much | 200,000 | error: too much |" in text
    assert "zen-engine, decision tables was not installed" in text
    assert "**missed**" in text
    assert str(ROOT) not in text


def test_the_page_of_this_checkout_is_of_today() -> None:
    """What it says in words is what the command writes now; its figures are those of the last run."""
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for part in re.split(r"\{.*?\}", PAGE):
        assert part in text


def test_an_engine_that_fails_is_told() -> None:
    with pytest.raises(Failed, match="too much"):
        measure.sound(Failed("too much"))


def _peer(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)


def _plain(outcomes: list[Any]) -> list[Any]:
    return [(one.disposition.id, *one[1:]) for one in outcomes]
