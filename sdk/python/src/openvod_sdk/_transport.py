"""HTTP with retries; the only module that decides which failures to retry."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import anyio
import httpx

from openvod_sdk._errors import ApiError, ChecksumMismatch, StorageError, TransportError

R = TypeVar("R")
#: The control plane's code while its database is unavailable: nothing was changed, and a retry may succeed.
_CANNOT_SERVE_NOW = 10090


@dataclass(frozen=True)
class RetryPolicy:
    """Number of attempts and back-off: delays double from ``first_delay`` to ``longest_delay`` seconds, with jitter."""

    attempts: int = 6
    first_delay: float = 0.25
    longest_delay: float = 10.0

    def delay(self, failures: int) -> float:
        """Return the delay in seconds after a number of failures."""
        ceiling: float = min(self.longest_delay, self.first_delay * 2 ** (failures - 1))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret

    def covers(self, error: Exception) -> bool:
        """Return whether to retry: network errors, server errors and damaged parts, but not refusals."""
        if isinstance(error, StorageError):
            return error.status >= 500 or error.code in ("IncompleteBody", "BadDigest", "RequestTimeout")
        if isinstance(error, ApiError):
            return error.code == _CANNOT_SERVE_NOW
        return isinstance(error, httpx.TransportError | TransportError | ChecksumMismatch)

    async def run(self, call: Callable[[], Awaitable[R]]) -> R:
        """Await ``call()`` until it succeeds, fails permanently, or has no attempts left; raise the last error."""
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
    """Return an error with the URL that could not be reached, and the reason."""
    try:
        place = f"{error.request.url.scheme}://{error.request.url.netloc.decode()}"
    except RuntimeError:
        place = "the server"
    reason = str(error) or type(error).__name__
    return TransportError(f"{place} cannot be reached ({reason}); check the address and that the server runs")
