"""What a full result holds, in the order and words in which it is told, free of any format.

`content` makes it; text, Markdown and the page only set it. Small records are named tuples (annotations: as in
`triage.knowledge.model`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from triage.knowledge.model import (
    AT_ONCE,
    EVERYDAY,
    NOT_SURE,
    Advice,
    Assessment,
    Check,
    Disposition,
    Entry,
    Facts,
    FiredCause,
    FiredFlag,
    RankedCause,
    Reason,
    RedFlag,
    RuleBase,
    SafetyNet,
    chosen,
)
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import STRENGTHS, YOU_SAID, grade_in_words, options_said, said
from triage.reasoning.explain import AT_MOST, WhatIf, what_if

# What is said in the place of "at least" of a level that an open question can still take back.
UNLESS = "unless an open question explains it"

WHAT_IF = "What would make it more urgent"
NAMED = 3  # options of such a line that are named

# The headings of the parts, by the names that `shows` of a disposition uses.
HEADINGS = {
    "notes": "Please note",
    "causes": "What fits, or is worth asking about",
    "needs_checking": "Needs checking",
    "relief": "What to do now",
    "do_not": "Do not",
    "prevention": "What may prevent it",
    "checks": "You can ask a doctor about",
    "withheld": "Left out",
    "myths": "Often said, but wrong",
}


class Wanted(NamedTuple):
    """What a result is to hold besides itself: how it was concluded, and what became of some rules (ids).

    `day` is the one to print where a format names it; None for none. `answered` is the day on
    which the answers were given; None where that is not known. `title` and the name of the `file`
    tell a result apart from others in one stream; empty for one that stands alone. Formats in
    `WHOLE` show `title` as what the answers are called.
    """

    how: bool = False
    why_not: tuple[str, ...] = ()
    day: date | None = None
    answered: date | None = None
    title: str = ""
    file: str = ""


NOTHING_MORE = Wanted()


class Rung(NamedTuple):
    """A level of the ladder. `here`: it is the one of this result (the least it can be, while questions are open)."""

    id: str
    title: str
    when_said: str
    time: str
    here: bool


class RaisedFlag(NamedTuple):
    """A red flag that is told with its reason. `you_said`: the answers that raised it, said back."""

    id: str
    title: str
    time: str
    because: str
    you_said: str
    notes: tuple[str, ...]
    cites: tuple[int, ...]


class ToldNote(NamedTuple):
    """A line to heed; a `first` one stands before the rest."""

    id: str
    text: str
    first: bool
    cites: tuple[int, ...]


class ToldCause(NamedTuple):
    """A cause that may be named, and the sentences for and against it. `everyday`: it fits; others are asked about."""

    id: str
    title: str
    everyday: bool
    summary: str
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    cites: tuple[int, ...]


class Checking(NamedTuple):
    """A cause that is never named as likely, and the titles of the red flags that brought it up."""

    id: str
    title: str
    summary: str
    flags: tuple[str, ...]
    cites: tuple[int, ...]


class ToldAdvice(NamedTuple):
    """Relief, prevention, a "do not" or a myth.

    `grade`: the evidence in words; `figure`: the id of its drawing. Both may be empty.
    """

    id: str
    title: str
    grade: str
    steps: tuple[str, ...]
    figure: str
    cites: tuple[int, ...]


class LeftOut(NamedTuple):
    """Advice that would apply, and each reason why it is left out."""

    id: str
    title: str
    because: tuple[str, ...]


class ToldCheck(NamedTuple):
    """Something to ask a doctor about. `strength`: in words."""

    id: str
    title: str
    strength: str
    because: str
    note: str
    cites: tuple[int, ...]


class Answered(NamedTuple):
    """An answer in words, one for each chosen option.

    `flags`: titles of the red flags that it helped to raise; `speaks_for` and `speaks_against`:
    titles of the causes (of those shown) that it speaks for or against.
    """

    id: str
    question: str
    answer: tuple[str, ...]
    not_sure: bool
    danger: bool
    flags: tuple[str, ...]
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


class Open(NamedTuple):
    """A question without an answer, that would still be asked."""

    id: str
    question: str


class CitedSource(NamedTuple):
    """A source and its number. `year`: empty where it is not known, or stands in the title; `url` may be empty."""

    number: int
    id: str
    org: str
    title: str
    year: str
    url: str


class Content(NamedTuple):
    """A full result; what its level does not show is empty.

    `say` is what to do first and `first` the lines that go with it; `time` is empty while the level is not
    known. `reasons` are the red flags that are told in full, `also_noted` the titles of the others;
    `no_flag` says that none decided (empty if one did), `more` what to heed at a level that asks no haste.
    `shows`: the names of the parts in the order of the rule base. `day`: None where no day is told.
    `here`: what is said of the level's place on the ladder.
    """

    say: str
    time: str
    complete: bool
    emergency: bool
    level: Disposition
    ladder: tuple[Rung, ...]
    here: str
    first: tuple[str, ...]
    more: tuple[str, ...]
    pharmacist: Disposition | None
    reasons: tuple[RaisedFlag, ...]
    also_noted: tuple[str, ...]
    no_flag: str
    shows: tuple[str, ...]
    notes: tuple[ToldNote, ...]
    causes: tuple[ToldCause, ...]
    needs_checking: tuple[Checking, ...]
    relief: tuple[ToldAdvice, ...]
    do_not: tuple[ToldAdvice, ...]
    prevention: tuple[ToldAdvice, ...]
    myths: tuple[ToldAdvice, ...]
    withheld: tuple[LeftOut, ...]
    checks: tuple[ToldCheck, ...]
    what_if: tuple[str, ...]
    safety_net: SafetyNet | None
    answers: tuple[Answered, ...]
    missing: tuple[Open, ...]
    sources: tuple[CitedSource, ...]
    statement: str
    version: str
    sha256: str
    day: "date | None"


def content(
    rulebase: RuleBase, assessment: Assessment, day: "date | None" = None, order: Sequence[str] = ()
) -> Content:
    """Everything that a result tells.

    `day` is the one to print. `order`: the parts in the order in which they will stand, for the numbers of
    the sources; parts that it does not name follow as the rule base has them.
    """
    rulebase = rules_in_voice(rulebase, assessment.voice)
    level = assessment.disposition
    known = assessment.complete or assessment.see_doctor
    told, milder = _told(assessment)
    emergency = level.stops == AT_ONCE
    parts = () if emergency else (*order, *level.shows)  # what an emergency tells stands in its first lines
    cite = _Citations(rulebase)
    for entry in (*(f.flag for f in told), *_entries(assessment, parts)):
        cite(entry)
    return Content(
        say=level.say if assessment.complete else provisional(assessment),
        time=level.time if known else "",
        complete=assessment.complete,
        emergency=emergency,
        level=level,
        ladder=tuple(
            Rung(one.id, one.title, one.when_said, one.time, known and one.id == level.id) for one in rulebase.ladder
        ),
        here=_here(assessment),
        first=first_lines(rulebase, assessment),
        more=level.more if known and not level.stops else (),
        pharmacist=assessment.pharmacist,
        reasons=tuple(_raised(rulebase, assessment, fired, cite) for fired in told),
        also_noted=tuple(fired.flag.title for fired in milder),
        no_flag="" if deciding(assessment) else no_flag(rulebase, assessment),
        shows=() if emergency else level.shows,
        notes=tuple(ToldNote(n.id, n.title, n.first, cite(n)) for n in assessment.notes if not emergency),
        causes=tuple(_cause(ranked, cite) for ranked in assessment.causes),
        needs_checking=tuple(_checking(rulebase, fired, cite) for fired in assessment.needs_checking),
        relief=tuple(_advice(advice, cite) for advice in assessment.relief),
        do_not=tuple(_advice(advice, cite) for advice in assessment.do_not),
        prevention=tuple(_advice(advice, cite) for advice in assessment.prevention),
        myths=tuple(_advice(advice, cite) for advice in assessment.myths),
        withheld=tuple(LeftOut(w.advice.id, w.advice.title, w.because) for w in assessment.withheld),
        checks=tuple(_check(check, cite) for check in assessment.checks),
        what_if=_what_if(rulebase, assessment),
        safety_net=assessment.safety_net,
        answers=tuple(_answered(rulebase, assessment)),
        missing=tuple(Open(name, rulebase.questions[name].text) for name in assessment.missing),
        sources=tuple(cite.listed()),
        statement=rulebase.about.statement,
        version=rulebase.about.version,
        sha256=rulebase.sha256,
        day=day,
    )


# --- how urgent, and why


def provisional(assessment: Assessment) -> str:
    """What can be said of unfinished answers: the least that is known, never that all is well.

    A level that an open question may still take back is no "at least", and is said so.
    """
    open_ = len(assessment.missing)
    waits = f"Not finished: {open_} question{'s are' if open_ > 1 else ' is'} not answered yet."
    if assessment.see_doctor:
        so_far = UNLESS if assessment.may_be_explained else "at least"
        return f"{waits} So far, {so_far}: {assessment.disposition.say}"
    return f"{waits} No warning sign so far, but that is not enough to go by."


def _here(assessment: Assessment) -> str:
    """What is said of the level's place on the ladder."""
    if assessment.complete:
        return "you are here"
    return f"here, {UNLESS}" if assessment.may_be_explained else "at least here"


def deciding(assessment: Assessment) -> list[FiredFlag]:
    """The red flags of the level of the result."""
    return [fired for fired in assessment.red_flags if fired.flag.disposition == assessment.disposition.id]


def first_lines(rulebase: RuleBase, assessment: Assessment) -> tuple[str, ...]:
    """What goes with the first sentence: where to go, what to heed; at a level that ends the interview all it says."""
    level, flags = assessment.disposition, deciding(assessment)
    if level.stops == AT_ONCE:
        return emergency_first(assessment)
    more = level.more if level.stops else ()
    return unique([*places(rulebase, flags), *more, *notes_of(flags)])


def emergency_first(assessment: Assessment) -> tuple[str, ...]:
    """What is said of an emergency besides the call: who acts, the lines of its own signs, then those of them all."""
    notes = (note.title for note in assessment.notes)
    return unique([*notes, *notes_of(deciding(assessment)), *assessment.disposition.more])


def no_flag(rulebase: RuleBase, assessment: Assessment) -> str:
    """That no warning sign decided, and where the person was not sure of one."""
    if unsure := unsure_of_danger(rulebase, assessment):
        return f"No answer is a clear warning sign, but you were {'; '.join(unsure)}. Watch for the signs below."
    return "None of the answers is a warning sign."


def places(rulebase: RuleBase, flags: Iterable[FiredFlag]) -> list[str]:
    """Where to go, in the order of the rule base (the safest place first)."""
    wanted = {f.flag.place for f in flags}
    return [text for place, text in rulebase.places.items() if place in wanted]


def notes_of(flags: Iterable[FiredFlag]) -> list[str]:
    """The lines that are printed with red flags."""
    return [note for fired in flags for note in fired.flag.notes]


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, where it came first."""
    return tuple(dict.fromkeys(texts))


def unsure_of_danger(rulebase: RuleBase, assessment: Assessment) -> list[str]:
    """What was answered "not sure" where danger was asked about."""
    answers = assessment.answers
    asked = (q for q in rulebase.questions.values() if q.danger and q.id in answers)
    return [said(rulebase, q.id, NOT_SURE) for q in asked if NOT_SURE in chosen(answers[q.id])]


def _told(assessment: Assessment) -> tuple[list[FiredFlag], list[FiredFlag]]:
    """The red flags that are told in full, and those that are only named: milder ones, and what another says already.

    What milder rules advise ("mention it at the next visit") must not take back "today".
    """
    level = assessment.disposition
    flags = deciding(assessment) if level.stops else list(assessment.red_flags)
    told = flags if level.stops == AT_ONCE else distinct(flags)
    return told, [fired for fired in assessment.red_flags if fired not in told]


def distinct(flags: Iterable[FiredFlag]) -> list[FiredFlag]:
    """The red flags without those that give the reason of one before them, or all of its notes, at the same level."""
    kept: list[FiredFlag] = []
    for fired in flags:
        if not any(_says_the_same(fired.flag, before.flag) for before in kept):
            kept.append(fired)
    return kept


def _says_the_same(one: RedFlag, other: RedFlag) -> bool:
    notes = bool(one.notes) and one.notes == other.notes
    return one.disposition == other.disposition and (notes or one.because == other.because)


def _raised(rulebase: RuleBase, assessment: Assessment, fired: FiredFlag, cite: "_Citations") -> RaisedFlag:
    flag = fired.flag
    time = rulebase.dispositions[flag.disposition].time
    you_said = _you_said(rulebase, assessment, fired.answers)
    return RaisedFlag(flag.id, flag.title, time, flag.because, you_said, flag.notes, cite(flag))


def _you_said(rulebase: RuleBase, assessment: Assessment, facts: Facts) -> str:
    words = []
    for name, options in facts.items():
        answer = assessment.answers[name]
        words.append(said(rulebase, name, answer if isinstance(answer, int) else tuple(sorted(options))))
    return f"{rulebase.voices[assessment.voice][YOU_SAID]}: {'; '.join(words)}."


# --- the parts


class _Citations:
    """Sources numbered in the order in which entries cite them."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._numbers: dict[str, int] = {}

    def __call__(self, entry: Entry) -> tuple[int, ...]:
        return tuple(self._numbers.setdefault(name, len(self._numbers) + 1) for name in entry.sources)

    def listed(self) -> Iterator[CitedSource]:
        for name, number in self._numbers.items():
            source = self._rulebase.sources[name]
            year = str(source.year) if source.year and str(source.year) not in source.title else ""
            yield CitedSource(number, name, source.org, source.title, year, source.url)


def _entries(assessment: Assessment, parts: Iterable[str]) -> Iterator[Entry]:
    """What parts of a result tell of, in their order."""
    for name in dict.fromkeys(parts):
        if name in ("causes", "needs_checking"):
            yield from (found.cause for found in getattr(assessment, name))
        elif name in ("notes", "relief", "do_not", "prevention", "myths", "checks"):
            yield from getattr(assessment, name)


def _cause(ranked: RankedCause, cite: "_Citations") -> ToldCause:
    cause = ranked.cause
    speaks_for, against = (tuple(map(_sentence, side)) for side in (ranked.speaks_for, ranked.speaks_against))
    return ToldCause(cause.id, cause.title, cause.group == EVERYDAY, cause.summary, speaks_for, against, cite(cause))


def _sentence(reason: Reason) -> str:
    text = reason.because
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _checking(rulebase: RuleBase, fired: FiredCause, cite: "_Citations") -> Checking:
    flags = tuple(rulebase.red_flags[name].title for name in fired.flags)
    return Checking(fired.cause.id, fired.cause.title, fired.cause.summary, flags, cite(fired.cause))


def _advice(advice: Advice, cite: "_Citations") -> ToldAdvice:
    return ToldAdvice(advice.id, advice.title, grade_in_words(advice), advice.steps, advice.figure, cite(advice))


def _check(check: Check, cite: "_Citations") -> ToldCheck:
    return ToldCheck(check.id, check.title, STRENGTHS[check.strength], check.because, check.note, cite(check))


def _what_if(rulebase: RuleBase, assessment: Assessment) -> tuple[str, ...]:
    return tuple(what_if_said(rulebase, assessment, one) for one in what_if(rulebase, assessment)[:AT_MOST])


def _answered(rulebase: RuleBase, assessment: Assessment) -> Iterator[Answered]:
    """Every answer, in asking order."""
    for question in rulebase.questions.values():
        if question.id not in assessment.answers:
            continue
        answer = assessment.answers[question.id]
        words = [said(rulebase, question.id, one) for one in chosen(answer)] or [said(rulebase, question.id, answer)]
        yield Answered(
            question.id,
            question.text,
            tuple(words),
            NOT_SURE in chosen(answer),
            question.danger,
            tuple(fired.flag.title for fired in assessment.red_flags if question.id in fired.answers),
            tuple(c.cause.title for c in assessment.causes if _reads(c.speaks_for, question.id)),
            tuple(c.cause.title for c in assessment.causes if _reads(c.speaks_against, question.id)),
        )


def _reads(reasons: Iterable[Reason], name: str) -> bool:
    return any(name in reason.answers for reason in reasons)


def what_if_said(rulebase: RuleBase, assessment: Assessment, one: WhatIf, whole: bool = False) -> str:
    """ "Get help today, not in the next weeks, if: one leg is more swollen than the other; ..." """
    words = options_said(rulebase, one.question.id, one.options)
    named = words if whole or len(words) == NAMED + 1 else words[:NAMED]  # "one more" is as long as its name
    left = [f"or one of {len(words) - len(named)} more"] if len(words) > len(named) else []
    known = assessment.complete or assessment.see_doctor  # otherwise there is no level yet to tell it apart from
    instead = f", {assessment.disposition.instead}," if known else ""
    return f"{one.level.when_said}{instead} if: {'; '.join([*named, *left])}"
