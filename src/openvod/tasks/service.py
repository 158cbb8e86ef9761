"""Procedures by name, tasks by commit: decisions inside a caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvod.base.errors import Conflict, Exhausted, Invalid, NotFound
from openvod.base.identifiers import new_hex
from openvod.base.ports import Clock, Entropy, UnitOfWork
from openvod.base.wire import read_wire
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES
from openvod.kinds.templates import FIRST_CUSTOM_DEFINITION, Template
from openvod.tasks.legacy import call_name, legacy_procedure
from openvod.tasks.model import (
    CustomProcedure,
    ListedProcedure,
    NotifyMode,
    Procedure,
    SubTask,
    SubTaskStatus,
    Task,
    TaskStatus,
    TaskType,
)
from openvod.tasks.ports import TaskTables, TaskTx
from openvod.tasks.presets import PRESET_PROCEDURES, PRESETS
from openvod.tasks.state import as_new, started_over
from openvod.tasks.templates import changed_template, read_body

MAX_PROCEDURES = 50


def resolve_procedure(tables: TaskTables, sub_app_id: int, text: str) -> Procedure:
    """Return the flow that a signature's ``procedure`` names: a template, else a legacy call (3.1).

    Raises ``Invalid("procedure.unknown")`` and ``Invalid("procedure.grammar")``.
    """
    found = PRESET_PROCEDURES.get(text) or tables.procedure(sub_app_id, text)
    if found:
        return found
    if not call_name(text):
        raise Invalid(
            "procedure.unknown", f"procedure {text[:80]!r} does not exist; sign without one or create it first"
        )
    custom = [template.definition for template in tables.templates(sub_app_id, TemplateKind.TRANSCODE)]
    presets = [definition for kind, definition in PRESETS if kind is TemplateKind.TRANSCODE]
    return legacy_procedure(text, [*presets, *custom])


def template_for(tables: TaskTables, sub_app_id: int, kind: TemplateKind, definition: int) -> Template | None:
    """Return a preset, or a template of this application; those of others do not exist for it."""
    return PRESETS.get((kind, definition)) or tables.template(sub_app_id, kind, definition)


def open_tasks(
    tables: TaskTables,
    entropy: Entropy,
    *,
    sub_app_id: int,
    file_id: str,
    procedure: Procedure,
    priority: int = 0,
    notify_mode: NotifyMode = NotifyMode.FINISH,
    session_id: str = "",
    session_context: str = "",
    now: float,
) -> tuple[str, str]:
    """Create the tasks of a procedure; return the ids of the ``Procedure`` and ``ReviewAudioVideo`` task, or ""."""

    def opened(kind: TaskType, label: str) -> str:
        task_id = f"{sub_app_id}-{label}-{new_hex(entropy, 32)}t0"
        tables.put_task(
            Task(
                task_id, sub_app_id, kind, file_id, TaskStatus.WAITING, procedure, priority, notify_mode, session_id,
                session_context, now,
            )
        )  # fmt: skip
        return task_id

    flow = opened(TaskType.PROCEDURE, "procedurev2") if procedure.has_flow else ""
    review = opened(TaskType.REVIEW_AUDIO_VIDEO, "ReviewAudioVideo") if procedure.review_audio_video_task else ""
    return flow, review


class TaskService:
    """Templates, procedures and tasks for those who administer them."""

    def __init__(self, uow: UnitOfWork[TaskTx], clock: Clock, entropy: Entropy) -> None:
        self._uow = uow
        self._clock = clock
        self._entropy = entropy

    async def create_template(
        self, sub_app_id: int, kind: TemplateKind, plain: Mapping[str, Any], *, name: str = "", comment: str = ""
    ) -> Template:
        """Store a custom template; ``Invalid("template.field")`` or ``Exhausted("template.quota")``."""
        body = read_body(kind, plain)
        now = self._clock.now()

        def work(tx: TaskTx) -> Template:
            tx.tasks.alone(sub_app_id)
            existing = tx.tasks.templates(sub_app_id, kind)
            if len(existing) >= FAMILIES[kind].quota:
                raise Exhausted("template.quota", f"application {sub_app_id} has all its {kind.value} templates in use")
            last = max((t.definition for t in existing), default=FIRST_CUSTOM_DEFINITION)
            template = Template(kind, last + 1, body, name, comment, created_at=now, updated_at=now)
            tx.tasks.put_template(sub_app_id, template)
            return template

        return await self._uow.write(work)

    async def modify_template(
        self,
        sub_app_id: int,
        kind: TemplateKind,
        definition: int,
        changes: Mapping[str, Any],
        *,
        name: str | None = None,
        comment: str | None = None,
    ) -> Template:
        """Change members of a custom template, nested ones member by member; presets stay as they are."""
        if (kind, definition) in PRESETS:
            raise Invalid("template.preset", f"{kind.value} template {definition} is a preset and cannot be changed")
        now = self._clock.now()

        def work(tx: TaskTx) -> Template:
            tx.tasks.alone(sub_app_id)
            found = tx.tasks.template(sub_app_id, kind, definition)
            if found is None:
                raise NotFound(
                    "template.unknown", f"application {sub_app_id} has no {kind.value} template {definition}"
                )
            changed = changed_template(found, changes, name, comment, now)
            tx.tasks.put_template(sub_app_id, changed)
            return changed

        return await self._uow.write(work)

    async def delete_template(self, sub_app_id: int, kind: TemplateKind, definition: int) -> None:
        """Delete a custom template; presets stay."""
        if (kind, definition) in PRESETS:
            raise Invalid("template.preset", f"{kind.value} template {definition} is a preset and cannot be deleted")
        if not await self._uow.write(lambda tx: tx.tasks.delete_template(sub_app_id, kind, definition)):
            raise NotFound("template.unknown", f"application {sub_app_id} has no {kind.value} template {definition}")

    async def templates(self, sub_app_id: int, kind: TemplateKind | None = None) -> Sequence[Template]:
        """Return presets, then the application's own."""
        kinds = [kind] if kind else list(TemplateKind)
        presets = [t for t in PRESETS.values() if t.kind in kinds]
        return presets + await self._uow.read(
            lambda tx: [t for each in kinds for t in tx.tasks.templates(sub_app_id, each)]
        )

    async def create_procedure(self, sub_app_id: int, plain: Mapping[str, Any]) -> Procedure:
        """Store a custom procedure; its templates are looked at when a flow runs ([P] 6.2)."""
        procedure = read_wire(CustomProcedure, plain, "procedure.field")
        now = self._clock.now()

        def work(tx: TaskTx) -> None:
            tx.tasks.alone(sub_app_id)
            existing = tx.tasks.procedures(sub_app_id)
            if procedure.name in PRESET_PROCEDURES or any(p.name == procedure.name for p in existing):
                raise Conflict("procedure.exists", f"procedure {procedure.name!r} exists; choose another name")
            if len(existing) >= MAX_PROCEDURES:
                raise Exhausted("procedure.quota", f"application {sub_app_id} has {MAX_PROCEDURES} procedures already")
            tx.tasks.put_procedure(sub_app_id, procedure, now)

        await self._uow.write(work)
        return procedure

    async def reset_procedure(self, sub_app_id: int, plain: Mapping[str, Any]) -> Procedure:
        """Replace a custom procedure as a whole; ``NotFound("procedure.unknown")``, presets stay as they are."""
        procedure = read_wire(CustomProcedure, plain, "procedure.field")
        if procedure.name in PRESET_PROCEDURES:
            raise Invalid("procedure.preset", f"procedure {procedure.name!r} is a preset and cannot be reset")
        now = self._clock.now()

        def work(tx: TaskTx) -> None:
            tx.tasks.alone(sub_app_id)
            if tx.tasks.procedure(sub_app_id, procedure.name) is None:
                raise NotFound("procedure.unknown", f"application {sub_app_id} has no procedure {procedure.name!r}")
            tx.tasks.put_procedure(sub_app_id, procedure, now)

        await self._uow.write(work)
        return procedure

    async def listed_procedures(self, sub_app_id: int) -> Sequence[ListedProcedure]:
        """Return presets, then the application's own, with their times."""
        custom = await self._uow.read(lambda tx: tx.tasks.listed_procedures(sub_app_id))
        return [*(ListedProcedure(each, preset=True) for each in PRESET_PROCEDURES.values()), *custom]

    async def procedures(self, sub_app_id: int) -> Sequence[Procedure]:
        """Return presets, then the application's own."""
        custom = await self._uow.read(lambda tx: tx.tasks.procedures(sub_app_id))
        return [*PRESET_PROCEDURES.values(), *custom]

    async def delete_procedure(self, sub_app_id: int, name: str) -> None:
        """Delete a custom procedure; open uploads keep the flow they were signed for."""
        if name in PRESET_PROCEDURES:
            raise Invalid("procedure.preset", f"procedure {name!r} is a preset and cannot be deleted")
        if not await self._uow.write(lambda tx: tx.tasks.delete_procedure(sub_app_id, name)):
            raise NotFound("procedure.unknown", f"application {sub_app_id} has no procedure {name!r}")

    async def start(self, sub_app_id: int, file_id: str, text: str, *, priority: int = 0) -> tuple[str, str]:
        """Run a procedure over a file that is there already; return the task ids."""
        now = self._clock.now()

        def work(tx: TaskTx) -> tuple[str, str]:
            procedure = resolve_procedure(tx.tasks, sub_app_id, text)
            return open_tasks(
                tx.tasks, self._entropy, sub_app_id=sub_app_id, file_id=file_id, procedure=procedure,
                priority=priority, now=now,
            )  # fmt: skip

        return await self._uow.write(work)

    async def tasks(self, *, file_id: str = "", status: str = "", limit: int = 20) -> Sequence[Task]:
        """Return tasks, newest first; raises ``Invalid("task.status")``."""
        if status and status not in list(TaskStatus):
            raise Invalid("task.status", f"status {status[:30]!r} is none; choose of {', '.join(TaskStatus)}")
        return await self._uow.read(lambda tx: tx.tasks.tasks(file_id=file_id, status=status, limit=limit))

    async def show(self, task_id: str) -> tuple[Task, Sequence[SubTask]]:
        """Return a task and its items; ``NotFound("task.unknown")``."""
        return await self._uow.read(lambda tx: (_known(tx, task_id, lock=False), tx.tasks.subtasks(task_id)))

    async def rerun(self, task_id: str, number: int | None = None) -> Task:
        """Rerun one sub-task of a finished task, or all failed ones; its event is sent again at the end."""

        def work(tx: TaskTx) -> Task:
            task = _known(tx, task_id)
            if not task.status.terminal:
                raise Conflict("task.running", f"task {task_id} is {task.status.value}; wait for its end or abort it")
            if not task.type.is_flow:
                raise Invalid("task.nothing", f"task {task_id} is a pulled upload; order it again")
            chosen = [s for s in tx.tasks.subtasks(task_id) if _chosen(s, number)]
            if not chosen and tx.tasks.subtasks(task_id):
                raise Invalid("task.nothing", f"task {task_id} has no such sub-task, or none that failed")
            for subtask in chosen:
                tx.tasks.put_subtask(as_new(subtask))
            task = started_over(task)
            tx.tasks.put_task(task)
            tx.tasks.release_quarantined(task.file_id)
            return task

        return await self._uow.write(work)


def _known(tx: TaskTx, task_id: str, *, lock: bool = True) -> Task:
    task = tx.tasks.task(task_id, lock=lock)
    if task is None:
        raise NotFound("task.unknown", f"task {task_id!r} does not exist")
    return task


def _chosen(subtask: SubTask, number: int | None) -> bool:
    return subtask.number == number if number is not None else subtask.status is not SubTaskStatus.SUCCESS
