"""A flow's decisions within a transaction: the sub-tasks of a task, when it is finished, which events it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from openvod.base.errors import Conflict, NotFound
from openvod.events.model import EventState, NewEvent
from openvod.events.ports import EventTables
from openvod.events.types import EventType
from openvod.kinds.content_review import asked_reviews
from openvod.kinds.failure import Failure
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import Clip, Item, Source
from openvod.kinds.probe import ProbeResult, media_metadata
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.transcode import TranscodeInput
from openvod.media.model import MediaAsset, ProbeState
from openvod.media.ports import MediaTables
from openvod.storage.ports import StorageTables
from openvod.tasks.codec import (
    procedure_state_changed,
    procedure_task,
    review_audio_video_complete,
)
from openvod.tasks.model import (
    NotifyMode,
    Procedure,
    QuarantinedFile,
    SubTask,
    SubTaskStatus,
    Task,
    TaskStatus,
    TaskType,
)
from openvod.tasks.ports import TaskTables
from openvod.tasks.service import template_for
from openvod.tasks.state import aborted, asked_to_abort, begun, finished, subtask_failed

#: Returns the URL of an object key.
UrlOf = Callable[[str], str]
_CRASHES_TO_QUARANTINE = 2


class FlowTx(Protocol):
    """A transaction over everything a flow touches."""

    @property
    def tasks(self) -> TaskTables:
        """Tasks, templates, procedures."""
        ...

    @property
    def media(self) -> MediaTables:
        """Media assets."""
        ...

    @property
    def storage(self) -> StorageTables:
        """Buckets and objects."""
        ...

    @property
    def events(self) -> EventTables:
        """The outbox."""
        ...


@dataclass(frozen=True)
class FlowState:
    """A task with its file and sub-tasks, as one transaction read them."""

    task: Task
    asset: MediaAsset | None
    subtasks: Sequence[SubTask]

    @property
    def pending(self) -> list[SubTask]:
        """Sub-tasks without a result."""
        return [subtask for subtask in self.subtasks if not subtask.status.terminal]

    def stored_file(self) -> MediaAsset:
        """Return the file; raises :class:`Failure` when its original was deleted."""
        if self.asset is None or not self.asset.has_original:
            raise Failure("SourceFileError.DownloadNotAccessible", "the file was deleted")
        return self.asset


def load(tx: FlowTx, task_id: str, *, lock: bool = False) -> FlowState | None:
    """Return a task's state."""
    task = tx.tasks.task(task_id, lock=lock)
    if task is None:
        return None
    return FlowState(task, tx.media.asset(task.file_id), tx.tasks.subtasks(task_id))


def begin(tx: FlowTx, task_id: str, run: int, now: float, url: UrlOf) -> bool:
    """Start a run of a task, and make its sub-tasks in the first run; return whether there is work."""
    state = load(tx, task_id, lock=True)
    if state is None or state.task.status.terminal or state.task.run != run:
        return False
    _start(tx, state, now)
    return not finish_if_done(tx, task_id, now, url, changed=False)


def _start(tx: FlowTx, state: FlowState, now: float) -> None:
    task = begun(state.task, now)
    tx.tasks.put_task(task)
    if not state.subtasks:
        for subtask in expand(tx, task, state.asset):
            tx.tasks.put_subtask(subtask)


def abort(tx: FlowTx, task_id: str, now: float, url: UrlOf) -> Task:
    """End a waiting task at once, with its event; ask the worker of a running one to stop.

    Raises ``NotFound("task.unknown")`` and ``Conflict("task.ended")``.
    """
    state = load(tx, task_id, lock=True)
    if state is None:
        raise NotFound("task.unknown", f"task {task_id!r} does not exist")
    if state.task.status.terminal:
        raise Conflict("task.ended", f"task {task_id} is {state.task.status.value} already")
    asked = replace(state, task=asked_to_abort(state.task))
    tx.tasks.put_task(asked.task)
    # Pulled uploads run in the server, which reads the request to abort.
    if state.task.status is TaskStatus.WAITING and state.task.type.is_flow:
        _start(tx, asked, now)
        fail_pending(tx, task_id, abort_failure(), now, url)
    return tx.tasks.task(task_id) or asked.task


def abort_failure() -> Failure:
    """Return the failure of an aborted task's sub-tasks."""
    return Failure("InternalError", "the task was aborted")


def fail_pending(tx: FlowTx, task_id: str, why: Failure, now: float, url: UrlOf) -> bool:
    """Fail everything without a result for one reason; return whether the task is finished."""
    numbers = [subtask.number for subtask in tx.tasks.subtasks(task_id) if not subtask.status.terminal]
    return fail(tx, task_id, dict.fromkeys(numbers, why), now, url)


def expand(tx: FlowTx, task: Task, asset: MediaAsset | None) -> list[SubTask]:
    """Return the sub-tasks of a procedure for this file."""
    procedure = task.procedure
    wanted: list[tuple[SubTaskKind, Any]] = []
    if task.type is TaskType.REVIEW_AUDIO_VIDEO:
        wanted = [(SubTaskKind.REVIEW_AUDIO_VIDEO, procedure.review_audio_video_task)]
    else:
        wanted += list(procedure.media_process_task.items()) if procedure.media_process_task else []
        wanted = _within_source(tx, task, wanted, asset) if procedure.within_source else wanted
        wanted += [(kind, procedure.ai_content_review_task) for kind in _reviews(tx, task, procedure)]
    return [SubTask(task.task_id, number, kind, item.to_wire()) for number, (kind, item) in enumerate(wanted)]


def _reviews(tx: FlowTx, task: Task, procedure: Procedure) -> list[SubTaskKind]:
    if procedure.ai_content_review_task is None:
        return []
    template = template_for(
        tx.tasks, task.sub_app_id, TemplateKind.CONTENT_REVIEW, procedure.ai_content_review_task.definition
    )
    # An unknown template still makes a sub-task, which fails and names it.
    if template is None:
        return [SubTaskKind.PORN]
    return [SubTaskKind(name) for name in asked_reviews(template.body, porn_only=procedure.porn_only)]


def _within_source(
    tx: FlowTx, task: Task, wanted: list[tuple[SubTaskKind, Any]], asset: MediaAsset | None
) -> list[tuple[SubTaskKind, Any]]:
    """Leave out transcodes wider than the source, but keep the smallest (3.3, 4.2)."""
    probe = probe_of(asset)
    if probe is None:
        return wanted

    def width(item: TranscodeInput) -> int:
        template = template_for(tx.tasks, task.sub_app_id, TemplateKind.TRANSCODE, item.definition)
        video = template.body.video_template if template else None
        return video.width if video else 0

    transcodes = [pair for pair in wanted if pair[0] is SubTaskKind.TRANSCODE]
    kept = [pair for pair in transcodes if width(pair[1]) <= probe.width] or transcodes[:1]
    return kept + [pair for pair in wanted if pair[0] is not SubTaskKind.TRANSCODE]


def probe_of(asset: MediaAsset | None) -> ProbeResult | None:
    """Return the probe's result, or None without one."""
    if asset is None or asset.probe_state is not ProbeState.DONE:
        return None
    return ProbeResult.from_json(asset.probe)


def source_of(tx: FlowTx, state: FlowState) -> Source:
    """Return the source to plan for; raises :class:`Failure` for a deleted, quarantined or unreadable file."""
    asset = state.stored_file()
    held = tx.tasks.quarantined(state.task.file_id)
    if held and held.quarantined:
        raise Failure(
            "SourceFileError.ContentUnsupported",
            f"the file is quarantined: {held.reason}; after a look, `openvod tasks rerun` takes it up again",
        )
    probe = probe_of(asset)
    if probe is None:
        raise _unreadable(asset)
    return Source(state.task.file_id, probe, _clips(tx, state))


def _unreadable(asset: MediaAsset) -> Failure:
    if asset.probe.get("error") == "media.malformed":
        return Failure(
            "SourceFileError.ContentMalformed", "the file is no media that can be read; convert it and upload it again"
        )
    return Failure("SourceFileError.ContentUnsupported", "looking into the file took too long or failed")


def _clips(tx: FlowTx, state: FlowState) -> dict[str, Clip]:
    """Return the head and tail clips that transcodes name and that have pictures."""
    wanted: set[str] = set()
    for subtask in state.subtasks:
        for item in subtask.input.get("HeadTailSet", ()):
            template = template_for(tx.tasks, state.task.sub_app_id, TemplateKind.HEAD_TAIL, item["Definition"])
            if template:
                wanted |= {*template.body.head_candidate_set, *template.body.tail_candidate_set}
    clips: dict[str, Clip] = {}
    for file_id in wanted:
        asset = tx.media.asset(file_id)
        probe = probe_of(asset)
        if (
            asset
            and asset.has_original
            and asset.sub_app_id == state.task.sub_app_id
            and probe
            and probe.width
            and probe.height
        ):
            clips[file_id] = Clip(asset.bucket, asset.media_key, probe)
    return clips


def item_of(subtask: SubTask) -> Item:
    """Return the planner's form of a sub-task."""
    model = subtask.kind.declaration.input
    return Item(
        subtask.number, subtask.kind, model.model_validate(dict(subtask.input)), separate=subtask.attempts > 0,
        thrifty=subtask.thrifty,
    )  # fmt: skip


def finish_if_done(tx: FlowTx, task_id: str, now: float, url: UrlOf, *, changed: bool) -> bool:
    """Finish the task when nothing is pending, and add the events of its notify mode; return whether it is finished."""
    state = load(tx, task_id, lock=True)
    if state is None or state.task.status.terminal:
        return True
    task = state.task
    if not state.pending:
        task = aborted(task, now) if task.abort_requested and _was_cut_short(state) else finished(task, now)
        tx.tasks.put_task(task)
        _add_event(tx, replace(state, task=task), now, url)
        return True
    if changed and task.notify_mode is NotifyMode.CHANGE:
        _add_event(tx, state, now, url)
    return False


def _was_cut_short(state: FlowState) -> bool:
    return any(subtask.status is SubTaskStatus.FAIL for subtask in state.subtasks)


def _add_event(tx: FlowTx, state: FlowState, now: float, url: UrlOf) -> None:
    task = state.task
    if task.type is TaskType.REVIEW_AUDIO_VIDEO:
        if task.status.terminal and state.subtasks:
            payload = review_audio_video_complete(task, state.subtasks[0])
            tx.events.add(_event(task, EventType.REVIEW_AUDIO_VIDEO_COMPLETE, payload, now))
    elif task.notify_mode is not NotifyMode.NONE:
        payload = procedure_state_changed(described(state, url))
        tx.events.add(_event(task, EventType.PROCEDURE_STATE_CHANGED, payload, now))


def described(state: FlowState, url: UrlOf) -> dict[str, Any]:
    """Return ``ProcedureTask`` of a state."""
    asset, probe = state.asset, probe_of(state.asset)
    return procedure_task(
        state.task,
        state.subtasks,
        name=asset.name if asset else "",
        url=url(asset.media_key) if asset else "",
        metadata=media_metadata(probe) if probe else None,
    )


def _event(task: Task, kind: EventType, payload: str, now: float) -> NewEvent:
    return NewEvent(task.sub_app_id, kind, task.file_id, payload, EventState.PENDING, now)


def fail(tx: FlowTx, task_id: str, failures: Mapping[int, Failure], now: float, url: UrlOf, *, log: str = "") -> bool:
    """Record the failures of sub-tasks by number; return whether the task is finished."""
    for subtask in tx.tasks.subtasks(task_id):
        if subtask.number in failures and not subtask.status.terminal:
            tx.tasks.put_subtask(subtask_failed(subtask, failures[subtask.number], now, log))
    return finish_if_done(tx, task_id, now, url, changed=True)


def crashed(tx: FlowTx, file_id: str, reason: str) -> bool:
    """Count a crash of a program that read the file; return whether the file is quarantined now."""
    before = tx.tasks.quarantined(file_id)
    crashes = (before.crashes if before else 0) + 1
    quarantined = crashes >= _CRASHES_TO_QUARANTINE
    tx.tasks.put_quarantined(QuarantinedFile(file_id, crashes, reason, quarantined))
    return quarantined
