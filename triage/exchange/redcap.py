"""The questionnaire as a data dictionary of REDCap (CSV). As with any form, what follows from answers `batch` says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from triage.exchange.forms import SAID, Fields, alone, either, help_text, limits_of
from triage.knowledge.model import Question, RuleBase

HEADER = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
FORM = "questions"


class Branching(Fields):
    """REDCap's logic: `[field] = 'code'`, of a checkbox `[field(code)] = '1'`; and its rows of the dictionary."""

    negation = "if({}, 0, 1) = 1"
    gap, noted = "_", "_note_"

    def chosen(self, question: Question, options: list[str]) -> str:
        field = self.choosing(question)
        if question.kind != "many":
            return either([f"[{field}] = '{one}'" for one in options]) if options else f"[{field}] <> ''"
        return either([f"[{field}({one})] = '1'" for one in options or [o.id for o in question.options]])

    def between(self, question: Question, low: int, high: int) -> str:
        field = f"[{self.names[question.id]}]"
        return f"({field} >= {low} and {field} <= {high} and {field} <> '')"

    def note(self, name: str, words: str, when: str = "") -> dict[str, str]:
        return {**_row(name, "descriptive", words), HEADER[11]: when}

    def asked(self, question: Question) -> Iterator[dict[str, str]]:
        name, choosing, needed = self.names[question.id], self.choosing(question), "" if question.after else "y"
        asked = {HEADER[6]: help_text(question), HEADER[11]: self.asked_when(question), HEADER[12]: needed}
        if question.options:
            kind = "checkbox" if question.kind == "many" else "radio"
            said = [(SAID, limits_of(question))] * (question.kind == "number")
            choices = [*said, *((option.id, option.text) for option in question.options)]
            codes = " | ".join(f"{code}, {text.replace('|', '/')}" for code, text in choices)
            single = ",".join(option.id for option in alone(question)[0])
            only = {HEADER[17]: f"@NONEOFTHEABOVE='{single}'"} if single else {}
            yield {**_row(choosing, kind, question.text), **asked, HEADER[5]: codes, **only}
            asked = {HEADER[11]: f"[{choosing}] = '{SAID}'", HEADER[12]: needed}
        if question.kind == "number":
            limits = {HEADER[7]: "integer", HEADER[8]: str(question.minimum), HEADER[9]: str(question.maximum)}
            label = limits_of(question) if question.options else question.text
            yield {**_row(name, "text", label), **asked, **limits}


def as_text(rulebase: RuleBase) -> str:
    """The data dictionary, to be uploaded under "Dictionary"."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow(_row("record_id", "text", "Record"))
    writer.writerows(Branching(rulebase).rows())
    return text.getvalue().rstrip("\n")


def _row(name: str, kind: str, label: str) -> dict[str, str]:
    return {HEADER[0]: name, HEADER[1]: FORM, HEADER[3]: kind, HEADER[4]: label}
