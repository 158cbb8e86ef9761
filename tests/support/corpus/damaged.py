"""Films that came to harm, and headers that lie."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from support.corpus.build import (
    AAC,
    FAST_FILM,
    FILM,
    H264,
    SILENT_FILM,
    SONG,
    Recipe,
    Workshop,
    edited,
    ffmpeg,
    heard,
    remuxed,
    seen,
)
from support.corpus.case import MALFORMED, UNSUPPORTED, Output, Probed, Span, about, refused, unplayable, video
from support.corpus.ebml import with_duration
from support.corpus.iso import FTYP, box, boxes, renamed, table_of, top, with_content
from support.corpus.raw import flipped, noise

_LIE_SECONDS = 360_000
_FILM = Probed("Video", 320, 180, about(2.0), fps=25, video=("h264",), audio=("aac",))
_PICTURE = Probed("Video", 320, 180)


def _share(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def _lie(header: bytes) -> bytes:
    """Change an ``mvhd`` or ``mdhd``: ticks a second, then the duration in ticks, 32 bits each."""
    (ticks,) = struct.unpack_from(">I", header, 12)
    return header[:16] + struct.pack(">I", min(_LIE_SECONDS * ticks, 2**32 - 2)) + header[20:]


def _lie_of_track(header: bytes) -> bytes:
    """Change a ``tkhd``, which counts in the film's ticks, 1,000 a second."""
    return header[:20] + struct.pack(">I", _LIE_SECONDS * 1000) + header[24:]


def _long_lie(data: bytes) -> bytes:
    """Make every header of an MP4 say 100 hours; the sample table knows better."""
    for kind, lie in ((b"mvhd", _lie), (b"mdhd", _lie), (b"tkhd", _lie_of_track)):
        data = with_content(kind, lie)(data)
    return data


def _twice(data: bytes) -> bytes:
    return data + top(data, b"moov")


def _emptied(data: bytes) -> bytes:
    return FTYP + box(b"mdat") + top(data, b"moov")


def _fragment_alone(data: bytes) -> bytes:
    start = next(start for kind, start, _ in boxes(data) if kind == b"moof")
    return data[start:]


def _unknown_sound(data: bytes) -> bytes:
    """Rename the sample entry and the descriptor inside, which names the codec once more."""
    return renamed(b"esds", b"zzz9")(renamed(b"mp4a", b"zzz9")(data))


_MKV = Recipe("film.mkv", FILM.arguments)
_FRAGMENTS = Recipe("fragments.mp4", (*FILM.arguments, "-movflags", "frag_keyframe+empty_moov"))
_STREAM = Recipe("stream.ts", FILM.arguments)
_LONG_GOP = Recipe("gop.mp4", (*seen(), *heard(), *H264, "-g", "250", "-bf", "0", *AAC))

_FLIPPED = flipped(0.0005, 0.3, 0.7)
_SECRET = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00112233445566778899aabbccddeeff",
           "-encryption_kid", "ffeeddccbbaa99887766554433221100")  # fmt: skip


def _no_key_frames(workshop: Workshop, path: Path) -> None:
    source = ("-i", str(workshop.base(_LONG_GOP)), "-an", "-c", "copy", "-copyinkf", "-bsf:v", "noise=drop=key")
    ffmpeg(*source, str(path))


DAMAGED = (
    refused("index-missing.mp4", "cut before the index, which came last", edited(FILM, _share(0.5))),
    video("cut-in-the-middle.mp4", "cut after the index, which came first", edited(FAST_FILM, _share(0.5)), _PICTURE,
          Output(duration=Span(0.3, 2.1)), or_refused=True),
    video("cut.ts", "a stream that ends in the middle of a packet", edited(_STREAM, _share(0.5)), _PICTURE,
          Output(duration=Span(0.3, 2.1))),
    video("cut.mkv", "a Matroska file that ends in the middle of a block", edited(_MKV, _share(0.5)), _PICTURE,
          Output(duration=Span(0.3, 2.1))),
    video("begins-with-rubbish.ts", "1,000 bytes of noise before the stream",
          edited(_STREAM, lambda data: noise(1000) + data), _PICTURE),
    unplayable("chunk-offsets.mp4", "the index points behind the end",
               edited(FILM, with_content(b"stco", table_of(0x7FFFFF00, 8))), _PICTURE, MALFORMED),
    unplayable("sample-sizes.mp4", "every sample has 2 GB",
               edited(FILM, with_content(b"stsz", table_of(0x7FFFFFF0, 12))), _PICTURE, MALFORMED),
    unplayable("no-data.mp4", "an index over an empty mdat", edited(FILM, _emptied), _PICTURE, MALFORMED),
    refused("fragment-alone.m4s", "a fragment without its header", edited(_FRAGMENTS, _fragment_alone)),
    video("two-indexes.mp4", "the index twice", edited(FILM, _twice), _FILM),
    video("no-key-frames.mp4", "not one picture that stands alone", _no_key_frames, _PICTURE,
          Output(duration=Span(1.0, 2.1), has_audio=False), or_refused=True),
    video("bit-flips.mp4", "one byte in 2,000 damaged in the middle", edited(FAST_FILM, _FLIPPED), _PICTURE,
          Output(duration=about(2.0, 0.5))),
    video("bit-flips.ts", "one byte in 2,000 damaged in the middle", edited(_STREAM, _FLIPPED), _PICTURE,
          Output(duration=about(2.0, 0.5))),
    video("says-100-hours.mp4", "every header says 100 hours, the samples last 2 s", edited(FILM, _long_lie), _FILM),
    video("says-100-hours.mkv", "the header says 100 hours, the blocks last 2 s",
          edited(_MKV, lambda data: with_duration(data, _LIE_SECONDS * 1000.0)), _FILM),
    unplayable("unknown-codec.mp4", "a picture codec that nobody knows", edited(SILENT_FILM, renamed(b"avc1", b"zzz9")),
               Probed("Video", 320, 180)),
    video("unknown-sound.mp4", "a sound codec that nobody knows beside a good picture",
          edited(FILM, _unknown_sound), _PICTURE, Output(has_audio=False)),
    unplayable("encrypted.mp4", "a film under a key that nobody gave", remuxed(SILENT_FILM, *_SECRET), _PICTURE,
               UNSUPPORTED),
    unplayable("sound-called-picture.mp4", "a sound track whose handler says picture",
               edited(SONG, with_content(b"hdlr", lambda content: content.replace(b"soun", b"vide"))),
               Probed("Audio", audio=("aac",))),
)  # fmt: skip
