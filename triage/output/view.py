"""What a result tells, in the order and words in which it is told, free of any format: made once, by `view_of`.

Every format walks a `View`. What is not marked `Unwritten` is the contract of the JSON document, in its order: keys are
only ever added. `Annotated` also names what a text can be, where a rule base lists the values: the schemas read that.
Annotations are no strings here, as typing is slow to read those.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple, TypeVar

from triage.knowledge.conditions import Facts
from triage.knowledge.model import (
    AT_ONCE,
    NOT_SURE,
    Advice,
    Answer,
    Disposition,
    Grade,
    Group,
    History,
    HistoryItem,
    RuleBase,
    SafetyNet,
    Strength,
    chosen,
)
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import (
    STRENGTHS,
    YOU_SAID,
    ended,
    grade_in_words,
    in_brackets,
    options_said,
    said,
    year_of,
)
from triage.output.short import ShortLine, deciding, in_words, places, short_lines
from triage.reasoning.explain import AT_MOST, Fate, Node, WhatIf, how, what_if, why_not
from triage.reasoning.results import Assessment, FiredCause, FiredFlag, FiredSign, RankedCause

SCHEMA = "leg-cramp-triage/assessment/2"

WHAT_IF = "Any one of these makes it at least as urgent as said here"
BOTH = "Two of these do not go together: the more urgent one counts."  # said of two ticked lines
NOT_ASKED = "not asked"
NOT_TICKED = "none ticked"
NAMED = 3  # options of such a line that are named

# The headings of the parts, by the names that `shows` of a disposition uses.
HEADINGS = {
    "notes": "Please note",
    "causes": "What fits, or is worth asking about",
    "needs_checking": "Needs checking",
    "relief": "What to do now",
    "do_not": "Do not",
    "prevention": "What may prevent it",
    "checks": "Checks to ask a doctor about",
    "withheld": "Left out",
    "myths": "Often said, but wrong",
    "replies": "What was asked",
}

_T = TypeVar("_T")
UNWRITTEN = "unwritten"
Unwritten = Annotated[_T, UNWRITTEN]  # for people; no part of the JSON document
IF_WANTED = "if wanted"
IfWanted = Annotated[_T, IF_WANTED]  # written only where it is there

Contract = Annotated[str, "schema"]
Rung = Annotated[str, "rung"]  # a level of the ladder
Level = Annotated[str, "level"]  # a level of the ladder, or one beside it
QuestionId = Annotated[str, "question"]
GivenAnswers = Annotated[Mapping[str, Answer], "answers"]
Behind = Mapping[str, int | tuple[str, ...]]  # the answers behind a rule: question -> options, or the number given
Texts = tuple[str, ...]


class Wanted(NamedTuple):
    """What a result is to hold besides itself: how it was concluded, and what became of some rules (ids).

    `full`: not only the short result where a format has a choice. `large`: for those who need large print.

    `day` is the one to print where a format names it; None for none. `answered` is the day on
    which the answers were given; None where that is not known. `title` and the name of the `file`
    tell a result apart from others in one stream; empty for one that stands alone. Formats in
    `WHOLE` show `title` as what the answers are called.
    """

    how: bool = False
    full: bool = False
    large: bool = False
    why_not: Texts = ()
    day: date | None = None
    answered: date | None = None
    title: str = ""
    file: str = ""


NOTHING_MORE = Wanted()


# --- the parts of a result


class ShownFlag(NamedTuple):
    """A red flag that was raised: how urgent it is, why, where to go, and the answers that raised it."""

    id: str
    title: str
    disposition: Level
    because: str
    place: str | None
    notes: Texts
    answers: Behind
    sources: Texts
    time: Unwritten[str]
    you_said: Unwritten[str]  # these answers, said back


class ShownSign(NamedTuple):
    """A sign that speaks for a cause (positive weight) or against it, and the answers that show it."""

    id: str
    because: str
    weight: int
    answers: Behind

    @property
    def sentence(self) -> str:
        return ended(self.because)


class ShownCause(NamedTuple):
    """A cause that fits; the score is the sum of the weights of its signs."""

    id: str
    name: str
    group: Group
    score: int
    for_: tuple[ShownSign, ...]
    against: tuple[ShownSign, ...]
    sources: Texts
    summary: Unwritten[str]


class ShownChecking(NamedTuple):
    """A cause that needs checking, and the red flags that brought it up."""

    id: str
    name: str
    because: str
    red_flags: Texts
    sources: Texts
    summary: Unwritten[str]


class ShownAdvice(NamedTuple):
    """Relief, prevention, a "do not" or a myth."""

    id: str
    title: str
    steps: Texts
    grade: Grade
    sources: Texts
    evidence: Unwritten[str]  # the grade in words; may be empty
    figure: Unwritten[str]  # the id of a drawing; may be empty
    traditional: Unwritten[bool]  # told on request only


class LeftOut(NamedTuple):
    """Advice that was left out, and why."""

    id: str
    title: str
    because: str
    reasons: Unwritten[Texts]
    traditional: Unwritten[bool]


class ShownCheck(NamedTuple):
    """Something to ask a doctor about."""

    id: str
    title: str
    strength: Strength
    because: str
    note: str
    sources: Texts
    how_strongly: Unwritten[str]  # the strength in words


class ShownNote(NamedTuple):
    """A line that is printed with the result."""

    id: str
    line: str
    sources: Texts


class RulesUsed(NamedTuple):
    """The rule base that the result was made with; the hash is of its files."""

    version: str
    sha256: str


class MoreUrgent(NamedTuple):
    """Options of a question of which each would raise the result to a more urgent disposition."""

    question: QuestionId
    disposition: Rung
    options: Texts
    say: str


class HistoryLine(NamedTuple):
    """A line for the doctor: what each of its items is, and what was answered."""

    title: str
    items: Mapping[str, str]

    @property
    def sentence(self) -> str:
        return "; ".join(f"{label}: {answer}" for label, answer in self.items.items())


class CitedSource(NamedTuple):
    """A source and its number. `year`: empty where it is not known, or stands in the title; `url` may be empty."""

    number: int
    id: str
    org: str
    title: str
    year: str
    url: str


class View(NamedTuple):
    """A result. Where it is not `complete`, `say` says so, and `pending` names red flags that may still be taken back."""

    # What its level does not show is empty.
    schema: Contract
    complete: bool
    disposition: Rung
    see_doctor: bool
    pharmacist: bool
    say: str
    time: str
    red_flags: tuple[ShownFlag, ...]
    causes: tuple[ShownCause, ...]
    needs_checking: tuple[ShownChecking, ...]
    relief: tuple[ShownAdvice, ...]
    prevention: tuple[ShownAdvice, ...]
    do_not: tuple[ShownAdvice, ...]
    myths: tuple[ShownAdvice, ...]
    withheld: tuple[LeftOut, ...]
    checks: tuple[ShownCheck, ...]
    notes: tuple[ShownNote, ...]
    safety_net: Texts
    missing: tuple[QuestionId, ...]
    pending: Texts
    voice: str
    answers: GivenAnswers
    rulebase: RulesUsed
    what_if: tuple[MoreUrgent, ...]
    short: tuple[ShortLine, ...]
    replies: tuple[ShownAdvice, ...]
    history: tuple[HistoryLine, ...]

    emergency: Unwritten[bool]
    level: Unwritten[Disposition]
    first: Unwritten[Texts]  # the lines that go with `say`
    reasons: Unwritten[tuple[ShownFlag, ...]]  # the red flags that are told in full
    also_noted: Unwritten[Texts]  # the titles of the others
    shows: Unwritten[Texts]  # the parts, in the order of the rule base
    open_questions: Unwritten[Texts]
    sources: Unwritten[tuple[CitedSource, ...]]
    publishers: Unwritten[Mapping[str, str]]  # of all sources, by their ids
    statement: Unwritten[str]
    title: Unwritten[str]
    full: Unwritten[bool]
    large: Unwritten[bool]
    day: Unwritten[date | None]
    day_answered: Unwritten[date | None]

    how: IfWanted[Node | None]
    why_not: IfWanted[tuple[Fate, ...]]
    file: IfWanted[str]

    def cites(self, one: Any) -> list[int]:
        """The numbers of the sources of one of its parts; none where the result does not list them."""
        numbers = {source.id: source.number for source in self.sources}
        return [numbers[name] for name in getattr(one, "sources", ()) if name in numbers]

    @property
    def to_heed(self) -> tuple[ShownNote, ...]:
        """The notes that are told apart; those of an emergency stand in its first lines."""
        return () if self.emergency else self.notes


def view_of(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> View:
    """Everything that a result tells, in its voice."""
    rulebase = rules_in_voice(rulebase, assessment.voice)
    level, certainty, net = assessment.disposition, assessment.certainty, assessment.safety_net
    emergency = level.stops == AT_ONCE
    show = _Shown(rulebase, assessment)
    flags = {fired.flag.id: show.flag(fired) for fired in assessment.red_flags}
    reasons = tuple(flags[fired.flag.id] for fired in told_in_full(assessment))
    view = _made(
        View,
        assessment,
        wanted,
        certainty,
        rulebase,
        rulebase.about,
        schema=SCHEMA,
        disposition=level.id,
        pharmacist=assessment.pharmacist is not None,
        say=level.say if assessment.complete else provisional(assessment),
        time=level.time if certainty.known else "",
        red_flags=tuple(flags.values()),
        causes=tuple(map(show.cause, assessment.causes)),
        needs_checking=tuple(map(show.checking, assessment.needs_checking)),
        relief=tuple(map(_advice, assessment.relief)),
        prevention=tuple(map(_advice, assessment.prevention)),
        do_not=tuple(map(_advice, assessment.do_not)),
        myths=tuple(map(_advice, assessment.myths)),
        withheld=tuple(
            _made(LeftOut, one.advice, because="; ".join(one.because), reasons=one.because)
            for one in assessment.withheld
        ),
        checks=tuple(_made(ShownCheck, one, how_strongly=STRENGTHS[one.strength]) for one in assessment.checks),
        notes=tuple(_made(ShownNote, one, line=one.title) for one in assessment.notes),
        safety_net=net_sentences(net) if net else (),
        rulebase=_made(RulesUsed, rulebase.about, rulebase),
        what_if=more_urgent(rulebase, assessment)[:AT_MOST],
        short=short_lines(rulebase, assessment, level.say),
        replies=tuple(map(_advice, assessment.replies)),
        history=(*map(show.history, rulebase.history), show.conclusion(reasons)),
        emergency=emergency,
        level=level,
        first=_first_lines(rulebase, assessment),
        reasons=reasons,
        also_noted=tuple(flag.title for flag in flags.values() if flag not in reasons),
        shows=() if emergency else level.shows,
        open_questions=tuple(rulebase.questions[name].text for name in assessment.missing),
        sources=(),
        publishers={source.id: source.org for source in rulebase.sources.values()},
        day_answered=wanted.answered,
        how=how(rulebase, assessment) if wanted.how else None,
        why_not=tuple(why_not(rulebase, assessment, name) for name in wanted.why_not),
    )
    # What an emergency tells stands in its first lines.
    parts = () if emergency else ("replies", *(name for name in level.shows if name in HEADINGS))
    told = [*reasons, *(one for name in parts for one in getattr(view, name))]
    return view._replace(sources=_numbered(rulebase, told))


def _numbered(rulebase: RuleBase, told: Iterable[Any]) -> tuple[CitedSource, ...]:
    """The sources of what is told, in its order."""
    ids = dict.fromkeys(name for one in told for name in getattr(one, "sources", ()))
    sources = (rulebase.sources[name] for name in ids)
    return tuple(_made(CitedSource, one, number=n, year=year_of(one)) for n, one in enumerate(sources, 1))


# --- how urgent, and how certain that is


def net_sentences(net: SafetyNet) -> Texts:
    """The signs to come back for today, and those of an emergency, as a sentence each; none where there is no sign."""
    both = ((net.say_today, net.today), (net.say_emergency, net.emergency))
    return tuple(f"{say}: {'; '.join(sign.text for sign in signs)}." for say, signs in both if signs)


def provisional(assessment: Assessment) -> str:
    """What can be said of unfinished answers: the least that is known, never that all is well."""
    count, certainty = len(assessment.missing), assessment.certainty
    waits = f"Not finished: {count} question{'s are' if count > 1 else ' is'} not answered yet."
    if not certainty.known:
        return f"{waits} No warning sign so far, but that is not enough to go by."
    return f"{waits} So far, {certainty.so_far}: {assessment.disposition.say}"


def _first_lines(rulebase: RuleBase, assessment: Assessment) -> Texts:
    """What goes with the first sentence: where to go, what to heed; in an emergency who acts, and all it says."""
    level, flags = assessment.disposition, deciding(assessment)
    own = [note for fired in flags for note in fired.flag.notes]
    if level.stops == AT_ONCE:
        lines = [*(note.title for note in assessment.notes), *own, *level.more]
    else:
        lines = [*places(rulebase, flags), *(level.more if level.stops else ()), *own]
    return tuple(dict.fromkeys(lines))


def told_in_full(assessment: Assessment) -> list[FiredFlag]:
    """The red flags that are told with their reasons; the others are only named: milder ones, and what another says.

    What milder rules advise ("mention it at the next visit") must not take back "today".
    """
    level = assessment.disposition
    flags = deciding(assessment) if level.stops else list(assessment.red_flags)
    beside = assessment.pharmacist.id if assessment.pharmacist else ""
    return flags if level.stops == AT_ONCE else _distinct(flags, beside)


def _distinct(flags: Iterable[FiredFlag], beside: str) -> list[FiredFlag]:
    """The red flags without those that give the reason of one before them, or all of its notes, at the same level.

    And without those that give a later time for answers of which one before them says sooner; the level `beside` has none.
    """
    kept: list[FiredFlag] = []
    for fired in flags:
        same = [one.flag for one in kept if one.flag.disposition == fired.flag.disposition]
        notes = [one.notes for one in same if one.notes]
        sooner = [one for one in kept if one.flag.disposition != fired.flag.disposition and _rests_on(one, fired)]
        later = bool(sooner) and fired.flag.disposition != beside
        if not later and fired.flag.because not in [one.because for one in same] and fired.flag.notes not in notes:
            kept.append(fired)
    return kept


def _rests_on(fired: FiredFlag, other: FiredFlag) -> bool:
    """Whether a red flag rests on all answers of another."""
    return all({*options} <= {*fired.answers.get(name, ())} for name, options in other.answers.items())


# --- what would change it, and why something is not in it


def more_urgent(rulebase: RuleBase, assessment: Assessment) -> tuple[MoreUrgent, ...]:
    """Every single answer that would make the result more urgent, most urgent first."""
    return tuple(
        MoreUrgent(one.question.id, one.level.id, one.options, what_if_said(rulebase, assessment, one))
        for one in what_if(rulebase, assessment)
    )


def what_if_said(rulebase: RuleBase, assessment: Assessment, one: WhatIf, whole: bool = False) -> str:
    """ "Get help today, not in the next weeks, if: one leg is more swollen than the other; ..." """
    words = options_said(rulebase, one.question.id, one.options)
    named = words if whole or len(words) == NAMED + 1 else words[:NAMED]  # "one more" is as long as its name
    left = [f"or one of {len(words) - len(named)} more"] if len(words) > len(named) else []
    # Without a level there is none yet to tell it apart from.
    instead = f", {assessment.disposition.instead}," if assessment.certainty.known else ""
    return f"{one.level.when_said}{instead} if: {'; '.join([*named, *left])}"


# --- the parts


def told(part: str, one: Any) -> tuple[str, str, Texts]:
    """One thing in a part of a result: a title, the text beside it, the lines below it; any may be empty."""
    title, text, below = "", "", Texts()
    match part:
        case "reasons":
            title, text, below = f"{one.title} ({one.time}).", one.because, (one.you_said, *one.notes)
        case "notes":
            text = one.line
        case "causes":
            speaks_for = (f"For it: {sign.sentence}" for sign in one.for_)
            against = (f"Against it: {sign.sentence}" for sign in one.against)
            title, text, below = f"{one.name}.", one.summary, (*speaks_for, *against)
        case "needs_checking":
            title, text = f"{one.name}.", one.summary
        case "withheld":
            title, text = f"{one.title},", f"because {'; and '.join(one.reasons)}"
        case "checks":
            title, text, below = f"{one.title} ({one.how_strongly}).", one.because, (one.note,)
        case _:
            title, text, below = one.title, in_brackets(one.evidence).strip(), one.steps
    return title, text, below


def _made(kind: type[_T], *things: object, **more: object) -> _T:
    """A record of `more`, and for the rest of what the first of `things` that has it calls by the same name."""
    rest = (name for name in kind.__annotations__ if name not in more)
    return kind(**more, **{name: next(getattr(one, name) for one in things if hasattr(one, name)) for name in rest})


def _advice(advice: Advice) -> ShownAdvice:
    return _made(ShownAdvice, advice, evidence=grade_in_words(advice))


class _Shown(NamedTuple):
    """Makes the parts of one result."""

    rulebase: RuleBase
    assessment: Assessment

    def behind(self, facts: Facts) -> Behind:
        """The answers behind a rule: a number as it was given, options sorted."""
        given = self.assessment.answers
        return {
            name: answer if isinstance(answer := given.get(name), int) else tuple(sorted(options))
            for name, options in sorted(facts.items())
        }

    def you_said(self, facts: Facts) -> str:
        """The same as a sentence."""
        words = in_words(self.rulebase, self.assessment, facts)
        return f"{self.rulebase.voices[self.assessment.voice][YOU_SAID]}: {'; '.join(words)}."

    def flag(self, fired: FiredFlag) -> ShownFlag:
        return _made(
            ShownFlag,
            fired.flag,
            place=self.rulebase.places.get(fired.flag.place),
            answers=self.behind(fired.answers),
            time=self.rulebase.dispositions[fired.flag.disposition].time,
            you_said=self.you_said(fired.answers),
        )

    def sign(self, fired: FiredSign) -> ShownSign:
        return _made(ShownSign, fired.sign, answers=self.behind(fired.answers))

    def cause(self, ranked: RankedCause) -> ShownCause:
        signs, against = (tuple(map(self.sign, signs)) for signs in (ranked.speaks_for, ranked.speaks_against))
        return _made(ShownCause, ranked.cause, name=ranked.cause.title, score=ranked.score, for_=signs, against=against)

    def checking(self, fired: FiredCause) -> ShownChecking:
        return _made(ShownChecking, fired.cause, name=fired.cause.title, red_flags=fired.flags)

    def history(self, line: History) -> HistoryLine:
        return HistoryLine(line.title, {item.label: self.told(item) for item in line.items})

    def told(self, item: HistoryItem) -> str:
        """What was answered of an item; what was not asked, or never shown, is no "no"."""
        answer = self.assessment.answers.get(item.question)
        if answer is None:
            return NOT_ASKED
        of_it = [option for option in chosen(answer) if option in (*item.options, NOT_SURE) or not item.options]
        if isinstance(answer, int):
            return said(self.rulebase, item.question, answer)
        if of_it:
            return "; ".join(options_said(self.rulebase, item.question, of_it))
        shown = {option.id for option in self.rulebase.questions[item.question].shown(self.assessment.facts)}
        return NOT_ASKED if shown.isdisjoint(item.options) else NOT_TICKED

    def conclusion(self, reasons: Sequence[ShownFlag]) -> HistoryLine:
        """The last line: what it came to, and by which rules."""
        found, about = self.assessment, self.rulebase.about
        rules = [flag.id for flag in reasons] or [ranked.cause.id for ranked in found.causes]
        items = {
            "level": found.certainty.titled.format(found.disposition.title),
            "rules": ", ".join(rules) or "none",
            "may be checked": "; ".join(check.short or check.title for check in found.checks) or "none named",
            "version": f"{about.version}, {self.rulebase.sha256[:12]}",
        }
        return HistoryLine("Result", items)
