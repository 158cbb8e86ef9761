"""POSTs over guarded keep-alive connections, with a time-out and a limit on the size of responses.

A general HTTP client takes more CPU time than the rest of a delivery: with aiohttp ``make bench-events`` delivers
45 % fewer events per second (decision record 53). The parser is httptools, which the server uses, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import cast

import httptools

from openvod.adapters.http.dialler import Dialler, Target, read_url
from openvod.base.errors import OpenVodError, Unavailable

_IDLE_CONNECTIONS = 64
_ANSWER_LIMIT = 64 * 1024


class HttpPoster:
    """See :class:`openvod.events.ports.Poster`. Does not follow redirects: their status is the result."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._idle: dict[tuple[bool, str, int], list[_Connection]] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> int:
        """Send the request; return the status, ignore the body (``events.md`` 2)."""
        target = read_url(url)
        request = _head(target, len(body), headers) + body
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(target, request)
        except TimeoutError as error:
            raise Unavailable("delivery.timeout", f"no response within {seconds:g} s") from error
        except OpenVodError:
            raise
        except (OSError, httptools.HttpParserError) as error:
            raise Unavailable("delivery.failed", f"{type(error).__name__}: {error}"[:300]) from error

    async def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(self, target: Target, request: bytes) -> int:
        """Use an idle connection; use a new one if the peer closed that before a response."""
        if kept := self._kept(target):
            with contextlib.suppress(ConnectionError):
                return await self._on(kept, target, request)
        connection = await self._dialler.connect(target, _Connection)
        return await self._on(connection, target, request)

    async def _on(self, connection: _Connection, target: Target, request: bytes) -> int:
        try:
            status = await connection.exchange(request)
        finally:
            idle = self._idle.setdefault(_key(target), [])
            if connection.reusable and len(idle) < _IDLE_CONNECTIONS:
                idle.append(connection)
            else:
                connection.close()
        return status

    def _kept(self, target: Target) -> _Connection | None:
        idle = self._idle.get(_key(target), [])
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
        return None


class _Connection(asyncio.Protocol):
    """One HTTP/1.1 connection; one request at a time."""

    def __init__(self) -> None:
        self.reusable = False
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    async def exchange(self, request: bytes) -> int:
        """Send a request and return the status of its response; raises ``OSError`` or ``HttpParserError``."""
        self.reusable = False
        self._status = self._size = 0
        self._parser = httptools.HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except asyncio.CancelledError:
            # A time-out after the status line: the status counts.
            if self._status:
                return self._status
            raise

    def close(self) -> None:
        """Close immediately."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            # Unsolicited data: do not reuse the connection.
            self.reusable = False
            self._transport.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._answer.done():
                self._answer.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._answer is None or self._answer.done():
            return
        if self._status:
            self._answer.set_result(self._status)
        else:
            self._answer.set_exception(ConnectionResetError("the connection was closed before a response"))

    def on_headers_complete(self) -> None:
        """Called by the parser after a response head."""
        status = self._parser.get_status_code()
        self._status = status if status >= 200 else 0

    def on_body(self, data: bytes) -> None:
        """Called by the parser for each piece of a response body."""
        self._size += len(data)
        if self._size > _ANSWER_LIMIT:
            self._finish()

    def on_message_complete(self) -> None:
        """Called by the parser at a response's end; after a status below 200 another response follows."""
        if self._status:
            self.reusable = self._parser.should_keep_alive()
            self._finish()

    def _finish(self) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(self._status)


def _key(target: Target) -> tuple[bool, str, int]:
    return target.secure, target.host, target.port


def _head(target: Target, size: int, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"POST {target.target} HTTP/1.1",
        f"Host: {target.authority}",
        "User-Agent: openvod",
        f"Content-Length: {size}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
