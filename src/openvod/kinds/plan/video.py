"""Outputs that share one pass over a video."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openvod.kinds.failure import Failure
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.geometry import Fill, Frame, fit
from openvod.kinds.plan.graph import ClipRange, Output
from openvod.kinds.plan.model import Lookup, Share, Source
from openvod.kinds.streams import VideoTemplate


@dataclass(frozen=True)
class VideoWork:
    """One sub-task's part of a pass: outputs over ``clip``, and head and tail clips with their padding."""

    share: Share
    outputs: tuple[Output, ...]
    clip: ClipRange = field(default_factory=ClipRange)
    heads: tuple[tuple[str, Fill], ...] = ()
    tails: tuple[tuple[str, Fill], ...] = ()

    @property
    def decodes(self) -> bool:
        """True when the work needs decoded frames."""
        return any(picture is not None for output in self.outputs for picture in output.videos)


def find(lookup: Lookup, kind: TemplateKind, definition: int) -> Any:
    """Return a template's body; :class:`Failure` ``InvalidInput.DefinitionNotExist``."""
    template = lookup(kind, definition)
    if template is None:
        raise Failure(
            "InvalidInput.DefinitionNotExist",
            f"{kind.value} template {definition} does not exist in this application; create it or choose another",
        )
    return template.body


def video_frame(video: VideoTemplate, source: Source) -> Frame:
    """Return the size of a template's pictures and the placement of the source in it."""
    stream = source.require_video()
    if video.codec == "copy":
        return Frame(stream.width, stream.height, stream.width, stream.height)
    return fit(
        (source.width, source.height), video.width, video.height,
        adaptive=video.resolution_adaptive == "open", fill=video.fill_type,
    )  # fmt: skip


def hls_arguments(stem: str, name: str, seconds: float, *, fragmented: bool) -> list[str]:
    """Return the options of one HLS output: playlist ``stem.m3u8`` with its segments beside it."""
    options = ["-f", "hls", "-hls_time", f"{seconds:g}", "-hls_playlist_type", "vod",
               "-hls_flags", "independent_segments"]  # fmt: skip
    if fragmented:
        options += ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"{name}_init.mp4"]
    suffix = "m4s" if fragmented else "ts"
    return [*options, "-hls_segment_filename", f"{stem}_%d.{suffix}", f"{stem}.m3u8"]
