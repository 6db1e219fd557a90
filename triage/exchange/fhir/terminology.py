"""What the codes mean: a CodeSystem for each system of the project, a ValueSet for the options of each question.

They stand in a Bundle with the Questionnaire, not in it: its items list their options themselves (forms read those), and
a resource may contain only what it refers to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from triage.exchange.fhir import codes
from triage.exchange.fhir.bundle import LABELS
from triage.exchange.fhir.codes import Json, canonical, code_system, filled, options_of
from triage.exchange.fhir.questionnaire import questionnaire
from triage.knowledge.model import Disposition, Entry, RuleBase
from triage.knowledge.voices import rules_in_voice

Concepts = Iterable[tuple[str, str, str]]  # codes, words, and what is said besides


def as_text(rulebase: RuleBase) -> str:
    """The Bundle as JSON text."""
    resources = [questionnaire(rulebase), *terminology(rulebase)]
    entries = [{"fullUrl": one["url"], "resource": one} for one in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=2, ensure_ascii=False)


def terminology(rulebase: RuleBase) -> Iterator[Json]:
    """All CodeSystems and ValueSets of the project."""
    rulebase = rules_in_voice(rulebase)
    version = rulebase.about.version
    for question in rulebase.questions.values():
        if question.options:
            concepts = [(option.id, option.text, option.detail) for option in question.options]
            yield from _answers(options_of(question), question.text, version, concepts)
    titled: dict[str, Mapping[str, Entry | Disposition]] = {
        codes.DISPOSITIONS: rulebase.dispositions,
        codes.RED_FLAGS: rulebase.red_flags,
        codes.CAUSES: rulebase.causes,
        codes.ADVICE: rulebase.advice,
        codes.CHECKS: rulebase.checks,
    }
    for url, rules in titled.items():
        yield _system(url, _name(url), version, [(rule.id, rule.title, "") for rule in rules.values()])
    yield _system(codes.QUESTIONS, "questions", version, [(q.id, q.text, "") for q in rulebase.questions.values()])
    for name, labels in LABELS.items():
        yield _system(code_system(f"{name}s"), name, version, _labels(labels))


def _labels(labels: Mapping[str, str]) -> Concepts:
    return [(code, words, "") for code, words in labels.items() if words]


def _answers(system: str, title: str, version: str, concepts: Concepts) -> Iterator[Json]:
    """A CodeSystem of options, and the ValueSet of all of them."""
    made = _system(system, title, version, concepts)
    everything = canonical("ValueSet", _name(system))
    yield {**made, "valueSet": everything}
    yield {**_head("ValueSet", everything, title, version), "compose": {"include": [{"system": system}]}}


def _system(url: str, title: str, version: str, concepts: Concepts) -> Json:
    meant = [filled({"code": code, "display": words, "definition": more}) for code, words, more in concepts]
    more = {"caseSensitive": True, "content": "complete", "count": len(meant), "concept": meant}
    return {**_head("CodeSystem", url, title, version), **more}


def _head(kind: str, url: str, title: str, version: str) -> Json:
    name = "".join(part.capitalize() for part in _name(url).split("-"))
    fields = {"id": _name(url), "language": "en", "url": url, "version": version, "name": name, "title": title}
    return {"resourceType": kind, **fields, "status": "draft"}


def _name(url: str) -> str:
    return url.rpartition("/")[2]
