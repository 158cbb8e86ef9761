"""Dry runs: what a procedure or a template would run on a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvod.base.errors import Conflict, Invalid, NotFound
from openvod.base.ports import UnitOfWork
from openvod.base.wire import read_wire
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.estimate import cpu_seconds
from openvod.kinds.plan.model import Item, Lookup, Plan, Source
from openvod.kinds.probe import ProbeResult
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.templates import Template
from openvod.media.layout import command_line
from openvod.media.model import ProbeState
from openvod.processing.flow_records import FlowTx
from openvod.processing.planner import Options, make_plan
from openvod.tasks.model import Procedure
from openvod.tasks.service import resolve_procedure, template_for
from openvod.tasks.templates import read_body

#: Placeholder id of a template that is not stored yet.
_UNSAVED = -1


def wanted_items(procedure: Procedure) -> list[Item]:
    """Return the sub-tasks that a procedure asks for; a content review counts for all its topics."""
    wanted: list[tuple[SubTaskKind, Any]] = []
    if procedure.media_process_task:
        wanted += procedure.media_process_task.items()
    if procedure.ai_content_review_task:
        wanted.append((SubTaskKind.PORN, procedure.ai_content_review_task))
    return [Item(number, kind, value) for number, (kind, value) in enumerate(wanted)]


def plan_document(made: Plan, probe: ProbeResult) -> dict[str, Any]:
    """Return a plan as plain values; ``{source}`` stands for the file in commands."""
    return {
        "source": probe.to_json(),
        "jobs": [
            {
                "name": job.name,
                "work": job.work.value,
                "subTasks": [
                    {"number": s.number, "type": s.kind.value, "definition": s.definition} for s in job.shares
                ],
                "commands": [command_line(command.arguments) for command in job.commands],
                "assets": [asset.name for asset in job.assets],
                "estimatedCpuSeconds": cpu_seconds(job, Source("", probe)),
            }
            for job in made.jobs
        ],
        "failures": [
            {"number": number, "errCodeExt": failure.err_code_ext, "message": failure.message}
            for number, failure in made.failures.items()
        ],
    }


class PlanPreviews:
    """Plans over files that are there."""

    def __init__(self, uow: UnitOfWork[FlowTx], options: Options) -> None:
        self._uow = uow
        self._options = options

    async def of_procedure(self, sub_app_id: int, file_id: str, text: str) -> dict[str, Any]:
        """Plan a procedure by its name, or a legacy call; ``procedure.unknown``, ``media.unknown``."""

        def work(tx: FlowTx) -> dict[str, Any]:
            procedure = resolve_procedure(tx.tasks, sub_app_id, text)
            return self._planned(tx, sub_app_id, file_id, wanted_items(procedure), _stored(tx, sub_app_id))

        return await self._uow.read(work)

    async def of_draft(self, sub_app_id: int, file_id: str, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Plan a procedure that is not stored, from its wire members; ``procedure.field``."""
        draft = read_wire(Procedure, {"Name": "draft", **plain}, "procedure.field")
        return await self._uow.read(
            lambda tx: self._planned(tx, sub_app_id, file_id, wanted_items(draft), _stored(tx, sub_app_id))
        )

    async def of_template(
        self, sub_app_id: int, file_id: str, kind: TemplateKind, definition: int, plain: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Plan one template: a stored one by its id, or with ``plain`` one that is not stored; ``template.field``."""
        draft = Template(kind, _UNSAVED, read_body(kind, plain)) if plain is not None else None
        item = _trial(kind, _UNSAVED if draft else definition)

        def work(tx: FlowTx) -> dict[str, Any]:
            stored = _stored(tx, sub_app_id)

            def lookup(asked: TemplateKind, number: int) -> Template | None:
                return draft if draft and (asked, number) == (kind, _UNSAVED) else stored(asked, number)

            if lookup(kind, item.input.definition) is None:
                raise NotFound(
                    "template.unknown", f"definition: there is no {kind.value} template {definition}; list them first",
                    field="definition",
                )  # fmt: skip
            return self._planned(tx, sub_app_id, file_id, [item], lookup)

        return await self._uow.read(work)

    def _planned(
        self, tx: FlowTx, sub_app_id: int, file_id: str, items: Sequence[Item], lookup: Lookup
    ) -> dict[str, Any]:
        asset = tx.media.asset(file_id)
        if asset is None or asset.sub_app_id != sub_app_id:
            raise NotFound("media.unknown", f"fileId: {file_id[:40]!r} does not exist here", field="fileId")
        if asset.probe_state is not ProbeState.DONE:
            raise Conflict(
                "media.unprobed", f"fileId: {file_id} was not probed or cannot be read; choose another file",
                field="fileId",
            )  # fmt: skip
        probe = ProbeResult.from_json(asset.probe)
        return plan_document(make_plan(Source("", probe), items, lookup, self._options), probe)


def _stored(tx: FlowTx, sub_app_id: int) -> Lookup:
    return lambda kind, definition: template_for(tx.tasks, sub_app_id, kind, definition)


def _trial(family: TemplateKind, definition: int) -> Item:
    """Return a sub-task that uses a template; ``Invalid("template.no_plan")`` when no kind does."""
    for kind in SubTaskKind:
        declared = kind.declaration
        if declared.template.kind is family and declared.trial is not None:
            return Item(0, kind, declared.input.model_validate({"Definition": definition, **declared.trial}))
    raise Invalid("template.no_plan", f"kind: {family.value} templates make nothing by themselves", field="kind")
