"""The copy of the rule base that is kept when the package is built: the same, or not used."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from triage.knowledge import cache, rulebase
from triage.knowledge.faults import FaultyInput
from triage.knowledge.folder import rules_folder
from triage.knowledge.rulebase import load

TINY = Path(__file__).parent / "reliability" / "tiny_rules"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """The copy of the small rule base."""
    made = tmp_path / "rules.pickle"
    cache.keep(load(tiny), made)
    return made


@pytest.mark.parametrize("folder", [rules_folder(), TINY])
def test_the_copy_is_what_was_read(folder: Path, tmp_path: Path) -> None:
    read = load(folder)
    cache.keep(read, tmp_path / "copy")
    assert as_data(cache.kept(read.sha256, tmp_path / "copy")) == as_data(read)


def as_data(value: Any) -> Any:
    """Records, which are equal to nothing but themselves, as mappings of their fields."""
    if is_dataclass(value):
        return type(value), {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_data(one) for name, one in value.items()}
    return [as_data(one) for one in value] if isinstance(value, tuple) else value


def test_it_is_used_only_for_the_files_it_was_made_from(tiny: Path, copy: Path) -> None:
    assert cache.kept(load(tiny).sha256, copy)
    with (tiny / "checks.toml").open("a") as file:
        file.write("# one more line\n")
    assert not cache.kept(load(tiny).sha256, copy)


def test_it_is_used_only_by_the_code_that_made_it(
    tiny: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = load(tiny).sha256
    shutil.copytree(cache.HERE, tmp_path / "knowledge")
    (tmp_path / "knowledge" / "model.py").write_text("# other code")
    monkeypatch.setattr(cache, "HERE", tmp_path / "knowledge")
    assert not cache.kept(sha256, copy)


@pytest.mark.parametrize("broken", [b"", b"\n", b"no line end", b"\xff\n"])
def test_a_broken_copy_is_not_used(tiny: Path, copy: Path, broken: bytes) -> None:
    copy.write_bytes(broken)
    assert not cache.kept(load(tiny).sha256, copy)


def test_a_faulty_rule_base_is_never_taken_from_a_copy(tiny: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "COPY", copy)
    (tiny / "checks.toml").write_text("[[check]]\n")
    with pytest.raises(FaultyInput):
        rulebase.load(tiny)
