"""What is asked of templates: sub-tasks that must succeed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from openvod.kinds.names import TemplateKind
from support.templates.sources import (
    Plain,
)

FILMS = ("Transcode", "AdaptiveDynamicStreaming")
TRANSCODE, WATERMARK = TemplateKind.TRANSCODE, TemplateKind.WATERMARK


@dataclass(frozen=True)
class Made:
    """A template to create. ``body`` is its wire members; ``image`` names one of :data:`PICTURES`."""

    kind: TemplateKind
    body: Plain
    image: str = ""


def _image(corner: str, x: str, y: str, image: str = "red.png", **members: object) -> Made:
    body = {"Type": "image", "CoordinateOrigin": corner, "XPos": x, "YPos": y, "ImageTemplate": members}
    return Made(WATERMARK, body, image)


MARKS: Mapping[str, Made] = {
    "top left": _image("TopLeft", "10px", "20px", Width="10%"),
    "top right": _image("TopRight", "5%", "10%", Width="96px", Height="0px"),
    "bottom left": _image("BottomLeft", "0px", "0px", Width="0px", Height="10%"),
    "bottom right": _image("bottomRight", "40px", "30px", "blue.jpg", Width="64px", Height="32px"),
    "half": _image("TopLeft", "25%", "25%", Width="50%", Height="50%", Transparency=50),
    "once": _image("TopLeft", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="once"),
    "last": _image("TopRight", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="repeat_last_frame"),
    "again": _image("BottomLeft", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="repeat"),
    "text": Made(WATERMARK, {"Type": "text", "XPos": "20px", "YPos": "20px", "TextTemplate": {
        "FontType": "arial.ttf", "FontSize": "40px", "FontColor": "0xFF0000", "FontAlpha": 1}}),
    "chinese": Made(WATERMARK, {"Type": "text", "TextTemplate": {
        "FontType": "simkai.ttf", "FontSize": "40px", "FontColor": "0xFF0000", "FontAlpha": 0.5}}),
    "svg": Made(WATERMARK, {"Type": "svg", "CoordinateOrigin": "BottomRight", "XPos": "10px", "YPos": "10px",
                     "SvgTemplate": {"Width": "20W%", "Height": "20H%"}}),
    "lost": Made(WATERMARK, {"Type": "image", "ImageTemplate": {"ImageKey": "nothing/here.png"}}),
    "sizeless": _image("TopLeft", "0px", "0px", Width="0px", Height="0px"),
}  # fmt: skip


def video_of(codec: str = "libx264", **members: object) -> Plain:
    """Return a ``VideoTemplate``."""
    return {"Codec": codec, "Fps": 0, "Bitrate": 0, **members}


def sound_of(codec: str = "libfdk_aac", bitrate: int = 64, rate: int = 44_100, channels: int = 2) -> Plain:
    """Return an ``AudioTemplate``; ``bitrate`` in kbit/s."""
    return {"Codec": codec, "Bitrate": bitrate, "SampleRate": rate, "AudioChannel": channels}


def film(container: str = "mp4", video: Plain | None = None, sound: Plain | None = None, **members: object) -> Made:
    """Return a transcode template with picture and sound."""
    return Made(
        TRANSCODE,
        {"Container": container, "VideoTemplate": video or video_of(), "AudioTemplate": sound or sound_of(), **members},
    )


def heard(container: str, sound: Plain) -> Made:
    """Return a transcode template of sound alone."""
    return Made(TRANSCODE, {"Container": container, "RemoveVideo": 1, "AudioTemplate": sound})


def rung(height: int, bitrate: int, codec: str = "libx264", **members: object) -> Plain:
    """Return an item of ``StreamInfos``; ``bitrate`` in kbit/s."""
    return {"Video": video_of(codec, Fps=24, Bitrate=bitrate, Height=height, **members), "Audio": sound_of(bitrate=48)}


def ladder(*rungs: Plain, form: str = "HLS", **members: object) -> Made:
    """Return an adaptive template."""
    body = {"Format": form, "StreamInfos": list(rungs), "SegmentDuration": 2, **members}
    return Made(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, body)


def _fill(fill: str) -> Made:
    return film(video=video_of(Width=640, Height=360, ResolutionAdaptive="close", FillType=fill))


@dataclass(frozen=True)
class Ask:
    """A sub-task: the template, or the id of one that is there already, and members of its input beside it.

    A mark in ``marks`` is the name of one in :data:`MARKS` and members of the ``WatermarkSet`` item. ``around`` is a
    template of clips before and after, with names of :data:`CLIPS` for the ids of files that are there.
    """

    source: str
    template: Made | int
    kind: str = "Transcode"
    members: Plain = field(default_factory=dict)
    marks: Sequence[tuple[str, Plain]] = ()
    around: Plain = field(default_factory=dict)


def cut(start: float, end: float) -> Ask:
    """Ask for a part of the film whose seconds have different colours; offsets in seconds."""
    return Ask("steps.mp4", film(video=video_of(Vcrf=18)), members={"StartTimeOffset": start, "EndTimeOffset": end})


def sharp() -> Made:
    """Return a template that loses next to nothing."""
    return film(video=video_of(Vcrf=10))


_HALVES = film(video=video_of(Vcrf=18))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" preserveAspectRatio="none">{}</svg>'
_RECTANGLE = '<rect width="10" height="10" fill="red"/>'
_MOSAIC = {"XPos": "25%", "YPos": "100px", "Width": "30%", "Height": "120px"}
SNAPSHOT, _SAMPLE = TemplateKind.SNAPSHOT_BY_TIME_OFFSET, TemplateKind.SAMPLE_SNAPSHOT
SPRITE, ANIMATION = TemplateKind.IMAGE_SPRITE, TemplateKind.ANIMATED_GRAPHICS


def svg_mark(content: str) -> Ask:
    """Ask for a drawing on a plain film; ``content`` stands inside ``<svg>``."""
    return Ask("plain.mp4", sharp(), marks=[("svg", {"SvgContent": SVG.format(content)})])


def text_mark(name: str, text: str) -> Ask:
    """Ask for a text on a plain film."""
    return Ask("plain.mp4", sharp(), marks=[(name, {"TextContent": text})])


GOOD: Mapping[str, Ask] = {
    "h265": Ask("film.mp4", film(video=video_of("libx265", Fps=25, Bitrate=300, Height=180))),
    "hev1": Ask("film.mp4", film(video=video_of("libx265", Height=180, CodecTag="hev1"))),
    "av1": Ask("film.mp4", film(video=video_of("av1", Height=180, Bitrate=300))),
    "coarse": Ask("film.mp4", film(video=video_of(Height=180, Vcrf=35))),
    "fine": Ask("film.mp4", film(video=video_of(Height=180, Vcrf=18))),
    "as the source": Ask("film.mp4", film()),
    "main": Ask("film.mp4", film(video=video_of(Height=180, VideoProfile="main", Bframes=0))),
    "second": Ask("film.mp4", film(video=video_of(Height=180, Fps=25, Gop=1, GopUnit="second"))),
    "second, source's rate": Ask("film.mp4", film(video=video_of(Height=180, Gop=1, GopUnit="second"))),
    "ten frames": Ask("film.mp4", film(video=video_of(Height=180, Gop=10))),
    "kept pauses": Ask("pauses.mp4", film(video=video_of(Height=90))),
    "steady": Ask("pauses.mp4", film(video=video_of(Height=90, Fps=25))),
    **{fill: Ask("portrait.mp4", _fill(fill)) for fill in ("black", "white", "gauss", "stretch")},
    "long side": Ask("portrait.mp4", film(video=video_of(Width=320))),
    "width": Ask("portrait.mp4", film(video=video_of(Width=320, ResolutionAdaptive="close"))),
    "both sides": Ask("portrait.mp4", film(video=video_of(Width=320, Height=180))),
    "larger": Ask("portrait.mp4", film(video=video_of(Width=1920, Height=1080))),
    "turned": Ask("turned.mp4", film(video=video_of(Width=320))),
    "blurred border": Ask("turned.mp4", _fill("gauss")),
    "first half": Ask("steps.mp4", _HALVES, members={"EndTimeOffset": 2}),
    "second half": Ask("steps.mp4", _HALVES, members={"StartTimeOffset": 2}),
    "1 to 3": cut(1, 3),
    "from 1": cut(1, 0),
    "last 2": cut(-2, 0),
    "without last": cut(0, -1),
    "sharp": Ask("film.mp4", sharp()),
    "mosaic": Ask("film.mp4", sharp(), members={"MosaicSet": [_MOSAIC]}),
    "brief mosaic": Ask(
        "film.mp4", sharp(), members={"MosaicSet": [_MOSAIC | {"StartTimeOffset": 1, "EndTimeOffset": 2}]}
    ),
    "corners": Ask("plain.mp4", sharp(), marks=[(each, {}) for each in list(MARKS)[:4]]),
    "half": Ask("plain.mp4", sharp(), marks=[("half", {})]),
    "moving marks": Ask("plain.mp4", sharp(), marks=[("once", {}), ("last", {}), ("again", {})]),
    "text": text_mark("text", "OpenVOD 100%: it's \\ a 'test'"),
    "chinese": text_mark("chinese", "开放点播"),
    "svg": svg_mark(_RECTANGLE),
    "brief mark": Ask("plain.mp4", sharp(), marks=[("top left", {"StartTimeOffset": 1, "EndTimeOffset": 2}),
                                                  ("bottom right", {"StartTimeOffset": -1})]),
    "brief mark of a cut": Ask("plain.mp4", sharp(), members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                               marks=[("top left", {"StartTimeOffset": -1})]),
    "between clips": Ask("steps.mp4", film(video=video_of(Vcrf=18)), around={
        "HeadCandidateSet": ["blue.mp4", "red.mp4"], "TailCandidateSet": ["blue.mp4"]}),
    "white beside a clip": Ask("steps.mp4", film(video=video_of(Vcrf=18)), around={
        "TailCandidateSet": ["blue.mp4"], "FillType": "white"}),
    "white beside a film": Ask("portrait.mp4", _fill("white"), around={"HeadCandidateSet": ["red.mp4"]}),
    "after a clip, cut, marked": Ask("plain.mp4", sharp(), members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                                     marks=[("top left", {"StartTimeOffset": -1})],
                                     around={"HeadCandidateSet": ["blue.mp4"]}),
    "tone-mapped after a clip": Ask("hdr.mp4", film(video=video_of(Vcrf=18)), around={
        "HeadCandidateSet": ["red.mp4"]}),
    "fmp4": Ask("film.mp4", film("hls", video_of(Height=180, Fps=25, HlsTime=2), SegmentType="fmp4")),
    "ts": Ask("film.mp4", film("hls", video_of(Height=180, Fps=25, HlsTime=2), SegmentType="ts")),
    "flv": Ask("film.mp4", film("flv", video_of(Height=180, Fps=25))),
    "mp3": Ask("film.mp4", heard("mp3", sound_of("libmp3lame", 64, 32_000, 1))),
    "m4a": Ask("film.mp4", heard("m4a", sound_of("libfdk_aac", 64, 48_000, 0))),
    "flac": Ask("film.mp4", heard("flac", sound_of("flac", 0, 44_100))),
    "ogg": Ask("film.mp4", heard("ogg", sound_of("flac", 0, 48_000))),
    "vorbis": Ask("film.mp4", heard("ogg", sound_of("vorbis", 96))),
    "opus": Ask("film.mp4", heard("ogg", sound_of("libopus", 64, 48_000))),
    "wav": Ask("film.mp4", heard("wav", sound_of("pcm16", 0, 16_000, 1))),
    "silent": Ask("film.mp4", film(video=video_of(Height=180), RemoveAudio=1)),
    "sound alone": Ask("film.mp4", film(RemoveVideo=1)),
    "no sound there": Ask("plain.mp4", film(video=video_of(Height=180))),
    "hdr": Ask("hdr.mp4", film(video=video_of("libx265", Vcrf=20, PreserveHDRSwitch="ON"))),
    "tone-mapped": Ask("hdr.mp4", film(video=video_of("libx265", Vcrf=20))),
    "tone-mapped h264": Ask("hdr.mp4", film(video=video_of(Vcrf=20, PreserveHDRSwitch="ON"))),
    "tracks": Ask("tracks.mp4", film(video=video_of(Height=90), sound=sound_of(rate=48_000))),
    "overridden": Ask("film.mp4", film(video=video_of(Height=180)), members={"OverrideParameter": {
        "VideoTemplate": {"Codec": "libx265", "Height": 90, "Fps": 10}, "AudioTemplate": {"AudioChannel": 1}}}),
    "png": Ask("portrait.mp4", Made(SNAPSHOT, {"Format": "png", "Width": 200, "Height": 100, "FillType": "white",
                                                "ResolutionAdaptive": "close"}), "SnapshotByTimeOffset",
               {"ExtTimeOffsetSet": ["0s", "100%"], "TimeOffsetSet": [1500]}),
    "webp": Ask("steps.mp4", Made(SNAPSHOT, {"Format": "webp"}), "SnapshotByTimeOffset",
                {"ExtTimeOffsetSet": ["0.5s", "37.5%", "2.5s"], "TimeOffsetSet": [3500]}),
    "marked snapshot": Ask("plain.mp4", Made(SNAPSHOT, {"Format": "png"}), "SnapshotByTimeOffset",
                           {"ExtTimeOffsetSet": ["1s"]},
                           marks=[("top left", {}), ("text", {"TextContent": "not on stills"})]),
    "cover": Ask("steps.mp4", Made(SNAPSHOT, {"Format": "jpg", "Width": 160}), "CoverBySnapshot",
                 {"PositionType": "Time", "PositionValue": 1.5}),
    "samples": Ask("steps.mp4", Made(_SAMPLE, {"SampleType": "Time", "SampleInterval": 1, "Format": "png"}),
                   "SampleSnapshot", marks=[("top left", {})]),
    "many samples": Ask("film.mp4", Made(_SAMPLE, {"SampleType": "Percent", "SampleInterval": 5, "Width": 160}),
                        "SampleSnapshot"),
    "sprite": Ask("steps.mp4", Made(SPRITE, {"SampleType": "Time", "SampleInterval": 1, "RowCount": 1,
                                              "ColumnCount": 3, "Width": 96, "Height": 54, "Format": "png",
                                              "ResolutionAdaptive": "close"}), "ImageSprite"),
    "animation": Ask("steps.mp4", Made(ANIMATION, {"Fps": 4, "Width": 160, "Height": 0, "Format": "webp"}),
                     "AnimatedGraphic", {"StartTimeOffset": 1, "EndTimeOffset": -1}),
    "gif": Ask("film.mp4", Made(ANIMATION, {"Fps": 5, "Width": 0, "Height": 128}), "AnimatedGraphic",
               {"StartTimeOffset": -2, "EndTimeOffset": 0}),
    "ladder": Ask("film.mp4", ladder(rung(2160, 6000), rung(180, 128), rung(720, 2000), rung(360, 400)),
                  "AdaptiveDynamicStreaming"),
    "ladder above": Ask("film.mp4", ladder(rung(2160, 6000), rung(1080, 2000), DisableHigherVideoResolution=1),
                        "AdaptiveDynamicStreaming"),
    "copied ladder": Ask("fits.mp4", ladder(rung(240, 128), rung(480, 400)), "AdaptiveDynamicStreaming"),
    "copied dash": Ask("fits.mp4", ladder(rung(240, 128), rung(480, 400), form="MPEG-DASH"),
                       "AdaptiveDynamicStreaming"),
    "marked ladder": Ask("plain.mp4", ladder(rung(180, 400), rung(360, 800)), "AdaptiveDynamicStreaming",
                         marks=[("half", {})]),
    "upright ladder": Ask("portrait.mp4", ladder(rung(180, 128), rung(360, 400)), "AdaptiveDynamicStreaming"),
    "fmp4 ladder": Ask("film.mp4", ladder(rung(180, 200, "libx265"), rung(360, 400, "libx265"), SegmentType="fmp4"),
                       "AdaptiveDynamicStreaming"),
}  # fmt: skip
