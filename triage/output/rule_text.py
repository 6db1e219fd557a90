"""The rule base as text for a terminal: the list, and all that is known of one thing in it."""

from __future__ import annotations

from collections.abc import Iterable

from triage.knowledge.model import RuleBase
from triage.knowledge.wording import Ref, as_text
from triage.output.rule_sheets import ADDRESS, Sheet, in_words, sheets, what
from triage.output.screen import wrap


def listing(rulebase: RuleBase, columns: int) -> list[str]:
    """Every rule, by kind: its id and what it says. Signs are listed with their cause."""
    kinds = (
        ("Red flags", rulebase.red_flags.values()),
        ("Causes", rulebase.causes.values()),
        ("Advice and myths", sorted(rulebase.advice.values(), key=lambda a: (a.kind, a.order))),
        ("Checks", rulebase.checks.values()),
        ("Notes", rulebase.notes.values()),
    )
    lines: list[str] = []
    for heading, entries in kinds:
        listed = list(entries)
        lines += ["", f"{heading} ({len(listed)})"]
        for entry in listed:
            lines += wrap(f"{entry.id} ({what(entry)}): {entry.title}", columns, "  ", "    ")
    lines += ["", f"Questions ({len(rulebase.questions)})"]
    for question in rulebase.questions.values():
        lines += wrap(f"{question.id}: {question.text}", columns, "  ", "    ")
    more = {"Dispositions": rulebase.dispositions, "Places": rulebase.places}
    for heading, ids in more.items():
        lines += ["", *wrap(f"{heading} ({len(ids)}): {', '.join(ids)}", columns)]
    claims = sum(len(claim.ids) for claim in rulebase.claims)
    told = (
        f"Sources ({len(rulebase.sources)}), claims ({claims}) and signs ({len(rulebase.signs)}) have ids too. "
        "To see anything by its id: leg-cramp-triage rules ID. Everything at once: leg-cramp-triage rules --book"
    )
    return [*lines[1:], "", *wrap(told, columns)]


def one(rulebase: RuleBase, name: str, columns: int) -> list[str]:
    """All that is known of everything with that id (KeyError if nothing has it)."""
    found = sheets(rulebase, name)
    if not found:
        raise KeyError(name)
    lines: list[str] = []
    for sheet in found:
        lines += [""] * bool(lines) + _sheet(rulebase, sheet, columns)
    return lines


def summary(rulebase: RuleBase, cases: int, columns: int) -> list[str]:
    """What `check` says of a sound rule base: counts, drafts, and every exception that lowers."""
    signs = len(rulebase.signs)
    counts = (
        f"{len(rulebase.questions)} questions, {len(rulebase.red_flags)} red flags, "
        f"{len(rulebase.causes)} causes with {signs} signs, {len(rulebase.advice)} pieces of advice, "
        f"{len(rulebase.checks)} checks, {len(rulebase.notes)} notes, {len(rulebase.sources)} sources, "
        f"{sum(len(c.ids) for c in rulebase.claims)} claims answered, {cases} example cases."
    )
    drafts = [e.id for e in rulebase.entries.values() if e.status == "draft"]
    lowering = [f"{f.id} (to {f.lowers_to} at most): {f.lowers}" for f in rulebase.red_flags.values() if f.lowers]
    lines = wrap(f"Sound. {counts}", columns)
    lines += wrap(f"{len(drafts)} entries are drafts: a threshold, order or wording was chosen here.", columns)
    lines += _items("Red flags with an exception that lowers", lowering, columns)
    return [*lines, *wrap(_version(rulebase), columns)]


def _version(rulebase: RuleBase) -> str:
    return f"Rules {rulebase.about.version}, sha256 {rulebase.sha256}"


def _sheet(rulebase: RuleBase, sheet: Sheet, columns: int) -> list[str]:
    lines = wrap(
        f"{sheet.ref} ({in_words(sheet.ref.kind)}, {sheet.what}){': ' if sheet.title else ''}{sheet.title}", columns
    )
    lines += wrap(f"at {sheet.at}", columns) if sheet.at else []
    for fact in sheet.facts:
        lines += wrap(f"{fact.heading}:", columns)
        for line in fact.lines:
            lines += [f"  - {as_text(line)}"] if fact.style == ADDRESS else wrap(as_text(line), columns, "  - ")
            lines += _address(rulebase, line[0])
    return lines


def _address(rulebase: RuleBase, named: str | Ref) -> list[str]:
    """The address of a source, on a line of its own so that it can be copied."""
    url = rulebase.sources[named.id].url if isinstance(named, Ref) and named.kind == "source" else ""
    return [f"    {url}"] if url else []


def _items(heading: str, items: Iterable[str], columns: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += wrap(item, columns, "  - ")
    return [f"{heading}:", *lines] if lines else []
