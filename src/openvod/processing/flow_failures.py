"""Why a program failed: the wire's codes and messages for people (``procedures-and-api.md`` 3.7).

Every message names the cause and the next step, and where known the track, its codec and the time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from openvod.base.errors import OpenVodError
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Source
from openvod.processing.ports import Ending, ProcessFailed

#: Temporary failures that do not depend on the file: the engine retries the step.
_PASSING = frozenset({"database.full", "database.unavailable", "worker.unproven", "storage.output_lost"})
_AGAIN = "export the film anew, best as MP4 with H.264 and AAC, and upload that"
_OPERATOR = "run the task again; if it ends the same way, its log (openvod tasks show) is for the operator"


def internal_failure(error: OpenVodError) -> Failure:
    """Return an internal error as a sub-task's failure; re-raise a temporary one."""
    if error.code in _PASSING:
        raise error
    return Failure("InternalError", error.message)


#: Programming errors: a retry would cost an encode and fail the same way.
DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


def defect_failure(error: Exception) -> Failure:
    """Return a programming error as a sub-task's failure."""
    return Failure("InternalError", f"a defect of the platform: {type(error).__name__}; see the worker's log")


#: Endings that explain themselves without the log: code, cause, next step.
_ENDINGS = {
    Ending.TOO_LARGE: ("InvalidInput.ResultFileSizeTooLarge", "the result grew beyond its limit", "lower the bitrate"),
    Ending.DISK_FULL: ("InternalError", "the disk is full", "free space, then run the task again"),
    Ending.STALLED: ("SourceFileError.ContentUnsupported", "processing made no progress{at} and was ended", _AGAIN),
    Ending.DEADLINE: (
        "SourceFileError.ContentUnsupported",
        "processing took longer than its deadline and was ended{at}",
        "run the task again when the machine has less to do, or ask for fewer or smaller results",
    ),
    Ending.OUT_OF_MEMORY: (
        "SourceFileError.ContentUnsupported",
        "processing needs more memory than it may use",
        "ask for smaller results, or let the operator raise OPENVOD__TASKS__MEMORY_BYTES",
    ),
    Ending.CRASHED: ("SourceFileError.ContentUnsupported", "the decoder of {what} crashed{at}", _AGAIN),
}
#: Phrases in FFmpeg's log, the first match counts: phrases, code, cause, next step.
_WORDS: Sequence[tuple[tuple[str, ...], str, str, str]] = (
    (
        # The command was wrong: an internal error, not the uploader's.
        ("Could not write header", "Unrecognized option", "Option not found", "incompatible with output codec",
         "Error opening output", "No such filter", "Unknown encoder"),
        "InternalError", "FFmpeg refused what the platform asked of it ({words})", _OPERATOR,
    ),
    (
        ("not found for", "not implemented", "unknown codec", "no decoder", "Decoder not found", "Unsupported"),
        "SourceFileError.ContentUnsupported", "no decoder reads {what} ({words})", _AGAIN,
    ),
    (
        ("moov atom not found", "End of file"),
        "SourceFileError.ContentMalformed", "the file is cut off ({words})", "upload it again as a whole",
    ),
    (
        ("Invalid data found", "Error while decoding", "Cannot determine", "Decode error rate", "corrupt"),
        "SourceFileError.ContentMalformed", "{what} is damaged{at} ({words})", _AGAIN,
    ),
)  # fmt: skip
#: FFmpeg prefixes lines with the component and its memory address.
_SPEAKER = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")
_TRACK = re.compile(r"\[(?:dec:|[vas]ist#\d+:(?P<place>\d+)/)(?P<codec>\w+)[^\]]* @ ")
#: Lines about FFmpeg's threads: they repeat an earlier line's cause as a number.
_NUMBERED = ("Task finished", "Terminating thread", "Conversion failed", "Error number")


def why_failed(failed: ProcessFailed, source: Source | None = None, *, quarantined: bool) -> Failure:
    """Return the wire's code and a message for a failed program."""
    if quarantined:
        return Failure(
            "SourceFileError.ContentUnsupported",
            "processing this file crashed twice; it is quarantined until somebody runs the task again "
            "(openvod tasks rerun)",
        )
    where = {"what": _track(failed.log, source), "at": f" at {failed.reached:.1f} s" if failed.reached >= 0.1 else ""}
    if failed.ending in _ENDINGS:
        code, cause, step = _ENDINGS[failed.ending]
        return Failure(code, f"{cause.format(words='', **where)}; {step}")
    for words, code, cause, step in _WORDS:
        if any(word in failed.log for word in words):
            return Failure(code, f"{cause.format(words=_line(failed.log, words), **where)}; {step}")
    return Failure("InternalError", f"FFmpeg failed{where['at']} ({_line(failed.log)}); {_OPERATOR}")


def _track(log: str, source: Source | None) -> str:
    """Return the track that FFmpeg's log names, with its codec."""
    match = None
    for match in _TRACK.finditer(log):
        if match["place"]:
            break
    if match is None:
        return "the file"
    kinds = {s.index: "video" for s in source.probe.video_streams} if source else {}
    kinds |= {s.index: "audio" for s in source.probe.audio_streams} if source else {}
    kind = kinds.get(int(match["place"])) if match["place"] else None
    return f"the {kind} track ({match['codec']})" if kind else f"a track ({match['codec']})"


def _line(log: str, words: Sequence[str] = ("",)) -> str:
    """Return the last log line with one of the phrases, without its prefix; lines of bare numbers come last."""
    lines = [_SPEAKER.sub("", line).strip() for line in log.splitlines() if any(word in line for word in words)]
    told = [line for line in lines if line and not line.startswith(_NUMBERED)]
    if told:
        return told[-1][:200]
    numbered = next((line for line in reversed(lines) if line), "")
    return numbered.rpartition("(")[2].rstrip(")")[:200] or "it said nothing"
