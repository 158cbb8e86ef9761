"""Small stand-ins for the ports of the events room, and its administration in a data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from openvod.app.cli.administration import with_endpoints
from openvod.events.endpoints import EndpointOptions


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


def add_endpoint(data_dir: Path, sub_app_id: int, name: str, url: str, options: EndpointOptions) -> None:
    """Add an endpoint to a data folder."""
    with_endpoints(data_dir, sub_app_id, lambda service, app: service.add(app, name, url, options))


def enable_endpoint(data_dir: Path, sub_app_id: int, name: str, enabled: bool) -> None:
    """Stop an endpoint, or let it go on."""
    with_endpoints(data_dir, sub_app_id, lambda service, app: service.set_enabled(app, name, enabled))
