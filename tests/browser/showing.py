"""A page as a person sees it: shown in the browser, looked at for what one would stumble over, checked with axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
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
        axe = Axe().run(self.page, options=WCAG)
        assert axe.response["passes"]
        return [f"{v['id']}: {[n['html'][:100] for n in v['nodes']]}" for v in axe.response["violations"]]


def wide(width: int, **options: Any) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": 800}, **options}
