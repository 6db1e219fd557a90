"""The questionnaire as an XLSForm, for ODK and KoboToolbox. The only module that imports openpyxl.

The form collects answers; what follows from them, `run` says. Names in the form are the ids of
the rule base where XML takes them (`XPath.names`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from triage.exchange.forms import FORM_TITLE, NO_ADVICE, Language, alone, either, help_text, notices, shown_when, signs
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.model import EVERYBODY, Condition, Question, RuleBase
from triage.knowledge.voices import rules_in_voice

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

INSTALL_OPENPYXL = "pip install 'leg-cramp-triage[xlsform]'"

SURVEY = (
    "type", "name", "label", "hint", "required", "required_message",
    "relevant", "constraint", "constraint_message", "choice_filter",
)  # fmt: skip
CHOICES = ("list_name", "name", "label", "shown")
SETTINGS = ("form_title", "form_id", "version", "style", "default_language")

# A number that may be left unsaid takes two rows: which, and the number.
WHICH, SAID = "how", "said"
RESERVED = ("data", "meta")  # elements that every form has
REQUIRED = "Please answer. There is no silent default."
UNCONDITIONAL = "0"  # in the column "shown"; other choices have the number of the condition on which they are offered

Rows = list[dict[str, str]]


class XPath(Language):
    """XPath over the fields of a form. `names`: question id -> its name in the form.

    No id holds two underscores in a row, so what the form adds to a name never meets another.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        super().__init__(rulebase)
        self.names: dict[str, str] = {}
        for question in rulebase.questions:
            name = _plain(question)
            name = f"q_{name}" if name[0].isdigit() or name in RESERVED else name
            while name in self.names.values():
                name += "_"
            self.names[question] = name

    def choosing(self, question: Question) -> str:
        """The row that takes a question's options: a number has one of its own for them."""
        name = self.names[question.id]
        return f"{name}__{WHICH}" if question.kind == "number" else name

    def answered(self, question: Question) -> str:
        return f"${{{self.choosing(question)}}} != ''"

    def chosen(self, question: Question, options: list[str]) -> str:
        field = f"${{{self.choosing(question)}}}"
        test = "selected({}, '{}')" if question.kind == "many" else "{} = '{}'"
        return either([test.format(field, option) for option in options])

    def between(self, question: Question, low: int, high: int) -> str:
        field = f"${{{self.names[question.id]}}}"
        return f"({field} >= {low} and {field} <= {high})"

    def negated(self, test: str) -> str:
        return f"not({test})"


def _plain(name: str) -> str:
    return name.replace("-", "_")


def as_xlsx(rulebase: RuleBase) -> bytes:
    """The three sheets as an .xlsx file. Raises FaultyInput where openpyxl is not installed."""
    try:
        from openpyxl import Workbook
    except ImportError:
        what = "needs openpyxl, which is not installed"
        raise FaultyInput([Fault("export xlsform", 0, what, INSTALL_OPENPYXL, code="LCT500")]) from None
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, (columns, rows) in sheets(rulebase).items():
        _fill(book.create_sheet(title), columns, rows)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(sheet: Worksheet, columns: Iterable[str], rows: Rows) -> None:
    for y, texts in enumerate([dict(zip(columns, columns, strict=True)), *rows], 1):
        for x, column in enumerate(columns, 1):
            if texts.get(column):
                cell = sheet.cell(y, x, texts[column])
                cell.data_type = "s"  # never a formula, however a text begins


def sheets(rulebase: RuleBase) -> dict[str, tuple[tuple[str, ...], Rows]]:
    """Columns and rows of every sheet, by its name."""
    rulebase = rules_in_voice(rulebase)
    about = rulebase.about
    settings = {
        "form_title": FORM_TITLE,
        "form_id": "leg_cramp_triage_2",  # other questions than the form before it
        "version": f"{about.version}-{rulebase.sha256[:12]}",
        "style": "pages",
        "default_language": "en",
    }
    return {
        "survey": (SURVEY, list(_survey(rulebase))),
        "choices": (CHOICES, list(_choices(rulebase))),
        "settings": (SETTINGS, [settings]),
    }


def _survey(rulebase: RuleBase) -> Iterator[dict[str, str]]:
    xpath = XPath(rulebase)
    yield _note("about__first", _limits(rulebase))
    for question in rulebase.questions.values():
        yield from _question(xpath, question)
        for notice in notices(rulebase, question):
            note = _note(f"{xpath.names[question.id]}__{_plain(notice.id)}", notice.say)
            yield {**note, "relevant": xpath.said(notice.condition)}
    yield _note("about__last", _limits(rulebase))


def _note(name: str, words: str) -> dict[str, str]:
    return {"type": "note", "name": name, "label": _label(words)}


def _limits(rulebase: RuleBase) -> str:
    """What the form cannot do, and the signs that must not wait."""
    return "\n\n".join([NO_ADVICE, *signs(rulebase), rulebase.about.statement])


def _question(xpath: XPath, question: Question) -> Iterator[dict[str, str]]:
    condition = question.condition
    row = {
        "label": _label(question.text),
        "hint": _label(help_text(question)),
        "required": "yes",
        "required_message": REQUIRED,
        "relevant": "" if condition == EVERYBODY else xpath.said(condition),
    }
    name = xpath.names[question.id]
    if question.options:
        kind = "select_multiple" if question.kind == "many" else "select_one"
        offered = _choice_filter(xpath, question)
        choosing = {"type": f"{kind} {name}", "name": xpath.choosing(question), "choice_filter": offered}
        yield {**choosing, **row, **_alone(question)}
        row |= {"relevant": f"${{{xpath.choosing(question)}}} = '{SAID}'", "label": _limits_of(question), "hint": ""}
    if question.kind == "number":
        yield {"type": "integer", "name": name, **row, **_within(xpath, question)}


def _within(xpath: XPath, question: Question) -> dict[str, str]:
    """That a number keeps its limits, and those that other answers set."""
    tests = [f". >= {question.minimum} and . <= {question.maximum}"]
    for limit in question.limits:
        when = xpath.said(Condition(limit.when))
        tests.append(f"(not({when}) or (. >= {limit.minimum} and . <= {limit.maximum}))")
    said = ". ".join([_limits_of(question), *(limit.say for limit in question.limits)])
    return {"constraint": " and ".join(tests), "constraint_message": _label(said)}


def _limits_of(question: Question) -> str:
    return f"A whole number from {question.minimum} to {question.maximum} {question.unit}".strip()


def _alone(question: Question) -> dict[str, str]:
    """That nothing stands beside an option that stands alone."""
    options, words = alone(question)
    if not options:
        return {}
    picked = " or ".join(f"selected(., '{option.id}')" for option in options)
    message = _label(f"{words} Take one of them away.")
    return {"constraint": f"count-selected(.) <= 1 or not({picked})", "constraint_message": message}


def _choices(rulebase: RuleBase) -> Iterator[dict[str, str]]:
    names = XPath(rulebase).names
    for question in rulebase.questions.values():
        conditions = _conditions_of_lines(question)
        always = {"shown": UNCONDITIONAL} if conditions else {}
        if question.kind == "number" and question.options:
            yield {"list_name": names[question.id], "name": SAID, "label": _limits_of(question), **always}
        for option in question.options:
            row = {"list_name": names[question.id], "name": option.id, "label": _label(option.text)}
            condition = shown_when(question, option)
            yield row | ({"shown": conditions[condition]} if condition else always)


def _conditions_of_lines(question: Question) -> dict[Condition, str]:
    """The conditions on which some options of a list are offered, numbered."""
    conditions = [shown for option in question.options if (shown := shown_when(question, option))]
    return {condition: str(number) for number, condition in enumerate(dict.fromkeys(conditions), 1)}


def _choice_filter(xpath: XPath, question: Question) -> str:
    """Which choices are offered, by their column "shown"; empty where all are."""
    conditions = _conditions_of_lines(question)
    tests = [f"(shown = '{number}' and ({xpath.said(condition)}))" for condition, number in conditions.items()]
    return " or ".join([f"shown = '{UNCONDITIONAL}'", *tests]) if tests else ""


def _label(words: str) -> str:
    """A text as it is shown: `${` would name a question, and some marks would be Markdown."""
    return re.sub(r"([*_#])", r"\\\1", words).replace("${", "$ {")
