"""The nouns of the program: frozen data, no behaviour beyond reading itself.

Everything here is filled from the rule base (`triage.knowledge.loader`) or from a
person's answers; nothing here knows a question, a cause or a threshold. Small
records are named tuples; those that are compared by identity are a `Record`. Annotations
are no strings: `typing` compiles each string of a named tuple.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from triage.knowledge.conditions import BOOLS
from triage.knowledge.records import Record
from triage.knowledge.toml_file import Location

# What a person answered: question id -> a number, one option id, or several.
Answer = int | str | tuple[str, ...]
Answers = Mapping[str, Answer]

# What the rules see: question or finding -> the options that hold. Numbers have
# become bands, single answers sets of one; what was not answered is absent.
Facts = Mapping[str, frozenset[str]]

NOT_SURE = "not_sure"

# How strongly a check is advised: a sign asks for it, or a doctor may add it.
STRENGTHS = ("ask", "may")

# The group of causes that may be named as fitting; the others are asked about or checked.
EVERYDAY = "everyday"

# What an interview does when a disposition is reached (`Disposition.stops`).
AT_ONCE, AFTER_FOLLOW_UPS = "at_once", "after_follow_ups"


# When a question gives way to the longest interview (`Question.yields`).
ALWAYS, AFTER_URGENT = "always", "after_urgent"

# How a cell reads its options: any of them was chosen, all of them, or (of an answered question) none of them.
ANY, ALL, NONE_OF = "any", "all", "none_of"


class Cell(NamedTuple):
    """One condition on `name`: `how` its `options` must stand in the answer. Two cells of a row may read one name."""

    name: str
    options: frozenset[str]
    how: str = ANY
    written: str = ""

    @property
    def every(self) -> bool:
        return self.how == ALL

    @property
    def absent(self) -> bool:
        return self.how == NONE_OF

    def holds(self, facts: Facts) -> bool:
        """Whether it holds; false where `name` is absent (unanswered is not "no")."""
        present = facts.get(self.name, frozenset())
        return BOOLS.cell(self, map(present.__contains__, self.options), self.name in facts)


Row = tuple[Cell, ...]


class Condition(NamedTuple):
    """Rows of cells: some row of `when` holds and no row of `unless` does."""

    when: tuple[Row, ...]
    unless: tuple[Row, ...] = ()

    def holds(self, facts: Facts) -> bool:
        return BOOLS.condition(self, lambda cell: cell.holds(facts))


def any_row(rows: Iterable[Iterable[Cell]], facts: Facts) -> bool:
    """Whether all cells of some row hold."""
    return BOOLS.any_row(rows, lambda cell: cell.holds(facts))


EVERYBODY = Condition(((),))
NOBODY = Condition(())


class Option(NamedTuple):
    """One answer that can be chosen; `means` completes "You said: ...". `exclusive` ones stand alone.

    `harmless`: no danger sign, where a danger question takes one answer. `detail` is shown on demand, with `open`
    from the start. Options of one `page` stand on one screen. `show`: rows, only then it is offered (None: always).
    `key` chooses it, on every screen the same; others have numbers. `voice`: how texts speak of the person once it
    is chosen; `now`: then the one safe action is shown at once.
    """

    id: str
    text: str
    means: str
    detail: str = ""
    open: bool = False
    page: str = ""
    show: tuple[Row, ...] | None = None
    key: str = ""
    exclusive: bool = False
    harmless: bool = False
    voice: str = ""
    now: bool = False


class Limit(NamedTuple):
    """Narrower bounds of a number where a row of `when` holds, and what is said of a number beyond them."""

    when: tuple[Row, ...]
    minimum: int
    maximum: int
    say: str

    def allows(self, number: int) -> bool:
        return self.minimum <= number <= self.maximum


class ClarifyOption(NamedTuple):
    """One way out of "not sure": an answer, or the list once more (`answer` empty), after the question `go_to`."""

    text: str
    answer: tuple[str, ...]
    go_to: str = ""


class Clarification(NamedTuple):
    """What is asked after "not sure": each sign in turn, the list again with all details, or one more question."""

    text: str
    each: bool
    again_open: bool
    options: tuple[ClarifyOption, ...] = ()


def chosen(answer: Answer) -> tuple[str, ...]:
    """The options of an answer, also where only one can be given; none for a number."""
    if isinstance(answer, int):
        return ()
    return answer if isinstance(answer, tuple) else (answer,)


class Question(Record):
    """One question. `kind` is "one", "many" or "number" (whole, from `minimum` to `maximum`).

    `after_urgent`: rows on which it is still asked after an urgent finding (None: it is not). `yields`: when it gives
    way to the longest interview there may be ("always", "after_urgent", or "": never), one prompt later on
    `yields_unless`. `rivals`: an option that calms, and those beside which it does not count. `skipped_because`: why
    nothing is lost where it is not asked, though it could raise the disposition.
    """

    id: str
    kind: str
    text: str
    why: str
    options: tuple[Option, ...]
    danger: bool = False
    ask_when: tuple[Row, ...] | None = None
    ask_unless: tuple[Row, ...] = ()
    asked_of: str = "everybody"
    after_urgent: tuple[Row, ...] | None = None
    yields: str = ""
    yields_unless: tuple[Row, ...] = ()
    rivals: tuple[tuple[str, ...], ...] = ()
    clarify: Clarification | None = None
    minimum: int = 0
    maximum: int = 0
    unit: str = ""
    limits: tuple[Limit, ...] = ()
    sources: tuple[str, ...] = ()
    skipped_because: str = ""
    at: Location

    def option(self, option_id: str) -> Option:
        """The option of that id (KeyError if there is none)."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise KeyError(option_id)

    @property
    def condition(self) -> Condition:
        """Who is asked it."""
        return Condition(EVERYBODY.when if self.ask_when is None else self.ask_when, self.ask_unless)

    def applies(self, facts: Facts) -> bool:
        return self.condition.holds(facts)

    def applies_after_urgent(self, facts: Facts) -> bool:
        return self.after_urgent is not None and any_row(self.after_urgent, facts) and self.applies(facts)

    def limit(self, facts: Facts) -> Limit | None:
        """The bounds that answers so far set to a number, if they set any."""
        return next((limit for limit in self.limits if any_row(limit.when, facts)), None)

    def shown(self, facts: Facts) -> tuple[Option, ...]:
        """The options that are offered, on answers so far (to its own earlier pages, too)."""
        return tuple(o for o in self.options if o.show is None or any_row(o.show, facts))


class Disposition(NamedTuple):
    """One level of the ladder. `rank` 0 is the most urgent.

    `when_said` and `instead` are short phrases: "<when_said of one>, <instead of a milder one>, if: ...".
    """

    id: str
    rank: int
    title: str
    say: str
    time: str
    when_said: str
    instead: str
    more: tuple[str, ...]
    see_doctor: bool
    stops: str
    stops_because: str
    shows: tuple[str, ...]
    causes: tuple[str, ...]
    beside: bool
    at: Location


class SafetyNet(NamedTuple):
    """The signs to come back for, printed with every result below an emergency."""

    say_today: str
    today: tuple[str, ...]
    say_emergency: str
    emergency: tuple[str, ...]


class ReliefNow(NamedTuple):
    """The fixed text that is safe for everybody; `action`: the one thing to do at once, by the voice."""

    title: str
    steps: tuple[str, ...]
    after: str
    action: Mapping[str, str]
    sources: tuple[str, ...]
    at: Location


class Ranking(NamedTuple):
    """A cause is shown from the score `shown_from` on, and `shown_at_most` of them."""

    shown_from: int
    shown_at_most: int


class About(NamedTuple):
    """What the program says about itself and its rule base."""

    version: str
    statement: str
    welcome: tuple[str, ...]


class Saved(NamedTuple):
    """How long saved answers hold (whole days), and what is said of older ones.

    `gone`: ids of questions of the version before; a file that has one is refused with `gone_say`.
    """

    good_for_days: int
    asked_again: str
    old: str
    gone: tuple[str, ...]
    gone_say: str
    draft_because: str


class Exemption(NamedTuple):
    """A text that may use a forbidden wording: the `field` of the entry `id`, and why."""

    id: str
    field: str
    because: str


class Forbidden(NamedTuple):
    """A wording that no person may read. `pattern`: a regular expression, upper and lower case alike."""

    id: str
    pattern: str
    because: str
    exempt: tuple[Exemption, ...]
    at: Location


class Wording(NamedTuple):
    """How texts must be worded: the highest grade, the words of the longest sentence, medical words allowed."""

    max_grade: int
    longest_sentence: int
    allowed: tuple[str, ...]
    forbidden: tuple[Forbidden, ...]
    at: Location


class Entry(Record):
    """What every rule carries."""

    id: str
    title: str
    condition: Condition
    because: str = ""
    sources: tuple[str, ...] = ()
    draft_because: str = ""
    claims: tuple[str, ...] = ()
    fires: tuple[Mapping[str, Any], ...] = ()
    silent: tuple[Mapping[str, Any], ...] = ()
    at: Location

    @property
    def status(self) -> str:
        """Whether it rests on its sources; empty where it says neither (a sign then rests on those of its cause)."""
        return "draft" if self.draft_because else "sourced" if self.sources else ""


class RedFlag(Entry):
    """Answers that reach a disposition. `waits_for`: questions that could still take it back.

    With an exception: why it is safe (`lowers`), the least that follows all the same (`lowers_to`), and what says so.
    """

    disposition: str
    place: str
    notes: tuple[str, ...]
    lowers: str
    lowers_to: str
    lowers_sources: tuple[str, ...]
    waits_for: tuple[str, ...]


class Sign(Entry):
    """Something that speaks for (`weight` 3, 2 or 1) or against (-2) a cause."""

    cause: str
    weight: int


class Cause(Entry):
    """A possible cause. Group "check" follows from `condition`, the others from `signs`."""

    group: str
    order: int
    summary: str
    signs: tuple[Sign, ...]


class Contraindication(NamedTuple):
    """For whom an advice is left out, and why."""

    when: tuple[Row, ...]
    because: str


class Advice(Entry):
    """Relief, prevention, "do not" or myth (`kind`). `figure`: the drawing of its steps; empty if it has none."""

    kind: str
    steps: tuple[str, ...]
    order: int
    grade: str
    harm: tuple[str, ...]
    general: bool
    never: tuple[Contraindication, ...]
    only_if: tuple[Row, ...]
    only_because: str
    beside: tuple[str, ...]
    figure: str


class Note(Entry):
    """A line (`title`) printed with a result; `first` ones before the rest."""

    first: bool


class Check(Entry):
    """Something to ask a doctor about. `strength`: "ask" or "may"."""

    strength: str
    note: str


class Hazard(Entry):
    """Something that could harm a person, and what must hold so that it does not.

    `condition`: on which answers. There the disposition must be `least` or more urgent, the
    advice `told` must be given (at levels that show its kind), and none of `never`, nor any
    with one of the kinds of `harm`. `words` (patterns) must not occur in any relief or
    prevention. `controls`: rules that see to it; `tests` show it.
    """

    effect: str
    least: str
    never: tuple[str, ...]
    harm: tuple[str, ...]
    told: tuple[str, ...]
    words: tuple[str, ...]
    controls: tuple[str, ...]
    tests: tuple[str, ...]


class Source(NamedTuple):
    """Where something was read. `read`: the own page, a mirror, or a secondary page."""

    id: str
    org: str
    title: str
    year: int | None
    url: str
    read: str
    seen_at: str
    remark: str
    at: Location


class Claim(NamedTuple):
    """What the articles say, and what became of it."""

    ids: tuple[str, ...]
    claim: str
    verdict: str
    action: str
    left_out: str
    at: Location


class FigureFile(NamedTuple):
    """The file of a drawing as it stands; `file` is its name in messages. `triage.knowledge.figures` reads it."""

    id: str
    file: str
    raw: bytes


class Accepted(NamedTuple):
    """Something a proof finds that is meant to stay. `proof` names the proof, `what` its finding in `rule`."""

    proof: str
    rule: str
    what: str
    because: str
    at: Location


class Reason(NamedTuple):
    """A rule that fired: its id and the answers (or findings) that made it fire."""

    rule: str
    because: str
    answers: Facts
    weight: int = 0


class RankedCause(NamedTuple):
    """A cause that fits, with its score (the sum of the weights of its signs)."""

    cause: Cause
    score: int
    speaks_for: tuple[Reason, ...]
    speaks_against: tuple[Reason, ...]


class FiredFlag(NamedTuple):
    """A red flag and the answers that raised it."""

    flag: RedFlag
    answers: Facts


class FiredCause(NamedTuple):
    """A cause of group "check" and the red flags that brought it up."""

    cause: Cause
    flags: tuple[str, ...]


class Withheld(NamedTuple):
    """Advice that applies but was left out, and why."""

    advice: Advice
    because: tuple[str, ...]


class Assessment(Record):
    """The result. Lists hold what is shown, in the order in which it is shown.

    `missing`: questions still open; where there are any, the result is not `complete`, and its
    disposition is what is known so far: it never means that all is well. `pending`: red flags that one of them
    can still take back. `voice`: of whom the texts speak. `fired`: the
    name of every production that fired; `facts`: what the last stratum saw, answers and findings;
    `rulebase_sha256`: of the rule base that it was made with.
    """

    complete: bool
    disposition: Disposition
    pharmacist: Disposition | None
    red_flags: tuple[FiredFlag, ...]
    causes: tuple[RankedCause, ...]
    needs_checking: tuple[FiredCause, ...]
    relief: tuple[Advice, ...]
    prevention: tuple[Advice, ...]
    do_not: tuple[Advice, ...]
    myths: tuple[Advice, ...]
    withheld: tuple[Withheld, ...]
    checks: tuple[Check, ...]
    notes: tuple[Note, ...]
    safety_net: SafetyNet | None
    missing: tuple[str, ...]
    pending: tuple[str, ...]
    voice: str
    answers: Answers
    fired: frozenset[str]
    facts: Facts
    rulebase_sha256: str

    @property
    def see_doctor(self) -> bool:
        return self.disposition.see_doctor

    @property
    def may_be_explained(self) -> bool:
        """Whether the level rests on red flags alone that an open question can still take back: then it is no "at least"."""
        deciding = [fired.flag.id for fired in self.red_flags if fired.flag.disposition == self.disposition.id]
        return bool(deciding) and set(deciding) <= set(self.pending)


class RuleBase(Record):
    """A whole, checked rule base. Mappings keep the order of the files.

    `wording` and `accepted` are there only where the examples are, for `check`. `most_prompts`: of the longest
    interview. `voices`: the words of each token that texts speak with, by the voice."""

    about: About
    most_prompts: int
    voices: Mapping[str, Mapping[str, str]]
    questions: Mapping[str, Question]
    dispositions: Mapping[str, Disposition]
    places: Mapping[str, str]
    safety_net: SafetyNet
    relief_now: ReliefNow
    ranking: Ranking
    saved: Saved
    red_flags: Mapping[str, RedFlag]
    causes: Mapping[str, Cause]
    advice: Mapping[str, Advice]
    notes: Mapping[str, Note]
    checks: Mapping[str, Check]
    sources: Mapping[str, Source]
    claims: tuple[Claim, ...]
    hazards: Mapping[str, Hazard]
    figures: Mapping[str, FigureFile]
    wording: Wording | None
    sha256: str
    bands: Mapping[str, tuple[str, ...]]
    accepted: tuple[Accepted, ...] = ()

    @property
    def ladder(self) -> tuple[Disposition, ...]:
        """The levels, most urgent first, without the one that stands beside them."""
        return tuple(level for level in self.dispositions.values() if not level.beside)

    @property
    def signs(self) -> Mapping[str, Sign]:
        return {sign.id: sign for cause in self.causes.values() for sign in cause.signs}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every rule of every kind by its id, signs among them."""
        every: dict[str, Entry] = {}
        for kind in (self.red_flags, self.causes, self.signs, self.advice, self.notes, self.checks):
            every.update(kind)
        return every
