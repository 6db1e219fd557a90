"""What the rule base must hold: everything that was asked for, and nothing that could harm."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from triage.assessment import most_urgent
from triage.engine import Engine
from triage.examples import count, failing
from triage.grammar import as_facts
from triage.model import NOT_SURE, Advice, Answers, Cell, Disposition, Question, RedFlag, Row, RuleBase, any_row
from triage.rulebase import find

# How many claims each of the five articles makes.
CLAIMS = {"S0": 48, "S1": 43, "S2": 50, "S3": 27, "S4": 31}
# The only red flags that anything can take back. A fifth needs as good a reason.
TAKEN_BACK = {"lasting-one-sided-pain", "both-ankles-swollen", "child-leg-pain", "lasting-pain-not-one-leg"}
FORBIDDEN = {
    "a verdict": r"diagnos|you have ",
    "a chance": r"%|per ?cent",
    "an amount of medicine": r"\d\s*(mg|mcg|milligrams?|micrograms?)\b(?!\s*/)",
}
# Texts in other people's words (titles of sources, claims of the articles), and the forbidden wordings themselves.
QUOTED = {"sources.toml", "claims.toml", "wording.toml"}


# The causes of the clinical draft, by group. None may get lost or change its group.
DRAFTED = {
    "everyday": """
        cold-trigger exercise-fatigue heat-sweat night-ordinary poor-prep position pregnancy
        sitting-standing teen
    """,
    "ask": """
        alcohol benign-twitch diabetes exertional growing-pains gut-loss kidney-liver low-calcium
        low-k-mg-na medicine nerve-back neuropathy restless thyroid veins
    """,
    "check": """
        artery-danger artery-walk child-other clot compartment heat-illness injury-local
        muscle-breakdown nerve-muscle preg-bp spine-emergency toxin-infection
    """,
}


# --- everything is there


def test_every_example_comes_out_as_written(engine: Engine) -> None:
    assert [str(fault) for fault in failing(engine)] == []
    assert count(engine.rulebase) > 5000


def test_it_has_all_that_was_asked_for(rulebase: RuleBase) -> None:
    # What the clinical draft has; adding a cause, a sign or a check needs no change here.
    assert [len(names.split()) for names in DRAFTED.values()] == [9, 15, 12]
    for group, names in DRAFTED.items():
        assert set(names.split()) <= {cause.id for cause in rulebase.causes.values() if cause.group == group}
    assert len(rulebase.signs) >= 113
    assert len(rulebase.questions) >= 23
    assert len(rulebase.checks) >= 20


def test_every_claim_of_the_articles_is_answered_or_left_out(rulebase: RuleBase) -> None:
    listed = [own for claim in rulebase.claims for own in claim.ids]
    assert sorted(listed) == [f"{article}-{n:02}" for article, last in CLAIMS.items() for n in range(1, last + 1)]
    answered = {own for entry in rulebase.entries.values() for own in entry.claims}
    left_out = {own for claim in rulebase.claims if claim.left_out for own in claim.ids}
    assert answered | left_out == set(listed)
    assert not answered & left_out


# --- urgency


def test_a_further_red_flag_never_makes_it_less_urgent(rulebase: RuleBase) -> None:
    """For every mix of levels that flags reach, and every flag beside it."""
    one_each = {flag.disposition: flag for flag in rulebase.red_flags.values()}
    for mix in product([True, False], repeat=len(one_each)):
        flags = [flag for flag, raised in zip(one_each.values(), mix, strict=True) if raised]
        before = most_urgent(rulebase, flags)
        for flag in rulebase.red_flags.values():
            after = most_urgent(rulebase, [*flags, flag])
            assert after.rank <= before.rank
            own = rulebase.dispositions[flag.disposition]
            assert own.beside or after.rank <= own.rank


def test_only_four_red_flags_can_be_taken_back(rulebase: RuleBase) -> None:
    assert {flag.id for flag in rulebase.red_flags.values() if flag.condition.unless} == TAKEN_BACK


def test_doubt_and_silence_about_a_danger_sign_are_never_safer_than_none(
    rulebase: RuleBase, answer_sets: list[Answers]
) -> None:
    """Not sure, or no answer, in the place of "none of these": at least as urgent by the rules that read it."""
    questions = [q for q in rulebase.questions.values() if q.danger and "none" in options_alone(q)]
    assert len(questions) >= 7
    more_urgent = Counter[str]()
    for question in questions:
        flags = [flag for flag in rulebase.red_flags.values() if reads(flag, question)]
        for answers in answer_sets:
            silent = {name: answer for name, answer in answers.items() if name != question.id}
            none, unsure = ({**silent, question.id: (option,)} for option in ("none", NOT_SURE))
            reached = level(rulebase, flags, none).rank
            assert level(rulebase, flags, silent).rank <= reached, (question.id, answers)
            assert level(rulebase, flags, unsure).rank <= reached, (question.id, answers)
            more_urgent[question.id] += level(rulebase, flags, unsure).rank < reached
    assert all(more_urgent[question.id] for question in questions), "not sure counts, somewhere"


def options_alone(question: Question) -> set[str]:
    return {option.id for option in question.options if option.exclusive}


def reads(flag: RedFlag, question: Question) -> bool:
    rows = (*flag.condition.when, *flag.condition.unless)
    return any(cell.name == question.id for row in rows for cell in row)


def level(rulebase: RuleBase, flags: Iterable[RedFlag], answers: Answers) -> Disposition:
    """By the model's own conditions: test_plain_reading.py shows that the engine agrees with them."""
    facts = as_facts(answers, rulebase.bands)
    return most_urgent(rulebase, (flag for flag in flags if flag.condition.holds(facts)))


# --- advice that may harm


def test_not_sure_about_an_exclusion_never_allows_risky_advice(rulebase: RuleBase) -> None:
    """A question that only opens others may be "not sure" where all of those are answered."""
    for advice in risky(rulebase):
        for row in advice.only_if:
            read = {cell.name for cell in row}
            unsure = [cell.name for cell in row if NOT_SURE in cell.options]
            assert all(opens(rulebase, name) and opens(rulebase, name) <= read for name in unsure), advice.id


def test_risky_advice_is_withheld_where_an_exclusion_is_open_or_met(rulebase: RuleBase) -> None:
    for advice in risky(rulebase):
        allowed = [row for row in advice.only_if if not is_withheld(rulebase, advice, answers_for(rulebase, row))]
        assert allowed, advice.id
        for row in allowed:
            answers = answers_for(rulebase, row)
            for cell in row:
                for changed in open_or_met(rulebase, cell, answers):
                    assert is_withheld(rulebase, advice, changed), (advice.id, cell.name, changed)


def risky(rulebase: RuleBase) -> list[Advice]:
    found = [advice for advice in rulebase.advice.values() if advice.harm]
    assert {harm for advice in found for harm in advice.harm} == {"rubbing", "heat", "pressure"}
    return found


def opens(rulebase: RuleBase, name: str) -> set[str]:
    """The questions that "not sure" about `name` brings up."""
    return {
        question.id
        for question in rulebase.questions.values()
        for row in question.ask_when or ()
        if any(cell.name == name and NOT_SURE in cell.options for cell in row)
    }


def answers_for(rulebase: RuleBase, row: Row) -> Answers:
    """Answers on which a row of `only_if` holds."""
    return {cell.name: one_of(rulebase, cell) for cell in row}


def one_of(rulebase: RuleBase, cell: Cell) -> Any:
    question = rulebase.questions[cell.name]
    options = [option.id for option in question.options if option.id in cell.options]
    if question.kind == "number":
        return int(min(cell.options - set(options)).split("-")[0])
    return tuple(options[:1]) if question.kind == "many" else options[0]


def open_or_met(rulebase: RuleBase, cell: Cell, answers: Answers) -> Iterator[Answers]:
    """The answers without one, with doubt about it, and with each excluded option beside what is allowed."""
    question = rulebase.questions[cell.name]
    yield {name: answer for name, answer in answers.items() if name != cell.name}
    options = {option.id for option in question.options}
    if NOT_SURE in options - cell.options:
        yield {**answers, cell.name: (NOT_SURE,) if question.kind == "many" else NOT_SURE}
    if question.kind == "many" and not cell.options <= options_alone(question):
        for excluded in options - cell.options - options_alone(question):
            allowed = min(cell.options - options_alone(question))
            yield {**answers, cell.name: (allowed, excluded)}


def is_withheld(rulebase: RuleBase, advice: Advice, answers: Answers) -> bool:
    found = level(rulebase, rulebase.red_flags.values(), answers)
    facts = {**as_facts(answers, rulebase.bands), "disposition": frozenset([found.id])}
    met = any(any_row(never.when, facts) for never in advice.never)
    return met or not any_row(advice.only_if, facts) or advice.kind not in found.shows


# --- words


def test_no_text_pronounces_a_verdict_a_chance_or_an_amount() -> None:
    found = [
        f"{file}: {what} in {text!r}"
        for file, text in texts()
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, text, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_the_forbidden_words_would_be_found() -> None:
    wrong = ["A diagnosis.", "You have gout.", "In 10% of people.", "Take 300 mg of it.", "Take 5 milligrams."]
    assert all(any(re.search(pattern, text, re.IGNORECASE) for pattern in FORBIDDEN.values()) for text in wrong)
    assert not any(re.search(pattern, "under 70 mg/dl", re.IGNORECASE) for pattern in FORBIDDEN.values())


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the rule base with its file."""
    files = [path for path in sorted(Path(find()).rglob("*.toml")) if path.name not in QUOTED]
    assert len(files) > 10
    for path in files:
        for text in strings(tomllib.loads(path.read_text("utf-8"))):
            yield path.name, text


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if " " in value else []  # not an id
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
