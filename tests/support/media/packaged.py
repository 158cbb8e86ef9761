"""Clips, what the platform packages of them, and what a real decoder finds in both."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from openvod.playback.index import first_wanted, next_wanted, read_index
from openvod.playback.model import Index, Piece, Range
from openvod.playback.segments import fragment, initialisation, plan
from support.corpus.build import ffmpeg


def movie_of(data: bytes) -> bytes:
    """Return the content of the movie box, found as the service finds it."""
    wanted, hops = first_wanted(len(data)), 0
    while not wanted.whole:
        hops += 1
        wanted = next_wanted(len(data), wanted, data[wanted.start : wanted.start + wanted.length], hops)
    return data[wanted.start : wanted.start + wanted.length]


def index_of(data: bytes) -> Index:
    """Read the index of a file in memory."""
    return read_index(movie_of(data), len(data))


def filled(pieces: Sequence[Piece], data: bytes) -> bytes:
    """Put the original's bytes into pieces."""
    return b"".join(data[p.start : p.start + p.length] if isinstance(p, Range) else p for p in pieces)


def packaged(data: bytes) -> bytes:
    """Return everything that a player would load, one after another."""
    index = index_of(data)
    return initialisation(index) + b"".join(filled(fragment(segment), data) for segment in plan(index))


class Frame(NamedTuple):
    """A decoded frame: when it is presented, and what it shows."""

    time: Fraction
    digest: str


def frames(data: bytes, kind: str = "video") -> list[Frame]:
    """Decode a file's pictures or sound."""
    found = []
    with av.open(io.BytesIO(data), "r") as container:
        streams = container.streams.video if kind == "video" else container.streams.audio
        for frame in container.decode(streams[0]):
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            assert frame.pts is not None
            assert frame.time_base is not None
            digest = hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()
            found.append(Frame(frame.pts * frame.time_base, digest))
    return found


def clip(path: Path, *arguments: str) -> bytes:
    """Make a clip with FFmpeg and return its bytes."""
    ffmpeg(*arguments, str(path))
    return path.read_bytes()
