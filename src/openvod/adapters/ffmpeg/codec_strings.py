"""Codec names as players compare them (RFC 6381; ISO/IEC 14496-15 annex E; AV1 codec ISO binding 5)."""

from __future__ import annotations

from collections.abc import Callable

_SPS_H264, _SPS_HEVC = 7, 33
_AUDIO = {"mp3": "mp4a.40.34", "ac3": "ac-3", "eac3": "ec-3", "opus": "opus", "flac": "fLaC"}


def video_codec_string(codec: str, extradata: bytes) -> str:
    """Return the RFC 6381 name of an H.264, H.265 or AV1 stream from its parameter sets; empty without them."""
    if codec == "h264":
        sps = _avc_parameters(extradata)
        return f"avc1.{sps.hex().upper()}" if sps else ""
    if codec == "hevc":
        return _hevc(extradata)
    if codec == "av1" and len(extradata) >= 4:
        profile, level = extradata[1] >> 5, extradata[1] & 31
        tier, high = "H" if extradata[2] >> 7 else "M", extradata[2] >> 6 & 1
        return f"av01.{profile}.{level:02}{tier}.{10 if high else 8:02}"
    return ""


def audio_codec_string(codec: str, profile: str) -> str:
    """Return the RFC 6381 name of an audio stream."""
    if codec == "aac":
        return {"HE-AAC": "mp4a.40.5", "HE-AACv2": "mp4a.40.29"}.get(profile, "mp4a.40.2")
    return _AUDIO.get(codec, "")


def _avc_parameters(extradata: bytes) -> bytes:
    """Return profile, constraints and level: bytes 1–3 of avcC, or of the SPS in Annex B format."""
    if extradata[:1] == b"\1":
        return extradata[1:4]
    unit = _unit(extradata, lambda header: header & 31 == _SPS_H264)
    return unit[1:4]


def _hevc(extradata: bytes) -> str:
    if extradata[:1] == b"\1" and len(extradata) >= 13:
        profile_tier_level = extradata[1:13]
    else:
        # Two bytes of NAL header, one with the layer count, then profile_tier_level.
        unit = _unit(extradata, lambda header: header >> 1 & 63 == _SPS_HEVC).replace(b"\0\0\3", b"\0\0")
        profile_tier_level = unit[3:15]
    if len(profile_tier_level) < 12:
        return ""
    first, level = profile_tier_level[0], profile_tier_level[11]
    space = ("", "A", "B", "C")[first >> 6]
    tier = "H" if first >> 5 & 1 else "L"
    compatibility = int(f"{int.from_bytes(profile_tier_level[1:5]):032b}"[::-1], 2)
    constraints = profile_tier_level[5:11].rstrip(b"\0")
    tail = "".join(f".{byte:X}" for byte in constraints)
    return f"hvc1.{space}{first & 31}.{compatibility:X}.{tier}{level}{tail}"


def _unit(stream: bytes, wanted: Callable[[int], bool]) -> bytes:
    """Return the first NAL unit of an Annex B stream whose header byte matches."""
    for piece in stream.split(b"\0\0\1")[1:]:
        if piece and wanted(piece[0]):
            return piece
    return b""
