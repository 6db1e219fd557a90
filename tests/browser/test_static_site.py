"""The pages as a folder on a static host, made by Pyodide in real browsers: the same pages, offline, and nothing is sent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlencode
from zipfile import ZipFile

import pytest
from chromium import REQUIRED, Watch
from firefox import Firefox
from playwright.sync_api import Browser, Page, Route
from stories import SCENARIOS, name_of
from terminal import RUNNER, STORIES, steps_to
from visitor import Fields, Seen, Visitor, answered_in

from browser.pyodide import ARCHIVE
from browser.showing import DESK, NARROW, PHONE, Shown
from browser.test_web_shown import small
from triage.cli.main import main
from triage.conversation.interview import missing_from
from triage.knowledge.model import AT_ONCE, Answers
from triage.output.view import view_of
from triage.reasoning.assessment import assess, settled_level
from triage.reasoning.engine import Engine
from triage.web.site import Site
from triage.web.words import words

MOST = 5_000_000  # bytes of the whole, as a host with brotli sends it
PINNED = 2_980_000  # of Pyodide's own files, which are those that were measured: pyodide.py names their hashes
BROTLI = """
const { brotliCompressSync, constants } = require("zlib");
const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
const sizes = process.argv.slice(1).map((name) => brotliCompressSync(require("fs").readFileSync(name), { params }).length);
console.log(sizes.reduce((one, other) => one + other));
"""
CONTINUE, READY = "button[value=go]", 60_000  # ms until Python has started, on a busy machine
ASK = """([address, query]) => {
  window.asked ??= new Worker("worker.js", { type: "module" });
  return new Promise((resolve) => { asked.onmessage = ({ data }) => resolve(data); asked.postMessage([address, query]); });
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    missing = [
        hint
        for is_there, hint in (
            (ARCHIVE.is_file(), "no Pyodide; to fetch it: python tests/browser/pyodide.py"),
            (shutil.which("node"), "no node on PATH; on Debian: apt-get install npm"),
        )
        if not is_there
    ]
    if missing:
        pytest.fail(missing[0], pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(missing[0])
    made = tmp_path_factory.mktemp("static") / "site"
    assert main(["export", "site", str(made), "--pyodide", str(ARCHIVE)]) == 0
    return made


class StaticVisitor(Visitor):
    """Somebody whose forms go to the worker of the site."""

    def __init__(self, page: Page) -> None:
        super().__init__(lambda *_: [])
        self._page = page

    def open(self) -> Seen:
        return self._ask("./", "")

    def send(self, fields: Fields, path: str = "./") -> Seen:
        return self._ask(path, urlencode(fields))

    def _ask(self, address: str, query: str) -> Seen:
        self.sent = query
        self.pages.append(Seen(200, {}, self._page.evaluate(ASK, [address, query])))
        return self.page


@pytest.fixture(scope="module")
def python(folder: Path, browser: Browser) -> Iterator[Page]:
    """A page of the site whose worker is asked directly."""
    from chromium import watch as watching

    with watching(browser) as watch:
        page = watch.page()
        page.goto(f"{watch.serve(folder)}/")
        yield page


def check_walk(python: Page, engine: Engine, answers: Answers) -> None:
    """Every page is the one that is made here."""
    site, visitor = Site(engine, stays=True), StaticVisitor(python)
    visitor.open()
    for prompt, reply in steps_to(engine, answers):
        visitor.reply(prompt, reply)
        assert visitor.page.body == here(site, visitor.sent)
    for do in ("result", "change:muscle", "go", "print"):
        if visitor.page.tree.xpath(f"//button[@value='{do}']"):
            visitor.press(do)
            assert visitor.page.body == here(site, visitor.sent)


def here(site: Site, query: str) -> str:
    return site.respond(parse_qs(query, keep_blank_values=True), date.today()).html


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", STORIES)
def test_the_pages_are_those_of_the_server(python: Page, engine: Engine, name: str) -> None:
    check_walk(python, engine, STORIES[name])


@pytest.mark.sampled(len(SCENARIOS))
@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_gives_the_same_pages(python: Page, engine: Engine, path: Path) -> None:
    check_walk(python, engine, answered_in(path, engine)[1])


def test_what_is_wrong_or_cleared_is_told_there_too(python: Page) -> None:
    visitor = StaticVisitor(python)
    assert visitor.send([("a.nose", "none")]).title.startswith("Error: ")
    assert visitor.send([("at", "start"), ("do", "go")]).title.startswith("Error: ")
    for typed in ("\uff17\uff10", "\u202e<script>", "\u00e9\u4e2d", "9" * 500):
        page = visitor.send([("a.start", "me"), ("a.danger", "none"), ("at", "age"), ("n", typed), ("do", "go")])
        assert "<script>" not in page.body.partition("<body>")[2]
    assert words.gone in visitor.send([], "./clear").body


def test_it_is_small_and_says_what_is_inside(folder: Path) -> None:
    own = [str(path) for path in folder.rglob("*") if path.is_file() and not path.name.startswith("pyodide.")]
    done = subprocess.run(["node", "-e", BROTLI, *own], check=True, capture_output=True, text=True)
    assert PINNED + int(done.stdout) <= MOST
    told = (folder / "licences" / "README.txt").read_text("utf-8")
    for package in ("Pyodide", "experta", "frozendict", "schema", "jinja2", "markupsafe"):
        assert re.search(rf"^{package} [\d.]+.*(MPL|LGPL|MIT|BSD).*Source: https://", told, re.MULTILINE)
    for name in ("GPL-3", "MPL-2.0", "Python", "experta", "frozendict", "jinja2", "markupsafe"):
        assert (folder / "licences" / f"{name}.txt").stat().st_size > 500
    assert "https://" not in re.sub(r"<[^>]*>", "", (folder / "index.html").read_text("utf-8"))


def test_the_templates_of_every_kind_of_page_are_compiled_when_it_is_built(folder: Path) -> None:
    with ZipFile(folder / "program.zip") as program:
        compiled = b"".join(program.read(name) for name in program.namelist() if name.endswith(".cache"))
    kinds = ["question.html", "check.html", "result.html", "problem.html", "cleared.html", "page.html"]
    assert [name for name in kinds if name.encode() not in compiled] == []


# --- in a browser


@pytest.fixture
def address(watch: Watch, folder: Path) -> str:
    return f"{watch.serve(folder)}/"


@pytest.fixture
def page(watch: Watch, address: str) -> Page:
    """The first page."""
    opened = watch.page()
    opened.goto(address)
    return opened


def go_on(page: Page, *options: str, number: str = "") -> None:
    """Answer, and wait for the next page."""
    for option in options:
        page.locator(f"[name=x][value={option}]").check()
    if number:
        page.locator("#number").fill(number)
    pressed(page, CONTINUE)


def pressed(page: Page, button: str) -> None:
    old = page.evaluate_handle("document.body")
    page.locator(button).first.click()
    page.wait_for_function("old => document.body !== old", arg=old, timeout=READY)


def to_the_end(page: Page, age: str = "70") -> None:
    """From the danger list to the check of all answers."""
    while page.locator(CONTINUE).count():
        if page.locator("#number").count():
            go_on(page, number=age)
        else:
            go_on(page, "none" if page.locator("[name=x][value=none]").count() else "left")
    pressed(page, "[value=result]")


def hindrances(page: Page) -> list[str]:
    """What keeps it from being installed, but for a window that keeps nothing."""
    told = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    return [one["errorId"] for one in told if one["errorId"] != "in-incognito"]


def test_it_can_be_installed_and_goes_on_and_starts_with_the_host_gone(watch: Watch, address: str, page: Page) -> None:
    go_on(page, "me_now")
    go_on(page, "none")
    go_on(page, "d_pee")
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    assert hindrances(page) == []
    watch.stop(address.rstrip("/"))
    to_the_end(page)
    assert page.locator("section.result.u1").count() == 1
    pressed(page, "[value=print]")
    assert page.evaluate("document.querySelector('style').sheet.cssRules.length") > 20  # its own style is obeyed
    page.go_back()
    pressed(page, "footer button")
    assert words.gone in page.locator("main").inner_text()
    page.go_back()
    page.locator("[value=me_now]").wait_for()  # the first page: nothing is left of the others
    page.goto(address)
    go_on(page, "me")
    go_on(page, "none")
    to_the_end(page, "34")
    assert page.locator("section.result").count() == 1
    assert page.evaluate("[document.cookie, localStorage.length, JSON.stringify(history.state).length < 60]") == [
        "", 0, True
    ]  # fmt: skip
    assert watch.messages == []


def test_back_and_forward_keep_answers_and_reloading_begins_again(page: Page) -> None:
    go_on(page, "me")
    go_on(page, "none")
    go_on(page, "none")
    page.locator("#number").fill("70")
    page.locator("#number").press("Enter")
    page.locator("[value=l_one]").wait_for(timeout=READY)
    page.locator("[value=l_one]").check()
    page.go_back()
    assert page.locator("#number").input_value() == "70"
    page.go_back()
    page.go_back()
    assert page.locator("[name=x][value=none]").is_checked()
    for _ in range(3):
        page.go_forward()
    assert page.locator("[value=l_one]").is_checked()
    go_on(page, "none")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "problem"
    page.reload()
    assert page.locator("[value=me]").count() == 1


def dead(route: Route) -> None:
    """Never answered."""


def test_the_first_two_pages_need_no_python_and_then_the_danger_list_is_shown(watch: Watch, address: str) -> None:
    page = watch.page(viewport={"width": PHONE, "height": 844})
    page.clock.install()
    page.route("**/worker.js", dead)
    page.goto(address)
    go_on(page, "child_now")
    assert "the child" in page.locator(".act").inner_text()
    assert page.evaluate("document.activeElement.className") == "act"  # a screen reader reads it before the question
    page.locator("[value=d_fever]").check()
    page.locator(CONTINUE).click()
    page.clock.fast_forward(1_000)
    assert page.locator("#wait").inner_text() == words.wait
    assert not page.locator("#without").count()
    page.clock.fast_forward(30_000)
    assert page.locator("#without h1").inner_text() == words.without


def test_opened_as_a_file_the_danger_list_stands_there(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    assert [page.locator(name).is_visible() for name in ("#without", "main form")] == [True, False]
    page.close()


@pytest.mark.parametrize("file", ["program.zip", "worker.js"])
def test_a_worker_that_cannot_start_opens_the_danger_list_at_once(watch: Watch, address: str, file: str) -> None:
    page = watch.page()
    page.route(f"**/{file}", lambda route: route.abort())
    page.goto(address)
    go_on(page, "me")
    page.locator("[name=x][value=none]").check()
    page.locator(CONTINUE).click()
    page.locator("#without").wait_for(timeout=READY)
    watch.messages.clear()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("width", [NARROW, DESK])
def test_without_scripts_the_danger_list_stands_there(
    watch: Watch, address: str, engine: Engine, tmp_path: Path, width: int
) -> None:
    page = watch.page(java_script_enabled=False, viewport={"width": width, "height": 800})
    page.goto(address)
    danger = next(question for question in engine.rulebase.questions.values() if question.danger)
    listed = page.locator("#without li").all_inner_texts()
    assert {option.text for option in danger.options if not option.key} <= set(listed)
    at_once = page.locator("#without ul").first.locator("li").all_inner_texts()
    for question in engine.rulebase.questions.values():
        for option in question.options if question.danger else ():
            if option.text in listed:
                alone = settled_level(engine, {question.id: (option.id,)})
                assert (alone.stops == AT_ONCE) == (option.text in at_once), option.id
    assert [page.locator(name).is_visible() for name in ("#without", "main form", ".relief")] == [True, False, True]
    says = page.locator("#without h2").all_inner_texts()
    levels = [level.say for level in engine.rulebase.ladder if level.stops]
    assert says == [say.replace("{emergency}", "the emergency number") for say in levels]
    seen = watch.page(viewport={"width": width, "height": 800})
    seen.route("**/worker.js", dead)  # not asked, and slow to start
    seen.goto(address)
    shown = Shown(seen, tmp_path / "none")
    seen.evaluate("document.documentElement.className = ''")
    assert (shown.faults(), shown.violations()) == ([], [])
    seen.evaluate("document.documentElement.className = 'live'")
    assert (shown.faults(), small(seen), shown.violations()) == ([], [], [])


@pytest.mark.nightly
def test_firefox_comes_to_the_same_result(fox: Firefox, address: str, engine: Engine) -> None:
    fox.open(address)
    for prompt, reply in steps_to(engine, RUNNER):
        fox.wait(f"!document.getElementById('wait') && document.title.startsWith({prompt.text!r})")
        for option in () if isinstance(reply, int) else [reply] if isinstance(reply, str) else reply:
            fox.click(f"[name=x][value={option}]")
        if isinstance(reply, int):
            fox.keys("#number", str(reply))
        fox.run("window.old = document.body")
        fox.click(CONTINUE)
        fox.wait("document.body !== window.old")
    fox.click("[value=result]")
    fox.wait("document.querySelector('section.result')")
    wanted = view_of(engine.rulebase, assess(engine, RUNNER, missing_from(engine, RUNNER)))
    assert fox.text("section.result h1") == wanted.say
    fox.back()
    fox.wait("document.querySelector('[value=result]')")
