"""The words of a voice in the place of tokens like {your}. Imports next to nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"\{([A-Za-z]+)\}( ?)(\w?)")


def spoken(text: str, words: Mapping[str, str]) -> str:
    """A text in the voice that has these words for the tokens."""
    return _TOKEN.sub(lambda found: _said(found, words), text) if "{" in text else text


def _said(found: re.Match[str], words: Mapping[str, str]) -> str:
    """The word of a token with what stands round it: a capital token begins a sentence, also where its word is empty."""
    token, blank, after = found.groups()
    word = words[token.lower()]
    if not word and found.string[: found.start()][-1:] in ("", " "):  # no word, so no blank after it
        blank = ""
    said = word + blank + after
    return said[0].upper() + said[1:] if token[0].isupper() and said else said
