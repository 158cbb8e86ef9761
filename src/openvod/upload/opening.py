"""Opening a session: what a permission allows, and the keys of its objects (``upload-protocol.md`` 2.2)."""

from __future__ import annotations

from dataclasses import replace

from openvod.access.model import STORAGE_APP_ID, Application, StorageRegion
from openvod.access.service import check_is_on, region_for
from openvod.base.errors import Invalid, NotFound
from openvod.base.identifiers import cover_id_of, new_alphanumeric, new_file_id, new_hex
from openvod.base.ports import Entropy
from openvod.media.expiry import expiry
from openvod.storage.model import Bucket
from openvod.tasks.service import resolve_procedure
from openvod.upload.model import (
    SESSION_SECONDS,
    ApplyRequest,
    FileRequest,
    Permission,
    SessionState,
    Source,
    UploadSession,
    check_cover,
    check_limits,
    check_video,
)
from openvod.upload.ports import UploadTx


def open_session(
    tx: UploadTx,
    entropy: Entropy,
    request: ApplyRequest,
    application: Application,
    permission: Permission,
    signed_region: str,
    source: Source,
    now: float,
) -> UploadSession:
    """Return a new session, which the caller stores; raises ``Invalid``, ``NotFound`` and ``Denied``.

    ``signed_region`` is empty where the signature names none.
    """
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
    # The signature's region overrides the client's: the app server chose it (2.2).
    region = region_for(tx.access, signed_region or request.storage_region)
    bucket = _bucket(tx, entropy, application, region)
    file_id = request.file_id or new_file_id(entropy)
    directory = f"{bucket.short_name}/{new_hex(entropy, 8)}{file_id}"
    return UploadSession(
        session_key=new_alphanumeric(entropy, 64),
        sub_app_id=application.sub_app_id,
        file_id=file_id,
        state=SessionState.OPEN,
        bucket=bucket.name,
        region=region.name,
        video_key=f"{directory}/{new_alphanumeric(entropy, 12)}.{video.type}" if video else "",
        cover_key=_cover_key(entropy, directory, file_id, cover, renewed=not video) if cover else "",
        source=source,
        request=replace(request, video=video, cover=cover, expire_time=expiry(request.expire_time, now)),
        permission=replace(permission, name=permission.name or _display_name(video, cover)),
        signature_fingerprint="",
        created_at=now,
        expires_at=now + SESSION_SECONDS,
    )


def _cover_key(entropy: Entropy, directory: str, file_id: str, cover: FileRequest, *, renewed: bool) -> str:
    name = new_file_id(entropy) if renewed else cover_id_of(file_id)
    return f"{directory}/{name}.{cover.type}"


def _bucket(tx: UploadTx, entropy: Entropy, application: Application, region: StorageRegion) -> Bucket:
    found = tx.storage.bucket_for(application.sub_app_id, region.name)
    if found:
        return found
    short = f"{new_hex(entropy, 8)}vod{region.short_name}{application.sub_app_id}"
    return tx.storage.add_bucket(Bucket(f"{short}-{STORAGE_APP_ID}", short, application.sub_app_id, region.name))


def _with_flow(tx: UploadTx, application: Application, permission: Permission) -> Permission:
    """Resolve the procedure at Apply: errors show before bytes are sent, later changes do not apply (3.1)."""
    if not permission.procedure:
        return permission
    procedure = resolve_procedure(tx.tasks, application.sub_app_id, permission.procedure)
    return replace(permission, flow=procedure.to_wire())


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
