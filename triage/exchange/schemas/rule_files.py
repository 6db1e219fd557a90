"""The schemas of the files of a rule base: their grammar, with the ids that conditions may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import get_args, get_origin

from triage.exchange.schemas import answer_files
from triage.exchange.schemas.parts import Schema, options, table
from triage.knowledge.fields import OR_TRUE, Field, Findings, OneOf, Only, Scope, fields_of, item_of
from triage.knowledge.grammar import SPAN
from triage.knowledge.model import DISPOSITION, FINDINGS, Condition, Question, Rows, RuleBase
from triage.knowledge.reading import ID, UNLESS, condition_key, shape_of
from triage.knowledge.rule_files import LAYOUT, LISTS, SINGLE, pattern_of


def schema(rulebase: RuleBase, file: str | None) -> Schema:
    """Of every file of a rule base, or only of `file` (KeyError if there is none of that name)."""
    patterns = [pattern_of(file)] if file else list(LAYOUT)
    shapes = _Shapes(rulebase)
    properties = {name: shapes.top(name) for pattern in patterns for name in sorted(LAYOUT[pattern])}
    files = [_one_file(pattern) for pattern in patterns]
    return {
        "title": f"Rule base: {', '.join(patterns)}",
        **table(properties, **({"anyOf": files} if len(files) > 1 else files[0])),
        "definitions": shapes.definitions,
    }


def _one_file(pattern: str) -> Schema:
    """Which tables stand together in a file, and which have to."""
    names = sorted(LAYOUT[pattern])
    return {"propertyNames": {"enum": names}, "required": [name for name in names if name in SINGLE]}


class _Shapes:
    """Fields as schemas. What several of them share becomes a definition when it is first used."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase = rulebase
        self.definitions: dict[str, Schema] = {}

    def top(self, name: str) -> Schema:
        """A table of a file."""
        if name in SINGLE:
            return self._table(SINGLE[name])
        return _array(self._table(LISTS[name][0]))

    def _table(self, kind: type) -> Schema:
        """A table below another one, or one of a file, with what depends on its choices."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in fields_of(kind):
            for key, shape in self._field(field):
                properties[key] = _told(field.doc if key != UNLESS else "rows: none of them may hold", shape)
            if not field.has_default and not field.mark(Only):
                required.append(condition_key(field))
        decided = [one for field in fields_of(kind) if (only := field.mark(Only)) for one in _decision(field, only)]
        whole = table(properties, required)
        return {**whole, "allOf": decided} if decided else whole

    def _field(self, field: Field) -> Iterable[tuple[str, Schema]]:
        """The keys of a field, each with its shape: a condition has two."""
        findings = field.mark(Findings)
        rows = partial(self._rows, findings.names if findings else ())
        if field.hint is Condition:
            return (condition_key(field), rows()), (UNLESS, rows())
        if field.hint in (Rows, Rows | None):
            return ((field.key, {"anyOf": [{"type": "boolean"}, rows()]} if OR_TRUE in field.marks else rows()),)
        return ((field.key, self._value(field)),)

    def _value(self, field: Field) -> Schema:
        made: dict[str, Callable[[Field], Schema]] = {
            "examples": lambda _: _array(self._shared("example", self._example)),
            "words": self._words,
            "id": self._named,
            "choice": lambda field: {"enum": list(get_args(field.hint))},
            "table": self._below,
            "groups": lambda _: _array({"type": "array", "minItems": 2, "items": {"type": "string"}}),
            "list": _list,
            "simple": _simple,
        }
        return made[shape_of(field)](field)

    def _below(self, field: Field) -> Schema:
        below = self._table(item_of(field.hint))
        return _array(below) if get_origin(field.hint) is tuple else below

    def _words(self, field: Field) -> Schema:
        """A table of texts, for each voice where the field says so."""
        voices = list(self.rulebase.voices) if field.mark(OneOf) else []
        if voices:
            return table({voice: {"type": "string"} for voice in voices}, voices)
        return {"type": "object", "additionalProperties": {"type": "string"}}

    def _named(self, field: Field) -> Schema:
        """The id of a level."""
        levels = ["", *(level.id for level in self.rulebase.ladder)]
        return {"enum": list(self.rulebase.dispositions) if field.mark(OneOf) == OneOf("disposition") else levels}

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


def _list(field: Field) -> Schema:
    choices = list(get_args(item_of(field.hint)))
    items = {"enum": choices} if choices else {"type": "string"}
    return {**_array(items), **({} if field.has_default else {"minItems": 1})}


def _simple(field: Field) -> Schema:
    if field.mark(Scope):
        return {"type": "string", "pattern": f"^{ID}$"}
    kind = item_of(field.hint)
    filled = {"pattern": r"\S"} if kind is str and not field.has_default else {}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[kind], **filled}


def _told(doc: str, shape: Schema) -> Schema:
    """A shape with what is said of it. Draft-07 looks at nothing that stands beside a $ref."""
    if not doc:
        return shape
    return {"description": doc, **({"allOf": [shape]} if "$ref" in shape else shape)}


def _decision(field: Field, only: Only) -> Iterable[Schema]:
    """Where a choice has these values the field is required; where it has others, it cannot be there."""
    keys = [condition_key(field), *([UNLESS] if field.hint is Condition else [])]
    others = [value for value in only.choices if value not in only.values]
    yield {
        "if": {"properties": {only.key: {"enum": list(only.values)}}, "required": [only.key]},
        "then": {"required": keys[:1]},
    }
    yield {
        "if": {"properties": {only.key: {"enum": others}}, "required": [only.key]},
        "then": {"properties": dict.fromkeys(keys, False)},
    }
