"""One browser for all tests of this folder, and for each test pages that cannot leave the machine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from chromium import Watch
from firefox import Firefox, firefox
from playwright.sync_api import Browser, Page

from browser.showing import DESK, Shown


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: other tests need the event loop that Playwright occupies."""
    with chromium.browser() as started:
        yield started


@pytest.fixture(scope="package")
def fox() -> Iterator[Firefox]:
    """One Firefox for all tests."""
    with firefox() as started:
        yield started


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watch]:
    """Pages of this test; it fails if one of them asked for anything that is not of this machine."""
    with chromium.watch(browser) as watched:
        yield watched


@pytest.fixture
def page(watch: Watch) -> Page:
    """A page of the usual size."""
    return watch.page()


@pytest.fixture(scope="package")
def opened(browser: Browser) -> Callable[..., Page]:
    """A page of a context with these options, opened once: that takes longer than most tests."""
    pages: dict[str, Page] = {}

    def page(**options: Any) -> Page:
        if repr(options) not in pages:
            pages[repr(options)] = browser.new_context(**options).new_page()
        return pages[repr(options)]

    return page


@pytest.fixture
def shown(watch: Watch, opened: Callable[..., Page], tmp_path: Path, request: pytest.FixtureRequest) -> Shown:
    """A page that is `DESK` wide and light, unless the test says otherwise (parameters of a context)."""
    options = {"viewport": {"width": DESK, "height": 800}, **getattr(request, "param", {})}
    page = opened(**options)
    page.set_viewport_size(options["viewport"])  # whatever the last test did to it
    page.emulate_media(media="null")
    watch.look_at(page)
    return Shown(page, tmp_path / "page.html")
