"""Downloads from URLs that users name, over httpcore, with a stall time-out and a check of each redirect.

A body that ends before its Content-Length or its last chunk is a failure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urljoin

import httpcore

from openvod.adapters.http.dialler import Dialler, Target, read_url
from openvod.base.errors import Invalid, Unavailable
from openvod.storage.blobs import Pieces
from openvod.upload.pull_model import Fetched

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Statuses of temporary failures, which are retried.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class HttpFetcher:
    """See :class:`openvod.upload.ports.Fetcher`. ``stall_seconds``: time-out of connecting and of each read."""

    def __init__(self, dialler: Dialler, *, stall_seconds: float) -> None:
        self._dialler = dialler
        self._stall = stall_seconds

    async def check(self, url: str) -> None:
        """See :meth:`openvod.upload.ports.Fetcher.check`."""
        await self._dialler.check(url)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Fetched]:
        """See :meth:`openvod.upload.ports.Fetcher.open`."""
        for _ in range(MAX_REDIRECTS + 1):
            target = read_url(url)
            async with self._pool(target) as pool:
                answer = await self._request(pool, target, url)
                location = _header(answer, b"location")
                if answer.status not in _REDIRECTS or not location:
                    _check_answer(answer)
                    yield Fetched(_length(answer), Pieces(_pieces(answer, self._stall)))
                    return
                url = urljoin(url, location)
        raise Invalid("pull.redirects", f"the address redirects more than {MAX_REDIRECTS} times")

    def _pool(self, target: Target) -> httpcore.AsyncConnectionPool:
        """Return a pool for one request, without reuse for redirects."""
        tls = self._dialler.tls() if target.secure else None
        return httpcore.AsyncConnectionPool(tls, network_backend=_GuardedBackend(self._dialler))

    async def _request(self, pool: httpcore.AsyncConnectionPool, target: Target, url: str) -> httpcore.Response:
        """Connect and send the request; return when the response head has arrived."""
        request = httpcore.Request("GET", url, headers=_headers(target), extensions={"timeout": self._timeouts()})
        timeout = f"{target.host} did not answer within {self._stall:g} s"
        with _as_unavailable(timeout, target.host, f"{target.host}: the response is not HTTP"):
            return await pool.handle_async_request(request)

    def _timeouts(self) -> dict[str, float]:
        return dict.fromkeys(("connect", "read", "write", "pool"), self._stall)


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials addresses that the guard has checked; httpcore verifies the name with TLS."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts; raises the errors of :meth:`Dialler.resolve` and httpcore."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._dialler.resolve(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


async def _pieces(answer: httpcore.Response, stall_seconds: float) -> AsyncIterator[bytes]:
    """Yield the body; raises ``Unavailable("pull.failed")`` for an early end, ``("pull.timeout")`` for a stall."""
    early = "the connection was closed before the end of the file"
    with _as_unavailable(f"no data for {stall_seconds:g} s", early, early):
        async for piece in answer.aiter_stream():
            yield piece


@contextmanager
def _as_unavailable(timeout: str, broken: str, malformed: str) -> Iterator[None]:
    """Raise httpcore's failures as ``Unavailable("pull.timeout")`` and ``Unavailable("pull.failed")``.

    The arguments are the messages for a time-out, a failed connection, and a violation of HTTP.
    """
    try:
        yield
    except httpcore.TimeoutException as error:
        raise Unavailable("pull.timeout", timeout) from error
    except httpcore.NetworkError as error:
        raise Unavailable("pull.failed", f"{broken}: {type(error).__name__}: {error}"[:300]) from error
    except httpcore.ProtocolError as error:
        raise Unavailable("pull.failed", f"{malformed}: {error}"[:300]) from error


def _headers(target: Target) -> Sequence[tuple[str, str]]:
    return (
        ("Host", target.authority),
        ("User-Agent", "openvod"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    )


def _header(answer: httpcore.Response, name: bytes) -> str:
    """Return a response header, empty without it."""
    values = [value for key, value in answer.headers if key.lower() == name]
    return values[0].decode("latin-1").strip() if values else ""


def _length(answer: httpcore.Response) -> int | None:
    length = _header(answer, b"content-length")
    return int(length) if length.isdigit() and not _header(answer, b"transfer-encoding") else None


def _check_answer(answer: httpcore.Response) -> None:
    status = answer.status
    if status in _PASSING:
        raise Unavailable("pull.status", f"the address answered HTTP {status}")
    if status != 200:
        raise Invalid("pull.status", f"the address answered HTTP {status}")
    encoding = _header(answer, b"content-encoding").lower()
    if encoding not in ("", "identity"):
        raise Invalid("pull.status", f"the address answered with unrequested Content-Encoding {encoding[:40]}")
