"""What holds for one member of each class holds for every answer set."""

from __future__ import annotations

from itertools import chain, combinations
from random import Random

from triage.knowledge.conditions import ALL, ANY, NONE_OF, Cell
from triage.knowledge.model import RuleBase
from triage.reasoning.projection import Domain, cases, domain_of, projection, size, values_apart

SMALL = Domain(
    {"many": ("a", "b", "c", "none"), "one": ("x", "y", "z")}, frozenset({"many"}), {"many": frozenset({"none"})}
)


def verdict(rows: list[tuple[Cell, ...]], facts: dict[str, frozenset[str]]) -> tuple[bool, ...]:
    return tuple(cell.holds(facts) for row in rows for cell in row)


def every_answer(name: str) -> list[frozenset[str]]:
    free = [o for o in SMALL.options[name] if o not in SMALL.alone.get(name, ())]
    sizes = range(2, len(free) + 1) if name in SMALL.several else ()
    joined = chain.from_iterable(combinations(free, size) for size in sizes)
    return [frozenset(), *(frozenset([o]) for o in SMALL.options[name]), *map(frozenset, joined)]


def test_the_classes_cover_every_answer_and_are_all_different() -> None:
    random = Random(3)
    for _ in range(500):
        rows = [(random_cell(random, "many"), random_cell(random, "one"), random_cell(random, "many"))]
        rows.append((random_cell(random, "many"),))
        for name in SMALL.options:
            own = [(cell,) for row in rows for cell in row if cell.name == name]
            kept = [verdict(own, facts_of(name, v)) for v in values_apart(name, chain.from_iterable(rows), SMALL)]
            assert set(kept) == {verdict(own, facts_of(name, value)) for value in every_answer(name)}
            # "not answered" and an answer that no cell reads look alike to cells, not to an interview
            assert len(set(kept[1:])) == len(kept) - 1


def facts_of(name: str, value: frozenset[str]) -> dict[str, frozenset[str]]:
    return {name: value} if value else {}


def random_cell(random: Random, name: str) -> Cell:
    if name == "many" and random.random() < 0.3:
        return Cell(name, frozenset(random.sample("abc", 2)), ALL)
    how = NONE_OF if random.random() < 0.3 else ANY
    return Cell(name, frozenset(random.sample(SMALL.options[name], random.randint(1, 2))), how)


def test_the_cases_are_the_product_without_what_is_not_answered() -> None:
    rows = [(Cell("many", frozenset("a")), Cell("one", frozenset("x")))]
    values = projection(rows, SMALL)
    assert list(values) == ["many", "one"]
    assert len(list(cases(values))) == size(values) == 9
    assert {} in cases(values)
    assert all(value for facts in cases(values) for value in facts.values())


def test_not_answered_is_told_apart_from_an_answer_without_the_options() -> None:
    """Both choose none of them; only the answer makes the cell hold."""
    absent = Cell("many", frozenset("ab"), NONE_OF)
    silent, *given = values_apart("many", [absent], SMALL)
    assert silent == frozenset()
    assert not absent.holds(facts_of("many", silent))
    assert [absent.holds({"many": value}) for value in given] in ([True, False], [False, True])


def test_the_domain_holds_everything_a_cell_can_name(rulebase: RuleBase) -> None:
    domain = domain_of(rulebase)
    for entry in rulebase.entries.values():
        for row in (*entry.condition.when, *entry.condition.unless):
            assert all(cell.options <= set(domain.options[cell.name]) for cell in row)
