"""Somebody who answers page by page: sends forms to the WSGI application as a browser would, and reads what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lxml import html
from terminal import Step, steps_to

from triage.conversation.interview import Prompt, Reply
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers, chosen
from triage.reasoning.engine import Engine
from triage.web.server import Application

Fields = list[tuple[str, str]]


@dataclass
class Seen:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str
    logged: str = ""

    @property
    def tree(self) -> Any:
        return html.fromstring(self.body)

    def texts(self, path: str) -> list[str]:
        """The words of elements, blanks joined."""
        found = self.tree.xpath(path)
        return [" ".join((one if isinstance(one, str) else one.text_content()).split()) for one in found]

    @property
    def heading(self) -> str:
        return self.texts("//h1")[0]

    @property
    def title(self) -> str:
        return self.texts("//title")[0]

    @property
    def ticked(self) -> list[str]:
        return [str(one) for one in self.tree.xpath("//input[@name='x'][@checked]/@value")]

    @property
    def offered(self) -> list[str]:
        return [str(one) for one in self.tree.xpath("//input[@name='x']/@value")]

    def fields(self, do: str) -> Fields:
        """What the form with this button sends besides what a person gives, and the button."""
        [form] = self.tree.xpath(f"//form[.//button[@value='{do}']]")
        hidden = [(one.get("name"), one.get("value")) for one in form.xpath(".//input[@type='hidden']")]
        picked = [(one.get("name"), one.value) for one in form.xpath(".//select")]
        return [*hidden, *picked, ("do", do)]


def call(application: Application, path: str = "/", method: str = "GET", body: bytes = b"", **environ: str) -> Seen:
    """One request."""
    started: list[Any] = []
    log = StringIO()
    given = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded", "wsgi.input": BytesIO(body), "wsgi.errors": log,
    }  # fmt: skip
    sent = application({**given, **environ}, lambda *args: started.append(args))
    status, headers = started[0]
    return Seen(int(status.split()[0]), dict(headers), b"".join(sent).decode(), log.getvalue())


@dataclass
class Visitor:
    """A person at a browser: `page` is the one that is open, `pages` all that were."""

    application: Application
    pages: list[Seen] = field(default_factory=list)

    @property
    def page(self) -> Seen:
        return self.pages[-1]

    def open(self) -> Seen:
        self.pages.append(call(self.application))
        return self.page

    def send(self, fields: Fields, path: str = "/") -> Seen:
        self.pages.append(call(self.application, path, "POST", urlencode(fields).encode()))
        return self.page

    def press(self, do: str, extra: Fields | None = None) -> Seen:
        return self.send([*self.page.fields(do), *(extra or [])])

    def tick(self, *options: str) -> Seen:
        return self.press("go", [("x", option) for option in options])

    def type(self, number: str) -> Seen:
        return self.press("go", [("n", number)])

    def reply(self, prompt: Prompt, reply: Reply) -> Seen:
        """Reply to a prompt, which has to be on the page."""
        assert self.page.heading == prompt.text
        assert self.page.offered == [option.id for option in (*prompt.lines, *prompt.keys)]
        assert self.page.ticked == [option.id for option in (*prompt.lines, *prompt.keys) if option.id in prompt.chosen]
        return self.type(str(reply)) if isinstance(reply, int) else self.tick(*chosen(reply))

    def walk(self, steps: Iterable[Step]) -> Seen:
        """From the first page through all prompts."""
        self.open()
        for prompt, reply in steps:
            self.reply(prompt, reply)
        return self.page


def walked(application: Application, engine: Engine, answers: Answers) -> Visitor:
    """Somebody who has given these answers, at the check of them or at the emergency."""
    visitor = Visitor(application)
    steps: Sequence[Step] = steps_to(engine, answers)
    assert steps, answers
    visitor.walk(steps)
    return visitor


def answered_in(path: Path, engine: Engine) -> tuple[Answers, Answers]:
    """The answers of a scenario, and those that are asked before its result; skips it where more is answered than asked."""
    questions, answers = engine.rulebase.questions, read_answer_file(path, engine.rulebase).answers
    asked = {name: answer for name, answer in answers.items() if not questions[name].after}
    if not steps_to(engine, asked):
        pytest.skip("more is answered than is asked")
    return answers, asked
