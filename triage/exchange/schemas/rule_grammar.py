"""What the loader reads from every table of a rule base: asked of the loader itself.

It is run over tables that are not there (`Probe`), which keep what it asks them for. So the
grammar has one home, `triage.knowledge.loader`, and every field that is added there is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from triage.knowledge.loader import Loader, Table
from triage.knowledge.model import EVERYBODY, Condition, Limit, Option, Row, RuleBase
from triage.knowledge.toml_file import TomlFile
from triage.reasoning.examples import vocabulary_of

_NO_FILE = TomlFile("", b"")


class Field(NamedTuple):
    """What may stand under a key: `kind`, and `values` of a choice, findings of rows, or the table below it.

    Kinds: "text", "filled text", "id", "whole", "flag", "texts", "filled texts", "choice", "choices",
    "rows", "flag or rows", "examples", "words" (a table of texts), "by voice" (with one for each voice), "groups" (a list
    of lists of texts), "table", "tables".
    """

    kind: str
    required: bool = False
    values: tuple[Any, ...] = ()
    below: Fields | None = None


Fields = Mapping[str, Field]
Pick = tuple[str, str, Any]  # table, key of a choice, the value that is chosen


class TableGrammar(NamedTuple):
    """A kind of table: its fields, and those where the value of a choice decides which there are.

    `single`: written [name], not [[name]].
    """

    fields: Fields
    single: bool
    decided: Mapping[str, Mapping[Any, Fields]]


def grammar(rulebase: RuleBase) -> dict[str, TableGrammar]:
    """Every table of the files of a rule base. Levels that may be chosen are those of `rulebase`."""
    usual = _asked(rulebase)
    return {
        name: TableGrammar(table.fields, table.single, dict(_decided(rulebase, name, table.fields)))
        for name, table in usual.items()
    }


def _decided(rulebase: RuleBase, name: str, usual: Fields) -> Iterator[tuple[str, Mapping[Any, Fields]]]:
    """Each choice of which some value makes the loader ask for other fields, with the fields of every value."""
    for key, field in usual.items():
        if field.kind == "choice":
            by_value = {value: _asked(rulebase, (name, key, value))[name].fields for value in field.values}
            if any(fields != usual for fields in by_value.values()):
                yield key, by_value


def _asked(rulebase: RuleBase, pick: Pick | None = None) -> dict[str, Probe]:
    """The top tables that the loader reads, each with what it was asked for."""
    loader = _Asking(rulebase, pick)
    question = loader.read(rulebase)
    return {**loader.asked, "question": question}


class Probe(Table):
    """A table that is not there. It answers with anything, and keeps the fields that were asked for."""

    def __init__(self, loader: Loader, name: str, single: bool, pick: Pick | None = None) -> None:
        super().__init__(loader, _NO_FILE, name, 0, {})
        self.single, self.pick = single, pick
        self.fields: dict[str, Field] = {}

    def keep(self, key: str, kind: str, required: bool = False, values: Iterable[Any] = ()) -> None:
        """Remember what is read under a key."""
        self.fields.setdefault(key, Field(kind, required, tuple(values)))

    def fault(self, key: str, what: str, hint: str = "") -> None:
        """What is not there is not wrong."""

    def _get(self, key: str, kind: type, default: Any, kind_name: str) -> Any:  # noqa: ARG002
        """What the loader reads without a reader of its own."""
        self.keep(key, "words" if kind is dict else "groups", default is None)
        return kind()

    def text(self, key: str, default: str | None = None) -> str:
        self.keep(key, "text" if default is not None else "filled text", default is None)
        return key

    def whole(self, key: str, default: int | None = None) -> int:
        self.keep(key, "whole", default is None)
        return 0

    def flag(self, key: str) -> bool:
        self.keep(key, "flag")
        return False

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        self.keep(key, "texts" if default is not None else "filled texts", default is None)
        return ()

    def choice(self, key: str, values: Sequence[Any], default: Any = None) -> Any:
        self.keep(key, "choice", default is None, values)
        chosen = self.pick is not None and self.pick[:2] == (self.name, key)
        return self.pick[2] if self.pick and chosen else values[0]

    def choices(self, key: str, values: Sequence[str]) -> tuple[str, ...]:
        self.keep(key, "choices", values=values)
        return ()

    def rows(self, key: str, findings: Sequence[str] = (), required: bool = False) -> tuple[Row, ...]:
        self.keep(key, "rows", required, findings)
        return ()

    def flag_or_rows(self, key: str) -> bool:
        self.keep(key, "flag or rows")
        return False

    def condition(self, findings: Sequence[str] = (), when: str = "when", required: bool = True) -> Condition:
        self.rows(when, findings, required)
        self.rows("unless", findings)
        return EVERYBODY

    def id(self) -> str:
        self.keep("id", "id", required=True)
        return "id"

    def examples(self, key: str) -> tuple[Mapping[str, Any], ...]:
        self.keep(key, "examples")
        return ()

    def tables(self, key: str) -> Iterator[Table]:
        yield from self._below(key, "tables")

    def table(self, key: str) -> Iterator[Table]:
        yield from self._below(key, "table")

    def _below(self, key: str, kind: str) -> Iterator[Table]:
        below = Probe(self.loader, f"{self.name}.{key}", kind == "table", self.pick)
        yield below
        self.fields[key] = Field(kind, below=below.fields)

    def finish(self) -> None:
        """There is nothing in it that could be unknown."""


class _Asking(Loader):
    """The loader, with one probe for every kind of table."""

    def __init__(self, rulebase: RuleBase, pick: Pick | None) -> None:
        super().__init__(Path(), examples=True)
        self.vocabulary = vocabulary_of(rulebase)
        self.pick = pick
        self.asked: dict[str, Probe] = {}

    def read(self, rulebase: RuleBase) -> Probe:
        """Ask for everything that is in a rule base; the probe of a question, which is read in two goes."""
        questions = self._questions([])
        question = self.asked["question"]
        for one in questions.values():
            self._with_conditions(one, question)
        list(self._dispositions([]))
        self._rulebase([], dict(rulebase.dispositions))
        return question

    def _option(self, table: Table) -> Option:
        table.rows("show")  # read with the other conditions of a question, when all questions are known
        return super()._option(table)

    def _limit(self, table: Table) -> Limit:
        table.rows("when", required=True)
        return super()._limit(table)

    def _action(self, table: Table, files: Iterable[TomlFile]) -> Mapping[str, str]:  # noqa: ARG002
        if isinstance(table, Probe):
            table.keep("action", "by voice", required=True)
        return {}

    def _tables(self, files: Iterable[TomlFile], name: str) -> Iterator[Table]:  # noqa: ARG002
        yield self._probe(name, single=False)

    def _single(self, files: Iterable[TomlFile], name: str) -> Table:  # noqa: ARG002
        return self._probe(name, single=True)

    def _probe(self, name: str, single: bool) -> Probe:
        return self.asked.setdefault(name, Probe(self, name, single, self.pick))
