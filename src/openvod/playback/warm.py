"""Indexes are read as soon as a file is committed, so that its first viewer does not wait for that."""

from __future__ import annotations

from collections import deque

from openvod.base.errors import OpenVodError
from openvod.base.ports import UnitOfWork
from openvod.media.model import MediaAsset
from openvod.media.ports import StoredMediaTx
from openvod.playback.service import InstantPlayback
from openvod.storage.model import StoredObject

_BATCH = 16


class WarmIndexes:
    """Reads the indexes of files that wait for their probe."""

    def __init__(self, uow: UnitOfWork[StoredMediaTx], instant: InstantPlayback) -> None:
        self._uow = uow
        self._instant = instant
        self._done: deque[str] = deque(maxlen=10 * _BATCH)

    async def run_once(self) -> int:
        """Read what waits; return how many files were new."""
        fresh = await self._uow.read(self._fresh)
        for asset, stored in fresh:
            self._done.append(asset.file_id)
            try:
                await self._instant.package(stored)
            except OpenVodError:
                # Viewers get this error when they request the file; nothing to report here.
                continue
        return len(fresh)

    def _fresh(self, tx: StoredMediaTx) -> list[tuple[MediaAsset, StoredObject]]:
        waiting = [asset for asset in tx.media.unprobed(_BATCH) if asset.file_id not in self._done]
        found = ((asset, tx.storage.object(asset.bucket, asset.media_key)) for asset in waiting)
        return [(asset, stored) for asset, stored in found if stored]
