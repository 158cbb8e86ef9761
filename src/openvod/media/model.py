"""Media assets as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from openvod.media.accepted import media_category

NORMAL, FORBIDDEN = "Normal", "Forbidden"


class ProbeState(StrEnum):
    """Whether a media asset's streams are known."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class KeyFrameMark(NamedTuple):
    """A remark on a moment, ``time_offset`` seconds from the start (``KeyFrameDesc`` of the wire)."""

    time_offset: float
    content: str


@dataclass(frozen=True)
class MediaAsset:
    """A committed file. ``probe`` is :meth:`openvod.kinds.probe.ProbeResult.to_json` or ``{"error": …}``.

    ``status`` is ``Normal``, or ``Forbidden`` for a file that playback refuses. ``expire_time`` is ISO 8601, empty for
    never. ``review`` is the newest review's suggestion, empty before one. ``has_original`` is false once the uploaded
    bytes were deleted: what was made of them stays, nothing more can be made.
    """

    file_id: str
    sub_app_id: int
    name: str
    type: str
    class_id: int
    bucket: str
    region: str
    media_key: str
    cover_key: str
    size: int
    source_context: str
    created_at: float
    updated_at: float
    expire_time: str
    probe_state: ProbeState
    probe: Mapping[str, Any]
    status: str = NORMAL
    description: str = ""
    tags: tuple[str, ...] = ()
    key_frames: tuple[KeyFrameMark, ...] = ()
    review: str = ""
    has_original: bool = True

    @property
    def category(self) -> str:
        """``Video``, ``Audio`` or ``Image``: what the probe found, before that what the type promises."""
        return str(self.probe.get("category") or media_category(self.type))

    @property
    def directory(self) -> str:
        """The directory's name, which the bucket of outputs uses as well (``procedures-and-api.md`` 9)."""
        return self.media_key.split("/")[1]


@dataclass(frozen=True)
class MediaOutput:
    """What processing made of a file: the newest result of a kind and template, with wire members."""

    file_id: str
    kind: str
    definition: int
    output: Mapping[str, Any]
    created_at: float
