"""The questionnaire as an XLSForm, for ODK and KoboToolbox. The only module that imports openpyxl.

The form collects answers; what follows from them, `run` says. Names in the form are the ids of
the rule base where XML takes them (`Names`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from triage.exchange.forms import NO_ADVICE, help_text, notices, shown_when, signs
from triage.knowledge.faults import Fault, FaultyInput
from triage.knowledge.grammar import joined_bands
from triage.knowledge.model import EVERYBODY, Cell, Condition, Question, Row, RuleBase
from triage.knowledge.voices import rules_in_voice

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

INSTALL = "pip install 'leg-cramp-triage[xlsform]'"

SURVEY = (
    "type", "name", "label", "hint", "required", "required_message",
    "relevant", "constraint", "constraint_message", "choice_filter",
)  # fmt: skip
CHOICES = ("list_name", "name", "label", "shown")
SETTINGS = ("form_title", "form_id", "version", "style", "default_language")

# A number that may be left unsaid takes two rows: which, and the number.
HOW, SAID = "how", "said"
RESERVED = ("data", "meta")  # elements that every form has
REQUIRED = "Please answer. There is no silent default."
ALWAYS = "0"  # in the column "shown"; other choices have the number of the condition on which they are offered

Rows = list[dict[str, str]]


class Names(Mapping[str, str]):
    """Question id -> its name in the form; `back` the other way round.

    No id holds two underscores in a row, so what the form adds to a name never meets another.
    """

    def __init__(self, rulebase: RuleBase) -> None:
        self.back: dict[str, str] = {}
        for question in rulebase.questions:
            name = _plain(question)
            name = f"q_{name}" if name[0].isdigit() or name in RESERVED else name
            while name in self.back:
                name += "_"
            self.back[name] = question
        self._names = {question: name for name, question in self.back.items()}

    def __getitem__(self, question: str) -> str:
        return self._names[question]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def choosing(self, question: Question) -> str:
        """The row that takes a question's options: a number has one of its own for them."""
        return f"{self[question.id]}__{HOW}" if question.kind == "number" else self[question.id]


def _plain(name: str) -> str:
    return name.replace("-", "_")


def as_xlsx(rulebase: RuleBase) -> bytes:
    """The three sheets as an .xlsx file. Raises FaultyInput where openpyxl is not installed."""
    try:
        from openpyxl import Workbook
    except ImportError:
        what = "needs openpyxl, which is not installed"
        raise FaultyInput([Fault("export xlsform", 0, what, INSTALL)]) from None
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
        "form_title": "Questions about leg cramps",
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
    names = Names(rulebase)
    yield _note("about__first", _limits(rulebase))
    for question in rulebase.questions.values():
        yield from _question(rulebase, names, question)
        for notice in notices(rulebase, question):
            relevant = as_xpath(rulebase, names, notice.condition)
            yield {**_note(f"{names[question.id]}__{_plain(notice.id)}", notice.say), "relevant": relevant}
    yield _note("about__last", _limits(rulebase))


def _note(name: str, words: str) -> dict[str, str]:
    return {"type": "note", "name": name, "label": _label(words)}


def _limits(rulebase: RuleBase) -> str:
    """What the form cannot do, and the signs that must not wait."""
    return "\n\n".join([NO_ADVICE, *signs(rulebase), rulebase.about.statement])


def _question(rulebase: RuleBase, names: Names, question: Question) -> Iterator[dict[str, str]]:
    condition = question.condition
    relevant = "" if condition == EVERYBODY else as_xpath(rulebase, names, condition)
    row = {
        "label": _label(question.text),
        "hint": _label(help_text(question)),
        "required": "yes",
        "required_message": REQUIRED,
        "relevant": relevant,
    }
    name = names[question.id]
    if question.options:
        kind = "select_multiple" if question.kind == "many" else "select_one"
        offered = _choice_filter(rulebase, names, question)
        choosing = {"type": f"{kind} {name}", "name": names.choosing(question), "choice_filter": offered}
        yield {**choosing, **row, **_alone(question)}
        row |= {"relevant": f"${{{names.choosing(question)}}} = '{SAID}'", "label": _limits_of(question), "hint": ""}
    if question.kind == "number":
        yield {"type": "integer", "name": name, **row, **_within(rulebase, names, question)}


def _within(rulebase: RuleBase, names: Names, question: Question) -> dict[str, str]:
    """That a number keeps its limits, and those that other answers set."""
    tests = [f". >= {question.minimum} and . <= {question.maximum}"]
    for limit in question.limits:
        when = as_xpath(rulebase, names, Condition(limit.when))
        tests.append(f"(not({when}) or (. >= {limit.minimum} and . <= {limit.maximum}))")
    said = ". ".join([_limits_of(question), *(limit.say for limit in question.limits)])
    return {"constraint": " and ".join(tests), "constraint_message": _label(said)}


def _limits_of(question: Question) -> str:
    return f"A whole number from {question.minimum} to {question.maximum} {question.unit}".strip()


def _alone(question: Question) -> dict[str, str]:
    """That nothing stands beside an option that stands alone."""
    alone = [option for option in question.options if option.exclusive]
    if question.kind != "many" or not alone:
        return {}
    picked = " or ".join(f"selected(., '{option.id}')" for option in alone)
    said = " and ".join(f'"{option.text}"' for option in alone)
    message = f"{said} cannot stand beside other answers. Take one of them away."
    return {"constraint": f"count-selected(.) <= 1 or not({picked})", "constraint_message": _label(message)}


def _choices(rulebase: RuleBase) -> Iterator[dict[str, str]]:
    names = Names(rulebase)
    for question in rulebase.questions.values():
        conditions = _conditions_of_lines(question)
        always = {"shown": ALWAYS} if conditions else {}
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


def _choice_filter(rulebase: RuleBase, names: Names, question: Question) -> str:
    """Which choices are offered, by their column "shown"; empty where all are."""
    conditions = _conditions_of_lines(question)
    tests = [
        f"(shown = '{number}' and ({as_xpath(rulebase, names, condition)}))" for condition, number in conditions.items()
    ]
    return " or ".join([f"shown = '{ALWAYS}'", *tests]) if tests else ""


def _label(words: str) -> str:
    """A text as it is shown: `${` would name a question, and some marks would be Markdown."""
    return re.sub(r"([*_#])", r"\\\1", words).replace("${", "$ {")


# --- conditions


def as_xpath(rulebase: RuleBase, names: Names, condition: Condition) -> str:
    """A condition over answers as XPath; false where a question was not answered."""
    when = _rows(rulebase, names, condition.when)
    return f"({when}) and not({_rows(rulebase, names, condition.unless)})" if condition.unless else when


def _rows(rulebase: RuleBase, names: Names, rows: Iterable[Row]) -> str:
    said = [" and ".join(_cell(rulebase, names, cell) for cell in row) for row in rows]
    return said[0] if len(said) == 1 else " or ".join(f"({row})" for row in said)


def _cell(rulebase: RuleBase, names: Names, cell: Cell) -> str:
    question = rulebase.questions[cell.name]
    name = f"${{{names[question.id]}}}"
    bands = [band for band in rulebase.bands.get(cell.name, ()) if band in cell.options]
    tests = [f"({name} >= {low} and {name} <= {high})" for low, high in joined_bands(bands)]
    picked = f"${{{names.choosing(question)}}}"
    for option in question.options:
        if option.id in cell.options:
            several = question.kind == "many"
            tests.append(f"selected({picked}, '{option.id}')" if several else f"{picked} = '{option.id}'")
    if cell.absent:
        return f"({picked} != '' and not({' or '.join(tests)}))"
    between = " and " if cell.every else " or "
    return tests[0] if len(tests) == 1 else f"({between.join(tests)})"
