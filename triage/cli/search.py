"""What may be meant by a word that is no id: ids that are spelt like it, and whatever has it in its title or words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from triage.knowledge.model import RuleBase
from triage.output.rule_sheets import Sheet, names, sheet
from triage.version import program

MOST = 5  # suggestions
NEAR = 0.75  # how alike a mistyped word and one that is known are at least


def search(rulebase: RuleBase, given: str, ids: Iterable[str] = ()) -> list[Sheet]:
    """At most five things with one of these ids (none: any) that are likeliest meant, the likeliest first."""
    among = set(ids)
    every = [
        sheet(rulebase, kind, name)
        for kind, things in names(rulebase).items()
        for name in things
        if name in among or not among
    ]
    by_id = {one.id: one for one in reversed(every)}
    said = [(one.id, _words(one.id, one.title)) for one in every]
    said += [(one.id, _words(*(line for fact in one.facts for line in fact.lines))) for one in every]
    known = {word for _, words in said for word in words}
    wanted = [_known(word, known) for word in _words(given)]
    spelt = difflib.get_close_matches(given[:99], by_id, n=1, cutoff=NEAR)
    found = [name for name, words in said if wanted and all(any(w.startswith(one) for w in words) for one in wanted)]
    return [by_id[name] for name in dict.fromkeys([*spelt, *found])][:MOST]


def hint(found: Iterable[Sheet]) -> str:
    """The ids that were found, the likeliest first."""
    first, *others = [one.id for one in found] or [""]
    more = f" Or: {', '.join(others)}" if others else ""
    return f'did you mean "{first}"?{more}' if first else f"all there are: {program()} rules"


def _words(*texts: str) -> set[str]:
    """The words of some texts, each without what makes it a plural."""
    return {word.removesuffix("s") for text in texts for word in re.findall(r"[a-z]{3,}", text.lower())}


def _known(word: str, known: set[str]) -> str:
    """The word, or the known one that is spelt like it."""
    if any(other.startswith(word) for other in known):
        return word
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=NEAR)), word)
