"""Lists whose entries stay protected: players that send no headers of their own follow the addresses in them (10.2).

A preview's list ends where the preview does, and each of its segments has an address that opens nothing else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from html import escape
from typing import Protocol

from openvod.base.errors import Denied
from openvod.base.sizes import MIB

#: Bytes of the longest playlist that is rewritten. Longer ones are served unchanged, with unsigned entries.
LONGEST = 16 * MIB
_HLS_URI = re.compile(r'(URI=")([^"]+)(")')
_DASH_ADDRESS = re.compile(
    r'((?:media|initialization|sourceURL|index)=")([^"]+)(")|(<BaseURL[^>]*>)([^<]+)(</BaseURL>)'
)
#: From a directory's path, or a file's, to the query that opens it.
QueryFor = Callable[[str], str]


def is_list(path: str) -> bool:
    """Return whether a path names a list."""
    return path.endswith((".m3u8", ".mpd", ".vtt"))


class Grant(Protocol):
    """The credential that opened a playlist; see :class:`openvod.surfaces.playback.gate.Pass`."""

    @property
    def preview(self) -> int:
        """Seconds that may be played; 0: all."""
        ...

    def query_for(self, directory: str) -> str:
        """Return the query that opens files of a directory."""
        ...

    def query_for_file(self, path: str) -> str:
        """Return the query that opens one file."""
        ...


def for_grant(path: str, text: str, grant: Grant) -> str:
    """Return a list as its asker may use it; ``path`` is the list's own, percent-encoded.

    Raises ``Denied("hotlink.preview")`` for a preview of DASH.
    """
    if not grant.preview or path.endswith(".vtt"):
        return with_queries(path, text, grant.query_for)
    if path.endswith(".mpd"):
        raise Denied("hotlink.preview", "previews are served as HLS; open the .m3u8 beside this file")
    return preview_of(path, text, grant.preview, grant.query_for, grant.query_for_file)


def with_queries(path: str, text: str, query_for: QueryFor) -> str:
    """Return a list with a query on every relative address in it; ``path`` is the list's own, percent-encoded."""
    directory = path[: path.rfind("/") + 1]

    def signed(address: str) -> str:
        return _signed(address, directory, query_for)

    if path.endswith(".mpd"):
        return _DASH_ADDRESS.sub(lambda match: _in_dash(match, signed), text)
    signed_line = _in_vtt if path.endswith(".vtt") else _in_hls
    return "".join(signed_line(line, signed) for line in text.splitlines(keepends=True))


def preview_of(path: str, text: str, seconds: int, query_for: QueryFor, query_for_file: QueryFor) -> str:
    """Return the beginning of an HLS playlist: the segments that begin before ``seconds``, each with its own query.

    Other playlists that it names get their directory's query, under which they are previews too.
    """
    directory = path[: path.rfind("/") + 1]
    lines, played = [], 0.0
    for line in text.splitlines(keepends=True):
        if line.startswith("#EXTINF:"):
            if played >= seconds:
                break
            played += _seconds_of(line)
        if line.startswith("#EXT-X-ENDLIST"):
            break
        lines.append(_in_hls(line, lambda address: _signed(address, directory, query_for, query_for_file)))
    # Bytes of a segment's key and other tags that stand behind the last segment belong to the next one.
    return "".join(lines) + ("#EXT-X-ENDLIST\n" if played else "")


def _seconds_of(line: str) -> float:
    """Return a segment's duration; one that says nothing sensible ends the preview."""
    try:
        seconds = float(line.removeprefix("#EXTINF:").partition(",")[0])
    except ValueError:
        return float("inf")
    return seconds if seconds > 0 else float("inf")


def _signed(address: str, directory: str, query_for: QueryFor, query_for_file: QueryFor | None = None) -> str:
    if "://" in address or address.startswith(("/", "data:")) or address.endswith("/") or not address.strip():
        return address
    place, mark, fragment = address.partition("#")
    name, _, query = place.partition("?")
    target = posixpath.normpath(posixpath.join(directory, name))
    of_file = query_for_file if query_for_file and not is_list(target) else None
    added = of_file(target) if of_file else query_for(target[: target.rfind("/") + 1])
    return f"{name}?{query}&{added}{mark}{fragment}" if query else f"{name}?{added}{mark}{fragment}"


def _in_hls(line: str, signed: Callable[[str], str]) -> str:
    if line.startswith("#EXT"):
        return _HLS_URI.sub(lambda match: match[1] + signed(match[2]) + match[3], line)
    body = line.rstrip("\r\n")
    return line if line.startswith("#") or not body else signed(body) + line[len(body) :]


def _in_vtt(line: str, signed: Callable[[str], str]) -> str:
    body = line.rstrip("\r\n")
    return signed(body) + line[len(body) :] if "#xywh=" in body else line


def _in_dash(match: re.Match[str], signed: Callable[[str], str]) -> str:
    before, address, after = (match[1], match[2], match[3]) if match[1] else (match[4], match[5], match[6])
    # A template's $Number%05d$ stays what it is; the query's own marks must be escaped in XML.
    return f"{before}{escape(signed(address.replace('&amp;', '&')))}{after}"
