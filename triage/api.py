"""The library: what `from triage import ...` gives. docs/embed.md is its tutorial.

Every function may be called from many threads at once. The built-in rules are read once, when
they are first needed; rules of one's own are loaded with `load_rules` and passed to each call.
Nothing else is kept between calls, and what is passed in is never changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from triage.conversation import answers as answer_files
from triage.conversation.answers import AnswerFile, with_level
from triage.conversation.interview import assess_so_far, open_questions
from triage.exchange import answer_files as files
from triage.exchange import form_data
from triage.knowledge.faults import LONGEST_TEXT, Fault, FaultyInput, printable
from triage.knowledge.model import Answers, Question
from triage.knowledge.rulebase import load
from triage.output import as_json as json_report
from triage.output.contract import RowData
from triage.output.explanation import explained
from triage.output.text import whole
from triage.output.view import Wanted, view_of
from triage.reasoning.engine import Engine
from triage.reasoning.results import UNLESS, Assessment

if TYPE_CHECKING:
    from triage.scale.answers import Judge

__all__ = [
    "AnswerFile",
    "Assessment",
    "Fault",
    "FaultyInput",
    "Question",
    "Rules",
    "as_dict",
    "as_text",
    "assess",
    "assess_rows",
    "is_stale",
    "load_rules",
    "next_question",
    "read_answer_file",
]

RECORDS = 10_000  # at once; with more of them memory grows, and it is no faster
_one_at_a_time = threading.Lock()


class Rules:
    """A rule base that has been read, checked and compiled. Made by `load_rules`; many threads may share one.

    It cannot be pickled: another process loads its own.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @cached_property
    def _judge(self) -> Judge:
        from triage.scale.answers import Judge  # needs the extra `batch`

        return Judge(self._engine.rulebase)

    @property
    def version(self) -> str:
        """The version that the rule base gives itself."""
        return self._engine.rulebase.about.version

    @property
    def sha256(self) -> str:
        """The hash of its files, in hexadecimal digits."""
        return self._engine.rulebase.sha256

    @property
    def questions(self) -> Mapping[str, Question]:
        """All questions by their ids, in asking order. It cannot be changed."""
        return MappingProxyType(dict(self._engine.rulebase.questions))

    def __repr__(self) -> str:
        return f"<Rules {self.version}, sha256 {self.sha256[:12]}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Rules cannot be pickled or copied: call load_rules in every process")


def load_rules(folder: Path | str | None = None) -> Rules:
    """Read, check and compile the rule base in a folder; without one, the built-in rule base.

    Raises FaultyInput with every fault: file, line, rule, field and what is allowed. The folder
    is read once. It may change afterwards: what was loaded stays as it is.
    """
    return _built_in() if folder is None else Rules(Engine(load(folder)))


def assess(answers: Mapping[str, object], rules: Rules | None = None) -> Assessment:
    """What follows from the answers: how urgent it is, causes, relief, prevention, checks.

    `answers`: question id -> a whole number, an option id, or a list of option ids, as the kind
    of the question wants it. They are checked as those of an answer file are. `rules`: the
    built-in ones, if none are given.

    Where answers are missing, the result has `complete` False and names them in `missing`. Its
    disposition is then the least that is known: unanswered is not "no". Raises FaultyInput with
    all that is wrong with the answers, what is allowed and which allowed value is nearest.
    """
    engine = _engine(rules)
    return assess_so_far(engine, _checked(answers, engine))


def assess_rows(
    records: Iterable[Mapping[str, object]], rules: Rules | None = None, *, partial: bool = False
) -> list[RowData]:
    """The results of many answer sets, in their order: what `leg-cramp-triage batch` writes, and much faster than `assess`.

    `records`: mappings of question ids and answers, read as cells of a table are. An answer may be a list or a text
    joined by `;`; None, NaN and an empty text are not answered; keys that are no question are passed over.

    Nothing that is in a record is raised. `error` says what is wrong with it, or which questions are open, and is None
    where there is a result. `partial`: a record with open questions has a result too, with the least that is known; where
    nothing so far asks for a doctor, its `disposition` and `see_doctor` are None.
    Raises FaultyInput where polars (the extra `batch`) is not installed. The first call in a process imports it.
    """
    rest, found = iter(records), list[RowData]()
    while block := list(islice(rest, RECORDS)):
        found += _results((_built_in() if rules is None else rules)._judge, block, partial)
    return found


def next_question(answers: Mapping[str, object], rules: Rules | None = None) -> Question | None:
    """The question that an interview would ask now; None when it is over.

    It is over when all that matters is answered, or at once when the answers are an emergency.
    Answers as for `assess`; raises FaultyInput as it does.
    """
    engine = _engine(rules)
    return next(iter(open_questions(engine, _checked(answers, engine))), None)


def read_answer_file(path: Path | str, rules: Rules | None = None) -> AnswerFile:
    """The title, answers and day of an answer file. Raises FaultyInput with every fault and its line.

    Of a faulty file it also says what the rest asks for, where that is a doctor.
    """
    engine = _engine(rules)
    try:
        return files.read_answer_file(Path(path), engine.rulebase)
    except FaultyInput as error:
        raise with_level(engine, error) from None


def is_stale(file: AnswerFile, rules: Rules | None = None, today: date | None = None) -> bool:
    """Whether an interview saved the answers too long ago to go by them.

    Danger signs can come within hours: ask the questions with `danger` again. `today`: the local
    day, if none is given. Files that name no day are never stale.
    """
    return answer_files.is_stale(file, _engine(rules).rulebase, today or date.today())


def as_dict(assessment: Assessment, rules: Rules | None = None, *, explain: bool = False) -> dict[str, Any]:
    """An assessment as plain data, ready for `json.dumps`: what `run --format json` prints.

    `rules`: those that it was made with; ValueError if it was made with others. `explain` adds
    `how`: the conclusions, each down to answers and sources. Keys are only ever added;
    `leg-cramp-triage schema assessment` describes them.
    """
    return json_report.as_dict(_engine_of(assessment, rules).rulebase, assessment, Wanted(how=explain))


def as_text(assessment: Assessment, rules: Rules | None = None, *, columns: int = 80, explain: bool = False) -> str:
    """An assessment as text for the person, in lines of at most `columns` characters: what `run` prints.

    `rules` and `explain` as for `as_dict`.
    """
    view = view_of(_engine_of(assessment, rules).rulebase, assessment, Wanted(how=explain))
    return "\n".join([*whole(view, columns), *explained(view, columns)])


def _built_in() -> Rules:
    with _one_at_a_time:  # otherwise two threads that start together read them twice
        return _read_built_in()


@cache
def _read_built_in() -> Rules:
    return Rules(Engine(load()))


def _results(judge: Judge, records: Sequence[object], partial: bool) -> Iterator[RowData]:
    """A result for every record, by the same path as a batch."""
    from triage.scale.answers import OPEN
    from triage.scale.expressions import as_lists

    sound = [record if isinstance(record, Mapping) else {} for record in records]
    columns = {name: [_cell(record, name) for record in sound] for name in judge.questions}
    frame, wrong = judge.judged(columns, len(records), partial)
    for row, found in enumerate(as_lists(frame).to_dicts()):
        why = [f"{OPEN}: {one.column}" if one.why == OPEN else f"{one.column}: {one.why}" for one in wrong.get(row, ())]
        if not isinstance(records[row], Mapping):
            why = ["is no mapping of question ids and answers"]
        elif form_data.is_gone(
            [name for name in (*judge.questions, *judge.rules.rulebase.saved.gone) if _cell(sound[row], name)],
            judge.rules.rulebase,
        ):
            why = [judge.rules.rulebase.saved.gone_say]
        yield _refused("; ".join(why), found) if why else cast(RowData, {**found, "error": None})


def _refused(why: str, found: Mapping[str, Any]) -> RowData:
    """A row without a result: why, and the level that can be read of it if that is a doctor."""
    told = printable(why if len(why) <= LONGEST_TEXT else f"{why[:LONGEST_TEXT]} ...")
    if found["see_doctor"]:
        told += f"; so far asks for: {found['disposition']}" + (f", {UNLESS.so_far}" if found["pending"] else "")
    return cast(RowData, {**dict.fromkeys(found), "rulebase": found["rulebase"], "error": told})


def _cell(record: Mapping[Any, Any], name: str) -> str:
    try:
        return form_data.as_text(record.get(name)).encode().decode()
    except Exception:  # noqa: BLE001  (what another program made may do anything)
        return "(cannot be read)"


def _engine(rules: Rules | None) -> Engine:
    return (_built_in() if rules is None else rules)._engine


def _engine_of(assessment: Assessment, rules: Rules | None) -> Engine:
    """The engine that the assessment was made with; ids and sources mean nothing in another."""
    engine = _engine(rules)
    if engine.rulebase.sha256 != assessment.rulebase_sha256:
        raise ValueError("made with another rule base: pass the rules that the assessment was made with")
    return engine


def _checked(answers: object, engine: Engine) -> Answers:
    if not isinstance(answers, Mapping):
        what = "answers: must be a mapping of question ids and answers"
        raise FaultyInput([Fault("answers", 0, what, 'like {"question": "option"}', code="LCT622")])
    # An assessment keeps several options as a tuple: its answers can be given again.
    raw = {name: list(value) if isinstance(value, tuple) else value for name, value in answers.items()}
    try:
        known, faults = answer_files.check_answers(raw, engine.rulebase, "answers")
        if faults:
            raise FaultyInput(faults, known)
    except FaultyInput as error:
        raise with_level(engine, error) from None
    return known
