"""A result as a FHIR R4 Bundle: what a receiving system needs to find in it, coded and in words.

A GuidanceResponse (how urgent, why, what is missing), a RiskAssessment (causes, without any
odds), a CarePlan (a proposal) and the answers. docs/fhir.md says what stands where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from triage.exchange.fhir import codes
from triage.exchange.fhir.codes import Json, canonical, code_system, coding, extension, filled
from triage.exchange.fhir.response import as_response
from triage.knowledge.model import Cause, Disposition, Entry, RuleBase, chosen
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import GRADES, STRENGTHS, year_of
from triage.output.as_json import json_text
from triage.output.explanation import explained
from triage.output.screen import WIDEST
from triage.output.short import deciding
from triage.output.text import whole
from triage.output.view import NOTHING_MORE, View, Wanted, view_of
from triage.reasoning.assessment import most_urgent
from triage.reasoning.results import Assessment, FiredFlag
from triage.version import __version__

# What R4 has no element for: extensions by their names, with their codes in words. The code system has the name, too.
LABELS = {
    "part": {
        "disposition": "How urgently to see someone",
        "pharmacist": "Whom to ask besides",
        "relief": "What to do now",
        "do_not": "What not to do",
        "prevention": "What may prevent it",
        "checks": "What to ask a doctor about",
    },
    "evidence-grade": GRADES,
    "check-strength": STRENGTHS,
    "cause-group": {"everyday": "Fits the answers", "ask": "Worth asking about", "check": "Needs checking"},
}
CITES = canonical("StructureDefinition", "source")
FILE_NAMES = canonical("NamingSystem", "answer-files")

# Ids follow from the content, so that the same answers on the same day give the same Bundle.
_NAMES = uuid5(NAMESPACE_URL, codes.FHIR_BASE)


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The Bundle as JSON: on one line, with the name of its file (without the folder), where it is one of several."""
    named = {"identifier": {"system": FILE_NAMES, "value": PurePath(wanted.file).name}} if wanted.file else {}
    return json_text({**as_bundle(rulebase, assessment, wanted), **named}, indent=None if named else 2)


def as_bundle(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> Json:
    """A Bundle of type collection; without a day in `wanted` it names none.

    The person is a Patient without any data, contained in each resource: a Patient of its own
    would have the same id for two people who gave the same answers.
    """
    answers = _entry(as_response(rulebase, assessment.answers, "", wanted.answered, assessment.complete))
    rulebase = rules_in_voice(rulebase, assessment.voice)
    device = _entry(_device(rulebase))
    result = _Result(rulebase, assessment, view_of(rulebase, assessment, wanted), _link(device), _link(answers))
    risks = _entry(_risk_assessment(result))
    plan = _entry(_care_plan(result, _link(risks)))
    guidance = _entry(_guidance(result, _link(plan)))
    entries = [guidance, risks, plan, answers, device]
    return _identified({"resourceType": "Bundle", "type": "collection", "entry": entries})


class _Result(NamedTuple):
    """What the resources are made of: a result, all that the output room says of it, and what they refer to."""

    rulebase: RuleBase  # in the voice of the result
    found: Assessment
    told: View
    device: Json
    answers: Json

    @property
    def day(self) -> str | None:
        return self.told.day.isoformat() if self.told.day else None


def _identified(resource: Json) -> Json:
    made = uuid5(_NAMES, json.dumps(resource, sort_keys=True))
    return {"resourceType": resource["resourceType"], "id": str(made), **resource}


def _entry(resource: Json) -> Json:
    made = _identified(resource)
    return {"fullUrl": f"urn:uuid:{made['id']}", "resource": made}


def _link(entry: Json) -> Json:
    return {"reference": entry["fullUrl"]}


def _about_the_person(kind: str, **fields: Any) -> Json:
    """A resource whose subject is the person, with those of its fields that hold something."""
    contained = [{"resourceType": "Patient", "id": "person"}, *fields.get("contained", [])]
    return {"resourceType": kind, **filled(fields), "contained": contained, "subject": {"reference": "#person"}}


def _device(rulebase: RuleBase) -> Json:
    about = rulebase.about
    versions = {"program": __version__, "rule base": about.version, "rule base, SHA-256": rulebase.sha256}
    return {
        "resourceType": "Device",
        "deviceName": [{"name": "leg-cramp-triage", "type": "model-name"}],
        "type": {"text": "Questionnaire software"},
        "version": [{"type": {"text": what}, "value": value} for what, value in versions.items()],
        "note": [{"text": about.statement}],
    }


# --- codes


def _concept(system: str, rule: Entry | Disposition) -> Json:
    """A CodeableConcept: a rule of the rule base, and the same in words."""
    return {"coding": [coding(system, rule.id, rule.title)], "text": rule.title}


def _reason(fired: FiredFlag) -> Json:
    flag = fired.flag
    return {**_concept(codes.RED_FLAGS, flag), "text": f"{flag.title}. {flag.because}"}


def _asked(result: _Result, name: str) -> Json:
    return coding(codes.QUESTIONS, name, result.rulebase.questions[name].text)


def _label(name: str, code: str) -> list[Json]:
    """One of LABELS as an extension; none where the code means nothing in words."""
    words = LABELS[name][code]
    value = coding(code_system(f"{name}s"), code, words)
    return [extension(canonical("StructureDefinition", name), "Coding", value)] if words else []


def _sources(entry: Entry) -> list[Json]:
    """Where an entry comes from: labels of the sources, which the parameters of the result hold in full."""
    return [extension(CITES, "Code", name) for name in entry.sources]


# --- how urgent, and why


def _guidance(result: _Result, plan: Json) -> Json:
    found, told = result.found, result.told
    words, why = ("\n".join(said(told, WIDEST)) for said in (whole, explained))
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><pre>{escape(words)}</pre></div>'
    missing = [[{"path": "item.linkId", "code": [_asked(result, name)]}] for name in found.missing]
    return _about_the_person(
        "GuidanceResponse",
        text={"status": "generated", "div": div},
        contained=[{"resourceType": "Parameters", "id": "result", "parameter": list(_parameters(result))}],
        moduleCanonical=f"{canonical('Library', 'rules')}|{told.rulebase.version}",
        status="success" if found.complete else "data-required",
        occurrenceDateTime=result.day,
        performer=result.device,
        reasonCode=[_reason(fired) for fired in found.red_flags],
        note=[{"text": line} for line in (*(note.line for note in told.to_heed), why.strip()) if line],
        outputParameters={"reference": "#result"},
        result=plan,
        dataRequirement=[{"type": "QuestionnaireResponse", "codeFilter": one} for one in missing],
    )


def _parameters(result: _Result) -> Iterator[Json]:
    """The result piece by piece. While questions are open the disposition is the least that it can be, or unknown."""
    found, told, net = result.found, result.told, result.found.safety_net
    yield from _values("complete", "Boolean", found.complete)
    yield from _levels(result)
    yield from _values("say", "String", told.say)
    yield from _values("first-step", "String", *told.first)
    yield from _values("time", "String", told.time)
    yield from _values("see-doctor", "Boolean", found.see_doctor if told.time else None)
    yield from _values("pharmacist", "Boolean", told.pharmacist or (False if found.complete else None))
    for fired in found.red_flags:
        yield _parts("red-flag", *_red_flag(result, fired))
    for left in found.withheld:
        yield _parts("withheld", _code(codes.ADVICE, left.advice), *_values("because", "String", *left.because))
    for name, advice in (("myth", found.myths), ("reply", found.replies)):
        for one in advice:
            yield _parts(name, _code(codes.ADVICE, one), *_values("step", "String", *one.steps))
    yield from _values("more-urgent-if", "String", *(one.say for one in told.what_if))
    yield from _values("safety-net-today", "String", *(sign.text for sign in net.today) if net else ())
    yield from _values("safety-net-emergency", "String", *(sign.text for sign in net.emergency) if net else ())
    yield from _values("missing", "Coding", *(_asked(result, name) for name in found.missing))
    yield from _values("source", "RelatedArtifact", *_cited(result))
    yield from _values("answers", "Reference", result.answers)


def _levels(result: _Result) -> Iterator[Json]:
    """The level; of open answers what is certain, and beside it what an open question may still take back."""
    found, level = result.found, result.found.disposition
    if found.complete:
        yield _code(codes.DISPOSITIONS, level, "disposition")
        return
    certain = (fired.flag for fired in found.red_flags if fired.flag.id not in found.pending)
    least = most_urgent(result.rulebase, certain)
    if level.id != least.id:
        yield _code(codes.DISPOSITIONS, level, "disposition-so-far")
    if least.see_doctor:
        yield _code(codes.DISPOSITIONS, least, "disposition-at-least")


def _red_flag(result: _Result, fired: FiredFlag) -> Iterator[Json]:
    rulebase, found, flag = result.rulebase, result.found, fired.flag
    yield _code(codes.RED_FLAGS, flag)
    yield _code(codes.DISPOSITIONS, rulebase.dispositions[flag.disposition], "disposition")
    yield from _values("pending", "Boolean", flag.id in found.pending or None)
    yield from _values("because", "String", flag.because)
    yield from _values("place", "String", rulebase.places.get(flag.place))
    # What milder flags advise ("mention it at the next visit") must not take back "today".
    if fired in deciding(found) or not found.disposition.stops:
        yield from _values("note", "String", *flag.notes)
    for name, options in fired.answers.items():
        question, answer = rulebase.questions[name], found.answers[name]  # the number as given, or options that count
        counting = [question.option(option) for option in chosen(answer) if option in options]
        yield _parts(
            "answer",
            *_values("question", "Coding", _asked(result, name)),
            *_values("option", "Coding", *(codes.option_coding(question, option) for option in counting)),
            *_values("number", "Integer", answer if isinstance(answer, int) else None),
        )
    yield from _values("source", "Code", *flag.sources)


def _values(name: str, kind: str, *values: Any) -> list[Json]:
    """A parameter for each value that is there; `kind` is their type."""
    return [{"name": name, f"value{kind}": value} for value in values if value not in (None, "")]


def _parts(name: str, *parts: Json) -> Json:
    return {"name": name, "part": list(parts)}


def _code(system: str, rule: Entry | Disposition, name: str = "code") -> Json:
    return {"name": name, "valueCoding": coding(system, rule.id, rule.title)}


def _cited(result: _Result) -> Iterator[Json]:
    """All sources of a result, each once."""
    told = result.told
    urgency = (told.red_flags, told.causes, told.needs_checking)
    advice = (told.relief, told.do_not, told.prevention, told.myths, told.replies, told.checks, told.notes)
    for name in dict.fromkeys(name for part in (*urgency, *advice) for one in part for name in one.sources):
        source = result.rulebase.sources[name]
        said = ", ".join(filter(None, [f"{source.org}: {source.title}", year_of(source)]))
        yield filled({"type": "citation", "label": name, "citation": said, "url": source.url})


# --- causes


def _risk_assessment(result: _Result) -> Json:
    found = result.found
    predictions = []
    for ranked, cause in zip(found.causes, result.told.causes, strict=True):
        said = [cause.summary, *(f"For it: {sign.sentence}" for sign in cause.for_)]
        said += [f"Against it: {sign.sentence}" for sign in cause.against]
        predictions.append(_prediction(ranked.cause, *said))
    predictions += [_prediction(one.cause, one.cause.because, one.cause.summary) for one in found.needs_checking]
    return _about_the_person(
        "RiskAssessment",
        status="final" if found.complete else "preliminary",
        method={"text": "Rules that name what speaks for and against a cause; nothing says how likely one is."},
        occurrenceDateTime=result.day,
        performer=result.device,
        basis=[result.answers],
        prediction=predictions,
        note=[] if predictions else [{"text": "This result names no cause."}],
    )


def _prediction(cause: Cause, *rationale: str) -> Json:
    return {
        "extension": [*_label("cause-group", cause.group), *_sources(cause)],
        "outcome": _concept(codes.CAUSES, cause),
        "rationale": " ".join(rationale).strip(),
    }


# --- what to do


def _care_plan(result: _Result, risks: Json) -> Json:
    found, told = result.found, result.told
    left_out = [f"Left out: {one.advice.title}, because {'; and '.join(one.because)}." for one in found.withheld]
    return _about_the_person(
        "CarePlan",
        status="draft",
        intent="proposal",
        title=f"Leg cramps: {found.disposition.title if told.time else 'not finished'}",
        description=told.say,
        created=result.day,
        author=result.device,
        supportingInfo=[result.answers, risks],
        activity=list(_activities(found, told)),
        note=[{"text": line} for line in (*left_out, *told.safety_net)],
    )


def _activities(found: Assessment, told: View) -> Iterator[Json]:
    """Whom to see first, then what the level shows: nothing more in an emergency."""
    to_see = [("disposition", found.disposition, [told.say, *told.first])] if told.time else []
    to_see += [("pharmacist", level, [level.say, *level.more]) for level in [found.pharmacist] if level]
    for part, level, lines in to_see:
        yield _activity(
            part,
            kind="Task",
            code=_concept(codes.DISPOSITIONS, level),
            reasonCode=[_reason(fired) for fired in found.red_flags if fired.flag.disposition == level.id],
            scheduledString=level.time,
            description="\n".join(lines),
        )
    for part, given in {"relief": found.relief, "do_not": found.do_not, "prevention": found.prevention}.items():
        for advice in given:
            # What not to do says so in its title. `doNotPerform` would turn that round once more.
            yield _activity(
                part,
                extension=[*_label("evidence-grade", advice.grade), *_sources(advice)],
                kind="Task",
                code=_concept(codes.ADVICE, advice),
                description="\n".join(advice.steps),
            )
    for check in found.checks:
        yield _activity(
            "checks",
            extension=[*_label("check-strength", check.strength), *_sources(check)],
            kind="ServiceRequest",
            code=_concept(codes.CHECKS, check),
            reasonCode=[{"text": check.because}] if check.because else [],
            description=check.note,
        )


def _activity(part: str, **detail: Any) -> Json:
    return {"extension": _label("part", part), "detail": filled({"extension": [], "status": "not-started", **detail})}
