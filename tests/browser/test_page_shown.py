"""The page in a real browser: accessible, whole at every width, silent, and on a few sheets of paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from io import BytesIO

import pytest
from chromium import Watch
from pypdf import PdfReader

from browser.showing import DESK, NARROW, PHONE, Shown, wide
from triage.cli.common import written
from triage.knowledge.figures import read_figure
from triage.output.page import image
from triage.output.view import Wanted
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

WANTED = Wanted(day=date(2026, 11, 21), title="Somebody's leg")
POINT = 4 / 3  # in CSS pixels
SHEETS = {"emergency": 1}  # of paper; of any other level 2


@pytest.fixture(scope="module")
def pages(engine: Engine, stories: Mapping[str, Assessment]) -> dict[str, str]:
    """The longest page of every level, and of those that are not finished; without replies."""
    longest: dict[str, str] = {}
    for found in (one for one in stories.values() if not one.replies):
        name = found.disposition.id if found.complete else "not finished"
        longest[name] = max(longest.get(name, ""), written("html", engine.rulebase, found, WANTED), key=len)
    assert longest.keys() == {*(level.id for level in engine.rulebase.ladder), "not finished"}
    return longest


@pytest.fixture(scope="module")
def others(engine: Engine, stories: Mapping[str, Assessment]) -> dict[str, str]:
    """One that tells everything, one in large print, each of a result with much to tell; and one with many replies."""
    found = max(stories.values(), key=lambda one: len(one.relief) + len(one.prevention) + len(one.checks))
    kinds = {"full": WANTED._replace(full=True), "large": WANTED._replace(large=True)}
    asked = max(stories.values(), key=lambda one: len(one.replies))
    made = {name: written("html", engine.rulebase, found, wanted) for name, wanted in kinds.items()}
    return {"replies": written("html", engine.rulebase, asked, WANTED), **made}


# --- on a screen


LEVELS = ("emergency", "urgent", "soon", "routine", "self_care")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("shown", "some"),
    [
        (wide(NARROW), (*LEVELS, "full")),
        (wide(PHONE, color_scheme="dark"), (*LEVELS, "large")),
        (wide(DESK), (*LEVELS, "not finished", "replies")),
    ],
    ids=["narrow", "dark phone", "desk"],
    indirect=["shown"],
)
def test_it_is_accessible_whole_and_silent(
    pages: dict[str, str], others: dict[str, str], some: tuple[str, ...], shown: Shown, watch: Watch
) -> None:
    for name in some:
        shown.show((pages | others)[name])
        assert (name, shown.violations(), shown.faults()) == (name, [], [])
    assert {url.rsplit("/", 1)[1] for url in watch.requests} == {"page.html"}
    assert [text for text in watch.messages if "axe" not in text] == []


SMALLEST = """() => Math.min(...[...document.querySelectorAll("%s")].filter(one => one.checkVisibility())
    .map(one => parseFloat(getComputedStyle(one).fontSize)))"""


def smallest(shown: Shown, selector: str) -> float:
    """The size of the smallest letters there, in points of paper."""
    size: float = shown.page.evaluate(SMALLEST % selector)
    return round(size / POINT, 2)


@pytest.mark.parametrize("shown", [wide(NARROW), wide(DESK)], ids=["narrow", "desk"], indirect=True)
def test_letters_on_the_screen_are_large(pages: dict[str, str], others: dict[str, str], shown: Shown) -> None:
    shown.show(pages["self_care"])
    assert smallest(shown, "main p, main li, main td") >= 17 / POINT
    shown.show(others["large"])
    assert smallest(shown, "body *") >= 24 / POINT


SPACED = """() => document.querySelectorAll("body, body *").forEach((element) => {
    element.style.lineHeight = "1.5";
    element.style.letterSpacing = "0.12em";
    element.style.wordSpacing = "0.16em";
})"""


@pytest.mark.parametrize("shown", [wide(NARROW)], ids=["narrow"], indirect=True)
def test_a_reader_can_space_the_text(pages: dict[str, str], others: dict[str, str], shown: Shown) -> None:
    """WCAG 1.4.12; drawings are not text that can be spaced."""
    for html in (pages["routine"], *others.values()):
        shown.show(html)
        shown.page.evaluate(SPACED)
        assert [fault for fault in shown.faults() if not fault.startswith("cut off")] == []


LOADING = (
    "new Image().src = 'x.png'",
    "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p { color: red }'}))",
    "document.body.append(Object.assign(document.createElement('script'), {textContent: 'x = 1'}))",
    "document.body.append(Object.assign(document.createElement('iframe'), {src: 'data:,x'}))",
)


@pytest.mark.parametrize("loading", LOADING, ids=["image", "style", "script", "frame"])
def test_what_somebody_adds_to_the_page_is_not_loaded(
    pages: dict[str, str], shown: Shown, watch: Watch, loading: str
) -> None:
    shown.show(pages["emergency"])
    assert watch.messages == []
    with shown.page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        shown.page.evaluate(f"() => {{ {loading} }}")


HOSTILE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="document.title = 'changed'">
<title>A "leg"</title><desc>&lt;b&gt;</desc><script>document.title = "changed"; fetch("https://example.org")</script>
<style>@import "https://example.org/a.css";</style><image href="https://example.org/a.png" width="9" height="9"/></svg>"""


def test_a_drawing_runs_nothing_and_asks_for_nothing(shown: Shown, watch: Watch) -> None:
    drawing = image(read_figure("hostile.svg", HOSTILE.encode()))
    shown.show(f"<!doctype html><title>kept</title>{drawing}")  # without any policy
    picture = shown.page.get_by_role("img", name='A "leg". <b>')
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)")
    assert shown.page.title() == "kept"
    assert [address.partition(":")[0] for address in watch.requests] == ["file"]


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(others: dict[str, str], shown: Shown) -> None:
    shown.show(others["full"])
    links = shown.page.locator("a:visible")
    assert links.count() > 3
    for at in range(5):
        shown.page.keyboard.press("Tab")
        assert links.nth(at).evaluate("link => link === document.activeElement")
        assert links.nth(at).evaluate("link => getComputedStyle(link).outlineStyle") != "none"


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


def sheets_of(shown: Shown, paper: str) -> list[str]:
    """The text of each sheet that is printed."""
    return [sheet.extract_text() for sheet in PdfReader(BytesIO(shown.page.pdf(format=paper))).pages]


def lost_words(shown: Shown, sheets: list[str]) -> list[str]:
    """The words of the page that cannot be selected there."""
    text = squeezed("".join(sheets))
    return [word for word in words_shown(shown) if squeezed(word) not in text]


def lone_headings(shown: Shown, sheets: list[str]) -> list[str]:
    """The headings with which a sheet ends, but for its number."""
    headings = [squeezed(one) for one in shown.page.locator("h1, h2, h3").all_inner_texts()]
    last = [
        [line for line in map(squeezed, sheet.splitlines()) if not re.fullmatch(r"\d+(/\d+)?", line)][-1]
        for sheet in sheets
    ]
    return [line for line in last if any(heading.endswith(line) for heading in headings)]


ADVICE = """items => items.map(one => [...one.querySelectorAll("h3, li")].map(part => part.innerText))"""


def torn_advice(shown: Shown, sheets: list[str]) -> list[str]:
    """What to do, where not all of it, with its cautions, stands on one sheet."""
    flat = [squeezed(sheet) for sheet in sheets]
    advice: list[list[str]] = shown.page.locator("#relief > ul > li").evaluate_all(ADVICE)
    return [parts[0] for parts in advice if not any(all(squeezed(part) in sheet for part in parts) for sheet in flat)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("paper", "more"), [("A4", ["full", "large", "replies"]), ("Letter", [])])
def test_it_prints_whole_on_few_sheets(
    pages: dict[str, str], others: dict[str, str], shown: Shown, paper: str, more: list[str]
) -> None:
    shown.page.emulate_media(media="print")  # for the words; the PDF is always of that
    for name in (*LEVELS, *more):
        shown.show((pages | others)[name])
        sheets = sheets_of(shown, paper)
        told = [lost_words(shown, sheets), lone_headings(shown, sheets), torn_advice(shown, sheets)]
        assert (name, told) == (name, [[], [], []])
        assert name in others or len(sheets) <= SHEETS.get(name, 2), name


def test_on_paper_nothing_is_faint_in_grey_or_overlaps_and_letters_are_large(
    pages: dict[str, str], others: dict[str, str], shown: Shown
) -> None:
    shown.page.set_viewport_size({"width": 718, "height": 1000})  # what an A4 sheet leaves
    shown.page.emulate_media(media="print")
    for name, html in (pages | others).items():
        shown.show(html)
        assert (name, shown.faults(paper=True)) == (name, [])
        assert smallest(shown, "#result *") >= 12, name
    assert name == "large"
    assert smallest(shown, "body *") >= 16


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
    assert len(sheets) > 4
    assert lost_words(shown, sheets) == []
    shown.show("<!doctype html><title>t</title><style>@media print { b { display: none } }</style><p>one<p><b>two</b>")
    sheets = sheets_of(shown, "A4")
    assert (len(sheets), lost_words(shown, sheets)) == (1, ["two"])


def test_a_lone_heading_and_torn_advice_are_seen(shown: Shown) -> None:
    number = "<style>@page { margin: 1cm; @bottom-right { content: counter(page) } }</style>"
    advice = "<section id=relief><ul><li><h3>What to do</h3><ul><li>first<li style='break-before: page'>then"
    shown.show(f"<!doctype html><title>t</title>{number}{advice}")
    assert torn_advice(shown, sheets_of(shown, "A4")) == ["What to do"]
    shown.show(f"<!doctype html><title>t</title>{number}<h2>A heading</h2><p style='break-before: page'>text")
    assert lone_headings(shown, sheets_of(shown, "A4")) == ["Aheading"]
