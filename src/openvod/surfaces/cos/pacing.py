"""``x-cos-traffic-limit``: a body that comes or goes no faster than its client asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from openvod.storage.blobs import Body, Pieces

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


def paced_body(body: Body, bits_per_second: int) -> Body:
    """Return the same body at that pace; it cannot be read from the socket directly."""
    return Pieces(paced(aiter(body), bits_per_second))
