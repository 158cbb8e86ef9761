"""Checks between clients and platform: reachability, clock, proxies, names and certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from itertools import pairwise
from urllib.parse import urlsplit

import httpx

from openvod.app.doctor.model import Finding, Level
from openvod.base.sizes import MIB
from openvod.surfaces.operations import PROBE_CHUNK_BYTES, PROBE_CHUNKS, PROBE_PAUSE_SECONDS

#: Hosts that the official SDKs call (``upload-protocol.md`` 2, 3); storage hosts carry the bucket's name.
OFFICIAL_HOSTS = ("vod2.qcloud.com", "vod2.dnsv1.com", "{bucket}.cos.{region}.myqcloud.com")
_LIMIT_PROBE = 9 * MIB
_SLOW_BYTES_PER_SECOND = 5 * MIB
_TIMEOUT = 15.0
_SKEW_SECONDS = 60.0


class NetworkChecks:
    """Checks a running platform through its public URL, like a client."""

    def __init__(self, url: str, token: str, *, verify: bool = True) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._verify = verify

    async def check(self) -> list[Finding]:
        """Return the findings; the later checks run only when the server answers."""
        async with httpx.AsyncClient(verify=self._verify, timeout=_TIMEOUT, trust_env=False) as http:
            reached = await self._reached(http)
            if reached[-1].level is Level.FAIL:
                return reached
            try:
                return [
                    *reached,
                    *await self._uploading(http),
                    *await self._downloading(http),
                    *await self._large(http),
                ]
            except httpx.HTTPError as error:
                return [*reached, Finding("proxy", Level.FAIL, f"{type(error).__name__}: {error}", _PROXY_ADVICE)]

    async def _reached(self, http: httpx.AsyncClient) -> list[Finding]:
        began = time.monotonic()
        try:
            answer = await http.get(f"{self._url}/readyz")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            advice = "start `openvod serve`, or set OPENVOD__SERVER__PUBLIC_URL to the URL that clients use"
            return [Finding("server", Level.FAIL, f"{self._url}: {error or type(error).__name__}", advice)]
        seconds = time.monotonic() - began
        if answer.status_code != 200 or answer.headers.get("server") is None:
            found = f"{self._url}/readyz was answered with HTTP {answer.status_code}"
            return [Finding("server", Level.FAIL, found, "check the server's log, and which program answers there")]
        return [
            Finding("server", Level.OK, f"{self._url} is ready, answered in {seconds * 1000:.0f} ms"),
            *_skew(answer.headers.get("date", "")),
        ]

    async def _uploading(self, http: httpx.AsyncClient) -> list[Finding]:
        """Send a body with pauses: a proxy that buffers requests delivers it without them."""
        answer = await http.post(
            f"{self._url}/probez",
            params={"token": self._token},
            content=_with_pauses(),
            headers={"Content-Length": str(PROBE_CHUNKS * PROBE_CHUNK_BYTES)},
        )
        if answer.status_code != 200:
            advice = "check that this server uses the same --data-dir"
            return [Finding("proxy", Level.WARN, f"/probez was answered with HTTP {answer.status_code}", advice)]
        report = answer.json()
        spread, pauses = report["last"] - report["first"], PROBE_PAUSE_SECONDS * (PROBE_CHUNKS - 1)
        client = Finding("client address", Level.INFO, f"the server sees {report['client']} ({report['scheme']})")
        if spread < pauses / 2:
            found = f"a body sent over {pauses:.1f} s arrived within {spread:.2f} s: a proxy buffers requests"
            return [Finding("upload buffering", Level.WARN, found, "nginx: proxy_request_buffering off"), client]
        return [Finding("upload buffering", Level.OK, "uploads are not buffered"), client]

    async def _downloading(self, http: httpx.AsyncClient) -> list[Finding]:
        moments: list[float] = []
        async with http.stream("GET", f"{self._url}/probez", params={"token": self._token}) as answer:
            async for _ in answer.aiter_raw():
                moments.append(time.monotonic())
        longest = max((b - a for a, b in pairwise(moments)), default=0.0)
        if longest < PROBE_PAUSE_SECONDS / 2:
            found = "a response sent with pauses arrived at once: a proxy buffers responses"
            return [Finding("download buffering", Level.WARN, found, "nginx: proxy_buffering off")]
        return [Finding("download buffering", Level.OK, "responses are not buffered")]

    async def _large(self, http: httpx.AsyncClient) -> list[Finding]:
        """Send a part of the size that SDKs use, to find size limits and throttling."""
        began = time.monotonic()
        answer = await http.post(f"{self._url}/probez", params={"token": self._token}, content=bytes(_LIMIT_PROBE))
        seconds = time.monotonic() - began
        if answer.status_code == 413:
            found = f"a part of {_LIMIT_PROBE // MIB} MiB was refused (HTTP 413) before it reached the platform"
            return [Finding("part size", Level.FAIL, found, "nginx: client_max_body_size 0")]
        rate = _LIMIT_PROBE / seconds
        level = Level.WARN if rate < _SLOW_BYTES_PER_SECOND else Level.OK
        advice = "look for a bandwidth limit between client and server" if level is Level.WARN else ""
        found = f"{_LIMIT_PROBE // MIB} MiB in {seconds:.2f} s, {rate / MIB:.0f} MiB/s"
        return [Finding("upload rate", level, found, advice)]


_PROXY_ADVICE = "a proxy closes connections; check its time-outs and limits"


async def _with_pauses() -> AsyncIterator[bytes]:
    for place in range(PROBE_CHUNKS):
        if place:
            await asyncio.sleep(PROBE_PAUSE_SECONDS)
        yield bytes(PROBE_CHUNK_BYTES)


def _skew(date: str) -> list[Finding]:
    try:
        skew = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    if abs(skew) < _SKEW_SECONDS:
        return []
    found = f"the server's clock differs from this machine's by {abs(skew):.0f} s"
    return [Finding("server clock", Level.WARN, found, "set the clocks; signatures of this machine are refused")]


async def check_official_hosts(public_url: str, bucket: str, region: str) -> list[Finding]:
    """Check to which addresses the hosts of the official SDKs resolve, and whether their certificates are trusted."""
    own = await _addresses(urlsplit(public_url).hostname or "")
    hosts = [host.format(bucket=bucket, region=region) for host in OFFICIAL_HOSTS]
    return [await _official(host, own) for host in hosts]


async def _official(host: str, own: set[str]) -> Finding:
    found = await _addresses(host)
    if not found:
        return Finding(host, Level.INFO, "does not resolve", _REDIRECT)
    if not found & own:
        return Finding(host, Level.INFO, f"resolves to {', '.join(sorted(found)[:2])}, not to this platform", _REDIRECT)
    trouble = await asyncio.to_thread(_tls_trouble, host)
    if trouble:
        advice = "install a certificate for this name from an authority that clients trust"
        return Finding(host, Level.WARN, f"resolves to this platform, but: {trouble}", advice)
    return Finding(host, Level.OK, "resolves to this platform, with a trusted certificate")


_REDIRECT = "not needed with /compat/web.js or an SDK's host setting; otherwise map the name in the clients' DNS"


async def _addresses(host: str) -> set[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {str(entry[4][0]) for entry in found}


def _tls_trouble(host: str) -> str:
    context = ssl.create_default_context()
    try:
        with socket.create_connection((host, 443), 5) as plain, context.wrap_socket(plain, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError as error:
        return error.strerror or str(error)
