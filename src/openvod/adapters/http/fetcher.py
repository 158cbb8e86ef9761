"""Downloads from where others say, over the guarded dialler: bounded in silence, redirects judged one by one.

What is announced is what must come: a body that ends before its length or its last chunk is a failure.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urljoin

import httptools

from openvod.adapters.http.dialler import Dialler, Target, read_url
from openvod.base.errors import Invalid, OpenVodError, Unavailable
from openvod.base.sizes import KIB, MIB
from openvod.storage.ports import DirectBody
from openvod.upload.pull_model import Fetched

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers that another try may change.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEAD_LIMIT = 64 * KIB
#: So much waits in memory at most before the sender is slowed down.
_BUFFER = MIB


class HttpFetcher:
    """See :class:`openvod.upload.pulls.Fetcher`. ``stall_seconds`` bounds connecting, the answer, and any silence."""

    def __init__(self, dialler: Dialler, *, stall_seconds: float) -> None:
        self._dialler = dialler
        self._stall = stall_seconds

    async def check(self, url: str) -> None:
        """See :meth:`openvod.upload.pulls.Fetcher.check`."""
        await self._dialler.check(url)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Fetched]:
        """See :meth:`openvod.upload.pulls.Fetcher.open`."""
        for _ in range(MAX_REDIRECTS + 1):
            target = read_url(url)
            download = await self._requested(target)
            try:
                if download.status in _REDIRECTS and download.header("location"):
                    url = urljoin(url, download.header("location"))
                    continue
                _check_answer(download)
                yield Fetched(download.length, download)
                return
            finally:
                download.close()
        raise Invalid("pull.redirects", f"the address redirects more than {MAX_REDIRECTS} times")

    async def _requested(self, target: Target) -> _Download:
        """Connect and ask; return when the head of the answer is there."""
        try:
            async with asyncio.timeout(self._stall):
                download = await self._dialler.connect(target, lambda: _Download(self._stall))
                try:
                    await download.ask(target)
                except BaseException:
                    download.close()
                    raise
                return download
        except TimeoutError as error:
            raise Unavailable("pull.timeout", f"{target.host} did not answer within {self._stall:g} s") from error
        except OpenVodError:
            raise
        except OSError as error:
            raise Unavailable("pull.failed", f"{target.host}: {type(error).__name__}: {error}"[:300]) from error


class _Download(asyncio.Protocol):
    """One request and its answer, whose body is read by iterating."""

    def __init__(self, stall_seconds: float) -> None:
        self.status = 0
        self.length: int | None = None
        self._stall = stall_seconds
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._chunks: deque[bytes] = deque()
        self._waiting = self._head_size = 0
        self._paused = self._has_head = self._complete = False
        self._error: OpenVodError | None = None
        self._changed = asyncio.Event()

    async def ask(self, target: Target) -> None:
        """Send the request and wait for the head of the answer."""
        lines = (
            f"GET {target.target} HTTP/1.1",
            f"Host: {target.authority}",
            "User-Agent: openvod",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
        )
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        while not self._has_head:
            if self._error:
                raise self._error
            await self._change()

    def header(self, name: str) -> str:
        """Return a header of the answer, empty without it."""
        return self._headers.get(name, "")

    def close(self) -> None:
        """Close at once."""
        self._transport.abort()

    def direct(self) -> DirectBody | None:
        """Bytes pass through the parser, so nobody reads the connection beside it."""
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body; raises ``Unavailable("pull.failed")`` when it ends too early, ``("pull.timeout")``."""
        while True:
            while self._chunks:
                yield self._taken()
            if self._error:
                raise self._error
            if self._complete:
                return
            try:
                async with asyncio.timeout(self._stall):
                    await self._change()
            except TimeoutError as error:
                raise Unavailable("pull.timeout", f"nothing came for {self._stall:g} s") from error

    def _taken(self) -> bytes:
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        if self._paused and self._waiting < _BUFFER // 2 and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
        return chunk

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(Unavailable("pull.failed", f"the answer is no HTTP: {error}"[:300]))
        if not self._has_head and self._head_size > _HEAD_LIMIT:
            self._fail(Invalid("pull.status", "the head of the answer is too long"))
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._has_head and exc is None and self.length is None and "transfer-encoding" not in self._headers:
            # Nothing announced an end, so the end of the connection is one.
            self._complete = True
        if not self._complete:
            self._fail(Unavailable("pull.failed", "the connection ended before the file did"))
        self._changed.set()

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser has read a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        """The parser has read a head; one below 200 only announces another."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers.clear()
            return
        self.status = status
        length = self._headers.get("content-length", "")
        self.length = int(length) if length.isdigit() and "transfer-encoding" not in self._headers else None
        self._has_head = True

    def on_body(self, data: bytes) -> None:
        """The parser has read a piece of the body."""
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting > _BUFFER and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The parser has read the answer's end."""
        self._complete = self._has_head

    def _fail(self, error: OpenVodError) -> None:
        self._error = self._error or error
        self._transport.abort()


def _check_answer(download: _Download) -> None:
    status = download.status
    if status in _PASSING:
        raise Unavailable("pull.status", f"the address answered {status}")
    if status != 200:
        raise Invalid("pull.status", f"the address answered {status}")
    encoding = download.header("content-encoding").lower()
    if encoding not in ("", "identity"):
        raise Invalid("pull.status", f"the address answered in {encoding[:40]}, which was not asked for")
