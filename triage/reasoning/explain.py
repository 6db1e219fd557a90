"""Why a question is asked, how a result came about, what would change it, why something is not in it.

Pure: everything is read off the conditions of the rule base (`Cell.holds`), never from
the engine. Records name ids and hold texts of the rule base; `triage.output.explanation`
makes lines of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
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
    Question,
    RedFlag,
    RuleBase,
    Sign,
)
from triage.knowledge.voices import rules_in_voice
from triage.knowledge.wording import STRENGTHS, YOU_SAID, grade_in_words, held_said, in_brackets, options_said, said
from triage.reasoning.assessment import is_pending, most_urgent, part_of
from triage.reasoning.results import Assessment, RankedCause

# --- why: what still waits for a question


class Pending(NamedTuple):
    """A red flag that waits for a question, and the answers to it that raise it: by themselves, or together with others.

    Among the others are the lines that an answer opens: a question that is asked because of it, or further lines.
    `rows`: of each row by which it can still come to hold, the cells that do not hold yet.
    """

    flag: RedFlag
    level: Disposition
    alone: tuple[str, ...]
    together: tuple[str, ...]
    rows: tuple[Row, ...]


class Helped(NamedTuple):
    """A cause that a question helps to tell apart, and its signs that read the question."""

    cause: Cause
    signs: tuple[Sign, ...]


def pending(
    rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str] = ()
) -> tuple[Pending, ...]:
    """The red flags that wait for `question`, most urgent first.

    Those more urgent than what is settled already, and those beside the ladder where they
    would be named. `within`: only these options can be chosen now (none given: all).
    """
    asked, found = _Asked(rulebase, answers, question, within), []
    for flag in rulebase.red_flags.values():
        level = rulebase.dispositions[flag.disposition]
        matters = "pharmacist" in asked.level.shows if level.beside else level.rank < asked.level.rank
        if matters and flag not in asked.settled and any(ways := asked.answers_to(flag)):
            found.append(Pending(flag, level, *ways, asked.open_rows(flag)))
    return tuple(sorted(found, key=lambda p: p.level.rank))


def tells_apart(
    rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str] = ()
) -> tuple[Helped, ...]:
    """The causes that may be named so far and whose signs wait for `question`."""
    asked = _Asked(rulebase, answers, question, within)
    causes = (cause for cause in rulebase.causes.values() if cause.group in asked.level.causes)
    helped = (Helped(c, tuple(filter(asked.open_rows, c.signs))) for c in causes)
    return tuple(one for one in helped if one.signs)


class _Known:
    """What is known while an interview goes on: a rule that waits for a question to come is not settled."""

    def __init__(self, rulebase: RuleBase, facts: Facts, asked: str = "") -> None:
        """`asked`: the question that is asked now, if any."""
        self.rulebase, self.facts, self.asked = rulebase, facts, asked
        self.lines: dict[str, frozenset[str]] = {}

    @cached_property
    def settled(self) -> list[RedFlag]:
        """The red flags that no question to come can take back."""
        raised = (flag for flag in self.rulebase.red_flags.values() if flag.condition.holds(self.facts))
        return [f for f in raised if self.asked not in f.waits_for and not is_pending(self.rulebase, f, self.facts)]

    @cached_property
    def level(self) -> Disposition:
        """The most urgent level of these."""
        return most_urgent(self.rulebase, self.settled)

    def may_hold(self, row: Row) -> bool:
        """Whether a row holds or can still come to hold, by what is open."""
        return all(cell.name not in self.facts or cell.holds(self.facts) for cell in row)

    def may_be_asked(self, name: str) -> bool:
        """Whether a question without an answer may still come, as far as the answers so far tell."""
        question = self.rulebase.questions[name]
        late = self.level.stops == AFTER_FOLLOW_UPS
        if late and question.after_urgent is None:
            return False
        conditions = (question.ask_when, question.after_urgent if late else None)
        return all(rows is None or any(map(self.may_hold, rows)) for rows in conditions)

    def may_be_chosen(self, question: Question) -> tuple[str, ...]:
        """The bands and the options of a question that are there, or may come to be, once it is asked."""
        shown = (o.id for o in question.options if o.show is None or any(map(self.may_hold, o.show)))
        return (*self.rulebase.bands.get(question.id, ()), *shown)

    def may_be_met(self, cell: Cell) -> bool:
        """Whether an answer that is not given yet can make a cell hold."""
        lines = {cell.name: frozenset(self.may_be_chosen(self.rulebase.questions[cell.name]))}
        return cell.name not in self.facts and self.may_be_asked(cell.name) and (cell.absent or cell.holds(lines))

    def opens(self, cell: Cell) -> bool:
        """Whether lines that make a cell hold are asked for, by the answers so far alone."""
        return not cell.absent and cell.holds({cell.name: self._asked_for(cell.name)})

    def _asked_for(self, name: str) -> frozenset[str]:
        """The lines of a question that is asked; none of any other."""
        if name not in self.lines:
            question = self.rulebase.questions[name]
            lines = [*self.rulebase.bands.get(name, ()), *(option.id for option in question.shown(self.facts))]
            self.lines[name] = frozenset(lines if question.is_asked(self.facts, self.level.stops) else ())
        return self.lines[name]


class _Asked(_Known):
    """A question when it is asked: what is known without an answer to it from before, and its possible values."""

    def __init__(self, rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str]) -> None:
        self.name, among = question.id, frozenset(within)
        before = {other: given for other, given in answers.items() if other != self.name}
        super().__init__(rulebase, as_facts(before, rulebase.bands), self.name)
        self.values = [value for value in self.may_be_chosen(question) if not among or value in among]
        self.follow_ups = {q.id for q in rulebase.questions.values() if q is not question and _reads(q, self.name)}
        self.held = as_facts(answers, rulebase.bands)
        self.then = {value: self._after(value) for value in self.values}

    def _after(self, value: str) -> _Known:
        """What is known after an answer. What a question was answered that has new lines because of it is asked again."""
        facts, questions = {**self.facts, self.name: frozenset([value])}, self.rulebase.questions
        answered = self.follow_ups & facts.keys()
        again = {n for n in answered if not {*questions[n].shown(facts)} <= {*questions[n].shown(self.held)}}
        return _Known(self.rulebase, {name: given for name, given in facts.items() if name not in again})

    def answers_to(self, flag: RedFlag) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The answers that raise a red flag by themselves, and those that do so with others.

        One that is raised already waits for nothing but what stops it.
        """
        when, unless = flag.condition
        is_raised = any_row(when, self.facts)
        if is_raised and all(cell.name != self.name for row in unless for cell in row):
            return (), ()
        alone = tuple(v for v in self.values if flag.condition.holds(self.then[v].facts))
        others = () if is_raised else (v for v in self.values if v not in alone)
        together = (v for v in others if not any_row(unless, self.then[v].facts))
        return alone, tuple(v for v in together if any(self._helps(v, row) or self._leads_to(v, row) for row in when))

    def open_rows(self, entry: Entry) -> tuple[Row, ...]:
        """Of each row that can come to hold by the question, the cells that do not hold yet."""
        leads_to = self._leads_to if isinstance(entry, RedFlag) else lambda *_: False
        rows = (r for r in entry.condition.when if any(self._helps(v, r) or leads_to(v, r) for v in self.values))
        return tuple(tuple(cell for cell in row if not cell.holds(self.facts)) for row in rows)

    def _helps(self, value: str, row: Row) -> bool:
        """Whether a row can come to hold with this answer, by what is known and may still be asked."""
        own = [cell for cell in row if cell.name == self.name]
        others = (cell for cell in row if cell.name != self.name and not cell.holds(self.facts))
        given = {self.name: frozenset([value])}  # of a cell that needs several it is one
        return (
            any(value in cell.options or cell.absent for cell in own)
            and all(cell.holds(given) for cell in own if cell.absent)
            and all(cell.name not in self.facts and self.may_be_asked(cell.name) for cell in others)
        )

    def _leads_to(self, value: str, row: Row) -> bool:
        """Whether this answer opens lines by which a row can come to hold, with what may still be asked after it."""
        then, may_open = self.then[value], [cell for cell in row if cell.name in self.follow_ups]
        opened = (not cell.holds(then.facts) and then.opens(cell) and not self.opens(cell) for cell in may_open)
        return any(opened) and all(cell.holds(then.facts) or then.may_be_met(cell) for cell in row)


def _reads(question: Question, name: str) -> bool:
    """Whether a question is asked, or has further lines, because of what is answered to another."""
    shown = (option.show or () for option in question.options)
    return any(cell.name == name for rows in (*question.condition, *shown) for row in rows for cell in row)


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
    facts, found = assessment.facts, list[WhatIf]()
    for name, flags in _waiting(rulebase, assessment).items():
        question = rulebase.questions[name]
        if question.kind != "number" and _concerns(question, facts):
            reached = _reached(rulebase, question, flags, facts)
            found += (WhatIf(question, level, tuple(options)) for level, options in reached.items())
    return tuple(sorted(found, key=lambda w: (w.level.rank, not w.question.danger)))


def _concerns(question: Question, facts: Facts) -> bool:
    """Whether it was answered, or applies to this person."""
    return question.id in facts or question.applies(facts) or question.applies_after_urgent(facts)


def _waiting(rulebase: RuleBase, assessment: Assessment) -> Mapping[str, list[RedFlag]]:
    """By question, in asking order, the more urgent red flags that no other question keeps from being raised."""
    levels, facts = rulebase.dispositions, assessment.facts
    waiting: dict[str, list[RedFlag]] = {name: [] for name in rulebase.questions}
    for flag in rulebase.red_flags.values():
        level = levels[flag.disposition]
        if not level.beside and level.rank < assessment.disposition.rank:
            failing = [{cell.name for cell in row if not cell.holds(facts)} for row in flag.condition.when]
            for name in set[str]().union(*(names or waiting for names in failing if len(names) < 2)):
                waiting[name].append(flag)
    return waiting


def _reached(
    rulebase: RuleBase, question: Question, flags: Sequence[RedFlag], facts: Facts
) -> dict[Disposition, list[str]]:
    """The levels that `flags` reach by one more option of a question, and the options that reach each."""
    reached: dict[Disposition, list[str]] = {}
    for option in question.options if flags else ():
        changed = {**facts, question.id: with_option(question, facts.get(question.id), option.id)}
        raised = [flag for flag in flags if flag.condition.holds(changed)]
        if raised and option in question.shown(changed):
            reached.setdefault(most_urgent(rulebase, raised), []).append(option.id)
    return reached


def with_option(question: Question, given: frozenset[str] | None, option: str) -> frozenset[str]:
    """An answer with one more option, where the question takes several; otherwise that option alone."""
    if given is None or question.kind != "many" or question.option(option).exclusive:
        return frozenset([option])
    return frozenset(other for other in given if not question.option(other).exclusive) | {option}


# --- how: from the result down to the answers; why not: to what keeps a rule out of it


class Node(NamedTuple):
    """One line of an explanation: `id` is one that `leg-cramp-triage rules ID` shows."""

    kind: str
    id: str
    text: str
    children: "tuple[Node, ...]" = ()


Nodes = tuple[Node, ...]
ANSWER, SOURCE = "answer", "source"  # kinds of nodes: an answer that is a reason, where something was read
SHOWN, NOT_CONCLUDED, WITHHELD, NOT_SHOWN = "shown", "not_concluded", "withheld", "not_shown"


class Fate(NamedTuple):
    """What became of one rule, and why."""

    outcome: str  # one of the four above; the rest is a node
    kind: str
    id: str
    text: str
    children: Nodes


def how(rulebase: RuleBase, assessment: Assessment) -> Node:
    """How a result came about. The root's children are the conclusions that the result shows."""
    explain = _Explained(rulebase, assessment)
    return Node("result", assessment.disposition.id, explain.title, tuple(explain.conclusions()))


def why_not(rulebase: RuleBase, assessment: Assessment, name: str) -> Fate:
    """Why a rule (of any kind) is not in a result, or how it came into it. KeyError if there is none of that id."""
    explain = _Explained(rulebase, assessment)
    entry = explain.rulebase.entries[name]
    for conclusion in explain.conclusions():
        for node in (conclusion, *conclusion.children):  # red flags and signs are one level down
            if node.id == name and node.kind == entry.table and node.children:
                return Fate(SHOWN, *node)
    outcome, reasons = explain.absent(entry)
    title = entry.because if isinstance(entry, Sign) else entry.title
    return Fate(outcome, entry.table, name, title, reasons)


class _Explained:
    """Makes the nodes of one assessment."""

    def __init__(self, rulebase: RuleBase, assessment: Assessment) -> None:
        self.rulebase = rules_in_voice(rulebase, assessment.voice)
        self.result, self.facts, self.level = assessment, assessment.facts, assessment.disposition
        self.title = assessment.certainty.titled.format(self.level.title)

    # --- what holds

    def conclusions(self) -> Iterator[Node]:
        """One node for each thing that the result shows, in its order."""
        result = self.result
        apart = result.pharmacist.id if result.pharmacist else ""
        flags = [fired.flag for fired in result.red_flags]
        nodes = [self.flag(flag) for flag in flags if flag.disposition != apart]
        if not any(flag.disposition == self.level.id for flag in flags):
            nodes.insert(0, Node(DISPOSITION, self.level.id, "no answer raised a red flag that asks for more"))
        yield Node(DISPOSITION, self.level.id, self.title, tuple(nodes))
        if result.pharmacist:
            beside = (self.flag(flag) for flag in flags if flag.disposition == apart)
            yield Node(DISPOSITION, apart, result.pharmacist.title, tuple(beside))
        yield from map(self.cause, result.causes)
        for fired in result.needs_checking:
            raised = tuple(Node(RED_FLAG, name, self.rulebase.red_flags[name].title) for name in fired.flags)
            yield self.entry(fired.cause, f"Needs checking: {fired.cause.title}", raised)
        for advice in (*result.relief, *result.do_not, *result.prevention, *result.myths, *result.replies):
            yield self.advice(advice)
        for advice in (withheld.advice for withheld in result.withheld):
            yield Node("withheld", advice.id, f"Left out: {advice.title}", self.against(advice))
        for check in result.checks:
            yield self.rule(check, f"To ask a doctor about: {check.title} ({STRENGTHS[check.strength]})")
        for note in result.notes:
            yield self.rule(note, f"Note: {note.title}")

    def flag(self, flag: RedFlag) -> Node:
        """A red flag that was raised; one of another level says what it asks for."""
        level = self.rulebase.dispositions[flag.disposition]
        return self.rule(flag, flag.title + (f" ({level.when_said})" if level.id != self.level.id else ""))

    def cause(self, ranked: RankedCause) -> Node:
        """A cause that is named, with its signs."""
        fits = "Fits" if ranked.cause.group == EVERYDAY else "Worth asking about"
        held = (*ranked.speaks_for, *ranked.speaks_against)
        signs = tuple(self.sign(fired.sign) for fired in held)
        return self.entry(ranked.cause, f"{fits}: {ranked.cause.title} ({ranked.score} points)", signs)

    def sign(self, sign: Sign) -> Node:
        """A sign that holds, for or against its cause."""
        side = "for it" if sign.weight > 0 else "against it"
        return self.rule(sign, f"{side}, {sign.weight:+d}: {sign.because}")

    def advice(self, advice: Advice) -> Node:
        """A piece of advice that is given: for whom, and what had to be ruled out first."""
        lead = {"relief": "Do now: ", "prevention": "To prevent it: "}.get(advice.kind, "")
        reasons = self.reasons(advice.id, advice.condition.when)
        if advice.only_if:
            ruled_out = self.reasons(advice.id, advice.only_if)
            reasons += (Node("only_if", advice.id, "What could make it harmful was ruled out", ruled_out),)
        return self.entry(advice, f"{lead}{advice.title}{in_brackets(grade_in_words(advice))}", reasons)

    def rule(self, entry: Entry, text: str) -> Node:
        """A rule with the rows that hold, and its sources."""
        return self.entry(entry, text, self.reasons(entry.id, entry.condition.when))

    def entry(self, entry: Entry, text: str, reasons: Nodes) -> Node:
        """A rule with its reasons and its sources; a sign without any rests on those of its cause."""
        sources = (self.rulebase.sources[name] for name in entry.sources)
        cited = tuple(Node(SOURCE, source.id, f"{source.org}: {source.title}") for source in sources)
        if not cited and entry.status and not isinstance(entry, Sign):
            cited = (Node("status", entry.id, "no source yet: a draft"),)
        return Node(entry.table, entry.id, text, (*reasons, *cited))

    def reasons(self, name: str, rows: tuple[Row, ...]) -> Nodes:
        """The rows that hold, as answers and findings; a row of its own only where there are several."""
        held = [self.row(name, row) for row in rows if all(cell.holds(self.facts) for cell in row)]
        if len(held) == 1:
            return held[0]
        return tuple(Node("row", name, "another reason" if n else "one reason", row) for n, row in enumerate(held))

    def row(self, name: str, row: Row) -> Nodes:
        """The cells of a row that holds."""
        return tuple(node for cell in row for node in self.cell(cell)) or (Node("everybody", name, "for everybody"),)

    def cell(self, cell: Cell) -> Iterator[Node]:
        """What makes a cell hold: an answer, or each finding."""
        if cell.absent:
            yield Node(ANSWER, cell.name, self.none_of(cell))
        elif cell.name in self.rulebase.questions:
            held = cell.options & self.facts[cell.name]
            words = held_said(self.rulebase, cell.name, self.result.answers[cell.name], held)
            yield Node(ANSWER, cell.name, "; ".join(words))
        else:
            for name in sorted(cell.options & self.facts[cell.name]):
                yield Node(cell.name, name, options_said(self.rulebase, cell.name, [name])[0])

    # --- what does not hold

    def absent(self, entry: Entry) -> tuple[str, Nodes]:
        """The outcome of a rule that the result does not show, and what led to it."""
        if isinstance(entry, Cause) and entry.signs:
            return self.unnamed(entry)
        if not entry.condition.holds(self.facts):
            return NOT_CONCLUDED, self.not_concluded(entry)
        if isinstance(entry, Sign):
            cause = self.rulebase.causes[entry.cause]
            holds = Node(cause.table, cause.id, f"it holds, but its cause is not shown: {cause.title}")
            return NOT_SHOWN, (holds, *self.unnamed(cause)[1])
        if isinstance(entry, Advice):
            return self.not_given(entry)
        return NOT_SHOWN, self.hidden("needs_checking" if isinstance(entry, Cause) else f"{entry.table}s")

    def not_concluded(self, entry: Entry) -> Nodes:
        """The rows that fail; or, where one holds, the exception that stops it."""
        when, unless = entry.condition
        if not any_row(when, self.facts):
            return self.unmet(entry.id, when)
        why = f": {entry.lowers}" if isinstance(entry, RedFlag) else ""
        return (Node("unless", entry.id, f"an exception holds{why}", self.reasons(entry.id, unless)),)

    def hidden(self, part: str) -> Nodes:
        """Whether the level of the result leaves a part out."""
        left_out = Node(DISPOSITION, self.level.id, f'the result "{self.level.title}" leaves out this kind')
        return () if part in self.level.shows else (left_out,)

    def not_given(self, advice: Advice) -> tuple[str, Nodes]:
        """What withholds an advice that applies, or hides it."""
        against = self.against(advice)
        hidden = self.hidden(part_of(advice.kind))
        if advice.kind == "myth" and advice.general:
            hidden += (Node("advice", advice.id, "it is only listed by `leg-cramp-triage rules`, for everybody"),)
        others = [self.rulebase.advice[name] for name in advice.beside]
        if others and not any(other.condition.holds(self.facts) for other in others):
            titles = "; ".join(other.title for other in others)
            text = f"it goes with other advice, and none of it is given: {titles}"
            hidden += (Node("advice", others[0].id, text),)
        return (WITHHELD if against else NOT_SHOWN), (*against, *hidden)

    def against(self, advice: Advice) -> Nodes:
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

    def unnamed(self, cause: Cause) -> tuple[str, Nodes]:
        """A cause with too few points, others that fit better, or a level that does not name it."""
        ranking = self.rulebase.ranking
        held = [sign for sign in cause.signs if sign.condition.holds(self.facts)]
        score = sum(sign.weight for sign in held)
        hidden = self.hidden("causes")
        if not hidden and cause.group not in self.level.causes:
            hidden = (Node(DISPOSITION, self.level.id, f'the result "{self.level.title}" names no cause of this kind'),)
        if any(sign.weight > 0 for sign in held) and score >= ranking.shown_from:
            better = "; ".join(f"{ranked.cause.title} ({ranked.score})" for ranked in self.result.causes)
            text = f"{score} points, but {ranking.shown_at_most} others come first: {better}"
            return NOT_SHOWN, hidden or (Node(cause.table, cause.id, text),)
        few = f"{score} points from the signs that hold; it is named from {ranking.shown_from} on, with a sign for it"
        missing = (
            Node(s.table, s.id, f"would speak for it, {s.weight:+d}: {s.because}", self.not_concluded(s))
            for s in cause.signs
            if s not in held and s.weight > 0
        )
        return NOT_CONCLUDED, (Node(cause.table, cause.id, few), *map(self.sign, held), *missing, *hidden)

    def unmet(self, name: str, rows: tuple[Row, ...]) -> Nodes:
        """The ways in which it could hold: the cells of a row that do not, and what was answered instead.

        A row that lacks all that another lacks, in the same words, is no way of its own.
        """
        lacking = dict.fromkeys(
            tuple(dict.fromkeys(self.failing(name, cell) for cell in row if not cell.holds(self.facts))) for row in rows
        )
        ways = [lacks for lacks in lacking if not any({*other} < {*lacks} for other in lacking)]
        if len(ways) == 1:
            return ways[0]
        return tuple(Node("row", name, f"way {n} of {len(ways)}", lacks) for n, lacks in enumerate(ways, 1))

    def failing(self, name: str, cell: Cell) -> Node:
        """A cell that does not hold: what it needs, and what there is."""
        needs = self.needed(cell)
        if cell.name in self.rulebase.questions:
            if cell.name not in self.facts:
                return Node("not_answered", cell.name, f"{needs}. Not answered")
            you_said = self.rulebase.voices[self.result.voice][YOU_SAID]
            answer = said(self.rulebase, cell.name, self.result.answers[cell.name])
            return Node("answered", cell.name, f"{needs}. {you_said}: {answer}")
        if cell.name == DISPOSITION:
            known = f"It is: {self.level.title}" if DISPOSITION in self.facts else "Not known while questions are open"
            return Node(DISPOSITION, self.level.id, f"{needs}. {known}")
        missing = "Not raised" if cell.name == RED_FLAG else "Not named"
        only = next(iter(cell.options)) if len(cell.options) == 1 else name
        return Node("not_found", only, f"{needs}. {missing}")

    def needed(self, cell: Cell) -> str:
        """What a cell needs, in words."""
        if cell.absent:
            return f"needs {self.none_of(cell)}"
        words = options_said(self.rulebase, cell.name, cell.options)
        kind = {RED_FLAG: " the red flag", CAUSE: " the cause", DISPOSITION: " the result"}.get(cell.name, "")
        if cell.every:
            return f"needs{kind}: {', together with '.join(words)}"
        return f"needs{kind}{' (one of)' if len(words) > 1 else ''}: {_first(words)}"

    def none_of(self, cell: Cell) -> str:
        """What must not have been chosen, in words."""
        return f"none of: {_first(options_said(self.rulebase, cell.name, cell.options))}"


SOME = 6  # options that are named where a cell that does not hold has many


def _first(words: list[str]) -> str:
    more = [f"or {len(words) - SOME} more"] if len(words) > SOME else []
    return "; ".join(words[:SOME] + more)
