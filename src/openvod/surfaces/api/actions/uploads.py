"""Uploads by servers (``procedures-and-api.md`` 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Request, Role
from openvod.upload.committing import Committed
from openvod.upload.manifests import files_of_manifest
from openvod.upload.model import ApplyRequest, FileRequest, Permission
from openvod.upload.pulls import PullUploads
from openvod.upload.service import Applied, ServerPermission, UploadService

_MANIFEST_CHARACTERS = 4_000_000


class ApplyUpload(Request):
    """Parameters of ApplyUpload."""

    media_type: str = Field(min_length=1, max_length=16, description="Extension, such as mp4.")
    media_name: str = Field("", max_length=255, description="Display name.")
    cover_type: str = Field("", max_length=16, description="Extension of a cover to upload with it.")
    procedure: str = Field("", description="Procedure to run after the upload.")
    expire_time: str = Field("", max_length=40, description="ISO 8601 moment after which the file is deleted.")
    storage_region: str = Field("", max_length=64, description="Region to store in; the default one if empty.")
    class_id: int = Field(0, ge=0, description="Category.")
    source_context: str = Field("", max_length=250, description="Comes back in NewFileUpload.")
    session_context: str = Field("", max_length=1000, description="Comes back in task events.")
    media_storage_path: str = Field("", description="Not offered; leave it out.")


class CommitUpload(Request):
    """Parameters of CommitUpload."""

    vod_session_key: str = Field(min_length=1, max_length=512, description="The key that ApplyUpload answered.")


class ParseStreamingManifest(Request):
    """Parameters of ParseStreamingManifest."""

    media_manifest_content: Annotated[str, Field(max_length=_MANIFEST_CHARACTERS)] = Field(
        min_length=1, description="Text of the manifest."
    )
    manifest_type: Literal["m3u8", "mpd"] = Field("m3u8", description="Its form.")


class TempCertificate(TypedDict):
    """A credential for storage."""

    SecretId: str
    SecretKey: str
    Token: str
    ExpiredTime: int


class AppliedUpload(TypedDict):
    """The answer of ApplyUpload."""

    StorageBucket: Annotated[str, Field(description="bucket, with the storage's application id")]
    StorageRegion: Annotated[str, Field(description="region")]
    VodSessionKey: Annotated[str, Field(description="key for CommitUpload, good for a day")]
    MediaStoragePath: Annotated[str, Field(description="where to put the media, with a leading slash")]
    CoverStoragePath: Annotated[str, Field(description="where to put the cover, empty without one")]
    TempCertificate: Annotated[
        TempCertificate, Field(description="SecretId, SecretKey, Token, ExpiredTime (Unix seconds)")
    ]


class CommittedUpload(TypedDict):
    """The answer of CommitUpload."""

    FileId: Annotated[str, Field(description="the new file")]
    MediaUrl: Annotated[str, Field(description="its address")]
    CoverUrl: Annotated[str, Field(description="the cover's, empty without one")]


class ManifestSegments(TypedDict):
    """The answer of ParseStreamingManifest."""

    MediaSegmentSet: Annotated[list[str], Field(description="paths relative to the manifest, as written there")]


@dataclass(frozen=True)
class UploadServices:
    """What the actions of uploads call."""

    uploads: UploadService
    pulls: PullUploads


class UploadActions:
    """Carries the actions out."""

    def __init__(self, uploads: UploadService) -> None:
        self._uploads = uploads

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "ApplyUpload",
                "Permit a server's upload; answers where to put the files, and a credential.",
                Group.UPLOAD,
                Role.OPERATOR,
                Audit.LOGGED,
                ApplyUpload,
                AppliedUpload,
                self._apply,
                _errors(
                    "CoverType", "ExpireTime", "MediaStoragePath", "MediaType", "SubAppId", "StorageRegion", "ClassId"
                ),
                {"media.expire_time": "InvalidParameterValue.ExpireTime"},
            ),
            Action(
                "CommitUpload",
                "Confirm a server's upload; repeating it answers the same.",
                Group.UPLOAD,
                Role.OPERATOR,
                Audit.LOGGED,
                CommitUpload,
                CommittedUpload,
                self._commit,
                (*_errors("VodSessionKey", "SubAppId"), "ResourceNotFound"),
            ),
            Action(
                "ParseStreamingManifest",
                "List the files that a manifest names, so that they can be uploaded beside it.",
                Group.UPLOAD,
                Role.VIEWER,
                Audit.LOGGED,
                ParseStreamingManifest,
                ManifestSegments,
                self._parse,
                _errors("MediaManifestContent"),
                {"manifest.unreadable": "InvalidParameterValue.MediaManifestContent"},
            ),
        )

    async def _apply(self, caller: Caller, asked: ApplyUpload) -> AppliedUpload:
        if asked.media_storage_path:
            raise Invalid("api.unsupported", "MediaStoragePath is not offered; leave it out and use the path returned")
        request = ApplyRequest(
            video=FileRequest(asked.media_name, asked.media_type, None),
            cover=FileRequest("", asked.cover_type, None) if asked.cover_type else None,
            storage_region=asked.storage_region,
            expire_time=asked.expire_time,
        )
        permission = Permission(
            class_id=asked.class_id,
            source_context=asked.source_context,
            session_context=asked.session_context,
            procedure=asked.procedure,
            name=asked.media_name,
        )
        server = ServerPermission(caller.secret_id, caller.sub_app_id, permission)
        return _applied(await self._uploads.apply_for_server(server, request))

    async def _commit(self, caller: Caller, asked: CommitUpload) -> CommittedUpload:
        server = ServerPermission(caller.secret_id, caller.sub_app_id, Permission())
        return _committed(await self._uploads.commit_for_server(server, asked.vod_session_key))

    async def _parse(self, _: Caller, asked: ParseStreamingManifest) -> ManifestSegments:
        return {"MediaSegmentSet": list(files_of_manifest(asked.media_manifest_content, asked.manifest_type))}


def _errors(*fields: str) -> tuple[str, ...]:
    return tuple(f"InvalidParameterValue.{field}" for field in fields)


def _applied(applied: Applied) -> AppliedUpload:
    session, credential = applied.session, applied.credential
    return {
        "StorageBucket": session.bucket,
        "StorageRegion": session.region,
        "VodSessionKey": session.session_key,
        "MediaStoragePath": f"/{session.video_key}",
        "CoverStoragePath": f"/{session.cover_key}" if session.cover_key else "",
        "TempCertificate": {
            "SecretId": credential.secret_id,
            "SecretKey": credential.secret_key,
            "Token": credential.token,
            "ExpiredTime": credential.expires_at,
        },
    }


def _committed(committed: Committed) -> CommittedUpload:
    return {"FileId": committed.file_id, "MediaUrl": committed.media_url, "CoverUrl": committed.cover_url}
