"""Scenario files: answers and what must follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from triage.conversation.answers import EXPECT, AnswerFile, read_toml
from triage.conversation.interview import missing_from
from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed
from triage.knowledge.model import Assessment, RuleBase
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

SUFFIX = ".toml"
LEVEL, SCORES = "disposition", "scores"
FLAGS = ("see_doctor", "pharmacist", "safety_net", "complete")
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
            raise FaultyInput([Fault(str(path), 0, f"no scenario files (*{SUFFIX}) in this folder")])
        found.update(dict.fromkeys(files))
    return list(found)


def shown_ids(assessment: Assessment) -> dict[str, list[str]]:
    """What a result shows, by the names that [expect] uses."""
    return {
        "red_flags": [f.flag.id for f in assessment.red_flags],
        "causes": [c.cause.id for c in assessment.causes],
        "needs_checking": [c.cause.id for c in assessment.needs_checking],
        "relief": [a.id for a in assessment.relief],
        "prevention": [a.id for a in assessment.prevention],
        "do_not": [a.id for a in assessment.do_not],
        "myths": [a.id for a in assessment.myths],
        "withheld": [w.advice.id for w in assessment.withheld],
        "checks": [c.id for c in assessment.checks],
        "notes": [n.id for n in assessment.notes],
        "first_notes": [n.id for n in assessment.notes if n.first],
        "missing": list(assessment.missing),
    }


def run_scenario(engine: Engine, path: Path) -> Outcome:
    """Run one scenario file. Raises FaultyInput where it is not one."""
    file = read_toml(path, engine.rulebase)
    faults = Faults()
    for fault in _faults(file, engine.rulebase):
        faults.append(fault)
    if faults:
        raise FaultyInput(faults)
    assessment = assess(engine, file.answers, missing_from(engine, file.answers))
    return Outcome(file, assessment, tuple(differences(file.expect, assessment)))


class Expected(NamedTuple):
    """What a field of [expect] takes: "flag", "id" (one of `ids`), "ids" (a list of them) or "scores" (of them)."""

    kind: str
    ids: tuple[str, ...] = ()


def expected_fields(rulebase: RuleBase) -> dict[str, Expected]:
    """Every field that [expect] may have."""
    lists = _known_ids(rulebase)
    levels = tuple(level.id for level in rulebase.ladder)
    return {
        LEVEL: Expected("id", levels),
        **{name: Expected("flag") for name in FLAGS},
        SCORES: Expected("scores", lists["causes"]),
        **{name: Expected("ids", ids) for name, ids in lists.items()},
        **{NOT + name: Expected("ids", ids) for name, ids in lists.items()},
    }


def _faults(file: AnswerFile, rulebase: RuleBase) -> Iterator[Fault]:
    fields = expected_fields(rulebase)
    if not file.expect:
        named = ", ".join((LEVEL, *FLAGS))
        yield Fault(file.name, 0, "a scenario needs an [expect] table", f"fields: {named}, causes, ...")
    for field, value in file.expect.items():
        line = file.toml.line(EXPECT, key=field) if file.toml else 0
        if field not in fields:
            yield Fault(file.name, line, f'unknown field "{field}" in [expect]', allowed(field, fields))
            continue
        for what, hint in _wrong(field, value, fields[field]):
            yield Fault(file.name, line, what, hint)


def _wrong(field: str, value: Any, expected: Expected) -> Iterator[tuple[str, str]]:
    """What is wrong with the value of a field, and a hint."""
    if expected.kind == "scores":
        yield from _wrong_scores(value, expected.ids)
    elif expected.kind == "flag":
        if not isinstance(value, bool):
            yield f"{field}: must be true or false", ""
    elif expected.kind == "id":
        if value not in expected.ids:
            yield f'unknown {field} "{value}"', allowed(value, expected.ids)
    elif not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        yield f"{field}: must be a list of ids", ""
    else:
        yield from (
            (f'{field}: unknown id "{item}"', allowed(item, expected.ids)) for item in value if item not in expected.ids
        )


def _wrong_scores(value: Any, causes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a table of scores, and a hint."""
    if not isinstance(value, dict):
        yield f"{SCORES}: must be a table of causes and whole numbers", "like { cause-id = 3 }"
        return
    for cause, score in value.items():
        if cause not in causes:
            yield f'{SCORES}: unknown id "{cause}"', allowed(cause, causes)
        elif not isinstance(score, int) or isinstance(score, bool):
            yield f"{SCORES}: {cause}: must be a whole number", ""


def _known_ids(rulebase: RuleBase) -> dict[str, tuple[str, ...]]:
    """The ids that may stand in each list of [expect]."""
    causes, advice = rulebase.causes.values(), rulebase.advice.values()

    def of_kind(kind: str) -> tuple[str, ...]:
        return tuple(a.id for a in advice if a.kind == kind)

    return {
        "red_flags": tuple(rulebase.red_flags),
        "causes": tuple(c.id for c in causes if c.group != "check"),
        "needs_checking": tuple(c.id for c in causes if c.group == "check"),
        "relief": of_kind("relief"),
        "prevention": of_kind("prevention"),
        "do_not": of_kind("do_not"),
        "myths": of_kind("myth"),
        "withheld": tuple(rulebase.advice),
        "checks": tuple(rulebase.checks),
        "notes": tuple(rulebase.notes),
        "first_notes": tuple(rulebase.notes),
        "missing": tuple(rulebase.questions),
    }


def differences(expect: Mapping[str, Any], assessment: Assessment) -> Iterator[str]:
    """Each way in which a result is not as the [expect] table of a scenario says, in words."""
    plain = {
        LEVEL: assessment.disposition.id,
        "see_doctor": assessment.see_doctor,
        "pharmacist": assessment.pharmacist is not None,
        "safety_net": assessment.safety_net is not None,
        "complete": assessment.complete,
    }
    shown = shown_ids(assessment)
    if "complete" not in expect and "missing" not in expect and not assessment.complete:
        yield f"not complete: missing {', '.join(assessment.missing)}"
    for field, wanted in expect.items():
        if field in plain:
            if plain[field] != wanted:
                yield f"{field}: expected {_word(wanted)}, got {_word(plain[field])}"
        elif field == SCORES:
            scores = {c.cause.id: c.score for c in assessment.causes}
            if scores != wanted:
                yield f"{SCORES}: expected {_scores(wanted)}, got {_scores(scores)}"
        elif field.startswith(NOT):
            got = shown[field.removeprefix(NOT)]
            for item in wanted:
                if item in got:
                    yield f"{field}: {item} is shown"
        else:
            yield from _list_difference(field, wanted, shown[field])


def _list_difference(field: str, wanted: list[str], got: list[str]) -> Iterator[str]:
    """`wanted` must be among `got`, in this order; an empty list means none at all."""
    among = [item for item in got if item in wanted]
    if among != wanted or (not wanted and got):
        yield f"{field}: expected {', '.join(wanted) or 'none'}, got {', '.join(got) or 'none'}"


def _scores(scores: Mapping[str, int]) -> str:
    return ", ".join(f"{cause} {scores[cause]}" for cause in sorted(scores)) or "none"


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
