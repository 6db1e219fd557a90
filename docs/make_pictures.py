"""Makes the pictures of the README: a recorded session, the page for a doctor, and the page to answer in.

    python docs/make_pictures.py [session] [page] [phone]

The session is the real program in a pseudo-terminal. It becomes an SVG without script or outside
font, whose text is text, and which stands still for those who want no motion. The page is a PNG
made by chromium. Neither names the day, so the same program always says the same in them.
(rich can only export a still, and with a font from the network; of what animates, nothing writes
a title, a description and a still.)
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pexpect
import pyte
from pyte.screens import Char

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # for the driver of the tests

import chromium
from terminal import ENTER, MORE, REVIEW, Step, Terminal, keys, steps_to

from triage.cli.common import written
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers, chosen
from triage.knowledge.rulebase import load
from triage.output.view import NOTHING_MORE
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.web import application_of

PICTURES = ROOT / "docs" / "pictures"
SESSION = PICTURES / "session.svg"
STORY, ILLNESS = "self-care/runner-club-training", "routine/frequent-cramps-spoil-sleep"  # under tests/scenarios
COLUMNS, ROWS = 80, 24

# Cuts of the page: file names, and what each begins with. Their size, and the room above, in pixels.
CUTS = {"page.png": "#result", "page-steps.png": "#relief li:has(img)", "page-doctor.png": "#doctor"}
CUT, MARGIN = (900, 1120), 8
PHONES, PHONE = [PICTURES / "phone-danger.png", PICTURES / "phone-result.png"], {"width": 390, "height": 760}

# Seconds for which a question, an answer, the review and the result are shown, and how often all is played.
ASKED, ANSWERED, REVIEWED, RESULT, TIMES = 1.2, 0.8, 4.0, 14.0, 3

# Measures in units of the drawing, and colours: those that a terminal of this kind has.
WIDE, HIGH, SIZE, EDGE, BAR = 8.4, 18, 14, 16, 34
PAPER, INK = "#16191d", "#e8e8e8"
NAMED = {"cyan": "#56c8d8", "green": "#7cc77c", "red": "#ff8a80", "brown": "#e5c07b", "blue": "#82aaff"}


class Run(NamedTuple):
    """Characters beside one another that look the same, from a column on."""

    column: int
    text: str
    colour: str
    bold: bool


Line = tuple[Run, ...]


class Frame(NamedTuple):
    """A screen, and for how many seconds it is shown."""

    lines: tuple[Line, ...]
    seconds: float

    @property
    def text(self) -> list[str]:
        """What it says, line by line."""
        return [
            "".join(run.text.rjust(run.column - at + len(run.text)) for at, run in _placed(line)) for line in self.lines
        ]


def _placed(line: Line) -> Iterator[tuple[int, Run]]:
    """Every run with the column at which the one before it ends."""
    end = 0
    for run in line:
        yield end, run
        end = run.column + len(run.text)


# --- recording


class Recorder:
    """Takes frames of the program while it is driven."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.frames: list[Frame] = []
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._drawn = 0

    def take(self, seconds: float, shows: Callable[[str], bool]) -> None:
        """A frame, as soon as the screen shows what it is to show."""
        while not shows("\n".join(self._display())):
            try:
                self.terminal.child.expect(r"(?s).+")  # whatever comes next
            except (pexpect.EOF, pexpect.TIMEOUT):
                raise AssertionError("\n".join(self._display())) from None
        lines = tuple(_line(self._screen.buffer[row]) for row in range(ROWS))
        self.frames.append(Frame(lines, seconds))

    def _display(self) -> list[str]:
        self._stream.feed(self.terminal.raw[self._drawn :])
        self._drawn = len(self.terminal.raw)
        return [line.rstrip() for line in self._screen.display]


def _line(cells: Mapping[int, Char]) -> Line:
    """The runs of a line; blanks at their ends are left out."""
    runs = []
    for (colour, bold), group in groupby(range(COLUMNS), lambda at: (_colour(cells[at]), cells[at].bold)):
        columns = list(group)
        text = "".join(cells[at].data for at in columns)
        if text.strip():
            start = columns[0] + len(text) - len(text.lstrip())
            runs.append(Run(start, text.strip(), colour, bold))
    return tuple(runs)


def _colour(cell: Char) -> str:
    if cell.fg == "default":
        return INK
    return f"#{cell.fg}" if re.fullmatch(r"[0-9a-f]{6}", cell.fg) else NAMED.get(cell.fg, INK)


def answers_of(engine: Engine, story: str) -> Answers:
    """The answers of a scenario."""
    (path,) = (ROOT / "tests" / "scenarios").glob(f"{story}.*")
    return read_answer_file(path, engine.rulebase).answers


def record() -> list[Frame]:
    """The frames of one interview, from the first question to the result."""
    os.environ.update(COLUMNS=str(COLUMNS), LINES=str(ROWS))
    engine = Engine(load())
    steps = steps_to(engine, answers_of(engine, STORY))
    with Terminal(columns=COLUMNS, rows=ROWS) as terminal:
        recorder = Recorder(terminal)
        for step in steps:
            recorder.take(ASKED, lambda shown, step=step: _asks(step, shown))
            typed = keys(step)
            if typed.endswith(ENTER):
                terminal.type(typed.removesuffix(ENTER))
                recorder.take(ANSWERED, lambda shown, step=step: _is_answered(step, shown))
                typed = ENTER
            terminal.press(typed)
        recorder.take(REVIEWED, lambda shown: REVIEW in shown and shown.rstrip().endswith("\n>"))
        terminal.type(ENTER)
        recorder.take(RESULT, lambda shown: MORE in shown and shown.rstrip().endswith("\n>"))
        terminal.type(ENTER)
        terminal.end()
    return recorder.frames


def _asks(step: Step, shown: str) -> bool:
    """Whether the whole prompt is on the screen, and nothing of it chosen."""
    prompt, flat = step.prompt, " ".join(shown.split())
    head = prompt.page if prompt.later else prompt.text
    if head not in flat or f"{prompt.number} of about" not in flat:
        return False
    if prompt.kind == "number":
        return shown.rstrip().endswith("\n>")
    last = prompt.lines[-1]
    return f"{len(prompt.lines)} {last.text}" in flat and not re.search(r"[\u25cf]", shown)


def _is_answered(step: Step, shown: str) -> bool:
    """Whether the screen shows what was typed."""
    typed = keys(step).removesuffix(ENTER)
    if step.prompt.kind == "number":
        return bool(re.search(rf"\n> +{typed}$", shown.rstrip()))
    return all(re.search(rf"^.*\u25cf +{number} ", shown, re.MULTILINE) for number in typed)


# --- drawing


def as_svg(frames: Sequence[Frame]) -> str:
    """The frames below one another, as a film that is moved behind a window; it rests at the last one."""
    width, height = COLUMNS * WIDE + 2 * EDGE, ROWS * HIGH + BAR + EDGE
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    names: dict[Line, str] = {}
    for line in (line for frame in frames for line in frame.lines if line):
        names.setdefault(line, f"l{len(names)}")
    last = "\n".join(line for line in frames[-1].text if line)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
            '<title id="title">A session of leg-cramp-triage in a terminal</title>',
            f'<desc id="desc">Questions are answered by number. At the end the screen says: {escape(last)}</desc>',
            f"<style>{_style(frames)}</style>",
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{PAPER}"/>',
            f'<text x="{EDGE}" y="22" class="bar">$ leg-cramp-triage</text>',
            "<defs>",
            *(f'<g id="{name}">{_drawn(line)}</g>' for line, name in names.items()),
            "</defs>",
            f'<svg x="{EDGE}" y="{BAR}" width="{COLUMNS * WIDE:g}" height="{ROWS * HIGH}"><g class="film">',
            *(_placed_frame(nth, frame, names) for nth, frame in enumerate(frames)),
            "</g></svg>",
            "</svg>",
        ]
    )


def _style(frames: Sequence[Frame]) -> str:
    total = sum(frame.seconds for frame in frames)
    at, steps = 0.0, []
    for nth, frame in enumerate(frames):
        steps.append(f"{100 * at / total:.3f}%{{transform:translateY({-nth * ROWS * HIGH}px)}}")
        at += frame.seconds
    rest = f"transform:translateY({-(len(frames) - 1) * ROWS * HIGH}px)"
    return (
        f"text{{font:{SIZE}px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:{INK}}}"
        f".bar{{fill:#9aa4ad}}.b{{font-weight:bold}}.film{{{rest};animation:play {total:g}s step-end {TIMES}}}"
        f"@keyframes play{{{''.join(steps)}}}"
        "@media (prefers-reduced-motion:reduce){.film{animation:none}}"
    )


def _drawn(line: Iterable[Run]) -> str:
    return "".join(_run(run) for run in line)


def _run(run: Run) -> str:
    """A run in its columns, whatever the width of the reader's font."""
    look = f' fill="{run.colour}" style="fill:{run.colour}"' if run.colour != INK else ""
    look += ' class="b"' if run.bold else ""
    text = re.sub(" {2,}", lambda blanks: "\u00a0" * len(blanks[0]), escape(run.text))  # or they become one
    return (
        f'<text x="{run.column * WIDE:.1f}" y="{SIZE}" textLength="{len(run.text) * WIDE:.1f}"'
        f' lengthAdjust="spacingAndGlyphs"{look}>{text}</text>'
    )


def _placed_frame(nth: int, frame: Frame, names: Mapping[Line, str]) -> str:
    top = nth * ROWS * HIGH
    return "".join(
        f'<use href="#{names[line]}" y="{top + row * HIGH}"/>' for row, line in enumerate(frame.lines) if line
    )


# --- the page


def photograph() -> None:
    """Three cuts of the page for a doctor, as a browser shows it."""
    engine = Engine(load())
    result = assess(engine, answers_of(engine, ILLNESS))
    with chromium.browser() as browser, chromium.watch(browser) as watched:
        page = watched.page(viewport={"width": CUT[0], "height": CUT[1]}, color_scheme="light")
        page.set_content(written("html", engine.rulebase, result, NOTHING_MORE))
        for name, first in CUTS.items():
            box = page.locator(first).first.bounding_box()
            if box is None:
                raise AssertionError(first)
            top = max(box["y"] - MARGIN, 0)
            clip = {"x": 0, "y": top, "width": CUT[0], "height": CUT[1]}
            page.screenshot(path=PICTURES / name, full_page=True, clip=clip)


def photograph_phone() -> None:
    """The pages of the danger list and of a result, side by side, as a phone shows them."""
    engine = Engine(load())
    with chromium.browser() as browser, chromium.watch(browser) as watched:
        options: dict[str, Any] = {"viewport": PHONE, "device_scale_factor": 1.5, "color_scheme": "light"}
        page = watched.page(**options)
        page.goto(watched.serve_application(application_of(engine)))
        for prompt, reply in steps_to(engine, answers_of(engine, STORY)):
            for option in chosen(reply):
                page.check(f"[name=x][value={option}]")
            if isinstance(reply, int):
                page.fill("[name=n]", str(reply))
            if prompt.number == 2 and not prompt.later:
                page.screenshot(path=PHONES[0])
            page.locator("[value=go]").click()
        page.locator("[value=result]").click()
        page.locator("section.result").wait_for()
        page.screenshot(path=PHONES[1])


def main(wanted: Sequence[str]) -> None:
    """Make the wanted pictures, or all."""
    PICTURES.mkdir(exist_ok=True)
    if not wanted or "session" in wanted:
        SESSION.write_text(as_svg(record()) + "\n", "utf-8")
    if not wanted or "page" in wanted:
        photograph()
    if not wanted or "phone" in wanted:
        photograph_phone()


if __name__ == "__main__":
    main(sys.argv[1:])
