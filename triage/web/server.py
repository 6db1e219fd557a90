"""The WSGI application: methods, addresses, sizes and headers around `Site.respond`. It keeps and logs nothing of a form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from http import HTTPStatus
from traceback import extract_tb
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.types import WSGIApplication as Application

from triage.knowledge.rulebase import load
from triage.reasoning.engine import Engine
from triage.web.pages import Page
from triage.web.site import Site

LARGEST_FORM = 65_536  # bytes; the longest that a page sends is below a tenth of it
MOST_FIELDS = 1_000
FORM_TYPE = "application/x-www-form-urlencoded"
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "private, no-cache"),  # with no-store the browser could not go back to a page that was sent
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
POLICY = "default-src 'none'; style-src {}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CLEARING = ("Clear-Site-Data", '"cache", "storage"')
ALLOWED = {"/": ("GET", "HEAD", "POST"), "/clear": ("POST",), "/health": ("GET", "HEAD")}

Headers = tuple[tuple[str, str], ...]


class _Refused(Exception):
    """A request that cannot be answered; `status` of HTTP, and headers that say more."""

    def __init__(self, status: int, *more: tuple[str, str]) -> None:
        super().__init__(status)
        self.status, self.more = status, more


def application_of(engine: Engine) -> Application:
    """The WSGI application of a rule base. Many threads may call it; it knows nothing from one call to the next."""
    site = Site(engine)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            page, more = _answered(site, environ)
        except _Refused as refused:
            page, more = site.problem(refused.status), refused.more
        except Exception as error:  # noqa: BLE001  (a page all the same; no trace, whose message could hold answers)
            at = extract_tb(error.__traceback__)[-1]
            print(f"{type(error).__name__} in {at.filename}:{at.lineno}", file=environ["wsgi.errors"], flush=True)
            page, more = site.problem(500), ()
        return _sent(page, more, environ["REQUEST_METHOD"], start_response)

    return answer


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI application of the built-in rules, which are read at the first request."""
    return _built_in()(environ, start_response)


@cache
def _built_in() -> Application:
    return application_of(Engine(load()))


def _answered(site: Site, environ: WSGIEnvironment) -> tuple[Page, Headers]:
    path, method = environ.get("PATH_INFO") or "/", environ["REQUEST_METHOD"]
    if path not in ALLOWED:
        raise _Refused(404)
    if method not in ALLOWED[path]:
        raise _Refused(405, ("Allow", ", ".join(ALLOWED[path])))
    if path == "/health":
        return Page(200, "ok\n"), (("Content-Type", "text/plain; charset=utf-8"),)
    if path == "/clear":
        return site.cleared(), (CLEARING,)
    return site.respond(_form(environ) if method == "POST" else {}, date.today()), ()


def _form(environ: WSGIEnvironment) -> dict[str, list[str]]:
    """The fields of a form that was sent."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isascii() or not length.isdigit():
        raise _Refused(411)
    if len(length) > 9 or int(length) > LARGEST_FORM:
        raise _Refused(413)
    body = environ["wsgi.input"].read(int(length))
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise _Refused(400)
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # not a form, too many fields, or no text
        raise _Refused(400) from None


def _sent(page: Page, more: Headers, method: str, start_response: StartResponse) -> list[bytes]:
    body = page.html.encode()
    headers = dict(HEADERS) | {"Content-Security-Policy": POLICY.format(page.style)} | dict(more)
    start_response(
        f"{page.status} {HTTPStatus(page.status).phrase}", [*headers.items(), ("Content-Length", str(len(body)))]
    )
    return [] if method == "HEAD" else [body]
