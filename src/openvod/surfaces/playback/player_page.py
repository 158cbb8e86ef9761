"""The player page: ``/play/<FileId>``, its files, and ``/play/<FileId>/sources.json``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from openvod.base.errors import ClientDisconnected, Denied, NotFound, OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.media.model import FORBIDDEN, MediaAsset, MediaOutput
from openvod.media.ports import StoredMediaTx
from openvod.media.states import FileStatus, StateTx, file_status, percents_of
from openvod.playback.service import InstantPlayback, Package
from openvod.playback.sources import Description, describe
from openvod.server.wire import Answer, WireRequest, json_answer, preflight
from openvod.storage.model import StoredObject
from openvod.surfaces.assets import BuiltAssets, built
from openvod.surfaces.errors import http_status, player_code, public_code
from openvod.surfaces.playback.player_access import PlayerAccess

PREFIX = "/play/"
_PATH = re.compile(r"/play/(?P<file>[0-9]{1,20})/?(?P<rest>.*)")


class PlayTx(StoredMediaTx, StateTx, Protocol):
    """A transaction over the tables that a player's answer is read from."""


class _Known(NamedTuple):
    """A file as one transaction saw it."""

    asset: MediaAsset
    stored: StoredObject | None
    outputs: Sequence[MediaOutput]
    status: FileStatus


class PlayPages:
    """ASGI application below ``/play/``."""

    def __init__(
        self,
        uow: UnitOfWork[PlayTx],
        instant: InstantPlayback,
        access: PlayerAccess,
        media_url: Callable[[str], str],
        clock: Clock,
        folder: Path | None = None,
    ) -> None:
        self._uow = uow
        self._instant = instant
        self._access = access
        self._media_url = media_url
        self._clock = clock
        self._folder = folder or built("player")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = WireRequest(scope, receive)
        match = _PATH.fullmatch(request.shown_path)
        if match and match["rest"] == "sources.json":
            try:
                await (await self._answer(request, match["file"])).send(request, send)
            except ClientDisconnected:
                request.release(gone=True)
            return
        page = bool(match and not match["rest"])
        headers = {"Content-Security-Policy": await self._policy(match["file"] if match else "")} if page else {}
        files = BuiltAssets(PREFIX, self._folder, headers, "index.html" if page else "")
        await files(scope, receive, send)

    async def _policy(self, file_id: str) -> str:
        """Any page may frame this one; its content security policy allows its own scripts and the media's origins."""
        origins = await self._uow.read(lambda tx: self._origins(tx, file_id))
        media = "".join(f" {origin}" for origin in sorted(origins))
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
            f"form-action 'none'; connect-src 'self'{media}; img-src 'self'{media} data:; "
            f"media-src 'self'{media} blob:; frame-ancestors *"
        )

    def _origins(self, tx: StoredMediaTx, file_id: str) -> set[str]:
        """Return where a file's media lie; outputs keep the address that they were given when they were made."""
        asset = tx.media.asset(file_id)
        if asset is None:
            return set()
        outputs = (output.output for output in tx.media.outputs(file_id))
        named = (each.get(member) for each in outputs for member in ("Url", "WebVttUrl"))
        addresses = [self._media_url(asset.media_key), *(str(address) for address in named if address)]
        parts = (urlsplit(address) for address in addresses)
        return {f"{each.scheme}://{each.netloc}" for each in parts}

    async def _answer(self, request: WireRequest, file_id: str) -> Answer:
        if request.method == "OPTIONS":
            return preflight(request)
        try:
            answer = _conditional(request, json_answer((await self._described(request, file_id)).plain()))
        except OpenVodError as error:
            refusal = {"code": public_code(error), "playerCode": player_code(error), "message": error.message}
            answer = json_answer({"error": refusal}, http_status(error))
        answer.headers["Cache-Control"] = "private, no-cache"
        if "origin" not in request.headers:
            answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    async def _described(self, request: WireRequest, file_id: str) -> Description:
        now = self._clock.now()
        known = await self._uow.read(lambda tx: _known(tx, file_id, now))
        if known is None:
            raise NotFound("media.unknown", "there is no such file: it was deleted, or the address is wrong")
        if known.asset.status == FORBIDDEN:
            raise Denied("playback.forbidden", "this file was taken out of playback")
        if known.asset.category == "Image":
            raise NotFound("media.not_playable", "this file is a picture; there is nothing to play")
        package = await self._package(known.stored)
        found = describe(known.asset, known.outputs, package, self._media_url, known.status)
        addresses = [*found.addresses, self._media_url(known.asset.media_key)]
        return found.signed(await self._access.signer(known.asset, addresses, request.argument("psign") or ""))

    async def _package(self, stored: StoredObject | None) -> Package | NotFound:
        if stored is None:
            return NotFound("playback.not_packaged", "the original was deleted", reason="the original was deleted")
        try:
            return await self._instant.package(stored)
        except NotFound as error:
            return error


def _known(tx: PlayTx, file_id: str, now: float) -> _Known | None:
    asset = tx.media.asset(file_id)
    # The list leaves out what has expired.
    if asset is None or not tx.media.assets(asset.sub_app_id, [file_id], now):
        return None
    outputs = tx.media.outputs(file_id)
    status = file_status(asset, outputs, percents_of(tx, file_id))
    stored = tx.storage.object(asset.bucket, asset.media_key) if asset.has_original else None
    return _Known(asset, stored, outputs, status)


def _conditional(request: WireRequest, answer: Answer) -> Answer:
    """Players ask again and again while better sources may come."""
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == etag:
        return Answer(304, {"ETag": etag})
    answer.headers["ETag"] = etag
    return answer
