"""Installs and builds the clients, once per run, from pinned versions whose files are checked."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

_HERE = Path(__file__).parent
_PROGRAMS = _HERE / "programs"
JAVA, GO = _PROGRAMS / "java", _PROGRAMS / "go"
_SECONDS = 600
#: A JVM for one short upload: quick to start, modest in memory.
_JVM = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx384m")


def node_packages() -> Path:
    """The npm packages at their locked versions; installed when others, or none, are there."""
    modules = _HERE / "node_modules"
    stamp, locked = modules / ".installed", (_HERE / "package-lock.json").read_text()
    with _alone(_HERE):
        if not stamp.exists() or stamp.read_text() != locked:
            _run(["npm", "ci", "--ignore-scripts"], _HERE)
            stamp.write_text(locked)
    return modules


class Builds:
    """Builds into ``folder`` when first asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def java(self, module: str, main: str) -> list[str]:
        """Return the command of a Java program: its module, and its main class."""
        output = self._java / module
        return ["java", *_JVM, "-cp", f"{output / 'classes'}{os.pathsep}{output / 'dependency'}/*", main]

    @cached_property
    def tools(self) -> Path:
        """The programs of tools from PyPI, in an environment of their own: they are nobody's dependencies."""
        folder = self._folder / "tools"
        _run([sys.executable, "-m", "venv", str(folder)], _HERE)
        python = str(folder / "bin" / "python")
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "tools.txt"], _HERE)
        return folder / "bin"

    @cached_property
    def go(self) -> list[str]:
        """The command of the Go program that drives the COS SDK."""
        return self._go("go")

    @cached_property
    def go_api(self) -> list[str]:
        """The command of the Go program that drives the API SDK."""
        return self._go("go-api")

    def _go(self, module: str) -> list[str]:
        program = self._folder / f"{module}-program"
        _run(["go", "build", "-mod=readonly", "-buildvcs=false", "-o", str(program), "."], _PROGRAMS / module)
        return [str(program)]

    @cached_property
    def _java(self) -> Path:
        output = self._folder / "java"
        command = ["mvn", "-q", "-B", f"-Doutput={output}", "compile", "dependency:copy-dependencies"]
        # Maven's local repository bears one writer only.
        with _alone(JAVA):
            try:
                _run([*command, "-o"], JAVA)
            except AssertionError:
                # Something is not in Maven's local repository yet.
                _run(command, JAVA)
        check_jars(output)
        return output


def check_jars(output: Path) -> None:
    """Compare what Maven brought with the lock file; raises ``AssertionError`` when anything differs."""
    found = {
        f"{jar.parents[1].name}/{jar.name}": hashlib.sha256(jar.read_bytes()).hexdigest()
        for jar in output.glob("*/dependency/*.jar")
    }
    rows = (line.split("  ") for line in (JAVA / "jars.sha256").read_text().splitlines())
    locked = {name: digest for digest, name in rows}
    assert found == locked, sorted(set(found.items()) ^ set(locked.items()))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep the other processes of a parallel run out: each would install into the same ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
