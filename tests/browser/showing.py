"""A page as a person sees it: shown in the browser, looked at for what one would stumble over, checked with axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from firefox import Firefox
from playwright.sync_api import Page

WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
NARROW, PHONE, ZOOMED, DESK = 320, 390, 640, 1280  # CSS pixels; the third is the fourth at 200 %
LOOK = (Path(__file__).parent / "look.js").read_text("utf-8")


class Shown:
    """A page of the browser that shows one text after the other, each from a file."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self._file = page, file

    def show(self, html: str) -> None:
        self._file.write_text(html, "utf-8")
        self.page.goto(self._file.as_uri())

    def faults(self, paper: bool = False) -> list[str]:
        """What a reader would stumble over."""
        found: list[str] = self.page.evaluate(LOOK, {"least": 4.5, "paper": paper})
        return found

    def violations(self) -> list[str]:
        """What axe finds, with what is there."""
        return violations_in(Axe().run(self.page, options=WCAG).response)


def violations_in(found: dict[str, Any]) -> list[str]:
    """What axe said, in short."""
    assert found["passes"]
    return [f"{v['id']}: {[n['html'][:100] for n in v['nodes']]}" for v in found["violations"]]


def violations_in_firefox(fox: Firefox) -> list[str]:
    """The same of the page that Firefox shows."""
    tell = "const told = arguments[1]; axe.run(document, arguments[0]).then(told, told);"
    return violations_in(fox.run_until_told(f"{AXE_SCRIPT};{tell}", WCAG))


def wide(width: int, **options: Any) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": 800}, **options}
