"""Which bucket and key a storage request means (``cos-storage.md`` 1.2, ``upload-protocol.md`` 3.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openvod.access.model import STORAGE_APP_ID
from openvod.base.errors import Invalid, NotFound
from openvod.base.ports import UnitOfWork
from openvod.server.wire import WireRequest
from openvod.signing.storage_token import peek_bucket
from openvod.storage.ports import StorageTx

_BUCKET = re.compile(rf"[a-z0-9-]{{1,60}}-{STORAGE_APP_ID}")


@dataclass(frozen=True)
class Address:
    """The target, with every path and host that the client may have signed (2.3)."""

    bucket: str
    key: str
    paths: tuple[str, ...]
    hosts: tuple[str, ...]


class Addressing:
    """Resolves hosts and paths to buckets that exist here; nothing is ever proxied elsewhere."""

    def __init__(self, uow: UnitOfWork[StorageTx]) -> None:
        self._uow = uow
        self._known: set[str] = set()

    def is_bucket_host(self, host: str) -> bool:
        """Return whether a Host header names a bucket."""
        return bool(_bucket_in(host))

    async def resolve(self, request: WireRequest, token: str) -> Address:
        """Find bucket and key: by host, by first path segment, by the token, in this order (1.2)."""
        path = request.path
        if not path.startswith("/"):
            raise Invalid("cos.InvalidURI", "the request path must begin with '/'")
        forwarded = request.headers.get("vod-forward-cos", "")
        host = forwarded or request.host
        bucket = _bucket_in(host)
        paths: tuple[str, ...] = (path,)
        if forwarded and not bucket:
            raise NotFound("cos.NoSuchBucket", f"Vod-Forward-Cos {forwarded[:120]!r} names no bucket of this platform")
        key = path[1:]
        if not bucket:
            first, _, rest = key.partition("/")
            if _BUCKET.fullmatch(first):
                bucket, key, paths = first, rest, (path, f"/{rest}")
            else:
                bucket = peek_bucket(token)
        if not bucket or not await self._exists(bucket):
            raise NotFound("cos.NoSuchBucket", f"bucket {bucket[:80]!r} does not exist; apply for an upload to get one")
        return Address(bucket, key, paths, _hosts(host))

    async def _exists(self, bucket: str) -> bool:
        """Look a bucket up; what was found once is remembered, since buckets are never deleted."""
        if bucket not in self._known:
            found = await self._uow.read(lambda tx: tx.storage.bucket(bucket))
            if found is None:
                return False
            self._known.add(bucket)
        return True


def _bucket_in(host: str) -> str:
    label = host.partition(".")[0].lower()
    return label if _BUCKET.fullmatch(label) else ""


def _hosts(host: str) -> tuple[str, ...]:
    bare = re.sub(r":\d+$", "", host)
    return (host,) if bare == host else (host, bare)
