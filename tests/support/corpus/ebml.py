"""Matroska by hand."""

from __future__ import annotations

import struct

UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_SEGMENT, _INFO, _TRACKS, _ENTRY, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_TAGS, _TAG, _SIMPLE_TAG = 0x1254C367, 0x7373, 0x67C8


def identifier(number: int) -> bytes:
    """Return an element's identifier."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def size(number: int) -> bytes:
    """Return a size in eight bytes."""
    return (number | 1 << 56).to_bytes(8, "big")


def element(number: int, *content: bytes) -> bytes:
    """Return an element."""
    inside = b"".join(content)
    return identifier(number) + size(len(inside)) + inside


def unsigned(number: int, value: int) -> bytes:
    """Return an element that is a number."""
    return element(number, value.to_bytes(4, "big"))


def header() -> bytes:
    """Return the EBML header of a Matroska file."""
    return element(
        0x1A45DFA3, unsigned(0x4286, 1), unsigned(0x42F7, 1), unsigned(0x42F2, 4), unsigned(0x42F3, 8),
        element(0x4282, b"matroska"), unsigned(0x4287, 4), unsigned(0x4285, 2),
    )  # fmt: skip


def _track(number: int, codec: bytes, *more: bytes) -> bytes:
    pixels = element(0xE0, unsigned(0xB0, 16), unsigned(0xBA, 16))
    return element(
        _ENTRY, unsigned(0xD7, number), unsigned(0x73C5, number), unsigned(0x83, 1), element(0x86, codec), pixels, *more
    )


def many_tracks(count: int) -> bytes:
    """Return a file with ``count`` video tracks and one picture in the first."""
    tracks = element(_TRACKS, *(_track(number, b"V_MJPEG") for number in range(1, count + 1)))
    block = element(0xA3, b"\x81\x00\x00\x80", bytes(64))
    cluster = element(_CLUSTER, unsigned(0xE7, 0), block)
    return header() + element(_SEGMENT, element(_INFO, unsigned(0x2AD7B1, 1_000_000)), tracks, cluster)


def deep_tags(depth: int) -> bytes:
    """Return a file whose tags lie in tags, ``depth`` times, none of known size."""
    nest = (identifier(_SIMPLE_TAG) + UNKNOWN) * depth
    return header() + identifier(_SEGMENT) + UNKNOWN + identifier(_TAGS) + UNKNOWN + identifier(_TAG) + UNKNOWN + nest


def absurd_size() -> bytes:
    """Return a file whose only track carries a codec header of 2^55 bytes."""
    private = identifier(0x63A2) + size(2**55) + bytes(64)
    return header() + identifier(_SEGMENT) + UNKNOWN + identifier(_TRACKS) + UNKNOWN + _track(1, b"V_MJPEG", private)


def without_default_duration(data: bytes) -> bytes:
    """Return a file with its tracks' frame durations made void: nothing says its frame rate."""
    start = data.index(b"\x23\xe3\x83\x84")  # DefaultDuration, four bytes
    return data[:start] + b"\xec\x86" + bytes(6) + data[start + 8 :]


def with_duration(data: bytes, milliseconds: float) -> bytes:
    """Return a file whose header claims another duration."""
    start = data.index(b"\x44\x89\x88") + 3  # Duration, eight bytes
    return data[:start] + struct.pack(">d", milliseconds) + data[start + 8 :]


def with_default_duration(data: bytes, nanoseconds: int) -> bytes:
    """Return a file whose track claims another duration of a frame."""
    start = data.index(b"\x23\xe3\x83\x84") + 4
    return data[:start] + nanoseconds.to_bytes(4, "big") + data[start + 4 :]
