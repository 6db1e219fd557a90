"""The askers: questionary in a terminal, numbered lines in plain mode.

The only module that imports questionary. Both put the same screens and take the same keys: a number, `0` none,
`n` not sure, `b` back, `?` details, `w` why, `h` relief, `q` leaves. Enter alone never answers.
"""

from __future__ import annotations

import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache, partial
from typing import NamedTuple, TextIO, TypeVar

import questionary
from prompt_toolkit.application import Application, get_app, get_app_or_none
from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window
from questionary.prompts.common import InquirerControl

from triage.conversation.interview import BACK, SKIP, Back, Prompt, Reply, is_emergency
from triage.conversation.lists import rivals_beside
from triage.conversation.numbers import read_number, shown
from triage.conversation.why import why, why_in_full
from triage.knowledge.model import Answers, Disposition, Option, chosen
from triage.knowledge.voices import rules_in_voice, voice_of
from triage.knowledge.wording import said
from triage.output import screen
from triage.output.text import emergency_lines, urgent_lines
from triage.output.view import BOTH, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import FiredFlag


class Key(StrEnum):
    """The keys that both askers take; options have digits or a key of their own."""

    BACK = "b"
    DETAIL = "?"
    WHY = "w"
    RELIEF = "h"
    LEAVE = "q"
    CHANGE = "a"  # in the review, with an emergency and after the result


IN_WORDS = {"back": Key.BACK, "why": Key.WHY, "help": Key.RELIEF, "quit": Key.LEAVE, "\x1b": Key.LEAVE}
EXPLAINING = f"{Key.DETAIL}{Key.WHY}"
NARROW = 60  # columns below which the keys have fewer words
FINISH, LIST, YES, NO = "", "list", "y", "n"
GO_ON = "Enter goes on"
REVIEW = "Enter result   a answers   b back   h relief   q leave"
DONE = "Enter to finish"
WHICH = "Number of an answer to change, or Enter for the result"
NO_DETAIL = "No more on this line. ?? shows all details."
MISTAKE = "Ticked by mistake? b: back to the list, a: all answers. Enter: {}."
MORE_TO_READ = "More below."
MORE_BELOW, READ_ON = "More below: down, or Page Down", "Read on first, then again."
SHELL = 2  # lines of whatever comes after the program
ESCAPE_SECONDS = 0.1  # how long Esc waits for what would make it another key
BOUNCE_SECONDS = 0.08  # a "none" that follows another within this time is a key held down, and answers nothing
MARKS = 7  # columns of pointer, box and number

T = TypeVar("T")
Lines = Callable[[], list[str]]  # a text in lines, made anew for every size of the window
Explained = Callable[[str], Lines | None]  # the text that a key asks for; None for any other


def wrapped(*texts: str) -> list[str]:
    """The lines of these texts, as wide as the window is now; there are none of an empty one."""
    return [line for text in texts if text for line in screen.wrap(text, screen.width())]


class Offer(NamedTuple):
    """What a key `does` once the result is there; what comes back ends it, unless it is empty.

    `is_named`: on the line of keys from the first; the others are once a key was used.
    """

    key: str
    label: str
    does: Callable[[], str | None]
    is_named: bool = True


class Page:
    """What stands above a line to type in, laid out anew for every size of the window.

    `head` and `foot` are on the screen all the time. A `body` that is longer than the window is turned, from its top
    on, where it begins again in a window of another width; `foot` is told whether its end is shown. `note`: what was
    wrong with what was typed.
    """

    def __init__(self, foot: Callable[[bool], list[str]], body: Lines = list, head: Lines = list) -> None:
        self.head, self.body, self._foot = head, body, foot
        self.note = ""
        self.is_told = False  # by an asker that cannot redraw it
        self._top = self._width = 0  # the first line of the body that is shown, in a window so wide

    def part(self) -> list[str]:
        """What of the body is shown."""
        lines, end = self._shown()
        return lines[self._top : end]

    def foot(self) -> list[str]:
        """The note, and what stands below this part."""
        lines, end = self._shown()
        return self.below(end == len(lines))

    def below(self, is_end: bool = True) -> list[str]:
        """The same below the end of the body, or below any other part."""
        return [*wrapped(self.note), *self._foot(is_end)]

    def whole(self, below: int) -> list[str]:
        """All of it; where that and `below` lines do not fit the window, the head once more at its end."""
        head, body = self.head(), self.body()
        is_long = bool(head and body) and len(head) + len(body) + below > screen.rows()
        return [*head, *body, *(["", *head] if is_long else [])]

    def turn(self) -> bool:
        """Go on to the next part; whether there is one."""
        lines, end = self._shown()
        self._top = next((n for n in range(end, len(lines)) if lines[n]), self._top)
        return end < len(lines)

    def _shown(self) -> tuple[list[str], int]:
        """The lines of the body, and the end of what is shown: at a blank one, else before an item, if that can be."""
        columns = screen.columns()
        self._top, self._width = self._top if columns == self._width else 0, columns
        parts = (line[at : at + columns] for line in self.body() for at in range(0, len(line) or 1, columns))
        lines = "\n".join(parts).strip("\n").splitlines()  # only an address is longer than a line of the window
        below = max(len(self.below(is_end)) for is_end in (True, False))
        room = max(screen.rows() - len(self.head()) - below - 1, 1)
        if len(lines) - self._top <= room:
            return lines, len(lines)
        ends = range(self._top + 1, self._top + room + 1)
        blank = [n for n in ends if not lines[n]]
        return lines, max(blank or [n for n in ends if not lines[n].startswith(" ")] or ends)


def _footer(last: str) -> Callable[[bool], list[str]]:
    """What stands below the end of a text, and below its other parts."""
    return lambda is_end: wrapped(last if is_end else f"{MORE_TO_READ} {GO_ON}, b leaves")


class TerminalAsker(ABC):
    """What both askers share: words, the line that is typed in, and the review."""

    redraws = False  # what stands above a line is wiped away once it is typed

    def __init__(self, engine: Engine, out: TextIO) -> None:
        self.engine, self.out = engine, out
        self.rulebase = rules_in_voice(engine.rulebase)  # later with the voice that the answers ask for
        self.head_is_shown = False  # the opening has already printed the first question
        self.has_left = False  # with an emergency, which was shown
        self.has_announced = False  # that it is urgent
        self.asked_why = False  # at this prompt

    @abstractmethod
    def _list(self, prompt: Prompt) -> Reply:
        """One answer, or several, of a list."""

    @abstractmethod
    def _line(self, page: Page, at_once: str = "") -> str:
        """A line as it was typed below a page. Keys of `at_once` are one without Enter, where nothing is typed yet."""

    def ask(self, prompt: Prompt) -> Reply:
        self._speak(prompt.answers)
        self.asked_why = False
        if prompt.kind == "number":
            page = Page(lambda *_: key_line(prompt, screen.width()), head=lambda: self._head(prompt))
            return self._typed_reply(prompt, page, read_number)
        return self._list(prompt)

    def leave(self) -> None:
        """End what is being asked, from outside."""
        raise KeyboardInterrupt

    def act(self, text: str) -> None:
        self.tell(lambda: wrapped(text))

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        rulebase, again = rules_in_voice(self.engine.rulebase, voice), self.has_announced
        level = rulebase.dispositions[level.id]
        self.rulebase, self.has_announced = rulebase, True
        self.tell(lambda: urgent_lines(rulebase, level, flags, screen.width(), again))

    def emergency(self, answers: Answers) -> str | Back | None:
        self._speak(answers)
        view = view_of(self.engine.rulebase, assess(self.engine, answers))
        page = Page(
            lambda is_end: wrapped(MISTAKE.format("leave" if is_end else "more")),
            lambda: emergency_lines(view, screen.width())[len(wrapped(view.say.upper())) :],
            lambda: wrapped(view.say.upper()),
        )
        with suppress(KeyboardInterrupt, EOFError):  # leaving this is leaving with it
            while picked := self._pick(page, {"": FINISH, Key.BACK: Key.BACK, Key.CHANGE: LIST}):
                if picked == Key.BACK:
                    return BACK
                if name := self._answer_to_change(answers):
                    return name
        if self.redraws:
            self.show(page.whole(SHELL))
        self.has_left = self.out.isatty()
        return None

    def review(self, answers: Answers) -> str | None:
        self._speak(answers)
        last = [name for name in self.rulebase.questions if name in answers][-1]
        picked = self._pick(Page(_footer(REVIEW)), {"": FINISH, Key.CHANGE: LIST, Key.BACK: last})
        return (self._answer_to_change(answers, last) if picked == LIST else picked) or None

    def _answer_to_change(self, answers: Answers, back: str = FINISH) -> str:
        """Which of all answers is to be changed: the id of its question, `back` for "b", FINISH for none."""
        names = [name for name in self.rulebase.questions if name in answers]
        items = [f"{n:2}. {said(self.rulebase, name, answers[name])}" for n, name in enumerate(names, 1)]
        choices = {"": FINISH, Key.BACK: back, **{str(n): name for n, name in enumerate(names, 1)}}
        return self._pick(Page(_footer(WHICH), lambda: screen.wrap_all(items, screen.width())), choices)

    def after_result(self, result: Lines, headline: str, offers: Sequence[Offer], answers: Answers) -> str | None:
        """Show a result, and whatever is wanted below it; the id of an answer to change, what ended an offer, or None.

        Where the result does not fit the window, its `headline` is said again.
        """
        self._speak(answers)
        offers = [*offers, Offer(Key.CHANGE, "change an answer", lambda: self._answer_to_change(answers))]
        by_key = {offer.key: offer.does for offer in offers}
        named = [offer for offer in offers if offer.is_named]

        def foot(is_end: bool) -> list[str]:
            keys = screen.APART.join([*(f"{offer.key} {offer.label}" for offer in named), DONE])
            is_long = len(result()) + SHELL > screen.rows()
            again = ["", *wrapped(headline)] if is_long else []
            return [*again, *wrapped(keys)] if is_end else wrapped(f"{MORE_TO_READ} {GO_ON}")

        if not self.redraws:
            self._print(result())
        page = Page(foot, result if self.redraws else list)
        with suppress(KeyboardInterrupt, EOFError):  # the result has been given
            while picked := self._pick(page, {"": FINISH, **{key: key for key in by_key}}):
                if wanted := by_key[picked]():
                    return wanted
                named = offers
        if self.redraws:
            self._print(result())
        return None

    def agrees(self, text: str) -> bool:
        """Whether the answer to a question of the program itself is yes. There is no default."""
        return self._pick(Page(_footer(f"{text} {YES}/{NO}")), {YES: YES, NO: NO}) == YES

    def file_name(self, default: str, about: str = "") -> str | None:
        """The name of a new file as it was typed; `default` for Enter alone, None for "b". `about`: what names mean."""
        footer = _footer(f"Name of the new file. Enter for {default}, b to go back{about}")
        typed = self._line(Page(footer)).strip()
        return None if typed == Key.BACK else typed or default

    def give(self, lines: Lines) -> None:
        """Print a part of the result: to standard output, wherever the questions go."""
        if lines():
            self._turn(lines)
            self._print(lines())

    def show(self, lines: Sequence[str]) -> None:
        print("\n".join(lines), file=self.out, flush=True)

    def _print(self, lines: Sequence[str]) -> None:
        print("\n".join(["", *lines]), flush=True)

    def tell(self, lines: Lines) -> None:
        """Say what has to be read before the next list."""
        self._turn(lines)
        self.show(["", *lines()])

    def _read(self, lines: Lines, explained: Explained) -> None:
        """Show a text on the way to an answer, and what is `explained` by a key there."""
        self._turn(lines, explained)
        if not self.redraws:
            self.show(lines())

    def _turn(self, lines: Lines, explained: Explained | None = None) -> None:
        """Have a text read one window at a time, where what follows would push it away; then it is wiped away.

        Another one that is asked for there takes its place.
        """
        texts = f"{Key.RELIEF}{EXPLAINING if explained else ''}"
        choices = {"": FINISH, Key.BACK: FINISH, **{key: key for key in texts}}
        explained = explained or self._relief_by_key
        while self.redraws:
            picked = self._pick(Page(_footer(GO_ON), lines, lambda: [""]), choices, lambda _: None)
            if not picked:
                return
            lines = explained(picked) or lines

    def _speak(self, answers: Answers) -> None:
        """Go on with the voice that answers ask for."""
        self.rulebase = rules_in_voice(self.engine.rulebase, voice_of(self.engine.rulebase, answers))

    def _pick(self, page: Page, choices: Mapping[str, str], explained: Explained | None = None) -> str:
        """What is chosen: a letter at once, a number with Enter, "" by Enter alone. Relief and leaving are always there."""
        letters = "".join(key for key in choices if not key.isdigit())

        def understand(typed: str) -> str:
            if typed in choices:
                return choices[typed]
            raise ValueError(f'"{shown(typed)}" is not one of the keys here.' if typed else "Enter alone is no answer.")

        return self._typed(page, letters, understand, explained or self._relief_by_key)

    def _typed_reply(self, prompt: Prompt, page: Page, understand: Callable[[str, Prompt], Reply]) -> Reply:
        """The reply to a prompt that is typed below a page."""
        return self._typed(
            page,
            f"{Key.BACK}{EXPLAINING}",
            lambda typed: BACK if typed == Key.BACK else understand(typed, prompt),
            partial(self._explained, prompt),
        )

    def _typed(self, page: Page, at_once: str, understand: Callable[[str], T], explained: Explained) -> T:
        """What a line in small letters, or a key, stands for: asked until one can `understand` it (or ValueError).

        Raises KeyboardInterrupt for leaving.
        """
        while True:
            typed = self._line(page, f"{at_once}{Key.RELIEF}{Key.LEAVE}").strip().lower()
            typed = IN_WORDS.get(typed, typed)
            page.note = ""
            if typed == Key.LEAVE:
                raise KeyboardInterrupt
            if text := explained(typed):
                self._read(text, explained)
                continue
            try:
                return understand(typed)
            except ValueError as problem:
                page.note = str(problem)

    def _relief_by_key(self, typed: str) -> Lines | None:
        return self._relief() if typed == Key.RELIEF else None

    def _explained(self, prompt: Prompt, typed: str) -> Lines | None:
        """The text that a key asks for on the way to an answer; None for anything else."""
        if typed == Key.WHY:
            return self._why(prompt)
        if typed in (Key.DETAIL, 2 * Key.DETAIL):
            return lambda: wrapped(f"Why: {prompt.question.why}")
        return self._relief_by_key(typed)

    def _relief(self) -> Lines:
        """The steps that are safe for everybody."""
        now = self.rulebase.relief_now
        return lambda: ["", *screen.relief_text(now.title, now.steps, screen.width()), ""]

    def _why(self, prompt: Prompt) -> Lines:
        """Why a question is asked and what waits for it; asked again the rules in words, with sources."""
        rulebase, again, self.asked_why = self.rulebase, self.asked_why, True
        told = lru_cache(maxsize=1)(partial(why_in_full if again else why, rulebase, prompt))  # once for each width
        return lambda: told(screen.width())

    def _head(self, prompt: Prompt, why: bool = False) -> list[str]:
        """What stands above a list: the question, on its later screens behind the heading of the screen."""
        gap = [""] if screen.rows() >= screen.LOW else []
        text = f"{prompt.page}: {prompt.text}" if prompt.later else prompt.text
        return [*gap, *wrapped(prompt.remark, text, f"Why: {prompt.question.why}" if why else "")]


def key_line(prompt: Prompt, columns: int, ticked: Iterable[str] = ()) -> list[str]:
    """Where in the interview it is, and the keys; a bullet before those that are `ticked`."""
    narrow = columns < NARROW
    place = f"{prompt.number}/{prompt.about}" if narrow else f"{prompt.number} of about {prompt.about}"
    marks = {o.id: "\u25cf " if o.id in ticked else "" for o in prompt.keys}
    keys = [f"{marks[o.id]}{o.key} {o.text[0].lower()}{o.text[1:]}" for o in prompt.keys]
    items = [*([*keys, "Enter skips"] if prompt.question.after else [place, *keys]), "b back"]
    more = [*(["? detail"] if any(option.detail for option in prompt.lines) else []), "h relief", "q leave"]
    for close in ("  ".join([*items, *more]), "  ".join([*items, " ".join(key[0] for key in more)])):
        if narrow and screen.measure(close) <= columns:
            return [close]
    return screen.wrap(screen.APART.join([*items, *more]), columns)


class PlainAsker(TerminalAsker):
    """Numbered lines on plain input and output: screen readers, pipes, dumb terminals."""

    def __init__(self, engine: Engine, lines_in: TextIO, out: TextIO) -> None:
        super().__init__(engine, out)
        self.lines_in = lines_in

    def _list(self, prompt: Prompt) -> Reply:
        ticked = "; ".join(o.text for o in prompt.options if o.id in prompt.chosen)
        lines = [*self._head(prompt), *list_lines(prompt), *wrapped(f"So far: {ticked}" if ticked else "")]
        reply = self._typed_reply(prompt, Page(lambda *_: key_line(prompt, screen.width()), lambda: lines), _understood)
        if not isinstance(reply, Back):
            self._say_again(prompt, chosen(reply))
        return reply

    def _say_again(self, prompt: Prompt, picked: tuple[str, ...]) -> None:
        """What was ticked, for those who cannot see the list."""
        if words := "; ".join(o.text for o in prompt.lines if o.id in picked):
            self.show(screen.wrap(words, screen.width(), "-> "))
        if rivals_beside(prompt.question, [*prompt.earlier, *picked]):
            self.show(wrapped(BOTH))

    def _explained(self, prompt: Prompt, typed: str) -> Lines | None:
        """Of a list also its details: "? 3" those of a line, "?" or "??" all."""
        found = re.fullmatch(r"\?\??\s*([1-9])?", typed)
        nth = int(found[1] or 0) if found and prompt.lines else -1
        if not 0 <= nth <= len(prompt.lines):
            return super()._explained(prompt, typed)
        if not nth:
            return lambda: [*self._head(prompt, why=True), *list_lines(replace(prompt, opened=True))]
        option = prompt.lines[nth - 1]
        return lambda: [*_numbered_line(nth, option, True), *wrapped("" if option.detail else NO_DETAIL)]

    def _line(self, page: Page, at_once: str = "") -> str:  # noqa: ARG002
        foot = page.below()
        whole = [] if page.is_told else page.whole(len(foot) + 1)
        page.is_told = True
        self.show([*([""] if whole and whole[0] else []), *whole, *foot])
        self.out.write("> ")
        self.out.flush()
        line = self.lines_in.readline()
        if not line:
            raise EOFError
        return line.removesuffix("\n")


def _understood(typed: str, prompt: Prompt) -> Reply:
    """The options of typed numbers and keys. Raises ValueError with what is wrong."""
    options = by_key(prompt)
    words = list(dict.fromkeys(typed.replace(",", " ").split()))
    if not words and prompt.question.after:
        return SKIP
    if not words:
        raise ValueError(f"Nothing typed. {_how(prompt)}")
    if wrong := [word for word in words if word not in options]:
        raise ValueError(f'"{shown(wrong[0])}" is not an answer. {_how(prompt)}')
    picked = [options[word] for word in words]
    if len(picked) > 1 and prompt.kind == "one":
        raise ValueError("Only one answer fits here.")
    if len(picked) > 1 and (alone := [o for o in picked if o.exclusive]):
        raise ValueError(f"{alone[0].key} ({alone[0].text.lower()}) stands alone: choose it, or the others.")
    answer = tuple(o.id for o in prompt.options if o in picked)
    return answer if prompt.kind == "many" else answer[0]


def by_key(prompt: Prompt) -> dict[str, Option]:
    """The options by what is typed for each."""
    return {**{str(number): o for number, o in enumerate(prompt.lines, 1)}, **{o.key: o for o in prompt.keys}}


def _how(prompt: Prompt) -> str:
    """How a list is answered."""
    most = "with blanks: 1 3" if prompt.kind == "many" and len(prompt.lines) > 2 else "one only"
    return f"Numbers 1 to {len(prompt.lines)}, {most}{_or_keys(prompt)}."


def _or_keys(prompt: Prompt) -> str:
    return "".join(f"; {o.key}: {o.text.lower()}" for o in prompt.keys)


def list_lines(prompt: Prompt) -> list[str]:
    """The numbered options, with the details that are open."""
    each = enumerate(prompt.lines, 1)
    return [line for n, option in each for line in _numbered_line(n, option, prompt.opened or option.open)]


def _numbered_line(number: int, option: Option, opened: bool) -> list[str]:
    return _option_lines(option, screen.width(), opened, f"{number} ", "   ")


def _option_lines(option: Option, columns: int, opened: bool, lead: str = "", below: str = "") -> list[str]:
    """An option behind its `lead`, and its detail if it is `opened`."""
    detail = screen.wrap(option.detail, columns, below) if opened and option.detail else []
    return [*screen.wrap(option.text, columns, lead), *detail]


class QuestionaryAsker(TerminalAsker):
    """questionary prompts, with the ways back and the keys that it lacks. Each is wiped away once it is answered."""

    redraws = True

    def __init__(self, engine: Engine, out: TextIO) -> None:
        super().__init__(engine, out)
        self.none_at = 0.0  # when "none" was pressed last
        os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")  # or it complains in terminals that do not answer

    def ask(self, prompt: Prompt) -> Reply:
        if self.head_is_shown:  # it comes again with its list
            self.head_is_shown = False
            self.out.write(f"\x1b[{len(self._head(prompt))}A\x1b[J")
        return super().ask(prompt)

    def leave(self) -> None:
        app = get_app_or_none()
        if app is None or not app.is_running:
            super().leave()
        elif not app.is_done:
            app.exit(exception=KeyboardInterrupt)

    def _line(self, page: Page, at_once: str = "") -> str:
        """As above; Enter alone turns a text that goes on."""
        nothing_typed = Condition(lambda: not get_app().current_buffer.text)
        keys = _bound({key: partial(_exit_with, key) for key in at_once}, nothing_typed)
        style = questionary.Style([("qmark", "noinherit")])
        while True:
            asked = questionary.text("", qmark=">", key_bindings=keys, style=style, erase_when_done=True)
            app, line = asked.application, asked.application.layout
            above = [_fixed(page.head, "bold"), _fixed(page.part), _fixed(page.foot)]
            app.layout = Layout(HSplit([*above, line.container]), focused_element=line.current_window)
            typed = str(_run(app))
            if typed.strip() or not page.turn():
                return typed

    def _list(self, prompt: Prompt) -> Reply:
        menu = _Menu(self, prompt)
        try:
            while callable(reply := _run(menu.app)):  # a text to read on the way to the answer
                self._read(reply, partial(self._explained, prompt))
                menu.note = ""
        except (KeyboardInterrupt, EOFError) as left:
            raise type(left)(*menu.ticked) from None
        return reply


class _Menu:
    """One list in a terminal: what is ticked, pointed at and opened, how it is laid out, and its keys."""

    def __init__(self, asker: QuestionaryAsker, prompt: Prompt) -> None:
        self.asker, self.prompt, self.lines = asker, prompt, prompt.lines
        self.opened = {o.id for o in self.lines if o.open or prompt.opened}
        self.asked_at = -1  # the line whose detail was asked for last
        self.says_why = False
        self.note = ""
        self.top = self.end = 0  # the first line on the screen, and the first one below it
        self.is_seen = False  # the last one has been on the screen
        self.is_pointed = False  # an arrow key was pressed: of one answer, Enter takes the line that it points at
        self.control = InquirerControl([questionary.Choice(o.text, value=o.id) for o in self.lines], pointer=">")
        self.picked = self.control.selected_options  # not sure among them
        self.picked += [o.id for o in prompt.options if o.id in prompt.chosen and not (o.key and o.exclusive)]
        self._lay_out()  # keys that were typed ahead come before the first drawing
        list_window = Window(
            self.control,
            height=lambda: self._height(self.top, self.end),
            get_vertical_scroll=lambda _: self._height(0, self.top),
            always_hide_cursor=True,
        )
        # The question above, the keys below: both stay where the list is longer than the window.
        layout = Layout(HSplit([_fixed(self._head, "bold"), list_window, _fixed(self._foot)]))
        self.app: Application[Reply | Lines] = Application(
            layout, key_bindings=self._keys(), erase_when_done=True, before_render=self._draw
        )

    def _keys(self) -> KeyBindings:
        acts: dict[str, Callable[[], object]] = {
            **{str(number): partial(self._tick, option) for number, option in enumerate(self.lines, 1)},
            **{o.key: partial(self._stand_alone if o.exclusive else self._tick, o) for o in self.prompt.keys},
            " ": lambda: self._tick(self.lines[self.control.pointed_at]),
            "enter": self._go_on,
            "up": partial(self._point, self.control.select_previous),
            "down": partial(self._point, self.control.select_next),
            "pagedown": self._page_down,
            Key.BACK: partial(_exit_with, BACK),
            "left": partial(_exit_with, BACK),
            Key.DETAIL: self._detail,
            Key.WHY: lambda: _exit_with(self.asker._why(self.prompt)),
            Key.RELIEF: lambda: _exit_with(self.asker._relief()),
            Key.LEAVE: self.asker.leave,
            Keys.BracketedPaste: partial(self._say, "What was pasted is left out."),
        }
        keys = _bound(acts)
        keys.add(Keys.Any)(lambda _: None)
        return keys

    @property
    def ticked(self) -> tuple[str, ...]:
        return tuple(o.id for o in self.prompt.options if o.id in self.picked)

    # --- what it looks like

    def _head(self) -> list[str]:
        return self.asker._head(self.prompt, why=self.says_why)

    def _foot(self) -> list[str]:
        both = rivals_beside(self.prompt.question, [*self.prompt.earlier, *self.ticked])
        notes = wrapped(MORE_BELOW if self.is_cut else "", BOTH if both else "", self.note)
        gap = [""] if screen.rows() >= screen.LOW and not self.is_cut else []
        return [*gap, *notes, *key_line(self.prompt, screen.width(), self.picked)]

    @property
    def is_cut(self) -> bool:
        """Whether there are lines below."""
        return self.end < len(self.lines)

    def _draw(self, _: object) -> None:
        self._lay_out()
        self.is_seen = self.is_seen or not self.is_cut

    def _lay_out(self) -> None:
        """The lines as wide as the window is now (questionary would cut them), and as many whole ones as it has room for."""
        count = len(self.lines)
        columns = screen.width() - MARKS - 1
        self.titles = [_option_lines(option, columns, option.id in self.opened) for option in self.lines]
        for number, (choice, title) in enumerate(zip(self.control.choices, self.titles, strict=True), 1):
            choice.title = f"{number} " + ("\n" + " " * MARKS).join(title)
        self.end = count
        if self._height(0, count) <= self._room():
            self.top = 0
            return
        self.end = 0  # the keys with the mark that there are more: the list does not jump where there are none
        room, at = self._room(), self.control.pointed_at
        self.top = min(self.top, at)
        while self._fitting(room) <= at:
            self.top += 1
        self.end = self._fitting(room)

    def _room(self) -> int:
        return screen.rows() - len(self._head()) - len(self._foot())

    def _fitting(self, room: int) -> int:
        """The first line that is not whole in so much room, from the top on; at least one is shown."""
        ends = range(self.top + 2, len(self.lines) + 1)
        return max((end for end in ends if self._height(self.top, end) <= room), default=self.top + 1)

    def _height(self, start: int, end: int) -> int:
        """Lines on the screen that some lines of the list take."""
        return sum(map(len, self.titles[start:end]))

    # --- what its keys do

    def _say(self, note: str) -> None:
        self.note = note

    def _point(self, move: Callable[[], object]) -> None:
        move()
        self.is_pointed = self.prompt.kind != "many"

    def _tick(self, option: Option) -> None:
        """Tick an option, or untick it; of one answer the others go."""
        self._say("")
        self.is_pointed = False
        if option in self.lines:
            self.control.pointed_at = self.lines.index(option)
        if option.id in self.picked:
            self.picked.remove(option.id)
            return
        if self.prompt.kind != "many":
            self.picked.clear()
        self.picked.append(option.id)

    def _stand_alone(self, option: Option) -> None:
        """An option that stands alone answers at once, but unticks nothing."""
        self._say("")
        now = time.monotonic()
        before, self.asker.none_at = self.asker.none_at, now
        if self.picked:
            self._say(f"Untick the others first, then {option.key}.")
        elif now - before > BOUNCE_SECONDS:
            self._end((option.id,))

    def _go_on(self) -> None:
        if self.is_pointed and not self.picked:
            self._tick(self.lines[self.control.pointed_at])
        if self.picked:
            self._end(self.ticked)
        elif self.prompt.question.after:
            _exit_with(SKIP)
        else:
            self._say(f"Nothing ticked yet. A number ticks{_or_keys(self.prompt)}.")

    def _end(self, ticked: tuple[str, ...]) -> None:
        """Answer, once every line has been on the screen; an emergency at once."""
        if self.is_cut and not self.is_seen and not is_emergency(self.asker.engine, self.prompt, ticked):
            self._page_down()
            self._say(READ_ON)
        else:
            _exit_with(ticked if self.prompt.kind == "many" else ticked[0])

    def _page_down(self) -> None:
        """The first line that is not on the screen comes to its top."""
        if self.is_cut:
            self.top = self.control.pointed_at = self.end

    def _detail(self) -> None:
        """That of the line that is pointed at; asked again, all, and why it is asked."""
        self._say("")
        at = self.control.pointed_at
        option = self.lines[at]
        if self.asked_at == at:
            self.opened = {o.id for o in self.lines}
            self.says_why = True
        elif not option.detail or option.id in self.opened:
            self._say(NO_DETAIL)
        self.opened.add(option.id)
        self.asked_at = at


def _bound(acts: Mapping[str, Callable[[], object]], when: FilterOrBool = True) -> KeyBindings:
    """What each key does, a letter also as a capital; Esc, Ctrl-C and Ctrl-D leave."""
    keys = KeyBindings()
    for name, act in acts.items():
        for either in {name, name.upper()} if len(name) == 1 else {name}:
            keys.add(either, filter=when, eager=True)(lambda _, act=act: act())
    keys.add("escape", Keys.Any)(lambda _: None)  # Alt and a key, or what no terminal should send
    keys.add("escape")(lambda event: event.app.exit(exception=KeyboardInterrupt))
    for interrupt in ("c-c", "<sigint>"):
        keys.add(interrupt, eager=True)(lambda event: event.app.exit(exception=KeyboardInterrupt))
    keys.add("c-d", eager=True)(lambda event: event.app.exit(exception=EOFError))
    return keys


def _exit_with(result: object) -> None:
    """End the prompt that is open."""
    get_app().exit(result=result)


def _run(app: Application[T]) -> T:
    """Run it; in a window that has changed its size on a clean screen, as the old lines were broken anywhere."""
    app.ttimeoutlen = app.timeoutlen = ESCAPE_SECONDS
    size = _size()

    def clear(_: object) -> None:
        nonlocal size
        if size != (size := _size()):
            app.renderer.clear()

    app.before_render += clear
    return app.run()


def _size() -> tuple[int, int]:
    return screen.columns(), screen.rows()


def _fixed(lines: Lines, style: str = "") -> Window:
    """Lines that are as high as they are, wherever the list below or above them is scrolled to."""
    control = FormattedTextControl(lambda: [(style, "\n".join(lines()))])
    return Window(control, height=lambda: len(lines()), always_hide_cursor=True)
