"""The tables say what the engine says, in every cell and for whole cases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import plain
from reliability.many import by_the_engine

from triage.answers import read_answer_file
from triage.engine import Engine, Production, Remembering, advice_rules, answer_rules, finding_rules
from triage.model import Answers, RuleBase
from triage.projection import cases, domain_of
from triage.rowsets import every, numbered, with_names
from triage.scenarios import find_scenarios
from triage.tables import CELLS, Outcome, Tables, fill, group

NONE: frozenset[str] = frozenset()
SCENARIOS = Path(__file__).parent / "scenarios"


def judged(tables: Tables, sets: Sequence[Answers]) -> list[Outcome]:
    return list(tables.outcomes(tables.rows(sets)).rows())


def by_engine(engine: Engine, sets: Sequence[Answers]) -> list[Outcome]:
    quick = Remembering(engine)
    return [by_the_engine(quick, answers) for answers in sets]


def test_every_cell_says_what_the_whole_engine_says(tables: Tables, engine: Engine) -> None:
    """All rules of a stratum at once, where a cell was filled by a few of them."""
    strata = (engine.answers, engine.findings, engine.advice)
    seen = 0
    for layer, stratum in zip(tables.layers, strata, strict=True):
        for table in layer.tables:
            own = {p.name for p in table.productions}
            known = {name for name in own if "/" not in name}  # without those that say when a question is asked
            for number, facts in enumerate(cases(table.values)):
                fired = {f.name for f in stratum.infer(facts)}
                rows = {p.name: p for p in table.productions}
                held = {name for name in known if any(all(c.holds(facts) for c in row) for row in rows[name].when)}
                assert table.fired[number] & known == fired & held
                seen += 1
    assert seen == tables.size.cells > 3000


def test_every_case_falls_into_its_own_cell(tables: Tables) -> None:
    for table in (table for layer in tables.layers for table in layer.tables):
        facts = list(cases(table.values))
        known = {name: with_names(numbered([one.get(name, NONE) for one in facts])) for name in table.values}
        wanted = [1 << n for n in reversed(range(len(facts)))]
        assert table.cells(known, every(len(facts))) == wanted


def test_every_condition_of_every_rule_stands_in_some_table(tables: Tables, rulebase: RuleBase) -> None:
    checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
    wanted = [answer_rules(rulebase), finding_rules(rulebase), checks]
    for layer, rules in zip(tables.layers, wanted, strict=True):
        there: dict[str, set[Any]] = {}
        for table in layer.tables:
            for production in table.productions:
                there.setdefault(production.name, set()).update(production.when)
        assert all(there[rule.name] == set(rule.when) for rule in rules)


def test_when_a_question_is_asked_stands_in_the_tables(tables: Tables, rulebase: RuleBase) -> None:
    there = {p.name: p for table in tables.answers.tables for p in table.productions}
    for question in rulebase.questions.values():
        assert (f"asked/{question.id}" in there) == (question.ask_when is not None)
        assert (f"after urgent/{question.id}" in there) == (question.after_urgent is not None)


def test_tables_are_bounded(tables: Tables) -> None:
    sizes = [len(table.fired) for layer in tables.layers for table in layer.tables]
    assert sum(sizes) < 10_000
    assert sum(size > CELLS for size in sizes) <= 10  # single rows that read much
    assert max(sizes) < 2_000


def test_random_cases_agree_one_by_one(tables: Tables, engine: Engine, answer_sets: list[Answers]) -> None:
    assert judged(tables, answer_sets) == by_engine(engine, answer_sets)


def test_unfinished_cases_agree(tables: Tables, engine: Engine, answer_sets: list[Answers]) -> None:
    random = Random(5)
    some = [{name: a for name, a in answers.items() if random.random() < 0.5} for answers in answer_sets[::4]]
    assert judged(tables, some) == by_engine(engine, some)


def test_scenarios_agree(tables: Tables, engine: Engine) -> None:
    sets = [read_answer_file(path, engine.rulebase).answers for path in find_scenarios([SCENARIOS])]
    assert judged(tables, sets) == by_engine(engine, sets)


def test_threads_do_not_disturb_each_other(tables: Tables, answer_sets: list[Answers]) -> None:
    parts = [answer_sets[n : n + 50] for n in range(0, len(answer_sets), 50)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda some: judged(tables, some), parts)) == [judged(tables, some) for some in parts]


def test_the_number_of_cells_changes_no_result(rulebase: RuleBase, tables: Tables) -> None:
    random = Random(9)
    narrow = Tables(rulebase, cells=12)
    some = [plain.random_answers(random) for _ in range(300)]
    assert judged(narrow, some) == judged(tables, some)


def test_rows_of_one_rule_that_meet_in_a_table_are_one_rule_again(rulebase: RuleBase) -> None:
    """The engine knows a rule by its name: of two with one name, the first would be lost."""
    domain = domain_of(rulebase)
    rule = next(rule for rule in answer_rules(rulebase) if len(rule.when) > 1)
    apart = [Production(rule.name, (row,), rule.unless) for row in rule.when]
    assert fill(apart, domain).fired == fill([rule], domain).fired


def test_groups_hold_each_rule_once(rulebase: RuleBase) -> None:
    rules = answer_rules(rulebase)
    rows = [(p.name, row) for one in group(rules, domain_of(rulebase)) for p in one for row in p.when]
    assert sorted(map(repr, rows)) == sorted(repr((rule.name, row)) for rule in rules for row in rule.when)
