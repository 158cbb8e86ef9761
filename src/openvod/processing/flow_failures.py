"""Why a program did not do its work, in the wire's codes and in words for a person (``procedures-and-api.md`` 3.7).

Every sentence names the cause, where it is known the track with its codec and the time, and the next step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from openvod.base.errors import OpenVodError
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Source
from openvod.processing.ports import Ending, ProcessFailed

#: Trouble that passes and says nothing of the file: the engine repeats the step.
_PASSING = frozenset({"database.full", "database.unavailable", "worker.unproven", "storage.output_lost"})
_AGAIN = "export the film anew, best as MP4 with H.264 and AAC, and upload that"
_OPERATOR = "run the task again; if it ends the same way, its log (openvod tasks show) is for the operator"


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


#: Endings that need no reading of the log: code, cause, next step.
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
#: What FFmpeg's words mean, the first that fits: words, code, cause, next step.
_WORDS: Sequence[tuple[tuple[str, ...], str, str, str]] = (
    (
        # The command was wrong, for which no uploader is to blame.
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
#: FFmpeg names a speaker by its address in memory.
_SPEAKER = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")
_TRACK = re.compile(r"\[(?:dec:|[vas]ist#\d+:(?P<place>\d+)/)(?P<codec>\w+)[^\]]* @ ")
#: How FFmpeg's threads end: by numbers that say to nobody what an earlier line says.
_NUMBERED = ("Task finished", "Terminating thread", "Conversion failed", "Error number")


def why_failed(failed: ProcessFailed, source: Source | None = None, *, quarantined: bool) -> Failure:
    """Turn a program's end into the wire's code and words for a person."""
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
    """Name the track that FFmpeg spoke of, with its codec."""
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
    """Return the last line that has one of the words, without who said it; one that tells numbers only if it must."""
    lines = [_SPEAKER.sub("", line).strip() for line in log.splitlines() if any(word in line for word in words)]
    told = [line for line in lines if line and not line.startswith(_NUMBERED)]
    if told:
        return told[-1][:200]
    numbered = next((line for line in reversed(lines) if line), "")
    return numbered.rpartition("(")[2].rstrip(")")[:200] or "it said nothing"
