"""What is known of each thing of the rule base, told once: `rules ID` and the rule book both read it.

A sheet tells the fields of a thing as its type in `triage.knowledge.model` has them, and what names it. How a field is
told follows from its shape; `HEADINGS`, `WORDS` and `SAID` hold what its type does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from triage.knowledge.fields import Field, Names, OneOf, fields_of, item_of
from triage.knowledge.model import EVERYDAY, Advice, Cause, Claim, Entry, RuleBase, Sign, Source
from triage.knowledge.reading import condition_key, shape_of
from triage.knowledge.toml_file import Location
from triage.knowledge.wording import GRADES, LINK, STRENGTHS, condition_lines, ended, link, row_lines, year_of
from triage.output.markdown import plain
from triage.version import program

# How the rule book sets the lines of a fact: as they are; only the link that each begins with; as they stand in a
# file; not at all, because a sheet beside this one says it too.
WHOLE, NAMES, LITERAL, BESIDE = "whole", "names", "literal", "beside"

# What a choice means, by the name of its field.
WORDS: Mapping[str, Mapping[Any, str]] = {
    "action": {
        "include": "said",
        "correct": "said, but corrected",
        "traditional": "said as traditional and unproven",
        "warn": 'said only as a "do not" or a myth',
        "leave_out": "not said, or only as a myth",
    },
    "grade": GRADES,
    "group": {EVERYDAY: "may be named", "ask": "worth asking about", "check": "never named as likely: needs checking"},
    "strength": STRENGTHS,
    "weight": {3: "defines it", 2: "supports it", 1: "supports it weakly", -2: "speaks against it"},
}

# A field is headed by its name in the files, but for these.
HEADINGS = {
    "when": "Fires for",
    "for": "For whom",
    "fires": "Must fire on",
    "silent": "Must be silent on",
    "skipped_because": "Why others need not be asked",
    "after_urgent": "Asked after an urgent finding",
    "rivals": "The first does not count beside the others",
    "clarify": "After not_sure is asked",
    "below.when": "Where",
    "below.show": "Shown only where",
    "max": "Range",
    "lowers": "Why the exception is safe",
    "lowers_to": "With the exception, at the least",
    "lowers_sources": "The exception rests on",
    "disposition": "Leads to",
    "harm": "May harm by",
    "claims": "Answers the claims",
    "sign": "Signs",
    "hazard.answers": "On which answers",
    "hazard.least": "The least that must follow",
    "hazard.never": "Must never be given there",
    "hazard.harm": "Nothing may be given that may harm by",
    "hazard.told": "Must be told there",
    "hazard.words": "Must not stand in any advice",
    "hazard.controls": "Controlled by",
    "hazard.tests": "Tested by",
}
RULES = "red_flag or advice"  # what a field may name besides one kind of thing
CARRIED = {field.name for field in fields_of(Entry)} - {"condition"}
TITLES = ("title", "text", "claim")  # the field that is the title of a thing, whichever it has
IN_HEAD = ("id", "kind", *TITLES)


class Fact(NamedTuple):
    """A heading and the lines below it, in which ids may be links (`triage.knowledge.wording.link`)."""

    heading: str
    lines: tuple[str, ...]
    style: str = WHOLE


class Sheet(NamedTuple):
    """One thing: what it is, its title (a sign has none), where it stands, and its facts."""

    kind: str
    id: str
    what: str
    title: str
    at: Location
    facts: tuple[Fact, ...]


# Every kind of thing, and what one is in a few words.
KINDS: Mapping[str, Callable[[Any], str]] = {
    "red_flag": lambda flag: str(flag.disposition),
    "cause": lambda cause: str(cause.group),
    "sign": lambda sign: f"of {sign.cause}, weight {sign.weight:+d}, {WORDS['weight'][sign.weight]}",
    "advice": lambda advice: in_words(advice.kind) + (f", grade {advice.grade}" if GRADES[advice.grade] else ""),
    "note": lambda note: "before the rest" if note.first else "with the result",
    "check": lambda check: str(check.strength),
    "question": lambda question: str(question.kind),
    "disposition": lambda level: str(level.time),
    "place": lambda _: "where to go",
    "relief_now": lambda _: "for everybody",
    "source": lambda source: str(source.read),
    "claim": lambda claim: str(claim.verdict),
    "hazard": lambda hazard: f"at least {hazard.least}" if hazard.least else "at every level",
}


def names(rulebase: RuleBase) -> Mapping[str, Mapping[str, Any]]:
    """Everything that has a sheet, by kind and id. The same id may stand under two kinds."""
    irregular: Mapping[str, Mapping[str, Any]] = {
        "advice": rulebase.advice,
        "place": rulebase.place_tables,
        "relief_now": {"relief_now": rulebase.relief_now},
        "claim": {own: claim for claim in rulebase.claims for own in claim.ids},
    }
    return {kind: irregular[kind] if kind in irregular else getattr(rulebase, f"{kind}s") for kind in KINDS}


def listing(rulebase: RuleBase, columns: int) -> list[str]:
    """Every rule, by kind: its id and what it says."""
    return plain("rules.txt", columns, rules=rulebase, kinds=KINDS, program=program())


def one(rulebase: RuleBase, name: str, columns: int) -> list[str]:
    """All that is known of everything with that id (KeyError if nothing has it)."""
    found = sheets(rulebase, name)
    if not found:
        raise KeyError(name)
    addresses = {link("source", source.id): source.url for source in rulebase.sources.values()}
    return plain("sheets.txt", columns, sheets=found, addresses=addresses)


def sheets(rulebase: RuleBase, name: str) -> list[Sheet]:
    """The sheet of everything that has this id; below a sign, its cause; of an option, the questions that have it."""
    found = [sheet(rulebase, kind, name) for kind, things in names(rulebase).items() if name in things]
    sign = rulebase.signs.get(name)
    having = [q.id for q in rulebase.questions.values() if name in (option.id for option in q.options)]
    return found + ([sheet(rulebase, "cause", sign.cause)] if sign else []) + sheets_of(rulebase, "question", having)


def sheets_of(rulebase: RuleBase, kind: str, ids: Iterable[str] | None = None) -> list[Sheet]:
    """The sheets of these things of a kind; of all of them where no ids are given."""
    return [sheet(rulebase, kind, name) for name in (names(rulebase)[kind] if ids is None else ids)]


def sheet(rulebase: RuleBase, kind: str, name: str) -> Sheet:
    """The sheet of one thing (KeyError if there is none): its fields, and everything that names it."""
    thing = names(rulebase)[kind][name]
    naming = by_kind(_naming(rulebase).get(link(kind, name), ()))
    named = [Fact("Named by", tuple(f"{other}: {found}" for other, found in naming.items()))] if naming else []
    return Sheet(kind, name, KINDS[kind](thing), _title(thing), thing.at, (*_facts(rulebase, kind, thing), *named))


@lru_cache(maxsize=1)
def _naming(rulebase: RuleBase) -> Mapping[str, Iterable[str]]:
    """Links to all that names a thing, by the link to that thing."""
    found: dict[str, dict[str, None]] = {}
    for kind, things in names(rulebase).items():
        for name, thing in things.items():
            lines = (line for told in _facts(rulebase, kind, thing) if told.style != BESIDE for line in told.lines)
            for named in (link(*one) for line in lines for one in LINK.findall(line)):
                found.setdefault(named, {})[link(kind, name)] = None
    return found


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


# --- facts


def _facts(rulebase: RuleBase, kind: str, thing: Any) -> Iterator[Fact]:
    """The fields of a thing in which something stands; what every rule carries last."""
    for field in sorted(fields_of(thing.__class__), key=lambda field: field.name in CARRIED):
        key = condition_key(field)
        heading = HEADINGS.get(f"{kind}.{key}") or HEADINGS.get(key) or in_words(key).capitalize()
        if field.name not in IN_HEAD and (lines := tuple(_lines(rulebase, thing, field))):
            yield Fact(heading, lines, _style(field, lines))
    if isinstance(thing, Entry) and thing.status:
        yield Fact("Status", (thing.status,))


def _style(field: Field, lines: Sequence[str]) -> str:
    if field.name == "signs":
        return BESIDE
    if field.name not in SAID and _kind_named(field) and LINK.match(lines[0]):
        return NAMES
    return LITERAL if shape_of(field) == "examples" or field.name in ("words", "tests") else WHOLE


def _lines(rulebase: RuleBase, thing: Any, field: Field) -> Iterable[str]:
    """What stands in a field, in words; none where nothing does."""
    value, shape = getattr(thing, field.name), shape_of(field)
    if field.name in SAID:
        return filter(None, SAID[field.name](rulebase, thing))
    if not value:
        return ()
    if shape in SHAPED:
        return SHAPED[shape](rulebase, value)
    if kind := _kind_named(field):
        return (_named(rulebase, kind, one) for one in _all(value))
    return (_word(field, one) for one in _all(value))


def _kind_named(field: Field) -> str:
    """The kind of what a field names, if that has sheets; of `controls` it is that of the rule."""
    if mark := field.mark(Names):
        return mark.table if mark.table in (*KINDS, RULES) else ""
    return "disposition" if field.mark(OneOf) else ""


def _all(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _word(field: Field, value: Any) -> str:
    """A text, number or choice as it stands, with what it means."""
    if value is True:
        return "yes"
    is_name = isinstance(value, str) and value in get_args(item_of(field.hint))
    word, meaning = in_words(value) if is_name else str(value), WORDS.get(field.name, {}).get(value)
    return f"{word}: {meaning}" if meaning else word


def _named(rulebase: RuleBase, kind: str, name: str) -> str:
    """A thing that another names; of a source all but its address."""
    kind = rulebase.entries[name].table if kind == RULES else kind
    thing = names(rulebase)[kind][name]
    title = _title(thing)
    if isinstance(thing, Source):
        title = f"{thing.org}: {title}{f', {year}' if (year := year_of(thing)) else ''} (read: {thing.read})"
    return f"{link(kind, name)}: {title}"


def all_below(rulebase: RuleBase, tables: Any) -> list[str]:
    """The table below a thing, or each of several, in one line."""
    return [_below(rulebase, one) for one in _all(tables)]


def _below(rulebase: RuleBase, table: Any) -> str:
    head = ": ".join(filter(None, (getattr(table, "id", ""), _title(table))))
    facts = (f"{told.heading}: {'; '.join(told.lines)}" for told in _facts(rulebase, "below", table))
    return " ".join(ended(text) for text in (head, *facts) if text)


def _title(thing: Any) -> str:
    titles = ("" if isinstance(thing, Sign) else str(getattr(thing, name)) for name in TITLES if hasattr(thing, name))
    return next(titles, "")


def _example(example: Mapping[str, Any]) -> str:
    """An example as it is written in the rule base."""
    return ", ".join(f"{name} = {value}" for name, value in example.items()).replace("'", "")


def _for_whom(rulebase: RuleBase, entry: Entry) -> Iterable[str]:
    only_listed = isinstance(entry, Advice) and entry.kind == "myth" and entry.general
    return ["nobody: it is only listed"] if only_listed else condition_lines(rulebase, entry.condition)


def _drawn(rulebase: RuleBase, advice: Advice) -> Iterator[str]:
    if advice.figure:
        drawn = rulebase.figures[advice.figure]
        yield f"{drawn.id}: {drawn.title}. {drawn.desc}"


def _signs(rulebase: RuleBase, cause: Cause) -> Iterator[str]:
    for sign in cause.signs:
        holds = "; ".join(condition_lines(rulebase, sign.condition))
        weight = f"{sign.weight:+d} ({WORDS['weight'][sign.weight]})"
        yield f"{link('sign', sign.id)}, weight {weight}: {sign.because} For: {holds}"


def _answered(rulebase: RuleBase, entry: Entry) -> Iterator[str]:
    """What the claims say that a rule answers, one line for each of them."""
    for claim in rulebase.claims:
        if own := [link("claim", name) for name in entry.claims if name in claim.ids]:
            yield f"{', '.join(own)}: {claim.claim} ({claim.verdict}; {WORDS['action'][claim.action]})"


# How what stands in a field is told, by the shape of the field; of a thing, by the name of a field.
SHAPED: Mapping[str, Callable[[RuleBase, Any], Iterable[str]]] = {
    "condition": condition_lines,
    "rows": row_lines,
    "examples": lambda _, examples: map(_example, examples),
    "words": lambda _, words: (f"{name}: {text}" for name, text in words.items()),
    "groups": lambda _, groups: map(", ".join, groups),
    "table": all_below,
}
SAID: Mapping[str, Callable[[RuleBase, Any], Iterable[str]]] = {
    "condition": _for_whom,
    "claims": _answered,
    "figure": _drawn,
    "signs": _signs,
    "minimum": lambda *_: (),  # told with the maximum
    "maximum": lambda _, of: [f"{of.minimum} to {of.maximum}"] if of.maximum else [],
    "year": lambda _, source: [year_of(source)],
}
