"""PullUpload: files that the platform fetches itself, as durable tasks (``procedures-and-api.md`` 6.1, decision 16).

Nothing of a pull is visible before its commit, which is one transaction with its task's row. The next process starts a
pull again that died before its commit; of one that died after it, only the end is left to report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from openvod.base.errors import Denied, Invalid, Unavailable
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.media.expiry import expiry
from openvod.processing.flow_records import abort_failure
from openvod.processing.service import check_order, claim_order, waiting_task
from openvod.tasks.model import NotifyMode, Procedure, Task, TaskStatus, TaskType
from openvod.tasks.state import aborted
from openvod.upload.model import ApplyRequest, FileRequest, Permission
from openvod.upload.ports import Fetcher, UploadTx
from openvod.upload.pull_model import (
    PULL_SECONDS,
    Pull,
    PullOrder,
    check_media_type,
    type_of_url,
)
from openvod.upload.pull_records import described, end
from openvod.upload.service import ServerPermission, UploadService


class PullUploads:
    """Opens, describes and aborts pulls. ``PullRunner`` of ``pull_runner`` runs them."""

    def __init__(
        self,
        uow: UnitOfWork[UploadTx],
        uploads: UploadService,
        fetcher: Fetcher,
        clock: Clock,
        entropy: Entropy,
        *,
        on_work: Callable[[], None] = lambda: None,
    ) -> None:
        self._uow = uow
        self._uploads = uploads
        self._fetcher = fetcher
        self._clock = clock
        self._entropy = entropy
        self._on_work = on_work

    async def start(self, caller: ServerPermission, asked: PullOrder) -> str:
        """Open a pull; return its task id.

        Raises ``Invalid`` with ``pull.media_url``, ``pull.cover_url``, ``pull.media_type``, ``pull.expire_…``, and what
        an Apply and :func:`openvod.processing.service.claim_order` raise.
        """
        now = self._clock.now()
        check_order(asked.order)
        expiry(asked.expire_time, now, malformed="pull.expire_format", past="pull.expire_past")
        await self._check_url(asked.media_url, "pull.media_url")
        if asked.cover_url:
            await self._check_url(asked.cover_url, "pull.cover_url")
        request = _request_of(asked)

        def work(tx: UploadTx) -> str:
            claim_order(tx, caller.sub_app_id, asked.order, now)
            session = self._uploads.open_for_server(tx, caller, request, now)
            tx.uploads.put_session(replace(session, expires_at=now + PULL_SECONDS))
            task_id = f"{session.sub_app_id}-PullUpload-{new_hex(self._entropy, 32)}t0"
            order = asked.order
            task = Task(
                task_id, session.sub_app_id, TaskType.PULL_UPLOAD, "", TaskStatus.WAITING, Procedure(name="PullUpload"),
                order.priority, NotifyMode.FINISH, order.session_id, order.session_context, now,
            )  # fmt: skip
            tx.tasks.put_task(task)
            tx.uploads.put_pull(Pull(task_id, session.session_key, asked.media_url, asked.cover_url))
            return task_id

        task_id = await self._uow.write(work)
        self._on_work()
        return task_id

    async def detail(self, task_id: str) -> dict[str, Any]:
        """Return ``PullUploadTask`` of a task that is there."""

        def work(tx: UploadTx) -> dict[str, Any]:
            task, pull = tx.tasks.task(task_id), tx.uploads.pull(task_id)
            if task is None or pull is None:
                raise Unavailable("pull.lost", f"nothing is known of pull {task_id}")
            return described(tx, self._uploads, task, pull)

        return await self._uow.read(work)

    async def abort_waiting(self, sub_app_id: int, task_id: str) -> None:
        """End a pull that has not begun; ``NotFound("task.unknown")``, ``Conflict("task.not_waiting")``."""
        now = self._clock.now()

        def work(tx: UploadTx) -> None:
            task = waiting_task(tx, sub_app_id, task_id)
            end(tx, self._uploads, aborted(task, now), abort_failure(), now)

        await self._uow.write(work)

    async def _check_url(self, url: str, code: str) -> None:
        try:
            await self._fetcher.check(url)
        except (Invalid, Denied) as error:
            raise Invalid(code, error.message) from error


def _request_of(asked: PullOrder) -> ApplyRequest:
    video = FileRequest(asked.media_name, check_media_type(asked.media_type or type_of_url(asked.media_url)), None)
    cover = FileRequest("", type_of_url(asked.cover_url), None) if asked.cover_url else None
    return ApplyRequest(video=video, cover=cover, storage_region=asked.storage_region, expire_time=asked.expire_time)


def permission_of(asked: PullOrder) -> Permission:
    """Return what an upload under this order may do."""
    return Permission(
        class_id=asked.class_id,
        source_context=asked.source_context,
        session_context=asked.order.session_context,
        procedure=asked.procedure,
        task_priority=asked.order.priority,
        name=asked.media_name,
    )
