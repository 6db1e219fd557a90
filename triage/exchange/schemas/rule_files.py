"""The schemas of the files of a rule base: their grammar, with the ids that conditions may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args, get_origin

from triage.exchange.schemas import Schema, answer_files, array, needing, options, table
from triage.knowledge.conditions import Condition
from triage.knowledge.fields import OR_TRUE, Field, Findings, OneOf, Only, Scope, fields_of, item_of
from triage.knowledge.grammar import SPAN, Vocabulary
from triage.knowledge.model import DISPOSITION, Question, RuleBase
from triage.knowledge.reading import ID, UNLESS, condition_key, shape_of
from triage.knowledge.rule_files import LAYOUT, LISTS, SINGLE

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}


def schema(rulebase: RuleBase) -> Schema:
    """Of every file of a rule base: its tables, which of them stand together in a file, and which have to."""
    shapes = _Shapes(rulebase)
    properties = {name: shapes.table_of(name) for tables in LAYOUT.values() for name in sorted(tables)}
    together = []
    for tables in LAYOUT.values():
        single = sorted(tables & SINGLE.keys())
        needed = {"required": single, "properties": dict.fromkeys(single, True)}
        together.append({"propertyNames": {"enum": sorted(tables)}, **needed})
    whole = table(properties, anyOf=together)
    return {"title": f"Rule base: {', '.join(LAYOUT)}", **whole, "definitions": shapes.definitions}


class _Shapes:
    """Fields as schemas. What several of them share becomes a definition when it is first used."""

    def __init__(self, rulebase: RuleBase) -> None:
        self.rulebase, self.words = rulebase, Vocabulary.of(rulebase)
        self.definitions: dict[str, Schema] = {}

    def table_of(self, name: str) -> Schema:
        """A table of a file, or the list of all those of that name."""
        return self._table(SINGLE[name]) if name in SINGLE else array(self._table(LISTS[name][0]))

    def _table(self, kind: type) -> Schema:
        """A table below another one, or one of a file, with what depends on its choices."""
        properties: dict[str, Schema] = {}
        for field in fields_of(kind):
            properties[condition_key(field)] = _told(field.doc, self._field(field))
            if field.hint is Condition:
                properties[UNLESS] = _told("rows: none of them may hold", self._rows(field))
        required = [condition_key(f) for f in fields_of(kind) if not f.has_default and not f.mark(Only)]
        decided = [_decision(field, only) for field in fields_of(kind) if (only := field.mark(Only))]
        return table(properties, required, **({"allOf": decided} if decided else {}))

    def _field(self, field: Field) -> Schema:
        """The value of a field, as `triage.knowledge.reading` takes it; of a condition that of its first key."""
        inner, needed = item_of(field.hint), not field.has_default
        made: Schema
        match shape_of(field):
            case "condition" | "rows":
                rows = self._rows(field)
                made = {"anyOf": [{"type": "boolean"}, rows]} if OR_TRUE in field.marks else rows
            case "examples":
                made = array(self._shared("example", self._example))
            case "words":
                voices = list(self.rulebase.voices) if field.mark(OneOf) else []
                made = table(dict.fromkeys(voices, TEXT), voices) if voices else TEXTS
            case "id":
                any_level = field.mark(OneOf) == OneOf("disposition")
                made = {"enum": list(self.words.dispositions if any_level else ("", *self.words.levels))}
            case "choice":
                made = {"enum": list(get_args(field.hint))}
            case "table":
                below = self._table(inner)
                made = array(below) if get_origin(field.hint) is tuple else below
            case "groups":
                made = array(array(TEXT, minItems=2))
            case "list":
                choices = list(get_args(inner))
                made = array({"enum": choices} if choices else TEXT, **({"minItems": 1} if needed else {}))
            case _:
                plain = {"type": {str: "string", int: "integer", bool: "boolean"}[inner]}
                pattern = f"^{ID}$" if field.mark(Scope) else r"\S" if inner is str and needed else ""
                made = {**plain, "pattern": pattern} if pattern else plain
        return made

    def _shared(self, name: str, make: Callable[..., Schema], *of: Any) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = make(*of)
        return {"$ref": f"#/definitions/{name}"}

    # --- conditions, as triage.knowledge.grammar.Vocabulary reads them

    def _rows(self, field: Field) -> Schema:
        findings = field.mark(Findings) or Findings(())
        return self._shared("-".join(["rows", *findings.names]), self._row_list, findings.names)

    def _row_list(self, findings: Iterable[str]) -> Schema:
        cells = {q.id: self._shared(f"cell-{q.id}", _cell, q) for q in self.rulebase.questions.values()}
        cells |= {name: self._shared(f"cell-{name}", self._finding, name) for name in findings}
        return array(table(cells, minProperties=1), minItems=1)

    def _finding(self, name: str) -> Schema:
        signs = ("", ">=", "<=") if name == DISPOSITION else ("",)
        ids = {"enum": [sign + one for sign in signs for one in self.words.findings[name]]}
        return {"anyOf": [ids, _listed(ids), _combined({"any": ids, "all": ids})]}

    def _example(self) -> Schema:
        """Answers, of which a list stands for each in turn, and findings."""
        cells = {}
        for question in self.rulebase.questions.values():
            answer = answer_files.answer(question)
            cells[question.id] = {"description": question.text, "anyOf": [answer, array(answer)]}
        for name, known in self.words.findings.items():
            ids = {"enum": known}
            cells[name] = {"anyOf": [ids, array(ids), array(array(ids))]}
        return table(cells)


def _cell(question: Question) -> Schema:
    named = [answer_files.one(question)] if question.options else []
    if question.kind == "number":
        items = [{"type": "string", "pattern": SPAN}, answer_files.number(question), *named]
        return {"description": question.text, "anyOf": [*items, _listed({"anyOf": items})]}
    together = options({o.id: o.text for o in question.options if not o.exclusive})
    every = {"all": together} if question.kind == "many" else {}
    combined = _combined({"any": named[0], **every, "not": named[0], "open": named[0]})
    return {"description": question.text, "anyOf": [*named, _listed(named[0]), combined]}


def _listed(items: Schema) -> Schema:
    return array(items, minItems=1, uniqueItems=True)


def _combined(items: dict[str, Schema]) -> Schema:
    """A cell that is written as a table, which is not done where a list would do: `items` of the list under each key."""
    alone = [needing(key) for key in items if key in ("not", "open")]
    if "all" in items:
        several = {"properties": {"all": {"type": "array", "minItems": 2}}, "required": ["all"]}
        alone += [{"allOf": [needing("any"), needing("all")]}, several]
    return table({key: _listed(one) for key, one in items.items()}, anyOf=alone)


def _told(doc: str, shape: Schema) -> Schema:
    """A shape with what is said of it. Draft-07 looks at nothing that stands beside a $ref."""
    if not doc:
        return shape
    return {"description": doc, **({"allOf": [shape]} if "$ref" in shape else shape)}


def _decision(field: Field, only: Only) -> Schema:
    """Where a choice has these values the field is required; otherwise it cannot be there."""
    keys = [condition_key(field), *([UNLESS] if field.hint is Condition else [])]
    return {
        "if": {"properties": {only.key: {"enum": list(only.values)}}},
        "then": needing(keys[0]),
        "else": {"properties": dict.fromkeys(keys, False)},
    }
