"""Which question comes next, and the loop that asks. Pure but for the `Asker` it talks to.

Danger first; an emergency ends the interview at once, an urgent finding leaves only
the follow-ups that the rule base names. A rule with `waits_for` is not decided while
one of those questions is still to come, so that nothing is said and then taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from triage.assessment import find_flags, most_urgent
from triage.engine import Engine
from triage.grammar import as_facts
from triage.model import (
    AFTER_FOLLOW_UPS,
    AT_ONCE,
    NOT_SURE,
    Answer,
    Answers,
    Clarification,
    Disposition,
    Facts,
    FiredFlag,
    Option,
    Question,
    RuleBase,
    chosen,
)
from triage.records import Record
from triage.wording import said

YES, NO = "yes", "no"


class Prompt(Record):
    """One thing to ask: a question, or a part or a follow-up of it.

    `number` of `about` places it in the interview; `chosen` are options to show as
    ticked or pointed at; `kind` is "one", "many" or "number". `answers` are those so far;
    `leads_to`: the options of the question that this prompt can lead to (empty: all).
    """

    question: Question
    text: str
    kind: str
    options: tuple[Option, ...]
    number: int
    about: int
    chosen: tuple[str, ...] = ()
    remark: str = ""
    answers: Answers
    leads_to: tuple[str, ...] = ()


class Back:
    """The reply of somebody who wants the question before."""


BACK = Back()
Reply = Answer | Back


class Asker(Protocol):
    """What an interview needs of a terminal. Stopping is KeyboardInterrupt or EOFError."""

    def ask(self, prompt: Prompt) -> Reply:
        """An answer of the prompt's kind, or BACK. "Why?" and "relief" are answered on the way."""
        ...

    def pages(self, question: Question) -> tuple[tuple[Option, ...], ...]:
        """The signs of a long list in the parts in which they are asked; one part for a short one."""
        ...

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...]) -> None:
        """Say at once that something urgent was found."""
        ...

    def review(self, answers: Answers) -> str | None:
        """Show all answers; the id of a question to change, or None to go on."""
        ...


def settled_flags(engine: Engine, answers: Answers) -> tuple[FiredFlag, ...]:
    """The red flags that no question still to be asked can take back."""
    facts = as_facts(answers, engine.rulebase.bands)
    questions = engine.rulebase.questions

    def to_come(name: str) -> bool:
        return name not in answers and questions[name].applies(facts)

    return tuple(f for f in find_flags(engine, answers) if not any(map(to_come, f.flag.waits_for)))


def open_questions(engine: Engine, answers: Answers) -> tuple[Question, ...]:
    """What would be asked now, in order; empty when the interview is over."""
    level = most_urgent(engine.rulebase, (f.flag for f in settled_flags(engine, answers)))
    facts = as_facts(answers, engine.rulebase.bands)
    if level.stops == AT_ONCE:
        return ()
    asked = Question.applies_after_urgent if level.stops == AFTER_FOLLOW_UPS else Question.applies
    return tuple(q for q in engine.rulebase.questions.values() if q.id not in answers and asked(q, facts))


class Interview:
    """One interview: what is known, what was asked, and the loop."""

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        known: Answers | None = None,
        answered: Callable[[Answers], None] = lambda _: None,
    ) -> None:
        """`known` are answers from a file; `answered` is called after every answer.

        Known answers that would be asked for count as asked: one can go back to them. The
        others are used all the same.
        """
        self.engine, self.asker, self.answered = engine, asker, answered
        self.rulebase: RuleBase = engine.rulebase
        self.answers: dict[str, Answer] = dict(known or {})
        facts = as_facts(self.answers, self.rulebase.bands)
        known_names = [name for name in self.rulebase.questions if name in self.answers]
        self.asked = [name for name in known_names if self._was_rightly_asked(name, facts)]
        self.announced: set[str] = set()

    def conduct(self) -> Answers:
        """Ask until nothing is left to ask and the review is accepted; the answers."""
        while True:
            self._announce_what_is_new()
            if left := open_questions(self.engine, self.answers):
                if isinstance(self._put(left[0].id), Back):
                    self._step_back()
            elif self._stops_at_once(self.answers) or not self._reviewed():
                return self.answers

    def _put(self, name: str) -> Reply:
        """Ask one question, with the answer given before, and keep the new one."""
        question = self.rulebase.questions[name]
        number = self.asked.index(name) if name in self.asked else len(self.asked)
        left = {q.id for q in open_questions(self.engine, self.answers)} - {name}
        about = len({*self.asked, name}) + len(left)
        prompt = Prompt(
            question=question,
            text=question.text,
            kind=question.kind,
            options=question.options,
            number=number + 1,
            about=about,
            answers=dict(self.answers),
        )
        reply = self._answer(self._with_answer_before(prompt))
        if not isinstance(reply, Back):
            self.answers[name] = reply
            if name not in self.asked:
                self.asked.append(name)
            self._drop_what_no_longer_applies()
            self.answered(self.answers)
        return reply

    def _with_answer_before(self, prompt: Prompt) -> Prompt:
        """The prompt with what was answered before; a harmless answer to danger is told, not preselected."""
        question = prompt.question
        if question.id not in self.answers:
            return prompt
        before = self.answers[question.id]
        ticked = chosen(before) or (str(before),)
        if question.danger:
            harmless = {o.id for o in question.options if o.exclusive or question.kind == "one"}
            ticked = tuple(option for option in ticked if option not in harmless)
        return replace(prompt, chosen=ticked, remark=f"So far: {said(self.rulebase, question.id, before)}")

    def _step_back(self) -> None:
        """Ask the question before once more, and the one before that on "back" again."""
        index = len(self.asked)
        while index:
            index = max(index - 1, 0)
            if not isinstance(self._put(self.asked[index]), Back):
                return
            index = max(index, 1)  # there is nothing before the first question

    def _reviewed(self) -> bool:
        """Show the review; True if an answer was opened for change."""
        name = self.asker.review(self.answers)
        if name is not None:
            self._put(name)
        return name is not None

    def _drop_what_no_longer_applies(self) -> None:
        """Forget answers to questions that would no longer be asked."""
        while True:
            facts = as_facts(self.answers, self.rulebase.bands)
            gone = [name for name in self.asked if not self._was_rightly_asked(name, facts)]
            if not gone:
                return
            for name in gone:
                self.asked.remove(name)
                del self.answers[name]

    def _was_rightly_asked(self, name: str, facts: Facts) -> bool:
        question = self.rulebase.questions[name]
        return question.applies(facts) or question.applies_after_urgent(facts)

    def _stops_at_once(self, answers: Answers) -> bool:
        flags = settled_flags(self.engine, answers)
        return most_urgent(self.rulebase, (f.flag for f in flags)).stops == AT_ONCE

    def _is_enough(self, question: Question, picked: Iterable[str]) -> bool:
        """Whether the signs named so far are an emergency: then no further sign is asked for."""
        named = set(picked)
        ordered = tuple(o.id for o in question.options if o.id in named)
        return bool(ordered) and self._stops_at_once({**self.answers, question.id: ordered})

    def _announce_what_is_new(self) -> None:
        flags = settled_flags(self.engine, self.answers)
        level = most_urgent(self.rulebase, (f.flag for f in flags))
        urgent = [f for f in flags if level.stops == AFTER_FOLLOW_UPS and f.flag.disposition == level.id]
        new = tuple(f for f in urgent if f.flag.id not in self.announced)
        self.announced = {f.flag.id for f in urgent}
        if new:
            self.asker.announce(level, new)

    # --- one question, with its "not sure"

    def _answer(self, prompt: Prompt) -> Reply:
        """The answer to one question, through its pages and its extra question if need be."""
        while True:
            pages = self.asker.pages(prompt.question) if prompt.kind == "many" else ()
            reply = self._by_pages(prompt, pages) if len(pages) > 1 else self.asker.ask(prompt)
            clarify = prompt.question.clarify
            if clarify is None or isinstance(reply, Back) or NOT_SURE not in chosen(reply):
                return reply
            fresh = replace(prompt, chosen=(), remark="")
            clearer = self._each_sign(fresh) if clarify.each else self._one_more(fresh, clarify)
            if clearer is not None:
                return clearer

    def _one_more(self, prompt: Prompt, clarify: Clarification) -> Answer | None:
        """The extra question after "not sure"; None to show the list again."""
        options = tuple(Option(str(n), o.text, "") for n, o in enumerate(clarify.options))
        leads_to = tuple(dict.fromkeys(name for o in clarify.options for name in o.answer))
        reply = self.asker.ask(replace(prompt, text=clarify.text, kind="one", options=options, leads_to=leads_to))
        if isinstance(reply, Back):
            return None
        answer = clarify.options[int(str(reply))].answer
        if not answer:
            return None
        return answer if prompt.question.kind == "many" else answer[0]

    def _each_sign(self, prompt: Prompt) -> Answer | None:
        """All signs one by one. Beside a sign that is there, an unsure one counts as there."""
        clarify = prompt.question.clarify
        text = clarify.text if clarify else ""
        found = self._in_turn(prompt, [o for o in prompt.options if not o.exclusive], text, doubt=NOT_SURE)
        if found is None:
            return None
        if YES in found.values():
            return tuple(name for name, reply in found.items() if reply != NO)
        return (NOT_SURE,) if NOT_SURE in found.values() else (_none_of(prompt),)

    def _by_pages(self, prompt: Prompt, pages: tuple[tuple[Option, ...], ...]) -> Reply:
        """A long list in parts, each with its own "none" and "not sure", joined to one answer."""
        alone = tuple(o for o in prompt.options if o.exclusive)
        replies: list[tuple[str, ...]] = []
        ticked = [tuple(c for c in prompt.chosen if c in {o.id for o in page}) for page in pages]
        while len(replies) < len(pages):
            at = len(replies)
            part = f"Part {at + 1} of {len(pages)}. {pages[at][0].heading}".rstrip(". ")
            remark = f"{part}. {prompt.remark}" if prompt.remark else part
            here = (*pages[at], *alone)
            part_prompt = replace(prompt, options=here, chosen=ticked[at], remark=remark)
            reply = self.asker.ask(replace(part_prompt, leads_to=tuple(o.id for o in here)))
            if isinstance(reply, Back):
                if not replies:
                    return BACK
                replies.pop()
                continue
            replies.append(chosen(reply))
            ticked[at] = tuple(c for c in chosen(reply) if c not in {o.id for o in alone})
            picked = [c for page in replies for c in page if c not in {o.id for o in alone}]
            if self._is_enough(prompt.question, picked):
                return tuple(picked)
        return self._joined(prompt, pages, replies)

    def _joined(self, prompt: Prompt, pages: tuple[tuple[Option, ...], ...], replies: list[tuple[str, ...]]) -> Reply:
        picked = [o.id for o in prompt.options if not o.exclusive and any(o.id in reply for reply in replies)]
        doubtful = [o for page, reply in zip(pages, replies, strict=True) if NOT_SURE in reply for o in page]
        if not picked:
            return (NOT_SURE,) if doubtful else (_none_of(prompt),)
        if doubtful:
            # "Not sure" stands alone in an answer. Beside a sign that is there, the unsure part
            # is settled sign by sign, and what stays unsure counts as there: never as "no".
            text = "You were not sure about this part. One sign at a time (not sure counts as yes):"
            found = self._in_turn(replace(prompt, chosen=(), remark=""), doubtful, text, YES, picked)
            if found is None:
                return self._by_pages(prompt, pages)
            picked += [name for name, reply in found.items() if reply == YES]
        return tuple(o.id for o in prompt.options if o.id in picked)

    def _in_turn(
        self, prompt: Prompt, signs: Iterable[Option], text: str, doubt: str, picked: Iterable[str] = ()
    ) -> dict[str, str] | None:
        """Yes, no or not sure (kept as `doubt`) for each sign; None when stepping back before the first.

        Ends early when the signs that are there, with `picked`, are an emergency.
        """
        listed = list(signs)
        found: dict[str, str] = {}
        choices = (Option(YES, "Yes", ""), Option(NO, "No", ""), Option(NOT_SURE, "Not sure", ""))
        while len(found) < len(listed):
            sign = listed[len(found)]
            remark = f"{text} {len(found) + 1} of {len(listed)}"
            leads_to = (sign.id, doubt) if doubt == NOT_SURE else (sign.id,)
            one = replace(prompt, text=sign.text, kind="one", options=choices, remark=remark, leads_to=leads_to)
            reply = self.asker.ask(one)
            if not isinstance(reply, Back):
                found[sign.id] = doubt if reply == NOT_SURE else str(reply)
                there = [name for name, answer in found.items() if answer == YES]
                if there and self._is_enough(prompt.question, [*picked, *there]):
                    break
            elif found:
                found.popitem()
            else:
                return None
        return found


def _none_of(prompt: Prompt) -> str:
    """The option that says "none of these"."""
    return next(o.id for o in prompt.question.options if o.exclusive and o.id != NOT_SURE)


def missing_from(engine: Engine, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The ids of the questions that an answer file leaves open."""
    return tuple(question.id for question in open_questions(engine, answers))
