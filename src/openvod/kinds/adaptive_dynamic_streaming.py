"""Adaptive streams: HLS or DASH with several bitrates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.failure import Failure
from openvod.kinds.fields import Flag, Marked, NotOffered
from openvod.kinds.kind import InfoSet, Json, MediaKind
from openvod.kinds.legacy import marked
from openvod.kinds.names import InfoMember, PartType, TemplateKind
from openvod.kinds.plan.encoding import (
    AudioEncoding,
    VideoEncoding,
    audio_arguments,
    audio_encoding,
    fits,
    steady_fps,
    video_arguments,
    video_encoding,
)
from openvod.kinds.plan.geometry import Frame
from openvod.kinds.plan.graph import Output, Picture
from openvod.kinds.plan.marks import read_marks
from openvod.kinds.plan.model import Encoder, Item, Lookup, Share, Source
from openvod.kinds.plan.video import VideoWork, find, hls_arguments, video_frame
from openvod.kinds.players import DASH, HLS, ForPlayers, Stream, Subtitle
from openvod.kinds.playlists import MediaPlaylist, Variant, master_playlist, with_key
from openvod.kinds.results import (
    NO_DIGITAL_WATERMARK,
    Results,
    ShareFiles,
    bit_rates,
    first_segment,
    probed,
    stored_playlist,
    total_size,
)
from openvod.kinds.streams import AudioTemplate, VideoTemplate, aac, by_height
from openvod.kinds.templates import Template, TemplateFamily
from openvod.kinds.watermark import WatermarkInput

#: height and kbit/s of the rungs of the presets (720p: 1024, see 12).
_LADDER = ((240, 256), (480, 512), (720, 1024), (1080, 1024), (1440, 3072), (2160, 6144))
_LADDER_FPS = 24
#: Key-frame interval when a rung is copied: too large to matter, because -force_key_frames places the key frames.
_COPIED_GOP = 100_000
#: First timestamp of a ladder's files, in seconds. Muxers shift timestamps below zero, each file by its own reordering
#: delay; from this offset none is shifted, and picture and sound stay in sync.
_LADDER_START = "1"
#: Encryption whose key players fetch by themselves.
_OPEN_DRM = ("", "SimpleAES")


class AdaptiveInput(Marked):
    """One adaptive stream."""

    definition: int
    watermark_set: tuple[WatermarkInput, ...] = Field((), max_length=10)
    subtitle_set: NotOffered = None
    drm_info: NotOffered = None


class StreamInfo(Wire):
    """One rung of a ladder."""

    not_offered = ("EnhanceConfig", "StdExtInfo", "TEHDConfig")

    video: VideoTemplate
    audio: AudioTemplate
    remove_audio: Flag = 0
    remove_video: Flag = 0


class AdaptiveTemplate(Wire):
    """An adaptive stream: a ladder of rungs that share frame rate and key frames."""

    not_offered = ("DrmEncryptType", "DrmKeyProvider")

    format: Literal["HLS", "MPEG-DASH"]
    stream_infos: tuple[StreamInfo, ...] = Field(min_length=1, max_length=10)
    drm_type: Literal["", "SimpleAES"] = ""
    disable_higher_video_bitrate: Flag = 0
    disable_higher_video_resolution: Flag = 0
    segment_type: Literal["", "ts", "mp4", "fmp4"] = ""
    segment_duration: int = Field(6, ge=1, le=10)


def _ladder() -> tuple[StreamInfo, ...]:
    return tuple(
        StreamInfo(video=by_height("libx264", height, bitrate, _LADDER_FPS), audio=aac(48))
        for height, bitrate in _LADDER
    )


def _presets() -> Iterator[Template]:
    rungs = _ladder()
    bodies: tuple[tuple[int, str, AdaptiveTemplate], ...] = (
        (10, "Adaptive-HLS", AdaptiveTemplate(format="HLS", stream_infos=rungs, disable_higher_video_resolution=1)),
        (12, "Adaptive-HLS-SimpleAES", AdaptiveTemplate(format="HLS", stream_infos=rungs, drm_type="SimpleAES",
                                                        disable_higher_video_resolution=1)),
        (20, "Adaptive-MPEG-DASH", AdaptiveTemplate(format="MPEG-DASH", stream_infos=rungs)),
    )  # fmt: skip
    for definition, name, body in bodies:
        yield Template(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, definition, body, name=name, preset=True)


TEMPLATE = TemplateFamily(
    TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveTemplate, noun="AdaptiveDynamicStreamingTemplate",
    presets=tuple(_presets()),
)  # fmt: skip


@dataclass(frozen=True)
class _Rung:
    """One rung with its decisions."""

    encoding: VideoEncoding
    picture: Picture | None
    frame: Frame


def _plan(item: Item, source: Source, lookup: Lookup, encoder: Encoder) -> VideoWork:
    """Plan one adaptive stream: rungs by size, and audio as a rendition of its own, so that it is encoded once."""
    wanted: AdaptiveInput = item.input
    template: AdaptiveTemplate = find(lookup, TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, wanted.definition)
    marks = read_marks(wanted.watermark_set, lookup, source.duration, still=False)
    if template.drm_type and template.format != "HLS":
        raise Failure("InvalidInput.ConfigurationUnsupported", f"DrmType {template.drm_type} requires Format HLS")
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
    # Unless the template forbids it, the source's own size becomes the top rung when no rung is near it.
    if above and (not kept or (not template.disable_higher_video_resolution and size(kept[-1]) < 0.9 * short)):
        kept.append(above[0])
    return kept


def _rungs(infos: Sequence[StreamInfo], source: Source, template: AdaptiveTemplate, *, copyable: bool) -> list[_Rung]:
    """Decide every rung; the top one is copied when the source fits it, and then sets frame rate and key frames."""
    stream = source.require_video()
    ceiling = (stream.bitrate or source.probe.bitrate) // 1000 if template.disable_higher_video_bitrate else 0
    frames = [video_frame(info.video, source) for info in infos]
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
        raise Failure("InvalidInput.ConfigurationUnsupported", "DrmType SimpleAES requires SegmentType ts")
    copied = any(rung.encoding.copy for rung in rungs)

    def named(kind: str, place: int) -> list[str]:
        name = f"{kind}_{definition}_{place}"
        segments = hls_arguments(f"{number}/{name}", name, template.segment_duration, fragmented=fragmented)
        return ["-output_ts_offset", _LADDER_START, *segments]

    outputs = [
        Output((rung.picture,), False, (*_rung_arguments(rung, encoder, copied, "v"), *named("video", place)))
        for place, rung in enumerate(rungs)
    ]
    if sound:
        outputs.append(Output((), True, (*audio_arguments(sound), *named("audio", 0))))
    return tuple(outputs)


def _rung_arguments(rung: _Rung, encoder: Encoder, copied: bool, specifier: str) -> list[str]:
    """Return a rung's options: all rungs have the same key frames, those of the copied rung or none at scene cuts."""
    options = video_arguments(rung.encoding, encoder, specifier)
    if rung.encoding.copy:
        return options
    if copied:
        # Keep the source's frames and timestamps; otherwise key frames would drift from those of the copied rung.
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
    copied = any(rung.encoding.copy for rung in rungs)
    options = [
        option for place, rung in enumerate(rungs) for option in _rung_arguments(rung, encoder, copied, f"v:{place}")
    ]
    # Rounding to even sizes changes aspect ratios slightly, but an adaptation set has one: use the top rung's. The
    # copied rung gets it, too: FFmpeg rounds ratios to numbers below 256.
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


async def _report(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    dash = share.facts["format"] == "MPEG-DASH"
    streams = await _dash_streams(share, files) if dash else await _hls_streams(share, files, results)
    name = f"adp.{share.definition}.{'mpd' if dash else 'm3u8'}"
    return {
        "Definition": share.definition,
        "Package": "DASH" if dash else "HLS",
        "DrmType": share.facts["drm"],
        "Url": results.url(name),
        "Size": sum(files.sizes().values()),
        "SubStreamSet": streams,
        "SubtitleSet": [],
        "DefaultSubtitleId": "",
        "DrmEncryptType": "",
        **NO_DIGITAL_WATERMARK,
    }


async def _hls_streams(share: Share, files: ShareFiles, results: Results) -> list[dict[str, Any]]:
    """Write the master playlist from the actual segments, then encrypt them."""
    rungs: Sequence[Mapping[str, Any]] = share.facts["rungs"]
    streams: list[dict[str, Any]] = []
    variants: list[Variant] = []
    playlists: list[tuple[str, MediaPlaylist]] = []
    audio: dict[str, Any] = {}
    if share.facts["audio"]:
        name = f"audio_{share.definition}_0.m3u8"
        playlist = stored_playlist(files, name)
        playlists.append((name, playlist))
        sound = (await probed(files, *first_segment(playlist))).audio_streams[0]
        rates = bit_rates(files, playlist)
        audio = {"uri": name, "codec": sound.codec_string, "channels": sound.channels, "rates": rates}
        streams.append({"Type": "audio", "Width": 0, "Height": 0, "Size": total_size(files, name, playlist)})
    for place, rung in enumerate(rungs):
        name = f"video_{share.definition}_{place}.m3u8"
        playlist = stored_playlist(files, name)
        playlists.append((name, playlist))
        video = (await probed(files, *first_segment(playlist))).video_streams[0]
        peak, average = bit_rates(files, playlist)
        more = audio.get("rates", (0, 0))
        variants.append(
            Variant(name, video.codec_string, video.width, video.height, rung["fps"], peak + more[0], average + more[1])
        )
        streams.append({"Type": "video", "Width": video.width, "Height": video.height,
                        "Size": total_size(files, name, playlist)})  # fmt: skip
    master = master_playlist(variants, audio.get("uri", ""), audio.get("codec", ""), audio.get("channels", 2))
    files.write(f"adp.{share.definition}.m3u8", master)
    if share.facts["drm"]:
        for name, playlist in playlists:
            files.encrypt([segment.name for segment in playlist.segments])
            files.write(name, with_key(files.read(name), results.key_url))
    return [stream for stream in streams if stream["Type"] == "video"] + [s for s in streams if s["Type"] == "audio"]


async def _dash_streams(share: Share, files: ShareFiles) -> list[dict[str, Any]]:
    sizes = files.sizes()
    if f"adp.{share.definition}.mpd" not in sizes:
        raise Failure("InternalError", "FFmpeg wrote no manifest")
    rungs: Sequence[Mapping[str, Any]] = share.facts["rungs"]

    def size_of(representation: int) -> int:
        return sum(
            size for name, size in sizes.items() if name.startswith(f"dash_{share.definition}_{representation}_")
        )

    streams = [
        {"Type": "video", "Width": rung["width"], "Height": rung["height"], "Size": size_of(place)}
        for place, rung in enumerate(rungs)
    ]
    audio = {"Type": "audio", "Width": 0, "Height": 0, "Size": size_of(len(rungs))}
    await probed(files, f"dash_{share.definition}_0_init.mp4", f"dash_{share.definition}_0_1.m4s")
    return [*streams, audio] if share.facts["audio"] else streams


def _legacy_output(made: Json) -> dict[str, Any]:
    """Format 2.0 predates adaptive streams; its ``url`` is the master playlist."""
    return {"url": made["Url"], "size": made["Size"]}


def _for_players(made: Json, category: str) -> ForPlayers:
    """Offer the stream, unless an address is not enough to decrypt it, and the subtitles."""
    stream = _stream(made) if made.get("DrmType", "") in _OPEN_DRM else None
    subtitles = [_subtitle(each) for each in made.get("SubtitleSet") or () if each.get("Url")]
    return ForPlayers(stream, subtitles=subtitles)


def _stream(made: Json) -> Stream:
    pictures = [stream for stream in made.get("SubStreamSet", ()) if stream.get("Type") == "video"]
    tallest = max(pictures, key=lambda stream: int(stream["Height"]), default={"Width": 0, "Height": 0})
    kind = DASH if made.get("Package") == "DASH" else HLS
    return Stream(True, kind, str(made["Url"]), tallest["Width"], tallest["Height"])


def _subtitle(each: Json) -> Subtitle:
    language, name = each.get("Language"), each.get("Name")
    return Subtitle(str(each["Url"]), str(language or "und"), str(name or language or ""))


KIND = MediaKind(
    name="AdaptiveDynamicStreaming",
    input=AdaptiveInput,
    input_set="adaptive_dynamic_streaming_task_set",
    result="AdaptiveDynamicStreamingTask",
    template=TEMPLATE,
    plan=_plan,
    report=_report,
    legacy_input=marked,
    legacy_output=_legacy_output,
    for_players=_for_players,
    media_info=InfoSet(member=InfoMember.ADAPTIVE_STREAMS, name="AdaptiveDynamicStreamingSet", with_original=False),
    folder="",
    files=r"(?:adp\.%s\.|(?:video|audio|dash)_%s_).+",
    trial={},
    sets_cover=False,
    deleted_with=PartType.ADAPTIVE,
)
