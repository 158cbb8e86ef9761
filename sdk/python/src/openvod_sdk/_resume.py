"""Stores unfinished uploads, so that another process can resume them for a day."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

#: The platform keeps a session for a day (upload-protocol.md 2.5).
KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class Unfinished:
    """The state of an unfinished upload: session, multipart upload and part size in bytes."""

    session_key: str
    upload_id: str
    part_size: int
    saved_at: float


class ResumeStore(Protocol):
    """Stores unfinished uploads by a key of server and content."""

    def load(self, key: str) -> Unfinished | None:
        """Return the stored upload, ``None`` without a valid one."""
        ...

    def save(self, key: str, unfinished: Unfinished) -> None:
        """Store an upload."""
        ...

    def forget(self, key: str) -> None:
        """Delete an upload, if it is stored."""
        ...


class FileResumeStore:
    """One small file per unfinished upload, readable only by its owner."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _state_home() / "openvod" / "uploads"

    def load(self, key: str) -> Unfinished | None:
        """See :class:`ResumeStore`."""
        try:
            unfinished = Unfinished(**json.loads(self._path(key).read_text()))
            return unfinished if time.time() - unfinished.saved_at < KEPT_SECONDS else None
        except (OSError, ValueError, TypeError):
            return None

    def save(self, key: str, unfinished: Unfinished) -> None:
        """See :class:`ResumeStore`; writes the file atomically."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd, temporary = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(fd, "w") as file:
            json.dump(asdict(unfinished), file)
        os.replace(temporary, self._path(key))

    def forget(self, key: str) -> None:
        """See :class:`ResumeStore`."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
