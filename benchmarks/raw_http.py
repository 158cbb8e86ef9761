"""A load generator that costs little: keep-alive HTTP/1.1 over bare asyncio streams."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Mapping


class Connection:
    """One keep-alive connection; one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = {}) -> bytes:
        """Send a request and return the body of its answer."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        )
        self._writer.write(head.encode() + body)
        assert self._reader is not None
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await self._reader.readexactly(length)

    def close(self) -> None:
        """Close the connection."""
        if self._writer:
            self._writer.close()


def status_of(connection: socket.socket) -> int:
    """Read one answer from a blocking connection; return its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection before it answered")
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split(b" ", 2)[1])


def answer_of(port: int) -> bool:
    """Tell whether something listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def percentile(values: list[float], share: float) -> float:
    """Return the value that ``share`` of the sorted values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def in_milliseconds(values: list[float]) -> str:
    """Describe latencies given in seconds."""
    figures = {name: percentile(values, share) * 1000 for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
    return ", ".join(f"{name} {value:.1f} ms" for name, value in figures.items())
