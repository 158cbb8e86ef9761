"""The refusal of a signature."""

from __future__ import annotations


class Refused(Exception):
    """The request is refused, with an HTTP ``status``, a stable ``code`` and a ``message`` for the user."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
