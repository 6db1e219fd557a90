"""The tables say what the engine says, in every cell and for whole cases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from random import Random

import plain
from reliability.many import by_the_engine

from triage.answers import read_answer_file
from triage.engine import Engine, Production, Remembering, Stratum, advice_rules, answer_rules, finding_rules
from triage.model import Answers, Condition, RuleBase
from triage.projection import cases, domain_of, projection
from triage.rowsets import every, numbered, with_names
from triage.scenarios import find_scenarios
from triage.tables import CELLS, Counted, Outcome, Tables, group, parts

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
            whole = {name for name in own if "/" not in name}  # neither parts nor rules of when something is asked
            for number, facts in enumerate(cases(table.values)):
                fired = {f.name for f in stratum.infer(facts)}
                assert table.fired[number] & whole == fired & whole
                held = {p.name for p in table.productions if Condition(p.when, p.unless).holds(facts)}
                assert table.fired[number] == held  # parts of rules as well: the engine and a plain reading agree
                seen += 1
    assert seen == tables.size.cells > 1000


def test_every_rule_fires_in_each_case_that_it_tells_apart_as_in_the_engine(tables: Tables, rulebase: RuleBase) -> None:
    """Those that were taken apart, too."""
    domain, apart = domain_of(rulebase), 0
    counted = Counted(domain)
    for layer, rules in zip(tables.layers, _strata(rulebase), strict=True):
        for rule in rules:
            apart += len(list(chain.from_iterable(parts(rule, counted, CELLS)))) > 1
            stratum = Stratum([rule])
            known = list(cases(projection([*rule.when, *rule.unless], domain)))
            rows = {
                name: with_names(numbered([facts.get(name, NONE) for facts in known]))
                for name in {name for facts in known for name in facts}
            }
            fired = layer.fired(rows, every(len(known)))[rule.name]
            assert f"{fired:0{len(known)}b}" == "".join("1" if stratum.infer(facts) else "0" for facts in known)
    assert apart > 20


def test_every_case_falls_into_its_own_cell(tables: Tables) -> None:
    for table in (table for layer in tables.layers for table in layer.tables):
        facts = list(cases(table.values))
        known = {name: with_names(numbered([one.get(name, NONE) for one in facts])) for name in table.values}
        wanted = [1 << n for n in reversed(range(len(facts)))]
        assert table.cells(known, every(len(facts))) == wanted


def _strata(rulebase: RuleBase) -> list[list[Production]]:
    checks = [rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks]
    return [answer_rules(rulebase), finding_rules(rulebase), checks]


def test_when_a_question_is_asked_stands_in_the_tables(tables: Tables, rulebase: RuleBase) -> None:
    there = tables.answers.fired({}, every(1))
    for question in rulebase.questions.values():
        assert (f"asked/{question.id}" in there) == (question.ask_when is not None)
        assert (f"after urgent/{question.id}" in there) == (question.after_urgent is not None)


def test_tables_are_bounded(tables: Tables) -> None:
    sizes = [len(table.fired) for layer in tables.layers for table in layer.tables]
    assert sum(sizes) < 5_000
    assert sum(size > CELLS for size in sizes) <= 20  # single rows that read much
    assert max(sizes) <= 128


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
    some = [plain.random_answers(random) for _ in range(300)]
    for cells in (1, 24):
        assert judged(Tables(rulebase, cells), some) == judged(tables, some)


def test_a_wide_rule_is_taken_apart_into_rows_and_barriers(rulebase: RuleBase) -> None:
    counted = Counted(domain_of(rulebase))
    rule = max(advice_rules(rulebase), key=lambda rule: len(rule.when) * len(rule.unless))
    apart = parts(rule, counted, CELLS)
    assert [[(p.when, p.unless) for p in row] for row in apart] == [
        [((row,), (barrier,)) for barrier in rule.unless] for row in rule.when
    ]
    [[whole]] = parts(rule, counted, most=10_000)
    assert whole == rule


def test_groups_hold_each_rule_once(rulebase: RuleBase) -> None:
    rules = answer_rules(rulebase)
    grouped = [rule for one in group(rules, Counted(domain_of(rulebase))) for rule in one]
    assert sorted(map(repr, grouped)) == sorted(map(repr, rules))
