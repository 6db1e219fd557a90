"""Leg-cramp triage: a questionnaire and the rules that read its answers.

The names in `__all__` are the library; docs/embed.md is its tutorial. Everything else may
change from one version to the next. Nothing is imported before the first of them is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from triage.version import __version__ as __version__

if TYPE_CHECKING:
    from triage.api import *

__all__ = [
    "AnswerFile",
    "Assessment",
    "Fault",
    "FaultyInput",
    "Question",
    "Rules",
    "as_dict",
    "as_text",
    "assess",
    "assess_rows",
    "is_stale",
    "load_rules",
    "next_question",
    "read_answer_file",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from triage import api  # not before it is wanted: the command `relief` needs nothing of it

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
