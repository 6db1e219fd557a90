"""The expressions say what the engine says: of every rule in every case that it tells apart, and of whole answer sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import polars
import pytest
from judged import NONE, by_the_engine, judged
from reliability.many import skewed
from remembering import Remembering

from triage.conversation.scenarios import find_scenarios
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.conditions import ALL, NONE_OF, Cell, Condition, Facts
from triage.knowledge.model import AFTER_URGENT, ALWAYS, Answers, RuleBase
from triage.reasoning.engine import Engine, Production, Stratum, advice_rules, answer_rules, finding_rules
from triage.reasoning.projection import cases, domain_of, projection
from triage.scale.expressions import Rules, about, fires

SCENARIOS = Path(__file__).parent / "scenarios"
MOST_CASES = 200  # of one rule by default
SKEWED = 400


def by_engine(engine: Engine, sets: Sequence[Answers]) -> list[object]:
    quick = Remembering(engine)
    return [by_the_engine(quick, answers) for answers in sets]


def fired(rule: Production, known: Sequence[Facts]) -> list[bool]:
    """Where the expression of a rule holds, of facts as columns of truths."""
    read = {cell.name: cell.options for row in (*rule.when, *rule.unless) for cell in row}
    options = {
        name: {o for row in (*rule.when, *rule.unless) for c in row if c.name == name for o in c.options}
        for name in read
    }
    columns = {
        about(name, option): [option in facts.get(name, NONE) for facts in known]
        for name in read
        for option in options[name]
    }
    columns |= {about(name): [bool(facts.get(name)) for facts in known] for name in read}
    frame = polars.DataFrame(columns, schema=dict.fromkeys(columns, polars.Boolean))
    return frame.select(fires(rule.condition)).to_series().to_list()


def rules_read(rulebase: RuleBase) -> Iterator[Production]:
    """All rules that a batch needs, and the conditions of when a question is asked."""
    yield from (*answer_rules(rulebase), *finding_rules(rulebase))
    yield from (rule for rule in advice_rules(rulebase) if rule.name in rulebase.checks)
    for question in rulebase.questions.values():
        yield Production(f"asked/{question.id}", *question.condition)
        yield Production(f"after/{question.id}", question.after_urgent or ())
        yield Production(f"later/{question.id}", question.yields_unless)


def test_every_rule_says_what_experta_says_in_each_case_that_it_tells_apart(
    rulebase: RuleBase, pytestconfig: pytest.Config
) -> None:
    """Of the widest rules cases drawn from all of them; with --all-stories every case of every rule."""
    domain, random, seen, fires_somewhere = domain_of(rulebase), Random(4), 0, Counter[str]()
    for rule in rules_read(rulebase):
        if not rule.when:
            continue
        known = list(cases(projection([*rule.when, *rule.unless], domain)))
        if len(known) > MOST_CASES and not pytestconfig.getoption("--all-stories"):
            known = random.sample(known, MOST_CASES)
        stratum = Stratum([rule])
        wanted = [bool(stratum.infer(facts)) for facts in known]
        assert fired(rule, known) == wanted, rule.name
        fires_somewhere[rule.name] = sum(wanted)
        seen += len(known)
    assert seen > 9_000
    assert sum(map(bool, fires_somewhere.values())) > len(fires_somewhere) * 0.95


def test_random_cases_agree_one_by_one(rules: Rules, engine: Engine, answer_sets: list[Answers]) -> None:
    assert judged(rules, answer_sets[:800]) == by_engine(engine, answer_sets[:800])


def test_unfinished_cases_agree(rules: Rules, engine: Engine, answer_sets: list[Answers]) -> None:
    random = Random(5)
    some = [{name: a for name, a in answers.items() if random.random() < 0.5} for answers in answer_sets[::4]]
    assert judged(rules, some) == by_engine(engine, some)


def test_skewed_cases_agree(rules: Rules, engine: Engine) -> None:
    """As surveys are: most people tick "none", and one thing besides."""
    some = [skewed(Random(f"7/{nth}"), rules) for nth in range(SKEWED)]
    assert judged(rules, some) == by_engine(engine, some)


def test_cases_near_the_longest_interview_agree(rules: Rules, engine: Engine, answer_sets: list[Answers]) -> None:
    """What gives way to the most prompts there may be is no longer missing."""
    random, questions = Random(6), engine.rulebase.questions
    yielding = {name for name, question in questions.items() if question.yields}
    assert {questions[name].yields for name in yielding} == {ALWAYS, AFTER_URGENT}
    some: list[Answers] = []
    for answers in answer_sets[::2]:
        kept = random.randint(engine.rulebase.most_prompts - 2, len(questions))
        order = sorted(answers, key=lambda name: (name in yielding, random.random()))
        some.append({name: answers[name] for name in order[:kept]})
    found = judged(rules, some)
    assert found == by_engine(engine, some)
    for name in yielding:
        asked = [name in one["missing"] for one, answers in zip(found, some, strict=True) if name not in answers]
        assert {True, False} <= set(asked), name


def test_scenarios_agree(rules: Rules, engine: Engine) -> None:
    sets = [read_answer_file(path, engine.rulebase).answers for path in find_scenarios([SCENARIOS])[::3]]
    assert judged(rules, sets) == by_engine(engine, sets)


def test_no_rows_and_one_row(rules: Rules, engine: Engine) -> None:
    assert judged(rules, []) == []
    assert judged(rules, [{}]) == by_engine(engine, [{}])


def test_threads_do_not_disturb_each_other(rules: Rules, answer_sets: list[Answers]) -> None:
    parts = [answer_sets[n : n + 200] for n in range(0, len(answer_sets), 200)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda some: judged(rules, some), parts)) == [judged(rules, some) for some in parts]


A, B = frozenset("a"), frozenset("b")
MIXED = [
    Production("a and not b", ((Cell("many", A), Cell("many", B, NONE_OF)),)),
    Production("both", ((Cell("many", A | B, ALL),),)),
    Production("answered, but neither", ((Cell("many", A | B, NONE_OF),),)),
    Production("x unless it is open", ((Cell("one", frozenset("x")),),), ((Cell("many", A, NONE_OF),),)),
    Production("everybody", ((),)),
    Production("nobody", ()),
]


def test_cells_on_one_name_hold_side_by_side_and_never_on_silence() -> None:
    """Any of some, all of some, none of some; what was not answered is neither of them."""
    ticks = [NONE, frozenset(["none"]), A, B, frozenset("c"), A | B, frozenset("abc")]
    known = [{"many": many, "one": one} for many in ticks for one in (NONE, frozenset("x"), frozenset("y"))]
    given = [{name: value for name, value in facts.items() if value} for facts in known]
    for rule in MIXED[:4]:
        wanted = [Condition(rule.when, rule.unless).holds(facts) for facts in given]
        assert fired(rule, known) == wanted, rule.name
        assert any(wanted)
    frame = polars.DataFrame({"row": [1, 2]})
    for rule in MIXED[4:]:
        found = frame.with_columns(fires(rule.condition).alias("held"))["held"].to_list()
        assert found == [rule.name == "everybody"] * 2
