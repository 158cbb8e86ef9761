"""The rows of a pull's end, within the caller's transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from openvod.events.codec import event_body, media_basic_info
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from openvod.kinds.failure import Failure
from openvod.kinds.probe import media_metadata
from openvod.processing.flow_records import probe_of
from openvod.tasks.model import Task
from openvod.upload.ports import UploadTx
from openvod.upload.pull_model import Pull, pull_upload_task
from openvod.upload.service import UploadService, forget_uploaded


def end(tx: UploadTx, uploads: UploadService, task: Task, why: Failure | None, now: float) -> None:
    """End a pull: store its task, add its event, and delete what a failed one has stored."""
    pull = tx.uploads.pull(task.task_id)
    if pull is None:
        return
    if why:
        pull = replace(pull, err_code_ext=why.err_code_ext, message=why.message)
        tx.uploads.put_pull(pull)
        if session := tx.uploads.session(pull.session_key):
            forget_uploaded(tx, session)
            tx.uploads.delete_session(session.session_key)
    tx.tasks.put_task(task)
    payload = event_body(EventType.PULL_COMPLETE, described(tx, uploads, task, pull))
    subject = task.file_id or task.task_id
    tx.events.add(NewEvent(task.sub_app_id, EventType.PULL_COMPLETE, subject, payload, EventState.PENDING, now))


def described(tx: UploadTx, uploads: UploadService, task: Task, pull: Pull) -> dict[str, Any]:
    """Return ``PullUploadTask`` of a pull."""
    asset = tx.media.asset(task.file_id) if task.file_id else None
    probe = probe_of(asset)
    file = uploads.commits.described(tx, asset) if asset else None
    return pull_upload_task(
        task,
        pull,
        asset,
        basic=media_basic_info(file, updated_at=file.created_at) if file else None,
        metadata=media_metadata(probe) if probe else None,
        url=file.media_url if file else "",
    )
