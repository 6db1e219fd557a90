"""Reads and checks the files of a rule base. Any fault stops here, naming file, line and field.

`Loader.load()` returns a `RuleBase` in which every name has been resolved, or raises
`FaultyInput` with all faults at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from triage.knowledge.faults import Fault, Faults, FaultyInput, allowed, printable
from triage.knowledge.figures import figure_faults
from triage.knowledge.grammar import CAUSE, DISPOSITION, FINDINGS, RED_FLAG, Vocabulary, as_list
from triage.knowledge.lints import lint
from triage.knowledge.model import (
    AFTER_FOLLOW_UPS,
    AFTER_URGENT,
    ALWAYS,
    AT_ONCE,
    EVERYBODY,
    EVERYDAY,
    STRENGTHS,
    About,
    Accepted,
    Advice,
    Cause,
    Check,
    Claim,
    Clarification,
    ClarifyOption,
    Condition,
    Contraindication,
    Disposition,
    Exemption,
    FigureFile,
    Forbidden,
    Hazard,
    Limit,
    Note,
    Option,
    Question,
    Ranking,
    RedFlag,
    ReliefNow,
    Row,
    RuleBase,
    SafetyNet,
    Saved,
    Sign,
    Source,
    Wording,
)
from triage.knowledge.rule_files import (
    CHECK_ONLY,
    FIGURES,
    LAYOUT,
    MAY_BE_ABSENT,
    digest,
    file_names,
    pattern_of,
    shown,
)
from triage.knowledge.toml_file import Location, TomlFile, read_bytes

KINDS = ("one", "many", "number")
GROUPS = (EVERYDAY, "ask", "check")
WEIGHTS = (3, 2, 1, -2)
ADVICE_KINDS = ("relief", "prevention", "do_not", "myth")
GRADES = ("A", "B", "C", "-")
HARMS = ("rubbing", "heat", "pressure")
STOPS = ("", AT_ONCE, AFTER_FOLLOW_UPS)
YIELDS = ("", ALWAYS, AFTER_URGENT)
PARTS = (
    "pharmacist",
    "notes", "causes", "needs_checking", "relief", "do_not", "prevention",
    "checks", "withheld", "myths", "safety_net",
)  # fmt: skip
VERDICTS = ("supported", "plausible", "traditional", "unsupported", "unsafe")
PROOFS = ("danger-never-lowers", "every-rule-matters", "everything-is-read")
ACTIONS = ("include", "correct", "traditional", "warn", "leave_out")

# The fields that hold rows; a hazard names its own `answers`.
ROWS = (
    "when", "unless", "for", "only_if", "ask_when", "ask_unless", "after_urgent", "yields_unless", "show", "answers",
)  # fmt: skip
ASKING = ("ask_when", "ask_unless", "after_urgent", "yields_unless")  # of these, those of a question

ID = "[a-z0-9]+(?:[-_][a-z0-9]+)*"
_ESCAPE = r"\\[^\"\\\s]"  # may stand for any character; a quote, a backslash and a line end are none
_RULE_KEYS = {"sources", "draft_because", "claims", "fires", "silent", "id"}


class Table:
    """One TOML table while it is read: typed access that collects faults."""

    def __init__(self, loader: Loader, file: TomlFile, name: str, nth: int, data: Any) -> None:
        self.loader, self.file, self.name, self.nth = loader, file, name, nth
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.used: set[str] = set()
        if not isinstance(data, dict):
            self.fault("", "must be a table")

    @property
    def label(self) -> str:
        own = self.data.get("id")
        return f'{self.name} "{own}"' if isinstance(own, str) else f"[{self.name}]"

    @property
    def at(self) -> Location:
        return Location(self.file, self.name, self.nth)

    def fault(self, key: str, what: str, hint: str = "") -> None:
        line = self.file.line(self.name, self.nth, key)
        field = f", {key}" if key else ""
        self.loader.faults.append(Fault(self.file.name, line, f"{self.label}{field}: {what}", hint))

    def _get(self, key: str, kind: type, default: Any, kind_name: str) -> Any:
        self.used.add(key)
        if key not in self.data:
            if default is None:
                self.fault(key, "is missing")
                return kind()
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(key, f"must be {kind_name}")
            return default if default is not None else kind()
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._get(key, str, default, "text in quotes")
        if default is None and key in self.data and not value.strip():
            self.fault(key, "is empty")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        number: int = self._get(key, int, default, "a whole number")
        return number

    def flag(self, key: str) -> bool:
        value: bool = self._get(key, bool, False, "true or false")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        values = self._get(key, list, list(default) if default is not None else None, "a list")
        if not all(isinstance(v, str) for v in values):
            self.fault(key, "must be a list of texts")
            return ()
        if default is None and key in self.data and self.data[key] == []:
            self.fault(key, "is empty")
        return tuple(values)

    def choice(self, key: str, values: Sequence[Any], default: Any = None) -> Any:
        self.used.add(key)
        if key not in self.data and default is not None:
            return default
        value = self.data.get(key)
        if value not in values or isinstance(value, bool):
            self.fault(
                key, f'"{value}" is not allowed' if key in self.data else "is missing", allowed(value, map(str, values))
            )
            return values[0]
        return value

    def choices(self, key: str, values: Sequence[str]) -> tuple[str, ...]:
        """Some of `values`; none if the key is absent."""
        given = self.texts(key)
        for item in given:
            if item not in values:
                self.fault(key, f'"{item}" is not allowed', allowed(item, values))
        return given

    def rows(self, key: str, findings: Sequence[str] = (), required: bool = False) -> tuple[Row, ...]:
        """The rows under `key`; none if it is absent."""
        self.used.add(key)
        if key not in self.data:
            if required:
                self.fault(key, "is missing")
            return ()
        return self.loader.vocabulary.read_rows(
            self.data[key], findings, lambda what, hint: self.fault(key, what, hint)
        )

    def flag_or_rows(self, key: str) -> bool | tuple[Row, ...]:
        """Rows, or true or false; false if it is absent."""
        self.used.add(key)
        value = self.data.get(key, False)
        return value if isinstance(value, bool) else self.rows(key)

    def condition(self, findings: Sequence[str] = (), when: str = "when", required: bool = True) -> Condition:
        """`when` (or its other name) and `unless`; everybody if it is absent and not required."""
        rows = self.rows(when, findings, required) if required or when in self.data else EVERYBODY.when
        return Condition(rows, self.rows("unless", findings))

    def tables(self, key: str) -> Iterator[Table]:
        """The sub-tables under `key`, each read and then checked for unknown fields."""
        self.used.add(key)
        for data in self._get(key, list, [], "a list of tables"):
            table = self.loader.table(self.file, f"{self.name}.{key}", data)
            yield table
            table.finish()

    def table(self, key: str) -> Iterator[Table]:
        """The sub-table under `key`, if there is one, read and then checked like those of `tables`."""
        self.used.add(key)
        if key in self.data:
            table = self.loader.table(self.file, f"{self.name}.{key}", self.data[key])
            yield table
            table.finish()

    def rule(self) -> dict[str, Any]:
        """The fields that every rule shares."""
        self.used |= _RULE_KEYS
        return {
            "id": self.id(),
            "sources": self.texts("sources"),
            "draft_because": self.text("draft_because", ""),
            "claims": self.texts("claims"),
            "fires": self.examples("fires"),
            "silent": self.examples("silent"),
            "at": self.at,
        }

    def id(self) -> str:
        own = self.text("id")
        if own and not re.fullmatch(ID, own):
            self.fault("id", f'"{own}" must be lower-case words joined by hyphens')
        self.loader.claim_id(self, own)
        return own

    def examples(self, key: str) -> tuple[Mapping[str, Any], ...]:
        raw = self._get(key, list, [], "a list of examples")
        for example in raw if self.loader.examples else ():
            self.loader.vocabulary.read_example(example, lambda what, hint: self.fault(key, what, hint))
        return tuple(e for e in raw if isinstance(e, dict))

    def finish(self) -> None:
        for key in self.data:
            if key not in self.used:
                self.fault(key, "unknown field", allowed(key, sorted(self.used)))


class Loader:
    """Reads one folder. Holds what is known so far and the faults found so far."""

    def __init__(self, folder: Path, examples: bool) -> None:
        self.folder, self.examples, self.sha256 = folder, examples, ""
        self.figures: dict[str, FigureFile] = {}
        self.faults = Faults()
        self.vocabulary = Vocabulary({})
        self.counters: dict[tuple[str, str], int] = {}
        self.ids: dict[tuple[str, str], Location] = {}

    def load(self) -> RuleBase:
        files = list(self._read_files())
        self._stop_if_faulty()  # half a rule base would only bring follow-on faults
        questions = self._questions(files)
        named = [table.get("id") for file in files for table in _tables_of(file, "question")]
        if not all(isinstance(name, str) and name not in FINDINGS for name in named):
            self._stop_if_faulty()  # every cell that reads it would only repeat the fault
        dispositions = {level.id: level for level in self._dispositions(files)}
        if all(level.beside for level in dispositions.values()):
            self.faults.append(Fault("dispositions.toml", 0, "no [[disposition]] on the ladder"))
            self._stop_if_faulty()
        self.vocabulary.questions = questions
        self._learn_names(files, questions, [d for d in dispositions.values() if not d.beside])
        self._read_question_conditions(files, questions)
        rulebase = self._rulebase(files, dispositions)
        self._check_places(rulebase)
        self._stop_if_faulty()
        self.faults += lint(rulebase)
        if self.examples:
            self.faults += figure_faults(rulebase)
        self._stop_if_faulty()
        return rulebase

    def _rulebase(self, files: Sequence[TomlFile], dispositions: dict[str, Disposition]) -> RuleBase:
        """Every record of the files, once the names are known that conditions may use."""
        return RuleBase(
            about=self._about(files),
            most_prompts=self._most_prompts(files),
            voices=dict(self._voices(files)),
            questions=self.vocabulary.questions,
            dispositions=dispositions,
            places={t.id(): t.text("text") for t in self._tables(files, "place")},
            safety_net=self._safety_net(files),
            relief_now=self._relief_now(files),
            ranking=self._ranking(files),
            saved=self._saved(files),
            red_flags=_by_id(self._red_flags(files, dispositions)),
            causes=_by_id(sorted(self._causes(files), key=lambda c: (c.order, c.id))),
            advice=_by_id(sorted(self._advice(files), key=lambda a: (a.order, a.id))),
            notes=_by_id(self._notes(files)),
            checks=_by_id(self._checks(files)),
            sources=_by_id(self._sources(files)),
            claims=tuple(self._claims(files)),
            hazards=_by_id(self._hazards(files)),
            figures=self.figures,
            wording=self._wording(files) if self.examples else None,
            sha256=self.sha256,
            bands=self.vocabulary.bands,
            accepted=tuple(self._accepted(files)),
        )

    def _stop_if_faulty(self) -> None:
        if self.faults:
            raise FaultyInput(self.faults)

    def _read_files(self) -> Iterator[TomlFile]:
        raws = dict(self._raw_files())
        self.sha256 = digest(raws)
        for name, raw in raws.items():
            if PurePath(name).match(FIGURES):
                own = PurePath(name).stem
                self.figures[own] = FigureFile(own, self._shown(name), raw)
                continue
            if name in CHECK_ONLY and not self.examples:
                continue
            try:
                file = TomlFile(self._shown(name), raw, self.examples)
            except FaultyInput as error:
                self.faults += error.faults
                continue
            tables = LAYOUT[pattern_of(name)]
            for table in set(file.data) - tables:
                what = f'unknown table "{table}"'
                self.faults.append(Fault(file.name, file.line(table), what, allowed(table, sorted(tables))))
            self._refuse_unprintable(file)
            yield file

    def _refuse_unprintable(self, file: TomlFile) -> None:
        """Texts are printed as they stand, so that none may hold what drives a terminal or turns text round."""
        if _without_blanks(file.text).isprintable() and not re.search(_ESCAPE, file.text):
            return
        for name, value in file.data.items():
            for nth, table in enumerate(as_list(value)):
                for text in _texts_in(table):
                    if not _without_blanks(text).isprintable():
                        what = f'[{name}]: "{printable(text)}" holds a character that cannot be printed'
                        self.faults.append(Fault(file.name, file.line(name, nth), what, "such as an escape sequence"))

    def _raw_files(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the layout by its name in the folder, as bytes."""
        left, layout = file_names(self.folder), (*LAYOUT, FIGURES)
        for pattern in layout:
            names = sorted(
                name for name in left if PurePath(name).match(pattern) and name.count("/") == pattern.count("/")
            )
            if not names and pattern not in MAY_BE_ABSENT:
                self.faults.append(Fault(pattern, 0, "no such file in the rule base"))
            for name in names:
                left.discard(name)
                try:
                    yield name, read_bytes(self.folder / name, self._shown(name))
                except FaultyInput as error:
                    self.faults += error.faults
        for name in sorted(left):
            hint = f"files: {', '.join(layout)}"
            self.faults.append(Fault(self._shown(name), 0, "is read by nothing: is its name or folder right?", hint))

    def _shown(self, name: str) -> str:
        return shown(self.folder, name)

    def table(self, file: TomlFile, name: str, data: Any) -> Table:
        """The next table of that name in the file (they are read in order)."""
        nth = self.counters.get((file.name, name), 0)
        self.counters[file.name, name] = nth + 1
        return Table(self, file, name, nth, data)

    def claim_id(self, table: Table, own: str) -> None:
        """Ids of rules are unique in the whole folder; those of other things among their kind."""
        rules = ("red_flag", "cause", "cause.sign", "advice", "note", "check", "hazard")
        kind = "rule" if table.name in rules else table.name
        if table.name == "question.option":
            return
        if first := self.ids.get((kind, own)):
            table.fault("id", f'"{own}" is already used at {first}')
        self.ids[kind, own] = table.at

    def _tables(self, files: Iterable[TomlFile], name: str) -> Iterator[Table]:
        for file in files:
            listed = file.data.get(name, [])
            if not isinstance(listed, list):
                self.faults.append(Fault(file.name, file.line(name), f"write [[{name}]], not [{name}]"))
                continue
            for data in listed:
                table = self.table(file, name, data)
                yield table
                table.finish()

    def _single(self, files: Iterable[TomlFile], name: str) -> Table:
        for file in files:
            if isinstance(file.data.get(name), dict):
                return self.table(file, name, file.data[name])
        self.faults.append(Fault(self.folder.name, 0, f"the table [{name}] is missing"))
        raise FaultyInput(self.faults)

    # --- questions and dispositions

    def _questions(self, files: Iterable[TomlFile]) -> dict[str, Question]:
        questions = {}
        for table in self._tables(files, "question"):
            question = self._question(table)
            questions[question.id] = question
        return questions

    def _question(self, table: Table) -> Question:
        kind = table.choice("kind", KINDS)
        table.used |= set(ASKING)  # read when all questions are known
        question = Question(
            id=table.id(),
            kind=kind,
            text=table.text("text"),
            why=table.text("why"),
            options=tuple(self._option(option) for option in table.tables("option")),
            danger=table.flag("danger"),
            asked_of=table.text("asked_of", "everybody"),
            yields=table.choice("yields", YIELDS, ""),
            rivals=self._rivals(table),
            clarify=self._clarification(table),
            minimum=table.whole("min", 0),
            maximum=table.whole("max", 0),
            unit=table.text("unit", ""),
            limits=tuple(self._limit(limit) for limit in table.tables("limit")),
            sources=table.texts("sources"),
            skipped_because=table.text("skipped_because", ""),
            at=table.at,
        )
        if question.id in FINDINGS:
            table.fault("id", f'"{question.id}" is taken by a finding', f"not {', '.join(FINDINGS)}")
        ids = [option.id for option in question.options]
        for option_id in {i for i in ids if ids.count(i) > 1}:
            table.fault("option", f'the option "{option_id}" is there twice')
        if kind == "number" and not question.minimum < question.maximum:
            table.fault("max", "must be larger than min")
        if kind != "number" and len(ids) < 2:
            table.fault("option", "needs at least two options")
        return question

    def _rivals(self, table: Table) -> tuple[tuple[str, ...], ...]:
        """Groups of options, of which the first does not count beside one of the others."""
        known = [str(o.get("id")) for o in as_list(table.data.get("option", [])) if isinstance(o, dict)]
        groups = table._get("rivals", list, [], "a list of lists")
        for group in groups:
            if not isinstance(group, list) or len(group) < 2:
                table.fault("rivals", "each group is a list of two options or more")
                return ()
            for item in group:
                if item not in known:
                    table.fault("rivals", f'unknown option "{item}"', allowed(item, known))
        return tuple(map(tuple, groups))

    def _limit(self, table: Table) -> Limit:
        table.used.add("when")  # read when all questions are known
        if "when" not in table.data:
            table.fault("when", "is missing")
        return Limit((), table.whole("min", 0), table.whole("max"), table.text("say"))

    def _option(self, table: Table) -> Option:
        table.used.add("show")  # read when all questions are known
        return Option(
            id=table.id(),
            text=table.text("text"),
            means=table.text("means", _clause(table.data.get("text"))),
            detail=table.text("detail", ""),
            open=table.flag("open"),
            page=table.text("page", ""),
            key=table.text("key", ""),
            exclusive=table.flag("exclusive"),
            harmless=table.flag("harmless"),
            voice=table.text("voice", ""),
            now=table.flag("now"),
        )

    def _clarification(self, parent: Table) -> Clarification | None:
        known = [o.get("id") for o in as_list(parent.data.get("option", [])) if isinstance(o, dict)]
        clarifications = [self._clarified(table, known) for table in parent.table("clarify")]
        return clarifications[0] if clarifications else None

    def _clarified(self, table: Table, known: Sequence[object]) -> Clarification:
        """How "not sure" is made clearer; `known` are the options of the question."""
        options = []
        for option in table.tables("option"):
            answer = option.texts("answer")
            for item in answer:
                if item not in known:
                    option.fault("answer", f'unknown option "{item}"', allowed(item, map(str, known)))
            go_to = option.text("go_to", "")
            if [bool(answer), option.flag("again"), bool(go_to)].count(True) != 1:
                option.fault("answer", "needs either an answer, again = true or go_to")
            options.append(ClarifyOption(option.text("text"), answer, go_to))
        clarify = Clarification(table.text("text"), table.flag("each"), table.flag("again_open"), tuple(options))
        if [clarify.each, clarify.again_open, bool(options)].count(True) != 1:
            table.fault("each", "needs either each = true, again_open = true or options")
        return clarify

    def _dispositions(self, files: Iterable[TomlFile]) -> Iterator[Disposition]:
        for rank, table in enumerate(self._tables(files, "disposition")):
            yield Disposition(
                id=table.id(),
                rank=rank,
                title=table.text("title"),
                say=table.text("say"),
                time=table.text("time"),
                when_said=table.text("when_said"),
                # Nothing is more urgent than the first level, or told apart from one beside the ladder.
                instead=table.text("instead", "" if rank == 0 or table.data.get("beside") is True else None),
                more=table.texts("more"),
                see_doctor=table.flag("see_doctor"),
                stops=table.choice("stops", STOPS, ""),
                stops_because=table.text("stops_because", ""),
                shows=table.choices("shows", PARTS),
                causes=table.choices("causes", GROUPS),
                beside=table.flag("beside"),
                at=table.at,
            )

    def _learn_names(
        self, files: Sequence[TomlFile], questions: Mapping[str, Question], ladder: Sequence[Disposition]
    ) -> None:
        """Names and bands, taken from the raw tables before any condition is read."""
        ids = {
            name: [t["id"] for f in files for t in _tables_of(f, name) if isinstance(t.get("id"), str)]
            for name in ("red_flag", "cause")
        }
        self.vocabulary = Vocabulary(questions, ladder, ids["red_flag"], ids["cause"])
        self.vocabulary.learn_bands(row for file in files for row in _raw_rows(file.data))

    def _read_question_conditions(self, files: Iterable[TomlFile], questions: Mapping[str, Question]) -> None:
        complete = {}
        for file in files:
            seen = Counter[str]()  # tables below questions count within the whole file
            for nth, data in enumerate(_tables_of(file, "question")):
                below = {name: self._read_again(file, name, data.get(name, []), seen) for name in ("option", "limit")}
                for clarify in _tables_below(data, "clarify"):
                    for way in self._read_again(file, "clarify.option", clarify.get("option", []), seen):
                        self._check_go_to(way)
                if isinstance(data.get("id"), str) and data["id"] in questions:
                    table = Table(self, file, "question", nth, data)
                    complete[data["id"]] = self._with_conditions(questions[data["id"]], table, **below)
        self.vocabulary.questions = complete

    def _read_again(self, file: TomlFile, name: str, listed: Any, seen: Counter[str]) -> list[Table]:
        """The tables of that name below a question; `seen` counts those before them in the file."""
        raw = [one for one in as_list(listed) if isinstance(one, dict)]
        tables = [Table(self, file, f"question.{name}", seen[name] + n, one) for n, one in enumerate(raw)]
        seen[name] += len(tables)
        return tables

    def _check_go_to(self, way: Table) -> None:
        """A way out of "not sure" may lead to another question: there must be one of that id."""
        go_to = way.data.get("go_to", "")
        if isinstance(go_to, str) and go_to and go_to not in self.vocabulary.questions:
            way.fault("go_to", f'unknown question "{go_to}"', allowed(go_to, self.vocabulary.questions))

    def _with_conditions(
        self, question: Question, table: Table, option: Sequence[Table] = (), limit: Sequence[Table] = ()
    ) -> Question:
        """The question with its rows; `option` and `limit` are its tables of these names."""
        given = table.flag_or_rows("after_urgent")
        after_urgent = given if isinstance(given, tuple) else None
        return replace(
            question,
            options=tuple(
                one._replace(show=own.rows("show") if "show" in own.data else None)
                for one, own in zip(question.options, option, strict=False)
            ),
            limits=tuple(one._replace(when=own.rows("when")) for one, own in zip(question.limits, limit, strict=False)),
            ask_when=table.rows("ask_when") or None,
            ask_unless=table.rows("ask_unless"),
            after_urgent=EVERYBODY.when if given is True else after_urgent,
            yields_unless=table.rows("yields_unless"),
        )

    def _safety_net(self, files: Iterable[TomlFile]) -> SafetyNet:
        table = self._single(files, "safety_net")
        net = SafetyNet(
            say_today=table.text("say_today"),
            today=table.texts("today", None),
            say_emergency=table.text("say_emergency"),
            emergency=table.texts("emergency", None),
        )
        table.finish()
        return net

    def _about(self, files: Iterable[TomlFile]) -> About:
        table = self._single(files, "about")
        about = About(
            version=table.text("version"),
            statement=table.text("statement"),
            welcome=table.texts("welcome"),
        )
        table.finish()
        return about

    def _most_prompts(self, files: Iterable[TomlFile]) -> int:
        table = self._single(files, "asking")
        most = table.whole("most")
        table.finish()
        return most

    def _voices(self, files: Sequence[TomlFile]) -> Iterator[tuple[str, Mapping[str, str]]]:
        tokens: set[str] = set()
        for table in self._tables(files, "voice"):
            words = table._get("words", dict, None, "a table of texts")
            if not all(isinstance(word, str) for word in words.values()):
                table.fault("words", "must be a table of texts")
            tokens = tokens or set(words)
            for token in tokens ^ set(words):
                table.fault("words", f'every voice needs the same tokens, but not all have "{token}"')
            yield table.id(), dict(words)

    def _relief_now(self, files: Iterable[TomlFile]) -> ReliefNow:
        table = self._single(files, "relief_now")
        relief = ReliefNow(
            title=table.text("title"),
            steps=table.texts("steps", None),
            after=table.text("after", ""),
            action=self._action(table, files),
            sources=table.texts("sources", None),
            at=table.at,
        )
        table.finish()
        return relief

    def _action(self, table: Table, files: Iterable[TomlFile]) -> Mapping[str, str]:
        """The one safe action for each voice."""
        texts = table._get("action", dict, None, "a table with a text for each voice")
        voices = [str(one.get("id")) for file in files for one in _tables_of(file, "voice")]
        for voice in set(voices) ^ set(texts):
            table.fault(
                "action", f'"{voice}" is {"missing" if voice in voices else "no voice"}', allowed(voice, voices)
            )
        return {voice: texts[voice] for voice in voices if isinstance(texts.get(voice), str)}

    def _ranking(self, files: Iterable[TomlFile]) -> Ranking:
        table = self._single(files, "ranking")
        ranking = Ranking(table.whole("shown_from"), table.whole("shown_at_most"))
        table.finish()
        return ranking

    def _saved(self, files: Iterable[TomlFile]) -> Saved:
        table = self._single(files, "saved")
        saved = Saved(
            good_for_days=table.whole("good_for_days"),
            asked_again=table.text("asked_again"),
            old=table.text("old"),
            gone=table.texts("gone"),
            gone_say=table.text("gone_say", ""),
            draft_because=table.text("draft_because", ""),
        )
        table.finish()
        return saved

    # --- rules

    def _red_flags(self, files: Iterable[TomlFile], dispositions: Mapping[str, Disposition]) -> Iterator[RedFlag]:
        for table in self._tables(files, "red_flag"):
            flag = RedFlag(
                **table.rule(),
                title=table.text("title"),
                condition=table.condition(),
                because=table.text("because"),
                disposition=table.choice("disposition", list(dispositions)),
                place=table.text("place", ""),
                notes=table.texts("notes"),
                lowers=table.text("lowers", ""),
                lowers_to=table.choice("lowers_to", ("", *self.vocabulary.levels), ""),
                lowers_sources=table.texts("lowers_sources"),
                waits_for=table.texts("waits_for"),
            )
            for name in flag.waits_for:
                if name not in self.vocabulary.questions:
                    table.fault("waits_for", f'unknown question "{name}"', allowed(name, self.vocabulary.questions))
            told = {bool(table.data.get(key)) for key in ("unless", "lowers", "lowers_to", "lowers_sources")}
            if len(told) > 1:
                table.fault("lowers", "goes with unless: why it is safe, lowers_to what at most, and lowers_sources")
            yield flag

    def _causes(self, files: Iterable[TomlFile]) -> Iterator[Cause]:
        for table in self._tables(files, "cause"):
            group = table.choice("group", GROUPS)
            cause = Cause(
                **table.rule(),
                title=table.text("name"),
                condition=table.condition([RED_FLAG]) if group == "check" else Condition(()),
                because=table.text("because", ""),
                group=group,
                order=table.whole("order", 0 if group == "check" else None),
                summary=table.text("summary"),
                signs=tuple(self._sign(sign, table.text("id")) for sign in table.tables("sign")),
            )
            if (group == "check") == bool(cause.signs):
                table.fault("group", 'group "check" has `when` and no signs, the others have signs')
            yield cause

    def _sign(self, table: Table, cause: str) -> Sign:
        shared = table.rule()
        if cause and not shared["id"].startswith(f"{cause}-"):
            table.fault("id", f'must begin with "{cause}-"')
        return Sign(
            **shared,
            title=shared["id"],
            condition=table.condition(),
            because=table.text("because"),
            cause=cause,
            weight=table.choice("weight", WEIGHTS),
        )

    def _advice(self, files: Iterable[TomlFile]) -> Iterator[Advice]:
        everything = (RED_FLAG, CAUSE, DISPOSITION)
        for table in self._tables(files, "advice"):
            yield Advice(
                **table.rule(),
                title=table.text("title"),
                condition=table.condition(everything, when="for", required=False),
                because=table.text("because", ""),
                kind=table.choice("kind", ADVICE_KINDS),
                steps=table.texts("steps", None),
                order=table.whole("order"),
                grade=table.choice("grade", GRADES, GRADES[-1]),
                harm=table.choices("harm", HARMS),
                general="for" not in table.data,
                never=tuple(
                    Contraindication(never.rows("when", everything, required=True), never.text("because"))
                    for never in table.tables("never")
                ),
                only_if=table.rows("only_if", everything),
                only_because=table.text("only_because", ""),
                beside=table.texts("beside"),
                figure=table.text("figure", ""),
            )

    def _notes(self, files: Iterable[TomlFile]) -> Iterator[Note]:
        for table in self._tables(files, "note"):
            yield Note(
                **table.rule(),
                title=table.text("line"),
                condition=table.condition((RED_FLAG, CAUSE, DISPOSITION)),
                first=table.flag("first"),
            )

    def _checks(self, files: Iterable[TomlFile]) -> Iterator[Check]:
        for table in self._tables(files, "check"):
            yield Check(
                **table.rule(),
                title=table.text("title"),
                condition=table.condition((RED_FLAG, CAUSE, DISPOSITION)),
                because=table.text("because"),
                strength=table.choice("strength", STRENGTHS),
                note=table.text("note", ""),
            )

    def _sources(self, files: Iterable[TomlFile]) -> Iterator[Source]:
        for table in self._tables(files, "source"):
            yield Source(
                id=table.id(),
                org=table.text("org"),
                title=table.text("title"),
                year=table.whole("year", 0) or None,
                url=table.text("url", ""),
                read=table.choice("read", ("own page", "mirror", "secondary")),
                seen_at=table.text("seen_at", ""),
                remark=table.text("remark", ""),
                at=table.at,
            )

    def _claims(self, files: Iterable[TomlFile]) -> Iterator[Claim]:
        for table in self._tables(files, "claim"):
            yield Claim(
                ids=table.texts("ids", None),
                claim=table.text("claim"),
                verdict=table.choice("verdict", VERDICTS),
                action=table.choice("action", ACTIONS),
                left_out=table.text("left_out", ""),
                at=table.at,
            )

    def _accepted(self, files: Iterable[TomlFile]) -> Iterator[Accepted]:
        first: dict[tuple[str, str, str], Accepted] = {}
        for table in self._tables(files, "accepted"):
            accepted = Accepted(
                proof=table.choice("proof", PROOFS),
                rule=table.text("rule"),
                what=table.text("what"),
                because=table.text("because"),
                at=table.at,
            )
            if before := first.get(accepted[:3]):
                table.fault("what", f'"{accepted.what}" of "{accepted.rule}" is already accepted at {before.at}')
            first.setdefault(accepted[:3], accepted)
            yield accepted

    def _hazards(self, files: Iterable[TomlFile]) -> Iterator[Hazard]:
        for table in self._tables(files, "hazard"):
            yield Hazard(
                **table.rule(),
                title=table.text("title"),
                condition=table.condition(when="answers", required=False),
                because=table.text("cause"),
                effect=table.text("effect"),
                least=table.choice("least", ("", *self.vocabulary.levels), ""),
                never=table.texts("never"),
                harm=table.choices("harm", HARMS),
                told=table.texts("told"),
                words=table.texts("words"),
                controls=table.texts("controls"),
                tests=table.texts("tests"),
            )

    def _wording(self, files: Sequence[TomlFile]) -> Wording:
        table = self._single(files, "wording")
        wording = Wording(
            max_grade=table.whole("max_grade"),
            longest_sentence=table.whole("longest_sentence"),
            allowed=table.texts("allowed"),
            forbidden=tuple(self._forbidden(files)),
            at=table.at,
        )
        for word in wording.allowed:
            if not (word.isalpha() and word == word.lower()):
                table.fault("allowed", f'"{word}" must be one word in lower case')
        table.finish()
        return wording

    def _forbidden(self, files: Iterable[TomlFile]) -> Iterator[Forbidden]:
        for table in self._tables(files, "forbidden"):
            forbidden = Forbidden(
                id=table.id(),
                pattern=table.text("pattern"),
                because=table.text("because"),
                exempt=tuple(
                    Exemption(exempt.text("id"), exempt.text("field"), exempt.text("because"))
                    for exempt in table.tables("exempt")
                ),
                at=table.at,
            )
            if not _compiles(forbidden.pattern):
                table.fault("pattern", "is no regular expression")
            yield forbidden

    def _check_places(self, rulebase: RuleBase) -> None:
        for flag in rulebase.red_flags.values():
            if flag.place and flag.place not in rulebase.places:
                what = f'red_flag "{flag.id}", place: unknown place "{flag.place}"'
                self.faults.append(Fault(flag.at.file, flag.at.line, what, allowed(flag.place, rulebase.places)))


def _without_blanks(text: str) -> str:
    """Without line ends and tabs, which are wrapped like blanks."""
    return text.replace("\n", "").replace("\r", "").replace("\t", "")


def _texts_in(data: Any) -> Iterator[str]:
    """Every key and every text anywhere in parsed data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for item in data:
            yield from _texts_in(item)
        if isinstance(data, dict):
            for item in data.values():
                yield from _texts_in(item)


def _clause(text: object) -> str:
    """What an option means, where it is what it says: its text as a part of a sentence."""
    return text[:1].lower() + text[1:] if isinstance(text, str) else ""


def _by_id(entries: Iterable[Any]) -> dict[str, Any]:
    return {entry.id: entry for entry in entries}


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _tables_of(file: TomlFile, name: str) -> list[dict[str, Any]]:
    """The tables of that name in a parsed file; what is no table is left to `Loader._tables`."""
    listed = file.data.get(name, [])
    return [table for table in listed if isinstance(table, dict)] if isinstance(listed, list) else []


def _tables_below(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in as_list(data.get(name, [])) if isinstance(one, dict)]


def _raw_rows(data: Any) -> Iterator[Any]:
    """Every row of every condition anywhere in a parsed file."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in ROWS and isinstance(value, list):
                yield from value
            else:
                yield from _raw_rows(value)
    elif isinstance(data, list):
        for item in data:
            yield from _raw_rows(item)
