"""Requests and responses on the wire: raw paths in, header names in their exact case out.

Starlette lower-cases header names, but Python's COS SDK looks them up by case (``cos-storage.md`` 4.0), so this module
has its own responses.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from openvod.base.errors import ClientDisconnected, Exhausted, Invalid, Unavailable
from openvod.base.lazy import lazy
from openvod.base.sizes import KIB
from openvod.base.text import loose_pairs, loosely_decoded, percent_decoded, query_pairs
from openvod.server.file_sending import FilePart
from openvod.server.handover import SocketBody, handover_of
from openvod.server.header_text import header_bytes
from openvod.server.pace import LATE_BODY_BYTES, BodyLimits, Pace
from openvod.server.ranges import http_date
from openvod.signing.limits import Caller

SERVER_NAME = "openvod"
#: Larger bodies are parsed in a thread.
AT_ONCE_BYTES = 64 * KIB
_USUAL_LIMITS = BodyLimits()
R = TypeVar("R")
_COMMON = frozenset(("Date", "Server", "x-cos-request-id", "X-Content-Type-Options", "Vary", "Connection"))
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_EXPOSED = (
    "ETag, Date, Content-Length, Content-Range, Accept-Ranges, Last-Modified, x-cos-request-id, "
    "x-cos-hash-crc64ecma, x-cos-trace-id, x-cos-version-id"
)


class _CasedName(bytes):
    """A response header name that keeps its case.

    Uvicorn writes ``name.lower()`` and compares it with known names; here ``lower()`` returns the name unchanged.
    """

    __slots__ = ()

    def lower(self) -> bytes:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, bytes) and bytes.lower(self) == bytes.lower(other)

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


class WireRequest:
    """An ASGI request. Header names are lower-case; ``path`` is percent-decoded once, never normalised.

    ``path`` and ``query`` raise ``Invalid("text.malformed")`` for malformed UTF-8. ``shown_path`` and ``loose_query``
    do not; they are for routing and logs.
    """

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits = _USUAL_LIMITS) -> None:
        self.scope = scope
        self._receive = receive
        self._limits = limits
        self._body_ended = False
        self._direct: SocketBody | None = None

    @lazy
    def request_id(self) -> str:
        """The id of the request in response and log."""
        return secrets.token_hex(16)

    @property
    def method(self) -> str:
        """The method, upper-case."""
        return str(self.scope["method"])

    @lazy
    def headers(self) -> Mapping[str, str]:
        """Headers as Latin-1 text by lower-case name; of repeated ones the last counts."""
        return {str(name, "latin-1"): str(value, "latin-1") for name, value in self.scope["headers"]}

    @lazy
    def path(self) -> str:
        """The decoded path."""
        raw = self.raw_path
        return percent_decoded(raw.encode("latin-1"), "the path") if "%" in raw or not raw.isascii() else raw

    @lazy
    def shown_path(self) -> str:
        """The path for routes and logs, with "\ufffd" for what is no text."""
        return loosely_decoded(self.raw_path.encode("latin-1"))

    @lazy
    def raw_path(self) -> str:
        """The path as it was sent, percent-encoded."""
        raw: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        return raw.partition(b"?")[0].decode("latin-1")

    @lazy
    def query(self) -> list[tuple[str, str]]:
        """Decoded query pairs in order."""
        raw = self.scope["query_string"]
        return query_pairs(raw) if raw else []

    @lazy
    def loose_query(self) -> Mapping[str, str]:
        """First values by name, with "\ufffd" for what is no text: to choose a surface by."""
        raw = self.scope["query_string"]
        return dict(reversed(loose_pairs(raw))) if raw else {}

    def argument(self, name: str) -> str | None:
        """Return the first query value of ``name``; empty text when it has none."""
        for key, value in self.query:
            if key == name:
                return value
        return None

    @lazy
    def cookies(self) -> Mapping[str, str]:
        """Cookies by name."""
        return cookie_parser(self.headers.get("cookie", ""))

    @property
    def host(self) -> str:
        """The Host header as sent."""
        return self.headers.get("host", "")

    @property
    def caller(self) -> Caller:
        """The client's address, from the peer or a trusted proxy, and the page's origin."""
        client = self.scope.get("client")
        return Caller(str(client[0]) if client else "", self.headers.get("origin", ""))

    @property
    def content_length(self) -> int | None:
        """The announced body size, ``None`` when unknown."""
        text = self.headers.get("content-length", "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit():
            raise Invalid("request.content_length", f"Content-Length {text[:20]!r} is not a number")
        return int(text)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body's chunks; raises ``ClientDisconnected`` and, when it stalls, ``Invalid``."""
        while not self._body_ended:
            message = await self._pace.of(self._receive())
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            self._body_ended = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                self._pace.arrived(len(chunk))
                yield chunk

    @lazy
    def _pace(self) -> Pace:
        return Pace(self._limits)

    def take_direct(self) -> SocketBody | None:
        """Return the body for reading from the socket; the caller closes it. ``None``: fall back to ``stream``."""
        handover, length = handover_of(self.scope), self.content_length
        if handover is None or length is None or self._body_ended:
            return None
        self._direct = handover.take(length, self._pace)
        return self._direct

    async def body(self, limit: int) -> bytes:
        """Return the whole body; raises ``Exhausted("request.too_large")`` past ``limit`` bytes."""
        check_size(self.content_length or 0, limit)
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.stream():
            size += len(chunk)
            check_size(size, limit)
            chunks.append(chunk)
        return b"".join(chunks)

    async def disconnected(self) -> None:
        """Return when the client has disconnected."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def drain(self) -> bool:
        """Read a limited rest of the body, so that a browser reads the refusal; false when more remains (4.0)."""
        if self._direct:
            return await self._direct.discard(LATE_BODY_BYTES)
        if self._body_ended:
            return True
        if "expect" in self.headers:
            # The client waits for 100 Continue, which reading the body would send.
            return False
        size = 0
        try:
            async for chunk in self.stream():
                size += len(chunk)
                if size > LATE_BODY_BYTES:
                    return False
        except (ClientDisconnected, Invalid):
            return False
        return True

    def release(self, *, gone: bool = False) -> None:
        """Return a connection that was taken for direct reading; call before the response."""
        if self._direct:
            self._direct.release(gone=gone)
            self._direct = None


def check_size(size: int, limit: int) -> None:
    """Raise ``Exhausted("request.too_large")`` past ``limit`` bytes."""
    if size > limit:
        raise Exhausted("request.too_large", f"the request body exceeds {limit} bytes; send less", limit=limit)


class RequestBody:
    """See :class:`openvod.storage.blobs.Body`."""

    def __init__(self, request: WireRequest) -> None:
        self._request = request

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the body."""
        return self._request.stream()

    def direct(self) -> SocketBody | None:
        """Return the body for direct reading."""
        return self._request.take_direct()


@dataclass
class Answer:
    """A response. ``headers`` keep their case.

    ``stream`` replaces ``body`` and requires ``Content-Length`` or ``Transfer-Encoding``. ``file`` has the same bytes
    as ``stream``; the server sends it instead if it can.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    file: FilePart | None = None

    async def send(self, request: WireRequest, send: Send) -> None:
        """Send the response with the common headers."""
        headers = common_headers(request) | self.headers
        if "Transfer-Encoding" not in headers:
            headers.setdefault("Content-Length", str(len(self.body)))
        if self.status in (204, 304):
            del headers["Content-Length"]
        raw = [(_CasedName(name.encode("latin-1")), header_bytes(value)) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        if request.method == "HEAD" or self.stream is None:
            body = b"" if request.method == "HEAD" else self.body
            await send({"type": "http.response.body", "body": body})
            return
        handover = handover_of(request.scope) if self.file else None
        if self.file and handover and await handover.send_file(self.file):
            await send({"type": "http.response.body", "body": b""})
            return
        await self._send_stream(self.stream, request, send)

    async def _send_stream(self, stream: AsyncIterator[bytes], request: WireRequest, send: Send) -> None:
        """Send until the end or until the client disconnects, because the server silently drops data after that."""
        gone = asyncio.ensure_future(request.disconnected())
        try:
            async for chunk in stream:
                if gone.done():
                    raise ClientDisconnected
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()


def common_headers(request: WireRequest) -> dict[str, str]:
    """Return Date, Server, request id and CORS, for all responses and errors (``cos-storage.md`` 4.0, 4.8)."""
    headers = {
        "Date": http_date(time.time()),
        "Server": SERVER_NAME,
        "x-cos-request-id": request.request_id,
        "X-Content-Type-Options": "nosniff",
    }
    if origin := request.headers.get("origin"):
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED,
            "Vary": "Origin",
        }
    if request.headers.get("connection", "").lower() == "close":
        headers["Connection"] = "close"
    return headers


def own_lines(answer: Answer) -> bytes | None:
    """Return the serialised status line and headers; ``None`` for an invalid header or one of the common ones."""
    lines = b"".join([b"%b: %b\r\n" % (name.encode(), header_bytes(value)) for name, value in answer.headers.items()])
    if _CONTROL.search("".join(answer.headers.values())) or not _COMMON.isdisjoint(answer.headers):
        return None
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode() + lines


def common_lines(request: WireRequest) -> bytes:
    """Return the rest of a head: common headers and the empty line."""
    lines = [f"{name}: {value}\r\n" for name, value in common_headers(request).items()]
    return "".join([*lines, "\r\n"]).encode("latin-1")


def preflight(request: WireRequest) -> Answer:
    """Answer OPTIONS: allow everything that is requested, because no request uses cookies (4.8)."""
    headers = {
        "Access-Control-Allow-Methods": "GET,PUT,POST,DELETE,HEAD,OPTIONS",
        "Access-Control-Max-Age": "86400",
    }
    if requested := request.headers.get("access-control-request-headers"):
        headers["Access-Control-Allow-Headers"] = requested
    if "origin" not in request.headers:
        headers["Access-Control-Allow-Origin"] = "*"
    return Answer(200, headers)


async def apart(size: int, work: Callable[[], R]) -> R:
    """Run ``work`` on a body of ``size`` bytes; for a large one in a thread, to keep the event loop free."""
    return work() if size <= AT_ONCE_BYTES else await asyncio.to_thread(work)


def json_answer(value: object, status: int = 200) -> Answer:
    """Return a JSON response with exactly ``application/json``, which Python's SDK compares literally."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)


def xml_answer(document: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an XML response."""
    return Answer(status, {"Content-Type": "application/xml", **(headers or {})}, document.encode())


def unavailable(error: BaseException) -> Unavailable:
    """Wrap an unexpected exception; its text is logged, not sent."""
    wrapped = Unavailable("internal", "internal error; retry, and search the server's log for the request id")
    wrapped.__cause__ = error
    return wrapped
