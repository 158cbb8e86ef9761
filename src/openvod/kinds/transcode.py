"""Transcodes: one file, or one HLS stream of one bitrate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, Field, create_model

from openvod.base.errors import Invalid
from openvod.base.wire import Wire, merged, read_wire
from openvod.kinds.failure import Failure, clip_range
from openvod.kinds.fields import Marked
from openvod.kinds.head_tail import HeadTailInput
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import definition, streams, watermarks
from openvod.kinds.names import InfoMember, PartType, TemplateKind
from openvod.kinds.plan.encoding import (
    VideoEncoding,
    audio_arguments,
    audio_encoding,
    check_container,
    remuxed,
    steady_fps,
    video_arguments,
    video_encoding,
)
from openvod.kinds.plan.geometry import Fill, Frame
from openvod.kinds.plan.graph import ClipRange, Output, Picture
from openvod.kinds.plan.marks import read_marks, read_mosaics
from openvod.kinds.plan.model import Encoder, Item, Lookup, Share, Source
from openvod.kinds.plan.video import VideoWork, find, hls_arguments, video_frame
from openvod.kinds.players import HLS, NOTHING, ForPlayers, Stream
from openvod.kinds.probe import ProbeResult, media_metadata
from openvod.kinds.results import (
    NO_DIGITAL_WATERMARK,
    Results,
    ShareFiles,
    first_segment,
    only_file,
    probed,
    stored_playlist,
    total_size,
)
from openvod.kinds.streams import TranscodeTemplate
from openvod.kinds.templates import TemplateFamily
from openvod.kinds.transcode_presets import transcode_presets
from openvod.kinds.watermark import MosaicInput, WatermarkInput
from openvod.storage.media_types import media_type_of

_MUXERS = {"mp4": "mp4", "flv": "flv", "mp3": "mp3", "flac": "flac", "ogg": "ogg", "m4a": "ipod", "wav": "wav"}
_HLS_SECONDS = 10.0


def _partial(model: type[Wire]) -> type[Wire]:
    """Return a model with the same members, all optional at any depth."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind: Any = next((_partial(each) for each in _models_in(field.annotation)), field.annotation)
        for limit in field.metadata:
            kind = Annotated[kind, limit]
        fields[name] = (kind | None, Field(None, alias=field.alias))
    made: type[Wire] = create_model(f"Partial{model.__name__}", __base__=Wire, **fields)
    made.not_offered = model.not_offered
    return made


def _models_in(annotation: Any) -> Iterator[type[Wire]]:
    if isinstance(annotation, type) and issubclass(annotation, Wire):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


#: ``OverrideParameter``: any members of a transcode template.
PartialTranscode = _partial(TranscodeTemplate)


def checked_override(plain: dict[str, Any]) -> dict[str, Any]:
    """Return an ``OverrideParameter``; ``ValueError`` names the first wrong member."""
    try:
        read_wire(PartialTranscode, plain, "template.field")
    except Invalid as error:
        raise ValueError(error.message) from error
    return plain


class TranscodeInput(Marked):
    """One transcode. ``override_parameter`` replaces members of the template."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)
    mosaic_set: tuple[MosaicInput, ...] = Field((), max_length=10)
    head_tail_set: tuple[HeadTailInput, ...] = Field((), max_length=10)
    start_time_offset: float = 0
    end_time_offset: float = 0
    override_parameter: Annotated[dict[str, Any], AfterValidator(checked_override)] | None = None


TEMPLATE = TemplateFamily(
    TemplateKind.TRANSCODE, TranscodeTemplate, noun="TranscodeTemplate", presets=tuple(transcode_presets())
)


def _plan(item: Item, source: Source, lookup: Lookup, encoder: Encoder) -> VideoWork:
    """Plan one transcode."""
    wanted: TranscodeInput = item.input
    asked = _overridden(find(lookup, TemplateKind.TRANSCODE, wanted.definition), wanted)
    # A copy that failed once is encoded on the next try.
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
    # Cutting and drawing need decoded frames; a copied stream could be cut at key frames only.
    untouched = clip == ClipRange() and not marks and not mosaics and not wanted.head_tail_set
    if video and asked.video_template and asked.video_template.codec == "copy" and not untouched:
        message = "a remux can neither be cut nor have watermarks or mosaics; choose a template that encodes"
        raise Failure("InvalidInput.ConfigurationUnsupported", message)
    copyable = untouched and not item.separate
    sound = audio_encoding(audio, source, copyable=copyable) if audio else None
    if video is None and sound is None:
        raise Failure("SourceFileError.ContentUnsupported", "the file has no audio stream; the template makes audio")
    picture, options = None, list[str]()
    if video:
        frame = video_frame(video, source)
        encoding = video_encoding(video, source, frame, tehd=template.tehd_config, copyable=copyable)
        # hvc1 is a tag of ISO media; the FLV muxer refuses it.
        encoding = replace(encoding, tag="") if template.container == "flv" else encoding
        # When audio is longer than video, the last picture is repeated, which needs a constant frame rate.
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
    """Return the output's duration in seconds: marks and mosaics count from its beginning or its end."""
    end = source.duration if clip.end is None else clip.end
    return end - clip.start + sum(source.clips[file_id].probe.duration for file_id, _ in around)


def _clips(
    wanted: TranscodeInput, source: Source, lookup: Lookup
) -> tuple[tuple[tuple[str, Fill], ...], tuple[tuple[str, Fill], ...]]:
    """Choose from each head-tail template the clips with the nearest aspect ratio to the source's."""
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


def _picture(encoding: VideoEncoding, frame: Frame, source: Source, *, steady: bool) -> Picture | None:
    if encoding.copy:
        return None
    stream = source.require_video()
    fps = steady_fps(encoding.fps, stream) if steady or encoding.fps else 0.0
    return Picture(frame, fps=fps, pixel_format=encoding.pixel_format, hdr=bool(encoding.hdr))


def _with_gop(encoding: VideoEncoding, picture: Picture | None, template: TranscodeTemplate) -> VideoEncoding:
    """Return the encoding with a key frame at least every segment, because HLS segments are cut at key frames."""
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


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    if share.facts["container"] == "hls":
        return await _hls_transcode(share, files, results)
    name = only_file(files)
    probe = await probed(files, name)
    return _stream_output(share, results.url(name), probe, files.sizes()[name], files.md5(name))


async def _hls_transcode(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    name = f"v.f{share.definition}.m3u8"
    playlist = stored_playlist(files, name)
    total = total_size(files, name, playlist)
    probe = await probed(files, *first_segment(playlist))
    output = _stream_output(share, results.url(name), probe, total, files.md5(name))
    seconds = round(playlist.seconds, 3)
    return output | {"Duration": seconds, "Bitrate": round(total * 8 / max(seconds, 0.001)), "Container": "hls"}


def _stream_output(share: Share, url: str, probe: ProbeResult, size: int, md5: str) -> dict[str, Any]:
    metadata = media_metadata(probe)
    kept = ("Bitrate", "Height", "Width", "Duration", "Container", "VideoStreamSet", "AudioStreamSet")
    return {"Url": url, "Definition": share.definition, **{name: metadata[name] for name in kept}, "Size": size,
            "Md5": md5, **NO_DIGITAL_WATERMARK}  # fmt: skip


def _legacy_input(given: Json) -> dict[str, Any]:
    return definition(given) | {"watermark": int(bool(watermarks(given))), "mosaicList": []}


def _legacy_output(made: Json) -> dict[str, Any]:
    return {
        "url": made["Url"],
        "size": made["Size"],
        "container": made["Container"],
        "bitrate": made["Bitrate"],
        "height": made["Height"],
        "width": made["Width"],
        "md5": made["Md5"],
        "duration": int(made["Duration"]),
        **streams(made),
    }


def _for_players(made: Json, category: str) -> ForPlayers:
    """Offer what every browser plays in place of a file of the category: H.264 or sound, in HLS, MP4, M4A or MP3."""
    pictures: Sequence[Json] = made.get("VideoStreamSet") or ()
    if any(stream.get("Codec") != "h264" for stream in pictures) or bool(pictures) == (category == "Audio"):
        return NOTHING
    address = str(made["Url"])
    kind = media_type_of(address)
    if kind not in (HLS, "video/mp4", "audio/mp4", "audio/mpeg"):
        return NOTHING
    size = (int(made.get("Width") or 0), int(made.get("Height") or 0))
    return ForPlayers(Stream(False, kind, address, *size))


KIND = MediaKind(
    name="Transcode",
    input=TranscodeInput,
    input_set="transcode_task_set",
    result="TranscodeTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=_legacy_input,
    legacy_output=_legacy_output,
    for_players=_for_players,
    media_info=InfoSet(member=InfoMember.TRANSCODES, name="TranscodeSet", with_original=True),
    folder="",
    files=r"v\.f%s[._](?!gif$|webp$).+",
    trial={},
    sets_cover=False,
    deleted_with=PartType.TRANSCODES,
)
