"""The page to answer in, over WSGI: the interview and the result are those of the terminal, and no form can break it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from conftest import ALL_STORIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.nodes import Const, Node, Output, Template, TemplateData
from stories import SCENARIOS, name_of
from terminal import FOOT, NIGHT, RUNNER, STORIES, UNSURE, URGENT, steps_to
from visitor import Fields, Seen, Visitor, answered_in, call, walked

from triage.conversation.interview import missing_from
from triage.knowledge.model import NOT_SURE, Answer, Answers, RuleBase, chosen
from triage.knowledge.rulebase import load
from triage.output.text import requests
from triage.output.view import View, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.web import application_of
from triage.web.pages import TEMPLATES
from triage.web.server import LARGEST_FORM, MOST_FIELDS, Application
from triage.web.words import words

CHECK = "Check your answers"


@pytest.fixture(scope="module")
def application(engine: Engine) -> Application:
    return application_of(engine)


@pytest.fixture
def visitor(application: Application) -> Visitor:
    made = Visitor(application)
    made.open()
    return made


def told(page: Seen) -> list[str]:
    """The first sentence of a result, and its lines."""
    return [page.heading, *page.texts("//section[contains(@class, 'result')]/p[not(a)]")]


def result_view(engine: Engine, answers: Answers) -> View:
    return view_of(engine.rulebase, assess(engine, answers, missing_from(engine, answers)))


def meant(engine: Engine, answers: Answers) -> list[str]:
    view = result_view(engine, answers)
    return [view.say, *(" ".join(line.sentence.split()) for line in view.short)]


# --- the same interview, the same result


@pytest.mark.parametrize("name", STORIES)
def test_a_story_comes_to_the_same_result_page_by_page(application: Application, engine: Engine, name: str) -> None:
    visitor = walked(application, engine, STORIES[name])
    if visitor.page.heading == CHECK:
        assert len(visitor.page.texts("//ul[@class='answers']/li")) == len(STORIES[name])
        visitor.press("result")
    assert told(visitor.page) == meant(engine, STORIES[name])
    assert {page.status for page in visitor.pages} == {200}


@pytest.mark.sampled(120)
@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_comes_to_the_same_result_page_by_page(application: Application, engine: Engine, path: Path) -> None:
    answers, asked = answered_in(path, engine)
    visitor = walked(application, engine, asked)
    if visitor.page.heading == CHECK:
        visitor.press("result")
        for name in [name for name in answers if name not in asked]:
            add(visitor, name, answers[name])
    assert told(visitor.page) == meant(
        engine, {name: answers[name] for name in engine.rulebase.questions if name in answers}
    )
    parts = [
        (heading, items)
        for request in requests(result_view(engine, answers))
        for heading, items in request.parts
        if items
    ]
    assert visitor.page.texts("//section[@class='more']/details/summary") == [heading for heading, _ in parts]
    whole = " ".join(
        " ".join(
            visitor.page.texts("//section[@class='more']/details//li/text() | //section[@class='more']//li/p/text()")
        ).split()
    )
    for _, items in parts:
        for item in items:
            assert " ".join(re.sub(r"^ *(- |\d+\. )?", "", item).split()) in whole


def add(visitor: Visitor, name: str, answer: Answer) -> None:
    """Answer a question below the result, on all its screens."""
    visitor.press(f"change:{name}")
    while visitor.page.tree.xpath("//button[@value='go']"):
        visitor.tick(*([one for one in chosen(answer) if one in visitor.page.offered] or ["none"]))


def test_every_page_says_what_helps_now_and_why_it_is_asked(application: Application, engine: Engine) -> None:
    for page in walked(application, engine, UNSURE).pages:
        [relief] = page.texts("//details[@class='relief']/summary")
        assert relief == engine.rulebase.relief_now.title
        assert page.heading == CHECK or page.texts("//details[@class='why']/p")


def test_it_speaks_in_the_voice_of_the_person_and_to_the_country(visitor: Visitor) -> None:
    assert "the emergency number" in visitor.page.body
    visitor.send([("country", "uk"), ("x", "child_now"), ("do", "go")])
    assert "the child" in visitor.page.texts("//div[@role='alert']/p")[0]
    assert "Call 999" in visitor.page.texts("//details[@class='relief']")[0]
    visitor.tick("d_breath")
    assert visitor.page.heading == "Call 999 now."
    assert visitor.page.tree.xpath("//a/@href[starts-with(., 'tel:')]") == ["tel:999"]


def test_what_is_urgent_is_said_at_once_and_stays_in_sight(visitor: Visitor, engine: Engine) -> None:
    say = engine.rulebase.dispositions["urgent"].say
    visitor.tick("me")
    visitor.tick("none")
    visitor.tick("d_pee")
    assert visitor.page.texts("//section[@role='alert']/h2") == [say]
    visitor.type("70")
    assert visitor.page.texts("//section[@role='alert']") == []
    assert visitor.page.texts("//details[contains(@class, 'notice')]/summary") == [say]
    visitor.press("back")
    visitor.press("back")
    visitor.tick("none")
    assert visitor.page.ticked == ["d_pee"]
    visitor.tick("none")
    assert say not in visitor.page.body


# --- back, changes, "not sure"


def test_back_keeps_answers_and_what_was_ticked_on_earlier_screens(visitor: Visitor) -> None:
    visitor.tick("me")
    visitor.tick("d_heat")
    visitor.tick("t_well")  # its follow-up comes before the second screen
    assert visitor.page.offered[0] == "d_cold"
    visitor.press("back")
    assert visitor.page.ticked == ["d_heat"]
    visitor.tick("d_heat")
    visitor.tick("none")
    assert visitor.page.heading == "How old?"
    visitor.type("70")
    visitor.press("back")
    assert visitor.page.tree.get_element_by_id("number").value == "70"
    assert "So far: 70 years" in visitor.page.body


def test_a_list_that_offers_more_after_a_change_is_asked_again(application: Application, engine: Engine) -> None:
    answers = {**UNSURE, "danger_more": ("f_mild",)}
    steps = steps_to(engine, answers)
    visitor = Visitor(application)
    visitor.walk(steps)
    assert visitor.page.heading == CHECK
    visitor.press("change:danger")
    assert visitor.page.ticked == ["d_fever"]
    visitor.tick("d_fever", "d_heat")
    visitor.tick("none")
    assert visitor.page.offered == [
        "f_ill",
        "f_mild",
        "t_hot",
        "t_30",
        "t_early",
        "t_drank",
        "t_well",
        "none",
        NOT_SURE,
    ]
    visitor.tick("f_mild", "t_well")
    assert visitor.page.heading == CHECK


def test_an_answer_that_no_longer_holds_is_dropped_and_asked_again(application: Application, engine: Engine) -> None:
    visitor = walked(application, engine, RUNNER)
    visitor.press("change:start")
    visitor.tick("child")
    assert visitor.page.heading == "How old?"
    visitor.type("34")
    assert "A child is 0 to 17 years" in visitor.page.texts("//p[@id='problem']")[0]


def test_back_from_a_change_leads_to_the_question_before(application: Application, engine: Engine) -> None:
    visitor = walked(application, engine, RUNNER)
    visitor.press("change:legs")
    visitor.press("back")
    assert visitor.page.heading == "How old?"
    visitor.type("34")
    assert visitor.page.heading == CHECK


def test_not_sure_leads_to_its_follow_ups(visitor: Visitor) -> None:
    visitor.tick("me")
    visitor.tick(NOT_SURE)
    assert len(visitor.page.tree.xpath("//div[@class='option']/details[@open]")) > 5  # the list with all details
    visitor.tick("d_fever")
    assert visitor.page.heading == "Which of these?"
    visitor.tick(NOT_SURE)
    assert "1 of 2" in visitor.page.texts("//p[@class='remark']")[0]
    visitor.tick("no")
    assert "2 of 2" in visitor.page.texts("//p[@class='remark']")[0]
    visitor.press("back")
    assert "1 of 2" in visitor.page.texts("//p[@class='remark']")[0]
    visitor.tick("yes")
    assert visitor.page.texts("//h1")[0].startswith("Call ")


def test_another_question_can_come_first_and_leads_back(application: Application, engine: Engine) -> None:
    visitor = Visitor(application)
    steps = steps_to(engine, RUNNER)
    at = next(n for n, step in enumerate(steps) if step.prompt.question.id == "also")
    visitor.walk(steps[:at])
    heading = visitor.page.heading
    visitor.tick(NOT_SURE)
    visitor.tick("none")
    assert visitor.page.texts("//legend//h1") != [heading]
    visitor.tick("2")  # it came on in hours or days
    assert visitor.page.heading == "Now, or in the last days?"
    visitor.tick("none")
    visitor.tick("none")
    assert visitor.page.heading == heading


def test_an_emergency_that_was_ticked_by_mistake_leads_back_to_the_sign(visitor: Visitor) -> None:
    visitor.tick("me")
    visitor.tick("d_breath", "d_chest")
    assert "emergency" in visitor.page.texts("//h1")[0]
    assert visitor.page.tree.xpath("//button[@value='check']") == []
    visitor.press("mistake")
    assert visitor.page.ticked == ["d_breath", "d_chest"]
    visitor.tick("none")
    assert visitor.page.offered[0] == "d_cold"


# --- after the result


def test_what_is_added_after_the_result_changes_only_what_helps(application: Application, engine: Engine) -> None:
    visitor = walked(application, engine, NIGHT)
    visitor.press("result")
    before = visitor.page.heading
    visitor.press("change:muscle")
    assert visitor.page.texts("//span[@class='place']") == [""]
    visitor.press("result")  # back
    visitor.press("change:muscle")
    visitor.tick("mu_foot")
    assert visitor.page.heading == before
    assert told(visitor.page) == meant(engine, {**NIGHT, "muscle": "mu_foot"}) != meant(engine, NIGHT)
    assert visitor.page.tree.xpath("//button[@value='change:helped']") == []
    visitor.press("change:tried")
    visitor.tick("tr_stretch")
    visitor.tick("none")
    assert visitor.page.tree.xpath("//button[@value='change:helped']")
    visitor.press("check")
    assert visitor.page.heading == CHECK


def test_the_country_can_be_named_with_the_result(application: Application, engine: Engine) -> None:
    visitor = walked(application, engine, NIGHT)
    visitor.press("result")
    fields = [(name, "uk" if name == "country" else value) for name, value in visitor.page.fields("result")]
    assert "Call 999 for" in visitor.send(fields).body


def test_there_is_a_page_to_print(application: Application, engine: Engine) -> None:
    visitor = walked(application, engine, URGENT)
    visitor.press("result")
    say = visitor.page.heading
    visitor.press("print")
    assert (visitor.page.heading, visitor.page.status) == (say, 200)
    assert re.search(r"style-src '(sha256-[^']+)'", visitor.page.body)[1] in visitor.page.headers[POLICY]


# --- what cannot be taken


def error_of(page: Seen) -> str:
    """The error that a page tells, which it has to tell thrice."""
    assert page.title.startswith("Error: ")
    assert page.texts("//div[@class='problem']/h2") == ["There is a problem"]
    [link] = page.tree.xpath("//div[@class='problem']//a")
    assert page.tree.get_element_by_id(link.get("href").removeprefix("#")).tag == "input"
    [beside] = page.texts("//p[@id='problem']")
    assert beside == f"Error: {link.text}"
    return str(link.text)


def test_none_beside_a_sign_is_refused_and_both_stay_ticked(visitor: Visitor) -> None:
    visitor.tick("me")
    visitor.tick("d_fever", "none")
    assert '"None"' in error_of(visitor.page)
    assert visitor.page.ticked == ["d_fever", "none"]
    visitor.tick("d_fever")
    assert "Error" not in visitor.page.title


def test_nothing_ticked_and_no_number_are_refused(visitor: Visitor) -> None:
    visitor.press("go")
    error_of(visitor.page)
    visitor.tick("me")
    visitor.press("go")
    assert '"None"' in error_of(visitor.page)
    for _ in range(2):
        visitor.tick("none")
    for typed in ("", "0", "200", "1950", "old", "n", "3" * 40, '"><script>alert(1)</script>', "\x00\x1b"):
        visitor.type(typed)
        error_of(visitor.page)
    assert "<script" not in visitor.page.body
    visitor.press("go", [("n", "34"), ("x", "a_na")])
    assert "number" in error_of(visitor.page)
    visitor.tick("a_na")
    assert visitor.page.status == 200


TAMPERED: dict[str, Fields] = {
    "no such question": [("a.nose", "none")],
    "no such option": [("a.danger", "d_nose")],
    "none beside a sign": [("a.danger", "none"), ("a.danger", "d_pee")],
    "a number out of range": [("a.age", "999")],
    "a huge number": [("a.age", "9" * 5000)],
    "a number beyond its limit": [("a.start", "child"), ("a.age", "40")],
    "two of one": [("a.start", "me"), ("a.start", "child")],
    "no such place": [("at", "nose")],
    "a strange reply": [("at", "danger"), ("r", "none"), ("r", "d_nose")],
    "a reply of markup": [("at", "danger"), ("x", "<script>alert(1)</script>"), ("do", "go")],
    "a question of version 1": [("a.red_now", "none")],
    "two radio buttons": [("x", "me"), ("x", "child"), ("do", "go")],
    "many faults": [(f"a.{n}<script>", "x") for n in range(900)],
}


@pytest.mark.parametrize("fields", TAMPERED.values(), ids=TAMPERED)
def test_a_page_that_was_changed_is_told_and_never_a_trace(visitor: Visitor, fields: Fields) -> None:
    page = visitor.send(fields)
    assert (page.status, page.logged) == (400, "")
    assert page.title.startswith("Error: ")
    assert "Traceback" not in page.body
    assert "<script" not in page.body


def test_a_sign_in_a_broken_page_is_not_lost(visitor: Visitor, engine: Engine) -> None:
    page = visitor.send([("a.danger", "d_pee"), ("a.nose", "none")])
    assert engine.rulebase.dispositions["urgent"].say in page.body


def test_unknown_buttons_countries_and_flags_do_no_harm(visitor: Visitor) -> None:
    page = visitor.send([("do", "nose"), ("country", "moon"), ("told", "nose"), ("finished", "x"), ("r", "<")] * 90)
    assert page.status == 200
    assert visitor.send([("at", "helped"), ("do", "back")]).status == 200
    assert visitor.send([("at", "danger_more"), ("do", "go"), ("x", "none")]).status in (200, 400)


# --- requests

POLICY = "Content-Security-Policy"


def test_headers(application: Application, engine: Engine) -> None:
    for page in walked(application, engine, FOOT).pages:
        assert page.headers["Cache-Control"] == "private, no-cache"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        policy = page.headers[POLICY]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "Set-Cookie" not in page.headers
        assert "<script" not in page.body
        assert " style=" not in page.body
        assert int(page.headers["Content-Length"]) == len(page.body.encode())


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 200), ("/", "HEAD", 200), ("/health", "GET", 200), ("/health", "HEAD", 200), ("", "GET", 200),
        ("/nowhere", "GET", 404), ("/clear", "GET", 405), ("/", "PUT", 405), ("/health", "POST", 405), ("//", "GET", 404),
    ],
)  # fmt: skip
def test_addresses_and_methods(application: Application, path: str, method: str, status: int) -> None:
    page = call(application, path, method)
    assert page.status == status
    assert ("Allow" in page.headers) == (status == 405)
    assert (page.body == "") == (method == "HEAD")
    assert page.headers["Content-Length"] != "0"


def test_answers_can_be_cleared(visitor: Visitor) -> None:
    page = visitor.send([], "/clear")
    assert page.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert page.status == 200


def test_forms_that_cannot_be_read(application: Application) -> None:
    assert call(application, "/", "POST", b"x=" + b"y" * LARGEST_FORM).status == 413
    assert call(application, "/", "POST", CONTENT_LENGTH="9" * 30).status == 413
    assert call(application, "/", "POST", CONTENT_LENGTH="").status == 411
    assert call(application, "/", "POST", CONTENT_LENGTH="-1").status == 411
    assert call(application, "/", "POST", b"x=%ff").status == 400
    assert call(application, "/", "POST", "x=\u00e9".encode()).status == 400
    assert call(application, "/", "POST", b"{}", CONTENT_TYPE="application/json").status == 400
    assert call(application, "/", "POST", b"&".join([b"x=y"] * (MOST_FIELDS + 1))).status == 400


def test_what_goes_wrong_is_told_without_what_was_answered(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("d_pee and all that was said")

    monkeypatch.setattr("triage.web.site.step", broken)
    page = call(application, "/", "POST", b"x=d_pee&do=go")
    assert page.status == 500
    assert "RuntimeError in " in page.logged
    assert "d_pee" not in page.logged + page.body


def test_many_at_once_get_their_own_pages(application: Application, engine: Engine) -> None:
    names = [*STORIES] * 4
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda name: walked(application, engine, STORIES[name]).page.body, names))
    assert len(set(pages)) == len(STORIES)
    assert pages == pages[: len(STORIES)] * 4


# --- made-up forms


def options(rulebase: RuleBase) -> Iterator[str]:
    for question in rulebase.questions.values():
        yield from (option.id for option in question.options)


MADE_BY = load()
IDS = st.sampled_from([*MADE_BY.questions])
PICKED = st.sampled_from(sorted(set(options(MADE_BY))))
VALUE = PICKED | st.sampled_from(["<", "0", "34", "", "none", "<script>x</script>", "d_pee,none"]) | st.text(max_size=8)
NAME = IDS.map(lambda name: f"a.{name}") | st.sampled_from(["x", "n", "r", "at", "do", "country", "told", "finished"])
DO = st.sampled_from(["go", "back", "mistake", "check", "result", "print"]) | IDS.map(lambda name: f"change:{name}")
SOUND = st.sampled_from(sorted(STORIES)).flatmap(
    lambda name: st.integers(0, len(STORIES[name])).map(lambda size: dict([*STORIES[name].items()][:size]))
)


def test_no_form_breaks_it(application: Application, request: pytest.FixtureRequest) -> None:
    @settings(
        max_examples=100_000 if request.config.getoption(ALL_STORIES) else 60,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(
        st.lists(st.tuples(NAME | st.text(max_size=6), VALUE | IDS), max_size=8),
        SOUND,
        DO,
        st.lists(PICKED, max_size=3),
    )
    def sent(fields: Fields, answers: Answers, do: str, picked: list[str]) -> None:
        known = [(f"a.{name}", one) for name, answer in answers.items() for one in chosen(answer) or [str(answer)]]
        body = urlencode([*known, *fields, *(("x", one) for one in picked), ("do", do)], errors="ignore").encode()
        page = call(application, "/", "POST", body)
        assert page.status in (200, 400), page.logged
        assert page.logged == ""
        assert "<script" not in page.body
        assert "Traceback" not in page.body

    sent()


# --- words


def test_no_text_stands_in_a_template() -> None:
    """Every word is of the rules or of the one table of interface words; templates hold marks, and names of HTML."""
    parser = Environment()
    for path in TEMPLATES.glob("*.html"):
        tree = parser.parse(path.read_text("utf-8"))
        data = "".join(node.data if isinstance(node, TemplateData) else "{}" for node in texts_of(tree))
        assert re.findall(r"\w{2,}", re.sub(r"<[^>]*>|\{#.*?#\}", " ", data)) == [], path.name
        assert re.findall(r'(?:aria-label|title|alt|placeholder)="[^"{]', data) == [], path.name
        constants = [one.value for one in tree.find_all(Const) if isinstance(one.value, str)]
        assert [text for text in constants if re.search(r"[A-Z]|\w \w", text)] == [], path.name


def texts_of(tree: Template) -> Iterator[Node]:
    """All that is put out, in order."""
    for output in tree.find_all(Output):
        yield from output.nodes


def test_every_interface_word_is_used() -> None:
    room = TEMPLATES.parent
    files = [path for path in room.rglob("*") if path.suffix in (".py", ".html")]
    used = " ".join(path.read_text("utf-8") for path in files)
    assert [name for name in vars(words) if f"words.{name}" not in used] == []


# --- the command


@pytest.mark.parametrize("without", [[], ["-c", "import sys; sys.modules['waitress'] = None"]], ids=["waitress", "own"])
def test_serve(without: list[str]) -> None:
    start = f"{without[1] if without else 'pass'}\nfrom triage.cli.main import main; main(['serve', '--port', '0', '--country', 'uk'])"
    with subprocess.Popen([sys.executable, "-c", start], stderr=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stderr.readline, "")
            address = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            with urlopen(address) as page:
                assert (page.status, "Call 999" in page.read().decode()) == (200, True)
            body = urlencode([("x", "me"), ("do", "go")]).encode()
            with ExitStack() as slow:  # connections that send slowly stop no others
                for _ in range(64):
                    host, port = urlsplit(address).netloc.split(":")
                    line = slow.enter_context(socket.create_connection((host, int(port))))
                    line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\nx=")
                with urlopen(Request(address, body), timeout=30) as page:
                    assert "Now, or in the last days?" in page.read().decode()
        finally:
            server.terminate()


def test_the_body_is_read_to_its_length_only(application: Application) -> None:
    stream = BytesIO(b"x=me&do=go and what belongs to the next request")
    page = call(application, "/", "POST", b"x=me&do=go", **{"wsgi.input": stream})  # type: ignore[arg-type]
    assert page.heading == "Now, or in the last days?"
    assert stream.read().startswith(b" and")
