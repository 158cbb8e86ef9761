"""How outputs and commands are written down."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from openvod.kinds.registry import MEDIA_KINDS, SubTaskKind
from openvod.storage.media_types import media_type_of


def command_line(arguments: Sequence[str]) -> str:
    """Return a line that can be copied into a shell."""
    return "ffmpeg " + shlex.join(arguments)


def content_type(name: str) -> dict[str, str]:
    """Return the header that playback sends."""
    known = media_type_of(name)
    return {"Content-Type": f"{known}; charset=utf-8" if known == "text/vtt" else known}


def names_of(kind: SubTaskKind, definition: int = 0) -> re.Pattern[str]:
    """Return a pattern of the names of a kind's files inside a file's folder of outputs; 0 is any template.

    What a flow makes of a template a second time lies in a folder of its own, which has a number (9).
    """
    files = MEDIA_KINDS[kind].files.replace("%s", str(definition) if definition else r"\d+")
    return re.compile(rf"(?:\d+/)?(?:{files})")
