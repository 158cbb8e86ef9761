"""Probing: what follows a commit without the commit waiting for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from openvod.base.errors import OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.kinds.probe import Prober, ProbeResult, media_metadata
from openvod.media.model import MediaAsset, ProbeState
from openvod.media.ports import MediaTx, Originals

_BATCH = 16


class ProbeService:
    """Probes committed assets and releases their ``NewFileUpload`` with the metadata."""

    def __init__(
        self,
        uow: UnitOfWork[MediaTx],
        originals: Originals,
        prober: Prober,
        clock: Clock,
        on_event: Callable[[], None] = lambda: None,
    ) -> None:
        self._uow = uow
        self._originals = originals
        self._prober = prober
        self._clock = clock
        self._on_event = on_event

    async def run_once(self) -> int:
        """Probe what waits, a bounded number at a time; return how many assets were probed."""
        waiting = await self._uow.read(lambda tx: tx.media.unprobed(_BATCH))
        await asyncio.gather(*(self._probe(asset) for asset in waiting))
        return len(waiting)

    async def _probe(self, asset: MediaAsset) -> None:
        probed = await self._outcome(asset)

        def work(tx: MediaTx) -> None:
            current = tx.media.asset(asset.file_id, lock=True)
            if current and current.probe_state is ProbeState.PENDING:
                tx.media.put_asset(
                    replace(current, probe_state=probed[0], probe=probed[1], updated_at=self._clock.now())
                )
                for held in tx.events.held(asset.file_id):
                    tx.events.release(held.event_id, _with_metadata(held.payload, probed[1]))

        await self._uow.write(work)
        self._on_event()

    async def _outcome(self, asset: MediaAsset) -> tuple[ProbeState, Mapping[str, Any]]:
        """Probe one asset; a file that is not media is a result, not an error."""
        try:
            async with self._originals.local_file(asset.bucket, asset.media_key) as path:
                result = await self._prober.probe(path)
        except OpenVodError as error:
            return ProbeState.FAILED, {"error": error.code}
        return ProbeState.DONE, result.to_json()


def _with_metadata(payload: str, probe: Mapping[str, Any]) -> str:
    """Put ``MetaData`` into a stored ``NewFileUpload``; an unreadable file keeps ``null`` (``events.md`` 4.1)."""
    event = json.loads(payload)
    if "error" not in probe:
        event["FileUploadEvent"]["MetaData"] = media_metadata(ProbeResult.from_json(probe))
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
