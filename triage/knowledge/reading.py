"""Reads tables of rules/ into the types of `triage.knowledge.model`, as their fields are declared.

Every fault is kept, with its file, line, entry and field, and reading goes on: all faults are told at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, partial
from itertools import chain
from typing import Any, Literal, get_args, get_origin

from triage.knowledge.conditions import EVERYBODY, NOBODY, Condition, Rows
from triage.knowledge.faults import Fault, allowed
from triage.knowledge.fields import OR_TRUE, Field, Findings, OneOf, Scope, fields_of, item_of
from triage.knowledge.grammar import Vocabulary
from triage.knowledge.model import Examples
from triage.knowledge.toml_file import Location, TomlFile

ID = "[a-z0-9]+(?:[-_][a-z0-9]+)*"
UNLESS = "unless"  # the second key of a condition

# What a field of each shape or simple type takes, and that in words. What reads the others says more of them.
_TYPES: Mapping[object, tuple[type, str]] = {
    "examples": (list, "a list of examples"),
    "words": (dict, "a table of texts"),
    "groups": (list, "a list of lists"),
    "list": (list, "a list"),
    str: (str, "text in quotes"),
    int: (int, "a whole number"),
    bool: (bool, "true or false"),
}


class Table:
    """One TOML table while it is read; `name` is that of its list ("question.option"), `nth` counts it in its file."""

    def __init__(self, file: TomlFile, name: str, nth: int, data: Mapping[str, Any], faults: list[Fault]) -> None:
        self.file, self.name, self.data, self.faults = file, name, data, faults
        own = data.get("id")
        label = f'{name} "{own}"' if isinstance(own, str) else f"[{name}]"
        lines = {key: file.line(name, nth, key) for key in data}
        self.at = Location(file.name, file.line(name, nth), lines, label)
        self.used: set[str] = set()

    def fault(self, key: str, code: str, what: str, hint: str = "") -> None:
        self.faults.append(self.at.fault(code, key, what, hint))


class Reader:
    """Reads tables one after the other, in the order of the files."""

    def __init__(self, vocabulary: Vocabulary, voices: Sequence[str], faults: list[Fault]) -> None:
        self.vocabulary, self.voices, self.faults = vocabulary, voices, faults
        self._counted = Counter[tuple[str, str]]()
        self._ids: dict[tuple[str, str], Location] = {}

    def record(self, kind: type, file: TomlFile, name: str, data: Any) -> Any:
        """The next table of that name in the file as a record of a type."""
        table = Table(file, name, self._counted[file.name, name], data if isinstance(data, dict) else {}, self.faults)
        self._counted[file.name, name] += 1
        if not isinstance(data, dict):
            table.fault("", "LCT113", "must be a table")
        values = {field.name: self._value(table, field) for field in fields_of(kind)}
        for key in table.data:
            if key not in table.used:
                table.fault(key, "LCT106", "unknown field", allowed(key, sorted(table.used)))
        given = {name: value for name, value in values.items() if value is not _ABSENT}
        return kind(**given, at=table.at)

    def _value(self, table: Table, field: Field) -> Any:
        """The value of a field; _ABSENT leaves it to its default."""
        if not field.known(table.data):
            return _empty(field)
        if field.hint is Condition:
            return self._condition(table, field)
        table.used.add(field.key)
        if field.key in table.data:
            return self._read(table, field, table.data[field.key])
        if not field.has_default:
            few = shape_of(field) in ("id", "choice")
            table.fault(field.key, "LCT107", "is missing", allowed(None, map(str, self._choices(field))) if few else "")
        return _empty(field)

    def _read(self, table: Table, field: Field, raw: Any) -> Any:
        wanted, said = _type_of(field)
        if not isinstance(raw, wanted) or (wanted is int and isinstance(raw, bool)):
            table.fault(field.key, "LCT109", f"must be {said}")
            return _empty(field)
        return {
            "rows": self._rows_or_true,
            "examples": self._examples,
            "id": self._one_of,
            "choice": self._one_of,
            "words": self._words,
            "table": self._below,
            "groups": self._groups,
            "list": self._list,
            "simple": self._simple,
        }[shape_of(field)](table, field, raw)

    def _simple(self, table: Table, field: Field, raw: Any) -> Any:
        if isinstance(raw, str) and not raw.strip() and not field.has_default:
            table.fault(field.key, "LCT108", "is empty")
        elif scope := field.mark(Scope):
            self._claim(table, field, raw, scope)
        return raw

    def _claim(self, table: Table, field: Field, own: str, scope: Scope) -> None:
        """An id is well formed, and of no other of its scope."""
        if not re.fullmatch(ID, own):
            table.fault(field.key, "LCT111", f'"{own}" must be lower-case words joined by hyphens')
        if scope.name:
            if first := self._ids.get((scope.name, own)):
                table.fault(field.key, "LCT112", f'"{own}" is already used at {first}')
            self._ids[scope.name, own] = table.at

    def _choices(self, field: Field) -> tuple[Any, ...]:
        """What a field takes that names a level or takes one of a few values."""
        one_of = field.mark(OneOf)
        if one_of is None:
            return get_args(field.hint)
        return {"disposition": self.vocabulary.dispositions, "level": ("", *self.vocabulary.levels)}[one_of.kind]

    def _one_of(self, table: Table, field: Field, raw: Any) -> Any:
        choices = self._choices(field)
        if raw in choices and not isinstance(raw, bool):
            return raw
        table.fault(field.key, "LCT110", f'"{raw}" is not allowed', allowed(raw, map(str, choices)))
        return choices[0]

    @staticmethod
    def _list(table: Table, field: Field, raw: list[Any]) -> tuple[str, ...]:
        if not all(isinstance(item, str) for item in raw):
            table.fault(field.key, "LCT109", "must be a list of texts")
            return ()
        if not raw and not field.has_default:
            table.fault(field.key, "LCT108", "is empty")
        choices = get_args(item_of(field.hint))
        for item in raw if choices else ():
            if item not in choices:
                table.fault(field.key, "LCT110", f'"{item}" is not allowed', allowed(item, choices))
        return tuple(raw)

    @staticmethod
    def _groups(table: Table, field: Field, raw: list[Any]) -> tuple[tuple[str, ...], ...]:
        if not all(isinstance(group, list) and len(group) > 1 for group in raw):
            table.fault(field.key, "LCT109", "each group is a list of two options or more")
            return ()
        return tuple(tuple(map(str, group)) for group in raw)

    def _words(self, table: Table, field: Field, raw: dict[str, Any]) -> Mapping[str, str]:
        """A table of texts, by the voice where the field says so."""
        if not all(isinstance(text, str) for text in raw.values()):
            table.fault(field.key, "LCT109", "must be a table of texts")
        for voice in {*self.voices} ^ {*raw} if field.mark(OneOf) else ():
            what = "is missing" if voice in self.voices else "is no voice"
            table.fault(field.key, "LCT110", f'"{voice}" {what}', allowed(voice, self.voices))
        return raw

    def _below(self, table: Table, field: Field, raw: Any) -> Any:
        """The record, or the records, of the tables below a field."""
        inner, name = item_of(field.hint), f"{table.name}.{field.key}"
        if get_origin(field.hint) is tuple:
            return tuple(self.record(inner, table.file, name, data) for data in raw)
        return self.record(inner, table.file, name, raw)

    def _condition(self, table: Table, field: Field) -> Condition:
        when = condition_key(field)
        table.used |= {when, UNLESS}
        if when not in table.data and not field.has_default:
            table.fault(when, "LCT107", "is missing")
        rows = {key: self._rows(table, field, key) for key in (when, UNLESS) if key in table.data}
        return Condition(rows.get(when, EVERYBODY.when), rows.get(UNLESS, ()))

    def _rows_or_true(self, table: Table, field: Field, raw: Any) -> Rows | None:
        if OR_TRUE in field.marks and isinstance(raw, bool):
            return EVERYBODY.when if raw else None
        return self._rows(table, field, field.key)

    def _rows(self, table: Table, field: Field, key: str) -> Rows:
        findings = field.mark(Findings)
        names = findings.names if findings else ()
        return self.vocabulary.read_rows(table.data[key], names, partial(table.fault, key))

    def _examples(self, table: Table, field: Field, raw: list[Any]) -> Examples:
        for example in raw:
            self.vocabulary.read_example(example, partial(table.fault, field.key))
        return tuple(raw)


_ABSENT = object()


def _type_of(field: Field) -> tuple[type, str]:
    """What a field takes, and that in words."""
    shape = shape_of(field)
    if shape == "table" and get_origin(field.hint) is tuple:
        return list, "a list of tables"
    return _TYPES.get(item_of(field.hint) if shape == "simple" else shape, (object, ""))


def condition_key(field: Field) -> str:
    """What the rows of a condition are called in the files; the key of any other field."""
    return "when" if field.hint is Condition and field.key == field.name else field.key


def _empty(field: Field) -> Any:
    """What stands in a record for a field that is not there, or not sound."""
    return _ABSENT if field.has_default else {Condition: NOBODY, int: 0, str: ""}.get(field.hint, ())


@cache
def shape_of(field: Field) -> str:
    """How a field is written: the name of what reads it."""
    inner, origin = item_of(field.hint), get_origin(field.hint)
    shapes = {
        "condition": field.hint is Condition,
        "rows": field.hint in (Rows, Rows | None),
        "examples": field.hint == Examples,
        "words": origin is Mapping,
        "id": field.mark(OneOf) is not None,
        "choice": origin is Literal,
        "table": is_dataclass(inner),
        "groups": inner == tuple[str, ...],
        "list": origin is tuple,
        "simple": True,
    }
    return next(name for name, is_it in shapes.items() if is_it)


def texts_in(data: Any) -> Iterator[str]:
    """Every key and every text anywhere in parsed data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for item in chain(data, data.values()) if isinstance(data, dict) else data:
            yield from texts_in(item)


def tables_of(files: Iterable[TomlFile], name: str) -> Iterator[tuple[TomlFile, dict[str, Any]]]:
    """The tables of that name in the files, as they stand; what is no table is passed over."""
    for file in files:
        listed = file.data.get(name)
        for data in listed if isinstance(listed, list) else ():
            if isinstance(data, dict):
                yield file, data
