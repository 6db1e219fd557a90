"""Rules as text: the list, and one rule with its condition in words, examples and sources."""

from __future__ import annotations

from collections.abc import Iterable

from triage.lints import kind_of
from triage.model import Advice, Cause, Check, Condition, Entry, Question, RedFlag, RuleBase, Sign
from triage.screen import wrap
from triage.wording import condition_in_words, example_in_words, row_in_words


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
            lines += wrap(f"{entry.id} ({_what(entry)}): {entry.title}", columns, "  ", "    ")
    lines += ["", f"Questions ({len(rulebase.questions)})"]
    for question in rulebase.questions.values():
        lines += wrap(f"{question.id}: {question.text}", columns, "  ", "    ")
    return lines[1:]


def one(rulebase: RuleBase, name: str, columns: int) -> list[str]:
    """All that is known of a rule or question (KeyError if there is none of that id)."""
    lines: list[str] = []
    if name in rulebase.entries:
        lines += _entry(rulebase, rulebase.entries[name], columns)
    if name in rulebase.questions:
        lines += [""] * bool(lines) + _question(rulebase, rulebase.questions[name], columns)
    if not lines:
        raise KeyError(name)
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
    lowering = [f"{f.id}: {f.lowers}" for f in rulebase.red_flags.values() if f.lowers]
    lines = wrap(f"Sound. {counts}", columns)
    lines += wrap(f"{len(drafts)} entries are drafts: a threshold, order or wording was chosen here.", columns)
    lines += _items("Red flags with an exception that lowers", lowering, columns)
    return [*lines, *wrap(_version(rulebase), columns)]


def _version(rulebase: RuleBase) -> str:
    return f"Rules {rulebase.about.version}, sha256 {rulebase.sha256}"


def _what(entry: Entry) -> str:
    if isinstance(entry, RedFlag):
        return entry.disposition
    if isinstance(entry, Cause):
        return entry.group
    if isinstance(entry, Advice):
        return f"{entry.kind}, grade {entry.grade}" if entry.grade != "-" else entry.kind
    return entry.strength if isinstance(entry, Check) else kind_of(entry)


def _entry(rulebase: RuleBase, entry: Entry, columns: int) -> list[str]:
    lines = wrap(f"{entry.id} ({kind_of(entry)}, {_what(entry)}): {entry.title}", columns)
    lines += wrap(f"at {entry.at}", columns)
    lines += _items("Fires for", condition_in_words(rulebase, entry.condition), columns)
    if isinstance(entry, RedFlag):
        lines += _items("Lowers", [entry.lowers] if entry.lowers else [], columns)
        lines += _items("Notes", entry.notes, columns)
    if isinstance(entry, Cause):
        lines += _items("Summary", [entry.summary], columns)
        lines += _signs(rulebase, entry.signs, columns)
    if isinstance(entry, Advice):
        lines += _items("Steps", entry.steps, columns)
        lines += _contraindications(rulebase, entry, columns)
    lines += _items("Because", [entry.because] if entry.because else [], columns)
    lines += _items("Note", [entry.note] if isinstance(entry, Check) and entry.note else [], columns)
    lines += _items("Must fire on", [example_in_words(e.items()) for e in entry.fires], columns)
    lines += _items("Must be silent on", [example_in_words(e.items()) for e in entry.silent], columns)
    lines += _items("Sources", [_source(rulebase, s) for s in entry.sources], columns)
    status = f"{entry.status}: {entry.draft_because}" if entry.draft_because else entry.status
    lines += _items("Status", [status] if status else [], columns)
    return lines + _items("Answers the claims", [_claim(rulebase, c) for c in entry.claims], columns)


def _signs(rulebase: RuleBase, signs: Iterable[Sign], columns: int) -> list[str]:
    lines = []
    for sign in signs:
        heading = f"Sign {sign.id}, weight {sign.weight:+d}"
        lines += _items(heading, [sign.because, *condition_in_words(rulebase, sign.condition)], columns)
    return lines


def _contraindications(rulebase: RuleBase, advice: Advice, columns: int) -> list[str]:
    lines = []
    for never in advice.never:
        rows = condition_in_words(rulebase, Condition(never.when))
        lines += _items(f"Never, because {never.because}", rows, columns)
    if advice.only_if:
        rows = [row_in_words(rulebase, row) for row in advice.only_if]
        lines += _items(f"Only ({advice.only_because})", rows, columns)
    return lines


def _question(rulebase: RuleBase, question: Question, columns: int) -> list[str]:
    lines = wrap(f"{question.id} (question, {question.kind}): {question.text}", columns)
    lines += wrap(f"at {question.at}", columns)
    lines += _items("Why it is asked", [question.why], columns)
    rows = question.ask_when or ()
    lines += _items(f"Asked of {question.asked_of}", [row_in_words(rulebase, row) for row in rows], columns)
    return lines + _items("Options", [f"{o.id}: {o.text}" for o in question.options], columns)


def _source(rulebase: RuleBase, name: str) -> str:
    source = rulebase.sources[name]
    year = f", {source.year}" if source.year else ""
    return f"{source.org}: {source.title}{year}. {source.url} (read: {source.read})"


def _claim(rulebase: RuleBase, name: str) -> str:
    claim = next(c for c in rulebase.claims if name in c.ids)
    return f"{name}: {claim.claim} ({claim.verdict})"


def _items(heading: str, items: Iterable[str], columns: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += wrap(item, columns, "  - ")
    return [f"{heading}:", *lines] if lines else []
