"""Where a file's samples lie, and why some files are not packaged."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from openvod.base.errors import NotFound


class PlayState(StrEnum):
    """What of a file can be played now.

    ``ladder``: its adaptive stream is finished. ``instant``: its own bytes are packaged on request. ``rendition``: one
    of its transcodes is finished. ``progressive``: browsers likely play the file itself. ``waiting``: only what
    processing makes of it will play.
    """

    LADDER = "ladder"
    INSTANT = "instant"
    RENDITION = "rendition"
    PROGRESSIVE = "progressive"
    WAITING = "waiting"


def not_packaged(reason: str, state: PlayState = PlayState.WAITING) -> NotFound:
    """Return the error for a file that is not packaged; ``details["state"]`` says what plays instead."""
    instead = "play the file itself" if state is PlayState.PROGRESSIVE else "play what a task flow makes of it"
    return NotFound("playback.not_packaged", f"{reason}; {instead}", state=state.value, reason=reason)


class Range(NamedTuple):
    """Bytes of the stored original."""

    start: int
    length: int


#: What an answer consists of: bytes of ours, and ranges of the original.
Piece = bytes | Range


@dataclass(frozen=True)
class Samples:
    """A track's samples in decode order; times in units of its timescale, ``composition`` 0 everywhere when empty.

    ``keys`` are the numbers of samples that decode without others, ``None`` when all do. ``times`` has one entry more
    than there are samples: the end of the last.
    """

    times: array[int]
    composition: array[int]
    sizes: array[int]
    offsets: array[int]
    keys: array[int] | None

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True)
class Track:
    """A track. ``entry`` is its sample description as a box; ``matrix`` how the picture is turned.

    A sample is presented at ``time + composition - skipped + delay``; samples are used from ``first`` up to ``last``.
    """

    is_video: bool
    timescale: int
    entry: bytes
    codec: str
    samples: Samples
    first: int
    last: int
    skipped: int = 0
    delay: int = 0
    matrix: bytes = b""
    width: int = 0
    height: int = 0

    def presented(self, number: int) -> int:
        """Return when a sample is presented, in units of the timescale."""
        composition = self.samples.composition[number] if self.samples.composition else 0
        return self.samples.times[number] + composition - self.skipped + self.delay

    def seconds(self, number: int) -> float:
        """Return when a sample is presented."""
        return self.presented(number) / self.timescale

    @property
    def begin(self) -> float:
        """The first moment of the track, in seconds."""
        return max(0.0, self.seconds(self.first))

    @property
    def end(self) -> float:
        """The last moment of the track, in seconds."""
        times = self.samples.times
        last = max(range(max(self.first, self.last - 32), self.last), key=self.presented)
        return (self.presented(last) + times[last + 1] - times[last]) / self.timescale


@dataclass(frozen=True)
class Index:
    """Everything that packaging needs to know of a file of ``size`` bytes: its picture, its sound, or both."""

    size: int
    video: Track | None
    audio: Track | None

    @property
    def tracks(self) -> Sequence[Track]:
        """The tracks that are there, the picture first."""
        return [track for track in (self.video, self.audio) if track]

    @property
    def lead(self) -> Track:
        """The track that says where segments begin."""
        return self.tracks[0]

    @property
    def duration(self) -> float:
        """Seconds from the first moment to the last."""
        return max(track.end for track in self.tracks)

    @property
    def weight(self) -> int:
        """How much memory it takes, in samples."""
        return sum(len(track.samples) for track in self.tracks)


def first_seconds(index: Index, seconds: float) -> Index:
    """Return the index of a preview: what is presented before ``seconds``, and not one sample more."""
    return replace(
        index,
        video=_cut(index.video, seconds) if index.video else None,
        audio=_cut(index.audio, seconds) if index.audio else None,
    )


def _cut(track: Track, seconds: float) -> Track | None:
    """Cut in decode order: no later sample is presented before the limit."""
    limit = seconds * track.timescale
    last = track.last
    while last > track.first and track.presented(last - 1) >= limit:
        last -= 1
    return replace(track, last=last) if last > track.first else None
