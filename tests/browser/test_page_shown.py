"""The page in a real browser: accessible, whole at every width, silent, and on a few sheets of paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from random import Random
from typing import Any

import pytest
from chromium import Watch
from pypdf import PdfReader

from browser.showing import DESK, PHONE, ZOOMED, Shown, wide
from triage.cli.common import written
from triage.conversation.interview import missing_from
from triage.output.view import NOTHING_MORE, Wanted
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

WANTED = Wanted(day=date(2026, 11, 21), title="Somebody's leg")
SAMPLE, LONGEST = 5, 6  # scenarios that are shown
MOST_DIFFERENT = ("emergency", "self_care", "not finished", "explained")
SHEETS = {"emergency": 1, "urgent": 3}  # of paper; of any other level 4


@pytest.fixture(scope="module")
def results(stories: Mapping[str, Assessment]) -> dict[str, Assessment]:
    """Of every story that is told to its end."""
    return {name: found for name, found in stories.items() if found.complete}


@pytest.fixture(scope="module")
def by_length(engine: Engine, results: dict[str, Assessment]) -> list[str]:
    """Every story, the one first that tells most."""
    lengths = {name: len(written("text", engine.rulebase, one, NOTHING_MORE)) for name, one in results.items()}
    return sorted(lengths, key=lambda name: -lengths[name])


@pytest.fixture(scope="module")
def kinds(engine: Engine, results: dict[str, Assessment], by_length: list[str]) -> dict[str, str]:
    """The longest page of every kind: each level, pregnancy, a child; one not finished, one that explains all."""
    level_of = {name: results[name].disposition.id for name in by_length}
    first = {level: next(name for name in by_length if level_of[name] == level) for level in set(level_of.values())}
    assert first.keys() == {level.id for level in engine.rulebase.ladder}
    first |= {
        folder: next(name for name in by_length if name.startswith(folder)) for folder in ("pregnancy", "children")
    }
    pages = {kind: page_of(engine, results[name]) for kind, name in first.items()}
    begun = dict(list(results[by_length[0]].answers.items())[:4])
    pages["not finished"] = page_of(engine, assess(engine, begun, missing_from(engine, begun)))
    whole = results[by_length[0]]
    causes = tuple(cause for cause in engine.rulebase.causes if cause not in {c.cause.id for c in whole.causes})
    pages["explained"] = page_of(engine, whole, WANTED._replace(how=True, why_not=causes[:3]))
    return pages


@pytest.fixture(scope="module")
def pages(
    engine: Engine, results: dict[str, Assessment], by_length: list[str], kinds: dict[str, str]
) -> dict[str, str]:
    """Of every kind, the longest ones, and a sample of the others."""
    some = by_length[:LONGEST] + Random(5).sample(by_length[LONGEST:], SAMPLE)
    return kinds | {name: page_of(engine, results[name]) for name in some}


def page_of(engine: Engine, one: Assessment, wanted: Wanted = WANTED) -> str:
    return written("html", engine.rulebase, one, wanted)


WIDTHS = pytest.mark.parametrize(
    "shown",
    [wide(PHONE), wide(ZOOMED, device_scale_factor=2), wide(DESK)],
    ids=["phone", "zoomed", "desk"],
    indirect=True,
)


def every(pages: Mapping[str, str], shown: Shown, found: Any) -> dict[str, Any]:
    """What `found` finds on each page, where it finds something."""
    told = {}
    for name, html in pages.items():
        shown.show(html)
        if faults := found():
            told[name] = faults
    return told


# --- on a screen


@pytest.mark.parametrize(
    "shown",
    [wide(DESK), wide(DESK, color_scheme="dark"), wide(PHONE)],
    ids=["light", "dark", "phone"],
    indirect=True,
)
def test_axe_finds_no_violation(kinds: dict[str, str], shown: Shown, request: pytest.FixtureRequest) -> None:
    """Of every kind of page where it is light; dark and on a phone of the four that differ most."""
    some = kinds if "light" in request.node.name else {name: kinds[name] for name in MOST_DIFFERENT}
    assert every(some, shown, shown.violations) == {}


@WIDTHS
def test_nothing_is_cut_off_or_overlaps_or_is_faint(pages: dict[str, str], shown: Shown) -> None:
    assert every(pages, shown, shown.faults) == {}


@pytest.mark.parametrize("shown", [wide(DESK, color_scheme="dark")], ids=["dark"], indirect=True)
def test_nothing_is_faint_in_the_dark(kinds: dict[str, str], shown: Shown) -> None:
    assert shown.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert every(kinds, shown, shown.faults) == {}


SPACED = """() => document.querySelectorAll("body, body *").forEach((element) => {
    element.style.lineHeight = "1.5";
    element.style.letterSpacing = "0.12em";
    element.style.wordSpacing = "0.16em";
})"""


@pytest.mark.parametrize("shown", [wide(PHONE), wide(DESK)], ids=["phone", "desk"], indirect=True)
def test_a_reader_can_space_the_text(kinds: dict[str, str], shown: Shown) -> None:
    """WCAG 1.4.12; drawings are not text that can be spaced."""

    def faults() -> list[str]:
        shown.page.evaluate(SPACED)
        return [fault for fault in shown.faults() if not fault.startswith("cut off")]

    assert every(kinds, shown, faults) == {}


def test_nothing_is_asked_for_and_nothing_is_complained_about(
    pages: dict[str, str], shown: Shown, watch: Watch
) -> None:
    for html in pages.values():
        shown.show(html)
    assert watch.messages == []
    assert {url.rsplit("/", 1)[1] for url in watch.requests} == {"page.html"}


LOADING = {
    "image": "new Image().src = 'data:,x'",
    "style": "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p { color: red }'}))",
    "script": "document.body.append(Object.assign(document.createElement('script'), {textContent: 'x = 1'}))",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), {src: 'data:,x'}))",
}


@pytest.mark.parametrize("loading", LOADING.values(), ids=LOADING.keys())
def test_what_somebody_adds_to_the_page_is_not_loaded(
    kinds: dict[str, str], shown: Shown, watch: Watch, loading: str
) -> None:
    shown.show(kinds["self_care"])
    assert watch.messages == []
    with shown.page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        shown.page.evaluate(f"() => {{ {loading} }}")


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(kinds: dict[str, str], shown: Shown) -> None:
    shown.show(kinds["self_care"])
    links = shown.page.locator("a:visible")
    for at in range(links.count()):
        shown.page.keyboard.press("Tab")
        assert links.nth(at).evaluate("link => link === document.activeElement")
        assert links.nth(at).evaluate("link => getComputedStyle(link).outlineStyle") != "none"
    assert links.count() > 3


# --- on paper


WORDS = """() => {
    const found = [], range = document.createRange();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        range.selectNodeContents(walker.currentNode);
        if (range.getClientRects().length) found.push(walker.currentNode.data);
    }
    return found.join(" ").split(/\\s+/).filter(Boolean);
}"""


def words_shown(shown: Shown) -> list[str]:
    """All words that the page shows now."""
    found: list[str] = shown.page.evaluate(WORDS)
    return found


def squeezed(text: str) -> str:
    """Without blanks and line ends, and with no two letters drawn as one: words may be broken at the end of a line."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def sheets_of(shown: Shown, paper: str) -> PdfReader:
    """What is printed; reading the words of a sheet takes longer than printing it."""
    return PdfReader(BytesIO(shown.page.pdf(format=paper)))


def lost_words(shown: Shown, sheets: PdfReader) -> list[str]:
    """The words of the page that cannot be selected there."""
    text = squeezed("".join(sheet.extract_text() for sheet in sheets.pages))
    return [word for word in words_shown(shown) if squeezed(word) not in text]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_few_sheets_and_no_heading_ends_one(
    pages: dict[str, str], shown: Shown, paper: str, results: dict[str, Assessment]
) -> None:
    """Each with all its steps, in columns that are filled."""
    for name, html in pages.items():
        level = results[name].disposition.id if name in results else name
        shown.show(html)
        sheets = sheets_of(shown, paper).pages
        assert len(sheets) <= SHEETS.get(level, 4) or name == "explained", name
        headings = {squeezed(one) for one in shown.page.locator("h2, h3").all_inner_texts()}
        last = [[squeezed(line) for line in sheet.extract_text().splitlines()][-2] for sheet in sheets]
        assert not headings & set(last), name


def test_every_printed_word_can_be_selected(kinds: dict[str, str], shown: Shown) -> None:
    shown.page.emulate_media(media="print")  # for the words; the PDF is always of that
    assert every(kinds, shown, lambda: lost_words(shown, sheets_of(shown, "A4"))) == {}


def test_on_paper_nothing_is_faint_in_grey_or_overlaps(pages: dict[str, str], shown: Shown) -> None:
    shown.page.set_viewport_size({"width": 718, "height": 1000})  # what an A4 sheet leaves
    shown.page.emulate_media(media="print")
    assert every(pages, shown, lambda: shown.faults(paper=True)) == {}


# --- the tests themselves

BROKEN = {
    "scrolls sideways": '<div style="width: 1400px">x</div>',
    "cut off": '<p style="position: absolute; left: -3em">words</p>',
    "cut off: drawn": '<svg width=20 height=20 style="overflow: hidden"><text y=15>drawn wide</text></svg>',
    "wider than its box": '<div style="width: 3em; overflow: hidden">incomprehensibilities</div>',
    "higher than its box": '<div style="height: 1em; overflow: hidden">some<br>more</div>',
    "overlap": '<p>some words</p><p style="margin-top: -2em">other words</p>',
    "faint (2.8)": '<p style="color: #999">words</p>',
    "faint (1.0)": "<svg width=90 height=20><rect width=90 height=20 fill=black /><text y=15>words</text></svg>",
    "nothing is shown": "<p hidden>words</p>",
}


@pytest.mark.parametrize(("fault", "body"), BROKEN.items(), ids=BROKEN)
def test_what_is_wrong_is_seen(shown: Shown, fault: str, body: str) -> None:
    shown.show(f"<!doctype html><html lang=en><title>t</title><body>{body}")
    assert [found for found in shown.faults() if found.startswith(fault)]
    shown.show("<!doctype html><html lang=en><title>t</title><p>words</p><p>other words</p>")
    assert shown.faults() == []


def test_axe_sees_what_is_wrong(shown: Shown) -> None:
    shown.show('<!doctype html><title>t</title><p style="color: #999">words</p><img src="data:,x">')
    found = {violation.split(":")[0] for violation in shown.violations()}
    assert found >= {"html-has-lang", "color-contrast", "image-alt", "region"}


def test_a_lost_word_is_seen(shown: Shown) -> None:
    shown.show("<!doctype html><title>t</title>" + "<p>office</p>" * 200)
    sheets = sheets_of(shown, "A4")
    assert len(sheets.pages) > 4
    assert lost_words(shown, sheets) == []
    shown.show("<!doctype html><title>t</title><style>@media print { b { display: none } }</style><p>one<p><b>two</b>")
    sheets = sheets_of(shown, "A4")
    assert (len(sheets.pages), lost_words(shown, sheets)) == (1, ["two"])
