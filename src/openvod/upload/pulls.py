"""PullUpload: files that the platform fetches itself, as durable tasks (``procedures-and-api.md`` 6.1, decision 16).

Nothing of a pull is visible before its commit, which is one transaction with its task's row. Whatever dies before is
done again from the start by the next process; what dies after only has to tell its end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from openvod.base.errors import Denied, Invalid, OpenVodError, Unavailable
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.base.sizes import GIB, MIB
from openvod.events.codec import event_body, media_basic_info
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from openvod.kinds.failure import Failure
from openvod.kinds.probe import media_metadata
from openvod.media.expiry import expiry
from openvod.media.layout import content_type
from openvod.media.model import ProbeState
from openvod.processing.flow_records import abortion, probe_of
from openvod.processing.service import check_order, claim_order, waiting_task
from openvod.storage.blobs import Body, DirectBody
from openvod.storage.service import StorageService
from openvod.storage.writing import Incoming
from openvod.tasks.model import NotifyMode, Procedure, Task, TaskStatus, TaskType
from openvod.tasks.state import aborted, begun, finished
from openvod.upload.model import ApplyRequest, FileRequest, Permission, UploadSession
from openvod.upload.ports import UploadTx
from openvod.upload.pull_model import (
    PULL_SECONDS,
    Fetched,
    Pull,
    PullOrder,
    check_media_type,
    failure_of,
    pull_upload_task,
    type_of_url,
)
from openvod.upload.service import ServerPermission, UploadService, forget_uploaded

_COVER_BYTES = 20 * MIB
_PROGRESS_SECONDS = 1.0
_RETRY_SECONDS = (1.0, 4.0)
_BATCH = 50
_log = logging.getLogger("openvod.upload.pulls")


class Fetcher(Protocol):
    """Downloads by HTTP from where others say."""

    async def check(self, url: str) -> None:
        """Raise ``Invalid("address.url")`` or ``Denied("address.refused")``; a name that nobody knows yet passes."""
        ...

    def open(self, url: str) -> AbstractAsyncContextManager[Fetched]:
        """Begin a download; redirects are followed, each judged anew.

        Raises what :meth:`check` raises, ``Invalid`` with ``pull.…`` for answers that stay, and ``Unavailable`` with
        ``pull.…`` or ``delivery.unresolved`` for what another try may change; the body raises the latter, too.
        """
        ...


@dataclass(frozen=True)
class PullSettings:
    """Downloads at once, bytes of one file, seconds of one pull."""

    jobs: int = 2
    max_bytes: int = 50 * GIB
    max_seconds: float = 86_400.0


class _AbortedByHand(Exception):
    """Somebody asked for the pull to stop."""


class PullUploads:
    """Opens pulls, carries them out, and tells of them."""

    def __init__(
        self,
        uow: UnitOfWork[UploadTx],
        uploads: UploadService,
        storage: StorageService,
        fetcher: Fetcher,
        clock: Clock,
        entropy: Entropy,
        settings: PullSettings,
        *,
        on_work: Callable[[], None] = lambda: None,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._uow = uow
        self._uploads = uploads
        self._storage = storage
        self._fetcher = fetcher
        self._clock = clock
        self._entropy = entropy
        self._settings = settings
        self._on_work = on_work
        self._on_commit = on_commit
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self, caller: ServerPermission, asked: PullOrder) -> str:
        """Open a pull; return its task's id.

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
            return self._described(tx, task, pull)

        return await self._uow.read(work)

    async def abort_waiting(self, sub_app_id: int, task_id: str) -> None:
        """End a pull that has not begun; ``NotFound("task.unknown")``, ``Conflict("task.not_waiting")``."""
        now = self._clock.now()

        def work(tx: UploadTx) -> None:
            task = waiting_task(tx, sub_app_id, task_id)
            self._end(tx, aborted(task, now), abortion(), now)

        await self._uow.write(work)

    async def run_once(self) -> int:
        """Tell ends that wait for their probe, and begin what there is room for; returns at once, always 0."""
        self._running = {task_id: job for task_id, job in self._running.items() if not job.done()}
        for task, pull in await self._uow.read(lambda tx: tx.uploads.open_pulls(_BATCH)):
            if task.file_id:
                await self._finish(task.task_id)
            elif task.task_id not in self._running and len(self._running) < self._settings.jobs:
                self._running[task.task_id] = asyncio.create_task(self._carried_out(pull))
        return 0

    async def close(self) -> None:
        """Stop what is on its way; the next process does it again."""
        for job in self._running.values():
            job.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _check_url(self, url: str, code: str) -> None:
        try:
            await self._fetcher.check(url)
        except (Invalid, Denied) as error:
            raise Invalid(code, error.message) from error

    async def _carried_out(self, pull: Pull) -> None:
        """Do one pull to its end; trouble of our own that passes leaves it for the next round."""
        try:
            await self._pull(pull)
        except OpenVodError as error:
            if error.code.startswith("database."):
                _log.warning("pull %s waits: %s", pull.task_id, error)
                return
            await self._fail(pull.task_id, failure_of(error))
        except _AbortedByHand:
            await self._fail(pull.task_id, abortion(), by_hand=True)
        except TimeoutError:
            why = f"the download took longer than {self._settings.max_seconds:g} s"
            await self._fail(pull.task_id, Failure("SourceFileError.DownloadNotAccessible", why))
        except Exception as error:
            _log.exception("pull %s met a defect", pull.task_id)
            why = f"a defect of the platform: {type(error).__name__}; see the server's log"
            await self._fail(pull.task_id, Failure("InternalError", why))
        self._on_work()

    async def _pull(self, pull: Pull) -> None:
        session = await self._uow.write(lambda tx: self._begun(tx, pull))
        if session is None:
            return
        async with asyncio.timeout(self._settings.max_seconds):
            if session.cover_key:
                await self._download(session, session.cover_key, pull, pull.cover_url, _COVER_BYTES)
            await self._download(session, session.video_key, pull, pull.media_url, self._settings.max_bytes)
        await self._uow.write(lambda tx: self._commit(tx, pull.task_id))
        self._on_commit()

    def _begun(self, tx: UploadTx, pull: Pull) -> UploadSession | None:
        task = tx.tasks.task(pull.task_id, lock=True)
        if task is None or task.status.terminal or task.file_id:
            return None
        session = tx.uploads.session(pull.session_key)
        if session is None:
            raise Unavailable("pull.expired", "the pull waited longer than a week; order it again")
        tx.tasks.put_task(begun(task, self._clock.now()))
        return session

    async def _download(self, session: UploadSession, key: str, pull: Pull, url: str, largest: int) -> None:
        """Fetch one file into its place, again when the connection fails."""
        for pause in (*_RETRY_SECONDS, None):
            try:
                async with self._fetcher.open(url) as fetched:
                    body = _Counted(fetched, lambda percent: self._progress(pull.task_id, percent))
                    incoming = Incoming(body, fetched.length, limit=largest)
                    await self._storage.put_object(session.ref, session.bucket, key, content_type(key), incoming)
            except Unavailable as error:
                if pause is None or not error.code.startswith(("pull.", "delivery.")):
                    raise
                _log.info("pull %s tries again: %s", pull.task_id, error)
                await asyncio.sleep(pause)
            else:
                return

    async def _progress(self, task_id: str, percent: int) -> None:
        def work(tx: UploadTx) -> bool:
            task, pull = tx.tasks.task(task_id), tx.uploads.pull(task_id)
            if pull:
                tx.uploads.put_pull(replace(pull, progress=percent))
            return task is None or task.abort_requested

        if await self._uow.write(work):
            raise _AbortedByHand

    def _commit(self, tx: UploadTx, task_id: str) -> None:
        """Make the file visible and its task's row name it, together; its end is told when it has been probed."""
        task, pull = tx.tasks.task(task_id, lock=True), tx.uploads.pull(task_id)
        session = tx.uploads.session(pull.session_key, lock=True) if pull else None
        if task is None or pull is None or session is None or task.status.terminal or task.file_id:
            return
        committed = self._uploads.commit_pulled(tx, session, self._clock.now())
        tx.tasks.put_task(replace(task, file_id=committed.file_id))
        tx.uploads.put_pull(
            replace(
                pull, progress=100, procedure_task_id=committed.procedure_task_id,
                review_task_id=committed.review_task_id,
            )
        )  # fmt: skip

    async def _finish(self, task_id: str) -> None:
        def work(tx: UploadTx) -> None:
            task = tx.tasks.task(task_id, lock=True)
            if task is None or task.status.terminal:
                return
            asset = tx.media.asset(task.file_id)
            if asset is None or asset.probe_state is not ProbeState.PENDING:
                self._end(tx, finished(task, self._clock.now()), None, self._clock.now())

        await self._uow.write(work)

    async def _fail(self, task_id: str, why: Failure, *, by_hand: bool = False) -> None:
        _log.warning("pull %s failed: %s", task_id, why.message)

        def work(tx: UploadTx) -> None:
            task, now = tx.tasks.task(task_id, lock=True), self._clock.now()
            if task and not task.status.terminal:
                self._end(tx, aborted(task, now) if by_hand else finished(task, now), why, now)

        await self._uow.write(work)

    def _end(self, tx: UploadTx, task: Task, why: Failure | None, now: float) -> None:
        """Write a pull's end down and tell it; what a failed one has stored goes."""
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
        payload = event_body(EventType.PULL_COMPLETE, self._described(tx, task, pull))
        subject = task.file_id or task.task_id
        tx.events.add(NewEvent(task.sub_app_id, EventType.PULL_COMPLETE, subject, payload, EventState.PENDING, now))

    def _described(self, tx: UploadTx, task: Task, pull: Pull) -> dict[str, Any]:
        asset = tx.media.asset(task.file_id) if task.file_id else None
        probe = probe_of(asset)
        file = self._uploads.described(tx, asset) if asset else None
        return pull_upload_task(
            task,
            pull,
            asset,
            basic=media_basic_info(file, updated_at=file.created_at) if file else None,
            metadata=media_metadata(probe) if probe else None,
            url=file.media_url if file else "",
        )


class _Counted(Body):
    """A body that tells how much of it came, in percent, about every second."""

    def __init__(self, fetched: Fetched, tell: Callable[[int], Any]) -> None:
        self._fetched = fetched
        self._tell = tell

    def direct(self) -> DirectBody | None:
        """It is counted on its way."""
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        loop = asyncio.get_running_loop()
        size, told = 0, loop.time()
        async for chunk in self._fetched.body:
            size += len(chunk)
            yield chunk
            if loop.time() - told >= _PROGRESS_SECONDS:
                told = loop.time()
                await self._tell(min(99, size * 100 // self._fetched.length) if self._fetched.length else 0)


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
