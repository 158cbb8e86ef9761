"""PullUpload (``procedures-and-api.md`` 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from openvod.base.errors import Invalid
from openvod.processing.service import TaskOrder
from openvod.surfaces.api.actions.processing import SESSION_CODES, Priority
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Request, Role
from openvod.upload.pull_model import PullOrder
from openvod.upload.pulls import PullUploads, permission_of
from openvod.upload.service import ServerPermission

_CODES = SESSION_CODES | {
    "pull.media_url": "InvalidParameterValue.MediaUrl",
    "pull.cover_url": "InvalidParameterValue.CoverUrl",
    "pull.media_type": "FailedOperation.MediaType",
    "upload.video_type": "FailedOperation.MediaType",
    "upload.cover_type": "FailedOperation.CoverType",
    "pull.expire_format": "InvalidParameter.ExpireTime",
    "pull.expire_past": "InvalidParameterValue.ExpireTime",
    "region.not_enabled": "InvalidParameterValue.StorageRegion",
    "task.session_repeated": "InvalidParameterValue.SessionId",
    "pull.path": "InvalidParameterValue.MediaStoragePath",
}


class PullUpload(Request):
    """Parameters of PullUpload."""

    media_url: str = Field(min_length=1, max_length=2048, description="Where the file is, by http or https.")
    media_type: str = Field("", max_length=16, description="Extension; empty: that of MediaUrl.")
    media_name: str = Field("", description="Display name.")
    media_storage_path: str = Field("", description="Not offered; leave it out.")
    cover_url: str = Field("", max_length=2048, description="Where a cover is.")
    procedure: str = Field("", description="Procedure to run after the upload.")
    expire_time: str = Field("", max_length=40, description="ISO 8601 moment after which the file is deleted.")
    storage_region: str = Field("", description="Region to store in; the default one if empty.")
    class_id: int = Field(0, ge=0, description="Category.")
    tasks_priority: Priority = 0
    session_context: str = Field("", description="Comes back in the task's event; at most 1000 characters.")
    session_id: str = Field("", description="Names this order, so that a repetition is refused; at most 50 characters.")
    source_context: str = Field("", max_length=250, description="Comes back in the file's information.")


class PullTask(TypedDict):
    """The answer of PullUpload."""

    TaskId: Annotated[
        str, Field(description="the task; its result is in DescribeTaskDetail and in the event PullComplete")
    ]


class PullActions:
    """Carries the action out."""

    def __init__(self, pulls: PullUploads) -> None:
        self._pulls = pulls

    def table(self) -> Sequence[Action[Any, Any]]:
        """Return the declarations."""
        return (
            Action(
                "PullUpload",
                "Fetch a file by its URL; a task reports progress and result.",
                Group.UPLOAD,
                Role.OPERATOR,
                Audit.LOGGED,
                PullUpload,
                PullTask,
                self._pull,
                (*dict.fromkeys(_CODES.values()), "InvalidParameterValue.Procedure", "InvalidParameterValue.ClassId"),
                _CODES,
            ),
        )

    async def _pull(self, caller: Caller, asked: PullUpload) -> PullTask:
        if asked.media_storage_path:
            raise Invalid("pull.path", "MediaStoragePath is not offered; leave it out")
        order = PullOrder(
            media_url=asked.media_url,
            order=TaskOrder(
                "PullUpload", asked.tasks_priority, session_id=asked.session_id, session_context=asked.session_context
            ),
            media_type=asked.media_type,
            media_name=asked.media_name,
            cover_url=asked.cover_url,
            procedure=asked.procedure,
            expire_time=asked.expire_time,
            storage_region=asked.storage_region,
            class_id=asked.class_id,
            source_context=asked.source_context,
        )
        permission = ServerPermission(caller.secret_id, caller.sub_app_id, permission_of(order))
        return {"TaskId": await self._pulls.start(permission, order)}
