"""Bodies of senders that are not proven yet (``openvod.server.unproven``)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.types import Message

from openvod.base.errors import ClientDisconnected, Exhausted
from openvod.base.senders import sender_of
from openvod.base.sizes import KIB, MIB
from openvod.server.unproven import Budget, UnprovenBodies, UnprovenBody
from openvod.server.wire import WireRequest

PIECE = bytes(range(256)) * 256


def request(
    pieces: Sequence[bytes], address: str = "192.0.2.1", *, leaves: bool = False, announced: int = 0
) -> WireRequest:
    """Return a request whose body comes in these pieces; ``leaves``: its client goes away after them."""
    messages: list[Message] = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""})

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"content-length", str(announced).encode())] if announced else []
    return WireRequest({"type": "http", "client": (address, 1), "headers": headers}, receive)


def in_flight(bodies: UnprovenBodies) -> tuple[int, int]:
    """Return what lies in memory and on disk."""
    return bodies.memory.in_flight(), bodies.disk.in_flight()


@pytest.mark.parametrize(
    ("count", "expected"), [(0, (0, 0)), (1, (64 * KIB, 0)), (2, (0, 128 * KIB)), (100, (0, 100 * 64 * KIB))]
)
def test_bytes_and_digest_are_those_sent(tmp_path: Path, count: int, expected: tuple[int, int]) -> None:
    """Up to 64 KiB are in memory, more is on disk, without a name; nothing is left of it after the block."""
    bodies = UnprovenBodies(tmp_path)

    async def main() -> None:
        async with bodies.received(request([PIECE] * count), 10 * MIB) as body:
            assert in_flight(bodies) == expected
            assert body.sha256 == hashlib.sha256(PIECE * count).hexdigest()
            assert body.size == len(PIECE) * count
            assert await body.content() == PIECE * count
        assert in_flight(bodies) == (0, 0)

    asyncio.run(main())


def test_bodies_of_one_sender_share_its_memory(tmp_path: Path) -> None:
    """A second body finds no room in memory and goes to disk, one of another sender does not."""
    bodies = UnprovenBodies(tmp_path)

    async def main() -> None:
        async with (
            bodies.received(request([PIECE]), MIB),
            bodies.received(request([b"second"]), MIB) as second,
            bodies.received(request([b"third"], "192.0.2.2"), MIB),
        ):
            assert in_flight(bodies) == (64 * KIB + 5, 6)
            assert await second.content() == b"second"
        assert in_flight(bodies) == (0, 0)

    asyncio.run(main())


def test_disk_of_one_sender_is_bounded(tmp_path: Path) -> None:
    """Past 64 MiB in flight a call is told to come with fewer at a time; what was taken comes back."""
    bodies = UnprovenBodies(tmp_path)
    big = request([MIB * b"x"] * 40), request([MIB * b"x"] * 40), request([MIB * b"x"] * 2, "192.0.2.2")

    async def main() -> None:
        async with bodies.received(big[0], 100 * MIB):
            with pytest.raises(Exhausted, match="fewer concurrently") as refused:
                async with bodies.received(big[1], 100 * MIB):
                    pytest.fail("it was received")
            assert refused.value.code == "request.busy"
            assert in_flight(bodies) == (0, 40 * MIB)
            async with bodies.received(big[2], 100 * MIB) as other:
                assert other.size == 2 * MIB
        assert in_flight(bodies) == (0, 0)

    asyncio.run(main())


@pytest.mark.parametrize("announced", [0, 5 * 64 * KIB])
def test_too_large_bodies(tmp_path: Path, announced: int) -> None:
    """A body past the limit is refused, announced or not, and gives everything back."""
    bodies = UnprovenBodies(tmp_path)
    sent = request([PIECE] * 5, announced=announced)

    async def main() -> UnprovenBody:
        async with bodies.received(sent, 4 * 64 * KIB) as body:
            return body

    with pytest.raises(Exhausted) as refused:
        asyncio.run(main())
    assert refused.value.code == "request.too_large"
    assert in_flight(bodies) == (0, 0)


def test_clients_that_leave_give_back(tmp_path: Path) -> None:
    """What a client sent before it went away is forgotten."""
    bodies = UnprovenBodies(tmp_path)

    async def main() -> UnprovenBody:
        async with bodies.received(request([PIECE] * 3, leaves=True), MIB) as body:
            return body

    with pytest.raises(ClientDisconnected):
        asyncio.run(main())
    assert in_flight(bodies) == (0, 0)


def test_all_senders_together_are_bounded() -> None:
    """Many senders have a bound too; what is refused takes nothing."""
    budget = Budget(10, 25)
    assert [budget.take(name, 10) for name in "abc"] == [True, True, False]
    assert not budget.take("a", 1)
    budget.give_back("a", 10)
    assert budget.take("c", 10)
    assert budget.in_flight() == 20


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:a:b:c:d", "2001:db8:0:1::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_who_counts_as_one_sender(address: str, sender: str) -> None:
    """An IPv6 subscriber has a whole network of addresses to choose from."""
    assert sender_of(address) == sender
