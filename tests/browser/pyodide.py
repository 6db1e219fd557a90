"""Pyodide for tests: `python tests/browser/pyodide.py` fetches its archive (6 MB) with npm; it is checked where it is used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PINNED = HERE.parents[1] / "triage" / "web" / "pyodide.py"
VERSION = re.findall(r'^VERSION = "(.+)"', PINNED.read_text("utf-8"), re.MULTILINE)[0]
ARCHIVE = HERE / ".pyodide" / f"pyodide-{VERSION}.tgz"


def fetch() -> None:
    """Have npm bring the archive. SystemExit if it cannot."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch Pyodide; on Debian: apt-get install npm")
    ARCHIVE.parent.mkdir(exist_ok=True)
    command = [npm, "pack", f"pyodide@{VERSION}", "--silent", "--pack-destination", str(ARCHIVE.parent)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(f"Pyodide {VERSION} is in {os.path.relpath(ARCHIVE)}")


if __name__ == "__main__":
    if ARCHIVE.is_file():
        print(f"Pyodide {VERSION} is there")
    else:
        fetch()
