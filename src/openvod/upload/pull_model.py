"""Pulled uploads as values (``procedures-and-api.md`` 6.1, ``events.md`` 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from openvod.base.errors import Invalid, OpenVodError
from openvod.kinds.failure import Failure, err_code
from openvod.media.model import MediaAsset
from openvod.processing.service import TaskOrder
from openvod.storage.blobs import Body
from openvod.tasks.model import Task, TaskStatus

#: Seconds after which a waiting or running pull expires with its session.
PULL_SECONDS = 7 * 86_400.0
#: Manifests refer to further files, which a pull of one URL does not fetch.
_MANIFESTS = {"mpd": "DASH sources are not pulled", "m3u8": "HLS sources are not pulled; upload them with a server SDK"}


@dataclass(frozen=True)
class Fetched:
    """A started download: the announced size in bytes, None without one, and the body."""

    length: int | None
    body: Body


@dataclass(frozen=True)
class PullOrder:
    """What to pull, and the new file's properties; empty texts and 0 mean defaults."""

    media_url: str
    order: TaskOrder
    media_type: str = ""
    media_name: str = ""
    cover_url: str = ""
    procedure: str = ""
    expire_time: str = ""
    storage_region: str = ""
    class_id: int = 0
    source_context: str = ""


@dataclass(frozen=True)
class Pull:
    """A PullUpload task's data beside its row. ``progress`` 0-100; an error once it failed."""

    task_id: str
    session_key: str
    media_url: str
    cover_url: str
    progress: int = 0
    err_code_ext: str = ""
    message: str = ""
    procedure_task_id: str = ""
    review_task_id: str = ""


def type_of_url(url: str) -> str:
    """Return the extension that a URL's path ends in, lower-case, or an empty text."""
    name = urlsplit(url).path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def check_media_type(kind: str) -> str:
    """Return a type that can be pulled; ``Invalid("pull.media_type")``."""
    if not kind:
        raise Invalid("pull.media_type", "MediaUrl does not end in an extension; name the type in MediaType")
    if reason := _MANIFESTS.get(kind.lower()):
        raise Invalid("pull.media_type", reason)
    return kind


def failure_of(error: OpenVodError) -> Failure:
    """Return a failed download as the wire's failure (3.7)."""
    if error.code.startswith(("pull.", "address.", "delivery.")):
        return Failure("SourceFileError.DownloadNotAccessible", error.message)
    if error.code == "storage.too_large":
        return Failure("SourceFileError.ContentUnsupported", "the file is larger than this platform pulls")
    return Failure("InternalError", error.message)


def pull_upload_task(
    task: Task,
    pull: Pull,
    asset: MediaAsset | None,
    *,
    basic: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
    url: str,
) -> dict[str, Any]:
    """Return ``PullUploadTask``, the same in event and detail; ``url`` is the file's, empty before there is one."""
    return {
        "TaskId": task.task_id,
        "Status": "FINISH" if task.status.terminal else "PROCESSING",
        "ErrCode": err_code(pull.err_code_ext),
        # An addition: the sub-task's finer code, which the original does not report here.
        "ErrCodeExt": pull.err_code_ext,
        "Message": pull.message or ("SUCCESS" if task.status is TaskStatus.FINISH else ""),
        "FileId": asset.file_id if asset else "",
        "MediaBasicInfo": basic,
        "MetaData": metadata,
        "FileUrl": url,
        "ProcedureTaskId": pull.procedure_task_id,
        "ReviewAudioVideoTaskId": pull.review_task_id,
        "SessionContext": task.session_context,
        "SessionId": task.session_id,
        "Progress": pull.progress,
    }
