"""The page to answer in, served from this machine."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

from triage.cli.common import engine_of
from triage.cli.console import DONE, INDENT, fault, say
from triage.version import how_to_install
from triage.web.server import LARGEST_FORM, application_of

THREADS = 8
LAST_PORT = 65535  # waitress would take a higher one, and listen on another
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TELL_OTHERS = "Whoever reaches this address can use it, and the way to it is not encrypted. See docs/host.md."
NO_WAITRESS = "Python's own server is used: good enough for one person. For more:"


def serve(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C. Raises FaultyInput where the address cannot be used."""
    application = application_of(engine_of(args.rules, args.country))
    try:
        port, run = _listening(application, args.host, args.port)
    except (OSError, OverflowError, ValueError) as error:  # OverflowError of Python's own server
        place, why = f"{args.host}:{args.port}", getattr(error, "strerror", None) or error
        raise fault(place, f"cannot listen there: {why}", "another --port?", code="LCT630") from None
    address = f"http://{f'[{args.host}]' if ':' in args.host else args.host}:{port}/"
    say(f"Listening on {address}", "Ctrl-C ends it.")
    if args.host not in LOOPBACK:
        say(TELL_OTHERS)
    if args.open:
        webbrowser.open(address)
    with suppress(KeyboardInterrupt):  # this is how it ends
        run()
    return DONE


def _listening(application: WSGIApplication, host: str, port: int) -> tuple[int, Callable[[], object]]:
    """The port that a server listens on, and what runs it until it is stopped.

    It is waitress where that is installed, otherwise Python's own server with a thread for each request.
    """
    if port > LAST_PORT:
        raise ValueError(f"ports end at {LAST_PORT}")
    try:
        import waitress
    except ImportError:
        say(NO_WAITRESS, f"{INDENT}{how_to_install('serve')}")
        own = make_server(host, port, application, server_class=_Threads, handler_class=_Quiet)
        return own.server_port, own.serve_forever
    made = waitress.create_server(
        application, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=2 * LARGEST_FORM
    )
    return getattr(made, "effective_port", port), made.run


class _Threads(ThreadingMixIn, WSGIServer):
    """A thread for each request; none of them keeps the program from ending."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Writes no log of who asked for what."""

    def log_message(self, *_: object) -> None:
        pass
