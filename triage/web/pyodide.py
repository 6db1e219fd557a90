"""Pyodide, Python for browsers: the one version that is used, and where it comes from."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

from triage.knowledge.faults import Fault, FaultyInput

VERSION = "314.0.7"
SOURCE = f"https://github.com/pyodide/pyodide/tree/{VERSION}"
LIBRARY, LOCK = "python_stdlib.zip", "pyodide-lock.json"
SHA256 = {
    "pyodide.mjs": "6f1d60f7bf529beb300f0f47983c921d3982363640ba20af0e38efdddbc66109",
    "pyodide.asm.mjs": "f7cdc8ece80678ceb712f8e65ebe6d3a83203a180c399865f49612a051693635",
    "pyodide.asm.wasm": "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6",
    LIBRARY: "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a",
    LOCK: "5dc2fc119108bc148c7457dc86e7675b5c87e1cafd420b9c34c1eaef7b36c010",
}


def files_of(given: str) -> dict[str, bytes]:
    """The files of Pyodide by name: of a folder, or of its archive of npm; npm brings it where none is given.

    Raises FaultyInput where one is missing, or is not the one that was tried.
    """
    try:
        found = _read(Path(given)) if given else _brought()
    except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError) as error:
        raise _fault(given, f"Pyodide cannot be had from there: {error}") from None
    for name, sha256 in SHA256.items():
        if hashlib.sha256(found[name]).hexdigest() != sha256:
            raise _fault(given, f"{name} is not that of Pyodide {VERSION}")
    return found


def _brought() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        command = ["npm", "pack", f"pyodide@{VERSION}", "--silent", "--pack-destination", name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return _read(next(Path(name).glob("*.tgz")))


def _read(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return {name: (path / name).read_bytes() for name in SHA256}
    with tarfile.open(path) as tar:
        members = {name: tar.extractfile(f"package/{name}") for name in SHA256}
        return {name: member.read() if member else b"" for name, member in members.items()}


def _fault(given: str, what: str) -> FaultyInput:
    hint = f"npm pack pyodide@{VERSION}, and --pyodide with what it brings"
    return FaultyInput([Fault(given or "--pyodide", 0, what, hint, "LCT631")])
