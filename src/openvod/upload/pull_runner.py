"""Carrying pulls out: download, commit, and the end that is reported when the file has been probed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from openvod.base.errors import OpenVodError, Unavailable
from openvod.base.ports import Clock, UnitOfWork
from openvod.base.sizes import GIB, MIB
from openvod.kinds.failure import Failure
from openvod.media.layout import content_type
from openvod.media.model import ProbeState
from openvod.processing.flow_records import abort_failure
from openvod.storage.blobs import Pieces
from openvod.storage.service import StorageService
from openvod.storage.writing import Incoming
from openvod.tasks.state import aborted, begun, finished
from openvod.upload.model import UploadSession
from openvod.upload.ports import Fetcher, UploadTx
from openvod.upload.pull_model import Fetched, Pull, failure_of
from openvod.upload.pull_records import end
from openvod.upload.service import UploadService

_COVER_BYTES = 20 * MIB
_PROGRESS_SECONDS = 1.0
_RETRY_SECONDS = (1.0, 4.0)
_BATCH = 50
_log = logging.getLogger("openvod.upload.pulls")


@dataclass(frozen=True)
class PullSettings:
    """Concurrent downloads, most bytes of a file, most seconds of a pull."""

    jobs: int = 2
    max_bytes: int = 50 * GIB
    max_seconds: float = 86_400.0


class _AbortedByHand(Exception):
    """Somebody asked for the pull to stop."""


class PullRunner:
    """Runs a bounded number of pulls at once."""

    def __init__(
        self,
        uow: UnitOfWork[UploadTx],
        uploads: UploadService,
        storage: StorageService,
        fetcher: Fetcher,
        clock: Clock,
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
        self._settings = settings
        self._on_work = on_work
        self._on_commit = on_commit
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run_once(self) -> int:
        """End pulls whose file has been probed, and start waiting ones; returns at once, always 0."""
        self._running = {task_id: job for task_id, job in self._running.items() if not job.done()}
        for task, pull in await self._uow.read(lambda tx: tx.uploads.open_pulls(_BATCH)):
            if task.file_id:
                await self._finish(task.task_id)
            elif task.task_id not in self._running and len(self._running) < self._settings.jobs:
                self._running[task.task_id] = asyncio.create_task(self._carried_out(pull))
        return 0

    async def close(self) -> None:
        """Cancel running pulls; the next process starts them again."""
        for job in self._running.values():
            job.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _carried_out(self, pull: Pull) -> None:
        """Run one pull to its end; while the database is unavailable it waits for the next round."""
        try:
            await self._pull(pull)
        except OpenVodError as error:
            if error.code.startswith("database."):
                _log.warning("pull %s waits: %s", pull.task_id, error)
                return
            await self._fail(pull.task_id, failure_of(error))
        except _AbortedByHand:
            await self._fail(pull.task_id, abort_failure(), by_hand=True)
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
        """Store one file; retry when the connection fails."""
        for pause in (*_RETRY_SECONDS, None):
            try:
                async with self._fetcher.open(url) as fetched:
                    body = Pieces(_counted(fetched, lambda percent: self._progress(pull.task_id, percent)))
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
        """Publish the file and name it in its task's row, in one transaction; the end follows the probe."""
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
                end(tx, self._uploads, finished(task, self._clock.now()), None, self._clock.now())

        await self._uow.write(work)

    async def _fail(self, task_id: str, why: Failure, *, by_hand: bool = False) -> None:
        _log.warning("pull %s failed: %s", task_id, why.message)

        def work(tx: UploadTx) -> None:
            task, now = tx.tasks.task(task_id, lock=True), self._clock.now()
            if task and not task.status.terminal:
                end(tx, self._uploads, aborted(task, now) if by_hand else finished(task, now), why, now)

        await self._uow.write(work)


async def _counted(fetched: Fetched, report: Callable[[int], Awaitable[None]]) -> AsyncIterator[bytes]:
    """Yield a download's pieces and report its progress in percent, about every second."""
    loop = asyncio.get_running_loop()
    size, reported = 0, loop.time()
    async for chunk in fetched.body:
        size += len(chunk)
        yield chunk
        if loop.time() - reported >= _PROGRESS_SECONDS:
            reported = loop.time()
            await report(min(99, size * 100 // fetched.length) if fetched.length else 0)
