"""Answers as a FHIR R4 QuestionnaireResponse, read as strictly as an answer file and written as one.

What an item does not answer is unanswered, never "no". Fields of other programs (subject, author,
identifiers, ...) are passed over, but not those that may change the meaning of the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from triage.conversation.answers import AnswerFile, check_answers
from triage.exchange.fhir.codes import TITLE_EXTENSION, Json, extension, filled, option_coding, options_of
from triage.exchange.fhir.enabling import option_link
from triage.exchange.fhir.questionnaire import FORMER_URL, URL, canonical, questionnaire
from triage.knowledge.faults import MOST_FAULTS, Fault, FaultyInput, allowed
from triage.knowledge.model import Answer, Answers, Question, RuleBase, chosen
from triage.knowledge.toml_file import decoded, refuse_extremes

RESOURCE = "QuestionnaireResponse"
IN_PROGRESS, COMPLETED, IN_ERROR = "in-progress", "completed", "entered-in-error"
STATUSES = (IN_PROGRESS, COMPLETED, "amended", IN_ERROR, "stopped")
WRITTEN = ("resourceType", "language", "extension", "questionnaire", "status", "authored", "item")

# FHIR: what cannot be understood here may turn the meaning of the rest round, so it must not be passed over.
_MODIFIERS = ("modifierExtension", "implicitRules")
_HALF = re.compile("[\ud800-\udfff]")  # of a character: JSON can hold one, no file of text can
_DATE_TIME = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?")


def as_text(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> str:
    """The response as JSON text. Reading it gives the same title, day and answers."""
    return json.dumps(as_response(rulebase, answers, title, saved, complete), indent=2, ensure_ascii=False) + "\n"


def as_response(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> Json:
    """The response, in asking order; `saved` is the day on which it was answered."""
    texts = _texts(rulebase)
    items = [_item(question, answers[name], texts) for name, question in rulebase.questions.items() if name in answers]
    fields = {
        "resourceType": RESOURCE,
        "language": "en",
        "extension": _title(title),
        "questionnaire": canonical(rulebase),
        "status": COMPLETED if complete else IN_PROGRESS,
        "authored": saved.isoformat() if saved else None,
        "item": items,
    }
    return filled(fields)


def _title(title: str) -> list[Json]:
    return [extension(TITLE_EXTENSION, "String", title)] if title else []


def _item(question: Question, answer: Answer, texts: Mapping[str, str]) -> Json:
    link = question.id if isinstance(answer, int) else option_link(question)
    codings = [{"valueCoding": option_coding(question, question.option(name))} for name in chosen(answer)]
    values: list[Json] = [{"valueInteger": answer}] if isinstance(answer, int) else codings
    return {"linkId": link, "text": texts[link], "answer": values}


@lru_cache(maxsize=4)
def _texts(rulebase: RuleBase) -> Mapping[str, str]:
    """LinkId -> text of every item of the Questionnaire, inner ones among them."""
    return MappingProxyType({item["linkId"]: item["text"] for item in _all_items(questionnaire(rulebase)["item"])})


def _all_items(items: Iterable[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from _all_items(item.get("item", ()))


# --- reading


def read_response(name: str, raw: bytes, rulebase: RuleBase) -> AnswerFile:
    """Read and check a response; `name` is its file's. Raises FaultyInput with every fault, and what can be read."""
    data = _parse(name, raw)
    reader = _Response(name, rulebase)
    reader.refuse_modifiers("", data)
    remarks = reader.remarks(data.get("questionnaire"))
    reader.check_status(data.get("status"))
    title, saved = reader.title(data.get("extension", [])), reader.day(data.get("authored"))
    reader.walk("", data.get("item", []))
    reader.refuse_former(data.get("questionnaire"))
    answers = reader.answers()
    if reader.faults:
        raise FaultyInput(reader.faults, {} if data.get("status") == IN_ERROR else answers)
    others = [key for key in data if key not in WRITTEN]
    others += ["extension"] if data.get("extension", []) != _title(title) else []
    return AnswerFile(name, title, answers, {}, saved, None, remarks, tuple(others))


def _parse(name: str, raw: bytes) -> Json:
    """The response as it stands in the file. Raises FaultyInput where it is none."""
    text = decoded(name, raw)

    def fault(code: str, what: str, line: int = 0) -> FaultyInput:
        return FaultyInput([Fault(name, line, what, code=code)])

    def once(pairs: list[tuple[str, Any]]) -> Json:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise fault("LCT512", f'"{twice}" is given twice in one object')
        return made

    def no_number(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        data = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
        if not isinstance(data, dict):
            raise fault("LCT513", f"must be an object, a {RESOURCE}")
        refuse_extremes(data)
    except json.JSONDecodeError as error:
        raise fault("LCT510", f"not JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError):
        raise fault("LCT511", "not JSON: nested too deeply, or a number that is none or too large") from None
    if (given := data.get("resourceType")) != RESOURCE:
        raise fault("LCT513", f'resourceType: must be "{RESOURCE}"' + (f', not "{given}"' if given else ""))
    return data


def _url(given: Any) -> str:
    """The URL of a canonical, without version and fragment; empty where there is none."""
    return "" if given is None else str(given).partition("#")[0].partition("|")[0]


class _Given(NamedTuple):
    """What one item answers: where in the file it stands, and the values as an answer file would give them."""

    where: str
    values: list[Any]


class _Response:
    """Reads what can be read of one response, and gathers what is wrong with it.

    `walk` goes once over all items; `answers` then checks what it found as the answers of an answer file are checked.
    """

    def __init__(self, name: str, rulebase: RuleBase) -> None:
        self.name, self.rulebase = name, rulebase
        self.faults: list[Fault] = []
        questions = rulebase.questions.values()
        self.asked = {link: q for q in questions for link in (q.id, option_link(q))}
        self.known = _texts(rulebase)
        self.links: set[str] = set()  # of all items, known or not
        self.given: dict[str, list[_Given]] = {}  # by the id of the question

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
        for key in _MODIFIERS:
            if key in data:
                self.fault("LCT514", f"{where}{key}: may change the meaning of the answers, and is not understood here")

    def remarks(self, given: Any) -> tuple[str, ...]:
        """What to tell of the questionnaire that is answered; a wholly different one is a fault."""
        if given is None:
            return ()
        version, ours = str(given).partition("#")[0].partition("|")[2], self.rulebase.about.version
        if _url(given) != URL:
            self.fault("LCT515", f'questionnaire: "{given}" is not the one asked here', f"must be {URL}")
        if version in ("", ours):
            return ()
        return (f"These are answers to version {version} of the questions. Here they are read as version {ours}.",)

    def refuse_former(self, given: Any) -> None:
        """Raise FaultyInput, with one line, where a response answers the questions of the version before."""
        saved, url = self.rulebase.saved, _url(given)
        if saved.gone_say and (url == FORMER_URL or (url in ("", URL) and self.links.intersection(saved.gone))):
            raise FaultyInput([Fault(self.name, 0, saved.gone_say, code="LCT516")])

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
        found = _DATE_TIME.fullmatch(given) if isinstance(given, str) else None
        try:
            if found and found[4]:
                return datetime.fromisoformat(found[0]).astimezone().date()
            if found:
                return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        except (ValueError, OverflowError):
            pass
        self.fault("LCT520", f'authored: "{given}" is not a day or time', "like 2026-01-31 or 2026-01-31T09:30:00Z")
        return None

    # --- the answers

    def walk(self, where: str, items: Any) -> None:
        """Take in what every item gives; those within items and within answers too."""
        for place, item in self._objects(f"{where}item", items):
            self._take(place, item)
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

    def _take(self, where: str, item: Json) -> None:
        link = self._link(where, item)
        question = self.asked.get(link)
        values: list[Any] = []
        for place, answer in self._objects(f"{where}.answer", item.get("answer", [])):
            keys = [key for key in answer if key.startswith("value")]
            if question and keys:
                values += self._value(place, link, question, answer, keys)
            elif keys and link in self.known:
                self.fault("LCT524", f"{place}: {link} is only shown, it takes no answer")
            self.walk(f"{place}.", answer.get("item", []))
        if question and values:
            self.given.setdefault(question.id, []).append(_Given(where, values))

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

    def _value(self, where: str, link: str, question: Question, answer: Json, keys: list[str]) -> Iterator[Any]:
        """The value of one answer, as an answer file would give it; none if none can be read."""
        wanted = "valueCoding" if question.options and link == option_link(question) else "valueInteger"
        if keys != [wanted]:
            self.fault("LCT525", f"{where}: {link} takes {wanted}, not {', '.join(keys)}")
        if "valueCoding" in keys:
            yield from self._code(f"{where}.valueCoding", question, answer["valueCoding"])
        elif "valueInteger" in keys and question.kind == "number":
            yield answer["valueInteger"]

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
        raw = {name: self._together(self.rulebase.questions[name]) for name in self.given}
        names = list(raw)  # JSON has no lines: faults are told by the number of the question here
        try:
            known, faults = check_answers(raw, self.rulebase, self.name, lambda name: 1 + names.index(name))
        except FaultyInput as error:
            known, faults = error.known, list(error.faults)
        for fault in faults:
            name = names[fault.line - 1]
            if not fault.line:  # there are more than are listed
                self.fault(fault.code, fault.what)
            elif not (
                isinstance(raw[name], list) and self.rulebase.questions[name].kind != "many"
            ):  # which has been told
                self.fault(fault.code, f"{self.given[name][0].where}: {fault.what}", fault.hint)
        return known

    def _together(self, question: Question) -> Any:
        """All that was given to a question, as an answer file would give it."""
        first, *others = self.given[question.id]
        values = [value for given in (first, *others) for value in given.values]
        for other in others:
            self.fault("LCT528", f"{other.where}: {question.id} is answered twice", f"also in {first.where}")
        if len(values) > 1 and question.kind != "many" and not others:
            self.fault("LCT528", f"{first.where}: {question.id}: takes one answer, not {len(values)}")
        return values[0] if len(values) == 1 and question.kind != "many" else values
