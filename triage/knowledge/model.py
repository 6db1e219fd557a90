"""The nouns of the program: the tables of rules/ as types. Frozen, no behaviour but reading.

Each table of the files is one class, whose fields say what may stand in it (`triage.knowledge.fields` says how).
Nothing here knows a question, a cause or a threshold.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, dataclass_transform, get_args

from triage.knowledge.conditions import EVERYBODY, Condition, Facts, Rows, any_row
from triage.knowledge.fields import DERIVED, NEEDED, OR_TRUE, PATTERN, SEEN, Findings, Key, Names, OneOf, Only, Scope
from triage.knowledge.toml_file import NOWHERE, Location

# What a person answered: question id -> a number, one option id, or several.
Answer = int | str | tuple[str, ...]
Answers = Mapping[str, Answer]

NOT_SURE = "not_sure"

# What conditions may read besides questions, each from a stratum below.
RED_FLAG, CAUSE, DISPOSITION = "red_flag", "cause", "disposition"
FINDINGS = (RED_FLAG, CAUSE, DISPOSITION)

Group = Literal["everyday", "ask", "check"]
GROUPS: tuple[str, ...] = get_args(Group)
AdviceKind = Literal["relief", "prevention", "do_not", "myth", "reply"]
ADVICE_KINDS: tuple[str, ...] = get_args(AdviceKind)
Harm = Literal["rubbing", "heat", "pressure"]
Part = Literal[
    "pharmacist", "notes", "causes", "needs_checking", "relief", "do_not", "prevention", "checks", "withheld", "myths",
    "replies", "safety_net",
]  # fmt: skip

# How strongly a check is advised: a sign asks for it, or a doctor may add it.
Strength = Literal["ask", "may"]
STRENGTHS: tuple[str, ...] = get_args(Strength)

Grade = Literal["A", "B", "C", "-"]  # of the evidence for an advice
TRADITIONAL = "C"  # told on request only

# The group of causes that may be named as fitting; the others are asked about or checked.
EVERYDAY = "everyday"

# What an interview does when a disposition is reached (`Disposition.stops`).
AT_ONCE, AFTER_FOLLOW_UPS = "at_once", "after_follow_ups"
Stops = Literal["", "at_once", "after_follow_ups"]

# When a question gives way to the longest interview (`Question.yields`).
ALWAYS, AFTER_URGENT = "always", "after_urgent"
Yields = Literal["", "always", "after_urgent"]

Examples = tuple[Mapping[str, Any], ...]

Id = Annotated[str, "lower-case words joined by hyphens or underscores; never reused"]
Text = Annotated[str, SEEN]
Texts = tuple[Text, ...]
Pattern = Annotated[str, PATTERN, "a regular expression, upper and lower case alike"]

# Ids of other tables.
Sources = Annotated[tuple[str, ...], Names("source")]
Claims = Annotated[tuple[str, ...], Names("claim")]
Questions = Annotated[tuple[str, ...], Names("question")]
AdviceIds = Annotated[tuple[str, ...], Names("advice")]

Proof = Literal["danger-never-lowers", "every-rule-matters", "everything-is-read"]


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False)
class Frozen:
    """A dataclass that is made with the names of its fields and never changes. No two are alike.

    `dataclass(frozen=True)` would write and compile five functions for each type: a tenth of the time of a start.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls) -> None:
        dataclass(init=False, eq=False, repr=False, kw_only=True)(cls)

    def __init__(self, **values: Any) -> None:
        """Raises TypeError for a name that is no field, and for a field without a value."""
        fields = self.__dataclass_fields__
        needed = {name for name, field in fields.items() if field.default is MISSING}
        if wrong := (needed - values.keys()) | (values.keys() - fields.keys()):
            raise TypeError(f"{type(self).__name__}: {', '.join(sorted(wrong))}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"{name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{name} cannot be taken away")


class Record(Frozen):
    """A table of the files, and where it stands: shown in short, as all that it holds may be a page."""

    at: Annotated[Location, DERIVED] = NOWHERE

    def __repr__(self) -> str:
        return f"<{table_name(type(self))} at {self.at}>"


def table_name(kind: type) -> str:
    """What the tables of a type are called in the files."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


class Option(Record):
    """One answer that can be chosen: one claim, key words first, at most 12 words. No screen numbers more than nine."""

    id: Annotated[Id, Scope("")]
    text: Annotated[Text, "what can be chosen"]
    means: Annotated[Text, 'a clause that completes "You said: ..."; without it the text itself'] = ""
    detail: Annotated[Text, "a line of help (at most 20 words), shown on demand; always on paper and in exports"] = ""
    open: Annotated[bool, "its detail is shown from the start"] = False
    page: Annotated[Text, "the heading of the screen it stands on; lines with the same page stand together"] = ""
    show: Annotated[Rows | None, "offered only where one holds; they may read earlier pages of its own question"] = None
    key: Annotated[str, 'the key that chooses it instead of a number: `"0"` for none, `"n"` for not sure'] = ""
    exclusive: Annotated[bool, 'stands alone ("none")'] = False
    harmless: Annotated[bool, "no danger sign; only in danger questions that take one answer"] = False
    voice: Annotated[str, Names("voice"), "how texts speak from then on"] = ""
    now: Annotated[bool, "it cramps now, so the one safe action is shown at once"] = False

    def __init__(self, *, text: str, means: str = "", **values: Any) -> None:
        super().__init__(**{**values, "text": text, "means": means or text[:1].lower() + text[1:]})


class Limit(Record):
    """Narrower bounds of a number, where a row of `when` holds."""

    when: Annotated[Rows, "where they hold"]
    minimum: Annotated[int, Key("min")] = 0
    maximum: Annotated[int, Key("max")]
    say: Annotated[Text, "what is told beyond them"]

    def allows(self, number: int) -> bool:
        return self.minimum <= number <= self.maximum


class ClarifyOption(Record):
    """One way out of "not sure": one of `answer`, `again` and `go_to`."""

    text: Text
    answer: Annotated[tuple[str, ...], "options of the question"] = ()
    again: Annotated[bool, "show the list again"] = False
    go_to: Annotated[str, Names("question"), "a question to ask first"] = ""


class Clarification(Record):
    """What is asked after "not sure": one of `each`, `again_open` and `option`."""

    text: Text
    each: Annotated[bool, "the lines one at a time, yes or no"] = False
    again_open: Annotated[bool, "the same list once more, with all details"] = False
    options: Annotated[tuple[ClarifyOption, ...], Key("option"), "ways out, in order"] = ()


def chosen(answer: Answer) -> tuple[str, ...]:
    """The options of an answer, also where only one can be given; none for a number."""
    if isinstance(answer, int):
        return ()
    return answer if isinstance(answer, tuple) else (answer,)


class Question(Record):
    """One question, in asking order: who, danger, then the rest."""

    id: Annotated[Id, Scope("question")]
    kind: Annotated[Literal["one", "many", "number"], "how many answers it takes; a number is whole"]
    text: Annotated[Text, 'the question, at most 15 words. It does not say "you"']
    why: Annotated[Text, "one or two sentences: why it is asked"]
    options: Annotated[tuple[Option, ...], Key("option")] = ()
    danger: Annotated[bool, "a danger sign; no harmless choice is ever preselected"] = False
    ask_when: Annotated[Rows | None, "who is asked; they read answers. Without it: everybody"] = None
    ask_unless: Annotated[Rows, "who is not asked all the same"] = ()
    asked_of: Annotated[Text, "who is asked, in words"] = "everybody"
    after_urgent: Annotated[
        Rows | None,
        OR_TRUE,
        "still asked after an urgent finding of those who are asked (`true`), or further rows that then must hold. "
        "Without it: not asked then",
    ] = None
    yields: Annotated[Yields, "when the longest interview (`[asking]`, `most`) leaves it out as its last prompt"] = ""
    yields_unless: Annotated[Rows, "where it may still be that last prompt"] = ()
    rivals: Annotated[
        tuple[tuple[str, ...], ...],
        "groups of options, of which the first (it calms) does not count beside one of the others: the screen says so",
    ] = ()
    clarify: Annotated[Clarification | None, 'asked when the answer is "not sure"'] = None
    after: Annotated[
        bool, "asked after the result, by whoever wants to: only advice may read it, and no result waits for it"
    ] = False
    minimum: Annotated[int, Key("min"), "of a number"] = 0
    maximum: Annotated[int, Key("max"), "of a number"] = 0
    unit: Annotated[Text, "of a number"] = ""
    limits: Annotated[tuple[Limit, ...], Key("limit"), "narrower limits of a number"] = ()
    sources: Annotated[Sources, "ids of `sources.toml`"] = ()
    skipped_because: Annotated[
        str,
        "why nothing is lost for those who are not asked; needed (by `check --prove`) where an answer could have made "
        "it more urgent",
    ] = ""

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

    def is_asked(self, facts: Facts, stops: Stops) -> bool:
        """Whether it is asked, where the level that is settled stops an interview so."""
        if stops == AT_ONCE:
            return False
        return self.applies_after_urgent(facts) if stops == AFTER_FOLLOW_UPS else self.applies(facts)

    def limit(self, facts: Facts) -> Limit | None:
        """The bounds that answers so far set to a number, if they set any."""
        return next((limit for limit in self.limits if any_row(limit.when, facts)), None)

    def shown(self, facts: Facts) -> tuple[Option, ...]:
        """The options that are offered, on answers so far (to its own earlier pages, too)."""
        return tuple(o for o in self.options if o.show is None or any_row(o.show, facts))


class Voice(Record):
    """The words with which texts speak of the person, another adult or a child."""

    id: Annotated[Id, Scope("voice")]
    words: Annotated[
        Mapping[str, str],
        "a word for each token, such as `your`; every voice has the same tokens. `said` leads what was answered",
    ]


class Country(Record):
    """Whom to call in a country."""

    id: Annotated[Id, Scope("country")]
    name: Text
    words: Annotated[Mapping[str, str], "a word for each token, such as `emergency`; every country has the same tokens"]
    draft_because: Annotated[str, "which of them still needs a source"] = ""


class Disposition(Record):
    """One level of the ladder, most urgent first. Nothing is more urgent than the first, whose `rank` is 0."""

    id: Annotated[Id, Scope("disposition")]
    rank: Annotated[int, DERIVED] = 0
    title: Text
    say: Annotated[Text, "one sentence that says what to do first"]
    time: Annotated[Text, "when"]
    when_said: Annotated[Text, "a few words: what to do, and when"]
    instead: Annotated[
        Text,
        "not on the first level: how a more urgent level is told apart from this one; together with `when_said` of that "
        'one: "Get help today, not in the next weeks, if: ..."',
    ] = ""
    more: Annotated[Texts, "further lines"] = ()
    see_doctor: bool = False
    stops: Annotated[Stops, "whether the interview ends: at the emergency, or after the follow-ups"] = ""
    most_words: Annotated[int, "of the short result; what can be spared is left out to keep to it"] = 200
    stops_because: Annotated[str, "why the rest need not be asked"] = ""
    shows: Annotated[tuple[Part, ...], "the parts of a result that are printed, in order"] = ()
    causes: Annotated[
        tuple[Group, ...],
        "the groups of causes that may be named: at an urgent level no everyday cause, so that its name cannot reassure",
    ] = ()
    beside: Annotated[bool, "for the pharmacist, named next to a level that `shows` it; not on the ladder"] = False


class HistoryItem(Record):
    """One thing that a doctor wants to know."""

    label: Annotated[Text, "what it is, in a few words"]
    question: Annotated[str, Names("question"), "whose answer tells it"]
    options: Annotated[tuple[str, ...], "only these of its options; without them all"] = ()


class History(Record):
    """A line of what a doctor asks first."""

    title: Text
    items: Annotated[tuple[HistoryItem, ...], Key("item"), "in order"]


class Place(Record):
    """Where to go; if several red flags name one, the first of the file counts."""

    id: Annotated[Id, Scope("place")]
    text: Text


class NetSign(Record):
    """A sign to come back for."""

    text: Text
    worse: Annotated[Text, "what is said of it where it is there already"] = ""
    worse_when: Annotated[Rows, "answers that tell of it already"] = ()
    said_by: Annotated[tuple[str, ...], Names("note"), "notes that say it: beside one it is not said again"] = ()


class SafetyNet(Record):
    """The signs to come back for, printed with every result below an emergency."""

    say_today: Text
    today: Annotated[tuple[NetSign, ...], "signs, the likeliest first"]
    say_emergency: Text
    emergency: Annotated[tuple[NetSign, ...], "signs, the likeliest first"]


class ReliefNow(Record):
    """The fixed text that is safe for everybody, of `leg-cramp-triage relief` and the `h` key."""

    title: Text
    steps: Texts
    after: Annotated[Text, "leads to the command that starts the questions"] = ""
    action: Annotated[Mapping[str, Text], OneOf("voice"), "the one thing to do at once, a text for each voice"]
    sources: Sources


class Asking(Record):
    """How long an interview may be."""

    most: Annotated[int, "the prompts of the longest interview"]


class Ranking(Record):
    """Which causes are shown."""

    shown_from: Annotated[int, "the score from which a cause is shown"]
    shown_at_most: Annotated[int, "how many of them"]


class About(Record):
    """What the program says about itself and its rule base."""

    version: str
    statement: Text
    country: Annotated[str, Names("country"), "the one of whoever names none"]
    welcome: Annotated[
        Texts, "said before the first question. The first line says where answers stay in a terminal"
    ] = ()


class Saved(Record):
    """How long saved answers hold, and what is said of older ones."""

    good_for_days: Annotated[int, "of older answer files the danger questions are asked again"]
    asked_again: Annotated[Text, "what is said then"]
    old: Annotated[Text, "what is said of such a file in a run without questions"]
    gone: Annotated[tuple[str, ...], "questions of the version before; a file that has one is refused"] = ()
    gone_say: Annotated[Text, "what is said then"] = ""
    draft_because: str = ""


class Forbidden(Record):
    """A wording that no person may read."""

    id: Annotated[Id, Scope("forbidden")]
    pattern: Pattern
    because: str


class Conflict(Record):
    """Two things that no result may say together: no sentence that `one` matches beside one that `other` matches."""

    id: Annotated[Id, Scope("conflict")]
    one: Pattern
    other: Pattern
    because: str


class Wording(Record):
    """How texts must be worded."""

    max_grade: Annotated[
        int,
        "the highest grade of a text, taken as a whole. A text of fewer than 10 words is graded as if plain words made "
        "it up to 10, so that its long words count and its shortness does not",
    ]
    longest_sentence: Annotated[
        int,
        "words. A sentence ends at . ? ! ; or : and has at least 3 words, so that scattered full stops gain nothing",
    ]
    allowed: Annotated[
        tuple[str, ...],
        "medical words that cannot be said more simply; each counts as one short word, its plural too. A word that no "
        "text uses must go",
    ] = ()
    warns: Annotated[
        Pattern,
        "a regular expression, upper and lower case alike: a note of a red flag that it matches warns against something "
        "dangerous, so the short result always has it; none does where it is not given",
    ] = "(?!)"


class Entry(Record):
    """What every rule carries."""

    id: Annotated[Id, Scope("rule")]
    title: Annotated[Text, "a few words"]
    condition: Condition
    because: Annotated[Text, "one plain sentence for the person: why this follows (reading age about 12)"] = ""
    sources: Annotated[Sources, "ids of `sources.toml`. Without `draft_because` the entry rests on them"] = ()
    draft_because: Annotated[str, "makes it a draft: what was chosen here, or which fact still needs a source"] = ""
    claims: Annotated[Claims, 'ids of the articles\' claims that this entry answers, e.g. `["S0-45"]`'] = ()
    fires: Annotated[Examples, "answers that make it fire: every row of `when`, each exception beside its rival"] = ()
    silent: Annotated[
        Examples,
        "the near misses that a tired person or a careless editor would mix up, not the complement of each cell",
    ] = ()

    @property
    def status(self) -> str:
        """Whether it rests on its sources; empty where it says neither (a sign then rests on those of its cause)."""
        return "draft" if self.draft_because else "sourced" if self.sources else ""

    @property
    def table(self) -> str:
        """The name of its table, for messages and lists."""
        return table_name(type(self))


class RedFlag(Entry):
    """Answers that reach a disposition. The result is the most urgent one that any reached; no rule lowers it."""

    because: Annotated[Text, NEEDED, "one plain sentence for the person: why this follows (reading age about 12)"]
    disposition: Annotated[str, OneOf("disposition"), "how urgently to see someone"]
    place: Annotated[str, Names("place"), "where to go"] = ""
    notes: Annotated[Texts, "lines printed with it: what to do, what to say"] = ()
    lowers: Annotated[
        str,
        "with `unless`: why the exception is safe. Only what a person ticked lowers: no row of `unless` may hold on "
        "silence or doubt",
    ] = ""
    lowers_to: Annotated[str, OneOf("level"), "with `unless`: the lowest level it can lead to, which is proved"] = ""
    lowers_sources: Annotated[Sources, "with `unless`: ids of sources; listed by `check` and in INTENDED-USE.md"] = ()
    waits_for: Annotated[
        Questions,
        "that must be answered, or not be asked, before it is decided in an interview, so that nothing is shown and "
        "then taken back",
    ] = ()


class Sign(Entry):
    """Something that speaks for or against a cause. Its id begins with that of the cause."""

    title: Annotated[str, DERIVED] = ""
    because: Annotated[Text, NEEDED]
    cause: Annotated[str, DERIVED] = ""
    weight: Annotated[Literal[3, 2, 1, -2], "3 defines, 2 supports, 1 weak, -2 speaks against"]


class Cause(Entry):
    """A possible cause. It is shown if a sign for it holds and the weights add up to enough (`[ranking]`)."""

    title: Annotated[Text, Key("name")]
    condition: Annotated[Condition, Findings((RED_FLAG,)), Only("group", GROUPS, ("check",))]
    group: Annotated[
        Group,
        '`everyday` may be named, `ask` is worth asking about, `check` is never named as likely, only "needs checking"',
    ]
    order: Annotated[int, Only("group", GROUPS, ("everyday", "ask")), "equal scores: lower first"]
    summary: Annotated[Text, "one plain sentence"]
    signs: Annotated[tuple[Sign, ...], Key("sign")] = ()


class Contraindication(Record):
    """For whom an advice is left out, and why; that is told to the person."""

    when: Annotated[Rows, Findings(FINDINGS)]
    because: Text


class Advice(Entry):
    """Relief, prevention, "do not", a myth, or a reply to what was asked after the result."""

    title: Annotated[Text, "what to do, in one line of at most 70 characters"]
    condition: Annotated[Condition, Key("for"), Findings(FINDINGS), "for whom. Without it: everybody"] = EVERYBODY
    kind: AdviceKind
    short: Annotated[
        Text, "the same for the short result, in 40 words at most: of each kind the first that has one stands there"
    ] = ""
    steps: Annotated[Texts, "how, in order, each one or two short sentences"]
    order: Annotated[int, "its place among its kind: lower first. Traditional methods come after stretching"]
    grade: Annotated[
        Grade,
        '`"A"` guideline or trial, `"B"` expert consensus, `"C"` traditional, unproven; `"-"` for "do not" and myths',
    ] = "-"
    harm: Annotated[tuple[Harm, ...], "then `only_if` is required"] = ()
    never: Annotated[tuple[Contraindication, ...], "contraindications"] = ()
    only_if: Annotated[
        Rows,
        Findings(FINDINGS),
        "one of them must hold, for advice that may harm: its exclusions were *answered* with no",
    ] = ()
    only_because: Annotated[Text, "why it is left out where none of them holds"] = ""
    beside: Annotated[AdviceIds, 'for "do not": its relief; it is shown where one of them is shown, or withheld'] = ()
    figure: Annotated[str, Names("figure"), "the id of a drawing of its steps: the file `figures/<id>.svg`"] = ""

    @property
    def general(self) -> bool:
        """Whether it is for everybody."""
        return self.condition.when == EVERYBODY.when

    @property
    def traditional(self) -> bool:
        """Whether it is told on request only."""
        return self.grade == TRADITIONAL


class Note(Entry):
    """A line printed with a result."""

    title: Annotated[Text, Key("line")]
    condition: Annotated[Condition, Findings(FINDINGS)]
    first: Annotated[bool, "it stands in the short result"] = False
    short: Annotated[Text, "the same for the short result; without it the line itself"] = ""


class Check(Entry):
    """Something to ask a doctor about."""

    condition: Annotated[Condition, Findings(FINDINGS)]
    because: Annotated[Text, NEEDED]
    strength: Annotated[Strength, "`ask`: a sign asks for it; `may`: a doctor may check it, as the cramps are serious"]
    short: Annotated[Text, "its title for the short result, in 8 words at most; without it the title"] = ""
    note: Text = ""


class Hazard(Entry):
    """Something that could harm a person, and what must hold so that it does not.

    One of `least`, `never`, `harm`, `told`, `words` and `tests` is needed; `controls` go with the first four.
    """

    title: Annotated[str, "what goes wrong"]
    condition: Annotated[
        Condition,
        Key("answers"),
        "on which answers. Without it: on all. Written from the clinical facts, **not copied from the rule** that is "
        "meant to see to it, and without new edges of age",
    ] = EVERYBODY
    because: Annotated[str, NEEDED, Key("cause"), "how it could come to it"]
    effect: Annotated[str, "what it would do to the person"]
    least: Annotated[str, OneOf("level"), "the least urgent disposition that may follow there"] = ""
    never: Annotated[AdviceIds, "ids of advice that must never be given there"] = ()
    harm: Annotated[tuple[Harm, ...], "kinds of harm that no advice given there may have"] = ()
    told: Annotated[
        AdviceIds, 'ids of relief or "do not" that must be given there, at every level that shows their kind'
    ] = ()
    words: Annotated[
        tuple[Pattern, ...],
        'patterns (regular expressions) that no sentence of relief or prevention may hold, unless a "not", "never", "no" '
        'or "without" stands before it',
    ] = ()
    controls: Annotated[
        tuple[str, ...],
        Names("red_flag or advice"),
        "the red flags and advice that see to it. With all of them taken out the hazard must no longer hold, and each must "
        "be able to fire there",
    ] = ()
    tests: Annotated[
        tuple[str, ...], '`"tests/test_x.py::test_name"`: what shows it where the program sees to it, and not the rules'
    ] = ()


class Source(Record):
    """Where something was read."""

    id: Annotated[Id, Scope("source")]
    org: Annotated[str, "who publishes it"]
    title: str
    year: int | None = None
    url: str = ""
    read: Annotated[Literal["own page", "mirror", "secondary"], "the own page, a mirror, or a secondary page"]
    seen_at: str = ""
    remark: str = ""


class Claim(Record):
    """What the five articles say, and what became of it."""

    ids: tuple[str, ...]
    claim: str
    verdict: Literal["supported", "plausible", "traditional", "unsupported", "unsafe"]
    action: Literal["include", "correct", "traditional", "warn", "leave_out"]
    left_out: Annotated[str, "why no entry answers it"] = ""


class Accepted(Record):
    """Something that a proof finds and that is meant to stay. One that is not found any more is a fault."""

    proof: Annotated[Proof, "the name of the proof"]
    rule: Annotated[str, "the id before the colon"]
    what: Annotated[str, "the rest of the line that was printed"]
    because: Annotated[str, "a reason that a clinician would accept"]


class Figure(Record):
    """A drawing of steps, a file of its own, which `svg` is. `triage.knowledge.figures` reads it."""

    id: str
    title: Text
    desc: Text
    svg: str


class RuleBase(Frozen):
    """A whole, checked rule base. Mappings keep the order of the files, or that in which things are shown.

    `bands`: the age bands that conditions tell apart, by question; `texts`: the files as they stand, by name.
    """

    about: About
    asking: Asking
    ranking: Ranking
    saved: Saved
    safety_net: SafetyNet
    relief_now: ReliefNow
    wording: Wording
    questions: Mapping[str, Question]
    voice_tables: Mapping[str, Voice]
    countries: Mapping[str, Country]
    dispositions: Mapping[str, Disposition]
    place_tables: Mapping[str, Place]
    history: tuple[History, ...]
    red_flags: Mapping[str, RedFlag]
    causes: Mapping[str, Cause]
    advice: Mapping[str, Advice]
    notes: Mapping[str, Note]
    checks: Mapping[str, Check]
    hazards: Mapping[str, Hazard]
    sources: Mapping[str, Source]
    claims: tuple[Claim, ...]
    forbidden: Mapping[str, Forbidden]
    conflicts: Mapping[str, Conflict]
    accepted: tuple[Accepted, ...]
    figures: Mapping[str, Figure]
    bands: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    sha256: str
    country: str = ""

    @cached_property
    def voices(self) -> Mapping[str, Mapping[str, str]]:
        """The words of each token that texts speak with, by the voice; those of the country among them."""
        country = self.countries[self.country or self.about.country]
        return {name: {**country.words, **voice.words} for name, voice in self.voice_tables.items()}

    @cached_property
    def places(self) -> Mapping[str, str]:
        """Where to go, in words."""
        return {name: place.text for name, place in self.place_tables.items()}

    @property
    def most_prompts(self) -> int:
        """The prompts of the longest interview."""
        return self.asking.most

    @cached_property
    def ladder(self) -> tuple[Disposition, ...]:
        """The levels, most urgent first, without the one that stands beside them."""
        return tuple(level for level in self.dispositions.values() if not level.beside)

    @cached_property
    def signs(self) -> Mapping[str, Sign]:
        return {sign.id: sign for cause in self.causes.values() for sign in cause.signs}

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every rule of every kind by its id, signs among them."""
        kinds = (self.red_flags, self.causes, self.signs, self.advice, self.notes, self.checks)
        return {name: entry for kind in kinds for name, entry in kind.items()}
