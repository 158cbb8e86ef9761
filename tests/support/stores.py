"""A blob store with the core alone, so that every fallback for a missing ability is run."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

from openvod.base.errors import Exhausted, Invalid, Unavailable
from openvod.storage.blobs import Blobs, Body
from openvod.storage.crc64 import CRC64
from openvod.storage.installation import Witness
from openvod.storage.model import Received

_READ = 64 * 1024


class MemoryStore:
    """Blobs in a dictionary; see :class:`openvod.storage.blobs.BlobStore`."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.installation_id = ""

    async def put(self, blob_id: str, body: Body, *, length: int | None, limit: int) -> Received:
        """See :meth:`openvod.storage.blobs.BlobStore.put`."""
        data = bytearray()
        async for piece in body:
            data += piece
            if len(data) > limit:
                raise Exhausted("storage.too_large", f"the body exceeds {limit} bytes", limit=limit)
        if length is not None and len(data) != length:
            raise Invalid("storage.size_differs", f"the body has {len(data)} of {length} bytes")
        if length and length > limit:
            raise Exhausted("storage.too_large", f"the body exceeds {limit} bytes", limit=limit)
        self.blobs[blob_id] = bytes(data)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return Received(len(data), digest, CRC64.calc(bytes(data)) if data else 0)

    async def read(self, blob_id: str, start: int, length: int) -> AsyncIterator[bytes]:
        """See :meth:`openvod.storage.blobs.BlobStore.read`."""
        if blob_id not in self.blobs:
            raise Unavailable("storage.blob_missing", f"blob {blob_id} is missing")
        data = self.blobs[blob_id][start : start + length]
        for position in range(0, len(data), _READ):
            yield data[position : position + _READ]
        if len(data) < length:
            raise Unavailable("storage.blob_short", f"blob {blob_id} ends before its extent")

    async def delete(self, blob_id: str) -> None:
        """See :meth:`openvod.storage.blobs.BlobStore.delete`."""
        self.blobs.pop(blob_id, None)

    async def list(self) -> Sequence[str]:
        """See :meth:`openvod.storage.blobs.BlobStore.list`."""
        return list(self.blobs)

    def witness(self) -> Witness:
        """See :meth:`openvod.storage.blobs.BlobStore.witness`."""
        return Witness(self.installation_id, used=bool(self.blobs))

    def identify(self, installation_id: str) -> None:
        """See :meth:`openvod.storage.blobs.BlobStore.identify`."""
        self.installation_id = installation_id


def memory_blobs() -> Blobs:
    """Return a new store in memory, without any ability."""
    return Blobs(MemoryStore())
