"""How fast the body of a request must come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from starlette.types import Message, Receive

from openvod.base.errors import Invalid
from openvod.base.sizes import MIB

#: What of a refused body is read and forgotten, so that its sender sees the answer and not a reset.
LATE_BODY_BYTES = 16 * MIB
R = TypeVar("R")


@dataclass(frozen=True)
class BodyLimits:
    """A body that is silent for ``stall_seconds``, or slower than ``bytes_per_second`` over as long, is refused."""

    stall_seconds: float = 30.0
    bytes_per_second: float = 0.0


class Pace:
    """The pace of one body. Only time spent waiting for its sender counts, never the server's own."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._seconds = 0.0
        self._bytes = 0

    async def of(self, next_bytes: Awaitable[R]) -> R:
        """Wait for more; raises ``Invalid("request.stalled")`` when nothing comes for the stall time."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.stall_seconds):
                return await next_bytes
        except TimeoutError as error:
            silence = f"the body sent nothing for {self._limits.stall_seconds:g} s"
            raise Invalid("request.stalled", f"{silence}; send the request again") from error
        finally:
            self._seconds += time.monotonic() - began

    def arrived(self, size: int) -> None:
        """Count bytes; raises ``Invalid("request.stalled")`` when too few came in the last stretch of waiting."""
        self._bytes += size
        if self._seconds < self._limits.stall_seconds:
            return
        came, seconds = self._bytes, self._seconds
        self._bytes, self._seconds = 0, 0.0
        least = self._limits.bytes_per_second
        if came < least * seconds:
            raise Invalid(
                "request.stalled",
                f"the body sent {came} bytes in {seconds:.0f} s, and {least:g} in a second are the least accepted; "
                "send the request again over a faster connection, or in smaller parts",
            )


def paced(receive: Receive, limits: BodyLimits) -> Receive:
    """Return ``receive`` whose body must keep the pace; what is asked after its end may take any time."""
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
