"""The values of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from openvod.kinds.failure import Failure
from openvod.kinds.names import TemplateKind
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.kinds.templates import Template

#: Placeholder of the source's path in a command.
SOURCE = "{source}"

#: Seconds of a gap that players skip; they treat a longer one as a slow network.
_HELD_SECONDS = 0.25

Lookup = Callable[[TemplateKind, int], Template | None]


class KindName(StrEnum):
    """The name of a kind; the names are the members of :class:`openvod.kinds.registry.SubTaskKind`."""


class WorkClass(StrEnum):
    """A job's demand on the machine; each class has its own limit of concurrent jobs."""

    LIGHT = "light"
    ENCODE = "encode"
    REVIEW = "review"


@dataclass(frozen=True)
class Asset:
    """A small file that a command reads: ``kind`` is text, svg or image (a stored picture)."""

    name: str
    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """One run of FFmpeg in the job's folder; ``seconds`` of media pass through it, for progress."""

    arguments: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Share:
    """One sub-task's part of a job; its files are in the folder ``str(number)``.

    ``facts`` holds data that the result needs: times of pictures, rungs of a ladder.
    """

    number: int
    kind: KindName
    definition: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """Commands that run one after another and serve one or more sub-tasks."""

    name: str
    work: WorkClass
    shares: tuple[Share, ...]
    commands: tuple[Command, ...]
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Jobs in the order to run, and failures by the number of their sub-task."""

    jobs: tuple[Job, ...]
    failures: Mapping[int, Failure]


@dataclass(frozen=True)
class Item:
    """A sub-task to plan; ``input`` is one of its kind's model.

    After a failure, ``separate`` gives it a process of its own and ``thrifty`` one that needs less memory.
    """

    number: int
    kind: KindName
    input: Any
    separate: bool = False
    thrifty: bool = False


@dataclass(frozen=True)
class Limits:
    """Limits of a source; one beyond them is refused before it is decoded."""

    pixels: int = 8192 * 8192
    seconds: float = 24 * 3600.0
    frame_rate: int = 240


@dataclass(frozen=True)
class Encoder:
    """How to encode: x264's preset; ``thrifty`` trades speed for memory after a job ran out of it."""

    preset: str = "veryfast"
    thrifty: bool = False


@dataclass(frozen=True)
class Source:
    """The file to process, with its probe result."""

    file_id: str
    probe: ProbeResult
    #: Probes and paths of head and tail clips by ``FileId``.
    clips: Mapping[str, Clip] = field(default_factory=dict)

    @property
    def video(self) -> VideoStream | None:
        """The video stream to process."""
        return self.probe.video_streams[0] if self.probe.video_streams else None

    @property
    def audio(self) -> AudioStream | None:
        """The audio stream to process."""
        return self.probe.heard

    @property
    def duration(self) -> float:
        """The duration in seconds."""
        return self.probe.duration

    @property
    def picture_duration(self) -> float:
        """Seconds with video; when audio is longer, the last picture is repeated to its end."""
        if self.held:
            return self.probe.duration
        return self.probe.video_duration or self.probe.duration

    @property
    def held(self) -> bool:
        """Whether audio continues so long after the last picture that players would stall."""
        video = self.video
        known = video is not None and video.seconds > 0 and bool(self.probe.audio_streams)
        return known and video is not None and self.probe.duration - video.seconds > _HELD_SECONDS

    @property
    def width(self) -> int:
        """Width as displayed: after rotation, in square pixels."""
        return self._display()[0]

    @property
    def height(self) -> int:
        """Height as displayed: after rotation, in square pixels."""
        return self._display()[1]

    def _display(self) -> tuple[int, int]:
        video = self.video
        if video is None:
            return 0, 0
        width = max(1, round(video.width * video.pixel_aspect))
        return (video.height, width) if self.probe.rotate in (90, 270) else (width, video.height)

    def require_film(self) -> VideoStream:
        """As :meth:`require_video`; refuse a still picture (``SourceFileError.ContentUnsupported``)."""
        video = self.require_video()
        if self.probe.category == "Image":
            raise Failure("SourceFileError.ContentUnsupported", "the file is a still picture; a video is required")
        return video

    def require_video(self) -> VideoStream:
        """Return the video stream; :class:`Failure` ``SourceFileError.NoVideoMedia`` without one."""
        if self.video is None:
            raise Failure("SourceFileError.NoVideoMedia", "the file has no video stream; one is required")
        if not self.video.width or not self.video.height:
            raise Failure("SourceFileError.NoVideoResolution", "the size of the file's pictures is unknown")
        return self.video


@dataclass(frozen=True)
class Clip:
    """A head or tail clip: where it is stored, and its probe."""

    bucket: str
    key: str
    probe: ProbeResult
