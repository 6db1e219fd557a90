"""A result as Markdown, for a record or an e-mail: CommonMark, and a table of the answers.

Whatever the template is given is escaped: no text can make a heading, a link or HTML. Lines are not wrapped. An
emergency says what to do and why, and lists the answers for whoever helps.
"""

from __future__ import annotations

from markupsafe import Markup

from triage.knowledge.model import RuleBase
from triage.output.explanation import HOW, OUTCOMES, below, fate_title, outline
from triage.output.markup import address, markdown
from triage.output.view import HEADINGS, NOTHING_MORE, WHAT_IF, Wanted, view_of
from triage.reasoning.results import Assessment


def as_markdown(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole result as one document (no newline at its end). A wanted title stands above it, as its only `#`."""
    return markdown(
        "result.md",
        view=view_of(rulebase, assessment, wanted),
        headings=HEADINGS,
        what_if=WHAT_IF,
        how=HOW,
        outcomes=OUTCOMES,
        outline=outline,
        below=below,
        fate_title=fate_title,
        link=lambda url: Markup(address(url)),  # escaped already
    )
