"""The pages of one rule base: `respond` makes of a form the next page, and of the same form always the same."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any

from triage.conversation.answers import with_level
from triage.conversation.interview import assess_so_far
from triage.conversation.lists import rivals_beside
from triage.knowledge.faults import LONGEST_TEXT, FaultyInput, printable
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answers, Question, RuleBase, chosen
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.knowledge.wording import said
from triage.output.page import page as page_to_print
from triage.output.text import requests
from triage.output.view import BOTH, Wanted, view_of
from triage.reasoning.engine import Engine
from triage.web.pages import Page, made, whole
from triage.web.replies import Given
from triage.web.state import Form, State, first, read_state
from triage.web.talk import BEFORE, CHANGE, GO, PRINT, RESULT, START, Step, step
from triage.web.words import words

DO, PICKED, TYPED = "do", "x", "n"  # fields of a form: the button, what is ticked, and what is typed


class Site:
    """A rule base as pages, for people in every country that it knows. Many threads may share one."""

    def __init__(self, engine: Engine, stays: bool = False) -> None:
        """`stays`: the pages are made in the browser that shows them, and answers are sent nowhere."""
        rulebase = engine.rulebase
        self._stays = stays
        self.country = rulebase.country or rulebase.about.country
        self._engines = {name: _speaking(engine, name) for name in rulebase.countries}

    def respond(self, form: Form, today: date | None = None) -> Page:
        """The page after a form; the first one where it is empty. `today` stands on the page to print."""
        engine = self._engines[self.country]
        try:
            state = read_state(form, engine.rulebase, self.country)
            engine = self._engines[state.country]
            return self._page(engine, form, _wanted(form, state, engine.rulebase), today)
        except FaultyInput as error:
            faults = with_level(engine, error).faults
            return self.problem(400, tuple(printable(fault.what[:LONGEST_TEXT]) for fault in faults))

    def problem(self, status: int, lines: tuple[str, ...] = ()) -> Page:
        """A page that says what went wrong, and how to begin again."""
        return self._made(
            "problem", self._engines[self.country], status=status, say=words.no_page[str(status)], lines=lines
        )

    def cleared(self) -> Page:
        """What is said once the answers are gone."""
        return self._made("cleared", self._engines[self.country])

    def _page(self, engine: Engine, form: Form, state: State, today: date | None) -> Page:
        now = step(engine, state, first(form, DO), Given(tuple(form.get(PICKED, ())), first(form, TYPED)))
        rulebase, answers = _spoken(engine, now.state.answers), now.state.answers
        if now.prompt:
            is_first = now.prompt.number == 1 and not now.state.replies
            back = RESULT if now.state.finished and not now.state.replies else BEFORE
            return self._made("question", engine, now, is_first=is_first, back=back)
        if now.check:
            last = next((name for name in [*answers][::-1] if not rulebase.questions[name].after), "")
            return self._made("check", engine, now, rows=_rows(rulebase, answers), last=last)
        assessment = assess_so_far(engine, answers)
        if first(form, DO) == PRINT:
            return whole(page_to_print(engine.rulebase, assessment, Wanted(day=today, answered=today)))
        view = view_of(engine.rulebase, assessment)
        after = () if view.emergency else tuple(_asked_after(rulebase, answers))
        number = rulebase.countries[now.state.country].words.get("emergency", "")
        phone = number if view.emergency and number.isdigit() else ""
        return self._made("result", engine, now, view=view, more=requests(view), after=after, phone=phone)

    def _made(self, kind: str, engine: Engine, now: Step | None = None, *, status: int = 200, **values: Any) -> Page:
        """A page of some kind, with what stands on each: what to do for a cramp now, in the voice of the person."""
        rulebase = _spoken(engine, now.state.answers if now else {})
        of_step = {**vars(now), "notice": _notice(rulebase, now.state)} if now else {}
        return made(kind, status, rulebase=rulebase, stays=self._stays, **of_step, **values)


def _spoken(engine: Engine, answers: Answers) -> RuleBase:
    """The rules in the voice of the person."""
    return rules_in_voice(engine.rulebase, voice_of(engine.rulebase, answers))


def _speaking(engine: Engine, country: str) -> Engine:
    """The same rules for somebody in a country: only their words differ."""
    made = copy(engine)
    made.rulebase = replace(engine.rulebase, country=country)
    return made


def _wanted(form: Form, state: State, rulebase: RuleBase) -> State:
    """The state, at the question that is to be changed, or at none where the button leads away from it."""
    do = first(form, DO)
    name = do.removeprefix(CHANGE)
    if do.startswith(CHANGE) and name in rulebase.questions:
        return replace(state, at=name, replies=())
    return state if do in (START, GO, BEFORE) else replace(state, at="", replies=())


def _rows(rulebase: RuleBase, answers: Answers) -> list[dict[str, Any]]:
    """All answers in words, each with what can be noted beside it."""
    return [
        {
            "question": rulebase.questions[name],
            "answers": [said(rulebase, name, one) for one in chosen(answer) or (answer,)],
            "note": BOTH if rivals_beside(rulebase.questions[name], chosen(answer)) else "",
        }
        for name, answer in answers.items()
    ]


def _notice(rulebase: RuleBase, state: State) -> Mapping[str, Any] | None:
    """What was found that is urgent: how urgent, the signs, where to go."""
    flags = [rulebase.red_flags[name] for name in state.told]
    if not flags:
        return None
    level = min((rulebase.dispositions[flag.disposition] for flag in flags), key=lambda level: level.rank)
    wanted = {flag.place for flag in flags}
    return {
        "level": level,
        "why": "; ".join(flag.title for flag in flags),
        "places": [text for place, text in rulebase.places.items() if place in wanted],
    }


def _asked_after(rulebase: RuleBase, answers: Answers) -> list[tuple[Question, str]]:
    """The questions that can be answered once there is a result, each with its answer in words."""
    facts = as_facts(answers, rulebase.bands)
    offered = [question for question in rulebase.questions.values() if question.after and question.applies(facts)]
    return [(q, said(rulebase, q.id, answers[q.id]) if q.id in answers else "") for q in offered]
