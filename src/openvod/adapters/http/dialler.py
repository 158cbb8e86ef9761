"""Connections to hosts that users name: resolve once, check the addresses (``addresses``), dial a checked address.

A name may resolve differently when its URL is set and when it is dialled (DNS rebinding), so each connection is
checked again, and the checked address is the one dialled. TLS still verifies the name.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from openvod.adapters.http.addresses import Network, parse_address, refusal
from openvod.base.errors import Denied, Invalid, Unavailable

P = TypeVar("P", bound=asyncio.Protocol)
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """A parsed URL; ``target`` is path and query."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """Parse a URL; raises ``Invalid("address.url")`` for everything that parsers could read in two ways."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\"<>^`{|}'):
        raise _bad(url, "has characters not allowed in URLs; percent-encode them, write the host in ASCII (xn--…)")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad(url, f"cannot be read: {error}") from error
    if parts.scheme not in _PORTS:
        raise _bad(url, "must look like https://app.example.com/events")
    if "@" in parts.netloc:
        raise _bad(url, "has a user or password before the host; remove it")
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or port == 0:
        raise _bad(url, "has no valid host and port")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port or _PORTS[parts.scheme], target)


class Dialler:
    """Connects to public addresses, and to those in ``allowed``. See :class:`openvod.events.ports.AddressGuard`."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)
        self._tls: ssl.SSLContext | None = None

    async def check(self, url: str) -> None:
        """Raise ``Invalid("address.url")`` or ``Denied("address.refused")``; a name that does not resolve passes."""
        target = read_url(url)
        try:
            await self.resolve(target.host, target.port)
        except Unavailable:
            return

    async def connect(self, target: Target, protocol: Callable[[], P]) -> P:
        """Connect; raises ``Denied("address.refused")``, ``Unavailable("delivery.…")`` or ``OSError``."""
        loop = asyncio.get_running_loop()
        failure: OSError = ConnectionError(f"{target.host} has no address")
        for address in await self.resolve(target.host, target.port):
            try:
                _, connected = await loop.create_connection(
                    protocol, address, target.port,
                    ssl=self.tls() if target.secure else None,
                    server_hostname=target.host if target.secure else None,
                )  # fmt: skip
            except OSError as error:
                failure = error
            else:
                return connected
        raise failure

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Resolve a name once and check every address, because the next resolution may return any of them.

        Raises ``Denied("address.refused")`` or ``Unavailable("delivery.unresolved")``.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable("delivery.unresolved", f"{host} cannot be resolved: {error}") from error
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for text in texts:
            if reason := refusal(parse_address(text), self._allowed):
                raise Denied(
                    "address.refused",
                    f"{host} is {text}, a {reason} address; to allow it, add its network to "
                    "OPENVOD__EVENTS__ALLOW_PRIVATE",
                )
        return texts

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context that verifies names against the usual certificate authorities."""
        # Created on first use: loading the CA certificates takes tens of milliseconds.
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls


def _bad(url: str, why: str) -> Invalid:
    return Invalid("address.url", f"the URL {url[:100]!r} {why}")
