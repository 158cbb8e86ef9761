"""A server's memory while strangers send it all that they may."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from support.faults.attack import almost_sent, resident_mib
from support.server import PlatformServer
from support.server.api import code, send, signed, signed_v1
from support.server.wire import MIB, Wire

pytestmark = pytest.mark.slow

_ROOM_MIB = 100
_LEFT_MIB = 40


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_strangers_bodies_are_not_kept_in_memory(server: PlatformServer) -> None:
    """60 connections with 10 MiB each, of an unknown key, a wrong signature or a form, cost less than 100 MiB."""
    key = server.create_key()
    wire = Wire(server.start().url, key)
    assert server.process is not None
    pid, large = server.process.pid, b"{}".ljust(10 * MIB)
    with wire.http:
        requests = [
            signed(wire, "DescribeAllClass", large, secret_id="AKIDnobody"),
            signed(wire, "DescribeAllClass", large, secret_key="wrong"),
            signed_v1(wire, "DescribeAllClass", {"ExtInfo": "x" * (MIB - 1000)}),
        ]
        before = resident_mib(pid)
        for request in requests:
            with almost_sent(server, request):
                assert httpx.get(f"{server.url}/healthz").status_code == 200
                assert resident_mib(pid) - before < _ROOM_MIB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_memory_of_large_calls_comes_back(server: PlatformServer) -> None:
    """After large calls that were carried out the server gives their memory back within seconds."""
    key = server.create_key()
    wire = Wire(server.start().url, key)
    assert server.process is not None
    pid, large = server.process.pid, b"{}".ljust(10 * MIB)
    before = resident_mib(pid, "VmRSS")
    with wire.http, ThreadPoolExecutor(5) as pool:
        requests = [signed(wire, "DescribeAllClass", large, query=f"n={number}") for number in range(15)]
        assert [code(each) for each in pool.map(lambda request: send(wire, request), requests)] == [""] * 15
    deadline = time.monotonic() + 20
    while (grown := resident_mib(pid, "VmRSS") - before) > _LEFT_MIB:
        assert time.monotonic() < deadline, f"{grown} MiB were kept"
        time.sleep(0.2)
