"""The schemas: they take every good file, and refuse what the program refuses, but for what is listed here."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path, PurePath
from typing import Any, get_args, get_origin

import pytest
from jsonschema import Draft7Validator
from stories import SCENARIOS
from test_answers import WHOLE, WRONG
from test_rulebase_faults import BREAKS, RELIEF_NOW, Break, Sound, applied

from triage.cli.main import main
from triage.conversation.answers import check_answers
from triage.conversation.scenarios import expected_fields, run_scenario
from triage.exchange.schemas import KINDS
from triage.exchange.schemas.every import schema_of
from triage.knowledge.conditions import Condition
from triage.knowledge.faults import FaultyInput
from triage.knowledge.fields import OR_TRUE, Field, Findings, Scope, fields_of, item_of
from triage.knowledge.folder import rules_folder
from triage.knowledge.grammar import Vocabulary
from triage.knowledge.model import Question, RuleBase
from triage.knowledge.reading import UNLESS, condition_key, shape_of
from triage.knowledge.rule_files import LAYOUT, LISTS, SINGLE, file_names, pattern_of
from triage.output.as_json import as_dict, json_text
from triage.output.view import Wanted
from triage.reasoning.engine import Engine
from triage.reasoning.results import Assessment

RULE_FILES = sorted(name for name in file_names(rules_folder()) if name.endswith(".toml"))
URGENT = "red_flags/urgent.toml"
Errors = list[str]


def plain(value: Any) -> Any:
    """TOML as JSON: days and times as text, as checkers of TOML hand them on."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def read(path: Path) -> Any:
    return plain(tomllib.loads(path.read_text("utf-8")))


def errors(validator: Draft7Validator, document: Any) -> Errors:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


@pytest.fixture(scope="module")
def validators(rulebase: RuleBase) -> dict[str, Draft7Validator]:
    return {kind: Draft7Validator(schema_of(rulebase, kind)) for kind in KINDS}


# --- good files


def test_they_are_schemas(validators: dict[str, Draft7Validator]) -> None:
    for validator in validators.values():
        Draft7Validator.check_schema(validator.schema)
        assert validator.schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert set(references(validator.schema)) <= {
            f"#/definitions/{name}" for name in validator.schema.get("definitions", {})
        }


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            assert set(node) == {"$ref"}, "draft-07 looks at nothing beside it"
            yield node["$ref"]
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_every_scenario_is_good(validators: dict[str, Draft7Validator]) -> None:
    for path in SCENARIOS:
        document = read(path)
        assert errors(validators["scenario"], document) == [], path
        assert errors(validators["answers"], document) == [], path
        del document["expect"]
        assert errors(validators["answers"], document) == [], path
        assert errors(validators["scenario"], document), path


@pytest.mark.parametrize("name", RULE_FILES)
def test_every_rule_file_is_good(name: str, validators: dict[str, Draft7Validator]) -> None:
    assert errors(validators["rules"], read(rules_folder() / name)) == []


def test_every_result_is_good_and_has_no_key_besides(rulebase: RuleBase, stories: Mapping[str, Assessment]) -> None:
    closed = Draft7Validator(closed_up(schema_of(rulebase, "assessment")))
    whole = Wanted(how=True, why_not=tuple(list(rulebase.entries)[::40]))
    for number, (name, assessment) in enumerate(stories.items()):
        wanted = whole if number % 8 == 0 else Wanted()
        document = json.loads(json_text(as_dict(rulebase, assessment, wanted)))
        assert errors(closed, document) == [], name


def closed_up(schema: Any) -> Any:
    """The same schema, with no key allowed that it does not name."""
    if isinstance(schema, dict):
        closed = {key: closed_up(value) for key, value in schema.items()}
        return {"additionalProperties": False, **closed} if closed.get("type") == "object" else closed
    return [closed_up(item) for item in schema] if isinstance(schema, list) else schema


def test_several_results_name_their_files(
    validators: dict[str, Draft7Validator], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--format", "json", "--explain", "--why-not", "heat-sweat", *map(str, SCENARIOS[:2])]) == 0
    for line in capsys.readouterr().out.splitlines():
        document = json.loads(line)
        assert "file" in document
        assert errors(validators["assessment"], document) == []


# --- bad results


def test_a_result_that_breaks_the_contract_is_refused(
    validators: dict[str, Draft7Validator], rulebase: RuleBase, engine: Engine
) -> None:
    assessment = next(a for path in SCENARIOS if (a := run_scenario(engine, path).assessment).causes and a.red_flags)
    good = json.loads(json_text(as_dict(rulebase, assessment)))
    for place, key in [
        *((good, key) for key in good),
        *((good[part][0], key) for part in ("causes", "red_flags", "relief") for key in good[part][0]),
    ]:
        kept = place.pop(key)
        assert errors(validators["assessment"], good), key
        place[key] = 7.5 if not isinstance(kept, bool) else "yes"
        assert errors(validators["assessment"], good), key
        place[key] = kept
    for changed in ({"disposition": "calm"}, {"missing": ["agee"]}, {"schema": "x"}, {"answers": {"age": 999}}):
        assert errors(validators["assessment"], {**good, **changed})
    assert errors(validators["assessment"], {**good, "added_later": 1}) == []


# --- bad answer files


# What only the program sees. docs/answer-files.md lists it.
NOT_SEEN_IN_ANSWERS = {"age = 34.0"}  # JSON Schema takes it for a whole number


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: w.line)
def test_what_is_wrong_with_an_answer_is_seen(wrong: Any, validators: dict[str, Draft7Validator]) -> None:
    others = "".join(line for line in ('side = "both"\n', 'before = ["none"]\n') if not wrong.line.startswith(line[:4]))
    document = plain(tomllib.loads(f'title = "x"\n[answers]\n{others}{wrong.line}\n'))
    assert bool(errors(validators["answers"], document)) != (wrong.line in NOT_SEEN_IN_ANSWERS)


def test_what_is_wrong_with_a_file_is_seen(validators: dict[str, Draft7Validator]) -> None:
    files = [whole for whole in WHOLE if not whole.what.startswith(("not TOML", "not UTF-8"))]
    assert len(files) > 15
    for whole in files:
        assert errors(validators["answers"], plain(tomllib.loads(whole.raw.decode("utf-8-sig")))), whole.name


def values_for(question: Question) -> Iterator[Any]:
    """Good and bad answers of every shape."""
    ids = [option.id for option in question.options]
    some = [*ids[:4], *ids[-3:]]  # signs, and what stands alone or beside others
    yield from (0, -1, 17, 121, True, 7.5, "", "nonsense", [], {}, ["nonsense"], [1], [[]], [True], {"all": ids})
    yield from (question.minimum, question.maximum, question.maximum + 1, str(question.minimum))
    yield from ids
    yield from ([one] for one in ids)
    yield from ([one, other] for one in some for other in some)
    yield ids


def test_an_answer_is_refused_where_the_program_refuses_it(
    validators: dict[str, Draft7Validator], rulebase: RuleBase
) -> None:
    refused = 0
    for question in rulebase.questions.values():
        for value in values_for(question):
            raw = {question.id: value}
            wrong = bool(check_answers(raw, rulebase, "x")[1])
            assert bool(errors(validators["answers"], {"answers": raw})) == wrong, raw
            refused += wrong
    assert refused > 1000


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("saved = 2026-01-31", True),
        ('saved = "yesterday"', False),
        ("saved = 2026-01-31T10:00:00", False),
        ("saved = 10:00:00", False),
        ("saved = 2026", False),
    ],
)
def test_a_saved_day_is_a_day(text: str, good: bool, validators: dict[str, Draft7Validator]) -> None:
    document = plain(tomllib.loads(f"{text}\n[answers]\n"))
    assert bool(errors(validators["answers"], document)) != good


def expectations(rulebase: RuleBase) -> Iterator[tuple[str, Any]]:
    """Good and bad values of every field of [expect]."""
    for name, field in expected_fields(rulebase).items():
        ids = list(field.ids)
        yield from ((name, value) for value in (True, 1, 1.5, "nonsense", "", [], ["nonsense"], [3], {}, {"x": 1}))
        yield from ((name, value) for value in (ids[:1], ids[:3], *ids[:2]))
        yield from ((name, {one: score}) for one in ids[:1] for score in (3, -2, True, "3"))
    yield from [("nonsense", True), ("not_disposition", ["urgent"]), ("not_safety_net", True), ("dispositon", "urgent")]


def test_an_expectation_is_refused_where_the_program_refuses_it(
    validators: dict[str, Draft7Validator], rulebase: RuleBase, engine: Engine, tmp_path: Path
) -> None:
    path, count = tmp_path / "x.triage.toml", {True: 0, False: 0}
    for name, value in expectations(rulebase):
        path.write_text(f'[answers]\nage = 70\ndanger = ["d_cold"]\n[expect]\n{name} = {as_toml(value)}\n')
        try:
            run_scenario(engine, path)
            wrong = False
        except FaultyInput:
            wrong = True
        assert bool(errors(validators["scenario"], read(path))) == wrong, (name, value)
        count[wrong] += 1
    assert min(count.values()) > 50
    assert errors(validators["scenario"], {"answers": {}, "expect": {}})


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


# --- bad rule files


def kind_of_table(name: str) -> type:
    """The type of a table of the files."""
    return SINGLE[name] if name in SINGLE else LISTS[name][0]


def fields_by_key(kind: type, data: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that a table may have, by their keys; a condition has two."""
    fields = {condition_key(field): field for field in fields_of(kind) if field.known(data)}
    with_unless = [field for field in fields.values() if field.hint is Condition]
    return {**fields, **dict.fromkeys([UNLESS] * bool(with_unless), *with_unless)}


def mutations(field: Field, value: Any) -> Iterator[Any]:
    """Values that cannot stand under a field that holds `value` now."""
    shape, inner = shape_of(field), item_of(field.hint)
    is_text = shape == "simple" and inner is str
    yield [] if shape == "words" or (shape == "table" and get_origin(field.hint) is not tuple) else {"x": 1}
    yield 5 if inner is not int else "five"
    yield "nonsense" if not is_text else ["nonsense"]
    if is_text and field.mark(Scope):
        yield from ("", "Two Words", "a--b")
    elif is_text and not field.has_default:
        yield "  "
    if shape in ("choice", "id"):
        yield f"{value}s"
    if shape == "list":
        yield from ([1], *([[]] if not field.has_default else []), *([["nonsense"]] if get_args(inner) else []))
    if shape in ("rows", "condition"):
        yield from wrong_rows(field)
    if shape == "examples":
        yield from ([5], [{"nonsense": 1}], [{"side": "lft"}], [{"legs": "l_one"}], [{"age": 500}])
        yield from ([{"legs": ["l_one", "none"]}], [{"legs": [["l_one"], ["none", "l_pop"]]}], [{"red_flag": "x"}])
    if shape == "words":
        yield from ([], {"you": 5})
    if shape == "groups":
        yield from ([5], [["c_same"]], [["c_same", 5]])


def wrong_rows(field: Field) -> Iterator[Any]:
    """Rows that no condition may have, or not this one."""
    yield from ([], [{}], [5], [{"nonsense": "x"}], [{"age": "60+"}], [{"kind": "knt"}], [{"kind": []}], [{"age": 500}])
    yield from ([{"kind": cell}] for cell in WRONG_CELLS)
    yield from ([{"side": {"all": ["left", "right"]}}], [{"side": True}], [{"age": {"not": ["a_na"]}}])
    findings = field.mark(Findings)
    readable = findings.names if findings else ()
    barred = {"red_flag": "far-worse", "cause": "veins", "disposition": "soon"}
    yield from ([{name: known}] for name, known in barred.items() if name not in readable)
    yield from ([{name: "nonsense"}] for name in readable)
    yield from ([{name: {"not": [known]}}] for name, known in barred.items() if name in readable)
    if OR_TRUE not in field.marks:
        yield True


# Cells of `kind` that the program refuses, and some that it takes.
WRONG_CELLS: list[Any] = [
    {}, {"any": ["k_night", "k_rest"]}, {"all": ["k_night"]}, {"all": ["k_night", "none"]}, {"not": "k_night"},
    {"not": []}, {"open": ["knt"]}, {"none": ["k_night"]}, {"not": ["k_night", "k_night"]}, ["k_night", "k_night"],
]  # fmt: skip
RIGHT_CELLS: list[Any] = [
    "k_night", ["k_night", "none"], {"all": ["k_night", "k_rest"]}, {"not": ["k_night"]}, {"open": ["k_night", "none"]},
    {"any": ["k_night"], "not": ["k_rest"]}, {"all": ["k_night"], "any": ["k_rest"]}, {"all": ["k_night"], "open": ["k_rest"]},
]  # fmt: skip


def test_a_cell_is_refused_where_the_program_refuses_it(
    rulebase: RuleBase, validators: dict[str, Draft7Validator]
) -> None:
    pattern = "red_flags/*.toml"
    [flag, *_] = entries_of([name for name in RULE_FILES if pattern_of(name) == pattern], "red_flag")
    words = Vocabulary(rulebase.questions)
    for cell in (*WRONG_CELLS, *RIGHT_CELLS):
        complaints: list[str] = []
        words.read_rows([{"kind": cell}], (), lambda code, *_, told=complaints: told.append(code))
        found = errors(validators["rules"], {"red_flag": [{**flag, "when": [{"kind": cell}]}]})
        assert bool(found) == bool(complaints) == (cell in WRONG_CELLS), cell


def places(kind: type, data: Mapping[str, Any], path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Field]]:
    """Every field of a table and of those below it, with the way to it."""
    for key, field in fields_by_key(kind, data).items():
        if key not in data:
            continue
        yield (*path, key), field
        if shape_of(field) == "table":
            below = enumerate(data[key]) if isinstance(data[key], list) else [(None, data[key])]
            for nth, table in below:
                yield from places(item_of(field.hint), table, (*path, key) if nth is None else (*path, key, nth))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


@pytest.mark.parametrize("pattern", LAYOUT)
def test_a_mutation_of_each_field_is_refused(pattern: str, validators: dict[str, Draft7Validator]) -> None:
    names = [name for name in RULE_FILES if pattern_of(name) == pattern]
    validator, tried = validators["rules"], set()
    for name in names:
        document = read(rules_folder() / name)
        for table in LAYOUT[pattern] & document.keys():
            entries = document[table] if isinstance(document[table], list) else [document[table]]
            for entry in entries:
                small = {other: value for other, value in document.items() if isinstance(value, dict)} | {
                    table: [entry] if isinstance(document[table], list) else entry
                }
                start = (table, 0) if isinstance(document[table], list) else (table,)
                for path, field in places(kind_of_table(table), entry, start):
                    kind = tuple(step for step in path if isinstance(step, str))
                    if kind in tried:
                        continue
                    tried.add(kind)
                    for broken in broken_at(small, path, field):
                        assert errors(validator, broken), (path, at(broken, path[:-1]))
    for table in LAYOUT[pattern]:  # fields that no entry of the built-in rules uses
        entry = next(iter(entries_of(names, table)))
        fields = fields_by_key(kind_of_table(table), entry)
        for key in fields.keys() - {kind[1] for kind in tried if kind[0] == table}:
            for mutation in mutations(fields[key], None):
                assert errors(validator, {table: [{**entry, key: mutation}]}), (table, key, mutation)


def entries_of(names: list[str], table: str) -> Iterator[Any]:
    """The entries of a kind in some files."""
    for name in names:
        listed = read(rules_folder() / name).get(table, [])
        yield from listed if isinstance(listed, list) else [listed]


def broken_at(document: Any, path: tuple[Any, ...], field: Field) -> Iterator[Any]:
    """The document with one thing wrong at `path`."""
    value = at(document, path)
    for mutation in mutations(field, value):
        broken = copy.deepcopy(document)
        at(broken, path[:-1])[path[-1]] = mutation
        yield broken
    if not field.has_default and path[-1] != UNLESS:
        broken = copy.deepcopy(document)
        del at(broken, path[:-1])[path[-1]]
        yield broken
    broken = copy.deepcopy(document)
    at(broken, path[:-1])[f"{path[-1]}_"] = value
    yield broken


# What only `check` sees: it is not in one place of one file. docs/answer-files.md lists these kinds.
NOT_SEEN_IN_RULES = {
    "ids of other entries": [
        "place", "source", "source of lowers", "claim", "waits for", "rival", "way out", "voice", "next question", "beside", "hazard: never", "hazard: told", "hazard: told to prevent",
        "hazard: control", "hazard: source",
    ],
    "ids that are used twice, or not made as their kind wants it": [
        "of another cause", "of a flag", "of another kind", "of a sign", "of a source", "of an option",
        "hazard: id of a rule",
    ],
    "fields that go together": [
        "lowers without unless", "unless without lowers", "unless without its level", "unless without its sources",
        "no way to say none", "not sure alone", "harmless and many", "danger without harmless", "way out of nothing",
        "two ways out", "two ways to clarify", "no status", "draft without reason", "no source", "unguarded",
        "guard without reason", "check with signs", "limits", "hazard: no control", "hazard: control of nothing",
        "hazard: nothing asked", "hazard: honest draft", "hazard: no source",
    ],
    "examples that are missing": ["no fires", "empty fires", "empty silent", "no silent"],
    "conditions that can never hold": ["row that is stopped by what it is not", "nobody's age", "backwards", "row that can never fire", "waits for what is not asked"],
    "entries that no other uses, or that are alike": [
        "question not read", "source not used", "claim unanswered", "claim of two minds", "claim twice", "flags alike",
        "signs alike", "checks alike", "row twice",
    ],
    "patterns that are none": ["hazard: no pattern"],
}  # fmt: skip


def _as_file(entry: Sound) -> str:
    """The text of an entry; one line of a list in its list."""
    kind = PurePath(entry.file).stem.removesuffix("s")
    return f"{kind} = [\n{entry.text}\n]\n" if entry.text.lstrip("\n").startswith("  {") else entry.text


@pytest.mark.parametrize("broken", BREAKS, ids=str)
def test_a_broken_entry_is_seen(broken: Break, validators: dict[str, Draft7Validator]) -> None:
    found = errors(validators["rules"], plain(tomllib.loads(_as_file(applied(broken)))))
    assert bool(found) != any(broken.name in names for names in NOT_SEEN_IN_RULES.values()), found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (RELIEF_NOW, 'extra = "x"\n'),
        ("sources.toml", '[[check]]\nid = "x"\n'),
        (URGENT, '[[red_flags]]\nid = "x"\n'),
        ("dispositions.toml", 'extra = "x"\n'),
    ],
)
def test_a_field_or_table_of_another_place_is_seen(
    name: str, text: str, tmp_path: Path, validators: dict[str, Draft7Validator]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text((rules_folder() / name).read_text("utf-8") + text)
    assert errors(validators["rules"], read(path))


def test_a_table_that_must_be_there_is_missed(validators: dict[str, Draft7Validator]) -> None:
    for name in ("dispositions.toml", "wording.toml"):
        document = read(rules_folder() / name)
        for table in [key for key, value in document.items() if isinstance(value, dict)]:
            less = {key: value for key, value in document.items() if key != table}
            assert errors(validators["rules"], less), table


# --- the tools that editors and checkers are made of


def tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment that the tests run in."""
    command = [str(Path(sysconfig.get_path("scripts")) / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})


GOOD = SCENARIOS[0].read_text("utf-8")
BAD = {
    "answers": ['age = "old"', 'danger = ["none", "d_cold"]', "agee = 3", 'side = "lft"', 'danger = "none"'],
    "scenario": ["age = 999", 'danger = ["none", "not_sure"]'],
}


@pytest.mark.parametrize("kind", BAD)
def test_taplo_and_check_jsonschema_tell_good_files_from_bad_ones(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema, file = tmp_path / f"{kind}.schema.json", tmp_path / "a.toml"
    assert main(["schema", kind, "--output", str(schema)]) == 0
    capsys.readouterr()
    head = f"#:schema ./{schema.name}\nsaved = 2026-01-31\n"
    file.write_text(head + GOOD)
    assert tool("taplo", "check", "--no-auto-config", file).returncode == 0
    assert tool("check-jsonschema", "--schemafile", schema, file).returncode == 0
    for line in BAD[kind]:
        key = line.split(" ")[0]
        kept = "".join(f"{one}\n" for one in GOOD.splitlines() if not one.startswith(f"{key} "))
        file.write_text(head + kept.replace("[answers]", f"[answers]\n{line}"))
        told = tool("taplo", "check", "--no-auto-config", file)
        assert told.returncode == 1
        assert line in told.stderr
        assert tool("check-jsonschema", "--schemafile", schema, file).returncode == 1
        assert main(["run", str(file)]) == 2


def test_taplo_and_check_jsonschema_take_every_rule_file_and_refuse_a_misspelt_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "rules.schema.json"
    assert main(["schema", "rules", "--output", str(schema)]) == 0
    capsys.readouterr()
    files = [rules_folder() / name for name in RULE_FILES]
    assert tool("taplo", "check", "--no-auto-config", "--schema", schema.as_uri(), *files).returncode == 0
    assert tool("check-jsonschema", "--schemafile", schema, *files).returncode == 0
    broken = tmp_path / "red_flags.toml"
    text = (rules_folder() / URGENT).read_text("utf-8")
    for old, new in (("{ legs = ", "{ lgs = "), ("because = ", "becuase = "), ('"urgent"', '"urgently"')):
        broken.write_text(f"#:schema ./{schema.name}\n" + text.replace(old, new, 1))
        assert tool("taplo", "check", "--no-auto-config", broken).returncode == 1
        assert tool("check-jsonschema", "--schemafile", schema, broken).returncode == 1
    path = tmp_path / "result.json"
    result = tmp_path / "assessment.schema.json"
    assert main(["schema", "assessment", "--output", str(result)]) == 0
    assert main(["run", "--format", "json", str(SCENARIOS[0]), "--output", str(path)]) == 0
    assert tool("check-jsonschema", "--schemafile", result, path).returncode == 0


AJV = "ajv@8.20.0"
STRICT = """
const Ajv = require("ajv"), named = JSON.parse(require("fs").readFileSync(0, "utf-8"));
for (const one of named) new Ajv({strict: true, allErrors: true}).compile(one);
console.log(named.length);
"""


@pytest.mark.nightly
def test_ajv_takes_every_schema_in_strict_mode(validators: dict[str, Draft7Validator], tmp_path: Path) -> None:
    required = os.environ.get("TRIAGE_SHELLS_REQUIRED")  # as in test_shells
    npm = shutil.which("npm")
    if not npm and not required:
        pytest.skip("npm is not installed")
    fetched = subprocess.run(
        [npm or "npm", "install", "--prefix", tmp_path, "--silent", "--no-audit", "--no-fund", AJV],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if fetched.returncode and not required:
        pytest.skip(f"npm cannot fetch {AJV}")
    assert fetched.returncode == 0, fetched.stderr
    named = json.dumps([one.schema for one in validators.values()])
    said = subprocess.run(
        ["node", "-e", STRICT], cwd=tmp_path, input=named, capture_output=True, text=True, check=False, timeout=60
    )
    assert (said.stdout, said.stderr) == (f"{len(validators)}\n", "")


# --- the command


def test_the_command_prints_the_schema(rulebase: RuleBase, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in KINDS:
        assert main(["schema", kind]) == 0
        assert json.loads(capsys.readouterr().out) == schema_of(rulebase, kind)


def test_the_ids_are_those_of_the_rule_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(rules_folder(), tmp_path / "rules"))
    for path in folder.rglob("*.toml"):
        path.write_text(path.read_text("utf-8").replace('"self_care"', '"at_home"').replace('"k_flick"', '"k_flutter"'))
    for kind in KINDS:
        assert main(["schema", kind, "--rules", str(folder)]) == 0
        schema = json.loads(capsys.readouterr().out)
        Draft7Validator.check_schema(schema)
        text = json.dumps(schema)
        assert '"k_flutter"' in text or kind in ("row", "summary")  # these name no option
        assert '"k_flick"' not in text
        assert '"self_care"' not in text


def test_texts_of_the_questions_and_of_the_grammar_help_to_write(rulebase: RuleBase) -> None:
    age = schema_of(rulebase, "answers")["properties"]["answers"]["properties"]["age"]
    assert age["description"] == rulebase.questions["age"].text
    side = schema_of(rulebase, "answers")["properties"]["answers"]["properties"]["side"]
    for words in (rulebase.questions["side"].text, *(o.text for o in rulebase.questions["side"].options)):
        assert words in side["description"]
    rules = schema_of(rulebase, "rules")["properties"]
    for table, key in (("red_flag", "fires"), ("advice", "only_if"), ("question", "ask_when"), ("hazard", "least")):
        assert rules[table]["items"]["properties"][key]["description"], key
