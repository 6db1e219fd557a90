"""Answers as a FHIR R4 QuestionnaireResponse, read as strictly as an answer file and written as one.

What an item does not answer is unanswered, never "no". Fields of other programs (subject, author,
identifiers, ...) are passed over, but not those that may change the meaning of the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from triage.conversation.answers import AnswerFile, check_answers
from triage.exchange.fhir.codes import Json, canonical, extension, filled, option_coding, option_link, options_of
from triage.exchange.fhir.found import MODIFIERS, MORE, MORE_SAID, RESPONSE, found_in
from triage.exchange.fhir.questionnaire import FORMER_URL, INSTEAD, URL, links_of, name_of
from triage.knowledge.faults import MOST_FAULTS, Fault, FaultyInput, allowed
from triage.knowledge.model import Answer, Answers, Question, RuleBase, chosen
from triage.knowledge.toml_file import decoded
from triage.knowledge.voices import rules_in_voice
from triage.version import program

IN_PROGRESS, COMPLETED, IN_ERROR = "in-progress", "completed", "entered-in-error"
STATUSES = (IN_PROGRESS, COMPLETED, "amended", IN_ERROR, "stopped")
WRITTEN = ("resourceType", "language", "extension", "questionnaire", "status", "authored", "item")
TITLE_EXTENSION = canonical("StructureDefinition", "title")

_HALF = re.compile("[\ud800-\udfff]")  # of a character: JSON can hold one, no file of text can
_DATE_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?")


def as_text(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> str:
    """The response as JSON text. Reading it gives the same title, day and answers."""
    return json.dumps(as_response(rulebase, answers, title, saved, complete), indent=2, ensure_ascii=False) + "\n"


def as_response(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> Json:
    """The response, in asking order; `saved` is the day on which it was answered."""
    questions = rules_in_voice(rulebase).questions.values()
    fields = {
        "resourceType": RESPONSE,
        "language": "en",
        "extension": _title(title),
        "questionnaire": name_of(rulebase),
        "status": COMPLETED if complete else IN_PROGRESS,
        "authored": saved.isoformat() if saved else None,
        "item": [_item(question, answers[question.id]) for question in questions if question.id in answers],
    }
    return filled(fields)


def _title(title: str) -> list[Json]:
    return [extension(TITLE_EXTENSION, "String", title)] if title else []


def _item(question: Question, answer: Answer) -> Json:
    if isinstance(answer, int):
        return {"linkId": question.id, "text": question.text, "answer": [{"valueInteger": answer}]}
    codings = [{"valueCoding": option_coding(question, question.option(name))} for name in chosen(answer)]
    words = INSTEAD if question.kind == "number" else question.text
    return {"linkId": option_link(question), "text": words, "answer": codings}


# --- reading


def read_response(name: str, raw: bytes, rulebase: RuleBase) -> AnswerFile:
    """The one response of a file; `name` is the file's. Raises FaultyInput with every fault, and what can be read."""
    read, *others = read_responses(name, raw, rulebase)
    if others:
        hint = f"take out the others; {program()} run reads them all"
        raise FaultyInput([Fault(name, 0, f"holds {1 + len(others)} sets of answers", hint, "LCT531")])
    if isinstance(read, FaultyInput):
        raise read
    return read


def read_responses(name: str, raw: bytes, rulebase: RuleBase) -> list[AnswerFile | FaultyInput]:
    """Every response of a file, or what is wrong with it. Raises FaultyInput where there is none."""
    found = list(found_in(name, decoded(name, raw)))
    read = [one for place, resource in found if (one := response_of(place, resource, rulebase))]
    if not read:
        raise FaultyInput([Fault(name, 0, f"holds no {RESPONSE}", code="LCT513")])
    # Saving over what stands in a Bundle or among lines would drop what stands beside it.
    alone = [place for place, _ in found] == [name]
    if any(resource is MORE for _, resource in found):
        first = next((n for n, one in enumerate(read) if isinstance(one, AnswerFile)), -1)
        read = [_remarked(one, MORE_SAID) if n == first else one for n, one in enumerate(read)]
    return read if alone else [one if isinstance(one, FaultyInput) else _among(one) for one in read]


def _remarked(one: AnswerFile | FaultyInput, remark: str) -> AnswerFile | FaultyInput:
    return one if isinstance(one, FaultyInput) else one._replace(remarks=(*one.remarks, remark))


def _among(file: AnswerFile) -> AnswerFile:
    return file._replace(others=(*file.others, "other resources"))


def response_of(place: str, resource: Json | FaultyInput, rulebase: RuleBase) -> AnswerFile | FaultyInput | None:
    """The answers of a resource, or what is wrong with it and what can be read; None where it is of another type."""
    if isinstance(resource, FaultyInput):
        return resource
    if isinstance(given := resource.get("resourceType"), str) and given != RESPONSE:
        return None
    try:
        return _read(place, resource, rulebase)
    except FaultyInput as error:
        return error


def _read(name: str, data: Json, rulebase: RuleBase) -> AnswerFile:
    if data.get("resourceType") != RESPONSE:
        raise FaultyInput([Fault(name, 0, f'resourceType: must be "{RESPONSE}"', code="LCT513")])
    reader = _Response(name, rulebase)
    reader.refuse_modifiers("", data)
    reader.check_status(data.get("status"))
    title, saved = reader.title(data.get("extension", [])), reader.day(data.get("authored"))
    reader.walk("", data.get("item", []))
    remarks = reader.remarks(data.get("questionnaire"))
    answers = reader.answers()
    if reader.faults:
        raise FaultyInput(reader.faults, {} if data.get("status") == IN_ERROR else answers)
    others = [key for key in data if key not in WRITTEN]
    others += ["extension"] if data.get("extension", []) != _title(title) else []
    return AnswerFile(name, title, answers, {}, saved, None, (*remarks, *reader.hidden), tuple(others))


class _Response:
    """Reads what can be read of one response, and gathers what is wrong with it.

    `walk` goes once over all items; `answers` then checks what it found as the answers of an answer file are checked.
    """

    def __init__(self, name: str, rulebase: RuleBase) -> None:
        self.name, self.rulebase = name, rulebase
        self.faults: list[Fault] = []
        self.known = links_of(rulebase)
        self.asked = {link: q for q in rulebase.questions.values() for link in (q.id, option_link(q))}
        self.hidden: list[str] = []  # what to tell of answers that the form does not show
        self.links: set[str] = set()  # of all items, known or not
        self.given: dict[str, list[tuple[str, Any]]] = {}  # question -> the place of the item and the value, of each

    def fault(self, code: str, what: str, hint: str = "", near: tuple[object, Iterable[str]] | None = None) -> None:
        """Note what is wrong; after MOST_FAULTS only that there is more. `near`: what was given and what is allowed.

        What stands behind so many faults is still read: it may be a danger sign.
        """
        if len(self.faults) == MOST_FAULTS:
            self.faults.append(Fault(self.name, 0, "more faults than are listed here", code="LCT529"))
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(self.name, 0, what, allowed(*near) if near else hint, code))

    # --- all but the answers

    def refuse_modifiers(self, where: str, data: Mapping[str, Any]) -> None:
        for key in MODIFIERS:
            if key in data:
                self.fault("LCT514", f"{where}{key}: may change the meaning of the answers, and is not understood here")

    def remarks(self, given: Any) -> tuple[str, ...]:
        """What to tell of the questionnaire that is answered; another one is a fault.

        Raises FaultyInput, with one line, where the answers are to the questions of the version before.
        """
        url, _, version = str(given or "").partition("#")[0].partition("|")
        saved, ours = self.rulebase.saved, self.rulebase.about.version
        if saved.gone_say and (url == FORMER_URL or (url in ("", URL) and self.links.intersection(saved.gone))):
            raise FaultyInput([Fault(self.name, 0, saved.gone_say, code="LCT516")])
        if given is not None and url != URL:
            self.fault("LCT515", f'questionnaire: "{given}" is not the one asked here', f"must be {URL}")
        if version in ("", ours):
            return ()
        return (f"These are answers to version {version} of the questions. Here they are read as version {ours}.",)

    def check_status(self, given: Any) -> None:
        if given not in STATUSES:
            what = "no status" if given is None else f'status: "{given}" is not one'
            self.fault("LCT517", what, near=(given, STATUSES))
        elif given == IN_ERROR:
            self.fault("LCT518", f'status: "{IN_ERROR}": these answers have been taken back')

    def title(self, extensions: Any) -> str:
        """The title, which is kept in an extension of the project."""
        for one in extensions if isinstance(extensions, list) else ():
            if isinstance(one, dict) and one.get("url") == TITLE_EXTENSION:
                title = one.get("valueString")
                if isinstance(title, str) and not _HALF.search(title):
                    return title
                self.fault("LCT519", "extension: the title must be text, in valueString")
        return ""

    def day(self, given: Any) -> date | None:
        """The day of `authored`, here; the first one of a month or year, so that it counts as old."""
        if given is None:
            return None
        try:
            if isinstance(given, str) and _DATE_TIME.fullmatch(given):
                moment = datetime.fromisoformat(given + "-01-01"[len(given) - 4 :])
                return (moment.astimezone() if moment.tzinfo else moment).date()
        except (ValueError, OverflowError):
            pass
        self.fault("LCT520", f'authored: "{given}" is not a day or time', "like 2026-01-31 or 2026-01-31T09:30:00Z")
        return None

    # --- the answers

    def walk(self, where: str, items: Any) -> None:
        """Take in what every item gives; those within items and within answers too."""
        for place, item in self._objects(f"{where}item", items):
            link = self._link(place, item)
            for spot, answer in self._objects(f"{place}.answer", item.get("answer", [])):
                values = [key for key in answer if key.startswith("value")]
                if values and link in self.asked:
                    self._take(place, spot, link, answer, values)
                elif values and link in self.known:
                    self.fault("LCT524", f"{spot}: {link} is only shown, it takes no answer")
                self.walk(f"{spot}.", answer.get("item", []))
            self.walk(f"{place}.", item.get("item", []))

    def _objects(self, where: str, given: Any) -> Iterator[tuple[str, Json]]:
        """The objects of a list with their places; faults for what is not one."""
        if not isinstance(given, list):
            self.fault("LCT521", f"{where}: must be a list")
            return
        for nth, one in enumerate(given):
            place = f"{where}[{nth}]"
            if isinstance(one, dict):
                self.refuse_modifiers(f"{place}.", one)
                yield place, one
            else:
                self.fault("LCT521", f"{place}: must be an object")

    def _link(self, where: str, item: Json) -> str:
        """The linkId of an item; empty (after a fault) where there is none. One that is not known is a fault, too."""
        link = item.get("linkId")
        if not isinstance(link, str):
            self.fault("LCT522", f"{where}: needs a linkId, which is text")
            return ""
        self.links.add(link)
        is_group = "item" in item and "answer" not in item  # another program may keep items in order by them
        if link not in self.known and not is_group:
            self.fault("LCT523", f'{where}: unknown linkId "{link}"', near=(link, self.asked))
        return link

    def _take(self, item: str, where: str, link: str, answer: Json, keys: list[str]) -> None:
        """Keep the value of one answer, as an answer file would give it, if one can be read."""
        question = self.asked[link]
        values: Iterable[Any] = ()
        wanted = "valueCoding" if question.options and link == option_link(question) else "valueInteger"
        if wanted == "valueInteger" and keys == ["valueDecimal"] and _is_whole(answer["valueDecimal"]):
            keys, answer = [wanted], {wanted: int(answer["valueDecimal"])}
        if keys != [wanted]:
            near = (answer[keys[0]], [one.id for one in question.options]) if wanted == "valueCoding" else None
            self.fault("LCT525", f"{where}: {link} takes {wanted}, not {', '.join(keys)}", near=near)
        if "valueCoding" in keys:
            values = self._code(f"{where}.valueCoding", question, answer["valueCoding"])
        elif "valueInteger" in keys and question.kind == "number":
            values = [given := answer["valueInteger"]]
            if isinstance(given, str):
                self.fault("LCT525", f"{where}: {link} takes valueInteger, which is a number and not text")
                values = ()
        for value in values:
            self.given.setdefault(question.id, []).append((item, value))

    def _code(self, where: str, question: Question, coding: Any) -> Iterator[str]:
        code, system = coding.get("code") if isinstance(coding, dict) else None, options_of(question)
        if not isinstance(code, str):
            self.fault("LCT526", f"{where}: needs a code", near=("", [option.id for option in question.options]))
        elif coding.get("system", system) != system:
            self.fault("LCT527", f'{where}: "{coding["system"]}" is not the system of {question.id}', system)
        else:
            yield code

    def answers(self) -> Answers:
        """The answers, in asking order; of those that are not sound, what can be read."""
        for name, given in self.given.items():
            numbers = [one for one in given if not isinstance(one[1], str)]
            if self.rulebase.questions[name].kind == "number" and 0 < len(numbers) < len(given):
                self.given[name] = numbers  # the form hides the options where there is a number
                self.hidden.append(f"{name}: the number counts, not what was ticked in its place")
        raw = {name: self._together(self.rulebase.questions[name], given) for name, given in self.given.items()}
        names = list(raw)  # JSON has no lines: faults are told by the number of the question here
        try:
            known, faults = check_answers(raw, self.rulebase, self.name, lambda name: 1 + names.index(name))
        except FaultyInput as error:
            known, faults = error.known, list(error.faults)
        for fault in faults:
            name = names[fault.line - 1]
            told = len(self.given[name]) > 1 and self.rulebase.questions[name].kind != "many"
            if not fault.line:  # there are more than are listed
                self.fault(fault.code, fault.what)
            elif not told:
                self.fault(fault.code, f"{self.given[name][0][0]}: {fault.what}", fault.hint)
        return known

    def _together(self, question: Question, given: list[tuple[str, Any]]) -> Any:
        """All that was given to a question, as an answer file would give it."""
        first, *others = dict.fromkeys(item for item, _ in given)
        values = [value for _, value in given]
        for other in others:
            self.fault("LCT528", f"{other}: {question.id} is answered twice", f"also in {first}")
        if len(values) > 1 and question.kind != "many" and not others:
            self.fault("LCT528", f"{first}: {question.id}: takes one answer, not {len(values)}")
        return values[0] if len(values) == 1 and question.kind != "many" else values


def _is_whole(given: Any) -> bool:
    return type(given) in (int, float) and float(given).is_integer()
