"""TOML files read with the line of every table and key, for messages that name them.

`tomllib` forgets lines, so they are found again in the text, only when a message
needs them. Files are UTF-8; a byte order mark is accepted.
"""

from __future__ import annotations

import re
import sys
import tomllib
from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from triage.knowledge.faults import Fault, FaultyInput

# Answer and rule files are a few kilobytes, nested a few levels deep; more than this is a mistake.
LARGEST_FILE = 5_000_000
DEEPEST = 40

# Patterns are compiled by those who use them, and that is rarely.

# Keys of so many parts keep tomllib busy for hours, and what they make is too deep for anybody.
_LONG_KEY = rf"""(?<![\w\-.])(?:(?:[\w\-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{DEEPEST}}}"""
# Possessive (`++`): a line of blanks must not be tried again from every one of them.
_HEADER = r"^\s*+\[{1,2}+([A-Za-z0-9_.\-\s\"']++)\]{1,2}+\s*+(?:#.*)?$"
_KEY = r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\"|'[^']*')\s*[.=]"
_OPENS_LIST = r"^[^=]*=\s*\[\s*(?:#.*|\{.*)?$"
# A string or a comment: what looks like a header or a key in its further lines is none.
_QUOTED = r"""\"{3}(?:[^"\\]+|\\.|"(?!""))*+\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*"""


class Location(NamedTuple):
    """A table: its file, the line of its header, the lines of its keys (1-based; 0: not known), its name in messages."""

    file: str
    line: int
    keys: Mapping[str, int]
    label: str = ""

    def line_of(self, key: str) -> int:
        """The line of a key; that of the header where the key is not there."""
        return self.keys.get(key, self.line)

    def fault(self, code: str, key: str, what: str, hint: str = "") -> Fault:
        """What is wrong with the field under a key; with the whole table where the key is empty."""
        field = f", {key}" if key else ""
        return Fault(self.file, self.line_of(key), f"{self.label}{field}: {what}", hint, code)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Location("", 0, {})


class TomlFile:
    """One parsed file: its `data`, its `text`, and the lines of both. `name` is used in messages."""

    def __init__(self, name: str, raw: bytes) -> None:
        """Parse `raw`. Raises FaultyInput."""
        self.name, self.text = name, decoded(name, raw)
        self.data: dict[str, Any] = _interned(self._parsed())

    def _parsed(self) -> dict[str, Any]:
        try:
            if any(line.count(".") >= DEEPEST and re.search(_LONG_KEY, line) for line in self.text.split("\n")):
                raise RecursionError
            data = tomllib.loads(self.text)
            refuse_extremes(data)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else self.text.count("\n") + 1
            what = re.sub(r"\s*\(at .*?\)$", "", str(error))
            raise FaultyInput([Fault(self.name, line, f"not TOML: {what}", code="LCT004")]) from None
        except (RecursionError, ValueError):
            raise FaultyInput(
                [Fault(self.name, 0, "not TOML: nested too deeply, or a number too large", code="LCT004")]
            ) from None
        return data

    def line(self, table: str = "", nth: int = 0, key: str = "") -> int:
        """The line of `key` in the `nth` (0-based) table of that name in the file, or of its header; 0 if not found.

        Tables written inline or with dotted keys are found by their key.
        """
        tables = self._index.get(table, [])
        if nth >= len(tables):
            return self._index[""][0][1].get(table, 0)
        header, keys = tables[nth]
        inner = self._index.get(f"{table}.{key}") if len(tables) == 1 else None
        return keys.get(key, inner[0][0] if inner else header)

    @cached_property
    def _index(self) -> dict[str, list[tuple[int, dict[str, int]]]]:
        index: dict[str, list[tuple[int, dict[str, int]]]] = {"": [(1, {})]}
        keys, name, listed = index[""][0][1], "", ""
        plain = re.sub(_QUOTED, lambda found: "\n" * found[0].count("\n") or found[0], self.text, flags=re.DOTALL)
        for number, line in enumerate(plain.split("\n"), 1):
            if header := re.match(_HEADER, line):
                keys = {}
                name, listed = re.sub(r"[\s\"']", "", header[1]), ""
                index.setdefault(name, []).append((number, keys))
            elif key := re.match(_KEY, line):
                own = sys.intern(key[1].strip("\"'"))
                keys.setdefault(own, number)
                listed = f"{name}.{own}".lstrip(".") if re.match(_OPENS_LIST, line) else ""
            if listed:
                index.setdefault(listed, []).extend([(number, {})] * _tables(line))
        return index


def _tables(line: str) -> int:
    """How many tables of a list begin on a line; those inside of them are not counted."""
    bare = re.sub(_QUOTED, "", line)
    depths = accumulate((char == "{") - (char == "}") for char in bare)
    return sum(char == "{" and depth == 1 for char, depth in zip(bare, depths, strict=True))


def _interned(value: Any) -> Any:
    """The same, in which texts that are alike are one: the kept copy of the rule base loads sooner."""
    if isinstance(value, dict):
        return {sys.intern(name): _interned(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_interned(one) for one in value]
    return sys.intern(value) if isinstance(value, str) else value


def refuse_extremes(data: dict[str, Any]) -> None:
    """RecursionError for more than DEEPEST levels, ValueError for whole numbers of more than 64 bits.

    Neither need be allowed; later code may go down into values and write them out.
    """
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        below = [item for node in level for item in (node.values() if type(node) is dict else node)]
        if any(type(item) is int and item.bit_length() > 64 for item in below):
            raise ValueError
        level = [item for item in below if type(item) is dict or type(item) is list]
        if not level:
            return
    raise RecursionError


def decoded(name: str, raw: bytes) -> str:
    """The text of a file; `name` is used in messages. Raises FaultyInput."""
    text = raw.removeprefix(BOM_UTF8)
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise FaultyInput([Fault(name, line, "not UTF-8 text", code="LCT003")]) from None


def read_bytes(path: Path, shown: str) -> bytes:
    """What is in a file; `shown` is its name in messages. Raises FaultyInput."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FaultyInput([Fault(shown, 0, f"cannot be read: {reason}", code="LCT001")]) from None
    if len(raw) > LARGEST_FILE:
        raise FaultyInput([Fault(shown, 0, f"larger than {LARGEST_FILE:,} bytes", code="LCT002")])
    return raw


def read_plain(path: Path, shown: str) -> bytes:
    """The same of a plain file only: a pipe could be waited for without end. Raises FaultyInput."""
    if path.exists() and not path.is_file():
        raise FaultyInput([Fault(shown, 0, "cannot be read: it is not a plain file", code="LCT001")])
    return read_bytes(path, shown)
