"""A PostgreSQL of the test run's own: Debian's programs, a temporary folder, a Unix socket, an unprivileged user."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy

from support.server import free_port


def _programs() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not candidates:
        raise RuntimeError("PostgreSQL's server programs are missing; install Debian's package postgresql")
    return candidates[-1]


class Cluster:
    """A cluster in a folder of its own, on a Unix socket and a loopback port, which a test may take away."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._data, self._sockets = folder / "data", folder / "sockets"
        self.port = port
        self.url = f"postgresql+psycopg://openvod@/postgres?host={self._sockets}&port={port}"
        self.tcp_url = f"postgresql+psycopg://openvod@127.0.0.1:{port}/postgres"
        self._options: dict[str, Any] = {"check": True, "capture_output": True}

    def make(self) -> None:
        """Make the cluster, owned by a user that PostgreSQL accepts."""
        self._sockets.mkdir(parents=True)
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self._folder, self._sockets):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            self._options |= {
                "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": self._folder,
            }  # fmt: skip
        initdb = [str(_programs() / "initdb"), "-D", str(self._data), "-A", "trust", "-U", "openvod", "-E", "UTF8"]
        subprocess.run([*initdb, "--no-sync"], **self._options)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self._sockets} "
            "-c fsync=off -c max_connections=50"
        )
        self._control("-l", str(self._folder / "log"), "-o", settings, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` as a crash does, ``fast`` as an operator does."""
        self._control("-m", mode, "stop")

    def restart(self, mode: str = "immediate") -> None:
        """Stop and start it."""
        self.stop(mode)
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still during the block (SIGSTOP): connections stay, nobody answers."""
        root = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        processes = [root, *root.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def ask(self, statement: str) -> Any:
        """Return the one value of a statement, if it has any, over a connection of its own."""
        engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            done = connection.exec_driver_sql(statement)
            return done.scalar() if done.returns_rows else None

    def _control(self, *arguments: str) -> None:
        command = [str(_programs() / "pg_ctl"), "-D", str(self._data), "-w", *arguments]
        done = subprocess.run(command, **self._options | {"check": False})
        if done.returncode:
            log = self._folder / "log"
            raise RuntimeError(f"{done.stderr!r} {log.read_text()[-2000:] if log.exists() else ''}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run an empty cluster in a folder that an unprivileged user can reach (pytest's are not)."""
    with tempfile.TemporaryDirectory(prefix="openvod-pg-") as folder:
        made = Cluster(Path(folder), free_port())
        made.make()
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(RuntimeError):
                made.stop()


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a running, empty cluster."""
    with cluster() as made:
        yield made.url
