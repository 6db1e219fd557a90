"""Where resources stand in a text: alone, in a Bundle, or one of either a line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from triage.exchange.fhir.codes import Json
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.toml_file import refuse_extremes

RESPONSE, BUNDLE = "QuestionnaireResponse", "Bundle"
LINES = (".ndjson", ".jsonl")  # ends of the names of files with a resource a line
# FHIR: what cannot be understood here may turn the meaning of the rest round, so it must not be passed over.
MODIFIERS = ("modifierExtension", "implicitRules")

MORE: Json = {"resourceType": "next page"}  # stands for what a server has not sent yet
MORE_SAID = "a page of several: the server has more answers, which are not here"
Found = tuple[str, Json | FaultyInput]  # where it stands, and a resource, or why there is none


def found_in(name: str, text: str) -> Iterator[Found]:
    """Every resource of a file, of whatever type; those in Bundles in their place. Raises FaultyInput where it is no JSON."""
    if not name.lower().endswith(LINES) and not _is_whole(text.lstrip().partition("\n")[0]):
        return found_within(name, parsed(name, text))
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) == 1:
        return found_within(name, parsed(name, text))
    return (one for n, line in lines for one in found_on_line(f"{name}:{n}", line))


def found_on_line(place: str, line: str) -> Iterator[Found]:
    """The resources of one line of NDJSON. `place` names its file and itself."""
    try:
        yield from found_within(place, parsed(place, line))
    except FaultyInput as error:
        yield place, FaultyInput(fault._replace(line=0) for fault in error.faults)


def found_within(place: str, resource: Json) -> Iterator[Found]:
    """A resource; of a Bundle those of its entries, and MORE. An entry without one tells of something that is not here."""
    entries = resource.get("entry", [])
    if resource.get("resourceType") != BUNDLE:
        yield place, resource
    elif resource.get("type") == "history":
        yield place, _fault(place, "LCT530", "a history: it holds answers that were changed or taken back since")
    elif not isinstance(entries, list):
        yield place, _fault(place, "LCT521", "entry: must be a list")
    else:
        if any(isinstance(link, dict) and link.get("relation") == "next" for link in _list(resource.get("link"))):
            yield place, MORE
        for n, entry in enumerate(entries):
            inner = entry.get("resource", {}) if isinstance(entry, dict) else None
            if not isinstance(inner, dict):
                yield (
                    f"{place}:entry[{n}]",
                    _fault(f"{place}:entry[{n}]", "LCT521", "must be an object with a resource"),
                )
            elif inner:  # who reads it sees to the modifiers around it
                around = {key: one[key] for one in (resource, entry) for key in MODIFIERS if key in one}
                yield from found_within(f"{place}:entry[{n}]", {**inner, **around})


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _is_whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def parsed(name: str, text: str) -> Json:
    """A resource as it stands in a text. Raises FaultyInput where it is none."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        made: Json = {}
        for key, value in pairs:
            if key in made:
                raise _fault(name, "LCT512", f'"{key}" is given twice in one object')
            made[key] = value
        return made

    try:
        data = json.loads(text, object_pairs_hook=once, parse_constant=int)  # int("NaN"): ValueError
        if not isinstance(data, dict):
            raise _fault(name, "LCT513", f"must be an object, a {RESPONSE}")
        refuse_extremes(data)
    except json.JSONDecodeError as error:
        raise _fault(name, "LCT510", f"not JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError):
        raise _fault(name, "LCT511", "not JSON: nested too deeply, or a number that is none or too large") from None
    return data


def _fault(name: str, code: str, what: str, line: int = 0) -> FaultyInput:
    return FaultyInput([Fault(name, line, what, code=code)])
