"""A result as one HTML page to read, print and hand to a doctor. It holds no script and asks for nothing.

Imported only when a page is asked for, as Jinja2 is.
"""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup

from triage.knowledge.faults import printable
from triage.knowledge.model import Figure, RuleBase
from triage.output.frame import TEMPLATES, rendered, style_of
from triage.output.view import NOTHING_MORE, View, Wanted, view_of
from triage.reasoning.results import Assessment

DRAWN = TEMPLATES / "figure.css"  # the colours of a drawing, as the page has them
LARGEST_PAGE = 60_000  # bytes of a page; one with how it was concluded, or why not, may be larger


def page(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The short result, its steps and the lines for the doctor; below it what is wanted besides: `full` is everything."""
    view = view_of(rulebase, assessment, wanted)
    return rendered("page.html", "page.css", view=view, title=printable(view.title), figures=_figures(rulebase, view))


def _figures(rulebase: RuleBase, view: View) -> dict[str, Markup]:
    """The drawings by the advice that they stand with; each stands once, with the first advice that names it."""
    told = (*view.relief, *view.replies, *((*view.do_not, *view.prevention, *view.myths) if view.full else ()))
    first: dict[str, str] = {}
    for advice in told:
        if advice.figure:
            first.setdefault(advice.figure, advice.id)
    return {advice: image(rulebase.figures[name]) for name, advice in first.items()}


def image(drawn: Figure) -> Markup:
    """A drawing as an image of HTML, with its words for those who cannot see it."""
    whole = " ".join(drawn.svg.split()).removesuffix("</svg>") + f"<style>{style_of(DRAWN)}</style></svg>"
    source = f"data:image/svg+xml;charset=utf-8,{quote(whole, safe=' /:;=,.()')}"
    return Markup('<img src="{}" alt="{}">').format(source, f"{drawn.title}. {drawn.desc}")
