"""Why a program did not do its work, in the wire's codes and in words for a person (``procedures-and-api.md`` 3.7)."""

from __future__ import annotations

from openvod.media.workshop import Ending, ProcessFailed
from openvod.tasks.model import Failure


def why_failed(failed: ProcessFailed, *, quarantined: bool) -> Failure:
    """Turn a program's end into the wire's code and words for a person."""
    if quarantined:
        return Failure(
            "SourceFileError.ContentUnsupported", "processing this file crashed twice; it is quarantined until a re-run"
        )
    codes = {
        Ending.TOO_LARGE: (
            "InvalidInput.ResultFileSizeTooLarge",
            "the result grew beyond its limit; lower the bitrate",
        ),
        Ending.DISK_FULL: ("InternalError", "the disk is full; free space, then run the task again"),
        Ending.STALLED: ("SourceFileError.ContentUnsupported", "processing made no progress and was ended"),
        Ending.DEADLINE: ("SourceFileError.ContentUnsupported", "processing took longer than its deadline"),
        Ending.OUT_OF_MEMORY: ("SourceFileError.ContentUnsupported", "processing needs more memory than it may use"),
        Ending.CRASHED: ("SourceFileError.ContentUnsupported", "the decoder crashed on this file"),
    }
    if failed.ending in codes:
        return Failure(*codes[failed.ending])
    if any(words in failed.log for words in _MALFORMED):
        return Failure("SourceFileError.ContentMalformed", f"the file cannot be decoded: {_last_line(failed.log)}")
    if any(words in failed.log for words in _UNSUPPORTED):
        return Failure("SourceFileError.ContentUnsupported", f"no decoder reads this file: {_last_line(failed.log)}")
    return Failure("InternalError", f"FFmpeg failed: {_last_line(failed.log)}")


_MALFORMED = ("Invalid data found", "moov atom not found", "End of file", "Error while decoding", "Cannot determine")
_UNSUPPORTED = ("not found for", "Unsupported", "not implemented", "unknown codec", "no decoder")


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
