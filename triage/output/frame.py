"""What every page of HTML is set in: one file that holds its style and no script, and asks for nothing.

The templates beside this module escape whatever they are given. Imported only when a page is asked
for, as Jinja2 is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from triage.knowledge.model import Disposition
from triage.output.explanation import HOW, OUTCOMES
from triage.output.view import HEADINGS, NOT_ASKED, WHAT_IF, told

TEMPLATES = Path(__file__).parent / "templates"
LEVELS = TEMPLATES / "levels.css"  # the colours that all pages share
BASE = TEMPLATES / "base.css"  # type and the frame of a page
MILDEST = 4  # the looks that levels have, from 0, the most urgent


def rendered(template: str, style: str, **values: Any) -> str:
    """A template with these values, styled by `LEVELS`, `BASE` and one sheet more of the folder of templates."""
    text = style_of(LEVELS, BASE, TEMPLATES / style)
    whole = environment().get_template(template).render(values, style=text, style_hash=style_hash(text))
    return whole.replace(">\n<", "><")


@cache
def environment() -> Environment:
    """The templates beside this module."""
    made = environment_of(TEMPLATES)
    made.filters["is_address"] = _is_address
    made.globals |= {"HEADINGS": HEADINGS, "NOT_ASKED": NOT_ASKED, "WHAT_IF": WHAT_IF, "HOW": HOW, "OUTCOMES": OUTCOMES}
    made.globals |= {"urgency": urgency, "day": _day, "told": told}
    return made


def environment_of(folder: Path) -> Environment:
    """The templates in a folder; a value that one names must be there."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def style_of(*sheets: Path) -> Markup:
    """Style sheets as one, without comments and needless blanks. They are our own: no text of a person is in them."""
    plain = re.sub(r"/\*.*?\*/", "", "\n".join(sheet.read_text("utf-8") for sheet in sheets), flags=re.DOTALL)
    return Markup(re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", plain)).strip())


@lru_cache(maxsize=8)
def style_hash(style: str) -> str:
    """A style sheet as a Content-Security-Policy names it: no other style is obeyed."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


def _is_address(url: str) -> bool:
    """Whether it may become a link: an address of the web, never a script."""
    return url.startswith(("https://", "http://"))


def urgency(level: Disposition) -> str:
    """The class that gives a level its looks."""
    return f"u{min(level.rank, MILDEST)}"


def _day(day: date) -> Markup:
    """A day in words, such as 21 November 2026."""
    return Markup('<time datetime="{}">{} {}</time>').format(day.isoformat(), day.day, f"{day:%B %Y}")
