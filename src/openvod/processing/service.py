"""Tasks over stored files, by FileId (``procedures-and-api.md`` 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openvod.base.errors import Conflict, Invalid, NotFound
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.kinds.names import TemplateKind
from openvod.kinds.review_audio_video import ReviewAudioVideoInput
from openvod.processing.flow_records import FlowState, FlowTx, UrlOf, abort, load
from openvod.tasks.model import NotifyMode, Procedure, Task, TaskQuery, TaskStatus
from openvod.tasks.service import open_tasks, resolve_procedure, template_for

MAX_SESSION_ID, MAX_SESSION_CONTEXT = 50, 1000
_DAY = 86_400.0
_Choose = Callable[[FlowTx], Procedure]


@dataclass(frozen=True)
class TaskOrder:
    """Options of every order of a task.

    An order with the same ``session_id`` for the same ``action`` is refused within ``window`` seconds; an empty
    ``session_id`` is never refused.
    """

    action: str
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    session_id: str = ""
    session_context: str = ""
    window: float = 7 * _DAY


def check_order(order: TaskOrder) -> None:
    """Refuse long texts: ``Invalid`` with ``task.session_id_too_long`` or ``task.session_context_too_long``."""
    if len(order.session_id) > MAX_SESSION_ID:
        raise Invalid("task.session_id_too_long", f"SessionId has more than {MAX_SESSION_ID} characters; shorten it")
    if len(order.session_context) > MAX_SESSION_CONTEXT:
        raise Invalid(
            "task.session_context_too_long",
            f"SessionContext has more than {MAX_SESSION_CONTEXT} characters; keep it in your own database",
        )


def claim_order(tx: FlowTx, sub_app_id: int, order: TaskOrder, now: float) -> None:
    """Record an order's SessionId in the transaction that opens its task; ``Conflict("task.session_repeated")``."""
    if order.session_id and not tx.tasks.claim_session(sub_app_id, order.action, order.session_id, now, order.window):
        raise Conflict(
            "task.session_repeated",
            f"SessionId {order.session_id!r} was used within {order.window / _DAY:g} days; the first task stands",
        )


def waiting_task(tx: FlowTx, sub_app_id: int, task_id: str) -> Task:
    """Return a waiting task, locked; ``NotFound("task.unknown")``, ``Conflict("task.not_waiting")``."""
    task = tx.tasks.task(task_id, lock=True)
    if task is None or task.sub_app_id != sub_app_id:
        raise _unknown(task_id)
    if task.status is not TaskStatus.WAITING:
        raise Conflict("task.not_waiting", f"task {task_id} is {task.status.value}; only waiting tasks can be aborted")
    return task


class ProcessingService:
    """Opens, lists and aborts tasks over stored files."""

    def __init__(self, uow: UnitOfWork[FlowTx], clock: Clock, entropy: Entropy, url: UrlOf) -> None:
        self._uow = uow
        self._clock = clock
        self._entropy = entropy
        self._url = url

    async def process(self, sub_app_id: int, file_id: str, procedure: Procedure, order: TaskOrder) -> str:
        """Run an ad-hoc flow; return its task id.

        Raises ``NotFound("media.unknown")``, ``Invalid("review.template")`` and what :func:`claim_order` raises.
        """

        def checked(tx: FlowTx) -> Procedure:
            review = procedure.ai_content_review_task
            if review and template_for(tx.tasks, sub_app_id, TemplateKind.CONTENT_REVIEW, review.definition) is None:
                raise Invalid(
                    "review.template", f"there is no content review template {review.definition}; create it first"
                )
            return procedure

        return (await self._open(sub_app_id, file_id, checked, order))[0]

    async def process_by_procedure(self, sub_app_id: int, file_id: str, name: str, order: TaskOrder) -> tuple[str, str]:
        """Run a procedure; return the ids of its flow and of its review, empty where it asks for none.

        Raises ``Invalid("procedure.unknown")`` besides what :meth:`process` raises.
        """
        return await self._open(sub_app_id, file_id, lambda tx: resolve_procedure(tx.tasks, sub_app_id, name), order)

    async def review(self, sub_app_id: int, file_id: str, asked: ReviewAudioVideoInput, order: TaskOrder) -> str:
        """Review a file; return the task's id. Raises as :meth:`process` does."""

        def procedure(tx: FlowTx) -> Procedure:
            if template_for(tx.tasks, sub_app_id, TemplateKind.REVIEW, asked.definition) is None:
                raise Invalid("review.template", f"there is no review template {asked.definition}; create it first")
            if "Media" not in asked.review_contents:
                raise Invalid("review.contents", "Cover is reviewed beside Media; name both in ReviewContents")
            asset = tx.media.asset(file_id)
            if "Cover" in asked.review_contents and asset and not asset.cover_key:
                raise Invalid("review.no_cover", f"FileId {file_id} has no cover; leave Cover out of ReviewContents")
            return Procedure(name="ReviewAudioVideo", review_audio_video_task=asked)

        return (await self._open(sub_app_id, file_id, procedure, order))[1]

    async def state(self, sub_app_id: int, task_id: str) -> FlowState:
        """Return a task of an application with its file and items; ``NotFound("task.unknown")``."""
        state = await self._uow.read(lambda tx: load(tx, task_id))
        if state is None or state.task.sub_app_id != sub_app_id:
            raise _unknown(task_id)
        return state

    async def tasks(self, query: TaskQuery) -> Sequence[Task]:
        """Return one page of an application's tasks."""
        return await self._uow.read(lambda tx: tx.tasks.find(query))

    async def abort_waiting(self, sub_app_id: int, task_id: str) -> None:
        """End a waiting task; ``NotFound("task.unknown")``, ``Conflict("task.not_waiting")``."""
        now = self._clock.now()

        def work(tx: FlowTx) -> None:
            task = waiting_task(tx, sub_app_id, task_id)
            abort(tx, task.task_id, now, self._url)

        await self._uow.write(work)

    async def abort(self, sub_app_id: int, task_id: str) -> Task:
        """End a waiting task, ask the worker of a running one to stop; ``task.unknown``, ``task.ended``."""
        now = self._clock.now()

        def work(tx: FlowTx) -> Task:
            task = tx.tasks.task(task_id, lock=True)
            if task is None or task.sub_app_id != sub_app_id:
                raise _unknown(task_id)
            return abort(tx, task_id, now, self._url)

        return await self._uow.write(work)

    async def _open(self, sub_app_id: int, file_id: str, procedure: _Choose, order: TaskOrder) -> tuple[str, str]:
        check_order(order)
        now = self._clock.now()

        def work(tx: FlowTx) -> tuple[str, str]:
            _known_asset(tx, sub_app_id, file_id)
            chosen = procedure(tx)
            claim_order(tx, sub_app_id, order, now)
            return open_tasks(
                tx.tasks, self._entropy, sub_app_id=sub_app_id, file_id=file_id, procedure=chosen,
                priority=order.priority, notify_mode=order.notify_mode, session_id=order.session_id,
                session_context=order.session_context, now=now,
            )  # fmt: skip

        return await self._uow.write(work)


def _known_asset(tx: FlowTx, sub_app_id: int, file_id: str) -> None:
    asset = tx.media.asset(file_id)
    if asset is None or asset.sub_app_id != sub_app_id:
        raise NotFound("media.unknown", f"FileId {file_id[:40]!r} does not exist in this application")


def _unknown(task_id: str) -> NotFound:
    return NotFound("task.unknown", f"task {task_id!r} does not exist in this application")
