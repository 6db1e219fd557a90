"""Every text of a rule base that a person sees, and whether it is worded as rules/wording.toml asks.

Used by `check` and the tests only: grading a whole rule base takes longer than reading it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from triage.knowledge.faults import Fault
from triage.knowledge.figures import Figure, figure
from triage.knowledge.lints import kind_of
from triage.knowledge.model import (
    About,
    Advice,
    Cause,
    Check,
    Clarification,
    ClarifyOption,
    Contraindication,
    Disposition,
    Limit,
    Note,
    Option,
    Question,
    RedFlag,
    ReliefNow,
    RuleBase,
    SafetyNet,
    Saved,
    Sign,
    Wording,
)
from triage.knowledge.plain_words import grade, words
from triage.knowledge.toml_file import Location
from triage.knowledge.voices import in_voice

# The fields with texts that a person sees, by record. The others are ids, conditions and
# numbers, or for reviewers (`lowers`, `draft_because`), or not our words (sources, claims).
SEEN: dict[type, tuple[str, ...]] = {
    Question: ("text", "why", "asked_of", "unit"),
    Option: ("text", "means", "detail", "page"),
    Limit: ("say",),
    Clarification: ("text",),
    ClarifyOption: ("text",),
    Disposition: ("title", "say", "time", "when_said", "instead", "more"),
    SafetyNet: ("say_today", "today", "say_emergency", "emergency"),
    ReliefNow: ("title", "steps", "after", "action"),
    About: ("statement", "welcome"),
    Saved: ("asked_again", "old", "gone_say"),
    RedFlag: ("title", "because", "notes"),
    Sign: ("because",),
    Cause: ("title", "because", "summary"),
    Contraindication: ("because",),
    Advice: ("title", "because", "steps", "only_because"),
    Note: ("title", "because"),
    Check: ("title", "because", "note"),
    Figure: ("title", "desc"),
}
# Where the rule files call a field by another name.
_KEYS = {(Cause, "title"): "name", (Note, "title"): "line"}


class SeenText(NamedTuple):
    """A text that a person sees: of which table (`label`, `id`), where (`at`), in which field of the file.

    `text`: as it is written; `said`: as the first voice says it.
    """

    text: str
    said: str
    label: str
    id: str
    at: Location | Figure
    field: str

    @property
    def line(self) -> int:
        """Its line; that of the field where a text of a list cannot be found."""
        if isinstance(self.at, Figure):
            return self.at.lines[self.field]
        first = self.at.toml.line(self.at.table, self.at.nth, self.field)
        written = self.text.replace("\\", "\\\\").replace('"', '\\"')
        lines = self.at.toml.text.split("\n")[first - 1 :]
        return next((n for n, line in enumerate(lines, first) if written in line), first)

    def fault(self, what: str, hint: str) -> Fault:
        return Fault(self.at.file, self.line, f"{self.label}, {self.field}: {what}", hint)


def seen_texts(rulebase: RuleBase) -> Iterator[SeenText]:
    """Every text that a person sees, in the order of the questions and rules."""
    words_of_voice = next(iter(rulebase.voices.values()))
    for record, label, own, at in _records(rulebase):
        for field in SEEN[type(record)]:
            value = getattr(record, field)
            for text in _texts(value):
                if text:
                    said = in_voice(text, words_of_voice)
                    yield SeenText(text, said, label, own, at, _KEYS.get((type(record), field), field))
    at = _of_dispositions(rulebase, "place")
    for nth, (own, text) in enumerate(rulebase.places.items()):
        said = in_voice(text, words_of_voice)
        yield SeenText(text, said, f'place "{own}"', own, at._replace(nth=nth), "text")


def _texts(value: str | Sequence[str] | Mapping[str, str]) -> Iterable[str]:
    """The texts of a field: one, several, or one for each voice."""
    if isinstance(value, str):
        return (value,)
    return value.values() if isinstance(value, Mapping) else value


def _records(rulebase: RuleBase) -> Iterator[tuple[Any, str, str, Location | Figure]]:
    """Every record with texts: itself, its label in messages, its id and place."""
    nested: Counter[tuple[str, str]] = Counter()

    def below(record: Any, parent: Location, name: str, own: str) -> tuple[Any, str, str, Location]:
        """A table without a place of its own: the next of that name in its file."""
        table = f"{parent.table}.{name}"
        nth = nested[parent.file, table]
        nested[parent.file, table] += 1
        return record, f'{table} "{own}"', own, Location(parent.toml, table, nth)

    for question in rulebase.questions.values():
        yield question, f'question "{question.id}"', question.id, question.at
        for option in question.options:
            yield below(option, question.at, "option", f"{question.id}.{option.id}")
        for limit in question.limits:
            yield below(limit, question.at, "limit", question.id)
        if question.clarify:
            record = below(question.clarify, question.at, "clarify", question.id)
            yield record
            for way_out in question.clarify.options:
                yield below(way_out, record[3], "option", question.id)
    for level in rulebase.dispositions.values():
        yield level, f'disposition "{level.id}"', level.id, level.at
    yield rulebase.safety_net, "[safety_net]", "safety_net", _of_dispositions(rulebase, "safety_net")
    yield rulebase.about, "[about]", "about", _of_dispositions(rulebase, "about")
    yield rulebase.saved, "[saved]", "saved", _of_dispositions(rulebase, "saved")
    yield rulebase.relief_now, "[relief_now]", "relief_now", rulebase.relief_now.at
    for entry in sorted(rulebase.entries.values(), key=lambda entry: (entry.at.file, entry.at.table, entry.at.nth)):
        yield entry, f'{kind_of(entry)} "{entry.id}"', entry.id, entry.at
        for never in entry.never if isinstance(entry, Advice) else ():
            yield below(never, entry.at, "never", entry.id)
    for name in rulebase.figures:
        drawn = figure(rulebase, name)
        yield drawn, f'figure "{name}"', name, drawn


def _of_dispositions(rulebase: RuleBase, table: str) -> Location:
    """A table without a place of its own, in the file of the dispositions."""
    return Location(next(iter(rulebase.dispositions.values())).at.toml, table, 0)


def wording_faults(rulebase: RuleBase) -> list[Fault]:
    """Every text that is too hard to read or has a forbidden wording, and what in `wording.toml` does nothing.

    Raises ValueError for a rule base that was loaded without its examples: it has no `wording`.
    """
    wording, texts = rulebase.wording, list(seen_texts(rulebase))
    if wording is None:
        raise ValueError("load the rule base with its examples")
    return sorted({*_hard_texts(wording, texts), *_forbidden_texts(wording, texts), *_idle_words(wording, texts)})


def _hard_texts(wording: Wording, texts: Sequence[SeenText]) -> Iterator[Fault]:
    for seen in texts:
        graded = grade(seen.said, wording.allowed)
        if graded.grade > wording.max_grade:
            longest = ", ".join(f"{word} ({count})" for word, count in graded.heaviest[:4])
            what = f"reading grade {graded.grade:.1f}, at most {wording.max_grade}"
            yield seen.fault(what, f"shorter sentences, or shorter words; most syllables: {longest}")
        if graded.longest_sentence > wording.longest_sentence:
            what = f"a sentence of {graded.longest_sentence} words, at most {wording.longest_sentence}"
            yield seen.fault(what, "make two of it")


def _forbidden_texts(wording: Wording, texts: Sequence[SeenText]) -> Iterator[Fault]:
    for forbidden in wording.forbidden:
        pattern = re.compile(forbidden.pattern, re.IGNORECASE)
        unused = {(exempt.id, exempt.field) for exempt in forbidden.exempt}
        exempted = frozenset(unused)
        for seen in texts:
            if found := pattern.search(seen.said):
                unused.discard((seen.id, seen.field))
                if (seen.id, seen.field) not in exempted:
                    yield seen.fault(f'"{found[0]}" is forbidden ({forbidden.id})', forbidden.because)
        for own, field in unused:
            what = f'forbidden "{forbidden.id}", exempt: "{own}", {field}, has no such wording'
            yield Fault(forbidden.at.file, forbidden.at.line, what, "take it out")


def _idle_words(wording: Wording, texts: Sequence[SeenText]) -> Iterator[Fault]:
    """Allowed words in no text: the list stays as short as it can be."""
    used = {word for seen in texts for word in words(seen.said)}
    for word in wording.allowed:
        if not used & {word, f"{word}s", f"{word}'s"}:
            yield Fault(wording.at.file, wording.at.line, f'[wording], allowed: "{word}" is in no text', "take it out")
