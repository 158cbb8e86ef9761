"""What players can use of a sub-task's result (``docs/reference/playback.md``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HLS, DASH = "application/vnd.apple.mpegurl", "application/dash+xml"


@dataclass(frozen=True)
class Stream:
    """A stream or file that players open by themselves; ``type`` is its media type.

    ``adaptive`` tells whether it holds several sizes. Width and height are the largest in pixels, 0 without pictures.
    """

    adaptive: bool
    type: str
    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Subtitle:
    """A subtitle file."""

    url: str
    language: str
    name: str


@dataclass(frozen=True)
class ForPlayers:
    """What a result holds for players; ``sprite`` is the address of a WebVTT file, empty for none."""

    stream: Stream | None = None
    sprite: str = ""
    subtitles: Sequence[Subtitle] = ()


NOTHING = ForPlayers()


def nothing_for_players(made: Mapping[str, Any], category: str) -> ForPlayers:
    """Say that players have no use for results of a kind."""
    return NOTHING
