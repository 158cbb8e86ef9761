"""What of a connection's bytes counts as a head, however the kernel cuts them."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from openvod.server.connections import ConnectionLimits, Connections
from openvod.server.file_sending import OpenFiles
from openvod.server.http_protocol import HttpProtocol

_BODY = 1_000_000
_HEAD = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {_BODY}\r\n\r\n".encode()
_NEXT = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from the head alone."""
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


async def _statuses(pieces: list[bytes]) -> list[bytes]:
    """Deliver each piece in a turn of the event loop of its own; return the status of every answer."""
    config = uvicorn.Config(_refuse, log_config=None, server_header=False, date_header=False)
    config.load()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    connections = Connections(ConnectionLimits(total=10, per_address=10))
    protocol = HttpProtocol(
        config=config,
        server_state=ServerState(),
        app_state={},
        at_once=lambda scope: None,
        files=OpenFiles(),
        connections=connections,
    )
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_accepted_socket(lambda: cast(asyncio.Protocol, protocol), ours)
    with theirs:
        for piece in pieces:
            protocol.data_received(piece)
            await asyncio.sleep(0.01)
        transport.close()
        await asyncio.sleep(0.01)
        answers = b""
        while chunk := theirs.recv(65536):
            answers += chunk
    return re.findall(rb"HTTP/1.1 (\d+) ", answers)


@pytest.mark.parametrize(
    "cuts",
    [[_BODY], [500_000, 500_000], [262_144, 262_144, 262_144, 213_568], [1, 999_999], [999_999, 1]],
    ids=str,
)
def test_the_rest_of_a_refused_body_is_no_head(cuts: list[int]) -> None:
    """The last piece of a body that came after its answer was counted as a head when it was longer than one may be."""
    pieces = [_HEAD, *(bytes(size) for size in cuts), _NEXT]
    assert asyncio.run(_statuses(pieces)) == [b"401", b"401"]


def test_a_long_head_after_the_rest_of_a_body_is_refused() -> None:
    """What follows the body is a head again, with its bound."""
    pieces = [_HEAD, bytes(400_000), bytes(600_000), b"GET / HTTP/1.1\r\nX: ", b"x" * 70_000]
    assert asyncio.run(_statuses(pieces)) == [b"401", b"431"]


def test_the_rest_of_a_body_has_an_end() -> None:
    """A refused body of any size is not read for ever."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
    pieces = [head, *[bytes(1 << 20)] * 20, _NEXT]
    assert asyncio.run(_statuses(pieces)) == [b"401"]
