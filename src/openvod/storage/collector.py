"""The collector frees the space of unreachable blobs; the checker compares disk and ledger."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.base.ports import Clock, UnitOfWork
from openvod.storage.blobs import Blobs, ReclaimsRanges
from openvod.storage.model import Blob, BlobState, Extent, MultipartUpload, UploadState
from openvod.storage.placement import SlotBoard
from openvod.storage.ports import StorageTables, StorageTx
from openvod.storage.removal import doom_upload

#: JS clients remember upload ids for 30 days, yet a session ends after one; a week serves those without a session.
UPLOAD_IDLE_SECONDS = 7 * 86_400
#: How long a completed upload answers a repeated Complete.
COMPLETED_KEPT_SECONDS = 86_400
#: A worker needs seconds from the ledger row to the object; nothing else holds a pending blob without a slot.
PENDING_KEPT_SECONDS = 3600
_BATCH = 500
_log = logging.getLogger("openvod.storage")


@dataclass(frozen=True)
class Collected:
    """What one round freed."""

    uploads: int
    blobs: int
    orphans: int
    slack_bytes: int
    returned: int = 0
    erased: int = 0


class Collector:
    """Frees doomed blobs, idle uploads, and bytes outside any extent; sets files without a ledger row aside.

    What no row knows may belong to a newer copy of the database: it stays in quarantine for ``keep_seconds``, and
    returns when a row knows it again. For as long after a restore (``restored_at``, 0: never) nothing that was there
    before it is erased, since the rows that say so are older than the bytes.
    """

    def __init__(
        self,
        uow: UnitOfWork[StorageTx],
        blobs: Blobs,
        slots: SlotBoard,
        clock: Clock,
        *,
        keep_seconds: float = 7 * 86_400.0,
        restored_at: float = 0.0,
    ) -> None:
        self._uow = uow
        self._blobs = blobs
        self._slots = slots
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._restored_at = restored_at
        self._reported = 0

    async def start(self) -> None:
        """Doom what a previous process left half-written. Call once, before any request, on a locked data folder."""

        def work(tx: StorageTx) -> None:
            tx.storage.set_blob_state([b.blob_id for b in tx.storage.blobs(BlobState.PENDING)], BlobState.DOOMED)

        await self._uow.write(work)
        await self._return_known()

    async def collect(self, *, slack: bool = False) -> Collected:
        """Run one round; ``slack`` also erases bytes outside every extent (costs a look at each open upload)."""
        uploads = await self._uow.write(self._expire_uploads)
        await self._uow.write(self._doom_stale)
        blobs = await self._delete_doomed()
        returned = await self._return_known()
        erased = await self._erase_kept_long_enough()
        orphans = await self._set_orphans_aside()
        freed = await self._erase_slack() if slack and not self._keeps_everything else 0
        return Collected(uploads, blobs, orphans, freed, returned, erased)

    @property
    def _keeps_everything(self) -> bool:
        return self._clock.now() < self._restored_at + self._keep_seconds

    def _expire_uploads(self, tx: StorageTx) -> int:
        now = self._clock.now()
        idle = tx.storage.uploads_idle_since(now - COMPLETED_KEPT_SECONDS, _BATCH)
        completed = [u for u in idle if u.state is not UploadState.OPEN]
        for upload in completed:
            tx.storage.delete_upload(upload.upload_id)
        abandoned = [u for u in idle if u.state is UploadState.OPEN and u.touched_at < now - UPLOAD_IDLE_SECONDS]
        for upload in abandoned:
            doom_upload(tx.storage, upload)
        return len(completed) + len(abandoned)

    def _doom_stale(self, tx: StorageTx) -> None:
        """Doom what another process (a worker) was storing when it died; what this one writes is in its slots."""
        before = self._clock.now() - PENDING_KEPT_SECONDS
        stale = [b.blob_id for b in tx.storage.blobs(BlobState.PENDING) if b.created_at < before]
        tx.storage.set_blob_state([b for b in stale if not self._slots.is_writing(b)], BlobState.DOOMED)

    async def _delete_doomed(self) -> int:
        doomed = await self._uow.read(lambda tx: tx.storage.blobs(BlobState.DOOMED))
        done = [b.blob_id for b in doomed if not self._slots.is_writing(b.blob_id)]
        kept = {b.blob_id for b in doomed if self._keeps_everything and b.created_at <= self._restored_at}
        if not self._blobs.quarantine:
            # They stay doomed, and are deleted after the time that quarantine would keep them.
            done = [blob_id for blob_id in done if blob_id not in kept]
        for blob_id in done:
            if blob_id in kept and self._blobs.quarantine:
                await self._blobs.quarantine.set_aside(blob_id, self._clock.now())
            else:
                await self._blobs.store.delete(blob_id)
        if done:
            await self._uow.write(lambda tx: tx.storage.delete_blobs(done))
        return len(done)

    async def _set_orphans_aside(self) -> int:
        # The order matters: a ledger row is written before its file, so a file listed first and absent from the
        # rows read afterwards belongs to nobody.
        stored = await self._blobs.store.list()
        known = {b.blob_id for b in await self._uow.read(lambda tx: tx.storage.blobs())}
        orphans = [blob_id for blob_id in stored if blob_id not in known]
        if not self._blobs.quarantine:
            self._report_orphans(orphans)
            return 0
        for blob_id in orphans:
            await self._blobs.quarantine.set_aside(blob_id, self._clock.now())
        if orphans:
            _log.warning(
                "%d files in the store are known to no row of the database; they are in blobs/quarantine and will be "
                "erased in %g days (%s%s)",
                len(orphans), self._keep_seconds / 86_400, ", ".join(orphans[:3]), ", …" if orphans[3:] else "",
            )  # fmt: skip
        return len(orphans)

    def _report_orphans(self, orphans: Sequence[str]) -> None:
        """Log blobs without a row that cannot be set aside, once for each number of them."""
        if len(orphans) > self._reported:
            _log.warning(
                "%d blobs in the store have no row in the database (%s%s); the store has no quarantine, so they stay",
                len(orphans), ", ".join(orphans[:3]), ", …" if orphans[3:] else "",
            )  # fmt: skip
        self._reported = len(orphans)

    async def _return_known(self) -> int:
        """Take back what a row knows again: a newer copy of the database was put in place."""
        quarantine = self._blobs.quarantine
        aside = await quarantine.quarantined() if quarantine else ()
        if not quarantine or not aside:
            return 0
        living = {b.blob_id for b in await self._uow.read(_living_blobs)}
        known = [each.blob_id for each in aside if each.blob_id in living]
        for blob_id in known:
            await quarantine.take_back(blob_id)
        if known:
            _log.warning("%d files returned from quarantine: the database knows them again", len(known))
        return len(known)

    async def _erase_kept_long_enough(self) -> int:
        quarantine, before = self._blobs.quarantine, self._clock.now() - self._keep_seconds
        if not quarantine:
            return 0
        late = [each for each in await quarantine.quarantined() if each.since <= before]
        for each in late:
            await quarantine.erase_quarantined(each.blob_id)
        if late:
            size = sum(each.size for each in late)
            _log.warning("%d files (%d bytes) were erased from quarantine after their time", len(late), size)
        return len(late)

    async def _erase_slack(self) -> int:
        freed, ranges = 0, self._blobs.ranges
        if not ranges:
            return 0
        for upload in await self._uow.read(lambda tx: tx.storage.open_uploads()):
            with self._slots.reclaim(upload.upload_id) as alone:
                if alone:
                    freed += await self._erase_slack_of(ranges, upload)
        return freed

    async def _erase_slack_of(self, ranges: ReclaimsRanges, upload: MultipartUpload) -> int:
        parts = await self._uow.read(lambda tx: tx.storage.parts(upload.upload_id))
        return await ranges.keep_only(upload.blob_id, [p.extent for p in parts if p.blob_id == upload.blob_id])


@dataclass(frozen=True)
class Discrepancies:
    """What the checker found; all empty when disk and ledger agree.

    ``stray_objects`` are ``bucket/key`` of those that belong to no session, file or output.
    """

    orphan_files: Sequence[str]
    missing_files: Sequence[str]
    slack_bytes: int
    stray_objects: Sequence[str] = ()
    quarantined_files: Sequence[str] = ()

    @property
    def clean(self) -> bool:
        """True when disk and ledger agree; what is in quarantine has been dealt with."""
        return not (self.orphan_files or self.missing_files or self.slack_bytes or self.stray_objects)


async def check(uow: UnitOfWork[StorageTx], blobs: Blobs) -> Discrepancies:
    """Compare disk and ledger of a data folder that no server uses; changes nothing."""
    on_disk = set(await blobs.store.list())

    def work(tx: StorageTx) -> tuple[Sequence[Blob], dict[str, list[Extent]]]:
        return tx.storage.blobs(), _extents_by_blob(tx.storage)

    rows, owners = await uow.read(work)
    ledger = {b.blob_id for b in rows}
    slack = 0
    if blobs.ranges:
        slack = sum([await blobs.ranges.slack(b, extents) for b, extents in owners.items() if b in on_disk])
    holding = {blob_id for blob_id, extents in owners.items() if extents}
    aside = sorted(each.blob_id for each in await blobs.quarantine.quarantined()) if blobs.quarantine else []
    return Discrepancies(sorted(on_disk - ledger), sorted(holding - on_disk), slack, quarantined_files=aside)


def repairs(found: Discrepancies, keep_days: float) -> list[str]:
    """Return what a repair does about each discrepancy, in sentences."""
    lines = []
    if files := len(found.orphan_files):
        lines.append(f"{files} files that no row knows go to blobs/quarantine and are kept for {keep_days:g} days")
    if found.slack_bytes:
        lines.append(f"{found.slack_bytes} bytes outside every part and object are erased")
    if strays := len(found.stray_objects):
        lines.append(f"{strays} objects without session, file or output are left to a running server")
    if missing := len(found.missing_files):
        lines.append(f"{missing} missing files cannot be made again: restore blobs from a backup")
    return lines


def _living_blobs(tx: StorageTx) -> Sequence[Blob]:
    return [blob for blob in tx.storage.blobs() if blob.state is not BlobState.DOOMED]


def _extents_by_blob(tables: StorageTables) -> dict[str, list[Extent]]:
    found: dict[str, list[Extent]] = defaultdict(list)
    for stored in tables.all_objects():
        for extent in stored.extents:
            found[extent.blob_id].append(extent)
    for upload in tables.open_uploads():
        found.setdefault(upload.blob_id, [])
        for part in tables.parts(upload.upload_id):
            found[part.blob_id].append(part.extent)
    return found
