"""The result as text: one screen that says what to do first, fits the window, and hides or invents nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations, cycle

import pytest
from sample import sample

from triage.conversation.interview import missing_from
from triage.knowledge.conditions import any_row
from triage.knowledge.folder import rules_folder
from triage.knowledge.model import AT_ONCE, NOT_SURE, Answers, RuleBase, chosen
from triage.knowledge.relief_now import read_steps
from triage.knowledge.rulebase import load
from triage.knowledge.tokens import spoken
from triage.knowledge.voices import rules_in_voice
from triage.output.screen import relief_text, wrap_all
from triage.output.short import count_words, deciding, places
from triage.output.text import MORE, requests, short, urgent_lines, whole
from triage.output.view import HEADINGS, NOT_ASKED, NOT_TICKED, View, view_of
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment, FiredFlag

SCREEN = 24
PROMPT = 3  # lines below the short result: the keys, and the line to type in
FEWEST = 60  # words below which a result says too little


def words(lines: list[str]) -> str:
    """Lines as one text, so that it does not matter where they were wrapped."""
    return " ".join(" ".join(lines).split())


def requested(view: View) -> dict[str, dict[str, str]]:
    """What can be had after a result: by its key, each part by its heading, as one text."""
    return {
        request.key: {heading: words(list(items)) for heading, items in request.parts} for request in requests(view)
    }


def result(engine: Engine, answers: Answers) -> Assessment:
    return assess(engine, answers, missing_from(engine, answers))


@pytest.fixture(scope="module")
def all_told(rulebase: RuleBase, stories: Mapping[str, Assessment]) -> dict[str, View]:
    """What is told of each of the stories."""
    return {name: view_of(rulebase, assessment) for name, assessment in stories.items()}


@pytest.fixture(scope="module")
def every(engine: Engine, answer_sets: list[Answers]) -> dict[str, Assessment]:
    """Every kind of result, and random answers on which many rules meet."""
    random = {f"random {number}": result(engine, answers) for number, answers in enumerate(answer_sets[:80])}
    return {**sample(engine), **random}


@pytest.fixture(scope="module")
def views(rulebase: RuleBase, every: dict[str, Assessment]) -> dict[str, View]:
    return {name: view_of(rulebase, assessment) for name, assessment in every.items()}


# --- the short result


def test_the_short_result_of_every_scenario_is_one_screen_and_as_long_as_its_level_wants(
    all_told: dict[str, View],
) -> None:
    finished = {name: view for name, view in all_told.items() if view.complete}
    assert len(finished) > len(all_told) / 2
    heights = {name: len(short(view, 80)) for name, view in finished.items()}
    assert {name: height for name, height in heights.items() if height > SCREEN - PROMPT} == {}
    counts = {name: count_words(*short(view, 80)) for name, view in finished.items()}
    assert {name: n for name, n in counts.items() if not FEWEST <= n <= finished[name].level.most_words} == {}


def test_no_line_of_the_short_result_is_said_twice(all_told: dict[str, View]) -> None:
    for name, view in all_told.items():
        texts = [view.say, *(line.text for line in view.short)]
        assert len(set(texts)) == len(texts), name


def test_a_sign_that_is_there_already_is_told_as_getting_worse(
    engine: Engine, stories: Mapping[str, Assessment], all_told: dict[str, View]
) -> None:
    """Below today, where nobody looks at it at once; only a note that says it takes its place."""
    worse = 0
    for name, assessment in stories.items():
        spoken = rules_in_voice(engine.rulebase, assessment.voice).safety_net
        told = words(short(all_told[name], 80))
        notes = {note.id for note in assessment.notes}
        for sign in spoken.today:
            if any_row(sign.worse_when, assessment.facts) and not assessment.disposition.stops:
                worse += 1
                assert f"{sign.text};" not in told, name
                assert (sign.worse in told) == notes.isdisjoint(sign.said_by), name
    assert worse


def test_what_a_deciding_sign_warns_against_stands_in_the_short_result(
    engine: Engine, stories: Mapping[str, Assessment], all_told: dict[str, View]
) -> None:
    """However many signs decide, and however few words are left; of those for the pharmacist too."""
    many = 0
    for name, assessment in stories.items():
        told = " ".join(line.text for line in all_told[name].short)
        levels = {assessment.disposition.id, assessment.pharmacist and assessment.pharmacist.id}
        notes = dict.fromkeys(n for f in assessment.red_flags if f.flag.disposition in levels for n in f.flag.notes)
        warnings = [note for note in notes if re.search(engine.rulebase.wording.warns, note, re.IGNORECASE)]
        many += len(notes) > 3 and bool(warnings)
        assert [note for note in warnings if note not in told] == [], name
    assert many


def test_what_needs_checking_comes_before_what_fits(
    stories: Mapping[str, Assessment], all_told: dict[str, View]
) -> None:
    """From days on, so that no everyday cause stands above a serious one; the most urgent sign's cause first."""
    seen = 0
    for name, assessment in stories.items():
        parts = [line.part for line in all_told[name].short]
        if {"checking", "fits"} <= {*parts} and assessment.disposition.id == "soon":
            seen += 1
            assert parts.index("checking") < parts.index("fits"), name
        told = next((line.text for line in all_told[name].short if line.lead == "Needs checking"), "")
        brought = {f.cause.title for f in assessment.needs_checking if assessment.red_flags[0].flag.id in f.flags}
        assert not told or not brought or any(told.startswith(cause) for cause in brought), name
    assert seen


def test_one_place_to_go_is_told(engine: Engine, stories: Mapping[str, Assessment], all_told: dict[str, View]) -> None:
    for name, assessment in stories.items():
        wanted = {fired.flag.place for fired in deciding(assessment)}
        told = [line.text for line in all_told[name].short if line.part == "urgency"]
        spoken = rules_in_voice(engine.rulebase, assessment.voice).places
        assert told == [text for place, text in spoken.items() if place in wanted][:1], name


def test_below_an_emergency_it_says_when_to_call(all_told: dict[str, View]) -> None:
    for name, view in all_told.items():
        parts = [line.part for line in view.short]
        assert ("emergency" in parts) == (not view.emergency), name
        assert ("today" in parts) == (not view.level.stops), name


def test_one_thing_to_do_comes_first(all_told: dict[str, View]) -> None:
    """The advice that helps most; only who gets none, and no warning sign, has nothing to do."""
    told = 0
    for name, view in all_told.items():
        do = [line.text for line in view.short if line.part == "do"]
        told += bool(do)
        if not do:
            assert not any(flag.notes for flag in view.red_flags if flag.disposition == view.disposition), name
    assert told > 0.95 * len(all_told)


def test_where_words_are_too_many_the_notes_of_the_first_sign_stay(
    engine: Engine, stories: Mapping[str, Assessment], all_told: dict[str, View]
) -> None:
    left_out = 0
    for name, assessment in stories.items():
        notes = dict.fromkeys(note for fired in deciding(assessment) for note in fired.flag.notes)
        spare = [note for note in notes if not re.search(engine.rulebase.wording.warns, note, re.IGNORECASE)][:3]
        told = {line.text for line in all_told[name].short if line.part == "do"}
        kept = [note for note in spare if note in told]
        left_out += len(kept) < len(spare)
        assert kept == spare[: len(kept)], name
    assert left_out


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_every_line_fits_the_width(columns: int, views: dict[str, View]) -> None:
    too_wide = set()
    for view in views.values():
        lines = whole(view, columns) + [line for request in requests(view) for line in request.lines(columns)]
        too_wide |= {line.strip().removeprefix("- ") for line in lines if len(line) > columns}
    assert {line for line in too_wide if " " in line} == set()  # a word stays whole


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_what_is_said_at_once_fits_the_width(columns: int, rulebase: RuleBase, every: dict[str, Assessment]) -> None:
    said = (urgent_lines(rulebase, found.disposition, found.red_flags, columns) for found in every.values())
    assert max(len(line) for lines in said for line in lines) <= columns


@pytest.mark.parametrize("country", ["", *load().countries])
@pytest.mark.parametrize("columns", [80, 40, 20])
def test_relief_fits_the_width(columns: int, country: str) -> None:
    now = read_steps(rules_folder(), country)
    assert max(map(len, relief_text(now.title, now.steps, columns))) <= columns


def test_no_line_ends_in_blanks_or_holds_control_characters(views: dict[str, View]) -> None:
    for name, view in views.items():
        for line in whole(view, 80):
            assert line == line.rstrip(), name
            assert line.isprintable(), name


def test_a_narrow_window_hides_nothing(views: dict[str, View]) -> None:
    for name, view in views.items():
        wide, *narrow = ["".join(whole(view, columns)).replace(" ", "") for columns in (80, 40, 20)]
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


def test_an_emergency_is_one_screen_and_nothing_else(engine: Engine, rulebase: RuleBase) -> None:
    cases = [result(engine, answers) for answers in emergencies(engine)]
    assert len(cases) > 100
    cases += [a for a in sample(engine).values() if a.disposition.stops == AT_ONCE]
    for assessment in cases:
        view = view_of(rulebase, assessment)
        lines = whole(view, 80)
        text = words(lines)
        assert len(lines) <= SCREEN - PROMPT, assessment.answers
        assert lines == short(view, 80)
        assert MORE not in requested(view)
        assert any(note in text for note in deciding(assessment)[0].flag.notes)
        assert all(line in text for line in assessment.disposition.more)
        acting = [note.short or note.title for note in assessment.notes]
        assert acting or "start" not in assessment.answers, assessment.answers
        assert all(text.count(note) == 1 for note in acting)
        assert not assessment.relief
        assert not assessment.causes


def test_an_urgent_finding_is_told_with_its_reason_and_place(rulebase: RuleBase, engine: Engine) -> None:
    assessment = result(
        engine, {"legs": ("l_one",), "health": ("h_preg",), "health_more": ("g_ge20",), "clot": ("v_family",)}
    )
    text = words(urgent_lines(rules_in_voice(rulebase), assessment.disposition, assessment.red_flags, 80))
    assert text.startswith(assessment.disposition.say.upper())
    assert f"Why: {'; '.join(fired.flag.title for fired in assessment.red_flags)}." in text
    somewhere = places(rules_in_voice(rulebase), assessment.red_flags)
    assert somewhere
    assert all(place in text for place in somewhere)


def test_whoever_is_sent_somewhere_is_not_told_to_phone_a_line_first(rulebase: RuleBase) -> None:
    """The last place of the rule base, a line to phone, stands alone or not at all."""
    *_, line = rulebase.places
    flags = {flag.place: FiredFlag(flag, {}) for flag in rulebase.red_flags.values() if flag.place}
    assert set(flags) == set(rulebase.places)
    for place in rulebase.places:
        assert places(rulebase, [flags[place], flags[line]]) == [rulebase.places[place]]


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


# --- the reasons


def test_every_quoted_clause_is_one_ticked_line(
    rulebase: RuleBase, every: dict[str, Assessment], views: dict[str, View]
) -> None:
    """What a result says that the person said: each clause is what one ticked option means, or the number given."""
    quoted = 0
    for name, assessment in every.items():
        clauses = list(quotes(rulebase, views[name]))
        quoted += len(clauses)
        assert set(clauses) <= ticked(rulebase, assessment), name
        assert bool(clauses) == bool(deciding(assessment)), name
    assert quoted > 100


def quotes(rulebase: RuleBase, view: View) -> Iterator[str]:
    """Every clause after "You said:" in the voice of the result."""
    said = f"{rulebase.voices[view.voice]['said']}: "
    for line in view.short:
        if line.part == "why" and line.text.startswith(said):
            yield from line.text.removeprefix(said).split(". ")[0].split("; ")


def ticked(rulebase: RuleBase, assessment: Assessment) -> set[str]:
    """What each option that was ticked means, and the numbers with their units."""
    means = set()
    for name, answer in assessment.answers.items():
        question = rulebase.questions[name]
        means |= {spoken(question.option(o).means, rulebase.voices[assessment.voice]) for o in chosen(answer)}
        means |= {f"{answer} {question.unit}"} if isinstance(answer, int) else set()
    return means


def test_no_two_reasons_below_an_emergency_are_the_same_sentence(rulebase: RuleBase) -> None:
    told = [f.because for f in rulebase.red_flags.values() if rulebase.dispositions[f.disposition].stops != AT_ONCE]
    assert len(set(told)) == len(told)


def test_what_needs_checking_is_never_named_as_a_likely_cause(
    every: dict[str, Assessment], views: dict[str, View]
) -> None:
    seen = 0
    for name, assessment in every.items():
        assert all(ranked.cause.group in ("everyday", "ask") for ranked in assessment.causes), name
        assert all(fired.cause.group == "check" for fired in assessment.needs_checking), name
        fits = "".join(line.text for line in views[name].short if line.part == "fits")
        for fired in assessment.needs_checking:
            seen += 1
            assert fired.cause.title not in fits, name
    assert seen > 20


# --- more, on request


def test_more_has_the_reasons_and_the_advice_but_nothing_traditional(views: dict[str, View]) -> None:
    traditional = 0
    for name, view in views.items():
        if view.emergency:
            continue
        parts = requested(view)[MORE]
        more = " ".join(parts.values())
        assert all(flag.because in parts["Why"] for flag in view.reasons), name
        for part in ("relief", "do_not", "prevention"):
            for advice in getattr(view, part):
                traditional += advice.traditional
                assert (f"- {advice.title}" in more) == (not advice.traditional), name
        assert not any(myth.title in more for myth in view.myths), name
    assert traditional > 20


def test_traditional_methods_and_myths_come_only_when_asked_for(views: dict[str, View]) -> None:
    for name, view in views.items():
        parts = requested(view)
        methods = [one for one in (*view.relief, *view.prevention, *view.withheld) if one.traditional]
        told = " ".join(parts.get("t", {}).values())
        assert all(one.title in told for one in methods), name
        assert bool(methods) == ("t" in parts), name
        assert parts.get("y", {}).keys() == ({HEADINGS["myths"]} if view.myths else set()), name


def test_what_was_left_out_is_told_with_the_reason(every: dict[str, Assessment], views: dict[str, View]) -> None:
    seen = 0
    for name, assessment in every.items():
        told = " ".join(text for parts in requested(views[name]).values() for text in parts.values())
        for withheld in assessment.withheld:
            seen += 1
            assert withheld.because, name
            assert withheld.advice.title in told, name
            assert "; and ".join(withheld.because) in told, name
            assert withheld.advice not in (*assessment.relief, *assessment.prevention, *assessment.do_not), name
    assert seen > 50


def test_causes_are_told_with_what_speaks_for_and_against_them(
    rulebase: RuleBase, every: dict[str, Assessment], views: dict[str, View]
) -> None:
    against = 0
    for name, assessment in every.items():
        assert len(assessment.causes) <= rulebase.ranking.shown_at_most, name
        text = requested(views[name]).get(MORE, {}).get(HEADINGS["causes"], "")
        for ranked in assessment.causes:
            assert ranked.speaks_for, name
            assert all(f"For it: {reason.sign.because}" in text for reason in ranked.speaks_for), name
            assert all(f"Against it: {reason.sign.because}" in text for reason in ranked.speaks_against), name
            against += len(ranked.speaks_against)
    assert against


def test_more_ends_with_what_it_rests_on(rulebase: RuleBase, views: dict[str, View]) -> None:
    for name, view in views.items():
        if MORE in requested(view):
            *_, behind = requested(view)[MORE].values()
            assert rulebase.about.statement in behind, name
            assert rulebase.sha256[:12] in behind, name


def test_the_doctor_reads_what_was_asked_and_what_was_not(rulebase: RuleBase, every: dict[str, Assessment]) -> None:
    """What nobody asked is never "no"."""
    not_asked = none_ticked = 0
    for name, assessment in every.items():
        view = view_of(rulebase, assessment)
        assert len(view.history) == len(rulebase.history) + 1, name
        for line, shown in zip(rulebase.history, view.history, strict=False):
            for item, told in zip(line.items, shown.items.values(), strict=True):
                ticked = {*chosen(assessment.answers.get(item.question, ()))}
                offered = {option.id for option in rulebase.questions[item.question].shown(assessment.facts)}
                is_known = not item.options or NOT_SURE in ticked or not (ticked | offered).isdisjoint(item.options)
                is_asked = item.question in assessment.answers and is_known
                assert (told == NOT_ASKED) == (not is_asked), (name, item.label)
                not_asked += told == NOT_ASKED
                assert told != NOT_TICKED or ticked.isdisjoint({*item.options, NOT_SURE}), (name, item.label)
                none_ticked += told == NOT_TICKED
        conclusion = view.history[-1].sentence
        assert all(fired.flag.id in conclusion for fired in deciding(assessment)[:1]), name
        assert rulebase.about.version in conclusion, name
    assert not_asked > 50
    assert none_ticked > 50


@pytest.mark.parametrize("lead", ["", "- ", "  ", " 9. ", "10. "])
def test_an_item_that_is_wrapped_hangs_behind_what_leads_it(lead: str) -> None:
    first, *others = wrap_all([lead + "a word " * 20], 40)
    assert first.startswith(lead + "a word")
    assert others
    assert all(re.match(rf" {{{len(lead)}}}(a )?word", line) for line in others)


def test_after_the_result_the_muscle_picks_the_stretch(engine: Engine, rulebase: RuleBase) -> None:
    """By whoever cramps at night and has nothing to see on the legs."""
    known: Answers = {"start": "me", "age": 40, "danger": ("none",), "kind": ("k_night",), "legs": ("none",)}
    muscles = [option.id for option in rulebase.questions["muscle"].options if not option.key]
    first = {}
    for muscle in muscles:
        relief = assess(engine, {**known, "muscle": muscle}).relief
        first[muscle] = next(one.id for one in relief if one.short)
    assert len(set(first.values())) == len(muscles) - 1  # a whole leg begins with the calf
    assert first["mu_whole"] == first["mu_calf"] == next(one.id for one in assess(engine, known).relief if one.short)


# --- the country


def test_every_country_has_its_number_in_an_emergency(rulebase: RuleBase) -> None:
    numbers = set()
    for country in rulebase.countries:
        here = load(country=country)
        number = here.countries[country].words["emergency"]
        view = view_of(here, assess(Engine(here), {"start": "me", "danger": ("d_breath",)}))
        assert number.upper() in short(view, 80)[0].upper(), country
        numbers.add(number)
    assert len(numbers) > 5


def test_no_text_names_the_number_of_a_country(rulebase: RuleBase, all_told: dict[str, View]) -> None:
    numbers = [c.words["emergency"] for c in rulebase.countries.values() if c.words["emergency"].isdigit()]
    told = " ".join(words(whole(view, 80)) for view in all_told.values()).split()
    assert not {token.strip(".,;:()") for token in told} & set(numbers)
