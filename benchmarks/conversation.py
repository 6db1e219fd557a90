"""What the interview asks of a person: prompts, screens, keys and words before the result, and the result itself.

    python benchmarks/conversation.py [--markdown] [--random N]

The fourteen made-up people of data/people.toml go through the interview as it is; of every finished scenario the words
of the result are counted, short and in full, by level. Exit code 1 if a budget is missed. With --random, N who tick at random go through it, too: the most that any of them was shown.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple, Protocol

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]  # this checkout, wherever it is called from

from triage.conversation.interview import YES, Back, Interview, Prompt, Reply, missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import NOT_SURE, Answer, Answers, Disposition, Option, chosen
from triage.knowledge.rulebase import load
from triage.knowledge.voices import rules_in_voice
from triage.output.text import short, urgent_lines, whole
from triage.output.view import View, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment, FiredFlag

DATA = Path(__file__).resolve().parent / "data"
PEOPLE = DATA / "people.toml"
NONE = "none"
SIZES = (80, 40)  # columns of the windows (of 24 lines) that a result is laid out for
WAY_OUT = "0"  # the first option of the question that may follow "not sure"
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'-]*")


def words(text: str) -> int:
    return len(WORD.findall(text))


# --- who answers


class Replies(Protocol):
    """Somebody who answers prompts."""

    def reply(self, prompt: Prompt) -> Reply:
        """An answer of the prompt's kind."""
        ...


class Scripted:
    """Answers as written down; what is left open is answered with `unsaid` where it can be, by `at_last` if not."""

    def __init__(self, answers: Answers, unsaid: str = NONE, at_last: Mapping[str, str] | None = None) -> None:
        self.answers, self.unsaid, self.at_last = answers, unsaid, at_last or {}

    def reply(self, prompt: Prompt) -> Reply:
        offered = [option.id for option in prompt.options]
        if offered[:1] == [YES]:  # after "not sure": line by line
            return NOT_SURE
        if offered[:1] == [WAY_OUT]:  # after "not sure": one more question
            return next(str(n) for n, way in enumerate(_ways_out(prompt)) if way.answer == (NOT_SURE,))
        answer = self._answer(prompt.question.id, offered)
        if prompt.kind != "many":
            return answer
        return tuple(o for o in offered if o in chosen(answer)) or (NONE,)

    def _answer(self, name: str, offered: Sequence[str]) -> Answer:
        if name in self.answers:
            return self.answers[name]
        if self.unsaid in offered:
            return self.unsaid
        return NONE if NONE in offered else self.at_last[name]


class Rambling:
    """Somebody who ticks at random: `many` of a hundred lines (of danger signs few), and seldom is not sure."""

    AGES = (2, 5, 9, 12, 15, 17, 19, 24, 30, 38, 45, 55, 60, 66, 72, 85)
    DANGER, CLOSER, UNSURE = 2, 30, 5  # of a hundred: danger signs, the lines that belong to one, "not sure" for "none"

    def __init__(self, seed: int, many: int) -> None:
        self.random, self.many = Random(seed), many

    def reply(self, prompt: Prompt) -> Reply:
        if prompt.kind == "number":
            limit = prompt.limit
            return self.random.choice([n for n in self.AGES if not limit or limit.minimum <= n <= limit.maximum])
        if prompt.kind == "one":
            return self.random.choice([option.id for option in prompt.options])
        many = {"danger": self.DANGER, "danger_more": self.CLOSER}.get(prompt.question.id, self.many)
        ticked = tuple(option.id for option in prompt.lines if self._is_so(many))
        return ticked or (NOT_SURE if self._is_so(self.UNSURE) else NONE,)

    def _is_so(self, of_a_hundred: int) -> bool:
        return self.random.random() < of_a_hundred / 100


TICKS = (5, 12, 25, 40)  # of a hundred lines


def ramblers(count: int) -> Iterator[Rambling]:
    return (Rambling(seed, TICKS[seed % len(TICKS)]) for seed in range(count))


def _ways_out(prompt: Prompt) -> Iterable[Any]:
    return prompt.question.clarify.options if prompt.question.clarify else ()


# --- what is counted


@dataclass
class Shown:
    """What stood on the screens so far, in words by where they stood."""

    prompts: list[str] = field(default_factory=list)  # the questions, each once
    screens: int = 0
    keys: int = 0
    asked: int = 0  # welcome, questions or headings of pages, options, open details
    key_lines: int = 0  # None and Not sure
    unsure: int = 0  # what "not sure" brings: a list once more with all details, or further questions
    said: int = 0  # the action for a cramp that is there now, and what is urgent
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, prompt: Prompt, reply: Reply) -> None:
        """One screen and what was pressed on it: a key for each figure, 0 or n, and Enter."""
        offered = (prompt.question.id, *(option.id for option in prompt.options))
        if prompt.question.id not in self.prompts:
            self.prompts.append(prompt.question.id)
        if offered in self.seen or offered[1:2] in ((YES,), (WAY_OUT,)):
            self.unsure += _words_of_keys(prompt) + _words_of(prompt)
        else:
            self.asked += _words_of(prompt)
            self.key_lines += _words_of_keys(prompt)
        self.seen.add(offered)
        self.screens += 1
        self.keys += 1 + (len(str(reply)) if isinstance(reply, int) else len(chosen(_answer(reply))))

    @property
    def words(self) -> int:
        return self.asked + self.unsure + self.said

    @property
    def all_words(self) -> int:
        """With None and Not sure on every screen."""
        return self.words + self.key_lines


def _words_of(prompt: Prompt) -> int:
    """All but None and Not sure. The heading of a page stands in the place of the question on the later screens."""
    lines = [option for option in prompt.options if not _is_key(option)]
    details = [option.detail for option in lines if option.open or prompt.opened]
    head = prompt.page if prompt.later else prompt.text
    return sum(map(words, [prompt.remark, head, *(option.text for option in lines), *details]))


def _words_of_keys(prompt: Prompt) -> int:
    return sum(words(option.text) for option in prompt.options if _is_key(option))


def _is_key(option: Option) -> bool:
    return option.exclusive or option.id == NOT_SURE


def _answer(reply: Reply) -> Answer:
    return () if isinstance(reply, Back) else reply


class Counting:
    """An asker that passes every prompt on to somebody who answers, and counts what they would read and press."""

    def __init__(self, engine: Engine, replies: Replies) -> None:
        self.engine, self.replies = engine, replies
        self.shown = Shown(asked=sum(map(words, engine.rulebase.about.welcome)))
        self.has_announced = False

    def ask(self, prompt: Prompt) -> Reply:
        reply = self.replies.reply(prompt)
        self.shown.add(prompt, reply)
        return reply

    def act(self, text: str) -> None:
        self._say([text])

    def announce(self, level: Disposition, flags: tuple[FiredFlag, ...], voice: str) -> None:
        spoken = rules_in_voice(self.engine.rulebase, voice)
        self._say(urgent_lines(spoken, spoken.dispositions[level.id], flags, SIZES[0], self.has_announced))
        self.has_announced = True

    def _say(self, lines: Iterable[str]) -> None:
        """Something to read on the way, and Enter."""
        self.shown.said += sum(map(words, lines))
        self.shown.keys += 1

    def emergency(self, answers: Answers) -> None:
        """Left at once."""

    def review(self, answers: Answers) -> str | None:  # noqa: ARG002
        self.shown.keys += 1
        return None


class Told(NamedTuple):
    """One interview: what stood on its screens, and the result."""

    shown: Shown
    result: Assessment


def interviewed(engine: Engine, replies: Replies) -> Told:
    asker = Counting(engine, replies)
    return Told(asker.shown, assess(engine, Interview(engine, asker).conduct()))


# --- the people


class Most(NamedTuple):
    """A budget; `words` with None and Not sure on every screen. Without `screens`, any number of them."""

    prompts: int
    words: int
    screens: int = 99

    def kept(self, shown: Shown) -> bool:
        return len(shown.prompts) <= self.prompts and shown.screens <= self.screens and shown.all_words <= self.words


class Person(NamedTuple):
    """Somebody made up, and the budget for them."""

    name: str
    answers: Answers
    most: Most


def people() -> Iterator[Person]:
    """The people of data/people.toml."""
    data = tomllib.loads(PEOPLE.read_text("utf-8"))
    for one in data["person"]:
        yield Person(one["name"], answers_of(one["answers"]), Most(**one.get("most", data["most"])))


def answers_of(table: Mapping[str, Any]) -> Answers:
    """Answers as a file has them: a list is several options."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


# --- the table

HEADS = (
    "person",
    "prompts",
    "screens",
    "keys",
    "words",
    "with keys",
    "result",
    *(f"{n} columns" for n in SIZES),
    "budget",
)


def row(engine: Engine, person: Person) -> tuple[list[str], bool]:
    """What was counted of a person, and whether their budget is kept."""
    shown, result = interviewed(engine, Scripted(person.answers))
    laid_out = [short(view_of(engine.rulebase, result), columns) for columns in SIZES]
    sizes = [f"{len(lines)} lines, {sum(map(words, lines))} words" for lines in laid_out]
    most, kept = person.most, person.most.kept(shown)
    screens = f" / {most.screens}" if most.screens < 99 else ""
    budget = f"{most.prompts}{screens} / {most.words:,}{'' if kept else ' MISSED'}"
    counted = [len(shown.prompts), shown.screens, shown.keys, shown.words, shown.all_words]
    return [person.name, *(f"{n:,}" for n in counted), result.disposition.id, *sizes, budget], kept


def table(rows: Sequence[Sequence[str]], markdown: bool) -> list[str]:
    if markdown:
        return [f"| {' | '.join(one)} |" for one in (HEADS, ["---"] * len(HEADS), *rows)]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(one, widths, strict=True)] for one in (HEADS, *rows)]
    return ["  ".join(one).rstrip() for one in lines]


# --- the results

SCENARIOS = ROOT / "tests" / "scenarios"
FULL = {"self_care": 900}  # words of the whole result, the median; of the short one a level says itself how many
SENTENCE = re.compile(r"[.!?](?:\s|$)")


class Length(NamedTuple):
    """Of one result: words of the short one and of all of it, and the sentences of it that everybody gets."""

    level: str
    short: int
    full: int
    for_everybody: int


def length(engine: Engine, path: Path) -> Length | None:
    """Of a scenario; None where its answers are not complete."""
    answers = read_answer_file(path, engine.rulebase).answers
    view = view_of(engine.rulebase, assess(engine, answers, missing_from(engine, answers)))
    if not view.complete:
        return None
    counts = (sum(map(words, laid_out(view, SIZES[0]))) for laid_out in (short, whole))
    return Length(view.disposition, *counts, for_everybody=_for_everybody(engine, view))


def _for_everybody(engine: Engine, view: View) -> int:
    """Sentences of advice that has no condition."""
    told = [one for one in (*view.relief, *view.do_not, *view.prevention) if engine.rulebase.advice[one.id].general]
    return sum(len(SENTENCE.findall(f"{text} ")) for one in told for text in one.steps)


def lengths(engine: Engine) -> tuple[list[str], bool]:
    """A line for each level, and whether the budgets are kept."""
    found = [one for path in sorted(SCENARIOS.rglob("*.toml")) if (one := length(engine, path))]
    lines, kept = [], True
    for level in engine.rulebase.ladder:
        here = [one for one in found if one.level == level.id]
        short_words, full, general = ([one[n] for one in here] for n in (1, 2, 3))
        good = max(short_words) <= level.most_words and median(full) <= FULL.get(level.id, median(full))
        kept = kept and good
        lines.append(
            f"{level.id}: {len(here)} results, short {median(short_words):.0f} (at most {max(short_words)} of "
            f"{level.most_words}), in full {median(full):.0f} (at most {max(full)}), for everybody "
            f"{median(general):.0f} sentences{'' if good else ' MISSED'}"
        )
    return lines, kept


def main() -> int:
    parser = argparse.ArgumentParser(description="Prompts, screens, keys and words of fourteen made-up people.")
    parser.add_argument("--markdown", action="store_true", help="the table in Markdown")
    parser.add_argument(
        "--random", type=int, default=0, metavar="N", help="interviews that are answered at random, too"
    )
    args = parser.parse_args()
    engine = Engine(load())
    found = [row(engine, person) for person in people()]
    print("\n".join(table([cells for cells, _ in found], args.markdown)))
    lines, short_enough = lengths(engine)
    print("\nWords of the results", *lines, sep="\n- ")
    if args.random:
        shown = [interviewed(engine, one).shown for one in ramblers(args.random)]
        most = {
            "prompts": max(len(one.prompts) for one in shown),
            "words of the questions": max(one.asked + one.key_lines for one in shown),
            "words with what is urgent": max(one.all_words - one.unsure for one in shown),
            "words with what not sure brings": max(one.all_words for one in shown),
        }
        print(f"\n{args.random:,} at random: at most", ", ".join(f"{n:,} {what}" for what, n in most.items()))
    return 0 if short_enough and all(kept for _, kept in found) else 1


if __name__ == "__main__":
    sys.exit(main())
