"""Keys of encrypted streams: ``GET /keys/<FileId>/<Definition>`` behind the same gate as the stream (10.2).

A stored playlist names its key without credentials. Whoever is admitted to the playlist gets it with a token that
expires, and with the query that opens the gate once more for the key.
"""

from __future__ import annotations

import re

from openvod.base.errors import NotFound
from openvod.base.ports import Clock, UnitOfWork
from openvod.media.ports import StoredMediaTx
from openvod.server.wire import Answer, WireRequest
from openvod.signing.playback_token import check_segment_token, segment_key, segment_token
from openvod.surfaces.playback.gate import Pass, PlaybackGate

#: How long a key's address is good: a film, a night's pause, and no more.
KEY_SECONDS = 12 * 3600
_PATH = re.compile(r"/keys/(?P<file>[0-9]{1,20})/(?P<definition>[0-9]{1,12})")
#: A key of ours in a playlist; those of earlier releases carry a host name and a token.
_URI = re.compile(r'(?P<tag>#EXT-X-(?:SESSION-)?KEY:[^\r\n]*?URI=")[^"]*?' + _PATH.pattern + r'(?:\?[^"]*)?"')


class SegmentKeys:
    """Names keys in playlists and hands them out."""

    def __init__(self, uow: UnitOfWork[StoredMediaTx], gate: PlaybackGate, clock: Clock, root: bytes) -> None:
        self._uow = uow
        self._gate = gate
        self._clock = clock
        self._root = root

    @staticmethod
    def are_named_in(playlist: str) -> bool:
        """Return whether a playlist names keys that this platform serves."""
        return _URI.search(playlist) is not None

    def opened(self, playlist: str, file_id: str, admitted: Pass) -> str:
        """Return a playlist of ``file_id`` whose keys can be fetched by who was admitted to it.

        Keys of other files are refused: an uploaded playlist may name them.
        """
        expires = int(self._clock.now()) + KEY_SECONDS

        def address(match: re.Match[str]) -> str:
            if match["file"] != file_id:
                return match[0]
            path = f"/keys/{file_id}/{match['definition']}"
            token = segment_token(self._root, file_id, int(match["definition"]), expires)
            granted = admitted.query_for(f"/keys/{file_id}/")
            return f'{match["tag"]}{path}?token={token}{"&" if granted else ""}{granted}"'

        return _URI.sub(address, playlist)

    @staticmethod
    def asked_for(path: str) -> tuple[str, int] | None:
        """Return the ``FileId`` and the template whose key a path names, ``None`` for other paths."""
        match = _PATH.fullmatch(path)
        return (match["file"], int(match["definition"])) if match else None

    async def answer(self, request: WireRequest, file_id: str, definition: int) -> Answer:
        """Hand out a key; raises ``Denied`` with ``playback.key``, ``hotlink.…`` or ``application.off``."""
        asset = await self._uow.read(lambda tx: tx.media.asset(file_id))
        if asset is None:
            raise NotFound("playback.not_found", f"nothing is published at {request.path!r}")
        await self._gate.admit(request, asset.sub_app_id)
        token = request.argument("token") or ""
        check_segment_token(self._root, file_id, definition, token, self._clock.now())
        headers = {"Content-Type": "application/octet-stream", "Cache-Control": "private, no-store",
                   "Access-Control-Allow-Origin": "*"}  # fmt: skip
        return Answer(200, headers, body=segment_key(self._root, file_id, definition))
