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
from triage.reasoning.results import Assessment
from triage.web.pages import Page, made, whole
from triage.web.replies import Given
from triage.web.state import Form, State, first, read_state
from triage.web.talk import Move, Step, step
from triage.web.words import words

DO, PICKED, TYPED = "do", "x", "n"  # fields of a form: the button, what is ticked, and what is typed
START, GO, BACK, MISTAKE, CHECK, RESULT, PRINT, CHANGE = (
    "", "go", "back", "mistake", "check", "result", "print", "change:",
)  # fmt: skip


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
            self._engines[self.country], "problem", {}, status=status, say=words.no_page[str(status)], lines=lines
        )

    def cleared(self) -> Page:
        """What is said once the answers are gone."""
        return self._made(self._engines[self.country], "cleared", {})

    def _page(self, engine: Engine, form: Form, state: State, today: date | None) -> Page:
        now = step(engine, state, _move(form, state))
        if now.prompt:
            return self._question(engine, now)
        if now.check:
            return self._check(engine, now.state)
        answers = now.state.answers
        assessment = assess_so_far(engine, answers)
        if first(form, DO) == PRINT:
            return whole(page_to_print(engine.rulebase, assessment, Wanted(day=today, answered=today)))
        return self._result(engine, now, assessment)

    def _question(self, engine: Engine, now: Step) -> Page:
        prompt, state = now.prompt, now.state
        assert prompt
        return self._made(
            engine,
            "question",
            state.answers,
            state=state,
            prompt=prompt,
            given=now.given,
            problem=now.problem,
            act=now.act,
            notice=_notice(engine.rulebase, state),
            news=now.news,
            is_first=prompt.number == 1 and not state.replies,
            back=RESULT if state.finished and not state.replies else BACK,
        )

    def _check(self, engine: Engine, state: State) -> Page:
        """All answers in words, each with what can be noted beside it."""
        rulebase = engine.rulebase
        spoken = rules_in_voice(rulebase, voice_of(rulebase, state.answers))
        rows = [
            {
                "question": spoken.questions[name],
                "answers": [said(spoken, name, one) for one in chosen(answer) or (answer,)],
                "note": BOTH if rivals_beside(rulebase.questions[name], chosen(answer)) else "",
            }
            for name, answer in state.answers.items()
        ]
        notice = _notice(rulebase, state)
        return self._made(
            engine, "check", state.answers, state=state, rows=rows, notice=notice, last=_last_asked(rulebase, state)
        )

    def _result(self, engine: Engine, now: Step, assessment: Assessment) -> Page:
        rulebase, answers = engine.rulebase, now.state.answers
        view = view_of(rulebase, assessment)
        emergency = rulebase.countries[now.state.country].words.get("emergency", "")
        return self._made(
            engine,
            "result",
            answers,
            state=now.state,
            view=view,
            more=requests(view),
            after=() if view.emergency else tuple(_asked_after(rulebase, answers)),
            phone=emergency if view.emergency and emergency.isdigit() else "",
            countries=rulebase.countries,
        )

    def _made(self, engine: Engine, kind: str, answers: Answers, *, status: int = 200, **values: Any) -> Page:
        """A page of some kind, with what stands on each: what to do for a cramp now, in the voice of the person."""
        rulebase = rules_in_voice(engine.rulebase, voice_of(engine.rulebase, answers))
        return made(kind, status, rulebase=rulebase, stays=self._stays, **values)


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
    return state if do in (START, GO, BACK) else replace(state, at="", replies=())


def _move(form: Form, state: State) -> Move:
    do = first(form, DO)
    return Move(
        given=Given(tuple(form.get(PICKED, ())), first(form, TYPED)) if do == GO else None,
        back=do == BACK,
        accepts=do in (RESULT, PRINT) or (state.finished and do != CHECK),
        mistaken=do == MISTAKE,
    )


def _notice(rulebase: RuleBase, state: State) -> Mapping[str, Any] | None:
    """What was found that is urgent: how urgent, the signs, where to go."""
    rulebase = rules_in_voice(rulebase, voice_of(rulebase, state.answers))
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


def _last_asked(rulebase: RuleBase, state: State) -> str:
    asked = [name for name in state.answers if not rulebase.questions[name].after]
    return asked[-1] if asked else ""


def _asked_after(rulebase: RuleBase, answers: Answers) -> list[tuple[Question, str]]:
    """The questions that can be answered once there is a result, each with its answer in words."""
    facts = as_facts(answers, rulebase.bands)
    rulebase = rules_in_voice(rulebase, voice_of(rulebase, answers))
    offered = [question for question in rulebase.questions.values() if question.after and question.applies(facts)]
    return [(q, said(rulebase, q.id, answers[q.id]) if q.id in answers else "") for q in offered]
