"""Which question comes next, and the loop that asks. Pure but for the `Asker` it talks to.

Danger first; an emergency ends the interview at once, an urgent finding leaves only
the follow-ups that the rule base names. A rule with `waits_for` is not decided while
one of those questions is still to come, so that nothing is said and then taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

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
    Facts,
    FiredFlag,
    Limit,
    Option,
    Question,
    RuleBase,
    any_row,
    chosen,
)
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.knowledge.wording import said
from triage.reasoning.assessment import most_urgent, settled_flags, settled_level
from triage.reasoning.engine import Engine

YES, NO = "yes", "no"
MOST_LINES = 9  # that one screen numbers: one digit chooses one


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
ELSEWHERE = Back()  # another question was asked first; this one comes again
Reply = Answer | Back


class Asker(Protocol):
    """What an interview needs of a terminal. Stopping is KeyboardInterrupt or EOFError."""

    def ask(self, prompt: Prompt) -> Reply:
        """An answer of the prompt's kind, or BACK. "Why?" and "relief" are answered on the way."""
        ...

    def act(self, text: str) -> None:
        """Say the one thing to do at once for a cramp that is there now."""
        ...

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        """Say at once that something urgent was found."""
        ...

    def emergency(self, answers: Answers) -> bool:
        """Say at once what to do; whether the person leaves with it (or goes back: ticked by mistake)."""
        ...

    def review(self, answers: Answers) -> str | None:
        """Show all answers; the id of a question to change, or None to go on."""
        ...


def open_questions(engine: Engine, answers: Answers) -> tuple[Question, ...]:
    """What would be asked now, in order; empty when the interview is over."""
    rulebase = engine.rulebase
    level = settled_level(engine, answers)
    facts = as_facts(answers, rulebase.bands)
    if level.stops == AT_ONCE:
        return ()
    urgent = level.stops == AFTER_FOLLOW_UPS
    applies = Question.applies_after_urgent if urgent else Question.applies
    return tuple(
        q
        for q in rulebase.questions.values()
        if q.id not in answers
        and applies(q, facts)
        and not gives_way(q, facts, urgent, len(answers), rulebase.most_prompts)
    )


def gives_way(question: Question, facts: Facts, urgent: bool, asked: int, most: int) -> bool:
    """Whether a question is left out because the interview is long enough: `asked` of `most` prompts."""
    if not question.yields or (question.yields == AFTER_URGENT and not urgent):
        return False
    return asked >= (most if any_row(question.yields_unless, facts) else most - 1)


class Interview:
    """One interview: what is known, what was asked, and the loop."""

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        known: Answers | None = None,
        answered: Callable[[Answers], None] = lambda _: None,
    ) -> None:
        """`known` are answers from a file; `answered` is called after every answer, of an emergency when it is left.

        Known answers that would be asked for count as asked: one can go back to them. The
        others are used all the same.
        """
        self.engine, self.asker, self.answered = engine, asker, answered
        self.rulebase: RuleBase = engine.rulebase
        self.answers: dict[str, Answer] = dict(known or {})
        facts = self._facts()
        known_names = [name for name in self.rulebase.questions if name in self.answers]
        self.asked = [name for name in known_names if self.rulebase.questions[name].applies(facts)]
        self.offered: dict[str, frozenset[str]] = {}  # the lines that were shown, by question
        self.early: dict[str, Early] = {}  # what a follow-up was answered with before its turn
        self.announced: set[str] = set()
        self.ticked: dict[str, Answer] = {}  # signs on the first screens of the list that is being answered

    @property
    def known(self) -> Answers:
        """The answers, and the signs that were ticked on a list that is not finished."""
        return {**self.answers, **self.ticked}

    def conduct(self) -> Answers:
        """Ask until nothing is left to ask and the review is accepted; the answers."""
        while True:
            self._announce_what_is_new()
            if self._stops_at_once(self.answers):
                if self.asker.emergency(self.answers):
                    self.answered(self.answers)
                    return self.answers
                self._step_back(self._just_after_the_sign())
            elif left := open_questions(self.engine, self.answers):
                if self._put(left[0].id) is BACK:
                    self._step_back(len(self.asked))
            elif not self._reviewed():
                return self.answers

    def _facts(self) -> Facts:
        return as_facts(self.answers, self._bands)

    @property
    def _bands(self) -> Mapping[str, tuple[str, ...]]:
        return self.rulebase.bands

    def _put(self, name: str) -> Reply:
        """Ask one question, with the answer given before, and keep the new one."""
        question = self.rulebase.questions[name]
        reply = self._answer(self._with_answer_before(self._prompt(question)))
        if not isinstance(reply, Back):
            self._keep(question, reply)
            if not self._stops_at_once(self.answers):
                self.answered(self.answers)
                self._act_now(question, reply)
        return reply

    def _prompt(self, question: Question) -> Prompt:
        name = question.id
        number = self.asked.index(name) if name in self.asked else len(self.asked)
        left = {q.id for q in open_questions(self.engine, self._without(question))} - {name}
        facts = self._facts()
        return Prompt(
            question=question,
            text=question.text,
            kind=question.kind,
            options=question.options,
            number=number + 1,
            about=len({*self.asked, name}) + len(left),
            limit=question.limit(facts),
            answers=dict(self.answers),
        )

    def _keep(self, question: Question, reply: Answer) -> None:
        self.answers[question.id] = reply
        self.ticked = {}
        self.offered[question.id] = self._lines(question)
        if question.id not in self.asked:
            self.asked.append(question.id)
        self._drop_what_no_longer_applies()

    def _act_now(self, question: Question, reply: Answer) -> None:
        """The one safe action, once somebody says that it cramps now."""
        if any(o.now for o in question.options if o.id in chosen(reply)):
            self.asker.act(self.rulebase.relief_now.action[voice_of(self.rulebase, self.answers)])

    def _with_answer_before(self, prompt: Prompt) -> Prompt:
        """The prompt with what was answered before: ticked, or told (a number, a harmless answer to danger)."""
        question = prompt.question
        if question.id not in self.answers:
            return prompt
        before = self.answers[question.id]
        ticked = chosen(before)
        if question.danger:
            harmless = {o.id for o in question.options if o.key or o.harmless}
            ticked = tuple(option for option in ticked if option not in harmless)
        if ticked and ticked == chosen(before):
            return replace(prompt, chosen=ticked)
        spoken = rules_in_voice(self.rulebase, voice_of(self.rulebase, self.answers))
        return replace(prompt, chosen=ticked, remark=f"So far: {said(spoken, question.id, before)}")

    def _just_after_the_sign(self) -> int:
        """The place behind the last question whose answer raised what ends the interview."""
        flags = settled_flags(self.engine, self.answers)
        level = most_urgent(self.rulebase, (f.flag for f in flags))
        read = {name for f in flags if f.flag.disposition == level.id for name in f.answers}
        return max((n for n, name in enumerate(self.asked, 1) if name in read), default=len(self.asked))

    def _step_back(self, index: int) -> None:
        """Ask the question before this place once more, and the one before that on "back" again."""
        while index:
            index = max(index - 1, 0)
            if self._put(self.asked[index]) is not BACK:
                return
            index = max(index, 1)  # there is nothing before the first question

    def _reviewed(self) -> bool:
        """Show the review; True if an answer was opened for change."""
        name = self.asker.review(self.answers)
        if name is not None:
            self._put(name)
        return name is not None

    def _drop_what_no_longer_applies(self) -> None:
        """Forget answers to what would no longer be asked, or now offers a line that was not shown."""
        while gone := [name for name in self.asked if not self._still_holds(name)]:
            for name in gone:
                self.asked.remove(name)
                self.offered.pop(name, None)
                self.early.pop(name, None)
                del self.answers[name]

    def _still_holds(self, name: str) -> bool:
        question = self.rulebase.questions[name]
        if not question.applies(self._facts()):
            return False
        if question.kind != "many":
            return self._is_within(question, self.answers[name])
        if name not in self.offered:
            return True
        now, offered = self._lines(question), self.offered[name]
        ticked = offered & set(chosen(self.answers[name]))
        return now <= offered and ticked <= now

    def _is_within(self, question: Question, answer: Answer) -> bool:
        """Whether one answer can still be given."""
        if not isinstance(answer, int):
            return answer in {option.id for option in question.shown(self._facts())}
        limit = question.limit(self._facts())
        return limit is None or limit.allows(answer)

    def _lines(self, question: Question) -> frozenset[str]:
        return frozenset(option.id for option in question.shown(self._facts()) if not option.key)

    def _stops_at_once(self, answers: Answers) -> bool:
        return settled_level(self.engine, answers).stops == AT_ONCE

    def _is_enough(self, question: Question, picked: Iterable[str]) -> bool:
        """Whether the signs named so far are an emergency: then no further sign is asked for."""
        ordered = in_order(question, picked)
        return bool(ordered) and self._stops_at_once({**self.answers, question.id: ordered})

    def _announce_what_is_new(self) -> None:
        flags = settled_flags(self.engine, self.answers)
        level = most_urgent(self.rulebase, (f.flag for f in flags))
        urgent = [f for f in flags if level.stops == AFTER_FOLLOW_UPS and f.flag.disposition == level.id]
        new = tuple(f for f in urgent if f.flag.id not in self.announced)
        self.announced = {f.flag.id for f in urgent}
        if new:
            self.asker.announce(level, new, voice_of(self.rulebase, self.answers))

    # --- one question: its screens, and its "not sure"

    def _answer(self, prompt: Prompt) -> Reply:
        """The answer to one question, through its screens and its extra question if need be."""
        question = prompt.question
        clarify = question.clarify
        while True:
            if prompt.kind == "many":
                reply = self._by_screens(prompt)
            else:
                reply = self.asker.ask(replace(prompt, options=question.shown(self._facts())))
            if clarify is None or clarify.again_open or isinstance(reply, Back) or NOT_SURE not in chosen(reply):
                return reply
            picked = [option for option in chosen(reply) if option != NOT_SURE]
            if self._is_enough(question, picked):
                return reply
            fresh = replace(prompt, chosen=(), remark="")
            clearer = self._each_line(fresh, picked) if clarify.each else self._one_more(fresh, clarify, picked)
            if clearer is not None:  # an answer, or ELSEWHERE
                return clearer
            prompt = replace(prompt, chosen=tuple(picked))

    def _one_more(self, prompt: Prompt, clarify: Clarification, picked: Iterable[str]) -> Reply | None:
        """The extra question after "not sure"; None to show the list again. What was ticked stays ticked."""
        unsure = next(o for o in prompt.question.options if o.id == NOT_SURE)
        options = tuple(
            Option(str(n), o.text, "", key=unsure.key if o.answer == (NOT_SURE,) else "")
            for n, o in enumerate(clarify.options)
        )
        leads_to = tuple(dict.fromkeys(name for o in clarify.options for name in o.answer))
        typed = self.asker.ask(replace(prompt, text=clarify.text, kind="one", options=options, leads_to=leads_to))
        if isinstance(typed, Back):
            return None
        way = clarify.options[int(str(typed))]
        if way.go_to:
            self._put(way.go_to)
            return ELSEWHERE
        answer = way.answer
        if not answer:
            return None
        if prompt.question.kind != "many":
            return answer[0]
        return joined_replies(prompt.question, [tuple(picked), answer])

    def _each_line(self, prompt: Prompt, picked: list[str]) -> Answer | None:
        """All lines that are not ticked, one by one; None when stepping back before the first."""
        question, found = prompt.question, dict[str, str]()
        text = question.clarify.text if question.clarify else ""
        lines = [o for o in question.shown(self._facts()) if not o.key and o.id not in picked]
        unsure = next(o for o in question.options if o.id == NOT_SURE)
        choices = (Option(YES, "Yes", ""), Option(NO, "No", ""), unsure)
        while len(found) < len(lines):
            line = lines[len(found)]
            remark = f"{text} {len(found) + 1} of {len(lines)}"
            leads_to = (line.id, NOT_SURE)
            typed = self.asker.ask(
                replace(prompt, text=line.text, kind="one", options=choices, remark=remark, leads_to=leads_to)
            )
            if not isinstance(typed, Back):
                found[line.id] = str(typed)
                there = [name for name, answer in found.items() if answer == YES]
                if self._is_enough(question, [*picked, *there]):
                    break
            elif found:
                found.popitem()
            else:
                return None
        yes = tuple(name for name, answer in found.items() if answer == YES)
        doubt = (NOT_SURE,) if NOT_SURE in found.values() else ()
        return joined_replies(question, [tuple(picked), yes, doubt])

    def _by_screens(self, prompt: Prompt) -> Reply:
        """A list on its screens, each with its own "none" and "not sure", joined to one answer."""
        question = prompt.question
        before = self.early.pop(question.id, Early((), frozenset()))
        ticked = set(prompt.chosen)
        replies: list[tuple[str, ...]] = []
        while True:
            picked = {option for reply in replies for option in reply}
            screens = self._screens(question, picked, before.offered)
            if len(replies) == len(screens):
                return joined_replies(question, [before.reply, *replies] if before.reply else replies)
            reply = self._one_screen(prompt, screens, len(replies), ticked, picked)
            if isinstance(reply, Back):
                if not replies:
                    return BACK
                ticked |= set(replies.pop())
                continue
            ticked -= {option.id for option in screens[len(replies)].options}
            replies.append(chosen(reply))
            signs = [o for reply in replies for o in reply if not question.option(o).key]
            self.ticked = {question.id: in_order(question, signs)} if signs else {}
            enough: bool | Back = self._is_enough(question, signs)
            if not enough and signs and len(replies) < len(screens):
                enough = self._follow_up_is_enough(question, signs)
            if isinstance(enough, Back):
                ticked |= set(replies.pop())
            elif enough:
                return joined_replies(question, replies)

    def _screens(self, question: Question, picked: Iterable[str], without: frozenset[str]) -> list[Screen]:
        ordered = in_order(question, picked)
        facts = as_facts({**self.answers, question.id: ordered} if ordered else self._without(question), self._bands)
        return screens_of(question, facts, without)

    def _without(self, question: Question) -> Answers:
        return {name: answer for name, answer in self.answers.items() if name != question.id}

    def _one_screen(
        self, prompt: Prompt, screens: list[Screen], at: int, ticked: Iterable[str], earlier: Iterable[str]
    ) -> Reply:
        """One screen of a list; where it is not sure and the question says so, once more with all details."""
        screen = screens[at]
        keys = tuple(o for o in prompt.question.options if o.key)
        here = (*screen.options, *keys)
        asked = replace(
            prompt,
            page=screen.page or (f"{at + 1} of {len(screens)}" if len(screens) > 1 else ""),
            later=at > 0,
            earlier=in_order(prompt.question, earlier),
            options=here,
            chosen=in_order(prompt.question, set(ticked) & {o.id for o in screen.options}),
            remark=prompt.remark if at == 0 else "",
            leads_to=tuple(o.id for o in here),
        )
        reply = self.asker.ask(asked)
        clarify = prompt.question.clarify
        if isinstance(reply, Back) or NOT_SURE not in chosen(reply) or not (clarify and clarify.again_open):
            return reply
        signs = tuple(o for o in chosen(reply) if o != NOT_SURE)
        if self._is_enough(prompt.question, [*earlier, *signs]):
            return reply
        again = self.asker.ask(replace(asked, chosen=signs, opened=True, remark=clarify.text))
        return self._one_screen(prompt, screens, at, ticked, earlier) if isinstance(again, Back) else again

    def _follow_up_is_enough(self, question: Question, signs: Iterable[str]) -> bool | Back:
        """Ask what a sign on an early screen opens before the next screen, if it can be an emergency; whether it is.

        BACK from it is back to that screen.
        """
        follow_up = emergency_follow_up(self.rulebase, question)
        known = {**self._without(question), question.id: in_order(question, signs)}
        facts = as_facts(known, self._bands)
        if follow_up is None or follow_up.id in self.answers or not follow_up.applies(facts):
            return False
        offered = frozenset(o.id for o in follow_up.shown(facts) if not o.key)
        before = self.early.pop(follow_up.id, None)
        if before is None or before.offered != offered:
            answers, self.answers = self.answers, known
            reply = self._answer(self._prompt(follow_up))
            self.answers = answers
            if isinstance(reply, Back):
                return BACK
            before = Early(chosen(reply), offered)
        self.early[follow_up.id] = before
        return self._stops_at_once({**known, follow_up.id: before.reply})


class Early(NamedTuple):
    """What a follow-up was answered with before its turn, and the lines that it offered."""

    reply: tuple[str, ...]
    offered: frozenset[str]


class Screen(NamedTuple):
    """What stands on one screen of a list: its heading (empty if it has none) and its numbered lines."""

    page: str
    options: tuple[Option, ...]


def screens_of(question: Question, facts: Facts, without: frozenset[str] = frozenset()) -> list[Screen]:
    """The screens of a list: its pages, and what has no page in equal parts of at most MOST_LINES."""
    lines = [o for o in question.shown(facts) if not o.key and o.id not in without]
    screens = []
    for page in dict.fromkeys(o.page for o in lines):
        here = [o for o in lines if o.page == page]
        parts = -(-len(here) // MOST_LINES)
        size = -(-len(here) // parts)
        screens += [Screen(page, tuple(here[at : at + size])) for at in range(0, len(here), size)]
    return screens


def joined_replies(question: Question, replies: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """One answer of those to the screens: "none" only if every screen said so."""
    given = {option for reply in replies for option in reply}
    return in_order(question, given - {_none_of(question)}) or (_none_of(question),)


def in_order(question: Question, options: Iterable[str]) -> tuple[str, ...]:
    """Options in the order of the question."""
    given = set(options)
    return tuple(o.id for o in question.options if o.id in given)


def emergency_follow_up(rulebase: RuleBase, question: Question) -> Question | None:
    """The list that only ticks of `question` open, and whose ticks alone can make an emergency."""
    at_once = [f for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops == AT_ONCE]
    for other in rulebase.questions.values():
        opened_by = {cell.name for row in other.condition.when for cell in row}
        alone = any({cell.name for cell in row} == {other.id} for flag in at_once for row in flag.condition.when)
        if opened_by == {question.id} and alone:
            return other
    return None


def _none_of(question: Question) -> str:
    """The option that says "none of these"."""
    return next(o.id for o in question.options if o.exclusive)


def missing_from(engine: Engine, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The ids of the questions that an answer file leaves open."""
    return tuple(question.id for question in open_questions(engine, answers))
