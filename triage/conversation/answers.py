"""Answer files in and out: read, checked as if typed, and written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from triage.conversation.interview import assess_so_far
from triage.knowledge.faults import MOST_FAULTS, Fault, Faults, FaultyInput, allowed
from triage.knowledge.grammar import as_facts, read_answer, valid_part
from triage.knowledge.model import Answer, Answers, Question, RuleBase
from triage.knowledge.toml_file import TomlFile, read_bytes
from triage.reasoning.engine import Engine
from triage.reasoning.results import UNLESS

TITLE, SAVED, ANSWERS, TICKED, EXPECT = "title", "saved", "answers", "ticked", "expect"
_FIELDS: dict[str, tuple[type, str, str]] = {  # beside the answers: what each must be, in words, and a hint
    TITLE: (str, "text in quotes", ""),
    SAVED: (date, "a day", "like saved = 2026-01-31"),
    EXPECT: (dict, "a table", "like [expect]"),
}


class AnswerFile(NamedTuple):
    """An answer file; `expect` is what a scenario says must follow (empty in plain files).

    `saved` is the day on which an interview wrote it; None where it says none. `ticked` are signs on lists that were not
    finished when it was stopped: they count, and the lists are asked again. `toml` is None
    for a FHIR response. `remarks` are to be told with its result, and `others` are fields that
    are not the answers' and would be lost if the answers were saved in its place.
    """

    name: str
    title: str
    answers: Answers
    expect: Mapping[str, Any]
    saved: date | None
    toml: TomlFile | None
    remarks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    ticked: Answers = {}


def read_toml(path: Path, rulebase: RuleBase) -> AnswerFile:
    """Read and check a TOML file. Raises FaultyInput with every fault, its place and what is allowed."""
    return parse_toml(str(path), read_bytes(path, str(path)), rulebase)


def parse_toml(name: str, raw: bytes, rulebase: RuleBase) -> AnswerFile:
    """The same of what is in a file; `name` is used in messages. Raises FaultyInput."""
    try:
        toml = TomlFile(name, raw)
    except FaultyInput as error:
        raise FaultyInput(error.faults, _signs_in(raw, rulebase)) from None
    answers, wrong = read_answers(toml, rulebase)
    ticked, too = read_answers(toml, rulebase, TICKED) if TICKED in toml.data else ({}, [])
    faults = [*wrong, *too]
    known = (TITLE, SAVED, ANSWERS, TICKED, EXPECT)
    for key in [key for key in toml.data if key not in known][:MOST_FAULTS]:
        faults.append(Fault(name, toml.line(key), f'unknown field "{key}"', allowed(key, known), code="LCT411"))
    for key, (kind, must, hint) in _FIELDS.items():
        if key in toml.data and type(toml.data[key]) is not kind:  # a time of a day is a date, too
            faults.append(Fault(name, toml.line(key), f"{key}: must be {must}", hint, code="LCT412"))
    if faults:
        raise FaultyInput(faults, {**answers, **ticked})
    title, saved, expect = toml.data.get(TITLE, ""), toml.data.get(SAVED), toml.data.get(EXPECT, {})
    return AnswerFile(name, title, answers, expect, saved, toml, (), (f"[{EXPECT}]",) if expect else (), ticked)


def _signs_in(raw: bytes, rulebase: RuleBase) -> Answers:
    """The signs in a file that is not TOML, by the words behind the names of questions."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in raw.decode(errors="replace").splitlines():
        words = line.partition("#")[0]
        if begins := re.match(r"""\s*["']?(\w+)["']?\s*=""", words):
            name, words = begins[1], words[begins.end() :]
        elif words.lstrip().startswith("["):  # the head of a table, or a line of a list in a list
            name = ""
        if name in rulebase.questions:
            found.setdefault(name, []).append(words)
    parts = {name: valid_part(question, found.get(name, [])) for name, question in rulebase.questions.items()}
    return {name: part for name, part in parts.items() if part is not None}


def read_answers(toml: TomlFile, rulebase: RuleBase, table: str = ANSWERS) -> tuple[Answers, list[Fault]]:
    """The answers in a table of a parsed file, in asking order, and what is wrong with them.

    Raises FaultyInput where nearly everything is wrong.
    """
    raw = toml.data.get(table)
    if not isinstance(raw, dict):
        what = f"no [{table}] table" if raw is None else f"write [{table}] as a table"
        return {}, [Fault(toml.name, toml.line(table), what, f"like [{table}] and age = 70 below", code="LCT410")]
    return check_answers(raw, rulebase, toml.name, lambda name: toml.line(table, key=name))


def check_answers(
    raw: Mapping[str, Any], rulebase: RuleBase, source: str, line_of: Callable[[str], int] = lambda _: 0
) -> tuple[Answers, list[Fault]]:
    """Answers as they were given, checked: in asking order, and what is wrong with them.

    Of what is wrong the signs that can be read stand among the answers: no fault hides a danger sign. `source` and
    the line of an answer (0: none) stand in the faults. Raises FaultyInput where nearly everything is wrong, or where
    the answers are to an earlier version's questions.
    """
    if gone := [name for name in raw if name in rulebase.saved.gone]:
        raise FaultyInput([Fault(source, line_of(gone[0]), rulebase.saved.gone_say, code="LCT413")])
    readable = {name: _readable(q, raw[name]) for name, q in rulebase.questions.items() if name in raw}
    known = {name: answer for name, answer in readable.items() if answer is not None}
    facts, faults = as_facts(known, rulebase.bands), Faults()
    try:
        for name, value in raw.items():
            add = partial(_add, faults, source, line_of(name))
            if name not in rulebase.questions:
                add("LCT401", f'unknown question "{name}"', allowed(name, rulebase.questions))
                continue
            read_answer(rulebase.questions[name], value, add)
            limit, number = rulebase.questions[name].limit(facts), known.get(name)
            if limit and isinstance(number, int) and not limit.allows(number):
                add("LCT407", f"{name}: {number} does not go with the other answers", limit.say)
    except FaultyInput as error:
        raise FaultyInput(error.faults, known) from None
    return known, faults


def _add(faults: Faults, source: str, line: int, code: str, what: str, hint: str) -> None:
    faults.append(Fault(source, line, what, hint, code))


def _readable(question: Question, value: Any) -> Answer | None:
    """An answer, or what can be read of one that is not sound; None where that is nothing."""
    answer = read_answer(question, value, lambda *_: None)
    return valid_part(question, value) if answer is None else answer


def as_toml(
    answers: Answers, rulebase: RuleBase, title: str = "", saved: date | None = None, ticked: Answers | None = None
) -> str:
    """An answer file's text, in asking order. Reading it gives the same title, day, answers and unfinished lists."""
    head = [f"{TITLE} = {_quoted(title)}"] if title else []
    head += [f"{SAVED} = {saved.isoformat()}"] if saved else []
    tables = {ANSWERS: answers, TICKED: ticked} if ticked else {ANSWERS: answers}
    lines = head
    for table, given in tables.items():
        lines += [*([""] if lines else []), f"[{table}]"]
        lines += [f"{name} = {json.dumps(given[name])}" for name in rulebase.questions if name in given]
    return "\n".join(lines) + "\n"


def is_stale(file: AnswerFile, rulebase: RuleBase, today: date) -> bool:
    """Whether an interview saved it too long ago, or on a day that is still to come (a wrong clock)."""
    if file.saved is None:
        return False
    return not 0 <= (today - file.saved).days <= rulebase.saved.good_for_days


def without_danger(answers: Answers, rulebase: RuleBase) -> Answers:
    """The answers that do not change within hours: all but those to danger questions."""
    return {name: answer for name, answer in answers.items() if not rulebase.questions[name].danger}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def place_of(path: Path) -> Path:
    """Where a file is written: behind the links of `path`, which stay as they are. Raises OSError where it cannot be.

    A link of somebody else in a folder that all may write in, like /tmp, is not followed: it may have been put there
    to have another file overwritten.
    """
    folder = Path(os.path.realpath(path.parent, strict=True))
    target = Path(os.path.realpath(folder / path.name))
    if target.is_symlink():
        raise OSError(errno.ELOOP, "it is a link to itself")
    if any(_is_planted(link) for link in _links(path)):
        raise PermissionError(errno.EPERM, "a link of another user leads there, in a folder that all may write in")
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    is_special = target.exists() and not target.is_file()  # a pipe or a device, which is not replaced
    if not target.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{target.parent} is not a folder")
    if not is_special and not os.access(target.parent, os.W_OK):
        raise PermissionError(errno.EACCES, f"you may not write in {target.parent}")
    return target


def _links(path: Path) -> Iterator[Path]:
    """Every link on the way to where a path leads, folders included. It must lead somewhere."""
    for part in (*reversed(path.absolute().parents), path.absolute()):
        if part.is_symlink():
            yield part
            yield from _links(part.parent / part.readlink())


def _is_planted(link: Path) -> bool:
    """Whether another user put a link into a folder that all may write in."""
    return bool(link.parent.stat().st_mode & stat.S_IWOTH) and link.lstat().st_uid != os.geteuid()


def write_whole(path: Path, made: str | bytes) -> None:
    """Write a file atomically with mode 0600: the earlier file stays until the new one is whole.

    What is no regular file (a pipe, a device) is written to, not replaced. Raises OSError;
    then the earlier file is untouched.
    """
    whole = made.encode() if isinstance(made, str) else made
    target = place_of(path)
    if target.exists() and not target.is_file():
        target.write_bytes(whole)
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_new(path: Path, text: str) -> None:
    """Write a file as `write_whole` does, but never over anything. Raises OSError (FileExistsError if it is there)."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the name is taken before it is written
    try:
        write_whole(path, text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def with_level(engine: Engine, error: FaultyInput) -> FaultyInput:
    """The faults of some answers, and what those that could be read ask for, if that is a doctor."""
    found = assess_so_far(engine, error.known)
    if not found.see_doctor:
        return error
    unless = f", {UNLESS.so_far}" if found.may_be_explained else ""
    what = f"what can be read of it asks for this{unless}: {found.disposition.say}"
    return FaultyInput([*error.faults, Fault(error.faults[0].file, 0, what, code="LCT414")], error.known)
