"""How many pages a second one process serves, how long the slowest wait, and whether its memory grows.

    python benchmarks/web.py [--pages N] [--rounds N]

Beside `serve` a bare WSGI application, that sends a page of the same size, is served by the same waitress in turn.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]  # this checkout, and the visitor of its tests

from terminal import STORIES
from visitor import walked

from benchmarks.shared import Bar, exit_code, in_turn, options, run
from triage.cli.serve import THREADS
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.web import application_of

BARE = f"""
import sys, waitress
page = b"x" * 8_000
def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]
server = waitress.create_server(application, host="127.0.0.1", port=0, threads={THREADS})
print(f"Listening on http://127.0.0.1:{{server.effective_port}}/", file=sys.stderr, flush=True)
server.run()
"""
OURS = "from triage.cli.main import main; main(['serve', '--port', '0'])"
LEAST, MOST_GROWTH = 1 / 25, 1.05  # of the pages a second of the bare application; of memory, over the second half
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


Round = tuple[float, list[float], float]  # pages for a second of one core, seconds of each, megabytes at the end


@contextmanager
def served(code: str, sent: list[bytes]) -> Iterator[Callable[[int], Round]]:
    """A server in a process of its own, of which each thread has made its engine."""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            lines = iter(process.stderr.readline, "")
            port = next(int(found[1]) for line in lines if (found := re.search(r"http://127.0.0.1:(\d+)/", line)))
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(lambda _: seconds_of(port, sent, len(sent)), range(4 * THREADS)))
            yield partial(measure, process.pid, port, sent)
        finally:
            process.terminate()


def measure(process: int, port: int, sent: list[bytes], pages: int) -> Round:
    own_clock = ~process << 3 | 2  # of the processor time of that process, as clock_getcpuclockid(3) has it
    begin = time.clock_gettime(own_clock)
    waits = seconds_of(port, sent, pages)
    used = time.clock_gettime(own_clock) - begin
    held = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text("ascii"))
    return pages / used, waits, int(held[1]) / 1024 if held else 0


def seconds_of(port: int, sent: list[bytes], pages: int) -> list[float]:
    """Seconds for each of some pages, asked for one after the other."""
    connection, taken = HTTPConnection("127.0.0.1", port), []
    for number in range(pages):
        begin = time.perf_counter()
        connection.request("POST", "/", sent[number % len(sent)], HEADERS)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - begin)
        assert answer.status == 200
    connection.close()
    return taken


def forms() -> list[bytes]:
    """All forms that the people of the tests send."""
    engine, sent = Engine(load()), []
    application = application_of(engine)

    def noting(environ: Any, start: Any) -> Any:
        sent.append(environ["wsgi.input"].getvalue())
        return application(environ, start)

    for answers in STORIES.values():
        person = walked(noting, engine, answers)
        if person.page.tree.xpath("//button[@value='result']"):
            person.press("result")
    return [form for form in sent if form]


def main() -> int:
    """0 if every bar is held."""
    args = options(__doc__, pages=1_000, rounds=6).parse_args()
    sent = forms()
    with served(BARE, sent) as bare, served(OURS, sent) as ours:
        measures = {server: partial(server, args.pages) for server in (bare, ours)}
        by_bare, by_ours = (tuple(zip(*rounds, strict=True)) for rounds in in_turn(measures, args.rounds).values())
    bare_rate, rate, held = median(by_bare[0]), median(by_ours[0]), by_ours[2]
    waits = list(chain.from_iterable(by_ours[1]))
    print(f"{rate:,.0f} pages for a second of one core; a bare WSGI application {bare_rate:,.0f}")
    half, most = median(waits), quantiles(waits, n=100)[98]
    print(f"half of them within {1000 * half:.1f} ms, 99 % within {1000 * most:.1f} ms, one after the other")
    print(f"{held[-1]:.0f} MB at the end")
    growth = Bar("growth of memory in the second half", held[-1] / held[len(held) // 2 - 1], MOST_GROWTH, at_most=True)
    return exit_code([Bar("pages, times a bare application", rate / bare_rate, LEAST), growth])


if __name__ == "__main__":
    run(main)
