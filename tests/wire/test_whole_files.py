"""Bytes of files as they reach clients that are slow, gone, or in a hurry."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from openvod.base.sizes import MIB
from support.server import PlatformServer
from support.server.wire import Wire
from support.sweeps.workers import wait_for

_SIZE = 24 * MIB


@pytest.fixture(scope="module")
def large(wire: Wire) -> tuple[str, bytes]:
    """A published file that no socket takes at once."""
    body = random.Random(1).randbytes(_SIZE)
    applied = wire.apply()
    applied.put(body)
    return str(wire.commit(applied)["data"]["video"]["url"]), body


def _asked(url: str, headers: str = "") -> socket.socket:
    place = urlsplit(url)
    assert place.hostname
    assert place.port
    connection = socket.create_connection((place.hostname, place.port), timeout=20)
    connection.sendall(f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n{headers}\r\n".encode())
    return connection


def _read(connection: socket.socket, size: int, pause: float = 0.0) -> bytes:
    received = bytearray()
    while len(received) < size:
        received += connection.recv(min(MIB, size - len(received)))
        time.sleep(pause)
    return bytes(received)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _read(connection, 1)
    return head


@pytest.mark.parametrize("turn", range(3))
def test_a_slow_client_gets_every_byte(large: tuple[str, bytes], turn: int) -> None:
    """A client that takes its time gets the file as it is, and its connection serves the next request."""
    url, body = large
    with _asked(url) as connection:
        assert b"200 OK" in _head(connection)
        time.sleep(0.5)
        assert hashlib.sha256(_read(connection, _SIZE, pause=0.005)).digest() == hashlib.sha256(body).digest()
        place = urlsplit(url)
        connection.sendall(f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nRange: bytes=7-9\r\n\r\n".encode())
        assert b"206" in _head(connection)
        assert _read(connection, 3) == body[7:10]


@pytest.mark.parametrize("packets", [1, 3])
def test_pipelined_requests(large: tuple[str, bytes], packets: int) -> None:
    """Requests that come with another, or while its file is on its way, are answered after it, in order."""
    url, body = large
    place = urlsplit(url)
    heads = [f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n"] + [
        f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nRange: bytes={start}-{start + 9}\r\n\r\n"
        for start in (5, 20 * MIB)
    ]
    # What is remembered goes the short way.
    httpx.get(url, headers={"range": "bytes=0-9"})
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
        for sent in heads if packets == len(heads) else ["".join(heads)]:
            connection.sendall(sent.encode())
        assert b"200 OK" in _head(connection)
        assert _read(connection, _SIZE) == body
        for start in (5, 20 * MIB):
            assert b"206" in _head(connection)
            assert _read(connection, 10) == body[start : start + 10]


def test_a_client_that_leaves(shared_server: PlatformServer, large: tuple[str, bytes]) -> None:
    """It costs nothing that stays: neither its connection nor the file stays open, and others are served."""
    url, body = large
    assert shared_server.process is not None
    folder = f"/proc/{shared_server.process.pid}/fd"

    def opened(kind: str) -> int:
        found = 0
        for name in os.listdir(folder):
            try:
                found += kind in os.readlink(f"{folder}/{name}")
            except FileNotFoundError:
                continue
        return found

    assert httpx.get(url).content == body
    sockets = opened("socket:")
    connections = [_asked(url) for _ in range(5)]
    for connection in connections:
        _head(connection)
    # Connections have two names while files are on their way.
    assert wait_for(lambda: opened("socket:") > sockets + len(connections), 10)
    assert opened("/blobs/")
    for connection in connections:
        connection.close()
    assert wait_for(lambda: opened("socket:") <= sockets, 10)
    assert wait_for(lambda: opened("/blobs/") == 0, 10)
    assert httpx.get(url, headers={"range": "bytes=0-9"}).content == body[:10]
