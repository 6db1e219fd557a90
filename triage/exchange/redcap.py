"""The questionnaire as a data dictionary of REDCap (CSV). As with any form, what follows from answers `batch` says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from triage.exchange.forms import FORM_TITLE, NO_ADVICE, Language, alone, either, help_text, notices, signs
from triage.exchange.xlsform import SAID, WHICH, XPath
from triage.knowledge.model import Question, RuleBase
from triage.knowledge.voices import rules_in_voice

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
FORM = "questions"


class Branching(Language):
    """REDCap's logic: `[field] = 'code'`, of a checkbox `[field(code)] = '1'`."""

    negation = "if({}, 0, 1) = 1"

    def __init__(self, rulebase: RuleBase) -> None:
        super().__init__(rulebase)
        self.names = XPath(rulebase).names

    def choosing(self, question: Question) -> str:
        """The field that takes a question's options: a number has one of its own for them."""
        return f"{self.names[question.id]}_{WHICH}" if question.kind == "number" else self.names[question.id]

    def chosen(self, question: Question, options: list[str]) -> str:
        field = self.choosing(question)
        if question.kind != "many":
            return either([f"[{field}] = '{one}'" for one in options]) if options else f"[{field}] <> ''"
        return either([f"[{field}({one})] = '1'" for one in options or [o.id for o in question.options]])

    def between(self, question: Question, low: int, high: int) -> str:
        field = f"[{self.names[question.id]}]"
        return f"({field} >= {low} and {field} <= {high} and {field} <> '')"


def as_text(rulebase: RuleBase) -> str:
    """The data dictionary, to be uploaded under "Dictionary"."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(Branching(rules_in_voice(rulebase))))
    return text.getvalue().rstrip("\n")


def _rows(language: Branching) -> Iterator[dict[str, str]]:
    limits = "\n\n".join([FORM_TITLE, NO_ADVICE, *signs(language.rulebase), language.rulebase.about.statement])
    yield _row("record_id", "text", "Record")
    yield _row("about_first", "descriptive", limits)
    for question in language.rulebase.questions.values():
        yield from _question(language, question)
        for notice in notices(language.rulebase, question):
            name = f"{language.names[question.id]}_note_{notice.id.replace('-', '_')}"
            yield {**_row(name, "descriptive", notice.say), HEADER[11]: language.said(notice.condition)}
    yield _row("about_last", "descriptive", limits)


def _row(name: str, kind: str, label: str) -> dict[str, str]:
    return {HEADER[0]: name, HEADER[1]: FORM, HEADER[3]: kind, HEADER[4]: label}


def _question(language: Branching, question: Question) -> Iterator[dict[str, str]]:
    """The field of a question; of a number that may be left unsaid two."""
    name, choosing = language.names[question.id], language.choosing(question)
    shown_when = language.asked_when(question)
    asked = {HEADER[6]: help_text(question), HEADER[11]: shown_when, HEADER[12]: "" if question.after else "y"}
    number = f"A whole number from {question.minimum} to {question.maximum} {question.unit}".strip()
    if question.options:
        kind = "checkbox" if question.kind == "many" else "radio"
        said = [(SAID, number)] * (question.kind == "number")
        choices = [*said, *((option.id, option.text) for option in question.options)]
        codes = " | ".join(f"{code}, {text.replace('|', '/')}" for code, text in choices)
        single = ",".join(option.id for option in alone(question)[0])
        only = {HEADER[17]: f"@NONEOFTHEABOVE='{single}'"} if single else {}
        yield {**_row(choosing, kind, question.text), **asked, HEADER[5]: codes, **only}
        asked = {HEADER[11]: f"[{choosing}] = '{SAID}'", HEADER[12]: asked[HEADER[12]]}
    if question.kind == "number":
        limits = {HEADER[7]: "integer", HEADER[8]: str(question.minimum), HEADER[9]: str(question.maximum)}
        label = number if question.options else question.text
        yield {**_row(name, "text", label), **asked, **limits}
