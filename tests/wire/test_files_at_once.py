"""Published files that are asked for again: the short way answers exactly what the long one does."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx
import pytest

from openvod.base.sizes import KIB
from support.server.api import call
from support.server.wire import Wire

_BODY = random.Random(2).randbytes(300 * KIB)
#: The first answer comes from the database, the second opens the file, the third is sent from both memories.
_AGAIN = 4
_OF_ONE_ANSWER = ("date", "x-cos-request-id")


@pytest.fixture
def published(wire: Wire) -> tuple[str, str]:
    """A file of this test's own: its id and address."""
    applied = wire.apply()
    applied.put(_BODY)
    data = wire.commit(applied)["data"]
    return str(data["fileId"]), str(data["video"]["url"])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """One connection for all requests."""
    with httpx.Client(limits=httpx.Limits(max_connections=1)) as client:
        yield client


_REQUESTS: Mapping[str, tuple[str, str, Mapping[str, str], int, bytes]] = {
    "whole": ("GET", "", {}, 200, _BODY),
    "from another origin": ("GET", "", {"Origin": "https://shop.example"}, 200, _BODY),
    "with a query that means nothing": ("GET", "?v=1", {}, 200, _BODY),
    "with another type": ("GET", "?response-content-type=audio/mp4", {}, 200, _BODY),
    "with a type that could harm": ("GET", "?response-content-type=text/html", {}, 200, _BODY),
    "a range": ("GET", "", {"Range": "bytes=1000-1999"}, 206, _BODY[1000:2000]),
    "the end": ("GET", "", {"Range": "bytes=-7"}, 206, _BODY[-7:]),
    "a range of what it is not": ("GET", "", {"Range": "bytes=0-1", "If-Range": '"other"'}, 200, _BODY),
    "past its end": ("GET", "", {"Range": "bytes=99999999-"}, 416, b""),
    "unless it is this": ("GET", "", {"If-None-Match": "*"}, 304, b""),
    "if it is another": ("GET", "", {"If-Match": '"other"'}, 412, b""),
    "its head": ("HEAD", "", {}, 200, b""),
    "through a proxy": ("GET", "", {"X-Forwarded-For": "192.0.2.1"}, 200, _BODY),
    "on a connection that ends": ("GET", "", {"Connection": "close"}, 200, _BODY),
}


@pytest.mark.parametrize("name", _REQUESTS)
def test_every_way_answers_the_same(published: tuple[str, str], client: httpx.Client, name: str) -> None:
    """The first answer's head and body, again and again."""
    method, query, headers, status, body = _REQUESTS[name]
    _, url = published
    answers = [client.request(method, f"{url}{query}", headers=headers) for _ in range(_AGAIN)]
    heads = [{key: value for key, value in each.headers.items() if key not in _OF_ONE_ANSWER} for each in answers]
    for answer, head in zip(answers, heads, strict=True):
        assert (answer.status_code, head) == (status, heads[0])
        assert status == 416 or answer.content == body
    assert len({each.headers["x-cos-request-id"] for each in answers}) == _AGAIN


def test_what_differs_is_not_mixed_up(published: tuple[str, str], client: httpx.Client) -> None:
    """Requests for the same file that ask for different things, one after the other."""
    _, url = published
    for _ in range(_AGAIN):
        for name in ("whole", "from another origin", "a range", "with another type", "unless it is this"):
            method, query, headers, status, body = _REQUESTS[name]
            answer = client.request(method, f"{url}{query}", headers=headers)
            assert (answer.status_code, answer.content) == (status, body), name
            allowed = "https://shop.example" if "Origin" in headers else "*"
            assert answer.headers["access-control-allow-origin"] == allowed
            assert (answer.headers.get("content-type") == "audio/mp4") is (name == "with another type")


def test_deleted_at_once(wire: Wire, published: tuple[str, str], client: httpx.Client) -> None:
    """A file that is open and remembered is gone with its deletion."""
    file_id, url = published
    for _ in range(_AGAIN):
        assert client.get(url).content == _BODY
    assert "Error" not in call(wire, "DeleteMedia", {"FileId": file_id})
    assert client.get(url).status_code == 404


def test_many_requests_in_one_packet(published: tuple[str, str], client: httpx.Client) -> None:
    """Each is answered, in order, whichever way it takes."""
    place = urlsplit(published[1])
    for _ in range(_AGAIN):
        client.get(published[1])
    wanted = [(number * 100, 100 + number) for number in range(40)]
    asked = "".join(
        f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nRange: bytes={start}-{start + length - 1}\r\n\r\n"
        for start, length in wanted
    )
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
        connection.sendall(asked.encode())
        received = connection.makefile("rb")
        for start, length in wanted:
            assert b"206" in received.readline()
            head = iter(received.readline, b"\r\n")
            assert f"Content-Length: {length}\r\n".encode() in list(head)
            assert received.read(length) == _BODY[start : start + length]


def test_a_body_where_none_belongs(published: tuple[str, str], client: httpx.Client) -> None:
    """What follows a head is read as its body, not as the next request, and the connection goes on."""
    place = urlsplit(published[1])
    head = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nRange: bytes=0-9\r\n"
    body = "GET / HTTP/1.1\r\n\r\n"
    for _ in range(_AGAIN):
        client.get(published[1])
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}{head}\r\n".encode())
            received = connection.makefile("rb")
            for _ in range(2):
                assert b"206" in received.readline()
                assert list(iter(received.readline, b"\r\n"))
                assert received.read(10) == _BODY[:10]
