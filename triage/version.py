"""The program: its version, and the words that start it."""

import os
import re
import sys

__version__ = "2.0.0"

NAME = "leg-cramp-triage"


def program() -> str:
    """What starts this program once more in a shell: its name where that is found, else as it was started."""
    import shlex  # not before the first question

    started = sys.argv[0]
    if os.path.basename(started) != NAME:  # python -m triage, or a program around it
        return f"{shlex.quote(sys.executable)} -m triage"
    names = (os.path.join(folder, NAME) for folder in os.get_exec_path())
    found = next((name for name in names if os.access(name, os.X_OK)), "")
    return NAME if os.path.realpath(found) == os.path.realpath(started) else shlex.quote(started)


def how_to_install(extra: str) -> str:
    """The command that installs what an extra needs beside this program, wherever that came from."""
    import shlex
    from importlib.metadata import PackageNotFoundError, requires  # slow, and hardly ever needed

    try:
        lines = requires(NAME) or []
    except PackageNotFoundError:
        lines = []
    needed = [line.partition(";")[0].strip() for line in lines if re.search(rf"""extra == ['"]{extra}['"]""", line)]
    return shlex.join([sys.executable, "-m", "pip", "install", *(needed or [f".[{extra}]"])])
