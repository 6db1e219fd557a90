"""Why a question is asked, how a result came about, what would change it, why something is not in it.

Pure: everything is read off the conditions of the rule base (`Cell.holds`), never from
the engine. Records name ids and hold texts of the rule base; `triage.output.explanation`
makes lines of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from triage.knowledge.conditions import Cell, Facts, Row, any_row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    AT_ONCE,
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

    def may_be_chosen(self, name: str) -> tuple[str, ...]:
        """The bands and the options of a question that are there, or may come to be, once it is asked."""
        options = self.rulebase.questions[name].options
        shown = (o.id for o in options if o.show is None or any(map(self.may_hold, o.show)))
        return (*self.rulebase.bands.get(name, ()), *shown)

    def may_be_met(self, cell: Cell) -> bool:
        """Whether an answer that is not given yet can make a cell hold."""
        lines = {cell.name: frozenset(self.may_be_chosen(cell.name))}
        return cell.name not in self.facts and self.may_be_asked(cell.name) and (cell.absent or cell.holds(lines))

    def opens(self, cell: Cell) -> bool:
        """Whether lines that make a cell hold are asked for, by the answers so far alone."""
        question = self.rulebase.questions[cell.name]
        lines = {cell.name: frozenset(_lines(self.rulebase, question, self.facts))}
        return not cell.absent and cell.holds(lines) and _is_asked(question, self.facts, self.level)


class _Asked(_Known):
    """A question when it is asked: what is known without an answer to it from before, and its possible values."""

    def __init__(self, rulebase: RuleBase, answers: Answers, question: Question, within: Iterable[str]) -> None:
        self.name, among = question.id, frozenset(within)
        before = {other: given for other, given in answers.items() if other != self.name}
        super().__init__(rulebase, as_facts(before, rulebase.bands), self.name)
        self.values = [value for value in self.may_be_chosen(self.name) if not among or value in among]
        self.follow_ups = {q.id for q in rulebase.questions.values() if self.name in _openers(q)}
        self.then = {v: _Known(rulebase, {**self.facts, self.name: frozenset([v])}) for v in self.values}

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
        then = self.then[value]
        left = [cell for cell in row if not cell.holds(then.facts)]
        may_open = (cell for cell in left if cell.name in self.follow_ups)
        opened = any(then.opens(cell) and not self.opens(cell) for cell in may_open)
        return opened and all(map(then.may_be_met, left))


def _openers(question: Question) -> dict[str, frozenset[str]]:
    """The other questions by whose answers it is asked or has further lines, and the options that do it (none: any)."""
    asked, unless = question.condition
    shown = (row for option in question.options for row in option.show or ())
    cells = [cell for row in (*asked, *shown) for cell in row]
    barring = {cell.name for row in unless for cell in row}
    found = {name: _options_of(cells, name) for name in {cell.name for cell in cells} - {question.id}}
    return found | dict.fromkeys(barring - {question.id}, frozenset())


def _options_of(cells: Iterable[Cell], name: str) -> frozenset[str]:
    """The options of a question by which one of these cells may come to hold; none where any may do it."""
    own = [cell for cell in cells if cell.name == name]
    return frozenset() if any(cell.absent for cell in own) else frozenset[str]().union(*(cell.options for cell in own))


def _is_asked(question: Question, facts: Facts, level: Disposition) -> bool:
    """Whether a question is asked where the answers so far settle a level."""
    if level.stops == AT_ONCE:
        return False
    return question.applies_after_urgent(facts) if level.stops else question.applies(facts)


def _lines(rulebase: RuleBase, question: Question, facts: Facts) -> tuple[str, ...]:
    """The bands and the options that a question offers when it is asked."""
    return (*rulebase.bands.get(question.id, ()), *(option.id for option in question.shown(facts)))


# --- what if: the single answers that would make it more urgent

AT_MOST = 5  # lines that are told if not all are wanted


class WhatIf(NamedTuple):
    """One question, the level that it would raise the result to, and the options that each would do it.

    `follow_up`: not yet by itself, but by one more answer: to a question that it opens, or on a line that it opens.
    """

    question: Question
    level: Disposition
    options: tuple[str, ...]
    follow_up: bool = False


def what_if(rulebase: RuleBase, assessment: Assessment) -> tuple[WhatIf, ...]:
    """Every single answer that would make the result more urgent, most urgent first: each is tried.

    Where a follow-up that it opens can make it more urgent still, that is told as well. Within a level danger questions
    come first, then asking order. Only questions that were answered or that apply to this person; never numbers. An
    option of a question that takes several is added to what was answered, of any other it replaces it.
    """
    ticks, found = _Ticks(rulebase, assessment), list[WhatIf]()
    for question in rulebase.questions.values():
        if question.kind != "number" and _concerns(question, assessment.facts):
            reached = ticks.reached(question)
            lines = (WhatIf(question, level, tuple(some), more) for (level, more), some in reached.items())
            found += sorted(lines, key=lambda line: line.follow_up)
    return tuple(sorted(found, key=lambda w: (w.level.rank, not w.question.danger)))


def _concerns(question: Question, facts: Facts) -> bool:
    """Whether it was answered, or applies to this person."""
    return question.id in facts or question.applies(facts) or question.applies_after_urgent(facts)


class _Ticks:
    """Tries single answers, and the follow-ups that they open, on the red flags that are more urgent than a result."""

    def __init__(self, rulebase: RuleBase, assessment: Assessment) -> None:
        self.rulebase, self.facts, self.level = rulebase, assessment.facts, assessment.disposition
        self.fired = assessment.red_flags
        self.alone: dict[str, list[_ByLine]] = {}  # by question: those that no other question keeps from being raised
        self.later: dict[str, dict[str, list[_ByLine]]] = {}  # by question, by follow-up: those that no third one does
        self.openers = {question.id: _openers(question) for question in rulebase.questions.values()}
        for flag in rulebase.red_flags.values():
            if self._is_above(flag, self.level):
                self._sort_in(flag)
        follow_ups = {name for later in self.later.values() for name in later}
        self.before = {name: self._lines(rulebase.questions[name], self.facts) for name in follow_ups}

    def _sort_in(self, flag: RedFlag) -> None:
        stops = {cell.name for row in flag.condition.unless for cell in row}
        for row in flag.condition.when:
            left = [cell for cell in row if not cell.holds(self.facts)]
            names = {cell.name for cell in left}
            for name in (names or stops) if len(names) <= 1 else ():
                self.alone.setdefault(name, []).append(_ByLine(flag, _options_of(left, name)))
            for follow_up in (names | stops) if len(names) <= 2 else ():
                for name in self.openers[follow_up]:
                    if names <= {name, follow_up}:
                        waiting = self.later.setdefault(name, {}).setdefault(follow_up, [])
                        waiting.append(_ByLine(flag, _options_of(left, follow_up), _options_of(left, name)))

    def reached(self, question: Question) -> dict[tuple[Disposition, bool], list[str]]:
        """The levels that one more option of a question reaches, by itself or by a follow-up; the options of each."""
        reached: dict[tuple[Disposition, bool], list[str]] = {}
        for option in question.options:
            then = {**self.facts, question.id: with_option(question, self.facts.get(question.id), option.id)}
            if option.is_shown(then):
                raised = _raised(self.alone.get(question.id, ()), {option.id: then})
                level = most_urgent(self.rulebase, raised) if raised else self.level
                by_follow_up = self._by_follow_up(question, option.id, then, level, raised)
                for to, before in ((level, self.level), (by_follow_up, level)):
                    if to != before:
                        reached.setdefault((to, to != level), []).append(option.id)
        return reached

    def _by_follow_up(
        self, question: Question, option: str, facts: Facts, level: Disposition, raised: list[RedFlag]
    ) -> Disposition:
        """The level that an answer reaches by a line that it opens, which could not be chosen without it.

        If there is none it is `level`, which it reaches by itself: with what it has `raised`.
        """
        for name, waiting in self.later.get(question.id, {}).items():
            opens = option in (self.openers[name][question.id] or [option])
            fits = [one for one in waiting if option in (one.ticks or [option])] if opens else ()
            if above := [one for one in fits if self._is_above(one.flag, level)]:
                follow_up, given = self.rulebase.questions[name], self.facts.get(name)
                opened = self._lines(follow_up, facts) - self.before[name]
                then = {line: {**facts, name: with_option(follow_up, given, line)} for line in opened}
                more = _raised(above, then)
                if more and _is_asked(follow_up, facts, self._settled(facts, raised)):
                    level = most_urgent(self.rulebase, more)
        return level

    def _lines(self, question: Question, facts: Facts) -> frozenset[str]:
        """The lines of a question that can be chosen."""
        return frozenset(_lines(self.rulebase, question, facts) if _concerns(question, facts) else ())

    def _is_above(self, flag: RedFlag, level: Disposition) -> bool:
        to = self.rulebase.dispositions[flag.disposition]
        return not to.beside and to.rank < level.rank

    def _settled(self, facts: Facts, raised: Iterable[RedFlag]) -> Disposition:
        """The level that no question to come can take back, once an answer has raised these."""
        kept = (fired.flag for fired in self.fired if fired.flag.condition.holds(facts))
        settled = (flag for flag in (*kept, *raised) if not is_pending(self.rulebase, flag, facts))
        level = most_urgent(self.rulebase, settled)
        return level if level.stops or not self.level.stops else _Known(self.rulebase, facts).level


class _ByLine(NamedTuple):
    """A red flag, the lines of a question of which one may raise it (none: any), and the ticks that it needs besides."""

    flag: RedFlag
    lines: frozenset[str]
    ticks: frozenset[str] = frozenset()


def _raised(waiting: Iterable[_ByLine], by_line: Mapping[str, Facts]) -> list[RedFlag]:
    """The red flags that one of some lines raises: for each what is known if it is chosen."""
    return [
        flag
        for flag, lines, _ in waiting
        if any(flag.condition.holds(facts) for line, facts in by_line.items() if not lines or line in lines)
    ]


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
