"""One POST with a bound on its time, its redirects (none) and what is read of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from openvod.base.errors import Unavailable


class HttpPoster:
    """See :class:`openvod.events.ports.Poster`."""

    def __init__(self, *, connections: int = 64) -> None:
        self._client = httpx.AsyncClient(
            follow_redirects=False, limits=httpx.Limits(max_connections=connections), trust_env=False
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """Send; only the status is read, since bodies of answers do not count (``events.md`` 2)."""
        try:
            async with (
                asyncio.timeout(seconds),
                self._client.stream("POST", url, content=body, headers=dict(headers), timeout=seconds) as answer,
            ):
                return answer.status_code
        except TimeoutError as error:
            raise Unavailable("delivery.timeout", f"no answer within {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable("delivery.failed", f"{type(error).__name__}: {error}"[:300]) from error

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()
