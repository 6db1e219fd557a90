"""Which question comes next, and the loop that asks. Pure but for the `Asker` it talks to.

Danger first; an emergency ends the interview at once, an urgent finding leaves only
the follow-ups that the rule base names. A rule with `waits_for` is not decided while
one of those questions is still to come, so that nothing is said and then taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple, Protocol

from triage.conversation.lists import emergency_follow_up, in_order, joined, lines_of, screens_of, signs_of
from triage.knowledge.conditions import Facts, any_row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    AFTER_URGENT,
    AT_ONCE,
    NOT_SURE,
    Answer,
    Answers,
    Clarification,
    Disposition,
    Limit,
    Option,
    Question,
    chosen,
)
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.knowledge.wording import said
from triage.reasoning.assessment import assess, most_urgent, settled_flags, settled_level
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment, FiredFlag

YES, NO = "yes", "no"
OPENED = 3  # one question in so many is asked of those that coming answers may open: measured over the scenarios


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One thing to ask: a question, or a screen or a follow-up of it.

    `number` of `about` places it in the interview; `page` heads it where the list has several screens, in the place of
    `text` on the `later` ones; `earlier`: what was ticked on those before. `options`: what can be chosen; those with a
    key of their own stand beside the numbered ones. `chosen` are options to show as ticked or pointed at; `kind` is
    "one", "many" or "number", of which `limit` narrows the bounds; `opened`: all details are shown. `answers` are those
    so far; `leads_to`: the options of the question that this prompt can lead to (empty: all).
    """

    question: Question
    text: str
    kind: str
    options: tuple[Option, ...]
    number: int
    about: int
    page: str = ""
    later: bool = False
    earlier: tuple[str, ...] = ()
    limit: Limit | None = None
    chosen: tuple[str, ...] = ()
    remark: str = ""
    opened: bool = False
    answers: Answers
    leads_to: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Option, ...]:
        """The options that have a number."""
        return tuple(option for option in self.options if not option.key)

    @property
    def keys(self) -> tuple[Option, ...]:
        """The options that have a key of their own."""
        return tuple(option for option in self.options if option.key)


class Back:
    """The reply of somebody who wants the question before."""


BACK = Back()
SKIP = Back()  # of what need not be answered: the next one
ELSEWHERE = Back()  # another question was asked first; this one comes again
Reply = Answer | Back


class Asker(Protocol):
    """What an interview needs of a terminal. Stopping is KeyboardInterrupt or EOFError, with what was ticked in a list."""

    def ask(self, prompt: Prompt) -> Reply:
        """An answer of the prompt's kind, or BACK. "Why?" and "relief" are answered on the way."""

    def act(self, text: str) -> None:
        """Say the one thing to do at once for a cramp that is there now."""

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        """Say at once that something urgent was found."""

    def emergency(self, answers: Answers) -> str | Back | None:
        """Say at once what to do. None: the person leaves with it. BACK, or a question to change: ticked by mistake."""

    def review(self, answers: Answers) -> str | None:
        """Show all answers; the id of a question to change, or None to go on."""


def open_questions(engine: Engine, answers: Answers) -> tuple[Question, ...]:
    """What would be asked now, in order; empty when the interview is over."""
    rulebase = engine.rulebase
    level = settled_level(engine, answers)
    facts = as_facts(answers, rulebase.bands)
    urgent = level.stops == AFTER_FOLLOW_UPS
    asked = sum(not rulebase.questions[name].after for name in answers)
    return tuple(
        q
        for q in rulebase.questions.values()
        if q.id not in answers
        and not q.after
        and q.is_asked(facts, level.stops)
        and not gives_way(q, facts, urgent, asked, rulebase.most_prompts)
    )


def gives_way(question: Question, facts: Facts, urgent: bool, asked: int, most: int) -> bool:
    """Whether a question is left out because the interview is long enough: `asked` of `most` prompts."""
    if not question.yields or (question.yields == AFTER_URGENT and not urgent):
        return False
    return asked >= (most if any_row(question.yields_unless, facts) else most - 1)


def is_emergency(engine: Engine, prompt: Prompt, signs: Iterable[str]) -> bool:
    """Whether these signs, with those of earlier screens, end the questions: then no further sign is asked for."""
    answer = in_order(prompt.question, [*prompt.earlier, *signs])
    return bool(answer) and settled_level(engine, {**prompt.answers, prompt.question.id: answer}).stops == AT_ONCE


class Early(NamedTuple):
    """What of a list was answered before its turn: the reply, and the lines that were offered."""

    reply: tuple[str, ...] = ()
    offered: frozenset[str] = frozenset()


class Interview:
    """One interview: what is known, and the loop that asks for the rest.

    Its state: `answers`; `asked`, the questions that one can go back to, in order; `offered`, the lines that each
    answered list showed; `early`, what follow-ups were answered with before their turn; `ticked`, signs on lists that
    are not finished; `announced`, the urgent red flags that were said.
    """

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        known: Answers | None = None,
        answered: Callable[[Answers], None] = lambda _: None,
        ticked: Answers | None = None,
    ) -> None:
        """`known` are answers from a file, `ticked` what was ticked there on lists that were not finished.

        `answered` is called after every answer, of an emergency when it is left.

        Known answers that would be asked for count as asked: one can go back to them. The
        others are used all the same.
        """
        self.engine, self.asker, self.answered = engine, asker, answered
        self.rulebase = engine.rulebase
        self.answers: dict[str, Answer] = dict(known or {})
        facts = self._facts(self.answers)
        self.asked = [q.id for q in self.rulebase.questions.values() if q.id in self.answers and q.applies(facts)]
        self.offered: dict[str, frozenset[str]] = {}
        self.early: dict[str, Early] = {}
        self.ticked: Answers = dict(ticked or {})
        self.announced: set[str] = set()

    @property
    def known(self) -> Answers:
        """The answers, and the signs that were ticked on a list that is not finished."""
        return {**self.answers, **self.ticked}

    def conduct(self) -> Answers:
        """Ask until nothing is left to ask and the review is accepted, or an emergency is left; the answers."""
        while not self._ends_at_once() and (name := self.asker.review(self.answers)):
            self._put(name)
        return self.answers

    def change(self, name: str) -> Answers:
        """Once there is a result: ask one question again, and what is to be asked because of it; the answers."""
        self._put(name)
        self._ends_at_once()
        return self.answers

    def ask_after(self) -> Answers:
        """Once there is a result: ask what only whoever wants to is asked. Each can be skipped, and leaving ends it."""
        done: list[str] = []
        after = [q for q in self.rulebase.questions.values() if q.after]
        with suppress(KeyboardInterrupt, EOFError):
            while left := [q.id for q in after if q.id not in done and q.applies(self._facts(self.answers))]:
                if self._put(left[0]) is not BACK:
                    done.append(left[0])
                elif done:
                    done.pop()
                else:
                    break
        return self.answers

    def _ends_at_once(self) -> bool:
        """Ask until nothing is left to ask; whether the person left with an emergency."""
        while True:
            self._announce_what_is_new()
            if self._stops_at_once(self.answers):
                wanted = self.asker.emergency(self.answers)
                if wanted is None:
                    self.answered(self.answers)
                    return True
                if isinstance(wanted, str):
                    self._put(wanted)
                else:
                    self._step_back(self._just_after_the_sign())
            elif not (left := open_questions(self.engine, self.answers)):
                return False
            elif self._put(left[0].id) is BACK:
                self._step_back(len(self.asked))

    def resume(self, name: str) -> Answers:
        """Put this question first, also where it was answered; then as `conduct` does. BACK leads to the one before it."""
        if self._put(name) is BACK and not self.rulebase.questions[name].after:
            place = self.asked.index(name) if name in self.asked else len(self.asked)
            self._step_back(max(place, min(1, len(self.asked))))
        return self.conduct()

    def _put(self, name: str) -> Reply:
        """Ask one question, with the answer given before, and keep the new one."""
        question = self.rulebase.questions[name]
        reply = self._answer(self._prompt(question, self.answers))
        if isinstance(reply, Back):
            return reply
        self._keep(question, reply)
        if not self._stops_at_once(self.answers):
            self.answered(self.answers)
            if any(option.now for option in question.options if option.id in chosen(reply)):
                self.asker.act(self.rulebase.relief_now.action[voice_of(self.rulebase, self.answers)])
        return reply

    def _prompt(self, question: Question, answers: Answers) -> Prompt:
        """A question with what was answered before: ticked, or told (a number, a harmless answer to danger)."""
        facts, asked = self._facts(answers), list(dict.fromkeys([*self.asked, question.id]))
        left = {q.id for q in open_questions(self.engine, _without(question, answers))} - {question.id}
        before = answers.get(question.id, self.ticked.get(question.id, ()))
        calm = {o.id for o in question.options if question.danger and (o.key or o.harmless)}
        ticked = tuple(option for option in chosen(before) if option not in calm)
        remark = ""
        if before != () and (not ticked or ticked != chosen(before)):
            spoken = rules_in_voice(self.rulebase, voice_of(self.rulebase, answers))
            remark = f"So far: {said(spoken, question.id, before)}"
        return Prompt(
            question=question,
            text=question.text,
            kind=question.kind,
            options=question.shown(facts),
            number=1 + asked.index(question.id),
            about=len(asked) + len(left) + len(self._may_open({*left, question.id})) // OPENED,
            limit=question.limit(facts),
            chosen=ticked,
            remark=remark,
            answers=dict(answers),
        )

    def _may_open(self, coming: Iterable[str]) -> list[Question]:
        """Further questions that wait for one of these; what follows an urgent finding is known."""
        if settled_level(self.engine, self.answers).stops:
            return []
        others = (q for q in self.rulebase.questions.values() if q.id not in {*coming, *self.answers} and not q.after)
        return [q for q in others if any(cell.name in coming for row in q.ask_when or () for cell in row)]

    def _keep(self, question: Question, reply: Answer) -> None:
        self.answers[question.id] = reply
        if question.id not in self.asked:
            self.asked.append(question.id)
        facts = self._facts(self.answers)
        begun = _without(question, self.ticked)
        self.ticked = {name: begun[name] for name in begun if self.rulebase.questions[name].applies(facts)}
        self.offered[question.id] = lines_of(question, facts)
        while gone := [name for name in self.asked if not self._still_holds(name)]:
            for name in gone:
                self.asked.remove(name)
                del self.answers[name]

    def _still_holds(self, name: str) -> bool:
        """Whether an answer could still be given: the question is asked, and offers what was chosen and no new line."""
        question, answer, facts = self.rulebase.questions[name], self.answers[name], self._facts(self.answers)
        if not question.applies(facts):
            return False
        if isinstance(answer, int):
            limit = question.limit(facts)
            return limit is None or limit.allows(answer)
        if question.kind != "many":
            return answer in {option.id for option in question.shown(facts)}
        now = lines_of(question, facts)
        offered = self.offered.get(name, now)
        return now <= offered and offered & set(chosen(answer)) <= now

    def _announce_what_is_new(self) -> None:
        level, flags = self._most_urgent()
        urgent = tuple(f for f in flags if level.stops == AFTER_FOLLOW_UPS)
        new = tuple(f for f in urgent if f.flag.id not in self.announced)
        self.announced = {f.flag.id for f in urgent}
        if new:
            self.asker.announce(level, new, voice_of(self.rulebase, self.answers))

    def _just_after_the_sign(self) -> int:
        """The place behind the last question whose answer raised what ends the interview."""
        read = {name for f in self._most_urgent()[1] for name in f.answers}
        return max((n for n, name in enumerate(self.asked, 1) if name in read), default=len(self.asked))

    def _most_urgent(self) -> tuple[Disposition, list[FiredFlag]]:
        """The most urgent level that is settled, and the red flags that ask for it."""
        flags = settled_flags(self.engine, self.answers)
        level = most_urgent(self.rulebase, (f.flag for f in flags))
        return level, [f for f in flags if f.flag.disposition == level.id]

    def _step_back(self, index: int) -> None:
        """Ask the question before this place once more, and the one before that on BACK: at the first, itself again."""
        while index and self._put(self.asked[index - 1]) is BACK:
            index = max(index - 1, 1)

    def _stops_at_once(self, answers: Answers) -> bool:
        return settled_level(self.engine, answers).stops == AT_ONCE

    def _facts(self, answers: Answers) -> Facts:
        return as_facts(answers, self.rulebase.bands)

    # --- one question, and its "not sure"

    def _answer(self, prompt: Prompt) -> Reply:
        """The answer to one question, through its screens and its extra question if need be."""
        clarify = prompt.question.clarify
        while True:
            reply = self._list(prompt) if prompt.kind == "many" else self.asker.ask(prompt)
            if clarify is None or clarify.again_open or isinstance(reply, Back) or NOT_SURE not in chosen(reply):
                return reply
            picked = tuple(option for option in chosen(reply) if option != NOT_SURE)
            if is_emergency(self.engine, prompt, picked):
                return reply
            fresh = replace(prompt, chosen=(), remark="")
            clearer = self._each_line(fresh, picked) if clarify.each else self._one_more(fresh, clarify, picked)
            if clearer is not None:  # an answer, or ELSEWHERE
                return clearer
            prompt = replace(prompt, chosen=picked)

    def _one_more(self, prompt: Prompt, clarify: Clarification, picked: tuple[str, ...]) -> Reply | None:
        """The extra question after "not sure"; None to show the list again. What was ticked stays ticked."""
        unsure = prompt.question.option(NOT_SURE)
        options = tuple(
            Option(id=str(n), text=way.text, means="", key=unsure.key if way.answer == (NOT_SURE,) else "")
            for n, way in enumerate(clarify.options)
        )
        leads_to = tuple(dict.fromkeys(name for way in clarify.options for name in way.answer))
        typed = self.asker.ask(replace(prompt, text=clarify.text, kind="one", options=options, leads_to=leads_to))
        if isinstance(typed, Back):
            return None
        way = clarify.options[int(str(typed))]
        if way.go_to:
            self._put(way.go_to)
            return ELSEWHERE
        if prompt.kind != "many":
            return way.answer[0] if way.answer else None
        return joined(prompt.question, [*picked, *way.answer]) if way.answer else None

    def _each_line(self, prompt: Prompt, picked: tuple[str, ...]) -> Answer | None:
        """All lines that are not ticked, one by one; None when stepping back before the first."""
        question = prompt.question
        lines = [option for option in prompt.options if not option.key and option.id not in picked]
        choices = (Option(id=YES, text="Yes", means=""), Option(id=NO, text="No", means=""), question.option(NOT_SURE))
        signs: list[tuple[str, ...]] = []  # of each line so far: its sign, NOT_SURE, or nothing
        while len(signs) < len(lines):
            line = lines[len(signs)]
            remark = f"{question.clarify.text if question.clarify else ''} {len(signs) + 1} of {len(lines)}"
            leads_to = (line.id, NOT_SURE)
            typed = self.asker.ask(
                replace(prompt, text=line.text, kind="one", options=choices, remark=remark, leads_to=leads_to)
            )
            if not isinstance(typed, Back):
                signs.append({YES: (line.id,), NOT_SURE: (NOT_SURE,)}.get(str(typed), ()))
                found = [name for sign in signs for name in sign]
                if typed == YES and is_emergency(self.engine, prompt, [*picked, *found]):
                    break
            elif signs:
                signs.pop()
            else:
                return None
        return joined(question, [*picked, *(name for sign in signs for name in sign)])

    # --- a list on its screens

    def _list(self, prompt: Prompt) -> Reply:
        """A list on its screens, each with its own "none" and "not sure", joined to one answer.

        It ends early where what is ticked is an emergency.
        """
        question, unfinished = prompt.question, self.ticked
        others = _without(question, prompt.answers)
        early = self.early.pop(question.id, Early())
        replies: list[tuple[str, ...]] = []  # to the screens so far
        ticked = set(prompt.chosen)  # as the screens are to show it
        while True:
            picked = in_order(question, chain(early.reply, *replies))
            known = _with(others, question, signs_of(question, picked))
            screens = screens_of(question, self._facts(_with(others, question, picked)), early.offered)
            at = len(replies)
            if at == len(screens) or is_emergency(self.engine, prompt, signs_of(question, picked)):
                return SKIP if () in replies and not signs_of(question, picked) else joined(question, picked)
            more = self._follow_up(question, known)
            if isinstance(more, Back):
                reply: Reply = more
            elif more and self._stops_at_once({**known, **more}):
                return joined(question, picked)
            else:
                try:
                    reply = self._screen(_on_screen(replace(prompt, earlier=picked), screens, at, ticked))
                except (KeyboardInterrupt, EOFError) as left:
                    self.ticked = _with(unfinished, question, signs_of(question, chain(picked, left.args)))
                    raise
            if reply is SKIP:
                replies.append(())
            elif not isinstance(reply, Back):
                replies.append(chosen(reply))
                ticked = ticked.difference(option.id for option in screens[at]).union(chosen(reply))
                self.ticked = _with(unfinished, question, signs_of(question, chain(early.reply, *replies)))
            elif replies:
                replies.pop()
            else:
                return BACK

    def _screen(self, prompt: Prompt) -> Reply:
        """One screen of a list; where it is not sure and the question says so, once more with all details."""
        clarify = prompt.question.clarify
        while True:
            reply = self.asker.ask(prompt)
            if isinstance(reply, Back) or NOT_SURE not in chosen(reply) or not (clarify and clarify.again_open):
                return reply
            signs = tuple(option for option in chosen(reply) if option != NOT_SURE)
            if is_emergency(self.engine, prompt, signs):
                return reply
            reply = self.asker.ask(replace(prompt, chosen=signs, opened=True, remark=clarify.text))
            if not isinstance(reply, Back):
                return reply

    def _follow_up(self, question: Question, known: Answers) -> Answers | Back:
        """What a sign on an early screen opens, if it can be an emergency: asked before the next screen.

        The answer to it; empty where there is nothing to ask. BACK from it is back to that screen.
        """
        follow_up, facts = emergency_follow_up(self.rulebase, question), self._facts(known)
        if follow_up is None or follow_up.id in self.answers or not follow_up.applies(facts):
            return {}
        offered = lines_of(follow_up, facts)
        before = self.early.pop(follow_up.id, None)
        if before is None or before.offered != offered:
            reply = self._answer(self._prompt(follow_up, known))
            if isinstance(reply, Back):
                return reply
            before = Early(chosen(reply), offered)
        self.early[follow_up.id] = before
        return {follow_up.id: before.reply}


def _on_screen(prompt: Prompt, screens: Sequence[tuple[Option, ...]], at: int, ticked: Iterable[str]) -> Prompt:
    """The prompt of one screen of a list: its lines, "none" and "not sure"."""
    here = (*screens[at], *prompt.keys)
    return replace(
        prompt,
        page=screens[at][0].page or (f"{at + 1} of {len(screens)}" if len(screens) > 1 else ""),
        later=at > 0,
        options=here,
        chosen=in_order(prompt.question, {o.id for o in screens[at]}.intersection(ticked)),
        remark="" if at else prompt.remark,
        leads_to=tuple(option.id for option in here),
    )


def _with(answers: Answers, question: Question, options: tuple[str, ...]) -> Answers:
    """These answers and the options of a question, if there are any."""
    return {**answers, question.id: options} if options else answers


def _without(question: Question, answers: Answers) -> Answers:
    return {name: answer for name, answer in answers.items() if name != question.id}


def assess_so_far(engine: Engine, answers: Answers, ticked: Answers | None = None) -> Assessment:
    """The result of answers, and of what is ticked on lists that are not finished: those are still missing."""
    known = {**answers, **(ticked or {})}
    return assess(engine, known, tuple(dict.fromkeys([*missing_from(engine, known), *(ticked or {})])))


def missing_from(engine: Engine, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The ids of the questions that an answer file leaves open."""
    return tuple(question.id for question in open_questions(engine, answers))
