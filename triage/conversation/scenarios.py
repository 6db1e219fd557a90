"""Scenario files: answers and what must follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from triage.conversation.answers import EXPECT, AnswerFile, read_toml
from triage.conversation.interview import assess_so_far
from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed
from triage.knowledge.model import RuleBase
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

SUFFIX = ".toml"
NOT = "not_"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario: what came out, and in which ways it differs from what was expected."""

    file: AnswerFile
    assessment: Assessment
    differences: tuple[str, ...]


def find_scenarios(paths: list[Path]) -> list[Path]:
    """The scenario files under paths, each once, sorted. Raises FaultyInput if a path has none."""
    found: dict[Path, None] = {}
    for path in paths:
        files = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise FaultyInput([Fault(str(path), 0, f"no scenario files (*{SUFFIX}) in this folder", code="LCT420")])
        found.update(dict.fromkeys(files))
    return list(found)


def run_scenario(engine: Engine, path: Path) -> Outcome:
    """Run one scenario file. Raises FaultyInput where it is not one."""
    file = read_toml(path, engine.rulebase)
    fields = expected_fields(engine.rulebase)
    faults = Faults()
    for fault in _faults(file, fields):
        faults.append(fault)
    if faults:
        raise FaultyInput(faults)
    assessment = assess_so_far(engine, file.answers)
    return Outcome(file, assessment, tuple(differences(file.expect, fields, assessment)))


class Expected(NamedTuple):
    """A field of [expect]: what it takes, and what of a result it is compared with.

    `kind`: "flag", "id" (one of `ids`) or "ids" (a list of them). `never`: none of the list may be shown.
    """

    kind: str
    ids: tuple[str, ...]
    shown: Callable[[Assessment], Any]
    never: bool = False


def expected_fields(rulebase: RuleBase) -> dict[str, Expected]:
    """Every field that [expect] may have."""
    causes, advice, notes = rulebase.causes.values(), rulebase.advice.values(), rulebase.notes

    def kind(name: str) -> list[str]:
        return [one.id for one in advice if one.kind == name]

    # Of each list: which ids may stand in it, and what a result shows.
    listed: dict[str, tuple[Iterable[str], Callable[[Assessment], list[str]]]] = {
        "red_flags": (rulebase.red_flags, lambda found: [f.flag.id for f in found.red_flags]),
        "causes": ((c.id for c in causes if c.group != "check"), lambda found: [c.cause.id for c in found.causes]),
        "needs_checking": (
            (c.id for c in causes if c.group == "check"),
            lambda found: [c.cause.id for c in found.needs_checking],
        ),
        "relief": (kind("relief"), lambda found: _ids(found.relief)),
        "prevention": (kind("prevention"), lambda found: _ids(found.prevention)),
        "do_not": (kind("do_not"), lambda found: _ids(found.do_not)),
        "myths": (kind("myth"), lambda found: _ids(found.myths)),
        "replies": (kind("reply"), lambda found: _ids(found.replies)),
        "withheld": (rulebase.advice, lambda found: [w.advice.id for w in found.withheld]),
        "checks": (rulebase.checks, lambda found: _ids(found.checks)),
        "notes": (notes, lambda found: _ids(found.notes)),
        "first_notes": (notes, lambda found: _ids(n for n in found.notes if n.first)),
        "missing": (rulebase.questions, lambda found: list(found.missing)),
    }
    lists = {name: Expected("ids", tuple(ids), shown) for name, (ids, shown) in listed.items()}
    return {
        "disposition": Expected("id", tuple(_ids(rulebase.ladder)), lambda found: found.disposition.id),
        "see_doctor": Expected("flag", (), lambda found: found.see_doctor),
        "pharmacist": Expected("flag", (), lambda found: found.pharmacist is not None),
        "safety_net": Expected("flag", (), lambda found: found.safety_net is not None),
        "complete": Expected("flag", (), lambda found: found.complete),
        **lists,
        **{NOT + name: one._replace(never=True) for name, one in lists.items()},
    }


def _ids(entries: Iterable[Any]) -> list[str]:
    return [entry.id for entry in entries]


def _faults(file: AnswerFile, fields: Mapping[str, Expected]) -> Iterator[Fault]:
    if not file.expect:
        named = ", ".join([name for name, field in fields.items() if field.kind in ("id", "flag")])
        hint = f"fields: {named}, causes, ..."
        yield Fault(file.name, 0, "a scenario needs an [expect] table", hint, code="LCT421")
    for name, value in file.expect.items():
        fault = partial(Fault, file.name, file.toml.line(EXPECT, key=name) if file.toml else 0)
        if name not in fields:
            yield fault(f'unknown field "{name}" in [expect]', allowed(name, fields), "LCT422")
            continue
        field = fields[name]
        takes, is_one = _SHAPES[field.kind]
        if not is_one(value):
            yield fault(f"{name}: must be {takes}", "", "LCT423")
        elif field.kind != "flag":
            unknown = [item for item in ([value] if field.kind == "id" else value) if item not in field.ids]
            yield from (fault(f'{name}: unknown id "{item}"', allowed(item, field.ids), "LCT424") for item in unknown)


# What the value of a field must be, by its kind: in words, and the test.
_SHAPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "id": ("an id, in quotes", lambda value: isinstance(value, str)),
    "ids": ("a list of ids", lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value)),
}


def differences(expect: Mapping[str, Any], fields: Mapping[str, Expected], assessment: Assessment) -> Iterator[str]:
    """Each way in which a result is not as the [expect] table of a scenario says, in words.

    A list must be among what is shown, in this order; an empty one means none at all.
    """
    if "complete" not in expect and "missing" not in expect and not assessment.complete:
        yield f"not complete: missing {', '.join(assessment.missing)}"
    for name, wanted in expect.items():
        field, got = fields[name], fields[name].shown(assessment)
        if field.never:
            yield from (f"{name}: {item} is shown" for item in wanted if item in got)
            continue
        compared = [item for item in got if item in wanted] if field.kind == "ids" and wanted else got
        if compared != wanted:
            yield f"{name}: expected {_said(wanted)}, got {_said(got)}"


def _said(value: Any) -> str:
    """The value of a field, in words."""
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
