"""Results as bytes: rows of CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from functools import partial
from io import BytesIO
from math import isfinite
from typing import TYPE_CHECKING, Any

from triage.knowledge.model import RuleBase
from triage.scale.plan import CSV, HASH_DIGITS, JOINS, LISTS, PARQUET, RESULT, TRUTHS, Plan
from triage.scale.rowsets import Column
from triage.scale.source import needed_for_parquet

if TYPE_CHECKING:
    from triage.scale.tables import RowOutcome

CR_LF = "\r\n"
_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode
Result = tuple[Any, ...]  # the values of RESULT


class Target:
    """The rows of an output: what is carried through, then the results."""

    def __init__(self, plan: Plan, rulebase: RuleBase) -> None:
        self._plan, self._sha256 = plan, rulebase.sha256
        self.carried = [n for n, column in enumerate(plan.columns) if column not in rulebase.questions]
        self._names = [plan.columns[n] for n in self.carried]
        self.kept = self.carried if plan.source.format == plan.target.format == PARQUET else []

    def head(self) -> bytes:
        """What stands before the first row; for a packed file never nothing, which would not be unpacked."""
        return self._packed(_csv([[*self._names, *RESULT]]) if self._plan.target.format == CSV else "")

    def part(self, carried: Sequence[Sequence[Any]], outcomes: Column[RowOutcome]) -> bytes:
        """The rows of a chunk; `carried`: a column for each of `self.carried`, from Arrow if it is in `self.kept`."""
        found = outcomes.mapped(self._result)
        if self._plan.target.format == PARQUET:
            return self._as_parquet(carried, found)
        text = self._as_csv(carried, found) if self._plan.target.format == CSV else self._as_json(carried, found)
        return self._packed(text) if text else b""

    def _result(self, outcome: RowOutcome) -> Result:
        return result(outcome, self._sha256)

    def _as_csv(self, carried: Sequence[Sequence[Any]], found: Column[Result]) -> str:
        texts = self._plan.source.format == CSV
        columns = carried if texts else [list(map(as_text, column)) for column in carried]
        if any(map(_has_marks, columns)):
            rows = (map(_flat, values) for values in found.rows())
            return _csv([*cells, *ends] for *cells, ends in zip(*columns, rows, strict=True))
        ends = found.mapped(lambda values: ",".join(map(_flat, values)) + "\n")
        return "".join(map(",".join, zip(*columns, ends.rows(), strict=True)))

    def _as_json(self, carried: Sequence[Sequence[Any]], found: Column[Result]) -> str:
        members = [map(partial(_member, name), column) for name, column in zip(self._names, carried, strict=True)]
        ends = found.mapped(lambda values: ", ".join(map(_member, RESULT, values)))
        return "".join(f"{{{', '.join(record)}}}\n" for record in zip(*members, ends.rows(), strict=True))

    def _as_parquet(self, carried: Sequence[Sequence[Any]], found: Column[Result]) -> bytes:
        pyarrow = needed_for_parquet()
        columns = dict(zip(self._names, carried, strict=True))
        if not self.kept:
            for name, values in columns.items():
                columns[name] = pyarrow.array([None if v is None else as_text(v) for v in values], pyarrow.string())
        several = pyarrow.list_(pyarrow.string())
        codes = pyarrow.array(found.codes, pyarrow.int32())
        for n, name in enumerate(RESULT):
            typed = pyarrow.bool_() if name in TRUTHS else several if name in LISTS else pyarrow.string()
            columns[name] = pyarrow.array([values[n] for values in found.values], typed).take(codes)
        file = BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
        return file.getvalue()

    def _packed(self, text: str) -> bytes:
        """Text as it is written; pieces that are packed one by one may follow each other in a file."""
        data = text.encode()
        return gzip.compress(data, mtime=0) if self._plan.target.packed else data


def result(outcome: RowOutcome, sha256: str) -> Result:
    """The values of RESULT; no level and no word on a doctor where they are not known. `sha256`: of the rule base."""
    level = outcome.known
    return (level and level.id, level and level.see_doctor, *outcome[1:], sha256[:HASH_DIGITS])


def _has_marks(column: Iterable[str]) -> bool:
    """Whether some cell needs quotes."""
    text = "".join(column)
    return any(mark in text for mark in '",\r\n')


class _Lines(list[str]):
    """What is written to, line by line."""

    def write(self, line: str) -> None:
        self.append(f"{line.removesuffix(CR_LF)}\n")


def _csv(rows: Iterable[Iterable[str]]) -> str:
    lines = _Lines()
    csv.writer(lines, lineterminator=CR_LF).writerows(rows)  # with LF alone some versions leave a CR without quotes
    return "".join(lines)


def _member(name: str, value: Any) -> str:
    return f"{_encoded(name)}: {_json(value)}"


def _json(value: Any) -> str:
    try:
        return _encoded(value)
    except ValueError:
        return _encoded(_with_null(value))


def _with_null(value: Any) -> Any:
    """The same with null for NaN and Infinity, which JSON has no numbers for."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_with_null(one) for one in value]
    return {name: _with_null(one) for name, one in value.items()} if isinstance(value, dict) else value


def _flat(value: Any) -> str:
    """A value of a result in a cell of CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else JOINS.join(value)


def as_text(value: Any) -> str:
    """A value of any input as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, dict)):
        return _json(value)
    return "" if value is None else json.dumps(value) if isinstance(value, (int, float)) else str(value)
