"""What breaks programs from outside: broken files, kills, full disks, the network, escape sequences.

The fuzzers and kills of tests/reliability run a sample here; `python tests/evidence.py` runs the
full counts. Every failure that they have found has a test of its own below.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import evidence
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reliability import fuzz, kills, many
from reliability.broken_files import BREAKS, LARGE, broken_file
from reliability.calls import Said, call, is_clean, quick_engine
from reliability.fuzz import TINY
from reliability.result import Result
from terminal import CTRL_C, ENTER, Terminal

from triage.cli.console import DONE, FAILED, INCOMPLETE, STOPPED, WRONG_INPUT
from triage.cli.formats import FORMATS
from triage.knowledge.faults import MOST_FAULTS, Fault, FaultyInput
from triage.knowledge.rule_files import LAYOUT
from triage.knowledge.rulebase import load

SEED = 20  # of the samples
EMERGENCY = '[answers]\nstart = "me"\ndanger = ["d_breath"]\n'
BEGUN = '[answers]\nstart = "me"\n'


def assert_sound(result: Result, count: int) -> None:
    assert (result.count, result.by_kind.total()) == (count, count)
    assert not result.failures, "\n".join(map(str, result.failures[:20]))


# --- samples of what is run in full by tests/evidence.py


def test_a_sample_of_broken_files() -> None:
    assert_sound(fuzz.run(90, SEED), 90)


def test_a_sample_of_valid_answers() -> None:
    assert_sound(fuzz.run_valid(40, SEED), 40)


def test_a_sample_of_answer_sets_for_the_tables() -> None:
    assert_sound(many.run(60, SEED), 60)


def test_tables_that_are_wrong_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = many.by_the_engine(many.built_in(), {})
    monkeypatch.setattr(many, "by_the_engine", lambda *_: nobody)
    assert len(many.run(5, SEED).failures) == 5


def test_a_sample_of_kills() -> None:
    assert_sound(kills.run(2, SEED), 2)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", LARGE)
def test_every_kind_of_large_file(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reliability.broken_files.LARGE", {kind: LARGE[kind]})
    monkeypatch.setattr("reliability.broken_files.EVERY_LARGE", 1)
    monkeypatch.setattr("reliability.broken_files._size", lambda _: 300_000)  # the full counts have millions
    assert_sound(fuzz.run(3, SEED), 3)  # an answer, a scenario and a rule file


def test_the_same_seed_breaks_the_same_files_in_every_way() -> None:
    from random import Random

    sound = (TINY / "questions.toml").read_bytes()
    some = [broken_file(Random(n), sound) for n in range(400)]
    assert some == [broken_file(Random(n), sound) for n in range(400)]
    assert {broken.kind for broken in some} >= {*BREAKS, "several"}
    for kind, break_ in BREAKS.items():
        assert any(break_(Random(n), sound) != sound for n in range(5)), kind


class Clumsy:
    """Stands for the program, and does one thing wrong."""

    def __init__(self, *said: Said, error: BaseException | None = None) -> None:
        self.said, self.error = said, error

    def __call__(self, *words: object) -> Said:
        if self.error:
            raise self.error
        code, out, err = self.said[0]
        return Said(code, out, err.format(path=words[1]))


@pytest.mark.parametrize(
    ("clumsy", "why"),
    [
        (Clumsy(error=RecursionError("too deep")), "RecursionError"),
        (Clumsy(error=SystemExit(1)), "SystemExit"),
        (Clumsy(Said(DONE, "fine", "")), "exit code 0, not 2"),
        (Clumsy(Said(WRONG_INPUT, "", "something is wrong")), "does not name the file"),
        (Clumsy(Said(WRONG_INPUT, "", "{path}: \x1b[2J")), "control characters"),
        (Clumsy(Said(WRONG_INPUT, "", "")), "messages"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_fuzzer_notices(clumsy: Clumsy, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "call", clumsy)
    monkeypatch.setattr("reliability.broken_files.BREAKS", {"nothing": lambda *_: b"not TOML"})
    monkeypatch.setattr("reliability.broken_files.EVERY_LARGE", 10**9)
    failures = fuzz.run(1, SEED).failures
    assert len(failures) == 1
    assert why in failures[0].why


def test_the_fuzzer_notices_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> Said:
        while True:
            pass

    monkeypatch.setattr("reliability.result.CPU_SECONDS", 0.05)
    monkeypatch.setattr(fuzz, "call", busy)
    assert [failure.why for failure in fuzz.run(1, SEED).failures] == ["hangs"]


# --- any value in any field of a rule base

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["none", "breath", "years", "call", ">=60", "1-0"]
)
ATOMS = TEXTS | st.integers(-(2**70), 2**70) | st.booleans() | st.floats()
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.sampled_from(["all", "id"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    (path.relative_to(TINY).as_posix(), found.span())
    for path in sorted(TINY.rglob("*.toml"))
    for found in re.finditer(r"(?m)^\w+ = (.+)$", path.read_text("utf-8"))
]


def as_toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml_value(k)} = {as_toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml_value, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value) + '"'
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(FIELDS), value=VALUES)
def test_any_value_in_any_field_is_read_or_refused(field: tuple[str, tuple[int, int]], value: Any, tiny: Path) -> None:
    file, (start, end) = field
    sound = (TINY / file).read_text("utf-8")
    key = sound[start:end].split(" = ")[0]
    (tiny / file).write_text(f"{sound[:start]}{key} = {as_toml_value(value)}{sound[end:]}", "utf-8")
    told: tuple[Fault, ...] = ()
    try:
        load(tiny)
    except FaultyInput as error:
        told = error.faults
    finally:
        (tiny / file).write_text(sound, "utf-8")
    assert all(re.match(r"[\w/*]+(\.toml)?(:\d+)?: ", str(fault)) and is_clean(str(fault)) for fault in told)


def test_the_small_rule_base_is_sound_and_has_an_entry_of_each_kind() -> None:
    said = call("check", "--rules", TINY)
    assert said.code == DONE, f"tests/reliability/tiny_rules needs what rule bases need now:\n{said.out}"
    files = {name: re.findall(r"(?m)^\[+([\w.]+)", (TINY / name).read_text("utf-8")) for name, _ in FIELDS}
    assert {table for tables in LAYOUT.values() for table in tables} <= {
        name for names in files.values() for name in names
    }


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the small rule base."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


# --- failures that were found, each with the file that brought it about


def repeated(text: str, size: int = 400_000) -> str:
    return text * (size // len(text))


FOUND = {
    "a number of thousands of digits": "[answers]\n[expect]\ndisposition = 0x" + "f" * 5000,
    "a key of a million parts": f"[answers]\n{repeated('a.', 4_000_000)}a = 1",
    "a key of a million quoted parts": f"[answers]\n{repeated(chr(34) * 2 + ' . ', 4_000_000)}a = 1",
    "a header of a million parts": f"[answers.{repeated('a.', 4_000_000)}a]",
    "a line of blanks within a list": f"[answers]\nx = [\n[1{repeated(' ')}, 2],\n]",
    "a list of many unknown options": f"[answers]\nbefore = [{repeated('{}, '.format(chr(34) + 'x' + chr(34)), 4_000_000)}]",
    "a hundred thousand unknown questions": "[answers]\n" + "".join(f"k{n} = 1\n" for n in range(100_000)),
    "a hundred thousand unknown expectations": "[answers]\n[expect]\n" + "".join(f"k{n} = 1\n" for n in range(100_000)),
    "a text of megabytes for an option": f'[answers]\nside = "{repeated("left", 4_000_000)}"',
    "a level too deep": "[answers]\nage = " + "[" * 39 + "]" * 39,
    "deep tables": f"[answers]\nage = {'{a = ' * 60}1{'}' * 60}",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("command", ["run", "test"])
@pytest.mark.parametrize("name", FOUND)
def test_what_once_broke_a_reader_is_told(name: str, command: str, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_text(FOUND[name])
    with quick_engine(), fuzz.no_hang():
        said = call(command, path)
    if command == "run" and "[expect]" in FOUND[name] and "disposition" not in FOUND[name]:
        assert said.code == INCOMPLETE  # `run` leaves [expect] alone
        return
    assert said.code == WRONG_INPUT
    lines = said.err.splitlines()
    assert all(line.startswith(str(path)) or re.match(r"\d+ faults$", line) for line in lines)
    assert len(lines) <= MOST_FAULTS + 2
    assert max(map(len, lines)) < 2000


def changed(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    new_text, count = re.subn(old, lambda _: new, text, count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(new_text, "utf-8")


CASES = ", ".join(f'["{name}"]' for name in ["breath", "cold"] * 60)
FOUND_IN_RULES = {
    "options that are no list": (
        "questions.toml",
        r'(?s)\[\[question\.option\]\]\nid = "breath".*?(?=\[q\w+\.clarify)',
        "option = 5\n",
    ),
    "a number of thousands of digits": ("questions.toml", r"^max = 120$", "max = 0x" + "f" * 5000),
    "an example that stands for millions": (
        "red_flags/all.toml",
        r"\{ years = 59",
        f"{{ years = {[*range(99)]}, now = [{CASES}]",
    ),
    "a line of brackets where examples are": ("red_flags/all.toml", r"^fires = .*$", f"fires = [{repeated('{')}"),
    "a rule of deep cells": ("red_flags/all.toml", r"^when = .*$", f"when = {'[' * 45}{']' * 45}"),
    "relief in another file": ("advice/relief.toml", r"\Z", (TINY / "advice" / "relief_now.toml").read_text("utf-8")),
}


@pytest.mark.parametrize("name", FOUND_IN_RULES)
def test_what_once_broke_the_loader_is_told(name: str, tiny: Path) -> None:
    file, old, new = FOUND_IN_RULES[name]
    changed(tiny, file, old, new)
    with fuzz.no_hang():
        said = call("check", "--rules", tiny)
    assert (said.code, said.err) == (FAILED, "")
    assert any(line.startswith(f"tiny/{file}") for line in said.out.splitlines())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"^title = .*$", "title = 5"),
        (r"^after = .*$", "after = 5"),
        (r"^steps = .*$", 'steps = ["\\u001b[2J"]'),
        (r"^title = .*$", f"title = {'[' * 2000}"),
        (r"^title = .*$", f"title = 'x'\n{repeated('a.', 4_000_000)}a = 1"),
        (r"^\[relief_now\]$", "[[relief_now]]"),
    ],
)
def test_what_once_broke_relief_is_told(old: str, new: str, tiny: Path) -> None:
    changed(tiny, "advice/relief_now.toml", old, new)
    with fuzz.no_hang():
        said = call("relief", "--rules", tiny)
    assert (said.code, said.out) == (WRONG_INPUT, "")
    assert said.err.startswith(str(tiny / "advice" / "relief_now.toml"))


def test_relief_reads_what_the_loader_reads(tiny: Path) -> None:
    path = tiny / "advice" / "relief_now.toml"
    shown = call("relief", "--rules", tiny)
    assert shown.code == DONE
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"#" * 100_000)
    assert call("relief", "--rules", tiny) == shown
    assert call("check", "--rules", tiny).code == DONE


# --- nothing raw on the terminal

ESCAPES = {"escape": "\\u001b]0;x\\u0007", "one byte": "\\u009b31m", "raw": "\x9b31m", "turned round": "\\u202e"}
TEXT_FIELDS = [
    (path.relative_to(TINY).as_posix(), found[1])
    for path in sorted(TINY.rglob("*.toml"))
    for found in re.finditer(r'(?m)^(\w+ = ")[A-Z][^"]*"$', path.read_text("utf-8"))
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("escape", ESCAPES)
def test_no_text_of_a_rule_file_can_drive_the_terminal(escape: str, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text('[answers]\nwho = "self"\nyears = 20\nnow = ["cold"]\ntime = "night"\n')
    for file, start in dict.fromkeys(TEXT_FIELDS):
        before = (tiny / file).read_text("utf-8")
        changed(tiny, file, f"^{start}", start + ESCAPES[escape])
        for words in (["check"], ["rules"], ["rules", "rub"], ["run", tmp_path / "answers.toml"], ["relief"]):
            said = call(*words, "--rules", tiny)
            assert is_clean(said.out + said.err), (file, start, words)
            assert words == ["relief"] or said.code in (FAILED, WRONG_INPUT), (file, start, words)
        (tiny / file).write_text(before, "utf-8")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ["a\x1b[2J.toml", "\x9b31m.toml", "\u202etxt.toml", "two\nlines.toml", "\udcff.toml"])
def test_no_file_name_can_drive_the_terminal(name: str, form: str, tmp_path: Path) -> None:
    for text in (EMERGENCY, BEGUN, "not TOML", 'title = "\\u009b31m\\u001b[2J"\n' + EMERGENCY):
        path = tmp_path / name
        path.write_text(text)
        with quick_engine():
            for words in (["run", path], ["run", path, path], ["test", path], ["--plain", "--answers", path]):
                said = call(*words, *(["--format", form] if words[0] != "test" else []))
                assert is_clean(said.out + said.err), words
                if form == "json" and said.out and words[0] == "run":
                    assert (
                        all(json.loads(line) for line in said.out.splitlines())
                        if len(words) == 3
                        else json.loads(said.out)
                    )


def test_no_word_of_the_command_line_can_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with quick_engine():
        assert call("rules", "\x1b[2J").code == WRONG_INPUT
        assert is_clean(call("rules", "\x1b[2J").err)
        assert is_clean(call("run", "\x1b[2J").err)
    with pytest.raises(SystemExit):
        call("run", "a", "--\x1b[2J")
    assert is_clean(capsys.readouterr().err)


# --- where files are written

REPLIES = "2\n1\n\n"  # for oneself; breathless; leave


def child(
    *words: object, typed: str = "", prepare: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which leaves no compiled module: on a full disk it would be half of one."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "triage", *map(str, words)],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        check=False,
        preexec_fn=prepare,
        timeout=300,  # a hang must not hang the tests
    )


def little_room() -> None:
    """Files may hold 20 bytes: as on a disk that becomes full while a file is written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))


def bound_by_permissions() -> None:
    """Root, who may run these tests, must not write where the rights of a folder forbid it.

    Takes CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH out of what the next program can get.
    """
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):
            if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "cannot drop a capability")


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Answers of before."""
    path = tmp_path / "kept.toml"
    path.write_text(BEGUN)
    return path


def test_a_disk_that_is_full_leaves_the_earlier_answers(earlier: Path) -> None:
    done = child("--plain", "--answers", earlier, "--save", earlier, typed="1\n\n", prepare=little_room)
    assert f"{earlier}: this answer could not be saved: File too large" in done.stderr
    assert earlier.read_text() == BEGUN
    assert os.listdir(earlier.parent) == [earlier.name]
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_leaves_the_earlier_result(earlier: Path, tmp_path: Path) -> None:
    (tmp_path / "result").write_text("before")
    (tmp_path / "answers.toml").write_text(EMERGENCY)
    done = child("run", tmp_path / "answers.toml", "--output", tmp_path / "result", prepare=little_room)
    assert (done.returncode, done.stderr) == (
        WRONG_INPUT,
        f"{tmp_path / 'result'}: LCT603 cannot be written: File too large\n",
    )
    assert (tmp_path / "result").read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == ["answers.toml", earlier.name, "result"]


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder in which nothing can be made, with answers and a result of before."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "kept.toml").write_text(BEGUN)
    folder.chmod(0o500)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("words", [["--plain", "--save"], ["--plain", "--output"], ["run", "{answers}", "--output"]])
def test_a_folder_that_cannot_be_written_in_is_told(words: list[str], locked: Path, tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(EMERGENCY)
    given_words = [word.format(answers=tmp_path / "answers.toml") for word in words]
    done = child(*given_words, locked / "new", typed=REPLIES, prepare=bound_by_permissions)
    assert done.returncode == WRONG_INPUT
    assert done.stderr.startswith(f"{locked / 'new'}: LCT603 cannot be written")
    assert "of about" not in done.stderr
    assert os.listdir(locked) == ["kept.toml"]


def test_answers_in_a_folder_that_cannot_be_written_in_are_untouched(locked: Path) -> None:
    kept = locked / "kept.toml"
    done = child("--plain", "--answers", kept, "--save", kept, typed=REPLIES, prepare=bound_by_permissions)
    assert done.returncode == WRONG_INPUT
    assert done.stderr.startswith(f"{kept}: LCT603 cannot be written")
    assert kept.read_text() == BEGUN


@pytest.mark.parametrize("option", ["--save", "--output"])
def test_a_folder_in_place_of_the_file_is_told(option: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    done = child("--plain", option, tmp_path / "there", typed=REPLIES)
    assert done.returncode == WRONG_INPUT
    assert done.stderr.startswith(f"{tmp_path / 'there'}: ")
    assert "of about" not in done.stderr
    assert os.listdir(tmp_path / "there") == []


@pytest.mark.parametrize("target", ["folder/kept.toml", "folder/new.toml", "nowhere/kept.toml", "loop"])
def test_a_link_is_followed_or_told(target: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept.toml").write_text(BEGUN)
    loop, link = tmp_path / "loop", tmp_path / "link"
    loop.symlink_to(loop)
    link.symlink_to(tmp_path / target)
    earlier = ["--answers", link] if link.exists() else []
    typed = REPLIES if not earlier else REPLIES.removeprefix("2\n")
    done = child("--plain", *earlier, "--save", link, typed=typed)
    assert "Traceback" not in done.stderr
    assert link.is_symlink()
    if target.startswith("folder"):
        assert done.returncode == DONE
        assert (tmp_path / target).read_text().endswith(BEGUN + 'danger = ["d_breath"]\n')
        assert stat.S_IMODE((tmp_path / target).stat().st_mode) == 0o600
    else:
        assert done.returncode == WRONG_INPUT
        assert done.stderr.startswith(f"{link}: LCT603")


def test_a_result_takes_the_place_of_a_link_to_nowhere_only_there(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(EMERGENCY)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    done = child("run", tmp_path / "answers.toml", "--output", tmp_path / "loop")
    assert (done.returncode, done.stdout) == (WRONG_INPUT, "")
    assert (tmp_path / "loop").is_symlink()


@pytest.mark.parametrize(
    "words",
    [
        ["run", "{answers}", "--output", "{new}"],
        ["run", "{answers}", "--format", "json", "--output", "{new}"],
        ["--plain", "--save", "{new}"],
        ["--plain", "--answers", "{answers}", "--output", "{new}"],
    ],
    ids=" ".join,
)
def test_whatever_is_written_is_for_its_owner_only(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text(EMERGENCY)
    new = tmp_path / "new"
    given_words = [word.format(answers=tmp_path / "answers.toml", new=new) for word in words]
    child(*given_words, typed=REPLIES, prepare=lambda: os.umask(0) and None)
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["answers.toml", "new"]


# --- no network, ever

# What a command does with a socket ends it. prompt_toolkit wakes itself through a pair of
# sockets that lead nowhere; only those are let through.
WATCHED = """
import os, socket, sys
def watch(event, words):
    if event.startswith("socket.") and not (event == "socket.__new__" and words[1] == socket.AF_UNIX):
        os.write(2, f"network: {event}".encode())
        os._exit(99)
sys.addaudithook(watch)
"""
OFFLINE = f"{WATCHED}\nfrom triage.cli.main import main\nsys.exit(main(sys.argv[1:]))"


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["relief"], DONE),
        (["run", "{folder}/emergency.toml", "{folder}/emergency.toml"], DONE),
        *((["run", "--format", name, "{folder}/emergency.toml"], DONE) for name in FORMATS),
        (["export", "fhir", "--output", "{folder}/form"], DONE),
        (["export", "xlsform", "--output", "{folder}/form.xlsx"], DONE),
        (["demo"], DONE),
        (["run", "--partial", "--output", "{folder}/result", "{folder}/begun.toml"], DONE),
        (["run", "{folder}/begun.toml", "{folder}/nowhere.toml"], WRONG_INPUT),
        (["test", "{folder}/emergency.toml"], WRONG_INPUT),
        (["test", "{scenario}"], DONE),
        (["run", "{folder}/emergency.toml", "--explain", "--why-not", "stretch-calf"], DONE),
        (["what-if", "{folder}/begun.toml"], DONE),
        (["batch", "{folder}/in", "{folder}/out"], INCOMPLETE),
        (["rules"], DONE),
        (["rules", "one-leg-swollen"], DONE),
        (["rules", "--book", "--output", "{folder}/book"], DONE),
        (["check"], DONE),
        (["--plain"], DONE),
        (["ask", "--plain", "--answers", "{folder}/begun.toml", "--save", "{folder}/kept.toml"], DONE),
        (["--version"], DONE),
        (["--help"], DONE),
        (["nonsense"], WRONG_INPUT),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_no_command_uses_the_network(words: list[str], code: int, tmp_path: Path) -> None:
    (tmp_path / "emergency.toml").write_text(EMERGENCY)
    (tmp_path / "begun.toml").write_text(BEGUN)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rows.csv").write_text("age\n34\n")
    places = {"folder": tmp_path, "scenario": fuzz.SCENARIOS[0]}
    done = watched(OFFLINE, *(word.format_map(places) for word in words))
    assert "network" not in done.stderr
    assert done.returncode == code, done.stderr


def watched(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Python code in a process of its own, with answers to type that are an emergency."""
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        input="2\n1\n\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def test_an_interview_in_a_terminal_does_not_use_the_network() -> None:
    with Terminal(program=["-c", OFFLINE]) as terminal:
        terminal.wait_for("Who is this about?", "leave")
        terminal.type(f"2{ENTER}")
        terminal.wait_for("last days?", "leave")
        assert terminal.stop(CTRL_C) == STOPPED
        assert "network" not in terminal.raw


@pytest.mark.parametrize(
    "use",
    [
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 9)",
        "socket.socketpair()[0].connect('/nowhere')",
        "__import__('urllib.request').request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_the_watch_on_the_network_notices(use: str) -> None:
    assert watched(f"{WATCHED}\n{use}").returncode == 99


# --- the evidence

EVIDENCE = Path(__file__).parent.parent / "docs" / "evidence.md"


def test_the_evidence_has_all_of_its_parts() -> None:
    text = EVIDENCE.read_text("utf-8")
    headings = re.findall(r"(?m)^## (.+)$", text)
    assert headings == ["Figures", "How", "Kinds", "What it has not been tested for"]
    assert re.search(r"(?m)^- Date: \d{4}-\d\d-\d\d$", text)
    assert re.search(r"(?m)^- Rules: \d+\.\d+\.\d+, sha256 [0-9a-f]{64}$", text)
    assert re.search(r"(?m)^- Python: 3\.\d+\.\d+$", text)
    rows = re.findall(r"(?m)^\| .+ \| (?:[\d,]+|not run.*) \| \d* \|$", text.split("\n## ")[1])
    assert len(rows) >= 10


@pytest.fixture
def small_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run of next to nothing; rules and scenarios are run elsewhere."""
    monkeypatch.setattr(evidence, "rule_rows", lambda _: [])
    monkeypatch.setattr(evidence, "scenario_rows", lambda _: [])
    monkeypatch.setattr(evidence, "proof_rows", lambda _: [])
    monkeypatch.setattr(evidence, "atheris_row", lambda *_: evidence.Row("atheris", evidence.NOT_RUN))
    return ["--fuzz", "30", "--valid", "3", "--tables", "5", "--skewed", "5", "--kills", "1", "--jobs", "1"]


@pytest.mark.nightly
def test_evidence_is_written_by_a_command(small_run: list[str], tmp_path: Path) -> None:
    path = tmp_path / "docs" / "evidence.md"
    assert evidence.main([*small_run, "--output", str(path)]) == DONE
    text = path.read_text("utf-8")
    assert load().sha256 in text
    assert "| Broken answer, scenario and rule files | 30 |" in text
    assert str(Path.home()) not in text
    assert os.uname().nodename not in text


@pytest.mark.nightly
def test_no_evidence_is_written_where_something_failed(
    small_run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = evidence.Row("proofs", "1", None, ("a proof failed",))
    monkeypatch.setattr(evidence, "proof_rows", lambda _: [failed])
    assert evidence.main([*small_run, "--output", str(tmp_path / "evidence.md")]) == FAILED
    assert not list(tmp_path.iterdir())
    assert "a proof failed" in capsys.readouterr().err
