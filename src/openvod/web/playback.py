"""Playback: ``GET /<storageBucket>/<dir>/<file>`` of committed files (``procedures-and-api.md`` 9)."""

from __future__ import annotations

from openvod.base.errors import Denied, Invalid, NotFound, OpenVodError
from openvod.base.ports import UnitOfWork
from openvod.storage.model import StoredObject
from openvod.storage.ports import StorageTx
from openvod.storage.service import StorageService
from openvod.web.errors import cos_code
from openvod.web.objects import serve_object
from openvod.web.wire import Answer, WireRequest, json_answer


class PlaybackSurface:
    """Serves what Commit published and nothing else."""

    def __init__(self, uow: UnitOfWork[StorageTx], storage: StorageService) -> None:
        self._uow = uow
        self._storage = storage

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        try:
            answer = serve_object(request, await self._published(request), self._storage)
        except OpenVodError as error:
            return _failure(error)
        answer.headers.setdefault("Cache-Control", "public, max-age=3600")
        # Whatever somebody uploaded must never run as a page of this origin.
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
        )
        if "origin" not in request.headers:
            answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    async def _published(self, request: WireRequest) -> StoredObject:
        key = request.path[1:].encode("utf-8", "replace").decode().replace("\0", "?")
        short_name, _, rest = key.partition("/")
        stored = await self._uow.read(lambda tx: _find(tx, short_name, key)) if rest else None
        if stored is None:
            raise NotFound("playback.not_found", f"nothing is published at {request.path!r}")
        return stored


def _find(tx: StorageTx, short_name: str, key: str) -> StoredObject | None:
    bucket = tx.storage.bucket_by_short_name(short_name)
    stored = tx.storage.object(bucket.name, key) if bucket else None
    return stored if stored and stored.published else None


def _failure(error: OpenVodError) -> Answer:
    statuses: dict[type[OpenVodError], int] = {NotFound: 404, Denied: 403}
    status = statuses.get(type(error)) or cos_code(error)[1]
    answer = json_answer({"error": {"code": error.code, "message": error.message}}, status)
    if isinstance(error, Invalid) and "size" in error.details:
        answer.headers["Content-Range"] = f"bytes */{error.details['size']}"
    return answer
