"""What must be true within one table of a rule base, besides the types of its fields. One small check each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from triage.knowledge.faults import Fault, allowed
from triage.knowledge.model import Accepted, Question, RuleBase
from triage.knowledge.toml_file import Location

FEW = 20  # times: what may be repeated more often counts as without an end
MOST_REPEATS = 2  # without an end, one after the other in a pattern: each can multiply the time that it takes


def _fault(code: str, at: Location, label: str, key: str, what: str, hint: str = "") -> Fault:
    return Fault(at.file, at.line_of(key), f"{label}, {key}: {what}", hint, code)


def _of(question: Question) -> str:
    return f'question "{question.id}"'


def _options_are_enough(rulebase: RuleBase) -> Iterator[Fault]:
    for question in rulebase.questions.values():
        if question.kind == "number" and not question.minimum < question.maximum:
            yield _fault("LCT110", question.at, _of(question), "max", "must be larger than min")
        if question.kind != "number" and len(question.options) < 2:
            yield _fault("LCT107", question.at, _of(question), "option", "needs at least two options")


def _rivals_are_options(rulebase: RuleBase) -> Iterator[Fault]:
    for question in rulebase.questions.values():
        named = (option for group in question.rivals for option in group)
        yield from _unknown_options(question, question.at, _of(question), "rivals", named)


def _unknown_options(question: Question, at: Location, label: str, key: str, named: Iterable[str]) -> Iterator[Fault]:
    known = [option.id for option in question.options]
    for item in named:
        if item not in known:
            yield _fault("LCT204", at, label, key, f'unknown option "{item}"', allowed(item, known))


def _not_sure_leads_on(rulebase: RuleBase) -> Iterator[Fault]:
    for question in rulebase.questions.values():
        clarify = question.clarify
        if clarify is None:
            continue
        if [clarify.each, clarify.again_open, bool(clarify.options)].count(True) != 1:
            what = "needs either each = true, again_open = true or options"
            yield _fault("LCT107", clarify.at, "[question.clarify]", "each", what)
        for way in clarify.options:
            label = "[question.clarify.option]"
            yield from _unknown_options(question, way.at, label, "answer", way.answer)
            if [bool(way.answer), way.again, bool(way.go_to)].count(True) != 1:
                yield _fault("LCT107", way.at, label, "answer", "needs either an answer, again = true or go_to")
            if way.go_to and way.go_to not in rulebase.questions:
                hint = allowed(way.go_to, rulebase.questions)
                yield _fault("LCT202", way.at, label, "go_to", f'unknown question "{way.go_to}"', hint)


def _levels_are_told_apart(rulebase: RuleBase) -> Iterator[Fault]:
    """Nothing is more urgent than the first level, or told apart from one beside the ladder."""
    for level in rulebase.ladder:
        if level.rank and not level.instead:
            yield _fault("LCT107", level.at, f'disposition "{level.id}"', "instead", "is missing")


def _voices_have_the_same_tokens(rulebase: RuleBase) -> Iterator[Fault]:
    first = next(iter(rulebase.voices.values()), {})
    for voice in rulebase.voice_tables.values():
        for token in {*first} ^ {*voice.words}:
            what = f'every voice needs the same tokens, but not all have "{token}"'
            yield _fault("LCT110", voice.at, f'voice "{voice.id}"', "words", what)


def _red_flags_name_what_exists(rulebase: RuleBase) -> Iterator[Fault]:
    for flag in rulebase.red_flags.values():
        label = f'red_flag "{flag.id}"'
        for name in flag.waits_for:
            if name not in rulebase.questions:
                hint = allowed(name, rulebase.questions)
                yield _fault("LCT202", flag.at, label, "waits_for", f'unknown question "{name}"', hint)
        if flag.place and flag.place not in rulebase.places:
            what = f'{label}, place: unknown place "{flag.place}"'
            yield Fault(flag.at.file, flag.at.line, what, allowed(flag.place, rulebase.places), "LCT301")
        if len({bool(one) for one in (flag.condition.unless, flag.lowers, flag.lowers_to, flag.lowers_sources)}) > 1:
            what = "goes with unless: why it is safe, lowers_to what at most, and lowers_sources"
            yield _fault("LCT107", flag.at, label, "lowers", what)


def _causes_have_their_signs(rulebase: RuleBase) -> Iterator[Fault]:
    for cause in rulebase.causes.values():
        if (cause.group == "check") == bool(cause.signs):
            what = 'group "check" has `when` and no signs, the others have signs'
            yield _fault("LCT107", cause.at, f'cause "{cause.id}"', "group", what)
        for sign in cause.signs:
            if not sign.id.startswith(f"{cause.id}-"):
                yield _fault("LCT111", sign.at, f'cause.sign "{sign.id}"', "id", f'must begin with "{cause.id}-"')


def _allowed_words_are_words(rulebase: RuleBase) -> Iterator[Fault]:
    for word in rulebase.wording.allowed:
        if not (word.isalpha() and word == word.lower()):
            what = f'"{word}" must be one word in lower case'
            yield _fault("LCT110", rulebase.wording.at, "[wording]", "allowed", what)


def _patterns_can_be_used(rulebase: RuleBase) -> Iterator[Fault]:
    for forbidden in rulebase.forbidden.values():
        if problem := pattern_problem(forbidden.pattern):
            yield _fault("LCT115", forbidden.at, f'forbidden "{forbidden.id}"', "pattern", problem)
    for hazard in rulebase.hazards.values():
        for word in hazard.words:
            if problem := pattern_problem(word):
                what = f'hazard "{hazard.id}", words: "{word}" {problem}'
                yield Fault(hazard.at.file, hazard.at.line, what, code="LCT115")


def pattern_problem(pattern: str) -> str:
    """What is wrong with a regular expression; empty if nothing is. One that may take for ever is refused."""
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


_ENDLESS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def _accepted_once(rulebase: RuleBase) -> Iterator[Fault]:
    first: dict[tuple[str, str, str], Accepted] = {}
    for one in rulebase.accepted:
        before = first.setdefault((one.proof, one.rule, one.what), one)
        if before is not one:
            what = f'"{one.what}" of "{one.rule}" is already accepted at {before.at}'
            yield _fault("LCT112", one.at, "[accepted]", "what", what)


TABLE_CHECKS: tuple[Callable[[RuleBase], Iterator[Fault]], ...] = (
    _options_are_enough,
    _rivals_are_options,
    _not_sure_leads_on,
    _levels_are_told_apart,
    _voices_have_the_same_tokens,
    _red_flags_name_what_exists,
    _causes_have_their_signs,
    _allowed_words_are_words,
    _patterns_can_be_used,
    _accepted_once,
)
