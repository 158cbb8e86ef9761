"""The minimum rate of request bodies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from starlette.types import Message, Receive

from openvod.base.errors import Invalid
from openvod.base.sizes import MIB

#: Bytes of a refused body that are read and discarded, so that the client reads the response instead of a reset.
LATE_BODY_BYTES = 16 * MIB
R = TypeVar("R")


@dataclass(frozen=True)
class BodyLimits:
    """Refuse a body that stalls for ``stall_seconds``, or is slower than ``bytes_per_second`` over that time."""

    stall_seconds: float = 30.0
    bytes_per_second: float = 0.0


class Pace:
    """The rate of one body. Only time spent waiting for the sender counts, not the server's own."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._seconds = 0.0
        self._bytes = 0

    async def of(self, next_bytes: Awaitable[R]) -> R:
        """Wait for more; raises ``Invalid("request.stalled")`` after the stall time-out."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                return await next_bytes
        except TimeoutError as error:
            silence = f"no data of the body for {self._limits.stall_seconds:g} s"
            raise Invalid("request.stalled", f"{silence}; send the request again") from error
        finally:
            self._seconds += time.monotonic() - began

    def arrived(self, size: int) -> None:
        """Count bytes; raises ``Invalid("request.stalled")`` when the rate of the last period is too low."""
        self._bytes += size
        if self._seconds < self._limits.stall_seconds:
            return
        came, seconds = self._bytes, self._seconds
        self._bytes, self._seconds = 0, 0.0
        least = self._limits.bytes_per_second
        if came < least * seconds:
            raise Invalid(
                "request.stalled",
                f"the body had {came} bytes in {seconds:.0f} s, and the minimum is {least:g} bytes/s; "
                "send the request again over a faster connection, or in smaller parts",
            )


def paced(receive: Receive, limits: BodyLimits) -> Receive:
    """Return ``receive`` with a minimum rate for the body; calls after the body's end may take any time."""
    pace, has_ended = Pace(limits), False

    async def receive_some() -> Message:
        nonlocal has_ended
        if has_ended:
            return await receive()
        message = await pace.of(receive())
        has_ended = not message.get("more_body", False)
        pace.arrived(len(message.get("body", b"")))
        return message

    return receive_some
