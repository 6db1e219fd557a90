"""The rule base as it was read and checked when the package was built: reading the copy takes a tenth of the time.

The copy is used only for the very bytes that it was made from, by the very code that made
it; after any change to a rule file, or to what reads one, the files themselves are read.
Those bytes are kept with it: they are compared faster than a library for hashes is loaded.
It is written with marshal, as compiled modules beside it are: JSON takes twice as long.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from triage import model
from triage.faults import FaultyInput
from triage.model import FigureFile, RuleBase
from triage.records import Record
from triage.toml_file import Lines, read_bytes

# Read only by `check`: no result depends on them.
CHECK_ONLY = frozenset({"accepted.toml", "hazards.toml", "wording.toml"})

DEMOS = "demos"  # the folder of stories to play, on which no result depends either

SUFFIXES = (".toml", ".svg")  # of what belongs to a rule base

HERE = Path(__file__).parent
COPY = HERE / "rules.parsed"
CODE = ("grammar", "lints", "loader", "model", "parsed", "records", "toml_file")  # what reads and checks rules

MARSHALLED = 2  # the version of the format that every Python 3 reads

_TUPLE, _SET, _MAP, _FILE, _FIGURE = "()", "{}", "{:}", "file", "figure"  # kinds of values besides records


def file_names(rules: Path) -> set[str]:
    """The files of a rule base, by their names in its folder."""
    names = set()
    for folder, folders, files in os.walk(rules):
        inside = Path(folder).relative_to(rules)
        names |= {(inside / name).as_posix() for name in (*folders, *files) if name.endswith(SUFFIXES)}
    return {name for name in names if not name.startswith(f"{DEMOS}/")}


def _raws(rules: Path) -> dict[str, bytes]:
    return {name: read_bytes(rules / name, name) for name in file_names(rules)}


def digest(raws: Mapping[str, bytes]) -> str:
    """SHA-256 over the names and bytes of all files, in order of name."""
    import hashlib

    return hashlib.sha256(_joined(raws)).hexdigest()


def _joined(raws: Mapping[str, bytes]) -> bytes:
    return b"".join(b"%b\0%d\0%b" % (name.encode(), len(raws[name]), raws[name]) for name in sorted(raws))


def shown(rules: Path, name: str) -> str:
    """How messages call a file of a rule base."""
    return f"{rules.name}/{name}"


def kept(rules: Path, copy: Path = COPY) -> RuleBase | None:
    """The rule base in a folder, without examples, as it was kept; None if the copy is of other files or other code."""
    try:
        origin, groups = marshal.loads(copy.read_bytes())
        raws = _raws(rules)
        if origin != _origin(raws):
            return None
    except (OSError, EOFError, TypeError, ValueError, FaultyInput):  # no copy, or the loader will say what is wrong
        return None
    makers = _makers({name: Lines(shown(rules, name), raw) for name, raw in raws.items()})
    made: list[Any] = []
    for kind, parts, group in groups:
        for fields in group:
            for part in parts:
                fields[part] = made[fields[part]]
        made += map(makers[kind], group)
    rulebase: RuleBase = made[-1]
    return rulebase


def write(rules: Path, copy: Path = COPY) -> None:
    """Read and check a rule base and keep it; done when the package is built. Raises FaultyInput."""
    from triage.loader import Loader

    origin = _origin(_raws(rules))  # before it is read: of files that change meanwhile there is no copy
    rulebase = Loader(rules, examples=False).load()
    nodes: dict[str, _Node] = {}
    _node_of(rulebase, nodes)
    copy.write_bytes(marshal.dumps((origin, _grouped(nodes.values())), MARSHALLED))


def _origin(raws: Mapping[str, bytes]) -> bytes:
    """What a copy is of: the files, and the code that read them. Raises OSError."""
    return _joined(raws) + _joined({name: (HERE / f"{name}.py").read_bytes() for name in CODE})


class _Node:
    """A value taken apart. `parts`: the places of those fields that are nodes; `level`: 0 where there are none."""

    def __init__(self, kind: str, fields: list[Any], parts: Sequence[int]) -> None:
        self.kind, self.fields, self.parts = kind, fields, parts
        self.level: int = max((fields[place].level + 1 for place in parts), default=0)
        self.number = 0


def _node_of(value: Any, nodes: dict[str, _Node]) -> _Node:
    """The node of a value, which is put among the others once, by its text."""
    kind, fields = _taken_apart(value)
    parts = [place for place, field in enumerate(fields) if field is not None and not isinstance(field, str | int)]
    for place in parts:
        fields[place] = _node_of(fields[place], nodes)
    text = repr((kind, [id(field) if isinstance(field, _Node) else field for field in fields], parts))
    return nodes.setdefault(text, _Node(kind, fields, parts))


def _grouped(nodes: Iterable[_Node]) -> list[tuple[str, Sequence[int], list[list[Any]]]]:
    """Groups of nodes that are made alike, after all of their parts, with the numbers of these in their place."""
    ordered = sorted(nodes, key=lambda node: (node.level, node.kind, node.parts))
    for number, node in enumerate(ordered):
        node.number = number
    groups = groupby(ordered, key=lambda node: (node.level, node.kind, node.parts))
    return [(kind, parts, [_numbered(node) for node in group]) for (_, kind, parts), group in groups]


def _numbered(node: _Node) -> list[Any]:
    return [field.number if isinstance(field, _Node) else field for field in node.fields]


def _taken_apart(value: Any) -> tuple[str, list[Any]]:
    """The kind and the fields of which `_makers` can make the value."""
    if isinstance(value, Lines):
        return _FILE, [_inside(value.name)]
    if isinstance(value, FigureFile):
        return _FIGURE, [_inside(value.file), value.id]
    if isinstance(value, dict):
        return _MAP, [*value, *value.values()]
    if isinstance(value, frozenset):
        return _SET, sorted(value)
    if isinstance(value, Record):
        return type(value).__name__, [getattr(value, name) for name in value.__dataclass_fields__]
    return _TUPLE if type(value) is tuple else type(value).__name__, list(value)


def _inside(file: str) -> str:
    """The name of a file in the folder, from the one in messages."""
    return file.partition("/")[2]


Maker = Callable[[list[Any]], Any]  # from the fields to what they are the fields of


def _makers(files: Mapping[str, Lines]) -> dict[str, Maker]:
    """What makes each kind of value; `files`: those of the folder by their names."""
    kinds = {name: kind for name, kind in vars(model).items() if isinstance(kind, type)}
    makers: dict[str, Maker] = {name: kind._make for name, kind in kinds.items() if hasattr(kind, "_make")}
    for name, kind in kinds.items():
        if issubclass(kind, Record) and kind is not Record:
            makers[name] = partial(_record, kind, tuple(kind.__dataclass_fields__))
    return makers | {
        _TUPLE: tuple,
        _SET: frozenset,
        _MAP: lambda fields: dict(zip(fields[: len(fields) // 2], fields[len(fields) // 2 :], strict=True)),
        _FILE: lambda fields: files[fields[0]],
        _FIGURE: lambda fields: FigureFile(fields[1], files[fields[0]].name, files[fields[0]].raw),
    }


def _record(kind: type[Record], names: Iterable[str], fields: list[Any]) -> Record:
    return kind(**dict(zip(names, fields, strict=True)))
