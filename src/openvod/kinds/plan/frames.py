"""The frames that a reviewer looks at."""

from __future__ import annotations

from openvod.kinds.plan.geometry import fit
from openvod.kinds.plan.graph import Output, Picture, build_command
from openvod.kinds.plan.model import Item, Job, Share, Source, WorkClass
from openvod.review.model import legacy_interval, sample_times, sampling_interval

#: Long side in pixels of a reviewer's frames; models use smaller pictures still.
_REVIEW_SIDE = 640


def frames_job(item: Item, source: Source, interval: float | None) -> Job:
    """Plan the frames of one review, ``interval`` seconds apart, by default growing with the duration."""
    source.require_video()
    asked = interval or legacy_interval(source.picture_duration)
    count = len(sample_times(source.picture_duration, asked))
    every = sampling_interval(source.picture_duration, asked)
    frame = fit((source.width, source.height), _REVIEW_SIDE, 0, adaptive=True)
    picture = Picture(frame, every=every, count=count, pixel_format="yuvj420p")
    name = f"{item.number}/frames/%06d.jpg"
    options = ("-fps_mode", "passthrough", "-f", "image2", "-start_number", "0", "-c:v", "mjpeg", "-q:v", "3", name)
    key_frames = source.require_video().key_frame_seconds
    sparse = ("-skip_frame", "nokey") if 0 < key_frames <= every else ()
    command, assets = build_command(source, [Output((picture,), False, options)], input_options=sparse)
    share = Share(item.number, item.kind, item.input.definition, {"interval": every, "count": count})
    return Job(f"review-{item.number}", WorkClass.REVIEW, (share,), (command,), assets)
