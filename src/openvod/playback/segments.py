"""Segments of fragmented MP4: planned at key frames, written around ranges of the stored original."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from openvod.base.sizes import MIB
from openvod.playback.boxes import box, full_box
from openvod.playback.model import Index, Piece, PlayState, Range, Track, not_packaged

#: The first segment is short, so that little must come before the first frame.
_FIRST_SECONDS, _SEGMENT_SECONDS = 2.0, 4.0
#: Rarer key frames make segments that a browser loads whole before anything of them plays.
_LONGEST_SECONDS = 30.0
_LARGEST_BYTES = 256 * MIB
_IS_KEY, _IS_NO_KEY = 0x02000000, 0x01010000
_TRUN_AUDIO, _TRUN_VIDEO = 0x000301, 0x000F01
_DEFAULT_BASE_IS_MOOF = 0x020000


class Span(NamedTuple):
    """A track's samples in a segment, ``last`` not included."""

    track: Track
    first: int
    last: int


class Segment(NamedTuple):
    """One segment: its place in the list, when it begins and ends in seconds, its samples."""

    number: int
    begin: float
    end: float
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.end - self.begin


def plan(index: Index) -> Sequence[Segment]:
    """Return the segments of a file; raises ``NotFound("playback.not_packaged")`` when key frames are too rare."""
    starts = _starts(index.lead)
    begins = [index.lead.seconds(start) for start in starts]
    ends = [*begins[1:], index.duration]
    bounds = {index.lead.is_video: [*starts, index.lead.last]}
    if index.video and index.audio:
        bounds[False] = _split(index.audio, begins)
    segments = []
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        cut = (Span(t, bounds[t.is_video][number], bounds[t.is_video][number + 1]) for t in index.tracks)
        segments.append(Segment(number, begin, max(end, begin), tuple(s for s in cut if s.first < s.last)))
    _check(segments)
    return segments


def _starts(lead: Track) -> list[int]:
    """Return the samples at which segments begin."""
    keys = lead.samples.keys
    candidates: Sequence[int] = range(lead.first, lead.last) if keys is None else keys
    starts = [lead.first]
    for key in candidates:
        least = _FIRST_SECONDS if len(starts) == 1 else _SEGMENT_SECONDS
        if lead.first < key < lead.last and lead.seconds(key) - lead.seconds(starts[-1]) >= least:
            starts.append(key)
    return starts


def _split(sound: Track, begins: Sequence[float]) -> list[int]:
    """Return where segments begin in the sound: with the first packet that starts in them."""
    inner = [
        bisect_left(sound.samples.times, round(begin * sound.timescale) + sound.skipped - sound.delay,
                    sound.first, sound.last)
        for begin in begins[1:]
    ]  # fmt: skip
    return [sound.first, *inner, sound.last]


def _check(segments: Sequence[Segment]) -> None:
    if max(segment.seconds for segment in segments) > _LONGEST_SECONDS:
        raise not_packaged("its key frames are further apart than 30 seconds", PlayState.PROGRESSIVE)
    if max(size_of(segment) for segment in segments) > _LARGEST_BYTES:
        raise not_packaged("a segment between its key frames is too large", PlayState.PROGRESSIVE)


def size_of(segment: Segment) -> int:
    """Return how many bytes of the original a segment has."""
    return sum(sum(span.track.samples.sizes[span.first : span.last]) for span in segment.spans)


def initialisation(index: Index) -> bytes:
    """Write the initialisation segment: the descriptions of all tracks, without samples."""
    movie = struct.pack(">IIIIIH", 0, 0, 1000, 0, 0x00010000, 0x0100) + bytes(10) + _STRAIGHT + bytes(24)
    traks = [_trak(track) for track in index.tracks]
    extends = [full_box(b"trex", 0, 0, struct.pack(">IIIII", _id(track), 1, 0, 0, 0)) for track in index.tracks]
    whole = full_box(b"mehd", 1, 0, struct.pack(">Q", round(index.duration * 1000)))
    return box(b"ftyp", b"iso6", bytes(4), b"iso6mp41") + box(
        b"moov", full_box(b"mvhd", 0, 0, movie, struct.pack(">I", 3)), *traks, box(b"mvex", whole, *extends)
    )


_STRAIGHT = struct.pack(">9I", 0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000)


def _id(track: Track) -> int:
    return 1 if track.is_video else 2


def _trak(track: Track) -> bytes:
    volume = 0 if track.is_video else 0x0100
    header = struct.pack(">IIIII8xHHHH", 0, 0, _id(track), 0, 0, 0, 0, volume, 0)
    matrix = track.matrix if len(track.matrix) == len(_STRAIGHT) else _STRAIGHT
    size = struct.pack(">II", track.width << 16, track.height << 16)
    handler, name = (b"vide", b"video\0") if track.is_video else (b"soun", b"audio\0")
    kind = full_box(b"vmhd", 0, 1, bytes(8)) if track.is_video else full_box(b"smhd", 0, 0, bytes(4))
    empty = b"".join(full_box(name, 0, 0, bytes(4)) for name in (b"stts", b"stsc", b"stco"))
    table = box(b"stbl", full_box(b"stsd", 0, 0, b"\0\0\0\1", track.entry), empty, full_box(b"stsz", 0, 0, bytes(8)))
    source = box(b"dinf", full_box(b"dref", 0, 0, b"\0\0\0\1", full_box(b"url ", 0, 1)))
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, track.timescale, 0, 0x55C4, 0)),
        full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name),
        box(b"minf", kind, source, table),
    )
    return box(b"trak", full_box(b"tkhd", 0, 3, header, matrix, size), _edit(track), media)


def _edit(track: Track) -> bytes:
    """What comes before the first moment: sound that is decoded and not heard, the lead of reordered pictures."""
    skipped = track.skipped - track.samples.times[track.first]
    if skipped <= 0:
        return b""
    return box(b"edts", full_box(b"elst", 1, 0, struct.pack(">IQqHH", 1, 0, skipped, 1, 0)))


class _Run(NamedTuple):
    """Samples of a track that lie one after another in the file."""

    first: int
    last: int
    start: int
    length: int


def fragment(segment: Segment) -> list[Piece]:
    """Write one media segment: ``moof``, the head of ``mdat``, then the samples in the order of the file."""
    runs = [(span, run) for span in segment.spans for run in _runs(span)]
    ordered = sorted((run.start, run.length) for _, run in runs)
    total = sum(length for _, length in ordered)
    places, place = {}, 8
    for start, length in ordered:
        places[start] = place
        place += length
    # The offsets count from the beginning of moof, whose size does not depend on them.
    size = len(_moof(segment, dict.fromkeys(places, 0)))
    moof = _moof(segment, {start: size + place for start, place in places.items()})
    head = moof + struct.pack(">I", 8 + total) + b"mdat"
    return [head, *_joined(ordered)]


def _runs(span: Span) -> Iterator[_Run]:
    samples = span.track.samples
    first, start, end = span.first, samples.offsets[span.first], samples.offsets[span.first]
    for number in range(span.first, span.last):
        if samples.offsets[number] != end:
            yield _Run(first, number, start, end - start)
            first, start, end = number, samples.offsets[number], samples.offsets[number]
        end += samples.sizes[number]
    yield _Run(first, span.last, start, end - start)


def _joined(ordered: Sequence[tuple[int, int]]) -> list[Piece]:
    """Return ranges, those that touch as one."""
    joined: list[Range] = []
    for start, length in ordered:
        if joined and joined[-1].start + joined[-1].length == start:
            joined[-1] = Range(joined[-1].start, joined[-1].length + length)
        elif length:
            joined.append(Range(start, length))
    return list(joined)


def _moof(segment: Segment, places: dict[int, int]) -> bytes:
    trafs = [_traf(span, places) for span in segment.spans]
    return box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", segment.number + 1)), *trafs)


def _traf(span: Span, places: dict[int, int]) -> bytes:
    track = span.track
    begin = track.samples.times[span.first] - track.samples.times[track.first] + track.delay
    runs = [_trun(track, run, places[run.start]) for run in _runs(span)]
    flags = _DEFAULT_BASE_IS_MOOF | 0x20
    header = full_box(b"tfhd", 0, flags, struct.pack(">II", _id(track), _IS_KEY))
    return box(b"traf", header, full_box(b"tfdt", 1, 0, struct.pack(">Q", begin)), *runs)


def _trun(track: Track, run: _Run, place: int) -> bytes:
    samples = track.samples
    head = struct.pack(">Ii", run.last - run.first, place)
    numbers = range(run.first, run.last)
    steps = [samples.times[number + 1] - samples.times[number] for number in numbers]
    if not track.is_video:
        rows = b"".join(struct.pack(">II", step, samples.sizes[n]) for n, step in zip(numbers, steps, strict=True))
        return full_box(b"trun", 0, _TRUN_AUDIO, head, rows)
    keys = _keys_within(samples.keys, run)
    rows = b"".join(
        struct.pack(
            ">IIIi", step, samples.sizes[n], _IS_KEY if keys is None or n in keys else _IS_NO_KEY,
            samples.composition[n] if samples.composition else 0,
        )
        for n, step in zip(numbers, steps, strict=True)
    )  # fmt: skip
    return full_box(b"trun", 1, _TRUN_VIDEO, head, rows)


def _keys_within(keys: Sequence[int] | None, run: _Run) -> frozenset[int] | None:
    return None if keys is None else frozenset(keys[bisect_left(keys, run.first) : bisect_left(keys, run.last)])


def whole_file(index: Index) -> list[Piece]:
    """Write everything as one fragmented MP4 that plays progressively: a preview, when the index is cut."""
    pieces: list[Piece] = [initialisation(index)]
    for segment in plan(index):
        pieces += fragment(segment)
    return pieces


def length_of(pieces: Sequence[Piece]) -> int:
    """Return how many bytes pieces have."""
    return sum(piece.length if isinstance(piece, Range) else len(piece) for piece in pieces)


def part_of(pieces: Sequence[Piece], start: int, length: int) -> Iterator[Piece]:
    """Yield the pieces of ``length`` bytes from ``start``."""
    for piece in pieces:
        size = piece.length if isinstance(piece, Range) else len(piece)
        taken = min(size - start, length)
        if taken > 0:
            yield Range(piece.start + start, taken) if isinstance(piece, Range) else piece[start : start + taken]
            length -= taken
        start = max(0, start - size)
