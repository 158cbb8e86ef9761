"""What holds for every path of a back end: preflights, a prefix, limits of bodies."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from openvod_sdk.integrations import BackEnd, EventReceiver, Reply, Request, SqliteEventStore
from support.back_end import BEARER, EVENT, PATHS, Send, service


@pytest.mark.parametrize("path", [*PATHS, "/events"])
def test_preflight(send: Send, path: str) -> None:
    """Browsers may ask from any origin, with a bearer token and a JSON body."""
    answer = send("OPTIONS", path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(","))
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_prefix(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> None:
    """Below a prefix everything is served there, and only there."""
    send = framework(BackEnd(service(), EventReceiver(store, allow_unsigned=True)), "/vod")
    assert send("GET", "/vod/signature", headers=BEARER).status == 200
    assert send("POST", "/vod/events", json.dumps(EVENT).encode()).status == 200
    assert send("GET", "/signature", headers=BEARER).status == 404


def test_paths_follow_the_services(store: SqliteEventStore) -> None:
    """A back end of one service serves only its paths."""
    assert BackEnd(signatures=service()).paths == tuple(PATHS)
    assert BackEnd(events=EventReceiver(store, allow_unsigned=True)).paths == ("/events",)


def test_bodies_have_limits(framework: Callable[[BackEnd, str], Send], store: SqliteEventStore) -> None:
    """Larger bodies are refused with 413 by every framework, which reads no more than one byte beyond the limit."""
    back_end = BackEnd(service(), EventReceiver(store, allow_unsigned=True, max_bytes=100_000))
    read: list[int] = []
    handle = back_end.handle

    def counting(request: Request) -> Reply:
        read.append(len(request.body))
        return handle(request)

    back_end.handle = counting  # type: ignore[method-assign]  # counts calls
    send = framework(back_end, "")
    large = b'{"EventType":"x","a":"' + b"a" * 3_000_000 + b'"}'
    assert send("POST", "/events", large).status == 413
    assert send("POST", "/signature", large, BEARER).status == 413
    assert read == [100_001, 65_537]
    assert store.find() == []
