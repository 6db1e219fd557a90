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
from triage.exchange.fhir.codes import Json, canonical, code_system, coding, concept, extension, filled, text
from triage.exchange.fhir.response import as_response
from triage.knowledge.model import Advice, Answer, Cause, Check, Disposition, Entry, RuleBase, chosen
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import GRADES, STRENGTHS, year_of
from triage.output.as_json import json_text
from triage.output.explanation import explained
from triage.output.screen import WIDEST
from triage.output.text import whole
from triage.output.view import NOTHING_MORE, View, Wanted, deciding, view_of
from triage.reasoning.assessment import most_urgent
from triage.reasoning.results import Assessment, FiredFlag
from triage.version import __version__

# What R4 has no element for: an extension of that name, the code system of its values, and what they mean.
LABELS = {
    "part": (
        code_system("parts"),
        {
            "disposition": "How urgently to see someone",
            "pharmacist": "Whom to ask besides",
            "relief": "What to do now",
            "do_not": "What not to do",
            "prevention": "What may prevent it",
            "checks": "What to ask a doctor about",
        },
    ),
    "evidence-grade": (code_system("evidence-grades"), GRADES),
    "check-strength": (code_system("check-strengths"), STRENGTHS),
    "cause-group": (
        code_system("cause-groups"),
        {"everyday": "Fits the answers", "ask": "Worth asking about", "check": "Needs checking"},
    ),
}
CITES = canonical("StructureDefinition", "source")
FILE_NAMES = canonical("NamingSystem", "answer-files")

# Ids follow from the content, so that the same answers on the same day give the same Bundle.
_NAMES = uuid5(NAMESPACE_URL, codes.FHIR_BASE)


def written(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The Bundle as JSON: on one line, with the name of its file, where it is one of several."""
    bundle = as_bundle(rulebase, assessment, wanted)
    if not wanted.file:
        return json_text(bundle, indent=2)
    return json_text({**bundle, "identifier": {"system": FILE_NAMES, "value": wanted.file}})


def as_bundle(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> Json:
    """A Bundle of type collection; without a day in `wanted` it names none.

    The person is a Patient without any data, contained in each resource: a Patient of its own
    would have the same id for two people who gave the same answers.
    """
    answers = _entry(as_response(rulebase, assessment.answers, "", wanted.answered, assessment.complete))
    rulebase = rules_in_voice(rulebase, assessment.voice)
    device = _entry(_device(rulebase))
    told = view_of(rulebase, assessment, wanted)
    result = _Result(
        rulebase,
        assessment,
        told,
        wanted.day.isoformat() if wanted.day else None,
        "\n".join(whole(told, WIDEST)),
        "\n".join(explained(told, WIDEST)).strip(),
        _link(device),
        _link(answers),
    )
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
    day: str | None
    in_words: str
    why: str
    device: Json
    answers: Json


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


def _guidance(result: _Result, plan: Json) -> Json:
    found, words = result.found, escape(result.in_words)
    notes = [*(note.line for note in result.told.to_heed), result.why]
    return _about_the_person(
        "GuidanceResponse",
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><pre>{words}</pre></div>'},
        contained=[{"resourceType": "Parameters", "id": "result", "parameter": _parameters(result)}],
        moduleCanonical=f"{canonical('Library', 'rules')}|{result.rulebase.about.version}",
        status="success" if found.complete else "data-required",
        occurrenceDateTime=result.day,
        performer=result.device,
        reasonCode=[_reason(fired) for fired in found.red_flags],
        note=[{"text": line} for line in notes if line],
        outputParameters={"reference": "#result"},
        result=plan,
        dataRequirement=[_needed(result.rulebase, name) for name in found.missing],
    )


def _reason(fired: FiredFlag) -> Json:
    flag = fired.flag
    return {"coding": [coding(codes.RED_FLAGS, flag.id, flag.title)], "text": f"{flag.title}. {flag.because}"}


def _needed(rulebase: RuleBase, name: str) -> Json:
    asked = coding(codes.QUESTIONS, name, rulebase.questions[name].text)
    return {"type": "QuestionnaireResponse", "codeFilter": [{"path": "item.linkId", "code": [asked]}]}


def _parameters(result: _Result) -> list[Json]:
    """The result piece by piece. While questions are open the disposition is the least that it can be, or unknown."""
    rulebase, found, told = result.rulebase, result.found, result.told
    net, beside = found.safety_net, found.pharmacist is not None
    return [
        _parameter("complete", "Boolean", found.complete),
        *_levels(rulebase, found),
        *_texts("say", told.say),
        *_texts("first-step", *told.first),
        *_texts("time", told.time),
        *([_parameter("see-doctor", "Boolean", found.see_doctor)] if told.time else []),
        *([_parameter("pharmacist", "Boolean", beside)] if beside or found.complete else []),
        *(_red_flag(rulebase, found, fired) for fired in found.red_flags),
        *(_parts("withheld", _code(codes.ADVICE, w.advice), *_texts("because", *w.because)) for w in found.withheld),
        *(_parts("myth", _code(codes.ADVICE, myth), *_texts("step", *myth.steps)) for myth in found.myths),
        *_texts("more-urgent-if", *(one.say for one in told.what_if)),
        *_texts("safety-net-today", *(net.today if net else ())),
        *_texts("safety-net-emergency", *(net.emergency if net else ())),
        *(_question("missing", rulebase, name) for name in found.missing),
        *(_source(rulebase, name) for name in _cited(found)),
        _parameter("answers", "Reference", result.answers),
    ]


def _levels(rulebase: RuleBase, found: Assessment) -> list[Json]:
    """The level; of open answers what is certain, and beside it what an open question may still take back."""
    level = found.disposition
    if found.complete:
        return [_code(codes.DISPOSITIONS, level, "disposition")]
    least = most_urgent(rulebase, (fired.flag for fired in found.red_flags if fired.flag.id not in found.pending))
    so_far = [_code(codes.DISPOSITIONS, level, "disposition-so-far")] if level.id != least.id else []
    return [*so_far, *([_code(codes.DISPOSITIONS, least, "disposition-at-least")] if least.see_doctor else [])]


def _red_flag(rulebase: RuleBase, found: Assessment, fired: FiredFlag) -> Json:
    flag = fired.flag
    # What milder flags advise ("mention it at the next visit") must not take back "today".
    heeded = fired in deciding(found) or not found.disposition.stops
    return _parts(
        "red-flag",
        _code(codes.RED_FLAGS, flag),
        _code(codes.DISPOSITIONS, rulebase.dispositions[flag.disposition], "disposition"),
        *([_parameter("pending", "Boolean", True)] if flag.id in found.pending else []),
        *_texts("because", flag.because),
        *_texts("place", rulebase.places.get(flag.place, "")),
        *_texts("note", *(flag.notes if heeded else ())),
        *(_answer(rulebase, name, found.answers[name], options) for name, options in fired.answers.items()),
        *(_parameter("source", "Code", name) for name in flag.sources),
    )


def _answer(rulebase: RuleBase, name: str, answer: Answer, options: Iterable[str]) -> Json:
    """An answer behind a red flag: the number as it was given, or those of the chosen options that count."""
    question = rulebase.questions[name]
    counting = [question.option(option) for option in chosen(answer) if option in set(options)]
    values = [_parameter("option", "Coding", codes.option_coding(question, option)) for option in counting]
    number = [_parameter("number", "Integer", answer)] if isinstance(answer, int) else []
    return _parts("answer", _question("question", rulebase, name), *values, *number)


def _question(parameter: str, rulebase: RuleBase, name: str) -> Json:
    return _parameter(parameter, "Coding", coding(codes.QUESTIONS, name, rulebase.questions[name].text))


def _parameter(name: str, kind: str, value: Any) -> Json:
    return {"name": name, f"value{kind}": value}


def _parts(name: str, *parts: Json) -> Json:
    return {"name": name, "part": list(parts)}


def _texts(name: str, *texts: str) -> list[Json]:
    return [_parameter(name, "String", one) for one in texts if one]


def _code(system: str, entry: Entry | Disposition, name: str = "code") -> Json:
    return _parameter(name, "Coding", coding(system, entry.id, entry.title))


def _label(name: str, code: str) -> list[Json]:
    """One of LABELS as an extension; none where the code means nothing in words."""
    system, names = LABELS[name]
    url = canonical("StructureDefinition", name)
    return [extension(url, "Coding", coding(system, code, names[code]))] if names[code] else []


def _sources(entry: Entry) -> list[Json]:
    """Where an entry comes from: labels of the sources, which the parameters of the result hold in full."""
    return [extension(CITES, "Code", name) for name in entry.sources]


def _source(rulebase: RuleBase, name: str) -> Json:
    source = rulebase.sources[name]
    said = ", ".join(filter(None, [f"{source.org}: {source.title}", year_of(source)]))
    cited = {"type": "citation", "label": name, "citation": said, "url": source.url}
    return _parameter("source", "RelatedArtifact", filled(cited))


def _cited(found: Assessment) -> Iterable[str]:
    """The ids of all sources of a result, each once."""
    rules: list[Entry] = [fired.flag for fired in found.red_flags]
    rules += [*(ranked.cause for ranked in found.causes), *(checking.cause for checking in found.needs_checking)]
    rules += [*found.relief, *found.do_not, *found.prevention, *found.myths, *found.checks, *found.notes]
    return dict.fromkeys(name for entry in rules for name in entry.sources)


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
        method=text("Rules that name what speaks for and against a cause; nothing says how likely one is."),
        occurrenceDateTime=result.day,
        performer=result.device,
        basis=[result.answers],
        prediction=predictions,
        note=[] if predictions else [{"text": "This result names no cause."}],
    )


def _prediction(cause: Cause, *rationale: str) -> Json:
    return {
        "extension": [*_label("cause-group", cause.group), *_sources(cause)],
        "outcome": concept(codes.CAUSES, cause.id, cause.title),
        "rationale": " ".join(rationale).strip(),
    }


# --- what to do


def _care_plan(result: _Result, risks: Json) -> Json:
    found = result.found
    left_out = [f"Left out: {one.advice.title}, because {'; and '.join(one.because)}." for one in found.withheld]
    return _about_the_person(
        "CarePlan",
        status="draft",
        intent="proposal",
        title=f"Leg cramps: {found.disposition.title if result.told.time else 'not finished'}",
        description=result.told.say,
        created=result.day,
        author=result.device,
        supportingInfo=[result.answers, risks],
        activity=list(_activities(found, result.told)),
        note=[{"text": line} for line in (*left_out, *result.told.safety_net)],
    )


def _activities(found: Assessment, told: View) -> Iterable[Json]:
    """Whom to see first, then what the level shows: nothing more in an emergency."""
    if told.time:
        yield _seeing("disposition", found.disposition, [told.say, *told.first], deciding(found))
    if beside := found.pharmacist:
        flags = [fired for fired in found.red_flags if fired.flag.disposition == beside.id]
        yield _seeing("pharmacist", beside, [beside.say, *beside.more], flags)
    for part in ("relief", "do_not", "prevention"):
        for advice in getattr(found, part):
            yield _advice(part, advice)
    for check in found.checks:
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
    return _activity(
        part,
        [*_label("evidence-grade", advice.grade), *_sources(advice)],
        kind="Task",
        code=concept(codes.ADVICE, advice.id, advice.title),
        description="\n".join(advice.steps),
    )


def _check(check: Check) -> Json:
    return _activity(
        "checks",
        [*_label("check-strength", check.strength), *_sources(check)],
        kind="ServiceRequest",
        code=concept(codes.CHECKS, check.id, check.title),
        reasonCode=[text(check.because)] if check.because else [],
        description=check.note,
    )


def _activity(part: str, extensions: Iterable[Json] = (), **detail: Any) -> Json:
    fields = {"extension": list(extensions), "status": "not-started", **detail}
    return {"extension": _label("part", part), "detail": filled(fields)}
