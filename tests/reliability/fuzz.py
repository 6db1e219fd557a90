"""Broken answer, scenario and rule files, and random valid answers, through the real commands.

A case fails on a traceback, a hang, a wrong exit code, a message that does not name the
file, or output that could drive a terminal. What is right is found out without the
program: by `tomllib`, and by the tables of tests/plain.py.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import plain
from stories import SCENARIOS

from reliability.broken_files import Broken, broken_file
from reliability.calls import Said, built_in, call, folder, is_clean, quick_engine
from reliability.result import Caught, Failure, Hang, Result, no_hang
from triage.conversation.answers import as_toml
from triage.conversation.interview import missing_from
from triage.knowledge.faults import printable
from triage.knowledge.rulebase import load

HERE = Path(__file__).parent
TINY = HERE / "tiny_rules"
DONE, FAILED, WRONG_INPUT, INCOMPLETE = 0, 1, 2, 3
LARGEST, DEEPEST = 5_000_000, 40  # bytes and levels that are read of a file
EVERY_REAL = 500  # one rule file in so many is one of the built-in rule base: it takes a second

NO_SUCH_ID = "rules: LCT606 "  # of a sound rule base; then come the ids that are meant perhaps
_TOTAL = re.compile(r"^\d+ faults?$")


class Wrong(Exception):
    """What is wrong with a case."""


def expect(holds: object, why: str) -> None:
    if not holds:
        raise Wrong(why)


# --- the three sorts of broken files, in turn, and valid answers


def run(count: int, seed: int) -> Result:
    """Try `count` broken files: answers, scenarios and rules in turn."""
    with quick_engine(), _desks() as sorts:
        return _tried(count, seed, lambda nth: sorts[nth % len(sorts)])


def run_valid(count: int, seed: int) -> Result:
    """Try `count` random valid answer sets."""
    with quick_engine(), folder() as place:
        return _tried(count, seed, lambda _: lambda random: valid_answers(random, place))


Try = Callable[[Random], tuple[str, Callable[[], None]]]  # draws a case: its kind, and what tries it


@contextmanager
def _desks() -> Iterator[list[Try]]:
    with folder() as place:
        tiny, real = RuleFolder(TINY, place / "tiny"), RuleFolder(plain.FOLDER, place / "real")
        yield [
            lambda random: answer_file(random, place),
            lambda random: scenario_file(random, place),
            lambda random: rule_file(random, real if random.random() < 1 / EVERY_REAL else tiny),
        ]


def _tried(count: int, seed: int, sort_of: Callable[[int], Try]) -> Result:
    kinds: Counter[str] = Counter()
    failures = []
    for nth in range(count):
        random = Random(f"{seed}/{nth}")  # so that one case can be had again without those before it
        kind, attempt = sort_of(nth)(random)
        kinds[kind] += 1
        why = _why_wrong(attempt)
        if why:
            failures.append(Failure(kind, f"case {nth} of seed {seed}", why))
    return Result(count, kinds, tuple(failures))


def _why_wrong(attempt: Callable[[], None]) -> str:
    with Caught() as caught, no_hang():
        attempt()
    error = caught.error
    if error is None or isinstance(error, Wrong):
        return str(error or "")
    if isinstance(error, Hang):
        return "hangs"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:100]!r}"


# --- answers and scenarios


def answer_file(random: Random, place: Path) -> tuple[str, Callable[[], None]]:
    """`run` of a broken answer file."""
    broken = broken_file(random, random.choice(SCENARIOS).read_bytes())
    command = "what-if" if random.random() < 0.05 else "run"
    form = random.choice([[], ["--format", "json"]])
    more = random.choice([[], [], ["--partial"], ["--partial", "--explain"]]) if command == "run" else []
    goes_on = command == "what-if" or "--partial" in more

    def attempt() -> None:
        with _written(place / broken.name, broken.data) as path:
            said = call(command, path, *form, *more)
            answers = sound_answers(_parsed(broken) or {})
            if answers is None:
                right = WRONG_INPUT
            else:
                right = INCOMPLETE if missing_from(built_in(), answers) and not goes_on else DONE
            _check(said, right, path)
            expect(bool(said.out) == (right == DONE), "a result and only where there is one")

    return f"answers: {broken.kind}", attempt


def scenario_file(random: Random, place: Path) -> tuple[str, Callable[[], None]]:
    """`test` of a broken scenario."""
    broken = broken_file(random, random.choice(SCENARIOS).read_bytes())

    def attempt() -> None:
        with _written(place / broken.name, broken.data) as path:
            said = call("test", path)
            data = _parsed(broken) or {}
            sound = sound_answers(data) is not None and sound_expectation(data.get("expect"))
            right = WRONG_INPUT if not sound else FAILED if "FAILED" in said.out else DONE
            _check(said, right, path)
            expect(("1 unreadable" in said.out) != sound, "counted as unreadable")

    return f"scenarios: {broken.kind}", attempt


def valid_answers(random: Random, place: Path) -> tuple[str, Callable[[], None]]:
    """`run` of random valid answers: complete or not, and as urgent as a plain reading says."""
    answers = plain.random_answers(random)
    level = plain.read(answers).shown["disposition"]
    as_text = random.random() < 0.2

    def attempt() -> None:
        engine = built_in()
        complete = not missing_from(engine, answers)
        with _written(place / "file.toml", as_toml(answers, engine.rulebase).encode()) as path:
            if not complete or as_text:
                _check(call("run", path), DONE if complete else INCOMPLETE, path)
            said = call("run", path, "--format", "json", *(["--partial"] if not complete else []))
            _check(said, DONE, path)
            result = json.loads(said.out)
            expect(result["disposition"] == level, f"{result['disposition']}, but {level} as read plainly")
            expect(result["complete"] == complete, "complete or not")

    return f"valid: {level}", attempt


def _check(said: Said, right: int, path: Path) -> None:
    """The exit code, that every message names the file, and that nothing drives the terminal."""
    expect(said.code == right, f"exit code {said.code}, not {right}: {said.err[:200]!r}")
    expect(is_clean(said.out + said.err), "prints control characters")
    expect(bool(said.err) == (right in (WRONG_INPUT, INCOMPLETE)), f"messages: {said.err[:200]!r}")
    for line in said.err.splitlines():
        expect(line.startswith(printable(str(path))) or _TOTAL.match(line), f"does not name the file: {line[:200]!r}")


@contextmanager
def _written(path: Path, data: bytes) -> Iterator[Path]:
    path.write_bytes(data)
    yield path
    path.unlink()


def _parsed(broken: Broken) -> dict[str, Any] | None:
    """What is in the file; None where it cannot be read."""
    if broken.kind == "long_dotted_key" or len(broken.data) > LARGEST:
        return None  # tomllib would take hours
    try:
        data = tomllib.loads(broken.data.decode("utf-8-sig"))
        return None if _is_extreme(data) else data
    except (ValueError, RecursionError):
        return None


def _is_extreme(data: Any, depth: int = 0) -> bool:
    """More levels or larger whole numbers than the program reads."""
    if isinstance(data, dict | list):
        inside = data.values() if isinstance(data, dict) else data
        return depth >= DEEPEST or any(_is_extreme(item, depth + 1) for item in inside)
    return isinstance(data, int) and not -(2**64) < data < 2**64


def sound_answers(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answers in a file, as read plainly; None where anything in it is wrong."""
    answers = data.get("answers")
    if not isinstance(answers, dict) or not set(data) <= {"title", "saved", "answers", "expect"}:
        return None
    if type(data.get("saved", date.today())) is not date:
        return None
    if not isinstance(data.get("title", ""), str) or not isinstance(data.get("expect", {}), dict):
        return None
    questions = plain.rules().questions
    if not all(name in questions and _is_answer(questions[name], value) for name, value in answers.items()):
        return None
    if any(plain.passed_limit(name, value, answers) for name, value in answers.items()):
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in answers.items()}


def _is_answer(question: Mapping[str, Any], value: Any) -> bool:
    ids = [option["id"] for option in question.get("option", [])]
    if question["kind"] == "many":
        texts = isinstance(value, list) and value and all(isinstance(item, str) for item in value)
        if not texts or len(set(value)) < len(value) or not set(value) <= set(ids):
            return False
        return len(value) == 1 or not any(o.get("exclusive") and o["id"] in value for o in question["option"])
    if isinstance(value, str):
        return value in ids
    number = question["kind"] == "number" and isinstance(value, int) and not isinstance(value, bool)
    return number and question["min"] <= value <= question["max"]


def sound_expectation(expected: Any) -> bool:
    """Whether an [expect] table can be compared with a result."""
    return isinstance(expected, dict) and bool(expected) and all(_is_expected(*field) for field in expected.items())


def _is_expected(field: str, value: Any) -> bool:
    if field in ("see_doctor", "pharmacist", "safety_net", "complete"):
        return isinstance(value, bool)
    kinds = _ids()
    if field == "disposition":
        return isinstance(value, str) and value in kinds[field]
    known = kinds.get(field.removeprefix("not_"))
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return known is not None and field != "not_disposition" and texts and set(value) <= known


@cache
def _ids() -> dict[str, set[str]]:
    rules = plain.rules()
    advice = {kind: {a["id"] for a in rules.advice if a["kind"] == kind} for kind in ("relief", "prevention", "do_not")}
    return {
        **advice,
        "disposition": {level["id"] for level in rules.ladder},
        "red_flags": {flag["id"] for flag in rules.red_flags},
        "causes": {c["id"] for c in rules.causes if c["group"] != "check"},
        "needs_checking": {c["id"] for c in rules.causes if c["group"] == "check"},
        "myths": {a["id"] for a in rules.advice if a["kind"] == "myth"},
        "replies": {a["id"] for a in rules.advice if a["kind"] == "reply"},
        "withheld": {a["id"] for a in rules.advice},
        "checks": {c["id"] for c in rules.checks},
        "notes": {n["id"] for n in rules.notes},
        "first_notes": {n["id"] for n in rules.notes},
        "missing": set(rules.questions),
    }


# --- rules


class RuleFolder:
    """A copy of a sound rule base, in which one file at a time is broken."""

    def __init__(self, sound: Path, copy: Path) -> None:
        load(sound)  # breaking what is broken would try nothing
        self.path = Path(shutil.copytree(sound, copy, ignore=shutil.ignore_patterns("*.md")))
        self.files = {path: path.read_bytes() for path in sorted(copy.rglob("*.toml"))}
        questions = tomllib.loads((sound / "questions.toml").read_text("utf-8"))["question"]
        self.answers = copy.with_suffix(".answers")
        self.answers.write_text(
            "[answers]\n" + "".join(f"{q['id']} = {_first_answer(q)}\n" for q in questions), "utf-8"
        )

    @contextmanager
    def broken(self, file: Path, data: bytes) -> Iterator[None]:
        file.write_bytes(data)
        yield
        file.write_bytes(self.files[file])


def _first_answer(question: Mapping[str, Any]) -> str:
    if question["kind"] == "number":
        return str(question["max"] // 2)
    alone = [o["id"] for o in question["option"] if o.get("exclusive")]
    return f'["{alone[0]}"]' if question["kind"] == "many" else f'"{question["option"][-1]["id"]}"'


def rule_file(random: Random, rules: RuleFolder) -> tuple[str, Callable[[], None]]:
    """`check` of a rule base with one broken file, and one other command with it."""
    file = random.choice(list(rules.files))
    broken = broken_file(random, rules.files[file])
    other = random.choice([["rules"], ["rules", "rub"], ["relief"], ["run", rules.answers]])

    def attempt() -> None:
        with rules.broken(file, broken.data):
            checked = call("check", "--rules", rules.path)
            expect(checked.code in (DONE, FAILED), f"check: exit code {checked.code}: {checked.err[:200]!r}")
            expect(checked.code == FAILED or _parsed(broken) is not None, "not TOML, but check is content")
            _check_rules(checked.out if checked.code else "", checked, rules)
            said = call(*other, "--rules", rules.path)
            _check_rules("" if NO_SUCH_ID in said.err else said.err, said, rules)
            _check_other(other[0], said.code, checked.code)

    return f"rules: {broken.kind}", attempt


def _check_rules(messages: str, said: Said, rules: RuleFolder) -> None:
    expect(is_clean(said.out + said.err), "prints control characters")
    for line in messages.splitlines():
        expect(_names_a_file(line, rules) or _TOTAL.match(line), f"does not name the file: {line[:200]!r}")


def _names_a_file(line: str, rules: RuleFolder) -> bool:
    own = (f"{rules.path.name}/", f"{rules.path.name}: ", str(rules.path), str(rules.answers))
    return line.startswith(own) or re.match(r"[\w/*]+\.toml: ", line) is not None


def _check_other(command: str, code: int, checked: int) -> None:
    """What a sound rule base allows every command, and what a broken one forbids."""
    allowed = {"rules": (DONE, WRONG_INPUT), "relief": (DONE, WRONG_INPUT), "run": (DONE, WRONG_INPUT, INCOMPLETE)}
    expect(code in allowed[command], f"{command}: exit code {code}")
    if command == "relief":
        expect(checked == FAILED or code == DONE, "relief refuses what check accepts")
