"""The tables say what the engine says, in every cell and for whole cases."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from random import Random

import plain
from reliability.many import by_the_engine
from remembering import Remembering

from triage.conversation.scenarios import find_scenarios
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.conditions import ALL, NONE_OF, Cell, Condition
from triage.knowledge.model import AFTER_URGENT, ALWAYS, Answers, RuleBase
from triage.reasoning.engine import Engine, Production, Stratum, advice_rules, answer_rules, finding_rules
from triage.reasoning.projection import Domain, cases, domain_of, projection
from triage.scale.rowsets import every, numbered, with_names
from triage.scale.tables import CELLS, Counted, Layer, RowOutcome, Tables, group, parts

NONE: frozenset[str] = frozenset()
SCENARIOS = Path(__file__).parent / "scenarios"
MOST_CASES = 300  # of one rule


def judged(tables: Tables, sets: Sequence[Answers]) -> list[RowOutcome]:
    return list(tables.outcomes(tables.rows(sets)).rows())


def by_engine(engine: Engine, sets: Sequence[Answers]) -> list[RowOutcome]:
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
    """Those that were taken apart, too; of the widest, cases drawn from all of them."""
    domain, apart, random = domain_of(rulebase), 0, Random(4)
    counted = Counted(domain)
    for layer, rules in zip(tables.layers, _strata(rulebase), strict=True):
        for rule in rules:
            apart += len(list(chain.from_iterable(parts(rule, counted, CELLS)))) > 1
            stratum = Stratum([rule])
            known = list(cases(projection([*rule.when, *rule.unless], domain)))
            known = random.sample(known, MOST_CASES) if len(known) > MOST_CASES else known
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
        assert (f"yields later/{question.id}" in there) == bool(question.yields_unless)


def test_tables_are_bounded(tables: Tables) -> None:
    sizes = [len(table.fired) for layer in tables.layers for table in layer.tables]
    assert sum(sizes) < 6_000
    assert sum(size > CELLS for size in sizes) <= 90  # single rows that read much: an exception names what it is not
    assert max(sizes) <= 192


def test_random_cases_agree_one_by_one(tables: Tables, engine: Engine, answer_sets: list[Answers]) -> None:
    assert judged(tables, answer_sets[:800]) == by_engine(engine, answer_sets[:800])


def test_unfinished_cases_agree(tables: Tables, engine: Engine, answer_sets: list[Answers]) -> None:
    random = Random(5)
    some = [{name: a for name, a in answers.items() if random.random() < 0.5} for answers in answer_sets[::4]]
    assert judged(tables, some) == by_engine(engine, some)


def test_cases_near_the_longest_interview_agree(tables: Tables, engine: Engine, answer_sets: list[Answers]) -> None:
    """What gives way to the most prompts there may be is no longer missing."""
    random, questions = Random(6), engine.rulebase.questions
    yielding = {name for name, question in questions.items() if question.yields}
    assert {questions[name].yields for name in yielding} == {ALWAYS, AFTER_URGENT}
    some: list[Answers] = []
    for answers in answer_sets[::2]:
        kept = random.randint(engine.rulebase.most_prompts - 2, len(questions))
        order = sorted(answers, key=lambda name: (name in yielding, random.random()))
        some.append({name: answers[name] for name in order[:kept]})
    found = by_engine(engine, some)
    assert judged(tables, some) == found
    for name in yielding:
        asked = [name in one.missing for one, answers in zip(found, some, strict=True) if name not in answers]
        assert {True, False} <= set(asked), name


def test_scenarios_agree(tables: Tables, engine: Engine) -> None:
    sets = [read_answer_file(path, engine.rulebase).answers for path in find_scenarios([SCENARIOS])[::3]]
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
    [[whole]] = parts(rule, counted, most=10**15)
    assert whole == rule


TICKS = Domain({"many": ("a", "b", "c", "none"), "one": ("x", "y")}, frozenset({"many"}), {"many": frozenset({"none"})})
A, B = frozenset("a"), frozenset("b")
MIXED = [
    Production("a and not b", ((Cell("many", A), Cell("many", B, NONE_OF)),)),
    Production("both", ((Cell("many", A | B, ALL),),)),
    Production("answered, but neither", ((Cell("many", A | B, NONE_OF),),)),
    Production("x unless it is open", ((Cell("one", frozenset("x")),),), ((Cell("many", A, NONE_OF),),)),
]


def test_cells_on_one_name_hold_side_by_side_and_never_on_silence() -> None:
    """Any of some, all of some, none of some; what was not answered is neither of them."""
    ticks = [NONE, frozenset(["none"]), A, B, frozenset("c"), A | B, frozenset("abc")]
    known = [{"many": many, "one": one} for many in ticks for one in (NONE, frozenset("x"), frozenset("y"))]
    rows = {name: with_names(numbered([facts[name] for facts in known])) for name in TICKS.options}
    given = [{name: value for name, value in facts.items() if value} for facts in known]
    for cells in (1, CELLS, 1000):
        fired = Layer(MIXED, TICKS, cells).fired(rows, every(len(known)))
        for rule in MIXED:
            wanted = "".join("01"[Condition(rule.when, rule.unless).holds(facts)] for facts in given)
            assert f"{fired[rule.name]:0{len(known)}b}" == wanted, (cells, rule.name)
            assert "1" in wanted


def test_groups_hold_each_rule_once(rulebase: RuleBase) -> None:
    rules = answer_rules(rulebase)
    grouped = [rule for one in group(rules, Counted(domain_of(rulebase))) for rule in one]
    assert sorted(map(repr, grouped)) == sorted(map(repr, rules))
