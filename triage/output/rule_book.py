"""The whole rule base as one Markdown document, for people who review it and never run it.

What stands in it, and in which order, says the template; each sheet is one of `triage.output.rule_sheets`. The same
rule base always gives the same document.
"""

from __future__ import annotations

import re

from triage.knowledge.model import RuleBase
from triage.knowledge.wording import counted, link
from triage.output import rule_sheets
from triage.output.markdown import markdown

# Those of the other kinds would be half of the book; they are counted.
EXAMPLES_SHOWN = ("red_flag", "cause", "sign", "hazard")

CONTENTS = "## Contents"


def book(rulebase: RuleBase) -> str:
    """The rule book as Markdown (no newline at its end); examples are in it if they were loaded."""
    text = markdown(
        "rule_book.md",
        rules=rulebase,
        told=rule_sheets,
        drafts=[rule_sheets.ref(entry) for entry in rulebase.entries.values() if entry.status == "draft"],
        examples_shown=EXAMPLES_SHOWN,
        counted=counted,
        link=link,
    )
    linked = re.sub(r"\]\(#[\w-]+-claim\)", "](#claims)", text)  # they stand in tables of one chapter
    # The heading of a sheet ends with its kind, in brackets.
    parts = re.findall(r"(?m)^##(#?) (.*[^)\n])$", linked.partition(CONTENTS)[2])
    contents = (f"{'  ' * len(deeper)}- [{title}](#{_anchor(title)})" for deeper, title in parts)
    return linked.replace(CONTENTS, "\n".join([CONTENTS, "", *contents]), 1)


def _anchor(heading: str) -> str:
    """What GitHub calls a heading."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
