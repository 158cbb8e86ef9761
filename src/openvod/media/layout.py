"""How outputs and commands are written down."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from openvod.storage.media_types import media_type_of
from openvod.tasks.model import SubTaskKind


def command_line(arguments: Sequence[str]) -> str:
    """Return a line that can be copied into a shell."""
    return "ffmpeg " + shlex.join(arguments)


def content_type(name: str) -> dict[str, str]:
    """Return the header that playback sends."""
    known = media_type_of(name)
    return {"Content-Type": f"{known}; charset=utf-8" if known == "text/vtt" else known}


#: Names of a kind's files inside a file's folder of outputs; ``%s`` is the template. What a flow makes of a template
#: a second time lies in a folder of its own, which has a number (9).
_NAMES = {
    SubTaskKind.TRANSCODE: r"(?:\d+/)?v\.f%s[._](?!gif$|webp$).+",
    SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING: r"(?:\d+/)?(?:adp\.%s\.|(?:video|audio|dash)_%s_).+",
    SubTaskKind.COVER_BY_SNAPSHOT: r"(?:\d+/)?coverBySnapshot/coverBySnapshot_%s_.+",
}


def names_of(kind: SubTaskKind, definition: int = 0) -> re.Pattern[str]:
    """Return what the names of a kind's files match: transcodes, adaptive streams, covers; 0 is any template."""
    return re.compile(_NAMES[kind].replace("%s", str(definition) if definition else r"\d+"))
