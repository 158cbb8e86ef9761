"""Letting the web server in front send files: the answer to its request names the file to send.

nginx reads ``X-Accel-Redirect``, Apache and lighttpd with ``X-Sendfile``. The answer has no body; ranges and
preconditions are the front server's then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from openvod.server.wire import Answer, WireRequest
from openvod.storage.model import StoredObject
from openvod.storage.service import StorageService
from openvod.surfaces.objects import file_of


@dataclass(frozen=True)
class Acceleration:
    """``header`` names the file: below ``root``, as a path below ``prefix``, or as it is when ``root`` is empty."""

    header: str
    root: str = ""
    prefix: str = ""

    def answer(self, request: WireRequest, stored: StoredObject, storage: StorageService) -> Answer | None:
        """Return the answer that names the object's file; None where the object is not one whole file."""
        whole = file_of(stored, storage, 0, stored.size)
        if whole is None or whole.offset or request.method not in ("GET", "HEAD"):
            return None
        name = f"{self.prefix}{os.path.relpath(whole.path, self.root)}" if self.root else whole.path
        kind = stored.headers.get("Content-Type", "application/octet-stream")
        headers = {key: value for key, value in stored.headers.items() if key != "Content-Length"}
        return Answer(200, {**headers, "Content-Type": kind, self.header: name})
