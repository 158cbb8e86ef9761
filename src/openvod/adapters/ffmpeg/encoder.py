"""The static FFmpeg binary of the wheel, or the one that ``OPENVOD_FFMPEG`` names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from openvod.base.errors import Unavailable

_FRAMES = re.compile(rb"frame=\s*(\d+)")
_TIME = re.compile(rb"time=(\d+):(\d+):(\d+\.\d+)")
_QUIET = ("-hide_banner", "-nostdin")


@dataclass(frozen=True)
class Decoded:
    """What a full decode found: video frames and seconds."""

    frames: int
    seconds: float


def ffmpeg_path() -> str:
    """Return the program to run, absolute: it is run in other folders, and without a search path."""
    named = os.environ.get("OPENVOD_FFMPEG")
    if not named:
        return str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute())
    return str(Path(shutil.which(named) or named).absolute())


def make_video(path: Path, seconds: int = 8) -> None:
    """Generate a 720p H.264/AAC clip with moving picture, clock and sound."""
    _run(
        "-y", "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={seconds}",
        "-f", "lavfi", "-i", f"sine=frequency=330:beep_factor=4:duration={seconds}",
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", "-b:v", "3M",
        "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(path),
    )  # fmt: skip


def make_cover(video: Path, path: Path) -> None:
    """Take one frame of a video as a JPEG."""
    _run("-y", "-ss", "1", "-i", str(video), "-frames:v", "1", "-q:v", "3", "-update", "1", str(path))


def decode(path: Path) -> Decoded:
    """Decode everything; raises ``Unavailable`` with FFmpeg's words when anything is wrong with the file."""
    return decode_address(str(path))


def decode_address(address: str) -> Decoded:
    """As :func:`decode`, of a file or an HTTP address of ours, playlists and their keys included."""
    report = _run("-v", "error", "-stats", "-xerror", "-i", address, "-f", "null", "-")
    frames = _FRAMES.findall(report)
    times = _TIME.findall(report)
    if not times:
        raise Unavailable("ffmpeg.no_output", f"{address} decoded to nothing")
    hours, minutes, seconds = times[-1]
    return Decoded(int(frames[-1]) if frames else 0, int(hours) * 3600 + int(minutes) * 60 + float(seconds))


def _run(*arguments: str) -> bytes:
    done = subprocess.run([ffmpeg_path(), *_QUIET, *arguments], capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        words = done.stderr[-400:].decode("utf-8", "replace").strip()
        raise Unavailable("ffmpeg.failed", f"FFmpeg ended with status {done.returncode}: {words}")
    return done.stderr
