"""How hard a text is to read: its Flesch-Kincaid grade. Pure; knows no rule base.

The grade is the school year in which the text is understood:
0.39 * words / sentences + 11.8 * syllables / words - 15.59
(Kincaid, Fishburne, Rogers and Chissom: Derivation of New Readability Formulas for Navy
Enlisted Personnel, Research Branch Report 8-75, 1975).

How it is counted here:

- Every text is graded whole. The formula needs running text, and many of ours are a few
  words long; so a text of fewer than `LEAST_WORDS` words is graded as if words of plain
  English (`PLAIN` syllables each) made it up to that. Short texts pass or fail by how
  long their words are; nothing is too short to be graded.
- A sentence ends at . ? ! ; or : (Flesch, How to Write Plain English, 1979: each full
  unit of speech marked off by one of these), but only if it has at least `LEAST_IN_SENTENCE` words: single words with
  full stops between them are no plainer. Parentheses end nothing.
- The parts of a compound with a hyphen or a slash are words of their own.
- A figure or an abbreviation without vowels is one syllable, as Flesch counts them.
- An allowed word, and its plural, counts as one syllable.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

LEAST_WORDS = 10
LEAST_IN_SENTENCE = 3
PLAIN = 1.4  # syllables a word in plain English

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,]\d+)*")
_END = re.compile(r"[.?!;:]+(?=[\s\"')\]]|$)")
_DOTTED = re.compile(r"\b(?:e\.g|i\.e|etc|St|Dr|vs)\.", re.IGNORECASE)


class Grade(NamedTuple):
    """The grade of a text, the words of its longest sentence, and its words with their syllables, longest first."""

    grade: float
    longest_sentence: int
    heaviest: tuple[tuple[str, int], ...]


def grade(text: str, allowed: Collection[str] = ()) -> Grade:
    """Grade a text. `allowed`: lower-case words that count as one syllable. A text without words has grade 0."""
    sentences = _sentences(text)
    counted = [(word, weight(word, allowed)) for sentence in sentences for word in sentence]
    if not counted:
        return Grade(0.0, 0, ())
    total = max(LEAST_WORDS, len(counted))
    spoken = sum(n for _, n in counted) + PLAIN * (total - len(counted))
    value = 0.39 * total / len(sentences) + 11.8 * spoken / total - 15.59
    heaviest = sorted({word.lower(): n for word, n in counted}.items(), key=lambda pair: -pair[1])
    return Grade(max(0.0, value), max(map(len, sentences)), tuple(heaviest))


def words(text: str) -> set[str]:
    """The words of a text in lower case."""
    return {word.lower() for word in _WORD.findall(text)}


def weight(word: str, allowed: Collection[str] = ()) -> int:
    """The syllables that a word counts for."""
    plain = word.lower().removesuffix("'s")
    if plain[0].isdigit() or plain in allowed or plain.removesuffix("s") in allowed:
        return 1
    return syllables(plain)


def _sentences(text: str) -> list[list[str]]:
    """The words of each sentence; too few words join what went before (or, at the start, what follows)."""
    sentences: list[list[str]] = []
    for part in _END.split(_DOTTED.sub(" ", text)):
        found = _WORD.findall(part)
        if sentences and (len(found) < LEAST_IN_SENTENCE or len(sentences[-1]) < LEAST_IN_SENTENCE):
            sentences[-1] += found
        elif found:
            sentences.append(found)
    return sentences


# --- syllables

_VOWELS = re.compile(r"[aeiouy]+")
# Vowels that are written but not said.
_SILENT = re.compile(
    r"(?<![aeiouy])(?<![^aeiouyrlw]l)e$"  # like, whole; but table, handle
    r"|(?<![aeiouyscgzx])(?<!ch)(?<!sh)(?<![^aeiouyrlw]l)es$"  # likes; but tables, boxes
    r"|(?<![aeiouytd])(?<![^aeiouyrlw]l)ed$"  # cramped; but rested
    r"|(?<=[aeiouy][^aeiouy])e(?=(?:ly|less|ness|ment|ful|thing|where|times?|body|work)s?$)"  # safely
    r"|(?<=^som)e(?=[^rs])|(?<=^hom)e(?=[^rs])|(?<=^sid)e(?=[^ds])|(?<=head)ache|(?<=stomach)ache"  # someone
)
# Neighbouring vowels that are said one by one.
_SPLIT = re.compile(
    r"(?<!c)i(?:a(?!ge|l$|lly)|um|us)|io(?!n|us)|(?<![tcs])ia(?:l$|lly)|(?<![tcsgxnl])io(?:n|us)"  # media
    r"|[aeouy]ing|(?<=[^qg])u[ao]|eo(?=s|l)|ie(?=t)|li(?=e[rn])|ri(?=en)"  # going, usual, diet
    r"|(?<=[aeiouy])sms?$"  # spasm
)
# Words that the rules get wrong, as people use them here.
_IRREGULAR = {
    "anyone": 3, "area": 3, "areas": 3, "aspirin": 2, "beyond": 2, "calcium": 3, "create": 2, "creature": 2,
    "diabetes": 4, "diarrhoea": 4, "diuretic": 4, "easier": 3, "earlier": 3, "elements": 3, "elsewhere": 2,
    "evening": 2, "every": 2, "everybody": 4, "everyday": 3, "everyone": 3, "everything": 3, "fatigue": 2, "fluid": 2,
    "fluids": 2, "grapefruit": 2, "guideline": 2, "idea": 3, "maybe": 2, "notebook": 2, "nutrient": 3, "onion": 2,
    "player": 2, "players": 2, "react": 2, "rhythm": 2, "royal": 2, "safety": 2, "someone": 2, "soya": 2, "tired": 2,
    "vegetables": 3, "whoever": 3,
}  # fmt: skip


def syllables(word: str) -> int:
    """The syllables of one English word in lower case, by rule; at least 1."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    core = re.sub(r"[^a-z]", "", word)
    return max(1, len(_VOWELS.findall(core)) - len(_SILENT.findall(core)) + len(_SPLIT.findall(core)))
