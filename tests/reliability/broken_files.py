"""Makes broken files from sound ones: the same from the same seed.

Most breaks are small, so that a file gets past the TOML parser and into the checks behind
it. Some break nothing (a byte order mark, other line ends): the caller finds out what must
follow. The kinds are the keys of `BREAKS` and `LARGE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import NamedTuple

ESCAPES = ("\\u001b[2J", "\\u001b]0;x\\u0007", "\\u009b31m", "\\u202e", "\\u007f", "\x9b31m", "\u202e", "\x1b[2J")
LOOK_ALIKES = str.maketrans("aceiopxyjs", "\u0430\u0441\u0435\u0456\u043e\u0440\u0445\u0443\u0458\u0455")
PATHS = ("../", "..\\\\", "/etc/", "a/b", "./", "//", "C:\\\\", "%2e%2e/", "~/", "a\\u0000b")
VALUES = (
    "true", "false", "0", "-1", "1", "17", "18", "999999999999999999999999", "0x" + "f" * 5000, "0b1", "9" * 5000,
    "1.5", "nan", "-inf", "1e999", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", '""', '" "', '"none"', '"x"',
    '"not_sure"', '"a_na"', "[]", "[[]]", "{}", "[{}]", "[1, true]", '["none", "none"]', '["none", "not_sure"]',
    '["not_sure"]', '{ all = ["none", "x"] }', "{ all = [] }", "{ a = { b = { c = 1 } } }", '[["none"], ["x"]]',
    '"""\nlong\n"""', "'''\n'''", '">=60"', '"<0"', '"90-1"', '">= 1"', "-0", "+1_0", "0o17", '"\\U0010FFFF"',
    '"\u0661\u0662"', "[[{}], [{}]]", '[{ x = "y" }]', '[{ x = "y" }, 1]', "[nan]", "[1979-05-27]",
)  # fmt: skip

_ENTRY = re.compile(rb"^[ \t]*[\w\-\"']+[ \t]*=[^\n]*$", re.MULTILINE)
_INNER = re.compile(rb'"[^"\n]*"|\b\d+\b|\btrue\b|\bfalse\b|\[[^\[\]\n]*\]|\{[^{}\n]*\}')
_WORD = re.compile(rb"[A-Za-z_][\w\-]*")
_HEADER = re.compile(rb"^\[[^\n]*$", re.MULTILINE)


class Broken(NamedTuple):
    """A file that may be broken: in which way, its bytes, and the name it is to have."""

    kind: str
    data: bytes
    name: str


def broken_file(random: Random, sound: bytes) -> Broken:
    """`sound` with one break, or with several small ones."""
    name = random.choice(NAMES) if random.random() < 0.05 else "file.toml"
    if random.random() < 1 / EVERY_LARGE:
        kind = random.choice(list(LARGE))
        return Broken(kind, LARGE[kind](random, sound), name)
    kind = random.choice(list(BREAKS))
    data = BREAKS[kind](random, sound)
    if random.random() < 0.2:
        kind = "several"
        for _ in range(random.randint(1, 3)):
            data = BREAKS[random.choice(list(BREAKS))](random, data)
    return Broken(kind, data, name)


EVERY_LARGE = 1000  # one file in so many
NAMES = (
    "a\x1b[2J.toml",
    "\u202etxt.toml",
    "\x9b31m.toml",
    "two words.toml",
    "new\nline.toml",
    "\udcff.toml",
    "-x.toml",
    "\u00e9",
)


# --- small breaks


def truncated(random: Random, data: bytes) -> bytes:
    return data[: random.randint(0, len(data))]


def random_bytes(random: Random, _: bytes) -> bytes:
    return random.randbytes(random.randint(0, 400))


def flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 8) if data else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def punctuation(random: Random, data: bytes) -> bytes:
    return _inserted(random, data, random.choice(["[", "]", "{", "}", '"', "'", "=", ".", ",", "#", '"""', "\\", "\n"]))


def nul(random: Random, data: bytes) -> bytes:
    return _inserted(random, data, "\0" * random.choice([1, 1, 100]))


def invalid_utf8(random: Random, data: bytes) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"]) + data[at:]


def byte_order_mark(random: Random, data: bytes) -> bytes:
    at = 0 if random.random() < 0.5 else random.randint(0, len(data))
    if random.random() < 0.2:
        return data.decode("utf-8", "replace").encode(random.choice(["utf-16", "utf-32", "utf-7"]), "replace")
    return data[:at] + b"\xef\xbb\xbf" * random.choice([1, 1, 2]) + data[at:]


def line_ends(random: Random, data: bytes) -> bytes:
    return data.replace(b"\n", random.choice([b"\r\n", b"\r\n", b"\r", b"\n\r", "\u2028".encode(), b"\x0c", b"\n\n"]))


def wrong_value(random: Random, data: bytes) -> bytes:
    return _with_entry(random, data, lambda key, _: key + b"= " + random.choice(VALUES).encode())


def wrong_inner_value(random: Random, data: bytes) -> bytes:
    """A value anywhere, also within lists and inline tables."""
    return _swapped(random, data, _INNER, lambda _: random.choice(VALUES).encode())


def other_word(random: Random, data: bytes) -> bytes:
    """An id, key or word where another one stood."""
    words = _WORD.findall(data) or [b"x"]
    return _swapped(random, data, _WORD, lambda _: random.choice(words))


def misspelt(random: Random, data: bytes) -> bytes:
    def spell(word: bytes) -> bytes:
        at = random.randrange(len(word))
        return (
            word[:at] + random.choice([b"", word[at : at + 1] * 2, b"x", word[at : at + 1].swapcase()]) + word[at + 1 :]
        )

    return _swapped(random, data, _WORD, spell)


def look_alikes(random: Random, data: bytes) -> bytes:
    def swap(word: bytes) -> bytes:
        text = word.decode().translate(LOOK_ALIKES)
        return text.encode() if random.random() < 0.5 else f'"{text}"'.encode()

    return _swapped(random, data, _WORD, swap)


def path_separators(random: Random, data: bytes) -> bytes:
    return _swapped(random, data, _WORD, lambda word: random.choice(PATHS).encode() + random.choice([b"", word]))


def escapes(random: Random, data: bytes) -> bytes:
    """Terminal escape sequences within words, as keys, and as values."""
    escape = random.choice(ESCAPES).encode()
    if random.random() < 0.4:
        return _with_entry(random, data, lambda key, _: key + b'= "' + escape + b'"')
    if random.random() < 0.3:
        return _with_entry(random, data, lambda _, value: b'"' + escape + b'" =' + value)
    return _swapped(random, data, _INNER, lambda value: value[:1] + escape + value[1:])


def dropped_line(random: Random, data: bytes) -> bytes:
    return _swapped(random, data, re.compile(rb"^[^\n]+\n", re.MULTILINE), lambda _: b"")


def dropped_part(random: Random, data: bytes) -> bytes:
    """Everything between two headers."""
    starts = [found.start() for found in _HEADER.finditer(data)]
    if not starts:
        return b""
    nth = random.randrange(len(starts))
    return data[: starts[nth]] + (data[starts[nth + 1] :] if nth + 1 < len(starts) else b"")


def twice(random: Random, data: bytes) -> bytes:
    """The same line, or the same part, a second time."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    start = random.randrange(len(lines))
    part = lines[start : start + random.choice([1, 1, 5, 20])]
    at = random.choice([start, len(lines)])
    return b"".join([*lines[:at], *part, *lines[at:]])


def shuffled(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    start = random.randrange(len(lines) + 1)
    part = lines[start : start + 6]
    random.shuffle(part)
    return b"".join([*lines[:start], *part, *lines[start + 6 :]])


def other_header(random: Random, data: bytes) -> bytes:
    def change(header: bytes) -> bytes:
        name = header.strip(b"[]")
        return random.choice(
            [b"[%s]", b"[[%s]]", b"[%s.x]", b"[[x.%s]]", b"[x]", b"%s = 1", b"%s = []", b"[[%s.%s]]"]
        ).replace(b"%s", name)

    return _swapped(random, data, _HEADER, change)


def flattened(random: Random, data: bytes) -> bytes:
    """One value where sub-tables, or all tables of a name, stood."""
    headers = list(_HEADER.finditer(data))
    if not headers:
        return data
    first = last = random.randrange(len(headers))
    while last + 1 < len(headers) and headers[last + 1][0] == headers[first][0]:
        last += 1
    name = headers[first][0].strip(b"[]").split(b".")[-1]
    end = headers[last + 1].start() if last + 1 < len(headers) else len(data)
    return data[: headers[first].start()] + name + b" = " + random.choice(VALUES).encode() + b"\n" + data[end:]


def deep(random: Random, data: bytes) -> bytes:
    """Lists, inline tables, keys or headers within one another."""
    depth = random.choice([10, 40, 80, 150, 300, 450, 1000, 5000])
    key = random.choice(["x", "age", "title", "when"])
    nested = random.choice(
        (
            f"{key} = {'[' * depth}{']' * depth}",
            f"{key} = {'[' * depth}",
            f"{key} = {'{a=' * depth}1{'}' * depth}",
            f"{key} = {'[{a=' * depth}1{'}]' * depth}",
            f"{'.'.join([key] * depth)} = 1",
            f"[answers.{'.'.join([key] * depth)}]",
            f"[[{'.'.join([key] * depth)}]]",
        )
    )
    return _inserted_line(random, data, nested)


def many_faults(random: Random, data: bytes) -> bytes:
    """More wrong entries than anybody wants to read."""
    lines = [f"wrong{n} = {random.choice(VALUES[:20])}" for n in range(random.choice([50, 500, 3000]))]
    return _inserted_line(random, data, "\n".join(lines))


BREAKS: dict[str, Callable[[Random, bytes], bytes]] = {
    break_.__name__: break_
    for break_ in (
        truncated, random_bytes, flipped, punctuation, nul, invalid_utf8, byte_order_mark, line_ends, wrong_value,
        wrong_inner_value, other_word, misspelt, look_alikes, path_separators, escapes, dropped_line, dropped_part,
        twice, shuffled, other_header, flattened, deep, many_faults,
    )
}  # fmt: skip


# --- large files: about one in a thousand


def _size(random: Random) -> int:
    return random.choice([100_000, 1_000_000, 4_900_000])


def fifty_megabytes(random: Random, data: bytes) -> bytes:
    return data + random.choice([b"#", b"\n", b"\0", b"x", b"[", b"a = 1\n"]) * 50_000_000


def long_comment(random: Random, data: bytes) -> bytes:
    return data + b"#" * _size(random)


def blank(random: Random, data: bytes) -> bytes:
    return data + random.choice([b"\n", b" ", b" \n", b"\t"]) * _size(random)


def blank_inside(random: Random, data: bytes) -> bytes:
    """Blanks where lines are searched for headers and keys."""
    blanks = " " * (_size(random) // 2)
    return _inserted_line(random, data, random.choice([f"x = [\n[1{blanks}, 2],\n]", f"x = [\n[{blanks}1, 2],\n]"]))


def long_text(random: Random, data: bytes) -> bytes:
    text = random.choice(['"', "'", '"""', '\\"', "\\n", "x", "\u00e9", ".", "{", "["]) * (_size(random) // 4)
    return _with_entry(random, data, lambda key, _: key + b"= '''" + text.encode() + b"'''")


def long_list(random: Random, data: bytes) -> bytes:
    item = random.choice(['"none",', '"x",', "1,", "[],", "{},", '"x", "y", '])
    return _with_entry(random, data, lambda key, _: key + f"= [{item * (_size(random) // len(item))}]".encode())


def long_key(random: Random, data: bytes) -> bytes:
    return _inserted_line(random, data, f"{'x' * _size(random)} = 1")


def long_dotted_key(random: Random, data: bytes) -> bytes:
    part = random.choice(["x.", '"x".', "'' . "])
    return _inserted_line(random, data, f"{part * (_size(random) // len(part))}x = 1")


def many_keys(random: Random, data: bytes) -> bytes:
    lines = "\n".join(f"k{n} = {n}" for n in range(_size(random) // 18))
    return _inserted_line(random, data, lines)


def many_headers(random: Random, data: bytes) -> bytes:
    header = random.choice(["[[question]]\n", "[[red_flag]]\n", "[[x]]\n", "[[advice]]\n[[advice.never]]\n"])
    return data + b"\n" + (header * (_size(random) // len(header))).encode()


def long_example(random: Random, data: bytes) -> bytes:
    """Where the lists of examples are looked for in the text."""
    brackets = random.choice(["{", "[", "}", "{]"]) * (_size(random) // 2)
    return _inserted_line(random, data, f"fires = [{brackets}")


LARGE: dict[str, Callable[[Random, bytes], bytes]] = {
    break_.__name__: break_
    for break_ in (
        fifty_megabytes, long_comment, blank, blank_inside, long_text, long_list, long_key,
        long_dotted_key, many_keys, many_headers, long_example,
    )
}  # fmt: skip


# --- where to break


def _swapped(random: Random, data: bytes, what: re.Pattern[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """One match of `what` replaced by `change` of it."""
    places = [found.span() for found in what.finditer(data)]
    if not places:
        return data
    start, end = random.choice(places)
    return data[:start] + change(data[start:end]) + data[end:]


def _with_entry(random: Random, data: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """One `key = value` line made of its key and its value."""

    def line(entry: bytes) -> bytes:
        key, _, value = entry.partition(b"=")
        return change(key, value)

    return _swapped(random, data, _ENTRY, line)


def _inserted(random: Random, data: bytes, text: str) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + text.encode() + data[at:]


def _inserted_line(random: Random, data: bytes, line: str) -> bytes:
    lines = data.splitlines(keepends=True)
    at = random.randint(0, len(lines))
    return b"".join([*lines[:at], line.encode() + b"\n", *lines[at:]])
