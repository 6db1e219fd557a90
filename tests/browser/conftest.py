"""One browser for all tests of this folder, and for each test pages that cannot leave the machine."""

from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture
def shown(watch: Watch, tmp_path: Path, request: pytest.FixtureRequest) -> Shown:
    """A page that is `DESK` wide and light, unless the test says otherwise (parameters of a context)."""
    options = {"viewport": {"width": DESK, "height": 800}, **getattr(request, "param", {})}
    return Shown(watch.page(**options), tmp_path / "page.html")
