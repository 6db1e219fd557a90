"""The engine against a plain reading of the same files (tests/plain.py)."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import plain
import pytest
from stories import shown_ids

from triage.conversation.interview import missing_from
from triage.knowledge.conditions import Condition
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import Answers, RuleBase
from triage.knowledge.seen_texts import seen_texts
from triage.knowledge.tokens import spoken
from triage.reasoning.assessment import assess, settle_advice
from triage.reasoning.engine import (
    Engine,
    Production,
    Stratum,
    advice_rules,
    answer_rules,
    finding_rules,
    production_names,
)
from triage.reasoning.results import Assessment

FAMILIES: dict[str, tuple[Callable[[RuleBase], list[Production]], Callable[[], Iterator[plain.Rule]]]] = {
    "red flags": (answer_rules, lambda: map(plain.rule_of, plain.rules().red_flags)),
    "signs": (answer_rules, lambda: map(plain.rule_of, plain.rules().signs)),
    "causes to check": (finding_rules, lambda: map(plain.rule_of, plain.rules().checking)),
    "checks": (advice_rules, lambda: map(plain.rule_of, plain.rules().checks)),
    "notes": (advice_rules, lambda: map(plain.rule_of, plain.rules().notes)),
    "advice": (advice_rules, lambda: (r for a in plain.rules().advice for r in plain.rules_of_advice(a))),
}


def test_both_know_the_same_rules(rulebase: RuleBase) -> None:
    by_family = [rule.name for _, read in FAMILIES.values() for rule in read()]
    assert sorted(by_family) == sorted(production_names(rulebase))


@pytest.mark.parametrize("family", FAMILIES)
def test_each_rule_on_every_case_it_can_tell_apart(rulebase: RuleBase, family: str) -> None:
    """Every case by the condition of the model, every fifth by the engine: that these two agree is proved for each cell."""
    compiled, read = FAMILIES[family]
    productions = {production.name: production for production in compiled(rulebase)}
    wrong = [
        f"{rule.name} on {case}: {'holds' if plain.holds(rule, case) else 'does not hold'} as read"
        for rule in read()
        for case in differing(rule, productions[rule.name], rulebase)
    ]
    assert not wrong, "\n".join(wrong[:20])


def differing(rule: plain.Rule, production: Production, rulebase: RuleBase) -> Iterator[Mapping[str, Any]]:
    """The cases of `rule` on which the program and the plain reading differ."""
    stratum, condition = Stratum([production]), Condition(production.when, production.unless)
    for number, case in enumerate(plain.cases_of(rule)):
        held, facts = plain.holds(rule, case), as_facts(case, rulebase.bands)
        if condition.holds(facts) != held or (number % 5 == 0 and bool(stratum.infer(facts)) != held):
            yield case


def test_the_cases_make_every_rule_hold_and_not_hold() -> None:
    """Otherwise the comparison above could not fail."""
    one_sided = [
        rule.name
        for rule in plain.rules().every()
        if rule.when != [{}] and len({plain.holds(rule, case) for case in plain.cases_of(rule)}) < 2
    ]
    assert not one_sided


def test_advice_is_settled_alike_for_every_mix_of_reasons(rulebase: RuleBase) -> None:
    for advice in plain.rules().advice:
        names = [rule.name for rule in plain.rules_of_advice(advice)]
        for mix in product([False, True], repeat=len(names)):
            for beside in ([], advice.get("beside", [])[:1]):
                told = {name for name, holds in zip(names, mix, strict=True) if holds} | set(beside)
                given, withheld = settle_advice(rulebase.advice.values(), told)
                settled = [a.id for a in given], {w.advice.id: list(w.because) for w in withheld}
                assert settled == plain.settled(told), told


@pytest.fixture(scope="module")
def whole(answer_sets: list[Answers]) -> list[tuple[Answers, plain.Result]]:
    """Random whole answer sets with what a plain reading makes of them."""
    return [(answers, plain.read(answers)) for answers in answer_sets[:900]]


def test_whole_results_on_random_answers(engine: Engine, whole: list[tuple[Answers, plain.Result]]) -> None:
    for answers, read in whole:
        assessment = assess(engine, answers)
        assert assessment.fired == read.fired, answers
        assert as_shown(engine.rulebase, assessment) == read.shown, answers


def as_shown(rulebase: RuleBase, assessment: Assessment) -> dict[str, Any]:
    """What a result shows, in the shape of the plain reading."""
    shown: dict[str, Any] = shown_ids(rulebase, assessment)
    del shown["missing"], shown["first_notes"]
    return {
        **shown,
        "disposition": assessment.disposition.id,
        "pharmacist": assessment.pharmacist is not None,
        "causes": [(c.cause.id, c.score) for c in assessment.causes],
        "withheld": [(w.advice.id, list(w.because)) for w in assessment.withheld],
    }


def test_random_answers_bring_many_rules_together(whole: list[tuple[Answers, plain.Result]]) -> None:
    """The sets above are worth their time: every level and nearly all rules occur, many at once."""
    results = [read for _, read in whole]
    occurred = frozenset().union(*(result.fired for result in results))
    levels = Counter(result.shown["disposition"] for result in results)
    assert min(levels[level["id"]] for level in plain.rules().ladder) > len(whole) / 50
    assert sum(len(result.shown["red_flags"]) > 1 for result in results) > len(whole) / 4
    assert sum(len(result.shown["causes"]) > 1 for result in results) > len(whole) / 10
    assert len(occurred) > 0.95 * sum(1 for _ in plain.rules().every())


def cut_short(answer_sets: list[Answers]) -> Iterator[Answers]:
    """Whole answer sets, some with half of their answers, some with nearly as many as one interview has."""
    random = Random(11)
    yielding = [name for name, question in plain.rules().questions.items() if "yields" in question]
    for number, answers in enumerate(answer_sets):
        order = sorted(answers, key=lambda name: (name in yielding, random.random()))
        if number % 3 == 1:
            order = order[: random.randint(0, len(order) // 2)]
        elif number % 3 == 2:
            order = order[: plain.rules().most_prompts - random.randint(0, 2)]
        yield {name: answers[name] for name in order}


def test_what_is_still_asked_and_what_it_can_take_back(engine: Engine, answer_sets: list[Answers]) -> None:
    """Who is asked, what waits for an answer, what an urgent finding leaves, what gives way to the last prompt."""
    seen, waiting = Counter[str](), 0
    for answers in cut_short(answer_sets):
        found = assess(engine, answers, missing_from(engine, answers))
        assert list(found.missing) == plain.missing(answers), answers
        open_ = [f["id"] for f in plain.raised(answers) if set(f.get("waits_for", [])) & set(found.missing)]
        assert sorted(found.pending) == sorted(open_), answers
        seen.update(found.missing)
        waiting += bool(found.pending)
    asked = [name for name, question in plain.rules().questions.items() if not question.get("after")]
    assert len(seen) >= len(asked) - 1
    assert waiting > 15


def test_the_longest_interview_leaves_out_what_yields(engine: Engine) -> None:
    """`before` is the last prompt of those who cramp in sport, and is left out of as many answers of others."""
    questions, most = plain.rules().questions, plain.rules().most_prompts
    calm = {name: ("none",) for name, question in questions.items() if question["kind"] == "many"}
    whole = {"start": "me", "age": 30, "side": "both", **calm, "course": ("c_once",)}
    others = [name for name in whole if name not in ("kind", "before")]
    for kind, least in (("k_night", most - 1), ("k_sport", most)):
        for count in (most - 2, most - 1, most):
            answers: Answers = {**{name: whole[name] for name in others[: count - 1]}, "kind": (kind,)}
            assert ("before" in missing_from(engine, answers)) == (count < least), (kind, count)


MADE_UP = {
    "{You} {have} hurt {yourself}; {your} leg feel{s} sore.": "You have hurt yourself; your leg feel sore.",
    "{Let} sit down. Then {let} rest.": "Sit down. Then rest.",
    "If it ease{s}, {let} walk: {you} {do} well. {Are} {you}?": "If it ease, walk: you do well. Are you?",
}


def test_a_text_in_a_voice_is_good_english(rulebase: RuleBase) -> None:
    """Also where a word is empty: no blank too many, and a sentence begins with a capital letter."""
    assert {text: spoken(text, rulebase.voices["you"]) for text in MADE_UP} == MADE_UP
    child = spoken("{Let} sit. {You} {are} ill, {you} shake{s}, {let} rest, {your} leg.", rulebase.voices["child"])
    assert child == "Let the child sit. The child is ill, the child shakes, let the child rest, the child's leg."


def test_every_text_is_spoken_alike_in_every_voice(rulebase: RuleBase) -> None:
    """By the program and by a plain reading of the table of voices; no token is left."""
    texts = {seen.text for seen in seen_texts(rulebase)}
    tokens = {token for text in texts for token in re.findall(r"\{(\w+)\}", text)}
    assert tokens >= {"you", "your", "Let", "let", "s", "are", "them"}
    texts |= set(MADE_UP)
    for words in plain.rules().voices.values():
        assert [text for text in texts if spoken(text, words) != plain.said(text, words)] == []
        assert [text for text in texts if "{" in plain.said(text, words)] == []
