"""The result as text: it fits the window, says what to do first, and hides or invents nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, cycle

import pytest
from sample import results, sample

from triage.conversation.interview import missing_from
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import AT_ONCE, Answers, RuleBase, chosen
from triage.knowledge.relief_now import read_steps
from triage.knowledge.voices import in_voice, rules_in_voice
from triage.output.screen import relief_text
from triage.output.text import details, short, urgent_lines, whole
from triage.output.view import HEADINGS, deciding, told_in_full, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

Parts = dict[str, list[str]]

SCREEN = 24
PROMPT = 2  # lines below the short result: "More: ..." and the line to type in


def words(lines: list[str]) -> str:
    """Lines as one text, so that it does not matter where they were wrapped."""
    return " ".join(" ".join(lines).split())


def in_parts(rulebase: RuleBase, assessment: Assessment) -> Parts:
    """The details by their headings, each item on a line of its own."""
    return dict(details(view_of(rulebase, assessment), 100_000))


def part(detailed: Parts, name: str) -> str:
    """One part of the details, by the name that the rule base has for it; empty if it is not shown."""
    return words(detailed.get(HEADINGS[name], []))


def result(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


@pytest.fixture(scope="module")
def told(engine: Engine) -> dict[str, Assessment]:
    """Every kind of result, by the scenario."""
    return sample(engine)


@pytest.fixture(scope="module")
def every(engine: Engine, told: dict[str, Assessment], answer_sets: list[Answers]) -> dict[str, Assessment]:
    """Every kind of result, and random answers on which many rules meet."""
    random = {f"random {number}": result(engine, answers) for number, answers in enumerate(answer_sets[:80])}
    return told | random


@pytest.fixture(scope="module")
def detailed(rulebase: RuleBase, every: dict[str, Assessment]) -> dict[str, Parts]:
    """The details of every result, each item on a line of its own."""
    return {name: in_parts(rulebase, assessment) for name, assessment in every.items()}


# --- it fits


def test_the_short_result_of_ordinary_cases_fits_one_screen(engine: Engine, rulebase: RuleBase) -> None:
    ordinary = {name: a for name, a in results(engine).items() if name.startswith("self-care/")}
    assert ordinary
    heights = {name: len(short(view_of(rulebase, assessment), 80)) for name, assessment in ordinary.items()}
    assert {name: height for name, height in heights.items() if height > SCREEN - PROMPT} == {}


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_every_line_fits_the_width(columns: int, rulebase: RuleBase, every: dict[str, Assessment]) -> None:
    too_wide = set()
    for assessment in every.values():
        lines = [*whole(view_of(rulebase, assessment), columns), *short(view_of(rulebase, assessment), columns)]
        lines += urgent_lines(rulebase, assessment.disposition, assessment.red_flags, columns)
        too_wide |= {line for line in lines if len(line) > columns}
    assert too_wide == set()


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_relief_fits_the_width(columns: int) -> None:
    now = read_steps(rules_folder())
    assert max(map(len, relief_text(now.title, now.steps, columns))) <= columns


def test_no_line_ends_in_blanks_or_holds_control_characters(rulebase: RuleBase, every: dict[str, Assessment]) -> None:
    for name, assessment in every.items():
        for line in whole(view_of(rulebase, assessment), 80):
            assert line == line.rstrip(), name
            assert line.isprintable(), name


def test_a_narrow_window_hides_nothing(rulebase: RuleBase, told: dict[str, Assessment]) -> None:
    for name, assessment in told.items():
        texts = [
            [words(lines) for _, lines in details(view_of(rulebase, assessment), columns)] for columns in (80, 40, 20)
        ]
        # Long addresses are broken at the window's edge.
        wide, *narrow = ["".join(text).replace(" ", "") for text in texts]
        assert narrow == [wide, wide], name


# --- how urgent, first


def test_the_first_line_says_what_to_do(rulebase: RuleBase, every: dict[str, Assessment]) -> None:
    for name, assessment in every.items():
        level = assessment.disposition
        if assessment.complete:
            spoken = rules_in_voice(rulebase, assessment.voice).dispositions[level.id].say
            say = spoken.upper() if level.stops == AT_ONCE else spoken
            assert level.say == spoken, name
            assert words(whole(view_of(rulebase, assessment), 80)).startswith(say), name


def emergencies(engine: Engine) -> list[Answers]:
    """Every sign, and every two and three signs together, that make an emergency at once."""
    question = engine.rulebase.questions["danger"]
    signs = [option.id for option in question.options if not option.exclusive]
    chosen = [some for count in (1, 2, 3) for some in combinations(signs, count)]
    starts = [option.id for option in engine.rulebase.questions["start"].options]
    several: list[Answers] = [{"start": start, "danger": some} for start, some in zip(cycle(starts), chosen)]
    return [answers for answers in several if result(engine, answers).disposition.stops == AT_ONCE]


def test_an_emergency_is_one_screen_and_nothing_else(
    engine: Engine, rulebase: RuleBase, told: dict[str, Assessment]
) -> None:
    cases = [result(engine, answers) for answers in emergencies(engine)]
    assert len(cases) > 100
    cases += [a for a in told.values() if a.disposition.stops == AT_ONCE]
    for assessment in cases:
        lines = whole(view_of(rulebase, assessment), 80)
        assert len(lines) <= SCREEN, assessment.answers
        assert lines[0].startswith(assessment.disposition.say.upper()[:40])
        assert details(view_of(rulebase, assessment), 80) == []
        text = words(lines)
        for fired in assessment.red_flags:
            if fired.flag.disposition == assessment.disposition.id:
                assert fired.flag.title in text
                assert all(note in text for note in fired.flag.notes)
        assert all(line in text for line in assessment.disposition.more)
        acting = [note.title for note in assessment.notes]
        assert acting, assessment.answers
        assert all(text.count(note) == 1 for note in acting)
        assert not assessment.relief
        assert not assessment.causes


def test_an_urgent_finding_is_told_with_its_reason_and_place(rulebase: RuleBase, engine: Engine) -> None:
    assessment = result(
        engine, {"legs": ("l_one",), "health": ("h_preg",), "health_more": ("g_ge20",), "clot": ("v_family",)}
    )
    text = words(urgent_lines(rulebase, assessment.disposition, assessment.red_flags, 80))
    assert text.startswith(assessment.disposition.say.upper())
    assert f"Why: {'; '.join(fired.flag.title for fired in assessment.red_flags)}." in text
    for fired in assessment.red_flags:
        assert rulebase.places.get(fired.flag.place, "") in text
    assert any(fired.flag.place for fired in assessment.red_flags)


def test_an_unfinished_result_says_at_least(engine: Engine, rulebase: RuleBase) -> None:
    for answers, so_far in (
        ({"danger": ("d_pee",)}, "at least"),
        ({"legs": ("l_one",)}, "unless an open question explains it"),
    ):
        assessment = result(engine, answers)
        assert not assessment.complete
        text = words(whole(view_of(rulebase, assessment), 80))
        start = f"Not finished: {len(assessment.missing)} questions are not answered yet. So far, {so_far}: "
        assert text.startswith(start + assessment.disposition.say)


def test_an_unfinished_result_never_reassures(engine: Engine, rulebase: RuleBase, answer_sets: list[Answers]) -> None:
    calm = rulebase.ladder[-1]
    seen = 0
    for answers in answer_sets[:200]:
        begun = {name: answer for number, (name, answer) in enumerate(answers.items()) if number < 3}
        assessment = result(engine, begun)
        if not assessment.complete:
            seen += 1
            text = words(whole(view_of(rulebase, assessment), 80))
            assert text.startswith("Not finished: ")
            assert calm.say not in text
            assert all(line not in text for line in calm.more)
            assert ("So far, " in text) == assessment.see_doctor
    assert seen > 100


# --- what is shown, and under which heading


def test_what_was_left_out_is_told_with_the_reason(every: dict[str, Assessment], detailed: dict[str, Parts]) -> None:
    seen = 0
    for name, assessment in every.items():
        left_out = part(detailed[name], "withheld")
        for withheld in assessment.withheld:
            seen += 1
            assert withheld.because, name
            assert f"{withheld.advice.title}, because {'; and '.join(withheld.because)}" in left_out, name
            for given in ("relief", "prevention", "do_not"):
                assert f"- {withheld.advice.title}" not in part(detailed[name], given), name
            assert withheld.advice not in (*assessment.relief, *assessment.prevention, *assessment.do_not), name
        assert bool(left_out) == bool(assessment.withheld), name
    assert seen > 50


def test_what_needs_checking_is_never_named_as_a_likely_cause(
    rulebase: RuleBase, every: dict[str, Assessment], detailed: dict[str, Parts]
) -> None:
    seen = 0
    titles = [cause.title for cause in rulebase.causes.values() if cause.group == "check"]
    for name, assessment in every.items():
        assert all(ranked.cause.group in ("everyday", "ask") for ranked in assessment.causes), name
        assert all(fired.cause.group == "check" for fired in assessment.needs_checking), name
        lines = short(view_of(rulebase, assessment), 1000)
        fits = [line for line in lines if line.startswith("Fits what you told us")]
        fits.append(part(detailed[name], "causes"))
        assert not any(f"- {title}." in text or f": {title}" in text for title in titles for text in fits), name
        for fired in assessment.needs_checking:
            seen += 1
            assert any(line.startswith("Needs checking: ") and fired.cause.title in line for line in lines), name
    assert seen > 20


def test_causes_are_shown_with_what_speaks_for_and_against_them(
    rulebase: RuleBase, every: dict[str, Assessment], detailed: dict[str, Parts]
) -> None:
    against = 0
    for name, assessment in every.items():
        assert len(assessment.causes) <= rulebase.ranking.shown_at_most, name
        text = part(detailed[name], "causes")
        for ranked in assessment.causes:
            assert ranked.speaks_for, name
            assert all(f"For it: {reason.because}" in text for reason in ranked.speaks_for), name
            assert all(f"Against it: {reason.because}" in text for reason in ranked.speaks_against), name
            against += len(ranked.speaks_against)
    assert against


def test_no_two_reasons_below_an_emergency_are_the_same_sentence(rulebase: RuleBase) -> None:
    told = [f.because for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops != AT_ONCE]
    assert [one for one, times in Counter(told).items() if times > 1] == []


def test_every_red_flag_is_told_with_the_answers_behind_it(
    rulebase: RuleBase, every: dict[str, Assessment], detailed: dict[str, Parts]
) -> None:
    for name, assessment in every.items():
        if assessment.disposition.stops == AT_ONCE:
            continue
        why = words(detailed[name]["Why"])
        assert all(fired.flag.title in why for fired in assessment.red_flags), name
        told = [fired for fired in deciding(assessment) if fired in told_in_full(assessment)]
        for fired in told:
            assert why.count(fired.flag.because) == 1, name
            for question, options in fired.answers.items():
                meanings = [o.means for o in rulebase.questions[question].options if o.id in options]
                assert all(means in why for means in meanings), name
        said = rulebase.voices[assessment.voice]["said"]
        assert why.count(f"{said}: ") >= len(told), name


def test_red_flags_that_say_the_same_are_told_once(engine: Engine, rulebase: RuleBase) -> None:
    """Each is named, and the lines to heed stand once."""
    assessment = result(engine, {"age": 60, "kind": ("k_walk",), "pain": ("p_stand", "p_wnew"), "side": "left"})
    first, other = (rulebase.red_flags[name] for name in ("new-walking-pain", "new-walking-pain-both"))
    assert {first.id, other.id} <= {fired.flag.id for fired in assessment.red_flags}
    for lines in (short(view_of(rulebase, assessment), 80), details(view_of(rulebase, assessment), 80)[0][1]):
        text = words(lines)
        assert text.count(first.because) == 1
        assert other.because not in text
        assert other.title in text
        assert [text.count(note) for note in first.notes] == [1] * len(first.notes)


def test_every_quoted_clause_is_one_ticked_line(
    rulebase: RuleBase, every: dict[str, Assessment], detailed: dict[str, Parts]
) -> None:
    """What a result says that the person said: each clause is what one ticked option means, or the number given."""
    quoted = 0
    for name, assessment in every.items():
        clauses = list(quotes(rulebase, assessment, detailed[name]))
        quoted += len(clauses)
        assert set(clauses) <= ticked(rulebase, assessment), name
        assert clauses or assessment.disposition.stops == AT_ONCE or not assessment.red_flags, name
        for question in assessment.answers if len(clauses) > 4 else ():  # what was not ticked would be noticed
            fewer = {other: answer for other, answer in assessment.answers.items() if other != question}
            alone = ticked(rulebase, assessment, {question: assessment.answers[question]})
            if (alone - ticked(rulebase, assessment, fewer)) & set(clauses):  # some lists share "not sure"
                assert not set(clauses) <= ticked(rulebase, assessment, fewer), name
    assert quoted > 200


def quotes(rulebase: RuleBase, assessment: Assessment, detailed: Parts) -> Iterator[str]:
    """Every clause after "You said:" in the voice of the result."""
    said = f"{rulebase.voices[assessment.voice]['said']}: "
    for line in detailed.get("Why", []):
        if line.lstrip().startswith(said):
            yield from line.strip().removeprefix(said).removesuffix(".").split("; ")


def ticked(rulebase: RuleBase, assessment: Assessment, answers: Answers | None = None) -> set[str]:
    """What each option that was ticked means, and the numbers with their units."""
    means = set()
    for name, answer in (assessment.answers if answers is None else answers).items():
        question = rulebase.questions[name]
        means |= {in_voice(question.option(o).means, rulebase.voices[assessment.voice]) for o in chosen(answer)}
        means |= {f"{answer} {question.unit}"} if isinstance(answer, int) else set()
    return means


# --- sources


def test_every_number_of_a_source_is_listed_and_every_source_is_cited(detailed: dict[str, Parts]) -> None:
    seen = 0
    for name, told in detailed.items():
        sources = told.get("Sources", [])
        text = words([line for heading, lines in told.items() for line in lines if heading != "Sources"])
        cited = [int(n) for found in re.findall(r" \[(\d+(?:, \d+)*)\]", text) for n in found.split(", ")]
        listed = [int(found[1]) for line in sources if (found := re.match(r"(\d+)\. ", line))]
        assert listed == list(range(1, len(listed) + 1)), name
        assert list(dict.fromkeys(cited)) == listed, name
        seen += len(listed)
    assert seen > 300


def test_a_number_leads_to_the_right_source(rulebase: RuleBase, engine: Engine) -> None:
    assessment = result(engine, {"age": 66, "legs": ("l_one",)})
    told = in_parts(rulebase, assessment)
    [fired] = [f for f in assessment.red_flags if f.flag.id == "one-leg-swollen"]
    line = next(line for line in told["Why"] if line.startswith(f"- {fired.flag.title} ("))
    found = re.search(r" \[([\d, ]+)\]$", line)
    assert found
    listed = dict(line.split(". ", 1) for line in told["Sources"] if re.match(r"\d+\. ", line))
    titles = [rulebase.sources[source].title for source in fired.flag.sources]
    assert all(title in listed[n] for title, n in zip(titles, found[1].split(", "), strict=True))
