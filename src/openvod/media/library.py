"""Use cases of a library of files: describe, search, change, delete, forbid (``procedures-and-api.md`` 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from openvod.access.categories import name_and_path, within
from openvod.access.model import Category
from openvod.base.errors import Exhausted, Invalid, NotFound
from openvod.base.identifiers import new_file_id
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.media.edits import MediaEdit, edited
from openvod.media.info import media_info
from openvod.media.layout import content_type
from openvod.media.model import FORBIDDEN, NORMAL, MediaAsset, MediaOutput
from openvod.media.outputs import forbid, recover
from openvod.media.ports import LibraryTx, PictureReader
from openvod.media.query import REACHABLE, MediaQuery
from openvod.media.removal import Part, delete_file, delete_parts
from openvod.storage.outputs import Adopted, OutputStore, place
from openvod.storage.removal import remove_object

Info = Mapping[str, Any]
_EXPIRED_AT_ONCE = 100


@dataclass(frozen=True)
class _Read:
    """Files as one transaction saw them."""

    assets: Sequence[MediaAsset]
    outputs: Sequence[MediaOutput]
    categories: Sequence[Category]


class MediaLibrary:
    """The files of applications. ``url`` makes an address of an object's key."""

    def __init__(
        self,
        uow: UnitOfWork[LibraryTx],
        outputs: OutputStore,
        pictures: PictureReader,
        clock: Clock,
        entropy: Entropy,
        url: Callable[[str], str],
    ) -> None:
        self._uow = uow
        self._outputs = outputs
        self._pictures = pictures
        self._clock = clock
        self._entropy = entropy
        self._url = url

    async def describe(
        self, sub_app_id: int, file_ids: Sequence[str], parts: Collection[str] = ()
    ) -> tuple[Sequence[Info], Sequence[str]]:
        """Return ``MediaInfo`` of each file that exists, in the order asked for, and the ids of those that do not."""
        wanted = list(dict.fromkeys(file_ids))
        now = self._clock.now()

        def work(tx: LibraryTx) -> _Read:
            found = {asset.file_id: asset for asset in tx.media.assets(sub_app_id, wanted, now)}
            return _with_outputs(tx, sub_app_id, [found[file_id] for file_id in wanted if file_id in found])

        read = await self._uow.read(work)
        existing = {asset.file_id for asset in read.assets}
        return self._told(read, parts), [file_id for file_id in wanted if file_id not in existing]

    async def search(self, query: MediaQuery, parts: Collection[str] = ()) -> tuple[int, Sequence[Info]]:
        """Return how many files match (counted up to 5000) and ``MediaInfo`` of a page of them.

        A category stands for those below it as well. ``query.now`` is set here.
        Raises ``Exhausted("media.reach")`` for a page that ends behind the 5000th file.
        """
        if query.offset + query.limit > REACHABLE:
            raise Exhausted("media.reach", f"Offset and Limit together reach {REACHABLE} files; narrow the search down")

        def work(tx: LibraryTx) -> tuple[int, _Read]:
            known = tx.access.categories(query.sub_app_id) if query.class_ids else ()
            classes = frozenset[int]().union(*(within(known, each) for each in query.class_ids))
            page = tx.media.search(replace(query, class_ids=tuple(sorted(classes)), now=self._clock.now()))
            return page.total, _with_outputs(tx, query.sub_app_id, page.assets)

        total, read = await self._uow.read(work)
        return total, self._told(read, parts)

    async def edit(self, sub_app_id: int, file_id: str, edit: MediaEdit, cover: bytes = b"") -> str:
        """Change what is known of a file; return its cover's address if ``cover`` (a picture) replaced it, else "".

        Raises ``NotFound("media.unknown")``, ``Invalid("category.unknown")``, ``Invalid("picture.unreadable")`` and
        what :func:`openvod.media.edits.edited` raises; then nothing is changed.
        """
        asset = await self._uow.read(lambda tx: self._existing(tx, sub_app_id, file_id))
        adopted = await self._adopted_cover(asset, cover) if cover else None
        try:
            await self._uow.write(lambda tx: self._edit(tx, sub_app_id, file_id, edit, adopted))
        except BaseException:
            if adopted:
                await self._outputs.discard([adopted])
            raise
        return self._url(adopted.key) if adopted else ""

    async def delete(self, sub_app_id: int, file_id: str, parts: Sequence[Part] = ()) -> None:
        """Delete a file, or parts of it; raises ``NotFound("media.unknown")``."""

        def work(tx: LibraryTx) -> None:
            asset = self._existing(tx, sub_app_id, file_id, lock=True)
            if parts:
                delete_parts(tx, asset, parts, self._clock.now())
            else:
                delete_file(tx, asset, self._clock.now())

        await self._uow.write(work)

    async def delete_expired(self) -> int:
        """Delete the files whose ``ExpireTime`` has come, as their owner would; return how many."""
        now = self._clock.now()
        expired = await self._uow.read(lambda tx: tx.media.expired(now, _EXPIRED_AT_ONCE))

        def delete(tx: LibraryTx, file_id: str) -> None:
            asset = tx.media.asset(file_id, lock=True)
            # Its time may have been put off meanwhile.
            if asset and not tx.media.assets(asset.sub_app_id, [file_id], now):
                delete_file(tx, asset, now)

        for asset in expired:
            await self._uow.write(partial(delete, file_id=asset.file_id))
        return len(expired)

    async def set_forbidden(self, sub_app_id: int, file_ids: Sequence[str], *, forbidden: bool) -> Sequence[str]:
        """Take files out of playback or give them back; return the ids of those that do not exist."""
        wanted = list(dict.fromkeys(file_ids))

        def work(tx: LibraryTx) -> list[str]:
            now = self._clock.now()
            # In one order, so that two calls over the same files do not wait for one another.
            for file_id in sorted(existing := {a.file_id for a in tx.media.assets(sub_app_id, wanted, now)}):
                asset = tx.media.asset(file_id, lock=True)
                if asset and asset.status != (FORBIDDEN if forbidden else NORMAL):
                    (forbid if forbidden else recover)(tx, asset, now)
            return [file_id for file_id in wanted if file_id not in existing]

        return await self._uow.write(work)

    def _told(self, read: _Read, parts: Collection[str]) -> list[Info]:
        made: dict[str, list[MediaOutput]] = {}
        for output in read.outputs:
            made.setdefault(output.file_id, []).append(output)
        infos: list[Info] = []
        for asset in read.assets:
            name, path = name_and_path(read.categories, asset.class_id)
            outputs = made.get(asset.file_id, [])
            infos.append(media_info(asset, outputs, self._url, class_name=name, class_path=path, parts=parts))
        return infos

    def _existing(self, tx: LibraryTx, sub_app_id: int, file_id: str, *, lock: bool = False) -> MediaAsset:
        asset = tx.media.asset(file_id, lock=True) if lock else None
        found = tx.media.assets(sub_app_id, [file_id], self._clock.now())
        if not found:
            raise NotFound("media.unknown", f"FileId {file_id[:40]!r} does not exist in this application")
        return asset or found[0]

    async def _adopted_cover(self, asset: MediaAsset, cover: bytes) -> Adopted:
        extension, data = await self._pictures.reencode(cover)
        name = f"{new_file_id(self._entropy)}.{extension}"
        return await self._outputs.adopt_bytes(f"{asset.media_key.rpartition('/')[0]}/{name}", data, content_type(name))

    def _edit(self, tx: LibraryTx, sub_app_id: int, file_id: str, edit: MediaEdit, cover: Adopted | None) -> None:
        now = self._clock.now()
        asset = edited(self._existing(tx, sub_app_id, file_id, lock=True), edit, now)
        if edit.class_id and tx.access.category(sub_app_id, edit.class_id) is None:
            raise Invalid("category.unknown", f"ClassId {edit.class_id} is unknown in application {sub_app_id}")
        if cover:
            asset = _with_cover(tx, asset, cover, now)
        tx.media.put_asset(asset)


def _with_outputs(tx: LibraryTx, sub_app_id: int, assets: Sequence[MediaAsset]) -> _Read:
    outputs = tx.media.outputs_of([asset.file_id for asset in assets]) if assets else ()
    categories = tx.access.categories(sub_app_id) if any(asset.class_id for asset in assets) else ()
    return _Read(assets, outputs, categories)


def _with_cover(tx: LibraryTx, asset: MediaAsset, cover: Adopted, now: float) -> MediaAsset:
    """Put a new cover beside the original; an uploaded one before it goes, one that processing made is its result."""
    bucket = tx.storage.bucket(asset.bucket)
    if bucket is None:
        raise NotFound("storage.bucket", f"bucket {asset.bucket} does not exist")
    old = tx.storage.bucket_by_short_name(asset.cover_key.partition("/")[0]) if asset.cover_key else None
    if old and old.purpose == bucket.purpose:
        remove_object(tx.storage, old.name, asset.cover_key)
    place(tx.storage, bucket, [cover], now, published=asset.status != FORBIDDEN)
    return replace(asset, cover_key=cover.key)
