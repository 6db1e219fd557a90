"""The page to answer in, in real browsers, without JavaScript: accessible, whole, by keyboard, and back keeps answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chromium import Watch
from firefox import Firefox
from playwright.sync_api import Browser, Locator, Page
from terminal import NIGHT
from visitor import Visitor

from browser.showing import DESK, NARROW, PHONE, ZOOMED, Shown, violations_in_firefox
from triage.reasoning.engine import Engine
from triage.web import application_of
from triage.web.state import State

TOUCH = 44  # CSS pixels of what is touched


@pytest.fixture
def open_page(watch: Watch, engine: Engine) -> Callable[..., Page]:
    """Opens the first page."""
    address = watch.serve_application(application_of(engine))

    def opened(**options: Any) -> Page:
        page = watch.page(**options)
        page.goto(f"{address}/")
        return page

    return opened


def answer(page: Page, *options: str, number: str = "") -> None:
    for option in options:
        page.locator(f"[name=x][value={option}]").check()
    if number:
        page.locator("#number").fill(number)
    follow(page.get_by_role("button", name="Continue"))


def follow(leads_on: Locator) -> None:
    """Click, and wait for the next page."""
    with leads_on.page.expect_navigation():
        leads_on.click()


def kinds(page: Page) -> Iterator[str]:
    """The kinds of pages, one after the other, each with its name."""
    yield "first"
    answer(page, "me_now")
    yield "list"
    answer(page, "d_fever", "none")
    yield "error"
    page.locator("[value=none]").uncheck()
    answer(page)
    yield "follow-up"
    answer(page, "f_mild")
    answer(page, "d_pee")
    yield "number, and something urgent"
    answer(page, number="70")
    yield "later"
    while page.locator("[name=x]").count():
        answer(page, "none" if page.locator("[value=none]").count() else "left")
    yield "check"
    follow(page.get_by_role("button", name="Show the result"))
    yield "result"
    for one in page.locator("section.more summary").all():
        one.click()
    yield "all of it"
    follow(page.locator("button[value='change:muscle']"))
    yield "added"
    answer(page, "mu_calf")
    follow(page.get_by_role("button", name="Clear my answers"))
    yield "cleared"
    follow(page.get_by_role("link", name="Begin again"))
    answer(page, "adult")
    answer(page, "d_breath")
    yield "emergency"


LOOKS = {
    "phone": {"viewport": {"width": PHONE, "height": 844}},
    "zoomed": {"viewport": {"width": ZOOMED, "height": 400}, "device_scale_factor": 2, "forced_colors": "active"},
    "narrow and dark": {"viewport": {"width": NARROW, "height": 640}, "color_scheme": "dark"},
    "desk": {"viewport": {"width": DESK, "height": 800}},
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_kind_of_page_is_accessible_and_whole(
    open_page: Callable[..., Page], watch: Watch, tmp_path: Any, look: dict[str, Any]
) -> None:
    page = open_page(**look)
    shown = Shown(page, tmp_path / "none")
    is_phone = look["viewport"]["width"] == PHONE
    for name in kinds(page):
        assert shown.faults() == [], name
        assert small(page) == [], name
        if is_phone or name in ("list", "result"):
            assert shown.violations() == [], name
        if name == "all of it":
            page.emulate_media(media="print")
            assert shown.faults(paper=True) == [], "on paper"
            page.emulate_media(media="screen")
    assert [text for text in watch.messages if "axe" not in text and "Clear-Site-Data" not in text] == []


SMALL = """(least) => [...document.querySelectorAll("button, select, summary, label, header a, .phone")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < least && !one.closest(".number, .country label"))
    .filter((one) => one.tagName !== "LABEL" || one.closest(".option"))
    .map((one) => `${one.textContent.trim().slice(0, 30)}: ${one.getBoundingClientRect().height}`)"""


def small(page: Page) -> list[str]:
    """What is too low to be touched safely."""
    found: list[str] = page.evaluate(SMALL, TOUCH)
    return found


def test_back_of_the_browser_keeps_answers_and_enter_continues(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    answer(page, "me")
    answer(page, "d_fever")
    answer(page, "f_mild")
    answer(page, "none")
    page.locator("#number").fill("70")
    with page.expect_navigation():
        page.locator("#number").press("Enter")
    heading = page.locator("h1").inner_text()
    assert heading != "How old?"
    page.go_back()
    assert page.locator("h1").inner_text() == "How old?"
    assert page.locator("#number").input_value() == "70"
    page.go_back()
    page.go_back()
    page.go_back()
    assert page.locator("[value=d_fever]").is_checked()
    page.go_forward()
    page.go_forward()
    page.go_forward()
    answer(page, number="71")
    assert page.locator("h1").inner_text() == heading


def test_back_and_forward_send_nothing_again(browser: Browser, watch: Watch, engine: Engine) -> None:
    application, posted = application_of(engine), list[str]()

    def counting(environ: dict[str, Any], start_response: Any) -> Any:
        posted.append(environ["REQUEST_METHOD"])
        return application(environ, start_response)

    context = browser.new_context()  # one that is not watched: to watch a browser's requests turns its cache off
    page = context.new_page()
    page.goto(watch.serve_application(counting))
    answer(page, "me")
    answer(page, "none")
    answer(page, "none")
    assert posted.count("POST") == 3
    page.go_back()
    page.go_back()
    assert page.locator("[value=d_breath]").count() == 1
    page.go_forward()
    page.go_forward()
    assert page.locator("#number").count() == 1
    assert posted.count("POST") == 3
    context.close()


def test_an_error_takes_the_focus_and_leads_to_the_field(open_page: Callable[..., Page]) -> None:
    page = open_page()
    answer(page)
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "problem"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.locator("[name=x]").first.is_checked()


def test_it_can_be_answered_by_keyboard_alone(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("[value=d_breath]").wait_for()
    assert page.locator("h1").inner_text() == "Now, or in the last days?"
    page.locator("[value=d_breath]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens the detail
    assert page.locator(".option details").first.evaluate("one => one.open")
    page.locator("[value=d_breath]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("section.emergency h1").wait_for()


@pytest.mark.nightly
def test_firefox_goes_back_and_forward_and_keeps_answers(fox: Firefox, watch: Watch, engine: Engine) -> None:
    address = watch.serve_application(application_of(engine))
    fox.open(f"{address}/")
    fox.click("[value=me]")
    fox.click("[value=go]")
    fox.wait("document.querySelector('[value=d_breath]')")
    for wanted in ("[value=d_cold]", "#number"):
        fox.click("[name=x][value=none]")
        fox.click("[value=go]")
        fox.wait(f"document.querySelector('{wanted}')")
    fox.keys("#number", "70\ue007")  # Enter
    fox.wait("document.querySelector('[value=l_one]')")
    fox.back()
    fox.wait("document.querySelector('#number')")
    assert fox.run("return document.querySelector('#number').value") == "70"
    fox.forward()
    fox.wait("document.querySelector('[value=l_one]')")
    fox.click("[name=x][value=none]")
    fox.click("[value=l_one]")
    fox.click("[value=go]")
    fox.wait("document.title.startsWith('Error')")
    assert fox.run("return document.activeElement.className") == "problem"


@pytest.mark.nightly
def test_every_kind_of_page_is_accessible_in_firefox_too(fox: Firefox, watch: Watch, engine: Engine) -> None:
    visitor = Visitor(application_of(engine))
    visitor.open()
    visitor.tick("me_now")
    visitor.tick("d_fever", "none")  # an error
    visitor.tick("d_fever")
    visitor.tick("f_mild")
    visitor.tick("d_pee")  # something urgent, and a number
    visitor.type("70")
    visitor.send([*State(country="", answers=NIGHT).fields()])
    visitor.press("result")
    visitor.press("change:muscle")
    visitor.send([], "/clear")
    visitor.send([("at", "danger"), ("x", "d_breath"), ("do", "go")])
    visitor.send([("a.nose", "none")])  # cannot be read

    def kept(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        page = visitor.pages[int(environ["PATH_INFO"][1:])]
        start_response("200 OK", [*page.headers.items()])
        return [page.body.encode()]

    address = watch.serve_application(kept)
    for number, page in enumerate(visitor.pages):
        fox.open(f"{address}/{number}")
        assert violations_in_firefox(fox) == [], page.title
