"""Regular expressions in files that people write: one that may take for ever is refused."""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

FEW = 20  # times: what may be repeated more often counts as without an end
MOST_REPEATS = 2  # without an end, one after the other in a pattern: each can multiply the time that it takes
_ENDLESS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def pattern_problem(pattern: str) -> str:
    """What is wrong with a regular expression; empty if nothing is."""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    nested, in_a_row = _repeats(parsed)
    if nested > 1:
        return "may take for ever: a repeat within a repeat"
    return f"may take for ever: more than {MOST_REPEATS} repeats one after the other" if in_a_row > MOST_REPEATS else ""


def _repeats(value: Any) -> tuple[int, int]:
    """How deep repeats without an end stand within each other in a parsed pattern, and how many follow each other."""
    if not isinstance(value, _parser.SubPattern | tuple | list):
        return 0, 0
    if isinstance(value, tuple) and value and value[0] is _constants.BRANCH:
        below = [_repeats(branch) for branch in value[1][1]]
        return max(deep for deep, _ in below), max(following for _, following in below)
    below = [_repeats(item) for item in value]
    deep, following = max((deep for deep, _ in below), default=0), sum(count for _, count in below)
    if isinstance(value, tuple) and len(value) == 2 and value[0] in _ENDLESS and value[1][1] > FEW:
        return deep + 1, max(following, 1)
    return deep, following
