"""How many pages a second one process serves, how long the slowest wait, and whether its memory grows.

    python benchmarks/web.py [--pages N] [--rounds N]

Beside `leg-cramp-triage serve` a bare WSGI application, that sends a page of the same size, is served by the same
waitress in the same run and in turn. Exit code 1 if a bar is missed. Needs the `test` extra.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # for the visitor of the tests

from terminal import STORIES, steps_to
from visitor import Fields, Seen, Visitor

from triage.cli.serve import THREADS
from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.web import application_of

SIZE = 8_000  # bytes of the bare page
BARE = f"""
import waitress
page = b"x" * {SIZE}
def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "{SIZE}")])
    return [page]
server = waitress.create_server(application, host="127.0.0.1", port=0, threads={THREADS})
import sys
print(f"Listening on http://127.0.0.1:{{server.effective_port}}/", file=sys.stderr, flush=True)
server.run()
"""
OURS = "from triage.cli.main import main; main(['serve', '--port', '0'])"
LEAST, MOST_GROWTH = 1 / 25, 1.05  # of the pages a second of the bare application; of memory, over the second half
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


class Served(NamedTuple):
    """A server in a process of its own."""

    process: int
    port: int


@contextmanager
def served(code: str) -> Iterator[Served]:
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            lines = iter(process.stderr.readline, "")
            port = next(int(found[1]) for line in lines if (found := re.search(r"http://127.0.0.1:(\d+)/", line)))
            yield Served(process.pid, port)
        finally:
            process.terminate()


def forms() -> list[bytes]:
    """All forms that the people of the tests send."""
    engine = Engine(load())
    sent: list[bytes] = []

    class Sender(Visitor):
        def send(self, fields: Fields, path: str = "/") -> Seen:
            sent.append(urlencode(fields).encode())
            return super().send(fields, path)

    application = application_of(engine)
    for answers in STORIES.values():
        sender = Sender(application)
        sender.walk(steps_to(engine, answers))
        if sender.page.tree.xpath("//button[@value='result']"):
            sender.press("result")
    return sent


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


def processor(process: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> int:
    """Kilobytes that a process holds."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0])


def main() -> int:
    """0 if every bar is held."""
    parser = argparse.ArgumentParser(description="Pages a second, against a bare WSGI application.")
    parser.add_argument("--pages", type=int, default=1_000, metavar="N", help="of each in a round (1000)")
    parser.add_argument("--rounds", type=int, default=6, metavar="N", help="(6)")
    args = parser.parse_args()
    sent = forms()
    with served(BARE) as bare, served(OURS) as ours:
        for server in (bare, ours):
            with ThreadPoolExecutor(THREADS) as pool:  # each thread of the server makes its engine
                list(pool.map(lambda _: seconds_of(server.port, sent, len(sent)), range(4 * THREADS)))  # noqa: B023
        rates, waits, held = [], list[float](), []
        for _ in range(args.rounds):
            begun = [processor(server.process) for server in (bare, ours)]
            _, taken = (seconds_of(server.port, sent, args.pages) for server in (bare, ours))
            used = [processor(server.process) - before for server, before in zip((bare, ours), begun, strict=True)]
            rates.append([args.pages / one for one in used])
            waits += taken
            held.append(memory(ours.process))
    bare_rate, rate = (statistics.median(column) for column in zip(*rates, strict=True))
    middle, worst = statistics.median(waits), statistics.quantiles(waits, n=100)[98]
    growth = held[-1] / held[len(held) // 2 - 1]
    print(f"a bare WSGI application   {bare_rate:8,.0f} pages for a second of one core")
    print(f"serve                     {rate:8,.0f} pages for a second of one core")
    print(f"ratio                     {rate / bare_rate:8.3f}   at least {LEAST:.3f}")
    print(f"half within, 99 % within  {1000 * middle:8.1f}   {1000 * worst:.1f} ms, one after the other")
    print(f"memory at the end         {held[-1] / 1024:8.0f} MB")
    print(f"growth in the second half {growth:8.3f}   at most {MOST_GROWTH}")
    return int(rate / bare_rate < LEAST or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
