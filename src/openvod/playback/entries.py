"""Sample descriptions: which codecs are packaged; their boxes are rewritten without fields that only editors read."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from openvod.playback.boxes import Box, box, boxes, child, full_box, malformed, optional, printable, u32
from openvod.playback.model import PlayState, not_packaged

_VISUAL_BYTES = 78
_SOUND_BYTES = 28
#: Profiles of H.264 that every browser plays: baseline, main, extended's intersection, high.
_H264_PROFILES = frozenset({66, 77, 88, 100})
#: What browsers play in MP4 though it is not packaged here.
_BROWSERS_PLAY = frozenset({b"av01", b"vp09", b"avc3", b"Opus", b"fLaC", b".mp3"})
#: Object types of ``esds``: AAC, and MPEG-2 AAC LC.
_AAC_TYPES = frozenset({0x40, 0x67})
_MP3_TYPES = frozenset({0x69, 0x6B})
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_ESCAPED = 15


@dataclass(frozen=True)
class Entry:
    """A sample description: its box, the codec's name (RFC 6381), and the size of pictures."""

    written: bytes
    codec: str
    width: int = 0
    height: int = 0


def first_entry(table: memoryview) -> Box:
    """Return the first description of ``stbl``."""
    described = child(table, b"stsd")
    if u32(described, 4) < 1:
        raise malformed("a track has no description")
    for entry in boxes(described[8:]):
        return entry
    raise malformed("a track has no description")


def picture_entry(entry: Box) -> Entry:
    """Return the description of H.264 pictures; raises ``NotFound("playback.not_packaged")`` for any other codec."""
    if entry.kind != b"avc1":
        raise _other_codec("video", entry.kind)
    if len(entry.body) < _VISUAL_BYTES:
        raise malformed("a description is cut off")
    inner = entry.body[_VISUAL_BYTES:]
    config = bytes(child(inner, b"avcC"))
    if len(config) < 7 or config[0] != 1:
        raise malformed("the configuration of H.264 is cut off")
    if config[1] not in _H264_PROFILES:
        raise not_packaged(f"browsers do not play profile {config[1]} of H.264")
    kept = [box(found.kind, bytes(found.body)) for found in boxes(inner) if _is_kept(found)]
    width, height = struct.unpack_from(">HH", entry.body, 24)
    # Data reference 1 is the only one of an initialisation segment.
    head = bytes(6) + b"\0\1" + bytes(entry.body[8:_VISUAL_BYTES])
    return Entry(box(b"avc1", head, *kept), f"avc1.{config[1:4].hex()}", width, height)


def _is_kept(found: Box) -> bool:
    """QuickTime's ``colr`` has another form than the standard's."""
    return found.kind in (b"avcC", b"pasp") or (found.kind == b"colr" and bytes(found.body[:4]) == b"nclx")


def sound_entry(entry: Box) -> Entry:
    """Return the description of AAC sound; raises ``NotFound("playback.not_packaged")`` for any other codec."""
    if entry.kind != b"mp4a":
        raise _other_codec("audio", entry.kind)
    if len(entry.body) < _SOUND_BYTES:
        raise malformed("a description is cut off")
    config = _aac_config(_esds(entry.body)[4:])
    kind, rate, channels = _aac(config)
    head = struct.pack(">6xHQHHIHH", 1, 0, channels or 2, 16, 0, min(rate, 0xFFFF), 0)
    return Entry(box(b"mp4a", head, _written_esds(config)), f"mp4a.40.{kind}")


def _esds(body: memoryview) -> memoryview:
    """QuickTime's versions 1 and 2 have more fields, and may hide the box in ``wave``."""
    version = struct.unpack_from(">H", body, 8)[0]
    inner = body[_SOUND_BYTES + {1: 16, 2: 36}.get(version, 0) :]
    found = optional(inner, b"esds")
    return found if found is not None else child(inner, b"wave", b"esds")


def _descriptor(data: memoryview) -> tuple[int, memoryview, memoryview]:
    """Return a descriptor's tag, its content and what follows it (ISO/IEC 14496-1, 8.3.3)."""
    size, place = 0, 1
    for _ in range(4):
        if place >= len(data):
            raise malformed("the configuration of the sound is cut off")
        byte = data[place]
        size, place = size << 7 | byte & 0x7F, place + 1
        if not byte & 0x80:
            break
    if size > len(data) - place:
        raise malformed("the configuration of the sound is cut off")
    return data[0], data[place : place + size], data[place + size :]


def _aac_config(data: memoryview) -> bytes:
    tag, stream, _ = _descriptor(data)
    if tag != _ES or len(stream) < 3:
        raise malformed("the configuration of the sound is none")
    flags = stream[2]
    place = 3 + (2 if flags & 0x80 else 0)
    if flags & 0x40:
        place += 1 + (stream[place] if place < len(stream) else 0)
    place += 2 if flags & 0x20 else 0
    tag, decoder, _ = _descriptor(stream[place:])
    if tag != _DECODER_CONFIG or len(decoder) < 13:
        raise malformed("the configuration of the sound is none")
    if decoder[0] not in _AAC_TYPES:
        state = PlayState.PROGRESSIVE if decoder[0] in _MP3_TYPES else PlayState.WAITING
        raise not_packaged(f"its sound is no AAC (object type {decoder[0]:#x})", state)
    tag, config, _ = _descriptor(decoder[13:])
    if tag != _DECODER_SPECIFIC or not 2 <= len(config) <= 64:
        raise malformed("the configuration of the sound is none")
    return bytes(config)


def _aac(config: bytes) -> tuple[int, int, int]:
    """Return object type, sampling rate and channels of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""
    bits, left = int.from_bytes(config, "big"), len(config) * 8

    def take(count: int) -> int:
        nonlocal left
        left -= count
        if left < 0:
            raise malformed("the configuration of the sound is cut off")
        return bits >> left & ((1 << count) - 1)

    kind = take(5)
    kind = 32 + take(6) if kind == 31 else kind
    place = take(4)
    if place != _ESCAPED and place >= len(_RATES):
        raise malformed("the sound has no sampling rate")
    rate = take(24) if place == _ESCAPED else _RATES[place]
    if kind not in (2, 5, 29):
        raise not_packaged(f"browsers do not play AAC of object type {kind}")
    return kind, rate, take(4)


def _written_esds(config: bytes) -> bytes:
    specific = bytes([_DECODER_SPECIFIC, len(config)]) + config
    decoder = bytes([_DECODER_CONFIG, 13 + len(specific), 0x40, 0x15]) + bytes(11) + specific
    layer = b"\x06\x01\x02"
    stream = bytes([_ES, 3 + len(decoder) + len(layer)]) + bytes(3) + decoder + layer
    return full_box(b"esds", 0, 0, stream)


def _other_codec(what: str, kind: bytes) -> Exception:
    state = PlayState.PROGRESSIVE if kind in _BROWSERS_PLAY else PlayState.WAITING
    if kind in (b"encv", b"enca"):
        return not_packaged(f"the {what} track is encrypted")
    return not_packaged(f"the codec of its {what} track is {printable(kind)}", state)
