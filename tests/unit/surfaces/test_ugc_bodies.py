"""Bodies of the UGC control plane before their signature is read (``openvod.surfaces.ugc``)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from openvod.base.sizes import KIB
from openvod.server.unproven import UnprovenBodies
from openvod.server.wire import WireRequest
from openvod.surfaces.ugc.surface import UgcSurface

_ACTIONS = ("PrepareUploadUGC", "ApplyUploadUGC", "CommitUploadUGC")


def _unfinished(action: str, arrived: asyncio.Semaphore) -> WireRequest:
    """A request of one address with 60 KiB of its body, whose rest does not come; released once they were taken."""
    messages: list[Message] = [{"type": "http.request", "body": bytes(60 * KIB), "more_body": True}]

    async def receive() -> Message:
        if not messages:
            arrived.release()
            await asyncio.Event().wait()
        return messages.pop()

    query = f"Action={action}".encode()
    scope = {"type": "http", "method": "POST", "client": ("192.0.2.1", 1), "headers": [], "query_string": query}
    return WireRequest(scope, receive)


@pytest.mark.parametrize("action", _ACTIONS)
def test_unfinished_bodies_of_one_address_share_its_memory(tmp_path: Path, action: str) -> None:
    """Each connection could keep 64 KiB in memory; all of an address's together keep that much."""
    bodies = UnprovenBodies(tmp_path)
    nothing: Any = None
    surface = UgcSurface(nothing, nothing, nothing, "", bodies)

    async def main() -> None:
        arrived = asyncio.Semaphore(0)
        calls = [asyncio.create_task(surface(_unfinished(action, arrived))) for _ in range(20)]
        for _ in calls:
            await arrived.acquire()
        assert bodies.memory.in_flight() + bodies.disk.in_flight() == 20 * 60 * KIB
        assert bodies.memory.in_flight() <= 64 * KIB
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert (bodies.memory.in_flight(), bodies.disk.in_flight()) == (0, 0)

    asyncio.run(main())
