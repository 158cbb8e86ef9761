"""Small stand-ins for the ports of the events room: a clock that is moved by hand, an open guard, an open box."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass
class ManualClock:
    """See :class:`openvod.base.ports.Clock`."""

    moment: float = 100.0

    def now(self) -> float:
        """Return what the test set."""
        return self.moment


class Entropy:
    """See :class:`openvod.base.ports.Entropy`."""

    def token(self, size: int) -> bytes:
        """Return random bytes."""
        return os.urandom(size)


class NoGuard:
    """See :class:`openvod.events.ports.AddressGuard`: everything passes."""

    async def check(self, url: str) -> None:
        """Let it pass."""


class PlainBox:
    """See :class:`openvod.base.ports.SecretBox`: nothing is secret here."""

    def seal(self, secret: str, context: str) -> bytes:
        """Keep the text, with its context."""
        return f"{context}|{secret}".encode()

    def open(self, sealed: bytes, context: str) -> str:
        """Return the text."""
        kept, _, secret = sealed.decode().partition("|")
        assert kept == context
        return secret
