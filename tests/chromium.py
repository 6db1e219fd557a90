"""A real browser for tests: Debian's chromium, driven by Playwright, that cannot leave the machine.

`browser()` starts it, `watch()` gives pages whose requests and console messages are kept and fails if one of them
asked for anything but a file, data in the page itself, or a server of the test (`Watch.serve`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REQUIRED = "TRIAGE_BROWSER_REQUIRED"  # set by .ci/run: without a browser the tests fail instead of being skipped
HINT = "no chromium on PATH; on Debian: apt-get install chromium"
LOCAL = {"about", "blob", "data", "file"}  # schemes that ask nobody
SILENT = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium while the block runs. Without one the test is skipped, or fails where `REQUIRED` is set.

    Playwright keeps an asyncio loop running in this thread meanwhile: nothing else in it can `asyncio.run`.
    """
    found = shutil.which("chromium")
    if found is None:
        pytest.fail(HINT, pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(HINT)
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root.
        started = playwright.chromium.launch(executable_path=found, chromium_sandbox=os.geteuid() != 0, args=SILENT)
        yield started
        started.close()


class Watch:
    """Pages in contexts of their own, and what they asked for and said."""

    def __init__(self, chromium: Browser, closing: ExitStack) -> None:
        self.requests: list[str] = []  # every address
        self.messages: list[str] = []  # of the console, and errors that no script caught
        self._servers: dict[str, HTTPServer] = {}
        self._own: set[str] = set()  # host and port of each server of the test
        self._chromium, self._closing = chromium, closing

    def page(self, **options: Any) -> Page:
        """A new page. The options are those of `Browser.new_context`: viewport, color_scheme, ..."""
        context = self._chromium.new_context(**options)
        self._closing.callback(context.close)
        page = context.new_page()
        self.look_at(page)
        return page

    def look_at(self, page: Page) -> None:
        """Watch a page that was opened before, alone in its context, until the block ends."""
        context = page.context
        context.route(self.is_foreign, lambda route: route.abort())
        self._closing.callback(context.unroute_all)
        self._listen(context, "request", lambda request: self.requests.append(request.url))
        self._listen(context, "console", lambda message: self.messages.append(message.text))
        self._listen(context, "weberror", lambda error: self.messages.append(str(error.error)))
        self._listen(page, "websocket", lambda socket: self.requests.append(socket.url))

    def _listen(self, to: Any, event: str, note: Callable[[Any], None]) -> None:
        to.on(event, note)
        self._closing.callback(to.remove_listener, event, note)

    def serve(self, folder: Path) -> str:
        """The address of the folder on a server of this machine, without a slash at its end."""
        return self._running(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))))

    def serve_application(self, application: Callable[..., Any]) -> str:
        """The same of a WSGI application."""
        return self._running(make_server("127.0.0.1", 0, application, _Threads, _QuietApplication))

    def _running(self, server: HTTPServer) -> str:
        self._closing.callback(server.server_close)
        self._closing.callback(server.shutdown)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self._own.add(f"127.0.0.1:{server.server_port}")
        address = f"http://127.0.0.1:{server.server_port}"
        self._servers[address] = server
        return address

    def stop(self, address: str) -> None:
        """Have a server listen no more."""
        self._servers[address].shutdown()
        self._servers[address].server_close()

    def is_foreign(self, url: str) -> bool:
        """Whether a request for it leaves this machine, or goes to a server that is not the test's."""
        parts = urlsplit(url)
        return parts.scheme not in LOCAL and parts.netloc not in self._own

    @property
    def foreign(self) -> list[str]:
        """The requests that had to be stopped."""
        return [url for url in self.requests if self.is_foreign(url)]


@contextmanager
def watch(chromium: Browser) -> Iterator[Watch]:
    """Watched pages while the block runs; AssertionError at its end if any asked for something foreign."""
    with ExitStack() as closing:
        watched = Watch(chromium, closing)
        yield watched
    assert not watched.foreign, "the page asked the network"


class _Threads(ThreadingMixIn, WSGIServer):
    """A browser opens more than one connection."""

    daemon_threads = True


class _QuietApplication(WSGIRequestHandler):
    """Says nothing about what is asked for."""

    def log_message(self, *_: object) -> None:
        pass


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        pass
