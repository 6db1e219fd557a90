"""The schemas of the files of a rule base: their grammar, with the ids that conditions may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from triage.exchange.schemas import answer_files
from triage.exchange.schemas.parts import Schema, options, table
from triage.exchange.schemas.rule_grammar import Field, Fields, TableGrammar, grammar
from triage.knowledge.grammar import DISPOSITION, FINDINGS, SPAN
from triage.knowledge.loader import ID
from triage.knowledge.model import Question, RuleBase
from triage.knowledge.rule_files import LAYOUT, pattern_of, rules_folder

_ROW_OF_TABLE = re.compile(r"^\| (`.+?`) \| (.+) \|$")
_NAME = re.compile(r"`\[{0,2}(?:([a-z_.]+)\.)?([a-z_]+)\]{0,2}`")


def schema(rulebase: RuleBase, file: str | None) -> Schema:
    """Of every file of a rule base, or only of `file` (KeyError if there is none of that name)."""
    patterns = [pattern_of(file)] if file else list(LAYOUT)
    tables = grammar(rulebase)
    shapes = _Shapes(rulebase)
    properties = {name: shapes.top(name, tables[name]) for pattern in patterns for name in sorted(LAYOUT[pattern])}
    files = [_one_file(pattern, tables) for pattern in patterns]
    return {
        "title": f"Rule base: {', '.join(patterns)}",
        **table(properties, **({"anyOf": files} if len(files) > 1 else files[0])),
        "definitions": shapes.definitions,
    }


def _one_file(pattern: str, tables: Mapping[str, TableGrammar]) -> Schema:
    """Which tables stand together in a file, and which have to."""
    names = sorted(LAYOUT[pattern])
    return {"propertyNames": {"enum": names}, "required": [name for name in names if tables[name].single]}


class _Shapes:
    """Fields as schemas. What several of them share becomes a definition when it is first used."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.definitions: dict[str, Schema] = {}
        self.described = _described((rules_folder() / "README.md").read_text("utf-8"))
        self.kinds: dict[str, Callable[[Field], Schema]] = {
            "text": lambda _: {"type": "string"},
            "filled text": lambda _: {"type": "string", "pattern": r"\S"},
            "id": lambda _: {"type": "string", "pattern": f"^{ID}$"},
            "whole": lambda _: {"type": "integer"},
            "flag": lambda _: {"type": "boolean"},
            "texts": lambda _: {"type": "array", "items": {"type": "string"}},
            "filled texts": lambda _: {"type": "array", "minItems": 1, "items": {"type": "string"}},
            "choice": lambda field: {"enum": list(field.values)},
            "choices": lambda field: {"type": "array", "items": {"enum": list(field.values)}},
            "rows": lambda field: self._rows(field.values),
            "flag or rows": lambda field: {"anyOf": [{"type": "boolean"}, self._rows(field.values)]},
            "examples": lambda _: {"type": "array", "items": self._shared("example", self._example)},
            "words": lambda _: {"type": "object", "additionalProperties": {"type": "string"}},
            "by voice": lambda _: table({key: {"type": "string"} for key in rulebase.voices}, list(rulebase.voices)),
            "groups": lambda _: _array({"type": "array", "minItems": 2, "items": {"type": "string"}}),
        }

    def top(self, name: str, grammar: TableGrammar) -> Schema:
        """A table of a file, with what depends on its choices."""
        variants = [fields for by_value in grammar.decided.values() for fields in by_value.values()]
        merged = self._table(name, _merged([grammar.fields, *variants]))
        conditions = [one for key, by_value in grammar.decided.items() for one in _decisions(key, by_value)]
        whole = {**merged, "allOf": conditions} if conditions else merged
        return whole if grammar.single else {"type": "array", "items": whole}

    def _table(self, name: str, fields: Fields) -> Schema:
        properties = {key: self._field(name, key, field, "fires" in fields) for key, field in fields.items()}
        return table(properties, [key for key, field in fields.items() if field.required])

    def _field(self, name: str, key: str, field: Field, is_rule: bool) -> Schema:
        told = self.described.get((name, key)) or (self.described.get(("", key)) if is_rule else None)
        shape = self._shape(f"{name}.{key}", field)
        if not told:
            return shape
        # Draft-07 looks at nothing that stands beside a $ref.
        return {"description": told, **({"allOf": [shape]} if "$ref" in shape else shape)}

    def _shape(self, name: str, field: Field) -> Schema:
        if field.below is None:
            return self.kinds[field.kind](field)
        below = self._table(name, field.below)
        return below if field.kind == "table" else {"type": "array", "items": below}

    def _shared(self, name: str, make: Callable[[], Schema]) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = {}  # its place
            self.definitions[name] = make()
        return {"$ref": f"#/definitions/{name}"}

    # --- conditions, as triage.knowledge.grammar.Vocabulary reads them

    def _rows(self, findings: tuple[str, ...]) -> Schema:
        return self._shared("-".join(["rows", *findings]), lambda: self._row_list(findings))

    def _row_list(self, findings: Iterable[str]) -> Schema:
        cells = {q.id: self._cell_of(q) for q in self.rulebase.questions.values()}
        cells |= {name: self._shared(f"cell-{name}", partial(self._finding, name)) for name in findings}
        return {"type": "array", "minItems": 1, "items": table(cells, minProperties=1)}

    def _cell_of(self, question: Question) -> Schema:
        return self._shared(f"cell-{question.id}", lambda: self._cell(question))

    def _cell(self, question: Question) -> Schema:
        named = [answer_files.one(question)] if question.options else []
        if question.kind == "number":
            items = [{"type": "string", "pattern": SPAN}, answer_files.number(question), *named]
            return {"description": question.text, "anyOf": [*items, _listed({"anyOf": items})]}
        together = options({o.id: o.text for o in question.options if not o.exclusive})
        every = {"all": together} if question.kind == "many" else {}
        combined = _combined({"any": named[0], **every, "not": named[0], "open": named[0]})
        return {"description": question.text, "anyOf": [*named, _listed(named[0]), combined]}

    def _finding(self, name: str) -> Schema:
        ids = self._ids(name)
        if name == DISPOSITION:
            ids = {"enum": [sign + level for sign in ("", ">=", "<=") for level in ids["enum"]]}
        return {"anyOf": [ids, _listed(ids), _combined({"any": ids, "all": ids})]}

    def _ids(self, name: str) -> Schema:
        known = {
            "red_flag": self.rulebase.red_flags,
            "cause": self.rulebase.causes,
            "disposition": [level.id for level in self.rulebase.ladder],
        }
        return {"enum": list(known[name])}

    def _example(self) -> Schema:
        cells = {q.id: self._shared(f"example-{q.id}", partial(_in_turn, q)) for q in self.rulebase.questions.values()}
        for name in FINDINGS:
            ids = self._ids(name)
            cells[name] = {"anyOf": [ids, _array(ids), _array(_array(ids))]}
        return table(cells)


def _in_turn(question: Question) -> Schema:
    """An answer in an example; a list stands for each in turn."""
    answer = answer_files.answer(question)
    return {"description": question.text, "anyOf": [answer, _array(answer)]}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _listed(items: Schema) -> Schema:
    return {**_array(items), "minItems": 1, "uniqueItems": True}


def _combined(items: Mapping[str, Schema]) -> Schema:
    """A cell that is written as a table, which is not done where a list would do: `items` of the list under each key."""
    alone: list[Schema] = [{"required": [key]} for key in items if key in ("not", "open")]
    if "all" in items:
        alone += [{"required": ["any", "all"]}, {"required": ["all"], "properties": {"all": {"minItems": 2}}}]
    return {**table({key: _listed(one) for key, one in items.items()}), "anyOf": alone}


def _merged(variants: Iterable[Fields]) -> dict[str, Field]:
    """The fields that some variant has; required is what all require."""
    listed = list(variants)
    merged: dict[str, Field] = {key: field for fields in listed for key, field in fields.items()}
    return {
        key: field._replace(required=all(key in fields and fields[key].required for fields in listed))
        for key, field in merged.items()
    }


def _decisions(key: str, by_value: Mapping[Any, Fields]) -> Iterator[Schema]:
    """What a choice decides: for each of its values which fields are required, and which cannot be there."""
    known = {name for fields in by_value.values() for name in fields}
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Any]] = {}
    for value, fields in by_value.items():
        required = tuple(name for name, field in fields.items() if field.required)
        alike.setdefault((required, tuple(sorted(known - fields.keys()))), []).append(value)
    for (needed, barred), values in alike.items():
        yield {
            "if": {"properties": {key: {"enum": values}}, "required": [key]},
            "then": {"required": list(needed), "properties": dict.fromkeys(barred, False)},
        }


def _described(readme: str) -> dict[tuple[str, str], str]:
    """(table, key) -> what the reference of the grammar says of it; the table is "" for what every rule shares.

    In the section "Questions" `page` is a field of a question, and `option.page` one of its options.
    """
    told: dict[tuple[str, str], str] = {}
    name = ""
    for line in readme.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ").lower()
            name = "" if heading.startswith("fields every") else heading.removesuffix("s").replace(" ", "_")
        elif row := _ROW_OF_TABLE.match(line):
            for below, key in _NAME.findall(row[1]):
                told[name if below in ("", name) else f"{name}.{below}", key] = row[2]
    return told
