"""The upload client: Apply, storage, Commit as one call (upload-protocol.md 0)."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any

import anyio
import anyio.from_thread
import httpx

from openvod_sdk._concurrency import all_or_first_error
from openvod_sdk._errors import ApiError, ChecksumMismatch, SourceChanged, StorageError, TransportError, UploadCancelled
from openvod_sdk._progress import OnProgress, ProgressMeter, UploadControl
from openvod_sdk._resume import FileResumeStore, ResumeStore, Unfinished
from openvod_sdk._session import Session
from openvod_sdk._source import Source
from openvod_sdk._storage import MIB, ObjectUpload, StorageClient
from openvod_sdk._text import shown
from openvod_sdk._transport import RetryPolicy

GetSignature = Callable[[], str | Awaitable[str]]
#: Codes of refused signatures (upload-protocol.md 2.6); the session stays valid and resumable.
_SIGNATURE_CODES = (10004, 10005, 10010, 10011)
_EXPIRED_SIGNATURE = 10010
_CHECKSUM_DIFFERS = 10023
_NOT_RESUMABLE = ("NoSuchUpload", "NoSuchBucket")


@dataclass(frozen=True)
class UploadResult:
    """A committed upload. ``crc64`` is the CRC-64/XZ of the media; ``resumed_bytes`` were sent by an earlier run."""

    file_id: str
    media_url: str
    cover_url: str
    size: int
    crc64: int
    resumed_bytes: int


class Client:
    """Uploads files to one platform.

    ``server`` is the platform's base URL. ``signature`` is a text, or a callable (sync or async) that fetches a new one
    from the app server for each call. Sizes in bytes, times in seconds. ``resume=False`` neither stores unfinished
    uploads nor resumes them.
    """

    def __init__(
        self,
        server: str,
        signature: str | GetSignature,
        *,
        part_size: int = 8 * MIB,
        concurrency: int = 4,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        resume_store: ResumeStore | None = None,
        resume: bool = True,
    ) -> None:
        self._server = server.rstrip("/")
        self._signature = signature
        self._part_size = max(MIB, part_size)
        self._concurrency = max(1, concurrency)
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._resume_store = (resume_store or FileResumeStore()) if resume else None

    def upload(
        self,
        media: str | os.PathLike[str],
        *,
        cover: str | os.PathLike[str] | None = None,
        name: str | None = None,
        on_progress: OnProgress | None = None,
        control: UploadControl | None = None,
    ) -> UploadResult:
        """Upload and commit a file, blocking. See :meth:`aupload`. Also works inside a running event loop."""
        call = partial(self.aupload, media, cover=cover, name=name, on_progress=on_progress, control=control)
        with anyio.from_thread.start_blocking_portal() as portal:
            return portal.call(call)

    async def aupload(
        self,
        media: str | os.PathLike[str],
        *,
        cover: str | os.PathLike[str] | None = None,
        name: str | None = None,
        on_progress: OnProgress | None = None,
        control: UploadControl | None = None,
    ) -> UploadResult:
        """Upload a media file, and a cover with it, then commit.

        An unfinished upload of the same content to the same server is resumed for a day, by any process of the user.
        Every part and the whole object are compared with the file by MD5 and CRC-64. Raises ``ApiError``,
        ``StorageError``, ``ChecksumMismatch``, ``SourceChanged``, ``TransportError``, ``UploadCancelled`` and
        ``OSError`` for a file that cannot be read. Cancelling the task pauses the upload, which stays resumable.
        """
        sources = Source.open(media), Source.open(cover) if cover else None
        async with self._http_client() as http:
            run = _Run(self, http, *sources, name, ProgressMeter(_total(*sources), on_progress), control)
            return await run.upload()

    def _http_client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=self._concurrency + 2)
        return httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(self._timeout), follow_redirects=False)

    async def fresh_signature(self) -> str:
        """Return a signature for one call."""
        if isinstance(self._signature, str):
            return self._signature
        got = self._signature()
        return await got if inspect.isawaitable(got) else got


def _object_in(answer: httpx.Response, action: str) -> dict[str, Any]:
    try:
        parsed = answer.json()
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise TransportError(f"{action} returned no JSON object; check that this is the platform's URL")
    return parsed


def _total(media: Source, cover: Source | None) -> int:
    return media.size + (cover.size if cover else 0)


class _Run:
    """A running upload."""

    def __init__(
        self,
        client: Client,
        http: httpx.AsyncClient,
        media: Source,
        cover: Source | None,
        name: str | None,
        meter: ProgressMeter,
        control: UploadControl | None,
    ) -> None:
        self._client = client
        self._http = http
        self._media = media
        self._cover = cover
        self._name = name
        self._meter = meter
        self._control = control or UploadControl()
        self._signature = ""
        self._key = ""

    async def upload(self) -> UploadResult:
        """Resume the stored upload; start a new one if that is no longer possible."""
        store = self._client._resume_store
        self._meter.show("apply")
        self._key = await anyio.to_thread.run_sync(self._resume_key) if store else ""
        remembered = store.load(self._key) if store else None
        if remembered and (session := await self._reopened(remembered.session_key)):
            try:
                return await self._transfer(session, remembered.upload_id, remembered.part_size)
            except StorageError as error:
                if error.code not in _NOT_RESUMABLE:
                    raise
        return await self._transfer(await self._opened(), "", self._client._part_size)

    def _resume_key(self) -> str:
        prints = [source.fingerprint() for source in (self._media, self._cover) if source]
        return "\0".join([self._client._server, *prints])

    async def _reopened(self, session_key: str) -> Session | None:
        try:
            return await self._apply({"vodSessionKey": session_key})
        except ApiError as error:
            if error.code in _SIGNATURE_CODES:
                raise
            self._forget()
            return None

    async def _opened(self) -> Session:
        body: dict[str, Any] = {
            "videoName": shown(self._name) if self._name is not None else self._media.stem,
            "videoType": self._media.type,
            "videoSize": self._media.size,
        }
        if self._cover:
            body |= {"coverName": self._cover.stem, "coverType": self._cover.type, "coverSize": self._cover.size}
        return await self._apply(body)

    async def _apply(self, body: dict[str, Any]) -> Session:
        self._signature = await self._client.fresh_signature()
        data = await self._call("ApplyUploadUGC", body | {"signature": self._signature})
        return Session.from_apply(data)

    async def _renewed(self, session: Session) -> Session:
        return await self._apply({"vodSessionKey": session.session_key})

    async def _transfer(self, session: Session, upload_id: str, part_size: int) -> UploadResult:
        storage = StorageClient(self._http, self._client._server, session, self._renewed, self._client._retry)
        remember = partial(self._remember, session.session_key)
        media = ObjectUpload(
            storage, session.media_key, self._media, self._meter, self._control,
            part_size=part_size, concurrency=self._client._concurrency, upload_id=upload_id, remember=remember,
        )  # fmt: skip
        cover = self._cover_upload(storage, session)
        try:
            await all_or_first_error(*(upload.run for upload in (media, cover) if upload))
        except UploadCancelled:
            await media.abort()
            self._forget()
            raise
        except SourceChanged:
            self._forget()
            raise
        for source in filter(None, (self._media, self._cover)):
            if source.changed():
                self._forget()
                raise SourceChanged(f"{source.name} changed during the upload; upload it again")
        checksums = {"videoCrc64": media.crc64} | ({"coverCrc64": cover.crc64} if cover else {})
        committed = await self._commit(session, {name: str(crc64) for name, crc64 in checksums.items()})
        self._forget()
        self._meter.show("done")
        return UploadResult(
            file_id=committed["fileId"],
            media_url=committed["video"]["url"],
            cover_url=committed.get("cover", {}).get("url", ""),
            size=self._media.size,
            crc64=media.crc64,
            resumed_bytes=media.resumed_bytes,
        )

    def _cover_upload(self, storage: StorageClient, session: Session) -> ObjectUpload | None:
        if self._cover is None:
            return None
        return ObjectUpload(storage, session.cover_key, self._cover, self._meter, self._control, part_size=64 * MIB)

    async def _commit(self, session: Session, checksums: Mapping[str, str]) -> dict[str, Any]:
        """Commit with the Apply's signature, which stays valid for its session, or with a new one if it expired.

        The platform compares the checksums with the stored objects before it commits.
        """
        self._meter.show("commit")
        body = {"signature": self._signature, "vodSessionKey": session.session_key, **checksums}
        try:
            return await self._call("CommitUploadUGC", body)
        except ApiError as error:
            if error.code == _CHECKSUM_DIFFERS:
                self._forget()
                raise ChecksumMismatch(error.message) from error
            if error.code != _EXPIRED_SIGNATURE:
                raise
        body["signature"] = await self._client.fresh_signature()
        return await self._call("CommitUploadUGC", body)

    async def _call(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._client._server}/v3/index.php?Action={action}"

        async def post() -> dict[str, Any]:
            answer = await self._http.post(url, json=body)
            if answer.status_code != 200:
                raise TransportError(f"{action} was answered with HTTP {answer.status_code}")
            reply = _object_in(answer, action)
            if reply.get("code") != 0:
                raise ApiError(int(reply.get("code") or -1), str(reply.get("message", "")))
            return reply

        data: dict[str, Any] = (await self._client._retry.run(post))["data"]
        return data

    def _remember(self, session_key: str, upload_id: str, part_size: int) -> None:
        if self._client._resume_store:
            self._client._resume_store.save(self._key, Unfinished(session_key, upload_id, part_size, time()))

    def _forget(self) -> None:
        if self._client._resume_store:
            self._client._resume_store.forget(self._key)
