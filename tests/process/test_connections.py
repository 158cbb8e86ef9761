"""Clients that send nothing, or too slowly, keep nobody else out; measured on a real server with few descriptors."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from support.faults.attack import DESCRIPTORS, BoundedServer, connected, descriptors
from support.server import PlatformServer
from support.server.commands import openvod_json

pytestmark = pytest.mark.slow

#: On Linux the whole network is one machine's: addresses to come from.
_OPERATOR, _ATTACKER, _BYSTANDER = "127.0.0.1", "127.0.0.2", "127.0.0.3"
_LIMITS = {
    "OPENVOD__SERVER__HEAD_SECONDS": "2",
    "OPENVOD__SERVER__IDLE_SECONDS": "3",
    "OPENVOD__SERVER__STALL_SECONDS": "2",
    "OPENVOD__SERVER__BODY_BYTES_PER_SECOND": "1000",
    "OPENVOD__SERVER__OPERATOR_NETWORKS": '["127.0.0.1/32"]',
    "OPENVOD__TASKS__WORKERS": "0",
}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[PlatformServer]:
    """A server whose limits take seconds."""
    with PlatformServer(tmp_path / "data", _LIMITS) as server:
        yield server


@pytest.fixture
def bounded(tmp_path: Path) -> Iterator[PlatformServer]:
    """A server under ``ulimit -n 300``, soft limit 200."""
    with BoundedServer(tmp_path / "data", _LIMITS | {"OPENVOD__SERVER__HEAD_SECONDS": "5"}) as server:
        yield server


def _answer(connection: socket.socket) -> str:
    """Return what the server says until it closes."""
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return data.decode()


def _whole(connection: socket.socket) -> None:
    """Read the answer of ``/readyz``, however it is split."""
    data = b""
    while not data.endswith(b'{"status":"ready"}'):
        data += connection.recv(65536)


def _is_refused(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0.001)[0])


def _is_served(server: PlatformServer, source: str) -> bool:
    with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=5) as client:
        return client.get(f"{server.url}/readyz").status_code == 200


def test_hundreds_of_silent_connections(bounded: PlatformServer) -> None:
    """Four hundred connections with half a head, of 300 descriptors: others are served all the time, then all end."""
    with ExitStack() as stack:
        half = b"GET / HTTP/1.1\r\nHost: x\r\nX: "
        all_of_them = [stack.enter_context(connected(bounded, _ATTACKER, half)) for _ in range(400)]
        refused = sum(_is_refused(each) for each in all_of_them)
        assert refused > 300
        assert _is_served(bounded, _BYSTANDER)
        assert _is_served(bounded, _OPERATOR)
        assert bounded.process is not None
        held = descriptors(bounded)
        assert held < DESCRIPTORS - 50
        deadline = time.monotonic() + 10
        while descriptors(bounded) > held - 20:
            assert time.monotonic() < deadline, "heads that never end are held for ever"
            time.sleep(0.1)


def test_the_operator_is_let_in_when_all_is_taken(bounded: PlatformServer) -> None:
    """Many addresses take every connection; those kept for the operator are free, and bystanders are told to wait."""
    with ExitStack() as stack:
        for number in range(300):
            stack.enter_context(connected(bounded, f"127.0.1.{number % 200 + 1}", b"GET / HT"))
        assert _is_served(bounded, _OPERATOR)
        other = stack.enter_context(connected(bounded, _BYSTANDER, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert re.match(r"HTTP/1.1 503 (?s:.*)connections are in use; close some, or try again later", _answer(other))
    time.sleep(0.5)
    assert _is_served(bounded, _BYSTANDER)


def test_the_limit_of_open_files_is_raised(bounded: PlatformServer) -> None:
    """The server takes what the system allows, and the doctor says what follows from it."""
    assert bounded.process is not None
    limits = Path(f"/proc/{bounded.process.pid}/limits").read_text()
    assert re.search(rf"Max open files +{DESCRIPTORS} +{DESCRIPTORS} ", limits)
    findings = openvod_json("doctor", "--json", "--data-dir", str(bounded.data_dir))
    found = next(each for each in findings if each["what"] == "connections")
    limits = r"\d+ concurrent, \d+ per address, \d+ reserved for the operator; the limit of open files is \d+"
    assert re.search(limits, found["found"])


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ((b"",), "408"),
        ((b"GET /", b"readyz HTTP/1.1\r\n", b"Host: x\r\n", *([b"X: y\r\n"] * 20)), "408"),
        ((b"\r\n",) * 20, "408"),
        ((b"GET / HTTP/1.1\r\nX: " + b"y" * 60_000, b"y" * 60_000), "431"),
    ],
    ids=["nothing", "one-line-at-a-time", "empty-lines", "endless"],
)  # fmt: skip
def test_heads_that_do_not_end(small: PlatformServer, pieces: tuple[bytes, ...], status: str) -> None:
    """A head has its time and its size, however it is spread; the answer says which."""
    began = time.monotonic()
    with connected(small, _ATTACKER) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(0.2)
        connection.settimeout(5)
        assert f"HTTP/1.1 {status} " in _answer(connection)
    assert time.monotonic() - began < 6


def test_a_second_head_that_does_not_end(small: PlatformServer) -> None:
    """What a connection was good for before does not keep it open."""
    with connected(small, _ATTACKER, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        _whole(connection)
        connection.sendall(b"GET /rea")
        connection.settimeout(6)
        assert "408" in _answer(connection)


@pytest.mark.parametrize("path", ["/?Action=DescribeAllClass", "/api/v1/actions/DescribeAllClass", "/nowhere"])
def test_the_rest_of_a_refused_body_is_no_head(small: PlatformServer, path: str) -> None:
    """A refusal that came before the body's end is the only answer, and the connection is good for another request."""
    body = bytes(1_000_000)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: TC3-HMAC-SHA256 x\r\nContent-Length: {len(body)}\r\n\r\n"
    with connected(small, _ATTACKER, head.encode()) as connection:
        time.sleep(0.5)
        connection.sendall(body)
        time.sleep(0.5)
        first = connection.recv(1 << 20)
        assert first.count(b"HTTP/1.1 ") == 1
        assert b"HTTP/1.1 431" not in first
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        _whole(connection)


def test_idle_connections_end(small: PlatformServer) -> None:
    """A connection that asks for nothing more is closed after the idle time."""
    with connected(small, _ATTACKER, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        _whole(connection)
        began = time.monotonic()
        connection.settimeout(8)
        assert connection.recv(65536) == b""
        assert 2 < time.monotonic() - began < 6


@pytest.mark.parametrize("path", ["/v3/index.php?Action=ApplyUploadUGC", "/api/v1/session", "/"])
def test_bodies_that_trickle(small: PlatformServer, path: str) -> None:
    """A byte a little before every stall time kept a connection for ever; each surface has the least pace."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    began = time.monotonic()
    with connected(small, _ATTACKER, head.encode()) as connection:
        connection.settimeout(0.5)
        answer = b""
        while time.monotonic() - began < 12 and not answer:
            try:
                connection.sendall(b" ")
                answer = connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
    assert time.monotonic() - began < 10


def test_answers_that_nobody_takes(small: PlatformServer) -> None:
    """A client that asks and reads nothing is let go after the idle time."""
    assert small.process is not None
    folder = Path(f"/proc/{small.process.pid}/fd")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.bind((_ATTACKER, 0))
    connection.connect(("127.0.0.1", small.port))
    with connection:
        ask = b"GET /sdk/openvod.umd.js HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(ask * 100)
        time.sleep(1)
        held = len([each for each in folder.iterdir() if "socket" in str(each.resolve())])
        deadline = time.monotonic() + 20
        while len([each for each in folder.iterdir() if "socket" in str(each.resolve())]) >= held:
            assert time.monotonic() < deadline, "an answer that nobody takes is held for ever"
            time.sleep(0.2)
