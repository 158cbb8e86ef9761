"""Apply and Commit. Each is one transaction; neither touches a byte of media."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from openvod.access.model import Application, Group, StorageRegion
from openvod.access.ports import SecretBox
from openvod.access.service import application_for, check_permitted, signer
from openvod.base.errors import Denied, NotFound
from openvod.base.identifiers import new_alphanumeric
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.signing import storage_token
from openvod.signing import upload as upload_signature
from openvod.signing.limits import ANYBODY, Caller, check_caller
from openvod.signing.storage_token import StorageGrant, TemporaryCredential
from openvod.signing.upload import PresentedSignature, UploadPermission
from openvod.storage.removal import doom_uploads_under, remove_object
from openvod.upload.committing import Commits, Committed
from openvod.upload.model import (
    APPLY_REPEAT_SECONDS,
    CREDENTIAL_SECONDS,
    NO_CHECKSUMS,
    SESSION_SECONDS,
    ApplyRequest,
    ClientChecksums,
    Permission,
    SessionState,
    Source,
    SpentSignature,
    UploadSession,
)
from openvod.upload.opening import open_session
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
class ServerPermission:
    """What an API 3.0 caller may do: its application (0 = the key's own) and what it asked for."""

    secret_id: str
    sub_app_id: int
    permission: Permission


class UploadService:
    """Opens and commits sessions for signed clients and for callers of API 3.0."""

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
        self.commits = Commits(entropy, media_url)
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
                session = open_session(
                    tx,
                    self._entropy,
                    request,
                    application,
                    _permission_of(permission),
                    permission.storage_region,
                    Source.CLIENT,
                    now,
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
        """Return a new session of an API 3.0 caller; the caller of this method stores it."""
        application = application_for(tx.access, signer(tx.access, caller.secret_id), caller.sub_app_id)
        return open_session(tx, self._entropy, request, application, caller.permission, "", Source.SERVER, now)

    def commit_pulled(self, tx: UploadTx, session: UploadSession, now: float) -> Committed:
        """Commit a pulled file, without a ``NewFileUpload`` event (``events.md`` 4.1)."""
        return self.commits.commit(tx, session, NO_CHECKSUMS, now, announce=False)

    async def commit(
        self,
        signature: str,
        session_key: str,
        checksums: ClientChecksums = NO_CHECKSUMS,
        caller: Caller = ANYBODY,
    ) -> Committed:
        """Turn an uploaded session into a media asset and its event; repeating it answers the same (2.4).

        ``Conflict("upload.checksum_differs")``: the stored bytes differ from those the client read.
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
            return self.commits.commit(tx, session, checksums, now)

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
            return self.commits.commit(tx, session, NO_CHECKSUMS, now)

        committed = await self._uow.write(work)
        self._on_commit()
        return committed

    async def expire(self, limit: int = 200) -> int:
        """Delete expired sessions, uncommitted ones with all their objects; return how many."""
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
        """Return the session to resume; its files are those of the session, not those of the request (2.5)."""
        if not request.session_key:
            return None
        session = _live_session(tx, request.session_key, now)
        _same_application(session, application)
        _same_user(session, permission)
        return session

    def _repeated(
        self, tx: UploadTx, presented: PresentedSignature, request: ApplyRequest, now: float
    ) -> UploadSession | None:
        """Return the session of a retried Apply whose answer was lost moments ago (1.4)."""
        spent = tx.uploads.spent(presented.fingerprint)
        if spent and spent.request_digest == request.digest and now - spent.spent_at <= APPLY_REPEAT_SECONDS:
            return tx.uploads.session(spent.session_key)
        return None

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
            # A credential does not outlive its session.
            expires_at=min(int(now) + CREDENTIAL_SECONDS, int(session.expires_at)),
            file_id=session.file_id,
        )
        return storage_token.mint(grant, self._token_key, new_alphanumeric(self._entropy, 32))


def _same_user(session: UploadSession, permission: UploadPermission) -> None:
    """Refuse a session that was opened for another user."""
    if session.permission.limits.user_id and permission.limits.user_id != session.permission.limits.user_id:
        raise Denied("session.foreign", "vodSessionKey belongs to another user; apply for an upload of your own")


def _count_use(tx: UploadTx, presented: PresentedSignature, permission: UploadPermission) -> None:
    most = permission.limits.max_uploads
    if most and tx.uploads.count_use(presented.fingerprint, permission.expires_at + SESSION_SECONDS) > most:
        raise Denied("signature.used_up", f"signature was good for {most} uploads, which are done; get a new one")


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


def _region_of(tx: UploadTx, session: UploadSession) -> StorageRegion:
    """Return the session's region; disabling it later does not break a running upload."""
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
    """Mark a one-time signature as used; its own session may present it again (1.4)."""
    use = SpentSignature(presented.fingerprint, session.session_key, digest, now, float(permission.expires_at))
    if tx.uploads.spend(use):
        return
    earlier = tx.uploads.spent(presented.fingerprint)
    if earlier is None or earlier.session_key != session.session_key:
        raise Denied("signature.used", "this one-time signature was used already; get a new one from the app server")


def forget_uploaded(tx: UploadTx, session: UploadSession) -> None:
    """Delete every object of an uncommitted session."""
    for stored in tx.storage.objects_under(session.bucket, session.directory):
        remove_object(tx.storage, session.bucket, stored.key)
    doom_uploads_under(tx.storage, session.bucket, session.directory)
