"""Coverage-guided fuzzing of the readers with atheris, as a process of its own.

python tests/reliability/atheris_target.py -runs=20000 -seed=1 -max_len=400

Only FaultyInput may come out of bytes that are read as an answer file. atheris is
optional: it installs on few platforms, and nothing else needs it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["tomllib", "triage"]):
    from triage.conversation.answers import read_answers
    from triage.knowledge.faults import FaultyInput
    from triage.knowledge.rulebase import load
    from triage.knowledge.toml_file import TomlFile

RULEBASE = load()


def read(data: bytes) -> None:
    """Whatever the bytes are, they are read or refused with printable faults."""
    try:
        toml = TomlFile("file.toml", data)
        _, faults = read_answers(toml, RULEBASE)
    except FaultyInput as error:
        faults = list(error.faults)
    assert all(str(fault).isprintable() and str(fault).startswith("file.toml") for fault in faults)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
