"""An assessment as the dictionary of the JSON contract. Keys are only ever added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from triage.knowledge.model import Advice, Answer, Answers, Assessment, Facts, Reason, RuleBase
from triage.knowledge.voices import rules_in_voice
from triage.output.content import NOTHING_MORE, Wanted
from triage.output.contract import SCHEMA, AdviceData, AssessmentData, Behind, Explained, SignData
from triage.output.explanation import as_data, what_if_as_data, why_not_as_data
from triage.output.text import headline
from triage.reasoning.explain import AT_MOST, how, what_if, why_not


def as_dict(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> AssessmentData:
    """Plain data, ready for json.dumps; the key order is that of the contract, then what was added to it."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    return {**_contract(rulebase, assessment), **_explained(rulebase, assessment, wanted)}


def _explained(rulebase: RuleBase, assessment: Assessment, wanted: Wanted) -> Explained:
    """How it was concluded and why not otherwise, if wanted."""
    added: Explained = {}
    if wanted.how:
        added["how"] = as_data(how(rulebase, assessment))
    if wanted.why_not:
        added["why_not"] = [why_not_as_data(why_not(rulebase, assessment, name)) for name in wanted.why_not]
    return added


def _contract(rulebase: RuleBase, assessment: Assessment) -> AssessmentData:
    level = assessment.disposition
    answers = assessment.answers
    return {
        "schema": SCHEMA,
        "complete": assessment.complete,
        "disposition": level.id,
        "see_doctor": assessment.see_doctor,
        "pharmacist": assessment.pharmacist is not None,
        "say": headline(assessment),
        "time": level.time if assessment.complete or assessment.see_doctor else "",
        "red_flags": [
            {
                "id": fired.flag.id,
                "title": fired.flag.title,
                "disposition": fired.flag.disposition,
                "because": fired.flag.because,
                "place": rulebase.places.get(fired.flag.place),
                "notes": list(fired.flag.notes),
                "answers": _answers(fired.answers, answers),
                "sources": list(fired.flag.sources),
            }
            for fired in assessment.red_flags
        ],
        "causes": [
            {
                "id": ranked.cause.id,
                "name": ranked.cause.title,
                "group": ranked.cause.group,
                "score": ranked.score,
                "for": [_reason(r, answers) for r in ranked.speaks_for],
                "against": [_reason(r, answers) for r in ranked.speaks_against],
                "sources": list(ranked.cause.sources),
            }
            for ranked in assessment.causes
        ],
        "needs_checking": [
            {
                "id": fired.cause.id,
                "name": fired.cause.title,
                "because": fired.cause.because,
                "red_flags": list(fired.flags),
                "sources": list(fired.cause.sources),
            }
            for fired in assessment.needs_checking
        ],
        "relief": [_advice(a) for a in assessment.relief],
        "prevention": [_advice(a) for a in assessment.prevention],
        "do_not": [_advice(a) for a in assessment.do_not],
        "myths": [_advice(a) for a in assessment.myths],
        "withheld": [
            {"id": w.advice.id, "title": w.advice.title, "because": "; ".join(w.because)} for w in assessment.withheld
        ],
        "checks": [
            {
                "id": check.id,
                "title": check.title,
                "strength": check.strength,
                "because": check.because,
                "note": check.note,
                "sources": list(check.sources),
            }
            for check in assessment.checks
        ],
        "notes": [{"id": n.id, "line": n.title, "sources": list(n.sources)} for n in assessment.notes],
        "safety_net": _safety_net(assessment),
        "missing": list(assessment.missing),
        "pending": list(assessment.pending),
        "voice": assessment.voice,
        "answers": {name: _answer(answer) for name, answer in answers.items()},
        "rulebase": {"version": rulebase.about.version, "sha256": rulebase.sha256},
        "what_if": what_if_as_data(rulebase, assessment, what_if(rulebase, assessment)[:AT_MOST]),
    }


def as_text(document: Mapping[str, Any], indent: int | None = None) -> str:
    """The document as JSON; what could drive a terminal (or is no text, in a file name) is escaped."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    )


def _answer(answer: Answer) -> int | str | list[str]:
    return list(answer) if isinstance(answer, tuple) else answer


def _answers(facts: Facts, answers: Answers) -> Behind:
    """The answers behind a rule: a number as it was given, options sorted."""
    behind: Behind = {}
    for name, options in sorted(facts.items()):
        given = answers.get(name)
        behind[name] = given if isinstance(given, int) else sorted(options)
    return behind


def _reason(reason: Reason, answers: Answers) -> SignData:
    return {
        "id": reason.rule,
        "because": reason.because,
        "weight": reason.weight,
        "answers": _answers(reason.answers, answers),
    }


def _advice(advice: Advice) -> AdviceData:
    return {
        "id": advice.id,
        "title": advice.title,
        "steps": list(advice.steps),
        "grade": advice.grade,
        "sources": list(advice.sources),
    }


def _safety_net(assessment: Assessment) -> list[str]:
    net = assessment.safety_net
    if net is None:
        return []
    return [f"{net.say_today} {'; '.join(net.today)}.", f"{net.say_emergency} {'; '.join(net.emergency)}."]


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The document as JSON: on one line, with its name, where it is one of several files."""
    document = as_dict(rulebase, assessment, wanted)
    return as_text({**document, "file": wanted.file}) if wanted.file else as_text(document, indent=2)
