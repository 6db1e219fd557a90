"""The whole rule base as one Markdown document, for people who review it and never run it.

What stands in it, and in which order, says the template; each sheet is one of `triage.output.rule_sheets`. The same
rule base always gives the same document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from triage.knowledge.model import RuleBase
from triage.knowledge.wording import counted, link
from triage.output import rule_sheets
from triage.output.markdown import markdown

# Those of the other kinds would be half of the book; they are counted.
EXAMPLES_SHOWN = ("red_flag", "cause", "sign", "hazard")

CONTENTS = "## Contents"


class Heading(NamedTuple):
    """A heading and its anchor; `of`: the kind and id of the thing whose sheet stands below it, or nothing."""

    level: int
    text: str
    of: str
    anchor: str


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
    return _with_anchors(text)


def _with_anchors(text: str) -> str:
    """The contents filled in, and every link leading to its heading: the sheet's own, or that of a part of the book."""
    headings = list(_headings(text))
    parts = [one for one in headings if one.level > 1 and not one.of and f"## {one.text}" != CONTENTS]
    contents = "\n".join(f"{'  ' * (one.level - 2)}- [{one.text}](#{one.anchor})" for one in parts)
    anchors = {one.of: one.anchor for one in headings}
    unlinked = re.sub(r"(?m)^(#+) \[(.*)\]\(#.*\)$", r"\1 \2", text)
    # Claims stand in tables of one chapter.
    linked = re.sub(r"(?<!\\)\]\(#(\w+:[\w-]+)\)", lambda found: f"](#{anchors.get(found[1], 'claims')})", unlinked)
    return linked.replace(CONTENTS, f"{CONTENTS}\n\n{contents}", 1)


def _headings(text: str) -> Iterator[Heading]:
    """Every heading of a document, with the anchor that GitHub gives it: a repeated one is numbered."""
    seen: dict[str, int] = {}
    for marks, words, of in re.findall(r"(?m)^(#+) \[?(.*?)(?:\]\(#(.*)\))?$", text):
        first = anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        while anchor in seen:
            seen[first] += 1
            anchor = f"{first}-{seen[first]}"
        seen[anchor] = 0
        yield Heading(len(marks), words, of, anchor)
