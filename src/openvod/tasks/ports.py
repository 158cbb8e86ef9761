"""What the tasks room asks of a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openvod.events.ports import EventTables
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import Template
from openvod.tasks.model import ListedProcedure, Procedure, QuarantinedFile, SubTask, Task, TaskQuery


class TaskTables(Protocol):
    """Rows of the tasks room inside one transaction."""

    def task(self, task_id: str, *, lock: bool = False) -> Task | None:
        """Return a task; ``lock`` keeps other writers out until the transaction ends."""
        ...

    def put_task(self, task: Task) -> None:
        """Insert or replace."""
        ...

    def tasks(self, *, file_id: str = "", status: str = "", limit: int = 20) -> Sequence[Task]:
        """Return tasks, newest first."""
        ...

    def find(self, query: TaskQuery) -> Sequence[Task]:
        """Return one page of an application's tasks."""
        ...

    def claim_session(self, sub_app_id: int, action: str, session_id: str, now: float, seconds: float) -> bool:
        """Note a SessionId's use; false when the same action used it within ``seconds``, also in a transaction that
        commits first."""
        ...

    def alone(self, sub_app_id: int) -> None:
        """Keep other transactions that ask the same out until this one ends, so that what they count stays true."""
        ...

    def ready(self, limit: int) -> Sequence[Task]:
        """Return waiting tasks whose file has been probed, by priority, then age."""
        ...

    def subtasks(self, task_id: str) -> Sequence[SubTask]:
        """Return a task's items by number."""
        ...

    def put_subtask(self, subtask: SubTask) -> None:
        """Insert or replace."""
        ...

    def template(self, sub_app_id: int, kind: TemplateKind, definition: int) -> Template | None:
        """Return a custom template of an application."""
        ...

    def templates(self, sub_app_id: int, kind: TemplateKind) -> Sequence[Template]:
        """Return the custom templates of an application and kind, by id."""
        ...

    def put_template(self, sub_app_id: int, template: Template) -> None:
        """Insert or replace."""
        ...

    def delete_template(self, sub_app_id: int, kind: TemplateKind, definition: int) -> bool:
        """Delete; false when there was none."""
        ...

    def procedure(self, sub_app_id: int, name: str) -> Procedure | None:
        """Return a custom procedure of an application."""
        ...

    def procedures(self, sub_app_id: int) -> Sequence[Procedure]:
        """Return the custom procedures of an application, by name."""
        ...

    def listed_procedures(self, sub_app_id: int) -> Sequence[ListedProcedure]:
        """Return the custom procedures of an application with their times, by name."""
        ...

    def put_procedure(self, sub_app_id: int, procedure: Procedure, now: float) -> None:
        """Insert or replace."""
        ...

    def delete_procedure(self, sub_app_id: int, name: str) -> bool:
        """Delete; false when there was none."""
        ...

    def quarantined(self, file_id: str) -> QuarantinedFile | None:
        """Return what is known of crashes over a file."""
        ...

    def put_quarantined(self, file: QuarantinedFile) -> None:
        """Insert or replace."""
        ...

    def release_quarantined(self, file_id: str) -> bool:
        """Forget a file's crashes; false when there were none."""
        ...


class TaskTx(Protocol):
    """A transaction over tasks and the outbox."""

    @property
    def tasks(self) -> TaskTables:
        """Tasks, templates, procedures."""
        ...

    @property
    def events(self) -> EventTables:
        """The outbox."""
        ...
