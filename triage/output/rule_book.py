"""The whole rule base as one Markdown document, for people who review it and never run it.

A book is sections of groups of sheets (`triage.output.rule_sheets`). It is made in two steps:
first all headings, which give every id its link; then the text. The same rule base always gives
the same document. To add a section, write a function and name it in `SECTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from triage.knowledge.faults import printable
from triage.knowledge.lints import kind_of
from triage.knowledge.model import Claim, RuleBase
from triage.knowledge.wording import GRADES, Line, Ref, joined
from triage.output.markup import address, escaped, table
from triage.output.rule_sheets import (
    ACTIONS,
    ADDRESS,
    GROUPS,
    LITERAL,
    NAMES,
    RELIEF_NOW,
    SENTENCE,
    WEIGHTS,
    Fact,
    Sheet,
    in_words,
    names,
    ref_of,
    sheet,
    where_it_went,
)

TITLE = "Rule book: leg cramp triage"
CONTENTS = "Contents"
COMMAND = "leg-cramp-triage rules --book"

# Those of the other kinds would be half of the book; they are counted.
EXAMPLES_SHOWN = ("red_flag", "cause", "sign", "hazard")

Links = Mapping[Ref, str]


class Group(NamedTuple):
    """Things that stand together. `about` and `facts` come first, then a table, then the sheets.

    `title` is empty where a section has one group only. `refs`: what a link to this group can be for.
    """

    title: str = ""
    about: str = ""
    facts: tuple[Fact, ...] = ()
    table: tuple[tuple[Line, ...], ...] = ()
    sheets: tuple[Sheet, ...] = ()
    refs: tuple[Ref, ...] = ()


class Section(NamedTuple):
    """One chapter. Where it is `listed`, each group begins with a list of its ids and titles."""

    title: str
    about: str
    groups: tuple[Group, ...]
    listed: bool = False


class Heading(NamedTuple):
    """A heading and the things that a link to it is for; `listed` in the contents."""

    level: int
    text: str
    refs: tuple[Ref, ...] = ()
    listed: bool = False


def book(rulebase: RuleBase) -> str:
    """The rule book as Markdown (no newline at its end); examples are in it if they were loaded."""
    chapters = (chapter(rulebase) for chapter in SECTIONS)
    sections = [section for section in chapters if any(map(any, section.groups))]
    headings = list(_headings(sections))
    slugs = _slugs(heading.text for heading in headings)
    links = {ref: slug for heading, slug in zip(headings, slugs, strict=True) for ref in heading.refs}
    lines = [*_front(rulebase), *_contents(headings, slugs)]
    for section in sections:
        lines += ["", f"## {escaped(section.title)}", *_paragraph(section.about)]
        for group in section.groups:
            lines += _group(group, section.listed, links)
    return "\n".join(lines)


# --- what stands in it


def _about(rulebase: RuleBase) -> Section:
    """How to read the book."""
    grades = [f"{grade}: {words}" for grade, words in GRADES.items() if words]
    facts = (
        _fact(
            "A condition",
            "It is a list of rows. It holds if any row does; a row holds if all of its parts do.",
            'Each part names a question and its answers: "question: answer (what it means) or another answer".',
            'A question that was not answered makes its part false, after "unless" too. Unanswered is not "no".',
            '"unless" names exceptions. A red flag that has one says why the exception is safe.',
        ),
        _fact(
            "The result",
            "It is the most urgent level that any red flag leads to. No rule lowers it.",
            "Causes, advice, notes and checks follow from the answers, the red flags and that level.",
        ),
        _fact(
            "Weights of signs",
            *(f"{weight:+d}: {words}" for weight, words in WEIGHTS.items()),
            f"A cause is shown if a sign for it holds and the sum is {rulebase.ranking.shown_from} or more; "
            f"at most {rulebase.ranking.shown_at_most} are shown.",
        ),
        _fact("Groups of causes", *(f"{group}: {words}" for group, words in GROUPS.items())),
        _fact("Evidence grades", *grades),
        _fact(
            "Status",
            "sourced: the sources say it. draft: a threshold, an order or a wording was chosen here, with the reason.",
        ),
        _fact(
            "Examples",
            "Every rule has examples on which it must fire, and near misses on which it must be silent. All are tested.",
            "Here they stand with red flags and causes; leg-cramp-triage rules ID shows those of all rules.",
            "A list of answers means each in turn where one answer can be given; where several can, "
            "a list of lists does.",
        ),
    )
    return Section("How to read it", "", (Group(facts=facts),))


def _ladder(rulebase: RuleBase) -> Section:
    return _plain(rulebase, "The ladder", "The levels of urgency, most urgent first.", "disposition")


def _places(rulebase: RuleBase) -> Section:
    return _plain(rulebase, "Places", "Where a red flag can send someone.", "place")


def _safety_net(rulebase: RuleBase) -> Section:
    net = rulebase.safety_net
    facts = (_fact(net.say_today.rstrip(":"), *net.today), _fact(net.say_emergency.rstrip(":"), *net.emergency))
    return Section("Safety net", "Printed with every result below an emergency.", (Group(facts=facts),))


def _welcome(rulebase: RuleBase) -> Section:
    return Section(
        "Welcome", "Said before the first question.", (Group(facts=(_fact("Says", *rulebase.about.welcome),)),)
    )


def _saved(rulebase: RuleBase) -> Section:
    saved = rulebase.saved
    facts = (
        _fact("Says", saved.asked_again, saved.old),
        _fact("Refuses files that answer", ", ".join(saved.gone)),
        _fact("And says", saved.gone_say),
        _fact("Why draft", saved.draft_because),
    )
    about = f"Answer files hold for {saved.good_for_days} day(s). In an interview the danger questions are then asked again."
    return Section("Saved answers", about, (Group(facts=facts),))


def _relief_now(rulebase: RuleBase) -> Section:
    about = "Shown to everybody who asks for it, before any question."
    return _plain(rulebase, "Relief now", about, RELIEF_NOW.kind)


def _voices(rulebase: RuleBase) -> Section:
    """What stands in the place of each token, in every voice."""
    voices = rulebase.voices
    tokens = next(iter(voices.values()), {})
    head = (("Token",), *((name,) for name in voices))
    rows = ((f"{{{token}}}",) for token in tokens)
    told = ((row, *((voices[name][token],) for name in voices)) for row, token in zip(rows, tokens, strict=True))
    about = "Texts of results are written once, with tokens. Here they speak to the person with the cramps; for somebody else other words stand there."
    return Section("Voices", about, (Group(table=(head, *told)),) if tokens else ())


def _questions(rulebase: RuleBase) -> Section:
    return _plain(rulebase, "Questions", "In asking order, danger first.", "question", listed=True)


def _red_flags(rulebase: RuleBase) -> Section:
    return _grouped(
        "Red flags",
        "What leads to a level of urgency, most urgent first.",
        (
            (f"Red flags: {level.id}", level.say, [sheet(rulebase, ref_of(flag)) for flag in flags])
            for level in rulebase.dispositions.values()
            if (flags := [flag for flag in rulebase.red_flags.values() if flag.disposition == level.id])
        ),
    )


def _causes(rulebase: RuleBase) -> Section:
    groups = []
    for group, words in GROUPS.items():
        pages: list[Sheet] = []
        for cause in rulebase.causes.values():
            if cause.group == group:
                pages.append(sheet(rulebase, ref_of(cause)))
                pages += [sheet(rulebase, ref_of(sign)) for sign in cause.signs]
        groups.append((f"Causes: {group}", words, pages))
    return _grouped("Causes", "What may be behind the cramps, with the signs for and against.", groups)


def _advice(rulebase: RuleBase) -> Section:
    kinds: dict[str, list[Sheet]] = {}
    for advice in sorted(rulebase.advice.values(), key=lambda a: a.order):
        kinds.setdefault(advice.kind, []).append(sheet(rulebase, ref_of(advice)))
    about = "What to do, what prevents cramps, what not to do, and myths. What a contraindication removes is told."
    groups = ((f"Advice: {in_words(kind)}", "", pages) for kind, pages in kinds.items())
    return _grouped("Advice", about, groups)


def _checks(rulebase: RuleBase) -> Section:
    return _plain(rulebase, "Checks", "What to ask a doctor about, and when.", "check", listed=True)


def _notes(rulebase: RuleBase) -> Section:
    return _plain(rulebase, "Notes", "Lines printed with a result. They change no level.", "note", listed=True)


def _claims(rulebase: RuleBase) -> Section:
    """By what became of them, in a table each."""
    about = "What the articles say that the rules began with, and what became of it. A claim is not advice."
    groups = []
    for action, words in ACTIONS.items():
        claims = [claim for claim in rulebase.claims if claim.action == action]
        rows = ((("Claims",), ("What it says",), ("Verdict",), ("Where it went",)), *_rows(rulebase, claims))
        refs = tuple(Ref("claim", own) for claim in claims for own in claim.ids)
        groups += (
            [Group(f"Claims: {in_words(action)}", f"{words.capitalize()}.", table=rows, refs=refs)] if claims else []
        )
    return Section("Claims", about, tuple(groups))


def _rows(rulebase: RuleBase, claims: Iterable[Claim]) -> Iterator[tuple[Line, ...]]:
    for claim in claims:
        yield ((", ".join(claim.ids),), (claim.claim,), (claim.verdict,), where_it_went(rulebase, claim))


def _sources(rulebase: RuleBase) -> Section:
    about = (
        "Only excerpts were read: open the original before relying on a detail. "
        "Read: on the publisher's own page, on a mirror, or on a secondary page."
    )
    return _plain(rulebase, "Sources", about, "source")


def _drafts(rulebase: RuleBase) -> Section:
    drafts = [entry for entry in rulebase.entries.values() if entry.status == "draft"]
    kinds: dict[str, list[Line]] = {}
    for entry in drafts:
        kinds.setdefault(kind_of(entry), []).append((ref_of(entry),))
    facts = tuple(Fact(in_words(kind), tuple(lines), NAMES) for kind, lines in kinds.items())
    about = f"{len(drafts)} rules in which something was chosen here; the status of each says what. They need a clinician's review most."
    return Section("Drafts", about, (Group(facts=facts),))


def _exceptions(rulebase: RuleBase) -> Section:
    flags = tuple(
        (ref_of(flag), " (to ", Ref("disposition", flag.lowers_to), f" at most): {flag.lowers}")
        for flag in rulebase.red_flags.values()
        if flag.lowers
    )
    about = "Red flags with an exception, the least that follows with it all the same, and why it is safe."
    return Section("Exceptions that lower", about, (Group(facts=(Fact("Red flags", flags),) if flags else ()),))


def _hazards(rulebase: RuleBase) -> Section:
    about = "What could harm a person, and what is proved to hold on all answers so that it does not."
    return _plain(rulebase, "Hazard log", about, "hazard", listed=True)


def _accepted(rulebase: RuleBase) -> Section:
    proofs: dict[str, list[Line]] = {}
    for found in rulebase.accepted:
        entry = rulebase.entries.get(found.rule)
        rule = ref_of(entry) if entry else found.rule
        proofs.setdefault(found.proof, []).append((rule, f": {found.what}: {found.because}"))
    facts = tuple(Fact(in_words(proof), tuple(lines)) for proof, lines in proofs.items())
    return Section("Accepted findings", "What a proof may find, and why it may stay.", (Group(facts=facts),))


# The chapters, in order. Those about which the rule base says nothing are left out.
SECTIONS: tuple[Callable[[RuleBase], Section], ...] = (
    _about,
    _ladder,
    _places,
    _safety_net,
    _welcome,
    _saved,
    _relief_now,
    _voices,
    _questions,
    _red_flags,
    _causes,
    _advice,
    _checks,
    _notes,
    _exceptions,
    _drafts,
    _hazards,
    _accepted,
    _claims,
    _sources,
)


def _plain(rulebase: RuleBase, title: str, about: str, kind: str, listed: bool = False) -> Section:
    """Everything of one kind, in the order of its file."""
    pages = tuple(sheet(rulebase, Ref(kind, name)) for name in names(rulebase).get(kind, ()))
    return Section(title, about, (Group(sheets=pages),), listed)


def _grouped(title: str, about: str, groups: Iterable[tuple[str, str, list[Sheet]]]) -> Section:
    return Section(
        title, about, tuple(Group(t, a, sheets=tuple(pages)) for t, a, pages in groups if pages), listed=True
    )


def _fact(heading: str, *texts: str) -> Fact:
    return Fact(heading, tuple((text,) for text in texts))


# --- headings and links


def _headings(sections: Iterable[Section]) -> Iterator[Heading]:
    """Every heading of the document, in order."""
    yield Heading(1, TITLE)
    yield Heading(2, CONTENTS)
    for section in sections:
        yield Heading(2, section.title, listed=True)
        for group in section.groups:
            if group.title:
                yield Heading(3, group.title, group.refs, listed=True)
            yield from (Heading(_level(group, page), page.ref.id, (page.ref,)) for page in group.sheets)


def _level(group: Group, page: Sheet) -> int:
    """Sheets stand below their group or section, signs below their cause."""
    return 3 + bool(group.title) + (page.ref.kind == "sign")


def _slugs(headings: Iterable[str]) -> list[str]:
    """The anchors that GitHub gives to headings: a repeated one is numbered."""
    seen: dict[str, int] = {}
    slugs = []
    for heading in headings:
        first = slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        while slug in seen:
            seen[first] += 1
            slug = f"{first}-{seen[first]}"
        seen[slug] = 0
        slugs.append(slug)
    return slugs


# --- Markdown


def _front(rulebase: RuleBase) -> list[str]:
    return [
        f"# {TITLE}",
        "",
        f"- **Version:** {escaped(rulebase.about.version)}",
        f"- **sha256:** `{rulebase.sha256}`",
        f"- **Written by:** `{COMMAND}`. Do not edit this file: change the rules, then run that command.",
        "",
        f"{escaped(rulebase.about.statement)}",
    ]


def _contents(headings: Iterable[Heading], slugs: Iterable[str]) -> list[str]:
    listed = (pair for pair in zip(headings, slugs, strict=True) if pair[0].listed)
    entries = (f"{'  ' * (heading.level - 2)}- [{escaped(heading.text)}](#{slug})" for heading, slug in listed)
    return ["", f"## {CONTENTS}", "", *entries]


def _group(group: Group, listed: bool, links: Links) -> list[str]:
    lines = ["", f"### {escaped(group.title)}"] if group.title else []
    lines += _paragraph(group.about)
    lines += [""] * bool(group.facts) + [line for fact in group.facts for line in _fact_lines(fact, links)]
    lines += _table(group.table, links) if group.table else []
    titled = [page for page in group.sheets if page.title] if listed else []
    lines += [""] * bool(titled) + [f"- {_line((page.ref, f': {page.title}'), links)}" for page in titled]
    for page in group.sheets:
        lines += ["", f"{'#' * _level(group, page)} {escaped(page.ref.id)}", *_page(page, links)]
    return lines


def _page(page: Sheet, links: Links) -> list[str]:
    title = f"**{escaped(page.title)}** " if page.title else ""
    stands = f", in `{page.at.file}`" if page.at and page.ref.kind != "sign" else ""
    facts = (_counted(fact) if page.ref.kind not in EXAMPLES_SHOWN else fact for fact in page.facts if not fact.ref)
    lines = [line for fact in facts for line in _fact_lines(fact, links)]
    return ["", f"{title}({in_words(page.ref.kind)}, {escaped(page.what)}{stands})", *[""] * bool(lines), *lines]


def _counted(fact: Fact) -> Fact:
    """Examples as their number; any other fact as it is."""
    if fact.style != LITERAL:
        return fact
    number = len(fact.lines)
    return fact._replace(lines=((f"{number} example{'s' * (number > 1)}",),), style=SENTENCE)


def _fact_lines(fact: Fact, links: Links) -> list[str]:
    """One line where there is one thing to say, or only names; otherwise a list."""
    lines = (joined((line[:1] for line in fact.lines), ", "),) if fact.style == NAMES else fact.lines
    items = [_set(line, fact.style, links) for line in lines]
    heading = f"- **{escaped(fact.heading)}:**"
    return [f"{heading} {items[0]}"] if len(items) == 1 else [heading, *(f"  - {item}" for item in items)]


def _set(line: Line, style: str, links: Links) -> str:
    text = "".join(map(str, line))
    if style == LITERAL:
        return f"`{printable(text)}`"
    if style == ADDRESS:
        return address(text)
    return _line(line, links)


def _line(line: Line, links: Links) -> str:
    parts = []
    for n, part in enumerate(line):
        if isinstance(part, Ref):
            parts.append(f"[{escaped(part.id)}](#{links[part]})" if part in links else escaped(part.id))
        else:
            parts.append(escaped(part, begins=n == 0))
    return "".join(parts)


def _paragraph(text: str) -> list[str]:
    return ["", escaped(text)] if text else []


def _table(rows: tuple[tuple[Line, ...], ...], links: Links) -> list[str]:
    return ["", *table([[_line(cell, links) for cell in row] for row in rows])]
