"""The rule base as text for a terminal: the list, all that is known of one thing in it, and what `check` says."""

from __future__ import annotations

from triage.knowledge.model import RuleBase
from triage.knowledge.wording import LINK
from triage.output.markup import plain
from triage.output.rule_sheets import KINDS, sheets


def listing(rulebase: RuleBase, columns: int) -> list[str]:
    """Every rule, by kind: its id and what it says."""
    return plain("rules.txt", columns, rules=rulebase, kinds=KINDS)


def one(rulebase: RuleBase, name: str, columns: int) -> list[str]:
    """All that is known of everything with that id (KeyError if nothing has it)."""
    found = sheets(rulebase, name)
    if not found:
        raise KeyError(name)

    def address(line: str) -> str:
        """That of the source which a line begins with."""
        linked = LINK.match(line)
        return rulebase.sources[linked[2]].url if linked and linked[1] == "source" else ""

    return plain("sheets.txt", columns, sheets=found, address=address)


def summary(rulebase: RuleBase, cases: int, columns: int) -> list[str]:
    """What `check` says of a sound rule base. `cases`: how many examples were tried."""
    return plain("sound.txt", columns, rules=rulebase, cases=cases)
