"""Why, how, what if and why not: each compared with what the engine does when answers change.

The engine is the judge: what `triage.reasoning.explain` reads off the conditions must come true when
the answers are changed and inferred again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import pytest
from remembering import Remembering
from stories import SCENARIOS, name_of, shown_ids
from terminal import Step, steps_to

from triage.conversation.interview import Prompt, missing_from, open_questions, settled_flags
from triage.conversation.why import why, why_in_full
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.conditions import Facts, Row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import AT_ONCE, Advice, Answer, Answers, Disposition, Entry, Question, RuleBase
from triage.knowledge.tokens import spoken
from triage.knowledge.voices import rules_in_voice
from triage.output.explanation import (
    fate_lines,
    how_lines,
)
from triage.output.rule_sheets import names
from triage.output.text import requests
from triage.output.view import Wanted, view_of, what_if_said
from triage.output.what_if import what_if_text
from triage.reasoning.assessment import assess, find_flags, most_urgent
from triage.reasoning.engine import Engine
from triage.reasoning.explain import (
    ANSWER,
    AT_MOST,
    NOT_CONCLUDED,
    NOT_SHOWN,
    SHOWN,
    SOURCE,
    WITHHELD,
    Fate,
    Node,
    Pending,
    how,
    pending,
    tells_apart,
    what_if,
    why_not,
    with_option,
)
from triage.reasoning.results import Assessment
from triage.version import program

COLUMNS = 80


@pytest.fixture(scope="module")
def stories(rulebase: RuleBase, request: pytest.FixtureRequest) -> dict[str, Answers]:
    """The answers of every ninth scenario (with --all-stories of every third), by its path."""
    every = 3 if request.config.getoption("--all-stories", default=False) else 9
    return {name_of(path): read_answer_file(path, rulebase).answers for path in SCENARIOS[::every]}


@pytest.fixture(scope="module")
def results(engine: Engine, stories: dict[str, Answers], answer_sets: list[Answers]) -> dict[str, Assessment]:
    """The results of these, and of random answers on which many rules meet."""
    cases = stories | {f"random {number}": answers for number, answers in enumerate(answer_sets[:40])}
    quick = Remembering(engine)
    return {name: assess(quick, answers, missing_from(quick, answers)) for name, answers in cases.items()}


@pytest.fixture(scope="module")
def some(results: dict[str, Assessment]) -> dict[str, Assessment]:
    """Every eighth result, and half of the random ones."""
    return {name: one for at, (name, one) in enumerate(results.items()) if at % (2 if "random" in name else 8) == 0}


@pytest.fixture(scope="module")
def many(results: dict[str, Assessment]) -> dict[str, Assessment]:
    """Every second result: where each is run anew for every answer, all would take minutes."""
    return dict(list(results.items())[::2])


def one_answer(question: Question, options: frozenset[str]) -> Answer:
    """Options as an answer of the question's kind."""
    if question.kind == "many":
        return tuple(option.id for option in question.options if option.id in options)
    [only] = options
    return only


def changed(question: Question, answers: Answers, option: str) -> Answers:
    """The answers with one option given as well, or instead."""
    before = answers.get(question.id)
    given = None if before is None else frozenset([before] if isinstance(before, str) else before)
    return {**answers, question.id: one_answer(question, with_option(question, given, option))}


def follow_ups(engine: Engine, before: Answers, after: Answers, changes: str) -> Iterator[Answers]:
    """Answers with one more line, of a question that is asked after a change: of those that the change opens."""
    rulebase = engine.rulebase
    facts, then = (as_facts(answers, rulebase.bands) for answers in (before, after))
    for question in rulebase.questions.values():
        if question.id == changes or question.kind == "number":
            continue
        concerns = question.id in before or question.applies(facts) or question.applies_after_urgent(facts)
        old = question.shown(facts) if concerns else ()
        new = [option for option in question.shown(then) if option not in old]
        open_now = {name: answer for name, answer in after.items() if name != question.id}
        if new and question in open_questions(engine, open_now):
            yield from (changed(question, after, option.id) for option in new)


def level_of(engine: Engine, answers: Answers) -> Disposition:
    """How urgent these answers are, by the engine."""
    return most_urgent(engine.rulebase, (fired.flag for fired in find_flags(engine, answers)))


# --- what if


def test_an_option_is_added_where_several_can_be_given_and_replaces_otherwise(rulebase: RuleBase) -> None:
    legs, side = rulebase.questions["legs"], rulebase.questions["side"]
    assert with_option(legs, frozenset(["l_veins"]), "l_pop") == {"l_veins", "l_pop"}
    assert with_option(legs, frozenset(["none"]), "l_pop") == {"l_pop"}
    assert with_option(legs, frozenset(["l_pop"]), "none") == {"none"}
    assert with_option(legs, frozenset(["l_pop"]), "not_sure") == {"l_pop", "not_sure"}
    assert with_option(legs, None, "l_pop") == {"l_pop"}
    assert with_option(side, frozenset(["left"]), "both") == {"both"}


def test_every_option_of_what_if_really_reaches_its_level(
    engine: Engine, many: dict[str, Assessment], some: dict[str, Assessment]
) -> None:
    """Of every line that is told; in some results of all lines."""
    seen = 0
    for name, before in many.items():
        for line in what_if(engine.rulebase, before)[: None if name in some else AT_MOST]:
            assert line.level.rank < before.disposition.rank, name
            for option in line.options:
                seen += 1
                after = changed(line.question, before.answers, option)
                assert level_of(engine, after) is line.level, (name, line.question.id, option)
    assert seen > 1_000


def test_what_is_told_comes_true_in_a_whole_new_result(engine: Engine, some: dict[str, Assessment]) -> None:
    for name, before in list(some.items())[::3]:
        for line in what_if(engine.rulebase, before)[:AT_MOST]:
            for option in line.options:
                after = changed(line.question, before.answers, option)
                told = assess(engine, after, missing_from(engine, after)).disposition
                assert told.id == line.level.id, (name, option)


def test_no_single_answer_that_is_more_urgent_is_left_out(engine: Engine, some: dict[str, Assessment]) -> None:
    for name, before in list(some.items())[::2]:
        told = {(line.question.id, option) for line in what_if(engine.rulebase, before) for option in line.options}
        found = set()
        for question in engine.rulebase.questions.values():
            asked = question.applies(before.facts) or question.applies_after_urgent(before.facts)
            if question.kind == "number" or not (question.id in before.answers or asked):
                continue
            for option in question.options:
                after = changed(question, before.answers, option.id)
                if option not in question.shown(as_facts(after, engine.rulebase.bands)):
                    continue  # the line is not there to be ticked
                if level_of(engine, after).rank < before.disposition.rank:
                    found.add((question.id, option.id))
        assert told == found, name


def test_what_if_is_ordered_and_asks_for_nothing_that_cannot_be(results: dict[str, Assessment], engine: Engine) -> None:
    order, bands = list(engine.rulebase.questions), engine.rulebase.bands
    for name, before in results.items():
        lines = what_if(engine.rulebase, before)
        places = [(one.level.rank, not one.question.danger, order.index(one.question.id)) for one in lines]
        assert places == sorted(places), name
        assert len(set(places)) == len(places), name
        for line in lines:
            assert line.question.kind != "number", name
            applies = line.question.applies(before.facts) or line.question.applies_after_urgent(before.facts)
            assert line.question.id in before.answers or applies, name
            for option in line.options:
                shown = line.question.shown(as_facts(changed(line.question, before.answers, option), bands))
                assert option in {one.id for one in shown}, (name, option)


def test_nothing_is_more_urgent_than_an_emergency(results: dict[str, Assessment], rulebase: RuleBase) -> None:
    emergencies = [one for one in results.values() if one.disposition.stops == AT_ONCE]
    assert emergencies
    for one in emergencies:
        assert what_if(rulebase, one) == ()
        assert "Nothing is more urgent" in " ".join(what_if_text(rulebase, one, COLUMNS, False))


def test_every_result_below_an_emergency_tells_what_would_be_more_urgent(
    many: dict[str, Assessment], rulebase: RuleBase
) -> None:
    for name, one in many.items():
        told = [part for request in requests(view_of(rulebase, one)) if request.key == "w" for _, part in request.parts]
        spoken = rules_in_voice(rulebase, one.voice)
        lines = what_if(spoken, one)[:AT_MOST]
        assert [line for part in told for line in part] == [f"- {what_if_said(spoken, one, line)}" for line in lines], (
            name
        )


def test_what_if_names_both_levels_but_none_where_questions_are_open(engine: Engine) -> None:
    calm = engine.rulebase.ladder[-1]
    done = {"start": "me", "age": 34, "legs": ("l_veins",)}
    routine = assess(engine, done)
    line = what_if(engine.rulebase, routine)[0]
    said = what_if_said(engine.rulebase, routine, line)
    assert said.startswith(f"{line.level.when_said}, {routine.disposition.instead}, if: ")
    begun = assess(engine, {"age": 34}, ("kind",))
    said = what_if_said(engine.rulebase, begun, what_if(engine.rulebase, begun)[0])
    assert calm.instead not in said


# --- how


RULES = ("red_flag", "sign", "advice", "withheld", "check", "note", "cause")


def rows_of(entry: Entry) -> Iterator[Row]:
    """The rows by which a rule, or what withholds it, can hold."""
    yield from entry.condition.when
    if isinstance(entry, Advice):
        yield from entry.only_if
        for never in entry.never:
            yield from never.when


def rows_that_hold(entry: Entry, facts: Facts) -> set[int]:
    """By number."""
    return {n for n, row in enumerate(rows_of(entry)) if all(cell.holds(facts) for cell in row)}


def reasons(node: Node, rule: str = "") -> Iterator[tuple[str, str]]:
    """Every answer below a node, with the rule nearest above it."""
    rule = node.id if node.kind in RULES else rule
    if node.kind == ANSWER:
        yield rule, node.id
    for child in node.children:
        yield from reasons(child, rule)


def test_without_an_answer_that_how_names_its_conclusion_is_gone_or_weaker(
    engine: Engine, many: dict[str, Assessment]
) -> None:
    """Some row that made the rule hold (or withheld it) no longer does; the rest of the result may change too."""
    entries = engine.rulebase.entries
    seen = 0
    for name, before in list(many.items())[::2]:
        named: dict[str, set[str]] = {}
        for rule, question in reasons(how(engine.rulebase, before)):
            named.setdefault(question, set()).add(rule)
        for question, rules in named.items():
            rest = {other: answer for other, answer in before.answers.items() if other != question}
            after = assess(engine, rest, missing_from(engine, rest))
            for rule in rules:
                seen += 1
                held, now = (rows_that_hold(entries[rule], one.facts) for one in (before, after))
                assert held - now, (name, rule, question)
    assert seen > 500


def test_how_names_everything_that_the_result_shows_and_every_answer_behind_it(
    engine: Engine, results: dict[str, Assessment]
) -> None:
    rulebase = engine.rulebase
    for name, one in results.items():
        root = how(rulebase, one)
        ids = [node.id for node in root.children]
        shown = shown_ids(rulebase, one)
        told = (
            "causes",
            "needs_checking",
            "relief",
            "do_not",
            "prevention",
            "myths",
            "replies",
            "withheld",
            "checks",
            "notes",
        )
        assert [i for i in ids if i not in rulebase.dispositions] == [i for part in told for i in shown[part]], name
        levels = [node for node in root.children if node.kind == "disposition"]
        flags = [child for level in levels for child in level.children if child.kind == "red_flag"]
        assert sorted(node.id for node in flags) == sorted(shown["red_flags"]), name
        for fired in one.red_flags:
            behind = {question for rule, question in reasons(root) if rule == fired.flag.id}
            rows = [row for row in fired.flag.condition.when if all(cell.holds(one.facts) for cell in row)]
            assert behind == {cell.name for row in rows for cell in row}, name
            assert set(fired.answers) == {cell.name for row in rows for cell in row if not cell.absent}, name


def test_every_line_of_how_has_an_id_that_can_be_looked_up(some: dict[str, Assessment], rulebase: RuleBase) -> None:
    known = {name for ids in names(rulebase).values() for name in ids}  # what `rules ID` shows

    def ids(node: Node) -> Iterator[str]:
        yield node.id
        for child in node.children:
            yield from ids(child)

    for name, one in some.items():
        root = how(rulebase, one)
        assert set(ids(root)) <= known, name
        items = [line for line in how_lines(view_of(rulebase, one, Wanted(how=True)), 10_000) if line]
        assert all(line.lstrip().startswith("- ") and line.endswith("]") for line in items), name
        assert all(line.rsplit("[", 1)[1].rstrip("]") in known for line in items), name


def test_how_gives_points_that_add_up(some: dict[str, Assessment], rulebase: RuleBase) -> None:
    seen = 0
    for one in some.values():
        nodes = {node.id: node for node in how(rulebase, one).children}
        for ranked in one.causes:
            signs = [child.id for child in nodes[ranked.cause.id].children if child.kind == "sign"]
            assert sum(rulebase.signs[sign].weight for sign in signs) == ranked.score
            assert f"({ranked.score} points)" in nodes[ranked.cause.id].text
            seen += 1
    assert seen


def test_every_rule_of_how_names_its_sources(some: dict[str, Assessment], rulebase: RuleBase) -> None:
    for one in some.values():
        for node in how(rulebase, one).children:
            if node.kind in ("advice", "check", "note", "cause"):
                cited = tuple(child.id for child in node.children if child.kind == SOURCE)
                assert cited == rulebase.entries[node.id].sources


def test_how_does_not_call_an_unfinished_result_calm(engine: Engine) -> None:
    begun = assess(engine, {"age": 34}, ("kind",))
    view = view_of(engine.rulebase, begun, Wanted(how=True))
    assert begun.disposition.title not in " ".join(how_lines(view, 10_000))


# --- why


class State:
    """What an interview knows when it asks a question, and what is `pending` then."""

    def __init__(self, name: str, answers: Answers, question: Question, rulebase: RuleBase) -> None:
        self.name, self.answers, self.question, self.rulebase = f"{name}, {question.id}", answers, question, rulebase

    @cached_property
    def pending(self) -> tuple[Pending, ...]:
        return pending(self.rulebase, self.answers, self.question)


@pytest.fixture(scope="module")
def states(rulebase: RuleBase, stories: dict[str, Answers]) -> list[State]:
    """Every question of a sample of the scenarios, with the answers before it."""
    found = []
    for name, answers in list(stories.items())[::8]:
        asked = [question for question in rulebase.questions.values() if question.id in answers]
        for at, question in enumerate(asked):
            found.append(State(name, {q.id: answers[q.id] for q in asked[:at]}, question, rulebase))
    return found


def values(question: Question, rulebase: RuleBase) -> Mapping[str, Answer]:
    """Every option, and a number of every band, by what rules call it."""
    bands: dict[str, Answer] = {band: int(band.split("-")[0]) for band in rulebase.bands.get(question.id, ())}
    return bands | {o.id: (o.id,) if question.kind == "many" else o.id for o in question.options}


def test_what_waits_for_a_question_comes_true(engine: Engine, states: list[State]) -> None:
    """An option that needs nothing else raises the flag; any other does not without more."""
    rulebase = engine.rulebase
    seen = 0
    for state in states:
        answers = values(state.question, rulebase)
        for one in state.pending:
            for option in (*one.alone, *one.together):
                seen += 1
                found = find_flags(engine, {**state.answers, state.question.id: answers[option]})
                assert (one.flag in [fired.flag for fired in found]) is (option in one.alone), (state.name, one.flag.id)
    assert seen > 1_000


def test_nothing_that_an_answer_would_raise_is_left_out(engine: Engine, states: list[State]) -> None:
    rulebase = engine.rulebase
    for state in states:
        waiting = state.pending
        ready = {(one.flag.id, option) for one in waiting for option in one.alone}
        settled = {fired.flag.id for fired in settled_flags(engine, state.answers)}
        facts = as_facts(state.answers, rulebase.bands)
        level = most_urgent(rulebase, (rulebase.red_flags[name] for name in settled))
        for option, answer in values(state.question, rulebase).items():
            after = {**state.answers, state.question.id: answer}
            shown = {one.id for one in state.question.shown(as_facts(after, rulebase.bands))}
            if option in {one.id for one in state.question.options} - shown:
                continue
            for fired in settled_flags(engine, after):
                to = rulebase.dispositions[fired.flag.disposition]
                read = {cell.name for row in fired.flag.condition.unless for cell in row}
                if state.question.id not in read and fired.flag.condition.holds(facts):
                    continue  # raised already, whatever is answered: it only waits to be said
                if fired.flag.id not in settled and to.rank < level.rank:
                    assert (fired.flag.id, option) in ready, (state.name, fired.flag.id, option)


def test_a_follow_up_that_is_waited_for_comes_true(engine: Engine, states: list[State]) -> None:
    """Of a rule that does not read the question: the answer opens a line by which a row comes to hold."""
    rulebase = engine.rulebase
    seen = 0
    for state in states[::2]:
        waiting = state.pending
        reads = {one.flag.id: {cell.name for row in one.flag.condition.when for cell in row} for one in waiting}
        for option, answer in values(state.question, rulebase).items():
            flags = [w.flag for w in waiting if option in w.together and state.question.id not in reads[w.flag.id]]
            after = {**state.answers, state.question.id: answer}
            held = as_facts(after, rulebase.bands)
            opened: dict[str, frozenset[str]] = {}
            for then in follow_ups(engine, state.answers, after, state.question.id) if flags else ():
                facts = as_facts(then, rulebase.bands)
                opened |= {name: opened.get(name, frozenset()) | facts[name] for name in facts if name not in held}
            for flag in flags:
                seen += 1
                rest = ([cell for cell in row if not cell.holds(held)] for row in flag.condition.when)
                open_still = [row for row in rest if all(cell.name not in held for cell in row)]
                assert any(cell.holds(opened) for row in open_still for cell in row), (state.name, flag.id, option)
    assert seen > 100


def test_no_follow_up_that_an_answer_opens_is_left_out(engine: Engine, states: list[State]) -> None:
    """What one line can raise that an answer opens is announced for the answer."""
    rulebase = engine.rulebase
    seen = 0
    for state in states[::2]:
        waiting = state.pending
        told = {(one.flag.id, option) for one in waiting for option in (*one.alone, *one.together)}
        before = {fired.flag.id for fired in find_flags(engine, state.answers)}
        level = most_urgent(rulebase, (fired.flag for fired in settled_flags(engine, state.answers)))
        for option, answer in values(state.question, rulebase).items():
            after = {**state.answers, state.question.id: answer}
            shown = {one.id for one in state.question.shown(as_facts(after, rulebase.bands))}
            if option in {one.id for one in state.question.options} - shown:
                continue
            for then in follow_ups(engine, state.answers, after, state.question.id):
                for fired in find_flags(engine, then):
                    to = rulebase.dispositions[fired.flag.disposition]
                    if fired.flag.id not in before and to.rank < level.rank:
                        seen += 1
                        assert (fired.flag.id, option) in told, (state.name, fired.flag.id, option)
    assert seen > 100


def test_a_danger_sign_tells_the_worst_that_its_follow_up_can_find(rulebase: RuleBase) -> None:
    """Numb below and ill from heat are for today, but one more line makes either an emergency."""
    worst = rulebase.ladder[0]
    back: Answers = {"start": "me", "danger": ("d_fever",), "danger_more": ("f_mild",)}  # as somebody who went back
    for answers in ({"start": "me"}, back):
        waiting = pending(rulebase, answers, rulebase.questions["danger"])
        together = {(one.flag.id, option) for one in waiting if one.level == worst for option in one.together}
        assert {("numb-between-legs", "d_saddle"), ("overheated", "d_heat")} <= together


def test_a_flag_of_the_result_waited_for_every_question_of_its_row(
    engine: Engine, stories: dict[str, Answers], states: list[State]
) -> None:
    """Asked in order, each cell of the row that raised it was announced as pending."""
    rulebase = engine.rulebase
    seen = 0
    for state in states:
        answers = stories[state.name.split(",")[0]]
        facts = assess(engine, answers).facts
        settled = [fired.flag for fired in settled_flags(engine, state.answers)]
        level = most_urgent(rulebase, settled)
        waiting = {one.flag.id for one in state.pending}
        for fired in find_flags(engine, answers):
            to = rulebase.dispositions[fired.flag.disposition]
            rows = [row for row in fired.flag.condition.when if all(cell.holds(facts) for cell in row)]
            before = find_flags(engine, state.answers)
            if to.rank >= level.rank or fired.flag in [f.flag for f in before]:
                continue
            if all(any(cell.name == state.question.id for cell in row) for row in rows):
                seen += 1
                assert fired.flag.id in waiting, (state.name, fired.flag.id)
    assert seen > 8


def test_what_waits_is_more_urgent_than_what_is_settled_and_most_urgent_first(
    engine: Engine, states: list[State]
) -> None:
    for state in states:
        level = most_urgent(engine.rulebase, (f.flag for f in settled_flags(engine, state.answers)))
        waiting = pending(engine.rulebase, state.answers, state.question)
        ranks = [one.level.rank for one in waiting]
        assert ranks == sorted(ranks), state.name
        assert all(one.level.beside or one.level.rank < level.rank for one in waiting), state.name


def test_an_answer_given_before_does_not_count(rulebase: RuleBase) -> None:
    """Going back to a question, one is told what it is for, not what is left after it."""
    question = rulebase.questions["legs"]
    before = {"age": 34, "legs": ("l_one",)}
    assert pending(rulebase, before, question) == pending(rulebase, {"age": 34}, question)


def test_a_screen_of_a_list_names_only_what_it_can_lead_to(rulebase: RuleBase) -> None:
    question = rulebase.questions["legs"]
    some = pending(rulebase, {"age": 34}, question, ["l_one"])
    assert "one-leg-swollen" in {one.flag.id for one in some}
    assert {option for one in some for option in (*one.alone, *one.together)} == {"l_one"}
    assert len(pending(rulebase, {"age": 34}, question)) > 5


def test_what_can_no_longer_be_asked_is_not_waited_for(rulebase: RuleBase) -> None:
    """Nobody without a medicine, under 60 and with pain in both legs is asked which medicines: no rule waits for it."""
    kind = rulebase.questions["kind"]
    answers = {"age": 30, "health": ("none",), "side": "both"}
    several, none = ({one.flag.id for one in pending(rulebase, a, kind)} for a in ({"age": 30}, answers))
    assert "one-leg-pain-at-risk" in several - none


def test_a_line_that_is_not_shown_is_not_named(rulebase: RuleBase) -> None:
    """Groin, hip, thigh or knee is a line for 8 to 17 only."""
    pain = rulebase.questions["pain"]
    named = [
        {
            option
            for one in pending(rulebase, {"age": age, "kind": ("k_stays",)}, pain)
            for option in (*one.alone, *one.together)
        }
        for age in (12, 40)
    ]
    assert "p_groin" in named[0] - named[1]


def test_an_exception_that_holds_already_stops_a_flag(rulebase: RuleBase) -> None:
    """Ankles late in a pregnancy are no flag; that they are the ankles only was said before."""
    legs = rulebase.questions["legs"]
    before: Answers = {"age": 30, "legs": ("l_both",)}
    expecting = {**before, "health": ("h_preg",), "health_more": ("g_ge20",), "pain": ("p_ankle",)}
    for answers, waits in ((before, True), (expecting, False)):
        assert ("both-legs-swollen" in {one.flag.id for one in pending(rulebase, answers, legs)}) is waits


def test_an_option_that_completes_an_exception_is_not_named(rulebase: RuleBase) -> None:
    """Swelling of one leg that is old is not for today; new swelling is, and so is not saying which it is."""
    answers = {"age": 30, "legs": ("l_one",)}
    [one] = [p for p in pending(rulebase, answers, rulebase.questions["pain"]) if p.flag.id == "one-leg-swollen"]
    named = one.alone
    assert {"p_new", "none", "not_sure"} <= set(named)
    assert "p_old" not in named


def test_a_flag_that_waits_for_its_exception_is_pending(rulebase: RuleBase) -> None:
    answers = {"age": 30, "legs": ("none",), "kind": ("k_stays",), "side": "left"}
    waiting = {name: pending(rulebase, answers, rulebase.questions[name]) for name in ("course", "pain", "also")}
    [course] = [p for p in waiting["course"] if p.flag.id == "lasting-one-sided-pain"]
    assert "c_new" in course.alone
    assert "c_same" not in course.alone
    assert "lasting-one-sided-pain" not in {p.flag.id for p in waiting["also"]}  # it does not decide


def test_a_row_that_asks_for_what_is_open_names_what_leaves_it_open(rulebase: RuleBase) -> None:
    """Heat, with a heart illness, and nothing ticked that says since when."""
    answers = {"age": 70, "before": ("e_heat",), "health_more": ("q_fail",)}
    [one] = [p for p in pending(rulebase, answers, rulebase.questions["course"]) if p.flag.id == "still-ill-after-heat"]
    assert {"c_once", "c_days", "c_new", "none", "not_sure", "c_worse"} <= {*one.alone}
    assert not {"c_old", "c_same"} & {*one.alone}


def test_causes_that_a_question_tells_apart_have_a_sign_that_reads_it(rulebase: RuleBase) -> None:
    for question in rulebase.questions.values():
        for one in tells_apart(rulebase, {}, question):
            assert one.cause.group in ("everyday", "ask")
            for sign in one.signs:
                assert any(cell.name == question.id for row in sign.condition.when for cell in row)
    assert tells_apart(rulebase, {"danger": ("d_pee",)}, rulebase.questions["legs"]) == ()  # urgent: no names


def prompts(engine: Engine, stories: dict[str, Answers], every: int) -> Iterator[Prompt]:
    for answers in list(stories.values())[::every]:
        yield from (step.prompt for step in steps_to(engine, answers))


@pytest.mark.parametrize("columns", [80, 40])
def test_why_fits_the_width(engine: Engine, stories: dict[str, Answers], columns: int) -> None:
    seen = 0
    for prompt in prompts(engine, stories, 20):
        seen += 1
        for line in (*why(engine.rulebase, prompt, columns), *why_in_full(engine.rulebase, prompt, columns)):
            assert (
                len(line) <= columns or not broken(line) or line.strip().startswith(program())
            )  # a command stays whole
            assert line == line.rstrip()
            assert "{" not in line
    assert seen > 50


def test_why_says_what_the_question_is_for_and_what_waits(engine: Engine, rulebase: RuleBase) -> None:
    step = first_steps(engine)["legs"]
    told = " ".join(why(rulebase, step.prompt, COLUMNS))
    urgent = rulebase.dispositions["urgent"].when_said
    assert step.prompt.question.why in told
    assert f"{urgent} if: " in told
    assert rulebase.questions["legs"].option("l_one").means in told
    assert "apart: " in told


def test_one_level_deeper_names_every_waiting_rule_with_its_sources(engine: Engine, rulebase: RuleBase) -> None:
    prompt = first_steps(engine)["legs"].prompt
    told = " ".join(why_in_full(rulebase, prompt, 10_000))
    waiting = pending(rulebase, prompt.answers, prompt.question, prompt.leads_to)
    assert waiting
    for one in waiting:
        assert f"[{one.flag.id}]" in told
        assert spoken(one.flag.because, rulebase.voices["you"]) in told
        assert all(f"[{source}]" in told for source in one.flag.sources)


def test_prompts_carry_the_answers_so_far_and_what_they_lead_to(engine: Engine) -> None:
    steps = first_steps(engine)
    assert steps["start"].prompt.answers == {}
    assert set(steps["kind"].prompt.answers) == {"start", "danger", "age", "legs"}
    part = steps["legs"].prompt
    assert set(part.leads_to) == {option.id for option in part.options}
    assert {option.page for option in part.lines} == {"Look"}


def first_steps(engine: Engine) -> dict[str, Step]:
    """The first prompt of every question of an ordinary interview."""
    answers: Answers = {
        "start": "me", "danger": ("none",), "age": 34, "legs": ("none",), "kind": ("k_sport",), "course": ("c_rare",),
        "also": ("none",), "health": ("none",), "before": ("e_hard",),
    }  # fmt: skip
    steps: dict[str, Step] = {}
    for step in steps_to(engine, answers):
        steps.setdefault(step.prompt.question.id, step)
    assert steps
    return steps


# --- why not


def test_what_became_of_every_rule(engine: Engine, some: dict[str, Assessment]) -> None:
    """Each outcome agrees with what the engine fired and with what the result shows."""
    rulebase = engine.rulebase
    seen: dict[str, int] = {}
    for name, one in list(some.items())[::6]:
        lists = shown_ids(rulebase, one)
        withheld = set(lists.pop("withheld"))
        lists.pop("missing")
        shown = {i for part in lists.values() for i in part}
        shown |= {r.sign.id for c in one.causes for r in (*c.speaks_for, *c.speaks_against)}
        for rule, entry in rulebase.entries.items():
            found = why_not(rulebase, one, rule)
            seen[found.outcome] = seen.get(found.outcome, 0) + 1
            assert found.id == rule
            assert found.children, (name, rule)
            assert (found.outcome == SHOWN) == (rule in shown), (name, rule)
            if rule in withheld:
                assert found.outcome == WITHHELD, (name, rule)
            if rule in rulebase.causes and rulebase.causes[rule].signs:
                continue
            fired = rule in one.fired
            assert (found.outcome == NOT_CONCLUDED) == (not fired), (name, rule)
            assert entry.condition.holds(one.facts) == fired, (name, rule)
    assert set(seen) == {SHOWN, NOT_CONCLUDED, WITHHELD, NOT_SHOWN}


def only(found: Node | Fate, kind: str) -> list[Node]:
    below = [node for child in found.children for node in only(child, kind)]
    return [child for child in found.children if child.kind == kind] + below


def test_a_failing_cell_is_told_with_what_was_answered_instead(engine: Engine) -> None:
    one = assess(engine, {"age": 34, "legs": ("l_veins",)}, ("kind",))
    found = why_not(engine.rulebase, one, "one-leg-swollen")
    assert found.outcome == NOT_CONCLUDED
    [node] = found.children
    assert (node.kind, node.id) == ("answered", "legs")
    legs = engine.rulebase.questions["legs"]
    assert legs.option("l_one").means in node.text
    assert legs.option("l_veins").means in node.text
    open_ = why_not(engine.rulebase, one, "unclear-one-leg-pain").children
    assert {(node.kind, node.id) for node in open_} == {("not_answered", "kind"), ("not_answered", "side")}


def parents(node: Node | Fate) -> Iterator[Node | Fate]:
    """A node and all below it that have something below them."""
    yield node
    for child in node.children:
        if child.children:
            yield from parents(child)


def test_a_way_is_told_once_and_only_where_it_asks_for_less_than_another(
    engine: Engine, some: dict[str, Assessment]
) -> None:
    seen = 0
    for name, one in some.items():
        fates = [why_not(engine.rulebase, one, rule) for rule in engine.rulebase.advice]
        for root in (how(engine.rulebase, one), *fates):
            for node in parents(root):
                ways = [child for child in node.children if child.kind == "row"]
                assert len(ways) != 1, (name, node.id)  # its lines stand for themselves
                assert len({way.children for way in ways}) == len(ways), (name, node.id)
                lacking = [{*way.children} for way in ways if way.text.startswith("way")]
                assert not any(one < other for one in lacking for other in lacking), (name, node.id)
                numbers = [f"way {n} of {len(lacking)}" for n in range(1, len(lacking) + 1)]
                assert [way.text for way in ways if way.text.startswith("way")] == numbers, (name, node.id)
                seen += len(ways)
    assert seen > 100


def test_the_ways_of_what_is_left_out_are_those_in_which_it_would_be_given(
    engine: Engine, results: dict[str, Assessment]
) -> None:
    """Every row that does not hold lacks all of some way; every way is what some row lacks."""
    seen = 0
    for name, one in results.items():
        for advice in (withheld.advice for withheld in one.withheld if not any_held(withheld.advice, one.facts)):
            [only_if] = why_not(engine.rulebase, one, advice.id).children
            ways = [w.children for w in only_if.children if w.kind == "row"] or [only_if.children]
            told = [[node.id for node in way if node.kind in ("answered", "not_answered")] for way in ways]
            lacking = [[cell.name for cell in row if not cell.holds(one.facts)] for row in advice.only_if]
            assert all(way in lacking for way in told), (name, advice.id)
            assert all(any({*way} <= {*row} for way in told) for row in lacking), (name, advice.id)
            seen += len(lacking) > len(told)
    assert seen > 10


def any_held(advice: Advice, facts: Facts) -> bool:
    """Whether a contraindication holds."""
    return any(all(cell.holds(facts) for cell in row) for never in advice.never for row in never.when)


def test_an_exception_is_told(engine: Engine) -> None:
    one = assess(engine, {"age": 30, "legs": ("l_one",), "pain": ("p_old",)})
    found = why_not(engine.rulebase, one, "one-leg-swollen")
    assert found.outcome == NOT_CONCLUDED
    [node] = found.children
    assert node.kind == "unless"
    assert engine.rulebase.red_flags["one-leg-swollen"].lowers in node.text
    told = only(found, ANSWER)
    assert {answer.id for answer in told} == {"pain"}
    pain = engine.rulebase.questions["pain"]
    assert [answer.text for answer in told] == [
        pain.option("p_old").means,
        f"none of: {pain.option('p_new').means}; " + pain.option("not_sure").means,
    ]


def test_what_must_not_be_chosen_is_told(engine: Engine) -> None:
    """A cell that fails by what stands beside the lowering tick."""
    rulebase = engine.rulebase
    answers = {"age": 50, "kind": ("k_stays",), "side": "left", "course": ("c_same", "c_new")}
    found = why_not(rulebase, assess(engine, answers), "lasting-pain-not-one-leg")
    assert found.outcome == NOT_CONCLUDED
    course = [node.text for node in only(found, "answered") if node.id == "course"]
    options = {name: rulebase.questions["course"].option(name).means for name in ("c_same", "c_new", "c_worse")}
    assert any(text.startswith("needs none of: ") and options["c_worse"] in text for text in course)
    assert all(text.endswith(f"You said: {options['c_same']}; {options['c_new']}") for text in course)


def test_what_withholds_an_advice_is_told(engine: Engine, results: dict[str, Assessment]) -> None:
    kinds = set()
    for one in results.values():
        for left_out in one.withheld:
            found = why_not(engine.rulebase, one, left_out.advice.id)
            told = " ".join(node.text for node in found.children)
            assert all(because in told for because in left_out.because)
            kinds |= {node.kind for node in found.children}
    assert {"contraindication", "only_if"} <= kinds


def test_why_a_cause_is_not_named(engine: Engine, results: dict[str, Assessment]) -> None:
    """Too few points, others first, or a level that names none of its kind."""
    texts = set()
    for one in list(results.values())[::4]:
        for cause in engine.rulebase.causes.values():
            found = why_not(engine.rulebase, one, cause.id)
            if cause.signs and found.outcome != SHOWN:
                score = sum(sign.weight for sign in cause.signs if sign.condition.holds(one.facts))
                told = " ".join(node.text for node in found.children)
                if found.outcome == NOT_CONCLUDED:
                    assert f"{score} points" in told
                texts.add((found.outcome, "others come first" in told, "names no cause" in told))
    assert {(NOT_CONCLUDED, False, False), (NOT_SHOWN, True, False), (NOT_SHOWN, False, True)} <= texts


def test_why_a_do_not_or_a_myth_is_not_shown(engine: Engine, results: dict[str, Assessment]) -> None:
    general = next(a for a in engine.rulebase.advice.values() if a.kind == "myth" and a.general)
    one = next(a for a in results.values() if a.disposition.id == "self_care")
    found = why_not(engine.rulebase, one, general.id)
    assert found.outcome == NOT_SHOWN
    assert "only listed" in found.children[0].text
    urgent = next(a for a in results.values() if a.disposition.id == "urgent")
    found = why_not(engine.rulebase, urgent, general.id)
    assert "leaves out" in found.children[0].text


def test_why_not_fits_the_width(some: dict[str, Assessment], rulebase: RuleBase) -> None:
    one = next(iter(some.values()))
    view = view_of(rulebase, one, Wanted(how=True, why_not=tuple(rulebase.entries)))
    for columns in (80, 40, 20):
        for fate in view.why_not:
            assert [line for line in fate_lines(view, fate, columns) if len(line) > columns and broken(line)] == []
        assert [line for line in how_lines(view, columns) if len(line) > columns and broken(line)] == []


def broken(line: str) -> bool:
    """Whether a line that is too wide could have been parted: words, and ids with the mark before them, stay whole."""
    return " " in line.strip().removeprefix("- ")


def test_an_unknown_rule_is_a_key_error(some: dict[str, Assessment], rulebase: RuleBase) -> None:
    with pytest.raises(KeyError):
        why_not(rulebase, next(iter(some.values())), "no-such-rule")
