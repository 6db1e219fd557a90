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

from triage.conversation.answers import AnswerFile
from triage.exchange.fhir.codes import TITLE, Json, extension, option_coding, options_of
from triage.exchange.fhir.enabling import option_link
from triage.exchange.fhir.questionnaire import FORMER_URL, URL, canonical, questionnaire
from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed
from triage.knowledge.grammar import read_answer, valid_part
from triage.knowledge.model import Answer, Answers, Question, RuleBase, chosen
from triage.knowledge.toml_file import decoded, refuse_extremes

RESOURCE = "QuestionnaireResponse"
IN_PROGRESS, COMPLETED, IN_ERROR = "in-progress", "completed", "entered-in-error"
STATUSES = (IN_PROGRESS, COMPLETED, "amended", IN_ERROR, "stopped")
WRITTEN = ("resourceType", "language", "extension", "questionnaire", "status", "authored", "item")

# FHIR: what cannot be understood here may turn the meaning of the rest round, so it must not be passed over.
_MODIFIERS = ("modifierExtension", "implicitRules")
_DATE_TIME = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?")


def as_text(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> str:
    """The response as JSON text. Reading it gives the same title, day and answers."""
    return json.dumps(as_response(rulebase, answers, title, saved, complete), indent=2, ensure_ascii=False) + "\n"


def as_response(rulebase: RuleBase, answers: Answers, title: str, saved: date | None, complete: bool) -> Json:
    """The response, in asking order; `saved` is the day on which it was answered."""
    texts = _texts(rulebase)
    items = [_item(question, answers[name], texts) for name, question in rulebase.questions.items() if name in answers]
    return {
        "resourceType": RESOURCE,
        "language": "en",
        **({"extension": _title(title)} if title else {}),
        "questionnaire": canonical(rulebase),
        "status": COMPLETED if complete else IN_PROGRESS,
        **({"authored": saved.isoformat()} if saved else {}),
        **({"item": items} if items else {}),
    }


def _title(title: str) -> list[Json]:
    return [extension(TITLE, "String", title)] if title else []


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
    if data.get("resourceType") != RESOURCE:
        given = data.get("resourceType")
        what = f'resourceType: must be "{RESOURCE}"' + (f', not "{given}"' if given else "")
        raise FaultyInput([Fault(name, 0, what)])
    _refuse_former(name, data, rulebase)
    try:
        return _read_strictly(name, data, rulebase)
    except FaultyInput as error:
        taken_back = data.get("status") == IN_ERROR
        known = {} if taken_back else _what_can_be_read(data.get("item"), rulebase)
        raise FaultyInput(error.faults, known) from None


def _read_strictly(name: str, data: Json, rulebase: RuleBase) -> AnswerFile:
    reader = _Reader(name, rulebase)
    reader.refuse_modifiers("", data)
    remarks = reader.remarks(data.get("questionnaire"))
    reader.check_status(data.get("status"))
    title, saved = reader.title(data.get("extension", [])), reader.day(data.get("authored"))
    answers = reader.answers(data.get("item", []))
    if reader.faults:
        raise FaultyInput(reader.faults)
    others = [key for key in data if key not in WRITTEN]
    others += ["extension"] if data.get("extension", []) != _title(title) else []
    return AnswerFile(name, title, answers, {}, saved, None, remarks, tuple(others))


def _refuse_former(name: str, data: Json, rulebase: RuleBase) -> None:
    """Raise FaultyInput, with one line, where a response answers the questions of the version before."""
    url = _url(data.get("questionnaire"))
    links = [item.get("linkId") for item in _items_in(data.get("item"))] if url in ("", URL) else []
    if rulebase.saved.gone_say and (url == FORMER_URL or any(link in rulebase.saved.gone for link in links)):
        raise FaultyInput([Fault(name, 0, rulebase.saved.gone_say)])


def _url(given: Any) -> str:
    """The URL of a canonical, without version and fragment; empty where there is none."""
    return "" if given is None else str(given).partition("#")[0].partition("|")[0]


def _items_in(items: Any) -> Iterator[Json]:
    """Whatever is an item, inner ones among them, however wrong the rest is."""
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield item
            yield from _items_in(item.get("item"))
            answers = item.get("answer")
            for answer in answers if isinstance(answers, list) else ():
                yield from _items_in(answer.get("item") if isinstance(answer, dict) else None)


def _what_can_be_read(items: Any, rulebase: RuleBase) -> Answers:
    """The answers that stand beside faults, so that these hide no danger sign."""
    asked = {link: q for q in rulebase.questions.values() for link in (q.id, option_link(q))}
    given: dict[str, list[Any]] = {}
    for item in _items_in(items):
        link, answers = item.get("linkId"), item.get("answer")
        if isinstance(link, str) and link in asked and isinstance(answers, list):
            question = asked[link]
            values = [_readable(question, answer) for answer in answers if isinstance(answer, dict)]
            given.setdefault(question.id, []).extend(value for value in values if value is not None)
    read = {name: _valid(question, given[name]) for name, question in rulebase.questions.items() if name in given}
    return {name: answer for name, answer in read.items() if answer is not None}


def _readable(question: Question, answer: Json) -> Any:
    """The value of an answer that is one of ours, as an answer file would give it; None where there is none."""
    coding = answer.get("valueCoding")
    if not isinstance(coding, dict):
        return answer.get("valueInteger")
    return coding.get("code") if coding.get("system", options_of(question)) == options_of(question) else None


def _valid(question: Question, values: list[Any]) -> Answer | None:
    value = values[0] if question.kind != "many" and len(values) == 1 else values
    answer = read_answer(question, value, lambda *_: None)
    return valid_part(question, values) if answer is None else answer


def _parse(name: str, raw: bytes) -> Json:
    text = decoded(name, raw)

    def once(pairs: list[tuple[str, Any]]) -> Json:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise FaultyInput([Fault(name, 0, f'"{twice}" is given twice in one object')])
        return made

    def no_number(word: str) -> NoReturn:
        raise FaultyInput([Fault(name, 0, f"not JSON: {word}")])

    try:
        data = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
        if not isinstance(data, dict):
            raise FaultyInput([Fault(name, 0, f"must be an object, a {RESOURCE}")])
        refuse_extremes(data)
    except json.JSONDecodeError as error:
        raise FaultyInput([Fault(name, error.lineno, f"not JSON: {error.msg}")]) from None
    except (RecursionError, ValueError):
        raise FaultyInput([Fault(name, 0, "not JSON: nested too deeply, or a number too large")]) from None
    return data


class _Given(NamedTuple):
    """The values that one item gives, its linkId, and where in the file it stands."""

    link: str
    where: str
    values: list[Any]


class _Reader:
    """Reads one response and gathers what is wrong with it."""

    def __init__(self, name: str, rulebase: RuleBase) -> None:
        self.name, self.rulebase = name, rulebase
        self.faults = Faults()
        self.asked = {q.id: q for q in rulebase.questions.values()}
        self.options = {option_link(q): q for q in rulebase.questions.values() if q.options}
        self.known = _texts(rulebase)

    def fault(self, what: str, hint: str = "") -> None:
        self.faults.append(Fault(self.name, 0, what, hint))

    def refuse_modifiers(self, where: str, data: Mapping[str, Any]) -> None:
        for key in _MODIFIERS:
            if key in data:
                self.fault(f"{where}{key}: may change the meaning of the answers, and is not understood here")

    def remarks(self, given: Any) -> tuple[str, ...]:
        """What to tell of the questionnaire that is answered; a wholly different one is a fault."""
        if given is None:
            return ()
        version = str(given).partition("#")[0].partition("|")[2]
        if _url(given) != URL:
            self.fault(f'questionnaire: "{given}" is not the one asked here', f"must be {URL}")
        if version in ("", self.rulebase.about.version):
            return ()
        ours = self.rulebase.about.version
        return (f"These are answers to version {version} of the questions. Here they are read as version {ours}.",)

    def check_status(self, given: Any) -> None:
        if given not in STATUSES:
            self.fault("no status" if given is None else f'status: "{given}" is not one', allowed(given, STATUSES))
        elif given == IN_ERROR:
            self.fault(f'status: "{IN_ERROR}": these answers have been taken back')

    def title(self, extensions: Any) -> str:
        """The title, which is kept in an extension of the project."""
        for one in extensions if isinstance(extensions, list) else ():
            if isinstance(one, dict) and one.get("url") == TITLE:
                title = one.get("valueString")
                if isinstance(title, str) and _can_be_written(title):
                    return title
                self.fault("extension: the title must be text, in valueString")
        return ""

    def day(self, given: Any) -> date | None:
        """The day of `authored`, here; the first one of a month or year, so that it counts as old."""
        found = _DATE_TIME.fullmatch(given) if isinstance(given, str) else None
        if given is None:
            return None
        try:
            if found and found[4]:
                return datetime.fromisoformat(found[0]).astimezone().date()
            if found:
                return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        except (ValueError, OverflowError):
            pass
        self.fault(f'authored: "{given}" is not a day or time', "like 2026-01-31 or 2026-01-31T09:30:00Z")
        return None

    def answers(self, items: Any) -> Answers:
        """The answers of all items, in asking order."""
        given: dict[str, _Given] = {}
        for where, item in self._walk("", items):
            found = self._values(where, item)
            if found.values and found.link in given:
                self.fault(f"{where}: {found.link} is answered twice", f"also in {given[found.link].where}")
            elif found.values:
                given[found.link] = found
        read = {name: self._answer(question, given) for name, question in self.asked.items()}
        return {name: answer for name, answer in read.items() if answer is not None}

    def _walk(self, where: str, items: Any) -> Iterator[tuple[str, Json]]:
        """Every item with its place; those within items and within answers too."""
        for place, item in self._objects(f"{where}item", items):
            yield place, item
            yield from self._walk(f"{place}.", item.get("item", []))
            answers = item.get("answer", [])
            for nth, answer in enumerate(answers if isinstance(answers, list) else ()):
                if isinstance(answer, dict):
                    yield from self._walk(f"{place}.answer[{nth}].", answer.get("item", []))

    def _objects(self, where: str, given: Any) -> Iterator[tuple[str, Json]]:
        """The objects of a list with their places; faults for what is not one."""
        if not isinstance(given, list):
            self.fault(f"{where}: must be a list")
            return
        for nth, one in enumerate(given):
            place = f"{where}[{nth}]"
            if isinstance(one, dict):
                self.refuse_modifiers(f"{place}.", one)
                yield place, one
            else:
                self.fault(f"{place}: must be an object")

    def _values(self, where: str, item: Json) -> _Given:
        """What an item answers; nothing (after a fault) where it is not one of the questionnaire."""
        link = item.get("linkId")
        if not isinstance(link, str):
            self.fault(f"{where}: needs a linkId, which is text")
            return _Given("", where, [])
        if link not in self.known and "item" in item and "answer" not in item:
            return _Given(link, where, [])  # a group, by which another program keeps its items in order
        if link not in self.known:
            self.fault(f'{where}: unknown linkId "{link}"', allowed(link, {**self.asked, **self.options}))
            return _Given(link, where, [])
        answers = list(self._objects(f"{where}.answer", item.get("answer", [])))
        values = [value for place, answer in answers for value in self._value(place, link, answer)]
        return _Given(link, where, values)

    def _value(self, where: str, link: str, answer: Json) -> Iterator[Any]:
        """The value of one answer, as an answer file would give it; none if there is none or a wrong one."""
        keys = [key for key in answer if key.startswith("value")]
        question = self.options.get(link)
        wanted = "valueCoding" if question else "valueInteger"
        if not keys:
            return
        if link not in self.asked and not question:
            self.fault(f"{where}: {link} is only shown, it takes no answer")
        elif keys != [wanted]:
            self.fault(f"{where}: {link} takes {wanted}, not {', '.join(keys)}")
        elif not question:
            yield answer[wanted]
        else:
            yield from self._code(where, question, answer[wanted])

    def _code(self, where: str, question: Question, coding: Any) -> Iterator[str]:
        codes = [option.id for option in question.options]
        code = coding.get("code") if isinstance(coding, dict) else None
        system = options_of(question)
        if not isinstance(code, str):
            self.fault(f"{where}.valueCoding: needs a code", allowed("", codes))
        elif coding.get("system", system) != system:
            self.fault(f'{where}.valueCoding: "{coding["system"]}" is not the system of {question.id}', system)
        else:
            yield code

    def _answer(self, question: Question, given: Mapping[str, _Given]) -> Answer | None:
        links = [link for link in dict.fromkeys((question.id, option_link(question))) if link in given]
        if not links:
            return None
        _, where, values = given[links[0]]

        def complain(_: str, what: str, hint: str) -> None:
            self.fault(f"{where}: {what}", hint)

        if len(links) > 1:
            complain("", f"{question.id} is answered twice", f"also in {given[links[1]].where}")
            return None
        if question.kind == "many":
            return read_answer(question, values, complain)
        if len(values) > 1:
            complain("", f"{question.id}: takes one answer, not {len(values)}", "")
            return None
        return read_answer(question, values[0], complain)


def _can_be_written(text: str) -> bool:
    """Whether it is text through and through: JSON can hold halves of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
