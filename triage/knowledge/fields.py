"""How the fields of a table of rules/ are declared: a type, and in `Annotated` what the type does not say.

A text in `Annotated` says what the field means. From one declaration follow reading and its faults
(`triage.knowledge.reading`), the JSON Schemas, the list of texts that a person sees, and docs/rule-fields.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from functools import cache, cached_property
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

M = TypeVar("M")


class Key(NamedTuple):
    """What the field is called in the files."""

    name: str


class Scope(NamedTuple):
    """The field is an id, and no two of this scope are alike; of an empty one the table above looks after it."""

    name: str


class Findings(NamedTuple):
    """What besides questions the rows of the field may read."""

    names: tuple[str, ...]


class OneOf(NamedTuple):
    """The field takes an id that the rule base defines, or nothing: "level", any "disposition", or the "voice"s as keys."""

    kind: str


class Names(NamedTuple):
    """The field holds ids of this table, of the drawings ("figure"), or of "red_flag or advice"; or nothing."""

    table: str


class Only(NamedTuple):
    """The field is there only where the choice under `key`, one of `choices`, is one of `values`."""

    key: str
    choices: tuple[str, ...]
    values: tuple[str, ...]


class Mark(NamedTuple):
    """Something to know of a field."""

    name: str


NEEDED = Mark("it has to stand there, though a class above has a default")
SEEN = Mark("a person reads it")
PATTERN = Mark("it holds regular expressions")
DERIVED = Mark("does not stand in the files")
OR_TRUE = Mark("true stands for rows that always hold, false for none")


@dataclass(frozen=True, eq=False)
class Field:
    """One field: `name` in the type, `key` in the files, `hint` its type without marks; `doc` may be empty."""

    name: str
    key: str
    hint: Any
    marks: tuple[Any, ...]
    doc: str
    has_default: bool

    def mark(self, kind: type[M]) -> M | None:
        """The first mark of that kind."""
        return self._by_kind.get(kind)

    @cached_property
    def _by_kind(self) -> Mapping[Any, Any]:
        return {type(mark): mark for mark in reversed(self.marks)}

    def known(self, data: Mapping[str, Any]) -> bool:
        """Whether it may stand in this table."""
        only = self.mark(Only)
        if only is None:
            return True
        chosen = data.get(only.key)
        return (chosen if chosen in only.choices else only.choices[0]) in only.values


@cache
def fields_of(table: Any) -> tuple[Field, ...]:
    """The fields of a table that stand in the files, in the order of the type."""
    found = []
    for field in dataclass_fields(table):
        plain, marks = _parted(field.type)
        if DERIVED not in marks:
            docs = [mark for mark in marks if isinstance(mark, str)]
            key = next((mark.name for mark in marks if isinstance(mark, Key)), field.name)
            has_default = field.default is not MISSING and NEEDED not in marks
            found.append(Field(field.name, key, plain, marks, docs[-1] if docs else "", has_default))
    return tuple(found)


def _parted(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its marks, and the marks, those of its items among them."""
    if get_origin(hint) is Annotated:
        plain, marks = _parted(hint.__origin__)
        return plain, (*marks, *hint.__metadata__)
    items = [one for item in get_args(hint) if get_origin(item) is Annotated for one in _parted(item)[1]]
    return hint, tuple(items)


@cache
def item_of(hint: Any) -> Any:
    """What a tuple of any length holds, without marks; the type of an optional field; otherwise the type itself."""
    inner = [item for item in get_args(hint) if item not in (Ellipsis, type(None))]
    return _parted(inner[0])[0] if len(inner) == 1 else hint
