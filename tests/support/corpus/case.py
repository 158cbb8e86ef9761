"""What a case of the media corpus is: a file, how it comes about, and what its uploader may expect of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from openvod.kinds.probe import ProbeResult

if TYPE_CHECKING:
    from support.corpus.build import Workshop

Build = Callable[["Workshop", Path], None]
Category = Literal["Video", "Audio", "Image"]
Corner = Literal["", "top left", "top right", "bottom left", "bottom right"]

OK = "ok"
#: Any code below it will do, too: what counts is that the source is named as the cause.
ANY_SOURCE_ERROR = "SourceFileError"
MALFORMED = "SourceFileError.ContentMalformed"
UNSUPPORTED = "SourceFileError.ContentUnsupported"
NO_VIDEO = "SourceFileError.NoVideoMedia"


@dataclass(frozen=True)
class Span:
    """Seconds, both ends included."""

    low: float
    high: float

    def __contains__(self, seconds: float) -> bool:
        return self.low <= seconds <= self.high

    def __str__(self) -> str:
        middle = (self.low + self.high) / 2
        return f"{middle:g} s" if self.high - self.low <= 1 else f"{self.low:g}..{self.high:g} s"


def about(seconds: float, tolerance: float = 0.15) -> Span:
    """Return the span around a duration; audio frames and edit lists cost a few hundredths of a second."""
    return Span(seconds - tolerance, seconds + tolerance)


TWO_SECONDS = about(2.0)


@dataclass(frozen=True)
class Probed:
    """The probe's answer. What is ``None`` is not asserted; ``width`` and ``height`` are those of the coded picture."""

    category: Category
    width: int | None = None
    height: int | None = None
    duration: Span | None = None
    rotate: int = 0
    hdr: str = ""
    fps: int | None = None
    video: tuple[str, ...] | None = None
    audio: tuple[str, ...] | None = None
    sampling_rate: int | None = None
    channels: int | None = None
    interlaced: bool | None = None
    pixel_aspect: float | None = None

    def differences(self, found: ProbeResult) -> list[str]:
        """Return what differs, in words."""
        wrong = [
            f"{name} is {seen!r}, not {want!r}"
            for name, seen in _facts(found).items()
            if (want := getattr(self, name)) is not None and want != seen
        ]
        if self.duration is not None and found.duration not in self.duration:
            wrong.append(f"duration is {found.duration:g} s, not {self.duration}")
        return wrong

    def __str__(self) -> str:
        size = f"{self.width}x{self.height}" if self.width else ""
        rotate = f"rotate {self.rotate}" if self.rotate else ""
        fps = "" if self.fps is None else f"{self.fps} fps"
        duration = str(self.duration or "")
        return " ".join(word for word in (self.category, size, rotate, self.hdr, fps, duration) if word)


def _facts(found: ProbeResult) -> dict[str, object]:
    return {
        "category": found.category,
        "width": found.width,
        "height": found.height,
        "rotate": found.rotate,
        "hdr": next((s.dynamic_range for s in found.video_streams), ""),
        "fps": next((s.fps for s in found.video_streams), 0),
        "video": tuple(s.codec for s in found.video_streams),
        "audio": tuple(s.codec for s in found.audio_streams),
        "sampling_rate": next((s.sampling_rate for s in found.audio_streams), 0),
        "channels": next((s.channels for s in found.audio_streams), 0),
        "interlaced": any(s.interlaced for s in found.video_streams),
        "pixel_aspect": next((s.pixel_aspect for s in found.video_streams), 1.0),
    }


@dataclass(frozen=True)
class Refused:
    """The probe's refusal, by its code."""

    code: str = "media.malformed"

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True)
class Output:
    """What decoding the rendition (template 100010: H.264 MP4, 360 pixels high, never larger than the source) finds.

    ``width`` and ``height`` are pixels as displayed: after rotation and with square pixels; two off is allowed, for
    4:2:0 needs even sizes. ``bright`` is the corner of the displayed picture that shows the white patch. Every
    rendition is 8-bit 4:2:0 of limited range, turned upright, and claims no HDR: that is what plays everywhere.
    """

    width: int = 320
    height: int = 180
    duration: Span = TWO_SECONDS
    has_video: bool = True
    has_audio: bool = True
    bright: Corner = ""


_FILM = Output()


@dataclass(frozen=True)
class Case:
    """One file. ``name`` is its file name, ``build`` writes it.

    ``probe`` is the right answer of the probe. ``flow`` is the outcome of a transcode (``"ok"`` or an ``ErrCodeExt``),
    with ``output`` what it must have made, and ``snapshot`` that of a snapshot at time 0; ask :meth:`accepts`. Where
    ``or_refused`` is set, a clear refusal does the uploader the same service, of the probe as of the flow. ``heavy``
    cases take seconds rather than fractions of one.
    """

    name: str
    why: str
    build: Build
    probe: Probed | Refused
    flow: str
    snapshot: str
    output: Output | None = None
    or_refused: bool = False
    heavy: bool = False

    @property
    def expected(self) -> str:
        """The expectation of the probe, as the table shows it."""
        return f"{self.probe} or {Refused()}" if self.or_refused else str(self.probe)

    def accepts(self, expected: str, got: str) -> bool:
        """Tell whether an outcome is the expected one (:attr:`flow`, :attr:`snapshot`) or as good.

        Codes are a hierarchy: ``SourceFileError`` accepts what begins with it.
        """
        if self.or_refused and expected == OK and _is_below(ANY_SOURCE_ERROR, got):
            return True
        return _is_below(expected, got)


def _is_below(code: str, got: str) -> bool:
    return got == code or got.startswith(f"{code}.")


def video(
    name: str, why: str, build: Build, probe: Probed, output: Output = _FILM, *,
    or_refused: bool = False, heavy: bool = False,
) -> Case:  # fmt: skip
    """Return a case that plays."""
    return Case(name, why, build, probe, OK, OK, output, or_refused, heavy)


def sound(name: str, why: str, build: Build, probe: Probed) -> Case:
    """Return a case that is heard: an H.264 rendition and a snapshot need a picture that it does not have."""
    return Case(name, why, build, probe, NO_VIDEO, NO_VIDEO)


def picture(name: str, why: str, build: Build, probe: Probed) -> Case:
    """Return a case that is looked at: no film can be made of it, but a snapshot can."""
    return Case(name, why, build, probe, ANY_SOURCE_ERROR, OK)


def refused(name: str, why: str, build: Build) -> Case:
    """Return a case that is no media."""
    return Case(name, why, build, Refused(), MALFORMED, MALFORMED)


def unplayable(
    name: str, why: str, build: Build, probe: Probed, flow: str = ANY_SOURCE_ERROR, *, heavy: bool = False
) -> Case:
    """Return a case whose header may be read but whose content cannot: the flow must say so."""
    return Case(name, why, build, probe, flow, flow, or_refused=True, heavy=heavy)
