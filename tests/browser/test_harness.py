"""The harness itself: a page that asks the network is caught, what it says is kept."""

from collections.abc import Callable
from pathlib import Path

import chromium
import pytest
from chromium import Watch
from playwright.sync_api import Browser, Error, Page

CLOSED = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
ASKING = {
    "image": '<img src="http://elsewhere.example/x.png">',
    "number": '<img src="http://192.0.2.1/x.png">',
    "style": '<link rel=stylesheet href="https://elsewhere.example/x.css">',
    "script": '<script src="https://elsewhere.example/x.js"></script>',
    "fetch": '<script>fetch("https://elsewhere.example/").catch(() => 0)</script>',
    "socket": '<script>new WebSocket("ws://elsewhere.example/")</script>',
    "stopped by the page's own policy": f'{CLOSED}<img src="http://elsewhere.example/x.png">',
}


def show(page: Page, body: str) -> None:
    page.set_content(f"<!doctype html><title>t</title>{body}", wait_until="load")
    page.evaluate("0")  # whatever it asked for has been told by then


@pytest.mark.sampled(3)
@pytest.mark.parametrize("body", ASKING.values(), ids=ASKING.keys())
def test_a_page_that_asks_the_network_fails_its_test(browser: Browser, body: str) -> None:
    with pytest.raises(AssertionError, match="asked the network"), chromium.watch(browser) as watch:
        show(watch.page(), body)
    assert len(watch.foreign) == 1


def test_nothing_foreign_is_reached(watch: Watch) -> None:
    with pytest.raises(Error, match="ERR_FAILED"):
        watch.page().goto("http://192.0.2.1/")
    watch.requests.clear()


def test_a_server_of_another_test_is_foreign(browser: Browser, tmp_path: Path) -> None:
    with chromium.watch(browser) as other:
        address = other.serve(tmp_path)
        with pytest.raises(AssertionError, match="asked the network"), chromium.watch(browser) as watch:
            show(watch.page(), f'<img src="{address}/x.png">')


def as_file(folder: Path, _: Watch) -> str:
    return (folder / "page.html").as_uri()


def as_served(folder: Path, watch: Watch) -> str:
    return f"{watch.serve(folder)}/page.html"


@pytest.mark.parametrize("address", [as_file, as_served])
def test_what_is_of_this_machine_is_shown(watch: Watch, tmp_path: Path, address: Callable[[Path, Watch], str]) -> None:
    (tmp_path / "page.html").write_text(
        "<!doctype html><title>t</title><link rel=icon href=data:,>"
        "<link rel=stylesheet href=style.css><img alt='' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><h1>Here</h1>"
    )
    (tmp_path / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    page = watch.page()
    page.goto(address(tmp_path, watch))
    assert page.locator("h1").evaluate("heading => getComputedStyle(heading).color") == "rgb(1, 2, 3)"
    assert len(watch.requests) >= 2
    assert watch.messages == []


def test_what_a_page_says_is_kept(watch: Watch) -> None:
    page = watch.page()
    show(page, '<script>console.warn("careful"); throw Error("broken")</script>')
    assert "careful" in watch.messages
    assert any("broken" in message for message in watch.messages)


def test_a_style_against_the_policy_is_told(watch: Watch) -> None:
    show(watch.page(), f"{CLOSED}<style>h1 {{ color: red }}</style>")
    assert any("Content Security Policy" in message for message in watch.messages)


def without_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with chromium.browser():
        pass


def test_no_browser_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(chromium.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        without_browser(monkeypatch)


def test_no_browser_fails_where_one_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        without_browser(monkeypatch)
