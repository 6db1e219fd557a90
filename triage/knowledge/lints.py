"""What must be true of a whole rule base, one small check each.

A lint gets a rule base whose names are all resolved and yields faults. They need no
answers and run no rule (the examples are run by `triage.reasoning.examples`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from triage.knowledge.faults import Fault, allowed
from triage.knowledge.model import (
    AT_ONCE,
    NOT_SURE,
    Advice,
    Cause,
    Cell,
    Check,
    Entry,
    Note,
    Question,
    RedFlag,
    Row,
    RuleBase,
    Sign,
)
from triage.knowledge.table_checks import TABLE_CHECKS
from triage.knowledge.toml_file import Location

TOLD = ("relief", "do_not")  # kinds of advice that a hazard may ask for


def lint(rulebase: RuleBase) -> list[Fault]:
    """All faults of all lints."""
    return [fault for check in (*TABLE_CHECKS, *LINTS) for fault in check(rulebase)]


def _fault(code: str, at: Location, what: str, hint: str = "") -> Fault:
    return Fault(at.file, at.line, what, hint, code)


def _label(entry: Entry) -> str:
    return f'{entry.table} "{entry.id}"'


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


def _sources_exist_and_are_used(rulebase: RuleBase) -> Iterator[Fault]:
    cited: set[str] = set()
    for entry in rulebase.entries.values():
        cited.update(entry.sources)
        yield from _unknown_sources(rulebase, entry.sources, _label(entry), entry.at)
    for flag in rulebase.red_flags.values():
        cited.update(flag.lowers_sources)
        yield from _unknown_sources(rulebase, flag.lowers_sources, f"{_label(flag)}, lowers_sources", flag.at)
    for question in rulebase.questions.values():
        cited.update(question.sources)
        yield from _unknown_sources(rulebase, question.sources, f'question "{question.id}"', question.at)
    cited.update(rulebase.relief_now.sources)
    yield from _unknown_sources(rulebase, rulebase.relief_now.sources, "[relief_now]", rulebase.relief_now.at)
    for source in rulebase.sources.values():
        if source.id not in cited:
            yield _fault("LCT302", source.at, f'source "{source.id}" is not used', "cite it in a rule or take it out")
    for hazard in rulebase.hazards.values():  # what only the hazard log cites is not used: no result rests on it
        yield from _unknown_sources(rulebase, hazard.sources, _label(hazard), hazard.at)


def _unknown_sources(rulebase: RuleBase, cited: Iterable[str], label: str, at: Location) -> Iterator[Fault]:
    for source in cited:
        if source not in rulebase.sources:
            yield _fault(
                "LCT301", at, f'{label}, sources: unknown source "{source}"', allowed(source, rulebase.sources)
            )


def _status_is_honest(rulebase: RuleBase) -> Iterator[Fault]:
    for entry in (*rulebase.entries.values(), *rulebase.hazards.values()):
        if not entry.status and not isinstance(entry, Sign):  # a sign rests on its cause's sources
            yield _fault(
                "LCT303", entry.at, f"{_label(entry)}, sources: none, so it is a draft", "say why: draft_because"
            )


def _claims_are_answered_once(rulebase: RuleBase) -> Iterator[Fault]:
    listed = Counter(i for claim in rulebase.claims for i in claim.ids)
    named = {own for entry in rulebase.entries.values() for own in entry.claims}
    for entry in rulebase.entries.values():
        for own in entry.claims:
            if own not in listed:
                yield _fault(
                    "LCT301", entry.at, f'{_label(entry)}, claims: unknown claim "{own}"', allowed(own, listed)
                )
    for claim in rulebase.claims:
        for own in claim.ids:
            if listed[own] > 1:
                yield _fault("LCT304", claim.at, f'claim "{own}" is listed {listed[own]} times')
            if (own in named) == bool(claim.left_out):
                yield _fault(
                    "LCT304",
                    claim.at,
                    f'claim "{own}" must be answered by an entry or left out, and not both',
                    "name it in `claims` of the entry that answers it, or write left_out with a reason",
                )


def _rules_can_fire(rulebase: RuleBase) -> Iterator[Fault]:
    for entry in rulebase.entries.values():
        for row in entry.condition.when:
            for barrier in entry.condition.unless:
                if all(any(_implies(cell, wanted) for cell in row) for wanted in barrier):
                    yield _fault(
                        "LCT305",
                        entry.at,
                        f"{_label(entry)}: a row of `when` can never fire",
                        "`unless` always stops it",
                    )


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
        if _conclusion(entry) is None:
            continue
        key = (_conclusion(entry), _shape(entry.condition.when), _shape(entry.condition.unless))
        if other := first.get(key):
            yield _fault(
                "LCT306", entry.at, f'{_label(entry)}: same condition and conclusion as "{other.id}"', f"at {other.at}"
            )
        first.setdefault(key, entry)
    for entry in rulebase.entries.values():
        if len(_shape(entry.condition.when)) < len(entry.condition.when):
            yield _fault("LCT306", entry.at, f"{_label(entry)}: the same row stands twice")


def _shape(rows: Iterable[Row]) -> frozenset[frozenset[tuple[str, frozenset[str], str]]]:
    return frozenset(frozenset((c.name, c.options, c.how) for c in row) for row in rows)


def _conclusion(entry: Entry) -> object:
    """What an entry concludes, where two entries can conclude the same."""
    if isinstance(entry, RedFlag):
        return ("red_flag", entry.disposition, entry.place)
    if isinstance(entry, Sign):
        return ("sign", entry.cause)
    if isinstance(entry, Check):
        return ("check", entry.title)
    if isinstance(entry, Note):
        return ("note", entry.title)
    return None


def _questions_are_read(rulebase: RuleBase) -> Iterator[Fault]:
    read = {cell.name for entry in rulebase.entries.values() for row in rows_of(entry) for cell in row}
    for question in rulebase.questions.values():
        read.update(cell.name for row in question.condition.when for cell in row)
    for question in rulebase.questions.values():
        if question.id not in read:
            yield _fault(
                "LCT307",
                question.at,
                f'question "{question.id}" is read by no rule',
                "take it out, or use it in a rule",
            )


def _examples_are_there(rulebase: RuleBase) -> Iterator[Fault]:
    for entry in rulebase.entries.values():
        if isinstance(entry, Sign | Cause):
            continue  # the rule book says in words what they read, and nothing urgent hangs on them
        conditional = any(row for row in rows_of(entry))
        for name, examples in (("fires", entry.fires), ("silent", entry.silent)):
            if conditional and not examples:
                yield _fault(
                    "LCT308",
                    entry.at,
                    f"{_label(entry)}, {name}: no example",
                    "one that fires, and near misses that do not",
                )


def _risky_advice_is_guarded(rulebase: RuleBase) -> Iterator[Fault]:
    for advice in rulebase.advice.values():
        if advice.harm and not advice.only_if:
            yield _fault(
                "LCT309",
                advice.at,
                f"{_label(advice)}, only_if: is missing",
                f"{', '.join(advice.harm)} needs its exclusions answered",
            )
        if bool(advice.only_if) != bool(advice.only_because):
            yield _fault("LCT309", advice.at, f"{_label(advice)}, only_because: goes with only_if")
        for other in advice.beside:
            if other not in rulebase.advice:
                yield _fault(
                    "LCT309",
                    advice.at,
                    f'{_label(advice)}, beside: unknown advice "{other}"',
                    allowed(other, rulebase.advice),
                )


def _figures_are_there_and_shown(rulebase: RuleBase) -> Iterator[Fault]:
    for advice in rulebase.advice.values():
        if advice.figure and advice.figure not in rulebase.figures:
            what = f"{_label(advice)}, figure: no file figures/{advice.figure}.svg"
            yield _fault("LCT310", advice.at, what, allowed(advice.figure, rulebase.figures))
    shown = {advice.figure for advice in rulebase.advice.values()}
    for figure in rulebase.figures.values():
        if figure.id not in shown:
            yield Fault(
                figure.file, 0, f'no advice has figure = "{figure.id}"', "name it in one, or take it out", "LCT310"
            )


def _waiting_questions_are_follow_ups(rulebase: RuleBase) -> Iterator[Fault]:
    """A rule that ends the interview may only wait for what is still asked after an urgent finding."""
    for flag in rulebase.red_flags.values():
        for name in flag.waits_for if rulebase.dispositions[flag.disposition].stops == AT_ONCE else ():
            if rulebase.questions[name].after_urgent is None:
                yield _fault(
                    "LCT311", flag.at, f'{_label(flag)}, waits_for: "{name}" is not asked after an urgent finding'
                )


def _lists_have_ways_out(rulebase: RuleBase) -> Iterator[Fault]:
    """The interview needs a "none of these" that stands alone; "not sure" may stand beside signs of another page."""
    for question in rulebase.questions.values():
        alone = [o.id for o in question.options if o.exclusive]
        label = f'question "{question.id}", option'
        if question.kind == "many" and not [o for o in alone if o != NOT_SURE]:
            yield _fault(
                "LCT312", question.at, f"{label}: no exclusive option that says none of these", "exclusive = true"
            )
        if NOT_SURE in alone:
            yield _fault("LCT312", question.at, f'{label}: "{NOT_SURE}" may stand beside signs', "not exclusive")


def _harmless_answers_are_marked(rulebase: RuleBase) -> Iterator[Fault]:
    """Where danger is asked for and one answer given, the proofs need to know which answers are no danger sign."""
    for question in rulebase.questions.values():
        marked = [o.id for o in question.options if o.harmless]
        wanted = question.danger and question.kind == "one"
        if wanted != bool(marked):
            what = "no harmless option" if wanted else f'"{marked[0]}" cannot be marked harmless'
            hint = "harmless = true goes with an option of a danger question that takes one answer"
            yield _fault("LCT313", question.at, f'question "{question.id}", option: {what}', hint)


def _emergencies_show_nothing_else(rulebase: RuleBase) -> Iterator[Fault]:
    for level in rulebase.ladder:
        if level.stops == AT_ONCE and set(level.shows) - {"notes"}:
            what = f'disposition "{level.id}", shows: only "notes"'
            yield _fault("LCT314", level.at, what, "it stops at once; of the notes it tells those that come first")


def _hazards_name_what_exists(rulebase: RuleBase) -> Iterator[Fault]:
    rules = [*rulebase.red_flags, *rulebase.advice]
    told = [advice.id for advice in rulebase.advice.values() if advice.kind in TOLD]
    for hazard in rulebase.hazards.values():
        fields = (
            ("never", hazard.never, list(rulebase.advice)),
            ("told", hazard.told, told),
            ("controls", hazard.controls, rules),
        )
        for field, given, known in fields:
            for name in given:
                if name not in known:
                    yield _fault(
                        "LCT301", hazard.at, f'{_label(hazard)}, {field}: unknown id "{name}"', allowed(name, known)
                    )


def _hazards_are_controlled(rulebase: RuleBase) -> Iterator[Fault]:
    """Each asks for something, and what it asks of the rules names the rules that see to it."""
    for hazard in rulebase.hazards.values():
        asked_of_rules = hazard.least or hazard.never or hazard.harm or hazard.told
        if not (asked_of_rules or hazard.words or hazard.tests):
            what = f"{_label(hazard)}: nothing is asked for"
            yield _fault("LCT315", hazard.at, what, "one of least, never, harm, told, words, tests")
        if bool(asked_of_rules) != bool(hazard.controls):
            what = f"{_label(hazard)}, controls: go with least, never, harm or told"
            yield _fault("LCT315", hazard.at, what, "the rules that see to it")


LINTS: tuple[Callable[[RuleBase], Iterator[Fault]], ...] = (
    _sources_exist_and_are_used,
    _status_is_honest,
    _claims_are_answered_once,
    _rules_can_fire,
    _rules_differ,
    _questions_are_read,
    _examples_are_there,
    _risky_advice_is_guarded,
    _figures_are_there_and_shown,
    _waiting_questions_are_follow_ups,
    _lists_have_ways_out,
    _harmless_answers_are_marked,
    _emergencies_show_nothing_else,
    _hazards_name_what_exists,
    _hazards_are_controlled,
)
