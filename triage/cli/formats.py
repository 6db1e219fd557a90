"""The formats of a result, and where each is written. A format is imported only when it is wanted."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from triage.knowledge.model import Assessment, RuleBase
from triage.output.view import Wanted

# Format -> module and function(rulebase, assessment, wanted).
FORMATS = {
    "text": "triage.output.text:written",
    "json": "triage.output.as_json:written",
    "markdown": "triage.output.markdown:as_markdown",
    "fhir": "triage.exchange.fhir.bundle:written",
    "html": "triage.output.page:page",
}
LINES = ("json", "fhir")  # where several results follow each other, each is one line
WHOLE = ("html",)  # a document from its first character to its last: two cannot share a file


class Page(NamedTuple):
    """A format that is meant for a file: what it is called where it is offered, and how its file's name ends."""

    label: str
    suffix: str


# What an interview offers to save, the most useful first; keys of FORMATS.
PAGES = {
    "html": Page("page to read and print (HTML)", ".html"),
    "markdown": Page("text for a record or an e-mail (Markdown)", ".md"),
}


def written(name: str, rulebase: RuleBase, assessment: Assessment, wanted: Wanted) -> str:
    """An assessment in one of FORMATS."""
    module, function = FORMATS[name].split(":")
    text: str = getattr(import_module(module), function)(rulebase, assessment, wanted)
    return text
