"""Media assets as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ProbeState(StrEnum):
    """Whether a media asset's streams are known."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class MediaAsset:
    """A committed file. ``probe`` is :meth:`openvod.media.probe.ProbeResult.to_json` or ``{"error": …}``."""

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
