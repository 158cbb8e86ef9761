"""A PostgreSQL of the test run's own: Debian's programs, a temporary folder, a Unix socket, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _programs() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not candidates:
        raise RuntimeError("PostgreSQL's server programs are missing; install Debian's package postgresql")
    return candidates[-1]


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a running, empty cluster, in a folder that an unprivileged user can reach (pytest's are not)."""
    with tempfile.TemporaryDirectory(prefix="openvod-pg-") as folder:
        yield from _cluster(Path(folder))


def _cluster(folder: Path) -> Iterator[str]:
    programs, data, sockets = _programs(), folder / "data", folder / "sockets"
    sockets.mkdir(parents=True)
    options: dict[str, object] = {"check": True, "capture_output": True}
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (folder, sockets):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        options |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": folder}
    run = [str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "openvod", "-E", "UTF8", "--no-sync"]
    subprocess.run(run, **options)  # type: ignore[call-overload]
    settings = f"-c listen_addresses='' -c unix_socket_directories='{sockets}' -c fsync=off -c max_connections=50"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*control, "-l", str(folder / "log"), "-o", settings, "start"], **options)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://openvod@/postgres?host={sockets}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **options)  # type: ignore[call-overload]
