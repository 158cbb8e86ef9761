"""The command line as a user runs it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from openvod.app.cli.commands import run


@dataclass(frozen=True)
class Ended:
    """What a command did."""

    status: int
    stdout: str
    stderr: str


def in_process(*arguments: str) -> Ended:
    """Run a command in this process, which costs no start of Python."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(arguments)
    return Ended(status, out.getvalue(), err.getvalue())


def openvod(*arguments: str, timeout: float = 60, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``openvod`` with ``text`` on its standard input; return what it did."""
    command = [sys.executable, "-m", "openvod.app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, input=text)


def openvod_json(*arguments: str) -> Any:
    """Run ``openvod`` and parse the JSON that it prints; asserts that it answered any."""
    done = openvod(*arguments)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
