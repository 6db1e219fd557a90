"""The page of a summary in a real browser: accessible, whole at every width, silent, and readable on paper."""

from __future__ import annotations

from datetime import date

import pytest
from chromium import Watch

from browser.showing import DESK, NARROW, ZOOMED, Shown, wide
from triage.cli.summary import written_as
from triage.knowledge.model import RuleBase
from triage.scale.run import Counts
from triage.scale.summary import summary

NAME = "a name of a file that is so long that it has to be broken/" + 9 * "the_answers_of_all_people_" + ".csv"


@pytest.fixture(scope="module")
def pages(rulebase: RuleBase) -> dict[str, str]:
    """One in which all came up, with figures of many digits, and one without any row."""
    kinds = {"disposition": rulebase.dispositions, "red_flags": rulebase.red_flags}
    kinds |= dict.fromkeys(("causes", "needs_checking"), rulebase.causes)
    results = Counts(
        {f"{kind}:{name}": 75_000 * n + 1 for kind, names in kinds.items() for n, name in enumerate(names)}
    )
    written = 12_345_678
    results |= {
        "missing:": 12,
        "disposition:": 12,
        "read": written + 7,
        "written": written,
        "refused": 3,
        "unfinished": 4,
    }
    told = {"full": summary(rulebase, results, NAME), "empty": summary(rulebase, Counts(), NAME)}
    return {name: written_as("html", one, rulebase, 0, date(2026, 11, 21)) for name, one in told.items()}


SEEN = pytest.mark.parametrize(
    "shown",
    [
        wide(NARROW),
        wide(NARROW, color_scheme="dark"),
        wide(ZOOMED, device_scale_factor=2),
        wide(DESK),
        wide(DESK, color_scheme="dark"),
        wide(DESK, forced_colors="active"),
    ],
    ids=["phone", "dark phone", "zoomed", "desk", "dark", "high contrast"],
    indirect=True,
)


@pytest.mark.sampled(5)
@SEEN
@pytest.mark.parametrize("name", ["full", "empty"])
def test_it_is_accessible_whole_and_silent(pages: dict[str, str], name: str, shown: Shown, watch: Watch) -> None:
    shown.show(pages[name])
    assert shown.violations() == []
    assert shown.faults() == []
    assert {url.rsplit("/", 1)[1] for url in watch.requests} == {"page.html"}
    assert [text for text in watch.messages if "axe" not in text] == []


BARS = """() => [...document.querySelectorAll("#dispositions ~ table svg")].map((frame) => {
    const bar = frame.querySelector("rect");
    return bar ? bar.getBoundingClientRect().width / frame.clientWidth : 0;
})"""


@pytest.mark.parametrize("shown", [wide(NARROW), wide(DESK)], ids=["phone", "desk"], indirect=True)
def test_bars_are_drawn_as_long_as_their_shares(pages: dict[str, str], rulebase: RuleBase, shown: Shown) -> None:
    shown.show(pages["full"])
    drawn = shown.page.evaluate(BARS)
    rows = [75_000 * n + 1 for n, _ in enumerate(rulebase.ladder)]
    assert drawn == [pytest.approx(max(0.005, n / 12_345_678), abs=0.002) for n in [*rows, 12]]


def test_on_paper_nothing_is_faint_in_grey_or_overlaps(pages: dict[str, str], shown: Shown) -> None:
    shown.page.set_viewport_size({"width": 718, "height": 1000})
    shown.page.emulate_media(media="print")
    shown.show(pages["full"])
    assert shown.faults(paper=True) == []
