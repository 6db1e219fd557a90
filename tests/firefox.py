"""Debian's Firefox for tests, over its own remote protocol (Marionette): no driver, no package, nothing leaves the machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import REQUIRED

HINT = "no firefox-esr on PATH; on Debian: apt-get install firefox-esr"
SECONDS = 60  # until it has started; and for one command
QUIET = {
    "app.update.enabled": False, "browser.safebrowsing.malware.enabled": False, "datareporting.policy.firstRunURL": "",
    "extensions.update.enabled": False, "marionette.port": 0, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "services.settings.server": "data:,", "toolkit.telemetry.enabled": False,
}  # fmt: skip


class Firefox:
    """One window. A command that fails raises AssertionError with what Firefox says."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rwb")
        self._sent = 0
        self._read()  # its greeting
        self.call("WebDriver:NewSession", strictFileInteractability=False)

    def call(self, command: str, **given: Any) -> Any:
        self._sent += 1
        message = json.dumps([0, self._sent, command, given]).encode()
        self._stream.write(b"%d:%s" % (len(message), message))
        self._stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result.get("value") if isinstance(result, dict) else result

    def _read(self) -> Any:
        size = b""
        while (one := self._stream.read(1)) != b":":
            assert one, "Firefox has gone"
            size += one
        return json.loads(self._stream.read(int(size)))

    def open(self, address: str) -> None:
        self.call("WebDriver:Navigate", url=address)

    def back(self) -> None:
        self.call("WebDriver:Back")

    def forward(self) -> None:
        self.call("WebDriver:Forward")

    def run(self, script: str, *given: Any) -> Any:
        """What a function of JavaScript with this body returns."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(given))

    def run_until_told(self, script: str, *given: Any) -> Any:
        """What a function with this body hands to its last argument, which it calls."""
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=list(given))

    def wait(self, condition: str) -> None:
        """Until a condition of JavaScript holds."""
        limit = time.monotonic() + SECONDS
        while not self.run(f"return document.readyState === 'complete' && Boolean({condition})"):
            assert time.monotonic() < limit, condition
            time.sleep(0.02)

    def keys(self, selector: str, text: str) -> None:
        """Type into what a selector finds."""
        found = self.call("WebDriver:FindElement", using="css selector", value=selector)
        self.call("WebDriver:ElementSendKeys", id=next(iter(found.values())), text=text)

    def click(self, selector: str) -> None:
        found = self.call("WebDriver:FindElement", using="css selector", value=selector)
        self.call("WebDriver:ElementClick", id=next(iter(found.values())))

    def text(self, selector: str) -> str:
        """The words of what a selector finds."""
        return str(self.run("return document.querySelector(arguments[0]).textContent.trim()", selector))


@contextmanager
def firefox() -> Iterator[Firefox]:
    """A Firefox of its own while the block runs. Without one the test is skipped, or fails where `REQUIRED` is set."""
    found = shutil.which("firefox-esr")
    if found is None:
        pytest.fail(HINT, pytrace=False) if os.environ.get(REQUIRED) else pytest.skip(HINT)
    with tempfile.TemporaryDirectory() as name:
        profile = Path(name)
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in QUIET.items()]
        (profile / "user.js").write_text("".join(lines), "utf-8")
        command = [found, "--headless", "--marionette", "--no-remote", "--profile", name]
        process = subprocess.Popen(
            command, env={**os.environ, "HOME": name}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with socket.create_connection(("127.0.0.1", _port(profile, process)), SECONDS) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            process.wait()


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    limit, file = time.monotonic() + SECONDS, profile / "MarionetteActivePort"
    while not (file.exists() and file.read_text("ascii").strip()):
        assert process.poll() is None
        assert time.monotonic() < limit, "Firefox does not start"
        time.sleep(0.05)
    return int(file.read_text("ascii"))
