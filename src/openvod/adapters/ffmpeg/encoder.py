"""Runs FFmpeg: the static binary of the wheel, or the one that ``OPENVOD_FFMPEG`` names."""

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
    """The result of a full decode: number of video frames, and seconds."""

    frames: int
    seconds: float


def ffmpeg_path() -> str:
    """Return FFmpeg's absolute path, because it runs in other working directories and without ``PATH``."""
    named = os.environ.get("OPENVOD_FFMPEG")
    if not named:
        return str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute())
    return str(Path(shutil.which(named) or named).absolute())


def make_video(path: Path, seconds: int = 8) -> None:
    """Generate a 720p H.264/AAC clip with a moving picture, a clock and a tone."""
    _run(
        "-y", "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={seconds}",
        "-f", "lavfi", "-i", f"sine=frequency=330:beep_factor=4:duration={seconds}",
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", "-b:v", "3M",
        "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(path),
    )  # fmt: skip


def make_cover(video: Path, path: Path) -> None:
    """Write one frame of a video as a JPEG."""
    _run("-y", "-ss", "1", "-i", str(video), "-frames:v", "1", "-q:v", "3", "-update", "1", str(path))


def decode(path: Path) -> Decoded:
    """Decode a file to its end; raises ``Unavailable`` with FFmpeg's message on any error."""
    return decode_address(str(path))


def decode_address(address: str) -> Decoded:
    """As :func:`decode`, for a path or a trusted HTTP URL; FFmpeg also fetches the segments and keys of playlists."""
    report = _run("-v", "error", "-stats", "-xerror", "-i", address, "-f", "null", "-")
    frames = _FRAMES.findall(report)
    times = _TIME.findall(report)
    if not times:
        raise Unavailable("ffmpeg.no_output", f"{address} has no frame that can be decoded")
    hours, minutes, seconds = times[-1]
    return Decoded(int(frames[-1]) if frames else 0, int(hours) * 3600 + int(minutes) * 60 + float(seconds))


def _run(*arguments: str) -> bytes:
    done = subprocess.run([ffmpeg_path(), *_QUIET, *arguments], capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        words = done.stderr[-400:].decode("utf-8", "replace").strip()
        raise Unavailable("ffmpeg.failed", f"FFmpeg ended with status {done.returncode}: {words}")
    return done.stderr
