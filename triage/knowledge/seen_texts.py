"""Every text of a rule base that a person sees, and whether it is worded as rules/wording.toml asks.

Used by `check` and the tests only: grading a whole rule base takes longer than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from triage.knowledge.faults import Fault
from triage.knowledge.fields import SEEN, fields_of
from triage.knowledge.model import Forbidden, RuleBase, Wording
from triage.knowledge.plain_words import grade, words
from triage.knowledge.rule_files import records, texts_of
from triage.knowledge.tokens import spoken
from triage.knowledge.toml_file import Location


class SeenText(NamedTuple):
    """A text that a person sees: of which table (`at`), in which field of the file, and on which line.

    `text`: as it is written; `said`: as the first voice says it.
    """

    text: str
    said: str
    at: Location
    field: str
    line: int

    def fault(self, code: str, what: str, hint: str) -> Fault:
        return self.at.fault(code, self.field, what, hint)._replace(line=self.line)


def seen_texts(rulebase: RuleBase) -> Iterator[SeenText]:
    """Every text that a person sees, in the order of the tables."""
    words_of_voice = next(iter(rulebase.voices.values()))
    for record in records(rulebase):
        for field in fields_of(record.__class__):
            for text in texts_of(record, field) if SEEN in field.marks else ():
                line = _line(rulebase, record.at, field.key, text)
                yield SeenText(text, spoken(text, words_of_voice), record.at, field.key, line)


def _line(rulebase: RuleBase, at: Location, key: str, text: str) -> int:
    """The line of a text; that of its field where it cannot be found, as in a list that is written otherwise."""
    first = at.line_of(key)
    if key not in at.keys or at.file not in rulebase.texts:  # made from another field, or drawn
        return first
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    lines = list(enumerate(rulebase.texts[at.file].split("\n")[first - 1 :], first))
    found = (number for text in (f'"{written}"', written) for number, line in lines if text in line)
    return next(found, first)


def wording_faults(rulebase: RuleBase) -> list[Fault]:
    """Every text that is too hard to read or has a forbidden wording, and what in `wording.toml` does nothing."""
    wording, texts = rulebase.wording, list(seen_texts(rulebase))
    forbidden = _forbidden_texts(rulebase.forbidden.values(), texts)
    return sorted({*_hard_texts(wording, texts), *forbidden, *_idle_words(wording, texts)})


def _hard_texts(wording: Wording, texts: Sequence[SeenText]) -> Iterator[Fault]:
    for seen in texts:
        graded = grade(seen.said, wording.allowed)
        if graded.grade > wording.max_grade:
            longest = ", ".join(f"{word} ({count})" for word, count in graded.heaviest[:4])
            what = f"reading grade {graded.grade:.1f}, at most {wording.max_grade}"
            yield seen.fault("LCT321", what, f"shorter sentences, or shorter words; most syllables: {longest}")
        if graded.longest_sentence > wording.longest_sentence:
            what = f"a sentence of {graded.longest_sentence} words, at most {wording.longest_sentence}"
            yield seen.fault("LCT321", what, "make two of it")


def _forbidden_texts(wordings: Iterable[Forbidden], texts: Sequence[SeenText]) -> Iterator[Fault]:
    for forbidden in wordings:
        pattern = re.compile(forbidden.pattern, re.IGNORECASE)
        for seen in texts:
            if found := pattern.search(seen.said):
                yield seen.fault("LCT322", f'"{found[0]}" is forbidden ({forbidden.id})', forbidden.because)


def _idle_words(wording: Wording, texts: Sequence[SeenText]) -> Iterator[Fault]:
    """Allowed words in no text: the list stays as short as it can be."""
    used = {word for seen in texts for word in words(seen.said)}
    for word in wording.allowed:
        if not used & {word, f"{word}s", f"{word}'s"}:
            yield wording.at.fault("LCT323", "allowed", f'"{word}" is in no text', "take it out")
