"""Custom templates of every kind through the whole platform, judged by the pixels, packets and words that come out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from openvod.tasks.templates import TemplateKind
from support.corpus.build import PATCHES, ffmpeg
from support.sweeps.flow_bench import FlowBench, Order, Rendition, examined, outcome, picture_at, plays

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(400)]
Plain = Mapping[str, Any]
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
_SECONDS = 4.0
_RED, _GREEN, _BLUE, _WHITE, _BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
_GRAY = (128, 128, 128)
_FILMS = ("Transcode", "AdaptiveDynamicStreaming")
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

    A mark in ``marks`` is the name of one in :data:`MARKS` and members of the ``WatermarkSet`` item. ``around`` is a
    template of clips before and after, with names of :data:`CLIPS` for the ids of files that are there.
    """

    source: str
    template: Made | int
    kind: str = "Transcode"
    members: Plain = field(default_factory=dict)
    marks: Sequence[tuple[str, Plain]] = ()
    around: Plain = field(default_factory=dict)


def _cut(start: float, end: float) -> Ask:
    return Ask("steps.mp4", _film(video=_video(Vcrf=18)), members={"StartTimeOffset": start, "EndTimeOffset": end})


def _sharp() -> Made:
    return _film(video=_video(Vcrf=10))


_HALVES = _film(video=_video(Vcrf=18))
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" preserveAspectRatio="none">{}</svg>'
_RECTANGLE = '<rect width="10" height="10" fill="red"/>'
_MOSAIC = {"XPos": "25%", "YPos": "100px", "Width": "30%", "Height": "120px"}
_SNAPSHOT, _SAMPLE = TemplateKind.SNAPSHOT_BY_TIME_OFFSET, TemplateKind.SAMPLE_SNAPSHOT
_SPRITE, _ANIMATION = TemplateKind.IMAGE_SPRITE, TemplateKind.ANIMATED_GRAPHICS


def _svg_mark(content: str) -> Ask:
    return Ask("plain.mp4", _sharp(), marks=[("svg", {"SvgContent": _SVG.format(content)})])


def _text_mark(name: str, text: str) -> Ask:
    return Ask("plain.mp4", _sharp(), marks=[(name, {"TextContent": text})])


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
    "first half": Ask("steps.mp4", _HALVES, members={"EndTimeOffset": 2}),
    "second half": Ask("steps.mp4", _HALVES, members={"StartTimeOffset": 2}),
    "1 to 3": _cut(1, 3),
    "from 1": _cut(1, 0),
    "last 2": _cut(-2, 0),
    "without last": _cut(0, -1),
    "sharp": Ask("film.mp4", _sharp()),
    "mosaic": Ask("film.mp4", _sharp(), members={"MosaicSet": [_MOSAIC]}),
    "brief mosaic": Ask(
        "film.mp4", _sharp(), members={"MosaicSet": [_MOSAIC | {"StartTimeOffset": 1, "EndTimeOffset": 2}]}
    ),
    "corners": Ask("plain.mp4", _sharp(), marks=[(each, {}) for each in list(MARKS)[:4]]),
    "half": Ask("plain.mp4", _sharp(), marks=[("half", {})]),
    "moving marks": Ask("plain.mp4", _sharp(), marks=[("once", {}), ("last", {}), ("again", {})]),
    "text": _text_mark("text", "OpenVOD 100%: it's \\ a 'test'"),
    "chinese": _text_mark("chinese", "开放点播"),
    "svg": _svg_mark(_RECTANGLE),
    "brief mark": Ask("plain.mp4", _sharp(), marks=[("top left", {"StartTimeOffset": 1, "EndTimeOffset": 2}),
                                                  ("bottom right", {"StartTimeOffset": -1})]),
    "brief mark of a cut": Ask("plain.mp4", _sharp(), members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                               marks=[("top left", {"StartTimeOffset": -1})]),
    "between clips": Ask("steps.mp4", _film(video=_video(Vcrf=18)), around={
        "HeadCandidateSet": ["blue.mp4", "red.mp4"], "TailCandidateSet": ["blue.mp4"]}),
    "white beside a clip": Ask("steps.mp4", _film(video=_video(Vcrf=18)), around={
        "TailCandidateSet": ["blue.mp4"], "FillType": "white"}),
    "white beside a film": Ask("portrait.mp4", _fill("white"), around={"HeadCandidateSet": ["red.mp4"]}),
    "after a clip, cut, marked": Ask("plain.mp4", _sharp(), members={"StartTimeOffset": 1, "EndTimeOffset": 3},
                                     marks=[("top left", {"StartTimeOffset": -1})],
                                     around={"HeadCandidateSet": ["blue.mp4"]}),
    "tone-mapped after a clip": Ask("hdr.mp4", _film(video=_video(Vcrf=18)), around={
        "HeadCandidateSet": ["red.mp4"]}),
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
                           {"ExtTimeOffsetSet": ["1s"]},
                           marks=[("top left", {}), ("text", {"TextContent": "not on stills"})]),
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
    "gif": Ask("film.mp4", Made(_ANIMATION, {"Fps": 5, "Width": 0, "Height": 128}), "AnimatedGraphic",
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


def _aes(form: str, segments: str) -> Ask:
    ladder = _ladder(_rung(180, 200), form=form, DrmType="SimpleAES", SegmentType=segments)
    return Ask("film.mp4", ladder, "AdaptiveDynamicStreaming")


_STILL = Made(_SNAPSHOT, {"Format": "jpg"})
#: Made for another application, after so many that its id is none of ours.
_THEIRS = Made(_ANIMATION, {"Fps": 1})
_THEIR_TEMPLATES = 5
BAD: Mapping[str, Bad] = {
    "unknown template": Bad(Ask("plain.mp4", _NOBODY), _UNKNOWN, (str(_NOBODY), "does not exist")),
    "unknown mark": Bad(Ask("plain.mp4", _sharp(), members={"WatermarkSet": [{"Definition": _NOBODY}]}), _UNKNOWN,
                        ("watermark", str(_NOBODY), "does not exist")),
    "template of another application": Bad(
        Ask("steps.mp4", _THEIRS, "AnimatedGraphic", {"StartTimeOffset": 0, "EndTimeOffset": 1}), _UNKNOWN,
        (str(1_000_000 + _THEIR_TEMPLATES), "does not exist in this application")),
    "start beyond the end": Bad(_cut(10, 0), _OFFSET, ("StartTimeOffset 10", "4 s")),
    "before the beginning": Bad(_cut(-10, 0), _OFFSET, ("StartTimeOffset -10", "4 s")),
    "end before the start": Bad(_cut(3, 1), _OFFSET, ("EndTimeOffset 1", "nothing")),
    "mark beyond the end": Bad(Ask("plain.mp4", _sharp(), marks=[("top left", {"StartTimeOffset": 9})]), _OFFSET,
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
    "lost picture": Bad(Ask("plain.mp4", _sharp(), marks=[("lost", {})]), _INPUT, ("picture", "not stored", "replace")),
    "no size": Bad(Ask("plain.mp4", _sharp(), marks=[("sizeless", {})]), _INPUT, ("neither width nor height",)),
    "script": _bad_svg("<script>alert(1)</script>", "<script>"),
    "handler": _bad_svg('<rect width="10" height="10" onload="alert(1)"/>', "onload"),
    "reference": _bad_svg('<image href="http://127.0.0.1/x.png" width="10" height="10"/>', "outside", "href"),
    "other namespace": _bad_svg('<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>',
                                "outside", "href"),
    "style sheet": _bad_svg('<style>rect { fill: url("http://127.0.0.1/x") }</style>', "style", "outside"),
    "entity": Bad(Ask("plain.mp4", _sharp(), marks=[("svg", {"SvgContent":
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
    "key of fmp4": Bad(_aes("HLS", "fmp4"), _UNSUPPORTED, ("SimpleAES", "ts")),
    "key of DASH": Bad(_aes("MPEG-DASH", ""), _UNSUPPORTED, ("SimpleAES", "HLS")),
    "mosaic outside": Bad(Ask("plain.mp4", _sharp(), members={"MosaicSet": [{"XPos": "100%", "YPos": "0px"}]}), _INPUT,
                          ("mosaic", "100%", "outside")),
    "no such clip": Bad(Ask("plain.mp4", _sharp(), around={"HeadCandidateSet": ["1234567890123456789"]}), _INPUT,
                        ("clip", "1234567890123456789", "does not exist")),
    "overridden wrongly": Bad(
        Ask("film.mp4", _sharp(), members={"OverrideParameter": {"VideoTemplate": {"Codec": "x"}}}), _INPUT,
        ("OverrideParameter", "Codec")),
    "sound of a silent film": Bad(Ask("plain.mp4", _heard("m4a", _sound())), "SourceFileError.ContentUnsupported",
                                  ("no audio stream",)),
}  # fmt: skip
CLIPS = ("red.mp4", "blue.mp4")
#: So many sub-tasks of one source share a flow, and with it its passes.
_ITEMS, _BAD_ITEMS = 6, 2
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

    def settle_neighbours(self) -> None:
        """Make another application and its templates."""
        theirs = self.bench.server.administer(lambda access: access.create_application("neighbours")).sub_app_id
        for _ in range(_THEIR_TEMPLATES):
            definition = self.bench.template(_THEIRS.kind, _THEIRS.body, sub_app_id=theirs)
        self._definitions[id(_THEIRS)] = definition

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
        if ask.around:
            body = {
                member: [self.clips.get(name, name) for name in value] if isinstance(value, list) else value
                for member, value in ask.around.items()
            }
            members["HeadTailSet"] = [{"Definition": self.bench.template(TemplateKind.HEAD_TAIL, body)}]
        return {"Definition": definition, **members}

    def order(self, asks: Sequence[Ask]) -> Order:
        """Return a flow's order, of one source; results come in the order of ``asks`` if those have that of kinds."""
        self._procedures += 1
        sets: dict[str, list[Plain]] = {}
        for ask in asks:
            sets.setdefault(ask.kind, []).append(self.item(ask))
        return Order(self.path(asks[0].source), self.bench.procedure(f"flow {self._procedures}", 0, **sets))


@dataclass(frozen=True)
class Run:
    """What became of everything asked for: members of result sets by name; what is bad has its companion's, too."""

    bench: FlowBench
    members: Mapping[str, Plain]
    companions: Mapping[str, Plain]
    sources: Path
    examined: dict[str, Rendition] = field(default_factory=dict)

    def output(self, name: str) -> Plain:
        """Return the ``Output`` of an ask, asserting that it succeeded."""
        member = self.members[name]
        assert outcome(member) == "ok", member["Message"]
        output: Plain = member["Output"]
        return output

    def path(self, name: str) -> Path:
        """Return the file that was made."""
        return self.bench.fetch(self.output(name)["Url"])

    def seen(self, name: str) -> Rendition:
        """Return what decoding found."""
        if name not in self.examined:
            url = self.output(name)["Url"]
            self.examined[name] = examined(url if url.endswith(".m3u8") else self.path(name))
        return self.examined[name]

    def shown(self, name: str, seconds: float) -> Image.Image:
        """Return the picture that is shown at a moment."""
        return picture_at(self.path(name), seconds)

    def stills(self, name: str, form: str) -> list[Image.Image]:
        """Return all pictures of an ask, asserting their format."""
        output = self.output(name)
        urls = output.get("ImageUrlSet") or [item["Url"] for item in output.get("PicInfoSet", ())]
        pictures = []
        for url in urls or [output["CoverUrl"]]:
            with Image.open(self.bench.fetch(url)) as image:
                assert image.format == form
                pictures.append(image.convert("RGB"))
        return pictures


def run_all(folder: Path, bench: FlowBench, good: Mapping[str, Ask], bad: Mapping[str, Bad]) -> Run:
    """Run all asks at the same time; those of one source share flows, bad ones with a companion that is good."""
    pictures = folder / "sources"
    pictures.mkdir()
    kitchen = Kitchen(bench, pictures)
    kitchen.settle_neighbours()
    still = Ask(CLIPS[0], 10, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["0s"]})
    stills = kitchen.order([still]).procedure
    clips = bench.run([Order(kitchen.path(name), stills) for name in CLIPS])
    kitchen.clips |= {name: flow.file_id for name, flow in zip(CLIPS, clips, strict=True)}
    groups = [{name: good[name] for name in names} for names in _groups(good, _ITEMS)]
    for names in _groups({name: each.ask for name, each in bad.items()}, _BAD_ITEMS):
        asks = {name: bad[name].ask for name in names}
        asks[_companion(names[0])] = Ask(asks[names[0]].source, _COMPANION)
        groups.append(dict(sorted(asks.items(), key=lambda item: _place(item[1]))))
    flows = bench.run([kitchen.order(list(group.values())) for group in groups])
    members: dict[str, Plain] = {}
    companions: dict[str, Plain] = {}
    for group, flow in zip(groups, flows, strict=True):
        found = dict(zip(group, flow.results, strict=True))
        members |= found
        companions |= {name: member for each, member in found.items() if each not in bad for name in group}
    return Run(bench, members, companions, pictures)


def _companion(name: str) -> str:
    return f"beside {name}"


def _place(ask: Ask) -> int:
    return _KINDS.index(ask.kind)


def _groups(asks: Mapping[str, Ask], size: int) -> list[list[str]]:
    """Return names of asks that share a source, in the order of the result set."""
    by_source: dict[str, list[str]] = {}
    for name in sorted(asks, key=lambda name: _place(asks[name])):
        by_source.setdefault(asks[name].source, []).append(name)
    return [names[i : i + size] for names in by_source.values() for i in range(0, len(names), size)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything asked for, through one platform."""
    folder = tmp_path_factory.mktemp("templates")
    with FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench:
        yield run_all(folder, bench, GOOD, BAD)


_ISO = "mov,mp4,m4a,3gp,3g2,mj2"


def _named(names: Sequence[str]) -> list[Any]:
    return [pytest.param(name, id=name) for name in names]


@pytest.mark.parametrize("name", _named([name for name, ask in GOOD.items() if ask.kind in _FILMS]))
def test_every_film_decodes(name: str, run: Run) -> None:
    """Every stream of a result decodes without a word from the decoder, and is what the event tells of it."""
    output = run.output(name)
    plays(output["Url"] if output["Url"].endswith((".m3u8", ".mpd")) else str(run.path(name)))
    if GOOD[name].kind == "Transcode":
        seen = run.seen(name)
        assert (output["Width"], output["Height"]) == (seen.width, seen.height)
        assert [stream["Codec"] for stream in output["VideoStreamSet"]] == [seen.codec] * bool(seen.frames)
        assert [stream["Codec"] for stream in output["AudioStreamSet"]] == [seen.audio] * bool(seen.audio)
        assert output["Duration"] == pytest.approx(seen.seconds, abs=0.15)


def _about(value: float, tolerance: float = 0.05) -> object:
    return pytest.approx(value, abs=tolerance)


_STEREO: dict[str, Any] = {"audio": "aac", "audio_rate": 44_100, "channels": 2}
_SMALL: dict[str, Any] = {"codec": "h264", "width": 320, "height": 180, "pixels": "yuv420p", "rotation": 0}
_UPRIGHT: dict[str, Any] = _SMALL | {"width": 180, "height": 320}
#: What decoding must find, by the names of :class:`Rendition`.
STREAMS: Mapping[str, Plain] = {
    "h265": _SMALL | _STEREO | {"codec": "hevc", "tag": "hvc1", "fps": _about(25), "kbps": _about(300, 150)},
    "hev1": _SMALL | {"codec": "hevc", "tag": "hev1", "fps": _about(30)},
    "av1": _SMALL | {"codec": "av1", "tag": "av01", "fps": _about(30), "kbps": _about(300, 200)},
    "as the source": _SMALL | {"container": _ISO, "tag": "avc1", "width": 640, "height": 360, "fps": _about(30)},
    "second": _SMALL | {"fps": _about(25)},
    "kept pauses": _STEREO | {"width": 160, "height": 90},
    **{fill: {"width": 640, "height": 360, "audio": ""} for fill in ("black", "white", "gauss", "stretch")},
    "long side": _UPRIGHT,
    "width": {"width": 320, "height": 568},
    "both sides": _UPRIGHT,
    "larger": {"width": 360, "height": 640},
    "turned": _UPRIGHT,
    "mosaic": {"width": 640, "height": 360, "fps": _about(30)},
    "ts": _SMALL | _STEREO | {"container": "hls", "fps": _about(25)},
    "fmp4": _SMALL | _STEREO | {"container": "hls", "fps": _about(25)},
    "flv": _SMALL | _STEREO | {"container": "flv", "fps": _about(25)},
    "mp3": {"container": "mp3", "codec": "", "audio": "mp3", "audio_rate": 32_000, "channels": 1,
            "audio_kbps": _about(64, 8)},
    "m4a": {"container": _ISO, "codec": "", "audio": "aac", "audio_rate": 48_000, "channels": 2},
    "flac": {"container": "flac", "codec": "", "audio": "flac", "audio_rate": 44_100, "channels": 2},
    "ogg": {"container": "ogg", "codec": "", "audio": "flac", "audio_rate": 48_000, "channels": 2},
    "vorbis": {"container": "ogg", "codec": "", "audio": "vorbis", "audio_rate": 44_100, "channels": 2},
    "opus": {"container": "ogg", "codec": "", "audio": "opus", "audio_rate": 48_000, "channels": 2},
    "wav": {"container": "wav", "codec": "", "audio": "pcm_s16le", "audio_rate": 16_000, "channels": 1},
    "silent": _SMALL | {"audio": ""},
    "sound alone": _STEREO | {"container": _ISO, "codec": ""},
    "no sound there": _SMALL | {"audio": ""},
    "tracks": {"width": 160, "height": 90, "audio": "aac", "audio_rate": 48_000, "channels": 2},
    "overridden": {"codec": "hevc", "width": 160, "height": 90, "fps": _about(10), "audio": "aac", "channels": 1},
}  # fmt: skip


@pytest.mark.parametrize("name", _named(list(STREAMS)))
def test_streams(name: str, run: Run) -> None:
    """Containers, codecs, tags, sizes, rates and channels are those asked for; sizes never exceed the source."""
    seen = run.seen(name)
    assert {member: getattr(seen, member) for member in STREAMS[name]} == STREAMS[name]
    assert seen.seconds == pytest.approx(_SECONDS, abs=0.1)
    if seen.audio:
        assert seen.audio_seconds == pytest.approx(_SECONDS, abs=0.1)


def test_first_track_is_heard(run: Run) -> None:
    """Of several tracks one comes out."""
    with av.open(str(run.path("tracks"))) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]


def test_quality_costs_bits(run: Run) -> None:
    """A lower CRF takes more bits."""
    assert run.seen("fine").kbps > 3 * run.seen("coarse").kbps


def test_profile(run: Run) -> None:
    """The profile is no higher than asked for; x264 writes the lowest that holds what it used."""
    with av.open(str(run.path("main"))) as film:
        assert film.streams.video[0].codec_context.profile in ("Main", "Baseline", "Constrained Baseline")
        times = [packet.pts for packet in film.demux(video=0) if packet.pts is not None]
    assert times == sorted(times)
    with av.open(str(run.path("as the source"))) as film:
        assert film.streams.video[0].codec_context.profile is not None


@pytest.mark.parametrize(
    ("name", "distance", "fps"), [("second", 25, 25), ("second, source's rate", 30, 30), ("ten frames", 10, 30)]
)
def test_gop(name: str, distance: int, fps: int, run: Run) -> None:
    """Key frames come as often as asked for, in frames or in seconds of the result's own rate."""
    seen = run.seen(name)
    assert seen.key_times == [round(place / fps, 3) for place in range(0, len(seen.frames), distance)]


def test_pauses(run: Run) -> None:
    """Without a rate the frames keep their times, pauses included; with one they are steady."""
    source, kept, steady = examined(run.sources / "pauses.mp4"), run.seen("kept pauses"), run.seen("steady")
    assert max(b - a for a, b in pairwise(source.frames)) > 1
    assert kept.frames == pytest.approx([time - source.frames[0] + kept.frames[0] for time in source.frames], abs=0.002)
    assert [round(b - a, 3) for a, b in pairwise(steady.frames)] == [0.04] * 99


def unlike(picture: Image.Image, expected: Mapping[tuple[int, int], Colour], tolerance: int = 16) -> list[str]:
    """Return where a picture has other colours than expected, in words."""
    found = {place: picture.getpixel(place) for place in expected}
    return [
        f"{place} is {found[place]}, not {colour}"
        for place, colour in expected.items()
        if max(abs(a - b) for a, b in zip(_triple(found[place]), colour, strict=True)) > tolerance
    ]


def _triple(pixel: object) -> Colour:
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return int(red), int(green), int(blue)


def box_of(picture: Image.Image, colour: Colour, tolerance: int = 60) -> Box:
    """Return the smallest rectangle around everything of about a colour; all 0 where there is none."""
    unlikeness = ImageChops.difference(picture, Image.new("RGB", picture.size, colour)).split()
    worst = ImageChops.lighter(ImageChops.lighter(unlikeness[0], unlikeness[1]), unlikeness[2])
    return worst.point([255 if level < tolerance else 0 for level in range(256)]).getbbox() or (0, 0, 0, 0)


def detail(picture: Image.Image, box: Box) -> float:
    """Return how much the light differs within a rectangle."""
    return float(ImageStat.Stat(picture.crop(box).convert("L")).stddev[0])


def sharpness(picture: Image.Image, box: Box) -> float:
    """Return how much neighbours differ in their light within a rectangle."""
    light = picture.crop(box).convert("L")
    return float(ImageStat.Stat(ImageChops.difference(light, ImageChops.offset(light, 1, 0))).mean[0])


def near(box: Box, expected: Box, pixels: int = 2) -> bool:
    """Tell whether two rectangles are the same but for the blur of chroma."""
    return all(abs(a - b) <= pixels for a, b in zip(box, expected, strict=True))


_PLAIN_GREEN = (0, 190, 0)


@pytest.mark.parametrize(
    ("name", "border"),
    [("black", _BLACK), ("white", _WHITE), ("gauss", _PLAIN_GREEN), ("stretch", _PLAIN_GREEN)],
)
def test_fills(name: str, border: Colour, run: Run) -> None:
    """An upright film in a wide picture: in the middle, 202 pixels wide, the rest is filled as asked for."""
    picture = run.shown(name, 1)
    assert unlike(picture, dict.fromkeys([(5, 5), (5, 355), (214, 180), (425, 180), (635, 180)], border)) == []
    assert unlike(picture, dict.fromkeys([(222, 180), (320, 5), (320, 355), (417, 180)], _PLAIN_GREEN)) == []


def test_blurred_border(run: Run) -> None:
    """A gauss fill is the film itself, blurred: bright where it is bright, without detail; the film stays sharp."""
    picture = run.shown("blurred border", 1)
    assert unlike(picture, {(230, 10): _BLACK, (410, 10): _WHITE}) == []
    assert sharpness(picture, (0, 0, 200, 360)) < 0.3 * sharpness(picture, (222, 0, 418, 360))
    assert detail(picture, (0, 0, 200, 360)) > 5


def test_turned(run: Run) -> None:
    """A film held upright comes out upright: the patch of its top left corner is at the right now."""
    black = dict.fromkeys([(10, 10), (10, 310), (170, 310)], _BLACK)
    assert unlike(run.shown("turned", 1), {(170, 10): _WHITE} | black) == []


_COLOURS = {"r": _RED, "g": _GREEN, "b": _BLUE, "w": _WHITE, "0": _BLACK, "-": _GRAY}


def seconds_of(run: Run, name: str, place: tuple[int, int] = (160, 90), *, step: float = 1.0) -> str:
    """Return the initial of the colour shown in the middle of every second, or step."""
    shown = ""
    for number in range(round(run.seen(name).seconds / step)):
        picture = run.shown(name, (number + 0.5) * step)
        shown += next((key for key, colour in _COLOURS.items() if not unlike(picture, {place: colour})), "?")
    return shown


@pytest.mark.parametrize(
    ("name", "colours"),
    [("1 to 3", "gb"), ("from 1", "gbw"), ("last 2", "bw"), ("without last", "rgb"), ("between clips", "rrgbwb")],
)
def test_cuts_and_clips(name: str, colours: str, run: Run) -> None:
    """Offsets cut where they say; clips of the nearest shape come before and after; sound lasts as long."""
    seen = run.seen(name)
    assert seconds_of(run, name) == colours
    assert seen.seconds == pytest.approx(len(colours), abs=0.05)
    assert seen.audio_seconds == pytest.approx(len(colours), abs=0.1)


def test_halves_of_one_template(run: Run) -> None:
    """One template twice in a flow makes two results at two addresses."""
    assert run.output("first half")["Url"] != run.output("second half")["Url"]
    assert [seconds_of(run, name) for name in ("first half", "second half")] == ["rg", "bw"]


def test_fills_with_clips(run: Run) -> None:
    """Beside a clip its own template fills, beside the film the film's does."""
    assert seconds_of(run, "white beside a clip", (5, 90)) == "rgbww"
    assert seconds_of(run, "white beside a clip") == "rgbwb"
    film = run.shown("white beside a film", 2)
    assert unlike(film, {(5, 180): _WHITE, (320, 180): _PLAIN_GREEN, (635, 180): _WHITE}) == []


_COVERED = (160, 100, 352, 220)


@pytest.mark.parametrize(
    ("name", "seconds", "covered"),
    [("mosaic", 0.5, True), ("mosaic", 3.5, True), ("brief mosaic", 0.5, False), ("brief mosaic", 1.5, True),
     ("brief mosaic", 2.5, False)],
)  # fmt: skip
def test_mosaic(name: str, seconds: float, covered: bool, run: Run) -> None:
    """Inside the rectangle and its time nothing but blocks of one colour is left, outside all is as it was."""
    plain, picture = run.shown("sharp", seconds), run.shown(name, seconds)
    left, top, right, bottom = _COVERED
    blocks = [(x + 2, y + 2, x + 14, y + 14) for x in range(left, right, 16) for y in range(top, bottom - 16, 16)]
    flat = [detail(picture, block) < 4 for block in blocks]
    assert all(flat) if covered else not all(flat)
    assert not all(detail(plain, block) < 4 for block in blocks)
    if covered:
        for each in (plain, picture):
            each.paste(_GRAY, (left - 2, top - 2, right + 2, bottom + 2))
    difference = ImageChops.difference(plain, picture).convert("L")
    assert ImageStat.Stat(difference).mean[0] < 2


def test_corners(run: Run) -> None:
    """Marks lie inwards from their corners, in pixels or percent; a side of 0 keeps the picture's shape."""
    picture = run.shown("corners", 2)
    width, height = picture.size
    halves = {
        (0, 0): (10, 20, 74, 52),
        (width // 2, 0): (512, 36, 608, 84),
        (0, height // 2): (0, 324, 72, 360),
    }
    for (x, y), expected in halves.items():
        quarter = picture.crop((x, y, x + width // 2, y + height // 2))
        found = box_of(quarter, _RED)
        assert near((found[0] + x, found[1] + y, found[2] + x, found[3] + y), expected), (found, expected)
    assert near(box_of(picture, _BLUE), (536, 298, 600, 330))
    assert unlike(picture, dict.fromkeys([(320, 180), (5, 10), (635, 355)], _GRAY)) == []


_HALF_RED = (191, 64, 64)


def test_half_transparent(run: Run) -> None:
    """A mark of transparency 50 lets half of the film through, a quarter of the size from the edge."""
    assert near(box_of(run.shown("half", 2), _HALF_RED, 20), (160, 90, 480, 270))


def test_moving_marks(run: Run) -> None:
    """An animated mark is played once, or once and then held, or again and again; two pictures, half a second each."""
    assert seconds_of(run, "moving marks", (10, 10), step=0.5) == "rb------"
    assert seconds_of(run, "moving marks", (630, 10), step=0.5) == "rbbbbbbb"
    assert seconds_of(run, "moving marks", (10, 350), step=0.5) == "rbrbrbrb"


def test_text(run: Run) -> None:
    """A text is drawn as it is, in its colour at its place, and nowhere else."""
    picture = run.shown("text", 2)
    left, top, right, bottom = box_of(picture, _RED)
    assert 20 <= left <= 26
    assert 20 <= top <= 26
    assert 400 < right - left < 610
    assert 28 < bottom - top < 56
    assert unlike(picture, dict.fromkeys([(10, 10), (320, 100), (320, 300)], _GRAY)) == []


def test_chinese_text(run: Run) -> None:
    """Chinese glyphs are drawn, half transparent, each of its own shape: no boxes for missing ones."""
    picture = run.shown("chinese", 2)
    left, top, right, bottom = box_of(picture, _HALF_RED, 40)
    assert 140 <= right - left <= 165
    assert 30 <= bottom - top <= 45
    glyphs = [picture.crop((x, top, x + 36, bottom)) for x in range(left, left + 160, 40)]
    assert len(glyphs) == 4
    for one, other in pairwise(glyphs):
        assert ImageStat.Stat(ImageChops.difference(one, other).convert("L")).mean[0] > 5
    assert box_of(picture, _RED) == (0, 0, 0, 0)


def test_drawing(run: Run) -> None:
    """A drawing has the size that its template names by the picture's sides."""
    assert near(box_of(run.shown("svg", 2), _RED), (502, 278, 630, 350))


def test_brief_marks(run: Run) -> None:
    """Marks are there from their start to their end, and at no other time."""
    assert seconds_of(run, "brief mark", (20, 30)) == "-r--"
    assert seconds_of(run, "brief mark", (540, 310)) == "---b"


def test_brief_mark_of_a_cut(run: Run) -> None:
    """Negative offsets count from the end of the result, not of the source."""
    assert seconds_of(run, "brief mark of a cut", (20, 30)) == "-r"


def test_mark_after_a_clip(run: Run) -> None:
    """A cut film after a clip: the upright clip between black borders, then the film; the mark in the last second."""
    assert seconds_of(run, "after a clip, cut, marked", (320, 180)) == "b--"
    assert seconds_of(run, "after a clip, cut, marked", (20, 30)) == "0-r"


@pytest.mark.parametrize("name", ["fmp4", "ts"])
def test_segments(name: str, run: Run) -> None:
    """Segments are of the kind and length asked for; each begins with a key frame."""
    url = run.output(name)["Url"]
    text = run.bench.text(url)
    assert [float(seconds) for seconds in re.findall(r"#EXTINF:([\d.]+)", text)] == pytest.approx([2, 2], abs=0.05)
    assert ("#EXT-X-MAP" in text) == (name == "fmp4")
    assert len(re.findall(rf"^[^#].*\.{'m4s' if name == 'fmp4' else 'ts'}$", text, re.MULTILINE)) == 2
    assert {0.0, 2.0} <= set(run.seen(name).key_times)


_BT709, _PQ = 1, 16


def test_hdr_is_kept(run: Run) -> None:
    """H.265 keeps ten bits and the transfer function when asked to."""
    seen = run.seen("hdr")
    assert (seen.codec, seen.tag, seen.pixels, seen.transfer) == ("hevc", "hvc1", "yuv420p10le", _PQ)


@pytest.mark.parametrize("name", ["tone-mapped", "tone-mapped h264", "tone-mapped after a clip"])
def test_tone_mapping(name: str, run: Run) -> None:
    """Otherwise light is brought into the range of eight bits: white stays white, and colours do not pale."""
    seen = run.seen(name)
    assert seen.pixels == "yuv420p"
    assert seen.transfer != _PQ
    assert seen.codec == ("hevc" if name == "tone-mapped" else "h264")
    picture = run.shown(name, seen.seconds - 0.5)
    assert unlike(picture, {(20, 20): _WHITE, (300, 20): _BLACK, (20, 170): _BLACK, (160, 90): (0, 50, 250)}) == []
    if name != "tone-mapped after a clip":
        assert seen.transfer == _BT709


def test_png_snapshots(run: Run) -> None:
    """Snapshots of an upright film in a wide frame with white beside it, in the order asked for."""
    told = run.output("png")["PicInfoSet"]
    assert [picture["TimeOffset"] for picture in told] == [0, pytest.approx(3960, abs=60), 1500]
    for picture in run.stills("png", "PNG"):
        assert picture.size == (200, 100)
        assert near(box_of(picture, _PLAIN_GREEN), (72, 0, 128, 100))
        assert unlike(picture, {(5, 50): _WHITE, (195, 50): _WHITE}) == []


@pytest.mark.parametrize(
    ("name", "form", "colours"), [("webp", "WEBP", "rgbw"), ("cover", "JPEG", "g"), ("samples", "PNG", "rgbw")]
)
def test_stills(name: str, form: str, colours: str, run: Run) -> None:
    """Every still is of its moment."""
    pictures = run.stills(name, form)
    assert {picture.size for picture in pictures} == {(160, 90) if name == "cover" else (320, 180)}
    for picture, key in zip(pictures, colours, strict=True):
        assert unlike(picture, {(120, 80): _COLOURS[key]}) == []


def test_marked_stills(run: Run) -> None:
    """Pictures are drawn upon stills, texts are not."""
    (picture,) = run.stills("marked snapshot", "PNG")
    assert near(box_of(picture, _RED), (10, 20, 74, 52))
    for sample in run.stills("samples", "PNG")[1:]:
        assert near(box_of(sample, _RED), (10, 20, 42, 36))


def test_many_samples(run: Run) -> None:
    """Every twentieth of a film that moves."""
    pictures = run.stills("many samples", "JPEG")
    assert {picture.size for picture in pictures} == {(160, 90)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 20


def test_sprite(run: Run) -> None:
    """Four small pictures over two large ones; each second's cue leads to its colour."""
    output = run.output("sprite")
    assert (output["TotalCount"], output["Width"], output["Height"]) == (4, 96, 54)
    pages = run.stills("sprite", "PNG")
    assert {page.size for page in pages} == {(288, 54)}
    names = [url.rpartition("/")[2] for url in output["ImageUrlSet"]]
    cues = re.findall(
        r"00:00:(\d\d\.\d{3}) --> 00:00:(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),96,54",
        run.bench.text(output["WebVttUrl"]),
    )
    assert [(float(start), float(end)) for start, end, *_ in cues] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    for (_, _, name, x, y), key in zip(cues, "rgbw", strict=True):
        page = pages[names.index(name)]
        assert unlike(page, {(int(x) + 48, int(y) + 27): _COLOURS[key]}) == []


@pytest.mark.parametrize(
    ("name", "form", "size", "fps"), [("animation", "WEBP", (160, 90), 4), ("gif", "GIF", (228, 128), 5)]
)
def test_animations(name: str, form: str, size: tuple[int, int], fps: int, run: Run) -> None:
    """Animations have their span, size, rate and colours, and repeat for ever."""
    shown: list[Image.Image] = []
    with Image.open(run.path(name)) as image:
        assert (image.format, image.size, image.info["loop"]) == (form, size, 0)
        for place in range(int(getattr(image, "n_frames", 1))):
            image.seek(place)
            # Pictures that are alike may be stored as one that is shown longer.
            shown += [image.convert("RGB")] * round(image.info["duration"] * fps / 1000)
    assert len(shown) == 2 * fps
    if name == "gif":
        assert len({picture.tobytes() for picture in shown}) == len(shown)
    else:
        # The change may fall on either side of its moment by half the distance of two pictures.
        sure = dict.fromkeys((0, 1, 2), _GREEN) | dict.fromkeys((5, 6, 7), _BLUE)
        assert [unlike(shown[place], {(80, 45): colour}) for place, colour in sure.items()] == [[]] * 6


@dataclass(frozen=True)
class Rung:
    """A rung as the master playlist tells it and as decoding finds it; ``name`` is what its parameter sets say."""

    told: Plain
    seen: Rendition
    name: str


_PROFILES = {"Constrained Baseline": "avc1.42", "Baseline": "avc1.42", "Main": "avc1.4D", "High": "avc1.64"}


def rungs_of(run: Run, name: str) -> list[Rung]:
    """Return the rungs of an HLS ladder, decoded."""
    url = run.output(name)["Url"]
    rungs = []
    for attributes, uri in re.findall(r"#EXT-X-STREAM-INF:([^\n]*)\n([^#\n]+)", run.bench.text(url)):
        told = {key: value.strip('"') for key, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', attributes)}
        with av.open(urljoin(url, uri)) as film:
            context = film.streams.video[0].codec_context
            next(film.decode(video=0))
            level = int(context.level or 0)
            begin = (
                f"hvc1.1.6.L{level}" if context.name == "hevc" else f"{_PROFILES[str(context.profile)]}..{level:02X}"
            )
        rungs.append(Rung(told, examined(urljoin(url, uri)), begin))
    return rungs


#: Codec, sizes, rate, key frames and whether there is sound. Rungs that the source fits are copied as they are.
_LADDERS: Mapping[str, tuple[str, list[tuple[int, int]], float, list[float], bool]] = {
    "ladder": ("h264", [(320, 180), (640, 360)], 24, [0, 2], True),
    "ladder above": ("h264", [(640, 360)], 30, [0, 1.5, 3], True),
    "copied ladder": ("h264", [(428, 240), (854, 480)], 24, [0, 1.292, 2.583, 3.875], True),
    "marked ladder": ("h264", [(320, 180), (640, 360)], 24, [0, 2], False),
    "upright ladder": ("h264", [(180, 320), (360, 640)], 25, [0], False),
    "fmp4 ladder": ("hevc", [(320, 180), (640, 360)], 24, [0, 2], True),
}


@pytest.mark.parametrize("name", _named(list(_LADDERS)))
def test_ladder(name: str, run: Run) -> None:
    """Rungs above the source are left out, but one is kept; key frames are the same in all; the playlist is true."""
    codec, sizes, fps, keys, sound = _LADDERS[name]
    rungs = rungs_of(run, name)
    assert [(rung.seen.width, rung.seen.height) for rung in rungs] == sizes
    assert [rung.seen.key_times for rung in rungs] == [keys] * len(sizes)
    assert len({len(rung.seen.frames) for rung in rungs}) == 1
    for rung in rungs:
        assert rung.seen.codec == codec
        assert rung.seen.fps == pytest.approx(fps, abs=0.05)
        assert rung.seen.seconds == pytest.approx(_SECONDS, abs=0.1)
        assert rung.told["RESOLUTION"] == f"{rung.seen.width}x{rung.seen.height}"
        assert float(rung.told["FRAME-RATE"]) == pytest.approx(rung.seen.fps, abs=0.05)
        assert re.match(rung.name, rung.told["CODECS"]), (rung.name, rung.told["CODECS"])
        assert rung.told["CODECS"].endswith(",mp4a.40.2") == sound
        assert ("AUDIO" in rung.told) == sound
    text = run.bench.text(run.output(name)["Url"])
    assert ("TYPE=AUDIO" in text) == sound
    if sound:
        (uri,) = re.findall(r'TYPE=AUDIO[^\n]*URI="([^"]+)"', text)
        heard = examined(urljoin(run.output(name)["Url"], uri))
        assert (heard.audio, heard.channels) == ("aac", 2)
        assert heard.audio_seconds == pytest.approx(_SECONDS, abs=0.1)
    kinds = [stream["Type"] for stream in run.output(name)["SubStreamSet"]]
    assert kinds == ["video"] * len(sizes) + ["audio"] * sound


def test_marked_ladder(run: Run) -> None:
    """A mark has its place and size in every rung."""
    url = run.output("marked ladder")["Url"]
    for uri, (width, height) in zip(
        re.findall(r"^video[^\n]*", run.bench.text(url), re.MULTILINE), ((320, 180), (640, 360)), strict=True
    ):
        picture = picture_at(Path(urljoin(url, uri)), 1)
        assert near(box_of(picture, _HALF_RED, 24), (width // 4, height // 4, width * 3 // 4, height * 3 // 4), 3)


def test_copied_rung(run: Run) -> None:
    """The source's own stream is the top rung, packet by packet; the rung below follows its frames and key frames."""
    source = examined(run.sources / "fits.mp4")
    for rungs in ([rung.seen for rung in rungs_of(run, "copied ladder")], dash_rungs(run, "copied dash")):
        low, top = rungs
        assert [(rung.width, rung.height) for rung in rungs] == [(428, 240), (854, 480)]
        assert top.video_bytes == pytest.approx(source.video_bytes, rel=0.05)
        assert low.key_times == top.key_times == source.key_times
        assert len(source.keys) == 4
        for rung in rungs:
            times = [time - rung.frames[0] for time in rung.frames]
            assert times == pytest.approx([time - source.frames[0] for time in source.frames], abs=0.002)


def dash_rungs(run: Run, name: str) -> list[Rendition]:
    """Return the video representations of a manifest, decoded; its sound is checked."""
    url = run.output(name)["Url"]
    space = "{urn:mpeg:dash:schema:mpd:2011}"
    rungs = []
    for representation in ElementTree.fromstring(run.bench.text(url)).iter(f"{space}Representation"):
        told = representation.attrib
        template = next(representation.iter(f"{space}SegmentTemplate"))
        count = sum(1 + int(segment.attrib.get("r", 0)) for segment in template.iter(f"{space}S"))
        names = [template.attrib["media"].replace("$Number$", str(place + 1)) for place in range(count)]
        parts = [part.replace("$RepresentationID$", told["id"]) for part in (template.attrib["initialization"], *names)]
        path = run.bench.outputs / f"{name}-{told['id']}.mp4"
        path.write_bytes(b"".join(run.bench.fetch(urljoin(url, part)).read_bytes() for part in parts))
        seen = examined(path)
        if seen.frames:
            assert (told["width"], told["height"]) == (str(seen.width), str(seen.height))
            assert told["codecs"].startswith("avc1.")
            rungs.append(seen)
        else:
            assert (seen.audio, seen.channels) == ("aac", 2)
    return rungs


@pytest.mark.parametrize("name", _named(list(BAD)))
def test_bad(name: str, run: Run) -> None:
    """What cannot be made fails with the code that says whose fault it is, and words that say what to do."""
    member, bad = run.members[name], BAD[name]
    assert outcome(member) == bad.code, member["Message"]
    assert [word for word in bad.words if word not in member["Message"]] == [], member["Message"]
    assert 10 < len(member["Message"]) < 200
    assert member["Output"] is None


@pytest.mark.parametrize("name", _named(list(BAD)))
def test_bad_leaves_others_alone(name: str, run: Run) -> None:
    """What stands beside something bad in the same flow, in the same pass, succeeds."""
    companion = run.companions[name]
    assert outcome(companion) == "ok", companion["Message"]
    seen = examined(run.bench.fetch(companion["Output"]["Url"]))
    assert (seen.width, seen.height) == (160, 90)


@pytest.mark.parametrize(
    ("kind", "body", "image", "words"),
    [
        (_W, MARKS["top left"].body, b"no picture at all", "no JPEG, PNG or GIF"),
        (_W, MARKS["top left"].body, b"", "no JPEG, PNG or GIF"),
        (_W, {"Type": "text"}, None, "TextTemplate is required"),
        (_W, {**MARKS["top left"].body, "XPos": "ten"}, b"\x89PNG", "no JPEG, PNG or GIF"),
        (_W, {"Type": "svg", "SvgTemplate": {"Width": "10X%"}}, None, "SvgTemplate.Width: must look like"),
        (_T, {"Container": "avi", "VideoTemplate": _video()}, None, "Container"),
        (_T, {"Container": "mp4", "VideoTemplate": _video(Fps=101)}, None, "VideoTemplate.Fps"),
        (_T, {"Container": "mp4", "RemoveVideo": 1, "RemoveAudio": 1, "VideoTemplate": _video()}, None, "nothing"),
        (_SPRITE, {"SampleType": "Time", "SampleInterval": 1, "RowCount": 100, "ColumnCount": 1, "Height": 200}, None,
         "15000 px"),
    ],
)  # fmt: skip
def test_refused_templates(
    kind: TemplateKind, body: Plain, image: bytes | None, words: str, run: Run, tmp_path: Path
) -> None:
    """What is wrong with a template, its picture included, is said when it is created."""
    options = []
    if image is not None:
        picture = tmp_path / "picture.png"
        picture.write_bytes(image)
        options = ["--image", str(picture)]
    assert words in run.bench.refused("templates", "create", kind.value, run.bench.body(body), *options)


def test_every_ask_is_judged() -> None:
    """No good ask goes unlooked at: each is named in a test or a table of this module beside its declaration."""
    text = Path(__file__).read_text(encoding="utf-8")
    judging = text[text.index("\ndef run(") :]
    assert [name for name in GOOD if f'"{name}"' not in judging] == []
