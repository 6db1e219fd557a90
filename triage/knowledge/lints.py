"""What must be true of a whole rule base, besides the types of its fields: one small check each.

A lint gets a rule base in which every condition is read, or one thing of it, and yields faults. They need no
answers and run no rule (the examples are run by `triage.reasoning.examples`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from triage.knowledge.conditions import Cell, Row
from triage.knowledge.faults import Fault, allowed
from triage.knowledge.fields import PATTERN, Names, fields_of
from triage.knowledge.model import (
    AT_ONCE,
    NOT_SURE,
    Accepted,
    Advice,
    Cause,
    Check,
    Country,
    Entry,
    Hazard,
    Note,
    Question,
    RedFlag,
    RuleBase,
    Sign,
    Voice,
)
from triage.knowledge.patterns import pattern_problem
from triage.knowledge.rule_files import LISTS, records, texts_of

TOLD = ("relief", "do_not")  # kinds of advice that a hazard may ask for


def lint(rulebase: RuleBase) -> list[Fault]:
    """All faults of all lints."""
    faults = [fault for check in LINTS for fault in check(rulebase)]
    for field, checks in OF_EACH.items():
        faults += (fault for one in getattr(rulebase, field).values() for check in checks for fault in check(one))
    return faults


def rows_of(entry: Entry) -> Iterator[Row]:
    """Every row of every condition of an entry."""
    yield from entry.condition.when
    yield from entry.condition.unless
    if isinstance(entry, Advice):
        yield from entry.only_if
        for never in entry.never:
            yield from never.when


def rows_of_question(question: Question) -> Iterator[Row]:
    """Every row of every condition of a question and its options."""
    for rows in (question.ask_when, question.ask_unless, question.after_urgent, question.yields_unless):
        yield from rows or ()
    for option in question.options:
        yield from option.show or ()


# --- ids


def _named(record: Any) -> Iterator[tuple[str, str, str]]:
    """Every id of another table in a record: the key of its field, that table, and the id."""
    for field in fields_of(record.__class__):
        if names := field.mark(Names):
            yield from ((field.key, names.table, own) for own in texts_of(record, field))


def _named_ids_are_there(rulebase: RuleBase) -> Iterator[Fault]:
    known = {name: list(getattr(rulebase, field)) for name, (_, field) in LISTS.items()}
    known |= {
        "claim": [own for claim in rulebase.claims for own in claim.ids],
        "red_flag or advice": [*rulebase.red_flags, *rulebase.advice],
    }
    for record in records(rulebase):
        for key, table, own in _named(record):
            if own not in known[table]:
                yield record.at.fault("LCT301", key, f'unknown {table} "{own}"', allowed(own, known[table]))


def _named_options_are_there(rulebase: RuleBase) -> Iterator[Fault]:
    for question in rulebase.questions.values():
        known = [option.id for option in question.options]
        named = [(question.at, "rivals", option) for group in question.rivals for option in group]
        if question.clarify:
            named += [(way.at, "answer", option) for way in question.clarify.options for option in way.answer]
        items = [item for line in rulebase.history for item in line.items if item.question == question.id]
        named += [(item.at, "options", option) for item in items for option in item.options]
        for at, key, option in named:
            if option not in known:
                yield at.fault("LCT204", key, f'unknown option "{option}"', allowed(option, known))


def _sources_and_figures_are_used(rulebase: RuleBase) -> Iterator[Fault]:
    """What only the hazard log cites is not used: no result rests on it."""
    cited = {own for record in records(rulebase) if not isinstance(record, Hazard) for own in _named(record)}
    used = {(table, own) for _, table, own in cited}
    for source in rulebase.sources.values():
        if ("source", source.id) not in used:
            yield source.at.fault("LCT302", "", "is not used", "cite it in a rule or take it out")
    for figure in rulebase.figures.values():
        if ("figure", figure.id) not in used:
            hint = "name it in an advice, or take it out"
            yield figure.at.fault("LCT310", "", "no advice names it", hint)


def _claims_are_answered_once(rulebase: RuleBase) -> Iterator[Fault]:
    listed = Counter(own for claim in rulebase.claims for own in claim.ids)
    answered = {own for entry in rulebase.entries.values() for own in entry.claims}
    for claim in rulebase.claims:
        for own in claim.ids:
            if listed[own] > 1:
                yield claim.at.fault("LCT304", "ids", f'"{own}" is listed {listed[own]} times')
            if (own in answered) == bool(claim.left_out):
                what = f'"{own}" must be answered by an entry or left out, and not both'
                hint = "name it in `claims` of the entry that answers it, or write left_out with a reason"
                yield claim.at.fault("LCT304", "ids", what, hint)


def _signs_begin_with_their_cause(sign: Sign) -> Iterator[Fault]:
    if not sign.id.startswith(f"{sign.cause}-"):
        yield sign.at.fault("LCT111", "id", f'must begin with "{sign.cause}-"')


def _accepted_once(rulebase: RuleBase) -> Iterator[Fault]:
    first: dict[tuple[str, str, str], Accepted] = {}
    for one in rulebase.accepted:
        before = first.setdefault((one.proof, one.rule, one.what), one)
        if before is not one:
            yield one.at.fault("LCT112", "what", f'"{one.what}" of "{one.rule}" is already accepted at {before.at}')


# --- questions


def _answers_can_be_given(question: Question) -> Iterator[Fault]:
    if question.kind == "number" and not question.minimum < question.maximum:
        yield question.at.fault("LCT110", "max", "must be larger than min")
    if question.kind != "number" and len(question.options) < 2:
        yield question.at.fault("LCT107", "option", "needs at least two options")


def _lists_have_ways_out(question: Question) -> Iterator[Fault]:
    """The interview needs a "none of these" that stands alone; "not sure" may stand beside signs of another page."""
    alone = {option.id for option in question.options if option.exclusive}
    if question.kind == "many" and not alone - {NOT_SURE}:
        what = "no exclusive option that says none of these"
        yield question.at.fault("LCT312", "option", what, "exclusive = true")
    if NOT_SURE in alone:
        yield question.at.fault("LCT312", "option", f'"{NOT_SURE}" may stand beside signs', "not exclusive")


def _not_sure_leads_on(question: Question) -> Iterator[Fault]:
    if clarify := question.clarify:
        if [clarify.each, clarify.again_open, bool(clarify.options)].count(True) != 1:
            yield clarify.at.fault("LCT107", "each", "needs either each = true, again_open = true or options")
        for way in clarify.options:
            if [bool(way.answer), way.again, bool(way.go_to)].count(True) != 1:
                yield way.at.fault("LCT107", "answer", "needs either an answer, again = true or go_to")


def _harmless_answers_are_marked(question: Question) -> Iterator[Fault]:
    """Where danger is asked for and one answer given, the proofs need to know which answers are no danger sign."""
    marked = [option.id for option in question.options if option.harmless]
    wanted = question.danger and question.kind == "one"
    if wanted != bool(marked):
        what = "no harmless option" if wanted else f'"{marked[0]}" cannot be marked harmless'
        hint = "harmless = true goes with an option of a danger question that takes one answer"
        yield question.at.fault("LCT313", "option", what, hint)


def _questions_are_read(rulebase: RuleBase) -> Iterator[Fault]:
    rows = [row for entry in rulebase.entries.values() for row in rows_of(entry)]
    rows += [row for question in rulebase.questions.values() for row in question.condition.when]
    read = {cell.name for row in rows for cell in row}
    for question in rulebase.questions.values():
        if question.id not in read and not question.after:  # of those a doctor reads the answers
            yield question.at.fault("LCT307", "", "is read by no rule", "take it out, or use it in a rule")


def _what_is_asked_after_decides_nothing(rulebase: RuleBase) -> Iterator[Fault]:
    """Only advice may depend on what is asked after the result, and questions that are asked then too."""
    after = {question.id for question in rulebase.questions.values() if question.after}
    read = [(q.at, rows_of_question(q)) for q in rulebase.questions.values() if not q.after]
    read += [(entry.at, rows_of(entry)) for entry in rulebase.entries.values() if not isinstance(entry, Advice)]
    for at, rows in read:
        for name in {cell.name for row in rows for cell in row} & after:
            yield at.fault("LCT311", "", f'reads "{name}", which is asked after the result', "only advice may read it")


# --- rules


def _status_is_honest(rulebase: RuleBase) -> Iterator[Fault]:
    for entry in (*rulebase.entries.values(), *rulebase.hazards.values()):
        if not entry.status and not isinstance(entry, Sign):  # a sign rests on its cause's sources
            yield entry.at.fault("LCT303", "sources", "none, so it is a draft", "say why: draft_because")


def _rules_can_fire(entry: Entry) -> Iterator[Fault]:
    for row in entry.condition.when:
        for barrier in entry.condition.unless:
            if all(any(_implies(cell, wanted) for cell in row) for wanted in barrier):
                yield entry.at.fault("LCT305", "", "a row of `when` can never fire", "`unless` always stops it")


def _implies(cell: Cell, wanted: Cell) -> bool:
    """Whether `wanted` holds wherever `cell` does."""
    if cell.name != wanted.name:
        return False
    if wanted.absent or cell.absent:
        return wanted.absent and cell.absent and wanted.options <= cell.options
    if wanted.every:
        return cell.every and wanted.options <= cell.options
    return not cell.options.isdisjoint(wanted.options) if cell.every else cell.options <= wanted.options


def _rules_differ(rulebase: RuleBase) -> Iterator[Fault]:
    first: dict[object, Entry] = {}
    for entry in rulebase.entries.values():
        rows = _shape(entry.condition.when)
        if len(rows) < len(entry.condition.when):
            yield entry.at.fault("LCT306", "", "the same row stands twice")
        if conclusion := _conclusion(entry):
            other = first.setdefault((conclusion, rows, _shape(entry.condition.unless)), entry)
            if other is not entry:
                yield entry.at.fault("LCT306", "", f'same condition and conclusion as "{other.id}"', f"at {other.at}")


def _shape(rows: Iterable[Row]) -> frozenset[frozenset[tuple[str, frozenset[str], str]]]:
    return frozenset(frozenset((c.name, c.options, c.how) for c in row) for row in rows)


def _conclusion(entry: Entry) -> tuple[str, ...]:
    """What an entry concludes; nothing where no two can conclude the same."""
    if isinstance(entry, RedFlag):
        return entry.table, entry.disposition, entry.place
    if isinstance(entry, Sign):
        return entry.table, entry.cause
    return (entry.table, entry.title) if isinstance(entry, Check | Note) else ()


def _examples_are_there(entry: Entry) -> Iterator[Fault]:
    if isinstance(entry, Sign | Cause):
        return  # the rule book says in words what they read, and nothing urgent hangs on them
    conditional = any(row for row in rows_of(entry))
    for name, examples in (("fires", entry.fires), ("silent", entry.silent)):
        if conditional and not examples:
            yield entry.at.fault("LCT308", name, "no example", "one that fires, and near misses that do not")


def _exceptions_are_whole(flag: RedFlag) -> Iterator[Fault]:
    if len({bool(one) for one in (flag.condition.unless, flag.lowers, flag.lowers_to, flag.lowers_sources)}) > 1:
        what = "goes with unless: why it is safe, lowers_to what at most, and lowers_sources"
        yield flag.at.fault("LCT107", "lowers", what)


def _waiting_questions_are_follow_ups(rulebase: RuleBase) -> Iterator[Fault]:
    """A rule that ends the interview may only wait for what is still asked after an urgent finding."""
    late = {question.id for question in rulebase.questions.values() if question.after_urgent is None}
    for flag in rulebase.red_flags.values():
        if rulebase.dispositions[flag.disposition].stops == AT_ONCE:
            for name in late.intersection(flag.waits_for):
                yield flag.at.fault("LCT311", "waits_for", f'"{name}" is not asked after an urgent finding')


def _causes_have_their_signs(cause: Cause) -> Iterator[Fault]:
    if (cause.group == "check") == bool(cause.signs):
        yield cause.at.fault("LCT107", "group", 'group "check" has `when` and no signs, the others have signs')


def _risky_advice_is_guarded(advice: Advice) -> Iterator[Fault]:
    if advice.harm and not advice.only_if:
        hint = f"{', '.join(advice.harm)} needs its exclusions answered"
        yield advice.at.fault("LCT309", "only_if", "is missing", hint)
    if bool(advice.only_if) != bool(advice.only_because):
        yield advice.at.fault("LCT309", "only_because", "goes with only_if")


def _hazards_are_controlled(rulebase: RuleBase) -> Iterator[Fault]:
    """Each asks for something, and what it asks of the rules names the rules that see to it."""
    told = {advice.id for advice in rulebase.advice.values() if advice.kind in TOLD}
    for hazard in rulebase.hazards.values():
        asked_of_rules = hazard.least or hazard.never or hazard.harm or hazard.told
        if not (asked_of_rules or hazard.words or hazard.tests):
            hint = "one of least, never, harm, told, words, tests"
            yield hazard.at.fault("LCT315", "", "nothing is asked for", hint)
        if bool(asked_of_rules) != bool(hazard.controls):
            what = "go with least, never, harm or told"
            yield hazard.at.fault("LCT315", "controls", what, "the rules that see to it")
        for own in hazard.told:
            if own in rulebase.advice and own not in told:
                yield hazard.at.fault("LCT301", "told", f'"{own}" is not told as relief or "do not"')


# --- levels and words


def _levels_are_told_apart(rulebase: RuleBase) -> Iterator[Fault]:
    """Nothing is more urgent than the first level, or told apart from one beside the ladder."""
    for level in rulebase.ladder:
        if level.rank and not level.instead:
            yield level.at.fault("LCT107", "instead", "is missing")


def _emergencies_show_nothing_else(rulebase: RuleBase) -> Iterator[Fault]:
    for level in rulebase.ladder:
        if level.stops == AT_ONCE and set(level.shows) - {"notes"}:
            hint = "it stops at once; of the notes it tells those that come first"
            yield level.at.fault("LCT314", "shows", 'only "notes"', hint)


def _net_signs_are_whole(rulebase: RuleBase) -> Iterator[Fault]:
    """A sign that is there already has a text too, else it would be left out."""
    for sign in (*rulebase.safety_net.today, *rulebase.safety_net.emergency):
        if bool(sign.worse) != bool(sign.worse_when):
            given = "worse" if sign.worse else "worse_when"
            yield sign.at.fault("LCT110", given, "needs both worse and worse_when")


def _voices_have_the_same_tokens(rulebase: RuleBase) -> Iterator[Fault]:
    tables: tuple[Sequence[Voice | Country], ...] = (
        tuple(rulebase.voice_tables.values()),
        tuple(rulebase.countries.values()),
    )
    for first, *others in filter(None, tables):
        for table in others:
            for token in {*first.words} ^ {*table.words}:
                yield table.at.fault("LCT110", "words", f'has not the same tokens as "{first.id}": "{token}"')


def _allowed_words_are_words(rulebase: RuleBase) -> Iterator[Fault]:
    for word in rulebase.wording.allowed:
        if not (word.isalpha() and word == word.lower()):
            yield rulebase.wording.at.fault("LCT110", "allowed", f'"{word}" must be one word in lower case')


def _patterns_can_be_used(rulebase: RuleBase) -> Iterator[Fault]:
    for record in records(rulebase):
        for field in fields_of(record.__class__):
            for pattern in texts_of(record, field) if PATTERN in field.marks else ():
                if problem := pattern_problem(pattern):
                    yield record.at.fault("LCT115", field.key, f'"{pattern}" {problem}')


# Those that look at one thing at a time, by the field of the rule base that holds it.
OF_EACH: Mapping[str, tuple[Callable[[Any], Iterator[Fault]], ...]] = {
    "signs": (_signs_begin_with_their_cause,),
    "questions": (_answers_can_be_given, _lists_have_ways_out, _not_sure_leads_on, _harmless_answers_are_marked),
    "entries": (_rules_can_fire, _examples_are_there),
    "red_flags": (_exceptions_are_whole,),
    "causes": (_causes_have_their_signs,),
    "advice": (_risky_advice_is_guarded,),
}
# Those that look at the whole.
LINTS: tuple[Callable[[RuleBase], Iterator[Fault]], ...] = (
    _named_ids_are_there,
    _named_options_are_there,
    _sources_and_figures_are_used,
    _claims_are_answered_once,
    _accepted_once,
    _questions_are_read,
    _what_is_asked_after_decides_nothing,
    _status_is_honest,
    _rules_differ,
    _waiting_questions_are_follow_ups,
    _hazards_are_controlled,
    _levels_are_told_apart,
    _emergencies_show_nothing_else,
    _net_signs_are_whole,
    _voices_have_the_same_tokens,
    _allowed_words_are_words,
    _patterns_can_be_used,
)
