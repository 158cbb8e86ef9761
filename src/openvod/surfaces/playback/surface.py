"""Playback: ``GET /<storageBucket>/<dir>/<file>`` of committed files (``procedures-and-api.md`` 9)."""

from __future__ import annotations

import re

from openvod.base.errors import Denied, Invalid, NotFound, OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.media.model import FORBIDDEN
from openvod.media.ports import StoredMediaTx
from openvod.playback.names import Packaged, parse
from openvod.playback.service import InstantPlayback
from openvod.server.file_sending import ReadyFile
from openvod.server.wire import Answer, WireRequest, common_lines, json_answer, own_lines
from openvod.signing.playback_token import allows_evidence
from openvod.storage.model import Bucket, StoredObject
from openvod.storage.service import StorageService
from openvod.surfaces.errors import cos_code, public_code
from openvod.surfaces.objects import asks_for_whole, serve_object
from openvod.surfaces.playback.acceleration import Acceleration
from openvod.surfaces.playback.gate import Pass, PlaybackGate
from openvod.surfaces.playback.instant import InstantSurface
from openvod.surfaces.playback.published import PublishedObjects
from openvod.surfaces.playback.segment_keys import SegmentKeys
from openvod.surfaces.playback.signed_playlists import LONGEST, for_grant, is_list

#: Digits before the ``FileId`` in the name of a file's directory.
_DIRECTORY_DIGITS = 8
#: Posters and seek-bar pictures are not part of playback.
_STILLS = ("image/jpeg", "image/png", "image/webp")
_MEDIA = re.compile(
    r"(video|audio|image)/[a-z0-9.+-]+|text/vtt|application/(json|octet-stream|dash\+xml|vnd\.apple\.mpegurl|x-mpegurl|mp4|ogg)"
)
_PLAYLIST = ".m3u8"
_NAMES_KEYS = "names keys"


class PlaybackSurface:
    """Serves what Commit published and nothing else."""

    def __init__(
        self,
        uow: UnitOfWork[StoredMediaTx],
        objects: PublishedObjects,
        storage: StorageService,
        gate: PlaybackGate,
        clock: Clock,
        instant: InstantPlayback,
        *,
        token_root: bytes,
        acceleration: Acceleration | None = None,
    ) -> None:
        self._uow = uow
        self._acceleration = acceleration
        self._objects = objects
        self._storage = storage
        self._gate = gate
        self._clock = clock
        self._instant = InstantSurface(instant)
        self._token_root = token_root
        self._keys = SegmentKeys(uow, gate, clock, token_root)

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        try:
            if asked := self._keys.asked_for(request.path):
                await self._refuse_forbidden(asked[0])
                return await self._keys.answer(request, *asked)
            answer = await self._served(request)
        except OpenVodError as error:
            return _failure(error)
        cache = _mark_as_media(request, answer.headers)
        if self._acceleration and self._acceleration.header in answer.headers:
            # nginx reads what a subrequest answered under names of our own.
            answer.headers |= {"X-OpenVOD-Cache": cache, "X-OpenVOD-Type": answer.headers["Content-Type"]}
        return answer

    def at_once(self, request: WireRequest) -> ReadyFile | None:
        """Return the answer with a piece of a published file, when it takes no waiting; raises ``Denied``."""
        known = self._objects.remembered(request.path[1:])
        if known is None or self._acceleration:
            return None
        if request.path.endswith(_PLAYLIST) and known.facts.get(_NAMES_KEYS) is not False:
            return None
        bucket, stored = known.found
        admitted = self._gate.admit_at_once(request, bucket.sub_app_id)
        if admitted is None or _carries_links(request, stored, admitted) or _is_cut_short(stored, admitted):
            return None
        if asks_for_whole(request):
            has_origin = "origin" in request.headers
            ready = known.whole.get(has_origin) or self._ready(request, stored)
            if ready:
                known.whole[has_origin] = ready
        else:
            ready = self._ready(request, stored)
        return ready and ReadyFile(ready.head + common_lines(request), ready.part)

    def _ready(self, request: WireRequest, stored: StoredObject) -> ReadyFile | None:
        """Return an answer up to the headers that differ from request to request."""
        answer = serve_object(request, stored, self._storage)
        _mark_as_media(request, answer.headers)
        head = own_lines(answer)
        return ReadyFile(head, answer.file) if head and answer.file else None

    async def _served(self, request: WireRequest) -> Answer:
        bucket, stored, asked = await self._published(request)
        if not stored.published:
            return serve_object(request, stored, self._storage)
        admitted = await self._gate.admit(request, bucket.sub_app_id)
        if asked and asked.is_list:
            return await self._instant.list(request, stored, asked, admitted)
        if not asked and (_carries_links(request, stored, admitted) or await self._names_keys(request, stored)):
            return await self._signed_list(request, stored, admitted)
        if _is_cut_short(stored, admitted):
            if asked:
                raise Denied("hotlink.preview", "a preview's segments open with their addresses in its playlist")
            return await self._instant.preview(request, stored, admitted.preview)
        if asked:
            return await self._instant.media(request, stored, asked)
        accelerated = self._acceleration.answer(request, stored, self._storage) if self._acceleration else None
        return accelerated or serve_object(request, stored, self._storage)

    async def _signed_list(self, request: WireRequest, stored: StoredObject, admitted: Pass) -> Answer:
        """Serve a playlist with signed links or key tokens; it is for one caller, so it must not be cached."""
        text = await self._text(stored)
        if admitted.grant is not None:
            text = for_grant(request.raw_path, text, admitted)
        text = self._keys.opened(text, _file_id(stored.key), admitted)
        body = text.encode("utf-8", "surrogateescape")
        headers = {**stored.headers, "Content-Length": str(len(body)), "Cache-Control": "private, no-store"}
        return Answer(200, headers, body=body)

    async def _text(self, stored: StoredObject) -> str:
        """Read a playlist; decode so that any uploaded bytes encode back unchanged."""
        raw = b"".join([chunk async for chunk in self._storage.read(stored, 0, stored.size)])
        return raw.decode("utf-8", "surrogateescape")

    async def _names_keys(self, request: WireRequest, stored: StoredObject) -> bool:
        """Return whether an object is a playlist that names our keys; its text is read once and cached."""
        if not request.path.endswith(_PLAYLIST) or stored.size > LONGEST:
            return False
        known = self._objects.remembered(request.path[1:])
        found = known.facts.get(_NAMES_KEYS) if known else None
        if found is None:
            found = self._keys.are_named_in(await self._text(stored))
            if known:
                known.facts[_NAMES_KEYS] = found
        return found

    async def _published(self, request: WireRequest) -> tuple[Bucket, StoredObject, Packaged | None]:
        """Return the object of a path, or the one that it asks a package of."""
        key = request.path[1:]
        found = await self._objects.find(key)
        asked = parse(key) if found is None else None
        if asked:
            found = await self._objects.find(asked.original)
        if found and (found[1].published or (not asked and self._opened_by_token(request, key))):
            return *found, asked
        if found:
            await self._refuse_forbidden(_file_id(key))
        raise NotFound("playback.not_found", f"nothing is published at {request.path!r}")

    def _opened_by_token(self, request: WireRequest, key: str) -> bool:
        """Evidence of reviews is not published; its signed address opens it for a while."""
        return allows_evidence(self._token_root, key, request.argument("evidence") or "", self._clock.now())

    async def _refuse_forbidden(self, file_id: str) -> None:
        """Raise ``Denied("playback.forbidden")`` for a file that was taken out of playback."""
        asset = await self._uow.read(lambda tx: tx.media.asset(file_id))
        if asset and asset.status == FORBIDDEN:
            raise Denied("playback.forbidden", "this file was taken out of playback")


def _file_id(key: str) -> str:
    """Return the ``FileId`` in an object's key, ``<bucket>/<digits><FileId>/…``."""
    return key.split("/")[1][_DIRECTORY_DIGITS:]


def _carries_links(request: WireRequest, stored: StoredObject, admitted: Pass) -> bool:
    """Return whether a file is a playlist whose entries get signed links."""
    return admitted.grant is not None and is_list(request.path) and stored.size <= LONGEST


def _is_cut_short(stored: StoredObject, admitted: Pass) -> bool:
    return admitted.preview > 0 and not stored.headers.get("Content-Type", "").startswith(_STILLS)


def _mark_as_media(request: WireRequest, headers: dict[str, str]) -> str:
    """Add what all answers with media have; return for how long caches may keep it."""
    cache = headers.setdefault("Cache-Control", "public, max-age=3600")
    _keep_harmless(headers)
    # An uploaded file must never run as a page of this origin.
    headers["Content-Security-Policy"] = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
    if "origin" not in request.headers:
        headers["Access-Control-Allow-Origin"] = "*"
    return cache


def _keep_harmless(headers: dict[str, str]) -> None:
    """Serve other than media as a download: the uploader chooses the type, and a page would run in our origin."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind and (not _MEDIA.fullmatch(kind) or kind == "image/svg+xml"):
        headers |= {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


def _failure(error: OpenVodError) -> Answer:
    statuses: dict[type[OpenVodError], int] = {NotFound: 404, Denied: 403}
    status = statuses.get(type(error)) or cos_code(error)[1]
    answer = json_answer({"error": {"code": public_code(error), "message": error.message}}, status)
    if isinstance(error, Invalid) and "size" in error.details:
        answer.headers["Content-Range"] = f"bytes */{error.details['size']}"
    return answer
