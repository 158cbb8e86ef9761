"""Addresses of what is packaged: beside the original, so that a signed link of its directory opens all of it."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

#: Raised when the bytes of segments change: caches keep them for ever.
_FORMAT = 1
_NAME = re.compile(
    r"(?P<original>[^/]+/.+)\.hls(?:\.(?P<list>media)|\.(?P<version>[0-9a-f]{8})\.(?:(?P<init>init)|(?P<number>\d{1,6})))?"
    r"\.(?P<ending>m3u8|mp4|m4s)"
)
_ENDINGS = {"master": "m3u8", "media": "m3u8", "init": "mp4", "segment": "m4s"}


class Packaged(NamedTuple):
    """What a key asks for: ``kind`` is master, media, init or segment, of the file with the key ``original``."""

    original: str
    kind: str
    version: str = ""
    number: int = 0

    @property
    def is_list(self) -> bool:
        """Return whether the name is that of a playlist."""
        return self.kind in ("master", "media")


def parse(key: str) -> Packaged | None:
    """Return what a key requests, ``None`` if it is not a packaged name."""
    match = _NAME.fullmatch(key)
    if match is None:
        return None
    kind = match["list"] or match["init"] or ("segment" if match["number"] else "master")
    if match["ending"] != _ENDINGS[kind]:
        return None
    return Packaged(match["original"], kind, match["version"] or "", int(match["number"] or 0))


def version_of(etag: str, size: int) -> str:
    """Return the version in the names of segments: other bytes, or another form, have other names."""
    return hashlib.sha256(f"{_FORMAT}:{etag}:{size}".encode()).hexdigest()[:8]


def master_name(name: str) -> str:
    """Return the name (or key) of a file's master playlist."""
    return f"{name}.hls.m3u8"


def media_name(name: str) -> str:
    """Return the name of its media playlist."""
    return f"{name}.hls.media.m3u8"


def init_name(name: str, version: str) -> str:
    """Return the name of its initialisation segment."""
    return f"{name}.hls.{version}.init.mp4"


def segment_name(name: str, version: str, number: int) -> str:
    """Return the name of one of its segments."""
    return f"{name}.hls.{version}.{number}.m4s"
