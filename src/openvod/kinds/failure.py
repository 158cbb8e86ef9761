"""Failures of sub-tasks, and clip ranges, which fail when they lie outside the video."""

from __future__ import annotations


class Failure(Exception):
    """The failure of a sub-task: ``err_code_ext`` of ``procedures-and-api.md`` 3.7 and a message for people."""

    def __init__(self, err_code_ext: str, message: str) -> None:
        super().__init__(message)
        self.err_code_ext = err_code_ext
        self.message = message


def err_code(err_code_ext: str) -> int:
    """Return the deprecated number of a failure ([P], ``events.md`` 9.2)."""
    if not err_code_ext:
        return 0
    return {"InvalidInput": 40000, "SourceFileError": 60000}.get(err_code_ext.partition(".")[0], 70000)


def clip_range(start: float, end: float, duration: float) -> tuple[float, float]:
    """Return seconds from wire offsets: 0 = begin or end, n > 0 = second n, n < 0 = n seconds before the end (3.6).

    Raises :class:`Failure` ``InvalidInput.InvalidTimeOffset`` for a range outside the video or without length.
    """
    first = start if start >= 0 else duration + start
    last = end if end > 0 else duration + end
    if not 0 <= first < last or (duration and first >= duration):
        raise Failure(
            "InvalidInput.InvalidTimeOffset",
            f"StartTimeOffset {start:g} and EndTimeOffset {end:g} leave nothing of {duration:g} s; choose others",
        )
    return first, min(last, duration) if duration else last
