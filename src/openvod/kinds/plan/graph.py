"""One FFmpeg command for many outputs: decoded once, each picture scaled from the next larger one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from openvod.kinds.plan.geometry import Frame
from openvod.kinds.plan.marks import Mark, Mosaic, mosaic_filter, overlay
from openvod.kinds.plan.model import SOURCE, Asset, Command, Source
from openvod.kinds.probe import AudioStream, VideoStream

#: Demuxers for uploaded files: none of them opens a second file or a URL.
DEMUXERS = (
    "mov,matroska,webm,flv,avi,asf,mpeg,mpegts,mxf,rm,ogg,mp3,aac,flac,wav,amr,amrnb,amrwb,m4v,h264,hevc,gif,"
    "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,ac3,eac3,dv,nut,caf,aiff,ape,w64,mpegvideo"
)
HEAD = ("-hide_banner", "-nostdin", "-y", "-loglevel", "error", "-nostats", "-progress", "pipe:1")
GUARDED = (
    "-protocol_whitelist", "file,pipe,fd", "-format_whitelist", DEMUXERS, "-max_streams", "100",
    "-max_pixels", "268435456",
)  # fmt: skip
#: Recorded broadcasts restart their timestamps: treat a gap of one second as a restart, not as a pause.
_RESTARTING = ("-dts_delta_threshold", "1")
#: Tone mapping in linear light: convert to the smaller gamut, then roll off highlights. 203 cd/m² is the reference
#: white of SDR (ITU-R BT.2408) and stays nearly unchanged; highlights keep contrast up to 1000 cd/m².
_TONE_MAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:param=0.5:desat=0:peak=4.93,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)
#: Repeats the last picture; the caller also sets its end and rate.
_HOLD = "tpad=stop_mode=clone:stop=-1"
#: Selects pictures that are neither mostly black nor of one colour.
_CONTENT = (
    "blackframe=amount=0:threshold=32,metadata=mode=select:key=lavfi.blackframe.pblack:value=95:function=less,"
    "entropy,metadata=mode=select:key=lavfi.entropy.normalized_entropy.normal.Y:value=0.05:function=greater"
)
_MARGIN_SECONDS = 2.0
_UNKNOWN_RATE = 25
#: Selects the last picture up to second 0, or the first one if all are later.
_SHOWN_AT_ZERO = "fps=fps=1/1000000:round=up:start_time=0"


@dataclass(frozen=True)
class Picture:
    """The output of one branch of the graph.

    ``fps`` 0 keeps the source's timestamps; ``tail`` are filters at the end. Three members select pictures by time,
    counted from the beginning of the file, or of the part that is read, even if its first picture comes later:
    ``every`` above 0 takes one picture per that many seconds, exactly ``count``; ``until`` takes ``fps`` pictures per
    second up to that second; ``moment`` takes the picture shown then. ``moment`` is in seconds after the seek point,
    and ``until`` counts from it. ``content`` takes the first picture that is not blank. ``hold`` above 0 repeats the
    last picture up to that second.
    """

    frame: Frame
    fps: float = 0.0
    every: float = 0.0
    count: int = 0
    moment: float | None = None
    until: float = 0.0
    content: bool = False
    hold: float = 0.0
    pixel_format: str = "yuv420p"
    hdr: bool = False
    marks: tuple[Mark, ...] = ()
    mosaics: tuple[Mosaic, ...] = ()
    tail: str = ""

    @property
    def repeats_last(self) -> bool:
        """Whether frames may be repeated after drawing instead of before.

        A pause, or one picture under minutes of audio, becomes thousands of frames at once. Repeated after drawing they
        share one buffer; repeated before, each is scaled into its own. Timed marks need separate frames.
        """
        timed = any(mark.timed for mark in self.marks) or any(mosaic.timed for mosaic in self.mosaics)
        return not self.every and not self.until and not timed


@dataclass(frozen=True)
class Output:
    """One output of the command. With ``video`` None the source's stream is copied. ``arguments`` end with the file."""

    videos: tuple[Picture | None, ...]
    audio: bool
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class ClipRange:
    """The part of the source to read, in seconds; ``end`` ``None`` is the end."""

    start: float = 0.0
    end: float | None = None


def build_command(
    source: Source,
    outputs: Sequence[Output],
    clip: ClipRange = ClipRange(),
    *,
    input_options: Sequence[str] = (),
    seek: float | None = None,
) -> tuple[Command, tuple[Asset, ...]]:
    """Return the command that makes ``outputs`` in one pass, and the files it reads beside the source.

    ``clip`` reads exactly from its first second. ``seek`` instead starts at the key frame before a second and counts
    times from that second: for pictures selected by time.
    """
    graph = _Graph(source)
    labels = graph.add([picture for output in outputs for picture in output.videos if picture])
    restarting = _RESTARTING if source.probe.container == "mpegts" else ()
    reading = _range(clip) if seek is None else _sought(seek)
    # Keep the graph when the picture size changes: a new graph would lose its buffered pictures.
    going_on = ("-reinit_filter:v", "0") if graph.text and graph.takes_any_size else ()
    arguments = [*HEAD, *restarting, *reading, *GUARDED, *input_options, *going_on, "-i", SOURCE, *graph.inputs]
    if graph.text:
        arguments += ["-filter_complex", graph.text]
    remaining = iter(labels)
    for output in outputs:
        for picture in output.videos:
            arguments += ["-map", f"[{next(remaining)}]" if picture else stream(source.video)]
        if output.audio:
            arguments += ["-map", stream(source.audio)]
        arguments += ["-map_metadata", "-1", "-map_chapters", "-1", *output.arguments]
    seconds = (clip.end if clip.end is not None else source.duration) - clip.start
    return Command(tuple(arguments), max(seconds, 0.001)), tuple(graph.assets)


def finish_picture(
    source: Source, picture: Picture, label: str, inputs_before: int, parts: list[str]
) -> tuple[str, tuple[Asset, ...], tuple[str, ...]]:
    """Draw marks on a picture of the caller's graph; return its label, the files to read and their input options."""
    graph = _Graph(source, parts, inputs_before=inputs_before)
    finished = graph.finish(picture, label, "final", "")
    return finished, tuple(graph.assets), tuple(graph.inputs)


def join_picture(source: Source, picture: Picture, number: int, rate: float, parts: list[str]) -> None:
    """Convert input ``number`` to a picture's size, range and rate as label ``v<number>``, without drawing marks.

    The rate comes last, see :attr:`Picture.repeats_last`.
    """
    graph = _Graph(source, parts)
    chain = ",".join(graph._base(tone_map=not picture.hdr, choice=""))
    parts.append(f"[{number}:{source.require_video().index}]{chain},{_scaled(picture.frame)}[c{number}]")
    filled = graph._filled(picture.frame, f"c{number}", f"c{number}")
    hold = f",{_hold_until(picture.hold)}" if picture.hold else ""
    parts.append(f"[{filled}]setsar=1,format={picture.pixel_format},fps={frame_rate(rate)}{hold}[v{number}]")


def stream(chosen: VideoStream | AudioStream | None) -> str:
    """Return the specifier of a source stream by index: the one that the probe read, not the first of its type."""
    return f"0:{chosen.index}" if chosen else "0"


def _range(clip: ClipRange) -> list[str]:
    start = ["-ss", f"{clip.start:g}"] if clip.start else []
    return start + (["-to", f"{clip.end:g}"] if clip.end is not None else [])


def _hold_until(seconds: float) -> str:
    """Repeat the last picture up to a second."""
    return f"{_HOLD},trim=end={seconds:.6f}"


def _earlier(seconds: float | None) -> str:
    """Return a filter that subtracts seconds from timestamps."""
    return f"setpts=PTS-{seconds:.6f}/TB," if seconds else ""


def _sought(seconds: float) -> list[str]:
    return ["-noaccurate_seek", "-ss", f"{seconds:g}"] if seconds else []


@dataclass
class _Graph:
    """Builds the text of a filter graph."""

    source: Source
    parts: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    inputs_before: int = 1
    assets: list[Asset] = field(default_factory=list)

    @property
    def text(self) -> str:
        return ";".join(self.parts)

    @property
    def takes_any_size(self) -> bool:
        """Whether the first filter is the scaler, which accepts pictures of changing size."""
        video = self.source.video
        return video is not None and not video.interlaced and not video.dynamic_range

    def add(self, pictures: Sequence[Picture]) -> list[str]:
        """Add every picture; return their labels in the order given."""
        labels = [""] * len(pictures)
        standard = [index for index, picture in enumerate(pictures) if not picture.hdr]
        wide = [index for index, picture in enumerate(pictures) if picture.hdr]
        for name, members, tone_map in (("s", standard, True), ("h", wide, False)):
            if members:
                self._cascade(name, pictures, members, labels, tone_map=tone_map)
        return labels

    def _cascade(
        self, name: str, pictures: Sequence[Picture], members: list[int], labels: list[str], *, tone_map: bool
    ) -> None:
        choices = {self._choice(pictures[index]) for index in members}
        common = choices.pop() if len(choices) == 1 else ""
        ordered = sorted(members, key=lambda i: _area(pictures[i].frame), reverse=True)
        current = f"{name}0"
        chain = ",".join(self._base(tone_map=tone_map, choice=common))
        self.parts.append(f"[{stream(self.source.video)}]{chain}[{current}]")
        for place, index in enumerate(ordered):
            picture = pictures[index]
            scaled, following = f"{name}{place}c", f"{name}{place + 1}"
            last = place == len(ordered) - 1
            ends = f"[{scaled}]" if last else f",split[{scaled}][{following}]"
            self.parts.append(f"[{current}]{_scaled(picture.frame)}{ends}")
            choice = "" if common else self._choice(picture)
            labels[index] = self.finish(picture, scaled, f"{name}{place}o", choice)
            current = following

    def _choice(self, picture: Picture) -> str:
        """Return the filter that selects frames before drawing.

        Rounding up makes the picture of second ``n`` the frame shown at ``n``.
        """
        if picture.every:
            rate = f"1/{picture.every:.6f}"
            return f"fps=fps={rate}:round=up:start_time=0,{_HOLD},trim=end_frame={picture.count}"
        if picture.until:
            rate, earlier = frame_rate(picture.fps), _earlier(picture.moment)
            chosen = f"fps=fps={rate}:round=up:start_time=0,{_hold_until(picture.until)}"
            return f"{self._outlasting()},{earlier}{chosen}"
        if picture.content:
            return _CONTENT
        if picture.moment is not None:
            return f"{self._outlasting()},{_earlier(picture.moment)}{_SHOWN_AT_ZERO}"
        if not picture.fps or not picture.repeats_last:
            return f"fps={frame_rate(picture.fps)}" if picture.fps else ""
        known = self.source.require_video().frame_rate
        if 0 < known <= picture.fps * 1.001:
            return ""
        # Select the frames that the later fps filter would keep, so that dropped frames are never scaled. Half a tick,
        # which is usual when a rate is halved, always rounds up; rounding errors of seconds would make frames jitter.
        rate = frame_rate(picture.fps)
        return f"select=isnan(prev_selected_t)+gt(floor(t*{rate}+.5001)\\,floor(prev_selected_t*{rate}+.5001))"

    def _outlasting(self) -> str:
        """Repeat the last picture beyond the file's end, up to the last requested moment.

        Without a limit the graph would never end when a later filter waits for one more frame.
        """
        video = self.source.require_video()
        rate = video.frame_rate if video.frame_rate >= 1 else 0.0
        missing = max(0.0, self.source.duration - video.seconds) if video.seconds else 0.0
        repeated = math.ceil((missing + _MARGIN_SECONDS) * (rate or _UNKNOWN_RATE))
        steady = "" if rate else f"fps={_UNKNOWN_RATE}:round=up,"
        return f"{steady}tpad=stop_mode=clone:stop={repeated}"

    def _base(self, *, tone_map: bool, choice: str) -> list[str]:
        video = self.source.require_video()
        filters = [choice] if choice else []
        if video.interlaced:
            filters.insert(0, "bwdif=mode=send_frame:deint=interlaced")
        if tone_map and video.dynamic_range:
            filters.append(_TONE_MAP)
        return filters or ["null"]

    def finish(self, picture: Picture, label: str, name: str, choice: str) -> str:
        """Select, pad, pixelate, mark and convert: the steps at the picture's own size."""
        if choice:
            self.parts.append(f"[{label}]{choice}[{label}t]")
            label = f"{label}t"
        label = self._filled(picture.frame, label, name)
        for number, mosaic in enumerate(picture.mosaics):
            renamed = f"{name}y{number}"
            self.parts.append(f"[{label}]null[{renamed}]")
            self.parts.append(mosaic_filter(mosaic, picture.frame, renamed))
            label = f"{renamed}_m"
        for number, mark in enumerate(picture.marks):
            label = self._marked(picture, mark, label, f"{name}m{number}")
        filters = [f"format={picture.pixel_format}"]
        filters += [f"fps={frame_rate(picture.fps)}"] if picture.fps and picture.repeats_last else []
        filters += [_hold_until(picture.hold)] if picture.hold else []
        filters += [picture.tail] if picture.tail else []
        self.parts.append(f"[{label}]{','.join(filters)}[{name}]")
        return name

    def _filled(self, frame: Frame, label: str, name: str) -> str:
        if not frame.filled:
            return label
        filled = f"{name}f"
        size, place = f"{frame.width}:{frame.height}", "(ow-iw)/2:(oh-ih)/2"
        if frame.fill != "gauss":
            self.parts.append(f"[{label}]pad={size}:{place}:color={frame.fill}[{filled}]")
            return filled
        self.parts.append(
            f"[{label}]split[{filled}a][{filled}b];"
            f"[{filled}b]scale={size}:force_original_aspect_ratio=increase,crop={size},gblur=sigma=20[{filled}c];"
            f"[{filled}c][{filled}a]overlay=(W-w)/2:(H-h)/2[{filled}]"
        )
        return filled

    def _marked(self, picture: Picture, mark: Mark, label: str, name: str) -> str:
        made = overlay(mark, picture.frame, f"mark-{len(self.assets)}")
        self.assets.append(made.asset)
        self.inputs += [*made.input_options, "-i", made.asset.name]
        number = self.inputs_before + len(self.assets) - 1
        self.parts.append(f"[{number}:v]{made.prepare}[{name}p]")
        self.parts.append(f"[{label}][{name}p]{made.place}[{name}]")
        return name


def _area(frame: Frame) -> int:
    return frame.content_width * frame.content_height


def _scaled(frame: Frame) -> str:
    return f"scale={frame.content_width}:{frame.content_height}:flags=bicubic:out_range=tv,setsar=1"


def frame_rate(fps: float) -> str:
    """Return a rate as FFmpeg's argument; broadcast rates are exact fractions over 1001."""
    ntsc = round(fps * 1001 / 1000)
    if abs(fps - ntsc * 1000 / 1001) < 0.002 and abs(fps - round(fps)) > 0.005:
        return f"{ntsc * 1000}/1001"
    return f"{fps:g}"
