"""The error root: what went wrong, whose turn it is, and what to do next.

A room raises one of the six kinds with a stable ``code``. Only ``openvod.surfaces.errors`` turns codes into the numbers
and names of a wire protocol. A message never contains a secret.
"""

from __future__ import annotations


class OpenVodError(Exception):
    """Root of every error that OpenVOD raises on purpose.

    ``code`` is stable, lower-case and dotted by subject (``signature.expired``). ``message`` names the offending
    field and the next step. ``details`` are plain values for programs (field names, limits); never secrets.
    """

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Invalid(OpenVodError):
    """The request is wrong in itself; the caller must change it."""


class Denied(OpenVodError):
    """The request is well formed but its permission does not allow it."""


class NotFound(OpenVodError):
    """What the request names does not exist (any more)."""


class Conflict(OpenVodError):
    """The request contradicts the present state."""


class Exhausted(OpenVodError):
    """A limit is reached: quota, size, rate, disk."""


class Unavailable(OpenVodError):
    """The platform cannot serve now; the same request may succeed later."""


class ClientDisconnected(Exception):
    """The client disconnected before its request body ended; no answer can be sent."""
