"""What is known of each thing of the rule base, as headed lines: worded once, for the screen and the rule book.

Here stands what is said; `rule_text` sets it for a terminal and `rule_book` as Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from triage.knowledge.figures import figure
from triage.knowledge.lints import kind_of, rows_of, rows_of_question
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    ALWAYS,
    AT_ONCE,
    EVERYDAY,
    Advice,
    Cause,
    Check,
    Claim,
    ClarifyOption,
    Entry,
    Note,
    Question,
    RedFlag,
    Row,
    RuleBase,
    Sign,
)
from triage.knowledge.toml_file import Location
from triage.knowledge.wording import GRADES, STRENGTHS, Line, Ref, condition_lines, example_in_words, joined, row_lines
from triage.output.view import HEADINGS, year_of

# How the lines of a fact are set: as sentences; as names with a word on each, which may be left out; as they
# stand in a file; as an address that is never broken.
SENTENCE, NAMES, LITERAL, ADDRESS = "sentence", "names", "literal", "address"

WEIGHTS = {3: "defines it", 2: "supports it", 1: "supports it weakly", -2: "speaks against it"}
GROUPS = {EVERYDAY: "may be named", "ask": "worth asking about", "check": "never named as likely: needs checking"}
ACTIONS = {
    "include": "said",
    "correct": "said, but corrected",
    "traditional": "said as traditional and unproven",
    "warn": 'said only as a "do not" or a myth',
    "leave_out": "not said, or only as a myth",
}
RELIEF_NOW = Ref("relief_now", "relief_now")
STOPS = {AT_ONCE: "at once", AFTER_FOLLOW_UPS: "after the questions that may make it more urgent"}


class Fact(NamedTuple):
    """A heading and what stands below it. `ref`: the sheet beside this one that says it too (a sign's, its cause's)."""

    heading: str
    lines: tuple[Line, ...]
    style: str = SENTENCE
    ref: Ref | None = None


class Sheet(NamedTuple):
    """One thing: what it is, its title (a sign has none), where it stands (a place: not known), and its facts."""

    ref: Ref
    what: str
    title: str
    at: Location | None
    facts: tuple[Fact, ...]


def names(rulebase: RuleBase) -> Mapping[str, tuple[str, ...]]:
    """The ids of every kind that has a sheet. The same id may stand under two kinds."""
    rules: dict[str, list[str]] = {}
    for entry in rulebase.entries.values():
        rules.setdefault(kind_of(entry), []).append(entry.id)
    return {
        **{kind: tuple(ids) for kind, ids in rules.items()},
        "question": tuple(rulebase.questions),
        "disposition": tuple(rulebase.dispositions),
        "place": tuple(rulebase.places),
        RELIEF_NOW.kind: (RELIEF_NOW.id,),
        "source": tuple(rulebase.sources),
        "claim": tuple(own for claim in rulebase.claims for own in claim.ids),
        "hazard": tuple(rulebase.hazards),
    }


def sheets(rulebase: RuleBase, name: str) -> list[Sheet]:
    """The sheet of everything that has this id; below a sign, its cause. Empty if nothing has it."""
    found = [sheet(rulebase, Ref(kind, name)) for kind, ids in names(rulebase).items() if name in ids]
    sign = rulebase.signs.get(name)
    return found + ([sheet(rulebase, Ref("cause", sign.cause))] if sign else [])


def sheet(rulebase: RuleBase, ref: Ref) -> Sheet:
    """The sheet of one thing (KeyError if there is none)."""
    others: dict[str, Callable[[RuleBase, Ref], Sheet]] = {
        "question": _question,
        "disposition": _disposition,
        "place": _place,
        RELIEF_NOW.kind: _relief_now,
        "source": _source,
        "claim": _claim,
        "hazard": _hazard,
    }
    return others.get(ref.kind, _rule)(rulebase, ref)


def ref_of(entry: Entry) -> Ref:
    """The reference to a rule."""
    return Ref(kind_of(entry), entry.id)


def cited(rulebase: RuleBase, name: str) -> Line:
    """A source in one line, without its address."""
    source = rulebase.sources[name]
    year = f", {year_of(source)}" if year_of(source) else ""
    return (Ref("source", name), f": {source.org}: {source.title}{year} (read: {source.read})")


def what(entry: Entry) -> str:
    """What a rule concludes, in a word or two."""
    if isinstance(entry, RedFlag):
        return entry.disposition
    if isinstance(entry, Cause):
        return entry.group
    if isinstance(entry, Advice):
        return in_words(entry.kind) + (f", grade {entry.grade}" if entry.grade != "-" else "")
    if isinstance(entry, Sign):
        return f"weight {entry.weight:+d}, {WEIGHTS[entry.weight]}"
    if isinstance(entry, Check):
        return entry.strength
    return "before the rest" if isinstance(entry, Note) and entry.first else "with the result"


def in_words(name: str) -> str:
    """The name of a table or of one of its values: "red flag", "do not"."""
    return name.replace("_", " ")


def claim_of(rulebase: RuleBase, name: str) -> Claim:
    """The claim that has this id among its own (StopIteration if none has)."""
    return next(claim for claim in rulebase.claims if name in claim.ids)


def where_it_went(rulebase: RuleBase, claim: Claim) -> Line:
    """The rules that answer a claim, or why it was left out."""
    answered = [(ref_of(e),) for e in rulebase.entries.values() if not set(claim.ids).isdisjoint(e.claims)]
    return joined([*answered, *([(f"left out: {claim.left_out}",)] if claim.left_out else [])], ", ")


def _fact(heading: str, lines: Iterable[Line | str], style: str = SENTENCE) -> list[Fact]:
    """A fact, if there is anything to say."""
    kept = tuple((line,) if isinstance(line, str) else line for line in lines if line)
    return [Fact(heading, kept, style)] if kept else []


def _by_kind(refs: Iterable[Ref]) -> list[Line]:
    """One line for each kind: "red flag: a, b"."""
    kinds: dict[str, list[Line]] = {}
    for ref in refs:
        kinds.setdefault(ref.kind, []).append((ref,))
    return [(f"{in_words(kind)}: ", *joined(lines, ", ")) for kind, lines in kinds.items()]


# --- rules


def _rule(rulebase: RuleBase, ref: Ref) -> Sheet:
    entry = rulebase.entries[ref.id]
    facts = [*_of_its_kind(rulebase, entry)]
    facts += _fact("Because", [entry.because])
    facts += _fact("Note", [entry.note] if isinstance(entry, Check) else [])
    facts += _fact("Must fire on", [example_in_words(e.items()) for e in entry.fires], LITERAL)
    facts += _fact("Must be silent on", [example_in_words(e.items()) for e in entry.silent], LITERAL)
    facts += _basis(rulebase, entry)
    facts += _fact("Answers the claims", _claims(rulebase, entry.claims))
    title = "" if isinstance(entry, Sign) else entry.title
    return Sheet(ref, what(entry), title, entry.at, tuple(facts))


def _basis(rulebase: RuleBase, entry: Entry) -> list[Fact]:
    """What a rule rests on."""
    sources = _fact("Sources", [cited(rulebase, name) for name in entry.sources], NAMES)
    return sources + _fact(
        "Status", [f"{entry.status}: {entry.draft_because}" if entry.draft_because else entry.status]
    )


def _of_its_kind(rulebase: RuleBase, entry: Entry) -> Iterator[Fact]:
    """The condition, and what only rules of this kind have."""
    if isinstance(entry, Sign):
        cause = Ref("cause", entry.cause)
        yield Fact("Sign of", ((cause,),), ref=cause)
    yield from _condition(rulebase, entry)
    if isinstance(entry, RedFlag):
        yield from _red_flag(rulebase, entry)
    if isinstance(entry, Cause):
        yield from _cause(rulebase, entry)
    if isinstance(entry, Advice):
        yield from _advice(rulebase, entry)
    if isinstance(entry, Check):
        yield from _fact("Strength", [f"{entry.strength}: {STRENGTHS[entry.strength]}"])


def _condition(rulebase: RuleBase, entry: Entry) -> list[Fact]:
    if isinstance(entry, Advice) and entry.kind == "myth" and entry.general:
        return _fact("For whom", ["nobody: it is only listed"])
    heading = "For whom" if isinstance(entry, Advice) else "Fires for"
    return _fact(heading, condition_lines(rulebase, entry.condition))


def _red_flag(rulebase: RuleBase, flag: RedFlag) -> Iterator[Fact]:
    level = rulebase.dispositions[flag.disposition]
    yield from _fact("Why the exception is safe", [flag.lowers])
    if flag.lowers_to:
        yield Fact("With the exception, at the least", ((Ref("disposition", flag.lowers_to),),), NAMES)
    yield from _fact("The exception rests on", [cited(rulebase, name) for name in flag.lowers_sources], NAMES)
    yield Fact("Leads to", ((Ref("disposition", level.id), f": {level.say}"),), NAMES)
    if flag.place:
        yield Fact("Where to go", ((Ref("place", flag.place), f": {rulebase.places[flag.place]}"),))
    yield from _fact("Notes", flag.notes)
    yield from _fact("Waits for", [joined([(Ref("question", name),) for name in flag.waits_for], ", ")])


def _cause(rulebase: RuleBase, cause: Cause) -> Iterator[Fact]:
    yield from _fact("Group", [f"{cause.group}: {GROUPS[cause.group]}"])
    yield from _fact("Summary", [cause.summary])
    for sign in cause.signs:
        heading = f"Sign {sign.id}, weight {sign.weight:+d} ({WEIGHTS[sign.weight]})"
        lines = ((sign.because,), *condition_lines(rulebase, sign.condition))
        yield Fact(heading, lines, ref=ref_of(sign))


def _advice(rulebase: RuleBase, advice: Advice) -> Iterator[Fact]:
    yield from _fact("Steps", advice.steps)
    if advice.figure:
        drawn = figure(rulebase, advice.figure)
        yield Fact("Drawn", ((f"{drawn.id}: {drawn.title}. {drawn.desc}",),))
    for never in advice.never:
        yield from _fact(f"Never, because {never.because}", row_lines(rulebase, never.when))
    if advice.only_if:
        yield from _fact(f"Only if ({advice.only_because})", row_lines(rulebase, advice.only_if))
    yield from _fact("May harm by", [", ".join(advice.harm)])
    yield from _fact("Belongs to", [joined([(Ref("advice", name),) for name in advice.beside], ", ")])
    yield from _fact("Evidence", [f"grade {advice.grade}: {GRADES[advice.grade]}"] if GRADES[advice.grade] else [])


def _claims(rulebase: RuleBase, ids: Iterable[str]) -> list[Line]:
    """What the claims of these ids say, one line for each claim."""
    made: dict[Claim, list[Line]] = {}
    for name in ids:
        made.setdefault(claim_of(rulebase, name), []).append((Ref("claim", name),))
    return [
        (*joined(refs, ", "), f": {claim.claim} ({claim.verdict}; {ACTIONS[claim.action]})")
        for claim, refs in made.items()
    ]


# --- other things


def _question(rulebase: RuleBase, ref: Ref) -> Sheet:
    question = rulebase.questions[ref.id]
    facts = _fact("Why it is asked", [question.why])
    if question.ask_when is None:
        facts += _fact("Asked of", [question.asked_of])
    else:
        facts += _fact(f"Asked of {question.asked_of}", condition_lines(rulebase, question.condition))
    facts += _fact("Gives way in the longest interview", _yields(rulebase, question))
    facts += _fact("Does not count beside a rival", [f"{calm}: {', '.join(rest)}" for calm, *rest in question.rivals])
    facts += _fact("Why others need not be asked", [question.skipped_because])
    facts += _fact("Asked after an urgent finding", row_lines(rulebase, question.after_urgent or ()))
    facts += _fact("Danger sign", ["no harmless answer is chosen beforehand"] if question.danger else [])
    if question.kind == "number":
        facts += _fact("Number", [f"{question.minimum} to {question.maximum} {question.unit}".strip()])
        facts += _limits(rulebase, question)
    facts += _options(question)
    facts += _fact("Options that are shown only for", _shown_only(rulebase, question))
    facts += _clarification(question)
    facts += _fact("Sources", [cited(rulebase, name) for name in question.sources], NAMES)
    facts += _fact("Read by", _by_kind(_readers(rulebase, question.id)))
    return Sheet(ref, question.kind, question.text, question.at, tuple(facts))


def _limits(rulebase: RuleBase, question: Question) -> Iterator[Fact]:
    """Narrower bounds of a number, for whom, and what is said of a number beyond them."""
    for limit in question.limits:
        heading = f"Only {limit.minimum} to {limit.maximum}, or it is said: {limit.say}"
        yield from _fact(heading, row_lines(rulebase, limit.when))


def _yields(rulebase: RuleBase, question: Question) -> list[Line | str]:
    if not question.yields:
        return []
    when = "always" if question.yields == ALWAYS else "after an urgent finding"
    return [when, *(("one prompt later: ", *line) for line in row_lines(rulebase, question.yields_unless))]


def _shown_only(rulebase: RuleBase, question: Question) -> Iterator[Line]:
    """The options that are not shown to everybody, and to whom."""
    for option in question.options:
        for n, line in enumerate(row_lines(rulebase, option.show or ())):
            yield ("" if n else f"{option.id}: ", *line)


def _options(question: Question) -> list[Fact]:
    facts: dict[str, list[Line | str]] = {}
    for option in question.options:
        alone = " Stands alone." if option.exclusive and question.kind == "many" else ""
        alone += " No danger sign." if option.harmless else ""
        alone += f" Key {option.key}." if option.key else ""
        alone += f' Voice: "{option.voice}".' if option.voice else ""
        alone += " The one safe action is said at once." if option.now else ""
        alone += f" Detail: {option.detail}" if option.detail else ""
        heading = f"Options, {option.page}" if option.page else "Options"
        facts.setdefault(heading, []).append(f'{option.id}: {option.text}. "You said: {option.means}".{alone}')
    return [fact for heading, lines in facts.items() for fact in _fact(heading, lines)]


def _clarification(question: Question) -> list[Fact]:
    clarify = question.clarify
    if clarify is None:
        return []
    each = ["each line in turn, yes or no"] if clarify.each else []
    each += ["the same list once more, with all details"] if clarify.again_open else []
    ways = [f"{way.text}: {', '.join(way.answer) or _way_back(way)}" for way in clarify.options]
    return _fact(f"After not_sure is asked: {clarify.text}", each + ways)


def _way_back(way: ClarifyOption) -> str:
    return f"the question {way.go_to}, then the list again" if way.go_to else "the list again"


def _readers(rulebase: RuleBase, name: str) -> Iterator[Ref]:
    """Everything whose condition reads a question: rules, and questions asked because of it."""

    def reads(rows: Iterable[Row]) -> bool:
        return any(cell.name == name for row in rows for cell in row)

    yield from (ref_of(entry) for entry in rulebase.entries.values() if reads(rows_of(entry)))
    for question in rulebase.questions.values():
        if reads(rows_of_question(question)):
            yield Ref("question", question.id)


def _disposition(rulebase: RuleBase, ref: Ref) -> Sheet:
    level = rulebase.dispositions[ref.id]
    facts = _fact("In short", [", ".join(filter(None, (level.when_said, level.instead)))])
    facts += _fact("Says", [level.say])
    facts += _fact("Time", [level.time])
    facts += _fact("More", level.more)
    facts += _fact("See a doctor", ["yes" if level.see_doctor else "no"])
    facts += _fact("Ends the questions", [STOPS.get(level.stops, "")])
    facts += _fact("Why it ends them", [level.stops_because])
    facts += _fact("Named beside another level", ["yes"] if level.beside else [])
    facts += _fact("Shows", [HEADINGS[name] if name in HEADINGS else in_words(name) for name in level.shows])
    facts += _fact("Causes that may be named", [", ".join(level.causes)])
    flags = [(Ref("red_flag", f.id), f": {f.title}") for f in rulebase.red_flags.values() if f.disposition == level.id]
    facts += _fact("Reached by", flags, NAMES)
    return Sheet(ref, level.time, level.title, level.at, tuple(facts))


def _place(rulebase: RuleBase, ref: Ref) -> Sheet:
    text = rulebase.places[ref.id]
    flags = [(Ref("red_flag", f.id), f": {f.title}") for f in rulebase.red_flags.values() if f.place == ref.id]
    return Sheet(ref, "where to go", text, None, tuple(_fact("Named by", flags, NAMES)))


def _relief_now(rulebase: RuleBase, ref: Ref) -> Sheet:
    relief = rulebase.relief_now
    facts = _fact("Steps", relief.steps)
    facts += _fact("Then", [relief.after])
    facts += _fact("Said at once to whoever cramps now", [f"{voice}: {text}" for voice, text in relief.action.items()])
    facts += _fact("Sources", [cited(rulebase, name) for name in relief.sources], NAMES)
    return Sheet(ref, "for everybody", relief.title, relief.at, tuple(facts))


def _source(rulebase: RuleBase, ref: Ref) -> Sheet:
    source = rulebase.sources[ref.id]
    facts = _fact("By", [source.org])
    facts += _fact("Year", [str(source.year or "")])
    facts += _fact("Address", [source.url], ADDRESS)
    facts += _fact("Read", [source.read])
    facts += _fact("Seen at", [source.seen_at], ADDRESS)
    facts += _fact("Remark", [source.remark])
    facts += _fact("Cited by", _by_kind(_citing(rulebase, source.id)))
    return Sheet(ref, source.read, source.title, source.at, tuple(facts))


def _hazard(rulebase: RuleBase, ref: Ref) -> Sheet:
    hazard = rulebase.hazards[ref.id]
    advice = [(Ref("advice", name),) for name in hazard.never]
    told = [(Ref("advice", name),) for name in hazard.told]
    controls = [ref_of(rulebase.entries[name]) for name in hazard.controls]
    facts = _fact("How it could come to it", [hazard.because])
    facts += _fact("What it would do", [hazard.effect])
    facts += _fact("On which answers", condition_lines(rulebase, hazard.condition))
    facts += _fact("The least that must follow", [((Ref("disposition", hazard.least),))] if hazard.least else [])
    facts += _fact("Must never be given there", [joined(advice, ", ")])
    facts += _fact("Nothing may be given that may harm by", [", ".join(hazard.harm)])
    facts += _fact("Must be told there", [joined(told, ", ")])
    facts += _fact("Must not stand in any advice", hazard.words, LITERAL)
    facts += _fact("Controlled by", _by_kind(controls))
    facts += _fact("Tested by", hazard.tests, LITERAL)
    facts += _basis(rulebase, hazard)
    level = f"at least {hazard.least}" if hazard.least else "at every level"
    return Sheet(ref, level, hazard.title, hazard.at, tuple(facts))


def _citing(rulebase: RuleBase, name: str) -> Iterator[Ref]:
    for entry in rulebase.entries.values():
        if name in entry.sources or (isinstance(entry, RedFlag) and name in entry.lowers_sources):
            yield ref_of(entry)
    yield from (Ref("question", q.id) for q in rulebase.questions.values() if name in q.sources)
    if name in rulebase.relief_now.sources:
        yield RELIEF_NOW


def _claim(rulebase: RuleBase, ref: Ref) -> Sheet:
    claim = claim_of(rulebase, ref.id)
    facts = _fact("Verdict", [claim.verdict])
    facts += _fact("Action", [f"{claim.action}: {ACTIONS[claim.action]}"])
    facts += _fact("Where it went", [where_it_went(rulebase, claim)])
    facts += _fact("Made again as", [joined([(Ref("claim", own),) for own in claim.ids if own != ref.id], ", ")])
    return Sheet(ref, claim.verdict, claim.claim, claim.at, tuple(facts))
