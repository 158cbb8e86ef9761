"""The scrubber reads stored objects again and compares them with the checksums of their upload."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from openvod.base.errors import OpenVodError
from openvod.base.ports import UnitOfWork
from openvod.storage.blobs import Blobs
from openvod.storage.crc64 import CRC64
from openvod.storage.model import StoredObject
from openvod.storage.ports import StorageTx

_PAGE = 200


class Verdict(StrEnum):
    """What reading an object found: its bytes, other bytes, or none."""

    INTACT = "intact"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Scrubbed:
    """One object and its verdict; ``reason`` says what differs, empty for an intact one."""

    stored: StoredObject
    verdict: Verdict
    reason: str = ""


class Scrubber:
    """Reads everything, one object after another; a server may run on the same folder meanwhile."""

    def __init__(self, uow: UnitOfWork[StorageTx], blobs: Blobs) -> None:
        self._uow = uow
        self._blobs = blobs

    async def scrub(self) -> AsyncIterator[Scrubbed]:
        """Yield a verdict for every object that is there before and after it was read."""
        bucket = key = ""
        while page := await self._page(bucket, key):
            for stored in page:
                verdict = await self._examined(stored)
                if verdict.verdict is Verdict.INTACT or await self._is_unchanged(stored):
                    yield verdict
            bucket, key = page[-1].bucket, page[-1].key

    async def _page(self, bucket: str, key: str) -> list[StoredObject]:
        return list(await self._uow.read(lambda tx: tx.storage.objects_after(bucket, key, _PAGE)))

    async def _is_unchanged(self, stored: StoredObject) -> bool:
        """An object that was deleted, replaced or joined while it was read is not damaged."""
        return await self._uow.read(lambda tx: tx.storage.object(stored.bucket, stored.key)) == stored

    async def _examined(self, stored: StoredObject) -> Scrubbed:
        md5, crc64, size = hashlib.md5(usedforsecurity=False), 0, 0
        try:
            async for data in self._blobs.read(stored.extents, 0, stored.size):
                md5.update(data)
                crc64 = CRC64.calc(data, crc64)
                size += len(data)
        except (OpenVodError, OSError) as error:
            return Scrubbed(stored, Verdict.UNREADABLE, str(error))
        if size != stored.size:
            return Scrubbed(stored, Verdict.DAMAGED, f"{size} bytes instead of {stored.size}")
        if crc64 != stored.crc64:
            return Scrubbed(stored, Verdict.DAMAGED, f"CRC-64 {crc64} instead of {stored.crc64}")
        # The ETag of a multipart upload is not an MD5 of the object.
        if "-" not in stored.etag and md5.hexdigest() != stored.etag:
            return Scrubbed(stored, Verdict.DAMAGED, f"MD5 {md5.hexdigest()} instead of {stored.etag}")
        return Scrubbed(stored, Verdict.INTACT)
