"""What is known of each thing of the rule base, told once: `rules ID` and the rule book both read it.

To tell more of a kind, yield one more fact from its function. A new kind is one more line of `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from triage.knowledge.figures import figure
from triage.knowledge.lints import rows_of, rows_of_question
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    ALWAYS,
    AT_ONCE,
    EVERYDAY,
    Advice,
    Check,
    Claim,
    Clarification,
    Entry,
    Option,
    Question,
    RedFlag,
    Row,
    RuleBase,
)
from triage.knowledge.toml_file import Location
from triage.knowledge.wording import GRADES, LINK, STRENGTHS, condition_lines, link, row_lines, year_of
from triage.output.view import HEADINGS

# How the rule book sets the lines of a fact: as they are; only the link that each begins with; as they stand in a
# file; not at all, because a sheet beside this one says it too.
WHOLE, NAMES, LITERAL, BESIDE = "whole", "names", "literal", "beside"

WEIGHTS = {3: "defines it", 2: "supports it", 1: "supports it weakly", -2: "speaks against it"}
GROUPS = {EVERYDAY: "may be named", "ask": "worth asking about", "check": "never named as likely: needs checking"}
ACTIONS = {
    "include": "said",
    "correct": "said, but corrected",
    "traditional": "said as traditional and unproven",
    "warn": 'said only as a "do not" or a myth',
    "leave_out": "not said, or only as a myth",
}
STOPS = {AT_ONCE: "at once", AFTER_FOLLOW_UPS: "after the questions that may make it more urgent"}
RELIEF_NOW = "relief_now"  # a kind with one thing, which has its name


class Fact(NamedTuple):
    """A heading and the lines below it, in which ids may be links (`triage.knowledge.wording.link`)."""

    heading: str
    lines: tuple[str, ...]
    style: str = WHOLE


class Sheet(NamedTuple):
    """One thing: what it is, its title (a sign has none), where it stands (a place: not known), and its facts."""

    kind: str
    id: str
    what: str
    title: str
    at: Location | None
    facts: tuple[Fact, ...]


class Kind(NamedTuple):
    """How the things of a kind are found by their ids; what one is in a word or two; its facts; its title."""

    things: Callable[[RuleBase], Mapping[str, Any]]
    what: Callable[[Any], str]
    facts: Callable[[RuleBase, str], Iterator[Fact]]
    title: Callable[[Any], str] = attrgetter("title")


def names(rulebase: RuleBase) -> Mapping[str, Mapping[str, Any]]:
    """Everything that has a sheet, by kind and id. The same id may stand under two kinds."""
    return {name: kind.things(rulebase) for name, kind in KINDS.items()}


def sheets(rulebase: RuleBase, name: str) -> list[Sheet]:
    """The sheet of everything that has this id; below a sign, its cause. Empty if nothing has it."""
    found = [sheet(rulebase, kind, name) for kind, things in names(rulebase).items() if name in things]
    sign = rulebase.signs.get(name)
    return found + ([sheet(rulebase, "cause", sign.cause)] if sign else [])


def sheet(rulebase: RuleBase, kind: str, name: str) -> Sheet:
    """The sheet of one thing (KeyError if there is none), with the facts of which there is anything to say."""
    of = KINDS[kind]
    thing = of.things(rulebase)[name]
    facts = tuple(told for told in of.facts(rulebase, name) if told.lines)
    return Sheet(kind, name, of.what(thing), of.title(thing), getattr(thing, "at", None), facts)


def fact(heading: str, lines: str | Iterable[str], style: str = WHOLE) -> Fact:
    """A fact of one line or several, of which the empty ones are left out."""
    return Fact(heading, tuple(filter(None, [lines] if isinstance(lines, str) else lines)), style)


def in_words(name: str) -> str:
    """The name of a table or of one of its values: "red flag", "do not"."""
    return name.replace("_", " ")


def ref(entry: Entry) -> str:
    """A link to a rule."""
    return link(entry.table, entry.id)


def by_kind(refs: Iterable[str]) -> Mapping[str, str]:
    """Links by the kind of what they lead to, in words: "red flag": "a, b"."""
    kinds: dict[str, list[str]] = {}
    for kind, name in (found for one in refs for found in LINK.findall(one)):
        kinds.setdefault(in_words(kind), []).append(link(kind, name))
    return {kind: ", ".join(found) for kind, found in kinds.items()}


def where_it_went(rulebase: RuleBase, claim: Claim) -> str:
    """The rules that answer a claim, or why it was left out."""
    answered = [ref(entry) for entry in rulebase.entries.values() if not set(claim.ids).isdisjoint(entry.claims)]
    return ", ".join([*answered, *([f"left out: {claim.left_out}"] if claim.left_out else [])])


def _titled(kind: str, things: Iterable[Any]) -> Iterator[str]:
    return (f"{link(kind, thing.id)}: {thing.title}" for thing in things)


def _links(kind: str, ids: Iterable[str]) -> str:
    return ", ".join(link(kind, name) for name in ids)


def _kinds_of(refs: Iterable[str]) -> Iterator[str]:
    return (f"{kind}: {found}" for kind, found in by_kind(refs).items())


def _cited(rulebase: RuleBase, ids: Iterable[str]) -> Iterator[str]:
    """Sources, one a line, without their addresses."""
    for source in (rulebase.sources[name] for name in ids):
        year = f", {year_of(source)}" if year_of(source) else ""
        yield f"{link('source', source.id)}: {source.org}: {source.title}{year} (read: {source.read})"


# --- rules


def _of_red_flag(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    flag = rulebase.red_flags[name]
    yield fact("Fires for", condition_lines(rulebase, flag.condition))
    yield fact("Why the exception is safe", flag.lowers)
    yield fact("With the exception, at the least", link("disposition", flag.lowers_to), NAMES)
    yield fact("The exception rests on", _cited(rulebase, flag.lowers_sources), NAMES)
    level = rulebase.dispositions[flag.disposition]
    yield fact("Leads to", f"{link('disposition', level.id)}: {level.say}", NAMES)
    if flag.place:
        yield fact("Where to go", f"{link('place', flag.place)}: {rulebase.places[flag.place]}")
    yield fact("Notes", flag.notes)
    yield fact("Waits for", _links("question", flag.waits_for))
    yield from _reasons(rulebase, flag)


def _of_cause(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    cause = rulebase.causes[name]
    yield fact("Fires for", condition_lines(rulebase, cause.condition))
    yield fact("Group", f"{cause.group}: {GROUPS[cause.group]}")
    yield fact("Summary", cause.summary)
    for sign in cause.signs:
        heading = f"Sign {sign.id}, weight {sign.weight:+d} ({WEIGHTS[sign.weight]})"
        yield fact(heading, [sign.because, *condition_lines(rulebase, sign.condition)], BESIDE)
    yield from _reasons(rulebase, cause)


def _of_sign(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    sign = rulebase.signs[name]
    yield fact("Sign of", link("cause", sign.cause), BESIDE)
    yield fact("Fires for", condition_lines(rulebase, sign.condition))
    yield from _reasons(rulebase, sign)


def _of_advice(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    advice = rulebase.advice[name]
    only_listed = advice.kind == "myth" and advice.general
    whom = ["nobody: it is only listed"] if only_listed else condition_lines(rulebase, advice.condition)
    yield fact("For whom", whom)
    yield fact("Steps", advice.steps)
    if advice.figure:
        drawn = figure(rulebase, advice.figure)
        yield fact("Drawn", f"{drawn.id}: {drawn.title}. {drawn.desc}")
    for never in advice.never:
        yield fact(f"Never, because {never.because}", row_lines(rulebase, never.when))
    yield fact(f"Only if ({advice.only_because})", row_lines(rulebase, advice.only_if))
    yield fact("May harm by", ", ".join(advice.harm))
    yield fact("Belongs to", _links("advice", advice.beside))
    yield fact("Evidence", f"grade {advice.grade}: {GRADES[advice.grade]}" if GRADES[advice.grade] else "")
    yield from _reasons(rulebase, advice)


def _advice_is(advice: Advice) -> str:
    return in_words(advice.kind) + (f", grade {advice.grade}" if GRADES[advice.grade] else "")


def _of_note(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    note = rulebase.notes[name]
    yield fact("Fires for", condition_lines(rulebase, note.condition))
    yield from _reasons(rulebase, note)


def _of_check(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    check = rulebase.checks[name]
    yield fact("Fires for", condition_lines(rulebase, check.condition))
    yield fact("Strength", f"{check.strength}: {STRENGTHS[check.strength]}")
    yield from _reasons(rulebase, check)


def _reasons(rulebase: RuleBase, entry: Entry) -> Iterator[Fact]:
    """What every rule carries."""
    yield fact("Because", entry.because)
    yield fact("Note", entry.note if isinstance(entry, Check) else "")
    yield fact("Must fire on", map(_example, entry.fires), LITERAL)
    yield fact("Must be silent on", map(_example, entry.silent), LITERAL)
    yield from _basis(rulebase, entry)
    yield fact("Answers the claims", _answered(rulebase, entry.claims))


def _basis(rulebase: RuleBase, entry: Entry) -> Iterator[Fact]:
    """What a rule rests on."""
    yield fact("Sources", _cited(rulebase, entry.sources), NAMES)
    yield fact("Status", f"{entry.status}: {entry.draft_because}" if entry.draft_because else entry.status)


def _example(example: Mapping[str, Any]) -> str:
    """An example as it is written in the rule base."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in example.items())


def _plain(value: object) -> str:
    return f"[{', '.join(map(_plain, value))}]" if isinstance(value, list) else str(value)


def _answered(rulebase: RuleBase, ids: Iterable[str]) -> Iterator[str]:
    """What the claims of these ids say, one line for each claim."""
    claims = _claims(rulebase)
    for claim in dict.fromkeys(claims[name] for name in ids):
        own = _claim_links(claim, (name for name in ids if name in claim.ids))
        yield f"{own}: {claim.claim} ({claim.verdict}; {ACTIONS[claim.action]})"


# --- other things


def _of_question(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    question = rulebase.questions[name]
    yield fact("Why it is asked", question.why)
    if question.ask_when is None:
        yield fact("Asked of", question.asked_of)
    else:
        yield fact(f"Asked of {question.asked_of}", condition_lines(rulebase, question.condition))
    yield fact("Gives way in the longest interview", _yields(rulebase, question))
    yield fact("Does not count beside a rival", [f"{calm}: {', '.join(rest)}" for calm, *rest in question.rivals])
    yield fact("Why others need not be asked", question.skipped_because)
    yield fact("Asked after an urgent finding", row_lines(rulebase, question.after_urgent or ()))
    yield fact("Danger sign", "no harmless answer is chosen beforehand" if question.danger else "")
    if question.kind == "number":
        yield fact("Number", f"{question.minimum} to {question.maximum} {question.unit}".strip())
    for limit in question.limits:
        heading = f"Only {limit.minimum} to {limit.maximum}, or it is said: {limit.say}"
        yield fact(heading, row_lines(rulebase, limit.when))
    for page in dict.fromkeys(option.page for option in question.options):
        options = [_option(question, option) for option in question.options if option.page == page]
        yield fact(f"Options, {page}" if page else "Options", options)
    yield fact("Options that are shown only for", _shown_only(rulebase, question))
    if question.clarify:
        yield fact(f"After not_sure is asked: {question.clarify.text}", _clarified(question.clarify))
    yield fact("Sources", _cited(rulebase, question.sources), NAMES)
    yield fact("Read by", _kinds_of(_readers(rulebase, question.id)))


def _yields(rulebase: RuleBase, question: Question) -> Iterator[str]:
    if question.yields:
        yield "always" if question.yields == ALWAYS else "after an urgent finding"
        yield from (f"one prompt later: {line}" for line in row_lines(rulebase, question.yields_unless))


def _option(question: Question, option: Option) -> str:
    said = (
        f'{option.id}: {option.text}. "You said: {option.means}".',
        "Stands alone." if option.exclusive and question.kind == "many" else "",
        "No danger sign." if option.harmless else "",
        f"Key {option.key}." if option.key else "",
        f'Voice: "{option.voice}".' if option.voice else "",
        "The one safe action is said at once." if option.now else "",
        f"Detail: {option.detail}" if option.detail else "",
    )
    return " ".join(filter(None, said))


def _shown_only(rulebase: RuleBase, question: Question) -> Iterator[str]:
    """The options that are not shown to everybody, and to whom."""
    for option in question.options:
        for n, line in enumerate(row_lines(rulebase, option.show or ())):
            yield line if n else f"{option.id}: {line}"


def _clarified(clarify: Clarification) -> Iterator[str]:
    yield "each line in turn, yes or no" if clarify.each else ""
    yield "the same list once more, with all details" if clarify.again_open else ""
    for way in clarify.options:
        back = f"the question {way.go_to}, then the list again" if way.go_to else "the list again"
        yield f"{way.text}: {', '.join(way.answer) or back}"


def _readers(rulebase: RuleBase, name: str) -> Iterator[str]:
    """Everything whose condition reads a question: rules, and questions asked because of it."""

    def reads(rows: Iterable[Row]) -> bool:
        return any(cell.name == name for row in rows for cell in row)

    yield from (ref(entry) for entry in rulebase.entries.values() if reads(rows_of(entry)))
    yield from (link("question", q.id) for q in rulebase.questions.values() if reads(rows_of_question(q)))


def _of_disposition(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    level = rulebase.dispositions[name]
    yield fact("In short", ", ".join(filter(None, (level.when_said, level.instead))))
    yield fact("Says", level.say)
    yield fact("Time", level.time)
    yield fact("More", level.more)
    yield fact("See a doctor", "yes" if level.see_doctor else "no")
    yield fact("Ends the questions", STOPS.get(level.stops, ""))
    yield fact("Why it ends them", level.stops_because)
    yield fact("Named beside another level", "yes" if level.beside else "")
    yield fact("Shows", [HEADINGS.get(part, in_words(part)) for part in level.shows])
    yield fact("Causes that may be named", ", ".join(level.causes))
    flags = (flag for flag in rulebase.red_flags.values() if flag.disposition == name)
    yield fact("Reached by", _titled("red_flag", flags), NAMES)


def _of_place(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    flags = (flag for flag in rulebase.red_flags.values() if flag.place == name)
    yield fact("Named by", _titled("red_flag", flags), NAMES)


def _of_relief_now(rulebase: RuleBase, _: str) -> Iterator[Fact]:
    relief = rulebase.relief_now
    yield fact("Steps", relief.steps)
    yield fact("Then", relief.after)
    yield fact("Said at once to whoever cramps now", [f"{voice}: {text}" for voice, text in relief.action.items()])
    yield fact("Sources", _cited(rulebase, relief.sources), NAMES)


def _of_source(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    source = rulebase.sources[name]
    yield fact("By", source.org)
    yield fact("Year", year_of(source))
    yield fact("Address", source.url)
    yield fact("Read", source.read)
    yield fact("Seen at", source.seen_at)
    yield fact("Remark", source.remark)
    yield fact("Cited by", _kinds_of(_citing(rulebase, name)))


def _citing(rulebase: RuleBase, name: str) -> Iterator[str]:
    for entry in rulebase.entries.values():
        if name in entry.sources or (isinstance(entry, RedFlag) and name in entry.lowers_sources):
            yield ref(entry)
    yield from (link("question", q.id) for q in rulebase.questions.values() if name in q.sources)
    if name in rulebase.relief_now.sources:
        yield link(RELIEF_NOW, RELIEF_NOW)


def _of_hazard(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    hazard = rulebase.hazards[name]
    yield fact("How it could come to it", hazard.because)
    yield fact("What it would do", hazard.effect)
    yield fact("On which answers", condition_lines(rulebase, hazard.condition))
    yield fact("The least that must follow", link("disposition", hazard.least))
    yield fact("Must never be given there", _links("advice", hazard.never))
    yield fact("Nothing may be given that may harm by", ", ".join(hazard.harm))
    yield fact("Must be told there", _links("advice", hazard.told))
    yield fact("Must not stand in any advice", hazard.words, LITERAL)
    yield fact("Controlled by", _kinds_of(ref(rulebase.entries[control]) for control in hazard.controls))
    yield fact("Tested by", hazard.tests, LITERAL)
    yield from _basis(rulebase, hazard)


def _of_claim(rulebase: RuleBase, name: str) -> Iterator[Fact]:
    claim = _claims(rulebase)[name]
    yield fact("Verdict", claim.verdict)
    yield fact("Action", f"{claim.action}: {ACTIONS[claim.action]}")
    yield fact("Where it went", where_it_went(rulebase, claim))
    yield fact("Made again as", _claim_links(claim, (own for own in claim.ids if own != name)))


def _claims(rulebase: RuleBase) -> Mapping[str, Claim]:
    return {own: claim for claim in rulebase.claims for own in claim.ids}


def _claim_links(claim: Claim, ids: Iterable[str]) -> str:
    """Claims have no headings of their own in the rule book: all those of one action stand below one."""
    return _links(f"claims-{claim.action.replace('_', '-')}", ids)


KINDS: Mapping[str, Kind] = {
    "red_flag": Kind(attrgetter("red_flags"), attrgetter("disposition"), _of_red_flag),
    "cause": Kind(attrgetter("causes"), attrgetter("group"), _of_cause),
    "sign": Kind(
        attrgetter("signs"), lambda sign: f"weight {sign.weight:+d}, {WEIGHTS[sign.weight]}", _of_sign, lambda _: ""
    ),
    "advice": Kind(attrgetter("advice"), _advice_is, _of_advice),
    "note": Kind(attrgetter("notes"), lambda note: "before the rest" if note.first else "with the result", _of_note),
    "check": Kind(attrgetter("checks"), attrgetter("strength"), _of_check),
    "question": Kind(attrgetter("questions"), attrgetter("kind"), _of_question, attrgetter("text")),
    "disposition": Kind(attrgetter("dispositions"), attrgetter("time"), _of_disposition),
    "place": Kind(attrgetter("places"), lambda _: "where to go", _of_place, str),
    RELIEF_NOW: Kind(lambda rules: {RELIEF_NOW: rules.relief_now}, lambda _: "for everybody", _of_relief_now),
    "source": Kind(attrgetter("sources"), attrgetter("read"), _of_source),
    "claim": Kind(_claims, attrgetter("verdict"), _of_claim, attrgetter("claim")),
    "hazard": Kind(
        attrgetter("hazards"), lambda one: f"at least {one.least}" if one.least else "at every level", _of_hazard
    ),
}
