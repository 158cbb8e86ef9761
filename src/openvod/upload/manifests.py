"""The files that a streaming manifest names and that are uploaded beside it (``procedures-and-api.md`` 6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from openvod.base.errors import Invalid

_URI = re.compile(r'URI="([^"]*)"')


def files_of_manifest(text: str, kind: str) -> Sequence[str]:
    """Return the relative paths that a manifest of ``kind`` m3u8 or mpd names, each once, as written there.

    Raises ``Invalid("manifest.unreadable")`` and ``Invalid("manifest.type")``.
    """
    if kind not in ("m3u8", "mpd"):
        raise Invalid("manifest.type", f"ManifestType {kind[:20]!r} must be m3u8 or mpd")
    named = _in_playlist(text) if kind == "m3u8" else _in_mpd(text)
    return list(dict.fromkeys(name for name in named if _is_relative(name)))


def _in_playlist(text: str) -> Iterator[str]:
    """Playlists, segments, initialisation sections and keys (RFC 8216)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("#EXTM3U"):
        raise Invalid("manifest.unreadable", "MediaManifestContent is no M3U8 text: it must begin with #EXTM3U")
    for line in lines:
        if not line.startswith("#"):
            yield line
        elif line.startswith("#EXT"):
            yield from _URI.findall(line)


def _in_mpd(text: str) -> Iterator[str]:
    """Files named by URL; numbered templates name none (ISO/IEC 23009-1)."""
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise Invalid("manifest.unreadable", "MediaManifestContent declares entities; send a plain MPD document")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - entities, which are the danger, are refused above
    except ElementTree.ParseError as error:
        raise Invalid("manifest.unreadable", f"MediaManifestContent is no MPD document: {error}") from error
    for element in root.iter():
        if element.tag.endswith("}BaseURL"):
            yield (element.text or "").strip()
        yield from (element.attrib[name] for name in ("media", "sourceURL") if name in element.attrib)


def _is_relative(name: str) -> bool:
    return bool(name) and "$" not in name and "://" not in name and not name.startswith(("/", "data:"))
