"""Storage calls byte by byte: letters of heads, bodies cut off, silent or of unknown length."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from support.server import PlatformServer
from support.server.wire import MIB, Applied, Wire, error_code


def _raw(server: PlatformServer, request: bytes, *, close_early: bool = False) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        if close_early:
            return b""
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def _signed_put(applied: Applied, length: int) -> bytes:
    from openvod.signing import cos

    certificate, path = applied.data["tempCertificate"], f"/{applied.bucket}/{applied.media_key}"
    authorization = cos.sign(
        certificate["secretId"], certificate["secretKey"], method="PUT", path=path, query=[], headers={},
        start=applied.data["timestamp"], end=certificate["expiredTime"],
    )  # fmt: skip
    return (
        f"PUT {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n"
        f"Authorization: {authorization}\r\nx-cos-security-token: {certificate['token']}\r\n\r\n"
    ).encode()


def test_header_names_keep_their_case(applied: Applied, shared_server: PlatformServer) -> None:
    """Python's COS SDK looks headers up by case: ETag, Content-Length, Date and the lower-case x-cos ones (4.0)."""
    answer = _raw(shared_server, _signed_put(applied, 3) + b"abc")
    for name in (b"\r\nETag: ", b"\r\nContent-Length: ", b"\r\nDate: ", b"\r\nServer: ", b"\r\nx-cos-request-id: ",
                 b"\r\nx-cos-hash-crc64ecma: ", b"\r\nConnection: close"):  # fmt: skip
        assert name in answer, (name, answer)


def test_truncated_and_silent_bodies_leave_nothing(server: PlatformServer) -> None:
    """A body cut off stores nothing; one that falls silent is answered RequestTimeout within the stall time."""
    server.environment["OPENVOD__SERVER__STALL_SECONDS"] = "1.5"
    wire = Wire(server.start().url, server.create_key())
    with wire.http:
        applied = wire.apply()
        _raw(server, _signed_put(applied, 2 * MIB) + bytes(MIB), close_early=True)
        started = time.monotonic()
        silent = _raw(server, _signed_put(applied, MIB) + b"only this")
        assert b"<Code>RequestTimeout</Code>" in silent
        assert 1 < time.monotonic() - started < 6
        assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"
    deadline = time.monotonic() + 5
    while _allocated(server.data_dir) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _allocated(server.data_dir) == 0


def _allocated(data_dir: Path) -> int:
    """Bytes that the disk holds for blobs."""
    return sum(path.stat().st_blocks * 512 for path in (data_dir / "blobs").glob("??/*"))


def test_dot_segments_are_plain_text(applied: Applied, shared_server: PlatformServer) -> None:
    """A key that climbs out of its directory is refused by its text; nothing on disk is ever named by a key."""
    raw = _signed_put(applied, 3)
    climbing = raw.replace(applied.media_key.encode(), applied.media_key.encode() + b"/../../../../x", 1)
    assert b"<Code>SignatureDoesNotMatch</Code>" in _raw(shared_server, climbing + b"abc")


def test_expect_100_continue_is_answered_after_the_check(applied: Applied, shared_server: PlatformServer) -> None:
    """A refused request gets its refusal, not a 100; an accepted one gets 100 first (4.0)."""
    good = _signed_put(applied, 3).replace(b"Host: h", b"Host: h\r\nExpect: 100-continue")
    assert _raw(shared_server, good + b"abc").startswith(b"HTTP/1.1 100")
    bad = good.replace(b"q-signature=", b"q-signature=0")
    assert b" 403 " in _raw(shared_server, bad + b"abc").split(b"\r\n")[0]


def test_no_length_and_chunked(applied: Applied, wire: Wire, shared_server: PlatformServer) -> None:
    """Chunked bodies are stored; a body without any length is 411."""
    raw = _signed_put(applied, 3)
    chunked = raw.replace(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n"
    assert b" 200 " in _raw(shared_server, chunked)
    assert b" 411 " in _raw(shared_server, raw.replace(b"Content-Length: 3\r\n", b""))
