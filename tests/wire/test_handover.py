"""Bodies read from the socket by the storage's own threads (decision record 13): connections stay usable."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator

import pytest

from openvod.signing import cos
from support.server import PlatformServer
from support.server.wire import MIB, Applied, Wire


def head(applied: Applied, upload_id: str, number: int, length: int, extra: str = "") -> bytes:
    """Return the head of a signed UploadPart."""
    certificate, path = applied.data["tempCertificate"], f"/{applied.bucket}/{applied.media_key}"
    query = [("partNumber", str(number)), ("uploadId", upload_id)]
    authorization = cos.sign(
        certificate["secretId"], certificate["secretKey"], method="PUT", path=path, query=query, headers={},
        start=applied.data["timestamp"], end=certificate["expiredTime"],
    )  # fmt: skip
    return (
        f"PUT {path}?partNumber={number}&uploadId={upload_id} HTTP/1.1\r\nHost: h\r\n"
        f"Content-Length: {length}\r\n{extra}"
        f"Authorization: {authorization}\r\nx-cos-security-token: {certificate['token']}\r\n\r\n"
    ).encode()


@pytest.fixture
def connection(shared_server: PlatformServer) -> Iterator[socket.socket]:
    """One connection to the platform."""
    with socket.create_connection(("127.0.0.1", shared_server.port), 10) as made:
        yield made


def answer(connection: socket.socket) -> tuple[int, str]:
    """Read one answer; return its status and its ETag."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(1)
        assert data, received
        received += data
    text = received.decode("latin-1")
    length = int(text.lower().partition("content-length: ")[2].partition("\r\n")[0])
    while length:
        length -= len(connection.recv(length))
    return int(text.split(" ")[1]), text.partition('ETag: "')[2].partition('"')[0]


def md5(body: bytes) -> str:
    """Return the ETag of a part."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 1000, 70_000, 300_000, 3 * MIB])
def test_requests_sent_in_one_go(wire: Wire, connection: socket.socket, size: int) -> None:
    """Parts and a request after them, sent without waiting, are each answered, in their order."""
    applied = wire.apply()
    upload_id = applied.initiate()
    bodies = [os.urandom(size) for _ in range(3)]
    sent = b"".join(head(applied, upload_id, n + 1, size) + body for n, body in enumerate(bodies))
    connection.sendall(sent + b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [answer(connection) for _ in bodies] == [(200, md5(body)) for body in bodies]
    assert answer(connection)[0] == 200


def test_a_client_that_asks_first(wire: Wire, connection: socket.socket) -> None:
    """``Expect: 100-continue`` is answered before the body is read; a refused request is not asked for its body."""
    applied = wire.apply()
    upload_id = applied.initiate()
    body = os.urandom(MIB)
    connection.sendall(head(applied, upload_id, 1, len(body), "Expect: 100-continue\r\n"))
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert answer(connection) == (200, md5(body))
    connection.sendall(head(applied, "0" * 74, 1, len(body), "Expect: 100-continue\r\n"))
    assert answer(connection)[0] == 404


def test_a_slow_sender(wire: Wire, connection: socket.socket) -> None:
    """A body that comes in drops arrives whole."""
    applied = wire.apply()
    upload_id = applied.initiate()
    body = os.urandom(200_000)
    connection.sendall(head(applied, upload_id, 1, len(body)))
    for start in range(0, len(body), 20_000):
        connection.sendall(body[start : start + 20_000])
        time.sleep(0.02)
    assert answer(connection) == (200, md5(body))


@pytest.mark.parametrize("left", [1000, 200_000])
def test_refused_after_the_body(wire: Wire, connection: socket.socket, left: int) -> None:
    """A body whose MD5 is not the announced one is refused, and the connection goes on."""
    applied = wire.apply()
    upload_id = applied.initiate()
    wrong = "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    connection.sendall(head(applied, upload_id, 1, left, wrong) + bytes(left))
    assert answer(connection)[0] == 400
    connection.sendall(head(applied, upload_id, 1, left) + bytes(left))
    assert answer(connection) == (200, md5(bytes(left)))


def test_a_body_that_stalls(wire: Wire, connection: socket.socket) -> None:
    """A sender that falls silent is told so, and the connection ends."""
    applied = wire.apply()
    upload_id = applied.initiate()
    connection.sendall(head(applied, upload_id, 1, MIB) + bytes(100_000))
    assert answer(connection)[0] == 400
    assert connection.recv(1) == b""


def test_clients_that_leave(wire: Wire, shared_server: PlatformServer) -> None:
    """Connections that break in mid-body leave no bytes, no open files, and a server that goes on."""
    applied = wire.apply()
    upload_id = applied.initiate()
    assert shared_server.process is not None
    files = f"/proc/{shared_server.process.pid}/fd"
    before = len(os.listdir(files))
    for number in range(1, 30):
        with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
            connection.sendall(head(applied, upload_id, number, 8 * MIB) + bytes(300_000))
    deadline = time.monotonic() + 10
    while len(os.listdir(files)) > before + 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(os.listdir(files)) <= before + 3
    assert applied.put_part(upload_id, 1, b"x" * MIB).status_code == 200
