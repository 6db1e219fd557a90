"""A result as a FHIR R4 Bundle: what a receiving system needs to find in it, coded and in words.

A GuidanceResponse (how urgent, why, what is missing), a RiskAssessment (causes, without any
odds), a CarePlan (a proposal) and the answers. docs/fhir.md says what stands where.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from triage.exchange.fhir import codes
from triage.exchange.fhir.codes import Json, canonical, code_system, coding, concept, extension, text
from triage.exchange.fhir.response import as_response
from triage.knowledge.model import Advice, Answer, Assessment, Check, Disposition, Entry, FiredFlag, RuleBase, chosen
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import GRADES, STRENGTHS
from triage.output.as_json import json_text
from triage.output.explanation import explained
from triage.output.screen import WIDEST
from triage.output.text import whole
from triage.output.view import NOTHING_MORE, ShownCause, View, Wanted, deciding, view_of, year_of
from triage.reasoning.assessment import most_urgent
from triage.version import __version__

# Code systems that only a result needs.
PARTS = code_system("parts")
EVIDENCE = code_system("evidence-grades")
CHECK_STRENGTHS = code_system("check-strengths")
CAUSE_GROUPS = code_system("cause-groups")

# Extensions: what R4 has no element for.
PART = canonical("StructureDefinition", "part")
SOURCE = canonical("StructureDefinition", "source")
GRADE = canonical("StructureDefinition", "evidence-grade")
STRENGTH = canonical("StructureDefinition", "check-strength")
GROUP = canonical("StructureDefinition", "cause-group")

FILES = canonical("NamingSystem", "answer-files")

DISPOSITION, PHARMACIST, CHECKS = "disposition", "pharmacist", "checks"
PART_NAMES = {
    DISPOSITION: "How urgently to see someone",
    PHARMACIST: "Whom to ask besides",
    "relief": "What to do now",
    "do_not": "What not to do",
    "prevention": "What may prevent it",
    CHECKS: "What to ask a doctor about",
}
GROUP_NAMES = {"everyday": "Fits the answers", "ask": "Worth asking about", "check": "Needs checking"}

# Ids follow from the content, so that the same answers on the same day give the same Bundle.
_NAMES = uuid5(NAMESPACE_URL, codes.BASE)


def as_bundle(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> Json:
    """A Bundle of type collection; without a day in `wanted` it names none.

    The person is a Patient without any data, contained in each resource: a Patient of its own
    would have the same id for two people who gave the same answers.
    """
    answers = _entry(as_response(rulebase, assessment.answers, "", wanted.answered, assessment.complete))
    rulebase = rules_in_voice(rulebase, assessment.voice)
    told = view_of(rulebase, assessment, wanted)
    device = _entry(_device(rulebase))
    links = _Links(_link(device), _link(answers))
    risks = _entry(_about_the_person(_risk_assessment(rulebase, told, links)))
    plan = _entry(_about_the_person(_care_plan(assessment, told, links, _link(risks))))
    guidance = _entry(_about_the_person(_guidance(rulebase, assessment, told, links, _link(plan))))
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [guidance, risks, plan, answers, device]}
    return _identified(bundle)


def of_file(bundle: Json, name: str) -> Json:
    """The Bundle with the name of the answer file that it came from."""
    return {**bundle, "identifier": {"system": FILES, "value": name}}


class _Links(NamedTuple):
    """References that several resources hold."""

    device: Json
    answers: Json


def _about_the_person(resource: Json) -> Json:
    contained = [{"resourceType": "Patient", "id": "person"}, *resource.get("contained", [])]
    return {**resource, "contained": contained, "subject": {"reference": "#person"}}


def _identified(resource: Json) -> Json:
    made = uuid5(_NAMES, json.dumps(resource, sort_keys=True))
    return {"resourceType": resource["resourceType"], "id": str(made), **resource}


def _entry(resource: Json) -> Json:
    whole = _identified(resource)
    return {"fullUrl": f"urn:uuid:{whole['id']}", "resource": whole}


def _link(entry: Json) -> Json:
    return {"reference": entry["fullUrl"]}


def _filled(fields: Json) -> Json:
    """The fields that hold something: FHIR allows no empty text and no empty list."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _device(rulebase: RuleBase) -> Json:
    about = rulebase.about
    return {
        "resourceType": "Device",
        "deviceName": [{"name": "leg-cramp-triage", "type": "model-name"}],
        "type": text("Questionnaire software"),
        "version": [
            {"type": text("program"), "value": __version__},
            {"type": text("rule base"), "value": about.version},
            {"type": text("rule base, SHA-256"), "value": rulebase.sha256},
        ],
        "note": [{"text": about.statement}],
    }


# --- how urgent, and why


def _guidance(rulebase: RuleBase, assessment: Assessment, told: View, links: _Links, plan: Json) -> Json:
    lines = [*(note.line for note in told.to_heed), "\n".join(explained(told, WIDEST)).strip()]
    return _filled(
        {
            "resourceType": "GuidanceResponse",
            "text": _narrative(told),
            "contained": [_parameters(rulebase, assessment, told, links.answers)],
            "moduleCanonical": f"{canonical('Library', 'rules')}|{rulebase.about.version}",
            "status": "success" if told.complete else "data-required",
            "occurrenceDateTime": told.day.isoformat() if told.day else None,
            "performer": links.device,
            "reasonCode": [_reason(fired) for fired in assessment.red_flags],
            "note": [{"text": line} for line in lines if line],
            "outputParameters": {"reference": "#result"},
            "result": plan,
            "dataRequirement": [_needed(rulebase, name) for name in assessment.missing],
        }
    )


def _narrative(told: View) -> Json:
    """The text result, for whoever looks at the resource as it is."""
    words = escape("\n".join(whole(told, WIDEST)))
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><pre>{words}</pre></div>'}


def _reason(fired: FiredFlag) -> Json:
    flag = fired.flag
    code = coding(codes.RED_FLAGS, flag.id, flag.title)
    return {"coding": [code], "text": f"{flag.title}. {flag.because}"}


def _needed(rulebase: RuleBase, name: str) -> Json:
    asked = coding(codes.QUESTIONS, name, rulebase.questions[name].text)
    return {"type": "QuestionnaireResponse", "codeFilter": [{"path": "item.linkId", "code": [asked]}]}


def _parameters(rulebase: RuleBase, assessment: Assessment, told: View, answers: Json) -> Json:
    """The result piece by piece. While questions are open the disposition is the least that it can be, or unknown."""
    net, beside = told.net, told.pharmacist
    given = [
        _parameter("complete", "Boolean", told.complete),
        *_disposition_parameter(rulebase, assessment, told),
        _parameter("say", "String", told.say),
        *(_parameter("first-step", "String", line) for line in told.first),
        *([_parameter("time", "String", told.time)] if told.time else []),
        *([_parameter("see-doctor", "Boolean", assessment.see_doctor)] if told.time else []),
        *([_parameter("pharmacist", "Boolean", beside)] if beside or told.complete else []),
        *(_flag_parameter(rulebase, assessment, fired) for fired in assessment.red_flags),
        *(_parts("withheld", _coded(codes.ADVICE, w), *_texts("because", w.reasons)) for w in told.withheld),
        *(_parts("myth", _coded(codes.ADVICE, m), *_texts("step", m.steps)) for m in told.myths),
        *_texts("more-urgent-if", (one.say for one in told.what_if)),
        *_texts("safety-net-today", net.today if net else ()),
        *_texts("safety-net-emergency", net.emergency if net else ()),
        *(_coded_question(rulebase, name, "missing") for name in assessment.missing),
        *(_source_parameter(rulebase, name) for name in _cited(assessment)),
        _parameter("answers", "Reference", answers),
    ]
    return {"resourceType": "Parameters", "id": "result", "parameter": given}


def _disposition_parameter(rulebase: RuleBase, assessment: Assessment, told: View) -> list[Json]:
    """The level; of open answers what is certain, and beside it what an open question may still take back."""
    level = assessment.disposition
    if told.complete:
        return [_level_parameter(DISPOSITION, level)]
    certain = (fired.flag for fired in assessment.red_flags if fired.flag.id not in assessment.pending)
    least = most_urgent(rulebase, certain)
    so_far = [_level_parameter("disposition-so-far", level)] if level.id != least.id else []
    return [*so_far, *([_level_parameter("disposition-at-least", least)] if least.see_doctor else [])]


def _level_parameter(name: str, level: Disposition) -> Json:
    return _parameter(name, "Coding", coding(codes.DISPOSITIONS, level.id, level.title))


def _flag_parameter(rulebase: RuleBase, assessment: Assessment, fired: FiredFlag) -> Json:
    flag = fired.flag
    level = rulebase.dispositions[flag.disposition]
    # What milder flags advise ("mention it at the next visit") must not take back "today".
    heeded = fired in deciding(assessment) or not assessment.disposition.stops
    return _parts(
        "red-flag",
        _coded(codes.RED_FLAGS, flag),
        _level_parameter(DISPOSITION, level),
        *([_parameter("pending", "Boolean", True)] if flag.id in assessment.pending else []),
        *_texts("because", [flag.because]),
        *_texts("place", [rulebase.places[flag.place]] if flag.place else []),
        *_texts("note", flag.notes if heeded else ()),
        *(_answer_parameter(rulebase, name, assessment.answers[name], fired.answers[name]) for name in fired.answers),
        *(_parameter("source", "Code", name) for name in flag.sources),
    )


def _answer_parameter(rulebase: RuleBase, name: str, answer: Answer, options: Iterable[str]) -> Json:
    """An answer behind a red flag: the number as it was given, or those of the chosen options that count."""
    question = rulebase.questions[name]
    counting = [option for option in chosen(answer) if option in set(options)]
    values = [_parameter("option", "Coding", codes.option_coding(question, question.option(o))) for o in counting]
    number = [_parameter("number", "Integer", answer)] if isinstance(answer, int) else []
    return _parts("answer", _coded_question(rulebase, name, "question"), *values, *number)


def _coded_question(rulebase: RuleBase, name: str, parameter: str) -> Json:
    return _parameter(parameter, "Coding", coding(codes.QUESTIONS, name, rulebase.questions[name].text))


def _parameter(name: str, kind: str, value: Any) -> Json:
    return {"name": name, f"value{kind}": value}


def _parts(name: str, *parts: Json) -> Json:
    return {"name": name, "part": list(parts)}


def _texts(name: str, texts: Iterable[str]) -> list[Json]:
    return [_parameter(name, "String", one) for one in texts if one]


def _coded(system: str, entry: Any) -> Json:
    return _parameter("code", "Coding", coding(system, entry.id, entry.title))


def _sources(entry: Entry) -> list[Json]:
    """Where an entry comes from: labels of the sources, which the parameters of the result hold in full."""
    return [extension(SOURCE, "Code", name) for name in entry.sources]


def _source_parameter(rulebase: RuleBase, name: str) -> Json:
    source = rulebase.sources[name]
    year = f", {year_of(source)}" if year_of(source) else ""
    said = f"{source.org}: {source.title}{year}"
    return _parameter(
        "source", "RelatedArtifact", _filled({"type": "citation", "label": name, "citation": said, "url": source.url})
    )


def _cited(assessment: Assessment) -> Iterable[str]:
    """The ids of all sources of a result, each once."""
    rules: list[Entry] = [fired.flag for fired in assessment.red_flags]
    rules += [*(ranked.cause for ranked in assessment.causes), *(found.cause for found in assessment.needs_checking)]
    rules += [*assessment.relief, *assessment.do_not, *assessment.prevention, *assessment.myths, *assessment.checks]
    return dict.fromkeys(name for entry in (*rules, *assessment.notes) for name in entry.sources)


# --- causes


def _risk_assessment(rulebase: RuleBase, told: View, links: _Links) -> Json:
    predictions = [_fitting(rulebase, cause) for cause in told.causes]
    for checking in told.needs_checking:
        cause = rulebase.causes[checking.id]
        predictions.append(_prediction(rulebase, cause.id, f"{cause.because} {checking.summary}".strip()))
    return _filled(
        {
            "resourceType": "RiskAssessment",
            "status": "final" if told.complete else "preliminary",
            "method": text("Rules that name what speaks for and against a cause; nothing says how likely one is."),
            "occurrenceDateTime": told.day.isoformat() if told.day else None,
            "performer": links.device,
            "basis": [links.answers],
            "prediction": predictions,
            "note": [] if predictions else [{"text": "This result names no cause."}],
        }
    )


def _fitting(rulebase: RuleBase, cause: ShownCause) -> Json:
    said = [cause.summary, *(f"For it: {sign.sentence}" for sign in cause.for_)]
    return _prediction(
        rulebase, cause.id, " ".join([*said, *(f"Against it: {sign.sentence}" for sign in cause.against)])
    )


def _prediction(rulebase: RuleBase, name: str, rationale: str) -> Json:
    cause = rulebase.causes[name]
    group = coding(CAUSE_GROUPS, cause.group, GROUP_NAMES[cause.group])
    return {
        "extension": [extension(GROUP, "Coding", group), *_sources(cause)],
        "outcome": concept(codes.CAUSES, cause.id, cause.title),
        "rationale": rationale,
    }


# --- what to do


def _care_plan(assessment: Assessment, told: View, links: _Links, risks: Json) -> Json:
    left_out = [f"Left out: {w.title}, because {'; and '.join(w.reasons)}." for w in told.withheld]
    return _filled(
        {
            "resourceType": "CarePlan",
            "status": "draft",
            "intent": "proposal",
            "title": f"Leg cramps: {assessment.disposition.title}" if told.time else "Leg cramps: not finished",
            "description": told.say,
            "created": told.day.isoformat() if told.day else None,
            "author": links.device,
            "supportingInfo": [links.answers, risks],
            "activity": list(_activities(assessment, told)),
            "note": [{"text": line} for line in (*left_out, *told.safety_net)],
        }
    )


def _activities(assessment: Assessment, told: View) -> Iterable[Json]:
    """Whom to see first, then what the level shows: nothing more in an emergency."""
    if told.time:
        yield _seeing(DISPOSITION, assessment.disposition, [told.say, *told.first], deciding(assessment))
    if beside := assessment.pharmacist:
        flags = [f for f in assessment.red_flags if f.flag.disposition == beside.id]
        yield _seeing(PHARMACIST, beside, [beside.say, *beside.more], flags)
    for part in ("relief", "do_not", "prevention"):
        for advice in getattr(assessment, part):
            yield _advice(part, advice)
    for check in assessment.checks:
        yield _check(check)


def _seeing(part: str, level: Disposition, lines: Iterable[str], flags: Iterable[FiredFlag]) -> Json:
    return _activity(
        part,
        kind="Task",
        code=concept(codes.DISPOSITIONS, level.id, level.title),
        reasonCode=[_reason(fired) for fired in flags],
        scheduledString=level.time,
        description="\n".join(lines),
    )


def _advice(part: str, advice: Advice) -> Json:
    """What not to do says so in its title. `doNotPerform` would turn that round once more."""
    graded = GRADES[advice.grade]
    grade = [extension(GRADE, "Coding", coding(EVIDENCE, advice.grade, graded))] if graded else []
    return _activity(
        part,
        [*grade, *_sources(advice)],
        kind="Task",
        code=concept(codes.ADVICE, advice.id, advice.title),
        description="\n".join(advice.steps),
    )


def _check(check: Check) -> Json:
    strength = extension(STRENGTH, "Coding", coding(CHECK_STRENGTHS, check.strength, STRENGTHS[check.strength]))
    return _activity(
        CHECKS,
        [strength, *_sources(check)],
        kind="ServiceRequest",
        code=concept(codes.CHECKS, check.id, check.title),
        reasonCode=[text(check.because)] if check.because else [],
        description=check.note,
    )


def _activity(part: str, extensions: Iterable[Json] = (), **detail: Any) -> Json:
    place = extension(PART, "Coding", coding(PARTS, part, PART_NAMES[part]))
    return {"extension": [place], "detail": _filled({"extension": list(extensions), "status": "not-started", **detail})}


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The Bundle as JSON: on one line, with the name of its file, where it is one of several."""
    bundle = as_bundle(rulebase, assessment, wanted)
    return json_text(of_file(bundle, wanted.file)) if wanted.file else json_text(bundle, indent=2)
