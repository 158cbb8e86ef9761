"""From a movie box to an :class:`~openvod.playback.model.Index` (ISO/IEC 14496-12)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from openvod.base.errors import NotFound
from openvod.playback.boxes import Box, box_header, boxes, child, malformed, optional, u32, u64
from openvod.playback.entries import Entry, first_entry, picture_entry, sound_entry
from openvod.playback.model import Index, PlayState, Samples, Track, not_packaged
from openvod.playback.tables import read_samples

#: Ten hours of film have 30 MiB.
MOST_INDEX_BYTES = 64 * 1024 * 1024
_MOST_TOP_BOXES = 1024
#: Bytes that hold the head of a WebM, whose DocType tells it from other Matroska files.
_FIRST_BYTES = 64
#: Pictures may lie on a track of their own: the cover of a song.
_STILLS = frozenset({b"jpeg", b"png ", b"mjpa", b"mjpb"})
#: What one buffer of a browser holds must have both tracks; where they differ by more, playing would stop there.
_LATE_SECONDS, _SHORT_SECONDS = 0.5, 5.0
#: Packets that an audio decoder needs before the first audible one.
_PREROLL_PACKETS = 2
_TINY_SECONDS = 0.1
_MOST_DELAY_SECONDS = 3600
_MOST_SECONDS = 366 * 86400


class Wanted(NamedTuple):
    """The bytes that the search for the movie box asks for next; ``whole`` when they are the box."""

    start: int
    length: int
    whole: bool


def first_wanted(size: int) -> Wanted:
    """Return where the search begins in a file of ``size`` bytes."""
    return Wanted(0, min(_FIRST_BYTES, size), whole=False)


def next_wanted(size: int, asked: Wanted, data: bytes, hops: int) -> Wanted:
    """Return what to read after ``data`` answered ``asked``; ``hops`` counts the questions so far."""
    if asked.start == 0 and data[4:8] not in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"):
        raise _no_movie(data)
    if asked.start >= size or hops > _MOST_TOP_BOXES:
        raise malformed("it has no movie box")
    header = box_header(data[:16], size - asked.start)
    if header.kind != b"moov":
        place = asked.start + header.size
        return Wanted(place, min(16, size - place), whole=False)
    if header.size > MOST_INDEX_BYTES:
        raise malformed(f"it has {header.size} bytes")
    return Wanted(asked.start + header.header, header.size - header.header, whole=True)


def _no_movie(data: bytes) -> Exception:
    """Return whether browsers play the file without such an index, by its first bytes."""
    plays = data[:4] in (b"OggS", b"fLaC") or data[:3] == b"ID3"
    plays = plays or (data[:4] == b"RIFF" and data[8:12] == b"WAVE")
    plays = plays or (data[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in data)
    plays = plays or (data[:1] == b"\xff" and len(data) > 1 and data[1] & 0xE0 == 0xE0)
    return not_packaged("the file is no MP4", PlayState.PROGRESSIVE if plays else PlayState.WAITING)


def read_index(movie: bytes, size: int) -> Index:
    """Read the content of ``moov`` of a file of ``size`` bytes.

    Raises ``NotFound("playback.not_packaged")`` with the reason and the state in ``details``.
    """
    content = memoryview(movie)
    if optional(content, b"cmov") is not None:
        raise not_packaged("its index is compressed")
    clock = _timescale(child(content, b"mvhd"))
    tracks = [found.body for found in boxes(content) if found.kind == b"trak"]
    pictures = [track for track in tracks if _handler(track) == b"vide" and _described(track).kind not in _STILLS]
    sounds = [track for track in tracks if _handler(track) == b"soun"]
    picture, sound = _chosen(pictures), _chosen(sounds)
    _check_browsers_play(picture, picture_entry)
    _check_browsers_play(sound, sound_entry)
    if optional(content, b"mvex") is not None:
        raise not_packaged("the file is in fragments", PlayState.PROGRESSIVE)
    index = Index(
        size,
        _track(picture, clock, size, picture_entry, is_video=True) if picture is not None else None,
        _track(sound, clock, size, sound_entry, is_video=False) if sound is not None else None,
    )
    return _checked(index)


def _chosen(tracks: Sequence[memoryview]) -> memoryview | None:
    """Return the track that players choose: the first one that its header enables, else the first."""
    return next((track for track in tracks if _is_enabled(track)), tracks[0] if tracks else None)


def _is_enabled(track: memoryview) -> bool:
    header = optional(track, b"tkhd")
    return header is not None and len(header) >= 4 and bool(header[3] & 1)


def _check_browsers_play(track: memoryview | None, read_entry: Callable[[Box], Entry]) -> None:
    """Refuse codecs that no browser decodes, before other checks judge whether the original can be played."""
    try:
        if track is not None:
            read_entry(_described(track))
    except NotFound as error:
        if error.details.get("state") != PlayState.PROGRESSIVE.value:
            raise


def _checked(index: Index) -> Index:
    if not index.tracks:
        raise not_packaged("the file has neither pictures nor sound")
    if not 0 < index.duration < _MOST_SECONDS:
        raise not_packaged("its edit list or its times leave nothing sensible to play", PlayState.PROGRESSIVE)
    if index.video and index.audio:
        begins, ends = index.audio.begin - index.video.begin, index.audio.end - index.video.end
        if abs(begins) > _LATE_SECONDS or abs(ends) > _SHORT_SECONDS:
            raise not_packaged("picture and sound differ in length", PlayState.PROGRESSIVE)
    return index


def _handler(track: memoryview) -> bytes:
    body = optional(track, b"mdia", b"hdlr")
    return bytes(body[8:12]) if body is not None else b""


def _described(track: memoryview) -> Box:
    return first_entry(child(track, b"mdia", b"minf", b"stbl"))


def _timescale(header: memoryview) -> int:
    """Return the timescale of ``mvhd`` or ``mdhd``."""
    scale = u32(header, 20 if bytes(header[:1]) == b"\1" else 12)
    if not scale:
        raise malformed("a timescale is 0")
    return scale


class _Edits(NamedTuple):
    """What an edit list comes to: ``delay`` and ``skipped`` in the track's units, ``shown`` 0 for all."""

    delay: int
    skipped: int
    shown: int


def _track(
    track: memoryview, movie_scale: int, size: int, read_entry: Callable[[Box], Entry], *, is_video: bool
) -> Track:
    entry = read_entry(_described(track))
    scale = _timescale(child(track, b"mdia", b"mdhd"))
    samples, lead = _led(read_samples(child(track, b"mdia", b"minf", b"stbl"), size))
    edits = _edits(track, movie_scale, scale)
    edits = edits._replace(skipped=edits.skipped + lead)
    header = child(track, b"tkhd")
    place = 52 if bytes(header[:1]) == b"\1" else 40
    found = Track(
        is_video, scale, entry.written, entry.codec, samples, _first(samples, edits, is_video=is_video), len(samples),
        edits.skipped, edits.delay, bytes(header[place : place + 36]), entry.width, entry.height,
    )  # fmt: skip
    if found.first >= found.last:
        raise not_packaged("a track has no samples that can be decoded")
    if is_video and found.presented(found.first) < -_TINY_SECONDS * scale:
        raise not_packaged("its edit list begins between key frames", PlayState.PROGRESSIVE)
    return _ended(found, edits)


def _led(samples: Samples) -> tuple[Samples, int]:
    """Make composition offsets positive, which decoders agree on; return by how much they were raised."""
    lead = -min(samples.composition, default=0)
    if lead <= 0:
        return samples, 0
    return replace(samples, composition=array("i", (offset + lead for offset in samples.composition))), lead


def _edits(track: memoryview, movie_scale: int, scale: int) -> _Edits:
    body = optional(track, b"edts", b"elst")
    if body is None:
        return _Edits(0, 0, 0)
    wide = bytes(body[:1]) == b"\1"
    width = 20 if wide else 12
    count = u32(body, 4)
    if count > (len(body) - 8) // width:
        raise malformed("its edit list is cut off")
    delay, found = 0, None
    for number in range(count):
        place = 8 + number * width
        length = u64(body, place) if wide else u32(body, place)
        start = u64(body, place + 8) if wide else u32(body, place + 4)
        empty = start == (1 << 64) - 1 if wide else start == (1 << 32) - 1
        if empty and found is None:
            delay += length * scale // movie_scale
        elif found is not None or empty or start >= 1 << 62:
            raise not_packaged("its edit list has several pieces", PlayState.PROGRESSIVE)
        else:
            found = _Edits(delay, start, length * scale // movie_scale)
    found = found or _Edits(delay, 0, 0)
    if found.delay > _MOST_DELAY_SECONDS * scale:
        raise not_packaged("its edit list begins with hours of nothing", PlayState.PROGRESSIVE)
    return found


def _first(samples: Samples, edits: _Edits, *, is_video: bool) -> int:
    """Return the first sample to use: a key frame, or the sound packets that the first heard one needs."""
    if is_video:
        return samples.keys[0] if samples.keys else (0 if samples.keys is None else len(samples))
    first = 0
    while first + _PREROLL_PACKETS < len(samples) and samples.times[first + _PREROLL_PACKETS] <= edits.skipped:
        first += 1
    return first


def _ended(track: Track, edits: _Edits) -> Track:
    """Leave out what an edit list cuts off at the end, in decode order."""
    last = track.last
    # Writers round the length to the movie's units.
    limit = edits.delay + edits.shown + track.timescale // 100
    while edits.shown and last > track.first + 1 and track.presented(last - 1) >= limit:
        last -= 1
    return replace(track, last=last)
