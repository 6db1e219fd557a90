"""Sets of rows as numbers say the same as the rows one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.scale.rowsets import BITS, CODES, Column, every, numbered, together, union, with_names

NAMES = tuple("abcdefghijklmnopqrstuvwxyz")
COLUMNS = st.lists(st.frozensets(st.sampled_from(NAMES), max_size=5), max_size=40)


def as_rows(rows: int, count: int) -> list[bool]:
    return [digit == "1" for digit in f"{rows:0{count}b}"] if count else []


@given(COLUMNS)
def test_every_name_has_the_rows_whose_value_has_it(column: list[frozenset[str]]) -> None:
    found = with_names(numbered(column))
    for name in NAMES:
        assert as_rows(found.get(name, 0), len(column)) == [name in value for value in column]


def test_a_column_may_have_more_values_than_a_byte() -> None:
    column = [str(n % (3 * CODES)) for n in range(5 * CODES)]
    found = with_names(numbered([frozenset([value, "any", "odd" if int(value) % 2 else "even"]) for value in column]))
    assert as_rows(found["any"], len(column)) == [True] * len(column)
    assert as_rows(found["odd"], len(column)) == [int(value) % 2 == 1 for value in column]
    for value in ("0", str(CODES - 1), str(CODES), str(2 * CODES), str(3 * CODES - 1)):
        assert as_rows(found[value], len(column)) == [value == other for other in column]


@given(COLUMNS)
def test_a_row_gets_back_what_its_sets_stand_for(column: list[frozenset[str]]) -> None:
    found = with_names(numbered(column))
    back = together([(name, found.get(name, 0)) for name in NAMES], len(column))
    assert [set(values) for values in back.rows()] == column
    assert all(list(values) == sorted(values) for values in back.values)
    assert len(set(back.values)) == len(back.values) <= max(1, len(column))


def test_without_rows_there_are_no_values() -> None:
    assert together([("a", 0)], 0) == Column((), b"")
    assert with_names(numbered([])) == {}
    assert every(0) == union([]) == 0


def test_the_sets_of_more_than_a_byte_keep_their_order() -> None:
    named = [(n, every(2)) for n in range(2 * BITS + 1)]
    assert together(named, 2) == Column((tuple(range(2 * BITS + 1)),), [0, 0])


def test_a_column_of_some_of_the_rows() -> None:
    column = Column(("x", "y"), b"\x00\x01\x01\x00")
    some = column.only([True, False, True, True])
    assert list(some.rows()) == ["x", "y", "x"]
    assert list(some.mapped(str.upper).rows()) == ["X", "Y", "X"]
