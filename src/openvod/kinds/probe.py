"""The result of a probe, and its wire form (``events.md`` 4.1, MediaMetaData)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class VideoStream:
    """A video stream: ``bitrate`` in bit/s, pixels as stored, before rotation; ``dynamic_range`` "", hdr10 or hlg.

    ``index`` is the stream's index in the file, ``frame_rate`` the exact rate during motion (``fps`` is the mean), 0
    when unknown; ``pixel_aspect`` the aspect ratio of a pixel (1 = square); ``key_frame_seconds`` the longest interval
    between key frames, 0 when the container has no index; ``key_frame_grid`` their interval when it is constant from
    the file's beginning, else 0; ``codec_string`` the name that players compare (RFC 6381).

    Stored in the container, not in packets: ``mirrored`` by the display matrix, ``hidden`` frames that an edit list
    skips, and ``seconds`` from the first picture to the end of the last, 0 when unknown.
    """

    bitrate: int
    height: int
    width: int
    codec: str
    fps: int
    codec_tag: str = ""
    dynamic_range: str = ""
    index: int = 0
    frame_rate: float = 0.0
    pixel_format: str = ""
    pixel_aspect: float = 1.0
    interlaced: bool = False
    key_frame_seconds: float = 0.0
    codec_string: str = ""
    key_frame_grid: float = 0.0
    mirrored: bool = False
    hidden: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class AudioStream:
    """An audio stream: ``bitrate`` in bit/s, ``sampling_rate`` in Hz; ``profile`` such as ``LC``.

    ``default``: the container marks it as the default. ``hidden``: an edit list skips more of it than the decoder's
    priming samples.
    """

    bitrate: int
    sampling_rate: int
    codec: str
    index: int = 0
    channels: int = 0
    profile: str = ""
    codec_string: str = ""
    default: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class ProbeResult:
    """A file's streams. Durations in seconds, ``size`` in bytes, ``rotate`` in degrees clockwise.

    ``encrypted``: the packets are encrypted, and the platform has no key to decode them.
    """

    size: int
    container: str
    bitrate: int
    width: int
    height: int
    duration: float
    rotate: int
    video_duration: float
    audio_duration: float
    category: str
    video_streams: tuple[VideoStream, ...] = ()
    audio_streams: tuple[AudioStream, ...] = ()
    encrypted: bool = False

    @property
    def heard(self) -> AudioStream | None:
        """The audio stream that players choose: the container's default, else the first."""
        streams = self.audio_streams
        return next((stream for stream in streams if stream.default), streams[0] if streams else None)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ProbeResult:
        """Rebuild from :meth:`to_json`."""
        fields = dict(plain)
        # Results of older probes have no ``hidden``: assume an edit list, so that the stream is not copied.
        fields["video_streams"] = tuple(VideoStream(**{"hidden": True, **s}) for s in fields["video_streams"])
        fields["audio_streams"] = tuple(AudioStream(**{"hidden": True, **s}) for s in fields["audio_streams"])
        return cls(**fields)


class Prober(Protocol):
    """Probes untrusted files."""

    async def probe(self, path: str) -> ProbeResult:
        """Probe a file.

        Raises ``Invalid("media.malformed")`` for a file that is not media, ``Unavailable("media.probe_timeout")`` and
        ``Unavailable("media.probe_failed")`` when the probe did not finish.
        """
        ...


def media_metadata(probe: ProbeResult) -> dict[str, Any]:
    """Return ``MediaMetaData``; integers stay integers for clients that parse strictly."""
    return {
        "Size": probe.size,
        "Container": probe.container,
        "Bitrate": probe.bitrate,
        "Height": probe.height,
        "Width": probe.width,
        "Duration": probe.duration,
        "Rotate": probe.rotate,
        "VideoDuration": probe.video_duration,
        "AudioDuration": probe.audio_duration,
        "Md5": "",
        "VideoStreamSet": [_video_item(stream) for stream in probe.video_streams],
        "AudioStreamSet": [
            {"Bitrate": s.bitrate, "SamplingRate": s.sampling_rate, "Codec": s.codec} for s in probe.audio_streams
        ],
    }


def _video_item(stream: VideoStream) -> dict[str, Any]:
    return {
        "Bitrate": stream.bitrate,
        "Height": stream.height,
        "Width": stream.width,
        "Codec": stream.codec,
        "Fps": stream.fps,
        "CodecTag": stream.codec_tag,
        "DynamicRangeInfo": {"Type": "HDR" if stream.dynamic_range else "SDR", "HDRType": stream.dynamic_range},
    }
