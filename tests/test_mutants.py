"""A change of one thing in a rule is noticed by its examples, by a scenario, or named."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from triage.cli.main import main
from triage.knowledge.conditions import NONE_OF, Cell, Condition, Row
from triage.knowledge.model import RuleBase
from triage.proof import mutants
from triage.proof.mutants import EQUAL, EXAMPLE, SCENARIO, Found, find, mutants_of
from triage.reasoning.engine import Production, productions

FOOT, HURT = (
    Cell("legs", frozenset(["l_foot"]), written="l_foot"),
    Cell("legs", frozenset(["l_hurt"]), written="l_hurt"),
)
YOUNG = Cell("age", frozenset(["16-17", "18-24"]), written="16-24")
SURE = Cell("legs", frozenset(["l_foot", "not_sure"]), NONE_OF, "l_foot or not_sure")


def tiny(rulebase: RuleBase, when: tuple[Row, ...], fires: Any = (), silent: Any = (), **more: Any) -> RuleBase:
    """A rule base of one red flag with these examples."""
    flag = replace(
        rulebase.red_flags["foot-sore"],
        condition=Condition(when, more.get("unless", ())),
        fires=tuple(fires),
        silent=tuple(silent),
    )
    return replace(rulebase, red_flags={flag.id: flag}, causes={}, advice={}, checks={}, notes={})


def found(rulebase: RuleBase, *scenarios: Path) -> Found:
    return find(rulebase, productions(rulebase), scenarios)


def written(rulebase: RuleBase, rule: Production) -> list[str]:
    return [what for _, what in mutants_of(rule, rulebase)]


def test_every_single_change_of_a_rule_is_tried(rulebase: RuleBase) -> None:
    rule = Production("made-up", ((FOOT, YOUNG), (HURT,)), ((SURE,),))
    bands = rulebase.bands["age"]
    before, after = bands[bands.index("16-17") - 1], bands[bands.index("18-24") + 1]
    assert written(rulebase, rule) == [
        "when, row 1 dropped",
        "when, row 1: legs = l_foot dropped",
        "when, row 1: age = 16-24 dropped",
        f"when, row 1: age: {before} added",
        "when, row 1: age: 16-17 dropped",
        "when, row 1: age: 18-24 dropped",
        f"when, row 1: age: {after} added",
        "when, row 2 dropped",
        "when, row 2: legs = l_hurt dropped",
        "unless, row 1 dropped",
        "unless, row 1: legs: l_foot dropped",
        "unless, row 1: legs: not_sure dropped",
    ]


def test_within_a_span_no_band_is_dropped(rulebase: RuleBase) -> None:
    span = rulebase.bands["age"][:3]
    rule = Production("made-up", ((Cell("age", frozenset(span), written="young"),),))
    assert [what for what in written(rulebase, rule) if span[1] in what] == []


FIRES: list[Mapping[str, Any]] = [{"legs": ["l_foot"], "side": "left"}]
SILENT: list[Mapping[str, Any]] = [{"legs": ["l_foot"], "side": "both"}, {"legs": ["none"], "side": "left"}]
LEFT = Cell("side", frozenset(["left"]), written="left")


def test_examples_on_both_sides_of_every_cell_notice_everything(rulebase: RuleBase) -> None:
    assert found(tiny(rulebase, ((FOOT, LEFT),), FIRES, SILENT)) == ({EXAMPLE: 2}, [])


def test_what_no_example_notices_survives_unless_a_scenario_does(rulebase: RuleBase, tmp_path: Path) -> None:
    lax = tiny(rulebase, ((FOOT, LEFT),), FIRES, SILENT[:1])
    survivors = [("foot-sore", "when, row 1: legs = l_foot dropped")]
    assert found(lax) == ({EXAMPLE: 1}, survivors)
    story = tmp_path / "story.toml"
    answers = 'title = "No sore foot"\n[answers]\nlegs = ["none"]\nside = "left"\n[expect]\ncomplete = false\n'
    story.write_text(answers)
    assert found(lax, story) == ({EXAMPLE: 1}, survivors)  # it says nothing of the level
    story.write_text(f'{answers}disposition = "self_care"\n')
    assert found(lax, story) == ({EXAMPLE: 1, SCENARIO: 1}, [])


def test_what_no_answers_tell_apart_does_not_count(rulebase: RuleBase) -> None:
    """One answer is given to a question about the side, so that it is not both is said already."""
    other = Cell("side", frozenset(["both"]), NONE_OF, "both")
    few = found(tiny(rulebase, ((LEFT, other),), [{"side": "left"}], [{"side": "right"}]))
    assert few == ({EXAMPLE: 1, EQUAL: 1}, [])


def test_an_exception_counts_as_well(rulebase: RuleBase) -> None:
    lax = tiny(rulebase, ((FOOT,),), FIRES, SILENT[1:], unless=((YOUNG,),))
    assert ("foot-sore", "unless, row 1 dropped") in found(lax).survivors


def test_the_command_names_survivors_and_counts(
    rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tiny(rulebase, ((FOOT, LEFT),), FIRES, SILENT[:1])
    monkeypatch.setattr(mutants, "find_all", lambda _, files, __: found(few, *files))
    assert main(["check", "--mutants"]) == 0
    *_, survivor, counts = capsys.readouterr().out.splitlines()
    assert survivor == "survives: foot-sore: when, row 1: legs = l_foot dropped"
    assert counts == f"2 mutants, 1 {EXAMPLE}, 1 survive"


def test_the_work_is_shared_by_processes(rulebase: RuleBase) -> None:
    few = tiny(rulebase, ((FOOT, LEFT),), FIRES, SILENT[:1])
    assert mutants.find_all(few, [], 2) == found(few)
