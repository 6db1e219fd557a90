"""Each cure of experta's faults has a test here that fails without it.

Where the fault can be shown, the same test shows it with the stock part of experta,
so that a cure that is no longer needed (or a test that no longer bites) is noticed.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import plain
import pytest

from triage.knowledge.conditions import ALL, ANY, NONE_OF, Cell, Condition, Facts, Row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import RuleBase
from triage.reasoning.assessment import assess
from triage.reasoning.engine import (
    OPTIONS,
    Engine,
    Fired,
    Production,
    SetMatcher,
    Stratum,
    TotalOrder,
    _Compiler,
    advice_rules,
    answer_rules,
    experta,
    finding_rules,
)

ReteMatcher, DepthStrategy = (
    experta.KnowledgeEngine.__matcher__,
    experta.KnowledgeEngine.__strategy__,
)  # the stock parts
MATCHERS = [SetMatcher, ReteMatcher]
THREADS = 8


def cell(name: str, *options: str, how: str = ANY) -> Cell:
    return Cell(name, frozenset(options), how)


def fact(*options: str) -> frozenset[str]:
    return frozenset(options)


def rows_of(productions: Iterable[Production]) -> list[tuple[Production, int]]:
    return [(production, index) for production in productions for index in range(len(production.when))]


class Session:
    """An experta engine to which facts are declared one by one, as `Stratum` never does."""

    def __init__(self, productions: list[Production], matcher: type, strategy: type) -> None:
        names = {c.name for p in productions for row in (*p.when, *p.unless) for c in row}
        compiler = _Compiler(sorted(names))
        self.kinds = compiler.kinds
        self.engine: Any = compiler.engine_class(rows_of(productions), matcher, strategy)()
        self.reset()

    def reset(self) -> None:
        self.known: dict[str, Any] = {}
        self.engine.fired = []
        self.engine.reset()

    def declare(self, **facts: Any) -> None:
        for name, options in facts.items():
            self.known[name] = self.kinds[name](**{OPTIONS: options})
        self.engine.declare(*(self.known[name] for name in facts))

    def retract(self, name: str) -> None:
        self.engine.retract(self.known.pop(name))

    def replace(self, name: str, options: frozenset[str]) -> None:
        """At once, as where a rule modifies a fact: the matcher hears of both together."""
        self.engine.running = True
        self.retract(name)
        self.declare(**{name: options})
        self.engine.running = False
        self.engine.strategy.update_agenda(self.engine.agenda, *self.engine.get_activations())

    def run(self) -> list[str]:
        """What fires now, in order."""
        self.engine.fired.clear()
        self.engine.run()
        return [f"{production.name}#{row}" for production, row in self.engine.fired]


# --- an activation that is withdrawn

WAITING = [f"rule_{n:02}" for n in range(16)]


def fired_in_spite_of_their_barrier(matcher: type, strategy: type) -> list[str]:
    """Sixteen rules wait on one fact, each with a barrier; one barrier is raised when they wait."""
    one_fact = ((cell("pain", "yes"),),)
    session = Session([Production(name, one_fact, ((cell(name, "no"),),)) for name in WAITING], matcher, strategy)
    wrong = []
    for name in WAITING:
        session.reset()
        session.declare(pain=fact("yes"))
        session.declare(**{name: fact("no")})
        fired = session.run()
        assert set(fired) >= {f"{other}#0" for other in WAITING if other != name}
        if f"{name}#0" in fired:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_withdrawn_activation_does_not_fire(matcher: type) -> None:
    assert fired_in_spite_of_their_barrier(matcher, TotalOrder) == []


@pytest.mark.parametrize("matcher", MATCHERS)
def test_the_stock_strategy_fires_withdrawn_activations(matcher: type) -> None:
    """It looks for a withdrawn activation in three places, and the sixteen are all alike to it.

    Where they stand is random with the stock matcher. That it finds all sixteen has a
    chance of (3/16) ** 16, less than 1 in 10 ** 11.
    """
    assert fired_in_spite_of_their_barrier(matcher, DepthStrategy)


# --- an exception while facts are declared

LEAKY = [
    Production("only-age", ((cell("age", "old"),),), ((cell("pain", "yes"),),)),
    Production("age-and-pain", ((cell("age", "old"), cell("pain", "yes")),)),
    Production("sleep", ((cell("sleep", "bad"),),)),
]
RAISES: Any = 7  # not a set of options: the test of a cell raises TypeError


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_case_that_raised_leaves_nothing_behind(matcher: type) -> None:
    stratum = Stratum(LEAKY, matcher)
    with pytest.raises(TypeError):
        stratum.infer({"age": fact("old"), "pain": fact("yes"), "sleep": RAISES})
    assert stratum.infer({}) == {}
    assert list(stratum.infer({"age": fact("old")})) == ["only-age"]


def test_what_was_asked_last_is_remembered_as_it_was() -> None:
    stratum, facts = Stratum(LEAKY), {"sleep": fact("bad")}
    assert stratum.infer(facts) is stratum.infer(dict(facts))
    facts["age"] = fact("old")
    assert set(stratum.infer(facts)) == {"only-age", "sleep"}


def test_the_stock_matcher_leaks_past_a_reset() -> None:
    session = Session(LEAKY, ReteMatcher, TotalOrder)
    with pytest.raises(TypeError):
        session.declare(age=fact("old"), pain=fact("yes"), sleep=RAISES)
    session.reset()
    assert session.run() == ["age-and-pain#0"]


# --- threads


def random_facts(rulebase: RuleBase, count: int, seed: int) -> list[Facts]:
    """Random whole answer sets, as the rules see them."""
    random = Random(seed)
    return [as_facts(plain.random_answers(random), rulebase.bands) for _ in range(count)]


@pytest.fixture
def _busy_threads() -> Iterator[None]:
    """Threads take turns as often as Python can make them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_busy_threads")
@pytest.mark.parametrize("matcher", MATCHERS)
def test_eight_threads_on_one_stratum_find_what_one_finds(rulebase: RuleBase, matcher: type) -> None:
    stratum = Stratum(answer_rules(rulebase)[:40], matcher)
    cases = random_facts(rulebase, 40, seed=8)
    assert in_threads(stratum.infer, cases) == [[stratum.infer(case) for case in cases]] * THREADS


@pytest.mark.usefixtures("_busy_threads")
def test_eight_threads_on_one_engine_assess_alike(engine: Engine) -> None:
    random = Random(9)
    cases = [plain.random_answers(random) for _ in range(6)]

    def fired(answers: Mapping[str, Any]) -> list[str]:
        return sorted(assess(engine, answers).fired)

    assert in_threads(fired, cases) == [[sorted(plain.read(answers).fired) for answers in cases]] * THREADS


def in_threads(work: Callable[[Any], Any], cases: Sequence[Any]) -> list[list[Any]]:
    """What each of eight threads, started together, makes of the same cases."""
    start = Barrier(THREADS)

    def work_through() -> list[Any]:
        start.wait()
        return [work(case) for case in cases]

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(work_through) for _ in range(THREADS)]
        return [thread.result() for thread in running]


# --- firing order

SAME_FACT = [Production(f"rule-{letter}", ((cell("pain", "yes"),),)) for letter in "hgfedcba"]


@pytest.mark.parametrize("matcher", MATCHERS)
def test_rules_fire_in_the_order_of_their_names(matcher: type) -> None:
    """In every process: the order of eight rules would be right by chance once in 40,320."""
    newer = Production("zzz-newer", ((cell("sleep", "bad"),),))
    stratum = Stratum([*SAME_FACT, newer], matcher)
    fired = list(stratum.infer({"sleep": fact("bad"), "pain": fact("yes")}))
    assert fired == [*(f"rule-{letter}" for letter in "abcdefgh"), "zzz-newer"]


ORDER_OF_MANY = """
from random import Random
import plain
from triage.reasoning.engine import Stratum, answer_rules, advice_rules
from triage.knowledge.grammar import as_facts
from triage.knowledge.rulebase import load
rulebase, random = load(), Random(3)
for stratum in Stratum(answer_rules(rulebase)), Stratum(advice_rules(rulebase)):
    for _ in range(10):
        facts = as_facts(plain.random_answers(random), rulebase.bands)
        print(*stratum.infer(facts))
"""


def test_firing_order_is_the_same_in_every_process() -> None:
    orders = [in_new_process(ORDER_OF_MANY, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")]
    assert len(orders[0].split()) > 300
    assert orders == orders[:1] * len(orders)


def in_new_process(code: str, **environment: str) -> str:
    """What `code` prints in a fresh interpreter."""
    python_path = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": python_path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- the import of experta


def test_importing_experta_leaves_logging_as_it_was() -> None:
    code = """
import logging
logging.getLogger().setLevel("ERROR")
before = logging.getLogger().handlers[:]
import triage.reasoning.engine
print(logging.getLogger().handlers == before == [], logging.getLogger().level == logging.ERROR)
"""
    assert in_new_process(code).split() == ["True", "True"]


def test_importing_experta_keeps_the_handlers_that_were_there() -> None:
    code = """
import logging
handler = logging.NullHandler()
logging.getLogger().addHandler(handler)
import triage.reasoning.engine
print(logging.getLogger().handlers == [handler])
"""
    assert in_new_process(code).split() == ["True"]


@pytest.mark.parametrize(("there", "left"), [("", "absent"), ("collections.Mapping = 'own'", "own")])
def test_importing_experta_leaves_collections_as_they_were(there: str, left: str) -> None:
    """No name is left behind, and a host's own is put back."""
    code = f"""
import collections
{there}
import triage.reasoning.engine
print(vars(collections).get("Mapping", "absent"), triage.reasoning.engine.experta.KnowledgeEngine.__name__)
"""
    assert in_new_process(code).split() == [left, "KnowledgeEngine"]


def test_a_broken_experta_is_told_by_name() -> None:
    """Its own __init__ swallows the ImportError and leaves an empty module."""
    code = """
import sys
sys.modules["experta.engine"] = None
try:
    import triage.reasoning.engine
except ImportError as error:
    print(error)
"""
    assert "experta is installed but broken" in in_new_process(code)


# --- facts that no rule reads


def test_facts_that_no_rule_reads_are_left_out() -> None:
    stratum = Stratum(SAME_FACT)
    assert len(stratum.infer({"pain": fact("yes"), "weather": fact("fine")})) == len(SAME_FACT)
    declared = stratum._engine()[0].facts.values()
    assert [type(f).__name__ for f in declared] == ["InitialFact", "pain"]


# --- what a cell asks of an answer

SWOLLEN, SORE, HOT = fact("swollen"), fact("sore"), fact("hot")
HOW = {
    "any": (cell("legs", "swollen", "sore"), [SWOLLEN, SORE, SWOLLEN | SORE, SORE | HOT, SWOLLEN | SORE | HOT]),
    "all": (cell("legs", "swollen", "sore", how=ALL), [SWOLLEN | SORE, SWOLLEN | SORE | HOT]),
    "none of": (cell("legs", "swollen", "sore", how=NONE_OF), [HOT, fact("none")]),
}
LEGS = [SWOLLEN, SORE, SWOLLEN | SORE, HOT, fact("none"), SORE | HOT, SWOLLEN | SORE | HOT]


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize("name", HOW)
def test_a_cell_holds_as_it_asks_and_never_on_silence(name: str, matcher: type) -> None:
    asked, holding_on = HOW[name]
    stratum = Stratum([Production("rule", ((asked,),))], matcher)
    assert [legs for legs in LEGS if stratum.infer({"legs": legs})] == [legs for legs in LEGS if legs in holding_on]
    assert not asked.holds({})
    assert stratum.infer({}) == {}


@pytest.mark.parametrize("matcher", MATCHERS)
def test_an_exception_does_not_hold_on_silence(matcher: type) -> None:
    """Also one that asks for what was not chosen."""
    pain = ((cell("pain", "yes"),),)
    exceptions = {name: asked for name, (asked, _) in HOW.items()}
    stratum = Stratum([Production(name, pain, ((asked,),)) for name, asked in exceptions.items()], matcher)
    assert list(stratum.infer({"pain": fact("yes")})) == sorted(exceptions)
    sound = stratum.infer({"pain": fact("yes"), "legs": fact("none")})
    assert list(sound) == ["all", "any"]


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_row_may_ask_twice_of_one_answer(matcher: type) -> None:
    """As `{ any = ["old"], not = ["new"] }`: the reason that is told is what was chosen, not what was not."""
    rows = ((cell("pain", "old", "since"), cell("pain", "new", how=NONE_OF)), (cell("pain", "new", how=NONE_OF),))
    stratum = Stratum([Production("rule", rows)], matcher)

    def reasons(*options: str) -> Fired:
        return stratum.infer({"pain": fact(*options)})

    assert reasons("old", "sore") == {"rule": {"pain": fact("old")}}
    assert reasons("old", "since") == {"rule": {"pain": fact("old", "since")}}
    assert reasons("old", "new") == {}
    assert reasons("sore") == {"rule": {}}


# --- SetMatcher against the stock matcher


@pytest.mark.parametrize("compiled", [answer_rules, finding_rules, advice_rules])
def test_both_matchers_find_the_same_in_the_rule_base(
    rulebase: RuleBase, compiled: Callable[[RuleBase], list[Production]]
) -> None:
    ours, stock = Stratum(compiled(rulebase)), Stratum(compiled(rulebase), ReteMatcher)
    for facts in with_findings(rulebase, random_facts(rulebase, 30, seed=4), Random(5)):
        assert list(ours.infer(facts).items()) == list(stock.infer(facts).items())


def with_findings(rulebase: RuleBase, cases: Iterable[Facts], random: Random) -> Iterator[Facts]:
    """The cases, with random findings such as the strata before could have made."""
    for facts in cases:
        yield {
            **facts,
            "red_flag": frozenset(random.sample(list(rulebase.red_flags), random.randint(0, 4))),
            "cause": frozenset(random.sample(list(rulebase.causes), random.randint(0, 4))),
            "disposition": frozenset([random.choice(rulebase.ladder).id]),
        }


NAMES, CHOICES = "abcd", "xyz"
FEW, MANY = 1, 3  # cells in a row of `unless`


def random_productions(random: Random, cells: int) -> list[Production]:
    """One to eight rules of one to three rows, most with `unless`, some for everybody; rows may read a name twice.

    The stock matcher splits NOT(a and b) into two branches that look the same to a
    strategy, so that the end of one ends both. Our rows of several cells are
    compared with it only where all facts arrive at once, and not for everybody (a rule
    for everybody waits before the first of them).
    """

    def production(number: int) -> Production:
        everybody = cells == FEW and random.random() < 0.1
        when = ((),) if everybody else random_rows(random, random.randint(1, 3), MANY)
        return Production(f"rule-{number}", when, random_rows(random, random.randint(0, 2), cells))

    return [production(number) for number in range(random.randint(1, 8))]


def random_rows(random: Random, count: int, cells: int) -> tuple[Row, ...]:
    return tuple(
        tuple(
            cell(name, *random.sample(CHOICES, random.randint(1, 2)), how=random.choice([ANY, ANY, ALL, NONE_OF]))
            for name in random.choices(NAMES, k=random.randint(1, cells))
        )
        for _ in range(count)
    )


def random_case(random: Random) -> Facts:
    return {name: random_options(random) for name in random.sample(NAMES, random.randint(0, 4))}


def random_options(random: Random) -> frozenset[str]:
    return fact(*random.sample(CHOICES, random.randint(1, 3)))


@pytest.mark.parametrize("seed", range(40))
def test_both_matchers_agree_on_random_rules(seed: int) -> None:
    random = Random(seed)
    productions = random_productions(random, MANY)
    ours, stock = Stratum(productions), Stratum(productions, ReteMatcher)
    for _ in range(40):
        facts = random_case(random)
        assert list(ours.infer(facts).items()) == list(stock.infer(facts).items())


@pytest.mark.parametrize("seed", range(40))
def test_both_matchers_agree_while_facts_come_and_go(seed: int) -> None:
    random = Random(seed)
    productions = random_productions(random, FEW)
    sessions = [Session(productions, matcher, TotalOrder) for matcher in MATCHERS]
    for step, options in random_steps(random):
        ours, stock = (take(session, step, options) for session in sessions)
        assert ours == stock


@pytest.mark.parametrize("seed", range(40))
def test_what_fires_while_facts_come_and_go_is_what_newly_holds(seed: int) -> None:
    """Ours alone, with rows of several cells after `unless` too."""
    random = Random(seed)
    productions = random_productions(random, MANY)
    session, held, waiting = Session(productions, SetMatcher, TotalOrder), set[Any](), set[str]()
    for step, options in random_steps(random):
        fired = take(session, step, options)
        assert set(fired) == (waiting if step == "run" else set())
        now = holding(productions, session)
        new, still = {rule for rule, _ in now - held}, {rule for rule, _ in now}
        held, waiting = now, set() if step == "run" else new | (waiting & still)


def random_steps(random: Random) -> Iterator[tuple[str, frozenset[str]]]:
    """What is done to a session: facts (named) that come, change or go, runs, resets."""
    for _ in range(60):
        step = random.choice([*NAMES, "run", "reset"])
        yield step, random_options(random) if random.random() < 0.7 else fact()


def take(session: Session, step: str, options: frozenset[str]) -> list[str]:
    """Run, reset, or declare a fact; if it is there change it, without options take it back. What fired."""
    if step == "run":
        return session.run()
    if step == "reset":
        session.reset()
    elif step in session.known and options:
        session.replace(step, options)
    elif step in session.known:
        session.retract(step)
    elif step in session.kinds:
        session.declare(**{step: options})
    return []


def holding(productions: list[Production], session: Session) -> set[tuple[str, tuple[int, ...]]]:
    """The rows that hold by the plain reading of the model, each with the facts by which it does."""
    facts = {name: known[OPTIONS] for name, known in session.known.items()}
    return {
        (f"{production.name}#{number}", tuple(session.known[c.name]["__factid__"] for c in row))
        for production in productions
        for number, row in enumerate(production.when)
        if Condition((row,), production.unless).holds(facts)
    }
