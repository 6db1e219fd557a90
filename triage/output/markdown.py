"""An assessment as Markdown, for a record or an e-mail: CommonMark, and a table of the answers.

Texts of the rule base and of files are escaped: none can make a heading, a link or HTML. Lines are
not wrapped. An emergency says what to do and why, and lists the answers for whoever helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from triage.knowledge.model import Assessment, RuleBase, SafetyNet
from triage.knowledge.wording import in_brackets
from triage.output.content import (
    HEADINGS,
    NOTHING_MORE,
    WHAT_IF,
    Answered,
    Checking,
    CitedSource,
    Content,
    LeftOut,
    RaisedFlag,
    Rung,
    ToldAdvice,
    ToldCause,
    ToldCheck,
    Wanted,
    content,
)
from triage.output.explanation import HOW, OUTCOMES, below, outline, why_not_title
from triage.output.markup import address, escaped, table
from triage.reasoning.explain import how, why_not

WHY, ANSWERS, OPEN, SOURCES = "Why", "All answers", "Not answered yet", "Sources"
NET, NET_HEADING = "safety_net", "When to get help"
FITS, ASK_ABOUT = "It fits what you told us.", "It is worth asking about."
NOT_KNOWN = "not known yet"
COLUMNS = ("Question", "Answer", "What it led to")

# Lines that stand together. Blocks are set apart by a blank line.
Block = list[str]
Part = tuple[str, list[Block]]


def as_markdown(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole result as one document (no newline at its end). A wanted title stands above it, as its only `#`."""
    told = content(rulebase, assessment, wanted.day)
    marks = "#" if wanted.title else ""
    blocks = [[f"# {_words(wanted.title)}"]] if wanted.title else []
    blocks += [[f"{marks}# {_words(told.say)}"], *_days(told.day, wanted.answered), *_first(told)]
    for heading, part in (*_parts(told), *_explained(rulebase, assessment, wanted), (SOURCES, _sources(told))):
        blocks += [[f"{marks}## {_words(heading)}"], *part] if part else []
    return "\n\n".join("\n".join(block) for block in [*blocks, *_foot(told)])


def _parts(told: Content) -> Iterator[Part]:
    """Every part with its heading, in order; parts that are empty are left out later."""
    yield WHY, _reasons(told)
    for name in told.shows:
        if name in HEADINGS:
            yield HEADINGS[name], _part(told, name)
        elif name == NET and told.safety_net:
            yield NET_HEADING, _safety_net(told.safety_net)
    yield WHAT_IF, _list(map(_item, told.what_if))
    yield OPEN, _list(_item(question.question) for question in told.missing)
    yield ANSWERS, [table([COLUMNS, *map(_row, told.answers)])] if told.answers else []


# --- words and lists


def _words(text: str) -> str:
    return escaped(text.strip())


def _cited(text: str, cites: Sequence[int]) -> str:
    """Words, and the numbers of their sources."""
    return _words(text) + (rf" \[{', '.join(map(str, cites))}\]" if cites else "")


def _item(text: str, under: Iterable[str] = ()) -> Block:
    """A line of a list, and the list below it."""
    return [f"- {_words(text)}", *(f"  - {_words(line)}" for line in under)]


def _titled(title: str, text: str, cites: Sequence[int], under: Iterable[str] = ()) -> Block:
    """A line of a list that begins with a title in bold."""
    words = " ".join([f"**{_words(title)}**", _cited(text, cites).strip()])
    return [f"- {words}".rstrip(), *(f"  - {_words(line)}" for line in under if line)]


def _list(items: Iterable[Block]) -> list[Block]:
    """One block of all items; none where there are none."""
    lines = [line for item in items for line in item]
    return [lines] if lines else []


# --- the parts


def _days(day: date | None, answered: date | None) -> Iterator[Block]:
    """The day, and that of the answers if it is another."""
    if day:
        older = f"answers of {answered.isoformat()}, told on " if answered and answered != day else ""
        yield [f"**Day:** {older}{day.isoformat()}"]


def _first(told: Content) -> Iterator[Block]:
    """How urgent it is, and what goes with that."""
    if told.time:
        yield [f"**When:** {_words(told.time)}"]
    yield [f"**How urgent, most urgent first:** {' > '.join(_rung(rung, told.here) for rung in told.ladder)}"]
    if not told.time:
        yield [f"**You are here:** {NOT_KNOWN}"]
    yield from _list(map(_item, told.first))
    if told.pharmacist:
        yield [f"**Also:** {_words(told.pharmacist.say)}"]
    yield from ([f"**First:** {_words(note.text)}"] for note in told.notes if note.first)


def _rung(rung: Rung, here: str) -> str:
    return f"**{_words(rung.title)} ({here})**" if rung.here else _words(rung.title)


def _reasons(told: Content) -> list[Block]:
    blocks = _list(_flag(flag, told.first) for flag in told.reasons)
    if told.also_noted:
        blocks.append([_words(f"Also noted: {'; '.join(told.also_noted)}.")])
    said = " ".join([told.no_flag] * bool(told.no_flag) + [*told.more])
    return [*blocks, [_words(said)]] if said else blocks


def _flag(flag: RaisedFlag, told: Sequence[str]) -> Block:
    """A red flag; those of its notes that are `told` already are not told again."""
    notes = (note for note in flag.notes if note not in told)
    return _titled(f"{flag.title} ({flag.time}).", flag.because, flag.cites, (flag.you_said, *notes))


def _part(told: Content, name: str) -> list[Block]:
    """One of the parts that HEADINGS names."""
    if name == "notes":
        return _list([f"- {_cited(note.text, note.cites)}"] for note in told.notes)
    if name == "causes":
        return _list(map(_cause, told.causes))
    if name == "needs_checking":
        return _list(map(_checking, told.needs_checking))
    if name == "withheld":
        return _list(map(_left_out, told.withheld))
    if name == "checks":
        return _list(map(_check, told.checks))
    return _list(map(_advice, getattr(told, name)))


def _cause(cause: ToldCause) -> Block:
    reasons = [f"For it: {reason}" for reason in cause.speaks_for]
    reasons += [f"Against it: {reason}" for reason in cause.speaks_against]
    return _titled(f"{cause.title}.", cause.summary, cause.cites, [FITS if cause.everyday else ASK_ABOUT, *reasons])


def _checking(cause: Checking) -> Block:
    return _titled(f"{cause.title}.", cause.summary, cause.cites, [f"Because of: {'; '.join(cause.flags)}"])


def _advice(advice: ToldAdvice) -> Block:
    return _titled(advice.title, in_brackets(advice.grade), advice.cites, advice.steps)


def _left_out(left_out: LeftOut) -> Block:
    return [f"- **{_words(left_out.title)}**, because {_words('; and '.join(left_out.because))}"]


def _check(check: ToldCheck) -> Block:
    return _titled(f"{check.title} ({check.strength}).", check.because, check.cites, [check.note])


def _safety_net(net: SafetyNet) -> list[Block]:
    return [
        [_words(net.say_today)],
        *_list(map(_item, net.today)),
        [_words(net.say_emergency)],
        *_list(map(_item, net.emergency)),
    ]


def _row(row: Answered) -> list[str]:
    """A line of the table: those not sure are marked."""
    led_to = [f"warning sign: {'; '.join(row.flags)}"] * bool(row.flags)
    led_to += [f"for: {'; '.join(row.speaks_for)}"] * bool(row.speaks_for)
    led_to += [f"against: {'; '.join(row.speaks_against)}"] * bool(row.speaks_against)
    answer = _words("; ".join(row.answer)) + " **(not sure)**" * row.not_sure
    return [_words(row.question), answer, _words(". ".join(led_to))]


def _explained(rulebase: RuleBase, assessment: Assessment, wanted: Wanted) -> Iterator[Part]:
    """How it was concluded and why not otherwise, if wanted."""
    if wanted.how:
        conclusions = how(rulebase, assessment).children
        yield HOW, _list(_bulleted(outline(rulebase, one)) for one in conclusions)
    for name in wanted.why_not:
        found = why_not(rulebase, assessment, name)
        yield (
            why_not_title(found),
            [[_words(OUTCOMES[found.outcome])], *_list([_bulleted(below(rulebase, found.node))])],
        )


def _bulleted(items: Iterable[tuple[int, str]]) -> Block:
    return [f"{'  ' * depth}- {_words(text)}" for depth, text in items]


def _sources(told: Content) -> list[Block]:
    return _list([f"{source.number}. {_source(source)}"] for source in told.sources)


def _source(source: CitedSource) -> str:
    year = f", {source.year}" if source.year else ""
    return f"{_words(f'{source.org}: {source.title}{year}.')} {address(source.url)}".rstrip()


def _foot(told: Content) -> list[Block]:
    return [["---"], [_words(told.statement)], [f"Rules {_words(told.version)}, sha256 `{told.sha256}`."]]
