"""How outputs and commands are written down."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "mpd": "application/dash+xml",
    "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "flv": "video/x-flv",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
}


def command_line(arguments: Sequence[str]) -> str:
    """Return a line that can be copied into a shell."""
    return "ffmpeg " + shlex.join(arguments)


def content_type(name: str) -> dict[str, str]:
    """Return the header that playback sends."""
    return {"Content-Type": _TYPES.get(name.rpartition(".")[2], "application/octet-stream")}
