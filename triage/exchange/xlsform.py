"""The questionnaire as an XLSForm, for ODK and KoboToolbox. The only module that imports openpyxl.

The form collects answers; what follows from them, `run` says. Names in the form are the ids of
the rule base where XML takes them (`Fields.names`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO, Any
from zipfile import BadZipFile

from triage.exchange.forms import FORM_TITLE, SAID, Fields, alone, either, help_text, limits_of, shown_when
from triage.knowledge.conditions import Condition
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import Question, RuleBase
from triage.version import how_to_install

REQUIRED = "Please answer. There is no silent default."

Row = dict[str, str]  # column -> text


class XPath(Fields):
    """XPath over the fields of a form, and its rows of the sheet "survey"."""

    negation = "not({})"

    def chosen(self, question: Question, options: list[str]) -> str:
        field = f"${{{self.choosing(question)}}}"
        test = "selected({}, '{}')" if question.kind == "many" else "{} = '{}'"
        return either([test.format(field, option) for option in options]) if options else f"{field} != ''"

    def between(self, question: Question, low: int, high: int) -> str:
        field = f"${{{self.names[question.id]}}}"
        return f"({field} >= {low} and {field} <= {high})"

    def note(self, name: str, words: str, when: str = "") -> Row:
        return {"type": "note", "name": name, "label": _label(words), "relevant": when}

    def asked(self, question: Question) -> Iterator[Row]:
        name, choosing = self.names[question.id], self.choosing(question)
        asked = {
            "label": _label(question.text),
            "hint": _label(help_text(question)),
            "required": "" if question.after else "yes",
            "required_message": "" if question.after else REQUIRED,
            "relevant": self.asked_when(question),
        }
        if question.options:
            kind = f"select_{'multiple' if question.kind == 'many' else 'one'} {name}"
            offered = {"choice_filter": _choice_filter(self, question)}
            yield {"type": kind, "name": choosing, **asked, **_alone(question), **offered}
            asked |= {"relevant": f"${{{choosing}}} = '{SAID}'", "label": limits_of(question), "hint": ""}
        if question.kind == "number":
            yield {"type": "integer", "name": name, **asked, **_within(self, question)}


def as_xlsx(rulebase: RuleBase) -> bytes:
    """The three sheets as an .xlsx file. Raises FaultyInput where openpyxl is not installed."""
    try:
        from openpyxl import Workbook
    except ImportError:
        what = "needs openpyxl, which is not installed"
        raise FaultyInput([Fault("export xlsform", 0, what, how_to_install("xlsform"), code="LCT500")]) from None
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets(rulebase).items():
        sheet = book.create_sheet(title)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        for y, row in enumerate([dict(zip(columns, columns, strict=True)), *rows], 1):
            for x, column in enumerate(columns, 1):
                if row.get(column):
                    sheet.cell(y, x, row[column]).data_type = "s"  # never a formula, however a text begins
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def excel_rows(raw: IO[bytes], name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of values of the first sheet of a file. Raises FaultyInput."""
    try:
        import openpyxl

        return iter(
            openpyxl.load_workbook(raw, read_only=True, data_only=True).worksheets[0].iter_rows(values_only=True)
        )
    except ImportError:
        what = "needs openpyxl, which is not installed"
        raise FaultyInput([Fault(name, 0, what, how_to_install("xlsform"), code="LCT700")]) from None
    except (BadZipFile, KeyError, ValueError, IndexError) as error:
        raise FaultyInput([Fault(name, 0, f"is no Excel file: {error}", code="LCT707")]) from None


def sheets(rulebase: RuleBase) -> dict[str, list[Row]]:
    """The rows of every sheet, by its name."""
    settings = {
        "form_title": FORM_TITLE,
        "form_id": "leg_cramp_triage_2",  # other questions than the form before it
        "version": f"{rulebase.about.version}-{rulebase.sha256[:12]}",
        "style": "pages",
        "default_language": "en",
    }
    xpath = XPath(rulebase)
    choices = [row for question in xpath.rulebase.questions.values() for row in _choices(xpath, question)]
    return {"survey": list(xpath.rows()), "choices": choices, "settings": [settings]}


def _within(xpath: XPath, question: Question) -> Row:
    """That a number keeps its limits, and those that other answers set."""
    tests = [f". >= {question.minimum} and . <= {question.maximum}"]
    for limit in question.limits:
        when = xpath.said(Condition(limit.when))
        tests.append(f"(not({when}) or (. >= {limit.minimum} and . <= {limit.maximum}))")
    said = ". ".join([limits_of(question), *(limit.say for limit in question.limits)])
    return {"constraint": " and ".join(tests), "constraint_message": _label(said)}


def _alone(question: Question) -> Row:
    """That nothing stands beside an option that stands alone."""
    options, words = alone(question)
    if not options:
        return {}
    picked = " or ".join(f"selected(., '{option.id}')" for option in options)
    message = _label(f"{words} Take one of them away.")
    return {"constraint": f"count-selected(.) <= 1 or not({picked})", "constraint_message": message}


def _choices(xpath: XPath, question: Question) -> Iterator[Row]:
    listed = {"list_name": xpath.names[question.id]}
    if question.kind == "number" and question.options:
        yield {**listed, "name": SAID, "label": limits_of(question)}
    yield from ({**listed, "name": option.id, "label": _label(option.text)} for option in question.options)


def _choice_filter(xpath: XPath, question: Question) -> str:
    """Which choices are offered; empty where all are."""
    shown: dict[Condition, list[str]] = {}
    for option in question.options:
        if condition := shown_when(question, option):
            shown.setdefault(condition, []).append(f"name = '{option.id}'")
    return " and ".join(f"(not({' or '.join(names)}) or {xpath.said(when)})" for when, names in shown.items())


def _label(words: str) -> str:
    """A text as it is shown: `${` would name a question, and some marks would be Markdown."""
    return re.sub(r"([*_#])", r"\\\1", words).replace("${", "$ {")
