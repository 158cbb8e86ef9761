"""Ports that every room may ask for: time, entropy, secrets at rest and the unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

Tx_co = TypeVar("Tx_co", covariant=True)
R = TypeVar("R")


class Clock(Protocol):
    """Wall clock."""

    def now(self) -> float:
        """Return Unix time in seconds."""
        ...


class Entropy(Protocol):
    """Source of unguessable bytes."""

    def token(self, size: int) -> bytes:
        """Return ``size`` random bytes fit for secrets and identifiers."""
        ...


class SecretBox(Protocol):
    """Authenticated encryption under the installation's root key, which lives outside the database."""

    def seal(self, secret: str, context: str) -> bytes:
        """Encrypt ``secret``, bound to ``context``."""
        ...

    def open(self, sealed: bytes, context: str) -> str:
        """Decrypt; raises ``Unavailable("secret_box.wrong_key")`` when key or context differ."""
        ...


class UnitOfWork(Protocol, Generic[Tx_co]):
    """Runs a function over tables inside one database transaction.

    ``work`` is synchronous, does no input or output of its own and may be run again after a rollback (a database that
    serialises concurrent writers may ask for it), so it must be a pure function of its tables and captured values.
    What it returned is durable once the call returns.
    """

    async def write(self, work: Callable[[Tx_co], R]) -> R:
        """Run ``work`` in a read-write transaction; durable on return, no trace when it raises."""
        ...

    async def read(self, work: Callable[[Tx_co], R]) -> R:
        """Run ``work`` over one consistent snapshot."""
        ...

    async def peek(self, work: Callable[[Tx_co], R]) -> R:
        """Read a few rows by their keys, at once where asking another thread takes longer; no snapshot around them."""
        ...
