"""What may be meant by a word that is no id: ids that are spelt like it, and whatever has it in its title or words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from triage.knowledge.model import RuleBase
from triage.output.rule_sheets import Sheet, names, sheet
from triage.version import program

MOST = 5  # suggestions


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
    said = [(one.id, f"{one.id} {one.title}") for one in every]
    said += [(one.id, " ".join(line for fact in one.facts for line in fact.lines)) for one in every]
    wanted = [rf"\b{word.removesuffix('s')}" for word in re.findall(r"[a-z]{3,}", given.lower())]
    spelt = difflib.get_close_matches(given[:99], by_id, n=1, cutoff=0.75)
    found = [name for name, text in said if wanted and all(re.search(word, text, re.IGNORECASE) for word in wanted)]
    return [by_id[name] for name in dict.fromkeys([*spelt, *found])][:MOST]


def hint(found: Iterable[Sheet]) -> str:
    """The ids that were found, the likeliest first."""
    first, *others = [one.id for one in found] or [""]
    more = f" Or: {', '.join(others)}" if others else ""
    return f'did you mean "{first}"?{more}' if first else f"all there are: {program()} rules"
