"""Liveness of workers that share a data folder: each locks a file, and the kernel releases the lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path


class LockFileLiveness:
    """See :class:`openvod.adapters.dbos.engine.Liveness`. Locks end with the process only."""

    grace = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def hold(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.hold`."""
        if not self.claim(executor_id):
            raise RuntimeError(f"worker {executor_id} is already running")

    def claim(self, executor_id: str) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.claim`."""
        path = self._path(executor_id)
        while True:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(fd)
                return False
            if _is_same_file(fd, path):
                self._held[executor_id] = fd
                return True
            os.close(fd)  # the file was deleted in between, so its lock proves nothing

    def release(self, executor_id: str) -> None:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.release`. Also deletes a dead worker's file."""
        self._path(executor_id).unlink(missing_ok=True)
        os.close(self._held.pop(executor_id))

    def proven(self) -> bool:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.proven`."""
        return True

    def known(self) -> Sequence[str]:
        """See :meth:`openvod.adapters.dbos.engine.Liveness.known`."""
        return [path.stem for path in self._folder.glob("*.lock")]

    def _path(self, executor_id: str) -> Path:
        return self._folder / f"{executor_id}.lock"


def _is_same_file(fd: int, path: Path) -> bool:
    try:
        return os.fstat(fd).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
