"""What a page is, and how it is set: templates and one style sheet, no script. No text stands there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from triage.knowledge.faults import printable
from triage.output.frame import LEVELS, environment_of, style_hash, style_of, urgency
from triage.web.state import COUNTRY, State
from triage.web.words import words

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "web.css"


class Page(NamedTuple):
    """A page of HTML, its status of HTTP, and the style that it may have, as a Content-Security-Policy names it."""

    status: int
    html: str
    style: str = "'none'"


def made(kind: str, status: int, **values: Any) -> Page:
    """A page by its template and what stands on it."""
    return whole(rendered(f"{kind}.html", **values, style=style_of(LEVELS, STYLE)), status)


def rendered(template: str, **values: Any) -> str:
    """A template with these values, without needless blanks."""
    return re.sub(r">\s*\n\s*<", "><", environment().get_template(template).render(values))


def whole(html: str, status: int = 200) -> Page:
    """A page that is finished; its one style sheet stands in it."""
    _, _, rest = html.partition("<style>")
    return Page(status, html, f"'{style_hash(rest.partition('</style>')[0])}'")


@cache
def environment() -> Environment:
    """The templates beside this module."""
    environment = environment_of(TEMPLATES)
    environment.filters |= {"urgency": urgency, "fields": _fields, "printable": printable, "lines": lines}
    environment.globals |= {"COUNTRY": COUNTRY, "words": words}
    return environment


def _fields(state: State, without: str = "") -> Markup:
    """The hidden fields that hand a state on."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup("").join(field.format(name, value) for name, value in state.fields(without))


def lines(items: tuple[str, ...]) -> list[list[str]]:
    """Items of a text as they are told in a terminal, without their marks: each its first line and those below it."""
    found: list[list[str]] = []
    for item in items:
        begins = re.match(r"- | *\d+\. ", item)
        text = item[begins.end() :] if begins else item.strip()
        if begins or not found:
            found.append([text])
        else:
            found[-1].append(text)
    return found
