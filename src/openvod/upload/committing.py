"""Committing a session: its objects become a media asset with its event and tasks, in one transaction (2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openvod.access.categories import name_and_path
from openvod.base.errors import Conflict, NotFound
from openvod.base.ports import Entropy
from openvod.events.codec import FileChecksum, UploadedFile, new_file_upload
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from openvod.media.model import FORBIDDEN, MediaAsset, ProbeState
from openvod.storage.model import StoredObject
from openvod.storage.removal import doom_uploads_under, remove_object
from openvod.tasks.model import Procedure, read_notify_mode
from openvod.tasks.service import open_tasks
from openvod.upload.model import ClientChecksums, FileRequest, SessionState, Source, UploadSession
from openvod.upload.ports import UploadTx


@dataclass(frozen=True)
class Committed:
    """Outcome of Commit; URLs are complete, ``cover_url`` empty without a cover."""

    file_id: str
    media_url: str
    cover_url: str
    cover_id: str
    procedure_task_id: str = ""
    review_task_id: str = ""


class Commits:
    """Turns sessions into assets, within the caller's transaction; ``media_url`` returns the URL of a key."""

    def __init__(self, entropy: Entropy, media_url: Callable[[str], str]) -> None:
        self._entropy = entropy
        self._media_url = media_url

    def commit(
        self, tx: UploadTx, session: UploadSession, checksums: ClientChecksums, now: float, *, announce: bool = True
    ) -> Committed:
        """Commit a session; repeating it answers the same. ``announce`` adds ``NewFileUpload``.

        Raises ``Conflict`` with ``upload.incomplete``, ``upload.size_differs`` and ``upload.checksum_differs``.
        """
        tasks = ("", "")
        if session.state is SessionState.OPEN:
            video = _uploaded(tx, session, session.video_key, session.request.video, checksums.video, "video")
            cover = _uploaded(tx, session, session.cover_key, session.request.cover, checksums.cover, "cover")
            if video:
                tasks = self._add_asset(
                    tx, session, video, now, verified=checksums.video is not None, announce=announce
                )
            elif cover:
                _replace_cover(tx, session, now)
            # A cover for a forbidden file must not bring the file back into playback.
            asset = tx.media.asset(session.file_id)
            shown = asset is None or asset.status != FORBIDDEN
            tx.storage.publish_under(session.bucket, session.directory, published=shown)
            doom_uploads_under(tx.storage, session.bucket, session.directory)
            tx.uploads.put_session(replace(session, state=SessionState.COMMITTED, committed_at=now))
        return replace(self._committed(tx, session), procedure_task_id=tasks[0], review_task_id=tasks[1])

    def _committed(self, tx: UploadTx, session: UploadSession) -> Committed:
        asset = tx.media.asset(session.file_id)
        media_key = session.video_key or (asset.media_key if asset else "")
        cover_id = session.cover_key.rpartition("/")[2].partition(".")[0]
        cover_url = self._media_url(session.cover_key) if session.cover_key else ""
        return Committed(session.file_id, self._media_url(media_key), cover_url, cover_id)

    def _add_asset(
        self,
        tx: UploadTx,
        session: UploadSession,
        video: StoredObject,
        now: float,
        *,
        verified: bool,
        announce: bool,
    ) -> tuple[str, str]:
        """Store the asset, its tasks and its event; return the task ids, empty where there is none."""
        request = session.request.video
        asset = MediaAsset(
            file_id=session.file_id,
            sub_app_id=session.sub_app_id,
            name=session.permission.name,
            type=request.type if request else "",
            class_id=session.permission.class_id,
            bucket=session.bucket,
            region=session.region,
            media_key=session.video_key,
            cover_key=session.cover_key,
            size=video.size,
            source_context=session.permission.source_context,
            created_at=now,
            updated_at=now,
            expire_time=session.request.expire_time,
            probe_state=ProbeState.PENDING,
            probe={},
        )
        tx.media.put_asset(asset)
        checksum = FileChecksum(video.crc64, "" if "-" in video.etag else video.etag, verified)
        file = replace(self.described(tx, asset), checksum=checksum, by_server=session.source is Source.SERVER)
        if session.permission.flow:
            flow, review = self._open_tasks(tx, session, session.permission.flow, now)
            file = replace(file, procedure_task_id=flow, review_task_id=review)
        if announce:
            payload = new_file_upload(file)
            # Held until the probe has added MetaData: Commit answers at once, and the receiver gets the complete event.
            tx.events.add(
                NewEvent(asset.sub_app_id, EventType.NEW_FILE_UPLOAD, asset.file_id, payload, EventState.HELD, now)
            )
        return file.procedure_task_id, file.review_task_id

    def _open_tasks(self, tx: UploadTx, session: UploadSession, flow: Mapping[str, Any], now: float) -> tuple[str, str]:
        permission = session.permission
        return open_tasks(
            tx.tasks,
            self._entropy,
            sub_app_id=session.sub_app_id,
            file_id=session.file_id,
            procedure=Procedure.model_validate(flow),
            priority=permission.task_priority,
            notify_mode=read_notify_mode(permission.task_notify_mode),
            session_context=permission.session_context,
            now=now,
        )

    def described(self, tx: UploadTx, asset: MediaAsset) -> UploadedFile:
        """Return a file's description for events."""
        known = tx.access.categories(asset.sub_app_id) if asset.class_id else ()
        class_name, class_path = name_and_path(known, asset.class_id)
        return UploadedFile(
            file_id=asset.file_id,
            name=asset.name,
            type=asset.type,
            class_id=asset.class_id,
            class_name=class_name,
            class_path=class_path,
            cover_url=self._media_url(asset.cover_key) if asset.cover_key else "",
            media_url=self._media_url(asset.media_key),
            storage_region=asset.region,
            source_context=asset.source_context,
            category=asset.category,
            created_at=asset.created_at,
            expire_time=asset.expire_time,
        )


def _uploaded(
    tx: UploadTx, session: UploadSession, key: str, announced: FileRequest | None, crc64: int | None, what: str
) -> StoredObject | None:
    """Return the uploaded object; raises ``Conflict`` when it is missing or differs."""
    if not key:
        return None
    stored = tx.storage.object(session.bucket, key)
    if stored is None:
        raise Conflict(
            "upload.incomplete", f"the {what} was announced but is not uploaded; finish its upload, then commit"
        )
    if announced and announced.size is not None and announced.size != stored.size:
        raise Conflict(
            "upload.size_differs",
            f"{what}Size announced {announced.size} bytes, but {stored.size} arrived; upload the whole file again",
        )
    if crc64 is not None and crc64 != stored.crc64:
        raise Conflict(
            "upload.checksum_differs",
            f"{what}Crc64 is {crc64}, but {stored.crc64} arrived; the {what} was damaged on its way, upload it again",
        )
    return stored


def _replace_cover(tx: UploadTx, session: UploadSession, now: float) -> None:
    asset = tx.media.asset(session.file_id, lock=True)
    if asset is None:
        raise NotFound("media.unknown", f"fileId {session.file_id} was deleted; upload the video again")
    if asset.cover_key:
        # The old cover may lie in another region's bucket; its key begins with that bucket's short name.
        bucket = tx.storage.bucket_by_short_name(asset.cover_key.partition("/")[0])
        remove_object(tx.storage, bucket.name if bucket else asset.bucket, asset.cover_key)
    tx.media.put_asset(replace(asset, cover_key=session.cover_key, updated_at=now))
