"""The real program in a true pty: full runs, the keys, stopping and going on, small windows, no colour."""

import json
import re
import signal
import stat
from pathlib import Path

import pytest
from program import run
from terminal import (
    CHILD,
    CTRL_C,
    CTRL_D,
    ENTER,
    ESC,
    FOOT,
    GO_ON,
    LEAVE,
    LEFT,
    MORE,
    NIGHT,
    REVIEW,
    RUNNER,
    SADDLE,
    SAVE,
    STORIES,
    TALL,
    UNSURE,
    URGENT,
    Drawn,
    Step,
    Terminal,
    colours,
    keys,
    plain_line,
    steps_to,
)

from triage.conversation.prompts import BOTH, MORE_BELOW, MORE_TO_READ, READ_ON
from triage.exchange.answer_files import read_answer_file
from triage.knowledge.model import Answers
from triage.knowledge.voices import rules_in_voice
from triage.output.as_json import as_dict
from triage.output.explanation import HOW
from triage.reasoning.assessment import assess
from triage.reasoning.engine import Engine

DOWN, UP, SPACE = "\x1b[B", "\x1b[A", " "
WINDOWS = [(80, 24), (45, 20), (40, 24), (40, 12)]
MANY: Answers = {"start": "me", "danger": ("d_breath", "d_chest", "d_out", "d_jaw")}


def in_words(text: str) -> str:
    return " ".join(text.split())


def shown(terminal: Terminal) -> str:
    return in_words(" ".join(terminal.window))


def result_of(engine: Engine, answers: Answers) -> object:
    return json.loads(json.dumps(as_dict(engine.rulebase, assess(engine, answers))))


# --- whole runs


def test_a_whole_run_with_the_result_and_more_below_it(engine: Engine) -> None:
    with Terminal() as terminal:
        terminal.answer(steps_to(engine, NIGHT))
        terminal.accept_review()
        terminal.wait_for_more()
        assert HOW.lower() not in shown(terminal)
        terminal.type("m")
        terminal.until(lambda: MORE_TO_READ in terminal.news and terminal.window_ends_with(">"))
        terminal.type("b")
        terminal.wait_for_more()
        assert f"e {HOW.lower()}" in shown(terminal)  # not before something was read
        terminal.type(ENTER)
        assert terminal.end() == 0
        assert in_words(rules_in_voice(engine.rulebase).dispositions["routine"].say) in terminal.said
        assert "Traceback" not in terminal.raw


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("name", "columns", "rows"),
    [("runner", 80, 24), ("night", 40, 12), ("child", 45, 20), ("urgent", 40, 24), ("unsure", 80, 24)],
)
def test_a_story_answered_in_a_terminal_gives_its_result(
    engine: Engine, name: str, columns: int, rows: int, tmp_path: Path
) -> None:
    """With the same keys in windows of every size; nothing is wider than the window."""
    answers, output = STORIES[name], tmp_path / "result.json"
    with Terminal("--format", "json", "--output", str(output), columns=columns, rows=rows) as terminal:
        terminal.answer(steps_to(engine, answers))
        assert terminal.finish() == 0
        assert max(map(len, drawn_on_a_wide_screen(terminal.raw))) <= columns
    assert json.loads(output.read_text()) == result_of(engine, answers)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", [CTRL_C, CTRL_D, ESC, "q"])
def test_leaving_after_the_result_is_a_good_end(engine: Engine, key: str) -> None:
    with Terminal() as terminal:
        terminal.answer(steps_to(engine, URGENT))
        terminal.accept_review()
        terminal.wait_for_more()
        terminal.type(key)
        assert terminal.end() == 0
        assert "Traceback" not in terminal.raw
        assert "Nothing was stored" not in terminal.raw


# --- who cramps now, and what is said at once


def test_the_one_safe_action_stands_until_enter(engine: Engine) -> None:
    with Terminal() as terminal:
        first, second = steps_to(engine, CHILD)[:2]
        terminal.wait_for_prompt(first.prompt)
        terminal.type(keys(first))
        terminal.wait_for(GO_ON)
        assert in_words(engine.rulebase.relief_now.action["child"]) in shown(terminal)
        terminal.type(ENTER)
        terminal.wait_for_prompt(second.prompt)
        assert GO_ON not in shown(terminal)
        assert terminal.stop("q") == 130


def test_an_urgent_finding_is_said_at_once_in_the_right_voice(engine: Engine) -> None:
    way = steps_to(engine, URGENT)
    with Terminal() as terminal:
        terminal.answer(way[:3])
        terminal.wait_for(GO_ON)
        say = rules_in_voice(engine.rulebase, "they").dispositions["urgent"].say
        assert say.upper() in shown(terminal)
        terminal.type(ENTER)
        terminal.answer(way[3:])
        terminal.accept_review()
        terminal.wait_for(say, MORE, ">")
        terminal.type(ENTER)
        assert terminal.end() == 0


# --- emergencies


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("columns", "rows"), WINDOWS)
@pytest.mark.parametrize("answers", [FOOT, SADDLE, MANY], ids=["foot", "saddle", "many"])
def test_an_emergency_has_its_headline_on_the_screen_until_the_end(
    engine: Engine, answers: Answers, columns: int, rows: int
) -> None:
    """First the headline, then why, then what to do; each screen ends with the way back."""
    told = assess(engine, answers)
    head = told.disposition.say.upper()
    with Terminal(columns=columns, rows=rows) as terminal:
        terminal.answer(steps_to(engine, answers))
        pages = []
        while not pages or "more" in pages[-1][-10:]:
            terminal.until(lambda: LEAVE in in_words(terminal.news) and terminal.window_ends_with(">"))
            pages.append(shown(terminal).removesuffix(">").rstrip())
            terminal.type(ENTER)
        assert all(head in page and LEAVE in page for page in pages)
        assert "Why: " in pages[0][pages[0].index(head) :]
        assert terminal.end() == 0
        assert head in shown(terminal)
        told_all = terminal.said
        assert all(in_words(text) in told_all for text in told.disposition.more)
        assert not any(word in told_all for word in ("Sources", "Fits what"))
        assert told_all.count(head) == (1 if rows == 24 and columns == 80 else told_all.count(head))


def test_an_emergency_ticked_by_mistake_leads_back_to_the_list(engine: Engine, tmp_path: Path) -> None:
    """Nothing of it is saved, and nothing of it stays on the screen."""
    kept, output = tmp_path / "answers.toml", tmp_path / "result.json"
    wrong, right = steps_to(engine, MANY), steps_to(engine, RUNNER)
    with Terminal("--save", str(kept), "--format", "json", "--output", str(output)) as terminal:
        terminal.answer(wrong)
        terminal.wait_for(LEAVE)
        assert "d_breath" not in kept.read_text()
        terminal.type("b")
        terminal.wait_for_prompt(wrong[1].prompt)
        assert "CALL" not in shown(terminal)
        assert sum("\u25cf" in line for line in terminal.window) == len(MANY["danger"])
        terminal.type(keys(wrong[1]).removesuffix(ENTER) + "0")  # untick them
        terminal.answer(right[2:])
        assert terminal.finish() == 0
    assert json.loads(output.read_text())["answers"] == json.loads(json.dumps(RUNNER))
    assert read_answer_file(kept, engine.rulebase).answers == RUNNER


def test_a_saved_emergency_is_said_again_and_locks_nobody_in(engine: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "answers.toml"
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer(steps_to(engine, MANY))
        assert terminal.finish() == 0
    assert read_answer_file(kept, engine.rulebase).answers == MANY
    with Terminal("--resume", str(kept)) as terminal:
        terminal.wait_for(LEAVE)
        terminal.type("b")
        terminal.wait_for_prompt(steps_to(engine, MANY)[1].prompt)
        assert terminal.stop("q") == 130


def test_an_emergency_that_is_explained_does_not_scroll_away(engine: Engine) -> None:
    with Terminal("--explain") as terminal:
        terminal.answer(steps_to(engine, FOOT))
        assert terminal.finish() == 0
        say = rules_in_voice(engine.rulebase).dispositions["emergency"].say.upper()
        assert [line for line in terminal.window if line][-1] == say
        assert "[cold-pale-leg]" in terminal.said


# --- the keys


def test_arrows_space_detail_why_relief_back_and_a_change_in_the_review(engine: Engine, tmp_path: Path) -> None:
    way = steps_to(engine, RUNNER)
    body, legs = way[1].prompt, way[2].prompt
    output = tmp_path / "result.json"
    with Terminal("--format", "json", "--output", str(output)) as terminal:
        terminal.answer(way[:1])
        terminal.wait_for_prompt(body)
        detail, second = body.lines[0].detail, body.lines[1].detail
        terminal.type(DOWN + UP + SPACE + "?")
        terminal.until(lambda: in_words(detail)[:40] in shown(terminal))
        assert in_words(second) not in shown(terminal)
        terminal.type("?")
        terminal.until(lambda: in_words(second) in shown(terminal))
        assert in_words(body.question.why) in shown(terminal)
        terminal.type("w")
        terminal.until(lambda: "Asked of" in terminal.news and terminal.window_ends_with(">"))
        terminal.type("w")  # where it is offered
        terminal.until(lambda: f"({body.question.id})" in terminal.news and terminal.window_ends_with(">"))
        terminal.type("b")
        terminal.wait_for_prompt(body)
        terminal.type("h")
        terminal.until(lambda: "Stop if" in terminal.news and terminal.window_ends_with(">"))
        terminal.type("b")
        terminal.wait_for_prompt(body)
        assert "\u25cf 1 " in shown(terminal)
        terminal.type("0")
        terminal.until(lambda: "ntick" in terminal.news)  # none is refused beside a tick
        terminal.type("1")
        terminal.press("0")
        terminal.wait_for_prompt(legs)
        terminal.type(LEFT)
        terminal.wait_for_prompt(body)
        terminal.answer(way[1:])
        terminal.wait_for_review()
        terminal.type("a")
        terminal.wait_for(">")
        terminal.type("9" + ENTER)
        terminal.wait_for_prompt(way[-1].prompt)
        terminal.type("1" + ENTER)  # untick it
        terminal.accept_review()
        assert terminal.end() == 0
    assert json.loads(output.read_text())["answers"] == json.loads(json.dumps({**RUNNER, "before": ["e_heat"]}))


def test_not_sure_is_shown_and_danger_is_asked_once_more_with_all_details(engine: Engine) -> None:
    way = steps_to(engine, RUNNER)
    with Terminal() as terminal:
        terminal.answer(way[:1])
        terminal.wait_for_prompt(way[1].prompt)
        terminal.type("n")
        terminal.until(lambda: "\u25cf n not sure" in shown(terminal))
        terminal.type(ENTER)
        detail = way[1].prompt.lines[0].detail
        terminal.until(lambda: in_words(detail)[:40] in shown(terminal) and terminal.is_ready())
        assert "\u25cf" not in shown(terminal)
        assert terminal.stop(ESC) == 130


def test_rivals_beside_each_other_are_told_while_one_ticks(engine: Engine) -> None:
    way = steps_to(engine, NIGHT)
    at = next(n for n, step in enumerate(way) if step.prompt.question.id == "course")
    ids = [option.id for option in way[at + 1].prompt.lines]
    with Terminal() as terminal:
        terminal.answer(way[: at + 1])  # the first screen has "much the same"
        terminal.wait_for_prompt(way[at + 1].prompt)
        assert BOTH not in shown(terminal)
        terminal.type(str(ids.index("c_worse") + 1))
        terminal.until(lambda: BOTH in shown(terminal))
        assert terminal.stop("q") == 130


def test_a_list_longer_than_the_window_is_read_before_none_answers_it(engine: Engine) -> None:
    """And the question and its keys stay where they are."""
    way = steps_to(engine, RUNNER)
    prompt = way[1].prompt
    with Terminal(columns=40, rows=12) as terminal:
        terminal.answer(way[:1])
        terminal.wait_for_prompt(prompt)
        assert MORE_BELOW in shown(terminal)
        seen = shown(terminal)
        terminal.press("0")
        terminal.until(lambda: READ_ON in shown(terminal))
        seen += shown(terminal)
        assert prompt.text in seen[len(seen) // 2 :]
        seen += " ".join(map(in_words, terminal.read_on()))
        for number, option in enumerate(prompt.lines, 1):
            assert in_words(f"{number} {option.text}") in seen, option.id
        terminal.press("0")
        terminal.answer(way[2:3])
        assert terminal.stop("q") == 130


def test_a_paste_of_several_lines_answers_no_list(engine: Engine) -> None:
    way = steps_to(engine, RUNNER)
    with Terminal() as terminal:
        terminal.wait_for_prompt(way[0].prompt)
        terminal.type("\x1b[200~1\r0\r0\rq\r\x1b[201~")
        terminal.until(lambda: "pasted" in terminal.news)
        assert "\u25cf" not in shown(terminal)
        terminal.type(keys(way[0]))
        terminal.wait_for_prompt(way[1].prompt)
        assert terminal.stop("q") == 130


# --- stopping and going on


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("answers", "at", "key"),
    [(RUNNER, 0, "q"), (RUNNER, 2, ESC), (RUNNER, 3, "q"), (UNSURE, 3, CTRL_C), (UNSURE, 9, CTRL_D), (RUNNER, 99, ESC)],
    ids=["first", "list", "number", "line by line", "extra", "review"],
)
def test_stopped_anywhere_all_answers_are_kept_and_it_goes_on_from_there(
    engine: Engine, tmp_path: Path, answers: Answers, at: int, key: str
) -> None:
    way = steps_to(engine, answers)
    kept, output = tmp_path / "answers.toml", tmp_path / "result.json"
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer(way[:at])
        if at < len(way):
            terminal.wait_for_prompt(way[at].prompt)
        else:
            terminal.wait_for_review()
        assert terminal.stop(key) == 130
        assert "Traceback" not in terminal.raw
        assert "Stopped" in terminal.raw
        if at == 0:
            assert "Nothing was stored" in terminal.raw
            assert not kept.exists()
            return
        assert f"--resume {kept}" in terminal.raw
    done = {step.prompt.question.id for step in way[:at]} - {step.prompt.question.id for step in way[at:]}
    file = read_answer_file(kept, engine.rulebase)
    saved = file.answers
    assert saved == {name: answer for name, answer in answers.items() if name in done}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    rest = steps_to(engine, answers, saved, file.ticked)
    with Terminal("--resume", str(kept), "--format", "json", "--output", str(output)) as terminal:
        terminal.answer(rest)
        assert terminal.finish() == 0
    assert json.loads(output.read_text()) == result_of(engine, answers)
    assert read_answer_file(kept, engine.rulebase).answers == answers


def test_resume_stands_alone(tmp_path: Path) -> None:
    kept = tmp_path / "answers.toml"
    kept.write_text('[answers]\nstart = "me"\n')
    done = run("--plain", "--resume", kept, "--save", tmp_path / "other.toml", typed="q\n")
    assert done.returncode == 2
    assert "--resume" in done.stderr


def test_being_told_to_end_leaves_the_terminal_as_it_was(engine: Engine) -> None:
    with Terminal() as terminal:
        terminal.answer(steps_to(engine, RUNNER)[:1])
        terminal.wait_for_prompt(steps_to(engine, RUNNER)[1].prompt)
        terminal.child.kill(signal.SIGTERM)
        assert terminal.end() == 130
        assert "Stopped" in terminal.raw
        hidden, there = terminal.raw.rfind("\x1b[?25l"), terminal.raw.rfind("\x1b[?25h")
        assert there > hidden  # the cursor
        assert terminal.raw.rfind("\x1b[?2004l") > terminal.raw.rfind("\x1b[?2004h")  # pastes


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", [CTRL_C, CTRL_D, ESC, "q"], ids=["ctrl-c", "ctrl-d", "esc", "q"])
def test_leaving_without_save_offers_to_keep_what_was_answered(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """In a new file, with what was ticked in the list that is open; a danger sign is said before."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.toml").write_text("mine")
    way = steps_to(engine, URGENT)
    with Terminal() as terminal:
        terminal.answer(way[:1])
        terminal.wait_for_prompt(way[1].prompt)
        terminal.type(keys(Step(way[1].prompt, ("d_breath",))).removesuffix(ENTER))
        terminal.type(key)
        terminal.wait_for(SAVE, ">")
        assert rules_in_voice(engine.rulebase, "they").dispositions["emergency"].say.upper() in terminal.said
        terminal.type("y")
        terminal.wait_for("answers-2.toml", ">")
        terminal.type(ENTER)
        terminal.wait_for("--resume answers-2.toml")
        assert terminal.end() == 130
    assert (tmp_path / "answers.toml").read_text() == "mine"
    kept = tmp_path / "answers-2.toml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    file = read_answer_file(kept, engine.rulebase)
    assert (file.answers, file.ticked) == ({"start": "adult"}, {"danger": ("d_breath",)})
    with Terminal("--resume", "answers-2.toml") as terminal:
        terminal.wait_for_prompt(way[1].prompt)
        assert "\u25cf 1 " in shown(terminal)
        assert terminal.stop("q") == 130
    assert read_answer_file(kept, engine.rulebase).ticked == file.ticked


def test_a_second_ctrl_c_leaves_at_once(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = steps_to(engine, RUNNER)[:2]
    with Terminal() as terminal:
        terminal.answer([first])
        terminal.wait_for_prompt(second.prompt)
        terminal.type(CTRL_C)
        terminal.wait_for(SAVE, ">")
        terminal.type(CTRL_C)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.raw
    with Terminal() as terminal:  # nothing was answered: nothing is asked
        terminal.wait_for_prompt(first.prompt)
        terminal.type(CTRL_C)
        assert terminal.end() == 130
        assert SAVE not in terminal.said
    assert list(tmp_path.iterdir()) == []


# --- changing an answer once there is a result


def test_any_answer_can_be_changed_after_the_result(engine: Engine, tmp_path: Path) -> None:
    """It is asked again, and what is due because of it; then comes the new result."""
    kept = tmp_path / "kept.toml"
    changed: Answers = {**RUNNER, "health": ("h_meds",), "meds": ("m_inhaler",)}
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer(steps_to(engine, RUNNER))
        terminal.accept_review()
        terminal.wait_for_more()
        terminal.type("a")
        terminal.wait_for("Number of an answer", ">")
        number = [name for name in engine.rulebase.questions if name in RUNNER].index("health") + 1
        terminal.type(f"{number}{ENTER}")
        after = {name: answer for name, answer in RUNNER.items() if name != "health"}
        terminal.answer(steps_to(engine, changed, after))
        terminal.wait_for_more()
        assert REVIEW not in terminal.news
        terminal.type(ENTER)
        assert terminal.end() == 0
    assert read_answer_file(kept, engine.rulebase).answers == changed


def test_an_answer_can_be_changed_after_an_emergency(engine: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    wrong, right = steps_to(engine, MANY), steps_to(engine, RUNNER)
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer(wrong)
        terminal.wait_for(LEAVE, ">")
        terminal.type("a")
        terminal.wait_for("Number of an answer", ">")
        terminal.type("2" + ENTER)
        terminal.wait_for_prompt(wrong[1].prompt)
        terminal.type(keys(wrong[1]).removesuffix(ENTER) + "0")  # untick them
        terminal.answer(right[2:])
        terminal.accept_review()
        terminal.wait_for_more()
        terminal.type(ENTER)
        assert terminal.end() == 0
    assert read_answer_file(kept, engine.rulebase).answers == RUNNER


# --- a window that changes its size


def settled(terminal: Terminal, *texts: str) -> None:
    """Until the window shows all of this."""
    terminal.until(lambda: all(text in shown(terminal) for text in texts))


def test_a_list_is_laid_out_again_in_another_window(engine: Engine) -> None:
    """No sign is cut within, and none is lost: what does not fit is a turn away."""
    first, danger = steps_to(engine, RUNNER)[:2]
    numbered = [in_words(f"{n} {option.text}") for n, option in enumerate(danger.prompt.lines, 1)]
    with Terminal() as terminal:
        terminal.answer([first])
        terminal.wait_for_prompt(danger.prompt)
        assert all(line in shown(terminal) for line in numbered)
        terminal.resize(40, 12)
        settled(terminal, MORE_BELOW, numbered[0], danger.prompt.text)
        seen = [shown(terminal), *map(in_words, terminal.read_on())]
        for line in numbered:
            assert any(line in window for window in seen), line
        for number, window in enumerate(seen):
            cut = [n for n in range(1, len(numbered) + 1) if re.search(rf"[\u25cb\u25cf] {n} ", window)]
            assert all(numbered[n - 1] in window for n in cut), number
        terminal.resize(80, 24)
        settled(terminal, *numbered)
        assert shown(terminal).count(danger.prompt.text) == 1
        assert terminal.stop("q") == 130


def test_an_emergency_is_laid_out_again_and_starts_at_its_top(engine: Engine) -> None:
    told = assess(engine, FOOT).disposition
    with Terminal() as terminal:
        terminal.answer(steps_to(engine, FOOT))
        terminal.wait_for(LEAVE, ">")
        terminal.resize(40, 12)
        settled(terminal, told.say.upper(), "Why:", "more. >")
        assert next(line for line in terminal.window if line) == terminal.window[0]
        terminal.type(ENTER)
        terminal.until(lambda: "Why:" not in shown(terminal) and LEAVE in shown(terminal))
        assert told.say.upper() in shown(terminal)
        terminal.resize(80, 24)
        settled(terminal, "Why:", *(in_words(text) for text in told.more), "leave. >")
        terminal.type(ENTER)
        assert terminal.end() == 0


def test_a_long_text_starts_at_its_top_and_is_laid_out_again(engine: Engine) -> None:
    steps = rules_in_voice(engine.rulebase, "you").relief_now.steps
    first, danger = steps_to(engine, RUNNER)[:2]
    with Terminal(columns=40, rows=12) as terminal:
        terminal.answer([first])
        terminal.wait_for_prompt(danger.prompt)
        terminal.type("h")
        terminal.until(lambda: MORE_TO_READ in shown(terminal) and terminal.window_ends_with(">"))
        assert in_words(f"1. {steps[0]}") in shown(terminal)
        terminal.resize(80, 24)
        settled(terminal, in_words(steps[0]), in_words(steps[-1]), f"{GO_ON} >")
        terminal.type(ENTER)
        terminal.wait_for_prompt(danger.prompt)
        assert terminal.stop("q") == 130


def test_a_result_longer_than_the_window_is_read_from_its_first_line(engine: Engine) -> None:
    with Terminal(columns=40, rows=16) as terminal:
        terminal.answer(steps_to(engine, NIGHT))
        terminal.accept_review()
        say = in_words(rules_in_voice(engine.rulebase).dispositions["routine"].say)
        settled(terminal, say, MORE_TO_READ)
        while MORE_TO_READ in shown(terminal):
            before = terminal.window
            terminal.type(ENTER)
            terminal.until(lambda before=before: terminal.window != before and terminal.window_ends_with(">"))
        assert say in shown(terminal)  # once more
        assert MORE in shown(terminal)
        terminal.type(ENTER)
        assert terminal.end() == 0


# --- ended from outside


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_is_told_to_end_keeps_what_save_asks_for_and_is_asked_nothing(
    engine: Engine, tmp_path: Path, number: int
) -> None:
    kept = tmp_path / "kept.toml"
    first, danger = steps_to(engine, URGENT)[:2]
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer([first])
        terminal.wait_for_prompt(danger.prompt)
        terminal.type(keys(Step(danger.prompt, ("d_fever",))).removesuffix(ENTER))
        terminal.until(lambda: "\u25cf" in shown(terminal))
        terminal.child.kill(number)
        assert terminal.end() == 130
        assert SAVE not in terminal.said
        assert terminal.raw.rfind("\x1b[?25h") > terminal.raw.rfind("\x1b[?25l")
    assert read_answer_file(kept, engine.rulebase).ticked == {"danger": ("d_fever",)}


def test_a_terminal_that_is_gone_keeps_what_save_asks_for(engine: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    first, danger = steps_to(engine, URGENT)[:2]
    with Terminal("--save", str(kept)) as terminal:
        terminal.answer([first])
        terminal.wait_for_prompt(danger.prompt)
    assert read_answer_file(kept, engine.rulebase).answers == {"start": "adult"}


@pytest.mark.parametrize("more", [[], ["--save", "kept.toml"]])
def test_within_an_event_loop_one_line_says_what_to_do(more: list[str]) -> None:
    code = f"""
import asyncio
from triage.cli.main import main
async def inside():
    return main({more})
raise SystemExit(asyncio.run(inside()))
"""
    with Terminal(program=("-c", code)) as terminal:
        assert terminal.end() == 2
        said = [line for line in terminal.transcript if line]
        assert "--plain" in terminal.said
        assert "Traceback" not in terminal.raw
        assert len(said) <= 2


def test_stopped_without_save_it_says_how_to_within_the_window(engine: Engine) -> None:
    with Terminal(columns=40) as terminal:
        terminal.answer(steps_to(engine, RUNNER)[:1])
        terminal.wait_for_prompt(steps_to(engine, RUNNER)[1].prompt)
        assert terminal.stop("q") == 130
        assert "Nothing was stored" in terminal.raw
        assert "--save" in terminal.raw
        assert max(map(len, drawn_on_a_wide_screen(terminal.raw))) <= terminal.columns


# --- windows


@pytest.mark.parametrize(("columns", "rows"), [(40, 24), (80, 24)])
def test_every_screen_is_whole_and_within_the_window(engine: Engine, columns: int, rows: int) -> None:
    """All words of a prompt are on the screen at once or by turning it, uncut."""
    with Terminal(columns=columns, rows=rows) as terminal:
        for prompt, reply in steps_to(engine, NIGHT):
            terminal.wait_for_prompt(prompt)
            seen = shown(terminal)
            assert in_words(prompt.page if prompt.later else prompt.text) in seen
            seen += " ".join(map(in_words, terminal.read_on()))
            for number, option in enumerate(prompt.lines, 1):
                assert in_words(f"{number} {option.text}") in seen
                assert not option.open or in_words(option.detail) in seen
            terminal.press(keys(Step(prompt, reply)))
        terminal.accept_review()
        terminal.wait_for_more()
        terminal.type(ENTER)
        assert terminal.end() == 0
        assert max(map(len, drawn_on_a_wide_screen(terminal.raw))) <= columns


def test_a_key_tells_how_a_result_was_concluded(engine: Engine) -> None:
    with Terminal("--why-not", "clot") as terminal:
        terminal.answer(steps_to(engine, RUNNER))
        terminal.accept_review()
        terminal.wait_for("[clot]")
        terminal.wait_for_more()
        terminal.type("e")
        terminal.until(lambda: MORE_TO_READ in terminal.news and terminal.window_ends_with(">"))
        assert "[self_care]" in shown(terminal)
        terminal.type("b")
        terminal.wait_for_more()
        assert re.search(r"you said: .*\[kind\]", terminal.said)
        terminal.type(ENTER)
        assert terminal.end() == 0


def drawn_on_a_wide_screen(raw: str) -> list[str]:
    """The lines as they would be if the window did not wrap or cut them."""
    return Drawn(400, TALL).lines(raw)


def test_colour_can_be_switched_off(engine: Engine) -> None:
    seen = {}
    way = steps_to(engine, RUNNER)
    for no_colour in ("", "1"):
        with Terminal(env={"NO_COLOR": no_colour}) as terminal:
            terminal.answer(way[:3])
            terminal.wait_for_prompt(way[3].prompt)
            terminal.type("3")  # the only text with a colour
            terminal.until(lambda: terminal.window_ends_with("3"))
            assert terminal.stop(ESC) == 130
            seen[no_colour] = colours(terminal.raw)
    assert seen[""]  # or this test would show nothing
    assert seen["1"] == []


@pytest.mark.parametrize("answer", ["", "0"])
def test_a_terminal_that_does_not_tell_its_cursor_is_not_complained_about(engine: Engine, answer: str) -> None:
    """A user who set the variable keeps it: then the program asks where the cursor is."""
    with Terminal(env={"PROMPT_TOOLKIT_NO_CPR": answer} if answer else {}) as terminal:
        terminal.wait_for_prompt(steps_to(engine, RUNNER)[0].prompt)
        assert ("\x1b[6n" in terminal.raw) is (answer == "0")
        assert terminal.stop("q") == 130


# --- plain prompts


def test_a_dumb_terminal_gets_plain_prompts_by_itself(engine: Engine) -> None:
    with Terminal(env={"TERM": "dumb"}) as terminal:
        for step in steps_to(engine, RUNNER):
            terminal.wait_for("q leave", "> ")
            terminal.type(plain_line(step))
        terminal.wait_for(REVIEW, "> ")
        terminal.type("\n")
        terminal.wait_for(MORE, "> ")
        terminal.type("\n")
        assert terminal.end() == 0
        assert "\x1b" not in terminal.raw


def test_a_plain_emergency_in_a_terminal_is_told_once(engine: Engine) -> None:
    with Terminal("--plain") as terminal:
        for step in steps_to(engine, FOOT):
            terminal.wait_for("q leave", "> ")
            terminal.type(plain_line(step))
        terminal.wait_for(LEAVE, "> ")
        terminal.type("\n")
        assert terminal.end() == 0
        assert terminal.said.count(rules_in_voice(engine.rulebase).dispositions["emergency"].say.upper()) == 1


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key", ["q\n", CTRL_C, CTRL_D], ids=["q", "ctrl-c", "ctrl-d"])
def test_plain_prompts_are_stopped_by_the_same_keys(engine: Engine, tmp_path: Path, key: str) -> None:
    kept = tmp_path / "answers.toml"
    with Terminal("--plain", "--save", str(kept)) as terminal:
        terminal.wait_for("q leave", "> ")
        terminal.type(plain_line(steps_to(engine, RUNNER)[0]))
        terminal.wait_for("q leave", "> ")
        assert terminal.stop(key) == 130
        assert "Traceback" not in terminal.raw
    assert read_answer_file(kept, engine.rulebase).answers == {"start": "me"}


def test_plain_prompts_in_a_pipe_stop_at_the_end_of_the_input_and_go_on(engine: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "answers.toml"
    done = run("--plain", "--save", kept, typed="".join(map(plain_line, steps_to(engine, RUNNER)[:5])))
    assert done.returncode == 130
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    saved = read_answer_file(kept, engine.rulebase).answers
    assert list(saved) == ["start", "danger", "age"]  # of the next list one screen only
    typed = "".join(map(plain_line, steps_to(engine, RUNNER, saved))) + "\n"
    done = run("--plain", "--resume", kept, "--format", "json", typed=typed)
    assert done.returncode == 0
    assert json.loads(done.stdout) == result_of(engine, RUNNER)
    assert read_answer_file(kept, engine.rulebase).answers == RUNNER


def test_an_emergency_in_a_pipe_gives_its_result_at_the_end_of_the_input(engine: Engine) -> None:
    done = run("--plain", typed="".join(map(plain_line, steps_to(engine, FOOT))))
    assert done.returncode == 0
    assert done.stdout.startswith(rules_in_voice(engine.rulebase).dispositions["emergency"].say.upper())


def test_empty_lines_answer_no_plain_list() -> None:
    done = run("--plain", typed="\n" * 20)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.count("> ") == 21
    assert done.stderr.count("-> ") == 0


def test_a_pipe_without_plain_is_refused() -> None:
    done = run(typed="34\n")
    assert done.returncode == 2
    assert "--plain" in done.stderr
