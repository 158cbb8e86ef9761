"""The vocabulary of file states, and of event states, as pure functions of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from openvod.events.model import Event, EventState
from openvod.events.standing import DeliveryStanding, DeliveryStatus, EventStanding, event_standing
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.media.model import FORBIDDEN, MediaAsset, MediaOutput, ProbeState
from openvod.media.states import FileState, FileStatus, file_status, sentence

_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
_VIDEO = VideoStream(1, 720, 1280, "h264", 25, pixel_format="yuv420p")
_AUDIO = AudioStream(1, 48_000, "aac")
_PROBE = ProbeResult(1, _MP4, 1, 1280, 720, 8.0, 0, 8.0, 8.0, "Video", (_VIDEO,), (_AUDIO,))
_ASSET = MediaAsset(
    "1", 7, "n", "mp4", 0, "b", "r", "k/12345678f/x.mp4", "", 10, "", 2.0, 2.0, "", ProbeState.DONE, _PROBE.to_json()
)
_LADDER = MediaOutput("1", "AdaptiveDynamicStreaming", 10, {"Url": "http://a/x.m3u8", "DrmType": ""}, 1.0)
_RENDITION = MediaOutput("1", "Transcode", 30, {"Url": "http://a/x.mp4", "VideoStreamSet": [{"Codec": "h264"}]}, 1.0)
_HEVC_MADE = MediaOutput("1", "Transcode", 31, {"Url": "http://a/x.mp4", "VideoStreamSet": [{"Codec": "hevc"}]}, 1.0)


def asset(found: ProbeResult = _PROBE, **changes: Any) -> MediaAsset:
    """Return a file in which the probe found this, with other columns."""
    columns: dict[str, Any] = {"probe": found.to_json()} | changes
    return replace(_ASSET, **columns)


def failed(code: str) -> MediaAsset:
    """Return a file whose probe ended with an error."""
    return asset(probe_state=ProbeState.FAILED, probe={"error": code})


def video(codec: str, container: str = _MP4, pixels: str = "yuv420p", sound: str = "aac") -> MediaAsset:
    """Return a file with these streams."""
    stream = replace(_VIDEO, codec=codec, pixel_format=pixels)
    return asset(
        replace(_PROBE, container=container, video_streams=(stream,), audio_streams=(replace(_AUDIO, codec=sound),))
    )


STATES: dict[str, tuple[MediaAsset | None, tuple[MediaOutput, ...], tuple[int, ...], str]] = {
    "not probed yet": (asset(probe_state=ProbeState.PENDING, probe={}), (), (), "Checking"),
    "not probed, flow waits": (asset(probe_state=ProbeState.PENDING, probe={}), (), (0,), "Checking"),
    "flow runs": (_ASSET, (), (42,), "Processing 42 %"),
    "two flows run": (video("hevc"), (), (0, 50), "Processing 25 %"),
    "plays as it is": (_ASSET, (), (), "Ready"),
    "a ladder was made": (video("hevc"), (_LADDER,), (), "Ready"),
    "a rendition was made": (video("hevc"), (_RENDITION,), (), "Ready"),
    "only hevc was made": (video("hevc"), (_HEVC_MADE,), (), "Not playable here (browsers do not play hevc pictures)"),
    "10 bits": (
        video("h264", pixels="yuv420p10le"), (), (), "Not playable here (browsers do not play yuv420p10le pictures)"
    ),
    "unplayable sound": (video("h264", sound="ac3"), (), (), "Not playable here (browsers do not play ac3 sound)"),
    "h264 in mkv": (video("h264", "matroska,webm"), (), (), "Not playable here (browsers do not play h264 pictures)"),
    "webm": (video("vp9", "matroska,webm", sound="opus"), (), (), "Ready"),
    "avi": (video("h264", "avi"), (), (), "Not playable here (browsers do not open avi)"),
    "encrypted": (asset(replace(_PROBE, encrypted=True)), (), (), "Not playable here (encrypted)"),
    "no media": (failed("media.malformed"), (), (), "Damaged (no media can be read in it)"),
    "probe too slow": (failed("media.probe_timeout"), (), (), "Not playable here (reading it took too long)"),
    "probe died": (failed("media.probe_failed"), (), (), "Not playable here (reading it failed)"),
    "original deleted": (asset(has_original=False), (), (), "Not playable here (the original was deleted)"),
    "original deleted, ladder left": (asset(has_original=False), (_LADDER,), (), "Ready"),
    "blocked": (asset(status=FORBIDDEN), (_LADDER,), (5,), "Blocked"),
    "deleted": (None, (), (), "Deleted"),
    "picture": (asset(replace(_PROBE, category="Image", container="png_pipe")), (), (), "Ready"),
    "mp3": (asset(replace(_PROBE, category="Audio", container="mp3", video_streams=(),
                          audio_streams=(replace(_AUDIO, codec="mp3"),))), (), (), "Ready"),
}  # fmt: skip


@pytest.mark.parametrize("case", STATES)
def test_file_states(case: str) -> None:
    """Each constellation of rows has its words; "not yet" is never told as "no"."""
    found, outputs, flows, words = STATES[case]
    assert sentence(file_status(found, outputs, flows)) == words


def test_what_plays_meanwhile() -> None:
    """While a flow runs, the file may play already."""
    assert file_status(_ASSET, (), (1,)).playable
    assert not file_status(video("hevc"), (), (1,)).playable
    assert file_status(video("hevc"), (_LADDER,), (1,)) == FileStatus(FileState.PROCESSING, 1, playable=True)


def standing(*states: DeliveryStanding, sequence: int | None = 1) -> EventStanding:
    """Return how an event stands that stands so at endpoints."""
    event = Event(1, 1, sequence, "NewFileUpload", "7", "{}", EventState.HELD, 1.0)
    return event_standing(event, [DeliveryStatus("e", state, 0) for state in states])


def test_event_states() -> None:
    """Nobody who gets it: no receiver, never "on its way"; else what asks most for a look."""
    d = DeliveryStanding
    assert standing() is EventStanding.NO_RECEIVER
    assert standing(d.NO_ADDRESS) is EventStanding.NO_RECEIVER
    assert standing(d.NO_ADDRESS, d.DELIVERED) is EventStanding.DELIVERED
    assert standing(d.DISABLED, d.NO_ADDRESS) is EventStanding.DISABLED
    assert standing(d.PENDING, d.DEAD, d.DELIVERED) is EventStanding.DEAD
    assert standing(d.SKIPPED, d.PENDING) is EventStanding.PENDING
    assert standing(d.PENDING, sequence=None) is EventStanding.HELD
