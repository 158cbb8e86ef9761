"""Why a program did not do its work, in the wire's codes and in words for a person (``procedures-and-api.md`` 3.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openvod.base.errors import OpenVodError
from openvod.media.workshop import Ending, ProcessFailed
from openvod.tasks.model import Failure

#: Trouble that passes and says nothing of the file: the engine repeats the step.
_PASSING = frozenset({"database.commit_failed", "database.failed", "database.unavailable", "storage.output_lost"})


def internal_failure(error: OpenVodError) -> Failure:
    """Turn our own trouble into a sub-task's; what passes is raised again."""
    if error.code in _PASSING:
        raise error
    return Failure("InternalError", error.message)


#: Mistakes of ours: repeating them would cost an encode each time and end the same way.
DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


def defect_failure(error: Exception) -> Failure:
    """Turn a mistake of ours into a sub-task's end."""
    return Failure("InternalError", f"a defect of the platform: {type(error).__name__}; see the worker's log")


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
    if any(words in failed.log for words in _OURS):
        return Failure("InternalError", f"FFmpeg refused its command: {_line(failed.log, _OURS)}")
    if any(words in failed.log for words in _MALFORMED):
        words = _line(failed.log, _MALFORMED)
        return Failure("SourceFileError.ContentMalformed", f"the file cannot be decoded: {words}")
    if any(words in failed.log for words in _UNSUPPORTED):
        words = _line(failed.log, _UNSUPPORTED)
        return Failure("SourceFileError.ContentUnsupported", f"no decoder reads this file: {words}")
    return Failure("InternalError", f"FFmpeg failed: {_line(failed.log)}")


#: The command was wrong, for which no uploader is to blame.
_OURS = ("Could not write header", "Unrecognized option", "Option not found", "incompatible with output codec")
_MALFORMED = ("Invalid data found", "moov atom not found", "End of file", "Error while decoding", "Cannot determine")
_UNSUPPORTED = ("not found for", "Unsupported", "not implemented", "unknown codec", "no decoder")
#: FFmpeg names a speaker by its address in memory.
_SPEAKER = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")


def _line(log: str, words: Sequence[str] = ("",)) -> str:
    """Return the last line that has one of the words, without who said it."""
    lines = [_SPEAKER.sub("", line).strip() for line in log.splitlines() if any(word in line for word in words)]
    return next((line[:200] for line in reversed(lines) if line), "it said nothing")
