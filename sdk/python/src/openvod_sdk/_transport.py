"""HTTP with retries: the one place that decides what is worth another try."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio
import httpx

from openvod_sdk._errors import ApiError, ChecksumMismatch, StorageError, TransportError

R = TypeVar("R")
#: The control plane's answer while it cannot serve (its database is away): nothing was done, and it may pass.
_CANNOT_SERVE_NOW = 10090


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long: delays double from ``first_delay`` to ``longest_delay`` seconds, with jitter."""

    attempts: int = 6
    first_delay: float = 0.25
    longest_delay: float = 10.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after that many failures."""
        ceiling: float = min(self.longest_delay, self.first_delay * 2 ** (failures - 1))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret

    def covers(self, error: Exception) -> bool:
        """Tell whether another try may help: after faults of network and server and damaged parts, not refusals."""
        if isinstance(error, StorageError):
            return error.status >= 500 or error.code in ("IncompleteBody", "BadDigest", "RequestTimeout")
        if isinstance(error, ApiError):
            return error.code == _CANNOT_SERVE_NOW
        return isinstance(error, httpx.TransportError | TransportError | ChecksumMismatch)

    async def run(self, call: Callable[[], Awaitable[R]]) -> R:
        """Await ``call()`` until it succeeds, fails for good, or the attempts are used up; raise the last error."""
        failures = 0
        while True:
            try:
                return await call()
            except Exception as error:
                failures += 1
                if not self.covers(error) or failures >= self.attempts:
                    if isinstance(error, httpx.HTTPError):
                        raise _unreachable(error) from error
                    raise
                await anyio.sleep(self.delay(failures))


def _unreachable(error: httpx.HTTPError) -> TransportError:
    """Say whom a request did not reach, and why."""
    try:
        place = f"{error.request.url.scheme}://{error.request.url.netloc.decode()}"
    except RuntimeError:
        place = "the server"
    reason = str(error) or type(error).__name__
    return TransportError(f"{place} cannot be reached ({reason}); check the address and that the server runs")
