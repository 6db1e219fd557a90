"""A result as Markdown, for a record or an e-mail: CommonMark, and a table of the answers.

Whatever the template is given is escaped: no text can make a heading, a link or HTML. Lines are not wrapped. An
emergency says what to do and why, and lists the answers for whoever helps.
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from triage.knowledge.model import Assessment, RuleBase
from triage.output.explanation import HOW, OUTCOMES, below, fate_title, outline
from triage.output.frame import environment
from triage.output.markup import address, escaped
from triage.output.view import HEADINGS, NOTHING_MORE, WHAT_IF, Wanted, view_of


def as_markdown(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole result as one document (no newline at its end). A wanted title stands above it, as its only `#`."""
    text = (
        environment()
        .overlay(finalize=_marked)
        .get_template("result.md")
        .render(
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
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _marked(value: Any) -> Markup:
    """What is put into the template, escaped for Markdown; not once more what a macro or `link` made."""
    return value if isinstance(value, Markup) else Markup(escaped(str(value).strip()))
