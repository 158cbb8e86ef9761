"""Nothing of a body is read for a head that is refused by itself, and large calls of known callers go through."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from openvod.base.sizes import KIB, MIB
from support.server.api import call, code, signed
from support.server.wire import Wire

READ = "DescribeAllClass"


def answer_to_head(url: str, lines: list[str]) -> str:
    """Send a head that announces a body, and none of the body; return the answer."""
    parsed = httpx.URL(url)
    with socket.create_connection((parsed.host, parsed.port or 80), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, f"Host: {parsed.netloc.decode()}", "", ""]).encode())
        text = connection.recv(8192).decode()
        while "\r\n\r\n" not in text or not text.partition("\r\n\r\n")[2]:
            text += connection.recv(8192).decode()
        return text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"headers": {"Authorization": "nonsense"}}, "AuthFailure.InvalidAuthorization"),
        ({"timestamp": 1_700_000_000}, "AuthFailure.SignatureExpire"),
        ({"headers": {"X-TC-Timestamp": str(int(time.time()) + 1000)}}, "AuthFailure.SignatureExpire"),
        ({"headers": {"Content-Length": str(10 * MIB + 1)}}, "RequestSizeLimitExceeded"),
    ],
)
def test_api_heads_are_refused_before_their_bodies(wire: Wire, changes: dict[str, Any], expected: str) -> None:
    """Who is unknown, late or has too much to say hears so at once, with none of the body sent."""
    headers = {"Content-Length": str(10 * MIB)} | changes.pop("headers", {})
    request = signed(wire, READ, headers=headers, **changes)
    lines = [f"{name}: {value}" for name, value in request.headers.items() if name != "host"]
    assert expected in answer_to_head(wire.url, ["POST / HTTP/1.1", *lines])


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [(f"actions/{READ}", 10 * MIB, 401), ("session", 64 * KIB + 1, 413), ("endpoints", 64 * KIB + 1, 413)],
)
def test_console_heads_are_refused_before_their_bodies(wire: Wire, path: str, size: int, status: int) -> None:
    """The console's API reads 10 MiB of those who are signed in, and never more than 64 KiB of others."""
    lines = [f"POST /api/v1/{path} HTTP/1.1", "Content-Type: application/json", f"Content-Length: {size}"]
    assert answer_to_head(wire.url, lines).startswith(f"HTTP/1.1 {status} ")


def test_large_calls_at_once(wire: Wire) -> None:
    """Five signed calls of 10 MiB at the same time are all carried out."""
    body = b"{}".ljust(10 * MIB)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda number: call(wire, READ, body + b"", query=f"n={number}"), range(5)))
    assert [code(each) for each in answers] == [""] * 5
