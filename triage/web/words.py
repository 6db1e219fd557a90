"""The words of the pages that are no knowledge, by their names in words.toml."""

import tomllib
from pathlib import Path
from types import SimpleNamespace

words = SimpleNamespace(**tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")))
