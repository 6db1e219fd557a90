"""Why a question is asked, how a result came about, what would change it, why something is not in it.

Pure: everything is read off the conditions of the rule base (`Cell.holds`), never from
the engine. Records name ids and hold texts of the rule base; `triage.output.explanation`
makes lines of them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from triage.knowledge.conditions import Cell, Facts, Row, any_row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    CAUSE,
    DISPOSITION,
    EVERYDAY,
    RED_FLAG,
    Advice,
    Answers,
    Cause,
    Disposition,
    Entry,
    Note,
    Question,
    RedFlag,
    RuleBase,
    Sign,
)
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import STRENGTHS, YOU_SAID, grade_said, options_said, said
from triage.reasoning.assessment import is_pending, most_urgent, part_of
from triage.reasoning.results import Assessment, RankedCause, Reason

# --- why: what still waits for a question


class Way(NamedTuple):
    """Options of a question that lead to a rule: each of them, or (`together`) all at once.

    `needs` are cells of other questions that are still open.
    """

    options: tuple[str, ...]
    together: bool
    needs: tuple[Cell, ...]


class Pending(NamedTuple):
    """A red flag that waits for a question, and the ways by which an answer can raise it."""

    flag: RedFlag
    level: Disposition
    ways: tuple[Way, ...]


class Helped(NamedTuple):
    """A cause that a question helps to tell apart, and its signs that read the question."""

    cause: Cause
    signs: tuple[Sign, ...]


class _State(NamedTuple):
    """What is known when a question is asked, without an answer to it from before."""

    rulebase: RuleBase
    facts: Facts
    settled: tuple[RedFlag, ...]
    level: Disposition

    def may_be_asked(self, name: str) -> bool:
        """Whether a question without an answer may still come, as far as the answers so far tell."""
        question = self.rulebase.questions[name]
        conditions = [question.ask_when]
        if self.level.stops == AFTER_FOLLOW_UPS:
            if question.after_urgent is None:
                return False
            conditions.append(question.after_urgent)
        return all(rows is None or any(map(self.may_hold, rows)) for rows in conditions)

    def may_hold(self, row: Row, name: str = "") -> bool:
        """Whether a row holds or can still come to hold, by what is open or by an answer to `name`."""
        return all(cell.name == name or cell.name not in self.facts or cell.holds(self.facts) for cell in row)

    def open_cells(self, row: Row, name: str) -> tuple[Cell, ...] | None:
        """The cells of `row` besides `name` that are open; None if one of them cannot hold any more."""
        waiting = tuple(cell for cell in row if cell.name != name and not cell.holds(self.facts))
        if any(cell.name in self.facts or not self.may_be_asked(cell.name) for cell in waiting):
            return None
        return waiting


def pending(
    rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str] = ()
) -> tuple[Pending, ...]:
    """The red flags that wait for `question`, most urgent first.

    Those more urgent than what is settled already, and those beside the ladder where they
    would be named. `within`: only these options can be chosen now (none given: all).
    """
    state = _state(rulebase, answers, question.id)
    values = _values(state, question, within)
    found = []
    for flag in rulebase.red_flags.values():
        level = rulebase.dispositions[flag.disposition]
        matters = "pharmacist" in state.level.shows if level.beside else level.rank < state.level.rank
        if matters and flag not in state.settled and (ways := tuple(_ways(state, flag, question.id, values))):
            found.append(Pending(flag, level, ways))
    return tuple(sorted(found, key=lambda p: p.level.rank))


def tells_apart(
    rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str] = ()
) -> tuple[Helped, ...]:
    """The causes that may be named so far and whose signs wait for `question`."""
    state = _state(rulebase, answers, question.id)
    values = _values(state, question, within)

    def waits(row: Row) -> bool:
        return any(_answers_to(row, question.id, values)) and state.open_cells(row, question.id) is not None

    helped = []
    for cause in rulebase.causes.values():
        signs = tuple(sign for sign in cause.signs if any(map(waits, sign.condition.when)))
        if signs and cause.group in state.level.causes:
            helped.append(Helped(cause, signs))
    return tuple(helped)


def _state(rulebase: RuleBase, answers: Answers, name: str) -> _State:
    """As an interview sees it: a rule that waits for a question to come is not settled."""
    facts = as_facts({other: answer for other, answer in answers.items() if other != name}, rulebase.bands)

    raised = [flag for flag in rulebase.red_flags.values() if flag.condition.holds(facts)]
    settled = tuple(f for f in raised if name not in f.waits_for and not is_pending(rulebase, f, facts))
    return _State(rulebase, facts, settled, most_urgent(rulebase, settled))


def _values(state: _State, question: Question, within: Iterable[str]) -> tuple[str, ...]:
    """What a question can be answered with: bands of a number, then options; of `within` if it is not empty."""
    among = frozenset(within)
    offered = (o.id for o in question.options if o.show is None or any(state.may_hold(r, question.id) for r in o.show))
    values = (*state.rulebase.bands.get(question.id, ()), *offered)
    return tuple(value for value in values if not among or value in among)


def _answers_to(row: Row, name: str, values: tuple[str, ...]) -> Iterator[frozenset[str]]:
    """The smallest answers to a question by which the cells of a row that read it hold; none if no cell does.

    One of `values`; where several options are needed at once, others may have been ticked on an earlier screen.
    """
    own = [cell for cell in row if cell.name == name]
    needed = frozenset[str]().union(*(cell.options for cell in own if cell.every))
    answers = [needed] if needed.intersection(values) else []
    if not all(cell.holds({name: needed}) for cell in own if not cell.absent):  # one of others is needed as well
        answers = [needed | {value} for value in values]
    elif not needed:
        answers = [frozenset([value]) for value in values]
    yield from (answer for answer in answers if own and all(cell.holds({name: answer}) for cell in own))


def _ways(state: _State, flag: RedFlag, name: str, values: tuple[str, ...]) -> Iterator[Way]:
    condition = flag.condition

    def stays(*chosen: str) -> bool:
        """Whether no exception holds then; one that holds already stops every way."""
        return not any_row(condition.unless, {**state.facts, name: frozenset(chosen)})

    raised = any_row(condition.when, state.facts)
    decides = any(cell.name == name for row in condition.unless for cell in row)
    if raised and decides and (kept := tuple(filter(stays, values))):
        yield Way(kept, False, ())
    for row in () if raised else condition.when:
        needs = state.open_cells(row, name)
        if needs is None:
            continue
        answers = [answer for answer in _answers_to(row, name, values) if stays(*answer)]
        alone = tuple(value for answer in answers if len(answer) == 1 for value in answer)
        if alone:
            yield Way(alone, False, needs)
        for together in answers:
            if len(together) > 1:
                yield Way(tuple(sorted(together)), True, needs)


# --- what if: the single answers that would make it more urgent

AT_MOST = 5  # lines that are told if not all are wanted


class WhatIf(NamedTuple):
    """One question, the level that it would raise the result to, and the options that each would do it."""

    question: Question
    level: Disposition
    options: tuple[str, ...]


def what_if(rulebase: RuleBase, assessment: Assessment) -> tuple[WhatIf, ...]:
    """Every single answer that would make the result more urgent, most urgent first: each is tried.

    Within a level danger questions come first, then asking order. Only questions that were
    answered or that apply to this person; never numbers. An option of a question that takes
    several is added to what was answered, of any other it replaces it.
    """
    readers = _more_urgent(rulebase, assessment.disposition)
    tried = [
        WhatIf(question, level, tuple(options))
        for question in rulebase.questions.values()
        if question.kind != "number" and _concerns(question, assessment)
        for level, options in _tried(rulebase, question, readers.get(question.id, ()), assessment.facts)
    ]
    return tuple(sorted(tried, key=lambda w: (w.level.rank, not w.question.danger)))


def _more_urgent(rulebase: RuleBase, level: Disposition) -> dict[str, list[RedFlag]]:
    """For each question the red flags that read it and would raise a result above `level`."""
    readers: dict[str, list[RedFlag]] = {}
    for flag in rulebase.red_flags.values():
        reached = rulebase.dispositions[flag.disposition]
        if not reached.beside and reached.rank < level.rank:
            for name in {cell.name for rows in flag.condition for row in rows for cell in row}:
                readers.setdefault(name, []).append(flag)
    return readers


def _concerns(question: Question, assessment: Assessment) -> bool:
    """Whether it was answered, or applies to this person."""
    facts = assessment.facts
    return question.id in facts or question.applies(facts) or question.applies_after_urgent(facts)


def _tried(
    rulebase: RuleBase, question: Question, flags: Iterable[RedFlag], facts: Facts
) -> Iterator[tuple[Disposition, list[str]]]:
    """The levels that `flags` reach by one more option of a question, and the options that reach each."""
    name = question.id
    rest = {other: options for other, options in facts.items() if other != name}
    # No option helps where a cell of another question keeps every row from holding.
    waiting = [flag for flag in flags if any(_holds_but_for(row, name, rest) for row in flag.condition.when)]
    options: dict[str, list[str]] = {}
    for option in question.options if waiting else ():
        changed = {**facts, name: with_option(question, facts.get(name), option.id)}
        raised = [flag for flag in waiting if flag.condition.holds(changed)]
        if raised and (option.show is None or any_row(option.show, changed)):
            options.setdefault(most_urgent(rulebase, raised).id, []).append(option.id)
    return ((rulebase.dispositions[level], reached) for level, reached in options.items())


def _holds_but_for(row: Row, name: str, facts: Facts) -> bool:
    """Whether the cells of a row that read other questions hold."""
    return all(cell.name == name or cell.holds(facts) for cell in row)


def with_option(question: Question, given: frozenset[str] | None, option: str) -> frozenset[str]:
    """An answer with one more option, where the question takes several; otherwise that option alone."""
    if given is None or question.kind != "many" or question.option(option).exclusive:
        return frozenset([option])
    return frozenset(other for other in given if not question.option(other).exclusive) | {option}


# --- how: from the result down to the answers


class Node(NamedTuple):
    """One line of an explanation: `id` is one that `leg-cramp-triage rules ID` shows."""

    kind: str
    id: str
    text: str
    children: "tuple[Node, ...]" = ()


ANSWER, SOURCE = "answer", "source"  # kinds of nodes: an answer that is a reason, where something was read


def how(rulebase: RuleBase, assessment: Assessment) -> Node:
    """How a result came about. The root's children are the conclusions that the result shows."""
    explain = _How(rulebase, assessment)
    return Node("result", assessment.disposition.id, explain.title(), tuple(explain.conclusions()))


class _How:
    """Makes the nodes of one assessment."""

    def __init__(self, rulebase: RuleBase, assessment: Assessment) -> None:
        self.rulebase = rules_in_voice(rulebase, assessment.voice)
        self.assessment, self.facts = assessment, assessment.facts
        self.you_said = rulebase.voices[assessment.voice][YOU_SAID]

    def conclusions(self) -> Iterator[Node]:
        """One node for each thing that the result shows, in its order."""
        result = self.assessment
        yield self.disposition()
        if result.pharmacist:
            beside = (f.flag for f in result.red_flags if f.flag.disposition == result.pharmacist.id)
            yield Node("disposition", result.pharmacist.id, result.pharmacist.title, tuple(map(self.flag, beside)))
        yield from map(self.cause, result.causes)
        for fired in result.needs_checking:
            flags = (Node("red_flag", name, self.rulebase.red_flags[name].title) for name in fired.flags)
            yield self.entry(fired.cause, f"Needs checking: {fired.cause.title}", tuple(flags))
        for advice in (*result.relief, *result.do_not, *result.prevention, *result.myths, *result.replies):
            yield self.advice(advice)
        yield from (
            Node("withheld", w.advice.id, f"Left out: {w.advice.title}", self.against(w.advice))
            for w in result.withheld
        )
        for check in result.checks:
            text = f"To ask a doctor about: {check.title} ({STRENGTHS[check.strength]})"
            yield self.entry(check, text, self.reasons(check.id, check.condition.when))
        for note in result.notes:
            yield self.entry(note, f"Note: {note.title}", self.reasons(note.id, note.condition.when))

    def title(self) -> str:
        """The level in words, and whether it is final."""
        level = self.assessment.disposition.title
        if self.assessment.complete:
            return level
        if not self.assessment.see_doctor:
            return "Not decided: questions are still open"
        return f"{'So far' if self.assessment.may_be_explained else 'At least'}: {level}"

    def disposition(self) -> Node:
        """The level and the red flags: those of this level, then milder ones."""
        level, told = self.assessment.disposition, self.assessment.pharmacist
        apart = told.id if told else ""
        flags = [fired.flag for fired in self.assessment.red_flags if fired.flag.disposition != apart]
        nodes = tuple(map(self.flag, flags))
        if not any(flag.disposition == level.id for flag in flags):
            nodes = (Node("disposition", level.id, "no answer raised a red flag that asks for more"), *nodes)
        return Node("disposition", level.id, self.title(), nodes)

    def flag(self, flag: RedFlag) -> Node:
        """A red flag that was raised; one of another level says what it asks for."""
        level = self.rulebase.dispositions[flag.disposition]
        also = f" ({level.when_said})" if level.id != self.assessment.disposition.id else ""
        return self.entry(flag, f"{flag.title}{also}", self.reasons(flag.id, flag.condition.when))

    def cause(self, ranked: RankedCause) -> Node:
        """A cause that is named, with its signs."""
        fits = "Fits" if ranked.cause.group == EVERYDAY else "Worth asking about"
        signs = tuple(map(self.sign, (*ranked.speaks_for, *ranked.speaks_against)))
        return self.entry(ranked.cause, f"{fits}: {ranked.cause.title} ({ranked.score} points)", signs)

    def sign(self, reason: Reason) -> Node:
        """A sign that holds, for or against its cause."""
        sign = self.rulebase.signs[reason.rule]
        side = "for it" if sign.weight > 0 else "against it"
        cited = tuple(map(self.source, sign.sources))
        rows = self.reasons(sign.id, sign.condition.when)
        return Node(sign.table, sign.id, f"{side}, {sign.weight:+d}: {sign.because}", (*rows, *cited))

    def advice(self, advice: Advice) -> Node:
        """A piece of advice that is given: for whom, and what had to be ruled out first."""
        lead = {"relief": "Do now: ", "prevention": "To prevent it: "}.get(advice.kind, "")
        reasons = self.reasons(advice.id, advice.condition.when)
        if advice.only_if:
            ruled_out = self.reasons(advice.id, advice.only_if)
            reasons += (Node("only_if", advice.id, "What could make it harmful was ruled out", ruled_out),)
        return self.entry(advice, f"{lead}{advice.title}{grade_said(advice)}", reasons)

    def against(self, advice: Advice) -> "tuple[Node, ...]":
        """Why an advice is left out: the contraindications that hold, or what was not ruled out."""
        held = tuple(
            Node("contraindication", advice.id, f"because {never.because}", self.reasons(advice.id, never.when))
            for never in advice.never
            if any_row(never.when, self.facts)
        )
        if held or not advice.only_if or any_row(advice.only_if, self.facts):
            return held
        unmet = self.unmet(advice.id, advice.only_if)
        return (Node("only_if", advice.id, f"because {advice.only_because}", unmet),)

    def entry(self, entry: Entry, text: str, reasons: "tuple[Node, ...]") -> Node:
        """A rule with its reasons and its sources."""
        cited = tuple(map(self.source, entry.sources))
        if not cited and entry.status:
            cited = (Node("status", entry.id, "no source yet: a draft"),)
        return Node(entry.table, entry.id, text, (*reasons, *cited))

    def source(self, name: str) -> Node:
        """Where it was read."""
        source = self.rulebase.sources[name]
        return Node(SOURCE, name, f"{source.org}: {source.title}")

    def reasons(self, name: str, rows: tuple[Row, ...]) -> "tuple[Node, ...]":
        """The rows that hold, as answers and findings; a row of its own only where there are several."""
        held = [row for row in rows if all(cell.holds(self.facts) for cell in row)]
        if len(held) == 1:
            return self.row(name, held[0])
        return tuple(
            Node("row", name, "one reason" if n == 0 else "another reason", self.row(name, row))
            for n, row in enumerate(held)
        )

    def row(self, name: str, row: Row) -> "tuple[Node, ...]":
        """The cells of a row that holds."""
        return tuple(node for cell in row for node in self.cell(cell)) or (Node("everybody", name, "for everybody"),)

    def cell(self, cell: Cell) -> Iterator[Node]:
        """What makes a cell hold: an answer, or each finding."""
        if cell.absent:
            yield Node(ANSWER, cell.name, self.none_of(cell))
            return
        held = cell.options & self.facts[cell.name]
        if cell.name not in self.rulebase.questions:
            for name in sorted(held):
                yield Node(cell.name, name, options_said(self.rulebase, cell.name, [name])[0])
            return
        number = self.assessment.answers[cell.name]
        words = said(self.rulebase, cell.name, number) if isinstance(number, int) else None
        yield Node(ANSWER, cell.name, words or "; ".join(options_said(self.rulebase, cell.name, held)))

    # --- what does not hold

    def unmet(self, name: str, rows: tuple[Row, ...]) -> "tuple[Node, ...]":
        """For every row the cells that do not hold, and what was answered instead."""
        failing = [tuple(self.failing(name, cell) for cell in row if not cell.holds(self.facts)) for row in rows]
        if len(failing) == 1:
            return failing[0]
        return tuple(Node("row", name, f"way {n} of {len(failing)}", cells) for n, cells in enumerate(failing, 1))

    def failing(self, name: str, cell: Cell) -> Node:
        """A cell that does not hold: what it needs, and what there is."""
        needs = self.needed(cell)
        if cell.name in self.rulebase.questions:
            if cell.name not in self.facts:
                return Node("not_answered", cell.name, f"{needs}. Not answered")
            return Node("answered", cell.name, f"{needs}. {self.you_said}: {self.answered(cell.name)}")
        if cell.name == DISPOSITION:
            level = self.assessment.disposition
            known = f"It is: {level.title}" if DISPOSITION in self.facts else "Not known while questions are open"
            return Node(DISPOSITION, level.id, f"{needs}. {known}")
        missing = "Not raised" if cell.name == RED_FLAG else "Not named"
        only = next(iter(cell.options)) if len(cell.options) == 1 else name
        return Node("not_found", only, f"{needs}. {missing}")

    def needed(self, cell: Cell) -> str:
        """What a cell needs, in words."""
        words = options_said(self.rulebase, cell.name, cell.options)
        if cell.absent:
            return f"needs {self.none_of(cell)}"
        kind = {RED_FLAG: " the red flag", CAUSE: " the cause", DISPOSITION: " the result"}.get(cell.name, "")
        if cell.every:
            return f"needs{kind}: {', together with '.join(words)}"
        return f"needs{kind}{' (one of)' if len(words) > 1 else ''}: {_first(words)}"

    def none_of(self, cell: Cell) -> str:
        """What must not have been chosen, in words."""
        return f"none of: {_first(options_said(self.rulebase, cell.name, cell.options))}"

    def answered(self, name: str) -> str:
        """The answer to a question in words."""
        return said(self.rulebase, name, self.assessment.answers[name])


SOME = 6  # options that are named where a cell that does not hold has many


def _first(words: list[str]) -> str:
    more = [f"or {len(words) - SOME} more"] if len(words) > SOME else []
    return "; ".join(words[:SOME] + more)


# --- why not

SHOWN, NOT_CONCLUDED, WITHHELD, NOT_SHOWN = "shown", "not_concluded", "withheld", "not_shown"


class WhyNot(NamedTuple):
    """What became of one rule: `outcome` is one of the four words above, `node` says why."""

    outcome: str
    node: Node


def why_not(rulebase: RuleBase, assessment: Assessment, name: str) -> WhyNot:
    """Why a rule (of any kind) is not in a result, or how it came into it. KeyError if there is none of that id."""
    explain = _How(rulebase, assessment)
    entry = explain.rulebase.entries[name]
    for conclusion in explain.conclusions():
        for node in (conclusion, *conclusion.children):  # red flags and signs are one level down
            if node.id == name and node.kind == entry.table and node.children:
                return WhyNot(SHOWN, node)
    outcome, reasons = _Absent(explain).reasons(entry)
    title = entry.because if isinstance(entry, Sign) else entry.title
    return WhyNot(outcome, Node(entry.table, name, title, reasons))


class _Absent:
    """Why a rule that a result does not show is not in it."""

    def __init__(self, explain: _How) -> None:
        self.explain, self.facts = explain, explain.facts
        self.rulebase, self.assessment = explain.rulebase, explain.assessment

    def reasons(self, entry: Entry) -> tuple[str, "tuple[Node, ...]"]:
        """The outcome, and what led to it."""
        if isinstance(entry, Cause) and entry.signs:
            return self._cause(entry)
        if not entry.condition.holds(self.facts):
            return NOT_CONCLUDED, self._not_concluded(entry)
        if isinstance(entry, Sign):
            cause = self.rulebase.causes[entry.cause]
            holds = Node(cause.table, cause.id, f"it holds, but its cause is not shown: {cause.title}")
            return NOT_SHOWN, (holds, *self._cause(cause)[1])
        if isinstance(entry, Advice):
            return self._advice(entry)
        part = "needs_checking" if isinstance(entry, Cause) else "notes" if isinstance(entry, Note) else "checks"
        return NOT_SHOWN, self._hidden(part)

    def _not_concluded(self, entry: Entry) -> "tuple[Node, ...]":
        """The rows that fail; or, where one holds, the exception that stops it."""
        explain, condition = self.explain, entry.condition
        if not any_row(condition.when, self.facts):
            return explain.unmet(entry.id, condition.when)
        why = f": {entry.lowers}" if isinstance(entry, RedFlag) else ""
        stopped = explain.reasons(entry.id, condition.unless)
        return (Node("unless", entry.id, f"an exception holds{why}", stopped),)

    def _hidden(self, part: str) -> "tuple[Node, ...]":
        """Whether the level of the result leaves a part out."""
        level = self.assessment.disposition
        if part in level.shows:
            return ()
        return (Node(DISPOSITION, level.id, f'the result "{level.title}" leaves out this kind'),)

    def _advice(self, advice: Advice) -> tuple[str, "tuple[Node, ...]"]:
        against = self.explain.against(advice)
        hidden = self._hidden(part_of(advice.kind))
        if advice.kind == "myth" and advice.general:
            hidden += (Node("advice", advice.id, "it is only listed by `leg-cramp-triage rules`, for everybody"),)
        advised = self.rulebase.advice
        if advice.beside and not any(advised[other].condition.holds(self.facts) for other in advice.beside):
            others = "; ".join(advised[other].title for other in advice.beside)
            hidden += (
                Node("advice", advice.beside[0], f"it goes with other advice, and none of it is given: {others}"),
            )
        return (WITHHELD if against else NOT_SHOWN), (*against, *hidden)

    def _cause(self, cause: Cause) -> tuple[str, "tuple[Node, ...]"]:
        """Too few points, others that fit better, or a level that does not name it."""
        level, ranking = self.assessment.disposition, self.rulebase.ranking
        held = [sign for sign in cause.signs if sign.condition.holds(self.facts)]
        score = sum(sign.weight for sign in held)
        hidden = self._hidden("causes")
        if not hidden and cause.group not in level.causes:
            hidden = (Node(DISPOSITION, level.id, f'the result "{level.title}" names no cause of this kind'),)
        if any(sign.weight > 0 for sign in held) and score >= ranking.shown_from:
            better = "; ".join(f"{ranked.cause.title} ({ranked.score})" for ranked in self.assessment.causes)
            text = f"{score} points, but {ranking.shown_at_most} others come first: {better}"
            return NOT_SHOWN, hidden or (Node(cause.table, cause.id, text),)
        few = f"{score} points from the signs that hold; it is named from {ranking.shown_from} on, with a sign for it"
        return NOT_CONCLUDED, (Node(cause.table, cause.id, few), *self._signs(cause, held), *hidden)

    def _signs(self, cause: Cause, held: list[Sign]) -> Iterator[Node]:
        """The signs that hold, then what is missing for those that would speak for it."""
        explain = self.explain
        yield from (explain.sign(Reason(sign.id, sign.because, {}, sign.weight)) for sign in held)
        for sign in cause.signs:
            if sign not in held and sign.weight > 0:
                text = f"would speak for it, {sign.weight:+d}: {sign.because}"
                yield Node(sign.table, sign.id, text, self._not_concluded(sign))
