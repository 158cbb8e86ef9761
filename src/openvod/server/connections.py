"""Limits of open connections, per address and in total, and the time-out of request heads."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Protocol

from openvod.base.senders import peer_address, sender_of
from openvod.base.sizes import KIB

Networks = Sequence[IPv4Network | IPv6Network]
_SWEEP_SECONDS = 1.0
_LOG_SECONDS = 60.0
#: Refused connections that stay open until their request has arrived; closed earlier, clients see a reset, not a 503.
_LINGERING = 16
_LINGER_SECONDS = 1.0
_log = logging.getLogger("openvod.web.connections")


@dataclass(frozen=True)
class ConnectionLimits:
    """``operator`` of ``total`` are reserved for ``operator_networks``; ``proxies`` have no limit per address."""

    total: int
    per_address: int
    operator: int = 0
    head_seconds: float = 20.0
    head_bytes: int = 64 * KIB
    operator_networks: Networks = ()
    proxies: Networks = ()


class Connection(Protocol):
    """The methods of a connection that the limits call."""

    def head_is_late(self) -> None:
        """Answer 408 and close: the request's head took too long."""

    def close(self) -> None:
        """Close once the write buffer is empty."""


class Connections:
    """The open connections of a server."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._of_address: Counter[str] = Counter()
        self._count = 0
        # In order of their start.
        self._heads: dict[Connection, float] = {}
        self._lingering: dict[Connection, asyncio.TimerHandle] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._logged_at = -_LOG_SECONDS

    def admit(self, address: str) -> str:
        """Count a connection; return the reason for a refusal, empty when it is admitted."""
        reason = self._refusal(address)
        if reason:
            self._log_refusal(address, reason)
            return reason
        self._of_address[sender_of(address)] += 1
        self._count += 1
        return ""

    def leave(self, address: str) -> None:
        """Release an admitted connection."""
        sender = sender_of(address)
        self._count -= 1
        self._of_address[sender] -= 1
        if not self._of_address[sender]:
            del self._of_address[sender]

    def linger(self, connection: Connection) -> None:
        """Close a refused connection once its request has arrived, after 1 s, or at once when 16 are waiting."""
        if len(self._lingering) >= _LINGERING:
            connection.close()
            return
        later = asyncio.get_running_loop().call_later(_LINGER_SECONDS, self.end_lingering, connection)
        self._lingering[connection] = later

    def end_lingering(self, connection: Connection) -> None:
        """Close a refused connection whose request has arrived."""
        if later := self._lingering.pop(connection, None):
            later.cancel()
            connection.close()

    def head_began(self, connection: Connection) -> None:
        """Start the head's time-out, unless it is running."""
        self._heads.setdefault(connection, time.monotonic())
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._close_late)

    def head_ended(self, connection: Connection) -> None:
        """Stop the head's time-out."""
        self._heads.pop(connection, None)

    def _close_late(self) -> None:
        self._sweep = None
        latest = time.monotonic() - self.limits.head_seconds
        late = []
        for connection, began in self._heads.items():
            if began > latest:
                break
            late.append(connection)
        for connection in late:
            del self._heads[connection]
            connection.head_is_late()
        if self._heads:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._close_late)

    def _refusal(self, address: str) -> str:
        limits = self.limits
        if self._count >= limits.total:
            return f"all {limits.total} connections are in use"
        peer = peer_address(address)
        if _is_in(peer, limits.proxies):
            return "" if self._count < limits.total - limits.operator else "the connections are in use"
        if _is_in(peer, limits.operator_networks):
            return ""
        if self._count >= limits.total - limits.operator:
            return f"all {limits.total - limits.operator} connections are in use"
        if self._of_address[sender_of(address)] >= limits.per_address:
            return f"{address} has {limits.per_address} connections, the limit per address"
        return ""

    def _log_refusal(self, address: str, reason: str) -> None:
        now = time.monotonic()
        if now - self._logged_at >= _LOG_SECONDS:
            self._logged_at = now
            _log.warning("refused a connection of %s: %s; logged at most once a minute", address, reason)


def _is_in(address: IPv4Address | IPv6Address | None, networks: Networks) -> bool:
    return address is not None and any(address in network for network in networks)
