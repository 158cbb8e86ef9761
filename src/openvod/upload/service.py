"""Apply and Commit. Each is one transaction; neither touches a byte of media."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openvod.access.categories import name_and_path
from openvod.access.model import STORAGE_APP_ID, Application, Group, StorageRegion
from openvod.access.ports import SecretBox
from openvod.access.service import application_for, check_is_on, check_permitted, region_for, signer
from openvod.base.errors import Conflict, Denied, Invalid, NotFound
from openvod.base.identifiers import cover_id_of, new_alphanumeric, new_file_id, new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.events.codec import FileChecksum, UploadedFile, new_file_upload
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from openvod.media.expiry import expiry
from openvod.media.model import FORBIDDEN, MediaAsset, ProbeState
from openvod.signing import storage_token
from openvod.signing import upload as upload_signature
from openvod.signing.limits import ANYBODY, Caller, check_caller
from openvod.signing.storage_token import StorageGrant, TemporaryCredential
from openvod.signing.upload import PresentedSignature, UploadPermission
from openvod.storage.model import Bucket, StoredObject
from openvod.storage.removal import doom_uploads_under, remove_object
from openvod.tasks.model import Procedure, read_notify_mode
from openvod.tasks.service import open_tasks, resolve_procedure
from openvod.upload.model import (
    APPLY_REPEAT_SECONDS,
    CREDENTIAL_SECONDS,
    NO_CHECKSUMS,
    SESSION_SECONDS,
    ApplyRequest,
    ClientChecksums,
    FileRequest,
    Permission,
    SessionState,
    Source,
    SpentSignature,
    UploadSession,
    check_cover,
    check_limits,
    check_video,
)
from openvod.upload.ports import UploadTx

_GRANT_ACTIONS = ("put", "multipart")


@dataclass(frozen=True)
class Applied:
    """Outcome of Apply."""

    session: UploadSession
    credential: TemporaryCredential
    region: StorageRegion
    now: float


@dataclass(frozen=True)
class Committed:
    """Outcome of Commit; URLs are complete, ``cover_url`` empty without a cover."""

    file_id: str
    media_url: str
    cover_url: str
    cover_id: str
    procedure_task_id: str = ""
    review_task_id: str = ""


@dataclass(frozen=True)
class ServerPermission:
    """What an API 3.0 caller may do: its application (0 = the key's own) and what it asked for."""

    secret_id: str
    sub_app_id: int
    permission: Permission


class UploadService:
    """Conducts signing, access, storage, media and events for one upload."""

    def __init__(
        self,
        uow: UnitOfWork[UploadTx],
        box: SecretBox,
        clock: Clock,
        entropy: Entropy,
        *,
        token_key: bytes,
        media_url: Callable[[str], str],
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._uow = uow
        self._box = box
        self._clock = clock
        self._entropy = entropy
        self._token_key = token_key
        self._media_url = media_url
        self._on_commit = on_commit

    async def prepare(self, signature: str) -> int:
        """Check a signature without using it; return the application's id (``upload-protocol.md`` 2.8)."""
        presented = upload_signature.decode(signature)
        now = self._clock.now()
        return await self._uow.read(lambda tx: self._verified(tx, presented, now)[1].sub_app_id)

    async def apply(self, signature: str, request: ApplyRequest, caller: Caller = ANYBODY) -> Applied:
        """Open a session, or resume the one that ``request.session_key`` names (2.2, 2.5)."""
        presented = upload_signature.decode(signature)
        now = self._clock.now()

        def work(tx: UploadTx) -> tuple[UploadSession, StorageRegion]:
            permission, application = self._verified(tx, presented, now)
            limits = permission.limits
            check_caller(limits.client_networks, limits.page_origins, caller)
            session = self._reopened(tx, request, application, permission, now)
            if session is None:
                session = self._repeated(tx, presented, request, now)
            if session is None:
                session = self._opened(
                    tx, request, application, _permission_of(permission), permission.storage_region, Source.CLIENT, now
                )
                session = replace(session, signature_fingerprint=presented.fingerprint)
                tx.uploads.put_session(session)
                _count_use(tx, presented, permission)
            if permission.one_time:
                _spend(tx, presented, permission, session, request.digest, now)
            return session, _region_of(tx, session)

        session, region = await self._uow.write(work)
        return Applied(session, self._credential(session, now), region, now)

    async def apply_for_server(self, caller: ServerPermission, request: ApplyRequest) -> Applied:
        """Open a session for an authenticated API 3.0 caller (``upload-protocol.md`` 5)."""
        now = self._clock.now()

        def work(tx: UploadTx) -> tuple[UploadSession, StorageRegion]:
            session = self.open_for_server(tx, caller, request, now)
            tx.uploads.put_session(session)
            return session, _region_of(tx, session)

        session, region = await self._uow.write(work)
        return Applied(session, self._credential(session, now), region, now)

    def open_for_server(
        self, tx: UploadTx, caller: ServerPermission, request: ApplyRequest, now: float
    ) -> UploadSession:
        """Return a new session of an API 3.0 caller, which the caller of this stores."""
        application = application_for(tx.access, signer(tx.access, caller.secret_id), caller.sub_app_id)
        return self._opened(tx, request, application, caller.permission, "", Source.SERVER, now)

    def commit_pulled(self, tx: UploadTx, session: UploadSession, now: float) -> Committed:
        """Commit what the platform fetched itself; ``NewFileUpload`` is not told of it (``events.md`` 4.1)."""
        return self._commit(tx, session, NO_CHECKSUMS, now, announce=False)

    async def commit(
        self,
        signature: str,
        session_key: str,
        checksums: ClientChecksums = NO_CHECKSUMS,
        caller: Caller = ANYBODY,
    ) -> Committed:
        """Turn an uploaded session into a media asset and its event; repeating it answers the same (2.4).

        ``Conflict("upload.checksum_differs")``: what arrived is not what the client read.
        """
        presented = upload_signature.decode(signature)
        now = self._clock.now()

        def work(tx: UploadTx) -> Committed:
            session = _live_session(tx, session_key, now)
            own = presented.fingerprint == session.signature_fingerprint
            permission, application = self._verified(tx, presented, now, enforce_expiry=not own)
            _same_application(session, application)
            _same_user(session, permission)
            check_caller(permission.limits.client_networks, permission.limits.page_origins, caller)
            if permission.one_time and not own:
                _spend(tx, presented, permission, session, "commit", now)
            return self._commit(tx, session, checksums, now)

        committed = await self._uow.write(work)
        self._on_commit()
        return committed

    async def commit_for_server(self, caller: ServerPermission, session_key: str) -> Committed:
        """Commit for an authenticated API 3.0 caller."""
        now = self._clock.now()

        def work(tx: UploadTx) -> Committed:
            session = _live_session(tx, session_key, now)
            _same_application(
                session, application_for(tx.access, signer(tx.access, caller.secret_id), caller.sub_app_id)
            )
            return self._commit(tx, session, NO_CHECKSUMS, now)

        committed = await self._uow.write(work)
        self._on_commit()
        return committed

    async def expire(self, limit: int = 200) -> int:
        """Remove sessions past their day: an uncommitted one with everything it uploaded; return how many."""
        now = self._clock.now()

        def work(tx: UploadTx) -> int:
            expired = tx.uploads.sessions_expired(now, limit)
            for session in expired:
                if session.state is SessionState.OPEN:
                    forget_uploaded(tx, session)
                else:
                    doom_uploads_under(tx.storage, session.bucket, session.directory)
                tx.uploads.delete_session(session.session_key)
            tx.uploads.forget_spent(now)
            return len(expired)

        return await self._uow.write(work)

    def _verified(
        self, tx: UploadTx, presented: PresentedSignature, now: float, *, enforce_expiry: bool = True
    ) -> tuple[UploadPermission, Application]:
        key = signer(tx.access, presented.secret_id)
        check_permitted(key, Group.SIGN)
        secret = self._box.open(key.sealed_secret, key.secret_id)
        permission = upload_signature.verify(presented, secret, now, enforce_expiry=enforce_expiry)
        return permission, application_for(tx.access, key, permission.sub_app_id)

    def _reopened(
        self,
        tx: UploadTx,
        request: ApplyRequest,
        application: Application,
        permission: UploadPermission,
        now: float,
    ) -> UploadSession | None:
        """Return the session to resume; its files come from the session, whatever the request repeats (2.5)."""
        if not request.session_key:
            return None
        session = _live_session(tx, request.session_key, now)
        _same_application(session, application)
        _same_user(session, permission)
        return session

    def _repeated(
        self, tx: UploadTx, presented: PresentedSignature, request: ApplyRequest, now: float
    ) -> UploadSession | None:
        """Return the session of the same Apply whose answer was lost a moment ago (1.4)."""
        spent = tx.uploads.spent(presented.fingerprint)
        if spent and spent.request_digest == request.digest and now - spent.spent_at <= APPLY_REPEAT_SECONDS:
            return tx.uploads.session(spent.session_key)
        return None

    def _opened(
        self,
        tx: UploadTx,
        request: ApplyRequest,
        application: Application,
        permission: Permission,
        signed_region: str,
        source: Source,
        now: float,
    ) -> UploadSession:
        check_is_on(application)
        video = check_video(request.video) if request.video else None
        cover = check_cover(request.cover) if request.cover else None
        check_limits(replace(request, video=video, cover=cover), permission.limits)
        _check_shape(tx, request, application)
        if permission.class_id and tx.access.category(application.sub_app_id, permission.class_id) is None:
            raise Invalid(
                "category.unknown",
                f"classId {permission.class_id} is unknown in application {application.sub_app_id}; create it first",
            )
        permission = _with_flow(tx, application, permission)
        # The signature's region outranks the client's: it is the app server's word (2.2).
        region = region_for(tx.access, signed_region or request.storage_region)
        bucket = self._bucket(tx, application, region)
        file_id = request.file_id or new_file_id(self._entropy)
        directory = f"{bucket.short_name}/{new_hex(self._entropy, 8)}{file_id}"
        return UploadSession(
            session_key=new_alphanumeric(self._entropy, 64),
            sub_app_id=application.sub_app_id,
            file_id=file_id,
            state=SessionState.OPEN,
            bucket=bucket.name,
            region=region.name,
            video_key=f"{directory}/{new_alphanumeric(self._entropy, 12)}.{video.type}" if video else "",
            cover_key=self._cover_key(directory, file_id, cover, renewed=not video) if cover else "",
            source=source,
            request=replace(request, video=video, cover=cover, expire_time=expiry(request.expire_time, now)),
            permission=replace(permission, name=permission.name or _display_name(video, cover)),
            signature_fingerprint="",
            created_at=now,
            expires_at=now + SESSION_SECONDS,
        )

    def _cover_key(self, directory: str, file_id: str, cover: FileRequest, *, renewed: bool) -> str:
        name = new_file_id(self._entropy) if renewed else cover_id_of(file_id)
        return f"{directory}/{name}.{cover.type}"

    def _bucket(self, tx: UploadTx, application: Application, region: StorageRegion) -> Bucket:
        found = tx.storage.bucket_for(application.sub_app_id, region.name)
        if found:
            return found
        short = f"{new_hex(self._entropy, 8)}vod{region.short_name}{application.sub_app_id}"
        return tx.storage.add_bucket(Bucket(f"{short}-{STORAGE_APP_ID}", short, application.sub_app_id, region.name))

    def _credential(self, session: UploadSession, now: float) -> TemporaryCredential:
        limits = session.permission.limits
        sizes = {session.video_key: limits.max_video_size, session.cover_key: limits.max_cover_size}
        # The directory: server SDKs put HLS segments beside the playlist (cos-storage.md 3.2). A permission that
        # bounds files covers these files alone.
        keys = (f"{session.directory}*",) if not limits.bounds_files else tuple(key for key in sizes if key)
        grant = StorageGrant(
            sub_app_id=session.sub_app_id,
            session=session.ref.key,
            bucket=session.bucket,
            resources=keys,
            actions=_GRANT_ACTIONS,
            max_bytes={key: size for key, size in sizes.items() if key and size},
            networks=limits.client_networks,
            origins=limits.page_origins,
            issued_at=int(now),
            # Never longer than what it opens.
            expires_at=min(int(now) + CREDENTIAL_SECONDS, int(session.expires_at)),
            file_id=session.file_id,
        )
        return storage_token.mint(grant, self._token_key, new_alphanumeric(self._entropy, 32))

    def _commit(
        self, tx: UploadTx, session: UploadSession, checksums: ClientChecksums, now: float, *, announce: bool = True
    ) -> Committed:
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
        """Store the asset, open its tasks, tell; return the tasks' ids, empty where there is none."""
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
            # Held until the probe has filled MetaData in: Commit answers at once, the receiver still gets it complete.
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
        """Return what events tell of a file."""
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


def _same_user(session: UploadSession, permission: UploadPermission) -> None:
    """A session that was opened for a user is that user's."""
    if session.permission.limits.user_id and permission.limits.user_id != session.permission.limits.user_id:
        raise Denied("session.foreign", "vodSessionKey belongs to another user; apply for an upload of your own")


def _count_use(tx: UploadTx, presented: PresentedSignature, permission: UploadPermission) -> None:
    most = permission.limits.max_uploads
    if most and tx.uploads.count_use(presented.fingerprint, permission.expires_at + SESSION_SECONDS) > most:
        raise Denied("signature.used_up", f"signature was good for {most} uploads, which are done; get a new one")


def _with_flow(tx: UploadTx, application: Application, permission: Permission) -> Permission:
    """Resolve the procedure now: a mistake shows before bytes are sent, a later change of it does not matter (3.1)."""
    if not permission.procedure:
        return permission
    procedure = resolve_procedure(tx.tasks, application.sub_app_id, permission.procedure)
    return replace(permission, flow=procedure.to_wire())


def _permission_of(permission: UploadPermission) -> Permission:
    return Permission(
        class_id=permission.class_id,
        source_context=permission.source_context,
        session_context=permission.session_context,
        procedure=permission.procedure,
        task_priority=permission.task_priority,
        limits=permission.limits,
        task_notify_mode=permission.task_notify_mode,
    )


def _display_name(video: FileRequest | None, cover: FileRequest | None) -> str:
    """Android sends the name with its extension, the others without; the asset's name has none (2.2)."""
    announced = video or cover
    if announced is None:
        return ""
    stem, dot, extension = announced.name.rpartition(".")
    return stem if dot and extension.lower() == announced.type else announced.name


def _check_shape(tx: UploadTx, request: ApplyRequest, application: Application) -> None:
    if request.video:
        if request.file_id:
            raise Invalid("upload.file_id", "fileId goes with a cover alone; leave it out when uploading a video")
        return
    if not (request.cover and request.file_id):
        raise Invalid("upload.missing", "videoType is missing; send videoName and videoType, or fileId with a cover")
    asset = tx.media.asset(request.file_id)
    if asset is None or asset.sub_app_id != application.sub_app_id:
        raise NotFound("media.unknown", f"fileId {request.file_id[:40]!r} does not exist in this application")


def _region_of(tx: UploadTx, session: UploadSession) -> StorageRegion:
    """The session's region as it was chosen; disabling one later does not break an upload on its way."""
    found = [region for region in tx.access.regions() if region.name == session.region]
    return found[0] if found else StorageRegion(session.region, enabled=False, is_default=False)


def _live_session(tx: UploadTx, session_key: str, now: float) -> UploadSession:
    session = tx.uploads.session(session_key, lock=True)
    if session is None or session.expires_at <= now:
        raise NotFound(
            "session.unknown",
            "vodSessionKey is unknown or older than a day; apply again without it to start a new upload",
        )
    return session


def _same_application(session: UploadSession, application: Application) -> None:
    if session.sub_app_id != application.sub_app_id:
        raise Denied("session.foreign", "vodSessionKey belongs to another application; use the one that opened it")


def _spend(
    tx: UploadTx,
    presented: PresentedSignature,
    permission: UploadPermission,
    session: UploadSession,
    digest: str,
    now: float,
) -> None:
    """Use up a one-time signature; its own session may show it again (1.4)."""
    use = SpentSignature(presented.fingerprint, session.session_key, digest, now, float(permission.expires_at))
    if tx.uploads.spend(use):
        return
    earlier = tx.uploads.spent(presented.fingerprint)
    if earlier is None or earlier.session_key != session.session_key:
        raise Denied("signature.used", "this one-time signature was used already; get a new one from the app server")


def _uploaded(
    tx: UploadTx, session: UploadSession, key: str, announced: FileRequest | None, crc64: int | None, what: str
) -> StoredObject | None:
    """Return the object that Commit expects, or say what is missing or differs."""
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


def forget_uploaded(tx: UploadTx, session: UploadSession) -> None:
    """Remove everything that an uncommitted session has stored."""
    for stored in tx.storage.objects_under(session.bucket, session.directory):
        remove_object(tx.storage, session.bucket, stored.key)
    doom_uploads_under(tx.storage, session.bucket, session.directory)
