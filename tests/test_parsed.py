"""The copy of the rule base that is made when the package is built: the same to the last field, or not used."""

from __future__ import annotations

import dataclasses
import marshal
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from triage import parsed, rulebase
from triage.faults import FaultyInput
from triage.loader import Loader
from triage.model import Ranking, SafetyNet, Saved
from triage.opening import rules_folder
from triage.parsed import CODE, kept, write
from triage.records import Record
from triage.rulebase import load
from triage.toml_file import Location

TINY = Path(__file__).parent / "reliability" / "tiny_rules"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """The copy of the small rule base."""
    made = tmp_path / "rules.parsed"
    write(tiny, made)
    return made


def told(value: Any) -> Any:
    """Everything that can be read of a value, with the types of all its parts; dicts in their order."""
    if isinstance(value, Location):
        return value.file, value.line, value.toml.text
    if isinstance(value, Record):
        return type(value), [(name, told(getattr(value, name))) for name in value.__dataclass_fields__]
    if isinstance(value, dict):
        return [(name, told(item)) for name, item in value.items()]
    if isinstance(value, tuple):
        return type(value), [told(item) for item in value]
    return type(value), value


@pytest.mark.parametrize("folder", [rules_folder(), TINY])
def test_the_copy_is_what_was_read_to_the_last_field(folder: Path, tmp_path: Path) -> None:
    write(folder, tmp_path / "rules.parsed")
    read = kept(folder, tmp_path / "rules.parsed")
    assert read is not None
    assert told(read) == told(Loader(folder, examples=False).load())


def test_what_tells_rule_bases_apart_sees_every_part(tiny: Path) -> None:
    """Or the test above would pass whatever the copy holds."""
    whole = load(tiny)
    for changed in (
        dataclasses.replace(whole, sha256="x"),
        dataclasses.replace(whole, ranking=Ranking(*whole.ranking[:-1], 99)),
        dataclasses.replace(whole, questions=dict(reversed(whole.questions.items()))),
        dataclasses.replace(whole, bands={name: (*bands, "x") for name, bands in whole.bands.items()}),
        dataclasses.replace(whole, saved=Saved(*whole.saved[:-1], "x")),
        dataclasses.replace(whole, safety_net=SafetyNet(*whole.safety_net[:-1], ("x",))),
    ):
        assert told(changed) != told(whole)


def test_the_copy_is_used_where_nothing_changed(tiny: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebase, "kept", lambda folder: kept(folder, copy))
    monkeypatch.setattr(Loader, "load", lambda _: pytest.fail("the files were read"))
    assert load(tiny).questions


def add_a_blank(tiny: Path) -> None:
    with (tiny / "checks.toml").open("a") as file:
        file.write("\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "another byte": add_a_blank,
    "another name": lambda tiny: (tiny / "causes/everyday.toml").rename(tiny / "causes/others.toml"),
    "one more file": lambda tiny: (tiny / "more.toml").touch(),
    "a file less": lambda tiny: (tiny / "claims.toml").unlink(),
    "a file that cannot be read": lambda tiny: (tiny / "more.toml").mkdir(),
    "a copy cut short": lambda tiny: (tiny.parent / "rules.parsed").write_bytes(
        (tiny.parent / "rules.parsed").read_bytes()[:-9]
    ),
    "an empty copy": lambda tiny: (tiny.parent / "rules.parsed").write_bytes(b""),
    "text in place of a copy": lambda tiny: (tiny.parent / "rules.parsed").write_bytes(b'{"a": 1}'),
    "a number in place of a copy": lambda tiny: (tiny.parent / "rules.parsed").write_bytes(marshal.dumps(5)),
    "no copy": lambda tiny: (tiny.parent / "rules.parsed").unlink(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_copy_is_not_used_after_a_change(name: str, tiny: Path, copy: Path) -> None:
    assert kept(tiny, copy)
    CHANGES[name](tiny)
    assert kept(tiny, copy) is None


def test_the_copy_is_not_used_by_other_code(
    tiny: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CODE:
        shutil.copy(parsed.HERE / f"{name}.py", tmp_path)
    monkeypatch.setattr(parsed, "HERE", tmp_path)
    assert kept(tiny, copy)
    with (tmp_path / "lints.py").open("a") as file:
        file.write("\n")
    assert kept(tiny, copy) is None


def test_code_that_reads_rules_is_known() -> None:
    """What is imported besides has no part in what a rule base is read to."""
    code = "import sys, triage.loader; print(*(name for name in sys.modules if name.startswith('triage.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    read = {name.partition(".")[2] for name in done.stdout.split()}
    assert read == {*CODE, "faults"}


def test_no_copy_is_made_of_faulty_rules(tiny: Path, tmp_path: Path) -> None:
    add_a_blank(tiny)
    (tiny / "checks.toml").write_text("[[check]]\n")
    with pytest.raises(FaultyInput):
        write(tiny, tmp_path / "faulty.parsed")
    assert not (tmp_path / "faulty.parsed").exists()


# --- records


class Pair(Record):
    left: int
    right: str = "r"


def test_a_record_has_its_fields_and_defaults() -> None:
    pair = Pair(left=1)
    assert (pair.left, pair.right, repr(pair)) == (1, "r", "Pair(left=1, right='r')")
    assert [field.name for field in dataclasses.fields(pair)] == ["left", "right"]
    assert dataclasses.replace(pair, right="s").right == "s"
    assert pair != Pair(left=1)


def test_a_record_cannot_be_changed() -> None:
    pair = Pair(left=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del pair.left
    assert pair.left == 1


@pytest.mark.parametrize("given", [{}, {"right": "r"}, {"left": 1, "wrong": 2}])
def test_a_record_takes_its_fields_and_no_others(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Pair: unknown or missing: (left|wrong)"):
        Pair(**given)
