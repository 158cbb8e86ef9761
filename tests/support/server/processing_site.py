"""A platform with one uploaded clip, ordered about over API 3.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.server.api import events_of
from support.server.api_site import ApiSite

_SECONDS = 60.0


class ProcessingSite(ApiSite):
    """A platform whose reviewer flags red frames, one uploaded clip, and a client of API 3.0."""

    def __init__(self, server: PlatformServer, clip: Path) -> None:
        super().__init__(server, seconds=_SECONDS)
        self.file_id = self.upload(clip)

    def upload(self, path: Path, cover: Path | None = None) -> str:
        """Upload a file; return its FileId."""
        signature = sign(self.key.secret_id, self.key.secret_key)
        return Client(self.server.url, lambda: signature, resume=False).upload(path, cover=cover).file_id

    def event(self, kind: str, task_id: str) -> dict[str, Any]:
        """Return the last event of a task."""
        bodies = events_of(self.server.data_dir, kind)
        members = [member for body in bodies for member in body.values() if isinstance(member, dict)]
        found = [member for member in members if member.get("TaskId") == task_id]
        assert found, (kind, task_id)
        return dict(found[-1])
