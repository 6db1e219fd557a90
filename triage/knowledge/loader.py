"""Reads and checks the files of a rule base. Any fault stops here, naming file, line and field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed, printable
from triage.knowledge.fields import fields_of
from triage.knowledge.figures import figure_faults
from triage.knowledge.grammar import Vocabulary, as_list
from triage.knowledge.lints import lint
from triage.knowledge.model import FINDINGS, Disposition, FigureFile, Question, RuleBase
from triage.knowledge.reading import Reader, tables_of, texts_in
from triage.knowledge.rule_files import FIGURES, LAYOUT, LISTS, MAY_BE_ABSENT, SINGLE, digest, file_names, pattern_of
from triage.knowledge.toml_file import TomlFile, read_plain

# The fields that hold rows; a hazard names its own `answers`.
_ROWS = (
    "when", "unless", "for", "only_if", "ask_when", "ask_unless", "after_urgent", "yields_unless", "show", "answers",
)  # fmt: skip
_ESCAPE = r"\\[^\"\\\s]"  # may stand for any character; a quote, a backslash and a line end are none


def load_folder(folder: Path) -> RuleBase:
    """The rule base in a folder, in which every name is resolved. Raises FaultyInput with all faults at once."""
    loading = _Loading(folder)
    rulebase = loading.rulebase()
    loading.faults += [*lint(rulebase), *figure_faults(rulebase)]
    loading.stop_if_faulty()
    return rulebase


class _Loading:
    """One folder while it is read: the faults so far, and the files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults = Faults()
        self.raws = dict(self._raw_files())
        self.files = list(self._parsed())
        self.stop_if_faulty()  # half a rule base would only bring follow-on faults

    def stop_if_faulty(self) -> None:
        if self.faults:
            raise FaultyInput(self.faults)

    def rulebase(self) -> RuleBase:
        """Every record of the files, once the names are known that conditions may use."""
        vocabulary = self._vocabulary()
        reader = Reader(vocabulary, self.faults)
        reader.voices = tuple(str(data.get("id")) for _, data in tables_of(self.files, "voice"))
        listed = {field: self._listed(reader, name, kind) for name, (kind, field) in LISTS.items()}
        single = {name: self._single(reader, name, kind) for name, kind in SINGLE.items()}
        self.stop_if_faulty()
        listed["dispositions"] = [replace(level, rank=rank) for rank, level in enumerate(listed["dispositions"])]
        listed["causes"] = sorted(map(_with_signs, listed["causes"]), key=lambda cause: (cause.order, cause.id))
        listed["advice"].sort(key=lambda advice: (advice.order, advice.id))
        return RuleBase(
            **single,
            **{field: _by_id(listed[field], kind) for kind, field in LISTS.values()},
            figures=self._figures(),
            bands=vocabulary.bands,
            texts={file.name: file.text for file in self.files},
            sha256=digest(self.raws),
        )

    # --- files

    def _raw_files(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the layout by its name in the folder, as bytes."""
        left, layout = file_names(self.folder), (*LAYOUT, FIGURES)
        for pattern in layout:
            names = sorted(n for n in left if PurePath(n).match(pattern) and n.count("/") == pattern.count("/"))
            if not names and pattern not in MAY_BE_ABSENT:
                self.faults.append(Fault(pattern, 0, "no such file in the rule base", code="LCT102"))
            for name in names:
                left.discard(name)
                try:
                    yield name, read_plain(self.folder / name, self._shown(name))
                except FaultyInput as error:
                    self.faults += error.faults
        for name in sorted(left):
            hint = f"files: {', '.join(layout)}"
            what = "is read by nothing: is its name or folder right?"
            self.faults.append(Fault(self._shown(name), 0, what, hint, "LCT101"))

    def _shown(self, name: str) -> str:
        """How messages call a file."""
        return f"{self.folder.name}/{name}"

    def _parsed(self) -> Iterator[TomlFile]:
        for name, raw in self.raws.items():
            if PurePath(name).match(FIGURES):
                continue
            try:
                file = TomlFile(self._shown(name), raw)
            except FaultyInput as error:
                self.faults += error.faults
                continue
            tables = sorted(LAYOUT[pattern_of(name)])
            for table in set(file.data).difference(tables):
                what = f'unknown table "{table}"'
                self.faults.append(Fault(file.name, file.line(table), what, allowed(table, tables), "LCT103"))
            self._refuse_unprintable(file)
            yield file

    def _refuse_unprintable(self, file: TomlFile) -> None:
        """Texts are printed as they stand, so that none may hold what drives a terminal or turns text round."""
        if _without_blanks(file.text).isprintable() and not re.search(_ESCAPE, file.text):
            return
        for name, value in file.data.items():
            for nth, table in enumerate(as_list(value)):
                for text in texts_in(table):
                    if not _without_blanks(text).isprintable():
                        what = f'[{name}]: "{printable(text)}" holds a character that cannot be printed'
                        place = file.line(name, nth)
                        self.faults.append(Fault(file.name, place, what, "such as an escape sequence", "LCT114"))

    def _figures(self) -> dict[str, FigureFile]:
        drawn = {PurePath(name).stem: name for name in self.raws if PurePath(name).match(FIGURES)}
        return {own: FigureFile(own, self._shown(name), self.raws[name]) for own, name in drawn.items()}

    # --- tables

    def _vocabulary(self) -> Vocabulary:
        """The names and bands that conditions may use, from a first reading whose faults the second one tells."""
        reader = Reader(Vocabulary({}), _Unheard())
        questions = [reader.record(Question, file, "question", data) for file, data in self._raw("question")]
        levels = [reader.record(Disposition, f, "disposition", d) for f, d in self._raw("disposition")]
        self._check_names(questions, levels)
        ids = {
            name: [d["id"] for _, d in self._raw(name) if isinstance(d.get("id"), str)]
            for name in ("red_flag", "cause")
        }
        named = {question.id: question for question in questions}
        vocabulary = Vocabulary(named, levels, ids["red_flag"], ids["cause"])
        vocabulary.learn_bands(row for file in self.files for row in _raw_rows(file.data))
        return vocabulary

    def _raw(self, name: str) -> Iterator[tuple[TomlFile, dict[str, Any]]]:
        return tables_of(self.files, name)

    def _check_names(self, questions: Sequence[Question], levels: Sequence[Disposition]) -> None:
        """Stops where the names are wrong: every cell that reads one would only repeat the fault."""
        for question in questions:
            own, place = question.id, question.at.line_of("id")
            if not own:
                what, code = (
                    ("must be text in quotes", "LCT109") if "id" in question.at.keys else ("is missing", "LCT107")
                )
                self.faults.append(Fault(question.at.file, place, f"[question], id: {what}", code=code))
            elif own in FINDINGS:
                what = f'question "{own}", id: "{own}" is taken by a finding'
                self.faults.append(Fault(question.at.file, place, what, f"not {', '.join(FINDINGS)}", "LCT112"))
            for option, times in Counter(option.id for option in question.options).items():
                if times > 1:
                    what = f'question "{own}", option: the option "{option}" is there twice'
                    self.faults.append(Fault(question.at.file, question.at.line_of("option"), what, code="LCT112"))
        if all(level.beside for level in levels):
            self.faults.append(Fault("dispositions.toml", 0, "no [[disposition]] on the ladder", code="LCT104"))
        self.stop_if_faulty()

    def _listed(self, reader: Reader, name: str, kind: type) -> list[Any]:
        """The records of all tables of that name."""
        records = []
        for file in self.files:
            listed = file.data.get(name, [])
            if not isinstance(listed, list):
                self.faults.append(Fault(file.name, file.line(name), f"write [[{name}]], not [{name}]", code="LCT105"))
                continue
            records += [reader.record(kind, file, name, data) for data in listed]
        return records

    def _single(self, reader: Reader, name: str, kind: type) -> Any:
        """The record of the one table of that name."""
        for file in self.files:
            if isinstance(file.data.get(name), dict):
                return reader.record(kind, file, name, file.data[name])
        self.faults.append(Fault(self.folder.name, 0, f"the table [{name}] is missing", code="LCT104"))
        return None


class _Unheard(Faults):
    """Keeps nothing."""

    def append(self, fault: Fault) -> None:
        """Nothing: the fault is told elsewhere."""


def _with_signs(cause: Any) -> Any:
    """A cause whose signs know it."""
    return replace(cause, signs=tuple(replace(sign, cause=cause.id, title=sign.id) for sign in cause.signs))


def _by_id(records: Sequence[Any], kind: type) -> Any:
    """Records by their id; those of a kind that has none in their order."""
    has_id = any(field.name == "id" for field in fields_of(kind))
    return {record.id: record for record in records} if has_id else tuple(records)


def _without_blanks(text: str) -> str:
    """Without line ends and tabs, which are wrapped like blanks."""
    return text.replace("\n", "").replace("\r", "").replace("\t", "")


def _raw_rows(data: Any) -> Iterator[Any]:
    """Every row of every condition anywhere in a parsed file."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in _ROWS and isinstance(value, list):
                yield from value
            else:
                yield from _raw_rows(value)
    elif isinstance(data, list):
        for item in data:
            yield from _raw_rows(item)
