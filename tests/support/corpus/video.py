"""Films that are odd but sound: every one of them plays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.corpus.build import (
    AAC,
    FAST_FILM,
    FILM,
    H264,
    SILENT_FILM,
    STILL,
    Recipe,
    Workshop,
    edited,
    encoded,
    ffmpeg,
    heard,
    joined,
    remuxed,
    seen,
    written,
)
from support.corpus.case import Case, Corner, Output, Probed, Span, about, video
from support.corpus.ebml import with_default_duration, without_default_duration

_FILM = Probed("Video", 320, 180, about(2.0), fps=25, video=("h264",), audio=("aac",))
_SILENT = Probed("Video", 320, 180, about(2.0), fps=25, video=("h264",), audio=())
_UNHEARD = Output(has_audio=False)
_QUARTER = Output(160, 90, has_audio=False)
_BRIEF = Output(duration=about(1.0), has_audio=False)
_LIBRARIES = {"libvpx": "vp8", "libvpx-vp9": "vp9", "libsvtav1": "av1", "libopus": "opus", "libvorbis": "vorbis",
              "libmp3lame": "mp3", "flv": "flv1"}  # fmt: skip
_REAL_TIME = ("-deadline", "realtime", "-cpu-used", "8")


def _rotated(clockwise: int, corner: Corner) -> Case:
    sizes = (180, 320) if clockwise % 180 else (320, 180)
    build = remuxed(FILM, before=("-display_rotation:v:0", str(360 - clockwise)))
    probe = Probed("Video", 320, 180, about(2.0), rotate=clockwise)
    return video(f"rotated-{clockwise}.mp4", "a phone held another way", build, probe, Output(*sizes, bright=corner))


TURNED = (
    _rotated(90, "top right"),
    _rotated(180, "bottom right"),
    _rotated(270, "bottom left"),
    video("mirrored.mp4", "a front camera: mirrored, not turned", remuxed(FILM, before=("-display_hflip:v:0",)),
          Probed("Video", 320, 180, about(2.0)), Output(bright="top right")),
)  # fmt: skip

_SILENT_MKV = Recipe("silent.mkv", SILENT_FILM.arguments)
_JPEGS = Recipe("jpegs.mkv", (*seen(), "-c:v", "mjpeg"))
_FRAME = Recipe("frame.mp4", (*seen(seconds=0.04), *H264, "-frames:v", "1"))
_UNSTEADY = (*seen(), "-vf", "select='lt(n,25)+not(mod(n,7))'", "-fps_mode", "vfr", *H264)
_SLIDES = ("-f", "lavfi", "-i", "color=c=gray:size=64x36:rate=1:duration=10800", *H264, "-g", "3600")

PACES = (
    video("vfr.mp4", "a screen recording: frames come when they come", encoded(*_UNSTEADY),
          Probed("Video", 320, 180, Span(1.7, 2.2)), Output(duration=Span(1.7, 2.2), has_audio=False)),
    video("claims-90000-fps.mp4", "the stream says 90,000 fps, the container 25",
          remuxed(SILENT_FILM, "-bsf:v", "h264_metadata=tick_rate=180000"), _SILENT, _UNHEARD),
    video("claims-90000-fps.mkv", "the track says 90,000 fps, the clock 25",
          edited(_SILENT_MKV, lambda data: with_default_duration(data, 11_111)), _SILENT, _UNHEARD),
    video("fps-unknown.mkv", "nothing says how many frames a second has", edited(_JPEGS, without_default_duration),
          Probed("Video", 320, 180, about(2.0)), _UNHEARD),
    video("one-frame.mp4", "a film of a single picture", remuxed(_FRAME),
          Probed("Video", 320, 180, about(0.04, 0.02)), Output(duration=Span(0.01, 0.2), has_audio=False)),
    video("one-frame-10-minutes.mp4", "a single picture shown for ten minutes",
          remuxed(_FRAME, "-bsf:v", "setts=duration=600/TB"), Probed("Video", 320, 180, about(600.0), fps=0),
          Output(duration=Span(0.01, 601), has_audio=False)),
    video("blink.mp4", "0.04 s with sound", encoded(*seen(seconds=0.04), *heard(0.04), *H264, *AAC),
          Probed("Video", 320, 180, about(0.05, 0.05)), Output(duration=Span(0.01, 0.2))),
    video("3-hours.mp4", "three hours of a picture a second", encoded(*_SLIDES),
          Probed("Video", 64, 36, about(10_800.0, 2), fps=1), Output(64, 36, about(10_800.0, 3), has_audio=False),
          heavy=True),
)  # fmt: skip


def _h264(name: str, why: str, pixels: str) -> Case:
    arguments = (*seen(), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", pixels)
    return video(name, why, encoded(*arguments), _SILENT, _UNHEARD)


def _hdr(name: str, why: str, kind: str, transfer: str, more: str = "") -> Case:
    colours = f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc{more}"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1")
    build = encoded(*seen(seconds=1), *codec, "-x265-params", colours)
    return video(name, why, build, Probed("Video", 320, 180, about(1.0), hdr=kind, video=("hevc",)), _BRIEF)


_LIGHT = ":hdr10=1:max-cll=1000,400:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
_CLEAR = (*seen("160x90"), "-vf", "format=yuva444p,colorchannelmixer=aa=0.5")
_FIELDS = ("-vf", "tinterlace=interleave_top,setfield=tff", *H264, "-flags", "+ildct+ilme")

PIXELS = (
    _hdr("hdr10.mp4", "HDR10, as graded films are", "hdr10", "smpte2084", _LIGHT),
    _hdr("hlg.mp4", "HLG, as phones film", "hlg", "arib-std-b67"),
    video("odd-size.webm", "odd width and height",
          encoded(*seen(), "-vf", "scale=321:181,setsar=1", "-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", *_REAL_TIME),
          Probed("Video", 321, 181, about(2.0)), Output(321, 181, has_audio=False)),
    video("tiny.avi", "three pixels wide and high",
          encoded(*seen(), "-vf", "scale=3:3,setsar=1", "-c:v", "mjpeg", "-pix_fmt", "yuvj444p"),
          Probed("Video", 3, 3, about(2.0)), Output(3, 3, has_audio=False)),
    video("anamorphic.mp4", "pixels twice as wide as high", encoded(*seen("160x180"), "-vf", "setsar=2", *H264),
          Probed("Video", 160, 180, about(2.0), pixel_aspect=2.0), _UNHEARD),
    _h264("h264-422.mp4", "4:2:2, as cameras record", "yuv422p"),
    _h264("h264-444.mp4", "4:4:4, as screen recorders do", "yuv444p"),
    _h264("h264-10-bit.mp4", "10 bits a sample", "yuv420p10le"),
    _h264("h264-gray.mp4", "no colour at all", "gray"),
    video("interlaced.mp4", "two fields a frame", encoded(*seen(rate="50"), *_FIELDS),
          replace(_SILENT, interlaced=True), _UNHEARD),
    video("prores-4444.mov", "ProRes with transparency",
          encoded(*_CLEAR, "-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
          Probed("Video", 160, 90, about(2.0), video=("prores",)), _QUARTER),
    video("vp9-alpha.webm", "VP9 with transparency",
          encoded(*_CLEAR, "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", *_REAL_TIME),
          Probed("Video", 160, 90, about(2.0), video=("vp9",)), _QUARTER),
    video("png-alpha.mov", "transparent PNGs as a film", encoded(*_CLEAR, "-pix_fmt", "rgba", "-c:v", "png"),
          Probed("Video", 160, 90, about(2.0), video=("png",)), _QUARTER),
)  # fmt: skip


def _kept(name: str, why: str, *arguments: str) -> Case:
    return video(name, why, remuxed(FILM, *arguments), _FILM)


def _other(name: str, why: str, picture: str, sound: str, *more: str) -> Case:
    build = encoded(*seen(), *heard(), "-c:v", picture, "-c:a", sound, *more)
    codecs = ((_LIBRARIES.get(picture, picture),), (_LIBRARIES.get(sound, sound),))
    return video(name, why, build, Probed("Video", 320, 180, about(2.0), video=codecs[0], audio=codecs[1]))


def _browser_recording() -> bytes:
    """Write into a pipe: what would be patched into the header afterwards never arrives."""
    codecs = ("-c:v", "libvpx", *_REAL_TIME, "-c:a", "libopus")
    return ffmpeg(*seen(), *heard(), *codecs, "-f", "webm", "-live", "1", "pipe:1")


_PHONE = ("-c:v", "h263", "-c:a", "libopencore_amrnb", "-ac", "1", "-b:a", "12.2k")

CONTAINERS = (
    _other("dvd.mpg", "an MPEG-2 program stream", "mpeg2video", "mp2", "-f", "vob"),
    _other("broadcast.ts", "an MPEG-2 transport stream", "mpeg2video", "mp2"),
    _kept("camera.m2ts", "H.264 with four more bytes a packet", "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    _other("mjpeg.avi", "AVI of JPEGs", "mjpeg", "pcm_s16le"),
    _kept("stream.flv", "H.264 in FLV"),
    _other("old.flv", "Sorenson's codec in FLV", "flv", "libmp3lame"),
    _other("vp8.webm", "VP8 and Vorbis", "libvpx", "libvorbis", *_REAL_TIME),
    _other("vp9.webm", "VP9 and Opus", "libvpx-vp9", "libopus", *_REAL_TIME),
    _other("av1.webm", "AV1 and Opus", "libsvtav1", "libopus", "-preset", "12"),
    _other("windows.wmv", "Windows Media", "wmv2", "wmav2"),
    video("old-phone.3gp", "H.263 and AMR", encoded(*seen("176x144"), *heard(rate=8000), *_PHONE),
          Probed("Video", 176, 144, about(2.0), video=("h263",), audio=("amr_nb",), sampling_rate=8000),
          Output(176, 144)),
    video("animated.gif", "a GIF that moves", encoded(*seen("160x90", "10"), "-loop", "0"),
          Probed("Video", 160, 90, about(2.0), video=("gif",)), _QUARTER),
    video("index-last.mp4", "moov at the end", remuxed(FAST_FILM), _FILM),
    _kept("fragmented.mp4", "a browser's recording in fragments", "-movflags", "frag_keyframe+empty_moov"),
    video("browser-recording.webm", "a browser's recording: no duration, no sizes, no index",
          written(_browser_recording), Probed("Video", 320, 180, about(2.0))),
    _kept("live.mkv", "a live recording taken off the wire", "-f", "matroska", "-live", "1"),
)  # fmt: skip

_LINES = b"1\n00:00:00,200 --> 00:00:01,500\nA line.\n"
_LANGUAGES = (*seen(), *heard(), *heard(rate=22_050), *heard(rate=8_000), "-map", "0", "-map", "1", "-map", "2",
              "-map", "3", *H264, *AAC)  # fmt: skip


def _with_subtitles(workshop: Workshop, path: Path) -> None:
    lines = workshop.scratch("lines.srt", _LINES)
    inputs = ("-i", str(workshop.base(FILM)), "-i", str(lines), "-map", "0", "-map", "1")
    ffmpeg(*inputs, "-c", "copy", "-c:s", "mov_text", "-timecode", "01:00:00:00", str(path))


def _with_attachments(workshop: Workshop, path: Path) -> None:
    font, cover = workshop.scratch("font.ttf", bytes(2000)), workshop.base(STILL)
    ffmpeg(
        "-i", str(workshop.base(FILM)), "-c", "copy", "-attach", str(font), "-metadata:s:2",
        "mimetype=application/x-truetype-font", "-attach", str(cover), "-metadata:s:3", "mimetype=image/jpeg",
        str(path),
    )  # fmt: skip


def _with_cover(workshop: Workshop, path: Path) -> None:
    inputs = ("-i", str(workshop.base(FILM)), "-i", str(workshop.base(STILL)), "-map", "0", "-map", "1")
    ffmpeg(*inputs, "-c", "copy", "-disposition:v:1", "attached_pic", str(path))


STREAMS = (
    video("three-languages.mp4", "three sound tracks", encoded(*_LANGUAGES),
          Probed("Video", 320, 180, about(2.0), video=("h264",), audio=("aac", "aac", "aac"))),
    video("no-sound.mp4", "no sound track", remuxed(SILENT_FILM), _SILENT, _UNHEARD),
    video("subtitles-and-timecode.mov", "subtitles and a data stream beside the film", _with_subtitles, _FILM),
    video("attachments.mkv", "a font and a cover attached", _with_attachments, _FILM),
    video("poster.mp4", "a film with a cover picture", _with_cover, _FILM),
    video("surround.mp4", "5.1 sound",
          encoded(*seen(), "-f", "lavfi", "-i", "anoisesrc=duration=2:amplitude=0.1", *H264, *AAC, "-ac", "6"),
          replace(_FILM, channels=6)),
    video("mono.mp4", "one channel", encoded(*seen(), *heard(), *H264, *AAC, "-ac", "1"),
          replace(_FILM, channels=1)),
    video("96-khz.mp4", "sound at 96 kHz", encoded(*seen(), *heard(rate=96_000), *H264, *AAC, "-ar", "96000"),
          Probed("Video", 320, 180, about(2.0), sampling_rate=96_000)),
)  # fmt: skip

_TS = ("-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts")
_WRAP_SECONDS = 2**33 / 90_000
_PART = Recipe("part.ts", (*FILM.arguments, *_TS))
_SMALLER = Recipe("smaller.ts", (*seen("160x90"), *heard(), *H264, *AAC, "-output_ts_offset", "2", *_TS))
_RICHER = Recipe(
    "richer.ts",
    (*seen(), *heard(rate=48_000), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p", "-g", "25", *AAC,
     "-ac", "1", "-output_ts_offset", "2", *_TS),
)  # fmt: skip
_BEFORE_ZERO = ("-output_ts_offset", "-1", "-avoid_negative_ts", "disabled")
_LONGER = Probed("Video", 320, 180, about(4.0, 0.3))
_FOUR_SECONDS = Output(duration=about(4.0, 0.3))


def _picture_late(workshop: Workshop, path: Path) -> None:
    film = str(workshop.base(FILM))
    ffmpeg("-itsoffset", "600", "-i", film, "-i", film, "-map", "0:v", "-map", "1:a", "-c", "copy", str(path))


CLOCKS = (
    video("negative-start.mkv", "time begins before zero", remuxed(FILM, *_BEFORE_ZERO),
          Probed("Video", 320, 180, Span(0.9, 2.2)), Output(duration=Span(0.9, 2.2))),
    video("wraps.ts", "the 33-bit clock wraps in the middle",
          encoded(*FILM.arguments, "-output_ts_offset", f"{_WRAP_SECONDS - 1:.3f}", *_TS), _FILM),
    video("starts-after-26-hours.mkv", "the first picture is a day late", remuxed(FILM, "-output_ts_offset", "95000"),
          _FILM),
    video("edit-list-gap.mp4", "an edit list puts an hour before everything",
          remuxed(FILM, "-output_ts_offset", "3600"), Probed("Video", 320, 180), Output(duration=Span(1.8, 3605))),
    video("picture-late.mp4", "an edit list puts ten minutes before the picture", _picture_late,
          Probed("Video", 320, 180, about(602.0, 0.3)), Output(duration=Span(1.8, 605))),
    # Only reading all of it tells how long two clocks last together: the probe's duration is not asserted.
    video("clock-restarts.ts", "two recordings one after the other, each with its own clock", joined(_PART, _PART),
          Probed("Video", 320, 180), _FOUR_SECONDS),
    video("size-changes.ts", "the picture shrinks in the middle", joined(_PART, _SMALLER), _LONGER, _FOUR_SECONDS),
    video("format-changes.ts", "pixel format, sampling rate and channels change in the middle",
          joined(_PART, _RICHER), _LONGER, _FOUR_SECONDS),
)  # fmt: skip

FILMS = (*TURNED, *PACES, *PIXELS, *CONTAINERS, *STREAMS, *CLOCKS)
