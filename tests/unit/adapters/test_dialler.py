"""Where the platform connects on others' word (decision 15): every spelling of an address, every trick with names."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from openvod.adapters.http import Dialler, HttpPoster
from openvod.adapters.http.addresses import LOOPBACK, parse_address, refusal
from openvod.base.errors import Denied, Invalid, Unavailable
from support.server import run_async

#: URL, and the reason that must be named; these need no resolver but the machine's own for numbers.
REFUSED = {
    "http://127.0.0.1/": "loopback",
    "http://127.1/": "loopback",
    "http://127.0.1/": "loopback",
    "http://2130706433/": "loopback",
    "http://0x7f000001/": "loopback",
    "http://0x7f.0.0.1/": "loopback",
    "http://0177.0.0.1/": "loopback",
    "http://017700000001/": "loopback",
    "http://127.255.255.254:8080/x": "loopback",
    "http://0/": "unspecified",
    "http://0.0.0.0/": "unspecified",
    "http://10.0.0.1/": "private",
    "http://10.1/": "private",
    "http://167772161/": "private",
    "http://172.16.0.1/": "private",
    "http://172.31.255.255/": "private",
    "http://192.168.1.1/": "private",
    "http://0xc0a80101/": "private",
    "http://100.64.0.1/": "carrier-grade NAT",
    "http://100.127.255.255/": "carrier-grade NAT",
    "http://169.254.1.1/": "link-local",
    "http://169.254.169.254/latest/meta-data/": "cloud metadata",
    "http://2852039166/": "cloud metadata",
    "http://100.100.100.200/": "cloud metadata",
    "http://168.63.129.16/": "cloud metadata",
    "http://224.0.0.1/": "multicast",
    "http://255.255.255.255/": "special-purpose",
    "http://240.0.0.1/": "special-purpose",
    "http://198.18.0.1/": "special-purpose",
    "http://192.0.2.1/": "documentation",
    "http://[::1]/": "loopback",
    "http://[::]/": "unspecified",
    "http://[::ffff:127.0.0.1]/": "loopback",
    "http://[::ffff:7f00:1]/": "loopback",
    "http://[0:0:0:0:0:ffff:10.0.0.1]/": "private",
    "http://[::127.0.0.1]/": "special-purpose",
    "http://[64:ff9b::127.0.0.1]/": "loopback",
    "http://[64:ff9b::a9fe:a9fe]/": "cloud metadata",
    "http://[64:ff9b:1::10.0.0.1]/": "special-purpose",
    "http://[2002:7f00:1::]/": "loopback",
    "http://[2002:c0a8:0101::1]/": "private",
    "http://[2001::1]/": "special-purpose",
    "http://[fe80::1]/": "link-local",
    "http://[fc00::1]/": "private",
    "http://[fd00:ec2::254]/": "cloud metadata",
    "http://[fec0::1]/": "private",
    "http://[ff02::1]/": "multicast",
    "http://[100::1]/": "special-purpose",
    "http://[2001:db8::1]/": "documentation",
    "http://localhost/": "loopback",
}
MALFORMED = (
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "//example.com/",
    "example.com",
    "http://",
    "http:///path",
    "http://user@127.0.0.1/",
    "http://example.com@127.0.0.1/",
    "http://example.com:80@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:port/",
    "http://[::1/",
    "http://[fe80::1%25eth0]/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://exa mple.com/",
    "http://example.com/\r\nX: y",
    "http://example.com/a b",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
)


@pytest.mark.parametrize("url", REFUSED)
def test_special_addresses_are_refused_however_they_are_written(url: str) -> None:
    """The reason names the kind of address and the setting that permits it."""
    with pytest.raises(Denied, match=f"a {REFUSED[url]} address.*OPENVOD__EVENTS__ALLOW_PRIVATE"):
        run_async(Dialler().check(url))


@pytest.mark.parametrize("url", MALFORMED)
def test_urls_that_can_be_read_in_two_ways_are_refused(url: str) -> None:
    """User information, back slashes, foreign digits, escapes in the host, control characters, other schemes."""
    with pytest.raises(Invalid, match="the URL"):
        run_async(Dialler().check(url))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_public_addresses_pass(text: str) -> None:
    """The neighbours of special ranges are public."""
    assert refusal(parse_address(text), ()) == ""


def test_what_is_allowed_passes_in_every_spelling() -> None:
    """An allowed IPv4 network covers its mapped forms; another one's addresses stay refused."""
    allowed = (*LOOPBACK, ip_network("10.1.0.0/16"))
    for text in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "64:ff9b::10.1.2.3"):
        assert refusal(parse_address(text), allowed) == "", text
    assert refusal(parse_address("10.2.0.1"), allowed) == "private"
    assert refusal(parse_address("169.254.169.254"), allowed) == "cloud metadata"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Sequence[Sequence[str]]], list[int]]:
    """Give a name a row of answers, one for each time it is asked; the last repeats. Returns how often it was."""
    answers: dict[str, list[Sequence[str]]] = {}
    asked: dict[str, list[int]] = {}
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host not in answers:
            return real(host, port, *arguments, **options)
        asked[host].append(1)
        found = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [entry for address in found for entry in real(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def give(name: str, row: Sequence[Sequence[str]]) -> list[int]:
        answers[name] = list(row)
        return asked.setdefault(name, [])

    return give


async def _post_once(dialler: Dialler, url: str) -> int:
    poster = HttpPoster(dialler)
    try:
        return await poster.post(url, b"", {}, 5)
    finally:
        await poster.close()


def test_names_are_judged_by_all_their_addresses(names: Any) -> None:
    """A name that leads to a private address, or to one beside a public one, is refused."""
    names("inside.example", [["10.0.0.1"]])
    names("mixed.example", [["8.8.8.8", "127.0.0.1"]])
    names("mapped.example", [["::ffff:192.168.0.1"]])
    names("public.example", [["8.8.8.8"]])
    for name, kind in (("inside", "private"), ("mixed", "loopback"), ("mapped", "private")):
        with pytest.raises(Denied, match=f"{name}.example is .*{kind}"):
            run_async(Dialler().check(f"https://{name}.example/"))
    run_async(Dialler().check("https://public.example/"))


def test_a_name_nobody_knows_yet_passes_the_check_but_not_the_dial(names: Any) -> None:
    """It may be set before its record exists."""
    run_async(Dialler().check("http://nobody.invalid/"))
    with pytest.raises(Unavailable, match="cannot be resolved"):
        run_async(_post_once(Dialler(), "http://nobody.invalid/"))


def test_rebinding_between_check_and_dial_is_refused(names: Any) -> None:
    """What passed when the URL was set is judged again when it is dialled."""
    asked = names("rebind.example", [["8.8.8.8"], ["127.0.0.1"]])
    dialler = Dialler()
    run_async(dialler.check("http://rebind.example/"))
    with pytest.raises(Denied, match="loopback"):
        run_async(_post_once(dialler, "http://rebind.example/"))
    assert len(asked) == 2


class _Server(asyncio.Protocol):
    """Gives every request the same answer."""

    def __init__(self, answer: bytes, seen: list[bytes], transports: list[asyncio.Transport]) -> None:
        self._answer, self._seen, self._transports = answer, seen, transports
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer.endswith(b"body"):
            self._seen.append(self._buffer)
            self._buffer = b""
            self._transports[-1].write(self._answer)


def _posted(answer: bytes, times: int = 1, host: str = "127.0.0.1") -> tuple[list[int], list[bytes]]:
    """Post to a server that always answers the same; return the statuses and the requests that it saw."""
    seen: list[bytes] = []
    transports: list[asyncio.Transport] = []

    async def work() -> list[int]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Server(answer, seen, transports), "127.0.0.1", 0)
        poster = HttpPoster(Dialler(LOOPBACK))
        url = f"http://{host}:{server.sockets[0].getsockname()[1]}/a?b=c"
        try:
            return [await poster.post(url, b"body", {"webhook-id": "i"}, 0.3) for _ in range(times)]
        finally:
            await poster.close()
            for transport in transports:
                transport.abort()
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0)

    return run_async(work()), seen


def test_a_name_is_resolved_once_and_pinned_for_its_connection(names: Any) -> None:
    """The address that was judged is the one that is dialled; ``Host`` keeps the name."""
    asked = names("pinned.example", [["127.0.0.1"], ["10.0.0.1"]])
    statuses, seen = _posted(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 3, "pinned.example")
    assert statuses == [200] * 3
    assert len(asked) == 1
    assert all(head.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: pinned.example:") for head in seen)


def test_redirects_are_not_followed() -> None:
    """A redirect is an answer like any other, whatever it leads to."""
    statuses, seen = _posted(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
    assert (statuses, len(seen)) == ([302], 1)


def test_answers_are_read_within_bounds() -> None:
    """Announcements are passed over, endless bodies are cut off, rubbish is a failure."""
    early = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    assert _posted(early)[0] == [204]
    assert _posted(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + bytes(200_000))[0] == [200]
    with pytest.raises(Unavailable, match="HttpParser"):
        _posted(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def test_silence_is_a_timeout_and_a_known_status_counts() -> None:
    """Nothing within the time is a failure; a head whose body never comes is an answer."""
    with pytest.raises(Unavailable, match=r"no response within 0\.3 s"):
        _posted(b"")
    assert _posted(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")[0] == [200]


def test_numbers_are_judged_where_they_are_dialled() -> None:
    """A host that is a number asks no resolver, and is refused all the same, before a connection exists."""
    for host in ("127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "2130706433", "0x7f.1", "127.1"):
        with pytest.raises(Denied, match="to allow it, add its network"):
            run_async(_post_once(Dialler(), f"http://{host}:9/"))


def test_allowed_numbers_are_dialled_in_every_spelling() -> None:
    """The server answers, whichever way its address is written."""
    for host in ("127.0.0.1", "2130706433", "0x7f.1", "127.1"):
        statuses, seen = _posted(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", host=host)
        assert (statuses, len(seen)) == ([200], 1)
