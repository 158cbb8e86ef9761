"""Custom templates of every kind through the whole platform, judged by the pixels, packets and words that come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from openvod.tasks.templates import TemplateKind
from support.corpus_build import PATCHES, ffmpeg
from support.flow_bench import Flow, FlowBench, Order, Rendition, examined, outcome, picture_at, plays

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(400)]
Plain = Mapping[str, Any]
_SECONDS = 4.0
_RED, _GREEN, _BLUE, _WHITE, _BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
_GRAY = (128, 128, 128)
_T, _W = TemplateKind.TRANSCODE, TemplateKind.WATERMARK
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_AAC = ("-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000")
_TONE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={_SECONDS:g}")


def _made_by(*arguments: str) -> Callable[[Path], None]:
    return lambda path: void(ffmpeg(*arguments, str(path)))


def void(_: object) -> None:
    """Return nothing."""


def _moving(size: str, rate: int = 30) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={_SECONDS:g},{PATCHES}", *_TONE)


def _colour(colour: str, size: str, seconds: float = _SECONDS) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"color=c={colour}:size={size}:rate=25:duration={seconds:g}")


#: A second each of red, green, blue and white.
_STEPS = (
    "-f", "lavfi", "-i",
    "color=c=red:size=320x180:rate=25:duration=4,drawbox=color=lime:t=fill:enable='between(t,1,1.99)',"
    "drawbox=color=blue:t=fill:enable='between(t,2,2.99)',drawbox=color=white:t=fill:enable='gte(t,3)'",
)  # fmt: skip
_LIGHT = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"


def _turned(path: Path) -> None:
    straight = path.with_name("straight.mp4")
    ffmpeg(*_moving("640x360"), *_X264, *_AAC, str(straight))
    ffmpeg("-display_rotation:v:0", "270", "-i", str(straight), "-c", "copy", str(path))


SOURCES: Mapping[str, Callable[[Path], None]] = {
    "film.mp4": _made_by(*_moving("640x360"), *_X264, "-g", "45", *_AAC),
    "plain.mp4": _made_by(*_colour("0x808080", "640x360"), *_X264),
    "steps.mp4": _made_by(*_STEPS, *_TONE, *_X264, *_AAC),
    "portrait.mp4": _made_by(*_colour("0x00c000", "360x640"), *_X264),
    "turned.mp4": _turned,
    "pauses.mp4": _made_by(*_moving("320x180"), "-vf", "select='lt(n,30)+gt(n,75)'", "-fps_mode", "vfr", *_X264, *_AAC),
    "hdr.mp4": _made_by(*_moving("320x180"), "-t", "1", "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt",
                        "yuv420p10le", "-tag:v", "hvc1", "-x265-params", _LIGHT, *_AAC),
    "tracks.mp4": _made_by(*_moving("320x180"), "-f", "lavfi", "-i", "sine=frequency=880:sample_rate=22050:duration=4",
                           "-map", "0:v", "-map", "1:a", "-map", "2:a", *_X264, "-c:a", "aac", "-ac:a:0", "2"),
    "vp9.webm": _made_by(*_moving("160x90"), "-t", "1", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
                         "-c:a", "libopus"),
    "red.mp4": _made_by(*_colour("red", "320x180", 1), "-f", "lavfi", "-i", "sine=frequency=880:duration=1", *_X264,
                        *_AAC),
    "blue.mp4": _made_by(*_colour("blue", "180x320", 1), *_X264),
    "fits.mp4": _made_by(*_moving("854x480", 24), "-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p",
                         "-b:v", "300k", "-maxrate", "400k", "-bufsize", "400k", "-g", "31", "-sc_threshold", "0",
                         *_AAC),
}  # fmt: skip


def _png(path: Path, size: tuple[int, int], colour: tuple[int, int, int]) -> None:
    Image.new("RGB", size, colour).save(path)


def _gif(path: Path) -> None:
    """Write two pictures, half a second each: red, then blue."""
    red, blue = (Image.new("RGB", (40, 20), colour) for colour in (_RED, _BLUE))
    red.save(path, save_all=True, append_images=[blue], duration=500, loop=0)


PICTURES: Mapping[str, Callable[[Path], None]] = {
    "red.png": lambda path: _png(path, (100, 50), _RED),
    "blue.jpg": lambda path: _png(path, (64, 64), _BLUE),
    "moving.gif": _gif,
}


@dataclass(frozen=True)
class Made:
    """A template to create. ``body`` is its wire members; ``image`` names one of :data:`PICTURES`."""

    kind: TemplateKind
    body: Plain
    image: str = ""


def _image(corner: str, x: str, y: str, image: str = "red.png", **members: object) -> Made:
    body = {"Type": "image", "CoordinateOrigin": corner, "XPos": x, "YPos": y, "ImageTemplate": members}
    return Made(_W, body, image)


MARKS: Mapping[str, Made] = {
    "top left": _image("TopLeft", "10px", "20px", Width="10%"),
    "top right": _image("TopRight", "5%", "10%", Width="96px", Height="0px"),
    "bottom left": _image("BottomLeft", "0px", "0px", Width="0px", Height="10%"),
    "bottom right": _image("bottomRight", "40px", "30px", "blue.jpg", Width="64px", Height="32px"),
    "half": _image("TopLeft", "25%", "25%", Width="50%", Height="50%", Transparency=50),
    "once": _image("TopLeft", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="once"),
    "last": _image("TopRight", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="repeat_last_frame"),
    "again": _image("BottomLeft", "0px", "0px", "moving.gif", Width="40px", Height="20px", RepeatType="repeat"),
    "text": Made(_W, {"Type": "text", "XPos": "20px", "YPos": "20px", "TextTemplate": {
        "FontType": "arial.ttf", "FontSize": "40px", "FontColor": "0xFF0000", "FontAlpha": 1}}),
    "chinese": Made(_W, {"Type": "text", "TextTemplate": {
        "FontType": "simkai.ttf", "FontSize": "40px", "FontColor": "0xFF0000", "FontAlpha": 0.5}}),
    "svg": Made(_W, {"Type": "svg", "CoordinateOrigin": "BottomRight", "XPos": "10px", "YPos": "10px",
                     "SvgTemplate": {"Width": "20W%", "Height": "20H%"}}),
    "lost": Made(_W, {"Type": "image", "ImageTemplate": {"ImageKey": "nothing/here.png"}}),
    "sizeless": _image("TopLeft", "0px", "0px", Width="0px", Height="0px"),
}  # fmt: skip


def _video(codec: str = "libx264", **members: object) -> Plain:
    return {"Codec": codec, "Fps": 0, "Bitrate": 0, **members}


def _sound(codec: str = "libfdk_aac", bitrate: int = 64, rate: int = 44_100, channels: int = 2) -> Plain:
    return {"Codec": codec, "Bitrate": bitrate, "SampleRate": rate, "AudioChannel": channels}


def _film(container: str = "mp4", video: Plain | None = None, sound: Plain | None = None, **members: object) -> Made:
    return Made(
        _T,
        {"Container": container, "VideoTemplate": video or _video(), "AudioTemplate": sound or _sound(), **members},
    )


def _heard(container: str, sound: Plain) -> Made:
    return Made(_T, {"Container": container, "RemoveVideo": 1, "AudioTemplate": sound})


def _rung(height: int, bitrate: int, codec: str = "libx264", **members: object) -> Plain:
    return {"Video": _video(codec, Fps=24, Bitrate=bitrate, Height=height, **members), "Audio": _sound(bitrate=48)}


def _ladder(*rungs: Plain, form: str = "HLS", **members: object) -> Made:
    body = {"Format": form, "StreamInfos": list(rungs), "SegmentDuration": 2, **members}
    return Made(TemplateKind.ADAPTIVE_DYNAMIC_STREAMING, body)


def _fill(fill: str) -> Made:
    return _film(video=_video(Width=640, Height=360, ResolutionAdaptive="close", FillType=fill))


@dataclass(frozen=True)
class Ask:
    """A sub-task: the template, or the id of one that is there already, and members of its input beside it.

    A mark in ``marks`` is the name of one in :data:`MARKS` and members of the ``WatermarkSet`` item. ``around`` are
    candidates for a clip before and one after: names of :data:`CLIPS`, or ids of files that are not there.
    """

    source: str
    template: Made | int
    kind: str = "Transcode"
    members: Plain = field(default_factory=dict)
    marks: Sequence[tuple[str, Plain]] = ()
    around: tuple[Sequence[str], Sequence[str]] = ((), ())


def _cut(start: float, end: float) -> Ask:
    return Ask("steps.mp4", _film(video=_video(Vcrf=18)), members={"StartTimeOffset": start, "EndTimeOffset": end})


_SHARP = _film(video=_video(Vcrf=10))
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" preserveAspectRatio="none">{}</svg>'
_RECTANGLE = '<rect width="10" height="10" fill="red"/>'
_MOSAIC = {"XPos": "25%", "YPos": "100px", "Width": "30%", "Height": "120px"}
_SNAPSHOT, _SAMPLE = TemplateKind.SNAPSHOT_BY_TIME_OFFSET, TemplateKind.SAMPLE_SNAPSHOT
_SPRITE, _ANIMATION = TemplateKind.IMAGE_SPRITE, TemplateKind.ANIMATED_GRAPHICS


def _svg_mark(content: str) -> Ask:
    return Ask("plain.mp4", _SHARP, marks=[("svg", {"SvgContent": _SVG.format(content)})])


def _text_mark(name: str, text: str) -> Ask:
    return Ask("plain.mp4", _SHARP, marks=[(name, {"TextContent": text})])


GOOD: Mapping[str, Ask] = {
    "h265": Ask("film.mp4", _film(video=_video("libx265", Fps=25, Bitrate=300, Height=180))),
    "hev1": Ask("film.mp4", _film(video=_video("libx265", Height=180, CodecTag="hev1"))),
    "av1": Ask("film.mp4", _film(video=_video("av1", Height=180, Bitrate=300))),
    "coarse": Ask("film.mp4", _film(video=_video(Height=180, Vcrf=35))),
    "fine": Ask("film.mp4", _film(video=_video(Height=180, Vcrf=18))),
    "as the source": Ask("film.mp4", _film()),
    "main": Ask("film.mp4", _film(video=_video(Height=180, VideoProfile="main", Bframes=0))),
    "second": Ask("film.mp4", _film(video=_video(Height=180, Fps=25, Gop=1, GopUnit="second"))),
    "second, source's rate": Ask("film.mp4", _film(video=_video(Height=180, Gop=1, GopUnit="second"))),
    "ten frames": Ask("film.mp4", _film(video=_video(Height=180, Gop=10))),
    "kept pauses": Ask("pauses.mp4", _film(video=_video(Height=90))),
    "steady": Ask("pauses.mp4", _film(video=_video(Height=90, Fps=25))),
    **{fill: Ask("portrait.mp4", _fill(fill)) for fill in ("black", "white", "gauss", "stretch")},
    "long side": Ask("portrait.mp4", _film(video=_video(Width=320))),
    "width": Ask("portrait.mp4", _film(video=_video(Width=320, ResolutionAdaptive="close"))),
    "both sides": Ask("portrait.mp4", _film(video=_video(Width=320, Height=180))),
    "larger": Ask("portrait.mp4", _film(video=_video(Width=1920, Height=1080))),
    "turned": Ask("turned.mp4", _film(video=_video(Width=320))),
    "blurred border": Ask("turned.mp4", _fill("gauss")),
    "1 to 3": _cut(1, 3),
    "from 1": _cut(1, 0),
    "last 2": _cut(-2, 0),
    "without last": _cut(0, -1),
    "sharp": Ask("film.mp4", _SHARP),
    "mosaic": Ask("film.mp4", _SHARP, members={"MosaicSet": [_MOSAIC]}),
    "brief mosaic": Ask(
        "film.mp4", _SHARP, members={"MosaicSet": [_MOSAIC | {"StartTimeOffset": 1, "EndTimeOffset": 2}]}
    ),
    "corners": Ask("plain.mp4", _SHARP, marks=[(each, {}) for each in list(MARKS)[:4]]),
    "half": Ask("plain.mp4", _SHARP, marks=[("half", {})]),
    "moving marks": Ask("plain.mp4", _SHARP, marks=[("once", {}), ("last", {}), ("again", {})]),
    "text": _text_mark("text", "OpenVOD 100%: it's \\ a 'test'"),
    "chinese": _text_mark("chinese", "开放点播"),
    "svg": _svg_mark(_RECTANGLE),
    "brief mark": Ask("plain.mp4", _SHARP, marks=[("top left", {"StartTimeOffset": 1, "EndTimeOffset": 2}),
                                                  ("bottom right", {"StartTimeOffset": -1})]),
    "brief mark of a cut": Ask("plain.mp4", _SHARP, members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                               marks=[("top left", {"StartTimeOffset": -1})]),
    "between clips": Ask("steps.mp4", _film(video=_video(Vcrf=18)), around=(["red.mp4", "blue.mp4"], ["blue.mp4"])),
    "after a clip, cut, marked": Ask("plain.mp4", _SHARP, members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                                     marks=[("top left", {})], around=(["blue.mp4"], [])),
    "fmp4": Ask("film.mp4", _film("hls", _video(Height=180, Fps=25, HlsTime=2), SegmentType="fmp4")),
    "ts": Ask("film.mp4", _film("hls", _video(Height=180, Fps=25, HlsTime=2), SegmentType="ts")),
    "flv": Ask("film.mp4", _film("flv", _video(Height=180, Fps=25))),
    "mp3": Ask("film.mp4", _heard("mp3", _sound("libmp3lame", 64, 32_000, 1))),
    "m4a": Ask("film.mp4", _heard("m4a", _sound("libfdk_aac", 64, 48_000, 0))),
    "flac": Ask("film.mp4", _heard("flac", _sound("flac", 0, 44_100))),
    "ogg": Ask("film.mp4", _heard("ogg", _sound("flac", 0, 48_000))),
    "vorbis": Ask("film.mp4", _heard("ogg", _sound("vorbis", 96))),
    "opus": Ask("film.mp4", _heard("ogg", _sound("libopus", 64, 48_000))),
    "wav": Ask("film.mp4", _heard("wav", _sound("pcm16", 0, 16_000, 1))),
    "silent": Ask("film.mp4", _film(video=_video(Height=180), RemoveAudio=1)),
    "sound alone": Ask("film.mp4", _film(RemoveVideo=1)),
    "no sound there": Ask("plain.mp4", _film(video=_video(Height=180))),
    "hdr": Ask("hdr.mp4", _film(video=_video("libx265", Vcrf=20, PreserveHDRSwitch="ON"))),
    "tone-mapped": Ask("hdr.mp4", _film(video=_video("libx265", Vcrf=20))),
    "tone-mapped h264": Ask("hdr.mp4", _film(video=_video(Vcrf=20, PreserveHDRSwitch="ON"))),
    "tracks": Ask("tracks.mp4", _film(video=_video(Height=90), sound=_sound(rate=48_000))),
    "overridden": Ask("film.mp4", _film(video=_video(Height=180)), members={"OverrideParameter": {
        "VideoTemplate": {"Codec": "libx265", "Height": 90, "Fps": 10}, "AudioTemplate": {"AudioChannel": 1}}}),
    "png": Ask("portrait.mp4", Made(_SNAPSHOT, {"Format": "png", "Width": 200, "Height": 100, "FillType": "white",
                                                "ResolutionAdaptive": "close"}), "SnapshotByTimeOffset",
               {"ExtTimeOffsetSet": ["0s", "100%"], "TimeOffsetSet": [1500]}),
    "webp": Ask("steps.mp4", Made(_SNAPSHOT, {"Format": "webp"}), "SnapshotByTimeOffset",
                {"ExtTimeOffsetSet": ["0.5s", "37.5%", "2.5s"], "TimeOffsetSet": [3500]}),
    "marked snapshot": Ask("plain.mp4", Made(_SNAPSHOT, {"Format": "png"}), "SnapshotByTimeOffset",
                           {"ExtTimeOffsetSet": ["1s"]}, marks=[("top left", {}), ("text", {"TextContent": "not on stills"})]),
    "cover": Ask("steps.mp4", Made(_SNAPSHOT, {"Format": "jpg", "Width": 160}), "CoverBySnapshot",
                 {"PositionType": "Time", "PositionValue": 1.5}),
    "samples": Ask("steps.mp4", Made(_SAMPLE, {"SampleType": "Time", "SampleInterval": 1, "Format": "png"}),
                   "SampleSnapshot", marks=[("top left", {})]),
    "many samples": Ask("film.mp4", Made(_SAMPLE, {"SampleType": "Percent", "SampleInterval": 5, "Width": 160}),
                        "SampleSnapshot"),
    "sprite": Ask("steps.mp4", Made(_SPRITE, {"SampleType": "Time", "SampleInterval": 1, "RowCount": 1,
                                              "ColumnCount": 3, "Width": 96, "Height": 54, "Format": "png",
                                              "ResolutionAdaptive": "close"}), "ImageSprite"),
    "animation": Ask("steps.mp4", Made(_ANIMATION, {"Fps": 4, "Width": 160, "Height": 0, "Format": "webp"}),
                     "AnimatedGraphic", {"StartTimeOffset": 1, "EndTimeOffset": -1}),
    "gif": Ask("portrait.mp4", Made(_ANIMATION, {"Fps": 5, "Width": 0, "Height": 128}), "AnimatedGraphic",
               {"StartTimeOffset": -2, "EndTimeOffset": 0}),
    "ladder": Ask("film.mp4", _ladder(_rung(2160, 6000), _rung(180, 128), _rung(720, 2000), _rung(360, 400)),
                  "AdaptiveDynamicStreaming"),
    "ladder above": Ask("film.mp4", _ladder(_rung(2160, 6000), _rung(1080, 2000), DisableHigherVideoResolution=1),
                        "AdaptiveDynamicStreaming"),
    "copied ladder": Ask("fits.mp4", _ladder(_rung(240, 128), _rung(480, 400)), "AdaptiveDynamicStreaming"),
    "copied dash": Ask("fits.mp4", _ladder(_rung(240, 128), _rung(480, 400), form="MPEG-DASH"),
                       "AdaptiveDynamicStreaming"),
    "marked ladder": Ask("plain.mp4", _ladder(_rung(180, 400), _rung(360, 800)), "AdaptiveDynamicStreaming",
                         marks=[("half", {})]),
    "upright ladder": Ask("portrait.mp4", _ladder(_rung(180, 128), _rung(360, 400)), "AdaptiveDynamicStreaming"),
    "fmp4 ladder": Ask("film.mp4", _ladder(_rung(180, 200, "libx265"), _rung(360, 400, "libx265"), SegmentType="fmp4"),
                       "AdaptiveDynamicStreaming"),
}  # fmt: skip

#: Beside what is asked for in vain, this is: it shares the pass.
_COMPANION = _film(video=_video(Height=90))
_INPUT, _UNSUPPORTED = "InvalidInput", "InvalidInput.ConfigurationUnsupported"
_OFFSET, _UNKNOWN = "InvalidInput.InvalidTimeOffset", "InvalidInput.DefinitionNotExist"
_COPY = _sound("copy", 0)
_NOBODY = 9_999_999


@dataclass(frozen=True)
class Bad:
    """An ask that cannot be met: its ``ErrCodeExt`` and words that must be in its message."""

    ask: Ask
    code: str
    words: Sequence[str]


def _bad_svg(content: str, *words: str) -> Bad:
    return Bad(_svg_mark(content), _INPUT, ("SvgContent", *words))


def _bad_text(text: str, code: str, *words: str) -> Bad:
    return Bad(_text_mark("text", text), code, words)


def _remux(container: str, source: str = "vp9.webm", **members: object) -> Ask:
    return Ask(source, _film(container, _video("copy"), _COPY), members=members)


def _aes(**members: object) -> Ask:
    return Ask("film.mp4", _ladder(_rung(180, 200), DrmType="SimpleAES", **members), "AdaptiveDynamicStreaming")


_STILL = Made(_SNAPSHOT, {"Format": "jpg"})
BAD: Mapping[str, Bad] = {
    "unknown template": Bad(Ask("plain.mp4", _NOBODY), _UNKNOWN, (str(_NOBODY), "does not exist")),
    "unknown mark": Bad(Ask("plain.mp4", _SHARP, members={"WatermarkSet": [{"Definition": _NOBODY}]}), _UNKNOWN,
                        ("watermark", str(_NOBODY), "does not exist")),
    "start beyond the end": Bad(_cut(10, 0), _OFFSET, ("StartTimeOffset 10", "4 s")),
    "before the beginning": Bad(_cut(-10, 0), _OFFSET, ("StartTimeOffset -10", "4 s")),
    "end before the start": Bad(_cut(3, 1), _OFFSET, ("EndTimeOffset 1", "nothing")),
    "mark beyond the end": Bad(Ask("plain.mp4", _SHARP, marks=[("top left", {"StartTimeOffset": 9})]), _OFFSET,
                               ("StartTimeOffset 9", "4 s")),
    "still beyond the end": Bad(Ask("steps.mp4", _STILL, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["9s"]}), _OFFSET,
                                ("9 s", "beyond the end", "4 s")),
    "still at 150%": Bad(Ask("steps.mp4", _STILL, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["150%"]}), _OFFSET,
                         ("150%", "at most 100%")),
    "still at noon": Bad(Ask("steps.mp4", _STILL, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["noon"]}), _OFFSET,
                         ("noon", "3.5s")),
    "animation beyond the end": Bad(
        Ask("steps.mp4", 20_000, "AnimatedGraphic", {"StartTimeOffset": 5, "EndTimeOffset": 6}), _OFFSET,
        ("StartTimeOffset 5", "4 s")),
    "lost picture": Bad(Ask("plain.mp4", _SHARP, marks=[("lost", {})]), _INPUT, ("picture", "not stored", "replace")),
    "no size": Bad(Ask("plain.mp4", _SHARP, marks=[("sizeless", {})]), _INPUT, ("neither width nor height",)),
    "script": _bad_svg("<script>alert(1)</script>", "<script>"),
    "handler": _bad_svg('<rect width="10" height="10" onload="alert(1)"/>', "onload"),
    "reference": _bad_svg('<image href="http://127.0.0.1/x.png" width="10" height="10"/>', "outside", "href"),
    "other namespace": _bad_svg('<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>',
                                "outside", "href"),
    "style sheet": _bad_svg('<style>rect { fill: url("http://127.0.0.1/x") }</style>', "style", "outside"),
    "entity": Bad(Ask("plain.mp4", _SHARP, marks=[("svg", {"SvgContent":
                      '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _SVG.format("<text>&x;</text>")})]),
                  _INPUT, ("SvgContent", "entities")),
    "no drawing": _bad_svg("<rect", "no SVG"),
    "no text": _bad_text(" ", _INPUT, "TextContent", "required"),
    "bell": _bad_text("ring\a", _INPUT, "TextContent", "control characters"),
    "hieroglyph": _bad_text("bird \U00013171", _UNSUPPORTED, "no font", "\U00013171", "install"),
    "private glyph": _bad_text("logo \U000f1234", _UNSUPPORTED, "no font", "install"),
    "VP9 in MP4": Bad(_remux("mp4"), _UNSUPPORTED, ("mp4", "vp9")),
    "VP9 in FLV": Bad(_remux("flv"), _UNSUPPORTED, ("flv", "vp9")),
    "AAC in MP3": Bad(Ask("film.mp4", _heard("mp3", _sound())), _UNSUPPORTED, ("mp3", "aac")),
    "cut remux": Bad(_remux("mp4", "film.mp4", StartTimeOffset=1), _UNSUPPORTED, ("remux", "cut")),
    "key of fmp4": Bad(_aes(SegmentType="fmp4"), _UNSUPPORTED, ("SimpleAES", "ts")),
    "key of DASH": Bad(_aes(Format="MPEG-DASH"), _UNSUPPORTED, ("SimpleAES", "HLS")),
    "mosaic outside": Bad(Ask("plain.mp4", _SHARP, members={"MosaicSet": [{"XPos": "100%", "YPos": "0px"}]}), _INPUT,
                          ("mosaic", "100%", "outside")),
    "no such clip": Bad(Ask("plain.mp4", _SHARP, around=(["1234567890123456789"], [])), _INPUT,
                        ("clip", "1234567890123456789", "does not exist")),
    "overridden wrongly": Bad(Ask("film.mp4", _SHARP, members={"OverrideParameter": {"VideoTemplate": {"Codec": "x"}}}),
                              _INPUT, ("OverrideParameter", "Codec")),
    "sound of a silent film": Bad(Ask("plain.mp4", _heard("m4a", _sound())), "SourceFileError.ContentUnsupported",
                                  ("no audio stream",)),
}  # fmt: skip
CLIPS = ("red.mp4", "blue.mp4")
#: So many sub-tasks of one source share a flow, and with it its passes.
_ITEMS = 6
_STRANGER = "template of another application"
#: The order of the result set (``procedures-and-api.md`` 3.6).
_KINDS = ("Transcode", "AnimatedGraphic", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprite", "CoverBySnapshot",
          "AdaptiveDynamicStreaming")  # fmt: skip


class Kitchen:
    """Makes sources, pictures, templates and procedures where they are needed first."""

    def __init__(self, bench: FlowBench, folder: Path) -> None:
        self.bench = bench
        self.clips: dict[str, str] = {}
        self._folder = folder
        self._definitions: dict[int, int] = {}
        self._procedures = 0

    def path(self, name: str, makers: Mapping[str, Callable[[Path], None]] = SOURCES) -> Path:
        """Return the path of a source or picture."""
        path = self._folder / name
        if not path.exists():
            makers[name](path)
        return path

    def definition(self, made: Made) -> int:
        """Return the id of a template."""
        if id(made) not in self._definitions:
            image = self.path(made.image, PICTURES) if made.image else None
            self._definitions[id(made)] = self.bench.template(made.kind, made.body, image=image)
        return self._definitions[id(made)]

    def item(self, ask: Ask) -> Plain:
        """Return the item of a task set."""
        definition = self.definition(ask.template) if isinstance(ask.template, Made) else ask.template
        members = dict(ask.members)
        if ask.marks:
            members["WatermarkSet"] = [{"Definition": self.definition(MARKS[name]), **more} for name, more in ask.marks]
        if any(ask.around):
            heads, tails = ([self.clips.get(name, name) for name in names] for names in ask.around)
            body = {"HeadCandidateSet": heads, "TailCandidateSet": tails}
            members["HeadTailSet"] = [{"Definition": self.bench.template(TemplateKind.HEAD_TAIL, body)}]
        return {"Definition": definition, **members}

    def order(self, asks: Sequence[Ask]) -> Order:
        """Return the order of a flow of one source; its result set has the order of ``asks`` if those have that of kinds."""
        self._procedures += 1
        sets: dict[str, list[Plain]] = {}
        for ask in asks:
            sets.setdefault(ask.kind, []).append(self.item(ask))
        return Order(self.path(asks[0].source), self.bench.procedure(f"flow {self._procedures}", **sets))


@dataclass(frozen=True)
class Run:
    """What became of everything asked for: members of result sets by name; what is bad has its companion's, too."""

    bench: FlowBench
    members: Mapping[str, Plain]
    companions: Mapping[str, Plain]
    pictures: Path


def run_all(folder: Path, bench: FlowBench, good: Mapping[str, Ask], bad: Mapping[str, Bad]) -> Run:
    """Run all asks at the same time; those of one source share flows."""
    pictures = folder / "sources"
    pictures.mkdir()
    kitchen = Kitchen(bench, pictures)
    still = Ask("", 10, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["0s"]})
    clips = bench.run([kitchen.order([replace(still, source=name)]) for name in CLIPS])
    kitchen.clips |= {name: flow.file_id for name, flow in zip(CLIPS, clips, strict=True)}
    groups = _groups(good)
    orders = [kitchen.order([good[name] for name in names]) for names in groups]
    companion = {name: Ask(each.ask.source, _COMPANION) for name, each in bad.items()}
    orders += [kitchen.order(sorted([each.ask, companion[name]], key=_place)) for name, each in bad.items()]
    flows = bench.run(orders)
    members: dict[str, Plain] = {}
    companions: dict[str, Plain] = {}
    for names, flow in zip(groups, flows, strict=False):
        members |= dict(zip(names, flow.results, strict=True))
    for name, flow in zip(bad, flows[len(groups) :], strict=True):
        companions[name] = flow.result("Transcode", kitchen.definition(_COMPANION))
        (members[name],) = [member for member in flow.results if member is not companions[name]]
    return Run(bench, members, companions, pictures)


def _place(ask: Ask) -> int:
    return _KINDS.index(ask.kind)


def _groups(asks: Mapping[str, Ask]) -> list[list[str]]:
    """Return names of asks that share a source, in the order of the result set."""
    by_source: dict[str, list[str]] = {}
    for name in sorted(asks, key=lambda name: _place(asks[name])):
        by_source.setdefault(asks[name].source, []).append(name)
    return [names[i : i + _ITEMS] for names in by_source.values() for i in range(0, len(names), _ITEMS)]
