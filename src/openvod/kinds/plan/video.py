"""Plans of transcodes and adaptive streams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openvod.base.errors import Invalid
from openvod.base.wire import merged, read_wire
from openvod.kinds.plan.encoding import (
    AudioEncoding,
    VideoEncoding,
    audio_arguments,
    audio_encoding,
    check_container,
    fits,
    remuxed,
    steady_fps,
    video_arguments,
    video_encoding,
)
from openvod.kinds.plan.geometry import Fill, Frame, fit
from openvod.kinds.plan.graph import ClipRange, Output, Picture
from openvod.kinds.plan.marks import read_marks, read_mosaics
from openvod.kinds.plan.model import Encoder, Item, Lookup, Share, Source
from openvod.tasks.model import AdaptiveInput, Failure, TranscodeInput, clip_range
from openvod.tasks.templates import (
    AdaptiveTemplate,
    StreamInfo,
    TemplateKind,
    TranscodeTemplate,
    VideoTemplate,
)

_MUXERS = {"mp4": "mp4", "flv": "flv", "mp3": "mp3", "flac": "flac", "ogg": "ogg", "m4a": "ipod", "wav": "wav"}
_HLS_SECONDS = 10.0
#: Rungs of a ladder follow the frames of the source's key frames when its own stream is one of them.
_COPIED_GOP = 100_000
#: Where the clock of a ladder's files begins, in seconds. A muxer moves what would begin before zero, each file by the
#: reordering of its own frames; so far from zero none is moved, and picture and sound stay together.
_LADDER_START = "1"


@dataclass(frozen=True)
class VideoWork:
    """What one sub-task adds to a job: outputs of one pass over ``clip``, and films around it with their fills."""

    share: Share
    outputs: tuple[Output, ...]
    clip: ClipRange = field(default_factory=ClipRange)
    heads: tuple[tuple[str, Fill], ...] = ()
    tails: tuple[tuple[str, Fill], ...] = ()

    @property
    def decodes(self) -> bool:
        """True when frames are needed, not only packets."""
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


def plan_transcode(item: Item, source: Source, lookup: Lookup, encoder: Encoder) -> VideoWork:
    """Plan one transcode."""
    wanted: TranscodeInput = item.input
    asked = _overridden(find(lookup, TemplateKind.TRANSCODE, wanted.definition), wanted)
    # A copy that failed once is not tried again.
    template = remuxed(asked, source, copyable=not item.separate)
    clip = _clip(wanted, source)
    heads, tails = _clips(wanted, source, lookup)
    seconds = _seconds(clip, source, (*heads, *tails))
    marks = read_marks(wanted.watermark_set, lookup, seconds, still=False)
    mosaics = read_mosaics(wanted.mosaic_set, seconds)
    video = None if template.audio_only else template.video_template
    if video:
        source.require_film()
    audio = None if template.remove_audio else template.audio_template
    check_container(template.container, video, audio, source)
    # Cutting and drawing need frames; a copied stream could only be cut at its key frames.
    untouched = clip == ClipRange() and not marks and not mosaics and not wanted.head_tail_set
    if video and asked.video_template and asked.video_template.codec == "copy" and not untouched:
        raise Failure("InvalidInput.ConfigurationUnsupported", "a remux can neither be cut nor drawn upon")
    copyable = untouched and not item.separate
    sound = audio_encoding(audio, source, copyable=copyable) if audio else None
    if video is None and sound is None:
        raise Failure("SourceFileError.ContentUnsupported", "the file has no audio stream; this makes audio only")
    picture, options = None, list[str]()
    if video:
        frame = _frame(video, source)
        encoding = video_encoding(video, source, frame, tehd=template.tehd_config, copyable=copyable)
        # The tag is one of ISO media; the muxer of FLV refuses it.
        encoding = replace(encoding, tag="") if template.container == "flv" else encoding
        # What the sound outlasts is held by repeating it, which needs a rate.
        held = source.held and sound is not None
        picture = _picture(encoding, frame, source, steady=held or template.container in ("hls", "flv"))
        picture = replace(picture, hold=seconds if held else 0.0) if picture else None
        picture = replace(picture, marks=marks, mosaics=mosaics) if picture else None
        options = video_arguments(_with_gop(encoding, picture, template), encoder)
    options += audio_arguments(sound) if sound else []
    videos = (picture,) if video else ()
    options += _file(template, item.number, wanted.definition)
    facts = {"container": template.container, "copied": bool(video) and picture is None}
    share = Share(item.number, item.kind, wanted.definition, facts)
    return VideoWork(share, (Output(videos, sound is not None, tuple(options)),), clip, heads, tails)


def _overridden(template: TranscodeTemplate, wanted: TranscodeInput) -> TranscodeTemplate:
    """Replace members of the template by those of ``OverrideParameter``, nested ones member by member."""
    if not wanted.override_parameter:
        return template
    try:
        return read_wire(TranscodeTemplate, merged(template.to_wire(), wanted.override_parameter), "template.field")
    except Invalid as error:
        raise Failure("InvalidInput", f"OverrideParameter: {error.message}") from error


def _clip(wanted: TranscodeInput, source: Source) -> ClipRange:
    if not wanted.start_time_offset and not wanted.end_time_offset:
        return ClipRange()
    start, end = clip_range(wanted.start_time_offset, wanted.end_time_offset, source.duration)
    return ClipRange(start, end)


def _seconds(clip: ClipRange, source: Source, around: Sequence[tuple[str, Fill]]) -> float:
    """Return how long the result is: marks and mosaics count from its beginning or its end."""
    end = source.duration if clip.end is None else clip.end
    return end - clip.start + sum(source.clips[file_id].probe.duration for file_id, _ in around)


def _clips(
    wanted: TranscodeInput, source: Source, lookup: Lookup
) -> tuple[tuple[tuple[str, Fill], ...], tuple[tuple[str, Fill], ...]]:
    """Choose of each head-tail template the clips whose shape is nearest to the source's."""
    heads, tails = list[tuple[str, Fill]](), list[tuple[str, Fill]]()
    for item in wanted.head_tail_set:
        template = find(lookup, TemplateKind.HEAD_TAIL, item.definition)
        heads += [(file_id, template.fill_type) for file_id in _nearest(template.head_candidate_set, source)]
        tails += [(file_id, template.fill_type) for file_id in _nearest(template.tail_candidate_set, source)]
    return tuple(heads), tuple(tails)


def _nearest(candidates: Sequence[str], source: Source) -> list[str]:
    if not candidates:
        return []
    missing = [file_id for file_id in candidates if file_id not in source.clips]
    if missing:
        raise Failure("InvalidInput", f"head or tail clip {missing[0]} does not exist or has no pictures")

    def distance(file_id: str) -> float:
        clip = source.clips[file_id].probe
        return abs(math.log((clip.width / clip.height) / (source.width / source.height)))

    return [min(candidates, key=distance)]


def _frame(video: VideoTemplate, source: Source) -> Frame:
    stream = source.require_video()
    if video.codec == "copy":
        return Frame(stream.width, stream.height, stream.width, stream.height)
    return fit(
        (source.width, source.height), video.width, video.height,
        adaptive=video.resolution_adaptive == "open", fill=video.fill_type,
    )  # fmt: skip


def _picture(encoding: VideoEncoding, frame: Frame, source: Source, *, steady: bool) -> Picture | None:
    if encoding.copy:
        return None
    stream = source.require_video()
    fps = steady_fps(encoding.fps, stream) if steady or encoding.fps else 0.0
    return Picture(frame, fps=fps, pixel_format=encoding.pixel_format, hdr=bool(encoding.hdr))


def _with_gop(encoding: VideoEncoding, picture: Picture | None, template: TranscodeTemplate) -> VideoEncoding:
    """Segments are cut at key frames: an HLS transcode has one at least every segment."""
    if picture is None or template.container != "hls":
        return encoding
    longest = math.ceil(picture.fps * _hls_seconds(template) - 1e-6)
    return replace(encoding, gop=min(encoding.gop or longest, longest))


def _hls_seconds(template: TranscodeTemplate) -> float:
    return (template.video_template.hls_time if template.video_template else 0) or _HLS_SECONDS


def _file(template: TranscodeTemplate, number: int, definition: int) -> list[str]:
    stem = f"{number}/v.f{definition}"
    if template.container == "hls":
        fragmented = template.segment_type == "fmp4"
        return hls_arguments(stem, f"v.f{definition}", _hls_seconds(template), fragmented=fragmented)
    flags = ["-movflags", "+faststart"] if template.container in ("mp4", "m4a") else []
    return [*flags, "-f", _MUXERS[template.container], f"{stem}.{template.container}"]


def hls_arguments(stem: str, name: str, seconds: float, *, fragmented: bool) -> list[str]:
    """Options of one HLS output: playlist ``stem.m3u8`` and its segments beside it."""
    options = ["-f", "hls", "-hls_time", f"{seconds:g}", "-hls_playlist_type", "vod",
               "-hls_flags", "independent_segments"]  # fmt: skip
    if fragmented:
        options += ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"{name}_init.mp4"]
    suffix = "m4s" if fragmented else "ts"
    return [*options, "-hls_segment_filename", f"{stem}_%d.{suffix}", f"{stem}.m3u8"]


@dataclass(frozen=True)
class _Rung:
    """One rung with its decisions."""

    encoding: VideoEncoding
    picture: Picture | None
    frame: Frame


def plan_adaptive(item: Item, source: Source, lookup: Lookup, encoder: Encoder) -> VideoWork:
    """Plan one adaptive stream: rungs by size, sound as a rendition of its own so that it is encoded once."""
    wanted: AdaptiveInput = item.input
    template: AdaptiveTemplate = find(lookup, TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, wanted.definition)
    marks = read_marks(wanted.watermark_set, lookup, source.duration, still=False)
    if template.drm_type and template.format != "HLS":
        raise Failure("InvalidInput.ConfigurationUnsupported", f"DrmType {template.drm_type} needs Format HLS")
    infos = _kept([info for info in template.stream_infos if not info.remove_video], source, template)
    rungs = _rungs(infos, source, template, copyable=not marks and not item.separate)
    sound = next((audio_encoding(i.audio, source, copyable=not item.separate)
                  for i in template.stream_infos if not i.remove_audio), None)  # fmt: skip
    hold = source.duration if source.held and sound else 0.0
    rungs = [replace(r, picture=replace(r.picture, marks=marks, hold=hold)) if r.picture else r for r in rungs]
    facts = {
        "format": template.format,
        "drm": template.drm_type,
        "rungs": [{"width": r.frame.width, "height": r.frame.height, "fps": _shown_fps(r, source)} for r in rungs],
        "audio": sound is not None,
    }
    share = Share(item.number, item.kind, wanted.definition, facts)
    if template.format == "HLS":
        outputs = _hls_outputs(item.number, wanted.definition, template, rungs, sound, encoder)
    else:
        outputs = (_dash_output(item.number, wanted.definition, template, rungs, sound, encoder),)
    return VideoWork(share, outputs)


def _shown_fps(rung: _Rung, source: Source) -> float:
    return round((rung.picture.fps if rung.picture else 0.0) or source.require_video().frame_rate, 3)


def _kept(infos: Sequence[StreamInfo], source: Source, template: AdaptiveTemplate) -> list[StreamInfo]:
    """Leave out rungs above the source; keep at least one ([P] 4.3)."""
    source.require_film()
    if not infos:
        raise Failure("InvalidInput.ConfigurationUnsupported", "every stream of the template has RemoveVideo")
    short = min(source.width, source.height)

    def size(info: StreamInfo) -> int:
        sides = [side for side in (info.video.width, info.video.height) if side]
        return min(sides, default=short)

    ordered = sorted(infos, key=lambda info: (size(info), info.video.bitrate))
    kept = [info for info in ordered if size(info) <= short]
    above = [info for info in ordered if size(info) > short]
    # Where the template does not forbid it, the source's own size becomes the top when no rung is near it.
    if above and (not kept or (not template.disable_higher_video_resolution and size(kept[-1]) < 0.9 * short)):
        kept.append(above[0])
    return kept


def _rungs(infos: Sequence[StreamInfo], source: Source, template: AdaptiveTemplate, *, copyable: bool) -> list[_Rung]:
    """Decide every rung; the top one is copied when the source fits it, and then sets frame rate and key frames."""
    stream = source.require_video()
    ceiling = (stream.bitrate or source.probe.bitrate) // 1000 if template.disable_higher_video_bitrate else 0
    frames = [_frame(info.video, source) for info in infos]
    plain = [video_encoding(i.video, source, f, copyable=False) for i, f in zip(infos, frames, strict=True)]
    copied = copyable and fits(stream, source, infos[-1].video, frames[-1], plain[-1])
    fps = 0.0 if copied else steady_fps(plain[0].fps, stream)
    gop = _COPIED_GOP if copied else math.ceil(fps * template.segment_duration - 1e-6)
    rungs = []
    for place, (encoding, frame) in enumerate(zip(plain, frames, strict=True)):
        bitrate = min(encoding.bitrate, ceiling) if ceiling else encoding.bitrate
        decided = replace(encoding, gop=gop, bitrate=bitrate, copy=copied and place == len(plain) - 1)
        picture = Picture(frame, fps=fps, pixel_format=encoding.pixel_format, hdr=bool(encoding.hdr))
        rungs.append(_Rung(decided, None if decided.copy else picture, frame))
    return rungs


def _hls_outputs(
    number: int,
    definition: int,
    template: AdaptiveTemplate,
    rungs: Sequence[_Rung],
    sound: AudioEncoding | None,
    encoder: Encoder,
) -> tuple[Output, ...]:
    fragmented = template.segment_type in ("mp4", "fmp4")
    if fragmented and template.drm_type:
        raise Failure("InvalidInput.ConfigurationUnsupported", "DrmType SimpleAES needs SegmentType ts")
    follow = any(rung.encoding.copy for rung in rungs)

    def named(kind: str, place: int) -> list[str]:
        name = f"{kind}_{definition}_{place}"
        segments = hls_arguments(f"{number}/{name}", name, template.segment_duration, fragmented=fragmented)
        return ["-output_ts_offset", _LADDER_START, *segments]

    outputs = [
        Output((rung.picture,), False, (*_rung_arguments(rung, encoder, follow, "v"), *named("video", place)))
        for place, rung in enumerate(rungs)
    ]
    if sound:
        outputs.append(Output((), True, (*audio_arguments(sound), *named("audio", 0))))
    return tuple(outputs)


def _rung_arguments(rung: _Rung, encoder: Encoder, follow: bool, specifier: str) -> list[str]:
    """Key frames at the same frames in every rung: no others at scene cuts, or exactly where the source has them."""
    options = video_arguments(rung.encoding, encoder, specifier)
    if rung.encoding.copy:
        return options
    if follow:
        # The source's own frames at the source's own times, or they would part from those of the copied rung.
        options += [f"-force_key_frames:{specifier}", "source", f"-fps_mode:{specifier}", "passthrough",
                    f"-enc_time_base:{specifier}", "demux"]  # fmt: skip
    if rung.encoding.codec == "libx264":
        options += [f"-sc_threshold:{specifier}", "0", f"-keyint_min:{specifier}", str(rung.encoding.gop)]
    if rung.encoding.codec == "libx265":
        place = options.index(f"-x265-params:{specifier}") + 1
        options[place] += f":scenecut=0:open-gop=0:min-keyint={rung.encoding.gop}"
    return options


def _dash_output(
    number: int,
    definition: int,
    template: AdaptiveTemplate,
    rungs: Sequence[_Rung],
    sound: AudioEncoding | None,
    encoder: Encoder,
) -> Output:
    follow = any(rung.encoding.copy for rung in rungs)
    options = [
        option for place, rung in enumerate(rungs) for option in _rung_arguments(rung, encoder, follow, f"v:{place}")
    ]
    # Even sizes differ in shape by a pixel, and one adaptation set has one shape: the top rung's. The copied one is
    # told it, too: FFmpeg rounds a shape to numbers below 256.
    shape = f"{rungs[-1].frame.width}:{rungs[-1].frame.height}"
    for place in range(len(rungs)):
        options += [f"-aspect:v:{place}", shape]
    options += audio_arguments(sound) if sound else []
    sets = "id=0,streams=v" + (" id=1,streams=a" if sound else "")
    options += [
        "-f", "dash", "-seg_duration", str(template.segment_duration), "-adaptation_sets", sets,
        "-init_seg_name", f"dash_{definition}_$RepresentationID$_init.mp4",
        "-media_seg_name", f"dash_{definition}_$RepresentationID$_$Number$.m4s",
        f"{number}/adp.{definition}.mpd",
    ]  # fmt: skip
    return Output(tuple(rung.picture for rung in rungs), sound is not None, tuple(options))
