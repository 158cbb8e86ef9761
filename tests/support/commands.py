"""The command line as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def openvod(*arguments: str, timeout: float = 60, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``openvod`` with ``text`` on its standard input; return what it did."""
    command = [sys.executable, "-m", "openvod.app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, input=text)


def openvod_json(*arguments: str) -> Any:
    """Run ``openvod`` and parse the JSON that it prints; asserts that it answered any."""
    done = openvod(*arguments)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
