"""A result as one HTML page to read, print and hand to a doctor. It holds no script and asks for nothing.

Imported only when a page is asked for, as Jinja2 is.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from triage.knowledge.faults import printable
from triage.knowledge.figures import figure
from triage.knowledge.model import RuleBase
from triage.output.frame import rendered
from triage.output.view import NOTHING_MORE, View, Wanted, view_of
from triage.reasoning.results import Assessment

# The parts in the order in which they stand on the page.
ORDER = ("notes", "relief", "do_not", "causes", "needs_checking", "prevention", "withheld", "myths", "checks")

LARGEST_PAGE = 60_000  # bytes of a page, but for what --explain and --why-not add
# What the style sheet gives every drawing, or a page of HTML does not need.
_STYLED = (
    ' xmlns="http://www.w3.org/2000/svg"',
    ' stroke-linecap="round"',
    ' stroke-linejoin="round"',
    ' fill="currentColor"',
)


def page(rulebase: RuleBase, assessment: Assessment, wanted: Wanted = NOTHING_MORE) -> str:
    """The whole page. `wanted` may bring a title, the day, how it was concluded in full, and why not.

    Of the longest results the last drawings are left out, so that the page stays below `LARGEST_PAGE`.
    """
    view = view_of(rulebase, assessment, wanted, ORDER)

    def whole(figures: Mapping[str, Markup]) -> str:
        return rendered("page.html", "page.css", view=view, title=printable(view.title), figures=figures)

    return whole(_fitting(_figures(rulebase, view), LARGEST_PAGE - len(whole({}).encode())))


def _fitting(figures: Mapping[str, Markup], room: int) -> dict[str, Markup]:
    """Those that fit into so many bytes, the first ones first."""
    kept: dict[str, Markup] = {}
    for advice, svg in figures.items():
        size = len(svg.encode())
        if size <= room:
            kept[advice] = svg
            room -= size
    return kept


def _figures(rulebase: RuleBase, view: View) -> dict[str, Markup]:
    """The drawings by the advice that they stand with; each stands once, with the first advice that names it."""
    first: dict[str, str] = {}
    for advice in (*view.relief, *view.do_not, *view.prevention, *view.myths):
        if advice.figure:
            first.setdefault(advice.figure, advice.id)
    # `figure` lets nothing through that could harm a page.
    return {advice: Markup(_slim(figure(rulebase, name).svg)) for name, advice in first.items()}


def _slim(svg: str) -> str:
    """A drawing without what the style sheet says of all of them."""
    for said in _STYLED:
        svg = svg.replace(said, "")
    return svg.replace(' fill="none" stroke="currentColor"', ' fill="none"')
