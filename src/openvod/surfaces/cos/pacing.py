"""``x-cos-traffic-limit``: a body that comes or goes no faster than its client asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from openvod.storage.blobs import Body

#: A pause shorter than this costs more than it spreads.
_SHORTEST_PAUSE = 0.01


async def paced(chunks: AsyncIterator[bytes], bits_per_second: int) -> AsyncGenerator[bytes, None]:
    """Yield the same chunks, at most ``bits_per_second`` on average from the first one on."""
    loop = asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    try:
        async for chunk in chunks:
            yield chunk
            sent += len(chunk)
            pause = begun + sent * 8 / bits_per_second - loop.time()
            if pause > _SHORTEST_PAUSE:
                await asyncio.sleep(pause)
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


class PacedBody:
    """See :class:`openvod.storage.blobs.Body`."""

    def __init__(self, body: Body, bits_per_second: int) -> None:
        self._body = body
        self._bits_per_second = bits_per_second

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its pieces."""
        return paced(aiter(self._body), self._bits_per_second)

    def direct(self) -> None:
        """It is slowed down on its way."""
