"""The short result: what is told on one screen, line by line, each as a part with words that lead it.

Every format shows it first, and all of it. Only what was ticked is said back, and what is known is not asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from triage.knowledge.conditions import Facts
from triage.knowledge.model import AT_ONCE, EVERYDAY, NOT_SURE, Disposition, RuleBase, chosen
from triage.knowledge.wording import YOU_SAID, held_said, said
from triage.reasoning.results import Assessment, FiredFlag

ShortPart = Literal[
    "urgency", "note", "do", "why", "fits", "checking", "ask", "prevent", "later", "today", "emergency", "beside"
]  # fmt: skip

MOST_TICKS = 3  # that a reason quotes
MOST_NOTES = 3  # lines of warning signs that say what to do, besides those that warn against something dangerous
MOST_NAMED = 2  # causes, and checks
MOST_SIGNS = 5  # to come back for
# Where the words are too many, in this order, and how much of its list stays.
GIVES_WAY: tuple[tuple[ShortPart, int], ...] = (("prevent", 0), ("fits", 0), ("checking", 0), ("ask", 1), ("ask", 0))


class ShortLine(NamedTuple):
    """One line of the short result. `lead`: the words before it, without a colon; may be empty."""

    part: ShortPart
    lead: str
    text: str

    @property
    def sentence(self) -> str:
        return f"{self.lead}: {self.text}" if self.lead else self.text


def short_lines(rulebase: RuleBase, assessment: Assessment, say: str) -> tuple[ShortLine, ...]:
    """The lines below the first sentence, which is `say`, in the order in which they are told. `rulebase`: in its voice.

    What can be spared is left out where they are longer than the level wants.
    """
    lines = [line for line in _lines(rulebase, assessment) if line.text]
    for shorter in _ever_shorter(rulebase, lines) if assessment.disposition.stops != AT_ONCE else ():
        if count_words(say, *(line.sentence for line in lines)) <= assessment.disposition.most_words:
            break
        lines = shorter
    return tuple(lines)


def _ever_shorter(rulebase: RuleBase, lines: Sequence[ShortLine]) -> Iterator[list[ShortLine]]:
    """The lines with less and less of what can be spared; what warns against something dangerous stays."""
    left = list(lines)
    for part, most in GIVES_WAY:
        kept = {line: _listed(line.text[:-1].split("; "), most) if line.part == part else line.text for line in left}
        left = [line._replace(text=text) for line, text in kept.items() if text]
        yield left
    spare = [line for line in left if line.part == "do" and not _warns(rulebase, line.text)]
    spare = [*(line for line in spare if line.lead), *(line for line in spare if not line.lead)]
    for drop in reversed(spare):  # the note of the first sign goes last, and then what to do in a cramp
        left = [line for line in left if line is not drop]
        yield left


def _warns(rulebase: RuleBase, note: str) -> bool:
    """Whether a note warns against something dangerous."""
    return re.search(rulebase.wording.warns, note, re.IGNORECASE) is not None


def count_words(*texts: str) -> int:
    """How many words a person reads."""
    return sum(len(re.findall(r"[\w'\u2019-]+", text)) for text in texts)


def _lines(rulebase: RuleBase, assessment: Assessment) -> Iterator[ShortLine]:
    level, net = assessment.disposition, assessment.safety_net
    yield from (ShortLine("urgency", "", text) for text in places(rulebase, deciding(assessment)))
    yield from (ShortLine("note", "", note.short or note.title) for note in assessment.notes if note.first)
    if level.stops:
        yield _why(rulebase, assessment)
    yield from _what_to_do(rulebase, assessment)
    if level.stops == AT_ONCE:
        return
    if not level.stops:
        yield _why(rulebase, assessment)
    yield from _what_fits(assessment)
    yield ShortLine("ask", "Checks to ask about", _listed([check.short or check.title for check in assessment.checks]))
    yield ShortLine(
        "prevent", "To prevent it", next((one.short or f"{one.title}." for one in assessment.prevention), "")
    )
    if assessment.complete and not level.stops:
        yield ShortLine("later", "", " ".join(level.more))
    if net:
        yield ShortLine("today", net.say_today, _listed([sign.text for sign in net.today], MOST_SIGNS))
        yield ShortLine("emergency", net.say_emergency, _listed([sign.text for sign in net.emergency], MOST_SIGNS))
    if assessment.pharmacist:
        beside = _notes(_of_level(assessment, assessment.pharmacist))
        warnings = [note for note in beside if _warns(rulebase, note)]
        yield ShortLine("beside", "Also", " ".join([assessment.pharmacist.say, *warnings]))


def _what_to_do(rulebase: RuleBase, assessment: Assessment) -> Iterator[ShortLine]:
    """The one advice that helps most, or what the warning signs that decide say; these first where today is the level."""
    level = assessment.disposition
    of_flags = _notes(deciding(assessment))
    others = [note for note in of_flags if not _warns(rulebase, note)][:MOST_NOTES]
    notes = [note for note in of_flags if note in others or _warns(rulebase, note)]
    advice = next((one.short for one in assessment.relief if one.short), "")
    if level.stops == AT_ONCE:
        notes += level.more
    elif not (level.stops and notes):
        yield ShortLine("do", "Until then" if level.stops else "In a cramp", advice)
    yield from (ShortLine("do", "", line) for line in notes)


def _what_fits(assessment: Assessment) -> Iterator[ShortLine]:
    everyday = [ranked.cause.title for ranked in assessment.causes if ranked.cause.group == EVERYDAY]
    others = [ranked.cause.title for ranked in assessment.causes if ranked.cause.group != EVERYDAY]
    urgency = [fired.flag.id for fired in assessment.red_flags]  # the most urgent first
    by_urgency = sorted(assessment.needs_checking, key=lambda fired: min(map(urgency.index, fired.flags)))
    checking = [fired.cause.title for fired in by_urgency]
    lead = "Needs checking" if checking else "Worth asking about"
    lines = {
        "causes": ShortLine("fits", "What fits", _listed(everyday)),
        "needs_checking": ShortLine("checking", lead, _listed(checking or others)),
    }
    yield from (lines[part] for part in assessment.disposition.shows if part in lines)


def _why(rulebase: RuleBase, assessment: Assessment) -> ShortLine:
    """The reason, in the person's own ticks; without one, where danger was asked about and was not sure."""
    flags = deciding(assessment)
    if flags:
        told = flags if assessment.disposition.stops == AT_ONCE else flags[:1]  # the reason is that of the first
        ticks = list(dict.fromkeys(tick for fired in told for tick in in_words(rulebase, assessment, fired.answers)))
        you_said = rulebase.voices[assessment.voice][YOU_SAID]
        return ShortLine("why", "Why", f"{you_said}: {'; '.join(ticks[:MOST_TICKS])}. {flags[0].flag.because}")
    not_sure = "; ".join(unsure_of_danger(rulebase, assessment))
    doubt = f"No answer is a clear warning sign, but you were {not_sure}." if not_sure and assessment.complete else ""
    return ShortLine("why", "Why", doubt)


def deciding(assessment: Assessment) -> list[FiredFlag]:
    """The red flags of the level of the result."""
    return _of_level(assessment, assessment.disposition)


def _of_level(assessment: Assessment, level: Disposition) -> list[FiredFlag]:
    return [fired for fired in assessment.red_flags if fired.flag.disposition == level.id]


def _notes(flags: Iterable[FiredFlag]) -> list[str]:
    """What red flags say, each line once."""
    return list(dict.fromkeys(note for fired in flags for note in fired.flag.notes))


def places(rulebase: RuleBase, flags: Iterable[FiredFlag]) -> list[str]:
    """Where to go: the first place of the rule base that a flag names; none where none does."""
    wanted = {fired.flag.place for fired in flags}
    return [text for place, text in rulebase.places.items() if place in wanted][:1]


def in_words(rulebase: RuleBase, assessment: Assessment, facts: Facts) -> Iterator[str]:
    """The answers behind a rule, each chosen option apart, in its own words."""
    for name, options in facts.items():
        yield from held_said(rulebase, name, assessment.answers[name], options)


def unsure_of_danger(rulebase: RuleBase, assessment: Assessment) -> tuple[str, ...]:
    """What was answered "not sure" where danger was asked about."""
    answers = assessment.answers
    asked = (q.id for q in rulebase.questions.values() if q.danger and q.id in answers)
    return tuple(said(rulebase, name, NOT_SURE) for name in asked if NOT_SURE in chosen(answers[name]))


def _listed(items: Sequence[str], most: int = MOST_NAMED) -> str:
    return f"{'; '.join(items[:most])}." if items[:most] else ""
