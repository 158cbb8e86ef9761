"""What others notice while strangers attack: time to an answer, memory, descriptors; prints the figures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.faults.attack import (
    DESCRIPTORS,
    BoundedServer,
    Bystander,
    almost_sent,
    connected,
    descriptors,
    resident_mib,
)
from support.server import PlatformServer
from support.server.api import signed
from support.server.wire import MIB, Wire

pytestmark = pytest.mark.slow

#: Far above what was measured, far below what the faults cost (a minute, and an end of service).
_WORST_SECONDS, _ROOM_MIB, _FREE_DESCRIPTORS = 5.0, 100, 50
_PARTS = 300


@pytest.fixture
def bounded(tmp_path: Path) -> Iterator[PlatformServer]:
    """A server of a small machine, to which only 127.0.0.1 is the operator."""
    only_one = {"OPENVOD__SERVER__OPERATOR_NETWORKS": '["127.0.0.1/32"]', "OPENVOD__TASKS__WORKERS": "0"}
    with BoundedServer(tmp_path / "data", only_one) as server:
        yield server


class _Figures:
    """Watches a server over an attack."""

    def __init__(self, server: PlatformServer, name: str) -> None:
        assert server.process is not None
        self._server, self._name, self._pid = server, name, server.process.pid
        self._before = resident_mib(self._pid)
        self._bystander = Bystander(server, "127.0.0.3")

    def __enter__(self) -> _Figures:
        self._bystander.__enter__()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        held = descriptors(self._server)
        self._bystander.__exit__(kind, *rest)
        grown = resident_mib(self._pid) - self._before
        free = DESCRIPTORS - held
        print(f"{self._name}: {self._bystander}; {self._before} MiB + {grown} MiB; {free} descriptors free")
        if kind is None:
            assert self._bystander.refused == 0
            assert self._bystander.worst() < _WORST_SECONDS
            assert grown < _ROOM_MIB
            assert free > _FREE_DESCRIPTORS


def test_half_heads(bounded: PlatformServer) -> None:
    """400 connections of one address that begin a request and never end it."""
    with ExitStack() as stack, _Figures(bounded, "half heads"):
        for _ in range(400):
            stack.enter_context(connected(bounded, "127.0.0.2", b"GET / HTTP/1.1\r\nHost: x\r\n"))
        time.sleep(1)


def test_bodies_of_strangers(bounded: PlatformServer) -> None:
    """60 calls of 10 MiB whose signature is wrong."""
    wire = Wire(bounded.url, bounded.create_key())
    with wire.http:
        call = signed(wire, "DescribeAllClass", b"{}".ljust(10 * MIB), secret_key="wrong")
    with _Figures(bounded, "unproven bodies"), almost_sent(bounded, call, "127.0.0.2"):
        time.sleep(1)


def test_hostile_completes(bounded: PlatformServer) -> None:
    """Completes as long as their upload allows, that are costly to read, four at once."""
    wire = Wire(bounded.url, bounded.create_key())
    with wire.http:
        applied = wire.apply()
        upload_id = applied.initiate()
        for number in range(1, _PARTS + 1):
            applied.put_part(upload_id, number, b"x")
        attributes = " ".join(f"a{number}=''" for number in range(30_000))
        bodies = [
            f"<CompleteMultipartUpload {attributes}/>".encode(),
            b"<CompleteMultipartUpload>" + b"<a>" * 100_000,
            b"<CompleteMultipartUpload>" + b"&lt;" * 70_000 + b"</CompleteMultipartUpload>",
            b"<CompleteMultipartUpload>" + b"<Part/>" * 40_000 + b"</CompleteMultipartUpload>",
        ]
        with _Figures(bounded, "hostile completes"), ThreadPoolExecutor(4) as pool:
            query = [("uploadId", upload_id)]
            answers = list(pool.map(lambda body: applied.call("POST", applied.media_key, query, body), bodies * 40))
        assert {answer.status_code for answer in answers} == {400}
