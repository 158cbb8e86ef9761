"""The storage phase: one object by a single PUT or in parallel parts (cos-storage.md 4, 5)."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from urllib.parse import quote, urlencode

import anyio
import httpx

from openvod_sdk._concurrency import all_or_first_error
from openvod_sdk._cos import (
    Pairs,
    RemotePart,
    authorization,
    complete_body,
    parse_parts,
    parse_upload_id,
    storage_error,
)
from openvod_sdk._errors import ChecksumMismatch, StorageError
from openvod_sdk._progress import ProgressMeter, UploadControl
from openvod_sdk._session import Session
from openvod_sdk._source import Digest, Source, crc64_combine
from openvod_sdk._transport import RetryPolicy

MIB = 1024 * 1024
MAX_PARTS = 10_000
_RENEW_BEFORE_SECONDS = 300
_EXPIRED = ("ExpiredToken", "RequestTimeTooSkewed")
Body = bytes | Callable[[], AsyncIterator[bytes]]
Remember = Callable[[str, int], None]


class StorageClient:
    """Signed requests to storage; renews the credential when it is about to expire or is refused as expired."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        server: str,
        session: Session,
        renew: Callable[[Session], Awaitable[Session]],
        retry: RetryPolicy,
    ) -> None:
        self._http = http
        self._server = server
        self._host = httpx.URL(server).netloc.decode()
        self._session = session
        self._renew = renew
        self._renewing = anyio.Lock()
        self._received_at = time.monotonic()
        self.retry = retry

    async def request(
        self, method: str, key: str, query: Pairs = (), body: Body = b"", *, length: int | None = None, md5: str = ""
    ) -> httpx.Response:
        """Send one signed request; raises ``StorageError`` for a refusal. ``md5`` is hexadecimal."""
        await self._renew_if_due()
        session = self._session
        answer = await self._send(session, method, key, query, body, length, md5)
        if answer.is_success:
            return answer
        error = storage_error(answer.status_code, answer.content, answer.headers)
        if error.code not in _EXPIRED and error.message != "Request has expired":
            raise error
        await self._renew_from(session)
        answer = await self._send(self._session, method, key, query, body, length, md5)
        if not answer.is_success:
            raise storage_error(answer.status_code, answer.content, answer.headers)
        return answer

    async def _send(
        self, session: Session, method: str, key: str, query: Pairs, body: Body, length: int | None, md5: str
    ) -> httpx.Response:
        path = f"/{session.bucket}/{key}"
        size = len(body) if isinstance(body, bytes) else length or 0
        headers = {"Host": self._host, "Content-Length": str(size)}
        if md5:
            headers["Content-MD5"] = base64.b64encode(bytes.fromhex(md5)).decode()
        headers["Authorization"] = authorization(session.credential, method, path, query, headers)
        headers["x-cos-security-token"] = session.credential.token
        url = self._server + quote(path) + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        content = body if isinstance(body, bytes) else body()
        return await self._http.request(method, url, headers=headers, content=content)

    async def _renew_if_due(self) -> None:
        credential = self._session.credential
        lived = time.monotonic() - self._received_at
        if lived > credential.end - credential.start - _RENEW_BEFORE_SECONDS:
            await self._renew_from(self._session)

    async def _renew_from(self, session: Session) -> None:
        """Renew the credential once, even when several requests find it expired."""
        async with self._renewing:
            if self._session is session:
                self._session = await self._renew(session)
                self._received_at = time.monotonic()


class ObjectUpload:
    """The upload of one file to one key."""

    def __init__(
        self,
        storage: StorageClient,
        key: str,
        source: Source,
        meter: ProgressMeter,
        control: UploadControl,
        *,
        part_size: int,
        concurrency: int = 1,
        upload_id: str = "",
        remember: Remember = lambda upload_id, part_size: None,
    ) -> None:
        self._storage = storage
        self._key = key
        self._source = source
        self._meter = meter
        self._control = control
        self._part_size = part_size_for(source.size, part_size)
        self._concurrency = concurrency
        self._upload_id = upload_id
        self._remember = remember
        self._digests: dict[int, Digest] = {}
        self.crc64 = 0
        self.resumed_bytes = 0

    async def run(self) -> None:
        """Upload; afterwards ``crc64`` is the file's CRC-64, which storage has confirmed."""
        await self._control.checkpoint()
        if self._upload_id:
            await self._resume()
        elif self._source.size <= self._part_size:
            await self._put()
        else:
            answer = await self._retried("POST", [("uploads", "")])
            self._upload_id = parse_upload_id(answer.content)
            self._remember(self._upload_id, self._part_size)
            await self._send_parts({})

    async def abort(self) -> None:
        """Abort an unfinished multipart upload in storage; best effort."""
        if self._upload_id:
            with anyio.CancelScope(shield=True):
                try:
                    await self._storage.request("DELETE", self._key, [("uploadId", self._upload_id)])
                except (StorageError, httpx.HTTPError):
                    return

    async def _put(self) -> None:
        digest = await self._source.digest(0, self._source.size)

        async def attempt() -> None:
            answer = await self._send("PUT", [], 0, self._source.size, digest, "put")
            _check(answer, digest, "the file")

        await self._storage.retry.run(attempt)
        self._meter.acknowledged("put", self._source.size)
        self.crc64 = digest.crc64

    async def _resume(self) -> None:
        """Resume with the stored parts that equal the file's, or detect that the upload is already complete."""
        try:
            remote = await self._remote_parts()
        except StorageError as error:
            if error.code == "NoSuchUpload" and await self._already_there():
                return
            raise
        await self._send_parts({part.number: part for part in remote})

    async def _already_there(self) -> bool:
        """Return whether the object exists with the file's CRC-64, after a lost response to Complete."""
        try:
            answer = await self._storage.request("HEAD", self._key)
        except StorageError:
            return False
        digest = await self._source.digest(0, self._source.size)
        if answer.headers.get("x-cos-hash-crc64ecma") != str(digest.crc64):
            return False
        self.crc64, self.resumed_bytes = digest.crc64, self._source.size
        self._meter.resumed(self._source.size)
        return True

    async def _remote_parts(self) -> list[RemotePart]:
        parts: list[RemotePart] = []
        marker: int | None = 0
        while marker is not None:
            query = [("uploadId", self._upload_id), ("part-number-marker", str(marker)), ("max-parts", "1000")]
            page, marker = parse_parts((await self._retried("GET", query)).content)
            parts += page
        return parts

    async def _send_parts(self, remote: dict[int, RemotePart]) -> None:
        count = math.ceil(self._source.size / self._part_size)
        numbers = iter(range(1, count + 1))
        work = partial(self._work, numbers, remote)
        await all_or_first_error(*[work] * min(self._concurrency, count))
        await self._complete(count)

    async def _work(self, numbers: Iterable[int], remote: dict[int, RemotePart]) -> None:
        for number in numbers:
            await self._control.checkpoint()
            start, length = (number - 1) * self._part_size, self._length(number)
            digest = await self._source.digest(start, length)
            self._digests[number] = digest
            known = remote.get(number)
            if known and (known.size, known.etag) == (length, digest.md5):
                self.resumed_bytes += length
                self._meter.resumed(length)
                continue
            await self._send_part(number, start, length, digest)

    async def _send_part(self, number: int, start: int, length: int, digest: Digest) -> None:
        query = [("partNumber", str(number)), ("uploadId", self._upload_id)]

        async def attempt() -> None:
            answer = await self._send("PUT", query, start, length, digest, number)
            _check(answer, digest, f"part {number}")

        await self._storage.retry.run(attempt)
        self._meter.acknowledged(number, length)

    async def _send(
        self, method: str, query: Pairs, start: int, length: int, digest: Digest, item: object
    ) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            # Here and not around it: after an expired credential the request is sent again by itself.
            self._meter.retried(item)
            async for data in self._source.stream(start, length):
                await self._control.checkpoint()
                yield data
                self._meter.sent(item, len(data))

        await self._control.checkpoint()
        return await self._storage.request(method, self._key, query, body, length=length, md5=digest.md5)

    async def _complete(self, count: int) -> None:
        """Complete, and compare the whole object's CRC-64 with the file's."""
        parts = [RemotePart(n, self._length(n), self._digests[n].md5) for n in range(1, count + 1)]
        answer = await self._retried("POST", [("uploadId", self._upload_id)], complete_body(parts))
        self.crc64 = _whole_crc64(parts, [self._digests[p.number] for p in parts])
        if answer.headers.get("x-cos-hash-crc64ecma") != str(self.crc64):
            raise ChecksumMismatch(f"the stored object differs from {self._source.name} by CRC-64; upload again")

    async def _retried(self, method: str, query: Pairs, body: bytes = b"") -> httpx.Response:
        return await self._storage.retry.run(lambda: self._storage.request(method, self._key, query, body))

    def _length(self, number: int) -> int:
        return min(self._part_size, self._source.size - (number - 1) * self._part_size)


def part_size_for(size: int, wanted: int) -> int:
    """Double the requested part size until the file fits in 10,000 parts."""
    while math.ceil(size / wanted) > MAX_PARTS:
        wanted *= 2
    return wanted


def _check(answer: httpx.Response, digest: Digest, what: str) -> None:
    etag = answer.headers.get("etag", "").strip('"')
    crc64 = answer.headers.get("x-cos-hash-crc64ecma")
    if etag != digest.md5 or crc64 not in (None, str(digest.crc64)):
        raise ChecksumMismatch(f"checksum of {what} differs between storage and file")


def _whole_crc64(parts: Sequence[RemotePart], digests: Sequence[Digest]) -> int:
    crc = 0
    for part, digest in zip(parts, digests, strict=True):
        crc = crc64_combine(crc, digest.crc64, part.size)
    return crc
