"""What is asked in vain: sub-tasks that must fail, with their code and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.templates.asks import (
    ANIMATION,
    SNAPSHOT,
    SVG,
    Ask,
    Made,
    cut,
    film,
    heard,
    ladder,
    rung,
    sharp,
    sound_of,
    svg_mark,
    text_mark,
    video_of,
)

#: Beside what is asked for in vain, this is: it shares the pass.
COMPANION = film(video=video_of(Height=90))
_INPUT, _UNSUPPORTED = "InvalidInput", "InvalidInput.ConfigurationUnsupported"
_OFFSET, _UNKNOWN = "InvalidInput.InvalidTimeOffset", "InvalidInput.DefinitionNotExist"
_COPY = sound_of("copy", 0)
_NOBODY = 9_999_999


@dataclass(frozen=True)
class Bad:
    """An ask that cannot be met: its ``ErrCodeExt`` and words that must be in its message."""

    ask: Ask
    code: str
    words: Sequence[str]


def _bad_svg(content: str, *words: str) -> Bad:
    return Bad(svg_mark(content), _INPUT, ("SvgContent", *words))


def _bad_text(text: str, code: str, *words: str) -> Bad:
    return Bad(text_mark("text", text), code, words)


def _remux(container: str, source: str = "vp9.webm", **members: object) -> Ask:
    return Ask(source, film(container, video_of("copy"), _COPY), members=members)


def _aes(form: str, segments: str) -> Ask:
    encrypted = ladder(rung(180, 200), form=form, DrmType="SimpleAES", SegmentType=segments)
    return Ask("film.mp4", encrypted, "AdaptiveDynamicStreaming")


_STILL = Made(SNAPSHOT, {"Format": "jpg"})
#: Made for another application, after so many that its id is none of ours.
THEIRS = Made(ANIMATION, {"Fps": 1})
THEIR_TEMPLATES = 5
BAD: Mapping[str, Bad] = {
    "unknown template": Bad(Ask("plain.mp4", _NOBODY), _UNKNOWN, (str(_NOBODY), "does not exist")),
    "unknown mark": Bad(Ask("plain.mp4", sharp(), members={"WatermarkSet": [{"Definition": _NOBODY}]}), _UNKNOWN,
                        ("watermark", str(_NOBODY), "does not exist")),
    "template of another application": Bad(
        Ask("steps.mp4", THEIRS, "AnimatedGraphic", {"StartTimeOffset": 0, "EndTimeOffset": 1}), _UNKNOWN,
        (str(1_000_000 + THEIR_TEMPLATES), "does not exist in this application")),
    "start beyond the end": Bad(cut(10, 0), _OFFSET, ("StartTimeOffset 10", "4 s")),
    "before the beginning": Bad(cut(-10, 0), _OFFSET, ("StartTimeOffset -10", "4 s")),
    "end before the start": Bad(cut(3, 1), _OFFSET, ("EndTimeOffset 1", "nothing")),
    "mark beyond the end": Bad(Ask("plain.mp4", sharp(), marks=[("top left", {"StartTimeOffset": 9})]), _OFFSET,
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
    "lost picture": Bad(Ask("plain.mp4", sharp(), marks=[("lost", {})]), _INPUT, ("picture", "not stored", "replace")),
    "no size": Bad(Ask("plain.mp4", sharp(), marks=[("sizeless", {})]), _INPUT, ("neither width nor height",)),
    "script": _bad_svg("<script>alert(1)</script>", "<script>"),
    "handler": _bad_svg('<rect width="10" height="10" onload="alert(1)"/>', "onload"),
    "reference": _bad_svg('<image href="http://127.0.0.1/x.png" width="10" height="10"/>', "outside", "href"),
    "other namespace": _bad_svg('<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>',
                                "outside", "href"),
    "style sheet": _bad_svg('<style>rect { fill: url("http://127.0.0.1/x") }</style>', "style", "outside"),
    "entity": Bad(Ask("plain.mp4", sharp(), marks=[("svg", {"SvgContent":
                      '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.format("<text>&x;</text>")})]),
                  _INPUT, ("SvgContent", "entities")),
    "no drawing": _bad_svg("<rect", "not an SVG"),
    "no text": _bad_text(" ", _INPUT, "TextContent", "required"),
    "bell": _bad_text("ring\a", _INPUT, "TextContent", "control characters"),
    "hieroglyph": _bad_text("bird \U00013171", _UNSUPPORTED, "no font", "\U00013171", "install"),
    "private glyph": _bad_text("logo \U000f1234", _UNSUPPORTED, "no font", "install"),
    "VP9 in MP4": Bad(_remux("mp4"), _UNSUPPORTED, ("mp4", "vp9")),
    "VP9 in FLV": Bad(_remux("flv"), _UNSUPPORTED, ("flv", "vp9")),
    "AAC in MP3": Bad(Ask("film.mp4", heard("mp3", sound_of())), _UNSUPPORTED, ("mp3", "aac")),
    "cut remux": Bad(_remux("mp4", "film.mp4", StartTimeOffset=1), _UNSUPPORTED, ("remux", "cut")),
    "key of fmp4": Bad(_aes("HLS", "fmp4"), _UNSUPPORTED, ("SimpleAES", "ts")),
    "key of DASH": Bad(_aes("MPEG-DASH", ""), _UNSUPPORTED, ("SimpleAES", "HLS")),
    "mosaic outside": Bad(Ask("plain.mp4", sharp(), members={"MosaicSet": [{"XPos": "100%", "YPos": "0px"}]}), _INPUT,
                          ("mosaic", "100%", "outside")),
    "no such clip": Bad(Ask("plain.mp4", sharp(), around={"HeadCandidateSet": ["1234567890123456789"]}), _INPUT,
                        ("clip", "1234567890123456789", "does not exist")),
    "sound of a silent film": Bad(Ask("plain.mp4", heard("m4a", sound_of())), "SourceFileError.ContentUnsupported",
                                  ("no audio stream",)),
}  # fmt: skip
