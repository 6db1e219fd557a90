"""What the rule base must hold: everything that was asked for, and nothing that could harm."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

from triage.knowledge.conditions import Facts, Row, any_row
from triage.knowledge.folder import find
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import NOT_SURE, Advice, Answers, Disposition, Question, RedFlag, RuleBase
from triage.reasoning.assessment import most_urgent
from triage.reasoning.engine import Engine
from triage.reasoning.examples import count, failing

# How many claims each of the five articles makes.
CLAIMS = {"S0": 48, "S1": 43, "S2": 50, "S3": 27, "S4": 31}
# The only red flags that a tick can take back: the table of INTENDED-USE.md. A further one needs as good a reason.
TAKEN_BACK = """
    bone-pain-young both-legs-swollen calcium-risk-kidney child-knots-in-one-leg child-lasting-pain child-leg-pain
    cramps-in-many-places fast-weakness fever-unclear heat-illness-unclear known-illness-with-cramps
    lasting-one-sided-pain lasting-pain-not-one-leg leg-injury leg-look-not-sure new-walking-pain-both
    numbness-worse-or-diabetes one-leg-ache one-leg-ache-weight-or-family one-leg-knots-with-risk one-leg-old-clot
    one-leg-pain-at-risk one-leg-swollen past-long-cramp saddle-unclear statin-muscle-soreness unclear-one-leg-pain
    unwell-new-cramps varicose-veins walking-pain-eases-standing wound-not-treated
"""
FORBIDDEN = {
    "a verdict": r"diagnos|you have ",
    "a chance": r"%|per ?cent",
    "an amount of medicine": r"\d\s*(mg|mcg|milligrams?|micrograms?)\b(?!\s*/)",
}
# Texts in other people's words (titles of sources, claims of the articles), and the forbidden wordings themselves.
QUOTED = {"sources.toml", "claims.toml", "wording.toml"}


# The causes that were asked for, by group. None may get lost or change its group.
WANTED = {
    "everyday": """
        child-cramps cold-trigger exercise-fatigue heat-sweat night-ordinary poor-prep position pregnancy
        sitting-standing sore-after teen
    """,
    "ask": """
        alcohol benign-twitch compartment-sport diabetes dialysis dystonia growing-pains kidney-liver low-calcium
        low-intake low-k-mg-na medicine medicine-brain nerve-back neuropathy opioid-off restless thyroid veins
    """,
    "check": """
        artery-danger artery-walk artery-young calcium-danger child-other clot clot-look compartment fumes heat-illness
        hidden-illness hip-child injury-local low-potassium-attacks low-sodium muscle-breakdown muscle-child
        muscle-metabolism nerve-muscle potassium-danger preg-bp purge-potassium serotonin-lithium sickle-effort
        spine-emergency spine-infection stress-bone stuck-cramp sugar-danger tetanus toxin-infection withdrawal
    """,
}


# --- everything is there


def test_every_example_comes_out_as_written(engine: Engine) -> None:
    assert [str(fault) for fault in failing(engine)] == []
    assert count(engine.rulebase) > 2000


def test_it_has_all_that_was_asked_for(rulebase: RuleBase) -> None:
    # Adding a cause, a sign or a check needs no change here.
    for group, names in WANTED.items():
        assert set(names.split()) <= {cause.id for cause in rulebase.causes.values() if cause.group == group}
    assert len(rulebase.signs) >= 130
    assert len(rulebase.questions) >= 19
    assert len(rulebase.checks) >= 20


def test_an_entry_is_a_draft_or_rests_on_its_sources(rulebase: RuleBase) -> None:
    """Which of the two follows from what it says; only a sign may say neither, and rests on the sources of its cause."""
    flags = Counter(flag.status for flag in rulebase.red_flags.values())
    assert set(flags) == {"draft", "sourced"}
    assert flags["sourced"] * 2 >= len(rulebase.red_flags)
    for entry in (*rulebase.entries.values(), *rulebase.hazards.values()):
        assert entry.status == ("draft" if entry.draft_because else "sourced" if entry.sources else ""), entry.id
        assert entry.status or entry.id in rulebase.signs, entry.id


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


def test_only_these_red_flags_can_be_taken_back(rulebase: RuleBase) -> None:
    assert {flag.id for flag in rulebase.red_flags.values() if flag.condition.unless} == set(TAKEN_BACK.split())


# Lists in which "none of these" is no calmer than doubt: something was ticked before and stays unclear.
AS_UNCLEAR = {"danger_more"}


def test_doubt_and_silence_about_a_danger_sign_are_never_safer_than_none(
    rulebase: RuleBase, answer_sets: list[Answers]
) -> None:
    """Not sure, or no answer, in the place of "none of these": at least as urgent by the rules that read it.

    Rules that take "none of these" itself as a reason (a pain that no line names) cannot hold on silence; that the
    question is asked wherever they read it is proved (`check --prove`, interview).
    """
    questions = [q for q in rulebase.questions.values() if q.danger and "none" in options_alone(q)]
    assert len(questions) >= 12
    more_urgent = Counter[str]()
    for question in questions:
        flags = [flag for flag in rulebase.red_flags.values() if reads(flag, question)]
        others = [flag for flag in flags if not rests_on_none(flag, question)]
        assert others
        for answers in answer_sets[:500]:
            silent = {name: answer for name, answer in answers.items() if name != question.id}
            none, unsure = ({**silent, question.id: (option,)} for option in ("none", NOT_SURE))
            reached = level(rulebase, flags, none).rank
            assert level(rulebase, others, silent).rank <= level(rulebase, others, none).rank, (question.id, answers)
            assert level(rulebase, flags, unsure).rank <= reached, (question.id, answers)
            more_urgent[question.id] += level(rulebase, flags, unsure).rank < reached
    assert {q.id for q in questions if not more_urgent[q.id]} == AS_UNCLEAR, "not sure counts, somewhere"


def rests_on_none(flag: RedFlag, question: Question) -> bool:
    """Whether a row asks something of a question that "none of these" fulfils."""
    rows = ([cell for cell in row if cell.name == question.id] for row in flag.condition.when)
    return any(own and all(cell.holds({question.id: frozenset(["none"])}) for cell in own) for own in rows)


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


def test_risky_advice_is_withheld_where_an_exclusion_is_open_or_met(rulebase: RuleBase) -> None:
    """Whatever `only_if` reads: no answer, doubt, doubt beside what is allowed, or one more tick that it bars.

    No answer may do where another row rests on other answers ("no medicine at all" in the place of which).
    """
    for advice in risky(rulebase):
        allowed = [row for row in advice.only_if if not is_withheld(rulebase, advice, calmest(rulebase, row))]
        assert allowed, advice.id
        for row in allowed:
            held = calmest(rulebase, row)
            for changed in open_or_met(rulebase, row, held):
                rest = [one for one in advice.only_if if {cell.name for cell in one} <= changed.keys() < held.keys()]
                assert is_withheld(rulebase, advice, changed) or any_row(rest, changed), (advice.id, changed)


def test_not_sure_about_an_exclusion_never_allows_risky_advice(rulebase: RuleBase) -> None:
    """Doubt fulfils no cell of `only_if`."""
    for advice in risky(rulebase):
        for row in advice.only_if:
            for name in {cell.name for cell in row}:
                own = [cell for cell in row if cell.name == name]
                assert not all(cell.holds({name: frozenset([NOT_SURE])}) for cell in own), (advice.id, name)


def risky(rulebase: RuleBase) -> list[Advice]:
    found = [advice for advice in rulebase.advice.values() if advice.harm]
    assert {harm for advice in found for harm in advice.harm} == {"rubbing", "heat", "pressure"}
    return found


def calmest(rulebase: RuleBase, row: Row) -> Facts:
    """Answers on which a row holds: none of these where that is enough, else the first options that are."""
    facts = {}
    for name in dict.fromkeys(cell.name for cell in row):
        question, own = rulebase.questions[name], [cell for cell in row if cell.name == name]
        options = [*rulebase.bands.get(name, ()), *(option.id for option in question.options)]
        each = sorted(options, key=lambda option: option not in options_alone(question))
        answers = (frozenset(some) for count in (1, 2) for some in combinations(each, count))
        facts[name] = next(given for given in answers if all(cell.holds({name: given}) for cell in own))
    return facts


def open_or_met(rulebase: RuleBase, row: Row, facts: Facts) -> Iterator[Facts]:
    """The answers without one, with doubt about it or beside it, and with each line that the row bars."""
    for name in {cell.name for cell in row}:
        question, given = rulebase.questions[name], facts[name]
        yield {other: options for other, options in facts.items() if other != name}
        if NOT_SURE in {option.id for option in question.options}:
            yield {**facts, name: frozenset([NOT_SURE])}
        if question.kind == "many":
            for option in {option.id for option in question.options} - given - options_alone(question):
                more = {**facts, name: given - options_alone(question) | {option}}
                if option == NOT_SURE or not all(cell.holds(more) for cell in row):
                    yield more


def is_withheld(rulebase: RuleBase, advice: Advice, facts: Facts) -> bool:
    flags = (flag for flag in rulebase.red_flags.values() if flag.condition.holds(facts))
    found = most_urgent(rulebase, flags)
    known = {**facts, "disposition": frozenset([found.id])}
    met = any_row(advice.condition.unless, known) or any(any_row(never.when, known) for never in advice.never)
    return met or not any_row(advice.only_if, known) or advice.kind not in found.shows


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


def test_what_is_graded_as_known_has_a_source(rulebase: RuleBase) -> None:
    assert [one.id for one in rulebase.advice.values() if one.grade in ("A", "B") and not one.sources] == []
