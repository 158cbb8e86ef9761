"""Lists and segments of what is packaged on request, beside the original (``openvod.playback``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import basename

from openvod.base.errors import Denied, NotFound
from openvod.playback.lists import master_playlist, media_playlist
from openvod.playback.model import Piece
from openvod.playback.names import Packaged, version_of
from openvod.playback.segments import fragment, length_of
from openvod.playback.service import InstantPlayback, Package
from openvod.server.wire import Answer, WireRequest
from openvod.storage.model import StoredObject
from openvod.surfaces.objects import answer_to
from openvod.surfaces.playback.gate import Pass
from openvod.surfaces.playback.signed_playlists import for_grant

_LIST = "application/vnd.apple.mpegurl"
#: A playlist changes only when the object's bytes are replaced, which is rare once it is published.
_SHORT = "public, max-age=10"
_FOREVER = "public, max-age=31536000, immutable"
#: A response that depends on the link's signature; shared caches must not store it.
_PRIVATE = "private, no-store"


class InstantSurface:
    """Answers for packaged files that are published and admitted."""

    def __init__(self, instant: InstantPlayback) -> None:
        self._instant = instant

    async def list(self, request: WireRequest, stored: StoredObject, asked: Packaged, admitted: Pass) -> Answer:
        """Serve a list; raises ``NotFound("playback.not_packaged")`` for files that are not packaged."""
        package = await self._instant.package(stored)
        name = basename(stored.key)
        if asked.kind == "master":
            text = master_playlist(package.index, package.segments, name)
        else:
            text = media_playlist(package.segments, name, version_of(stored.etag, stored.size))
        cache = _SHORT
        if admitted.grant:
            # The links in it are the asker's own.
            text, cache = for_grant(request.raw_path, text, admitted), _PRIVATE
        body = text.encode()
        return Answer(200, {"Content-Type": _LIST, "Content-Length": str(len(body)), "Cache-Control": cache}, body=body)

    async def media(self, request: WireRequest, stored: StoredObject, asked: Packaged) -> Answer:
        """Serve a segment; raises ``NotFound`` for files that are not packaged and for other versions."""
        package = await self._instant.package(stored)
        if asked.version != version_of(stored.etag, stored.size):
            raise NotFound("playback.not_found", "this file has other bytes now; load its playlist again")
        return self._media(request, stored, asked, _pieces(package, asked))

    async def preview(self, request: WireRequest, stored: StoredObject, seconds: int) -> Answer:
        """Serve the first seconds of a file in the file's place; raises ``Denied("hotlink.preview")``."""
        try:
            pieces = await self._instant.preview(stored, seconds)
        except NotFound as error:
            raise Denied(
                "hotlink.preview", "a link with a preview opens playlists, and files whose beginning can be cut out"
            ) from error
        etag = f"{version_of(stored.etag, stored.size)}-first-{seconds}"
        return self._answer(request, stored, etag, pieces, {"Content-Type": "video/mp4", "Cache-Control": _PRIVATE})

    def _media(self, request: WireRequest, stored: StoredObject, asked: Packaged, pieces: Sequence[Piece]) -> Answer:
        etag = f"{asked.version}-{asked.number if asked.kind == 'segment' else 'init'}"
        kind = "video/iso.segment" if asked.kind == "segment" else "video/mp4"
        return self._answer(request, stored, etag, pieces, {"Content-Type": kind, "Cache-Control": _FOREVER})

    def _answer(
        self,
        request: WireRequest,
        stored: StoredObject,
        etag: str,
        pieces: Sequence[Piece],
        own_headers: Mapping[str, str],
    ) -> Answer:
        answer, wanted = answer_to(request, own_headers, etag, stored.created_at, length_of(pieces))
        if wanted:
            answer.stream = self._instant.stream(stored, pieces, wanted.start, wanted.length)
        return answer


def _pieces(package: Package, asked: Packaged) -> Sequence[Piece]:
    if asked.kind == "init":
        return [package.init]
    if asked.number >= len(package.segments):
        raise NotFound("playback.not_found", f"the file has {len(package.segments)} segments, counted from 0")
    return fragment(package.segments[asked.number])
