"""Codec names by parameter sets (RFC 6381)."""

from __future__ import annotations

import pytest

from openvod.adapters.ffmpeg.codec_strings import audio_codec_string, video_codec_string

#: Parameter sets as x264, x265 and SVT-AV1 write them.
AVC_STREAM = bytes.fromhex("0000000167640028acd940780227e5")
AVC_CONFIG = bytes.fromhex("0164001fffe1001a")
HEVC_STREAM = bytes.fromhex(
    "0000000140010c01ffff01600000030090000003000003005d9598090000000142010101600000030090000003000003005da0"
)
HEVC_CONFIG = bytes.fromhex("0102200000009000000000007bf000fcfdfafa00000f03")
AV1_CONFIG = bytes.fromhex("81050c00")


@pytest.mark.parametrize(
    ("codec", "extradata", "name"),
    [
        ("h264", AVC_STREAM, "avc1.640028"),
        ("h264", AVC_CONFIG, "avc1.64001F"),
        ("hevc", HEVC_STREAM, "hvc1.1.6.L93.90"),
        ("hevc", HEVC_CONFIG, "hvc1.2.4.L123.90"),
        ("av1", AV1_CONFIG, "av01.0.05M.08"),
        ("h264", b"", ""),
        ("vp9", b"\1", ""),
        ("hevc", b"\0\0\1\x42", ""),
    ],
)
def test_video_names(codec: str, extradata: bytes, name: str) -> None:
    """Both forms of parameter sets give the same kind of name; none gives none."""
    assert video_codec_string(codec, extradata) == name


@pytest.mark.parametrize(
    ("codec", "profile", "name"),
    [("aac", "LC", "mp4a.40.2"), ("aac", "HE-AAC", "mp4a.40.5"), ("mp3", "", "mp4a.40.34"), ("x", "", "")],
)
def test_audio_names(codec: str, profile: str, name: str) -> None:
    """Sound is named by its object type."""
    assert audio_codec_string(codec, profile) == name
