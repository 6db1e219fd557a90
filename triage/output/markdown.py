"""Templates of Markdown (CommonMark, and tables) and of plain text: what is put into one stays text.

No text of a rule base or a person can make a heading, a link or HTML. Lines of Markdown are not wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from triage.knowledge.faults import printable
from triage.knowledge.model import RuleBase
from triage.knowledge.wording import LINK
from triage.output.explanation import below, fate_title, outline
from triage.output.frame import environment
from triage.output.screen import wrap
from triage.output.view import NOTHING_MORE, Wanted, view_of
from triage.reasoning.results import Assessment


def as_markdown(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """A whole result as one document (no newline at its end). A wanted title stands above it, as its only `#`."""
    view = view_of(rulebase, assessment, wanted)
    return markdown("result.md", view=view, outline=outline, below=below, fate_title=fate_title)


def markdown(template: str, **values: Any) -> str:
    """A template filled in as Markdown: no value makes a heading or HTML, and a `link` leads to the heading "id (kind)"."""
    text = _environment(_marked).get_template(template).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def plain(template: str, columns: int, **values: Any) -> list[str]:
    """A template filled in as lines for a terminal: what is indented goes on four blanks in, addresses stay whole."""
    lines = _environment(_on_one_line).get_template(template).render(values).strip().splitlines()
    return [line for long in lines for line in _wrapped(long, columns)]


@cache
def _environment(marked: Callable[[str], str]) -> Environment:
    """The templates, in which every value is `marked`, and what a macro makes of such is not marked again."""
    made = environment().overlay(finalize=lambda one: one if isinstance(one, Markup) else Markup(marked(str(one))))
    made.filters = made.filters | {
        "code": lambda text: Markup(f"`{printable(text)}`"),
        "address": lambda url: Markup(address(url)),
    }
    return made


def _marked(text: str) -> str:
    first, *rest = LINK.split(text.strip())
    links = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return address(first) + "".join(
        f"[{escaped(name)}](#{name}-{kind.replace('_', '-')}){escaped(after, begins=False)}"
        for kind, name, after in links
    )


def _on_one_line(text: str) -> str:
    return LINK.sub(r"\2", " ".join(text.splitlines()))


def _wrapped(line: str, columns: int) -> list[str]:
    _, lead, words = re.split(r"^( *(?:- )?)", line, maxsplit=1)
    is_address = re.match(r"(https?://)?[\w-]+(\.[\w-]+)+(/\S*)?$", words)
    return [line] if is_address else wrap(words, columns, lead, "    " if lead else "")


def escaped(text: str, begins: bool = True) -> str:
    """`text` on one line, with nothing that Markdown would take for a mark (`begins`: at the start of a line)."""
    flat = printable(re.sub(r"\s+", " ", text))
    marked = re.sub(r"([\\`*\[\]<>|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", flat)
    return re.sub(r"^( *)(?=[#+\-=])|^( *\d+)(?=[.)](?:\s|$))", r"\1\2\\", marked) if begins else marked


def address(text: str) -> str:
    """A link to a web address; any other text as it is."""
    return f"<{text}>" if re.match(r"https?://[^\s<>]+$", text) else escaped(text)
