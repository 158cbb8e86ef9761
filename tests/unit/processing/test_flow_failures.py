"""What FFmpeg's ends mean to a person: cause, track, time, next step, and no numbers of errors."""

from __future__ import annotations

import re

import pytest

from openvod.kinds.plan.model import Source
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.processing.flow_failures import why_failed
from openvod.processing.ports import Ending, ProcessFailed

_SOURCE = Source(
    "1",
    ProbeResult(
        1, "mov,mp4", 1, 640, 360, 8.0, 0, 8.0, 8.0, "Video",
        (VideoStream(1, 360, 640, "h264", 25, index=0),), (AudioStream(1, 44_100, "aac", index=1),),
    ),
)  # fmt: skip
_DAMAGED_SOUND = """\
[aac @ 0x56135e431680] channel element 2.9 is not allocated
[aist#0:1/aac @ 0x56135e56d5c0] [dec:aac @ 0x56135e4c1d80] Error submitting packet to decoder: Invalid data found when \
processing input
[aist#0:1/aac @ 0x56135e56d5c0] [dec:aac @ 0x56135e4c1d80] Task finished with error code: -1145393733 (Error number \
-1145393733 occurred)
[fc#0 @ 0x56135e3fadc0] Terminating thread with return code -1094995529 (Invalid data found when processing input)
"""
_DAMAGED_PICTURE = """\
[vist#0:0/h264 @ 0x56135e46fdc0] [dec:h264 @ 0x56135e4bf500] Decode error rate 1 exceeds maximum 0.666667
[vist#0:0/h264 @ 0x56135e46fdc0] [dec:h264 @ 0x56135e4bf500] Terminating thread with return code -1145393733 (Error \
number -1145393733 occurred)
"""
_CUT = "[in#0 @ 0x55678b60b080] moov atom not found\nError opening input file a.mp4.\n"
_ONLY_NUMBERS = (
    "[fc#0 @ 0x56] Terminating thread with return code -1094995529 (Invalid data found when processing input)\n"
)
_OURS = "[out#0/mp4 @ 0x5613] Could not write header (incorrect codec parameters ?): Invalid argument\n"
_UNKNOWN = "[vist#0:0/none @ 0x1] Decoding requested, but no decoder found for: none\n"


@pytest.mark.parametrize(
    ("log", "code", "words"),
    [
        (_DAMAGED_SOUND, "SourceFileError.ContentMalformed", ["the audio track (aac) is damaged at 3.2 s", "export"]),
        (_DAMAGED_PICTURE, "SourceFileError.ContentMalformed", ["the video track (h264) is damaged", "export"]),
        (_CUT, "SourceFileError.ContentMalformed", ["cut off (moov atom not found)", "upload it again"]),
        (_ONLY_NUMBERS, "SourceFileError.ContentMalformed", ["Invalid data found when processing input", "export"]),
        (_OURS, "InternalError", ["FFmpeg refused", "run the task again"]),
        (_UNKNOWN, "SourceFileError.ContentUnsupported", ["no decoder reads", "export"]),
        ("something new", "InternalError", ["FFmpeg failed at 3.2 s (something new)", "run the task again"]),
        ("", "InternalError", ["it said nothing", "run the task again"]),
    ],
)
def test_what_ffmpeg_said(log: str, code: str, words: list[str]) -> None:
    """Every end names its cause and what to do, in words."""
    failure = why_failed(ProcessFailed(Ending.FAILED, log, reached=3.21), _SOURCE, quarantined=False)
    assert failure.err_code_ext == code
    assert all(word in failure.message for word in words), failure.message
    assert not re.search(r"-\d{3}|0x[0-9a-f]", failure.message), failure.message


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.FAILED])
def test_every_ending_has_a_next_step(ending: Ending) -> None:
    """Whatever ended a program: a cause and, behind a semicolon, what to do."""
    failure = why_failed(ProcessFailed(ending, _DAMAGED_PICTURE, reached=2.0), _SOURCE, quarantined=False)
    cause, _, step = failure.message.partition("; ")
    assert cause
    assert len(step.split()) > 2
    assert "{" not in failure.message
