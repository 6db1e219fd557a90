"""Each proof holds for the built-in rule base, and fails, with answers that show it, on one that is wrong."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from remembering import Remembering
from stories import SCENARIOS, name_of

from triage.cli import console
from triage.cli import main as cli
from triage.conversation.answers import as_toml
from triage.conversation.interview import missing_from
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.conditions import ALL, ANY, NONE_OF, Cell, Condition, Facts, Row
from triage.knowledge.grammar import as_facts
from triage.knowledge.model import (
    ALWAYS,
    CAUSE,
    DISPOSITION,
    NOT_SURE,
    RED_FLAG,
    Answers,
    Hazard,
    Option,
    Question,
    RedFlag,
    RuleBase,
)
from triage.proof import verify
from triage.proof.formulas import Formula, Space, negated
from triage.proof.hazards import given
from triage.proof.verify import Proof, prove
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine, Stratum
from triage.version import how_to_install

# `check --prove` takes a minute for all of them, and CI runs it beside the tests.
QUICK = ["one-disposition", "lowering", "everything-is-read", "strata"]


def cell(name: str, *options: str, how: str = ANY) -> Cell:
    return Cell(name, frozenset(options), how, " or ".join(options))


def narrowed(rulebase: RuleBase, *names: str) -> RuleBase:
    """With these red flags only, and nothing that follows from them: the whole takes half a minute."""
    flags = {name: rulebase.red_flags[name] for name in names}
    return replace(rulebase, red_flags=flags, causes={}, advice={}, checks={}, notes={}, accepted=())


def changed(flag: RedFlag, when: tuple[Row, ...], unless: tuple[Row, ...] = ()) -> RedFlag:
    """The red flag with another condition."""
    return replace(flag, condition=Condition(when, unless))


def with_flag(rulebase: RuleBase, flag: RedFlag) -> RuleBase:
    return replace(rulebase, red_flags={**rulebase.red_flags, flag.id: flag})


def with_question(rulebase: RuleBase, question: Question) -> RuleBase:
    return replace(rulebase, questions={**rulebase.questions, question.id: question})


def found(proof: Proof, rule: str) -> Iterator[Answers | None]:
    """Witnesses of what a proof found in a rule."""
    return (finding.witness for finding in proof.failures if finding.rule == rule)


def level(engine: Engine, answers: Answers) -> int:
    return assess(engine, answers).disposition.rank


@pytest.mark.parametrize("name", QUICK)
def test_the_rule_base_is_proved(rulebase: RuleBase, name: str) -> None:
    proof = prove(rulebase, name)
    assert not proof.failures
    assert proof.decided


def test_a_level_picked_wrongly_is_found(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "most_urgent", lambda rulebase, _: rulebase.ladder[-1])
    assert prove(rulebase, "one-disposition").failures


def test_a_level_that_answers_do_not_decide_is_found(rulebase: RuleBase) -> None:
    """Without the level that is left over no level is the result of calm answers."""
    *others, _ = rulebase.dispositions.values()
    levels = {level.id: level for level in others if level.see_doctor}
    broken = replace(narrowed(rulebase, "leg-injury"), dispositions=levels)
    assert prove(broken, "one-disposition").failures


# --- danger-never-lowers


def beside_an_injury(rulebase: RuleBase, flag: RedFlag) -> RuleBase:
    """A rule base of two red flags: any injury, and this one."""
    injury = changed(rulebase.red_flags["leg-injury"], ((cell("legs", "l_hurt"),),))
    return with_flag(with_flag(narrowed(rulebase), replace(injury, lowers_to="")), flag)


def witnesses(rulebase: RuleBase, flag: RedFlag, proof: str) -> dict[str, Answers | None]:
    """What a proof finds in one red flag beside any injury, by what it says."""
    found = prove(beside_an_injury(rulebase, flag), proof).failures
    assert all(finding.rule == flag.id for finding in found)
    return {finding.what: finding.witness for finding in found}


def test_a_danger_sign_that_lowers_is_found(rulebase: RuleBase) -> None:
    flag = changed(rulebase.red_flags["foot-sore"], ((cell("legs", "none"),), (cell("legs", "l_foot"),)))
    found = witnesses(rulebase, flag, "danger-never-lowers")
    witness = found["legs: l_veins added"]
    assert witness is not None
    assert "legs: l_foot added" not in found
    assert "legs: l_hurt added" not in found  # it makes up for it: leg-injury is as urgent
    engine = Engine(beside_an_injury(rulebase, flag))
    assert witness["legs"] == ("none",)
    assert level(engine, witness) < level(engine, {**witness, "legs": ("l_veins",)})


def test_not_sure_below_none_is_found(rulebase: RuleBase) -> None:
    flag = changed(rulebase.red_flags["foot-sore"], ((cell("also", "none"), cell("course", "c_once")),))
    assert f"also: none -> {NOT_SURE}" in witnesses(rulebase, flag, "danger-never-lowers")


def test_a_harmless_answer_above_a_danger_sign_is_found(rulebase: RuleBase) -> None:
    """Of a question that takes one answer."""
    flag = changed(rulebase.red_flags["foot-sore"], ((cell("side", "both", "left"),),))
    found = witnesses(rulebase, flag, "danger-never-lowers")
    assert set(found) == {"side: both -> right", f"side: both -> {NOT_SURE}"}


def test_a_tick_that_an_exception_names_is_left_to_the_other_proof(rulebase: RuleBase) -> None:
    foot, veins = ((cell("legs", "l_foot"),),), ((cell("legs", "l_veins"),),)
    flag = replace(changed(rulebase.red_flags["foot-sore"], foot, veins), lowers_to="routine")
    assert witnesses(rulebase, flag, "danger-never-lowers") == {}
    found = witnesses(rulebase, flag, "lowering")
    witness = found["its exception leads lower than routine"]
    assert witness is not None
    assert {"l_foot", "l_veins"} <= set(witness["legs"])  # type: ignore[arg-type]


# --- lowering


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ((cell("course", "c_worse", how=NONE_OF),), "exception 1 holds though course is not sure"),
        ((cell("side", "both", NOT_SURE), cell("course", "c_same")), "exception 1 holds though side is not sure"),
        ((cell("course", "c_same"), cell("course", "c_worse", NOT_SURE, how=NONE_OF)), ""),
        ((cell("course", "c_same", "c_known", how=ALL),), ""),
        ((), ""),
    ],
)
def test_an_exception_on_doubt_is_found(rulebase: RuleBase, row: Row, what: str) -> None:
    flag = changed(rulebase.red_flags["foot-sore"], ((cell("legs", "l_foot"),),), (row,) if row else ())
    found = witnesses(rulebase, flag, "lowering")
    assert set(found) == ({what} if what else set())
    for witness in found.values():
        assert witness is not None
        assert all(c.holds(as_facts(witness, rulebase.bands)) for c in row)


def test_an_exception_that_leads_lower_than_it_says_is_found(rulebase: RuleBase) -> None:
    """Without the rule that catches what it lets go; with it, and for a floor, nothing is found."""
    flag, caught = rulebase.red_flags["one-leg-old-clot"], "old-clot-same-leg"
    assert flag.lowers_to == "soon"
    assert prove(narrowed(rulebase, flag.id, caught), "lowering").failures == ()
    [failure] = prove(narrowed(rulebase, flag.id), "lowering").failures
    assert (failure.rule, failure.what) == (flag.id, "its exception leads lower than soon")
    assert failure.witness is not None
    facts = as_facts(failure.witness, rulebase.bands)
    assert any(all(c.holds(facts) for c in row) for row in flag.condition.unless)
    lowest = with_flag(narrowed(rulebase), replace(flag, lowers_to=rulebase.ladder[-1].id))
    assert prove(lowest, "lowering").failures == ()


# --- every-rule-matters, everything-is-read


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (((cell("legs", "l_hurt"), cell("course", "c_daily")),), "implied by leg-injury"),
        (((cell("legs", "none"), cell("legs", "l_veins")),), "can never fire"),
        (((cell("legs", "l_pop"),), (cell("legs", "l_pop", "l_veins"),)), "row 1 adds nothing to the others"),
        (((cell("legs", "l_foot"),),), "never decides the disposition"),
    ],
)
def test_an_idle_rule_is_found(rulebase: RuleBase, rows: tuple[Row, ...], what: str) -> None:
    few = narrowed(rulebase, "leg-injury", "foot-sore-poor-circulation")
    sore = changed(few.red_flags["foot-sore-poor-circulation"], ((cell("legs", "l_foot"),),))
    injury = changed(few.red_flags["leg-injury"], ((cell("legs", "l_hurt"),),))
    idle = replace(injury, id="idle", condition=Condition(rows))
    proof = prove(with_flag(with_flag(with_flag(few, sore), injury), idle), "every-rule-matters")
    assert what in [finding.what for finding in proof.failures if finding.rule == "idle"]


def test_what_nothing_reads_is_found(rulebase: RuleBase) -> None:
    before = rulebase.questions["before"]
    more = replace(before, options=(Option(id="e_tropics", text="In the tropics"), *before.options))
    (failure,) = prove(with_question(rulebase, more), "everything-is-read").failures
    assert (failure.rule, failure.what) == ("before", "e_tropics is read by nothing")


def test_what_is_accepted_and_not_found_is_told(rulebase: RuleBase) -> None:
    what = "e_tropics is read by nothing"
    stale = replace(rulebase.accepted[0], proof="everything-is-read", rule="before", what=what)
    proof = prove(replace(rulebase, accepted=(*rulebase.accepted, stale)), "everything-is-read")
    assert [finding.rule for finding in proof.failures] == ["before"]


def test_what_is_accepted_is_no_failure(rulebase: RuleBase) -> None:
    own = [one for one in rulebase.accepted if one.proof == "everything-is-read"]
    assert own
    assert prove(rulebase, "everything-is-read").accepted == tuple(own)
    bare = prove(replace(rulebase, accepted=()), "everything-is-read")
    assert {(f.rule, f.what) for f in bare.failures} == {(one.rule, one.what) for one in own}


# --- interview


def silent_clot(rulebase: RuleBase) -> RuleBase:
    """Some red flags, and a question without its reason why it is left out."""
    few = narrowed(rulebase, "one-leg-ache-weight-or-family", "one-leg-ache", "leg-injury", "new-one-leg-at-risk")
    return with_question(few, replace(few.questions["clot"], skipped_because=""))


def test_a_question_left_out_without_a_reason_is_found(rulebase: RuleBase) -> None:
    broken = silent_clot(rulebase)
    witness = next(found(prove(broken, "interview"), "clot"))
    assert witness is not None
    engine = Engine(broken)
    assert set(missing_from(engine, witness)) <= {q.id for q in broken.questions.values() if q.yields == ALWAYS}
    raised = [{**witness, "clot": (o.id,)} for o in broken.questions["clot"].options]
    assert min(level(engine, answers) for answers in raised) < level(engine, witness)


def test_a_reason_where_nothing_is_left_out_is_found(rulebase: RuleBase) -> None:
    talkative = replace(rulebase.questions["course"], skipped_because="Never left out.")
    few = with_question(narrowed(rulebase, "leg-injury"), talkative)
    assert list(found(prove(few, "interview"), "course")) == [None]


def test_a_stop_without_a_reason_is_found(rulebase: RuleBase) -> None:
    levels = {**rulebase.dispositions, "urgent": replace(rulebase.dispositions["urgent"], stops_because="")}
    few = replace(narrowed(rulebase, "leg-injury"), dispositions=levels)
    assert list(found(prove(few, "interview"), "urgent")) == [None]


def test_the_ends_of_interviews_are_among_those_that_are_proved(engine: Engine) -> None:
    """The proof's reading of a whole interview is as wide as the interview itself: checked on scenarios."""
    rulebase, quick = engine.rulebase, Remembering(engine)
    space, whole = Space(rulebase), 0
    for path in SCENARIOS[::20]:
        answers = read_answer_file(path, rulebase).answers
        if not assess(quick, answers, missing_from(quick, answers)).disposition.stops:
            whole += 1
            fixed = fixed_to(space, as_facts(answers, rulebase.bands))
            assert space.possible(*fixed, *verify.complete(space)), name_of(path)
    assert whole > 5


def fixed_to(space: Space, facts: Facts) -> list[Formula]:
    """These answers and no others."""
    return [
        variable if option in facts.get(name, ()) else negated(variable)
        for name, known in space.answers.items()
        for option, variable in known.items()
    ]


# --- strata, engine


def test_a_rule_that_reads_its_own_stratum_is_found(rulebase: RuleBase) -> None:
    loop = changed(rulebase.red_flags["foot-sore"], ((cell(RED_FLAG, "leg-injury"),),))
    few = with_flag(narrowed(rulebase, "leg-injury"), loop)
    assert [f.rule for f in prove(few, "strata").failures] == ["foot-sore"]


def small(rulebase: RuleBase) -> RuleBase:
    """A few rules only, with exceptions and cells of all kinds, one of them too wide to be taken whole."""
    few = narrowed(rulebase, "foot-sore", "one-leg-old-clot", "fever-unclear", "varicose-veins", "calcium-risk-kidney")
    assert any(
        c.how == how
        for f in few.red_flags.values()
        for row in f.condition.unless
        for c in row
        for how in (ALL, NONE_OF)
    )
    return few


def test_the_engine_agrees_with_the_formulas(rulebase: RuleBase) -> None:
    proof = prove(small(rulebase), "engine")
    assert not proof.failures
    assert proof.decided > 100


def test_an_engine_that_differs_is_found(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stratum, "infer", lambda *_: ())
    assert prove(small(rulebase), "engine").failures


def test_a_formula_that_differs_is_found(rulebase: RuleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = Condition(())
    told = verify.holds
    monkeypatch.setattr(verify, "holds", lambda condition, known: told(calm if condition.unless else condition, known))
    failures = prove(small(rulebase), "engine").failures
    assert {f.what for f in failures} == {"the formula differs"}
    assert "fever-unclear" in {f.rule for f in failures}
    assert "foot-sore" not in {f.rule for f in failures}


# --- hazards


# Whatever else is given plays no part here.
ADVICE = ("after-care", "check-first", "gentle-rub", "heated-liquor", "hop-on-one-foot", "massage-swelling", "warmth")


@pytest.fixture
def hazard(rulebase: RuleBase) -> Hazard:
    """A hazard that the rule base controls."""
    return Hazard(
        id="made-up",
        title="A swollen leg is rubbed, or waits",
        condition=Condition(((cell("legs", "l_one"), cell("pain", "p_new")),)),
        because="Made up.",
        effect="Made up.",
        least="urgent",
        never=("gentle-rub",),
        harm=("heat",),
        told=("massage-swelling",),
        words=(r"\bhop",),
        controls=("one-leg-swollen",),
        tests=(),
        at=rulebase.red_flags["foot-sore"].at,
    )


def hazard_failures(rulebase: RuleBase, hazard: Hazard) -> list[str]:
    advice = {name: rulebase.advice[name] for name in ADVICE}
    few = replace(rulebase, hazards={hazard.id: hazard}, advice=advice, checks={}, notes={})
    proof = prove(few, "hazards")
    return [finding.what for finding in proof.failures]


def test_a_controlled_hazard_is_proved(rulebase: RuleBase, hazard: Hazard) -> None:
    assert not hazard_failures(rulebase, hazard)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"least": "emergency"}, "less urgent than emergency"),
        ({"never": ("after-care", "check-first")}, "check-first is given"),
        ({"told": ("hop-on-one-foot", "heated-liquor")}, "heated-liquor is not given"),
        ({"words": (r"\bsit\b",)}, "says"),
        ({"controls": ("one-leg-swollen", "alcohol-shakes", "face-droop"), "least": "urgent"}, ""),
        ({"controls": ("soreness-explained",)}, "holds without its controls"),
        ({"controls": ("one-leg-swollen", "only-none"), "least": "urgent"}, "its control only-none never fires there"),
        ({"condition": Condition(((cell("age", "a_na"), cell("legs", "none"), cell("legs", "l_pop")),))}, "meant"),
    ],
)
def test_a_hazard_that_is_not_controlled_is_found(
    rulebase: RuleBase, hazard: Hazard, change: dict[str, object], what: str
) -> None:
    none = replace(rulebase.red_flags["leg-injury"], id="only-none", condition=Condition(((cell("legs", "none"),),)))
    failures = hazard_failures(with_flag(rulebase, none), replace(hazard, **change))  # type: ignore[arg-type]
    assert bool(what) == bool(failures)
    assert all(what in failure for failure in failures)


def test_a_lost_rule_lets_a_hazard_through(rulebase: RuleBase, hazard: Hazard) -> None:
    advice = {name: rulebase.advice[name] for name in ADVICE}
    flags = {name: flag for name, flag in rulebase.red_flags.items() if name != "one-leg-swollen"}
    lost = {hazard.id: replace(hazard, controls=(), told=())}
    broken = replace(rulebase, red_flags=flags, hazards=lost, advice=advice, checks={}, notes={})
    (witness,) = found(prove(broken, "hazards"), hazard.id)
    assert witness is not None
    assert hazard.condition.holds(as_facts(witness, broken.bands))
    assert not level(Engine(broken), witness) <= broken.dispositions["urgent"].rank


def test_formulas_give_the_advice_and_the_level_that_the_program_gives(
    engine: Engine, answer_sets: list[Answers]
) -> None:
    """What hazards are proved with, against whole results: answer sets times every advice."""
    space = Space(engine.rulebase)
    for answers in answer_sets[:1]:
        result = assess(engine, answers)
        facts = result.facts
        fixed = [
            variable if option in facts.get(name, ()) else negated(variable)
            for name, known in {
                **space.answers,
                CAUSE: space.known[CAUSE],
                DISPOSITION: space.known[DISPOSITION],
            }.items()
            for option, variable in known.items()
        ]
        assert space.possible(*fixed)
        shown = {a.id for a in (*result.relief, *result.prevention, *result.do_not, *result.myths, *result.replies)}
        for advice in engine.rulebase.advice.values():
            if not (advice.kind == "myth" and advice.general):
                assert space.possible(*fixed, given(space, advice)) == (advice.id in shown), (advice.id, answers)
        fired = {flag.flag.id for flag in result.red_flags}
        assert {name for name, flag in space.flags.items() if space.possible(*fixed, flag)} == fired


# --- the command


def test_a_failed_proof_prints_an_answer_file_that_can_be_run(
    rulebase: RuleBase, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = prove(silent_clot(rulebase), "interview")
    monkeypatch.setattr(verify, "prove_all", lambda *_: iter([proof]))
    assert cli.main(["check", "--prove"]) == console.FAILED
    printed = capsys.readouterr().out
    assert "FAILED interview" in printed
    (witness,) = found(proof, "clot")
    assert witness is not None
    lines = as_toml(witness, rulebase).splitlines()
    assert all(f"      {line}" in printed for line in lines)
    file = tmp_path / "witness.toml"
    file.write_text("\n".join(line[6:] for line in printed.splitlines() if line.startswith("      ")))
    assert cli.main(["run", str(file)]) == console.DONE


def test_without_the_solver_it_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("triage.")]:
        if name in (
            "triage.proof.formulas",
            "triage.proof.verify",
            "triage.proof.hazards",
            "triage.proof.proof_text",
        ):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "z3", None)
    assert cli.main(["check", "--prove"]) == console.WRONG_INPUT
    assert how_to_install("verify") in capsys.readouterr().err
