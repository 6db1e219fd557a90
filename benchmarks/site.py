"""How long it takes to answer on the static site at a slow processor, and how much memory that needs.

    python benchmarks/site.py [FOLDER] [--slow N] [--rounds N]

FOLDER is what `export site` wrote; without it, `python tests/browser/pyodide.py` once. All processes of Chromium stand still
but for one part in N of the time: its own brake leaves workers as fast as they are.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # this checkout, and the browser of its tests

import chromium
from browser.pyodide import ARCHIVE

from benchmarks.shared import Bar, exit_code, in_turn, options, run
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.web.static_site import write_site

FIRST, ANSWERED = 1.0, 6.0  # seconds from opening: the first question is there; Python has made a page
STEP = 0.01  # seconds that the browser runs in one go


def browsers() -> dict[int, str]:
    """The processes of the browser that this one started, with the command of each."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(re.findall(r"PPid:\s+(\d+)", (folder / "status").read_text())[0])
            commands[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    own = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in own} - own:
        own |= more
    return {one: commands[one] for one in own if "chromium" in commands.get(one, "").partition(" ")[0]}


@contextmanager
def slowed(times: int) -> Iterator[None]:
    """The browser runs for one part of so many."""
    over = Event()

    def brake() -> None:
        while times > 1 and not over.is_set():
            found = browsers()
            for wanted, seconds in ((signal.SIGSTOP, STEP * (times - 1)), (signal.SIGCONT, STEP)):
                for process in found:
                    with suppress(OSError):
                        os.kill(process, wanted)
                over.wait(seconds)

    thread = Thread(target=brake)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def answered(watch: chromium.Watch, address: str, slow: int) -> list[float]:
    """When there were: the first question, the danger list, its second screen, and the page after, which needs Python."""
    page, taken = watch.page(viewport={"width": 390, "height": 844}), []
    with slowed(slow):
        begun = monotonic()
        page.goto(address, wait_until="commit")
        for option, wanted in (("me", "d_breath"), ("none", "d_cold"), ("none", "a_na")):
            page.locator(f"[name=x][value={option}]").wait_for()
            taken.append(monotonic() - begun)
            page.locator(f"[name=x][value={option}]").check()
            page.locator("button[value=go]").click()
            page.locator(f"[value={wanted}]").wait_for(state="attached", timeout=120_000)
        taken.append(monotonic() - begun)
    print("  ".join(f"{one:.1f}" for one in taken), f"s, {memory():.0f} MB", flush=True)
    page.context.close()
    return taken


def memory() -> float:
    """Megabytes that the process of the page has to itself, with its worker."""
    held = [
        int(re.findall(r"Private_Dirty:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text())[0])
        for one, command in browsers().items()
        if "--type=renderer" in command
    ]
    return max(held) / 1024


def main() -> int:
    """0 if every bar is held."""
    parser = options(__doc__, slow=4, rounds=3)
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="the site (one is built)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, chromium.browser() as browser, chromium.watch(browser) as watch:
        if not args.folder:
            write_site(Path(made), Engine(load()), str(ARCHIVE))
        address = f"{watch.serve(args.folder or Path(made))}/"
        [taken] = in_turn({address: partial(answered, watch, address, args.slow)}, args.rounds).values()
    first, _, _, last = map(median, zip(*taken, strict=True))
    return exit_code(
        [Bar("first question, s", first, FIRST, True), Bar("an answer processed, s", last, ANSWERED, True)]
    )


if __name__ == "__main__":
    run(main)
