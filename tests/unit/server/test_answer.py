"""Answers stop when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from openvod.base.errors import ClientDisconnected
from openvod.server.wire import Answer, WireRequest


def test_a_stream_ends_with_its_client() -> None:
    """Once the client is gone, no more of a file is read for it, and what was open is closed."""
    read: list[int] = []
    closed: list[bool] = []
    sent: list[Message] = []
    left = asyncio.Event()

    async def file() -> AsyncIterator[bytes]:
        try:
            for number in range(1000):
                read.append(number)
                await asyncio.sleep(0)
                yield b"x"
        finally:
            closed.append(True)

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) == 5:
            left.set()

    async def main() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        answer = Answer(200, {"Content-Length": "1000"}, stream=file())
        with pytest.raises(ClientDisconnected):
            await answer.send(WireRequest(scope, receive), send)

    asyncio.run(main())
    assert len(read) < 20
    assert closed == [True]
