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
from functools import partial
from itertools import groupby
from typing import Any, TextIO, TypeVar

import questionary
from prompt_toolkit.application import Application, get_app, get_app_or_none
from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, ScrollOffsets, Window
from questionary.prompts.common import InquirerControl

from triage.conversation.interview import BACK, Back, Prompt, Reply, is_emergency
from triage.conversation.numbers import read_number, shown
from triage.conversation.why import why, why_in_full
from triage.knowledge.model import Answer, Answers, Disposition, Option, Question, chosen
from triage.knowledge.voices import in_voice, rules_in_voice, voice_of
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
    CHANGE = "a"  # in the review


IN_WORDS = {"back": Key.BACK, "why": Key.WHY, "help": Key.RELIEF, "quit": Key.LEAVE, "\x1b": Key.LEAVE}
WIDE_KEYS, NARROW_KEYS = ("? detail", "h relief", "q leave"), "? h q"  # beside "b back"
NARROW = 60  # columns below which the keys have fewer words
FINISH, NEXT, LIST = "", "next", "list"
DETAILS, PAGE = "details", "page"
GO_ON = "Enter goes on"
REVIEW = "Enter result   a answers   b back   h relief   q leave"
AFTER_RESULT = "1 reasons, steps, sources   2 save a page for your doctor   Enter to finish"
NO_DETAIL = "No more on this line. ?? shows all details."
MISTAKE = "Ticked by mistake? b: back to the list. Enter: {}."
MORE_BELOW, READ_ON = "More below: down, or Page Down", "Read on first, then again."
PAGE_FOOT = 3  # lines below a page of a long text: what Enter does (in two lines where it is narrow), the mark
SHELL = 2  # lines of whatever comes after the program
ESCAPE_SECONDS = 0.1  # how long Esc waits for what would make it another key
BOUNCE_SECONDS = 0.08  # a "none" that follows another within this time is a key held down, and answers nothing
POINTER, MARKS = 3, 7  # columns of the pointer, and of pointer, box and number

T = TypeVar("T")


def wrapped(*texts: str) -> list[str]:
    """The lines of these texts, as wide as the window is now; there are none of an empty one."""
    return [line for text in texts if text for line in screen.wrap(text, screen.width())]


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
    def _line(self, lines: Sequence[str], at_once: str = "") -> str:
        """A line as it was typed below `lines`. Keys of `at_once` are one without Enter, where nothing is typed yet."""

    @abstractmethod
    def _emergency(self, head: list[str], lines: list[str]) -> bool:
        """Say it, with its `head` on the screen all the time; whether the person leaves (or goes back)."""

    def ask(self, prompt: Prompt) -> Reply:
        self._speak(prompt.answers)
        self.asked_why = False
        if prompt.kind == "number":
            return self._typed_reply(prompt, self._head(prompt), read_number)
        return self._list(prompt)

    def leave(self) -> None:
        """End what is being asked, from outside."""
        raise KeyboardInterrupt

    def act(self, text: str) -> None:
        self._tell(wrapped(text))

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        self.rulebase = rules_in_voice(self.engine.rulebase, voice)
        level, flags = self.rulebase.dispositions[level.id], in_voice(flags, self.rulebase.voices[voice])
        self._tell(urgent_lines(self.rulebase, level, flags, screen.width(), self.has_announced))
        self.has_announced = True

    def _tell(self, lines: Sequence[str]) -> None:
        """Say what has to be read before the next list, which could push it away."""
        self.show(["", *lines])
        if self.redraws:
            self._pick([GO_ON], {"": FINISH})

    def emergency(self, answers: Answers) -> bool:
        self._speak(answers)
        view = view_of(self.engine.rulebase, assess(self.engine, answers))
        head = wrapped(view.say.upper())
        lines = emergency_lines(view, screen.width())[len(head) :]
        with suppress(KeyboardInterrupt, EOFError):  # leaving this is leaving with it
            if not self._emergency(head, lines):
                return False
        if self.redraws:
            self.show(_headed(head, lines, SHELL))
        self.has_left = self.out.isatty()
        return True

    def review(self, answers: Answers) -> str | None:
        self._speak(answers)
        names = [name for name in self.rulebase.questions if name in answers]
        picked = self._pick(wrapped(REVIEW), {"": FINISH, Key.CHANGE: LIST, Key.BACK: names[-1]})
        if picked == LIST:
            lines = [""]
            for number, name in enumerate(names, 1):
                lines += screen.wrap(said(self.rulebase, name, answers[name]), screen.width(), f"{number:2}  ")
            self.show(lines)
            text = "Number of an answer to change, or Enter for the result"
            picked = self._pick(wrapped(text), {**_numbered(names), Key.BACK: names[-1]})
        return picked or None

    def after_result(self, headline: str, height: int) -> str | None:
        """What is wanted after the result: DETAILS, PAGE, or None to finish.

        One line, so that the short result stays on the screen. `height` is the result's; where
        it does not fit the window, `headline` is said again.
        """
        if height + 2 > screen.rows():
            self.show(["", *wrapped(headline)])
        return self._pick(wrapped(AFTER_RESULT), _numbered([DETAILS, PAGE])) or None

    def more(self, headings: Sequence[str]) -> int | None:
        """Which part of the details is wanted next (0-based); None to finish."""
        return self._nth("Number of a part, or Enter to finish", headings, {})

    def page_kind(self, kinds: Sequence[str]) -> int | None:
        """As which of these a page is to be saved (0-based); None for none."""
        return self._nth("Number of what to save, or Enter to go back", kinds, {Key.BACK: FINISH})

    def _nth(self, text: str, items: Sequence[str], more: Mapping[str, str]) -> int | None:
        self.show(["", *wrapped(*(f"{number} {item}" for number, item in enumerate(items, 1)))])
        picked = self._pick(wrapped(text), {**_numbered(range(len(items))), **more})
        return int(picked) if picked else None

    def file_name(self, default: str) -> str | None:
        """The name of a new file as it was typed; `default` for Enter alone, None for "b"."""
        typed = self._line(wrapped(f"Name of the new file. Enter for {default}, b to go back")).strip()
        return None if typed == Key.BACK else typed or default

    def give(self, lines: Sequence[str]) -> None:
        """Print a part of the result: to standard output, wherever the questions go."""
        print("\n".join(["", *lines]), flush=True)

    def show(self, lines: Sequence[str]) -> None:
        print("\n".join(lines), file=self.out, flush=True)

    def _read(self, lines: Sequence[str]) -> None:
        """Show a text on the way to an answer."""
        self.show(lines)

    def _speak(self, answers: Answers) -> None:
        """Go on with the voice that answers ask for."""
        self.rulebase = rules_in_voice(self.engine.rulebase, voice_of(self.engine.rulebase, answers))

    def _pick(self, lines: Sequence[str], choices: Mapping[str, str]) -> str:
        """What a typed line stands for; "" is Enter alone. Relief and leaving are always there."""
        note: list[str] = []
        while True:
            typed = self._typed([*note, *lines], "")
            if typed == Key.RELIEF:
                self._read(self._relief())
            elif typed in choices:
                return choices[typed]
            else:
                note = wrapped(f'"{shown(typed)}" is not one of the keys here.')

    def _typed_reply(self, prompt: Prompt, lines: list[str], understand: Callable[[str, Prompt], Answer]) -> Reply:
        """The reply to a prompt that is typed below `lines`; asked until one can `understand` it (or ValueError)."""
        note: list[str] = []
        while True:
            above = [*lines, *note, *key_line(prompt, screen.width())]
            typed = self._typed(above, f"{Key.BACK}{Key.DETAIL}{Key.WHY}")
            lines, note = lines if self.redraws else [], []
            if typed == Key.BACK:
                return BACK
            if text := self._explained(typed, prompt):
                self._read(text)
                continue
            try:
                return understand(typed, prompt)
            except ValueError as problem:
                note = wrapped(str(problem))

    def _typed(self, lines: Sequence[str], at_once: str) -> str:
        """A typed line in small letters, or a key. Raises KeyboardInterrupt for leaving."""
        typed = self._line(lines, f"{at_once}{Key.RELIEF}{Key.LEAVE}").strip().lower()
        typed = IN_WORDS.get(typed, typed)
        if typed == Key.LEAVE:
            raise KeyboardInterrupt
        return typed

    def _explained(self, typed: str, prompt: Prompt) -> list[str]:
        """The text that a key asks for on the way to an answer; empty for anything else."""
        if typed == Key.RELIEF:
            return self._relief()
        if typed == Key.WHY:
            return self._why(prompt)
        if typed in (Key.DETAIL, 2 * Key.DETAIL):
            return wrapped(f"Why: {prompt.question.why}")
        return []

    def _relief(self) -> list[str]:
        """The steps that are safe for everybody."""
        now = self.rulebase.relief_now
        return ["", *screen.relief_text(now.title, now.steps, screen.width()), ""]

    def _why(self, prompt: Prompt) -> list[str]:
        """Why a question is asked and what waits for it; asked again the rules in words, with sources."""
        again, self.asked_why = self.asked_why, True
        columns, rows = screen.width(), screen.rows() - PAGE_FOOT
        return why_in_full(self.rulebase, prompt, columns) if again else why(self.rulebase, prompt, columns, rows)

    def _head(self, prompt: Prompt, why: bool = False) -> list[str]:
        """What stands above a list: the question, or on its later screens the heading of the screen."""
        gap = [""] if screen.rows() >= screen.LOW else []
        text = prompt.page if prompt.later else prompt.text
        return [*gap, *wrapped(prompt.remark, text, f"Why: {prompt.question.why}" if why else "")]


def _headed(head: Sequence[str], lines: Sequence[str], below: int) -> list[str]:
    """Lines below their head; where both do not fit the window, the head once more after them."""
    whole = [*head, *lines]
    return whole if len(whole) + below <= screen.rows() else [*whole, "", *head]


def key_line(prompt: Prompt, columns: int, ticked: Iterable[str] = ()) -> list[str]:
    """Where in the interview it is, and the keys; a bullet before those that are `ticked`."""
    narrow = columns < NARROW
    place = f"{prompt.number}/{prompt.about}" if narrow else f"{prompt.number} of about {prompt.about}"
    marks = {o.id: "\u25cf " if o.id in ticked else "" for o in prompt.keys}
    keys = [f"{marks[o.id]}{o.key} {o.text[0].lower()}{o.text[1:]}" for o in prompt.keys]
    hidden = 0 if any(option.detail for option in prompt.lines) else 1
    more = [NARROW_KEYS[2 * hidden :]] if narrow else WIDE_KEYS[hidden:]
    items = [place, *keys, "b back", *more]
    close = "  ".join(items)
    return [close] if narrow and len(close) <= columns else screen.wrap(screen.APART.join(items), columns)


def rivals_beside(question: Question, ticked: Iterable[str]) -> bool:
    """Whether a line that calms stands beside one that does not: then it does not count."""
    given = set(ticked)
    return any(calms in given and not given.isdisjoint(others) for calms, *others in question.rivals)


class PlainAsker(TerminalAsker):
    """Numbered lines on plain input and output: screen readers, pipes, dumb terminals."""

    def __init__(self, engine: Engine, lines_in: TextIO, out: TextIO) -> None:
        super().__init__(engine, out)
        self.lines_in = lines_in

    def _emergency(self, head: list[str], lines: list[str]) -> bool:
        foot = wrapped(MISTAKE.format("leave"))
        self.show(["", *_headed(head, lines, len(foot) + 1)])
        return self._pick(foot, {"": FINISH, Key.BACK: Key.BACK}) == FINISH

    def _list(self, prompt: Prompt) -> Reply:
        ticked = "; ".join(o.text for o in prompt.options if o.id in prompt.chosen)
        lines = [*self._head(prompt), *_list_lines(prompt), *wrapped(f"So far: {ticked}" if ticked else "")]
        reply = self._typed_reply(prompt, lines, _understood)
        if not isinstance(reply, Back):
            self._say_again(prompt, chosen(reply))
        return reply

    def _say_again(self, prompt: Prompt, picked: tuple[str, ...]) -> None:
        """What was ticked, for those who cannot see the list."""
        if words := "; ".join(o.text for o in prompt.lines if o.id in picked):
            self.show(screen.wrap(words, screen.width(), "-> "))
        if rivals_beside(prompt.question, [*prompt.earlier, *picked]):
            self.show(wrapped(BOTH))

    def _explained(self, typed: str, prompt: Prompt) -> list[str]:
        """Of a list also its details: "? 3" those of a line, "?" or "??" all."""
        found = re.fullmatch(r"\?\??\s*([1-9])?", typed)
        nth = int(found[1] or 0) if found and prompt.lines else -1
        if not 0 <= nth <= len(prompt.lines):
            return super()._explained(typed, prompt)
        if not nth:
            return [*self._head(prompt, why=True), *_list_lines(replace(prompt, opened=True))]
        option = prompt.lines[nth - 1]
        return [*_numbered_line(nth, option, True), *wrapped("" if option.detail else NO_DETAIL)]

    def _line(self, lines: Sequence[str], at_once: str = "") -> str:  # noqa: ARG002
        self.show(lines)
        self.out.write("> ")
        self.out.flush()
        line = self.lines_in.readline()
        if not line:
            raise EOFError
        return line.removesuffix("\n")


def _understood(typed: str, prompt: Prompt) -> Answer:
    """The options of typed numbers and keys. Raises ValueError with what is wrong."""
    by_key = {**{str(number): o for number, o in enumerate(prompt.lines, 1)}, **{o.key: o for o in prompt.keys}}
    words = list(dict.fromkeys(typed.replace(",", " ").split()))
    if not words:
        raise ValueError(f"Nothing typed. {_how(prompt)}")
    if wrong := [word for word in words if word not in by_key]:
        raise ValueError(f'"{shown(wrong[0])}" is not an answer. {_how(prompt)}')
    picked = [by_key[word] for word in words]
    if len(picked) > 1 and prompt.kind == "one":
        raise ValueError("Only one answer fits here.")
    if len(picked) > 1 and (alone := [o for o in picked if o.exclusive]):
        raise ValueError(f"{alone[0].key} ({alone[0].text.lower()}) stands alone: choose it, or the others.")
    answer = tuple(o.id for o in prompt.options if o in picked)
    return answer if prompt.kind == "many" else answer[0]


def _how(prompt: Prompt) -> str:
    """How a list is answered."""
    keys = "".join(f"; {o.key}: {o.text.lower()}" for o in prompt.keys)
    most = "with blanks: 1 3" if prompt.kind == "many" and len(prompt.lines) > 2 else "one only"
    return f"Numbers 1 to {len(prompt.lines)}, {most}{keys}."


def _list_lines(prompt: Prompt) -> list[str]:
    each = enumerate(prompt.lines, 1)
    return [line for n, option in each for line in _numbered_line(n, option, prompt.opened or option.open)]


def _numbered_line(number: int, option: Option, opened: bool) -> list[str]:
    columns = screen.width()
    lines = screen.wrap(option.text, columns, f"{number} ")
    return lines + (screen.wrap(option.detail, columns, "   ") if opened and option.detail else [])


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
        else:
            app.exit(exception=KeyboardInterrupt)

    def _emergency(self, head: list[str], lines: list[str]) -> bool:
        """A screen after the other, each with the head and the way back; what was read stays once one leaves."""
        feet = [wrapped(MISTAKE.format(does)) for does in ("more", "leave")]
        pages = _pages(lines, max(screen.rows() - len(head) - len(feet[1]) - 1, 1))
        for number, page in enumerate(pages, 1):
            foot = feet[number == len(pages)]
            if self._pick([*head, *page, *foot], {"": FINISH, Key.BACK: Key.BACK}) == Key.BACK:
                return False
        return True

    def give(self, lines: Sequence[str]) -> None:
        """A part that is longer than the window, one window at a time."""
        if len(lines) + PAGE_FOOT <= screen.rows():
            super().give(lines)
        else:
            self.show([""])
            self._turn(lines, stays=True)

    def _read(self, lines: Sequence[str]) -> None:
        self._turn(lines, stays=False)

    def _turn(self, lines: Sequence[str], stays: bool) -> None:
        """A text, one window at a time: what follows would push it away. Each is wiped away, unless it `stays`."""
        pages = _pages(lines, max(screen.rows() - PAGE_FOOT, 1))
        for number, page in enumerate(pages, 1):
            text = GO_ON if number == len(pages) else f"Page {number} of {len(pages)}. Enter goes on, b leaves"
            if stays:
                self.show(page)
            if self._pick([*([] if stays else page), *wrapped(text)], {"": NEXT, Key.BACK: FINISH}) == FINISH:
                return

    def _line(self, lines: Sequence[str], at_once: str = "") -> str:
        nothing_typed = Condition(lambda: not get_app().current_buffer.text)
        keys = _bound({key: partial(_exit_with, key) for key in at_once}, nothing_typed)
        above = "\n".join([*lines, ">"])
        style = questionary.Style([("qmark", "noinherit")])
        asked = questionary.text("", qmark=above, key_bindings=keys, style=style, erase_when_done=True)
        return str(_run(asked.application))

    def _list(self, prompt: Prompt) -> Reply:
        menu = _Menu(self, prompt)
        while isinstance(reply := _run(menu.app), list):  # a text to read on the way to the answer
            self._read(reply)
            menu.note = ""
        return reply


class _Menu:
    """One list in a terminal: what is ticked, pointed at and opened, how it is laid out, and its keys."""

    def __init__(self, asker: QuestionaryAsker, prompt: Prompt) -> None:
        self.asker, self.prompt, self.lines = asker, prompt, prompt.lines
        self.opened = {o.id for o in self.lines if o.open or prompt.opened}
        self.asked_at = -1  # the line whose detail was asked for last
        self.says_why = False
        self.note = ""
        self.is_cut = self.is_seen = False  # there are lines below; the last one has been on the screen
        self.control = InquirerControl([questionary.Choice(o.text, value=o.id) for o in self.lines], pointer=">")
        self.picked = self.control.selected_options  # not sure among them
        self.picked += [o.id for o in prompt.options if o.id in prompt.chosen and not (o.key and o.exclusive)]
        tallest = max(len(_title(o, screen.width(), True)) for o in self.lines)
        offsets = ScrollOffsets(top=0, bottom=tallest - 1)
        self.window = Window(self.control, scroll_offsets=offsets, always_hide_cursor=True)
        # The question above, the keys below: both stay where the list is longer than the window.
        layout = Layout(HSplit([_fixed(self._head, "bold"), self.window, _fixed(self._foot)]))
        self.app: Application[Reply | list[str]] = Application(
            layout,
            key_bindings=self._keys(),
            erase_when_done=True,
            before_render=self._set_titles,
            after_render=self._look,
        )
        self._set_titles(None)  # keys that were typed ahead come before the first drawing

    def _keys(self) -> KeyBindings:
        acts: dict[str, Callable[[], object]] = {
            **{str(number): partial(self._tick, option) for number, option in enumerate(self.lines, 1)},
            **{o.key: partial(self._stand_alone if o.exclusive else self._tick, o) for o in self.prompt.keys},
            " ": lambda: self._tick(self.lines[self.control.pointed_at]),
            "enter": self._go_on,
            "up": self.control.select_previous,
            "down": self.control.select_next,
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

    def _set_titles(self, _: Any) -> None:
        """The lines as wide as the window is now: questionary would cut them."""
        columns = screen.width()
        for number, (choice, option) in enumerate(zip(self.control.choices, self.lines, strict=True), 1):
            lines = _title(option, columns, option.id in self.opened)
            choice.title = f"{number} " + ("\n" + " " * MARKS).join(lines)
        if self.window.render_info is None:
            height = sum(map(_height, self.control.choices))
            self.is_cut = len(self._head()) + height + len(self._foot()) > screen.rows()

    def _look(self, app: Any) -> None:
        """After drawing: whether there are lines below."""
        info = self.window.render_info
        is_cut = info is not None and not info.bottom_visible
        self.is_seen = self.is_seen or not is_cut
        if is_cut != self.is_cut:
            self.is_cut = is_cut
            app.invalidate()

    # --- what its keys do

    def _say(self, note: str) -> None:
        self.note = note

    def _tick(self, option: Option) -> None:
        """Tick an option, or untick it; of one answer the others go."""
        self._say("")
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
        if self.picked:
            self._end(self.ticked)
        else:
            self._say(f"Nothing ticked yet. {_how(self.prompt)}")

    def _end(self, ticked: tuple[str, ...]) -> None:
        """Answer, once every line has been on the screen; an emergency at once."""
        if self.is_cut and not self.is_seen and not is_emergency(self.asker.engine, self.prompt, ticked):
            self._page_down()
            self._say(READ_ON)
        else:
            _exit_with(ticked if self.prompt.kind == "many" else ticked[0])

    def _page_down(self) -> None:
        """The first line that is not whole on the screen comes to its top."""
        if self.window.render_info is None:
            return
        last, start = self.window.render_info.last_visible_line(), 0
        for nth, choice in enumerate(self.control.choices):
            if start + _height(choice) > last + 1:
                self.control.pointed_at, self.window.vertical_scroll = nth, start
                return
            start += _height(choice)

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
    keys.add("c-c", eager=True)(lambda event: event.app.exit(exception=KeyboardInterrupt))
    keys.add("c-d", eager=True)(lambda event: event.app.exit(exception=EOFError))
    return keys


def _exit_with(result: object) -> None:
    """End the prompt that is open."""
    get_app().exit(result=result)


def _run(app: Application[T]) -> T:
    app.ttimeoutlen = app.timeoutlen = ESCAPE_SECONDS
    return app.run()


def _fixed(lines: Callable[[], list[str]], style: str = "") -> Window:
    """Lines that are as high as they are, wherever the list below or above them is scrolled to."""
    control = FormattedTextControl(lambda: [(style, "\n".join(lines()))])
    return Window(control, height=lambda: len(lines()), always_hide_cursor=True)


def _height(choice: Any) -> int:
    """Lines on the screen."""
    return int(choice.title.count("\n")) + 1


def _title(option: Option, columns: int, opened: bool) -> list[str]:
    """An option, and its detail if it is `opened`, beside the marks of its line."""
    room = max(columns - MARKS - 1, 10)
    return [*screen.wrap(option.text, room), *(screen.wrap(option.detail, room) if opened and option.detail else [])]


def _pages(lines: Sequence[str], most: int) -> list[list[str]]:
    """Lines in pages of at most `most`, broken at blank lines where that can be done."""
    blocks = [list(block) for is_text, block in groupby(lines, bool) if is_text]
    pages: list[list[str]] = []
    for part in (block[at : at + most] for block in blocks for at in range(0, len(block), most)):
        if pages and len(pages[-1]) + 1 + len(part) <= most:
            pages[-1] += ["", *part]
        else:
            pages.append(part)
    return pages


def _numbered(choices: Iterable[object]) -> dict[str, str]:
    """Choices for `_pick`: Enter finishes, 1 is the first of them."""
    return {"": FINISH, **{str(number): str(choice) for number, choice in enumerate(choices, 1)}}
