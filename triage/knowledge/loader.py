"""Reads and checks the files of a rule base. Any fault stops here, naming file, line and field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed, printable
from triage.knowledge.fields import fields_of
from triage.knowledge.figures import read_figure
from triage.knowledge.grammar import Vocabulary, as_list
from triage.knowledge.lints import lint
from triage.knowledge.model import CAUSE, FINDINGS, RED_FLAG, Disposition, Figure, Question, RuleBase
from triage.knowledge.reading import Reader, tables_of, texts_in
from triage.knowledge.rule_files import FIGURES, LAYOUT, LISTS, MAY_BE_ABSENT, SINGLE, digest, file_names, pattern_of
from triage.knowledge.toml_file import TomlFile, read_plain

# The fields that hold rows; a hazard names its own `answers`.
_ROWS = (
    "when", "unless", "for", "only_if", "ask_when", "ask_unless", "after_urgent", "yields_unless", "show", "answers",
    "known",
)  # fmt: skip
_BLANKS = str.maketrans("", "", "\n\r\t")  # line ends and tabs are wrapped like blanks


def load_folder(folder: Path) -> RuleBase:
    """The rule base in a folder, in which every name is resolved. Raises FaultyInput with all faults at once."""
    loading = _Loading(folder)
    rulebase = loading.rulebase()
    loading.faults += lint(rulebase)
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
        voices = [str(data.get("id")) for _, data in tables_of(self.files, "voice")]
        reader = Reader(vocabulary, voices, self.faults)
        listed = {field: self._listed(reader, name, kind) for name, (kind, field) in LISTS.items()}
        figures = list(self._figures())
        single = {name: self._single(reader, name, kind) for name, kind in SINGLE.items()}
        self.stop_if_faulty()
        listed["dispositions"] = [replace(level, rank=rank) for rank, level in enumerate(listed["dispositions"])]
        listed["figures"] = figures
        listed["causes"] = sorted(map(_with_signs, listed["causes"]), key=lambda cause: (cause.order, cause.id))
        listed["advice"].sort(key=lambda advice: (advice.order, advice.id))
        return RuleBase(
            **single,
            **{field: _by_id(listed[field], kind) for kind, field in LISTS.values()},
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
            left.difference_update(names)
            for name in names:
                try:
                    yield name, read_plain(self.folder / name, self._shown(name))
                except FaultyInput as error:
                    self.faults += error.faults
        what, hint = "is read by nothing: is its name or folder right?", f"files: {', '.join(layout)}"
        self.faults += [Fault(self._shown(name), 0, what, hint, "LCT101") for name in left]

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
        if "\\" not in file.text and file.text.translate(_BLANKS).isprintable():
            return
        for name, value in file.data.items():
            for nth, table in enumerate(as_list(value)):
                for text in texts_in(table):
                    if not text.translate(_BLANKS).isprintable():
                        what = f'[{name}]: "{printable(text)}" holds a character that cannot be printed'
                        place = file.line(name, nth)
                        self.faults.append(Fault(file.name, place, what, "such as an escape sequence", "LCT114"))

    def _figures(self) -> Iterator[Figure]:
        for name, raw in self.raws.items():
            if PurePath(name).match(FIGURES):
                try:
                    yield read_figure(self._shown(name), raw)
                except FaultyInput as error:
                    self.faults += error.faults

    # --- tables

    def _vocabulary(self) -> Vocabulary:
        """The names and bands that conditions may use, from a first reading whose faults the second one tells."""
        first = Reader(Vocabulary({}), (), [])
        questions, levels = (
            [first.record(kind, file, name, data) for file, data in tables_of(self.files, name)]
            for name, kind in (("question", Question), ("disposition", Disposition))
        )
        self._check_names(questions, levels)
        red_flags, causes = (
            [data["id"] for _, data in tables_of(self.files, name) if isinstance(data.get("id"), str)]
            for name in (RED_FLAG, CAUSE)
        )
        vocabulary = Vocabulary({question.id: question for question in questions}, levels, red_flags, causes)
        vocabulary.learn_bands(row for file in self.files for row in _raw_rows(file.data))
        return vocabulary

    def _check_names(self, questions: Sequence[Question], levels: Sequence[Disposition]) -> None:
        """Stops where the names are wrong: every cell that reads one would only repeat the fault."""
        for question in questions:
            at = question.at
            if not question.id:
                code, what = ("LCT109", "must be text in quotes") if "id" in at.keys else ("LCT107", "is missing")
                self.faults.append(at.fault(code, "id", what))
            elif question.id in FINDINGS:
                self.faults.append(at.fault("LCT112", "id", "is taken by a finding", f"not {', '.join(FINDINGS)}"))
            for option, times in Counter(option.id for option in question.options).items():
                if times > 1:
                    self.faults.append(at.fault("LCT112", "option", f'the option "{option}" is there twice'))
        if all(level.beside for level in levels):
            self.faults.append(Fault("dispositions.toml", 0, "no [[disposition]] on the ladder", code="LCT104"))
        self.stop_if_faulty()

    def _listed(self, reader: Reader, name: str, kind: type) -> list[Any]:
        """The records of all tables of that name."""
        records = []
        for file in self.files:
            listed = file.data.get(name, [])
            if isinstance(listed, list):
                records += [reader.record(kind, file, name, data) for data in listed]
            else:
                self.faults.append(Fault(file.name, file.line(name), f"write [[{name}]], not [{name}]", code="LCT105"))
        return records

    def _single(self, reader: Reader, name: str, kind: type) -> Any:
        """The record of the one table of that name."""
        for file in self.files:
            if isinstance(file.data.get(name), dict):
                return reader.record(kind, file, name, file.data[name])
        self.faults.append(Fault(self.folder.name, 0, f"the table [{name}] is missing", code="LCT104"))
        return None


def _with_signs(cause: Any) -> Any:
    """A cause whose signs know it."""
    return replace(cause, signs=tuple(replace(sign, cause=cause.id, title=sign.id) for sign in cause.signs))


def _by_id(records: Sequence[Any], kind: type) -> Any:
    """Records by their id; those of a kind that has none in their order."""
    has_id = any(field.key == "id" for field in fields_of(kind))
    return {record.id: record for record in records} if has_id else tuple(records)


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
